"""What each limit costs: the best plan of the case without it, and of the case with a step less of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model.plan.limits import LIMITED
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.sense import sense_of
from ...model.plan.tolerances import COMPARED_GAP, LEVERAGE_TIE
from ...model.solving import solve
from ..relaxation.elastic import gap_column
from ..relaxation.limits import ASKED, LimitFigure, asked_of, figures_of, idle, limits_of, moved, shown

if TYPE_CHECKING:
    from ...data import Case
    from ...model.leader.problem import Problem
    from ...model.plan.plan import Plan

STEPPED = (*ASKED, "min_suppliers")
"""Kinds of limits without a margin: a step of them is solved anew."""

POINT, TENTH = 0.01, 0.1
"""A step of a share, and of an amount relative to it."""


@dataclass(frozen=True)
class LimitCost:
    """What a figure that limits plans costs, all else chosen anew.

    Attributes
    ----------
    figure
        The figure, in the units of the case.
    without
        Leverage of the best plan of the case without it, the program's: minus the cost where that is the sense.
    gained
        How much better that is than the plan.
    step
        Where the limit has no margin, its value a step looser: a point of share, a supplier, a tenth of an order; else None.
    stepped
        What that step gains; None where there is no step.
    """

    figure: LimitFigure
    without: float
    gained: float
    step: float | None = None
    stepped: float | None = None

    def to_dict(self, case: Case) -> dict[str, Any]:
        """Return plain values."""
        told = {
            "figure": self.figure.path,
            "limit": self.figure.limit,
            "unit": self.figure.unit,
            "leverage": self.without,
            "gained": self.gained,
            "step": self.step,
            "stepped": self.stepped,
        }
        return sense_of(case).told(told)


def costed(problem: Problem, case: Case) -> list[LimitFigure]:
    """Return the figures whose cost is worked out: all where cost is the sense, else those that have no margin.

    Limits on sums over policies are not among them.
    """
    limits = [
        limit
        for limit in limits_of(problem)
        if (case.sense == "cost" or limit.figure.kind in STEPPED)
        and (limit.figure.kind not in LIMITED or gap_column(problem.leader_problem, limit) >= 0)
    ]
    return [*(shown(figure, problem.units) for figure in figures_of(limits)), *figures_of(asked_of(case))]


def limit_costs(
    problem: Problem, case: Case, plan: Plan, threads: int = 1, monitor: Monitor | None = None
) -> tuple[LimitCost, ...]:
    """Return what each limit costs, the dearest first.

    Parameters
    ----------
    problem
        The case made ready.
    case
        The case, in its own units.
    plan
        Its best plan.
    threads, monitor
        As of `solve`.

    Raises
    ------
    Stopped
        When stopped.
    """
    gap, monitor = min(COMPARED_GAP / 10, case.settings.solver.rel_gap), monitor or Monitor()
    assert plan.leverage is not None
    here = plan.leverage

    def best(figure: LimitFigure, value: float) -> float:
        found = solve(moved(case, figure, value), rel_gap=gap, threads=threads, monitor=monitor)
        if monitor.stop():
            raise Stopped
        # The plan keeps the looser limit as well; only a search to another gap can find less.
        return here if found.leverage is None else max(here, found.leverage)

    noise = LEVERAGE_TIE * max(abs(here), abs(problem.status_quo.cost) * problem.units.money)
    costs = []
    for figure in costed(problem, case):
        without = best(figure, idle(figure))
        gained = without - here if without - here > noise else 0.0
        step = stepped = None
        if figure.kind in STEPPED:
            step, stepped = _looser(figure), 0.0
            if gained:
                eased = best(figure, step) - here
                stepped = eased if eased > noise else 0.0
        costs.append(LimitCost(figure, without, gained, step, stepped))
    return tuple(sorted(costs, key=lambda cost: -cost.gained))


def _looser(figure: LimitFigure) -> float:
    """Return a figure a step looser."""
    size = 1.0 if figure.kind == "min_suppliers" else figure.limit * TENTH if figure.kind == "min_order" else POINT
    return max(0.0, round(figure.limit - size, 12))
