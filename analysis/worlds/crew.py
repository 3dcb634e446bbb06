"""Worlds worked on: what is asked of all of them at once."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...data.units import Units
from ...model.follower.combinations import TooManyCombinations
from ...model.plan.monitor import Stopped
from .criterion import Criterion
from .master import FirstStageSpace, Master, WorldLines
from .memory import give_back
from .search import WorldsSearch
from .told import Alone, Appraised, Begun, Key, Wanted, WorldAccount
from .world import World

if TYPE_CHECKING:
    from ...data import Case
    from ...model.follower.enumerate import PolicyIndices
    from ...model.formulation.linking import Choice


MOST_AWAKE = 1_200_000
"""Entries of the programs that HiGHS holds at the same time, about a gigabyte; of the worlds beyond arrays are held in between."""

SMALL = 20_000
"""Entries of a program up to which it is solved as soon as a basis is carried over to it."""

WEIGHT_TIE = 1e-9
"""Difference of weights that is rounding."""


class LocalCrew:
    """Works on all worlds in this process, one after the other.

    Parameters
    ----------
    cases
        Cases of the worlds.
    units
        Natural units of all of them.
    stop
        Asked between steps, and while programs are solved.
    numbers
        Numbers of the worlds; default: from 0 on.
    base
        A case much like all of them: where its programs end those of the worlds begin. None: every world begins by itself.

    Attributes
    ----------
    losses
        How often worlds were made ready anew: never.
    """

    losses = 0

    def __init__(
        self,
        cases: Sequence[Case],
        units: Units,
        stop: Callable[[], bool] = lambda: False,
        numbers: Sequence[int] | None = None,
        base: Case | None = None,
    ):
        self.numbers = range(len(cases)) if numbers is None else numbers
        self.stop = stop
        self.base = base
        self._as_it_is: tuple[Choice, dict[Key, float]] | None = None
        self.cases = cases
        self.units = units
        self.worlds: list[World] = []
        self._held = 0
        self._restless: float = math.inf
        self._settled = np.empty((0, 0)), np.empty((0, 0))

    def prepare(self, rel_gap: float, done: Callable[[int], None] = lambda count: None) -> list[Alone]:
        """Make all worlds ready and find the best that each allows by itself."""
        found: list[Alone] = []
        begun = self._begun(rel_gap)
        if begun is not None and begun.choice is not None:
            self._as_it_is = begun.choice, begun.bought
        for number, case in zip(self.numbers, self.cases, strict=True):
            if self.stop():
                raise Stopped
            world = World(case, self.units, self.stop, number, begun)
            self.worlds.append(world)
            found.append(world.alone(rel_gap))
            self._held += world.entries
            if self._held > MOST_AWAKE:
                self._restless = min(self._restless, len(self.worlds) - 1)
                world.rest()
            # What a world is made with is several times what is left of it.
            give_back()
            done(len(found))
        del begun
        give_back()
        return found

    def as_it_is(self) -> tuple[Choice, dict[Key, float]] | None:
        """Return policies and purchases of the best plan for the case that the worlds begin with; None where it is not known."""
        return self._as_it_is

    def _begun(self, rel_gap: float) -> Begun | None:
        """Where the programs of the worlds begin; None where they are so small that it does not matter."""
        if self.base is None:
            return None
        with suppress(TooManyCombinations, ArithmeticError):
            world = World(self.base, self.units, self.stop)
            if world.entries > SMALL:
                begun = world.begun(rel_gap)
                del world
                # Its parts hold each other.
                gc.collect()
                return begun
        return None

    def _at_work(self, numbers: Container[int] | None = None) -> Iterator[World]:
        """Yield one world after another, awake; those for which there is no memory rest again.

        Parameters
        ----------
        numbers
            Worlds that are wanted; None: all of them.

        Raises
        ------
        Stopped
            Where somebody wants to stop.
        """
        for place, world in enumerate(self.worlds):
            if numbers is not None and world.number not in numbers:
                continue
            if self.stop():
                raise Stopped
            world.wake()
            try:
                yield world
            finally:
                if place >= self._restless:
                    world.rest()

    def settle(self, keys: Sequence[Key], combinations: Sequence[PolicyIndices]) -> tuple[np.ndarray, np.ndarray]:
        """Tell all worlds what they have in common; return admin costs and ceilings, shape (combinations, worlds) each."""
        settled = [world.settle(keys, combinations) for world in self._at_work()]
        self._settled = np.array([admin for admin, _ in settled]).T, np.array([ceiling for _, ceiling in settled]).T
        return self._settled

    def least_charged(
        self, space: FirstStageSpace, order: list[tuple[int, ...]], first: int, rel_gap: float
    ) -> list[float]:
        """Find the best leverage of worlds that nothing keeps in their limits, of the plans that break these least.

        Parameters
        ----------
        space
            The first stage of all worlds.
        order, first, rel_gap
            As of `WorldsSearch`.

        Returns
        -------
        list of float
            A world each; NaN where some plan keeps the limits.
        """
        return [
            self._least_charged(place, space, order, first, rel_gap) if world.hopeless else math.nan
            for place, world in enumerate(self.worlds)
        ]

    def _least_charged(
        self, place: int, space: FirstStageSpace, order: list[tuple[int, ...]], first: int, rel_gap: float
    ) -> float:
        one, (admin, ceilings) = [self.numbers[place]], self._settled
        space = replace(
            space,
            costs=space.costs[one],
            budgets=space.budgets[one],
            prices=space.prices[one],
            exempt_most=math.inf,
        )
        master = Master(space, Criterion.parse("mean"), np.ones(1), np.zeros(1))
        crew = self._only(place)
        ended = WorldsSearch(crew, master, admin[:, [place]], ceilings[:, [place]], order, rel_gap, self.stop).run(
            first
        )
        if ended.best is None:
            raise Stopped
        return ended.best.score

    def visit(self, number: int, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Work out a first stage beside a combination; return leverages and what limits lack, shape (worlds,) each."""
        visits = [world.visit(number, point) for world in self._at_work()]
        lacks = [visit.charge / world.price for world, visit in zip(self.worlds, visits, strict=True)]
        return np.array([visit.leverage for visit in visits]), np.array(lacks)

    def sharpen(self, number: int, point: np.ndarray) -> bool:
        """Tighten the cuts that bind there over the least-cost faces; return whether any has moved."""
        moved = [world.sharpen(number, point) for world in self.worlds]
        return any(moved)

    def lines(self, number: int) -> list[WorldLines]:
        """Return the cuts of all worlds at a combination."""
        return [world.lines(number) for world in self.worlds]

    def appraise(self, wanted: Sequence[Wanted]) -> list[list[Appraised | None]]:
        """Work out given plans; return for every world what each comes to there, None where it is not wanted."""
        found: dict[int, list[Appraised | None]] = {number: [None] * len(wanted) for number in self.numbers}
        for world in self._at_work(frozenset().union(*(plan.numbers for plan in wanted))):
            for place, plan in enumerate(wanted):
                if world.number in plan.numbers:
                    found[world.number][place] = world.appraise(plan.indices, plan.bought)
        return list(found.values())

    def certify(self, number: int, point: np.ndarray) -> list[WorldAccount]:
        """Recompute a plan's figures in every world, alone."""
        found = []
        for world in self.worlds:
            world.wake()
            found.append(world.certify(number, point))
            if len(found) > self._restless:
                world.rest()
            give_back()
        return found

    def close(self) -> None:
        """Forget the worlds; nothing runs beside this process."""
        self.worlds.clear()

    def _only(self, place: int) -> LocalCrew:
        """Return who works on one of the worlds."""
        crew = LocalCrew([self.cases[place]], self.units, self.stop, [self.numbers[place]])
        crew.worlds = [self.worlds[place]]
        crew._restless = 0 if place >= self._restless else math.inf
        return crew


def common_space(
    alone: Sequence[Alone], weights: np.ndarray | None = None, continuity_share: float | None = None
) -> FirstStageSpace:
    """Return the first stage that all worlds have in common.

    What a world does not offer it either does without (a lane that needs no qualification there) or does not allow (a stockpile).

    Parameters
    ----------
    alone
        What the worlds allow by themselves.
    weights : array, shape (worlds,), optional
        Their weights.
    continuity_share
        Weight of worlds in which continuity is kept at least: which ones is then chosen too.
    """
    space = _bought(alone)
    if continuity_share is None or weights is None:
        return space
    many, size = len(alone), space.size
    nothing = np.zeros(size)
    return FirstStageSpace(
        (*space.keys, *(("exempt", number) for number in range(many))),
        np.concatenate([space.upper, np.ones(many)]),
        np.concatenate([space.integer, np.ones(many, dtype=bool)]),
        np.hstack([space.costs, np.zeros((many, many))]),
        space.budgets,
        space.prices,
        np.concatenate([nothing, [float(each.charged) for each in alone]]),
        np.concatenate([nothing, weights]),
        1.0 - continuity_share + WEIGHT_TIE,
    )


def _bought(alone: Sequence[Alone]) -> FirstStageSpace:
    keys = list(dict.fromkeys(key for each in alone for key in each.offers))
    integer = np.array([kind == "qualify" for kind, _ in keys], dtype=bool)
    upper = np.array([_most(key, (each.offers for each in alone)) for key in keys], dtype=float)
    costs = np.array([[each.offers.get(key, (0.0, 0.0))[1] for key in keys] for each in alone], dtype=float)
    budgets = np.array([each.budget for each in alone])
    prices = np.array([each.price for each in alone])
    return FirstStageSpace(tuple(keys), upper, integer, costs.reshape(len(alone), len(keys)), budgets, prices)


def _most(key: Key, offers: Iterable[dict[Key, tuple[float, float]]]) -> float:
    if key[0] == "qualify":
        return 1.0
    return min(offered.get(key, (0.0, 0.0))[0] for offered in offers)


def common_combinations(alone: Sequence[Alone]) -> list[PolicyIndices]:
    """Return the combinations of policies that the limits of every world allow, in the order of the first."""
    allowed = [set(each.combinations) for each in alone[1:]]
    return [indices for indices in alone[0].combinations if all(indices in each for each in allowed)]
