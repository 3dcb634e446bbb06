"""What our side can make of a given first stage, and bounds that are linear in the first stage (model.md section 6)."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..formulation.linking import Choice
from ..plan.tolerances import LIMIT_KEPT
from ..solver.highs import Outcome
from .cuts import Cut
from .fixed_policy import FixedPolicySolver

DEARER = 1000.0
"""How much dearer gaps in limits are made where their price was too low to close them."""


@dataclass(frozen=True)
class StageCut:
    """A bound on leverage that is linear in the first stage too.

    ``leverage <= value + slope @ (x - point)`` for every first stage x under the choice of policies it was found at; under others
    ``cut`` takes the place of ``value``: its constant holds for x = point. One of a feasibility cut bounds minus the sum of limits'
    gaps, one of a charge minus what gaps are charged for. One that is free holds whether continuity is kept or not.

    Attributes
    ----------
    value
        At the point, under its own choice.
    point, slope : array, shape (first-stage columns,)
    cut
        The bound for other choices of policies.
    charge
        Whether it bounds minus what limits' gaps are charged for.
    free
        Whether fills were left free, so that it holds without continuity too.
    """

    value: float
    point: np.ndarray
    slope: np.ndarray
    cut: Cut
    charge: bool = False
    free: bool = False

    @property
    def feasibility_cut(self) -> bool:
        """Whether it bounds minus the sum of limits' gaps."""
        return self.cut.feasibility_cut


@dataclass(frozen=True)
class Visit:
    """What one first stage is worth under one choice of policies.

    Attributes
    ----------
    leverage
        Best leverage; -inf where limits cannot be kept. Where gaps are charged for, with their charge added back.
    charge
        What limits' gaps are charged for; 0 where all are kept.
    gap
        Least sum of limits' gaps, where they cannot be kept.
    cuts : tuple of StageCut
        What it bounds elsewhere.
    """

    leverage: float
    charge: float
    gap: float
    cuts: tuple[StageCut, ...]


class HereAndNow:
    """Values of first stages that are fixed, whatever policies they stand beside.

    Parameters
    ----------
    fixed_policy
        The leader problem.
    columns : array of int, shape (first-stage columns,)
        Their places in the leader problem; -1 for one that it does not hold, which changes nothing there.

    Attributes
    ----------
    price
        What a unit that fills lack is charged for; one of any other limit `DEARER` times as much: only continuity gives way.
    basis
        Of the linear program that the last visit solved first; None before.
    """

    basis: Any = None

    def __init__(self, fixed_policy: FixedPolicySolver, columns: np.ndarray):
        self.fixed_policy = fixed_policy
        leader_problem = fixed_policy.leader_problem
        fills = leader_problem.compiled.columns(
            gap
            for b in leader_problem.model.ours.values()
            if b.limited
            for gap in (*b.fill_gap.values(), *b.week_gap.values())
        )
        fills = fills[fills >= 0]
        self.price = float(fixed_policy.gap_cost[fills].max(initial=1.0))
        self._prices = np.where(fixed_policy.gap_cost > 0, DEARER * self.price, 0.0)
        self._prices[fills] = self.price
        self._free_prices = fixed_policy.gap_cost.copy()
        self._free_prices[fills] = 0.0
        self._hold(columns)

    def _hold(self, columns: np.ndarray) -> None:
        self.columns = columns
        self._held = np.flatnonzero(columns >= 0)
        self._places = columns[self._held].astype(np.int32)

    def over(self, columns: np.ndarray) -> HereAndNow:
        """Return the same for other columns; the model is not asked again."""
        other = copy.copy(self)
        other._hold(columns)
        return other

    def visit(
        self,
        choice: Choice,
        cost: float,
        constant: float,
        admin: float,
        point: np.ndarray,
        charged: bool = False,
        free: bool = False,
    ) -> Visit:
        """Work out the best leverage of a first stage.

        Parameters
        ----------
        choice, cost, constant, admin
            As of `FixedPolicySolver.relax`.
        point : array, shape (first-stage columns,)
            The first stage.
        charged
            Whether limits that cannot be kept are charged for, as low a charge as can be before all else; else there is no plan.
        free
            Whether continuity need not be kept, so that fills lack what they may; all other limits hold.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        Stopped
            When it was interrupted.
        """
        fixed = self.fixed_policy
        prices = self._prices if charged else self._free_prices if free else fixed.gap_cost
        with self._asked((choice, cost, constant, admin), prices, point[self._held]):
            outcome = fixed._solve_relaxed(choice)
            assert outcome.objective is not None and outcome.solution is not None
            self.basis = fixed.relaxed.get_basis()
            charge = float(prices @ outcome.solution)
            leverage = -outcome.objective
            cut = self._cut(outcome.solution, leverage, constant, admin, point, free)
            if charge <= 0:
                return Visit(leverage, 0.0, 0.0, (cut,))
            if free:
                return self._without_fills(choice, constant, admin, point, cut)
            if charged:
                least, other = self._least_charge(choice, admin, point)
                return Visit(leverage + least, least, 0.0, (cut, other))
            gap, barrier = fixed._least_gap(choice, lambda found: self._barrier(found, admin, point))
            if gap > 0.5 * LIMIT_KEPT:
                return Visit(-math.inf, charge, gap, (cut, barrier))
            return self._dearer(choice, constant, admin, point, cut, fixed.gap_cost)

    def ceiling(self, choice: Choice, cost: float, constant: float, admin: float) -> Cut:
        """Return what bounds leverage whatever the first stage, and whatever limits on supply lack.

        The linear program that was solved last is solved on from its basis, its gaps free of charge.

        Parameters
        ----------
        choice, cost, constant, admin
            As of `FixedPolicySolver.relax`.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        Stopped
            When it was interrupted.
        """
        fixed = self.fixed_policy
        with self._asked((choice, cost, constant, admin), np.zeros_like(fixed.gap_cost)):
            outcome = fixed._solve_relaxed(choice)
            assert outcome.objective is not None and outcome.solution is not None
            return fixed.cut(outcome.solution, -outcome.objective - constant, admin, feasibility_cut=False)

    @contextmanager
    def _asked(
        self, terms: tuple[Choice, float, float, float], prices: np.ndarray, values: np.ndarray | None = None
    ) -> Iterator[None]:
        """Ask the relaxed program for a combination at given prices of gaps, the first stage held at values where there are any."""
        fixed = self.fixed_policy
        highs, program = fixed.relaxed, fixed.leader_problem.program
        fixed.last = None
        highs.set_bounds(fixed.binaries, program.column_lower[fixed.binaries], program.column_upper[fixed.binaries])
        if values is not None:
            highs.set_bounds(self._places, values, values)
        try:
            fixed._set(highs, *terms)
            highs.set_cost(np.where(fixed.gap_cost > 0, prices, program.cost))
            yield
        finally:
            highs.set_bounds(self._places, program.column_lower[self._places], program.column_upper[self._places])
            highs.set_cost(program.cost)
            fixed.last = None

    def _slopes(self) -> np.ndarray:
        """What a unit more of every first-stage column adds to minus the objective, after a solve."""
        slopes = np.zeros(self.columns.size)
        slopes[self._held] = -self.fixed_policy.relaxed.column_duals()[self._places]
        return slopes

    def _cut(
        self,
        solution: np.ndarray,
        leverage: float,
        constant: float,
        admin: float,
        point: np.ndarray,
        free: bool = False,
    ) -> StageCut:
        cut = self.fixed_policy.cut(solution, leverage - constant, admin, feasibility_cut=False)
        return StageCut(leverage, point, self._slopes(), cut, free=free)

    def _barrier(self, outcome: Outcome, admin: float, point: np.ndarray) -> StageCut:
        assert outcome.objective is not None and outcome.solution is not None
        value = -outcome.objective
        cut = self.fixed_policy.cut(outcome.solution, value, admin, feasibility_cut=True)
        return StageCut(value, point, self._slopes(), cut)

    def _least_charge(self, choice: Choice, admin: float, point: np.ndarray) -> tuple[float, StageCut]:
        """Least that limits' gaps are charged for with arcs, face and rooms as they are set, and its bound elsewhere."""
        fixed = self.fixed_policy
        highs = fixed.relaxed
        offset = highs.offset
        highs.set_cost(self._prices)
        highs.set_offset(0.0)
        try:
            outcome = fixed._solve_relaxed(choice)
            assert outcome.objective is not None and outcome.solution is not None
            cut = fixed.cut(outcome.solution, -outcome.objective, admin, feasibility_cut=False)
            return outcome.objective, StageCut(-outcome.objective, point, self._slopes(), cut, charge=True)
        finally:
            highs.set_cost(fixed.leader_problem.program.cost)
            highs.set_offset(offset)

    def _without_fills(
        self, choice: Choice, constant: float, admin: float, point: np.ndarray, first: StageCut
    ) -> Visit:
        """Value of a first stage whose gaps in limits other than continuity cost something; -inf where they must."""
        fixed = self.fixed_policy
        highs = fixed.relaxed
        offset = highs.offset
        highs.set_cost(np.where(self._free_prices > 0, 1.0, 0.0))
        highs.set_offset(0.0)
        try:
            outcome = fixed._solve_relaxed(choice)
            assert outcome.objective is not None and outcome.solution is not None
            gap = outcome.objective
            barrier = fixed.cut(outcome.solution, -gap, admin, feasibility_cut=True)
            kept = StageCut(-gap, point, self._slopes(), barrier, free=True)
        finally:
            highs.set_cost(fixed.leader_problem.program.cost)
            highs.set_offset(offset)
        if gap > 0.5 * LIMIT_KEPT:
            return Visit(-math.inf, 0.0, gap, (first, kept))
        return self._dearer(choice, constant, admin, point, first, self._free_prices, free=True)

    def _dearer(
        self,
        choice: Choice,
        constant: float,
        admin: float,
        point: np.ndarray,
        first: StageCut,
        prices: np.ndarray,
        free: bool = False,
    ) -> Visit:
        """Value of a first stage with which limits can be kept, yet are not at the price that their gaps have."""
        fixed = self.fixed_policy
        highs, cost = fixed.relaxed, fixed.leader_problem.program.cost
        highs.set_cost(np.where(fixed.gap_cost > 0, DEARER * prices, cost))
        try:
            outcome = fixed._solve_relaxed(choice)
            assert outcome.objective is not None and outcome.solution is not None
            charge = DEARER * float(prices @ outcome.solution)
            cut = self._cut(outcome.solution, -outcome.objective, constant, admin, point, free)
            # What is left of gaps is rounding.
            return Visit(-outcome.objective + charge, 0.0, 0.0, (first, cut))
        finally:
            highs.set_cost(cost)
