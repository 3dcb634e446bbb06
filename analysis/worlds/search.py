"""The plan that is best over all worlds: best first over combinations of policies, an L-shaped loop over first stages for each."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...model.plan.monitor import Stopped
from ...model.plan.tolerances import LEVERAGE_FLOOR, LEVERAGE_TIE
from .master import Master, Promise, WorldLines

LOOKS = 16
"""Steps spent on what is left within the gap asked for, and on plans that are as good."""

CLOSE = 1e-7
"""Difference of promise and value, relative to leverages, up to which a combination is closed."""


class Crew(Protocol):
    """Who works on all worlds: what each has of a combination and a first stage, in the order of the worlds.

    Attributes
    ----------
    losses
        How often worlds were made ready anew, their cuts forgotten.
    """

    losses: int

    def visit(self, number: int, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Work out a first stage beside a combination; return leverages and what limits lack, shape (worlds,) each."""

    def sharpen(self, number: int, point: np.ndarray) -> bool:
        """Tighten the cuts that bind there over the least-cost faces; return whether any has moved."""

    def lines(self, number: int) -> list[WorldLines]:
        """Return the cuts of all worlds at a combination."""


@dataclass(frozen=True)
class Incumbent:
    """A plan for all worlds.

    Attributes
    ----------
    number
        Its combination.
    point : array, shape (first-stage columns,)
    leverages, charges : array, shape (worlds,)
        Its leverage in every world; what limits lack that no plan keeps.
    score
        What is maximised.
    rank
        Score less the charges, which count more than any score.
    """

    number: int
    point: np.ndarray
    leverages: np.ndarray
    charges: np.ndarray
    score: float
    rank: float


@dataclass(frozen=True)
class Ended:
    """What a search ended with.

    Attributes
    ----------
    best
        The best plan; None where there is none.
    bound
        Proven upper bound on the rank of every plan.
    looked, visits
        Combinations whose first stages were looked at; first stages worked out.
    masters
        Master programs solved.
    """

    best: Incumbent | None
    bound: float
    looked: int
    visits: int
    masters: int


class WorldsSearch:
    """Best-first search over the combinations of policies that all worlds have in common.

    The cuts of every world bound its leverage under every combination, linearly in the first stage. A master program makes of
    them the bound of one combination, and the first stage that promises it. The combination that promises most is taken one
    step on: its cuts are tightened over least-cost faces, or its first stage is worked out in every world, which gives a plan,
    and cuts that are exact there.

    Parameters
    ----------
    crew
        Works on the worlds.
    master
        Builds master programs.
    admin : array, shape (combinations, worlds)
        Admin costs.
    ceilings : array, shape (combinations, worlds)
        What bounds leverage whatever the first stage.
    order : sequence of tuple
        What ties between combinations are settled by, the least first.
    gap
        Relative gap at which to stop.
    stop
        Asked between steps.
    report
        Told of score and bound when either moves.
    """

    def __init__(
        self,
        crew: Crew,
        master: Master,
        admin: np.ndarray,
        ceilings: np.ndarray,
        order: list[tuple[int, ...]],
        gap: float,
        stop: Callable[[], bool] = lambda: False,
        report: Callable[[float, float], None] = lambda score, bound: None,
    ):
        self.crew = crew
        self.master = master
        self.admin = admin
        self.order = order
        self.gap = gap
        self.stop = stop
        self.report = report
        self.upper = master.criterion.score(ceilings, master.weights, master.best)
        self.best: Incumbent | None = None
        self.visits = self.masters = 0
        self._promises: dict[int, tuple[int, Promise]] = {}
        self._relaxed: dict[int, int] = {}
        self._version = 0
        self._seen: dict[int, set[bytes]] = {}
        self._values: dict[int, list[Incumbent]] = {}
        self._closed = np.zeros(self.upper.size, dtype=bool)
        self._sharp: set[tuple[int, bytes]] = set()
        self._losses = crew.losses
        self._looked: set[int] = set()

    @property
    def visited(self) -> list[Incumbent]:
        """Plans worked out in every world."""
        return [each for found in self._values.values() for each in found]

    # Bounds ----------------------------------------------------------------------------------------------------------

    @property
    def size(self) -> float:
        """Size of the leverages that the best score is made of."""
        if self.best is None:
            return LEVERAGE_FLOOR
        return max(abs(self.best.score), float(self.master.weights @ np.abs(self.best.leverages)), LEVERAGE_FLOOR)

    @property
    def tie(self) -> float:
        """Difference up to which two ranks are ties."""
        return LEVERAGE_TIE * self.size

    def threshold(self) -> float:
        """Bound up to which a combination need not be looked at."""
        if self.best is None:
            return -math.inf
        return self.best.rank + max(self.tie, 0.5 * self.gap * abs(self.best.score))

    def bound(self) -> float:
        """Proven upper bound on the rank of every plan."""
        best = -math.inf if self.best is None else self.best.rank
        return max(float(self.upper.max(initial=-math.inf)), best)

    # Steps -----------------------------------------------------------------------------------------------------------

    def promise(self, number: int) -> Promise:
        """Return what the cuts known now promise of a combination."""
        known = self._promises.get(number)
        if known is None or known[0] != self._version:
            promise = self.master.solve(self.crew.lines(number), self.admin[number])
            self.masters += 1
            self._promises[number] = known = self._version, promise
            self.upper[number] = min(self.upper[number], promise.bound)
        return known[1]

    def relax(self, number: int) -> float:
        """Return the bound of a combination after a look at what the relaxation of its master program says of it now."""
        if self._relaxed.get(number) != self._version:
            self._relaxed[number] = self._version
            if self.master.space.integer.any():
                bound = self.master.bound(self.crew.lines(number), self.admin[number])
                self.upper[number] = min(self.upper[number], bound)
        return float(self.upper[number])

    def advance(self, number: int) -> None:
        """Take a combination one step on."""
        before = self.upper[number]
        if self.crew.losses != self._losses:
            # Cuts of first stages seen before are gone with who knew them.
            self._losses = self.crew.losses
            self._seen.clear()
            self._sharp.clear()
            self._promises.clear()
            self._relaxed.clear()
        if self.relax(number) < before - self.tie:
            return
        promise = self.promise(number)
        if promise.point is None or self.upper[number] < before - self.tie:
            # It may no longer be the one that promises most.
            return
        place = (number, promise.point.tobytes())
        if place not in self._sharp:
            self._sharp.add(place)
            if self.crew.sharpen(number, promise.point):
                self._promises.pop(number, None)
                self._relaxed.pop(number, None)
                return
        if promise.point.tobytes() in self._seen.get(number, ()):
            # What is left between promise and value is rounding.
            self._closed[number] = True
            return
        found = self.visit(number, promise.point)
        if found.rank >= self.upper[number] - CLOSE * self.size:
            self._closed[number] = True

    def visit(self, number: int, point: np.ndarray) -> Incumbent:
        """Work out a first stage beside a combination in every world."""
        leverages, charges = self.crew.visit(number, point)
        self._version += 1
        self.visits += 1
        self._seen.setdefault(number, set()).add(point.tobytes())
        self._looked.add(number)
        master = self.master
        score = float(master.criterion.score(leverages, master.weights, master.best))
        charged = float(charges @ master.charge)
        found = Incumbent(number, point, leverages, charges, score, score - charged)
        self._values.setdefault(number, []).append(found)
        if found.rank > -math.inf and (self.best is None or found.rank > self.best.rank + self.tie):
            self.best = found
            self.report(found.score, self.bound())
        return found

    def _top(self, least: float) -> int | None:
        """The combination that promises most, more than some rank; among ties the first by rule."""
        open_bounds = np.where(self._closed, -math.inf, self.upper)
        top = float(open_bounds.max(initial=-math.inf))
        if top == -math.inf or top <= least:
            return None
        near = np.flatnonzero(open_bounds >= top - self.tie)
        return int(min(near, key=lambda number: self.order[number]))

    # The search ------------------------------------------------------------------------------------------------------

    def run(self, first: int) -> Ended:
        """Search until the gap is closed or the search is stopped.

        Parameters
        ----------
        first
            The combination to begin with, nothing bought: the plan to fall back on.
        """
        with suppress(Stopped):
            self.visit(first, self.master.space.least)
            while not self.stop():
                number = self._top(self.threshold())
                if number is None:
                    break
                self.advance(number)
                self.report(-math.inf if self.best is None else self.best.score, self.bound())
            if self.best is not None and not self.stop():
                self._look_at_ties()
                self._settle_purchases()
        return Ended(self.best, self.bound(), len(self._looked), self.visits, self.masters)

    def _look_at_ties(self) -> None:
        """Of plans as good as the best take the first by rule; what may be better by less than the gap is looked at too."""
        for _ in range(LOOKS):
            if self.stop():
                return
            assert self.best is not None
            mine, better = self.order[self.best.number], self.best.rank + self.tie
            candidates = np.flatnonzero(~self._closed & (self.upper >= self.best.rank - self.tie))
            near = [
                number for number in candidates.tolist() if self.upper[number] > better or self.order[number] < mine
            ]
            if not near:
                break
            self.advance(min(near, key=lambda number: (-self.upper[number], self.order[number])))
        assert self.best is not None
        least = self.best.rank - self.tie
        equal = [each for each in self.visited if each.rank >= least]
        self.best = min(equal, key=lambda each: (self.order[each.number], -each.rank))

    def _settle_purchases(self) -> None:
        """Of the best combination's plans of equal score take the first by rule: fewest lanes, least stockpiles, earlier rows."""
        assert self.best is not None
        # Of the score found: counted from every plan anew it would creep away.
        least = self.best.score - self.tie
        for _ in range(LOOKS):
            if self.stop() or self.best.charges.any():
                return
            number = self.best.number
            promise = self.master.solve(self.crew.lines(number), self.admin[number], least)
            self.masters += 1
            if promise.point is None:
                return
            preferred, present = self.master.preference @ promise.point, self.master.preference @ self.best.point
            if preferred >= present - 1e-9:
                return
            found = self.visit(number, promise.point)
            if found.rank >= least:
                self.best = found
