"""Plans for many worlds, against the obvious way: for every combination of policies one program that holds all worlds."""

from __future__ import annotations

import math
import resource
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import scipy.sparse as sparse
from sluicegate import load_case
from sluicegate.analysis.information.study import rivals_of
from sluicegate.analysis.worlds import Worlds, draw, solve_worlds, world_cases
from sluicegate.analysis.worlds.crew import LocalCrew
from sluicegate.data.units import natural_units
from sluicegate.model.follower.enumerate import choice_of
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.engine import Engine
from sluicegate.model.plan.choices import Choices
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.highs import Highs

from . import hedging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluicegate import Case, Plan
    from sluicegate.analysis.worlds import Appraiser, WorldsResult

GAP = 1e-4


def extensive_form(case: Case, worlds: Worlds) -> float:
    """Mean leverage of the best plan, by one mixed-integer program for every combination; all limits kept in every world."""
    _, units = natural_units(case)
    problems = [Problem.natural(world, units=units) for world in world_cases(case, worlds)]
    engines = [Engine(problem.case, problem=problem) for problem in problems]
    tables = [{engine.candidates.policy_indices(at): at for at in range(len(engine.candidates))} for engine in engines]
    best = -np.inf
    for indices in tables[0]:
        if all(indices in table for table in tables):
            parts = [_program(problem, indices) for problem in problems]
            best = max(best, _solved(problems, parts, worlds.weights))
    return best * units.money


def _program(problem: Problem, indices: tuple[int, ...]) -> Any:
    """The leader problem of a world under a combination, as HiGHS holds it."""
    choice = choice_of(indices, problem.network.menu)
    cost, admin = problem.response_cost(choice), problem.admin_cost(choice)
    fixed = problem.fixed_policy
    fixed.solve_limits = SolveLimits.of(problem.case)
    fixed._set(fixed.exact, choice, cost, float(problem.constant(cost, admin)), admin)
    return fixed.exact.highs.getLp(), fixed.exact.offset


def _solved(problems: list[Problem], parts: list[Any], weights: np.ndarray) -> float:
    """Mean leverage of the best first stage that all worlds share; -inf where there is none."""
    programs = [problem.leader_problem.program for problem in problems]
    width = np.concatenate([[0], np.cumsum([program.cost.size for program in programs])])
    stage = [
        np.concatenate([problem.choices.qualify.columns, problem.choices.stockpile.columns]) for problem in problems
    ]
    columns = np.concatenate([place + width[number] for number, place in enumerate(stage[1:], start=1)] or [[]])
    rows = np.arange(columns.size)
    first = np.tile(stage[0], len(stage) - 1)
    ones = np.ones(columns.size)
    links = sparse.coo_matrix(
        (np.concatenate([ones, -ones]), (np.tile(rows, 2), np.concatenate([columns, first]))),
        shape=(columns.size, width[-1]),
    )

    def joined(name: str) -> np.ndarray:
        return np.concatenate([np.array(getattr(lp, name)) for lp, _ in parts])

    zeros = np.zeros(columns.size)
    program = Program(
        np.concatenate([weight * np.array(lp.col_cost_) for weight, (lp, _) in zip(weights, parts, strict=True)]),
        sparse.csc_matrix(sparse.vstack([sparse.block_diag([each.matrix for each in programs]), links])),
        np.concatenate([joined("row_lower_"), zeros]),
        np.concatenate([joined("row_upper_"), zeros]),
        joined("col_lower_"),
        joined("col_upper_"),
        np.concatenate([each.integer for each in programs]),
        float(weights @ [offset for _, offset in parts]),
    )
    outcome = Highs(program, mip_rel_gap=GAP).solve()
    return -np.inf if outcome.objective is None else -outcome.objective


def _by_another(case: Case, worlds: Worlds, ours: WorldsResult) -> Iterator[tuple[str, float]]:
    """Methods of mpi-sppy, where it is installed, with their processor seconds; they find the same value."""
    if hedging.installed() and ours.value is not None:
        for method, (value, seconds) in hedging.hedged(case, worlds, ours.choices.policies, GAP).items():
            assert abs(value - ours.value) <= 2 * GAP * max(abs(value), 1.0), (method, value, ours.value)
            yield method, seconds


def measure(name: str = "tutorial", sizes: tuple[int, ...] = (16, 64), most: int = 1000) -> list[tuple[str, str]]:
    """Processor seconds by the number of worlds, and how many times as long the obvious way and mpi-sppy take."""
    case, rows = load_case(name), []
    for many in (*sizes, most):
        worlds = draw(case, many)
        began = time.process_time()
        ours = solve_worlds(case, worlds, "mean", continuity_share=None, rel_gap=GAP)
        mine = time.process_time() - began
        said = f"{mine:.1f} s, {1000 * mine / many:.0f} ms a world"
        if many in sizes:
            began = time.process_time()
            whole = extensive_form(case, worlds)
            assert ours.value is not None and abs(whole - ours.value) <= 2 * GAP * max(abs(whole), 1.0), (
                whole,
                ours.value,
            )
            said += f"; one program a combination: {(time.process_time() - began) / mine:.1f} times as long"
            said += "".join(
                f"; mpi-sppy, {method}, under the best policies alone: {seconds / mine:.1f} times as long"
                for method, seconds in _by_another(case, worlds, ours)
            )
        rows.append((f"{name}, {many} worlds, mean", said))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows.append(("peak memory of it all, one process", f"{peak / 1e9:.2f} GB"))
    return rows


def steps(
    name: str = "taiwan-korea", many: int = 8, criterion: str = "mean", gap: float = 0.01
) -> list[tuple[str, str]]:
    """Processor seconds of every step of a plan for many worlds and of plans worked out beside it, one process, and memory."""
    case = load_case(name)
    spent: dict[str, float] = {}
    times: list[float] = []

    def timed(step: str) -> Any:
        before = getattr(LocalCrew, step)

        def measured(*given: Any) -> Any:
            began = time.process_time()
            try:
                return before(*given)
            finally:
                spent[step] = spent.get(step, 0.0) + time.process_time() - began

        return patch.object(LocalCrew, step, measured)

    def beside(plan: Plan, appraiser: Appraiser) -> Plan:
        others = [own for place in range(many) if (own := appraiser.own(place)) is not None]
        for rival in rivals_of(case, Choices.of(plan), appraiser.as_it_is(), others, appraiser.common):
            began = time.process_time()
            appraiser([rival.choices])
            times.append(time.process_time() - began)
        return plan

    began = time.process_time()
    with ExitStack() as patched:
        for step in ("prepare", "settle", "visit", "sharpen", "certify"):
            patched.enter_context(timed(step))
        found = solve_worlds(case, draw(case, many), criterion, rel_gap=gap, time_limit=math.inf, beside=beside)
    whole = time.process_time() - began - sum(times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return [
        (f"{name}, {many} worlds, {criterion}", f"{whole:.1f} s, gap {100 * (found.gap or 0.0):.2g}%"),
        *((f"of these: {step}", f"{seconds:.1f} s") for step, seconds in spent.items()),
        (
            f"{len(times)} plans beside it",
            f"{sum(times):.1f} s, {1000 * sum(times) / len(times) / many:.0f} ms a world",
        ),
        ("peak memory, one process", f"{peak / 1e9:.2f} GB"),
    ]
