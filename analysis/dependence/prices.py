"""What flows are worth, and how concentrated they are (docs/indices.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...data.schema.tables import Lane
    from ...model.network import Network

POINTS = 10_000
"""A Herfindahl-Hirschman index of 1 in the points of competition authorities."""


class Prices:
    """What flows are worth.

    Parameters
    ----------
    network
        The network.

    Attributes
    ----------
    lanes : list of Lane
        Lanes that run: base_flow > 0.
    """

    def __init__(self, network: Network):
        self.network = network
        self.lanes = [lane for lane in network.lanes.values() if lane.base_flow > 0]
        self._prices = self._mean_prices()

    def _mean_prices(self) -> dict[str, float | None]:
        """Mean price of every item between parties, weighted by flow; None where none is traded or nobody pays."""
        flow: dict[str, float] = defaultdict(float)
        value: dict[str, float] = defaultdict(float)
        for lane in self.lanes:
            if self._between_parties(lane):
                flow[lane.item] += lane.base_flow
                value[lane.item] += lane.base_flow * lane.unit_cost
        return {item: value[item] / flow[item] if value[item] > 0 else None for item in flow}

    def _between_parties(self, lane: Lane) -> bool:
        return self.network.party[lane.origin] != self.network.party[lane.destination]

    def price(self, item: str) -> float:
        """Price of an item that changes hands without one; 1 where nobody pays for it, so that the case's units are counted."""
        units = self.network.units
        return self._prices.get(item) or 1.0 / units.unit_of("money per unit", item)

    def value(self, lane: Lane) -> float:
        """Money a week on a lane: unit_cost * base_flow; within a party, where unit_cost is freight, price * base_flow."""
        known = self._prices.get(lane.item)
        price = lane.unit_cost if known is not None and self._between_parties(lane) else self.price(lane.item)
        return price * lane.base_flow


def herfindahl(amounts: Iterable[float]) -> float:
    """Return the sum of squared shares, 0 to 1 (Herfindahl-Hirschman index); NaN where there is nothing to share."""
    known = list(amounts)
    total = math.fsum(known)
    return math.fsum((amount / total) ** 2 for amount in known) if total > 0 else math.nan
