"""The mean over worlds against the worst, or dearest, tenth of them: every point is proven, no plan is better than the curve."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from pytest import approx
from rich.console import Console
from sluicegate import case_from_tables, load_case
from sluicegate.analysis.frontier.frontier import Frontier
from sluicegate.analysis.frontier.over_worlds import frontier_over_worlds
from sluicegate.analysis.information.evaluated import evaluate_in
from sluicegate.analysis.information.measures import conditional_value_at_risk
from sluicegate.analysis.shapes import FrontierDocument
from sluicegate.analysis.worlds import Worlds, from_table, solve_worlds
from sluicegate.cli import cli
from sluicegate.data import write_folder
from sluicegate.data.output.documents import plain_document
from sluicegate.model.plan.choices import Choices
from sluicegate.report.text.frontier import show_frontier

from sluicegate_testing.markup import Document
from sluicegate_testing.oracle import worlds_oracle
from sluicegate_testing.strategies import random_case
from sluicegate_testing.world_cases import Drawn, with_worlds


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    """Three worlds, in the last of which the plant abroad has hoarded acid."""
    names = ("little", "as it is", "hoarded")
    figures = pd.DataFrame({"stocks.abroad-fab/acid.initial": [16.0, 20.0, 60.0]}, index=list(names))
    return Worlds(names, np.array([0.4, 0.4, 0.2]), figures)


def test_no_plan_lies_above_the_curve(worlds: Worlds) -> None:
    case = load_case("tutorial")
    found = frontier_over_worlds(case, worlds)
    assert found.complete and found.proven and len(found.points) >= 2
    cautious, best = found.points[-1], found.points[0]
    assert best.leverage == approx(solve_worlds(case, worlds, "mean").value)
    assert cautious.used == approx(solve_worlds(case, worlds, "cvar:0.9").value, abs=1e-4)
    # More caution, less on average.
    for before, after in itertools.pairwise(found.points):
        assert before.level < after.level and before.leverage > after.leverage
    menus = [("open", "review", "strict"), ("open", "review")]
    plans = [
        Choices(dict(zip(("acid", "gas"), choice, strict=True)), lanes)
        for choice in itertools.product(*menus)
        for lanes in ((), ("chip-world-home",))
    ]
    yields = evaluate_in(case, worlds, plans)
    for place in range(len(plans)):
        if not yields.kept[:, place].all():
            continue
        leverages = yields.leverages[:, place]
        mean, kept = float(worlds.weights @ leverages), conditional_value_at_risk(leverages, worlds.weights)
        for point in found.points:
            assert kept < point.level - 1e-6 or mean <= point.bound + 1e-4
    document = found.to_dict()
    FrontierDocument.model_validate(plain_document(document))
    assert Frontier.from_dict(document, case).points == found.points
    page = io.StringIO()
    show_frontier(found, Console(file=page, width=110))
    assert "Mean leverage against the worst tenth of the worlds" in page.getvalue()
    assert f"{len(found.points)} points, each proven best" in page.getvalue()


def offer(place: str, cost: float, **columns: Any) -> dict[str, Any]:
    """A lane to the shop, as much as it sells."""
    row = {"lane": f"from-{place}", "item": "cell", "origin": place, "destination": "shop"}
    return row | {"unit_cost": cost, "max_flow": 10} | columns


def shop(**objective: Any) -> Drawn:
    """A shop that sells 10 a week for two weeks, from the near supplier at 1 each: in one world of ten at 3, in one of twenty at 4.

    The far supplier takes 4 to qualify and 2.5 each, the sure one 10 and 1.5.
    """
    places = ("near", "far", "sure")
    near = "lanes.from-near.unit_cost"
    return {"horizon": {"weeks": 2}, "objective": {"scenario": "none", "sense": "cost", **objective}}, {
        "parties": [{"party": "us", "role": "focal"}, {"party": "others", "role": "other"}],
        "sites": [{"site": "shop", "party": "us"}, *({"site": place, "party": "others"} for place in places)],
        "items": [{"item": "cell"}],
        "lanes": [
            offer("near", 1, base_flow=10),
            offer("far", 2.5, fixed_cost=4),
            offer("sure", 1.5, fixed_cost=10),
        ],
        "demands": [{"site": "shop", "item": "cell", "quantity": 10, "shortage_penalty": 100}],
        "worlds": [
            {"world": "calm", "weight": 17},
            {"world": "dear", "weight": 2, "figure": near, "value": "3"},
            {"world": "dearest", "weight": 1, "figure": near, "value": "4"},
        ],
    }


CURVE = [
    # All from near: 20, 60 or 80; the dearest tenth is half of each of the last two.
    (70.0, 0.85 * 20 + 0.1 * 60 + 0.05 * 80, ()),
    # Qualified for 4, far is taken where near is dear: 24, else 4 + 50.
    (54.0, 0.85 * 24 + 0.15 * 54, ("from-far",)),
    # Qualified for 10, sure is taken there: 30, else 10 + 30.
    (40.0, 0.85 * 30 + 0.15 * 40, ("from-sure",)),
]
"""Cost of the dearest tenth, mean cost, lanes qualified."""


def test_at_least_cost_by_hand(tmp_path: Path) -> None:
    case = case_from_tables("shop", *shop())
    found = frontier_over_worlds(case, from_table(case))
    assert found.against == "dearest_tenth" and found.status == "optimal"
    rows = found.to_frame().sort_values("level", ascending=False).to_dict("records")
    assert [(row["used"], row["cost"], row["qualified"]) for row in rows] == [
        (approx(tail), approx(mean), ", ".join(lanes)) for tail, mean, lanes in CURVE
    ]
    # What is spent today: 20, 60 or 80.
    assert [row["added_cost"] for row in rows] == [approx(mean - 27, abs=1e-9) for _, mean, _ in CURVE]
    assert all(row["bound"] == approx(row["cost"]) and row["status"] == "optimal" for row in rows)
    assert Frontier.from_dict(found.to_dict(), case).points == found.points
    write_folder(case, tmp_path / "shop")
    asked = ["frontier", str(tmp_path / "shop"), "--worlds", "table", "-o", str(tmp_path / "curve")]
    said = CliRunner().invoke(cli, asked)
    assert said.exit_code == 0, said.output
    assert "Mean cost against the dearest tenth of the worlds" in said.output
    assert [line.split() for line in said.output.splitlines() if line.rstrip().endswith(("A", "B", "C"))] == [
        ["40", "31.5", "0%", "4.5", "A"],
        ["54", "28.5", "0%", "1.5", "B"],
        ["70", "27.0", "0%", "0.0", "C"],
    ]
    told = json.loads((tmp_path / "curve" / "frontier.json").read_text())
    assert [(point["used"], point["cost"]) for point in told["points"]] == [
        (approx(tail), approx(mean)) for tail, mean, _ in reversed(CURVE)
    ]
    shown = CliRunner().invoke(cli, ["show", str(tmp_path / "curve")])
    assert shown.output.split("\n  5 searches")[0] == said.output.split("\n  5 searches")[0]
    drawn = (tmp_path / "curve" / "frontier.svg").read_text()
    assert "Mean cost of the dearest tenth of the worlds" in drawn
    page = CliRunner().invoke(cli, ["report", str(tmp_path / "curve"), "-o", str(tmp_path / "curve.html")])
    assert page.exit_code == 0, page.output
    text = Document((tmp_path / "curve.html").read_text()).text
    assert (
        "The plan that is best on average: 27 on average, 70 in the dearest tenth of the worlds. The most cautious one: 31.5 on "
        "average, 40 in the dearest tenth of the worlds. Between them the plan changes 2 times." in text
    )


def agree(drawn: Drawn) -> int:
    """Hold a curve at least cost against brute force at several weights of the tenth; return its number of points."""
    case = case_from_tables("drawn", *drawn)
    found = frontier_over_worlds(case, from_table(case))
    assert found.status == "optimal"
    for before, after in itertools.pairwise(found.points):
        assert before.level < after.level and before.leverage < after.leverage
    for weight in (0.0, 0.3, 0.6, 0.9, 0.999):
        best = worlds_oracle(*drawn, f"mean+cvar:0.9:{weight}").value
        costs = [(1 - weight) * -point.leverage + weight * point.used for point in found.points]
        assert min(costs) == approx(-best, rel=1e-5)
        # No plan is below a line between points, nor beyond what is proven at any of them.
        for point in found.points:
            assert -point.bound <= -point.leverage + 1e-4 * abs(point.leverage)
    return len(found.points)


@pytest.mark.parametrize(("number", "points"), [(1, 2), (8, 2), (15, 1), (16, 2)])
def test_at_least_cost_against_brute_force(number: int, points: int) -> None:
    settings, tables = random_case(number, max_regimes=2, max_weeks=4, max_combinations=4)
    settings = {**settings, "objective": {"scenario": "worst", "sense": "cost"}}
    assert agree(with_worlds((settings, tables), number, 4)) == points


def test_the_shop_against_brute_force() -> None:
    assert agree(shop()) == 3


def test_where_no_plan_keeps_the_limits_that_is_proven(tmp_path: Path) -> None:
    """Either supplier is shut in one world, and the budget qualifies one of them."""
    settings, tables = shop()
    settings["limits"] = {"budget": 10}
    tables["lanes"] = tables["lanes"][1:]
    tables["demands"][0]["min_fill"] = 0.5
    tables["worlds"] = [
        {"world": shut, "figure": f"lanes.from-{shut}.max_flow", "value": "0"} for shut in ("far", "sure")
    ]
    case = case_from_tables("shop", settings, tables)
    assert frontier_over_worlds(case, from_table(case)).status == "infeasible"
    write_folder(case, tmp_path / "shop")
    said = CliRunner().invoke(
        cli, ["frontier", str(tmp_path / "shop"), "--worlds", "table", "-o", str(tmp_path / "curve")]
    )
    assert said.exit_code == 3 and "proven: no plan satisfies the limits" in said.output


def test_stopped_before_a_point_nothing_is_proven() -> None:
    case = case_from_tables("shop", *shop())
    assert frontier_over_worlds(case, from_table(case), time_limit=0).status == "unknown"
