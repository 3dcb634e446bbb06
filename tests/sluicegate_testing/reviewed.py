"""What a review does, left in random cases as far as the package has it."""

from __future__ import annotations

import copy
from collections.abc import Collection

from .strategies import Settings, Tables

TIME = ("profiles", "saving_share", "saving_cost", "surge", "fill_window", "backorder_share", "backorder_cost")
"""Features of time and of doing with less that the package has."""

COLUMNS = {
    "recipes": ("saving_share", "saving_cost"),
    "demands": ("fill_window", "backorder_share", "backorder_cost"),
    "policies": ("surge", "applicant_cost", "ally_benefit"),
    "lanes": ("kept_share",),
}
"""Columns of features, by table."""


def with_only(drawn: tuple[Settings, Tables], features: Collection[str]) -> tuple[Settings, Tables]:
    """The case with some of its features: names of columns, ``profiles``, ``imports``, ``ends``, ``after_weeks``, ``bargain``."""
    settings, tables = copy.deepcopy(drawn)
    for table, columns in COLUMNS.items():
        for row in tables[table]:
            for column in columns:
                if column not in features:
                    row.pop(column, None)
    if "profiles" not in features:
        tables["profiles"] = []
    if "after_weeks" not in features:
        settings["horizon"].pop("after_weeks", None)
    if "bargain" not in features:
        settings.pop("bargain", None)
    theirs = {row["site"] for row in tables["sites"] if row["party"] == "them"}
    ours = {row["regime"] for row in tables["regimes"] if row["controller"] != "them"}
    for row in tables["lanes"] if "imports" not in features else ():
        if row.get("regime") in ours and row["origin"] in theirs:
            del row["regime"]
    for row in tables["policies"] if "ends" not in features else ():
        if "end_week" in row:
            row["end_week"] = int(str(row["end_week"]).partition(";")[0])
    return settings, tables
