"""Bases of linear programs made of others: of a larger program, or of one whose bounds are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from .arrays import Program

Basis = highspy.HighsBasis
"""Which columns and rows of a program are basic, and at which bound the others are."""

STATUS: Any = highspy.HighsBasisStatus


@dataclass(frozen=True)
class Statuses:
    """What HiGHS says in a basis, read once: highspy makes an object of every status each time it is asked.

    Attributes
    ----------
    columns, rows : array of HighsBasisStatus
    """

    columns: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, basis: Basis) -> Statuses:
        """Return the statuses of a basis."""
        return cls(_array(basis.col_status), _array(basis.row_status))


MEMBERS = np.array([STATUS(number) for number in range(5)], dtype=object)
"""Every status there is."""


def _array(statuses: list[Any]) -> np.ndarray:
    # One object a status, however often it stands there: those that highspy made take a hundred bytes each.
    return MEMBERS[np.fromiter(map(int, statuses), dtype=np.int8, count=len(statuses))]


def _made(columns: Any, rows: Any, square: bool) -> Basis:
    """Return a basis by the status of columns and rows; one that is not square is made so by HiGHS."""
    basis = Basis()
    basis.valid, basis.alien = True, not square
    basis.col_status, basis.row_status = columns, rows
    return basis


class Extension:
    """Makes bases of a program into bases of a larger one; what that has besides is at a bound, its rows are basic.

    Parameters
    ----------
    program
        The larger program.
    columns, rows : array of int, shape (2, n)
        Places of a column or row in the smaller program and in the larger.
    square
        Whether as many columns and rows are basic then as the program has rows.
    """

    def __init__(self, program: Program, columns: np.ndarray, rows: np.ndarray, square: bool = True):
        bounds = np.array([STATUS.kZero, STATUS.kUpper, STATUS.kLower], dtype=object)
        at_lower, at_upper = np.isfinite(program.column_lower), np.isfinite(program.column_upper)
        self._columns = bounds[np.where(at_lower, 2, at_upper.astype(int))]
        self._rows = np.full(program.row_lower.size, STATUS.kBasic, dtype=object)
        self._places, self._square = (columns, rows), square

    def __call__(self, known: Statuses) -> Basis:
        """Return a basis of the smaller program as one of the larger."""
        columns, rows = self._places
        own_columns, own_rows = self._columns.copy(), self._rows.copy()
        own_columns[columns[1]], own_rows[rows[1]] = known.columns[columns[0]], known.rows[rows[0]]
        return _made(own_columns.tolist(), own_rows.tolist(), self._square)


def partial_basis(known: Basis, columns: np.ndarray, rows: np.ndarray) -> Basis:
    """Return the basis of a solved program as one of the same program with some columns fixed and some rows free.

    Parameters
    ----------
    known
        The basis.
    columns, rows : array of int
        Columns that are fixed, which leave the basis, and rows that are free, which enter it.
    """
    own = Statuses.of(known)
    own.columns[columns], own.rows[rows] = STATUS.kLower, STATUS.kBasic
    return _made(own.columns.tolist(), own.rows.tolist(), False)


def appended_basis(known: Basis, basic: np.ndarray) -> Basis:
    """Return the basis of a program with further columns, basic or at their lower bound, and further rows, at theirs.

    Parameters
    ----------
    known
        The basis.
    basic : array of bool, shape (columns,)
        Which of the further columns are basic: half of them, one for each further row.
    """
    columns = [STATUS.kBasic if each else STATUS.kLower for each in basic]
    rows = [STATUS.kLower] * (basic.size // 2)
    return _made([*known.col_status, *columns], [*known.row_status, *rows], True)
