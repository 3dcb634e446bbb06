"""Losses by cause: what a loss is made of, in parts that add up to it.

Every unit of (s,i) has a usual cost c(s,i): what the usual flows cost, not what the plan's do. A unit less sold loses what
it is sold for less c; a unit from a source costs what that source takes more than c; a unit missing at the end costs its
price, a unit less at the end has saved c. Summed over a side's balances all c cancel, so that the parts add up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from .case import NONE, OPEN, Case, Lane, Pair, Scenario, Settings, Tables
from .chains import Chain
from .follower import SLACK, sales_of, solve_response
from .leader import imports_loss, lasting_loss, retaliation_loss
from .planner import own_costs_today, solve_for, solve_status_quo

Cause = tuple[str, str]
"""A reason and, where it has one, the item."""


@dataclass(frozen=True)
class Causes:
    """Both losses of a scenario, by cause, and what they add up to."""

    counterpart: dict[Cause, float]
    own: dict[Cause, float]
    counterpart_loss: float
    own_loss: float


@dataclass
class Account:
    """What a side's operations cost, entry by entry; differences of two accounts are causes."""

    entries: dict[Cause, float] = field(default_factory=dict)

    def add(self, reason: str, item: str, amount: float) -> None:
        """Add to an entry."""
        self.entries[reason, item] = self.entries.get((reason, item), 0.0) + amount

    def less(self, other: Account) -> Account:
        """The difference of two accounts."""
        keys = dict.fromkeys([*self.entries, *other.entries])
        return Account({key: self.entries.get(key, 0.0) - other.entries.get(key, 0.0) for key in keys})


def usual_cost(case: Case, pair: Pair) -> float:
    """c(s,i): mean unit_cost of inbound lanes weighted by base_flow, else the cheapest process with its inputs' c, else 0."""
    lanes = [a for a in case.lanes if (a.destination, a.item) == pair and a.base_flow > 0.0]
    if lanes:
        return sum(a.landed * a.base_flow for a in lanes) / sum(a.base_flow for a in lanes)
    return min(
        (
            j.unit_cost + sum(q * usual_cost(case, (j.site, i)) for i, q in j.inputs.items())
            for j in case.processes
            if (j.site, j.output) == pair
        ),
        default=0.0,
    )


def account(
    case: Case,
    side: str,
    chain: Chain,
    policies: Mapping[str, str],
    scenario: Scenario,
    x: np.ndarray,
    pile: Mapping[Pair, float],
) -> Account:
    """A side's operations in one scenario: sales, sources, end of the horizon, holding.

    sales: what is lost where sales are missed (less margins earned) + c times what is sold.
    sources: what is paid for dispatches and production - c of what they bring + c of what they take.
    end: terminal price of what is missing + c of the position at the end and of what is thrown away.
    holding: stock, and goods under review.
    """

    def weight(site: str) -> float:
        return case.weight[site] if side == "H" else 1.0

    def cost(pair: Pair) -> float:
        return weight(pair[0]) * usual_cost(case, pair)

    found = Account()
    for lane in case.inbound(side):
        pair, item = (lane.destination, lane.item), lane.item
        policy = case.our_policy(policies, lane) if side == "C" else OPEN
        if side == "H" and case.side[lane.origin] == "C":
            policy = case.import_policy(policies, scenario, lane)
        paid = weight(lane.destination)
        unit = -cost(pair)
        within = case.side[lane.origin] == side
        if within and case.is_tracked(lane):
            unit += cost((lane.origin, item))
        if side == "H" and within and case.party[lane.origin] != case.party[lane.destination]:
            unit -= case.weight[lane.origin] * lane.margin
        for t in range(case.T):
            ship = float(x[chain.ship[lane.id, t]])
            found.add("sources", item, (unit + paid * case.unit_cost(lane, t)) * ship)
            found.add("holding", item, paid * case.holding[item] * case.waited(lane.regime, policy, t) * ship)
            found.add("paperwork", item, paid * case.applicant_cost(lane.regime, policy, t) * ship)
    for (name, t), column in chain.order.items():
        lane = next(a for a in case.lanes if a.id == name)
        found.add("orders", lane.item, weight(lane.destination) * case.order_cost(lane, t) * float(x[column]))
    for (name, k, t), column in chain.tier.items():
        lane = next(a for a in case.lanes if a.id == name)
        price = (case.features.price_breaks[name][k][1] - lane.unit_cost) * (1.0 + lane.duty)
        more = weight(lane.destination) * price * case.features.factor("lanes", name, "unit_cost", t)
        found.add("sources", lane.item, more * float(x[column]))
    for j in case.processes:
        if case.side[j.site] == side:
            unit = weight(j.site) * j.unit_cost - cost((j.site, j.output))
            unit += sum(q * cost((j.site, i)) for i, q in j.inputs.items())
            for t in range(case.T):
                found.add("sources", j.output, unit * float(x[chain.make[j.id, t]]))
            for item in j.inputs:
                saved = weight(j.site) * case.saving(j, item)[1] - cost((j.site, item))
                for t in range(case.T):
                    if ((j.id, item), t) in chain.save:
                        found.add("sources", item, saved * float(x[chain.save[(j.id, item), t]]))
    for pair in case.pairs[side]:
        _end(case, side, chain, pair, weight(pair[0]), cost(pair), x, pile, found)
    if side == "C":
        _their_sales(case, chain, cost, x, found)
    else:
        _our_sales(case, chain, cost, x, found)
    return found


def _end(
    case: Case,
    side: str,
    chain: Chain,
    pair: Pair,
    weight: float,
    cost: float,
    x: np.ndarray,
    pile: Mapping[Pair, float],
    found: Account,
) -> None:
    tracked, item = pair in case.tracked, pair[1]
    before = case.initial(pair) + pile.get(pair, 0.0) if tracked else 0.0
    for t in range(case.T):
        stock = float(x[chain.stock[pair, t]]) if tracked else 0.0
        thrown = before + chain.net[pair, t].at(x) - stock
        found.add("end", item, cost * thrown)
        found.add("holding", item, weight * case.holding[item] * stock)
        before = stock
    found.add("end", item, cost * (before + (chain.net[pair, case.T].at(x) if tracked else 0.0)))
    if tracked:
        found.add("end", item, weight * case.terminal_price(pair) * float(x[chain.short_end[pair]]))
    elif chain.net[pair, case.T].terms:
        raise RuntimeError("nothing arrives at an untracked pair")


def _their_sales(case: Case, chain: Chain, cost: Callable[[Pair], float], x: np.ndarray, found: Account) -> None:
    for pair in case.pairs["C"]:
        for t in range(case.T):
            quantity, value = sales_of(case, pair, t)
            if quantity > 0.0:
                fill = float(x[chain.fill[pair, t]])
                found.add("sales", pair[1], value * (1.0 - fill) + cost(pair) * quantity * fill)
        _backorders(case, chain, pair, 1.0, cost(pair), x, found)


def _our_sales(case: Case, chain: Chain, cost: Callable[[Pair], float], x: np.ndarray, found: Account) -> None:
    for pair in dict.fromkeys(pair for pair, _ in chain.fill):
        _backorders(case, chain, pair, case.weight[pair[0]], cost(pair), x, found)
    for (pair, t), column in chain.fill.items():
        quantity, fill = case.demand(pair, t), float(x[column])
        penalty = case.weight[pair[0]] * case.penalty(pair, t)
        found.add("sales", pair[1], quantity * (penalty * (1.0 - fill) + cost(pair) * fill))
    lanes = {lane.id: lane for lane in case.lanes}
    for (name, t), column in chain.export_fill.items():
        lane, fill = lanes[name], float(x[column])
        margin = case.weight[lane.origin] * lane.margin
        found.add("sales", lane.item, case.base_flow(lane, t) * (margin * (1.0 - fill) + cost(_origin(lane)) * fill))


def _backorders(
    case: Case, chain: Chain, pair: Pair, weight: float, cost: float, x: np.ndarray, found: Account
) -> None:
    """What waits owes no penalty, but waiting; what is served late takes goods; what waits at the end is lost."""
    share, waits = case.features.backorder_share.get(pair, 0.0), 0.0
    for t in range(case.T):
        if (pair, t) in chain.wait:
            unmet = case.demand(pair, t) * (1.0 - float(x[chain.fill[pair, t]])) if (pair, t) in chain.fill else 0.0
            waits = chain.wait[pair, t].at(x)
            waiting = weight * case.features.backorder_cost.get(pair, 0.0) * waits
            found.add("sales", pair[1], waiting - weight * case.penalty(pair, t) * share * unmet)
            found.add("sales", pair[1], cost * float(x[chain.late[pair, t]]))
    found.add("sales", pair[1], weight * case.penalty(pair, case.T - 1) * waits)


def _origin(lane: Lane) -> Pair:
    return lane.origin, lane.item


def exports(case: Case, response: Chain, chain: Chain, x: np.ndarray, found: Account) -> None:
    """Our exports to the counterpart: margins earned, what leaves our stocks, what is owed and not delivered."""
    for lane in case.inbound("C"):
        if case.side[lane.origin] != "H":
            continue
        weight = case.weight[lane.origin]
        for t in range(case.T):
            ordered, slack = float(x[response.ship[lane.id, t]]), 0.0
            if case.is_tracked(lane):
                slack = float(x[chain.slack[lane.id, t]])
                found.add("sales", lane.item, weight * usual_cost(case, _origin(lane)) * (ordered - slack))
            found.add("sales", lane.item, -weight * lane.margin * ordered)
            found.add("undelivered", lane.item, weight * 10.0 * max(lane.margin, case.unit_cost(lane, t)) * slack)


def causes(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    scenario: str = "none",
    *,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    slack: float = SLACK,
) -> Causes:
    """Both losses of a plan in a scenario (``none`` or a package), by cause.

    Reasons of both: ``sales`` (an item's, net of c), ``sources``, ``end`` (stock to rebuild, and goods left or thrown away),
    ``holding``, ``paperwork``. The counterpart's: ``package``, ``imports`` (what our reviews of imports refuse). Ours:
    ``undelivered``, ``qualification``, ``stockpile`` (its price less c), ``reviews`` (admin costs), ``lasting``, ``allies``.
    """
    case = Case(settings, tables)
    least, least_open = solve_response(case, policies).value, solve_response(case, {}).value
    solved = solve_for(
        case, policies, least, least_open, own_costs_today(case, least_open, slack), slack, qualified, stockpile
    )
    if solved is None:
        raise ValueError("the limits leave no plan")
    case_scenario = next(s for s in case.scenarios() if s.name == scenario)
    today, response0, ours0 = solve_status_quo(case, least_open, slack)
    x, chain = solved.tidy(), solved.chains[case_scenario]
    pile = {pair: float(x[column]) for pair, column in solved.first.stockpile.items()}

    theirs = account(case, "C", solved.response, policies, NONE, x, {})
    theirs = theirs.less(account(case, "C", response0, {}, NONE, today, {}))
    theirs.add("package", "", retaliation_loss(case, solved.response, case_scenario).at(x))
    theirs.add("imports", "", imports_loss(case, solved.response, policies).at(x))

    before = account(case, "H", ours0, {}, NONE, today, {})
    exports(case, response0, ours0, today, before)
    ours = account(case, "H", chain, policies, case_scenario, x, pile)
    exports(case, solved.response, chain, x, ours)
    ours = ours.less(before)
    for pair, amount in pile.items():
        ours.add(
            "stockpile", pair[1], amount * (case.stockpile_cost(pair) - case.weight[pair[0]] * usual_cost(case, pair))
        )
    ours.add("qualification", "", solved.first.fixed_costs.at(x))
    ours.add("reviews", "", case.admin_cost(policies))
    ours.add("lasting", "", lasting_loss(case, solved.response).at(x))
    ours.add("allies", "", -case.ally_benefit(policies))
    return Causes(
        counterpart=theirs.entries,
        own=ours.entries,
        counterpart_loss=solved.inflicted[case_scenario].at(x),
        own_loss=solved.suffered[case_scenario].at(x),
    )
