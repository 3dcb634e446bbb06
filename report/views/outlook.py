"""From where to where the figure of a plan runs over worlds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..format.words import words_of

if TYPE_CHECKING:
    from ...model import Plan


@dataclass(frozen=True)
class RangeView:
    """The range of a plan's outcome.

    Attributes
    ----------
    low, high
        5 and 95 % of the outcomes in worlds.
    worlds, worked_out
        Worlds drawn, and how many of them the time allowed.
    negative, broken
        In how many of those worked out leverage is below 0, and limits are broken.
    """

    low: float
    high: float
    worlds: int
    worked_out: int
    negative: int
    broken: int


def range_view(plan: Plan) -> RangeView | None:
    """Return the range of a plan; None where it was not computed."""
    found = plan.range
    if found is None:
        return None
    many, words = found["worked_out"], words_of(plan.case)
    low, high = sorted((words.figure(found["low"]) or 0.0, words.figure(found["high"]) or 0.0))
    return RangeView(
        low,
        high,
        found["worlds"],
        many,
        round(many * found["share_negative"]),
        round(many * (1 - found["share_kept"])),
    )
