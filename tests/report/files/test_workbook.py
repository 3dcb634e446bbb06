"""A plan as a workbook."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sluicegate import Plan, evaluate, load_case, solve
from sluicegate.data import TABLES, apply_overrides
from sluicegate.report.files import workbook as report
from sluicegate.report.files.workbook import write_workbook

from sluicegate_testing.cli_cases import REASON, small

OUR_FORMULA = re.compile(r"=(SUMPRODUCT|SUM|IF)\([$A-Z0-9:=,\"yes*()]+\)|=[A-Z]\d+[-*][A-Z]\d+")

HOSTILE = '=cmd|"/c calc"!A1'


@pytest.fixture(scope="module")
def book(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return load_workbook(write_workbook(plan, tmp_path_factory.mktemp("book") / "plan.xlsx"))


def rows_of(sheet: Worksheet) -> list[dict[str, object]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if any(value is not None for value in row)]


def test_sheets(book: Workbook, plan: Plan) -> None:
    filled = [table for table in TABLES if plan.case.rows(table)]
    # Without a stake there is nothing to settle.
    sheets = [name for name in report.SHEETS if name != report.SETTLEMENTS]
    assert book.sheetnames == [*sheets, "case", *filled]
    for name in sheets[1:]:
        assert book[name].freeze_panes is not None, name
        assert book[name].auto_filter.ref is not None, name


def test_summary_says_the_answer(book: Workbook, plan: Plan) -> None:
    said = {row[0]: row[1:3] for row in book[report.SUMMARY].iter_rows(values_only=True) if row[0]}
    assert said["status"][0] == "optimal"
    assert said["leverage, in the worst package"] == (pytest.approx(plan.leverage, rel=1e-12), "USD m")
    assert said["no plan can have more than"][0] == pytest.approx(plan.bound, rel=1e-12)
    assert said["budget used of 30"][0] == pytest.approx(plan.limits["budget"]["used"], rel=1e-12)
    assert said["worst package"][0] == plan.worst_package


def test_every_figure_of_the_weeks_is_there(book: Workbook, plan: Plan) -> None:
    keys = {"flows": ["side", "scenario", "lane"], "stocks": ["side", "scenario", "site", "item"]}
    keys["fills"] = keys["stocks"]
    for name, sheet, value in (
        ("flows", report.FLOWS, "dispatched"),
        ("stocks", report.STOCKS, "stock"),
        ("fills", report.FILLS, "fill"),
    ):
        frame = plan.tables[name]
        rows = {
            tuple(str(row[key.capitalize()]).replace("every scenario", "") for key in keys[name]): row
            for row in rows_of(book[sheet])
            if row["Side"] in ("ours", "counterpart")
        }
        assert len(frame) == len(rows) * plan.case.settings.horizon.weeks
        for entry in frame.itertuples():
            row = rows[tuple(getattr(entry, key) for key in keys[name])]
            assert row[f"Week {entry.week}"] == pytest.approx(getattr(entry, value), rel=1e-12, abs=1e-300)


def test_other_sheets_hold_the_tables(book: Workbook, plan: Plan) -> None:
    policies = rows_of(book[report.POLICIES])
    assert {row["Regime"]: row["Policy"] for row in policies} == dict(plan.policies)
    sourcing = rows_of(book[report.SOURCING])
    assert [row["In the plan"] for row in sourcing] == pytest.approx(list(plan.tables["sourcing"]["plan"]))
    scenarios = {row["Scenario"]: row for row in rows_of(book[report.SCENARIOS])}
    assert {name: row["Leverage (USD m)"] for name, row in scenarios.items()} == pytest.approx(
        {name: entry["leverage"] for name, entry in plan.scenarios.items()}
    )
    losses = rows_of(book[report.LOSSES])
    assert losses[0]["Scenario"] == plan.worst_package
    ours = [row["Loss (USD m)"] for row in losses if (row["Scenario"], row["Side"]) == (plan.worst_package, "ours")]
    assert sum(ours) == pytest.approx(plan.own_loss)
    margins = {row["Demand"]: row for row in rows_of(book[report.CONTINUITY])}
    assert margins["us-site/chip"]["Least fill allowed"] == 0.2


def test_decisions_add_up_to_what_the_plan_uses(plan: Plan, book: Workbook, tmp_path: Path) -> None:
    path = write_workbook(plan, tmp_path / "plan.xlsx")
    # Values that the formulas had when the file was written.
    sheet = load_workbook(path, data_only=True)[report.DECISIONS]
    used, allowed, left = ([cell.value for cell in sheet[row][6:9]] for row in (4, 5, 6))
    assert used == pytest.approx([entry["used"] for entry in plan.limits.values()])
    assert allowed[0] == plan.limits["budget"]["limit"]
    assert left[0] == pytest.approx(allowed[0] - used[0], abs=1e-9)
    # What may be changed has one colour: choices, units, and what the case allows.
    assert {sheet[cell].fill.fgColor.rgb for cell in ("D9", "G5")} == {"FFFFF6DD"}
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=9) if row[0].value}
    assert {name: rows[name][3].value for name in plan.policies} == dict(plan.policies)
    assert rows["chip-alt"][3].value == ("yes" if "chip-alt" in plan.qualified else "no")
    assert rows["us-site/chip"][4].value == pytest.approx(plan.stockpile["us-site/chip"])
    formulas = book[report.DECISIONS]
    assert formulas["G4"].value == f"=SUM(G9:G{8 + len(rows)})"
    lists = [rule.formula1 for rule in formulas.data_validations.dataValidation if rule.type == "list"]
    assert '"yes,no"' in lists
    assert any(rule.startswith("$") for rule in lists)


def test_a_name_that_is_broken_has_its_lines(tmp_path: Path) -> None:
    name = "A regime whose name takes more than one line of its column, and more than two"
    sheet = load_workbook(write_workbook(evaluate(small(review=name)), tmp_path / "plan.xlsx"))[report.DECISIONS]
    (row,) = [row for row in sheet.iter_rows(min_row=9) if row[1].value == name]
    assert sheet.row_dimensions[row[0].row].height >= 13 * len(name) / sheet.column_dimensions["B"].width


def test_columns_of_the_plan_have_notes(book: Workbook) -> None:
    for sheet, header in (
        (report.SOURCING, "Qualified"),
        (report.SCENARIOS, "Known from week"),
        (report.CONTINUITY, "Margin"),
    ):
        (cell,) = (cell for cell in book[sheet][1] if cell.value == header)
        assert cell.comment is not None, header
    assert book[report.SCENARIOS].print_title_rows == "$1:$1"
    heads = [
        cell for cell in book[report.DECISIONS][8] if cell.value in ("Decision", "Chosen", "Cost (USD m)", "Units")
    ]
    assert len(heads) == 4 and all(cell.comment is not None for cell in heads)


def test_formats_and_charts(book: Workbook) -> None:
    fills = book[report.FILLS]
    header = {cell.value: cell.column for cell in fills[1]}
    assert fills.cell(2, header["Week 0"]).number_format == "0.0%"
    assert fills.conditional_formatting
    flows = book[report.FLOWS]
    header = {cell.value: cell.column for cell in flows[1]}
    assert flows.cell(2, header["Week 0"]).number_format.startswith("#,##0")
    for name in (report.SUMMARY, report.SOURCING, report.SCENARIOS, report.LOSSES, report.FILLS):
        assert book[name]._charts, name


def test_it_is_a_case_too(plan: Plan, tmp_path: Path) -> None:
    case = load_case(write_workbook(plan, tmp_path / "plan.xlsx"))
    assert case == plan.case
    assert [warning.message for warning in case.warnings] == ["no tables of a case; the sheets are ignored"]


def test_text_of_a_case_is_never_a_formula(tmp_path: Path) -> None:
    case = small(name="=1+1", gas=HOSTILE.replace("/", ":"), title=HOSTILE, review="@SUM(A1)", budget=30)
    case = apply_overrides(case, ["items.chip.unit=+1", 'case.currency==HYPERLINK("http://example.org")'])
    path = write_workbook(solve(case), tmp_path / "plan.xlsx")
    for sheet in load_workbook(path):
        for cells in sheet.iter_rows():
            for cell in cells:
                if cell.data_type == "f":
                    # Formulas are ours, and hold no text of the case.
                    assert sheet.title == report.DECISIONS
                    assert OUR_FORMULA.fullmatch(cell.value), cell.value
                    continue
                assert cell.data_type in ("s", "n"), cell.coordinate
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")):
                    # It stays text when somebody edits the cell.
                    assert cell.number_format == "@", cell.value
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name).decode("utf-8", "replace")
            assert "<f>" not in content or name == "xl/worksheets/sheet2.xml", name
            assert not name.endswith(".rels") or "example.org" not in content
            if name.startswith("xl/charts/"):
                # A chart refers to sheets of ours; nothing of the case's text is a reference.
                assert "<c:f>cmd" not in content
                assert "<c:f>HYPERLINK" not in content
    assert load_case(path) == case


def test_without_a_plan_the_case_remains(tmp_path: Path) -> None:
    plan = solve(apply_overrides(small(), ["demands.us-site/chip.min_fill=1", "limits.budget=0"]))
    assert plan.leverage is None
    path = write_workbook(plan, tmp_path / "plan.xlsx")
    book = load_workbook(path)
    assert book.sheetnames[:2] == [report.SUMMARY, "case"]
    said = {row[0]: row[1] for row in book[report.SUMMARY].iter_rows(values_only=True) if row[0]}
    assert said["status"] == "infeasible"
    assert load_case(path) == plan.case


def test_a_file_that_is_there_stays(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_workbook(plan, path)
    assert path.read_text() == "mine"
    assert load_case(write_workbook(plan, path, force=True)) == plan.case


def test_it_says_what_each_decision_is_for(plan: Plan, tmp_path: Path) -> None:
    book = load_workbook(write_workbook(replace(plan, reasons=(REASON,)), tmp_path / "plan.xlsx"))
    said = [row[0] for row in book[report.SUMMARY].iter_rows(values_only=True) if row[0]]
    assert any(line.startswith("Review of gas: strict. What needs it: answer: 796.2 more lost") for line in said)
    header, first = ([cell.value for cell in book[report.DECISIONS][row]] for row in (8, 9))
    row = dict(zip(header, first, strict=True))
    assert row["Lost without it (USD m)"] == "796.2"
    assert row["Instead"] == "nothing", "leaving it out is no replacement"
