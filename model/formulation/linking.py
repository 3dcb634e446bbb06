"""Our side and the counterpart's least-cost response together, for one choice of policies (model.md sections 4 to 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ..algebra import Block, Constraint, Model, quicksum
from ..algebra.traced import Numbers, fsum
from ..network import Network
from ..solver.arrays import Compiled, compile_model
from .follower import FollowerData, fill_follower_block
from .leader import build_leader

Choice = Mapping[str, str]


def fill_link(model: Any, site: str, item: str, week: int) -> Any:
    """Our side sees the fill of the response: counterpart_fill[s,i,t] == fill[s,i,t]."""
    return model.counterpart_fill[site, item, week] - model.response.fill[site, item, week] == 0


def order_link(model: Any, lane: str, week: int) -> Any:
    """The counterpart orders what it dispatches: order[l,t] == sum over policies of ship[l,p,t] and of what is contracted."""
    b = model.response
    return model.order[lane, week] - quicksum(units * move for units, move in b.data.dispatched(b, lane, week)) == 0


def margin_terms(network: Network, b: Any) -> list[tuple[float, Any]]:
    """(coefficient, variable) of the margin earned: weight * margin on all that lanes to the counterpart dispatch."""
    return _dispatch_terms(
        network, b, {lane.lane: network.weight[lane.origin] * lane.margin for lane in network.paying}
    )


def _dispatch_terms(network: Network, b: Any, values: Mapping[str, float]) -> list[tuple[float, Any]]:
    """(coefficient, variable) of a value per unit, by lane, of all that lanes to the counterpart dispatch."""
    terms = []
    for lane, value in values.items():
        for policy in b.data.policies_of[lane]:
            terms += [(value, b.ship[lane, policy, week]) for week in range(network.weeks)]
            contract = fsum(b.data.contracted.get((lane, policy), ()))
            if contract > 0:
                terms.append((value * contract, b.contract[lane, policy]))
    return terms


def margin_link(model: Any) -> Any:
    """Our side earns margin_earned == sum of weight * margin on all that lanes to the counterpart dispatch, order[l,t]."""
    terms = margin_terms(model.network, model.response)
    return model.margin_earned - quicksum(value * variable for value, variable in terms) == 0


def lasting_link(model: Any) -> Any:
    """What the counterpart orders keeps customers: lasting_kept == sum of lasting[l] on all that lanes to it dispatch."""
    terms = _dispatch_terms(model.network, model.response, model.network.lasting)
    return model.lasting_kept - quicksum(value * variable for value, variable in terms) == 0


def least_cost(model: Any) -> Any:
    """The counterpart plays a least-cost response: cost <= V; the right-hand side is V of the chosen policies."""
    return model.response.cost <= 0


def build_leader_problem(
    network: Network, scenarios: Sequence[str] | None = None, limited: bool = True, data: FollowerData | None = None
) -> Model:
    """Build our side together with the response on its least-cost face.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    scenarios, limited
        As in `build_leader`.
    data
        Index sets and coefficients of the response, where they are there already.

    Returns
    -------
    Model
        The model of `build_leader` with a block ``response`` and the rows that link the two. Policies are chosen by the
        bounds of ``response.ship``, V by the right-hand side of ``least_cost``.
    """
    model = build_leader(network, scenarios, limited)
    model.response = Block(rule=lambda b: fill_follower_block(b, data or FollowerData(network)))
    link_sides(model)
    model.least_cost = Constraint(rule=least_cost)
    return model


def link_sides(model: Any) -> None:
    """Put the rows that link our side with the block ``response`` into a model that has both."""
    model.fill_link = Constraint(model.watched, model.weeks, rule=fill_link)
    model.order_link = Constraint(model.orders, model.weeks, rule=order_link)
    model.margin_link = Constraint(rule=margin_link)
    if model.lasts:
        model.lasting_link = Constraint(rule=lasting_link)


def own_columns(model: Any) -> list[tuple[str, str, Any]]:
    """(regime, policy, variable) of our side's variables that a policy opens, each at most 1."""
    found = [(*key, variable) for key, variable in model.taken.items()]
    return found + [(key[0], key[1], variable) for key, variable in model.yielded.items()]


class PolicyBounds:
    """Which columns of ``response.ship`` and ``response.contract``, and of our side, a choice of policies opens.

    Parameters
    ----------
    compiled
        A compiled model that holds a response block.
    block
        The block.
    own
        Variables of our side that policies open, as of `own_columns`.

    Attributes
    ----------
    columns, capacity : dict of (regime, policy) to array
        Columns the pair opens, and their capacities.
    own : dict of (regime, policy) to array
        Those of our side among them; pairs without any are left out.
    """

    def __init__(self, compiled: Compiled, block: Any, own: Sequence[tuple[str, str, Any]] = ()):
        network = block.data.network
        places: dict[tuple[str, str], list[int]] = {
            (regime, policy): [] for regime, menu in network.menu.items() for policy in menu
        }
        capacity: dict[tuple[str, str], list[float]] = {key: [] for key in places}
        arcs = [(*arc[:2], block.data.capacity[arc], variable) for arc, variable in block.ship.items()]
        arcs += [(lane, policy, 1.0, variable) for (lane, policy), variable in block.contract.items()]
        for lane, policy, most, variable in arcs:
            regime = network.our_regime(network.lanes[lane])
            place = compiled.column.get(id(variable))
            if regime is not None and place is not None:
                places[regime, policy].append(place)
                capacity[regime, policy].append(most)
        found: dict[tuple[str, str], list[int]] = {}
        for regime, policy, variable in own:
            place = compiled.column.get(id(variable))
            if place is not None:
                found.setdefault((regime, policy), []).append(place)
        for key, mine in found.items():
            places[key] += mine
            capacity[key] += [1.0] * len(mine)
        self.own = {key: np.array(mine, dtype=np.int32) for key, mine in found.items()}
        self.columns = {key: np.array(value, dtype=np.int32) for key, value in places.items()}
        self._numbers = {key: Numbers(value) for key, value in capacity.items()}
        self.capacity = {key: numbers.values for key, numbers in self._numbers.items()}

    def refill(self, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay."""
        for own in self._numbers.values():
            own.put(numbers)

    def upper(self, upper: np.ndarray, choice: Choice) -> np.ndarray:
        """Return a copy of upper bounds with the policies not chosen shut."""
        gated = upper.copy()
        for (regime, policy), columns in self.columns.items():
            gated[columns] = self.capacity[regime, policy] if choice[regime] == policy else 0.0
        return gated


class LeaderProblem:
    """The leader problem compiled once; policies, V and admin costs are set in place.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    scenarios, limited, data
        As in `build_leader_problem`.

    Attributes
    ----------
    operational : array of int
        Columns of the binaries that are no first-stage choice: orders, prices by quantity, suppliers.
    """

    def __init__(
        self,
        network: Network,
        scenarios: Sequence[str] | None = None,
        limited: bool = True,
        data: FollowerData | None = None,
    ):
        self.network = network
        self.model = build_leader_problem(network, scenarios, limited, data)
        self.compiled = compile_model(self.model, network.check)
        self.program = self.compiled.program
        self.policy_bounds = PolicyBounds(self.compiled, self.model.response, own_columns(self.model))
        self.outputs = output_keys(self.model)
        qualify = self.compiled.columns(self.model.qualify.values())
        self.operational = np.setdiff1d(np.flatnonzero(self.program.integer), qualify)
        self.face_row = self.compiled.row.get(id(self.model.least_cost))
        self._face = Numbers([self.model.response.cost.constant])
        self.face_offset = float(self._face.values[0])

    def forget_model(self) -> None:
        """Give back the memory of the model; the program stays."""
        self.model = self.compiled = None  # type: ignore[assignment]

    def refill(self, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay (`Tape`)."""
        self.compiled.refill(numbers)
        self.policy_bounds.refill(numbers)
        self._face.put(numbers)
        self.face_offset = float(self._face.values[0])


def output_keys(model: Any) -> list[tuple[str, Any]]:
    """(kind, index) of every output of the response that our side depends on: fills, orders, what keeps customers, margin."""
    keys: list[tuple[str, Any]] = [("fill", index) for index in model.counterpart_fill]
    keys += [("order", index) for index in model.order]
    if model.lasts:
        keys.append(("lasting", None))
    keys.append(("margin", None))
    return keys


def output_map(network: Network, compiled: Compiled, b: Any, keys: Sequence[tuple[str, Any]]) -> sparse.csr_matrix:
    """Return the matrix that takes a response's columns to its outputs, in the order of `output_keys`."""
    expressions: list[list[tuple[float, Any]]] = []
    for kind, index in keys:
        if kind == "fill":
            expressions.append([(1.0, b.fill[index])])
        elif kind == "order":
            expressions.append(b.data.dispatched(b, *index))
        elif kind == "lasting":
            expressions.append(_dispatch_terms(network, b, network.lasting))
        else:
            expressions.append(margin_terms(network, b))
    return compiled.linear_map(expressions)
