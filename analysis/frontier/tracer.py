"""The curve of leverage against a resource, traced from its loose end to its tight one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ...model.certify.certificate import Compared, certify, claim, money_scale, refuse_breaches, refuse_infeasible
from ...model.certify.figures import Figures
from ...model.methods.best_first import BestFirstSearch, Column
from ...model.methods.engine import Engine
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Stopped
from ...model.plan.tolerances import (
    LEVERAGE_TIE,
    MONEY_ROUNDING,
    SAME_LEVEL,
    SMALL_CERTIFICATE,
    SMALL_LEVERAGE,
    USE_GAP,
)
from .minimum_use import MinimumUse
from .resources import Resource


@dataclass(frozen=True)
class FrontierPoint:
    """The plan of greatest leverage at a level of the resource; of several the one that takes least of it.

    Attributes
    ----------
    level
        What is allowed of the resource; of ``min_fill`` what is asked for.
    used
        What the plan takes, of ``min_fill`` what it keeps; None without a plan.
    leverage, bound, gap
        As of a plan.
    status
        ``optimal``, ``feasible`` (gap wider than asked for) or ``infeasible`` (proven: no plan at this level).
    policies, qualified, stockpile
        First-stage choices, as of a plan.
    own_loss, counterpart_loss, worst_package
        Both losses in the worst package, and its name, as of a plan.
    """

    level: float
    used: float | None = None
    leverage: float | None = None
    bound: float | None = None
    gap: float | None = None
    status: str = "infeasible"
    policies: Mapping[str, str] = field(default_factory=dict)
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)
    own_loss: float | None = None
    counterpart_loss: float | None = None
    worst_package: str | None = None


@dataclass
class Traced:
    """What was found of a curve so far.

    Attributes
    ----------
    points : list of FrontierPoint
        From the loose end to the tight one; none of them dominated.
    least
        Level of the tight end, beyond which no plan exists; None where that was not asked or not reached.
    fine
        To how much every use is proven least.
    complete
        Whether the curve was finished.
    lost : list of float
        Levels at which the solver came to no end; nothing is said of them.
    solve
        Counts of the work.
    """

    points: list[FrontierPoint] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    least: float | None = None
    fine: float = 0.0
    complete: bool = False
    solve: dict[str, Any] = field(default_factory=dict)


class FrontierTracer:
    """Searches one level after the other; each begins with what those before have proven.

    Parameters
    ----------
    engine
        The case, ready to be solved; its widest terms hold the loosest level.
    resource
        What leverage is held against.
    rel_gap
        Relative gap of every point.
    """

    def __init__(self, engine: Engine, resource: Resource, rel_gap: float):
        self.engine = engine
        self.problem = engine.problem
        self.resource = resource
        self.rel_gap = rel_gap
        self.sense = resource.sense
        self.traced = Traced()
        self._counts = dict.fromkeys(("searches", "programs", "relaxations", "face_solves"), 0)

    @cached_property
    def thrift(self) -> MinimumUse:
        """The program that minimises use."""
        return MinimumUse(self.engine, self.resource)

    @cached_property
    def figures(self) -> Figures:
        """The recomputation of plans, warm from one to the next."""
        return Figures(self.problem, warm=True)

    @cached_property
    def _constant(self) -> np.ndarray:
        return self.problem.constant(self.engine.candidates.cost, self.engine.candidates.admin)

    @cached_property
    def _small(self) -> float:
        """Money below which gaps are absolute."""
        return SMALL_LEVERAGE * money_scale(self.problem)

    def _tie(self, leverage: float) -> float:
        return LEVERAGE_TIE * max(abs(leverage), self._small)

    # The two kinds of curve ------------------------------------------------------------------------------------------

    def trace(self, points: int, low: float | None, high: float | None) -> Traced:
        """Trace the curve; where that is stopped, what was found so far is kept.

        Parameters
        ----------
        points
            Evenly spaced levels; a curve in steps has all its steps instead.
        low, high
            Range of levels; None: as far as there are plans.
        """
        loose, tight = (high, low) if self.sense > 0 else (low, high)
        try:
            if self.engine.stop():
                raise Stopped
            cut_pool = self.engine.cut_pool
            if not self.engine.complete:
                raise Stopped
            if self.resource.load:
                self._trace_steps(loose, tight)
            else:
                self._trace_levels(points, loose, tight)
            self.traced.complete = not self.traced.lost
            self._counts["face_solves"] = cut_pool.face_solves
        except Stopped:
            pass
        self.traced.solve = {
            "combinations": self.engine.count,
            "responses": self.engine.candidates.steps,
            **self._counts,
            "rel_gap": self.rel_gap,
        }
        return self.traced

    def _trace_steps(self, loose: float | None, tight: float | None) -> None:
        """Find all steps, downwards: after each, plans that use strictly less."""
        solve_limits, loads = self.engine.widest, self.engine.candidates.loads[self.resource.load]
        search = self._search(solve_limits)
        monitor = self.engine.monitor
        monitor.stage("points", 0)
        while True:
            best = self._run(search)
            if best is None:
                break
            used = float(loads[best.place])
            self._add(self._point(used, used, search, best))
            monitor.advance(len(self.traced.points), 0)
            fewer = loads < used - SAME_LEVEL * max(1.0, used)
            if not fewer.any() or (tight is not None and used <= tight):
                break
            search.restrict(fewer)
        if not self.traced.points:
            self.traced.points.append(FrontierPoint(0.0 if loose is None else loose))
        elif tight is None:
            self.traced.least = self.traced.points[-1].used

    def _trace_levels(self, points: int, loose: float | None, tight: float | None) -> None:
        """Solve evenly spaced levels, from the loosest to the tightest."""
        monitor = self.engine.monitor
        monitor.stage("points", points)
        search = self._search(self.engine.widest)
        best = self._run(search)
        if best is None:
            level = loose if loose is not None else tight
            self.traced.points.append(FrontierPoint(0.0 if level is None else level))
            return
        if loose is None:
            loose = self._least(best, self.resource.loosest)[0]
        end = self.thrift.end()
        # The plan that was found is beyond the other program's tolerance.
        end = loose if end is None else end
        self._reach = self.thrift.reach()
        last = end if tight is None else tight
        span = self.sense * (loose - last)
        self.traced.fine = max(USE_GAP * span / (points - 1), 10 * SAME_LEVEL * max(1.0, abs(loose)))
        if tight is None or self.sense * (end - tight) >= -self.traced.fine:
            self.traced.least = end
        levels = np.linspace(loose, last, points) if span > self.traced.fine else np.array([loose])
        known = search.proven
        for number, level in enumerate(levels.tolist()):
            monitor.advance(number, points)
            before = self.traced.points[-1].used if self.traced.points else None
            if before is not None and self.sense * (level - before) >= -SAME_LEVEL * max(1.0, abs(level)):
                # The plan before keeps this level as well.
                continue
            if self.sense * (end - level) > self.traced.fine:
                self.traced.points.append(FrontierPoint(level))
                continue
            try:
                known = self._solve(level, known)
            except ArithmeticError:
                self.traced.lost.append(level)
        monitor.advance(points, points)

    def _solve(self, level: float, known: np.ndarray) -> np.ndarray:
        """Add the point of a level; return what its search has proven."""
        allowed = self.sense * (level - self._reach) >= -SAME_LEVEL * max(1.0, abs(level))
        search = self._search(self._terms(level), known, allowed)
        best = self._run(search)
        if best is None:
            self.traced.points.append(FrontierPoint(level))
            return search.proven
        point = self._point(level, level, search, best)
        used, solution, rival = level, best.outcome.solution, search
        assert solution is not None and point.used is not None
        slack = self.sense * (level - point.used) > self.traced.fine
        allowed[best.place] = slack or not self._worth_its_use(best)
        while True:
            if slack:
                used, solution = self._least(best, level)
                allowed[best.place] = False
            # The same leverage with less of the resource, under these policies or others?
            tighter = self._terms(used - self.sense * self.traced.fine)
            rival = self._search(tighter, rival.proven, allowed, best.leverage - self._tie(best.leverage))
            rival.relaxed[best.place] = True
            equal = self._run(rival)
            if equal is None:
                break
            best, slack = equal, True
        self._add(point if used == level else self._point(level, used, search, best, solution))
        return search.proven

    # Steps of both ---------------------------------------------------------------------------------------------------

    def _terms(self, level: float) -> SolveLimits:
        """Terms at a level, with a hair of room: a plan whose use is the level itself must not be lost to rounding."""
        if math.isfinite(level):
            level += self.sense * SAME_LEVEL * max(1.0, abs(level))
        return self.resource.at(self.engine.widest, level)

    def _search(
        self,
        solve_limits: SolveLimits,
        known: np.ndarray | None = None,
        allowed: np.ndarray | None = None,
        floor: float = -math.inf,
    ) -> BestFirstSearch:
        engine, fixed_policy = self.engine, self.problem.fixed_policy
        fixed_policy.solve_limits = solve_limits
        kept = engine.candidates.allowed(solve_limits)
        search = BestFirstSearch(
            fixed_policy,
            engine.cut_pool,
            kept if allowed is None else kept & allowed,
            self._constant,
            self.rel_gap,
            engine.stop,
            known=known,
            floor=floor,
        )
        self._counts["searches"] += 1
        if not engine.cut_pool.covers:
            # A first cut, so that every candidate has a finite bound.
            first = engine.candidates.find(tuple(0 for _ in engine.candidates.regimes))
            assert first is not None
            search.relax(first)
        return search

    def _run(self, search: BestFirstSearch) -> Column | None:
        """Search to the end."""
        programs, relaxations = len(search.columns), search.relaxations
        search.run()
        self._counts["programs"] += len(search.columns) - programs
        self._counts["relaxations"] += search.relaxations - relaxations
        if self.engine.stop():
            raise Stopped
        return search.best

    def _worth_its_use(self, best: Column) -> bool:
        """Whether it is proven that a plan's policies have no plan of its leverage that takes less than the level.

        With its lanes, less of the resource costs leverage at the dual price at least; with other lanes there is less leverage.
        """
        outcome = best.outcome
        tie = self._tie(best.leverage)
        if outcome.duals is None or -outcome.others >= best.leverage - tie:
            return False
        rows = self.problem.fixed_policy.limit_rows[self.resource.room]
        weeks = self.problem.network.weeks if self.sense < 0 else 1
        price = self.sense * -float(outcome.duals[rows].sum()) * weeks
        return price > 0 and tie / price <= self.traced.fine

    def _least(self, best: Column, level: float) -> tuple[float, np.ndarray]:
        """Least use at a plan's policies and leverage, and a plan that has it."""
        rounding = max(0.02 * self._tie(best.leverage), MONEY_ROUNDING)
        floor = best.leverage - float(self._constant[best.place]) - rounding
        found = self.thrift.least_under(self.engine.candidates.choice(best.place), floor)
        if found is None:
            # The solver's tolerance hides the plan: it stays as it was found.
            assert best.outcome.solution is not None
            return level, best.outcome.solution
        return found

    def _point(
        self, level: float, used: float, search: BestFirstSearch, best: Column, solution: np.ndarray | None = None
    ) -> FrontierPoint:
        """Return the point of a search's best plan, its figures worked out anew.

        Raises
        ------
        CertificateError
            When they differ from what the search claims, or the plan breaks a limit.
        """
        choice = self.engine.candidates.choice(best.place)
        solution = best.outcome.solution if solution is None else solution
        assert solution is not None
        figures = self.figures
        kept = used - SAME_LEVEL if self.sense < 0 else None
        most = used + SAME_LEVEL * max(1.0, abs(used)) if self.resource.name == "own_loss" else math.inf
        account = figures.account(choice, solution, figures.first_stage(solution), kept, most)
        leverage = account.leverage
        small = SMALL_CERTIFICATE * money_scale(self.problem)
        refuse_infeasible(account.infeasibility, leverage, small)
        claimed = claim(best.leverage, search.bound(), leverage, figures.operations_solver.whole.size > 0)
        certify(
            [
                Compared("the cost of the plan's response", account.operations.response_cost, account.cost, small),
                Compared("leverage", claimed, leverage, small),
            ]
        )
        refuse_breaches(figures.breaches(account, self._terms(level)))
        bound = max(search.bound(), leverage)
        gap = (bound - leverage) / max(abs(leverage), self._small)
        theirs, ours = account.decided_losses
        counted = {"own_loss": account.own_loss, "budget": account.spent}
        used = counted.get(self.resource.name, used)
        if abs(used - level) <= SAME_LEVEL * max(1.0, abs(level)):
            # All of it: the hair of room that rounding is given is no use beyond the level.
            used = level
        return FrontierPoint(
            level=level + 0.0,
            used=used + 0.0,
            leverage=leverage,
            bound=bound + 0.0,
            gap=gap,
            status="optimal" if gap <= self.rel_gap else "feasible",
            policies=choice,
            qualified=account.qualified,
            stockpile=account.stockpile,
            own_loss=ours,
            counterpart_loss=theirs,
            worst_package=account.worst,
        )

    def _add(self, point: FrontierPoint) -> None:
        """Add a point that takes less than all others; those that it dominates go."""
        points = self.traced.points
        assert point.leverage is not None
        limit = point.leverage + self._tie(point.leverage)
        while points and points[-1].leverage is not None and points[-1].leverage <= limit:
            points.pop()
        points.append(point)
