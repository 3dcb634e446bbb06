"""The best our side can do under one choice of policies, and what bounds it under others (model.md section 7)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .compiled import Highs, Outcome
from .joint import Choice, Joint
from .ours import gap_terms

FACE_RELATIVE, FACE_ABSOLUTE = 1e-9, 1e-7
"""How far a response may cost more than V: relative, and in money for what the solver's tolerance leaves."""


@dataclass(frozen=True)
class Cut:
    """A bound on our advantage that is linear in what the response does.

    ``advantage <= constant + slope @ outputs + room_price * room`` for every response and every choice of policies, where
    advantage is leverage less the part that depends on policies alone and room is what admin costs leave of the budget.
    It is the dual of the relaxed joint program at one choice (weak duality).
    """

    constant: float
    slope: np.ndarray
    room_price: float

    def bound(self, outputs: np.ndarray, room: np.ndarray | float) -> Any:
        """Value of the bound at outputs of shape (..., outputs) and rooms of shape (...)."""
        value = self.constant + outputs @ self.slope
        return value if self.room_price == 0 else value + self.room_price * room


@dataclass(frozen=True)
class Relaxation:
    """The relaxed joint program at one choice of policies.

    Attributes
    ----------
    leverage
        Proven upper bound on the leverage under the choice.
    gap_cost
        What limits that cannot hold were charged; 0 where all hold.
    cut
        The bound it gives for other choices.
    """

    leverage: float
    gap_cost: float
    cut: Cut


class Evaluator:
    """Solves the joint program for one choice of policies after another.

    Parameters
    ----------
    joint
        The joint program with all scenarios.
    status_quo
        W of the status quo.
    log
        File for HiGHS's log of the mixed-integer solves.
    stop
        Asked during mixed-integer solves; they end early once it returns True.
    """

    def __init__(
        self, joint: Joint, status_quo: float, log: str | None = None, stop: Callable[[], bool] | None = None
    ):
        self.joint = joint
        self.status_quo = status_quo
        model, compiled = joint.model, joint.compiled
        self.budget = joint.network.case.settings.limits.budget
        self.budget_row = compiled.row.get(id(model.budget)) if model.component("budget") is not None else None
        self._gated = np.concatenate([np.empty(0, np.int32), *joint.gate.columns.values()])
        self._links = _link_rows(joint)
        relaxed = joint.program.relaxed()
        gaps = _gap_columns(joint)
        relaxed.column_upper[gaps] = np.inf
        self._gap_cost = np.zeros_like(joint.program.cost)
        self._gap_cost[gaps] = joint.program.cost[gaps]
        self.relaxed = Highs(relaxed, presolve="off", solver="simplex")
        self.mixed = Highs(joint.program, log=log, mip_rel_gap=1e-6, mip_abs_gap=1e-7)
        if stop is not None and self.mixed.mixed:
            self.mixed.on_interrupt(stop)

    def _set(self, highs: Highs, choice: Choice, cost: float, constant: float, admin: float) -> None:
        gate = self.joint.gate
        upper = np.concatenate(
            [
                np.empty(0),
                *(gate.capacity[key] * (choice[key[0]] == key[1]) for key in gate.columns),
            ]
        )
        highs.set_bounds(self._gated, np.zeros_like(upper), upper)
        face = cost + max(FACE_RELATIVE * abs(cost), FACE_ABSOLUTE)
        if self.joint.face_row is not None:
            highs.set_row(self.joint.face_row, -math.inf, face - self.joint.face_offset)
        if self.budget_row is not None:
            highs.set_row(self.budget_row, -math.inf, self.budget - admin)
        highs.set_offset(self.joint.program.offset - constant)

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
        outcome = self.relaxed.solve()
        if not outcome.optimal:
            self.relaxed.forget()
            outcome = self.relaxed.solve()
        if not outcome.optimal or outcome.objective is None or outcome.solution is None:
            raise ArithmeticError(f"the relaxation under {dict(choice)} ended with {outcome.termination!r}")
        duals = self.relaxed.row_duals()
        rows, signs, columns = self._links
        # The minimum falls by the dual of a link row as its output grows.
        slope = np.where(rows >= 0, -duals[rows] * signs, 0.0)
        outputs = np.where(columns >= 0, outcome.solution[columns], 0.0)
        room_price = 0.0 if self.budget_row is None else float(-duals[self.budget_row])
        room = 0.0 if self.budget_row is None else self.budget - admin
        leverage = -outcome.objective
        cut = Cut(leverage - constant - float(slope @ outputs) - room_price * room, slope, room_price)
        return Relaxation(leverage, float(self._gap_cost @ outcome.solution), cut)

    def best(
        self,
        choice: Choice,
        cost: float,
        constant: float,
        admin: float,
        *,
        fixed: Mapping[int, float] | None = None,
        time_limit: float = math.inf,
    ) -> Outcome:
        """Solve the joint program; its objective is minus the leverage.

        Parameters
        ----------
        choice, cost, constant, admin
            As in `relax`.
        fixed
            First-stage columns held at a value.
        time_limit
            Seconds.
        """
        self._set(self.mixed, choice, cost, constant, admin)
        highs, program = self.mixed, self.joint.program
        if fixed:
            columns = np.array(list(fixed), dtype=np.int32)
            values = np.array(list(fixed.values()), dtype=float)
            highs.set_bounds(columns, values, values)
        highs.set_options(time_limit=max(0.0, time_limit))
        highs.forget()
        outcome = highs.solve()
        if fixed:
            highs.set_bounds(columns, program.column_lower[columns], program.column_upper[columns])
        return outcome

    def best_elastic(
        self, choice: Choice, cost: float, constant: float, admin: float, fixed: Mapping[int, float]
    ) -> Outcome:
        """Solve the joint program with its first stage fixed and its limits elastic.

        Parameters
        ----------
        choice, cost, constant, admin
            As in `relax`.
        fixed
            First-stage columns and the values they are held at.
        """
        self._set(self.relaxed, choice, cost, constant, admin)
        columns = np.array(list(fixed), dtype=np.int32)
        values = np.array(list(fixed.values()), dtype=float)
        self.relaxed.set_bounds(columns, values, values)
        outcome = self.relaxed.solve()
        program = self.joint.program
        self.relaxed.set_bounds(columns, program.column_lower[columns], program.column_upper[columns])
        return outcome


def _gap_columns(joint: Joint) -> np.ndarray:
    columns = joint.compiled.columns(gap for _, gap in gap_terms(joint.model))
    return columns[columns >= 0]


def _link_rows(joint: Joint) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row of every output's link, sign of the output in it, and the output's column; -1 where there is none."""
    model, compiled = joint.model, joint.compiled
    families = {
        "fill": (model.fill_link, model.counterpart_fill),
        "order": (model.order_link, model.order),
        "margin": (model.margin_link, model.margin_earned),
    }
    rows, signs, columns = [], [], []
    for kind, index in joint.outputs:
        link, variable = families[kind]
        row = compiled.row.get(id(link[index]), -1)
        column = compiled.column.get(id(variable[index]), -1)
        if row < 0 or column < 0:
            row, column = -1, -1
        rows.append(row)
        columns.append(column)
        signs.append(joint.program.matrix[row, column] if row >= 0 else 0.0)
    return np.array(rows), np.array(signs), np.array(columns)
