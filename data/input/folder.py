"""A folder of ``case.toml`` and CSV tables, as written."""

from __future__ import annotations

import csv
import io
import itertools
import re
import tomllib
from importlib.resources.abc import Traversable
from typing import Any

from ..schema.declarations import columns
from ..schema.errors import CaseError, Fault, Unreadable, near
from ..schema.slips import Slip, find_slip
from ..schema.tables import TABLES
from ..storage.formulas import unguarded
from ..storage.placing import REPLACED, SETTINGS_FILE
from .headers import SEARCHED, above_header, find_header, names_columns, no_header
from .raw import RawCase, RawTable, shown, table_from_cells
from .sizes import LARGEST_FILE, LARGEST_SETTINGS, MOST_CELLS, MOST_COLUMNS, MOST_DOTS, MOST_SLIPS, megabytes

OTHER_FORMATS = (".tsv", ".xls", ".xlsx", ".ods")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
HEADING = re.compile(r"\s*\[+\s*([\w-]+)\s*\]")
KEY = re.compile(r"\s*([\w.-]+)\s*=")
LONGEST_LINE = 1_000
"""Characters of a line in which a slip of the pen is looked for."""

TWICE = ("not TOML: Cannot overwrite a value", "not TOML: Cannot declare")
QUOTED_OR_COMMENT = re.compile(
    r'''"""(?:[^"\\]|\\.|"{1,2}(?!"))*"""|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*''', re.DOTALL
)
"""Texts and comments of a TOML document."""


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
        below = [file for file in files if (folder / file / SETTINGS_FILE).is_file()]
        fault = Fault(
            str(folder), f"not a case: there is no {SETTINGS_FILE} in it{_nearest_case(folder, files, below)}"
        )
        # Tables beside the folder of a case are those of a result.
        if not tables or below:
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


def _nearest_case(folder: Traversable, files: list[str], below: list[str]) -> str:
    """Return a clause naming what may have been meant by a folder without ``case.toml``."""
    if (folder / REPLACED).is_dir():
        return (
            f"; it was being replaced and that was ended half way: replace it again, or take its tables away and move the files "
            f"before back from {folder / REPLACED}"
        )
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


def read_text(file: Traversable, largest: int = LARGEST_FILE) -> str:
    """Return the text of a UTF-8 file of at most so many bytes; `Unreadable` where it is none."""
    try:
        with file.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    if len(content) > largest:
        raise Unreadable(f"larger than {megabytes(largest)}, the most that is read")
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
        text = read_text(folder / SETTINGS_FILE, LARGEST_SETTINGS)
        raw.settings, text = _mended_toml(text, raw.faults)
    except Unreadable as problem:
        raw.faults.append(Fault(SETTINGS_FILE, problem.message, problem.row, value=problem.value))
    else:
        raw.settings_rows = _toml_rows(text)


def parse_toml(text: str) -> dict[str, Any]:
    """Return the sections of a TOML document; `Unreadable` where it is none."""
    _check_keys(text)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Unreadable("not TOML: nested too deeply") from None
    except ValueError as error:
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        if place is None:
            raise Unreadable(f"not TOML: {error}") from None
        reason = str(error)[: place.start()]
        if place[1] is None:
            raise Unreadable(f"not TOML: {reason}, at its end", text.rstrip().count("\n") + 1) from None
        raise Unreadable(f"not TOML: {reason}, at column {place[2]}", int(place[1])) from None


def _check_keys(text: str) -> None:
    """Refuse keys of very many parts: each part is a table in a table, and their number grows with its square."""
    bare = QUOTED_OR_COMMENT.sub(lambda found: "-" + "\n" * found[0].count("\n"), text)
    for number, line in enumerate(bare.split("\n"), start=1):
        dots = max(part.count(".") for part in re.split(r"[=\[\]{},]", line))
        if dots > MOST_DOTS:
            most = f"the most that is read is {MOST_DOTS + 1}"
            raise Unreadable(f"a key of {dots + 1:,} parts, {most}; a key is one word below its [section]", number)


def _mended_toml(text: str, faults: list[Fault]) -> tuple[dict[str, Any], str]:
    """Return the sections of a TOML document, and the text they were read from.

    Lines that are slips of the pen are added to `faults` and read as they were meant, so that what is wrong further down comes to
    light too. `Unreadable` where it is not clear what was meant.
    """
    lines = text.split("\n")
    slips = itertools.count(1)
    while True:
        try:
            return parse_toml("\n".join(lines)), "\n".join(lines)
        except Unreadable as problem:
            slip = _slip(lines, problem)
            if slip is None or problem.row is None:
                raise
            line = lines[problem.row - 1]
            found = Unreadable(slip.message, problem.row, shown(line.strip()))
            if not slip.line or next(slips) == MOST_SLIPS:
                raise found from None
            faults.append(Fault(SETTINGS_FILE, found.message, found.row, value=found.value))
            lines[problem.row - 1] = slip.line


def _slip(lines: list[str], problem: Unreadable) -> Slip | None:
    """Return what the line of a TOML error was meant to be; None where that is not clear."""
    if problem.row is None or not problem.message.startswith("not TOML"):
        return None
    line = lines[problem.row - 1]
    if len(line) > LONGEST_LINE:
        return None
    if not problem.message.startswith(TWICE):
        slip = find_slip(line)
        return slip and Slip(f"not TOML; {slip.message}", slip.line)
    above = _toml_rows("\n".join(lines[: problem.row - 1]))
    section = next((heading[1] for text in reversed(lines[: problem.row]) if (heading := HEADING.match(text))), None)
    key = KEY.match(line)
    if key is None:
        first = above.get(section or "")
        message = f"a second section of this name; put its keys below the first one, in row {first}"
        return Slip(message) if first else None
    first = above.get(f"{section}.{key[1]}" if section else key[1])
    return Slip(f"given twice; row {first} has it already", "#") if first else None


def _toml_rows(text: str) -> dict[str, int]:
    """Return the line of every section and key; tomllib does not tell."""
    rows: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if heading := HEADING.match(line):
            section = f"{heading[1]}."
            rows.setdefault(heading[1], number)
        elif key := KEY.match(line):
            rows.setdefault(section + key[1], number)
    return rows


def _read_table(folder: Traversable, table: str, raw: RawCase) -> None:
    file = f"{table}.csv"
    before = len(raw.faults)
    try:
        raw.tables[table] = parse_csv(file, table, read_text(folder / file), raw.faults)
    except Unreadable as problem:
        raw.faults.append(Fault(file, problem.message, problem.row, value=problem.value))
    if len(raw.faults) > before:
        raw.incomplete.add(table)


def parse_csv(file: str, table: str, text: str, faults: list[Fault]) -> RawTable:
    """Split a table into cells; ragged rows and doubled columns are added to `faults`."""
    known = columns(TABLES[table])
    records = _records(text)
    if not records:
        raise Unreadable(f"empty; the first row names the columns: {', '.join(known)}")
    place = find_header([record for _, record in records[:SEARCHED]], known)
    first, header = records[place]
    if place:
        above = records[0]
        faults.append(Fault(file, above_header(first), above[0], value=_joined(above[1])))
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    _check_header(table, names, first)
    _check_names(file, names, first, faults)
    rows = []
    for number, record in records[place + 1 :]:
        if any(record[len(names) :]) or not len(names) <= len(record) <= len(header):
            faults.append(Fault(file, f"{_cells(len(record))} where the header has {len(names)}", number))
            continue
        # Reversed, so that the first of two columns of one name is kept.
        cells = map(unguarded, record)
        rows.append((number, dict(reversed([*zip(names, cells, strict=False)]))))
    return table_from_cells(file, tuple(dict.fromkeys(filter(None, names))), rows, first)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _joined(record: list[str]) -> str | None:
    return shown(", ".join(filter(None, map(str.strip, record))))


def _records(text: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the line it starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    number, cells = 1, 0
    try:
        for record in reader:
            if any(cell.strip() for cell in record) and not (number == 1 and _declares_separator(record)):
                records.append((number, record))
                cells += len(record)
                if cells > MOST_CELLS:
                    raise Unreadable(f"more than {MOST_CELLS:,} cells, the most that is read", number)
            number = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"not a CSV file: {error}; is a quotation mark left open?", number) from None
    return records


def _declares_separator(record: list[str]) -> bool:
    """Return whether a first row is no row, but tells a spreadsheet that commas separate the cells."""
    return record[0].strip().lower() in ("sep=", "sep=,") and not any(map(str.strip, record[1:]))


def _check_header(table: str, names: list[str], row: int) -> None:
    """Refuse a table whose first row names no column, once: each of its rows would be a fault."""
    if len(names) == 1:
        for separator, words in SEPARATORS.items():
            if separator in names[0]:
                raise Unreadable(f"separated by {words}; separate the cells by commas", row)
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"more than {MOST_COLUMNS:,} columns, the most that is read", row)
    if not names_columns(names, table):
        raise Unreadable(no_header(table), row, _joined(names))


def _check_names(file: str, names: list[str], row: int, faults: list[Fault]) -> None:
    for position, name in enumerate(names):
        if not name:
            faults.append(Fault(file, f"column {position + 1} has no name", row))
        elif name in names[:position]:
            faults.append(Fault(file, f"named twice, in columns {names.index(name) + 1} and {position + 1}", row, name))
