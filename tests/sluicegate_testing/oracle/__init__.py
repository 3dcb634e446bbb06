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
from .follower import ResponseLP, response_cost, response_lp
from .planner import Details, OracleAnswer, best_for, combinations, oracle, status_quo_cost

__all__ = [
    "Case",
    "Details",
    "OracleAnswer",
    "ResponseLP",
    "Scenario",
    "best_for",
    "combinations",
    "oracle",
    "response_cost",
    "response_lp",
    "status_quo_cost",
]
