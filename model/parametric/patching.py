"""A problem's numbers as one vector, and other numbers put in their place: its structure, programs and bases stay."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..certify.figures import Figures
from ..follower.enumerate import Enumerator, Face, FollowerSolver, PolicyIndices
from ..follower.optimal_face import Basis, Recent
from ..formulation.follower import build_follower
from ..formulation.leader import gap_terms
from ..leader.fixed_policy import FixedPolicySolver
from ..leader.problem import Problem, nothing_chosen
from ..leader.status_quo import StatusQuo
from ..network import Network
from ..solver.arrays import Program, compile_model
from ..solver.highs import Highs, Snapshot

if TYPE_CHECKING:
    from ...data import Case


class Mould:
    """A problem whose numbers can be changed again and again.

    Parameters
    ----------
    problem
        A problem of the structure wanted.
    prices : array, optional
        What gaps in limits cost, where there are as many; any that are high enough will do, so that those of one case do for the
        others.

    Attributes
    ----------
    vector : array, shape (numbers,)
        All numbers its programs are made of, one after another.
    """

    def __init__(self, problem: Problem, prices: np.ndarray | None = None):
        self.problem = problem
        self.figures = Figures(problem, warm=True)
        self._programs = (problem.leader_problem.program, problem.opened.program, problem.response.program)
        leader_problem, opened, response = self._programs
        self._arrays: list[np.ndarray] = []
        self._fields: list[tuple[int, str]] = []
        for number, program in enumerate(self._programs):
            for name in ("cost", "row_lower", "row_upper", "column_lower", "column_upper"):
                self._add(getattr(program, name), number, name)
            self._add(program.matrix.data, number, "matrix")
        for policy_bounds in (problem.leader_problem.policy_bounds, problem.opened.policy_bounds):
            for capacity in policy_bounds.capacity.values():
                self._add(capacity, -1, "capacity")
        for menu in problem.response.policy_columns:
            for _, capacity in menu:
                self._add(capacity, 2, "capacity")
        self._add(problem.response.outputs.data, 2, "outputs")
        readout, operations_solver = self.figures.operations_solver.readout, self.figures.operations_solver
        self._add(readout.costs.data, -1, "costs")
        self._add(readout.constants, -1, "costs")
        self._add(readout.least, -1, "costs")
        self._add(operations_solver.outputs.data, -1, "costs")
        self._add(operations_solver.program.cost, 3, "cost")
        self._scalars: list[tuple[Any, str, int]] = [
            (leader_problem, "offset", 0),
            (opened, "offset", 1),
            (response, "offset", 2),
            (problem.leader_problem, "face_offset", 0),
            (problem.opened, "face_offset", 1),
        ]
        self._starts = np.concatenate([[0], np.cumsum([array.size for array in self._arrays])])
        self.gaps = np.array(
            [place for _, gap in gap_terms(problem.leader_problem.model) if (place := self._column(gap)) >= 0],
            dtype=np.int64,
        )
        own = leader_problem.cost[self.gaps]
        self.prices = own if prices is None or prices.shape != own.shape else prices
        leader_problem.cost[self.gaps] = operations_solver.program.cost[self.gaps] = self.prices
        self.vector = self._read()

    def refill(self, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay (`Tape`).

        Raises
        ------
        Moved
            Where an entry or an infinite bound comes or goes.
        """
        self.problem.refill(numbers)
        solver = self.figures.operations_solver
        own = solver.program.cost
        own[:] = solver.readout.operations_cost()
        self._programs[0].cost[self.gaps] = own[self.gaps] = self.prices
        self.vector = self._read()

    def _column(self, variable: Any) -> int:
        return self.problem.leader_problem.compiled.column.get(id(variable), -1)

    def _add(self, array: np.ndarray, program: int, name: str) -> None:
        self._arrays.append(array)
        self._fields.append((program, name))

    def _read(self) -> np.ndarray:
        scalars = [float(getattr(home, name)) for home, name, _ in self._scalars]
        return np.concatenate([*self._arrays, scalars])

    @property
    def structure(self) -> str:
        """Digest of everything that is not a number: problems with equal ones differ in their vectors alone."""
        digest = hashlib.sha256()
        problem, network = self.problem, self.problem.network
        for program in self._programs:
            bounds = (program.row_lower, program.row_upper, program.column_lower, program.column_upper)
            finite = [np.isfinite(bound) for bound in bounds]
            for array in (program.matrix.indptr, program.matrix.indices, program.integer, *finite):
                digest.update(np.ascontiguousarray(array).tobytes() + b"|")
        operations_solver = self.figures.operations_solver
        for matrix in (problem.response.outputs, operations_solver.readout.costs, operations_solver.outputs):
            digest.update(matrix.indptr.tobytes() + b"|" + matrix.indices.tobytes() + b"|")
        for policy_bounds in (problem.leader_problem.policy_bounds, problem.opened.policy_bounds):
            for key, places in policy_bounds.columns.items():
                digest.update(repr(key).encode() + places.tobytes())
        names = [
            network.scenarios,
            network.rated,
            network.menu,
            problem.leader_problem.outputs,
            operations_solver.readout.parts,
        ]
        fills = [operations_solver.readout.response, *operations_solver.readout.ours.values()]
        names.append([list(families["fill"].weeks) for families in fills])
        digest.update(repr(names).encode())
        digest.update(repr([network.components(), [array.size for array in self._arrays]]).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class _State:
    """What a batch begins from."""

    case: Case
    vector: np.ndarray
    memory: dict[PolicyIndices, tuple[float, np.ndarray, np.ndarray, Basis | None]]
    recent: Recent
    faces: dict[PolicyIndices, list[Face]]
    status_quo: StatusQuo
    open_outputs: np.ndarray
    snapshots: list[Snapshot]
    bases: dict[Any, Any]
    policy_indices: PolicyIndices


class Patched:
    """A mould with the numbers of one case after another in it.

    Parameters
    ----------
    mould
        The mould; its problem is changed in place.

    Attributes
    ----------
    problem
        The problem with the numbers of the last case.
    enumerator
        Works out responses from the last basis; remembers them as long as the response stays the same.
    """

    def __init__(self, mould: Mould):
        self.mould = mould
        self.problem = mould.problem
        self.figures = mould.figures
        self.problem.fixed_policy.repriced = True
        # It starts from bases of its own, not from those of a response whose numbers have moved.
        self.problem.fixed_policy.crash = None
        self._opened = FixedPolicySolver(self.problem.opened, 0.0)
        self._nothing = nothing_chosen(self.problem.opened)
        self.enumerator = Enumerator(self.problem.response)
        self.enumerator.responder = self._responder = FollowerSolver(self.problem.response)
        self.enumerator.memory = {}
        self._holders: list[tuple[Highs, int]] = [
            (self.problem.fixed_policy.relaxed, 0),
            (self.problem.fixed_policy.exact, 0),
            (self._opened.relaxed, 1),
            (self._opened.exact, 1),
            (self._responder.highs, 2),
            (self.figures.operations_solver.highs, 3),
        ]
        self._start: _State | None = None

    def remember(self) -> None:
        """Take note of the present state as the one from which every batch begins."""
        enumerator = self.enumerator
        self._start = _State(
            self.problem.case,
            self.mould.vector.copy(),
            dict(enumerator.memory or {}),
            enumerator.recent.copy(),
            {combination: list(faces) for combination, faces in enumerator.faces.items()},
            self.problem.status_quo,
            self.problem.open_outputs,
            [highs.snapshot() for highs, _ in self._holders],
            dict(self.problem.fixed_policy.bases),
            self._responder.policy_indices,
        )

    def begin(self) -> None:
        """Go back to the state taken note of, so that what follows does not depend on what came before."""
        start = self._start
        assert start is not None
        self.put(start.case, start.vector)
        self.enumerator.memory = dict(start.memory)
        self.enumerator.recent = start.recent.copy()
        self.enumerator.faces = {combination: list(faces) for combination, faces in start.faces.items()}
        self.problem.keep_status_quo(start.status_quo)
        self.problem.keep_open_outputs(start.open_outputs)
        self.problem.fixed_policy.status_quo = self.problem.status_quo.cost
        for (highs, _), snapshot in zip(self._holders, start.snapshots, strict=True):
            highs.restore(snapshot)
        self.problem.fixed_policy.last = None
        self.problem.fixed_policy.bases.clear()
        self.problem.fixed_policy.bases.update(start.bases)
        self._responder.policy_indices = start.policy_indices

    def put(self, case: Case, vector: np.ndarray) -> None:
        """Put a case's numbers in place.

        Parameters
        ----------
        case
            The case.
        vector
            Its numbers, as of `Mould.vector`.
        """
        mould, problem = self.mould, self.problem
        problem.fixed_policy.last = None
        problem.case, problem.network = case, Network(case, problem.units)
        problem.leader_problem.network = problem.opened.network = problem.network
        problem.leader_problem.model.network = problem.network
        changed = np.flatnonzero(mould.vector != vector)
        touched: dict[tuple[int, str], list[np.ndarray]] = {}
        owners = np.searchsorted(mould._starts, changed, side="right") - 1
        for owner in np.unique(owners):
            places = changed[owners == owner]
            if owner >= len(mould._arrays):
                for place in places:
                    home, name, program = mould._scalars[place - mould._starts[-1]]
                    setattr(home, name, float(vector[place]))
                    touched.setdefault((program, name), [])
                continue
            local = places - mould._starts[owner]
            mould._arrays[owner][local] = vector[places]
            touched.setdefault(mould._fields[owner], []).append(local)
        mould.vector[:] = vector
        self._hand_over(touched)
        self._renew({program for program, _ in touched})

    def _hand_over(self, touched: dict[tuple[int, str], list[np.ndarray]]) -> None:
        """Change what is touched in every HiGHS object."""
        programs = (*self.mould._programs, self.figures.operations_solver.program)
        for highs, number in self._holders:
            fields = {
                name: np.concatenate(places)
                for (program, name), places in touched.items()
                if program == number and places
            }
            if number == 3:
                # Our linear programs alone share the leader problem's rows and bounds, those outside them left free.
                shared = {
                    name: np.concatenate(places)
                    for (program, name), places in touched.items()
                    if program == 0 and places
                }
                fields |= {name: places for name, places in shared.items() if name != "cost"}
                self._share(shared)
            patch(highs, programs[number], fields, self._kept(highs, number))
        if any(program == 2 for program, _ in touched):
            self._responder.highs.set_offset(self.problem.response.program.offset)
            self._responder.policy_bounds()

    def _share(self, fields: dict[str, np.ndarray]) -> None:
        own, leader_problem = self.figures.operations_solver.program, self.mould._programs[0]
        for name in ("row_lower", "row_upper"):
            places = fields.get(name, np.empty(0, int))
            bound = np.isfinite(getattr(own, name)[places])
            getattr(own, name)[places[bound]] = getattr(leader_problem, name)[places[bound]]
        for name in ("column_lower", "column_upper"):
            places = fields.get(name, np.empty(0, int))
            getattr(own, name)[places] = getattr(leader_problem, name)[places]

    def _kept(self, highs: Highs, number: int) -> np.ndarray:
        """Columns whose bounds a holder sets itself."""
        if highs is self.problem.fixed_policy.relaxed:
            return self.mould.gaps
        return self.figures.operations_solver.fixed if number == 3 else np.empty(0, dtype=np.int64)

    def _renew(self, touched: set[int]) -> None:
        """Work out anew what hangs on the programs touched: responses, and the status quo."""
        problem = self.problem
        response = 2 in touched
        if response:
            assert self.enumerator.memory is not None
            self.enumerator.memory.clear()
            self.enumerator.faces.clear()
            self.figures.forget_responses()
            # Computed from bounds that have moved.
            problem.response.forget_bounds()
            problem.keep_open_outputs(None)
        if response or 1 in touched or not problem.has_status_quo:
            cost = self.figures.response_cost(problem.all_open)
            outcome = self._opened.best(problem.all_open, cost, 0.0, 0.0, fixed=self._nothing)
            if outcome.objective is None:
                raise ArithmeticError(f"the status quo ended with {outcome.termination!r}")
            problem.keep_status_quo(StatusQuo(outcome.objective, outcome.objective, cost, None, None))  # type: ignore[arg-type]
        problem.fixed_policy.status_quo = problem.status_quo.cost


def patch(highs: Highs, program: Program, fields: dict[str, np.ndarray], kept: np.ndarray) -> None:
    """Change numbers of a program in HiGHS.

    Parameters
    ----------
    highs
        Holds the program as it was.
    program
        The program as it is now.
    fields
        Places touched, by the name of the array; ``matrix`` counts its stored entries.
    kept : array of int
        Columns whose bounds stay.
    """
    if "cost" in fields:
        highs.set_costs(fields["cost"], program.cost[fields["cost"]])
    moved = np.union1d(fields.get("column_lower", np.empty(0, int)), fields.get("column_upper", np.empty(0, int)))
    moved = np.setdiff1d(moved, kept).astype(np.int64)
    highs.set_bounds(moved, program.column_lower[moved], program.column_upper[moved])
    for row in np.union1d(fields.get("row_lower", np.empty(0, int)), fields.get("row_upper", np.empty(0, int))):
        highs.set_row(int(row), program.row_lower[int(row)], program.row_upper[int(row)])
    if "matrix" in fields:
        entries = fields["matrix"]
        places = np.searchsorted(program.matrix.indptr, entries, side="right") - 1
        highs.set_entries(program.matrix.indices[entries], places, program.matrix.data[entries])


def alters_response(first: Case, second: Case) -> bool:
    """Say whether two cases differ in what the counterpart's response, or what our side sees of it, is made of."""
    programs, margins = [], []
    for case in (first, second):
        network = Network(case)
        programs.append(compile_model(build_follower(network)).program)
        margins.append([(lane.lane, lane.margin * network.weight[lane.origin]) for lane in network.paying])
        margins.append(list(network.lasting.items()))
    one, other = programs
    names = ("cost", "row_lower", "row_upper", "column_lower", "column_upper")
    alike = one.matrix.shape == other.matrix.shape and one.matrix.nnz == other.matrix.nnz
    return margins[:2] != margins[2:] or not (
        alike
        and one.offset == other.offset
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
        and (one.matrix != other.matrix).nnz == 0
    )
