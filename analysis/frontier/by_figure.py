"""The curve of leverage against concentration, the number of suppliers or the value of stockpiles, solved level by level."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...model.certify.certificate import (
    Compared,
    certify,
    claim,
    intakes,
    money_scale,
    refuse_breaches,
    refuse_infeasible,
)
from ...model.certify.figures import Account, Figures
from ...model.formulation.scenario_data import SIDE
from ...model.methods.engine import Engine
from ...model.network import Network
from ...model.parametric.refilled import Sharing
from ...model.plan.limits import STOCKPILE_VALUE
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.tolerances import LEVERAGE_TIE, SAME_LEVEL, SMALL_CERTIFICATE, SMALL_LEVERAGE
from .resources import Resource
from .tracer import FrontierPoint, Traced

if TYPE_CHECKING:
    from ...data import Case


def limited_items(case: Case, resource: Resource) -> list[str]:
    """Return the items whose limit a level moves: those that have it; none where a level is of the whole plan."""
    if not resource.column:
        return []
    network, idle = Network(case), 1.0 if resource.sense > 0 else 0
    bought = {lane.item for lane in network.lanes_into(SIDE) if network.side[lane.origin] != SIDE}
    return [row.item for row in case.items if getattr(row, resource.column) != idle and row.item in bought]


class FigureTracer:
    """Solves one case after another, a level of the limit in each, from the loose end to the tight one.

    Parameters
    ----------
    case
        The case.
    resource
        What leverage is held against; every level of it is solved alone.
    rel_gap
        Relative gap of every point.
    threads, log, monitor, stop
        As of `Engine`.
    """

    def __init__(
        self,
        case: Case,
        resource: Resource,
        rel_gap: float,
        threads: int,
        log: str | None,
        monitor: Monitor,
        stop: Callable[[], bool],
    ):
        self.case, self.resource, self.rel_gap, self.threads = case, resource, rel_gap, threads
        self.log, self.monitor, self.stop = log, monitor, stop
        self.items = limited_items(case, resource)
        self.money = resource.name == STOCKPILE_VALUE
        self.traced = Traced()
        self._sharing = Sharing(self._cases, stop)
        self._counts = dict.fromkeys(("combinations", "responses", "searches", "programs", "relaxations"), 0)

    def trace(self, points: int, low: float | None, high: float | None) -> Traced:
        """Trace the curve; where that is stopped, what was found so far is kept.

        Parameters
        ----------
        points
            Evenly spaced levels; numbers of suppliers are all tried instead.
        low, high
            Range of levels; None: from what the plan without a limit takes to the least that can be thought of.
        """
        counted = self.resource.column == "min_suppliers"
        sense, loosest = self.resource.sense, self.resource.loosest if self.money else float(self.resource.sense > 0)
        loose, tight = (high, low) if sense > 0 else (low, high)
        self.monitor.stage("points", points)
        try:
            first = self._solve(loosest if loose is None else loose)
            if first.used is None:
                self.traced.points.append(first)
            else:
                begin = first.used if loose is None else loose
                last = self._tightest() if tight is None else tight
                levels = (
                    np.arange(math.ceil(begin), math.floor(last) + 1) if counted else np.linspace(begin, last, points)
                )
                self._add(replace(first, level=begin))
                for number, level in enumerate(levels.tolist()):
                    self.monitor.advance(number, len(levels))
                    before = self.traced.points[-1].used
                    if before is None or sense * (level - before) >= -SAME_LEVEL:
                        # Without a plan at a level there is none beyond it; and the plan before may keep this level as well.
                        continue
                    self._add(self._solve(level))
            self.traced.complete = True
        except Stopped:
            pass
        self.traced.solve = {**self._counts, "rel_gap": self.rel_gap}
        return self.traced

    def _at(self, level: float) -> Case:
        if self.money:
            limits = self.case.settings.limits.model_copy(update={STOCKPILE_VALUE: level})
            return replace(self.case, settings=self.case.settings.model_copy(update={"limits": limits}))
        value = int(level) if self.resource.column == "min_suppliers" else level
        rows = tuple(
            row.model_copy(update={self.resource.column: value}) if row.item in self.items else row
            for row in self.case.items
        )
        return replace(self.case, items=rows)

    def _cases(self) -> tuple[Case, list[Case]]:
        """A level between the tightest and the loosest, and the tightest: limits at both ends of a curve may be none."""
        tightest = self._tightest()
        return self._at((1.0 + tightest) / 2), [self._at(tightest)]

    def _tightest(self) -> float:
        """The tightest level that can be thought of: equal shares of all suppliers, all of them, or no stockpile."""
        if self.money:
            return 0.0
        network = Network(self.case)
        found = []
        for item in self.items:
            lanes = [
                lane for lane in network.lanes_into(SIDE) if lane.item == item and network.side[lane.origin] != SIDE
            ]
            made = any(row.output == item for row in network.processes_on(SIDE))
            names = {
                network.party[lane.origin] if self.resource.column == "max_party_share" else lane.origin
                for lane in lanes
            }
            found.append((len(names), made))
        if self.resource.sense < 0:
            return float(min(count for count, _ in found))
        return max(0.0 if made else 1.0 / count for count, made in found)

    def _solve(self, level: float) -> FrontierPoint:
        """Return the point of a level, its figures worked out anew.

        Raises
        ------
        Stopped
            When stopped.
        CertificateError
            When its figures differ from what the search claims, or the plan breaks a limit.
        """
        case = self._at(level)
        # Numbers of suppliers make the operations whole numbers.
        refilled = self._sharing.put(case) if self.resource.sense > 0 and not self.money else None
        if refilled is not None:
            return self._found(level, refilled.engine(), refilled.patched.figures)
        with Engine.natural(case, threads=self.threads, log=self.log, monitor=Monitor(), stop=self.stop) as engine:
            return self._found(level, engine, Figures(engine.problem))

    def _found(self, level: float, engine: Engine, figures: Figures) -> FrontierPoint:
        engine.problem.fixed_policy.rel_gap = self.rel_gap / 2
        found = engine.search(None, self.rel_gap)
        self._counts["combinations"] = engine.count
        self._counts["responses"] += engine.candidates.steps
        self._counts["searches"] += 1
        self._counts["programs"] += found.result.worked_out
        self._counts["relaxations"] += found.result.relaxations
        if self.stop():
            raise Stopped
        if found.choice is None or found.solution is None:
            return FrontierPoint(level + 0.0)
        units = engine.problem.units
        account = figures.account(found.choice, found.solution, figures.first_stage(found.solution))
        money = money_scale(engine.problem)
        refuse_infeasible(account.infeasibility, account.leverage, SMALL_CERTIFICATE * money)
        whole = figures.operations_solver.whole.size > 0
        claimed = claim(found.leverage, found.bound, account.leverage, whole)
        certify([Compared("leverage", claimed, account.leverage, SMALL_CERTIFICATE * money)])
        used = self._used(engine.problem.network, account) * (units.money if self.money else 1.0)
        refuse_breaches(figures.breaches(account))
        bound = max(found.bound, account.leverage)
        gap = (bound - account.leverage) / max(abs(account.leverage), SMALL_LEVERAGE * money)
        theirs, ours = account.decided_losses
        return FrontierPoint(
            level=level + 0.0,
            used=used,
            leverage=account.leverage * units.money,
            bound=bound * units.money,
            gap=gap,
            status="optimal" if gap <= self.rel_gap else "feasible",
            policies=found.choice,
            qualified=account.qualified,
            stockpile={key: amount * units.item(key.partition("/")[2]) for key, amount in account.stockpile.items()},
            own_loss=ours * units.money,
            counterpart_loss=theirs * units.money,
            worst_package=account.worst,
        )

    def _used(self, network: Network, account: Account) -> float:
        """What a plan takes: the largest share of any item, the least number of suppliers, or what stockpiles cost."""
        if self.money:
            return account.stockpile_value
        found = []
        for item, (intake, total, _) in intakes(network, account.operations, self.items).items():
            if self.resource.sense < 0:
                least = network.items[item].min_supplier_share
                found.append(float(sum(amount >= (least - SAME_LEVEL) * total > 0 for amount in intake.values())))
                continue
            shares: dict[str, float] = {}
            for site, amount in intake.items():
                name = network.party[site] if self.resource.column == "max_party_share" else site
                shares[name] = shares.get(name, 0.0) + amount
            found.append(max(shares.values(), default=0.0) / total if total > 0 else 0.0)
        return (min if self.resource.sense < 0 else max)(found)

    def _add(self, point: FrontierPoint) -> None:
        """Add a point that takes less than all others; those that it dominates go."""
        points = self.traced.points
        if point.leverage is not None:
            limit = point.leverage + LEVERAGE_TIE * abs(point.leverage)
            while points and points[-1].leverage is not None and points[-1].leverage <= limit:
                points.pop()
        points.append(point)
