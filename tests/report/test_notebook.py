"""A plan in a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import altair
import pytest
import sluicegate
from sluicegate import Plan, solve
from sluicegate.data import apply_overrides
from sluicegate.model.certify.tables import UNITS
from sluicegate.report.charts.base import svg_of
from sluicegate.report.charts.decisions import outcomes_by_world

from sluicegate_testing.cli_cases import small

HOSTILE = "<script>alert('x')</script><img src=http://example.org/a.png>"
ALLOWED = {"div", "p", "strong", "bdi", "br", "small", "table", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    """Tags and attributes of a piece of HTML."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def shown(plan: Plan) -> str:
    html: str = plan._repr_html_()  # type: ignore[attr-defined]
    return html


def test_a_plan_says_its_answer(plan: Plan) -> None:
    html = shown(plan)
    assert "a leverage of 653 USD m" in html
    assert "Review of gas" in html
    assert len(html) < 4000
    assert repr(plan).startswith("Plan('small', optimal, leverage 653.47")
    assert len(repr(plan)) < 200


def test_text_of_a_case_is_no_markup() -> None:
    plan = solve(small(title=HOSTILE, review=HOSTILE))
    found = Tags(shown(plan))
    assert found.tags <= ALLOWED
    assert found.attributes <= {"scope"}


def test_without_a_plan() -> None:
    plan = solve(apply_overrides(small(), ["demands.us-site/chip.min_fill=1", "limits.budget=0"]))
    assert repr(plan) == "Plan('small', infeasible, no plan)"
    assert "<table>" not in shown(plan)
    with pytest.raises(ValueError, match="no chart of fills of side ours: there is no plan"):
        plan.charts.fills("ours")


def test_charts(plan: Plan) -> None:
    charts = plan.charts
    for chart in (charts.fills(), charts.losses(), charts.losses("ours"), charts.sourcing(), charts.margins()):
        assert isinstance(chart, altair.TopLevelMixin)
        assert svg_of(chart.to_dict()).startswith("<svg")
    with pytest.raises(ValueError, match="'theirs' is neither 'counterpart' nor 'ours'"):
        charts.fills("theirs")
    assert "fills(side)" in repr(charts)


def test_tables_have_units(plan: Plan) -> None:
    for name, frame in plan.tables.items():
        units = frame.attrs["units"]
        assert set(units) <= set(frame.columns), name
        numeric = set(frame.select_dtypes("number").columns)
        assert numeric <= set(units), name
    assert plan.tables["losses"].attrs["units"]["loss"] == "USD m"
    # Only a case with a stake has settlements.
    assert set(UNITS) - set(plan.tables) == {"by_week"}


@pytest.mark.parametrize("way", ["sluicegate.solve", "sluicegate.Plan and sluicegate.evaluate"])
def test_whatever_name_comes_first_plans_have_charts(way: str) -> None:
    code = f"import sluicegate; {way}; from sluicegate.model import Plan; print(hasattr(Plan, 'charts'))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


def test_a_case_alone_loads_no_solver() -> None:
    code = "import sys, sluicegate; sluicegate.load_case('tutorial'); print('highspy' in sys.modules, 'altair' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )


def test_results_of_analyses_print_in_a_line() -> None:
    case = sluicegate.load_case("tutorial")
    assert len(repr(sluicegate.indices(case))) < 160
    assert repr(sluicegate.explain(case)).startswith("Explanation(Plan('tutorial', optimal, leverage 35.7")
    none = apply_overrides(case, ["demands.home-makers/chip.min_fill=1", "limits.budget=0"])
    assert repr(sluicegate.explain(none)).startswith("Explanation('tutorial', no plan; limits in conflict: ")


def test_results_of_analyses_print_as_tables_and_have_charts(plan: Plan) -> None:
    case = sluicegate.load_case("tutorial")
    found = {
        "frontier": sluicegate.frontier(case, "budget", points=3),
        "breakeven": sluicegate.breakeven(case, "limits.budget"),
        "chokepoints": sluicegate.indices(case),
        "outcomes": sluicegate.compare([plan, plan], attribute=False),
    }
    for name, result in found.items():
        html = result._repr_html_()
        assert "<table>" in html or name == "breakeven"
        assert Tags(html).tags <= ALLOWED
        assert name in result.charts
        assert name in repr(result.charts)
        chart = result.charts[name]
        assert isinstance(chart, altair.TopLevelMixin)
        assert svg_of(chart.to_dict()).startswith("<svg")
    explanation: Any = sluicegate.explain(case)
    assert "What each decision adds" in explanation._repr_html_()
    drawn = explanation.charts["decisions"].to_dict()
    assert svg_of(drawn).startswith("<svg") and "Acid exports: review" in svg_of(drawn)
    none: Any = sluicegate.explain(apply_overrides(case, ["demands.home-makers/chip.min_fill=1", "limits.budget=0"]))
    assert not none.charts and none.to_frame()["figure"].iloc[0] == "limits.budget"


def test_results_are_tables(plan: Plan) -> None:
    case = sluicegate.load_case("tutorial")
    choices = plan.to_frame()
    assert list(choices.columns) == ["kind", "id", "name", "choice", "units"]
    policies = choices[choices["kind"] == "policy"]
    assert dict(zip(policies["id"], policies["choice"], strict=True)) == plan.policies
    assert set(choices["id"]) == {*plan.policies, *plan.qualified, *plan.stockpile}
    compared = sluicegate.compare([plan, plan], attribute=False)
    assert compared.to_frame().equals(compared.outcomes)
    switches = sluicegate.breakeven(case, "limits.budget")
    assert switches.to_frame().equals(switches.points)
    dependence = sluicegate.indices(case)
    assert dependence.to_frame("survival").equals(dependence.survival)
    with pytest.raises(ValueError, match="no table 'nothing'; there are concentration, "):
        dependence.to_frame("nothing")
    assert set(sluicegate.explain(case).to_frame()["key"]) == {"acid", "chip-world-home"}


def test_a_plan_for_many_worlds_has_its_worlds_as_a_chart(plan: Plan) -> None:
    made: Any = sluicegate.solve(sluicegate.load_case("tutorial"), worlds=4)
    drawn = made.charts.worlds().to_dict()
    assert svg_of(drawn).startswith("<svg")
    figure = outcomes_by_world(made)
    assert figure is not None and figure.text.startswith("Leverage in 4 worlds: ")
    points = json.loads(figure.written["data"]["values"])
    assert [row["outcome"] for row in points] == pytest.approx(sorted(made.tables["worlds"]["leverage"]))
    assert points[-1]["up to"] == pytest.approx(1)
    with pytest.raises(ValueError, match="no chart of worlds: it was not made for many worlds"):
        plan.charts.worlds()  # type: ignore[attr-defined]


def test_text_of_a_case_is_no_markup_in_other_results() -> None:
    found = Tags(sluicegate.indices(small(title=HOSTILE, gas=HOSTILE.replace("/", ":")))._repr_html_())  # type: ignore[attr-defined]
    assert found.tags <= ALLOWED
