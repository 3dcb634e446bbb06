"""Reviews of imports: policies of ours on lanes from the counterpart to our side (model.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..algebra import Constraint, Expression, NonNegativeReals, Set, Var, quicksum
from ..network import Kernel, Network, holding_weeks

if TYPE_CHECKING:
    from ...data.schema.tables import Lane

NO_IMPORTS = "0: no regime of ours acts on imports."
"""What `refused_imports` is without any."""

ReviewedArc = tuple[str, str, int]
"""A dispatch to us: lane, policy of ours, week."""


class ReviewedImports:
    """Dispatches to our side whose arrival a policy of ours decides, in one scenario.

    Parameters
    ----------
    network
        The case as the mathematics sees it.
    left
        Share of its capacity that an outage leaves a lane in a week.

    Attributes
    ----------
    lanes : list of str
        Lanes from the counterpart under a regime of ours that run before week 0.
    kernel, share, carried, paperwork : dict of (lane, policy, week)
        Kernel of an arc; share of what is sold that licences and outages leave it; the same of capacity, with the surge before a
        policy begins; what an application costs.
    """

    def __init__(self, network: Network, left: Any):
        self.network = network
        self.lanes = [lane.lane for lane in network.imports]
        self.kernel: dict[ReviewedArc, Kernel] = {}
        self.share: dict[ReviewedArc, float] = {}
        self.carried: dict[ReviewedArc, float] = {}
        self.paperwork: dict[ReviewedArc, float] = {}
        for lane in network.imports:
            for policy in network.menu[lane.regime or ""]:
                row = network.policy(lane.regime, policy)
                for week in range(network.weeks):
                    arc = (lane.lane, policy, week)
                    self.kernel[arc] = network.kernel(row, week)
                    self.share[arc] = network.granted(row, week) * left("lane", lane.lane, week)
                    self.carried[arc] = network.carried(row, week) * left("lane", lane.lane, week)
                    self.paperwork[arc] = network.paperwork(row, lane, week)

    def capacity(self, arc: ReviewedArc) -> float:
        """Most that an arc dispatches: A_p(t) * availability * min(cap_l(t), base_flow(t)), cap_l(t) with the surge beforehand."""
        lane, share = self.network.lanes[arc[0]], self.share[arc]
        capacity = self.network.capacity(lane, arc[2], self.carried[arc])
        return min(capacity, self.network.weekly.base_flow[arc[0]][arc[2]] * share)

    def most(self, lane: str, week: int) -> float:
        """Most that a lane dispatches under any policy."""
        menu = self.network.menu[self.network.lanes[lane].regime or ""]
        return max(self.capacity((lane, policy, week)) for policy in menu)

    def contracted(self, arc: ReviewedArc) -> float:
        """Least of it by contract, where all that the counterpart sells is served."""
        lane = self.network.lanes[arc[0]]
        if not self.network.contract(lane):
            return 0.0
        return min(self.network.contracted(lane, arc[2], self.carried[arc]), self.capacity(arc))

    def price(self, arc: ReviewedArc) -> float:
        """holding_cost H_p(t) + applicant_cost: what a unit costs beyond landed_cost."""
        held = self.network.holding[self.network.lanes[arc[0]].item] * holding_weeks(self.kernel[arc])
        return held + self.paperwork[arc]

    def yielded(self, arc: ReviewedArc) -> tuple[str, str, str, str, int]:
        """Index of ``yielded`` that an arc draws on."""
        lane = self.network.lanes[arc[0]]
        return (lane.regime or "", arc[1], lane.origin, lane.item, arc[2])


# The first stage's side ----------------------------------------------------------------------------------------------


def yield_split(model: Any, regime: str, site: str, item: str, week: int) -> Any:
    """What the counterpart yields comes under the chosen policy: sum over p of yielded[g,p,s,i,t] == fillC[s,i,t].

    1 in its place where the origin is untracked. The gate sets the bound of yielded[g,p,..] to 0 for the policies not chosen.
    """
    yielded = quicksum(model.yielded[regime, policy, site, item, week] for policy in model.network.menu[regime])
    filled = model.counterpart_fill[site, item, week] if (site, item) in model.watched else 1.0
    return yielded == filled


def refused_imports(model: Any) -> Any:
    """What our reviews of imports cost the counterpart in goods that we refuse, and it keeps, in every scenario.

    Sum of max(0, margin - R(origin, item)) * (1 - A_p(t)) * base_flow(t) * yielded[g,p,origin,item,t] over its lanes to us under
    our regimes
    """
    network, terms = model.network, []
    for lane in network.imports:
        for policy in network.menu[lane.regime]:
            row = network.policy(lane.regime, policy)
            for week in range(network.weeks):
                flow = network.weekly.base_flow[lane.lane][week]
                worth = network.margin_at_stake(lane) * (1.0 - network.granted(row, week)) * flow
                if worth > 0:
                    terms.append(worth * model.yielded[lane.regime, policy, lane.origin, lane.item, week])
    return quicksum(terms)


def put_yields(model: Any, network: Network, wanted: bool) -> None:
    """Put what the counterpart yields under each of our policies into a model that holds ``counterpart_fill``.

    Parameters
    ----------
    model
        The model.
    network
        The case as the mathematics sees it.
    wanted
        Whether imports may be reviewed; else all are open.
    """
    lanes: list[Lane] = network.imports if wanted else []
    model.reviewing = Set(
        initialize=list(dict.fromkeys((lane.regime, lane.origin, lane.item) for lane in lanes)), dimen=3
    )
    keys = [(regime, policy, *pair) for regime, *pair in model.reviewing for policy in network.menu[regime]]
    model.reviewed_yields = Set(initialize=keys, dimen=4)
    model.yielded = Var(model.reviewed_yields, model.weeks, within=NonNegativeReals)
    model.yield_split = Constraint(model.reviewing, model.weeks, rule=yield_split)
    model.refused_imports = Expression(rule=refused_imports) if lanes else Expression(expr=0.0, doc=NO_IMPORTS)


# A scenario's side ---------------------------------------------------------------------------------------------------


def reviewed_bounds(b: Any, lane: str, policy: str, week: int) -> tuple[float, float]:
    """0 <= reviewed[l,p,t] <= A_p(t) * availability * min(cap_l(t), base_flow(t))."""
    return 0.0, b.data.imports.capacity((lane, policy, week))


def reviewed_split(b: Any, lane: str, week: int) -> Any:
    """All that is dispatched to us comes under some policy: ship[l,t] == sum over p of reviewed[l,p,t]."""
    policies = b.data.network.menu[b.data.network.lanes[lane].regime]
    return b.ship[lane, week] == quicksum(b.reviewed[lane, policy, week] for policy in policies)


def reviewed_rationed(b: Any, lane: str, policy: str, week: int) -> Any:
    """Licences cover a share of what the counterpart yields.

    reviewed[l,p,t] <= A_p(t) base_flow(t) * availability * yielded[g,p,origin,item,t]
    """
    imports, arc = b.data.imports, (lane, policy, week)
    most = b.data.network.weekly.base_flow[lane][week] * imports.share[arc]
    return b.reviewed[arc] <= most * b.model().yielded[imports.yielded(arc)]


def reviewed_contracted(b: Any, lane: str, week: int) -> Any:
    """A contract under review is rationed too.

    ship[l,t] >= sum over p of min(min_flow, A_p(t) cap_l(t) * availability) * yielded[g,p,origin,item,t]
    """
    imports, network = b.data.imports, b.data.network
    arcs = [(lane, policy, week) for policy in network.menu[network.lanes[lane].regime]]
    least = [(imports.contracted(arc), b.model().yielded[imports.yielded(arc)]) for arc in arcs]
    if not any(units for units, _ in least):
        return Constraint.Skip
    return b.ship[lane, week] >= quicksum(units * yielded for units, yielded in least)


def review_cost(b: Any) -> list[tuple[float, Any]]:
    """(coefficient, variable) of what reviews of imports cost beyond landed_cost.

    weight * (holding_cost H_p(t) + applicant_cost) reviewed[l,p,t]
    """
    imports, network = b.data.imports, b.data.network
    prices = {arc: imports.price(arc) for arc in imports.kernel}
    weight = {lane: network.weight[network.lanes[lane].destination] for lane in imports.lanes}
    return [(weight[arc[0]] * price, b.reviewed[arc]) for arc, price in prices.items() if price]
