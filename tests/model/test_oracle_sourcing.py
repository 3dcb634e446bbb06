"""The oracle's reading of supply diversification, against cases solved by hand. Nothing here imports the package under test."""

import itertools
import math
from typing import Any

import pytest

from sluicegate_testing.diversification import random_sourcing_case
from sluicegate_testing.handmade import Tables, demand, lane
from sluicegate_testing.oracle import Case, least_cost, oracle, status_quo_cost

Drawn = tuple[dict[str, Any], Tables]


def buyer(weeks: int, scenario: str = "worst", **tables: list[dict[str, Any]]) -> Drawn:
    """Us and two outside parties a and b; nobody presses anybody."""
    base: Tables = {
        "parties": [
            {"party": "us", "role": "focal"},
            {"party": "a", "role": "other"},
            {"party": "b", "role": "other"},
        ],
        "sites": [{"site": party, "party": party} for party in ("us", "a", "b")],
        "items": [{"item": "x"}],
    }
    return {"horizon": {"weeks": weeks}, "objective": {"scenario": scenario}}, base | tables


# -- a case without a counterpart --------------------------------------------------------------------------------------


def test_least_cost_under_a_share_limit() -> None:
    # 6 at 1 from a, 4 at 2 from b instead of 10 at 1.
    case = buyer(
        1,
        items=[{"item": "x", "max_party_share": 0.6}],
        lanes=[lane("a", "us", 10.0), lane("b", "us", 0.0, max_flow=10.0, unit_cost=2.0)],
        demands=[demand("us", 10.0, 99.0)],
    )
    assert least_cost(*case) == pytest.approx((14.0, 10.0))
    assert Case(*case).features.sense == "cost"


# -- probabilities -----------------------------------------------------------------------------------------------------


def newsvendor(scenario: str, probability: float, **row: Any) -> Drawn:
    """10 units at 1, 90 without them; the lane fails in week 0; a stockpile costs 1.1 a unit."""
    outage = {"contingency": "fire", "lane": "a-us", "from_week": 0, "availability": 0.0, "probability": probability}
    return buyer(
        1,
        scenario,
        lanes=[lane("a", "us", 10.0)],
        stocks=[{"site": "us", "item": "x", "stockpile_max": 10.0}],
        demands=[demand("us", 10.0, 9.0)],
        contingencies=[outage | row],
    )


@pytest.mark.parametrize(
    ("scenario", "probability", "cost"),
    [
        # A unit of stock costs 0.1 without the outage and saves 7.9 in it: worth it from 0.1 / 8 on.
        ("expected", 0.25, 11.0),
        ("expected", 0.01, 0.99 * 10 + 0.01 * 90),
        ("cvar:0", 0.01, 0.99 * 10 + 0.01 * 90),
        # The worst tenth of the weight: 0.01 of 90 and 0.09 of 10, 18 in the mean. All in stock it is 11.
        ("cvar:0.9", 0.01, 11.0),
        ("cvar:0.9", 0.001, 10 + 0.01 * 80),
        # Without its weight the outage only has to keep its least fill, which is 0.
        ("none", 0.25, 10.0),
        ("worst", 0.25, 10.0),
    ],
)
def test_scenarios_are_weighed(scenario: str, probability: float, cost: float) -> None:
    assert least_cost(*newsvendor(scenario, probability))[0] == pytest.approx(cost)


def test_start_weeks_share_a_probability() -> None:
    # Two weeks, no stock to buy, the lane fails in one of them: 20 * 1, or 10 * 1 + 10 * 9.
    case = newsvendor("expected", 0.5, from_week="0;1", duration_weeks=1)
    case[0]["horizon"]["weeks"] = 2
    case[1]["stocks"] = []
    case[1]["demands"][0]["min_fill"] = 0.5
    assert least_cost(*case)[0] == pytest.approx(0.5 * 20 + 0.5 * 100)
    assert {s.name: w for s, w in Case(*case).weights().items()} == pytest.approx(
        {"none": 0.5, "fire@0": 0.25, "fire@1": 0.25}
    )
    # Continuity guards the outages whatever they weigh.
    case[1]["demands"][0]["min_fill"] = 0.51
    assert least_cost(*case)[0] is None


def test_what_has_no_meaning_is_a_fault() -> None:
    with pytest.raises(ValueError, match="more than 1"):
        Case(*newsvendor("expected", 1.5))
    with pytest.raises(ValueError, match="below 1"):
        Case(*newsvendor("cvar:1", 0.5))
    endless = buyer(1, lanes=[lane("a", "us", 0.0, max_flow=math.inf, min_share=0.5)], demands=[demand("us", 1.0, 9.0)])
    with pytest.raises(ValueError, match="without limit"):
        Case(*endless)


def test_a_share_limit_may_hold_in_every_scenario() -> None:
    # Where b fails, a alone would bring all: more than 0.6.
    case = buyer(
        1,
        items=[{"item": "x", "max_party_share": 0.6}],
        lanes=[lane("a", "us", 10.0), lane("b", "us", 10.0)],
        demands=[demand("us", 10.0, 99.0, min_fill=0.3)],
        contingencies=[{"contingency": "fire", "lane": "b-us", "from_week": 0, "availability": 0.0}],
    )
    assert least_cost(*case)[0] == pytest.approx(10.0)
    case[1]["items"][0]["share_always"] = True
    assert least_cost(*case)[0] is None


# -- what suppliers ask ------------------------------------------------------------------------------------------------


def test_a_qualification_opens_several_lanes() -> None:
    # 10 a week at 3 from a; b's two lanes bring 5 each at 1 from week 1 on, for 5: 30 + 10 + 5 instead of 60.
    two = [lane("b", "us", 0.0, lane=f"b{k}", max_flow=5.0, qualification="audit") for k in range(2)]
    case = buyer(
        2,
        lanes=[lane("a", "us", 10.0, unit_cost=3.0), *two],
        demands=[demand("us", 10.0, 99.0)],
        qualifications=[{"qualification": "audit", "fixed_cost": 5.0, "weeks": 1}],
    )
    assert least_cost(*case) == pytest.approx((45.0, 60.0))
    assert oracle(*case).qualified == ["audit"]
    # Each lane alone would not be worth it at 11 (10 saved), both are at 19.
    case[1]["qualifications"][0]["fixed_cost"] = 19.0
    assert least_cost(*case)[0] == pytest.approx(59.0)
    case[1]["qualifications"][0]["fixed_cost"] = 21.0
    assert least_cost(*case)[0] == pytest.approx(60.0)


def test_take_or_pay() -> None:
    # 4 of 10 at 3, the rest at 1; in an outage that leaves half of the lane, 2.
    dear = lane("b", "us", 4.0, max_flow=10.0, unit_cost=3.0, min_share=0.4)
    case = buyer(1, lanes=[lane("a", "us", 10.0), dear], demands=[demand("us", 10.0, 99.0)])
    assert status_quo_cost(*case) == pytest.approx(18.0)
    case[1]["contingencies"] = [
        {"contingency": "fire", "lane": "b-us", "from_week": 0, "availability": 0.5, "probability": 1.0}
    ]
    case[0]["objective"]["scenario"] = "expected"
    assert least_cost(*case)[0] == pytest.approx(14.0)


def test_a_least_order() -> None:
    # 3 a week, orders of 5 or more: 6 in week 0, 3 of them held at 0.5. Without room for them: 5 and 5, 4 thrown away.
    case = buyer(
        2,
        items=[{"item": "x", "holding_cost": 0.5}],
        lanes=[lane("a", "us", 0.0, max_flow=10.0, min_order=5.0)],
        demands=[demand("us", 3.0, 9.0)],
    )
    assert status_quo_cost(*case) == pytest.approx(7.5)
    case[1]["stocks"] = [{"site": "us", "item": "x", "capacity": 0.0}]
    assert status_quo_cost(*case) == pytest.approx(10.0)


def test_what_an_order_costs() -> None:
    # 3 a week for 2 weeks at 1. An order of both weeks: 6, holding 3 at 0.5, one fee; two orders: 6 and two fees.
    case = buyer(
        2,
        items=[{"item": "x", "holding_cost": 0.5}],
        lanes=[lane("a", "us", 0.0, max_flow=10.0, order_cost=4.0)],
        demands=[demand("us", 3.0, 9.0)],
    )
    assert status_quo_cost(*case) == pytest.approx(6.0 + 1.5 + 4.0)
    case[1]["lanes"][0]["order_cost"] = 1.0
    assert status_quo_cost(*case) == pytest.approx(6.0 + 2.0)
    # Half the fee from week 1 on, and no room to hold anything.
    case[1]["lanes"][0]["order_cost"] = 4.0
    case[1]["stocks"] = [{"site": "us", "item": "x", "capacity": 0.0}]
    case[1]["profiles"] = [{"table": "lanes", "key": "a-us", "column": "order_cost", "from_week": 1, "factor": 0.5}]
    assert status_quo_cost(*case) == pytest.approx(6.0 + 4.0 + 2.0)


@pytest.mark.parametrize(
    ("unit_cost", "breaks", "penalty", "cost"),
    [
        # 4 a week for 2 weeks. From a mean of 5 on all units cost 1 instead of 2: 10 units, 2 of them thrown away.
        (2.0, [(5.0, 1.0)], 99.0, 10.0),
        # 9 a week for 1 each are dearer than 4 for 2.
        (2.0, [(9.0, 1.0)], 99.0, 16.0),
        (2.0, [(3.0, 1.5), (5.0, 1.25)], 99.0, 12.0),
        # A source that is dearer above 3: 4 at 3, or 3 at 1 and 1 lost.
        (1.0, [(3.0, 3.0)], 99.0, 24.0),
        (1.0, [(3.0, 3.0)], 5.0, 16.0),
    ],
)
def test_price_breaks_are_for_all_units(
    unit_cost: float, breaks: list[tuple[float, float]], penalty: float, cost: float
) -> None:
    case = buyer(
        2,
        lanes=[lane("a", "us", 0.0, max_flow=20.0, unit_cost=unit_cost)],
        demands=[demand("us", 4.0, penalty)],
        price_breaks=[{"lane": "a-us", "from_flow": flow, "unit_cost": price} for flow, price in breaks],
    )
    assert status_quo_cost(*case) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("limits", "cost"),
    [
        ({}, 10.0),
        # Two suppliers of 0.3 at least: 7 at 1 and 3 at 2.
        ({"min_suppliers": 2, "min_supplier_share": 0.3}, 13.0),
        ({"max_supplier_share": 0.6}, 14.0),
        # Nothing, or at least 0.45.
        ({"max_supplier_share": 0.6, "min_supplier_share": 0.45}, 14.5),
        ({"min_suppliers": 3, "min_supplier_share": 0.1}, None),
    ],
)
def test_suppliers_are_counted_and_limited(limits: dict[str, float], cost: float | None) -> None:
    case = buyer(
        1,
        items=[{"item": "x"} | limits],
        lanes=[lane("a", "us", 10.0), lane("b", "us", 0.0, max_flow=10.0, unit_cost=2.0)],
        demands=[demand("us", 10.0, 99.0)],
    )
    assert least_cost(*case)[0] == (None if cost is None else pytest.approx(cost))


# -- random cases ----------------------------------------------------------------------------------------------------


def test_random_cases_use_all_of_it() -> None:
    drawn = [random_sourcing_case(seed) for seed in range(60)]
    used = {(name, column) for _, tables in drawn for name in tables for row in tables[name] for column in row}
    assert {("lanes", "qualification"), ("lanes", "fixed_cost"), ("lanes", "min_share"), ("lanes", "min_order")} <= used
    assert ("lanes", "order_cost") in used
    assert {("price_breaks", "from_flow"), ("contingencies", "probability"), ("items", "share_always")} <= used
    assert {("items", "min_suppliers"), ("items", "max_supplier_share"), ("items", "max_party_share")} <= used
    assert all(Case(*case).features.sense == "cost" for case in drawn)


def test_the_tail_is_dearer_than_the_mean_and_cheaper_than_the_worst() -> None:
    compared = 0
    for seed in range(5):
        settings_, tables = random_sourcing_case(seed, max_weeks=4, max_suppliers=3)
        costs = []
        for scenario in ("expected", "cvar:0", "cvar:0.5", "cvar:0.99"):
            settings_["objective"] = {"scenario": scenario}
            costs.append(least_cost(settings_, tables)[0])
        if costs[0] is None:
            assert costs == [None] * 4
            continue
        assert costs[1] == pytest.approx(costs[0], rel=1e-7)
        assert all(low <= high + 1e-6 * abs(high) for low, high in itertools.pairwise(costs))
        compared += 1
    assert compared >= 3
