"""Cases small enough to be solved by hand."""

from __future__ import annotations

from typing import Any

Tables = dict[str, list[dict[str, Any]]]


def small(weeks: int, **tables: list[dict[str, Any]]) -> tuple[dict[str, Any], Tables]:
    """Us, them, a friend and a world with a site each, one item x, and whatever tables are given."""
    base: Tables = {
        "parties": [
            {"party": "us", "role": "focal"},
            {"party": "them", "role": "counterpart"},
            {"party": "friend", "role": "ally"},
            {"party": "world", "role": "other"},
        ],
        "sites": [{"site": party, "party": party} for party in ("us", "them", "friend", "world")],
        "items": [{"item": "x"}],
    }
    return {"horizon": {"weeks": weeks}}, base | tables


def lane(origin: str, destination: str, flow: float, **columns: Any) -> dict[str, Any]:
    """A lane for x with base flow and max flow ``flow`` and unit cost 1."""
    row = {"lane": f"{origin}-{destination}", "item": "x", "origin": origin, "destination": destination}
    return row | {"base_flow": flow, "max_flow": flow, "unit_cost": 1.0} | columns


def demand(site: str, quantity: float, penalty: float, **columns: Any) -> dict[str, Any]:
    """A demand for x."""
    return {"site": site, "item": "x", "quantity": quantity, "shortage_penalty": penalty} | columns


OURS = [{"regime": "list", "controller": "us"}]
THEIRS = [{"regime": "list", "controller": "them"}]


def profile(table: str, key: str, column: str, from_week: int, factor: float) -> dict[str, Any]:
    """A figure that is times a factor from a week on."""
    return {"table": table, "key": key, "column": column, "from_week": from_week, "factor": factor}


def policy(delay: str, **columns: Any) -> list[dict[str, Any]]:
    """A policy `slow` of the regime `list`."""
    return [{"regime": "list", "policy": "slow", "delay_weeks": delay} | columns]


def bought_under_review(
    weeks: int, review: list[dict[str, Any]], penalty: float = 5.0, **columns: Any
) -> tuple[dict[str, Any], Tables]:
    """They buy 10 a week from us at 1 under a regime of ours."""
    return small(
        weeks,
        lanes=[lane("us", "them", 10.0, regime="list") | columns],
        demands=[demand("them", 10.0, penalty)],
        regimes=OURS,
        policies=review,
    )
