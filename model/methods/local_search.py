"""Combinations of policies tried one at a time: what each leads to, and the best that local search finds (model.md section 6)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..follower.combinations import LOADS, within
from ..follower.enumerate import Digits, Responder, choice_of
from ..leader.fixed_policy import Cut
from ..leader.problem import Problem
from ..leader.ties import Ties
from ..plan.limits import Terms
from ..solver.highs import Outcome
from .best_first import tie_of

MOST_SWAPS = 60
"""Exchanges between two regimes tried in a round, the most promising first."""


@dataclass(frozen=True)
class Trial:
    """A combination, V, and the most that its leverage can be at the response seen, as far as cuts tell."""

    digits: Digits
    cost: float
    guess: float


@dataclass(frozen=True)
class Worked:
    """A combination with its joint program solved; leverage -inf where it has no plan above the cutoff."""

    trial: Trial
    leverage: float
    outcome: Outcome


class Trials:
    """Works out combinations of policies as they are asked for.

    Parameters
    ----------
    problem
        The case, ready to solve.
    terms
        Limits to keep.

    Attributes
    ----------
    cuts : list of Cut
        Bounds on our advantage found so far.
    best : Worked or None
        Best combination worked out in full.
    ceiling
        Proven upper bound on a combination's leverage, had without a solve; a method that has one puts it here.
    responses, relaxations, programs, nodes
        Numbers solved.
    """

    def __init__(self, problem: Problem, terms: Terms, stop: Callable[[], bool] = lambda: False):
        self.problem = problem
        self.menu = problem.network.menu
        self.sizes = tuple(len(policies) for policies in self.menu.values())
        self.stop = stop
        network = problem.network
        self.loads = {
            column: [
                [getattr(network.policy(regime, policy), column, 0.0) for policy in policies]
                for regime, policies in self.menu.items()
            ]
            for column in LOADS
        }
        self.most = {column: getattr(terms, limit) for column, limit in LOADS.items()}
        problem.evaluator.terms = terms
        self.responder = Responder(problem.response, problem.stop)
        self.cuts: list[Cut] = []
        self.best: Worked | None = None
        self.ceiling: Callable[[Digits], float] = lambda digits: math.inf
        self.responses = self.relaxations = self.programs = self.nodes = 0

    def choice(self, digits: Digits) -> dict[str, str]:
        """Policies by name."""
        return choice_of(digits, self.menu)

    def load(self, digits: Digits, column: str) -> float:
        """Sum of a column of the policies table over a combination."""
        return math.fsum(load[digit] for load, digit in zip(self.loads[column], digits, strict=True))

    def allowed(self, digits: Digits) -> bool:
        """Whether the policies keep the limits."""
        return all(within(self.load(digits, column), self.most[column]) for column in LOADS)

    def respond(self, digits: Digits) -> Trial:
        """Work out the response to a combination and what the cuts say of it."""
        cost, solution = self.responder.solve(digits)
        self.responses += 1
        outputs = self.problem.response.outputs @ solution
        admin = self.load(digits, "admin_cost")
        rooms = self.problem.evaluator.rooms(admin)
        own = min(
            (cut.constant + float(cut.slope @ outputs) + float(cut.room_worth(rooms)) for cut in self.cuts),
            default=math.inf,
        )
        return Trial(digits, cost, self.problem.constant(cost, admin) + own)

    def relax(self, trial: Trial) -> Trial:
        """Solve a combination's relaxation; its cut tightens all guesses."""
        admin = self.load(trial.digits, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        relaxation = self.problem.evaluator.relax(self.choice(trial.digits), trial.cost, constant, admin)
        self.relaxations += 1
        self.cuts.append(relaxation.cut)
        return Trial(trial.digits, trial.cost, min(trial.guess, relaxation.leverage))

    def work_out(self, trial: Trial, cutoff: float = -math.inf) -> Worked:
        """Solve a combination's joint program; leverages that are not above the cutoff are of no interest."""
        admin = self.load(trial.digits, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        outcome = self.problem.evaluator.best(self.choice(trial.digits), trial.cost, constant, admin, cutoff=cutoff)
        self.programs += 1
        self.nodes += outcome.nodes
        return Worked(trial, -math.inf if outcome.objective is None else -outcome.objective, outcome)

    @staticmethod
    def worked(digits: Digits, cost: float, outcome: Outcome) -> Worked:
        """A combination whose joint program others have solved."""
        leverage = -math.inf if outcome.objective is None else -outcome.objective
        return Worked(Trial(digits, cost, math.inf), leverage, outcome)

    def offer(self, worked: Worked) -> bool:
        """Take a combination as the best if it is; return whether it was."""
        better = worked.leverage > self.leverage + self.tie
        if better:
            self.best = worked
        return better

    @property
    def leverage(self) -> float:
        """Leverage of the best combination; -inf without one."""
        return -math.inf if self.best is None else self.best.leverage

    @property
    def tie(self) -> float:
        """Difference below which two leverages are ties, in money."""
        return tie_of(self.leverage) if self.best is not None else 0.0

    def enough(self, gap: float) -> float:
        """Bound at which a relative gap is closed; -inf without a combination."""
        return self.leverage + max(self.tie, gap * abs(self.leverage)) if self.best is not None else -math.inf

    # Local search ----------------------------------------------------------------------------------------------------

    def search(self, rungs: Sequence[float] = ()) -> None:
        """Offer what local search finds: from all open, and from where every regime is at its strictest.

        Parameters
        ----------
        rungs
            Shares of what the strictest policies ask of the limits, ascending. Under limits so much tighter a plan is looked for
            first, and each search begins with the best so far: wider limits do not end worse because they lead elsewhere.
        """
        widest, strictest = self.most, self._all_strictest()
        try:
            for share in rungs:
                tighter = {c: min(most, share * self.load(strictest, c)) for c, most in widest.items()}
                if tighter != widest:
                    self.most = tighter
                    self._climb()
        finally:
            self.most = widest
        self._climb()

    def _climb(self) -> None:
        begin = self.best.trial.digits if self.best is not None else (0,) * len(self.sizes)
        for step in (lambda: self.improve(begin), self.plunge):
            if self.stop():
                return
            trial = step()
            if self.allowed(trial.digits):
                self.offer(self.work_out(trial, self.leverage))

    def improve(self, digits: Digits) -> Trial:
        """Improve a combination by flips of one regime and exchanges between two until none helps.

        Every local optimum is relaxed; where its cut lowers the guess, the search goes on.

        Parameters
        ----------
        digits
            A combination that keeps the limits.
        """
        current = self.relax(self.respond(digits))
        while not self.stop():
            moved = self._round(current)
            if moved.digits == current.digits:
                return current
            current = self.relax(moved)
        return current

    def plunge(self) -> Trial:
        """Begin with every regime at its strictest, open what gains least for the limits it eases until all are kept; improve that.

        From all open no step may help where several must be taken at once, as where goods have many ways round.
        """
        digits = self._all_strictest()
        current = self.respond(digits)
        waiting: list[tuple[float, int]] = [(-math.inf, regime) for regime, digit in enumerate(digits) if digit]
        while not self.allowed(current.digits) and not self.stop():
            waiting = [(price, regime) for price, regime in waiting if self._eased(current.digits, regime) > 0]
            heapq.heapify(waiting)
            while waiting and not self.stop():
                _, regime = heapq.heappop(waiting)
                opened = self.respond(_flipped(current.digits, (regime, 0)))
                price = (current.guess - opened.guess) / self._eased(current.digits, regime)
                # What it costs has grown since it was looked at: another may be better now.
                if waiting and price > waiting[0][0]:
                    heapq.heappush(waiting, (price, regime))
                    continue
                current = opened
                break
            else:
                return current
        return self.improve(current.digits)

    def _all_strictest(self) -> Digits:
        return tuple(self._strictest(regime, policies) for regime, policies in self.menu.items())

    def _strictest(self, regime: str, policies: list[str]) -> int:
        """The policy under which least arrives, and that latest."""

        def strictness(digit: int) -> tuple[float, float]:
            row = self.problem.network.policy(regime, policies[digit])
            if row is None:
                return 0.0, 0.0
            weights = row.delay_weeks.weights
            return 1.0 - row.approval_rate, math.fsum(lag * share for lag, share in weights)

        return max(range(len(policies)), key=strictness)

    def _eased(self, digits: Digits, regime: int) -> float:
        """Sum over the broken limits of the share of each that opening a regime gives back."""
        eased = 0.0
        for column, most in self.most.items():
            used = self.load(digits, column)
            if not within(used, most):
                loads = self.loads[column][regime]
                eased += (loads[digits[regime]] - loads[0]) / max(used - most, 1e-300)
        return eased

    def _round(self, current: Trial) -> Trial:
        """Take every flip that helps, the most helpful first; then the exchanges that the limits ask for."""
        gains: dict[tuple[int, int], float] = {}
        for regime, digit in self._flips(current.digits):
            if self.stop():
                return current
            trial = self.respond(_flipped(current.digits, (regime, digit)))
            gains[regime, digit] = trial.guess - current.guess
        helpful = sorted((flip for flip, gain in gains.items() if gain > self._hair(current)), key=lambda f: -gains[f])
        for flip in helpful:
            current = self._better(current, _flipped(current.digits, flip))
        swaps = [
            (gains[more] + gains[less], more, less)
            for more in helpful
            if current.digits[more[0]] != more[1] and not self.allowed(_flipped(current.digits, more))
            for less in gains
            if less[0] != more[0]
        ]
        for _, *swap in sorted(swaps, key=lambda entry: -entry[0])[:MOST_SWAPS]:
            current = self._better(current, _flipped(current.digits, *swap))
        return current

    def _better(self, current: Trial, digits: Digits) -> Trial:
        """The better of a trial and a combination that must keep the limits."""
        if digits == current.digits or self.stop() or not self.allowed(digits):
            return current
        trial = self.respond(digits)
        return trial if trial.guess > current.guess + self._hair(current) else current

    def _hair(self, trial: Trial) -> float:
        return tie_of(trial.guess)

    def _flips(self, digits: Digits) -> Iterator[tuple[int, int]]:
        for regime, size in enumerate(self.sizes):
            for digit in range(size):
                if digit != digits[regime]:
                    yield regime, digit

    def simplify(self) -> None:
        """Of plans as good as the best take the first by rule: fewest policies, then an earlier one; then settle what is bought.

        Policies that change nothing are dropped, and exchanged for earlier ones that do the same, whoever has found the best.
        """
        tried: set[Digits] = set()
        while self.best is not None and not self.stop() and self._simpler(tried):
            pass
        self._settle_purchases()

    def _simpler(self, tried: set[Digits]) -> bool:
        """Take a combination as good as the best and a step before it by rule; return whether there was one.

        Parameters
        ----------
        tried
            Combinations that were looked at; those looked at now are added.
        """
        assert self.best is not None
        least, digits = self.leverage - self.tie, self.best.trial.digits
        lesser = [(regime, lower) for regime, digit in enumerate(digits) for lower in range(digit)]
        if any(self._as_good(_flipped(digits, flip), least, tried) for flip in lesser):
            return True
        # Regimes come first in the order of the rows: a policy of an earlier one is dropped for one of a later.
        swaps = [
            _flipped(digits, (regime, 0), (other, digit))
            for regime, now in enumerate(digits)
            if now
            for other in range(regime + 1, len(digits))
            if not digits[other]
            for digit in range(1, self.sizes[other])
        ]
        swaps = [each for each in swaps if each not in tried][:MOST_SWAPS]
        if not swaps:
            return False
        # What bounds them is the best's own cut: what else was found on the way hangs on who was first.
        admin = self.load(digits, "admin_cost")
        constant = self.problem.constant(self.best.trial.cost, admin)
        cut = self.problem.evaluator.relax(self.choice(digits), self.best.trial.cost, constant, admin).cut
        return any(self._as_good(each, least, tried, cut) for each in swaps)

    def _as_good(self, digits: Digits, least: float, tried: set[Digits], cut: Cut | None = None) -> bool:
        """Whether a combination that was not tried yet has the least leverage asked for; then it is the best."""
        if digits in tried or self.stop() or not self.allowed(digits) or self.ceiling(digits) < least:
            return False
        tried.add(digits)
        before, self.cuts = self.cuts, [] if cut is None else [cut]
        try:
            trial = self.respond(digits)
        finally:
            self.cuts = before
        if trial.guess < least or self.most_of(trial) < least:
            return False
        worked = self.work_out(trial, least - self.tie)
        if worked.leverage < least:
            return False
        self.best = worked
        return True

    def _settle_purchases(self) -> None:
        """Of the best combination's plans of equal leverage take the one that comes first by rule."""
        if self.best is None or self.best.outcome.solution is None or self.stop():
            return
        trial, admin = self.best.trial, self.load(self.best.trial.digits, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        ties = Ties(self.problem.evaluator, self.choice(trial.digits), trial.cost, constant, admin)
        self.best = replace(self.best, outcome=ties.settle(self.best.outcome))

    def most_of(self, trial: Trial) -> float:
        """Proven most of a combination's leverage: by its relaxation, since of its ties another may be better than the one seen."""
        admin = self.load(trial.digits, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        return self.problem.evaluator.relax(self.choice(trial.digits), trial.cost, constant, admin).leverage


def _flipped(digits: Digits, *flips: tuple[int, int]) -> Digits:
    changed = list(digits)
    for regime, digit in flips:
        changed[regime] = digit
    return tuple(changed)
