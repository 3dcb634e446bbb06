"""The lot sizes of H. M. Wagner and T. M. Whitin, Dynamic version of the economic lot size model, Management Science 5(1) 1958."""

from __future__ import annotations

from typing import Any

from pytest import approx
from sluicegate import Case, case_from_tables, solve

NEED = (69, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56)
ORDER_COST = (85, 102, 102, 101, 98, 114, 105, 86, 119, 110, 98, 114)
"""Their example: units needed in each of twelve periods, and what an order costs in it; a unit held costs 1 a period."""


def lots() -> Case:
    """Their example as a buyer: one lane to open for nothing, goods that cost nothing, and nothing there at the start."""
    profiles: list[dict[str, Any]] = []
    for week, (need, cost) in enumerate(zip(NEED, ORDER_COST, strict=True)):
        profiles.append(
            {"table": "demands", "key": "us/x", "column": "quantity", "from_week": week, "factor": float(need)}
        )
        profiles.append(
            {"table": "lanes", "key": "supply", "column": "order_cost", "from_week": week, "factor": float(cost)}
        )
    lane = {"lane": "supply", "item": "x", "origin": "maker", "destination": "us", "unit_cost": 0.0, "max_flow": "inf"}
    tables = {
        "parties": [{"party": "us", "role": "focal"}, {"party": "world", "role": "other"}],
        "sites": [{"site": "us", "party": "us"}, {"site": "maker", "party": "world"}],
        "items": [{"item": "x", "holding_cost": 1.0}],
        "lanes": [lane | {"order_cost": 1.0, "qualification": "open"}],
        "qualifications": [{"qualification": "open"}],
        "demands": [{"site": "us", "item": "x", "quantity": 1.0, "shortage_penalty": 1000.0, "min_fill": 1.0}],
        "profiles": profiles,
    }
    return case_from_tables("lots", {"horizon": {"weeks": len(NEED)}}, tables)


def test_the_published_lot_sizes() -> None:
    plan = solve(lots())
    assert plan.status == "optimal"
    # 864, in periods 1, 3, 5, 8, 10 and 11: 98, 97, 121, 112, 67 and 135 units.
    assert plan.cost == approx(864.0)
    bought = plan.tables["flows"].query("side == 'ours' and dispatched > 1e-6")
    assert dict(zip(bought["week"], bought["dispatched"], strict=True)) == approx(
        {0: 98.0, 2: 97.0, 4: 121.0, 7: 112.0, 9: 67.0, 10: 135.0}
    )
