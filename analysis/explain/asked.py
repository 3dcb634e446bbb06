"""What suppliers ask for in a conflict: least shares, take or pay, least orders and contracts, which have no gap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ...model.leader.problem import Problem
from ..relaxation.elastic import Elastic
from ..relaxation.limits import Limit, LimitFigure, asked_of, idle, moved
from .conflict import Change, Conflict, core_of, described, find_conflict, keeps_all

if TYPE_CHECKING:
    from ...data import Case

NEAR = 1e-5
"""Width, relative to the figure, at which what it would have to become is known."""


def explained_conflict(
    elastic: Elastic, case: Case, threads: int = 1, stop: Callable[[], bool] = lambda: False
) -> Conflict | None:
    """Return why no plan satisfies the limits, what suppliers ask for among them; None where some plan does.

    What suppliers ask for has no gap: where a plan keeps the rest without any of it, each is set aside in turn, and is in conflict
    where that makes a plan possible.

    Parameters
    ----------
    elastic
        The elastic program of the case.
    case
        The case, in its own units.
    threads, stop
        As of the elastic program.

    Raises
    ------
    Stopped
        When stopped.
    """
    asked = asked_of(case, contracts=True)
    if not asked:
        return find_conflict(elastic)
    if keeps_all(elastic):
        return None

    @contextmanager
    def without(limits: list[Limit]) -> Iterator[Elastic]:
        part = case
        for limit in limits:
            part = moved(part, limit.figure, idle(limit.figure))
        with closing(Elastic(Problem.natural(part, None, stop), threads, stop)) as made:
            yield made

    aside: list[Limit] = []
    with without(asked) as trial:
        if not keeps_all(trial):
            aside = asked
    for limit in () if aside else asked:
        with without([*aside, limit]) as trial:
            if not keeps_all(trial):
                aside.append(limit)
    kept = [limit for limit in asked if limit not in aside]
    with without(aside) as trial:
        core = core_of(trial)
    assert core is not None
    found, smallest = core
    names = {_name(limit) for limit in found}
    conflict = described(elastic, [limit for limit in elastic.limits if _name(limit) in names], smallest and not kept)
    changes = [Change(limit.figure, _needed(case, limit.figure, threads, stop)) for limit in kept]
    notes = (
        [*conflict.notes, "the cheapest relaxation leaves what suppliers ask for as it is"] if kept else conflict.notes
    )
    return replace(
        conflict,
        limits=(*conflict.limits, *kept),
        alone=(*conflict.alone, *changes),
        notes=tuple(notes),
    )


def _name(limit: Limit) -> tuple[str, str | None, str | None]:
    return limit.figure.path, limit.scenario, limit.party


def _needed(case: Case, figure: LimitFigure, threads: int, stop: Callable[[], bool]) -> float | None:
    """Most that a supplier may ask for, all other limits kept: found by bisection, a plan or none at each value."""

    def feasible(value: float) -> bool:
        part = moved(case, figure, value)
        with closing(Elastic(Problem.natural(part, None, stop), threads, stop)) as trial:
            return keeps_all(trial)

    low, high = idle(figure), figure.limit
    if not feasible(low):
        return None
    while high - low > NEAR * figure.limit:
        middle = _between(low, high)
        if feasible(middle):
            low = middle
        else:
            high = middle
    return low


def _between(low: float, high: float) -> float:
    """Return a value near the middle of a range, of as few digits as fall into its inner half."""
    middle, quarter = (low + high) / 2, (high - low) / 4
    digits = -math.floor(math.log10(high - low)) - 1
    while abs(round(middle, digits) - middle) > quarter:
        digits += 1
    return round(middle, digits)
