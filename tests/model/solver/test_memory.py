"""What HiGHS asks while it solves is given back with what it belongs to."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import scipy.sparse as sparse
from sluicegate import load_case
from sluicegate.model.leader.problem import Problem
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.highs import Highs


class Owner:
    """Holds a HiGHS object that asks it whether to stop, as a problem does."""

    def __init__(self, integer: bool, watched: bool) -> None:
        self.asked = 0
        one = np.ones(1)
        rows = sparse.csc_matrix(one[:, None])
        program = Program(-one, rows, np.zeros(1), one, np.zeros(1), one, np.array([integer]), 0.0)
        self.highs = Highs(program, stop=None if watched else self.stop)
        if watched:
            self.highs.watch(self.stop, lambda incumbent, bound: self.stop(), lambda solution: self.stop())
        self.highs.solve()

    def stop(self) -> bool:
        self.asked += 1
        return False


@pytest.mark.parametrize(("integer", "watched"), [(False, False), (False, True), (True, True)])
def test_who_is_asked_is_given_back(integer: bool, watched: bool) -> None:
    owner = Owner(integer, watched)
    seen = weakref.ref(owner)
    del owner
    gc.collect()
    assert seen() is None


def test_a_problem_is_given_back() -> None:
    problem = Problem.natural(load_case("tutorial"), stop=lambda: False)
    seen = weakref.ref(problem.fixed_policy)
    problem.status_quo  # noqa: B018
    del problem
    gc.collect()
    assert seen() is None
