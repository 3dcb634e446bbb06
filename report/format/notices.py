"""What a reader should know before trusting the figures of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .alike import together
from .numbers import counted

if TYPE_CHECKING:
    from ...model import Plan

MOST = 6
"""Warnings about the case that are shown with a plan; a check of the case lists all."""


def notices(plan: Plan) -> list[str]:
    """Return the warnings of a plan, then the first of those about its case and how many more there are."""
    return [*together(plan.warnings), *(f"in the case: {warning}" for warning in few(plan.case_warnings))]


def few(warnings: Iterable[object]) -> list[str]:
    """Return the first of many warnings about a case, those alike in one line, and how many more there are."""
    warnings = together(warnings)
    # One more takes no more room than to say so.
    shown = warnings if len(warnings) <= MOST + 1 else warnings[:MOST]
    more = len(warnings) - len(shown)
    return [
        *shown,
        *([f"{counted(more, 'more warning')}; sluicegate validate lists them all"] if more else []),
    ]
