"""Ctrl-C and other signals: the first one lets work stop with what it has, the second one ends at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ...signals import SIGNALS, interrupt

if TYPE_CHECKING:
    from .output import Talk
    from .progress import Interruptible

WORKER = "sluicegate-work"

T = TypeVar("T")


class Interrupts:
    """Hears Ctrl-C (and SIGTERM, and SIGHUP): the first one sets `stopped`, the second one ends at once.

    Parameters
    ----------
    patient
        Whether the work stops by itself once `stopped` is set; else the first one ends it.
    """

    def __init__(self, patient: bool = True):
        self.stopped = threading.Event()
        self._patient = patient
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        """Begin to listen."""
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # Who starts a command in the background may want it to ignore Ctrl-C.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave signals to whoever heard them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.stopped.is_set() or not self._patient:
            interrupt(number, frame)
        self.stopped.set()

    def run(self, work: Callable[[], T], talk: Talk) -> T:
        """Do the work in a thread of its own: signals are heard while the solver is deep in other code."""
        done: list[T] = []
        failed: list[BaseException] = []

        def worker() -> None:
            try:
                _shield()
                done.append(work())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=worker, name=WORKER, daemon=True)
        thread.start()
        told = False
        while thread.is_alive():
            thread.join(0.1)
            if self.stopped.is_set() and not told:
                talk.say("Stopping; press Ctrl-C again to end at once.")
                told = True
        if failed:
            raise failed[0]
        return done[0]


def _shield() -> None:
    """Keep signals from this thread and from the processes it will start: Ctrl-C reaches all that run on a terminal."""
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # The tracker ignores Ctrl-C and SIGTERM by itself, SIGHUP only where it inherits that it is blocked; its start
        # lifts the mask again.
        for _ in range(2):
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            resource_tracker.ensure_running()


def watched(work: Callable[[Interruptible], T], talk: Talk) -> tuple[T, bool]:
    """Do work that Ctrl-C stops with what it has, a monitor showing how far it is.

    Parameters
    ----------
    work
        Called with the monitor.
    talk
        What is said on standard error.

    Returns
    -------
    found
        What the work returned.
    stopped
        Whether it was stopped.
    """
    with Interrupts() as interrupts, talk.monitor(interrupts.stopped) as monitor:
        found = interrupts.run(lambda: work(monitor), talk)
    return found, interrupts.stopped.is_set()


def at_once(work: Callable[[], T], talk: Talk) -> T:
    """Do work that Ctrl-C ends at once."""
    with Interrupts(patient=False) as interrupts:
        return interrupts.run(work, talk)


def busy() -> bool:
    """Return whether work goes on that Python would wait for."""
    if any(thread.name == WORKER for thread in threading.enumerate()):
        return True
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and bool(multiprocessing.active_children())


def end_at_once(code: int) -> NoReturn:
    """End although work goes on in code that cannot be stopped."""
    import multiprocessing
    from multiprocessing import util

    for child in multiprocessing.active_children():
        child.kill()
    # Semaphores that processes shared are given back; what keeps account of them would complain on the terminal.
    util._run_finalizers(0)  # type: ignore[attr-defined]
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
