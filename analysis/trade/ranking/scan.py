"""Where leverage and dependence lie: every good that two parties trade, measured and ranked."""

from __future__ import annotations

from ....data.trade import Statistics
from ..parties import Parties
from ..yearly import prepare
from .measured import Measured
from .result import Scan
from .sigma import Sigmas


def scan(
    statistics: Statistics,
    parties: Parties,
    *,
    years: tuple[int, int] | None = None,
    digits: int | None = None,
    sigmas: Sigmas | None = None,
    expenditure: float | None = None,
    diversify: bool = False,
) -> Scan:
    """Rank the goods through which parties depend on each other.

    Parameters
    ----------
    statistics
        Trade statistics.
    parties
        Who is who; the counterpart may be missing with `diversify`.
    years
        First and last year, of which amounts are means; by default the latest year (or twelve months) that has imports of the
        buyer.
    digits
        2, 4 or 6 digits of the HS; by default the finest that is there.
    sigmas
        Elasticities of substitution between origins.
    expenditure
        What the buyer spends in a year, such as its GDP, in the currency of the data; by default all its imports.
    diversify
        The buyer's view: our own imports, who else could supply them.

    Raises
    ------
    TradeError
        Where the data have nothing for these years, parties or digits.
    ValueError
        Where there is no counterpart and `diversify` is not set.
    """
    if parties.counterpart is None and not diversify:
        raise ValueError("a scan needs a counterpart; name it, or ask for the buyer's view")
    sigmas = sigmas or Sigmas()
    buyer = parties.focal if diversify or parties.counterpart is None else parties.counterpart
    yearly = prepare(statistics, buyer.members, years, digits)
    measured = Measured(yearly, parties, sigmas, expenditure)
    hold = None
    if not diversify and parties.counterpart is not None:
        hold = measured.ranking(parties.counterpart, parties.focal, parties.allies, spent=expenditure)
        exposure = measured.ranking(parties.focal, parties.counterpart)
    else:
        exposure = measured.ranking(parties.focal, parties.counterpart, spent=expenditure)
    return Scan(
        parties,
        yearly.period,
        yearly.digits,
        statistics.currency,
        hold,
        exposure,
        diversify,
        statistics.treatments,
        tuple(measured.notes(buyer)),
        statistics.source,
        "the amount given" if expenditure is not None else measured.expenditure_words,
        sigmas,
    )
