"""Branch and bound over policies: sets of combinations bounded by a response and by our side (model.md section 6)."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...follower.enumerate import FollowerSolver
from ...leader.cuts import SpaceCut
from ...leader.fixed_policy import face_of
from ...leader.problem import Problem
from ...network import OPEN
from ...plan.limits import LOADS, SolveLimits, within
from ..local_search import Trial
from ..prover import Prover
from .stand_ins import StandIns

Sets = tuple[tuple[int, ...], ...]
"""Policies left to every regime, by number."""

PROBED = 6
"""Regimes whose policies are probed before one is branched on."""


class Cuts:
    """Bounds on leverage that add up over regimes.

    For every combination, ``leverage <= base + slope V + sum over regimes of score[g,p]``, one row a cut.

    Parameters
    ----------
    problem, solve_limits
        As of `PolicyTree`.
    """

    def __init__(self, problem: Problem, solve_limits: SolveLimits):
        self.problem = problem
        menu = problem.network.menu
        self.keys = [(regime, policy) for regime, policies in menu.items() for policy in policies]
        self.starts = np.cumsum([0, *(len(policies) for policies in menu.values())])[:-1]
        rows = [problem.network.policy(*key) for key in self.keys]
        self.admin = np.array([getattr(row, "admin_cost", 0.0) for row in rows])
        self.base = np.empty(0)
        self.slope = np.empty(0)
        self.score = np.empty((0, len(self.keys)))

    def add(self, cut: SpaceCut) -> None:
        """Add a cut of our side."""
        rents = np.array([cut.rents[key] for key in self.keys])
        # Every room shrinks as admin costs grow.
        score = rents - (1.0 + cut.prices[:2].sum()) * self.admin
        remaining = self.problem.fixed_policy.remaining(0.0)
        priced = np.flatnonzero(cut.prices)
        base = cut.constant + self.problem.constant(0.0, 0.0) + float(remaining[priced] @ cut.prices[priced])
        self.base = np.append(self.base, base)
        self.slope = np.append(self.slope, cut.waste)
        self.score = np.vstack([self.score, score])

    def most(self, left: np.ndarray, cost: float, ceilings: np.ndarray) -> float:
        """Most leverage of the combinations of a set, as far as the cuts tell; inf without any.

        Parameters
        ----------
        left : array of bool, shape (policies,)
            Policies of all regimes, one after another, that are left.
        cost
            Upper bound on V of every combination.
        ceilings : array, shape (policies,)
            Upper bounds on V of the combinations that take a policy.
        """
        if not self.base.size:
            return math.inf
        # V is at most the least of its policies' ceilings: whoever wants a high V may take none with a lower one.
        levels = np.unique(np.append(np.minimum(ceilings[left], cost), cost))
        bounds = np.full(self.base.size, -math.inf)
        for level in levels:
            score = np.where(left & (np.minimum(ceilings, cost) >= level), self.score, -math.inf)
            together = np.maximum.reduceat(score, self.starts, axis=1).sum(axis=1) if self.starts.size else 0.0
            np.maximum(
                bounds,
                self.base + level + self.slope * face_of(self.problem.network, level, wide=True) + together,
                out=bounds,
            )
        return float(bounds.min())


@dataclass(order=True)
class PolicySet:
    """A set of combinations.

    Attributes
    ----------
    key
        Order in which nodes are taken: the highest bound first, then the first made.
    sets
        Policies left to every regime.
    cost
        Upper bound on V of every combination.
    bound
        Upper bound on their leverage.
    ceilings : array, shape (policies,)
        As of `Cuts.most`.
    relaxed
        Whether our side was bounded over this very set.
    """

    key: tuple[float, int]
    sets: Sets = field(compare=False)
    cost: float = field(compare=False)
    bound: float = field(compare=False)
    ceilings: np.ndarray = field(compare=False)
    relaxed: bool = field(compare=False, default=False)


class PolicyTree(Prover):
    """Best-first branch and bound over policies.

    V of a set of combinations is at most that of a response in which every regime is under a stand-in that is worse for the
    counterpart than all its policies. Our advantage is at most that of the leader problem in which the counterpart may use the
    arcs of all these policies and spend as much as that V; its dual bounds other sets without another solve.

    Parameters
    ----------
    problem, solve_limits, trials, gap, stop, report
        As of `Prover`.

    Attributes
    ----------
    nodes, responses, relaxations
        Numbers worked out.
    """

    def _prepare(self) -> None:
        self.hulls = StandIns(self.problem.network, self.solve_limits)
        self.responder = FollowerSolver(self.hulls.arrays, self.problem.stop)
        self.regimes = list(self.problem.network.menu)
        self.menus = list(self.problem.network.menu.values())
        self.wide = [self._roomy(regime) for regime in self.regimes]
        self.cuts = Cuts(self.problem, self.solve_limits)
        self.given_up = -math.inf
        self.nodes = self.responses = self.relaxations = 0
        self._falls = [math.inf] * len(self.regimes)
        self._waiting: list[PolicySet] = []

    def _roomy(self, regime: str) -> bool:
        """Whether ``open`` can do whatever a policy of a regime does: goods that come too early can be stored.

        Not where the policy opens something of our own side.
        """
        network = self.problem.network
        if any(key[0] == regime for key in self.problem.leader_problem.policy_bounds.own):
            return False
        lanes = [lane for lane in network.lanes_into("counterpart") if lane.regime == regime]
        return all(math.isinf(network.most_held((lane.destination, lane.item))) for lane in lanes)

    # What is left of a set ---------------------------------------------------------------------------------------

    def affordable(self, sets: Sets) -> Sets | None:
        """Drop the policies that the limits rule out; None where no combination is left."""
        loads = self.trials.loads
        least = {
            column: [min(loads[column][regime][digit] for digit in policies) for regime, policies in enumerate(sets)]
            for column in LOADS
        }
        used = {column: math.fsum(parts) for column, parts in least.items()}
        if not all(within(used[column], self.most[column]) for column in LOADS):
            return None
        return tuple(
            tuple(
                digit
                for digit in policies
                if all(
                    within(used[column] - least[column][regime] + loads[column][regime][digit], self.most[column])
                    for column in LOADS
                )
            )
            for regime, policies in enumerate(sets)
        )

    def admin(self, sets: Sets) -> float:
        """Least admin costs of a set."""
        loads = self.trials.loads["admin_cost"]
        return math.fsum(min(loads[regime][digit] for digit in policies) for regime, policies in enumerate(sets))

    def opened(self, sets: Sets) -> list[tuple[str, str]]:
        """(regime, policy) of arcs that can do all that a set's policies can."""
        chosen = []
        for regime, policies in enumerate(sets):
            menu = self.menus[regime]
            if self.wide[regime] and any(menu[digit] == OPEN for digit in policies):
                chosen.append((self.regimes[regime], OPEN))
            else:
                chosen += [(self.regimes[regime], menu[digit]) for digit in policies]
        return chosen

    def cost(self, sets: Sets) -> float:
        """Upper bound on V over a set."""
        self.responses += 1
        return self.responder.solve(tuple(self.hulls.digit(regime, left) for regime, left in enumerate(sets)))[0]

    def bound(self, sets: Sets, cost: float, ceilings: np.ndarray) -> float:
        """Upper bound on the leverage of a set by the cuts at hand."""
        left = np.zeros(ceilings.size, dtype=bool)
        for start, policies in zip(self.cuts.starts, sets, strict=True):
            left[start + np.array(policies)] = True
        return self.cuts.most(left, cost, ceilings)

    # The search --------------------------------------------------------------------------------------------------

    def threshold(self) -> float:
        """Bound up to which a set need not be looked at."""
        return self.trials.enough(self.gap)

    def top(self) -> float:
        """Proven upper bound on all leverages."""
        waiting = self._waiting[0].bound if self._waiting else -math.inf
        return max(waiting, self.given_up, self.trials.leverage)

    def run(self) -> float:
        """Search until the gap is closed, the sets are used up or the search is stopped; return the proven bound."""
        everything = self.affordable(tuple(tuple(range(len(menu))) for menu in self.menus))
        assert everything is not None
        ceilings = np.full(len(self.cuts.keys), math.inf)
        self._push(everything, self.cost(everything), math.inf, ceilings)
        told = math.inf
        while self._waiting and not self.stop():
            if self._waiting[0].bound <= self.threshold():
                break
            self._step(self._waiting[0])
            if told == math.inf or self.top() < told - 1e-4 * abs(told):
                told = self.top()
                self.report(self.trials.leverage, told)
        return self.top()

    def facts(self) -> dict[str, Any]:
        """Counts of the work."""
        return {
            "nodes": self.nodes,
            "responses": self.trials.responses + self.responses,
            "relaxations": self.trials.relaxations + self.relaxations,
        }

    def _push(self, sets: Sets, cost: float, bound: float, ceilings: np.ndarray, relaxed: bool = False) -> None:
        if bound <= self.threshold():
            self.given_up = max(self.given_up, bound)
            return
        self.nodes += not relaxed
        heapq.heappush(self._waiting, PolicySet((-bound, self.nodes), sets, cost, bound, ceilings, relaxed))

    def _step(self, node: PolicySet) -> None:
        """Tighten a node's bound, or narrow it, or branch on it, or work it out; it waits until what replaces it does."""
        single = all(len(policies) == 1 for policies in node.sets)
        bound = min(node.bound, self.bound(node.sets, node.cost, node.ceilings))
        if bound < node.bound:
            replacing = [(node.sets, node.cost, bound, node.ceilings, node.relaxed)]
        elif not node.relaxed:
            replacing = [(node.sets, node.cost, min(bound, self._relax(node)), node.ceilings, True)]
        elif single:
            replacing = []
            self._finish(node)
        else:
            replacing = self._branches(node)
        heapq.heappop(self._waiting)
        for entry in replacing:
            self._push(*entry)

    def _relax(self, node: PolicySet) -> float:
        admin = self.admin(node.sets)
        bound, cut, _ = self.problem.fixed_policy.relax_over(
            dict.fromkeys(self.opened(node.sets), 1.0), node.cost, self.problem.constant(node.cost, admin), admin
        )
        self.relaxations += 1
        self.cuts.add(cut)
        return bound

    def _finish(self, node: PolicySet) -> None:
        """Work out a single combination in full."""
        trial = Trial(tuple(policies[0] for policies in node.sets), node.cost, node.bound)
        worked = self.trials.work_out(trial, self.trials.leverage)
        self.trials.offer(worked)
        if not worked.outcome.infeasible:
            bound = worked.outcome.bound
            self.given_up = max(self.given_up, node.bound if bound is None else min(node.bound, -bound))

    def _branches(self, node: PolicySet) -> list[tuple]:
        """Probe regimes; return the set without the policies that cannot be better, or its branches by the best regime."""
        undecided = [regime for regime, policies in enumerate(node.sets) if len(policies) > 1]
        probed = sorted(undecided, key=lambda regime: -self._falls[regime])[:PROBED]
        sets, ceilings = node.sets, node.ceilings.copy()
        best: list[tuple] = []
        best_fall = -math.inf
        for regime in probed:
            branches = []
            for policy in sets[regime]:
                branch = self.affordable((*sets[:regime], (policy,), *sets[regime + 1 :]))
                if branch is None:
                    continue
                cost = min(node.cost, self.cost(branch))
                place = self.cuts.starts[regime] + policy
                ceilings[place] = min(ceilings[place], cost)
                bound = min(node.bound, self.bound(branch, cost, ceilings))
                branches.append((policy, branch, cost, bound))
            worth = [entry for entry in branches if entry[3] > self.threshold()]
            self.given_up = max([self.given_up, *(entry[3] for entry in branches if entry[3] <= self.threshold())])
            if not worth:
                return []
            if len(worth) < len(sets[regime]):
                narrowed = self.affordable((*sets[:regime], tuple(entry[0] for entry in worth), *sets[regime + 1 :]))
                if narrowed is None:
                    return []
                sets = narrowed
            falls = [node.bound - entry[3] for entry in worth]
            # What counts is that all branches fall: the least fall, and a little of the mean.
            fall = min(falls) + 0.1 * sum(falls) / len(falls)
            self._falls[regime] = fall if self._falls[regime] == math.inf else 0.5 * (self._falls[regime] + fall)
            if fall > best_fall:
                best, best_fall = [(entry[1], entry[2], entry[3], ceilings, False) for entry in worth], fall
        if sets != node.sets:
            cost = min(node.cost, self.cost(sets))
            return [(sets, cost, min(node.bound, self.bound(sets, cost, ceilings)), ceilings, False)]
        return best
