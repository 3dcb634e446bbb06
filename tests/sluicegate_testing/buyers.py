"""Random cases of supply diversification as cases of leverage: with a counterpart that does nothing."""

from __future__ import annotations

import copy

import numpy as np

from .strategies import Settings, Tables

LATER = {
    "contingencies": ("probability",),
    "items": ("share_always",),
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
    for table, columns in LATER.items():
        tables[table] = [{key: value for key, value in row.items() if key not in columns} for row in tables[table]]
    settings["objective"] = {"scenario": "none"}
    return settings, tables


def with_suppliers_that_ask(drawn: tuple[Settings, Tables], number: int) -> tuple[Settings, Tables]:
    """The same case, counterpart and all, whose suppliers ask for something: at random, by a seed."""
    dice = np.random.default_rng(number)
    settings, tables = copy.deepcopy(drawn)
    role = {row["party"]: row["role"] for row in tables["parties"]}
    ours = {row["site"]: role[row["party"]] in ("focal", "ally") for row in tables["sites"]}
    theirs = {row["site"]: role[row["party"]] == "counterpart" for row in tables["sites"]}
    tables["qualifications"] = [{"qualification": "audit", "fixed_cost": 2.0, "weeks": 1}]
    tables["price_breaks"] = []
    for row in tables["lanes"]:
        if not ours[row["destination"]] or ours[row["origin"]] or not row["max_flow"]:
            continue
        asked = dice.choice(["order", "fee", "price", "share", "audit", "nothing"])
        free = not row.get("min_flow") and not row.get("fixed_cost")
        if asked == "order" and not row.get("min_flow"):
            row["min_order"] = round(float(dice.choice([0.5, 0.25])) * min(row["max_flow"], 10.0), 2)
        if asked == "fee":
            row["order_cost"] = round(row["unit_cost"] * float(dice.choice([0.5, 3.0])) * min(row["max_flow"], 10.0), 2)
        if asked == "price":
            price = round(row["unit_cost"] * float(dice.choice([0.8, 0.9])), 3)
            flow = round(float(dice.choice([0.3, 0.6])) * min(row["max_flow"], 10.0), 2)
            tables["price_breaks"].append({"lane": row["lane"], "from_flow": flow, "unit_cost": price})
        if asked == "share" and free and row["max_flow"] < 1e6:
            row["min_share"] = float(dice.choice([0.1, 0.3]))
        if asked == "audit" and not row.get("base_flow") and not theirs[row["origin"]]:
            row["qualification"] = "audit"
    for row in tables["items"]:
        if dice.random() < 0.3:
            row["min_supplier_share"] = 0.1
            row["min_suppliers"] = int(dice.integers(0, 2))
        if dice.random() < 0.3:
            row["max_supplier_share"] = 0.8
    return settings, tables
