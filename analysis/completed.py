"""What is said beside a proven plan: from where to where its figure runs, and what each of its decisions is for."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..model.plan.monitor import Monitor
from .information.ranged import SMALL, time_for_range, with_range
from .reasons import with_reasons

if TYPE_CHECKING:
    from ..model import Plan


class _Unwatched(Monitor):
    """Tells nothing: two works at once would overwrite what the other tells."""

    def __init__(self, stop: Callable[[], bool]):
        self.stop = stop  # type: ignore[method-assign]


def completed(
    plan: Plan,
    *,
    ranged: bool,
    reasoned: bool,
    time_limit: float,
    began: float,
    processes: int = 1,
    monitor: Monitor | None = None,
    **ready: Any,
) -> Plan:
    """Return a plan with its range and its reasons; of a large case with several processes both are worked out side by side.

    Parameters
    ----------
    plan
        A plan; what `with_range` or `with_reasons` leaves as it is stays as it is.
    ranged, reasoned
        Whether to work out the range, and the reasons.
    time_limit
        Seconds that the whole may take, the solve included; see `time_for_range`.
    began
        When it began, by ``time.perf_counter``.
    processes
        Processes that work.
    monitor
        Told of stages ``worlds`` and ``reasons``, of both at once of the second one; asked whether to stop.
    **ready
        What the solve left, as `with_reasons` takes it: ``engine`` and ``problem``.
    """
    monitor = monitor or Monitor()
    seconds = time_for_range(plan, time_limit)

    def explained() -> Plan:
        left = time_limit - (time.perf_counter() - began)
        return with_reasons(plan, threads=processes, seconds=left, monitor=monitor, **ready)

    large = (plan.solve.get("rows") or 0) > SMALL
    if not (ranged and reasoned and large and processes > 1):
        if ranged:
            plan = with_range(plan, processes=processes, seconds=seconds, monitor=monitor)
        return explained() if reasoned else plan
    # Worlds are worked out in processes of their own, which a thread waits for; reasons in this one.
    watch = _Unwatched(monitor.stop)
    with ThreadPoolExecutor(1) as pool:
        drawn = pool.submit(with_range, plan, processes=processes, seconds=seconds, monitor=watch)
        return dataclasses.replace(explained(), range=drawn.result().range)
