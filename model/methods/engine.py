"""A case solved again and again under different terms: responses worked out once, bounds shared."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..certify.planning import Facts, first_stage_of, make_plan, no_plan
from ..certify.restoring import RestoringMonitor
from ..follower.combinations import Candidates
from ..follower.enumerate import Enumerator, policy_indices_of
from ..formulation.linking import Choice
from ..leader.branch_and_cut import few
from ..leader.cuts import Relaxation
from ..leader.problem import LAST_SECONDS, Problem
from ..plan.limits import SolveLimits
from ..plan.monitor import Monitor, Stopped
from ..plan.plan import Plan
from ..solver.highs import Outcome
from .best_first import BestFirstSearch, SearchResult
from .cut_pool import CutPool

if TYPE_CHECKING:
    from ...data import Case


MANY = 5_000
"""Candidates from which on a good plan is looked for before any proof."""


@dataclass(frozen=True)
class Found:
    """What a search under some terms ended with.

    Attributes
    ----------
    solve_limits
        The terms.
    choice
        Best policies; None where there is no plan.
    leverage, bound
        Leverage of the best plan (-inf where there is none) and proven upper bound.
    solution : array or None, shape (columns,)
        Columns of the leader problem.
    sourcing_only
        Best leverage with every regime open; None where there is no such plan.
    result
        Counts of the search.
    seconds
        Time it took.
    """

    solve_limits: SolveLimits
    choice: Choice | None
    leverage: float
    bound: float
    solution: np.ndarray | None
    sourcing_only: float | None
    result: SearchResult
    seconds: float


class Engine:
    """A case ready to be solved under one set of terms after another.

    Parameters
    ----------
    case
        A checked case.
    widest
        The widest terms that will be asked for; default: the case's.
    threads
        Processes that work out responses.
    log
        File for the solver's log.
    monitor
        Told of progress.
    stop
        Asked whether to stop, results so far kept.
    problem, enumerator, candidates
        The case made ready to solve, who works out responses, and the combinations that the terms allow, where they are there
        already.

    Attributes
    ----------
    stop, report
        As given; `report` is told of incumbent and bound.
    hurried
        Whether to leave the enumeration as it is, for the search to have some time.

    Raises
    ------
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    """

    def __init__(
        self,
        case: Case,
        *,
        widest: SolveLimits | None = None,
        threads: int = 1,
        log: str | None = None,
        monitor: Monitor | None = None,
        stop: Callable[[], bool] | None = None,
        problem: Problem | None = None,
        enumerator: Enumerator | None = None,
        candidates: Candidates | None = None,
    ):
        self.monitor = monitor or Monitor()
        self.stop = stop or self.monitor.stop
        self.report: Callable[[float, float], None] = self.monitor.bounds
        self.hurried: Callable[[], bool] = lambda: False
        self.problem = problem or Problem(case, log, self.stop)
        self._enumerator = enumerator
        self._cut_pool: CutPool | None = None
        self.widest = widest or SolveLimits.of(case)
        self.threads = threads
        self.complete = True
        self._opened: dict[tuple[SolveLimits, tuple[int, ...]], tuple[Relaxation | None, Outcome]] = {}
        self.monitor.stage("build", 0)
        self.candidates = candidates or Candidates(self.problem.network, self.widest)
        self.count = len(self.candidates)

    @classmethod
    def natural(
        cls,
        case: Case,
        *,
        widest: SolveLimits | None = None,
        threads: int = 1,
        log: str | None = None,
        monitor: Monitor | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Engine:
        """Return the engine of a case in its natural units.

        Its terms and what it finds are in these units (``engine.problem.units``); its plans are in those of the case.

        Parameters
        ----------
        case, threads, log, monitor, stop
            As of the engine.
        widest
            The widest terms that will be asked for, in the units of the case.

        Raises
        ------
        TooManyCombinations
            When the policy combinations cannot be enumerated.
        """
        monitor = monitor or Monitor()
        stop = stop or monitor.stop
        problem = Problem.natural(case, log, stop)
        return cls(
            problem.case,
            widest=None if widest is None else widest.natural(problem.units),
            threads=threads,
            monitor=RestoringMonitor(monitor, case, problem.units.money),
            stop=stop,
            problem=problem,
        )

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that work out responses."""
        if self._cut_pool is not None:
            self._cut_pool.enumerator.close()

    @property
    def cut_pool(self) -> CutPool:
        """Candidates with their responses worked out."""
        if self._cut_pool is None:
            self._cut_pool = self._work_out_responses()
        return self._cut_pool

    @property
    def enumerator(self) -> Enumerator:
        """Who works out responses."""
        if self._enumerator is None:
            self._enumerator = Enumerator(self.problem.response, self.threads, self.stop, self.problem.stop)
        return self._enumerator

    def _work_out_responses(self) -> CutPool:
        problem, enumerator = self.problem, self.enumerator
        self.monitor.stage("responses", self.candidates.steps)
        stop, enumerator.stop = enumerator.stop, lambda: self.stop() or self.hurried()
        try:
            self.complete = self.candidates.work_out(
                enumerator, problem.status_quo.response_cost, problem.open_outputs, self.monitor.advance
            )
        finally:
            enumerator.stop = stop
        return CutPool(self.candidates, enumerator)

    def forget_programs(self) -> None:
        """Forget what hangs on the leader problem, which holds more scenarios now; responses and cuts hold."""
        self._opened.clear()

    @property
    def reason(self) -> str:
        """Why the combinations can be enumerated."""
        if not self.problem.network.menu:
            return "there is no policy to choose"
        components = len(self.candidates.components)
        groups = "one group of regimes" if components == 1 else f"{components} independent groups of regimes"
        return f"the {self.candidates.steps:,} responses of {groups} can be enumerated"

    def all_open(self, solve_limits: SolveLimits) -> tuple[Relaxation | None, Outcome]:
        """All open worked out under some terms, once: the plan to fall back on."""
        key = (solve_limits, self.problem.fixed_policy.held)
        if key not in self._opened:
            self._opened[key] = self._work_out_open()
        return self._opened[key]

    def _work_out_open(self) -> tuple[Relaxation | None, Outcome]:
        """All open's relaxation, None where there is nothing that it could bound, and its outcome."""
        problem = self.problem
        cost = problem.status_quo.response_cost
        constant = problem.constant(cost, 0.0)
        alone = not problem.network.menu and problem.fixed_policy.binaries.size > few(problem.leader_problem)
        relaxation = None if alone else problem.fixed_policy.relax(problem.all_open, cost, constant, 0.0)
        return relaxation, problem.fixed_policy.best(problem.all_open, cost, constant, 0.0)

    def search(
        self,
        solve_limits: SolveLimits | None = None,
        rel_gap: float | None = None,
        *,
        allowed: np.ndarray | None = None,
        shut: Sequence[int] = (),
        hint: Choice | None = None,
        rival: Callable[[], float] = lambda: -math.inf,
        settled: bool = True,
        fallback: bool = True,
    ) -> Found:
        """Find the best choice under terms no wider than the engine's.

        Parameters
        ----------
        terms
            Default: the widest.
        rel_gap
            Relative gap at which to stop; default: the case's.
        allowed : array of bool, shape (candidates,), optional
            Candidates that may be chosen; all open must be among them. Default: all that keep the terms.
        shut
            First-stage columns of the leader problem that must stay 0.
        hint
            Policies that are likely to be among the best: what bounds them is worked out first.
        rival
            As of `BestFirstSearch`.
        settled
            As of `BestFirstSearch.run`.
        fallback
            Whether a plan with every regime open is worked out before anything else; without it ``sourcing_only`` is known only
            where the search comes across it.
        """
        if shut:
            whole = self.cut_pool
            # What is learnt with columns shut holds for this search alone.
            self._cut_pool = whole.branch()
            self.problem.fixed_policy.shut(shut)
            try:
                return self._search(solve_limits, rel_gap, allowed, hint, rival, settled, fallback)
            finally:
                self.problem.fixed_policy.shut(())
                self._cut_pool = whole
        return self._search(solve_limits, rel_gap, allowed, hint, rival, settled, fallback)

    def _search(
        self,
        solve_limits: SolveLimits | None,
        rel_gap: float | None,
        allowed: np.ndarray | None,
        hint: Choice | None,
        rival: Callable[[], float],
        settled: bool,
        fallback: bool,
    ) -> Found:
        began = time.perf_counter()
        solve_limits = solve_limits or self.widest
        rel_gap = self.problem.case.settings.solver.rel_gap if rel_gap is None else rel_gap
        problem = self.problem
        problem.fixed_policy.solve_limits = solve_limits
        relaxation, outcome = None, None
        if fallback:
            # All open first: whatever stops the search, there is a plan to fall back on.
            relaxation, outcome = self.all_open(solve_limits)
        cut_pool, candidates = self.cut_pool, self.candidates
        self.monitor.stage("search", 0)
        constant = problem.constant(candidates.cost, candidates.admin)
        search = BestFirstSearch(
            problem.fixed_policy,
            cut_pool,
            candidates.allowed(solve_limits) if allowed is None else candidates.allowed(solve_limits) & allowed,
            constant,
            rel_gap,
            self.stop,
            # The search bounds what was worked out, and nothing else.
            self.report if self.complete else lambda incumbent, _: self.report(incumbent, math.inf),
            rival=rival,
        )
        first = candidates.find(tuple(0 for _ in candidates.regimes))
        assert first is not None
        if relaxation is not None:
            search.learn(first, relaxation)
        if outcome is not None:
            search.record(first, outcome)
        hinted = None if hint is None else candidates.find(policy_indices_of(hint, problem.network.menu))
        with suppress(Stopped):
            if not fallback:
                search.open_with(first)
            if hinted is not None and hinted != first and search.guess[hinted] > search.threshold():
                search.relax(hinted)
            if not self.complete or len(candidates) > MANY:
                search.plunge()
        result = search.run(settled)
        bound = result.bound
        if not self.complete or bound == math.inf:
            bound = self._capped(search)
        opened = search.columns.get(first)
        sourcing_only = -math.inf if opened is None else opened.leverage
        best = search.best
        return Found(
            solve_limits,
            None if best is None else candidates.choice(best.place),
            search.incumbent,
            bound,
            None if best is None else best.outcome.solution,
            None if sourcing_only == -math.inf else sourcing_only,
            result,
            time.perf_counter() - began,
        )

    def _capped(self, search: BestFirstSearch) -> float:
        """Bound where the search proves none, or not for all: by the most that leverage can be under any policies."""
        problem = self.problem
        try:
            with problem.unstoppable(LAST_SECONDS):
                ceiling = problem.ceiling()
                search.cap(ceiling)
                if self.complete:
                    return search.bound()
                return max(search.bound(), problem.constant(problem.response_ceiling(), 0.0) + ceiling)
        except Stopped:
            return math.inf

    def plan(self, found: Found, rel_gap: float | None = None, began: float | None = None) -> Plan:
        """Return the plan of a search, every figure recomputed and certified.

        Parameters
        ----------
        found
            What the search ended with.
        rel_gap
            Relative gap at which the plan counts as optimal; default: the case's.
        began
            When the work began, by ``time.perf_counter``; default: with the search.

        Raises
        ------
        CertificateError
            When the answer does not survive its check.
        """
        problem, candidates, result = self.problem, self.candidates, found.result
        rel_gap = problem.case.settings.solver.rel_gap if rel_gap is None else rel_gap
        began = time.perf_counter() - found.seconds if began is None else began
        facts = {
            "method": "columns",
            "reason": self.reason,
            "termination": "stopped" if self.stop() else "finished",
            "combinations": self.count,
            "responses": candidates.steps,
            "programs": result.worked_out,
            "relaxations": result.relaxations,
            "face_solves": result.face_solves,
            "nodes": result.nodes,
        }
        if found.choice is None or found.solution is None:
            status = "infeasible" if found.bound == -math.inf else "unknown"
            return no_plan(problem, status, found.bound, facts, began)
        self.monitor.stage("certificate", 0)
        with problem.unstoppable():
            cost = problem.response_cost(found.choice)
            return make_plan(
                problem,
                Facts(found.choice, cost, found.leverage, found.bound, rel_gap, found.sourcing_only, facts),
                found.solution,
                first_stage_of(problem, found.solution),
                began,
            )
