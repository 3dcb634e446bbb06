"""Tables whose columns hold few different values each, as the responses to many combinations of policies are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .optimal_face import Basis

MOST_VALUES = 256
"""Different values of a column up to which they are numbered."""


class Coded:
    """A table by the numbers of its values, columns that change alike held once: a fraction of the memory, and nothing is lost.

    Parameters
    ----------
    table : array, shape (n, columns)
        No column has more than `MOST_VALUES` different values.

    Attributes
    ----------
    shape
        Of the table.
    """

    def __init__(self, table: np.ndarray):
        self.shape = table.shape
        order = np.argsort(table.T, axis=1)
        ordered = np.take_along_axis(table.T, order, axis=1)
        new = _new(ordered)
        ranks = np.cumsum(new, axis=1, dtype=np.int64)
        codes = np.empty(ordered.shape, dtype=np.uint8)
        np.put_along_axis(codes, order, ranks.astype(np.uint8), axis=1)
        new[:, 0] = True
        counts = new.sum(axis=1)
        self._values = ordered[new]
        self._starts = (np.cumsum(counts) - counts).astype(np.int32)
        patterns, which = np.unique(codes.view(f"V{table.shape[0]}").ravel(), return_inverse=True)
        # Codes of columns that change alike, shape (patterns, n).
        self._patterns = patterns.view(np.uint8).reshape(-1, table.shape[0])
        self._which = which.ravel().astype(np.int32)

    @classmethod
    def of(cls, table: np.ndarray) -> Coded | np.ndarray:
        """Return a table coded; as it is where that is empty or has columns with too many values."""
        if not table.size:
            return table
        if _new(np.sort(table.T, axis=1)).sum(axis=1).max() >= MOST_VALUES:
            return table
        return cls(table)

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        """Return rows as they are in the table."""
        codes = self._patterns[:, rows].T[..., self._which]
        return self._values[self._starts + codes]

    def __matmul__(self, other: np.ndarray) -> np.ndarray:
        """Return the table times a vector."""
        return self[:] @ other

    def sums(self, worth: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        """Return of every row the sum of what its values are worth, shape (n,).

        Parameters
        ----------
        worth
            Of values and the columns they stand in.
        """
        counts = np.diff(np.append(self._starts, self._values.size))
        columns = np.repeat(np.arange(self.shape[1]), counts)
        codes = np.arange(self._values.size) - self._starts[columns]
        width = int(counts.max())
        places = self._which[columns] * width + codes
        totals = np.bincount(places, worth(self._values, columns), minlength=len(self._patterns) * width)
        totals = totals.reshape(-1, width)
        return np.take_along_axis(totals, self._patterns, axis=1).sum(axis=0)


class CodedBases(Sequence[Basis]):
    """Bases of the response, coded.

    Parameters
    ----------
    bases
        The bases, all of one program.
    """

    def __init__(self, bases: Sequence[Basis]):
        self._basic = Coded.of(np.array([basis.basic for basis in bases]))
        self._high = Coded.of(np.array([basis.high for basis in bases]))

    def __len__(self) -> int:
        return self._basic.shape[0]

    def __getitem__(self, place: int) -> Basis:  # type: ignore[override]
        """Return a basis."""
        return Basis(self._basic[place], self._high[place])


def _new(ordered: np.ndarray) -> np.ndarray:
    """Whether an ordered row's value is another than the one before it; of the first of all no."""
    new = np.zeros(ordered.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return new
