"""Pieces of the counterpart's network that overlap, enumerated one by one and combined by a master program (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...follower.combinations import TooManyCombinations
from ...follower.enumerate import FollowerSolver, PolicyIndices
from ...leader.cuts import Cut
from ...network import Network
from ...plan.limits import within
from ...plan.monitor import Stopped
from ..local_search import Worked
from ..prover import Prover
from .bounds import SharedBound
from .program import PiecesProgram
from .subnetworks import SubnetworkLayout, Subnetworks, subnetwork_combinations
from .tables import PieceTable

MOST_IN_PIECES = 20_000
"""Combinations of all pieces together up to which they are listed."""

MOST_WHOLE = 20_000
"""Combinations of all pieces together up to which the master program holds all that are left."""

PRICED = 30
"""Combinations of a piece that join the relaxed master program at once."""

SETTLED = 1e-4
"""Share of the bound by which the relaxed master program may be short of that over all combinations."""

LEAST_LEVEL = 1e-6
"""Share of a combination in the relaxed master program below which it is not taken."""

STALLED, STEP = 8, 0.02
"""Rounds of refining after which it ends where they have not closed such a share of the gap."""

SCALES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
"""How much dearer its own cost may be to the response than ours, where what its ties can be worth to us is bounded."""

ROUGH = 0.1
"""Share of the leverage that the first bounds may lack where they are taken: they rule out the most for the least."""

Table = list[PieceTable]
"""Bounds on every piece's cost, by combination."""


@dataclass
class Side:
    """A cut of our side, and bounds from below on the least of cost - slope @ outputs / scale.

    Attributes
    ----------
    cut
        The cut; linear in the response's outputs.
    scale
        ``slope @ outputs <= scale (V - least)`` over the least-cost face.
    cost : array, shape (columns,)
        What that least is the least of.
    tables : list of Table
        For every split the pieces' parts; they add up to no more than the least.
    """

    cut: Cut
    scale: float
    cost: np.ndarray
    tables: list[Table] = field(default_factory=list)

    @property
    def flat(self) -> bool:
        """Whether the outputs do not matter."""
        return not self.cut.slope.any()


class SubnetworkMaster(Prover):
    """Bounds on leverage that add up over overlapping pieces of the network.

    V is at most the sum of the pieces' least costs when shared resources are split among them in a fixed way. The least of any
    linear cost is at least the sum of the pieces' when each pays the same prices for shared resources. Splits and prices are right
    at one combination and near it; a master program takes the combination that all of them seen so far think best.

    Parameters
    ----------
    problem, solve_limits, trials, gap, stop, report
        As of `Prover`.

    Attributes
    ----------
    responses, rounds
        Responses of pieces solved, and solves of the master program.
    combinations : list of array of int, shape (n, regimes of the piece)
        For every piece the combinations of its regimes that are left.
    selected : list of array of bool, shape (n,)
        Those that the relaxed master program holds.
    bound
        Proven upper bound on the leverage.
    above, sides
        Bounds on V from above, and on our advantage.
    given_up
        Most that what was ruled out or dropped can be worth.

    Raises
    ------
    TooManyCombinations
        When the pieces cannot be enumerated.
    """

    def _prepare(self) -> None:
        self.rounds = 0
        _check(SubnetworkLayout(self.problem.network))
        self.pieces = Subnetworks(self.problem)
        listed = [
            [
                policy_indices
                for policy_indices in subnetwork_combinations(piece, self.pieces)
                if self._allowed(piece.regimes, policy_indices)
            ]
            for piece in self.pieces.pieces
        ]
        self.combinations = [
            np.array(own, dtype=np.int16).reshape(len(own), len(piece.regimes))
            for piece, own in zip(self.pieces.pieces, listed, strict=True)
        ]
        self.selected = [np.zeros(len(combinations), dtype=bool) for combinations in self.combinations]
        self.responder = FollowerSolver(self.problem.response, self.problem.stop)
        self.above: list[Table] = []
        self.sides: list[Side] = []
        self.excluded: list[PolicyIndices] = []
        self.given_up = -math.inf
        self.bound = math.inf
        self._forgotten = 0

    @property
    def tables(self) -> list[Table]:
        """All tables."""
        return [*self.above, *(table for side in self.sides for table in side.tables)]

    @property
    def responses(self) -> int:
        """Responses of pieces solved."""
        return self._forgotten + sum(int(part.exact.sum()) for table in self.tables for part in table)

    def _allowed(self, regimes: Sequence[int], policy_indices: PolicyIndices) -> bool:
        """Whether the limits allow some combination of all regimes with this one of a piece's."""
        loads = self.trials.loads
        return all(
            within(
                math.fsum(
                    loads[column][regime][policy_indices[regimes.index(regime)]]
                    if regime in regimes
                    else min(loads[column][regime])
                    for regime in range(len(self.trials.sizes))
                ),
                most,
            )
            for column, most in self.most.items()
        )

    # The search ----------------------------------------------------------------------------------------------------------

    def run(self) -> float:
        """Search until the gap is closed or the search is stopped; return the proven bound, inf where nothing is proven."""
        self.ceiling = self.problem.ceiling()
        if self.ceiling == -math.inf:
            return -math.inf
        best = self.trials.best
        policy_indices: PolicyIndices | None = best.trial.policy_indices if best else (0,) * len(self.trials.sizes)
        while policy_indices is not None and self._learn(policy_indices):
            self._refine()
            if self._done():
                break
            policy_indices = self._next()
            self.rounds += 1
        return max(self.bound, self.trials.leverage)

    def _done(self) -> bool:
        return self.stop() or self.bound <= self.trials.enough(self.gap)

    def _lower(self, most: float) -> None:
        """Take a bound on the leverage of all combinations that are left."""
        self.bound = min(self.bound, max(most, self.given_up))
        self.report(self.trials.leverage, self.bound)

    def _refine(self) -> None:
        """Work out what the relaxed master program takes, until it takes nothing else or hardly gains by it."""
        idle, before = 0, math.inf
        while not self._done() and idle < STALLED:
            taken = self._relax()
            if taken is None:
                return
            left = self.bound - self.trials.enough(self.gap)
            idle, before = (0, left) if left < (1.0 - STEP) * before else (idle + 1, before)
            if not self._work_out(taken):
                return

    def _work_out(self, taken: Iterable[tuple[int, int]]) -> bool:
        """Work combinations of pieces out in all tables, by number of the piece and place; return whether any was new."""
        new = False
        for number, place in taken:
            for table in self.tables:
                if not table[number].exact[place] and not self.stop():
                    table[number].work_out(place, self.combinations[number])
                    new = True
        return new

    def _relax(self) -> list[tuple[int, int]] | None:
        """Solve the relaxed master program, combinations joining it as they pay, and drop those that cannot be worth it.

        Return the combinations that it takes, by number of the piece and place; None where none is left or the search stops.
        """
        while not self.stop():
            if not all(map(len, self.combinations)):
                self._lower(-math.inf)
                return None
            master = PiecesProgram(self, [np.flatnonzero(selected) for selected in self.selected])
            point = master.relax()
            if point is None:
                if all(selected.all() for selected in self.selected):
                    self._lower(-math.inf)
                    return None
                self.selected = [np.ones_like(selected) for selected in self.selected]
                continue
            value, levels, profits = point
            over = math.fsum(float(profit.max()) for profit in profits)
            if over > SETTLED * abs(value) and self._select(profits):
                continue
            self._lower(value + over)
            mosts = [value + over - float(profit.max()) + profit for profit in profits]
            taken = [
                (number, place, np.flatnonzero(selected))
                for number, (selected, level) in enumerate(zip(self.selected, levels, strict=True))
                for place in np.flatnonzero(level > LEAST_LEVEL).tolist()
            ]
            moved = self._drop(mosts)
            return [
                (number, int(moved[number][places[place]]))
                for number, place, places in taken
                if moved[number][places[place]] >= 0
            ]
        return None

    def _select(self, profits: Sequence[np.ndarray]) -> bool:
        """Let the combinations join the relaxed master program that add most to it; return whether there are new ones."""
        before = sum(int(selected.sum()) for selected in self.selected)
        for selected, profit in zip(self.selected, profits, strict=True):
            best = np.argsort(-profit, kind="stable")[:PRICED]
            selected[best[profit[best] > 0.0]] = True
        return sum(int(selected.sum()) for selected in self.selected) > before

    def _next(self) -> PolicyIndices | None:
        """The combination that the master program thinks best; None where none is left or the search stops."""
        while not self.stop():
            whole = sum(map(len, self.combinations)) <= MOST_WHOLE
            chosen = [np.arange(selected.size) if whole else np.flatnonzero(selected) for selected in self.selected]
            policy_indices, most = PiecesProgram(self, chosen).solve()
            if whole:
                self._lower(most)
            elif policy_indices is None:
                return None
            if policy_indices is None or self._done():
                return None
            if not self._work_out(enumerate(self.places(policy_indices))) or not whole:
                return policy_indices
        return None

    def facts(self) -> dict[str, Any]:
        """Counts of the work."""
        return {
            "pieces": len(self.pieces.pieces),
            "nodes": self.rounds,
            "responses": self.trials.responses + self.responses,
        }

    def _learn(self, policy_indices: PolicyIndices) -> bool:
        """Work a combination out, rule it out, and add what the bounds lacked there; False where the search was stopped."""
        if self.stop():
            return False
        # What cuts say of the response seen does not hold for its ties.
        trial = self.trials.relax(replace(self.trials.respond(policy_indices), guess=math.inf))
        cut = self.trials.cuts[-1]
        worked = self.trials.work_out(trial, self.trials.leverage)
        self.trials.offer(worked)
        self._rule_out(policy_indices, worked)
        cuts = [cut]
        if worked.outcome.infeasible:
            admin = self.trials.load(policy_indices, "admin_cost")
            feasibility_cut = self.problem.fixed_policy.feasibility_cut(
                self.trials.choice(policy_indices), trial.cost, admin
            )
            cuts += [feasibility_cut] if feasibility_cut is not None else []
        if self._held(policy_indices):
            self._work_out(enumerate(self.places(policy_indices)))
        # No more is asked of the bounds here than to fall below what is worth having; at first a rough look at all will do.
        leverage = self.trials.leverage
        remaining_here = 0.5 * (self.trials.enough(self.gap) - trial.guess) if math.isfinite(leverage) else 0.0
        finest = (0.1 * self.gap if self.above else ROUGH) * abs(trial.guess)
        slack = max(remaining_here, finest, 1e-9)
        return all(self._tighten(cut, policy_indices, trial.cost, slack) for cut in cuts if self._held(policy_indices))

    def _rule_out(self, policy_indices: PolicyIndices, worked: Worked) -> None:
        """Take a combination that was worked out off the master program."""
        self.excluded.append(policy_indices)
        if not worked.outcome.infeasible:
            bound = worked.outcome.bound
            self.given_up = max(self.given_up, worked.trial.guess if bound is None else min(worked.trial.guess, -bound))

    def _tighten(self, cut: Cut, policy_indices: PolicyIndices, cost: float, slack: float) -> bool:
        """Make the bounds at a combination as tight as asked for, by as little as does; False where the search was stopped."""
        worth = self.pieces.outputs.T @ cut.slope
        fresh = [Side(cut, scale, self.pieces.program.cost - worth / scale) for scale in SCALES]
        finest = self._value(fresh[-1], policy_indices, cost)
        if cut.feasibility_cut:
            slack = 0.5 * abs(finest)
        side = self._side(fresh, policy_indices, cost, finest + slack)
        scale = 0.0 if side.flat else side.scale
        if not self.above or (1.0 + scale) * (self._at(self.above, policy_indices, min) - cost) > 0.5 * slack:
            table = self._table(
                SharedBound(self.pieces, self.pieces.program.cost, policy_indices, above=True), policy_indices
            )
            if table is None:
                return False
            self.above.append(table)
        if side.flat or not self._held(policy_indices):
            return True
        least = self._least(side.cost, policy_indices)
        if side.tables and scale * (least - self._at(side.tables, policy_indices, max)) <= 0.5 * slack:
            return True
        table = self._table(SharedBound(self.pieces, side.cost, policy_indices, above=False), policy_indices)
        if table is not None:
            side.tables.append(table)
        return table is not None

    def _value(self, side: Side, policy_indices: PolicyIndices, cost: float) -> float:
        """What a side says of our advantage under a combination where its least is known."""
        remaining = self.problem.fixed_policy.remaining(self.trials.load(policy_indices, "admin_cost"))
        most = 0.0 if side.flat else side.scale * (cost - self._least(side.cost, policy_indices))
        rent = side.cut.rent(self.trials.choice(policy_indices))
        return side.cut.constant + most + float(side.cut.value_of_remaining(remaining)) + rent

    def _side(self, fresh: list[Side], policy_indices: PolicyIndices, cost: float, enough: float) -> Side:
        """The side of least scale that is tight at a combination: one there is, or a fresh one.

        What splits lack weighs the more the greater the scale.
        """
        known = [side for side in self.sides if side.cut.feasibility_cut == fresh[0].cut.feasibility_cut]
        tight = (
            side
            for side in sorted([*known, *fresh], key=lambda side: side.scale)
            if self._value(side, policy_indices, cost) <= enough
        )
        side = next(tight, fresh[-1])
        if all(side is not other for other in self.sides):
            self.sides.append(side)
        return side

    def _least(self, cost: np.ndarray, policy_indices: PolicyIndices) -> float:
        """Least of a cost over the responses to a combination."""
        self.responder.set_cost(cost)
        return self.responder.solve(policy_indices)[0]

    def _table(self, split: SharedBound, policy_indices: PolicyIndices) -> Table | None:
        """Bounds of all that is left by a split, exact where it was taken; None where the search was stopped."""
        table = []
        for number, (combinations, place) in enumerate(
            zip(self.combinations, self.places(policy_indices), strict=True)
        ):
            part = PieceTable(split, number, len(combinations), self.stop)
            part.work_out(place, combinations)
            for each in np.flatnonzero(~np.isfinite(part.values)).tolist():
                if self.stop():
                    return None
                if not math.isfinite(part.values[each]):
                    part.work_out(each, combinations)
            table.append(part)
            self.selected[number][place] = True
        return table

    def _at(self, tables: list[Table], policy_indices: PolicyIndices, best: Callable[[list[float]], float]) -> float:
        """What tables say of a combination that they still hold."""
        places = self.places(policy_indices)
        return self.pieces.program.offset + best(
            [math.fsum(part.values[place] for part, place in zip(table, places, strict=True)) for table in tables]
        )

    def _place(self, number: int, policy_indices: PolicyIndices) -> int | None:
        """Where a piece has its part of a combination; None where that was dropped."""
        own = [policy_indices[regime] for regime in self.pieces.pieces[number].regimes]
        found = np.flatnonzero((self.combinations[number] == own).all(axis=1))
        return int(found[0]) if found.size else None

    def places(self, policy_indices: PolicyIndices) -> list[int]:
        """Where every piece has its part of a combination that is held."""
        found = [self._place(number, policy_indices) for number in range(len(self.combinations))]
        return [place for place in found if place is not None]

    def _held(self, policy_indices: PolicyIndices) -> bool:
        """Whether no part of a combination was dropped."""
        return len(self.places(policy_indices)) == len(self.combinations)

    def _drop(self, mosts: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Drop the pieces' combinations that cannot be part of anything better; return where the others are, -1 for none."""
        moved = []
        for number, most in enumerate(mosts):
            kept = most > self.trials.enough(self.gap)
            moved.append(np.where(kept, np.cumsum(kept) - 1, -1))
            if kept.all():
                continue
            self.given_up = max(self.given_up, float(most[~kept].max()))
            self.combinations[number], self.selected[number] = (
                self.combinations[number][kept],
                self.selected[number][kept],
            )
            for table in self.tables:
                self._forgotten += int(table[number].exact[~kept].sum())
                table[number].keep(kept)
        return moved


def _check(layout: SubnetworkLayout) -> None:
    if sum(layout.sizes) > MOST_IN_PIECES:
        network = layout.network
        regimes = max((layout.regimes(pairs) for _, pairs in layout.pieces), key=layout.combinations)
        names = [name for place, name in enumerate(network.menu) if place in regimes]
        raise TooManyCombinations(layout.combinations(regimes), MOST_IN_PIECES, network.menu, names)


def has_overlapping_subnetworks(network: Network, check: Callable[[], None] = lambda: None) -> bool:
    """Whether the network falls into pieces that can be enumerated; not where `check` stops us from finding out."""
    try:
        return sum(SubnetworkLayout(network, check).sizes) <= MOST_IN_PIECES
    except Stopped:
        return False
