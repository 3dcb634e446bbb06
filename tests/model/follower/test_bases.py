"""Bases of the response, tried on other costs, limits and quantities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sluicegate import Case, case_from_tables
from sluicegate.model.follower.enumerate import Enumerator, FollowerArrays
from sluicegate.model.follower.optimal_face import HOPE, MOST_BASES, PROBED, Bases, Basis, Recent
from sluicegate.model.methods.engine import Engine

from sluicegate_testing.cli_cases import small
from sluicegate_testing.strategies import random_case

NUMBERS = (0, 1, 2, 3, 4, 5, 7, 8)


def drawn(number: int) -> Case:
    return small() if number == 0 else case_from_tables("drawn", *random_case(300 + number, max_combinations=24))


def moved(arrays: FollowerArrays, what: str, dice: np.random.Generator, size: float) -> FollowerArrays:
    """The same response with some of its numbers a little off."""

    def off(values: np.ndarray) -> np.ndarray:
        return np.asarray(values * (1.0 + size * dice.uniform(-1.0, 1.0, values.shape)))

    program, policy_columns = arrays.program, arrays.policy_columns
    if what in ("cost", "all"):
        program = replace(program, cost=off(program.cost))
    if what in ("limits", "all"):
        program = replace(program, row_lower=off(program.row_lower), column_upper=off(program.column_upper))
        policy_columns = [[(columns, off(capacity)) for columns, capacity in menu] for menu in policy_columns]
        for columns, capacity in (menu[0] for menu in policy_columns):
            program.column_upper[columns] = capacity
    if what in ("quantities", "all"):
        matrix = program.matrix.copy()
        matrix.data = off(matrix.data)
        program = replace(program, matrix=matrix)
    return FollowerArrays(program, policy_columns, arrays.outputs)


def solved(engine: Engine):
    """The response of a case, every combination of its first component, and the bases of all."""
    component = engine.cut_pool.candidates.components[0]
    combinations = [
        component.full(column, len(engine.candidates.regimes)) for column in range(len(component.policy_indices))
    ]
    return engine.problem.response, combinations, component.bases


@pytest.mark.parametrize("number", NUMBERS)
def test_a_basis_knows_its_own_response(number: int) -> None:
    arrays, combinations, kept = solved(Engine(drawn(number)))
    bases = Bases(arrays, arrays.program.cost)
    costs = Enumerator(arrays).run(combinations).cost
    for combination, basis, cost in zip(combinations, kept, costs, strict=True):
        optimum = bases.optimum(combination, basis)
        assert optimum is not None
        assert optimum.cost == pytest.approx(cost, rel=1e-9, abs=1e-6)
        assert bases.least(combination, basis)[0] == pytest.approx(cost, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("what", ["cost", "limits", "quantities", "all"])
@pytest.mark.parametrize("number", NUMBERS)
def test_what_a_basis_says_of_other_numbers_is_so(number: int, what: str) -> None:
    arrays, combinations, kept = solved(Engine(drawn(number)))
    dice = np.random.default_rng(number)
    for size in (1e-4, 0.05):
        other = moved(arrays, what, dice, size)
        bases = Bases(other, other.program.cost)
        batch = Enumerator(other).run(combinations, with_outputs=True)
        for place, (combination, basis) in enumerate(zip(combinations, kept, strict=True)):
            cost = batch.cost[place]
            near = 1e-9 * max(1.0, abs(cost)) + 1e-6
            least, _ = bases.least(combination, basis)
            assert least <= cost + near
            optimum = bases.optimum(combination, basis)
            if optimum is None:
                continue
            assert optimum.cost == pytest.approx(cost, abs=near)
            assert least == pytest.approx(cost, abs=near)
            # A response it is: within capacities, every row kept.
            program = other.program
            rows = program.matrix @ optimum.solution
            assert (optimum.solution >= -1e-6).all()
            assert (rows >= program.row_lower - 1e-6).all() and (rows <= program.row_upper + 1e-6).all()
            for menu, chosen in zip(other.policy_columns, combination, strict=True):
                for policy, (columns, capacity) in enumerate(menu):
                    assert (optimum.solution[columns] <= (capacity if policy == chosen else 0.0) + 1e-6).all()


def test_small_moves_leave_bases_optimal() -> None:
    """Else nothing above would be tried."""
    optimal = tried = 0
    for number in NUMBERS:
        arrays, combinations, kept = solved(Engine(drawn(number)))
        other = moved(arrays, "limits", np.random.default_rng(number), 1e-6)
        bases = Bases(other, other.program.cost)
        tried += len(combinations)
        optimal += sum(bases.optimum(*pair) is not None for pair in zip(combinations, kept, strict=True))
    assert 0 < optimal <= tried


def test_the_latest_bases_come_first_and_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, combinations, kept = solved(Engine(small()))
    recent = Recent()
    own = kept[0]
    others = [replace(own) for _ in range(4)]
    for basis in (*others, others[2]):
        recent.add(combinations[0], basis)
    before = recent.copy()
    recent.add(combinations[0], own)
    tried: list[list[Basis]] = []
    for each in (before, recent):
        seen: list[Basis] = []
        monkeypatch.setattr(Bases, "optimum", lambda self, combination, basis, seen=seen: seen.append(basis))
        assert list(each.answers(arrays, combinations[:1])) == []
        tried.append(seen)
    assert [id(basis) for basis in tried[0]] == [id(others[place]) for place in (2, 3, 1)]
    assert len(tried[1]) == MOST_BASES and tried[1][0] is own


def test_bases_that_fail_are_not_tried_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, combinations, kept = solved(Engine(small()))
    recent = Recent()
    many = [(number, *combinations[0]) for number in range(400)]
    for combination in many:
        recent.add(combination, kept[0])
    tried = []
    monkeypatch.setattr(Bases, "optimum", lambda self, combination, basis: tried.append(combination))
    assert list(recent.answers(arrays, many)) == []
    # So many failures it takes for the share to fall from all to too few.
    first = next(count for count in range(100) if (1 - 1 / PROBED) ** count < HOPE)
    assert tried[:first] == many[:first]
    assert len(tried) <= first + len(many) / PROBED


@pytest.mark.parametrize("number", [0, 1, 4])
def test_remembered_answers_are_those_of_the_solver(number: int) -> None:
    arrays, combinations, _ = solved(Engine(drawn(number)))
    remembering = Enumerator(arrays)
    remembering.memory = {}
    remembering.run(combinations, with_outputs=True)
    for size in (1e-5, 1e-2):
        other = moved(arrays, "all", np.random.default_rng(number), size)
        remembering.arrays, remembering.memory = other, {}
        found = remembering.run(combinations, with_outputs=True)
        exact = Enumerator(other).run(combinations, with_outputs=True)
        assert found.cost == pytest.approx(exact.cost, rel=1e-9, abs=1e-6)
        assert found.complete and len(remembering.memory) == len(combinations)
        # Reduced costs prove the same: none is negative but of a column that is full.
        assert ((found.prices >= -1e-4) | np.isfinite(other.most)).all()
