"""Plans where the combinations of policies are too many to enumerate: small steps, then a proof (model.md section 6)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from ..certify.certificate import Facts, first_stage_of, make_plan, no_plan
from ..leader.problem import Problem
from ..plan.limits import Terms
from ..plan.monitor import Monitor
from ..plan.plan import Plan
from .decomposition.components import Groups
from .decomposition.master import Overlaps
from .local_search import Trials
from .policy_tree.tree import Tree
from .single_level import Single


def solve_large(
    problem: Problem,
    terms: Terms,
    *,
    method: str,
    reason: str,
    rel_gap: float,
    began: float,
    time_limit: float,
    monitor: Monitor,
    stop: Callable[[], bool],
) -> Plan:
    """Find the best plan by small steps, then prove how good it is, by groups, pieces, tree or program.

    Parameters
    ----------
    problem
        The case, ready to solve.
    terms
        The case's limits.
    method, reason
        ``groups``, ``pieces``, ``tree`` or ``program``, and why it was taken.
    rel_gap
        Relative gap at which the plan counts as optimal.
    began, time_limit
        When the work began, by ``time.perf_counter``, and the seconds it may take.
    monitor, stop
        Told of progress; asked whether to stop.

    Raises
    ------
    TooManyCombinations
        When the method is ``groups`` or ``pieces`` and these cannot be enumerated.
    CertificateError
        When the answer does not survive its check.
    """
    monitor.stage("build", 0)
    trials = Trials(problem, terms, stop)
    # All open first: whatever stops the search, there is a plan to fall back on.
    opened = trials.work_out(trials.respond((0,) * len(trials.sizes)))
    trials.offer(opened)
    monitor.stage("search", 0)
    bound = math.inf
    facts: dict[str, Any] = {}
    if method == "groups":
        groups = Groups(problem, terms, trials, rel_gap, stop, monitor.bounds)
        bound = groups.run()
        facts = {"groups": len(groups.groups), "nodes": groups.rounds, "responses": trials.responses + groups.responses}
    elif not stop():
        trials.offer(trials.work_out(trials.improve(opened.trial.digits)))
        monitor.bounds(trials.leverage, math.inf)
        prove = {"program": _by_program, "pieces": _by_pieces}.get(method, _by_tree)
        bound, facts = prove(problem, terms, trials, rel_gap, time_limit - (time.perf_counter() - began), monitor, stop)
    if bound == math.inf:
        bound = problem.constant(problem.response_ceiling(), 0.0) + problem.ceiling()
    if not stop():
        trials.simplify()
    facts = {
        "method": method,
        "reason": reason,
        "termination": "stopped" if stop() else "finished",
        "responses": trials.responses,
        "programs": trials.programs,
        "relaxations": trials.relaxations,
        **facts,
    }
    best = trials.best
    if best is None or best.outcome.solution is None:
        return no_plan(problem, "infeasible" if bound == -math.inf else "unknown", bound, facts, began)
    monitor.stage("certificate", 0)
    return make_plan(
        problem,
        Facts(
            trials.choice(best.trial.digits),
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


def _by_program(
    problem: Problem,
    terms: Terms,
    trials: Trials,
    rel_gap: float,
    seconds: float,
    monitor: Monitor,
    stop: Callable[[], bool],
) -> tuple[float, dict[str, Any]]:
    """Bound by the single program, and what to say of it; a better combination of its is taken."""
    single = Single(problem)
    answer = single.solve(trials.best, rel_gap, seconds, stop, monitor.bounds)
    if answer.digits is not None and (trials.best is None or answer.digits != trials.best.trial.digits):
        trials.offer(trials.work_out(trials.respond(answer.digits)))
    rows, columns = single.compiled.program.matrix.shape
    return answer.bound, {"nodes": answer.outcome.nodes, "program_rows": rows, "program_columns": columns}


def _by_tree(
    problem: Problem,
    terms: Terms,
    trials: Trials,
    rel_gap: float,
    seconds: float,
    monitor: Monitor,
    stop: Callable[[], bool],
) -> tuple[float, dict[str, Any]]:
    """Bound by branch and bound over policies, and what to say of it."""
    tree = Tree(problem, terms, trials, rel_gap, stop, monitor.bounds)
    bound = tree.run()
    return bound, {
        "nodes": tree.nodes,
        "responses": trials.responses + tree.responses,
        "relaxations": trials.relaxations + tree.relaxations,
    }


def _by_pieces(
    problem: Problem,
    terms: Terms,
    trials: Trials,
    rel_gap: float,
    seconds: float,
    monitor: Monitor,
    stop: Callable[[], bool],
) -> tuple[float, dict[str, Any]]:
    """Bound by overlapping pieces of the network, and what to say of it."""
    overlaps = Overlaps(problem, terms, trials, rel_gap, stop, monitor.bounds)
    bound = overlaps.run()
    return bound, {
        "pieces": len(overlaps.pieces.pieces),
        "nodes": overlaps.rounds,
        "responses": trials.responses + overlaps.responses,
    }
