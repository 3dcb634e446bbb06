"""The oracle's reading of the faults of meaning, against cases solved by hand.

Nobody foresees an outage; a refusal keeps the goods at home; the end of the horizon has its price; contracts bind and the
status quo is what happens today. Nothing here imports the package under test.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sluicegate_testing.handmade import OURS, THEIRS, Tables, demand, lane, policy, small
from sluicegate_testing.oracle import (
    Case,
    Scenario,
    best_for,
    operations,
    oracle,
    response_cost,
    rolled_forward,
    status_quo,
    status_quo_cost,
)
from sluicegate_testing.strategies import Factors, faults, meaning_cases, random_case, rescaled

Drawn = tuple[dict[str, Any], Tables]


# -- nobody foresees an outage ---------------------------------------------------------------------------------------


def surprised(min_fill: float, lead: int = 2, **row: Any) -> Drawn:
    """We need 10 a week for 8 weeks; the lane could carry 20, and fails; a unit held for a week costs 0.1."""
    return small(
        8,
        items=[{"item": "x", "holding_cost": 0.1}],
        lanes=[lane("world", "us", 10.0, max_flow=20.0, lead_weeks=lead)],
        demands=[demand("us", 10.0, 50.0, min_fill=min_fill)],
        contingencies=[{"contingency": "outage", "lane": "world-us", "availability": 0.0} | row],
    )


@pytest.mark.parametrize(
    ("min_fill", "notice", "leverage"),
    [
        # The lane fails in weeks 3 to 6. The pipeline serves weeks 0 and 1, dispatches of weeks 0 to 2 serve 2 to 4; then
        # nothing arrives: 5 of 8 weeks, and no plan has to change.
        (0.625, 0, 0.0),
        # 10 units more must be there at the end of week 4, whatever happens: where nothing does they wait for a week.
        (0.75, 0, -10 * 0.1),
        # 30 units more: weeks 0, 1, 2 dispatch 20 each, stock is 10, 20, 30, 20, 10 at the ends of weeks 2 to 6.
        (1.0, 0, -90 * 0.1),
        # Told two weeks ahead, weeks 1 and 2 belong to the scenario: 20 units more cost nothing where nothing happens.
        (0.75, 2, 0.0),
        (0.875, 2, 0.0),
        # The last 10 must be dispatched in week 0 and wait at the end of week 2.
        (1.0, 2, -10 * 0.1),
        # Told three weeks ahead, nothing has to be done before.
        (1.0, 3, 0.0),
        (1.0, 8, 0.0),
    ],
)
def test_an_outage_is_prepared_for_in_all_that_may_happen(min_fill: float, notice: int, leverage: float) -> None:
    case = surprised(min_fill, from_week=3, to_week=6, notice_weeks=notice)
    assert Case(*case).reveal(Scenario(contingency="outage")) == max(0, 3 - notice)
    assert status_quo_cost(*case) == pytest.approx(80.0)
    assert oracle(*case).leverage == pytest.approx(leverage, abs=1e-7)


def test_before_the_reveal_a_scenario_is_scenario_none() -> None:
    # Foreseen or not, the fills of weeks 0 to 2 are those of none; without more stock weeks 5 to 7 get nothing.
    _, details = best_for(*surprised(0.0, from_week=3, to_week=6), {})
    assert details is not None
    assert details.fill["none"]["us", "x"] == pytest.approx([1.0] * 8)
    assert details.fill["outage"]["us", "x"] == pytest.approx([1.0] * 5 + [0.0] * 3, abs=1e-6)


@pytest.mark.parametrize("start", [10, 30])
def test_a_year_with_twelve_weeks_missing(start: int) -> None:
    # A lead of 8 weeks, a lane that fails for 12: from 8 weeks after its start on 12 weeks go without, whenever it starts.
    # 10 units more must wait for a week. Whoever knew in week 0 would be served in full, at no cost where nothing fails.
    case = small(
        52,
        items=[{"item": "x", "holding_cost": 0.1}],
        lanes=[lane("world", "us", 10.0, max_flow=30.0, lead_weeks=8)],
        demands=[demand("us", 10.0, 50.0)],
        contingencies=[
            {"contingency": "outage", "lane": "world-us", "from_week": start, "duration_weeks": 12, "availability": 0.0}
        ],
    )
    for min_fill, notice, loss in ((40 / 52, 0, 0.0), (41 / 52, 0, 1.0), (1.0, start, 0.0)):
        case[1]["demands"][0]["min_fill"] = min_fill
        case[1]["contingencies"][0]["notice_weeks"] = notice
        assert oracle(*case).leverage == pytest.approx(-loss, abs=1e-6)


def test_every_start_week_is_a_scenario() -> None:
    # Two weeks without the lane (no lead time) lose 20 of 80 units; 0.8 allows 16. 4 units must be there at the end of
    # week 0 and, bought anew, at the end of week 3: 2 * 4 * 0.1. A single start week costs half of that.
    both = surprised(0.8, lead=0, from_week="1;4", duration_weeks=2)
    answer = oracle(*both)
    assert [s.name for s in Case(*both).scenarios()] == ["none", "outage@1", "outage@4"]
    assert answer.leverage == pytest.approx(-0.8)
    assert answer.details is not None
    assert set(answer.details.fill) == {"none", "outage@1", "outage@4"}
    one = surprised(0.8, lead=0, from_week="4", duration_weeks=2)
    assert [s.name for s in Case(*one).scenarios()] == ["none", "outage"]
    assert oracle(*one).leverage == pytest.approx(-0.4)


def test_start_weeks_that_differ_between_rows_are_no_contingency() -> None:
    settings_, tables = surprised(0.8, from_week="1;4", duration_weeks=2)
    tables["contingencies"].append(tables["contingencies"][0] | {"from_week": "1;5"})
    with pytest.raises(ValueError, match="name the same"):
        Case(settings_, tables)


def test_the_earliest_row_reveals_a_scenario() -> None:
    # Rows act from weeks 3 and 5, with notices of 0 and 4: week 1. What never acts within the horizon reveals nothing.
    rows = [
        {"contingency": "both", "lane": "world-us", "from_week": 3, "availability": 0.5},
        {"contingency": "both", "lane": "world-us", "from_week": 5, "availability": 0.5, "notice_weeks": 4},
        {"contingency": "late", "lane": "world-us", "from_week": 99, "availability": 0.0},
    ]
    settings_, tables = surprised(0.0, from_week=0)
    case = Case(settings_, tables | {"contingencies": rows})
    assert case.reveal(Scenario(contingency="both")) == 1
    assert case.reveal(Scenario(contingency="late")) == 8


@pytest.mark.parametrize(
    ("notice", "leverage"),
    [
        # They stop selling in week 2 of 4; the world sells at 5 with a lead time of two weeks. y units ordered from it in
        # weeks 0 and 1 cost 1 more each where they go on, and there replace a loss of 20 in the package:
        # -y = 2 * 20 - 16 * (20 - y) - y at y = 17.5.
        (0, -17.5),
        # Told a week ahead, the orders of week 1 (10) belong to the package: -y = 40 - 10 - 16 * (10 - y) - y.
        (1, -8.125),
        # Told two weeks ahead, all of it is replaced where it has to be: the package costs them 40 and us 20.
        (2, 0.0),
    ],
)
def test_a_package_is_a_surprise_too(notice: int, leverage: float) -> None:
    case = small(
        4,
        lanes=[
            lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="list"),
            lane("world", "us", 0.0, max_flow=10.0, unit_cost=5.0, lead_weeks=2),
        ],
        demands=[demand("us", 10.0, 20.0)],
        regimes=THEIRS,
        policies=policy("0", approval_rate=0.0, start_week=2),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow", "notice_weeks": notice}],
    )
    assert oracle(*case).leverage == pytest.approx(leverage, abs=1e-7)


# -- a refusal keeps the goods at home -------------------------------------------------------------------------------


def licensed(approval: float, most: float = 10.0) -> Drawn:
    """We make x at 1 and sell 10 a week for 2 weeks at a margin of 2; they pay 3 and lose 8 on a missing unit."""
    return small(
        2,
        lanes=[lane("us", "them", 10.0, max_flow=most, unit_cost=3.0, margin=2.0, regime="list")],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 20.0, "unit_cost": 1.0}],
        demands=[demand("them", 10.0, 8.0)],
        regimes=OURS,
        policies=policy("0", approval_rate=approval),
    )


def test_a_licence_for_two_fifths_lets_two_fifths_through() -> None:
    # 4 units a week: V = 2 * (4 * 3 + 6 * 8) = 120 instead of 60. We make and sell 4 instead of 10: 12 * (2 - 1) = 12.
    answer = oracle(*licensed(0.4))
    assert answer.response_cost == pytest.approx({("open",): 60.0, ("slow",): 120.0})
    assert answer.status_quo_cost == pytest.approx(-20.0)
    assert answer.values["slow",] == pytest.approx(60.0 - 12.0)


def test_a_licence_covers_a_share_of_what_the_lane_can_carry() -> None:
    # 0.4 * 25 = 10 a week: nothing is missing. A lane without a limit stays one, but for a refusal of everything.
    assert oracle(*licensed(0.4, 25.0)).values["slow",] == pytest.approx(0.0)
    assert oracle(*licensed(0.4, 1e12)).values["slow",] == pytest.approx(0.0)
    assert oracle(*licensed(0.0, 1e12)).response_cost["slow",] == pytest.approx(2 * 10 * 8.0)


@pytest.mark.parametrize(
    ("unit_cost", "loss"),
    [
        # They refuse half of 10 units for 3 weeks and keep them, though the lane could carry 20. A margin of 2, R = 1.5:
        # 15 * 0.5. Above the margin: 0.
        (1.5, 7.5),
        (5.0, 0.0),
        # Nothing is known of what the goods cost them: all of the margin.
        (None, 30.0),
    ],
)
def test_refused_goods_are_worth_what_they_cost(unit_cost: float | None, loss: float) -> None:
    tables: Tables = {
        "lanes": [lane("them", "us", 10.0, max_flow=20.0, unit_cost=4.0, margin=2.0, regime="list")],
        "demands": [demand("us", 10.0, 9.0)],
        "regimes": THEIRS,
        "policies": policy("0", approval_rate=0.5),
        "retaliations": [{"package": "stop", "regime": "list", "policy": "slow", "cost": 7.0}],
    }
    if unit_cost is not None:
        # Their own demand, rationed alike, makes them run at a margin below cost.
        tables["processes"] = [{"process": "theirs", "site": "them", "output": "x", "unit_cost": unit_cost}]
        tables["demands"].append(demand("them", 10.0, 50.0))
    answer = best_for(*small(3, **tables), {})[1]
    assert answer is not None
    assert answer.counterpart_loss["stop"] == pytest.approx(7.0 + loss)
    # We pay 4 for 5 units a week less and lose 9 on each.
    assert answer.own_loss["stop"] == pytest.approx(15 * (9.0 - 4.0))


# -- the end of the horizon ------------------------------------------------------------------------------------------


def test_the_terminal_price_is_the_way_back_and_what_holding_saves() -> None:
    # Theirs is the cheapest source, ours the dearest in use (an idle one at 9 does not count); 4 weeks of holding at 0.5.
    lanes = [
        lane("world", site, 5.0, lane=f"{site}-{cost}", unit_cost=cost)
        for site in ("us", "them")
        for cost in (1.0, 3.0)
    ]
    case = small(
        4,
        items=[{"item": "x", "holding_cost": 0.5}],
        lanes=[*lanes, lane("world", "us", 0.0, lane="idle", max_flow=5.0, unit_cost=9.0)],
        stocks=[{"site": "friend", "item": "x", "terminal_price": 0.25}],
    )
    assert Case(*case).terminal_price(("us", "x")) == pytest.approx(1.05 * 3.0 + 2.0)
    assert Case(*case).terminal_price(("them", "x")) == pytest.approx(1.05 * 1.0 + 2.0)
    assert Case(*case).terminal_price(("friend", "x")) == pytest.approx(0.25)
    case[0]["horizon"]["terminal_premium"] = 0.2
    assert Case(*case).terminal_price(("us", "x")) == pytest.approx(1.2 * 3.0 + 2.0)


def test_dear_holding_sells_no_stock() -> None:
    # The stock of 10 serves week 0; week 1 buys 20 at 1 and holds 10 at 0.1. Going without costs 1.05 + 0.2 each, not 1.05.
    case = small(
        2,
        items=[{"item": "x", "holding_cost": 0.1}],
        stocks=[{"site": "us", "item": "x", "initial": 10.0}],
        lanes=[lane("world", "us", 10.0, max_flow=20.0)],
        demands=[demand("us", 10.0, 50.0)],
    )
    assert status_quo_cost(*case) == pytest.approx(20.0 + 1.0)
    case[1]["stocks"][0]["terminal_price"] = 1.05
    assert status_quo_cost(*case) == pytest.approx(10.0 + 10.5)


# -- the status quo is what happens today ----------------------------------------------------------------------------


def test_a_contract_binds_the_counterpart_as_far_as_the_policy_allows() -> None:
    # 10 a week for 2 weeks: 4 by contract at 3, 6 at 1, 18 a week. A licence for a fifth of the lane caps it to 2: 14.
    case = small(
        2,
        lanes=[lane("world", "them", 6.0, max_flow=10.0), lane("us", "them", 10.0, unit_cost=3.0, min_flow=4.0)],
        demands=[demand("them", 10.0, 50.0)],
        regimes=OURS,
        policies=policy("0", approval_rate=0.2),
    )
    case[1]["lanes"][1]["regime"] = "list"
    assert response_cost(*case, {}) == pytest.approx(36.0)
    assert response_cost(*case, {"list": "slow"}) == pytest.approx(28.0)


def test_a_contract_for_more_than_is_needed_is_paid_for() -> None:
    # 8 a week by contract where 5 are needed: 2 * 8.
    case = small(2, lanes=[lane("world", "us", 8.0, min_flow=8.0)], demands=[demand("us", 5.0, 50.0)])
    assert status_quo_cost(*case) == pytest.approx(16.0)


def test_a_contract_of_a_lane_to_qualify_comes_with_it() -> None:
    # Without the second source its contract costs nothing. With it: 5 fixed, and 3 a week at 2 instead of at 1.
    second = lane("world", "us", 0.0, max_flow=6.0, unit_cost=2.0, fixed_cost=5.0, min_flow=3.0)
    case = small(2, lanes=[lane("friend", "us", 10.0), second], demands=[demand("us", 10.0, 50.0)])
    assert oracle(*case).leverage == pytest.approx(0.0)
    assert best_for(*case, {}, qualified=["world-us"])[0] == pytest.approx(-5.0 - 2 * 3.0)
    # In week 0 of an outage that leaves a third of it the contract is for 2, not 3; none is judged, so nothing changes.
    case[1]["contingencies"] = [{"contingency": "fire", "lane": "world-us", "from_week": 0, "availability": 1 / 3}]
    assert best_for(*case, {}, qualified=["world-us"])[0] == pytest.approx(-11.0)


def test_a_contract_with_the_counterpart_is_served_pro_rata() -> None:
    # One week. They hold 5 for our 10 once our review stops what refills them: fill 0.5. The contract of 6 at 5 is then
    # for 3; the rest comes from the world at 1. Open: 6 * 5 + 4 * 1 = 34. Reviewed: 3 * 5 + 7 * 1 = 22.
    case = small(
        1,
        stocks=[{"site": "them", "item": "x", "initial": 5.0, "terminal_target": 0.0}],
        lanes=[
            lane("friend", "them", 10.0, unit_cost=0.5, regime="list"),
            lane("them", "us", 10.0, unit_cost=5.0, margin=1.0, min_flow=6.0),
            lane("world", "us", 0.0, max_flow=10.0),
        ],
        demands=[demand("us", 10.0, 50.0)],
        regimes=OURS,
        policies=policy("9"),
    )
    assert status_quo_cost(*case) == pytest.approx(34.0)
    # They lose 5 * 1 and save 5 * 0.5.
    answer = best_for(*case, {"list": "slow"})[1]
    assert answer is not None
    assert answer.counterpart_loss["none"] == pytest.approx(2.5)
    assert answer.own_loss["none"] == pytest.approx(22.0 - 34.0)


def test_ties_of_the_status_quo_go_to_the_base_flows() -> None:
    # Both sources cost 1 on either side; the dearer third one runs only as far as its contract says.
    lanes = [
        row
        for site in ("us", "them")
        for row in (
            lane("world", site, 6.0, lane=f"{site}-a", max_flow=10.0),
            lane("world", site, 3.0, lane=f"{site}-b", max_flow=10.0),
            lane("world", site, 1.0, lane=f"{site}-c", unit_cost=2.0, min_flow=1.0),
        )
    ]
    case = small(3, lanes=lanes, demands=[demand("us", 10.0, 50.0), demand("them", 10.0, 50.0)])
    today = status_quo(*case)
    assert today.cost == pytest.approx(3 * 11.0) == status_quo_cost(*case)
    assert today.deviation == pytest.approx(0.0, abs=1e-6)
    assert today.ship["us-a"] == pytest.approx([6.0] * 3)
    assert today.ship["them-b"] == pytest.approx([3.0] * 3)
    # Without the contracts the third ones are dropped: 1 + 1 a week and side away, of a largest base flow of 6.
    for row in lanes:
        row.pop("min_flow", None)
    assert status_quo(*case).deviation == pytest.approx(3 * 2 * 2.0 / 6.0)


# -- random cases ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(meaning_cases())
def test_drawn_cases_are_valid(case: Drawn) -> None:
    assert faults(*case) == []


def test_random_cases_use_all_of_it() -> None:
    drawn = [random_case(seed, max_weeks=8, meaning=True) for seed in range(30)]
    assert all(faults(*case) == [] for case in drawn)
    rows = {name: [row for _, tables in drawn for row in tables[name]] for name in drawn[0][1]}
    assert any(row.get("min_flow") for row in rows["lanes"])
    assert any(row.get("notice_weeks") for row in rows["contingencies"])
    assert any(row.get("notice_weeks") for row in rows["retaliations"])
    assert any(";" in str(row["from_week"]) for row in rows["contingencies"])
    assert any("terminal_price" in row for row in rows["stocks"])
    assert any("terminal_premium" in settings_["horizon"] for settings_, _ in drawn)
    surprises = [
        s for s in (Case(*case) for case in drawn) for scenario in s.scenarios() if 0 < s.reveal(scenario) < s.T
    ]
    assert len(surprises) > 30


def test_a_surprise_rolled_forward_is_what_the_plan_says() -> None:
    # The fills of a year that could be worked out by hand: nothing is held ahead, weeks 5 to 7 go without.
    case = surprised(0.0, from_week=3, to_week=6)
    plan = operations(*case, {})
    cost, fills = rolled_forward(*case, {}, "outage", plan.response, plan.ours["none"])
    assert fills["us", "x"] == pytest.approx([1.0] * 5 + [0.0] * 3, abs=1e-5)
    assert cost == pytest.approx(plan.cost["outage"], rel=1e-5)
    # In other cases the least cost from the reveal on is at most what the plan says, which also keeps its limits.
    for seed in (10, 20, 28, 53):
        settings_, tables = random_case(seed, max_regimes=2, max_weeks=8, max_combinations=4, meaning=True)
        answer = oracle(settings_, tables)
        if answer.leverage is None:
            continue
        plan = operations(settings_, tables, answer.policies)
        for scenario, stated in plan.cost.items():
            cost, _ = rolled_forward(
                settings_,
                tables,
                answer.policies,
                scenario,
                plan.response,
                plan.ours["none"],
                qualified=plan.qualified,
                stockpile=plan.stockpile,
            )
            assert cost is not None
            assert cost <= stated + 1e-4 * max(1.0, abs(stated))


def test_to_be_told_earlier_never_hurts() -> None:
    # Whoever knows sooner can still do what he did: no combination is worth less, and some are worth more.
    better = 0
    for seed in (10, 20, 28, 53):
        settings_, tables = random_case(seed, max_regimes=2, max_weeks=8, max_combinations=4, meaning=True)
        surprise = oracle(settings_, tables).values
        for row in [*tables["contingencies"], *tables["retaliations"]]:
            row["notice_weeks"] = settings_["horizon"]["weeks"]
        for policies, value in oracle(settings_, tables).values.items():
            before = surprise[policies]
            if before is None:
                better += value is not None
                continue
            assert value is not None
            assert value >= before - 1e-6 * max(1.0, abs(before))
            better += value > before + 1e-4
    assert better


@pytest.mark.parametrize(
    "factors", [Factors(money=1024.0, quantities=0.125), Factors(quantities=8.0, items={"raw1": 64.0, "good": 0.25})]
)
def test_units_do_not_matter(factors: Factors) -> None:
    for seed in (10, 20, 24):
        case = random_case(seed, max_regimes=2, max_weeks=6, max_combinations=4, meaning=True)
        plain, other = oracle(*case).values, oracle(*rescaled(case, factors)).values
        assert any(value is not None for value in plain.values())
        for policies, value in plain.items():
            assert (value is None) == (other[policies] is None)
            if value is not None:
                assert other[policies] == pytest.approx(value * factors.money, rel=1e-6, abs=1e-5 * factors.money)
