"""One engine under one set of terms after another gives what a fresh solve of each gives."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from sluicegate import case_from_tables, evaluate, solve
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.methods.engine import Engine
from sluicegate.model.plan.limits import SolveLimits

from sluicegate_testing.builders import OURS, case, demand, idle, lane, policy, stock
from sluicegate_testing.strategies import cases

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]

LEVELS = {
    "budget": (0.0, 4.0, 15.0, math.inf),
    "reviewer_hours": (0.0, 5.0, math.inf),
    "political_capital": (0.0, 2.0, math.inf),
    "least_fill": (0.0, 0.3, 0.6, 0.9),
}


def under(drawn: Drawn, solve_limits: SolveLimits) -> Drawn:
    """The case with the terms as its limits."""
    settings_, tables = copy.deepcopy(drawn)
    settings_["limits"] = {
        name: getattr(solve_limits, name) for name in ("budget", "reviewer_hours", "political_capital")
    }
    for row in tables["demands"]:
        if row.get("min_fill"):
            row["min_fill"] = solve_limits.least_fill
    return settings_, tables


@settings(max_examples=15)
@given(cases(), st.lists(st.fixed_dictionaries({n: st.sampled_from(v) for n, v in LEVELS.items()}), min_size=3))
def test_terms_one_after_another(drawn: Drawn, levels: list[dict[str, float]]) -> None:
    with Engine(case_from_tables("drawn", *drawn), widest=SolveLimits(least_fill=0.0)) as engine:
        money = money_scale(engine.problem)
        for solve_limits in (SolveLimits(**row) for row in levels[:4]):
            found = engine.search(solve_limits, rel_gap=0.0)
            plan = solve(case_from_tables("drawn", *under(drawn, solve_limits)), rel_gap=0.0)
            assert (found.choice is None) == (plan.status == "infeasible")
            if plan.leverage is not None:
                assert found.leverage == approx(plan.leverage, rel=1e-6, abs=1e-7 * money)
                assert found.bound >= plan.leverage - 1e-7 * max(abs(plan.leverage), money)


@settings(max_examples=15)
@given(cases())
def test_a_limit_on_our_own_loss(drawn: Drawn) -> None:
    # At the loss of the best plan nothing changes; below it the limit is kept, and leverage falls.
    case_ = case_from_tables("drawn", *drawn)
    limits = SolveLimits.of(case_)
    with Engine(case_, widest=limits) as engine:
        money = money_scale(engine.problem)
        free = engine.search(limits, rel_gap=0.0)
        if free.choice is None:
            return
        plan = engine.plan(free)
        rated = engine.problem.network.rated
        most = max(plan.scenarios[name]["own_loss"] for name in rated)
        slack = 1e-6 * money
        before = free.leverage
        for less in (-slack, 0.02 * money, 0.05 * money):
            solve_limits = SolveLimits(
                limits.budget, limits.reviewer_hours, limits.political_capital, own_loss=most - less
            )
            found = engine.search(solve_limits, rel_gap=0.0)
            if found.choice is None:
                break
            assert found.leverage <= before + slack
            assert less > 0 or found.leverage >= free.leverage - slack
            held = engine.plan(found)
            assert max(held.scenarios[name]["own_loss"] for name in rated) <= most - less + slack
            before = found.leverage


def test_choices_that_the_case_does_not_offer() -> None:
    made = case(
        stocks=[stock("us", stockpile_max=5.0), stock("friend")],
        lanes=[lane("us", "them", 1.0, regime="list"), idle("world", "us", 1.0, fixed_cost=1.0)],
        regimes=OURS,
        policies=[policy(1)],
        demands=[demand("us", 1.0, 1.0)],
    )
    with pytest.raises(ValueError, match="no regime 'lst' of ours; did you mean 'list'"):
        evaluate(made, {"lst": "slow"})
    with pytest.raises(ValueError, match="'list' has no policy 'slwo'; did you mean 'slow'"):
        evaluate(made, {"list": "slwo"})
    with pytest.raises(ValueError, match="no lane 'us-them' to qualify"):
        evaluate(made, qualified=("us-them",))
    with pytest.raises(ValueError, match="no stockpile 'friend/x'"):
        evaluate(made, stockpile={"friend/x": 1.0})
    with pytest.raises(ValueError, match="must lie between 0 and 5, not 6"):
        evaluate(made, stockpile={"us/x": 6.0})
    with pytest.raises(ValueError, match=r"no regime 'a'.*\n.*no lane 'b'.*\n.*no stockpile 'c'"):
        evaluate(made, {"a": "slow"}, ("b",), {"c": 1.0})
    assert evaluate(made, {"list": "slow"}, ("world-us",), {"us/x": 5.0}).status == "feasible"
