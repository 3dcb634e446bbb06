"""Commands that write workbooks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from sluicegate import Plan, load_case, solve
from sluicegate.cli import cli
from sluicegate.data import write_folder

from sluicegate_testing.cli_cases import small
from sluicegate_testing.results import publish


@pytest.fixture(scope="module")
def solved() -> Plan:
    return solve(small())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, solved: Plan) -> None:
    """A folder with the case ``small`` and its result ``out``."""
    monkeypatch.chdir(tmp_path)
    write_folder(small(), "small")
    publish(solved.case, solved, Path("out"))


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_report_writes_a_workbook_beside_the_page(solved: Plan) -> None:
    result = run("report", "out", "--workbook", "plan.xlsx")
    assert result.stdout == ""
    assert result.stderr == "Written to out/report.html and plan.xlsx\n"
    assert load_case("plan.xlsx") == solved.case
    written = run("report", "out", "--workbook", "again.xlsx", "--json")
    assert json.loads(written.stdout)["workbook"] == "again.xlsx"
    assert "Summary" in load_workbook("again.xlsx").sheetnames


def test_a_workbook_that_is_there_is_replaced_only_on_request() -> None:
    Path("plan.xlsx").write_text("mine")
    said = run("report", "out", "--workbook", "plan.xlsx", code=2).stderr
    assert said == "Error: --workbook plan.xlsx: the file is there; name another one, or replace it with --force\n"
    assert Path("plan.xlsx").read_text() == "mine"
    assert not Path("out/report.html").exists()
    run("report", "out", "--workbook", "plan.xlsx", "--force")
    load_case("plan.xlsx")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["out", "--workbook", "plan.csv"], "a workbook is an .xlsx file; name one such as plan.xlsx"),
        (["out", "out", "--workbook", "plan.xlsx"], "--workbook holds one plan; name the one result folder of a plan"),
        (["out", "--workbook", "out/plan.json/plan.xlsx"], "cannot be written: "),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: str) -> None:
    assert said.lower() in run("report", *arguments, code=2).stderr.lower()
    assert sorted(name for name in os.listdir() if name.endswith((".xlsx", ".csv"))) == []


def test_a_case_goes_to_a_workbook_and_back() -> None:
    assert "Edit it, then: sluicegate solve small.xlsx" in run("cases", "copy", "small", "small.xlsx").stderr
    assert load_case("small.xlsx") == small()
    run("cases", "copy", "small.xlsx", "again")
    assert load_case("again") == small()
    before = {file.name: file.read_bytes() for file in Path("small").iterdir()}
    assert {file.name: file.read_bytes() for file in Path("again").iterdir()} == before


def test_a_shipped_case_keeps_its_files() -> None:
    run("cases", "copy", "tutorial", "mine")
    shipped = Path(__file__).parent.parent / "data/cases/tutorial"
    assert {file.name for file in Path("mine").iterdir()} == {file.name for file in shipped.iterdir()}
    assert Path("mine/case.toml").read_bytes() == (shipped / "case.toml").read_bytes()
    run("cases", "copy", "tutorial", "mine.xlsx")
    assert load_case("mine.xlsx") == load_case("tutorial")


def test_nothing_is_replaced_by_a_copy() -> None:
    assert "is not empty" in run("cases", "copy", "tutorial", "small", code=2).stderr
    assert load_case("small") == small()
    run("cases", "copy", "small", "small.xlsx")
    assert "small.xlsx exists; name another file, or overwrite it with --force" in (
        run("cases", "copy", "tutorial", "small.xlsx", code=2).stderr
    )
    run("cases", "copy", "tutorial", "small.xlsx", "--force")
    assert load_case("small.xlsx") == load_case("tutorial")


def test_a_case_that_is_none_is_not_copied() -> None:
    said = run("cases", "copy", "tutoral", "mine", code=2).stderr
    assert "did you mean 'tutorial'" in said
    assert not Path("mine").exists()
