"""What a plan of the joint program costs both sides, our operations worked out anew and alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse
from pyomo.environ import Var
from pyomo.repn import generate_standard_repn

from ...model.certify.certificate import first_stage_of
from ...model.formulation.linking import Choice
from ...model.leader.fixed_policy import Steady, _rows_of
from ...model.leader.problem import Problem
from ...model.leader.recompute import FirstStage


@dataclass(frozen=True)
class Account:
    """A plan as it is shown.

    Attributes
    ----------
    first
        Lanes qualified and units stockpiled.
    losses : dict of str to (float, float)
        Counterpart's and our loss in every scenario that is weighed.
    spent
        Fixed, stockpile and admin costs.
    """

    first: FirstStage
    losses: Mapping[str, tuple[float, float]]
    spent: float

    @property
    def worst(self) -> str:
        """The scenario of least leverage; the first among ties."""
        return min(self.losses, key=lambda name: self.losses[name][0] - self.losses[name][1])

    @property
    def leverage(self) -> float:
        """Leverage in the worst scenario."""
        theirs, ours = self.losses[self.worst]
        return theirs - ours

    @property
    def own_loss(self) -> float:
        """Our greatest loss in any scenario that is weighed."""
        return max(ours for _, ours in self.losses.values())


class Accounts:
    """Our linear programs alone, warm from one plan to the next: first stage and response held, each scenario at least cost.

    What is held leaves the program, so that it is a good deal smaller than the joint one.

    Parameters
    ----------
    problem
        The case made ready.
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        joint = problem.joint
        model, program = joint.model, problem.operator.program
        self.width = program.cost.size
        families = [b.component_objects(Var) for b in model.ours.values()]
        free = joint.compiled.columns(
            variable for group in families for family in group for variable in family.values()
        )
        self._free = np.unique(free[free >= 0])
        self._held = np.setdiff1d(np.arange(self.width), self._free)
        rows = np.flatnonzero(np.isfinite(program.row_lower) | np.isfinite(program.row_upper))
        matrix = sparse.csr_matrix(program.matrix)[rows]
        continued = [_rows_of(joint.compiled, b.component("continuity")) for b in model.ours.values()]
        self._fill_rows = np.flatnonzero(np.isin(rows, np.concatenate(continued)))
        self._lower, self._upper = program.row_lower[rows], program.row_upper[rows]
        self._moved = matrix[:, self._held]
        alone = replace(
            program,
            cost=program.cost[self._free],
            matrix=sparse.csc_matrix(matrix[:, self._free]),
            row_lower=self._lower,
            row_upper=self._upper,
            column_lower=program.column_lower[self._free],
            column_upper=program.column_upper[self._free],
            integer=np.zeros(self._free.size, dtype=bool),
        )
        self._highs = Steady(alone)
        gaps = np.isin(self._free, problem.operator.gap_columns)
        self._gaps = np.flatnonzero(gaps).astype(np.int32)
        self.rated = list(model.rated)
        self._cost = [self._linear(model.ours[name].cost) for name in self.rated]
        self._refused = [self._linear(model.ours[name].refused_margin) for name in self.rated]
        self._margin = joint.compiled.column.get(id(model.margin_earned), -1)
        self._pairs = {key: joint.compiled.column.get(id(v), -1) for key, v in model.stockpile.items()}
        self._lanes = {key: joint.compiled.column.get(id(v), -1) for key, v in model.qualify.items()}

    def _linear(self, expression: Any) -> tuple[np.ndarray, float]:
        """Coefficients, shape (columns,), and constant of a linear expression."""
        repn = generate_standard_repn(expression, compute_values=True)
        coefficients = np.zeros(self.width)
        for coefficient, variable in zip(repn.linear_coefs, repn.linear_vars, strict=True):
            place = self.problem.joint.compiled.column.get(id(variable))
            if place is not None:
                coefficients[place] += coefficient
        return coefficients, float(repn.constant)

    def of(self, choice: Choice, solution: np.ndarray, least_fill: float | None = None) -> Account:
        """Return the account of a plan.

        Parameters
        ----------
        choice
            Policy of every regime.
        solution : array, shape (columns,)
            Columns of the joint program; response and first stage are used.
        least_fill
            Mean fill kept of every demand with a ``min_fill``; None: as the case says.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        """
        problem = self.problem
        network, status_quo = problem.network, problem.status_quo
        first = first_stage_of(problem, solution)
        plan = np.maximum(solution, 0.0)
        plan[[place for place in self._lanes.values() if place >= 0]] = [
            float(first.qualify[lane]) for lane, place in self._lanes.items() if place >= 0
        ]
        plan[[place for place in self._pairs.values() if place >= 0]] = [
            first.stockpile[pair] for pair, place in self._pairs.items() if place >= 0
        ]
        plan[self._free] = self._operations(plan, least_fill)
        admin, cost = problem.admin_cost(choice), problem.response_cost(choice)
        fixed = (network.lanes[lane].fixed_cost or 0.0 for lane, chosen in first.qualify.items() if chosen)
        stocked = (network.stockpile_price(pair) * amount for pair, amount in first.stockpile.items())
        spent = math.fsum((*fixed, *stocked, admin))
        margin = float(plan[self._margin]) if self._margin >= 0 else 0.0
        losses = {}
        for name, (ours, constant), (refused, base) in zip(self.rated, self._cost, self._refused, strict=True):
            theirs = cost - status_quo.response_cost + network.package_cost.get(name, 0.0)
            losses[name] = (
                theirs + float(refused @ plan) + base,
                float(ours @ plan) + constant - margin - status_quo.cost + spent,
            )
        return Account(first, losses, spent)

    def _operations(self, plan: np.ndarray, least_fill: float | None) -> np.ndarray:
        """Our operations at least cost, shape (free columns,); limits that rounding leaves no room for give."""
        shift = self._moved @ plan[self._held]
        lower = self._lower.copy()
        if least_fill is not None:
            lower[self._fill_rows] = least_fill * self.problem.network.weeks
        highs = self._highs
        count = lower.size
        highs.highs.changeRowsBounds(count, np.arange(count, dtype=np.int32), lower - shift, self._upper - shift)
        nothing = np.zeros(self._gaps.size)
        for most in (0.0, math.inf):
            highs.set_bounds(self._gaps, nothing, np.full(self._gaps.size, most))
            outcome = highs.solve()
            if outcome.optimal and outcome.solution is not None:
                return outcome.solution
        raise ArithmeticError(f"our operations ended with {outcome.termination!r}")
