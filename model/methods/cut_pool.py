"""What is known about candidates whatever the terms: cuts, covers made of them, and both over whole least-cost faces."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..follower.combinations import Candidates
from ..follower.enumerate import Enumerator
from ..leader.cuts import Cut, Relaxation
from ..plan.tolerances import NO_PLAN_SHARE

MOST_LEAVES = 5_000_000
"""Leaves times candidates up to which a branch and bound is remembered."""

FACE_SCALE = 1000.0
"""How much dearer its own cost is to the response than ours, where a bound over its least-cost face is taken."""

STEEPEST = 1000.0
"""How much dearer still at most, where limits make outputs dear to our side; beyond it rounding counts too much."""


class CutPool:
    """Cuts found so far and their values at every candidate; shared by the solves of one case.

    Parameters
    ----------
    candidates
        The combinations, worked out.
    enumerator
        The response.

    Attributes
    ----------
    cuts : list of Cut
    covers : list of tuple of int
        Cuts of which one at least bounds every plan: a relaxation's own, or those of the leaves of a branch and bound.
    lines : list of (int, tuple of Relaxation, array)
        A candidate, relaxations that together cover all its plans, and the room there was.
    face_solves : int
        Responses solved for bounds over faces.
    """

    def __init__(self, candidates: Candidates, enumerator: Enumerator):
        self.candidates = candidates
        self.enumerator = enumerator
        self.cuts: list[Cut] = []
        self.covers: list[tuple[int, ...]] = []
        self.lines: list[tuple[int, tuple[Relaxation, ...], np.ndarray]] = []
        self.face_solves = 0
        self._seen: list[np.ndarray] = []
        self._rents: list[np.ndarray | float] = []
        self._faces: list[np.ndarray | None] = []
        self._around: list[np.ndarray | None] = []

    def branch(self) -> CutPool:
        """Return what is known so far; what the branch learns stays out of the original."""
        branch = CutPool(self.candidates, self.enumerator)
        branch.cuts, branch.covers, branch.lines = list(self.cuts), list(self.covers), list(self.lines)
        branch._seen, branch._rents = list(self._seen), list(self._rents)
        branch._faces = [None if faces is None else faces.copy() for faces in self._faces]
        branch._around = list(self._around)
        return branch

    def add(self, cut: Cut) -> int:
        """Add a cut; return its number."""
        self.cuts.append(cut)
        self._seen.append(self.candidates.score(cut.slope))
        self._rents.append(self.candidates.rent(cut.rents))
        self._around.append(None)
        self._faces.append(None)
        return len(self.cuts) - 1

    def cover(self, cuts: Sequence[Cut]) -> tuple[int, ...]:
        """Add cuts of which one at least bounds every plan; return their numbers."""
        self.covers.append(tuple(self.add(cut) for cut in cuts))
        return self.covers[-1]

    def most(self, cover: Sequence[int], remaining: np.ndarray) -> np.ndarray:
        """The most that our advantage can be at the response seen of every candidate; -inf where there is no plan."""
        return np.max([bounded(self.cuts[number], self.seen(number, remaining)) for number in cover], axis=0)

    def known(self, remaining_here: np.ndarray, line: Sequence[Relaxation], before: np.ndarray) -> float:
        """Bound on a candidate's leverage from what covered all its plans when there was another room.

        Its own relaxations bound it under other terms too, by the prices of the room they leave.
        """
        moved = [
            bounded(
                each.cut,
                np.asarray(
                    each.leverage + each.cut.value_of_remaining(remaining_here) - each.cut.value_of_remaining(before)
                ),
            ).item()
            for each in line
        ]
        return max(moved)

    def seen(self, number: int, remaining: np.ndarray) -> np.ndarray:
        """A cut's value at the response seen of every candidate, for rooms of shape (n, 3)."""
        cut = self.cuts[number]
        return cut.constant + self._seen[number] + cut.value_of_remaining(remaining) + self._rents[number]

    def around(self, number: int, remaining: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Bound on a cut's values over the least-cost faces of candidates from what is known; inf where that is nothing."""
        cut = self.cuts[number]
        known = self.candidates.known_faces(self.enumerator, self._worth(cut), places, scale(cut))
        known = bounded(cut, cut.constant + known + self._rest(number, remaining, places))
        return np.minimum(self.reached(number, remaining, places), known)

    def reached(self, number: int, remaining: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The same bound from reduced costs alone."""
        cut, around = self.cuts[number], self._around[number]
        if around is None:
            around = self.candidates.reach(self.enumerator.arrays, cut.slope, scale(cut))
            self._around[number] = around
        return bounded(cut, cut.constant + around[places] + self._rest(number, remaining, places))

    def _rest(self, number: int, remaining: np.ndarray, places: np.ndarray) -> np.ndarray:
        """What a cut's values at candidates hold besides its constant and what the response does: room and rents."""
        rents = self._rents[number]
        rest = self.cuts[number].value_of_remaining(remaining[places])
        return rest + (rents[places] if isinstance(rents, np.ndarray) else rents)

    def _worth(self, cut: Cut) -> np.ndarray:
        """What a cut's slope takes off the cost of the watched columns, shape (watched columns,)."""
        arrays = self.enumerator.arrays
        return (arrays.outputs.T @ cut.slope)[arrays.watched] / scale(cut)

    def over_faces(self, number: int, remaining: np.ndarray, places: np.ndarray) -> np.ndarray:
        """A cut's greatest value over the least-cost faces of candidates; inf where the search was stopped before.

        For every lambda > 0: max of slope @ outputs over cost <= V is at most lambda (V - min(cost - slope @ outputs / lambda)).
        """
        cut, c, faces = self.cuts[number], self.candidates, self._faces[number]
        if faces is None:
            flat = not cut.slope.any()
            faces = self._faces[number] = np.full(len(c), 0.0 if flat else math.nan)
        unknown = places[np.isnan(faces[places])]
        if unknown.size:
            faces[unknown] = c.same_faces(self.enumerator, self._worth(cut), unknown, scale(cut))
            unknown = unknown[np.isnan(faces[unknown])]
        if unknown.size:
            least, solves = c.least(self.enumerator, cut.slope, unknown, scale(cut))
            self.face_solves += solves
            faces[unknown] = scale(cut) * (c.cost[unknown] - least)
        most = np.where(np.isnan(faces[places]), math.inf, faces[places])
        return cut.constant + most + self._rest(number, remaining, places)


def scale(cut: Cut) -> float:
    """How much dearer its own cost is to the response than ours in a bound over a face; any positive number will do."""
    return FACE_SCALE * min(cut.steepness, STEEPEST)


def bounded(cut: Cut, value: np.ndarray) -> np.ndarray:
    """What a cut's values say of our advantage: a feasibility cut says -inf, that there is no plan, or nothing."""
    return np.where(value < -NO_PLAN_SHARE, -math.inf, math.inf) if cut.feasibility_cut else value
