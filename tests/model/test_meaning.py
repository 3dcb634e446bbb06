"""What a refusal, the end of the horizon, a contract and the status quo mean, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest import approx
from sluicegate import Case, CaseError, case_from_tables, evaluate, solve
from sluicegate.analysis.status_quo import lane_table, status_quo_warnings
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network import Network

from sluicegate_testing.builders import OURS, THEIRS, case, demand, lane, parts, policy, process, stock
from sluicegate_testing.oracle import oracle
from sluicegate_testing.strategies import random_case


def dear_to_hold(made: Case, holding_cost: float) -> Case:
    """The case with a holding cost on every item."""
    return replace(made, items=tuple(row.model_copy(update={"holding_cost": holding_cost}) for row in made.items))


# A refusal keeps the goods at home ---------------------------------------------------------------------------------


def test_a_strict_regime_does_not_make_the_exporter_produce_more() -> None:
    # 40 % of 10: 4 a week leave, and 4 are made, where 10 were. It pays 3 for each, making one costs 1.
    made = case(
        3,
        lanes=[lane("us", "them", 10.0, max_flow=10.0, unit_cost=3.0, margin=3.0, regime="list")],
        processes=[process("us", unit_cost=1.0)],
        demands=[demand("them", 10.0, 9.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.4)],
    )
    plan = evaluate(made, {"list": "slow"})
    assert parts(plan, "ours") == approx({"production_cost": 12.0, "sales_to_counterpart": -36.0})
    assert parts(plan, "ours", column="status_quo") == approx({"production_cost": 30.0, "sales_to_counterpart": -90.0})
    # It buys 4 a week at 3 and loses 6 at 9.
    assert plan.counterpart_loss == approx(3 * 6 * (9 - 3))
    assert plan.own_loss == approx(3 * 6 * (3 - 1))


@pytest.mark.parametrize(("margin", "lost"), [(2.0, 0.0), (4.0, 0.0), (7.0, 3.0)])
def test_a_refusal_costs_the_counterpart_no_more_than_it_loses_on_goods_it_keeps(margin: float, lost: float) -> None:
    # Making a unit costs it 4. A quarter of 8 units may leave, in each of 2 weeks.
    made = case(
        2,
        lanes=[lane("them", "us", 8.0, margin=margin, regime="ban")],
        processes=[process("them", unit_cost=4.0)],
        demands=[demand("us", 8.0, 9.0)],
        regimes=THEIRS,
        policies=[policy(0, "most", "ban", approval_rate=0.25)],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "most"}],
    )
    if margin < 4.0:
        assert "less than the 4 that a unit costs at 'them'" in "".join(map(str, case_warnings(made)))
        return
    plan = evaluate(made)
    assert plan.scenarios["stop"]["counterpart_loss"] == approx(2 * 6.0 * lost, abs=1e-6)


def case_warnings(made: Case) -> list[str]:
    """Warnings of a case as it is read."""
    tables = {
        name: [row.model_dump(exclude_unset=True) for row in made.rows(name)] for name in ("parties", "sites", "items")
    }
    tables |= {
        name: [row.model_dump(exclude_unset=True) for row in made.rows(name)]
        for name in ("lanes", "processes", "recipes", "demands", "stocks", "regimes", "policies", "retaliations")
    }
    tables["policies"] = [{**row, "delay_weeks": str(row["delay_weeks"])} for row in tables["policies"]]
    return list(map(str, case_from_tables("again", {"horizon": {"weeks": 2}}, tables).warnings))


# The end of the horizon --------------------------------------------------------------------------------------------


def test_nobody_sells_a_stock_for_what_it_costs_to_hold() -> None:
    # 20 in stock at a twentieth of the price a week: to hold it for 10 weeks costs half of it. It is drawn on and bought
    # back in the last week.
    made = dear_to_hold(
        case(
            10,
            lanes=[lane("world", "us", 5.0, max_flow=40.0)],
            stocks=[stock("us", 20.0, terminal_target=20.0)],
            demands=[demand("us", 5.0, 9.0)],
        ),
        0.05,
    )
    problem = Problem(made)
    operations = problem.status_quo.operations
    short = operations.readout.ours["none"]["short_end"].values(operations.solution)
    assert short == approx(0.0)
    assert not status_quo_warnings(made, problem)


def test_a_stated_price_that_is_too_low_is_remarked_on() -> None:
    # Missing units at 0.5 are cheaper than bought ones at 1: the status quo ends without them, and lanes carry 3 of 5.
    made = case(
        10,
        lanes=[lane("world", "us", 5.0, max_flow=40.0)],
        stocks=[stock("us", 20.0, terminal_target=20.0, terminal_price=0.5)],
        demands=[demand("us", 5.0, 9.0)],
    )
    stocked, flow = status_quo_warnings(made)
    assert "ends with 20 less than its target, 7.7% of a year's use" in stocked
    assert "end of the horizon" in flow
    assert "horizon.terminal_premium" in flow
    assert any("our stock of x in us ends 20 below its target" in words for words in evaluate(made).warnings)


# The status quo is what happens today --------------------------------------------------------------------------------


def flows_of(made: Case) -> dict[str, float]:
    """Mean flow of every lane in the status quo."""
    return {row.lane: row.mean_flow for row in lane_table(made).itertuples()}


def test_ties_go_to_base_flow_and_costs_stay() -> None:
    # Three sources on either side at one price; any split of 10 costs the same.
    rows = [
        lane(origin, site, flow, max_flow=10.0, lane=f"{origin}-{site}")
        for site in ("us", "them")
        for origin, flow in (("world", 1.0), ("overseas", 7.0), ("friend", 2.0))
        if (origin, site) != ("friend", "us")
    ]
    made = case(3, lanes=rows, demands=[demand("us", 8.0, 9.0), demand("them", 10.0, 9.0)])
    problem = Problem(made)
    found = {row.lane: row.mean_flow for row in lane_table(made, problem).itertuples()}
    assert found == approx({row["lane"]: row["base_flow"] for row in rows})
    status_quo = problem.status_quo
    assert status_quo.operations.own_cost["none"] == approx(status_quo.cost)
    assert status_quo.operations.response_cost == approx(status_quo.response_cost)


def test_a_dearer_source_that_runs_is_dropped_without_a_contract() -> None:
    def made(**columns: float) -> Case:
        rows = [lane("world", "us", 6.0, max_flow=10.0), lane("overseas", "us", 4.0, unit_cost=3.0, **columns)]
        return case(2, lanes=rows, demands=[demand("us", 10.0, 9.0)])

    assert flows_of(made(min_flow=4.0)) == approx({"world-us": 6.0, "overseas-us": 4.0})
    assert not status_quo_warnings(made(min_flow=4.0))
    first, second = status_quo_warnings(made())
    for words in (first, second):
        assert "dearer source: overseas-us costs 3 a unit and world-us 1, which takes over 4 a week" in words
        assert "write its min_flow" in words


def test_before_is_base_flow_whatever_the_status_quo_does() -> None:
    rows = [lane("world", "us", 6.0, max_flow=10.0), lane("overseas", "us", 4.0, unit_cost=3.0)]
    plan = evaluate(case(2, lanes=rows, demands=[demand("us", 10.0, 9.0)]))
    sourcing = plan.tables["sourcing"].set_index("id")
    assert sourcing["status_quo"].to_dict() == approx({"world-us": 6.0, "overseas-us": 4.0})
    assert sourcing["status_quo_share"].to_dict() == approx({"world-us": 0.6, "overseas-us": 0.4})
    assert sourcing["plan"].to_dict() == approx({"world-us": 10.0, "overseas-us": 0.0})


def test_an_outage_and_a_package_cap_a_contract() -> None:
    # Half of 8 units is 4 of a contract of 6.
    made = case(
        lanes=[
            lane("world", "us", 6.0, max_flow=8.0, unit_cost=2.0, min_flow=6.0),
            lane("friend", "us", 4.0, max_flow=20.0),
        ],
        demands=[demand("us", 10.0, 9.0)],
        contingencies=[{"contingency": "storm", "lane": "world-us", "from_week": 0, "availability": 0.5}],
    )
    plan = evaluate(made)
    assert parts(plan, "ours") == approx({"purchase_cost": 12.0 + 4.0})
    assert parts(plan, "ours", "storm") == approx({"purchase_cost": 8.0 + 6.0})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([lane("world", "us", 3.0, min_flow=4.0)], "more than max_flow 3"),
        ([lane("us", "world", 3.0, min_flow=1.0)], "this one ends at 'world'; write 0"),
        ([lane("world", "us", 3.0), lane("us", "friend", 3.0, min_flow=1.0)], "may find that empty"),
    ],
)
def test_contracts_that_could_not_be_kept_are_refused(rows: list, message: str) -> None:
    with pytest.raises(CaseError, match=message):
        case(2, lanes=rows, demands=[demand("us", 1.0, 1.0)])


def test_worth_holds_with_stated_terminal_prices() -> None:
    # A unit is worth 9 where it is missed at the end at 9, also where it is sold for 2.
    made = case(2, stocks=[stock("them", 1.0, terminal_price=9.0)], demands=[demand("them", 1.0, 2.0)])
    assert Network(made).worth("counterpart")["them", "x"] == 9.0


# Against the oracle --------------------------------------------------------------------------------------------------


def drawn_without_outages(number: int):
    """A random case with contracts, premiums and refusals in which all scenarios are known from week 0 on."""
    settings, tables = random_case(number, meaning=True)
    tables["contingencies"] = []
    theirs = {row["regime"] for row in tables["regimes"] if row["controller"] == "them"}
    for row in tables["policies"]:
        if row["regime"] in theirs:
            row["start_week"] = None
    for row in tables["retaliations"]:
        row.pop("notice_weeks", None)
    return settings, tables


@pytest.mark.parametrize("number", range(12))
def test_every_method_agrees_with_the_oracle(number: int) -> None:
    drawn = drawn_without_outages(number)
    answer, made = oracle(*drawn), case_from_tables("drawn", *drawn)
    money = max(abs(answer.status_quo_cost), *answer.response_cost.values(), 1.0)
    for method in ("columns", "program", "rows"):
        plan = solve(made, method=method)
        assert (plan.leverage is None) == (answer.leverage is None)
        if answer.leverage is not None:
            assert plan.status == "optimal"
            assert plan.leverage == approx(answer.leverage, abs=1e-4 * max(abs(answer.leverage), 1e-4 * money))


@pytest.mark.parametrize("number", range(12, 20))
def test_causes_add_up_to_both_losses(number: int) -> None:
    plan = solve(case_from_tables("drawn", *drawn_without_outages(number)))
    if plan.leverage is None:
        assert plan.status == "infeasible"
        return
    causes = plan.tables["causes"]
    for scenario, losses in plan.scenarios.items():
        for side, name in (("counterpart", "counterpart_loss"), ("ours", "own_loss")):
            rows = causes[(causes["scenario"] == scenario) & (causes["side"] == side)]
            assert rows["amount"].sum() == approx(losses[name], rel=1e-9, abs=1e-9)
