"""The limits of a case in its own words, and the figures of the case that set them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...model.formulation.scenario_data import SIDE
from ...model.plan.limits import LIMIT_WORDS, MEASURES, at_least, at_most

if TYPE_CHECKING:
    from ...data import Case
    from ...data.schema.tables import Item, Lane
    from ...data.units import Units
    from ...model.leader.problem import Problem
    from ...model.network import Network


@dataclass(frozen=True)
class LimitFigure:
    """A figure of the case that sets one limit or several.

    Attributes
    ----------
    path
        As ``--set`` takes it, e.g. ``demands.us/chip.min_fill``.
    kind
        A key of ``[limits]``, ``min_fill``, ``min_fill_week``, ``max_party_share``,
        ``max_supplier_share``, ``min_suppliers``, one of `ASKED`, or `CONTRACT`.
    key : tuple of str
        (site, item), (lane,), (item,) or ().
    limit
        Its value, in natural units until it is shown (`shown`).
    unit
        Of the value; empty for a share.
    scale
        What one unit of gap is divided by to make it relative to the limit.
    """

    path: str
    kind: str
    key: tuple[str, ...]
    limit: float
    unit: str
    scale: float

    @property
    def fill(self) -> bool:
        """Whether it asks for a fill."""
        return self.kind in ("min_fill", "min_fill_week")

    @property
    def share(self) -> bool:
        """Whether it limits shares of our intake."""
        return self.kind in SHARES

    @property
    def least(self) -> bool:
        """Whether the limit is a lower one."""
        return self.fill or self.kind in ("min_suppliers", CONTRACT, *ASKED)


@dataclass(frozen=True)
class Limit:
    """One limit a plan must keep.

    Attributes
    ----------
    words
        The limit as the case would say it.
    figure
        What sets it.
    scenario
        Where it must hold; None where that is no question.
    party
        Whose share it limits: that of a party, or of a site.
    """

    words: str
    figure: LimitFigure
    scenario: str | None = None
    party: str | None = None


ASKED = ("min_supplier_share", "min_share", "min_order")
"""Kinds of limits that hold only where a supplier, a lane or an order is chosen: they have no gap."""


CONTRACT = "min_flow"
"""What lanes carry every week by contract, a fact of today: it is named where no plan keeps it, and not priced."""


@dataclass(frozen=True)
class Kind:
    """A kind of limits that a row of a table sets.

    Attributes
    ----------
    words
        What it limits, the parts of its key filled in.
    gap
        The variables of a scenario by which a plan may miss it; empty where it has none.
    """

    words: str
    gap: str = ""


KINDS = {
    "min_fill": Kind("fill of {1} in {0}", "fill_gap"),
    "min_fill_week": Kind("weekly fill of {1} in {0}", "week_gap"),
    "max_party_share": Kind("share in {0}", "share_gap"),
    "max_supplier_share": Kind("share of a site in {0}", "supplier_gap"),
    "min_suppliers": Kind("suppliers of {0}", "count_gap"),
    "min_supplier_share": Kind("share of every supplier in {0}"),
    "min_share": Kind("taken or paid of lane {0}"),
    "min_order": Kind("order on lane {0}"),
    CONTRACT: Kind("contract on lane {0}"),
}
"""Every kind of limit but those of `[limits]`."""


def asked_of(case: Case, contracts: bool = False) -> list[Limit]:
    """Return what suppliers of our side ask for, in the units of the case: least shares, take or pay, least orders.

    Parameters
    ----------
    case
        The case.
    contracts
        Whether the contracts that run count too.
    """
    role = {row.party: row.role for row in case.parties}
    ours = {row.site for row in case.sites if role[row.party] in ("focal", "ally")}
    unit, names = {row.item: row.unit or "units" for row in case.items}, case.names
    limits = []
    for item in case.items:
        if item.min_supplier_share > 0:
            least = at_least(item.min_supplier_share, share=True)
            words = f"share of every supplier in our intake of {names.item(item.item)} {least}, or 0"
            limits.append(_asked("items", item.item, "min_supplier_share", item.min_supplier_share, "", words))
    for lane in case.lanes:
        if lane.destination not in ours:
            continue
        if lane.min_share > 0:
            words = (
                f"taken or paid of lane {names.lane(lane.lane)} {at_least(lane.min_share, share=True)} of its capacity"
            )
            limits.append(_asked("lanes", lane.lane, "min_share", lane.min_share, "", words))
        if lane.min_order > 0:
            words = f"order on lane {names.lane(lane.lane)} {at_least(lane.min_order)}, or 0"
            limits.append(_asked("lanes", lane.lane, "min_order", lane.min_order, unit[lane.item], words))
        if contracts and lane.min_flow > 0:
            words = f"contract on lane {names.lane(lane.lane)} {at_least(lane.min_flow)} a week"
            limits.append(_asked("lanes", lane.lane, CONTRACT, lane.min_flow, unit[lane.item], words))
    return limits


def _asked(table: str, key: str, kind: str, value: float, unit: str, words: str) -> Limit:
    return Limit(words, LimitFigure(f"{table}.{key}.{kind}", kind, (key,), value, unit, value))


def moved(case: Case, figure: LimitFigure, value: float) -> Case:
    """Return a case whose figure has another value, in the units of the case.

    Without a least share every site would count as a supplier: with a `min_supplier_share` of 0 the number of suppliers that is
    asked for goes too.
    """
    column = figure.path.rpartition(".")[2]
    if figure.kind in MEASURES:
        limits = case.settings.limits.model_copy(update={column: value})
        return replace(case, settings=case.settings.model_copy(update={"limits": limits}))
    change: dict[str, float | int] = {column: round(value) if column == "min_suppliers" else value}
    if column == "min_supplier_share" and value == 0:
        change["min_suppliers"] = 0
    if len(figure.key) == 2:
        demands = (row.model_copy(update=change) if (row.site, row.item) == figure.key else row for row in case.demands)
        return replace(case, demands=tuple(demands))
    if figure.kind in ("min_share", "min_order", CONTRACT):
        lanes = (row.model_copy(update=change) if row.lane == figure.key[0] else row for row in case.lanes)
        return replace(case, lanes=tuple(lanes))
    items = (row.model_copy(update=change) if row.item == figure.key[0] else row for row in case.items)
    return replace(case, items=tuple(items))


def idle(figure: LimitFigure) -> float:
    """Return the value at which a figure limits nothing."""
    return math.inf if figure.kind in MEASURES else 1.0 if figure.share else 0.0


def limits_of(problem: Problem) -> list[Limit]:
    """Return every finite limit of a case that can have a gap: those on policies and money, then fills, then shares."""
    network, case, names = problem.network, problem.case, problem.case.names
    limits: list[Limit] = []
    for name, measure in MEASURES.items():
        most = getattr(case.settings.limits, name)
        if math.isfinite(most):
            figure = LimitFigure(f"limits.{name}", name, (), most, unit_of(measure, case), most or 1.0)
            limits.append(Limit(f"{LIMIT_WORDS[name]} {at_most(most * network.units.unit_of(measure))}", figure))
    for row in case.demands:
        if network.side[row.site] != SIDE or row.quantity == 0:
            continue
        for kind, words in (("min_fill", "fill"), ("min_fill_week", "weekly fill")):
            least = getattr(row, kind)
            if least > 0:
                path = f"demands.{row.site}/{row.item}.{kind}"
                figure = LimitFigure(path, kind, (row.site, row.item), least, "", least)
                if kind == "min_fill" and row.fill_window is not None:
                    words = f"fill over any {row.fill_window} weeks"
                limits += [
                    Limit(
                        f"{words} of {names.item(row.item)} in {names.site(row.site)} {at_least(least, share=True)} "
                        f"in scenario {names.quoted(name)}",
                        figure,
                        name,
                    )
                    for name in network.scenarios
                ]
    for item in case.items:
        limits += _of_suppliers(problem, item)
    return limits


SHARES = ("max_party_share", "max_supplier_share")
"""Kinds of limits on shares of our intake: of a party, of a site."""


def _of_suppliers(problem: Problem, item: Item) -> Iterator[Limit]:
    """Yield the limits on who supplies us with an item: shares of parties, shares of sites, how many sites."""
    network, names = problem.network, problem.case.names
    lanes = [row for row in network.lanes_into(SIDE) if row.item == item.item and network.side[row.origin] != SIDE]
    taken = network.weeks * math.fsum(lane.base_flow for lane in lanes)
    for kind in SHARES:
        share = getattr(item, kind)
        if share < 1:
            path, scale = f"items.{item.item}.{kind}", (share or 1.0) * (taken or 1.0)
            figure = LimitFigure(path, kind, (item.item,), share, "", scale)
            for name in dict.fromkeys(supplier(problem.network, kind, lane) for lane in lanes):
                whose = names.party(name) if kind == "max_party_share" else f"site {names.site(name)}"
                yield Limit(
                    f"share of {whose} in our intake of {names.item(item.item)} {at_most(share, share=True)}",
                    figure,
                    "none",
                    name,
                )
    if item.min_suppliers > 0:
        least = float(item.min_suppliers)
        figure = LimitFigure(
            f"items.{item.item}.min_suppliers", "min_suppliers", (item.item,), least, "suppliers", least
        )
        yield Limit(f"suppliers of {names.item(item.item)} {at_least(least)}", figure, "none")


def supplier(network: Network, kind: str, lane: Lane) -> str:
    """Return whose share a lane counts in: its origin's party, or its origin."""
    return network.party[lane.origin] if kind == "max_party_share" else lane.origin


def shown(figure: LimitFigure, units: Units) -> LimitFigure:
    """Return a figure in the units of the case."""
    return replace(figure, limit=figure.limit * natural_unit(figure.kind, units))


def natural_unit(kind: str, units: Units) -> float:
    """What one natural unit of a limit of a kind is in the units of the case; 1 for a share."""
    return units.unit_of(MEASURES[kind]) if kind in MEASURES else 1.0


def unit_of(measure: str, case: Case) -> str:
    """Word in the case's tables for what a key of ``[limits]`` is counted in."""
    return case.settings.case.currency if measure == "money" else measure


def figures_of(limits: Sequence[Limit]) -> list[LimitFigure]:
    """Return the figures behind limits, each once."""
    return list(dict.fromkeys(limit.figure for limit in limits))
