"""What a given plan comes to in one world: within its limits, without continuity, or lacking as little as can be."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...model.certify.certificate import resource_breaches
from ...model.follower.enumerate import policy_indices_of
from ...model.leader.carried import Carrier, Names
from ...model.leader.here_and_now import HereAndNow, Visit
from ...model.leader.problem import Problem
from ...model.leader.recompute import FirstStage
from ...model.plan.limits import SolveLimits
from ...model.plan.tolerances import LIMIT_KEPT
from ...model.solver.bases import Statuses
from .bases import Asked, StageBases, worked_out
from .told import Appraised

if TYPE_CHECKING:
    from ...data import Case
    from ...data.units import Units
    from ...model.plan.choices import Choices
    from .bases import Terms


class WorkOut(Protocol):
    """Works a first stage out: parameters as of `HereAndNow.visit`."""

    def __call__(self, *, charged: bool = False, free: bool = False) -> Visit:
        """Return what it is worth."""


def appraised(work_out: WorkOut, *, within: bool, short: bool, sharing: bool) -> Appraised:
    """Return what a plan comes to in a world.

    Parameters
    ----------
    work_out
        Works its first stage out.
    within
        Whether it keeps the limits on policies and purchases.
    short
        Whether it is known that it does not keep continuity.
    sharing
        Whether only a share of the worlds has to keep continuity.
    """
    visit = None if short else work_out()
    supplied = visit is not None and visit.leverage > -math.inf
    if sharing and (visit is None or visit.leverage == -math.inf):
        visit = work_out(free=True)
        within = within and visit.leverage > -math.inf
    if visit is None or visit.leverage == -math.inf:
        visit = work_out(charged=True)
    return Appraised(visit.leverage, supplied, within)


def affordable(limits: SolveLimits, spent: float) -> SolveLimits:
    """Return limits within which a plan of known costs is worked out; what it costs too much stays out of its leverage."""
    return replace(limits, budget=math.inf) if spent > limits.budget * (1 + LIMIT_KEPT) else limits


@dataclass(frozen=True)
class Ended:
    """Where the programs of a world ended, for those of much the same worlds to begin.

    Attributes
    ----------
    names, opened_names
        Columns and rows of its leader problem, and of that of the status quo.
    opened : Statuses
        Of the status quo.
    stages : dict of Asked to Statuses
        Of first stages.
    """

    names: Names
    opened_names: Names
    opened: Statuses
    stages: dict[Asked, Statuses]


class PlainWorld:
    """A world of which nothing is asked but what given plans come to.

    Parameters
    ----------
    case
        Its case.
    units
        Natural units, the same for all worlds.
    stop
        Asked while programs are built and solved.
    like
        Where a world much like it ended, for its own programs to begin.
    """

    def __init__(self, case: Case, units: Units, stop: Callable[[], bool] = lambda: False, like: Ended | None = None):
        self.problem = Problem.natural(case, stop=stop, units=units)
        self._bases = StageBases()
        if like is not None:
            self._carry_over(like)
        columns = np.array(list(self.problem.choices.at({}, {})), dtype=np.int64)
        self._stage = HereAndNow(self.problem.fixed_policy, columns)

    def _carry_over(self, like: Ended) -> None:
        problem = self.problem
        problem.opened_start = Carrier(like.opened_names, problem.opened)(like.opened)
        carrier = Carrier(like.names, problem.leader_problem)
        for asked, basis in like.stages.items():
            problem.start = carrier(basis)
            self._bases.keep(asked, problem.start)

    def ended(self) -> Ended:
        """Return where its programs have ended."""
        stages = {asked: Statuses.of(basis) for asked, basis in self._bases.known.items() if not asked[2]}
        problem = self.problem
        opened = Statuses.of(problem.status_quo.basis)
        return Ended(Names(problem.leader_problem), Names(problem.opened), opened, stages)

    def appraise(self, plan: Choices, *, sharing: bool) -> Appraised:
        """Work a given plan out that the world offers, whether its limits allow it or not.

        Parameters
        ----------
        plan
            The plan.
        sharing
            Whether only a share of the worlds has to keep continuity.
        """
        problem, network = self.problem, self.problem.network
        choice = {**problem.all_open, **plan.policies}
        first = FirstStage.given(plan.qualified, plan.stockpile, problem.units)
        point = np.array(list(problem.choices.at(first.qualify, first.stockpile).values()))
        cost, admin = problem.response_cost(choice), problem.admin_cost(choice)
        terms: Terms = (choice, cost, float(problem.constant(cost, admin)), admin)
        stockpiled = sum(network.stockpile_price(pair) * amount for pair, amount in first.stockpile.items())
        spent = admin + sum(network.to_qualify[lane] for lane in plan.qualified) + stockpiled
        limits = SolveLimits.of(problem.case)
        within = not resource_breaches(problem, choice, spent, stockpiled, -math.inf, limits)
        problem.fixed_policy.solve_limits = affordable(limits, spent)
        asked = policy_indices_of(choice, network.menu), point.tobytes()

        def work_out(*, charged: bool = False, free: bool = False) -> Visit:
            return worked_out(self._bases, self._stage, (*asked, free), terms, point, charged, free)

        return appraised(work_out, within=within, short=False, sharing=sharing)
