"""Plans worked out in worlds are what `evaluate` says of each world's case, and the range of a plan is theirs."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sluicegate import case_from_tables, evaluate, load_case, solve
from sluicegate.analysis.information import evaluated, with_range
from sluicegate.analysis.information.evaluated import evaluate_in, fitting
from sluicegate.analysis.information.measures import quantile
from sluicegate.analysis.shapes import PlanDocument
from sluicegate.analysis.worlds import draw, world_cases
from sluicegate.cli import cli
from sluicegate.data import TABLES
from sluicegate.data.output.documents import plain_document
from sluicegate.model.plan.choices import Choices, Offer
from sluicegate.report.notebook import plan_html
from sluicegate.report.text.plan import show_plan

from sluicegate_testing.strategies import cases

VARY = (
    "stocks.abroad-fab/acid.initial=10..20..40",
    "policies.acid/review.delay_weeks=3,4,5",
    "demands.home-makers/chip.shortage_penalty=9..15",
    "retaliations.chip-inspection/chips.cost=1..4",
    "limits.budget=8..15",
)


@pytest.fixture(scope="module")
def plan():
    return solve(load_case("tutorial"))


def agree(found, case, worlds, plans):
    """What is found is what each world's case says of each plan, evaluated alone."""
    for place, world in enumerate(world_cases(case, worlds)):
        for column, choices in enumerate(plans):
            alone = evaluate(world, choices.policies, choices.qualified, choices.stockpile)
            assert found.leverages[place, column] == pytest.approx(alone.leverage, rel=1e-6, abs=1e-6)
            assert found.counterpart_losses[place, column] == pytest.approx(alone.counterpart_loss, rel=1e-6, abs=1e-5)
            assert found.own_losses[place, column] == pytest.approx(alone.own_loss, rel=1e-6, abs=1e-5)
            assert found.kept[place, column] == (not alone.violations)


def test_a_plan_yields_in_a_world_what_it_yields_in_its_case(plan):
    case, plans = plan.case, [Choices.of(plan), Choices(), Choices({"gas": "review"}, ("chip-world-home",))]
    worlds = draw(case, 6, 1, VARY)
    found = evaluate_in(case, worlds, plans)
    assert found.places.tolist() == list(range(6))
    agree(found, case, worlds, plans)
    assert found.kept.any() and not found.kept.all()
    # Processes change nothing.
    again = evaluate_in(case, worlds, plans, processes=2)
    assert np.array_equal(again.leverages, found.leverages) and np.array_equal(again.kept, found.kept)


@settings(max_examples=6)
@given(cases(), st.integers(0, 1000))
def test_random_cases_yield_what_they_yield_alone(drawn, seed):
    case = case_from_tables("random", *drawn)
    lanes = [f"lanes.{lane.lane}.unit_cost=*0.5..*2" for lane in case.lanes if lane.unit_cost > 0][:3]
    if not lanes:
        return
    worlds = draw(case, 2, seed, lanes)
    open_to_us = Offer.of(case).regimes
    strict = {row.regime: row.policy for row in case.policies if row.regime in open_to_us}
    plans = [Choices(), Choices(strict)]
    agree(evaluate_in(case, worlds, plans), case, worlds, plans)


def test_what_a_world_does_not_offer_is_left_out():
    offer = Offer(("acid",), ("far",), {"site/acid": 10.0})
    plan = Choices({"acid": "review", "gas": "review"}, ("far", "near"), {"site/acid": 25.0, "site/gas": 1.0})
    assert fitting(plan, offer) == Choices({"acid": "review"}, ("far",), {"site/acid": 10.0})


def test_the_time_allowed_ends_the_work(plan):
    worlds = draw(plan.case, 40, 0, VARY)
    found = evaluate_in(plan.case, worlds, [Choices.of(plan)], seconds=0.0)
    assert 1 <= len(found) < 40
    whole = evaluate_in(plan.case, worlds.take(found.places), [Choices.of(plan)])
    assert np.allclose(found.leverages, whole.leverages)


def uncertain(*texts):
    """The tutorial with uncertainties."""
    named = [dict(zip(("figure", "distribution"), text.split("=", 1), strict=True)) for text in texts]
    return dataclasses.replace(
        load_case("tutorial"), uncertainties=tuple(TABLES["uncertainties"](**row) for row in named)
    )


def test_a_plan_says_from_where_to_where_its_figure_runs():
    case = uncertain(*VARY)
    plan = solve(case)
    assert plan.range is None and "range" not in plan.to_dict()
    ranged = with_range(plan, 16, 3)
    found = evaluate_in(case, draw(case, 16, 3), [Choices.of(plan)])
    weights, leverages = np.full(16, 1 / 16), found.leverages[:, 0]
    assert ranged.range["low"] == quantile(leverages, weights, 0.05)
    assert ranged.range["high"] == quantile(leverages, weights, 0.95)
    assert ranged.range["share_negative"] == (leverages < 0).mean()
    assert ranged.range["share_kept"] == found.kept[:, 0].mean()
    document = plain_document(ranged.to_dict())
    PlanDocument.model_validate(document)
    # Nothing else of the plan moves, and a case without uncertainties has no range.
    assert {key: value for key, value in document.items() if key != "range"} == plain_document(plan.to_dict())
    sure = solve(uncertain())
    assert with_range(sure, 4) is sure


def test_a_range_comes_before_the_figure_and_its_proof(plan):
    found = {"worlds": 32, "worked_out": 32, "seed": 0, "low": -13.09, "high": 1057.6, "least": -20.0, "most": 1100.0}
    ranged = dataclasses.replace(plan, range=found | {"share_negative": 0.25, "share_kept": 1.0})
    page = io.StringIO()
    show_plan(ranged, Console(file=page, width=120))
    assert page.getvalue().splitlines()[3:6] == [
        "Leverage -13.1 to 1,060 million",
        "  5 to 95% of 32 worlds drawn from the uncertain figures; below 0 in 8; keeps all limits",
        "  at the case's own figures 35.7; optimal: no plan can have more (gap 0%)",
    ]
    html = plan_html(ranged)
    assert "leverage runs from -13.1 to 1,060 million" in html
    assert html.index("-13.1") < html.index("35.7")
    short = dataclasses.replace(plan, range=found | {"worked_out": 9, "share_negative": 0.0, "share_kept": 8 / 9})
    assert "least to most of 9 of 32 worlds, as many as were done in time, drawn" in plan_html(short)
    assert "never below 0; breaks limits in 1" in plan_html(short)


def test_no_headline_stands_without_its_range(tmp_path):
    """`evaluate`, `explain` and `compare` lead with the range that `solve` leads with, unless it is not wanted."""
    line = "Leverage 16.2 to 52.7 million"
    given = ["--policy", "acid=review", "--qualify", "chip-world-home"]
    chosen = ["evaluate", "tutorial", *given, "-o", str(tmp_path / "chosen")]
    for command in (chosen, ["explain", "tutorial"]):
        assert line in said(command)
        plain = said([*command, "--no-range", *(["--force"] if command is chosen else [])])
        assert line not in plain
        assert "Leverage 35.7 million" in plain
    # A result that has no range gets one.
    both = said(["compare", "tutorial", str(tmp_path / "chosen"), "--no-attribution"])
    assert both.count("leverage 16.2 to 52.7 million, at the case's own figures 35.7") == 2
    assert "16.2" not in said(["compare", "tutorial", str(tmp_path / "chosen"), "--no-attribution", "--no-range"])


def said(command):
    """What a command prints, on one line each."""
    found = CliRunner().invoke(cli, command, env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize("vary", [(), ("lanes.chip-world-home.available_week=1,4",)])
def test_worlds_that_share_programs_are_worth_what_they_are_worth_alone(
    vary: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = load_case("tutorial")
    drawn = draw(case, 12, 3, vary)
    plans = [Choices({"acid": "review"}, ("chip-world-home",), {}), Choices({}, (), {})]
    assert evaluated._of_one_structure(case, drawn) == (not vary)
    shared = evaluate_in(case, drawn, plans)
    many = evaluate_in(case, drawn, plans, processes=2)
    monkeypatch.setattr(evaluated, "SHARED", 100)
    alone = evaluate_in(case, drawn, plans)
    for name in ("leverages", "own_losses", "counterpart_losses"):
        assert np.allclose(getattr(shared, name), getattr(alone, name), rtol=1e-9, atol=1e-7)
        # Batches begin alike, whoever works on them.
        assert (getattr(shared, name) == getattr(many, name)).all()
    assert (shared.kept == alone.kept).all()
