"""All open, nothing qualified or stockpiled, scenario none: what leverage is counted from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..network import OPEN
from .base_flow import nearest_to_base_flow

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem
    from .recompute import Operations, OperationsSolver


@dataclass(frozen=True)
class StatusQuo:
    """All open, nothing qualified or stockpiled, scenario none.

    Attributes
    ----------
    cost
        W, our cost, by our linear programs alone.
    claimed
        W as the leader problem has it.
    response_cost
        V(all open).
    operations_solver
        Our linear programs alone.
    first
        Our operations and the response that W was found with; among ties any.
    basis
        Of the leader problem that W was found with.
    """

    cost: float
    claimed: float
    response_cost: float
    operations_solver: OperationsSolver
    first: Operations
    basis: Any = None

    @property
    def leader_problem(self) -> LeaderProblem:
        """The leader problem of scenario none without limits."""
        return self.operations_solver.leader_problem

    @cached_property
    def operations(self) -> Operations:
        """Our operations and the response; of several that cost the same those nearest to base_flow."""
        leader_problem = self.leader_problem
        nearest = nearest_to_base_flow(
            leader_problem,
            self.operations_solver.readout,
            dict.fromkeys(leader_problem.network.menu, OPEN),
            self.response_cost,
            self.cost,
            self.operations_solver.outputs,
            self.first.solution,
            self.basis,
        )
        return nearest or self.first
