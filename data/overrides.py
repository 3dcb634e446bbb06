"""Single figures of a case set anew: ``TABLE.KEY.COLUMN=VALUE``."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from .check.notices import notice
from .check.references import check
from .input.cells import in_words
from .input.draft import Draft, draft_of
from .input.raw import shown
from .schema.case import Case
from .schema.declarations import columns, extra, numeric, setting_keys, setting_paths
from .schema.errors import CaseError, Fault, nearest
from .schema.settings import Settings
from .schema.tables import TABLES, Row
from .schema.values import PLAIN_NUMBER
from .units import unscalable

FORM = "write TABLE.KEY.COLUMN=VALUE, such as lanes.hf-jp-kr.max_flow=500, or SECTION.KEY=VALUE"
# Columns that the KEY of a table is made of, where they are not its whole key.
NAMED_BY = {"contingencies": ("contingency", "lane", "process")}


Declared = TypeVar("Declared", bound=BaseModel)


@dataclass(eq=False)
class _Refused(Exception):
    """Why an override cannot be applied."""

    message: str
    column: str | None = None
    value: str | None = None


@dataclass
class _Changes:
    """A case being changed: its settings, the rows of the tables touched, and what was set by which override."""

    case: Case
    settings: Settings
    rows: dict[str, list[Row]] = field(default_factory=dict)
    origins: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    def table(self, name: str) -> list[Row]:
        return self.rows.setdefault(name, list(self.case.rows(name)))


def apply_overrides(case: Case, overrides: Iterable[str]) -> Case:
    """Return a case with some figures set anew, checked as a whole.

    Parameters
    ----------
    case
        The case; it stays as it is.
    overrides
        Texts ``TABLE.KEY.COLUMN=VALUE`` or ``SECTION.KEY=VALUE``, applied in their order. TABLE ends at the first
        dot. The ``=`` is the first one that follows a dot and a column of the table, so that ids may hold dots and
        equal signs. A table keyed by two columns has the KEY ``a/b``; contingencies have ``contingency/lane`` or
        ``contingency/process``, which means all rows of that outage. VALUE ``*0.8`` scales the figure in force; an
        empty VALUE sets the default.

    Returns
    -------
    Case
        The case with these figures.

    Raises
    ------
    CaseError
        With every override that cannot be applied, and then with every fault of the case they lead to.
    """
    given = [overrides] if isinstance(overrides, str) else overrides
    texts = [unicodedata.normalize("NFC", text) for text in given]
    if not texts:
        return case
    changes = _Changes(case, case.settings)
    faults = []
    for text in texts:
        try:
            _apply(changes, text)
        except _Refused as problem:
            faults.append(Fault(f"--set {text}", problem.message, None, problem.column, problem.value))
    if faults:
        raise CaseError(faults)
    return _checked(changes, texts)


def _checked(changes: _Changes, texts: list[str]) -> Case:
    draft = draft_of(changes.case, changes.settings, changes.rows)
    faults = [_attributed(fault, changes, draft, texts) for fault in check(draft) or unscalable(draft, "settings", {})]
    if faults:
        raise CaseError(faults)
    # What was noticed while reading stays; what the figures gave cause for is looked for anew.
    case = changes.case
    before = set(notice(draft_of(case, case.settings, {}))) if case.warnings else set()
    warnings = [warning for warning in case.warnings if warning not in before]
    rows: dict[str, Any] = {table: tuple(rows) for table, rows in changes.rows.items()}
    return replace(changes.case, settings=changes.settings, warnings=(*warnings, *notice(draft)), **rows)


def _attributed(fault: Fault, changes: _Changes, draft: Draft, texts: list[str]) -> Fault:
    """Name the override that leads to a fault; all of them where its row was not touched."""
    for (table, index), origins in changes.origins.items():
        line = draft.lines[table][index]
        if (line.file, line.number) == (fault.file, fault.row):
            text = origins.get(fault.column or "") or ", ".join(dict.fromkeys(origins.values()))
            return Fault(f"--set {text}", fault.message, None, fault.column, fault.value)
    some = ", ".join(f"--set {text}" for text in texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")
    return replace(fault, message=f"{fault.message} (after {some})")


def _apply(changes: _Changes, text: str) -> None:
    head, dot, rest = text.partition(".")
    head = head.strip()
    if "=" not in text or "=" in head or not dot:
        name = text.partition("=")[0].strip()
        meant = [path for path, (_, key) in setting_paths().items() if key == name]
        raise _Refused(f"did you mean {meant[0]}?" if meant and "=" in text else f"not an override; {FORM}")
    if head in TABLES:
        _set_figure(changes, text, head, rest)
    elif head in columns(Settings):
        _set_setting(changes, text, head, rest)
    else:
        raise _Refused(f"no table or section {head!r}" + nearest(head, [*TABLES, *columns(Settings)]))


def _set_setting(changes: _Changes, text: str, section: str, rest: str) -> None:
    name, _, value = rest.partition("=")
    name = name.strip()
    keys = setting_keys(section)
    if name not in keys:
        raise _Refused(f"no key {name!r} in {section}" + (nearest(name, keys) or f"; known are {', '.join(keys)}"))
    present = getattr(changes.settings, section)
    new = _with(present, name, keys[name], value.strip())
    changes.settings = changes.settings.model_copy(update={section: new})


def _set_figure(changes: _Changes, text: str, table: str, rest: str) -> None:
    model = TABLES[table]
    if not model.key:
        raise _Refused(f"{table} has no key, and never changes a result")
    known = columns(model)
    key, name, value = _split(rest, known)
    if name not in known:
        raise _Refused(f"no column {name!r} in {table}" + (nearest(name, known) or f"; known are {', '.join(known)}"))
    if name in NAMED_BY.get(table, model.key):
        raise _Refused(f"{name} is part of the key; set another column")
    rows = changes.table(table)
    found = [index for index, row in enumerate(rows) if row.id == key]
    if not found:
        raise _Refused(_no_such_key(table, key, rows))
    for index in found:
        rows[index] = _with(rows[index], name, known[name], value)
        changes.origins.setdefault((table, index), {})[name] = text


def _split(rest: str, known: Iterable[str]) -> tuple[str, str, str]:
    """Split ``KEY.COLUMN=VALUE`` at the first ``=`` after a known column, else at the first one."""
    known = set(known)
    ends = [place for place, character in enumerate(rest) if character == "="]
    end = next((place for place in ends if rest[:place].rpartition(".")[2].strip() in known), ends[0])
    key, dot, name = rest[:end].rpartition(".")
    if not dot:
        raise _Refused(f"names no row; {FORM}")
    return key.strip(), name.strip(), rest[end + 1 :].strip()


def _no_such_key(table: str, key: str, rows: list[Row]) -> str:
    shape = "contingency/lane or contingency/process" if table in NAMED_BY else "/".join(TABLES[table].key)
    hint = nearest(key, [row.id for row in rows]) or f"; a key is {shape}"
    return f"no row {key!r} in {table}{hint}"


def _with(record: Declared, name: str, info: FieldInfo, value: str) -> Declared:
    """Return a row or section with one value set anew."""
    scales = numeric(info) is not None and value.startswith("*")
    new: str | float = _scaled(record, name, info, value) if scales else value
    written = record.model_dump(by_alias=True, exclude_unset=True)
    written.pop(name, None)
    if new != "":
        written[name] = new
    try:
        return type(record).model_validate(written)
    except ValidationError as error:
        message = in_words(error.errors(include_url=False)[0], info)
        raise _Refused(f"{shown(new)} is {message}" if scales else message, name, value or None) from None


def _scaled(record: BaseModel, name: str, info: FieldInfo, value: str) -> float:
    """Return the figure in force times the factor of ``*0.8``."""
    factor = value[1:].strip()
    if not PLAIN_NUMBER.fullmatch(factor):
        raise _Refused("no factor; write * and a plain decimal, such as *0.8", name, value)
    present = getattr(record, name)
    if present is None and extra(info, "same_as"):
        present = getattr(record, extra(info, "same_as"))
    if not isinstance(present, (int, float)) or math.isinf(present):
        raise _Refused(f"{name} has no figure that can be scaled; set a number", name, value)
    result = present * float(factor)
    # 100 weeks times 1.1 are 110 weeks, whatever the last binary digit.
    near_whole = math.isfinite(result) and abs(result - round(result)) < 1e-9
    return round(result) if near_whole and numeric(info) is int else result
