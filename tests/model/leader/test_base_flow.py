"""The status quo nearest to base_flow, begun from the basis its costs were found with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sluicegate.model.leader import base_flow
from sluicegate.model.leader.problem import Problem
from sluicegate.model.solver.bases import appended_basis
from sluicegate.model.solver.highs import Highs

from tools.bench.generate import generate


def _deviation(problem: Problem) -> tuple[float, float, int]:
    """What `nearest_to_base_flow` minimises, own cost, and the steps of the simplex method it took."""
    runs: list[Highs] = []

    class Watched(Highs):
        def __init__(self, *arguments: object, **options: object):
            super().__init__(*arguments, **options)  # type: ignore[arg-type]
            runs.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base_flow, "Highs", Watched)
        operations = problem.status_quo.operations
    flows = base_flow._flows(problem.opened, operations.readout)
    weekly = problem.network.weekly.base_flow
    deviation = math.fsum(
        abs(math.fsum(units * operations.solution[column] for column, units in terms) - weekly[lane][week])
        for (lane, week), terms in flows.items()
    )
    missing = float(base_flow._short_exports(problem.opened, operations.readout) @ operations.solution)
    row = problem.opened.face_row
    assert row is not None
    face = float((problem.opened.program.matrix @ operations.solution)[row]) + problem.opened.face_offset
    assert face == pytest.approx(problem.status_quo.response_cost, rel=1e-8)
    return deviation + missing, face, sum(run.highs.getInfo().simplex_iteration_count for run in runs)


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_basis_to_begin_with_leads_to_operations_as_near_in_fewer_steps(
    coupled: bool, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = generate(6, 4, 26, components=2, coupled=coupled, seed=seed)
    monkeypatch.setattr(base_flow, "LARGE", math.inf)
    cold, face, many = _deviation(Problem(case))
    monkeypatch.setattr(base_flow, "LARGE", 0)
    warm, same, few = _deviation(Problem(case))
    assert warm == pytest.approx(cold, rel=1e-6, abs=1e-6)
    assert same == pytest.approx(face, rel=1e-9)
    assert few < many


def test_the_basis_holds_the_deviation_that_is_not_zero() -> None:
    problem = Problem(generate(3, 3, 12, coupled=False))
    basis = problem.status_quo.basis
    whole = appended_basis(basis, np.array([True, False, False, True]))
    count = len(whole.col_status) - len(basis.col_status)
    basic = [str(each).endswith("kBasic") for each in whole.col_status[-count:]]
    assert basic == [True, False, False, True]
    assert [str(each).endswith("kLower") for each in whole.row_status[-2:]] == [True, True]
    assert len(whole.row_status) == len(basis.row_status) + 2
