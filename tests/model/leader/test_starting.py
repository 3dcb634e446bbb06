"""The basis that searches and certificates begin with: far fewer iterations, the same optimum."""

from __future__ import annotations

from typing import Any

import pytest
import sluicegate
from sluicegate.model.leader.fixed_policy import FixedPolicySolver
from sluicegate.model.leader.given import Given
from sluicegate.model.leader.problem import Problem
from sluicegate.model.leader.recompute import FirstStage, OperationsSolver

CLOSE = 1e-9
"""Relative difference of two optima of one linear program."""


@pytest.fixture(scope="module")
def problem() -> Problem:
    return Problem.natural(sluicegate.load_case("tutorial"))


def iterations(highs: object) -> int:
    return int(highs.highs.getInfo().simplex_iteration_count)  # type: ignore[attr-defined]


def test_a_search_begins_with_the_status_quo_of_every_scenario(problem: Problem) -> None:
    cost = problem.status_quo.response_cost
    point = (problem.all_open, cost, problem.constant(cost, 0.0), 0.0)
    cold = FixedPolicySolver(problem.leader_problem, problem.status_quo.cost)
    assert problem.fixed_policy.relax(*point).leverage == pytest.approx(cold.relax(*point).leverage, rel=CLOSE)
    assert 3 * iterations(problem.fixed_policy.relaxed) < iterations(cold.relaxed)


def test_a_certificate_begins_with_the_status_quo_of_every_scenario(problem: Problem) -> None:
    cost = problem.status_quo.response_cost
    outcome = problem.fixed_policy.best(problem.all_open, cost, problem.constant(cost, 0.0), 0.0)
    assert outcome.solution is not None
    cold = OperationsSolver(problem.leader_problem).run(outcome.solution, FirstStage({}, {}), problem.all_open)
    warm = problem.operations_solver.run(outcome.solution, FirstStage({}, {}), problem.all_open)
    assert warm.own_cost == pytest.approx(cold.own_cost, rel=CLOSE)


def test_operations_alone_begin_with_those_of_the_program_of_both_sides(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    held = OperationsSolver._held

    def counted(solver: OperationsSolver, highs: Any, known: Any) -> Any:
        outcome = held(solver, highs, known)
        steps.append(iterations(highs))
        return outcome

    monkeypatch.setattr(OperationsSolver, "_held", counted)
    first = FirstStage({}, {})
    found = Given(problem, problem.all_open, first).elastic()
    assert found.solution is not None and found.basis is not None
    solver = OperationsSolver(problem.leader_problem)
    cold = solver.run(found.solution, first, problem.all_open)
    before = steps.copy()
    steps.clear()
    warm = solver.run(found.solution, first, problem.all_open, basis=found.basis)
    assert warm.own_cost == pytest.approx(cold.own_cost, rel=CLOSE)
    # The advantage comes first, and is that of the program of both sides.
    assert 5 * steps[0] < before[0]
