"""What is known about candidates whatever the terms: cuts, and cuts over whole least-cost faces."""

from __future__ import annotations

import math

import numpy as np

from .candidates import Candidates
from .columns import Enumerator
from .evaluator import Cut

FACE_SCALE = 1000.0
"""How much dearer its own cost is to the response than ours, where a bound over its least-cost face is taken."""


class Knowledge:
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
    lines : list of (int, float, Cut, array)
        Relaxations solved: candidate, leverage, cut, and the room there was.
    face_solves : int
        Responses solved for bounds over faces.
    """

    def __init__(self, candidates: Candidates, enumerator: Enumerator):
        self.candidates = candidates
        self.enumerator = enumerator
        self.cuts: list[Cut] = []
        self.lines: list[tuple[int, float, Cut, np.ndarray]] = []
        self.face_solves = 0
        self._seen: list[np.ndarray] = []
        self._faces: list[np.ndarray] = []
        self._around: list[np.ndarray | None] = []

    def branch(self) -> Knowledge:
        """Return what is known so far; what the branch learns stays out of the original."""
        branch = Knowledge(self.candidates, self.enumerator)
        branch.cuts, branch.lines = list(self.cuts), list(self.lines)
        branch._seen, branch._faces = list(self._seen), [faces.copy() for faces in self._faces]
        branch._around = list(self._around)
        return branch

    def add(self, cut: Cut) -> int:
        """Add a cut; return its number."""
        self.cuts.append(cut)
        self._seen.append(self.candidates.score(cut.slope))
        self._around.append(None)
        flat = not cut.slope.any()
        self._faces.append(np.full(len(self.candidates), 0.0 if flat else math.nan))
        return len(self.cuts) - 1

    def seen(self, number: int, rooms: np.ndarray) -> np.ndarray:
        """A cut's value at the response seen of every candidate, for rooms of shape (n, 3)."""
        cut = self.cuts[number]
        return cut.constant + self._seen[number] + cut.room_worth(rooms)

    def around(self, number: int, rooms: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Bound on a cut's values over the least-cost faces of candidates from reduced costs alone; inf where there are none."""
        cut = self.cuts[number]
        arrays = self.enumerator.arrays
        around = self._around[number]
        if around is None:
            around = self._around[number] = self.candidates.reach(arrays, cut.slope, FACE_SCALE)
        known = self.candidates.known_faces(self.enumerator, self._worth(cut), places, FACE_SCALE)
        return cut.constant + np.minimum(around[places], known) + cut.room_worth(rooms[places])

    def _worth(self, cut: Cut) -> np.ndarray:
        """What a cut's slope takes off the cost of the watched columns, shape (watched columns,)."""
        arrays = self.enumerator.arrays
        return (arrays.outputs.T @ cut.slope)[arrays.watched] / FACE_SCALE

    def over_faces(self, number: int, rooms: np.ndarray, places: np.ndarray) -> np.ndarray:
        """A cut's greatest value over the least-cost faces of candidates; inf where the search was stopped before.

        For every lambda > 0: max of slope @ outputs over cost <= V is at most lambda (V - min(cost - slope @ outputs / lambda)).
        """
        cut, c, faces = self.cuts[number], self.candidates, self._faces[number]
        unknown = places[np.isnan(faces[places])]
        if unknown.size:
            arrays = self.enumerator.arrays
            faces[unknown] = c.same_faces(self.enumerator, self._worth(cut), unknown, FACE_SCALE)
            unknown = unknown[np.isnan(faces[unknown])]
        if unknown.size:
            cost = arrays.program.cost - (arrays.outputs.T @ cut.slope) / FACE_SCALE
            least, solves = c.least(self.enumerator, cost, unknown, FACE_SCALE)
            self.face_solves += solves
            faces[unknown] = FACE_SCALE * (c.cost[unknown] - least)
        most = np.where(np.isnan(faces[places]), math.inf, faces[places])
        return cut.constant + most + cut.room_worth(rooms[places])
