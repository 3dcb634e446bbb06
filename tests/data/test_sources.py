"""Every figure of a shipped case says where it comes from, or that it is assumed and why."""

from __future__ import annotations

import pytest
from sluicegate.data import load_case, shipped_cases
from sluicegate.data.schema.tables import TABLES

NAMES = {"name", "party", "site", "item", "lane", "process", "output", "regime", "role", "origin", "destination"}
NAMES |= {"package", "policy", "controller", "contingency", "unit", "input", "table_", "key_", "column_"}

CASES = [case.name for case in shipped_cases()]


def figures(case):
    """(table, key, column) and value of every figure that a row sets."""
    found = {}
    for table in TABLES:
        if table in ("sources", "uncertainties", "worlds"):
            # What is said about figures, not figures.
            continue
        for row in case.rows(table):
            for column, value in row.model_dump(exclude_unset=True).items():
                if column not in NAMES and value is not None:
                    found[table, row.id, column] = value
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_figure_has_its_source(name):
    case = load_case(name)
    sourced = {(row.table_, row.key_, row.column_) for row in case.sources}
    assert [key for key in figures(case) if key not in sourced] == []


@pytest.mark.parametrize("name", CASES)
def test_every_uncertain_figure_says_why(name):
    assert all(row.note for row in load_case(name).uncertainties)


@pytest.mark.parametrize("name", CASES)
def test_sources_give_the_figure_that_is_in_the_case(name):
    case = load_case(name)
    there = figures(case)
    for row in case.sources:
        if row.key_ == "":
            value = getattr(getattr(case.settings, row.table_), row.column_)
        else:
            value = there[row.table_, row.key_, row.column_]
        assert float(row.value) == value if isinstance(value, int | float) else row.value == value, row


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_sourced_is_argued(name):
    for row in load_case(name).sources:
        if row.confidence == "assumed":
            assert row.note, row
        else:
            assert row.confidence and row.source and row.date, row


@pytest.mark.parametrize("name", CASES)
def test_shipped_cases_are_noticed_nowhere(name):
    assert load_case(name).warnings == ()


@pytest.mark.parametrize(
    ("name", "announced", "used"),
    [
        ("japan-korea-2019", "2019-07-04", True),
        ("gallium-germanium-2023", "2023-07-03", False),
        ("graphite-2023", "2023-10-31", False),
        ("antimony-2024", "2024-08-15", True),
        ("magnets-2025", "2025-04-04", True),
    ],
)
def test_what_was_published_later_stands_for_what_was_known(name, announced, used):
    later = [row for row in load_case(name).sources if row.date > announced]
    assert bool(later) == used
    assert [row for row in later if "later" not in row.note and "known" not in row.note] == []
