"""Figures and names as people read them."""

from __future__ import annotations

import math

import pytest
from sluicegate.report.format.cells import figure_columns
from sluicegate.report.format.numbers import (
    counted,
    decimals,
    gap,
    joined,
    joined_few,
    listed,
    number,
    percent,
    plain,
    seconds,
    signed,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-1e-9, "0"),
        (1234567.891, "1,234,568"),
        (1234.5, "1,234.5"),
        (12.0, "12"),
        (0.25, "0.25"),
        (-652.4312, "-652.43"),
        (3.2e15, "3.2000e+15"),
        (math.inf, "none"),
        (None, "-"),
    ],
)
def test_number(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_a_column_shares_its_decimals() -> None:
    assert decimals([22801.2, 0.06]) == 0
    assert decimals([990.17, -8.2]) == 2
    assert decimals([1.5, 0.6]) == 1
    assert decimals([12.0, 46.0]) == 0
    assert decimals([]) == decimals([0.0]) == decimals([math.inf]) == 0
    assert decimals([1e-9]) == 0


def test_a_difference_has_its_sign_and_nothing_has_none() -> None:
    assert (signed(2.5, 1), signed(-2.5, 1), signed(0.01, 1), signed(-0.01, 1)) == ("+2.5", "-2.5", "0.0", "0.0")


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50%"),
        (0.8769, "87.7%"),
        (0.99999, "99.9%"),
        (0.0001, "<0.1%"),
        (1e-7, "0%"),
        (None, "-"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(share: float | None, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0%"),
        (1.4e-12, "0%"),
        (1e-7, "below 0.001%"),
        (0.00123, "0.12%"),
        (0.05, "5%"),
        (1.5, "150%"),
        (700, "over 1,000%"),
        (None, "unknown"),
        (math.inf, "unknown"),
    ],
)
def test_gap(value: float | None, shown: str) -> None:
    assert gap(value) == shown


def test_seconds_and_counts() -> None:
    assert (seconds(0.25), seconds(75), seconds(600), seconds(9000)) == ("0.2 s", "75 s", "10 min", "2.5 h")
    assert (counted(1, "lane"), counted(2000, "lane"), counted(0, "party", "parties")) == (
        "1 lane",
        "2,000 lanes",
        "0 parties",
    )


def test_a_name_cannot_disturb_its_line() -> None:
    assert plain("a\nb\t c") == "a b c"
    assert plain("\x1b[31mred") == "\\x1b[31mred"
    assert plain("\u202eabc\u2066") == "\\u202eabc\\u2066"
    assert plain("[red]x[/red]") == "[red]x[/red]"
    assert plain("半导体 שלום\u200dx") == "半导体 שלום\u200dx"
    assert plain("\udcff") == "\\udcff"


def test_columns_of_figures_are_told_from_columns_of_words() -> None:
    rows = [
        ("sales lost", "chip", "15", "+90.0", "", "53.3%  week 19", "no plan"),
        ("reviews", "", "", "-1,134.8", "qualified, for Port strike", "100%", "1.2e-5"),
        ("3 in all", "acid", "2 t", "98.2", "", "never", "8.0"),
    ]
    assert figure_columns(rows) == {2, 3, 5, 6}


def test_names_that_hold_commas_are_parted_by_semicolons() -> None:
    assert listed(["acid", "gas"]) == "acid, gas"
    assert listed(["acid, liquid", "gas"]) == "acid, liquid; gas"
    assert joined(["acid"]) == "acid"
    assert joined(["acid", "gas", "chips"]) == "acid, gas and chips"
    assert joined(["acid, liquid", "gas"]) == "acid, liquid; and gas"
    assert joined(["acid (review, about 3 weeks)", "gas"]) == "acid (review, about 3 weeks) and gas", (
        "a remark parts nothing"
    )
    assert joined_few(["a", "b", "c", "d"], 3) == "a, b and 2 more"
    assert joined_few(["a, x", "b", "c", "d"], 3) == "a, x; b; and 2 more"
