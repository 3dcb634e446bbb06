"""The counterpart's dual as textbooks gate it, to be measured against the disaggregated one."""

from __future__ import annotations

from typing import Any

from sluicegate.model.algebra import Block, Constraint, NonNegativeReals, Var, maximize, quicksum
from sluicegate.model.formulation import single_level as program
from sluicegate.model.formulation.follower_dual import dual_value, fill_follower_dual_block
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network import Network
from sluicegate.model.solver.arrays import Program, compile_model


def _earned(b: Any, lane: str, policy: str, week: int) -> Any:
    """What a unit dispatched earns at the prices, less its origin's, its rent and its cost."""
    data, row, arc = b.data, b.data.network.lanes[lane], (lane, policy, week)
    terms = [share * b.price[index] for index, share in data.arriving[arc]]
    if data.late.get(arc):
        terms.append(data.late[arc] * b.end_price[row.destination, row.item])
    if lane in data.leaving:
        terms.append(-b.price[(*data.leaving[lane], week)])
    return quicksum(terms) - b.rent[arc] - data.response.price(arc)


def _most(b: Any, lane: str) -> float:
    row = b.data.network.lanes[lane]
    return b.data.worth[row.destination, row.item]


def big_m(b: Any, lane: str, policy: str, week: int) -> Any:
    """The row of an arc counts where its policy is chosen: earned <= worth (1 - policy[g,p])."""
    chosen = b.model().policy[b.data.regime(lane), policy]
    return _earned(b, lane, policy, week) <= _most(b, lane) * (1 - chosen)


def always(b: Any, lane: str, policy: str, week: int) -> Any:
    """The row of an arc always counts; its rent is charged where its policy is chosen."""
    return _earned(b, lane, policy, week) <= 0


def charged(b: Any, lane: str, policy: str, week: int) -> Any:
    """The product of rent and policy, by its worth: charge >= rent - worth (1 - policy[g,p])."""
    chosen = b.model().policy[b.data.regime(lane), policy]
    return b.charge[lane, policy, week] >= b.rent[lane, policy, week] - _most(b, lane) * (1 - chosen)


def _fill(b: Any, network: Network, products: bool) -> None:
    fill_follower_dual_block(b, network)
    for name in ("price_split", "end_price_split", "share_chosen", "end_share_chosen", "purchase_under"):
        b.component(name).deactivate()
    if not products:
        b.gated = Constraint(b.chosen, rule=big_m)
        return
    b.charge = Var(b.chosen, within=NonNegativeReals)
    b.gated = Constraint(b.chosen, rule=always)
    b.charged = Constraint(b.chosen, rule=charged)
    refund = quicksum(b.data.response.capacity[arc] * (b.rent[arc] - b.charge[arc]) for arc in b.chosen)
    b.value.set_value(dual_value(b) + refund)


def textbook(problem: Problem, products: bool) -> Program:
    """Compile the single program with prices that are not split by policy.

    Parameters
    ----------
    products
        False: a row of the dual is switched off by its worth where its policy is not chosen. True: every row counts, and strong
        duality holds products of rents and policies, each bounded by its worth.
    """
    network = problem.network
    model = program.build_single_level(network)
    model.del_component(model.response_dual)
    model.response_dual = Block(rule=lambda b: _fill(b, network, products))
    if program.coupled(network):
        model.least_cost.deactivate()
        model.least_cost_here = Constraint(expr=model.response.cost - model.response_dual.value <= 0)
    model.worst_leverage.set_value(model.response_dual.value - model.admin_cost + model.advantage)
    assert model.worst_leverage.sense == maximize
    compiled = compile_model(model).program
    compiled.offset -= problem.constant(0.0, 0.0)
    return compiled
