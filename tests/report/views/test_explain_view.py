"""What an explanation says, worked out once: terminal and notebook show the columns that its view declares."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from sluicegate import explain, load_case
from sluicegate.analysis.explain.explain import Explanation
from sluicegate.report import notebook_results
from sluicegate.report.format.cells import cells
from sluicegate.report.format.columns import FIGURE, GAIN, WITHIN_ROW, Column
from sluicegate.report.text import explain as terminal
from sluicegate.report.views import explain as views


@pytest.fixture(scope="module")
def explanation() -> Explanation:
    return explain(load_case("tutorial", ["limits.budget=14"]))


def shown(explanation: Explanation) -> str:
    console = Console(width=200, file=io.StringIO())
    terminal.show_explanation(explanation, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_rows_are_what_was_worked_out(explanation: Explanation) -> None:
    view, worths = views.explanation_view(explanation), explanation.worths
    assert worths is not None and worths.decisions
    assert [row.key for row in view.decisions] == [worth.key for worth in worths.decisions]
    assert view.conflict is None and view.plan is not None
    assert len(view.binding) == len(worths.binding)


def test_a_column_of_an_explanation_is_declared_once(explanation: Explanation, monkeypatch: pytest.MonkeyPatch) -> None:
    again = Column("cost", "Lost once more", kind=FIGURE)
    monkeypatch.setattr(terminal, "decision_columns", lambda words: (*views.decision_columns(words), again))
    assert "Lost once more" in shown(explanation)
    assert "Lost once more" in notebook_results.parts_html(notebook_results._explanation(explanation))


def test_gains_of_a_row_have_the_same_decimals() -> None:
    rows = [views.BindingRow("a", "t", 0.25, 12.5, None), views.BindingRow("b", "t", 2.0, 3.0, -4.0)]
    columns = views.BINDING_COLUMNS
    told = [cells(column, rows, columns) for column in columns if column.kind == GAIN]
    assert told == [["+0.25", "+2"], ["+12.50", "+3"], ["no plan", "-4"]]
    assert all(column.scale == WITHIN_ROW for column in columns if column.kind == GAIN)
