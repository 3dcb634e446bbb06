"""What a buyer asks of a plan: who delivers how much when and at what landed cost, and who is served in which scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.network import NONE

if TYPE_CHECKING:
    from ...model import Plan

QUARTER = 13
"""Weeks of a quarter."""


@dataclass(frozen=True)
class AllocationRow:
    """What a supplier delivers of an item in scenario ``none``.

    Attributes
    ----------
    supplier, party, item, unit
        Site outside our side, its party, the item, and its unit.
    quarters
        Units dispatched in every quarter of thirteen weeks, the last one as long as the horizon lets it be.
    units, share
        All of them, and their share of all that comes of the item from outside.
    landed
        Cost of a unit: what is paid for it, and what qualifying the supplier's lanes costs, spread over the units.
    fixed
        What qualifying them costs, money.
    """

    supplier: str
    party: str
    item: str
    unit: str
    quarters: tuple[float, ...]
    units: float
    share: float
    landed: float
    fixed: float


@dataclass(frozen=True)
class ServiceRow:
    """How a demand of ours is served in a scenario.

    Attributes
    ----------
    scenario, demand
        The scenario, and ``site/item``.
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
    fixed = plan.tables["sourcing"].set_index("id")["fixed_cost"].to_dict()
    told = flows[(flows["scenario"] == NONE) & (flows["side"] == "ours") & flows["lane"].isin(list(lanes))]
    told = told.assign(
        quarter=told["week"] // QUARTER,
        paid=told["dispatched"] * told["lane"].map({name: row.unit_cost for name, row in lanes.items()}).astype(float),
    )
    totals = told.groupby("item")["dispatched"].sum()
    units = {row.item: row.unit for row in case.items}
    count = -(-case.settings.horizon.weeks // QUARTER)
    found = []
    for item in (row.item for row in case.items):
        for (supplier, _), rows in told[told["item"] == item].groupby(["origin", "item"], sort=False):
            amount = float(rows["dispatched"].sum())
            if amount <= 0:
                continue
            spent = sum(float(fixed.get(name, 0.0)) for name in rows["lane"].unique())
            by_quarter = rows.groupby("quarter")["dispatched"].sum()
            found.append(
                AllocationRow(
                    str(supplier),
                    party[str(supplier)],
                    item,
                    units[item],
                    tuple(float(by_quarter.get(quarter, 0.0)) for quarter in range(count)),
                    amount,
                    amount / float(totals[item]),
                    (float(rows["paid"].sum()) + spent) / amount,
                    spent,
                )
            )
    return tuple(found)


def service_rows(plan: Plan) -> tuple[ServiceRow, ...]:
    """Return how every demand of ours is served in every scenario, in the order of the scenarios."""
    fills = plan.tables["fills"]
    fills = fills[fills["side"] == "ours"]
    found = []
    for (scenario, site, item), rows in fills.groupby(["scenario", "site", "item"], sort=False):
        least = rows.loc[rows["fill"].idxmin()]
        found.append(
            ServiceRow(
                str(scenario), f"{site}/{item}", float(rows["fill"].mean()), float(least["fill"]), int(least["week"])
            )
        )
    order = {name: place for place, name in enumerate(plan.scenarios)}
    return tuple(sorted(found, key=lambda row: order[row.scenario]))
