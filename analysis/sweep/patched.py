"""Samples of one structure solved by one set of programs, their numbers changed in place."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...model import CertificateError
from ...model.certify.certificate import money_scale
from ...model.certify.figures import Facts
from ...model.formulation.linking import Choice
from ...model.leader.given import Given
from ...model.leader.recompute import FirstStage
from ...model.network import Network
from ...model.parametric.programs import Programs
from ...model.parametric.refilled import Moved, Refilled
from ...model.plan.limits import SolveLimits
from ...model.plan.sense import sense_of
from ...model.solving import check_choices
from .checking import disagreements
from .outcomes import FREE, Row, outcome

if TYPE_CHECKING:
    from ...data import Case


class Unanswered(Exception):
    """The shared programs cannot answer a sample; it is to be solved alone."""


class Untold(Unanswered):
    """A sample's programs have other rows, columns or entries than those that are shared."""


class SampleSolver:
    """Solves the samples of a sweep that have one structure.

    Parameters
    ----------
    programs
        Their programs.
    rel_gap, time_limit, choices
        As of `SweepTask`.
    stop
        Asked whether to stop.
    """

    def __init__(
        self,
        programs: Programs,
        rel_gap: float | None,
        time_limit: float | None,
        choices: Mapping[str, Any] | None,
        stop: Callable[[], bool],
    ):
        self.rel_gap = rel_gap
        self.time_limit = time_limit
        self.choices = choices
        self._stop = stop
        self._deadline = math.inf
        self.refilled = Refilled(programs, self.stop)
        self.patched, self.problem = self.refilled.patched, self.refilled.problem
        self._hint: Choice | None = None
        # Solved once, so that every batch begins from the bases of the middle of the ranges.
        self._solve(self.problem.case)
        self._first_hint = self._hint
        self.patched.remember()
        self.begin()

    def stop(self) -> bool:
        """Say whether the sweep was stopped, or the sample's time is up."""
        return self._stop() or time.perf_counter() > self._deadline

    def disagreements(self, shared: Row, alone: Row) -> list[str]:
        """Return where the row of the last sample and that of a solve alone disagree, in words."""
        case = self.problem.case
        rel_gap = case.settings.solver.rel_gap if self.rel_gap is None else self.rel_gap
        return disagreements(
            sense_of(case).read(shared),
            sense_of(case).read(alone),
            rel_gap,
            money_scale(self.problem) * self.problem.units.money,
        )

    def begin(self) -> None:
        """Begin a batch."""
        self.patched.begin()
        self._hint = self._first_hint

    def outcome(self, case: Case, mode: str) -> Row:
        """Return the outcome of a sample.

        Raises
        ------
        Unanswered
            When it is to be solved alone; `Untold` where that was not tried.
        """
        limit = case.settings.solver.time_limit if self.time_limit is None else self.time_limit
        self._deadline = time.perf_counter() + limit
        try:
            self.refilled.put(case)
            return self._solve(case) if mode == FREE else self._evaluate(case)
        except Moved as error:
            raise Untold from error
        except (CertificateError, ArithmeticError) as error:
            raise Unanswered from error
        finally:
            self._deadline = math.inf

    def _solve(self, case: Case) -> Row:
        rel_gap = case.settings.solver.rel_gap if self.rel_gap is None else self.rel_gap
        found, made = self.refilled.solved(rel_gap, self._hint)
        if made is None:
            proven = found.bound == -math.inf
            row: Row = {"status": "infeasible" if proven else "unknown", "message": None}
            bound = {"bound": found.bound * self.problem.units.money} if math.isfinite(found.bound) else {}
            return row | sense_of(case).told(bound)
        self._hint = found.choice
        return outcome(sense_of(case).plan(made), case)

    def _evaluate(self, case: Case) -> Row:
        assert self.choices is not None
        problem, figures = self.problem, self.patched.figures
        try:
            check_choices(Network(case), **self.choices)
        except ValueError as error:
            return {"status": "infeasible", "message": f"the base plan cannot be carried out: {error}"}
        choice = {**problem.all_open, **self.choices["policies"]}
        first = FirstStage.given(self.choices["qualified"], self.choices["stockpile"], problem.units)
        problem.fixed_policy.solve_limits = SolveLimits.of(problem.case)
        given = Given(problem, choice, first, figures.response_cost(choice))
        found = given.best()
        if found.solution is None:
            raise Unanswered
        facts = Facts(choice, given.cost, None, None, 0.0, None, {})
        return outcome(sense_of(case).plan(figures.plan(facts, found.solution, first)[0]), case)
