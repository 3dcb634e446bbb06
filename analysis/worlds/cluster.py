"""Worlds worked on by the workers of a Dask scheduler, each keeping its share of them."""

from __future__ import annotations

import pickle
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...data import Fault
from ...data.units import Units
from ...model.plan.monitor import Stopped
from ..figures.factors import DesignError
from .crew import LocalCrew
from .spread import PULSE, Asked, SharedCrew

if TYPE_CHECKING:
    from ...data import Case

CONNECT_TIMEOUT = 10.0
"""Seconds that a scheduler has to answer."""

WAIT_TIMEOUT = 60.0
"""Seconds in which a worker has to come where all have ended."""

MISSING = "missing"
"""What a worker says that does not know the worlds of a share."""


class ClusterCrew(SharedCrew):
    """Works on all worlds, each worker of a Dask scheduler on its share.

    The share of a worker that ends goes to another one, which makes its worlds ready anew and goes on: a lost worker costs the
    time for its worlds, nothing else.

    Parameters
    ----------
    cases, units, stop
        As of `LocalCrew`.
    address
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    base
        As of `LocalCrew`.

    Raises
    ------
    DesignError
        When the scheduler cannot be reached, has no worker, or is lost.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        units: Units,
        address: str,
        stop: Callable[[], bool] = lambda: False,
        base: Case | None = None,
    ):
        try:
            from distributed import Client
        except ImportError:
            raise _refused(address, "needs the extra `cluster`: pip install 'sluicegate[cluster]'") from None
        try:
            self._client: Any = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise _refused(address, f"no Dask scheduler answers there: {error}") from error
        with suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
        self._workers = sorted(self._client.nthreads())
        if not self._workers:
            self._client.close()
            raise _refused(address, "the Dask scheduler has no worker; start one with `dask worker`")
        super().__init__(cases, units, len(self._workers), stop, base)
        self.address = address
        self._keys = [f"worlds-{uuid.uuid4()}" for _ in self._shares]
        self._sent = [
            pickle.dumps(([self.cases[place] for place in share], self.units, share, base)) for share in self._shares
        ]

    def close(self) -> None:
        """Let the workers forget the worlds."""
        with suppress(Exception):
            self._client.run(_forget, self._keys)
        self._client.close()

    def _ask(self, asked: Asked, done: Callable[[int], None] = lambda count: None, heeding: bool = True) -> list[Any]:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker, wait

        answers: dict[int, Any] = {}
        ready = 0
        running = {self._submit(share, asked, whole=asked[0] == "prepare"): share for share in range(len(self._shares))}
        try:
            while running:
                if heeding and self.stop():
                    raise Stopped
                with suppress(TimeoutError), self._client.as_current():
                    wait(list(running), timeout=PULSE, return_when="FIRST_COMPLETED")
                lost = self._replaced()
                for future, share in list(running.items()):
                    if share in lost:
                        del running[future]
                        future.cancel()
                        running[self._submit(share, asked, whole=True)] = share
                for future in [future for future in running if future.done()]:
                    share = running.pop(future)
                    answer = future.result()
                    if isinstance(answer, str) and answer == MISSING:
                        running[self._submit(share, asked, whole=True)] = share
                        continue
                    answers[share] = answer
                    if asked[0] == "prepare":
                        ready += len(self._shares[share])
                        done(ready)
        except KilledWorker as error:
            raise _refused(self.address, f"the worlds end worker after worker: {error}") from error
        except CancelledError as error:
            raise _refused(self.address, "the Dask scheduler was lost; start it and solve again") from error
        finally:
            self._client.cancel(list(running))
        return [answers[share] for share in range(len(self._shares))]

    def _replaced(self) -> set[int]:
        """Give the shares of workers that have ended to others; return which."""
        workers = sorted(self._client.nthreads())
        lost = {share for share, worker in enumerate(self._workers[: len(self._shares)]) if worker not in workers}
        if not lost:
            return lost
        if not workers:
            with suppress(TimeoutError):
                self._client.wait_for_workers(1, timeout=WAIT_TIMEOUT)
            workers = sorted(self._client.nthreads())
        if not workers:
            raise _refused(self.address, "the Dask scheduler has lost all its workers; start one and solve again")
        for share in lost:
            self._workers[share] = workers[share % len(workers)]
        self.losses += len(lost)
        return lost

    def _submit(self, share: int, asked: Asked, whole: bool) -> Any:
        """Ask the worker of a share; the worlds go with it only where they are not known there."""
        return self._client.submit(
            _answer,
            self._keys[share],
            self._sent[share] if whole else None,
            list(self._history),
            asked,
            workers=[self._workers[share]],
            pure=False,
        )


def _refused(address: str, message: str) -> DesignError:
    return DesignError([Fault("--cluster", message, value=address)])


_known: dict[str, tuple[threading.Lock, LocalCrew]] = {}
_door = threading.Lock()


def _answer(key: str, sent: bytes | None, history: Sequence[Asked], asked: Asked) -> Any:
    """Return the answer of a share; a worker keeps its worlds from one question to the next."""
    with _door:
        if key not in _known:
            if sent is None:
                return MISSING
            cases, units, numbers, base = pickle.loads(sent)
            _known[key] = threading.Lock(), LocalCrew(cases, units, numbers=numbers, base=base)
    lock, crew = _known[key]
    with lock:
        # Worlds that were just made ready anew have not been asked what all others have been.
        for name, arguments in history if not crew.worlds else ():
            getattr(crew, name)(*arguments)
        name, arguments = asked
        if name == "prepare":
            # What is asked again begins anew.
            crew.worlds.clear()
        return getattr(crew, name)(*arguments)


def _forget(keys: Sequence[str]) -> None:
    """Forget the worlds of a solve."""
    for key in keys:
        _known.pop(key, None)
