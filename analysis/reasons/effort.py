"""How much the reasons of a plan may take, counted in work and not in seconds: the same case gives the same reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST = 8_000
"""Beats that the reasons of a plan may take: some ten seconds of a processor for a small program, more for a large one."""


class Effort:
    """Counts work by the beats at which programs ask whether to stop: once in so many steps of the simplex method.

    Parameters
    ----------
    stopped
        Whether to stop whatever was done.
    most
        Beats after which no more is begun.
    """

    def __init__(self, stopped: Callable[[], bool], most: int = MOST):
        self.stopped, self.most, self.beats, self.counting = stopped, most, 0, False

    def begin(self) -> None:
        """Count from here on: how often it is asked while a case is made ready depends on the machine."""
        self.beats, self.counting = 0, True

    def beat(self) -> bool:
        """Count a beat; what is begun is finished."""
        self.beats += 1
        return False

    @contextmanager
    def share(self, parts: int) -> Iterator[None]:
        """Leave one of so many parts of what is left to what is done meanwhile."""
        most, self.most = self.most, self.beats + max(0, self.most - self.beats) // parts
        try:
            yield
        finally:
            self.most = most

    def up(self) -> bool:
        """Whether no more is to be begun; asking is a beat too, for what is done between two programs."""
        self.beats += 1
        return self.stopped() or (self.counting and self.beats > self.most)
