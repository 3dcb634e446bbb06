"""Cases solved for their leverage alone, each once, on shared programs where they differ in figures only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ...data import Case
from ...model.certify.certificate import CertificateError
from ...model.follower.combinations import TooManyCombinations, enumerable
from ...model.methods.engine import Engine
from ...model.network import Network
from ...model.parametric.refilled import Sharing, by_structure
from ...model.plan.clock import Clock
from ...model.plan.limits import LIMITED, SolveLimits
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.plan import Plan
from ...model.solving import solve
from .differences import content_digest

SOLVED = "solved"

FEW = 2
"""Cases of one structure up to which making what they share takes longer than solving each."""


@dataclass(frozen=True)
class Answer:
    """Leverage of the best plan of a case and its proven bound; None where there is none, with why."""

    leverage: float | None
    bound: float | None
    status: str

    @classmethod
    def told(cls, status: str, leverage: float | None, bound: float | None) -> Answer | None:
        """Return the answer of a plan that was searched for; None where no plan was found in time."""
        if leverage is None and status == "infeasible":
            return cls(None, None, "no plan satisfies the limits")
        if leverage is None or bound is None:
            return None
        return cls(leverage, bound, SOLVED if status == "optimal" else "not proven best")


NONE_IN_TIME = Answer(None, None, "no plan was found in time")
STOPPED = Answer(None, None, "not solved: stopped")


class _Quiet(Monitor):
    """A monitor that says nothing of a single solve, and stops it where the outer one says so."""

    def __init__(self, outer: Monitor):
        self._outer = outer

    def stop(self) -> bool:
        return self._outer.stop()


class Work:
    """Solves cases, each once."""

    def __init__(self, threads: int, monitor: Monitor):
        self.threads = threads
        self.monitor = monitor
        self._answers: dict[str, Answer] = {}

    def plan(self, case: Case) -> Plan:
        """Return the plan of a case that is compared."""
        return solve(case, threads=self.threads, monitor=self.monitor)

    def know(self, plan: Plan) -> Answer | None:
        """Take note of a plan that was the answer of a solve; None where it was not."""
        searched = plan.gap is not None or plan.leverage is None
        answer = Answer.told(plan.status, plan.leverage, plan.bound) if searched else None
        return None if answer is None else self._answers.setdefault(content_digest(plan.case), answer)

    def answer(self, case: Case) -> Answer:
        """Return the answer of a case, solved where it is not known."""
        return self._known(case) or self._keep(case, partial(self._solve, case))

    def all(self, cases: Sequence[Case]) -> None:
        """Solve cases: those that differ in limits alone on one engine, no response worked out twice; in figures, on one set
        of programs."""
        waiting = list({content_digest(case): case for case in cases if self._known(case) is None}.values())
        self.monitor.stage("differences", len(waiting))
        families: dict[str, list[Case]] = {}
        for case in waiting:
            families.setdefault(content_digest(case, limits=False), []).append(case)
        for family in families.values():
            if len(family) > 1:
                self._on_one_engine(family)
                self._advance(waiting)
        for alike in by_structure(family[0] for family in families.values() if len(family) == 1):
            refilling = _Refilling(alike, self.monitor.stop) if len(alike) > FEW else None
            for case in alike:
                self._keep(case, partial(self._solve, case, refilling))
                self._advance(waiting)

    def _advance(self, waiting: Sequence[Case]) -> None:
        self.monitor.advance(sum(self._known(case) is not None for case in waiting), len(waiting))

    def _known(self, case: Case) -> Answer | None:
        return self._answers.get(content_digest(case))

    def _keep(self, case: Case, work: Callable[[], Answer]) -> Answer:
        """Return and remember the answer that some work gives, or why it gives none."""
        try:
            answer = STOPPED if self.monitor.stop() else work()
        except TooManyCombinations as error:
            answer = Answer(None, None, f"not solved: {error}")
        except Stopped:
            answer = STOPPED
        except (CertificateError, ArithmeticError) as error:
            answer = Answer(None, None, f"failed its check: {error}")
        return self._answers.setdefault(content_digest(case), STOPPED if self.monitor.stop() else answer)

    def _solve(self, case: Case, refilling: _Refilling | None = None) -> Answer:
        shared = None if refilling is None else refilling.answer(case)
        return shared or _of(solve(case, threads=self.threads, monitor=_Quiet(self.monitor)))

    def _on_one_engine(self, family: Sequence[Case]) -> None:
        limits = family[0].settings.limits
        widest = limits.model_copy(
            update={name: max(getattr(case.settings.limits, name) for case in family) for name in LIMITED}
        )
        wide = dataclasses.replace(family[0], settings=family[0].settings.model_copy(update={"limits": widest}))
        quiet = _Quiet(self.monitor)
        try:
            engine = Engine.natural(wide, threads=self.threads, monitor=quiet, stop=quiet.stop)
        except TooManyCombinations:
            # Each on its own may have fewer.
            for case in family:
                self.answer(case)
            return
        with engine:
            for case in family:
                self._keep(case, partial(_on, engine, case))


def _on(engine: Engine, case: Case) -> Answer:
    """Return the answer of a case that differs from the engine's in limits alone."""
    return _of(engine.plan(engine.search(SolveLimits.of(case).natural(engine.problem.units))))


def _of(plan: Plan) -> Answer:
    return Answer.told(plan.status, plan.leverage, plan.bound) or NONE_IN_TIME


class _Refilling:
    """Cases that differ in figures alone, solved on one set of programs.

    Parameters
    ----------
    cases
        The cases.
    stop
        Asked whether to stop.
    """

    def __init__(self, cases: Sequence[Case], stop: Callable[[], bool]):
        self.stop = stop
        self._clock = Clock(math.inf, stop)
        self._sharing = Sharing(lambda: (cases[0], cases[1:]), lambda: self._clock.up())

    def answer(self, case: Case) -> Answer | None:
        """Return the answer of a case; None where it is to be solved alone."""
        if not enumerable(Network(case), SolveLimits.of(case)):
            return None
        options = case.settings.solver
        self._clock = Clock(options.time_limit, self.stop)
        try:
            refilled = self._sharing.put(case)
            if refilled is None:
                return None
            found, made = refilled.solved(options.rel_gap)
        except (CertificateError, ArithmeticError):
            return None
        if made is not None:
            return Answer.told(made["status"], made["leverage"], made["bound"])
        proven = found.bound == -math.inf
        return Answer.told("infeasible" if proven else "unknown", None, None) or NONE_IN_TIME
