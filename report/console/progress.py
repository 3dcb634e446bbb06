"""How far a solve is, while it runs."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from ...model import Monitor
from ...model.plan.sense import LEVERAGE, Sense
from ..format.numbers import gap, number

if TYPE_CHECKING:
    from ...model.leader.problem import Problem
    from ...model.methods.engine import Engine

STAGES = {
    "build": "building",
    "responses": "responses",
    "search": "searching",
    "certificate": "checking the answer",
    "differences": "differences",
    "points": "points",
    "samples": "samples",
    "worlds": "worlds",
    "reasons": "what each decision is for",
}


class Unheard:
    """A stream at whose end there may be nobody: what cannot be written is lost, and no reason to stop.

    Parameters
    ----------
    stream
        Standard error, whose terminal may be closed.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Be the stream in everything else."""
        return getattr(self._stream, name)


class Interruptible(Monitor):
    """A silent monitor that stops a solve once it is told to.

    Parameters
    ----------
    stopped
        Set by whoever wants the solve to stop.

    Attributes
    ----------
    problem
        The case made ready to solve, its status quo worked out; None before that.
    engine
        The combinations of policies with their responses; None where they were not enumerated.
    """

    def __init__(self, stopped: threading.Event):
        self._stopped = stopped
        self.problem: Problem | None = None
        self.engine: Engine | None = None

    def prepared(self, problem: Problem) -> None:
        """Keep the case made ready: its status quo may surprise."""
        self.problem = problem

    def enumerated(self, engine: Engine) -> None:
        """Keep the combinations: what a decision is for is asked of them."""
        self.engine = engine

    def stop(self) -> bool:
        """Say whether to stop."""
        return self._stopped.is_set()

    def __enter__(self) -> Interruptible:
        """Begin to show."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End showing."""


class Lines(Interruptible):
    """Says which stage begins, a line each.

    Parameters
    ----------
    stopped
        As in `Interruptible`.
    console
        Where to print.
    """

    def __init__(self, stopped: threading.Event, console: Console):
        super().__init__(stopped)
        self._console = console

    def stage(self, name: str, total: int) -> None:
        """Print the stage's name."""
        steps = f" ({total:,})" if total else ""
        self._console.print(Text(f"{STAGES.get(name, name)}{steps}"))

    def bounds(self, incumbent: float, bound: float) -> None:
        """Print incumbent and bound."""
        self._console.print(Text(f"  {bounds_words(incumbent, bound, self.sense)}"))


class Bar(Interruptible):
    """Shows a bar with rate, time left, incumbent, bound and gap; leaves nothing behind.

    Parameters
    ----------
    stopped
        As in `Interruptible`.
    console
        A terminal.
    """

    def __init__(self, stopped: threading.Event, console: Console):
        super().__init__(stopped)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            _Steps(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("preparing", total=None)

    def __enter__(self) -> Bar:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """Start the bar anew."""
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(STAGES.get(name, name), total=total or None)

    def advance(self, done: int, total: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done, total=total or None)

    def tally(self, counts: Mapping[str, int]) -> None:
        """Show how many solves did not end with a plan."""
        self._progress.update(self._task, description=f"samples{tally_words(counts)}")

    def bounds(self, incumbent: float, bound: float) -> None:
        """Show incumbent, bound and gap."""
        self._progress.update(self._task, description=bounds_words(incumbent, bound, self.sense))


class _Steps(ProgressColumn):
    """Steps done, rate and time left; nothing where steps are not counted."""

    def __init__(self) -> None:
        super().__init__()
        self._left = TimeRemainingColumn(compact=True)

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        rate = f", {task.speed:,.0f}/s" if task.speed else ""
        left = self._left.render(task)
        return Text(f"{task.completed:,.0f}/{task.total:,.0f}{rate}, left ") + left


def tally_words(counts: Mapping[str, int]) -> str:
    """Return how many solves ended with another status than ``optimal`` in words, a comma first; nothing where all did."""
    return "".join(f", {count:,} {status}" for status, count in sorted(counts.items()) if count and status != "optimal")


def bounds_words(incumbent: float, bound: float, sense: Sense = LEVERAGE) -> str:
    """Return incumbent, bound and gap in words."""
    if not math.isfinite(incumbent):
        return "no plan yet"
    if not math.isfinite(bound):
        return f"{sense.outcome} {number(sense.figure(incumbent))}, nothing proven yet"
    distance = (bound - incumbent) / max(abs(incumbent), 1e-12)
    most = "at most" if sense.sign > 0 else "at least"
    told = number(sense.figure(incumbent)), number(sense.figure(bound))
    return f"{sense.outcome} {told[0]}, {most} {told[1]}, gap {gap(distance)}"
