"""The single program: policies, response and our side at once (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..algebra import Binary, Block, Constraint, Expression, Objective, Set, Var, maximize, quicksum
from ..network import OPEN, Network
from ..plan.limits import LOADS
from .follower import FollowerData, fill_follower_block
from .follower_dual import fill_follower_dual_block
from .leader import build_leader
from .linking import link_sides


def coupled(network: Network) -> bool:
    """Whether anything on our side depends on how the counterpart operates, beyond what it costs it."""
    return bool(network.watched_fills or network.orders or network.paying)


def one_policy(model: Any, regime: str) -> Any:
    """Every regime has one policy: sum over p of policy[g,p] == 1."""
    return quicksum(model.policy[regime, policy] for policy in model.network.menu[regime]) == 1


def load(model: Any, column: str) -> Any:
    """Sum of a column of the policies table over the chosen policies."""
    network = model.network
    rows = {key: network.policy(*key) for key in model.menu}
    return quicksum(getattr(row, column) * model.policy[key] for key, row in rows.items() if row is not None)


def within_limit(model: Any, column: str) -> Any:
    """Reviewer hours and political capital: sum of load of the chosen policies <= limit."""
    return load(model, column) <= getattr(model.network.case.settings.limits, LOADS[column])


def within_budget(model: Any) -> Any:
    """First-stage cost + admin costs of the chosen policies <= budget."""
    return model.first_stage_cost + model.admin_cost <= model.network.case.settings.limits.budget


def gate(model: Any, lane: str, policy: str, week: int) -> Any:
    """Goods travel under the chosen policy: ship[l,p,t] <= (A_p(t) cap_l(t) - contracted) policy[g,p]."""
    b, regime = model.response, model.network.lanes[lane].regime
    return b.ship[lane, policy, week] <= b.data.capacity[lane, policy, week] * model.policy[regime, policy]


def contract_gate(model: Any, lane: str, policy: str) -> Any:
    """The contract under the chosen policy is the one that is kept: contract[l,p] <= policy[g,p]."""
    return model.response.contract[lane, policy] <= model.policy[model.network.lanes[lane].regime, policy]


def taken_gate(model: Any, regime: str, policy: str) -> Any:
    """Allies give for the policy that is chosen: taken[g,p] <= policy[g,p]."""
    return model.taken[regime, policy] <= model.policy[regime, policy]


def yielded_gate(model: Any, regime: str, policy: str, site: str, item: str, week: int) -> Any:
    """Imports come under the policy that is chosen: yielded[g,p,s,i,t] <= policy[g,p]."""
    return model.yielded[regime, policy, site, item, week] <= model.policy[regime, policy]


def _shut_copies(model: Any) -> None:
    """Shut the arcs of policies that do the same as ``open`` in a week: there the one of ``open`` stands for all of them."""
    free = model.response_dual.free
    for (lane, policy, week), ship in model.response.ship.items():
        if policy != OPEN and (lane, OPEN, week) in free:
            ship.fix(0.0)


def least_cost(model: Any) -> Any:
    """Strong duality: the response's cost <= the dual's value, so that the response is a least-cost one."""
    return model.response.cost - model.response_dual.value <= 0


def limits_of(network: Network) -> list[str]:
    """Columns of the policies table whose sums are limited, the budget apart."""
    limits = network.case.settings.limits
    return [column for column, limit in LOADS.items() if limit != "budget" and math.isfinite(getattr(limits, limit))]


def build_single_level(network: Network, scenarios: Sequence[str] | None = None, primal: bool = False) -> Any:
    """Build the mixed-integer program whose optimum is the plan.

    Where nothing on our side depends on how the counterpart operates, only the dual of the response is needed: it is exact then.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    scenarios
        As in `build_leader`.
    primal
        Whether to build the response's primal even where it is not needed.

    Returns
    -------
    Model
        The model of `build_leader` with the binaries ``policy[g,p]``, blocks ``response_dual`` and, where needed, ``response``, and
        the objective ``worst_leverage``: the dual's value - admin costs + advantage, leverage up to a constant; where cost is the
        sense, - admin costs + advantage.
    """
    model = build_leader(network, scenarios)
    for name in ("budget", "own_loss", "best"):
        if model.component(name) is not None:
            model.component(name).deactivate()
    model.menu = Set(initialize=[(regime, policy) for regime, menu in network.menu.items() for policy in menu], dimen=2)
    model.policy = Var(model.menu, within=Binary)
    model.one_policy = Constraint(Set(initialize=list(network.menu)), rule=one_policy)
    model.limited_loads = Set(initialize=limits_of(network))
    model.within_limit = Constraint(model.limited_loads, rule=within_limit)
    model.admin_cost = Expression(rule=lambda model: load(model, "admin_cost"))
    model.taken_gate = Constraint(model.befriending, rule=taken_gate)
    model.yielded_gate = Constraint(model.reviewed_yields, model.weeks, rule=yielded_gate)
    if math.isfinite(network.case.settings.limits.budget):
        model.within_budget = Constraint(rule=within_budget)
    data = FollowerData(network)
    model.response_dual = Block(rule=lambda b: fill_follower_dual_block(b, network, data))
    if primal or coupled(network):
        model.response = Block(rule=lambda b: fill_follower_block(b, data))
        _shut_copies(model)
        model.gated = Set(initialize=model.response_dual.chosen)
        model.gate = Constraint(model.gated, rule=gate)
        model.gated_contracts = Set(initialize=model.response_dual.chosen_contracts)
        model.contract_gate = Constraint(model.gated_contracts, rule=contract_gate)
        link_sides(model)
        model.least_cost = Constraint(rule=least_cost)
    gained = 0.0 if network.least_cost else model.response_dual.value
    model.worst_leverage = Objective(expr=gained - model.admin_cost + model.advantage, sense=maximize)
    return model
