"""The single program handed to HiGHS: with a start, watched while it runs (model.md section 6)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np

from ..certify.certificate import first_stage_of
from ..follower.enumerate import Digits, digits_of
from ..formulation.single_level import build_program
from ..leader.problem import Problem
from ..solver.highs import Compiled, Highs, Outcome, compile_model
from .local_search import Worked

HEURISTICS = 0.0
"""Share of its effort that HiGHS spends on sub-programs in search of incumbents: small steps have found a good one."""

NOTHING = Outcome("stopped", None, None, None)
"""Of a program that was not solved."""


@dataclass(frozen=True)
class Answer:
    """What the solver of the single program ended with; leverage and bound in money.

    Attributes
    ----------
    digits
        Policies of its incumbent; None without one.
    bound
        Proven upper bound on the leverage; -inf where it proved that there is no plan, inf where it proved nothing.
    outcome
        HiGHS's outcome.
    """

    digits: Digits | None
    bound: float
    outcome: Outcome


class Single:
    """The single program, built and compiled once.

    Parameters
    ----------
    problem
        The case, ready to solve.
    """

    def __init__(self, problem: Problem):
        began = time.perf_counter()
        self.problem = problem
        self.model = build_program(problem.network)
        self.compiled: Compiled = compile_model(self.model)
        problem.build_seconds += time.perf_counter() - began

    def solve(
        self,
        start: Worked | None,
        rel_gap: float,
        seconds: float,
        stop: Callable[[], bool],
        report: Callable[[float, float], None],
    ) -> Answer:
        """Solve the program.

        Parameters
        ----------
        start
            The combination to start from.
        rel_gap, seconds
            Relative gap and time at which to stop.
        stop
            Asked now and then.
        report
            Told incumbent and bound when either moves.
        """
        problem = self.problem
        program = self.compiled.program
        highs = Highs(
            program,
            log=problem.log,
            mip_rel_gap=rel_gap,
            time_limit=max(seconds, 0.0),
            mip_heuristic_effort=HEURISTICS,
        )
        highs.set_offset(program.offset - problem.constant(0.0, 0.0))
        if start is not None:
            highs.start(*self._start(start))
        watch(highs, stop, report)
        outcome = highs.solve()
        bound = math.inf if outcome.bound is None else -outcome.bound
        if outcome.infeasible:
            bound = -math.inf
        return Answer(None if outcome.solution is None else self.digits(outcome.solution), bound, outcome)

    def digits(self, solution: np.ndarray) -> Digits:
        """Policies of a solution by number."""
        levels = self.compiled.values(self.model.policy, solution)
        menu = self.problem.network.menu
        choice = {regime: max(policies, key=lambda policy: levels[regime, policy]) for regime, policies in menu.items()}
        return digits_of(choice, menu)

    def _start(self, worked: Worked) -> tuple[np.ndarray, np.ndarray]:
        """(columns, values) of the binaries of a combination worked out; HiGHS works out the rest."""
        problem, model = self.problem, self.model
        chosen = {
            (regime, policies[digit])
            for (regime, policies), digit in zip(problem.network.menu.items(), worked.trial.digits, strict=True)
        }
        values = {id(variable): float(key in chosen) for key, variable in model.policy.items()}
        assert worked.outcome.solution is not None
        first = first_stage_of(problem, worked.outcome.solution)
        values |= {id(variable): float(first.qualify[lane]) for lane, variable in model.qualify.items()}
        places = {self.compiled.column[key]: value for key, value in values.items() if key in self.compiled.column}
        return np.array(list(places), dtype=np.int32), np.array(list(places.values()))


def watch(
    highs: Highs,
    stop: Callable[[], bool],
    report: Callable[[float, float], None] = lambda incumbent, bound: None,
) -> None:
    """Pass on incumbent and bound as they move, and stop the solver when asked."""
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

    highs.highs.cbMipInterrupt.subscribe(heartbeat)
    highs.highs.cbSimplexInterrupt.subscribe(pulse)
    highs.highs.cbIpmInterrupt.subscribe(pulse)
