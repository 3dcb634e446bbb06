"""Why each decision is in a plan: worked out without it, decision by decision, from the responses that are known."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ...model.follower.combinations import TooManyCombinations
from ...model.leader.problem import Problem
from ...model.methods.engine import Engine
from ...model.plan.choices import POLICY
from ...model.plan.clock import Clock
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.what_if import WHAT_IF
from .effort import MOST, Effort
from .what_if import what_if
from .without import Without, decisions_of

if TYPE_CHECKING:
    from ...model import Plan


def with_reasons(
    plan: Plan,
    *,
    engine: Engine | None = None,
    problem: Problem | None = None,
    rel_gap: float | None = None,
    threads: int = 1,
    seconds: float = math.inf,
    most: int = MOST,
    stop: Callable[[], bool] | None = None,
    monitor: Monitor | None = None,
) -> Plan:
    """Return a plan that says what each of its decisions is for, and what other policies and budgets would give.

    Every decision is given up in turn: once with all else chosen anew, which says what the plan loses without it, and once
    with all else kept, which says what scenario and limit need it. Where the combinations of policies are too many to be
    enumerated the other policies are kept in both, and the loss is the most that it can be.

    Parameters
    ----------
    plan
        A plan; one without a leverage, that breaks limits, or for many worlds stays as it is.
    engine, problem
        What its solve left: the combinations with their responses, the case made ready. Default: worked out again.
    rel_gap
        Relative gap of the plans without a decision; default: the case's.
    threads
        Processes that work out responses, where they have to be.
    seconds
        Time after which no more is begun, such as what a time limit leaves; nothing but its cost is known of a decision not
        looked at by then.
    most
        Beats after which no more is begun, as `Effort` counts them: where these end first the same case has the same reasons.
    stop
        Asked whether to stop; what was found so far is kept.
    monitor
        Told of stage ``reasons``.

    Returns
    -------
    Plan
        With ``reasons``, a row a decision as of `Without.reason`, and the table ``what_if``, as of `what_if`.
    """
    if plan.leverage is None or plan.violations or plan.worlds is not None or seconds <= 0:
        return plan
    monitor = monitor or Monitor()
    clock = Clock(seconds, stop or monitor.stop)
    rel_gap = plan.case.settings.solver.rel_gap if rel_gap is None else rel_gap
    reasons: list[dict[str, Any]] = []
    tables = dict(plan.tables)
    decisions = decisions_of(plan)
    effort = Effort(clock.up, most)
    with _ready(plan, engine, problem, threads, effort) as (ready, found), contextlib.suppress(Stopped):
        monitor.stage("reasons", len(decisions))
        effort.begin()
        without = Without(ready, plan, found, rel_gap, effort.up)
        # Purchases first, which take little; what needs a decision before what is lost without it, which takes longer.
        order = sorted(range(len(decisions)), key=lambda place: decisions[place].kind == POLICY)
        reasons = [without.unknown(decision) for decision in decisions]
        for place in order:
            if not effort.up():
                reasons[place] |= without.kept(decisions[place])
        for done, place in enumerate(order):
            if effort.up():
                break
            # What one decision does not use is left to those after it, and to what other policies give.
            with effort.share(len(order) - done + 1), contextlib.suppress(Stopped):
                reasons[place] |= without.anew(decisions[place])
            monitor.advance(done + 1, len(decisions))
        if found is not None and found.candidates.regimes and not clock.up():
            # With no effort left it says what is known by then, which bounds all combinations.
            tables[WHAT_IF] = what_if(found, plan, rel_gap, effort.up)
    known = tuple(reasons) if any(reason["scenario"] is not None for reason in reasons) else ()
    return dataclasses.replace(plan, reasons=known, tables=tables)


@contextlib.contextmanager
def _ready(
    plan: Plan, engine: Engine | None, problem: Problem | None, threads: int, effort: Effort
) -> Iterator[tuple[Problem, Engine | None]]:
    """Give the case made ready to solve, and its combinations where they can be enumerated; both stop with the effort."""
    with contextlib.ExitStack() as held:
        if engine is None:
            problem = problem or Problem.natural(plan.case)
            with contextlib.suppress(TooManyCombinations):
                # Nothing is reported of searches that are not the plan's.
                engine = held.enter_context(Engine(problem.case, problem=problem, threads=threads))
        if engine is not None:
            problem = engine.problem
            told = engine.monitor, engine.report, engine.stop, engine.hurried
            engine.monitor, engine.report = Monitor(), lambda incumbent, bound: None
            engine.stop, engine.hurried = effort.up, lambda: False
            held.callback(_give_back, engine, told)
        assert problem is not None
        held.enter_context(problem.asking(effort.beat))
        # What is asked from here on differs from what was solved before in few policies and binaries.
        solver = problem.fixed_policy
        held.callback(setattr, solver, "nearby", solver.nearby)
        solver.nearby = True
        yield problem, engine if engine is None or (engine.cut_pool is not None and engine.complete) else None


def _give_back(engine: Engine, told: tuple[Any, ...]) -> None:
    engine.monitor, engine.report, engine.stop, engine.hurried = told
