"""What suppliers ask for, against the oracle: random cases of supply diversification."""

from __future__ import annotations

import copy
import os
import random
from typing import Any

import pytest
from pytest import approx
from sluicegate import CaseError, case_from_tables, solve

from sluicegate_testing.buyers import with_idle_counterpart, with_suppliers_that_ask
from sluicegate_testing.diversification import random_sourcing_case
from sluicegate_testing.oracle import OracleAnswer, least_cost, oracle
from sluicegate_testing.strategies import Settings, Tables, random_case

CLOSE = 1e-6
"""Relative difference of two costs."""


def near(leverage: float, answer: OracleAnswer) -> Any:
    """A leverage, to 1e-4 of it or 1e-8 of the money at stake."""
    at_stake = max(abs(answer.status_quo_cost), *answer.response_cost.values(), 1.0)
    return approx(leverage, abs=1e-4 * max(abs(leverage), 1e-4 * at_stake))


ROUNDS = int(os.environ.get("SLUICEGATE_BUYERS", "60"))


@pytest.mark.parametrize("part", range(6))
def test_least_cost(part: int) -> None:
    for number in range(part, ROUNDS, 6):
        drawn = with_idle_counterpart(random_sourcing_case(number))
        answer = oracle(*drawn)
        try:
            case = case_from_tables("drawn", *drawn)
        except CaseError as error:
            # A contract and a least order that contradict each other.
            assert "asks for goods in every week" in str(error), number
            assert answer.leverage is None, number
            continue
        plan = solve(case)
        assert (plan.status == "infeasible") == (answer.leverage is None), number
        if answer.leverage is None:
            continue
        assert plan.status == "optimal", number
        assert plan.leverage == approx(answer.leverage, abs=CLOSE * max(1.0, abs(answer.status_quo_cost))), number


def landed(drawn: tuple[Settings, Tables], number: int) -> tuple[Settings, Tables]:
    """The same case with freight and duty on some lanes: at random, by a seed."""
    settings, tables = copy.deepcopy(drawn)
    dice = random.Random(number)
    for row in tables["lanes"]:
        if dice.random() < 0.6:
            row["freight"] = round(dice.uniform(0, 0.4) * row["unit_cost"], 3)
        if dice.random() < 0.6:
            row["duty"] = dice.choice([0.025, 0.1, 0.25])
    return settings, tables


def test_freight_and_duty_are_paid() -> None:
    for number in range(16):
        drawn = landed(random_sourcing_case(number), number)
        try:
            case = case_from_tables("drawn", *drawn)
        except CaseError as error:
            assert "asks for goods in every week" in str(error), number
            continue
        (cost, now), plan = least_cost(*drawn), solve(case, rel_gap=CLOSE / 10)
        assert (plan.status == "infeasible") == (cost is None), number
        if cost is not None:
            assert plan.cost == approx(cost, rel=CLOSE), number
            assert plan.cost_now == approx(now, rel=CLOSE), number


def test_freight_and_duty_with_a_counterpart() -> None:
    for number in range(8):
        drawn = landed(with_suppliers_that_ask(random_case(number, max_regimes=2, max_weeks=6), number), number)
        plan, answer = solve(case_from_tables("drawn", *drawn)), oracle(*drawn)
        assert (plan.status == "infeasible") == (answer.leverage is None), number
        if answer.leverage is not None:
            assert plan.leverage == near(answer.leverage, answer), number


@pytest.mark.parametrize("part", range(4))
def test_with_a_counterpart(part: int) -> None:
    asked = 0
    for number in range(part, ROUNDS // 2, 4):
        drawn = with_suppliers_that_ask(random_case(number, max_regimes=2, max_weeks=6, max_combinations=9), number)
        plan, answer = solve(case_from_tables("drawn", *drawn)), oracle(*drawn)
        assert (plan.status == "infeasible") == (answer.leverage is None), number
        if answer.leverage is None:
            continue
        assert plan.status == "optimal", number
        assert plan.leverage == near(answer.leverage, answer), number
        asked += any(row.get("min_order") for row in drawn[1]["lanes"]) or bool(drawn[1]["price_breaks"])
    assert asked


@pytest.mark.parametrize("method", ["columns", "pieces", "rows", "program"])
def test_every_method_proves_the_same_plan(method: str) -> None:
    for number in range(300, 308):
        drawn = with_suppliers_that_ask(random_case(number, max_regimes=2, max_weeks=5, max_combinations=6), number)
        plan, answer = solve(case_from_tables("drawn", *drawn), method=method), oracle(*drawn)
        assert (plan.status == "infeasible") == (answer.leverage is None), number
        if answer.leverage is not None:
            assert plan.status == "optimal", number
            assert plan.leverage == near(answer.leverage, answer), number
