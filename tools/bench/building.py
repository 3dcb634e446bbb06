"""Building our side's program: from its formulas to arrays, against Pyomo, linopy and pyoptinterface."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import highspy
import numpy as np
import scipy.sparse as sparse
from sluicegate.model.algebra import Model
from sluicegate.model.algebra.opening import open_model
from sluicegate.model.formulation.leader import build_leader
from sluicegate.model.network import Network
from sluicegate.model.solver.arrays import Program, compile_model
from sluicegate.model.solver.highs import pass_program

from .generate import generate

REPEATS = 5


def by_formulas(network: Network) -> Callable[[], None]:
    """Sets, rules and formulas of the case, read into arrays and passed on."""

    def build() -> None:
        pass_program(highspy.Highs(), compile_model(build_leader(network)).program)

    return build


def by_pyomo(model: Model) -> Callable[[], None]:
    """The same components as Pyomo's, read into arrays by its own compiler."""
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    def build() -> None:
        LinearStandardFormCompiler().write(open_model(model), mixed_form=True)

    return build


def by_pyoptinterface(program: Program) -> Callable[[], None]:
    """The same rows, their coefficients at hand as lists, variable by variable and row by row."""
    import pyoptinterface as poi
    from pyoptinterface import highs

    if not highs.is_library_loaded():
        folder = os.path.dirname(highspy.__file__)
        highs.load_library(next(os.path.join(folder, name) for name in os.listdir(folder) if "libhighs" in name))
    matrix = sparse.csr_matrix(program.matrix)
    bounds = list(zip(program.column_lower.tolist(), program.column_upper.tolist(), strict=True))
    solve_limits = [
        (matrix.data[a:b].tolist(), matrix.indices[a:b].tolist())
        for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    ]
    limits = list(zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True))

    def build() -> None:
        model = highs.Model()
        variables = [model.add_variable(lb=lower, ub=upper) for lower, upper in bounds]
        for (values, places), (lower, upper) in zip(solve_limits, limits, strict=True):
            row = poi.ScalarAffineFunction(values, [variables[place].index for place in places])
            if lower == upper:
                model.add_linear_constraint(row, poi.Eq, lower)
            elif np.isfinite(lower):
                model.add_linear_constraint(row, poi.Geq, lower)
            else:
                model.add_linear_constraint(row, poi.Leq, upper)
        model.set_objective(poi.ScalarAffineFunction(program.cost.tolist(), [v.index for v in variables]))

    return build


def by_linopy(program: Program) -> Callable[[], None]:
    """The same rows as padded arrays of coefficients and variables, and passed on."""
    import linopy
    import xarray as xr

    matrix = sparse.csr_matrix(program.matrix)
    widest = int(np.diff(matrix.indptr).max())
    values = np.zeros((matrix.shape[0], widest))
    places = np.full((matrix.shape[0], widest), -1)
    for row, (a, b) in enumerate(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)):
        values[row, : b - a], places[row, : b - a] = matrix.data[a:b], matrix.indices[a:b]
    equal = program.row_lower == program.row_upper
    at_least = np.isfinite(program.row_lower) & ~equal
    sign = np.where(equal, "=", np.where(at_least, ">=", "<="))
    side = np.where(np.isfinite(program.row_lower), program.row_lower, program.row_upper)

    def build() -> None:
        model = linopy.Model()
        coordinates = [np.arange(program.cost.size)]
        x = model.add_variables(
            lower=program.column_lower, upper=program.column_upper, coords=coordinates, dims=["column"], name="x"
        )
        labels = np.where(places >= 0, x.labels.values[places], -1)
        data = xr.Dataset({"coeffs": (("row", "_term"), values), "vars": (("row", "_term"), labels)})
        rows = linopy.LinearExpression(data, model)
        model.add_constraints(rows, xr.DataArray(sign, dims="row"), xr.DataArray(side, dims="row"), name="rows")
        model.add_objective((program.cost * x).sum())
        model.to_highspy()

    return build


def measure() -> list[tuple[str, str]]:
    """Medians over repeats, the ways in turn within each repeat."""
    network = Network(generate(20, components=4))
    model = build_leader(network)
    program = compile_model(model).program
    ways = {
        "formulas": by_formulas(network),
        "Pyomo": by_pyomo(model),
        "pyoptinterface": by_pyoptinterface(program),
        "linopy": by_linopy(program),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            began = time.process_time()
            way()
            seconds[name].append(time.process_time() - began)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    rows, columns = program.matrix.shape
    return [
        ("our side", f"{rows:,} rows, {columns:,} columns"),
        ("from the case's tables, read into arrays and passed on", f"{1e3 * median['formulas']:.0f} ms"),
        *(
            (f"{name}, given the coefficients / from the case's tables", f"{median[name] / median['formulas']:.1f} x")
            for name in ("Pyomo", "pyoptinterface", "linopy")
        ),
    ]
