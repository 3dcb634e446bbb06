"""Rows of responses: policy spaces that cannot be enumerated, bounded by what single responses tell (model.md section 6)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...follower.enumerate import PolicyIndices
from ...formulation.single_level import coupled
from ..local_search import Trial, Worked
from ..prover import Prover
from .blocks import Blocks
from .master import Master

MASTER_SHARE = 0.2
"""Share of the gap that is left which the master program may leave itself."""

ROUGH = 0.05
"""Gap above which that share is no larger."""

INWARD = (0.3, 0.03)
"""How far, one after the other, from a point of the master program towards the mean of all policies cuts are taken."""

FAILURES = 3
"""Combinations near the best one that are tried in vain, one after the other, before the search goes on elsewhere."""

NEAR, MOST_NEAR = 4, 40
"""Combinations learnt near that of the master program before it is solved again, times its solves so far, and at most: it takes
longer each time."""

STEP = 0.25
"""Share of the gap asked for by which a mixture must lower the bound."""

PATIENCE = 3
"""Mixtures in a row that do not, after which no more are tried."""

MOST_LISTED = 500_000
"""Combinations up to which it is known which of them are left."""


class Rows(Prover):
    """Rows of responses and cuts of our side, put together by a master program.

    Every response gives a row: a bound on V that adds up over regimes and is exact under the policies it belongs to. Every solve
    of our relaxed leader problem gives a cut: a bound on our advantage that is linear in policies and V. The master program
    takes the combination that all of them think best; working it out makes both exact there.

    Parameters
    ----------
    problem, solve_limits, trials, gap, stop, report
        As of `Prover`.

    Attributes
    ----------
    master
        Rows and cuts found so far.
    rounds
        Solves of the master program.
    left : array of int or None, shape (n, regimes)
        After a round, combinations that nothing known rules out: not one of the others is as good as the incumbent. None where
        they are too many to list.
    """

    def _prepare(self) -> None:
        self.blocks = Blocks(self.problem.response, *self.problem.sources, stop=self.problem.stop)
        self.rounds = 0
        self.coupled = coupled(self.problem.network)
        self.master = Master(self.problem, self.blocks, self.trials)
        self.trials.ceiling = self.master.most
        self.given_up = -math.inf
        self.bound = math.inf
        self.improved: Worked | None = self.trials.best
        self.left = self.trials.listed(MOST_LISTED)

    def run(self) -> float:
        """Search until the gap is closed or the search is stopped; return the proven bound, inf where nothing is proven."""
        self.master.ceiling = self.problem.ceiling()
        if self.master.ceiling == -math.inf:
            return -math.inf
        best = self.trials.best
        policy_indices: PolicyIndices | None = best.trial.policy_indices if best else (0,) * len(self.trials.sizes)
        while policy_indices is not None and not self.stop():
            self._learn(policy_indices)
            if self.rounds == 0:
                self._mix()
            elif self.coupled:
                self._learn_near(policy_indices)
            policy_indices, most = self.master.solve(MASTER_SHARE * max(self.gap, min(self._left(), ROUGH)), self.stop)
            self.rounds += 1
            self._lower(most)
            self._improve()
            self._drop()
            if self.bound <= self.trials.enough(self.gap):
                break
        return max(self.bound, self.trials.leverage)

    def facts(self) -> dict[str, Any]:
        """Counts of the work."""
        return {"response_rows": len(self.master.rows), "cuts": len(self.master.cuts), "nodes": self.rounds}

    def _improve(self) -> None:
        """Look near a new best combination until that helps no more.

        Rows are close there, so that the master program knows where to look; cuts of our side are not: there local search does it.
        """
        if self.trials.best is self.improved:
            return
        failures = 0
        if self.coupled and self.trials.best is not None:
            policy_indices = self.trials.improve(self.trials.best.trial.policy_indices).policy_indices
            if policy_indices != self.trials.best.trial.policy_indices:
                self._learn(policy_indices)
            failures = FAILURES
        while failures < FAILURES and not self.stop():
            best, before = self.trials.best, self.trials.leverage
            near = None if best is None else self.master.near(best.trial.policy_indices)
            if near is None or self.master.most(near) <= self.trials.leverage + self.trials.tie:
                break
            self._learn(near)
            failures = 0 if self.trials.leverage > before else failures + 1
        self.improved = self.trials.best

    def _learn_near(self, policy_indices: PolicyIndices) -> None:
        """Learn what rows and cuts think best near a combination, one after the other: sooner found than by the master program."""
        for _ in range(min(NEAR * self.rounds, MOST_NEAR)):
            near, most = self.master.climb(policy_indices)
            if near is None or most <= self.trials.enough(self.gap) or self.stop():
                return
            self._learn(near)
            policy_indices = near

    def _drop(self) -> None:
        """Drop the combinations that rows and cuts rule out from those that are left."""
        if self.left is not None:
            most = self.master.mosts(self.left)
            self.left = self.left[(most >= self.trials.leverage - self.trials.tie) & (most > -math.inf)]

    def _left(self) -> float:
        """Gap that is left, relative to the leverage of the best combination."""
        leverage = self.trials.leverage
        return (self.bound - leverage) / max(abs(leverage), 1e-9) if math.isfinite(leverage) else math.inf

    def _lower(self, most: float) -> None:
        """Take a bound on the leverage of all combinations that are not ruled out."""
        self.bound = min(self.bound, max(most, self.given_up))
        self.report(self.trials.leverage, self.bound)

    def _learn(self, policy_indices: PolicyIndices) -> None:
        """Work a combination out: a row, a cut and, where it may be the best, its plan; nothing of it is left to find."""
        trials = self.trials
        cost, solution = trials.responder.solve(policy_indices)
        trials.responses += 1
        self.master.add_row(self.blocks.row(solution, policy_indices))
        admin = trials.load(policy_indices, "admin_cost")
        chosen = dict.fromkeys(trials.choice(policy_indices).items(), 1.0)
        # Apart from V, what does not depend on the response hardly depends on the policies: the cuts there are may do.
        known = not self.coupled and bool(self.master.cuts)
        most = self.master.most(policy_indices) if known else self._cut(chosen, cost, admin)
        for share in INWARD if self.coupled else ():
            self._cut_inside(chosen, share)
        self.master.rule_out(policy_indices)
        if most <= trials.leverage + trials.tie:
            self.given_up = max(self.given_up, most)
            return
        worked = trials.work_out(Trial(policy_indices, cost, most), trials.leverage)
        trials.offer(worked)
        if known and worked.leverage < most - trials.tie:
            self._cut(chosen, cost, admin)
        if not worked.outcome.infeasible:
            left = worked.outcome.bound
            self.given_up = max(self.given_up, most if left is None else min(most, -left))

    def _mix(self) -> None:
        """Rows and cuts at mixtures of combinations, until they no longer lower the master program's relaxation."""
        idle = 0
        inward = itertools.cycle(INWARD)
        while self.blocks.apart and idle < PATIENCE and not self.stop():
            mixture, before = self.master.relax(), self.bound
            if mixture is None:
                return
            self._lower(mixture.bound)
            if self.bound <= self.trials.enough(self.gap):
                return
            idle = idle + 1 if before - self.bound <= STEP * self.gap * abs(self.bound) else 0
            row, _ = self.blocks.mix(mixture.weights)
            self.master.add_row(row)
            if self.coupled:
                self._cut_inside(mixture.chosen, next(inward))

    def _cut_inside(self, chosen: Mapping[tuple[str, str], float], inward: float) -> None:
        """Add a cut at a point moved inwards: there it is near the best of many that are as good at the point itself.

        V is what rows say there: with more the counterpart would be paid to serve us, and the cut say little of the rest.
        """
        sizes = dict(zip(self.problem.network.menu, self.trials.sizes, strict=True))
        moved = {
            (regime, policy): (1.0 - inward) * chosen.get((regime, policy), 0.0) + inward / sizes[regime]
            for regime, policy in self.master.keys
        }
        levels = np.array(list(moved.values()))
        self._cut(moved, self.master.cost_at(levels), float(self.master.loads["admin_cost"] @ levels))

    def _cut(self, chosen: Mapping[tuple[str, str], float], cost: float, admin: float) -> float:
        """Add what our side can do at a mixture, or under a combination, at most; return the bound on leverage there."""
        constant = self.problem.constant(cost, admin)
        most, *cuts = self.problem.fixed_policy.relax_over(chosen, cost, constant, admin)
        self.trials.relaxations += 1
        for cut in cuts:
            if cut is not None:
                self.master.add_cut(cut)
        return most
