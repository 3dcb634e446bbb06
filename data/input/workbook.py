"""A workbook of one sheet for the settings and one for each table, as written."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schema.declarations import columns, setting_paths
from ..schema.errors import CaseError, Fault, Unreadable, near, nearest
from ..schema.settings import Settings
from ..schema.tables import TABLES
from .headers import SEARCHED, above_header, find_header
from .raw import Broken, RawCase, RawRow, RawTable, blank, shown, table_from_cells
from .sizes import LARGEST_FILE, MOST_COLUMNS, megabytes
from .survey import Merged, Sheet, check_archive, check_texts, column_letters, spans, survey_sheet

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

SETTINGS_SHEET = "case"
SETTINGS_COLUMNS = ("key", "value")
LISTED = 5
"""Spans of hidden rows or columns that a warning names."""


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
        Where the file is no workbook, one without anything of a case, or one larger than is read (`sizes`).
    """
    raw = RawCase(name, "sheet {}", f"sheet {SETTINGS_SHEET}")
    with closing(_open(path)) as book:
        names = [sheet.title for sheet in book.worksheets]
        if not names:
            message = "no sheet can be read; save it as an ordinary .xlsx workbook, not as Strict Open XML"
            raise CaseError([Fault(str(path), message)])
        if not {SETTINGS_SHEET, *TABLES} & set(names):
            message = f"not a case: none of its sheets ({', '.join(names)}) is `case` or a table of a case"
            raise CaseError([Fault(str(path), message)])
        if SETTINGS_SHEET in names:
            settings = _read_sheet(book, SETTINGS_SHEET, SETTINGS_COLUMNS, raw)
            if settings is not None:
                _read_settings(settings, raw)
        else:
            meant = near(SETTINGS_SHEET, names, cutoff=0.7)
            hint = f"rename the sheet {meant!r}" if meant else "it has the columns key and value"
            raw.faults.append(Fault(raw.settings_file, f"missing; {hint}"))
        for table in TABLES:
            if table in names:
                _read_table(book, table, raw)
    strays = {f"sheet {title}": title for title in names if title not in TABLES and title != SETTINGS_SHEET}
    raw.judge_strays(strays, "sheet")
    return raw


def _open(path: Path) -> Workbook:
    """Open a workbook so that its cells are read one after another; of formulas the results."""
    from openpyxl import load_workbook

    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CaseError([Fault(str(path), f"cannot be read: {error.strerror or error}")]) from None
    _check_kind(path, content)
    try:
        _check_size(content)
        with warnings.catch_warnings():
            # Features that openpyxl does not keep (validation lists, images) hold no figures.
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Unreadable as problem:
        raise CaseError([Fault(str(path), problem.message)]) from None
    # openpyxl lets the errors of zipfile, XML and its own descriptors through.
    except Exception as error:
        raise CaseError([Fault(str(path), f"no .xlsx workbook, or {_damaged(error)}")]) from None


def _damaged(error: Exception) -> str:
    return f"a damaged one ({type(error).__name__}); save it again from a spreadsheet"


def _check_size(content: bytes) -> None:
    """Refuse a workbook that is larger than is read; `Unreadable` names what and the limit."""
    from zipfile import ZipFile

    from openpyxl.packaging.manifest import Manifest
    from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS
    from openpyxl.xml.functions import fromstring

    if len(content) > LARGEST_FILE:
        raise Unreadable(f"larger than {megabytes(LARGEST_FILE)}, the most that is read")
    with ZipFile(io.BytesIO(content)) as archive:
        check_archive(archive)
        texts = Manifest.from_tree(fromstring(archive.read(ARC_CONTENT_TYPES))).find(SHARED_STRINGS)
        if texts is not None:
            with archive.open(texts.PartName[1:]) as stream:
                check_texts(stream)


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


def _read_table(book: Workbook, table: str, raw: RawCase) -> None:
    before = len(raw.faults)
    found = _read_sheet(book, table, columns(TABLES[table]), raw)
    if found is not None:
        raw.tables[table] = found
    if len(raw.faults) > before:
        raw.incomplete.add(table)


def _read_sheet(book: Workbook, title: str, known: Collection[str], raw: RawCase) -> RawTable | None:
    """Return the cells of a sheet under the names of its header; None, and a fault, where it cannot be read."""
    file = f"sheet {title}"
    sheet: ReadOnlyWorksheet = book[title]
    try:
        with warnings.catch_warnings():
            # A date that is none is read as an error, which is told.
            warnings.simplefilter("ignore")
            return _Reader(sheet, file, known, raw).table()
    except Unreadable as problem:
        raw.faults.append(Fault(file, problem.message, problem.row, value=problem.value))
    return None


def _surveyed(sheet: ReadOnlyWorksheet) -> Sheet:
    """Survey a sheet: openpyxl says nothing of merged cells and hidden rows where it reads cells one after another."""
    try:
        with sheet._get_source() as stream:
            return survey_sheet(stream)
    except Unreadable:
        raise
    # zipfile, zlib and expat have errors of their own.
    except Exception as error:
        raise Unreadable(_damaged(error)) from None


class _Reader:
    """Reads one sheet: surveys it, finds its header, takes the cells below.

    Parameters
    ----------
    sheet
        The sheet, opened for reading only.
    file
        What messages call it.
    known
        Names of the columns.
    raw
        Takes faults and warnings.
    """

    def __init__(self, sheet: ReadOnlyWorksheet, file: str, known: Collection[str], raw: RawCase):
        self._sheet, self._file, self._known, self._raw = sheet, file, known, raw
        self._survey = _surveyed(sheet)

    def table(self) -> RawTable:
        """Return the cells below the header; `Unreadable` where there is none."""
        first = []
        for number, row in self._rows(1, self._width()):
            if not all(blank(cell.value) for cell in row):
                first.append((number, row))
            if len(first) == SEARCHED:
                break
        if not first:
            raise Unreadable("empty; the first row names the columns")
        self._warn_of_hidden()
        place = find_header([[cell.value for cell in row] for _, row in first], self._known)
        header, cells = first[place]
        if place:
            self._refuse_title(first[0], header)
        merged = [each for each in self._survey.merged if each.last_row >= header]
        broken = [each for each in merged if each.first_row <= header and each.last_column > each.first_column]
        names = self._names(header, cells, broken)
        rows = [*self._body(header, names, merged)]
        if any(not blank(cells[each.first_column - 1].value) for each in broken if each.first_column <= len(cells)):
            # Which columns there are cannot be known: one fault is enough.
            return RawTable(self._file, (), ())
        return table_from_cells(self._file, tuple(names.values()), rows, header)

    def _width(self) -> int:
        return max(self._survey.columns, default=1)

    def _rows(self, first: int, last_column: int, first_column: int = 1) -> Iterator[tuple[int, tuple[Cell, ...]]]:
        """Return rows with their numbers, up to the last one in use."""
        if self._survey.last_row < first:
            return
        found = enumerate(self._sheet.iter_rows(first, self._survey.last_row, first_column, last_column), start=first)
        while True:
            try:
                row = next(found, None)
            # openpyxl lets the errors of zipfile, XML and its own descriptors through.
            except Exception as error:
                raise Unreadable(_damaged(error)) from None
            if row is None:
                return
            yield row

    def _names(self, header: int, cells: tuple[Cell, ...], merged: list[Merged]) -> dict[int, str]:
        """Return the names of the columns by position, counted from 1, each once."""
        if sum(not blank(cell.value) for cell in cells) > MOST_COLUMNS:
            raise Unreadable(f"more than {MOST_COLUMNS:,} columns, the most that is read", header)
        names: dict[int, str] = {}
        for position, cell in enumerate(cells, start=1):
            name = "" if blank(cell.value) else str(cell.value).strip()
            if name in names.values():
                self._raw.faults.append(Fault(self._file, "named twice", header, name))
            elif name:
                names[position] = name
            elif self._in_use(position, header) and not _covers(merged, position):
                message = f"column {column_letters(position)} has no name"
                self._raw.faults.append(Fault(self._file, message, header))
        return names

    def _in_use(self, position: int, header: int) -> bool:
        """Return whether a column holds something below the header."""
        if self._survey.columns.get(position, 0) <= header:
            return False
        return any(not blank(cell.value) for _, row in self._rows(header + 1, position, position) for cell in row)

    def _body(
        self, header: int, names: Mapping[int, str], merged: list[Merged]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Return the cells below the header by name; of merged cells all have what the first one holds, and a fault."""
        starts = {(each.first_row, each.first_column): each for each in merged}
        filled: dict[int, tuple[int, Any]] = {}
        for number, row in self._rows(header, max(names, default=1)):
            cells = {}
            for position, name in names.items():
                cell = row[position - 1] if position <= len(row) else None
                value = None if cell is None or number == header else self._value(number, position, cell)
                cells[name] = value
                start = starts.get((number, position))
                if start is not None and cell is not None and not blank(cell.value):
                    self._refuse_merged(start, cell.value)
                    filled[position] = start.last_row, value
            if number > header and not all(map(blank, cells.values())):
                for position, (last, value) in filled.items():
                    if number <= last and blank(cells[names[position]]):
                        cells[names[position]] = value
                yield number, cells

    def _value(self, number: int, position: int, cell: Cell) -> Any:
        """Return the value of a cell; for a formula, its result."""
        if cell.data_type == "e":
            return Broken(shown(cell.value), "an error in the sheet; mend the formula, or write the value")
        # A result that is an empty text has type "str".
        if cell.value is None and cell.data_type == "n" and (number, position) in self._survey.formulas:
            return Broken(None, "a formula without a result; open the workbook in a spreadsheet and save it again")
        return cell.value

    def _refuse_merged(self, merged: Merged, value: Any) -> None:
        message = f"{merged.name} is merged; unmerge it and write every cell"
        self._raw.faults.append(Fault(self._file, message, merged.first_row, value=shown(value)))

    def _refuse_title(self, row: tuple[int, tuple[Cell, ...]], header: int) -> None:
        """Refuse what stands above the header, once."""
        number, cells = row
        message = above_header(header)
        merged = [each.name for each in self._survey.merged if each.first_row <= number <= each.last_row]
        if merged:
            message = f"{', '.join(merged)} is merged and {message}"
        texts = ", ".join(str(cell.value).strip() for cell in cells if not blank(cell.value))
        self._raw.faults.append(Fault(self._file, message, number, value=shown(texts)))

    def _warn_of_hidden(self) -> None:
        """Warn of what nobody sees in a spreadsheet and is part of the case all the same."""
        survey = self._survey
        places = []
        if self._sheet.sheet_state != "visible":
            places.append("the sheet is hidden")
        if survey.hidden_rows:
            by = " by a filter" if survey.filtered else ""
            places.append(f"{_listed('row', survey.hidden_rows, str)} hidden{by}")
        if survey.hidden_columns:
            places.append(f"{_listed('column', survey.hidden_columns, column_letters)} hidden")
        for place in places:
            message = f"{place}, yet read as part of the case; show what is hidden, or delete it"
            self._raw.warnings.append(Fault(self._file, message))


def _listed(noun: str, numbers: list[int], name: Callable[[int], str]) -> str:
    """Return rows or columns as ``rows 3-5 and 9 are``."""
    parts = [name(first) if first == last else f"{name(first)}-{name(last)}" for first, last in spans(numbers)]
    if len(numbers) == 1:
        return f"{noun} {parts[0]} is"
    more = f" and {len(parts) - LISTED} more places" if len(parts) > LISTED else ""
    return f"{noun}s {', '.join(parts[:LISTED])}{more} are"


def _covers(merged: list[Merged], position: int) -> bool:
    return any(each.first_column <= position <= each.last_column for each in merged)


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
