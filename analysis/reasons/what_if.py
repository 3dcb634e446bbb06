"""What other policies and budgets would give: a row a combination and budget, exact where solved, else bounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...model.follower.combinations import Candidates, TooManyCombinations
from ...model.methods.cut_pool import bounded
from ...model.methods.engine import Engine
from ...model.plan.limits import SolveLimits
from ...model.plan.tolerances import LEVERAGE_TIE
from ...model.plan.what_if import BOUNDED, EXACT, NONE, POLICY

if TYPE_CHECKING:
    import pandas as pd

    from ...model import Plan

LEVELS = (0.5, 1.0, 1.5)
"""Budgets, as shares of the case's."""

MOST_ROWS = 4_000
"""Rows of the table; of more combinations those nearest to the plan are told."""

SMALL = 5_000
"""Rows of a program up to which `MOST_SOLVED` are worked out one by one; of a larger one `FEW_SOLVED`."""

MOST_SOLVED, FEW_SOLVED = 300, 5


def what_if(engine: Engine, plan: Plan, rel_gap: float, stop: Callable[[], bool]) -> pd.DataFrame:
    """Return what the best plan under other policies and budgets gives.

    The best plan of every other budget is searched for, and combinations near the plan are worked out one by one: these are exact.
    The cuts and responses known by then bound all others.

    Parameters
    ----------
    engine
        The combinations with their responses.
    plan
        The plan.
    rel_gap
        Relative gap of the best plan of every budget.
    stop
        Asked before every program.

    Returns
    -------
    pandas.DataFrame
        A row a budget and combination, ``policy.REGIME`` a column of policies: ``budget`` (money; NaN where the case has
        none), ``state`` (``exact``, ``at most`` or ``no plan``) and ``leverage`` (money: that of the best plan, or what it is
        at most; NaN without a plan).
    """
    import pandas as pd

    candidates, problem = engine.candidates, engine.problem
    regimes, money = list(candidates.regimes), problem.units.money
    numbers = np.array([candidates.policy_indices(place) for place in range(len(candidates))], dtype=int)
    own = np.array([problem.network.menu[name].index(plan.policies.get(name, "open")) for name in regimes])
    apart = (numbers != own).sum(axis=1)
    levels = _levels(engine)
    work = _Work(engine, rel_gap, stop)
    places = np.lexsort((np.arange(len(candidates)), apart))[: max(1, MOST_ROWS // len(levels))]
    budget = problem.case.settings.limits.budget
    if plan.status == "optimal" and plan.bound is not None and plan.leverage is not None:
        work.solved[1.0, int(np.argmin(apart))], work.ceiling[1.0] = plan.leverage / money, plan.bound / money
    for level in levels:
        if level not in work.ceiling:
            work.search(level)
    rows = problem.leader_problem.program.row_lower.size
    for level, place in list(_order(levels, places, apart, numbers))[: MOST_SOLVED if rows <= SMALL else FEW_SOLVED]:
        if stop():
            break
        work.solve(level, place)
    frames = []
    for level in levels:
        values, states = work.told(level, places)
        menu = [problem.network.menu[name] for name in regimes]
        chosen = {
            f"{POLICY}{name}": [menu[at][number] for number in numbers[places, at].tolist()]
            for at, name in enumerate(regimes)
        }
        told = level * budget * money if math.isfinite(budget) else math.nan
        frames.append(pd.DataFrame({"budget": told, **chosen, "state": states, "leverage": values * money}))
    table = pd.concat(frames, ignore_index=True)
    table.attrs["units"] = dict.fromkeys(("budget", "leverage"), plan.case.settings.case.currency)
    return table


def _levels(engine: Engine) -> tuple[float, ...]:
    """Budgets to look at, as shares of the case's; wider ones only where they allow no combination that is not enumerated."""
    limits = engine.widest
    if not math.isfinite(limits.budget) or limits.budget <= 0:
        return (1.0,)
    network = engine.problem.network
    try:
        whole = len(Candidates(network, replace(limits, budget=LEVELS[-1] * limits.budget))) == len(engine.candidates)
    except TooManyCombinations:
        whole = False
    return LEVELS if whole else tuple(level for level in LEVELS if level <= 1)


def _order(
    levels: tuple[float, ...], places: np.ndarray, apart: np.ndarray, numbers: np.ndarray
) -> Iterator[tuple[float, int]]:
    """Yield what is worked out in its order: the plan under every budget, one switch from it, every regime open, the others."""
    near = [int(place) for place in places if apart[place] <= 1]
    opened = [int(place) for place in places if not numbers[place].any()]
    for level in levels:
        yield level, near[0]
    for place in dict.fromkeys([*near[1:], *opened]):
        yield 1.0, place
    for level in levels:
        if level != 1.0:
            for place in dict.fromkeys([*near[1:], *opened]):
                yield level, place
    for place in places:
        if apart[place] > 1:
            yield 1.0, int(place)


class _Work:
    """What is known of combinations under budgets, in natural units."""

    def __init__(self, engine: Engine, rel_gap: float, stop: Callable[[], bool]):
        self.engine, self.rel_gap, self.stop = engine, rel_gap, stop
        candidates = engine.candidates
        self.constant = engine.problem.constant(candidates.cost, candidates.admin)
        self.solved: dict[tuple[float, int], float | None] = {}
        self.ceiling: dict[float, float] = {}

    def limits(self, level: float) -> SolveLimits:
        """The limits of the case with another budget."""
        limits = SolveLimits.of(self.engine.problem.case)
        return replace(limits, budget=level * limits.budget)

    def search(self, level: float) -> None:
        """Find the best plan of a budget; all combinations are bounded by what that proves."""
        if self.stop():
            return
        found = self.engine.search(self.limits(level), self.rel_gap)
        self.ceiling[level] = found.bound
        if found.result.best is not None and self.whole:
            self.solved[level, found.result.best.place] = found.leverage

    @property
    def whole(self) -> bool:
        """Whether the program holds all scenarios, so that what it finds is a plan."""
        return self.engine.problem.scenarios is None

    def solve(self, level: float, place: int) -> None:
        """Work out a combination under a budget."""
        candidates, solver = self.engine.candidates, self.engine.problem.fixed_policy
        limits = self.limits(level)
        if (level, place) in self.solved or not candidates.allowed(limits)[place]:
            return
        solver.solve_limits = limits
        outcome = solver.best(
            candidates.choice(place),
            float(candidates.cost[place]),
            float(self.constant[place]),
            float(candidates.admin[place]),
        )
        if outcome.infeasible:
            self.solved[level, place] = None
        elif outcome.objective is not None and self.whole:
            bound = outcome.objective if outcome.bound is None else outcome.bound
            if outcome.objective - bound <= self.rel_gap * max(abs(outcome.objective), LEVERAGE_TIE):
                self.solved[level, place] = -outcome.objective

    def told(self, level: float, places: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Return leverage or its bound, and the state, of combinations under a budget."""
        engine, limits = self.engine, self.limits(level)
        candidates, pool = engine.candidates, engine.cut_pool
        engine.problem.fixed_policy.solve_limits = limits
        remaining = engine.problem.fixed_policy.remaining(candidates.admin)
        # A plan under a budget keeps every wider one.
        most = np.full(places.size, min([math.inf, *(at for wide, at in self.ceiling.items() if wide >= level)]))
        for cover in pool.covers:
            over = [bounded(pool.cuts[cut], pool.around(cut, remaining, places)) for cut in cover]
            most = np.minimum(most, self.constant[places] + np.max(over, axis=0))
        most[~candidates.allowed(limits)[places]] = -math.inf
        states = []
        for at, place in enumerate(places.tolist()):
            known = self.solved.get((level, place), math.nan)
            if known is None or most[at] == -math.inf:
                most[at] = math.nan
                states.append(NONE)
            elif known == known:
                most[at] = known
                states.append(EXACT)
            else:
                states.append(BOUNDED)
        return np.where(np.isfinite(most), most, math.nan), states
