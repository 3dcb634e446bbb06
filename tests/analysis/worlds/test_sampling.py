"""Worlds as they are drawn and told, and the cases they are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sluicegate import case_from_tables, load_case
from sluicegate.analysis.figures.factors import DesignError
from sluicegate.analysis.worlds.sampling import draw, from_table, uncertain_factors, world_cases
from sluicegate.data import TABLES, Case, CaseError, shipped_cases

from sluicegate_testing.strategies import random_case


def base(uncertainties=(), worlds=()) -> Case:
    """The tutorial with tables of uncertainties and worlds."""
    case = load_case("tutorial")
    settings = case.settings.model_dump(exclude_unset=True)
    tables = {
        table: [row.model_dump(by_alias=True, exclude_unset=True) for row in case.rows(table)]
        for table in TABLES
        if table != "sources"
    }
    return case_from_tables("tutorial", settings, tables | {"uncertainties": uncertainties, "worlds": worlds})


FIRST = load_case("tutorial").lanes[0].lane
SECOND = load_case("tutorial").lanes[1].lane


def test_groups_move_together_by_rank() -> None:
    case = base(
        [
            {"figure": f"lanes.{FIRST}.unit_cost", "distribution": "*0.5..*2", "group": "prices"},
            {"figure": f"lanes.{SECOND}.unit_cost", "distribution": "1..2..9", "group": "prices"},
            {"figure": "limits.budget", "distribution": "50..100"},
        ]
    )
    worlds = draw(case, 40, seed=3)
    first, second, budget = (worlds.figures[path].rank() for path in worlds.figures)
    assert (first == second).all()
    assert not (first == budget).all()
    assert worlds.weights == pytest.approx(np.full(40, 1 / 40))
    # A Latin hypercube: one value in every fortieth.
    assert sorted(((worlds.figures["limits.budget"] - 50) / 50 * 40).astype(int)) == list(range(40))
    assert draw(case, 40, seed=3).figures.equals(worlds.figures)
    assert not draw(case, 40, seed=4).figures.equals(worlds.figures)


def test_vary_adds_and_goes_before_the_table() -> None:
    case = base([{"figure": "limits.budget", "distribution": "50..100", "group": "money"}])
    factors, groups = uncertain_factors(case, ["limits.budget=70..80", f"lanes.{FIRST}.unit_cost=*0.9..*1.1"])
    assert [factor.path for factor in factors] == ["limits.budget", f"lanes.{FIRST}.unit_cost"]
    assert (factors[0].low, factors[0].high) == (70, 80)
    assert groups == {"limits.budget": "money"}


def test_ranges_in_notes_are_read_with_a_remark() -> None:
    case = dataclasses.replace(load_case("taiwan-korea"), uncertainties=(), worlds=())
    factors, _ = uncertain_factors(case)
    assert factors
    assert len(draw(case, 4).remarks) == len(factors)


@pytest.mark.parametrize("name", [shipped.name for shipped in shipped_cases()])
def test_every_world_of_a_shipped_case_is_a_case(name: str) -> None:
    case = load_case(name)
    told = [from_table(case)] if case.worlds else []
    drawn = [draw(case, 8)] if uncertain_factors(case)[0] else []
    # Ends of ranges that contradict other figures are refused.
    assert all(len(world_cases(case, worlds)) == len(worlds) for worlds in told + drawn)


def test_a_told_world_names_what_differs() -> None:
    case = base(
        worlds=[
            {"world": "as it is", "weight": 3},
            {"world": "dear", "weight": 1, "figure": "limits.budget", "value": "*0.5"},
            {"world": "dear", "figure": f"lanes.{FIRST}.unit_cost", "value": "7"},
        ]
    )
    worlds = from_table(case)
    assert worlds.names == ("as it is", "dear")
    assert worlds.weights == pytest.approx([0.75, 0.25])
    plain, dear = world_cases(case, worlds)
    assert plain == case
    assert dear.settings.limits.budget == pytest.approx(0.5 * case.settings.limits.budget)
    assert dear.lanes[0].unit_cost == 7


def test_faults_of_all_worlds_are_reported_together() -> None:
    case = base(
        worlds=[
            {"world": "a", "figure": "limits.budget", "value": "-1"},
            {"world": "b", "figure": f"lanes.{FIRST}.max_flow", "value": "0"},
            {"world": "c", "figure": "limits.budget", "value": "-1"},
        ]
    )
    with pytest.raises(DesignError) as caught:
        world_cases(case, from_table(case))
    first, second = caught.value.faults
    assert (first.file, first.column, first.value) == ("world a", "limits.budget", "-1")
    assert "and in 1 other world" in first.message
    assert second.file == "world b"
    assert "base_flow" in second.message


@pytest.mark.parametrize(
    ("uncertainties", "worlds", "words"),
    [
        ([{"figure": "limits.budgte", "distribution": "1..2"}], [], "budgte"),
        ([{"figure": "budget", "distribution": "1..2"}], [], "did you mean limits.budget?"),
        ([{"figure": "lanes.nowhere.unit_cost", "distribution": "1..2"}], [], "no row 'nowhere' in lanes"),
        ([{"figure": f"lanes.{FIRST}.unit_csot", "distribution": "1..2"}], [], "did you mean 'unit_cost'?"),
        ([{"figure": "sources.x.value", "distribution": "1..2"}], [], "no table or section 'sources' with figures"),
        ([{"figure": "solver.rel_gap", "distribution": "1..2"}], [], "no figure that a plan depends on"),
        ([{"figure": "limits.budget", "distribution": ""}], [], "a value is needed"),
        ([], [{"world": "a", "figure": "limits.budget"}], "write the value of the figure in this world"),
        ([], [{"world": "a", "value": "3"}], "names no figure for the value 3"),
        ([], [{"world": "a", "weight": 0}], "a world without weight counts for nothing"),
        (
            [],
            [
                {"world": "a", "weight": 1, "figure": "limits.budget", "value": "3"},
                {"world": "a", "weight": 2, "figure": "limits.political_capital", "value": "3"},
            ],
            "gives world 'a' the weight 1; write one weight",
        ),
        ([], [{"world": "a"}, {"world": "a", "figure": "limits.budget", "value": "3"}], "take this row out"),
    ],
)
def test_faults_of_the_tables(uncertainties, worlds, words: str) -> None:
    with pytest.raises(CaseError) as caught:
        base(uncertainties, worlds)
    assert words in str(caught.value)


def test_faults_of_distributions_name_their_row() -> None:
    case = base(
        [
            {"figure": "limits.budget", "distribution": "80"},
            {"figure": "objective.scenario", "distribution": "1..2"},
        ]
    )
    with pytest.raises(DesignError) as caught:
        draw(case, 0, seed=-1)
    assert [(fault.file, fault.row) for fault in caught.value.faults] == [
        ("--worlds", None),
        ("--seed", None),
        ("uncertainties", 2),
        ("uncertainties", 3),
    ]


def test_a_case_without_doubts_says_so() -> None:
    case = case_from_tables("drawn", *random_case(3))
    with pytest.raises(DesignError, match="no figure of the case is uncertain"):
        draw(case, 8)
    with pytest.raises(DesignError, match="the case has no table worlds"):
        from_table(case)
