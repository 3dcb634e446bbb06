"""What limits cost and what suppliers ask for in a conflict: against the oracle, and by hand."""

from __future__ import annotations

import copy
import json
import math
import os
import random
from typing import Any

import pytest
from pytest import approx
from rich.console import Console
from sluicegate import CaseError, case_from_tables
from sluicegate.analysis.explain.explain import Explanation, explain
from sluicegate.report.text.explain import show_explanation

from sluicegate_testing.diversification import random_sourcing_case
from sluicegate_testing.oracle import least_cost

Row = dict[str, Any]
Drawn = tuple[Row, dict[str, list[Row]]]

EXACT = 1e-6
"""Relative difference of two costs."""

CASES = int(os.environ.get("SLUICEGATE_SOAK", "20"))

KEYS = {"items": ("item",), "lanes": ("lane",), "demands": ("site", "item")}
IDLE = {"max_party_share": 1.0, "max_supplier_share": 1.0}


def with_figure(drawn: Drawn, path: str, value: float) -> Drawn:
    settings, tables = copy.deepcopy(drawn)
    table, key, column = path.partition(".")[0], path.partition(".")[2].rpartition(".")[0], path.rpartition(".")[2]
    if table == "limits":
        settings["limits"][column] = value
        return settings, tables
    for row in tables[table]:
        if "/".join(row[name] for name in KEYS[table]) == key:
            row[column] = value
            if column == "min_supplier_share" and value == 0:
                row.pop("min_suppliers", None)
    return settings, tables


def without(drawn: Drawn, path: str) -> Drawn:
    column = path.rpartition(".")[2]
    return with_figure(drawn, path, math.inf if path.startswith("limits.") else IDLE.get(column, 0.0))


def explained(drawn: Drawn) -> Explanation:
    return explain(case_from_tables("drawn", *drawn))


def shown(explanation: Explanation) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        show_explanation(explanation, console)
    return " ".join(capture.get().split())


@pytest.mark.parametrize("part", range(4))
def test_the_cost_of_every_limit_is_that_of_the_oracle(part: int) -> None:
    compared = 0
    for number in range(part, CASES, 4):
        drawn = random_sourcing_case(number, max_weeks=3)
        try:
            found = explained(drawn)
        except CaseError:
            continue
        if found.plan is None:
            assert least_cost(*drawn)[0] is None, number
            continue
        asked = {row.figure.path for row in found.limit_costs}
        for row in found.limit_costs:
            cost, _ = least_cost(*without(drawn, row.figure.path))
            assert -row.without == approx(cost, rel=EXACT), (number, row.figure.path)
            assert row.gained == approx(found.plan.cost - cost, abs=2 * EXACT * abs(cost)), (number, row.figure.path)
            if row.gained and row.step is not None:
                eased, _ = least_cost(*with_figure(drawn, row.figure.path, row.step))
                assert row.stepped == approx(found.plan.cost - eased, abs=2 * EXACT * abs(cost)), (
                    number,
                    row.figure.path,
                )
            compared += 1
        limited = ("min_share", "min_order", "min_supplier_share", "min_suppliers", "max_supplier_share")
        for table, keys in KEYS.items():
            for row in drawn[1][table]:
                for column in limited:
                    key = "/".join(row[name] for name in keys)
                    assert not row.get(column) or f"{table}.{key}.{column}" in asked, (number, key, column)
    assert compared >= 5


# By hand -----------------------------------------------------------------------------------------------------------


def lane(origin: str, most: float, cost: float, **columns: Any) -> Row:
    row = {
        "lane": f"{origin}-us",
        "item": "x",
        "origin": origin,
        "destination": "us",
        "max_flow": most,
        "unit_cost": cost,
    }
    return row | columns


def buyer(lanes: list[Row], need: float, min_fill: float = 1.0, **limits: Any) -> Drawn:
    """A week of a buyer of x; every supplier is a party of its own."""
    names = [row["origin"] for row in lanes]
    tables: dict[str, list[Row]] = {
        "parties": [{"party": "us", "role": "focal"}, *({"party": name, "role": "other"} for name in names)],
        "sites": [{"site": name, "party": name} for name in ("us", *names)],
        "items": [{"item": "x", "unit": "t"} | limits],
        "lanes": lanes,
        "demands": [{"site": "us", "item": "x", "quantity": need, "shortage_penalty": 99.0, "min_fill": min_fill}],
    }
    return {"horizon": {"weeks": 1}, "case": {"currency": "EUR m"}}, tables


def crowded(number: int) -> Drawn:
    """Three suppliers that ask for much, of whom none may deliver more than a share."""
    dice = random.Random(number)
    lanes = [lane(name, dice.choice([4.0, 6.0, 9.0, 12.0]), round(dice.uniform(1, 2), 2)) for name in "abc"]
    lanes[0]["min_share"] = dice.choice([0.0, 0.7, 0.9])
    lanes[1]["min_order"] = dice.choice([0.0, 0.6, 1.0]) * lanes[1]["max_flow"]
    most, least = dice.choice([0.4, 0.5]), dice.choice([0.0, 0.3, 0.45])
    limits = {"max_supplier_share": most} | ({"min_supplier_share": least, "min_suppliers": 3} if least else {})
    return buyer(lanes, dice.choice([6.0, 10.0]), dice.choice([0.5, 0.9]), **limits)


@pytest.mark.parametrize("part", range(2))
def test_what_suppliers_may_ask_for_is_what_the_oracle_allows(part: int) -> None:
    told = 0
    for number in range(part, 16, 2):
        drawn = crowded(number)
        conflict = explained(drawn).conflict
        if conflict is None:
            assert least_cost(*drawn)[0] is not None, number
            continue
        assert least_cost(*drawn)[0] is None, number
        for change in conflict.alone:
            if change.figure.kind not in ("min_supplier_share", "min_share", "min_order"):
                continue
            if change.value is None:
                assert least_cost(*without(drawn, change.figure.path))[0] is None, number
                continue
            told += 1
            assert least_cost(*with_figure(drawn, change.figure.path, change.value))[0] is not None, number
            more = min(change.figure.limit, change.value + 1e-3 * change.figure.limit)
            assert least_cost(*with_figure(drawn, change.figure.path, more))[0] is None, number
    assert told


def test_least_shares_of_three_suppliers_in_conflict() -> None:
    lanes = [lane(name, 20.0, 1.0) for name in "abc"]
    found = explained(buyer(lanes, 12.0, min_suppliers=3, min_supplier_share=0.4))
    assert found.conflict is not None
    assert [limit.figure.path for limit in found.conflict.limits] == [
        "demands.us/x.min_fill",
        "items.x.min_suppliers",
        "items.x.min_supplier_share",
    ]
    fill, count, share = found.conflict.alone
    assert fill.value == approx(0.0, abs=1e-9)
    assert count.value == approx(2.0)
    assert share.value == approx(1 / 3, rel=1e-4)
    text = shown(found)
    for words in (
        "- share of every supplier in our intake of x at least 40%, or 0",
        "share of every supplier in x 40% at most 33.33%",
        "the cheapest relaxation leaves what suppliers ask for as it is",
    ):
        assert words in text
    assert json.loads(json.dumps(found.to_dict()))["conflict"]["limits"][2]["figure"] == "items.x.min_supplier_share"


def test_a_least_order_in_conflict() -> None:
    lanes = [lane("a", 10.0, 1.0, min_order=8.0), lane("b", 4.0, 2.0)]
    found = explained(buyer(lanes, 8.0, max_supplier_share=0.5))
    assert found.conflict is not None
    *_, order = found.conflict.alone
    assert (order.figure.path, order.value, order.override) == ("lanes.a-us.min_order", 4.0, "lanes.a-us.min_order=4")
    assert "order on lane a-us 8 t at most 4 t" in shown(found)


def test_take_or_pay_in_conflict() -> None:
    lanes = [lane("a", 10.0, 1.0, min_share=0.8), lane("b", 4.0, 2.0)]
    found = explained(buyer(lanes, 8.0, max_supplier_share=0.5))
    assert found.conflict is not None
    *_, taken = found.conflict.alone
    assert (taken.figure.path, taken.value) == ("lanes.a-us.min_share", 0.4)
    assert "- taken or paid of lane a-us at least 80% of its capacity" in shown(found)


def test_a_contract_in_conflict() -> None:
    # 6 of 8 a week are due on a; no more than half may come from one site.
    lanes = [lane("a", 10.0, 1.0, base_flow=6.0, min_flow=6.0), lane("b", 4.0, 2.0, base_flow=2.0)]
    found = explained(buyer(lanes, 8.0, max_supplier_share=0.5))
    assert found.conflict is not None
    *_, contract = found.conflict.alone
    assert (contract.figure.path, contract.value) == ("lanes.a-us.min_flow", 4.0)
    assert "contract on lane a-us 6 t at most 4 t" in shown(found)


def test_what_suppliers_ask_for_and_is_in_no_conflict_is_not_named() -> None:
    lanes = [lane("a", 10.0, 1.0, min_order=1.0, min_share=0.1), lane("b", 4.0, 2.0)]
    found = explained(buyer(lanes, 20.0, min_supplier_share=0.1))
    assert found.conflict is not None
    assert [limit.figure.path for limit in found.conflict.limits] == ["demands.us/x.min_fill"]
    assert found.conflict.smallest
    assert found.conflict.alone[0].value == approx(0.7)


def test_what_a_least_share_costs_and_a_point_less_of_it_saves() -> None:
    lanes = [lane("a", 20.0, 1.0, base_flow=10.0), lane("b", 20.0, 2.0)]
    found = explained(buyer(lanes, 10.0, min_suppliers=2, min_supplier_share=0.3))
    costs = {row.figure.path: row for row in found.limit_costs}
    share, count = costs["items.x.min_supplier_share"], costs["items.x.min_suppliers"]
    assert (share.gained, share.step, share.stepped) == (approx(3.0), 0.29, approx(0.1))
    assert (count.gained, count.step, count.stepped) == (approx(3.0), 1.0, approx(3.0))
    assert costs["demands.us/x.min_fill"].gained == 0
    text = shown(found)
    assert "share of every supplier in x 30% 10 -3.0 29%: -0.1" in text
    assert "1 other limit costs nothing." in text
    told = {row["figure"]: row for row in found.to_dict()["limit_costs"]}
    assert told["items.x.min_suppliers"]["cost"] == approx(10.0)
