"""What ways to prove the best plan have in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from ..leader.problem import Problem
from ..plan.limits import SolveLimits
from ..solver.arrays import Program
from ..solver.highs import Highs
from .local_search import LocalSearch


class Prover(ABC):
    """A way to prove the best plan, which finds better ones on the way.

    Parameters
    ----------
    problem
        The case, ready to solve.
    solve_limits
        Limits to keep.
    trials
        Combinations tried; the best of them is the incumbent.
    gap
        Relative gap at which to stop.
    stop
        Asked between steps.
    report
        Told incumbent and bound when either moves.

    Attributes
    ----------
    most
        What the limits allow of every resource that policies use, by column of the policies table.

    Raises
    ------
    TooManyCombinations
        Where this way cannot handle that many.
    """

    def __init__(
        self,
        problem: Problem,
        solve_limits: SolveLimits,
        trials: LocalSearch,
        gap: float,
        stop: Callable[[], bool] = lambda: False,
        report: Callable[[float, float], None] = lambda incumbent, bound: None,
    ):
        self.problem = problem
        self.solve_limits = solve_limits
        self.trials = trials
        self.gap = gap
        self.stop = stop
        self.report = report
        self.most = solve_limits.by_load
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Set up what this way needs."""


def solve_master(program: Program, gap: float, stop: Callable[[], bool]) -> tuple[np.ndarray | None, float]:
    """Return the solution of a master program as far as it is known, and a proven upper bound on the leverage of all that are left.

    Parameters
    ----------
    program
        Minimises minus leverage.
    gap
        Relative gap at which to stop.
    stop
        Asked now and then.

    Returns
    -------
    array or None, shape (columns,)
        None where there is none yet, or none at all.
    float
        -inf where nothing is left, inf where nothing is proven.
    """
    highs = Highs(program, mip_rel_gap=gap)
    highs.watch(stop)
    outcome = highs.solve()
    if outcome.infeasible:
        return None, -math.inf
    return outcome.solution, math.inf if outcome.bound is None else -outcome.bound
