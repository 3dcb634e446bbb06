"""What plans are worth in many worlds, where they go wrong, and what it would be worth to know more."""

from __future__ import annotations

from .ranged import patience, with_range
from .study import FRESH, studied

__all__ = ["FRESH", "patience", "studied", "with_range"]
