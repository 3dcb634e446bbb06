"""Ids in narrow columns: broken where they have a joint."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

from .numbers import plain

JOINT = re.compile(r"(?<=[-_/.:, ])(?!(?<=\d[.,])\d)")
"""Where a text may be broken: after these characters, but not within a number."""

SHORTEST = 8
"""Cells that a name needs at least."""


class Name:
    """An id, or other text of a case, as a cell of a table; nothing of it is cut off.

    Parameters
    ----------
    text
        The id.
    style
        How to print it.
    """

    def __init__(self, text: str, style: str = ""):
        self.text = plain(text)
        self.style = style

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the least and the most cells it takes."""
        most = cell_len(self.text)
        return Measurement(min(most, SHORTEST), most)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yield its lines."""
        for line in broken(self.text, max(1, options.max_width)):
            yield Text(line, style=self.style, no_wrap=True, overflow="ignore")


def broken(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells: after a joint such as ``-`` or ``/`` where there is one.

    Parameters
    ----------
    text
        The text.
    width
        Cells of a line; a character that is wider has a line of its own.
    """
    lines = [""]
    for piece in JOINT.split(text):
        if cell_len((lines[-1] + piece).rstrip()) <= width:
            lines[-1] += piece
            continue
        # A line begins with no space, and one at its end takes no room.
        piece = piece.lstrip()
        parts = [piece] if cell_len(piece.rstrip()) <= width else chop_cells(piece, max(2, width))
        lines += parts
    return [line.rstrip() for line in lines if line.strip()] or [""]
