"""A case goes into a workbook and comes back with every figure."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sluicegate.data import TABLES, Case, case_from_tables, load_case, shipped_cases, write_workbook

from sluicegate_testing.strategies import cases

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20)
TEXTS = WORDS | st.sampled_from(
    ["", "=1+1", "+A1", "-1", "@x", "'x", "0012", "1e5", "2026-01-05", "TRUE", "#N/A", "inf", "x;y:1"]
)
SOURCES = st.fixed_dictionaries(
    {
        "table": st.sampled_from(["", *TABLES]),
        "key": TEXTS,
        "column": TEXTS,
        "value": TEXTS,
        "source": TEXTS,
        "date": TEXTS,
        "confidence": st.sampled_from(["high", "medium", "low", "assumed", ""]),
        "note": TEXTS,
    }
)
WEIGHTS = st.lists(
    st.tuples(st.integers(0, 60), st.floats(1e-6, 1e6, allow_subnormal=False)),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair[0],
)


def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(path)}


def there_and_back(case: Case) -> None:
    with tempfile.TemporaryDirectory() as place:
        first = write_workbook(case, Path(place) / "first.xlsx")
        again = load_case(first)
        assert again == case
        second = write_workbook(again, Path(place) / "second.xlsx")
        assert cells(second) == cells(first)


@settings(max_examples=15)
@given(
    drawn=cases(),
    sources=st.lists(SOURCES, max_size=4),
    weights=WEIGHTS,
    price=st.floats(0, 1e8),
    endless=st.booleans(),
)
def test_any_case(drawn, sources, weights, price, endless) -> None:
    given_settings, tables = drawn
    tables = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    tables["sources"] = sources
    for row in tables.get("policies", ()):
        row["delay_weeks"] = ";".join(f"{weeks}:{weight!r}" for weeks, weight in weights)
    for row in tables.get("stocks", ()):
        row["capacity"] = "inf" if endless else None
        row["stockpile_cost"] = price
    there_and_back(case_from_tables("drawn", given_settings, tables))


@pytest.mark.parametrize("name", [case.name for case in shipped_cases()])
def test_shipped_cases(name: str) -> None:
    there_and_back(load_case(name))
