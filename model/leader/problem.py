"""A case made ready to solve: programs built and compiled once, status quo worked out."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...data.units import Units, natural_units
from ..follower.enumerate import FollowerArrays, FollowerSolver, policy_indices_of
from ..formulation.follower import SIDE, FollowerData, build_follower, source_worth
from ..formulation.linking import Choice, LeaderProblem, PolicyBounds, output_keys, output_map
from ..formulation.single_level import coupled
from ..network import NONE, OPEN, Network
from ..plan.monitor import StopCheck, Stopped
from ..solver.arrays import Compiled, compile_model
from ..solver.bases import Basis, Extension, Statuses
from ..solver.highs import Highs, TolerantHighs
from .carried import CARRIED
from .fixed_policy import FixedPolicySolver
from .readout import Choices, Readout
from .recompute import FirstStage, OperationsSolver, response_variables
from .starting import repeated_basis
from .status_quo import StatusQuo

if TYPE_CHECKING:
    from ...data import Case


LAST_SECONDS = 1.0
"""Seconds for a bound where a search was stopped without one."""


def nothing_chosen(leader_problem: LeaderProblem) -> dict[int, float]:
    """First-stage columns of a leader problem, all at 0."""
    return Choices.of(leader_problem).at({}, {})


@dataclass
class _Held:
    """The leader problem over the scenarios that it holds, and what stands on it; None where it was not needed so far."""

    scenarios: Sequence[str] | None = None
    leader_problem: LeaderProblem | None = None
    fixed_policy: FixedPolicySolver | None = None
    choices: Choices | None = None


class _Response(NamedTuple):
    """The response compiled: with every policy's arcs, and ready for one choice after another."""

    compiled: Compiled
    policy_bounds: PolicyBounds
    arrays: FollowerArrays
    variables: list[Any]
    block: Any


class Problem:
    """A case with its programs, each built when first needed.

    Parameters
    ----------
    case
        A checked case; taken as it is, see `Problem.natural`.
    log
        File for HiGHS's log.
    stop
        Asked while programs are built and solved; both end early once it returns True.
    network
        The case as the mathematics sees it, where it is there already.
    given
        The case as it was given, where that is another.
    units
        What the units of the case are in those of the case as it was given; default: the same.

    Attributes
    ----------
    case
        The case that is solved: all figures in it and in the programs are in its units.
    given
        The case as it was given.
    opened_start, start
        Bases that the status quo and the leader problem begin with, where they are known from a case much like it; else None.
    """

    def __init__(
        self,
        case: Case,
        log: str | None = None,
        stop: Callable[[], bool] = lambda: False,
        network: Network | None = None,
        given: Case | None = None,
        units: Units | None = None,
    ):
        self.case = case
        self.given = given or case
        self.network = network or Network(case, units, StopCheck(self.stop))
        self.log = log
        self._held = _Held()
        self._status_quo: StatusQuo | None = None
        self._open_outputs: np.ndarray | None = None
        self._ready: set[str] = set()
        self._read: FollowerData | None = None
        self.opened_start: Basis | None = None
        self.start: Basis | None = None
        self.build_seconds = 0.0
        self._asked: Callable[[], bool] = stop

    def stop(self) -> bool:
        """Whether to stop: asked while programs are built and solved, which then raise `Stopped`."""
        return self._asked()

    @contextmanager
    def unstoppable(self, seconds: float = math.inf) -> Iterator[None]:
        """Let what is begun be finished, or go on for some seconds."""
        until = time.perf_counter() + seconds
        with self.asking(lambda: time.perf_counter() > until):
            yield

    @contextmanager
    def asking(self, stop: Callable[[], bool]) -> Iterator[None]:
        """Ask somebody else whether to stop for a while."""
        before, self._asked = self._asked, stop
        try:
            yield
        finally:
            self._asked = before

    @classmethod
    def natural(
        cls,
        case: Case,
        log: str | None = None,
        stop: Callable[[], bool] = lambda: False,
        units: Units | None = None,
    ) -> Problem:
        """Return the problem of a case in its natural units, or in given ones; all tolerances of the room are made for these.

        Plans come back in the units of the case (`restored`); what else is read of the problem is in natural units.
        """
        solved, units = natural_units(case) if units is None else (units.natural(case), units)
        return cls(solved, log, stop, given=case, units=units)

    @property
    def units(self) -> Units:
        """What the units of the case that is solved are in those of the case as it was given."""
        return self.network.units

    @property
    def all_open(self) -> dict[str, str]:
        """The choice that leaves every regime open."""
        return dict.fromkeys(self.network.menu, OPEN)

    @contextmanager
    def _building(self, what: str) -> Iterator[None]:
        """Count the time that building takes, also where it is stopped half way; note what is ready at its end."""
        began, collecting = time.perf_counter(), gc.isenabled()
        # Many small objects, none of which is garbage.
        gc.disable()
        try:
            yield
            self._ready.add(what)
        finally:
            if collecting:
                gc.enable()
            self.build_seconds += time.perf_counter() - began

    @property
    def _data(self) -> FollowerData:
        """What all programs that hold the response read of the network."""
        if self._read is None or self._read.network is not self.network:
            self._read = FollowerData(self.network)
        return self._read

    @cached_property
    def _response(self) -> _Response:
        keys = output_keys(self.leader_problem.model)
        with self._building("response"):
            model = build_follower(self.network, self._data)
            compiled = compile_model(model, self.network.check)
            policy_bounds = PolicyBounds(compiled, model.response)
            program = compiled.program.relaxed()
            program.column_upper = policy_bounds.upper(program.column_upper, self.all_open)
            policy_columns = [
                [(policy_bounds.columns[regime, policy], policy_bounds.capacity[regime, policy]) for policy in menu]
                for regime, menu in self.network.menu.items()
            ]
            arrays = FollowerArrays(program, policy_columns, output_map(self.network, compiled, model.response, keys))
            variables = response_variables(model.response)
        return _Response(compiled, policy_bounds, arrays, variables, model.response)

    @cached_property
    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        """Number of the pair of every row of the response, and the price of a source there, in money per unit.

        The price is that of `source_worth`. NaN for a row of another kind.
        """
        compiled, b = self._response.compiled, self._response.block
        numbers = {pair: number for number, pair in enumerate(self.network.pairs(SIDE))}
        pairs = np.full(compiled.program.row_lower.size, -1)
        prices = np.full(pairs.size, np.nan)
        for name, worth in source_worth(self.network).items():
            for index, constraint in b.component(name).items():
                row = compiled.row.get(id(constraint))
                if row is not None:
                    pair, prices[row] = worth(index)
                    pairs[row] = numbers[pair]
        return pairs, prices

    @cached_property
    def response(self) -> FollowerArrays:
        """The response, compiled."""
        return self._response.arrays

    def refill(self, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay (`Tape`) in the programs, all scenarios held.

        Raises
        ------
        Moved
            Where an entry or an infinite bound comes or goes.
        """
        self.leader_problem.refill(numbers)
        self.opened.refill(numbers)
        self.readout.refill(numbers)
        response = self._response
        response.compiled.refill(numbers)
        response.policy_bounds.refill(numbers)
        whole, program = response.compiled.program, response.arrays.program
        program.column_lower[:] = whole.column_lower
        program.column_upper[:] = response.policy_bounds.upper(whole.column_upper, self.all_open)
        program.offset = whole.offset

    def hold(self, scenarios: Sequence[str] | None) -> None:
        """Let the leader problem hold some scenarios; None: all of them. It is built anew, and nothing else is."""
        self._held = _Held(scenarios)

    @property
    def scenarios(self) -> Sequence[str] | None:
        """Scenarios that the leader problem holds; None: all of them."""
        return self._held.scenarios

    @property
    def leader_problem(self) -> LeaderProblem:
        """The leader problem with limits and the scenarios that it holds, compiled."""
        held = self._held
        if held.leader_problem is None:
            held.leader_problem = self._whole if held.scenarios is None else self._build(held.scenarios)
        return held.leader_problem

    @property
    def whole(self) -> LeaderProblem:
        """The leader problem with limits and all scenarios, compiled; where the other one holds all of them the same."""
        return self.leader_problem if self.scenarios is None else self._whole

    @cached_property
    def _whole(self) -> LeaderProblem:
        return self._build(None)

    def _build(self, scenarios: Sequence[str] | None) -> LeaderProblem:
        with self._building("leader problem"):
            return LeaderProblem(self.network, scenarios, data=self._data)

    @property
    def built(self) -> bool:
        """Whether all programs are built that a plan needs."""
        return self.size is not None and {"opened", "response"} <= self._ready

    @property
    def size(self) -> tuple[int, int] | None:
        """Rows and columns of the leader problem; None where it is not built yet."""
        held = self._held.leader_problem
        return None if held is None else (int(held.program.row_lower.size), int(held.program.cost.size))

    @property
    def choices(self) -> Choices:
        """Where the first-stage choices stand in the leader problem."""
        held = self._held
        if held.choices is None:
            held.choices = Choices.of(self.leader_problem)
        return held.choices

    @cached_property
    def readout(self) -> Readout:
        """Reads solutions of the leader problem with all scenarios."""
        return Readout(self.whole)

    @cached_property
    def operations_solver(self) -> OperationsSolver:
        """Our linear programs alone, over all scenarios."""
        return OperationsSolver(self.whole, self.readout, start=self.operations_start)

    @cached_property
    def operations_start(self) -> Any:
        """Basis that our linear programs alone begin with."""
        return repeated_basis(self.status_quo.first.basis, self.opened, self.whole)

    @property
    def fixed_policy(self) -> FixedPolicySolver:
        """The leader problem, ready for one choice after another."""
        held = self._held
        if held.fixed_policy is None:
            crash, before, start = None, self.status_quo, self.start
            if start is None:
                crash = self._crash(self.leader_problem)
                if crash is None:
                    start = repeated_basis(before.basis, self.opened, self.leader_problem)
            held.fixed_policy = FixedPolicySolver(self.leader_problem, before.cost, self.log, self.stop, crash, start)
        return held.fixed_policy

    def settle(self) -> None:
        """Give back the memory of what the status quo was worked out with, and of models.

        ``fixed_policy`` still solves, and plans can still be recomputed alone and held against their limits; no more can be read
        from solutions.
        """
        # While the models are there. Who recomputes a plan then knows a basis to begin with.
        _ = self.response, self.choices
        self.operations_solver = OperationsSolver(self.whole, self.readout)
        self.operations_solver.shrink()
        self._status_quo = replace(self.status_quo, operations_solver=None, first=None, basis=None)  # type: ignore[arg-type]
        self._read = None
        self.start = self.opened_start = None
        for name in ("_response", "opened", "readout", "operations_start"):
            self.__dict__.pop(name, None)
        self.fixed_policy.settle()
        self.leader_problem.forget_model()

    def response_cost(self, choice: Choice) -> float:
        """V(k), from a cold start."""
        return FollowerSolver(self.response, self.stop).solve(policy_indices_of(choice, self.network.menu))[0]

    def _crash(self, leader_problem: LeaderProblem) -> Callable[[Choice], Basis] | None:
        """Bases of a leader problem that hold the response's own under a choice; None where our side depends on the response."""
        if coupled(self.network) or not self.network.pairs("counterpart"):
            return None
        compiled, arrays, block = self._response.compiled, self._response.arrays, self._response.block
        variables = self._response.variables
        other = leader_problem.model.response
        columns = np.stack([compiled.columns(variables), leader_problem.compiled.columns(response_variables(other))])
        here, there = (
            [row for name in source_worth(self.network) for row in side.component(name).values()]
            for side in (block, other)
        )
        rows = np.stack([compiled.places(here), leader_problem.compiled.places(there)])
        columns, rows = (pair[:, (pair >= 0).all(axis=0)] for pair in (columns, rows))
        responder, extension = FollowerSolver(arrays, self.stop), Extension(leader_problem.program, columns, rows)

        def basis(choice: Choice) -> Basis:
            responder.solve(policy_indices_of(choice, self.network.menu))
            return extension(Statuses.of(responder.highs.get_basis()))

        return basis

    def to_joint(self, solution: np.ndarray) -> np.ndarray:
        """Place columns of the response alone into columns of the whole leader problem; all others are 0.

        Binaries of our operations, which the response does not know, are NaN.
        """
        return self._placed(self._response.compiled.columns(self._response.variables), solution)

    def to_whole(self, solution: np.ndarray) -> np.ndarray:
        """Place the response's columns of the leader problem into those of the whole one; all others are 0."""
        if self.scenarios is None:
            return solution
        return self._placed(
            self.leader_problem.compiled.columns(response_variables(self.leader_problem.model.response)), solution
        )

    def _placed(self, columns: np.ndarray, solution: np.ndarray) -> np.ndarray:
        whole = self.whole
        places = whole.compiled.columns(response_variables(whole.model.response))
        placed = np.zeros_like(whole.program.cost)
        placed[whole.operational] = np.nan
        # Fills of weeks without sales, which are 1, have no column in a response alone.
        placed[places[places >= 0]] = whole.program.column_lower[places[places >= 0]]
        known = (columns >= 0) & (places >= 0)
        placed[places[known]] = solution[columns[known]]
        return placed

    @cached_property
    def opened(self) -> LeaderProblem:
        """The leader problem of scenario none without limits, compiled: that of the status quo."""
        with self._building("opened"):
            return LeaderProblem(self.network, [NONE], limited=False, data=self._data)

    @property
    def status_quo(self) -> StatusQuo:
        """W(status quo) under the least-cost response that is best for us (section 4)."""
        if self._status_quo is None:
            self._status_quo = self._work_out_status_quo()
        return self._status_quo

    def keep_status_quo(self, status_quo: StatusQuo) -> None:
        """Take over a status quo that was worked out elsewhere, with the numbers that the programs hold now."""
        self._status_quo = status_quo

    @property
    def has_status_quo(self) -> bool:
        """Whether the status quo is worked out."""
        return self._status_quo is not None

    def _work_out_status_quo(self) -> StatusQuo:
        leader_problem, start = self.opened, self.opened_start
        cost, response = FollowerSolver(self.response, self.stop).solve(
            policy_indices_of(self.all_open, self.network.menu)
        )
        if self._open_outputs is None:
            self._open_outputs = self.response.outputs @ response
        crash = None if start is not None else self._crash(leader_problem)
        fixed_policy = FixedPolicySolver(leader_problem, 0.0, stop=self.stop, crash=crash, start=start)
        with fixed_policy.exact.options(**({} if start is None else CARRIED)):
            outcome = fixed_policy.best(self.all_open, cost, 0.0, 0.0, fixed=nothing_chosen(leader_problem))
        highs: Highs = fixed_policy.exact
        if outcome.infeasible and leader_problem.face_row is not None:
            highs = self._with_face_free(leader_problem, leader_problem.face_row)
            outcome = highs.solve_anew()
        if outcome.solution is None and self.stop():
            raise Stopped
        if outcome.solution is None or outcome.objective is None:
            raise ArithmeticError(f"the status quo ended with {outcome.termination!r}")
        operations_solver = OperationsSolver(leader_problem)
        operations = operations_solver.run(outcome.solution, FirstStage({}, {}), self.all_open)
        basis = highs.get_basis()
        return StatusQuo(operations.own_cost[NONE], outcome.objective, cost, operations_solver, operations, basis)

    def _with_face_free(self, leader_problem: LeaderProblem, row: int) -> Highs:
        """The status quo's program over the responses that V's own prices allow, where rounding empties the row that holds V."""
        program, fixed = leader_problem.program.relaxed(), nothing_chosen(leader_problem)
        program.column_upper = leader_problem.policy_bounds.upper(program.column_upper, self.all_open)
        for column, value in fixed.items():
            program.column_lower[column] = program.column_upper[column] = value
        highs = TolerantHighs(program, stop=self.stop, presolve="off", solver="simplex")
        highs.set_row(row, -math.inf, math.inf)
        highs.set_cost(program.matrix.tocsr()[row].toarray().ravel())
        if highs.solve_anew().optimal:
            highs.keep_to_optima()
        highs.set_cost(program.cost)
        return highs

    def admin_cost(self, choice: Choice) -> float:
        """Admin costs of a choice of policies."""
        return self.policy_total(choice, "admin_cost")

    def ally_benefit(self, choice: Choice) -> float:
        """What allies give for a choice of policies."""
        return math.fsum(self.network.benefits.get(key, 0.0) for key in choice.items())

    def policy_total(self, choice: Choice, column: str) -> float:
        """Sum of a column of the policies table over a choice."""
        rows = (self.network.policy(regime, policy) for regime, policy in choice.items())
        return math.fsum(getattr(row, column) for row in rows if row is not None)

    @property
    def open_outputs(self) -> np.ndarray:
        """Outputs of a response to all open, shape (outputs,)."""
        if self._open_outputs is None:
            _, solution = FollowerSolver(self.response, self.stop).solve(
                policy_indices_of(self.all_open, self.network.menu)
            )
            self._open_outputs = self.response.outputs @ solution
        return self._open_outputs

    def keep_open_outputs(self, outputs: np.ndarray | None) -> None:
        """Take over the outputs of a response to all open; None: they are worked out when they are asked for."""
        self._open_outputs = outputs

    def constant(self, response_cost: Any, admin: Any) -> Any:
        """The part of leverage that depends on policies alone: V - V(all open) - admin costs + W(status quo).

        Where cost is the sense, what is maximised is minus the cost: - admin costs.
        """
        if self.network.least_cost:
            return 0.0 * response_cost - admin
        return response_cost - self.status_quo.response_cost - admin + self.status_quo.cost

    def last_resort(self) -> float:
        """Bound on the leverage under any policies where a search has none; inf where that took too long to work out."""
        try:
            with self.unstoppable(LAST_SECONDS):
                return self.constant(self.response_ceiling(), 0.0) + self.ceiling()
        except Stopped:
            return math.inf

    def ceiling(self) -> float:
        """Most that the rest of leverage can be under any policies: response free, every policy's arcs open, no budget.

        -inf proves that no choice of policies has a plan.
        """
        leader_problem = self.leader_problem
        program = leader_problem.program.relaxed()
        program.row_upper = program.row_upper.copy()
        free = [leader_problem.model.least_cost, *leader_problem.model.own_loss.values()]
        if leader_problem.model.component("budget") is not None:
            free.append(leader_problem.model.budget)
        for constraint in free:
            row = leader_problem.compiled.row.get(id(constraint))
            if row is not None:
                program.row_upper[row] = math.inf
        outcome = Highs(program, stop=self.stop).solve()
        if outcome.infeasible:
            return -math.inf
        return -outcome.objective if outcome.optimal and outcome.objective is not None else math.inf

    def response_ceiling(self) -> float:
        """Bound on V under any policies: all lanes under our regimes shut, which every choice of policies allows."""
        program = self.response.program.relaxed()
        for policy_columns in self.response.policy_columns:
            for columns, _ in policy_columns:
                program.column_upper[columns] = 0.0
        outcome = Highs(program, stop=self.stop).solve()
        if outcome.objective is None:
            raise ArithmeticError(f"the response without controlled lanes ended with {outcome.termination!r}")
        return outcome.objective
