"""A case written to a folder or a workbook; read again, it is the same case."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from .case import Case
from .declared import columns, needed
from .faults import CaseError, Fault
from .placing import place_file, place_folder
from .raw import shown
from .tables import TABLES, Row, Settings

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_CELL = 32_767
LARGEST_WHOLE = 2**53
FORMULA_SIGNS = ("=", "+", "-", "@")


def write_folder(case: Case, folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a case as a folder of ``case.toml`` and CSV tables.

    Parameters
    ----------
    case
        The case.
    folder
        A new or empty folder; it appears complete or not at all.
    force
        Replace the case in a folder that is not empty; other files there stay.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        Where the folder is not empty.
    """
    contents = {"case.toml": _toml(case.settings)}
    contents |= {f"{table}.csv": _csv(grid) for table, grid in _grids(case)}
    return place_folder({name: text.encode() for name, text in contents.items()}, folder, force=force)


def write_workbook(case: Case, path: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a case as an ``.xlsx`` workbook of one sheet for the settings and one for each table.

    Parameters
    ----------
    case
        The case.
    path
        A new file; it appears complete or not at all.
    force
        Replace the file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileExistsError
        Where the file is there.
    CaseError
        Where a text is too long for a cell of a workbook.
    """
    from openpyxl import Workbook

    grids = [("case", _settings_grid(case.settings)), *_grids(case)]
    _check_lengths(grids)
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, grid in grids:
        _fill(book.create_sheet(title), grid)
    content = io.BytesIO()
    book.save(content)
    return place_file(content.getvalue(), path, force=force)


def _grids(case: Case) -> Iterator[tuple[str, list[list[Any]]]]:
    """Return the header and cells of every table that a reader needs."""
    for table, model in TABLES.items():
        rows = case.rows(table)
        called_for = model.required or (table == "policies" and case.regimes)
        if rows or called_for:
            yield table, _grid(model, rows)


def _grid(model: type[Row], rows: tuple[Row, ...]) -> list[list[Any]]:
    """Return header and cells of a table; columns that are empty or default throughout are left out."""
    cells = [row.model_dump(by_alias=True) for row in rows]
    names = [
        name
        for name, info in columns(model).items()
        if not rows or name in needed(model) or any(row[name] != info.default for row in cells)
    ]
    return [names, *([row[name] for name in names] for row in cells)]


def _settings_grid(settings: Settings) -> list[list[Any]]:
    rows = [[f"{section}.{key}", value] for section, key, value in _settings(settings)]
    return [["key", "value"], *rows]


def _settings(settings: Settings) -> Iterator[tuple[str, str, Any]]:
    """Return section, key and value of every setting that is no default."""
    for section in Settings.model_fields:
        declared: BaseModel = getattr(settings, section)
        for key, info in columns(type(declared)).items():
            value = getattr(declared, key)
            if value != info.default:
                yield section, key, value


def _plain(value: Any) -> str:
    """Return a value as text that is read back as the same value."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < LARGEST_WHOLE else repr(value)
    return str(value)


def _csv(grid: list[list[Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_plain(cell) for cell in row] for row in grid)
    return text.getvalue()


def _toml(settings: Settings) -> str:
    lines: list[str] = []
    last = None
    for section, key, value in _settings(settings):
        if section != last:
            lines += ["", f"[{section}]"] if lines else [f"[{section}]"]
            last = section
        # JSON text is TOML text, control characters aside, which no case holds.
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _plain(value)}")
    return "\n".join(lines) + "\n"


def _fill(sheet: Worksheet, grid: list[list[Any]]) -> None:
    from openpyxl.styles import Font

    for number, row in enumerate(grid, start=1):
        for position, value in enumerate(row, start=1):
            _write_cell(sheet, number, position, value)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, (int, float)) and _survives(value):
        cell.value = value
    elif text := _plain(value):
        cell.value = text
        cell.data_type = "s"
        if text.startswith(FORMULA_SIGNS):
            # Formatted as text, it stays text when somebody edits the cell.
            cell.number_format = "@"


def _survives(value: float) -> bool:
    """Return whether a figure keeps its last digit in a workbook, which stores 16."""
    return float(f"{value:.16g}") == value and abs(value) != float("inf")


def _check_lengths(grids: list[tuple[str, list[list[Any]]]]) -> None:
    faults = [
        Fault(f"sheet {title}", f"longer than the {LONGEST_CELL} characters of a cell", number, str(name), shown(value))
        for title, grid in grids
        for number, row in enumerate(grid[1:], start=2)
        for name, value in zip(grid[0], row, strict=True)
        if isinstance(value, str) and len(value) > LONGEST_CELL
    ]
    if faults:
        raise CaseError(faults)
