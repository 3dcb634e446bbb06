"""Purchases of any size from a seed: sources to qualify by the hundred, outages that they insure against."""

from __future__ import annotations

from typing import Any

import numpy as np
from sluicegate import Case, case_from_tables

Row = dict[str, Any]

OUTAGES = 5
"""Outages, each a scenario beside ``none``: 6 scenarios in all."""


def buyers_case(qualifications: int, weeks: int = 52, seed: int = 1) -> Case:
    """Return a buyer with so many qualifications to choose from, five outages and nobody to press.

    A quarter as many items as qualifications, each with a source that runs today and fails in one of the outages; every
    qualification opens one to three lanes. In every scenario nine tenths of every demand are served.
    """
    dice = np.random.default_rng(seed)
    count = max(2, qualifications // 4)
    tables: dict[str, list[Row]] = {
        "parties": [
            {"party": "us", "role": "focal"},
            {"party": "nobody", "role": "counterpart"},
            *({"party": f"country{number}", "role": "other"} for number in range(8)),
        ],
        "sites": [
            {"site": "plant", "party": "us"},
            {"site": "nowhere", "party": "nobody"},
            *({"site": f"source{number}", "party": f"country{number % 8}"} for number in range(24)),
        ],
        "items": [],
        "lanes": [],
        "qualifications": [],
        "demands": [],
        "stocks": [{"site": "nowhere", "item": "item0", "initial": 1.0, "terminal_target": 0.0}],
        "contingencies": [],
    }
    for number in range(count):
        need, price = float(dice.uniform(5, 50)), float(dice.uniform(1, 20))
        item = f"item{number}"
        tables["items"].append({"item": item, "holding_cost": round(price * 0.15 / 52, 5), "max_party_share": 0.8})
        tables["demands"].append(
            {"site": "plant", "item": item, "quantity": need, "shortage_penalty": 4 * price, "min_fill": 0.9}
        )
        tables["stocks"].append({"site": "plant", "item": item, "initial": 2 * need, "stockpile_max": 6 * need})
        for place, share in enumerate((0.75, 0.25)):
            lane = {"lane": f"{item}-today{place}", "item": item, "origin": f"source{(3 * number + place) % 24}"}
            cost = round(price * (1 + 0.1 * place), 3)
            flows = {"base_flow": share * need, "max_flow": 1.2 * share * need, "unit_cost": cost, "lead_weeks": 4}
            tables["lanes"].append({**lane, "destination": "plant", **flows})
        outage = f"outage{number % OUTAGES}"
        tables["contingencies"].append(
            {
                "contingency": outage,
                "lane": f"{item}-today0",
                "from_week": 6 * (number % OUTAGES + 1),
                "duration_weeks": 16,
                "availability": 0.0,
            }
        )
    for number in range(qualifications):
        name = f"audit{number}"
        opened = dice.choice(count, size=min(count, int(dice.integers(1, 4))), replace=False)
        weekly = 0.0
        for place in opened.tolist():
            row, need = tables["items"][place], tables["demands"][place]["quantity"]
            price = tables["demands"][place]["shortage_penalty"] / 4
            most = float(dice.uniform(0.3, 0.8)) * need
            weekly += most * price
            tables["lanes"].append(
                {
                    "lane": f"{row['item']}-{name}",
                    "item": row["item"],
                    "origin": f"source{int(dice.integers(24))}",
                    "destination": "plant",
                    "lead_weeks": int(dice.integers(2, 9)),
                    "unit_cost": round(price * float(dice.uniform(0.9, 1.3)), 3),
                    "max_flow": most,
                    "available_week": 2,
                    "qualification": name,
                }
            )
        weeks_taken = int(dice.integers(2, 9))
        cost = round(weekly * float(dice.uniform(0.2, 1.5)), 2)
        tables["qualifications"].append({"qualification": name, "fixed_cost": cost, "weeks": weeks_taken})
    settings = {"horizon": {"weeks": weeks}, "objective": {"scenario": "none"}}
    return case_from_tables(f"buyers-{qualifications}", settings, tables)
