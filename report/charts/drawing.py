"""Who draws the charts of a page: this process, or one beside it."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Protocol

from .base import nominal, quantity, svg_of

if TYPE_CHECKING:
    from .base import Written

Drawn = Callable[[], str]
"""Returns a chart as the text of an SVG, once it is drawn."""

PRACTICE: Written = {
    "data": {"values": [{"x": 0, "y": 1, "name": "a"}, {"x": 1, "y": 2, "name": "a"}]},
    "vconcat": [
        {
            "layer": [
                {"mark": mark, "encoding": {"x": quantity("x"), "y": quantity("y"), "text": nominal("name")}}
                for mark in ("area", "line", "rule", "text", "bar")
            ]
        }
    ],
}
"""A chart of what the charts of pages are made of: the drawing program takes several times as long for the first as for others."""


class Artist(Protocol):
    """Draws charts."""

    def draw(self, written: Written) -> Drawn:
        """Take a chart to be drawn."""


class Here:
    """Draws every chart at once."""

    def draw(self, written: Written) -> Drawn:
        """Draw a chart."""
        svg = svg_of(written)
        return lambda: svg


class Beside:
    """Draws charts in a process of its own, while this one makes the next.

    The drawing program takes long to start, and in the process in which it draws nothing else can run.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_draw_all, args=(other,), daemon=True)
        self._process.start()
        other.close()
        self._given = 0
        self._drawn: list[str] = []

    def draw(self, written: Written) -> Drawn:
        """Hand a chart over."""
        place, self._given = self._given, self._given + 1
        # Where the process was ended by somebody, the page is no worse for it.
        with contextlib.suppress(OSError):
            self._pipe.send(written)
        return lambda: self._take(place) or svg_of(written)

    def _take(self, place: int) -> str | None:
        with contextlib.suppress(OSError, EOFError):
            while len(self._drawn) <= place:
                self._drawn.append(self._pipe.recv())
        return self._drawn[place] if place < len(self._drawn) else None

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()


def _draw_all(pipe: Connection) -> None:
    """Draw charts as they come, until the other end is closed."""
    # Ctrl-C is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting: queue.SimpleQueue[Written | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, waiting), daemon=True).start()
    svg_of(PRACTICE)
    with contextlib.suppress(OSError):
        for written in iter(waiting.get, None):
            pipe.send(svg_of(written))


def _receive(pipe: Connection, waiting: queue.SimpleQueue[Written | None]) -> None:
    """Take charts off the pipe at once, so that neither end waits for the other to read."""
    with contextlib.suppress(OSError, EOFError):
        while True:
            waiting.put(pipe.recv())
    waiting.put(None)


def artist(threads: int | None = None) -> contextlib.AbstractContextManager[Artist]:
    """Return who draws: a process beside this one, unless there is to be one only."""
    return contextlib.nullcontext(Here()) if threads == 1 else Beside()
