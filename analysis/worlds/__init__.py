"""One plan for many worlds: uncertain figures drawn or told, and the plan that is best over all of them."""

from __future__ import annotations

from .appraised import Ended, PlainWorld
from .appraising import Appraiser
from .criterion import Criterion
from .front import asked_worlds, solve
from .sampling import Worlds, check_uncertainties, draw, from_table, uncertain_factors, world_cases
from .solving import WorldsResult, check_share, levels_in, solve_worlds, worlds_solver

__all__ = [
    "Appraiser",
    "Criterion",
    "Ended",
    "PlainWorld",
    "Worlds",
    "WorldsResult",
    "asked_worlds",
    "check_share",
    "check_uncertainties",
    "draw",
    "from_table",
    "levels_in",
    "solve",
    "solve_worlds",
    "uncertain_factors",
    "world_cases",
    "worlds_solver",
]
