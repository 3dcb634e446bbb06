"""The oracle: a case solved by enumeration, straight from the mathematics.

Every combination of our policies is tried. For each one the counterpart's response is a linear program whose least
cost is V; then one mixed-integer program holds the response's own variables at cost V and chooses, with them,
everything that is ours: qualifications, stockpiles and the operations of all scenarios. The best combination is the
answer.

Nothing here is imported from the package under test, and nothing is clever. A case is ``settings`` (nested like
``case.toml``) and ``tables`` (one list of row dicts per table); a missing table is an empty one, a missing key, None
or "" the default.

Our side is written H, the counterpart's C, everybody else's O. A pair is (site, item).
"""

from __future__ import annotations

from .case import Case, Scenario
from .causes import Causes, causes
from .features import Features
from .follower import ResponseLP, response_cost, response_lp
from .planner import (
    Details,
    OracleAnswer,
    StatusQuo,
    best_for,
    combinations,
    least_cost,
    oracle,
    status_quo,
    status_quo_cost,
)
from .rolling import Operations, operations, rolled_forward
from .settling import by_week
from .worlds import WorldsAnswer, worlds_oracle

__all__ = [
    "Case",
    "Causes",
    "Details",
    "Features",
    "Operations",
    "OracleAnswer",
    "ResponseLP",
    "Scenario",
    "StatusQuo",
    "WorldsAnswer",
    "best_for",
    "by_week",
    "causes",
    "combinations",
    "least_cost",
    "operations",
    "oracle",
    "response_cost",
    "response_lp",
    "rolled_forward",
    "status_quo",
    "status_quo_cost",
    "worlds_oracle",
]
