"""Interdiction problems of published kinds: every method finds what another way of solving them finds."""

from __future__ import annotations

import functools

import pytest
from sluicegate import solve
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.large_spaces import RUNGS
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.plan.limits import SolveLimits

from sluicegate_testing.networks import Drawn, sensors, shortest_path, warehouses

DRAWN = {
    "path": functools.cache(lambda: shortest_path(8, 16, most=5, seed=3, enumerated=True)),
    "sensors": functools.cache(lambda: sensors(8, 13, evaders=3, seed=4)),
    "warehouses": functools.cache(lambda: warehouses(8, 12, seed=5)),
}


@pytest.mark.parametrize("method", ["auto", "columns", "rows", "program"])
@pytest.mark.parametrize("name", DRAWN)
def test_the_answer_is_that_of_another_method(name: str, method: str) -> None:
    drawn: Drawn = DRAWN[name]()
    assert drawn.leverage > 0
    plan = solve(drawn.case, method=method)
    assert plan.status == "optimal"
    assert plan.leverage == pytest.approx(drawn.leverage, rel=1e-5)
    assert plan.bound == pytest.approx(drawn.leverage, rel=1e-5)


@pytest.mark.parametrize("most", [12, 25])
def test_too_many_to_enumerate(most: float) -> None:
    found = shortest_path(14, 30, most=most, seed=7)
    plan = solve(found.case)
    assert "too many to enumerate" in plan.solve["reason"]
    assert plan.status == "optimal"
    assert plan.leverage == pytest.approx(found.leverage, rel=1e-5)


def test_wider_limits_never_make_local_search_worse() -> None:
    before = 0.0
    for most in range(0, 31, 3):
        case = shortest_path(12, 24, most=0, seed=9).case
        problem = Problem(case)
        trials = LocalSearch(problem, SolveLimits(political_capital=float(most)))
        trials.search(RUNGS)
        assert trials.leverage >= before - 1e-9
        before = trials.leverage
    assert before > 0
