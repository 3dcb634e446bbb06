"""What a case says about itself to other tools: a Frictionless data package beside its tables, a JSON Schema for case.toml."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from .schema.declarations import columns, extra, needed, numeric, options, references, setting_keys
from .schema.settings import Settings
from .schema.tables import TABLES
from .schema.values import LONGEST_HORIZON

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA = "https://json-schema.org/draft/2020-12/schema"
KINDS: dict[Any, str] = {int: "integer", float: "number"}
"""Types of figures in the words of JSON Schema and Table Schema."""

DELAY = r"\s*\d+\s*(:\s*[\d.eE+-]+\s*)?(;\s*\d+\s*:\s*[\d.eE+-]+\s*)*"
"""Pattern of a review delay: weeks, or weeks and weights."""

START_WEEKS = r"\s*\d+\s*(;\s*\d+\s*)*"
"""Pattern of the weeks in which an outage may begin: one, or several."""


SCENARIO_RULE = r"worst|none|expected|cvar:0?\.\d+|cvar:0"
"""Pattern of how scenarios count."""


def data_package(name: str, contents: Mapping[str, bytes]) -> bytes:
    """Return the ``datapackage.json`` of a case, by the declarations of its tables.

    Parameters
    ----------
    name
        Name of the case.
    contents
        The files of the case, by name.

    Returns
    -------
    bytes
        A data package: a resource for every table, with fields, types, units in the descriptions, keys and references.
    """
    headers = {
        table: _header(contents[f"{table}.csv"].decode("utf-8-sig")) for table in TABLES if f"{table}.csv" in contents
    }
    document = {
        "$schema": PROFILE,
        # Names of packages are of lower-case letters, digits and these signs.
        "name": re.sub(r"[^a-z0-9._-]+", "-", name.casefold()).strip("-") or "case",
        "title": name,
        "description": "A case of sluicegate. Settings are in case.toml.",
        "resources": [_resource(table, header, set(headers)) for table, header in headers.items()],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _header(text: str) -> list[str]:
    row = next((row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)), [])
    return [name.strip() for name in row if name.strip()]


def _resource(table: str, header: list[str], present: set[str]) -> dict[str, Any]:
    model = TABLES[table]
    declared = columns(model)
    schema: dict[str, Any] = {"fields": [_field(name, declared[name], name in needed(model)) for name in header]}
    # A bound that is not there and one of `inf` are the same: no bound.
    schema["missingValues"] = ["", "inf"] if any("_extended" in _checks(declared[name]) for name in header) else [""]
    if model.key and set(model.key) <= set(needed(model)) & set(header):
        schema["primaryKey"] = list(model.key)
    links = [
        {"fields": [column], "reference": {"resource": target, "fields": [TABLES[target].key[0]]}}
        for column, target in references(model).items()
        if column in header and target in present
    ]
    if links:
        schema["foreignKeys"] = links
    return {
        "name": table,
        "path": f"{table}.csv",
        "type": "table",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": (model.__doc__ or "").splitlines()[0],
        "schema": schema,
    }


def _field(name: str, info: FieldInfo, required: bool) -> dict[str, Any]:
    """Return what a column is, in the words of a table schema."""
    listed = "_start_weeks" in _checks(info)
    kind = "string" if listed else KINDS.get(numeric(info), "string")
    found: dict[str, Any] = {"name": name, "type": kind, "description": _described(info)}
    constraints: dict[str, Any] = {"required": True} if required else {}
    if words := options(info):
        constraints["enum"] = words
    if "_delay" in _checks(info):
        constraints["pattern"] = DELAY
    if listed:
        constraints["pattern"] = START_WEEKS
    constraints |= _limits(info)
    if constraints:
        found["constraints"] = constraints
    return found


def _checks(info: FieldInfo) -> set[str]:
    """Return the names of the functions that read and check a column."""
    found = list(info.metadata)
    pending = [info.annotation]
    while pending:
        annotation = pending.pop()
        found += getattr(annotation, "__metadata__", ())
        pending += get_args(annotation) if not hasattr(annotation, "__metadata__") else []
    return {each.func.__name__ for each in found if isinstance(each, (BeforeValidator, AfterValidator))}


def _limits(info: FieldInfo) -> dict[str, Any]:
    """Return the least and the greatest value of a figure."""
    checks = _checks(info)
    found: dict[str, Any] = {"minimum": 0} if checks & {"_not_negative", "_share", "_week"} else {}
    if checks & {"_duration", "_window"}:
        found["minimum"] = 1
    if "_share" in checks:
        found["maximum"] = 1
    if "_weeks" in checks:
        found = {"minimum": 1, "maximum": LONGEST_HORIZON}
    return found


def _described(info: FieldInfo) -> str:
    unit = extra(info, "unit")
    return f"{info.description} Unit: {unit}." if unit else str(info.description)


def settings_schema() -> dict[str, Any]:
    """Return a JSON Schema for ``case.toml``, by which editors complete and check it."""
    sections = {name: _section(name, info) for name, info in columns(Settings).items()}
    return {
        "$schema": SCHEMA,
        "title": "case.toml of a sluicegate case",
        "description": "Settings of a case, section by section.",
        "type": "object",
        "additionalProperties": False,
        "required": needed(Settings),
        "properties": sections,
    }


def _section(name: str, info: FieldInfo) -> dict[str, Any]:
    keys = setting_keys(name)
    model = info.annotation
    assert isinstance(model, type)
    return {
        "type": "object",
        "description": (model.__doc__ or "").splitlines()[0],
        "additionalProperties": False,
        "required": [key for key, declared in keys.items() if declared.is_required()],
        "properties": {key: _setting(key, declared) for key, declared in keys.items()},
    }


def _setting(key: str, info: FieldInfo) -> dict[str, Any]:
    kind = KINDS.get(numeric(info), "string")
    found: dict[str, Any] = {"description": _described(info), "type": kind, **_limits(info)}
    if words := options(info):
        found["enum"] = words
    checks = _checks(info)
    if "_date" in checks:
        found["format"] = "date"
    if "_scenario_rule" in checks:
        # JSON Schema looks for a pattern anywhere in a text.
        found["pattern"] = f"^({SCENARIO_RULE})$"
    if "_positive" in checks:
        found["exclusiveMinimum"] = 0
    default = info.default
    if not info.is_required() and default is not None and not (isinstance(default, float) and math.isinf(default)):
        found["default"] = default
    return found
