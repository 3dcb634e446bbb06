"""The best choice of policies among enumerated columns, proven by bounds (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ..leader.cuts import Relaxation
from ..leader.fixed_policy import FixedPolicySolver
from ..leader.ties import Ties
from ..plan.monitor import Stopped
from ..plan.tolerances import leverage_tie
from ..solver.highs import Outcome
from .cut_pool import MOST_LEAVES, CutPool, bounded

PROBES = 8
"""Candidates whose faces are looked at before those of all that a cover may rule out."""

PLUNGES = 3
"""Candidates worked out in a row without any gain after which a plunge ends."""

LOOKS = 16
"""Steps spent on what is left within the gap asked for."""

MOST_KEPT = 8_000_000
"""Values of covers and cuts at candidates that are kept: 64 MB."""

MOST_TIES = 1_000
"""Candidates among which the next of these steps is looked for."""


@dataclass
class Column:
    """A combination worked out in full.

    Attributes
    ----------
    place
        Its place among the candidates.
    outcome
        HiGHS's outcome of the leader problem.
    leverage, bound
        Best leverage found (-inf where there is none) and its proven bound.
    """

    place: int
    outcome: Outcome
    leverage: float
    bound: float


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


class BestFirstSearch:
    """Best-first search over candidates.

    A candidate's bound is the least of the cuts at its response's outputs, then its own relaxation, then its own leader problem.
    A cut at one response's outputs bounds that response only; before a candidate is given up, the cut is taken over its whole
    least-cost face.

    Parameters
    ----------
    fixed_policy
        The leader problem, under the terms of this search.
    cut_pool
        The candidates and what is known of them.
    allowed : array of bool, shape (n,)
        Candidates that the terms allow.
    constant : array, shape (n,)
        The part of every candidate's leverage that depends on policies alone.
    gap
        Relative gap at which to stop.
    stop
        Asked between steps.
    report
        Called with (incumbent, bound) when either moves.
    known : array, shape (n,), optional
        Bounds proven already, under terms that are no tighter.
    floor
        Leverages that are not above it are of no interest.
    rival
        Leverage of the best plan that others have found meanwhile: as `floor`.
    """

    def __init__(
        self,
        fixed_policy: FixedPolicySolver,
        cut_pool: CutPool,
        allowed: np.ndarray,
        constant: np.ndarray,
        gap: float,
        stop: Callable[[], bool] = lambda: False,
        report: Callable[[float, float], None] = lambda incumbent, bound: None,
        known: np.ndarray | None = None,
        floor: float = -math.inf,
        rival: Callable[[], float] = lambda: -math.inf,
    ):
        self.fixed_policy = fixed_policy
        self.cut_pool = cut_pool
        self.candidates = cut_pool.candidates
        self.gap = gap
        self.stop = stop
        self.report = report
        self._floor = floor
        self._rival = rival
        size = len(self.candidates)
        self.constant = constant
        self.remaining = fixed_policy.remaining(self.candidates.admin)
        self.guess = np.where(allowed, math.inf, -math.inf)
        if known is not None:
            np.minimum(self.guess, known, out=self.guess)
        for place, line, before in cut_pool.lines:
            self.guess[place] = min(self.guess[place], cut_pool.known(self.remaining[place], line, before))
        self.proven = self.guess.copy()
        self.relaxed = np.zeros(size, dtype=bool)
        self.strained: set[int] = set()
        self.columns: dict[int, Column] = {}
        self.best: Column | None = None
        self.relaxations = 0
        self.nodes = 0
        self._kept: dict[tuple[int, ...] | int, np.ndarray] = {}
        for cover in cut_pool.covers:
            self._apply(cover)

    # Steps ---------------------------------------------------------------------------------------------------------

    @property
    def floor(self) -> float:
        """Leverages that are not above it are of no interest."""
        return max(self._floor, self._rival())

    @property
    def incumbent(self) -> float:
        """Leverage of the best column so far; -inf where there is none."""
        return -math.inf if self.best is None else self.best.leverage

    def cap(self, ceiling: float) -> None:
        """Bound all candidates by the most that leverage less its constant part can be under any policies."""
        np.minimum(self.proven, self.constant + ceiling, out=self.proven)

    def relax(self, place: int) -> None:
        """Solve a candidate's relaxation."""
        c = self.candidates
        self.learn(place, self.fixed_policy.relax(c.choice(place), c.cost[place], self.constant[place], c.admin[place]))

    def open_with(self, place: int) -> None:
        """Solve a candidate's relaxation before any other; where it cannot keep the limits, learn at once which others cannot."""
        self.relax(place)
        if place in self.strained and self._bar(place):
            self.record(place, Outcome("Infeasible", None, None, None), barred=True)

    def learn(self, place: int, relaxation: Relaxation) -> None:
        """Take note of a candidate's relaxation; its cut tightens the guesses of all others."""
        self.relaxations += 1
        self.relaxed[place] = True
        if relaxation.gap_cost > 0:
            self.strained.add(place)
        self._cover(place, (relaxation,))
        self.guess[place] = self.proven[place] = min(self.proven[place], relaxation.leverage)

    def work_out(self, place: int, cutoff: float = -math.inf) -> Column:
        """Solve a candidate's leader problem; leverages that are not above the cutoff are of no interest."""
        c = self.candidates
        return self.record(
            place,
            self.fixed_policy.best(c.choice(place), c.cost[place], self.constant[place], c.admin[place], cutoff=cutoff),
        )

    def record(self, place: int, outcome: Outcome, barred: bool = False) -> Column:
        """Take note of a candidate's leader problem, and learn from one without a plan unless that is `barred` already."""
        self.nodes += outcome.nodes
        leverage = -math.inf if outcome.objective is None else -outcome.objective
        if outcome.infeasible:
            bound = -math.inf
            if not barred:
                self._bar(place)
        else:
            bound = min(self.proven[place], math.inf if outcome.bound is None else -outcome.bound)
        if 1 < len(outcome.leaves) <= MOST_LEAVES / len(self.candidates):
            self._cover(place, outcome.leaves)
        column = Column(place, outcome, leverage, max(bound, leverage))
        self.columns[place] = column
        self.guess[place] = self.proven[place] = column.bound
        if leverage > -math.inf and (self.best is None or leverage > self.incumbent + self.tie):
            self.best = column
            self.report(self.incumbent, self.bound())
        return column

    def _bar(self, place: int) -> bool:
        """Learn from a candidate that cannot keep the limits which others cannot either; return whether it cannot."""
        c = self.candidates
        feasibility_cut = self.fixed_policy.feasibility_cut(c.choice(place), c.cost[place], c.admin[place])
        if feasibility_cut is not None:
            self._apply(self.cut_pool.cover((feasibility_cut,)))
        return feasibility_cut is not None

    def _cover(self, place: int, line: tuple[Relaxation, ...]) -> None:
        """Take note of relaxations that together cover all plans of a candidate; they bound the others too."""
        self._apply(self.cut_pool.cover([relaxation.cut for relaxation in line]))
        self.cut_pool.lines.append((place, line, self.remaining[place]))

    def _apply(self, cover: Sequence[int]) -> None:
        """Tighten the guesses by a cover at the responses seen."""
        np.minimum(self.guess, self._seen(cover), out=self.guess)

    def _seen(self, cover: Sequence[int]) -> np.ndarray:
        """What a cover bounds every candidate's leverage by, as far as the response seen tells."""
        cover = tuple(cover)
        return self._keeping(cover, lambda: self.constant + self.cut_pool.most(cover, self.remaining))

    def _reached(self, number: int) -> np.ndarray:
        """What reduced costs say that a cut bounds every candidate's leverage by, over its whole least-cost face."""
        everywhere = np.arange(self.constant.size)
        return self._keeping(number, lambda: self.constant + self.cut_pool.reached(number, self.remaining, everywhere))

    def _keeping(self, key: tuple[int, ...] | int, values: Callable[[], np.ndarray]) -> np.ndarray:
        """Return values that stay the same during a search, worked out once where there is room to keep them."""
        known = self._kept.get(key)
        if known is None:
            known = values()
            if (len(self._kept) + 1) * known.size <= MOST_KEPT:
                self._kept[key] = known
        return known

    @property
    def tie(self) -> float:
        """Difference below which two leverages are ties, in money."""
        return leverage_tie(self.incumbent) if self.best is not None else 0.0

    def threshold(self) -> float:
        """Bound below which a candidate need not be looked at: half the gap asked for, so that the rest adds up."""
        if self.best is None:
            return self.floor
        return max(self.floor, self.incumbent + max(self.tie, 0.5 * self.gap * abs(self.incumbent)))

    def bound(self) -> float:
        """Proven upper bound over all candidates."""
        return max(float(self.proven.max(initial=-math.inf)), self.incumbent)

    def next_place(self, bounds: np.ndarray) -> int | None:
        """Candidate with the highest bound above the threshold; among ties the one with fewest policies, then the first."""
        top = float(bounds.max(initial=-math.inf))
        if top == -math.inf or top <= self.threshold():
            return None
        # Where the search was stopped before anything was proven the top is infinite, and inf - inf is not a number.
        near = np.flatnonzero(bounds >= (top - leverage_tie(top) if top < math.inf else top))
        closed = self.candidates.closed[near]
        simplest = near[closed == closed.min()]
        return int(min(simplest, key=lambda place: self.candidates.policy_indices(int(place))))

    def advance(self, bounds: np.ndarray) -> bool:
        """Take the candidate with the highest bound one step on; return whether there was one."""
        open_bounds = bounds.copy()
        open_bounds[list(self.columns)] = -math.inf
        place = self.next_place(open_bounds)
        if place is None:
            return False
        if not self.relaxed[place]:
            self.relax(place)
        elif place in self.strained and self._bar(place):
            # A warm linear program said in a moment what branching from a cold start would say late.
            self.record(place, Outcome("Infeasible", None, None, None), barred=True)
        else:
            self.work_out(place, max(self.incumbent, self.floor))
        return True

    def plunge(self) -> None:
        """Work out the candidates that promise most, until `PLUNGES` in a row are no better: a good incumbent before any proof."""
        left = PLUNGES
        while left and not self.stop():
            guess = self.guess.copy()
            guess[list(self.columns)] = -math.inf
            place = self.next_place(guess)
            if place is None:
                return
            before = max(self.incumbent, self.floor)
            if not self.relaxed[place]:
                self.relax(place)
            left = PLUNGES if self.work_out(place, before).leverage > before else left - 1

    def restrict(self, allowed: np.ndarray) -> None:
        """Go on among fewer candidates, all that was found about these kept.

        Parameters
        ----------
        allowed : array of bool, shape (n,)
            Candidates that still may be chosen.
        """
        self.guess[~allowed] = self.proven[~allowed] = -math.inf
        # A candidate that was cut off below a better one must be worked out again.
        self.columns = {
            place: column
            for place, column in self.columns.items()
            if allowed[place] and column.outcome.termination in ("Optimal", "Infeasible")
        }
        plans = [column for column in self.columns.values() if column.leverage > -math.inf]
        self.best = max(plans, key=lambda column: column.leverage, default=None)

    # Bounds over whole faces ---------------------------------------------------------------------------------------

    def prove(self, cover: Sequence[int], places: np.ndarray, faces: bool) -> None:
        """Tighten the proven bounds of candidates by a cover over their whole least-cost faces.

        Only where the response seen gives hope that it rules them out.

        Parameters
        ----------
        cover
            Numbers of cuts.
        places : array of int
            The candidates.
        faces
            Whether to solve responses, no more than it takes; else what is known of the faces must do.
        """
        threshold = self.threshold()
        places = places[self._seen(cover)[places] <= threshold]
        if not places.size:
            return
        if faces:
            # A few tell whether the whole faces let the cover down, as they do where other least-cost responses suit us better.
            few = places[np.linspace(0, places.size - 1, min(places.size, PROBES)).astype(int)]
            self._bound(cover, few, faces)
            places = places[self.proven[places] > threshold]
            if 2 * np.count_nonzero(self.proven[few] > threshold) > few.size:
                return
        self._bound(cover, places, faces)

    def _bound(self, cover: Sequence[int], places: np.ndarray, faces: bool) -> None:
        cut_pool, remaining, threshold = self.cut_pool, self.remaining, self.threshold()
        constant = self.constant[places]
        most = np.full(places.size, -math.inf)
        for number in cover:
            value = cut_pool.around(number, remaining, places)
            # Another cut of the cover may have shown already that it is of no use here.
            loose = np.flatnonzero((constant + value > threshold) & (constant + most <= threshold))
            if faces and loose.size:
                exact = bounded(cut_pool.cuts[number], cut_pool.over_faces(number, remaining, places[loose]))
                value[loose] = np.minimum(value[loose], exact)
            np.maximum(most, value, out=most)
        self.proven[places] = np.minimum(self.proven[places], constant + most)

    def doubtful(self) -> np.ndarray:
        """Places of candidates whose proven bound does not rule them out and that are not worked out."""
        above = self.proven > self.threshold()
        above[list(self.columns)] = False
        return np.flatnonzero(above)

    # The search ----------------------------------------------------------------------------------------------------

    def run(self, settled: bool = True) -> SearchResult:
        """Search until the gap is closed or the search is stopped.

        Parameters
        ----------
        settled
            Whether of plans that are as good the one that the rules prefer is asked for; else any will do.
        """
        # A program that was interrupted has no answer; all that was found before holds.
        with suppress(Stopped):
            self._search()
            if self.best is not None and not self.stop():
                self._look_at_ties()
                if settled:
                    self._prefer_simple()
                    self._settle_purchases()
        return SearchResult(
            self.best,
            self.bound(),
            self.doubtful().size == 0,
            len(self.columns),
            self.relaxations,
            self.cut_pool.face_solves,
            self.nodes,
        )

    def _search(self) -> None:
        used: set[tuple[int, bool]] = set()
        while not self.stop():
            while not self.stop() and self.advance(self.guess):
                pass
            # What reduced costs say of all covers comes before any response is solved again.
            for faces in (False, True):
                while not self.stop():
                    places = self.doubtful()
                    unused = [number for number in range(len(self.cut_pool.covers)) if (number, faces) not in used]
                    if not places.size or not unused:
                        break
                    number = self._tightest(unused, places, faces)
                    used.add((number, faces))
                    self.prove(self.cut_pool.covers[number], places, faces)
            places = self.doubtful()
            if not places.size:
                return
            # Only ties are left: candidates whose other least-cost responses may be better for us than the one seen.
            bounds = np.full(self.proven.size, -math.inf)
            bounds[places] = self.proven[places]
            if not self.advance(bounds):
                return

    def _tightest(self, numbers: Sequence[int], places: np.ndarray, faces: bool) -> int:
        """Cover that promises to rule out the most of the places for the work it makes.

        The work is a look at each of its cuts or, where `faces` are solved, a response for each place and cut that reduced costs
        leave open.
        """
        threshold, covers = self.threshold(), self.cut_pool.covers

        def promise(number: int) -> tuple[float, float]:
            cover = covers[number]
            bound = self._seen(cover)[places]
            hopeful = places[bound <= threshold]
            work = len(cover)
            if faces:
                work += sum(int(np.count_nonzero(self._reached(each)[hopeful] > threshold)) for each in cover)
            # Infinite bounds of feasibility cuts must not add up to no number.
            return hopeful.size / work, -float(np.minimum(np.maximum(bound, -1e30), 1e30).sum())

        return max(numbers, key=promise)

    def _prefer_simple(self) -> None:
        """Among plans of equal leverage take the one with fewest policies, then the first: drop what changes nothing."""
        changed = True
        while changed and self.best is not None and not self.stop():
            changed = False
            policy_indices = self.candidates.policy_indices(self.best.place)
            for regime, digit in enumerate(policy_indices):
                for lesser in range(digit):
                    place = self.candidates.find((*policy_indices[:regime], lesser, *policy_indices[regime + 1 :]))
                    if place is None or self.proven[place] < self.incumbent - self.tie:
                        continue
                    column = self.columns.get(place)
                    if column is None or column.outcome.termination == "Cut off":
                        column = self.work_out(place, self.incumbent - 2 * self.tie)
                    if column.leverage >= self.incumbent - self.tie:
                        self.best = column
                        changed = True
                        break
                if changed:
                    break

    def _look_at_ties(self) -> None:
        """Of plans as good as the best take the first by rule; what may be better by less than the gap asked for is looked at too.

        In no more than `LOOKS` steps: where more is left the gap says so.
        """
        if self.incumbent < self.floor:
            return
        for _ in range(LOOKS):
            place = self._next_tie()
            if place is None or self.stop():
                break
            if self.relaxed[place]:
                self.work_out(place, self.incumbent - 2 * self.tie)
            else:
                self.relax(place)
        least = self.incumbent - self.tie
        equal = [column for column in self.columns.values() if column.leverage >= least]
        self.best = min(equal, key=lambda column: self._order(column.place))

    def _next_tie(self) -> int | None:
        """The candidate with the highest bound that may be better than the best, or as good and earlier by rule."""
        assert self.best is not None
        near = np.flatnonzero(self.proven >= self.incumbent - self.tie)
        known = {place for place, column in self.columns.items() if column.outcome.termination != "Cut off"}
        mine, better = self._order(self.best.place), self.incumbent + self.tie
        # Most are no simpler, which is seen without their digits.
        near = near[(self.proven[near] > better) | (self.candidates.closed[near] <= mine[0])]
        if near.size > MOST_TIES:
            near = near[np.argsort(-self.proven[near], kind="stable")[:MOST_TIES]]
        waiting = [
            place
            for place in near.tolist()
            if place not in known and (self.proven[place] > better or self._order(place) < mine)
        ]
        return min(waiting, key=lambda place: (-self.proven[place], *self._order(place)), default=None)

    def _order(self, place: int) -> tuple[int, tuple[int, ...]]:
        """What ties are settled by: fewest policies other than open, then the order of the case's rows."""
        return int(self.candidates.closed[place]), self.candidates.policy_indices(place)

    def _settle_purchases(self) -> None:
        """Of the best candidate's plans of equal leverage take the one that comes first by rule."""
        best, c = self.best, self.candidates
        assert best is not None
        place = best.place
        ties = Ties(self.fixed_policy, c.choice(place), c.cost[place], self.constant[place], c.admin[place])
        best.outcome = ties.settle(best.outcome)
