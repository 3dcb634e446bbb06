"""Who evaluates the samples of a sweep: this process, several on this machine, or a Dask cluster."""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from ...model.plan.monitor import Stopped
from .store import SweepError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from .outcomes import Row
    from .worker import Values

Batch = list[tuple[int, "Values"]]
Results = Generator[list["Row"], None, None]

MAX_CRASHES = 2
"""Workers that a sample may end before it counts as failed."""

PULSE = 0.2
"""Seconds between two looks at whether to stop."""

CONNECT_TIMEOUT = "20s"
"""How long a Dask scheduler may take to answer."""

SHUTDOWN_SECONDS = 2.0
"""Seconds that a worker has to end by itself before it is killed."""

STARTED, READY = "started", "ready"
"""What a worker says before it has samples."""

KILLED = "a worker ended {times} times in the middle of this sample"


class Worker(Protocol):
    """Evaluates samples one after another."""

    def begin(self) -> None:
        """Begin a batch: what follows does not depend on the batches before."""

    def rows(self, sample: int, values: Values) -> list[Row]:
        """Return the rows of a sample."""


class Task(Protocol):
    """A sweep as workers need to know it; sent to other processes."""

    def worker(self, stop: Callable[[], bool]) -> Worker:
        """Return a worker."""

    def failed(self, sample: int, values: Values, message: str) -> list[Row]:
        """Return the rows of a sample that ended its workers."""


class Executor(Protocol):
    """Evaluates batches of samples."""

    def run(self, batches: Iterable[Batch]) -> Results:
        """Yield the rows of every sample as it finishes, in no certain order; ends early once told to stop."""


class InProcess:
    """Evaluates batches in this process.

    Parameters
    ----------
    task
        The sweep.
    stop
        Asked whether to stop.
    """

    def __init__(self, task: Task, stop: Callable[[], bool]):
        self.task = task
        self.stop = stop

    def run(self, batches: Iterable[Batch]) -> Results:
        """Yield the rows of every sample."""
        worker = self.task.worker(self.stop)
        for batch in batches:
            worker.begin()
            for sample, values in batch:
                if self.stop():
                    return
                try:
                    yield worker.rows(sample, values)
                except Stopped:
                    return


# Processes on this machine -----------------------------------------------------------------------------------------


class Processes:
    """Evaluates batches in processes of this machine, each with one thread.

    A worker hands over every sample's rows as they finish. One that ends is replaced, and what is left of its batch is done
    anew; a sample that ends two workers is recorded as failed.

    Parameters
    ----------
    task, stop
        As of `InProcess`.
    workers
        Number of processes.
    """

    def __init__(self, task: Task, stop: Callable[[], bool], workers: int):
        self.task = task
        self.stop = stop
        self.workers = workers

    def run(self, batches: Iterable[Batch]) -> Results:
        """Yield the rows of every sample.

        Raises
        ------
        SweepError
            When workers end before they are ready.
        """
        from multiprocessing.connection import wait

        coming, again = iter(batches), deque[Batch]()
        deaths: Counter[int] = Counter()
        sent = pickle.dumps(self.task)
        crew = [_Hand(sent) for _ in range(self.workers)]
        try:
            while not self.stop():
                for hand in crew:
                    if hand.ready and not hand.batch:
                        hand.give(again.popleft() if again else next(coming, []))
                if not again and all(hand.ready and not hand.batch for hand in crew):
                    return
                heard = wait([hand.connection for hand in crew], PULSE)
                for place, hand in enumerate(crew):
                    if hand.connection not in heard:
                        continue
                    told = hand.hear()
                    if told is not None:
                        yield told
                    elif not hand.alive:
                        crew[place] = _Hand(sent)
                        yield from self._bury(hand, deaths, again)
        finally:
            for hand in crew:
                hand.connection.close()
            late = time.monotonic() + SHUTDOWN_SECONDS
            for hand in crew:
                hand.end(max(0.0, late - time.monotonic()))

    def _bury(self, hand: _Hand, deaths: Counter[int], again: deque[Batch]) -> Iterator[list[Row]]:
        """Return what a worker that ended leaves to be done, and record the sample that ended too many."""
        if not hand.ready:
            deaths[-1] += 1
            if deaths[-1] > MAX_CRASHES:
                raise SweepError(
                    "workers end before they are ready; a script that sweeps with several workers needs the line "
                    '`if __name__ == "__main__":` before it does'
                )
            return
        if not hand.batch:
            return
        sample, values = hand.batch[0]
        deaths[sample] += 1
        if deaths[sample] >= MAX_CRASHES:
            yield self.task.failed(sample, values, KILLED.format(times=deaths[sample]))
            hand.batch.pop(0)
        if hand.batch:
            again.append(hand.batch)


class _Hand:
    """One worker process, as its parent sees it.

    Attributes
    ----------
    ready
        Whether it can be given samples.
    batch
        Samples it was given and has not finished, in their order.
    """

    def __init__(self, sent: bytes):
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self._sent = sent
        # Spawned, not forked: the parent may run threads. The sweep follows once there is somebody to take it: more than a pipe
        # holds would wait forever for a process that ends as it starts.
        self.process: SpawnProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.ready = False
        self.alive = True
        self.batch: Batch = []

    def give(self, batch: Batch) -> None:
        self.batch = list(batch)
        if batch:
            with suppress(OSError):
                self.connection.send(batch)

    def hear(self) -> list[Row] | None:
        """Return the rows of a finished sample; None where something else happened."""
        try:
            rows = self.connection.recv()
        except (EOFError, OSError):
            self.alive = False
            self.end()
            return None
        if isinstance(rows, BaseException):
            raise rows
        if rows == STARTED:
            with suppress(OSError):
                self.connection.send_bytes(self._sent)
            return None
        if rows == READY:
            self.ready = True
            return None
        self.batch.pop(0)
        return rows

    def end(self, patience: float = SHUTDOWN_SECONDS) -> None:
        # A worker without a connection ends, and puts away what it holds of the system.
        self.connection.close()
        self.process.join(patience)
        self.process.kill()
        self.process.join()


def _serve(connection: Connection) -> None:
    """Work on batches until the parent closes the connection."""
    # Ctrl-C is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        connection.send(STARTED)
        worker = pickle.loads(connection.recv_bytes()).worker(lambda: False)
        connection.send(READY)
        while True:
            worker.begin()
            for sample, values in connection.recv():
                connection.send(worker.rows(sample, values))
    except (EOFError, ConnectionError):
        return
    except Exception as error:
        # A fault of the program must not look like a worker that was killed.
        with suppress(OSError):
            connection.send(error)


# A cluster ---------------------------------------------------------------------------------------------------------


class Cluster:
    """Evaluates batches on the workers of a Dask scheduler.

    The scheduler hands the batch of a worker that ends to another one. A batch that ended several is done sample by sample, and
    a sample that does it again is recorded as failed.

    Parameters
    ----------
    task, stop
        As of `InProcess`.
    address
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    """

    def __init__(self, task: Task, stop: Callable[[], bool], address: str):
        self.task = task
        self.stop = stop
        self.address = address

    def run(self, batches: Iterable[Batch]) -> Results:
        """Yield the rows of every sample.

        Raises
        ------
        SweepError
            When the scheduler cannot be reached, or is lost.
        """
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise SweepError("--cluster needs the extra `cluster`: pip install 'sluicegate[cluster]'") from None
        try:
            client = Client(self.address, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SweepError(f"no Dask scheduler answers at {self.address}: {error}") from error
        with client:
            yield from self._run(client, batches, KilledWorker)

    def _run(self, client: Any, batches: Iterable[Batch], killed: type[Exception]) -> Iterator[list[Row]]:
        from concurrent.futures import CancelledError

        from distributed import wait

        coming, again = iter(batches), deque[Batch]()
        sent = pickle.dumps(self.task)
        running: dict[Any, Batch] = {}
        while not self.stop():
            room = 2 * max(1, sum(client.nthreads().values()))
            while len(running) < room:
                batch = again.popleft() if again else next(coming, [])
                if not batch:
                    break
                running[client.submit(_answer, sent, batch, pure=False)] = batch
            if not running:
                return
            with suppress(TimeoutError), client.as_current():
                wait(list(running), timeout=PULSE, return_when="FIRST_COMPLETED")
            for future in [future for future in running if future.done()]:
                batch = running.pop(future)
                try:
                    yield from future.result()
                except killed as error:
                    if len(batch) == 1:
                        yield self.task.failed(*batch[0], f"{type(error).__name__}: {error}")
                    again.extend([entry] for entry in batch if len(batch) > 1)
                except CancelledError as error:
                    raise SweepError(
                        f"the Dask scheduler at {self.address} was lost; continue with --resume"
                    ) from error
        client.cancel(list(running))


_workers = threading.local()


def _answer(sent: bytes, batch: Batch) -> list[list[Row]]:
    """Return the rows of every sample of a batch; a worker's thread keeps what it learnt from one batch to the next."""
    key = hashlib.sha256(sent).digest()
    if getattr(_workers, "key", None) != key:
        _workers.worker, _workers.key = pickle.loads(sent).worker(lambda: False), key
    _workers.worker.begin()
    return [_workers.worker.rows(sample, values) for sample, values in batch]
