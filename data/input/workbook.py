"""A workbook of one sheet for the settings and one for each table, as written."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schema.declarations import columns, setting_paths
from ..schema.errors import CaseError, Fault, near, nearest
from ..schema.tables import TABLES, Settings
from .raw import Broken, RawCase, RawRow, RawTable, blank, shown, table_from_cells

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SETTINGS_SHEET = "case"
SETTINGS_COLUMNS = ("key", "value")
MOST_CELLS = 2_000_000


def read_workbook(path: Path, name: str) -> RawCase:
    """Read the settings and every table of an ``.xlsx`` workbook.

    Parameters
    ----------
    path
        The workbook.
    name
        Name of the case.

    Returns
    -------
    RawCase
        What could be read, and the faults of what could not.

    Raises
    ------
    CaseError
        Where the file is no workbook, or one without anything of a case.
    """
    raw = RawCase(name, "sheet {}", f"sheet {SETTINGS_SHEET}")
    book = _open(path)
    results = _Results(path)
    names = [sheet.title for sheet in book.worksheets]
    if not {SETTINGS_SHEET, *TABLES} & set(names):
        message = f"not a case: none of its sheets ({', '.join(names)}) is `case` or a table of a case"
        raise CaseError([Fault(str(path), message)])
    if SETTINGS_SHEET in names:
        _read_settings(_cells(book[SETTINGS_SHEET], raw, results), raw)
    else:
        meant = near(SETTINGS_SHEET, names, cutoff=0.7)
        hint = f"rename the sheet {meant!r}" if meant else "it has the columns key and value"
        raw.faults.append(Fault(raw.settings_file, f"missing; {hint}"))
    for table in TABLES:
        if table in names:
            _read_table(book[table], table, raw, results)
    strays = {f"sheet {title}": title for title in names if title not in TABLES and title != SETTINGS_SHEET}
    raw.judge_strays(strays, "sheet")
    return raw


def _open(path: Path, *, results: bool = False) -> Workbook:
    """Open a workbook for its contents, or for the results of its formulas."""
    from openpyxl import load_workbook

    try:
        content = path.read_bytes()
    except OSError as error:
        raise CaseError([Fault(str(path), f"cannot be read: {error.strerror or error}")]) from None
    _check_kind(path, content)
    try:
        with warnings.catch_warnings():
            # Features that openpyxl does not keep (validation lists, images) hold no figures.
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(content), data_only=results)
    # openpyxl lets the errors of zipfile, XML and its own descriptors through.
    except Exception as error:
        message = f"no .xlsx workbook, or a damaged one ({type(error).__name__}); save it again from a spreadsheet"
        raise CaseError([Fault(str(path), message)]) from None


def _check_kind(path: Path, content: bytes) -> None:
    """Name the kinds of files that are taken for workbooks."""
    message = None
    if not content:
        message = "empty"
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        protected = "EncryptedPackage".encode("utf-16-le") in content
        message = (
            "protected by a password; save it without one" if protected else "an old .xls workbook; save it as .xlsx"
        )
    elif not content.startswith(b"PK"):
        message = "not an .xlsx workbook; save it as .xlsx from a spreadsheet, or give a folder of CSV tables"
    if message:
        raise CaseError([Fault(str(path), message)])


class _Results:
    """The results of the formulas of a workbook, read only when a formula is met."""

    def __init__(self, path: Path):
        self._path = path
        self._book: Workbook | None = None

    def of(self, cell: Cell) -> Cell:
        """Return the cell that holds the result of a formula."""
        if self._book is None:
            self._book = _open(self._path, results=True)
        return self._book[cell.parent.title][cell.coordinate]


def _cells(sheet: Worksheet, raw: RawCase, results: _Results) -> RawTable:
    """Return the cells of a sheet under the names of its first row that is not blank."""
    file = f"sheet {sheet.title}"
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        raw.faults.append(Fault(file, f"{sheet.max_row} rows in use; delete the empty rows below the table"))
        return RawTable(file, (), ())
    rows = [(row[0].row, row) for row in sheet.iter_rows() if not all(blank(cell.value) for cell in row)]
    if not rows:
        raw.faults.append(Fault(file, "empty; the first row names the columns"))
        return RawTable(file, (), ())
    header, body = rows[0], rows[1:]
    names = _names(file, header, body, raw)
    _check_merged(sheet, header[0], raw)
    cells = [
        (number, {names[cell.column]: _value(cell, results) for cell in row if cell.column in names})
        for number, row in body
    ]
    return table_from_cells(file, tuple(names.values()), cells, header[0])


def _names(file: str, header: tuple[int, tuple[Cell, ...]], body: list[Any], raw: RawCase) -> dict[int, str]:
    """Return the names of the columns by position, each once."""
    number, cells = header
    names: dict[int, str] = {}
    for position, cell in enumerate(cells):
        name = "" if blank(cell.value) else str(cell.value).strip()
        if name in names.values():
            raw.faults.append(Fault(file, "named twice", number, name))
        elif name:
            names[cell.column] = name
        elif any(not blank(row[position].value) for _, row in body):
            raw.faults.append(Fault(file, f"column {cell.column_letter} has no name", number))
    return names


def _check_merged(sheet: Worksheet, header: int, raw: RawCase) -> None:
    """Refuse merged cells that hold something: only the first of them would have it."""
    for merged in sheet.merged_cells.ranges:
        value = sheet.cell(merged.min_row, merged.min_col).value
        if merged.max_row >= header and not blank(value):
            message = f"{merged.coord} is merged; unmerge it and write every cell"
            raw.faults.append(Fault(f"sheet {sheet.title}", message, merged.min_row, value=shown(value)))


def _value(cell: Cell, results: _Results) -> Any:
    """Return the value of a cell; for a formula, its result."""
    formula = cell.data_type == "f"
    if formula:
        cell = results.of(cell)
    if cell.data_type == "e":
        return Broken(shown(cell.value), "an error in the sheet; mend the formula, or write the value")
    # A result that is an empty text has type "str".
    if formula and cell.value is None and cell.data_type == "n":
        return Broken(None, "a formula without a result; open the workbook in a spreadsheet and save it again")
    return cell.value


def _read_table(sheet: Worksheet, table: str, raw: RawCase, results: _Results) -> None:
    before = len(raw.faults)
    raw.tables[table] = _cells(sheet, raw, results)
    if len(raw.faults) > before:
        raw.incomplete.add(table)


def _read_settings(table: RawTable, raw: RawCase) -> None:
    """Arrange the rows of the settings sheet by section."""
    missing = [name for name in SETTINGS_COLUMNS if name not in table.columns]
    if missing:
        found = ", ".join(table.columns)
        raw.faults.append(Fault(table.file, "the columns are key and value", row=table.header, value=found or None))
        return
    raw.settings = {section: {} for section in columns(Settings)}
    for name in table.columns:
        if name not in SETTINGS_COLUMNS:
            raw.faults.append(
                Fault(table.file, "unknown column; the columns are key and value", row=table.header, column=name)
            )
    for row in table.rows:
        _read_setting(row, raw)


def _read_setting(row: RawRow, raw: RawCase) -> None:
    assert raw.settings is not None
    written = str(shown(row.cells["key"]) or "").strip()
    paths = setting_paths()
    # A bare key will do where only one section has it.
    homes = [path for path in paths if path == written or path.endswith(f".{written}")]
    if len(homes) != 1:
        hint = nearest(written, [*paths, *(key for _, key in paths.values())]) or f"; known are {', '.join(paths)}"
        raw.faults.append(Fault(raw.settings_file, f"unknown key{hint}", row.number, "key", written))
    elif homes[0] in raw.settings_rows:
        message = f"given twice; row {raw.settings_rows[homes[0]]} has it already"
        raw.faults.append(Fault(raw.settings_file, message, row.number, "key", written))
    else:
        section, key = paths[homes[0]]
        raw.settings[section][key] = row.cells["value"]
        raw.settings_rows[homes[0]] = row.number
