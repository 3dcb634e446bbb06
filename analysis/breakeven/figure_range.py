"""The figure that is moved, and the range in which it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...data import TABLES
from ...model.network import Network
from ...model.plan.limits import LIMITED
from ..figures.figure import Figure, find_figure, no_figure

if TYPE_CHECKING:
    from ...data import Case

LOW, HIGH = 0.25, 4.0
"""Ends of the default range of an amount, as multiples of the value in force."""

SHORT = 8
"""Least default range of a number of weeks."""


def movable(case: Case, path: str) -> Figure:
    """Return the figure that a path names.

    Raises
    ------
    CaseError
        For a path that names no figure.
    ValueError
        For a figure that cannot be moved.
    """
    head, _, rest = path.partition(".")
    column = rest.rpartition(".")[2]
    if head in TABLES and column in TABLES[head].key and any(f"{row.id}.{column}" == rest for row in case.rows(head)):
        raise _no_number(path)
    figure = find_figure(case, path)
    if figure.numeric or figure.delay:
        return figure
    raise _no_number(path) if head in TABLES else no_figure(path)


def _no_number(path: str) -> ValueError:
    return ValueError(f"{path} is no figure; {path.rpartition('.')[2]} holds no number that can be moved")


def _refusal(figure: Figure, value: float) -> str | None:
    """Return why the case cannot have a value, with the column and the value that are at fault; None where it can."""
    fault = figure.fault(value)
    return None if fault is None else ": ".join(filter(None, (fault.column, fault.value, fault.message)))


def searched_range(figure: Figure, low: float | None, high: float | None) -> tuple[float, float, str]:
    """Return the range to look at, and how it was come by."""
    words = []
    given = (low, high)
    if low is None or high is None:
        first, last, how = _default_range(figure)
        words.append(how)
        low, high = (first if low is None else low), (last if high is None else high)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{figure.path}: the range must be finite")
    if figure.whole:
        low, high = float(math.ceil(low)), float(math.floor(high))
    if low >= high:
        if None not in given:
            raise ValueError(f"{figure.path}: low must be below high, but {low:g} is not below {high:g}")
        raise ValueError(f"{figure.path}: no range from {low:g} to {high:g}; give --low and --high")
    ends = []
    for place, (end, stated) in enumerate(zip((low, high), given, strict=True)):
        problem = _refusal(figure, end)
        if problem is not None:
            accepted = (
                value for value in (figure.current, low, high) if value is not None and not _refusal(figure, value)
            )
            good = next(accepted, None)
            if stated is not None or good is None:
                # Refused in the words of the case.
                figure.at(end)
            assert good is not None
            end = _nearest_accepted(figure, good, end)
            side, at = "below" if place == 0 else "above", low if place == 0 else high
            words.append(f"{side} {end:.6g} the case is refused (at {at:.6g}: {problem})")
        ends.append(end)
    if ends[0] >= ends[1]:
        raise ValueError(f"{figure.path}: the case is refused at all other values; give --low and --high")
    return ends[0], ends[1], "; ".join(words) or "as asked for"


def _default_range(figure: Figure) -> tuple[float, float, str]:
    current, case = figure.current, figure.case
    if figure.path == "horizon.weeks":
        assert current is not None
        return max(1, current // 2), current + current // 2, "from half to one and a half times the value in force"
    if figure.whole:
        weeks = case.settings.horizon.weeks
        last = min(max(SHORT, 2 * (current or 0)), max(weeks, current or 0))
        return 0, last, f"from 0 to twice the value in force, at least {SHORT} weeks, within the horizon"
    if figure.share:
        return 0.0, 1.0, "all shares"
    if figure.limit:
        most = _most_used(case, figure.limit)
        if current:
            low, high = LOW * current, HIGH * current
            if low < most < high:
                return low, most, f"from {LOW:g} times the value in force to {most:.6g}, the most any choice can use"
        elif most > 0:
            return 0.0, most, f"from 0 to {most:.6g}, the most that any choice can use"
    if current:
        return LOW * current, HIGH * current, f"{LOW:g} to {HIGH:g} times the value in force"
    largest = max(figure.peers, default=0.0)
    if largest > 0:
        return 0.0, HIGH * largest, f"from 0 to {HIGH:g} times the largest figure of its column"
    raise ValueError(f"{figure.path} has no figure to start a range from; give --low and --high")


def _most_used(case: Case, limit: str) -> float:
    """Most of a limit that any choice can use."""
    network = Network(case)
    column = LIMITED[limit].column
    total = math.fsum(
        max((getattr(network.policy(regime, policy), column, 0.0) for policy in menu), default=0.0)
        for regime, menu in network.menu.items()
    )
    if limit == "budget":
        total += math.fsum(network.to_qualify.values())
        total += math.fsum(
            row.stockpile_max * network.stockpile_price(pair)
            for pair, row in network.stocks.items()
            if network.side[pair[0]] == "ours" and row.stockpile_max > 0
        )
    return total


def _nearest_accepted(figure: Figure, good: float, bad: float) -> float:
    """Return the accepted value nearest to a refused one, coming from an accepted one."""
    for _ in range(80):
        middle = float(round((good + bad) / 2)) if figure.whole else (good + bad) / 2
        if middle in (good, bad):
            break
        if _refusal(figure, middle) is None:
            good = middle
        else:
            bad = middle
    tidy = float(f"{good:.9g}")
    return tidy if _refusal(figure, tidy) is None else good
