"""Other plans that are nearly as good, against all first-stage choices tried one by one."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable

import pytest
from pytest import approx
from rich.console import Console, RenderableType
from sluicegate import case_from_tables, solve
from sluicegate.analysis.alternatives import with_alternatives
from sluicegate.report.text.plan import plan_parts
from sluicegate.report.text.words import alternatives_words
from sluicegate.report.views.alternatives import alternatives_view
from sluicegate.report.views.plan import plan_view

from sluicegate_testing.buyers import with_idle_counterpart, with_suppliers_that_ask
from sluicegate_testing.diversification import random_sourcing_case
from sluicegate_testing.oracle import Case as OracleCase
from sluicegate_testing.oracle import best_for, combinations
from sluicegate_testing.sourcing_cases import sourcing
from sluicegate_testing.strategies import random_case


def tried(drawn) -> list[float]:
    """Leverages of all first-stage choices that have a plan, the best first, by the oracle."""
    case = OracleCase(*drawn)
    names = [lane.id for lane in case.lanes if lane.fixed_cost and case.side[lane.destination] == "H"]
    names += list(case.features.qualifications)
    found = []
    for policies in combinations(*drawn):
        for count in range(len(names) + 1):
            for chosen in itertools.combinations(names, count):
                leverage, _ = best_for(*drawn, policies, qualified=chosen)
                found += [] if leverage is None else [leverage]
    return sorted(found, reverse=True)


@pytest.mark.parametrize("number", range(8))
def test_they_are_the_next_best(number: int) -> None:
    drawn = with_suppliers_that_ask(random_case(number, max_regimes=2, max_weeks=4, max_combinations=6), number)
    if number % 2:
        drawn = with_idle_counterpart(random_sourcing_case(number))
    plan = solve(case_from_tables("drawn", *drawn))
    if plan.leverage is None:
        return
    for within in (0.2, 0.9):
        found = with_alternatives(plan, 4, within).alternatives
        assert found is not None
        margin = 1e-4 * max(1.0, abs(plan.leverage))
        near = [leverage for leverage in tried(drawn)[1:] if leverage >= found["least"] - margin]
        sure = [leverage for leverage in near if leverage >= found["least"] + margin]
        told = [each["leverage"] for each in found["plans"]]
        assert told == approx(near[: len(told)], abs=margin)
        assert len(told) >= min(4, len(sure))
        assert found["complete"] == (len(near) <= 4) or len(near) != len(sure)
        assert (found["may_hold"] == 0) == found["complete"]
        assert all(each["proven"] and each["changes"] for each in found["plans"])


def test_what_they_do_otherwise() -> None:
    # alt-a and alt-b are worth 160 each under the embargo, which costs 360, and cost 10 and 20.
    plan = solve(sourcing())
    told = with_alternatives(plan, 5, 5.0).alternatives
    assert told is not None
    changes = [each["changes"] for each in told["plans"]]
    assert plan.qualified == ("alt-a", "alt-b")
    assert changes[:2] == [["no longer qualifies alt-b"], ["no longer qualifies alt-a"]]
    assert [each["leverage"] for each in told["plans"]] == approx([-210.0, -220.0, -360.0])
    assert (plan.leverage, told["complete"]) == (approx(-70.0), True)
    told = with_alternatives(plan, 2, 5.0).alternatives
    assert (len(told["plans"]), told["complete"], told["may_hold"]) == (2, False, 1)


def test_they_are_shown() -> None:
    plan = with_alternatives(solve(sourcing()), 2, 5.0)
    assert [each["qualified"] for each in plan.to_dict()["alternatives"]["plans"]] == [["alt-a"], ["alt-b"]]
    text = "\n".join(printed(plan_parts(plan_view(plan))).split())
    assert "no\nlonger\nqualifies\nalt-b" in text
    view = alternatives_view(plan)
    assert view is not None
    assert alternatives_words(view).startswith(
        "More come within 500%: at least one, in at most 1 combination of policies."
    )
    assert [row.less for row in view.rows] == approx([140.0, 150.0])
    # Nothing is said where nobody asked.
    assert "alternatives" not in solve(sourcing()).to_dict()


def printed(parts: Iterable[RenderableType]) -> str:
    """What a terminal of 100 columns shows."""
    console = Console(width=100, record=True, file=io.StringIO())
    for part in parts:
        console.print(part)
    return console.export_text()


def test_wrong_questions() -> None:
    plan = solve(sourcing())
    with pytest.raises(ValueError, match="alternatives are 1 at least, not 0"):
        with_alternatives(plan, 0)
    with pytest.raises(ValueError, match="within is a share"):
        with_alternatives(plan, 1, -0.5)
