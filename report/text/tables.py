"""Tables that stay whole on a narrow terminal: columns that find no place go to a table below, with the keys again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from ..format.names import JOINT, SHORTEST, Name

APART = Text("")
"""What stands between two parts of a table."""

WORD = 12
"""Cells of a word that is not broken as long as there is another way."""


class WideTable(Table):
    """A table of which nothing is cut off, however narrow the terminal.

    Columns of names or text wrap, to no less than `SHORTEST` cells and words of `WORD`; columns of figures do not. Where not all
    fit side by side, the table is printed in parts below each other, each with the key columns and as many others as fit.

    Parameters
    ----------
    keys
        How many of the first columns tell rows apart.
    **options
        As of `rich.table.Table`.
    """

    def __init__(self, keys: int, **options: Any):
        super().__init__(**options)
        self.keys = keys

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts."""
        for place, part in enumerate(self.parts(console, options)):
            if place:
                yield APART
            yield from super(WideTable, part).__rich_console__(console, options)

    def parts(self, console: Console, options: ConsoleOptions) -> Iterator[WideTable]:
        """Yield tables that fit, in the order of the columns."""
        needs = [self._need(console, options, column) for column in self.columns]
        keys = list(range(self.keys))
        # The last column has nothing after it.
        room = options.max_width + self._apart - sum(needs[place] for place in keys)
        chosen: list[int] = []
        for place in range(self.keys, len(needs)):
            if chosen and sum(needs[other] for other in (*chosen, place)) > room:
                yield self._part([*keys, *chosen])
                chosen = []
            chosen.append(place)
        yield self._part([*keys, *chosen])

    def _need(self, console: Console, options: ConsoleOptions, column: Column) -> int:
        """Return the least cells a column takes, with its padding."""
        whole, cells = options.update(max_width=10_000), [column.header, *column.cells]
        need = max(Measurement.get(console, whole, cell).maximum for cell in cells)
        if not column.no_wrap:
            words = (word for cell in cells for word in JOINT.split(text_of(cell)))
            need = min(need, max(SHORTEST, min(WORD, max(map(cell_len, words)))))
        return need + self._apart

    @property
    def _apart(self) -> int:
        """Cells between two columns."""
        _, right, _, left = self.padding
        return right + left + (self.box is not None)

    def _part(self, places: list[int]) -> WideTable:
        if len(places) == len(self.columns):
            return self
        part = WideTable(
            min(self.keys, len(places)),
            box=self.box,
            show_edge=self.show_edge,
            show_header=self.show_header,
            pad_edge=self.pad_edge,
            padding=self.padding,
            header_style=self.header_style,
        )
        part.columns = [replace(self.columns[place], _index=index) for index, place in enumerate(places)]
        part.rows = self.rows
        return part


def text_of(cell: Any) -> str:
    """Return the text of a cell."""
    if isinstance(cell, (Name, str)):
        return cell.text if isinstance(cell, Name) else cell
    return cell.plain if isinstance(cell, Text) else ""
