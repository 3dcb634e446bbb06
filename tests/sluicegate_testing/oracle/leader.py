"""Our side (section 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .case import INF, OPEN, Case, Lane, Pair, Scenario, number_of
from .chains import (
    Chain,
    add_arrivals,
    add_balances,
    add_internal_departures,
    add_processes,
    add_shipping_cost,
)
from .programs import Affine, Program


@dataclass
class FirstStage:
    """Columns of the choices all scenarios share. Without a column a lane stays closed and nothing is stockpiled."""

    qualify: dict[str, int] = field(default_factory=dict)
    stockpile: dict[Pair, int] = field(default_factory=dict)
    fixed_costs: Affine = field(default_factory=Affine)
    stockpile_costs: Affine = field(default_factory=Affine)


def add_first_stage(
    program: Program, case: Case, qualified: Collection[str] | None, stockpile: Mapping[Pair, float] | None
) -> FirstStage:
    """qualify[l] in {0, 1} for lanes with a fixed_cost, stockpile[s,i] <= stockpile_max; either may be given."""
    first = FirstStage()
    for lane in case.inbound("H"):
        if lane.fixed_cost > 0.0:
            low, high = (0.0, 1.0) if qualified is None else (float(lane.id in qualified),) * 2
            first.qualify[lane.id] = program.column(high, low, integer=True)
            first.fixed_costs.add(lane.fixed_cost, first.qualify[lane.id])
    for pair, row in case.stocks.items():
        most = number_of(row, "stockpile_max")
        if case.side[pair[0]] == "H" and most > 0.0:
            low, high = (0.0, min(most, case.used(pair))) if stockpile is None else (stockpile.get(pair, 0.0),) * 2
            first.stockpile[pair] = program.column(high, low)
            first.stockpile_costs.add(case.stockpile_cost(pair), first.stockpile[pair])
    return first


def add_ours(
    program: Program,
    case: Case,
    response: Chain,
    policies: Mapping[str, str],
    scenario: Scenario,
    first: FirstStage,
    none: Chain | None = None,
) -> Chain:
    """Our operations in one scenario; ``cost`` of the result is W(scenario).

    Nobody foresees a scenario: what is decided in weeks before its reveal week are the columns of scenario none.
    """
    net = {(pair, t): Affine() for pair in case.pairs["H"] for t in range(case.T + 1)}
    chain = Chain(net=net, none=none, reveal=case.reveal(scenario))
    for lane in case.inbound("H"):
        add_our_supply(program, case, response, chain, scenario, first, lane)
    add_processes(program, case, chain, "H", scenario, weighted=True)
    add_exports_to_counterpart(program, case, response, chain, policies)
    add_exports_to_others(program, case, chain)
    add_our_demands(program, case, chain)
    add_balances(program, case, chain, "H", weighted=True, stockpile=first.stockpile)
    return chain


def add_our_supply(
    program: Program, case: Case, response: Chain, chain: Chain, scenario: Scenario, first: FirstStage, lane: Lane
) -> None:
    """A lane that ends on our side.

    ship <= cap * availability; times qualify where there is a fixed cost. From the counterpart also
    ship <= base_flow * fillC * availability (fillC is 1 at an untracked origin), arriving by the package's kernel.
    From another of our parties the origin earns margin * its weight.
    """
    origin = case.side[lane.origin]
    policy = case.package_policy(scenario, lane) if origin == "C" else OPEN
    for t in range(case.T):
        share = case.availability(scenario, "lane", lane.id, t)
        cap = case.lane_capacity(lane, t, share)
        if lane.fixed_cost > 0.0:
            ship = chain.decide(program, "ship", (lane.id, t), cap if lane.id in first.qualify else 0.0)
            if lane.id in first.qualify:
                program.nonnegative(Affine().add(cap, first.qualify[lane.id]).add(-1.0, ship))
        else:
            ship = chain.decide(program, "ship", (lane.id, t), cap)
        if origin == "C":
            yielded = yield_of(case, response, lane, t)
            program.nonnegative(Affine().plus(yielded, lane.base_flow * share).add(-1.0, ship))
        if origin == "H" and case.party[lane.origin] != case.party[lane.destination]:
            chain.cost.add(-case.weight[lane.origin] * lane.margin, ship)
    add_arrivals(case, chain, lane, policy)
    add_shipping_cost(case, chain, lane, policy, case.weight[lane.destination])
    if origin == "H":
        add_internal_departures(case, chain, lane)


def yield_of(case: Case, response: Chain, lane: Lane, t: int) -> Affine:
    """fillC[origin, item, t] of a lane from the counterpart; 1 at an untracked origin."""
    column = response.fill.get(((lane.origin, lane.item), t))
    return Affine().add(1.0, column) if case.is_tracked(lane) and column is not None else Affine(1.0)


def add_exports_to_counterpart(
    program: Program, case: Case, response: Chain, chain: Chain, policies: Mapping[str, str]
) -> None:
    """Exports leave a tracked origin as the counterpart orders them, less a slack: 0 <= slack <= ordered.

    The origin's party earns margin * A_p * ordered; the slack costs 10 max(margin, unit_cost). Both carry its weight.
    """
    for lane in case.inbound("C"):
        if case.side[lane.origin] != "H":
            continue
        policy, weight = case.our_policy(policies, lane), case.weight[lane.origin]
        for t in range(case.T):
            ordered = response.ship[lane.id, t]
            chain.cost.add(-weight * lane.margin * case.arrived(lane.regime, policy, t), ordered)
            if case.is_tracked(lane):
                slack = chain.decide(program, "slack", (lane.id, t))
                program.nonnegative(Affine().add(1.0, ordered).add(-1.0, slack))
                chain.cost.add(weight * 10.0 * max(lane.margin, lane.unit_cost), slack)
                chain.net[(lane.origin, lane.item), t].add(-1.0, ordered).add(1.0, slack)


def add_exports_to_others(program: Program, case: Case, chain: Chain) -> None:
    """base_flow * fill leaves a tracked origin; margin * base_flow * (1 - fill) is lost, with the origin's weight."""
    for lane in case.lanes:
        if case.side[lane.origin] != "H" or case.side[lane.destination] != "O" or not case.is_tracked(lane):
            continue
        lost = case.weight[lane.origin] * lane.margin * lane.base_flow
        for t in range(case.T):
            fill = chain.decide(program, "export_fill", (lane.id, t), 1.0)
            chain.net[(lane.origin, lane.item), t].add(-lane.base_flow, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


def add_our_demands(program: Program, case: Case, chain: Chain) -> None:
    """quantity * fill leaves the pair; quantity * shortage_penalty * (1 - fill) is lost, with the site's weight."""
    for pair, row in case.demands.items():
        quantity = number_of(row, "quantity")
        if case.side[pair[0]] != "H" or quantity <= 0.0:
            continue
        lost = case.weight[pair[0]] * quantity * number_of(row, "shortage_penalty")
        for t in range(case.T):
            fill = chain.decide(program, "fill", (pair, t), 1.0)
            chain.net[pair, t].add(-quantity, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


def require_continuity(program: Program, case: Case, chain: Chain) -> None:
    """Mean over weeks of fill >= min_fill, fill[t] >= min_fill_week. A demand of quantity 0 has fill 1."""
    for pair, row in case.demands.items():
        if (pair, 0) not in chain.fill:
            continue
        mean = Affine(-number_of(row, "min_fill"))
        for t in range(case.T):
            mean.add(1.0 / case.T, chain.fill[pair, t])
            program.nonnegative(Affine(-number_of(row, "min_fill_week")).add(1.0, chain.fill[pair, t]))
        program.nonnegative(mean)


def require_spread(program: Program, case: Case, chain: Chain) -> None:
    """Concentration, for the operations of scenario none.

    Dispatches of an item to our side from one party not on it <= max_party_share * (dispatches of the item from all
    parties not on our side + our production of it), summed over weeks and sites.
    """
    for item, share in case.max_share.items():
        if share >= 1.0:
            continue
        foreign = [a for a in case.inbound("H") if a.item == item and case.side[a.origin] != "H"]
        allowed = Affine()
        for t in range(case.T):
            for lane in foreign:
                allowed.add(share, chain.ship[lane.id, t])
            for j in case.processes:
                if j.output == item and case.side[j.site] == "H":
                    allowed.add(share, chain.make[j.id, t])
        for party in sorted({case.party[a.origin] for a in foreign}):
            row = Affine().plus(allowed)
            for lane in foreign:
                if case.party[lane.origin] == party:
                    for t in range(case.T):
                        row.add(-1.0, chain.ship[lane.id, t])
            program.nonnegative(row)


def require_budget(program: Program, case: Case, first: FirstStage, policies: Mapping[str, str]) -> None:
    """Fixed costs + stockpile + admin <= budget."""
    if case.budget < INF:
        row = Affine(case.budget - case.admin_cost(policies))
        row.constant = 0.0 if abs(row.constant) < 1e-9 else row.constant
        program.nonnegative(row.plus(first.fixed_costs, -1.0).plus(first.stockpile_costs, -1.0))


def retaliation_loss(case: Case, response: Chain, scenario: Scenario) -> Affine:
    """What a package costs the counterpart: its cost, and the margin on what it refuses.

    margin * (1 - A_p(t)) * base_flow * fill[t] over lanes under the package's regimes from C to sites outside C.
    """
    loss = Affine(case.package_cost.get(scenario.package, 0.0))
    for lane in case.lanes:
        if case.side[lane.origin] == "C" and case.side[lane.destination] != "C":
            policy = case.package_policy(scenario, lane)
            for t in range(case.T):
                refused = 1.0 - case.arrived(lane.regime, policy, t)
                loss.plus(yield_of(case, response, lane, t), lane.margin * refused * lane.base_flow)
    return loss
