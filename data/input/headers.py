"""Where the header of a table stands, if not in its first row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..schema.declarations import columns
from ..schema.errors import near
from ..schema.tables import TABLES
from .raw import blank

SEARCHED = 10
"""Rows that are searched for a header."""


def find_header(rows: Sequence[Sequence[Any]], known: Collection[str]) -> int:
    """Return which of the first rows names the columns.

    Parameters
    ----------
    rows
        The cells of the first rows that are not blank.
    known
        Names of the columns.

    Returns
    -------
    int
        Position of the row; 0 also where no row is a better header than the first one.
    """
    counts = [len({name for cell in row if (name := _name(cell)) in known}) for row in rows[:SEARCHED]]
    best = max(range(len(counts)), key=lambda place: counts[place], default=0)
    # A first row that names two columns is a header, however badly it is written.
    return best if counts and counts[0] <= 1 and counts[best] >= 2 else 0


def _name(cell: Any) -> str:
    return "" if blank(cell) else str(cell).strip()


def above_header(header: int) -> str:
    """Return what is wrong with a first row that is not the header."""
    return f"stands above the header, which is row {header}; take it out"


def names_columns(names: Collection[str], table: str) -> bool:
    """Return whether a first row is the header of a table, if one with slips of the pen."""
    known = columns(TABLES[table])
    return any(name in known for name in names) or 2 * sum(bool(near(name, known, 0.8)) for name in names) >= len(names)


def no_header(table: str) -> str:
    """Return what is wrong with a first row that names no column of the table."""
    return f"the first row is no header; none of its cells is a column of {table}: {', '.join(columns(TABLES[table]))}"
