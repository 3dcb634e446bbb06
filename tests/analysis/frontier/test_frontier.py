"""Trade-off curves against solves with the limit set by hand, and against the oracle."""

from __future__ import annotations

import copy
import io
import itertools
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from pytest import approx
from rich.console import Console
from sluicegate import Case, Frontier, case_from_tables, frontier, load_case, solve
from sluicegate.analysis.frontier import tracer as curve
from sluicegate.cli import cli
from sluicegate.data import write_folder
from sluicegate.model import CertificateError
from sluicegate.model.certify import certificate
from sluicegate.model.plan.monitor import Monitor
from sluicegate.report.charts.base import svg_of
from sluicegate.report.charts.frontier import frontier_figures
from sluicegate.report.text.frontier import show_frontier

from sluicegate_testing.builders import OURS, demand, idle, lane, policy, stock
from sluicegate_testing.builders import case as built
from sluicegate_testing.cli_cases import small
from sluicegate_testing.oracle import OracleAnswer, oracle
from sluicegate_testing.strategies import random_case

RESOURCES = ("own_loss", "budget", "reviewer_hours", "political_capital", "min_fill")
CLOSE = 1e-4


# Against the oracle ----------------------------------------------------------------------------------------------------


NOTHING = OracleAnswer(None, {}, [], {}, {}, {}, None, 0.0, None, (), None)


def limited(drawn: tuple[dict[str, Any], dict[str, list[dict[str, Any]]]], against: str, level: float) -> OracleAnswer:
    """The oracle's answer with a limit on a resource set by hand."""
    if (level > 1 + 2e-6) if against == "min_fill" else (level < -1e-9 and against != "own_loss"):
        return NOTHING
    settings, tables = copy.deepcopy(drawn)
    if against != "min_fill":
        settings.setdefault("limits", {})[against] = level
        return oracle(settings, tables)
    roles = {row["party"]: row["role"] for row in tables["parties"]}
    ours = {row["site"] for row in tables["sites"] if roles[row["party"]] in ("focal", "ally")}
    for row in tables["demands"]:
        if row["site"] in ours and row.get("min_fill"):
            row["min_fill"] = min(1.0, level)
    return oracle(settings, tables)


def agrees(found: Frontier, drawn: Any) -> int:
    """Check every point, and that nothing is had for less; return the number of points with a plan."""
    against, sense = found.against, found.resource.sense
    # What the solvers' tolerances may hide; of an own loss, a share of all that is at stake.
    scale = money(oracle(*drawn)) if against == "own_loss" else 1.0
    hair = 1e-6 * max(scale, *(abs(point.level) for point in found.points))
    for point in found.points:
        answer = limited(drawn, against, point.level + sense * hair)
        if point.leverage is None:
            # A plan whose use is the level itself is there or not by rounding.
            assert limited(drawn, against, point.level - sense * (found.fine + hair)).leverage is None
            continue
        assert answer.leverage is not None
        near = max(CLOSE * max(abs(answer.leverage), CLOSE * money(answer)), 100 * hair)
        assert point.leverage == approx(answer.leverage, abs=near)
        assert point.bound >= answer.leverage - near
        assert sense * (point.level - point.used) >= -hair
        kept = limited(drawn, against, point.used + sense * hair)
        assert kept.leverage == approx(point.leverage, abs=near)
        less = limited(drawn, against, point.used - sense * (1.5 * found.fine + 2 * hair))
        assert less.leverage is None or less.leverage < point.leverage
    if found.least is not None:
        assert limited(drawn, against, found.least - sense * (found.fine + 2 * hair)).leverage is None
    return len(found.feasible)


def money(answer: OracleAnswer) -> float:
    return max(abs(answer.status_quo_cost), *answer.response_cost.values(), 1.0)


@pytest.mark.parametrize("against", RESOURCES)
def test_points_are_the_oracle_s(against: str) -> None:
    seen = 0
    for seed in range(40):
        drawn = random_case(seed, max_regimes=2, max_weeks=5, max_combinations=6)
        made = case_from_tables("drawn", *drawn)
        try:
            found = frontier(made, against, points=3, rel_gap=1e-6)
        except ValueError as error:
            assert against == "min_fill" and "min_fill" in str(error)
            continue
        assert found.complete
        ordered(found)
        seen += agrees(found, drawn)
        if seen > 8:
            break
    assert seen > 8


def ordered(found: Frontier) -> None:
    """No point dominates another: more is taken only where more is had."""
    for before, after in itertools.pairwise(found.feasible):
        assert before.level < after.level and before.used < after.used
        assert (after.leverage > before.leverage) == (found.resource.sense > 0)


# Against solves with the limit set by hand -----------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["budget", "political_capital"])
def test_levels_solved_by_hand(limit: str) -> None:
    made = small(budget=30, political_capital=5)
    found = frontier(made, limit, points=9)
    assert found.complete and found.status == "optimal"
    ordered(found)
    for point in found.feasible:
        for level in (point.level, point.used):
            plan = solve(load_small(**{limit: level * (1 + 1e-9)}))
            assert plan.leverage == approx(point.leverage, rel=1e-6)
        assert plan.limits[limit]["used"] <= point.used + 1e-6
        assert plan.own_loss == approx(point.own_loss, rel=1e-5, abs=1e-5)
        assert plan.worst_package == point.worst_package
    # Between two points nothing is had that is not had at the lower one, or a point of the resolution asked for is missing.
    assert found.steps == (limit == "political_capital")
    if found.steps:
        for low, high in itertools.pairwise(found.feasible):
            between = solve(load_small(**{limit: (low.used + high.used) / 2}))
            assert between.leverage == approx(low.leverage, rel=1e-6)


def load_small(**limits: float) -> Any:
    return small(**{"budget": 30, "political_capital": 5, **limits})


def test_tutorial_by_hand() -> None:
    """docs/tutorial.md, section 6: an acid review with the second source takes 13 of the budget, a strict one 16."""
    found = frontier(load_case("tutorial"), "budget", points=9)
    assert [(point.used, point.leverage) for point in found.points] == [
        (approx(0, abs=1e-6), approx(-14)),
        (approx(13), approx(35.7)),
        (approx(16), approx(74.86)),
    ]
    assert [change.words for change in found.changes] == [
        ("Acid exports: review instead of open", "qualifies Chip from World market"),
        ("Acid exports: strict instead of review",),
    ]
    first = found.changes[0]
    assert first.low < 13 <= first.high == approx(13)


def test_equal_leverage_takes_the_least() -> None:
    """Two policies of the same effect: the one that takes fewer hours, though the other comes first."""
    made = built(
        2,
        lanes=[lane("us", "them", 2.0, margin=0.0, regime="list")],
        demands=[{**demand("them", 2.0, 10.0)}],
        regimes=OURS,
        policies=[policy(1, "dear", reviewer_load=5.0), policy(1, "cheap", reviewer_load=2.0)],
    )
    found = frontier(made, "reviewer_hours")
    assert [(point.used, point.policies["list"]) for point in found.points] == [(0.0, "open"), (2.0, "cheap")]


def test_a_budget_that_pays_for_reviews_alone_has_steps() -> None:
    made = built(
        2,
        lanes=[lane("us", "them", 2.0, margin=0.0, regime="list")],
        demands=[{**demand("them", 2.0, 10.0)}],
        regimes=OURS,
        policies=[policy(1, admin_cost=3.0)],
    )
    found = frontier(made, "budget", points=4)
    assert found.steps
    assert [point.used for point in found.points] == [0.0, 3.0]


# Ends ------------------------------------------------------------------------------------------------------------------


def stocked(**limits: float) -> Any:
    """Demand of 10 in the first week, supply from week 1 on: 8 must be stockpiled, at 2 each, and 5 go by a review."""
    return built(
        2,
        limits=limits,
        lanes=[idle("world", "us", 10.0, lead_weeks=1), lane("us", "them", 0.0, max_flow=1.0, regime="list")],
        demands=[demand("us", 10.0, 1.0, min_fill_week=0.8, min_fill=0.8)],
        stocks=[stock("us", stockpile_max=20.0, stockpile_cost=2.0)],
        regimes=OURS,
        policies=[policy(1, reviewer_load=1.0)],
    )


def test_the_end_beyond_which_there_is_no_plan() -> None:
    found = frontier(stocked(), "budget", points=3)
    assert found.least == approx(16.0)
    assert found.feasible[0].used == approx(16.0)
    below = frontier(stocked(), "budget", low=0.0, high=20.0, points=6)
    assert [point.status for point in below.points] == ["infeasible"] * 4 + ["optimal"]
    assert [point.level for point in below.points][:4] == approx([0.0, 4.0, 8.0, 12.0])
    assert solve(stocked(budget=12.0)).status == "infeasible"


def test_no_plan_at_any_level() -> None:
    found = frontier(stocked(budget=15.0), "own_loss")
    assert (found.status, found.complete, found.feasible) == ("infeasible", True, ())
    assert frontier(stocked(), "budget", high=10.0).status == "infeasible"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"against": "gold"}, "own_loss, budget"),
        ({"points": 1}, "2 points"),
        ({"against": "budget", "low": 5.0, "high": 5.0}, "low must be below high"),
        ({"low": math.nan}, "finite"),
        ({"against": "budget", "low": -1.0}, "0 or more"),
        ({"against": "min_fill", "high": 1.5}, "1 or less"),
    ],
)
def test_wrong_questions(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        frontier(small(), **options)


def test_a_case_without_fills_to_keep() -> None:
    with pytest.raises(ValueError, match="no demand of our side has a min_fill"):
        frontier(built(lanes=[lane("us", "them", 1.0)], demands=[demand("them", 1.0, 5.0, min_fill=0.5)]), "min_fill")


# Stopping --------------------------------------------------------------------------------------------------------------


class After(Monitor):
    """Stops once so many points are begun."""

    def __init__(self, points: int):
        self.left = points
        self.counting = False

    def stage(self, name: str, total: int) -> None:
        self.counting = name == "points"

    def advance(self, done: int, total: int) -> None:
        self.left -= self.counting

    def stop(self) -> bool:
        return self.left < 0


def test_stopping_keeps_what_was_found() -> None:
    whole = frontier(small(), "budget", points=9)
    part = frontier(small(), "budget", points=9, monitor=After(3))
    assert not part.complete and part.status == "feasible"
    assert 0 < len(part.feasible) < len(whole.feasible)
    for point in part.feasible:
        assert (point.level, point.leverage) in [(p.level, approx(p.leverage)) for p in whole.feasible]
    nothing = frontier(small(), "budget", monitor=After(-1))
    assert (nothing.points, nothing.status) == ((), "unknown")


def test_a_certificate_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve, "refuse_infeasible", lambda *_: None)
    monkeypatch.setattr(certificate, "CERTIFICATE", -1.0)
    with pytest.raises(CertificateError, match="leverage is"):
        frontier(small(), "budget", points=3)


def test_a_resource_that_nothing_takes_is_remarked_on() -> None:
    tutorial = load_case("tutorial")
    found = frontier(tutorial, "reviewer_hours")
    assert len(found.points) == 1
    assert [note for note in found.notes if "nothing in this case takes any reviewer hours" in note]
    assert not frontier(tutorial, "budget", points=2).notes


# Documents, terminal, charts, command ------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    write_folder(small(), "small")
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["frontier", *arguments])
    assert "Traceback" not in result.output
    return result


def test_back_and_forth() -> None:
    found = frontier(small(), "budget", points=4)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Frontier.from_dict(document, found.case) == found
    with pytest.raises(ValueError, match="no frontier"):
        Frontier.from_dict({"schema": 1}, found.case)
    frame = found.to_frame()
    assert list(frame["leverage"]) == [point.leverage for point in found.points]
    assert frame.attrs["units"]["level"] == "USD m"


def test_result_folder_and_exit_codes(here: Path) -> None:
    done = run("small", "--against", "budget", "--points", "4", "-o", "out", "--chart", "curve.svg", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["status"] == "optimal" and document == json.loads(Path("out/frontier.json").read_bytes())
    names = {"case", "frontier.csv", "frontier.json", "frontier.parquet", "frontier.png", "frontier.svg", "run.json"}
    assert {path.name for path in Path("out").iterdir()} == names | {"digests.sha256", "solver.log"}
    back = Frontier.from_dict(document, load_case("out/case"))
    pd.testing.assert_frame_equal(pd.read_parquet("out/frontier.parquet"), back.to_frame())
    assert json.loads(Path("out/run.json").read_bytes())["command"] == "frontier"
    assert Path("curve.svg").read_text(encoding="utf-8").startswith("<svg")
    assert run("small", "-o", "out").exit_code == 2
    assert run("small", "-o", "out", "--force", "--points", "2").exit_code == 0
    assert run("small", "--against", "budget", "--high", "1", "--set", "demands.us-site/chip.min_fill=1").exit_code == 3
    stopped = run("small", "--time-limit", "0.000001", "-o", "late")
    assert stopped.exit_code == 5 and not Path("late").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--against", "gold"), "own_loss"),
        (("--chart", "curve.jpg"), ".svg, .png, .html"),
        (("--chart", "nowhere/curve.svg"), "--chart nowhere/curve.svg cannot be written: there is no folder nowhere"),
        (("--chart", "folder.svg"), "--chart folder.svg cannot be written: is a directory; name another file"),
        (("--chart", "small/case.toml/curve.svg"), "cannot be written: not a directory"),
        (("--low", "9", "--high", "3"), "low must be below high"),
    ],
)
def test_wrong_usage(here: Path, options: tuple[str, ...], said: str) -> None:
    Path("folder.svg").mkdir()
    result = run("small", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert not Path("results").exists()


def in_money_of(number: int, factor: float) -> Case:
    """A random case with all its money a number of times as large."""
    settings, tables = random_case(number, max_combinations=9, max_weeks=8)
    for table, columns in MONEY.items():
        for row in tables[table]:
            for column in columns:
                if row.get(column) is not None:
                    row[column] *= factor
    for limit in ("budget", "own_loss"):
        if limit in settings.get("limits", {}):
            settings["limits"][limit] *= factor
    return case_from_tables("drawn", settings, tables)


MONEY = {
    "lanes": ("unit_cost", "margin", "fixed_cost"),
    "processes": ("unit_cost",),
    "items": ("holding_cost",),
    "stocks": ("stockpile_cost",),
    "demands": ("shortage_penalty",),
    "policies": ("admin_cost",),
    "retaliations": ("cost",),
}


def test_no_level_is_lost_where_large_terms_cancel() -> None:
    # At the level 0 the objective is what is left of terms of 4e8: HiGHS calls the optimum unknown, whichever way it goes.
    found = frontier(in_money_of(86, 1e4), "own_loss", points=5)
    assert (found.lost, found.complete) == ((), True)
    last = solve(in_money_of(86, 1e4))
    assert found.feasible[-1].leverage == approx(last.leverage, rel=1e-3)


@pytest.mark.usefixtures("here")
def test_a_level_without_an_answer_costs_that_level_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("small", "--against", "budget", "--points", "9")
    whole = json.loads(run(*asked, "--json").stdout)
    solving, calls = curve.FrontierTracer._solve, iter(range(100))

    def solve_all_but_one(self: curve.FrontierTracer, level: float, known: Any) -> Any:
        if next(calls) == 2:
            raise ArithmeticError("a relaxation ended with 'Unknown'")
        return solving(self, level, known)

    monkeypatch.setattr(curve.FrontierTracer, "_solve", solve_all_but_one)
    result = run(*asked, "-o", "out")
    assert "not finished: at " in result.stdout and "the solver came to no end" in result.stdout
    document = json.loads(Path("out/frontier.json").read_bytes())
    (lost,) = document["lost"]
    assert document["complete"] is False and document["status"] == "feasible"
    left = [point for point in whole["points"] if point["level"] != lost]
    assert len(left) == len(whole["points"]) - 1
    assert [point["level"] for point in document["points"]] == [point["level"] for point in left]
    assert [point["leverage"] for point in document["points"]] == [pytest.approx(point["leverage"]) for point in left]
    assert Frontier.from_dict(document, small()).lost == (lost,)


def test_ctrl_c_writes_the_points_found(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sluicegate.report.console import progress

    counting = After(3)
    monkeypatch.setattr(progress.Interruptible, "stage", lambda self, *told: counting.stage(*told))
    monkeypatch.setattr(progress.Interruptible, "advance", lambda self, *told: counting.advance(*told))

    def stop(self: Any) -> bool:
        if counting.stop():
            self._stopped.set()
        return self._stopped.is_set()

    monkeypatch.setattr(progress.Interruptible, "stop", stop)
    result = run("small", "--against", "budget", "--points", "9", "-o", "out")
    assert result.exit_code == 130
    assert "the points found so far hold" in result.stderr
    assert "stopped before the curve was finished" in result.stdout
    document = json.loads(Path("out/frontier.json").read_bytes())
    assert document["complete"] is False and document["points"]


def test_terminal_and_chart() -> None:
    found = frontier(load_case("tutorial"), "budget", points=9)
    console = Console(width=80, record=True, file=io.StringIO())
    show_frontier(found, console)
    text = console.export_text()
    assert "3 points, each proven best at its level" in text
    assert "Acid exports: strict instead of review" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    (figure,) = frontier_figures(found)
    assert "3 points" in figure.text and "The plan changes 2 times" in figure.text
    svg = svg_of(figure.written)
    assert "leverage against budget" in svg
    # A straight line would promise what no plan has: the plan changes between any two of the three points.
    corners = figure.written["layer"][0]["data"]["values"]
    assert [(corner["x"], round(corner["outcome"], 3)) for corner in corners] == [
        (approx(0, abs=1e-6), -14.0),
        (approx(13), -14.0),
        (approx(13), 35.7),
        (approx(16), 35.7),
        (approx(16), 74.86),
    ]
