"""The best our side can do under one choice of policies, and what bounds it under others (model.md section 6)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ..formulation.linking import Choice, LeaderProblem
from ..network import Network
from ..plan.limits import SolveLimits
from ..plan.tolerances import FACE_ABSOLUTE, FACE_RELATIVE, LIMIT_BROKEN
from ..solver.branch_and_bound import branch_and_bound
from ..solver.highs import DUAL, GENTLE, PRIMAL, Highs, Outcome
from .both_programs import BothPrograms
from .branch_and_cut import Row, branch_and_cut, exactly, few
from .carried import CARRIED
from .cuts import Cut, CutReader, Relaxation, SpaceCut
from .node_bases import Node, NodeBases

T = TypeVar("T")

State = tuple[float, float, float, SolveLimits]
"""V, the constant part of leverage, admin costs and terms."""


def face_of(network: Network, cost: Any, wide: bool = False) -> Any:
    """Most that a least-cost response may cost: V; of the wide face 1e-9 more of V less what no response can avoid."""
    return cost + np.maximum(FACE_RELATIVE * (cost - network.usable.unavoidable), FACE_ABSOLUTE) if wide else cost


class FixedPolicySolver(BothPrograms):
    """Solves the leader problem for one choice of policies after another.

    Parameters
    ----------
    leader_problem
        The leader problem with all scenarios.
    status_quo
        W of the status quo.
    log
        File for HiGHS's log of the leader problem.
    stop
        Asked at every node; solves end early once it returns True.
    crash
        Basis to start from where none is known, by choice: the response's own, and slacks for the rest. Given where nothing on our
        side depends on the response, which is not solved again then.
    start
        Basis that the first solves begin with; None: slacks.

    Attributes
    ----------
    rel_gap
        Relative gap at which a program with many binaries counts as solved; our own branch and bound closes it.
    report
        Told of incumbent and bound of such a program.
    bases : NodeBases
        Bases of relaxations solved lately.
    last
        The relaxation solved last, where its basis and its numbers are still in place.
    repriced
        Whether a node is solved again because numbers of the program have changed, mostly prices, and not what limits allow.
    nearby
        Whether a node begins from the basis of the one most like it; of equal optima it may then end with another.
    """

    def __init__(
        self,
        leader_problem: LeaderProblem,
        status_quo: float,
        log: str | None = None,
        stop: Callable[[], bool] = lambda: False,
        crash: Callable[[Choice], Any] | None = None,
        start: Any = None,
    ):
        super().__init__(leader_problem, log, stop, start)
        self.crash = crash
        self.status_quo = status_quo
        model, compiled = leader_problem.model, leader_problem.compiled
        self.solve_limits = SolveLimits.of(leader_problem.network.case)
        self.weeks = leader_problem.network.weeks
        self._budget_rows = compiled.rows(model.component("budget"))
        self._loss_rows = compiled.rows(model.component("own_loss"))
        self._fill_rows = np.concatenate(
            [np.empty(0, int), *(compiled.rows(b.component("continuity")) for b in model.ours.values())]
        )
        self.limit_rows = (self._budget_rows, self._loss_rows, self._fill_rows)
        self._gated = np.concatenate([np.empty(0, np.int32), *leader_problem.policy_bounds.columns.values()])
        self._reader = CutReader(leader_problem, self.limit_rows)
        self.rel_gap = 0.0
        self.report: Callable[[float, float], None] = lambda incumbent, bound: None
        self.bases = NodeBases()
        self.last: tuple[Node, State, Outcome] | None = None
        self._in_place: Node | None = None
        self.repriced = self.nearby = self._near = False
        self.binaries = np.flatnonzero(leader_problem.program.integer).astype(np.int32)
        self._chosen: Mapping[tuple[str, str], float] = {}

    def settle(self) -> None:
        """Give back the memory of `exact`, of bases and of the relaxation solved last; who needs these begins with others."""
        super().settle()
        self.bases.clear()
        self.crash = self.last = None

    def afresh(self, basis: Any) -> FixedPolicySolver:
        """Return the same with HiGHS objects of its own, made from the arrays; solves begin with a basis that is near an optimum.

        Whatever has become of those of this one does not touch it.
        """
        fresh = copy.copy(self)
        fresh.crash, fresh.bases, fresh.last, fresh._in_place = lambda _: basis, NodeBases(), None, None
        fresh._near = True
        fresh.make(basis)
        return fresh

    def _set(self, highs: Highs, choice: Choice, cost: float, constant: float, admin: float, wide: bool = True) -> None:
        self._open(highs, dict.fromkeys(choice.items(), 1.0))
        self._put(highs, cost, constant, admin, wide)

    def _open(self, highs: Highs, chosen: Mapping[tuple[str, str], float]) -> None:
        """Open the arcs of policies, by (regime, policy), to a share of their capacity, and shut all others under our regimes."""
        policy_bounds = self.leader_problem.policy_bounds
        if highs is self.relaxed:
            self._chosen = chosen
        upper = np.concatenate(
            [np.empty(0), *(policy_bounds.capacity[key] * chosen.get(key, 0.0) for key in policy_bounds.columns)]
        )
        highs.set_bounds(self._gated, np.zeros_like(upper), upper)

    def _put(self, highs: Highs, cost: float, constant: float, admin: float, wide: bool) -> None:
        """Put V, the part of leverage that depends on policies alone, and the rooms."""
        face = face_of(self.leader_problem.network, cost, wide)
        if self.leader_problem.face_row is not None:
            highs.set_row(self.leader_problem.face_row, -math.inf, face - self.leader_problem.face_offset)
        remaining_here, loss, fill = self.remaining(admin)
        for row in self._budget_rows:
            highs.set_row(row, -math.inf, remaining_here)
        for row in self._loss_rows:
            highs.set_row(row, -math.inf, loss)
        if self.solve_limits.least_fill is not None:
            for row in self._fill_rows:
                highs.set_row(row, fill, math.inf)
        highs.set_offset(self.leader_problem.program.offset - constant)

    def shut(self, columns: Sequence[int]) -> None:
        """Hold first-stage columns at 0, and these alone, in `relax`, `feasibility_cut` and `best`."""
        self.last = None
        program, before = self.leader_problem.program, self._shut
        self._shut = np.array(columns, dtype=np.int32)
        for highs in (self.relaxed, self.exact):
            highs.set_bounds(before, program.column_lower[before], program.column_upper[before])
            highs.set_bounds(self._shut, np.zeros(self._shut.size), np.zeros(self._shut.size))

    @property
    def held(self) -> tuple[int, ...]:
        """First-stage columns held at 0."""
        return tuple(self._shut.tolist())

    def remaining(self, admin: Any) -> np.ndarray:
        """Room that the terms leave a choice with given admin costs, shape (..., 3).

        What is left of the budget; most own cost in a rated scenario; sum over weeks of the fill asked for (0: as the case
        says).
        """
        admin = np.asarray(admin, dtype=float)
        fill = 0.0 if self.solve_limits.least_fill is None else self.solve_limits.least_fill * self.weeks
        loss = self.solve_limits.own_loss + self.status_quo - admin
        return np.stack([self.solve_limits.budget - admin, loss, np.full_like(admin, fill)], axis=-1)

    def relax(self, choice: Choice, cost: float, constant: float, admin: float) -> Relaxation:
        """Solve the linear relaxation, limits elastic.

        Parameters
        ----------
        choice
            Policy of every regime of ours.
        cost
            V under the choice.
        constant
            The part of leverage that depends on policies alone: counterpart's loss in scenario none - admin costs
            + W(status quo).
        admin
            Admin costs of the choice.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        """
        self._set(self.relaxed, choice, cost, constant, admin)
        program, binaries = self.leader_problem.program, self.binaries
        upper = program.column_upper.copy()
        upper[self._shut] = 0.0
        state = (cost, constant, admin, self.solve_limits)
        outcome = self._solve_node(choice, program.column_lower[binaries], upper[binaries], state)
        return self._relaxation(outcome, constant, admin)

    def _relaxation(self, outcome: Outcome, constant: float, admin: float) -> Relaxation:
        assert outcome.objective is not None and outcome.solution is not None
        leverage = -outcome.objective
        cut = self.cut(outcome.solution, leverage - constant, admin, feasibility_cut=False)
        return Relaxation(leverage, float(self.gap_cost @ outcome.solution), cut)

    def _solve_node(self, choice: Choice, lower: np.ndarray, upper: np.ndarray, state: State) -> Outcome:
        """Solve a node of a choice's relaxation from the basis that it had last, other numbers or not."""
        node = (tuple(choice.items()), lower.tobytes(), upper.tobytes())
        self.relaxed.set_bounds(self.binaries, lower, upper)
        if self.last is not None and self.last[:2] == (node, state):
            return self.last[2]
        basis = self.bases.pop(node, None)
        options: dict[str, Any] = {}
        if self.repriced:
            options = {**GENTLE, "simplex_strategy": DUAL if basis is None else PRIMAL}
        elif self.nearby and self.bases:
            basis = basis or self.bases.nearest(node, self._in_place)
            options = {**GENTLE, "simplex_strategy": DUAL}
        elif basis is None:
            options = self._start(self.relaxed, choice)
        if basis is not None:
            self.relaxed.set_basis(basis)
        outcome = self._solve_relaxed(choice, **options)
        if outcome.infeasible:
            return outcome
        self.bases.keep(node, self.relaxed.get_basis())
        self.last, self._in_place = (node, state, outcome), node
        return outcome

    def _start(self, highs: Highs, choice: Choice) -> dict[str, Any]:
        """Put the response's own basis in place where that is most of the program's, and return the options to go on from it with.

        It is primal feasible, and all but optimal.
        """
        if self.crash is None:
            return {}
        highs.set_basis(self.crash(choice))
        return {"simplex_strategy": PRIMAL}

    def relax_over(
        self, chosen: Mapping[tuple[str, str], float], cost: float, constant: float, admin: float
    ) -> tuple[float, SpaceCut, SpaceCut | None]:
        """Solve the linear relaxation over a set of combinations at once, or a mixture of some, limits elastic.

        Parameters
        ----------
        chosen
            Share of their capacity to which the arcs of (regime, policy) are open. Of a set of combinations 1 for every policy that
            they may take, or others that do all that these can; of a mixture the weights of the combinations that take a policy.
        cost, constant, admin
            As in `relax`: the greatest V and constant of the combinations, the least admin costs; of a mixture the means.

        Returns
        -------
        float
            Proven upper bound on the leverage of every combination of the set, or on the mean over the mixture; -inf where none
            has a plan.
        SpaceCut
            What it bounds in other sets.
        SpaceCut or None
            Where none has a plan, what proves it, as a feasibility cut.
        """
        self._open(self.relaxed, chosen)
        self._put(self.relaxed, cost, constant, admin, wide=True)
        # A response to one of the policies of each regime is one to all of them.
        options = self._start(self.relaxed, dict(list(chosen)))
        outcome = self._solve_relaxed(chosen, **options)
        assert outcome.objective is not None and outcome.solution is not None
        leverage = -outcome.objective
        cut = self._space_cut(leverage - constant, chosen, cost, admin)
        if self.gap_cost @ outcome.solution > 0:

            def barrier_of(least: Outcome) -> SpaceCut:
                assert least.objective is not None
                return self._space_cut(-least.objective, chosen, cost, admin, barring=True)

            gap, feasibility_cut = self._least_gap(chosen, barrier_of)
            if gap > LIMIT_BROKEN:
                return -math.inf, cut, feasibility_cut
        return leverage, cut, None

    def _space_cut(
        self, value: float, chosen: Mapping[tuple[str, str], float], cost: float, admin: float, barring: bool = False
    ) -> SpaceCut:
        """The dual of the relaxation just solved, as a bound for other shares, V and rooms; a value is what it is worth here."""
        face = face_of(self.leader_problem.network, cost, wide=True)
        return self._reader.space_cut(self.relaxed, value, chosen, face, self.remaining(admin), barring)

    def _least_gap(self, choice: Any, cut: Callable[[Outcome], T]) -> tuple[float, T]:
        """Least sum of limits' gaps with arcs, face and rooms as they are set, and what a function makes of the optimum."""
        offset = self.relaxed.offset
        self.relaxed.set_cost(np.where(self.gap_cost > 0, 1.0, 0.0))
        self.relaxed.set_offset(0.0)
        try:
            outcome = self._solve_relaxed(choice)
            assert outcome.objective is not None and outcome.solution is not None
            return outcome.objective, cut(outcome)
        finally:
            self.relaxed.set_cost(self.leader_problem.program.cost)
            self.relaxed.set_offset(offset)

    def feasibility_cut(self, choice: Choice, cost: float, admin: float) -> Cut | None:
        """Return what proves that limits cannot all be kept under a choice, as a cut; None where the relaxation keeps them.

        Parameters
        ----------
        choice, cost, admin
            As in `relax`.
        """
        self._set(self.relaxed, choice, cost, 0.0, admin)
        gap, cut = self._least_gap(choice, self._barrier_at(admin))
        return cut if gap > LIMIT_BROKEN else None

    def _barrier_at(self, admin: float) -> Callable[[Outcome], Cut]:
        """What makes a feasibility cut of the least sum of limits' gaps."""

        def feasibility_cut(outcome: Outcome) -> Cut:
            assert outcome.objective is not None and outcome.solution is not None
            return self.cut(outcome.solution, -outcome.objective, admin, feasibility_cut=True)

        return feasibility_cut

    def _solve_relaxed(self, choice: Any, **options: Any) -> Outcome:
        self.last = self._in_place = None
        with self.relaxed.options(**options):
            outcome = self.relaxed.solve()
        if not outcome.optimal or outcome.solution is None:
            outcome = self.relaxed.solve_anew()
        if outcome.infeasible and self.leader_problem.operational.size:
            # No gap makes up for an order that is more than the lane carries, or for a price that is out of reach.
            return outcome
        if not outcome.optimal or outcome.objective is None or outcome.solution is None:
            raise ArithmeticError(f"the relaxation under {dict(choice)} ended with {outcome.termination!r}")
        return outcome

    def cut(self, solution: np.ndarray, value: float, admin: float, feasibility_cut: bool) -> Cut:
        """Return the dual of the relaxation just solved as a bound for other choices; a value is what it is worth here."""
        filled = self.solve_limits.least_fill is not None
        return self._reader.cut(
            self.relaxed, solution, value, self.remaining(admin), self._chosen, filled=filled, barring=feasibility_cut
        )

    def best(
        self,
        choice: Choice,
        cost: float,
        constant: float,
        admin: float,
        *,
        fixed: Mapping[int, float] | None = None,
        cutoff: float = -math.inf,
        rows: Sequence[Row] = (),
    ) -> Outcome:
        """Solve the leader problem; its objective is minus the leverage.

        Parameters
        ----------
        choice, cost, constant, admin
            As in `relax`.
        fixed
            First-stage columns held at a value.
        cutoff
            Leverages that are not above it are of no interest.
        rows
            Further rows that the binaries keep.

        Returns
        -------
        Outcome
            As of `branch_and_bound`; its leaves are of `Relaxation`.
        """
        program, binaries = self.leader_problem.program, self.binaries
        lower, upper = program.column_lower.copy(), program.column_upper.copy()
        upper[self._shut] = 0.0
        columns = np.array(list(fixed or {}), dtype=np.int32)
        lower[columns] = upper[columns] = np.array(list((fixed or {}).values()), dtype=float)
        if fixed:
            self.last = None
        held = (self.relaxed, self.exact)
        for highs in held:
            highs.set_bounds(columns, lower[columns], upper[columns])
        self._set(self.relaxed, choice, cost, constant, admin)
        # V and the rooms of the program itself are put at its nodes.
        self._open(self.exact, dict.fromkeys(choice.items(), 1.0))

        def elastic(lower: np.ndarray, upper: np.ndarray, limit: float) -> Outcome:
            return self._elastic_node(choice, (cost, constant, admin, self.solve_limits), lower, upper, limit)

        def strict(lower: np.ndarray, upper: np.ndarray, _: float) -> Outcome:
            return self._strict_node(choice, cost, constant, admin, lower, upper)

        free = int(np.count_nonzero(lower[binaries] < upper[binaries]))
        try:
            if free > few(self.leader_problem) or rows:
                return self._branched_and_cut(choice, (cost, constant, admin), lower, upper, cutoff, rows)
            return branch_and_bound(
                [elastic, strict] if free else [strict],
                binaries,
                lower[binaries],
                upper[binaries],
                cutoff=-cutoff,
                stop=self.stop,
            )
        finally:
            if fixed:
                self.last = None
            # What was shut stays shut, and what was fixed is free again.
            upper[columns] = np.where(np.isin(columns, self._shut), 0.0, program.column_upper[columns])
            lower[columns] = program.column_lower[columns]
            touched = np.union1d(columns, binaries).astype(np.int32)
            for highs in held:
                highs.set_bounds(touched, lower[touched], upper[touched])

    def _branched_and_cut(
        self,
        choice: Choice,
        state: tuple[float, float, float],
        lower: np.ndarray,
        upper: np.ndarray,
        cutoff: float,
        rows: Sequence[Row],
    ) -> Outcome:
        """Let HiGHS branch and cut, then solve the linear program at the binaries that it found."""

        def prepare(highs: Highs) -> None:
            self._open(highs, dict.fromkeys(choice.items(), 1.0))
            self._put(highs, *state, wide=False)

        found = branch_and_cut(
            self.leader_problem,
            lower,
            upper,
            prepare,
            gap=self.rel_gap,
            cutoff=cutoff,
            stop=self.stop,
            report=self.report,
            log=self.log,
            rows=rows,
        )
        if found.solution is None:
            return found

        def put(wide: bool) -> None:
            self._put(self.exact, *state, wide)

        return exactly(found, self.exact, self.binaries, put)

    def _elastic_node(
        self, choice: Choice, state: State, lower: np.ndarray, upper: np.ndarray, limit: float
    ) -> Outcome:
        """Solve a node with limits elastic: it bounds what is to be found there, and no program is slow for having no plan.

        The proof is a `Relaxation`: what the node bounds under other choices of policies.
        """
        _, constant, admin, _ = state
        outcome = self._solve_node(choice, lower, upper, state)
        if outcome.infeasible:
            return outcome
        assert outcome.objective is not None
        relaxation = self._relaxation(outcome, constant, admin)
        if relaxation.gap_cost > 0 and outcome.objective < limit:
            gap, feasibility_cut = self._least_gap(choice, self._barrier_at(admin))
            if gap > LIMIT_BROKEN:
                return Outcome(
                    "Infeasible", None, None, None, proof=Relaxation(-gap, relaxation.gap_cost, feasibility_cut)
                )
        return replace(outcome, proof=relaxation)

    def _strict_node(
        self, choice: Choice, cost: float, constant: float, admin: float, lower: np.ndarray, upper: np.ndarray
    ) -> Outcome:
        """Solve a node.

        Raises
        ------
        ArithmeticError
            When HiGHS comes to no end.
        """
        highs, outcome = self.exact, Outcome("Unknown", None, None, None)
        highs.set_bounds(self.binaries, lower, upper)
        options: dict[str, Any] = {}
        if (lower < upper).any():
            highs.start_from(self.relaxed)
        else:
            options = self._start(highs, choice)
        for wide in (False, True):
            self._put(highs, cost, constant, admin, wide)
            with highs.options(**options):
                outcome = highs.solve()
            if outcome.optimal and outcome.solution is not None:
                return replace(outcome, duals=highs.row_duals())
        if not outcome.settled and not self.leader_problem.operational.size:
            # HiGHS finds the least gap where it is at a loss whether there is none.
            self.relaxed.set_bounds(self.binaries, lower, upper)
            if self._least_gap(choice, lambda _: None)[0] > LIMIT_BROKEN:
                return Outcome("Infeasible", None, None, None)
        if not outcome.settled:
            outcome = highs.solve_anew()
        if not outcome.settled:
            raise ArithmeticError(f"the program under {dict(choice)} ended with {outcome.termination!r}")
        return outcome if outcome.infeasible else replace(outcome, duals=highs.row_duals())

    def best_elastic(
        self, choice: Choice, cost: float, constant: float, admin: float, fixed: Mapping[int, float]
    ) -> Outcome:
        """Solve the leader problem with its first stage fixed and its limits elastic; return the outcome with its basis.

        Parameters
        ----------
        choice, cost, constant, admin
            As in `relax`.
        fixed
            First-stage columns and the values they are held at.
        """
        columns = np.array(list(fixed), dtype=np.int32)
        values = np.array(list(fixed.values()), dtype=float)
        self.last = self._in_place = None
        self.relaxed.set_bounds(columns, values, values)
        try:
            options = CARRIED if self._near else {}
            for wide in (False, True):
                self._set(self.relaxed, choice, cost, constant, admin, wide)
                with self.relaxed.options(**options):
                    outcome = self.relaxed.solve()
                if outcome.optimal:
                    break
            if not outcome.settled:
                outcome = self.relaxed.solve_anew()
            return replace(outcome, basis=self.relaxed.get_basis())
        finally:
            program = self.leader_problem.program
            upper = np.where(np.isin(columns, self._shut), 0.0, program.column_upper[columns])
            self.relaxed.set_bounds(columns, program.column_lower[columns], upper)
