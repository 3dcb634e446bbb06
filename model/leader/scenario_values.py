"""What a plan is worth in every scenario, and which scenarios decide (model.md section 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..network import NONE, Network
from ..plan.tolerances import QUANTITY_NOISE
from .recompute import Operations


def leverage_by_package(
    network: Network, operations: Operations, base_loss: float, status_quo: float, admin: float, benefits: float = 0.0
) -> dict[str, tuple[float, float]]:
    """(counterpart's loss, our loss) in every scenario; packages' costs and refused margins are the counterpart's.

    What stays lost adds to our loss, what allies give lowers it.
    """
    losses = {}
    for name, own in operations.own_cost.items():
        package = network.package_cost.get(name, 0.0) + operations.refused[name] + operations.refused_imports
        ours = own - status_quo + operations.first_stage_cost + operations.lasting + admin - benefits
        losses[name] = (base_loss + package, ours)
    return losses


def values_of(network: Network, losses: Mapping[str, tuple[float, float]], status_quo: float) -> dict[str, float]:
    """What every scenario is worth in the objective: leverage; minus the cost where cost is the sense.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    losses
        Counterpart's and our loss in every scenario.
    status_quo
        W(status quo).
    """
    if network.least_cost:
        return {name: -(status_quo + ours) for name, (_, ours) in losses.items()}
    return {name: theirs - ours for name, (theirs, ours) in losses.items()}


def worst_of(network: Network, losses: Mapping[str, tuple[float, float]], money: float, status_quo: float = 0.0) -> str:
    """The rated scenario that is worth least; the first among ties.

    Parameters
    ----------
    network, losses, status_quo
        As of `values_of`.
    money
        Money at stake: what differs by less than `QUANTITY_NOISE` of it is the solver's rounding.
    """
    if not network.rated:
        return NONE
    values = values_of(network, losses, status_quo)
    tie = QUANTITY_NOISE * max(money, *(max(map(abs, losses[name])) for name in network.rated))
    least = min(values[name] for name in network.rated)
    return next(name for name in network.rated if values[name] <= least + tie)


def deciding(
    network: Network, losses: Mapping[str, tuple[float, float]], money: float, status_quo: float = 0.0
) -> dict[str, float]:
    """Weights, 1 in sum, with which scenarios make the objective (section 5): the worst alone, or by probability.

    Of ``cvar:a`` the worst scenarios up to 1 - a of the probability.

    Parameters
    ----------
    network, losses, money, status_quo
        As of `worst_of`.
    """
    if network.tail is None:
        return {worst_of(network, losses, money, status_quo): 1.0}
    values = values_of(network, losses, status_quo)
    left, weights = 1.0 - network.tail, dict[str, float]()
    for name in sorted(network.rated, key=lambda name: values[name]):
        taken = min(network.probability[name], left)
        if taken > 0:
            weights[name] = taken / (1.0 - network.tail)
        left -= taken
    return {name: weights[name] for name in network.rated if name in weights}


def weighed(figures: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Mean of a figure over the scenarios that decide."""
    if len(weights) == 1:
        return figures[next(iter(weights))]
    return math.fsum(weight * figures[name] for name, weight in weights.items())
