"""Workbooks, and files that are none."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sluicegate.data import Case, CaseError, load_case, write_workbook


class Book:
    """A workbook under construction."""

    def __init__(self, case: Case, path: Path):
        write_workbook(case, path)
        self.path = path
        self.book = load_workbook(path)

    def sheet(self, name: str):
        return self.book[name]

    def set(self, sheet: str, row: int, column: str, value: object) -> None:
        """Set the cell below the header of that name."""
        cells = self.book[sheet]
        names = [cell.value for cell in cells[1]]
        if column not in names:
            cells.cell(1, len(names) + 1, column)
            names.append(column)
        cells.cell(row, names.index(column) + 1).value = value

    def load(self) -> Case:
        self.book.save(self.path)
        return load_case(self.path)

    def faults(self) -> list[str]:
        with pytest.raises(CaseError) as caught:
            self.load()
        return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def book(good, tmp_path) -> Book:
    return Book(good, tmp_path / "book.xlsx")


def test_the_same_case(book, good):
    case = book.load()
    assert case == good
    assert (case.name, case.warnings) == ("book", ())


def test_ids_that_are_numbers(book):
    for sheet, row, column in [("items", 4, "item"), ("lanes", 6, "item"), ("recipes", 2, "input")]:
        book.set(sheet, row, column, 101.0)
    assert book.load().items[2].item == "101"


def test_numbers_written_as_text(book, good):
    book.set("lanes", 2, "max_flow", " 60 ")
    book.set("policies", 2, "delay_weeks", 8.0)
    assert book.load() == good


def test_dates(book):
    book.set("sources", 2, "date", datetime.datetime(2024, 3, 1))
    book.set("case", 5, "value", datetime.date(2027, 1, 4))
    case = book.load()
    assert case.sources[0].date == "2024-03-01"
    assert case.settings.horizon.start == datetime.date(2027, 1, 4)


def test_a_date_for_a_number(book):
    book.set("lanes", 2, "max_flow", datetime.datetime(2024, 3, 1))
    assert book.faults() == [
        "sheet lanes, row 2, max_flow: '2024-03-01T00:00:00': a date, not a number; format the cell as a number"
    ]


def test_truth_for_a_number(book):
    book.set("lanes", 2, "max_flow", True)
    (fault,) = book.faults()
    assert fault.startswith("sheet lanes, row 2, max_flow: 'true': not a number; write a plain decimal such as 12.5")


def test_blank_rows(book, good):
    book.sheet("lanes").insert_rows(4)
    book.sheet("lanes").insert_rows(1)
    book.sheet("lanes").cell(40, 3).value = "  "
    book.sheet("items").cell(2000, 2).number_format = "0.00"
    assert book.load() == good


def test_rows_are_those_of_the_sheet(book):
    book.sheet("lanes").insert_rows(1, 2)
    book.sheet("lanes").cell(4, 3).value = "hme"
    assert book.faults() == ["sheet lanes, row 4, origin: 'hme': not in sites; did you mean 'home'?"]


def test_error_cells(book):
    book.set("lanes", 2, "max_flow", "#REF!")
    book.set("lanes", 3, "ramp_weeks", "#N/A")
    book.set("case", 4, "value", "#DIV/0!")
    assert book.faults() == [
        "sheet case, row 4, horizon.weeks: '#DIV/0!': an error in the sheet; mend the formula, or write the value",
        "sheet case, row 4, horizon.weeks: missing; every case has it",
        "sheet lanes, row 2, max_flow: '#REF!': an error in the sheet; mend the formula, or write the value",
        "sheet lanes, row 3, ramp_weeks: '#N/A': an error in the sheet; mend the formula, or write the value",
    ]


def test_formulas_without_results(book):
    book.set("lanes", 2, "max_flow", "=30*2")
    assert book.faults() == [
        "sheet lanes, row 2, max_flow: a formula without a result; open the workbook in a spreadsheet and save it again"
    ]


def rewrite(path: Path, member: str, old: str, new: str) -> None:
    """Edit a part of a workbook as a spreadsheet would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[member].decode()
    assert text.count(old) == 1
    parts[member] = text.replace(old, new).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_formulas_with_results(book, good):
    book.set("lanes", 2, "max_flow", "=30*2")
    book.set("lanes", 3, "regime", '=""')
    book.book.save(book.path)
    member = f"xl/worksheets/sheet{book.book.sheetnames.index('lanes') + 1}.xml"
    rewrite(book.path, member, "<f>30*2</f><v />", "<f>30*2</f><v>60</v>")
    rewrite(book.path, member, '<c r="M3"><f>""</f><v />', '<c r="M3" t="str"><f>""</f><v></v>')
    assert load_case(book.path) == good


def test_merged_cells(book):
    book.sheet("stocks").merge_cells("C2:C3")
    assert book.faults() == ["sheet stocks, row 2: '20': C2:C3 is merged; unmerge it and write every cell"]


@pytest.mark.parametrize("sheet", ["case", "items", "lanes"])
@pytest.mark.parametrize("blank_rows", [0, 2])
def test_a_merged_title(book, sheet, blank_rows):
    cells = book.sheet(sheet)
    cells.insert_rows(1, 1 + blank_rows)
    cells.cell(1, 1).value = "What there is"
    cells.merge_cells("A1:B1")
    assert book.faults() == [
        f"sheet {sheet}, row 1: 'What there is': A1:B1 is merged and stands above the header, which is row {2 + blank_rows}; "
        "take it out"
    ]


def test_a_title(book):
    book.sheet("items").insert_rows(1)
    book.sheet("items").cell(1, 1).value = "What there is"
    assert book.faults() == [
        "sheet items, row 1: 'What there is': stands above the header, which is row 2; take it out"
    ]


@pytest.mark.parametrize("merged", ["B1:C1", "A1:E9", "A1:XFD1048576"])
def test_a_merged_header(book, merged):
    column = merged[0]
    value = book.sheet("items")[f"{column}1"].value
    book.sheet("items").merged_cells.add(merged)
    assert book.faults() == [f"sheet items, row 1: {value!r}: {merged} is merged; unmerge it and write every cell"]


def test_merged_cells_lead_to_no_further_faults(book):
    book.sheet("demands").merge_cells("C2:C4")
    assert book.faults() == ["sheet demands, row 2: '20': C2:C4 is merged; unmerge it and write every cell"]


def test_merged_cells_without_content(book, good):
    book.sheet("stocks").merge_cells("K20:L22")
    assert book.load() == good


def test_headers(book):
    book.sheet("items").cell(1, 2).value = "item"
    book.sheet("sites").cell(1, 9).value = "part"
    book.sheet("regimes").cell(3, 5).value = "stray"
    assert book.faults() == [
        "sheet sites, row 1, part: unknown column; did you mean 'party'?",
        "sheet items, row 1, item: named twice",
        "sheet regimes, row 1: column E has no name",
    ]


def test_an_empty_sheet(book):
    book.sheet("items").delete_rows(1, 9)
    (fault,) = book.faults()
    assert fault == "sheet items: empty; the first row names the columns"


def test_an_empty_cell_far_below(book, good):
    book.sheet("sites").cell(1_048_576, 3).number_format = "0.00"
    assert book.load() == good


def test_a_cell_far_below(book):
    book.sheet("sites").cell(1_048_576, 1).value = "x"
    assert book.faults() == ["sheet sites, row 1048576, party: empty; a value is needed"]


class TestHidden:
    WORDS = "yet read as part of the case; show what is hidden, or delete it"

    def warnings(self, book) -> list[str]:
        return [str(warning) for warning in book.load().warnings]

    @pytest.mark.parametrize("sheet", ["case", "lanes"])
    @pytest.mark.parametrize("state", ["hidden", "veryHidden"])
    def test_sheets(self, book, sheet, state):
        book.sheet(sheet).sheet_state = state
        assert self.warnings(book) == [f"sheet {sheet}: the sheet is hidden, {self.WORDS}"]

    def test_rows(self, book):
        for row in (2, 3, 4, 6, 99):
            book.sheet("lanes").row_dimensions[row].hidden = True
        assert self.warnings(book) == [f"sheet lanes: rows 2-4, 6 are hidden, {self.WORDS}"]

    def test_filters(self, book):
        cells = book.sheet("lanes")
        cells.auto_filter.ref = "A1:M7"
        cells.auto_filter.add_filter_column(1, ["resin"])
        cells.row_dimensions[4].hidden = True
        assert self.warnings(book) == [f"sheet lanes: row 4 is hidden by a filter, {self.WORDS}"]

    def test_columns(self, book):
        column = book.sheet("lanes").column_dimensions["F"]
        column.min = column.max = 6
        column.hidden = True
        book.sheet("lanes").column_dimensions["ZZ"].hidden = True
        assert self.warnings(book) == [f"sheet lanes: column F is hidden, {self.WORDS}"]

    def test_only_what_is_part_of_the_case(self, book):
        book.book.create_sheet("Notes").sheet_state = "hidden"
        assert self.warnings(book) == ["sheet Notes: no table of a case; the sheet is ignored"]

    def test_figures_set_anew_leave_the_warning(self, book):
        book.sheet("lanes").sheet_state = "hidden"
        book.load()
        warnings = load_case(book.path, ["demands.home/chip.shortage_penalty=1"]).warnings
        assert [(warning.file, warning.row) for warning in warnings] == [("sheet lanes", None), ("sheet demands", 2)]


class TestSettings:
    def test_bare_keys(self, book, good):
        for row in book.sheet("case").iter_rows(min_row=2):
            row[0].value = row[0].value.split(".")[1]
        assert book.load() == good

    def test_faults(self, book):
        sheet = book.sheet("case")
        sheet.append(["horizon.weks", 3])
        sheet.append(["weeks", 3])
        sheet.append([None, 3])
        sheet.append(["limits.reviewer_hours", -3])
        row = sheet.max_row
        assert book.faults() == [
            f"sheet case, row {row - 3}, key: 'horizon.weks': unknown key; did you mean 'horizon.weeks'?",
            f"sheet case, row {row - 2}, key: 'weeks': given twice; row 4 has it already",
            f"sheet case, row {row - 1}, key: '': unknown key; known are case.title, case.currency, horizon.weeks, "
            "horizon.start, horizon.terminal_premium, horizon.after_weeks, limits.budget, limits.reviewer_hours, "
            "limits.political_capital, limits.stockpile_value, "
            "objective.sense, objective.scenario, objective.continuity_share, bargain.stake, bargain.concession_cost, "
            "solver.time_limit, solver.rel_gap",
            f"sheet case, row {row}, limits.reviewer_hours: '-3': negative; must be 0 or more",
        ]

    def test_no_weeks(self, book):
        book.sheet("case").delete_rows(4)
        assert book.faults() == ["sheet case, horizon.weeks: missing; every case has it"]

    def test_empty_value(self, book, good):
        book.sheet("case").append(["limits.reviewer_hours", None])
        assert book.load() == good

    def test_columns(self, book):
        book.sheet("case").cell(1, 3).value = "unit"
        assert book.faults() == ["sheet case, row 1, unit: unknown column; the columns are key and value"]

    def test_other_columns(self, book):
        book.sheet("case").cell(1, 1).value = "setting"
        assert book.faults() == ["sheet case, row 1: 'setting, value': the columns are key and value"]

    def test_missing(self, book):
        del book.book["case"]
        assert book.faults() == ["sheet case: missing; it has the columns key and value"]

    def test_under_a_wrong_name(self, book):
        book.sheet("case").title = "Case settings"
        book.sheet("Case settings").title = "Cases"
        assert book.faults()[-1] == "sheet case: missing; rename the sheet 'Cases'"


class TestSheets:
    def test_missing(self, book):
        del book.book["lanes"]
        (fault,) = book.faults()
        assert fault.startswith("sheet lanes: missing; every case has it, with the columns lane, item, origin")

    def test_under_a_wrong_name(self, book):
        book.sheet("lanes").title = "lane"
        assert book.faults() == ["sheet lane: no table of a case; rename it to sheet lanes, or take it away"]

    def test_of_something_else(self, book, good):
        book.book.create_sheet("Notes")
        case = book.load()
        assert case == good
        assert [str(warning) for warning in case.warnings] == ["sheet Notes: no table of a case; the sheet is ignored"]


class TestNoWorkbook:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", "empty"),
            (
                b"party,role\n",
                "not an .xlsx workbook; save it as .xlsx from a spreadsheet, or give a folder of CSV tables",
            ),
            (
                b"PK\x03\x04 and no more",
                "no .xlsx workbook, or a damaged one (BadZipFile); save it again from a spreadsheet",
            ),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "an old .xls workbook; save it as .xlsx"),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
                "protected by a password; save it without one",
            ),
        ],
        ids=["empty", "text", "damaged", "old", "protected"],
    )
    def test_content(self, tmp_path, content, expected):
        path = tmp_path / "a.xlsx"
        path.write_bytes(content)
        with pytest.raises(CaseError) as caught:
            load_case(path)
        assert [str(fault) for fault in caught.value.faults] == [f"{path}: {expected}"]

    @pytest.mark.parametrize(
        "part", ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"]
    )
    @pytest.mark.parametrize("content", [None, b"", b"<a><b></a>", b"<x/>"], ids=["gone", "empty", "broken", "other"])
    def test_parts(self, good, tmp_path, part, content):
        path = tmp_path / "a.xlsx"
        write_workbook(good, path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, old in parts.items():
                if name != part or content is not None:
                    archive.writestr(name, content if name == part else old)
        try:
            load_case(path)
        except CaseError as error:
            assert len(error.faults) >= 1

    def test_without_a_case(self, tmp_path):
        book = Workbook()
        book.create_sheet("Prices")
        path = tmp_path / "a.xlsx"
        book.save(path)
        with pytest.raises(CaseError, match=r"not a case: none of its sheets \(Sheet, Prices\) is `case` or a table"):
            load_case(path)

    def test_strict_open_xml(self, book):
        with zipfile.ZipFile(book.path) as archive:
            parts = {part: archive.read(part) for part in archive.namelist()}
        names = {
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
            b"http://schemas.openxmlformats.org/officeDocument/2006": b"http://purl.oclc.org/ooxml/officeDocument",
        }
        with zipfile.ZipFile(book.path, "w") as archive:
            for part, content in parts.items():
                for ordinary, strict in names.items():
                    content = content.replace(ordinary, strict)
                archive.writestr(part, content)
        with pytest.raises(
            CaseError, match=r"no sheet can be read; save it as an ordinary .xlsx workbook, not as Strict"
        ):
            load_case(book.path)

    def test_without_permission(self, book, monkeypatch):
        def guarded(path, *arguments, **options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", guarded)
        with pytest.raises(CaseError, match=r"book.xlsx: cannot be read: Permission denied"):
            load_case(book.path)
