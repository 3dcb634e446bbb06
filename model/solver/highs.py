"""From a model to arrays, and from arrays to HiGHS."""

from __future__ import annotations

import contextlib
import itertools
import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from ..plan.monitor import Stopped
from ..plan.tolerances import COMPLEMENTARY, UNSCALED_INFEASIBILITY
from .arrays import Program
from .bases import Basis

DUAL, PRIMAL = 1, 4
"""HiGHS's numbers of the dual and the primal simplex method."""

WAYS: tuple[dict[str, Any], ...] = (
    {"presolve": "on"},
    {},
    {"simplex_strategy": PRIMAL},
    {"solver": "ipm", "ipm_iteration_limit": 300},
)
"""Options of one cold solve after the other, where a warm one ends without an answer: presolve sees soonest that there is none."""

GENTLE = {
    "primal_simplex_bound_perturbation_multiplier": 0.0,
    "dual_simplex_cost_perturbation_multiplier": 0.0,
    "simplex_iteration_limit": 20_000,
}
"""How a program is solved whose numbers have moved a little since it was solved last: without the perturbations that HiGHS begins
with, which cost many times the steps that the move itself takes; not for ever, for without them it may go round in circles."""

SMALLEST_ENTRY = 1e-12
"""Matrix entries below which HiGHS leaves an entry out: its least. At 1e-9, its own, prices of goods that flow by the hundred
million fall out of the row that keeps the response at its least cost."""

STEPS = 16
"""Steps of the simplex method between two questions whether to stop."""


@dataclass(frozen=True)
class Outcome:
    """What a solve ended with; termination, incumbent and bound are kept apart.

    Attributes
    ----------
    termination
        HiGHS's word for how the run ended, e.g. ``Optimal`` or ``Time limit reached``.
    objective
        Objective of the incumbent; None where there is none.
    bound
        Proven bound on the objective (equal to the objective of a linear program solved to optimality); None where
        nothing is proven.
    solution : array or None, shape (columns,)
    nodes
        Branch-and-bound nodes.
    duals : array or None, shape (rows,)
        Of `branch_and_bound`: duals of the linear program that the incumbent is an optimum of.
    others
        Of `branch_and_bound`: proven bound on the objective everywhere else.
    proof
        What whoever solved a relaxation of a node keeps of it.
    leaves : tuple
        Of `branch_and_bound`: proofs of relaxations that together cover all nodes.
    basis : HighsBasis or None
        Of the incumbent of a linear program, where whoever solved it keeps it.
    """

    termination: str
    objective: float | None
    bound: float | None
    solution: np.ndarray | None
    nodes: int = 0
    duals: np.ndarray | None = None
    others: float = -np.inf
    proof: Any = None
    leaves: tuple[Any, ...] = ()
    basis: Any = None

    @property
    def optimal(self) -> bool:
        """Whether HiGHS proved the incumbent optimal within its gap."""
        return self.termination == "Optimal"

    @property
    def infeasible(self) -> bool:
        """Whether HiGHS proved that there is no solution."""
        return self.termination == "Infeasible"

    @property
    def settled(self) -> bool:
        """Whether HiGHS gave an answer: an optimum and a solution that has it, or that there is none."""
        return self.infeasible or (self.optimal and self.solution is not None)


NUMBERS = (
    ("cost", "col_cost_"),
    ("column_lower", "col_lower_"),
    ("column_upper", "col_upper_"),
    ("row_lower", "row_lower_"),
    ("row_upper", "row_upper_"),
)
"""Arrays of a program, and what HiGHS calls them."""


@dataclass(frozen=True)
class Rest:
    """What makes a HiGHS object anew: a program, in which places its numbers are others in HiGHS, and the basis."""

    program: Program
    moved: tuple[tuple[np.ndarray, np.ndarray], ...]
    basis: Any


@dataclass(frozen=True)
class Snapshot:
    """A program in HiGHS and a basis, to go back to."""

    program: Any
    basis: Any
    offset: float


class Highs:
    """One HiGHS object over one program, changed in place between solves.

    Parameters
    ----------
    program
        The arrays; copied into HiGHS.
    log
        File that HiGHS appends its log to; none by default.
    stop
        Asked during every solve; None: nobody is.
    **options
        HiGHS options, e.g. ``time_limit``.
    """

    def __init__(
        self, program: Program, log: str | None = None, stop: Callable[[], bool] | None = None, **options: Any
    ):
        self._made = log, stop, options
        self._resting: Rest | None = None
        self.mixed = bool(program.integer.any())
        self.width = program.cost.size
        self.offset = program.offset
        self.highs = self._make()
        pass_program(self.highs, program)

    def _make(self) -> highspy.Highs:
        """Return HiGHS without a program."""
        log, stop, options = self._made
        made = highspy.Highs()
        made.setOptionValue("log_to_console", False)
        made.setOptionValue("output_flag", log is not None)
        if log is not None:
            made.setOptionValue("log_file", log)
        made.setOptionValue("threads", 1)
        made.setOptionValue("small_matrix_value", SMALLEST_ENTRY)
        for name, value in options.items():
            made.setOptionValue(name, value)
        if stop is not None:
            self._listen(made)
        return made

    def _stopped(self) -> bool:
        stop = self._made[1]
        return stop is not None and stop()

    def rest(self, program: Program) -> None:
        """Give back the memory of HiGHS, until `wake`.

        Parameters
        ----------
        program
            One with the same matrix, which stays as it is: what else differs from it is noted.
        """
        if self._resting is not None:
            return
        held, moved = self.highs.getLp(), []
        for ours, theirs in NUMBERS:
            values = _vector(getattr(held, theirs))
            places = np.flatnonzero(values != getattr(program, ours)).astype(np.int32)
            moved.append((places, values[places]))
        self._resting = Rest(program, tuple(moved), self.highs.getBasis())
        self.highs = None

    def wake(self) -> None:
        """Go on after a rest where it began; nothing where there was none."""
        if self._resting is None:
            return
        resting, self._resting = self._resting, None
        arrays = {}
        for (ours, _), (places, values) in zip(NUMBERS, resting.moved, strict=True):
            arrays[ours] = getattr(resting.program, ours).copy()
            arrays[ours][places] = values
        self.highs = self._make()
        pass_program(self.highs, replace(resting.program.relaxed(), **arrays, offset=self.offset))
        self.highs.setBasis(resting.basis)

    def _listen(self, highs: highspy.Highs) -> None:
        """Interrupt HiGHS once told to stop; nobody else listens to it then."""
        steps = itertools.count(1)
        # What HiGHS holds, no garbage collector sees: held by it, who asks would never be given back.
        owner = weakref.ref(self)

        def pulse(kind: Any, message: str, data_out: Any, data_in: Any, user_data: Any) -> None:
            if next(steps) % STEPS == 0 and (asked := owner()) is not None and asked._stopped():
                data_in.user_interrupt = True

        # Called at every step: what highspy wraps around it, to have several listeners, takes longer than many a step.
        highs.setCallback(pulse, None)
        for kind in (
            highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
            highspy.cb.HighsCallbackType.kCallbackIpmInterrupt,
        ):
            highs.startCallback(kind)

    def watch(
        self,
        stop: Callable[[], bool],
        report: Callable[[float, float], None] = lambda incumbent, bound: None,
        improved: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        """Pass on incumbent and bound of what is maximised as they move, better solutions too, and stop the solver when asked."""
        told = [-math.inf, math.inf]

        def heartbeat(event: highspy.HighsCallbackEvent) -> None:
            incumbent, bound = -event.data_out.mip_primal_bound, -event.data_out.mip_dual_bound
            if incumbent > told[0] or bound < told[1]:
                told[:] = max(incumbent, told[0]), min(bound, told[1])
                report(*told)
            if stop():
                event.interrupt()

        def pulse(event: highspy.HighsCallbackEvent) -> None:
            if stop():
                event.interrupt()

        self.highs.cbMipInterrupt.subscribe(heartbeat)
        self.highs.cbSimplexInterrupt.subscribe(pulse)
        self.highs.cbIpmInterrupt.subscribe(pulse)

    def set_options(self, **options: Any) -> None:
        """Set HiGHS options."""
        for name, value in options.items():
            self.highs.setOptionValue(name, value)

    @contextlib.contextmanager
    def options(self, **options: Any) -> Iterator[None]:
        """Set HiGHS options for a while; afterwards they are what they were."""
        before = {name: self.highs.getOptionValue(name)[1] for name in options}
        self.set_options(**options)
        try:
            yield
        finally:
            self.set_options(**before)

    def set_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Change the bounds of columns; all arrays of one length."""
        if columns.size:
            self.highs.changeColsBounds(
                int(columns.size), columns.astype(np.int32), lower.astype(float), upper.astype(float)
            )

    def set_cost(self, cost: np.ndarray) -> None:
        """Change the whole cost vector."""
        self.highs.changeColsCost(self.width, np.arange(self.width, dtype=np.int32), cost.astype(float))

    def set_costs(self, columns: np.ndarray, cost: np.ndarray) -> None:
        """Change the cost of some columns."""
        self.highs.changeColsCost(int(columns.size), columns.astype(np.int32), cost.astype(float))

    def set_entries(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> None:
        """Change coefficients."""
        for row, column, value in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
            self.set_entry(row, column, value)

    def set_entry(self, row: int, column: int, value: float) -> None:
        """Change a coefficient."""
        self.highs.changeCoeff(int(row), int(column), value)

    def set_integer(self, columns: np.ndarray, integer: bool) -> None:
        """Let columns take whole values alone, or any; the program is a mixed-integer one as long as some must be whole."""
        kind = highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous
        self.highs.changeColsIntegrality(int(columns.size), columns.astype(np.int32), [kind] * columns.size)
        self.mixed = integer

    def add_row(self, columns: np.ndarray, coefficients: np.ndarray, least: float) -> None:
        """Add a row: the sum of coefficients times columns is at least so much."""
        places, values = columns.astype(np.int32), coefficients.astype(float)
        self.highs.addRow(float(least), math.inf, int(places.size), places, values)

    def snapshot(self) -> Snapshot:
        """Return the program as it is in HiGHS, and the basis of the last solve."""
        return Snapshot(self.highs.getLp(), self.highs.getBasis(), self.offset)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; nothing that HiGHS has learnt since stays."""
        self.offset = snapshot.offset
        self.highs.passModel(snapshot.program)
        self.highs.setBasis(snapshot.basis)

    def set_rows(self, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """Change the bounds of rows; all arrays of one length."""
        if rows.size:
            self.highs.changeRowsBounds(int(rows.size), rows.astype(np.int32), lower.astype(float), upper.astype(float))

    def set_row(self, row: int, lower: float, upper: float) -> None:
        """Change the bounds of a row."""
        self.highs.changeRowBounds(int(row), float(lower), float(upper))

    def set_offset(self, offset: float) -> None:
        """Change the constant of the objective."""
        self.offset = float(offset)
        self.highs.changeObjectiveOffset(self.offset)

    def start(self, columns: np.ndarray, values: np.ndarray) -> None:
        """Offer a start: values of some columns, from which the rest is worked out."""
        self.highs.setSolution(int(columns.size), columns.astype(np.int32), values.astype(float))

    def forget(self) -> None:
        """Drop basis and solution, so that the next solve starts cold."""
        self.highs.clearSolver()

    def start_from(self, other: Highs) -> None:
        """Take over the basis of a program with the same rows and columns; columns that it lacks stay at their lower bound."""
        basis = other.highs.getBasis()
        if self.width > other.width:
            lower = [highspy.HighsBasisStatus.kLower] * (self.width - other.width)
            basis.col_status = [*basis.col_status, *lower]
        self.highs.setBasis(basis)

    def solve(self) -> Outcome:
        """Run HiGHS.

        Raises
        ------
        Stopped
            Where a linear program was interrupted: it has no answer then.
        """
        highs = self.highs
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            with self.options(presolve="off"):
                highs.run()
            status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kModelEmpty:
            return Outcome("Optimal", self.offset, self.offset, np.zeros(self.width))
        if status == highspy.HighsModelStatus.kInterrupt and not self.mixed:
            raise Stopped
        info = highs.getInfo()
        broken = info.primal_solution_status != highspy.kSolutionStatusFeasible
        if status == highspy.HighsModelStatus.kOptimal and not self.mixed and broken:
            self._scale_back()
            status, info = highs.getModelStatus(), highs.getInfo()
        if status == highspy.HighsModelStatus.kUnknown and not self.mixed and _is_optimum(info):
            status = highspy.HighsModelStatus.kOptimal
        termination = highs.modelStatusToString(status)
        feasible = info.primal_solution_status == highspy.kSolutionStatusFeasible
        solution = _vector(highs.getSolution().col_value) if feasible else None
        objective = float(info.objective_function_value) if feasible else None
        if self.mixed:
            bound = float(info.mip_dual_bound) if np.isfinite(info.mip_dual_bound) else None
        else:
            bound = objective if status == highspy.HighsModelStatus.kOptimal else None
        return Outcome(termination, objective, bound, solution, max(0, int(info.mip_node_count)) if self.mixed else 0)

    def _scale_back(self) -> None:
        """Go on without HiGHS's scaling where what is optimal with it breaks a row or a bound once it is scaled back.

        Where flows of a millionth and of thousands stand in one program, the tolerance of the scaled one is more than that of the
        program itself. Where going on does not mend it, what was there is left.
        """
        highs = self.highs
        basis = highs.getBasis()
        with self.options(simplex_scale_strategy=0, solver="simplex"):
            highs.run()
        mended = highs.getInfo().primal_solution_status == highspy.kSolutionStatusFeasible
        if not mended or highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            highs.setBasis(basis)
            highs.run()

    def solve_anew(self) -> Outcome:
        """Run HiGHS cold, in other ways where that settles nothing: a program scaled badly can be beyond one of them."""
        outcome = Outcome("Unknown", None, None, None)
        for options in WAYS:
            self.forget()
            with self.options(**options):
                outcome = self.solve()
            if outcome.settled:
                break
        return outcome

    def keep_to_optima(self) -> None:
        """After a linear solve, allow optima alone: columns and rows that have a price stay at their bound.

        Of every optimum that is so, and of nothing else. A row that keeps the objective at its least asks the same, but is emptied
        by rounding where flows of a millionth and of thousands are in one sum.
        """
        program = self.highs.getLp()
        for prices, lower, upper, hold in (
            (self.column_duals(), program.col_lower_, program.col_upper_, self.set_bounds),
            (self.row_duals(), program.row_lower_, program.row_upper_, self.set_rows),
        ):
            priced = np.flatnonzero(np.abs(prices) > COMPLEMENTARY)
            bound = np.where(prices > 0, lower, upper)[priced]
            hold(priced, bound, bound)

    def column_duals(self) -> np.ndarray:
        """Reduced costs of the columns after a linear solve."""
        return _vector(self.highs.getSolution().col_dual)

    def row_duals(self) -> np.ndarray:
        """Duals of the rows after a linear solve: change of the minimum per unit of the right-hand side."""
        return _vector(self.highs.getSolution().row_dual)

    def activities(self) -> np.ndarray:
        """What the rows sum to after a linear solve."""
        return _vector(self.highs.getSolution().row_value)

    def get_basis(self) -> Basis:
        """Return the basis of the last solve."""
        return self.highs.getBasis()

    def set_basis(self, basis: Basis) -> None:
        """Begin the next solve with a basis."""
        self.highs.setBasis(basis)

    def basis(self) -> np.ndarray:
        """Basic columns after a linear solve, shape (rows,): slacks are counted from the number of columns on."""
        _, basic = self.highs.getBasicVariables()
        return np.where(basic < 0, self.width - 1 - basic, basic)


def _is_optimum(info: highspy.HighsInfo) -> bool:
    """Whether a basis is feasible and its duals are: then it is an optimum.

    HiGHS calls it unknown where the two objectives differ by more than its tolerance of their size. Where large terms cancel, as
    where leverage is near 0, that is the rounding of the terms.
    """
    return bool(
        info.basis_validity == highspy.kBasisValidityValid
        and info.primal_solution_status == highspy.kSolutionStatusFeasible
        and info.dual_solution_status == highspy.kSolutionStatusFeasible
        and info.max_complementarity_violation <= COMPLEMENTARY
    )


def _vector(values: Sequence[float]) -> np.ndarray:
    """Return a list that HiGHS gave as an array."""
    return np.fromiter(values, dtype=float, count=len(values))


def pass_program(highs: highspy.Highs, program: Program) -> None:
    """Hand a program over to HiGHS, whole arrays at once."""
    matrix, columns = program.matrix, program.cost.size
    highs.passModel(
        columns,
        program.row_lower.size,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        program.offset,
        program.cost,
        program.column_lower,
        program.column_upper,
        program.row_lower,
        program.row_upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data.astype(float),
        program.integer.astype(np.int32),
    )


class TolerantHighs(Highs):
    """HiGHS that hands out an optimum also where scaling back leaves it a hair outside its tolerance."""

    def solve(self) -> Outcome:
        """Run HiGHS."""
        outcome = super().solve()
        if not outcome.optimal or outcome.solution is not None:
            return outcome
        info = self.highs.getInfo()
        if info.max_primal_infeasibility > UNSCALED_INFEASIBILITY:
            return outcome
        objective = float(info.objective_function_value)
        return replace(
            outcome, objective=objective, bound=objective, solution=np.array(self.highs.getSolution().col_value)
        )
