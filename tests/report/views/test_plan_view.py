"""What a plan says, worked out once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from rich.console import Console
from sluicegate import Plan, evaluate, load_case
from sluicegate.model.certify.tables import RESPONSE_COSTS
from sluicegate.model.formulation.leader_costs import COSTS
from sluicegate.report import notebook
from sluicegate.report.files import workbook
from sluicegate.report.format.columns import EVERYWHERE, FIGURE, MONEY, NOTEBOOK, Column, shown_on
from sluicegate.report.page import plan as page
from sluicegate.report.text import plan as terminal
from sluicegate.report.views import policies
from sluicegate.report.views.case import case_view, limit_rows, sources_view, tightest_fill
from sluicegate.report.views.outcomes import PARTS, margin_rows, nearest, weighed_scenarios
from sluicegate.report.views.plan import plan_view
from sluicegate.report.views.rows import filled, records
from sluicegate.report.views.sourcing import SAME_SHARE, shares

from sluicegate_testing.cli_cases import small


def test_every_part_has_words() -> None:
    assert set(PARTS["counterpart"]) == {*RESPONSE_COSTS, "refused_exports", "refused_imports", "package_cost"}
    first_stage = {"sales_to_counterpart", "fixed_costs", "stockpile", "admin_costs", "ally_benefits", "lasting_loss"}
    told_apart = {"freight_cost", "duty_cost"}
    assert set(PARTS["ours"]) == {family.__name__ for family in COSTS} | first_stage | told_apart


def test_margins_follow_from_the_fills(plan: Plan) -> None:
    (row,) = nearest(margin_rows(plan))
    fills = plan.tables["fills"]
    ours = fills[fills["side"] == "ours"]
    means = ours.groupby("scenario")["fill"].mean()
    assert row.scenario == means.idxmin()
    assert row.mean == pytest.approx(means.min())
    assert row.margin == pytest.approx(means.min() - 0.2)
    assert row.least_week == ours[ours["scenario"] == row.scenario]["fill"].min()


def test_shares_add_up_in_every_scenario(plan: Plan) -> None:
    sourcing = plan.tables["sourcing"].query("kind == 'lane'").set_index("id")
    for scenario in plan.scenarios:
        found = shares(plan, scenario)
        assert sum(found.values()) == pytest.approx(1)
    assert shares(plan, "none") == pytest.approx(sourcing["plan_share"].to_dict())


def test_a_fill_without_a_limit_has_no_margin() -> None:
    weekly = evaluate(load_case("tutorial", ["demands.home-makers/chip.min_fill=0"]))
    rows = margin_rows(weekly)
    assert {row.kind for row in rows} == {"min_fill_week"}
    assert [row.scenario for row in rows] == list(weekly.scenarios)
    loose = {f"demands.home-makers/chip.{kind}=0" for kind in ("min_fill", "min_fill_week")}
    assert margin_rows(evaluate(load_case("tutorial", sorted(loose)))) == ()


def test_losses_and_scenarios_are_those_of_the_plan(plan: Plan) -> None:
    view = plan_view(plan)
    assert [loss.total for loss in view.losses] == pytest.approx([plan.counterpart_loss, plan.own_loss], rel=1e-6)
    assert view.loss_rows[0].scenario == view.worst == plan.worst_package
    assert [row.name for row in view.scenarios] == list(plan.scenarios)
    assert [row.name for row in view.scenarios if row.weighed] == weighed_scenarios(plan)
    assert {row.name for row in view.scenarios if row.worst} == {plan.worst_package}
    assert [row.name for row in view.scenarios if not row.retaliation] == ["strike"]


def test_lanes_are_told_where_they_change(plan: Plan) -> None:
    view = plan_view(plan)
    for row in view.lanes:
        moved = max(abs(row.plan_share - row.status_quo_share), abs(row.worst_share - row.status_quo_share))
        assert row.matters == (moved >= SAME_SHARE or row.qualified)
        assert not (row.matters and row.slight)
    assert any(row.matters for row in view.lanes)


def test_uses_leave_what_is_left(plan: Plan) -> None:
    for row in plan_view(plan).uses:
        limit = plan.limits[row.name]["limit"]
        assert row.left == (None if limit is None else limit - row.used)
        assert row.share is None or 0 <= row.share <= 1


def test_a_plan_that_is_none_has_empty_sections(plan: Plan) -> None:
    none = Plan(plan.case, "infeasible")
    view = plan_view(none)
    assert not any((view.policies, view.lanes, view.losses, view.scenarios, view.margins, view.uses))
    assert view.limits


def test_limits_of_a_case() -> None:
    case = small(budget=30.0)
    assert [(row.words, row.of, row.value) for row in limit_rows(case)] == [
        ("budget", "", 30.0),
        ("mean fill", "us-site/chip", 0.2),
    ]
    assert tightest_fill(case) == "demands.us-site/chip.min_fill"
    assert tightest_fill(dataclasses.replace(case, demands=())) == ""


def test_sources_are_put_together() -> None:
    case = load_case("tutorial")
    view = sources_view(case)
    assert view.total == len(case.sources) == sum(count for _, count in view.counts)
    assert sum(len(row.figures) for row in (*view.found, *view.assumed)) == view.total
    assert all(row.confidence == "assumed" for row in view.assumed)


def test_a_case_in_short() -> None:
    view = case_view(small())
    assert (view.name, view.title, view.weeks, view.start, view.money) == (
        "small",
        "A small case",
        6,
        "2026-01-05",
        "USD m",
    )
    assert (view.focal, view.allies, view.counterpart) == ("us", (), "them")


def test_rows_take_the_fields_they_have() -> None:
    @dataclasses.dataclass(frozen=True)
    class Pair:
        site: str
        week: int | None

    frame = pd.DataFrame({"site": ["a", "b"], "week": pd.array([1, None], dtype="Int64"), "more": [0.0, 1.0]})
    assert [filled(Pair, row) for row in records(frame)] == [Pair("a", 1), Pair("b", None)]
    assert filled(Pair, {"site": "a", "week": 1}, week=2) == Pair("a", 2)


def test_a_column_of_the_policy_table_is_declared_once(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    added = (*policies.POLICY_COLUMNS, Column("admin_cost", "Cost once more", "Again", MONEY, FIGURE))
    for shows in (terminal, page, workbook, policies):
        monkeypatch.setattr(shows, "POLICY_COLUMNS", added)
    console = Console(width=200)
    with console.capture() as captured:
        terminal.show_plan(plan, console)
    assert "Again" in captured.get()
    assert ("Cost once more (USD m)", True) in page._policies(plan_view(plan))["heads"]
    assert "Cost once more (USD m)" in notebook.plan_html(plan)
    book = load_workbook(workbook.write_workbook(plan, tmp_path / "plan.xlsx"))
    assert [cell.value for cell in book["Policies of the plan"][1]][-1] == "Cost once more (USD m)"


def test_columns_choose_their_outputs() -> None:
    columns = (Column("a", "A"), Column("b", "B", on=EVERYWHERE - {NOTEBOOK}))
    assert [column.field for column in shown_on(columns, NOTEBOOK)] == ["a"]
    assert Column("a", "Cost", unit=MONEY).named("EUR") == "Cost (EUR)"
