"""What frontiers, searches for switches and comparisons say, worked out once; built by hand, nothing is solved."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from sluicegate import Frontier, Plan
from sluicegate.analysis.breakeven.result import Breakeven, Side, Span, Switch
from sluicegate.analysis.compare.compare import Comparison
from sluicegate.analysis.frontier.frontier import Change
from sluicegate.analysis.frontier.tracer import FrontierPoint
from sluicegate.report.views.breakeven import breakeven_view
from sluicegate.report.views.comparison import comparison_view
from sluicegate.report.views.frontier import frontier_view

from sluicegate_testing.cli_cases import small

STRICT, OPEN = {"review": "strict"}, {"review": "open"}


def frontier(*points: FrontierPoint, **changes: object) -> Frontier:
    made = Frontier(small(), "budget", "USD m", "USD m", points, (), steps=False, least=2.0, fine=0.0, complete=True)
    return dataclasses.replace(made, **changes)


def point(level: float, leverage: float, gap: float = 0.0, **more: object) -> FrontierPoint:
    fixed = {"used": level, "status": "optimal", "own_loss": 1.0, "counterpart_loss": 2.0, "worst_package": "answer"}
    return FrontierPoint(level, leverage=leverage, gap=gap, **(fixed | more))  # type: ignore[arg-type]


def test_plans_along_a_curve_have_letters() -> None:
    stock = {"us-site/chip": 2.0}
    view = frontier_view(
        frontier(
            FrontierPoint(1.0),
            point(2, 1.0, policies=OPEN),
            point(3, 2.0, policies=STRICT, stockpile=stock),
            point(4, 3.0, gap=1e-12, policies=STRICT, stockpile={"us-site/chip": 5.0}),
            point(5, 3.5, gap=0.02, policies=OPEN, status="feasible"),
            changes=(Change(2, 3, ("review strict",), False),),
        )
    )
    assert [row.letter for row in view.rows] == ["", "A", "B", "B", "A"]
    assert [row.proven for row in view.rows] == [False, True, True, True, False]
    assert [row.gap for row in view.feasible] == [0.0, 0.0, 0.0, 0.02]
    assert view.largest_gap == 0.02
    assert [plan.letter for plan in view.plans] == ["A", "B"]
    assert any("us-site/chip" in words and "2" in words and "5" in words for words in view.plans[1].choices)
    assert view.ends_somewhere and not view.falling and view.has_regimes


def test_a_curve_without_a_plan_has_no_end() -> None:
    view = frontier_view(frontier(FrontierPoint(1.0)))
    assert (view.largest_gap, view.ends_somewhere, view.plans) == (None, False, ())


def breakeven(current: float | None, *sides: Side) -> Breakeven:
    spans = (Span(0.0, 9.0, OPEN, (), {}, {}, True), Span(9.1, 20.0, STRICT, (), {}, {}, True))
    empty = {field.name: None for field in dataclasses.fields(Breakeven)}
    given = {
        "case": small(),
        "path": "limits.budget",
        "unit": "money",
        "low": 0.0,
        "high": 20.0,
        "range_words": "as asked",
        "current": current,
        "points": sides,
        "whole": False,
        "tolerance": 1e-3,
        "switches": (Switch(*sides),),
        "spans": spans,
        "complete": True,
        "notes": (),
    }
    return Breakeven(**(empty | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(("current", "away"), [(10.0, -0.095), (0.0, None), (None, None)])
def test_a_switch_is_measured_from_the_value_in_force(current: float | None, away: float | None) -> None:
    sides = (Side(9.0, "optimal", 1.0, OPEN), Side(9.1, "optimal", 2.0, STRICT, ("chip-alt",)))
    view = breakeven_view(breakeven(current, *sides))
    (switch,) = view.switches
    assert switch.from_force == (None if away is None else pytest.approx(away))
    assert switch.below.choices == "Review of gas: open; does not qualify chip-alt"
    assert switch.above.choices == "Review of gas: strict; qualifies chip-alt"
    assert [span.in_force for span in view.spans] == [current == 0.0, current == 10.0]
    assert view.unit == "USD m"


def test_a_side_without_a_plan_says_why() -> None:
    view = breakeven_view(breakeven(None, Side(9.0, "infeasible"), Side(9.1, "optimal", 2.0, STRICT)))
    assert view.switches[0].below.choices == "no plan satisfies the limits"
    assert view.switches[0].above.choices == "Review of gas: strict"


def comparison(*levels: float | None, **changes: object) -> Comparison:
    letters = "ABC"[: len(levels)]
    plans = {
        letter: Plan(small(), "infeasible" if level is None else "optimal", level)
        for letter, level in zip(letters, levels, strict=True)
    }
    outcomes = [
        {"measure": "own_loss", "name": "", **dict.fromkeys(letters, 1.0), "differs": False},
        {"measure": "sourcing_only_leverage", "name": "", **dict.fromkeys(letters, 1.0), "differs": False},
        {"measure": "least_mean_fill", "name": "us-site/chip", "differs": True}
        | {letter: 0.5 + 0.1 * place for place, letter in enumerate(letters)},
        {"measure": "used", "name": "reviewer_hours", "differs": True}
        | {letter: None if place else 2.0 for place, letter in enumerate(letters)},
    ]
    given = {
        "names": {letter: f"results/{letter}" for letter in letters},
        "plans": plans,
        "inputs": pd.DataFrame(columns=["table", "key", "column", *letters]),
        "choices": pd.DataFrame(columns=["kind", "name", *letters, "differs"]),
        "outcomes": pd.DataFrame(outcomes),
        "attribution": None,
        "change": None,
        "grouping": "",
        "notes": (),
    }
    empty = {field.name: None for field in dataclasses.fields(Comparison)}
    return Comparison(**(empty | given | changes))  # type: ignore[arg-type]


def test_outcomes_that_matter_and_their_changes() -> None:
    view = comparison_view(comparison(1.0, 3.0))
    assert [(row.words, row.share) for row in view.outcomes] == [
        ("our loss", False),
        ("least mean fill of us-site/chip", True),
        ("used: reviewer hours", False),
    ]
    assert [row.change for row in view.outcomes] == [None, pytest.approx(10.0), None]
    assert [row.change for row in comparison_view(comparison(1.0, 3.0, 2.0)).outcomes] == [None, None, None]


@pytest.mark.parametrize(
    ("levels", "order", "lead"),
    [((1.0, 3.0, 2.0), "BCA", 2.0), ((5.0, 5.0 + 1e-9), "BA", 0.0), ((None, 2.0), "B", 0.0)],
)
def test_the_best_plan_comes_first(levels: tuple[float | None, ...], order: str, lead: float) -> None:
    view = comparison_view(comparison(*levels))
    assert "".join(plan.letter for plan in view.found) == order
    assert view.lead == pytest.approx(lead)


def test_effects_within_the_gaps_are_unclear() -> None:
    row = {
        "difference": "limits.budget",
        "title": "budget",
        "effect_from_A": 0.5,
        "share_from_A": 0.25,
        "gap_from_A": 1.0,
    }
    row |= {"effect_from_B": float("nan"), "share_from_B": float("nan"), "gap_from_B": float("nan")}
    row |= {"status_from_A": "solved", "status_from_B": "no plan satisfies the limits"}
    view = comparison_view(comparison(1.0, 3.0, attribution=pd.DataFrame([row]), change=2.0))
    ((effect, other),) = [tuple(row.effects.values()) for row in view.effects]
    assert (effect.amount, effect.share, effect.status, effect.unclear) == (0.5, 0.25, "", True)
    assert (other.amount, other.share, other.unclear) == (None, None, False)
    assert other.status == "no plan satisfies the limits"
