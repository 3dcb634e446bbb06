"""Random cases of supply diversification as cases of leverage: with a counterpart that does nothing."""

from __future__ import annotations

import copy

from .strategies import Settings, Tables

LATER = {
    "contingencies": ("probability",),
    "items": ("share_always", "min_suppliers", "min_supplier_share", "max_supplier_share"),
    "lanes": ("min_order",),
}
"""Columns that cases of leverage do without."""


def with_idle_counterpart(drawn: tuple[Settings, Tables]) -> tuple[Settings, Tables]:
    """The same case with a counterpart that neither buys nor sells, for the least cost of scenario none.

    Its leverage is what the plan costs less than today.
    """
    settings, tables = copy.deepcopy(drawn)
    tables["parties"].append({"party": "nobody", "role": "counterpart"})
    tables["sites"].append({"site": "nowhere", "party": "nobody"})
    item = tables["items"][0]["item"]
    tables["stocks"].append({"site": "nowhere", "item": item, "initial": 1.0, "terminal_target": 0.0})
    tables["price_breaks"] = []
    for table, columns in LATER.items():
        tables[table] = [{key: value for key, value in row.items() if key not in columns} for row in tables[table]]
    settings["objective"] = {"scenario": "none"}
    return settings, tables
