"""Other plans that are nearly as good: the next best first-stage choices, each proven."""

from __future__ import annotations

from .alternatives import with_alternatives

__all__ = ["with_alternatives"]
