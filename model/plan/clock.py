"""The time a solve may take: when to stop, and what is kept back for what follows (docs/scale.md)."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_KEPT = 0.5
"""Share of the time limit that is kept back at most."""


class Clock:
    """Says when to stop.

    Parameters
    ----------
    seconds
        The time limit.
    stopped
        Whether somebody wants to stop before.
    now
        What is read; a number of seconds that grows.
    """

    def __init__(
        self, seconds: float, stopped: Callable[[], bool] = lambda: False, now: Callable[[], float] = time.perf_counter
    ):
        self.seconds = seconds
        self.stopped = stopped
        self.now = now
        self.began = now()
        self.kept = 0.0

    def keep_back(self, seconds: float) -> None:
        """Keep back time for the certificate; never more than `MOST_KEPT` of the limit."""
        self.kept = min(seconds, MOST_KEPT * self.seconds)

    @property
    def passed(self) -> float:
        """Seconds since the work began."""
        return self.now() - self.began

    @property
    def left(self) -> float:
        """Seconds left for the search."""
        return self.seconds - self.kept - self.passed

    def up(self) -> bool:
        """Whether to stop: the time is over but for what is kept back, or somebody said so."""
        return self.stopped() or self.left <= 0
