"""Notes and lists in the sheets of a case."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sluicegate import load_case
from sluicegate.data import write_workbook
from sluicegate.data.schema.declarations import columns
from sluicegate.data.schema.tables import TABLES


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    path = tmp_path_factory.mktemp("case") / "case.xlsx"
    return load_workbook(write_workbook(load_case("japan-korea-2019"), path))


def lists(sheet: Worksheet) -> dict[str, str]:
    """Return what may be chosen from in each column that has a list."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list":
            (cells,) = rule.sqref.ranges
            found[sheet.cell(1, cells.min_col).value] = rule.formula1
            assert cells.min_row == 2
            assert cells.max_row > sheet.max_row
            # What is not in the list is asked about, not refused.
            assert rule.errorStyle == "warning"
    return found


def test_every_column_has_a_note(book: Workbook) -> None:
    for table, model in TABLES.items():
        if table in book.sheetnames:
            for cell in book[table][1]:
                assert cell.comment is not None, (table, cell.value)
                assert cell.comment.text.startswith(columns(model)[cell.value].description), (table, cell.value)
    notes = {row[0].value: row[0].comment for row in book["case"].iter_rows(min_row=2)}
    assert all(note is not None for note in notes.values())


def test_ids_and_policies_are_chosen_from_lists(book: Workbook) -> None:
    assert lists(book["lanes"])["item"] == "items!$A$2:$A$1001"
    assert lists(book["lanes"])["origin"] == "sites!$A$2:$A$1001"
    assert lists(book["demands"])["site"] == "sites!$A$2:$A$1001"
    assert lists(book["policies"])["regime"] == "regimes!$A$2:$A$1001"
    assert lists(book["retaliations"])["policy"] == "policies!$B$2:$B$1001"
    assert lists(book["parties"])["role"] == '"focal,counterpart,ally,other"'


def test_it_is_the_same_case(tmp_path: Path) -> None:
    case = load_case("tutorial")
    assert load_case(write_workbook(case, tmp_path / "tutorial.xlsx")) == case
