"""Columns of a table that several outputs show: each is declared once, with its unit and its heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

TEXT, FIGURE, SHARE, WEEK, GAIN = "text", "figure", "share", "week", "gain"
"""Kinds of columns; a share is shown in percent, a week as a whole number, or ``never``, a gain with its sign."""

WITHIN_ROW = "within row"
"""Scale of columns whose figures have the same decimals in a row, not down the column."""

MONEY = "money"
"""Unit that stands for the case's currency."""

TERMINAL, PAGE, WORKBOOK, NOTEBOOK = "terminal", "page", "workbook", "notebook"
"""Outputs."""

EVERYWHERE = frozenset({TERMINAL, PAGE, WORKBOOK, NOTEBOOK})


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    field
        Attribute of the rows.
    title
        Head where there is room.
    head
        Head on the terminal; empty: the title.
    unit
        Unit of its figures, named with the title; `MONEY` for the case's currency.
    kind
        ``text``, ``figure``, ``share``, ``week`` or ``gain``.
    scale
        Whose figures say how many decimals there are: the column's own; another field's; or `WITHIN_ROW`.
    missing
        What stands in place of a figure that is missing.
    digits
        Of a figure: significant digits of the largest one; of a share: decimals.
    on
        Outputs that show it.
    """

    field: str
    title: str
    head: str = ""
    unit: str = ""
    kind: str = TEXT
    digits: int = 5
    on: frozenset[str] = EVERYWHERE
    scale: str = ""
    missing: str = "-"

    def of(self, rows: Iterable[Any]) -> list[Any]:
        """Return the column's values, not formatted."""
        return [getattr(row, self.field) for row in rows]

    def named(self, money: str) -> str:
        """Return title and unit, money being called so."""
        unit = money if self.unit == MONEY else self.unit
        return f"{self.title} ({unit})" if unit else self.title


def shown_on(columns: Sequence[Column], output: str) -> list[Column]:
    """Return the columns that an output shows."""
    return [column for column in columns if output in column.on]
