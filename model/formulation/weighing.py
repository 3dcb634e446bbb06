"""Which scenarios decide: the worst, their mean, or the mean of the worst of them (model.md section 5)."""

from __future__ import annotations

from typing import Any

from ..algebra import Constraint, NonNegativeReals, Reals, Var, quicksum


def value(model: Any, scenario: str) -> Any:
    """What a rated scenario is worth: package cost + refused margin + refused imports - own_cost.

    Up to what depends on the policies alone; where cost is the sense, - own_cost alone.
    """
    if model.network.least_cost:
        return -model.own_cost[scenario]
    inflicted = model.network.package_cost.get(scenario, 0.0) + model.ours[scenario].refused_margin
    if len(model.reviewing):
        inflicted += model.refused_imports
    return inflicted - model.own_cost[scenario]


def worst(model: Any, scenario: str) -> Any:
    """The worst rated scenario decides: advantage <= value(scenario)."""
    return model.advantage <= value(model, scenario)


def expected(model: Any) -> Any:
    """Scenarios count by their probability: advantage <= sum of probability * value(scenario)."""
    return model.advantage <= quicksum(model.network.probability[name] * value(model, name) for name in model.rated)


def below(model: Any, scenario: str) -> Any:
    """By how much a scenario is worth less than the threshold: shortfall >= threshold - value(scenario)."""
    return model.shortfall[scenario] >= model.threshold - value(model, scenario)


def tail(model: Any) -> Any:
    """The mean of the worst 1 - a of the weight: advantage <= threshold - sum of probability * shortfall / (1 - a)."""
    network = model.network
    left = 1.0 - network.tail
    short = quicksum(network.probability[name] / left * model.shortfall[name] for name in model.rated)
    return model.advantage <= model.threshold - short


def weigh_scenarios(model: Any, share: float | None) -> None:
    """Put what decides into the model.

    Parameters
    ----------
    model
        The model, with ``own_cost`` of every rated scenario.
    share
        Share of the weight left out of the mean; None: the worst decides.
    """
    if share is None:
        model.worst = Constraint(model.rated, rule=worst)
    elif share == 0.0:
        model.expected = Constraint(rule=expected)
    else:
        model.threshold = Var(within=Reals)
        model.shortfall = Var(model.rated, within=NonNegativeReals)
        model.below = Constraint(model.rated, rule=below)
        model.tail = Constraint(rule=tail)
