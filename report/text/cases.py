"""The cases that come with the package, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..format.names import Name
from ..format.numbers import plain

if TYPE_CHECKING:
    from ...data import ShippedCase


def show_cases(cases: Iterable[ShippedCase], console: Console) -> None:
    """Print a line for each case: its name and its title."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for case in cases:
        grid.add_row(Name(case.name, "bold"), Text(plain(case.title)))
    console.print(grid)
