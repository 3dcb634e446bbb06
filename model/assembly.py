"""From choices to a plan: every figure recomputed from linear programs solved alone (model.md section 6, certificate)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse
from pyomo.environ import Constraint, Var, value
from pyomo.repn import generate_standard_repn

from .columns import ResponseArrays, digits_of
from .compiled import Compiled, Highs, Program
from .evaluator import face_of
from .joint import Choice, Joint, margin_terms
from .network import NONE, Network
from .ours import gap_terms

NOISE = 1e-9
"""Quantities below this share of their scale are the solver's rounding."""


@dataclass(frozen=True)
class FirstStage:
    """Lanes qualified and units stockpiled."""

    qualify: Mapping[str, bool]
    stockpile: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Operations:
    """Operations of every scenario, each at least cost, for given first-stage choices and a given response.

    Attributes
    ----------
    own_cost, refused
        W and refused margin of every scenario.
    first_stage_cost
        Fixed and stockpile costs.
    margin
        Margin earned from the counterpart.
    solution : array, shape (columns,)
        Columns of the joint model.
    gaps
        (limit in words, size, unit) of limits that do not hold.
    """

    own_cost: dict[str, float]
    refused: dict[str, float]
    first_stage_cost: float
    margin: float
    solution: np.ndarray
    gaps: list[tuple[str, float, str]]


class Operator:
    """Solves our linear programs alone: first stage and response fixed, every scenario at its least cost.

    Parameters
    ----------
    joint
        The joint program.
    """

    def __init__(self, joint: Joint):
        self.joint = joint
        model, compiled = joint.model, joint.compiled
        network = joint.network
        cost = np.zeros_like(joint.program.cost)
        gap_columns = []
        repn = generate_standard_repn(model.operations.expr, compute_values=True)
        for coefficient, variable in zip(repn.linear_coefs, repn.linear_vars, strict=True):
            place = compiled.column.get(id(variable))
            if place is not None:
                cost[place] += coefficient
        for price, gap in gap_terms(model):
            place = compiled.column.get(id(gap))
            if place is not None:
                cost[place] += price
                gap_columns.append(place)
        lower_rows, upper_rows = joint.program.row_lower.copy(), joint.program.row_upper.copy()
        outside = [
            model.fill_link,
            model.order_link,
            model.margin_link,
            model.least_cost,
            model.own_cost_counted,
            model.worst,
        ]
        outside += list(model.response.component_objects(Constraint))
        outside += [model.component(name) for name in ("budget", "own_loss") if model.component(name) is not None]
        for family in outside:
            for constraint in family.values():
                row = compiled.row.get(id(constraint))
                if row is not None:
                    lower_rows[row], upper_rows[row] = -math.inf, math.inf
        self.program = Program(
            cost=cost,
            matrix=joint.program.matrix,
            row_lower=lower_rows,
            row_upper=upper_rows,
            column_lower=joint.program.column_lower.copy(),
            column_upper=joint.program.column_upper.copy(),
            integer=np.zeros_like(joint.program.integer),
        )
        self.gap_columns = np.array(gap_columns, dtype=np.int64)
        places = compiled.columns(response_variables(model.response))
        self.response_columns = places[places >= 0]
        self.network = network

    def run(self, response: np.ndarray, first: FirstStage) -> Operations:
        """Solve every scenario's operations.

        Parameters
        ----------
        response : array, shape (columns,)
            Columns of the joint model; those of the response are used.
        first
            First-stage choices.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        """
        model, compiled = self.joint.model, self.joint.compiled
        program = self.program
        lower, upper = program.column_lower.copy(), program.column_upper.copy()
        fixed: dict[int, float] = dict(
            zip(self.response_columns.tolist(), response[self.response_columns], strict=True)
        )
        load(compiled, response, model)
        for lane, variable in model.qualify.items():
            _fix(compiled, variable, float(first.qualify.get(lane, False)), fixed)
        for pair, variable in model.stockpile.items():
            _fix(compiled, variable, float(first.stockpile.get(pair, 0.0)), fixed)
        for index, variable in model.counterpart_fill.items():
            _fix(compiled, variable, min(1.0, max(0.0, value(model.response.fill[index]))), fixed)
        b = model.response
        for (lane, week), variable in model.order.items():
            ordered = math.fsum(value(b.ship[lane, policy, week]) for policy in b.data.policies_of[lane])
            _fix(compiled, variable, max(0.0, ordered), fixed)
        margin = math.fsum(weight * value(variable) for weight, variable in margin_terms(self.network, b))
        _fix(compiled, model.margin_earned, margin, fixed)
        _fix(compiled, model.advantage, 0.0, fixed)
        columns = np.array(list(fixed), dtype=np.int64)
        lower[columns] = upper[columns] = np.array(list(fixed.values()))
        alone = Program(
            program.cost, program.matrix, program.row_lower, program.row_upper, lower, upper, program.integer
        )
        outcome = Highs(alone).solve()
        if not outcome.optimal:
            # Limits that cannot hold are made elastic, so that the plan can say which and by how much.
            upper[self.gap_columns] = math.inf
            outcome = Highs(alone).solve()
        if not outcome.optimal or outcome.solution is None:
            raise ArithmeticError(f"our operations ended with {outcome.termination!r}")
        load(compiled, outcome.solution, model)
        model.margin_earned.set_value(margin, skip_validation=True)
        return Operations(
            own_cost={name: value(model.ours[name].cost) - margin for name in model.scenarios},
            refused={name: value(model.ours[name].refused_margin) for name in model.scenarios},
            first_stage_cost=value(model.first_stage_cost),
            margin=margin,
            solution=outcome.solution,
            gaps=_gaps(model),
        )


def response_variables(block: Any) -> list[Any]:
    """Variables of a response block, in an order that two blocks of one case share."""
    families = (block.ship, block.make, block.stock, block.fill, block.short_end)
    return [variable for family in families for variable in family.values()]


def _fix(compiled: Compiled, variable: Any, amount: float, fixed: dict[int, float]) -> None:
    variable.set_value(amount, skip_validation=True)
    place = compiled.column.get(id(variable))
    if place is not None:
        fixed[place] = amount


def load(compiled: Compiled, solution: np.ndarray, model: Any) -> None:
    """Write a solution's columns into the variables of a Pyomo model; rounding noise becomes 0."""
    clean = np.where(np.abs(solution) < NOISE, 0.0, solution)
    for variable in model.component_data_objects(Var):
        place = compiled.column.get(id(variable))
        variable.set_value(variable.lb or 0.0 if place is None else float(clean[place]), skip_validation=True)


def _gaps(model: Any, tolerance: float = 1e-6) -> list[tuple[str, float, str]]:
    gaps = []
    for name, b in model.ours.items():
        if not b.limited:
            continue
        demands = b.data.network.demands
        for (site, item), variable in b.fill_gap.items():
            if value(variable) > tolerance:
                least = demands[site, item].min_fill
                gaps.append(
                    (f"mean fill of {item} in {site} >= {least:g} in scenario {name}", value(variable), "share")
                )
        for (site, item), variable in b.week_gap.items():
            if value(variable) > tolerance:
                least = demands[site, item].min_fill_week
                gaps.append(
                    (f"weekly fill of {item} in {site} >= {least:g} in scenario {name}", value(variable), "share")
                )
        for (item, party), variable in b.share_gap.items():
            share = next(row.max_party_share for row in b.data.network.case.items if row.item == item)
            unit = b.data.network.units.item(item)
            if value(variable) > tolerance:
                gaps.append((f"share of {party} in our intake of {item} <= {share:g}", value(variable) * unit, "units"))
    return gaps


def kindness(network: Network, keys: list[tuple[str, Any]]) -> np.ndarray:
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


def least_kind(
    network: Network, arrays: ResponseArrays, keys: list[tuple[str, Any]], choice: Choice, cost: float
) -> np.ndarray:
    """Return the columns of the least-cost response that is least kind to us (section 5)."""
    value_of = kindness(network, keys)
    program = arrays.program
    on_face = Program(
        cost=np.asarray(arrays.outputs.T @ value_of).ravel(),
        matrix=sparse.csc_matrix(sparse.vstack([program.matrix, sparse.csr_matrix(program.cost)])),
        row_lower=np.append(program.row_lower, -math.inf),
        row_upper=np.append(program.row_upper, math.inf),
        column_lower=program.column_lower.copy(),
        column_upper=arrays.upper(digits_of(choice, network.menu)),
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
    """The rated scenario with the least leverage; the first among ties."""
    return min(network.rated, key=lambda name: losses[name][0] - losses[name][1]) if network.rated else NONE
