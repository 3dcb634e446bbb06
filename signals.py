"""What signals do to the command; imports nothing that takes long, so that Ctrl-C is heard from the beginning."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

STOPPED = 130
"""Exit code of a command that was ended by a signal."""

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a command: Ctrl-C, an order to end, a terminal that is closed."""


def listen() -> None:
    """End the process at the first signal, until `raising` has something to tidy up."""
    for number in SIGNALS:
        # Who starts a command in the background may want it to ignore Ctrl-C or the end of the terminal.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end_at_once)


def end_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """End the process without a word of Python's, where nothing was begun that must be tidied up."""
    with contextlib.suppress(OSError):
        os.write(2, b"Ended; no result was written.\n")
    os._exit(STOPPED)


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Raise `KeyboardInterrupt`; in the midst of an import, which may make any error of it, end the process."""
    if _importing(frame):
        end_at_once(number, frame)
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """Let signals that `listen` hears raise `KeyboardInterrupt`; after that nothing is left to say, and they end the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) is end_at_once]
    for number in heard:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)
