"""One plan for many worlds, exact for every criterion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...data import Fault, apply_overrides
from ...data.units import natural_units
from ...model.plan.choices import Choices, Offer
from ...model.plan.clock import Clock
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.plan import Plan
from ...model.plan.sense import sense_of
from ...model.plan.tolerances import LEVERAGE_TIE, SMALL_CERTIFICATE, SMALL_LEVERAGE, WORLD_TIE
from ...model.solving import evaluate
from ..figures.factors import DesignError
from .appraising import Appraiser, Chosen
from .cluster import ClusterCrew
from .crew import WEIGHT_TIE, LocalCrew, common_combinations, common_space
from .criterion import Criterion, cvar, weighted
from .master import Master
from .sampling import Worlds, world_cases
from .search import Ended, Incumbent, WorldsSearch
from .spread import SharedCrew, SpreadCrew
from .told import Alone, WorldAccount

if TYPE_CHECKING:
    from ...data import Case

Beside = Callable[[Plan, Appraiser], Plan]
"""Says what there is to say beside a plan, from what works plans out in its worlds."""

SHOWN_TAIL = 0.9
"""Tail of the CVaR that is shown whatever the criterion."""

NAMED = 4
"""Worlds that a message names."""

BEST = "best"
"""Column of the table ``worlds``: what every world allows by itself."""

LIKE = 4
"""Worlds from which on the case as it is is solved first, for their programs to begin where its own end."""

ALONE_GAP = 1e-6
"""Relative gap to which the best of every world by itself is proven at least, for regret."""


@dataclass(frozen=True)
class WorldsResult:
    """One plan for many worlds.

    Attributes
    ----------
    plan
        The choices worked out at the case's own figures, with the block ``worlds``.
    worlds
        The worlds.
    criterion
        What was maximised.
    status
        ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.
    choices
        Policies, lanes qualified, units stockpiled.
    value, bound, gap
        Of the criterion, in money of the case; of regret the greatest, and what it is at least. None without a plan. What is said
        of leverage is said of minus the cost where that is the sense.
    leverages : array, shape (n,)
        Of the plan in every world, each recomputed alone.
    best : array, shape (n,)
        The best leverage that every world allows by itself; NaN where no plan keeps its limits.
    table : pandas.DataFrame
        A row a world: world, weight, leverage, best, counterpart_loss, own_loss, limits_kept, and the figures that differ; of a
        plan at least cost in its words.
    unkept
        Worlds in which no plan keeps continuity and concentration.
    """

    plan: Plan
    worlds: Worlds
    criterion: Criterion
    status: str
    choices: Choices
    value: float | None
    bound: float | None
    gap: float | None
    leverages: np.ndarray
    best: np.ndarray
    table: pd.DataFrame
    unkept: tuple[str, ...]


def solve_worlds(
    case: Case,
    worlds: Worlds,
    criterion: str | Criterion = "mean",
    *,
    continuity_share: float | None = None,
    time_limit: float | None = None,
    rel_gap: float | None = None,
    processes: int = 1,
    cluster: str | None = None,
    monitor: Monitor | None = None,
    beside: Beside | None = None,
) -> WorldsResult:
    """Find the plan that is best over all worlds, and prove it (model.md section 6).

    Parameters
    ----------
    case
        A checked case.
    worlds
        Its worlds.
    criterion
        ``mean``, ``cvar:0.9``, ``worst``, ``regret`` or ``mean+cvar:0.9:0.5``.
    continuity_share
        Weight of the worlds in which continuity is kept at least, above 0 and up to 1; in which ones is chosen with the plan, and
        in the others fills lack what they may. Default: ``objective.continuity_share`` of the case, or the weight of all worlds in
        which any plan keeps it where these have less; without it every world in which any plan keeps it.
    time_limit
        Seconds; default: the case's.
    rel_gap
        Relative gap at which a plan counts as optimal; default: the case's.
    processes
        Processes of this machine among which the worlds are shared; they find the same plan.
    cluster
        Address of a Dask scheduler among whose workers they are shared instead.
    monitor
        Told of progress, asked whether to stop.
    beside
        Says what there is to say beside a plan while its worlds are still made ready: takes the plan and what works others out in
        them, and returns the plan.

    Raises
    ------
    DesignError
        For worlds that the case cannot have, a cluster that does not answer, and where no plan keeps continuity in the weight of
        worlds asked for.
    ValueError
        For a criterion that there is none of, and a share of continuity that is none.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When the answer does not survive its check.
    """
    check_share(continuity_share)
    found = Criterion.parse(criterion) if isinstance(criterion, str) else criterion
    monitor = monitor or Monitor()
    options = case.settings.solver
    clock = Clock(options.time_limit if time_limit is None else time_limit, monitor.stop)
    gap = options.rel_gap if rel_gap is None else rel_gap
    solver = _Solver(case, worlds, found, gap, clock, monitor, processes, cluster, continuity_share)
    try:
        result = solver.result()
        if beside is None or solver.appraiser is None:
            return result
        # What is said beside a plan has a time of its own.
        solver.clock.seconds = math.inf
        return replace(result, plan=beside(result.plan, solver.appraiser))
    finally:
        solver.crew.close()


@contextmanager
def worlds_solver(
    case: Case,
    worlds: Worlds,
    *,
    continuity_share: float | None = None,
    time_limit: float = math.inf,
    rel_gap: float | None = None,
    processes: int = 1,
    cluster: str | None = None,
    monitor: Monitor | None = None,
) -> Iterator[Callable[[Criterion], WorldsResult]]:
    """Make worlds ready once, and yield what finds the plan that is best by one criterion after another.

    What bounds leverage in a world holds under every criterion, so that those after the first take little.

    Parameters
    ----------
    case, worlds, continuity_share, time_limit, rel_gap, processes, cluster, monitor
        As of `solve_worlds`; the time limit is that of all together.
    """
    check_share(continuity_share)
    monitor = monitor or Monitor()
    gap = case.settings.solver.rel_gap if rel_gap is None else rel_gap
    clock = Clock(time_limit, monitor.stop)
    solver = _Solver(case, worlds, Criterion.parse("mean"), gap, clock, monitor, processes, cluster, continuity_share)

    def found(criterion: Criterion) -> WorldsResult:
        solver.criterion = criterion
        return solver.result()

    try:
        yield found
    finally:
        solver.crew.close()


def check_share(continuity_share: float | None) -> None:
    """Refuse a share of continuity that is none.

    Raises
    ------
    ValueError
        For a share of 0 or less, or above 1.
    """
    if continuity_share is not None and not 0 < continuity_share <= 1:
        raise ValueError(
            f"{continuity_share:g} is no share of the worlds to keep continuity in; it lies above 0 and is at most 1"
        )


class _Solver:
    """The steps from worlds to their plan; all in natural units until the result."""

    def __init__(
        self,
        case: Case,
        worlds: Worlds,
        criterion: Criterion,
        rel_gap: float,
        clock: Clock,
        monitor: Monitor,
        processes: int,
        cluster: str | None,
        continuity_share: float | None,
    ):
        self.continuity_share = continuity_share
        self.case = case
        self.worlds = worlds
        self.criterion = criterion
        self.rel_gap = rel_gap
        self.clock = clock
        self.monitor = monitor
        cases = world_cases(case, worlds)
        _, self.units = natural_units(case)
        # Worlds that are the same are worked out once.
        distinct = list(dict.fromkeys(cases))
        self.group = np.array([distinct.index(each) for each in cases], dtype=int)
        self.weights = np.bincount(self.group, weights=worlds.weights)
        self._alone: list[Alone] | None = None
        self.appraiser: Appraiser | None = None
        self.crew: LocalCrew | SharedCrew
        base = case if len(distinct) >= LIKE else None
        if cluster is not None:
            self.crew = ClusterCrew(distinct, self.units, cluster, clock.up, base)
        elif processes > 1 and len(distinct) > 1:
            self.crew = SpreadCrew(distinct, self.units, processes, clock.up, base)
        else:
            self.crew = LocalCrew(distinct, self.units, clock.up, base=base)

    def result(self) -> WorldsResult:
        """Find the plan and prove it."""
        bound, ended = math.inf, None
        unkept: tuple[str, ...] = ()
        try:
            alone = self._prepare()
            unkept = tuple(
                name for name, number in zip(self.worlds.names, self.group, strict=True) if alone[number].charged
            )
            lost = float(sum(self.worlds.weights[self.worlds.names.index(name)] for name in unkept))
            self._settle_share(lost)
            self._refuse_share(unkept, lost)
            ended, search = self._search(alone)
            bound = ended.bound
        except Stopped:
            pass
        if ended is None or ended.best is None:
            return self._none("infeasible" if bound == -math.inf else "unknown", unkept)
        return self._found(alone, ended, ended.best, search, unkept)

    def _prepare(self) -> list[Alone]:
        """Make the worlds ready, once, and find the best that each allows by itself."""
        if self._alone is not None:
            return self._alone
        many = len(self.crew.cases)
        self.monitor.stage("worlds", many)
        gap = min(self.rel_gap, ALONE_GAP) if self.criterion.regret else self.rel_gap
        self._alone = self.crew.prepare(gap, lambda done: self.monitor.advance(done, many))
        return self._alone

    def _settle_share(self, lost: float) -> None:
        """Take the case's share of continuity where none is asked for, or as much of it as any plan can have."""
        usual = self.case.settings.objective.continuity_share
        if self.continuity_share is None and usual:
            self.continuity_share = min(usual, 1.0 - lost)

    def _refuse_share(self, unkept: tuple[str, ...], lost: float) -> None:
        """Refuse a share of continuity that no plan can have, whatever else it does; what is lost is the weight of worlds."""
        if self.continuity_share is not None and lost > 1.0 - self.continuity_share + WEIGHT_TIE:
            message = (
                f"no plan keeps continuity in {len(unkept)} of the worlds ({', '.join(unkept[:NAMED])}"
                f"{', ...' if len(unkept) > NAMED else ''}), which have {lost:.3g} of the weight; "
                f"write --continuity-share {math.floor((1.0 - lost) * 1000) / 1000:g} or less"
            )
            raise DesignError([Fault("--continuity-share", message, value=f"{self.continuity_share:g}")])

    def _search(self, alone: list[Alone]) -> tuple[Ended, WorldsSearch]:
        self.space = common_space(alone, self.weights, self.continuity_share)
        self.combinations = common_combinations(alone)
        admin, ceilings = self.crew.settle(self.space.keys, self.combinations)
        best = np.array([each.leverage for each in alone])
        order = [(sum(1 for index in indices if index), *indices) for indices in self.combinations]
        # The combination that leaves every regime open.
        first = self.combinations.index((0,) * len(self.combinations[0]))
        self.monitor.stage("search", 0)
        if self.criterion.regret and any(each.charged for each in alone):
            least = np.array(self.crew.least_charged(self.space, order, first, min(self.rel_gap, ALONE_GAP)))
            best = np.where(np.isnan(least), best, least)
        master = Master(self.space, self.criterion, self.weights, best)
        search = WorldsSearch(self.crew, master, admin, ceilings, order, self.rel_gap, self.clock.up, self._report)
        return search.run(first), search

    def _report(self, score: float, bound: float) -> None:
        shown = self.criterion.shown
        self.monitor.bounds(shown(score) * self.units.money, shown(bound) * self.units.money)

    # What is handed out ----------------------------------------------------------------------------------------------

    def _found(
        self, alone: list[Alone], ended: Ended, best: Incumbent, search: WorldsSearch, unkept: tuple[str, ...]
    ) -> WorldsResult:
        self.monitor.stage("certificate", 0)
        accounts = self.crew.certify(best.number, best.point)
        leverages = np.array([each.leverage for each in accounts])
        criterion, money, own_best = self.criterion, self.units.money, search.master.best
        score = float(criterion.score(leverages, self.weights, own_best))
        bound = max(ended.bound - best.rank + best.score, score)
        value, bound = criterion.shown(score), criterion.shown(bound)
        small = SMALL_LEVERAGE * max(each.money for each in accounts)
        if criterion.regret:
            # A difference of leverages is known no better than they are.
            small = max(small, SMALL_CERTIFICATE * float(np.abs(leverages).max()))
        # Cuts hold over faces that are wider than V by rounding.
        if abs(bound - value) <= LEVERAGE_TIE * max(each.money for each in accounts):
            bound = value
        if criterion.regret and abs(value) <= WORLD_TIE * max(each.money for each in accounts):
            # A plan that is as good as the best of every world has no regret.
            value = bound = 0.0
        gap = abs(bound - value) / max(abs(value), small)
        status = "optimal" if gap <= self.rel_gap else "feasible"
        chosen = Chosen(self.case, self.units, self.space.keys)
        choices = chosen.named(self.combinations[best.number], best.point, self.space.upper)
        self.appraiser = Appraiser(self.crew, chosen, self.group, alone, search.visited, self.combinations)
        every = leverages[self.group] * money
        allowed = np.array([math.nan if each.charged else each.leverage for each in alone])[self.group] * money
        table = self._table(accounts, allowed)
        plan = self._at_own_figures(choices)
        facts = {
            "method": "worlds",
            "reason": "one plan for many worlds was asked for",
            "termination": "stopped" if self.clock.up() else "finished",
            "combinations": search.upper.size,
            "distinct_worlds": len(alone),
            "looked_at": ended.looked,
            "first_stages": ended.visits,
            "master_programs": ended.masters,
            "seconds": self.clock.passed,
        }
        block = self._block(value * money, bound * money, gap, every, unkept)
        tables = {**plan.tables, "worlds": table}
        plan = replace(plan, status=status, worlds=block, solve={**plan.solve, **facts}, tables=tables)
        found = (block["value"], block["bound"], gap)
        return WorldsResult(plan, self.worlds, criterion, status, choices, *found, every, allowed, table, unkept)

    def _at_own_figures(self, choices: Choices) -> Plan:
        """The choices worked out at the case's own figures, what these do not offer aside."""
        offer = Offer.of(self.case)
        qualified = tuple(name for name in choices.qualified if name in offer.lanes)
        more = {pair: amount for pair, amount in choices.stockpile.items() if amount > offer.most.get(pair, 0.0)}
        case = apply_overrides(self.case, [f"stocks.{pair}.stockpile_max={amount!r}" for pair, amount in more.items()])
        return replace(evaluate(case, choices.policies, qualified, choices.stockpile), case=self.case)

    def _block(
        self, value: float | None, bound: float | None, gap: float | None, every: np.ndarray, unkept: tuple[str, ...]
    ) -> dict[str, Any]:
        """What ``plan.json`` says of the worlds."""
        weights, some = self.worlds.weights, every.size > 0
        return {
            "n": len(self.worlds),
            "seed": self.worlds.seed,
            "criterion": self.criterion.text,
            **({} if self.continuity_share is None else {"continuity_share": self.continuity_share}),
            "value": value,
            "bound": bound,
            "gap": gap,
            "mean": float(weighted(every, weights)) if some else None,
            "cvar": float(cvar(every, weights, SHOWN_TAIL)) if some else None,
            "worst": float(every.min()) if some else None,
            "share_negative": float(weights[every < 0].sum()) if some else None,
            "unkept": list(unkept),
        }

    def _none(self, status: str, unkept: tuple[str, ...]) -> WorldsResult:
        nothing = np.empty(0)
        block = self._block(None, None, None, nothing, unkept)
        plan = Plan(
            case=self.case,
            status=status,
            worlds=block,
            case_warnings=tuple(map(str, self.case.warnings)),
            solve={"method": "worlds", "seconds": self.clock.passed},
        )
        none = (None, None, None)
        return WorldsResult(
            plan, self.worlds, self.criterion, status, Choices(), *none, nothing, nothing, pd.DataFrame(), unkept
        )

    def _table(self, accounts: list[WorldAccount], allowed: np.ndarray) -> pd.DataFrame:
        """A row a world, money in the case's currency."""
        money, of = self.units.money, [accounts[number] for number in self.group]
        frame = pd.DataFrame(
            {
                "world": list(self.worlds.names),
                "weight": self.worlds.weights,
                "leverage": [each.leverage * money for each in of],
                BEST: allowed,
                "counterpart_loss": [each.counterpart_loss * money for each in of],
                "own_loss": [each.own_loss * money for each in of],
                "limits_kept": [each.limits_kept for each in of],
                **{f"in.{path}": list(values) for path, values in self.worlds.figures.items()},
            }
        )
        frame.attrs["units"] = dict.fromkeys(("leverage", BEST, "counterpart_loss", "own_loss"), "money")
        sense = sense_of(self.case)
        return sense.frame(frame.assign(**{BEST: sense.sign * allowed}))


def levels_in(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return a plan's leverage in every world it was made for, and the best that each allows by itself, shape (worlds,) each.

    Of a plan at least cost minus the cost; money.
    """
    table, sense = plan.tables["worlds"], sense_of(plan.case)
    return sense.sign * table[sense.outcome].to_numpy(), sense.sign * table[BEST].to_numpy()
