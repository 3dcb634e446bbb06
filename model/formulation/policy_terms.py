"""What policies mean for our side beyond operations: what allies give, what stays lost (model.md section 4)."""

from __future__ import annotations

from typing import Any

from ..algebra import quicksum
from ..algebra.traced import fsum
from ..network import Network


def lasting_loss(model: Any) -> Any:
    """What stays lost of sales to the counterpart: sum of lasting[l] base_flow(t) - lasting_kept, that of what it orders.

    lasting[l] = weight(origin) * margin * kept_share * after_weeks / weeks; a week above base_flow gives some back.
    """
    return usual_lasting(model.network) - model.lasting_kept


def usual_lasting(network: Network) -> float:
    """Sum of lasting[l] base_flow(t)."""
    flows = network.weekly.base_flow
    return fsum(
        fsum(value * flows[lane][week] for lane, value in network.lasting.items()) for week in range(network.weeks)
    )


def most_kept(network: Network) -> float:
    """Most of what may stay lost that orders of the counterpart can keep: sum of lasting[l] * cap_l(t), surges included."""
    return fsum(
        value * network.most_carried(network.lanes[lane], week)
        for lane, value in network.lasting.items()
        for week in range(network.weeks)
    )


def ally_benefits(model: Any) -> Any:
    """Sum of ally_benefit taken[g,p]; the gate sets the bound of taken[g,p] to 0 for the policies not chosen."""
    return quicksum(model.network.benefits[key] * model.taken[key] for key in model.befriending)


def one_taken(model: Any, regime: str) -> Any:
    """A regime has one policy: sum over p of taken[g,p] <= 1."""
    return quicksum(model.taken[key] for key in model.befriending if key[0] == regime) <= 1
