"""Units do not matter, and a large number for no limit decides nothing."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import oracle
from pytest import approx
from sluicegate import Case, CaseError, Plan, breakeven, case_from_tables, evaluate, explain, frontier, indices, load_case
from sluicegate import solve as solve_case
from sluicegate.analysis.status_quo import status_quo_warnings
from sluicegate.data import apply_overrides
from sluicegate.data.units import Units, natural_units
from sluicegate.model.planning import money_scale
from sluicegate.model.problem import Problem
from strategies import Factors, cases, random_case, rescaled

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]

SAME = 1e-6
"""Relative difference of a leverage in two units."""


def drawn_of(case: Case) -> Drawn:
    """Settings and rows of a case in memory."""
    tables = {
        table: [row.model_dump(by_alias=True, exclude_unset=True) for row in case.rows(table)]
        for table in ("parties", "sites", "items", "stocks", "lanes", "processes", "recipes", "demands", "regimes")
    }
    tables |= {
        table: [row.model_dump(by_alias=True, exclude_unset=True) for row in case.rows(table)]
        for table in ("policies", "retaliations", "contingencies")
    }
    return case.settings.model_dump(exclude_unset=True), tables


def made(drawn: Drawn) -> Case:
    return case_from_tables("drawn", *drawn)


TUTORIAL = drawn_of(load_case("tutorial"))


def close(first: float | None, second: float | None, factor: float, at_stake: float) -> bool:
    """Whether two figures agree, the second in a unit so many times smaller."""
    if first is None or second is None:
        return first is second
    return abs(second / factor - first) <= SAME * max(abs(first), 1e-3 * at_stake)


def check_plan(plan: Plan, other: Plan, factors: Factors, at_stake: float) -> None:
    """The same plan in other units."""
    assert other.status == plan.status
    assert (other.policies, other.qualified, other.worst_package) == (plan.policies, plan.qualified, plan.worst_package)
    for name in ("leverage", "bound", "own_loss", "counterpart_loss", "sourcing_only_leverage"):
        assert close(getattr(plan, name), getattr(other, name), factors.money, at_stake), name
    for key, amount in plan.stockpile.items():
        item = key.partition("/")[2]
        assert other.stockpile[key] == approx(amount * factors.item(item), rel=1e-5)
    assert other.stockpile.keys() == plan.stockpile.keys()


def check_same(drawn: Drawn, factors: Factors) -> Plan:
    """Solve a case in two units and compare."""
    case, other = made(drawn), made(rescaled(drawn, factors))
    assert [str(remark).split(": ")[-1].split(" (")[0] for remark in other.warnings] == [
        str(remark).split(": ")[-1].split(" (")[0] for remark in case.warnings
    ]
    plan, again = solve_case(case), solve_case(other)
    if plan.leverage is None:
        assert again.status == plan.status
        return plan
    check_plan(plan, again, factors, money_scale(Problem(case)))
    return plan


SINGLY = [
    Factors(money=1e-9),
    Factors(money=1e9),
    Factors(quantities=1e-9),
    Factors(quantities=1e9),
    Factors(items={"chip": 1e9}),
    Factors(items={"acid": 1e-9}),
    Factors(money=3e-7, quantities=3e-7),
    Factors(money=1e-9, quantities=1e9, items={"acid": 1e9, "chip": 1e-9}),
]


@pytest.mark.parametrize("factors", SINGLY, ids=str)
def test_the_tutorial_in_any_units(factors: Factors) -> None:
    plan = check_same(TUTORIAL, factors)
    assert plan.leverage == approx(29.9)
    assert plan.policies == {"acid": "review", "gas": "open"}
