"""Drawn cases with some of the features of `strategies.feature_cases`, and without the others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]

COLUMNS = {
    "recipes": ("saving_share", "saving_cost"),
    "demands": ("fill_window", "backorder_share", "backorder_cost"),
    "lanes": ("kept_share",),
    "policies": ("surge", "applicant_cost", "ally_benefit"),
}


def only(drawn: Drawn, *features: str) -> Drawn:
    """Take out of a drawn case, in place, the features that are not named.

    Names are columns, ``profiles``, ``imports`` (reviews of imports), ``ends`` (several of them) and ``bargain``.
    """
    settings, tables = drawn
    for table, columns in COLUMNS.items():
        _drop(tables[table], [column for column in columns if column not in features])
    if "kept_share" not in features:
        settings["horizon"].pop("after_weeks", None)
    if "profiles" not in features:
        tables.pop("profiles", None)
    if "bargain" not in features:
        settings.pop("bargain", None)
    for row in tables["policies"]:
        if "ends" not in features and ";" in str(row.get("end_week", "")):
            row["end_week"] = int(row["end_week"].split(";")[0])
    if "imports" not in features:
        _leave_imports(tables)
    return drawn


def _drop(rows: list[dict[str, Any]], columns: Collection[str]) -> None:
    for row in rows:
        for column in columns:
            row.pop(column, None)


def _leave_imports(tables: dict[str, list[dict[str, Any]]]) -> None:
    ours = {row["regime"] for row in tables["regimes"] if row["controller"] != "them"}
    role = {row["party"]: row["role"] for row in tables["parties"]}
    side = {row["site"]: role[row["party"]] for row in tables["sites"]}
    for row in tables["lanes"]:
        if row.get("regime") in ours and side[row["origin"]] == "counterpart":
            del row["regime"]
