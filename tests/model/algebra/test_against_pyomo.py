"""The arrays of a model are those that Pyomo's own compiler makes of it, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from pyomo.environ import minimize
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from sluicegate import Case, case_from_tables, load_case
from sluicegate.model.algebra import Model
from sluicegate.model.algebra.opening import open_model
from sluicegate.model.formulation.follower import build_follower
from sluicegate.model.formulation.linking import build_leader_problem
from sluicegate.model.formulation.single_level import build_single_level
from sluicegate.model.leader.problem import Problem
from sluicegate.model.solver.arrays import compile_model

from sluicegate_testing.strategies import random_case


def same(model: Model) -> None:
    """Compare matrix, costs, right-hand sides and bounds of a model, column by column and row by row."""
    ours = compile_model(model)
    program = ours.program
    opened = open_model(model)
    form = LinearStandardFormCompiler().write(opened, mixed_form=True, set_sense=minimize)
    # Pyomo may meet the families in another order.
    places = {column.name.replace("'", ""): place for place, column in enumerate(form.columns)}
    order = [places[variable.name] for variable in ours.variables]
    assert len(order) == len(places)
    matrix = form.A[:, order].tocsc()
    matrix.sort_indices()
    assert np.array_equal(matrix.indptr, program.matrix.indptr)
    assert np.array_equal(matrix.indices, program.matrix.indices)
    assert np.array_equal(matrix.data, program.matrix.data)
    assert np.array_equal(form.c.toarray().ravel()[order], program.cost)
    assert form.c_offset[0] == program.offset
    kinds = np.array([row.bound_type for row in form.rows])
    assert np.array_equal(np.where(kinds == 1, -np.inf, form.rhs), program.row_lower)
    assert np.array_equal(np.where(kinds == -1, np.inf, form.rhs), program.row_upper)
    bounds = [form.columns[place].bounds for place in order]
    assert [-np.inf if low is None else low for low, _ in bounds] == program.column_lower.tolist()
    assert [np.inf if high is None else high for _, high in bounds] == program.column_upper.tolist()
    assert [not form.columns[place].is_continuous() for place in order] == program.integer.tolist()


def all_models(case: Case) -> None:
    network = Problem.natural(case).network
    same(build_follower(network))
    same(build_leader_problem(network))
    same(build_single_level(network, primal=True))


@pytest.mark.parametrize("name", ["tutorial", "japan-korea-2019"])
def test_shipped_cases(name: str) -> None:
    all_models(load_case(name))


@pytest.mark.parametrize("number", range(12))
def test_random_cases(number: int) -> None:
    all_models(case_from_tables("drawn", *random_case(number, max_weeks=6, max_combinations=32)))
