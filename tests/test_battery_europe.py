"""The shipped case of a buyer, its template, and the tables that a buyer asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest import approx
from sluicegate import Plan, case_from_tables, explain, load_case, solve, with_range
from sluicegate.cli import cli
from sluicegate.data import init_case
from sluicegate.report.views.buying import allocation_rows, service_rows
from sluicegate.report.views.plan import plan_view

from sluicegate_testing.builders import parts
from sluicegate_testing.buyer import buyer, buyer_tables


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(buyer())


def test_the_template_of_a_buyer_is_sound(tmp_path: Path) -> None:
    text = init_case(tmp_path / "mine", diversify=True)
    case = load_case(tmp_path / "mine")
    assert case.warnings == ()
    assert case.sense == "cost"
    assert "Weeks count from 0, the start of the plan." in (tmp_path / "mine/README.txt").read_text()
    assert "sluicegate explain" in text
    found = with_range(solve(case), worlds=4)
    assert found.status == "optimal"
    assert found.cost >= found.cost_now
    # Its guesses can be drawn, by the commands too.
    assert found.range is not None and found.range["least"] < found.range["most"]
    checked = CliRunner().invoke(cli, ["validate", str(tmp_path / "mine")])
    assert checked.exit_code == 0 and "No faults, no warnings." in checked.output
    asked = [
        "frontier",
        str(tmp_path / "mine"),
        "--against",
        "max_party_share",
        "--points",
        "2",
        "-o",
        str(tmp_path / "curve"),
    ]
    curve = CliRunner().invoke(cli, asked)
    assert curve.exit_code == 0 and "2 points, each proven best at its level" in curve.output
    # What a point costs more than today is of its cost, weighed as the cost is.
    points = json.loads((tmp_path / "curve" / "frontier.json").read_text())["points"]
    assert [point["cost"] - point["added_cost"] for point in points] == approx([found.cost_now] * 2)


def test_no_country_delivers_more_than_the_benchmark() -> None:
    case = load_case("battery-europe")
    assert {row.role for row in case.parties} == {"focal", "other"}
    found = solve(case)
    assert found.status == "optimal"
    party = {row.site: row.party for row in case.sites}
    flows = found.tables["flows"]
    flows = flows[flows["destination"] == "cellworks"].assign(party=flows["origin"].map(party))
    for _, rows in flows.groupby(["scenario", "item"]):
        by_party = rows.groupby("party")["dispatched"].sum()
        assert by_party.max() <= 0.65 * by_party.sum() * (1 + 1e-6)


def test_an_allocation_adds_up(plan: Plan) -> None:
    rows = allocation_rows(plan)
    assert sum(row.share for row in rows) == approx(1.0)
    flows = plan.tables["flows"]
    bought = flows[flows["scenario"] == "none"]["dispatched"].sum()
    assert sum(row.units for row in rows) == approx(bought)
    assert all(sum(row.quarters) == approx(row.units) for row in rows)
    west = next(row for row in rows if row.supplier == "w1")
    assert west.fixed == approx(5.0)
    assert west.landed == approx(1.3 + 5.0 / west.units)
    assert west.today is None
    assert next(row for row in rows if row.supplier == "e1").today == approx(1.0)


def test_a_landed_cost_is_made_of_price_freight_duty_and_qualifying() -> None:
    settings, tables = buyer_tables()
    east, west = tables["lanes"]
    east |= {"freight": 0.1, "duty": 0.2}
    west |= {"freight": 0.05, "duty": 0.1}
    tables["price_breaks"] = [{"lane": "raw-w1", "from_flow": 1.0, "unit_cost": 1.2}]
    tables["profiles"] = [
        {"table": "lanes", "key": "raw-e1", "column": "unit_cost", "from_week": 0, "factor": 1.5},
    ]
    found = solve(case_from_tables("landed", settings, tables))
    rows = {row.supplier: row for row in allocation_rows(found)}
    assert (rows["e1"].price, rows["e1"].freight, rows["e1"].duty) == approx((1.5, 0.1, 0.3))
    # The price by quantity is reached, and duty is paid on it.
    assert rows["w1"].units >= 12.0
    assert (rows["w1"].price, rows["w1"].freight, rows["w1"].duty) == approx((1.2, 0.05, 0.12))
    assert rows["w1"].landed == approx(1.2 + 0.05 + 0.12 + 5.0 / rows["w1"].units)
    # Where the cost comes from: price, freight and duty in scenario none.
    bought = {
        f"{name}_cost": sum(getattr(row, column) * row.units for row in rows.values())
        for name, column in (("purchase", "price"), ("freight", "freight"), ("duty", "duty"))
    }
    told = parts(found, "ours")
    assert {name: told[name] for name in bought} == approx(bought)
    losses = found.tables["losses"].query("scenario == 'none'")
    assert losses["loss"].sum() == approx(found.scenarios["none"]["own_loss"])


def test_service_is_told_for_every_scenario(plan: Plan) -> None:
    rows = service_rows(plan)
    assert [row.scenario for row in rows] == list(plan.scenarios)
    assert all(0 <= row.least <= row.mean <= 1 for row in rows)
    assert plan_view(plan).service == rows


def test_every_purchase_says_what_it_is_for() -> None:
    found = explain(buyer())
    (need,) = found.needs
    assert (need.kind, need.key, need.units) == ("qualified", "raw-w1", None)
    assert any("share of East in our intake of raw at most 70%" in words for words in need.broken)
    assert need.scenario in found.plan.scenarios
    assert found.to_dict()["needs"][0]["key"] == "raw-w1"
