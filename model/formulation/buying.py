"""What suppliers ask for: least orders and their cost, prices by quantity, how many supply how much (model.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..algebra import Binary, Constraint, NonNegativeReals, Set, Var, quicksum
from ..algebra.traced import fsum
from ..network import NONE

if TYPE_CHECKING:
    from ..network import Network

SIDE = "ours"


def ordering(network: Network) -> list[str]:
    """Return the lanes to our side with a least order, or with a cost of every order."""
    return [lane.lane for lane in network.lanes_into(SIDE) if lane.min_order > 0 or lane.order_cost > 0]


def tiers(network: Network) -> list[tuple[str, int]]:
    """(lane, k) of every price of a lane to our side with price breaks: 0 the plain one, k that of its k-th break."""
    lanes = [lane.lane for lane in network.lanes_into(SIDE)]
    return [(lane, k) for lane in lanes if lane in network.breaks for k in range(len(network.breaks[lane]) + 1)]


# Orders ----------------------------------------------------------------------------------------------------------


def placed_bounds(b: Any, lane: str, week: int) -> tuple[int, int]:
    """placed[l,t] in {0, 1}; 0 in weeks in which less than min_order can be carried."""
    return 0, int(b.data.capacity(lane, week) >= b.data.network.lanes[lane].min_order)


def least_order(b: Any, lane: str, week: int) -> Any:
    """What is ordered in a week is min_order at least: ship[l,t] >= min_order * placed[l,t]."""
    least = b.data.network.lanes[lane].min_order
    return b.ship[lane, week] >= least * b.placed[lane, week] if least > 0 else Constraint.Skip


def ordered(b: Any, lane: str, week: int) -> Any:
    """Without an order nothing is dispatched: ship[l,t] <= A_p(t) cap_l(t) * availability * placed[l,t]."""
    return b.ship[lane, week] <= b.data.capacity(lane, week) * b.placed[lane, week]


# Prices by quantity ----------------------------------------------------------------------------------------------


def starts(b: Any, lane: str, k: int) -> float:
    """Sum over weeks from which on the k-th price holds: from_flow T; 0 for the plain price."""
    return 0.0 if k == 0 else b.data.network.breaks[lane][k - 1].from_flow * b.data.weeks


def bought_at_one_price(b: Any, lane: str, week: int) -> Any:
    """All that is dispatched is bought at one of the prices: sum over k of bought[l,k,t] == ship[l,t]."""
    return quicksum(b.bought[key, k, week] for key, k in b.tiers if key == lane) == b.ship[lane, week]


def bought_under_tier(b: Any, lane: str, k: int, week: int) -> Any:
    """bought[l,k,t] <= A_p(t) cap_l(t) * availability * tier[l,k]."""
    return b.bought[lane, k, week] <= b.data.capacity(lane, week) * b.tier[lane, k]


def tier_reached(b: Any, lane: str, k: int) -> Any:
    """The k-th price is for a mean weekly flow of from_flow at least: sum over weeks of bought[l,k,t] >= from_flow T tier[l,k]."""
    least = starts(b, lane, k)
    if least == 0:
        return Constraint.Skip
    return quicksum(b.bought[lane, k, week] for week in b.weeks) >= least * b.tier[lane, k]


def tier_passed(b: Any, lane: str, k: int) -> Any:
    """From the next break on its price holds: sum over weeks of bought[l,k,t] <= next from_flow T tier[l,k]."""
    if (lane, k + 1) not in b.tiers:
        return Constraint.Skip
    return quicksum(b.bought[lane, k, week] for week in b.weeks) <= starts(b, lane, k + 1) * b.tier[lane, k]


def one_tier(b: Any, lane: str) -> Any:
    """One price is for all units of a lane: sum over k of tier[l,k] == 1."""
    return quicksum(b.tier[key, k] for key, k in b.tiers if key == lane) == 1


def dearer(network: Network, lane: str, k: int, week: int) -> float:
    """What a unit of a week costs more at the k-th price of a lane than at unit_cost, with duty, weighted by the destination.

    A profile of the unit_cost moves both.
    """
    row = network.lanes[lane]
    more = 0.0 if k == 0 else network.breaks[lane][k - 1].unit_cost - row.unit_cost
    return network.weight[row.destination] * more * (1.0 + row.duty) * network.weekly.price_factor[lane][week]


# Suppliers, each limit with a gap that is 0 unless the model is made elastic ---------------------------------------


def suppliers(network: Network, asked: str) -> list[tuple[str, str]]:
    """(item, site) of every site outside our side that can send us an item whose suppliers are limited.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    asked
        ``max_supplier_share`` or ``min_supplier_share``: the limit, which does not bind at 1 and at 0.
    """
    idle = 1.0 if asked == "max_supplier_share" else 0.0
    limited = {row.item for row in network.case.items if getattr(row, asked) != idle}
    lanes = [lane for lane in network.lanes_into(SIDE) if network.side[lane.origin] != SIDE]
    return list(dict.fromkeys((lane.item, lane.origin) for lane in lanes if lane.item in limited))


def supplied(b: Any, item: str, site: str | None = None) -> list[tuple[str, int]]:
    """(lane, week) of what a site outside our side dispatches of an item to us; of all such sites where none is named."""
    network = b.data.network
    return [
        (lane.lane, week)
        for lane in b.data.lanes
        if lane.item == item and network.side[lane.origin] != SIDE and site in (None, lane.origin)
        for week in b.weeks
    ]


def intake(b: Any, item: str) -> Any:
    """Sum of ship from all sites outside our side + our production of an item."""
    network = b.data.network
    made = [name for name in b.data.processes if network.processes[name].output == item]
    return quicksum(b.ship[key] for key in supplied(b, item)) + quicksum(
        b.make[name, week] for name in made for week in b.weeks
    )


def most_intake(b: Any, item: str) -> float:
    """Most that the intake of an item can be."""
    network = b.data.network
    made = [row for name in b.data.processes if (row := network.processes[name]).output == item]
    making = [min(most, network.usable.made(row)) for row in made for most in network.weekly.making[row.process]]
    return fsum(b.data.capacity(*key) for key in supplied(b, item)) + fsum(making)


def of_none(b: Any) -> Any:
    """The block that holds the gaps of limits on shares: that of ``none``."""
    return b if b.data.scenario == NONE else b.model().ours[NONE]


def supplier_most(b: Any, item: str, site: str) -> Any:
    """Sum of ship from a site - supplier_gap <= max_supplier_share * intake of the item."""
    from_site = quicksum(b.ship[key] for key in supplied(b, item, site))
    return from_site - of_none(b).supplier_gap[item, site] <= b.data.network.items[item].max_supplier_share * intake(
        b, item
    )


def supplier_used(b: Any, item: str, site: str) -> Any:
    """A site that does not count supplies nothing: sum of ship from it <= sum of its lanes' capacities * supplies[i,s]."""
    keys = supplied(b, item, site)
    most = fsum(b.data.capacity(*key) for key in keys)
    return quicksum(b.ship[key] for key in keys) <= most * b.supplies[item, site]


def supplier_least(b: Any, item: str, site: str) -> Any:
    """A site that counts supplies its least share of the intake.

    sum of ship from it >= min_supplier_share * (intake - most that the intake can be * (1 - supplies[i,s]))
    """
    share = b.data.network.items[item].min_supplier_share
    spared = most_intake(b, item) * (1 - b.supplies[item, site])
    return quicksum(b.ship[key] for key in supplied(b, item, site)) >= share * (intake(b, item) - spared)


def supplier_count(b: Any, item: str) -> Any:
    """Sum over sites of supplies[i,s] + count_gap >= min_suppliers."""
    sites = [site for key, site in b.sharing if key == item]
    counted = quicksum(b.supplies[item, site] for site in sites)
    return counted + of_none(b).count_gap[item] >= b.data.network.items[item].min_suppliers


# Blocks ----------------------------------------------------------------------------------------------------------


def fill_orders(b: Any) -> None:
    """Put orders and prices by quantity into a scenario's block, which holds `ship` and `placed`."""
    b.tiers = Set(initialize=tiers(b.data.network), dimen=2)
    b.priced_lanes = Set(initialize=list(dict.fromkeys(lane for lane, _ in b.tiers)))
    b.tier = Var(b.tiers, within=Binary)
    b.bought = Var(b.tiers, b.weeks, within=NonNegativeReals)
    b.least_order = Constraint(b.ordering, b.later_weeks, rule=least_order)
    b.ordered = Constraint(b.ordering, b.later_weeks, rule=ordered)
    # A scenario has its own mean flow: its prices are over all weeks, those of ``none`` included.
    b.bought_at_one_price = Constraint(b.priced_lanes, b.weeks, rule=bought_at_one_price)
    b.bought_under_tier = Constraint(b.tiers, b.weeks, rule=bought_under_tier)
    b.tier_reached = Constraint(b.tiers, rule=tier_reached)
    b.tier_passed = Constraint(b.tiers, rule=tier_passed)
    b.one_tier = Constraint(b.priced_lanes, rule=one_tier)


def limit_suppliers(b: Any, home: Any) -> None:
    """Put the limits on suppliers into a scenario's block, as far as they hold in it.

    Parameters
    ----------
    b
        The block.
    home
        That of ``none``, whose gaps all scenarios share.
    """
    network, scenario = b.data.network, b.data.scenario
    here = [row.item for row in network.case.items if network.shares_hold(row.item, scenario)]
    b.shared = Set(initialize=[key for key in suppliers(network, "max_supplier_share") if key[0] in here], dimen=2)
    b.sharing = Set(initialize=[key for key in suppliers(network, "min_supplier_share") if key[0] in here], dimen=2)
    b.counted = Set(initialize=[item for item in here if network.items[item].min_suppliers > 0])
    b.gapped_sites = Set(initialize=list(b.shared) if b is home else [], dimen=2)
    b.gapped_items = Set(initialize=list(b.counted) if b is home else [])
    b.supplier_gap = Var(b.gapped_sites, within=NonNegativeReals, bounds=(0.0, 0.0))
    b.count_gap = Var(b.gapped_items, within=NonNegativeReals, bounds=(0.0, 0.0))
    b.supplies = Var(b.sharing, within=Binary)
    b.supplier_most = Constraint(b.shared, rule=supplier_most)
    b.supplier_used = Constraint(b.sharing, rule=supplier_used)
    b.supplier_least = Constraint(b.sharing, rule=supplier_least)
    b.supplier_count = Constraint(b.counted, rule=supplier_count)
