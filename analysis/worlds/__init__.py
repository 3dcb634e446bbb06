"""One plan for many worlds: uncertain figures drawn or told, and the plan that is best over all of them."""

from __future__ import annotations

from .sampling import Worlds, check_uncertainties, draw, from_table, uncertain_factors, world_cases

__all__ = ["Worlds", "check_uncertainties", "draw", "from_table", "uncertain_factors", "world_cases"]
