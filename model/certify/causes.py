"""Both losses by cause: what is lost on every good sold, dearer sources, stock to rebuild (model.md section 4, Losses by cause)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulation.buying import dearer
from ..formulation.follower import SIDE
from ..leader.readout import Family
from ..network import NONE, Kernel, Network, Pair, holding_weeks
from ..network.weekly import Weeks, alike
from ..plan.tolerances import CAUSE_NOISE

if TYPE_CHECKING:
    import pandas as pd

    from ...data.schema.tables import Lane
    from ..formulation.linking import LeaderProblem
    from ..leader.problem import Problem
    from ..leader.recompute import Operations
    from .figures import Account

SALES, SOURCES, STOCK, HOLDING = "sales", "sources", "stock", "holding"
PAPERWORK = "paperwork"

PRICED_BY = {
    SALES: "shortage_penalty, margin",
    SOURCES: "unit_cost",
    STOCK: "terminal_price",
    HOLDING: "holding_cost",
    PAPERWORK: "applicant_cost",
    "orders": "order_cost",
    "package": "cost, margin",
    "imports": "margin",
    "undelivered": "margin, unit_cost",
    "second sources": "fixed_cost",
    "stockpiles": "stockpile_cost",
    "reviews": "admin_cost",
    "lasting": "margin, kept_share",
    "allies": "ally_benefit",
}
"""Columns of the case that price every cause."""

Parts = dict[tuple[str, str], tuple[float, float]]
"""(units, money) by cause and item."""


class _Ledger:
    """Adds up units and money by cause and item."""

    def __init__(self) -> None:
        self._units: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._money: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, cause: str, item: str, units: float, price: float) -> None:
        """Add units at a price."""
        self._units[cause, item].append(units)
        self._money[cause, item].append(units * price)

    def charge(self, cause: str, item: str, money: float) -> None:
        """Add money alone."""
        self._units[cause, item].append(0.0)
        self._money[cause, item].append(money)

    def parts(self) -> Parts:
        """Return the sums."""
        return {key: (math.fsum(self._units[key]), math.fsum(money)) for key, money in self._money.items()}


def usual_cost(network: Network, pair: Pair) -> float:
    """c(s,i): what a unit costs today, money per unit.

    Mean landed_cost of the inbound lanes with base_flow > 0, weighted by base_flow; else the cheapest process, unit_cost + sum of
    quantity c(s, input); else 0.
    """
    lanes = [lane for lane in network.inbound.get(pair, ()) if lane.base_flow > 0]
    if lanes:
        return math.fsum(lane.base_flow * lane.landed_cost for lane in lanes) / math.fsum(
            lane.base_flow for lane in lanes
        )
    made = [
        process.unit_cost
        + math.fsum(
            quantity * usual_cost(network, (pair[0], item))
            for item, quantity in network.recipe[process.process].items()
        )
        for process in network.makers.get(pair, ())
    ]
    return min(made, default=0.0)


class _Split:
    """Costs of one side in one solution, split by cause; constants that every solution has are left out.

    Every unit that comes to a pair counts c there, and every unit that leaves it takes c away, so that c cancels in the sum over
    all causes: a lane or process keeps what it costs more than c, a sale what it brings more than c, the end what is missing.
    """

    def __init__(self, network: Network, side: str, families: Mapping[str, Family], solution: np.ndarray):
        self.network, self.side, self.families, self.solution = network, side, families, solution
        self.ledger = _Ledger()
        self.pairs = network.pairs(side)
        self.cost = {pair: self.weight(pair[0]) * usual_cost(network, pair) for pair in self.pairs}
        self.come: dict[Pair, list[float]] = {pair: [] for pair in self.pairs}

    def weight(self, site: str) -> float:
        """Loss weight of a site's party; 1 at the counterpart."""
        return self.network.weight[site] if self.side == "ours" else 1.0

    def sums(self, name: str) -> dict[Any, float]:
        """Units of a family, all weeks together, by its index without the week."""
        family = self.families[name]
        values = family.values(self.solution)
        return {head: math.fsum(values[places].tolist()) for head, places in family.weeks.items()}

    def levels(self, name: str, figures: Callable[[Any], tuple[Weeks, ...]]) -> Iterator[tuple[Any, int, float]]:
        """Index without the week, first week and units of all weeks in which its figures are the same, of a family."""
        family = self.families[name]
        values = family.values(self.solution)
        for head, places in family.weeks.items():
            for weeks in alike(*figures(head)):
                yield head, weeks[0], math.fsum(values[places[weeks]].tolist())

    def take(self, pair: Pair, units: float) -> None:
        """Let units leave a pair with a balance."""
        if pair in self.come:
            self.come[pair].append(-units)

    def dispatch(self, lane: Lane, landed: float, moved: Sequence[tuple[float, Kernel, float]]) -> None:
        """Account for what a lane dispatches to the side at a price: units, each with its kernel and the cost of applying."""
        units = math.fsum(amount for amount, _, _ in moved)
        review = math.fsum(amount * holding_weeks(kernel) for amount, kernel, _ in moved)
        applied = math.fsum(amount * cost for amount, _, cost in moved)
        network, pair, origin = self.network, (lane.destination, lane.item), (lane.origin, lane.item)
        weight = self.weight(lane.destination)
        price = weight * landed - self.cost[pair]
        self.come[pair].append(units)
        if network.side[lane.origin] == self.side:
            if origin in network.tracked:
                price += self.cost[origin]
                self.take(origin, units)
            if self.side == "ours":
                price -= self.weight(lane.origin) * network.transfer_margin(lane)
        self.ledger.add(SOURCES, lane.item, units, price)
        self.ledger.add(HOLDING, lane.item, review, weight * network.holding[lane.item])
        if applied:
            self.ledger.add(PAPERWORK, lane.item, applied, weight)

    def production(self) -> None:
        """Account for what the side's processes make."""
        for name, units in self.sums("make").items():
            process = self.network.processes[name]
            price = self.weight(process.site) * process.unit_cost - self.cost[process.site, process.output]
            self.come[process.site, process.output].append(units)
            for item, quantity in self.network.recipe[name].items():
                price += quantity * self.cost[process.site, item]
                self.take((process.site, item), quantity * units)
            self.ledger.add(SOURCES, process.output, units, price)
        for (name, item), units in self.sums("save").items():
            site = self.network.processes[name].site
            self.take((site, item), -units)
            price = self.weight(site) * self.network.savings[name, item][1] - self.cost[site, item]
            self.ledger.add(SOURCES, item, units, price)

    def sell(self, pair: Pair, units: float, value: float) -> None:
        """Account for units sold at what each saves or brings."""
        self.take(pair, units)
        self.ledger.add(SALES, pair[1], -units, value - self.cost.get(pair, 0.0))

    def backorders(self) -> None:
        """Account for demand served late, and for what waiting costs, what waits at the end included."""
        network, wait = self.network, self.families["wait"]
        for pair, units in self.sums("late").items():
            self.take(pair, units)
            self.ledger.add(SALES, pair[1], -units, -self.cost[pair])
        levels = wait.values(self.solution)
        for pair, weeks in wait.weeks.items():
            cost = network.demands[pair].backorder_cost * math.fsum(levels[weeks].tolist())
            cost += network.weekly.penalty[pair][-1] * float(levels[weeks[-1]])
            self.ledger.charge(SALES, pair[1], self.weight(pair[0]) * cost)

    def stocks(self) -> None:
        """Account for what is held, what is short at the end, and what is there or thrown away beyond it.

        Called last: what came and did not leave is there at the end, or was thrown away.
        """
        network = self.network
        for (site, item), units in self.sums("stock").items():
            self.ledger.add(HOLDING, item, units, self.weight(site) * network.holding[item])
        short = self.families["short_end"]
        for pair, units in zip(short.keys, short.values(self.solution).tolist(), strict=True):
            self.ledger.add(STOCK, pair[1], units, self.weight(pair[0]) * network.terminal_price(pair))
        for pair, come in self.come.items():
            self.ledger.add(STOCK, pair[1], 0.0, 0.0)
            self.ledger.add(f"{STOCK} left", pair[1], math.fsum(come), self.cost[pair])

    def parts(self) -> Parts:
        """Return the causes; what is left at the end counts with the stock to rebuild, its units do not."""
        parts = self.ledger.parts()
        for (cause, item), (_, money) in list(parts.items()):
            if cause == f"{STOCK} left":
                units, before = parts[STOCK, item]
                parts[STOCK, item] = units, before + money
                del parts[cause, item]
        return parts


def _of_counterpart(leader_problem: LeaderProblem, operations: Operations) -> Parts:
    """Causes of what the response costs, without the constants of its sales."""
    network, readout, solution = leader_problem.network, operations.readout, operations.solution
    split = _Split(network, SIDE, readout.response, solution)
    ship, data = readout.response["ship"], leader_problem.model.response.data
    moved: dict[tuple[str, float], list[tuple[float, Kernel, float]]] = defaultdict(list)
    for key, units in zip(ship.keys, readout.dispatched(solution).tolist(), strict=True):
        if units:
            price = network.weekly.landed_cost[key[0]][key[2]]
            moved[key[0], price].append((units, data.kernel[key], data.paperwork.get(key, 0.0)))
    for (name, price), parts in moved.items():
        split.dispatch(network.lanes[name], price, parts)
    split.production()
    sales = data.sales
    for pair, week, weeks in split.levels("fill", lambda pair: tuple(zip(*sales[pair], strict=True))):
        quantity, value = sales[pair][week]
        if quantity > 0:
            split.sell(pair, quantity * weeks, value / quantity)
    split.backorders()
    split.stocks()
    return split.parts()


def _of_ours(leader_problem: LeaderProblem, operations: Operations, scenario: str) -> Parts:
    """Causes of what our operations cost in a scenario less the margin earned, without constants and first stage."""
    network, readout, solution = leader_problem.network, operations.readout, operations.solution
    split = _Split(network, "ours", readout.ours[scenario], solution)
    ship, data = split.families["ship"], leader_problem.model.ours[scenario].data
    weekly, reviewed = network.weekly, readout.reviewed.get(scenario)
    moved: dict[tuple[str, float], list[tuple[float, Kernel, float]]] = defaultdict(list)
    for key, units in zip(ship.keys, ship.values(solution).tolist(), strict=True):
        if reviewed is None or key[0] not in data.imports.lanes:
            price = weekly.landed_cost[key[0]][key[1]]
            moved[key[0], price].append((units, data.kernel[key], data.paperwork.get(key, 0.0)))
    if reviewed is not None:
        for key, units in zip(reviewed.keys, reviewed.values(solution).tolist(), strict=True):
            price = weekly.landed_cost[key[0]][key[2]]
            moved[key[0], price].append((units, data.imports.kernel[key], data.imports.paperwork[key]))
    for (name, price), parts in moved.items():
        split.dispatch(network.lanes[name], price, parts)
    for (name, k), week, units in split.levels("bought", lambda key: (weekly.landed_cost[key[0]],)):
        split.ledger.add(SOURCES, network.lanes[name].item, units, dearer(network, name, k, week))
    for name, week, orders in split.levels("placed", lambda lane: (weekly.order_cost[lane],)):
        lane = network.lanes[name]
        split.ledger.charge(
            "orders", lane.item, orders * network.weight[lane.destination] * weekly.order_cost[name][week]
        )
    split.production()
    for pair, week, weeks in split.levels("fill", lambda pair: (weekly.quantity[pair], weekly.penalty[pair])):
        value = weekly.penalty[pair][week] * (1.0 - network.waits(pair))
        split.sell(pair, weekly.quantity[pair][week] * weeks, network.weight[pair[0]] * value)
    split.backorders()
    for name, week, weeks in split.levels("export_fill", lambda name: (weekly.base_flow[name],)):
        lane, flow = network.lanes[name], weekly.base_flow[name][week]
        split.sell((lane.origin, lane.item), flow * weeks, network.weight[lane.origin] * lane.margin)
    _exports_to_counterpart(split, operations)
    for pair, units in zip(readout.stockpile.keys, readout.stockpile.values(solution).tolist(), strict=True):
        split.come[pair].append(units)
        split.ledger.add("stockpiles", pair[1], units, network.stockpile_price(pair) - split.cost[pair])
    split.stocks()
    return split.parts()


def _exports_to_counterpart(split: _Split, operations: Operations) -> None:
    """The margin is earned on what the counterpart dispatches; what stays undelivered does not leave our stock, and costs more."""
    network, readout = split.network, operations.readout
    ordered: dict[str, list[float]] = defaultdict(list)
    for (name, _, _), units in zip(
        readout.response["ship"].keys, readout.dispatched(operations.solution).tolist(), strict=True
    ):
        ordered[name].append(units)
    undelivered, prices = split.sums("undelivered"), network.weekly.landed_cost
    for lane in network.lanes_between("ours", SIDE):
        units, origin = math.fsum(ordered[lane.lane]), (lane.origin, lane.item)
        split.ledger.add(SALES, lane.item, -units, network.weight[lane.origin] * lane.margin)
        if origin in network.tracked:
            left = undelivered.get(lane.lane, 0.0)
            split.take(origin, units - left)
            split.ledger.add(SALES, lane.item, 0.0, 0.0)
            split.ledger.add("delivered", lane.item, units - left, split.cost[origin])
    for name, week, left in split.levels("undelivered", lambda name: (prices[name],)):
        split.ledger.add("undelivered", network.lanes[name].item, left, network.slack_price(network.lanes[name], week))


def causes_table(problem: Problem, account: Account) -> pd.DataFrame:
    """Both losses by cause, in every scenario; the causes of a side and scenario add up to its loss.

    With c(s,i) the usual cost (`usual_cost`; on our side times the party's weight), all differences to the status quo:

    * ``sales`` of an item: units not sold times (what each brings - c), so net of inputs and production saved, and the cost of
      waiting;
    * ``sources``: dispatches times (landed_cost - c(destination)), production times (unit_cost + inputs at c - c(output)), inputs
      saved times (saving_cost - c);
    * ``orders``: what orders cost, whatever their size;
    * ``stock``: terminal price times what is short at the end + c times what is there, under way or thrown away;
    * ``holding``: stocks, and goods under review; ``paperwork``: dispatches times applicant_cost;
    * ``package``, ``imports`` (what our reviews of imports refuse), and on our side ``undelivered``, ``second sources``,
      ``stockpiles`` (what they cost more than c), ``reviews``, ``lasting`` (sales that do not return), ``allies`` (with a minus).

    c cancels in the sum: any other would move money between causes and lose none. What solver tolerances leave over, at most some
    millionths of the money at stake, is put to the largest cause.

    The table has side, scenario, cause, item (empty where a cause has none), units (of the item; NaN where several are added up),
    amount (money) and priced_by (columns of the case).
    """
    import pandas as pd

    status_quo, now = problem.status_quo, account.operations
    before_theirs = _of_counterpart(status_quo.leader_problem, status_quo.operations)
    before_ours = _of_ours(status_quo.leader_problem, status_quo.operations, NONE)
    theirs = _difference(_of_counterpart(problem.whole, now), before_theirs)
    fixed = now.readout.amount(now.amounts, "fixed_costs")
    imports = {("imports", ""): (math.nan, now.refused_imports)}
    priced_by = PRICED_BY | ({SOURCES: "unit_cost, saving_cost"} if problem.network.savings else {})
    if any(map(problem.network.waits, problem.network.demands)):
        priced_by[SALES] = "shortage_penalty, margin, backorder_cost"
    rows = []
    for scenario, (counterpart_loss, own_loss) in account.losses.items():
        package = problem.network.package_cost.get(scenario, 0.0) + now.refused[scenario]
        ours = _difference(_of_ours(problem.whole, now, scenario), before_ours)
        ours |= {("second sources", ""): (math.nan, fixed), ("reviews", ""): (math.nan, account.admin)}
        ours |= {("lasting", ""): (math.nan, now.lasting), ("allies", ""): (math.nan, -account.benefits)}
        for side, parts, loss in (
            ("counterpart", theirs | {("package", ""): (math.nan, package)} | imports, counterpart_loss),
            ("ours", ours, own_loss),
        ):
            rows += [
                (side, scenario, cause, item, units, amount, priced_by[cause])
                for (cause, item), (units, amount) in _settled(parts, loss).items()
            ]
    columns = ["side", "scenario", "cause", "item", "units", "amount", "priced_by"]
    return pd.DataFrame(rows, columns=columns).astype({"units": float, "amount": float})


def _difference(now: Parts, before: Parts) -> Parts:
    """Return causes less those of the status quo; units make sense of sales and of what is short at the end alone."""
    found = {}
    for key in dict.fromkeys([*now, *before]):
        (units, money), (units_before, money_before) = now.get(key, (0.0, 0.0)), before.get(key, (0.0, 0.0))
        counted = key[0] in (SALES, STOCK, "undelivered", "stockpiles")
        found[key] = (units - units_before if counted else math.nan, money - money_before)
    # What is delivered to the counterpart saves its cost: part of the sale.
    for (cause, item), (_, money) in list(found.items()):
        if cause == "delivered":
            units, lost = found[SALES, item]
            found[SALES, item] = units, lost + money
            del found[cause, item]
    return found


def _settled(parts: Parts, loss: float) -> Parts:
    """Return the causes worth listing, their sum the loss."""
    kept = {key: (units, money) for key, (units, money) in parts.items() if abs(money) > CAUSE_NOISE * abs(loss)}
    if not kept or loss == 0:
        return {}
    largest = max(kept, key=lambda key: abs(kept[key][1]))
    rest = loss - math.fsum(money for _, money in kept.values())
    units, money = kept[largest]
    return {**kept, largest: (units, money + rest)}
