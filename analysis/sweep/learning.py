"""How the numbers of a case's programs move with its figures, found out by compiling a few cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ...data import CaseError
from ...data.units import natural_units
from ...model.leader.problem import Problem
from ...model.network.network import Network
from ...model.parametric.patching import Mould, priced, same, watched

if TYPE_CHECKING:
    from ...data import Case

MOST_PAIRS = 2
"""Pairs of figures, per figure, that may move the same numbers together."""

ALIKE = 1e-6
"""Relative difference of two rates of change that is rounding."""

SEED = 20
CHECKS = 2
"""Cases drawn within the ranges at which what was learnt must hold."""

Point = Mapping[str, float]


class Unlearnable(Exception):
    """The numbers do not move with the figures in a way that can be learnt."""


@dataclass(frozen=True)
class Span:
    """Range of a figure among the samples."""

    low: float
    middle: float
    high: float


class Learnt:
    """What a sample's numbers are, without compiling its case.

    Every number is taken to be affine in each figure, or to hold products of two; that is checked at a third value of every
    figure and at cases drawn at random. What is not so (the dearest lane, the cheapest source, a figure that becomes 0) is
    worked out exactly for every sample. Where terminal prices move otherwise, because another source becomes the cheapest, the
    numbers made of them are told from the prices; a sample where anything else does is not told.

    Parameters
    ----------
    at
        Returns the case at a point.
    spans
        Range of every figure.

    Attributes
    ----------
    units
        Natural units of the case at the middle of all ranges; all samples are solved in these.
    mould
        The programs at the middle of all ranges.

    Raises
    ------
    Unlearnable
        Where the checks fail.
    """

    def __init__(self, at: Callable[[Point], Case], spans: Mapping[str, Span]):
        self._at = at
        self._names = [name for name, span in spans.items() if span.high > span.low]
        self._spans = spans
        self._middle = {name: span.middle for name, span in spans.items()}
        _, self.units = natural_units(at(self._middle))
        self.mould = Mould(self._problem(self._middle))
        if self.mould.problem.leader_problem.operational.size:
            raise Unlearnable("orders, prices by quantity or suppliers make our operations whole numbers")
        self._structure = self.mould.structure
        self._start = self.mould.vector.copy()
        self._slopes: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._products: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
        for name in self._names:
            self._learn(name)
        self._learn_products()
        self._check()

    @cached_property
    def _bends(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numbers made of terminal prices: their places, which price each is made of, and its change per unit of that price.

        Found by moving all prices at once, twice and each by an amount of its own: the price a number is made of is the one whose
        move explains both of the number's.
        """
        draw, start = np.random.default_rng(SEED), self._start
        case = self._case(self._middle)
        pairs = priced(Network(case))
        moves: list[np.ndarray] = []
        changes: list[np.ndarray] = []
        places = np.empty(0, dtype=np.int64)
        for _ in range(2):
            network = Network(case, self.units)
            raised = np.array([network.terminal_price(pair) for pair in pairs]) + draw.uniform(1.0, 2.0, len(pairs))
            network.set_terminal_prices(dict(zip(pairs, raised.tolist(), strict=True)))
            mould = Mould(Problem(case, network=network), self.mould.prices)
            if mould.structure != self._structure:
                raise Unlearnable("terminal prices alter the structure of the programs")
            if not changes:
                places = np.flatnonzero(~same(mould.vector[: mould.size], start[: mould.size]))
            changes.append(mould.vector[places] - start[places])
            moved = slice(mould.size, mould.size + len(pairs))
            moves.append(mould.vector[moved] - start[moved])
        rates = [change[:, None] / move[None, :] for change, move in zip(changes, moves, strict=True)]
        explained = np.abs(rates[0] - rates[1]) <= ALIKE * np.abs(rates[0])
        if not (explained.sum(axis=1) == 1).all():
            raise Unlearnable("numbers are made of several terminal prices")
        prices = explained.argmax(axis=1)
        return places, prices, rates[0][np.arange(places.size), prices]

    def _case(self, point: Point) -> Case:
        try:
            return self.units.natural(self._at(point))
        except CaseError as error:
            raise Unlearnable(str(error)) from error

    def _problem(self, point: Point) -> Problem:
        case = self._case(point)
        return Problem(case, network=Network(case, self.units))

    def _numbers(self, point: Point) -> np.ndarray:
        mould = Mould(self._problem(point), self.mould.prices)
        if mould.structure != self._structure:
            raise Unlearnable("figures alter the structure of the programs")
        return mould.vector

    def _learn(self, name: str) -> None:
        span = self._spans[name]
        numbers = self._numbers({**self._middle, name: span.high})
        moved = np.flatnonzero(~same(self._start, numbers))
        slope = (numbers[moved] - self._start[moved]) / (span.high - span.middle)
        if not np.isfinite(slope).all():
            raise Unlearnable(f"{name} moves numbers between finite and infinite ones")
        self._slopes[name] = (moved, slope)

    def _learn_products(self) -> None:
        shared = {
            (one, other): np.intersect1d(self._slopes[one][0], self._slopes[other][0])
            for one, other in combinations(self._names, 2)
        }
        pairs = {pair: places for pair, places in shared.items() if places.size}
        if len(pairs) > MOST_PAIRS * len(self._names):
            raise Unlearnable("too many figures move the same numbers")
        for (one, other), places in pairs.items():
            point = {**self._middle, one: self._spans[one].high, other: self._spans[other].high}
            with np.errstate(invalid="ignore"):
                rest = self._numbers(point) - self._told(point)
            left = places[~same(rest[places] + self._start[places], self._start[places])]
            area = (point[one] - self._middle[one]) * (point[other] - self._middle[other])
            self._products[one, other] = (left, rest[left] / area)

    def _check(self) -> None:
        low = {name: span.low for name, span in self._spans.items()}
        drawn = np.random.default_rng(SEED).random((CHECKS, len(self._names)))
        points = [low]
        for shares in drawn:
            ends = [(self._spans[name].low, self._spans[name].high) for name in self._names]
            inside = {
                name: lo + share * (hi - lo) for name, share, (lo, hi) in zip(self._names, shares, ends, strict=True)
            }
            points.append({**self._middle, **inside})
        for point in points:
            numbers = self._numbers(point)
            told = self._bent(self._told(point), numbers[self.mould.size :])
            if told is None or not same(numbers, told).all():
                raise Unlearnable("numbers are no products of figures")

    def _told(self, point: Point) -> np.ndarray:
        numbers = self._start.copy()
        for name, (places, slope) in self._slopes.items():
            numbers[places] += slope * (point[name] - self._middle[name])
        for (one, other), (places, slope) in self._products.items():
            numbers[places] += slope * (point[one] - self._middle[one]) * (point[other] - self._middle[other])
        return numbers

    def numbers(self, case: Case, point: Point) -> np.ndarray | None:
        """Return the numbers of a sample's programs; None where what was learnt does not hold there.

        Parameters
        ----------
        case
            The sample's case, in the units of the mould.
        point
            Value of every figure.
        """
        return self._bent(self._told(point), watched(Network(case)))

    def _bent(self, told: np.ndarray, exact: np.ndarray) -> np.ndarray | None:
        """Mend what is told where terminal prices are not as expected; None where anything else is not."""
        size = self.mould.size
        if exact.shape != told[size:].shape:
            return None
        astray = np.flatnonzero(~same(exact, told[size:]))
        if not astray.size:
            return told
        count = len(priced(self.mould.problem.network))
        if astray[-1] >= count:
            return None
        places, prices, rates = self._bends
        told[places] += rates * (exact[:count] - told[size : size + count])[prices]
        told[size:] = exact
        return told


def spans_of(values: Mapping[str, Sequence[float]]) -> dict[str, Span]:
    """Return the range of every figure among samples."""
    found = {}
    for name, column in values.items():
        low, high = float(min(column)), float(max(column))
        found[name] = Span(low, (low + high) / 2, high)
    return found
