"""Pages of frontiers and sweeps: what the terminal says, as titles, lines and tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sluicegate import evaluate, load_case, solve
from sluicegate.cli import cli
from sluicegate.report.files.folder import ResultError
from sluicegate.report.format.names import Name
from sluicegate.report.page.page import page_of, read_results, read_sweep_of
from sluicegate.report.text.blocks import blocks
from sluicegate.report.text.layout import label_grid, new_table, section, text_line

from sluicegate_testing.cli_cases import hostile, small
from sluicegate_testing.markup import harmless
from sluicegate_testing.results import frontier_folder, publish, sweep_folder


def test_titles_lines_and_tables() -> None:
    table = new_table("Site", "Units", "Cost")
    table.add_row(Name("a/b"), "1", Text("2"))
    table.add_row(Name("<b>"), "3", "")
    found = list(blocks([section("Stocks", "bought"), text_line("- so it is", "dim"), Padding(table, 1), Text("")]))
    assert found == [
        {"kind": "title", "text": "Stocks", "note": "bought"},
        {"kind": "line", "text": "so it is", "style": "dim"},
        {
            "kind": "table",
            "heads": ["Site", "Units", "Cost"],
            "rows": [("a/b", "1", "2"), ("<b>", "3", "")],
            "names": 1,
        },
    ]


def test_a_grid_has_no_heads() -> None:
    (found,) = blocks([label_grid([("without reviews", "-14", "best leverage of sourcing alone")])])
    assert found["heads"] == []
    assert found["rows"] == [("without reviews", "-14", "best leverage of sourcing alone")]


def test_a_table_of_names_only() -> None:
    table = Table()
    table.add_column("Regime")
    table.add_row("gas")
    (found,) = blocks([table])
    assert (found["names"], found["rows"]) == (1, [("gas",)])


def test_the_page_of_a_frontier(tmp_path: Path) -> None:
    document = harmless(page_of(read_results([str(frontier_folder(small(), tmp_path / "curve"))])))
    for words in ("A small case: leverage against budget", "each proven best at its level", "What changes on the way"):
        assert words in document.text, words
    assert len(document.of("svg")) == 1


def test_the_page_of_a_sweep(tmp_path: Path) -> None:
    document = harmless(page_of(read_results([str(sweep_folder(small(), tmp_path / "doubts"))])))
    for words in (
        "A small case: a sweep of 1 figure",
        "Over 6 samples the leverage lies between",
        "It depends most on budget",
    ):
        assert words in document.text, words
    assert len(document.of("svg")) >= 3


@pytest.mark.parametrize("study", [frontier_folder, sweep_folder])
def test_names_stay_names(tmp_path: Path, study: object) -> None:
    case = hostile()
    assert callable(study)
    document = harmless(page_of(read_results([str(study(case, tmp_path / "hostile"))])))
    assert case.settings.case.title.split()[0] in document.text


def test_a_sweep_stands_on_the_page_of_its_plan(tmp_path: Path) -> None:
    case = small()
    plan = publish(case, solve(case), tmp_path / "plan")
    sweep_folder(case, tmp_path / "doubts")
    results = read_results([str(plan)])
    alone = page_of(results)
    page = page_of(results, sweep=read_sweep_of(results, str(tmp_path / "doubts")))
    document = harmless(page)
    assert "If figures are otherwise" in document.text and "If figures are otherwise" not in alone
    assert "leverage lies between" in document.text and "It depends most on budget" in document.text
    assert len(document.of("svg")) == len(harmless(alone).of("svg")) + 2
    keys = [entry["id"] for _, entry in document.elements if entry.get("id")]
    assert len(keys) == len(set(keys)), "charts of the sweep have ids of their own"


def test_only_a_sweep_of_the_case_goes_with_one_plan(tmp_path: Path) -> None:
    case = small()
    plan = publish(case, evaluate(case), tmp_path / "plan")
    results = read_results([str(plan)])
    with pytest.raises(ResultError, match="holds a plan; name a folder that sweep wrote"):
        read_sweep_of(results, str(plan))
    with pytest.raises(ResultError, match="one plan"):
        read_sweep_of([*results, *results], str(plan))
    other = sweep_folder(load_case("tutorial"), tmp_path / "doubts")
    with pytest.raises(ResultError, match="a sweep of tutorial, and the plan is of small"):
        read_sweep_of(results, str(other))


def test_the_charts_of_a_plan_are_written_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = small()
    publish(case, solve(case), tmp_path / "plan")
    result = CliRunner().invoke(cli, ["report", "plan", "--chart", "chart.svg", "--json", "--threads", "1"])
    assert result.exit_code == 0, result.output
    charts = json.loads(result.stdout)["charts"]
    assert {"chart-timeline.svg", "chart-ours-losses.svg"} < set(charts)
    assert all(Path(name).read_text(encoding="utf-8").startswith("<svg") for name in charts)
    refused = CliRunner().invoke(cli, ["report", "plan", "--chart", "chart.jpg"])
    assert refused.exit_code == 2 and ".svg" in refused.output and not Path("chart-timeline.jpg").exists()
