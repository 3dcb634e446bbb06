"""The next best plans that differ in what is chosen before week 0, and whether there are more of them (docs/alternatives.md)."""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...model.certify.certificate import Compared, certify, claim, money_scale, refuse_breaches, refuse_infeasible
from ...model.certify.figures import Figures
from ...model.methods.best_first import BestFirstSearch, Column
from ...model.methods.engine import Engine
from ...model.plan.choices import Choices, Offer, changed
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.plan import Plan
from ...model.plan.tolerances import SMALL_CERTIFICATE, SMALL_LEVERAGE
from ...model.solver.highs import Outcome


@dataclass(order=True)
class _Next:
    """A plan that is yet to be told: minus its leverage, its combination, what was found and the bound of its kind."""

    minus: float
    place: int
    outcome: Outcome = field(compare=False)
    bound: float = field(compare=False)


class NextBest:
    """Finds one plan after the other, the best first; no two have the same policies and the same lanes qualified.

    The best plan is that of the search. Once a plan is told its combination of policies is opened: its next plan is the best one
    that is not among those told (a row for each, which forbids the same lanes, and HiGHS's branch and cut). All other
    combinations are searched as a whole; the better of the two is the next plan.

    Parameters
    ----------
    engine
        The case, ready to be solved.
    rel_gap
        Relative gap of every plan.
    floor
        Leverage below which plans are of no interest.
    """

    def __init__(self, engine: Engine, rel_gap: float, floor: float):
        self.engine, self.problem, self.rel_gap, self.floor = engine, engine.problem, rel_gap, floor
        candidates = engine.cut_pool.candidates
        self.constant = self.problem.constant(candidates.cost, candidates.admin)
        self.unopened = candidates.allowed(engine.widest)
        self.told: dict[int, list[np.ndarray]] = {}
        self.waiting: list[_Next] = []
        self.proven: np.ndarray | None = None
        self._ahead: _Next | None = None
        columns = self.problem.choices.qualify.columns
        self._lanes = columns[columns >= 0]
        self._searched = False

    def __iter__(self) -> Iterator[tuple[_Next, float]]:
        """Yield plans with the proven bound on all that come from there on, the best first.

        Raises
        ------
        Stopped
            When stopped.
        """
        while True:
            if not self._searched:
                self._ahead, self._searched = self._unopened(), True
            ahead, opened = self._ahead, self.waiting[0] if self.waiting else None
            if ahead is None and opened is None:
                return
            if ahead is not None and (opened is None or ahead.minus <= opened.minus):
                found = ahead
                self.unopened[found.place] = False
                self._searched = False
            else:
                found = heapq.heappop(self.waiting)
            others = [*self.waiting, *([] if ahead is None or ahead is found else [ahead])]
            yield found, max(found.bound, -found.minus, *(each.bound for each in others))
            self._open(found)

    def may_hold(self) -> int:
        """How many combinations of policies may hold further plans above the floor, as far as is proven."""
        more = 0 if self.proven is None else int((self.unopened & (self.proven > self.floor)).sum())
        return more + len({each.place for each in self.waiting})

    def _unopened(self) -> _Next | None:
        """The best plan of all combinations of which none is told."""
        if not self.unopened.any():
            return None
        engine = self.engine
        search = BestFirstSearch(
            self.problem.fixed_policy,
            engine.cut_pool,
            self.unopened,
            self.constant,
            self.rel_gap,
            engine.stop,
            known=self.proven,
            floor=self.floor,
        )
        search.run()
        if engine.stop():
            raise Stopped
        self.proven = search.proven
        best: Column | None = search.best
        return None if best is None else _Next(-best.leverage, best.place, best.outcome, search.bound())

    def _open(self, found: _Next) -> None:
        """Look for the next plan of a combination."""
        assert found.outcome.solution is not None
        if not self._lanes.size:
            return
        candidates, place = self.engine.candidates, found.place
        self.told.setdefault(place, []).append(np.round(found.outcome.solution[self._lanes]))
        rows = [_unlike(self._lanes, lanes) for lanes in self.told[place]]
        outcome = self.problem.fixed_policy.best(
            candidates.choice(place),
            float(candidates.cost[place]),
            float(self.constant[place]),
            float(candidates.admin[place]),
            cutoff=self.floor,
            rows=rows,
        )
        if self.engine.stop():
            raise Stopped
        if outcome.solution is not None and outcome.objective is not None:
            bound = -outcome.objective if outcome.bound is None else -outcome.bound
            heapq.heappush(self.waiting, _Next(outcome.objective, place, outcome, bound))


def _unlike(columns: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the row that forbids binaries to be what they are: columns, coefficients, least activity."""
    signs = 1.0 - 2.0 * levels
    return columns, signs, 1.0 - float(levels.sum())


def with_alternatives(
    plan: Plan,
    count: int,
    within: float = 0.01,
    *,
    rel_gap: float | None = None,
    threads: int = 1,
    stop: Callable[[], bool] | None = None,
    monitor: Monitor | None = None,
) -> Plan:
    """Return a plan with other plans that are nearly as good, the best first.

    Parameters
    ----------
    plan
        A plan; one without a leverage stays as it is.
    count
        How many are wanted at most.
    within
        How much less leverage they may have, as a share of the plan's.
    rel_gap
        Relative gap of each; default: the case's.
    threads
        Processes that work out responses.
    stop
        Asked whether to stop; what was found so far is kept.
    monitor
        Told of stage ``alternatives``.

    Returns
    -------
    Plan
        With ``alternatives``: ``within``, ``least`` (leverage from which on plans count, money), ``plans`` (each with leverage,
        bound, gap, both losses, worst_package, first-stage choices and ``changes``, what it does otherwise), ``complete``
        (whether all that there are within the range were found: proven) and ``may_hold`` (combinations of policies that may
        hold others).

    Raises
    ------
    ValueError
        For a count below 1, and a share that is none.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When a plan does not survive its check.
    """
    if count < 1:
        raise ValueError(f"alternatives are 1 at least, not {count}")
    if not within >= 0:
        raise ValueError(f"within is a share such as 0.01, not {within:g}")
    if plan.leverage is None:
        return plan
    monitor = monitor or Monitor()
    rel_gap = plan.case.settings.solver.rel_gap if rel_gap is None else rel_gap
    with Engine.natural(plan.case, threads=threads, monitor=monitor, stop=stop) as engine:
        money = engine.problem.units.money
        least = plan.leverage - within * abs(plan.leverage)
        found: list[dict[str, Any]] = []
        complete, may_hold = False, 0
        offer, here = Offer.of(plan.case), Choices.of(plan)
        engine.problem.fixed_policy.rel_gap = rel_gap / 2
        # Stopped half way, those that were found hold.
        with suppress(Stopped):
            best = NextBest(engine, rel_gap, least / money - SMALL_LEVERAGE * money_scale(engine.problem))
            monitor.stage("alternatives", count)
            if not engine.complete:
                raise Stopped
            for each, bound in best:
                choices, figures = _account(engine, each, bound, rel_gap)
                if _same(choices, here, offer):
                    continue
                if len(found) == count:
                    may_hold = max(1, best.may_hold())
                    break
                found.append(figures | {"changes": list(changed(here, choices, offer))})
                monitor.advance(len(found), count)
            else:
                complete = True
    told = {"within": within, "least": least, "plans": found, "complete": complete, "may_hold": may_hold}
    return dataclasses.replace(plan, alternatives=told)


def _same(first: Choices, second: Choices, offer: Offer) -> bool:
    """Whether two plans have the same policies and the same lanes qualified; stockpiles follow from these."""
    return first.made(offer)[:2] == second.made(offer)[:2]


def _account(engine: Engine, found: _Next, bound: float, rel_gap: float) -> tuple[Choices, dict[str, Any]]:
    """Return the first-stage choices of a plan, and its figures worked out anew, in the units of the case."""
    problem, choice, solution = engine.problem, engine.candidates.choice(found.place), found.outcome.solution
    assert solution is not None
    figures = Figures(problem)
    account = figures.account(choice, solution, figures.first_stage(solution))
    small, leverage = SMALL_CERTIFICATE * money_scale(problem), account.leverage
    refuse_infeasible(account.infeasibility, leverage, small)
    claimed = claim(-found.minus, bound, leverage, figures.operations_solver.whole.size > 0)
    certify([Compared("leverage", claimed, leverage, small)])
    refuse_breaches(figures.breaches(account, engine.widest))
    bound = max(bound, leverage) if math.isfinite(bound) else leverage
    theirs, ours = account.decided_losses
    units = problem.units
    stockpile = {key: amount * units.item(key.partition("/")[2]) for key, amount in account.stockpile.items()}
    gap = (bound - leverage) / max(abs(leverage), SMALL_LEVERAGE * money_scale(problem))
    told = {
        "leverage": leverage * units.money,
        "bound": bound * units.money,
        "gap": gap,
        "proven": gap <= rel_gap,
        "counterpart_loss": theirs * units.money,
        "own_loss": ours * units.money,
        "worst_package": account.worst,
        "policies": dict(choice),
        "qualified": list(account.qualified),
        "stockpile": stockpile,
    }
    return Choices.of(told), told
