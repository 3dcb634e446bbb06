"""What suppliers ask for, against the oracle: random cases of supply diversification."""

from __future__ import annotations

import os

import pytest
from pytest import approx
from sluicegate import case_from_tables, solve

from sluicegate_testing.buyers import with_idle_counterpart
from sluicegate_testing.diversification import random_sourcing_case
from sluicegate_testing.oracle import oracle

CLOSE = 1e-6
"""Relative difference of two costs."""

ROUNDS = int(os.environ.get("SLUICEGATE_BUYERS", "60"))


@pytest.mark.parametrize("part", range(6))
def test_least_cost(part: int) -> None:
    for number in range(part, ROUNDS, 6):
        drawn = with_idle_counterpart(random_sourcing_case(number))
        plan, answer = solve(case_from_tables("drawn", *drawn)), oracle(*drawn)
        assert (plan.status == "infeasible") == (answer.leverage is None), number
        if answer.leverage is None:
            continue
        assert plan.status == "optimal", number
        assert plan.leverage == approx(answer.leverage, abs=CLOSE * max(1.0, abs(answer.status_quo_cost))), number
