"""What plans are worth in many worlds, where they go wrong, and what it would be worth to know more."""

from __future__ import annotations

from .hedging import planned
from .ranged import time_for_range, with_range
from .study import FRESH, studied

__all__ = ["FRESH", "evaluated", "measures", "planned", "ranged", "studied", "time_for_range", "with_range"]
