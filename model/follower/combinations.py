"""Combinations of policies: enumerated component by component, combined where the limits allow (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice

import numpy as np
import scipy.sparse as sparse

from ..network import Network
from ..plan.limits import BUDGET, LIMITED, LOADS, SolveLimits, within
from ..plan.tolerances import SAME_HEIGHT
from .coded import Coded, CodedBases
from .enumerate import Enumerator, Face, FollowerArrays, PolicyIndices, gray_order
from .optimal_face import Bases, Basis, heights

MOST_COLUMNS = 50_000
"""Policy combinations of one component up to which they are enumerated."""

MOST_CANDIDATES = 2_000_000
"""Combinations of all components up to which they are searched."""

FACES = 4
"""Looks at one face that are kept."""


class TooManyCombinations(Exception):
    """The policy combinations cannot be enumerated.

    Attributes
    ----------
    count
        Number of combinations.
    """

    def __init__(self, count: int, most: int, menu: Mapping[str, Sequence[str]], regimes: Sequence[str]):
        # What it is made of, so that it comes back whole from other processes.
        super().__init__(count, most, {regime: menu[regime] for regime in regimes}, tuple(regimes))
        self.count = count
        self.most = most
        self.sizes = " x ".join(str(len(menu[regime])) for regime in regimes)
        self.regimes = tuple(regimes)

    def __str__(self) -> str:
        """Return how many there are, of what, and what to do."""
        others = [name for name in LIMITED if name != BUDGET]
        return (
            f"{self.count:,} policy combinations ({self.sizes} of {', '.join(self.regimes)}) are too many to enumerate; at most "
            f"{self.most:,} can be. Drop policies or regimes that are not in question, or tighten {', '.join(others)} or the "
            "budget, which rule combinations out."
        )


def enumerable(network: Network, solve_limits: SolveLimits) -> bool:
    """Whether the combinations that the limits allow are few enough, in every component and in all."""
    total = 1
    for regimes in network.components():
        if math.prod(len(network.menu[regime]) for regime in regimes) > 100 * MOST_COLUMNS:
            return False
        count = _count_allowed(network, regimes, solve_limits, MOST_COLUMNS)
        total *= count
        if count > MOST_COLUMNS or total > MOST_CANDIDATES:
            return False
    return True


def _count_allowed(network: Network, regimes: Sequence[str], solve_limits: SolveLimits, most: int) -> int:
    """Number of combinations of regimes that keep the limits, counted up to one more than ``most``."""
    limits = solve_limits.by_load
    # Loads are never negative: a part of a combination that breaks a limit stays over it.
    parts = [dict.fromkeys(LOADS, 0.0)]
    for regime in regimes:
        rows = [network.policy(regime, policy) for policy in network.menu[regime]]
        extended = (
            {column: used + getattr(row, column, 0.0) for column, used in loads.items()}
            for loads in parts
            for row in rows
        )
        kept = (loads for loads in extended if all(within(loads[column], limits[column]) for column in LOADS))
        parts = list(islice(kept, most + 1))
    return len(parts)


@dataclass
class Component:
    """The combinations of regimes that act on each other in the counterpart's network.

    Attributes
    ----------
    places : tuple of int
        The regimes' places among all regimes.
    policy_indices : list of tuple of int
        Policies of these regimes by number, in Gray-code order; the first is all open.
    loads : dict of str to array, shape (n,)
        Sums of reviewer load, political cost and admin cost.
    cost : array, shape (n,)
        V with the regimes of all other components open; NaN where not worked out.
    outputs : array of float32, shape (n, outputs)
        Outputs of one least-cost response each.
    prices : array of float32, shape (n, watched columns)
        Reduced costs of the columns that outputs are made of.
    bases : list of Basis or None, length n
        Optimal bases of these responses, as of `Batch`.
    """

    places: tuple[int, ...]
    policy_indices: list[PolicyIndices]
    loads: dict[str, np.ndarray]
    cost: np.ndarray
    outputs: np.ndarray | Coded
    prices: np.ndarray | Coded
    bases: Sequence[Basis | None]

    def shrink(self) -> None:
        """Give back most of the memory of outputs, prices and bases, of which few differ; none of them changes any more."""
        self.outputs, self.prices = Coded.of(self.outputs[:]), Coded.of(self.prices[:])
        known = [basis for basis in self.bases if basis is not None]
        if known and len(known) == len(self.bases):
            self.bases = CodedBases(known)

    @cached_property
    def digits(self) -> np.ndarray:
        """`policy_indices` as an array, shape (n, regimes of the component)."""
        return np.array(self.policy_indices, dtype=int)

    def full(self, column: int, regimes: int) -> PolicyIndices:
        """Policies of all regimes by number: a column's own, all others open."""
        policy_indices = [0] * regimes
        for place, digit in zip(self.places, self.policy_indices[column], strict=True):
            policy_indices[place] = digit
        return tuple(policy_indices)


class Candidates:
    """Every combination of policies that the limits allow.

    V and the outputs add up over components: those of a combination are those of all open plus each component's
    differences from them.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    solve_limits
        The widest limits a combination must keep.
    kept : array of int, shape (m, regimes), optional
        Combinations by the numbers of their policies, where the others are ruled out already; all open always is a candidate.

    Attributes
    ----------
    components : list of Component
    columns : array of int, shape (n, components)
        Column of every component.
    closed : array, shape (n,)
        Number of policies other than ``open``.
    loads : dict of str to array, shape (n,)
        Reviewer load, political cost and admin cost.
    cost : array, shape (n,)
        V; after `work_out`.

    Raises
    ------
    TooManyCombinations
        When a component or the product of all of them is too large.
    """

    def __init__(self, network: Network, solve_limits: SolveLimits, kept: np.ndarray | None = None):
        self.network = network
        self.regimes = list(network.menu)
        most = solve_limits.by_load
        if kept is not None:
            kept = np.vstack([np.zeros((1, len(self.regimes)), dtype=kept.dtype), kept])
        self.components = [self._component(regimes, most, kept) for regimes in network.components()]
        shape = tuple(len(component.policy_indices) for component in self.components)
        count = math.prod(shape)
        if count > MOST_CANDIDATES:
            raise TooManyCombinations(count, MOST_CANDIDATES, network.menu, self.regimes)
        columns = (
            np.array(np.unravel_index(np.arange(count), shape), dtype=np.int32).T if shape else np.zeros((1, 0), int)
        )
        totals = {column: self._sum_loads(column, columns) for column in LOADS}
        allowed = np.all([within(totals[column], most[column]) for column in LOADS], axis=0)
        if kept is not None:
            allowed &= np.isin(np.arange(count), self._keys_of(kept, shape))
        self.columns = columns.reshape(count, len(shape))[allowed]
        self._keys = np.flatnonzero(allowed)
        self._shape = shape
        self.loads = {column: total[allowed] for column, total in totals.items()}
        closed = [
            np.array([sum(1 for digit in policy_indices if digit) for policy_indices in component.policy_indices])
            for component in self.components
        ]
        self.closed = self._gather(closed)
        self._component_of: np.ndarray | None = None

    def _keys_of(self, kept: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of combinations among the products of all components' own."""
        columns = []
        for component in self.components:
            number = {policy_indices: column for column, policy_indices in enumerate(component.policy_indices)}
            columns.append([number[tuple(own)] for own in kept[:, component.places].tolist()])
        return np.ravel_multi_index(tuple(map(np.array, columns)), shape)

    def _component(self, regimes: Sequence[str], most: Mapping[str, float], kept: np.ndarray | None) -> Component:
        menu, network = self.network.menu, self.network
        sizes = [len(menu[regime]) for regime in regimes]
        places = tuple(self.regimes.index(regime) for regime in regimes)
        order: Iterable[PolicyIndices]
        if kept is None:
            count = math.prod(sizes)
            if count > 100 * MOST_COLUMNS:
                raise TooManyCombinations(count, MOST_COLUMNS, menu, regimes)
            order = gray_order(sizes)
        else:
            # What the limits forbid is not there any more; all open is the first.
            order = dict.fromkeys(map(tuple, kept[:, places].tolist()))
        own = {
            column: [
                [getattr(network.policy(regime, policy), column, 0.0) for policy in menu[regime]] for regime in regimes
            ]
            for column in LOADS
        }
        policy_indices: list[PolicyIndices] = []
        loads: dict[str, list[float]] = {column: [] for column in LOADS}
        for candidate in order:
            sums = {
                column: math.fsum(load[digit] for load, digit in zip(own[column], candidate, strict=True))
                for column in LOADS
            }
            if kept is not None or all(within(sums[column], most[column]) for column in LOADS):
                policy_indices.append(candidate)
                for column, total in sums.items():
                    loads[column].append(total)
        if len(policy_indices) > MOST_COLUMNS:
            raise TooManyCombinations(len(policy_indices), MOST_COLUMNS, menu, regimes)
        unknown, empty = np.full(len(policy_indices), np.nan), np.zeros((len(policy_indices), 0))
        return Component(
            places,
            policy_indices,
            {column: np.array(sums) for column, sums in loads.items()},
            unknown,
            empty,
            empty,
            [None] * len(policy_indices),
        )

    def _sum_loads(self, column: str, columns: np.ndarray) -> np.ndarray:
        total = np.zeros(len(columns))
        for number, component in enumerate(self.components):
            total += component.loads[column][columns[:, number]]
        return total

    def _gather(self, values: Sequence[np.ndarray], base: float = 0.0) -> np.ndarray:
        """Sum of every component's value; each component's first value is counted once, as ``base``."""
        total = np.full(len(self.columns), base)
        for number, value in enumerate(values):
            total += value[self.columns[:, number]] - base
        return total

    @property
    def admin(self) -> np.ndarray:
        """Admin costs, shape (n,)."""
        return self.loads["admin_cost"]

    def allowed(self, solve_limits: SolveLimits) -> np.ndarray:
        """Whether the policies of every candidate keep the limits, shape (n,)."""
        return np.all([within(self.loads[column], most) for column, most in solve_limits.by_load.items()], axis=0)

    def __len__(self) -> int:
        return len(self.columns)

    def policy_indices(self, place: int) -> PolicyIndices:
        """Policies of a candidate by number, in the order of the regimes."""
        policy_indices = [0] * len(self.regimes)
        for component, column in zip(self.components, self.columns[place], strict=True):
            for regime, digit in zip(component.places, component.policy_indices[column], strict=True):
                policy_indices[regime] = digit
        return tuple(policy_indices)

    def choice(self, place: int) -> dict[str, str]:
        """Policies of a candidate by name."""
        menu = self.network.menu
        return {
            regime: menu[regime][digit] for regime, digit in zip(self.regimes, self.policy_indices(place), strict=True)
        }

    def find(self, policy_indices: PolicyIndices) -> int | None:
        """Place of a combination among the candidates; None where the limits rule it out."""
        columns = []
        for component in self.components:
            own = tuple(policy_indices[place] for place in component.places)
            if own not in component.policy_indices:
                return None
            columns.append(component.policy_indices.index(own))
        key = int(np.ravel_multi_index(columns, self._shape)) if columns else 0
        place = int(np.searchsorted(self._keys, key))
        return place if place < len(self._keys) and self._keys[place] == key else None

    # What the response does ----------------------------------------------------------------------------------------

    @property
    def steps(self) -> int:
        """Number of responses to work out."""
        return sum(len(component.policy_indices) for component in self.components)

    def work_out(
        self,
        enumerator: Enumerator,
        open_cost: float,
        open_outputs: np.ndarray,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> bool:
        """Work out V and the outputs of every component's columns; drop candidates for which there was no time.

        Parameters
        ----------
        enumerator
            The response.
        open_cost, open_outputs
            V and outputs, shape (outputs,), of the response to all open, which is always kept.
        progress
            Called with (done, total).

        Returns
        -------
        bool
            Whether every candidate was kept.
        """
        self.open_cost, self.open_outputs = open_cost, open_outputs
        done = 0
        for component in self.components:
            batch = enumerator.run(
                self._full(component, range(len(component.policy_indices))),
                with_outputs=True,
                progress=partial(self._advance, progress, done),
            )
            component.cost, component.outputs = batch.cost, batch.outputs
            component.prices, component.bases = batch.prices, batch.bases
            if np.isnan(component.cost[0]):
                component.cost[0], component.outputs[0] = open_cost, open_outputs
                component.prices[0] = np.nan
            done += len(component.policy_indices)
        self.cost = self._gather([component.cost for component in self.components], open_cost)
        kept = ~np.isnan(self.cost)
        self.columns, self._keys, self.cost = self.columns[kept], self._keys[kept], self.cost[kept]
        self.loads = {column: total[kept] for column, total in self.loads.items()}
        self.closed = self.closed[kept]
        return bool(kept.all())

    def shrink(self) -> None:
        """Give back most of the memory of what was worked out."""
        for component in self.components:
            component.shrink()

    def _advance(self, progress: Callable[[int, int], None], before: int, count: int, _: int) -> None:
        progress(before + count, self.steps)

    def _full(self, component: Component, columns: Sequence[int] | range) -> list[PolicyIndices]:
        return [component.full(column, len(self.regimes)) for column in columns]

    @property
    def worked_out(self) -> int:
        """Number of responses worked out."""
        return sum(int(np.count_nonzero(~np.isnan(component.cost))) for component in self.components)

    def score(self, slope: np.ndarray) -> np.ndarray:
        """``slope @ outputs`` of every candidate at the response seen, shape (n,)."""
        return self._gather(
            [component.outputs @ slope for component in self.components], float(self.open_outputs @ slope)
        )

    def rent(self, rents: Mapping[tuple[str, str], float]) -> np.ndarray | float:
        """Sum of what is said of (regime, policy) over the policies of every candidate, shape (n,); 0 where nothing is said."""
        if not rents:
            return 0.0
        menu, found = self.network.menu, []
        for component in self.components:
            total = np.zeros(len(component.policy_indices))
            for place, regime in enumerate(component.places):
                name = self.regimes[regime]
                values = np.array([rents.get((name, policy), 0.0) for policy in menu[name]])
                total += values[component.digits[:, place]]
            found.append(total)
        return self._gather(found)

    def reach(self, arrays: FollowerArrays, slope: np.ndarray, scale: float) -> np.ndarray:
        """Most that ``slope @ outputs`` can be over the least-cost face of every candidate, as far as reduced costs tell.

        Outputs are made of bounded columns. The response's duals stay feasible when its cost is lowered by
        ``slope @ outputs / scale``, but for these columns: each that becomes worth having counts with all its capacity.

        Parameters
        ----------
        arrays
            The response.
        slope : array, shape (outputs,)
        scale
            How much dearer its own cost is to the response than ours.

        Returns
        -------
        array, shape (n,)
            Upper bounds; inf where there are no reduced costs.
        """
        if not self.components or not all(component.prices.shape[1] for component in self.components):
            return np.full(len(self), np.inf)
        worth = (arrays.outputs.T @ slope)[arrays.watched] / scale
        places = self._places(arrays)
        total = np.full(len(self), float(heights(self.components[0].prices[:1], worth, arrays.most, places < 0)[0]))
        for number, component in enumerate(self.components):
            taken = heights(component.prices, worth, arrays.most, places == number)
            total += taken[self.columns[:, number]]
        return scale * np.where(np.isnan(total), np.inf, total)

    def _places(self, arrays: FollowerArrays) -> np.ndarray:
        """Component of every watched column, -1 for one that no regime reaches."""
        if self._component_of is None:
            self._component_of = self._reached(arrays)
        return self._component_of

    def _reached(self, arrays: FollowerArrays) -> np.ndarray:
        from scipy.sparse.csgraph import connected_components

        matrix = arrays.program.matrix
        joined = sparse.bmat([[None, matrix], [matrix.T, None]], format="csr")
        _, labels = connected_components(joined, directed=False)
        labels = labels[matrix.shape[0] :]
        of_label = {
            int(label): number
            for number, component in enumerate(self.components)
            for regime in component.places
            for columns, _ in arrays.policy_columns[regime]
            for label in np.unique(labels[columns])
        }
        return np.array([of_label.get(int(label), -1) for label in labels[arrays.watched]], dtype=int)

    def known_faces(self, enumerator: Enumerator, worth: np.ndarray, places: np.ndarray, scale: float) -> np.ndarray:
        """Bounds as of `reach` from faces looked at before, shape (k,); inf where there are none.

        Parameters
        ----------
        enumerator
            Knows the faces.
        worth : array, shape (watched columns,)
            What the slope takes off the watched columns' cost.
        places : array of int, shape (k,)
            The candidates.
        scale
            As of `reach`.
        """
        most = enumerator.arrays.most
        known = self._faces(enumerator, places)
        return np.array([min((face.bound(worth, most, scale) for face in faces), default=np.inf) for faces in known])

    def same_faces(self, enumerator: Enumerator, worth: np.ndarray, places: np.ndarray, scale: float) -> np.ndarray:
        """Heights of faces looked at before along the same slope, shape (k,); NaN where there are none.

        Parameters
        ----------
        enumerator, worth, places, scale
            As of `known_faces`.
        """
        most = enumerator.arrays.most
        known = self._faces(enumerator, places)
        return np.array([next((f.height for f in faces if f.answers(worth, most, scale)), np.nan) for faces in known])

    def _faces(self, enumerator: Enumerator, places: np.ndarray) -> list[list[Face]]:
        """Faces looked at before, of every candidate asked for."""
        if len(self.components) != 1 or not enumerator.faces:
            return [[]] * places.size
        component, regimes = self.components[0], len(self.regimes)
        return [enumerator.faces.get(component.full(column, regimes), []) for column in self.columns[places, 0]]

    def least(
        self, enumerator: Enumerator, slope: np.ndarray, places: np.ndarray, scale: float
    ) -> tuple[np.ndarray, int]:
        """Least value of the response's cost less ``slope @ outputs / scale`` under the policies of candidates.

        Parameters
        ----------
        enumerator
            The response.
        slope : array, shape (outputs,)
        places : array of int, shape (k,)
            The candidates.
        scale
            As of `reach`.

        Returns
        -------
        values : array, shape (k,)
            NaN where the search was stopped before.
        solves
            Number of responses solved.
        """
        if not self.components:
            program = enumerator.arrays.program
            batch = enumerator.run([()], program.cost - (enumerator.arrays.outputs.T @ slope) / scale)
            return np.full(places.size, batch.cost[0]), 1
        total = np.zeros(places.size)
        base, solves = math.nan, 0
        for number, component in enumerate(self.components):
            used = np.unique(self.columns[places, number])
            if len(self.components) > 1:
                # The differences of every component are taken from all open.
                used = np.union1d([0], used)
            values = np.full(len(component.policy_indices), np.nan)
            values[used], solved = self._least(component, enumerator, slope, used, scale)
            solves += solved
            base = values[0] if number == 0 else base
            total += values[self.columns[places, number]] - (values[0] if number else 0.0)
        return total, solves

    def _least(
        self, component: Component, enumerator: Enumerator, slope: np.ndarray, used: np.ndarray, scale: float
    ) -> tuple[np.ndarray, int]:
        """Least values in a component: those of the responses seen where their bases stay optimal; the others are solved."""
        arrays = enumerator.arrays
        lowered = (arrays.outputs.T @ slope) / scale
        cost = arrays.program.cost - lowered
        combinations = self._full(component, used.tolist())
        keeping = enumerator.memory is not None and len(self.components) == 1
        values, prices = np.full(used.size, -np.inf), np.zeros((used.size, arrays.watched.size if keeping else 0))
        bases = Bases(arrays, cost)
        for place, (combination, column) in enumerate(zip(combinations, used, strict=True)):
            basis = component.bases[column]
            if basis is not None and not enumerator.stop():
                values[place], reduced = bases.least(combination, basis)
                if keeping:
                    prices[place] = reduced[arrays.watched]
        outputs = component.outputs[used]
        apart = scale * (component.cost[used] - values) - outputs @ slope
        left = np.flatnonzero(~(apart <= SAME_HEIGHT * np.maximum(1.0, np.abs(outputs) @ np.abs(slope))))
        batch = enumerator.run([combinations[place] for place in left], cost, with_outputs=keeping)
        values[left] = batch.cost
        if keeping and batch.complete and batch.prices.shape[1] == prices.shape[1]:
            prices[left] = batch.prices
            heights = scale * (component.cost[used] - values)
            for combination, height, at in zip(combinations, heights.tolist(), prices.astype(np.float32), strict=True):
                face = Face(lowered[arrays.watched], height, at)
                enumerator.faces[combination] = [face, *enumerator.faces.get(combination, [])[: FACES - 1]]
        return values, left.size
