"""Figures of what a review does, in sweeps, breakeven and compare: every path gives what a solve does."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from pytest import approx
from sluicegate import Case, case_from_tables, compare, load_case, make_design, solve
from sluicegate.analysis.breakeven.breakeven import breakeven
from sluicegate.analysis.explain.explain import explain
from sluicegate.analysis.frontier.frontier import frontier
from sluicegate.analysis.sweep import run as sweeping
from sluicegate.analysis.sweep.outcomes import outcome
from sluicegate.analysis.sweep.worker import Worker
from sluicegate.data import TABLES, apply_overrides

Row = dict[str, Any]

MORE: dict[str, dict[str, Row]] = {
    "recipes": {"chip-line/acid": {"saving_share": 0.2, "saving_cost": 2.0}},
    "demands": {
        "abroad-fab/chip": {"backorder_share": 0.5, "backorder_cost": 1.0},
        "home-makers/chip": {"fill_window": 9, "backorder_share": 0.25, "backorder_cost": 0.5},
    },
    "lanes": {
        "gas-home-abroad": {"kept_share": 0.1, "min_flow": 1.0},
        "acid-home-abroad": {"kept_share": 0.1},
    },
    "policies": {
        "gas/review": {"start_week": 1, "surge": 0.1, "applicant_cost": 0.1, "ally_benefit": 1.0},
        "acid/review": {"end_week": 9, "approval_rate": 0.9},
    },
    "retaliations": {"chip-inspection/chips": {"notice_weeks": 1}},
    "contingencies": {"port-strike/chip-abroad-home//3": {"notice_weeks": 1}},
}
"""What the tutorial's rows get, by table and key."""

VALUES = {
    "recipes.chip-line/acid.saving_share": 0.4,
    "recipes.chip-line/acid.saving_cost": 3.0,
    "demands.abroad-fab/chip.backorder_share": 0.75,
    "demands.abroad-fab/chip.backorder_cost": 0.25,
    "demands.home-makers/chip.backorder_share": 0.75,
    "demands.home-makers/chip.backorder_cost": 1.0,
    "lanes.gas-home-abroad.kept_share": 0.3,
    "policies.gas/review.surge": 0.5,
    "policies.gas/review.applicant_cost": 0.3,
    "policies.gas/review.ally_benefit": 3.0,
    "policies.gas/review.start_week": 2.0,
    "horizon.after_weeks": 9.0,
    "profiles.demands/abroad-fab/chip/quantity/4.factor": 2.0,
    "profiles.lanes/gas-home-abroad/unit_cost/5.factor": 0.9,
    "profiles.processes/chip-line/capacity/6.factor": 0.5,
    "profiles.lanes/gas-home-abroad/base_flow/6.factor": 0.8,
    "bargain.stake": 50.0,
}
"""Another value of each figure."""

IDLE = (
    "bargain.stake",
    "demands.abroad-fab/chip.backorder_cost",
    "demands.home-makers/chip.backorder_cost",
    "demands.home-makers/chip.backorder_share",
)
"""Figures of which leverage need not depend."""


@cache
def made() -> Case:
    """The tutorial with all that a review does."""
    tutorial = load_case("tutorial")
    rows: dict[str, list[Row]] = {
        name: [row.model_dump(mode="json", exclude_none=True, by_alias=True) for row in tutorial.rows(name)]
        for name in TABLES
        if name not in ("sources", "uncertainties", "worlds")
    }
    for table, columns in MORE.items():
        for key, more in columns.items():
            (place,) = (number for number, row in enumerate(tutorial.rows(table)) if row.id.startswith(key[:16]))
            rows[table][place] |= more
    rows["profiles"] = [
        {"table": "demands", "key": "abroad-fab/chip", "column": "quantity", "from_week": 4, "factor": 1.5},
        {"table": "lanes", "key": "gas-home-abroad", "column": "unit_cost", "from_week": 5, "factor": 1.1},
        {"table": "processes", "key": "chip-line", "column": "capacity", "from_week": 6, "factor": 0.9},
        {"table": "lanes", "key": "gas-home-abroad", "column": "base_flow", "from_week": 6, "factor": 0.9},
    ]
    settings = tutorial.settings.model_dump(mode="json", exclude_none=True)
    settings["horizon"]["after_weeks"] = 4
    settings["bargain"] = {"stake": 30.0}
    return case_from_tables("features", settings, rows)


@cache
def base() -> float:
    leverage = solve(made()).leverage
    assert leverage is not None
    return leverage


@pytest.mark.parametrize("path", VALUES)
def test_a_sweep_varies_what_a_review_does(path: str) -> None:
    case, value = made(), VALUES[path]
    drawn = make_design(
        case, "grid", [f"{path}={value:g},{2 * value:g}" if value >= 1 else f"{path}={value:g},{0.5 * value:g}"]
    )
    task = sweeping.task_of(case, drawn, "free", None, None)
    worker = Worker(task)
    worker.begin()
    (row,) = worker.rows(0, {path: value})
    own = apply_overrides(case, [f"{path}={value:g}"])
    plan = solve(own)
    assert row["leverage"] == approx(plan.leverage, rel=1e-6, abs=1e-6)
    for name, figure in outcome(plan.to_dict(), own).items():
        if name.startswith("bargain."):
            assert row[name] == (figure if figure is None else approx(figure, rel=1e-6, abs=1e-6)), name
    assert path in IDLE or plan.leverage != approx(base(), rel=1e-6)


def test_breakeven_of_what_allies_give() -> None:
    # A review that costs 6 and brings 2 pays from 4 on.
    case = case_from_tables(
        "sold",
        {"horizon": {"weeks": 2}},
        {
            "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
            "sites": [{"site": "us", "party": "us"}, {"site": "them", "party": "them"}],
            "items": [{"item": "x"}],
            "lanes": [
                {
                    "lane": "out",
                    "item": "x",
                    "origin": "us",
                    "destination": "them",
                    "unit_cost": 1,
                    "base_flow": 10,
                    "max_flow": 10,
                    "regime": "list",
                }
            ],
            "demands": [{"site": "them", "item": "x", "quantity": 10, "shortage_penalty": 20}],
            "regimes": [{"regime": "list", "controller": "us"}],
            "policies": [
                {
                    "regime": "list",
                    "policy": "papers",
                    "delay_weeks": "0",
                    "admin_cost": 6,
                    "applicant_cost": 0.1,
                    "ally_benefit": 1,
                }
            ],
        },
    )
    for path, high, switch in (
        ("policies.list/papers.ally_benefit", 10, 4.0),
        ("policies.list/papers.applicant_cost", 1, 0.25),
    ):
        (found,) = breakeven(case, path, low=0, high=high, points=5).switches
        assert found.below.value <= switch <= found.above.value
        assert (found.below.policies, found.above.policies) == ({"list": "open"}, {"list": "papers"})


@cache
def ended() -> Case:
    """The case of all figures, with ends to choose from."""
    return apply_overrides(made(), ["policies.acid/review.end_week=6;9;", "policies.gas/review.end_week=7;"])


def test_frontier_of_what_a_review_does() -> None:
    case = ended()
    found = frontier(case, "budget", points=3)
    assert found.complete and len(found.feasible) > 1
    for point in found.points:
        plan = solve(apply_overrides(case, [f"limits.budget={point.level!r}"]))
        assert point.leverage == (None if plan.leverage is None else approx(plan.leverage, rel=1e-6, abs=1e-6))
        assert point.leverage is None or point.policies == plan.policies


def test_explain_of_what_a_review_does() -> None:
    case = ended()
    found, plan = explain(case), solve(case)
    assert found.feasible and found.plan is not None and found.worths is not None
    assert (found.plan.policies, found.plan.leverage) == (plan.policies, approx(plan.leverage, rel=1e-6))
    # Another end of the same review is what would be done instead.
    (acid,) = [worth for worth in found.worths.decisions if worth.key == "acid"]
    assert (acid.choice, acid.instead) == ("review", ("Acid exports: review, ended in week 9",))
    ended_early = solve(apply_overrides(made(), ["policies.acid/review.end_week=9"]))
    assert plan.leverage is not None and ended_early.leverage is not None
    assert acid.cost == approx(plan.leverage - ended_early.leverage, rel=1e-4)


def test_compare_names_what_differs_and_what_it_explains() -> None:
    told = (
        "policies.gas/review.applicant_cost=0.3",
        "recipes.chip-line/acid.saving_share=0.4",
        "horizon.after_weeks=9",
    )
    found = compare([made(), apply_overrides(made(), told)])
    differing = {
        ".".join(filter(None, (row["table"], row["key"], row["column"]))) for row in found.inputs.to_dict("records")
    }
    assert differing == {text.partition("=")[0] for text in told}
    explained = found.attribution
    assert explained is not None
    for text in told[:2]:
        (row,) = explained[explained["difference"] == text.partition("=")[0]].to_dict("records")
        alone = solve(apply_overrides(made(), [text])).leverage
        assert alone is not None
        assert row["effect_from_A"] == approx(alone - base(), rel=1e-6, abs=1e-6)
