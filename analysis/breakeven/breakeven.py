"""The values of one figure at which the best first-stage choices change (docs/breakeven.md)."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ...model.plan.choices import Offer
from ...model.plan.monitor import Monitor, Stopped
from .at_value import FigureSolver, LimitSolver, Telling
from .figure_range import movable, searched_range
from .result import Breakeven
from .search import SwitchSearch

if TYPE_CHECKING:
    from ...data import Case


def breakeven(
    case: Case,
    path: str,
    *,
    low: float | None = None,
    high: float | None = None,
    tolerance: float = 1e-3,
    points: int = 17,
    threads: int = 1,
    monitor: Monitor | None = None,
) -> Breakeven:
    """Find the values of a figure at which the best first-stage choices change.

    Parameters
    ----------
    case
        A checked case.
    path
        The figure, as an override without its value: ``lanes.gas-out.max_flow``, ``limits.budget``.
    low, high
        Range to look at; default: see docs/breakeven.md.
    tolerance
        Width of the bracket around a switch, relative to the value, or to a tenth of the range where the value is smaller.
        Whole numbers are bracketed by neighbours.
    points
        Values looked at, at equal distances, before neighbours are bisected.
    threads
        Processes that work out responses.
    monitor
        Told of stage ``points``; asked whether to stop, results so far kept.

    Raises
    ------
    CaseError
        For a path that names no figure, or an end of the range that the case cannot have.
    ValueError
        For a figure that cannot be moved, or a range without values.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When an answer does not survive its check.
    """
    began = time.perf_counter()
    if points < 2:
        raise ValueError("points: at least 2 are needed, the ends of the range")
    if not 0 < tolerance < 1:
        raise ValueError("tolerance: must lie between 0 and 1, such as 0.001")
    figure = movable(case, path)
    low, high, words = searched_range(figure, low, high)
    telling = Telling(monitor or Monitor())
    with contextlib.ExitStack() as stack:
        offer = Offer.of(figure.at(high))
        given = offer, threads, telling
        solver = LimitSolver(figure, high, *given) if figure.limit else FigureSolver(figure, low, high, *given)
        stack.callback(solver.close)
        search = SwitchSearch(solver, figure, low, high, tolerance, points)
        stopped = False
        try:
            search.run()
        except Stopped:
            stopped = True
        switches = tuple(search.switches(whole=not stopped))
        spans = tuple(search.spans())
    complete, statement = search.statement(stopped)
    return Breakeven(
        case=case,
        path=path,
        unit=figure.unit,
        current=figure.current,
        low=low,
        high=high,
        range_words=words,
        tolerance=tolerance,
        whole=figure.whole,
        switches=switches,
        spans=spans,
        points=search.frame(),
        complete=complete,
        statement=statement,
        notes=tuple(search.notes()),
        stopped=stopped,
        seconds=time.perf_counter() - began,
    )
