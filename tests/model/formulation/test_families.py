"""Every family of the model by a case small enough to be worked out by hand, and the gate that none goes without."""

from __future__ import annotations

from typing import Any

import pytest
from pytest import approx
from sluicegate import Case, evaluate, solve
from sluicegate.model import CertificateError
from sluicegate.model.formulation.linking import build_leader_problem
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.engine import Engine
from sluicegate.model.network import Network
from sluicegate.model.plan.limits import SolveLimits

from sluicegate_testing.builders import (
    OURS,
    THEIRS,
    Row,
    case,
    demand,
    idle,
    lane,
    needs,
    parts,
    policy,
    process,
    response_cost,
    stock,
)
from sluicegate_testing.registry import COVERED, covers, families, without

NEVER = 99
"""A delay or a first week beyond every horizon here."""


def own_cost(made: Case) -> float:
    """W of the status quo."""
    return Problem(made).status_quo.cost


# The counterpart's response ----------------------------------------------------------------------------------------


@covers("response.balance", "response.cost", "gate")
def test_stock_then_shortage_then_what_was_dispatched() -> None:
    # Open: the stock of 10 serves week 0 (holding it costs 0.1), 10 are bought at 1 in weeks 1 to 3: V = 30.
    # Slow: dispatches of weeks 0 and 1 arrive in weeks 2 and 3, two weeks under review at 0.1: 20 * 1.2 = 24. Week 1
    # goes without: 10 * 5 = 50. V = 74.
    made = case(
        4,
        items=[{"item": "x", "holding_cost": 0.1}],
        stocks=[stock("them", 10.0)],
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=[policy(2)],
    )
    assert response_cost(made) == approx(30.0)
    assert response_cost(made, list="slow") == approx(74.0)
    plan = evaluate(made, {"list": "slow"})
    assert plan.counterpart_loss == approx(44.0)
    assert plan.counterpart_fill == approx({"them/x": 0.75})
    assert plan.first_shortage_week == {"them/x": 1}


@covers("response.balance", "response.production_cost")
def test_what_is_made_takes_its_inputs() -> None:
    # 6 x at 1 make 3 y at 3 each; 2 of 5 y are missing at 20. V = 6 + 9 + 40.
    made = case(
        items="xy",
        lanes=[lane("world", "them", 6.0)],
        processes=[process("them", "y", unit_cost=3.0)],
        recipes=needs("them", "y", x=2.0),
        demands=[demand("them", 5.0, 20.0, item="y")],
    )
    assert response_cost(made) == approx(55.0)
    assert parts(evaluate(made), "counterpart") == approx(
        {"purchase_cost": 6.0, "production_cost": 9.0, "shortage_cost": 40.0}
    )


@covers("response.balance")
def test_what_moves_on_within_the_counterpart_is_gone() -> None:
    # 8 arrive at 2; 5 move on at 1 to the annex, where a missing unit costs 20; 2 of 5 are missing at 9 where they
    # arrive. V = 16 + 5 + 18.
    made = case(
        sites={"annex": "them"},
        lanes=[lane("world", "them", 8.0, unit_cost=2.0), lane("them", "annex", 5.0)],
        demands=[demand("them", 5.0, 9.0), demand("annex", 5.0, 20.0)],
    )
    assert response_cost(made) == approx(39.0)


@covers("response.balance", "response.terminal")
def test_goods_under_way_at_either_end_of_the_horizon() -> None:
    # Lead 2, so 5 arrive in weeks 0 and 1 whatever is decided, and the target is 0 + 5 * 2. Open: dispatches of week 0
    # serve week 2, those of weeks 1 and 2 are under way at the end and meet the target: 15. Slow (2 weeks more): week 2
    # goes without, 5 * 9 = 45, and 10 of what is dispatched meet the target: V = 55.
    made = case(
        3,
        lanes=[lane("us", "them", 5.0, lead_weeks=2, regime="list")],
        demands=[demand("them", 5.0, 9.0)],
        regimes=OURS,
        policies=[policy(2)],
    )
    assert response_cost(made) == approx(15.0)
    assert response_cost(made, list="slow") == approx(55.0)


@covers("response.terminal", "response.terminal_cost")
def test_stock_missing_at_the_end_is_charged() -> None:
    # The stock of 10 serves both weeks. 4 must be there at the end: bought at 2 they cost 8; where the lane opens too
    # late they cost 1.05 * 2 each.
    def made(first_week: int) -> Case:
        return case(
            2,
            stocks=[stock("them", 10.0, terminal_target=4.0)],
            lanes=[lane("world", "them", 5.0, unit_cost=2.0, available_week=first_week)],
            demands=[demand("them", 5.0, 9.0)],
        )

    assert response_cost(made(0)) == approx(8.0)
    assert response_cost(made(2)) == approx(8.4)
    assert parts(evaluate(made(2)), "counterpart") == approx({"terminal_cost": 8.4})


@covers("bound response.ship", "response.purchase_cost", "response.shortage_cost")
def test_a_lane_of_the_counterpart_has_a_capacity() -> None:
    # 4 of 10 units at 1, 6 missing at 5.
    made = case(lanes=[lane("world", "them", 4.0)], demands=[demand("them", 10.0, 5.0)])
    assert response_cost(made) == approx(34.0)


@covers("bound response.make", "response.production_cost")
def test_a_process_of_the_counterpart_has_a_capacity() -> None:
    # 4 of 10 units made at 1, 6 missing at 5.
    made = case(processes=[process("them", capacity=4.0, unit_cost=1.0)], demands=[demand("them", 10.0, 5.0)])
    assert response_cost(made) == approx(34.0)


@covers("bound response.stock")
def test_a_stock_of_the_counterpart_has_a_capacity() -> None:
    # Closed from week 1 on, the lane brings 4 for week 0 and at most 3 to keep: 7 bought, 1 missing at 9, against 8.
    made = case(
        2,
        stocks=[stock("them", capacity=3.0)],
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 4.0, 9.0)],
        regimes=OURS,
        policies=[policy(NEVER, start_week=1)],
    )
    assert response_cost(made) == approx(8.0)
    assert response_cost(made, list="slow") == approx(16.0)


@covers("bound response.fill")
def test_the_counterpart_serves_no_more_than_its_demand() -> None:
    # 20 in stock for a demand of 10: nothing is lost, and nothing is earned with the rest.
    made = case(stocks=[stock("them", 20.0)], demands=[demand("them", 10.0, 5.0)])
    assert response_cost(made) == approx(0.0)


@covers("gate")
def test_one_policy_of_a_regime_is_open_and_no_other() -> None:
    # Two weeks of 10 units at 1: 20. A week of review: one week lost at 5, 50 + 10. Refused: 100.
    made = case(
        2,
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=[policy(1), policy(0, "refuse", approval_rate=0.0)],
    )
    assert response_cost(made) == approx(20.0)
    assert response_cost(made, list="slow") == approx(60.0)
    assert response_cost(made, list="refuse") == approx(100.0)
    plan = solve(made)
    assert plan.policies == {"list": "refuse"}
    assert plan.leverage == approx(80.0)


@covers("response.purchase_cost", "gate")
def test_review_ties_up_capital_and_refused_goods_stay() -> None:
    # Licences for half of 10 units, half a week late, half three: H = 2. Only the target of 8 is asked for. Open: 8 bought
    # at 2 and held for the last week: 8 * 2.01. Slow: 5 dispatched at 2 + 0.01 * 2, all of it under way at the end, 3 are
    # missing at 1.05 * 2 + 0.01: 10.1 + 6.33.
    made = case(
        items=[{"item": "x", "holding_cost": 0.01}],
        stocks=[stock("them", terminal_target=8.0)],
        lanes=[lane("us", "them", 10.0, unit_cost=2.0, regime="list")],
        regimes=OURS,
        policies=[policy("1:1;3:1", approval_rate=0.5)],
    )
    assert response_cost(made) == approx(16.08)
    assert response_cost(made, list="slow") == approx(16.43)


@covers("bound response.contract", "response.purchase_cost", "order_link")
def test_the_counterpart_keeps_its_contracts() -> None:
    # 6 a week from us at 2 by contract, the other 4 from the world at 1, 1 of them by contract: 16 a week. Licences for half
    # of our 10 units leave 5 of the contract: 15. We earn 0.5 on every unit, and make it at 0.25.
    made = case(
        2,
        lanes=[
            lane("us", "them", 6.0, unit_cost=2.0, max_flow=10.0, min_flow=6.0, margin=0.5, regime="list"),
            lane("world", "them", 4.0, max_flow=10.0, min_flow=1.0),
        ],
        processes=[process("us", unit_cost=0.25)],
        demands=[demand("them", 10.0, 9.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.5)],
    )
    assert response_cost(made) == approx(32.0)
    assert response_cost(made, list="slow") == approx(30.0)
    plan = evaluate(made, {"list": "slow"})
    assert (plan.counterpart_loss, plan.own_loss) == (approx(-2.0), approx(2 * (0.5 - 0.25)))
    flows = plan.tables["flows"]
    assert flows[flows["lane"] == "us-them"]["dispatched"].tolist() == approx([5.0, 5.0])


@covers("response.holding_cost", "response.shortage_cost")
def test_the_counterpart_pays_for_what_it_holds_and_what_is_missing() -> None:
    # 10 in stock, 4 a week: 6 and 2 are left at the end of weeks 0 and 1, at 0.5: 4. Week 2 lacks 2 at 9: 18.
    made = case(
        3,
        items=[{"item": "x", "holding_cost": 0.5}],
        stocks=[stock("them", 10.0)],
        demands=[demand("them", 4.0, 9.0)],
    )
    assert response_cost(made) == approx(22.0)
    assert parts(evaluate(made), "counterpart") == approx({"holding_cost": 4.0, "shortage_cost": 18.0})


# Both together -----------------------------------------------------------------------------------------------------


@covers("response.shortage_cost", "fill_link", "ours.rationed", "ours.shortage_cost", "ours.purchase_cost")
def test_one_fill_for_home_and_abroad() -> None:
    # 6 in stock, nothing else arrives under review: Q = 10 + 5, K = 10 * 3 + 5 * 1, fill = 6 / 15.
    # V(open) = 9 bought at 1; V(slow) = 35 * 0.6 = 21. We get 2 of 5: 3 * (4 - 1) is our loss.
    made = case(
        stocks=[stock("them", 6.0)],
        lanes=[lane("world", "them", 15.0, regime="list"), lane("them", "us", 5.0, margin=1.0)],
        demands=[demand("them", 10.0, 3.0), demand("us", 5.0, 4.0)],
        regimes=OURS,
        policies=[policy(1)],
    )
    plan = solve(made)
    assert plan.counterpart_loss == approx(12.0)
    assert plan.own_loss == approx(9.0)
    assert plan.counterpart_fill == approx({"them/x": 0.4})
    assert plan.scenarios["none"]["fill"] == approx({"us/x": 0.4})
    assert parts(plan, "ours") == approx({"purchase_cost": 2.0, "shortage_cost": 12.0})
    assert parts(plan, "ours", column="status_quo") == approx({"purchase_cost": 5.0})


@covers("ours.rationed")
def test_an_outage_takes_its_share_of_what_the_response_yields() -> None:
    # Fill 0.4 of 5 units at 1, half of them lost in a storm: 1 arrives. 4 missing at 4, against 3 without the storm.
    made = case(
        stocks=[stock("them", 6.0)],
        lanes=[lane("them", "us", 5.0, margin=1.0)],
        demands=[demand("them", 10.0, 3.0), demand("us", 5.0, 4.0)],
        contingencies=[{"contingency": "storm", "lane": "them-us", "from_week": 0, "availability": 0.5}],
    )
    plan = evaluate(made)
    assert parts(plan, "ours") == approx({"purchase_cost": 2.0, "shortage_cost": 12.0})
    assert parts(plan, "ours", "storm") == approx({"purchase_cost": 1.0, "shortage_cost": 16.0})


@covers("order_link", "margin_link", "ours.undelivered_cost", "ours.balance")
def test_the_counterpart_orders_and_we_deliver() -> None:
    # It orders 10, we have 4: 6 undelivered at 10 * max(2, 3), 20 earned: W = 160. With all refused it loses
    # 70 - 30 = 40, and can order nothing: we lose -160.
    made = case(
        stocks=[stock("us", 4.0)],
        lanes=[lane("us", "them", 10.0, unit_cost=3.0, margin=2.0, regime="list")],
        demands=[demand("them", 10.0, 7.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.0)],
    )
    plan = solve(made)
    assert parts(plan, "ours", column="status_quo") == approx({"undelivered_cost": 180.0, "sales_to_counterpart": -20})
    assert parts(plan, "ours") == {}
    assert (plan.counterpart_loss, plan.own_loss) == (approx(40.0), approx(-160.0))
    assert plan.sourcing_only_leverage == approx(0.0)


@covers("margin_link")
def test_the_margin_is_earned_on_what_is_licensed() -> None:
    # Half of the 16 that the lane can carry is licensed: 8 leave instead of 10 in each of two weeks. It loses 2 * (5 - 1) a week;
    # we lose 0.25 on 2 units a week, with weight 3.
    made = case(
        2,
        weights={"us": 3.0},
        lanes=[lane("us", "them", 10.0, max_flow=16.0, margin=0.25, regime="list")],
        demands=[demand("them", 10.0, 5.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.5)],
    )
    plan = solve(made)
    assert plan.policies == {"list": "slow"}
    assert plan.counterpart_loss == approx(16.0)
    assert plan.own_loss == approx(3.0)
    assert parts(plan, "ours") == approx({"sales_to_counterpart": -12.0})


@covers("least_cost")
def test_the_counterpart_does_not_pay_more_to_please_us() -> None:
    # The world sells at 1, we at 2 with a margin of 1: nothing is bought from us.
    made = case(
        lanes=[lane("world", "them", 10.0), idle("us", "them", 10.0, unit_cost=2.0, margin=1.0)],
        demands=[demand("them", 10.0, 5.0)],
    )
    plan = evaluate(made)
    assert parts(plan, "ours") == {}
    assert parts(plan, "counterpart") == approx({"purchase_cost": 10.0})


def test_of_equally_cheap_responses_the_kind_one_counts() -> None:
    # At equal prices it buys from us; the least kind response would not: 10 less.
    made = case(
        lanes=[lane("world", "them", 10.0, unit_cost=2.0), idle("us", "them", 10.0, unit_cost=2.0, margin=1.0)],
        demands=[demand("them", 10.0, 5.0)],
    )
    plan = evaluate(made)
    assert parts(plan, "ours") == approx({"sales_to_counterpart": -10.0})
    assert plan.leverage_range == (approx(-10.0), approx(0.0))


# Our side ----------------------------------------------------------------------------------------------------------


@covers("ours.balance", "ours.terminal", "ours.purchase_cost", "ours.shortage_cost", "ours.cost")
def test_our_stock_pipeline_and_arrivals() -> None:
    # Lead 1, so 4 arrive in week 0 and the target is 4. Week 0: 4 + 5 in stock, 6 served, 3 kept; week 1: 4 + 3, 6
    # served, 1 kept; week 2: 4 + 1, one missing at 10. The last 4 are under way. W = 12 * 1 + 10.
    made = case(
        3,
        stocks=[stock("us", 5.0)],
        lanes=[lane("world", "us", 4.0, lead_weeks=1)],
        demands=[demand("us", 6.0, 10.0)],
    )
    assert own_cost(made) == approx(22.0)
    assert parts(evaluate(made), "ours") == approx({"purchase_cost": 12.0, "shortage_cost": 10.0})


@covers("ours.balance", "ours.production_cost", "ours.purchase_cost", "ours.shortage_cost")
def test_what_we_make_takes_its_inputs() -> None:
    # 6 x at 1 make 3 y at 3 each; 2 of 5 y are missing at 20; all with weight 2.
    made = case(
        items="xy",
        weights={"us": 2.0},
        lanes=[lane("world", "us", 6.0)],
        processes=[process("us", "y", unit_cost=3.0)],
        recipes=needs("us", "y", x=2.0),
        demands=[demand("us", 5.0, 20.0, item="y")],
    )
    assert parts(evaluate(made), "ours") == approx(
        {"purchase_cost": 12.0, "production_cost": 18.0, "shortage_cost": 80.0}
    )


@covers("ours.balance", "ours.transfer_income", "ours.shortage_cost", "ours.production_cost")
def test_trade_among_our_parties() -> None:
    # The friend (weight 0.5) makes 8 at 1 and sends all of it to us, who lack 2 at 99; its own 5 are missing at 3.
    # We pay 8 * 5, it earns 8 * 2.
    made = case(
        weights={"friend": 0.5},
        lanes=[lane("friend", "us", 10.0, unit_cost=5.0, margin=2.0)],
        processes=[process("friend", capacity=8.0, unit_cost=1.0)],
        demands=[demand("us", 10.0, 99.0), demand("friend", 5.0, 3.0)],
    )
    assert parts(evaluate(made), "ours") == approx(
        {
            "purchase_cost": 40.0,
            "transfer_income": -8.0,
            "production_cost": 4.0,
            "shortage_cost": 2 * 99.0 + 0.5 * 5 * 3.0,
        }
    )


@covers("ours.balance", "ours.lost_exports")
def test_exports_to_others_are_cut_where_we_lack_goods() -> None:
    # 6 made at 1 for an order of 10 at margin 3, with weight 2.
    made = case(
        weights={"us": 2.0},
        lanes=[lane("us", "world", 10.0, margin=3.0)],
        processes=[process("us", capacity=6.0, unit_cost=1.0)],
    )
    assert parts(evaluate(made), "ours") == approx({"production_cost": 12.0, "lost_exports": 24.0})


@covers("bound ours.export_fill")
def test_others_take_no_more_than_they_order() -> None:
    # 20 could be made at 1, 10 are ordered at margin 3.
    made = case(lanes=[lane("us", "world", 10.0, margin=3.0)], processes=[process("us", capacity=20.0, unit_cost=1.0)])
    assert own_cost(made) == approx(10.0)


@covers("ours.delivered")
def test_an_undelivered_export_is_no_source() -> None:
    # One unit is ordered and not delivered, at 10 * 1, its margin of 1 earned. Our own 10 are missing at 50: calling
    # ten more exports undelivered would have been cheaper.
    made = case(
        stocks=[stock("us")],
        lanes=[lane("us", "them", 1.0, margin=1.0)],
        demands=[demand("them", 1.0, 5.0), demand("us", 10.0, 50.0)],
    )
    assert own_cost(made) == approx(10.0 - 1.0 + 500.0)


@covers("ours.terminal", "ours.terminal_cost")
def test_our_stock_missing_at_the_end_is_charged() -> None:
    # As for the counterpart, with weight 2: 2 * 8 where the 4 can be bought, 2 * 8.4 where not.
    def made(first_week: int) -> Case:
        return case(
            2,
            weights={"us": 2.0},
            stocks=[stock("us", 10.0, terminal_target=4.0)],
            lanes=[lane("world", "us", 5.0, unit_cost=2.0, available_week=first_week)],
            demands=[demand("us", 5.0, 9.0)],
        )

    assert own_cost(made(0)) == approx(16.0)
    assert parts(evaluate(made(2)), "ours") == approx({"terminal_cost": 16.8})


@covers("ours.holding_cost")
def test_we_pay_for_what_we_hold() -> None:
    # As for the counterpart, with weight 2: (6 + 2) * 0.5 held, 2 missing at 9.
    made = case(
        3,
        weights={"us": 2.0},
        items=[{"item": "x", "holding_cost": 0.5}],
        stocks=[stock("us", 10.0)],
        demands=[demand("us", 4.0, 9.0)],
    )
    assert parts(evaluate(made), "ours") == approx({"holding_cost": 8.0, "shortage_cost": 36.0})


@covers("bound ours.ship")
def test_our_lanes_have_a_capacity() -> None:
    # 4 of 10 units at 1, 6 missing at 5. From the counterpart the base flow is the most; a contingency halves it: 2 + 40.
    made = case(lanes=[lane("world", "us", 4.0)], demands=[demand("us", 10.0, 5.0)])
    assert own_cost(made) == approx(34.0)
    made = case(
        lanes=[lane("them", "us", 4.0, max_flow=9.0)],
        demands=[demand("us", 10.0, 5.0)],
        contingencies=[{"contingency": "strike", "lane": "them-us", "from_week": 0, "availability": 0.5}],
    )
    assert own_cost(made) == approx(34.0)
    assert evaluate(made).scenarios["strike"]["own_loss"] == approx(8.0)


@covers("bound ours.make")
def test_our_processes_have_a_capacity() -> None:
    # 4 of 10 units made at 1, 6 missing at 5; a fire halves it: 2 + 40.
    made = case(
        processes=[process("us", capacity=4.0, unit_cost=1.0)],
        demands=[demand("us", 10.0, 5.0)],
        contingencies=[{"contingency": "fire", "process": "x-at-us", "from_week": 0, "availability": 0.5}],
    )
    assert own_cost(made) == approx(34.0)
    assert evaluate(made).scenarios["fire"]["own_loss"] == approx(8.0)


@covers("bound ours.stock")
def test_our_stocks_have_a_capacity() -> None:
    # The lane fails in week 1: 4 for week 0 and at most 3 to keep, so that 1 is missing at 9 instead of bought at 1.
    made = case(
        2,
        stocks=[stock("us", capacity=3.0)],
        lanes=[lane("world", "us", 10.0)],
        demands=[demand("us", 4.0, 9.0)],
        contingencies=[{"contingency": "strike", "lane": "world-us", "from_week": 1, "availability": 0.0}],
    )
    assert evaluate(made).scenarios["strike"]["own_loss"] == approx(8.0)


@covers("bound ours.fill")
def test_we_serve_no_more_than_our_demand() -> None:
    # 20 in stock for a demand of 10: nothing is lost, and nothing is earned with the rest.
    made = case(stocks=[stock("us", 20.0)], demands=[demand("us", 10.0, 5.0)])
    assert own_cost(made) == approx(0.0)


# First stage -------------------------------------------------------------------------------------------------------


@covers("ours.qualified", "first_stage_cost")
def test_a_lane_must_be_qualified() -> None:
    # Unqualified, 20 units are missing at 9. Qualified at 15 they cost 4 each: 180 - 15 - 80 = 85 better.
    made = case(2, lanes=[idle("world", "us", 10.0, unit_cost=4.0, fixed_cost=15.0)], demands=[demand("us", 10.0, 9.0)])
    assert evaluate(made).own_loss == approx(0.0)
    assert evaluate(made, qualified=("world-us",)).own_loss == approx(-85.0)
    plan = solve(made)
    assert plan.qualified == ("world-us",)
    assert plan.leverage == approx(85.0)
    assert parts(plan, "ours") == approx({"purchase_cost": 80.0, "fixed_costs": 15.0})


def audited(weeks: int, cost: float, **columns: object) -> Case:
    """10 a week at 3 from the friend; one audit opens two lanes of 5 a week each at 1 from the world."""
    lanes = [idle("world", "us", 5.0, lane=f"b{number}", qualification="audit", **columns) for number in range(2)]
    return case(
        weeks,
        lanes=[lane("friend", "us", 10.0, unit_cost=3.0), *lanes],
        demands=[demand("us", 10.0, 99.0)],
        qualifications=[{"qualification": "audit", "fixed_cost": cost, "weeks": 1}],
    )


@covers("ours.qualified", "first_stage_cost")
def test_a_qualification_opens_several_lanes_once_it_is_through() -> None:
    # From week 1 on 10 units cost 1 instead of 3: 20 less, for 15. One lane alone would be worth 10, less than the audit.
    plan = solve(audited(2, 15.0))
    assert (plan.qualified, plan.leverage) == (("audit",), approx(5.0))
    assert parts(plan, "ours") == approx({"purchase_cost": 30.0 + 10.0, "fixed_costs": 15.0})
    # What the audit costs is shared by the lanes that it opens.
    assert plan.tables["sourcing"]["fixed_cost"].tolist() == approx([0.0, 7.5, 7.5])
    assert plan.tables["sourcing"]["qualified"].tolist() == [False, True, True]
    assert solve(audited(2, 21.0)).qualified == ()
    # Without week 1 it opens nothing in time.
    assert evaluate(audited(1, 15.0), qualified=("audit",)).own_loss == approx(15.0)


@covers("ours.qualified")
def test_a_lane_with_a_cost_of_its_own_and_a_qualification_needs_both() -> None:
    made = audited(2, 4.0, fixed_cost=3.0)
    losses = {
        chosen: evaluate(made, qualified=chosen).own_loss
        for chosen in ((), ("audit",), ("b0", "b1"), ("audit", "b0"), ("audit", "b0", "b1"))
    }
    assert list(losses.values()) == approx([0.0, 4.0, 6.0, 4.0 + 3.0 - 10.0, 4.0 + 6.0 - 20.0])
    assert solve(made).qualified == ("b0", "b1", "audit")


@covers("ours.contracted")
def test_take_or_pay_binds_once_all_is_qualified() -> None:
    # 0.4 of 5 at 4 from b0 in week 1, instead of the friend's at 3: 2 more; b1 is not open.
    made = audited(2, 4.0, fixed_cost=3.0, min_share=0.4, unit_cost=4.0)
    assert evaluate(made, qualified=("audit",)).own_loss == approx(4.0)
    assert evaluate(made, qualified=("b0",)).own_loss == approx(3.0)
    assert evaluate(made, qualified=("audit", "b0")).own_loss == approx(4.0 + 3.0 + 2.0)


def test_take_or_pay_is_of_what_can_be_had() -> None:
    # 4 of 10 at 3 today; in an outage that leaves half of the lane 2, ramping up in two steps 2 and then 4.
    dear = lane("world", "us", 4.0, max_flow=10.0, unit_cost=3.0, min_share=0.4)
    fire = {"contingency": "fire", "lane": "world-us", "from_week": 0, "availability": 0.5}
    made = case(lanes=[lane("friend", "us", 10.0), dear], demands=[demand("us", 10.0, 99.0)], contingencies=[fire])
    plan = evaluate(made)
    assert parts(plan, "ours") == approx({"purchase_cost": 6.0 + 12.0})
    assert parts(plan, "ours", "fire") == approx({"purchase_cost": 8.0 + 6.0})
    ramped = case(2, lanes=[lane("friend", "us", 10.0), dear | {"ramp_weeks": 1}], demands=[demand("us", 10.0, 99.0)])
    assert parts(evaluate(ramped), "ours") == approx({"purchase_cost": 8.0 + 6.0 + 6.0 + 12.0})


def retaliation(penalty: float = 9.0, stockpile_max: float = 0.0, limits: dict | None = None, **tables: list[Row]):
    """They refuse half of 10 units a week for 3 weeks; we pay 4 a unit and lose ``penalty`` on a missing one."""
    return case(
        3,
        limits=limits,
        stocks=[stock("us", stockpile_max=stockpile_max)],
        lanes=[lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="ban"), *tables.pop("lanes", [])],
        demands=[demand("us", 10.0, penalty), *tables.pop("demands", [])],
        regimes=[*THEIRS, *tables.pop("regimes", [])],
        policies=[policy(0, "half", "ban", approval_rate=0.5), *tables.pop("policies", [])],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "half", "cost": 7.0}],
        **tables,
    )


@covers("worst", "own_cost_counted", "ours.refused_margin")
def test_the_worst_package_counts() -> None:
    # They lose 7 + 2 * 0.5 * 10 * 3 = 37, we lose 5 * (9 - 4) a week. Where a missing unit costs 6 we lose only 30: the
    # package would help us, and is not chosen.
    plan = solve(retaliation())
    assert (plan.counterpart_loss, plan.own_loss, plan.worst_package) == (approx(37.0), approx(75.0), "stop")
    assert plan.scenarios["none"]["leverage"] == approx(0.0)
    plan = solve(retaliation(penalty=6.0))
    assert (plan.leverage, plan.worst_package) == (approx(0.0), "none")
    assert plan.scenarios["stop"]["leverage"] == approx(7.0)


@covers("ours.refused_margin")
def test_refused_goods_are_those_the_response_yields() -> None:
    # 6 in stock for 15 a week: fill 0.4. Half of what goes to us (margin 2) and to the world (margin 1) is refused:
    # 0.4 * (0.5 * 10 * 2 + 0.5 * 5 * 1) = 5.
    made = case(
        stocks=[stock("them", 6.0)],
        lanes=[
            lane("them", "us", 10.0, margin=2.0, regime="ban"),
            lane("them", "world", 5.0, margin=1.0, regime="ban"),
        ],
        regimes=THEIRS,
        policies=[policy(0, "half", "ban", approval_rate=0.5)],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "half"}],
    )
    plan = evaluate(made)
    assert plan.counterpart_fill == approx({"them/x": 0.4})
    assert plan.scenarios["stop"]["counterpart_loss"] == approx(5.0)
    assert parts(plan, "counterpart", "stop", "plan")["refused_exports"] == approx(5.0)


@covers("ours.purchase_cost", "ours.balance", "ours.shortage_cost")
def test_a_package_delays_what_we_buy() -> None:
    # Half may leave, a week late, at 4 + 0.25 a unit dispatched: 5 of 20 units come, for 21.25; the dispatch of the last
    # week would come too late. Missing: 15 at 9. Scenario none: 20 at 4.
    made = case(
        2,
        items=[{"item": "x", "holding_cost": 0.25}],
        lanes=[lane("them", "us", 10.0, unit_cost=4.0, regime="ban")],
        demands=[demand("us", 10.0, 9.0)],
        regimes=THEIRS,
        policies=[policy(1, "half", "ban", approval_rate=0.5)],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "half"}],
    )
    plan = evaluate(made)
    assert parts(plan, "ours") == approx({"purchase_cost": 80.0})
    assert parts(plan, "ours", "stop") == approx({"purchase_cost": 21.25, "shortage_cost": 135.0})


@covers("ours.balance", "worst", "first_stage_cost")
def test_a_stockpile_that_pays() -> None:
    # s units at 1.1 * 4 replace purchases at 4 in scenario none (-0.4 s) and shortages at 9 in the package (-38 + 4.6 s).
    # Both are equal at s = 7.6.
    plan = solve(retaliation(stockpile_max=20.0))
    assert plan.leverage == approx(-3.04)
    assert plan.stockpile == approx({"us/x": 7.6})
    assert plan.limits["budget"]["used"] == approx(7.6 * 4.4)


@covers("bound stockpile")
def test_a_stockpile_has_a_limit() -> None:
    # At most 5: -38 + 4.6 * 5.
    assert solve(retaliation(stockpile_max=5.0)).leverage == approx(-15.0)


# Limits ------------------------------------------------------------------------------------------------------------


@covers("ours.continuity")
def test_mean_fill_is_kept() -> None:
    # Goods at 3 for a demand that is worth 1 are not bought; 60 % of 20 must be: 12 * (3 - 1).
    made = case(2, lanes=[idle("world", "us", 10.0, unit_cost=3.0)], demands=[demand("us", 10.0, 1.0, min_fill=0.6)])
    plan = solve(made)
    assert plan.leverage == approx(-24.0)
    assert plan.scenarios["none"]["fill"] == approx({"us/x": 0.6})


@covers("ours.continuity")
def test_mean_fill_is_kept_in_every_contingency() -> None:
    # Fills of 0.4 and 0.5 make a mean of 0.45; nothing can be made ahead.
    def made(min_fill: float) -> Case:
        return case(
            2,
            processes=[process("us", capacity=10.0)],
            demands=[demand("us", 10.0, 5.0, min_fill=min_fill)],
            contingencies=[
                {"contingency": "fire", "process": "x-at-us", "from_week": 0, "to_week": 0, "availability": 0.4},
                {"contingency": "fire", "process": "x-at-us", "from_week": 1, "availability": 0.5},
            ],
        )

    assert solve(made(0.45)).leverage == approx(0.0)
    assert solve(made(0.46)).status == "infeasible"


@covers("ours.continuity_week")
def test_fill_of_every_week_is_kept() -> None:
    # Demand is worth 1. From week 1 on there is a lane at 2, before only one at 5: 5 * (5 - 1) + 5 * (2 - 1). The mean
    # alone could be kept in week 1 for 10.
    def made(**least: float) -> Case:
        return case(
            2,
            lanes=[
                idle("world", "us", 10.0, lane="cheap", unit_cost=2.0, available_week=1),
                idle("world", "us", 10.0, lane="dear", unit_cost=5.0),
            ],
            demands=[demand("us", 10.0, 1.0, **least)],
        )

    assert solve(made(min_fill_week=0.5)).leverage == approx(-25.0)
    assert solve(made(min_fill=0.5)).leverage == approx(-10.0)


@covers("ours.concentration")
def test_no_party_supplies_too_much() -> None:
    # 10 units, the world at 1, overseas at 2, home-made at 1.5: at most 60 % from the world. 4 from overseas cost 4 more;
    # 4 made at home, which counts as intake too, cost 2 more.
    def made(*processes: Row) -> Case:
        return case(
            items=[{"item": "x", "max_party_share": 0.6}],
            lanes=[lane("world", "us", 10.0), lane("overseas", "us", 10.0, unit_cost=2.0)],
            processes=list(processes),
            demands=[demand("us", 10.0, 99.0)],
        )

    assert solve(made()).leverage == approx(-4.0)
    assert solve(made(process("us", unit_cost=1.5))).leverage == approx(-2.0)


@covers("budget")
def test_the_budget_is_kept_by_all_that_it_pays_for() -> None:
    # The budget of 22 buys 5 units at 4.4: -38 + 4.6 * 5. Refusing our exports, worth 1 on 30 units, costs 4.4 to run and
    # leaves room for 4 units: -38 + 4.6 * 4 + 30 - 4.4.
    assert solve(retaliation(stockpile_max=20.0, limits={"budget": 22.0})).leverage == approx(-15.0)
    plan = solve(
        retaliation(
            stockpile_max=20.0,
            limits={"budget": 22.0},
            items="xy",
            lanes=[lane("friend", "them", 10.0, item="y", regime="list")],
            demands=[demand("them", 10.0, 2.0, item="y")],
            regimes=[{"regime": "list", "controller": "friend"}],
            policies=[policy(0, approval_rate=0.0, admin_cost=4.4)],
        )
    )
    assert plan.leverage == approx(6.0)
    assert plan.stockpile == approx({"us/x": 4.0})
    assert plan.limits["budget"] == {"used": approx(22.0), "limit": 22.0}


@covers("own_loss")
def test_own_loss_is_kept_by_policies() -> None:
    # Refusing all costs them 10 * (9 - 1) and us 10 * 2, refusing half half of it.
    made = case(
        lanes=[lane("us", "them", 10.0, margin=2.0, regime="list")],
        demands=[demand("them", 10.0, 9.0)],
        regimes=OURS,
        policies=[policy(0, "refuse", approval_rate=0.0), policy(0, "half", approval_rate=0.5)],
    )
    with Engine(made, widest=SolveLimits()) as engine:
        found = [engine.search(SolveLimits(own_loss=most)) for most in (20.0, 19.9, 10.0, 9.9, 0.0)]
    assert [one.choice["list"] for one in found] == ["refuse", "half", "half", "open", "open"]
    assert [one.leverage for one in found] == approx([60.0, 30.0, 30.0, 0.0, 0.0])


@covers("own_loss")
def test_own_loss_is_kept_by_what_we_buy() -> None:
    # A stockpile of s units loses 0.4 s in scenario none and 75 - 4.6 s in the package: 7.6 lose 40.04 at worst, 10 lose
    # 29. At most 29 in either scenario: 10 units, at a leverage of -4; at most 3 cannot be kept: 15 units lose 6.
    made = retaliation(stockpile_max=20.0)
    with Engine(made, widest=SolveLimits()) as engine:
        assert engine.search(SolveLimits(own_loss=40.1)).leverage == approx(-3.04)
        assert engine.search(SolveLimits(own_loss=29.0)).leverage == approx(-4.0)
        assert engine.search(SolveLimits(own_loss=3.0)).choice is None


@covers("bound loss_gap")
def test_an_own_loss_that_cannot_be_kept_is_infeasible() -> None:
    # 60 % of a demand worth 1 must be bought at 3: 12 * (3 - 1) is lost.
    made = case(2, lanes=[idle("world", "us", 10.0, unit_cost=3.0)], demands=[demand("us", 10.0, 1.0, min_fill=0.6)])
    with Engine(made, widest=SolveLimits()) as engine:
        assert engine.search(SolveLimits(own_loss=24.0)).leverage == approx(-24.0)
        found = engine.search(SolveLimits(own_loss=23.9))
        assert (found.choice, found.bound) == (None, float("-inf"))


def test_hours_and_capital_rule_policies_out() -> None:
    # Refusing (loss 4 * 1) takes 4 hours and 1 point, refusing half of it neither.
    def made(**limits: float) -> Case:
        return case(
            limits=limits,
            lanes=[lane("us", "them", 1.0, regime="list")],
            demands=[demand("them", 1.0, 5.0)],
            regimes=OURS,
            policies=[
                policy(0, "refuse", approval_rate=0.0, reviewer_load=4.0, political_cost=1.0),
                policy(0, "half", approval_rate=0.5),
            ],
        )

    assert solve(made()).policies == {"list": "refuse"}
    for limits in ({"reviewer_hours": 3.9}, {"political_capital": 0.9}):
        plan = solve(made(**limits))
        assert plan.policies == {"list": "half"}
        # Half a unit arrives, half is missing: 0.5 * (5 - 1).
        assert plan.leverage == approx(2.0)
        assert evaluate(made(**limits), {"list": "refuse"}).status == "infeasible"
    assert solve(made(reviewer_hours=4.0, political_capital=1.0)).leverage == approx(4.0)


def importing(
    approval: float, *others: Row, flow: float = 10.0, left: float | None = None, penalty: float = 9.0, **columns: Any
) -> Case:
    """We buy from them at 4, where they earn 4, under a list of ours that licenses a share; they have what they need, or `left`."""
    return case(
        stocks=[] if left is None else [stock("them", left)],
        lanes=[lane("them", "us", flow, unit_cost=4.0, margin=4.0, regime="list", **columns), *others],
        demands=[demand("us", 10.0, penalty), *([] if left is None else [demand("them", 10.0, 4.0)])],
        regimes=OURS,
        policies=[policy(0, approval_rate=approval)],
    )


@covers("refused_imports", "ours.reviewed_split", "ours.reviewed_rationed")
def test_what_we_refuse_of_imports_is_lost_on_both_sides() -> None:
    # Half of 10 is refused: 5 at a margin of 4, and 5 that we go without at 9 instead of 4.
    plan = evaluate(importing(0.5), {"list": "slow"})
    assert (plan.counterpart_loss, plan.own_loss) == (approx(20.0), approx(25.0))


@covers("yield_split")
def test_imports_under_review_are_rationed() -> None:
    # They have 6 for 15, a fill of 0.4: 2 of our 5 come, or 1 where half is refused; that costs us 1 and them 4.
    plan = solve(importing(0.5, flow=5.0, left=6.0, penalty=5.0))
    assert (plan.counterpart_loss, plan.own_loss) == (approx(4.0), approx(1.0))


@covers("ours.reviewed_contracted")
def test_a_contract_on_imports_is_capped_by_our_review() -> None:
    # The friend sells at 1. By contract we take 2 of the 5 that they ration, under the review 1: 3 saved.
    friend = lane("friend", "us", 5.0, max_flow=20.0)
    plan = evaluate(importing(0.5, friend, flow=5.0, left=6.0, min_flow=5.0), {"list": "slow"})
    assert plan.own_loss == approx(-3.0)


@covers("bound ours.reviewed")
def test_a_licence_is_a_share_of_what_the_lane_can_carry() -> None:
    # In its first week the lane carries 5 of 10; four fifths of these are licensed: one unit less at 9 instead of 4.
    assert evaluate(importing(0.8, ramp_weeks=1), {"list": "slow"}).own_loss == approx(5.0)


@covers("lasting_loss", "lasting_link")
def test_sales_that_do_not_come_back() -> None:
    # 2 units of 4 are refused at a margin of 3; half of that is missed again in the week after.
    made = case(
        after=1,
        lanes=[lane("us", "them", 4.0, regime="list", margin=3.0, kept_share=0.5)],
        demands=[demand("them", 4.0, 9.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.5)],
    )
    plan = solve(made)
    assert plan.own_loss == approx(6.0 + 3.0)
    assert plan.leverage == approx(2 * (9.0 - 1.0) - 9.0)


@covers("ally_benefits", "one_taken")
def test_allies_give_once_for_a_regime() -> None:
    # Whatever the policies, no more than the dearer of two gifts; under either its own.
    made = case(
        regimes=[{"regime": "alignment", "controller": "friend"}],
        policies=[
            policy(0, "declared", "alignment", ally_benefit=5.0),
            policy(0, "full", "alignment", ally_benefit=9.0),
        ],
    )
    problem = Problem(made)
    assert problem.ceiling() == approx(9.0)
    for choice, given in (("declared", 5.0), ("full", 9.0)):
        constant = problem.constant(problem.response_cost({"alignment": choice}), 0.0)
        assert problem.fixed_policy.relax({"alignment": choice}, 0.0, constant, 0.0).leverage == approx(given)


@covers("bound ours.fill_gap")
def test_a_mean_fill_that_cannot_be_kept_is_infeasible() -> None:
    # 4 of 10 units: a fill of 0.4 where 0.5 is asked for, short by 0.1.
    made = case(lanes=[lane("world", "us", 4.0)], demands=[demand("us", 10.0, 5.0, min_fill=0.5)])
    assert solve(made).status == "infeasible"
    assert evaluate(made).violations == ("mean fill of x in us at least 50% in scenario none: short by 10 points",)


@covers("bound ours.week_gap")
def test_a_weekly_fill_that_cannot_be_kept_is_infeasible() -> None:
    made = case(lanes=[lane("world", "us", 4.0)], demands=[demand("us", 10.0, 5.0, min_fill_week=0.5)])
    assert solve(made).status == "infeasible"
    assert evaluate(made).violations == ("weekly fill of x in us at least 50% in scenario none: short by 10 points",)


@covers("bound ours.share_gap")
def test_a_share_that_cannot_be_kept_is_infeasible() -> None:
    # All comes from the world, and 10 * 0.5 must come: 5 <= 0.6 * 5 lacks 2.
    made = case(
        items=[{"item": "x", "max_party_share": 0.6}],
        lanes=[lane("world", "us", 10.0)],
        demands=[demand("us", 10.0, 5.0, min_fill=0.5)],
    )
    assert solve(made).status == "infeasible"
    assert evaluate(made).violations == ("share of world in our intake of x at most 60%: over by 2 units",)


@covers("bound budget_gap")
def test_a_budget_that_cannot_be_kept_is_infeasible() -> None:
    # Half must be served, which takes a lane qualified at 15; there are 14.
    made = case(
        limits={"budget": 14.0},
        lanes=[idle("world", "us", 10.0, fixed_cost=15.0)],
        demands=[demand("us", 10.0, 5.0, min_fill=0.5)],
    )
    assert solve(made).status == "infeasible"
    assert evaluate(made, qualified=("world-us",)).violations == ("budget at most 14: over by 1",)
    # And where there is nothing to qualify: 10 units of stock at 2 serve half of one week's 20; there is money for 9.
    stored = case(
        1,
        limits={"budget": 18.0},
        stocks=[stock("us", stockpile_max=20.0, stockpile_cost=2.0)],
        demands=[demand("us", 20.0, 5.0, min_fill=0.5)],
    )
    assert solve(stored).status == "infeasible"


@covers("gap_cost")
def test_what_a_gap_is_charged() -> None:
    # At stake: 10 * 5 of demand and 4 * 1 of lanes. A fill short by 0.1 is charged 0.1 * (10 * 54 + 1).
    made = case(lanes=[lane("world", "us", 4.0)], demands=[demand("us", 10.0, 5.0, min_fill=0.5)])
    problem = Problem(made)
    relaxation = problem.fixed_policy.relax({}, 0.0, problem.constant(0.0, 0.0), 0.0)
    assert relaxation.gap_cost == approx(54.1)
    assert relaxation.leverage == approx(-54.1)


@covers("ours.contracted")
def test_our_contracts_bind_once_qualified_and_as_far_as_the_counterpart_yields() -> None:
    # The friend sells at 1. The world at 2 asks for 3 by contract once qualified: 3 more, and 1 to qualify. They have 6 for
    # 15, a fill of 0.4, so that 2 of our contract of 5 come, at 4: 6 more than the friend's.
    made = case(
        stocks=[stock("them", 6.0)],
        lanes=[
            lane("friend", "us", 5.0, max_flow=20.0),
            idle("world", "us", 9.0, unit_cost=2.0, min_flow=3.0, fixed_cost=1.0),
            lane("them", "us", 5.0, unit_cost=4.0, min_flow=5.0, margin=4.0),
        ],
        demands=[demand("us", 10.0, 9.0), demand("them", 10.0, 4.0)],
    )
    plan = evaluate(made)
    assert plan.own_loss == approx(0.0)
    assert parts(plan, "ours") == approx({"purchase_cost": 8.0 + 8.0})
    plan = evaluate(made, qualified=("world-us",))
    assert parts(plan, "ours")["purchase_cost"] == approx(8.0 + 6.0 + 5.0)
    assert plan.own_loss == approx(4.0)


@covers("response.saved")
def test_they_save_no_more_than_a_share_of_an_input() -> None:
    # Of 10 of x for 10 of y 5 come. With 0.3 of what is needed saved at 4: m = 50 / 7 of y, 15 / 7 saved, the rest lost at 20.
    made = case(
        items="xy",
        lanes=[lane("us", "them", 10.0, regime="list")],
        processes=[process("them", "y")],
        recipes=[row | {"saving_share": 0.3, "saving_cost": 4.0} for row in needs("them", "y", x=1.0)],
        demands=[demand("them", 10.0, 20.0, item="y")],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.5)],
    )
    assert response_cost(made, list="slow") == approx(5.0 + 60.0 / 7.0 + (10.0 - 50.0 / 7.0) * 20.0)


@covers("ours.saved")
def test_we_save_no_more_than_a_share_of_an_input() -> None:
    # The lane carries 6 of the 10 of x that we need: with 0.25 saved at 2, m = 8 of y, 2 saved, 2 lost at 9.
    made = case(
        items="xy",
        lanes=[lane("world", "us", 6.0)],
        processes=[process("us", "y")],
        recipes=[row | {"saving_share": 0.25, "saving_cost": 2.0} for row in needs("us", "y", x=1.0)],
        demands=[demand("us", 10.0, 9.0, item="y")],
    )
    assert own_cost(made) == approx(6.0 + 4.0 + 18.0)


@covers("response.waiting")
def test_their_demand_waits_as_far_as_it_does() -> None:
    # Nothing comes in week 0. Of 10 units 5 are lost at 9, 5 wait for a week at 1 and are served in week 1: 45 + 5 + 15 + 10.
    made = case(
        3,
        lanes=[lane("us", "them", 10.0, max_flow=15.0, regime="list")],
        demands=[demand("them", 10.0, 9.0, backorder_share=0.5, backorder_cost=1.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.0, end_week=1)],
    )
    assert response_cost(made, list="slow") == approx(75.0)


@covers("ours.waiting")
def test_our_demand_waits_as_far_as_it_does() -> None:
    # 4 of 10 come. In its week a unit saves 0.5 * 9 + 0.5 * (1 + 9), late 1 + 9: 5 are lost at 9, 4 of the other 5 served late.
    made = case(
        lanes=[lane("world", "us", 4.0)],
        demands=[demand("us", 10.0, 9.0, backorder_share=0.5, backorder_cost=1.0)],
    )
    assert own_cost(made) == approx(4.0 + 45.0 + 1.0 + 9.0)


# What suppliers ask for --------------------------------------------------------------------------------------------


@covers("ours.least_order", "ours.ordered")
def test_a_least_order() -> None:
    # 3 a week, orders of 5 or more: 6 in week 0, 3 of them held at 0.5. Without room for them: 5 and 5, 4 thrown away.
    tables = {
        "items": [{"item": "x", "holding_cost": 0.5}],
        "lanes": [idle("world", "us", 10.0, min_order=5.0)],
        "demands": [demand("us", 3.0, 9.0)],
    }
    assert own_cost(case(2, **tables)) == approx(7.5)
    assert own_cost(case(2, **tables, stocks=[stock("us", capacity=0.0)])) == approx(10.0)
    # Less than an order can be carried in week 0, at half of 8: all 6 of weeks 1 and 2 are ordered later, 3 are lost.
    ramped = tables | {"lanes": [idle("world", "us", 8.0, min_order=5.0, ramp_weeks=1)]}
    assert own_cost(case(3, **ramped)) == approx(3 * 9.0 + 6.0 + 1.5)


@covers("ours.order_cost", "ours.ordered")
def test_what_an_order_costs() -> None:
    # 3 a week for 2 weeks. At 4 one order of both weeks, 3 of them held at 0.5; at 1 an order every week.
    tables = {
        "items": [{"item": "x", "holding_cost": 0.5}],
        "lanes": [idle("world", "us", 10.0, order_cost=4.0, fixed_cost=1.0)],
        "demands": [demand("us", 3.0, 9.0)],
    }
    plan = solve(case(2, **tables))
    assert parts(plan, "ours") == approx(
        {"purchase_cost": 6.0, "holding_cost": 1.5, "order_cost": 4.0, "fixed_costs": 1.0}
    )
    causes = plan.tables["causes"].query("side == 'ours' and cause == 'orders'")
    assert causes[["item", "amount"]].to_numpy().tolist() == [["x", approx(4.0)]]
    assert plan.tables["sourcing"]["order_cost"].tolist() == approx([4.0])
    tables["lanes"] = [idle("world", "us", 10.0, order_cost=1.0)]
    assert own_cost(case(2, **tables)) == approx(6.0 + 2.0)
    # Half of it from week 1 on, and no room to hold anything.
    tables["lanes"] = [idle("world", "us", 10.0, order_cost=4.0)]
    cheaper = [{"table": "lanes", "key": "world-us", "column": "order_cost", "from_week": 1, "factor": 0.5}]
    made = case(2, **tables, stocks=[stock("us", capacity=0.0)], profiles=cheaper)
    assert own_cost(made) == approx(6.0 + 4.0 + 2.0)


def test_an_order_is_placed_before_anybody_knows() -> None:
    # The lane fails in week 1. Nobody knows in week 0, so that what is ordered then is the same in both scenarios.
    fire = {"contingency": "fire", "lane": "world-us", "from_week": 1, "availability": 0.0}
    made = case(
        2,
        items=[{"item": "x", "holding_cost": 0.5}],
        lanes=[idle("world", "us", 10.0, min_order=5.0)],
        demands=[demand("us", 3.0, 9.0, min_fill=1.0)],
        contingencies=[fire],
    )
    flows = solve(made).tables["flows"].query("side == 'ours'")
    shipped = flows.pivot(index="week", columns="scenario", values="dispatched")
    assert shipped.loc[0, "none"] == shipped.loc[0, "fire"] == approx(6.0)


@covers(
    "ours.bought_at_one_price",
    "ours.bought_under_tier",
    "ours.tier_reached",
    "ours.tier_passed",
    "ours.one_tier",
)
def test_prices_by_quantity_are_for_all_units() -> None:
    def cost(unit_cost: float, breaks: list[tuple[float, float]], penalty: float = 99.0, need: float = 4.0) -> float:
        rows = [{"lane": "world-us", "from_flow": flow, "unit_cost": price} for flow, price in breaks]
        lanes = [idle("world", "us", 20.0, unit_cost=unit_cost)]
        return own_cost(case(2, lanes=lanes, demands=[demand("us", need, penalty)], price_breaks=rows))

    # From a mean of 5 on all units cost 1 instead of 2: 10 in two weeks, 2 of them thrown away.
    assert cost(2.0, [(5.0, 1.0)]) == approx(10.0)
    # 9 a week for 1 each are dearer than 4 for 2.
    assert cost(2.0, [(9.0, 1.0)]) == approx(16.0)
    assert cost(2.0, [(3.0, 1.5), (5.0, 1.25)]) == approx(12.0)
    # A source that is dearer above 3: 4 at 3, or 3 at 1 and 1 lost.
    assert cost(1.0, [(3.0, 3.0)]) == approx(24.0)
    assert cost(1.0, [(3.0, 3.0)], penalty=5.0) == approx(16.0)
    # 8 at 2.9 each; not 3 at 1 and 5 at 2.9.
    assert cost(1.0, [(3.0, 3.0), (5.0, 2.9)], need=8.0) == approx(2 * 8 * 2.9)


def test_what_prices_by_quantity_save_is_told() -> None:
    # The friend sells at 3; the audit opens a lane at 2, from a mean of 5 on at 1: 10 a week at 1 instead of 3, for 4.
    made = case(
        2,
        lanes=[
            lane("friend", "us", 10.0, unit_cost=3.0),
            idle("world", "us", 10.0, unit_cost=2.0, qualification="audit"),
        ],
        demands=[demand("us", 10.0, 99.0)],
        qualifications=[{"qualification": "audit", "fixed_cost": 4.0}],
        price_breaks=[{"lane": "world-us", "from_flow": 5.0, "unit_cost": 1.0}],
    )
    plan = solve(made)
    assert plan.own_loss == approx(20.0 + 4.0 - 60.0)
    assert parts(plan, "ours") == approx({"purchase_cost": 20.0, "fixed_costs": 4.0})
    causes = plan.tables["causes"].query("side == 'ours' and scenario == 'none'")
    assert dict(zip(causes["cause"], causes["amount"], strict=True)) == approx(
        {"sources": -40.0, "second sources": 4.0}
    )
    bought = plan.tables["sourcing"].query("id == 'world-us'")
    assert bought["cost"].tolist() == approx([20.0])


@covers("ours.supplier_most", "ours.supplier_used", "ours.supplier_least", "ours.supplier_count")
def test_suppliers_are_counted_and_limited() -> None:
    def loss(**limits: float) -> float | None:
        made = case(
            items=[{"item": "x"} | limits],
            lanes=[lane("world", "us", 10.0), idle("overseas", "us", 10.0, unit_cost=2.0)],
            demands=[demand("us", 10.0, 99.0)],
        )
        plan = solve(made)
        return plan.own_loss

    assert loss() == approx(0.0)
    # Two suppliers of 0.3 at least: 7 at 1 and 3 at 2.
    assert loss(min_suppliers=2, min_supplier_share=0.3) == approx(3.0)
    assert loss(max_supplier_share=0.6) == approx(4.0)
    # Nothing, or at least 0.45.
    assert loss(max_supplier_share=0.6, min_supplier_share=0.45) == approx(4.5)
    assert loss(min_suppliers=3, min_supplier_share=0.1) is None


@covers("bound ours.supplier_gap")
def test_a_share_of_a_site_that_cannot_be_kept_is_infeasible() -> None:
    made = case(
        items=[{"item": "x", "max_supplier_share": 0.6}],
        lanes=[lane("world", "us", 10.0)],
        demands=[demand("us", 10.0, 5.0, min_fill=0.5)],
    )
    assert solve(made).status == "infeasible"
    assert evaluate(made).violations == ("share of site world in our intake of x at most 60%: over by 2 units",)


@covers("bound ours.count_gap")
def test_suppliers_that_are_too_few_are_infeasible() -> None:
    def made(*others: Row) -> Case:
        return case(
            items=[{"item": "x", "min_suppliers": 2, "min_supplier_share": 0.3}],
            lanes=[lane("world", "us", 10.0, min_flow=1.0), *others],
            demands=[demand("us", 10.0, 5.0)],
        )

    second = idle("overseas", "us", 10.0, fixed_cost=1.0)
    assert solve(made(second)).qualified == ("overseas-us",)
    assert evaluate(made(second)).violations == ("suppliers of x at least 2: short by 1",)
    assert solve(made()).status == "infeasible"
    assert Problem(made()).leader_problem.model.ours["none"].count_gap["x"].upper == 0


# The gate ----------------------------------------------------------------------------------------------------------


def everything() -> Case:
    """A case in which every family of the model has a member."""
    return case(
        2,
        limits={"budget": 10.0},
        items=[
            {
                "item": "x",
                "max_party_share": 0.9,
                "max_supplier_share": 0.9,
                "min_suppliers": 1,
                "min_supplier_share": 0.1,
            }
        ],
        stocks=[stock("us", capacity=9.0, stockpile_max=1.0), stock("them", 4.0, capacity=9.0)],
        lanes=[
            lane("us", "them", 2.0, margin=1.0, min_flow=1.0, regime="list", kept_share=0.5),
            lane("them", "us", 2.0, margin=1.0, min_flow=1.0, regime="ban"),
            lane("them", "friend", 2.0, margin=1.0, min_flow=1.0, regime="list"),
            lane("us", "world", 1.0, margin=1.0),
            idle("world", "us", 5.0, fixed_cost=1.0),
        ],
        processes=[process("us", capacity=5.0), process("them", capacity=5.0)],
        demands=[demand("us", 3.0, 5.0, min_fill=0.1, min_fill_week=0.1), demand("them", 3.0, 5.0)],
        regimes=[*OURS, *THEIRS],
        after=1,
        policies=[policy(1, ally_benefit=1.0), policy(1, "slow", "ban")],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "slow"}],
    )


def test_every_family_has_a_test() -> None:
    assert set(COVERED) == families(build_leader_problem(Network(everything())))


@pytest.mark.parametrize(
    ("family", "test"),
    [pytest.param(family, test, id=f"{family}-{test.__name__}") for family, tests in COVERED.items() for test in tests],
)
def test_a_family_knocked_out_is_noticed(family: str, test) -> None:
    with without(family), pytest.raises((AssertionError, ArithmeticError, CertificateError)):
        test()
