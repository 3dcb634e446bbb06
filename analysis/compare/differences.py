"""Differences of two cases, each of which can be made alone."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...data import TABLES, Case, CaseError
from ...data.check.notices import notice
from ...data.check.references import check
from ...data.input.draft import draft_of
from ...data.schema.declarations import columns, references
from ...data.schema.names import Names
from ...data.schema.tables import NO_FIGURES, Row
from ...data.schema.values import Delay
from .inputs import Key, key_text, keyed, same_value, setting_values

WITHOUT_EFFECT = {("case", "title"), ("case", "currency"), ("horizon", "start"), ("parties", "name")}
WITHOUT_EFFECT |= {("sites", "name"), ("items", "name"), ("items", "unit"), ("regimes", "name")}
WITHOUT_EFFECT |= {("retaliations", "name"), ("contingencies", "name")}
"""Settings and columns that never change a plan."""

ABOUT_FIGURES = ("uncertainties", "worlds")
"""Tables whose rows go with the figures that they name."""

MOST_ROWS = 30
"""Differences of the inputs up to which each has a row of its own in the attribution."""


@dataclass(frozen=True)
class Difference:
    """One figure, or one whole row, in which two cases differ.

    Attributes
    ----------
    table, key, column
        Table (or section of the settings), key under which rows are matched, column; no column means the whole row.
    before, after
        Value, or row, in A and in B; None where the row is not there.
    """

    table: str
    key: Key
    column: str
    before: Any
    after: Any

    @property
    def row(self) -> Row | None:
        """The whole row, where it is one."""
        return None if self.column else (self.after if self.before is None else self.before)

    def words(self, names: Names | None = None) -> str:
        """Return the difference by its ids, or with names for people."""
        row = self.row
        if row is not None:
            done = "added" if self.before is None else "removed"
            if names is None:
                return f"{self.table} {key_text(self.key, row)} {done}"
            return f"{self.table}: {key_text(self.key, row, names)} {done}"
        path = ".".join(filter(None, (self.table, self.key[0] if self.key else "", self.column)))
        return path if names is None else names.figure(path)


def differences(first: Case, second: Case) -> list[Difference]:
    """Return every difference of two cases that can change a plan."""
    found = []
    pairs = zip(setting_values(first), setting_values(second), strict=True)
    for (section, name, before), (_, _, after) in pairs:
        if (
            section not in ("case", "solver")
            and (section, name) not in WITHOUT_EFFECT
            and not same_value(before, after)
        ):
            found.append(Difference(section, (), name, before, after))
    for table, model in TABLES.items():
        if table in NO_FIGURES:
            # How sure a figure is does not change a plan.
            continue
        before_rows, after_rows = keyed([first, second], table)
        for key in dict.fromkeys([*before_rows, *after_rows]):
            before, after = before_rows.get(key), after_rows.get(key)
            if before is None or after is None:
                found.append(Difference(table, key, "", before, after))
                continue
            for name in columns(model):
                values = before.cell(name), after.cell(name)
                if (table, name) not in WITHOUT_EFFECT and not same_value(*values):
                    found.append(Difference(table, key, name, *values))
    return found


class _Sets:
    """Numbers joined into sets."""

    def __init__(self, count: int):
        self._parent = list(range(count))

    def root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def join(self, first: int, second: int) -> None:
        low, high = sorted((self.root(first), self.root(second)))
        self._parent[high] = low

    def groups(self) -> list[list[int]]:
        found: dict[int, list[int]] = {}
        for number in range(len(self._parent)):
            found.setdefault(self.root(number), []).append(number)
        return list(found.values())


def _needs(table: str, row: Row) -> Iterator[tuple[str, str]]:
    """Yield table and id of the rows that a row refers to."""
    for column, target in references(type(row)).items():
        value = getattr(row, column)
        if value is not None:
            yield target, value
    if table == "retaliations":
        yield "policies", f"{row.regime}/{row.policy}"  # type: ignore[attr-defined]


def grouped(found: Sequence[Difference], first: Case, second: Case) -> tuple[list[list[Difference]], str]:
    """Return differences in groups that are applied together, and what a group is.

    Rows that are added (removed) go together with the added (removed) rows and the figures that refer to them.
    """
    sets = _Sets(len(found))
    maps = {table: keyed([first, second], table) for table in TABLES}
    for end in (0, 1):
        # Rows that are there in one of the two cases only.
        there = {
            (each.table, each.row.id): place
            for place, each in enumerate(found)
            if each.row is not None and (each.before, each.after)[end] is not None
        }
        for place, each in enumerate(found):
            row = maps[each.table][end].get(each.key) if each.table in TABLES else None
            if row is not None:
                for target in _needs(each.table, row):
                    if target in there:
                        sets.join(place, there[target])
    words = "each figure and each whole row that differs"
    for coarser, by in (
        ("each row with a difference", lambda each: (each.table, each.key)),
        ("each table with a difference", lambda each: (each.table,)),
    ):
        if len(sets.groups()) <= MOST_ROWS:
            break
        first_of: dict[tuple[Any, ...], int] = {}
        for place, each in enumerate(found):
            sets.join(first_of.setdefault(by(each), place), place)
        words = f"{coarser}, the figures that differ being more than {MOST_ROWS}"
    return [[found[place] for place in places] for places in sets.groups()], words


def group_words(group: Sequence[Difference], names: Names | None = None) -> str:
    """Return what a group of differences is called, by its ids or with names for people."""
    if len(group) == 1:
        return group[0].words(names)
    rows = [each for each in group if each.row is not None]
    if rows:
        ids = {(each.table, each.row.id) for each in rows if each.row is not None}
        roots = [
            each for each in rows if each.row is not None and not ids.intersection(_needs(each.table, each.row))
        ] or rows
        words = (", " if names is None else "; ").join(each.words(names) for each in roots[:2])
        others = len(group) - min(2, len(roots))
        return words + (f", and {others} more that go with it" if others else "")
    tables = dict.fromkeys(each.table for each in group)
    if len({(each.table, each.key) for each in group}) == 1 and group[0].key:
        table, key = group[0].table, group[0].key[0]
        row = f"{table}.{key}" if names is None else f"{table}: {names.key(table, key)}"
        return f"{row} ({len(group)} figures)"
    return f"{', '.join(tables)} ({len(group)} figures)"


def applied(base: Case, other: Case, group: Iterable[Difference], *, forward: bool) -> Case:
    """Return a case with some differences from another applied to it.

    Parameters
    ----------
    base, other
        The case to change and the one it is compared with, in either order.
    group
        The differences.
    forward
        Whether B's values are to be taken, not A's.

    Raises
    ------
    CaseError
        Where that is no case.
    """
    settings = base.settings
    rows: dict[str, dict[Key, Row]] = {}
    gone: list[str] = []
    for each in group:
        value = each.after if forward else each.before
        if each.table not in TABLES:
            section = getattr(settings, each.table).model_copy(update={each.column: value})
            settings = settings.model_copy(update={each.table: section})
            continue
        table = rows.setdefault(each.table, dict(keyed([base, other], each.table)[0]))
        if each.column:
            table[each.key] = table[each.key].model_copy(update={each.column: value})
        elif value is None:
            gone.append(f"{each.table}.{table.pop(each.key).id}.")
        else:
            table[each.key] = value
    changed: dict[str, Any] = {table: tuple(content.values()) for table, content in rows.items()}
    for about in ABOUT_FIGURES if gone else ():
        told = base.rows(about)
        changed[about] = tuple(row for row in told if not row.cell("figure").startswith(tuple(gone)))
    draft = draft_of(base, settings, changed)
    faults = check(draft)
    if faults:
        raise CaseError(faults)
    return dataclasses.replace(base, settings=settings, warnings=tuple(notice(draft)), places={}, **changed)


def content_digest(case: Case, *, limits: bool = True) -> str:
    """Return a digest of all that can change a plan, whatever the order of rows."""
    told: list[Any] = [
        [section, name, repr(value)]
        for section, name, value in setting_values(case)
        if section not in ("case", "solver") and (section, name) not in WITHOUT_EFFECT
        if limits or section != "limits"
    ]
    for table, model in TABLES.items():
        if model.key and table not in NO_FIGURES:
            names = [name for name in columns(model) if (table, name) not in WITHOUT_EFFECT]
            told.append([table, sorted([repr(_plain(row.cell(name))) for name in names] for row in case.rows(table))])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.weights if isinstance(value, Delay) else value
