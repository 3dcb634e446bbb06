"""Plans of equal leverage are told apart by rule: the same plan whichever method is first, whatever rounding makes of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from pytest import approx
from sluicegate import Case, case_from_tables, load_case, solve
from sluicegate.model.leader.problem import Problem
from sluicegate.model.leader.scenario_values import worst_of
from sluicegate.model.methods import best_first
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.plan.tolerances import leverage_tie


def rows_of(case: Case, table: str) -> list[dict[str, Any]]:
    return [row.model_dump(by_alias=True, exclude_unset=True) for row in case.rows(table)]


def alike(**changes: list[dict[str, Any]]) -> Case:
    """The tutorial with gas as acid is: slowing one is as good as slowing the other, and both are no better than one."""
    case = load_case("tutorial")
    tables = {
        table: rows_of(case, table)
        for table in (
            *("parties", "sites", "items", "stocks", "lanes", "processes", "recipes", "demands"),
            *("regimes", "policies", "retaliations"),
        )
    }
    tables["lanes"] = [row for row in tables["lanes"] if row["lane"] != "acid-world-abroad"]
    for row in tables["stocks"]:
        if row["item"] == "gas":
            row["initial"] = 20.0
    ours = [row for row in tables["policies"] if row["regime"] == "acid"]
    tables["policies"] = [row for row in tables["policies"] if row["regime"] == "chips"]
    tables["policies"] += [*ours, *({**row, "regime": "gas"} for row in ours)]
    for table, more in changes.items():
        tables[table] += more
    return case_from_tables("alike", case.settings.model_dump(exclude_unset=True), tables)


@pytest.fixture(scope="module")
def case() -> Case:
    return alike()


@pytest.mark.parametrize("method", ["columns", "rows", "program"])
def test_every_method_takes_the_same_of_two_plans(case: Case, method: str) -> None:
    plan = solve(case, method=method)
    assert plan.leverage == approx(solve(case).leverage, rel=1e-9)
    assert {regime: policy for regime, policy in plan.policies.items() if policy != "open"} == {"gas": "review"}


@pytest.mark.parametrize("first", [(1, 0), (0, 1), (2, 0), (1, 1)])
def test_where_the_search_began_does_not_matter(case: Case, first: tuple[int, int]) -> None:
    problem = Problem.natural(case)
    trials = LocalSearch(problem, SolveLimits.of(problem.case))
    best = trials.work_out(trials.respond((0, 1)))
    # As if it had been found first, and not to be told from the best.
    trials.best = replace(trials.work_out(trials.respond(first)), leverage=best.leverage)
    trials.simplify()
    assert trials.best.trial.policy_indices == (0, 1)


def test_what_is_left_within_the_gap_is_looked_at(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = solve(case, rel_gap=0.5)
    assert wide.policies == solve(case).policies
    monkeypatch.setattr(best_first, "LOOKS", 0)
    assert solve(case, rel_gap=0.5).bound >= wide.bound


def test_of_two_lanes_that_do_the_same_the_first_is_qualified() -> None:
    lane = next(row for row in rows_of(load_case("tutorial"), "lanes") if row["lane"] == "chip-world-home")
    plan = solve(alike(lanes=[{**lane, "lane": "another"}]))
    assert plan.qualified == ("chip-world-home",)


def test_packages_that_are_as_bad_are_told_apart_by_their_order(case: Case) -> None:
    network = Problem.natural(case).network
    noise = {"none": (0.0, 1e-15), "chip-inspection": (0.0, 2e-15)}
    assert worst_of(network, noise, 100.0) == "none"
    assert worst_of(network, {**noise, "chip-inspection": (0.0, 1e-3)}, 100.0) == "chip-inspection"
    assert math.isclose(leverage_tie(0.0), 1e-9)
