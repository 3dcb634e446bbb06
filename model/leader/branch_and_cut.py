"""Our side under one choice of policies by HiGHS's own branch and cut, where binaries are many (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..formulation.linking import LeaderProblem
from ..plan.tolerances import WHOLE_GAP
from ..solver.highs import Highs, Outcome

FEW, FEW_CHOICES = 12, 40
"""Free binaries up to which our own branch and bound is sooner (docs/benchmarks.md), and how many where all are choices of the
first stage: the relaxation of an order or of a price is far from the whole one, which cuts mend and a tree does not."""


def few(leader_problem: LeaderProblem) -> int:
    """Return the free binaries up to which our own branch and bound is taken."""
    return FEW if leader_problem.operational.size else FEW_CHOICES


Row = tuple[np.ndarray, np.ndarray, float]
"""Columns, coefficients and the least activity of a row."""


def branch_and_cut(
    leader_problem: LeaderProblem,
    lower: np.ndarray,
    upper: np.ndarray,
    prepare: Callable[[Highs], None],
    *,
    gap: float,
    cutoff: float,
    stop: Callable[[], bool],
    report: Callable[[float, float], None],
    log: str | None = None,
    rows: Sequence[Row] = (),
) -> Outcome:
    """Solve the leader problem under one choice of policies as a mixed-integer program; its objective is minus the leverage.

    Parameters
    ----------
    leader_problem
        The leader problem.
    lower, upper : array, shape (columns,)
        Bounds of its columns.
    prepare
        Opens the arcs of the choice, and puts V, the constant part of leverage and what the limits leave.
    gap
        Relative gap at which to stop.
    cutoff
        Leverages that are not above it are of no interest.
    stop
        Asked now and then; what was found so far is kept.
    report
        Told of incumbent and bound, leverages, as they move.
    log
        File for HiGHS's log.
    rows
        Further rows that the columns keep.

    Returns
    -------
    Outcome
        Termination as of `branch_and_bound`; its bound is the one that HiGHS has proven. It has no leaves.
    """
    program = replace(leader_problem.program, column_lower=lower, column_upper=upper)
    highs = Highs(program, log=log, mip_rel_gap=max(gap, WHOLE_GAP), mip_abs_gap=WHOLE_GAP)
    prepare(highs)
    advantage = leader_problem.compiled.column.get(id(leader_problem.model.advantage))
    if math.isfinite(cutoff) and advantage is not None:
        # The objective is the offset less the advantage: no limit is broken here.
        place = np.array([advantage])
        highs.set_bounds(place, np.array([cutoff + highs.offset]), upper[place])
    for columns, coefficients, least in rows:
        highs.add_row(columns, coefficients, least)
    highs.watch(stop, report)
    outcome = highs.solve()
    if outcome.optimal:
        return outcome
    if outcome.infeasible:
        return outcome if math.isinf(cutoff) else Outcome("Cut off", None, -cutoff, None, outcome.nodes)
    return replace(outcome, termination="Stopped")


def exactly(found: Outcome, highs: Highs, binaries: np.ndarray, put: Callable[[bool], None]) -> Outcome:
    """Return what branch and cut found, solved as the linear program at its binaries.

    Parameters
    ----------
    found
        What branch and cut found, with a solution.
    highs
        Holds the linear program.
    binaries
        Its columns that are whole.
    put
        Puts V, narrow or wide, the constant part of leverage and what the limits leave.
    """
    assert found.solution is not None
    whole = np.round(found.solution[binaries])
    highs.set_bounds(binaries, whole, whole)
    exact = found
    for wide in (False, True):
        put(wide)
        # From nothing: with presolve most of a program whose binaries are held goes away.
        highs.forget()
        with highs.options(presolve="choose", solver="choose"):
            exact = highs.solve()
        if exact.optimal and exact.solution is not None:
            break
    if not exact.optimal or exact.solution is None or exact.objective is None:
        # What the solver's tolerance hides is no plan of its own.
        return replace(found, others=found.bound if found.bound is not None else -math.inf)
    bound = exact.objective if found.bound is None else min(found.bound, exact.objective)
    duals = highs.row_duals()
    return replace(exact, termination=found.termination, bound=bound, nodes=found.nodes, others=bound, duals=duals)
