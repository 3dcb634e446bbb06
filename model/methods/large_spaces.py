"""One plan by one method or by several side by side: a plan to fall back on, local search, a proof (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..certify.figures import Figures
from ..certify.planning import Facts, first_stage_of, make_plan, no_plan
from ..formulation.single_level import coupled
from ..leader.problem import Problem
from ..leader.working_set import Unheld, extended, first_set
from ..plan.clock import Clock
from ..plan.limits import SolveLimits
from ..plan.monitor import Monitor, Stopped
from ..plan.plan import Plan
from .decomposition.master import SubnetworkMaster
from .engine import Engine
from .enumeration import Enumeration
from .local_search import LocalSearch, Worked
from .narrowing import Narrowing
from .portfolio import QUICK_NODES, Method, Race, run
from .rows.rows import Rows

MANY = 5_000
"""Responses to enumerate from which on others may be sooner."""

RUNGS = (0.125, 0.25, 0.5)
"""Of `LocalSearch.search`, where responses are cheap."""

TRIAL, PROMISING = 8, 4
"""Solves of the master program of rows that come before pieces and many columns; after so many no more, unless they come close."""

CLOSE = 0.05
"""Relative gap that is close."""

TRIAL_SHARE = 0.1
"""Share of the time limit that they may take."""

PATIENT = 0.2
"""Share of the time limit after which the single program begins beside another method, where its patience would be longer."""

HURRY = 0.25
"""Share of the time limit that is left to the search where the enumeration would take all of it."""

LAST_PLAN = 10.0
"""Seconds for what sourcing alone can do in all scenarios, where the time is up before a search has held all that bind."""


@dataclass(frozen=True)
class Entry:
    """How a method runs.

    Attributes
    ----------
    build
        Builds it, as of `portfolio.Method`; None: the single program alone.
    local
        Whether local search comes first, even where responses are not cheap and our side depends on none.
    patience
        Where the method was chosen and not asked for: seconds after which the single program begins beside it.
    """

    build: Callable[..., Method] | None
    local: bool
    patience: float


METHODS = {
    "columns": Entry(Enumeration, local=False, patience=20.0),
    "pieces": Entry(SubnetworkMaster, local=True, patience=2.0),
    "rows": Entry(Rows, local=False, patience=20.0),
    "program": Entry(None, local=True, patience=math.inf),
}
"""All methods, by name; a method joins by one entry."""


@dataclass(frozen=True)
class Job:
    """What is to be solved, and how.

    Attributes
    ----------
    problem
        The case, ready to solve; stopped by the clock.
    solve_limits
        The case's limits.
    method, reason
        One of `METHODS`, and why it was taken.
    chosen
        Whether it was chosen for the case, and not asked for: then the single program may run beside it.
    rel_gap
        Relative gap at which the plan counts as optimal.
    clock
        When to stop.
    monitor
        Told of progress.
    threads
        Processes that work out responses.
    solver
        Pyomo's name of the solver of the single program, where it is not HiGHS.
    """

    problem: Problem
    solve_limits: SolveLimits
    method: str
    reason: str
    chosen: bool
    rel_gap: float
    clock: Clock
    monitor: Monitor
    threads: int = 1
    solver: str | None = None


def solve_by(job: Job) -> Plan:
    """Find the best plan, and prove how good it is.

    Raises
    ------
    SolverError
        When that solver comes to no answer.
    Stopped
        When the time was up before all open was worked out.
    TooManyCombinations
        When the method enumerates what is too much.
    CertificateError
        When the answer does not survive its check.
    """
    problem, clock, engine = job.problem, job.clock, None
    if METHODS[job.method].build is Enumeration:
        engine = Engine(
            problem.case, widest=job.solve_limits, threads=job.threads, monitor=job.monitor, problem=problem
        )
        engine.hurried = lambda: clock.passed + clock.kept >= (1.0 - HURRY) * clock.seconds
        job = replace(job, reason=engine.reason)
    held = first_set(problem.network)
    try:
        while True:
            problem.hold(held)
            try:
                return _attempt(job, engine)
            except Unheld as found:
                if clock.up():
                    # The bound of the search holds; there is no time to look for a better plan that all scenarios allow.
                    return _sourcing_alone(job, found.bound)
                held = extended(problem.network, held or problem.network.scenarios, found.scenarios)
                if engine is not None:
                    engine.forget_programs()
    finally:
        if engine is not None:
            engine.close()
            job.monitor.enumerated(engine)


def _sourcing_alone(job: Job, bound: float) -> Plan:
    """Return what sourcing alone can do in all scenarios, beside the bound of a search that left some out."""
    problem, choice = job.problem, job.problem.all_open
    facts = {"method": job.method, "reason": job.reason, "termination": "stopped"}
    problem.hold(None)
    outcome = None
    with suppress(Stopped), problem.unstoppable(LAST_PLAN):
        cost = problem.status_quo.response_cost
        problem.fixed_policy.solve_limits = job.solve_limits
        outcome = problem.fixed_policy.best(choice, cost, problem.constant(cost, 0.0), 0.0)
    if outcome is None or outcome.solution is None or outcome.objective is None:
        return no_plan(problem, "unknown", bound, facts, job.clock.began)
    leverage = -outcome.objective
    alone = leverage if outcome.optimal else None
    with problem.unstoppable():
        return make_plan(
            problem,
            Facts(choice, cost, leverage, max(bound, leverage), job.rel_gap, alone, facts),
            outcome.solution,
            first_stage_of(problem, outcome.solution),
            job.clock.began,
        )


def _attempt(job: Job, engine: Engine | None) -> Plan:
    """Find the best plan over the scenarios that the leader problem holds.

    Raises
    ------
    Unheld
        Where other scenarios are in its way.
    """
    problem, solve_limits, rel_gap, clock, monitor = (
        job.problem,
        job.solve_limits,
        job.rel_gap,
        job.clock,
        job.monitor,
    )
    entry, method, reason = METHODS[job.method], job.method, job.reason
    began, built = clock.passed, problem.build_seconds
    trials = LocalSearch(problem, solve_limits, problem.stop)
    problem.fixed_policy.rel_gap = rel_gap / 2
    if not problem.network.menu:
        # One choice of policies alone: what bounds it bounds all.
        problem.fixed_policy.report = monitor.bounds
    if engine is None:
        monitor.stage("build", 0)
    # All open first: whatever stops the search, there is a plan to fall back on.
    opened = _all_open(solve_limits, trials, engine)
    # The certificate solves the like of it again, twice.
    clock.keep_back(2 * (clock.passed - began - (problem.build_seconds - built)))
    patience = min(entry.patience, PATIENT * clock.seconds) if job.chosen else math.inf
    race = Race(problem, trials, rel_gap, clock, monitor, patience, job.solver)
    trials.stop = race.stop
    facts: dict[str, Any] = {}
    ran = method
    try:
        # Where local search is interrupted, what it has offered holds.
        with suppress(Stopped):
            facts, ran = _prove(method, race, solve_limits, engine, job.chosen)
            trials.stop = clock.up
            # Who was first must not decide: where others took part in the plan, ties are settled by one rule for all.
            if engine is None or race.won or race.helped or ran != method:
                trials.simplify()
    finally:
        race.close()
    counted = engine is None or race.won or ran != method
    if race.won and method != "program":
        reason += f"; sooner than {method}, which ran beside it" if race.joined else "; small enough to be tried first"
        facts, method = {**facts, **race.program_facts()}, "program"
    elif ran != method:
        reason, method = f"{reason}; {ran} came first", ran
    counts = {"responses": trials.responses, "programs": trials.programs, "relaxations": trials.relaxations}
    facts = {
        "method": method,
        "reason": reason,
        "termination": "stopped" if clock.up() else "finished",
        **(counts if counted else {}),
        **facts,
    }
    monitor.stage("certificate", 0)
    bound = race.bound if race.bound < math.inf else problem.last_resort()
    with problem.unstoppable():
        return _plan(problem, trials, opened, bound, rel_gap, facts, clock.began)


def _plan(
    problem: Problem,
    trials: LocalSearch,
    opened: Worked,
    bound: float,
    rel_gap: float,
    facts: dict[str, Any],
    began: float,
) -> Plan:
    """Return the incumbent's plan, certified; or that there is none."""
    best = trials.best
    if best is None or best.outcome.solution is None:
        return no_plan(problem, "infeasible" if bound == -math.inf else "unknown", bound, facts, began)
    if opened is not best and opened.outcome.solution is not None:
        # What sourcing alone can do is shown beside the plan: it too must keep the limits of all scenarios.
        figures, claimed = Figures(problem), max(bound, best.leverage)
        figures.refuse_unheld(problem.all_open, opened.outcome.solution, opened.leverage, claimed)
    return make_plan(
        problem,
        Facts(
            trials.choice(best.trial.policy_indices),
            best.trial.cost,
            best.leverage,
            max(bound, best.leverage),
            rel_gap,
            None if opened.outcome.objective is None else opened.leverage,
            facts,
        ),
        best.outcome.solution,
        first_stage_of(problem, best.outcome.solution),
        began,
    )


def _all_open(solve_limits: SolveLimits, trials: LocalSearch, engine: Engine | None) -> Worked:
    """All open worked out, and offered."""
    policy_indices = (0,) * len(trials.sizes)
    if engine is None:
        opened = trials.work_out(trials.respond(policy_indices))
    else:
        _, outcome = engine.all_open(solve_limits)
        opened = trials.worked(policy_indices, trials.problem.status_quo.response_cost, outcome)
    trials.offer(opened)
    return opened


def _prove(
    method: str, race: Race, solve_limits: SolveLimits, engine: Engine | None, chosen: bool
) -> tuple[dict[str, Any], str]:
    """Run a method, or the single program; return what there is to say of it, and which method came last."""
    entry = METHODS[method]
    problem, trials, clock = race.problem, race.trials, race.clock
    race.monitor.stage("search", 0)
    many = entry.build is not Enumeration or (engine is not None and engine.candidates.steps > MANY)
    tried = chosen and many and race.small()
    facts: dict[str, Any] = {}
    trial = chosen and many and not tried and entry.build in (SubnetworkMaster, Enumeration)
    local = entry.local or tried or coupled(problem.network)
    if local and engine is None and not trial and not clock.up():
        trials.search(RUNGS if race.small() else ())
        race.monitor.bounds(trials.leverage, math.inf)
    if trial:
        # Where rows are close, they are sooner; where they are not, their plan and their bound are a start.
        facts = _try_rows(race, solve_limits)
        if race.over():
            return facts, "rows"
    if entry.build is None:
        if race.small() and race.solver is None:
            race.solve_here(log=problem.log)
        else:
            race.solve_beside(problem.log)
        return race.program_facts(), method
    if tried and not clock.up():
        race.solve_here(QUICK_NODES)
        if race.over():
            return {}, method
    more = {} if engine is None else {"engine": engine}
    build = Narrowing if chosen and entry.build is Rows else entry.build
    facts |= run(lambda: build(problem, solve_limits, trials, race.gap, race.stop, race.report, **more), race)
    return facts, method


def _try_rows(race: Race, solve_limits: SolveLimits) -> dict[str, Any]:
    """Run rows for as many rounds as `TRIAL`; return what there is to say of them."""
    tried: list[Narrowing] = []
    late = race.clock.passed + TRIAL_SHARE * race.clock.seconds

    def build() -> Narrowing:
        tried.append(Narrowing(race.problem, solve_limits, race.trials, race.gap, stop, race.report))
        return tried[0]

    def stop() -> bool:
        if tried and tried[0].narrowed:
            return race.stop()
        rounds = tried[0].rounds if tried else 0
        most = TRIAL if race.bound <= race.trials.enough(CLOSE) else PROMISING
        return race.stop() or race.clock.passed > late or rounds >= most

    # Whatever ails them, pieces go on.
    with suppress(ArithmeticError):
        return run(build, race, last=False)
    return {}
