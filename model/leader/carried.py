"""Bases carried over from a leader problem to others of much the same structure, by the names of rows and columns."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra import Constraint, Var
from ..solver.bases import Basis, Extension, Statuses
from ..solver.highs import GENTLE, PRIMAL

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem

CARRIED = {**GENTLE, "simplex_strategy": PRIMAL}
"""How a program is solved from a carried basis: it is near an optimum, and HiGHS's perturbations would lead away from it."""

Places = dict[str, tuple[list[Any], np.ndarray]]
"""Indices of every family, and where each stands; -1 for one that has no place."""


class Names:
    """Columns and rows of a leader problem by name: family and index.

    Parameters
    ----------
    leader_problem
        The leader problem, its model not forgotten.

    Attributes
    ----------
    columns, rows : dict of str to (list of index, array of int)
    """

    def __init__(self, leader_problem: LeaderProblem):
        model, compiled = leader_problem.model, leader_problem.compiled
        variables = [family for family in model.component_objects(Var) if not family.is_reference()]
        self.columns: Places = {one.name: (list(one), compiled.columns(one.values())) for one in variables}
        self.rows: Places = {
            one.name: (list(one), compiled.places(one.values())) for one in model.component_objects(Constraint)
        }


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
        columns, rows = _twins(names.columns, own.columns), _twins(names.rows, own.rows)
        self._extension = Extension(leader_problem.program, columns, rows, square=False)

    def __call__(self, known: Statuses) -> Basis:
        """Return a basis as one of the other problem."""
        return self._extension(known)


def _twins(here: Places, there: Places) -> np.ndarray:
    """Places of what both hold, in the one and in the other, shape (2, n)."""
    return paired([(*here[name], *there[name]) for name in here if name in there])


def paired(families: Iterable[tuple[Any, np.ndarray, Any, np.ndarray]]) -> np.ndarray:
    """Places of members of one index in one family and in another, shape (2, n); those without a place are left out.

    Parameters
    ----------
    families : iterable of (list of index, array of int, list of index, array of int)
        Indices and places of either family; -1 for one without a place.
    """
    pairs = [np.empty((2, 0), dtype=np.int64)]
    for keys, places, others, other_places in families:
        if keys == others:
            pairs.append(np.stack([places, other_places]))
        else:
            place = dict(zip(others, other_places.tolist(), strict=True))
            pairs.append(np.stack([places, np.fromiter(map(place.get, keys, repeat(-1)), dtype=np.int64)]))
    found = np.concatenate(pairs, axis=1)
    return found[:, (found >= 0).all(axis=0)]
