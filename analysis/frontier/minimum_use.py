"""The least that a plan can take of a resource."""

from __future__ import annotations

import math

import numpy as np

from ...model.certify.certificate import money_scale
from ...model.formulation.linking import Choice
from ...model.methods.cut_pool import CutPool
from ...model.methods.engine import Engine
from ...model.plan.monitor import Stopped
from ...model.plan.tolerances import GAP_CLOSED
from ...model.solver.branch_and_bound import minimise
from ..relaxation.elastic import Elastic
from ..relaxation.limits import LimitFigure
from ..relaxation.questions import Question
from .resources import Resource


class MinimumUse(Elastic):
    """The leader problem that minimises the use of a resource instead of maximising leverage.

    The use is the gap of a limit set where no plan can keep it: no budget, an own loss below all others, a fill of 1.

    Parameters
    ----------
    engine
        The case, ready to be solved.
    resource
        One that is used by degrees.
    """

    def __init__(self, engine: Engine, resource: Resource):
        self.engine = engine
        self.resource = resource
        self.figure = LimitFigure(resource.name, resource.name, (), 0.0, "", 1.0)
        problem = engine.problem
        super().__init__(problem, engine.threads, engine.stop, others={self.figure: resource.gaps(problem)})
        kept = [figure for figure in self.figures if figure != self.figure]
        self.asked = Question({self.figure: 1.0}, kept)
        self.base = 1.0 if resource.sense < 0 else 0.0
        self.solve_limits = resource.at(engine.widest, self.base)
        self._advantage = np.array([problem.leader_problem.compiled.column[id(problem.leader_problem.model.advantage)]])

    def _work_out_responses(self) -> CutPool:
        # The engine's candidates, with nothing known of their use.
        return CutPool(self.engine.candidates, self.engine.cut_pool.enumerator)

    def alone_bound(self, cutoff: float) -> float:
        """Lower bound on the use whatever the policies; our side alone says nothing of our own loss."""
        return 0.0 if self.resource.name == "own_loss" else super().alone_bound(cutoff)

    def end(self) -> float | None:
        """Return the least use of any plan, whatever its policies; None where no plan keeps the other limits.

        Raises
        ------
        Stopped
            When stopped.
        """
        answer = self.least(self.asked)
        while self.resource.name == "own_loss" and answer.value <= GAP_CLOSED:
            # There are plans that gain this much and more: the limit must be set lower for their gaps to count.
            self.base -= 10 * (abs(self.base) + money_scale(self.problem))
            self.solve_limits = self.resource.at(self.solve_limits, self.base)
            self._cut_pool = None
            answer = self.least(self.asked)
        return self._level(answer.value) if math.isfinite(answer.value) else None

    def reach(self) -> np.ndarray:
        """Tightest level that every candidate could reach, as far as the search for the end tells, shape (candidates,)."""
        candidates = self.engine.candidates
        least = np.zeros(len(candidates)) if self.proven is None else self.proven
        if self.resource.name == "budget":
            # What our side needs under any policies, and the policies' own costs.
            self._price(self.asked)
            least = np.maximum(least, self.alone_bound(math.inf) + candidates.admin)
        elif self.proven is None:
            return np.full(len(candidates), -self.resource.sense * math.inf)
        return self.base + self.resource.sense * least - self._offset

    def least_under(self, choice: Choice, floor: float = -math.inf) -> tuple[float, np.ndarray] | None:
        """Return the least use of a plan under given policies, and its columns of the leader problem; None without a plan.

        Parameters
        ----------
        choice
            Policy of every regime.
        floor
            Least advantage of the plan: leverage less the part that depends on policies alone.
        """
        highs, program, binaries = self._choice_highs, self.leader_problem.program, self.binaries
        self._price(self.asked)
        self._use(highs)
        highs.set_bounds(self._advantage, np.array([floor]), np.array([math.inf]))
        cost, admin = self.problem.response_cost(choice), self.problem.admin_cost(choice)
        if not self.solves:
            highs.start_from(self.problem.fixed_policy.exact)
        self.solves += 1
        for wide in (False, True):
            self._set(highs, choice, cost, 0.0, admin, wide)
            highs.set_offset(0.0)
            outcome = minimise(
                highs, binaries, program.column_lower[binaries], program.column_upper[binaries], stop=self.stop
            )
            if not outcome.infeasible:
                break
        highs.set_bounds(self._advantage, np.array([-math.inf]), np.array([math.inf]))
        if self.stop():
            raise Stopped
        if outcome.objective is None or outcome.solution is None:
            return None
        return self._level(outcome.objective), outcome.solution[: program.cost.size]

    def _level(self, gap: float) -> float:
        return self.base + self.resource.sense * gap - self._offset

    @property
    def _offset(self) -> float:
        """What turns an own cost into an own loss."""
        return self.problem.status_quo.cost if self.resource.name == "own_loss" else 0.0
