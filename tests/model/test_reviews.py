"""What a review does beyond delay and refusal: paperwork, allies, what stays lost, imports, ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pytest import approx
from sluicegate import Case, CaseError, Plan, case_from_tables, evaluate, solve

from sluicegate_testing.builders import (
    OURS,
    THEIRS,
    Row,
    case,
    demand,
    idle,
    lane,
    parts,
    policy,
    process,
    response_cost,
    stock,
)
from sluicegate_testing.decided import seen
from sluicegate_testing.features import only
from sluicegate_testing.oracle import OracleAnswer, by_week, oracle
from sluicegate_testing.strategies import random_case

FEATURES = ("applicant_cost", "ally_benefit", "kept_share", "imports", "ends")

LOSSES = ("counterpart_loss", "own_loss")

METHODS = ("columns", "pieces", "rows", "program")


def causes(plan: Plan, side: str, scenario: str = "none") -> dict[tuple[str, str], float]:
    """Causes of a side's loss in a scenario."""
    table = plan.tables["causes"]
    chosen = table[(table["side"] == side) & (table["scenario"] == scenario)]
    keys = zip(chosen["cause"], chosen["item"], strict=True)
    return dict(zip(keys, chosen["amount"].astype(float), strict=True))


def reviewed(weeks: int, *review: Row, penalty: float = 50.0, **more: Any) -> Case:
    """They buy 10 a week from us at 1 under a list of ours; columns of that lane may be given."""
    columns = {name: more.pop(name) for name in ("margin", "kept_share", "max_flow") if name in more}
    lanes = [lane("us", "them", 10.0, regime="list", **columns), *more.pop("lanes", [])]
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


# What stays lost -----------------------------------------------------------------------------------------------------


def lasting(weeks: int, after: int, *review: Row, **more: Any) -> Case:
    """Our margin is 3; half of what is not sold stays lost."""
    return reviewed(weeks, *review, after=after, margin=3.0, kept_share=0.5, **more)


def test_customers_that_do_not_come_back() -> None:
    # 40 units are not sold at a margin of 3: 120. Half of that goes on for 8 weeks after the 4: 3 * 0.5 * 8 / 4 * 40 = 120.
    ban = policy(0, approval_rate=0.0)
    plan = evaluate(lasting(4, 8, ban), {"list": "slow"})
    assert plan.own_loss == approx(240.0)
    assert causes(plan, "ours") == {("sales", "x"): approx(120.0), ("lasting", ""): approx(120.0)}
    assert parts(plan, "ours")["lasting_loss"] == approx(120.0)
    assert evaluate(lasting(4, 0, ban), {"list": "slow"}).own_loss == approx(120.0)


def test_more_than_before_brings_customers_back() -> None:
    # Refused in week 0 and ordered twice in week 1, for which the lane has room: nothing stays lost.
    stocks = [stock("them", 10.0, terminal_target=10.0)]
    made = lasting(2, 6, policy(0, approval_rate=0.0, end_week=1), stocks=stocks, max_flow=20.0)
    plan = evaluate(made, {"list": "slow"})
    assert plan.own_loss == approx(0.0, abs=1e-6)


def test_what_stays_lost_counts_in_every_scenario_and_not_today() -> None:
    plan = evaluate(lasting(4, 8, policy(0, approval_rate=0.0)))
    assert (plan.own_loss, plan.leverage) == (approx(0.0), approx(0.0))


# Reviews of imports --------------------------------------------------------------------------------------------------


def imported(*review: Row, **more: Any) -> Case:
    """They sell us 10 a week at 4, where they earn 2, for three weeks; a shortage costs us 9. Their ban acts on other goods."""
    return case(
        3,
        lanes=[lane("them", "us", 10.0, unit_cost=4.0, margin=2.0, regime="list")],
        demands=[demand("us", 10.0, 9.0)],
        regimes=[*OURS, *THEIRS],
        policies=[*review, policy(9, "stop", "ban")],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "stop", "cost": 1.0}],
        **more,
    )


def test_we_may_review_what_we_import() -> None:
    # Half of it is refused: they lose 2 on 15 units, we go without them, 15 * (9 - 4), and pay 0.5 for each application.
    plan = evaluate(imported(policy(0, approval_rate=0.5, applicant_cost=0.5)), {"list": "slow"})
    for scenario, package in (("none", 0.0), ("stop", 1.0)):
        assert plan.scenarios[scenario]["counterpart_loss"] == approx(30.0 + package)
        assert plan.scenarios[scenario]["own_loss"] == approx(75.0 + 7.5)
    assert causes(plan, "counterpart") == {("imports", ""): approx(30.0)}
    assert causes(plan, "ours") == {("sales", "x"): approx(75.0), ("paperwork", "x"): approx(7.5)}
    assert parts(plan, "counterpart")["refused_imports"] == approx(30.0)


def test_imports_that_wait_too_long_are_not_ordered() -> None:
    plan = evaluate(imported(policy(9)), {"list": "slow"})
    assert (plan.counterpart_loss, plan.own_loss) == (approx(0.0), approx(150.0))


def test_an_outage_and_a_review_of_imports_multiply() -> None:
    # A tenth is left of the lane in week 1, and half of that is licensed: 0.5 of 10 come.
    outage = {"contingency": "storm", "lane": "them-us", "from_week": 1, "to_week": 1, "availability": 0.1}
    plan = evaluate(imported(policy(0, approval_rate=0.5), contingencies=[outage]), {"list": "slow"})
    assert plan.scenarios["storm"]["own_loss"] == approx((30 - 10.5) * 5.0)


def test_a_review_of_imports_pays_where_it_hurts_them_more() -> None:
    # We have our own at 5 instead of 4; they lose 2 a unit.
    made = imported(policy(0, approval_rate=0.0), processes=[process("us", capacity=20.0, unit_cost=5.0)])
    for method in METHODS:
        plan = solve(made, method=method)
        assert (plan.policies, plan.leverage) == ({"list": "slow"}, approx(30.0))


# Ends ----------------------------------------------------------------------------------------------------------------


def test_several_ends_are_several_policies() -> None:
    # Every week of a ban costs them 10 * (5 - 1) and us a margin of 10 * 1.5.
    made = reviewed(3, policy(0, approval_rate=0.0, end_week="1;2;"), penalty=5.0, margin=1.5)
    plan = solve(made)
    assert (plan.policies, plan.leverage, plan.solve["combinations"]) == ({"list": "slow"}, approx(75.0), 4)
    for end, weeks in (("slow@1", 1), ("slow@2", 2), ("slow", 3)):
        assert evaluate(made, {"list": end}).leverage == approx(25.0 * weeks)
    assert made.policies[0].end_week.text == "1;2;"
    single = reviewed(3, policy(0, approval_rate=0.0, end_week=2), penalty=5.0, margin=1.5)
    assert solve(single).policies == {"list": "slow"}


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (
            "2;x",
            "not a list of weeks; write weeks with semicolons between them, such as 13;26, and one at the end, 13;26;",
        ),
        ("2;2", "names week 2 twice; name each end once"),
        (";", "names no end twice; name each end once"),
        ("1;0;3", "week 0 is not after start_week 0; it is the first week after the policy"),
    ],
)
def test_ends_that_say_nothing_are_refused(end: str, message: str) -> None:
    with pytest.raises(CaseError, match=re.escape(message)):
        reviewed(3, policy(0, end_week=end))


def test_names_of_variants_are_their_own() -> None:
    with pytest.raises(CaseError, match=r"its variant 'slow@2' has the name of another policy"):
        reviewed(3, policy(0, end_week="2;"), policy(0, "slow@2"))


def test_a_package_names_one_end() -> None:
    with pytest.raises(CaseError, match=r"may end in several weeks \(1;2\); a package is one thing"):
        case(
            lanes=[lane("them", "us", 10.0, regime="ban")],
            regimes=THEIRS,
            policies=[policy(0, "stop", "ban", end_week="1;2")],
            retaliations=[{"package": "stop", "regime": "ban", "policy": "stop"}],
        )


# The stake -----------------------------------------------------------------------------------------------------------


def staked(weeks: int, *review: Row, stake: float | None = None, concession: float | None = None, **more: Any) -> Case:
    stated = {"stake": stake, "concession_cost": concession}
    bargain = {name: value for name, value in stated.items() if value is not None}
    return reviewed(weeks, *review, bargain=bargain, **more)


def test_a_settlement_ends_what_goes_on() -> None:
    # Every week of a ban costs them 10 * (5 - 1) and us 10 * 1.5.
    ban = policy(0, approval_rate=0.0)
    plan = solve(staked(3, ban, stake=50.0, concession=100.0, penalty=5.0, margin=1.5))
    weeks = plan.tables["by_week"]
    assert weeks["counterpart_loss"].tolist() == approx([0.0, 40.0, 80.0, 120.0], abs=1e-6)
    assert weeks["own_loss"].tolist() == approx([0.0, 15.0, 30.0, 45.0], abs=1e-6)
    assert weeks["leverage"].tolist() == approx([0.0, 25.0, 50.0, 75.0], abs=1e-6)
    assert plan.bargain == {
        "settlement": approx(37.5),
        "stake": 50.0,
        "credible": True,
        "concession_cost": 100.0,
        "gives_way": True,
        # From week 1 on they lose 80 more, less than giving way costs.
        "spent_week": 1,
    }
    assert plan.to_dict()["bargain"]["credible"] is True


def test_a_threat_that_costs_more_than_the_stake_is_a_bluff() -> None:
    bargain = solve(staked(3, policy(0, approval_rate=0.0), stake=44.0, penalty=5.0, margin=1.5)).bargain
    assert bargain is not None
    assert (bargain["credible"], bargain["gives_way"], bargain["spent_week"]) == (False, None, 3)


def test_nobody_foresees_a_settlement() -> None:
    # Week 0 is lost: 10 * (9 - 1). Week 1 is served from the world at 3, ordered in week 0: settled in week 1 that is paid.
    world = idle("world", "them", 10.0, unit_cost=3.0, lead_weeks=1)
    plan = solve(staked(2, policy(0, approval_rate=0.0), stake=1.0, penalty=9.0, lanes=[world]))
    assert plan.tables["by_week"]["counterpart_loss"].tolist() == approx([0.0, 100.0, 100.0], abs=1e-6)


def test_a_package_is_over_with_the_settlement() -> None:
    # Their package keeps goods a week under review, and half of them at home: settled in week 1 that is over.
    made = case(
        3,
        bargain={"stake": 1.0},
        items=[{"item": "x", "holding_cost": 0.5}],
        lanes=[lane("them", "us", 10.0, margin=2.0, regime="ban")],
        demands=[demand("us", 10.0, 9.0)],
        regimes=THEIRS,
        policies=[policy(1, "slow", "ban", approval_rate=0.5, applicant_cost=1.0)],
        retaliations=[{"package": "stop", "regime": "ban", "policy": "slow"}],
    )
    plan = evaluate(made)
    assert plan.worst_package == "stop"
    weeks = plan.tables["by_week"]
    refused = 0.5 * 10 * 2.0
    assert weeks["counterpart_loss"].tolist() == approx([0.0, refused, 2 * refused, 3 * refused], abs=1e-6)
    assert weeks["own_loss"].tolist()[-1] == approx(plan.own_loss)
    assert weeks["own_loss"].tolist()[0] == approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("number", "objective"),
    [(0, "worst"), (2, "expected"), (5, "cvar:0.8"), (7, "expected"), (9, "worst"), (16, "worst"), (20, "worst")],
)
def test_settlements_agree_with_the_oracle(number: int, objective: str) -> None:
    # From what the plan has decided: of several plans with its leverage the oracle may find another.
    settings, tables = random_case(number, 2, 6, [True, None][number % 2], 8, meaning=True, features=True)
    settings["bargain"] = {"stake": 100.0}
    if objective != "worst":
        settings["objective"] = {"scenario": objective}
        rows = [("package", row) for row in tables["retaliations"]]
        rows += [("contingency", row) for row in tables["contingencies"]]
        names = {row[key] for key, row in rows}
        for _, row in rows:
            row["probability"] = 0.9 / len(names)
    with seen() as found:
        plan = solve(case_from_tables("drawn", settings, tables))
    decided, weights = found[-1]
    if objective == "expected":
        # Outages decide as well, and a settlement does not end them.
        assert len(weights) == len(plan.scenarios)
    told = by_week(settings, tables, plan.policies, decided=decided, weights=weights)
    weeks = plan.tables["by_week"]
    scale = 1e-4 * max(1.0, *(abs(figures[side]) for figures in plan.scenarios.values() for side in LOSSES))
    for name, column in zip(LOSSES, zip(*told, strict=True), strict=True):
        assert weeks[name].tolist() == approx(column, abs=scale)
        assert weeks[name].iloc[-1] == approx(getattr(plan, name), abs=1e-9 * scale + 1e-6)


def test_an_outage_goes_on_after_a_settlement() -> None:
    # The mine makes 10 of y a week, or 12, and fails in weeks 2 and 3 with a probability of 1/4: then 20 units are lost at 9 - 1
    # each. The plan builds 2 in week 0 and 2 in week 1 ahead, at a holding cost of 0.1. Settled in week 0 nothing is built, in
    # week 1 the 2 are used at once: nobody knows of the outage. From week 2 on it is known, and 4 are there.
    fire = {"contingency": "fire", "process": "y-at-us", "from_week": 2, "duration_weeks": 2, "availability": 0.0}
    made = case(
        5,
        bargain={"stake": 1.0},
        objective="expected",
        items=[{"item": "x"}, {"item": "y", "holding_cost": 0.1}],
        lanes=[lane("us", "them", 10.0, regime="list")],
        demands=[demand("them", 10.0, 5.0), demand("us", 10.0, 9.0, item="y")],
        processes=[process("us", "y", unit_cost=1.0, capacity=12.0)],
        regimes=OURS,
        policies=[policy(0, approval_rate=0.0)],
        contingencies=[fire | {"probability": 0.25}],
    )
    plan = evaluate(made, {"list": "slow"})
    weeks = plan.tables["by_week"]
    built = 0.25 * 16 * 8.0 + 0.1 * (2 + 4)
    assert weeks["own_loss"].tolist() == approx([40.0, 40.2, built, built, built, built], abs=1e-6)
    assert weeks["counterpart_loss"].tolist() == approx([40.0 * week for week in range(6)], abs=1e-6)
    assert plan.own_loss == approx(built)


def test_zeros_change_nothing() -> None:
    review = policy(2, admin_cost=1.0)
    nothing = review | {"applicant_cost": 0.0, "ally_benefit": 0.0}
    around = {"lanes": [idle("world", "them", 4.0, unit_cost=3.0)], "stocks": [stock("them", 5.0)], "margin": 2.0}
    plans = [
        solve(reviewed(4, review, **around)),
        solve(reviewed(4, nothing, **around, kept_share=0.0)),
        solve(reviewed(4, review, **around, after=9)),
        solve(reviewed(4, review, **around, kept_share=0.5)),
    ]
    for other in plans[1:]:
        assert all(table.equals(other.tables[name]) for name, table in plans[0].tables.items())
        assert other.scenarios == plans[0].scenarios
    assert "by_week" not in plans[0].tables
    assert "bargain" not in plans[0].to_dict()
    assert not {"ally_benefits", "lasting_loss"} & set(plans[0].tables["losses"]["part"])


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


@pytest.mark.parametrize("number", range(40, 48))
def test_every_method_agrees_with_the_oracle(number: int) -> None:
    drawn = random_case(number, 2, 6, [True, None][number % 2], 8, meaning=True, features=True)
    drawn = only(drawn, *FEATURES)
    made, answer = case_from_tables("drawn", *drawn), oracle(*drawn)
    for method in METHODS:
        agree(solve(made, method=method), answer)
