"""The seasons of a draft: profiles of flows by calendar month, and of what must follow them."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .sourcing import rounded

Row = dict[str, Any]
Season = Mapping[int, float]
"""By calendar month: its flow relative to an even year."""

PLACES = 3
"""Decimals of the factor of a month."""


def profiles(
    tables: Mapping[str, Sequence[Row]], seasons: Mapping[str, Season], start: datetime.date, weeks: int
) -> list[Row]:
    """Return the rows of ``profiles`` that give a draft its seasons.

    What statistics count in a month arrived in it, so that a lane dispatches for the month one lead time ahead. What a buyer needs
    follows what arrives, what a maker can make follows what it sells: every week of the status quo balances. Where a month is above
    ``max_flow`` the lane carries that much then.

    Parameters
    ----------
    tables
        Lanes, demands and processes of the draft.
    seasons
        Of the lanes that have one.
    start
        The date on which week 0 begins.
    weeks
        Weeks of the horizon.
    """
    months = [(start + datetime.timedelta(weeks=week)).month for week in range(weeks)]
    # By pair (base flow, factors) of its lanes.
    arriving: dict[tuple[str, str], list[tuple[float, list[float]]]] = defaultdict(list)
    leaving: dict[tuple[str, str], list[tuple[float, list[float]]]] = defaultdict(list)
    rows: list[Row] = []
    for row in tables["lanes"]:
        season, base = seasons.get(row["lane"], {}), row["base_flow"]
        ahead = [(start + datetime.timedelta(weeks=week + row["lead_weeks"])).month for week in range(weeks)]
        sent = [round(season.get(month, 1.0), PLACES) for month in ahead]
        come = [round(season.get(month, 1.0), PLACES) for month in months]
        arriving[row["destination"], row["item"]].append((base, come))
        leaving[row["origin"], row["item"]].append((base, sent))
        rows += _steps("lanes", row["lane"], "base_flow", sent)
        if base:
            most = [max(1.0, rounded(base * factor / row["max_flow"])) for factor in sent]
            rows += _steps("lanes", row["lane"], "max_flow", most)
    for row in tables["demands"]:
        needed = _relative(arriving[row["site"], row["item"]], weeks)
        rows += _steps("demands", f"{row['site']}/{row['item']}", "quantity", needed)
    for row in tables["processes"]:
        rows += _steps("processes", row["process"], "capacity", _relative(leaving[row["site"], row["output"]], weeks))
    return rows


def _relative(flows: Sequence[tuple[float, Sequence[float]]], weeks: int) -> list[float]:
    """Flows together, relative to their base flows, shape (weeks,)."""
    usual = math.fsum(base for base, _ in flows)
    totals = (math.fsum(base * factors[week] for base, factors in flows) for week in range(weeks))
    return [rounded(total / usual) if usual else 1.0 for total in totals]


def _steps(table: str, key: str, column: str, factors: Sequence[float]) -> Iterator[Row]:
    last = 1.0
    for week, factor in enumerate(factors):
        if factor != last:
            yield {"table": table, "key": key, "column": column, "from_week": week, "factor": factor}
            last = factor
