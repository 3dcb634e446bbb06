"""The least-cost response that is least kind to us (model.md section 5)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ..follower.enumerate import FollowerArrays, FollowerSolver, policy_indices_of
from ..formulation.linking import Choice
from ..network import Network
from ..solver.arrays import Program
from ..solver.highs import TolerantHighs
from .fixed_policy import face_of


def leader_value(network: Network, keys: list[tuple[str, Any]]) -> np.ndarray:
    """Return what a unit of every output is worth to us, shape (outputs,) (section 5).

    Kindness = sum over lanes from us of (weight * margin + lasting[l]) * ship + sum over lanes to us of base_flow(t) * fill *
    worth at the destination.
    """
    worth = network.worth("ours")
    value_of = np.zeros(len(keys))
    for place, (kind, index) in enumerate(keys):
        if kind in ("margin", "lasting"):
            value_of[place] = 1.0
        elif kind == "fill":
            site, item, week = index
            value_of[place] = sum(
                network.weekly.base_flow[lane.lane][week] * worth[lane.destination, lane.item]
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
        outcome = TolerantHighs(on_face).solve()
        if outcome.optimal and outcome.solution is not None:
            return outcome.solution
    on_face.row_upper[-1] = math.inf
    highs = TolerantHighs(on_face)
    highs.set_cost(program.cost)
    if highs.solve_anew().optimal:
        highs.keep_to_optima()
        highs.set_cost(kind)
        outcome = highs.solve_anew()
    if not outcome.optimal or outcome.solution is None:
        raise ArithmeticError(f"the least kind response ended with {outcome.termination!r}")
    return outcome.solution
