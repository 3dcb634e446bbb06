"""How far a solve is, while it runs."""

from __future__ import annotations

import io
import math
import threading

from rich.console import Console
from sluicegate.report.console.progress import Bar, Interruptible, Lines, bounds_words


def test_stops_once_told_to() -> None:
    stopped = threading.Event()
    monitor = Interruptible(stopped)
    assert not monitor.stop()
    stopped.set()
    assert monitor.stop()


def test_bounds_in_words() -> None:
    assert bounds_words(-math.inf, math.inf) == "no plan yet"
    assert bounds_words(12.5, math.inf) == "leverage 12.5, nothing proven yet"
    assert bounds_words(100.0, 105.0) == "leverage 100, at most 105, gap 5%"
    assert bounds_words(0.0, 0.0) == "leverage 0, at most 0, gap 0%"


def test_lines() -> None:
    written = io.StringIO()
    with Lines(threading.Event(), Console(file=written, width=80)) as monitor:
        monitor.stage("build", 0)
        monitor.stage("responses", 1536)
        monitor.advance(256, 1536)
        monitor.bounds(10.0, 20.0)
        monitor.stage("[red]new[/red]", 0)
    assert written.getvalue().splitlines() == [
        "building",
        "responses (1,536)",
        "  leverage 10, at most 20, gap 100%",
        "[red]new[/red]",
    ]


def test_bar_shows_steps_bounds_and_leaves_nothing() -> None:
    written = io.StringIO()
    console = Console(file=written, width=80, force_terminal=True, color_system=None)
    with Bar(threading.Event(), console) as monitor:
        monitor.stage("responses", 1536)
        monitor.advance(256, 1536)
        monitor._progress.refresh()
        monitor.stage("search", 0)
        monitor.bounds(10.0, 20.0)
        monitor._progress.refresh()
    text = written.getvalue()
    assert "256/1,536" in text
    assert "leverage 10, at most 20, gap 100%" in text
    # The last thing it does is to erase its line.
    assert text.endswith("\x1b[2K")
