"""What is printed on a terminal as parts of a page: the same titles, lines and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..format.names import Name


def blocks(parts: Iterable[RenderableType]) -> Iterator[dict[str, Any]]:
    """Return the parts of a report for the terminal as titles, lines and tables.

    Parameters
    ----------
    parts
        What ``..._parts`` functions return.

    Yields
    ------
    dict
        ``kind`` is ``title`` (text, note), ``line`` (text, style) or ``table`` (heads, rows, names: how many columns hold names,
        which stand on the left).
    """
    for part in parts:
        while isinstance(part, Padding):
            part = part.renderable
        if isinstance(part, Table):
            yield _table(part)
        elif isinstance(part, Text) and part.plain.startswith("\n"):
            title, _, note = part.plain.strip().partition("  ")
            yield {"kind": "title", "text": title, "note": note}
        elif isinstance(part, Text) and part.plain.strip():
            yield {"kind": "line", "text": part.plain.strip().removeprefix("- "), "style": str(part.style)}


def _table(table: Table) -> dict[str, Any]:
    columns = [[_text(cell) for cell in column.cells] for column in table.columns]
    heads = [_text(column.header) for column in table.columns] if table.show_header else []
    left = [column.justify == "left" for column in table.columns]
    names = left.index(False) if False in left else len(left)
    return {"kind": "table", "heads": heads, "rows": list(zip(*columns, strict=True)), "names": names}


def _text(cell: Any) -> str:
    if isinstance(cell, (Name, str)):
        return cell.text if isinstance(cell, Name) else cell
    return cell.plain if isinstance(cell, Text) else ""
