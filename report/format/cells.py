"""Cells of a column as people read them: its figures with the same decimals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .columns import GAIN, SHARE, TEXT, WEEK, WITHIN_ROW, Column
from .numbers import brief, decimals, number, percent, plain, signed

FIGURE = re.compile(
    r"[+\-−]?\d[\d.,]*(e[+\-]?\d+)?(\W|$)|(no limit|no plan|never|below|at (most|least))\b", re.IGNORECASE
)
"""What begins a cell that is read as a figure, or that stands in the place of one."""


MOST_DIGITS = 3
"""Significant digits that a reader of a page is shown."""


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


NUMBER = re.compile(r"(?<![\w.,/])(?<!\d-)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w/-]|[.,]\d)")
"""A figure in a cell; no date, no path, no part of a name."""

COUNTS = ("Samples", "Worlds", "Points")
"""Heads of columns that count."""


def shortened(cell: object, head: str = "", figure: bool = True) -> str:
    """Return a cell with its figures to three significant digits.

    Parameters
    ----------
    cell
        The cell, as text.
    head
        Head of its column; what counts keeps all digits.
    figure
        Whether the column is one of figures; among words only figures with decimals are shortened.
    """
    text = str(cell)
    if head in COUNTS:
        return text
    return NUMBER.sub(lambda found: _short(found) if figure or found[2] else found[0], text)


def _short(found: re.Match[str]) -> str:
    digits = f"{found[1].lstrip('0')}{found[2] or ''}".replace(",", "").replace(".", "").lstrip("0")
    if len(digits.rstrip("0") if found[2] is None else digits) <= MOST_DIGITS:
        return found[0]
    return brief(float(found[0].replace(",", "")))


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
