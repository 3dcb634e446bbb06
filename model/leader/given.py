"""Given choices held in the leader problem, operations at their best."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..formulation.linking import Choice
    from ..solver.highs import Outcome
    from .problem import Problem
    from .recompute import FirstStage


class Given:
    """Policies, lanes and stockpiles that are given, not chosen.

    Parameters
    ----------
    problem
        The problem.
    choice
        A policy for every regime.
    first
        Lanes qualified and units stockpiled, in natural units.
    cost
        What the counterpart's response costs it under the policies; default: it is computed from a cold start.

    Attributes
    ----------
    admin, constant
        Admin costs of the policies, and the part of leverage that depends on policies alone.
    fixed : dict of int to float
        First-stage columns of the leader problem, and the values they are held at.
    """

    def __init__(self, problem: Problem, choice: Choice, first: FirstStage, cost: float | None = None):
        self.problem, self.choice, self.first = problem, choice, first
        self.cost = problem.response_cost(choice) if cost is None else cost
        self.admin = problem.admin_cost(choice)
        self.constant = problem.constant(self.cost, self.admin)
        self.fixed = problem.choices.at(first.qualify, first.stockpile)

    def strict(self) -> Outcome:
        """Return the best operations within all limits."""
        return self.problem.fixed_policy.best(self.choice, self.cost, self.constant, self.admin, fixed=self.fixed)

    def elastic(self) -> Outcome:
        """Return the best operations where limits may give, at a price above any other."""
        return self.problem.fixed_policy.best_elastic(self.choice, self.cost, self.constant, self.admin, self.fixed)

    def best(self) -> Outcome:
        """Return the best operations within all limits; where these cannot hold, those that break them least."""
        outcome = self.strict()
        return self.elastic() if outcome.solution is None else outcome
