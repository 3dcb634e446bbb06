"""Bounds that the dual of the leader problem under one choice of policies gives for others (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..formulation.linking import Choice, LeaderProblem
from ..formulation.scenario_data import SIDE


@dataclass(frozen=True)
class Cut:
    """A bound on our advantage that is linear in what the response does and in the room the limits leave.

    ``advantage <= constant + slope @ outputs + rents of the policies chosen + prices @ remaining`` for every response, every choice
    of policies and all terms, where advantage is leverage less V and admin costs. It is the dual of the relaxed leader problem at
    one choice (weak duality). A feasibility cut bounds minus the sum of limits' gaps in the same way: where it is negative, no
    plan keeps the limits.

    Attributes
    ----------
    slope : array, shape (outputs,)
    prices : array, shape (3,)
        For the rooms of `FixedPolicySolver.remaining`.
    feasibility_cut
        Whether it is one.
    steepness
        How many times more an output is worth in it than goods are to our side at most, 1 at least: limits that bind, or are
        broken, are dear.
    rents : dict of (regime, policy) to float
        What our side's columns that a policy opens can be worth; empty where it has none.
    """

    constant: float
    slope: np.ndarray
    prices: np.ndarray
    feasibility_cut: bool = False
    steepness: float = 1.0
    rents: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def rent(self, choice: Choice) -> float:
        """Rents of the policies chosen."""
        return math.fsum(self.rents.get(key, 0.0) for key in choice.items()) if self.rents else 0.0

    def value_of_remaining(self, remaining: np.ndarray) -> np.ndarray:
        """``prices @ remaining`` for rooms of shape (..., 3); a room without a price counts nothing, even an infinite one."""
        priced = np.flatnonzero(self.prices)
        return remaining[..., priced] @ self.prices[priced]


@dataclass(frozen=True)
class SpaceCut:
    """A bound on our advantage over sets of combinations, by the dual of the relaxed leader problem over one of them.

    ``advantage <= constant + waste face(V) + sum of rents of the policies chosen + prices @ remaining``.

    Attributes
    ----------
    waste
        What a unit of money that the counterpart may spend beyond its least cost can be worth to us.
    rents : dict of (regime, policy) to float
        What the arcs of a policy can be worth to us.
    prices : array, shape (3,)
        For the rooms of `FixedPolicySolver.remaining`.
    feasibility_cut
        Whether it bounds minus the sum of limits' gaps instead: where it is negative, no plan keeps the limits.
    """

    constant: float
    waste: float
    rents: Mapping[tuple[str, str], float]
    prices: np.ndarray
    feasibility_cut: bool = False

    def value_of_remaining(self, remaining: np.ndarray) -> np.ndarray:
        """As `Cut.value_of_remaining`."""
        priced = np.flatnonzero(self.prices)
        return remaining[..., priced] @ self.prices[priced]


@dataclass(frozen=True)
class Relaxation:
    """The relaxed leader problem at one choice of policies.

    Attributes
    ----------
    leverage
        Proven upper bound on the leverage under the choice; of a feasibility cut minus the least sum of limits' gaps.
    gap_cost
        What limits that cannot hold were charged; 0 where all hold.
    cut
        The bound it gives for other choices.
    """

    leverage: float
    gap_cost: float
    cut: Cut


def link_rows(leader_problem: LeaderProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row of every output's link, sign of the output in it, and the output's column; -1 where there is none."""
    model, compiled = leader_problem.model, leader_problem.compiled
    families = {
        "fill": (model.fill_link, model.counterpart_fill),
        "order": (model.order_link, model.order),
        "margin": (model.margin_link, model.margin_earned),
    }
    if model.lasts:
        families["lasting"] = (model.lasting_link, model.lasting_kept)
    rows, signs, columns = [], [], []
    for kind, index in leader_problem.outputs:
        link, variable = families[kind]
        row = compiled.row.get(id(link[index]), -1)
        column = compiled.column.get(id(variable[index]), -1)
        if row < 0 or column < 0:
            row, column = -1, -1
        rows.append(row)
        columns.append(column)
        signs.append(leader_problem.program.matrix[row, column] if row >= 0 else 0.0)
    return np.array(rows), np.array(signs), np.array(columns)


def natural_worth(leader_problem: LeaderProblem) -> np.ndarray:
    """Most that our side can gain by a unit of every output where no limit binds, shape (outputs,), all above 0."""
    network = leader_problem.network
    worth, lanes = network.worth(SIDE), network.lanes
    values = []
    for kind, index in leader_problem.outputs:
        if kind == "fill":
            sold, flows = network.sold_abroad.get(index[:2], ()), network.weekly.base_flow
            gains = (flows[lane.lane][index[2]] * worth.get((lane.destination, lane.item), 0.0) for lane in sold)
            values.append(sum(gains))
        elif kind == "order":
            values.append(network.slack_price(lanes[index[0]], index[1]))
        else:
            values.append(1.0)
    found = np.array(values, dtype=float)
    return np.where(found > 0, found, max(1.0, found.max(initial=0.0)))
