"""Policy spaces that are not enumerated as a whole: every method finds what the oracle finds, and proves it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, seed, settings
from pytest import approx
from sluicegate import Case, solve
from sluicegate.model.follower import combinations
from sluicegate.model.methods import large_spaces, narrowing

from sluicegate_testing.agreeing import agreed, made
from sluicegate_testing.builders import case, demand, lane, policy
from sluicegate_testing.impatient import Impatient
from sluicegate_testing.oracle import oracle
from sluicegate_testing.strategies import cases, random_case
from tools.bench.generate import generate

CLOSE = 1e-4
METHODS = ("pieces", "rows")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("coupling", [True, False])
def test_small_cases(method: str, coupling: bool) -> None:
    @seed(11)
    @settings(max_examples=6)
    @given(cases(coupling=coupling))
    def both(drawn: Any) -> None:
        agreed(drawn, method)

    both()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", range(60, 63))
def test_larger_cases(method: str, number: int) -> None:
    agreed(random_case(number, max_weeks=9, max_combinations=64), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", range(200, 203))
def test_where_limits_are_hard_to_keep(method: str, number: int) -> None:
    settings_, tables = random_case(number, max_regimes=3, max_weeks=8, max_combinations=27)
    settings_["limits"] = {"budget": 12.0, "reviewer_hours": 8.0, "political_capital": 4.0}
    for place, row in enumerate(tables["demands"]):
        row["min_fill"] = (0.75, 0.9, 0.6)[place % 3]
    for place, row in enumerate(tables["items"]):
        row["max_party_share"] = (0.9, 0.7)[place % 2]
    agreed((settings_, tables), method)


@pytest.mark.parametrize("number", [101, 104])
@pytest.mark.parametrize("method", METHODS)
def test_where_nearly_everything_is_a_tie(method: str, number: int) -> None:
    settings_, tables = random_case(number, max_regimes=3, max_weeks=8, max_combinations=27)
    for row in tables["items"]:
        row["holding_cost"] = None
    for row in tables["lanes"]:
        row["unit_cost"] = 2.0
    for row in tables["policies"]:
        for name in ("admin_cost", "reviewer_load", "political_cost"):
            row[name] = None
    plan = agreed((settings_, tables), method)
    enumerated = solve(made((settings_, tables)), method="columns")
    assert sum(name != "open" for name in plan.policies.values()) == sum(
        name != "open" for name in enumerated.policies.values()
    )


@pytest.mark.parametrize("number", [65, 68])
def test_combinations_that_rows_leave_are_enumerated(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrowing, "FEW", 12)
    monkeypatch.setitem(
        large_spaces.METHODS, "rows", large_spaces.Entry(narrowing.Narrowing, local=False, patience=20.0)
    )
    plan = agreed(random_case(number, max_weeks=9, max_combinations=64, features=True), "rows")
    assert 0 < plan.solve["enumerated"] <= 12 + 2 < plan.solve["combinations"]


def test_several_ends_of_every_review() -> None:
    """A menu of ends is narrowed by proof: what is dropped is no better than the plan."""
    ends = generate(4, 3, 12, ends="4;8;", seed=2)
    few = solve(ends, method="columns", rel_gap=1e-6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combinations, "MOST_COLUMNS", 20)
        patch.setattr(narrowing, "FEW", 60)
        patch.setattr(large_spaces.Race, "small", lambda self: False)
        plan = solve(ends, rel_gap=1e-6)
    assert (plan.solve["method"], plan.status) == ("rows", "optimal")
    assert 0 < plan.solve["enumerated"] <= 62 < plan.solve["combinations"]
    assert (plan.policies, plan.leverage) == (few.policies, approx(few.leverage, rel=1e-6))


# Stopped ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [2, 14])
def test_a_stopped_search_tells_what_it_knows(method: str, number: int) -> None:
    drawn = random_case(number)
    best = oracle(*drawn).leverage
    assert best is not None
    slack = CLOSE * abs(best)
    for patience in (0, 2, 30, 10_000):
        monitor = Impatient(patience)
        plan = solve(made(drawn), method=method, monitor=monitor)
        if plan.leverage is not None:
            assert plan.leverage <= best + slack
            assert plan.bound >= best - slack
        assert all(bound >= best - slack for _, bound in monitor.told)
        assert all(incumbent <= best + slack for incumbent, _ in monitor.told)
    assert plan.status == "optimal"


# Groups -------------------------------------------------------------------------------------------------------------


def apart(regimes: int) -> Case:
    """Regimes with a lane, a plant and a demand each; two reviews can be paid for."""
    names = [f"list{k}" for k in range(regimes)]
    return case(
        4,
        limits={"reviewer_hours": 2.0},
        sites={f"plant{k}": "them" for k in range(regimes)},
        lanes=[
            lane("us", f"plant{k}", 1.0, lane=name, regime=name, max_flow=1.0 + k / 10) for k, name in enumerate(names)
        ],
        demands=[demand(f"plant{k}", 1.0, 3.0 + k) for k in range(regimes)],
        regimes=[{"regime": name, "controller": "us"} for name in names],
        policies=[policy(2, regime=name, reviewer_load=1.0) for name in names],
    )


def test_groups_share_the_limits() -> None:
    plan = solve(apart(30))
    assert plan.solve["method"] == "program"  # A small one comes first.
    best = {regime for regime, name in plan.policies.items() if name != "open"}
    assert best == {"list28", "list29"}
    rows = solve(apart(30), method="rows")
    assert (rows.status, rows.policies) == ("optimal", plan.policies)
    assert rows.leverage == approx(plan.leverage)
    # Of what one group loses every response tells, whatever the others are under.
    assert rows.solve["response_rows"] < 10
