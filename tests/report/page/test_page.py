"""A result as one page: what it says, that it is complete in itself, and that names stay names."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from sluicegate import Plan, evaluate
from sluicegate.analysis.results import read_any, read_result
from sluicegate.cli import cli
from sluicegate.data.storage.atomic import Lock, write_file
from sluicegate.report.format.numbers import number
from sluicegate.report.page.page import page_of, read_results

from sluicegate_testing.cli_cases import small
from sluicegate_testing.markup import Document, harmless
from sluicegate_testing.results import publish

SHIPPED = ("tutorial", "japan-korea-2019", "taiwan-korea")
MEGABYTE = 2**20


@cache
def page(folder: Path) -> str:
    return page_of(read_results([str(folder)]))


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(plan.case, plan, tmp_path_factory.mktemp("results") / "small")


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["report", *arguments, "--threads", "1"])
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    return result


# What it says --------------------------------------------------------------------------------------------------------


def test_says_what_matters(folder: Path) -> None:
    text = Document(page(folder)).text
    for words in (
        "A small case",
        "us, facing them: 6 weeks from 2026-01-05. Money in USD m.",
        "us should slow Review of gas (strict, about 3 weeks), qualify chip-alt, and stockpile 0.955 k of chip.",
        "Over 6 weeks that costs them 1,030 USD m and us 378 USD m under answer, the worst package for us: "
        "a leverage of 653 USD m, where sourcing alone, without reviews, would give -143 USD m.",
        "It is proven that no plan within the limits can have more (gap 0%)",
        "Served 36.7% on average, first short in week 0",
        "Under review: Review of gas, strict, 3 weeks on average, felt from week 0, 50% of licences granted",
        "Without retaliation, served 87.3% on average, first short in week 1, least 50% in week 1",
        "Together 1,030 USD m",
        "HHI",
        "1 least fill in 3 scenarios",
        "The case names no sources",
        "Prices do not move",
        "the figures agree, largest relative difference",
        plan_digest(folder),
    ):
        assert words in text, words


def plan_digest(folder: Path) -> str:
    return str(json.loads((folder / "run.json").read_text())["case_digest"])


def test_a_wide_range_is_a_warning(plan: Plan, tmp_path: Path) -> None:
    assert plan.leverage is not None
    words = "the counterpart has several least-cost responses: the least kind of them leaves a leverage of 605.633"
    wide = dataclasses.replace(plan, leverage_range=(605.633, plan.leverage), warnings=(words,))
    document = Document(page(publish(plan.case, wide, tmp_path / "wide")))
    assert "605.63" in document.text
    assert any(entry.get("class") == "wide" for entry in document.of("div"))
    assert "the counterpart has several least-cost responses" in document.text


def test_a_narrow_range_is_none(plan: Plan, tmp_path: Path) -> None:
    assert plan.leverage is not None
    sure = dataclasses.replace(plan, leverage_range=(plan.leverage, plan.leverage), warnings=())
    document = Document(page(publish(plan.case, sure, tmp_path / "sure")))
    assert not any(entry.get("class") == "wide" for entry in document.of("div"))
    assert "Before you trust these figures" not in document.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"status": "feasible", "gap": 0.5, "bound": 980.0},
            "It is not proven best: another plan could have up to 980 USD m",
        ),
        ({"worst_package": "none"}, "no package hurts us more than none"),
        ({"sourcing_only_leverage": None}, "a leverage of 653 USD m."),
    ],
)
def test_says_how_far_it_is_proven(plan: Plan, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    changed = dataclasses.replace(plan, **changes)
    assert words in Document(page(publish(plan.case, changed, tmp_path / "changed"))).text


def test_choices_that_were_only_evaluated(tmp_path: Path) -> None:
    case = small(budget=1)
    given = evaluate(case, {"review": "strict"}, ("chip-alt",))
    text = Document(page(publish(case, given, tmp_path / "given"))).text
    assert "us would slow Review of gas (strict, about 3 weeks), and qualify chip-alt." in text
    assert (
        "These choices were given, not optimised: nothing is proven about better ones, and they break 1 limit." in text
    )
    assert "Limits that these choices break budget at most 1: over by 8" in text


@pytest.mark.parametrize(
    ("plan_", "words"),
    [
        ({"status": "infeasible"}, ["No plan satisfies all limits", "This is proven", "at most 30"]),
        (
            {"status": "unknown", "bound": 12.5},
            ["stopped before a plan was found", "at most 12.5 USD m", "allow more time"],
        ),
    ],
)
def test_no_plan(plan: Plan, tmp_path: Path, plan_: dict[str, Any], words: list[str]) -> None:
    without = Plan(case=plan.case, **plan_)
    document = harmless(page(publish(plan.case, without, tmp_path / "without")))
    for expected in words:
        assert expected in document.text
    assert document.of("svg"), "the network is there without a plan too"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_cases(result: Callable[[str], Path], shipped_page: Callable[[str], str], name: str) -> None:
    text = shipped_page(name)
    document = harmless(text)
    plan, remarks = read_result(result(name))
    assert not remarks
    assert len(text.encode()) <= 3 * MEGABYTE
    assert plan.leverage is not None
    assert number(plan.leverage) in document.text
    chosen = [regime.name for regime in plan.case.regimes if regime.regime in plan.policies]
    assert chosen and [name for name in chosen if name not in document.text] == []
    for source in {row.source for row in plan.case.sources}:
        assert " ".join(source.split()) in document.text


# What it is made of --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_can_be_read_without_seeing_it(shipped_page: Callable[[str], str], name: str) -> None:
    document = Document(shipped_page(name))
    assert document.of("html")[0]["lang"] == "en"
    for tag in ("main", "header", "footer", "nav", "h1"):
        assert len(document.of(tag)) == 1, tag
    levels = [int(tag[1]) for tag, _ in document.elements if re.fullmatch("h[1-6]", tag)]
    assert all(level <= before + 1 for before, level in pairwise(levels)), "no level is skipped"
    ids = [str(entry["id"]) for _, entry in document.elements if "id" in entry]
    assert len(ids) == len(set(ids))
    assert all(str(entry["href"])[1:] in ids for entry in document.of("a"))
    assert all(entry["aria-labelledby"] in ids for entry in document.of("section"))
    # A picture is described, or is decoration; the pieces of a picture are neither.
    outer = [entry for entry in document.of("svg") if "viewBox" in entry or "viewbox" in entry]
    assert outer
    assert all(
        entry.get("aria-hidden") == "true" or (entry.get("role") == "img" and entry.get("aria-label"))
        for entry in outer
    )
    tables = len(document.of("table"))
    assert len(document.of("caption")) == tables
    assert all(entry.get("scope") in ("col", "row") for entry in document.of("th"))
    regions = [entry for entry in document.of("div") if entry.get("role") == "region"]
    assert all(entry.get("tabindex") == "0" and entry.get("aria-label") for entry in regions)


def test_every_chart_is_told_in_words(shipped_page: Callable[[str], str]) -> None:
    figures = re.findall(r"<figure.*?</figure>", shipped_page("taiwan-korea"), re.DOTALL)
    assert len(figures) > 10
    for figure in figures:
        (words,) = re.findall(r"<p>(.*?)</p>", figure)
        assert len(words) > 20


def test_names_are_text_wherever_they_stand(hostile_plan: Plan, tmp_path: Path) -> None:
    document = harmless(page(publish(hostile_plan.case, hostile_plan, tmp_path / "hostile")))
    title = hostile_plan.case.settings.case.title.replace("\u202e", "\\u202e")
    for name in (
        title,
        "<b onclick=\"alert('r')\">&amp;",
        "{{ 7 * 7 }}",
        "]]></svg><script>alert(1)</script>",
        "=cmd|' '!A0",
        "javascript:alert(1)",
    ):
        assert name in document.text
    assert "\u202e" not in document.text
    known = {"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clippath", "title"}
    known |= {"html", "head", "meta", "link", "style", "body", "header", "main", "footer", "nav", "section", "aside"}
    known |= {
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "ol",
        "ul",
        "li",
        "a",
        "dl",
        "dt",
        "dd",
        "div",
        "span",
        "small",
        "strong",
        "bdi",
    }
    known |= {"table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary"}
    # The one script is the page's own, of a digest that the page states.
    assert [attributes.get("type") for tag, attributes in document.elements if tag == "script"].count(None) == 1
    assert {tag for tag, _ in document.elements} - {"script"} <= known


# Reading and writing -------------------------------------------------------------------------------------------------


def test_is_written_beside_the_result(folder: Path) -> None:
    done = run(str(folder))
    assert done.stdout == ""
    assert done.stderr == f"Written to {folder / 'report.html'}\n"
    assert (folder / "report.html").read_text(encoding="utf-8") == page(folder)
    first = (folder / "report.html").stat().st_ino
    run(str(folder), "-q")
    assert (folder / "report.html").stat().st_ino != first, "a page is replaced"
    (folder / "report.html").unlink()


def test_is_the_same_every_time(folder: Path) -> None:
    assert page_of(read_results([str(folder)])) == page(folder)


def test_a_plan_is_not_kept_waiting_for_libraries_it_does_without(folder: Path) -> None:
    code = (
        "import sys; from sluicegate.report.page.page import page_of, read_results; page_of(read_results(sys.argv[1:])); "
        "print({'altair', 'pyomo', 'highspy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_json(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    document = json.loads(run(str(folder), "-o", str(target), "--json").stdout)
    assert document["page"] == str(target)
    assert document["bytes"] == target.stat().st_size


def test_a_folder_is_enough(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    run(".", "-o", str(tmp_path / "page.htm"))
    assert (tmp_path / "page.htm").exists()


def test_another_file_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "thesis.html"
    target.write_text("mine")
    assert "no page of this program" in run(str(folder), "-o", str(target), code=2).stderr
    assert target.read_text() == "mine"
    run(str(folder), "-o", str(target), "--force")
    assert "A small case" in target.read_text()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("plan.json", "a page is an .html file"),
        (".", "a page is an .html file"),
        ("nowhere/page.html", "cannot be written"),
    ],
)
def test_places_that_will_not_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in run(str(folder), "-o", output, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    assert "is a folder" in run(str(folder), "-o", str(tmp_path / "page.html"), code=2).stderr


def test_a_place_that_may_not_be_written_is_told_before_the_work(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sluicegate.data.storage.atomic.tempfile.mkstemp", refused)
    monkeypatch.setattr("sluicegate.report.page.page.page_of", None)
    said = "cannot be written: permission denied; name another file"
    assert f"-o plan.html {said}" in run(str(folder), "-o", "plan.html", code=2).stderr
    monkeypatch.undo()
    monkeypatch.setattr("sluicegate.report.page.page.page_of", None)
    place = str(tmp_path / "nowhere" / "plan.xlsx")
    said = f"--workbook {place} cannot be written: there is no folder {tmp_path / 'nowhere'}; make it, or name another file"
    assert said in run(str(folder), "-o", str(tmp_path / "plan.html"), "--workbook", place, code=2).stderr


def test_a_folder_that_is_being_written_gets_no_page(folder: Path, tmp_path: Path) -> None:
    with Lock(folder):
        said = run(str(folder), code=2).stderr
        assert f"{folder.name} is being written by another process ({os.getpid()})" in said
        assert "-o" in said
        run(str(folder), "-o", str(tmp_path / "elsewhere.html"))


def test_a_full_disk_leaves_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("sluicegate.data.storage.atomic.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_file(b"new", target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def damaged(folder: Path, tmp_path: Path, change: Callable[[Path], Any]) -> Path:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    change(copy)
    return copy


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda copy: (copy / "plan.json").write_text("{"), "plan.json cannot be read"),
        (lambda copy: (copy / "plan.json").write_text("[]"), "plan.json holds no document"),
        (
            lambda copy: (copy / "plan.json").write_text('{"schema": 2}'),
            "written by a newer version (schema 2, here 1)",
        ),
        (lambda copy: (copy / "plan.json").write_text('{"schema": 1}'), "not the plan.json of this version"),
        (lambda copy: (copy / "plan.json").unlink(), "is no result folder; name a folder that solve"),
        (lambda copy: (copy / "fills.parquet").unlink(), "fills.parquet is missing"),
        (lambda copy: (copy / "fills.parquet").write_bytes(b"x"), "fills.parquet cannot be read"),
        (lambda copy: (copy / "run.json").write_text("x"), "run.json cannot be read"),
        (lambda copy: (copy / "case" / "lanes.csv").unlink(), "lanes"),
    ],
)
def test_a_damaged_folder(folder: Path, tmp_path: Path, change: Callable[[Path], Any], words: str) -> None:
    copy = damaged(folder, tmp_path, change)
    assert words in " ".join(run(str(copy), code=2).stderr.split())
    assert not (copy / "report.html").exists()


def test_what_is_no_result(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = run(str(tmp_path / "gone"), str(tmp_path / "file"), str(tmp_path), code=2).stderr
    for words in ("gone is not there", "file is a file", "is no result folder"):
        assert words in told


def test_a_case_is_to_be_solved_first(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "case.toml").touch()
    told = run(str(tmp_path / "mine"), code=2).stderr
    assert "is a case, not yet a result; solve it first: sluicegate solve " in told


def test_a_case_that_was_changed_is_told(folder: Path, tmp_path: Path) -> None:
    def change(copy: Path) -> None:
        settings = copy / "case" / "case.toml"
        settings.write_text(settings.read_text().replace("budget = 30", "budget = 31"))

    text = Document(page(damaged(folder, tmp_path, change))).text
    assert "its case was changed after the plan was found" in text


def test_tables_come_back_with_the_plan(plan: Plan, folder: Path) -> None:
    found = read_any(folder)
    assert found.kind == "plan"
    assert found.content.to_dict() == plan.to_dict()
    assert set(found.content.tables) == set(plan.tables)
    assert found.run["command"] == "solve"


# Side by side --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = small(budget=9)
    given = evaluate(case, {"review": "slow"}, ("chip-alt",))
    return publish(case, given, tmp_path_factory.mktemp("second") / "given")


def test_two_plans_side_by_side(folder: Path, second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(str(folder), str(second))
    document = harmless((tmp_path / "comparison.html").read_text(encoding="utf-8"))
    for words in (
        "Side by side: A small case",
        "A has the most leverage, 653 USD m",
        "and in 2 choices",
        "A gap 0%, B as chosen, nothing proven",
        "policy of Review of gas strict slow",
        "budget 30 9",
        "B: choices as given, not optimised",
    ):
        assert words in document.text, words
    assert "What explains the change" not in document.text


def test_what_explains_the_change(folder: Path, tmp_path: Path) -> None:
    case = small(budget=9)
    other = publish(case, evaluate(case, {"review": "strict"}, ("chip-alt",)), tmp_path / "other")
    text = Document(page_of(read_results([str(folder), str(other)]), attribute=True, threads=1)).text
    assert "What explains the change of leverage" in text
    assert re.search(r"budget -[\d.]+ from A", text)


def test_plans_that_are_not_there(plan: Plan, folder: Path, tmp_path: Path) -> None:
    without = publish(plan.case, Plan(case=plan.case, status="infeasible"), tmp_path / "without")
    text = Document(page_of(read_results([str(folder), str(without)]))).text
    assert "Only A has a plan, with a leverage of 653 USD m." in text
    nothing = Document(page_of(read_results([str(without), str(without)]))).text
    assert "None of these has a plan to compare." in nothing


@pytest.mark.parametrize("command", ["solve", "evaluate"])
def test_a_plan_has_a_name_and_a_note_wherever_it_is_shown(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ("-q", "--no-range", *(("--no-reasons", "--threads", "1") if command == "solve" else ()))
    said = ("--name", "No <review> before May", "--note", "asked for by the ministry")
    run = CliRunner().invoke
    assert run(cli, [command, "tutorial", "-o", "named", *said, *quick]).exit_code == 0
    assert run(cli, [command, "tutorial", "-o", "plain", *quick]).exit_code == 0
    stored = json.loads(Path("named/plan.json").read_text(encoding="utf-8"))
    assert (stored["name"], stored["note"]) == ("No <review> before May", "asked for by the ministry")
    assert "name" not in json.loads(Path("plain/plan.json").read_text(encoding="utf-8"))
    line = "No <review> before May: asked for by the ministry"
    assert line in run(cli, ["show", "named"]).output
    assert run(cli, ["report", "named", "--workbook", "named.xlsx"]).exit_code == 0
    assert line in harmless(Path("named/report.html").read_text(encoding="utf-8")).text
    cells = {cell.value for row in load_workbook("named.xlsx").worksheets[0].iter_rows() for cell in row}
    assert {"No <review> before May", "asked for by the ministry"} <= cells
    compared = run(cli, ["compare", "named", "plain", "--no-range", "--no-attribution"])
    assert "A  No <review> before May (named)\n" in compared.output and "B  plain\n" in compared.output
    assert run(cli, ["report", "named", "plain", "-o", "both.html"]).exit_code == 0
    assert "No <review> before May (named)" in harmless(Path("both.html").read_text(encoding="utf-8")).text
