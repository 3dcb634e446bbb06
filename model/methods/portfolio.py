"""Methods that prove one plan side by side: one incumbent, the best of their bounds (docs/scale.md).

A method is a class with one protocol (`Method`). It works on a `Problem` and shares the incumbent through `LocalSearch`: it
offers every combination that it works out, and reads from there what is to be beaten. It asks `stop` between its steps, where
neither the evaluator nor the trials are in use: that is where news of other methods come in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from ..certify.certificate import money_scale
from ..leader.problem import Problem
from ..plan.clock import Clock
from ..plan.monitor import Monitor, Stopped
from ..plan.tolerances import CERTIFICATE, SMALL_CERTIFICATE
from .companion import Companion, News
from .local_search import LocalSearch
from .pyomo_solver import Found, SolverError
from .single_level import SingleLevelProgram, Start

PULSE = 0.05
"""Seconds between two looks at the news of a companion."""

SMALL = 20_000
"""Entries of the response, times policies, up to which the single program is solved in this process: it is never deaf for long."""

QUICK_NODES = 200
"""Nodes of a small program before another method begins."""

QUICK_SHARE = 0.2
"""Share of the time left that these may take."""


class Method(Protocol):
    """A way to prove how good a plan can be.

    Built with (problem, terms, trials, gap, stop, report): the case ready to solve, the limits, the incumbent, the relative gap at
    which to stop, what is asked between steps, and what is told (incumbent, bound) when either moves.
    """

    def run(self) -> float:
        """Work until the gap is closed, nothing is left or `stop` says so; return the proven bound, inf where there is none."""

    def facts(self) -> dict[str, Any]:
        """Return what there is to say of the work: counts by name, for ``plan.solve``."""


class Race:
    """Another method, and the single program beside it in a process of its own once that seems worth it.

    Parameters
    ----------
    problem, trials, gap
        As of `Method`.
    clock
        When to stop.
    monitor
        Told of incumbent and bound.
    patience
        Seconds of the other method after which the program begins; inf: never.
    solver
        Pyomo's name of the solver of the program, where it is not HiGHS.

    Attributes
    ----------
    helped
        Whether a plan of the program was the best for a while.
    """

    def __init__(
        self,
        problem: Problem,
        trials: LocalSearch,
        gap: float,
        clock: Clock,
        monitor: Monitor,
        patience: float = math.inf,
        solver: str | None = None,
    ):
        self.problem = problem
        self.trials = trials
        self.gap = gap
        self.clock = clock
        self.monitor = monitor
        self.own = math.inf
        self.program = News()
        self.patience = patience
        self.solver = solver
        self.helped = False
        self._start = clock.passed + patience
        self._looked = -math.inf
        self._companion: Companion | None = None

    @property
    def bound(self) -> float:
        """The best proven bound."""
        return min(self.own, self.program.bound)

    @property
    def joined(self) -> bool:
        """Whether the program ran as well."""
        return self._companion is not None

    @property
    def won(self) -> bool:
        """Whether it was the program that closed the gap."""
        enough = self.trials.enough(self.gap)
        return self.program.bound <= enough < self.own

    def over(self) -> bool:
        """Whether the gap is closed or the time is up."""
        return self.clock.up() or self.bound <= self.trials.enough(self.gap)

    def report(self, incumbent: float, bound: float) -> None:
        """Take note of what the other method has proven."""
        self.own = min(self.own, bound)
        self.monitor.bounds(max(incumbent, self.trials.leverage), self.bound)

    def stop(self) -> bool:
        """Whether the other method is to stop; hears the program's news, and starts it when it is time."""
        if not self.over() and self.clock.passed - self._looked >= PULSE:
            self._looked = self.clock.passed
            if self._companion is None and self.clock.passed >= self._start:
                self.begin()
            self._hear(0.0)
        return self.over()

    def begin(self) -> None:
        """Start the program in a process of its own."""
        try:
            self._companion = Companion(self.problem, self.trials.best, self.gap, self.clock.left)
        except OSError:
            # There can be no other process: the method goes on alone.
            self._start = math.inf

    def _hear(self, seconds: float) -> None:
        while self._companion is not None and not self._companion.ended:
            news = self._companion.news(seconds)
            if news is None:
                return
            self.take(news)

    def take(self, news: News) -> None:
        """Take note of what the program has found.

        Raises
        ------
        SolverError
            Where its solver came to no answer.
        """
        if self.solver is not None and news.found is None:
            raise SolverError(news.failure or f"solver {self.solver!r} ended without an answer")
        if news.policy_indices is not None and (
            self.trials.best is None or news.policy_indices != self.trials.best.trial.policy_indices
        ):
            worked = self.trials.work_out(self.trials.respond(news.policy_indices), self.trials.leverage)
            self.helped |= self.trials.offer(worked)
        bound = min(self.program.bound, news.bound)
        if self.trials.best is not None and bound < self.trials.leverage - self._doubt:
            # A plan that was worked out is more: the program's tolerances hide it, and it proves nothing.
            bound = math.inf
        self.program = News(bound, None, news.end, news.nodes, news.rows, news.columns, news.found)
        self.monitor.bounds(self.trials.leverage, self.bound)

    @property
    def _doubt(self) -> float:
        """Money by which the program's bound may lie below the leverage of a plan."""
        return CERTIFICATE * max(abs(self.trials.leverage), SMALL_CERTIFICATE * money_scale(self.problem))

    def wait(self) -> None:
        """Wait for the program, where it runs and may still close the gap."""
        while self._companion is not None and not self._companion.ended and not self.over():
            self._hear(PULSE)

    def close(self) -> None:
        """End the program."""
        if self._companion is not None:
            self._companion.close()

    # The program alone ------------------------------------------------------------------------------------------------------

    def small(self) -> bool:
        """Whether the program is small enough for this process."""
        network = self.problem.network
        return self.problem.response.program.matrix.nnz * max(map(len, network.menu.values()), default=1) <= SMALL

    def solve_here(self, nodes: int | None = None, log: str | None = None) -> None:
        """Solve the program in this process, as far as so many nodes take it."""
        single = SingleLevelProgram(self.problem.network, self.problem.constant(0.0, 0.0), self.problem.scenarios)
        rows, columns = single.compiled.program.matrix.shape
        best = self.trials.best
        start = None if best is None else Start.of(self.problem, best)
        seconds = self.clock.left * (1.0 if nodes is None else QUICK_SHARE)

        def tell(policy_indices: Any, bound: float) -> None:
            self.monitor.bounds(self.trials.leverage, min(self.bound, bound))

        answer = single.solve(start, self.gap, seconds, self.clock.up, tell, log, nodes)
        self.take(
            News(answer.bound, answer.policy_indices, answer.outcome.termination, answer.outcome.nodes, rows, columns)
        )

    def solve_beside(self, log: str | None = None) -> None:
        """Solve the program in a process of its own, and wait for it."""
        try:
            self._companion = Companion(self.problem, self.trials.best, self.gap, self.clock.left, log, self.solver)
        except OSError as error:
            if self.solver is not None:
                raise SolverError(f"there can be no process for solver {self.solver!r}: {error.strerror}") from error
            self.solve_here(log=log)
        self.wait()

    def program_facts(self) -> dict[str, Any]:
        """Counts of the program."""
        news = self.program
        facts = {"nodes": news.nodes, "program_rows": news.rows, "program_columns": news.columns}
        return facts if self.solver is None else {**facts, **self._solver_facts(news.found)}

    def _solver_facts(self, found: Found | None) -> dict[str, Any]:
        """What another solver ended with, as it says itself; money in the units of the case as it was given."""
        if found is None:
            return {"solver": self.solver, "solver_termination": "ended before it had an answer"}
        money = self.problem.units.money
        return {
            "solver": self.solver,
            "solver_version": found.version,
            "solver_termination": found.termination,
            "solver_incumbent": None if found.incumbent is None else found.incumbent * money,
            "solver_bound": found.bound * money if math.isfinite(found.bound) else None,
        }


def run(method: Callable[[], Method], race: Race, last: bool = True) -> dict[str, Any]:
    """Run a method in a race; return what there is to say of it.

    Parameters
    ----------
    method
        Builds it.
    race
        Told of its bound.
    last
        Whether no other method follows: then the program is waited for.

    Raises
    ------
    ArithmeticError
        When the method comes to no end and, of the last one, the program does not either.
    """
    facts: dict[str, Any] = {}
    failed: ArithmeticError | None = None
    try:
        # Where a program is interrupted, all that was reported before holds.
        with suppress(Stopped):
            built = method()
            try:
                race.own = min(race.own, built.run())
            finally:
                facts = built.facts()
    except ArithmeticError as error:
        failed = error
        if last and not race.joined and race.patience < math.inf:
            race.begin()
    if last:
        race.wait()
    if failed is not None and race.program.bound > race.trials.enough(race.gap):
        raise failed
    return facts
