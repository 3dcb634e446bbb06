"""What can be there of every item over the horizon, and what can be used of it: capacities beyond that limit nothing."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from ..algebra.traced import fsum

if TYPE_CHECKING:
    from ...data.schema.tables import Lane, Process
    from .network import Network, Pair


class Usable:
    """Most that can be supplied to, and used at, every pair over the whole horizon (docs/conventions.md).

    A lane or process whose capacity is a large number that stands for no limit is cut to what its goods can be used for: no
    plan changes, and no number in a program is larger than what it stands for.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    """

    def __init__(self, network: Network):
        self.network = network
        self.weeks = network.weeks
        self._supplied: dict[Pair, float] = {}
        self._used: dict[Pair, float] = {}
        self._dispatched: dict[str, float] = {}

    # What can be there -----------------------------------------------------------------------------------------------

    def supplied(self, pair: Pair) -> float:
        """Units that can be at a pair in any week, or be under way to it at the end.

        Stock and stockpile + pipeline + capacity of all inbound lanes + what its processes can make of their inputs.
        """
        if pair not in self._supplied:
            network = self.network
            stock = network.stock(pair)
            units = [stock.initial, stock.stockpile_max if network.side[pair[0]] == "ours" else 0.0]
            for lane in network.inbound.get(pair, ()):
                units += [lane.base_flow * min(lane.lead_weeks, self.weeks), self._dispatches(lane)]
            units += [self._makes(process) for process in network.makers.get(pair, ())]
            self._supplied[pair] = sum(units)
        return self._supplied[pair]

    def _dispatches(self, lane: Lane) -> float:
        """Sum over weeks of cap_l(t), with the surge of any policy."""
        surge = self.network.most_surge.get(lane.regime or "", 0.0)
        return (1.0 + surge) * self._carried(lane)

    def _carried(self, lane: Lane) -> float:
        if self.network.weekly.moves("lanes", lane.lane, "max_flow"):
            return fsum(self.network.whole_capacity(lane, week) for week in range(self.weeks))
        weeks, ramp = max(0, self.weeks - self.network.opens(lane)), lane.ramp_weeks
        rising = min(weeks, ramp + 1)
        full = rising * (rising + 1) / 2 / (ramp + 1) + weeks - rising
        return lane.max_flow * full if full else 0.0

    def _makes(self, process: Process) -> float:
        savings = self.network.savings
        needs = {
            item: quantity - savings.get((process.process, item), (0.0, 0.0))[0]
            for item, quantity in self.network.recipe[process.process].items()
        }
        inputs = [self.supplied((process.site, item)) / quantity for item, quantity in needs.items() if quantity > 0]
        return min([fsum(self.network.weekly.making[process.process]), *inputs])

    # What can be used ------------------------------------------------------------------------------------------------

    def used(self, pair: Pair) -> float:
        """Units of its item that can be used at a pair over the horizon, and at the pairs that its side's lanes lead to.

        Demand, sales to other parties, orders of the counterpart, the terminal target, and what processes can use for what
        can be used of their output.
        """
        if pair not in self._used:
            self._used[pair] = sum(map(self._used_here, self._reached(pair)))
        return self._used[pair]

    def _used_here(self, pair: Pair) -> float:
        network, side = self.network, self.network.side[pair[0]]
        units = [max(0.0, network.target(pair))]
        if side == "counterpart":
            units.append(fsum(quantity for quantity, _ in network.sales(pair)))
        else:
            units.append(fsum(network.weekly.quantity[pair]))
            for lane in network.outbound.get(pair, ()):
                if network.side[lane.destination] == "other":
                    units.append(fsum(network.weekly.base_flow[lane.lane]))
                elif network.side[lane.destination] == "counterpart":
                    units.append(min(self._dispatches(lane), self.weeks * self.dispatched(lane)))
        for process, quantity in network.uses.get(pair, ()):
            if quantity > 0:
                most = fsum(network.weekly.making[process.process])
                units.append(quantity * min(most, self.made(process)))
        return sum(units)

    def _reached(self, pair: Pair) -> list[Pair]:
        """The pair, and those of its item that lanes within its side lead to."""
        network, side = self.network, self.network.side[pair[0]]
        reached, waiting = {pair: None}, [pair]
        while waiting:
            for lane in network.outbound.get(waiting.pop(), ()):
                other = (lane.destination, lane.item)
                if network.side[lane.destination] == side and other not in reached:
                    reached[other] = None
                    waiting.append(other)
        return list(reached)

    def made(self, process: Process) -> float:
        """Units of its output that can be used over the horizon."""
        return self._wanted((process.site, process.output))

    def dispatched(self, lane: Lane) -> float:
        """Units that can be used of what a lane dispatches over the horizon; what is asked for in a week (`_asked`) at least."""
        known = self._dispatched.get(lane.lane)
        if known is None:
            other = self.network.side[lane.destination] == "other"
            most = math.inf if other else max(self._wanted((lane.destination, lane.item)), *self._asked(lane))
            known = self._dispatched[lane.lane] = most
        return known

    def _asked(self, lane: Lane) -> list[float]:
        """What a contract, a least order or a price asks a lane to carry in a week, whether it can be used or not."""
        network = self.network
        taken = [network.taken(lane, week) for week in range(self.weeks)] if lane.min_share > 0 else []
        breaks = [row.from_flow for row in network.breaks.get(lane.lane, ())]
        return [lane.min_flow, lane.min_order, *taken, *breaks]

    def _wanted(self, pair: Pair) -> float:
        """`used`; of an item with a share limit what makes up the share as well, at all our sites."""
        network = self.network
        share = self._shares.get(pair[1], 1.0)
        if network.side[pair[0]] == "counterpart" or not 0 < share < 1:
            return self.used(pair)
        return sum(self.used(other) for other in self._ours if other[1] == pair[1]) / share

    @cached_property
    def _ours(self) -> list[Pair]:
        return self.network.pairs("ours")

    @cached_property
    def _shares(self) -> dict[str, float]:
        return {row.item: min(row.max_party_share, row.max_supplier_share) for row in self.network.case.items}

    # What cannot be helped -------------------------------------------------------------------------------------------

    @cached_property
    def unavoidable(self) -> float:
        """What no response of the counterpart can avoid: sales of which there is nothing to serve them with.

        Sum over its pairs of what K(t) adds up to beyond supplied times the largest K/Q: a unit cannot save more.
        """
        network, costs = self.network, []
        for pair in network.pairs("counterpart"):
            sold = [(quantity, value) for quantity, value in network.sales(pair) if quantity > 0 and value > 0]
            if sold:
                quantity, value = max(sold, key=lambda week: week[1] / week[0])
                weeks = fsum(each / value for _, each in sold)
                costs.append(value * max(0.0, weeks - self.supplied(pair) / quantity))
        return fsum(costs)
