"""What a slip of the pen was meant to be."""

from __future__ import annotations

import pytest
from sluicegate.data.schema.slips import date_hint, find_slip, number_hint

NUMBERS = {
    "90%": "write 0.9",
    "12,5 %": "write 0.125",
    "100%": "write 1",
    "0,500": "write 0.500",
    "12,75": "write 12.75",
    "1,234,567": "write 1234567",
    "1.000.000": "write 1000000",
    "1,234.5": "write 1234.5",
    "1.234,5": "write 1234.5",
    "1 000,5": "write 1000.5",
    "1\u202f000": "write 1000",
    "1'000": "write 1000",
    "\u22125": "write -5",
    "€60": "write 60, without '€'",
    "60 t/week": "write 60, without 't/week'",
    "$1,000": "write 1000, without '$'",
}


@pytest.mark.parametrize(("text", "hint"), NUMBERS.items())
def test_numbers(text, hint):
    assert number_hint(text) == hint


def test_an_english_thousand_may_be_a_fraction_elsewhere():
    assert number_hint("1,234") == "write 1234, or 1.234 if the comma is a decimal point"


# A wrong guess is worse than none.
@pytest.mark.parametrize(
    "text",
    ["", "%", "ten", "60k", "60 million", "3 m", "<5", "~60", "5+", "1/2", "1-2", "0x3c", "1.2.3", "1,2,3", "[26]"],
)
def test_numbers_that_are_not_clear(text):
    assert number_hint(text) is None


DATES = {
    "01.08.2023": "write 2023-08-01, year-month-day",
    "08.21.2023": "write 2023-08-21, year-month-day",
    "8/21/2023": "write 2023-08-21, year-month-day",
    "2023/8/1": "write 2023-08-01, year-month-day",
    "1/8/2023": "write 2023-08-01 or 2023-01-08, year-month-day",
    "31.02.2023": None,
    "5 January": None,
}


@pytest.mark.parametrize(("text", "hint"), DATES.items())
def test_dates(text, hint):
    assert date_hint(text) == hint


@pytest.mark.parametrize(
    "line", ["weeks = 26", "[limits]", "# budget = 60,000", "", "budget = [60", 'title = "a "b" c"']
)
def test_lines_that_are_sound_or_not_clear_are_left_alone(line):
    assert find_slip(line) is None
