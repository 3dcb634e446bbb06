"""One sample of a sweep after another, on one process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...data import CaseError, apply_overrides
from ...model import CertificateError, TooManyCombinations
from ...model.parametric.refilled import Unshared, shared_programs
from ...model.plan.monitor import Monitor, Stopped
from ...model.solving import evaluate, solve
from ..figures.figure import override
from .checking import is_checked
from .outcomes import ALONE, CHECKED, FREE, MODES, REPAIRED, SHARED, SOLVED, Row, outcome
from .patched import SampleSolver, Unanswered, Untold

if TYPE_CHECKING:
    from ...data import Case
    from ...model.parametric.programs import Programs

Values = Mapping[str, float | str]
"""Value of every factor, by its path."""

FAULTS = (CertificateError, TooManyCombinations, ArithmeticError, MemoryError)
"""Errors of one sample that are no reason to lose all others."""


class SweepFault(Exception):
    """A fault of the program that puts all rows in doubt and ends a sweep; rows finished before are kept."""


Kind = tuple[float | str, ...]
"""Values of the factors that alter which variables and rows there are."""


FEW = 8
"""Samples of one structure up to which making what they share takes longer than solving each."""


@dataclass(frozen=True)
class Span:
    """Range of a figure among samples."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Its middle."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Group:
    """Samples whose programs have one structure.

    Attributes
    ----------
    size
        Number of samples.
    spans
        Range of every other factor among them.
    """

    size: int
    spans: Mapping[str, Span]

    @property
    def worthwhile(self) -> bool:
        """Whether there are enough of them to share programs."""
        return self.size > FEW


@dataclass(frozen=True)
class SweepTask:
    """What every worker of a sweep needs to know.

    Attributes
    ----------
    case
        The base case.
    paths
        Paths of the factors.
    policies
        ``free``, ``fixed`` or ``both``.
    time_limit
        Seconds for each solve; None: the case's.
    rel_gap
        Relative gap at which a plan counts as optimal; None: the case's.
    choices
        ``policies``, ``qualified`` and ``stockpile`` of the base plan, for ``fixed``.
    structural
        Factors that alter which variables and rows there are.
    groups
        Samples by their values of the structural factors.
    """

    case: Case
    paths: tuple[str, ...]
    policies: str
    time_limit: float | None = None
    rel_gap: float | None = None
    choices: Mapping[str, Any] | None = None
    structural: tuple[str, ...] = ()
    groups: Mapping[Kind, Group] | None = None

    @property
    def modes(self) -> tuple[str, ...]:
        """Modes of the rows of every sample."""
        return MODES[self.policies]

    def worker(self, stop: Callable[[], bool]) -> Worker:
        """Return a worker."""
        return Worker(self, stop)

    def kind(self, values: Values) -> Kind:
        """Return the sample's values of the structural factors."""
        return tuple(values[path] for path in self.structural)

    def sharing(self) -> tuple[int, int]:
        """Return how many structures have shared programs, and how many samples they have together."""
        sizes = [group.size for group in (self.groups or {}).values() if group.worthwhile]
        return len(sizes), sum(sizes)

    def inputs(self, values: Values) -> Row:
        """Return the inputs of a sample's rows."""
        return {f"in.{path}": values[path] for path in self.paths}

    def failed(self, sample: int, values: Values, message: str) -> list[Row]:
        """Return the rows of a sample that ended its workers."""
        row = {"sample": sample, **self.inputs(values), "seconds": math.nan, **failure(message)}
        return [{**row, "mode": mode} for mode in self.modes]

    def at(self, values: Values) -> Case:
        """Return the case with the factors at values."""
        return apply_overrides(self.case, [override(path, value) for path, value in values.items()])


class Stopping(Monitor):
    """A silent monitor that stops a solve when the sweep is stopped."""

    def __init__(self, stop: Callable[[], bool]):
        self.stop = stop  # type: ignore[method-assign]


class Worker:
    """Evaluates samples of a sweep.

    Samples of one structure share their programs: these are compiled once, and only the numbers that a sample moves are changed
    in them (see `Programs`). A sample whose programs have other rows, columns or entries is solved like any case.

    Parameters
    ----------
    task
        The sweep.
    stop
        Asked whether to stop.
    """

    def __init__(self, task: SweepTask, stop: Callable[[], bool] = lambda: False):
        self.task = task
        self.stop = stop
        self._kind: Kind | None = None
        self._solver: SampleSolver | None = None

    def begin(self) -> None:
        """Begin a batch: what follows does not depend on the batches before."""
        if self._solver is not None:
            self._solver.begin()

    def prepare(self, values: Values) -> bool:
        """Make what samples like this one share; return whether there is anything.

        Raises
        ------
        Stopped
            When the sweep was stopped.
        """
        return self._ready(values) is not None

    def rows(self, sample: int, values: Values) -> list[Row]:
        """Return the rows of a sample, one for each mode.

        Raises
        ------
        Stopped
            When the sweep was stopped.
        SweepFault
            When the program is at fault.
        """
        inputs = self.task.inputs(values)
        found = []
        case: Case | CaseError
        try:
            case = self.task.at(values)
        except CaseError as error:
            case = error
        for mode in self.task.modes:
            began = time.perf_counter()
            outcomes = refusal(case) if isinstance(case, CaseError) else self._guarded(sample, case, values, mode)
            if self.stop():
                raise Stopped
            seconds = time.perf_counter() - began
            found.append({"sample": sample, "mode": mode, **inputs, "seconds": seconds, **outcomes})
        return found

    def _guarded(self, sample: int, case: Case, values: Values, mode: str) -> Row:
        way = ALONE
        try:
            solver = self._ready(values)
            if solver is not None:
                try:
                    row = solver.outcome(case, mode)
                except Untold:
                    pass
                except Unanswered:
                    way = REPAIRED
                else:
                    return row | {SOLVED: self._check(sample, solver, row, case, mode)}
            return self._alone(case, mode) | {SOLVED: way}
        except AssertionError as error:
            raise SweepFault(f"sample {sample}: {type(error).__name__}: {error}. {KEPT}") from error
        except FAULTS as error:
            return failure(f"{type(error).__name__}: {error}") | {SOLVED: way}

    def _check(self, sample: int, solver: SampleSolver, row: Row, case: Case, mode: str) -> str:
        """Return how a row of shared programs stands, after a solve alone where its sample is checked."""
        if not is_checked(sample):
            return SHARED
        found = solver.disagreements(row, self._alone(case, mode))
        if found:
            raise SweepFault(f"sample {sample}, {mode}: {'; '.join(found)}. {KEPT}")
        return CHECKED

    def _ready(self, values: Values) -> SampleSolver | None:
        """Return the programs of a sample's structure; None where they cannot be shared."""
        task = self.task
        kind = task.kind(values)
        if kind != self._kind:
            self._kind, self._solver = kind, None
            group = (task.groups or {}).get(kind)
            if group is not None and group.worthwhile:
                fixed = {path: values[path] for path in task.structural}
                with suppress(CaseError, Unshared, *FAULTS):
                    programs = self._programs(fixed, group.spans)
                    self._solver = SampleSolver(programs, task.rel_gap, task.time_limit, task.choices, self.stop)
        return self._solver

    def _programs(self, fixed: Values, spans: Mapping[str, Span]) -> Programs:
        """Return the programs at the middle of all ranges, whose natural units are those of all samples."""
        middle = self._at({**fixed, **{path: span.middle for path, span in spans.items()}})
        ends = []
        for end in ("low", "high"):
            # Where all figures at an end make no case, the samples tell which figures move.
            with suppress(CaseError):
                ends.append(self._at({**fixed, **{path: getattr(span, end) for path, span in spans.items()}}))
        return shared_programs(middle, ends)

    def _at(self, values: Values) -> Case:
        if self.stop():
            raise Stopped
        return self.task.at(values)

    def _alone(self, case: Case, mode: str) -> Row:
        """Return the outcome of a sample's case, solved like any other."""
        task = self.task
        if mode == FREE:
            plan = solve(case, time_limit=task.time_limit, rel_gap=task.rel_gap, monitor=Stopping(self.stop))
            return outcome(plan.to_dict(), case)
        assert task.choices is not None
        try:
            return outcome(evaluate(case, **task.choices).to_dict(), case)
        except ValueError as error:
            return {"status": "infeasible", "message": f"the base plan cannot be carried out: {error}"}


KEPT = "Rows finished before this are kept"
"""What ends the message of a fault."""


def refusal(error: CaseError) -> Row:
    """Return the outcome of a sample whose case is refused."""
    return {"status": "refused", "message": str(error)}


def failure(message: str) -> Row:
    """Return the outcome of a sample at which the program failed."""
    return {"status": "failed", "message": message}
