"""Stand-ins for policies left undecided: no better for the counterpart than any of them (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...follower.enumerate import FollowerArrays
from ...formulation.follower import FollowerData, build_follower
from ...network import Kernel, Network
from ...plan.limits import SolveLimits
from ...solver.arrays import compile_model

if TYPE_CHECKING:
    from ...data.schema.tables import Lane


def stand_in(kernels: Sequence[Kernel]) -> Kernel:
    """Return the kernel of the stand-in for dispatches under any of several: by every lag the least share that has arrived.

    Whatever arrives under it can be had under each of the policies by the same dispatch: what comes too early is stored at the
    destination. Its mean lag is that of the policy's kernel plus the weeks in store, so that it costs as much. With the least of
    the policies' capacities and the dearest of their applications, a response to the stand-in is a response to each of them, and
    costs at least as much.
    """
    lags = sorted({lag for kernel in kernels for lag, _ in kernel})
    arrived = np.array([[sum(share for at, share in kernel if at <= lag) for lag in lags] for kernel in kernels])
    steps = np.diff(arrived.min(axis=0), prepend=0.0)
    return tuple((lag, float(step)) for lag, step in zip(lags, steps, strict=True) if step > 0)


class StandIns:
    """The response with stand-ins for the least strict policies of every regime.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    solve_limits
        Limits by which policies are ordered.

    Attributes
    ----------
    order : list of list of int
        Policies of every regime from the one that asks least of the limits (``open``) to the one that asks most.
    arrays
        The compiled response; digits from the size of a regime's menu on are stand-ins, see `digit`.
    """

    def __init__(self, network: Network, solve_limits: SolveLimits):
        self.network = network
        self.sizes = [len(policies) for policies in network.menu.values()]
        self.order = [self._ordered(regime, solve_limits) for regime in network.menu]
        data = FollowerData(network)
        for (regime, menu), order in zip(network.menu.items(), self.order, strict=True):
            for lane in data.lanes:
                if lane.regime != regime:
                    continue
                for most in range(2, len(order) + 1):
                    policies = [menu[place] for place in order[:most]]
                    for week in range(network.weeks):
                        arcs = [(lane.lane, policy, week) for policy in policies]
                        arc = (lane.lane, _name(most), week)
                        data.kernel[arc] = stand_in([data.kernel[each] for each in arcs])
                        data.capacity[arc] = min(data.capacity[each] for each in arcs)
                        if cost := max(data.paperwork.get(each, 0.0) for each in arcs):
                            data.paperwork[arc] = cost
        data.index()
        model = build_follower(network, data)
        compiled = compile_model(model, network.check)
        program = compiled.program.relaxed()
        policy_columns = []
        for (regime, menu), order in zip(network.menu.items(), self.order, strict=True):
            names = [*menu, *(_name(most) for most in range(2, len(order) + 1))]
            lanes = [lane for lane in data.lanes if lane.regime == regime]
            policy_columns.append(
                [self._gate(compiled.column, model.response, lanes, name, name not in menu) for name in names]
            )
        for regime_gates in policy_columns:
            for digit, (columns, capacity) in enumerate(regime_gates):
                program.column_upper[columns] = capacity if digit == 0 else 0.0
        self.arrays = FollowerArrays(program, policy_columns, compiled.linear_map([]))

    def _ordered(self, regime: str, solve_limits: SolveLimits) -> list[int]:
        def asked(place: int) -> float:
            row = self.network.policy(regime, self.network.menu[regime][place])
            loads = [(getattr(row, column, 0.0), most) for column, most in solve_limits.by_load.items()]
            return max(load / most if most > 0 else math.inf if load > 0 else 0.0 for load, most in loads)

        return sorted(range(len(self.network.menu[regime])), key=lambda place: (place > 0, asked(place), place))

    def _gate(
        self, column: dict[int, int], b: Any, lanes: Sequence[Lane], name: str, standing_in: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        network = self.network
        places, capacities = [], []
        for lane in lanes:
            # Goods that come too early must be stored; where there may be no room the lane counts as shut.
            remaining_here = not standing_in or math.isinf(network.most_held((lane.destination, lane.item)))
            for week in range(network.weeks):
                place = column.get(id(b.ship[lane.lane, name, week]))
                if place is not None:
                    places.append(place)
                    capacities.append(b.data.capacity[lane.lane, name, week] if remaining_here else 0.0)
            # A stand-in keeps no contract: to forfeit it costs more than to keep it under any policy.
            place = column.get(id(b.contract[lane.lane, name])) if (lane.lane, name) in b.contract else None
            if place is not None:
                places.append(place)
                capacities.append(1.0)
        return np.array(places, dtype=np.int32), np.array(capacities, dtype=float)

    def digit(self, regime: int, policies: Sequence[int]) -> int:
        """Digit that stands in for a set of a regime's policies."""
        if len(policies) == 1:
            return policies[0]
        most = max(self.order[regime].index(policy) for policy in policies) + 1
        return self.sizes[regime] + most - 2


def _name(most: int) -> str:
    return f"any of {most}"
