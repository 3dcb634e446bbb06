"""Bounds that the dual of the leader problem under one choice of policies gives for others (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..formulation.linking import Choice, LeaderProblem
from ..formulation.scenario_data import SIDE

if TYPE_CHECKING:
    from ..solver.highs import Highs


def value_of(remaining: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """``prices @ remaining`` for rooms of shape (..., 3); a room without a price counts nothing, even an infinite one."""
    priced = np.flatnonzero(prices)
    return remaining[..., priced] @ prices[priced]


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
        """`value_of` the rooms at the cut's prices."""
        return value_of(remaining, self.prices)


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
        """`value_of` the rooms at the cut's prices."""
        return value_of(remaining, self.prices)


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


class CutReader:
    """Reads cuts off the duals of a relaxed leader problem that was just solved (weak duality).

    Parameters
    ----------
    leader_problem
        The leader problem.
    limit_rows
        Rows of the budget, of the own loss and of the mean fills.

    Attributes
    ----------
    links : tuple of array
        As of `link_rows`.
    """

    def __init__(self, leader_problem: LeaderProblem, limit_rows: tuple[np.ndarray, np.ndarray, np.ndarray]):
        self.leader_problem = leader_problem
        self.limit_rows = limit_rows
        self.links = link_rows(leader_problem)
        self._natural = natural_worth(leader_problem)

    def cut(
        self,
        highs: Highs,
        solution: np.ndarray,
        value: float,
        remaining: np.ndarray,
        chosen: Mapping[tuple[str, str], float],
        *,
        filled: bool,
        barring: bool,
    ) -> Cut:
        """Return the dual as a bound for other choices of policies.

        Parameters
        ----------
        highs
            The program that was solved.
        solution, value
            Its columns, and what it is worth here.
        remaining
            The rooms here, as of `FixedPolicySolver.remaining`.
        chosen
            Share to which the arcs of (regime, policy) are open.
        filled
            Whether a least fill is among the terms.
        barring
            Whether it is a feasibility cut.
        """
        duals = highs.row_duals()
        rows, signs, columns = self.links
        # The minimum falls by the dual of a link row as its output grows.
        slope = np.where(rows >= 0, -duals[rows] * signs, 0.0)
        outputs = np.where(columns >= 0, solution[columns], 0.0)
        prices = self._prices(duals, filled)
        constant = value - float(slope @ outputs) - float(value_of(remaining, prices))
        rents = self._own_rents(highs)
        constant -= math.fsum(rents[key] * share for key, share in chosen.items() if key in rents)
        steepness = 1.0 if barring else max(1.0, float((np.abs(slope) / self._natural).max(initial=0.0)))
        return Cut(constant, slope, prices, barring, steepness, rents)

    def space_cut(
        self,
        highs: Highs,
        value: float,
        chosen: Mapping[tuple[str, str], float],
        face: float,
        remaining: np.ndarray,
        barring: bool,
    ) -> SpaceCut:
        """Return the dual as a bound for other shares, V and rooms.

        Parameters
        ----------
        highs, value, chosen, remaining, barring
            As of `cut`.
        face
            Most that the response may cost here.
        """
        duals = highs.row_duals()
        reduced = np.maximum(-highs.column_duals(), 0.0)
        policy_bounds, row = self.leader_problem.policy_bounds, self.leader_problem.face_row
        rents = {
            key: float(reduced[columns] @ policy_bounds.capacity[key]) for key, columns in policy_bounds.columns.items()
        }
        waste = 0.0 if row is None else max(0.0, -float(duals[row]))
        prices = self._prices(duals, filled=False)
        explained = waste * face + math.fsum(rents[key] * share for key, share in chosen.items())
        return SpaceCut(value - explained - float(value_of(remaining, prices)), waste, rents, prices, barring)

    def _prices(self, duals: np.ndarray, filled: bool) -> np.ndarray:
        """Prices of the rooms, shape (3,); that of the fill is 0 where there is no least fill."""
        prices = np.array([-duals[rows].sum() for rows in self.limit_rows])
        if not filled:
            prices[2] = 0.0
        return prices

    def _own_rents(self, highs: Highs) -> dict[tuple[str, str], float]:
        """What our side's columns that a policy opens can be worth, by their reduced costs."""
        own = self.leader_problem.policy_bounds.own
        if not own:
            return {}
        reduced = np.maximum(-highs.column_duals(), 0.0)
        return {key: float(reduced[columns].sum()) for key, columns in own.items()}


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
