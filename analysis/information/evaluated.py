"""Given plans worked out in given worlds: leverage, losses and limits kept, over processes."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...data import apply_overrides
from ...data.units import natural_units
from ...model.certify.certificate import resource_breaches
from ...model.certify.figures import Figures
from ...model.leader.given import Given
from ...model.leader.here_and_now import HereAndNow
from ...model.leader.problem import Problem
from ...model.leader.recompute import FirstStage
from ...model.parametric.refilled import Moved, Refilled, Unshared, by_structure, shared_programs
from ...model.plan.choices import Choices, Offer
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Monitor
from ...model.solving import evaluate
from ..figures.figure import override
from ..sweep.executors import Batch, Cluster, Executor, InProcess, Processes, Task

if TYPE_CHECKING:
    from ...data import Case
    from ..worlds import Worlds

BATCH = 4
"""Worlds of a batch; fixed, so that results do not depend on the number of processes."""

SHARED = 8
"""Worlds from which on programs are shared: to make them takes about as long as those of two worlds."""

Row = dict[str, Any]
Values = Mapping[str, float | str]


@dataclass(frozen=True)
class Yields:
    """What plans yield in worlds.

    Attributes
    ----------
    places : array of int, shape (worlds,)
        Which worlds: all of them, unless the time was up.
    leverages : array, shape (worlds, plans)
        Of every plan in the worst package of every world, money.
    supplied, within : array of bool, shape (worlds, plans)
        Whether the plan keeps the limits on supply there; whether it keeps all others.
    """

    places: np.ndarray
    leverages: np.ndarray
    supplied: np.ndarray
    within: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """Whether the plan keeps all limits, array of bool, shape (worlds, plans)."""
        return self.supplied & self.within

    def __len__(self) -> int:
        """Return the number of worlds."""
        return len(self.places)


@dataclass(frozen=True)
class Evaluated(Yields):
    """What plans yield in worlds, with the losses that it is made of.

    Attributes
    ----------
    counterpart_losses, own_losses : array, shape (worlds, plans)
        Of every plan in the worst package of every world, money.
    """

    counterpart_losses: np.ndarray
    own_losses: np.ndarray


def evaluate_in(
    case: Case,
    worlds: Worlds,
    plans: Sequence[Choices],
    *,
    free: bool = False,
    processes: int = 1,
    cluster: str | None = None,
    seconds: float = math.inf,
    monitor: Monitor | None = None,
) -> Evaluated:
    """Work plans out in worlds, each in every one.

    A world's status quo is its own. What a plan stockpiles beyond a world's ``stockpile_max`` it does not stockpile there.

    Parameters
    ----------
    case
        A checked case.
    worlds
        The worlds.
    plans
        First-stage choices.
    free
        Where a plan cannot keep continuity, leave it out, so that our side does what is best without it; else what it lacks is as
        little as can be.
    processes, cluster
        Who works: so many processes of this machine, or the workers of the Dask scheduler at an address.
    seconds
        Time after which no more worlds are begun, of the processor where this process works alone; at least one is worked out.
    monitor
        Told of stage ``worlds``; asked whether to stop, what is finished is kept.

    Raises
    ------
    CaseError
        Where a world's figures make no case.
    ArithmeticError
        Where a plan cannot be worked out in a world.
    """
    task = EvaluationTask(case, tuple(plans), free, not free and _of_one_structure(case, worlds))
    found = rows_in(worlds, task, processes=processes, cluster=cluster, seconds=seconds, monitor=monitor)
    names = "leverage", "supplied", "within", "counterpart_loss", "own_loss"
    return Evaluated(places_of(found), *tables_of(found, len(plans), names))


def places_of(found: Sequence[Sequence[Row]]) -> np.ndarray:
    """Which worlds rows are of, array of int, shape (worlds,)."""
    return np.array([rows[0]["world"] for rows in found], dtype=int)


def tables_of(found: Sequence[Sequence[Row]], plans: int, names: Sequence[str]) -> Iterator[np.ndarray]:
    """Yield what stands in rows under each of some names, shape (worlds, plans)."""
    for name in names:
        yield np.array([[row[name] for row in rows] for rows in found]).reshape(len(found), plans)


def rows_in(
    worlds: Worlds,
    task: Task,
    *,
    processes: int = 1,
    cluster: str | None = None,
    seconds: float = math.inf,
    monitor: Monitor | None = None,
) -> list[list[Row]]:
    """Return the rows of every world that was done in time, one a plan, in the order of the worlds.

    Parameters
    ----------
    worlds
        The worlds.
    task
        What there is to do in them.
    processes, cluster, seconds, monitor
        As of `evaluate_in`.

    Raises
    ------
    ArithmeticError
        Where a plan cannot be worked out in a world.
    """
    monitor = monitor or Monitor()
    alone = cluster is None and (processes == 1 or len(worlds) <= BATCH)
    # A process that shares the machine with others is not the slower for it.
    clock = time.process_time if alone else time.monotonic
    until = math.inf
    found: list[list[Row]] = []

    def stop() -> bool:
        return monitor.stop() or clock() > until

    executor: Executor
    if alone:
        executor = InProcess(task, stop)
    elif cluster is not None:
        executor = Cluster(task, stop, cluster)
    else:
        executor = Processes(task, stop, processes)
    monitor.stage("worlds", len(worlds))
    with contextlib.closing(executor.run(_batches(worlds))) as results:
        for rows in results:
            # Processes need their time to begin, which is not counted.
            until = min(until, clock() + seconds)
            found.append(rows)
            monitor.advance(len(found), len(worlds))
    for row in (row for rows in found for row in rows):
        if row["fault"] is not None:
            raise ArithmeticError(f"world {worlds.names[row['world']]}: {row['fault']}")
    found.sort(key=lambda rows: rows[0]["world"])
    return found


def _of_one_structure(case: Case, worlds: Worlds) -> bool:
    """Whether worlds are enough for programs to be shared, and all have those of the case, with other numbers."""
    alike = (len(by_structure([case, case_of(case, values)])) == 1 for values in _figures(worlds))
    return len(worlds) >= SHARED and all(alike)


def _figures(worlds: Worlds) -> list[Values]:
    rows = worlds.figures.to_dict("records")
    return [{path: value for path, value in row.items() if not pd.isna(value)} for row in rows]


def case_of(case: Case, values: Values) -> Case:
    """Return a world's case."""
    return apply_overrides(case, [override(path, value) for path, value in values.items()])


def _batches(worlds: Worlds) -> Iterator[Batch]:
    given = list(enumerate(_figures(worlds)))
    for start in range(0, len(given), BATCH):
        yield given[start : start + BATCH]


@dataclass(frozen=True)
class PlansTask:
    """What every process needs to know that works plans out.

    Attributes
    ----------
    case
        The case.
    plans
        First-stage choices.
    free
        Whether continuity that cannot be kept is left out.
    """

    case: Case
    plans: tuple[Choices, ...]
    free: bool = False

    def failed(self, sample: int, values: Values, message: str) -> list[Row]:
        """Return the rows of a world that ended its workers."""
        return [{"world": sample, "fault": message}]


@dataclass(frozen=True)
class EvaluationTask(PlansTask):
    """The same, for plans whose losses are asked for too.

    Attributes
    ----------
    shared
        Whether worlds share programs: all have those of the case, with other numbers.
    """

    shared: bool = False

    def worker(self, stop: Callable[[], bool]) -> Worker:
        """Return a worker."""
        return Worker(self, stop)


class Worker:
    """Works plans out in one world after another, all in the natural units of the case.

    Parameters
    ----------
    task
        What there is to do.
    stop
        Asked whether to stop.
    """

    def __init__(self, task: EvaluationTask, stop: Callable[[], bool]):
        self.task = task
        self.stop = stop
        _, self.units = natural_units(task.case)
        self._refilled = self._programs() if task.shared else None

    def _programs(self) -> Refilled | None:
        """Programs to be refilled, begun from where those of the case itself ended; None where they cannot be."""
        try:
            refilled = Refilled(shared_programs(self.task.case, ()), self.stop)
        except Unshared:
            return None
        refilled.put(self.task.case)
        for plan in self.task.plans:
            self._row(self.task.case, refilled.problem, refilled.patched.figures, plan)
        refilled.patched.remember()
        return refilled

    def begin(self) -> None:
        """Begin a batch; nothing is carried over from batch to batch."""
        if self._refilled is not None:
            self._refilled.patched.begin()

    def rows(self, sample: int, values: Values) -> list[Row]:
        """Return the rows of a world, one for each plan.

        Raises
        ------
        Stopped
            When it was told to stop.
        """
        case = case_of(self.task.case, values)
        problem, figures = self._ready(case)
        offer = Offer.of(case)
        return [
            {"world": sample, **self._row(case, problem, figures, fitting(plan, offer))} for plan in self.task.plans
        ]

    def _ready(self, case: Case) -> tuple[Problem, Figures]:
        """Programs with a world's numbers: the shared ones, else its own."""
        if self._refilled is not None:
            with contextlib.suppress(Moved, ArithmeticError):
                self._refilled.put(case)
                problem = self._refilled.problem
                problem.fixed_policy.solve_limits = SolveLimits.of(problem.case)
                return problem, self._refilled.patched.figures
        problem = Problem.natural(case, stop=self.stop, units=self.units)
        return problem, Figures(problem, warm=True)

    def _row(self, case: Case, problem: Problem, figures: Figures, plan: Choices) -> Row:
        try:
            return _outcome(problem, figures, plan, self.task.free)
        except ArithmeticError:
            pass
        return evaluated_row(case, plan)


def evaluated_row(case: Case, plan: Choices) -> Row:
    """Return what a plan yields, worked out from nothing; for a world whose programs come to no end otherwise."""
    try:
        found = evaluate(case, plan.policies, plan.qualified, plan.stockpile)
    except ArithmeticError as error:
        return {"fault": str(error)}
    return {
        "leverage": found.leverage,
        "counterpart_loss": found.counterpart_loss,
        "own_loss": found.own_loss,
        "supplied": not found.violations,
        "within": not found.violations,
        "fault": None,
    }


def _outcome(problem: Problem, figures: Figures, plan: Choices, free: bool) -> Row:
    """Return what a plan yields: the leader problem under it, then our operations alone."""
    choice = {**problem.all_open, **plan.policies}
    first = FirstStage.given(plan.qualified, plan.stockpile, problem.units)
    given = Given(problem, choice, first, figures.response_cost(choice))
    # With limits elastic there is always an optimum; only where one gives is it asked whether it must.
    found = given.elastic()
    account = None if found.solution is None else figures.account(choice, found.solution, first, basis=found.basis)
    gives = found.solution is None or problem.fixed_policy.gap_cost @ found.solution > 0
    columns, point = np.array(list(given.fixed), dtype=np.int64), np.array(list(given.fixed.values()))
    asked, stage = (choice, given.cost, given.constant, given.admin, point), HereAndNow(problem.fixed_policy, columns)
    if account is not None and gives and figures.breaches(account) and math.isfinite(stage.visit(*asked).leverage):
        strict = given.strict()
        account = account if strict.solution is None else figures.account(choice, strict.solution, first)
    if account is None:
        raise ArithmeticError(f"the leader problem ended with {found.termination!r}")
    money, breaches = problem.units.money, figures.breaches(account)
    supplied, within = all(breach.over for breach in breaches), not any(breach.over for breach in breaches)
    leverage, (theirs, ours) = account.leverage, account.decided_losses
    if free and breaches:
        visit = stage.visit(*asked, free=True)
        if math.isfinite(visit.leverage):
            leverage, ours = visit.leverage, ours + account.leverage - visit.leverage
            spent = account.spent, account.stockpile_value, -math.inf
            within = not resource_breaches(problem, choice, *spent, SolveLimits.of(problem.case))
    return {
        "leverage": leverage * money,
        "counterpart_loss": theirs * money,
        "own_loss": ours * money,
        "supplied": supplied,
        "within": within,
        "fault": None,
    }


def fitting(plan: Choices, offer: Offer) -> Choices:
    """Return a plan as far as a case offers it: lanes with a fixed cost, stockpiles up to their most."""
    return Choices(
        {regime: policy for regime, policy in plan.policies.items() if regime in offer.regimes},
        tuple(lane for lane in plan.qualified if lane in offer.lanes),
        {pair: min(amount, offer.most[pair]) for pair, amount in plan.stockpile.items() if pair in offer.most},
    )
