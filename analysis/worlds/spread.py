"""Worlds worked on in shares: by several processes of this machine, each keeping its share of them."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.units import Units
from ...model.plan.monitor import Stopped
from .crew import LocalCrew
from .master import FirstStageSpace, WorldLines
from .told import Alone, Appraised, Key, Wanted, WorldAccount

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

    from ...data import Case
    from ...model.follower.enumerate import PolicyIndices
    from ...model.formulation.linking import Choice

PULSE = 0.2
"""Seconds between two looks at whether to stop."""

MAX_CRASHES = 2
"""Processes that one share of the worlds may end."""

SHUTDOWN_SECONDS = 2.0
"""Seconds that a process has to end by itself before it is killed."""

DONE, ANSWER, STOPPED, FAULT = "done", "answer", "stopped", "fault"
"""What a process says: a world is made ready, an answer, it was stopped, or an error with its traceback."""

Asked = tuple[str, tuple[Any, ...]]


class SharedCrew(ABC):
    """Works on all worlds in shares, each kept by somebody who is asked the same as all others; as of `LocalCrew`.

    Parameters
    ----------
    cases, units, stop
        As of `LocalCrew`.
    shares
        How many.
    base
        As of `LocalCrew`.

    Attributes
    ----------
    losses
        How often a share was given to somebody else, what it bounded forgotten.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        units: Units,
        shares: int,
        stop: Callable[[], bool] = lambda: False,
        base: Case | None = None,
    ):
        self.cases = cases
        self.base = base
        self.units = units
        self.stop = stop
        self._shares = [list(range(first, len(cases), shares)) for first in range(min(shares, len(cases)))]
        self._history: list[Asked] = []
        self.losses = 0

    @abstractmethod
    def close(self) -> None:
        """End what works beside this process."""

    @abstractmethod
    def _ask(self, asked: Asked, done: Callable[[int], None] = lambda count: None, heeding: bool = True) -> list[Any]:
        """Ask the same of all shares, and return their answers in order.

        Parameters
        ----------
        asked
            Name of a method of `LocalCrew` and its arguments.
        done
            Told how many worlds are made ready.
        heeding
            Whether to heed the wish to stop.

        Raises
        ------
        Stopped
            Where somebody wants to stop, and no answer is left to wait for.
        """

    # What is asked of all worlds -------------------------------------------------------------------------------------

    def prepare(self, rel_gap: float, done: Callable[[int], None] = lambda count: None) -> list[Alone]:
        """Make all worlds ready and find the best that each allows by itself."""
        asked: Asked = ("prepare", (rel_gap,))
        found = self._gathered(self._ask(asked, done))
        self._history.append(asked)
        return found

    def as_it_is(self) -> tuple[Choice, dict[Key, float]] | None:
        """Return policies and purchases of the best plan for the case that the worlds begin with; all know the same."""
        return self._ask(("as_it_is", ()))[0]

    def settle(self, keys: Sequence[Key], combinations: Sequence[PolicyIndices]) -> tuple[np.ndarray, np.ndarray]:
        """Tell all worlds what they have in common; return admin costs and ceilings, shape (combinations, worlds) each."""
        asked: Asked = ("settle", (keys, combinations))
        admin, ceilings = zip(*self._ask(asked), strict=True)
        self._history.append(asked)
        return self._columns(admin), self._columns(ceilings)

    def least_charged(
        self, space: FirstStageSpace, order: list[tuple[int, ...]], first: int, rel_gap: float
    ) -> list[float]:
        """Find the best leverage of worlds that nothing keeps in their limits; as of `LocalCrew`."""
        return self._gathered(self._ask(("least_charged", (space, order, first, rel_gap))))

    def visit(self, number: int, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Work out a first stage beside a combination; return leverages and what limits lack, shape (worlds,) each."""
        leverages, lacks = zip(*self._ask(("visit", (number, point))), strict=True)
        return np.array(self._gathered(leverages)), np.array(self._gathered(lacks))

    def sharpen(self, number: int, point: np.ndarray) -> bool:
        """Tighten the cuts that bind there over the least-cost faces; return whether any has moved."""
        return any(self._ask(("sharpen", (number, point))))

    def lines(self, number: int) -> list[WorldLines]:
        """Return the cuts of all worlds at a combination."""
        return self._gathered(self._ask(("lines", (number,))))

    def appraise(self, wanted: Sequence[Wanted]) -> list[list[Appraised | None]]:
        """Work out given plans; return for every world what each comes to there, None where it is not wanted."""
        return self._gathered(self._ask(("appraise", (wanted,))))

    def certify(self, number: int, point: np.ndarray) -> list[WorldAccount]:
        """Recompute a plan's figures in every world, alone."""
        return self._gathered(self._ask(("certify", (number, point)), heeding=False))

    # How it is asked -------------------------------------------------------------------------------------------------

    def _gathered(self, answers: Sequence[Sequence[Any]]) -> list[Any]:
        """Answers of all worlds, in their order, from those of every process."""
        found: list[Any] = [None] * len(self.cases)
        for share, answer in zip(self._shares, answers, strict=True):
            for place, each in zip(share, answer, strict=True):
                found[place] = each
        return found

    def _columns(self, answers: Sequence[np.ndarray]) -> np.ndarray:
        found = np.empty((answers[0].shape[0], len(self.cases)))
        for share, answer in zip(self._shares, answers, strict=True):
            found[:, share] = answer
        return found


class SpreadCrew(SharedCrew):
    """Works on all worlds, each process of this machine on its share.

    A process that ends is replaced: its worlds are made ready anew, what they bound elsewhere is forgotten, and the work goes
    on where it was.

    Parameters
    ----------
    cases, units, stop
        As of `LocalCrew`.
    processes
        How many.
    base
        As of `LocalCrew`.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        units: Units,
        processes: int,
        stop: Callable[[], bool] = lambda: False,
        base: Case | None = None,
    ):
        super().__init__(cases, units, processes, stop, base)
        self._halt = multiprocessing.get_context("spawn").Event()
        self._crashes = [0] * len(self._shares)
        self._hands = [self._hire(share) for share in range(len(self._shares))]

    def _hire(self, share: int) -> _Hand:
        numbers = self._shares[share]
        return _Hand([self.cases[place] for place in numbers], self.units, numbers, self.base, self._halt)

    def close(self) -> None:
        """End all processes."""
        self._halt.set()
        for hand in self._hands:
            hand.connection.close()
        for hand in self._hands:
            hand.process.join(SHUTDOWN_SECONDS)
            if hand.process.is_alive():
                hand.process.kill()

    def _ask(self, asked: Asked, done: Callable[[int], None] = lambda count: None, heeding: bool = True) -> list[Any]:
        if not (heeding and self.stop()):
            self._halt.clear()
        answers: dict[int, Any] = {}
        ready, stopped = 0, False
        for share in range(len(self._hands)):
            self._send(share, asked)
        while len(answers) < len(self._hands):
            if heeding and not self._halt.is_set() and self.stop():
                self._halt.set()
            waiting = {
                self._hands[share].connection: share for share in range(len(self._hands)) if share not in answers
            }
            for connection in wait(list(waiting), PULSE):
                share = waiting[connection]  # type: ignore[index]
                try:
                    word, content = self._hands[share].connection.recv()
                except (EOFError, OSError):
                    self._replace(share, asked)
                    continue
                if word == DONE:
                    ready += 1
                    done(ready)
                elif word == FAULT:
                    raise content
                else:
                    stopped = stopped or word == STOPPED
                    answers[share] = content
        if stopped:
            raise Stopped
        return [answers[share] for share in range(len(self._hands))]

    def _send(self, share: int, asked: Asked) -> None:
        try:
            self._hands[share].connection.send(asked)
        except OSError:
            self._replace(share, asked)

    def _replace(self, share: int, asked: Asked) -> None:
        """Give the share of a process that ended to a new one, and ask that again."""
        self._crashes[share] += 1
        self.losses += 1
        if self._crashes[share] > MAX_CRASHES:
            raise ArithmeticError(
                "processes that work on worlds end before they answer; a script needs the line "
                '`if __name__ == "__main__":` before it solves'
            )
        self._hands[share] = self._hire(share)
        for before in self._history:
            self._hands[share].connection.send(before)
            while (answer := self._hands[share].connection.recv())[0] == DONE:
                pass
            if answer[0] == FAULT:
                raise answer[1]
        self._hands[share].connection.send(asked)


class _Hand:
    """One process, as its parent sees it."""

    def __init__(self, cases: Sequence[Case], units: Units, numbers: Sequence[int], base: Case | None, halt: Event):
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, halt), daemon=True)
        self.process.start()
        theirs.close()
        self.connection.send_bytes(pickle.dumps((list(cases), units, list(numbers), base)))


def _serve(connection: Connection, halt: Event) -> None:
    """Answer what is asked of some worlds, until nobody asks any more."""
    # Ctrl-C reaches all processes of a terminal; the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        cases, units, numbers, base = pickle.loads(connection.recv_bytes())
        crew = LocalCrew(cases, units, halt.is_set, numbers, base)
        while True:
            name, arguments = connection.recv()
            told = (lambda _: connection.send((DONE, None)),) if name == "prepare" else ()
            try:
                answer: tuple[str, Any] = ANSWER, getattr(crew, name)(*arguments, *told)
            except Stopped:
                answer = STOPPED, None
            except Exception as error:
                error.add_note(traceback.format_exc())
                answer = FAULT, error
            connection.send(answer)
