"""The oracle against cases solved by hand, and the random cases against the case format.

Each test's comments derive the expected figure from the mathematics; nothing here imports the package under test.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scipy.optimize import linprog

from sluicegate_testing.handmade import OURS, THEIRS, Tables, demand, lane, policy, small
from sluicegate_testing.oracle import (
    Case,
    OracleAnswer,
    Scenario,
    best_for,
    combinations,
    oracle,
    response_cost,
    response_lp,
    status_quo_cost,
)
from sluicegate_testing.strategies import cases, faults, is_coupled, random_case


def solved(case: tuple[dict[str, Any], Tables]) -> OracleAnswer:
    return oracle(*case)


# -- the counterpart's response -------------------------------------------------------------------------------------


def test_a_delay_longer_than_the_stock_costs_the_weeks_between() -> None:
    # Open: 6 weeks * 10 units * 1 = 60. With 2 weeks of review nothing arrives in weeks 0 and 1; the stock of 10 covers
    # one of them, the other loses 10 * 5 = 50. Dispatches of weeks 0-3 serve weeks 2-5: 40. The target (initial stock,
    # 10) is met by a dispatch of week 4 or 5 under way at the end: 10, cheaper than the terminal price 10.5.
    # V = 50 + 40 + 10.
    case = small(
        6,
        stocks=[{"site": "them", "item": "x", "initial": 10.0}],
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=policy("2", admin_cost=3.0),
    )
    answer = solved(case)
    assert answer.response_cost == pytest.approx({("open",): 60.0, ("slow",): 100.0})
    # Our side: no margin, an untracked origin; only the admin cost of 3.
    assert answer.leverage == pytest.approx(40.0 - 3.0)
    assert answer.policies == {"list": "slow"}
    assert answer.values == pytest.approx({("open",): 0.0, ("slow",): 37.0})


def test_a_licence_for_half_of_a_lane_is_half_of_its_capacity() -> None:
    # 0.5 * 16 may be dispatched, and all of it arrives: 8 a week, 2 * 5 is lost and 2 * 1 saved: 8 a week, 32 in 4 weeks.
    # We earn 0.25 on 8 instead of 10 units: own loss 0.25 * 2 * 4 = 2.
    case = small(
        4,
        lanes=[lane("us", "them", 10.0, max_flow=16.0, margin=0.25, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=policy("0", approval_rate=0.5),
    )
    answer = solved(case)
    assert answer.response_cost == pytest.approx({("open",): 40.0, ("slow",): 72.0})
    assert answer.status_quo_cost == pytest.approx(-10.0)
    assert answer.leverage == pytest.approx(30.0)


def test_a_distribution_splits_what_is_dispatched() -> None:
    # Kernel {1: 0.5, 3: 0.5}: H = 0.5 * 1 + 0.5 * 3 = 2; A = 0.8, so that 8 may be dispatched in a week. No demand, target
    # 8 at price 1.05 + 0.01 * 4 = 1.09.
    # Open: 8 dispatched in the last week, held for a week end: 8 * 1.01 = 8.08 < 8.72.
    # Slow: 8 dispatched in the last week, all under way at the end: 8 * (1 + 0.01 * 2) = 8.16 < 8.72.
    case = small(
        4,
        items=[{"item": "x", "holding_cost": 0.01}],
        stocks=[{"site": "them", "item": "x", "terminal_target": 8.0}],
        lanes=[lane("us", "them", 10.0, regime="list")],
        regimes=OURS,
        policies=policy("1:2;3:1;3:1", approval_rate=0.8),
    )
    read = Case(*case)
    assert read.kernel("list", "slow", 0) == pytest.approx({1: 0.5, 3: 0.5})
    assert read.waited("list", "slow", 0) == pytest.approx(2.0)
    assert read.granted("list", "slow", 0) == pytest.approx(0.8)
    assert solved(case).response_cost == pytest.approx({("open",): 8.08, ("slow",): 8.16})


def test_a_policy_acts_within_its_weeks_only() -> None:
    # Dispatches of weeks 1 and 2 wait for ever, those of weeks 0 and 3 do not: 2 weeks lost, 2 * 10 * (5 - 1) = 80.
    case = small(
        4,
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=policy("99", start_week=1, end_week=3),
    )
    assert solved(case).leverage == pytest.approx(80.0)


def test_one_fill_rations_demand_and_exports_alike() -> None:
    # One week, 6 in stock, nothing arrives under review: Q = 10 + 5, K = 10 * 3 + 5 * 1 = 35, fill = 6 / 15 = 0.4.
    # V(open) = 15 - 6 = 9, V(slow) = 35 * 0.6 = 21: loss 12. We get 5 * 0.4 = 2 instead of 5: 3 * (4 - 1) = 9.
    case = small(
        1,
        stocks=[{"site": "them", "item": "x", "initial": 6.0, "terminal_target": 0.0}],
        lanes=[lane("world", "them", 15.0, regime="list"), lane("them", "us", 5.0, margin=1.0)],
        demands=[demand("them", 10.0, 3.0), demand("us", 5.0, 4.0)],
        regimes=OURS,
        policies=policy("1"),
    )
    answer = solved(case)
    assert answer.response_cost == pytest.approx({("open",): 9.0, ("slow",): 21.0})
    assert answer.leverage == pytest.approx(12.0 - 9.0)
    _, details = best_for(*case, {"list": "slow"})
    assert details is not None
    assert details.counterpart_fill["them", "x"] == pytest.approx([0.4])
    assert details.fill["none"]["us", "x"] == pytest.approx([0.4])


def test_pipeline_beyond_the_horizon_keeps_the_target_neutral() -> None:
    # Lead 5, 3 weeks: the target is 2 * 5 = 10. Pipeline brings 2 in weeks 0-2 and leaves 4 for later; 3 * 2 dispatched
    # arrive later: 4 + 6 = 10. Cost 6 for the dispatches (a missing unit would cost 1.05), every demand served.
    case = small(3, lanes=[lane("us", "them", 2.0, lead_weeks=5)], demands=[demand("them", 2.0, 9.0)])
    assert response_cost(*case, {}) == pytest.approx(6.0)


def test_a_lane_ramps_up() -> None:
    # Available from week 1, ramp 1: capacity 0, 5, 10, 10. Lost: 10 + 5 units at 9; paid: 25 units at 1.
    case = small(
        4,
        lanes=[lane("us", "them", 0.0, max_flow=10.0, available_week=1, ramp_weeks=1)],
        demands=[demand("them", 10.0, 9.0)],
    )
    assert [Case(*case).lanes[0].capacity(t) for t in range(4)] == pytest.approx([0.0, 5.0, 10.0, 10.0])
    assert response_cost(*case, {}) == pytest.approx(15 * 9.0 + 25 * 1.0)


def test_replacement_cost_falls_back_on_the_cheapest_process() -> None:
    # y is made from 2 x at 3 each or from 1 z at 4; x costs 1 a unit by its running lane (the idle one at 0.1 does not
    # count), z nothing: 3 + 2 * 1 = 5 and 4 + 0 = 4. Terminal price 1.05 * 4.
    case = small(
        1,
        items=[{"item": item} for item in "xyz"],
        lanes=[lane("world", "them", 5.0), lane("us", "them", 0.0, unit_cost=0.1)],
        processes=[
            {"process": "a", "site": "them", "output": "y", "unit_cost": 3.0},
            {"process": "b", "site": "them", "output": "y", "unit_cost": 4.0},
        ],
        recipes=[
            {"process": "a", "input": "x", "quantity": 2.0},
            {"process": "b", "input": "z", "quantity": 1.0},
        ],
    )
    read = Case(*case)
    assert read.replacement_cost(("them", "y")) == pytest.approx(4.0)
    assert read.terminal_price(("them", "y")) == pytest.approx(4.2)
    assert read.replacement_cost(("them", "x")) == pytest.approx(1.0)
    assert read.replacement_cost(("them", "z")) == 0.0


def test_an_untracked_pair_supplies_lanes_but_no_demand() -> None:
    # Nothing brings x to them: their demand is lost (3 * 2 a week) although the lane to us keeps running at fill 1.
    case = small(
        2,
        lanes=[lane("them", "us", 5.0)],
        demands=[demand("them", 3.0, 2.0), demand("us", 5.0, 4.0)],
    )
    assert response_cost(*case, {}) == pytest.approx(12.0)
    assert status_quo_cost(*case) == pytest.approx(2 * 5 * 1.0)


# -- our side -------------------------------------------------------------------------------------------------------


def retaliation(
    cost: float = 7.0, penalty: float = 9.0, **tables: list[dict[str, Any]]
) -> tuple[dict[str, Any], Tables]:
    """They refuse half of 10 units a week for 3 weeks; we pay 4 a unit and lose ``penalty`` on a missing one."""
    return small(
        3,
        **{
            "lanes": [lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="list")],
            "demands": [demand("us", 10.0, penalty)],
            "regimes": THEIRS,
            "policies": policy("0", approval_rate=0.5),
            "retaliations": [{"package": "stop", "regime": "list", "policy": "slow", "cost": cost}],
        }
        | tables,
    )


def test_a_package_that_refuses_goods_costs_both() -> None:
    # They lose 7 + 2 * 0.5 * 10 * 3 = 37; we lose 5 * (9 - 4) a week: 75. Not retaliating: 0 for both.
    answer = solved(retaliation())
    assert answer.leverage == pytest.approx(37.0 - 75.0)
    assert answer.worst_package == "stop"
    assert answer.details is not None
    assert answer.details.counterpart_loss == pytest.approx({"none": 0.0, "stop": 37.0})
    assert answer.details.own_loss == pytest.approx({"none": 0.0, "stop": 75.0})


def test_not_retaliating_is_a_choice_too() -> None:
    # At penalty 6 we lose 5 * 2 a week: 30 < 37. The package would help us, so its absence is the worst.
    answer = solved(retaliation(penalty=6.0))
    assert answer.leverage == pytest.approx(0.0)
    assert answer.worst_package == "none"


def test_objective_none_leaves_packages_to_continuity() -> None:
    settings_, tables = retaliation()
    settings_["objective"] = {"scenario": "none"}
    assert oracle(settings_, tables).leverage == pytest.approx(0.0)
    tables["demands"][0]["min_fill"] = 0.6
    assert oracle(settings_, tables).leverage is None


def test_a_stockpile_that_pays() -> None:
    # s units at 1.1 * 4 = 4.4 replace purchases at 4 in scenario none (-0.4 s) and shortages at 9 in the package
    # (-38 + 4.6 s, up to 15 units). Both are equal at s = 7.6: leverage -3.04.
    case = retaliation(stocks=[{"site": "us", "item": "x", "stockpile_max": 20.0}])
    answer = solved(case)
    assert answer.leverage == pytest.approx(-3.04)
    assert answer.stockpile == pytest.approx({("us", "x"): 7.6})
    # A mean fill of 0.8 is 24 of 30 units: 15 arrive, 9 must be stockpiled: leverage -0.4 * 9.
    case[1]["demands"][0]["min_fill"] = 0.8
    assert solved(case).leverage == pytest.approx(-3.6)
    # A budget of 22 buys 5 units: -38 + 4.6 * 5 without the fill rate, nothing with it.
    case[0]["limits"] = {"budget": 22.0}
    assert solved(case).leverage is None
    del case[1]["demands"][0]["min_fill"]
    assert solved(case).leverage == pytest.approx(-15.0)
    # Fixed first-stage choices are valued as they are.
    assert best_for(*case, {}, stockpile={("us", "x"): 2.0})[0] == pytest.approx(-38.0 + 9.2)


def test_a_second_source_that_pays() -> None:
    # 5 units a week at 5 from week 1 for a fixed cost of 5: in the package 2 * 5 * (9 - 5) - 5 = 35 better than -38,
    # in scenario none 5 worse than 0: leverage -5 instead of -38.
    second = lane("world", "us", 0.0, max_flow=5.0, unit_cost=5.0, available_week=1, fixed_cost=5.0)
    case = retaliation(lanes=[lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="list"), second])
    answer = solved(case)
    assert answer.leverage == pytest.approx(-5.0)
    assert answer.qualified == ["world-us"]
    assert best_for(*case, {}, qualified=[])[0] == pytest.approx(-38.0)


def test_an_undelivered_export_is_priced_and_the_kind_response_is_taken() -> None:
    # We have no x: every unit ordered earns 2 and costs 10 * max(2, 3) as slack. Status quo: 10 * (30 - 2) = 280.
    # When all is refused an order is free for them; the response that orders nothing is the kind one: own loss -280.
    case = small(
        1,
        stocks=[{"site": "us", "item": "x"}],
        lanes=[lane("us", "them", 10.0, unit_cost=3.0, margin=2.0, regime="list")],
        demands=[demand("them", 10.0, 7.0)],
        regimes=OURS,
        policies=policy("0", approval_rate=0.0),
    )
    answer = solved(case)
    assert answer.status_quo_cost == pytest.approx(280.0)
    assert answer.leverage == pytest.approx((70.0 - 30.0) + 280.0)
    assert answer.sourcing_only == pytest.approx(0.0)


def test_trade_among_our_parties_transfers_and_is_weighted() -> None:
    # The friend (weight 0.5) earns 2 on 10 units, we pay 5: 50 - 0.5 * 20 = 40. Within one party the margin is ignored.
    case = small(1, lanes=[lane("friend", "us", 10.0, unit_cost=5.0, margin=2.0)], demands=[demand("us", 10.0, 99.0)])
    case[1]["parties"][2]["loss_weight"] = 0.5
    assert status_quo_cost(*case) == pytest.approx(40.0)
    case[1]["sites"][2]["party"] = "us"
    assert status_quo_cost(*case) == pytest.approx(50.0)


def test_exports_to_others_have_a_fill_of_their_own() -> None:
    # 6 made at 1 for an order of 10 at margin 3: 6 + 4 * 3 = 18, with weight 2: 36. Untracked: the fill is 1, no cost.
    case = small(1, lanes=[lane("us", "world", 10.0, margin=3.0)])
    case[1]["parties"][0]["loss_weight"] = 2.0
    assert status_quo_cost(*case) == 0.0
    case[1]["processes"] = [{"process": "mine", "site": "us", "output": "x", "capacity": 6.0, "unit_cost": 1.0}]
    assert status_quo_cost(*case) == pytest.approx(36.0)


def test_concentration_spreads_supply() -> None:
    # The world is cheap, the others dear by 1. At most 60 % of 10 units from the world: 4 * 1 more than the status quo.
    case = small(
        1,
        items=[{"item": "x", "max_party_share": 0.6}],
        lanes=[lane("world", "us", 10.0), lane("them", "us", 10.0, unit_cost=2.0)],
        demands=[demand("us", 10.0, 99.0)],
    )
    assert solved(case).leverage == pytest.approx(-4.0)


def test_contingencies_scale_capacity_week_by_week() -> None:
    # Fills 0.5 * 0.8 = 0.4 and 0.5 (nothing can be made ahead): a mean of 0.45 holds, 0.46 does not, nor a week's 0.41.
    case = small(
        2,
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 10.0}],
        demands=[demand("us", 10.0, 5.0, min_fill=0.45, min_fill_week=0.4)],
        contingencies=[
            {"contingency": "fire", "process": "mine", "from_week": 0, "availability": 0.5},
            {"contingency": "fire", "process": "mine", "from_week": 0, "to_week": 0, "availability": 0.8},
        ],
    )
    assert Case(*case).availability(Scenario(contingency="fire"), "process", "mine", 0) == pytest.approx(0.4)
    assert solved(case).leverage == pytest.approx(0.0)
    case[1]["demands"][0]["min_fill"] = 0.46
    assert solved(case).leverage is None
    case[1]["demands"][0] |= {"min_fill": 0.0, "min_fill_week": 0.41}
    assert solved(case).leverage is None


def test_limits_leave_combinations_out() -> None:
    case = small(
        1,
        lanes=[lane("us", "them", 1.0, regime="list")],
        demands=[demand("them", 1.0, 5.0)],
        regimes=OURS,
        policies=[*policy("1", reviewer_load=4.0), {"regime": "list", "policy": "ban", "delay_weeks": "9"}],
    )
    case[0]["limits"] = {"reviewer_hours": 3.0}
    assert [c["list"] for c in combinations(*case)] == ["open", "ban"]
    assert set(solved(case).values) == {("open",), ("ban",)}
    assert best_for(*case, {"list": "slow"})[0] is None
    assert best_for(*case, {"list": "slow"}, limits=False)[0] == pytest.approx(4.0)


# -- random cases ---------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_drawn_cases_are_valid(case: tuple[dict[str, Any], Tables]) -> None:
    assert faults(*case) == []


@pytest.mark.parametrize("seed", range(60))
def test_seeded_cases_are_valid(seed: int) -> None:
    assert faults(*random_case(seed)) == []


@pytest.mark.parametrize("coupling", [True, False])
def test_coupling_is_as_asked(coupling: bool) -> None:
    for seed in range(40):
        settings_, tables = random_case(seed, coupling=coupling)
        assert faults(settings_, tables) == []
        assert is_coupled(tables) is coupling
        assert len(combinations(settings_, tables)) <= 96


def test_a_seed_gives_one_case() -> None:
    assert random_case(7) == random_case(7)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(max_regimes=2))
def test_the_dual_of_the_response_has_the_same_value(case: tuple[dict[str, Any], Tables]) -> None:
    """Min c x, A x <= b, 0 <= x <= u against max -b y - u z, y A + z >= -c, y and z >= 0, solved on its own."""
    for policies in combinations(*case)[:3]:
        lp = response_lp(*case, policies)
        if len(lp.c) == 0:
            continue
        upper = np.array([np.inf if high is None else high for _, high in lp.bounds])
        capped = np.flatnonzero(np.isfinite(upper))
        costs = np.concatenate([lp.b_ub, upper[capped]])
        caps = np.zeros((len(lp.c), len(capped)))
        caps[capped, np.arange(len(capped))] = 1.0
        dual = linprog(costs, A_ub=-np.hstack([lp.A_ub.toarray().T, caps]), b_ub=lp.c, bounds=(0, None), method="highs")
        assert dual.status == 0
        assert -dual.fun + lp.constant == pytest.approx(lp.value, rel=1e-7, abs=1e-6)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(max_regimes=2, max_weeks=5))
def test_the_answer_is_the_best_of_its_values(case: tuple[dict[str, Any], Tables]) -> None:
    answer = oracle(*case)
    feasible = [value for value in answer.values.values() if value is not None]
    assert (answer.leverage is None) == (not feasible)
    if answer.leverage is not None:
        assert answer.leverage == max(feasible)
        assert answer.sourcing_only is None or answer.sourcing_only <= answer.leverage
        assert answer.values[tuple(answer.policies.values())] == pytest.approx(answer.leverage, rel=1e-6, abs=1e-6)
        again, details = best_for(*case, answer.policies, qualified=answer.qualified, stockpile=answer.stockpile)
        assert again == pytest.approx(answer.leverage, rel=1e-6, abs=1e-6)
        assert details is not None
        worst = answer.worst_package
        assert details.counterpart_loss[str(worst)] - details.own_loss[str(worst)] == pytest.approx(again, abs=1e-5)
