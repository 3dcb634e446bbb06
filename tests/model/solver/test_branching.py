"""Branch and bound over binaries against a mixed-integer solver, and the words it ends with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytest import approx
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.branch_and_bound import minimise
from sluicegate.model.solver.highs import WAYS, Highs, Outcome


def random_program(number: int) -> Program:
    """Up to 6 binaries and as many continuous columns in [0, 3], rows ``>=`` and ``<=`` of small whole numbers."""
    draw = np.random.default_rng(number)
    binaries, others, rows = int(draw.integers(0, 7)), int(draw.integers(1, 7)), int(draw.integers(1, 8))
    width = binaries + others
    matrix = draw.integers(-4, 5, (rows, width)) * (draw.random((rows, width)) < 0.7)
    return Program(
        cost=draw.integers(-9, 10, width).astype(float),
        matrix=sparse.csc_matrix(matrix.astype(float)),
        row_lower=np.where(draw.random(rows) < 0.5, draw.integers(-3, 4, rows), -np.inf),
        row_upper=np.where(draw.random(rows) < 0.5, draw.integers(3, 8, rows), np.inf),
        column_lower=np.zeros(width),
        column_upper=np.concatenate([np.ones(binaries), np.full(others, 3.0)]),
        integer=np.arange(width) < binaries,
        offset=float(draw.integers(-5, 6)),
    )


def branched(program: Program, **options) -> Outcome:
    binaries = np.flatnonzero(program.integer).astype(np.int32)
    highs = Highs(program.relaxed(), presolve="off", solver="simplex")
    size = binaries.size
    outcome = minimise(highs, binaries, np.zeros(size), np.ones(size), **options)
    # The bounds of the binaries are put back, so that the next solve is a relaxation again.
    assert highs.solve().objective == approx(Highs(program.relaxed()).solve().objective)
    return outcome


def best(program: Program) -> float | None:
    result = milp(
        program.cost,
        constraints=LinearConstraint(program.matrix, program.row_lower, program.row_upper),
        bounds=Bounds(program.column_lower, program.column_upper),
        integrality=program.integer.astype(int),
        options={"mip_rel_gap": 0.0},
    )
    assert result.status in (0, 2)
    return None if result.status == 2 else result.fun + program.offset


@pytest.mark.parametrize("part", range(4))
def test_the_minimum_is_found(part: int) -> None:
    statuses = set()
    for number in range(100 * part, 100 * part + 60):
        program = random_program(number)
        outcome, least = branched(program), best(program)
        statuses.add(outcome.termination)
        assert outcome.infeasible == (least is None), number
        if least is not None:
            assert outcome.optimal
            assert outcome.objective == approx(least, abs=1e-6), number
            assert outcome.bound == approx(least, abs=1e-6), number
            values = outcome.solution[program.integer]
            assert values == approx(np.round(values), abs=1e-6)
    assert statuses == {"Optimal", "Infeasible"}


def test_a_cutoff_hides_what_is_not_below_it() -> None:
    checked = 0
    for number in range(40):
        program = random_program(number)
        least = best(program)
        if least is None:
            continue
        checked += 1
        below = branched(program, cutoff=least + 0.5)
        assert (below.termination, below.objective) == ("Optimal", approx(least, abs=1e-6))
        above = branched(program, cutoff=least - 0.5)
        assert (above.termination, above.objective) == ("Cut off", None)
        # What is cut off is bounded all the same, and never by more than the minimum.
        assert above.bound <= least + 1e-6
    assert checked > 20


def test_a_stop_keeps_what_was_found() -> None:
    for number in range(40):
        program = random_program(number)
        least = best(program)
        for patience in range(4):
            asked = iter(range(100))
            outcome = branched(program, stop=lambda asked=asked, patience=patience: next(asked) >= patience)
            if outcome.objective is not None:
                assert least is not None
                assert outcome.objective >= least - 1e-6
            if outcome.termination == "Stopped":
                assert least is None or (-math.inf if outcome.bound is None else outcome.bound) <= least + 1e-6
            else:
                assert outcome.infeasible == (least is None)


@pytest.mark.parametrize("failing", range(len(WAYS) + 2))
def test_a_solve_without_an_answer_is_tried_in_other_ways(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = next(made for made in map(random_program, range(40)) if made.integer.any() and best(made) is not None)
    binaries = np.flatnonzero(program.integer).astype(np.int32)
    highs = Highs(program.relaxed(), presolve="off", solver="simplex")
    solved, calls = Highs.solve, iter(range(1000))
    monkeypatch.setattr(
        Highs, "solve", lambda self: Outcome("Unknown", None, None, None) if next(calls) < failing else solved(self)
    )

    def run() -> Outcome:
        return minimise(highs, binaries, np.zeros(binaries.size), np.ones(binaries.size))

    if failing > len(WAYS):
        with pytest.raises(ArithmeticError, match="Unknown"):
            run()
    else:
        assert run().objective == approx(best(program), abs=1e-6)
    options = {name: highs.highs.getOptionValue(name)[1] for name in ("presolve", "solver", "simplex_strategy")}
    assert options == {"presolve": "off", "solver": "simplex", "simplex_strategy": 1}
