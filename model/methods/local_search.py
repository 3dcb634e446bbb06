"""Combinations of policies tried one at a time: what each leads to, and the best that local search finds (model.md section 6)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..certify.certificate import money_scale
from ..follower.enumerate import FollowerSolver, PolicyIndices, choice_of
from ..leader.cuts import Cut
from ..leader.problem import Problem
from ..leader.ties import Ties
from ..plan.limits import LOADS, SolveLimits, within
from ..plan.tolerances import SMALL_LEVERAGE, leverage_tie
from ..solver.highs import Outcome

MOST_SWAPS = 60
"""Exchanges between two regimes tried in a round, the most promising first."""


@dataclass(frozen=True)
class Trial:
    """A combination, V, and the most that its leverage can be at the response seen, as far as cuts tell."""

    policy_indices: PolicyIndices
    cost: float
    guess: float


@dataclass(frozen=True)
class Worked:
    """A combination with its leader problem solved; leverage -inf where it has no plan above the cutoff."""

    trial: Trial
    leverage: float
    outcome: Outcome


class LocalSearch:
    """Works out combinations of policies as they are asked for.

    Parameters
    ----------
    problem
        The case, ready to solve.
    solve_limits
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

    def __init__(self, problem: Problem, solve_limits: SolveLimits, stop: Callable[[], bool] = lambda: False):
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
        self.most = solve_limits.by_load
        problem.fixed_policy.solve_limits = solve_limits
        self.responder = FollowerSolver(problem.response, problem.stop)
        self.cuts: list[Cut] = []
        self.best: Worked | None = None
        self.ceiling: Callable[[PolicyIndices], float] = lambda policy_indices: math.inf
        self.responses = self.relaxations = self.programs = self.nodes = 0

    def choice(self, policy_indices: PolicyIndices) -> dict[str, str]:
        """Policies by name."""
        return choice_of(policy_indices, self.menu)

    def load(self, policy_indices: PolicyIndices, column: str) -> float:
        """Sum of a column of the policies table over a combination."""
        return math.fsum(load[digit] for load, digit in zip(self.loads[column], policy_indices, strict=True))

    def allowed(self, policy_indices: PolicyIndices) -> bool:
        """Whether the policies keep the limits."""
        return all(within(self.load(policy_indices, column), self.most[column]) for column in LOADS)

    def listed(self, most: int) -> np.ndarray | None:
        """All combinations that keep the limits, shape (n, regimes); None where these are more than ``most``."""
        combinations = np.zeros((1, 0), dtype=np.int16)
        totals = {column: np.zeros(1) for column in LOADS}
        for regime, size in enumerate(self.sizes):
            totals = {
                column: np.add.outer(total, self.loads[column][regime]).ravel() for column, total in totals.items()
            }
            # Loads are never negative: a part of a combination that breaks a limit stays over it.
            kept = np.all([within(total, self.most[column]) for column, total in totals.items()], axis=0)
            if np.count_nonzero(kept) > most:
                return None
            totals = {column: total[kept] for column, total in totals.items()}
            policies = np.tile(np.arange(size, dtype=np.int16), len(combinations))
            combinations = np.column_stack([np.repeat(combinations, size, axis=0), policies])[kept]
        return combinations

    def respond(self, policy_indices: PolicyIndices) -> Trial:
        """Work out the response to a combination and what the cuts say of it."""
        cost, solution = self.responder.solve(policy_indices)
        self.responses += 1
        outputs = self.problem.response.outputs @ solution
        admin = self.load(policy_indices, "admin_cost")
        remaining = self.problem.fixed_policy.remaining(admin)
        choice = self.choice(policy_indices) if any(cut.rents for cut in self.cuts) else {}
        own = min(
            (
                cut.constant + float(cut.slope @ outputs) + float(cut.value_of_remaining(remaining)) + cut.rent(choice)
                for cut in self.cuts
            ),
            default=math.inf,
        )
        return Trial(policy_indices, cost, self.problem.constant(cost, admin) + own)

    def relax(self, trial: Trial) -> Trial:
        """Solve a combination's relaxation; its cut tightens all guesses."""
        admin = self.load(trial.policy_indices, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        relaxation = self.problem.fixed_policy.relax(self.choice(trial.policy_indices), trial.cost, constant, admin)
        self.relaxations += 1
        self.cuts.append(relaxation.cut)
        return Trial(trial.policy_indices, trial.cost, min(trial.guess, relaxation.leverage))

    def work_out(self, trial: Trial, cutoff: float = -math.inf) -> Worked:
        """Solve a combination's leader problem; leverages that are not above the cutoff are of no interest."""
        admin = self.load(trial.policy_indices, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        outcome = self.problem.fixed_policy.best(
            self.choice(trial.policy_indices), trial.cost, constant, admin, cutoff=cutoff
        )
        self.programs += 1
        self.nodes += outcome.nodes
        return Worked(trial, -math.inf if outcome.objective is None else -outcome.objective, outcome)

    @staticmethod
    def worked(policy_indices: PolicyIndices, cost: float, outcome: Outcome) -> Worked:
        """A combination whose leader problem others have solved."""
        leverage = -math.inf if outcome.objective is None else -outcome.objective
        return Worked(Trial(policy_indices, cost, math.inf), leverage, outcome)

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
        return leverage_tie(self.leverage) if self.best is not None else 0.0

    def enough(self, gap: float) -> float:
        """Bound at which a relative gap is closed, as a plan's gap is judged; -inf without a combination."""
        if self.best is None:
            return -math.inf
        return self.leverage + max(self.tie, gap * max(abs(self.leverage), self.small))

    @cached_property
    def small(self) -> float:
        """Leverage below which gaps are absolute, in money."""
        return SMALL_LEVERAGE * money_scale(self.problem)

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
        begin = self.best.trial.policy_indices if self.best is not None else (0,) * len(self.sizes)
        for step in (lambda: self.improve(begin), self.plunge):
            if self.stop():
                return
            trial = step()
            if self.allowed(trial.policy_indices):
                self.offer(self.work_out(trial, self.leverage))

    def improve(self, policy_indices: PolicyIndices) -> Trial:
        """Improve a combination by flips of one regime and exchanges between two until none helps.

        Every local optimum is relaxed; where its cut lowers the guess, the search goes on.

        Parameters
        ----------
        digits
            A combination that keeps the limits.
        """
        current = self.relax(self.respond(policy_indices))
        while not self.stop():
            moved = self._round(current)
            if moved.policy_indices == current.policy_indices:
                return current
            current = self.relax(moved)
        return current

    def plunge(self) -> Trial:
        """Begin with every regime at its strictest, open what gains least for the limits it eases until all are kept; improve that.

        From all open no step may help where several must be taken at once, as where goods have many ways round.
        """
        policy_indices = self._all_strictest()
        current = self.respond(policy_indices)
        waiting: list[tuple[float, int]] = [(-math.inf, regime) for regime, digit in enumerate(policy_indices) if digit]
        while not self.allowed(current.policy_indices) and not self.stop():
            waiting = [(price, regime) for price, regime in waiting if self._eased(current.policy_indices, regime) > 0]
            heapq.heapify(waiting)
            while waiting and not self.stop():
                _, regime = heapq.heappop(waiting)
                opened = self.respond(_flipped(current.policy_indices, (regime, 0)))
                price = (current.guess - opened.guess) / self._eased(current.policy_indices, regime)
                # What it costs has grown since it was looked at: another may be better now.
                if waiting and price > waiting[0][0]:
                    heapq.heappush(waiting, (price, regime))
                    continue
                current = opened
                break
            else:
                return current
        return self.improve(current.policy_indices)

    def _all_strictest(self) -> PolicyIndices:
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

    def _eased(self, policy_indices: PolicyIndices, regime: int) -> float:
        """Sum over the broken limits of the share of each that opening a regime gives back."""
        eased = 0.0
        for column, most in self.most.items():
            used = self.load(policy_indices, column)
            if not within(used, most):
                loads = self.loads[column][regime]
                eased += (loads[policy_indices[regime]] - loads[0]) / max(used - most, 1e-300)
        return eased

    def _round(self, current: Trial) -> Trial:
        """Take every flip that helps, the most helpful first; then the exchanges that the limits ask for."""
        gains: dict[tuple[int, int], float] = {}
        for regime, digit in self._flips(current.policy_indices):
            if self.stop():
                return current
            trial = self.respond(_flipped(current.policy_indices, (regime, digit)))
            gains[regime, digit] = trial.guess - current.guess
        helpful = sorted((flip for flip, gain in gains.items() if gain > self._hair(current)), key=lambda f: -gains[f])
        for flip in helpful:
            current = self._better(current, _flipped(current.policy_indices, flip))
        swaps = [
            (gains[more] + gains[less], more, less)
            for more in helpful
            if current.policy_indices[more[0]] != more[1] and not self.allowed(_flipped(current.policy_indices, more))
            for less in gains
            if less[0] != more[0]
        ]
        for _, *swap in sorted(swaps, key=lambda entry: -entry[0])[:MOST_SWAPS]:
            current = self._better(current, _flipped(current.policy_indices, *swap))
        return current

    def _better(self, current: Trial, policy_indices: PolicyIndices) -> Trial:
        """The better of a trial and a combination that must keep the limits."""
        if policy_indices == current.policy_indices or self.stop() or not self.allowed(policy_indices):
            return current
        trial = self.respond(policy_indices)
        return trial if trial.guess > current.guess + self._hair(current) else current

    def _hair(self, trial: Trial) -> float:
        return leverage_tie(trial.guess)

    def _flips(self, policy_indices: PolicyIndices) -> Iterator[tuple[int, int]]:
        for regime, size in enumerate(self.sizes):
            for digit in range(size):
                if digit != policy_indices[regime]:
                    yield regime, digit

    def simplify(self) -> None:
        """Of plans as good as the best take the first by rule: fewest policies, then an earlier one; then settle what is bought.

        Policies that change nothing are dropped, and exchanged for earlier ones that do the same, whoever has found the best.
        """
        tried: set[PolicyIndices] = set()
        while self.best is not None and not self.stop() and self._simpler(tried):
            pass
        self._settle_purchases()

    def _simpler(self, tried: set[PolicyIndices]) -> bool:
        """Take a combination as good as the best and a step before it by rule; return whether there was one.

        Parameters
        ----------
        tried
            Combinations that were looked at; those looked at now are added.
        """
        assert self.best is not None
        least, policy_indices = self.leverage - self.tie, self.best.trial.policy_indices
        lesser = [(regime, lower) for regime, digit in enumerate(policy_indices) for lower in range(digit)]
        if any(self._as_good(_flipped(policy_indices, flip), least, tried) for flip in lesser):
            return True
        # Regimes come first in the order of the rows: a policy of an earlier one is dropped for one of a later.
        swaps = [
            _flipped(policy_indices, (regime, 0), (other, digit))
            for regime, now in enumerate(policy_indices)
            if now
            for other in range(regime + 1, len(policy_indices))
            if not policy_indices[other]
            for digit in range(1, self.sizes[other])
        ]
        swaps = [each for each in swaps if each not in tried][:MOST_SWAPS]
        if not swaps:
            return False
        # What bounds them is the best's own cut: what else was found on the way hangs on who was first.
        admin = self.load(policy_indices, "admin_cost")
        constant = self.problem.constant(self.best.trial.cost, admin)
        cut = self.problem.fixed_policy.relax(self.choice(policy_indices), self.best.trial.cost, constant, admin).cut
        return any(self._as_good(each, least, tried, cut) for each in swaps)

    def _as_good(
        self, policy_indices: PolicyIndices, least: float, tried: set[PolicyIndices], cut: Cut | None = None
    ) -> bool:
        """Whether a combination that was not tried yet has the least leverage asked for; then it is the best."""
        if (
            policy_indices in tried
            or self.stop()
            or not self.allowed(policy_indices)
            or self.ceiling(policy_indices) < least
        ):
            return False
        tried.add(policy_indices)
        before, self.cuts = self.cuts, [] if cut is None else [cut]
        try:
            trial = self.respond(policy_indices)
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
        trial, admin = self.best.trial, self.load(self.best.trial.policy_indices, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        ties = Ties(self.problem.fixed_policy, self.choice(trial.policy_indices), trial.cost, constant, admin)
        self.best = replace(self.best, outcome=ties.settle(self.best.outcome))

    def most_of(self, trial: Trial) -> float:
        """Proven most of a combination's leverage: by its relaxation, since of its ties another may be better than the one seen."""
        admin = self.load(trial.policy_indices, "admin_cost")
        constant = self.problem.constant(trial.cost, admin)
        return self.problem.fixed_policy.relax(self.choice(trial.policy_indices), trial.cost, constant, admin).leverage


def _flipped(policy_indices: PolicyIndices, *flips: tuple[int, int]) -> PolicyIndices:
    changed = list(policy_indices)
    for regime, digit in flips:
        changed[regime] = digit
    return tuple(changed)
