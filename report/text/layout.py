"""What all reports on the terminal are made of: titles, lines, tables, grids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..format.cells import cells
from ..format.columns import TERMINAL, TEXT, Column, shown_on
from ..format.names import Name
from .tables import WideTable


def section(text: str, note: str = "") -> RenderableType:
    """Return a title after an empty line, with a remark."""
    found = Text("\n")
    found.append(text, style="bold")
    if note:
        found.append(f"  {note}", style="dim")
    return found


def new_table(*columns: str, names: int = 1, keys: int | None = None) -> Table:
    """Return a table whose first columns hold names, which wrap, and whose others hold figures, which do not.

    On a narrow terminal the first `keys` columns are repeated: by default those of names, or the first where all are names.
    """
    if keys is None:
        keys = names if names < len(columns) else 1
    look: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 1, 0, 0)}
    found = WideTable(keys, **look, header_style="dim")
    for place, column in enumerate(columns):
        if place < names:
            found.add_column(Text(column), overflow="fold", vertical="top")
        else:
            found.add_column(Text(column), justify="right", no_wrap=True, vertical="top")
    return found


def table_of(columns: Sequence[Column], rows: Sequence[Any]) -> Table:
    """Return the rows of a view as a table: its columns of text first, then its figures."""
    shown = shown_on(columns, TERMINAL)
    names = sum(column.kind == TEXT for column in shown)
    found = new_table(*(column.head or column.title for column in shown), names=names)
    for row in zip(*(cells(column, rows, shown) for column in shown), strict=True):
        found.add_row(*(Name(cell) if place < names else cell for place, cell in enumerate(row)))
    return found


def label_grid(rows: Iterable[tuple[str, str, str]]) -> RenderableType:
    """Return rows of label, figure and remark."""
    found = Table.grid(padding=(0, 2, 0, 0))
    found.add_column(no_wrap=True)
    found.add_column(justify="right", no_wrap=True)
    found.add_column(overflow="fold")
    for label, figure, remark in rows:
        found.add_row(Text(label), Text(figure, style="bold"), Text(remark))
    return indented(found)


def indented(renderable: RenderableType) -> RenderableType:
    """Return something two cells further right."""
    return Padding(renderable, (0, 0, 0, 2), expand=False)


def text_line(text: str, style: str = "") -> RenderableType:
    """Return an indented line that wraps."""
    return indented(Text(text, style=style, overflow="fold"))
