"""Bases carried over from a leader problem to others of much the same structure, by the names of rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra import Constraint, Var
from ..solver.bases import Basis, extended_basis
from ..solver.highs import GENTLE, PRIMAL

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem

CARRIED = {**GENTLE, "simplex_strategy": PRIMAL}
"""How a program is solved from a carried basis: it is near an optimum, and HiGHS's perturbations would lead away from it."""

Places = dict[tuple[str, Any], int]


class Names:
    """Columns and rows of a leader problem by name: family and index.

    Parameters
    ----------
    leader_problem
        The leader problem, its model not forgotten.

    Attributes
    ----------
    columns, rows : dict of (str, index) to int
    """

    def __init__(self, leader_problem: LeaderProblem):
        compiled = leader_problem.compiled
        self.columns = _places(leader_problem, Var, compiled.column)
        self.rows = _places(leader_problem, Constraint, compiled.row)


def _places(leader_problem: LeaderProblem, kind: type, place: dict[int, int]) -> Places:
    found: Places = {}
    for family in leader_problem.model.component_objects(kind):
        if isinstance(family, Var) and family.is_reference():
            continue
        name = family.name
        found |= {(name, index): place[id(member)] for index, member in family.items() if id(member) in place}
    return found


class Carrier:
    """Turns bases of one leader problem into bases of another.

    What only the other holds is basic (rows) or at a bound (columns); HiGHS makes the basis square.

    Parameters
    ----------
    names
        Of the problem whose bases are known.
    leader_problem
        The other one, its model not forgotten.
    """

    def __init__(self, names: Names, leader_problem: LeaderProblem):
        own = Names(leader_problem)
        self._program = leader_problem.program
        self._columns, self._rows = _twins(names.columns, own.columns), _twins(names.rows, own.rows)

    def __call__(self, known: Basis) -> Basis:
        """Return a basis as one of the other problem."""
        return extended_basis(known, self._program, self._columns, self._rows, square=False)


def _twins(here: Places, there: Places) -> np.ndarray:
    """Places of what both hold, in the one and in the other, shape (2, n)."""
    pairs = [(place, there[name]) for name, place in here.items() if name in there]
    return np.array(pairs, dtype=np.int32).reshape(-1, 2).T
