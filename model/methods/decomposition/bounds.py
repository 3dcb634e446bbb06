"""Bounds on the response that add up over pieces: resources shared out, or priced (model.md section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...follower.enumerate import PolicyIndices
from ...solver.arrays import Program
from ...solver.highs import Highs
from .subnetworks import EXACT, Subnetworks, optimum


class SharedBound:
    """One way to share resources out among pieces, or one set of prices for them.

    With shares, the pieces' least costs add up to no less than the response's; with prices, to no more. Both are told apart by the
    policy of the regime that acts on the pair (`Subnetwork.owner`), which all holders know.

    Parameters
    ----------
    pieces
        The pieces.
    cost : array, shape (columns,)
        What the response minimises.
    policy_indices
        Combination at which the pieces add up to the response.
    above
        Shares, for a bound from above; else prices, for one from below.
    """

    def __init__(self, pieces: Subnetworks, cost: np.ndarray, policy_indices: PolicyIndices, *, above: bool):
        self.pieces = pieces
        self.cost = cost
        self.above = above
        most = max(pieces.sizes, default=1)
        self.terms = [np.zeros((most, piece.owner.size)) for piece in pieces.pieces]
        here = pieces.whole(cost, policy_indices, not above)
        self._keep(here, -1, 0)
        for regime in pieces.owners:
            for digit in range(pieces.sizes[regime]):
                flipped = (*policy_indices[:regime], digit, *policy_indices[regime + 1 :])
                self._keep(
                    here if digit == policy_indices[regime] else pieces.whole(cost, flipped, not above), regime, digit
                )

    def _keep(self, answer: tuple[float, list[np.ndarray], np.ndarray], regime: int, digit: int) -> None:
        """Take shares or prices of what a regime acts on from the pieces solved together."""
        pieces = self.pieces
        _, solutions, prices = answer
        shares = self._shares(solutions) if self.above else None
        for place, piece in enumerate(pieces.pieces):
            mine = np.flatnonzero((piece.held >= 0) & (piece.owner == regime))
            held = piece.held[mine]
            if shares is None:
                self.terms[place][digit, mine] = np.where(pieces.given[held], prices[held], -prices[held])
            else:
                self.terms[place][digit, mine] = shares[place][mine]

    def _shares(self, solutions: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What every piece draws, and of what is left the more the more it draws in all."""
        pieces = self.pieces
        used, drawn = np.zeros(pieces.resources.size), np.zeros(pieces.resources.size)
        weights = []
        for piece, solution in zip(pieces.pieces, solutions, strict=True):
            drawing = piece.held >= 0
            taken = np.maximum(solution[drawing], 0.0)
            np.add.at(used, piece.held[drawing], taken)
            weights.append(taken.sum() + 1e-6)
            np.add.at(drawn, piece.held[drawing], weights[-1])
        # Rounding may have used a hair more than there is.
        scale = np.minimum(1.0, pieces.resources / np.maximum(used, 1e-12))
        left = pieces.resources - used * scale
        return (
            [
                np.where(
                    piece.held >= 0,
                    np.maximum(solution, 0.0) * scale[piece.held] + left[piece.held] * weight / drawn[piece.held],
                    0.0,
                )
                for piece, solution, weight in zip(pieces.pieces, solutions, weights, strict=True)
            ]
            if pieces.resources.size
            else [np.zeros(piece.owner.size) for piece in pieces.pieces]
        )

    def table(
        self, combinations: Sequence[Sequence[PolicyIndices]], stop: Callable[[], bool]
    ) -> list[np.ndarray] | None:
        """Every piece's part of the bound, by combination of its regimes; the response's offset is not in it.

        Parameters
        ----------
        combinations
            For every piece those asked for.
        stop
            Asked now and then; None is returned once it returns True.
        """
        values = []
        for number, (piece, asked) in enumerate(zip(self.pieces.pieces, combinations, strict=True)):
            solver = PieceSolver(self, number)
            costs = np.empty(len(asked))
            for place, own in enumerate(asked):
                if stop():
                    return None
                costs[place], _ = solver.solve(dict(zip(piece.regimes, own, strict=True)))
            values.append(costs)
        return values


class PieceSolver:
    """One piece, solved for one combination after another, basis kept.

    Parameters
    ----------
    split
        How resources are shared out or priced.
    number
        The piece's.

    Attributes
    ----------
    terms : array, shape (policies, columns)
        Shares or prices of the piece's columns, by policy of their owner.
    base : array, shape (columns,)
        What the columns cost, without prices.
    capped, asked : array of bool, shape (columns,)
        Columns that shares bound from above, and from below.
    first : array of bool, shape (columns,)
        Columns whose resource no piece before this one holds: what it is worth is given back once.
    """

    def __init__(self, split: SharedBound, number: int):
        self.pieces, self.piece = split.pieces, split.pieces.pieces[number]
        self.above, self.terms = split.above, split.terms[number]
        piece = self.piece
        self.base = self.pieces.cost(piece, split.cost)
        self.columns = np.arange(self.base.size)
        held = piece.held >= 0
        self.asked = held & np.isin(self.columns - piece.columns.size, np.flatnonzero(~piece.given))
        self.capped = held & ~self.asked & (piece.part_of < 0)
        before = [other.held for other in split.pieces.pieces[:number]]
        self.first = held & ~np.isin(piece.held, np.concatenate([np.empty(0, dtype=int), *before]))
        self._highs: Highs | None = None
        self.lower = self.upper = self.cost = np.empty(0)

    def _all_policies(self, own: Mapping[int, int]) -> list[int]:
        return [own.get(regime, 0) for regime in range(len(self.pieces.sizes))]

    def _terms(self, policy_indices: Sequence[int]) -> np.ndarray:
        return np.asarray(self.terms[np.array([*policy_indices, 0])[self.piece.owner], self.columns])

    def bounds(self, own: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of the columns under policies of the piece's regimes."""
        policy_indices = self._all_policies(own)
        terms = self._terms(policy_indices)
        lower, upper = np.zeros(self.base.size), self.pieces.upper(self.piece, policy_indices, not self.above)
        if self.above:
            upper = np.where(self.capped, np.minimum(upper, terms), upper)
            lower[self.asked] = terms[self.asked]
            upper[self.asked] = np.maximum(upper, terms)[self.asked]
        return lower, upper

    def solve(self, own: Mapping[int, int]) -> tuple[float, np.ndarray]:
        """Least cost under the policies of the piece's regimes, and its columns."""
        piece, policy_indices = self.piece, self._all_policies(own)
        lower, upper = self.bounds(own)
        cost, refund = self.base, 0.0
        if not self.above:
            terms = self._terms(policy_indices)
            cost = self.base + terms
            refund = self._refund(terms, upper, policy_indices)
        if self._highs is None:
            program = Program(
                cost,
                piece.matrix,
                piece.row_lower,
                np.full(piece.row_lower.size, np.inf),
                lower,
                upper,
                np.zeros(cost.size, dtype=bool),
            )
            self._highs = Highs(program, presolve="off", solver="simplex", **EXACT)
        else:
            moved = np.flatnonzero((lower != self.lower) | (upper != self.upper))
            self._highs.set_bounds(moved, lower[moved], upper[moved])
            dearer = np.flatnonzero(cost != self.cost)
            if dearer.size:
                self._highs.set_costs(dearer, cost[dearer])
        self.lower, self.upper, self.cost = lower, upper, cost
        value, solution = optimum(self._highs)
        return value - refund, solution

    def prices(self) -> np.ndarray:
        """Dual prices of the piece's rows where it was solved last, shape (rows,)."""
        assert self._highs is not None
        return np.maximum(self._highs.row_duals(), 0.0)

    def _refund(self, prices: np.ndarray, upper: np.ndarray, policy_indices: Sequence[int]) -> float:
        """Most that the resources can be worth at their prices; a dispatch what its arrivals are, less its cost."""
        piece = self.piece
        whole = self.first & (piece.part_of < 0)
        parts = np.flatnonzero(self.first & (piece.part_of >= 0))
        worth = np.bincount(piece.part_of[parts], weights=prices[parts], minlength=upper.size) - self.base
        dispatched = self.pieces.upper(piece, policy_indices, apart=False)
        earning = np.zeros(upper.size, dtype=bool)
        earning[piece.part_of[parts]] = True
        earning &= (worth > 0) & (dispatched > 0)
        return float(prices[whole] @ upper[whole] + worth[earning] @ dispatched[earning])
