"""A case of sourcing alone for tests: no regime of ours, two second sources and a stockpile."""

from __future__ import annotations

from typing import Any

from sluicegate import Case, case_from_tables


def sourcing(
    *, stockpile_max: float = 0.0, regime: bool = False, penalty: float = 10.0, makes: float = 0.0, **limits: float
) -> Case:
    """Four weeks of 10 units from them, which their embargo refuses; ``alt-a`` and ``alt-b`` bring 5 units a week each.

    Qualifying them costs 10 and 20. A week's 5 units from a second source cost 2 instead of 1 each and save `penalty`: with a
    penalty of 10 each source is worth 160 under the embargo. So the budget decides: nothing below 10, ``alt-a`` from 10,
    both from 30. With `makes` so many z a week are made of x and sold by us.
    """
    them: list[dict[str, Any]] = [{"regime": "embargo", "controller": "them"}]
    policies: list[dict[str, Any]] = [{"regime": "embargo", "policy": "refuse", "delay_weeks": "0", "approval_rate": 0}]
    out: dict[str, Any] = {}
    sold: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    if makes:
        sold.append({"site": "us", "item": "z", "quantity": makes, "shortage_penalty": 1})
        more["processes"] = [{"process": "make", "site": "us", "output": "z", "capacity": makes}]
        more["recipes"] = [{"process": "make", "input": "x", "quantity": 1}]
    if regime:
        them.append({"regime": "list", "controller": "us"})
        policies.append({"regime": "list", "policy": "slow", "delay_weeks": "1", "admin_cost": 1})
        out = {"regime": "list"}
    return case_from_tables(
        "sourcing",
        {"horizon": {"weeks": 4}, "limits": limits} if limits else {"horizon": {"weeks": 4}},
        {
            "parties": [
                {"party": "us", "role": "focal"},
                {"party": "them", "role": "counterpart"},
                {"party": "world", "role": "other"},
            ],
            "sites": [{"site": party, "party": party} for party in ("us", "them", "world")],
            "items": [{"item": "x", "unit": "t"}, {"item": "y"}, *([{"item": "z"}] if makes else [])],
            "stocks": [
                {"site": "us", "item": "x", "initial": 0, "terminal_target": 0, "stockpile_max": stockpile_max},
                {"site": "them", "item": "x", "initial": 100, "terminal_target": 0},
            ],
            "lanes": [
                {
                    "lane": "main",
                    "item": "x",
                    "origin": "them",
                    "destination": "us",
                    "unit_cost": 1,
                    "base_flow": 10,
                    "max_flow": 10,
                    "regime": "embargo",
                },
                *(
                    {
                        "lane": name,
                        "item": "x",
                        "origin": "world",
                        "destination": "us",
                        "unit_cost": 2,
                        "base_flow": 0,
                        "max_flow": 5,
                        "fixed_cost": cost,
                    }
                    for name, cost in (("alt-a", 10), ("alt-b", 20))
                ),
                {
                    "lane": "out",
                    "item": "y",
                    "origin": "us",
                    "destination": "them",
                    "unit_cost": 1,
                    "base_flow": 1,
                    "max_flow": 1,
                    **out,
                },
            ],
            "demands": [
                {"site": "us", "item": "x", "quantity": 10, "shortage_penalty": penalty},
                {"site": "them", "item": "y", "quantity": 1, "shortage_penalty": 3},
                *sold,
            ],
            "regimes": them,
            "policies": policies,
            **more,
            "retaliations": [{"package": "embargo", "regime": "embargo", "policy": "refuse"}],
        },
    )
