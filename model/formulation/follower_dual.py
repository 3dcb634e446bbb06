"""The dual of the counterpart's response under policies still to be chosen (model.md section 6)."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from ..algebra import Constraint, Expression, NonNegativeReals, Set, Var, quicksum
from ..algebra.traced import fsum
from ..network import Network, Pair
from .follower import SIDE, Arc, FollowerData


class DualData:
    """Index sets of the disaggregated dual.

    An arc is a dispatch (lane, policy, week). In weeks in which all policies of a regime do the same to what is dispatched, the
    choice does not matter: one arc, under ``open``, is *free* of it. All others are *chosen* with their policy.

    Attributes
    ----------
    free, chosen : list of (lane, policy, week)
        Arcs with a positive capacity.
    free_contracts, chosen_contracts : list of (lane, policy)
        Contracts of lanes outside and under our regimes.
    arriving : dict of (lane, policy, week) to list of ((site, item, week), share)
        What an arc delivers within the horizon.
    late : dict of (lane, policy, week) to float
        Share that arrives later.
    leaving : dict of lane to (site, item)
        Tracked pair of the counterpart that a lane starts from.
    touched, touched_end : dict of regime to list
        Rows of ``balance`` and ``terminal`` in which a chosen arc of the regime stands.
    worth : dict of (site, item) to float
        Most that a unit is worth there; no price is higher.
    """

    def __init__(self, data: FollowerData):
        network = data.network
        self.response = data
        self.network = network
        self.worth = network.worth(SIDE)
        self.leaving = {lane: pair for pair, lanes in data.leaving.items() for lane in lanes}
        self.free: list[Arc] = []
        self.chosen: list[Arc] = []
        for lane in data.lanes:
            policies = data.policies_of[lane.lane]
            for week in range(data.weeks):
                arcs = [(lane.lane, policy, week) for policy in policies]
                if len({(data.kernel[arc], data.capacity[arc], data.paperwork.get(arc)) for arc in arcs}) == 1:
                    arcs, places = arcs[:1], self.free
                else:
                    places = self.chosen
                places += [arc for arc in arcs if data.capacity[arc] > 0]
        contracts = {key: network.our_regime(network.lanes[key[0]]) for key in data.contracted}
        self.free_contracts = [key for key, regime in contracts.items() if regime is None]
        self.chosen_contracts = [key for key, regime in contracts.items() if regime is not None]
        self.delivered: dict[tuple[str, str], list[tuple[tuple[str, str, int], float]]] = {
            key: [] for key in data.contracted
        }
        for row, units in data.delivered.items():
            for key, amount in units.items():
                self.delivered[key].append((row, amount))
        self.delivered_late = {key: amount for units in data.delivered_late.values() for key, amount in units.items()}
        self.arriving: dict[Arc, list[tuple[tuple[str, str, int], float]]] = defaultdict(list)
        for row, terms in data.arriving.items():
            for share, index in terms:
                self.arriving[index].append((row, share))  # type: ignore[index]
        self.late = {index: share for terms in data.under_way.values() for share, index in terms}
        touched: dict[str, dict[tuple[str, str, int], None]] = {regime: {} for regime in network.menu}
        touched_end: dict[str, dict[Pair, None]] = {regime: {} for regime in network.menu}
        for arc in self.chosen:
            lane = network.lanes[arc[0]]
            rows = touched[lane.regime or ""]
            rows.update((row, None) for row, share in self.arriving[arc] if share)
            if lane.lane in self.leaving:
                rows[(*self.leaving[lane.lane], arc[2])] = None
            if self.late.get(arc):
                touched_end[lane.regime or ""][lane.destination, lane.item] = None
        for key in self.chosen_contracts:
            lane = network.lanes[key[0]]
            touched[lane.regime or ""].update((row, None) for row, _ in self.delivered[key])
            if self.delivered_late.get(key):
                touched_end[lane.regime or ""][lane.destination, lane.item] = None
        self.touched = {regime: list(rows) for regime, rows in touched.items()}
        self.touched_end = {regime: list(rows) for regime, rows in touched_end.items()}

    def regime(self, lane: str) -> str:
        """The regime of a chosen arc's lane."""
        return self.network.lanes[lane].regime or ""

    def waiting(self, site: str, item: str, week: int) -> float:
        """Units of a week's demand that wait where none of it is served."""
        return self.network.waits((site, item)) * self.network.weekly.quantity[site, item][week]

    def contract_cost(self, key: tuple[str, str]) -> float:
        """What keeping a contract costs, less what forfeiting it would."""
        return self.response.contract_price[key] - self.response.forfeit(key[0])


# Bounds ----------------------------------------------------------------------------------------------------------


def price_bounds(b: Any, site: str, item: str, week: int) -> tuple[float, float]:
    """0 <= price[s,i,t] <= worth(s,i): a source at that price would change nothing."""
    return 0.0, b.data.worth[site, item]


def end_price_bounds(b: Any, site: str, item: str) -> tuple[float, float]:
    """0 <= end_price[s,i] <= terminal price: the row of ``short_end``."""
    return 0.0, b.data.network.terminal_price((site, item))


# Constraints -----------------------------------------------------------------------------------------------------


def price_split(b: Any, regime: str, site: str, item: str, week: int) -> Any:
    """A regime's policies share the price of every row its arcs touch: price[s,i,t] == sum over p of share[g,p,s,i,t]."""
    shares = quicksum(b.share[regime, policy, site, item, week] for policy in b.data.network.menu[regime])
    return b.price[site, item, week] - shares == 0


def end_price_split(b: Any, regime: str, site: str, item: str) -> Any:
    """The same for the end of the horizon: end_price[s,i] == sum over p of end_share[g,p,s,i]."""
    shares = quicksum(b.end_share[regime, policy, site, item] for policy in b.data.network.menu[regime])
    return b.end_price[site, item] - shares == 0


def share_chosen(b: Any, regime: str, policy: str, site: str, item: str, week: int) -> Any:
    """Only the chosen policy has a share: share[g,p,s,i,t] <= worth(s,i) policy[g,p]."""
    return b.share[regime, policy, site, item, week] <= b.data.worth[site, item] * b.model().policy[regime, policy]


def end_share_chosen(b: Any, regime: str, policy: str, site: str, item: str) -> Any:
    """Only the chosen policy has a share: end_share[g,p,s,i] <= terminal price policy[g,p]."""
    most = b.data.network.terminal_price((site, item))
    return b.end_share[regime, policy, site, item] <= most * b.model().policy[regime, policy]


def purchase(b: Any, lane: str, policy: str, week: int) -> Any:
    """No free arc earns more than the rent of its capacity.

    sum over lags of a_p(t,lag) price[arrival] + late share end_price - price[origin,t] - rent[l,p,t]
    <= landed_cost + holding_cost H_p + applicant_cost
    """
    data, row, arc = b.data, b.data.network.lanes[lane], (lane, policy, week)
    terms = [share * b.price[index] for index, share in data.arriving[arc]]
    if data.late.get(arc):
        terms.append(data.late[arc] * b.end_price[row.destination, row.item])
    if lane in data.leaving:
        terms.append(-b.price[(*data.leaving[lane], week)])
    return quicksum(terms) - b.rent[arc] <= data.response.price(arc)


def purchase_under(b: Any, lane: str, policy: str, week: int) -> Any:
    """The same of a chosen arc, with its policy's shares of the prices; all are 0 unless the policy is chosen.

    sum over lags of a_p(t,lag) share[g,p,arrival] + late share end_share - share[g,p,origin,t] - rent[l,p,t]
    <= (landed_cost + holding_cost H_p + applicant_cost) policy[g,p]
    """
    data, row, arc = b.data, b.data.network.lanes[lane], (lane, policy, week)
    chosen = data.regime(lane), policy
    terms = [share * b.share[(*chosen, *index)] for index, share in data.arriving[arc] if share]
    if data.late.get(arc):
        terms.append(data.late[arc] * b.end_share[(*chosen, row.destination, row.item)])
    if lane in data.leaving:
        terms.append(-b.share[(*chosen, *data.leaving[lane], week)])
    return quicksum(terms) - b.rent[arc] <= data.response.price(arc) * b.model().policy[chosen]


def contract_kept(b: Any, lane: str, policy: str) -> Any:
    """A contract is kept: what its goods are worth - contract_rent[l,p] <= what it costs - forfeit_l."""
    data, row, key = b.data, b.data.network.lanes[lane], (lane, policy)
    terms = [units * b.price[index] for index, units in data.delivered[key]]
    if data.delivered_late.get(key):
        terms.append(data.delivered_late[key] * b.end_price[row.destination, row.item])
    return quicksum(terms) - b.contract_rent[key] <= data.contract_cost(key)


def contract_kept_under(b: Any, lane: str, policy: str) -> Any:
    """The same under a regime, with its policy's shares of the prices; the right-hand side times policy[g,p]."""
    data, row, key = b.data, b.data.network.lanes[lane], (lane, policy)
    chosen = data.regime(lane), policy
    terms = [units * b.share[(*chosen, *index)] for index, units in data.delivered[key]]
    if data.delivered_late.get(key):
        terms.append(data.delivered_late[key] * b.end_share[(*chosen, row.destination, row.item)])
    return quicksum(terms) - b.contract_rent[key] <= data.contract_cost(key) * b.model().policy[chosen]


def production(b: Any, process: str, week: int) -> Any:
    """No process earns more than the rent of its capacity.

    price[output,t] - sum of quantity price[input,t] + sum of saving_share quantity save_price[j,i,t] - make_rent[j,t] <= unit_cost
    """
    network = b.data.network
    row = network.processes[process]
    inputs = quicksum(
        quantity * b.price[row.site, item, week] for item, quantity in network.recipe[process].items() if quantity
    ) - quicksum(
        network.savings[process, item][0] * b.save_price[process, item, week]
        for item in network.recipe[process]
        if (process, item) in b.savings
    )
    rent = b.make_rent[process, week] if (process, week) in b.limited_makes else 0.0
    return b.price[row.site, row.output, week] - inputs - rent <= row.unit_cost


def save_price_bounds(b: Any, process: str, item: str, week: int) -> tuple[float, float]:
    """0 <= save_price[j,i,t] <= worth(s,i): what may be saved is worth no more than what it saves."""
    return 0.0, b.data.worth[b.data.network.processes[process].site, item]


def saving(b: Any, process: str, item: str, week: int) -> Any:
    """Saving earns no more than the price of what may be saved: price[s,i,t] - save_price[j,i,t] <= saving_cost."""
    network = b.data.network
    site = network.processes[process].site
    return b.price[site, item, week] - b.save_price[process, item, week] <= network.savings[process, item][1]


def storage(b: Any, site: str, item: str, week: int) -> Any:
    """Holding a unit earns no more than it costs.

    price[t+1] - price[t] - stock_rent[s,i,t] <= holding_cost; the last week's stock counts with end_price instead
    """
    after = b.end_price[site, item] if week == b.data.response.weeks - 1 else b.price[site, item, week + 1]
    rent = b.stock_rent[site, item, week] if (site, item) in b.limited_stocks else 0.0
    return after - b.price[site, item, week] - rent <= b.data.network.holding[item]


def sale(b: Any, site: str, item: str, week: int) -> Any:
    """Sales are served unless their goods are worth more elsewhere.

    Q(t) price[s,i,t] - backorder_share quantity(t) wait_price[s,i,t] + fill_rent[s,i,t] >= K(t)
    """
    quantity, value = b.data.response.sales[site, item][week]
    if quantity == 0:
        return Constraint.Skip
    terms = quantity * b.price[site, item, week] + b.fill_rent[site, item, week]
    if (site, item) in b.backordered:
        terms -= b.data.waiting(site, item, week) * b.wait_price[site, item, week]
    return terms >= value


def wait_price_bounds(b: Any, site: str, item: str, week: int) -> tuple[float, float]:
    """0 <= wait_price[s,i,t] <= the most that a unit that waits can cost."""
    return 0.0, b.data.network.most_waiting((site, item))


def served_late(b: Any, site: str, item: str, week: int) -> Any:
    """To serve late earns no more than its goods are worth: wait_price[s,i,t] <= price[s,i,t]."""
    return b.wait_price[site, item, week] - b.price[site, item, week] <= 0


def wait(b: Any, site: str, item: str, week: int) -> Any:
    """To wait a week longer costs what it does.

    wait_price[t] - wait_price[t+1] <= backorder_cost; in the last week wait_price <= backorder_cost + shortage_penalty(T - 1)
    """
    network, pair = b.data.network, (site, item)
    cost = network.demands[pair].backorder_cost
    if week == b.data.response.weeks - 1:
        return b.wait_price[site, item, week] <= cost + network.weekly.penalty[pair][-1]
    return b.wait_price[site, item, week] - b.wait_price[site, item, week + 1] <= cost


def dual_value(b: Any) -> Any:
    """Value of the dual, at most V: K(t) summed, what targets cost, less what is given and the rents of all capacities.

    sum of K(t) + sum of backorder_share quantity(t) wait_price + sum of target end_price + sum of forfeit
    - sum of (pipeline + initial(t=0)) price - sum of capacity rent
    - sum of contract_rent - sum of fill_rent
    """
    data, network = b.data, b.data.network
    terms = [network.target(pair) * b.end_price[pair] for pair in data.response.held]
    for (site, item, week), price in b.price.items():
        given = network.pipeline((site, item), week) + (network.stock((site, item)).initial if week == 0 else 0.0)
        if given:
            terms.append(-given * price)
    terms += [data.waiting(*index) * price for index, price in b.wait_price.items()]
    terms += [-data.response.capacity[arc] * rent for arc, rent in b.rent.items()]
    terms += [-rent for rent in b.contract_rent.values()]
    terms += [-network.most_made(network.processes[name], week) * rent for (name, week), rent in b.make_rent.items()]
    terms += [-network.most_held((site, item)) * rent for (site, item, _), rent in b.stock_rent.items()]
    terms += [-rent for rent in b.fill_rent.values()]
    sales = fsum(fsum(data.response.sales[pair][week][1] for pair in data.response.filled) for week in b.weeks)
    forfeits = fsum(map(data.response.forfeit, dict.fromkeys(lane for lane, _ in data.response.contracted)))
    return quicksum(terms) + sales + forfeits


def fill_follower_dual_block(b: Any, network: Network, response: FollowerData | None = None) -> None:
    """Put sets, variables, constraints and value of the disaggregated dual into a block.

    Parameters
    ----------
    b
        The block; its model holds the binaries ``policy[g,p]``.
    network
        The case as the mathematics sees it.
    response
        Index sets of the response, where they are at hand.
    """
    data = b.data = DualData(response or FollowerData(network))
    menu, held = network.menu, data.response.held
    b.weeks = Set(initialize=range(network.weeks))
    b.pairs = Set(initialize=data.response.pairs, dimen=2)
    b.held = Set(initialize=held, dimen=2)
    b.filled = Set(initialize=data.response.filled, dimen=2)
    b.free = Set(initialize=data.free, dimen=3)
    b.chosen = Set(initialize=data.chosen, dimen=3)
    b.free_contracts = Set(initialize=data.free_contracts, dimen=2)
    b.chosen_contracts = Set(initialize=data.chosen_contracts, dimen=2)
    b.processes = Set(initialize=data.response.processes)
    b.savings = Set(initialize=data.response.savings, dimen=2)
    b.backordered = Set(initialize=data.response.waiting, dimen=2)
    b.limited_makes = Set(
        initialize=[
            (name, week)
            for name in data.response.processes
            for week in b.weeks
            if math.isfinite(network.most_made(network.processes[name], week))
        ],
        dimen=2,
    )
    b.limited_stocks = Set(initialize=[pair for pair in held if math.isfinite(network.most_held(pair))], dimen=2)
    b.touched = Set(initialize=[(regime, *row) for regime in menu for row in data.touched[regime]], dimen=4)
    b.touched_end = Set(initialize=[(regime, *row) for regime in menu for row in data.touched_end[regime]], dimen=3)
    b.shares = Set(
        initialize=[
            (regime, policy, *row) for regime in menu for policy in menu[regime] for row in data.touched[regime]
        ],
        dimen=5,
    )
    b.end_shares = Set(
        initialize=[
            (regime, policy, *row) for regime in menu for policy in menu[regime] for row in data.touched_end[regime]
        ],
        dimen=4,
    )

    b.price = Var(b.pairs, b.weeks, within=NonNegativeReals, bounds=price_bounds)
    b.end_price = Var(b.held, within=NonNegativeReals, bounds=end_price_bounds)
    b.rent = Var(b.free | b.chosen, within=NonNegativeReals)
    b.contract_rent = Var(b.free_contracts | b.chosen_contracts, within=NonNegativeReals)
    b.save_price = Var(b.savings, b.weeks, within=NonNegativeReals, bounds=save_price_bounds)
    b.wait_price = Var(b.backordered, b.weeks, within=NonNegativeReals, bounds=wait_price_bounds)
    b.make_rent = Var(b.limited_makes, within=NonNegativeReals)
    b.stock_rent = Var(b.limited_stocks, b.weeks, within=NonNegativeReals)
    b.fill_rent = Var(b.filled, b.weeks, within=NonNegativeReals)
    b.share = Var(b.shares, within=NonNegativeReals)
    b.end_share = Var(b.end_shares, within=NonNegativeReals)

    b.price_split = Constraint(b.touched, rule=price_split)
    b.end_price_split = Constraint(b.touched_end, rule=end_price_split)
    b.share_chosen = Constraint(b.shares, rule=share_chosen)
    b.end_share_chosen = Constraint(b.end_shares, rule=end_share_chosen)
    b.purchase = Constraint(b.free, rule=purchase)
    b.purchase_under = Constraint(b.chosen, rule=purchase_under)
    b.contract_kept = Constraint(b.free_contracts, rule=contract_kept)
    b.contract_kept_under = Constraint(b.chosen_contracts, rule=contract_kept_under)
    b.production = Constraint(b.processes, b.weeks, rule=production)
    b.saving = Constraint(b.savings, b.weeks, rule=saving)
    b.storage = Constraint(b.held, b.weeks, rule=storage)
    b.served_late = Constraint(b.backordered, b.weeks, rule=served_late)
    b.wait = Constraint(b.backordered, b.weeks, rule=wait)
    b.sale = Constraint(b.filled, b.weeks, rule=sale)
    b.value = Expression(rule=dual_value)
