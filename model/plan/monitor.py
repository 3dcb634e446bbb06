"""What a solve tells while it runs, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .sense import LEVERAGE, Sense

if TYPE_CHECKING:
    from ..leader.problem import Problem
    from ..methods.engine import Engine


class Monitor:
    """Silent monitor that never stops a solve; to be overridden where somebody watches.

    Attributes
    ----------
    sense
        How the figures that it is told are called and counted; set where a solve begins.
    """

    sense: Sense = LEVERAGE

    def stage(self, name: str, total: int) -> None:
        """Take note that a stage begins: ``build``, ``responses``, ``search`` or ``certificate``, with a number of steps or 0."""

    def advance(self, done: int, total: int) -> None:
        """Take note of steps done in the stage."""

    def tally(self, counts: Mapping[str, int]) -> None:
        """Take note of how many solves ended with each status."""

    def bounds(self, incumbent: float, bound: float) -> None:
        """Take note of the best leverage found and its proven bound."""

    def prepared(self, problem: Problem) -> None:
        """Take note of the case made ready to solve, its status quo worked out."""

    def enumerated(self, engine: Engine) -> None:
        """Take note of the combinations of policies, their responses worked out, once the search among them is over."""

    def stop(self) -> bool:
        """Say whether to stop as soon as possible, keeping what was found."""
        return False


class Stopped(Exception):
    """The work was stopped before there was an answer."""


class StopCheck:
    """Asks whether to stop once in a while, for work made of many small steps.

    Parameters
    ----------
    stop
        What is asked.
    every
        Steps between two questions.
    """

    def __init__(self, stop: Callable[[], bool], every: int = 256):
        self.stop = stop
        self.every = every
        self._steps = 0

    def __call__(self) -> None:
        """Take note of a step.

        Raises
        ------
        Stopped
            Where the answer is yes.
        """
        self._steps += 1
        if self._steps % self.every == 0 and self.stop():
            raise Stopped
