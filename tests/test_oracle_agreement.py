"""The package against the oracle: every combination enumerated, nothing shared but the mathematics."""

from __future__ import annotations

import copy
import os
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from pytest import approx
from sluicegate import Case, Plan, case_from_tables, evaluate, solve
from sluicegate.model import Monitor, TooManyCombinations
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.follower import combinations as candidates
from sluicegate.model.follower import enumerate as columns
from sluicegate.model.leader.problem import Problem

from sluicegate_testing.agreeing import made, of_some_value, stockpile_value
from sluicegate_testing.oracle import OracleAnswer, best_for, causes, combinations, oracle
from sluicegate_testing.reviewed import TIME, with_only
from sluicegate_testing.strategies import cases, feature_cases, meaning_cases, random_case

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]

CLOSE = 1e-4
"""Relative difference of two leverages, and share of the money at stake from which a leverage counts as such."""

ROUNDS = int(os.environ.get("SLUICEGATE_SOAK", "500"))


@cache
def answered(number: int) -> OracleAnswer:
    """The oracle's answer to a random case."""
    return oracle(*random_case(number))


def money(answer: OracleAnswer) -> float:
    """What is at stake: our costs of the status quo, or the counterpart's costs under its worst policies."""
    return max(abs(answer.status_quo_cost), *answer.response_cost.values(), 1.0)


def tolerance(leverage: float, answer: OracleAnswer) -> float:
    return CLOSE * max(abs(leverage), CLOSE * money(answer))


def near(leverage: float, answer: OracleAnswer) -> Any:
    return approx(leverage, abs=tolerance(leverage, answer))


def agree(drawn: Drawn, method: str = "auto") -> tuple[Plan, OracleAnswer]:
    """Solve a case both ways and compare."""
    plan, answer = solve(made(drawn), method=method), oracle(*drawn)
    assert (plan.status == "infeasible") == (answer.leverage is None)
    if answer.leverage is None:
        assert plan.leverage is plan.bound is None
        return plan, answer
    assert plan.status == "optimal"
    assert plan.leverage == near(answer.leverage, answer)
    assert plan.bound >= answer.leverage - tolerance(answer.leverage, answer)
    # Ties among policies are fine: what counts is what ours are worth.
    ours = answer.values[tuple(plan.policies[regime] for regime in answer.regimes)]
    assert ours is not None
    assert plan.leverage == near(ours, answer)
    if answer.sourcing_only is None:
        assert plan.sourcing_only_leverage is None
    else:
        assert plan.sourcing_only_leverage == near(answer.sourcing_only, answer)
    return plan, answer


# Random cases ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", range(5))
def test_coupled_cases(part: int) -> None:
    @seed(part)
    @settings(max_examples=26)
    @given(cases(coupling=True))
    def both(drawn: Drawn) -> None:
        agree(drawn)

    both()


@pytest.mark.parametrize("part", range(3))
def test_uncoupled_cases(part: int) -> None:
    # Nothing on our side depends on which least-cost response is played.
    @seed(part)
    @settings(max_examples=26)
    @given(cases(coupling=False))
    def both(drawn: Drawn) -> None:
        plan, answer = agree(drawn)
        if plan.leverage_range is not None:
            assert plan.leverage_range[0] == near(plan.leverage, answer)

    both()


@pytest.mark.parametrize("part", range(5))
def test_surprises_refusals_contracts_and_ends(part: int) -> None:
    @seed(part)
    @settings(max_examples=60)
    @given(meaning_cases(coupling=[True, None][part % 2]))
    def both(drawn: Drawn) -> None:
        agree(drawn)

    both()


@pytest.mark.parametrize("part", range(5))
def test_what_changes_over_time(part: int) -> None:
    @seed(part)
    @settings(max_examples=60)
    @given(feature_cases(coupling=[True, None][part % 2]))
    def both(drawn: Drawn) -> None:
        agree(with_only(drawn, TIME))

    both()


@pytest.mark.parametrize("method", ["columns", "pieces", "rows", "program"])
def test_every_method_knows_what_changes_over_time(method: str) -> None:
    for number in range(300, 312):
        drawn = with_only(
            random_case(number, max_weeks=6, max_regimes=2, max_combinations=9, meaning=True, features=True), TIME
        )
        agree(drawn, method)


@pytest.mark.parametrize("number", range(500, 516))
def test_causes_of_what_changes_over_time(number: int) -> None:
    # Nothing is qualified or stockpiled. Ties of the status quo move money between stock and holding, and cancel there.
    options = {"max_regimes": 2, "max_weeks": 6, "max_combinations": 9, "meaning": True, "features": True}
    drawn = with_only(random_case(number, **options), TIME)
    policies = combinations(*drawn)[-1]
    try:
        expected = causes(*drawn, policies, qualified=[], stockpile={})
    except ValueError:
        pytest.skip("the limits leave no plan")
    table = evaluate(made(drawn), policies).tables["causes"].query("scenario == 'none'")
    found = {(row.side, row.cause, row.item): row.amount for row in table.itertuples()}
    money = max(1.0, abs(expected.counterpart_loss), abs(expected.own_loss))
    for side, parts in (("counterpart", expected.counterpart), ("ours", expected.own)):
        for (cause, item), amount in parts.items():
            if cause in ("sales", "sources"):
                assert found.get((side, cause, item), 0.0) == approx(amount, abs=1e-3 * money)


@pytest.mark.parametrize("number", range(40))
def test_larger_cases(number: int) -> None:
    agree(random_case(number))


@settings(max_examples=40)
@given(cases(), st.data())
def test_given_choices(drawn: Drawn, data: st.DataObject) -> None:
    # Both losses of any policies, with nothing sourced or all that can be. Only our sites have a stockpile_max.
    case, (_, tables) = made(drawn), drawn
    policies = data.draw(st.sampled_from(combinations(*drawn)))
    lanes = [row["lane"] for row in tables["lanes"] if row.get("fixed_cost")]
    most = {(row["site"], row["item"]): row["stockpile_max"] for row in tables["stocks"] if row.get("stockpile_max")}
    if not data.draw(st.booleans()):
        lanes, most = [], {}
    plan = evaluate(case, policies, tuple(lanes), {"/".join(pair): amount for pair, amount in most.items()})
    leverage, details = best_for(*drawn, policies, qualified=lanes, stockpile=most)
    if leverage is None:
        assert plan.status == "infeasible"
        assert plan.violations
        return
    assert plan.status == "feasible", plan.violations
    at_stake = money_scale(Problem(case))
    assert plan.leverage == approx(leverage, rel=CLOSE, abs=CLOSE**2 * at_stake)
    loss = plan.scenarios["none"]["counterpart_loss"]
    assert loss == approx(details.counterpart_loss["none"], rel=CLOSE, abs=CLOSE**2 * at_stake)


# Cases made difficult ----------------------------------------------------------------------------------------------


def plain(drawn: Drawn) -> Drawn:
    """The case as it is."""
    return drawn


def tied(drawn: Drawn) -> Drawn:
    """The same network where nothing is cheaper than anything else: equal prices, no holding costs, equal margins."""
    settings_, tables = copy.deepcopy(drawn)
    for row in tables["items"]:
        row["holding_cost"] = None
    for row in tables["lanes"]:
        row["unit_cost"] = 2.0
        row["margin"] = 1.0 if row.get("margin") else None
    for row in tables["processes"]:
        row["unit_cost"] = 1.0
    for row in tables["demands"]:
        row["shortage_penalty"] = 20.0
    for row in tables["policies"]:
        for name in ("admin_cost", "reviewer_load", "political_cost"):
            row[name] = None
    return settings_, tables


def strict(drawn: Drawn) -> Drawn:
    """The same case with limits that are hard to keep."""
    settings_, tables = copy.deepcopy(drawn)
    settings_["limits"] = {"budget": 12.0, "reviewer_hours": 8.0, "political_capital": 4.0}
    for number, row in enumerate(tables["demands"]):
        row["min_fill"] = (0.75, 0.9, 0.6)[number % 3]
    for number, row in enumerate(tables["items"]):
        row["max_party_share"] = (0.9, 0.7)[number % 2]
    return settings_, tables


@pytest.mark.parametrize("number", range(100, 116))
def test_where_nearly_everything_is_a_tie(number: int) -> None:
    plan, answer = agree(tied(random_case(number, max_regimes=3, max_weeks=8, max_combinations=27)))
    if answer.leverage is not None:
        # Of plans as good as ours, none does with fewer policies.
        least = plan.leverage - 1e-7 * max(abs(plan.leverage), 1e-3)
        as_good = [policies for policies, value in answer.values.items() if value is not None and value >= least]
        reviewed = sum(policy != "open" for policy in plan.policies.values())
        assert reviewed == min(sum(policy != "open" for policy in policies) for policies in as_good)


@pytest.mark.parametrize("part", range(4))
def test_where_limits_are_hard_to_keep(part: int) -> None:
    infeasible = 0
    for number in range(200 + 8 * part, 208 + 8 * part):
        plan, _ = agree(strict(random_case(number, max_regimes=3, max_weeks=8, max_combinations=27)))
        infeasible += plan.status == "infeasible"
    # Infeasibility is proven, not assumed: some of these cases have a plan.
    assert 0 < infeasible < 8


@pytest.mark.parametrize("part", range(3))
def test_where_stockpiles_may_cost_so_much(part: int) -> None:
    bound = 0
    for number in range(300 + 20 * part, 320 + 20 * part):
        drawn = of_some_value(random_case(number, max_regimes=2, max_weeks=6, max_combinations=9), 0.5)
        most = drawn[0]["limits"]["stockpile_value"]
        if most <= 0:
            continue
        plan, _ = agree(drawn)
        used = stockpile_value(plan.case, plan)
        assert used <= most * (1 + 1e-6)
        bound += used >= most * (1 - 1e-6)
    # The limit decides in some of them.
    assert bound


@settings(max_examples=20)
@given(cases(coupling=True))
def test_ties_in_small_cases(drawn: Drawn) -> None:
    agree(tied(drawn))


# A search that is stopped ------------------------------------------------------------------------------------------


class Impatient(Monitor):
    """Stops a solve at the n-th time it is asked."""

    def __init__(self, patience: int):
        self.left = patience

    def stop(self) -> bool:
        self.left -= 1
        return self.left < 0


def check_stopped(plan: Plan, answer: OracleAnswer) -> None:
    """Whatever was found is worth no more than the best, and whatever was proven no less."""
    if plan.status == "infeasible":
        assert answer.leverage is None
        return
    if answer.leverage is None:
        assert plan.status == "unknown"
        return
    slack = tolerance(answer.leverage, answer)
    assert plan.bound is None or plan.bound >= answer.leverage - slack
    if plan.status == "unknown":
        assert plan.leverage is None
        return
    assert plan.leverage <= answer.leverage + slack
    assert plan.bound >= plan.leverage
    ours = answer.values[tuple(plan.policies[regime] for regime in answer.regimes)]
    assert ours is not None
    assert plan.leverage <= ours + slack


@pytest.mark.parametrize("number", [2, 3, 9, 11, 13, 14, 17])
def test_a_stopped_search_tells_what_it_knows(number: int) -> None:
    case, answer = made(random_case(number)), answered(number)
    statuses = set()
    for patience in (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 25, 40, 10_000):
        plan = solve(case, monitor=Impatient(patience))
        check_stopped(plan, answer)
        statuses.add(plan.status)
    assert statuses & {"feasible", "unknown"}
    assert plan.status == ("infeasible" if answer.leverage is None else "optimal")


def test_a_stopped_search_in_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "CHUNK", 4)
    case, answer = made(random_case(14)), answered(14)
    for patience in (2, 6):
        check_stopped(solve(case, threads=2, monitor=Impatient(patience)), answer)


def test_no_time_at_all() -> None:
    for number in (2, 3, 5, 6, 9, 11, 13, 14, 17):
        plan = solve(made(random_case(number)), time_limit=1e-9)
        check_stopped(plan, answered(number))
        assert plan.status in ("feasible", "unknown", "optimal", "infeasible")


class Watching(Monitor):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float]] = []
        self.stages: list[str] = []
        self.steps: list[tuple[int, int]] = []

    def stage(self, name: str, total: int) -> None:
        self.stages.append(name)

    def advance(self, done: int, total: int) -> None:
        self.steps.append((done, total))

    def bounds(self, incumbent: float, bound: float) -> None:
        self.told.append((incumbent, bound))


@pytest.mark.parametrize("number", [3, 9, 13, 14])
def test_what_is_told_on_the_way_is_true(number: int) -> None:
    watching, answer = Watching(), answered(number)
    plan = solve(made(random_case(number)), monitor=watching)
    slack = tolerance(answer.leverage, answer)
    # All open is tried before all others.
    assert watching.stages == ["build", "search", "responses", "search", "certificate"]
    assert watching.steps
    assert all(done <= total for done, total in watching.steps)
    assert watching.steps[-1][0] == watching.steps[-1][1]
    incumbents = [incumbent for incumbent, _ in watching.told]
    assert incumbents == sorted(incumbents)
    assert incumbents[-1] <= plan.leverage + slack
    assert all(bound >= answer.leverage - slack for _, bound in watching.told)


# Too much to enumerate ---------------------------------------------------------------------------------------------


def wide(regimes: int, policies: int, together: bool, **limits: float) -> Case:
    """Regimes with as many policies each, on lanes of one item to one site, or of an item each to a site each."""
    names = [f"list{k}" for k in range(regimes)]
    sites = ["plant"] if together else [f"plant{k}" for k in range(regimes)]
    tables = {
        "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
        "sites": [{"site": "home", "party": "us"}, *({"site": site, "party": "them"} for site in sites)],
        "items": [{"item": "x"}],
        "lanes": [
            {
                "lane": name,
                "item": "x",
                "origin": "home",
                "destination": sites[k % len(sites)],
                "unit_cost": 1.0,
                "base_flow": 1.0,
                "max_flow": 1.0,
                "regime": name,
            }
            for k, name in enumerate(names)
        ],
        "demands": [
            {"site": site, "item": "x", "quantity": regimes / len(sites), "shortage_penalty": 3.0} for site in sites
        ],
        "regimes": [{"regime": name, "controller": "us"} for name in names],
        "policies": [
            {"regime": name, "policy": f"review{p}", "delay_weeks": str(p + 1), "reviewer_load": 1.0}
            for name in names
            for p in range(policies)
        ],
    }
    return case_from_tables("wide", {"horizon": {"weeks": 1}, "limits": limits}, tables)


def test_too_many_combinations_are_counted() -> None:
    with pytest.raises(TooManyCombinations, match="4,294,967,296 policy combinations") as caught:
        solve(wide(16, 3, together=True), method="columns")
    assert caught.value.count == 4**16
    # Apart, each regime is a component of four, but all their products are candidates.
    with pytest.raises(TooManyCombinations, match="list15") as caught:
        solve(wide(16, 3, together=False), method="columns")
    assert caught.value.count == 4**16


def test_limits_make_combinations_few(monkeypatch: pytest.MonkeyPatch) -> None:
    # With 8 regimes of one policy, at most 2 of them reviewed: 1 + 8 + 28 of 256 combinations; each loses 3 - 1.
    monkeypatch.setattr(candidates, "MOST_COLUMNS", 37)
    plan = solve(wide(8, 1, together=True, reviewer_hours=2.0))
    assert plan.leverage == approx(4.0)
    assert plan.solve["combinations"] == 37
    monkeypatch.setattr(candidates, "MOST_COLUMNS", 36)
    with pytest.raises(TooManyCombinations) as caught:
        solve(wide(8, 1, together=True, reviewer_hours=2.0), method="columns")
    assert caught.value.count == 37
    assert solve(wide(8, 1, together=True, reviewer_hours=2.0)).leverage == approx(4.0)


def test_components_make_responses_few() -> None:
    # Eight regimes apart: 16 responses for 256 combinations.
    plan = solve(wide(8, 1, together=False))
    assert (plan.solve["responses"], plan.solve["combinations"]) == (16, 256)
    assert plan.leverage == approx(16.0)
    assert set(plan.policies.values()) == {"review0"}


# Long runs ---------------------------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_soak(part: int) -> None:
    """``SLUICEGATE_SOAK`` cases in all, each as it comes, some tied, some strict."""
    kinds = (plain, plain, tied, strict)
    failed = []
    for number in range(1000 + part, 1000 + ROUNDS, 10):
        kind = kinds[int(np.random.default_rng(number).integers(len(kinds)))]
        try:
            agree(kind(random_case(number, meaning=number % 2 == 1)))
        except Exception as error:  # Every failure is listed, so that one does not hide the others.
            drawn = f"random_case({number}, meaning={number % 2 == 1})"
            failed.append(f"{kind.__name__}({drawn}): {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)
