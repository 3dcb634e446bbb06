"""Stand-ins for policies left undecided: no better for the counterpart than any of them (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...follower.combinations import LOADS
from ...follower.enumerate import FollowerArrays
from ...formulation.follower import Arc, FollowerData, build_follower
from ...network.network import Kernel, Network, holding_weeks
from ...plan.limits import SolveLimits
from ...solver.highs import compile_model


@dataclass(frozen=True)
class StandIn:
    """What is dispatched in a week under the least favourable of several policies.

    Attributes
    ----------
    kernel
        By every lag the least share that has arrived under any of the policies.
    cost
        The most that the same arrivals cost under any of them, goods that come too early being stored.
    """

    kernel: Kernel
    cost: float


def stand_in(kernels: Sequence[Kernel], unit_cost: float, holding_cost: float) -> StandIn:
    """Return the stand-in for dispatches under any of several kernels.

    Whatever arrives under the stand-in can be had under each of the policies by dispatching no more: what comes too early is
    stored at the destination, what comes too much is not dispatched or disposed of. So a response to the stand-in is a response
    to each of the policies, and costs at least as much.

    Parameters
    ----------
    kernels
        Kernels of the policies.
    unit_cost, holding_cost
        Of the lane and its item.
    """
    lags = sorted({lag for kernel in kernels for lag, _ in kernel})
    arrived = np.array([[sum(share for at, share in kernel if at <= lag) for lag in lags] for kernel in kernels])
    least = arrived.min(axis=0)
    steps = np.diff(least, prepend=0.0)
    kernel = tuple((lag, float(step)) for lag, step in zip(lags, steps, strict=True) if step > 0)
    spans = np.diff(lags, append=lags[-1])
    cost = 0.0
    for row, each in zip(arrived, kernels, strict=True):
        needed = least > 0
        dispatched = float(np.max(least[needed] / row[needed], initial=0.0))
        stored = float(spans @ (np.minimum(dispatched * row, least[-1]) - least).clip(min=0.0))
        mass, reviewed = holding_weeks(each)
        cost = max(cost, dispatched * (unit_cost * mass + holding_cost * reviewed) + holding_cost * stored)
    return StandIn(kernel, cost)


class StandIns:
    """The response with stand-ins for the least strict policies of every regime.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    terms
        Limits by which policies are ordered.

    Attributes
    ----------
    order : list of list of int
        Policies of every regime from the one that asks least of the limits (``open``) to the one that asks most.
    arrays
        The compiled response; digits from the size of a regime's menu on are stand-ins, see `digit`.
    """

    def __init__(self, network: Network, terms: SolveLimits):
        self.network = network
        self.sizes = [len(policies) for policies in network.menu.values()]
        self.order = [self._ordered(regime, terms) for regime in network.menu]
        data = FollowerData(network)
        cost: dict[Arc, float] = {}
        for (regime, menu), order in zip(network.menu.items(), self.order, strict=True):
            for lane in data.lanes:
                if lane.regime != regime:
                    continue
                for most in range(2, len(order) + 1):
                    policies = [menu[place] for place in order[:most]]
                    for week in range(network.weeks):
                        kernels = [data.kernel[lane.lane, policy, week] for policy in policies]
                        arc = (lane.lane, _name(most), week)
                        found = stand_in(kernels, lane.unit_cost, network.holding[lane.item])
                        data.kernel[arc] = found.kernel
                        cost[arc] = found.cost
        data.index()
        model = build_follower(network, data)
        compiled = compile_model(model, network.check)
        program = compiled.program.relaxed()
        program.cost = program.cost.copy()
        ship = model.response.ship
        for arc, price in cost.items():
            place = compiled.column.get(id(ship[arc]))
            if place is not None:
                program.cost[place] = price
        policy_columns = []
        for (regime, menu), order in zip(network.menu.items(), self.order, strict=True):
            names = [*menu, *(_name(most) for most in range(2, len(order) + 1))]
            lanes = [lane for lane in data.lanes if lane.regime == regime]
            policy_columns.append([self._gate(compiled.column, ship, lanes, name, name not in menu) for name in names])
        for regime_gates in policy_columns:
            for digit, (columns, capacity) in enumerate(regime_gates):
                program.column_upper[columns] = capacity if digit == 0 else 0.0
        self.arrays = FollowerArrays(program, policy_columns, compiled.linear_map([]))

    def _ordered(self, regime: str, terms: SolveLimits) -> list[int]:
        def asked(place: int) -> float:
            row = self.network.policy(regime, self.network.menu[regime][place])
            loads = [(getattr(row, column, 0.0), getattr(terms, limit)) for column, limit in LOADS.items()]
            return max(load / limit if limit > 0 else math.inf if load > 0 else 0.0 for load, limit in loads)

        return sorted(range(len(self.network.menu[regime])), key=lambda place: (place > 0, asked(place), place))

    def _gate(
        self, column: dict[int, int], ship: object, lanes: Sequence, name: str, standing_in: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        network = self.network
        places, capacities = [], []
        for lane in lanes:
            # Goods that come too early must be stored; where there may be no room the lane counts as shut.
            remaining_here = not standing_in or math.isinf(network.most_held((lane.destination, lane.item)))
            for week in range(network.weeks):
                place = column.get(id(ship[lane.lane, name, week]))  # type: ignore[index]
                if place is not None:
                    places.append(place)
                    capacities.append(network.capacity(lane, week) if remaining_here else 0.0)
        return np.array(places, dtype=np.int32), np.array(capacities, dtype=float)

    def digit(self, regime: int, policies: Sequence[int]) -> int:
        """Digit that stands in for a set of a regime's policies."""
        if len(policies) == 1:
            return policies[0]
        most = max(self.order[regime].index(policy) for policy in policies) + 1
        return self.sizes[regime] + most - 2


def _name(most: int) -> str:
    return f"any of {most}"
