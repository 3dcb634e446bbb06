"""Cells of a column as people read them: its figures with the same decimals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .columns import SHARE, TEXT, WEEK, Column
from .numbers import decimals, number, percent, plain


def cells(column: Column, rows: Iterable[Any]) -> list[str]:
    """Return the cells of a column of a view.

    Parameters
    ----------
    column
        The column.
    rows
        Rows of the view.
    """
    values = column.of(rows)
    if column.kind == TEXT:
        return [plain(value) for value in values]
    if column.kind == SHARE:
        return [percent(value, column.digits) for value in values]
    if column.kind == WEEK:
        return ["never" if value is None else f"{value:d}" for value in values]
    places = decimals((value for value in values if value is not None), column.digits)
    return [number(value, places) for value in values]
