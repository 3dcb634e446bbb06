"""A case as written: cells before they are understood, each with its row number."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..schema.errors import Fault, near
from ..schema.tables import TABLES

ALIKE = 0.75
"""How alike a stray and a missing table are taken for one: `stock` and `stocks` are, `prices` and `profiles` are not."""


@dataclass(frozen=True)
class Broken:
    """A cell that has no value to read, as it is shown, and why."""

    text: str | None
    message: str

    def __str__(self) -> str:
        """Return what the cell shows."""
        return self.text or ""


@dataclass(frozen=True)
class RawRow:
    """The cells of a row by column name, and the line they stand in (the header is line 1)."""

    number: int
    cells: dict[str, Any]


@dataclass(frozen=True)
class RawTable:
    """A table as written: its columns in their order, its rows without the blank ones, the line of its header."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]
    header: int = 1


@dataclass
class RawCase:
    """A case as written, and the faults met while reading it.

    Attributes
    ----------
    name
        Name of the case.
    pattern
        How a table's place is called, such as ``{}.csv``.
    settings_file
        Where the settings were looked for.
    settings
        Sections of the settings; None where they could not be read.
    settings_rows
        Line of each setting, by ``section.key``.
    tables
        The tables that could be read, by name.
    incomplete
        Names of tables that are there and could not be read, or not in full.
    faults, warnings
        What was noticed so far.
    """

    name: str
    pattern: str
    settings_file: str
    settings: dict[str, Any] | None = None
    settings_rows: dict[str, int] = field(default_factory=dict)
    tables: dict[str, RawTable] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def absent(self) -> list[str]:
        """Return the names of the tables that are not there at all."""
        return [table for table in TABLES if table not in self.tables and table not in self.incomplete]

    def judge_strays(self, strays: Mapping[str, str], kind: str) -> None:
        """Refuse a stray that seems to be a missing table under a wrong name, warn about any other.

        Parameters
        ----------
        strays
            Name to compare with the tables' names, by the name to show.
        kind
            What a stray is: a file or a sheet.
        """
        absent = self.absent()
        ignored: list[str] = []
        for shown, name in strays.items():
            meant = near(name, absent, cutoff=ALIKE)
            if meant is None:
                ignored.append(shown)
            else:
                # Its rows are unknown, not missing: one fault is enough.
                absent.remove(meant)
                self.incomplete.add(meant)
                right = self.pattern.format(meant)
                self.faults.append(Fault(shown, f"no table of a case; rename it to {right}, or take it away"))
        if len(ignored) == 1:
            self.warnings.append(Fault(ignored[0], f"no table of a case; the {kind} is ignored"))
        elif ignored:
            self.warnings.append(Fault(", ".join(ignored), f"no tables of a case; the {kind}s are ignored"))


def blank(value: Any) -> bool:
    """Return whether a cell holds nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: Any) -> str | None:
    """Return a cell as a message shows it."""
    if value is None or (isinstance(value, Broken) and value.text is None):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime.date):
        value = value.isoformat()
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def table_from_cells(
    file: str, columns: tuple[str, ...], rows: list[tuple[int, dict[str, Any]]], header: int = 1
) -> RawTable:
    """Return a table without its blank rows."""
    kept = tuple(RawRow(number, cells) for number, cells in rows if not all(blank(cell) for cell in cells.values()))
    return RawTable(file, columns, kept, header)
