"""What a reader should know before trusting the figures of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .numbers import counted

if TYPE_CHECKING:
    from ...model import Plan

MOST = 6
"""Warnings about the case that are shown with a plan; a check of the case lists all."""


def notices(plan: Plan) -> list[str]:
    """Return the warnings of a plan, then the first of those about its case and how many more there are."""
    return [*plan.warnings, *(f"in the case: {warning}" for warning in few(plan.case_warnings))]


def few(warnings: Sequence[object]) -> list[str]:
    """Return the first of many warnings about a case, and how many more there are."""
    # One more takes no more room than to say so.
    shown = warnings if len(warnings) <= MOST + 1 else warnings[:MOST]
    more = len(warnings) - len(shown)
    return [
        *map(str, shown),
        *([f"{counted(more, 'more warning')}; sluicegate validate lists them all"] if more else []),
    ]
