"""What goes from one party to another in a year."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

REST = "rest"
"""All origins without lanes of their own."""


@dataclass
class Traded:
    """A flow of one item in a year.

    Attributes
    ----------
    origin, destination
        Ids of parties; ISO 3166-1 alpha-3 of other countries; `REST`.
    value
        Money; None where it is not known.
    quantity
        Units; None where they are not known.
    paired
        The value of what has a quantity.
    estimated
        Whether a part of the quantity was filled in.
    """

    origin: str
    destination: str
    value: float | None
    quantity: float | None
    paired: float | None = None
    estimated: bool = False

    @property
    def price(self) -> float | None:
        """Money per unit; None where it is not known."""
        return self.paired / self.quantity if self.paired and self.quantity else None


def mean_price(flows: Iterable[Traded]) -> float | None:
    """Return the value per unit of flows together; None where no flow has both."""
    listed = [flow for flow in flows if flow.quantity and flow.paired]
    quantity = math.fsum(flow.quantity or 0.0 for flow in listed)
    return math.fsum(flow.paired or 0.0 for flow in listed) / quantity if quantity else None


def together(flows: Sequence[Traded], destination: str) -> Traded:
    """Return flows to one destination as one, from the rest of the world."""
    return Traded(
        REST,
        destination,
        math.fsum(flow.value or 0.0 for flow in flows),
        math.fsum(flow.quantity or 0.0 for flow in flows),
        math.fsum(flow.paired or 0.0 for flow in flows),
        any(flow.estimated for flow in flows),
    )


def fill_quantities(flows: Sequence[Traded], mean: float | None) -> None:
    """Fill in quantities that are missing for a part of the value, by each flow's own unit value, else by the mean."""
    for flow in flows:
        missing = (flow.value or 0.0) - (flow.paired or 0.0)
        if mean and missing > 1e-9 * (flow.value or 1.0):
            price = flow.price or mean
            flow.quantity, flow.paired = (flow.quantity or 0.0) + missing / price, flow.value
            flow.estimated = True
