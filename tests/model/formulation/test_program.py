"""The single program: its dual is V, and it finds what enumeration finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from pytest import approx
from sluicegate import Case, Plan, solve
from sluicegate.model import TooManyCombinations
from sluicegate.model.algebra import Constraint
from sluicegate.model.follower import combinations as candidates
from sluicegate.model.follower.enumerate import FollowerSolver, gray_order
from sluicegate.model.formulation import single_level as program
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods import large_spaces as large
from sluicegate.model.methods import portfolio
from sluicegate.model.methods import single_level as mixed
from sluicegate.model.methods.decomposition import master as overlaps
from sluicegate.model.solver.arrays import compile_model
from sluicegate.model.solver.highs import Highs, Outcome

from sluicegate_testing.agreeing import agreed, made
from sluicegate_testing.builders import OURS, case, demand, idle, lane, needs, policy, process, stock
from sluicegate_testing.impatient import Impatient
from sluicegate_testing.oracle import oracle
from sluicegate_testing.strategies import cases, random_case

CLOSE = 1e-4


def agree(drawn: Any) -> Plan:
    return agreed(drawn, "program")


@pytest.mark.parametrize("coupling", [True, False])
def test_small_cases(coupling: bool) -> None:
    @seed(7)
    @settings(max_examples=8)
    @given(cases(coupling=coupling))
    def both(drawn: Any) -> None:
        agree(drawn)

    both()


@pytest.mark.parametrize("number", range(50, 56))
def test_larger_cases(number: int) -> None:
    drawn = random_case(number, max_regimes=4, max_weeks=8, max_combinations=64)
    plan = agree(drawn)
    if plan.leverage is not None:
        # Of equal plans both ways take the one with fewest policies.
        enumerated = solve(made(drawn), method="columns")
        count = [sum(name != "open" for name in found.policies.values()) for found in (plan, enumerated)]
        assert count[0] == count[1]


# The dual ----------------------------------------------------------------------------------------------------------


def duals(made: Case, without: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(V, value of the dual) under every combination; optionally without a family of the dual's rows."""
    problem = Problem(made)
    model = program.build_single_level(problem.network)
    for component in model.component_objects(Constraint, active=True):
        block = component.parent_block()
        if block is not model.response_dual and component.name != "one_policy":
            component.deactivate()
    if without is not None:
        model.response_dual.component(without).deactivate()
    model.worst_leverage.set_value(model.response_dual.value)
    compiled = compile_model(model)
    responder, highs = FollowerSolver(problem.response), Highs(compiled.program.relaxed())
    costs, values = [], []
    for policy_indices in gray_order(problem.response.menu_sizes):
        chosen = {(r, menu[d]) for d, (r, menu) in zip(policy_indices, problem.network.menu.items(), strict=True)}
        held = [
            (compiled.column[id(v)], float(key in chosen))
            for key, v in model.policy.items()
            if id(v) in compiled.column
        ]
        columns, levels = (np.array(values) for values in zip(*held, strict=True))
        highs.set_bounds(columns, levels, levels)
        outcome = highs.solve()
        costs.append(responder.solve(policy_indices)[0])
        values.append(-outcome.objective if outcome.optimal and outcome.objective is not None else np.inf)
    return np.array(costs), np.array(values)


def everything() -> Case:
    """A case in which every family of the dual's rows matters."""
    return case(
        8,
        sites={"plant": "them"},
        items=[{"item": name, "holding_cost": 0.01} for name in ("x", "y")],
        lanes=[
            lane("us", "plant", 4.0, item="y", unit_cost=2.0, regime="list", max_flow=6.0, min_flow=1.0),
            idle("world", "plant", 1.0, item="y", unit_cost=4.0, min_flow=0.25),
        ],
        processes=[process("plant", capacity=4.5, unit_cost=1.0)],
        recipes=[{**row, "saving_share": 0.1, "saving_cost": 3.0} for row in needs("plant", "x", y=1.0)],
        stocks=[stock("plant", 3.0, item="y", capacity=6.0, terminal_target=3.0)],
        demands=[demand("plant", 4.0, 20.0, backorder_share=0.5, backorder_cost=0.5)],
        regimes=OURS,
        policies=[policy("2:0.5;4:0.5", start_week=1, approval_rate=0.8), policy(3, "slower")],
    )


@pytest.mark.parametrize("number", [2, 3, 9, 14])
def test_the_dual_is_the_least_cost(number: int) -> None:
    costs, values = duals(made(random_case(number, max_weeks=8, max_combinations=32)))
    assert values == approx(costs, rel=1e-7, abs=1e-6)


FAMILIES = (
    "price_split",
    "end_price_split",
    "share_chosen",
    "end_share_chosen",
    "purchase",
    "purchase_under",
    "contract_kept",
    "contract_kept_under",
    "production",
    "storage",
    "sale",
    "served_late",
    "wait",
    "saving",
)


def test_every_family_of_the_dual_is_known() -> None:
    model = program.build_single_level(Problem(everything()).network)
    found = {component.local_name for component in model.response_dual.component_objects(Constraint)}
    assert found == set(FAMILIES)
    costs, values = duals(everything())
    assert values == approx(costs)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_the_dual_left_out_is_noticed(family: str) -> None:
    costs, values = duals(everything(), family)
    # A sale without its row is never served: the value falls. Any other row keeps the value down.
    assert (values > costs + 1e-3).any()


# How it is used ------------------------------------------------------------------------------------------------------


def refuse(*_: Any) -> None:
    raise OSError("no process")


def test_the_method_is_chosen_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = made(random_case(2))
    assert solve(drawn).solve["method"] == "columns"
    monkeypatch.setattr(candidates, "MOST_CANDIDATES", 2)
    monkeypatch.setattr(portfolio, "SMALL", 0)
    monkeypatch.setattr(portfolio, "Companion", refuse)
    monkeypatch.setattr(large, "PROMISING", 0)
    for method in ("pieces", "rows"):
        plan = solve(drawn)
        assert plan.solve["method"] == method
        assert "too many to enumerate" in plan.solve["reason"]
        monkeypatch.setattr(overlaps, "MOST_IN_PIECES", 0)
    with pytest.raises(TooManyCombinations):
        solve(drawn, method="columns")
    with pytest.raises(ValueError, match="no method 'guess'"):
        solve(drawn, method="guess")


def test_all_find_a_plan_without_any_policy() -> None:
    quiet = case(lanes=[lane("us", "them", 2.0)], demands=[demand("them", 2.0, 5.0)])
    for method in ("columns", "pieces", "rows", "program"):
        plan = solve(quiet, method=method)
        assert (plan.status, plan.leverage) == ("optimal", 0.0)


@pytest.mark.parametrize("number", [2, 14])
def test_a_stopped_program_keeps_its_incumbent(number: int) -> None:
    drawn = random_case(number)
    best = oracle(*drawn).leverage
    assert best is not None
    slack = CLOSE * abs(best)
    statuses = []
    for patience in (0, 3, 100, 10_000):
        monitor = Impatient(patience)
        plan = solve(made(drawn), method="program", monitor=monitor)
        statuses.append(plan.status)
        assert plan.status in ("optimal", "feasible", "unknown")
        if plan.leverage is not None:
            assert plan.leverage <= best + slack
            assert plan.bound >= best - slack
        assert all(bound >= best - slack for _, bound in monitor.told)
        assert all(incumbent <= best + slack for incumbent, _ in monitor.told)
    assert statuses[-1] == "optimal"
    assert monitor.told


def test_small_steps_start_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without any time for HiGHS the start is what is left.
    monkeypatch.setattr(
        mixed.SingleLevelProgram,
        "solve",
        lambda self, *rest: mixed.SingleLevelOutcome(None, np.inf, Outcome("Stopped", None, None, None)),
    )
    drawn = random_case(2)
    best = oracle(*drawn).leverage
    plan = solve(made(drawn), method="program")
    assert plan.leverage == approx(best, rel=CLOSE)
    assert plan.bound > plan.leverage
