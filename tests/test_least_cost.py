"""Cases without a counterpart, and scenarios weighed by probability, against the oracle."""

from __future__ import annotations

import copy
import os
import random
from typing import Any

import pytest
from pytest import approx
from sluicegate import CaseError, case_from_tables, evaluate, solve

from sluicegate_testing.buyer import buyer, buyer_tables
from sluicegate_testing.diversification import random_sourcing_case
from sluicegate_testing.oracle import least_cost, oracle
from sluicegate_testing.strategies import random_case

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]

EXACT = 1e-6
"""Relative difference of two costs."""

CLOSE = 1e-4
"""Relative difference of two leverages, and share of the money at stake from which a leverage counts as such."""

COSTS = int(os.environ.get("SLUICEGATE_SOAK", "300"))


def weighed(number: int) -> Drawn:
    """A random case with a counterpart whose scenarios have probabilities, at leverage or at cost."""
    settings, tables = copy.deepcopy(random_case(number))
    dice, left, told = random.Random(number), 1.0, dict[str, float | None]()
    for table, column in (("retaliations", "package"), ("contingencies", "contingency")):
        for row in tables.get(table, []):
            if row[column] not in told:
                told[row[column]] = round(dice.uniform(0, left / 2), 3) if dice.random() < 0.8 else None
                left -= told[row[column]] or 0.0
            if told[row[column]] is not None:
                row["probability"] = told[row[column]]
    objective = {"scenario": dice.choice(["expected", "cvar:0.9", "cvar:0.4", "worst", "none"])}
    if dice.random() < 0.35:
        objective["sense"] = "cost"
    if dice.random() < 0.5:
        for row in tables["items"]:
            row["share_always"] = True
    return {**settings, "objective": objective}, tables


@pytest.mark.parametrize("part", range(10))
def test_costs_and_bounds_are_those_of_the_oracle(part: int) -> None:
    for number in range(part, COSTS, 10):
        drawn = random_sourcing_case(number)
        try:
            case = case_from_tables("drawn", *drawn)
        except CaseError as error:
            # Take or pay beside a least order that an outage leaves no room for.
            assert all("min_share asks for goods in every week" in fault.message for fault in error.faults)
            continue
        cost, now = least_cost(*drawn)
        plan = solve(case, rel_gap=EXACT / 10)
        if cost is None:
            assert plan.status == "infeasible", number
            continue
        assert plan.status == "optimal", number
        assert plan.cost == approx(cost, rel=EXACT), number
        assert plan.cost_now == approx(now, rel=EXACT), number
        assert plan.own_loss == approx(cost - now, abs=EXACT * abs(cost)), number
        assert -plan.bound == approx(cost, rel=EXACT), number
        assert plan.to_dict()["bound"] <= plan.to_dict()["cost"]


@pytest.mark.parametrize("part", range(5))
def test_weighed_scenarios_with_a_counterpart(part: int) -> None:
    for number in range(part, 60, 5):
        drawn = weighed(number)
        plan, answer = solve(case_from_tables("drawn", *drawn)), oracle(*drawn)
        if answer.leverage is None:
            assert plan.status == "infeasible", number
            continue
        best = answer.leverage - (answer.status_quo_cost if plan.least_cost else 0.0)
        stake = max(abs(answer.status_quo_cost), *answer.response_cost.values(), 1.0)
        assert plan.leverage == approx(best, abs=CLOSE * max(abs(best), CLOSE * stake)), number


@pytest.mark.parametrize("method", ["pieces", "rows", "program"])
def test_every_method_weighs_scenarios(method: str) -> None:
    for number in (2, 3, 5):
        settings, tables = weighed(number)
        settings["objective"] = {"scenario": "expected" if number % 2 else "cvar:0.4"}
        answer = oracle(settings, tables)
        plan = solve(case_from_tables("drawn", settings, tables), method=method)
        assert plan.leverage == approx(answer.leverage, rel=CLOSE, abs=CLOSE), (method, number)


# By hand -----------------------------------------------------------------------------------------------------------


def test_the_objective_is_made_of_its_scenarios() -> None:
    plan = solve(buyer())
    told = plan.to_dict()["scenarios"]
    assert plan.weights == approx({"none": 0.8, "e1-out@2": 0.1, "e1-out@6": 0.1})
    assert plan.cost == approx(sum(plan.weights[name] * told[name]["cost"] for name in plan.weights))
    assert sum(row["amount"] for row in plan.causes()) == approx(plan.own_loss)
    assert plan.cost == approx(plan.cost_now + plan.own_loss)


def test_the_tail_is_the_worst_of_the_weight() -> None:
    plan = solve(buyer("cvar:0.9"))
    told = {name: entry["cost"] for name, entry in plan.to_dict()["scenarios"].items()}
    assert sum(plan.weights.values()) == approx(1.0)
    assert plan.cost >= sum(share * told[name] for name, share in (("none", 0.8), ("e1-out@2", 0.1), ("e1-out@6", 0.1)))
    assert plan.cost == approx(sum(share * told[name] for name, share in plan.weights.items()))


def test_what_an_evaluation_costs_is_no_less_than_the_plan() -> None:
    best, given = solve(buyer()), evaluate(buyer(), qualified=("raw-w1",), stockpile={"plant/raw": 40.0})
    assert given.cost >= best.cost
    assert given.cost_now == approx(best.cost_now)


def test_without_probabilities_nothing_is_told_of_them() -> None:
    plan = solve(buyer("none"))
    assert "weights" not in plan.to_dict()
    assert plan.cost == approx(plan.to_dict()["scenarios"]["none"]["cost"])


def test_shares_may_be_asked_for_in_every_scenario() -> None:
    settings, tables = buyer_tables()
    loose = solve(case_from_tables("buyer", settings, tables))
    tables["items"][0]["share_always"] = "true"
    tight = solve(case_from_tables("buyer", settings, tables))
    assert loose.cost is not None and (tight.cost is None or tight.cost >= loose.cost - 1e-9)
    flows = tight.tables["flows"]
    for _, rows in flows[flows["item"] == "raw"].groupby("scenario"):
        east = rows.loc[rows["lane"] == "raw-e1", "dispatched"].sum()
        assert east <= 0.7 * rows["dispatched"].sum() + 1e-6


# Faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scenario": "cvar:1"}, "write worst, none, expected, or cvar: with the share"),
        ({"scenario": "often"}, "write worst, none, expected, or cvar: with the share"),
        ({"sense": "leverage"}, "no party is counterpart; objective.sense = leverage needs one"),
    ],
)
def test_objectives_that_are_refused(change: dict[str, str], words: str) -> None:
    settings, tables = buyer_tables()
    settings["objective"] = {**settings["objective"], **change}
    with pytest.raises(CaseError, match=words):
        case_from_tables("buyer", settings, tables)


def test_probabilities_that_are_refused() -> None:
    settings, tables = buyer_tables()
    first = tables["contingencies"][0]
    tables["contingencies"] += [
        {**first, "lane": "raw-w1", "probability": 0.3},
        {**first, "contingency": "flood", "probability": 0.9},
    ]
    with pytest.raises(CaseError) as caught:
        case_from_tables("buyer", settings, tables)
    told = [str(fault) for fault in caught.value.faults]
    assert any("'e1-out' has 0.2; write one of them in both" in words for words in told)
    assert any("all probabilities together are 1.1, more than 1" in words for words in told)


def test_a_flag_is_true_or_false() -> None:
    settings, tables = buyer_tables()
    tables["items"][0]["share_always"] = "maybe"
    with pytest.raises(CaseError, match="neither true nor false"):
        case_from_tables("buyer", settings, tables)
