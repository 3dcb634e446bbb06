"""Solve a case, or evaluate given choices."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .assembly import FirstStage, Operations, least_kind, leverage_by_package, worst_of
from .candidates import Candidates
from .columns import Enumerator
from .consequences import plan_tables, shortage_weeks, solved_fills
from .joint import Choice
from .monitor import Monitor
from .network import Network
from .plan import Plan
from .problem import Problem
from .search import Search, SearchResult

if TYPE_CHECKING:
    from ..data import Case

CERTIFICATE = 1e-5
"""Relative difference between a program and the linear programs solved alone above which the plan is refused."""

SMALL_LEVERAGE = 1e-6
"""Share of the money at stake below which gaps of the leverage are absolute."""

SMALL_CERTIFICATE = 1e-3
"""Share of the money at stake below which differences of the certificate are absolute."""

WIDE_RANGE = 0.05
"""Relative width of `leverage_range` from which a warning is given."""


class CertificateError(Exception):
    """The program's answer and the linear programs solved alone do not agree: a fault of the program, not of the case."""


def solve(
    case: Case,
    *,
    time_limit: float | None = None,
    rel_gap: float | None = None,
    threads: int = 1,
    log: str | None = None,
    monitor: Monitor | None = None,
) -> Plan:
    """Find the plan of greatest leverage and prove it (model.md sections 5 and 6).

    Parameters
    ----------
    case
        A checked case.
    time_limit
        Seconds; default: the case's.
    rel_gap
        Relative gap at which a plan counts as optimal; default: the case's.
    threads
        Processes that work out responses.
    log
        File for the solver's log.
    monitor
        Told of progress, asked whether to stop.

    Returns
    -------
    Plan
        With status ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.

    Raises
    ------
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When the answer does not survive its check.
    """
    monitor = monitor or Monitor()
    options = case.settings.solver
    time_limit = options.time_limit if time_limit is None else time_limit
    rel_gap = options.rel_gap if rel_gap is None else rel_gap
    began = time.perf_counter()

    def remaining() -> float:
        return time_limit - (time.perf_counter() - began)

    def stop() -> bool:
        return monitor.stop() or remaining() <= 0

    problem = Problem(case, log, stop)
    monitor.stage("build", 0)
    candidates = Candidates(problem.network)
    count = len(candidates)
    # All open first: whatever stops the search, there is a plan to fall back on.
    everything_open = problem.all_open
    open_cost = problem.status_quo.response_cost
    open_constant = problem.constant(open_cost, 0.0)
    open_relaxation = problem.evaluator.relax(everything_open, open_cost, open_constant, 0.0)
    open_outcome = problem.evaluator.best(everything_open, open_cost, open_constant, 0.0)
    with Enumerator(problem.response, threads, stop) as enumerator:
        monitor.stage("responses", candidates.steps)
        complete = candidates.work_out(enumerator, open_cost, problem.open_outputs, monitor.advance)
        monitor.stage("search", 0)
        constant = problem.constant(candidates.cost, candidates.admin)
        search = Search(problem.evaluator, enumerator, candidates, constant, rel_gap, stop, monitor.bounds)
        first = candidates.find(tuple(0 for _ in candidates.regimes))
        assert first is not None
        search.learn(first, open_relaxation)
        search.record(first, open_outcome)
        result = search.run()
        bound = result.bound
        if not complete or bound == math.inf:
            ceiling = problem.ceiling()
            search.cap(ceiling)
            bound = search.bound()
            if not complete:
                bound = max(bound, problem.constant(problem.response_ceiling(), 0.0) + ceiling)
            result = replace(result, bound=bound)
        if search.best is None:
            status = "infeasible" if bound == -math.inf else "unknown"
            return _without_plan(problem, status, began, result, count)
        sourcing_only = search.columns[first].leverage
        choice = candidates.choice(search.best.place)
        outcome = search.best.outcome
    assert outcome.solution is not None
    monitor.stage("certificate", 0)
    first_stage = _first_stage(problem, outcome.solution)
    facts = _Facts(
        choice,
        float(candidates.cost[search.best.place]),
        search.best.leverage,
        bound,
        rel_gap,
        None if sourcing_only == -math.inf else sourcing_only,
        {
            "method": "columns",
            "reason": f"{candidates.steps:,} responses in {len(candidates.components)} components can be enumerated",
            "termination": "finished" if not stop() else "stopped",
            "combinations": count,
            "responses": candidates.steps,
            "programs": result.worked_out,
            "relaxations": result.relaxations,
            "face_solves": result.face_solves,
            "nodes": result.nodes,
        },
    )
    return _plan(problem, facts, outcome.solution, first_stage, began)


def evaluate(
    case: Case,
    policies: Mapping[str, str] | None = None,
    qualified: tuple[str, ...] = (),
    stockpile: Mapping[str, float] | None = None,
    *,
    log: str | None = None,
) -> Plan:
    """Work out what given choices lead to, without optimising them.

    Parameters
    ----------
    case
        A checked case.
    policies
        Policy by regime; regimes not named stay ``open``.
    qualified
        Lanes qualified.
    stockpile
        Units by ``site/item``.
    log
        File for the solver's log.

    Returns
    -------
    Plan
        Operations at least cost; limits that cannot hold are listed in ``violations`` and make the status ``infeasible``.

    Raises
    ------
    ValueError
        For a regime, policy, lane or stockpile that the case does not offer.
    """
    began = time.perf_counter()
    problem = Problem(case, log)
    network = problem.network
    choice = {**problem.all_open, **check_choices(network, policies or {}, qualified, stockpile or {})}
    first = FirstStage(
        dict.fromkeys(qualified, True),
        {tuple(key.split("/", 1)): amount for key, amount in (stockpile or {}).items()},  # type: ignore[misc]
    )
    joint = problem.joint
    cost = problem.response_cost(choice)
    admin = problem.admin_cost(choice)
    fixed = {}
    for variables, amounts in ((joint.model.qualify, first.qualify), (joint.model.stockpile, first.stockpile)):
        for index, variable in variables.items():
            place = joint.compiled.column.get(id(variable))
            if place is not None:
                fixed[place] = float(amounts.get(index, 0.0))
    constant = problem.constant(cost, admin)
    outcome = problem.evaluator.best(choice, cost, constant, admin, fixed=fixed)
    if outcome.solution is None:
        outcome = problem.evaluator.best_elastic(choice, cost, constant, admin, fixed)
    facts = _Facts(choice, cost, None, None, 0.0, None, {"method": "evaluate", "termination": outcome.termination})
    assert outcome.solution is not None
    return _plan(problem, facts, outcome.solution, first, began)


def check_choices(
    network: Network, policies: Mapping[str, str], qualified: tuple[str, ...], stockpile: Mapping[str, float]
) -> Mapping[str, str]:
    """Return the policies if the case offers every choice.

    Raises
    ------
    ValueError
        Naming every choice the case does not offer, with the nearest it does.
    """
    from ..data.faults import nearest

    faults = []
    for regime, policy in policies.items():
        if regime not in network.menu:
            faults.append(f"no regime {regime!r} of ours{nearest(regime, network.menu)}")
        elif policy not in network.menu[regime]:
            faults.append(f"regime {regime!r} has no policy {policy!r}{nearest(policy, network.menu[regime])}")
    to_qualify = [lane.lane for lane in network.lanes_into("ours") if lane.fixed_cost]
    for lane in qualified:
        if lane not in to_qualify:
            faults.append(f"no lane {lane!r} to qualify{nearest(lane, to_qualify)}")
    most = {
        f"{site}/{item}": row.stockpile_max
        for (site, item), row in network.stocks.items()
        if network.side[site] == "ours" and row.stockpile_max > 0
    }
    for key, amount in stockpile.items():
        if key not in most:
            faults.append(f"no stockpile {key!r}{nearest(key, most)}")
        elif not 0 <= amount <= most[key]:
            faults.append(f"stockpile {key!r} must lie between 0 and {most[key]:g}, not {amount:g}")
    if faults:
        raise ValueError("\n".join(faults))
    return policies


def _first_stage(problem: Problem, solution: np.ndarray) -> FirstStage:
    model, compiled = problem.joint.model, problem.joint.compiled
    qualify = {lane: level > 0.5 for lane, level in compiled.values(model.qualify, solution).items()}
    stockpile = {
        pair: 0.0 if amount < 1e-7 * max(1.0, problem.network.stock(pair).stockpile_max) else amount
        for pair, amount in compiled.values(model.stockpile, solution).items()
    }
    return FirstStage(qualify, stockpile)


class _Facts:
    """What a search or an evaluation hands to the assembly of its plan."""

    def __init__(
        self,
        choice: Choice,
        response_cost: float,
        claimed: float | None,
        bound: float | None,
        rel_gap: float,
        sourcing_only: float | None,
        solve: dict[str, Any],
    ):
        self.choice = dict(choice)
        self.response_cost = response_cost
        self.claimed = claimed
        self.bound = bound
        self.rel_gap = rel_gap
        self.sourcing_only = sourcing_only
        self.solve = solve


def _plan(problem: Problem, facts: _Facts, solution: np.ndarray, first: FirstStage, began: float) -> Plan:
    network, case = problem.network, problem.case
    status_quo = problem.status_quo
    cold = problem.response_cost(facts.choice)
    admin = problem.admin_cost(facts.choice)
    loss = cold - status_quo.response_cost
    money = money_scale(problem)
    scale = SMALL_LEVERAGE * money

    unkind = problem.to_joint(least_kind(network, problem.response, problem.joint.outputs, facts.choice, cold))
    hostile = problem.operator.run(unkind, first)
    hostile_losses = leverage_by_package(network, hostile, loss, status_quo.cost, admin)
    least = min(hostile_losses[name][0] - hostile_losses[name][1] for name in network.rated)

    operations = problem.operator.run(solution, first)
    losses = leverage_by_package(network, operations, loss, status_quo.cost, admin)
    worst = worst_of(network, losses)
    leverage = losses[worst][0] - losses[worst][1] + 0.0

    played = _response_cost_of(problem)
    certificate = {
        "response_difference": abs(played - cold) / max(abs(cold), SMALL_CERTIFICATE * money),
        "own_difference": 0.0
        if facts.claimed is None
        else abs(leverage - facts.claimed) / max(abs(leverage), SMALL_CERTIFICATE * money),
    }
    if max(certificate.values()) > CERTIFICATE:
        raise CertificateError(
            f"the program's leverage {facts.claimed!r} and V {facts.response_cost!r} differ from those of the linear "
            f"programs solved alone, {leverage!r} and {cold!r}, by more than {CERTIFICATE:g}"
        )
    violations = _violations(problem, facts.choice, operations, admin)
    bound = leverage if facts.bound is None else max(facts.bound, leverage)
    gap = max(0.0, (bound - leverage) / max(abs(leverage), scale))
    if facts.claimed is None:
        status = "infeasible" if violations else "feasible"
        bound_shown = gap_shown = None
    else:
        status = "optimal" if gap <= facts.rel_gap else "feasible"
        bound_shown, gap_shown = bound, gap
    fills = solved_fills(problem)
    solve_facts = {
        **facts.solve,
        "seconds": time.perf_counter() - began,
        "build_seconds": problem.build_seconds,
        "rows": int(problem.joint.program.row_lower.size),
        "columns": int(problem.joint.program.cost.size),
        **_versions(),
    }
    return Plan(
        case=case,
        status=status,
        leverage=leverage,
        bound=bound_shown,
        gap=gap_shown,
        counterpart_loss=losses[worst][0],
        own_loss=losses[worst][1],
        worst_package=worst,
        leverage_range=(min(least, leverage), leverage),
        sourcing_only_leverage=facts.sourcing_only,
        policies=facts.choice,
        qualified=tuple(lane for lane, chosen in first.qualify.items() if chosen),
        stockpile={"/".join(pair): amount for pair, amount in first.stockpile.items() if amount > 0},
        scenarios={
            name: {
                "own_loss": losses[name][1],
                "counterpart_loss": losses[name][0],
                "leverage": losses[name][0] - losses[name][1],
                "fill": fills[name],
            }
            for name in network.scenarios
        },
        counterpart_fill=fills["counterpart"],
        first_shortage_week=shortage_weeks(problem),
        certificate=certificate,
        limits=_limits(problem, facts.choice, operations.first_stage_cost + admin),
        violations=tuple(violations),
        warnings=tuple(_warnings(leverage, least, scale, hostile)),
        solve=solve_facts,
        tables=plan_tables(problem, facts.choice, first, losses, operations),
    )


def money_scale(problem: Problem) -> float:
    """Money at stake: the larger of both sides' status-quo costs and all that the counterpart's sales are worth."""
    network = problem.network
    sales = network.weeks * math.fsum(network.sales(pair)[1] for pair in network.pairs("counterpart"))
    return max(abs(problem.status_quo.response_cost), abs(problem.status_quo.cost), sales, 1e-6)


def _response_cost_of(problem: Problem) -> float:
    from pyomo.environ import value

    return value(problem.joint.model.response.cost)


def _violations(problem: Problem, choice: Choice, operations: Operations, admin: float) -> list[str]:
    found = [f"{limit}: short by {size:.4g} {unit}" for limit, size, unit in operations.gaps]
    limits = _limits(problem, choice, operations.first_stage_cost + admin)
    for name, entry in limits.items():
        used, most = entry["used"], entry["limit"]
        if most is not None and used is not None and used > most * (1 + 1e-7) + 1e-7:
            found.append(f"{name} <= {most:g}: over by {used - most:.4g}")
    return found


def _limits(problem: Problem, choice: Choice, spent: float) -> dict[str, dict[str, float | None]]:
    limits = problem.case.settings.limits
    used = {
        "budget": spent,
        "reviewer_hours": problem.policy_total(choice, "reviewer_load"),
        "political_capital": problem.policy_total(choice, "political_cost"),
    }
    return {
        name: {"used": amount, "limit": getattr(limits, name) if math.isfinite(getattr(limits, name)) else None}
        for name, amount in used.items()
    }


def _warnings(leverage: float, least: float, scale: float, hostile: Operations) -> list[str]:
    warnings = []
    if leverage - least > WIDE_RANGE * max(abs(leverage), scale):
        warnings.append(
            f"the counterpart has several least-cost responses: the least kind of them leaves a leverage of {least:.6g} "
            f"instead of {leverage:.6g}"
        )
    for limit, size, unit in hostile.gaps:
        warnings.append(f"under the counterpart's least kind response {limit} would fall short by {size:.4g} {unit}")
    return warnings


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(package) for name, package in (("highs", "highspy"), ("pyomo", "pyomo"))}


def _without_plan(problem: Problem, status: str, began: float, result: SearchResult, combinations: int) -> Plan:
    return Plan(
        case=problem.case,
        status=status,
        bound=None if result.bound == -math.inf else result.bound,
        solve={
            "method": "columns",
            "combinations": combinations,
            "programs": result.worked_out,
            "relaxations": result.relaxations,
            "face_solves": result.face_solves,
            "nodes": result.nodes,
            "seconds": time.perf_counter() - began,
            "build_seconds": problem.build_seconds,
            "rows": int(problem.joint.program.row_lower.size),
            "columns": int(problem.joint.program.cost.size),
            **_versions(),
        },
    )
