"""What causes the losses in the scenarios that decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..format.words import words_of
from .rows import filled

if TYPE_CHECKING:
    from ...model import Plan

CAUSES = {
    "sales": "sales lost, net of what they save",
    "sources": "dearer sources",
    "stock": "stock to rebuild",
    "holding": "stockholding, goods held in review",
    "paperwork": "paperwork of applicants",
    "orders": "orders, whatever their size",
    "package": "its package",
    "imports": "its sales that our reviews of imports refuse",
    "undelivered": "its orders we cannot deliver",
    "second sources": "qualifying lanes",
    "stockpiles": "stockpiles, above the usual cost",
    "reviews": "running the reviews",
    "lasting": "customers that do not come back",
    "allies": "what allies give",
}
"""Causes in words; "it" is the counterpart."""

LASTING_CAUSES = ("paperwork", "lasting", "allies")
"""Causes that a plan says in a sentence of their own."""


@dataclass(frozen=True)
class CauseRow:
    """A cause of a loss.

    Attributes
    ----------
    cause, item
        The cause in words, and the item that it is about by its name for people, or nothing.
    units
        How many units more or fewer than before; None where none are counted.
    amount
        Money.
    """

    cause: str
    item: str
    units: float | None
    amount: float


@dataclass(frozen=True)
class CauseView:
    """The causes of a side's loss in the scenarios that decide.

    Attributes
    ----------
    side
        ``counterpart`` or ``ours``.
    rows
        Its causes, in the order of `CAUSES`.
    total
        Their sum: the loss.
    """

    side: str
    rows: tuple[CauseRow, ...]
    total: float


def cause_views(plan: Plan) -> tuple[CauseView, ...]:
    """Return the causes of both losses; nothing for a plan of an earlier version."""
    if "causes" not in plan.tables:
        return ()
    rows, told = plan.causes(), words_of(plan.case)
    totals = {"counterpart": plan.counterpart_loss or 0.0, "ours": plan.own_loss or 0.0}
    return tuple(
        CauseView(
            side,
            tuple(
                filled(CauseRow, row, cause=told.parts.get(cause, words), item=plan.case.names.item(row["item"] or ""))
                for cause, words in CAUSES.items()
                for row in rows
                if row["side"] == side and row["cause"] == cause
            ),
            totals[side],
        )
        for side in told.sides
    )
