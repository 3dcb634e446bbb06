"""The mean over many worlds against the mean of the worst tenth of them: what caution costs."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ...model.plan.monitor import Monitor
from ...model.plan.tolerances import WORLD_TIE
from ..worlds import Criterion, Worlds, WorldsResult, worlds_solver
from .frontier import Frontier, curve_of
from .resources import RESOURCES, WORST_TENTH
from .tracer import FrontierPoint, Traced

if TYPE_CHECKING:
    from ...data import Case

TAIL = 0.9
"""What the worst tenth leaves out."""

CAUTIOUS = 0.999
"""Weight of the worst tenth at the cautious end: the little that is left to the mean tells plans of equal caution apart."""

NOTE = "every plan is the best for some weight of the mean and the worst tenth; plans that are so for no weight are left out"


def frontier_over_worlds(
    case: Case,
    worlds: Worlds,
    *,
    points: int = 20,
    continuity_share: float | None = None,
    time_limit: float = math.inf,
    rel_gap: float | None = None,
    threads: int = 1,
    cluster: str | None = None,
    monitor: Monitor | None = None,
) -> Frontier:
    """Work out the mean leverage over worlds as a function of its mean over the worst tenth of them (docs/frontier.md).

    Between the plan that is best on average and the most cautious one the weight of the worst tenth is sought at which both would
    be as good; where another plan is better there, it is a point, and so on between it and its neighbours (Aneja & Nair 1979).
    What is proven at a weight bounds the mean of all plans that are as cautious as the point.

    Parameters
    ----------
    case, worlds, continuity_share, rel_gap, cluster
        As of `solve_worlds`.
    points
        Points looked for at most.
    time_limit
        Seconds after which the curve stays as far as it was traced.
    threads
        Processes among which the worlds are shared.
    monitor
        Told of progress, asked whether to stop.

    Raises
    ------
    DesignError, ValueError, TooManyCombinations, CertificateError
        As of `solve_worlds`.
    """
    if case.sense == "cost":
        raise ValueError(
            "the curve over worlds is drawn in leverage, and this case counts cost: solve it with --worlds N and --criterion mean, "
            "cvar:0.9 or a mixture such as mean+cvar:0.9:0.5 instead"
        )
    began, monitor = time.perf_counter(), monitor or Monitor()
    traced = Traced()
    with worlds_solver(
        case,
        worlds,
        continuity_share=continuity_share,
        time_limit=time_limit,
        rel_gap=rel_gap,
        processes=threads,
        cluster=cluster,
        monitor=monitor,
    ) as solve:
        tracer = _Tracer(solve, points)
        tracer.trace()
    traced.points = [_point(found, weight) for weight, found in tracer.found]
    traced.complete = tracer.complete
    traced.solve = tracer.counts | {"rel_gap": rel_gap, "worlds": len(worlds), "seed": worlds.seed}
    traced.solve["seconds"] = time.perf_counter() - began
    return curve_of(case, RESOURCES[WORST_TENTH], traced, [NOTE] if len(traced.points) > 1 else [])


class _Tracer:
    """Finds plans for one weight of the worst tenth after another."""

    def __init__(self, solve: Any, points: int):
        self.solve = solve
        self.points = points
        self.found: list[tuple[float, WorldsResult]] = []
        self.complete = False
        self.counts = dict.fromkeys(("combinations", "responses", "searches", "programs"), 0)

    def trace(self) -> None:
        """Find the plans from the greatest mean to the greatest caution."""
        ends = [(weight, self._at(weight)) for weight in (0.0, CAUTIOUS)]
        if any(result is None for _, result in ends):
            self.found = [(weight, result) for weight, result in ends if result is not None]
            self.complete = (
                all(result is None or result.status == "infeasible" for _, result in ends) and not self.found
            )
            return
        (first, mean), (last, caution) = ends
        assert mean is not None and caution is not None
        self.found = [(first, mean)]
        if _kept(caution) > _kept(mean) + _tie(mean):
            self.found.append((last, caution))
        self.complete = self._between() and all(result.status == "optimal" for _, result in self.found)

    def _between(self) -> bool:
        """Look between neighbours until nothing is left there; return whether that is so."""
        open_gaps = list(zip(self.found, self.found[1:], strict=False))
        while open_gaps:
            if len(self.found) >= self.points:
                return False
            (_, left), (_, right) = open_gaps.pop(0)
            lost, won = _mean(left) - _mean(right), _kept(right) - _kept(left)
            weight = lost / (lost + won)
            between = self._at(weight)
            if between is None:
                return False
            line = (1 - weight) * _mean(left) + weight * _kept(left)
            score = (1 - weight) * _mean(between) + weight * _kept(between)
            if score <= line + _tie(left):
                continue
            place = next(place for place, (_, each) in enumerate(self.found) if each is right)
            self.found.insert(place, (weight, between))
            before, after = self.found[place - 1], self.found[place + 1]
            open_gaps += [(before, self.found[place]), (self.found[place], after)]
        return True

    def _at(self, weight: float) -> WorldsResult | None:
        result = self.solve(Criterion.parse(f"mean+cvar:{TAIL}:{weight!r}"))
        facts = result.plan.solve
        self.counts["combinations"] = facts.get("combinations", 0)
        self.counts["searches"] += 1
        self.counts["programs"] += facts.get("master_programs", 0)
        return None if result.value is None else result


def _mean(result: WorldsResult) -> float:
    return float(result.plan.worlds["mean"])  # type: ignore[index]


def _kept(result: WorldsResult) -> float:
    return float(result.plan.worlds["cvar"])  # type: ignore[index]


def _tie(result: WorldsResult) -> float:
    """Difference of leverages that is rounding."""
    return WORLD_TIE * float(abs(result.leverages).max())


def _point(result: WorldsResult, weight: float) -> FrontierPoint:
    """Return a plan as a point: no plan that keeps as much in the worst tenth has more than its bound on average."""
    assert result.value is not None and result.bound is not None
    mean, table, weights = _mean(result), result.table, result.worlds.weights
    bound = max(mean, mean + (result.bound - result.value) / (1 - weight))
    return FrontierPoint(
        level=_kept(result),
        used=_kept(result),
        leverage=mean,
        bound=bound,
        gap=result.gap,
        status="optimal" if result.status == "optimal" else "feasible",
        policies=result.choices.policies,
        qualified=result.choices.qualified,
        stockpile=result.choices.stockpile,
        own_loss=float(weights @ table["own_loss"]),
        counterpart_loss=float(weights @ table["counterpart_loss"]),
    )
