"""Every command works on a case without a counterpart, and none of what it says speaks of one."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pytest import approx
from rich.console import Console
from sluicegate import case_from_tables, evaluate, explain, solve
from sluicegate.analysis.results import read_result
from sluicegate.analysis.worlds import draw, solve_worlds, world_cases
from sluicegate.cli import cli
from sluicegate.data import TABLES, write_folder
from sluicegate.model.plan.choices import Choices
from sluicegate.report.format.words import COST, COST_ALONE, LEVERAGE
from sluicegate.report.text.explain import show_explanation

from sluicegate_testing.buyer import buyer, buyer_tables
from sluicegate_testing.results import publish

FORBIDDEN = re.compile("leverage|counterpart|retaliat|package", re.IGNORECASE)

RANGE = "lanes.raw-w1.unit_cost=1..2"

COMMANDS = {
    "solve": ("solve", "buyer", "-v", "-o", "plan"),
    "validate": ("validate", "buyer"),
    "validate-json": ("validate", "buyer", "--json"),
    "show": ("show", "plan"),
    "others": ("solve", "buyer", "--no-range", "--alternatives", "2", "--json", "-o", "others"),
    "range": ("solve", "ranged", "-o", "ranged-plan"),
    "worlds": (
        "solve",
        "ranged",
        "--worlds",
        "3",
        "--fresh",
        "8",
        "--criterion",
        "cvar:0.5",
        "--threads",
        "1",
        "-o",
        "hedged",
    ),
    "worlds-plainly": (
        "solve",
        "ranged",
        "--worlds",
        "2",
        "--no-range",
        "--criterion",
        "worst",
        "--threads",
        "1",
        "--json",
    ),
    "show-worlds": ("show", "hedged"),
    "page-of-worlds": ("report", "hedged", "-o", "hedged.html"),
    "workbook-of-worlds": ("report", "hedged", "--workbook", "hedged.xlsx"),
    "dry": ("sweep", "buyer", "--vary", RANGE, "--samples", "4", "--dry-run"),
    "shares": ("frontier", "buyer", "--against", "max_party_share", "--points", "2", "-o", "shares"),
    "risks": ("frontier", "ranged", "--worlds", "3", "-o", "risks"),
    "page-of-risks": ("report", "risks", "-o", "risks.html"),
    "copy": ("cases", "copy", "buyer", "copied"),
    "evaluate": ("evaluate", "buyer", "--qualify", "raw-w1", "-o", "given", "--json"),
    "explain": ("explain", "buyer"),
    "explain-json": ("explain", "buyer", "--json"),
    "conflict": ("explain", "buyer", "--set", "limits.budget=0"),
    "frontier": ("frontier", "buyer", "--against", "budget", "--points", "3", "-o", "curve"),
    "breakeven": ("breakeven", "buyer", "lanes.raw-w1.fixed_cost"),
    "breakeven-json": ("breakeven", "buyer", "lanes.raw-w1.fixed_cost", "--json"),
    "compare": ("compare", "plan", "given"),
    "compare-json": ("compare", "plan", "given", "--json"),
    "compare-worlds": ("compare", "ranged-plan", "hedged", "--worlds", "4", "--no-attribution", "--no-range"),
    "indices": ("indices", "buyer"),
    "indices-json": ("indices", "buyer", "--json"),
    "sweep": ("sweep", "buyer", "--vary", RANGE, "--samples", "4", "--policies", "both", "-o", "samples"),
    "summary": ("sweep", "summary", "samples", "--chart", "sweep.svg"),
    "summary-json": ("sweep", "summary", "samples", "--json"),
    "page": ("report", "plan", "-o", "plan.html"),
    "page-of-curve": ("report", "curve", "-o", "curve.html"),
    "page-of-sweep": ("report", "samples", "-o", "samples.html"),
    "page-of-two": ("report", "plan", "given", "-o", "two.html", "--attribution"),
    "workbook": ("report", "plan", "--workbook", "plan.xlsx"),
    "export": ("export-model", "buyer", "model.lp"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command says and writes, by its name or the file's."""
    place = tmp_path_factory.mktemp("cost")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        write_folder(buyer(), "buyer")
        settings, tables = buyer_tables()
        # Landed costs and a range are shown too.
        tables["lanes"][1] |= {"freight": 0.05, "duty": 0.1}
        tables["uncertainties"] = [{"figure": "lanes.raw-w1.unit_cost", "distribution": "1..1.3..2"}]
        write_folder(case_from_tables("ranged", settings, tables), "ranged")
        told = {}
        for name, arguments in COMMANDS.items():
            result = CliRunner().invoke(cli, arguments)
            assert result.exit_code == 0, (name, result.output)
            told[name] = result.output
        for path in sorted(Path().rglob("*")):
            if (
                path.suffix in (".json", ".csv", ".html", ".svg")
                and "case" not in path.parts
                and path.parts[0] not in ("buyer", "ranged", "copied")
            ):
                told[str(path)] = path.read_text(encoding="utf-8")
            elif path.suffix == ".parquet":
                told[str(path)] = " ".join(pq.read_schema(path).names)
        for name in ("plan.xlsx", "hedged.xlsx"):
            told[name] = _sheets(Path(name).read_bytes())
    return told


def _sheets(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        # Sheets of the case itself offer the roles that a party may have.
        return "\n".join(book.read(name).decode() for name in book.namelist() if "charts/" in name or "shared" in name)


def test_no_output_speaks_of_a_counterpart(said: dict[str, str]) -> None:
    found = {}
    for name, text in said.items():
        for match in FORBIDDEN.finditer(text):
            around = text[max(0, match.start() - 60) : match.end() + 40]
            if name.endswith(".xlsx") and "focal" in around:
                continue
            found.setdefault(name, around)
    assert not found


def test_it_speaks_of_cost(said: dict[str, str]) -> None:
    assert "no plan can cost less" in said["solve"]
    assert "Cost against budget" in said["frontier"]
    assert "Mean cost against the dearest tenth of the worlds" in said["risks"]
    assert "Mean cost against the dearest tenth of the worlds" in said["risks.html"]
    assert "Landed cost" in said["range"] and "drawn from the uncertain figures" in said["range"]
    assert '"cost":' in said["plan/plan.json"]
    assert '"cost_now":' in said["plan/plan.json"]
    assert "What cost depends on" in said["summary"]
    assert "What explains the change of cost" in said["page-of-two"] + said["two.html"]
    assert "chosen by mean cost of the dearest 50%" in said["worlds"]
    assert "5 to 95% of the worlds" in said["show-worlds"]
    assert "no plan can cost less" in " ".join(said["show-worlds"].split())
    assert "no other plan is better" in said["compare-worlds"]


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = solve(buyer())
    publish(buyer(), plan, tmp_path / "plan")
    read, _ = read_result(tmp_path / "plan")
    assert read.cost == plan.cost
    assert read.weights == plan.weights
    assert read.to_dict() == plan.to_dict()


def test_a_notebook_says_cost_and_has_one_side() -> None:
    plan = solve(buyer())
    text = plan._repr_html_()
    assert not FORBIDDEN.search(text)
    assert "costs" in text
    plan.charts.losses()
    with pytest.raises(ValueError, match="side 'counterpart' is not 'ours'"):
        plan.charts.losses("counterpart")


def test_the_program_names_no_words_twice() -> None:
    assert {words.sense.sign for words in (LEVERAGE, COST, COST_ALONE)} == {1.0, -1.0}
    assert not FORBIDDEN.search(
        str([value for name, value in vars(COST_ALONE).items() if name not in ("sense", "headlines")])
    )


def test_a_plan_for_many_worlds_says_what_it_costs_in_them(tmp_path: Path) -> None:
    """Documents have costs, of which more is worse; the plan in memory has minus the cost, of which less is worse."""
    case = buyer()
    worlds = draw(case, 3, 0, ["lanes.raw-w1.unit_cost=1..2", "demands.plant/cell.shortage_penalty=4..9"])
    plan = solve_worlds(case, worlds, "cvar:0.5").plan
    told, table = plan.to_dict()["worlds"], plan.tables["worlds"]
    costs = sorted(table["cost"], reverse=True)
    assert costs[0] >= costs[-1] > 0
    assert (told["worst"], told["mean"]) == (approx(costs[0]), approx(sum(costs) / 3))
    assert told["value"] == approx((costs[0] + costs[1] / 2) / 1.5)
    assert told["bound"] <= told["value"]
    assert "share_negative" not in told
    # No world allows less than what its own best plan costs, and each is worked out alone.
    assert (table["cost"] >= table["best"] - 1e-6).all()
    for place, world in enumerate(world_cases(case, worlds)):
        alone = evaluate(world, plan.policies, plan.qualified, plan.stockpile)
        assert table["cost"][place] == approx(alone.cost, rel=1e-6)
    publish(case, plan, tmp_path / "plan")
    assert read_result(tmp_path / "plan")[0].to_dict() == plan.to_dict()


def test_without_a_choice_it_costs_more_over_worlds() -> None:
    uncertain = TABLES["uncertainties"](figure="lanes.raw-w1.unit_cost", distribution="1..2")
    case = replace(buyer(), uncertainties=(uncertain,))
    found = explain(case, worlds=3)
    assert found.plan is not None and found.worlds is not None and len(found.worlds)
    plan, cases = Choices.of(found.plan), world_cases(case, draw(case, 3, 0))
    for row in found.worlds.to_dict("records"):
        lanes = tuple(lane for lane in plan.qualified if lane != row["key"])
        piles = {pair: units for pair, units in plan.stockpile.items() if pair != row["key"]}
        more = [
            (evaluate(world, {}, lanes, piles).cost or 0.0)
            - (evaluate(world, {}, plan.qualified, plan.stockpile).cost or 0.0)
            for world in cases
        ]
        assert row["mean"] == approx(sum(more) / 3, rel=1e-5, abs=1e-6)
    said = io.StringIO()
    show_explanation(found, Console(file=said, width=110))
    assert "Dearer by" in said.getvalue() and not FORBIDDEN.search(said.getvalue())
