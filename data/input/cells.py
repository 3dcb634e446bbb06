"""Cells into rows and settings, by the declarations of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ..schema.declarations import columns, extra, needed, options, section_model, setting_keys
from ..schema.errors import Fault, near, nearest
from ..schema.settings import Settings
from ..schema.tables import TABLES, Row
from .draft import Draft, Line
from .headers import names_columns, no_header
from .raw import Broken, RawCase, RawRow, RawTable, blank, shown

# Tables that may be missing unless another one has rows.
NEEDED_WITH = {"policies": "regimes"}


def parse(raw: RawCase) -> Draft:
    """Parse settings and tables, adding the faults to those of `raw`."""
    settings = parse_settings(raw)
    _require_tables(raw)
    _warn_of_recipes(raw)
    unknown = raw.incomplete | {table for table in raw.absent() if TABLES[table].required}
    lines: dict[str, list[Line]] = {table: [] for table in TABLES}
    for table, found in raw.tables.items():
        lines[table] = parse_table(found, TABLES[table], raw.faults)
        ids = set(TABLES[table].key) & set(needed(TABLES[table]))
        if found.columns and not ids <= set(found.columns):
            unknown.add(table)
    files = {table: raw.pattern.format(table) for table in TABLES}
    return Draft(settings, lines, files, frozenset(unknown))


def _require_tables(raw: RawCase) -> None:
    for table in raw.absent():
        company = NEEDED_WITH.get(table)
        called_for = company in raw.tables and bool(raw.tables[company].rows)
        if TABLES[table].required or called_for:
            reason = f"{company} has rows" if called_for else "every case has it"
            message = f"missing; {reason}, with the columns {', '.join(needed(TABLES[table]))}"
            raw.faults.append(Fault(raw.pattern.format(table), message))


def _warn_of_recipes(raw: RawCase) -> None:
    """Warn where nothing says that processes need no inputs, as an empty table would."""
    processes = raw.tables.get("processes")
    if "recipes" in raw.absent() and processes is not None and processes.rows:
        message = (
            "missing, so that every process makes its output of nothing; add it, with the columns "
            f"{', '.join(needed(TABLES['recipes']))}, if empty"
        )
        raw.warnings.append(Fault(raw.pattern.format("recipes"), message))


def parse_table(raw: RawTable, model: type[Row], faults: list[Fault]) -> list[Line]:
    """Parse the rows of a table, adding its faults to `faults`."""
    absent = _check_header(raw, model, faults)
    return [_parse_row(raw.file, row, model, absent, faults) for row in raw.rows]


def _check_header(raw: RawTable, model: type[Row], faults: list[Fault]) -> set[str]:
    """Report each unknown and each missing column once; return the missing ones."""
    known = columns(model)
    strange = [name for name in raw.columns if name not in known]
    absent = [name for name in needed(model) if name not in raw.columns]
    if raw.columns and not names_columns(raw.columns, model.table):
        faults.append(Fault(raw.file, no_header(model.table), row=raw.header, value=shown(", ".join(strange))))
        return set(absent)
    explained = set()
    for name in strange:
        meant = near(name, known)
        hint = f"did you mean {meant!r}?" if meant else f"known are {', '.join(known)}"
        faults.append(Fault(raw.file, f"unknown column; {hint}", row=raw.header, column=name))
        explained.add(meant)
    for name in absent:
        if name not in explained and (raw.columns or raw.rows):
            faults.append(Fault(raw.file, f"missing column; {model.table} needs it", row=raw.header, column=name))
    return set(absent)


def _parse_row(file: str, raw: RawRow, model: type[Row], absent: set[str], faults: list[Fault]) -> Line:
    known = columns(model)
    written = {name: cell for name, cell in raw.cells.items() if name in known and not blank(cell)}
    broken = {name: cell.message for name, cell in written.items() if isinstance(cell, Broken)}
    cells = {name: clean(cell) for name, cell in written.items() if name not in broken}
    problems = {}
    try:
        row = model.model_validate(cells)
        if not broken:
            return Line(file, raw.number, row)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0])
            problems[name] = in_words(problem, known[name])
    problems |= broken
    for name, message in problems.items():
        if name not in absent:
            faults.append(Fault(file, message, raw.number, name, shown(written.get(name))))
    sound = {name: str(shown(cell)) for name, cell in cells.items() if name not in problems}
    return Line(file, raw.number, None, sound)


def clean(cell: Any) -> Any:
    """Return a cell without the blanks around its text."""
    return cell.strip() if isinstance(cell, str) else cell


def in_words(problem: ErrorDetails, info: FieldInfo) -> str:
    """Return what a column's check found, and what would be right."""
    if problem["type"] == "missing":
        return "empty; a value is needed"
    if problem["type"] == "literal_error":
        words = options(info)
        near_by, hint = nearest(str(problem["input"]), words), extra(info, "hint")
        return f"must be one of {', '.join(words)}" + (near_by or (f"; {hint}" if hint else ""))
    return problem["msg"]


def parse_settings(raw: RawCase) -> Settings | None:
    """Parse the settings, adding the faults to those of `raw`; None where there is one."""
    if raw.settings is None:
        return None
    before = len(raw.faults)
    sections = {name: _section(name, content, raw) for name, content in raw.settings.items()}
    try:
        settings = Settings.model_validate(sections)
    except ValidationError as error:
        raw.faults.extend(_setting_fault(raw, problem) for problem in error.errors(include_url=False))
    return settings if len(raw.faults) == before else None


def _section(name: str, content: Any, raw: RawCase) -> Any:
    """Return a section without its empty keys; a broken cell is reported and taken as empty."""
    if not isinstance(content, Mapping):
        return content
    for key, value in content.items():
        if isinstance(value, Broken):
            path = f"{name}.{key}"
            raw.faults.append(Fault(raw.settings_file, value.message, raw.settings_rows.get(path), path, shown(value)))
    sound = {key: value for key, value in content.items() if not blank(value) and not isinstance(value, Broken)}
    return {str(key): clean(value) for key, value in sound.items()}


def _setting_fault(raw: RawCase, problem: ErrorDetails) -> Fault:
    path = [str(part) for part in problem["loc"]]
    words = _section_words(path[0], problem) if len(path) == 1 else _key_words(path[0], path[1], problem)
    name = ".".join(path)
    hidden = problem["type"] == "missing" or isinstance(problem["input"], dict)
    value = None if hidden else shown(problem["input"])
    row = raw.settings_rows.get(name, raw.settings_rows.get(path[0]))
    return Fault(raw.settings_file, words, row, name, value)


def _section_words(section: str, problem: ErrorDetails) -> str:
    sections = columns(Settings)
    if section not in sections:
        home = [name for name in sections if section in setting_keys(name)]
        return f"unknown; write it under [{home[0]}]" if home else f"unknown section{_hint(section, sections)}"
    keys = ", ".join(setting_keys(section))
    if problem["type"] == "missing":
        return f"missing; every case has the section [{section}] with {', '.join(needed(section_model(section)))}"
    return f"not a section; write [{section}] and below it {keys}"


def _key_words(section: str, key: str, problem: ErrorDetails) -> str:
    keys = setting_keys(section)
    if key not in keys:
        return f"unknown key{_hint(key, keys)}"
    if problem["type"] == "missing":
        return "missing; every case has it"
    return in_words(problem, keys[key])


def _hint(name: str, known: Iterable[str]) -> str:
    known = list(known)
    return nearest(name, known) or f"; known are {', '.join(known)}"
