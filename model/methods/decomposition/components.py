"""Independent groups of regimes: each enumerated on its own, combined by a master program (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from ...follower.combinations import TooManyCombinations
from ...follower.enumerate import Enumerator, FollowerArrays, PolicyIndices, gray_order
from ...formulation.single_level import coupled
from ...leader.cuts import Cut
from ...network import Network
from ...plan.limits import LOADS, with_rounding, within
from ...plan.tolerances import NO_PLAN_SHARE
from ...solver.arrays import Program
from ..cut_pool import scale
from ..prover import Prover, solve_master

MOST_IN_A_GROUP = 20_000
"""Combinations of one group up to which it is enumerated."""

MOST_IN_ALL = 200_000
"""Combinations of all groups together up to which they are."""


@dataclass
class Group:
    """Regimes whose lanes meet in the counterpart's network, with the part of the response they act on.

    Attributes
    ----------
    places : tuple of int
        The regimes' places among all regimes.
    arrays
        The response's rows and columns they can reach.
    policy_indices : list of tuple of int
        Policies by number, as far as the limits allow them.
    loads : dict of str to array, shape (n,)
        Sums of reviewer load, political cost and admin cost.
    cost : array, shape (n,)
        Their part of V.
    """

    places: tuple[int, ...]
    arrays: FollowerArrays
    policy_indices: list[PolicyIndices]
    loads: dict[str, np.ndarray]
    cost: np.ndarray


def parts_of(arrays: FollowerArrays) -> list[tuple[np.ndarray, np.ndarray]]:
    """(rows, columns) of the parts of the response that share neither rows nor regimes."""
    rows, columns = arrays.program.matrix.shape
    # A regime ties together all that its lanes reach, like a row they stand in.
    ties = sparse.lil_matrix((len(arrays.policy_columns), columns))
    for regime, policy_columns in enumerate(arrays.policy_columns):
        for gate, _ in policy_columns:
            ties[regime, gate] = 1.0
    matrix = sparse.vstack([arrays.program.matrix, ties], format="csr")
    height = matrix.shape[0]
    links = sparse.bmat([[None, matrix], [matrix.T, None]], format="csr")
    count, label = connected_components(links, directed=False)
    order = np.argsort(label, kind="stable")
    pieces = np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1])
    return [(piece[piece < rows], piece[piece >= height] - height) for piece in pieces]


def part(arrays: FollowerArrays, rows: np.ndarray, columns: np.ndarray, regimes: tuple[int, ...]) -> FollowerArrays:
    """The response on some rows and columns, with the gates of some regimes."""
    whole = arrays.program
    place = np.full(whole.cost.size, -1, dtype=np.int32)
    place[columns] = np.arange(columns.size)
    program = Program(
        cost=whole.cost[columns],
        matrix=sparse.csc_matrix(whole.matrix[rows][:, columns]),
        row_lower=whole.row_lower[rows],
        row_upper=whole.row_upper[rows],
        column_lower=whole.column_lower[columns],
        column_upper=whole.column_upper[columns],
        integer=np.zeros(columns.size, dtype=bool),
    )
    policy_columns = [
        [(place[gate], capacity) for gate, capacity in arrays.policy_columns[regime]] for regime in regimes
    ]
    return FollowerArrays(program, policy_columns, sparse.csr_matrix(arrays.outputs[:, columns]))


class IndependentComponents(Prover):
    """The groups of a case, enumerated, and the master program that combines them.

    Parameters
    ----------
    problem, solve_limits, trials, gap, stop, report
        As of `Prover`.

    Raises
    ------
    TooManyCombinations
        When a group cannot be enumerated.
    """

    def _prepare(self) -> None:
        self.responses = self.relaxations = self.rounds = 0
        self.groups: list[Group] = []
        self.fixed: list[FollowerArrays] = []
        arrays = self.problem.response
        for rows, columns in parts_of(arrays):
            members = set(columns.tolist())
            regimes = tuple(
                regime
                for regime, policy_columns in enumerate(arrays.policy_columns)
                if any(gate.size and int(gate[0]) in members for gate, _ in policy_columns)
            )
            own = part(arrays, rows, columns, regimes)
            if regimes:
                count = math.prod(self.trials.sizes[regime] for regime in regimes)
                if count > MOST_IN_A_GROUP:
                    names = [list(self.problem.network.menu)[regime] for regime in regimes]
                    raise TooManyCombinations(count, MOST_IN_A_GROUP, self.problem.network.menu, names)
                self.groups.append(Group(regimes, own, *self._allowed(regimes), np.empty(0)))
            else:
                self.fixed.append(own)
        acting = {regime for group in self.groups for regime in group.places}
        own_gates = {regime for regime, _ in self.problem.leader_problem.policy_bounds.own}
        for regime, name in enumerate(self.problem.network.menu):
            # A regime may matter to our side alone.
            if name in own_gates and regime not in acting:
                nothing = np.empty(0, dtype=int)
                own = part(arrays, nothing, nothing, (regime,))
                self.groups.append(Group((regime,), own, *self._allowed((regime,)), np.empty(0)))

    def _allowed(self, regimes: tuple[int, ...]) -> tuple[list[PolicyIndices], dict[str, np.ndarray]]:
        policy_indices: list[PolicyIndices] = []
        loads: dict[str, list[float]] = {column: [] for column in LOADS}
        for candidate in gray_order([self.trials.sizes[regime] for regime in regimes]):
            sums = {
                column: math.fsum(self.trials.loads[column][r][d] for r, d in zip(regimes, candidate, strict=True))
                for column in LOADS
            }
            if all(within(sums[column], self.most[column]) for column in LOADS):
                policy_indices.append(candidate)
                for column, total in sums.items():
                    loads[column].append(total)
        return policy_indices, {column: np.array(sums) for column, sums in loads.items()}

    def _run(self, cost: Callable[[FollowerArrays], np.ndarray]) -> tuple[float, list[np.ndarray]] | None:
        """Least value of a cost on the parts without regimes, and of every group's combinations; None where stopped."""
        constant = self.problem.response.program.offset
        for arrays in self.fixed:
            constant += float(Enumerator(arrays).run([()], cost(arrays)).cost[0])
        values = []
        for group in self.groups:
            if not group.arrays.program.cost.size:
                values.append(np.zeros(len(group.policy_indices)))
                continue
            with Enumerator(group.arrays, 1, self.stop) as enumerator:
                batch = enumerator.run(group.policy_indices, cost(group.arrays))
            self.responses += len(group.policy_indices)
            if not batch.complete:
                return None
            values.append(batch.cost)
        return constant, values

    def run(self) -> float:
        """Search until the gap is closed or the search is stopped; return the proven bound, inf where nothing is proven."""
        answers = self._run(lambda arrays: arrays.program.cost)
        if answers is None:
            return math.inf
        self.constant, costs = answers
        for group, cost in zip(self.groups, costs, strict=True):
            group.cost = cost
        ceiling = self.problem.ceiling()
        if ceiling == -math.inf:
            return -math.inf
        master = _Master(self, ceiling)
        bound = math.inf
        seen: set[PolicyIndices] = set()
        while not self.stop():
            policy_indices, most = master.solve()
            bound = min(bound, most)
            self.rounds += 1
            self.report(self.trials.leverage, bound)
            if policy_indices is None or bound <= self.trials.enough(self.gap):
                break
            if policy_indices in seen:
                # Its cut leaves a gap: integers, or a limit that only they break. It is worked out; nothing is left of it.
                master.exclude(policy_indices)
                continue
            seen.add(policy_indices)
            trial = self.trials.relax(self.trials.respond(policy_indices))
            worked = self.trials.work_out(trial, self.trials.leverage)
            self.trials.offer(worked)
            cuts: list[Cut | None] = [self.trials.cuts[-1]]
            if worked.outcome.infeasible:
                admin = self.trials.load(policy_indices, "admin_cost")
                cuts.append(
                    self.problem.fixed_policy.feasibility_cut(self.trials.choice(policy_indices), trial.cost, admin)
                )
            for cut in cuts:
                faces = None if cut is None else self._faces(cut)
                if cut is not None and faces is not None:
                    master.add(cut, *faces)
        return max(bound, self.trials.leverage)

    def facts(self) -> dict[str, Any]:
        """Counts of the work."""
        return {
            "groups": len(self.groups),
            "nodes": self.rounds,
            "responses": self.trials.responses + self.responses,
        }

    def _faces(self, cut: Cut) -> tuple[float, list[np.ndarray]] | None:
        """Most that a cut's outputs and rents can be over whole least-cost faces: on the parts without regimes, and by combination.

        As `CutPool.over_faces`, which adds up over parts. None where the search was stopped.
        """
        rents = [self._rents(cut, group) for group in self.groups]
        if not cut.slope.any():
            return 0.0, rents
        dearer = scale(cut)
        least = self._run(lambda arrays: arrays.program.cost - (arrays.outputs.T @ cut.slope) / dearer)
        if least is None:
            return None
        constant, values = least
        return dearer * (self.constant - constant), [
            dearer * (group.cost - value) + rent for group, value, rent in zip(self.groups, values, rents, strict=True)
        ]

    def _rents(self, cut: Cut, group: Group) -> np.ndarray:
        """Rents of a cut under the combinations of a group, shape (n,)."""
        names, menus = list(self.problem.network.menu), list(self.problem.network.menu.values())
        chosen = (
            {names[at]: menus[at][digit] for at, digit in zip(group.places, each, strict=True)}
            for each in group.policy_indices
        )
        return np.array([cut.rent(choice) for choice in chosen])


class _Master:
    """One binary per combination of every group: V, loads and the cuts of our side add up over groups."""

    def __init__(self, groups: IndependentComponents, ceiling: float):
        self.groups = groups
        problem = groups.problem
        self.kept = [self._kept(group) for group in groups.groups]
        self.starts = np.cumsum([0, *(kept.size for kept in self.kept)])
        self.width = int(self.starts[-1]) + 1
        value = self._gather([group.cost - group.loads["admin_cost"] for group in groups.groups])
        self.admin = self._gather([group.loads["admin_cost"] for group in groups.groups])
        self.cost = -np.append(value, 1.0)
        self.offset = -problem.constant(groups.constant, 0.0)
        self.ceiling = ceiling
        self.rows: list[np.ndarray] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            row = np.zeros(self.width)
            row[start:end] = 1.0
            self._append(row, 1.0, 1.0)
        for column, most in groups.most.items():
            if math.isfinite(most):
                loads = self._gather([group.loads[column] for group in groups.groups])
                self._append(np.append(loads, 0.0), -math.inf, with_rounding(most))

    def _append(self, row: np.ndarray, lower: float, upper: float) -> None:
        self.rows.append(row)
        self.lower.append(lower)
        self.upper.append(upper)

    def _kept(self, group: Group) -> np.ndarray:
        """Combinations that matter.

        Where nothing on our side depends on how the counterpart operates, nor on the policies themselves, one is left out that
        costs it no more and asks no less of any limit than another.
        """
        if coupled(self.groups.problem.network) or self.groups.problem.leader_problem.policy_bounds.own:
            return np.arange(len(group.policy_indices))
        value = group.cost - group.loads["admin_cost"]
        asked = np.stack([group.loads[column] for column in LOADS], axis=1)
        # Of equals the one with fewest policies stays.
        closed = np.array([sum(1 for digit in policy_indices if digit) for policy_indices in group.policy_indices])
        kept: list[int] = []
        for place in np.lexsort((closed, asked.sum(axis=1), -value)):
            if not kept or not (asked[kept] <= asked[place]).all(axis=1).any():
                kept.append(int(place))
        return np.array(sorted(kept))

    def _gather(self, values: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.empty(0), *(value[kept] for value, kept in zip(values, self.kept, strict=True))])

    def add(self, cut: Cut, constant: float, faces: list[np.ndarray]) -> None:
        """Bound our advantage by a cut: theta - sum of (face - price admin) chosen <= what is left.

        A feasibility cut asks the same of no advantage at all: where it is negative, no plan keeps the limits.
        """
        remaining = self.groups.problem.fixed_policy.remaining(0.0)
        priced = np.flatnonzero(cut.prices)
        falls = cut.prices[:2].sum() * self.admin
        most = cut.constant + constant + float(remaining[priced] @ cut.prices[priced])
        share = 0.0 if cut.feasibility_cut else 1.0
        self._append(np.append(falls - self._gather(faces), share), -math.inf, most + (1.0 - share) * NO_PLAN_SHARE)

    def exclude(self, policy_indices: PolicyIndices) -> None:
        """Rule out a combination that was worked out."""
        row = np.zeros(self.width)
        row[self._places(policy_indices)] = 1.0
        self._append(row, -math.inf, len(self.kept) - 1.0)

    def _places(self, policy_indices: PolicyIndices) -> list[int]:
        places = []
        for start, kept, group in zip(self.starts, self.kept, self.groups.groups, strict=False):
            own = group.policy_indices.index(tuple(policy_indices[place] for place in group.places))
            places.append(int(start + np.searchsorted(kept, own)))
        return places

    def solve(self) -> tuple[PolicyIndices | None, float]:
        """Best combination as far as the cuts tell, and a proven upper bound on the leverage of all that are left."""
        integer = np.ones(self.width, dtype=bool)
        integer[-1] = False
        upper = np.append(np.ones(self.width - 1), self.ceiling)
        lower = np.append(np.zeros(self.width - 1), -math.inf)
        program = Program(
            self.cost,
            sparse.csc_matrix(np.array(self.rows).reshape(-1, self.width)),
            np.array(self.lower),
            np.array(self.upper),
            lower,
            upper,
            integer,
            self.offset,
        )
        solution, bound = solve_master(program, 0.25 * self.groups.gap, self.groups.stop)
        if solution is None:
            return None, bound
        policy_indices = [0] * len(self.groups.trials.sizes)
        for start, end, kept, group in zip(self.starts, self.starts[1:], self.kept, self.groups.groups, strict=False):
            chosen = kept[int(solution[start:end].argmax())]
            for place, digit in zip(group.places, group.policy_indices[chosen], strict=True):
                policy_indices[place] = digit
        return tuple(policy_indices), bound


def has_independent_components(network: Network) -> bool:
    """Whether there are several groups of regimes and each can be enumerated."""
    sizes = [math.prod(len(network.menu[regime]) for regime in regimes) for regimes in network.components()]
    return len(sizes) > 1 and max(sizes) <= MOST_IN_A_GROUP and sum(sizes) <= MOST_IN_ALL
