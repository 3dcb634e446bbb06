"""Branch and bound over policies: sets of combinations bounded by a response and our side each (model.md section 6)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .candidates import LOADS, within
from .columns import Digits, Responder
from .evaluator import SpaceCut
from .hulls import Hulls
from .network import OPEN
from .problem import Problem
from .terms import Terms
from .trials import Trial, Trials

UNDECIDED = -1

TRIED = 6
"""Regimes whose branches are worked out before one is branched on."""


@dataclass(order=True)
class Node:
    """A set of combinations: the policies of some regimes decided, the others left to what the limits allow.

    Attributes
    ----------
    key
        Order in which nodes are taken: the highest bound first, then the first made.
    decided : tuple of int
        Policy of every regime, `UNDECIDED` where it is left.
    cost
        Upper bound on V of every combination of the set.
    bound
        Upper bound on their leverage.
    relaxed
        Whether our side was bounded over this very set.
    """

    key: tuple[float, int]
    decided: Digits = field(compare=False)
    cost: float = field(compare=False)
    bound: float = field(compare=False)
    relaxed: bool = field(compare=False, default=False)


class Tree:
    """Best-first branch and bound over policies.

    V of a set of combinations is at most that of a response in which every regime left is replaced by a stand-in that is worse for
    the counterpart than all its policies. Our advantage is at most that of the joint program in which the counterpart may use
    all these policies and spend as much as that V; its dual bounds other sets without another solve.

    Parameters
    ----------
    problem
        The case, ready to solve.
    terms
        Limits to keep.
    trials
        Combinations tried; the best of them is the incumbent.
    gap
        Relative gap at which to stop.
    stop
        Asked between steps.
    report
        Told incumbent and bound when either moves.

    Attributes
    ----------
    nodes, responses, relaxations
        Numbers worked out.
    """

    def __init__(
        self,
        problem: Problem,
        terms: Terms,
        trials: Trials,
        gap: float,
        stop: Callable[[], bool] = lambda: False,
        report: Callable[[float, float], None] = lambda incumbent, bound: None,
    ):
        self.problem = problem
        self.trials = trials
        self.gap = gap
        self.stop = stop
        self.report = report
        self.hulls = Hulls(problem.network, terms)
        self.responder = Responder(self.hulls.arrays)
        self.regimes = list(problem.network.menu)
        self.menus = list(problem.network.menu.values())
        self.most = {column: getattr(terms, limit) for column, limit in LOADS.items()}
        self.least = {column: np.array([min(load) for load in loads]) for column, loads in trials.loads.items()}
        self.wide = [self._roomy(regime) for regime in self.regimes]
        self.cuts: list[SpaceCut] = []
        self.given_up = -math.inf
        self.nodes = self.responses = self.relaxations = 0
        self._gains = [1.0] * len(self.regimes)
        self._waiting: list[Node] = []

    def _roomy(self, regime: str) -> bool:
        """Whether whatever a policy of a regime does ``open`` can do: goods that come too early can be stored."""
        network = self.problem.network
        lanes = [lane for lane in network.lanes_into("counterpart") if lane.regime == regime]
        return all(math.isinf(network.stock((lane.destination, lane.item)).capacity) for lane in lanes)

    # What is left of a set ---------------------------------------------------------------------------------------

    def left(self, decided: Digits) -> list[list[int]] | None:
        """Policies left to every regime by what is decided and the limits; None where nothing is."""
        loads = self.trials.loads
        used = {
            column: math.fsum(
                loads[column][regime][digit] if digit != UNDECIDED else self.least[column][regime]
                for regime, digit in enumerate(decided)
            )
            for column in LOADS
        }
        if not all(within(used[column], self.most[column]) for column in LOADS):
            return None
        return [
            [digit]
            if digit != UNDECIDED
            else [
                policy
                for policy in range(len(self.menus[regime]))
                if all(
                    within(used[column] - self.least[column][regime] + loads[column][regime][policy], self.most[column])
                    for column in LOADS
                )
            ]
            for regime, digit in enumerate(decided)
        ]

    def admin(self, left: Sequence[Sequence[int]]) -> float:
        """Least admin costs of a set."""
        loads = self.trials.loads["admin_cost"]
        return math.fsum(min(loads[regime][digit] for digit in policies) for regime, policies in enumerate(left))

    def opened(self, left: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
        """(regime, policy) of arcs that can do all that a set's policies can."""
        chosen = []
        for regime, policies in enumerate(left):
            menu = self.menus[regime]
            if self.wide[regime] and any(menu[digit] == OPEN for digit in policies):
                chosen.append((self.regimes[regime], OPEN))
            else:
                chosen += [(self.regimes[regime], menu[digit]) for digit in policies]
        return chosen

    def cost(self, left: Sequence[Sequence[int]]) -> float:
        """Upper bound on V over a set."""
        self.responses += 1
        return self.responder.solve(tuple(self.hulls.digit(regime, policies) for regime, policies in enumerate(left)))[
            0
        ]

    def bound(self, left: Sequence[Sequence[int]], cost: float) -> float:
        """Upper bound on the leverage of a set by the cuts at hand."""
        admin, chosen = self.admin(left), self.opened(left)
        rooms = self.problem.evaluator.rooms(admin)
        return self.problem.constant(cost, admin) + min(
            (cut.at(chosen, cost, rooms) for cut in self.cuts), default=math.inf
        )

    # The search --------------------------------------------------------------------------------------------------

    def threshold(self) -> float:
        """Bound up to which a set need not be looked at."""
        leverage = self.trials.leverage
        return leverage + max(self.trials.tie, self.gap * abs(leverage)) if math.isfinite(leverage) else -math.inf

    def top(self) -> float:
        """Proven upper bound on all leverages."""
        waiting = self._waiting[0].bound if self._waiting else -math.inf
        return max(waiting, self.given_up, self.trials.leverage)

    def run(self) -> float:
        """Search until the gap is closed, the sets are used up or the search is stopped; return the proven bound."""
        undecided = (UNDECIDED,) * len(self.regimes)
        left = self.left(undecided)
        assert left is not None
        self._push(undecided, self.cost(left), math.inf)
        told = math.inf
        while self._waiting and not self.stop():
            if self._waiting[0].bound <= self.threshold():
                break
            self._step(heapq.heappop(self._waiting))
            if self.top() < told - 1e-4 * abs(told) or told == math.inf:
                told = self.top()
                self.report(self.trials.leverage, told)
        return self.top()

    def _push(self, decided: Digits, cost: float, bound: float, relaxed: bool = False) -> None:
        if bound <= self.threshold():
            self.given_up = max(self.given_up, bound)
            return
        self.nodes += not relaxed
        heapq.heappush(self._waiting, Node((-bound, self.nodes), decided, cost, bound, relaxed))

    def _step(self, node: Node) -> None:
        """Tighten a node's bound, or branch on it, or work it out."""
        left = self.left(node.decided)
        assert left is not None
        bound = min(node.bound, self.bound(left, node.cost))
        if bound < node.bound:
            self._push(node.decided, node.cost, bound, node.relaxed)
            return
        if all(len(policies) == 1 for policies in left):
            self._finish(Trial(tuple(policies[0] for policies in left), node.cost, bound), node)
        elif not node.relaxed:
            self._push(node.decided, node.cost, min(bound, self._relax(left, node.cost)), relaxed=True)
        else:
            self._branch(node, left)

    def _relax(self, left: Sequence[Sequence[int]], cost: float) -> float:
        admin = self.admin(left)
        bound, cut = self.problem.evaluator.relax_over(
            self.opened(left), cost, self.problem.constant(cost, admin), admin
        )
        self.relaxations += 1
        self.cuts.append(cut)
        return bound

    def _finish(self, trial: Trial, node: Node) -> None:
        """Work out a single combination: its relaxation, then its joint program."""
        if not node.relaxed:
            left = [[digit] for digit in trial.digits]
            self._push(trial.digits, trial.cost, min(node.bound, self._relax(left, trial.cost)), relaxed=True)
            return
        worked = self.trials.work_out(trial, self.trials.leverage)
        self.trials.offer(worked)
        outcome = worked.outcome
        if not outcome.infeasible:
            proven = node.bound if outcome.bound is None else min(node.bound, -outcome.bound)
            self.given_up = max(self.given_up, proven)

    def _branch(self, node: Node, left: Sequence[Sequence[int]]) -> None:
        """Branch on the regime whose decision lowers the bounds most, of those that promise to."""
        open_ = [regime for regime, policies in enumerate(left) if len(policies) > 1]
        promising = sorted(open_, key=lambda regime: -self._gains[regime])[:TRIED]
        best: list[tuple[Digits, float, float]] = []
        best_score = -math.inf
        for regime in promising:
            children = self._children(node, regime, left[regime])
            drops = [max(0.0, node.bound - bound) for _, _, bound in children] or [node.bound - self.threshold()]
            # What counts is that all branches fall: the least fall, and a little of the mean.
            score = min(drops) + 0.1 * sum(drops) / len(drops)
            self._gains[regime] = 0.7 * self._gains[regime] + 0.3 * score
            if score > best_score:
                best, best_score = children, score
        for decided, cost, bound in best:
            self._push(decided, cost, bound)

    def _children(self, node: Node, regime: int, policies: Sequence[int]) -> list[tuple[Digits, float, float]]:
        children = []
        for policy in policies:
            decided = (*node.decided[:regime], policy, *node.decided[regime + 1 :])
            left = self.left(decided)
            if left is None:
                continue
            cost = min(node.cost, self.cost(left))
            children.append((decided, cost, min(node.bound, self.bound(left, cost))))
        return children
