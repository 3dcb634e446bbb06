"""How the numbers of a case's programs move with its figures, found out by compiling a few cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ..data import CaseError
from ..model.network import Network
from ..model.patching import Mould, same, watched
from ..model.problem import Problem

if TYPE_CHECKING:
    from ..data import Case

MOST_PAIRS = 2
"""Pairs of figures, per figure, that may move the same numbers together."""

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
    worked out exactly for every sample, and a sample where it does not move as expected is not told.

    Parameters
    ----------
    at
        Returns the case at a point.
    spans
        Range of every figure.

    Attributes
    ----------
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
        self.mould = Mould(Problem(self._case(self._middle)))
        self._structure = self.mould.structure
        self._start = self.mould.vector.copy()
        self._slopes: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._products: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
        for name in self._names:
            self._learn(name)
        self._learn_products()
        self._check()

    def _case(self, point: Point) -> Case:
        try:
            return self._at(point)
        except CaseError as error:
            raise Unlearnable(str(error)) from error

    def _numbers(self, point: Point) -> np.ndarray:
        mould = Mould(Problem(self._case(point)), self.mould.prices)
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
            numbers, told = self._numbers(point), self._told(point)
            if not same(numbers, told).all():
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
            The sample's case.
        point
            Value of every figure.
        """
        told = self._told(point)
        exact = watched(Network(case))
        expected = told[self.mould.size :]
        return told if exact.shape == expected.shape and same(exact, expected).all() else None


def spans_of(values: Mapping[str, Sequence[float]]) -> dict[str, Span]:
    """Return the range of every figure among samples."""
    found = {}
    for name, column in values.items():
        low, high = float(min(column)), float(max(column))
        found[name] = Span(low, (low + high) / 2, high)
    return found
