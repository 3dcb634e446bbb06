"""What our operations cost in one scenario, and what a package costs the counterpart (model.md section 4)."""

from __future__ import annotations

from typing import Any

from ..algebra import (
    quicksum,
)
from ..network import holding_weeks
from .buying import dearer
from .imports import (
    review_cost,
)
from .scenario_data import SIDE

# Costs of a scenario ---------------------------------------------------------------------------------------------


def purchase_cost(b: Any) -> Any:
    """Sum of weight(destination) * (landed_cost(t) + holding_cost H_p(t) + applicant_cost of p while it acts) ship[l,t].

    Lanes with price breaks: + sum of weight(destination) * (the break's unit_cost(t) - unit_cost(t)) (1 + duty) bought[l,k,t].
    """
    network = b.data.network
    terms = [dearer(network, lane, k, week) * b.bought[lane, k, week] for lane, k, week in b.bought]
    for index, kernel in b.data.kernel.items():
        lane = network.lanes[index[0]]
        price = network.weekly.landed_cost[lane.lane][index[1]] + network.holding[lane.item] * holding_weeks(kernel)
        price += b.data.paperwork.get(index, 0.0)
        terms.append(network.weight[lane.destination] * price * b.ship[index])
    if b.data.imports:
        terms += review_cost(b)
    return quicksum(terms)


def order_cost(b: Any) -> Any:
    """Sum of weight(destination) * order_cost(t) placed[l,t] on lanes whose orders cost something."""
    network = b.data.network
    costly = [(lane, week) for lane, week in b.placed if network.lanes[lane].order_cost > 0]
    return quicksum(
        network.weight[network.lanes[lane].destination] * network.weekly.order_cost[lane][week] * b.placed[lane, week]
        for lane, week in costly
    )


def transfer_income(b: Any) -> Any:
    """Sum of weight(origin) * margin * ship[l,t] on lanes between two of our parties."""
    network = b.data.network
    lanes = network.lanes_between(SIDE, SIDE)
    return quicksum(
        network.weight[lane.origin] * network.transfer_margin(lane) * b.ship[lane.lane, week]
        for lane in lanes
        for week in b.weeks
    )


def production_cost(b: Any) -> Any:
    """Sum of weight * unit_cost make[j,t] + sum of weight * saving_cost save[j,i,t]."""
    network = b.data.network
    weight = {process: network.weight[network.processes[process].site] for process in b.processes}
    terms = [weight[name] * network.processes[name].unit_cost * b.make[name, week] for name, week in b.make]
    terms += [weight[name] * network.savings[name, item][1] * b.save[name, item, week] for name, item, week in b.save]
    return quicksum(terms)


def holding_cost(b: Any) -> Any:
    """Sum of weight * holding_cost stock[s,i,t]."""
    network = b.data.network
    return quicksum(
        network.weight[site] * network.holding[item] * b.stock[site, item, week] for site, item, week in b.stock
    )


def shortage_cost(b: Any) -> Any:
    """Sum of weight * (1 - backorder_share) * quantity(t) * shortage_penalty(t) (1 - fill[s,i,t]), and what waiting costs.

    Waiting costs weight * backorder_cost wait[s,i,t] every week, and weight * shortage_penalty(T - 1) wait[s,i,T-1] at the end.
    """
    network, weekly = b.data.network, b.data.network.weekly
    terms = []
    for site, item, week in b.fill:
        price = network.weight[site] * weekly.quantity[site, item][week] * weekly.penalty[site, item][week]
        terms.append(price * (1.0 - network.waits((site, item))) * (1 - b.fill[site, item, week]))
    for site, item, week in b.wait:
        cost = network.demands[site, item].backorder_cost
        cost += weekly.penalty[site, item][-1] if week == b.data.weeks - 1 else 0.0
        terms.append(network.weight[site] * cost * b.wait[site, item, week])
    return quicksum(terms)


def lost_exports(b: Any) -> Any:
    """Sum of weight(origin) * margin * base_flow(t) (1 - export_fill[l,t]) on lanes to other parties."""
    network = b.data.network
    terms = []
    for name, week in b.export_fill:
        lane = network.lanes[name]
        lost = network.weight[lane.origin] * lane.margin * network.weekly.base_flow[name][week]
        terms.append(lost * (1 - b.export_fill[name, week]))
    return quicksum(terms)


def undelivered_cost(b: Any) -> Any:
    """Sum of 10 max(margin, landed_cost(t)) * weight(origin) * undelivered[l,t]."""
    network = b.data.network
    return quicksum(
        network.slack_price(network.lanes[lane], week) * b.undelivered[lane, week] for lane, week in b.undelivered
    )


def terminal_cost(b: Any) -> Any:
    """Sum of weight * terminal price * short_end[s,i]."""
    network = b.data.network
    return quicksum(network.weight[pair[0]] * network.terminal_price(pair) * b.short_end[pair] for pair in b.held)


COSTS = (
    purchase_cost,
    order_cost,
    transfer_income,
    production_cost,
    holding_cost,
    shortage_cost,
    lost_exports,
    undelivered_cost,
    terminal_cost,
)


def refused_margin(b: Any) -> Any:
    """What a package costs the counterpart in goods that it refuses, and keeps.

    Sum of max(0, margin - R(origin, item)) * (1 - A_p(t)) * base_flow(t) * fillC[t] over its lanes to outside under the package's
    regimes; R is 0 where the origin is not tracked
    """
    network, scenario = b.data.network, b.data.scenario
    terms, constant = [], 0.0
    for lane in network.lanes_between("counterpart", SIDE, "other"):
        policy = network.package_policy(scenario, lane)
        for week in range(b.data.weeks):
            flow = network.weekly.base_flow[lane.lane][week]
            worth = network.margin_at_stake(lane) * (1.0 - network.granted(policy, week)) * flow
            if worth == 0:
                continue
            if (lane.origin, lane.item) in network.sold_abroad:
                terms.append(worth * b.model().counterpart_fill[lane.origin, lane.item, week])
            else:
                constant += worth
    return quicksum(terms) + constant
