"""The plan for many worlds with what there is to say beside it, in one go: its worlds are made ready once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...model import solve
from ..worlds import Appraiser, asked_worlds
from ..worlds import solve as solve_over_worlds
from .study import FRESH, studied

if TYPE_CHECKING:
    from ...data import Case
    from ...model import Plan
    from ...model.plan.monitor import Monitor

UNREADY = (
    "the time was up while the worlds were made ready; this is the plan for the figures as they are, and nothing is known of it "
    "in the worlds: give more time (--time-limit) or fewer worlds"
)


def planned(
    case: Case,
    options: Mapping[str, Any],
    *,
    worlds: Any,
    seed: int = 0,
    vary: Sequence[str] = (),
    fresh: int = FRESH,
    replications: int = 0,
    processes: int = 1,
    monitor: Monitor | None = None,
    proven: Callable[[Plan], None] | None = None,
    **asked: Any,
) -> Plan:
    """Find the plan that is best over many worlds, and say what there is to say beside it.

    Where the time is up before the worlds are made ready, the plan for the figures as they are is what is left to go by: it is
    ``feasible``, without a bound, has no block ``worlds``, and warns of that.

    Parameters
    ----------
    case
        A checked case.
    options
        Of both solves, as of `solve`: ``time_limit``, ``rel_gap``, ``threads``, ``method``.
    worlds, seed, vary
        As of `asked_worlds`.
    fresh, replications, processes
        As of `studied`.
    monitor
        Told of progress, asked whether to stop.
    proven
        Given the plan as soon as its search has ended, before anything is said beside it.
    asked
        What else is asked of the plan for many worlds: ``criterion``, ``continuity_share``, ``cluster``.

    Raises
    ------
    DesignError, ValueError, TooManyCombinations, CertificateError
        As of `solve_worlds`.
    """
    drawn = asked_worlds(case, worlds, seed, vary)

    def beside(plan: Plan, appraiser: Appraiser) -> Plan:
        if proven is not None:
            proven(plan)
        plain = appraiser.as_it_is() or solve(case, **options, monitor=monitor)
        cluster = asked.get("cluster")
        checks: dict[str, Any] = {"fresh": fresh, "replications": replications, "vary": vary, "cluster": cluster}
        return studied(plan, drawn, plain, **checks, processes=processes, monitor=monitor, appraiser=appraiser)

    began = time.perf_counter()
    plan = solve_over_worlds(case, **options, worlds=drawn, **asked, monitor=monitor, beside=beside)
    if plan.status != "unknown" or (monitor is not None and monitor.stop()):
        return plan
    plain = solve(case, **options, monitor=monitor)
    if plain.leverage is None:
        return plain
    facts = {"reason": UNREADY, "termination": "stopped", "seconds": time.perf_counter() - began}
    return dataclasses.replace(
        plain,
        status="feasible",
        bound=None,
        gap=None,
        solve={**plain.solve, **facts},
        case_warnings=(*plain.case_warnings, UNREADY),
    )
