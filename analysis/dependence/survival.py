"""How long each side's demand is met without a site, a party or a lane, and what is lost in the end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...model.leader.problem import Problem
from ...model.network import NONE, Network, Pair
from ...model.plan.tolerances import NO_LOSS, STREAM_GONE
from ...model.solver.arrays import Program
from ...model.solver.highs import Highs

if TYPE_CHECKING:
    from ...data.schema.tables import Lane


DUAL, PRIMAL = 1, 4
"""HiGHS's numbers of its simplex methods."""


@dataclass(frozen=True)
class Supplier:
    """What is shut together from week 0 on.

    Attributes
    ----------
    kind
        ``site``, ``party`` or ``lane``.
    name
        Its id.
    party
        The party it belongs to; of a lane, the party of its origin.
    lanes
        Lanes that dispatch nothing.
    processes
        Processes that make nothing.
    """

    kind: str
    name: str
    party: str
    lanes: frozenset[str]
    processes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stream:
    """Goods that leave a side's chain under one fill rate, week by week.

    Attributes
    ----------
    label
        ``site/item`` of a demand, or of a pair of the counterpart; id of an export lane of ours.
    units
        Units a week at a fill of 1.
    value
        Money a week that is lost at a fill of 0.
    lanes
        Units and money a week of the lanes among it.
    columns
        Columns of the weekly fills in the leader problem; none where nothing but shutting its lane can stop it.
    rows
        Balance rows in which the fills take goods, one a week.
    """

    label: str
    units: float
    value: float
    lanes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    columns: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def left(self, node: Supplier | None) -> tuple[float, float]:
        """Units and money a week of what a node does not stop by itself."""
        shut = [entry for lane, entry in self.lanes.items() if node is not None and lane in node.lanes]
        units = self.units - math.fsum(entry[0] for entry in shut)
        if shut and units <= STREAM_GONE * self.units:
            return 0.0, 0.0
        return units, self.value - math.fsum(entry[1] for entry in shut)


@dataclass(frozen=True)
class Without:
    """A side without a node.

    Attributes
    ----------
    lost
        Money lost over the horizon, by stream; the least that any operation of the network loses.
    worth
        Money the status quo serves over the horizon, by stream.
    survived
        Weeks from week 0 on in which nothing need be lost; T where nothing need be lost at all.
    first
        The stream that goes short first where the least money is lost; None where none does.
    recovered
        First week from which running flows alone serve all demand again; None where there is none within T.
    """

    lost: dict[str, float]
    worth: dict[str, float]
    survived: int
    first: str | None
    recovered: int | None


def nodes(network: Network) -> Iterator[Supplier]:
    """Yield every site, party and lane as a node; of a site: all lanes from it and all processes at it."""
    for site, party in network.party.items():
        yield Supplier("site", site, party, *_of(network, {site}))
    for party in dict.fromkeys(network.party.values()):
        yield Supplier(
            "party", party, party, *_of(network, {site for site, owner in network.party.items() if owner == party})
        )
    for lane in network.lanes.values():
        yield Supplier("lane", lane.lane, network.party[lane.origin], frozenset({lane.lane}))


def _of(network: Network, sites: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    return (
        frozenset(lane.lane for lane in network.lanes.values() if lane.origin in sites),
        frozenset(process.process for process in network.processes.values() if process.site in sites),
    )


class Survival:
    """The network of the status quo as one linear program, its nodes shut in place.

    Both sides' balances, capacities and pipelines hold as in the leader problem (docs/model.md, sections 3 and 4) with every regime
    open, nothing qualified or stockpiled, scenario none. Costs do not: the program loses as little of one side's demand
    as it can, and the other side's sites are run to help. What it loses, no operation of the network can save.

    Demand is what the status quo serves: home demand and sales abroad; on our side without sales to the counterpart,
    which end when it stops ordering and not when we fail to deliver.

    Parameters
    ----------
    problem
        The case made ready.
    """

    def __init__(self, problem: Problem):
        self.network = problem.network
        self.weeks = problem.network.weeks
        status_quo = problem.status_quo
        leader_problem, solution = status_quo.leader_problem, status_quo.operations.solution
        self._compiled, self._model = leader_problem.compiled, leader_problem.model
        program = leader_problem.program.relaxed()
        program.column_upper = leader_problem.policy_bounds.upper(program.column_upper, problem.all_open)
        if leader_problem.face_row is not None:
            program.row_upper = program.row_upper.copy()
            program.row_upper[leader_problem.face_row] = math.inf
        ours = self._model.ours[NONE]
        closed = [*self._model.qualify.values(), *self._model.stockpile.values()]
        closed += [variable for (lane, _), variable in ours.ship.items() if lane in ours.data.gates]
        program.column_upper[self._places(closed)] = 0.0
        # A contract asks nobody to take what would be lost without it.
        program.column_lower[self._places(ours.ship.values())] = 0.0
        contracts = [self._compiled.row.get(id(row)) for row in ours.contracted.values()]
        program.row_lower = program.row_lower.copy()
        program.row_lower[[row for row in contracts if row is not None]] = -math.inf
        # Goods must be there to be delivered, but for what the status quo already pretends.
        undelivered = self._places(ours.undelivered.values())
        program.column_upper[undelivered] = np.maximum(0.0, solution[undelivered])
        self._program = program
        self._lane_columns = self._columns_by_id(ours.ship, self._model.response.ship, self._model.response.contract)
        self._process_columns = self._columns_by_id(ours.make, self._model.response.make)
        self.streams = {"ours": list(self._our_streams()), "counterpart": list(self._their_streams())}
        served = {side: self._levels(streams, solution) for side, streams in self.streams.items()}
        self._stocked = {side: _Run(self, side, served[side], held=True) for side in self.streams}
        self._flowing = {}
        for side, streams in self.streams.items():
            run = _Run(self, side, served[side], held=False)
            # Demand that flows alone never served, not even undisturbed, cannot be recovered by them.
            flowing = self._levels(streams, run.least_loss(None, np.ones(self.weeks)))
            self._flowing[side] = _Run(self, side, flowing, held=False)
        self._drawn = {side: self._upstream(side) for side in self.streams}
        self._settling = {side: self._longest_lead(side) for side in self.streams}
        self._known: dict[tuple[str, frozenset[str], frozenset[str]], Without] = {}

    # Reading the leader problem -----------------------------------------------------------------------------------

    def _places(self, variables: Iterable[Any]) -> np.ndarray:
        places = self._compiled.columns(variables)
        return places[places >= 0]

    def _columns_by_id(self, *families: Mapping[Any, Any]) -> dict[str, np.ndarray]:
        grouped: dict[str, list[Any]] = {}
        for family in families:
            for index, variable in family.items():
                grouped.setdefault(index[0], []).append(variable)
        return {name: self._places(variables) for name, variables in grouped.items()}

    def _fill(self, block: Any, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        weeks = range(self.weeks)
        columns = self._compiled.columns(block.fill[*pair, week] for week in weeks)
        rows = np.array([self._compiled.row.get(id(block.balance[*pair, week]), -1) for week in weeks], dtype=np.int64)
        return columns, rows

    def empty_stocks(self, program: Program) -> None:
        """Take initial stocks from a program, and the right to hold any."""
        program.row_lower = program.row_lower.copy()
        for block in (self._model.ours[NONE], self._model.response):
            program.column_upper[self._places(block.stock.values())] = 0.0
            for pair in block.held:
                row = self._compiled.row.get(id(block.balance[*pair, 0]))
                if row is not None:
                    program.row_lower[row] += self.network.stock(pair).initial

    def _our_streams(self) -> Iterator[Stream]:
        network, ours = self.network, self._model.ours[NONE]
        for pair in ours.served:
            row = network.demands[pair]
            value = row.quantity * row.shortage_penalty
            yield Stream("/".join(pair), row.quantity, value, {}, *self._fill(ours, pair))
        for lane in network.lanes_between("ours", "other"):
            if lane.base_flow > 0:
                units, value = lane.base_flow, lane.base_flow * lane.margin
                columns = (
                    self._compiled.columns(ours.export_fill[lane.lane, week] for week in range(self.weeks))
                    if lane.lane in ours.exports
                    else np.empty(0, dtype=np.int64)
                )
                yield Stream(lane.lane, units, value, {lane.lane: (units, value)}, columns)

    def _their_streams(self) -> Iterator[Stream]:
        network, response = self.network, self._model.response
        rationed: set[str] = set()
        for pair in response.filled:
            # Without profiles all weeks are alike.
            units, value = network.sales(pair)[0]
            lanes = {
                lane.lane: (lane.base_flow, lane.base_flow * lane.margin)
                for lane in network.sold_abroad.get(pair, ())
                if lane.base_flow > 0
            }
            rationed.update(lanes)
            yield Stream("/".join(pair), units, value, lanes, *self._fill(response, pair))
        for lane in network.lanes_between("counterpart", "ours", "other"):
            if lane.base_flow > 0 and lane.lane not in rationed:
                units, value = lane.base_flow, lane.base_flow * lane.margin
                yield Stream(lane.lane, units, value, {lane.lane: (units, value)})

    def _levels(self, streams: Iterable[Stream], solution: np.ndarray) -> list[np.ndarray]:
        """Weekly fill of every stream in a solution."""
        return [
            np.clip(solution[stream.columns], 0.0, 1.0) if stream.columns.size else np.ones(self.weeks)
            for stream in streams
        ]

    # What lies upstream ------------------------------------------------------------------------------------------

    def _upstream(self, side: str) -> tuple[frozenset[str], frozenset[str]]:
        """Lanes and processes that a side's demand draws on, at once or stages before, on either side."""
        network = self.network
        lanes: set[str] = set()
        processes: set[str] = set()
        ahead = [pair for pair in self._sold_pairs(side) if pair in network.tracked]
        seen = set(ahead)
        while ahead:
            pair = ahead.pop()
            feeding = self._feeding(pair)
            lanes.update(lane.lane for lane in feeding)
            made = network.makers.get(pair, ())
            processes.update(process.process for process in made)
            sources = {(lane.origin, lane.item) for lane in feeding}
            sources |= {(process.site, item) for process in made for item in network.recipe[process.process]}
            fresh = {source for source in sources if source in network.tracked} - seen
            seen |= fresh
            ahead += sorted(fresh)
        return frozenset(lanes), frozenset(processes)

    def _sold_pairs(self, side: str) -> list[Pair]:
        """Pairs where goods leave a side's chain."""
        network = self.network
        sold = [network.lanes[lane] for stream in self.streams[side] for lane in stream.lanes]
        pairs = [(lane.origin, lane.item) for lane in sold]
        pairs += [pair for pair, row in network.demands.items() if network.side[pair[0]] == side and row.quantity > 0]
        return list(dict.fromkeys(pairs))

    def _feeding(self, pair: Pair) -> list[Lane]:
        """Lanes to a pair that can carry anything in the status quo's network."""
        upper = self._program.column_upper
        return [lane for lane in self.network.inbound.get(pair, ()) if upper[self._lane_columns[lane.lane]].any()]

    def _longest_lead(self, side: str) -> int:
        """Lead times from the first stage of a side's supply to its demand, added along the slowest chain."""
        network = self.network
        known: dict[Pair, int] = {}

        def lead(pair: Pair) -> int:
            if pair not in network.tracked:
                return 0
            if pair not in known:
                # A chain that comes back to where it was is no longer for it.
                known[pair] = 0
                leads = [lane.lead_weeks + lead((lane.origin, lane.item)) for lane in self._feeding(pair)]
                for process in network.makers.get(pair, ()):
                    leads += [lead((process.site, item)) for item in network.recipe[process.process]]
                known[pair] = max(leads, default=0)
            return known[pair]

        return max((lead(pair) for pair in self._sold_pairs(side)), default=0)

    def concerns(self, node: Supplier, side: str) -> bool:
        """Whether a side's demand draws on a node; a site or a party also concerns it by what it sells itself."""
        lanes, processes = self._drawn[side]
        if node.kind != "lane" and any(lane in node.lanes for stream in self.streams[side] for lane in stream.lanes):
            return True
        return bool(node.lanes & lanes or node.processes & processes)

    # Measures ----------------------------------------------------------------------------------------------------

    def without(self, node: Supplier, side: str) -> Without:
        """Return what becomes of a side's demand without a node.

        Parameters
        ----------
        node
            What is shut.
        side
            ``ours`` or ``counterpart``.
        """
        lanes, processes = self._drawn[side]
        sold = {lane for streams in self.streams.values() for stream in streams for lane in stream.lanes}
        key = (side, node.lanes & (lanes | sold), node.processes & processes)
        if key not in self._known:
            self._known[key] = self._measure(node, side)
        return self._known[key]

    def _measure(self, node: Supplier, side: str) -> Without:
        stocked, flowing = self._stocked[side], self._flowing[side]
        with stocked.shut(node):
            lost = stocked.lost_values(stocked.least_loss(node, np.ones(self.weeks), by_value=True), node)
            survived, first = stocked.survived(node)
        with flowing.shut(node):
            recovered = flowing.recovered(node, self._settling[side])
        return Without(lost, stocked.worth(), survived, first, recovered)


class _Run:
    """The program with one side's loss as its objective.

    Parameters
    ----------
    survival
        The network.
    side
        Whose loss.
    levels : list of array, shape (weeks,)
        Weekly fill of every stream that counts as its demand.
    held
        Whether stocks may be held; without them running flows have to serve demand week by week.
    """

    def __init__(self, survival: Survival, side: str, levels: list[np.ndarray], held: bool):
        self._survival = survival
        self._streams = survival.streams[side]
        self._others = survival.streams["ours" if side == "counterpart" else "counterpart"]
        self._levels = levels
        self._weeks = survival.weeks
        self._program = program = survival._program.relaxed()
        if not held:
            survival.empty_stocks(program)
        for stream, level in zip(self._streams, levels, strict=True):
            if stream.columns.size:
                program.column_upper[stream.columns] = level
        program.cost = np.zeros_like(program.cost)
        program.offset = 0.0
        self._highs = Highs(program, presolve="off", solver="simplex")
        self._moved = True

    def worth(self) -> dict[str, float]:
        """Money the demand is worth over the horizon, by stream."""
        return {
            stream.label: stream.value * float(level.sum())
            for stream, level in zip(self._streams, self._levels, strict=True)
        }

    # Shutting ----------------------------------------------------------------------------------------------------

    def shut(self, node: Supplier) -> _Shut:
        """Return a context in which a node is shut."""
        return _Shut(self, node)

    def set_shut(self, node: Supplier, shut: bool) -> None:
        """Shut a node, or open it again."""
        self._moved = True
        survival, upper = self._survival, self._program.column_upper
        found = [survival._lane_columns[name] for name in node.lanes if name in survival._lane_columns]
        found += [survival._process_columns[name] for name in node.processes if name in survival._process_columns]
        for stream in (*self._streams, *self._others):
            left, _ = stream.left(node)
            if left == stream.units or not stream.columns.size:
                continue
            if left == 0:
                found.append(stream.columns)
            else:
                self._take(stream, left / stream.units if shut else 1.0)
        columns = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *found]))
        self._highs.set_bounds(
            columns, self._program.column_lower[columns], np.zeros(columns.size) if shut else upper[columns]
        )

    def _take(self, stream: Stream, share: float) -> None:
        """Let the fill of a stream take a share of its units from the balance."""
        for row, column in zip(stream.rows, stream.columns, strict=True):
            coefficient = float(self._program.matrix[row, column])
            self._highs.set_entry(row, column, share * coefficient)

    # Losses ------------------------------------------------------------------------------------------------------

    def least_loss(self, node: Supplier | None, weights: np.ndarray, *, by_value: bool = False) -> np.ndarray:
        """Return the columns of an operation that loses as little as can be.

        Minimise the sum over streams and weeks of weight * (level - share left * fill).

        Parameters
        ----------
        node
            The node that is shut.
        weights : array, shape (weeks,)
            What a week counts.
        by_value
            Whether a stream counts with its money a week; else every stream counts the same.
        """
        cost = np.zeros_like(self._program.cost)
        for stream in self._streams:
            if stream.columns.size and stream.units > 0:
                units, value = stream.left(node)
                cost[stream.columns] = -weights * (value if by_value else units / stream.units)
        self._highs.set_cost(cost)
        # After new bounds the last basis is good for the dual simplex method, after a new cost alone for the primal one.
        with self._highs.options(simplex_strategy=DUAL if self._moved else PRIMAL):
            outcome = self._highs.solve()
        self._moved = False
        if not outcome.optimal:
            self._highs.forget()
            outcome = self._highs.solve()
        if not outcome.optimal or outcome.solution is None:
            raise ArithmeticError(f"the network without a node ended with {outcome.termination!r}")
        return outcome.solution

    def lost_values(self, solution: np.ndarray, node: Supplier) -> dict[str, float]:
        """Money lost over the horizon, by stream."""
        losses = {}
        for stream, level in zip(self._streams, self._levels, strict=True):
            _, value = stream.left(node)
            fill = solution[stream.columns] if stream.columns.size else level
            lost = stream.value * float(level.sum()) - value * float(fill.sum())
            losses[stream.label] = lost if lost > NO_LOSS * stream.value else 0.0
        return losses

    def _weekly(self, solution: np.ndarray, node: Supplier) -> np.ndarray:
        """Share of a week's demand lost, shape (streams, weeks)."""
        lost = np.zeros((len(self._streams), self._weeks))
        for place, (stream, level) in enumerate(zip(self._streams, self._levels, strict=True)):
            units, _ = stream.left(node)
            fill = solution[stream.columns] if stream.columns.size else level
            lost[place] = np.maximum(0.0, level - units / stream.units * fill)
        return lost

    def survived(self, node: Supplier) -> tuple[int, str | None]:
        """Return the most weeks k such that nothing need be lost in weeks 0 to k - 1, and what is lost in week k."""
        weeks = np.arange(self._weeks)
        least = 0
        while least < self._weeks:
            # An operation that loses late proves what can be survived ...
            urgent = 0.5 ** np.maximum(0, weeks - least)
            spared = _spared(self._weekly(self.least_loss(node, urgent), node))
            if spared <= least:
                # ... and nothing but a loss in these weeks alone proves what cannot.
                lost = self._weekly(self.least_loss(node, (weeks <= least).astype(float)), node)
                if lost[:, : least + 1].sum() > NO_LOSS:
                    return least, self._first_short(node, weeks <= least)
                spared = max(least + 1, _spared(lost))
            least = spared
        return self._weeks, None

    def _first_short(self, node: Supplier, weeks: np.ndarray) -> str:
        """Return the stream that is given up to lose the least money in some weeks."""
        lost = self._weekly(self.least_loss(node, weeks.astype(float), by_value=True), node)
        return self._streams[int((lost * weeks).sum(axis=1).argmax())].label

    def recovered(self, node: Supplier, settling: int) -> int | None:
        """Return the first week r such that nothing need be lost in weeks r to T - 1; None where there is none.

        Parameters
        ----------
        node
            The node that is shut.
        settling
            Weeks at the end that prove nothing: goods for them were made in weeks before r, when demand did not count.
        """
        weeks = np.arange(self._weeks)

        def lasts(start: int) -> bool:
            lost = self._weekly(self.least_loss(node, (weeks >= start).astype(float)), node)
            return float(lost[:, start:].sum()) <= NO_LOSS

        last = self._weeks - 1 - settling
        if lasts(0):
            return 0
        if last <= 0 or not lasts(last):
            return None
        least, most = 0, last
        while most - least > 1:
            middle = (least + most) // 2
            if lasts(middle):
                most = middle
            else:
                least = middle
        return most


class _Shut:
    def __init__(self, run: _Run, node: Supplier):
        self._run, self._node = run, node

    def __enter__(self) -> None:
        self._run.set_shut(self._node, True)

    def __exit__(self, *raised: object) -> None:
        self._run.set_shut(self._node, False)


def _spared(lost: np.ndarray) -> int:
    """Weeks from week 0 on in which an operation loses nothing."""
    return int(np.searchsorted(np.cumsum(lost.sum(axis=0)), NO_LOSS, side="right"))
