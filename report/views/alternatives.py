"""Other plans that are nearly as good as a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..format.words import words_of

if TYPE_CHECKING:
    from ...model import Plan


@dataclass(frozen=True)
class AlternativeRow:
    """A plan that is nearly as good.

    Attributes
    ----------
    outcome, less
        Its leverage or cost, and how much worse that is, money.
    share
        How much worse, as a share of the plan's outcome; None where that is 0.
    changes
        What it does otherwise, in words.
    proven
        Whether it is proven that no plan but those before it is better.
    """

    outcome: float
    less: float
    share: float | None
    changes: tuple[str, ...]
    proven: bool


@dataclass(frozen=True)
class AlternativesView:
    """Other plans that are nearly as good.

    Attributes
    ----------
    rows
        The plans, the best first.
    within
        Share of the leverage that they may have less.
    complete
        Whether these are all: proven.
    may_hold
        Combinations of policies that may hold others.
    """

    rows: tuple[AlternativeRow, ...]
    within: float
    complete: bool
    may_hold: int


def alternatives_view(plan: Plan) -> AlternativesView | None:
    """Return the other plans; None where they were not requested."""
    found = plan.alternatives
    if found is None or plan.leverage is None:
        return None
    rows, words = [], words_of(plan.case)
    for each in found["plans"]:
        less = plan.leverage - each["leverage"]
        share = less / abs(plan.leverage) if plan.leverage else None
        rows.append(
            AlternativeRow(words.figure(each["leverage"]) or 0.0, less, share, tuple(each["changes"]), each["proven"])
        )
    return AlternativesView(tuple(rows), found["within"], found["complete"], found["may_hold"])
