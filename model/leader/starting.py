"""A basis to begin with: the status quo's, for every scenario (model.md section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra import Constraint, Var
from ..network import NONE
from ..solver.bases import Basis, Extension, Statuses
from .carried import paired

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem


def repeated_basis(known: Basis, small: LeaderProblem, large: LeaderProblem) -> Basis:
    """Return the basis of a leader problem of scenario ``none`` as one of a leader problem with more scenarios.

    Every scenario begins with what ``none`` has, the response and what stands outside of scenarios with their own; what only the
    larger problem has is basic (rows) or at a bound (columns). Scenarios differ by few numbers, so that this is close to an optimum
    where nothing is closer. HiGHS makes it square.

    Parameters
    ----------
    known
        Basis of the smaller program, solved.
    small, large
        Both problems, of one case.
    """
    columns, rows = (
        _paired(_twins(small.model, large.model, kind), before, after)
        for kind, before, after in (
            (Var, small.compiled.columns, large.compiled.columns),
            (Constraint, small.compiled.places, large.compiled.places),
        )
    )
    return Extension(large.program, columns, rows, square=False)(Statuses.of(known))


def _paired(
    twins: Iterator[tuple[Any, Any]], before: Callable[..., np.ndarray], after: Callable[..., np.ndarray]
) -> Any:
    # Those of ``none`` have a twin in every scenario.
    known: dict[int, tuple[list[Any], np.ndarray]] = {}
    pairs = []
    for here, there in twins:
        if id(here) not in known:
            known[id(here)] = list(here), before(here.values())
        pairs.append((*known[id(here)], list(there), after(there.values())))
    return paired(pairs)


def _twins(small: Any, large: Any, kind: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of families of one name: of blocks of scenarios each with that of ``none``, of all else with its own."""
    blocks = [(small, large), (small.response, large.response)]
    blocks += [(small.ours[NONE], block) for block in large.ours.values()]
    for here, there in blocks:
        for family in here.families():
            other = there.component(family.local_name)
            if isinstance(family, kind) and other is not None:
                yield family, other
