"""The counterpart's response (section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from .case import INF, NONE, Case, Lane, Pair, Settings, Tables, number_of
from .chains import (
    Chain,
    add_arrivals,
    add_balances,
    add_internal_departures,
    add_processes,
    add_shipping_cost,
)
from .programs import Affine, Program

SLACK = 1e-12
"""How far the response may cost more than V, relative to what can be avoided of V; a hundred times as much is allowed in
money. Where a response nearly as cheap treats us very differently this shows in the leverage (most in W of the status
quo); ``slack`` of the functions below measures it."""


def add_response(program: Program, case: Case, policies: Mapping[str, str]) -> Chain:
    """Columns, rows and cost of the counterpart's response to fixed policies.

    Only the chosen policy's dispatches have columns, which is the gate.
    """
    chain = Chain(net={(pair, t): Affine() for pair in case.pairs["C"] for t in range(case.T + 1)})
    for lane in case.inbound("C"):
        policy = case.our_policy(policies, lane)
        for t in range(case.T):
            chain.ship[lane.id, t] = program.column(case.lane_capacity(lane, t))
        add_arrivals(case, chain, lane, policy)
        add_shipping_cost(case, chain, lane, policy, 1.0)
        if case.side[lane.origin] == "C":
            add_internal_departures(case, chain, lane)
    add_processes(program, case, chain, "C", NONE, weighted=False)
    add_rationing(program, case, chain)
    add_balances(program, case, chain, "C", weighted=False, stockpile={})
    return chain


def exports_of(case: Case, pair: Pair) -> list[Lane]:
    """Lanes from a tracked pair of the counterpart to sites outside C: the ones its fill rations."""
    if pair not in case.tracked:
        return []
    return [a for a in case.lanes if (a.origin, a.item) == pair and case.side[a.destination] != "C"]


def sales_of(case: Case, pair: Pair) -> tuple[float, float]:
    """Q and K: demand and exports of a pair of the counterpart in a week, and what is lost if none is served."""
    demand, exports = case.demands.get(pair, {}), exports_of(case, pair)
    quantity = number_of(demand, "quantity")
    total = quantity + sum(a.base_flow for a in exports)
    return total, quantity * number_of(demand, "shortage_penalty") + sum(a.base_flow * a.margin for a in exports)


def unavoidable(case: Case) -> float:
    """Sum over the counterpart's pairs with sales of K max(0, T - supplied / Q)."""
    total = 0.0
    for pair in case.pairs["C"]:
        quantity, value = sales_of(case, pair)
        if quantity > 0.0:
            total += value * max(0.0, case.T - case.supplied(pair) / quantity)
    return total


def add_rationing(program: Program, case: Case, chain: Chain) -> None:
    """One fill for everything that leaves the chain at a pair.

    Q = demand quantity + base flows of exports; K = quantity * shortage_penalty + the sum of their base_flow * margin.
    Q fill[t] leaves the balance, K (1 - fill[t]) is lost.
    """
    for pair in case.pairs["C"]:
        total, lost = sales_of(case, pair)
        if total <= 0.0:
            continue
        for t in range(case.T):
            fill = chain.fill[pair, t] = program.column(1.0)
            chain.net[pair, t].add(-total, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


@dataclass(frozen=True)
class ResponseLP:
    """The response as ``min c x + constant, A_ub x <= b_ub, bounds``, with its primal solution."""

    c: np.ndarray
    A_ub: csr_matrix
    b_ub: np.ndarray
    bounds: list[tuple[float, float | None]]
    constant: float
    x: np.ndarray
    value: float
    chain: Chain


def response_lp(settings: Settings, tables: Tables, policies: Mapping[str, str]) -> ResponseLP:
    """The counterpart's response to fixed policies, as matrices and solved.

    The least cost is ``c @ x + constant``; ``bounds`` hold the capacities (None: unbounded above), rows are all ``<=``.
    """
    return solve_response(Case(settings, tables), policies)


def solve_response(case: Case, policies: Mapping[str, str]) -> ResponseLP:
    program = Program()
    chain = add_response(program, case, policies)
    matrix, right = program.matrix()
    c, A_ub, b_ub = program.costs(chain.cost), -matrix, -right
    bounds = [(lo, None if up == INF else up) for lo, up in zip(program.lower, program.upper, strict=True)]
    if not bounds:
        return ResponseLP(c, A_ub, b_ub, bounds, chain.cost.constant, np.zeros(0), chain.cost.constant, chain)
    result = linprog(c, A_ub=A_ub, b_ub=b_ub, bounds=bounds, method="highs")
    if result.status != 0:
        raise RuntimeError(f"a response always exists, but the solver says: {result.message}")
    x = np.asarray(result.x)
    return ResponseLP(c, A_ub, b_ub, bounds, chain.cost.constant, x, chain.cost.at(x), chain)


def response_cost(settings: Settings, tables: Tables, policies: Mapping[str, str]) -> float:
    """V(k): the counterpart's least cost under the policies; regimes not named are open."""
    return response_lp(settings, tables, policies).value


def hold_at_least_cost(program: Program, case: Case, response: Chain, least: float, slack: float) -> None:
    """cost of the response <= V + slack (V - what cannot be avoided), and 100 slack in money."""
    room = slack * max(least - unavoidable(case), 100.0)
    program.nonnegative(Affine(least + room).plus(response.cost, -1.0))
