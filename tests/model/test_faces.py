"""What reduced costs say about least-cost faces is never less than what is there."""

from __future__ import annotations

import numpy as np
import pytest
from cli_cases import small
from sluicegate import Case, case_from_tables
from sluicegate.model.engine import Engine
from sluicegate.model.evaluator import Cut
from strategies import random_case


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
