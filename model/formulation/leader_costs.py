"""What our operations cost in one scenario, and what a package costs the counterpart (model.md section 4)."""

from __future__ import annotations

from typing import Any

from ..algebra import weighted
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
    terms = [(dearer(network, lane, k, week), b.bought[lane, k, week]) for lane, k, week in b.bought]
    data, ship = b.data, b.ship.by_week(b.data.weeks)
    for lane in data.lanes:
        weight, holding = network.weight[lane.destination], network.holding[lane.item]
        prices = zip(network.weekly.landed_cost[lane.lane], data.review_weeks[lane.lane], strict=True)
        for week, ((landed, held), move) in enumerate(zip(prices, ship[lane.lane,], strict=True)):
            price = landed + holding * held
            if data.paperwork:
                price += data.paperwork.get((lane.lane, week), 0.0)
            terms.append((weight * price, move))
    if b.data.imports:
        terms += review_cost(b)
    return weighted(terms)


def order_cost(b: Any) -> Any:
    """Sum of weight(destination) * order_cost(t) placed[l,t] on lanes whose orders cost something."""
    network = b.data.network
    costly = [(lane, week) for lane, week in b.placed if network.lanes[lane].order_cost > 0]
    return weighted(
        (network.weight[network.lanes[lane].destination] * network.weekly.order_cost[lane][week], b.placed[lane, week])
        for lane, week in costly
    )


def transfer_income(b: Any) -> Any:
    """Sum of weight(origin) * margin * ship[l,t] on lanes between two of our parties."""
    network = b.data.network
    margins = {
        lane.lane: network.weight[lane.origin] * network.transfer_margin(lane)
        for lane in network.lanes_between(SIDE, SIDE)
    }
    return weighted((margin, b.ship[lane, week]) for lane, margin in margins.items() for week in b.weeks)


def production_cost(b: Any) -> Any:
    """Sum of weight * unit_cost make[j,t] + sum of weight * saving_cost save[j,i,t]."""
    network = b.data.network
    weight = {process: network.weight[network.processes[process].site] for process in b.processes}
    cost = {process: weight[process] * network.processes[process].unit_cost for process in b.processes}
    saving = {(name, item): weight[name] * network.savings[name, item][1] for name, item in b.savings}
    terms = [(cost[name], move) for (name, _), move in b.make.items()]
    terms += [(saving[name, item], move) for (name, item, _), move in b.save.items()]
    return weighted(terms)


def holding_cost(b: Any) -> Any:
    """Sum of weight * holding_cost stock[s,i,t]."""
    network = b.data.network
    cost = {(site, item): network.weight[site] * network.holding[item] for site, item in b.held}
    return weighted((cost[site, item], units) for (site, item, _), units in b.stock.items())


def shortage_cost(b: Any) -> Any:
    """Sum of weight * (1 - backorder_share) * quantity(t) * shortage_penalty(t) (1 - fill[s,i,t]), and what waiting costs.

    Waiting costs weight * backorder_cost wait[s,i,t] every week, and weight * shortage_penalty(T - 1) wait[s,i,T-1] at the end.
    """
    network, weekly = b.data.network, b.data.network.weekly
    terms, whole = [], 0.0
    for (site, item, week), fill in b.fill.items():
        price = network.weight[site] * weekly.quantity[site, item][week] * weekly.penalty[site, item][week]
        lost = price * (1.0 - network.waits((site, item)))
        terms.append((-lost, fill))
        whole += lost
    for (site, item, week), waits in b.wait.items():
        cost = network.demands[site, item].backorder_cost
        cost += weekly.penalty[site, item][-1] if week == b.data.weeks - 1 else 0.0
        terms.append((network.weight[site] * cost, waits))
    return weighted(terms, whole)


def lost_exports(b: Any) -> Any:
    """Sum of weight(origin) * margin * base_flow(t) (1 - export_fill[l,t]) on lanes to other parties."""
    network = b.data.network
    terms, whole = [], 0.0
    for (name, week), fill in b.export_fill.items():
        lane = network.lanes[name]
        lost = network.weight[lane.origin] * lane.margin * network.weekly.base_flow[name][week]
        terms.append((-lost, fill))
        whole += lost
    return weighted(terms, whole)


def undelivered_cost(b: Any) -> Any:
    """Sum of 10 max(margin, landed_cost(t)) * weight(origin) * undelivered[l,t]."""
    network = b.data.network
    return weighted(
        (network.slack_price(network.lanes[lane], week), units) for (lane, week), units in b.undelivered.items()
    )


def terminal_cost(b: Any) -> Any:
    """Sum of weight * terminal price * short_end[s,i]."""
    network = b.data.network
    return weighted((network.weight[pair[0]] * network.terminal_price(pair), b.short_end[pair]) for pair in b.held)


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
    filled = b.model().counterpart_fill
    for lane in network.lanes_between("counterpart", SIDE, "other"):
        policy, stake = network.package_policy(scenario, lane), network.margin_at_stake(lane)
        for week, flow in enumerate(network.weekly.base_flow[lane.lane]):
            worth = stake * (1.0 - network.granted(policy, week)) * flow
            if worth == 0:
                continue
            if (lane.origin, lane.item) in network.sold_abroad:
                terms.append((worth, filled[lane.origin, lane.item, week]))
            else:
                constant += worth
    return weighted(terms, constant)
