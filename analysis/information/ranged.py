"""From where to where the figure of a plan runs, where figures of its case are uncertain."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...model.plan.choices import Choices
from ..worlds import draw, uncertain_factors
from .evaluated import Evaluated, evaluate_in
from .measures import HIGH, LOW, quantile

if TYPE_CHECKING:
    from ...model import Plan
    from ...model.plan.monitor import Monitor

WORLDS = 32
"""Worlds in which a plan is worked out to say from where to where its figure runs."""

LEAST_WORLDS = 8
"""The same of a large case; a range over fewer says nothing."""

SMALL = 5000
"""Rows of a program up to which a case is not large; its range is worked out in this process: others take as long to start."""


def time_for_range(plan: Plan, time_limit: float) -> float:
    """Return the seconds of a time limit that are left for the range of a plan; 0 where that is less than its solve took."""
    taken = float(plan.solve.get("seconds", 0.0))
    return max(0.0, time_limit - taken) if time_limit >= 2 * taken else 0.0


def with_range(
    plan: Plan,
    worlds: int | None = None,
    seed: int = 0,
    *,
    processes: int = 1,
    seconds: float = math.inf,
    monitor: Monitor | None = None,
) -> Plan:
    """Return a plan that says from where to where its leverage runs over worlds drawn from its case's uncertainties.

    Parameters
    ----------
    plan
        A plan; one without a leverage, or whose case has no uncertain figure, stays as it is.
    worlds, seed
        How many worlds are drawn, and the seed; default: `WORLDS`, of a large case `LEAST_WORLDS`.
    processes
        Processes that work them out.
    seconds
        Time after which no more of them are begun; where fewer than `LEAST_WORLDS` are done then, there is no range.
    monitor
        Told of stage ``worlds``; asked whether to stop.

    Returns
    -------
    Plan
        With ``range``: ``worlds`` drawn, ``worked_out`` of them, ``seed``, ``low`` and ``high`` (5 and 95 % of their leverages),
        ``least`` and ``most``, ``share_negative``, ``share_kept`` (all limits kept); money in the case's currency.

    Raises
    ------
    DesignError
        For a distribution that is faulty.
    CaseError
        Where a drawn figure makes no case.
    """
    if plan.leverage is None or seconds <= 0 or not uncertain_factors(plan.case)[0]:
        return plan
    small = 0 < (plan.solve.get("rows") or 0) <= SMALL
    worlds = (WORLDS if small else LEAST_WORLDS) if worlds is None else worlds
    drawn = draw(plan.case, worlds, seed)
    workers = 1 if small else processes
    found = evaluate_in(
        plan.case,
        drawn,
        [Choices.of(plan)],
        processes=workers,
        seconds=seconds,
        monitor=monitor,
    )
    enough = len(found) >= min(worlds, LEAST_WORLDS)
    return dataclasses.replace(plan, range=range_of(found, worlds, seed)) if enough else plan


def range_of(found: Evaluated, worlds: int, seed: int) -> dict[str, Any]:
    """Return the range of the first plan of those worked out in worlds of equal weight: see `with_range`."""
    leverages, kept = found.leverages[:, 0], found.kept[:, 0]
    weights = np.full(len(leverages), 1 / len(leverages))
    return {
        "worlds": worlds,
        "worked_out": len(leverages),
        "seed": seed,
        "low": quantile(leverages, weights, LOW),
        "high": quantile(leverages, weights, HIGH),
        "least": float(leverages.min()),
        "most": float(leverages.max()),
        "share_negative": float((leverages < 0).mean()),
        "share_kept": float(kept.mean()),
    }
