"""The best choice of policies among enumerated columns, proven by bounds (model.md section 7)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .columns import Batch, Digits, Enumerator, choice_of
from .compiled import Outcome
from .evaluator import Cut, Evaluator
from .network import Network

FACE_SCALE = 1000.0
"""How much dearer its own cost is to the response than ours, where a bound over its least-cost face is taken."""

TIE = 1e-7
"""Leverages nearer than this, relative to the larger, are ties."""


@dataclass
class Column:
    """A combination worked out in full.

    Attributes
    ----------
    place
        Its place among the candidates.
    outcome
        HiGHS's outcome of the joint program.
    leverage, bound
        Best leverage found (-inf where there is none) and its proven bound.
    """

    place: int
    outcome: Outcome
    leverage: float
    bound: float


@dataclass
class Candidates:
    """Every combination of policies that the limits allow, with what its response costs and does.

    Attributes
    ----------
    digits : list of tuple of int
        Policies by number.
    cost : array, shape (n,)
        V.
    outputs : array, shape (n, outputs)
        Outputs of one least-cost response each.
    admin : array, shape (n,)
        Admin costs.
    constant : array, shape (n,)
        The part of leverage that depends on policies alone.
    room : array, shape (n,)
        Budget left by admin costs.
    """

    digits: list[Digits]
    cost: np.ndarray
    outputs: np.ndarray
    admin: np.ndarray
    constant: np.ndarray
    room: np.ndarray
    closed: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.closed = np.array([sum(1 for digit in digits if digit) for digits in self.digits])


@dataclass
class SearchResult:
    """What the search ended with.

    Attributes
    ----------
    best
        The best column worked out in full; None where no combination has a plan.
    bound
        Proven upper bound on the leverage of every combination.
    complete
        Whether nothing is left that could be better.
    worked_out, relaxations, face_solves
        Joint programs solved, relaxations solved, and responses re-solved for bounds.
    """

    best: Column | None
    bound: float
    complete: bool
    worked_out: int
    relaxations: int
    face_solves: int
    nodes: int


class Search:
    """Best-first search over candidates.

    A candidate's bound is the least of the cuts at its response's outputs, then its own relaxation, then its own joint program.
    Cuts at one response's outputs bound that response only; before a candidate is given up, the cut is taken over its whole
    least-cost face.

    Parameters
    ----------
    network, evaluator, enumerator
        The case, its joint program and its response.
    candidates
        The combinations.
    gap
        Relative gap at which to stop.
    stop
        Asked between steps.
    remaining
        Seconds left.
    report
        Called with (incumbent, bound) when either moves.
    """

    def __init__(
        self,
        network: Network,
        evaluator: Evaluator,
        enumerator: Enumerator,
        candidates: Candidates,
        gap: float,
        ceiling: float,
        stop: Callable[[], bool] = lambda: False,
        remaining: Callable[[], float] = lambda: math.inf,
        report: Callable[[float, float], None] = lambda incumbent, bound: None,
    ):
        self.network = network
        self.evaluator = evaluator
        self.enumerator = enumerator
        self.candidates = candidates
        self.gap = gap
        self.stop = stop
        self.remaining = remaining
        self.report = report
        size = len(candidates.digits)
        self.guess = candidates.constant + ceiling
        self.proven = self.guess.copy()
        self.relaxed = np.zeros(size, dtype=bool)
        self.columns: dict[int, Column] = {}
        self.cuts: list[Cut] = []
        self.best: Column | None = None
        self.relaxations = 0
        self.face_solves = 0
        self.nodes = 0

    # Steps ---------------------------------------------------------------------------------------------------------

    @property
    def incumbent(self) -> float:
        """Leverage of the best column so far; -inf where there is none."""
        return -math.inf if self.best is None else self.best.leverage

    def choice(self, place: int) -> dict[str, str]:
        """Policies of a candidate by name."""
        return choice_of(self.candidates.digits[place], self.network.menu)

    def relax(self, place: int) -> None:
        """Solve a candidate's relaxation; its cut tightens the guesses of all others."""
        c = self.candidates
        relaxation = self.evaluator.relax(self.choice(place), c.cost[place], c.constant[place], c.admin[place])
        self.relaxations += 1
        self.relaxed[place] = True
        self.cuts.append(relaxation.cut)
        np.minimum(self.guess, c.constant + relaxation.cut.bound(c.outputs, c.room), out=self.guess)
        self.guess[place] = self.proven[place] = min(self.proven[place], relaxation.leverage)

    def work_out(self, place: int) -> Column:
        """Solve a candidate's joint program."""
        c = self.candidates
        outcome = self.evaluator.best(
            self.choice(place),
            c.cost[place],
            c.constant[place],
            c.admin[place],
            time_limit=self.remaining(),
        )
        self.nodes += outcome.nodes
        leverage = -math.inf if outcome.objective is None else -outcome.objective
        if outcome.infeasible:
            bound = -math.inf
        elif outcome.bound is not None:
            bound = min(self.proven[place], -outcome.bound)
        else:
            bound = self.proven[place]
        column = Column(place, outcome, leverage, max(bound, leverage))
        self.columns[place] = column
        self.guess[place] = self.proven[place] = column.bound
        if self.best is None and leverage > -math.inf or leverage > self.incumbent + self.tie:
            self.best = column
            self.report(self.incumbent, self.bound())
        return column

    @property
    def tie(self) -> float:
        """Difference below which two leverages are ties, in money."""
        return TIE * max(abs(self.incumbent), 1e-6) if self.best is not None else 0.0

    def threshold(self) -> float:
        """Bound below which a candidate need not be looked at: half the gap asked for, so that the rest adds up."""
        if self.best is None:
            return -math.inf
        return self.incumbent + max(self.tie, 0.5 * self.gap * abs(self.incumbent))

    def bound(self) -> float:
        """Proven upper bound over all candidates."""
        return max(float(self.proven.max(initial=-math.inf)), self.incumbent)

    def next_place(self, bounds: np.ndarray) -> int | None:
        """Candidate with the highest bound above the threshold; among ties the one with fewest policies, then the first."""
        top = float(bounds.max(initial=-math.inf))
        if top == -math.inf or top <= self.threshold():
            return None
        near = np.flatnonzero(bounds >= top - TIE * max(abs(top), 1e-6))
        order = sorted(near, key=lambda place: (self.candidates.closed[place], self.candidates.digits[place]))
        return int(order[0])

    def advance(self, bounds: np.ndarray) -> bool:
        """Take the candidate with the highest bound one step on; return whether there was one."""
        open_bounds = bounds.copy()
        open_bounds[list(self.columns)] = -math.inf
        place = self.next_place(open_bounds)
        if place is None:
            return False
        if not self.relaxed[place]:
            self.relax(place)
        else:
            self.work_out(place)
        return True

    # Bounds over whole faces ---------------------------------------------------------------------------------------

    def prove(self, cut: Cut, places: np.ndarray) -> bool:
        """Tighten the proven bounds of candidates by a cut over their whole least-cost faces; False when stopped.

        For every lambda > 0: max of slope @ outputs over cost <= V is at most lambda (V - min(cost - slope @ outputs / lambda)).
        """
        c, arrays = self.candidates, self.enumerator.arrays
        if not cut.slope.any():
            best = np.zeros(places.size)
        else:
            cost = arrays.program.cost - (arrays.outputs.T @ cut.slope) / FACE_SCALE
            batch: Batch = self.enumerator.run([c.digits[place] for place in places], cost)
            self.face_solves += int(np.count_nonzero(~np.isnan(batch.cost)))
            best = FACE_SCALE * (c.cost[places] - batch.cost)
            best = np.where(np.isnan(best), math.inf, best)
        bound = c.constant[places] + cut.constant + best + cut.room_price * np.where(cut.room_price, c.room[places], 0.0)
        self.proven[places] = np.minimum(self.proven[places], bound)
        return not self.stop()

    def doubtful(self) -> np.ndarray:
        """Places of candidates whose proven bound does not rule them out and that are not worked out."""
        above = self.proven > self.threshold()
        above[list(self.columns)] = False
        return np.flatnonzero(above)

    # The search ----------------------------------------------------------------------------------------------------

    def run(self, first: Sequence[int] = (0,)) -> SearchResult:
        """Search until the gap is closed or the search is stopped.

        Parameters
        ----------
        first
            Candidates to work out before all others.
        """
        for place in first:
            self.relax(place)
            self.work_out(place)
        self._search()
        if self.best is not None and not self.stop():
            self._prefer_simple()
        return SearchResult(
            self.best,
            self.bound(),
            self.doubtful().size == 0,
            len(self.columns),
            self.relaxations,
            self.face_solves,
            self.nodes,
        )

    def _search(self) -> None:
        while not self.stop():
            while not self.stop() and self.advance(self.guess):
                pass
            used: set[int] = set()
            while not self.stop():
                places = self.doubtful()
                unused = [number for number in range(len(self.cuts)) if number not in used]
                if not places.size or not unused:
                    break
                number = self._tightest(unused, places)
                used.add(number)
                self.prove(self.cuts[number], places)
            places = self.doubtful()
            if not places.size:
                return
            # Only ties are left: candidates whose other least-cost responses may be better for us than the one seen.
            bounds = np.full(self.proven.size, -math.inf)
            bounds[places] = self.proven[places]
            if not self.advance(bounds):
                return

    def _tightest(self, numbers: Sequence[int], places: np.ndarray) -> int:
        """Cut that is the least at most of the places."""
        c = self.candidates
        values = np.stack([self.cuts[number].bound(c.outputs[places], c.room[places]) for number in numbers])
        wins = np.bincount(values.argmin(axis=0), minlength=len(numbers))
        return numbers[int(wins.argmax())]

    def _prefer_simple(self) -> None:
        """Among plans of equal leverage take the one with fewest policies, then the first: drop what changes nothing."""
        index = {digits: place for place, digits in enumerate(self.candidates.digits)}
        changed = True
        while changed and self.best is not None and not self.stop():
            changed = False
            digits = self.candidates.digits[self.best.place]
            for regime, digit in enumerate(digits):
                for lesser in range(digit):
                    place = index.get((*digits[:regime], lesser, *digits[regime + 1 :]))
                    if place is None or self.proven[place] < self.incumbent - self.tie:
                        continue
                    column = self.columns.get(place) or self.work_out(place)
                    if column.leverage >= self.incumbent - self.tie:
                        self.best = column
                        changed = True
                        break
                if changed:
                    break
