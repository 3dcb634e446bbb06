"""Ties between purchases, and between least-cost responses, under one choice of policies (docs/conventions.md, The objective)."""

from __future__ import annotations

import itertools
import math
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..formulation.linking import Choice
from ..formulation.single_level import coupled
from ..plan.monitor import Stopped
from ..plan.tolerances import LEVERAGE_TIE, NO_AMOUNT
from ..solver.branch_and_bound import minimise
from ..solver.highs import PRIMAL, Outcome
from .fixed_policy import FixedPolicySolver

NODES = 200
"""Nodes after which lanes of equal worth are left as they are."""


class Ties:
    """Settles which of several plans of equal leverage under one choice of policies is taken: by rule, not by rounding.

    Fewest lanes qualified; then the least sum over stockpiles of the share of what may be stockpiled; then the response that is
    best for us in all rated scenarios, earlier ones counting more. Among equals earlier rows come first.

    Parameters
    ----------
    fixed_policy
        The leader problem, under the terms of the plan.
    choice, cost, constant, admin
        As in `FixedPolicySolver.relax`.
    """

    def __init__(self, fixed_policy: FixedPolicySolver, choice: Choice, cost: float, constant: float, admin: float):
        self.fixed_policy = fixed_policy
        self.highs = fixed_policy.exact
        leader_problem = fixed_policy.leader_problem
        self.program = leader_problem.program
        self._point = (choice, cost, constant, admin)
        model, compiled = leader_problem.model, leader_problem.compiled
        self._advantage = compiled.column.get(id(model.advantage), -1)
        self._lanes = _placed(compiled.columns(model.qualify.values()))
        self._whole = leader_problem.operational
        self._stockpiles = _placed(compiled.columns(model.stockpile.values()))
        self._scenarios = (
            leader_problem.compiled.rows(leader_problem.model.component("worst"))
            if coupled(leader_problem.network)
            else np.empty(0, int)
        )

    def settle(self, outcome: Outcome) -> Outcome:
        """Return an outcome of `FixedPolicySolver.best` with the solution that the rule takes; as it is where time is up before.

        Parameters
        ----------
        outcome
            The outcome, with a solution.
        """
        solution, settled = outcome.solution, None
        assert solution is not None
        if not self._open_to_doubt(solution):
            return outcome
        highs, program = self.highs, self.program
        choice, cost, constant, admin = self._point
        held = np.concatenate([self._lanes, self._whole, self._stockpiles, [self._advantage]]).astype(np.int32)
        self.fixed_policy.last = None
        try:
            self.fixed_policy._open(highs, dict.fromkeys(choice.items(), 1.0))
            with suppress(Stopped, ArithmeticError):
                for wide in (False, True):
                    self.fixed_policy._put(highs, cost, constant, admin, wide)
                    settled = self._settle(outcome)
                    if settled is not None:
                        break
        finally:
            upper = program.column_upper[held].copy()
            upper[np.isin(held, self.fixed_policy.held)] = 0.0
            highs.set_bounds(held, program.column_lower[held], upper)
            highs.set_cost(program.cost)
        return outcome if settled is None else replace(outcome, solution=settled)

    def _open_to_doubt(self, solution: np.ndarray) -> bool:
        """Whether another plan may be as good: something is bought, or several scenarios hang on the response."""
        bought = bool(self._lanes.size and solution[self._lanes].max() > 0.5) or bool(self._large(solution).any())
        return self._advantage >= 0 and (bought or self._scenarios.size > 1)

    def _large(self, solution: np.ndarray) -> np.ndarray:
        """Which stockpiles a solution holds, shape (stockpiles,)."""
        return solution[self._stockpiles] > NO_AMOUNT * self.program.column_upper[self._stockpiles]

    def _settle(self, outcome: Outcome) -> np.ndarray | None:
        """Return the solution that the rule takes; None where the face leaves none at this leverage."""
        assert outcome.solution is not None
        lanes = np.round(outcome.solution[self._lanes])
        self._hold(self._lanes, lanes, lanes)
        whole = np.round(outcome.solution[self._whole])
        self._hold(self._whole, whole, whole)
        solution = self._solved()
        if solution is None:
            return None
        # No plan is worse than this one from here on: the basis is feasible, and every step stays among the best.
        self._hold(np.array([self._advantage]), solution[[self._advantage]], np.array([math.inf]))
        assert outcome.objective is not None
        if lanes.any() and outcome.others <= outcome.objective + LEVERAGE_TIE * abs(outcome.objective):
            solution = self._with_fewest_lanes(solution, lanes, whole)
        if self._large(solution).any():
            most = self.program.column_upper[self._stockpiles]
            self._price(self._stockpiles, _ranked(self._stockpiles.size) / np.where(most > 0, most, 1.0))
            solution = self._improved(solution)
        amounts = np.where(self._large(solution), solution[self._stockpiles], 0.0)
        self._hold(self._stockpiles, amounts, amounts)
        return self._best_response(solution) if self._scenarios.size > 1 else solution

    def _with_fewest_lanes(self, solution: np.ndarray, chosen: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Hold the lanes that the rule takes, and return a solution with these."""
        lanes, others = self._fewest_lanes(chosen, whole)
        self._hold(self._lanes, lanes, lanes)
        self._hold(self._whole, others, others)
        found = solution if (lanes == chosen).all() else self._solved()
        if found is None:
            self._hold(self._lanes, chosen, chosen)
            self._hold(self._whole, whole, whole)
            return solution
        return found

    def _fewest_lanes(self, chosen: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lanes to qualify, 0 or 1, shape (lanes,), and the binaries of our operations with these."""
        price, nodes = _ranked(self._lanes.size), itertools.count()
        self._price(self._lanes, price)
        binaries = np.concatenate([self._lanes, self._whole])
        lower, upper = np.zeros(binaries.size), self.program.column_upper[binaries].copy()
        upper[np.isin(binaries, self.fixed_policy.held)] = 0.0
        self.highs.set_offset(0.0)
        # Only what is better by rule is looked for.
        found = minimise(
            self.highs,
            binaries,
            lower,
            upper,
            cutoff=float(price @ chosen) - 1e-6,
            stop=lambda: self.fixed_policy.stop() or next(nodes) >= NODES,
        )
        if found.solution is None:
            return chosen, whole
        return np.round(found.solution[self._lanes]), np.round(found.solution[self._whole])

    def _best_response(self, solution: np.ndarray) -> np.ndarray:
        """Return the plan whose response is best for us in all rated scenarios."""
        program = self.program
        rows = program.matrix[self._scenarios].toarray()
        # Rows say: advantage - what a scenario is worth <= what its package costs; their slack is its worth beyond the worst.
        signs = np.where(np.isfinite(program.row_upper[self._scenarios]), 1.0, -1.0)
        cost = (signs / np.arange(1, self._scenarios.size + 1)) @ rows
        cost[self._advantage] = 0.0
        self.highs.set_cost(cost)
        return self._improved(solution)

    def _improved(self, solution: np.ndarray) -> np.ndarray:
        """Return the best solution at the costs that are set; the one that is there where rounding hides it."""
        with self.highs.options(simplex_strategy=PRIMAL):
            found = self._solved()
        return solution if found is None else found

    def _solved(self) -> np.ndarray | None:
        outcome = self.highs.solve()
        if not outcome.settled:
            outcome = self.highs.solve_anew()
        return outcome.solution if outcome.optimal else None

    def _price(self, columns: np.ndarray, price: np.ndarray) -> None:
        cost = np.zeros_like(self.program.cost)
        cost[columns] = price
        self.highs.set_cost(cost)

    def _hold(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        self.highs.set_bounds(columns.astype(np.int32), lower, upper)


def _placed(columns: np.ndarray) -> np.ndarray:
    return columns[columns >= 0]


def _ranked(size: int) -> np.ndarray:
    """Return about 1 for each of some rows, a little less the earlier it comes; no two sets have the same sum by design."""
    return 1.0 + np.sqrt(np.arange(size)) / max(1.0, size**1.5)
