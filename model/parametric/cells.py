"""The figures of a case, cell by cell: where two cases differ, and a case whose figures are recorded on a tape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...data import TABLES
from ..algebra.traced import Moved, Tape

if TYPE_CHECKING:
    from ...data import Case

SETTINGS = "settings"

Cell = tuple[str, int | str, str]
"""Table, number of the row and column; ``settings``, section and key."""


def moved_cells(first: Case, second: Case) -> list[Cell]:
    """Return the cells whose figures differ between two cases.

    Raises
    ------
    Moved
        Where they differ in anything but figures.
    """
    return list(_moved(first, second))


def by_structure(cases: Iterable[Case]) -> list[list[Case]]:
    """Return cases in groups within which they differ in figures alone."""
    groups: list[list[Case]] = []
    for case in cases:
        for group in groups:
            with suppress(Moved):
                moved_cells(group[0], case)
                group.append(case)
                break
        else:
            groups.append([case])
    return groups


def _moved(first: Case, second: Case) -> Iterator[Cell]:
    for table in TABLES:
        rows, others = first.rows(table), second.rows(table)
        if len(rows) != len(others):
            raise Moved(f"another number of {table}")
        for number, (one, other) in enumerate(zip(rows, others, strict=True)):
            if one is not other:
                yield from ((table, number, name) for name in _different(table, one, other))
    for section in type(first.settings).model_fields:
        one, other = getattr(first.settings, section), getattr(second.settings, section)
        if one is not None and other is not None and hasattr(one, "__dict__"):
            yield from ((SETTINGS, section, name) for name in _different(section, one, other))
        elif one != other:
            raise Moved(f"another {section}")


def _different(where: str, one: Any, other: Any) -> Iterator[str]:
    before, after = one.__dict__, other.__dict__
    if before == after:
        return
    for name, value in before.items():
        if value != after[name]:
            if not isinstance(value, float) or not isinstance(after[name], float):
                raise Moved(f"{where}: another {name}")
            yield name


def figures_in(case: Case, cells: Sequence[Cell]) -> list[float]:
    """Return the figures in cells."""
    return [getattr(_row(case, table, row), name) for table, row, name in cells]


def _row(case: Case, table: str, row: int | str) -> Any:
    return getattr(case.settings, str(row)) if table == SETTINGS else case.rows(table)[int(row)]


def traced_case(case: Case, cells: Sequence[Cell], tape: Tape) -> Case:
    """Return a case with the figures in some cells recorded on a tape."""
    changes: dict[tuple[str, int | str], dict[str, Any]] = {}
    for cell, value in zip(cells, figures_in(case, cells), strict=True):
        table, row, name = cell
        changes.setdefault((table, row), {})[name] = tape.figure(cell, value)
    rows: dict[str, list[Any]] = {}
    sections: dict[str, Any] = {}
    for (table, row), change in changes.items():
        if table == SETTINGS:
            sections[str(row)] = _row(case, table, row).model_copy(update=change)
        else:
            held = rows.setdefault(table, list(case.rows(table)))
            held[int(row)] = held[int(row)].model_copy(update=change)
    moved: dict[str, Any] = {table: tuple(held) for table, held in rows.items()}
    return replace(case, settings=case.settings.model_copy(update=sections), **moved)
