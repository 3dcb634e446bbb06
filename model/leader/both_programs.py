"""HiGHS with a leader problem, its limits strict and elastic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulation.leader import gap_terms
from ..solver.highs import TolerantHighs

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem


class BothPrograms:
    """HiGHS with a leader problem twice: limits elastic, and strict.

    Parameters
    ----------
    leader_problem
        The leader problem.
    log
        File for HiGHS's log of the one whose limits are strict.
    stop
        Asked during every solve.
    start
        Basis that the first solves begin with; None: slacks.

    Attributes
    ----------
    relaxed
        HiGHS with the linear relaxation, limits elastic.
    gap_cost : array, shape (columns,)
        What limits' gaps are charged for where they are elastic; 0 of all other columns.
    """

    def __init__(self, leader_problem: LeaderProblem, log: str | None, stop: Callable[[], bool], start: Any):
        self.leader_problem = leader_problem
        self.log = log
        self.stop = stop
        gaps = leader_problem.compiled.columns(gap for _, gap in gap_terms(leader_problem.model))
        self._gaps = gaps[gaps >= 0]
        self.gap_cost = np.zeros_like(leader_problem.program.cost)
        self.gap_cost[self._gaps] = leader_problem.program.cost[self._gaps]
        self._shut = np.empty(0, dtype=np.int32)
        self.make(start)

    def make(self, start: Any) -> None:
        """Make HiGHS from the arrays, to begin with a basis; the strict one when it is asked for."""
        self._start_basis = start
        program = self.leader_problem.program.relaxed()
        program.column_upper[self._gaps] = np.inf
        self.relaxed = self._begun(TolerantHighs(program, stop=self.stop, presolve="off", solver="simplex"))
        self._exact: TolerantHighs | None = None

    def _begun(self, made: TolerantHighs) -> TolerantHighs:
        if self._start_basis is not None:
            made.set_basis(self._start_basis)
        return made

    @property
    def exact(self) -> TolerantHighs:
        """HiGHS with the linear relaxation, limits strict; made anew after `settle`."""
        if self._exact is None:
            self._exact = self._make_exact()
        return self._exact

    def _make_exact(self) -> TolerantHighs:
        program = self.leader_problem.program.relaxed()
        program.column_upper[self._shut] = 0.0
        return self._begun(TolerantHighs(program, log=self.log, stop=self.stop, presolve="off", solver="simplex"))

    def settle(self) -> None:
        """Give back the memory of `exact` and of the basis to begin with."""
        self._exact = self._start_basis = None
