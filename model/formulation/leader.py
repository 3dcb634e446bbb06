"""Our side: first-stage choices and the operations of every scenario (model.md sections 4 and 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..algebra import (
    Binary,
    Block,
    Constraint,
    Expression,
    Model,
    NonNegativeReals,
    Objective,
    Reals,
    Reference,
    Set,
    Var,
    maximize,
    minimize,
    quicksum,
    weighted,
)
from ..algebra.traced import fsum
from ..network import NONE, Network, Pair
from .buying import fill_orders, limit_suppliers, of_none, ordering, placed_bounds
from .follower import saved, waiting
from .imports import (
    put_yields,
    reviewed_bounds,
    reviewed_contracted,
    reviewed_rationed,
    reviewed_split,
)
from .leader_costs import COSTS, refused_margin, transfer_income
from .policy_terms import ally_benefits, lasting_loss, most_kept, one_taken
from .scenario_data import SIDE, ScenarioData
from .weighing import weigh_scenarios


def dispatches(b: Any) -> Mapping[tuple[Any, ...], Any]:
    """Variables of all dispatches: ship[l,t], and reviewed[l,p,t] where policies of ours act on the lane."""
    reviewed = b.component("reviewed")
    return b.ship if reviewed is None else {**b.ship, **reviewed}


def moves(b: Any) -> dict[Pair, list[tuple[float, Sequence[Any]]]]:
    """(units, variables week by week) of what is made and used of every pair, and leaves it for our own sites."""
    data, network = b.data, b.data.network
    make, save, ship = (b.component(name).by_week(data.weeks) for name in ("make", "save", "ship"))
    found: dict[Pair, list[tuple[float, Sequence[Any]]]] = {}
    for pair in data.pairs:
        used = network.uses.get(pair, ())
        terms = found[pair] = [(1.0, make[process.process,]) for process in network.makers.get(pair, ())]
        terms += [(-quantity, make[process.process,]) for process, quantity in used]
        keys = ((process.process, pair[1]) for process, _ in used)
        terms += [(1.0, save[key]) for key in keys if key in network.savings]
        terms += [(-1.0, ship[lane,]) for lane in data.leaving.get(pair, ())]
    return found


# Bounds ----------------------------------------------------------------------------------------------------------


def ship_bounds(b: Any, lane: str, week: int) -> tuple[float, float]:
    """Contracted <= ship[l,t] <= A_p(t) cap_l(t) * availability; at most A_p(t) base_flow(t) * availability from the counterpart.

    Before a package begins, (1 + surge) cap_l(t) takes the place of A_p(t) cap_l(t). Contracted = the larger of min_flow and
    min_share A_p(t) cap_l(t) * availability, at most the upper bound; 0 on lanes that must be qualified and on those that the
    counterpart rations (`contracted`).
    """
    conditional = lane in b.conditional_lanes or lane in b.data.contracted_imports
    least = 0.0 if conditional else b.data.contracted(lane, week)
    return least, b.data.capacity(lane, week)


def make_bounds(b: Any, process: str, week: int) -> tuple[float, float]:
    """0 <= make[j,t] <= capacity_j(t) * availability."""
    left = b.data.left("process", process, week)
    network = b.data.network
    row = network.processes[process]
    if left == 1:
        return 0.0, network.most_made(row, week)
    return 0.0, 0.0 if left == 0 else min(network.weekly.making[process][week] * left, network.usable.made(row))


def stock_bounds(b: Any, site: str, item: str, week: int) -> tuple[float, float]:
    """0 <= stock[s,i,t] <= capacity of the stock."""
    return 0.0, b.data.network.most_held((site, item))


def fill_bounds(b: Any, site: str, item: str, week: int) -> tuple[float, float]:
    """0 <= fill[s,i,t] <= 1; 1 in weeks in which nothing is needed."""
    return 0.0 if b.data.network.weekly.quantity[site, item][week] > 0 else 1.0, 1.0


def stockpile_bounds(model: Any, site: str, item: str) -> tuple[float, float]:
    """0 <= stockpile[s,i] <= stockpile_max."""
    return 0.0, model.network.most_stockpiled((site, item))


def order_bounds(model: Any, lane: str, week: int) -> tuple[float, float]:
    """0 <= order[l,t] <= cap_l(t), times 1 + surge before a policy that has one."""
    return 0.0, model.network.most_carried(model.network.lanes[lane], week)


# Constraints of a scenario ---------------------------------------------------------------------------------------


def qualified(b: Any, lane: str, name: str, week: int) -> Any:
    """A lane that must be qualified is closed otherwise: ship[l,t] <= A_p(t) cap_l(t) * availability * qualify[n].

    n is the lane itself where it has a fixed cost, and its qualification where it has one; it needs both.
    """
    capacity = b.data.capacity(lane, week)
    if capacity == 0:
        return Constraint.Skip
    return b.ship[lane, week] <= capacity * b.model().qualify[name]


def rationed(b: Any, lane: str, week: int) -> Any:
    """The counterpart ships what its response yields: ship[l,t] <= A_p(t) base_flow_l(t) * fillC[origin,item,t] * availability."""
    row, flow = b.data.network.lanes[lane], b.data.network.weekly.base_flow[lane][week]
    if flow == 0:
        return Constraint.Skip
    yielded = flow * b.data.share(lane, week)
    return b.ship[lane, week] <= yielded * b.model().counterpart_fill[row.origin, row.item, week]


def contracted(b: Any, lane: str, week: int) -> Any:
    """A contract binds once the lane is qualified, and to what the counterpart yields.

    ship[l,t] >= contracted * qualify[n], with two to qualify contracted * (qualify[l] + qualify[n] - 1); on a lane from the
    counterpart contracted * fillC[origin,item,t]: its contract is rationed like all that it sells.
    """
    row, least = b.data.network.lanes[lane], b.data.contracted(lane, week)
    if least == 0:
        return Constraint.Skip
    if gates := b.data.gates.get(lane):
        chosen = quicksum(b.model().qualify[name] for name in gates)
        return b.ship[lane, week] >= least * (chosen - (len(gates) - 1))
    return b.ship[lane, week] >= least * b.model().counterpart_fill[row.origin, row.item, week]


def balance(b: Any, site: str, item: str, week: int) -> Any:
    """Balance of a pair.

    stock[t-1] + (initial + stockpile)(t=0) + pipeline(t) + arrivals(t) + make - use - lanes to our own sites
    - quantity(t) fill[t] - late[t] - sum of base_flow(t) export_fill[l,t] - sum of (order[l,t] - undelivered[l,t]) - stock[t] >= 0,
    use = sum of quantity make - save over the processes that need the item
    """
    data, network, pair = b.data, b.data.network, (site, item)
    terms = [(share, data.dispatches[index]) for share, index in data.arriving.get((site, item, week), ())]
    terms += [(units, moved[week]) for units, moved in data.moves[pair]]
    if pair in data.leaving:
        for lane in data.exported.get(pair, ()):
            if flow := network.weekly.base_flow[lane][week]:
                terms.append((-flow, b.export_fill[lane, week]))
        for lane in data.ordered.get(pair, ()):
            terms += [(-1.0, b.model().order[lane, week]), (1.0, b.undelivered[lane, week])]
        terms.append((-1.0, b.stock[site, item, week]))
        if week > 0:
            terms.append((1.0, b.stock[site, item, week - 1]))
        elif pair in b.model().stockpile:
            terms.append((1.0, b.model().stockpile[pair]))
    if pair in b.served and (quantity := network.weekly.quantity[pair][week]) > 0:
        terms.append((-quantity, b.fill[site, item, week]))
    if pair in data.waiting:
        terms.append((-1.0, b.late[site, item, week]))
    if not terms:
        return Constraint.Skip
    given = network.pipeline(pair, week) + (network.stock(pair).initial if week == 0 else 0.0)
    return weighted(terms) >= -given


def delivered(b: Any, lane: str, week: int) -> Any:
    """No more can stay undelivered than was ordered: undelivered[l,t] <= order[l,t]."""
    return b.undelivered[lane, week] <= b.model().order[lane, week]


def terminal(b: Any, site: str, item: str) -> Any:
    """Position + short_end >= target: stock at T-1 and goods under way make the end of the horizon neutral."""
    data, pair = b.data, (site, item)
    under_way = weighted((share, data.dispatches[index]) for share, index in data.under_way.get(pair, ()))
    position = b.stock[site, item, data.weeks - 1] + under_way
    return position + b.short_end[site, item] >= data.network.target(pair)


def continuity(b: Any, site: str, item: str, first: int) -> Any:
    """Mean of fill[s,i,t] over every run of fill_window weeks + fill_gap[s,i] >= min_fill, in every scenario.

    Both sides times T, whatever the run, so that a least fill moves all of these rows alike.
    """
    least = b.data.network.demands[site, item].min_fill
    run = b.data.run(site, item)
    share = b.data.weeks / run
    served = weighted((share, b.fill[site, item, week]) for week in range(first, first + run))
    return served + b.data.weeks * b.fill_gap[site, item] >= least * b.data.weeks


def continuity_week(b: Any, site: str, item: str, week: int) -> Any:
    """fill[s,i,t] + week_gap[s,i] >= min_fill_week, in every week and scenario."""
    least = b.data.network.demands[site, item].min_fill_week
    return weighted([(1.0, b.fill[site, item, week]), (1.0, b.week_gap[site, item])]) >= least


def concentration(b: Any, item: str, party: str) -> Any:
    """Intake from one outside party, in scenario none, with share_always in every scenario.

    sum of ship from the party - share_gap <= max_party_share * (sum of ship from all parties not on our side + our production)
    """
    network = b.data.network
    share = next(row.max_party_share for row in network.case.items if row.item == item)
    intake = {
        lane.lane: network.party[lane.origin]
        for lane in b.data.lanes
        if lane.item == item and network.side[lane.origin] != SIDE
    }
    made = [name for name in b.data.processes if network.processes[name].output == item]
    total = quicksum(b.ship[lane, week] for lane in intake for week in b.weeks) + quicksum(
        b.make[process, week] for process in made for week in b.weeks
    )
    from_party = quicksum(b.ship[lane, week] for lane, origin in intake.items() if origin == party for week in b.weeks)
    return from_party - of_none(b).share_gap[item, party] <= share * total


def concentrated(data: ScenarioData) -> list[tuple[str, str]]:
    """(item, party) for every item with a share limit in the scenario and every outside party that can send it to us."""
    network = data.network
    shares = {
        row.item: row.max_party_share if network.shares_hold(row.item, data.scenario) else 1.0
        for row in network.case.items
    }
    found = dict.fromkeys(
        (lane.item, network.party[lane.origin])
        for lane in data.lanes
        if shares[lane.item] < 1 and network.side[lane.origin] != SIDE
    )
    return list(found)


# Limits, each with a gap that is 0 unless the model is made elastic ------------------------------------------------


def limit_scenario(b: Any, data: ScenarioData) -> None:
    """Put continuity and concentration into a scenario's block, with the gaps that make them elastic."""
    demands = data.network.demands
    b.continued = Set(initialize=[pair for pair in data.served if demands[pair].min_fill > 0], dimen=2)
    b.continued_weekly = Set(initialize=[pair for pair in data.served if demands[pair].min_fill_week > 0], dimen=2)
    b.concentrated = Set(initialize=concentrated(data), dimen=2)
    b.fill_gap = Var(b.continued, within=NonNegativeReals, bounds=(0.0, 0.0))
    b.week_gap = Var(b.continued_weekly, within=NonNegativeReals, bounds=(0.0, 0.0))
    # A limit on shares has one gap, that of ``none``, in all scenarios in which it holds.
    b.gapped = Set(initialize=concentrated(data) if data.scenario == NONE else [], dimen=2)
    b.share_gap = Var(b.gapped, within=NonNegativeReals, bounds=(0.0, 0.0))
    starts = [(*pair, first) for pair in b.continued for first in range(data.weeks - data.run(*pair) + 1)]
    b.continuity = Constraint(Set(initialize=starts, dimen=3), rule=continuity)
    # Over all weeks, also those of ``none``: each limit stands for itself, so that it can be said which are in conflict.
    b.continuity_week = Constraint(b.continued_weekly, b.weeks, rule=continuity_week)
    b.concentration = Constraint(b.concentrated, rule=concentration)
    limit_suppliers(b, of_none(b))


def gap_terms(model: Any) -> list[tuple[float, Any]]:
    """(price, gap) of every limit that can be made elastic.

    A gap in a fill, and a supplier too few, cost ten times all that our demands can lose and our lanes cost, a unit over a share
    limit ten times the dearest worth of a unit, and a unit of money over the budget, the value of stockpiles or the own
    loss a thousand.
    """
    network, weekly = model.network, model.network.weekly
    stake = fsum(
        fsum(
            network.weight[pair[0]]
            * weekly.quantity[pair][week]
            * (weekly.penalty[pair][week] + network.waits(pair) * network.most_waiting(pair))
            for pair in network.demands
            if network.side[pair[0]] == SIDE
        )
        for week in range(network.weeks)
    ) + fsum(
        fsum(
            network.weight[lane.destination] * weekly.base_flow[lane.lane][week] * weekly.landed_cost[lane.lane][week]
            for lane in network.lanes_into(SIDE)
        )
        for week in range(network.weeks)
    )
    dearest = max(network.worth(SIDE).values(), default=0.0)
    terms = []
    for b in model.ours.values():
        if b.limited:
            terms += [(10 * stake + 1, gap) for gap in (*b.fill_gap.values(), *b.week_gap.values())]
            terms += [(10 * stake + 1, gap) for gap in b.count_gap.values()]
            terms += [(10 * dearest + 1, gap) for gap in (*b.share_gap.values(), *b.supplier_gap.values())]
    if model.component("budget_gap") is not None:
        terms += [(1000.0, model.budget_gap), *((1000.0, gap) for gap in model.loss_gap.values())]
    if model.component("value_gap") is not None:
        terms.append((1000.0, model.value_gap))
    return terms


# The model -------------------------------------------------------------------------------------------------------


def weekly_decisions(b: Any, name: str, *index: Any, **options: Any) -> None:
    """Nobody foresees an outage: decision[.., t] of a scenario is that of ``none`` for t < r(s), the same variable.

    Parameters
    ----------
    b
        The scenario's block; its model holds the block of ``none`` already where r(s) > 0.
    name
        Name of the family.
    *index
        Its sets but the weeks, which come last.
    **options
        Domain and bounds.
    """
    if b.data.reveal == 0:
        b.add_component(name, Var(*index, b.weeks, **options))
        return
    later = Var(*index, b.later_weeks, **options)
    b.add_component(f"later_{name}", later)
    known = b.model().ours[NONE].component(name)
    b.add_component(name, Reference({key: known[key] if key[-1] < b.data.reveal else later[key] for key in known}))


def _review_imports(b: Any, data: ScenarioData) -> None:
    """Put dispatches under each of our policies, and the rows that tie them to what the counterpart yields, into a block."""
    assert data.imports is not None
    arcs = list(dict.fromkeys((lane, policy) for lane, policy, _ in data.imports.kernel))
    b.reviewed_arcs = Set(initialize=arcs, dimen=2)
    b.reviewed_lanes = Set(initialize=data.imports.lanes)
    weekly_decisions(b, "reviewed", b.reviewed_arcs, within=NonNegativeReals, bounds=reviewed_bounds)
    b.reviewed_split = Constraint(b.reviewed_lanes, b.later_weeks, rule=reviewed_split)
    b.reviewed_rationed = Constraint(b.reviewed_arcs, b.later_weeks, rule=reviewed_rationed)
    b.reviewed_contracted = Constraint(Set(initialize=data.contracted_imports), b.later_weeks, rule=reviewed_contracted)


def fill_scenario_block(b: Any, data: ScenarioData, limited: bool) -> None:
    """Put sets, variables, constraints and costs of one scenario into a block.

    Decisions of weeks before the scenario's reveal are those of ``none`` (`weekly_decisions`), and so are the constraints on
    operations in these weeks, which are not written again; costs and limits on supply are over all weeks.

    Parameters
    ----------
    b
        The block; its model holds the first-stage choices and the response's outputs, and the block of ``none``.
    data
        Coefficients of the scenario.
    limited
        Whether continuity and concentration bind.
    """
    b.data = data
    b.limited = limited
    b.weeks = Set(initialize=range(data.weeks))
    b.later_weeks = Set(initialize=range(data.reveal, data.weeks))
    b.lanes = Set(initialize=[lane.lane for lane in data.lanes])
    b.to_qualify = Set(initialize=data.to_qualify, dimen=2)
    b.rationed_lanes = Set(initialize=data.rationed)
    b.conditional_lanes = Set(initialize=data.conditional)
    b.processes = Set(initialize=data.processes)
    b.savings = Set(initialize=data.savings, dimen=2)
    b.backordered = Set(initialize=data.waiting, dimen=2)
    b.pairs = Set(initialize=data.pairs, dimen=2)
    b.held = Set(initialize=data.held, dimen=2)
    b.served = Set(initialize=data.served, dimen=2)
    b.exports = Set(initialize=data.exports)
    b.orders = Set(initialize=data.orders)
    b.ordering = Set(initialize=ordering(data.network))

    weekly_decisions(b, "ship", b.lanes, within=NonNegativeReals, bounds=ship_bounds)
    if data.imports and data.imports.lanes:
        _review_imports(b, data)
    weekly_decisions(b, "make", b.processes, within=NonNegativeReals, bounds=make_bounds)
    weekly_decisions(b, "save", b.savings, within=NonNegativeReals)
    weekly_decisions(b, "stock", b.held, within=NonNegativeReals, bounds=stock_bounds)
    weekly_decisions(b, "fill", b.served, within=NonNegativeReals, bounds=fill_bounds)
    weekly_decisions(b, "wait", b.backordered, within=NonNegativeReals)
    weekly_decisions(b, "late", b.backordered, within=NonNegativeReals)
    weekly_decisions(b, "export_fill", b.exports, within=NonNegativeReals, bounds=(0.0, 1.0))
    weekly_decisions(b, "undelivered", b.orders, within=NonNegativeReals)
    weekly_decisions(b, "placed", b.ordering, within=Binary, bounds=placed_bounds)
    b.short_end = Var(b.held, within=NonNegativeReals)
    data.dispatches, data.moves = dispatches(b), moves(b)

    b.qualified = Constraint(b.to_qualify, b.later_weeks, rule=qualified)
    b.rationed = Constraint(b.rationed_lanes, b.later_weeks, rule=rationed)
    b.contracted = Constraint(b.conditional_lanes, b.later_weeks, rule=contracted)
    b.balance = Constraint(b.pairs, b.later_weeks, rule=balance)
    b.saved = Constraint(b.savings, b.later_weeks, rule=saved)
    b.waiting = Constraint(b.backordered, b.later_weeks, rule=waiting)
    b.delivered = Constraint(b.orders, b.later_weeks, rule=delivered)
    b.terminal = Constraint(b.held, rule=terminal)
    fill_orders(b)
    if limited:
        limit_scenario(b, data)

    for family in COSTS:
        b.add_component(family.__name__, Expression(rule=family))
    b.cost = Expression(
        expr=quicksum(b.component(family.__name__) for family in COSTS if family is not transfer_income)
        - b.transfer_income
    )
    b.refused_margin = Expression(rule=refused_margin)


def first_stage_cost(model: Any) -> Any:
    """Sum of fixed_cost qualify[n] + sum of stockpile price * stockpile[s,i], n a lane or a qualification."""
    network = model.network
    return quicksum(network.to_qualify[name] * model.qualify[name] for name in model.to_qualify) + quicksum(
        network.stockpile_price(pair) * model.stockpile[pair] for pair in model.stockpiled
    )


def budget(model: Any) -> Any:
    """First-stage cost - budget_gap <= budget - admin costs of the policies; the right-hand side moves with the policies."""
    return model.first_stage_cost - model.budget_gap <= 0


def stockpile_value(model: Any) -> Any:
    """Sum of stockpile price * stockpile[s,i] - value_gap <= stockpile_value of ``[limits]``; no row without it."""
    value = quicksum(model.network.stockpile_price(pair) * model.stockpile[pair] for pair in model.stockpiled)
    return value - model.value_gap <= model.network.case.settings.limits.stockpile_value


def own_loss(model: Any, scenario: str) -> Any:
    """own_cost - loss_gap <= most own loss + W(status quo) - admin costs; the right-hand side moves with the policies."""
    return model.own_cost[scenario] - model.loss_gap[scenario] <= 0


def own_cost(model: Any, scenario: str) -> Any:
    """What a rated scenario costs us.

    own_cost >= cost of our operations - margin earned + first-stage cost + lasting loss - what allies give
    """
    b = model.ours[scenario]
    cost = b.cost - model.margin_earned + model.first_stage_cost
    if model.lasts:
        cost += model.lasting_loss
    return model.own_cost[scenario] >= (cost - model.ally_benefits if len(model.befriending) else cost)


def build_leader(network: Network, scenarios: Sequence[str] | None = None, limited: bool = True) -> Model:
    """Build our side for given outputs of the response.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    scenarios
        Scenarios to hold beside ``none``; all of them by default.
    limited
        Whether budget, continuity and concentration bind, and scenarios count by their probability.

    Returns
    -------
    Model
        First stage (``qualify``, ``stockpile``), outputs of the response (``counterpart_fill``, ``order``,
        ``margin_earned``), blocks ``ours[scenario]``, and two objectives: ``best`` (active) maximises the worst rated
        scenario's ``advantage`` (leverage up to what depends on the policies alone); ``operations`` (inactive)
        minimises the cost of every scenario's operations together.
    """
    names = list(dict.fromkeys([NONE, *(network.scenarios if scenarios is None else scenarios)]))
    model = Model("ours", network.check)
    model.network = network
    model.weeks = Set(initialize=range(network.weeks))
    model.scenarios = Set(initialize=names)
    weighed = limited and network.tail is not None
    rated = [name for name in network.rated if name in names] if weighed or network.tail is None else [NONE]
    model.rated = Set(initialize=rated)
    model.to_qualify = Set(initialize=list(network.to_qualify))
    model.stockpiled = Set(
        initialize=[
            pair for pair in network.pairs(SIDE) if pair in network.stocks and network.stock(pair).stockpile_max > 0
        ],
        dimen=2,
    )
    model.orders = Set(initialize=[lane.lane for lane in network.orders])
    model.watched = Set(initialize=network.watched_fills, dimen=2)

    model.qualify = Var(model.to_qualify, within=Binary)
    model.stockpile = Var(model.stockpiled, within=NonNegativeReals, bounds=stockpile_bounds)
    model.counterpart_fill = Var(model.watched, model.weeks, within=NonNegativeReals, bounds=(0.0, 1.0))
    model.order = Var(model.orders, model.weeks, within=NonNegativeReals, bounds=order_bounds)
    model.margin_earned = Var(within=NonNegativeReals, bounds=(0.0, most_margin(network)))
    model.advantage = Var(within=Reals)
    put_yields(model, network, wanted=limited)
    # What stays lost is no part of the status quo.
    model.lasts = bool(limited and network.lasting)
    if model.lasts:
        model.lasting_kept = Var(within=NonNegativeReals, bounds=(0.0, most_kept(network)))
        model.lasting_loss = Expression(rule=lasting_loss)
    model.befriending = Set(initialize=list(network.benefits) if limited else [], dimen=2)
    model.taken = Var(model.befriending, within=NonNegativeReals)
    model.ally_benefits = Expression(rule=ally_benefits)
    regimes = dict.fromkeys(regime for regime, _ in model.befriending)
    model.one_taken = Constraint(Set(initialize=list(regimes)), rule=one_taken)

    model.ours = Block(
        model.scenarios, rule=lambda b, name: fill_scenario_block(b, ScenarioData(network, name, limited), limited)
    )
    model.first_stage_cost = Expression(rule=first_stage_cost)
    model.own_cost = Var(model.rated, within=Reals)
    model.own_cost_counted = Constraint(model.rated, rule=own_cost)
    weigh_scenarios(model, network.tail if weighed else None)
    if limited:
        model.loss_gap = Var(model.rated, within=NonNegativeReals, bounds=(0.0, 0.0))
        model.own_loss = Constraint(model.rated, rule=own_loss)
        model.budget_gap = Var(within=NonNegativeReals, bounds=(0.0, 0.0))
        if len(model.to_qualify) or len(model.stockpiled):
            model.budget = Constraint(rule=budget)
        if len(model.stockpiled) and math.isfinite(network.case.settings.limits.stockpile_value):
            model.value_gap = Var(within=NonNegativeReals, bounds=(0.0, 0.0))
            model.stockpile_value = Constraint(rule=stockpile_value)
    model.gap_cost = Expression(expr=quicksum(price * gap for price, gap in gap_terms(model)))
    model.best = Objective(expr=model.advantage - model.gap_cost, sense=maximize)
    model.operations = Objective(expr=quicksum(model.ours[name].cost for name in names), sense=minimize)
    model.operations.deactivate()
    return model


def most_margin(network: Network) -> float:
    """Most our side can earn on lanes to the counterpart: sum of weight * margin * cap_l(t), surges included."""
    return fsum(
        network.weight[lane.origin] * lane.margin * network.most_carried(lane, week)
        for lane in network.paying
        for week in range(network.weeks)
    )
