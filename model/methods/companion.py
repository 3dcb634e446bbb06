"""The single program solved in a process of its own, by HiGHS or another solver (model.md section 6).

HiGHS may be deaf for minutes within one program (its root relaxation asks nobody): only a process can be ended at any time.
"""

from __future__ import annotations

import math
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from ..follower.enumerate import PolicyIndices
from ..leader.problem import Problem
from .local_search import Worked
from .pyomo_solver import Found, HandedOver, SolverError
from .single_level import SingleLevelProgram, Start

if TYPE_CHECKING:
    from ...data import Case
    from ...data.units import Units

REPORTING = 0.05
"""Share of the time that is kept back for another solver to come to its end: it tells what it has found only then."""

MOST_KEPT = 0.5
"""Most of the time that is kept back for that, and for an interface to translate the program."""


@dataclass(frozen=True)
class CompanionTask:
    """What the process is asked.

    Attributes
    ----------
    case
        The case.
    shift
        What turns the program's objective into leverage.
    start
        Binaries to start from; None: nothing is known.
    rel_gap, seconds
        Relative gap and time at which to stop.
    log
        File for the solver's log.
    scenarios
        Scenarios that the program holds; None: all of them.
    solver
        Pyomo's name of another solver; None: HiGHS, with a start and news while it runs.
    units
        Units of the case in those of the case as it was given.
    sent
        When it was asked, in seconds since the epoch: starting the process counts.
    """

    case: Case
    shift: float
    start: Start | None
    rel_gap: float
    seconds: float
    log: str | None
    scenarios: Sequence[str] | None = None
    solver: str | None = None
    units: Units | None = None
    sent: float = field(default_factory=time.time)


@dataclass(frozen=True)
class News:
    """What the process has found so far.

    Attributes
    ----------
    bound
        Proven upper bound on the leverage; -inf where there is no plan, inf where nothing is proven.
    policy_indices
        Policies of a new incumbent; None: no new one.
    end
        HiGHS's word for how the run ended; None while it runs.
    nodes, rows, columns
        Of the program.
    found
        What another solver ended with.
    failure
        Why another solver came to no answer.
    """

    bound: float = math.inf
    policy_indices: PolicyIndices | None = None
    end: str | None = None
    nodes: int = 0
    rows: int = 0
    columns: int = 0
    found: Found | None = None
    failure: str | None = None


class Companion:
    """A process that solves the single program; tells news as there are any.

    Parameters
    ----------
    problem
        The case, ready to solve.
    start
        The combination to start from.
    rel_gap, seconds
        Relative gap and time at which to stop.
    log
        File for the solver's log.
    solver
        Pyomo's name of another solver than HiGHS.

    Raises
    ------
    OSError
        When there can be no process.
    """

    def __init__(
        self,
        problem: Problem,
        start: Worked | None,
        rel_gap: float,
        seconds: float,
        log: str | None = None,
        solver: str | None = None,
    ):
        begin = None if start is None else Start.of(problem, start)
        shift = problem.constant(0.0, 0.0)
        task = CompanionTask(
            problem.case, shift, begin, rel_gap, seconds, log, problem.scenarios, solver, problem.network.units
        )
        self.solver = solver
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
        self._scratch: tempfile.TemporaryDirectory | None = None
        if solver is not None:
            # Files that a solver leaves where it is ended go with this folder.
            self._scratch = tempfile.TemporaryDirectory(prefix="sluicegate-", ignore_cleanup_errors=True)
            environment["TMPDIR"] = self._scratch.name
        # Not `multiprocessing`: its processes would run the main script of whoever calls us.
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            # A solver may be a process of its own, to be ended with this one.
            start_new_session=solver is not None,
        )
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self.ended = False
        self._reader = threading.Thread(target=self._read, args=(pickle.dumps(task),), daemon=True)
        self._reader.start()

    def _read(self, task: bytes) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            _put(self._process.stdin, task)
            while (message := _get(self._process.stdout)) is not None:
                self._news.put(pickle.loads(message))
        except (OSError, ValueError):
            pass
        # Whatever ended the process, nothing more will come.
        self._news.put(News(end="ended"))

    def news(self, seconds: float = 0.0) -> News | None:
        """Return the next news, waiting for them so long; None where there are none."""
        try:
            news = self._news.get(timeout=seconds) if seconds else self._news.get_nowait()
        except queue.Empty:
            return None
        self.ended |= news.end is not None
        return news

    def close(self) -> None:
        """End the process, whatever it is at."""
        self.ended = True
        if self.solver is not None:
            _end_group(self._process.pid)
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            # What was not yet sent cannot be any more.
            with suppress(OSError):
                stream.close()
        if self._scratch is not None:
            self._scratch.cleanup()


def _end_group(number: int) -> None:
    """End a process and all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(number, signal.SIGKILL)


def _put(stream: BinaryIO | Any, message: bytes) -> None:
    stream.write(struct.pack("<Q", len(message)) + message)
    stream.flush()


def _get(stream: BinaryIO | Any) -> bytes | None:
    head = stream.read(8)
    if len(head) < 8:
        return None
    message: bytes = stream.read(struct.unpack("<Q", head)[0])
    return message


def main() -> None:
    """Solve the task that comes in, tell news until there are no more."""
    # Ctrl-C is for the process that started this one: it ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from ..network import Network

    message = _get(sys.stdin.buffer)
    if message is None:
        return
    task: CompanionTask = pickle.loads(message)
    if task.solver is not None:
        _hand_over(task, task.solver)
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    out = sys.stdout.buffer
    single = SingleLevelProgram(Network(task.case, task.units), task.shift, task.scenarios)
    rows, columns = single.compiled.program.matrix.shape

    def tell(policy_indices: PolicyIndices | None, bound: float) -> None:
        _put(out, pickle.dumps(News(bound, policy_indices, None, 0, rows, columns)))

    answer = single.solve(task.start, task.rel_gap, task.seconds, lambda: False, tell, task.log)
    end = answer.outcome.termination
    _put(out, pickle.dumps(News(answer.bound, answer.policy_indices, end, answer.outcome.nodes, rows, columns)))


def _hand_over(task: CompanionTask, solver: str) -> None:
    """Hand the program to another solver and pass on what it ended with."""
    threading.Thread(target=_end_with_parent, args=(True,), daemon=True).start()
    # What solvers print goes to the log.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(task.log or os.devnull, "ab") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    from ..network import Network

    try:
        program = HandedOver(Network(task.case, task.units), task.shift, solver, task.scenarios)
        built = time.time() - task.sent
        left = task.seconds - built
        # Translating a program takes about as long as building it.
        found = program.solve(left - min(MOST_KEPT * left, REPORTING * task.seconds + built), task.rel_gap)
    except SolverError as error:
        news = News(end="failed", failure=str(error))
    else:
        news = News(found.bound, found.policy_indices, found.termination, 0, found.rows, found.columns, found)
    _put(out, pickle.dumps(news))
    # At an ordinary end Python would wait for whoever listens to the parent.
    os._exit(0)


def _end_with_parent(group: bool = False) -> None:
    """End once the parent is gone, however it went: nobody else would end this process, or its group."""
    sys.stdin.buffer.read()
    if group:
        _end_group(os.getpid())
    os._exit(1)
