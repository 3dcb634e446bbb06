"""Pieces of the counterpart's network that overlap, enumerated one by one and combined by a master program (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ...follower.combinations import TooManyCombinations
from ...follower.enumerate import FollowerSolver, PolicyIndices
from ...leader.cuts import Cut
from ...network import Network
from ...plan.limits import LOADS, with_rounding, within
from ...plan.monitor import Stopped
from ...plan.tolerances import NO_PLAN_SHARE
from ...solver.arrays import Program
from ...solver.highs import Highs
from ..local_search import Worked
from ..prover import Prover, solve_master
from .bounds import SharedBound
from .subnetworks import SubnetworkLayout, Subnetworks, subnetwork_combinations

MOST_IN_PIECES = 20_000
"""Combinations of all pieces together up to which they are enumerated."""

SCALES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
"""How much dearer its own cost may be to the response than ours, where what its ties can be worth to us is bounded."""

ROUGH = 0.1
"""Share of the leverage that the first bounds may lack where they are taken: they rule out the most for the least."""

Table = list[np.ndarray]
"""Values of every piece's combinations."""


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
    combinations : list of list of tuple of int
        For every piece the combinations of its regimes that are left.
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
        self.responses = self.rounds = 0
        _check(SubnetworkLayout(self.problem.network))
        self.pieces = Subnetworks(self.problem)
        self.combinations = [
            [
                policy_indices
                for policy_indices in subnetwork_combinations(piece, self.pieces)
                if self._allowed(piece.regimes, policy_indices)
            ]
            for piece in self.pieces.pieces
        ]
        self.responder = FollowerSolver(self.problem.response, self.problem.stop)
        self.above: list[Table] = []
        self.sides: list[Side] = []
        self.excluded: list[PolicyIndices] = []
        self.given_up = -math.inf

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
        bound = math.inf
        best = self.trials.best
        policy_indices: PolicyIndices | None = best.trial.policy_indices if best else (0,) * len(self.trials.sizes)
        while policy_indices is not None and self._learn(policy_indices):
            self._narrow()
            policy_indices, most = _Master(self).solve()
            bound = min(bound, max(most, self.given_up))
            self.rounds += 1
            self.report(self.trials.leverage, bound)
            if bound <= self.trials.enough(self.gap):
                break
        return max(bound, self.trials.leverage)

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
            table = self._table(SharedBound(self.pieces, self.pieces.program.cost, policy_indices, above=True))
            if table is None:
                return False
            self.above.append(table)
            self._narrow()
        if side.flat or not self._held(policy_indices):
            return True
        least = self._least(side.cost, policy_indices)
        if side.tables and scale * (least - self._at(side.tables, policy_indices, max)) <= 0.5 * slack:
            return True
        table = self._table(SharedBound(self.pieces, side.cost, policy_indices, above=False))
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

    def _table(self, split: SharedBound) -> Table | None:
        """Work out all that is left by a split; None where the search was stopped."""
        self.responses += sum(len(policy_indices) for policy_indices in self.combinations)
        return split.table(self.combinations, self.stop)

    def _at(self, tables: list[Table], policy_indices: PolicyIndices, best: Callable[[list[float]], float]) -> float:
        """What tables say of a combination that they still hold."""
        places = self.places(policy_indices)
        return self.pieces.program.offset + best(
            [math.fsum(part[place] for part, place in zip(table, places, strict=True)) for table in tables]
        )

    def places(self, policy_indices: PolicyIndices) -> list[int]:
        """Where every piece has its part of a combination."""
        return [
            combinations.index(tuple(policy_indices[regime] for regime in piece.regimes))
            for piece, combinations in zip(self.pieces.pieces, self.combinations, strict=True)
        ]

    def _held(self, policy_indices: PolicyIndices) -> bool:
        """Whether no part of a combination was dropped."""
        return all(
            tuple(policy_indices[regime] for regime in piece.regimes) in combinations
            for piece, combinations in zip(self.pieces.pieces, self.combinations, strict=True)
        )

    def _narrow(self) -> None:
        """Drop the pieces' combinations that cannot be part of anything better."""
        mosts = _Master(self).mosts()
        kept = [most > self.trials.enough(self.gap) for most in mosts]
        self.given_up = max(
            [
                self.given_up,
                *(float(most[~keep].max()) for most, keep in zip(mosts, kept, strict=True) if not keep.all()),
            ]
        )
        self.combinations = [
            [policy_indices for policy_indices, keep in zip(combinations, keeps, strict=True) if keep]
            for combinations, keeps in zip(self.combinations, kept, strict=True)
        ]
        for tables in (self.above, *(side.tables for side in self.sides)):
            tables[:] = [[part[keep] for part, keep in zip(table, kept, strict=True)] for table in tables]


class _Master:
    """Policies as binaries, one combination per piece, V and our advantage as far as splits and cuts tell."""

    def __init__(self, overlaps: SubnetworkMaster):
        self.overlaps = o = overlaps
        problem, trials = o.problem, o.trials
        self.starts = np.cumsum([0, *trials.sizes])
        self.ends = self.starts[-1] + np.cumsum([0, *(len(combinations) for combinations in o.combinations)])
        sides = [side for side in o.sides if not side.flat]
        v = int(self.ends[-1])
        least = {id(side): v + 1 + place for place, side in enumerate(sides)}
        self.width = v + len(sides) + 2
        theta = self.width - 1
        entries: list[tuple[np.ndarray, np.ndarray]] = []
        lower: list[float] = []
        upper: list[float] = []

        def row(
            columns: Sequence[int] | np.ndarray, values: Sequence[float] | np.ndarray, low: float, high: float
        ) -> None:
            entries.append((np.asarray(columns), np.asarray(values, dtype=float)))
            lower.append(low)
            upper.append(high)

        policies = np.arange(self.starts[-1])
        loads = {column: np.concatenate([np.empty(0), *map(np.array, trials.loads[column])]) for column in LOADS}
        for start, end in zip(self.starts, self.starts[1:], strict=False):
            row(np.arange(start, end), np.ones(end - start), 1.0, 1.0)
        for column, most in o.most.items():
            if math.isfinite(most):
                row(policies, loads[column], -math.inf, with_rounding(most))
        for piece, combinations, start in zip(o.pieces.pieces, o.combinations, self.ends, strict=False):
            policy_indices = np.array(combinations, dtype=int).reshape(len(combinations), len(piece.regimes))
            if not piece.regimes:
                row(start + np.arange(len(combinations)), np.ones(len(combinations)), 1.0, 1.0)
            for place, regime in enumerate(piece.regimes):
                for digit in range(trials.sizes[regime]):
                    taking = start + np.flatnonzero(policy_indices[:, place] == digit)
                    row([*taking, self.starts[regime] + digit], [*np.ones(taking.size), -1.0], 0.0, 0.0)
        parts = np.arange(self.starts[-1], v)
        opened = problem.status_quo.response_cost
        base = o.pieces.program.offset - opened

        def tabled(variable: int, table: Table, low: float, high: float) -> None:
            """variable - sum of the chosen combinations' values within bounds, values counted from the first of a piece."""
            first = [float(part[0]) if part.size else 0.0 for part in table]
            moved = np.concatenate([np.empty(0), *(part - one for part, one in zip(table, first, strict=True))])
            shift = base + math.fsum(first)
            row([variable, *parts], [1.0, *-moved], low + shift, high + shift)

        for table in o.above:
            tabled(v, table, -math.inf, 0.0)
        for side in sides:
            for table in side.tables:
                tabled(least[id(side)], table, 0.0, math.inf)
        remaining = problem.fixed_policy.remaining(0.0)
        keys = [(regime, policy) for regime, menu in problem.network.menu.items() for policy in menu]
        for side in o.sides:
            cut = side.cut
            share = 0.0 if cut.feasibility_cut else 1.0
            spread = [] if side.flat else [-side.scale, side.scale]
            rents = np.array([cut.rents.get(key, 0.0) for key in keys])
            row(
                [theta, *([] if side.flat else [v, least[id(side)]]), *policies],
                [share, *spread, *(cut.prices[:2].sum() * loads["admin_cost"] - rents)],
                -math.inf,
                cut.constant + float(cut.value_of_remaining(remaining)) + (1.0 - share) * NO_PLAN_SHARE,
            )
        for digits_out in o.excluded:
            row(
                self.starts[:-1] + np.array(digits_out, dtype=int),
                np.ones(len(digits_out)),
                -math.inf,
                len(digits_out) - 1.0,
            )
        cost = np.zeros(self.width)
        cost[policies] = loads["admin_cost"]
        cost[[v, theta]] = -1.0
        integer = np.zeros(self.width, dtype=bool)
        integer[policies] = True
        column_lower = np.append(np.zeros(v), np.full(self.width - v, -math.inf))
        column_upper = np.append(np.ones(v), np.full(self.width - v, math.inf))
        column_upper[theta] = o.ceiling
        heights = np.repeat(np.arange(len(entries)), [columns.size for columns, _ in entries])
        matrix = sparse.csc_matrix(
            (np.concatenate([e[1] for e in entries]), (heights, np.concatenate([e[0] for e in entries]))),
            shape=(len(entries), self.width),
        )
        self.program = Program(
            cost,
            matrix,
            np.array(lower),
            np.array(upper),
            column_lower,
            column_upper,
            integer,
            -problem.constant(opened, 0.0),
        )

    def mosts(self) -> Table:
        """For every piece and combination a bound on the leverage of all that take it, by reduced costs."""
        highs = Highs(self.program.relaxed())
        outcome = highs.solve()
        pieces = list(zip(self.ends, self.ends[1:], strict=False))
        if not outcome.optimal or outcome.objective is None:
            return [np.full(end - start, math.inf) for start, end in pieces]
        falls = np.maximum(highs.column_duals(), 0.0)
        return [-outcome.objective - falls[start:end] for start, end in pieces]

    def solve(self) -> tuple[PolicyIndices | None, float]:
        """Best combination as far as is known, and a proven upper bound on the leverage of all that are left."""
        solution, bound = solve_master(self.program, 0.25 * self.overlaps.gap, self.overlaps.stop)
        if solution is None:
            return None, bound
        levels = zip(self.starts, self.starts[1:], strict=False)
        return tuple(int(solution[start:end].argmax()) for start, end in levels), bound


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
