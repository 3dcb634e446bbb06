"""The counterpart's response: a linear program for fixed policies (model.md section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..algebra import (
    Block,
    Constraint,
    Expression,
    Model,
    NonNegativeReals,
    Objective,
    Set,
    Var,
    minimize,
    quicksum,
    weighted,
)
from ..algebra.traced import fsum
from ..network import OPEN, Kernel, Network, Pair, holding_weeks
from ..network.timing import arrival_terms

if TYPE_CHECKING:
    from ...data.schema.tables import Lane

SIDE = "counterpart"

Arc = tuple[str, str, int]
"""A dispatch: lane, policy, week."""


class FollowerData:
    """Index sets and coefficients of the response, read once from the network.

    Attributes
    ----------
    arcs : list of (lane, policy)
        Every inbound lane of the counterpart with every policy of the regime that acts on it.
    capacity : dict of (lane, policy, week) to float
        Most that an arc dispatches beyond a contract: A_p(t) cap_l(t), before a policy begins (1 + surge) cap_l(t), less what is
        contracted.
    paperwork : dict of (lane, policy, week) to float
        What a unit of an arc costs its applicant, where it costs anything.
    contracted : dict of (lane, policy) to list of float
        What a lane with a ``min_flow`` carries at least in every week under a policy.
    pairs, held, filled : list of (site, item)
        Pairs with a balance row, tracked ones (with a stock and a terminal row), and those with sales (Q(t) > 0 in any week).
    waiting : list of (site, item)
        Pairs whose home demand can wait.
    sales : dict of (site, item) to tuple of (float, float)
        Q(t) and K(t) of every pair, week by week.
    """

    def __init__(self, network: Network):
        self.network = network
        self.weeks = network.weeks
        self.lanes = network.lanes_into(SIDE)
        self.kernel: dict[Arc, Kernel] = {}
        self.capacity: dict[Arc, float] = {}
        self.paperwork: dict[Arc, float] = {}
        self.contracted: dict[tuple[str, str], list[float]] = {}
        for lane in self.lanes:
            for policy in network.menu.get(lane.regime or "", [OPEN]):
                row = network.policy(network.our_regime(lane), policy)
                shares = [network.carried(row, week) for week in range(self.weeks)]
                least = [network.contracted(lane, week, share) for week, share in enumerate(shares)]
                for week, most in enumerate(network.capacities(lane, shares)):
                    arc = lane.lane, policy, week
                    self.kernel[arc] = network.kernel(row, week)
                    self.capacity[arc] = most - least[week]
                    if cost := network.paperwork(row, lane, week):
                        self.paperwork[arc] = cost
                if lane.min_flow > 0:
                    self.contracted[lane.lane, policy] = least
        self.index()
        self.processes = [process.process for process in network.processes_on(SIDE)]
        self.savings = [key for key in network.savings if key[0] in self.processes]
        self.pairs = network.pairs(SIDE)
        self.held = [pair for pair in self.pairs if pair in network.tracked]
        self.sales = {pair: network.sales(pair) for pair in self.pairs}
        self.filled = [pair for pair in self.pairs if network.sells(pair)]
        self.waiting = [pair for pair in self.filled if network.waits(pair) > 0]
        self.leaving = {
            pair: [lane.lane for lane in network.outbound.get(pair, ()) if network.side[lane.destination] == SIDE]
            for pair in self.held
        }

    def index(self) -> None:
        """Set all that follows from the kernels; to be called again when arcs are added to them."""
        self.arcs = list(dict.fromkeys((lane, policy) for lane, policy, _ in self.kernel))
        self.arriving, self.under_way = arrival_terms(
            ((index, self.network.lanes[index[0]], index[2], kernel) for index, kernel in self.kernel.items()),
            self.weeks,
        )
        self.policies_of: dict[str, list[str]] = {}
        for name, policy in self.arcs:
            self.policies_of.setdefault(name, []).append(policy)
        # A contract is one dispatch of all its weeks' goods.
        self.delivered: dict[tuple[str, str, int], dict[tuple[str, str], float]] = {}
        self.delivered_late: dict[Pair, dict[tuple[str, str], float]] = {}
        self.contract_price: dict[tuple[str, str], float] = {}
        for (name, policy), least in self.contracted.items():
            self._contract(self.network.lanes[name], policy, least)

    def _contract(self, lane: Lane, policy: str, least: list[float]) -> None:
        key, price = (lane.lane, policy), 0.0
        kernels = [self.kernel[lane.lane, policy, week] for week in range(self.weeks)]
        for week, (amount, kernel) in enumerate(zip(least, kernels, strict=True)):
            price += self.price((lane.lane, policy, week)) * amount
            for lag, share in kernel:
                arrival = week + lane.lead_weeks + lag
                if arrival < self.weeks:
                    row = self.delivered.setdefault((lane.destination, lane.item, arrival), {})
                    row[key] = row.get(key, 0.0) + share * amount
                else:
                    late = self.delivered_late.setdefault((lane.destination, lane.item), {})
                    late[key] = late.get(key, 0.0) + share * amount
        self.contract_price[key] = price

    def price(self, arc: Arc) -> float:
        """landed_cost(t) + holding_cost H_p(t) + applicant_cost: what a unit dispatched costs."""
        lane = self.network.lanes[arc[0]]
        held = self.network.holding[lane.item] * holding_weeks(self.kernel[arc])
        return self.network.weekly.landed_cost[lane.lane][arc[2]] + held + self.paperwork.get(arc, 0.0)

    def forfeit(self, lane: str) -> float:
        """What the contract of a lane costs unless it is kept: more than to keep it under any policy."""
        return 1.0 + 10.0 * fsum(price for (name, _), price in self.contract_price.items() if name == lane)

    def dispatched(self, b: Any, lane: str, week: int) -> list[tuple[float, Any]]:
        """(units, variable) of all that a lane dispatches in a week, its contract included."""
        terms = [(1.0, b.ship[lane, policy, week]) for policy in self.policies_of[lane]]
        for policy in self.policies_of[lane]:
            least = self.contracted.get((lane, policy))
            if least is not None and least[week] > 0:
                terms.append((least[week], b.contract[lane, policy]))
        return terms


def ship_bounds(b: Any, lane: str, policy: str, week: int) -> tuple[float, float]:
    """0 <= ship[l,p,t] <= A_p(t) cap_l(t) - contracted: licences cover a share of what the lane can carry.

    Before a policy begins, t < start_week, (1 + surge) cap_l(t) takes the place of A_p(t) cap_l(t). The gate sets the bound of the
    policies not chosen to 0.
    """
    return 0.0, b.data.capacity[lane, policy, week]


def contract_bounds(b: Any, lane: str, policy: str) -> tuple[float, float]:
    """0 <= contract[l,p] <= 1: the part of its contract, min(min_flow, A_p(t) cap_l(t)) in every week t, that a lane carries.

    It comes on top of ``ship``. The gate sets the bound of the policies not chosen to 0. That of the chosen one is kept whole: not
    to keep it costs more than to keep it (`purchase_cost`), and what nobody needs may be thrown away.
    """
    return 0.0, 1.0


def make_bounds(b: Any, process: str, week: int) -> tuple[float, float]:
    """0 <= make[j,t] <= capacity_j(t)."""
    return 0.0, b.data.network.most_made(b.data.network.processes[process], week)


def stock_bounds(b: Any, site: str, item: str, week: int) -> tuple[float, float]:
    """0 <= stock[s,i,t] <= capacity of the stock."""
    return 0.0, b.data.network.most_held((site, item))


def fill_bounds(b: Any, site: str, item: str, week: int) -> tuple[float, float]:
    """0 <= fill[s,i,t] <= 1; 1 in weeks in which nothing is sold."""
    return 0.0 if b.data.sales[site, item][week][0] > 0 else 1.0, 1.0


def balance(b: Any, site: str, item: str, week: int) -> Any:
    """Balance of a pair.

    stock[t-1] + initial(t=0) + pipeline(t) + arrivals(t) + make - use - internal shipments out - Q(t) fill[t] - late[t]
    - stock[t] >= 0, use = sum of quantity make - save over the processes that need the item
    """
    data, network, pair = b.data, b.data.network, (site, item)
    terms = [(share, b.ship[index]) for share, index in data.arriving.get((site, item, week), ())]
    terms += [(units, b.contract[index]) for index, units in data.delivered.get((site, item, week), {}).items()]
    terms += [(1.0, b.make[process.process, week]) for process in network.makers.get(pair, ())]
    terms += [(-quantity, b.make[process.process, week]) for process, quantity in network.uses.get(pair, ())]
    keys = ((process.process, item) for process, _ in network.uses.get(pair, ()))
    terms += [(1.0, b.save[(*key, week)]) for key in keys if key in network.savings]
    if pair in data.leaving:
        terms += [(-units, move) for lane in data.leaving[pair] for units, move in data.dispatched(b, lane, week)]
        terms.append((-1.0, b.stock[site, item, week]))
        if week > 0:
            terms.append((1.0, b.stock[site, item, week - 1]))
    if data.sales[pair][week][0] > 0:
        terms.append((-data.sales[pair][week][0], b.fill[site, item, week]))
    if pair in data.waiting:
        terms.append((-1.0, b.late[site, item, week]))
    if not terms:
        return Constraint.Skip
    given = network.pipeline(pair, week) + (network.stock(pair).initial if week == 0 else 0.0)
    return weighted(terms) >= -given


def saved(b: Any, process: str, item: str, week: int) -> Any:
    """A process can do with less of an input: save[j,i,t] <= saving_share quantity make[j,t]."""
    most, _ = b.data.network.savings[process, item]
    return most * b.make[process, week] - b.save[process, item, week] >= 0


def waiting(b: Any, site: str, item: str, week: int) -> Any:
    """What is not served in its week waits, as far as it does.

    wait[s,i,t] >= wait[s,i,t-1] + backorder_share quantity(t) (1 - fill[s,i,t]) - late[s,i,t]
    """
    network, pair = b.data.network, (site, item)
    units = network.waits(pair) * network.weekly.quantity[pair][week]
    waits = b.wait[site, item, week] - (b.wait[site, item, week - 1] if week else 0.0) + b.late[site, item, week]
    return waits + units * b.fill[site, item, week] >= units if units else waits >= 0


def terminal(b: Any, site: str, item: str) -> Any:
    """Position + short_end >= target: stock at T-1 and goods under way make the end of the horizon neutral."""
    data, pair = b.data, (site, item)
    under_way = weighted((share, b.ship[index]) for share, index in data.under_way.get(pair, ()))
    under_way += weighted((units, b.contract[index]) for index, units in data.delivered_late.get(pair, {}).items())
    position = b.stock[site, item, data.weeks - 1] + under_way
    return position + b.short_end[site, item] >= data.network.target(pair)


def purchase_cost(b: Any) -> Any:
    """Sum of (landed_cost(t) + holding_cost H_p(t) + applicant_cost of p while it acts) of all dispatches, contracts included.

    For every contract forfeit_l (1 - sum over p of contract[l,p]) comes on top, which no least-cost response pays: forfeit_l is
    more than the contract costs.
    """
    data = b.data
    total = weighted((data.price(arc), b.ship[arc]) for arc in data.kernel)
    total += weighted((price, b.contract[key]) for key, price in data.contract_price.items())
    for lane in dict.fromkeys(name for name, _ in data.contracted):
        kept = quicksum(b.contract[lane, policy] for name, policy in data.contracted if name == lane)
        total += data.forfeit(lane) * (1 - kept)
    return total


def production_cost(b: Any) -> Any:
    """Sum of unit_cost make[j,t] + sum of saving_cost save[j,i,t]."""
    network = b.data.network
    terms = [(network.processes[process].unit_cost, move) for (process, _), move in b.make.items()]
    terms += [(network.savings[process, item][1], move) for (process, item, _), move in b.save.items()]
    return weighted(terms)


def holding_cost(b: Any) -> Any:
    """Sum of holding_cost stock[s,i,t]."""
    holding = b.data.network.holding
    return weighted((holding[item], units) for (_, item, _), units in b.stock.items())


def shortage_cost(b: Any) -> Any:
    """Sum of K(t) (1 - fill[s,i,t]) + sum of backorder_cost wait[s,i,t] + sum of shortage_penalty(T - 1) wait[s,i,T-1]."""
    data, network = b.data, b.data.network
    terms, whole = [], 0.0
    for (site, item, week), fill in b.fill.items():
        lost = data.sales[site, item][week][1]
        terms.append((-lost, fill))
        whole += lost
    terms += [(network.demands[site, item].backorder_cost, waits) for (site, item, _), waits in b.wait.items()]
    terms += [(network.weekly.penalty[pair][-1], b.wait[(*pair, data.weeks - 1)]) for pair in data.waiting]
    return weighted(terms, whole)


def terminal_cost(b: Any) -> Any:
    """Sum of terminal price * short_end[s,i]."""
    network = b.data.network
    return weighted((network.terminal_price(pair), b.short_end[pair]) for pair in b.held)


def source_worth(network: Network) -> dict[str, Callable[[Any], tuple[Pair, float]]]:
    """By name of a family of rows: the pair that a row belongs to, and the most that a unit of its right-hand side is worth.

    A balance has the worth of its pair, a terminal row its terminal price, what can be saved the worth of the input less the cost
    of saving it, what waits the most that waiting can cost. Nothing is worth more (section 5): a source at that price lowers no V.
    """
    worth = network.worth(SIDE)

    def saved_at(index: Any) -> tuple[Pair, float]:
        process = network.processes[index[0]]
        gain = worth[process.site, index[1]] - network.savings[index[0], index[1]][1]
        # With its output, where what is made of the input is decided.
        return (process.site, process.output), max(0.0, gain)

    return {
        "balance": lambda index: (index[:2], worth[index[:2]]),
        "terminal": lambda index: (index[:2], network.terminal_price(index[:2])),
        "saved": saved_at,
        "waiting": lambda index: (index[:2], network.most_waiting(index[:2])),
    }


def build_follower(network: Network, data: FollowerData | None = None) -> Model:
    """Build the response with every policy of every regime as an arc of its own.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    data
        Index sets, where they are not those of the case alone.

    Returns
    -------
    Model
        A model with one block ``response`` and the objective ``least_cost``. Policies are chosen by the bounds of
        ``response.ship`` (see `ship_bounds`).
    """
    model = Model("response", network.check)
    model.response = Block(rule=lambda b: fill_follower_block(b, data or FollowerData(network)))
    model.least_cost = Objective(expr=model.response.cost, sense=minimize)
    return model


def fill_follower_block(b: Any, data: FollowerData) -> None:
    """Put sets, variables, constraints and cost of the response into a block."""
    b.data = data
    b.weeks = Set(initialize=range(data.weeks))
    b.arcs = Set(initialize=data.arcs, dimen=2)
    b.processes = Set(initialize=data.processes)
    b.pairs = Set(initialize=data.pairs, dimen=2)
    b.held = Set(initialize=data.held, dimen=2)
    b.filled = Set(initialize=data.filled, dimen=2)
    b.contracts = Set(initialize=list(data.contracted), dimen=2)
    b.savings = Set(initialize=data.savings, dimen=2)
    b.backordered = Set(initialize=data.waiting, dimen=2)

    b.ship = Var(b.arcs, b.weeks, within=NonNegativeReals, bounds=ship_bounds)
    b.contract = Var(b.contracts, within=NonNegativeReals, bounds=contract_bounds)
    b.make = Var(b.processes, b.weeks, within=NonNegativeReals, bounds=make_bounds)
    b.save = Var(b.savings, b.weeks, within=NonNegativeReals)
    b.stock = Var(b.held, b.weeks, within=NonNegativeReals, bounds=stock_bounds)
    b.fill = Var(b.filled, b.weeks, within=NonNegativeReals, bounds=fill_bounds)
    b.wait = Var(b.backordered, b.weeks, within=NonNegativeReals)
    b.late = Var(b.backordered, b.weeks, within=NonNegativeReals)
    b.short_end = Var(b.held, within=NonNegativeReals)

    b.balance = Constraint(b.pairs, b.weeks, rule=balance)
    b.saved = Constraint(b.savings, b.weeks, rule=saved)
    b.waiting = Constraint(b.backordered, b.weeks, rule=waiting)
    b.terminal = Constraint(b.held, rule=terminal)

    b.purchase_cost = Expression(rule=purchase_cost)
    b.production_cost = Expression(rule=production_cost)
    b.holding_cost = Expression(rule=holding_cost)
    b.shortage_cost = Expression(rule=shortage_cost)
    b.terminal_cost = Expression(rule=terminal_cost)
    b.cost = Expression(expr=b.purchase_cost + b.production_cost + b.holding_cost + b.shortage_cost + b.terminal_cost)
