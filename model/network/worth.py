"""The most that one more unit can save at every pair of a side (model.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...data.schema.tables import Process
    from .network import Network, Pair


def worth_of(network: Network, side: str) -> dict[Pair, float]:
    """Return the most one more unit can save at every pair of a side.

    ``worth(s,i) = max((K(t) + what waiting costs) / Q(t), terminal price, (worth(output) - unit_cost) / quantity, worth at the far
    end of internal lanes)``; where an input can be saved `_to_process` takes the place of its term. On our side every term carries
    the weight of its party, demands and exports each count for themselves, and an undelivered export to the counterpart counts with
    its slack price.

    Returns
    -------
    dict of pair to float
        Money per unit.
    """
    worth = {pair: _own_worth(network, side, pair) for pair in network.pairs(side)}
    changed = True
    while changed:
        changed = False
        for pair in worth:
            value = max(_passed_worth(network, side, pair, worth), worth[pair])
            if value > worth[pair] * (1 + 1e-12) + 1e-300:
                worth[pair] = value
                changed = True
    return worth


def _own_worth(network: Network, side: str, pair: Pair) -> float:
    if side == "counterpart":
        waits = _waiting(network, pair)
        sales = zip(network.sales(pair), waits, strict=True)
        served = [(value + waiting) / quantity for (quantity, value), waiting in sales if quantity > 0]
        late = network.most_waiting(pair) if any(waits) else 0.0
        return max(*served, late, network.terminal_price(pair))
    weight = network.weight[pair[0]]
    values = [weight * network.terminal_price(pair)]
    if pair in network.demands:
        values.append(weight * max(network.weekly.penalty[pair]))
        if network.waits(pair) > 0:
            values.append(weight * (max(network.weekly.penalty[pair]) + network.most_waiting(pair)))
    for lane in network.outbound.get(pair, ()):
        if network.side[lane.destination] == "other":
            values.append(weight * lane.margin)
        elif network.side[lane.destination] == "counterpart":
            values.append(max(network.slack_price(lane, week) for week in range(network.weeks)))
    return max(values)


def _waiting(network: Network, pair: Pair) -> list[float]:
    """What the part of a week's demand that waits costs at most, money, shape (weeks,)."""
    share, weekly = network.waits(pair), network.weekly
    if share == 0:
        return [0.0] * network.weeks
    cost, last = network.demands[pair].backorder_cost, weekly.penalty[pair][-1]
    return [
        share * quantity * (cost * (network.weeks - week) + last) for week, quantity in enumerate(weekly.quantity[pair])
    ]


def _passed_worth(network: Network, side: str, pair: Pair, worth: Mapping[Pair, float]) -> float:
    values = [
        _to_process(network, process, pair[1], worth[process.site, process.output])
        for process, quantity in network.uses.get(pair, ())
        if quantity > 0
    ]
    for lane in network.outbound.get(pair, ()):
        if network.side[lane.destination] == side:
            gain = network.transfer_margin(lane) * network.weight[lane.origin] if side == "ours" else 0.0
            values.append(worth[lane.destination, lane.item] + gain)
    return max(values, default=0.0)


def _to_process(network: Network, process: Process, item: str, output: float) -> float:
    """Worth of an input to a process whose output is worth so much: r = (worth(output) - unit_cost) / quantity.

    Where a share s can be saved at c a unit, a unit that is missing costs c as long as more can be saved, and then the output of
    1 / (1 - s) times as much: max(r, (r - s c) / (1 - s)). Where all can be saved it is at most c.
    """
    weight = network.weight[process.site] if network.side[process.site] == "ours" else 1.0
    quantity = network.recipe[process.process][item]
    full = (output - weight * process.unit_cost) / quantity
    most, cost = network.savings.get((process.process, item), (0.0, 0.0))
    if most == 0:
        return full
    share, cost = most / quantity, weight * cost
    return min(full, cost) if share >= 1 else max(full, (full - share * cost) / (1 - share))
