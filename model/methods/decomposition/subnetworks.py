"""The counterpart's network cut into pieces that overlap: what each sold good is made of (model.md section 6)."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ...follower.enumerate import PolicyIndices, gray_order
from ...formulation.follower import SIDE, build_follower, source_worth
from ...formulation.linking import PolicyBounds, output_keys, output_map
from ...leader.problem import Problem
from ...network import Network, Pair
from ...solver.arrays import Compiled, Program, compile_model
from ...solver.highs import Highs

MOST_JOINED = 1024
"""Combinations up to which two pieces that share regimes are taken as one."""

EXACT: dict[str, Any] = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
"""Tolerances of HiGHS's: many small violations add up where prices are high."""


@dataclass(frozen=True)
class Subnetwork:
    """A sold good with all that it is made of, as a response of its own.

    What the response has to give at pairs that other pieces hold too (capacities of lanes, processes and stocks, what is given,
    what is asked for at the end) is an upper or lower bound of a column of the piece.

    Attributes
    ----------
    regimes : tuple of int
        Regimes whose lanes end in the piece.
    columns : array of int, shape (k,)
        Columns of the response; they come first among the piece's.
    matrix : scipy.sparse.csc_matrix, shape (rows, k + m + n)
        The next m columns stand for right-hand sides.
    row_lower : array, shape (rows,)
    rows : array of int, shape (m,)
        Rows of the response whose right-hand sides these are.
    given : array of bool, shape (m,)
        Whether a right-hand side is given, so that the shares may add up to no more, or asked for, so that they may to no less.
    owner : array of int, shape (k + m + n,)
        The regime by whose policy a share is told apart; -1: by none.
    held : array of int, shape (k + m + n,)
        Number of the resource that a column draws on; -1 where no other piece holds it.
    part_of : array of int, shape (k + m + n,)
        Of the n last columns, each one arrival of a dispatch that arrives in several weeks: the column of the dispatch; else -1.
    pair_of_row : array of int, shape (rows,)
        Number of the pair that a row belongs to.
    worth : array, shape (rows,)
        Price of a source in every row, in money per unit: so high that sources do not lower V.
    """

    regimes: tuple[int, ...]
    columns: np.ndarray
    matrix: sparse.csc_matrix
    row_lower: np.ndarray
    rows: np.ndarray
    given: np.ndarray
    owner: np.ndarray
    held: np.ndarray
    part_of: np.ndarray
    pair_of_row: np.ndarray
    worth: np.ndarray

    @property
    def parts(self) -> np.ndarray:
        """Places of the columns that are arrivals."""
        return np.flatnonzero(self.part_of >= 0)

    @property
    def tied(self) -> np.ndarray:
        """Places of the dispatches that these are arrivals of."""
        return np.unique(self.part_of[self.parts])


class SubnetworkLayout:
    """Which pairs, columns and rows belong to which piece.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    check
        Called at every step; what it raises ends the work.

    Attributes
    ----------
    pieces : list of (set of pair, set of pair)
        Pairs whose sales a piece has, and all its pairs.
    """

    def __init__(self, network: Network, check: Callable[[], None] = lambda: None):
        self.network = network
        self._check = check
        self.places = {regime: place for place, regime in enumerate(network.menu)}
        self.pairs = network.pairs(SIDE)
        self.acting: dict[Pair, set[int]] = {pair: set() for pair in self.pairs}
        needs: dict[Pair, set[Pair]] = {pair: set() for pair in self.pairs}
        for lane in network.lanes_into(SIDE):
            pair, origin = (lane.destination, lane.item), (lane.origin, lane.item)
            if lane.regime in self.places:
                self.acting[pair].add(self.places[lane.regime])
            if origin in needs:
                needs[pair].add(origin)
        for pair, makers in network.makers.items():
            for process in makers if pair in needs else ():
                needs[pair].update((process.site, item) for item in network.recipe[process.process])
        self.needs = needs
        self.pieces: list[tuple[set[Pair], set[Pair]]] = []
        sold = [pair for pair in self.pairs if network.sells(pair)]
        sinks, covered = set(sold), set[Pair]()
        for pair in [*sold, *self.pairs]:
            check()
            if pair in sinks or pair not in covered:
                held = self._closure(pair)
                self.pieces.append(({pair}, held))
                covered |= held
        self._join()

    def _closure(self, pair: Pair) -> set[Pair]:
        seen, waiting = {pair}, [pair]
        while waiting:
            found = self.needs[waiting.pop()] - seen
            seen |= found
            waiting += found
        return seen

    def regimes(self, pairs: Iterable[Pair]) -> set[int]:
        """Regimes whose lanes end at some of the pairs."""
        return set().union(*(self.acting[pair] for pair in pairs))

    def combinations(self, regimes: Iterable[int]) -> int:
        """Number of combinations of regimes' policies."""
        menus = list(self.network.menu.values())
        return math.prod(len(menus[regime]) for regime in regimes)

    def _join(self) -> None:
        """Join pieces where that adds no combinations, or few: the more pairs they share the sooner.

        Pieces of the same regimes are one from the start. A heap holds the pairs that may be joined; what a join changes is put
        into it anew, what it made stale is passed over.
        """
        pieces: dict[int, tuple[set[Pair], set[Pair]]] = {}
        regimes: dict[int, frozenset[int]] = {}
        first_of: dict[frozenset[int], int] = {}
        for number, (sold, pairs) in enumerate(self.pieces):
            self._check()
            acting = frozenset(self.regimes(pairs))
            home = first_of.setdefault(acting, number)
            held = pieces.setdefault(home, (set(), set()))
            held[0].update(sold)
            held[1].update(pairs)
            regimes[home] = acting
        version = dict.fromkeys(pieces, 0)
        waiting: list[tuple[int, int, int, int, int, int]] = []

        def consider(one: int, two: int) -> None:
            self._check()
            first, second = regimes[one], regimes[two]
            both = first | second
            if len(both) == max(len(first), len(second)) or (first & second and self.combinations(both) <= MOST_JOINED):
                shared = len(pieces[one][1] & pieces[two][1])
                heapq.heappush(waiting, (-shared, len(both), one, two, version[one], version[two]))

        for one, two in itertools.combinations(pieces, 2):
            consider(one, two)
        while waiting:
            *_, one, two, before, other_before = heapq.heappop(waiting)
            if version.get(one) != before or version.get(two) != other_before:
                continue
            more_sold, more_pairs = pieces.pop(two)
            pieces[one][0].update(more_sold)
            pieces[one][1].update(more_pairs)
            regimes[one] |= regimes.pop(two)
            del version[two]
            version[one] += 1
            for other in pieces:
                if other != one:
                    consider(*sorted((one, other)))
        self.pieces = [pieces[number] for number in sorted(pieces)]

    @property
    def sizes(self) -> list[int]:
        """Combinations of every piece."""
        return [self.combinations(self.regimes(pairs)) for _, pairs in self.pieces]


class Subnetworks:
    """The response as pieces that share resources; together they are the response again.

    A pair that several pieces hold stands in each of them, with a share of its capacities, of what is given there and of what is
    asked for at the end. Responses of the pieces add up to a response. Every response is such a sum where each arrival of a
    dispatch may go to a piece of its own: a dispatch that arrives in several weeks may serve several pieces. So bounds from above
    take dispatches as they are, bounds from below take their arrivals apart.

    Parameters
    ----------
    problem
        The case, ready to solve.

    Attributes
    ----------
    pieces : list of Piece
    program
        The response whose columns the pieces are made of, every policy's arcs open.
    outputs : scipy.sparse.csr_matrix, shape (outputs, columns)
        What our side sees of a response.
    resources : array, shape (n,)
        Amounts of the resources that several pieces draw on.
    given : array of bool, shape (n,)
        As of `Subnetwork`, for resources.
    dispatch : array of int, shape (n,)
        Column of the response that a resource is an arrival of; else -1.
    tied : array of int
        These columns.
    """

    def __init__(self, problem: Problem):
        network = problem.network
        layout = SubnetworkLayout(network)
        self.sizes = tuple(len(policies) for policies in network.menu.values())
        model = build_follower(network)
        compiled = compile_model(model, network.check)
        policy_bounds = PolicyBounds(compiled, model.response)
        self.program = compiled.program.relaxed()
        self.outputs = output_map(network, compiled, model.response, output_keys(problem.leader_problem.model))
        self.regime, self.policy = (np.full(self.program.cost.size, -1) for _ in range(2))
        for place, (regime, menu) in enumerate(network.menu.items()):
            for digit, policy in enumerate(menu):
                columns = policy_bounds.columns[regime, policy]
                self.regime[columns], self.policy[columns] = place, digit
        self._cut(layout, compiled, model.response)
        self._whole: Highs | None = None

    def _cut(self, layout: SubnetworkLayout, compiled: Compiled, b: object) -> None:
        pair_of_column, sold, dispatches = _pairs_of_columns(layout.network, compiled)
        pair_of_row, waits, worth = _pairs_of_rows(layout.network, compiled, b)
        number = {pair: place for place, pair in enumerate(layout.pairs)}
        holders: dict[Pair, int] = {}
        for _, pairs in layout.pieces:
            for pair in pairs:
                holders[pair] = holders.get(pair, 0) + 1
        shared = {pair for pair, count in holders.items() if count > 1}
        owner = {pair: min(acting, default=-1) for pair, acting in layout.acting.items()}
        matrix = sparse.csr_matrix(self.program.matrix)
        numbers: dict[tuple[str, int], int] = {}
        amounts: list[float] = []
        given: list[bool] = []

        def resource(kind: str, place: int, amount: float, is_given: bool) -> int:
            if (kind, place) not in numbers:
                numbers[kind, place] = len(amounts)
                amounts.append(amount)
                given.append(is_given)
            return numbers[kind, place]

        self.pieces: list[Subnetwork] = []
        for sinks, pairs in layout.pieces:
            columns = np.array(
                [c for c, pair in enumerate(pair_of_column) if pair in pairs and (not sold[c] or pair in sinks)],
                dtype=int,
            )
            # What waits is with the sales of its pair, and no resource.
            rows = np.array(
                [r for r, pair in enumerate(pair_of_row) if pair in pairs and (not waits[r] or pair in sinks)],
                dtype=int,
            )
            block = matrix[rows][:, columns]
            split = np.array(
                [place for place, row in enumerate(rows) if pair_of_row[row] in shared and not waits[row]], dtype=int
            )
            sides = self.program.row_lower[rows[split]] if split.size else np.empty(0)
            is_given = sides <= 0
            ends = sparse.csr_matrix(
                (np.where(is_given, 1.0, -1.0), (split, np.arange(split.size))), shape=(rows.size, split.size)
            )
            lower = self.program.row_lower[rows]
            lower[split] = 0.0
            held = [
                resource("column", c, self.program.column_upper[c], True)
                if pair_of_column[c] in shared and not sold[c] and math.isfinite(self.program.column_upper[c])
                else -1
                for c in columns
            ]
            held += [
                resource("row", row, abs(side), bool(kind))
                for row, side, kind in zip(rows[split], sides, is_given, strict=True)
            ]
            owners = [owner[pair_of_column[c]] for c in columns] + [owner[pair_of_row[row]] for row in rows[split]]
            arrivals, part_of, weeks = self._arrivals(
                block, [pair_of_column[c] in shared and dispatches[c] for c in columns]
            )
            held += [
                resource(f"arrival {rows[week]}", columns[place], self.program.column_upper[columns[place]], True)
                for place, week in zip(part_of, weeks, strict=True)
            ]
            owners += [owners[place] for place in part_of]
            self.pieces.append(
                Subnetwork(
                    tuple(sorted(layout.regimes(pairs))),
                    columns,
                    sparse.csc_matrix(sparse.hstack([block, ends, arrivals])),
                    lower,
                    rows[split],
                    is_given,
                    np.array(owners, dtype=int),
                    np.array(held, dtype=int),
                    np.concatenate([np.full(columns.size + split.size, -1), part_of]),
                    np.array([number[pair_of_row[row]] for row in rows], dtype=int),
                    worth[rows],
                )
            )
        self.resources = np.array(amounts)
        self.given = np.array(given, dtype=bool)
        self.dispatch = np.full(self.resources.size, -1)
        for piece in self.pieces:
            self.dispatch[piece.held[piece.parts]] = piece.columns[piece.part_of[piece.parts]]
        self.tied = np.unique(self.dispatch[self.dispatch >= 0])
        self.owners = sorted({int(r) for piece in self.pieces for r in piece.owner[piece.held >= 0].tolist() if r >= 0})

    @staticmethod
    def _arrivals(block: sparse.csr_matrix, shared: Sequence[bool]) -> tuple[sparse.csc_matrix, np.ndarray, np.ndarray]:
        """Arrivals of the shared dispatches that have several: a matrix, and the column and the row that each comes from."""
        entries = block.tocoo()
        adding = (entries.data > 0) & np.array(shared, dtype=bool)[entries.col]
        several = np.bincount(entries.col[adding], minlength=block.shape[1]) > 1
        kept = adding & several[entries.col]
        count = int(kept.sum())
        matrix = sparse.csc_matrix(
            (entries.data[kept], (entries.row[kept], np.arange(count))), shape=(block.shape[0], count)
        )
        return matrix, entries.col[kept].astype(int), entries.row[kept].astype(int)

    def upper(self, piece: Subnetwork, policy_indices: Sequence[int], apart: bool) -> np.ndarray:
        """Upper bounds of a piece's columns where it has all resources for itself, arrivals taken apart or not."""
        chosen = np.array([*policy_indices, -1])[self.regime[piece.columns]] == self.policy[piece.columns]
        capacity = np.where(chosen, self.program.column_upper[piece.columns], 0.0)
        arrivals = capacity[piece.part_of[piece.parts]] * apart
        if apart:
            capacity[piece.tied] = 0.0
        return np.concatenate([capacity, np.abs(self.program.row_lower[piece.rows]), arrivals])

    def cost(self, piece: Subnetwork, cost: np.ndarray) -> np.ndarray:
        """Cost of a piece's columns; arrivals taken apart cost what they are priced at."""
        return np.concatenate([cost[piece.columns], np.zeros(piece.owner.size - piece.columns.size)])

    def whole(
        self, cost: np.ndarray, policy_indices: Sequence[int], apart: bool
    ) -> tuple[float, list[np.ndarray], np.ndarray]:
        """Solve all pieces together; return the least cost, every piece's columns and the resources' prices.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum; the response always has one.
        """
        if not self.pieces:
            return self.program.offset, [], np.empty(0)
        chosen = np.array([*policy_indices, -1])[self.regime[self.tied]] == self.policy[self.tied]
        dispatched = np.where(chosen, self.program.column_upper[self.tied], 0.0) * apart
        costs = np.concatenate([*(self.cost(piece, cost) for piece in self.pieces), cost[self.tied]])
        upper = np.concatenate([*(self.upper(piece, policy_indices, apart) for piece in self.pieces), dispatched])
        highs = self._whole = self._whole or self._together(costs, upper)
        highs.set_cost(costs)
        highs.set_bounds(np.arange(upper.size), np.zeros(upper.size), upper)
        value, solution = optimum(highs)
        ends = np.cumsum([piece.owner.size for piece in self.pieces])
        prices = highs.row_duals()[-self.resources.size :] if self.resources.size else np.empty(0)
        return value, np.split(solution, ends)[:-1], np.abs(prices)

    def _together(self, cost: np.ndarray, upper: np.ndarray) -> Highs:
        """All pieces, and the dispatches whose arrivals are taken apart, over rows that share the resources out."""
        held = np.concatenate([*(piece.held for piece in self.pieces), np.full(self.tied.size, -1)])
        drawing = np.flatnonzero(held >= 0)
        shape = (self.resources.size, held.size)
        shares = sparse.csr_matrix((np.ones(drawing.size), (held[drawing], drawing)), shape=shape)
        # No more of an arrival can be used than was dispatched.
        arrivals = np.flatnonzero(self.dispatch >= 0)
        places = held.size - self.tied.size + np.searchsorted(self.tied, self.dispatch[arrivals])
        shares = shares - sparse.csr_matrix((np.ones(arrivals.size), (arrivals, places)), shape=shape)
        most = np.where(self.dispatch >= 0, 0.0, self.resources)
        rows = np.concatenate([piece.row_lower for piece in self.pieces])
        blocks = sparse.block_diag([piece.matrix for piece in self.pieces])
        blocks = sparse.hstack([blocks, sparse.csr_matrix((rows.size, self.tied.size))])
        program = Program(
            cost,
            sparse.csc_matrix(sparse.vstack([blocks, shares])),
            np.concatenate([rows, np.where(self.given, -np.inf, most)]),
            np.concatenate([np.full(rows.size, np.inf), np.where(self.given, most, np.inf)]),
            np.zeros(cost.size),
            upper,
            np.zeros(cost.size, dtype=bool),
            self.program.offset,
        )
        return Highs(program, presolve="off", solver="simplex", **EXACT)


def optimum(highs: Highs) -> tuple[float, np.ndarray]:
    """Solve a response; return the least cost and the columns.

    Raises
    ------
    ArithmeticError
        When HiGHS ends without an optimum; the response always has one.
    """
    outcome = highs.solve()
    if not outcome.settled:
        outcome = highs.solve_anew()
    if outcome.objective is None or outcome.solution is None:
        raise ArithmeticError(f"a piece of the response ended with {outcome.termination!r}")
    return outcome.objective, outcome.solution


def _pairs_of_columns(network: Network, compiled: Compiled) -> tuple[list[Pair], np.ndarray, np.ndarray]:
    """The pair in whose rows a column stands first, whether it is about what is sold there, and whether it is a dispatch."""
    pairs: list[Pair] = []
    sold, dispatches = (np.zeros(len(compiled.variables), dtype=bool) for _ in range(2))
    for column, variable in enumerate(compiled.variables):
        kind, index = variable.parent_component().local_name, variable.index()
        sold[column] = kind in ("fill", "wait", "late")
        dispatches[column] = kind in ("ship", "contract")
        if dispatches[column]:
            lane = network.lanes[index[0]]
            pairs.append((lane.destination, lane.item))
        elif kind in ("make", "save"):
            process = network.processes[index[0]]
            pairs.append((process.site, process.output))
        else:
            pairs.append((index[0], index[1]))
    return pairs, sold, dispatches


def _pairs_of_rows(network: Network, compiled: Compiled, b: object) -> tuple[list[Pair], np.ndarray, np.ndarray]:
    """The pair that a row belongs to, whether it is about what waits there, and the price of a source in it."""
    pairs: dict[int, Pair] = {}
    waits, prices = np.zeros(compiled.program.row_lower.size, dtype=bool), np.empty(compiled.program.row_lower.size)
    for name, worth in source_worth(network).items():
        for index, constraint in getattr(b, name).items():
            row = compiled.row.get(id(constraint))
            if row is not None:
                pairs[row], prices[row] = worth(index)
                waits[row] = name == "waiting"
    return [pairs[row] for row in range(len(pairs))], waits, prices


def subnetwork_combinations(piece: Subnetwork, pieces: Subnetworks) -> list[PolicyIndices]:
    """All combinations of a piece's regimes; policies that move shares change least often."""
    order = sorted(range(len(piece.regimes)), key=lambda place: piece.regimes[place] in pieces.owners)
    back = np.argsort(order)
    return [
        tuple(policy_indices[place] for place in back)
        for policy_indices in gray_order([pieces.sizes[piece.regimes[place]] for place in order])
    ]
