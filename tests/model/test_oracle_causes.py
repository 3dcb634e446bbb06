"""Losses by cause: the oracle's parts against losses split by hand, and their sum against the losses."""

from typing import Any

import pytest

from sluicegate_testing.handmade import OURS, THEIRS, Tables, demand, lane, policy, small
from sluicegate_testing.oracle import Case, causes, oracle
from sluicegate_testing.strategies import random_case

Drawn = tuple[dict[str, Any], Tables]


def parts(found: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """The causes that are there."""
    return {cause: amount for cause, amount in found.items() if abs(amount) > 1e-6}


def test_sales_are_net_of_what_is_not_bought_and_not_made() -> None:
    # 12 of 20 units are refused. They lose 8 and save the usual 3 on each; we lose 2 and save the usual 1.
    case = small(
        2,
        lanes=[lane("us", "them", 10.0, unit_cost=3.0, margin=2.0, regime="list")],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 20.0, "unit_cost": 1.0}],
        demands=[demand("them", 10.0, 8.0)],
        regimes=OURS,
        policies=policy("0", approval_rate=0.4, admin_cost=3.0),
    )
    found = causes(*case, {"list": "slow"})
    assert parts(found.counterpart) == pytest.approx({("sales", "x"): 12 * (8.0 - 3.0)})
    assert parts(found.own) == pytest.approx({("sales", "x"): 12 * (2.0 - 1.0), ("reviews", ""): 3.0})


def test_a_dearer_source_and_what_it_cannot_bring() -> None:
    # Nothing arrives from us in weeks 0 and 1: 5 a week come from the world at 3 instead of 1, 5 a week are lost at 5.
    case = small(
        4,
        lanes=[lane("us", "them", 10.0, regime="list"), lane("world", "them", 0.0, max_flow=5.0, unit_cost=3.0)],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=policy("2"),
    )
    found = causes(*case, {"list": "slow"})
    assert found.counterpart_loss == pytest.approx(60.0)
    assert parts(found.counterpart) == pytest.approx(
        {("sales", "x"): 10 * (5.0 - 1.0), ("sources", "x"): 10 * (3.0 - 1.0)}
    )


def test_stock_to_rebuild_costs_what_it_costs_more_than_before() -> None:
    # The stock of 10 serves week 0, week 1 is lost. 20 units less are bought: 10 not sold, 10 to be bought back at 1.05.
    case = small(
        2,
        stocks=[{"site": "them", "item": "x", "initial": 10.0}],
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=policy("0", approval_rate=0.0),
    )
    found = causes(*case, {"list": "slow"})
    assert found.counterpart_loss == pytest.approx(40.5)
    assert parts(found.counterpart) == pytest.approx(
        {("sales", "x"): 10 * (5.0 - 1.0), ("end", "x"): 10 * (1.05 - 1.0)}
    )


def test_a_package_and_what_we_keep_against_it() -> None:
    # They refuse half of 10 units for 3 weeks: 7 and a margin of 2 on 15. We stockpile 6 at 4.4, qualify a source for 5,
    # which brings 4 a week at 5 instead of 4; 15 - 6 - 12 < 0, so that 3 of the 12 are not needed: 9 at 1 more each.
    case = small(
        3,
        lanes=[
            lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="list"),
            lane("world", "us", 0.0, max_flow=4.0, unit_cost=5.0, fixed_cost=5.0),
        ],
        stocks=[{"site": "us", "item": "x", "stockpile_max": 6.0}],
        demands=[demand("us", 10.0, 9.0)],
        regimes=THEIRS,
        policies=policy("0", approval_rate=0.5),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow", "cost": 7.0}],
    )
    found = causes(*case, {}, "stop", qualified=["world-us"], stockpile={("us", "x"): 6.0})
    assert parts(found.counterpart) == pytest.approx({("package", ""): 37.0})
    assert parts(found.own) == pytest.approx(
        {("sources", "x"): 9.0, ("stockpile", "x"): 6 * 0.4, ("qualification", ""): 5.0}, abs=1e-5
    )


@pytest.mark.parametrize("kind", [{}, {"meaning": True}, {"meaning": True, "features": True}])
def test_causes_add_up(kind: dict[str, bool]) -> None:
    reasons: set[str] = set()
    for seed in range(7):
        case = random_case(seed, max_regimes=2, max_weeks=6, max_combinations=4, **kind)
        answer = oracle(*case)
        if answer.leverage is None:
            continue
        for scenario in ["none", *Case(*case).packages][:2]:
            found = causes(*case, answer.policies, scenario)
            money = 1.0 + abs(answer.status_quo_cost) + max(answer.response_cost.values())
            assert sum(found.counterpart.values()) == pytest.approx(found.counterpart_loss, abs=1e-7 * money)
            assert sum(found.own.values()) == pytest.approx(found.own_loss, abs=1e-7 * money)
            reasons |= {reason for parties in (found.counterpart, found.own) for reason, _ in parts(parties)}
    assert {"sales", "sources", "holding", "end"} <= reasons
