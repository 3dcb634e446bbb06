"""Rows of responses: bounds on V that add up over blocks of the counterpart's network (model.md section 6)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ...follower.enumerate import FollowerArrays, PolicyIndices
from ...solver.arrays import Program
from ...solver.highs import Highs

MOST_TOGETHER = 64
"""Combinations of policies up to which regimes that act on one pair form one block; beyond it each has a block of its own."""

NEGLIGIBLE = 1e-4
"""Weight of a combination in a mixture below which it is left out of the search for a row, not of the row."""


@dataclass(frozen=True)
class Row:
    """A bound on V of every part, for every combination k: ``V(k)[part] <= constants[part] + sum over its blocks of
    tables[block][place of k]``.

    Attributes
    ----------
    constants : array, shape (parts,)
        Cost of each part's core, in money.
    tables : list of array, shape (combinations of the block,)
        Least cost of every block under each of its combinations, in money.
    """

    constants: np.ndarray
    tables: list[np.ndarray]

    @cached_property
    def flat(self) -> np.ndarray:
        """All tables, one after another."""
        return np.concatenate([np.empty(0), *self.tables])


class Block:
    """The columns of a response that the policies of some regimes move, with the rows they stand in.

    Parameters
    ----------
    regimes : tuple of int
        The regimes, by number.
    sizes : tuple of int
        Policies of each of them.
    rows, columns : array of int
        The block's rows and columns, by their places in the response.
    matrix : scipy.sparse.csr_matrix, shape (rows, columns)
    cost : array, shape (columns,)
    bounds
        Lower and upper bounds of all columns of the response under policies of the regimes, by number.
    prices : array, shape (rows,)
        Price of a source in every row, in money per unit.
    part
        As the attribute.
    stop
        Asked during every solve, which then raises `Stopped`.

    Attributes
    ----------
    combinations : list of tuple of int
        Policies of the regimes by number; the last regime changes first.
    part
        Number of the part of the response it stands in.
    lower, upper : array, shape (combinations, columns)
        Bounds of the columns under every combination.
    """

    def __init__(
        self,
        regimes: PolicyIndices,
        sizes: PolicyIndices,
        rows: np.ndarray,
        columns: np.ndarray,
        matrix: sparse.csr_matrix,
        cost: np.ndarray,
        bounds: Callable[[dict[int, int]], tuple[np.ndarray, np.ndarray]],
        prices: np.ndarray,
        part: int = 0,
        stop: Callable[[], bool] | None = None,
    ):
        self.stop = stop
        self.part = part
        self.regimes, self.sizes = regimes, sizes
        self.rows, self.columns, self.prices = rows, columns, prices
        self.combinations = list(itertools.product(*map(range, sizes)))
        self.matrix, self.cost = matrix, cost
        under = [bounds(dict(zip(regimes, chosen, strict=True))) for chosen in self.combinations]
        self.lower, self.upper = (np.array([one[side][columns] for one in under]) for side in (0, 1))
        self._bases: list[Any] = [None] * len(self.combinations)

    @cached_property
    def supplied(self) -> sparse.csr_matrix:
        """The block's matrix with a source in every row, shape (rows, columns + rows)."""
        return sparse.csr_matrix(sparse.hstack([self.matrix, sparse.identity(self.rows.size)]))

    def place(self, policy_indices: PolicyIndices) -> int:
        """Place of the block's part of a combination of all regimes."""
        return int(np.ravel_multi_index([policy_indices[regime] for regime in self.regimes], self.sizes))

    @cached_property
    def _highs(self) -> Highs:
        count = self.rows.size
        program = Program(
            cost=np.append(self.cost, self.prices),
            matrix=sparse.csc_matrix(self.supplied),
            row_lower=np.zeros(count),
            row_upper=np.full(count, np.inf),
            column_lower=np.append(self.lower[0], np.zeros(count)),
            column_upper=np.append(self.upper[0], np.full(count, np.inf)),
            integer=np.zeros(self.columns.size + count, dtype=bool),
        )
        return Highs(program, stop=self.stop, presolve="off", solver="simplex")

    def most(self, columns: np.ndarray, needs: np.ndarray) -> float:
        """Cost of given columns, shape (columns,), what they lack of the needs, shape (rows,), bought from sources."""
        return float(self.cost @ columns + self.prices @ np.maximum(needs - self.matrix @ columns, 0.0))

    def table(self, needs: np.ndarray) -> np.ndarray:
        """Least cost of meeting needs under every combination, sources included.

        The cost is that of the columns the solver found, put within their bounds, what they lack bought from sources: what it
        is short of the optimum makes the bound weaker, not wrong.

        Parameters
        ----------
        needs : array, shape (rows,)

        Raises
        ------
        ArithmeticError
            When HiGHS finds no columns at all; sources alone meet any needs.
        """
        highs, width = self._highs, self.columns.size
        highs.set_rows(np.arange(self.rows.size), needs, np.full(self.rows.size, np.inf))
        costs = np.empty(len(self.combinations))
        for place, (lower, upper) in enumerate(zip(self.lower, self.upper, strict=True)):
            highs.set_bounds(np.arange(width), lower, upper)
            if self._bases[place] is not None:
                highs.set_basis(self._bases[place])
            outcome = highs.solve()
            if not outcome.settled:
                outcome = highs.solve_anew()
            if outcome.solution is None:
                raise ArithmeticError(f"the block of regimes {self.regimes} ended with {outcome.termination!r}")
            self._bases[place] = highs.get_basis()
            costs[place] = self.most(np.clip(outcome.solution[:width], lower, upper), needs)
        return costs


class Blocks:
    """The response as a core and a block for every regime, or for several that act on one pair.

    A block holds the columns whose bounds depend on its regimes' policies, and all that stand in no rows but those of the pairs
    that these columns serve or draw on. The rest is the core. Of any response the core may stay as it is and every block may be
    chosen anew, if it gives each row no less than before: together they are a response to any combination of policies, so
    that their costs bound V from above (`row`).

    Parameters
    ----------
    arrays
        The response.
    pairs : array of int, shape (rows,)
        Number of the pair that a row of the response belongs to.
    prices : array, shape (rows,)
        Price of a source in every row, in money per unit: so high that sources do not lower V (`Problem.sources`).
    stop
        Asked during every solve, which then raises `Stopped`.

    Attributes
    ----------
    parts
        Number of parts that share neither rows nor regimes: V is the sum of theirs, and each has rows of its own.

    Raises
    ------
    ValueError
        When a row has no source, or is no lower limit: then there is no bound of this kind.
    """

    def __init__(
        self,
        arrays: FollowerArrays,
        pairs: np.ndarray,
        prices: np.ndarray,
        stop: Callable[[], bool] | None = None,
    ):
        self.stop = stop
        program = arrays.program
        if not (np.isfinite(prices).all() and np.isinf(program.row_upper).all() and (program.column_lower == 0).all()):
            raise ValueError("rows of responses need lower limits with a source each, and columns from 0 on")
        self.arrays, self.prices = arrays, prices
        self.matrix = sparse.csr_matrix(program.matrix)
        self._part_of_row, self._part_of_column = _parts(arrays)
        self.parts = int(max(self._part_of_column.max(initial=0), self._part_of_row.max(initial=0))) + 1
        moved = [
            np.unique(np.concatenate([np.empty(0, int), *(gate for gate, _ in menu)])) for menu in arrays.policy_columns
        ]
        touched = [np.unique(pairs[program.matrix[:, columns].indices]) for columns in moved]
        self.blocks: list[Block] = []
        self.core = np.ones(program.cost.size, dtype=bool)
        stray = np.concatenate([np.empty(0, int), *moved])
        for regimes in _together(touched, arrays.menu_sizes):
            gated = np.concatenate([moved[regime] for regime in regimes])
            if not gated.size:
                continue
            rows, columns = of_block(self.matrix, pairs, gated, self.core, stray)
            self.core[columns] = False
            sizes = tuple(arrays.menu_sizes[regime] for regime in regimes)
            self.blocks.append(
                Block(
                    regimes,
                    sizes,
                    rows,
                    columns,
                    sparse.csr_matrix(self.matrix[rows][:, columns]),
                    program.cost[columns],
                    self._bounds,
                    prices[rows],
                    int(self._part_of_column[columns[0]]),
                    stop,
                )
            )
        if self.core[stray].any():
            raise ValueError("a column that a policy opens stands in no block")
        self.standing = np.zeros(self.matrix.shape[0])
        for block in self.blocks:
            if np.setdiff1d(program.matrix[:, block.columns].indices, block.rows).size:
                raise ValueError("a column of a block stands in a row outside it")
            self.standing[block.rows] += 1.0

    def _bounds(self, chosen: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of all columns under policies of some regimes."""
        upper = self.arrays.program.column_upper.copy()
        for regime, digit in chosen.items():
            for policy, (gate, capacity) in enumerate(self.arrays.policy_columns[regime]):
                upper[gate] = capacity if policy == digit else 0.0
        return np.zeros(upper.size), upper

    def row(self, solution: np.ndarray, policy_indices: PolicyIndices) -> Row:
        """Return the bound on V that a response gives; it is exact under the policies the response belongs to.

        With y its columns, every block must give each of its rows

        ``needs = what it gives in y - slack of the row / number of blocks in the row``,

        so that needs and what the core gives add up to the row's limit. The constant is the cost of the core, with what rows
        outside all blocks lack bought from sources; the tables are the blocks' least costs of meeting their needs.

        Parameters
        ----------
        solution : array, shape (columns,)
            Columns of a response.
        digits
            The policies it belongs to.
        """
        columns = np.clip(solution, 0.0, self.arrays.upper(policy_indices))
        row = self._row(columns)
        slack = self.matrix @ columns - self.arrays.program.row_lower
        for block, table in zip(self.blocks, row.tables, strict=True):
            own, here = columns[block.columns], block.place(policy_indices)
            table[here] = min(table[here], block.most(own, self._needs(block, columns, slack)))
        return row

    def _needs(self, block: Block, columns: np.ndarray, slack: np.ndarray) -> np.ndarray:
        """What a block must give each of its rows, shape (rows of the block,)."""
        return block.matrix @ columns[block.columns] - slack[block.rows] / self.standing[block.rows]

    def _row(self, columns: np.ndarray) -> Row:
        program = self.arrays.program
        slack = self.matrix @ columns - program.row_lower
        outside = self.standing == 0
        core = np.where(self.core, program.cost * columns, 0.0)
        bought = np.where(outside, self.prices * np.maximum(-slack, 0.0), 0.0)
        constants = np.bincount(self._part_of_column, core, self.parts)
        constants += np.bincount(self._part_of_row, bought, self.parts)
        constants[0] += program.offset
        return Row(constants, [block.table(self._needs(block, columns, slack)) for block in self.blocks])

    @property
    def apart(self) -> bool:
        """Whether no two blocks stand in a common row."""
        return bool(self.standing.max(initial=0.0) <= 1.0)

    def mix(self, weights: Sequence[np.ndarray]) -> tuple[Row, float]:
        """Return the row that is least at a mixture of combinations, and what it says there; blocks must be `apart`.

        One core for all policies at once:

        ``min over the core of its cost + sum over blocks b and combinations c of weights[b][c] * (least cost of b under c)``.

        Every core gives a row (`row`), so that the least of these is the most that rows can do at the mixture; under a single
        combination it is V.

        Parameters
        ----------
        weights : list of array, shape (combinations of the block,)
            Weights of every block's combinations, adding up to 1; those below `NEGLIGIBLE` are left out.
        """
        program, core, outside = self.arrays.program, np.flatnonzero(self.core), np.flatnonzero(self.standing == 0)
        across = self.matrix[:, core]
        costs, uppers = [program.cost[core]], [program.column_upper[core]]
        parts, given, lower = [], [across[outside]], [program.row_lower[outside]]
        for block, shares in zip(self.blocks, weights, strict=True):
            endless = np.full(block.rows.size, np.inf)
            for place in np.flatnonzero(shares > NEGLIGIBLE):
                costs.append(shares[place] * np.append(block.cost, block.prices))
                uppers.append(np.append(block.upper[place], endless))
                parts.append(block.supplied)
                given.append(across[block.rows])
                lower.append(program.row_lower[block.rows])
        copies = sparse.block_diag([sparse.csr_matrix((outside.size, 0)), *parts])
        cost, lowest = np.concatenate(costs), np.concatenate(lower)
        whole = Program(
            cost,
            sparse.csc_matrix(sparse.hstack([sparse.vstack(given), copies])),
            lowest,
            np.full(lowest.size, np.inf),
            np.zeros(cost.size),
            np.concatenate(uppers),
            np.zeros(cost.size, dtype=bool),
        )
        outcome = Highs(whole, stop=self.stop).solve()
        if outcome.solution is None:
            raise ArithmeticError(f"the response to a mixture ended with {outcome.termination!r}")
        columns = np.zeros(program.cost.size)
        columns[core] = np.clip(outcome.solution[: core.size], 0.0, program.column_upper[core])
        row = self._row(columns)
        return row, float(row.constants.sum()) + math.fsum(
            float(shares @ table) for shares, table in zip(weights, row.tables, strict=True)
        )

    def means(self, rows: Sequence[Row], weights: Sequence[np.ndarray]) -> np.ndarray:
        """What rows say of V of every part at a mixture of combinations, shape (parts,): the row that says least of each.

        Parameters
        ----------
        rows
            One at least.
        weights : list of array, shape (combinations of the block,)
            As of `mix`.
        """
        flat = np.concatenate([np.empty(0), *weights])
        part = np.repeat([block.part for block in self.blocks], [own.size for own in weights]).astype(int)
        said = [row.constants + np.bincount(part, flat * row.flat, self.parts) for row in rows]
        return np.asarray(np.min(said, axis=0))

    def values(self, row: Row, policy_indices: PolicyIndices) -> np.ndarray:
        """What a row says of V of every part under a combination, shape (parts,)."""
        places = self._places(np.array([policy_indices], dtype=int))
        return np.asarray((row.constants + row.flat[places] @ self._part_of_block)[0])

    def _places(self, combinations: np.ndarray) -> np.ndarray:
        """Place in `Row.flat` of every block's part of combinations of all regimes, shape (n, blocks)."""
        places = np.empty((len(combinations), len(self.blocks)), dtype=int)
        begin = 0
        for number, block in enumerate(self.blocks):
            places[:, number] = begin + np.ravel_multi_index(combinations[:, block.regimes].T, block.sizes)
            begin += len(block.combinations)
        return places

    @cached_property
    def _part_of_block(self) -> np.ndarray:
        """1 where a block is in a part, shape (blocks, parts)."""
        standing = np.zeros((len(self.blocks), self.parts))
        for number, block in enumerate(self.blocks):
            standing[number, block.part] = 1.0
        return standing

    def value(self, rows: Sequence[Row], combinations: np.ndarray) -> np.ndarray:
        """What rows say of V under combinations: of every part by the row that says least; inf without any.

        Parameters
        ----------
        combinations : array of int, shape (n, regimes)

        Returns
        -------
        array, shape (n,)
        """
        least = np.full((len(combinations), self.parts), np.inf)
        if rows:
            places = self._places(combinations)
            for row in rows:
                np.minimum(least, row.constants + row.flat[places] @ self._part_of_block, out=least)
        return np.asarray(least.sum(axis=1))


def of_block(
    matrix: sparse.csr_matrix, pairs: np.ndarray, gated: np.ndarray, core: np.ndarray, stray: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the block of given columns: all rows of the pairs they stand at, all that stands in no others.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix, shape (rows, columns)
        Of the response.
    pairs : array of int, shape (rows,)
        Number of the pair that a row belongs to.
    gated : array of int
        The columns that policies move.
    core : array of bool, shape (columns,)
        Columns that are in no block so far.
    stray : array of int
        Columns that policies of any regime move.
    """
    at_gated = np.diff(sparse.csc_matrix(matrix[:, gated]).tocsr().indptr) > 0
    within = np.isin(pairs, np.unique(pairs[at_gated]))
    free = core.copy()
    free[np.diff(sparse.csc_matrix(matrix).indptr) == 0] = False
    free[matrix[np.flatnonzero(~within)].indices] = False
    free[stray] = False
    free[gated] = True
    return np.flatnonzero(within), np.flatnonzero(free)


def _parts(arrays: FollowerArrays) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the parts that rows and columns of the response stand in: parts share neither rows nor regimes.

    What no regime acts on is of part 0, with something that one does.
    """
    from scipy.sparse.csgraph import connected_components

    rows, columns = arrays.program.matrix.shape
    gates = [np.concatenate([np.empty(0, int), *(gate for gate, _ in menu)]) for menu in arrays.policy_columns]
    # A regime ties together all that its lanes reach, like a row they stand in.
    regimes = np.repeat(np.arange(len(gates)), [gate.size for gate in gates])
    tied = np.concatenate([np.empty(0, int), *gates])
    ties = sparse.csr_matrix((np.ones(tied.size), (regimes, tied)), shape=(len(gates), columns))
    whole = sparse.vstack([arrays.program.matrix, ties], format="csr")
    links = sparse.bmat([[None, whole], [whole.T, None]], format="csr")
    _, label = connected_components(links, directed=False)
    acted = np.unique(label[rows + len(gates) + tied])
    number = np.zeros(label.max(initial=0) + 1, dtype=int)
    number[acted] = np.arange(acted.size)
    return number[label[:rows]], number[label[rows + len(gates) :]]


def _together(touched: Sequence[np.ndarray], sizes: PolicyIndices) -> list[PolicyIndices]:
    """Regimes by block: those that act on a common pair together, as long as their combinations are few."""
    groups: list[tuple[set[int], set[int]]] = []
    for regime, pairs in enumerate(touched):
        members, acted = {regime}, set(pairs.tolist())
        for group in [group for group in groups if group[1] & acted]:
            if math.prod(sizes[each] for each in members | group[0]) <= MOST_TOGETHER:
                groups.remove(group)
                members, acted = members | group[0], acted | group[1]
        groups.append((members, acted))
    return sorted(tuple(sorted(members)) for members, _ in groups)
