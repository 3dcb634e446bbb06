"""What is said of least-cost faces, and of combinations that were not solved, is never less than what is there."""

from __future__ import annotations

import numpy as np
import pytest
from sluicegate import Case, case_from_tables
from sluicegate.model.leader.fixed_policy import Cut
from sluicegate.model.methods.cut_pool import bounded
from sluicegate.model.methods.engine import Engine
from sluicegate.model.methods.enumeration import Search

from sluicegate_testing.cli_cases import small
from sluicegate_testing.strategies import random_case


def drawn(number: int) -> Case:
    return small() if number == 0 else case_from_tables("drawn", *random_case(900 + number, max_combinations=24))


@pytest.mark.parametrize("number", range(6))
def test_bounds_hold(number: int) -> None:
    engine = Engine(drawn(number))
    knowledge = engine.knowledge
    places = np.arange(len(engine.candidates))
    rooms = np.zeros((places.size, 3))
    dice = np.random.default_rng(number)
    enumerator = knowledge.enumerator
    enumerator.memory = {}
    # Outputs have units of their own: slopes are worth about as much as what they stand for.
    size = 1.0 / np.maximum(1.0, np.abs(engine.candidates.components[0].outputs).max(axis=0, initial=1.0))
    for _ in range(4):
        cut = Cut(0.0, dice.normal(size=size.size) * size * 10, np.zeros(3))
        own = knowledge.add(cut)
        before = knowledge.around(own, rooms, places)
        exact = knowledge.over_faces(own, rooms, places)
        after = knowledge.around(own, rooms, places)
        seen = knowledge.seen(own, rooms)
        scale = 1e-3 * np.maximum(1.0, np.abs(exact))
        assert (before >= exact - scale).all()
        assert (exact >= seen - scale).all()
        # What was looked at is known from then on.
        assert (after >= exact - scale).all()
        if len(engine.candidates.components) == 1 and enumerator.arrays.watched.size:
            assert (after <= exact + scale).all()


@pytest.mark.parametrize("number", [2, 5, 10, 12, 25, 27, 37, 46, 49])
def test_a_branch_and_bound_bounds_other_combinations(number: int) -> None:
    engine = Engine(drawn(number))
    knowledge, candidates = engine.knowledge, engine.candidates
    evaluator, terms = engine.problem.evaluator, engine.widest
    constant = engine.problem.constant(candidates.cost, candidates.admin)
    places = np.arange(len(candidates))
    search = Search(evaluator, knowledge, candidates.allowed(terms), constant, 1e-6)
    leverages = np.array([search.work_out(int(place)).leverage for place in places])
    scale = 1e-6 * np.maximum(1.0, np.abs(leverages))
    checked = 0
    for cover in knowledge.covers:
        checked += len(cover) > 1
        # Barriers and cuts of limits that are broken among them, at every combination's whole face.
        values = [bounded(knowledge.cuts[each], knowledge.over_faces(each, search.rooms, places)) for each in cover]
        assert (constant + np.max(values, axis=0) >= leverages - scale).all()
    for place, line, before in knowledge.lines:
        assert knowledge.known(search.rooms[place], line, before) >= leverages[place] - scale[place]
    assert checked
