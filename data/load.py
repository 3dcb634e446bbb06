"""The way in: a folder, a workbook, a shipped case or tables in memory become a checked case."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .check.notices import notice
from .check.references import check
from .input.cells import parse
from .input.folder import read_folder
from .input.raw import RawCase, table_from_cells
from .input.workbook import read_workbook
from .overrides import apply_overrides
from .schema.case import Case, Place
from .schema.errors import CaseError, Fault, nearest
from .schema.tables import TABLES
from .shipped import find_shipped, shipped_cases
from .storage.placing import CASE_FILES
from .units import unscalable


def load_case(path_or_name: str | os.PathLike[str], overrides: Iterable[str] = ()) -> Case:
    """Read and check a case.

    Parameters
    ----------
    path_or_name
        A folder of ``case.toml`` and CSV tables, an ``.xlsx`` workbook, or the name of a shipped case. What is there
        under that path goes before a shipped case of the same name.
    overrides
        Overrides of figures, as in `apply_overrides`.

    Returns
    -------
    Case
        The case, with its warnings.

    Raises
    ------
    CaseError
        With all faults of the case.
    """
    return apply_overrides(build_case(_read(os.fspath(path_or_name))), overrides)


def case_from_tables(
    name: str,
    settings: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    overrides: Iterable[str] = (),
) -> Case:
    """Check a case given as rows in memory.

    Parameters
    ----------
    name
        Name of the case.
    settings
        Sections and keys of ``case.toml``.
    tables
        Rows of every table, as columns and values; None and empty text mean the default.
    overrides
        Overrides of figures, as in `apply_overrides`.

    Returns
    -------
    Case
        The case, with its warnings.

    Raises
    ------
    CaseError
        With all faults of the case; the first row of a table is row 2, as it would be in a file.
    """
    raw = RawCase(name, "{}", "settings", dict(settings))
    for table, rows in tables.items():
        if table in TABLES:
            _take_rows(raw, table, rows)
    raw.judge_strays({table: table for table in tables if table not in TABLES}, "table")
    return apply_overrides(build_case(raw), overrides)


def _take_rows(raw: RawCase, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    cells = []
    for number, row in enumerate(rows, start=2):
        if isinstance(row, Mapping):
            cells.append((number, {str(column): value for column, value in row.items()}))
        else:
            raw.faults.append(Fault(table, "not a row; give its columns and values", number, value=str(row)))
            raw.incomplete.add(table)
    columns = dict.fromkeys(column for _, row in cells for column in row)
    raw.tables[table] = table_from_cells(table, tuple(columns), cells)


def _read(given: str) -> RawCase:
    """Read what a path or a name means."""
    path = Path(given)
    try:
        if given and path.is_dir():
            return read_folder(path, path.resolve().name)
        if path.is_file():
            return _read_file(path)
    except OSError as error:
        raise CaseError([Fault(given, f"cannot be read: {error.strerror or error}")]) from None
    shipped = find_shipped(given)
    if shipped is None:
        names = [case.name for case in shipped_cases()]
        hint = nearest(given, names) or f"; shipped cases are {', '.join(names)}"
        raise CaseError([Fault(given or "''", f"neither a folder, nor a workbook, nor a shipped case{hint}")])
    return read_folder(shipped, given)


def _read_file(path: Path) -> RawCase:
    if path.suffix.lower() == ".xlsx":
        return read_workbook(path, path.stem)
    if path.name in CASE_FILES:
        message = f"a file of a case; a case is the folder it lies in: {path.parent}"
    else:
        message = "neither a folder nor an .xlsx workbook; save it as .xlsx, or give a folder of CSV tables"
    raise CaseError([Fault(str(path), message)])


def build_case(raw: RawCase) -> Case:
    """Parse and check a case as written; all its faults are raised together."""
    draft = parse(raw)
    faults = raw.faults + check(draft)
    if not faults and draft.settings is not None:
        faults = unscalable(draft, raw.settings_file, raw.settings_rows)
    if faults or draft.settings is None:
        raise CaseError(_in_order(faults, raw))
    rows: dict[str, Any] = {table: tuple(line.row for line in lines) for table, lines in draft.lines.items()}
    places = {
        table: Place(draft.files[table], tuple(line.number or 0 for line in lines))
        for table, lines in draft.lines.items()
    }
    warnings = tuple(_in_order(raw.warnings + notice(draft), raw))
    return Case(raw.name, draft.settings, **rows, warnings=warnings, places=places)


def _in_order(faults: Iterable[Fault], raw: RawCase) -> list[Fault]:
    """Return faults in the order of files and rows."""
    files = [raw.settings_file, *(raw.pattern.format(table) for table in TABLES)]
    rank = {file: place for place, file in enumerate(files)}
    return sorted(faults, key=lambda fault: (rank.get(fault.file, -1), fault.row or 0))
