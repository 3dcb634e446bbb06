"""The case as mathematics: sides, tracked pairs, timing, prices (model.md section 2)."""

from __future__ import annotations

from .network import Kernel, Network, holding_weeks
from .structure import NONE, OPEN, Pair, outage_scenarios

__all__ = ["NONE", "OPEN", "Kernel", "Network", "Pair", "holding_weeks", "outage_scenarios", "timing", "weekly"]
