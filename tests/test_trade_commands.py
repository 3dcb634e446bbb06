"""The commands scan and draft: what they print, what they write, how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sluicegate import load_case
from sluicegate.cli import cli

from sluicegate_testing.markup import harmless
from sluicegate_testing.trade_files import WORLD, baci, save


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    save(tmp_path, baci())
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, arguments)
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    return result


def words(text: str) -> str:
    return " ".join(text.split())


SIDES = ("--focal", "TWN", "--counterpart", "KOR", "--allies", "USA,JPN")


def test_scan_prints_the_ranking_and_what_was_mended() -> None:
    shown = words(run("scan", "data.csv", *SIDES).stdout)
    assert "South Korea buys 2 goods from Taiwan, worth 610 USD thousand a year." in shown
    assert "without it South Korea would lose 229.07 USD thousand a year" in shown
    assert "854232 1,000 60% 229.1 346.6 4,200 3 of 3" in shown
    assert "250410 100 10% 2.6 0.0 8,200 3 of 3" in shown
    assert "854232 kg 200.0 57.14 35.7% 0.2 x China 100 at 25.00" in shown
    assert "Other Asia, nes mended 5 2,010" in shown
    assert "South Korea on Taiwan 0.1386, Taiwan on South Korea 0.1250; asymmetry 0.0136." in shown


def test_scan_prints_one_json_document() -> None:
    document = json.loads(run("scan", "data.csv", *SIDES, "--json").stdout)
    hold, back = document["rankings"]
    assert (hold["buyer"], hold["seller"], back["buyer"], back["seller"]) == ("KOR", "TWN", "TWN", "KOR")
    assert hold["goods"][0]["loss"] == pytest.approx(229_072.68296853878)
    assert set(document["units"]) <= set(hold["goods"][0])
    assert {entry["rule"] for entry in document["treatments"]} == {"taiwan", "codes", "quantity"}
    assert all(entry["sentence"] for entry in document["treatments"])


def test_scan_writes_a_page_and_a_chart(here: Path) -> None:
    result = run("scan", "data.csv", *SIDES, "--page", "ranking.html", "--chart", "ranking.svg", "-q")
    assert result.stderr == ""
    page = (here / "ranking.html").read_text(encoding="utf-8")
    harmless(page)
    assert "Taiwan and South Korea: who depends on whom" in page and page.count("<svg") == 2
    assert "Partner 490, Other Asia not elsewhere specified, is Taiwan" in page
    assert (here / "ranking.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_buyers_view_needs_no_counterpart() -> None:
    shown = words(run("scan", "data.csv", "--focal", "KOR", "--diversify").stdout)
    assert "What South Korea depends on" in shown and "South Korea buys 2 goods from abroad, worth 1,100 USD" in shown
    assert "250410 China 100 90% 57.6 8,200 3 of 3" in shown


def test_a_hostile_name_does_no_harm(here: Path) -> None:
    save(here, 'code,description\n854232,"<script>alert(1)</script> \x1b[31mred"\n', "names.csv")
    shown = run("scan", "data.csv", "names.csv", *SIDES, "--page", "ranking.html").stdout
    assert "\x1b" not in shown
    harmless((here / "ranking.html").read_text(encoding="utf-8"))


def test_draft_writes_a_case_that_validates(here: Path) -> None:
    shown = run("draft", "data.csv", *SIDES, "--items", "854232,250410", "-o", "mine").stdout
    assert "2 items, 6 sites" in shown and "What to find out" in shown
    assert "No faults" in run("validate", "mine").stdout
    readme = (here / "mine" / "README.txt").read_text(encoding="utf-8")
    assert "sluicegate solve mine" in readme and "1. loss for a unit not served" in readme
    assert load_case("mine").settings.case.currency == "USD thousand"
    before = sorted(path.name for path in (here / "mine").iterdir())
    assert "README.txt" in before and "sources.csv" in before
    assert "mine is not empty" in run("draft", "data.csv", *SIDES, "--items", "854232", "-o", "mine", code=2).stderr
    run("draft", "data.csv", *SIDES, "--items", "854232", "-o", "mine", "--force")
    assert [row.item for row in load_case("mine").items] == ["hs854232"]


def test_draft_writes_a_workbook_and_json(here: Path) -> None:
    document = json.loads(run("draft", "data.csv", *SIDES, "--items", "854232", "-o", "mine.xlsx", "--json").stdout)
    assert document["rows"]["items"] == 1 and document["placeholders"][0]["question"].startswith("what does the user")
    assert load_case("mine.xlsx").digest == document["digest"]


MISTAKES = {
    "no counterpart": (("scan", "data.csv", "--focal", "TWN"), "scan needs --counterpart, or --diversify"),
    "a draft without one": (
        ("draft", "data.csv", "--focal", "TWN", "--items", "1", "-o", "x"),
        "draft needs --counterpart",
    ),
    "no items": (("draft", "data.csv", *SIDES, "--items", " , ", "-o", "x"), "--items names nothing"),
    "a year in words": (("scan", "data.csv", *SIDES, "--year", "last"), "--year last: write a year such as 2023"),
    "years backwards": (
        ("scan", "data.csv", *SIDES, "--year", "2023-2020"),
        "a first and a last one such as 2021-2023",
    ),
    "a file that is not there": (
        ("scan", "dta.csv", *SIDES),
        "dta.csv: no such file, and no shipped extract has this name",
    ),
    "a page of another kind": (
        ("scan", "data.csv", *SIDES, "--page", "x.pdf"),
        "--page x.pdf: give the file the ending .html",
    ),
    "a page nowhere": (
        ("scan", "data.csv", *SIDES, "--page", "no/x.html"),
        "--page no/x.html cannot be written: there is no folder no",
    ),
    "a chart of another kind": (
        ("scan", "data.csv", *SIDES, "--chart", "x.gif"),
        "one of the endings .svg, .png, .html",
    ),
    "a table of elasticities that is not there": (
        ("scan", "data.csv", *SIDES, "--sigma", "none.csv"),
        "none.csv: cannot be read",
    ),
    "a country of another world": (
        ("scan", "data.csv", "--focal", "Mars", "--counterpart", "KOR"),
        "--focal: 'Mars': no country",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_without_a_traceback(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert message in " ".join(result.stderr.split())


def test_faults_of_the_data_are_listed(here: Path) -> None:
    save(here, baci().replace("600.000", "much"))
    result = run("scan", "data.csv", *SIDES, code=2)
    assert result.stderr.splitlines()[0] == "Error: 1 fault in the trade statistics:"
    assert "data.csv, row 2, v: 'much': not a number" in result.stderr


def test_nothing_in_common_is_said(here: Path) -> None:
    save(here, baci([entry for entry in WORLD if entry[0] != "TWN"]))
    shown = run("scan", "data.csv", *SIDES, "--page", "x.html", "--chart", "x.svg")
    assert "The data show nothing that South Korea buys from Taiwan." in shown.stdout


def test_ctrl_c_ends_at_once_and_leaves_nothing_behind(here: Path) -> None:
    rows = "".join(f"2023,{490 + number % 3},410,{100000 + number:06},1.5,0.5\n" for number in range(400_000))
    save(here, "t,i,j,k,v,q\n" + rows, "large.csv")
    scratch = here / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "sluicegate.cli", "scan", "large.csv", *SIDES]
    child = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(scratch)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    began = time.monotonic()
    while not list(scratch.glob("*/*/trade.duckdb")) and child.poll() is None and time.monotonic() - began < 60:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    said, told = child.communicate(timeout=60)
    assert child.returncode in (0, 130), told
    assert child.returncode == 0 or said == b""
    assert not list(scratch.iterdir())
