"""What is said of least-cost faces, and of combinations that were not solved, is never less than what is there."""

from __future__ import annotations

import numpy as np
import pytest
from sluicegate import Case, case_from_tables
from sluicegate.model.leader.cuts import Cut
from sluicegate.model.methods.best_first import BestFirstSearch
from sluicegate.model.methods.cut_pool import bounded
from sluicegate.model.methods.engine import Engine

from sluicegate_testing.cli_cases import small
from sluicegate_testing.strategies import random_case


def drawn(number: int) -> Case:
    return small() if number == 0 else case_from_tables("drawn", *random_case(900 + number, max_combinations=24))


@pytest.mark.parametrize("number", range(6))
def test_bounds_hold(number: int) -> None:
    engine = Engine(drawn(number))
    cut_pool = engine.cut_pool
    places = np.arange(len(engine.candidates))
    remaining = np.zeros((places.size, 3))
    dice = np.random.default_rng(number)
    enumerator = cut_pool.enumerator
    enumerator.memory = {}
    # Outputs have units of their own: slopes are worth about as much as what they stand for.
    size = 1.0 / np.maximum(1.0, np.abs(engine.candidates.components[0].outputs).max(axis=0, initial=1.0))
    for _ in range(4):
        cut = Cut(0.0, dice.normal(size=size.size) * size * 10, np.zeros(3))
        own = cut_pool.add(cut)
        before = cut_pool.around(own, remaining, places)
        exact = cut_pool.over_faces(own, remaining, places)
        after = cut_pool.around(own, remaining, places)
        seen = cut_pool.seen(own, remaining)
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
    cut_pool, candidates = engine.cut_pool, engine.candidates
    fixed_policy, solve_limits = engine.problem.fixed_policy, engine.widest
    constant = engine.problem.constant(candidates.cost, candidates.admin)
    places = np.arange(len(candidates))
    search = BestFirstSearch(fixed_policy, cut_pool, candidates.allowed(solve_limits), constant, 1e-6)
    leverages = np.array([search.work_out(int(place)).leverage for place in places])
    scale = 1e-6 * np.maximum(1.0, np.abs(leverages))
    checked = 0
    for cover in cut_pool.covers:
        checked += len(cover) > 1
        # Feasibility cuts and cuts of limits that are broken among them, at every combination's whole face.
        values = [bounded(cut_pool.cuts[each], cut_pool.over_faces(each, search.remaining, places)) for each in cover]
        assert (constant + np.max(values, axis=0) >= leverages - scale).all()
    for place, line, before in cut_pool.lines:
        assert cut_pool.known(search.remaining[place], line, before) >= leverages[place] - scale[place]
    assert checked
