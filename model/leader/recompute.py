"""Our operations recomputed by linear programs solved alone, and what follows for both sides (model.md section 6, certificate)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse
from pyomo.environ import Constraint

from ..follower.enumerate import FollowerArrays, FollowerSolver, policy_indices_of
from ..formulation.leader import gap_terms
from ..formulation.linking import Choice, LeaderProblem, output_map
from ..network.network import NONE, Network
from ..solver.highs import Highs, Outcome, Program
from .fixed_policy import _rows_of, face_of, link_rows
from .readout import Readout

NOISE = 1e-9
"""Quantities below this share of their scale are the solver's rounding."""


@dataclass(frozen=True)
class FirstStage:
    """Lanes qualified and units stockpiled."""

    qualify: Mapping[str, bool]
    stockpile: Mapping[tuple[str, str], float]


def first_stage(network: Network, readout: Readout, solution: np.ndarray) -> FirstStage:
    """First-stage choices in a solution of the leader problem, rounding noise removed."""
    qualify = {
        lane: bool(level > 0.5)
        for lane, level in zip(readout.qualify.keys, readout.qualify.values(solution).tolist(), strict=True)
    }
    stockpile = {}
    for pair, amount in zip(readout.stockpile.keys, readout.stockpile.values(solution).tolist(), strict=True):
        most = network.most_stockpiled(pair)
        stockpile[pair] = 0.0 if amount < 1e-7 * max(1.0, most) else min(amount, most)
    return FirstStage(qualify, stockpile)


@dataclass(frozen=True)
class Operations:
    """Operations of every scenario, each at least cost, for given first-stage choices and a given response.

    They hold their own values: nothing that is solved later changes them.

    Attributes
    ----------
    readout
        Reads the columns.
    solution : array, shape (columns,)
        Response, first stage and operations of every scenario, as columns of the leader problem; rounding noise is 0.
    amounts : array, shape (parts,)
        Cost parts, as of `Readout.parts`.
    margin
        Margin earned from the counterpart.
    infeasibility
        What the rows that rounding breaks can be worth to our side, money.
    """

    readout: Readout
    solution: np.ndarray
    amounts: np.ndarray
    margin: float
    infeasibility: float

    @cached_property
    def own_cost(self) -> dict[str, float]:
        """W of every scenario."""
        return {name: self.readout.own_cost(self.amounts, name) - self.margin for name in self.readout.scenarios}

    @cached_property
    def refused(self) -> dict[str, float]:
        """Refused margin of every scenario."""
        return {name: self.readout.amount(self.amounts, "refused_margin", name) for name in self.readout.scenarios}

    @property
    def first_stage_cost(self) -> float:
        """Fixed and stockpile costs."""
        return self.readout.amount(self.amounts, "fixed_costs") + self.readout.amount(self.amounts, "stockpile")

    @property
    def response_cost(self) -> float:
        """What the response costs."""
        return self.readout.response_cost(self.amounts)

    def fills(self, scenario: str | None) -> dict[tuple[str, str], np.ndarray]:
        """Fills of a scenario week by week, by (site, item); None: those of the counterpart."""
        family = (self.readout.response if scenario is None else self.readout.ours[scenario])["fill"]
        levels = family.values(self.solution)
        return {pair: levels[weeks] for pair, weeks in family.weeks.items()}


class OperationsSolver:
    """Solves our linear programs alone: first stage and response fixed, every scenario at its least cost.

    Parameters
    ----------
    leader_problem
        The leader problem.
    readout
        Reads its columns, where there is one already.
    warm
        Whether a solve begins from the basis of the one before; else each begins from nothing.

    Attributes
    ----------
    program
        Our linear programs in the columns of the leader problem: rows that are not ours are free.
    outputs : scipy.sparse.csr_matrix, shape (outputs, columns)
        What our side sees of a response, from the columns of the leader problem.
    fixed : array of int
        Columns that are given: the response, its outputs and the first stage.
    response_rows : list of (int, (site, item), bool)
        Rows of the response: its balances and, marked, its terminal rows.
    """

    def __init__(self, leader_problem: LeaderProblem, readout: Readout | None = None, *, warm: bool = False):
        self.leader_problem = leader_problem
        self.readout = readout or Readout(leader_problem)
        self.warm = warm
        model, compiled = leader_problem.model, leader_problem.compiled
        cost = self.readout.operations_cost()
        gaps = gap_terms(model)
        places = compiled.columns(gap for _, gap in gaps)
        held = places >= 0
        self.gap_columns = places[held]
        np.add.at(cost, self.gap_columns, np.array([price for price, _ in gaps])[held])
        lower_rows, upper_rows = leader_problem.program.row_lower.copy(), leader_problem.program.row_upper.copy()
        outside = [model.component(name) for name in OUTSIDE if model.component(name) is not None]
        outside += list(model.response.component_objects(Constraint))
        for family in outside:
            rows = _rows_of(compiled, family)
            lower_rows[rows], upper_rows[rows] = -math.inf, math.inf
        self.program = Program(
            cost=cost,
            matrix=leader_problem.program.matrix,
            row_lower=lower_rows,
            row_upper=upper_rows,
            column_lower=leader_problem.program.column_lower.copy(),
            column_upper=leader_problem.program.column_upper.copy(),
            integer=np.zeros_like(leader_problem.program.integer),
        )
        self.fill_rows = np.concatenate(
            [np.empty(0, int), *(_rows_of(compiled, b.component("continuity")) for b in model.ours.values())]
        )
        response = np.concatenate([family.columns for family in self.readout.response.values()])
        self.response_columns = response[response >= 0]
        self.outputs = output_map(leader_problem.network, compiled, model.response, leader_problem.outputs)
        self.links = link_rows(leader_problem)[2]
        self._shares = np.array([kind == "fill" for kind, _ in leader_problem.outputs], dtype=bool)
        self._advantage = compiled.column.get(id(model.advantage), -1)
        self.response_rows = [
            (row, tuple(key[:2]), family is model.response.terminal)
            for family in (model.response.balance, model.response.terminal)
            for key, constraint in family.items()
            if (row := compiled.row.get(id(constraint))) is not None
        ]
        given = [*self.response_columns, *self.links, *self.readout.qualify.columns, *self.readout.stockpile.columns]
        self.fixed = np.unique([place for place in (*given, self._advantage) if place >= 0]).astype(np.int64)

    @cached_property
    def highs(self) -> Highs:
        """Our linear programs, warm."""
        return Highs(self.program, presolve="off", solver="simplex")

    def given(self, response: np.ndarray, first: FirstStage) -> tuple[np.ndarray, float]:
        """Columns that are fixed, all others 0, shape (columns,), and the margin that the response earns us."""
        values = np.zeros_like(self.program.cost)
        columns = self.response_columns
        values[columns] = np.where(np.abs(response[columns]) < NOISE, 0.0, response[columns])
        outputs = np.maximum(self.outputs @ values, 0.0)
        outputs[self._shares] = np.minimum(outputs[self._shares], 1.0)
        linked = self.links >= 0
        values[self.links[linked]] = outputs[linked]
        lanes = np.array([float(first.qualify.get(lane, False)) for lane in self.readout.qualify.keys])
        units = np.array([float(first.stockpile.get(pair, 0.0)) for pair in self.readout.stockpile.keys])
        for family, amounts in ((self.readout.qualify, lanes), (self.readout.stockpile, units)):
            placed = family.columns >= 0
            values[family.columns[placed]] = amounts[placed]
        return values, float(outputs[-1])

    def run(self, response: np.ndarray, first: FirstStage, least_fill: float | None = None) -> Operations:
        """Solve every scenario's operations; limits that cannot hold are broken as little as can be.

        Parameters
        ----------
        response : array, shape (columns,)
            Columns of the leader problem; those of the response are used.
        first
            First-stage choices.
        least_fill
            Mean fill kept of every demand with a ``min_fill``; None: as the case says.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        """
        values, margin = self.given(response, first)
        highs = self.highs if self.warm else Highs(self.program)
        highs.set_bounds(self.fixed, values[self.fixed], values[self.fixed])
        outcome, prices = self._solve(highs, least_fill)
        if not outcome.optimal or outcome.solution is None:
            raise ArithmeticError(f"our operations ended with {outcome.termination!r}")
        solution = np.where(np.abs(outcome.solution) < NOISE, 0.0, outcome.solution)
        solution[self.fixed] = values[self.fixed]
        row_lower = self.program.row_lower
        if least_fill is not None:
            row_lower = row_lower.copy()
            row_lower[self.fill_rows] = self._least(least_fill)
        broken = broken_by(replace(self.program, row_lower=row_lower), solution)
        return Operations(
            self.readout, solution, self.readout.amounts(solution), margin, float(broken @ np.abs(prices))
        )

    def _least(self, fill: float) -> np.ndarray:
        """Sums over weeks of fills whose mean is asked for."""
        return np.full(self.fill_rows.size, fill * self.leader_problem.network.weeks)

    def _solve(self, highs: Highs, least_fill: float | None) -> tuple[Outcome, np.ndarray]:
        """Return the outcome and the duals of the rows."""
        program, gaps = self.program, self.gap_columns
        if least_fill is not None:
            self._ask(highs, self._least(least_fill))
        try:
            outcome = _settled(highs)
            if not outcome.optimal:
                # Limits that cannot hold are made elastic, so that it can be said which and by how much.
                highs.set_bounds(gaps, np.zeros(gaps.size), np.full(gaps.size, math.inf))
                outcome = _settled(highs)
            return outcome, highs.row_duals()
        finally:
            highs.set_bounds(gaps, program.column_lower[gaps], program.column_upper[gaps])
            if least_fill is not None:
                self._ask(highs, program.row_lower[self.fill_rows])

    def _ask(self, highs: Highs, least: np.ndarray) -> None:
        """Set the sums over weeks of the fills that continuity asks for."""
        for row, lower in zip(self.fill_rows.tolist(), least.tolist(), strict=True):
            highs.set_row(row, lower, math.inf)


OUTSIDE = ("fill_link", "order_link", "margin_link", "least_cost", "own_cost_counted", "worst", "budget", "own_loss")
"""Rows of the leader problem, besides those of the response, that do not bind our operations."""


def broken_by(program: Program, solution: np.ndarray) -> np.ndarray:
    """By how much a solution breaks every row of a program, shape (rows,)."""
    activity = program.matrix @ solution
    return np.maximum(0.0, np.maximum(program.row_lower - activity, activity - program.row_upper))


def _settled(highs: Highs) -> Outcome:
    """Solve; anew in other ways where that settles nothing."""
    outcome = highs.solve()
    return outcome if outcome.settled else highs.solve_anew()


def response_variables(block: Any) -> list[Any]:
    """Variables of a response block, in an order that two blocks of one case share."""
    families = (block.ship, block.contract, block.make, block.stock, block.fill, block.short_end)
    return [variable for family in families for variable in family.values()]


def leader_value(network: Network, keys: list[tuple[str, Any]]) -> np.ndarray:
    """Return what a unit of every output is worth to us, shape (outputs,) (section 5).

    Kindness = sum over lanes from us of margin * A_p * ship * weight + sum over lanes to us of base_flow * fill *
    worth at the destination.
    """
    worth = network.worth("ours")
    value_of = np.zeros(len(keys))
    for place, (kind, index) in enumerate(keys):
        if kind == "margin":
            value_of[place] = 1.0
        elif kind == "fill":
            site, item, _ = index
            value_of[place] = sum(
                lane.base_flow * worth[lane.destination, lane.item]
                for lane in network.sold_abroad[site, item]
                if network.side[lane.destination] == "ours"
            )
    return value_of


def pessimistic_response(
    network: Network, arrays: FollowerArrays, keys: list[tuple[str, Any]], choice: Choice, cost: float
) -> np.ndarray:
    """Return the columns of the least-cost response that is least kind to us (section 5)."""
    program = arrays.program
    policy_indices = policy_indices_of(choice, network.menu)
    kind = np.asarray(arrays.outputs.T @ leader_value(network, keys)).ravel()
    if not kind.any():
        # All are alike to us, and the program below is slow to find its way where nothing is to be minimised.
        return FollowerSolver(arrays).solve(policy_indices)[1]
    on_face = Program(
        cost=kind,
        matrix=sparse.csc_matrix(sparse.vstack([program.matrix, sparse.csr_matrix(program.cost)])),
        row_lower=np.append(program.row_lower, -math.inf),
        row_upper=np.append(program.row_upper, math.inf),
        column_lower=program.column_lower.copy(),
        column_upper=arrays.upper(policy_indices),
        integer=np.zeros(program.cost.size, dtype=bool),
    )
    for wide in (False, True):
        on_face.row_upper[-1] = face_of(network, cost, wide) - program.offset
        outcome = Highs(on_face).solve()
        if outcome.optimal:
            break
    if not outcome.optimal or outcome.solution is None:
        raise ArithmeticError(f"the least kind response ended with {outcome.termination!r}")
    return outcome.solution


def leverage_by_package(
    network: Network, operations: Operations, base_loss: float, status_quo: float, admin: float
) -> dict[str, tuple[float, float]]:
    """(counterpart's loss, our loss) in every scenario; packages' costs and refused margins are the counterpart's."""
    losses = {}
    for name, own in operations.own_cost.items():
        package = network.package_cost.get(name, 0.0) + operations.refused[name]
        losses[name] = (base_loss + package, own - status_quo + operations.first_stage_cost + admin)
    return losses


def worst_of(network: Network, losses: Mapping[str, tuple[float, float]]) -> str:
    """The rated scenario with the least leverage; the first among ties, which a solver's rounding does not break."""
    if not network.rated:
        return NONE
    leverages = {name: losses[name][0] - losses[name][1] for name in network.rated}
    tie = NOISE * max(max(map(abs, losses[name])) for name in network.rated)
    least = min(leverages.values())
    return next(name for name, leverage in leverages.items() if leverage <= least + tie)
