"""The master program over combinations of pieces (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sparse

from ...follower.enumerate import PolicyIndices
from ...plan.limits import LOADS, with_rounding
from ...plan.tolerances import NO_PLAN_SHARE
from ...solver.arrays import Program
from ...solver.highs import Highs
from ..prover import solve_master
from .tables import PieceTable

if TYPE_CHECKING:
    from .master import SubnetworkMaster


class PiecesProgram:
    """Policies as binaries, one combination per piece, V and our advantage as far as splits and cuts tell.

    Parameters
    ----------
    overlaps
        The search.
    chosen : list of array of int
        For every piece the combinations that it may take, by place.
    """

    def __init__(self, overlaps: SubnetworkMaster, chosen: Sequence[np.ndarray]):
        self.overlaps = o = overlaps
        problem, trials = o.problem, o.trials
        self.starts = np.cumsum([0, *trials.sizes])
        self.ends = self.starts[-1] + np.cumsum([0, *(places.size for places in chosen)])
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
        # Numbers of the rows that link a piece's combinations to policies, by place of the regime and policy.
        self.links: list[list[np.ndarray]] = []
        for piece, combinations, places, start in zip(o.pieces.pieces, o.combinations, chosen, self.ends, strict=False):
            policy_indices = combinations[places]
            if not piece.regimes:
                row(start + np.arange(places.size), np.ones(places.size), 1.0, 1.0)
            self.links.append([])
            for place, regime in enumerate(piece.regimes):
                self.links[-1].append(len(entries) + np.arange(trials.sizes[regime]))
                for digit in range(trials.sizes[regime]):
                    taking = start + np.flatnonzero(policy_indices[:, place] == digit)
                    row([*taking, self.starts[regime] + digit], [*np.ones(taking.size), -1.0], 0.0, 0.0)
        parts = np.arange(self.starts[-1], v)
        opened = problem.status_quo.response_cost
        base = o.pieces.program.offset - opened

        # Every table's row, and what its values are counted from.
        self.tabled: list[tuple[int, Sequence[PieceTable], list[float]]] = []

        def tabled(variable: int, table: Sequence[PieceTable], low: float, high: float) -> None:
            """variable - sum of the chosen combinations' values within bounds, values counted from the first of a piece."""
            values = [part.values[places] for part, places in zip(table, chosen, strict=True)]
            first = [float(part[0]) if part.size else 0.0 for part in values]
            moved = np.concatenate([np.empty(0), *(part - one for part, one in zip(values, first, strict=True))])
            shift = base + math.fsum(first)
            self.tabled.append((len(entries), table, first))
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
        # Ruling out bounds no relaxation, and could leave none of a few combinations.
        self.relaxed_rows = len(entries)
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

    def relax(self) -> tuple[float, list[np.ndarray], list[np.ndarray]] | None:
        """Solve the relaxation; None where it has no solution.

        Returns
        -------
        float
            Its optimum, as a leverage.
        list of array, shape (combinations chosen,)
            Share of every piece's combinations.
        list of array, shape (combinations left,)
            What each could add to the optimum at its dual prices: with the greatest of every piece added, the optimum bounds the
            relaxation over all that are left, for of each piece one is taken.
        """
        whole = self.program.relaxed()
        kept = slice(0, self.relaxed_rows)
        whole.matrix, whole.row_lower, whole.row_upper = (
            sparse.csc_matrix(sparse.csr_matrix(whole.matrix)[kept]),
            whole.row_lower[kept],
            whole.row_upper[kept],
        )
        highs = Highs(whole, solver="simplex")
        outcome = highs.solve()
        if outcome.infeasible:
            return None
        if not outcome.optimal or outcome.objective is None or outcome.solution is None:
            raise ArithmeticError(f"the relaxed master program ended with {outcome.termination!r}")
        prices = highs.row_duals()
        profits = []
        for number, combinations in enumerate(self.overlaps.combinations):
            profit = np.zeros(len(combinations))
            for place, rows in enumerate(self.links[number]):
                profit += prices[rows][combinations[:, place]]
            for row, table, first in self.tabled:
                if prices[row] and self.links[number]:
                    profit -= prices[row] * (table[number].values - first[number])
            profits.append(profit)
        levels = np.split(outcome.solution, self.ends)[1:-1]
        return -outcome.objective, levels, profits

    def solve(self) -> tuple[PolicyIndices | None, float]:
        """Best combination as far as is known, and a proven upper bound on the leverage of all that are left."""
        solution, bound = solve_master(self.program, 0.25 * self.overlaps.gap, self.overlaps.stop)
        if solution is None:
            return None, bound
        levels = zip(self.starts, self.starts[1:], strict=False)
        return tuple(int(solution[start:end].argmax()) for start, end in levels), bound
