"""Who supplies us before and in a plan: lanes, shares, stockpiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.network import NONE
from .rows import filled, records

if TYPE_CHECKING:
    from ...model import Plan
    from ...model.network import Pair

SAME_SHARE = 0.005
"""Change of a lane's share below which the lane is not worth a line."""

NO_CHANGE = 1e-6
"""Change of a share that is rounding."""


@dataclass(frozen=True)
class LaneRow:
    """A lane into our side.

    Attributes
    ----------
    id, item, origin, party, destination, unit
        The lane; what it carries, from which site of which party to which site, by their names for people; the item's unit.
    status_quo, plan
        Dispatches before and in the plan, units of the item per week.
    status_quo_share, plan_share, worst_share
        Share of all the item's dispatches to the site: before, in the plan without retaliation, in the worst package.
    to_qualify, qualified
        Whether it has to be qualified, and whether it is.
    fixed_cost, cost
        Money for qualifying it, and spent on what it carries.
    title
        What to call it.
    """

    id: str
    item: str
    origin: str
    party: str
    destination: str
    status_quo: float
    plan: float
    status_quo_share: float
    plan_share: float
    worst_share: float
    to_qualify: bool
    qualified: bool
    fixed_cost: float
    cost: float
    unit: str = ""
    title: str = ""

    @property
    def change(self) -> float:
        """Greatest change of its share."""
        return max(abs(self.plan_share - self.status_quo_share), abs(self.worst_share - self.status_quo_share))

    @property
    def matters(self) -> bool:
        """Whether it is worth a line: its share changes, or it is qualified."""
        return self.change >= SAME_SHARE or self.qualified

    @property
    def slight(self) -> bool:
        """Whether its share changes by too little for a line."""
        return not self.matters and self.change > NO_CHANGE


@dataclass(frozen=True)
class StockpileRow:
    """A stockpile that is bought before week 0.

    Attributes
    ----------
    id, item, party, site
        ``site/item``; its parts with the party that holds it, by their names for people.
    units, unit
        Amount, and its unit.
    cost
        Money.
    title
        What to call it.
    """

    id: str
    item: str
    party: str
    site: str
    units: float
    unit: str
    cost: float
    title: str = ""


def shares(plan: Plan, scenario: str) -> dict[str, float]:
    """Return every lane's share of all dispatches of its item to its destination on our side in a scenario."""
    flows = plan.tables["flows"]
    lanes = plan.tables["sourcing"].query("kind == 'lane'")["id"]
    flows = flows[(flows["side"] == "ours") & (flows["scenario"] == scenario) & flows["lane"].isin(lanes)]
    sums = flows.groupby(["destination", "item", "lane"], sort=False)["dispatched"].sum()
    totals = sums.groupby(level=["destination", "item"], sort=False).transform("sum")
    parts = (sums / totals.where(totals > 0)).fillna(0.0)
    return dict(zip(parts.index.get_level_values("lane"), parts.tolist(), strict=True))


def lane_rows(plan: Plan) -> tuple[LaneRow, ...]:
    """Return the lanes into our side."""
    worst = shares(plan, plan.worst_package or NONE)
    names, units = plan.case.names, {row.item: row.unit for row in plan.case.items}
    return tuple(
        filled(
            LaneRow,
            row,
            item=names.item(row["item"]),
            origin=names.site(row["origin"]),
            party=names.party(row["party"]),
            destination=names.site(row["destination"]),
            worst_share=worst.get(row["id"], 0.0),
            unit=units[row["item"]],
            title=names.lane(row["id"]),
        )
        for row in records(plan.tables["sourcing"])
        if row["kind"] == "lane"
    )


def stockpile_rows(plan: Plan) -> tuple[StockpileRow, ...]:
    """Return the stockpiles of a plan."""
    names, units = plan.case.names, {row.item: row.unit for row in plan.case.items}
    return tuple(
        StockpileRow(
            row["id"],
            names.item(row["item"]),
            names.party(row["party"]),
            names.site(row["destination"]),
            row["plan"],
            units[row["item"]],
            row["cost"],
            names.pair(row["id"]),
        )
        for row in records(plan.tables["sourcing"])
        if row["kind"] == "stockpile"
    )


def supply_shares(plan: Plan) -> dict[Pair, dict[str, dict[str, float]]]:
    """Return the shares of the parties that supply us, by site and item: before, after, in the worst package.

    Shares are of dispatches over the horizon by lanes to the pair; a pair is told where a lane is qualified or its share
    changes.
    """
    frame = plan.tables["sourcing"]
    lanes = frame[frame["kind"] == "lane"]
    states: dict[str, Mapping[str, float]] = {
        "before": dict(zip(lanes["id"], lanes["status_quo_share"], strict=True)),
        "after": dict(zip(lanes["id"], lanes["plan_share"], strict=True)),
    }
    if plan.worst_package not in (None, NONE):
        states[f"under {plan.case.names.quoted(str(plan.worst_package))}"] = shares(plan, str(plan.worst_package))
    found: dict[Pair, dict[str, dict[str, float]]] = {}
    for pair, rows in lanes.groupby(["destination", "item"], sort=False):
        levels = {state: [share.get(lane, 0.0) for lane in rows["id"]] for state, share in states.items()}
        change = max(max(column) - min(column) for column in zip(*levels.values(), strict=True))
        if change < SAME_SHARE and not rows["qualified"].any():
            continue
        found[pair] = {}
        for state, amounts in levels.items():
            by_party: dict[str, float] = {}
            for party, share in zip(rows["party"], amounts, strict=True):
                by_party[party] = by_party.get(party, 0.0) + share
            found[pair][state] = by_party
    return found
