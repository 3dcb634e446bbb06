"""The single-level program in the hands of other solvers: the same plan, and no claim that the solver has not proven."""

from __future__ import annotations

import functools
import math
import os
import time
from types import SimpleNamespace
from typing import Any

import pytest
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.opt import TerminationCondition as LegacyTermination
from pytest import approx
from sluicegate import Case, Plan, case_from_tables, solve
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods import portfolio, pyomo_solver
from sluicegate.model.methods.companion import Companion, News
from sluicegate.model.methods.pyomo_solver import Found, HandedOver, SolverError, available_solvers, check_solver

from sluicegate_testing.builders import OURS, case, demand, lane, policy
from sluicegate_testing.strategies import random_case
from tools.bench.generate import generate

CLOSE = 1e-5


@functools.cache
def solved(number: int) -> tuple[Case, Plan]:
    drawn = random_case(number, max_regimes=3, max_weeks=6, max_combinations=32)
    made = case_from_tables("drawn", *drawn)
    return made, solve(made)


@pytest.mark.parametrize("solver", ["highs", "appsi_highs", "scip_direct"])
def test_another_solver_finds_and_proves_the_same_plan(solver: str) -> None:
    made, plan = solved(3)
    other = solve(made, method="program", solver=solver)
    assert (other.status, other.leverage) == ("optimal", approx(plan.leverage, rel=CLOSE))
    assert other.bound >= plan.leverage * (1 - math.copysign(CLOSE, plan.leverage))
    assert other.certificate
    assert other.solve["solver"] == solver
    # In the units of the case, as all money is.
    assert other.solve["solver_bound"] == approx(plan.leverage, rel=CLOSE)
    assert other.solve["solver_incumbent"] == approx(plan.leverage, rel=CLOSE)


def without_plan() -> Case:
    return case(
        2,
        lanes=[lane("us", "them", 4.0, regime="list"), lane("world", "us", 1.0, unit_cost=2.0)],
        demands=[{**demand("us", 4.0, 9.0), "min_fill": 0.9}, demand("them", 4.0, 20.0)],
        regimes=OURS,
        policies=[policy(1)],
    )


@pytest.mark.parametrize("solver", ["highs", "appsi_highs", "scip_direct"])
def test_that_there_is_no_plan_is_proven(solver: str) -> None:
    problem = Problem(without_plan())
    found = HandedOver(problem.network, 0.0, solver).solve(60.0, 1e-6)
    assert (found.bound, found.policy_indices, found.incumbent) == (-math.inf, None, None)


def claimed(monkeypatch: pytest.MonkeyPatch, news: News, started: list[Any] | None = None) -> Any:
    """Let a solver end with this news."""

    class Claiming:
        ended = False

        def __init__(self, *asked: Any):
            if started is not None:
                started.append(asked)

        def news(self, seconds: float = 0.0) -> News:
            self.ended = True
            return news

        def close(self) -> None:
            pass

    monkeypatch.setattr(portfolio, "Companion", Claiming)


def test_optimal_without_a_bound_is_not_optimal(monkeypatch: pytest.MonkeyPatch) -> None:
    made, plan = solved(3)
    claimed(monkeypatch, News(math.inf, None, "optimal", found=Found("optimal", None, 1e6, math.inf)))
    other = solve(made, method="program", solver="highs")
    assert other.status == "feasible"
    assert other.bound is None or other.bound > plan.leverage
    assert other.solve["solver_termination"] == "optimal"
    assert other.solve["solver_bound"] is None


def test_a_bound_below_a_plan_that_was_worked_out_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made, plan = solved(3)
    wrong = -1e3 * abs(plan.leverage or 0.0) - 1.0
    claimed(monkeypatch, News(wrong, None, "optimal", found=Found("optimal", None, wrong, wrong)))
    other = solve(made, method="program", solver="highs")
    assert other.leverage is not None
    assert other.status == "feasible"


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (News(end="failed", failure="solver 'highs' failed with Broken: no licence"), "no licence"),
        (News(end="ended"), "solver 'highs' ended without an answer"),
    ],
)
def test_a_solver_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, news: News, said: str) -> None:
    claimed(monkeypatch, news)
    with pytest.raises(SolverError, match=said):
        solve(solved(3)[0], method="program", solver="highs")


def test_an_error_of_the_interface_is_the_solvers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def solve(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("out of\nmemory")

    monkeypatch.setattr(pyomo_solver, "_solver", lambda name: (Broken(), True))
    with pytest.raises(SolverError, match="solver 'highs' failed with RuntimeError: out of memory"):
        HandedOver(Problem(without_plan()).network, 0.0, "highs").solve(1.0, 0.0)


def handed_to(monkeypatch: pytest.MonkeyPatch, name: str, results: Any, newer: bool) -> tuple[Found, Any]:
    """Hand a program over to a solver that ends with these results."""
    solver = SimpleNamespace(options={}, asked={})

    def solve(model: Any, **asked: Any) -> Any:
        solver.asked = asked
        return results

    solver.solve = solve
    monkeypatch.setattr(pyomo_solver, "_solver", lambda name: (solver, newer))
    program = HandedOver(Problem(without_plan()).network, 0.0, name)
    loaded = SimpleNamespace(load_from=lambda results: results.solution_loader.load_vars())
    object.__setattr__(program.model, "solutions", loaded)

    def load() -> None:
        for (_, name), variable in program.model.policy.items():
            variable.set_value(float(name != "open"))

    results.solution_loader.load_vars = load
    return program.solve(7.5, 1e-3), solver


def test_incumbent_bound_and_termination_are_three_things(monkeypatch: pytest.MonkeyPatch) -> None:
    results = SimpleNamespace(
        incumbent_objective=-5.0,
        objective_bound=-9.0,
        termination_condition=TerminationCondition.maxTimeLimit,
        solver_version=(1, 2),
        solution_loader=SimpleNamespace(),
    )
    found, solver = handed_to(monkeypatch, "highs", results, newer=True)
    assert (found.incumbent, found.bound, found.termination, found.policy_indices) == (5.0, 9.0, "maxTimeLimit", (1,))
    assert (solver.asked["time_limit"], solver.asked["rel_gap"]) == (7.5, 1e-3)


@pytest.mark.parametrize(
    ("name", "lower", "bound"),
    [
        ("cbc", -9.0, 9.0),
        # The incumbent named as the bound is proven to the gap only at which the solver stopped.
        ("cbc", -5.0, 5.0 * (1 + 5e-4)),
        ("mosek", -5.0, 5.0 * (1 + 1e-4)),
        ("cbc", -math.inf, math.inf),
        ("cbc", None, math.inf),
    ],
)
def test_what_the_older_interface_calls_a_bound(
    monkeypatch: pytest.MonkeyPatch, name: str, lower: float | None, bound: float
) -> None:
    class Solutions(list):
        def __call__(self, number: int) -> Any:
            return self[number]

    results = SimpleNamespace(
        problem=SimpleNamespace(upper_bound=-5.0, lower_bound=lower),
        solver=SimpleNamespace(termination_condition=LegacyTermination.optimal),
        solution=Solutions([SimpleNamespace(variable={"x": 1})]),
        solution_loader=SimpleNamespace(),
    )
    found, solver = handed_to(monkeypatch, name, results, newer=False)
    assert (found.incumbent, found.bound, found.termination, found.policy_indices) == (
        5.0,
        approx(bound),
        "optimal",
        (1,),
    )
    assert solver.asked["timelimit"] == 8
    assert solver.options == ({"ratioGap": 5e-4} if name == "cbc" else {})


def test_solvers_that_are_not_there_are_refused_with_those_that_are() -> None:
    assert {"highs", "appsi_highs", "scip_direct"} <= set(available_solvers())
    for name, why in (
        ("mosek", "not installed"),
        ("nosuch", "not a solver that Pyomo knows"),
        ("_mock_cbc", "not a solver"),
    ):
        with pytest.raises(SolverError, match=rf"solver '{name}' .*{why}.*; available: .*highs.*scip_direct"):
            check_solver(name)
    with pytest.raises(ValueError, match="for method 'program', not 'auto'"):
        solve(solved(3)[0], solver="highs")


def test_a_solver_ends_with_its_time_and_takes_its_files_along() -> None:
    companion = Companion(Problem(generate(12, weeks=52)), None, 1e-6, 600.0, None, "scip_direct")
    assert companion._scratch is not None
    time.sleep(1.0)
    assert companion._process.poll() is None
    companion.close()
    assert companion._process.returncode is not None
    assert not os.path.exists(companion._scratch.name)
    with pytest.raises(ProcessLookupError):
        os.killpg(companion._process.pid, 0)
