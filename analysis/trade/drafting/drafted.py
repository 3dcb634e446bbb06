"""What a draft is: a case, its placeholders, what rules changed."""

from __future__ import annotations

from dataclasses import dataclass

from ....data import Case
from ....data.trade import Treatment
from ..yearly import Period
from .placeholders import Placeholder


@dataclass(frozen=True)
class Drafted:
    """A case drafted from trade statistics.

    Attributes
    ----------
    case
        The case; it has no faults.
    placeholders
        What no statistic says, with the number of figures each fills in.
    period
        What amounts per year are taken from.
    treatments
        What rules dropped and mended.
    notes
        What was done for want of data.
    """

    case: Case
    placeholders: tuple[tuple[Placeholder, int], ...]
    period: Period
    treatments: tuple[Treatment, ...]
    notes: tuple[str, ...]
