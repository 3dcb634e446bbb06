"""The oracle's reading of what a review does, against cases solved by hand. Nothing here imports the package under test."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from sluicegate_testing.handmade import OURS, THEIRS, Tables, bought_under_review, demand, lane, policy, profile, small
from sluicegate_testing.oracle import (
    Case,
    Scenario,
    best_for,
    by_week,
    causes,
    combinations,
    oracle,
    response_cost,
    status_quo_cost,
)
from sluicegate_testing.strategies import Factors, faults, feature_cases, random_case, rescaled

Drawn = tuple[dict[str, Any], Tables]


# -- doing with less -------------------------------------------------------------------------------------------------


def test_an_input_can_be_saved() -> None:
    # 5 units of x are licensed for 10 of y. Saving 0.3 of the input at 4 a unit: 0.7 m = 5, m = 50 / 7, saved 15 / 7.
    # V = 5 * 1 + 15 / 7 * 4 + (10 - 50 / 7) * 20. Open, x at 1 is cheaper than saving it: 10.
    case = small(
        1,
        items=[{"item": "x"}, {"item": "y"}],
        lanes=[lane("us", "them", 10.0, regime="list")],
        processes=[{"process": "make", "site": "them", "output": "y"}],
        recipes=[{"process": "make", "input": "x", "quantity": 1.0, "saving_share": 0.3, "saving_cost": 4.0}],
        demands=[demand("them", 10.0, 20.0, item="y")],
        regimes=OURS,
        policies=policy("0", approval_rate=0.5),
    )
    assert response_cost(*case, {}) == pytest.approx(10.0)
    assert response_cost(*case, {"list": "slow"}) == pytest.approx(5.0 + 60.0 / 7.0 + (10.0 - 50.0 / 7.0) * 20.0)
    found = causes(*case, {"list": "slow"}).counterpart
    # What is saved is a source of x at 4 instead of 1.
    assert found["sources", "x"] == pytest.approx(15.0 / 7.0 * 3.0)
    assert found["sales", "y"] == pytest.approx((10.0 - 50.0 / 7.0) * (20.0 - 1.0))


# -- time ------------------------------------------------------------------------------------------------------------


def test_a_profile_is_a_step_function() -> None:
    # Week 0 is served by the pipeline, which is plain; 10, 5, 5 are dispatched for weeks 1, 2, 3 and, at the end, 5 more:
    # the target is base_flow(3) * lead. The price halves from week 3 on: 10 + 5 + 5 + 5 / 2.
    case = small(
        4,
        lanes=[lane("world", "us", 10.0, lead_weeks=1)],
        demands=[demand("us", 10.0, 50.0)],
        profiles=[
            profile("lanes", "world-us", "base_flow", 2, 0.5),
            profile("demands", "us/x", "quantity", 2, 0.5),
            profile("lanes", "world-us", "unit_cost", 3, 0.5),
        ],
    )
    read = Case(*case)
    assert [read.base_flow(read.lanes[0], t) for t in range(4)] == pytest.approx([10.0, 10.0, 5.0, 5.0])
    assert read.terminal_target(("us", "x")) == pytest.approx(5.0)
    assert status_quo_cost(*case) == pytest.approx(22.5)


def test_a_product_window_closes() -> None:
    # From week 2 on a sale is worth nothing: two weeks of review cost all of it, two weeks later nothing more.
    case = bought_under_review(4, policy("2"), penalty=8.0)
    case[1]["profiles"] = [profile("demands", "them/x", "shortage_penalty", 2, 0.0)]
    assert oracle(*case).response_cost == pytest.approx({("open",): 20.0, ("slow",): 160.0})


def test_capacities_have_profiles() -> None:
    # A lane that opens in week 1, a process that doubles in week 2: 4, 4 + 6 and 8 + 6 of 20 units a week at 9 each.
    case = small(
        3,
        lanes=[lane("world", "us", 0.0, max_flow=6.0, unit_cost=0.0)],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 4.0}],
        demands=[demand("us", 20.0, 9.0)],
        profiles=[
            profile("lanes", "world-us", "max_flow", 0, 0.0),
            profile("lanes", "world-us", "max_flow", 1, 1.0),
            profile("processes", "mine", "capacity", 2, 2.0),
        ],
    )
    assert status_quo_cost(*case) == pytest.approx(9.0 * (16 + 10 + 6))


def test_exports_follow_the_profile_of_their_base_flow() -> None:
    # They sell 10, then 2, to the world at a margin of 3 and have none: K(t) = 3 base_flow(t).
    case = small(2, stocks=[{"site": "them", "item": "x"}], lanes=[lane("them", "world", 10.0, margin=3.0)])
    case[1]["profiles"] = [profile("lanes", "them-world", "base_flow", 1, 0.2)]
    assert response_cost(*case, {}) == pytest.approx(30.0 + 6.0)


def test_a_fill_window_judges_every_run_of_weeks() -> None:
    # Fills 1, 1, 0, 1, for nothing can be stored: a mean of 0.75, and of 0.5 in the runs of two weeks with the outage.
    case = small(
        4,
        stocks=[{"site": "us", "item": "x", "capacity": 0.0}],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 10.0}],
        demands=[demand("us", 10.0, 5.0, min_fill=0.6)],
        contingencies=[{"contingency": "fire", "process": "mine", "from_week": 2, "to_week": 2, "availability": 0.0}],
    )
    assert oracle(*case).leverage == pytest.approx(0.0)
    case[1]["demands"][0]["fill_window"] = 2
    assert oracle(*case).leverage is None
    case[1]["demands"][0]["min_fill"] = 0.5
    assert oracle(*case).leverage == pytest.approx(0.0)


def test_unmet_demand_may_wait() -> None:
    # All is refused in week 0. Of 10 units 5 are lost at 9; 5 wait for a week at 1 and are served in week 1, where the lane
    # carries 15: 45 + 5 + 15 + 10. What still waits at the end is lost: 45 + 5 + 45.
    refused = policy("0", approval_rate=0.0, end_week=1)
    case = bought_under_review(3, refused, penalty=9.0, max_flow=15.0)
    case[1]["demands"][0] |= {"backorder_share": 0.5, "backorder_cost": 1.0}
    assert response_cost(*case, {"list": "slow"}) == pytest.approx(75.0)
    found = causes(*case, {"list": "slow"})
    assert found.counterpart_loss == pytest.approx(45.0)
    assert found.counterpart["sales", "x"] == pytest.approx(5 * (9.0 - 1.0) + 5.0)
    case[0]["horizon"]["weeks"] = 1
    assert response_cost(*case, {"list": "slow"}) == pytest.approx(95.0)


def test_our_unmet_demand_may_wait_in_every_scenario() -> None:
    # The plant fails in week 0 and has room for 2 more afterwards. The package that goes with it is only there to be read.
    case = small(
        3,
        lanes=[lane("them", "us", 10.0, max_flow=10.0, unit_cost=1.0, regime="list")],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 2.0, "unit_cost": 1.0}],
        demands=[demand("us", 10.0, 9.0, backorder_share=0.5, backorder_cost=1.0)],
        regimes=THEIRS,
        policies=policy("0", approval_rate=0.0, end_week=1),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow"}],
    )
    # Week 0: 2 made, 8 unmet, 4 of them lost at 9, 4 wait at 1; 2 served late in week 1, 2 wait again; 2 in week 2.
    # W = 4 * 9 + 4 + 2 + 2 made + 20 bought + 4 made = 68 instead of 30.
    answer = best_for(*case, {})[1]
    assert answer is not None
    assert answer.own_loss["stop"] == pytest.approx(68.0 - 30.0)


# -- notice and hoarding ---------------------------------------------------------------------------------------------


def test_before_a_review_begins_its_lanes_carry_more() -> None:
    # All is refused from week 1 on. 10 are stocked ahead in no case without a surge, 5 with one of a half.
    ban = policy("0", approval_rate=0.0, start_week=1)
    assert response_cost(*bought_under_review(2, ban, penalty=8.0), {"list": "slow"}) == pytest.approx(10.0 + 80.0)
    ban[0]["surge"] = 0.5
    assert response_cost(*bought_under_review(2, ban, penalty=8.0), {"list": "slow"}) == pytest.approx(15.0 + 40.0)
    assert response_cost(*bought_under_review(2, ban, penalty=8.0), {}) == pytest.approx(20.0)


def test_a_surge_ahead_of_a_package_waits_for_its_reveal() -> None:
    # Their lane to us is open for half of what we would order until week 2. From week 2 on they refuse; we hear of it a
    # week before, so that week 1 alone may carry twice its max_flow, up to what they yield.
    case = small(
        3,
        items=[{"item": "x", "holding_cost": 0.1}],
        lanes=[lane("them", "us", 10.0, regime="list")],
        demands=[demand("us", 8.0, 9.0)],
        regimes=THEIRS,
        policies=policy("0", approval_rate=0.0, start_week=2, surge=1.0),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow", "notice_weeks": 1}],
    )
    case[1]["profiles"] = [profile("lanes", "them-us", "max_flow", 0, 0.5)]
    # 5, then 10 (base_flow fill): 3 lost in week 0, nothing in week 1, 2 kept for week 2: 6 lost. Open: 5 a week, 9 lost.
    answer = best_for(*case, {})[1]
    assert answer is not None
    assert answer.fill["stop"]["us", "x"] == pytest.approx([0.625, 1.0, 0.25], abs=1e-5)
    assert answer.own_loss["stop"] == pytest.approx((15 + 9 * 9.0 + 2 * 0.1) - (15 + 9 * 9.0))
    assert Case(*case).carried("list", "slow", 1) == pytest.approx(2.0)
    assert Case(*case).carried("list", "slow", 2) == 0.0
    assert Case(*case).reveal(Scenario(package="stop")) == 1


# -- what stays lost, paperwork and friends --------------------------------------------------------------------------


def test_customers_that_do_not_come_back() -> None:
    # 40 units are not sold at a margin of 2: 80. Half of that goes on for 8 weeks after the 4: 2 * 0.5 * 8 / 4 * 40 = 80.
    case = bought_under_review(4, policy("0", approval_rate=0.0), margin=2.0, kept_share=0.5)
    case[0]["horizon"]["after_weeks"] = 8
    found = causes(*case, {"list": "slow"})
    assert found.own_loss == pytest.approx(160.0)
    assert found.own["lasting", ""] == pytest.approx(80.0)
    assert found.counterpart_loss == pytest.approx(160.0)


def test_applicants_pay_and_allies_give() -> None:
    # 1.5 on 40 units; friends give 7 for it, which no budget may spend.
    review = policy("0", applicant_cost=1.5, ally_benefit=7.0, admin_cost=3.0)
    answer = oracle(*bought_under_review(4, review, penalty=50.0))
    assert answer.values["slow",] == pytest.approx(60.0 - 3.0 + 7.0)
    found = causes(*bought_under_review(4, review, penalty=50.0), {"list": "slow"})
    assert found.counterpart["paperwork", "x"] == pytest.approx(60.0)
    assert found.own["allies", ""] == pytest.approx(-7.0)
    tight = bought_under_review(4, review, penalty=50.0)
    tight[0]["limits"] = {"budget": 2.0}
    assert [c["list"] for c in combinations(*tight)] == ["open"]
    # Only while the policy acts: two of four weeks.
    review[0] |= {"start_week": 1, "end_week": 3}
    assert oracle(*bought_under_review(4, review, penalty=50.0)).values["slow",] == pytest.approx(30.0 - 3.0 + 7.0)


# -- reviews of imports ----------------------------------------------------------------------------------------------


def test_we_may_review_what_we_import() -> None:
    # Half of 10 units is refused for 3 weeks: they lose a margin of 2 on 15, we go without them: 15 * (9 - 4), and pay
    # 0.5 for each application. Whatever they retaliate with, it acts on other lanes.
    case = small(
        3,
        lanes=[lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="list")],
        demands=[demand("us", 10.0, 9.0)],
        regimes=[*OURS, {"regime": "other", "controller": "them"}],
        policies=[
            *policy("0", approval_rate=0.5, applicant_cost=0.5),
            {"regime": "other", "policy": "stop", "delay_weeks": "9"},
        ],
        retaliations=[{"package": "stop", "regime": "other", "policy": "stop", "cost": 1.0}],
    )
    answer = best_for(*case, {"list": "slow"})[1]
    assert answer is not None
    assert answer.counterpart_loss == pytest.approx({"none": 30.0, "stop": 31.0})
    assert answer.own_loss == pytest.approx({"none": 75.0 + 7.5, "stop": 75.0 + 7.5})
    # A delay alone: what is dispatched arrives after the end, so that nothing is worth ordering.
    case[1]["policies"][0] |= {"delay_weeks": "9", "approval_rate": 1.0}
    answer = best_for(*case, {"list": "slow"})[1]
    assert answer is not None
    assert answer.own_loss["none"] == pytest.approx(30 * (9.0 - 4.0))
    assert answer.counterpart_loss["none"] == pytest.approx(0.0)


# -- ending a review -------------------------------------------------------------------------------------------------


def test_several_ends_are_several_policies() -> None:
    # Every week of a ban costs them 10 * (5 - 1) and us a margin of 10 * 1.5; a review may not cost us more than 31.
    case = bought_under_review(3, policy("0", approval_rate=0.0, end_week="1;2;"), margin=1.5)
    assert [c["list"] for c in combinations(*case)] == ["open", "slow@1", "slow@2", "slow"]
    answer = oracle(*case)
    assert answer.values == pytest.approx({("open",): 0.0, ("slow@1",): 25.0, ("slow@2",): 50.0, ("slow",): 75.0})
    case[0]["limits"] = {"own_loss": 31.0}
    assert oracle(*case).policies == {"list": "slow@2"}
    # A single end is no variant.
    single = bought_under_review(3, policy("0", approval_rate=0.0, end_week=2), margin=1.5)
    assert [c["list"] for c in combinations(*single)] == ["open", "slow"]


def test_a_package_names_one_end() -> None:
    case = small(
        2,
        lanes=[lane("them", "us", 10.0, regime="list")],
        regimes=THEIRS,
        policies=policy("0", approval_rate=0.0, end_week="1;2"),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow"}],
    )
    with pytest.raises(ValueError, match="one end"):
        Case(*case)


# -- the stake -------------------------------------------------------------------------------------------------------


def test_a_settlement_ends_what_goes_on() -> None:
    # Every week of a ban costs them 10 * (5 - 1) and us 10 * 1.5.
    case = bought_under_review(3, policy("0", approval_rate=0.0), margin=1.5)
    assert by_week(*case, {"list": "slow"}) == [
        pytest.approx((40.0 * week, 15.0 * week), abs=1e-6) for week in range(4)
    ]


def test_nobody_foresees_a_settlement() -> None:
    # Week 0 is lost: 10 * (9 - 1). Week 1 is served from the world at 3, ordered in week 0: settled in week 1 that is paid.
    case = bought_under_review(2, policy("0", approval_rate=0.0), penalty=9.0)
    case[1]["lanes"].append(lane("world", "them", 0.0, max_flow=10.0, unit_cost=3.0, lead_weeks=1))
    found = by_week(*case, {"list": "slow"})
    assert [loss for loss, _ in found] == pytest.approx([0.0, 100.0, 100.0], abs=1e-5)


def test_a_settlement_in_the_end_is_the_plan() -> None:
    for seed in (0, 3, 5, 6, 7, 8):
        case = random_case(seed, max_regimes=2, max_weeks=5, max_combinations=4, meaning=True, features=True)
        answer = oracle(*case)
        assert answer.details is not None
        settled = by_week(*case, answer.policies)
        assert settled[-1][0] - settled[-1][1] == pytest.approx(answer.leverage, rel=1e-5, abs=1e-4)


# -- random cases ----------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feature_cases())
def test_drawn_cases_are_valid(case: Drawn) -> None:
    assert faults(*case) == []


def test_random_cases_use_all_of_it() -> None:
    drawn = [random_case(seed, max_weeks=7, meaning=True, features=True) for seed in range(30)]
    assert all(faults(*case) == [] for case in drawn)
    used = {(name, column) for _, tables in drawn for name in tables for row in tables[name] for column in row}
    assert {("recipes", "saving_share"), ("demands", "backorder_share"), ("demands", "fill_window")} <= used
    assert {("policies", "surge"), ("policies", "applicant_cost"), ("policies", "ally_benefit")} <= used
    assert {("lanes", "kept_share"), ("profiles", "factor")} <= used
    assert any(";" in str(row.get("end_week", "")) for _, tables in drawn for row in tables["policies"])
    assert any(
        lane_.regime in read.ours and read.side[lane_.origin] == "C"
        for read in (Case(*case) for case in drawn)
        for lane_ in read.inbound("H")
    )


def test_defaults_change_nothing() -> None:
    for seed in range(4):
        settings_, tables = random_case(seed, max_regimes=2, max_weeks=6, max_combinations=4, meaning=True)
        plain = oracle(settings_, tables)
        written: dict[str, dict[str, Any]] = {
            "recipes": {"saving_share": 0, "saving_cost": 3.0},
            "demands": {"fill_window": settings_["horizon"]["weeks"], "backorder_share": 0, "backorder_cost": 9.0},
            "policies": {"surge": 0, "applicant_cost": 0, "ally_benefit": 0},
            "lanes": {"kept_share": 0},
        }
        for name, columns in written.items():
            for row in tables[name]:
                row |= columns
        settings_["horizon"]["after_weeks"] = 52
        tables["profiles"] = [profile("lanes", row["lane"], "base_flow", 2, 1.0) for row in tables["lanes"]]
        assert oracle(settings_, tables).values == pytest.approx(plain.values)


def test_units_do_not_matter() -> None:
    factors = Factors(money=256.0, quantities=0.125)
    for seed in (0, 3, 5):
        case = random_case(seed, max_regimes=2, max_weeks=6, max_combinations=4, meaning=True, features=True)
        plain, other = oracle(*case).values, oracle(*rescaled(case, factors)).values
        assert any(value is not None for value in plain.values())
        for policies, value in plain.items():
            assert (value is None) == (other[policies] is None)
            if value is not None:
                assert other[policies] == pytest.approx(value * factors.money, rel=1e-6, abs=1e-5 * factors.money)
