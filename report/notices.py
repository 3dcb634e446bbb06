"""What a reader should know before trusting the figures of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .figures import counted

if TYPE_CHECKING:
    from ..model import Plan

MOST = 6
"""Warnings about the case that are shown with a plan; a check of the case lists all."""


def notices(plan: Plan) -> list[str]:
    """Return the warnings of a plan, then the first of those about its case and how many more there are."""
    about_case = plan.case_warnings
    shown = about_case if len(about_case) <= MOST + 1 else about_case[:MOST]
    found = [*plan.warnings, *(f"in the case: {warning}" for warning in shown)]
    if len(shown) < len(about_case):
        more = counted(len(about_case) - len(shown), "more warning")
        found.append(f"in the case: {more}; sluicegate validate lists them all")
    return found
