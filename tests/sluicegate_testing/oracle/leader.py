"""Our side (section 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .case import INF, OPEN, Case, Lane, Pair, Scenario, number_of
from .chains import (
    Chain,
    add_arrivals,
    add_backorders,
    add_balances,
    add_internal_departures,
    add_processes,
    add_shipping_cost,
)
from .programs import Affine, Program


@dataclass
class FirstStage:
    """Columns of the choices all scenarios share. Without a column a lane stays closed and nothing is stockpiled.

    ``qualify`` is by lane, for lanes with a fixed cost of their own, and by qualification.
    """

    qualify: dict[str, int] = field(default_factory=dict)
    stockpile: dict[Pair, int] = field(default_factory=dict)
    fixed_costs: Affine = field(default_factory=Affine)
    stockpile_costs: Affine = field(default_factory=Affine)

    def gates(self, case: Case, lane: Lane) -> list[int] | None:
        """Binaries that must all be 1 for a lane to be open; None where it cannot be."""
        names = [lane.id] if lane.fixed_cost > 0.0 else []
        names += [case.features.qualification[lane.id]] if lane.id in case.features.qualification else []
        return [self.qualify[name] for name in names] if all(name in self.qualify for name in names) else None


def add_first_stage(
    program: Program, case: Case, qualified: Collection[str] | None, stockpile: Mapping[Pair, float] | None
) -> FirstStage:
    """qualify[l] in {0, 1} for lanes with a fixed_cost and for qualifications, stockpile[s,i] <= stockpile_max.

    Either may be given.
    """
    first = FirstStage()
    costs = {lane.id: lane.fixed_cost for lane in case.inbound("H") if lane.fixed_cost > 0.0}
    costs |= {name: cost for name, (cost, _) in case.features.qualifications.items()}
    for name, cost in costs.items():
        low, high = (0.0, 1.0) if qualified is None else (float(name in qualified),) * 2
        first.qualify[name] = program.column(high, low, integer=True)
        first.fixed_costs.add(cost, first.qualify[name])
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
        policy = case.import_policy(policies, scenario, lane) if case.side[lane.origin] == "C" else OPEN
        add_our_supply(program, case, response, chain, scenario, first, lane, policy)
    add_processes(program, case, chain, "H", scenario, weighted=True)
    add_exports_to_counterpart(program, case, response, chain)
    add_exports_to_others(program, case, chain)
    add_our_demands(program, case, chain)
    add_balances(program, case, chain, "H", weighted=True, stockpile=first.stockpile)
    return chain


def add_our_supply(
    program: Program,
    case: Case,
    response: Chain,
    chain: Chain,
    scenario: Scenario,
    first: FirstStage,
    lane: Lane,
    policy: str,
) -> None:
    """A lane that ends on our side, under the policy of a package or, reviewed by us, of the plan.

    contract <= ship <= cap * A_p * availability; both times qualify where there is a fixed cost. From the counterpart
    also ship <= A_p * availability * base_flow * fillC (fillC is 1 at an untracked origin), its contract is served pro
    rata, and the goods arrive by the policy's kernel. From another of our parties the origin earns margin * its weight.
    """
    origin, gates = case.side[lane.origin], first.gates(case, lane)
    for t in range(case.T):
        left = case.availability(scenario, "lane", lane.id, t)
        share = left * case.carried(lane.regime, policy, t)
        cap, least = case.lane_capacity(lane, t, share), case.contract(lane, t, share)
        if gates is None:
            ship = chain.decide(program, "ship", (lane.id, t), 0.0)
        elif gates:
            ship = chain.decide(program, "ship", (lane.id, t), cap)
            bound = Affine(least * (len(gates) - 1)).add(1.0, ship)
            for gate in gates:
                program.nonnegative(Affine().add(cap, gate).add(-1.0, ship))
                bound.add(-least, gate)
            program.nonnegative(bound)
        elif origin == "C":
            ship = chain.decide(program, "ship", (lane.id, t), cap)
            yielded = yield_of(case, response, lane, t)
            usual = case.base_flow(lane, t) * left * case.granted(lane.regime, policy, t)
            program.nonnegative(Affine().plus(yielded, usual).add(-1.0, ship))
            program.nonnegative(Affine().plus(yielded, -min(least, usual)).add(1.0, ship))
        else:
            ship = chain.decide(program, "ship", (lane.id, t), cap, least)
        if origin == "H" and case.party[lane.origin] != case.party[lane.destination]:
            chain.cost.add(-case.weight[lane.origin] * lane.margin, ship)
        smallest, fee = case.features.min_order.get(lane.id, 0.0), case.order_cost(lane, t)
        if smallest > 0.0 or fee > 0.0:
            order = chain.decide(program, "order", (lane.id, t), 1.0, integer=True)
            program.nonnegative(Affine().add(cap, order).add(-1.0, ship))
            program.nonnegative(Affine().add(-smallest, order).add(1.0, ship))
            chain.cost.add(case.weight[lane.destination] * fee, order)
    add_price_breaks(program, case, chain, lane)
    add_arrivals(case, chain, lane, policy)
    add_shipping_cost(case, chain, lane, policy, case.weight[lane.destination])
    if origin == "H":
        add_internal_departures(case, chain, lane)


def add_price_breaks(program: Program, case: Case, chain: Chain, lane: Lane) -> None:
    """All-units discounts on the mean weekly flow: the price of all units is that of the tier the flow lies in.

    tier[l,k,t] is what is bought at the price of break k: all of ship[l,t] where its binary is 1, else nothing. At most
    one binary is 1; none is the plain unit_cost.
    """
    breaks = case.features.price_breaks.get(lane.id, ())
    if not breaks:
        return
    most = [case.most(lane, t) for t in range(case.T)]
    flow = Affine()
    for t in range(case.T):
        flow.add(1.0, chain.ship[lane.id, t])
    chosen = [program.column(1.0, integer=True) for _ in breaks]
    any_of = Affine(1.0)
    for k, ((start, price), binary) in enumerate(zip(breaks, chosen, strict=True)):
        any_of.add(-1.0, binary)
        program.nonnegative(Affine().plus(flow).add(-start * case.T, binary))
        if k + 1 < len(breaks):
            room = sum(most)
            program.nonnegative(Affine(breaks[k + 1][0] * case.T + room).plus(flow, -1.0).add(-room, binary))
        for t in range(case.T):
            ship = chain.ship[lane.id, t]
            bought = chain.tier[lane.id, k, t] = program.column()
            program.nonnegative(Affine().add(most[t], binary).add(-1.0, bought))
            program.nonnegative(Affine().add(1.0, ship).add(-1.0, bought))
            program.nonnegative(Affine(most[t]).add(-most[t], binary).add(1.0, bought).add(-1.0, ship))
            chain.cost.add(case.weight[lane.destination] * _dearer(case, lane, price, t), bought)
    program.nonnegative(any_of)
    # Below the first break the plain price holds, above it one of the others.
    room = sum(most)
    below = Affine(breaks[0][0] * case.T).plus(flow, -1.0)
    for binary in chosen:
        below.add(room, binary)
    program.nonnegative(below)


def _dearer(case: Case, lane: Lane, price: float, t: int) -> float:
    """What a unit of week t costs more at the price of a break."""
    return (price - lane.unit_cost) * (1.0 + lane.duty) * case.features.factor("lanes", lane.id, "unit_cost", t)


def yield_of(case: Case, response: Chain, lane: Lane, t: int) -> Affine:
    """fillC[origin, item, t] of a lane from the counterpart; 1 at an untracked origin."""
    column = response.fill.get(((lane.origin, lane.item), t))
    return Affine().add(1.0, column) if case.is_tracked(lane) and column is not None else Affine(1.0)


def add_exports_to_counterpart(program: Program, case: Case, response: Chain, chain: Chain) -> None:
    """Exports leave a tracked origin as the counterpart orders them, less a slack: 0 <= slack <= ordered.

    The origin's party earns margin * ordered; the slack costs 10 max(margin, unit_cost). Both carry its weight.
    """
    for lane in case.inbound("C"):
        if case.side[lane.origin] != "H":
            continue
        weight = case.weight[lane.origin]
        for t in range(case.T):
            ordered = response.ship[lane.id, t]
            chain.cost.add(-weight * lane.margin, ordered)
            if case.is_tracked(lane):
                slack = chain.decide(program, "slack", (lane.id, t))
                program.nonnegative(Affine().add(1.0, ordered).add(-1.0, slack))
                chain.cost.add(weight * 10.0 * max(lane.margin, case.unit_cost(lane, t)), slack)
                chain.net[(lane.origin, lane.item), t].add(-1.0, ordered).add(1.0, slack)


def add_exports_to_others(program: Program, case: Case, chain: Chain) -> None:
    """base_flow * fill leaves a tracked origin; margin * base_flow * (1 - fill) is lost, with the origin's weight."""
    for lane in case.lanes:
        if case.side[lane.origin] != "H" or case.side[lane.destination] != "O" or not case.is_tracked(lane):
            continue
        for t in range(case.T):
            flow = case.base_flow(lane, t)
            lost = case.weight[lane.origin] * lane.margin * flow
            fill = chain.decide(program, "export_fill", (lane.id, t), 1.0)
            chain.net[(lane.origin, lane.item), t].add(-flow, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)


def add_our_demands(program: Program, case: Case, chain: Chain) -> None:
    """quantity * fill leaves the pair; quantity * shortage_penalty * (1 - fill) is lost, with the site's weight."""
    for pair, row in case.demands.items():
        quantity = number_of(row, "quantity")
        if case.side[pair[0]] != "H" or quantity <= 0.0:
            continue
        for t in range(case.T):
            quantity = case.demand(pair, t)
            lost = case.weight[pair[0]] * quantity * case.penalty(pair, t)
            fill = chain.decide(program, "fill", (pair, t), 1.0)
            chain.net[pair, t].add(-quantity, fill)
            chain.cost.constant += lost
            chain.cost.add(-lost, fill)
        add_backorders(program, case, chain, pair, case.weight[pair[0]])


def require_continuity(program: Program, case: Case, chain: Chain, gaps: Affine | None = None) -> None:
    """Mean of every run of fill_window weeks (default: all) >= min_fill, fill[t] >= min_fill_week.

    A demand of quantity 0 has fill 1; in a week without any the fill is free. With ``gaps`` either limit of a demand may lack
    something, as much in every run or week; what they lack is added to it.
    """
    for pair, row in case.demands.items():
        if (pair, 0) not in chain.fill:
            continue
        lack = [None, None] if gaps is None else [program.column(), program.column()]
        for column in lack:
            if gaps is not None and column is not None:
                gaps.add(1.0, column)
        run = int(min(case.T, case.features.fill_window.get(pair, case.T)))
        for start in range(case.T - run + 1):
            mean = Affine(-number_of(row, "min_fill"))
            for t in range(start, start + run):
                mean.add(1.0 / run, chain.fill[pair, t])
            program.nonnegative(mean if lack[0] is None else mean.add(1.0, lack[0]))
        for t in range(case.T):
            week = Affine(-number_of(row, "min_fill_week")).add(1.0, chain.fill[pair, t])
            program.nonnegative(week if lack[1] is None else week.add(1.0, lack[1]))


def require_spread(program: Program, case: Case, chain: Chain, always: bool = False) -> None:
    """Concentration, for the operations of a scenario: none's, or with ``always`` of items limited in every scenario.

    Dispatches of an item to our side from one party not on it <= max_party_share * (dispatches of the item from all
    parties not on our side + our production of it), summed over weeks and sites.
    """
    for item, share in case.max_share.items():
        if share >= 1.0 or (always and item not in case.features.share_always):
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


def require_suppliers(program: Program, case: Case, chain: Chain, always: bool = False) -> None:
    """Suppliers of an item: origin sites that are not ours, by their dispatches over all weeks to all our sites.

    A site supplies nothing or at least min_supplier_share of the total, at most max_supplier_share of it; min_suppliers of
    them do. The total counts our own production, as for concentration.
    """
    found = case.features
    for item in case.max_share:
        number = found.min_suppliers.get(item, 0.0)
        least, most = found.min_supplier_share.get(item, 0.0), found.max_supplier_share.get(item, 1.0)
        if (number <= 0.0 and least <= 0.0 and most >= 1.0) or (always and item not in found.share_always):
            continue
        if number > 0.0 and least <= 0.0:
            raise ValueError(f"{item}: a supplier of nothing is none: min_suppliers needs a min_supplier_share")
        foreign = [a for a in case.inbound("H") if a.item == item and case.side[a.origin] != "H"]
        total = Affine()
        supply = {a.origin: Affine() for a in foreign}
        room = 0.0
        for t in range(case.T):
            for lane in foreign:
                supply[lane.origin].add(1.0, chain.ship[lane.id, t])
                total.add(1.0, chain.ship[lane.id, t])
                room += case.most(lane, t)
            for j in case.processes:
                if j.output == item and case.side[j.site] == "H":
                    total.add(1.0, chain.make[j.id, t])
                    room += min(case.process_capacity(j, t), case.wanted((j.site, j.output)))
        enough = Affine(-number)
        for part in supply.values():
            program.nonnegative(Affine().plus(total, most).plus(part, -1.0))
            if least > 0.0:
                used = program.column(1.0, integer=True)
                enough.add(1.0, used)
                program.nonnegative(Affine().add(room, used).plus(part, -1.0))
                program.nonnegative(Affine(room).plus(part).plus(total, -least).add(-room, used))
        if number > 0.0:
            program.nonnegative(enough)


def require_budget(program: Program, case: Case, first: FirstStage, policies: Mapping[str, str]) -> None:
    """Fixed costs + stockpile + admin <= budget."""
    if case.budget < INF:
        row = Affine(case.budget - case.admin_cost(policies))
        row.constant = 0.0 if abs(row.constant) < 1e-9 else row.constant
        program.nonnegative(row.plus(first.fixed_costs, -1.0).plus(first.stockpile_costs, -1.0))


def require_stockpile_value(program: Program, case: Case, first: FirstStage) -> None:
    """Stockpile <= its most value."""
    if case.stockpile_value < INF:
        program.nonnegative(Affine(case.stockpile_value).plus(first.stockpile_costs, -1.0))


def retaliation_loss(case: Case, response: Chain, scenario: Scenario) -> Affine:
    """What a package costs the counterpart: its cost, and what it loses on what it refuses (`refusal_loss`)."""
    loss = Affine(case.package_cost.get(scenario.package, 0.0))
    for lane in case.lanes:
        if lane.regime not in case.ours:
            loss.plus(refusal_loss(case, response, lane, case.import_policy({}, scenario, lane)))
    return loss


def imports_loss(case: Case, response: Chain, policies: Mapping[str, str]) -> Affine:
    """What our reviews of imports cost the counterpart in every scenario: what they refuse (`refusal_loss`)."""
    loss = Affine()
    for lane in case.lanes:
        if lane.regime in case.ours:
            loss.plus(refusal_loss(case, response, lane, case.our_policy(policies, lane)))
    return loss


def refusal_loss(case: Case, response: Chain, lane: Lane, policy: str) -> Affine:
    """max(0, margin - R(origin, item)) (1 - A_p(t)) base_flow fill[t] of a lane that leaves C, which keeps the goods."""
    loss = Affine()
    if case.side[lane.origin] == "C" and case.side[lane.destination] != "C":
        for t in range(case.T):
            refused = (1.0 - case.granted(lane.regime, policy, t)) * case.base_flow(lane, t)
            loss.plus(yield_of(case, response, lane, t), case.keeping(lane) * refused)
    return loss


def lasting_loss(case: Case, response: Chain) -> Affine:
    """What stays lost: customers of ours that do not come back.

    Per lane to the counterpart weight * margin * kept_share * after_weeks / weeks * sum of (base_flow(t) - dispatch(t)).
    """
    loss = Affine()
    for lane in case.inbound("C"):
        kept = case.features.kept_share.get(lane.id, 0.0) * case.features.after_weeks / case.T
        if case.side[lane.origin] == "H" and kept > 0.0:
            for t in range(case.T):
                missing = Affine(case.base_flow(lane, t)).add(-1.0, response.ship[lane.id, t])
                loss.plus(missing, kept * case.weight[lane.origin] * lane.margin)
    return loss
