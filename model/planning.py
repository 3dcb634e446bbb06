"""From a choice of policies to its plan: every figure recomputed, the answer certified (model.md section 6)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.environ import value

from .assembly import FirstStage, Operations, least_kind, leverage_by_package, worst_of
from .consequences import plan_tables, shortage_weeks, solved_fills
from .joint import Choice
from .plan import WIDE_RANGE, Plan
from .problem import Problem
from .restoring import LIMITS, restored

CERTIFICATE = 1e-5
"""Relative difference between a program and the linear programs solved alone above which the plan is refused."""

SMALL_LEVERAGE = 1e-6
"""Share of the money at stake below which gaps of the leverage are absolute."""

SMALL_CERTIFICATE = 1e-3
"""Share of the money at stake below which differences of the certificate are absolute."""


class CertificateError(Exception):
    """The program's answer and the linear programs solved alone do not agree: a fault of the program, not of the case."""


def first_stage_of(problem: Problem, solution: np.ndarray) -> FirstStage:
    """First-stage choices in a solution of the joint program, rounding noise removed."""
    model, compiled = problem.joint.model, problem.joint.compiled
    qualify = {lane: level > 0.5 for lane, level in compiled.values(model.qualify, solution).items()}
    stockpile = {}
    for pair, amount in compiled.values(model.stockpile, solution).items():
        most = problem.network.most_stockpiled(pair)
        stockpile[pair] = 0.0 if amount < 1e-7 * max(1.0, most) else min(amount, most)
    return FirstStage(qualify, stockpile)


@dataclass(frozen=True)
class Facts:
    """What a search or an evaluation hands on to its plan.

    Attributes
    ----------
    choice, response_cost
        Policies and V under them.
    claimed, bound
        Leverage and bound of the search; None for an evaluation.
    rel_gap
        Gap at which the plan counts as optimal.
    sourcing_only
        Best leverage with every regime open.
    solve
        How it was solved.
    """

    choice: Choice
    response_cost: float
    claimed: float | None
    bound: float | None
    rel_gap: float
    sourcing_only: float | None
    solve: dict[str, Any]


def make_plan(problem: Problem, facts: Facts, solution: np.ndarray, first: FirstStage, began: float) -> Plan:
    """Work out a plan from linear programs solved alone, and check it against what the search claims.

    Raises
    ------
    CertificateError
        When the two differ by more than `CERTIFICATE`, or a limit is not kept.
    """
    network = problem.network
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

    certificate = certified(facts, leverage, _response_cost_of(problem), cold, money)
    violations = _violations(problem, facts.choice, operations, admin)
    check_kept(facts, violations)
    bound = leverage if facts.bound is None else max(facts.bound, leverage)
    gap = max(0.0, (bound - leverage) / max(abs(leverage), scale))
    if facts.claimed is None:
        status = "infeasible" if violations else "feasible"
        bound_shown = gap_shown = None
    else:
        status = "optimal" if gap <= facts.rel_gap else "feasible"
        bound_shown, gap_shown = bound, gap
    fills = solved_fills(problem)
    plan = Plan(
        case=problem.case,
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
        limits=limits_used(problem, facts.choice, operations.first_stage_cost + admin),
        violations=tuple(violations),
        warnings=tuple(_warnings(leverage, least, scale, operations, hostile, problem.units.money)),
        solve=_solve_facts(problem, facts.solve, began),
        tables=plan_tables(problem, facts.choice, first, losses, operations),
    )
    return restored(plan, problem.units, problem.given)


def certified(facts: Facts, leverage: float, played: float, cold: float, money: float) -> dict[str, float]:
    """Return how far the search's answer is from that of the linear programs solved alone.

    Parameters
    ----------
    facts
        What the search claims.
    leverage, cold
        Leverage and V of the linear programs solved alone.
    played
        Cost of the response in the search's answer.
    money
        As of `money_scale`.

    Raises
    ------
    CertificateError
        When the two differ by more than `CERTIFICATE`.
    """
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
    return certificate


def check_kept(facts: Facts, violations: list[str]) -> None:
    """Refuse the plan of a search that breaks a limit.

    Raises
    ------
    CertificateError
        With the limits that its operations, worked out alone, do not keep.
    """
    if facts.claimed is not None and violations:
        raise CertificateError(f"the program's plan breaks limits of the case: {'; '.join(violations)}")


def money_scale(problem: Problem) -> float:
    """Money at stake: the larger of both sides' status-quo costs and all that the counterpart's sales are worth."""
    network = problem.network
    sales = network.weeks * math.fsum(network.sales(pair)[1] for pair in network.pairs("counterpart"))
    return max(abs(problem.status_quo.response_cost), abs(problem.status_quo.cost), sales, 1e-6)


def _response_cost_of(problem: Problem) -> float:
    return value(problem.joint.model.response.cost)


def _violations(problem: Problem, choice: Choice, operations: Operations, admin: float) -> list[str]:
    found = [f"{limit}: short by {size:.4g} {unit}" for limit, size, unit in operations.gaps]
    limits = limits_used(problem, choice, operations.first_stage_cost + admin)
    for name, entry in limits.items():
        used, most = entry["used"], entry["limit"]
        if most is not None and used is not None and used > most * (1 + 1e-7) + 1e-7:
            unit = problem.units.unit_of(LIMITS[name])
            found.append(f"{name} <= {most * unit:g}: over by {(used - most) * unit:.4g}")
    return found


def limits_used(problem: Problem, choice: Choice, spent: float) -> dict[str, dict[str, float | None]]:
    """What choices use of every limit, and the limit; None where there is none."""
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


def _warnings(
    leverage: float, least: float, scale: float, operations: Operations, hostile: Operations, money: float
) -> list[str]:
    known = {limit for limit, _, _ in operations.gaps}
    warnings = []
    if leverage - least > WIDE_RANGE * max(abs(leverage), scale):
        warnings.append(
            f"the counterpart has several least-cost responses: the least kind of them leaves a leverage of "
            f"{least * money:.6g} instead of {leverage * money:.6g}"
        )
    warnings += [
        f"under the counterpart's least kind response {limit} would fall short by {size:.4g} {unit}"
        for limit, size, unit in hostile.gaps
        if limit not in known
    ]
    return warnings


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(package) for name, package in (("highs", "highspy"), ("pyomo", "pyomo"))}


def no_plan(problem: Problem, status: str, bound: float, facts: dict[str, Any], began: float) -> Plan:
    """Return the plan of a search that found none: status ``infeasible`` or ``unknown``."""
    plan = Plan(
        case=problem.case,
        status=status,
        bound=bound if math.isfinite(bound) else None,
        solve=_solve_facts(problem, facts, began),
    )
    return restored(plan, problem.units, problem.given)


def _solve_facts(problem: Problem, facts: dict[str, Any], began: float) -> dict[str, Any]:
    return {
        **facts,
        "seconds": time.perf_counter() - began,
        "build_seconds": problem.build_seconds,
        "rows": int(problem.joint.program.row_lower.size),
        "columns": int(problem.joint.program.cost.size),
        **_versions(),
    }
