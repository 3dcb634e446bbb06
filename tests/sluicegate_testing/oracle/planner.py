"""The planner's problem (section 5)."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from .case import INF, NONE, OPEN, Case, Pair, Scenario, Settings, Tables
from .chains import Chain
from .follower import SLACK, add_response, hold_at_least_cost, solve_response
from .leader import (
    FirstStage,
    add_first_stage,
    add_ours,
    imports_loss,
    lasting_loss,
    require_budget,
    require_continuity,
    require_spread,
    require_stockpile_value,
    require_suppliers,
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
    return own_costs_today(case, solve_response(case, {}).value, slack)


@dataclass(frozen=True)
class StatusQuo:
    """The status quo of both sides: our cost W, and the dispatches nearest to the base flows.

    ``deviation`` is the sum over inbound lanes of either side and weeks of |ship - base_flow|, each item's relative to
    its largest base flow.
    """

    cost: float
    ship: dict[str, list[float]]
    deviation: float


def status_quo(settings: Settings, tables: Tables, *, slack: float = SLACK) -> StatusQuo:
    """The status quo, ties of equal cost (V for the counterpart, then W for us) decided by the least deviation."""
    case = Case(settings, tables)
    x, response, ours = solve_status_quo(case, solve_response(case, {}).value, slack)
    lanes = [(lane, chain) for side, chain in (("C", response), ("H", ours)) for lane in case.inbound(side)]
    flows = {lane.id: [float(x[chain.ship[lane.id, t]]) for t in range(case.T)] for lane, chain in lanes}
    usual = _usual_flows(case)
    away = [
        abs(flow - case.base_flow(lane, t)) / usual[lane.item]
        for lane, _ in lanes
        for t, flow in enumerate(flows[lane.id])
    ]
    return StatusQuo(ours.cost.at(x), flows, sum(away))


def _usual_flows(case: Case) -> dict[str, float]:
    """The largest base flow of every item; 1 where nothing flows."""
    usual: dict[str, float] = {}
    for lane in case.lanes:
        usual[lane.item] = max(usual.get(lane.item, 0.0), lane.base_flow)
    return {item: flow or 1.0 for item, flow in usual.items()}


def solve_status_quo(case: Case, least: float, slack: float) -> tuple[np.ndarray, Chain, Chain]:
    """The columns of the status quo nearest to the base flows, and where they stand: the response's and ours."""
    cost = own_costs_today(case, least, slack)
    program, response, ours = _status_quo_program(case, least, slack)
    program.nonnegative(Affine(cost + 1e-9 * max(1.0, abs(cost))).plus(ours.cost, -1.0))
    usual, total = _usual_flows(case), Affine()
    for side, chain in (("C", response), ("H", ours)):
        for lane in case.inbound(side):
            for t in range(case.T):
                ship, away = chain.ship[lane.id, t], program.column()
                flow = case.base_flow(lane, t)
                program.nonnegative(Affine(flow).add(1.0, away).add(-1.0, ship))
                program.nonnegative(Affine(-flow).add(1.0, away).add(1.0, ship))
                total.add(1.0 / usual[lane.item], away)
    x = program.minimise(total) if program.lower else np.zeros(0)
    if x is None:
        raise RuntimeError("the status quo always exists")
    return x, response, ours


def _status_quo_program(case: Case, least: float, slack: float) -> tuple[Program, Chain, Chain]:
    program = Program()
    response = add_response(program, case, {})
    hold_at_least_cost(program, case, response, least, slack)
    return program, response, add_ours(program, case, response, {}, NONE, FirstStage())


def own_costs_today(case: Case, least: float, slack: float) -> float:
    """W of the status quo, given V of all open."""
    program, _, ours = _status_quo_program(case, least, slack)
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
    own_open = own_costs_today(case, least_open, slack)
    solved = solve_for(case, policies, least, least_open, own_open, slack, qualified, stockpile, limits)
    return (None, None) if solved is None else (solved.leverage, details_of(solved))


@dataclass(frozen=True)
class Solved:
    """The best plan under fixed policies: its program, columns, and both losses of every scenario that is judged."""

    leverage: float
    program: Program
    x: np.ndarray
    response: Chain
    first: FirstStage
    chains: dict[Scenario, Chain]
    inflicted: dict[Scenario, Affine]
    suffered: dict[Scenario, Affine]
    judged: list[Scenario]
    z: int
    shared: int

    def tidy(self) -> np.ndarray:
        """The columns after scenarios that are not the worst, and so may be operated badly, are tidied up.

        What is shared and the leverage are held; the sum of W over all scenarios is minimised. The program is used up.
        """
        program = self.program
        for column in range(self.shared):
            program.lower[column] = program.upper[column] = float(self.x[column])
            program.integer[column] = 0
        program.lower[self.z] = self.leverage - 1e-7 * max(1.0, abs(self.leverage))
        total = Affine()
        for chain in self.chains.values():
            total.plus(chain.cost)
        x = program.minimise(total)
        return self.x if x is None else x


def solve_for(
    case: Case,
    policies: Mapping[str, str],
    least: float,
    least_open: float,
    own_open: float,
    slack: float,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    limits: bool = True,
) -> Solved | None:
    """Maximise z, z <= leverage in scenario none and (objective worst) in every package; None without a plan.

    With weighed scenarios z is the mean leverage, or the mean of the worst share 1 - a of the weight:
    z = eta - sum of weight below / (1 - a), below >= eta - leverage. Where cost is the sense, only what we suffer counts.
    leverage = [V(k) - V(open) + the package's cost + what refusing costs]
    - [W - W(status quo) + fixed costs + stockpile cost + admin costs + what stays lost - what allies give].
    """
    if limits and not case.allowed(policies):
        return None
    program = Program()
    posed = pose(program, case, policies, least, least_open, own_open, slack, qualified, stockpile, limits)
    x = program.minimise(Affine().add(-1.0, posed.z))
    if x is None:
        return None
    return Solved(float(x[posed.z]) + 0.0, program, x, **vars(posed))


@dataclass(frozen=True)
class Posed:
    """A plan under fixed policies as a program holds it; ``z`` is its leverage, to be maximised."""

    response: Chain
    first: FirstStage
    chains: dict[Scenario, Chain]
    inflicted: dict[Scenario, Affine]
    suffered: dict[Scenario, Affine]
    judged: list[Scenario]
    z: int
    shared: int


def pose(
    program: Program,
    case: Case,
    policies: Mapping[str, str],
    least: float,
    least_open: float,
    own_open: float,
    slack: float,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    limits: bool = True,
    gaps: Affine | None = None,
) -> Posed:
    """Add the plan of `solve_for` to a program; with ``gaps`` continuity may lack what is added there."""
    response = add_response(program, case, policies)
    hold_at_least_cost(program, case, response, least, slack)
    first = add_first_stage(program, case, qualified, stockpile)
    shared = len(program.lower)
    if limits:
        require_budget(program, case, first, policies)
        require_stockpile_value(program, case, first)
    chains: dict[Scenario, Chain] = {}
    for scenario in case.scenarios():
        chains[scenario] = add_ours(program, case, response, policies, scenario, first, chains.get(NONE))
        if limits:
            require_continuity(program, case, chains[scenario], gaps)
            require_spread(program, case, chains[scenario], always=scenario != NONE)
            require_suppliers(program, case, chains[scenario], always=scenario != NONE)

    inflicted: dict[Scenario, Affine] = {}
    suffered: dict[Scenario, Affine] = {}
    for scenario in case.scenarios():
        inflicted[scenario] = Affine(least - least_open).plus(retaliation_loss(case, response, scenario))
        inflicted[scenario].plus(imports_loss(case, response, policies))
        suffered[scenario] = Affine(case.admin_cost(policies) - own_open).plus(chains[scenario].cost)
        suffered[scenario].plus(lasting_loss(case, response)).plus(Affine(-case.ally_benefit(policies)))
        suffered[scenario].plus(first.fixed_costs).plus(first.stockpile_costs)
    packages = [scenario for scenario in inflicted if not scenario.contingency]
    tail = case.features.tail
    weights = case.weights() if tail is not None else dict.fromkeys(packages if case.worst else [NONE], 1.0)
    judged = list(weights)
    z = program.column(lower=-INF)
    value = Affine().add(-1.0, z)
    if tail is not None:
        eta = program.column(lower=-INF)
        value.add(1.0, eta)
    for scenario in judged:
        net = Affine().plus(suffered[scenario], -1.0)
        if not case.cost:
            net.plus(inflicted[scenario])
        if tail is None:
            program.nonnegative(Affine().plus(net).add(-1.0, z))
        else:
            below = program.column()
            program.nonnegative(Affine().plus(net).add(-1.0, eta).add(1.0, below))
            value.add(-weights[scenario] / (1.0 - tail), below)
        if limits and case.own_loss < INF:
            program.nonnegative(Affine(case.own_loss).plus(suffered[scenario], -1.0))
    if tail is not None:
        program.nonnegative(value)
    return Posed(response, first, chains, inflicted, suffered, judged, z, shared)


def worst_of(solved: Solved, x: np.ndarray) -> Scenario:
    """The scenario with the least leverage; of equal ones the first."""
    net = {scenario: solved.inflicted[scenario].at(x) - solved.suffered[scenario].at(x) for scenario in solved.judged}
    lowest = min(net.values())
    return next(scenario for scenario in net if net[scenario] <= lowest + 1e-7 * max(1.0, abs(lowest)))


def details_of(solved: Solved) -> Details:
    """What stands behind a leverage."""
    x, judged = solved.tidy(), solved.judged
    told = {s for s in solved.inflicted if not s.contingency or s in judged}
    worst = worst_of(solved, x)
    return Details(
        leverage=solved.leverage,
        worst_package=worst.name,
        qualified=[lane for lane, column in solved.first.qualify.items() if x[column] > 0.5],
        stockpile={pair: float(x[column]) for pair, column in solved.first.stockpile.items()},
        counterpart_loss={s.name: loss.at(x) for s, loss in solved.inflicted.items() if s in told},
        own_loss={s.name: loss.at(x) for s, loss in solved.suffered.items() if s in told},
        fill={scenario.name: _fills(chain, x) for scenario, chain in solved.chains.items()},
        counterpart_fill=_fills(solved.response, x),
    )


def _fills(chain: Chain, x: np.ndarray) -> dict[Pair, list[float]]:
    fills: dict[Pair, list[float]] = {}
    for (pair, _), column in sorted(chain.fill.items()):
        fills.setdefault(pair, []).append(float(x[column]))
    return fills


def least_cost(settings: Settings, tables: Tables, *, slack: float = SLACK) -> tuple[float | None, float]:
    """Least cost and the cost now: our costs W with fixed, stockpile and admin costs, and those of the status quo."""
    answer = oracle(settings, tables, slack=slack)
    now = answer.status_quo_cost
    return (None if answer.leverage is None else now - answer.leverage), now


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
    own_open = own_costs_today(case, least_open, slack)
    values: dict[tuple[str, ...], float | None] = {}
    costs: dict[tuple[str, ...], float] = {}
    for policies in _combinations(case):
        key = tuple(policies.values())
        costs[key] = solve_response(case, policies).value
        solved = solve_for(case, policies, costs[key], least_open, own_open, slack)
        values[key] = None if solved is None else solved.leverage

    feasible = {key: value for key, value in values.items() if value is not None}
    regimes = tuple(case.ours)
    sourcing_only = values[tuple(OPEN for _ in regimes)]
    if not feasible:
        return OracleAnswer(None, {}, [], {}, values, costs, None, own_open, None, regimes, None)
    top = max(feasible.values())
    ties = [key for key, value in feasible.items() if value >= top - 1e-7 * max(1.0, abs(top))]
    best = min(ties, key=lambda key: sum(policy != OPEN for policy in key))
    policies = dict(zip(regimes, best, strict=True))
    solved = solve_for(case, policies, costs[best], least_open, own_open, slack)
    if solved is None:
        raise RuntimeError("the best combination has a plan")
    details = details_of(solved)
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
