"""A small case without a counterpart: a buyer, two outside suppliers, an outage at one of two weeks."""

from __future__ import annotations

from typing import Any

from sluicegate import Case, case_from_tables

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]


def buyer_tables(scenario: str = "expected") -> Drawn:
    """Twelve weeks of raw material, of which at most 70 % may come from the east."""
    settings = {
        "case": {"title": "A buyer of cells", "currency": "EUR m"},
        "horizon": {"weeks": 12},
        "objective": {"scenario": scenario},
    }
    tables: dict[str, list[dict[str, Any]]] = {
        "parties": [
            {"party": "us", "role": "focal", "name": "Us"},
            {"party": "east", "role": "other", "name": "East"},
            {"party": "west", "role": "other", "name": "West"},
        ],
        "sites": [
            {"site": "plant", "party": "us"},
            {"site": "e1", "party": "east"},
            {"site": "w1", "party": "west"},
        ],
        "items": [
            {"item": "raw", "unit": "t", "holding_cost": 0.01, "max_party_share": 0.7},
            {"item": "cell", "unit": "MWh"},
        ],
        "stocks": [{"site": "plant", "item": "raw", "initial": 20, "stockpile_max": 40}],
        "lanes": [
            {
                "lane": "raw-e1",
                "item": "raw",
                "origin": "e1",
                "destination": "plant",
                "lead_weeks": 2,
                "unit_cost": 1,
                "base_flow": 10,
                "max_flow": 15,
            },
            {
                "lane": "raw-w1",
                "item": "raw",
                "origin": "w1",
                "destination": "plant",
                "lead_weeks": 1,
                "unit_cost": 1.3,
                "max_flow": 8,
                "fixed_cost": 5,
            },
        ],
        "processes": [{"process": "make", "site": "plant", "output": "cell", "capacity": 12}],
        "recipes": [{"process": "make", "input": "raw", "quantity": 1}],
        "demands": [{"site": "plant", "item": "cell", "quantity": 10, "shortage_penalty": 6, "min_fill": 0.7}],
        "contingencies": [
            {
                "contingency": "e1-out",
                "lane": "raw-e1",
                "from_week": "2;6",
                "duration_weeks": 4,
                "availability": 0,
                "probability": 0.2,
            }
        ],
    }
    return settings, tables


def buyer(scenario: str = "expected") -> Case:
    """The case, checked."""
    return case_from_tables("buyer", *buyer_tables(scenario))
