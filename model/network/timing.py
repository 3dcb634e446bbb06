"""Where dispatched goods turn up: in which week, or beyond the horizon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from ...data.schema.tables import Lane
from .network import Kernel, Pair

Term = tuple[float, Hashable]


def arrival_terms(
    dispatches: Iterable[tuple[Hashable, Lane, int, Kernel]], weeks: int
) -> tuple[dict[tuple[str, str, int], list[Term]], dict[Pair, list[Term]]]:
    """Return what arrives week by week, and what is under way at the end (section 2).

    Parameters
    ----------
    dispatches
        (index of the ship variable, lane, week of dispatch, kernel) for every dispatch variable.
    weeks
        T.

    Returns
    -------
    arriving : dict of (site, item, week) to list of (share, index)
        ``arrivals[s,i,t] = sum over lanes, policies and lags of a_p(t - lead - lag, lag) * ship``.
    under_way : dict of (site, item) to list of (share, index)
        Shares of dispatches that arrive at T or later.
    """
    arriving: dict[tuple[str, str, int], list[Term]] = defaultdict(list)
    under_way: dict[Pair, list[Term]] = defaultdict(list)
    ends: dict[str, tuple[str, str, int]] = {}
    for index, lane, week, kernel in dispatches:
        if lane.lane not in ends:
            ends[lane.lane] = lane.destination, lane.item, lane.lead_weeks
        site, item, lead = ends[lane.lane]
        late = 0.0
        for lag, share in kernel:
            arrival = week + lead + lag
            if arrival < weeks:
                arriving[site, item, arrival].append((share, index))
            else:
                late += share
        if late > 0:
            under_way[site, item].append((late, index))
    return dict(arriving), dict(under_way)
