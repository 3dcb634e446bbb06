"""No CSV file holds a text that a spreadsheet would compute, and reading gives back what was written."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sluicegate import load_case
from sluicegate.data import write_folder
from sluicegate.data.storage.formulas import guarded, unguarded

from sluicegate_testing.cli_cases import small

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@given(st.text(st.sampled_from(f"{SIGNS}'a1.e "), max_size=8))
def test_what_is_guarded_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    if text and guarded(text)[0] in SIGNS:
        # Numbers alone keep their sign.
        assert math.isfinite(float(text))


@given(st.sampled_from(SIGNS), st.text(st.sampled_from("'a( "), min_size=1, max_size=8))
def test_no_word_begins_with_a_sign(sign: str, text: str) -> None:
    assert guarded(f"{sign}a{text}")[0] not in SIGNS


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cmd", "'-cmd"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        ("a=1", "a=1"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_texts_get_an_apostrophe_and_numbers_none(text: str, written: str) -> None:
    assert guarded(text) == written


@pytest.mark.parametrize("gas", ["=HYPERLINK(1)", "@gas", "'=gas", "-gas", "-5"])
def test_a_case_comes_back_from_its_csv_files(gas: str, tmp_path: Path) -> None:
    case = small(gas=gas, review="=1+1")
    folder = write_folder(case, tmp_path / "case")
    assert load_case(folder) == case
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = {cell for row in csv.reader(file) for cell in row}
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@") and cell != "-5"], path.name
