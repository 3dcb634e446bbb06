"""Figures that change over time, inputs that can be saved, buying ahead, waiting: by cases worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pytest import approx
from sluicegate import CaseError, case_from_tables, evaluate, explain, solve
from sluicegate.data import apply_overrides
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network import Network
from sluicegate.report.views.outcomes import margin_rows, nearest

from sluicegate_testing.handmade import OURS, Tables, bought_under_review, demand, lane, policy, profile, small

THEIR_STOCK = [{"site": "them", "item": "x"}]
"""Empty; what they have where a case is about us alone."""

Drawn = tuple[dict[str, Any], Tables]


def response_cost(drawn: Drawn, **choice: str) -> float:
    problem = Problem.natural(case_from_tables("small", *drawn))
    return problem.response_cost({**problem.all_open, **choice}) * problem.units.money


def own_cost(drawn: Drawn) -> float:
    problem = Problem.natural(case_from_tables("small", *drawn))
    return problem.status_quo.cost * problem.units.money


def refusals(drawn: Drawn) -> list[str]:
    with pytest.raises(CaseError) as caught:
        case_from_tables("small", *drawn)
    return [str(fault) for fault in caught.value.faults]


# Profiles ----------------------------------------------------------------------------------------------------------


def test_a_profile_is_a_step_function() -> None:
    # Week 0 is served by the pipeline, which is plain; 10, 5, 5 are dispatched for weeks 1, 2, 3 and, at the end, 5 more:
    # the target is base_flow(3) * lead. The price halves from week 3 on: 10 + 5 + 5 + 5 / 2.
    drawn = small(
        4,
        stocks=THEIR_STOCK,
        lanes=[lane("world", "us", 10.0, lead_weeks=1)],
        demands=[demand("us", 10.0, 50.0)],
        profiles=[
            profile("lanes", "world-us", "base_flow", 2, 0.5),
            profile("demands", "us/x", "quantity", 2, 0.5),
            profile("lanes", "world-us", "unit_cost", 3, 0.5),
        ],
    )
    network = Network(case_from_tables("small", *drawn))
    assert network.weekly.base_flow["world-us"] == (10.0, 10.0, 5.0, 5.0)
    assert network.target(("us", "x")) == 5.0
    assert own_cost(drawn) == approx(22.5)


def test_a_product_window_closes() -> None:
    # From week 2 on a sale is worth nothing: two weeks of review cost all of it, two weeks later nothing more.
    drawn = bought_under_review(4, policy("2"), penalty=8.0)
    drawn[1]["profiles"] = [profile("demands", "them/x", "shortage_penalty", 2, 0.0)]
    assert response_cost(drawn) == approx(20.0)
    assert response_cost(drawn, list="slow") == approx(160.0)


def test_capacities_have_profiles() -> None:
    # A lane that opens in week 1, a process that doubles in week 2: 4, 4 + 6 and 8 + 6 of 20 units a week at 9 each.
    drawn = small(
        3,
        stocks=THEIR_STOCK,
        lanes=[lane("world", "us", 0.0, max_flow=6.0, unit_cost=0.0)],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 4.0}],
        demands=[demand("us", 20.0, 9.0)],
        profiles=[
            profile("lanes", "world-us", "max_flow", 0, 0.0),
            profile("lanes", "world-us", "max_flow", 1, 1.0),
            profile("processes", "mine", "capacity", 2, 2.0),
        ],
    )
    assert own_cost(drawn) == approx(9.0 * (16 + 10 + 6))


def test_no_limit_times_nothing_is_nothing() -> None:
    # No limit, but in week 0: 20 of 20 are lost there.
    drawn = small(
        2,
        stocks=THEIR_STOCK,
        lanes=[lane("world", "us", 0.0, max_flow=float("inf"), unit_cost=0.0)],
        demands=[demand("us", 20.0, 9.0)],
        profiles=[profile("lanes", "world-us", "max_flow", 0, 0.0), profile("lanes", "world-us", "max_flow", 1, 0.5)],
    )
    assert own_cost(drawn) == approx(180.0)


def test_exports_follow_the_profile_of_their_base_flow() -> None:
    # They sell 10, then 2, to the world at a margin of 3 and have none: K(t) = 3 base_flow(t).
    drawn = small(2, demands=[], stocks=THEIR_STOCK, lanes=[lane("them", "world", 10.0, margin=3.0)])
    drawn[1]["profiles"] = [profile("lanes", "them-world", "base_flow", 1, 0.2)]
    assert response_cost(drawn) == approx(30.0 + 6.0)


def test_what_is_not_needed_counts_as_served() -> None:
    # Demand ends in week 1: nothing can be short from then on.
    drawn = bought_under_review(3, policy("3"), penalty=8.0)
    drawn[1]["profiles"] = [
        profile("demands", "them/x", "quantity", 1, 0.0),
        profile("lanes", "us-them", "base_flow", 1, 0.0),
    ]
    plan = solve(case_from_tables("small", *drawn))
    fills = plan.tables["fills"]
    assert fills[fills["side"] == "counterpart"]["fill"].tolist() == approx([0.0, 1.0, 1.0])
    assert plan.leverage == approx(70.0)
    causes = plan.tables["causes"]
    assert causes[causes["side"] == "counterpart"]["amount"].sum() == approx(plan.counterpart_loss)


def test_causes_add_up_under_profiles() -> None:
    drawn = bought_under_review(4, policy("1", approval_rate=0.4), penalty=8.0, margin=2.0)
    drawn[1]["profiles"] = [
        profile("demands", "them/x", "shortage_penalty", 1, 2.0),
        profile("lanes", "us-them", "unit_cost", 2, 1.5),
        profile("demands", "them/x", "quantity", 3, 0.5),
    ]
    plan = evaluate(case_from_tables("small", *drawn), {"list": "slow"})
    for side, loss in (("counterpart", plan.counterpart_loss), ("ours", plan.own_loss)):
        causes = plan.tables["causes"]
        assert causes[(causes["side"] == side) & (causes["scenario"] == "none")]["amount"].sum() == approx(loss)


def test_without_rows_nothing_changes() -> None:
    drawn = bought_under_review(4, policy("2"), penalty=8.0)
    plain = solve(case_from_tables("small", *drawn)).to_dict()
    drawn[1]["profiles"] = [
        profile("demands", "them/x", "quantity", 1, 1.0),
        profile("lanes", "us-them", "unit_cost", 0, 1.0),
    ]
    with_ones = solve(case_from_tables("small", *drawn)).to_dict()
    for document in (plain, with_ones):
        document.pop("solve")
        document.pop("case_digest", None)
    assert with_ones == plain


def test_a_factor_can_be_set() -> None:
    drawn = bought_under_review(4, policy("2"), penalty=8.0)
    drawn[1]["profiles"] = [profile("demands", "them/x", "shortage_penalty", 2, 0.0)]
    case = apply_overrides(case_from_tables("small", *drawn), ["profiles.demands/them/x/shortage_penalty/2.factor=0.5"])
    assert case.profiles[0].factor == 0.5


def test_every_fault_of_a_profile_is_told() -> None:
    drawn = bought_under_review(4, policy("2"))
    drawn[1]["profiles"] = [
        profile("stocks", "them/x", "initial", 0, 1.0),
        profile("lanes", "us-then", "base_flow", 0, 1.0),
        profile("lanes", "us-them", "quantity", 0, 1.0),
        profile("demands", "them/x", "quantity", 9, 1.0),
        profile("demands", "them/x", "quantity", 2, -1.0),
        profile("demands", "them/x", "quantity", 1, 2.0),
        profile("demands", "them/x", "quantity", 1, 3.0),
    ]
    assert refusals(drawn) == [
        "profiles, row 2, table: 'stocks': must be one of lanes, demands, processes",
        "profiles, row 2, column: 'initial': must be one of base_flow, max_flow, unit_cost, order_cost, quantity, "
        "shortage_penalty, capacity",
        "profiles, row 3, key: 'us-then': not in lanes; did you mean 'us-them'?",
        "profiles, row 4, column: 'quantity': no figure of lanes that a profile moves; those are base_flow, max_flow, "
        "unit_cost, order_cost",
        "profiles, row 5, from_week: '9': beyond the horizon, whose last week is 3; take the row out, or plan for more weeks",
        "profiles, row 6, factor: '-1': negative; must be 0 or more",
        "profiles, row 8, table, key, column, from_week: 'demands/them/x/quantity/1': used twice; row 7 has it already",
    ]


def test_a_profile_that_moves_nothing_or_too_much_is_remarked_on() -> None:
    drawn = bought_under_review(4, policy("2"))
    drawn[1]["demands"][0]["shortage_penalty"] = 0.0
    drawn[1]["profiles"] = [
        profile("demands", "them/x", "shortage_penalty", 1, 2.0),
        profile("lanes", "us-them", "base_flow", 2, 1.5),
    ]
    case = case_from_tables("small", *drawn)
    told = [str(warning) for warning in case.warnings if warning.file == "profiles"]
    assert told == [
        "profiles, row 2, column: 'shortage_penalty': has no effect; shortage_penalty of 'them/x' is 0",
        "profiles, row 3, factor: '1.5': from week 2 on the base_flow of 'us-them' is 15, more than the 10 that it can carry "
        "then; move both",
    ]


def test_a_profile_moves_prices_by_quantity_too() -> None:
    # From a mean of 5 on a unit costs 1 instead of 2; prices double in week 1: 10 at 1 and, for what is kept for it, none.
    drawn = small(
        2,
        items=[{"item": "x", "holding_cost": 3.0}],
        stocks=THEIR_STOCK,
        lanes=[lane("world", "us", 0.0, max_flow=20.0, unit_cost=2.0)],
        demands=[demand("us", 10.0, 99.0)],
        price_breaks=[{"lane": "world-us", "from_flow": 5.0, "unit_cost": 1.0}],
        profiles=[profile("lanes", "world-us", "unit_cost", 1, 2.0)],
    )
    assert own_cost(drawn) == approx(10.0 + 20.0)


# Doing with less ---------------------------------------------------------------------------------------------------


def saving(share: float, cost: float, **columns: Any) -> Drawn:
    """They make 10 a week of y, worth 20 each, of x that they buy from us at 1; half of it is licensed."""
    recipe = {"process": "make", "input": "x", "quantity": 1.0, "saving_share": share, "saving_cost": cost}
    return small(
        1,
        items=[{"item": "x"}, {"item": "y"}],
        lanes=[lane("us", "them", 10.0, regime="list")],
        processes=[{"process": "make", "site": "them", "output": "y"}],
        recipes=[recipe | columns],
        demands=[demand("them", 10.0, 20.0, item="y")],
        regimes=OURS,
        policies=policy("0", approval_rate=0.5),
    )


def test_an_input_can_be_saved() -> None:
    # 5 units of x are licensed for 10 of y. Saving 0.3 of the input at 4 a unit: 0.7 m = 5, m = 50 / 7, saved 15 / 7.
    # V = 5 * 1 + 15 / 7 * 4 + (10 - 50 / 7) * 20. Open, x at 1 is cheaper than saving it: 10.
    drawn = saving(0.3, 4.0)
    assert response_cost(drawn) == approx(10.0)
    assert response_cost(drawn, list="slow") == approx(5.0 + 60.0 / 7.0 + (10.0 - 50.0 / 7.0) * 20.0)
    plan = evaluate(case_from_tables("small", *drawn), {"list": "slow"})
    causes = plan.tables["causes"].query("side == 'counterpart'").set_index(["cause", "item"])["amount"]
    # What is saved is a source of x at 4 instead of 1.
    assert causes["sources", "x"] == approx(15.0 / 7.0 * 3.0)
    assert causes["sales", "y"] == approx((10.0 - 50.0 / 7.0) * (20.0 - 1.0))
    assert plan.tables["causes"].query("cause == 'sources'")["priced_by"].unique().tolist() == [
        "unit_cost, saving_cost"
    ]


@pytest.mark.parametrize(
    ("share", "cost", "loss"),
    [
        # All can be saved at 4 instead of 1, or at 25, which is dearer than not to make it: 5 units.
        (1.0, 4.0, 5 * 3.0),
        (1.0, 25.0, 5 * 19.0),
        # Saving at 19 the third of 10 leaves 20 / 3 to be bought, of which 5 are there.
        (0.5, 19.0, 5 * 18.0),
        (0.5, 0.0, 0.0),
    ],
)
@pytest.mark.parametrize("method", ["columns", "program", "rows"])
def test_the_worth_of_an_input_that_can_be_saved(share: float, cost: float, loss: float, method: str) -> None:
    drawn = saving(share, cost)
    if cost == 0.0:
        # Free to save, and saved already today: half of 10 is bought.
        assert response_cost(drawn) == approx(5.0)
    plan = solve(case_from_tables("small", *drawn), method=method)
    assert (plan.leverage, plan.status) == (approx(loss), "optimal")


def test_our_side_saves_too_and_not_before_it_knows() -> None:
    # The lane fails in weeks 1 and 2; of 10 a week 4 can be saved at 3 instead of 1. Nobody saves in week 0.
    drawn = small(
        3,
        stocks=[*THEIR_STOCK, {"site": "us", "item": "x", "capacity": 0.0}],
        items=[{"item": "x"}, {"item": "y"}],
        lanes=[lane("world", "us", 10.0)],
        processes=[{"process": "make", "site": "us", "output": "y"}],
        recipes=[{"process": "make", "input": "x", "quantity": 1.0, "saving_share": 0.4, "saving_cost": 3.0}],
        demands=[demand("us", 10.0, 20.0, item="y", min_fill_week=0.8)],
        contingencies=[{"contingency": "storm", "lane": "world-us", "from_week": 1, "availability": 0.5}],
    )
    plan = solve(case_from_tables("small", *drawn))
    # 5 + saved 0.4 m = m: m = 25 / 3 a week.
    assert plan.scenarios["storm"]["fill"]["us/y"] == approx((1 + 2 * 25.0 / 30.0) / 3)
    # 10 less x, 20 / 3 saved at 3, 10 / 3 of y not made.
    assert plan.scenarios["storm"]["own_loss"] == approx(-10.0 + 20.0 / 3.0 * 3.0 + 10.0 / 3.0 * 20.0)


def test_savings_that_change_nothing_are_remarked_on() -> None:
    told = [str(fault) for fault in case_from_tables("small", *saving(0.0, 4.0)).warnings if fault.file == "recipes"]
    assert told == ["recipes, row 2, saving_cost: '4': has no effect; saving_share is 0"]
    told = [str(fault) for fault in case_from_tables("small", *saving(0.2, 0.5)).warnings if fault.file == "recipes"]
    assert told == [
        "recipes, row 2, saving_cost: '0.5': less than the 1 that a unit costs there: the status quo saves it already; raise it to "
        "what doing with less takes, or lower the quantity"
    ]


# Buying ahead ------------------------------------------------------------------------------------------------------


def test_before_a_review_begins_its_lanes_carry_more() -> None:
    # All is refused from week 1 on. 10 are stocked ahead in no case without a surge, 5 with one of a half.
    ban = policy("0", approval_rate=0.0, start_week=1)
    assert response_cost(bought_under_review(2, ban, penalty=8.0), list="slow") == approx(10.0 + 80.0)
    ban[0]["surge"] = 0.5
    assert response_cost(bought_under_review(2, ban, penalty=8.0), list="slow") == approx(15.0 + 40.0)
    assert response_cost(bought_under_review(2, ban, penalty=8.0)) == approx(20.0)


def test_a_surge_ahead_of_a_package_waits_for_its_reveal() -> None:
    # Their lane to us is open for half of what we would order until week 2. From week 2 on they refuse; we hear of it a
    # week before, so that week 1 alone may carry twice its max_flow, up to what they yield.
    drawn = small(
        3,
        items=[{"item": "x", "holding_cost": 0.1}],
        lanes=[lane("them", "us", 10.0, regime="list")],
        demands=[demand("us", 8.0, 9.0)],
        regimes=[{"regime": "list", "controller": "them"}],
        policies=policy("0", approval_rate=0.0, start_week=2, surge=1.0),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow", "notice_weeks": 1}],
        profiles=[profile("lanes", "them-us", "max_flow", 0, 0.5)],
    )
    # 5, then 10 (base_flow fill): 3 lost in week 0, nothing in week 1, 2 kept for week 2: 6 lost. Open: 5 a week, 9 lost.
    plan = evaluate(case_from_tables("small", *drawn), {})
    fills = plan.tables["fills"].query("side == 'ours' and scenario == 'stop'")["fill"].tolist()
    assert fills == approx([0.625, 1.0, 0.25], abs=1e-5)
    assert plan.scenarios["stop"]["own_loss"] == approx((15 + 9 * 9.0 + 2 * 0.1) - (15 + 9 * 9.0))


def test_a_surge_without_notice_is_remarked_on() -> None:
    drawn = bought_under_review(4, policy("2", surge=1.0))
    told = [str(fault) for fault in case_from_tables("small", *drawn).warnings if fault.file == "policies"]
    assert told == [
        "policies, row 2, surge: '1': has no effect; the policy begins in week 0, and nothing comes before it"
    ]


# Fills over every run of weeks -------------------------------------------------------------------------------------


def outage(**columns: Any) -> Drawn:
    """Fills 1, 1, 0, 1, for nothing can be stored: a mean of 0.75, and of 0.5 in the runs of two weeks with the outage."""
    return small(
        4,
        stocks=[*THEIR_STOCK, {"site": "us", "item": "x", "capacity": 0.0}],
        lanes=[],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 10.0}],
        recipes=[],
        demands=[demand("us", 10.0, 5.0) | columns],
        contingencies=[{"contingency": "fire", "process": "mine", "from_week": 2, "to_week": 2, "availability": 0.0}],
    )


def test_a_fill_window_judges_every_run_of_weeks() -> None:
    assert solve(case_from_tables("small", *outage(min_fill=0.6))).leverage == approx(0.0)
    assert solve(case_from_tables("small", *outage(min_fill=0.6, fill_window=2))).status == "infeasible"
    plan = solve(case_from_tables("small", *outage(min_fill=0.5, fill_window=2)))
    assert plan.leverage == approx(0.0)
    assert plan.scenarios["fire"]["at_limit"] == ["us/x"]
    (row,) = nearest(margin_rows(plan))
    assert (row.measure, row.mean, row.margin) == ("mean of any 2 weeks", approx(0.5), approx(0.0))


def test_a_broken_fill_window_is_named() -> None:
    case = case_from_tables("small", *outage(min_fill=0.6, fill_window=2))
    assert evaluate(case, {}).violations == (
        "mean fill over any 2 weeks of x in us at least 60% in scenario fire: short by 10 points",
    )
    (limit,) = explain(case).conflict.limits
    assert limit.words == "fill over any 2 weeks of x in us at least 60% in scenario fire"


@pytest.mark.parametrize("window", [4, 9])
def test_a_window_as_long_as_the_horizon_changes_nothing(window: int) -> None:
    plain, windowed = (
        solve(case_from_tables("small", *outage(min_fill=0.6, **columns))).to_dict()
        for columns in ({}, {"fill_window": window})
    )
    for document in (plain, windowed):
        document.pop("solve")
        document.pop("case_digest", None)
    assert windowed == plain


def test_a_window_without_a_least_fill_is_remarked_on() -> None:
    told = [
        str(fault) for fault in case_from_tables("small", *outage(fill_window=2)).warnings if fault.file == "demands"
    ]
    assert told == ["demands, row 2, fill_window: '2': has no effect; min_fill is 0"]
    drawn = outage(min_fill=0.5, fill_window=0)
    assert refusals(drawn) == ["demands, row 2, fill_window: '0': a run of weeks has at least one"]


# Demand that waits -------------------------------------------------------------------------------------------------


def refused(weeks: int) -> Drawn:
    """All is refused in week 0; half of what is not served waits at 1 a week."""
    drawn = bought_under_review(weeks, policy("0", approval_rate=0.0, end_week=1), penalty=9.0, max_flow=15.0)
    drawn[1]["demands"][0] |= {"backorder_share": 0.5, "backorder_cost": 1.0}
    return drawn


def test_unmet_demand_may_wait() -> None:
    # Of 10 units 5 are lost at 9; 5 wait for a week at 1 and are served in week 1, where the lane carries 15: 45 + 5 + 15 + 10.
    # What still waits at the end is lost: 45 + 5 + 45.
    assert response_cost(refused(3), list="slow") == approx(75.0)
    assert response_cost(refused(1), list="slow") == approx(95.0)
    plan = evaluate(case_from_tables("small", *refused(3)), {"list": "slow"})
    assert plan.counterpart_loss == approx(45.0)
    causes = plan.tables["causes"].query("side == 'counterpart'").set_index(["cause", "item"])
    assert causes["amount"].to_dict() == approx({("sales", "x"): 5 * (9.0 - 1.0) + 5.0})
    assert causes["units"].to_dict() == approx({("sales", "x"): 5.0})
    assert set(causes["priced_by"]) == {"shortage_penalty, margin, backorder_cost"}
    # A fill is what is served in its week.
    fills = plan.tables["fills"].query("side == 'counterpart'")["fill"]
    assert fills.tolist() == approx([0.0, 1.0, 1.0])


@pytest.mark.parametrize("method", ["columns", "rows", "program", "pieces"])
def test_every_method_lets_demand_wait(method: str) -> None:
    plan = solve(case_from_tables("small", *refused(3)), method=method)
    assert (plan.leverage, plan.status) == (approx(45.0), "optimal")


def test_our_unmet_demand_may_wait_in_every_scenario() -> None:
    # Week 0: 2 made, 8 unmet, 4 of them lost at 9, 4 wait at 1; 2 served late in week 1, 2 wait again; 2 in week 2.
    # W = 4 * 9 + 4 + 2 + 2 made + 20 bought + 4 made = 68 instead of 30.
    drawn = small(
        3,
        lanes=[lane("them", "us", 10.0, regime="list")],
        processes=[{"process": "mine", "site": "us", "output": "x", "capacity": 2.0, "unit_cost": 1.0}],
        recipes=[],
        demands=[demand("us", 10.0, 9.0, backorder_share=0.5, backorder_cost=1.0)],
        regimes=[{"regime": "list", "controller": "them"}],
        policies=policy("0", approval_rate=0.0, end_week=1),
        retaliations=[{"package": "stop", "regime": "list", "policy": "slow"}],
    )
    plan = evaluate(case_from_tables("small", *drawn), {})
    assert plan.scenarios["stop"]["own_loss"] == approx(68.0 - 30.0)
    causes = plan.tables["causes"].query("side == 'ours' and scenario == 'stop'")
    assert causes["amount"].sum() == approx(38.0)


def test_waiting_that_means_nothing_is_remarked_on() -> None:
    drawn = bought_under_review(4, policy("2"))
    drawn[1]["demands"][0]["backorder_cost"] = 1.0
    told = [str(fault) for fault in case_from_tables("small", *drawn).warnings if fault.file == "demands"]
    assert told == ["demands, row 2, backorder_cost: '1': has no effect; backorder_share is 0"]
    drawn[1]["demands"][0] |= {"backorder_share": 0.5, "backorder_cost": 0.0}
    told = [str(fault) for fault in case_from_tables("small", *drawn).warnings if fault.file == "demands"]
    assert told == [
        "demands, row 2, backorder_cost: '0': waiting costs nothing, so that a unit served late is as good as one in time; write "
        "what a week of it costs"
    ]


def test_neither_share_leaves_a_trace() -> None:
    drawn = saving(0.0, 0.0)
    plain = solve(case_from_tables("small", *drawn)).to_dict()
    drawn[1]["demands"][0] |= {"backorder_share": 0.0, "backorder_cost": 0.0}
    drawn[1]["policies"][0]["surge"] = 0.0
    del drawn[1]["recipes"][0]["saving_share"], drawn[1]["recipes"][0]["saving_cost"]
    explicit = solve(case_from_tables("small", *drawn)).to_dict()
    for document in (plain, explicit):
        document.pop("solve")
    assert explicit == plain
