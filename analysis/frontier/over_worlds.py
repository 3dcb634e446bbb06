"""The mean over many worlds against the mean of the worst, or dearest, tenth of them: what caution costs."""

from __future__ import annotations

import itertools
import math
import time
from typing import TYPE_CHECKING, Any

from ...model.plan.monitor import Monitor
from ...model.plan.sense import Sense, sense_of
from ...model.plan.tolerances import WORLD_TIE
from ..worlds import Criterion, Worlds, WorldsResult, worlds_solver
from .frontier import Frontier, curve_of
from .resources import DEAREST_TENTH, RESOURCES, WORST_TENTH
from .tracer import FrontierPoint, Traced

if TYPE_CHECKING:
    from ...data import Case

TAIL = 0.9
"""What the worst tenth leaves out."""

CAUTIOUS = 0.999
"""Weight of the worst tenth at the cautious end: the little that is left to the mean tells plans of equal caution apart."""

NOTE = "every plan is the best for some weight of the mean and the {part} tenth; plans that are so for no weight are left out"


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
    """Work out the mean outcome over worlds as a function of its mean over the worst tenth of them (docs/frontier.md).

    The outcome is leverage, or cost where that is the sense: there the mean cost is held against that of the dearest tenth.

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
    sense = sense_of(case)
    traced.points = [_point(found, tracer.bound(_kept(found)), sense) for _, found in tracer.found]
    if tracer.impossible:
        traced.points = [FrontierPoint(0.0)]
    traced.complete = tracer.complete
    traced.solve = tracer.counts | {"rel_gap": rel_gap, "worlds": len(worlds), "seed": worlds.seed}
    traced.solve["seconds"] = time.perf_counter() - began
    resource, part = (WORST_TENTH, "worst") if sense.sign > 0 else (DEAREST_TENTH, "dearest")
    notes = [NOTE.format(part=part)] if len(traced.points) > 1 else []
    return curve_of(case, RESOURCES[resource], traced, notes)


class _Tracer:
    """Finds plans for one weight of the worst tenth after another."""

    def __init__(self, solve: Any, points: int):
        self.solve = solve
        self.points = points
        self.found: list[tuple[float, WorldsResult]] = []
        self.proven: list[tuple[float, float]] = []
        self.impossible = self.complete = False
        self.counts = dict.fromkeys(("combinations", "responses", "searches", "programs"), 0)

    def trace(self) -> None:
        """Find the plans from the greatest mean to the greatest caution."""
        for weight in (0.0, CAUTIOUS):
            result = self._at(weight)
            if result is None:
                return
            self.found = _undominated([*self.found, (weight, result)])
        self.complete = self._between() and all(result.status == "optimal" for _, result in self.found)

    def bound(self, kept: float) -> float:
        """The most that any plan has on average that keeps so much in the worst tenth, by all that was proven."""
        return min((bound - weight * kept) / (1 - weight) for weight, bound in self.proven)

    def _between(self) -> bool:
        """Look between neighbours, the furthest apart first, until nothing is left there; return whether that is so."""
        looked: list[tuple[WorldsResult, WorldsResult]] = []
        while True:
            pairs = [(left, right) for (_, left), (_, right) in itertools.pairwise(self.found)]
            pairs = [pair for pair in pairs if not any(pair[0] is a and pair[1] is b for a, b in looked)]
            if not pairs:
                return True
            if len(self.found) >= self.points:
                return False
            left, right = max(pairs, key=lambda pair: _kept(pair[1]) - _kept(pair[0]))
            looked.append((left, right))
            lost, won = _mean(left) - _mean(right), _kept(right) - _kept(left)
            weight = lost / (lost + won)
            between = self._at(weight)
            if between is None:
                return False
            line = (1 - weight) * _mean(left) + weight * _kept(left)
            score = (1 - weight) * _mean(between) + weight * _kept(between)
            if score > line + _tie(left):
                self.found = _undominated([*self.found, (weight, between)])

    def _at(self, weight: float) -> WorldsResult | None:
        result = self.solve(Criterion.parse(f"mean+cvar:{TAIL}:{weight!r}"))
        facts = result.plan.solve
        self.counts["combinations"] = facts.get("combinations", 0)
        self.counts["searches"] += 1
        self.counts["programs"] += facts.get("master_programs", 0)
        if result.value is None or result.bound is None:
            self.impossible = self.complete = result.status == "infeasible"
            return None
        self.proven.append((weight, result.bound))
        return result


def _undominated(found: list[tuple[float, WorldsResult]]) -> list[tuple[float, WorldsResult]]:
    """Return plans by what they keep, the least first, without those that another one passes in one and equals in the other."""
    left: list[tuple[float, WorldsResult]] = []
    for weight, result in sorted(found, key=lambda each: (_kept(each[1]), _mean(each[1])), reverse=True):
        tie = _tie(result)
        if not left:
            left.append((weight, result))
        elif _mean(result) > _mean(left[-1][1]) + tie:
            # Of plans that keep as much the one with the greater mean.
            if _kept(left[-1][1]) - _kept(result) <= tie:
                left.pop()
            left.append((weight, result))
    return left[::-1]


def _mean(result: WorldsResult) -> float:
    return float(result.plan.worlds["mean"])  # type: ignore[index]


def _kept(result: WorldsResult) -> float:
    return float(result.plan.worlds["cvar"])  # type: ignore[index]


def _tie(result: WorldsResult) -> float:
    """Difference of leverages that is rounding."""
    return WORLD_TIE * float(abs(result.leverages).max())


def _point(result: WorldsResult, bound: float, sense: Sense) -> FrontierPoint:
    """Return a plan as a point: no plan that keeps as much in the worst tenth has more than its bound on average.

    Its level is in the words of the sense, as every level is in those of its resource.
    """
    mean, weights = _mean(result), result.worlds.weights
    level = sense.sign * _kept(result)
    own, theirs = (sense.names.get(name, name) for name in ("own_loss", "counterpart_loss"))
    return FrontierPoint(
        level=level,
        used=level,
        leverage=mean,
        bound=max(mean, bound),
        gap=result.gap,
        status="optimal" if result.status == "optimal" else "feasible",
        policies=result.choices.policies,
        qualified=result.choices.qualified,
        stockpile=result.choices.stockpile,
        own_loss=float(weights @ result.table[own]),
        counterpart_loss=float(weights @ result.table[theirs]) if theirs in result.table else None,
    )
