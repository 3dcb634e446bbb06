"""How many solves a sweep takes, how long and how much disk, told from a few."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ...model import solve
from ...model.plan.monitor import Monitor, Stopped
from .columns import table_of
from .outcomes import FREE
from .run import batches, check_policies, task_of, with_base

if TYPE_CHECKING:
    from ...data import Case
    from .design import Design
    from .worker import Kind

PILOT_SAMPLES, PILOT_SECONDS = 12, 60.0
"""Samples solved for an estimate, and seconds after which no further one is begun; what they share is not counted."""


@dataclass(frozen=True)
class Estimate:
    """What a sweep will take.

    Attributes
    ----------
    samples, solves
        Samples of the design, and solves in all, the base plan's included.
    workers
        Processes it is an estimate for.
    tried
        Samples solved for the estimate.
    seconds_per_sample
        Of one process, once it has built what samples share.
    learning_seconds
        For every process to build that; 0 where samples are too few to share anything.
    seconds
        In all, by the clock.
    bytes
        On disk, at most.
    """

    samples: int
    solves: int
    workers: int
    tried: int
    seconds_per_sample: float
    learning_seconds: float
    seconds: float
    bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)


def estimate(
    case: Case,
    design: Design,
    *,
    policies: str = FREE,
    workers: int = 1,
    time_limit: float | None = None,
    rel_gap: float | None = None,
    monitor: Monitor | None = None,
) -> Estimate | None:
    """Solve a few samples and say what all of them will take.

    Parameters
    ----------
    case, design, policies, workers, time_limit, rel_gap
        As of `sweep`.
    monitor
        Told of stage ``samples``; asked whether to stop.

    Returns
    -------
    Estimate or None
        None where it was stopped before the first sample.
    """
    monitor = monitor or Monitor()
    began = time.perf_counter()
    check_policies(policies)
    task = task_of(case, design, policies, time_limit, rel_gap)
    base = solve(case, time_limit=time_limit, rel_gap=rel_gap, monitor=monitor).to_dict()
    if monitor.stop():
        return None
    worker = with_base(task, base).worker(monitor.stop)
    setup = time.perf_counter() - began
    most = min(PILOT_SAMPLES, len(design.samples))
    monitor.stage("samples", most)
    worker.begin()
    rows, seconds = [], []
    building: dict[Kind, float] = {}
    times: dict[bool, list[float]] = {True: [], False: []}
    for sample, values in (entry for batch in batches(task, design, set()) for entry in batch):
        started = time.perf_counter()
        try:
            shared = worker.prepare(values)
            ready = time.perf_counter()
            rows += worker.rows(sample, values)
        except Stopped:
            break
        seconds.append(time.perf_counter() - ready)
        times[shared].append(seconds[-1])
        if shared:
            building.setdefault(task.kind(values), ready - started)
        monitor.advance(len(seconds), most)
        if len(seconds) >= most or sum(seconds) > PILOT_SECONDS:
            break
    if not rows:
        return None
    total = len(design.samples)
    kinds, sharing = task.sharing()
    once = kinds * statistics.median(building.values()) if building else 0.0
    # Samples of which none was tried take as long as the others.
    together, alone = (statistics.median(some or seconds) for some in (times[True], times[False]))
    each = (sharing * together + (total - sharing) * alone) / total
    return Estimate(
        samples=total,
        solves=total * len(task.modes) + 1,
        workers=workers,
        tried=len(seconds),
        seconds_per_sample=each,
        learning_seconds=once,
        seconds=setup + once + each * total / workers,
        bytes=int(table_of(rows).nbytes / len(rows) * total * len(task.modes) + design.samples.memory_usage().sum()),
    )
