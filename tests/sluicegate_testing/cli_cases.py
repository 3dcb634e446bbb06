"""Cases for tests of the command and of reports: a small one, a slow one, one with names that want to do harm."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sluicegate import Case, case_from_tables
from sluicegate.data.schema.tables import Source

Row = dict[str, Any]

ROLES = {"us": "focal", "them": "counterpart", "world": "other"}

TABLES = ["causes", "fills", "flows", "losses", "policies", "sourcing", "stocks"]
FILES = sorted(
    [
        *(f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")),
        "case",
        "digests.sha256",
        "plan.json",
        "run.json",
        "solver.log",
    ]
)
"""What a result folder of a plan holds."""

SOLVED = sorted([*FILES, "what_if.csv", "what_if.parquet"])
"""The same of one that was solved: what other choices would give is there too."""


REASON = {
    "kind": "policy",
    "key": "review",
    "choice": "strict",
    "units": None,
    "cost": 3.0,
    "low": 796.2,
    "high": 796.2,
    "no_plan": False,
    "instead": ["Review of gas: open instead of strict"],
    "scenario": "answer",
    "limit": None,
    "amount": None,
    "unit": "",
    "over": False,
    "others": 0,
    "added": 796.2,
}
"""Why the review of the small case is in its plan."""


def small(
    name: str = "small",
    gas: str = "gas",
    title: str = "A small case",
    review: str = "Review of gas",
    lanes: Sequence[Row] = (),
    **limits: float,
) -> Case:
    """Six weeks: we sell a gas that they make chips from, and buy chips; a second source of chips can be qualified."""
    settings: dict[str, dict[str, Any]] = {
        "case": {"title": title, "currency": "USD m"},
        "horizon": {"weeks": 6, "start": "2026-01-05"},
        "limits": limits or {"budget": 30, "political_capital": 5},
    }
    tables: dict[str, list[Row]] = {
        "parties": [{"party": party, "role": role} for party, role in ROLES.items()],
        "sites": [{"site": f"{party}-site", "party": party} for party in ROLES],
        "items": [{"item": gas, "unit": "t"}, {"item": "chip", "unit": "k", "holding_cost": 0.1}],
        "stocks": [
            {"site": "them-site", "item": gas, "initial": 4},
            {"site": "us-site", "item": "chip", "initial": 0, "stockpile_max": 10},
        ],
        "lanes": [
            _lane(f"{gas}-out", gas, "us", "them", unit_cost=2, base_flow=10, max_flow=12, margin=1, regime="review"),
            _lane("chip-in", "chip", "them", "us", unit_cost=20, base_flow=4, max_flow=4, margin=5, regime="embargo"),
            _lane("chip-alt", "chip", "world", "us", unit_cost=24, max_flow=2, fixed_cost=6),
            *lanes,
        ],
        "processes": [{"process": "fab", "site": "them-site", "output": "chip", "unit_cost": 3}],
        "recipes": [{"process": "fab", "input": gas, "quantity": 1}],
        "demands": [
            {"site": "us-site", "item": "chip", "quantity": 4, "shortage_penalty": 60, "min_fill": 0.2},
            {"site": "them-site", "item": "chip", "quantity": 6, "shortage_penalty": 50},
        ],
        "regimes": [
            {"regime": "review", "controller": "us", "name": review},
            {"regime": "embargo", "controller": "them"},
        ],
        "policies": [
            {"regime": "review", "policy": "slow", "delay_weeks": "3", "admin_cost": 2, "political_cost": 1},
            {
                "regime": "review",
                "policy": "strict",
                "delay_weeks": "2:0.5;4:0.5",
                "approval_rate": 0.5,
                "admin_cost": 3,
                "political_cost": 2,
            },
            {"regime": "embargo", "policy": "stop", "delay_weeks": "2"},
        ],
        "retaliations": [{"package": "answer", "regime": "embargo", "policy": "stop", "cost": 1}],
        "contingencies": [
            {"contingency": "strike", "lane": "chip-in", "from_week": 2, "to_week": 3, "availability": 0.5}
        ],
    }
    return case_from_tables(name, settings, tables)


def _lane(lane: str, item: str, origin: str, destination: str, **columns: Any) -> Row:
    return {"lane": lane, "item": item, "origin": f"{origin}-site", "destination": f"{destination}-site", **columns}


def slow(regimes: int = 6, weeks: int = 52) -> Case:
    """One component of so many regimes with four policies each: thousands of responses to work out."""
    letters = [f"part{number}" for number in range(regimes)]
    tables: dict[str, list[Row]] = {
        "parties": [{"party": party, "role": role} for party, role in ROLES.items()],
        "sites": [{"site": f"{party}-site", "party": party} for party in ROLES],
        "items": [{"item": name} for name in [*letters, "machine"]],
        "stocks": [
            {"site": "them-site", "item": name, "initial": 10 + 3 * place, "terminal_target": 0}
            for place, name in enumerate(letters)
        ],
        "lanes": [
            _lane(
                f"{name}-out", name, "us", "them", unit_cost=1 + place, base_flow=5, max_flow=8, margin=0.5, regime=name
            )
            for place, name in enumerate(letters)
        ]
        + [
            _lane(f"{name}-alt", name, "world", "them", unit_cost=9 + place, base_flow=0, max_flow=2, lead_weeks=6)
            for place, name in enumerate(letters)
        ],
        "processes": [{"process": "assembly", "site": "them-site", "output": "machine", "unit_cost": 1}],
        "recipes": [{"process": "assembly", "input": name, "quantity": 1} for name in letters],
        "demands": [{"site": "them-site", "item": "machine", "quantity": 5, "shortage_penalty": 100}],
        "regimes": [{"regime": name, "controller": "us"} for name in letters],
        "policies": [
            {"regime": name, "policy": f"p{weeks}", "delay_weeks": str(weeks), "admin_cost": 0.1 * weeks}
            for name in letters
            for weeks in (3, 7, 12)
        ],
    }
    return case_from_tables("slow", {"horizon": {"weeks": weeks}}, tables)


def hostile() -> Case:
    """The small case under names that would do harm in a page, a formula, or a line of text."""
    case = small(
        gas=GAS, title="</title><script>alert('title')</script> \u202egnal", review="<b onclick=\"alert('r')\">&amp;"
    )
    sites = tuple(
        row.model_copy(update={"name": name})
        for row, name in zip(
            case.sites, ("]]></svg><script>alert(1)</script>", "מגבר־אור " * 12 + "מגבר", "x" * 300), strict=True
        )
    )
    parties = tuple(
        row.model_copy(update={"name": name})
        for row, name in zip(case.parties, ("=cmd|' '!A0", "W" * 120, "</style><style>*{display:none}"), strict=True)
    )
    items = tuple(
        row.model_copy(update={"name": name, "unit": unit})
        for row, name, unit in zip(
            case.items, ("{{ 7 * 7 }}", "datum.x</text><a href='javascript:alert(1)'>"), ("<i>t", "k" * 80), strict=True
        )
    )
    source = Source(
        table="lanes",
        key="chip-in",
        column="unit_cost",
        value="<img src='http://evil.invalid/x.png'>",
        source="javascript:alert(1)",
        note="<iframe src=http://evil.invalid></iframe>" + "long" * 60,
        confidence="low",
    )
    return dataclasses.replace(case, sites=sites, parties=parties, items=items, sources=(source,))


GAS = "\"><img src=x onerror=alert('gas')>"
