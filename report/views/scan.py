"""What a scan of trade statistics says: its figures worked out once, for terminal, page and charts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...analysis.trade.ranking.measures import CDI_THRESHOLDS
from ..format.numbers import plain

if TYPE_CHECKING:
    from ...analysis.trade.ranking.result import Ranking, Scan

SCALES = ((1e9, 1e6, "m"), (1e6, 1e3, "thousand"), (0.0, 1.0, ""))
"""Money from so much on is shown in this unit."""

LONGEST = 34
"""Letters of an item's name that are printed; HS texts run to hundreds."""


class Money:
    """The unit in which a scan shows money.

    Parameters
    ----------
    scan
        The scan.
    """

    def __init__(self, scan: Scan):
        largest = max((_most(ranking.rows["imports"]) for ranking in scan.rankings if len(ranking.rows)), default=0.0)
        self.scale, word = next((scale, word) for least, scale, word in SCALES if largest >= least)
        self.unit = " ".join(filter(None, (plain(scan.currency), word)))

    def of(self, value: float) -> float:
        """Return an amount in this unit."""
        return value / self.scale


def _most(values: Iterable[float]) -> float:
    return max((value for value in values if math.isfinite(value)), default=0.0)


@dataclass(frozen=True)
class ScanView:
    """What a scan found, in a few figures.

    Attributes
    ----------
    money
        The unit in which money is shown.
    bought
        What the buyer of the first ranking buys of its goods, money of the data; from the seller where there is one.
    first, back
        The costliest good to miss of the first ranking, and of the ranking in return; None where there is none.
    """

    money: Money
    bought: float
    first: Mapping[str, Any] | None
    back: Mapping[str, Any] | None


def scan_view(scan: Scan) -> ScanView:
    """Return what a scan found."""
    ranking = scan.rankings[0]
    column = "bought" if ranking.seller is not None else "imports"
    bought = math.fsum(ranking.rows[column].dropna()) if len(ranking.rows) else 0.0
    mutual = scan.hold is not None and scan.parties.counterpart is not None
    return ScanView(Money(scan), bought, _first(ranking), _first(scan.exposure) if mutual else None)


def _first(ranking: Ranking) -> Mapping[str, Any] | None:
    return dict(ranking.rows.iloc[0]) if len(ranking.rows) else None


def criteria(row: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many of the core dependency indicators of a good exceed their thresholds, and how many are known."""
    known = [(row[f"cdi{place}"], limit) for place, limit in enumerate(CDI_THRESHOLDS, start=1)]
    known = [(value, limit) for value, limit in known if not math.isnan(value)]
    return sum(value > limit for value, limit in known), len(known)


def item_words(code: str, name: str) -> str:
    """Return an item as a sentence names it."""
    return plain(code) if not name or name == code else f"{plain(code)} ({short_name(name)})"


def short_name(name: str) -> str:
    """Return the name of an item, no longer than people read."""
    text = plain(name)
    return text if len(text) <= LONGEST else text[: LONGEST - 3].rstrip(" ,;:") + "..."
