"""What our operations in one scenario are made of: index sets and coefficients, read once from the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..network import NONE, Network, Pair, holding_weeks
from ..network.timing import arrival_terms
from .imports import (
    ReviewedImports,
)

if TYPE_CHECKING:
    from ...data.schema.tables import Policy

SIDE = "ours"


class ScenarioData:
    """Index sets and coefficients of our operations in one scenario, read once from the network.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    scenario
        ``none``, a package or a contingency.
    reviewed
        Whether our policies may act on imports; else they are open.

    Attributes
    ----------
    imports
        Dispatches to us that policies of ours act on.
    review_weeks : dict of lane to tuple of float
        Mean weeks under review of what is dispatched, week by week.
    reveal
        r(s), the week from which the scenario has decisions of its own; before it they are those of ``none``. 0 for ``none``.
    dispatches, moves
        Variables of dispatches by their index, and (units, variables week by week) of what else moves at a pair, once the block of
        the scenario has them.
    """

    def __init__(self, network: Network, scenario: str, reviewed: bool = True):
        self.network = network
        self.scenario = scenario
        self.weeks = network.weeks
        self.reveal = 0 if scenario == NONE else network.reveal(scenario)
        self.available = network.availability(scenario)
        self.lanes = network.lanes_into(SIDE)
        weeks = range(self.weeks)
        policies = {lane.lane: network.package_policy(scenario, lane) for lane in self.lanes}

        def weekly(work_out: Callable[[Policy | None, int], Any]) -> dict[str, tuple[Any, ...]]:
            """Return what policies come to on every lane, week by week; worked out once for each of them."""
            found = {id(policy): policy for policy in policies.values()}
            known = {key: tuple(work_out(policy, week) for week in weeks) for key, policy in found.items()}
            return {lane: known[id(policy)] for lane, policy in policies.items()}

        self.granted, self.carried = weekly(network.granted), weekly(network.carried)
        self.review_weeks = weekly(lambda policy, week: holding_weeks(network.kernel(policy, week)))
        self.kernel = {
            (lane, week): kernel
            for lane, kernels in weekly(network.kernel).items()
            for week, kernel in enumerate(kernels)
        }
        self.paperwork = {
            (lane.lane, week): cost
            for lane in self.lanes
            if policies[lane.lane] is not None
            for week in weeks
            if (cost := network.paperwork(policies[lane.lane], lane, week))
        }
        self._most: dict[str, tuple[float, ...]] = {}
        self._contracts = {lane.lane for lane in self.lanes if network.contract(lane)}
        self.dispatches: Mapping[tuple[Any, ...], Any] = {}
        self.moves: Mapping[Pair, Sequence[tuple[float, Sequence[Any]]]] = {}
        self.imports = ReviewedImports(network, self.left) if reviewed else None
        under_review = self.imports.lanes if self.imports else []
        dispatches: dict[tuple[Any, ...], Any] = {
            index: kernel for index, kernel in self.kernel.items() if index[0] not in under_review
        }
        dispatches |= self.imports.kernel if self.imports else {}
        self.arriving, self.under_way = arrival_terms(
            ((index, network.lanes[index[0]], index[-1], kernel) for index, kernel in dispatches.items()), self.weeks
        )
        self.from_counterpart = [lane.lane for lane in self.lanes if network.side[lane.origin] == "counterpart"]
        self.rationed = [
            name
            for name in self.from_counterpart
            if name not in under_review and _ends(network, name)[0] in network.sold_abroad
        ]
        self.contracted_imports = [name for name in under_review if network.contract(network.lanes[name])]
        self.gates = {lane.lane: gates for lane in self.lanes if (gates := network.gates(lane))}
        self.to_qualify = [(lane, name) for lane, gates in self.gates.items() for name in gates]
        self.conditional = [name for name in (*self.gates, *self.rationed) if network.contract(network.lanes[name])]
        self.processes = [process.process for process in network.processes_on(SIDE)]
        self.savings = [key for key in network.savings if key[0] in self.processes]
        self.pairs = network.pairs(SIDE)
        self.held = [pair for pair in self.pairs if pair in network.tracked]
        self.served = [pair for pair in self.pairs if pair in network.demands and network.demands[pair].quantity > 0]
        self.waiting = [pair for pair in self.served if network.waits(pair) > 0]
        self.exports = [
            lane.lane
            for lane in network.lanes_between(SIDE, "other")
            if lane.base_flow > 0 and (lane.origin, lane.item) in network.tracked
        ]
        self.orders = [lane.lane for lane in network.orders]
        self.leaving = {
            pair: [lane.lane for lane in network.outbound.get(pair, ()) if network.side[lane.destination] == SIDE]
            for pair in self.held
        }
        self.exported = _by_origin(network, self.exports)
        self.ordered = _by_origin(network, self.orders)

    def run(self, site: str, item: str) -> int:
        """Weeks over which the mean fill of a demand is kept."""
        return min(self.weeks, self.network.demands[site, item].fill_window or self.weeks)

    def left(self, kind: str, name: str, week: int) -> float:
        """Share of capacity a contingency leaves."""
        return self.available.get((kind, name, week), 1.0) if self.available else 1.0

    def capacity(self, lane: str, week: int) -> float:
        """Most a lane can dispatch: cap_l(t), and base_flow(t) on lanes from the counterpart, times A_p(t) and availability."""
        if lane not in self._most:
            self._most[lane] = self._capacities(lane)
        return self._most[lane][week]

    def _capacities(self, lane: str) -> tuple[float, ...]:
        network, row, weeks = self.network, self.network.lanes[lane], range(self.weeks)
        if self.imports and lane in self.imports.lanes:
            return tuple(self.imports.most(lane, week) for week in weeks)
        found = network.capacities(row, [self._carried(lane, week) for week in weeks])
        if network.side[row.origin] != "counterpart":
            return found
        sold = zip(found, network.weekly.base_flow[lane], strict=True)
        return tuple(min(most, flow * self.share(lane, week)) for week, (most, flow) in enumerate(sold))

    def share(self, lane: str, week: int) -> float:
        """Share of a lane's capacity that a package's licences and an outage leave: A_p(t) times availability."""
        return self.granted[lane][week] * self.left("lane", lane, week)

    def _carried(self, lane: str, week: int) -> float:
        """The same, with the surge before a package begins."""
        return self.carried[lane][week] * self.left("lane", lane, week)

    def contracted(self, lane: str, week: int) -> float:
        """Least that a lane dispatches by contract, min_flow or min_share of what is left, capped to what it can."""
        if lane not in self._contracts:
            return 0.0
        row = self.network.lanes[lane]
        return min(self.network.contracted(row, week, self._carried(lane, week)), self.capacity(lane, week))


def _ends(network: Network, lane: str) -> tuple[tuple[str, str], tuple[str, str]]:
    row = network.lanes[lane]
    return (row.origin, row.item), (row.destination, row.item)


def _by_origin(network: Network, lanes: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for lane in lanes:
        grouped.setdefault(_ends(network, lane)[0], []).append(lane)
    return grouped
