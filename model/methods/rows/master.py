"""The master program over rows of responses and cuts of our side (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from ...follower.enumerate import PolicyIndices
from ...leader.cuts import SpaceCut
from ...leader.fixed_policy import face_of
from ...leader.problem import Problem
from ...plan.limits import LOADS, with_rounding, within
from ...plan.tolerances import FACE_ABSOLUTE, FACE_RELATIVE, NO_PLAN_SHARE, leverage_tie
from ...solver.arrays import Program
from ...solver.highs import Highs
from ..local_search import LocalSearch
from ..prover import solve_master
from .blocks import Blocks, Row

MOST_PAIRED = 150
"""Policies of all regimes up to which two are changed at once where the best combination near another is looked for."""


@dataclass(frozen=True)
class Mixture:
    """A point of the master program's relaxation.

    Attributes
    ----------
    chosen : dict of (regime, policy) to float
        Weight of every policy.
    weights : list of array, shape (combinations of the block,)
        Weights of every block's combinations.
    admin
        Admin costs.
    cost
        V there, as far as rows tell.
    bound
        Proven upper bound on the leverage of all combinations that are left.
    """

    chosen: dict[tuple[str, str], float]
    weights: list[np.ndarray]
    admin: float
    cost: float
    bound: float


class Master:
    """Maximise leverage over policies as binaries.

    Columns are ``policy[g,p]``, ``joint[b,c]`` for every combination of a block of several regimes, ``V[part]`` and
    ``advantage``.

    Parameters
    ----------
    problem
        The case, ready to solve.
    blocks
        Blocks that the rows add up over.
    trials
        Loads of the policies and the limits on them.

    Attributes
    ----------
    ceiling
        Most that our advantage can be under any policies.
    rows, cuts, ruled_out
        What was added.
    """

    def __init__(self, problem: Problem, blocks: Blocks, trials: LocalSearch):
        self.problem, self.blocks, self.trials = problem, blocks, trials
        self.starts = np.cumsum([0, *trials.sizes])
        self.policies = int(self.starts[-1])
        self.keys = [(regime, policy) for regime, menu in problem.network.menu.items() for policy in menu]
        self.loads = {column: np.array([load for loads in trials.loads[column] for load in loads]) for column in LOADS}
        # Where a block's table stands: with its regime's policies, or in columns of its own.
        self.places, width = [], self.policies
        for block in blocks.blocks:
            count = len(block.combinations)
            alone = len(block.regimes) == 1
            start = int(self.starts[block.regimes[0]]) if alone else width
            self.places.append(np.arange(start, start + count))
            width += 0 if alone else count
        self.cost_columns, self.own_column = np.arange(width, width + blocks.parts), width + blocks.parts
        self.width = width + blocks.parts + 1
        self.entries: list[tuple[np.ndarray, np.ndarray]] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.ceiling = math.inf
        self.rows: list[Row] = []
        self.cuts: list[SpaceCut] = []
        self._rents: list[np.ndarray] = []
        self.ruled_out: set[PolicyIndices] = set()
        for start, end in zip(self.starts, self.starts[1:], strict=False):
            self._append(np.arange(start, end), np.ones(end - start), 1.0, 1.0)
        for column, most in trials.most.items():
            if math.isfinite(most):
                self._append(np.arange(self.policies), self.loads[column], -math.inf, with_rounding(most))
        for block, places in zip(blocks.blocks, self.places, strict=True):
            if len(block.regimes) > 1:
                self._link(block.regimes, block.combinations, places)

    def _link(self, regimes: PolicyIndices, combinations: list[PolicyIndices], places: np.ndarray) -> None:
        """policy[g,p] == sum of joint[b,c] over the combinations c of block b that give regime g policy p."""
        for at, regime in enumerate(regimes):
            for policy in range(self.trials.sizes[regime]):
                taking = places[[policy_indices[at] == policy for policy_indices in combinations]]
                columns = np.append(taking, self.starts[regime] + policy)
                self._append(columns, np.append(np.ones(taking.size), -1.0), 0.0, 0.0)

    def _append(self, columns: np.ndarray, values: np.ndarray, lower: float, upper: float) -> None:
        self.entries.append((columns, values))
        self.lower.append(lower)
        self.upper.append(upper)

    def add_row(self, row: Row) -> None:
        """V[part] <= constant + sum over its blocks of the table's entry for the policies chosen."""
        self.rows.append(row)
        for part, constant in enumerate(row.constants):
            own = [number for number, block in enumerate(self.blocks.blocks) if block.part == part]
            columns = np.concatenate([self.cost_columns[[part]], *(self.places[number] for number in own)])
            values = np.concatenate([[1.0], *(-row.tables[number] for number in own)])
            self._append(columns, values, -math.inf, constant)

    def add_cut(self, cut: SpaceCut) -> None:
        """Advantage <= constant + waste face(V) + sum of rents of the policies chosen + prices @ rooms.

        A feasibility cut asks the same of no advantage at all: where its right-hand side is negative, no plan keeps the limits.
        """
        self.cuts.append(cut)
        share = 0.0 if cut.feasibility_cut else 1.0
        self._rents.append(np.array([cut.rents[key] for key in self.keys]))
        # Every room shrinks as admin costs grow.
        rents = self._rents[-1] - cut.prices[:2].sum() * self.loads["admin_cost"]
        self._append(
            np.concatenate([np.arange(self.policies), self.cost_columns, [self.own_column]]),
            np.concatenate([-rents, np.full(self.blocks.parts, -cut.waste * (1.0 + FACE_RELATIVE)), [share]]),
            -math.inf,
            cut.constant
            + cut.waste * (FACE_ABSOLUTE - FACE_RELATIVE * self.problem.network.usable.unavoidable)
            + float(cut.value_of_remaining(self.problem.fixed_policy.remaining(0.0)))
            + (1.0 - share) * NO_PLAN_SHARE,
        )

    def rule_out(self, policy_indices: PolicyIndices) -> None:
        """Rule out a combination that was worked out."""
        self.ruled_out.add(policy_indices)
        columns = self.starts[:-1] + np.array(policy_indices, dtype=int)
        self._append(columns, np.ones(columns.size), -math.inf, columns.size - 1.0)

    def cost_at(self, levels: np.ndarray) -> float:
        """What rows say of V where policies have weights, regimes apart from each other.

        Parameters
        ----------
        levels : array, shape (policies,)
            Weights of every regime's policies, adding up to 1.
        """
        weights = []
        for block in self.blocks.blocks:
            places = self.starts[list(block.regimes)] + np.array(block.combinations, dtype=int)
            weights.append(levels[places].prod(axis=1))
        return float(self.blocks.means(self.rows, weights).sum())

    def most(self, policy_indices: PolicyIndices) -> float:
        """What rows and cuts say of the leverage under a combination: an upper bound, had without a solve."""
        return float(self.mosts(np.array([policy_indices], dtype=int))[0])

    def mosts(self, combinations: np.ndarray) -> np.ndarray:
        """As `most`, of combinations at once, shape (n,).

        Parameters
        ----------
        combinations : array of int, shape (n, regimes)
        """
        policies = self.starts[:-1] + combinations
        admin = self.loads["admin_cost"][policies].sum(axis=1)
        remaining = self.problem.fixed_policy.remaining(admin)
        cost = self.blocks.value(self.rows, combinations)
        face = face_of(self.problem.network, cost, wide=True)
        own = np.full(len(combinations), self.ceiling)
        for cut, rents in zip(self.cuts, self._rents, strict=True):
            worth = cut.constant + rents[policies].sum(axis=1) + cut.value_of_remaining(remaining)
            if cut.waste:
                worth += cut.waste * face
            if cut.feasibility_cut:
                own[worth < -NO_PLAN_SHARE] = -math.inf
            else:
                np.minimum(own, worth, out=own)
        return np.where(own == -math.inf, -math.inf, self.problem.constant(cost, admin) + own)

    def near(self, policy_indices: PolicyIndices) -> PolicyIndices | None:
        """Of the combinations that differ in one regime or two the best as far as rows tell, ruled out ones aside.

        None where there is none, or where some block has several regimes.
        """
        if any(len(block.regimes) > 1 for block in self.blocks.blocks):
            return None
        tables, part = np.zeros((len(self.rows), self.policies)), np.zeros(self.policies, dtype=int)
        for block, places in zip(self.blocks.blocks, self.places, strict=True):
            part[places] = block.part
        for number, row in enumerate(self.rows):
            for places, table in zip(self.places, row.tables, strict=True):
                tables[number, places] = table
        regime = np.repeat(np.arange(len(policy_indices)), self.trials.sizes)
        here = self.starts[:-1] + np.array(policy_indices, dtype=int)
        base = np.array([self.blocks.values(row, policy_indices) for row in self.rows])
        moved = tables - tables[:, here][:, regime]
        loads = {column: load - load[here][regime] for column, load in self.loads.items()}
        remaining_here = {
            column: with_rounding(most) - float(self.loads[column][here].sum())
            for column, most in self.trials.most.items()
            if math.isfinite(most)
        }
        values = np.full((self.policies, self.policies), -math.inf)
        for first in range(self.policies):
            at_first = base.copy()
            at_first[:, part[first]] += moved[:, first]
            least = at_first.min(axis=0)
            value = least.sum() - least[part] + (at_first[:, part] + moved).min(axis=0)
            value -= loads["admin_cost"][first] + loads["admin_cost"]
            # Each pair is looked at once; one with a policy that is chosen already is a single change.
            kept = regime > regime[first]
            for column, most in remaining_here.items():
                kept &= loads[column][first] + loads[column] <= most
            values[first, kept] = value[kept]
        for place in np.argsort(-values, axis=None, kind="stable")[: len(self.ruled_out) + self.policies]:
            pair = np.unravel_index(place, values.shape)
            if values[pair] == -math.inf:
                return None
            changed = list(policy_indices)
            for policy in pair:
                changed[regime[policy]] = int(policy - self.starts[regime[policy]])
            if tuple(changed) not in self.ruled_out and tuple(changed) != policy_indices:
                return tuple(changed)
        return None

    def climb(self, policy_indices: PolicyIndices) -> tuple[PolicyIndices | None, float]:
        """From a combination change one regime or two as long as rows and cuts think better of it.

        Parameters
        ----------
        policy_indices
            Where to begin.

        Returns
        -------
        PolicyIndices or None
            The best found that is not ruled out and keeps the limits; None where there is none near.
        float
            What rows and cuts say of it.
        """
        here, best, most = np.array(policy_indices, dtype=int), None, -math.inf
        while True:
            near = self._changed(here)
            said = self.mosts(near)
            for place in np.argsort(-said, kind="stable").tolist():
                found = tuple(near[place].tolist())
                if found not in self.ruled_out:
                    break
            else:
                return best, most
            if said[place] == -math.inf or (best is not None and said[place] <= most + leverage_tie(most)):
                return best, most
            here, best, most = near[place], found, float(said[place])

    def _changed(self, here: np.ndarray) -> np.ndarray:
        """Combinations that differ in one regime or two and keep the limits, shape (n, regimes)."""
        regime = np.repeat(np.arange(here.size), self.trials.sizes)
        policy = np.arange(self.policies) - self.starts[regime]
        flips = np.arange(self.policies)
        pairs = (
            np.array(np.triu_indices(self.policies, 1)) if self.policies <= MOST_PAIRED else np.array([flips, flips])
        )
        pairs = pairs[:, (regime[pairs[0]] != regime[pairs[1]]) | (pairs[0] == pairs[1])]
        changed = np.repeat(here[None, :], pairs.shape[1], axis=0)
        for one in pairs:
            changed[np.arange(one.size), regime[one]] = policy[one]
        kept = np.ones(len(changed), dtype=bool)
        for column, limit in self.trials.most.items():
            if math.isfinite(limit):
                kept &= within(self.loads[column][self.starts[:-1] + changed].sum(axis=1), limit)
        return np.unique(changed[kept], axis=0)

    def program(self) -> Program:
        """Minimise admin costs of the policies chosen - V - advantage; the constant makes the objective minus the leverage."""
        cost = np.zeros(self.width)
        cost[: self.policies] = self.loads["admin_cost"]
        cost[self.cost_columns] = cost[self.own_column] = -1.0
        integer = np.zeros(self.width, dtype=bool)
        integer[: self.policies] = True
        lower = np.zeros(self.width)
        lower[self.cost_columns] = lower[self.own_column] = -math.inf
        upper = np.ones(self.width)
        upper[self.cost_columns], upper[self.own_column] = math.inf, self.ceiling
        heights = np.repeat(np.arange(len(self.entries)), [columns.size for columns, _ in self.entries])
        columns, values = (np.concatenate([entry[side] for entry in self.entries]) for side in (0, 1))
        matrix = sparse.csc_matrix((values, (heights, columns)), shape=(len(self.entries), self.width))
        offset = -self.problem.constant(0.0, 0.0)
        return Program(
            cost,
            matrix,
            np.array(self.lower),
            np.array(self.upper),
            lower,
            upper,
            integer,
            offset,
        )

    def relax(self) -> Mixture | None:
        """Optimum of the relaxation; None where it has none: no combination is left."""
        outcome = Highs(self.program().relaxed(), stop=self.problem.stop, solver="simplex").solve()
        if outcome.infeasible:
            return None
        if not outcome.optimal or outcome.solution is None or outcome.objective is None:
            raise ArithmeticError(f"the relaxed master program ended with {outcome.termination!r}")
        levels = np.clip(outcome.solution, 0.0, 1.0)
        return Mixture(
            dict(zip(self.keys, levels[: self.policies].tolist(), strict=True)),
            [levels[places] for places in self.places],
            float(self.loads["admin_cost"] @ levels[: self.policies]),
            float(outcome.solution[self.cost_columns].sum()),
            -outcome.objective,
        )

    def solve(self, gap: float, stop: Callable[[], bool]) -> tuple[PolicyIndices | None, float]:
        """Best combination as far as is known, and a proven upper bound on the leverage of all that are left.

        Parameters
        ----------
        gap
            Relative gap at which to stop.
        stop
            Asked now and then.
        """
        solution, bound = solve_master(self.program(), gap, stop)
        if solution is None:
            return None, bound
        spans = zip(self.starts, self.starts[1:], strict=False)
        return tuple(int(solution[start:end].argmax()) for start, end in spans), bound
