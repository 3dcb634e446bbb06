"""A case from trade statistics: flows and prices with their source, marked placeholders for what no statistic says."""

from __future__ import annotations

from collections.abc import Sequence

from ....data.trade import Statistics
from ..parties import Parties
from .drafted import Drafted
from .drafter import SUBSTITUTES, Drafter


def draft_case(
    name: str,
    statistics: Statistics,
    parties: Parties,
    items: Sequence[str],
    *,
    years: tuple[int, int] | None = None,
    substitutes: int = SUBSTITUTES,
    monthly: bool = False,
) -> Drafted:
    """Draft a case from trade statistics.

    Parameters
    ----------
    name
        Name of the case.
    statistics
        Trade statistics.
    parties
        Who is who; a counterpart is needed.
    items
        HS codes of any length that the data have, or items as the data name them.
    years
        First and last year, of which flows are means; by default the latest year (or twelve months) that has imports of the
        counterpart.
    substitutes
        Other countries that have a lane of their own for an item; the rest of the world is one.
    monthly
        Note the share of every month in the sources of base flows.

    Raises
    ------
    TradeError
        For items that the counterpart does not import, by the data.
    """
    assert parties.counterpart is not None
    return Drafter(statistics, parties, years, substitutes, monthly).draft(name, items)
