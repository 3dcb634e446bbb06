"""What figures of a case are called."""

from __future__ import annotations

import pytest
from sluicegate import load_case
from sluicegate.data import TABLES
from sluicegate.data.schema.declarations import columns
from sluicegate.data.schema.names import OF_ROWS
from sluicegate.data.schema.tables import NO_FIGURES


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("stocks.abroad-fab/acid.initial", "stock at the start of Etching acid in Chip plant"),
        ("lanes.chip-world-home.unit_cost", "price of Chip from World market"),
        ("lanes.chip-world-home.fixed_cost", "cost of qualifying Chip from World market"),
        ("demands.home-makers/chip.shortage_penalty", "shortage penalty of Chip in Device makers"),
        ("policies.acid/review.delay_weeks", "delay of Acid exports: review"),
        ("retaliations.chip-inspection/chips.cost", "cost to the counterpart of Chip inspection: Chip exports"),
        ("profiles.lanes/chip-world-home/unit_cost/3.factor", "factor on price of Chip from World market, from week 3"),
        (
            "profiles.demands/home-makers/chip/quantity/3.factor",
            "factor on demand for Chip in Device makers, from week 3",
        ),
        ("limits.reviewer_hours", "reviewer hours"),
    ],
)
def test_a_figure_says_what_it_is_and_of_what(path: str, words: str) -> None:
    assert load_case("tutorial").names.figure(path) == words


def test_words_are_of_columns_that_there_are() -> None:
    assert all(column in columns(TABLES[table]) for table, column in OF_ROWS)


@pytest.mark.parametrize("name", ["taiwan-korea", "battery-europe"])
def test_no_two_figures_are_called_the_same(name: str) -> None:
    case, paths = load_case(name), []
    for table, model in TABLES.items():
        if model.key and table not in (*NO_FIGURES, "uncertainties", "worlds"):
            paths += [
                f"{table}.{row_id}.{column}"
                for row_id in dict.fromkeys(row.id for row in case.rows(table))
                for column in columns(model)
                if column not in model.key
            ]
    called = [case.names.figure(path) for path in paths]
    assert len(paths) > 200 and len(set(called)) == len(paths)
