"""What a piece costs under every combination of its regimes: known where it was worked out, bounded everywhere else."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse

from ..rows.blocks import Block, of_block
from .bounds import PieceSolver, SharedBound

NOTHING = 1e-8
"""Reduced cost of a column without upper bound that is rounding: the solver's tolerance is a tenth of it."""


class PieceTable:
    """A piece's part of a bound, by combination of its regimes.

    A piece that is worked out under one combination bounds its cost under all others. From above: what does not depend on
    policies stays as it is, and what does is chosen anew, regime by regime, with sources for what it lacks (as of
    `rows.blocks.Blocks`). From below: the dual of the piece, whose value falls by what each column can earn under the policies of
    others. Both add up over regimes, so that one solve moves the whole table.

    Parameters
    ----------
    split
        How resources are shared out, for a bound from above, or priced, for one from below.
    number
        The piece's.
    combinations
        How many there are.
    stop
        Asked during solves of blocks.

    Attributes
    ----------
    values : array, shape (combinations,)
        Bound on the piece's cost, in money.
    exact : array of bool, shape (combinations,)
        Where it is the cost itself.
    separable
        Whether bounds of every column depend on one regime's policy: else nothing is known of other combinations.
    """

    def __init__(self, split: SharedBound, number: int, combinations: int, stop: Callable[[], bool] = lambda: False):
        self.above = split.above
        self.stop = stop
        self._solver = PieceSolver(split, number)
        self.piece, self._pieces = self._solver.piece, split.pieces
        self.values = np.full(combinations, math.inf if self.above else -math.inf)
        self.exact = np.zeros(combinations, dtype=bool)
        piece, pieces = self.piece, self._pieces
        width = self._solver.base.size
        self._gate, self._policy = np.full(width, -1), np.full(width, -1)
        first = np.arange(piece.columns.size)
        for own, whole in ((self._gate, pieces.regime), (self._policy, pieces.policy)):
            own[first] = whole[piece.columns]
            own[piece.parts] = own[piece.part_of[piece.parts]]
        self._owner = np.where(piece.held >= 0, piece.owner, -1)
        self.separable = not ((self._gate >= 0) & (self._owner >= 0) & (self._gate != self._owner)).any()
        if self.above and self.separable:
            self._make_blocks()

    def _make_blocks(self) -> None:
        piece, solver, sizes = self.piece, self._solver, self._pieces.sizes
        self._matrix = sparse.csr_matrix(piece.matrix)
        self._core = np.ones(solver.base.size, dtype=bool)
        self._standing = np.zeros(piece.row_lower.size)
        stray = np.flatnonzero((self._gate >= 0) | (self._owner >= 0))
        self._blocks: list[Block] = []
        for regime in piece.regimes:
            moved = np.flatnonzero((self._gate == regime) | (self._owner == regime))
            rows, columns = of_block(self._matrix, piece.pair_of_row, moved, self._core, stray)
            self._core[columns] = False
            self._standing[rows] += 1.0
            self._blocks.append(
                Block(
                    (regime,),
                    (sizes[regime],),
                    rows,
                    columns,
                    sparse.csr_matrix(self._matrix[rows][:, columns]),
                    solver.base[columns],
                    solver.bounds,
                    piece.worth[rows],
                    stop=self.stop,
                )
            )

    def work_out(self, place: int, combinations: np.ndarray) -> None:
        """Work out one combination, and what it tells of all others.

        Parameters
        ----------
        place
            The combination's.
        combinations : array of int, shape (combinations, regimes of the piece)
        """
        if self.exact[place]:
            return
        own = dict(zip(self.piece.regimes, combinations[place].tolist(), strict=True))
        value, solution = self._solver.solve(own)
        if self.separable:
            constant, moved = self._row(solution, own) if self.above else self._cut()
            others = constant + sum(
                (table[combinations[:, at]] for at, table in enumerate(moved)), np.zeros(len(combinations))
            )
            tighter = np.minimum if self.above else np.maximum
            tighter(self.values, others, out=self.values, where=~self.exact)
        self.values[place], self.exact[place] = value, True

    def keep(self, kept: np.ndarray) -> None:
        """Keep some of the combinations, told by an array of bool, and forget the others."""
        self.values, self.exact = self.values[kept], self.exact[kept]

    def _row(self, solution: np.ndarray, own: dict[int, int]) -> tuple[float, list[np.ndarray]]:
        """Cost of all that no policy moves, and for every regime the least cost of its block by policy."""
        solver, piece = self._solver, self.piece
        columns = np.clip(solution, *solver.bounds(own))
        slack = self._matrix @ columns - piece.row_lower
        outside = self._standing == 0
        constant = float(solver.base[self._core] @ columns[self._core])
        constant += float(piece.worth[outside] @ np.maximum(-slack[outside], 0.0))
        tables = []
        for block in self._blocks:
            mine = columns[block.columns]
            tables.append(block.table(block.matrix @ mine - slack[block.rows] / self._standing[block.rows]))
        return constant, tables

    def _cut(self) -> tuple[float, list[np.ndarray]]:
        """The dual where the piece was solved last: its constant, and for every regime what its columns lower it by, by policy.

        A column of reduced cost d < 0 lowers it by d times its upper bound, where a policy opens it. What resources are worth at
        their prices is given back, as it is where a piece is solved.
        """
        solver, piece, pieces = self._solver, self.piece, self._pieces
        prices = solver.prices()
        program, first = pieces.program, piece.columns.size
        capacity = np.concatenate([program.column_upper[piece.columns], np.abs(program.row_lower[piece.rows])])
        dispatched = np.append(capacity, np.zeros(piece.parts.size))
        upper = np.append(capacity, program.column_upper[piece.columns[piece.part_of[piece.parts]]])
        upper[piece.tied] = 0.0
        reduced = solver.base + solver.terms - piece.matrix.T @ prices
        reduced[(reduced > -NOTHING) & np.isinf(upper)] = 0.0
        earned = np.zeros_like(reduced)
        np.multiply(reduced, upper, out=earned, where=reduced < 0.0)
        whole = np.flatnonzero(solver.first & (piece.part_of < 0))
        earned[:, whole] -= solver.terms[:, whole] * upper[whole]
        parts = np.flatnonzero(solver.first & (piece.part_of >= 0))
        worth = np.zeros_like(reduced)
        np.add.at(worth.T, piece.part_of[parts], solver.terms[:, parts].T)
        earning = np.unique(piece.part_of[parts])
        assert (earning < first).all()
        gain = worth[:, earning] - solver.base[earning]
        earned[:, earning] -= np.multiply(gain, dispatched[earning], out=np.zeros_like(gain), where=gain > 0.0)
        tables = []
        for regime in piece.regimes:
            policies = np.arange(pieces.sizes[regime])
            open_to = (self._gate < 0) | ((self._gate == regime) & (self._policy == policies[:, None]))
            mine = open_to & ((self._gate == regime) | (self._owner == regime))
            tables.append(np.where(mine, earned[: policies.size], 0.0).sum(axis=1))
        free = (self._gate < 0) & (self._owner < 0)
        return float(prices @ piece.row_lower) + float(earned[0, free].sum()), tables
