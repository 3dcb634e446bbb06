"""Rows with their places, while they are being checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..schema.case import Case, Place
from ..schema.errors import Fault
from ..schema.settings import Settings
from ..schema.tables import TABLES, Row
from .raw import shown

SIDES = {"focal": "ours", "ally": "ours", "counterpart": "counterpart", "other": "other"}


@dataclass(frozen=True)
class Line:
    """A row with its place; of a faulty row only the sound cells are known.

    Attributes
    ----------
    file, number
        Where it stands.
    row
        The row as declared; None where a cell of it is faulty.
    cells
        The sound cells of a faulty row, as text.
    """

    file: str
    number: int | None
    row: Row | None
    cells: Mapping[str, str] = field(default_factory=dict)

    def get(self, column: str) -> Any:
        """Return the value of a column; None where it is empty or faulty."""
        return self.cells.get(column) if self.row is None else self.row.cell(column)

    def fault(self, message: str, column: str | None = None, value: Any = None) -> Fault:
        """Return a fault of this row."""
        return Fault(self.file, message, self.number, column, shown(value))

    @property
    def at(self) -> str:
        """The row as the message of another row names it."""
        return self.file if self.number is None else f"row {self.number}"


@dataclass
class Draft:
    """Settings and rows of a case before the tables were checked against each other.

    Attributes
    ----------
    settings
        The settings; None where they are faulty.
    lines
        The rows of every table.
    files
        How each table's place is called.
    unknown
        Tables of which it is not known which rows they hold.
    """

    settings: Settings | None
    lines: dict[str, list[Line]]
    files: dict[str, str]
    unknown: frozenset[str] = frozenset()

    def sound(self, table: str) -> list[Line]:
        """Return the lines of a table whose cells are all sound."""
        return [line for line in self.lines[table] if line.row is not None]

    @cached_property
    def parties(self) -> dict[str, Line]:
        """Parties by id."""
        return self._by_id("parties", "party")

    @cached_property
    def sites(self) -> dict[str, Line]:
        """Sites by id."""
        return self._by_id("sites", "site")

    @cached_property
    def lanes(self) -> dict[str, Line]:
        """Lanes by id."""
        return self._by_id("lanes", "lane")

    @cached_property
    def processes(self) -> dict[str, Line]:
        """Processes by id."""
        return self._by_id("processes", "process")

    @cached_property
    def regimes(self) -> dict[str, Line]:
        """Regimes by id."""
        return self._by_id("regimes", "regime")

    @cached_property
    def menus(self) -> dict[str, set[str]]:
        """Policies of every regime, `open` among them."""
        menus = {regime: {"open"} for regime in self.regimes}
        for line in self.lines["policies"]:
            menus.setdefault(line.get("regime"), {"open"}).add(line.get("policy"))
        return menus

    @cached_property
    def tracked(self) -> set[tuple[str, str]]:
        """(site, item) with a stock row, a process that makes the item there, or a lane that ends there."""
        ends = (("stocks", "site", "item"), ("processes", "site", "output"), ("lanes", "destination", "item"))
        return {(line.get(site), line.get(item)) for table, site, item in ends for line in self.lines[table]}

    def _by_id(self, table: str, column: str) -> dict[str, Line]:
        found: dict[str, Line] = {}
        for line in self.lines[table]:
            found.setdefault(line.get(column), line)
        return found

    def party_side(self, party: str | None) -> str | None:
        """Return ours, counterpart or other; None where it is not known.

        While nobody is focal any party without a role of its own may be: one fault is told, not all that follow from it.
        """
        line = self.parties.get(party) if party else None
        side = SIDES.get(line.get("role")) if line else None
        return None if side == "other" and not self.focal else side

    @cached_property
    def focal(self) -> bool:
        """Whether a party is focal."""
        return any(line.get("role") == "focal" for line in self.lines["parties"])

    def side(self, site: str | None) -> str | None:
        """Return the side a site is on; None where it is not known."""
        line = self.sites.get(site) if site else None
        return self.party_side(line.get("party")) if line else None


def draft_of(case: Case, settings: Settings, rows: Mapping[str, Sequence[Row]]) -> Draft:
    """Return the draft of a case with other settings and other rows of some tables."""
    draft = Draft(settings, {}, {})
    for table in TABLES:
        present = rows.get(table, case.rows(table))
        place = case.places.get(table)
        if place is None or len(place.rows) != len(present):
            place = Place(table, tuple(range(2, len(present) + 2)))
        draft.files[table] = place.file
        draft.lines[table] = [Line(place.file, number, row) for number, row in zip(place.rows, present, strict=True)]
    return draft
