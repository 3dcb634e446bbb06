"""The stake and the ends of reviews on terminal, page, workbook and chart."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from openpyxl import load_workbook
from rich.console import Console
from sluicegate import Case, Plan, load_case, solve
from sluicegate.analysis.reasons import with_reasons
from sluicegate.data import apply_overrides
from sluicegate.report.files.workbook import SETTLEMENTS, write_workbook
from sluicegate.report.page.page import page_of, read_results
from sluicegate.report.text.plan import show_plan
from sluicegate.report.views.plan import plan_view

from sluicegate_testing.markup import Document
from sluicegate_testing.results import publish

STAKE = [
    "bargain.stake=40",
    "bargain.concession_cost=30",
    "policies.acid/review.end_week=4;8;",
    "policies.acid/review.ally_benefit=3",
    "policies.acid/review.applicant_cost=0.1",
]


@pytest.fixture(scope="module")
def staked() -> Plan:
    return solve(load_case("tutorial", STAKE))


def evaluate_best(case: Case, policies: Mapping[str, str]) -> float:
    """The best leverage under policies, by their reviewers: any other policy asks for more than there are."""
    busy = [
        f"policies.{row.regime}/{row.policy}.reviewer_load={int(policies[row.regime] != row.policy)}"
        for row in case.policies
        if row.regime in policies
    ]
    plan = solve(apply_overrides(case, [*busy, "limits.reviewer_hours=0"]))
    assert plan.leverage is not None
    assert {name: plan.policies[name] for name in policies} == dict(policies)
    return plan.leverage


def text_of(plan: Plan) -> str:
    written = io.StringIO()
    show_plan(plan, Console(width=100, file=written))
    return " ".join(written.getvalue().split())


def test_the_terminal_says_what_the_threat_is_worth(staked: Plan) -> None:
    text, bargain = text_of(staked), staked.bargain
    assert bargain is not None
    assert "The threat moves the settlement by" in text
    assert ("a bluff: more than the stake of 40.00 million" in text) is not bargain["credible"]
    assert "giving way costs it: it gives way." in text
    assert f"From week {bargain['spent_week']} on, what is still to come would not move the counterpart." in text
    assert "of the ends offered (week 4, week 8 and never) no other leaves more leverage." in text
    assert "Paperwork adds" in text
    assert "What allies give takes 3" in text


def test_the_terminal_says_what_other_ends_would_give(staked: Plan) -> None:
    plan = with_reasons(staked, seconds=600)
    (term,) = plan_view(plan).terms
    assert [other.exact for other in term.others] == [True, True]
    for other in term.others:
        # The best plan of a case whose menus offer this end alone.
        end = "" if other.end is None else other.end
        kept = f"policies.acid/review.end_week={end}"
        alone = evaluate_best(load_case("tutorial", [*STAKE, kept]), {**plan.policies, "acid": "review"})
        assert other.leverage == pytest.approx(alone, rel=1e-6, abs=1e-6)
        assert other.leverage is not None
        assert other.leverage <= (plan.leverage or 0.0) + 1e-6
        when = "If it never ended" if other.end is None else f"If it ended in week {other.end}"
        assert f"{when}, leverage would be {other.leverage:.2f} million: " in text_of(plan)


def test_the_last_settlement_is_the_plan(staked: Plan) -> None:
    view = plan_view(staked)
    assert view.bargain is not None
    last = view.bargain.weeks[-1]
    assert (last.week, last.leverage) == (10, pytest.approx(staked.leverage))
    assert view.bargain.best is not None
    assert view.bargain.best.leverage == max(row.leverage for row in view.bargain.weeks)


def test_page_and_workbook_show_the_settlements(staked: Plan, tmp_path: Path) -> None:
    folder = publish(staked.case, staked, tmp_path / "staked")
    html = page_of(read_results([str(folder)]))
    assert "What the reviews do, and what they are for" in html
    assert "What a settlement in a week leaves" in html
    assert Document(html) is not None
    book = load_workbook(write_workbook(staked, tmp_path / "plan.xlsx"))
    rows = list(book[SETTLEMENTS].iter_rows(values_only=True))
    assert rows[0] == ("Settled in week", "Counterpart's loss (million)", "Our loss (million)", "Leverage (million)")
    assert [row[0] for row in rows[1:12]] == list(range(11))


def test_the_chart_says_where_a_settlement_leaves_most(staked: Plan) -> None:
    chart = staked.charts.settlements()
    assert "settled in week" in chart.to_json()
    with pytest.raises(ValueError, match="no chart of settlements"):
        solve(load_case("tutorial")).charts.settlements()
