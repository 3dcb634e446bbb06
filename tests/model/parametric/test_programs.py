"""Programs whose numbers are put in place are those that building them gives, to the last bit."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sluicegate import Case, case_from_tables, load_case
from sluicegate.data import TABLES
from sluicegate.data.schema.declarations import columns, numeric
from sluicegate.data.units import natural_units
from sluicegate.model.algebra.traced import Moved, Tape, fsum
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network import Network
from sluicegate.model.parametric.cells import moved_cells
from sluicegate.model.parametric.patching import Mould
from sluicegate.model.parametric.programs import Programs

from sluicegate_testing.strategies import random_case

ROUNDS = int(os.environ.get("SLUICEGATE_SOAK", "40"))
WEEKS = 6
MOVES = (0.85, 0.97, 1.03, 1.15)


def moved(case: Case, dice: np.random.Generator) -> Case:
    """A case of the same rows whose figures, a few or most of them, are others; not what a case may hold in every regard."""
    share = dice.choice([0.02, 0.1, 0.5])
    changes: dict[str, Any] = {}
    for table, model in TABLES.items():
        names = [name for name, info in columns(model).items() if numeric(info) is float]
        rows = []
        for row in case.rows(table):
            update = {
                name: value * dice.choice(MOVES)
                for name in names
                if isinstance(value := getattr(row, name), float)
                # A share of 1 is no limit: less is one.
                and (math.isfinite(value) and value != 1.0 and dice.random() < share)
            }
            rows.append(row.model_copy(update=update))
        changes[table] = tuple(rows)
    return replace(case, **changes)


def built(case: Case, programs: Programs) -> Mould:
    return Mould(Problem(case, network=Network(case, programs.units)), programs.mould.prices)


def check(case: Case, dice: np.random.Generator, programs: Programs) -> str:
    """Compare the numbers of a case; say whether its programs have the same structure."""
    expected = built(case, programs)
    try:
        numbers = programs.numbers(case)
    except Moved:
        assert expected.structure != programs.mould.structure
        return "moved"
    assert expected.structure == programs.mould.structure
    assert np.array_equal(numbers, expected.vector)
    return "same"


@pytest.mark.parametrize("part", range(10))
def test_refilled_is_built(part: int) -> None:
    found = []
    refilled = 0
    for number in range(part, ROUNDS, 10):
        drawn = case_from_tables("drawn", *random_case(number, max_weeks=WEEKS, max_combinations=16, max_regimes=3))
        dice = np.random.default_rng(number)
        case, units = natural_units(drawn)
        programs = Programs(case, units)
        other = moved(case, dice)
        # The first records the formulas, the others are told from the record, as far as comparisons end alike.
        between = [_between(case, other, share) for share in (1.0, 0.999, 0.99, 0.5)]
        found += [check(each, dice, programs) for each in between]
        refilled += programs.counts["refilled"]
    assert found.count("same") > len(found) / 2
    assert refilled > len(found) / 8


def _between(first: Case, second: Case, share: float) -> Case:
    """A case whose figures lie between those of two."""
    changes: dict[str, list[Any]] = {}
    for table, number, name in moved_cells(first, second):
        rows = changes.setdefault(table, list(first.rows(table)))
        before, after = getattr(first.rows(table)[number], name), getattr(second.rows(table)[number], name)
        rows[number] = rows[number].model_copy(update={name: before + share * (after - before)})
    return replace(first, **{table: tuple(rows) for table, rows in changes.items()})


def test_a_shipped_case_is_refilled() -> None:
    case, units = natural_units(load_case("tutorial"))
    programs = Programs(case, units)
    dice = np.random.default_rng(1)
    other = moved(case, dice)
    for share in (0.1, 0.11, 0.12):
        check(_between(case, other, share), dice, programs)
    assert programs.counts["refilled"] >= 1


def test_what_is_no_figure_is_another_structure() -> None:
    case, units = natural_units(load_case("tutorial"))
    programs = Programs(case, units)
    row = case.lanes[0].model_copy(update={"lead_weeks": case.lanes[0].lead_weeks + 1})
    with pytest.raises(Moved, match="lead_weeks"):
        programs.numbers(replace(case, lanes=(row, *case.lanes[1:])))
    with pytest.raises(Moved, match="lanes"):
        programs.numbers(replace(case, lanes=case.lanes[1:]))


# Tapes ---------------------------------------------------------------------------------------------------------------


def test_steps_are_taken_again() -> None:
    tape = Tape()
    price, units = tape.figure("price", 3.0), tape.figure("units", 0.1)
    cost = fsum([price * units, 0.2 * units, 1.0]) - 2 * price / units
    tape.close()
    numbers = tape.replay(np.array([7.0, 0.3]))
    assert numbers[cost.node] == math.fsum([7.0 * 0.3, 0.2 * 0.3, 1.0]) - 2 * 7.0 / 0.3


def test_a_comparison_that_ends_otherwise_is_told() -> None:
    tape = Tape()
    first, second = tape.figure("first", 3.0), tape.figure("second", 4.0)
    least = min(first, second, 10.0)
    tape.close()
    assert tape.replay(np.array([3.5, 4.0]))[least.node] == 3.5
    with pytest.raises(Moved):
        tape.replay(np.array([4.5, 4.0]))


@pytest.mark.parametrize("take", [float, math.log, hash, bool, int, lambda number: np.array([number], dtype=float)])
def test_a_number_taken_as_it_is_must_stay_as_it_is(take: Any) -> None:
    tape = Tape()
    figure = tape.figure("figure", 3.0)
    take(figure)
    tape.close()
    tape.replay(np.array([3.0]))
    with pytest.raises(Moved):
        tape.replay(np.array([0.0]))


def test_nothing_is_worked_out_after_the_tape_is_closed() -> None:
    tape = Tape()
    figure = tape.figure("figure", 3.0)
    tape.close()
    with pytest.raises(RuntimeError, match="after the programs"):
        figure + 1.0
    with pytest.raises(RuntimeError, match="after the programs"):
        float(figure)
