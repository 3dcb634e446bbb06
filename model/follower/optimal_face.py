"""What bases of the response say of other costs, limits and quantities (model.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sparse

from ..plan.tolerances import BASIS_FEASIBLE

if TYPE_CHECKING:
    from .coded import Coded
    from .enumerate import FollowerArrays


MOST_BASES = 3
"""Bases of a combination that are kept."""

HOPE, PROBED = 0.25, 8
"""Share of the bases tried lately that must have been optimal for each to be tried; else one in so many is."""


@dataclass(frozen=True)
class Basis:
    """An optimal basis of the response under one combination of policies.

    Attributes
    ----------
    basic : array of int32, shape (rows,)
        Basic columns, slacks counted from the number of columns on.
    high : array of uint8
        Whether each column is at its capacity without being basic, as bits.
    """

    basic: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, basic: np.ndarray, solution: np.ndarray) -> Basis:
        """Return a basis from its columns and its solution."""
        high = solution > 0
        high[basic[basic < solution.size]] = False
        return cls(basic.astype(np.int32), np.packbits(high))


@dataclass(frozen=True)
class Optimum:
    """A response that a basis has proven to be optimal.

    Attributes
    ----------
    cost
        The least cost.
    solution : array, shape (columns,)
    reduced : array, shape (columns,)
        Reduced costs; inf where the policies leave no response the column.
    """

    cost: float
    solution: np.ndarray
    reduced: np.ndarray


class Bases:
    """Tries bases on the response as it is now.

    Parameters
    ----------
    arrays
        The compiled response; its columns are never negative.
    cost : array, shape (columns,)
        What the response minimises.
    """

    def __init__(self, arrays: FollowerArrays, cost: np.ndarray):
        program = arrays.program
        rows = program.row_lower.size
        self.arrays = arrays
        self.cost = cost
        # A row and its slack, which costs nothing, add up to 0.
        self._columns = with_slacks(program.matrix)
        self._costs = np.concatenate([cost, np.zeros(rows)])
        self._across = program.matrix.T

    def least(self, policy_indices: tuple[int, ...], basis: Basis) -> tuple[float, np.ndarray]:
        """Return a lower bound on the least cost under a combination, and the reduced costs it is made of.

        The basis gives multipliers y = B^-T c_B. By weak duality, with r = c - A^T y, no response costs less than
        ``y @ rows + sum(min(r, 0) * capacity)``, which is the least cost where the basis is optimal.

        Parameters
        ----------
        digits
            Policies by number.
        basis
            The basis.

        Returns
        -------
        bound
            -inf where the basis says nothing.
        reduced : array, shape (columns,)
            inf where the policies leave no response the column.
        """
        program, upper = self.arrays.program, self.arrays.upper(policy_indices)
        factors = self._factors(basis)
        duals = np.zeros(program.row_lower.size) if factors is None else factors.solve(self._costs[basis.basic], "T")
        for bound, wrong in ((program.row_lower, duals > 0), (program.row_upper, duals < 0)):
            duals[wrong & ~np.isfinite(bound)] = 0.0
        reduced = self.cost - self._across @ duals
        lower = reduced < -BASIS_FEASIBLE
        reduced[upper == 0] = np.inf
        rows = np.where(duals > 0, program.row_lower, program.row_upper)
        worth = float(np.multiply(duals, rows, where=duals != 0, out=np.zeros_like(duals)).sum())
        lower &= upper > 0
        return worth + float(reduced[lower] @ upper[lower]) + program.offset, reduced

    def optimum(self, policy_indices: tuple[int, ...], basis: Basis) -> Optimum | None:
        """Return the response under a combination where the basis is optimal for it; None where it is not.

        Parameters
        ----------
        digits
            Policies by number.
        basis
            The basis, of the same combination with other numbers.
        """
        program, upper = self.arrays.program, self.arrays.upper(policy_indices)
        factors = self._factors(basis)
        if factors is None:
            return None
        width = upper.size
        duals = factors.solve(self._costs[basis.basic], "T")
        reduced = self.cost - self._across @ duals
        high = np.unpackbits(basis.high, count=width).view(bool) & (upper > 0)
        reduced[upper == 0] = np.inf
        dear = np.isinf(program.row_lower) & (duals > BASIS_FEASIBLE) | np.isinf(program.row_upper) & (
            duals < -BASIS_FEASIBLE
        )
        if dear.any() or (reduced[~high] < -BASIS_FEASIBLE).any() or (reduced[high] > BASIS_FEASIBLE).any():
            return None
        # Slacks are the rows' negatives; those not basic are at the bound there is.
        slacks = -np.where(np.isinf(program.row_lower), program.row_upper, program.row_lower)
        values = np.concatenate([np.where(high, upper, 0.0), slacks])
        values[basis.basic] = 0.0
        values[basis.basic] = factors.solve(-(self._columns @ values))
        solution, rows = values[:width], -values[width:]
        if (
            (solution < -BASIS_FEASIBLE).any()
            or (solution > upper + BASIS_FEASIBLE).any()
            or (rows < program.row_lower - BASIS_FEASIBLE).any()
            or (rows > program.row_upper + BASIS_FEASIBLE).any()
        ):
            return None
        return Optimum(float(self.cost @ solution) + program.offset, solution, reduced)

    def _factors(self, basis: Basis) -> Any:
        # Takes long to import, and a single solve factors nothing.
        from scipy.sparse.linalg import splu

        try:
            return splu(self._columns[:, basis.basic])
        except RuntimeError:
            # With other numbers its columns may depend on each other.
            return None


class Recent:
    """Bases that were optimal for combinations, the latest first; where numbers have moved a little they often still are."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, ...], list[Basis]] = {}

    def copy(self) -> Recent:
        """Return the same bases, to be added to apart."""
        copied = Recent()
        copied._of = dict(self._of)
        return copied

    def add(self, combination: tuple[int, ...], basis: Basis) -> None:
        """Take note of a basis that is optimal now."""
        others = [other for other in self._of.get(combination, []) if other is not basis]
        self._of[combination] = [basis, *others][:MOST_BASES]

    def answers(
        self, arrays: FollowerArrays, combinations: Sequence[tuple[int, ...]]
    ) -> Iterator[tuple[int, Basis, Optimum]]:
        """Yield the places of combinations for which a basis is optimal, with the basis and the response it gives.

        Trying a basis takes a third of the time of a response. Whether it is optimal hangs on how far numbers have moved, which
        is much the same for all combinations: where bases of one age have failed again and again, few more of them are tried.
        """
        bases = Bases(arrays, arrays.program.cost)
        shares = [1.0] * MOST_BASES
        for place, combination in enumerate(combinations):
            for age, basis in enumerate(self._of.get(combination, ())):
                if shares[age] < HOPE and place % PROBED:
                    continue
                optimum = bases.optimum(combination, basis)
                shares[age] += ((optimum is not None) - shares[age]) / PROBED
                if optimum is not None:
                    yield place, basis, optimum
                    break


def with_slacks(matrix: sparse.csc_matrix) -> sparse.csc_matrix:
    """Return a matrix with a column of slack for every row beside it."""
    rows, width = matrix.shape
    entries = np.append(matrix.data, np.ones(rows)), np.append(matrix.indices, np.arange(rows))
    starts = np.append(matrix.indptr, matrix.nnz + np.arange(1, rows + 1))
    return sparse.csc_matrix((*entries, starts), shape=(rows, width + rows))


def heights(prices: np.ndarray | Coded, worth: np.ndarray, most: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """What lowering the cost of some columns by their worth can take off the dual value, shape (n,)."""
    if not isinstance(prices, np.ndarray):
        worth = np.where(chosen, worth, 0.0)
        return prices.sums(lambda values, columns: _height(values.astype(float), worth[columns], most[columns]))
    moved = np.flatnonzero(chosen & (worth != 0))
    lowest, highest, most = np.minimum(worth[moved], 0.0), np.maximum(worth[moved], 0.0), most[moved]
    bounded = bool(np.isfinite(most).all())
    found = np.zeros(len(prices))
    for start in range(0, len(prices), 1024):
        block = prices[start : start + 1024, moved].astype(float)
        # min(price, 0) - min(price - worth, 0), which lies between 0 and the worth.
        np.clip(block, lowest, highest, out=block)
        if bounded:
            found[start : start + 1024] = highest @ most - block @ np.where(lowest < 0, -most, most)
        else:
            block = np.where(lowest < 0, block, highest - block)
            found[start : start + 1024] = np.multiply(block, most, where=block != 0, out=block).sum(axis=1)
    return found


def _height(prices: np.ndarray, worth: np.ndarray, most: np.ndarray) -> np.ndarray:
    """The same of single columns at single prices."""
    lower = np.clip(prices, np.minimum(worth, 0.0), np.maximum(worth, 0.0))
    lower = np.where(worth < 0, lower, np.maximum(worth, 0.0) - lower)
    return np.multiply(lower, most, where=lower != 0, out=np.zeros_like(lower))
