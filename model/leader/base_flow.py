"""The status quo among ties: of all least-cost operations those nearest to base_flow (model.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sparse

from ..network import NONE
from ..plan.tolerances import FACE_RELATIVE, QUANTITY_NOISE
from ..solver.arrays import Program
from ..solver.bases import appended_basis
from ..solver.highs import Highs
from .fixed_policy import face_of
from .recompute import Operations

if TYPE_CHECKING:
    from ..formulation.linking import Choice, LeaderProblem
    from .readout import Readout

LARGE = 20_000
"""Columns of the leader problem from which on the search begins with the basis that its costs were found with: cold, HiGHS takes
minutes. A small one is solved cold, which of several operations as near shows those that it always did."""


def nearest_to_base_flow(
    leader_problem: LeaderProblem,
    readout: Readout,
    choice: Choice,
    response_cost: float,
    own_cost: float,
    outputs: sparse.csr_matrix,
    first: np.ndarray,
    basis: Any = None,
) -> Operations | None:
    """Return the status quo's operations of least deviation from base_flow, at the same costs.

    Among the responses that cost V and our operations that cost W, minimised is the sum over lanes and weeks of
    abs(dispatched - base_flow(t)), every item in its natural unit, plus what exports fall short of base_flow. V and W do not move.

    Parameters
    ----------
    leader_problem
        The leader problem of scenario none without limits.
    readout
        Reads its columns.
    choice
        Every regime open.
    response_cost, own_cost
        V(all open) and W, money.
    outputs : scipy.sparse.csr_matrix, shape (outputs, columns)
        As of `OperationsSolver.outputs`.
    first : array, shape (columns,)
        Operations at these costs; binaries stay as they are there.
    basis : HighsBasis, optional
        Of the leader problem that they were found with: of a large one the search begins there. None: it begins cold.

    Returns
    -------
    Operations or None
        None where HiGHS finds no operations at these costs within its tolerance.
    """
    program, network = leader_problem.program, leader_problem.network
    flows = _flows(leader_problem, readout)
    lanes = sorted({lane for lane, _ in flows})
    keys = [(lane, week) for lane in lanes for week in range(network.weeks)]
    count, width = len(keys), program.cost.size
    across = sparse.lil_matrix((count, width))
    for row, key in enumerate(keys):
        for column, units in flows.get(key, ()):
            across[row, column] += units
    base = np.array([network.weekly.base_flow[lane][week] for lane, week in keys])
    cost = np.concatenate([_short_exports(leader_problem, readout), np.ones(2 * count)])
    upper = np.append(leader_problem.policy_bounds.upper(program.column_upper, choice), np.full(2 * count, np.inf))
    lower = np.append(program.column_lower, np.zeros(2 * count))
    chosen = leader_problem.compiled.columns(
        [*leader_problem.model.qualify.values(), *leader_problem.model.stockpile.values()]
    )
    upper[chosen[chosen >= 0]] = 0.0
    whole = leader_problem.operational
    lower[whole] = upper[whole] = first[whole]
    own = leader_problem.compiled.column.get(id(leader_problem.model.own_cost[NONE]))
    row_upper = program.row_upper.copy()
    apart = sparse.identity(count)
    matrix = sparse.bmat([[program.matrix, None, None], [across, -apart, apart]]) if count else program.matrix
    for wide in (False, True):
        if own is not None:
            upper[own] = own_cost + (FACE_RELATIVE * max(1.0, abs(own_cost)) if wide else 0.0)
        if leader_problem.face_row is not None:
            row_upper[leader_problem.face_row] = face_of(network, response_cost, wide) - leader_problem.face_offset
        settled = Program(
            cost,
            sparse.csc_matrix(matrix),
            np.append(program.row_lower, base),
            np.append(row_upper, base),
            lower,
            upper,
            np.zeros(cost.size, dtype=bool),
        )
        highs = Highs(settled)
        if basis is not None and width >= LARGE:
            # Of every lane and week the deviation that is not 0 is basic.
            above = np.asarray(across @ first).ravel() > base
            highs.set_basis(appended_basis(basis, np.append(above, ~above)))
        outcome = highs.solve()
        if outcome.optimal and outcome.solution is not None:
            solution = outcome.solution[:width]
            solution = np.where(np.abs(solution) < QUANTITY_NOISE, 0.0, solution)
            margin = max(0.0, float((outputs @ solution)[-1]))
            return Operations(readout, solution, readout.amounts(solution), margin, 0.0)
    return None


def _flows(leader_problem: LeaderProblem, readout: Readout) -> dict[tuple[str, int], list[tuple[int, float]]]:
    """(column, units) of what every lane into either side dispatches in a week."""
    flows: dict[tuple[str, int], list[tuple[int, float]]] = {}
    ours = readout.ours[NONE]["ship"]
    for (lane, week), column in zip(ours.keys, ours.columns.tolist(), strict=True):
        flows.setdefault((lane, week), []).append((column, 1.0))
    b = leader_problem.model.response
    for lane in {lane.lane: None for lane in b.data.lanes}:
        for week in range(b.data.weeks):
            for units, move in b.data.dispatched(b, lane, week):
                column = leader_problem.compiled.column.get(id(move), -1)
                flows.setdefault((lane, week), []).append((column, units))
    return {key: [term for term in terms if term[0] >= 0] for key, terms in flows.items()}


def _short_exports(leader_problem: LeaderProblem, readout: Readout) -> np.ndarray:
    """Cost by which exports to other parties fall short of base_flow, per unit of every column, shape (columns,)."""
    network, cost = leader_problem.network, np.zeros_like(leader_problem.program.cost)
    exports = readout.ours[NONE]["export_fill"]
    for (lane, week), column in zip(exports.keys, exports.columns.tolist(), strict=True):
        if column >= 0:
            cost[column] -= network.weekly.base_flow[lane][week]
    fills = readout.response["fill"]
    for (site, item, week), column in zip(fills.keys, fills.columns.tolist(), strict=True):
        if column >= 0:
            sold = network.sold_abroad.get((site, item), ())
            cost[column] -= sum(network.weekly.base_flow[lane.lane][week] for lane in sold)
    return cost
