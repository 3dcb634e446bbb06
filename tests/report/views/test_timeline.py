"""What happens when: spans of weeks, as the plan's tables have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sluicegate import Plan, load_case, solve
from sluicegate.analysis.results import read_result
from sluicegate.report.charts.timeline import MOST_ROWS, timeline_figure
from sluicegate.report.views.timeline import (
    OUR_SHORTAGE,
    OUTAGE,
    PACKAGE,
    REVIEW,
    THEIR_SHORTAGE,
    joined_runs,
    timeline,
)


@pytest.fixture(scope="module")
def tutorial(result: Callable[[str], Path]) -> Plan:
    return read_result(result("tutorial"), tables=True)[0]


def test_runs_that_meet_are_one() -> None:
    assert joined_runs([(4, 6), (1, 2), (2, 3), (5, 9), (7, 7)]) == ((1, 3), (4, 9))


def test_all_that_happens_stands_on_one_line(tutorial: Plan) -> None:
    assert [(span.kind, span.name, span.weeks) for span in timeline(tutorial)] == [
        (REVIEW, "Acid exports", ((0, 10),)),
        (PACKAGE, "Chip inspection", ((5, 8),)),
        (OUTAGE, "Port strike", ((3, 5),)),
        (THEIR_SHORTAGE, "Chip, Chip plant", ((2, 4),)),
        (OUR_SHORTAGE, "Chip, Device makers", ((2, 3),)),
    ]
    figure = timeline_figure(tutorial)
    assert figure is not None
    assert "Outages: Port strike, weeks 3 to 4." in figure.text
    assert "We are short under “Chip inspection”: Chip, Device makers, week 2." in figure.text


def test_a_buyer_has_outages_and_no_counterpart() -> None:
    plan = solve(load_case("battery-europe"), rel_gap=0.05)
    found = timeline(plan)
    assert {span.kind for span in found} <= {OUTAGE, OUR_SHORTAGE}
    assert ("No graphite from China, from week 4", ((4, 13),)) in [(span.name, span.weeks) for span in found]
    figure = timeline_figure(plan)
    assert figure is not None and "counterpart" not in figure.text
    outages = sum(span.kind == OUTAGE for span in found)
    assert f"Outages, and {outages - MOST_ROWS} more" in str(figure.written)
