"""One sample of a sweep after another, on one process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..data import CaseError, apply_overrides
from ..model import CertificateError, TooManyCombinations
from ..model.monitor import Monitor
from ..model.solving import evaluate, solve
from .executors import Stopped
from .outcomes import FREE, MODES, Row, outcome

if TYPE_CHECKING:
    from ..data import Case

Values = Mapping[str, float | str]
"""Value of every factor, by its path."""


@dataclass(frozen=True)
class Task:
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
    """

    case: Case
    paths: tuple[str, ...]
    policies: str
    time_limit: float | None = None
    rel_gap: float | None = None
    choices: Mapping[str, Any] | None = None

    @property
    def modes(self) -> tuple[str, ...]:
        """Modes of the rows of every sample."""
        return MODES[self.policies]

    def worker(self, stop: Callable[[], bool]) -> Worker:
        """Return a worker."""
        return Worker(self, stop)

    def inputs(self, values: Values) -> Row:
        """Return the inputs of a sample's rows."""
        return {f"in.{path}": values[path] for path in self.paths}

    def failed(self, sample: int, values: Values, message: str) -> list[Row]:
        """Return the rows of a sample that ended its workers."""
        row = {"sample": sample, **self.inputs(values), "seconds": math.nan, **failure(message)}
        return [{**row, "mode": mode} for mode in self.modes]


def override(path: str, value: float | str) -> str:
    """Return a value of a factor as ``--set`` takes it."""
    if isinstance(value, str):
        return f"{path}={value}"
    if math.isinf(value):
        return f"{path}={'inf' if value > 0 else '-inf'}"
    import numpy as np

    return f"{path}={np.format_float_positional(value, trim='-')}"


class Stopping(Monitor):
    """A silent monitor that stops a solve when the sweep is stopped."""

    def __init__(self, stop: Callable[[], bool]):
        self.stop = stop  # type: ignore[method-assign]


class Worker:
    """Evaluates samples of a sweep.

    Parameters
    ----------
    task
        The sweep.
    stop
        Asked whether to stop.
    """

    def __init__(self, task: Task, stop: Callable[[], bool] = lambda: False):
        self.task = task
        self.stop = stop

    def begin(self) -> None:
        """Begin a batch: what follows does not depend on the batches before."""

    def rows(self, sample: int, values: Values) -> list[Row]:
        """Return the rows of a sample, one for each mode.

        Raises
        ------
        Stopped
            When the sweep was stopped.
        """
        inputs = self.task.inputs(values)
        found = []
        case: Case | CaseError
        try:
            case = apply_overrides(self.task.case, [override(path, values[path]) for path in self.task.paths])
        except CaseError as error:
            case = error
        for mode in self.task.modes:
            began = time.perf_counter()
            outcomes = refusal(case) if isinstance(case, CaseError) else self._guarded(case, mode)
            if self.stop():
                raise Stopped
            seconds = time.perf_counter() - began
            found.append({"sample": sample, "mode": mode, **inputs, "seconds": seconds, **outcomes})
        return found

    def _guarded(self, case: Case, mode: str) -> Row:
        try:
            return self.outcome(case, mode)
        except (CertificateError, TooManyCombinations, ArithmeticError, AssertionError, MemoryError) as error:
            return failure(f"{type(error).__name__}: {error}")

    def outcome(self, case: Case, mode: str) -> Row:
        """Return the outcome of a sample's case."""
        task = self.task
        if mode == FREE:
            plan = solve(case, time_limit=task.time_limit, rel_gap=task.rel_gap, monitor=Stopping(self.stop))
            return outcome(plan.to_dict(), case)
        assert task.choices is not None
        try:
            return outcome(evaluate(case, **task.choices).to_dict(), case)
        except ValueError as error:
            return {"status": "infeasible", "message": f"the base plan cannot be carried out: {error}"}


def refusal(error: CaseError) -> Row:
    """Return the outcome of a sample whose case is refused."""
    return {"status": "refused", "message": str(error)}


def failure(message: str) -> Row:
    """Return the outcome of a sample at which the program failed."""
    return {"status": "failed", "message": message}
