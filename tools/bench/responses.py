"""Re-solving the response in Gray-code order against cold solves and against a bare HiGHS loop."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import highspy
import numpy as np
from sluicegate import load_case
from sluicegate.model.follower.enumerate import Enumerator, FollowerArrays, PolicyIndices, gray_order
from sluicegate.model.leader.problem import Problem
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.highs import Highs, pass_program

COMBINATIONS = 256
REPEATS = 5


def gated(arrays: FollowerArrays, policy_indices: PolicyIndices) -> Program:
    program = arrays.program.relaxed()
    program.column_upper = arrays.upper(policy_indices)
    return program


def by_columns(arrays: FollowerArrays, combinations: list[PolicyIndices]) -> np.ndarray:
    with Enumerator(arrays) as enumerator:
        return enumerator.run(combinations, with_outputs=True).cost


def by_cold_solves(arrays: FollowerArrays, combinations: list[PolicyIndices]) -> np.ndarray:
    return np.array([Highs(gated(arrays, policy_indices)).solve().objective for policy_indices in combinations])


def by_bare_loop(arrays: FollowerArrays, combinations: list[PolicyIndices]) -> np.ndarray:
    """The same order, bound changes and outputs with highspy alone: no checks, no restarts, no choice of processes."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("solver", "simplex")
    pass_program(highs, arrays.program)
    before = combinations[0]
    costs = np.empty(len(combinations))
    outputs = np.empty((len(combinations), arrays.outputs.shape[0]), dtype=np.float32)
    for place, policy_indices in enumerate(combinations):
        for regime, (old, new) in enumerate(zip(before, policy_indices, strict=True)):
            if old != new:
                columns, capacity = arrays.policy_columns[regime][old]
                highs.changeColsBounds(columns.size, columns, np.zeros(columns.size), np.zeros(columns.size))
                columns, capacity = arrays.policy_columns[regime][new]
                highs.changeColsBounds(columns.size, columns, np.zeros(columns.size), capacity)
        before = policy_indices
        highs.run()
        costs[place] = highs.getInfo().objective_function_value
        outputs[place] = arrays.outputs @ np.array(highs.getSolution().col_value)
    return costs


def measure(case_name: str = "taiwan-korea") -> list[tuple[str, str]]:
    """Medians over repeats, the ways in turn within each repeat."""
    problem = Problem(load_case(case_name))
    arrays = problem.response
    combinations = [
        policy_indices for policy_indices, _ in zip(gray_order(arrays.menu_sizes), range(COMBINATIONS), strict=False)
    ]
    ways: dict[str, Callable[[FollowerArrays, list[PolicyIndices]], np.ndarray]] = {
        "columns": by_columns,
        "cold": by_cold_solves,
        "bare": by_bare_loop,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, np.ndarray] = {}
    for _ in range(REPEATS):
        for name, way in ways.items():
            began = time.perf_counter()
            answers[name] = way(arrays, combinations)
            seconds[name].append(time.perf_counter() - began)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    off = max(float(np.max(np.abs(answers[name] / answers["cold"] - 1))) for name in ways)
    rows, columns = problem.response.program.matrix.shape
    return [
        ("case", f"{case_name}: {len(combinations)} responses of {rows:,} rows and {columns:,} columns"),
        ("columns, per response", f"{1e3 * median['columns'] / len(combinations):.2f} ms"),
        ("cold solves / columns (aim >= 8)", f"{median['cold'] / median['columns']:.1f} x"),
        ("columns / bare highspy loop (aim <= 1.3)", f"{median['columns'] / median['bare']:.2f} x"),
        ("largest relative difference of V between the three", f"{off:.1e}"),
    ]
