"""Enumeration of all combinations as one of the methods that prove a plan (model.md section 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..follower.enumerate import policy_indices_of
from ..leader.problem import Problem
from ..plan.limits import SolveLimits
from ..solver.highs import Outcome
from .engine import Engine, Found
from .local_search import LocalSearch, Trial, Worked


class Enumeration:
    """Works out all combinations that the limits allow, and searches them best first.

    Parameters
    ----------
    problem, solve_limits, trials, gap, stop, report
        As of `portfolio.Method`.
    engine
        The case, ready to be solved; stopped by `stop`, tells `report`.
    """

    def __init__(
        self,
        problem: Problem,
        solve_limits: SolveLimits,
        trials: LocalSearch,
        gap: float,
        stop: Callable[[], bool],
        report: Callable[[float, float], None],
        engine: Engine,
    ):
        self.problem = problem
        self.solve_limits = solve_limits
        self.trials = trials
        self.gap = gap
        self.engine = engine
        engine.stop, engine.report = stop, report
        self._found: Found | None = None

    def run(self) -> float:
        """Search until the gap is closed or the search is stopped; return the proven bound."""
        found = self._found = self.engine.search(self.solve_limits, self.gap, rival=lambda: self.trials.leverage)
        if found.choice is not None and found.result.best is not None:
            policy_indices = policy_indices_of(found.choice, self.problem.network.menu)
            cost = float(self.engine.candidates.cost[found.result.best.place])
            trial = Trial(policy_indices, cost, found.bound)
            outcome = Outcome("Optimal", -found.leverage, -found.bound, found.solution)
            self.trials.offer(Worked(trial, found.leverage, outcome))
        return found.bound

    def facts(self) -> dict[str, Any]:
        """Counts of the work."""
        engine, found = self.engine, self._found
        counts: dict[str, Any] = {"combinations": engine.count, "responses": engine.candidates.steps}
        if found is not None:
            result = found.result
            counts |= {
                "programs": result.worked_out,
                "relaxations": result.relaxations,
                "face_solves": result.face_solves,
                "nodes": result.nodes,
            }
        return counts
