"""Explanations against the oracle, and against cases worked out by hand."""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from sluicegate import case_from_tables, solve
from sluicegate.analysis.explain.conflict import Conflict, find_conflict, safe
from sluicegate.analysis.explain.explain import Explanation, explain
from sluicegate.analysis.relaxation.elastic import Elastic
from sluicegate.analysis.relaxation.limits import Limit
from sluicegate.model.leader.problem import Problem
from sluicegate.model.plan.monitor import Monitor, Stopped
from sluicegate.report.text.explain import show_explanation

from sluicegate_testing.cli_cases import small
from sluicegate_testing.oracle import planner as by_hand
from sluicegate_testing.strategies import random_case

Row = dict[str, Any]
SEEDS = range(int(os.environ.get("SLUICEGATE_SEEDS", "30")))


# The oracle with some of the limits ----------------------------------------------------------------------------------


@contextmanager
def only(limits: Collection[Limit]) -> Iterator[None]:
    """Let the oracle's plans keep these fills and shares and no others."""
    mean = {(limit.figure.key, limit.scenario) for limit in limits if limit.figure.kind == "min_fill"}
    weekly = {(limit.figure.key, limit.scenario) for limit in limits if limit.figure.kind == "min_fill_week"}
    shares = {(limit.figure.key[0], limit.party) for limit in limits if limit.figure.kind == "max_party_share"}
    scenario_of: dict[int, str] = {}
    add_ours, continuity, spread = by_hand.add_ours, by_hand.require_continuity, by_hand.require_spread

    def remembered(*given: Any) -> Any:
        chain = add_ours(*given)
        scenario_of[id(chain)] = next(each.name for each in given if isinstance(each, by_hand.Scenario))
        return chain

    def some_continuity(program: Any, case: Any, chain: Any, gaps: Any = None) -> None:
        name, part = scenario_of[id(chain)], copy.copy(case)
        part.demands = {
            pair: {
                **row,
                "min_fill": row.get("min_fill") if (pair, name) in mean else None,
                "min_fill_week": row.get("min_fill_week") if (pair, name) in weekly else None,
            }
            for pair, row in case.demands.items()
        }
        continuity(program, part, chain)

    def some_spread(program: Any, case: Any, chain: Any, *, always: bool) -> None:
        if always:
            return
        for item, share in case.max_share.items():
            foreign = [lane for lane in case.inbound("H") if lane.item == item and case.side[lane.origin] != "H"]
            made = [j for j in case.processes if j.output == item and case.side[j.site] == "H"]
            for party in {case.party[lane.origin] for lane in foreign}:
                if share < 1 and (item, party) in shares:
                    row = by_hand.Affine()
                    for t in range(case.T):
                        for lane in foreign:
                            row.add(share - (case.party[lane.origin] == party), chain.ship[lane.id, t])
                        for j in made:
                            row.add(share, chain.make[j.id, t])
                    program.nonnegative(row)

    by_hand.add_ours, by_hand.require_continuity, by_hand.require_spread = remembered, some_continuity, some_spread
    try:
        yield
    finally:
        by_hand.add_ours, by_hand.require_continuity, by_hand.require_spread = add_ours, continuity, spread


def some_plan(settings: Row, tables: dict[str, list[Row]], limits: Collection[Limit]) -> bool:
    """Whether some plan keeps these limits, as far as the oracle knows."""
    kinds = {limit.figure.kind for limit in limits}
    kept = {name: most for name, most in (settings.get("limits") or {}).items() if name in kinds}
    case = by_hand.Case({**settings, "limits": kept}, tables)
    least_open = by_hand.solve_response(case, {}).value
    with only(limits):
        for policies in by_hand._combinations(case):
            least = by_hand.solve_response(case, policies).value
            if by_hand.solve_for(case, policies, least, least_open, 0.0, by_hand.SLACK, None, None, True) is not None:
                return True
    return False


def tightened(seed: int) -> tuple[Row, dict[str, list[Row]]]:
    """A random case whose limits are hard to keep together."""
    settings, tables = random_case(seed, max_regimes=2, max_weeks=6, max_combinations=12)
    ours = {row["party"] for row in tables["parties"] if row["role"] in ("focal", "ally")}
    sites = {row["site"] for row in tables["sites"] if row["party"] in ours}
    dice = seed % 7
    for row in tables["demands"]:
        if row["site"] in sites:
            row["min_fill"] = (0.9, 0.95, 1.0, 0.8)[dice % 4]
            if dice in (1, 5):
                row["min_fill_week"] = 0.6
    if dice in (2, 3, 6):
        for row in tables["items"]:
            row["max_party_share"] = (0.3, 0.5)[dice % 2]
    limits = dict(settings.get("limits") or {})
    limits["budget"] = (0.0, 2.0, 5.0)[dice % 3]
    return {**settings, "limits": limits}, tables


def conflict_of(settings: Row, tables: dict[str, list[Row]]) -> tuple[Conflict | None, Elastic]:
    elastic = Elastic(Problem(case_from_tables("random", settings, tables)))
    try:
        return find_conflict(elastic), elastic
    finally:
        elastic.close()


def with_figure(
    settings: Row, tables: dict[str, list[Row]], path: str, value: float
) -> tuple[Row, dict[str, list[Row]]]:
    table, *key, column = path.split(".")
    if table == "limits":
        return {**settings, "limits": {**settings["limits"], column: value}}, tables
    tables = copy.deepcopy(tables)
    for row in tables[table]:
        name = f"{row['site']}/{row['item']}" if table == "demands" else row["item"]
        if name == ".".join(key):
            row[column] = value
    return settings, tables


@pytest.mark.parametrize("seed", SEEDS)
def test_against_the_oracle(seed: int) -> None:
    settings, tables = tightened(seed)
    conflict, elastic = conflict_of(settings, tables)
    if conflict is None:
        assert some_plan(settings, tables, elastic.limits)
        return
    found = list(conflict.limits)
    assert not some_plan(settings, tables, found)
    for limit in found:
        assert some_plan(settings, tables, [other for other in found if other != limit]), limit.words

    for change in conflict.alone:
        figure = change.figure
        if change.value is None:
            extreme = {"min_fill": 0.0, "min_fill_week": 0.0, "max_party_share": 1.0}.get(figure.kind, 1e9)
            assert not some_plan(*with_figure(settings, tables, figure.path, extreme), elastic.limits)
            continue
        step = 1e-4 * max(1.0, figure.limit) * (-1 if figure.least else 1)
        enough, short = change.value + step, change.value - step
        if figure.kind == "max_party_share":
            enough = min(enough, 1.0)
        assert some_plan(*with_figure(settings, tables, figure.path, max(0.0, enough)), elastic.limits), figure.path
        assert not some_plan(*with_figure(settings, tables, figure.path, short), elastic.limits), figure.path

    eased = (settings, tables)
    for change in conflict.joint:
        assert change.value is not None
        step = 1e-4 * max(1.0, change.figure.limit) * (-1 if change.figure.least else 1)
        eased = with_figure(*eased, change.figure.path, max(0.0, change.value + step))
    assert some_plan(*eased, elastic.limits)
    assert math.isfinite(conflict.joint_cost)


# By hand ---------------------------------------------------------------------------------------------------------------


def crowded(**limits: float) -> tuple[Row, dict[str, list[Row]]]:
    """They have 10 raw for a (worth 100 to them, needs our k) and b (which we buy): only without k do we get any b."""
    tables: dict[str, list[Row]] = {
        "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
        "sites": [{"site": "us", "party": "us"}, {"site": "them", "party": "them"}],
        "items": [{"item": "raw"}, {"item": "k"}, {"item": "a"}, {"item": "b", "unit": "t"}],
        "stocks": [{"site": "them", "item": "raw", "initial": 10, "terminal_target": 0}],
        "processes": [
            {"process": "make-a", "site": "them", "output": "a"},
            {"process": "make-b", "site": "them", "output": "b"},
        ],
        "recipes": [
            {"process": "make-a", "input": "raw", "quantity": 1},
            {"process": "make-a", "input": "k", "quantity": 1},
            {"process": "make-b", "input": "raw", "quantity": 1},
        ],
        "lanes": [
            _lane("k-out", "k", "us", "them", unit_cost=1, base_flow=10, regime="list"),
            _lane("b-in", "b", "them", "us", unit_cost=5, base_flow=10, margin=1),
        ],
        "demands": [
            {"site": "them", "item": "a", "quantity": 10, "shortage_penalty": 100},
            {"site": "us", "item": "b", "quantity": 10, "shortage_penalty": 20, "min_fill": 0.5},
        ],
        "regimes": [{"regime": "list", "controller": "us"}],
        "policies": [{"regime": "list", "policy": "ban", "delay_weeks": "5", "reviewer_load": 10, "admin_cost": 3}],
        "retaliations": [],
        "contingencies": [],
        "sources": [],
    }
    return {"horizon": {"weeks": 1}, "limits": limits, "case": {"currency": "USD m"}}, tables


def _lane(lane: str, item: str, origin: str, destination: str, **columns: Any) -> Row:
    return {"lane": lane, "item": item, "origin": origin, "destination": destination, "max_flow": 10} | columns


def test_a_limit_on_policies_in_conflict() -> None:
    conflict, _ = conflict_of(*crowded(reviewer_hours=4, political_capital=0))
    assert conflict is not None
    assert [limit.words for limit in conflict.limits] == [
        "reviewer hours at most 4",
        "fill of b in us at least 50% in scenario none",
    ]
    assert conflict.smallest
    hours, fill = conflict.alone
    assert hours.value == pytest.approx(10)
    assert (hours.policies, hours.override) == ({"list": "ban"}, "limits.reviewer_hours=10")
    assert fill.value == pytest.approx(0, abs=1e-9)
    assert fill.override == "demands.us/b.min_fill=0"
    # 6 of 4 hours against 0.5 of 0.5 fill: the fill is cheaper.
    assert [change.figure.path for change in conflict.joint] == ["demands.us/b.min_fill"]
    assert conflict.joint_cost == pytest.approx(1)
    (shortage,) = conflict.shortages
    assert (shortage.fill, shortage.amount, shortage.unit) == (pytest.approx(0, abs=1e-6), pytest.approx(5), "t")
    assert (shortage.weeks, shortage.worst_week) == (((0, 0),), 0)
    assert shortage.worst_amount == pytest.approx(10)


def test_admin_costs_count_towards_the_budget() -> None:
    conflict, _ = conflict_of(*crowded(budget=2))
    assert conflict is not None
    assert [limit.words for limit in conflict.limits] == [
        "budget at most 2",
        "fill of b in us at least 50% in scenario none",
    ]
    assert conflict.alone[0].value == pytest.approx(3)


def test_a_limit_that_no_other_is_needed_for() -> None:
    settings, tables = crowded(reviewer_hours=4)
    tables["lanes"][1]["max_flow"] = tables["lanes"][1]["base_flow"] = 3
    conflict, _ = conflict_of(settings, tables)
    assert conflict is not None
    assert [limit.words for limit in conflict.limits] == ["fill of b in us at least 50% in scenario none"]
    # Not 0.3 as long as the ban takes 10 hours.
    assert conflict.alone[0].value == pytest.approx(0, abs=1e-9)


def test_a_share_needs_the_true_share() -> None:
    settings, tables = crowded()
    del tables["demands"][1]["min_fill"]
    tables["parties"].append({"party": "world", "role": "other"})
    tables["sites"].append({"site": "world", "party": "world"})
    tables["lanes"].append(_lane("b-alt", "b", "world", "us", unit_cost=6, base_flow=1, max_flow=4))
    tables["demands"][1]["min_fill"] = 1.0
    tables["items"][3]["max_party_share"] = 0.5
    # 10 of b, of which 4 at most from the world: they must send 6 of 10, under the ban.
    conflict, _ = conflict_of(settings, tables)
    assert conflict is not None
    assert {limit.figure.kind for limit in conflict.limits} == {"max_party_share", "min_fill"}
    value = {change.figure.kind: change.value for change in conflict.alone}
    assert value["max_party_share"] == pytest.approx(0.6)
    assert value["min_fill"] == pytest.approx(0.8)


def test_rounded_to_the_side_where_a_plan_exists() -> None:
    conflict, _ = conflict_of(*crowded(reviewer_hours=4))
    assert conflict is not None
    hours, fill = (change.figure for change in conflict.alone)
    assert safe(hours, 34.21634) == "34.2164"
    assert safe(fill, 0.87654399) == "0.876543"
    assert safe(hours, 60.0000000001) == "60"
    assert safe(hours, 1234567.2) == "1234570"
    assert safe(fill, 0) == "0"


# A plan ----------------------------------------------------------------------------------------------------------------


def test_a_case_with_a_plan() -> None:
    explanation = explain(small())
    assert explanation.feasible
    assert explanation.plan is not None and explanation.worths is not None
    plan, worths = explanation.plan, explanation.worths
    assert plan.leverage == pytest.approx(solve(small()).leverage)
    (budget,) = worths.binding
    assert budget.limit.words == "budget at most 30"
    assert worths.decisions
    for worth in worths.decisions:
        assert worth.cost >= 0
        assert worth.dropped is None or worth.dropped >= worth.cost - 1e-6
    assert json.loads(json.dumps(explanation.to_dict()))["feasible"] is True


@pytest.mark.parametrize(
    ("seed", "binding"),
    [*((seed, []) for seed in (5, 11, 17, 24, 32, 41, 58, 63)), (66, ["budget"]), (70, ["min_fill"])],
)
def test_worths_against_the_oracle(seed: int, binding: list[str]) -> None:
    settings, tables = random_case(seed, max_regimes=2, max_weeks=5, max_combinations=12)
    answer = by_hand.oracle(settings, tables)
    assert answer.leverage is not None
    case = case_from_tables("random", settings, tables)
    explanation = explain(case)
    assert explanation.plan is not None and explanation.worths is not None
    plan = explanation.plan
    close = {"rel": 1e-5, "abs": 1e-5 * max(1.0, abs(answer.leverage))}

    for worth in explanation.worths.decisions:
        if worth.kind == "policy":
            place = answer.regimes.index(worth.key)
            rest = [value for key, value in answer.values.items() if key[place] != worth.choice and value is not None]
            best = max(rest, default=-math.inf)
        else:
            changed = copy.deepcopy(tables)
            for row in changed["lanes"] if worth.kind == "lane" else changed["stocks"]:
                if worth.kind == "lane" and row["lane"] == worth.key:
                    row["max_flow"] = 0.0
                elif worth.kind == "stockpile" and f"{row['site']}/{row['item']}" == worth.key:
                    row["stockpile_max"] = 0.0
            other = by_hand.oracle(settings, changed).leverage
            best = -math.inf if other is None else other
        assert answer.leverage - best == pytest.approx(worth.cost, **close)

    def leverage(settings: Row, tables: dict[str, list[Row]]) -> float | None:
        return by_hand.best_for(settings, tables, plan.policies, qualified=plan.qualified)[0]

    here = leverage(settings, tables)
    assert here == pytest.approx(plan.leverage, **close)
    assert here is not None and plan.leverage is not None
    figures = {worth.limit.figure for worth in explanation.worths.binding}
    figures = {figure for figure in figures if figure.kind != "max_party_share"}
    assert [figure.kind for figure in figures] == binding
    for figure in figures:
        unit = 1.0 if figure.kind == "budget" else 0.01
        rate = sum(worth.marginal for worth in explanation.worths.binding if worth.limit.figure == figure) / unit
        step = 1e-3 * unit * (-1 if figure.least else 1)
        eased = leverage(*with_figure(settings, tables, figure.path, figure.limit + step))
        tight = leverage(*with_figure(settings, tables, figure.path, figure.limit - step))
        assert eased is not None
        # Leverage is concave in a limit: the dual lies between the slopes on both sides.
        slack = 1e-3 * max(1.0, abs(rate)) + 1e-6 * abs(here) / abs(step)
        assert (eased - here) / abs(step) <= rate + slack
        if tight is not None:
            assert rate <= (here - tight) / abs(step) + slack


def test_a_dual_is_the_slope() -> None:
    """The budget of the small case buys stockpile: each unit of money the same leverage, until the stockpile is full."""
    case = small()
    explanation = explain(case)
    assert explanation.worths is not None and explanation.plan is not None
    (budget,) = explanation.worths.binding
    moved = solve(small(budget=30.5, political_capital=5)).leverage
    assert moved is not None and explanation.plan.leverage is not None
    assert moved - explanation.plan.leverage == pytest.approx(0.5 * budget.marginal)
    assert budget.eased == pytest.approx(budget.marginal)
    assert budget.tightened == pytest.approx(-budget.marginal)


# On the terminal -------------------------------------------------------------------------------------------------------


def shown(explanation: Explanation, width: int = 80) -> str:
    console = Console(width=width, file=None)
    with console.capture() as captured:
        show_explanation(explanation, console)
    return captured.get()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_fits_the_width(width: int) -> None:
    settings, tables = crowded(reviewer_hours=4)
    for explanation in (explain(small()), explain(case_from_tables("crowded", settings, tables))):
        assert all(cell_len(line) <= width for line in shown(explanation, width).splitlines())


def test_a_conflict_in_words() -> None:
    settings, tables = crowded(reviewer_hours=4)
    explanation = explain(case_from_tables("crowded", settings, tables))
    assert not explanation.feasible
    text = " ".join(shown(explanation).split())
    for words in (
        "No plan satisfies the limits",
        "keeps these 2 limits together, all others set aside",
        "the smallest such set",
        "- reviewer hours at most 4 hours - fill of b in us at least 50% in scenario none",
        "reviewer hours 4 hours at least 10 hours",
        "fill of b in us 50% at most 0%",
        "--set limits.reviewer_hours=10 (list=ban)",
        "0% is reached, 5 t too few; not served in full in weeks 0, most in week 0 (10 t)",
    ):
        assert words in text
    assert json.loads(json.dumps(explanation.to_dict()))["conflict"]["smallest"] is True


def test_names_are_text() -> None:
    name = "[red]x:warning:"
    explanation = explain(small(gas=name, title=name, review=name))
    text = shown(explanation)
    assert name in "".join(text.split())
    assert "\x1b" not in text


def test_stops_when_told() -> None:
    class Impatient(Monitor):
        def stop(self) -> bool:
            return True

    with pytest.raises(Stopped):
        explain(small(), monitor=Impatient())
