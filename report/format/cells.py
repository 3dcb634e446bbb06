"""Cells of a column as people read them: its figures with the same decimals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .columns import GAIN, SHARE, TEXT, WEEK, WITHIN_ROW, Column
from .numbers import decimals, number, percent, plain, signed

FIGURE = re.compile(
    r"[+\-−]?\d[\d.,]*(e[+\-]?\d+)?(\W|$)|(no limit|no plan|never|below|at (most|least))\b", re.IGNORECASE
)
"""What begins a cell that is read as a figure, or that stands in the place of one."""


def figure_columns(rows: Iterable[Sequence[str]]) -> set[int]:
    """Return the columns of a table that are figures: those in which more cells read as one than as words.

    Parameters
    ----------
    rows
        Rows of a table, as people read them; empty cells say nothing.
    """
    balance: dict[int, int] = {}
    for row in rows:
        for place, cell in enumerate(row):
            if str(cell).strip():
                balance[place] = balance.get(place, 0) + (1 if FIGURE.match(str(cell).strip()) else -1)
    return {place for place, found in balance.items() if found > 0}


def cells(column: Column, rows: Sequence[Any], among: Iterable[Column] = ()) -> list[str]:
    """Return the cells of a column of a view.

    Parameters
    ----------
    column
        The column.
    rows
        Rows of the view.
    among
        All columns of the table, where some have the same decimals in a row.
    """
    values = column.of(rows)
    if column.kind == TEXT:
        return [plain(value) for value in values]
    if column.kind == SHARE:
        return [percent(value, column.digits) for value in values]
    if column.kind == WEEK:
        return ["never" if value is None else f"{value:d}" for value in values]
    shown = signed if column.kind == GAIN else number
    return [
        column.missing if value is None else shown(value, places)
        for value, places in zip(values, _places(column, rows, among), strict=True)
    ]


def _places(column: Column, rows: Sequence[Any], among: Iterable[Column]) -> Iterator[int]:
    """Yield the decimals of every cell of a column of figures."""
    if column.scale == WITHIN_ROW:
        fields = [other.field for other in among if other.scale == WITHIN_ROW]
        for row in rows:
            yield decimals((getattr(row, field) or 0.0 for field in fields), column.digits)
        return
    values = (getattr(row, column.scale or column.field) for row in rows)
    places = decimals((value for value in values if value is not None), column.digits)
    yield from (places for _ in rows)
