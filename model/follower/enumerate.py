"""Responses to many policy combinations: one program, re-solved in Gray-code order (model.md section 6)."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sparse

from ..plan.monitor import Stopped
from ..plan.tolerances import SAME_HEIGHT
from ..solver.arrays import Program
from ..solver.highs import Highs
from .optimal_face import Basis, Recent

PolicyIndices = tuple[int, ...]
Answers = tuple[np.ndarray, np.ndarray, np.ndarray, list[Basis]]


MOST_PRICES = 50_000_000
"""Reduced costs up to which those of all combinations are kept; as many basic columns are."""

CHUNK = 256
"""Combinations solved from one cold start; fixed, so that results do not depend on the number of processes."""


@dataclass
class FollowerArrays:
    """The compiled response as plain arrays that can be sent to a process.

    Attributes
    ----------
    program
        The linear program with every regime at its first policy (``open``).
    policy_columns : list of list of (array, array)
        For every regime and policy: the columns it opens and their capacities.
    outputs : scipy.sparse.csr_matrix, shape (outputs, columns)
        What our side sees of a response.
    """

    program: Program
    policy_columns: list[list[tuple[np.ndarray, np.ndarray]]]
    outputs: sparse.csr_matrix
    _most: np.ndarray | None = field(default=None, init=False, repr=False)

    @cached_property
    def watched(self) -> np.ndarray:
        """Columns that outputs are made of."""
        return np.unique(self.outputs.indices)

    @property
    def most(self) -> np.ndarray:
        """Upper bounds of the watched columns where a policy opens them, shape (watched columns,)."""
        if self._most is None:
            upper = self.program.column_upper.copy()
            for menu in self.policy_columns:
                for columns, capacity in menu:
                    upper[columns] = capacity
            self._most = upper[self.watched]
        return self._most

    def forget_bounds(self) -> None:
        """Forget what was worked out from bounds, which have moved."""
        self._most = None

    @cached_property
    def watched_gates(self) -> list[list[np.ndarray]]:
        """For every regime and policy: places of the columns it opens among those watched."""
        return [[np.flatnonzero(np.isin(self.watched, columns)) for columns, _ in menu] for menu in self.policy_columns]

    def upper(self, policy_indices: PolicyIndices) -> np.ndarray:
        """Upper bounds of all columns under a combination of policies by number, shape (columns,)."""
        upper = self.program.column_upper.copy()
        for menu, chosen in zip(self.policy_columns, policy_indices, strict=True):
            for policy, (columns, capacity) in enumerate(menu):
                upper[columns] = capacity if policy == chosen else 0.0
        return upper

    @property
    def menu_sizes(self) -> PolicyIndices:
        """Number of policies of every regime."""
        return tuple(len(policy_columns) for policy_columns in self.policy_columns)


class FollowerSolver:
    """Solves the response for one combination after another, basis kept.

    Parameters
    ----------
    arrays
        The compiled response.
    stop
        Asked during every solve, which then raises `Stopped`.
    """

    def __init__(self, arrays: FollowerArrays, stop: Callable[[], bool] | None = None):
        self.arrays = arrays
        self.highs = Highs(arrays.program, stop=stop, presolve="off", solver="simplex")
        self.policy_indices: PolicyIndices = tuple(0 for _ in arrays.policy_columns)

    def set_policies(self, policy_indices: PolicyIndices) -> None:
        """Set the bounds of the regimes whose policy changes, and of no others."""
        for regime, (old, new) in enumerate(zip(self.policy_indices, policy_indices, strict=True)):
            if old != new:
                columns, capacity = self.arrays.policy_columns[regime][old]
                self.highs.set_bounds(columns, np.zeros_like(capacity), np.zeros_like(capacity))
                columns, capacity = self.arrays.policy_columns[regime][new]
                self.highs.set_bounds(columns, np.zeros_like(capacity), capacity)
        self.policy_indices = policy_indices

    def policy_bounds(self) -> None:
        """Set the bounds of all regimes' columns anew, from capacities that have moved."""
        for menu, chosen in zip(self.arrays.policy_columns, self.policy_indices, strict=True):
            for policy, (columns, capacity) in enumerate(menu):
                upper = capacity if policy == chosen else np.zeros_like(capacity)
                self.highs.set_bounds(columns, np.zeros_like(capacity), upper)

    def solve(self, policy_indices: PolicyIndices) -> tuple[float, np.ndarray]:
        """Return the least cost and the response's columns under a combination.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum; the response always has one.
        """
        self.set_policies(policy_indices)
        outcome = self.highs.solve()
        if not outcome.optimal:
            self.highs.forget()
            outcome = self.highs.solve()
        if not outcome.optimal or outcome.objective is None or outcome.solution is None:
            raise ArithmeticError(f"the response to policies {policy_indices} ended with {outcome.termination!r}")
        return outcome.objective, outcome.solution

    def prices(self, cost: np.ndarray, across: sparse.csr_matrix) -> np.ndarray:
        """Reduced costs of the watched columns after a solve, inf where a policy shuts the column.

        Parameters
        ----------
        cost : array, shape (watched columns,)
            What the response minimises.
        across : scipy.sparse.csr_matrix, shape (watched columns, rows)
            The watched columns of the matrix, as rows.
        """
        prices = cost - across @ self.highs.row_duals()
        for menu, chosen in zip(self.arrays.watched_gates, self.policy_indices, strict=True):
            for policy, places in enumerate(menu):
                if policy != chosen:
                    prices[places] = np.inf
        return prices

    def set_cost(self, cost: np.ndarray) -> None:
        """Change what the response minimises."""
        self.highs.set_cost(cost)


@dataclass
class Batch:
    """Answers to a list of combinations.

    Attributes
    ----------
    cost : array, shape (combinations,)
        Least cost; NaN where the search was stopped before.
    outputs : array of float32, shape (combinations, outputs)
        Outputs of one least-cost response each; empty where not asked for.
    prices : array of float32, shape (combinations, watched columns)
        Reduced costs of `FollowerArrays.watched`, inf where a policy shuts the column; empty where not asked for, or
        where they are too many.
    bases : list of Basis or None
        Optimal bases of these responses; None where there are no prices.
    """

    cost: np.ndarray
    outputs: np.ndarray
    prices: np.ndarray
    bases: list[Basis | None]

    @property
    def complete(self) -> bool:
        """Whether every combination was answered."""
        return not bool(np.isnan(self.cost).any())


def gray_order(sizes: Sequence[int]) -> Iterator[PolicyIndices]:
    """Yield every combination of a mixed-radix reflected Gray code: neighbours differ in one regime by one policy.

    Parameters
    ----------
    sizes
        Number of policies of every regime.
    """
    policy_indices = [0] * len(sizes)
    step = [1] * len(sizes)
    while True:
        yield tuple(policy_indices)
        place = 0
        while place < len(sizes):
            moved = policy_indices[place] + step[place]
            if 0 <= moved < sizes[place]:
                policy_indices[place] = moved
                break
            step[place] = -step[place]
            place += 1
        else:
            return


def _prepare() -> None:
    # Ctrl-C is the parent's to handle: it stops handing out chunks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End a worker whose parent was killed; nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def answer(
    arrays: FollowerArrays,
    chunk: Sequence[PolicyIndices],
    cost: np.ndarray,
    with_outputs: bool,
    responder: FollowerSolver | None = None,
    stop: Callable[[], bool] | None = None,
    interrupt: Callable[[], bool] | None = None,
) -> Answers:
    """Solve the response for the combinations of a chunk, from a cold start or a responder's last basis.

    Where it is stopped, the arrays hold the answers there are.

    Returns
    -------
    cost : array, shape (combinations,)
    outputs : array of float32, shape (combinations, outputs), or (combinations, 0)
    prices : array of float32, shape (combinations, watched columns), or (combinations, 0)
    bases : list of Basis, empty without outputs
    """
    responder = responder or FollowerSolver(arrays, interrupt)
    responder.set_cost(cost)
    costs = np.empty(len(chunk))
    outputs = np.empty((len(chunk), arrays.outputs.shape[0] if with_outputs else 0), dtype=np.float32)
    prices = np.empty((len(chunk), arrays.watched.size if with_outputs else 0), dtype=np.float32)
    bases = []
    watched, across = cost[arrays.watched], arrays.program.matrix[:, arrays.watched].T
    done = 0
    for place, policy_indices in enumerate(chunk):
        if stop is not None and place and stop():
            break
        try:
            costs[place], solution = responder.solve(policy_indices)
        except Stopped:
            break
        done = place + 1
        if with_outputs:
            outputs[place] = arrays.outputs @ solution
            prices[place] = responder.prices(watched, across)
            bases.append(Basis.of(responder.highs.basis(), solution))
    return costs[:done], outputs[:done], prices[:done], bases


@dataclass(frozen=True)
class Face:
    """The most that a slope times the outputs can be over one least-cost face, and what that says about other slopes.

    Attributes
    ----------
    worth : array, shape (watched columns,)
        What the slope took off the watched columns' cost.
    height
        The most.
    prices : array of float32, shape (watched columns,)
        Reduced costs there.
    """

    worth: np.ndarray
    height: float
    prices: np.ndarray

    def answers(self, worth: np.ndarray, most: np.ndarray, scale: float) -> bool:
        """Say whether another slope is so near that its height is this one, rounding aside."""
        moved = np.abs(worth - self.worth)
        apart = scale * float(np.multiply(moved, most, where=moved != 0, out=np.zeros_like(moved)).sum())
        return apart <= SAME_HEIGHT * max(1.0, abs(self.height))

    def bound(self, worth: np.ndarray, most: np.ndarray, scale: float) -> float:
        """Bound for another slope: a column that becomes worth having counts with all its capacity."""
        lower = np.minimum(self.prices, 0.0) - np.minimum(self.prices - (worth - self.worth), 0.0)
        return self.height + scale * float(np.multiply(lower, most, where=lower != 0, out=lower).sum())


class Enumerator:
    """Answers lists of combinations, over several processes where that pays.

    Parameters
    ----------
    arrays
        The compiled response.
    processes
        Processes to use.
    stop
        Asked between chunks, in this process between combinations; enumeration ends early once it returns True.
    interrupt
        Asked within the solve of a combination in this process.

    Attributes
    ----------
    responder : Responder or None
        Works on in this process from its last basis; None: every chunk starts cold.
    memory : dict or None
        Answers with outputs, by combination, that need not be worked out again; None: none are kept.
    recent : Recent
        Optimal bases of what was worked out while `memory` was kept, before numbers moved and since.
    faces : dict of combination to list of Face
        What was found out about least-cost faces while `memory` is kept.
    """

    def __init__(
        self,
        arrays: FollowerArrays,
        processes: int = 1,
        stop: Callable[[], bool] = lambda: False,
        interrupt: Callable[[], bool] | None = None,
    ):
        self.arrays = arrays
        self.interrupt = interrupt
        self.processes = max(1, processes)
        self.stop = stop
        self.responder: FollowerSolver | None = None
        self.memory: dict[PolicyIndices, tuple[float, np.ndarray, np.ndarray, Basis | None]] | None = None
        self.recent = Recent()
        self.faces: dict[PolicyIndices, list[Face]] = {}
        self._pool: ProcessPoolExecutor | None = None

    def close(self) -> None:
        """End the processes, whatever they are at."""
        if self._pool is not None:
            # The pool itself would wait for their chunks when Python ends.
            workers = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.terminate()
            self._pool = None

    def __enter__(self) -> Enumerator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        combinations: Sequence[PolicyIndices],
        cost: np.ndarray | None = None,
        with_outputs: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Batch:
        """Solve the response for every combination.

        Parameters
        ----------
        combinations
            Policies by number, in an order in which neighbours are alike.
        cost : array, shape (columns,), optional
            What the response minimises; its own cost by default.
        with_outputs
            Whether to keep the outputs.
        progress
            Called with (done, total).

        Returns
        -------
        Batch
            In the order of the combinations.
        """
        cost = self.arrays.program.cost if cost is None else cost
        total = len(combinations)
        width = self.arrays.outputs.shape[0] if with_outputs else 0
        watched = self.arrays.watched.size if with_outputs else 0
        if max(watched, self.arrays.program.row_lower.size) * total > MOST_PRICES:
            watched = 0
        batch = Batch(
            np.full(total, np.nan),
            np.zeros((total, width), dtype=np.float32),
            np.zeros((total, watched), dtype=np.float32),
            [None] * total,
        )
        own = cost is self.arrays.program.cost and with_outputs
        left = self._recall(combinations, batch) if own else np.arange(total)
        if own and watched and self.memory is not None:
            left = self._answered(combinations, left, batch)
        chunks: list[tuple[int, Sequence[PolicyIndices]]] = [
            (start, [combinations[place] for place in left[start : start + CHUNK]])
            for start in range(0, left.size, CHUNK)
        ]
        done = total - left.size
        for start, (costs, outputs, prices, bases) in self._answers(chunks, cost, with_outputs):
            places = left[start : start + costs.size]
            batch.cost[places] = costs
            batch.outputs[places] = outputs
            batch.prices[places] = prices[:, :watched]
            if watched:
                for place, basis in zip(places, bases, strict=True):
                    batch.bases[place] = basis
            done += costs.size
            progress(done, total)
            if own:
                self._keep(combinations, places, batch)
        return batch

    def _keep(self, combinations: Sequence[PolicyIndices], places: np.ndarray, batch: Batch) -> None:
        """Take note of answers, where they are to be kept."""
        if self.memory is None:
            return
        for place in places.tolist():
            combination, basis = combinations[place], batch.bases[place]
            # Rows of their own: those of the batch would keep all of it.
            kept = batch.outputs[place].copy(), batch.prices[place].copy()
            self.memory[combination] = (float(batch.cost[place]), *kept, basis)
            if basis is not None:
                self.recent.add(combination, basis)

    def _answered(self, combinations: Sequence[PolicyIndices], left: np.ndarray, batch: Batch) -> np.ndarray:
        """Fill in what recent bases answer; return the places of the combinations that they do not."""
        found = []
        for number, basis, optimum in self.recent.answers(self.arrays, [combinations[place] for place in left]):
            place = int(left[number])
            batch.cost[place], batch.bases[place] = optimum.cost, basis
            batch.outputs[place] = self.arrays.outputs @ optimum.solution
            batch.prices[place] = optimum.reduced[self.arrays.watched]
            found.append(place)
            if self.stop():
                break
        self._keep(combinations, np.array(found, dtype=int), batch)
        return np.setdiff1d(left, found)

    def _recall(self, combinations: Sequence[PolicyIndices], batch: Batch) -> np.ndarray:
        """Fill in what is remembered; return the places of the combinations that are not."""
        memory, left = self.memory or {}, []
        for place, combination in enumerate(combinations):
            known = memory.get(combination)
            if known is None or known[2].size != batch.prices.shape[1]:
                left.append(place)
            else:
                batch.cost[place], batch.outputs[place], batch.prices[place], batch.bases[place] = known
        return np.array(left, dtype=int)

    def _answers(
        self, chunks: list[tuple[int, Sequence[PolicyIndices]]], cost: np.ndarray, with_outputs: bool
    ) -> Iterator[tuple[int, Answers]]:
        left = dict(chunks)
        if self.processes > 1 and len(chunks) > 2:
            try:
                for start, answers in self._answers_apart(chunks, cost, with_outputs):
                    del left[start]
                    yield start, answers
            except BrokenProcessPool:
                # Killed, or never started: what they left is done here.
                self.close()
                self.processes = 1
        for start, chunk in left.items():
            if self.stop():
                return
            yield start, answer(self.arrays, chunk, cost, with_outputs, self.responder, self.stop, self.interrupt)

    def _answers_apart(
        self, chunks: list[tuple[int, Sequence[PolicyIndices]]], cost: np.ndarray, with_outputs: bool
    ) -> Iterator[tuple[int, Answers]]:
        """Answer chunks in processes of their own."""
        if self._pool is None:
            # Spawned, not forked: the parent may run threads (progress bars, HiGHS).
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.processes, context, initializer=_prepare)
        waiting = iter(chunks)
        running: dict[Future[Answers], int] = {}
        for start, chunk in _first(waiting, 2 * self.processes):
            running[self._pool.submit(answer, self.arrays, chunk, cost, with_outputs)] = start
        while running:
            finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            if self.stop():
                self.close()
                return
            for future in finished:
                start = running.pop(future)
                for following, chunk in _first(waiting, 1):
                    running[self._pool.submit(answer, self.arrays, chunk, cost, with_outputs)] = following
                yield start, future.result()


def _first(
    chunks: Iterable[tuple[int, Sequence[PolicyIndices]]], count: int
) -> Iterator[tuple[int, Sequence[PolicyIndices]]]:
    for _, chunk in zip(range(count), chunks, strict=False):
        yield chunk


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def policy_indices_of(choice: Mapping[str, str], menu: Mapping[str, Sequence[str]]) -> PolicyIndices:
    """Return a choice of policies as numbers in the order of the menus."""
    return tuple(policies.index(choice[regime]) for regime, policies in menu.items())


def choice_of(policy_indices: PolicyIndices, menu: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return numbers in the order of the menus as a choice of policies."""
    return {regime: policies[digit] for digit, (regime, policies) in zip(policy_indices, menu.items(), strict=True)}
