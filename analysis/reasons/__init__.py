"""Why each decision is in a plan, and what other policies and budgets would give: worked out once, kept with the plan."""

from __future__ import annotations

from .reasons import with_reasons

__all__ = ["with_reasons"]
