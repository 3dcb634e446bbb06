"""Bases of linear programs made of others: of a larger program, or of one whose bounds are others."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from .arrays import Program

Basis = highspy.HighsBasis
"""Which columns and rows of a program are basic, and at which bound the others are."""

STATUS: Any = highspy.HighsBasisStatus


def _made(columns: Any, rows: Any, square: bool) -> Basis:
    """Return a basis by the status of columns and rows; one that is not square is made so by HiGHS."""
    basis = Basis()
    basis.valid, basis.alien = True, not square
    basis.col_status, basis.row_status = list(columns), list(rows)
    return basis


def extended_basis(known: Basis, program: Program, columns: np.ndarray, rows: np.ndarray, square: bool = True) -> Basis:
    """Return the basis of a solved program as one of a larger program; what that has besides is at a bound, its rows are basic.

    Parameters
    ----------
    known
        The basis.
    program
        The larger program.
    columns, rows : array of int, shape (2, n)
        Places of a column or row in the smaller program and in the larger.
    square
        Whether as many columns and rows are basic as the program has rows.
    """
    free = np.where(np.isfinite(program.column_upper), STATUS.kUpper, STATUS.kZero)
    column_status = np.where(np.isfinite(program.column_lower), STATUS.kLower, free)
    row_status = np.full(program.row_lower.size, STATUS.kBasic)
    column_status[columns[1]] = np.array(known.col_status)[columns[0]]
    row_status[rows[1]] = np.array(known.row_status)[rows[0]]
    return _made(column_status.tolist(), row_status.tolist(), square)


def partial_basis(known: Basis, columns: np.ndarray, rows: np.ndarray) -> Basis:
    """Return the basis of a solved program as one of the same program with some columns fixed and some rows free.

    Parameters
    ----------
    known
        The basis.
    columns, rows : array of int
        Columns that are fixed, which leave the basis, and rows that are free, which enter it.
    """
    column_status, row_status = np.array(known.col_status), np.array(known.row_status)
    column_status[columns], row_status[rows] = STATUS.kLower, STATUS.kBasic
    return _made(column_status.tolist(), row_status.tolist(), False)


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
