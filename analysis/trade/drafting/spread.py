"""How a flow varies over the months and years in the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ....data.trade import Statistics

WEEKS = 365.25 / 7
"""Weeks of a year."""

RECENT = 300
"""Three years, as the starts of periods count them (year * 100 + month): only these tell the spread."""

MANY = 8
"""Periods from which the ends of a spread are percentiles, not the least and the most."""


@dataclass(frozen=True)
class Spread:
    """How a figure varies: its ends, its most, what they are taken from.

    Attributes
    ----------
    low, high
        10th and 90th percentile of eight and more months or years, else the least and the most.
    most
        The most.
    words, most_words
        What the ends and the most are taken from.
    """

    low: float
    high: float
    most: float
    words: str
    most_words: str


class OverTime:
    """Looks at flows month by month, or year by year where there are no months.

    Parameters
    ----------
    statistics
        Trade statistics, with the table ``members`` of parties.
    """

    def __init__(self, statistics: Statistics):
        self.statistics = statistics
        self._code: str | None = None

    def periods(
        self, code: str, origin: str, destination: str, months: int
    ) -> list[tuple[int, float | None, float | None]]:
        """Return start, quantity and value of every period of so many months, codes taken at the level nearest to the item's."""
        self._look_at(code)
        return [
            (row[0], row[1], row[2])
            for row in self.statistics.rows(
                """select start, sum(quantity), sum(value) from looked_at where months = ? and origin = ? and destination = ?
                and length(code) = (select min(length(code)) from looked_at where months = ?) group by start order by start""",
                [months, origin, destination, months],
            )
        ]

    def _look_at(self, code: str) -> None:
        """Take an item's flows out of all flows, which may be millions."""
        if code == self._code:
            return
        match = "starts_with(code, ?) and regexp_full_match(code, '[0-9]{2,}')" if code.isdigit() else "code = ?"
        self.statistics.connection.execute(
            f"""create or replace temp table looked_at as
            select start, months, code, coalesce(e.party, exporter) as origin, coalesce(i.party, importer) as destination,
            quantity, value from flows f left join members e on exporter = e.area left join members i on importer = i.area
            where {match} and (e.party is null or i.party is null or e.party <> i.party)""",
            [code],
        )
        self._code = code

    def spread(self, code: str, origin: str, destination: str, scale: float) -> Spread | None:
        """Return how the quantity per week varies, divided by a scale; None where there are not two periods."""
        for months, word in ((1, "month"), (12, "year")):
            found = [row for row in self.periods(code, origin, destination, months) if row[1] is not None]
            weekly = [(quantity or 0.0) / scale / (WEEKS * months / 12) for _, quantity, _ in _recent(found)]
            if len(weekly) >= 2:
                return _spread(weekly, word)
        return None

    def price_spread(self, code: str, origin: str, destination: str) -> Spread | None:
        """Return how the unit value varies, relative to its mean; None where there are not two periods."""
        for months, word in ((1, "month"), (12, "year")):
            found = [row for row in self.periods(code, origin, destination, months) if row[1] and row[2]]
            values = [(value or 0.0) / (quantity or 1.0) for _, quantity, value in _recent(found)]
            if len(values) >= 2:
                mean = math.fsum(values) / len(values)
                return _spread([value / mean for value in values], word)
        return None

    def season(self, code: str, origin: str, destination: str) -> dict[int, float]:
        """Return each calendar month's flow relative to an even year; nothing where a month has no row."""
        amounts: dict[int, list[float]] = {}
        for start, quantity, _ in self.periods(code, origin, destination, 1):
            if quantity is not None:
                amounts.setdefault(start % 100, []).append(quantity)
        means = {month: math.fsum(found) / len(found) for month, found in sorted(amounts.items())}
        even = math.fsum(means.values()) / 12
        return {} if len(means) < 12 or not even else {month: mean / even for month, mean in means.items()}


def _recent(
    rows: Sequence[tuple[int, float | None, float | None]],
) -> list[tuple[int, float | None, float | None]]:
    last = max((row[0] for row in rows), default=0)
    return [row for row in rows if row[0] > last - RECENT]


def _spread(values: Sequence[float], word: str) -> Spread:
    ordered = sorted(values)
    count = f"{len(ordered)} {word}s"
    if len(ordered) >= MANY:
        words = f"10th and 90th percentile of {count}"
        return Spread(percentile(ordered, 0.1), percentile(ordered, 0.9), ordered[-1], words, f"the most of {count}")
    return Spread(ordered[0], ordered[-1], ordered[-1], f"least and most of {count}", f"the most of {count}")


def percentile(ordered: Sequence[float], part: float) -> float:
    """Return a percentile by linear interpolation between order statistics.

    Parameters
    ----------
    ordered
        The values, in ascending order.
    part
        0 to 1.
    """
    place = part * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
