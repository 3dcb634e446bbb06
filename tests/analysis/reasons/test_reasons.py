"""What each decision is for, and what other policies and budgets give, against all first-stage choices tried one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from pytest import approx
from sluicegate import Plan, case_from_tables, evaluate, load_case, solve, with_reasons
from sluicegate.analysis.results import read_result
from sluicegate.report.text.reason_cells import reason_cells
from sluicegate.report.views.plan import plan_view

from sluicegate_testing.oracle import Case as OracleCase
from sluicegate_testing.oracle import best_for, combinations
from sluicegate_testing.results import publish
from sluicegate_testing.strategies import random_case

POLICY = "policy."


def best(drawn, keep: Callable[[dict, tuple], bool]) -> float | None:
    """Best leverage among the first-stage choices that are kept, by the oracle; stockpiles are left to it."""
    case = OracleCase(*drawn)
    names = [lane.id for lane in case.lanes if lane.fixed_cost and case.side[lane.destination] == "H"]
    found = []
    for policies in combinations(*drawn):
        for count in range(len(names) + 1):
            for chosen in itertools.combinations(names, count):
                if keep(policies, chosen):
                    found.append(best_for(*drawn, policies, qualified=chosen)[0])
    return max((leverage for leverage in found if leverage is not None), default=None)


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_the_loss_is_that_of_the_best_plan_without_it(number: int) -> None:
    drawn = random_case(number, max_regimes=2, max_weeks=4, max_combinations=6)
    plan = with_reasons(solve(case_from_tables("drawn", *drawn)))
    if plan.leverage is None:
        return
    margin = 1e-4 * max(1.0, abs(plan.leverage))
    for reason in plan.reasons:
        key, choice = reason["key"], reason["choice"]
        if reason["kind"] == "policy":
            left = best(drawn, lambda policies, _, k=key, c=choice: policies.get(k, "open") != c)
        elif reason["kind"] == "qualified":
            left = best(drawn, lambda _, chosen, k=key: k not in chosen)
        else:
            continue
        assert reason["no_plan"] == (left is None)
        if left is not None:
            assert reason["lost"] == approx(plan.leverage - left, abs=margin)
    table = plan.tables.get("what_if")
    if table is None:
        return
    told = table[(table["budget"] == drawn[0].get("limits", {}).get("budget")) | table["budget"].isna()]
    for row in told.to_dict("records"):
        policies = {name.removeprefix(POLICY): row[name] for name in row if name.startswith(POLICY)}
        left = best_for(*drawn, policies)[0]
        if row["state"] == "exact":
            assert row["leverage"] == approx(left, abs=margin)
        elif row["state"] == "at most":
            assert left is None or left <= row["leverage"] + margin or row["leverage"] != row["leverage"]
        else:
            assert left is None


@pytest.fixture(scope="module")
def tutorial() -> Plan:
    return with_reasons(solve(load_case("tutorial")))


def test_the_limit_that_needs_a_decision_is_one_that_breaks_without_it(tutorial: Plan) -> None:
    lane = next(reason for reason in tutorial.reasons if reason["kind"] == "qualified")
    without = evaluate(tutorial.case, tutorial.policies, (), tutorial.stockpile)
    assert any(
        words.startswith(lane["limit"]) and f"scenario {lane['scenario']}" in words for words in without.violations
    )
    assert lane["others"] == len(without.violations) - 1
    policy = next(reason for reason in tutorial.reasons if reason["kind"] == "policy")
    dropped = evaluate(tutorial.case, {}, tutorial.qualified, tutorial.stockpile)
    fallen = {
        name: tutorial.scenarios[name]["leverage"] - dropped.scenarios[name]["leverage"] for name in dropped.scenarios
    }
    assert policy["added"] == approx(max(fallen.values()))
    assert fallen[policy["scenario"]] == approx(policy["added"])


def test_every_budget_has_its_best_plan(tutorial: Plan) -> None:
    table = tutorial.tables["what_if"]
    for budget, rows in table.groupby("budget"):
        again = solve(load_case("tutorial", [f"limits.budget={budget}"]))
        exact = rows[rows["state"] == "exact"]["leverage"]
        assert exact.max() == approx(again.leverage, rel=1e-4)


def test_reasons_survive_the_folder_and_are_said_in_words(tutorial: Plan, tmp_path) -> None:
    read, _ = read_result(publish(tutorial.case, tutorial, tmp_path / "out"), tables=True)
    assert [dict(reason) for reason in read.reasons] == [dict(reason) for reason in tutorial.reasons]
    assert read.tables["what_if"].equals(tutorial.tables["what_if"])
    rows = {cells[0]: cells for cells in reason_cells(plan_view(read).reasons)}
    lane = rows["qualify Chip from World market"]
    assert lane[1:3] == ["10.000", "49.700"] or lane[2].startswith("49.7")
    assert "weekly fill of Chip in Device makers at least 40%" in lane[3]
    assert "Acid exports: open instead of review" in lane[4]


def test_stopped_before_it_begins_a_plan_has_no_reasons(tutorial: Plan) -> None:
    assert with_reasons(solve(load_case("tutorial")), seconds=0).reasons == ()
    plan = with_reasons(solve(load_case("tutorial")), stop=lambda: True)
    assert plan.reasons == () and "what_if" not in plan.tables
    assert plan.to_dict().get("reasons") is None


def test_the_same_work_gives_the_same_reasons_and_less_work_no_wrong_ones(tutorial: Plan) -> None:
    plan = solve(load_case("tutorial"))
    few, again = (with_reasons(plan, most=8) for _ in range(2))
    assert few.reasons == again.reasons
    table = few.tables["what_if"]
    assert table.equals(again.tables["what_if"])
    assert few.reasons != tutorial.reasons
    for less, full in zip(few.reasons, tutorial.reasons, strict=True):
        assert less["low"] is None or less["low"] <= full["lost"] + 1e-6
        assert less["high"] is None or less["high"] >= full["lost"] - 1e-6
    whole = tutorial.tables["what_if"]
    exact = whole[whole["state"] == "exact"].index
    assert len(table) == len(whole)
    assert (table.loc[exact, "leverage"].fillna(float("inf")) >= whole.loc[exact, "leverage"] - 1e-6).all()
    assert (table["state"] == "exact").sum() < len(exact)


def test_what_is_not_enumerated_is_bounded() -> None:
    from sluicegate.analysis.reasons.without import Without, decisions_of
    from sluicegate.model.leader.problem import Problem

    plan = solve(load_case("tutorial"))
    exact = {reason["key"]: reason for reason in with_reasons(plan).reasons}
    problem = Problem.natural(plan.case)
    without = Without(problem, plan, None, 1e-4, lambda: False)
    for decision in decisions_of(plan):
        reason = without.reason(decision)
        assert not reason["no_plan"]
        assert reason["low"] <= exact[decision.key]["lost"]
        assert reason["high"] is None or reason["high"] >= exact[decision.key]["lost"] - 1e-6
