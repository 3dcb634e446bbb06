"""A case written to a folder or a workbook; read again, it is the same case."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ..input.raw import shown
from ..package import data_package
from ..schema.case import Case
from ..schema.declarations import columns, needed
from ..schema.errors import CaseError, Fault
from ..schema.settings import Settings
from ..schema.tables import TABLES, Row
from ..storage.formulas import guarded
from ..storage.placing import PACKAGE_FILE, place_file, place_folder
from .validation import add_help, add_setting_help

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

LONGEST_CELL = 32_767
LARGEST_WHOLE = 2**53
FORMULA_SIGNS = ("=", "+", "-", "@")
NARROWEST, WIDEST = 6, 60
"""Widths of a column, in characters."""

A4 = 9
"""Number of the paper in a workbook."""

SETTINGS_SHEET = "case"

WRITTEN_WITH = {"policies": "regimes", "recipes": "processes"}
"""Tables that are written without a row too, where another one has rows."""

WORKBOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
"""Text stays text, whatever it looks like."""

FORMATS = {"header": {"bold": True, "bottom": 1}, "text": {"num_format": "@"}}


def write_folder(case: Case, folder: str | PathLike[str], *, force: bool = False, describe: bool = False) -> Path:
    """Write a case as a folder of ``case.toml`` and CSV tables.

    Parameters
    ----------
    case
        The case.
    folder
        A new or empty folder; it appears complete or not at all.
    force
        Replace the case in a folder that is not empty; other files there stay.
    describe
        Write ``datapackage.json`` beside the tables too.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        Where the folder is not empty.
    """
    contents = folder_contents(case)
    if describe:
        contents[PACKAGE_FILE] = data_package(case.name, contents)
    return place_folder(contents, folder, force=force)


def folder_contents(case: Case) -> dict[str, bytes]:
    """Return the files of a case by name, as a folder holds them."""
    contents = {"case.toml": _toml(case.settings)}
    contents |= {f"{table}.csv": _csv(grid) for table, grid in _grids(case)}
    return {name: text.encode() for name, text in contents.items()}


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
    from xlsxwriter import Workbook

    content = io.BytesIO()
    with Workbook(content, WORKBOOK_OPTIONS) as book:
        add_case_sheets(book, case)
    return place_file(content.getvalue(), path, force=force)


def add_case_sheets(book: Workbook, case: Case) -> None:
    """Add the sheets of a case to a workbook in the making: settings, and each table, with notes on columns and lists of ids.

    Parameters
    ----------
    book
        The workbook, opened with `WORKBOOK_OPTIONS`.
    case
        The case.

    Raises
    ------
    CaseError
        Where a text is too long for a cell of a workbook.
    """
    grids = [(SETTINGS_SHEET, _settings_grid(case.settings)), *_grids(case)]
    _check_lengths(grids)
    formats = {name: book.add_format(options) for name, options in FORMATS.items()}
    headers = {title: grid[0] for title, grid in grids}
    for title, grid in grids:
        sheet = book.add_worksheet(title)
        _fill(sheet, grid, formats)
        if title == SETTINGS_SHEET:
            add_setting_help(sheet, [row[0] for row in grid[1:]])
        else:
            add_help(sheet, title, len(grid) - 1, headers)


def _grids(case: Case) -> Iterator[tuple[str, list[list[Any]]]]:
    """Return the header and cells of every table that a reader needs."""
    for table, model in TABLES.items():
        rows = case.rows(table)
        company = WRITTEN_WITH.get(table)
        called_for = model.required or (company and case.rows(company))
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
    # A row without a figure needs a header all the same.
    names = names or list(columns(model))
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
    writer.writerows([_plain(guarded(cell) if isinstance(cell, str) else cell) for cell in row] for row in grid)
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


def _fill(sheet: Worksheet, grid: list[list[Any]], formats: Mapping[str, Any]) -> None:
    widths = [0] * len(grid[0])
    for number, row in enumerate(grid):
        for position, value in enumerate(row):
            text = _plain(value)
            widths[position] = max(widths[position], len(text))
            if number == 0:
                sheet.write_string(0, position, text, formats["header"])
            elif isinstance(value, (int, float)) and _survives(value):
                sheet.write_number(number, position, value)
            elif text:
                write_text(sheet, number, position, text, formats["text"])
    for position, width in enumerate(widths):
        sheet.set_column(position, position, min(max(width, NARROWEST) + 3, WIDEST))
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(grid) - 1, len(grid[0]) - 1)


def write_text(sheet: Worksheet, row: int, column: int, text: str, as_text: Any, plain: Any = None) -> None:
    """Write a text that no spreadsheet takes for a formula.

    Parameters
    ----------
    sheet, row, column
        The cell; row and column count from 0.
    text
        The text.
    as_text
        Format of a cell that stays text when somebody edits it, for texts that begin like a formula.
    plain
        Format of any other text.
    """
    sheet.write_string(row, column, whole_text(text), as_text if text.startswith(FORMULA_SIGNS) else plain)


def whole_text(text: str) -> str:
    """Return a text without halves of characters, which a name from a file system may hold and a workbook may not."""
    return text.encode("utf-8", "replace").decode("utf-8")


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
