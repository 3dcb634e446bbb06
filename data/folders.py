"""A folder of ``case.toml`` and CSV tables, as written."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from .faults import CaseError, Fault, near
from .formulas import unguarded
from .placing import REPLACED, SETTINGS_FILE
from .raw import RawCase, RawTable, table_from_cells
from .tables import TABLES

OTHER_FORMATS = (".tsv", ".xls", ".xlsx", ".ods")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(eq=False)
class Unreadable(Exception):
    """A file that cannot be read as what it should be: what is wrong, and in which row."""

    message: str
    row: int | None = None


def read_folder(folder: Traversable, name: str) -> RawCase:
    """Read ``case.toml`` and every table of a folder.

    Parameters
    ----------
    folder
        The folder; a path, or a resource of an installed package.
    name
        Name of the case.

    Returns
    -------
    RawCase
        What could be read, and the faults of what could not.

    Raises
    ------
    CaseError
        Where the folder holds nothing of a case.
    """
    raw = RawCase(name, "{}.csv", SETTINGS_FILE)
    try:
        files = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith((".", "~")))
    except OSError as error:
        raise CaseError([Fault(str(folder), f"the folder cannot be read: {error.strerror or error}")]) from None
    tables = [table for table in TABLES if f"{table}.csv" in files]
    if SETTINGS_FILE not in files:
        fault = Fault(str(folder), f"not a case: there is no {SETTINGS_FILE} in it{_nearest_case(folder, files)}")
        if not tables:
            raise CaseError([fault])
        raw.faults.append(fault)
    else:
        _read_settings(folder, raw)
    for table in tables:
        _read_table(folder, table, raw)
    others = [file for file in files if file.lower().endswith(".csv") and file[:-4] not in tables]
    raw.judge_strays({file: file[:-4] for file in others}, "file")
    _name_other_formats(raw, files)
    return raw


def _nearest_case(folder: Traversable, files: list[str]) -> str:
    """Return a clause naming what may have been meant by a folder without ``case.toml``."""
    if (folder / REPLACED).is_dir():
        return (
            f"; it was being replaced and that was ended half way: replace it again, or take its tables away and move the files "
            f"before back from {folder / REPLACED}"
        )
    below = [file for file in files if (folder / file / SETTINGS_FILE).is_file()]
    if below:
        return f"; did you mean {folder / below[0]}?"
    books = [file for file in files if file.lower().endswith(".xlsx")]
    if books:
        return f"; did you mean the workbook {folder / books[0]}?"
    meant = near(SETTINGS_FILE, files, cutoff=0.7)
    return f"; found {meant}, rename it to case.toml" if meant else ""


def _name_other_formats(raw: RawCase, files: list[str]) -> None:
    """Where a table is missing and a file of another format bears its name, say so."""
    for table in raw.absent():
        twins = [file for file in files if file.lower() in {table + ending for ending in OTHER_FORMATS}]
        if twins:
            raw.incomplete.add(table)
            raw.faults.append(Fault(f"{table}.csv", f"missing; found {twins[0]}, save it as comma-separated text"))


def read_text(file: Traversable) -> str:
    """Return the text of a UTF-8 file; `Unreadable` where it is none."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("not UTF-8 but UTF-16; save it as UTF-8")
    if content.startswith(b"PK\x03\x04"):
        raise Unreadable("not a text file but a workbook or an archive; save it as UTF-8 text")
    if b"\0" in content:
        row = content[: content.index(b"\0")].count(b"\n") + 1
        raise Unreadable("not a text file: it holds binary content; save it as UTF-8 text", row)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8", row) from None


def _read_settings(folder: Traversable, raw: RawCase) -> None:
    try:
        text = read_text(folder / SETTINGS_FILE)
        raw.settings = parse_toml(text)
    except Unreadable as problem:
        raw.faults.append(Fault(SETTINGS_FILE, problem.message, problem.row))
    else:
        raw.settings_rows = _toml_rows(text)


def parse_toml(text: str) -> dict[str, Any]:
    """Return the sections of a TOML document; `Unreadable` where it is none."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Unreadable("not TOML: nested too deeply") from None
    except ValueError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        if place is None:
            raise Unreadable(f"not TOML: {error}") from None
        reason = str(error)[: place.start()]
        raise Unreadable(f"not TOML: {reason}, at column {place[2]}", int(place[1])) from None


def _toml_rows(text: str) -> dict[str, int]:
    """Return the line of every section and key; tomllib does not tell."""
    rows: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := re.match(r"\s*\[+\s*([\w-]+)\s*\]", line):
            section = f"{heading[1]}."
            rows.setdefault(heading[1], number)
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            rows.setdefault(section + key[1], number)
    return rows


def _read_table(folder: Traversable, table: str, raw: RawCase) -> None:
    file = f"{table}.csv"
    before = len(raw.faults)
    try:
        raw.tables[table] = parse_csv(file, table, read_text(folder / file), raw.faults)
    except Unreadable as problem:
        raw.faults.append(Fault(file, problem.message, problem.row))
    if len(raw.faults) > before:
        raw.incomplete.add(table)


def parse_csv(file: str, table: str, text: str, faults: list[Fault]) -> RawTable:
    """Split a table into cells; ragged rows and doubled columns are added to `faults`."""
    records = _records(text)
    if not records:
        raise Unreadable(f"empty; the first row names the columns: {', '.join(TABLES[table].model_fields)}")
    first, header = records[0]
    _check_separator(header, first)
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    _check_names(file, names, first, faults)
    rows = []
    for number, record in records[1:]:
        if any(record[len(names) :]) or not len(names) <= len(record) <= len(header):
            faults.append(Fault(file, f"{_cells(len(record))} where the header has {len(names)}", number))
            continue
        # Reversed, so that the first of two columns of one name is kept.
        cells = map(unguarded, record)
        rows.append((number, dict(reversed([*zip(names, cells, strict=False)]))))
    return table_from_cells(file, tuple(dict.fromkeys(filter(None, names))), rows, first)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _records(text: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the line it starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    number = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                records.append((number, record))
            number = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"not a CSV file: {error}; is a quotation mark left open?", number) from None
    return records


def _check_separator(header: list[str], row: int) -> None:
    if len(header) > 1:
        return
    for separator, name in SEPARATORS.items():
        if separator in header[0]:
            raise Unreadable(f"separated by {name}; separate the cells by commas", row)


def _check_names(file: str, names: list[str], row: int, faults: list[Fault]) -> None:
    for position, name in enumerate(names):
        if not name:
            faults.append(Fault(file, f"column {position + 1} has no name", row))
        elif name in names[:position]:
            faults.append(Fault(file, f"named twice, in columns {names.index(name) + 1} and {position + 1}", row, name))
