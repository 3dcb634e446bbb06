"""The planner's problem (section 5)."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from .case import INF, NONE, OPEN, Case, Pair, Scenario, Settings, Tables
from .chains import Chain
from .follower import SLACK, add_response, hold_at_least_cost, solve_response
from .leader import (
    FirstStage,
    add_first_stage,
    add_ours,
    require_budget,
    require_continuity,
    require_spread,
    retaliation_loss,
)
from .programs import Affine, Program


@dataclass(frozen=True)
class Details:
    """What stands behind a leverage: first-stage choices; per scenario, both losses and the fills of our demands."""

    leverage: float
    worst_package: str
    qualified: list[str]
    stockpile: dict[Pair, float]
    counterpart_loss: dict[str, float]
    own_loss: dict[str, float]
    fill: dict[str, dict[Pair, list[float]]]
    counterpart_fill: dict[Pair, list[float]]


@dataclass(frozen=True)
class OracleAnswer:
    """The best combination and the value of every other one the limits allow.

    ``leverage`` is None when no combination is feasible. Keys of ``values`` and ``response_cost`` are policy tuples in
    the order of ``regimes``. ``worst_package`` is ``none`` or a package.
    """

    leverage: float | None
    policies: dict[str, str]
    qualified: list[str]
    stockpile: dict[Pair, float]
    values: dict[tuple[str, ...], float | None]
    response_cost: dict[tuple[str, ...], float]
    sourcing_only: float | None
    status_quo_cost: float
    worst_package: str | None
    regimes: tuple[str, ...]
    details: Details | None


def status_quo_cost(settings: Settings, tables: Tables, *, slack: float = SLACK) -> float:
    """W of the status quo: all open, nothing qualified or stockpiled, scenario none, a kind response, no limits."""
    case = Case(settings, tables)
    return _status_quo_cost(case, solve_response(case, {}).value, slack)


def _status_quo_cost(case: Case, least: float, slack: float) -> float:
    program = Program()
    response = add_response(program, case, {})
    hold_at_least_cost(program, case, response, least, slack)
    ours = add_ours(program, case, response, {}, NONE, FirstStage())
    if not program.lower:
        return ours.cost.constant
    x = program.minimise(ours.cost)
    if x is None:
        raise RuntimeError("the status quo always exists")
    return ours.cost.at(x)


def best_for(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    *,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    limits: bool = True,
    slack: float = SLACK,
) -> tuple[float | None, Details | None]:
    """The best leverage under fixed policies (regimes not named are open), with what stands behind it.

    Parameters
    ----------
    qualified, stockpile
        Fix these first-stage choices instead of optimising them.
    limits
        False leaves out budget, reviewer hours, political capital, continuity and concentration: what a choice leads
        to, whether it is allowed or not.
    slack
        How far above V, relative and absolute, a response still counts as least-cost.

    Returns
    -------
    tuple
        (leverage, details), or (None, None) when the limits allow nothing.
    """
    case = Case(settings, tables)
    least_open = solve_response(case, {}).value
    least = solve_response(case, policies).value
    own_open = _status_quo_cost(case, least_open, slack)
    return _best_for(case, policies, least, least_open, own_open, slack, True, qualified, stockpile, limits)


def _best_for(
    case: Case,
    policies: Mapping[str, str],
    least: float,
    least_open: float,
    own_open: float,
    slack: float,
    explain: bool = False,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    limits: bool = True,
) -> tuple[float | None, Details | None]:
    """Maximise z, z <= leverage in scenario none and (objective worst) in every package.

    leverage = [V(k) - V(open) + the package's cost + refused margin]
    - [W - W(status quo) + fixed costs + stockpile cost + admin costs].
    """
    if limits and not case.allowed(policies):
        return None, None
    program = Program()
    response = add_response(program, case, policies)
    hold_at_least_cost(program, case, response, least, slack)
    first = add_first_stage(program, case, qualified, stockpile)
    if limits:
        require_budget(program, case, first, policies)
    chains: dict[Scenario, Chain] = {}
    for scenario in case.scenarios():
        chains[scenario] = add_ours(program, case, response, policies, scenario, first, chains.get(NONE))
        if limits:
            require_continuity(program, case, chains[scenario])
    if limits:
        require_spread(program, case, chains[NONE])

    inflicted: dict[Scenario, Affine] = {}
    suffered: dict[Scenario, Affine] = {}
    for scenario in case.scenarios():
        if not scenario.contingency:
            inflicted[scenario] = Affine(least - least_open).plus(retaliation_loss(case, response, scenario))
            suffered[scenario] = Affine(case.admin_cost(policies) - own_open).plus(chains[scenario].cost)
            suffered[scenario].plus(first.fixed_costs).plus(first.stockpile_costs)
    judged = list(inflicted) if case.worst else [NONE]
    z = program.column(lower=-INF)
    for scenario in judged:
        program.nonnegative(Affine().plus(inflicted[scenario]).plus(suffered[scenario], -1.0).add(-1.0, z))
        if limits and case.own_loss < INF:
            program.nonnegative(Affine(case.own_loss).plus(suffered[scenario], -1.0))
    x = program.minimise(Affine().add(-1.0, z))
    if x is None:
        return None, None
    leverage = float(x[z]) + 0.0
    if not explain:
        return leverage, None

    # Scenarios that are not the worst may have been operated badly: hold all that is shared and tidy them up.
    shared = len(response_columns(response)) + len(first.qualify) + len(first.stockpile)
    for column in range(shared):
        program.lower[column] = program.upper[column] = float(x[column])
        program.integer[column] = 0
    program.lower[z] = leverage - 1e-7 * max(1.0, abs(leverage))
    total = Affine()
    for chain in chains.values():
        total.plus(chain.cost)
    tidy = program.minimise(total)
    x = x if tidy is None else tidy
    net = {scenario: inflicted[scenario].at(x) - suffered[scenario].at(x) for scenario in judged}
    lowest = min(net.values())
    worst = next(scenario for scenario in judged if net[scenario] <= lowest + 1e-7 * max(1.0, abs(lowest)))
    details = Details(
        leverage=leverage,
        worst_package=worst.name,
        qualified=[lane for lane, column in first.qualify.items() if x[column] > 0.5],
        stockpile={pair: float(x[column]) for pair, column in first.stockpile.items()},
        counterpart_loss={scenario.name: loss.at(x) for scenario, loss in inflicted.items()},
        own_loss={scenario.name: loss.at(x) for scenario, loss in suffered.items()},
        fill={scenario.name: _fills(chain, x) for scenario, chain in chains.items()},
        counterpart_fill=_fills(response, x),
    )
    return leverage, details


def response_columns(response: Chain) -> list[int]:
    """Every column of a response, in order; they come first in a program."""
    groups: Iterable[Iterable[int]] = (
        response.ship.values(),
        response.make.values(),
        response.stock.values(),
        response.fill.values(),
        response.short_end.values(),
    )
    return sorted(itertools.chain.from_iterable(groups))


def _fills(chain: Chain, x: np.ndarray) -> dict[Pair, list[float]]:
    fills: dict[Pair, list[float]] = {}
    for (pair, _), column in sorted(chain.fill.items()):
        fills.setdefault(pair, []).append(float(x[column]))
    return fills


def combinations(settings: Settings, tables: Tables) -> list[dict[str, str]]:
    """Every combination of our policies that the limits allow, open first, rows in order, the last regime fastest."""
    return _combinations(Case(settings, tables))


def _combinations(case: Case) -> list[dict[str, str]]:
    menus = [list(case.policies[g]) for g in case.ours]
    every = (dict(zip(case.ours, choice, strict=True)) for choice in itertools.product(*menus))
    return [policies for policies in every if case.allowed(policies)]


def oracle(settings: Settings, tables: Tables, *, slack: float = SLACK) -> OracleAnswer:
    """The answer by enumeration.

    Among combinations equal to 1e-7 the one with the fewest policies other than open counts as best, then the first.
    """
    case = Case(settings, tables)
    least_open = solve_response(case, {}).value
    own_open = _status_quo_cost(case, least_open, slack)
    values: dict[tuple[str, ...], float | None] = {}
    costs: dict[tuple[str, ...], float] = {}
    for policies in _combinations(case):
        key = tuple(policies.values())
        costs[key] = solve_response(case, policies).value
        values[key] = _best_for(case, policies, costs[key], least_open, own_open, slack)[0]

    feasible = {key: value for key, value in values.items() if value is not None}
    regimes = tuple(case.ours)
    sourcing_only = values[tuple(OPEN for _ in regimes)]
    if not feasible:
        return OracleAnswer(None, {}, [], {}, values, costs, None, own_open, None, regimes, None)
    top = max(feasible.values())
    ties = [key for key, value in feasible.items() if value >= top - 1e-7 * max(1.0, abs(top))]
    best = min(ties, key=lambda key: sum(policy != OPEN for policy in key))
    policies = dict(zip(regimes, best, strict=True))
    details = _best_for(case, policies, costs[best], least_open, own_open, slack, explain=True)[1]
    assert details is not None
    return OracleAnswer(
        leverage=top,
        policies=policies,
        qualified=details.qualified,
        stockpile=details.stockpile,
        values=values,
        response_cost=costs,
        sourcing_only=sourcing_only,
        status_quo_cost=own_open,
        worst_package=details.worst_package,
        regimes=regimes,
        details=details,
    )
