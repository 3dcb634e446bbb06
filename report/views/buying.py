"""What a buyer asks of a plan: who delivers how much when and at what landed cost, and who is served in which scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.network import NONE

if TYPE_CHECKING:
    from ...data.schema.tables import Lane
    from ...model import Plan

QUARTER = 13
"""Weeks of a quarter."""


@dataclass(frozen=True)
class AllocationRow:
    """What a supplier delivers of an item in scenario ``none``.

    Attributes
    ----------
    supplier, party, item, unit
        Site outside our side, its party, the item, all by their names for people; the item's unit.
    quarters
        Units dispatched in every quarter of thirteen weeks, the last one as long as the horizon lets it be.
    units, share
        All of them, and their share of all that comes of the item from outside.
    price, freight, duty
        What is paid for a unit, its freight and its duty, money, prices by quantity as they are reached.
    ordered, fixed
        What all orders from the supplier cost, and what qualifying its lanes does, money.
    today
        Landed cost of a unit of what the supplier delivers before week 0, money; None where it delivers nothing.
    """

    supplier: str
    party: str
    item: str
    unit: str
    quarters: tuple[float, ...]
    units: float
    share: float
    price: float
    freight: float
    duty: float
    ordered: float
    fixed: float
    today: float | None

    @property
    def ordering(self) -> float:
        """What orders cost, spread over the units, money per unit."""
        return self.ordered / self.units

    @property
    def qualifying(self) -> float:
        """What qualifying costs, spread over the units, money per unit."""
        return self.fixed / self.units

    @property
    def landed(self) -> float:
        """Landed cost of a unit: price, freight, duty, and what orders and qualifying take."""
        return self.price + self.freight + self.duty + self.ordering + self.qualifying


@dataclass(frozen=True)
class ServiceRow:
    """How a demand of ours is served in a scenario.

    Attributes
    ----------
    scenario, demand
        The scenario; the item and the site, by their names for people.
    mean, least, week
        Mean fill, that of the worst week, and the first week that is as bad.
    """

    scenario: str
    demand: str
    mean: float
    least: float
    week: int


def allocation_rows(plan: Plan) -> tuple[AllocationRow, ...]:
    """Return who delivers how much of what, item by item; suppliers of nothing are left out."""
    case, flows = plan.case, plan.tables["flows"]
    party = {row.site: row.party for row in case.sites}
    ours = {row.party for row in case.parties if row.role in ("focal", "ally")}
    lanes = {row.lane: row for row in case.lanes if party[row.destination] in ours and party[row.origin] not in ours}
    sourcing = plan.tables["sourcing"].set_index("id")
    paid, fixed, ordered = (sourcing[column].to_dict() for column in ("cost", "fixed_cost", "order_cost"))
    told = flows[(flows["scenario"] == NONE) & (flows["side"] == "ours") & flows["lane"].isin(list(lanes))]
    told = told.assign(quarter=told["week"] // QUARTER)
    totals = told.groupby("item")["dispatched"].sum()
    units = {row.item: row.unit for row in case.items}
    count = -(-case.settings.horizon.weeks // QUARTER)
    found = []
    for item in (row.item for row in case.items):
        for (supplier, _), rows in told[told["item"] == item].groupby(["origin", "item"], sort=False):
            by_lane = rows.groupby("lane", sort=False)["dispatched"].sum()
            amount = float(by_lane.sum())
            if amount <= 0:
                continue
            freight = sum(lanes[name].freight * dispatched for name, dispatched in by_lane.items())
            goods = {name: paid[name] - lanes[name].freight * dispatched for name, dispatched in by_lane.items()}
            duty = sum(money * lanes[name].duty / (1.0 + lanes[name].duty) for name, money in goods.items())
            by_quarter = rows.groupby("quarter")["dispatched"].sum()
            found.append(
                AllocationRow(
                    case.names.site(str(supplier)),
                    case.names.party(party[str(supplier)]),
                    case.names.item(item),
                    units[item],
                    tuple(float(by_quarter.get(quarter, 0.0)) for quarter in range(count)),
                    amount,
                    amount / float(totals[item]),
                    (sum(goods.values()) - duty) / amount,
                    freight / amount,
                    duty / amount,
                    sum(float(ordered[name]) for name in by_lane.index),
                    sum(float(fixed[name]) for name in by_lane.index),
                    _today([lanes[name] for name in by_lane.index]),
                )
            )
    return tuple(found)


def _today(lanes: Sequence[Lane]) -> float | None:
    """Landed cost of a unit of what lanes carry before week 0; None where they carry nothing."""
    flow = sum(lane.base_flow for lane in lanes)
    return sum(lane.base_flow * lane.landed_cost for lane in lanes) / flow if flow else None


def service_rows(plan: Plan) -> tuple[ServiceRow, ...]:
    """Return how every demand of ours is served in every scenario, in the order of the scenarios."""
    fills = plan.tables["fills"]
    fills = fills[fills["side"] == "ours"]
    found = []
    for (scenario, site, item), rows in fills.groupby(["scenario", "site", "item"], sort=False):
        least = rows.loc[rows["fill"].idxmin()]
        found.append(
            ServiceRow(
                str(scenario),
                plan.case.names.pair(f"{site}/{item}"),
                float(rows["fill"].mean()),
                float(least["fill"]),
                int(least["week"]),
            )
        )
    order = {name: place for place, name in enumerate(plan.scenarios)}
    return tuple(sorted(found, key=lambda row: order[row.scenario]))
