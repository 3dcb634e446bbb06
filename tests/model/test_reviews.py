"""What a review does beyond delay and refusal: paperwork, what allies give."""

from __future__ import annotations

from typing import Any

import pytest
from pytest import approx
from sluicegate import Case, Plan, case_from_tables, evaluate, solve

from sluicegate_testing.builders import OURS, THEIRS, Row, case, demand, idle, lane, parts, policy, response_cost, stock
from sluicegate_testing.features import only
from sluicegate_testing.oracle import OracleAnswer, oracle
from sluicegate_testing.strategies import random_case

METHODS = ("columns", "groups", "pieces", "rows", "tree", "program")


def causes(plan: Plan, side: str, scenario: str = "none") -> dict[tuple[str, str], float]:
    """Causes of a side's loss in a scenario."""
    table = plan.tables["causes"]
    chosen = table[(table["side"] == side) & (table["scenario"] == scenario)]
    keys = zip(chosen["cause"], chosen["item"], strict=True)
    return dict(zip(keys, chosen["amount"].astype(float), strict=True))


def reviewed(weeks: int, *review: Row, penalty: float = 50.0, **more: Any) -> Case:
    """They buy 10 a week from us at 1 under a list of ours."""
    lanes = [lane("us", "them", 10.0, regime="list"), *more.pop("lanes", [])]
    regimes = [*OURS, *more.pop("regimes", [])]
    return case(
        weeks, lanes=lanes, demands=[demand("them", 10.0, penalty)], regimes=regimes, policies=list(review), **more
    )


# Paperwork and friends -----------------------------------------------------------------------------------------------


def test_applicants_pay_and_allies_give() -> None:
    # 1.5 on 40 units; friends give 7 for it, running it costs us 3.
    made = reviewed(4, policy(0, applicant_cost=1.5, ally_benefit=7.0, admin_cost=3.0))
    plan = solve(made)
    assert plan.leverage == approx(60.0 - 3.0 + 7.0)
    assert causes(plan, "counterpart") == {("paperwork", "x"): approx(60.0)}
    assert causes(plan, "ours") == {("reviews", ""): approx(3.0), ("allies", ""): approx(-7.0)}
    assert parts(plan, "ours")["ally_benefits"] == approx(-7.0)
    assert evaluate(made, {"list": "slow"}).leverage == approx(64.0)


def test_applications_cost_while_the_policy_acts() -> None:
    made = reviewed(4, policy(0, applicant_cost=1.5, start_week=1, end_week=3))
    assert response_cost(made, list="slow") - response_cost(made) == approx(30.0)


def test_applicants_go_elsewhere_where_that_is_cheaper() -> None:
    # From the world it costs 3: they go there for 2 more a unit rather than pay 4 for every application.
    made = reviewed(4, policy(0, applicant_cost=4.0), lanes=[idle("world", "them", 10.0, unit_cost=3.0)])
    assert response_cost(made, list="slow") - response_cost(made) == approx(80.0)
    assert causes(evaluate(made, {"list": "slow"}), "counterpart") == {("sources", "x"): approx(80.0)}


def test_a_package_makes_us_apply() -> None:
    made = case(
        3,
        weights={"friend": 2.0},
        lanes=[lane("them", "friend", 10.0, regime="ban")],
        demands=[demand("friend", 10.0, 9.0)],
        regimes=THEIRS,
        policies=[policy(0, "forms", "ban", applicant_cost=0.5, start_week=1)],
        retaliations=[{"package": "forms", "regime": "ban", "policy": "forms"}],
    )
    plan = evaluate(made)
    # 20 units in two weeks, at the friend's weight.
    assert plan.scenarios["forms"]["own_loss"] == approx(20 * 0.5 * 2.0)
    assert causes(plan, "ours", "forms") == {("paperwork", "x"): approx(20.0)}


def test_no_budget_spends_what_allies_give() -> None:
    review = policy(0, applicant_cost=1.5, ally_benefit=7.0, admin_cost=3.0)
    assert solve(reviewed(4, review, limits={"budget": 2.0})).policies == {"list": "open"}
    assert solve(reviewed(4, review, limits={"budget": 3.0})).policies == {"list": "slow"}


@pytest.mark.parametrize("method", METHODS)
def test_allies_may_give_for_a_regime_without_a_lane(method: str) -> None:
    # Aligning a list takes no goods of ours away; of two ways the dearer is worth more.
    made = reviewed(
        2,
        policy(0, applicant_cost=1.0),
        policy(0, "declared", "alignment", ally_benefit=5.0, admin_cost=1.0),
        policy(0, "full", "alignment", ally_benefit=9.0, admin_cost=2.0),
        regimes=[{"regime": "alignment", "controller": "friend"}],
    )
    plan = solve(made, method=method)
    assert plan.policies == {"list": "slow", "alignment": "full"}
    assert plan.leverage == plan.bound == approx(20.0 + 7.0)


def test_a_price_of_applications_is_per_unit_of_every_good() -> None:
    # Grams of x and tonnes of y: each dispatch pays 2 a unit of its own, whatever natural units the case is solved in.
    made = case(
        2,
        items=[{"item": "x"}, {"item": "y"}],
        lanes=[
            lane("us", "them", 1e6, regime="list", unit_cost=100.0),
            lane("us", "them", 1.0, item="y", lane="other", regime="list", unit_cost=1e6),
        ],
        demands=[demand("them", 1e6, 1e4), {**demand("them", 1.0, 1e8), "item": "y"}],
        regimes=OURS,
        policies=[policy(0, applicant_cost=2.0)],
    )
    found = causes(solve(made), "counterpart")
    assert found == {("paperwork", "x"): approx(2 * 2e6), ("paperwork", "y"): approx(2 * 2.0)}


def test_zeros_change_nothing() -> None:
    review, columns = policy(2, admin_cost=1.0), {"applicant_cost": 0.0, "ally_benefit": 0.0}
    plans = [
        solve(
            reviewed(4, review | more, lanes=[idle("world", "them", 4.0, unit_cost=3.0)], stocks=[stock("them", 5.0)])
        )
        for more in ({}, columns)
    ]
    for name, table in plans[0].tables.items():
        assert table.equals(plans[1].tables[name])
    assert plans[0].scenarios == plans[1].scenarios
    assert not {"ally_benefits"} & set(plans[0].tables["losses"]["part"])


# Against the oracle --------------------------------------------------------------------------------------------------


def agree(plan: Plan, answer: OracleAnswer) -> None:
    money = max(abs(answer.status_quo_cost), *answer.response_cost.values(), 1.0)
    assert (plan.status == "infeasible") == (answer.leverage is None)
    if answer.leverage is not None:
        slack = 1e-4 * max(abs(answer.leverage), 1e-4 * money)
        assert plan.leverage == approx(answer.leverage, abs=slack)
        assert plan.bound >= answer.leverage - slack
        assert answer.values[tuple(plan.policies[regime] for regime in answer.regimes)] == approx(
            plan.leverage, abs=slack
        )


FEATURES = ("applicant_cost", "ally_benefit")


@pytest.mark.parametrize("number", range(40, 48))
def test_every_method_agrees_with_the_oracle(number: int) -> None:
    drawn = random_case(number, 2, 6, [True, None][number % 2], 8, meaning=True, features=True)
    drawn = only(drawn, *FEATURES)
    made, answer = case_from_tables("drawn", *drawn), oracle(*drawn)
    for method in METHODS:
        agree(solve(made, method=method), answer)
