"""Figures that change over time, by cases small enough to be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pytest import approx
from sluicegate import CaseError, case_from_tables, evaluate, solve
from sluicegate.data import apply_overrides
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network.network import Network

from sluicegate_testing.handmade import OURS, Tables, demand, lane, policy, small

THEIR_STOCK = [{"site": "them", "item": "x"}]
"""Empty; what they have where a case is about us alone."""

Drawn = tuple[dict[str, Any], Tables]


def profile(table: str, key: str, column: str, from_week: int, factor: float) -> dict[str, Any]:
    return {"table": table, "key": key, "column": column, "from_week": from_week, "factor": factor}


def theirs(weeks: int, review: list[dict[str, Any]], penalty: float = 5.0, **columns: Any) -> Drawn:
    """They buy 10 a week from us at 1 under a regime of ours."""
    return small(
        weeks,
        lanes=[lane("us", "them", 10.0, regime="list") | columns],
        demands=[demand("them", 10.0, penalty)],
        regimes=OURS,
        policies=review,
    )


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
    drawn = theirs(4, policy("2"), penalty=8.0)
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
    drawn = theirs(3, policy("3"), penalty=8.0)
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
    drawn = theirs(4, policy("1", approval_rate=0.4), penalty=8.0, margin=2.0)
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
    drawn = theirs(4, policy("2"), penalty=8.0)
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
    drawn = theirs(4, policy("2"), penalty=8.0)
    drawn[1]["profiles"] = [profile("demands", "them/x", "shortage_penalty", 2, 0.0)]
    case = apply_overrides(case_from_tables("small", *drawn), ["profiles.demands/them/x/shortage_penalty/2.factor=0.5"])
    assert case.profiles[0].factor == 0.5


def test_every_fault_of_a_profile_is_told() -> None:
    drawn = theirs(4, policy("2"))
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
        "profiles, row 2, column: 'initial': must be one of base_flow, max_flow, unit_cost, quantity, shortage_penalty, capacity",
        "profiles, row 3, key: 'us-then': not in lanes; did you mean 'us-them'?",
        "profiles, row 4, column: 'quantity': no figure of lanes that a profile moves; those are base_flow, max_flow, unit_cost",
        "profiles, row 5, from_week: '9': beyond the horizon, whose last week is 3; take the row out, or plan for more weeks",
        "profiles, row 6, factor: '-1': negative; must be 0 or more",
        "profiles, row 8, table, key, column, from_week: 'demands/them/x/quantity/1': used twice; row 7 has it already",
    ]


def test_a_profile_that_moves_nothing_or_too_much_is_remarked_on() -> None:
    drawn = theirs(4, policy("2"))
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
