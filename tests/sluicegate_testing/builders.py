"""Small cases in a few words: four parties with a site each, one item, a lane or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sluicegate import Case, Plan, case_from_tables
from sluicegate.model.leader.problem import Problem

Row = dict[str, Any]

ROLES = {"us": "focal", "them": "counterpart", "friend": "ally", "world": "other", "overseas": "other"}


def case(
    weeks: int = 1,
    *,
    after: int = 0,
    bargain: Mapping[str, float] | None = None,
    limits: Mapping[str, float] | None = None,
    objective: str | None = None,
    weights: Mapping[str, float] | None = None,
    sites: Mapping[str, str] | None = None,
    items: list[Row] | str = "x",
    **tables: list[Row],
) -> Case:
    """A case of us, them, a friend (ally), the world and overseas (both other), each with a site of its own name.

    ``weights`` are loss weights by party, ``sites`` further sites with their party, ``items`` rows or one letter each.
    Their depot is empty and stays so; it is what they have where a case is about us alone.
    """
    places = {**{party: party for party in ROLES}, "depot": "them", **(sites or {})}
    rows_of_items = [{"item": name} for name in items] if isinstance(items, str) else items
    tables["stocks"] = [*tables.get("stocks", []), stock("depot", item=rows_of_items[0]["item"])]
    rows: dict[str, list[Row]] = {
        "parties": [
            {"party": party, "role": role, "loss_weight": (weights or {}).get(party)} for party, role in ROLES.items()
        ],
        "sites": [{"site": site, "party": party} for site, party in places.items()],
        "items": rows_of_items,
        "demands": [],
        "lanes": [],
        **tables,
    }
    settings: dict[str, dict[str, Any]] = {"horizon": {"weeks": weeks, **({"after_weeks": after} if after else {})}}
    if limits:
        settings["limits"] = dict(limits)
    if bargain:
        settings["bargain"] = dict(bargain)
    if objective:
        settings["objective"] = {"scenario": objective}
    return case_from_tables("small", settings, rows)


def lane(origin: str, destination: str, flow: float, **columns: Any) -> Row:
    """A lane called ``origin-destination`` for x, base and max flow ``flow``, at 1 a unit unless columns say otherwise."""
    row = {"lane": f"{origin}-{destination}", "item": "x", "origin": origin, "destination": destination}
    return row | {"unit_cost": 1.0, "base_flow": flow, "max_flow": flow} | columns


def idle(origin: str, destination: str, most: float, **columns: Any) -> Row:
    """A lane without a base flow."""
    return lane(origin, destination, 0.0, max_flow=most, **columns)


def demand(site: str, quantity: float, penalty: float, **columns: Any) -> Row:
    return {"site": site, "item": "x", "quantity": quantity, "shortage_penalty": penalty} | columns


def stock(site: str, initial: float = 0.0, **columns: Any) -> Row:
    """A stock of x that need not be there at the end, unless columns say otherwise."""
    return {"site": site, "item": "x", "initial": initial, "terminal_target": 0.0} | columns


def process(site: str, output: str = "x", **columns: Any) -> Row:
    """A process called ``output-at-site``, free of charge and without a limit."""
    return {"process": f"{output}-at-{site}", "site": site, "output": output} | columns


def needs(site: str, output: str, **inputs: float) -> list[Row]:
    """Recipe rows of `process`."""
    return [{"process": f"{output}-at-{site}", "input": item, "quantity": amount} for item, amount in inputs.items()]


def policy(delay: str | int, policy: str = "slow", regime: str = "list", **columns: Any) -> Row:
    return {"regime": regime, "policy": policy, "delay_weeks": str(delay)} | columns


OURS: list[Row] = [{"regime": "list", "controller": "us"}]
THEIRS: list[Row] = [{"regime": "ban", "controller": "them"}]


def response_cost(made: Case, **policies: str) -> float:
    """V under policies; regimes not named stay open."""
    problem = Problem(made)
    return problem.response_cost({**problem.all_open, **policies})


def parts(plan: Plan, side: str, scenario: str = "none", column: str = "plan") -> dict[str, float]:
    """Costs of a side in a scenario by where they come from; those that are 0 left out."""
    table: pd.DataFrame = plan.tables["losses"]
    chosen = table[(table["side"] == side) & (table["scenario"] == scenario)]
    costs = dict(zip(chosen["part"], chosen[column].astype(float), strict=True))
    return {part: cost for part, cost in costs.items() if abs(cost) > 1e-9}
