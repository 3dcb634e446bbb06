"""The dependence measures practitioners use, on the status quo of a case (docs/indices.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...data.units import Units
from ...model.leader.problem import Problem
from ...model.network import NONE
from ...model.plan.tolerances import FLOW_NOISE
from ..trade.ranking.measures import CDI_THRESHOLDS
from .prices import POINTS, Prices, herfindahl
from .survival import Survival, nodes

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from ...data.schema.tables import Lane

SIDES = ("ours", "counterpart")

THRESHOLDS = CDI_THRESHOLDS
"""What the Commission's core dependency indicators 1, 2 and 3 must exceed for an item to count as dependent."""


Row = dict[str, Any]

FRAMES: dict[str, dict[str, str]] = {
    "concentration": {
        "kind": "",
        "buyer": "",
        "item": "",
        "intake": "units per week",
        "own_share": "share of intake",
        "suppliers": "parties",
        "hhi": "0 to 1",
        "hhi_points": "0 to 10,000",
        "largest": "party",
        "largest_share": "share of intake",
    },
    "dependency": {
        "side": "",
        "item": "",
        "outside_imports": "money per week",
        "inside_supply": "money per week",
        "exports": "money per week",
        "cdi1": "0 to 1",
        "cdi2": "share",
        "cdi3": "ratio",
        "met": "criteria",
        "dependent": "",
        "largest": "party",
        "largest_share": "share of outside imports",
    },
    "exposure": {
        "buyer": "side",
        "seller": "side",
        "item": "",
        "flow": "units per week",
        "value": "money per week",
        "import_share": "share of the buyer's imports",
        "intake_share": "share of the buyer's intake",
        "export_share": "share of the seller's exports",
        "sales_share": "share of the seller's sales",
        "margin": "money per week",
        "margin_share": "share of the seller's margins on exports",
    },
    "survival": {
        "side": "",
        "kind": "",
        "node": "",
        "party": "",
        "tts_weeks": "weeks",
        "ttr_weeks": "weeks",
        "gap_weeks": "weeks",
        "first_short": "site/item, or lane",
    },
    "chokepoints": {
        "side": "",
        "kind": "",
        "node": "",
        "party": "",
        "lost_value": "money over the horizon",
        "score": "share of the demand's value",
        "hardest_hit": "site/item, or lane",
        "hardest_share": "share of its value",
    },
}
"""Columns of every frame with their units."""


@dataclass(frozen=True, eq=False)
class Indices:
    """Dependence measures of a case; units of the columns in ``frame.attrs["units"]``.

    Attributes
    ----------
    case
        The case.
    concentration
        Intake of every item by origin party, for each side and party: Herfindahl-Hirschman index, largest supplier.
    dependency
        The European Commission's three core dependency indicators, for each side and item it imports.
    exposure
        What each side buys from the other, by item; in the row without an item all of them together.
    survival
        Weeks that each side's demand survives without a site, party or lane, and weeks until it is served again.
    chokepoints
        What each side loses over the horizon without a site or party.
    """

    case: Case
    concentration: pd.DataFrame
    dependency: pd.DataFrame
    exposure: pd.DataFrame
    survival: pd.DataFrame
    chokepoints: pd.DataFrame

    def __repr__(self) -> str:
        """Return the tables and their sizes."""
        return (
            f"Indices({self.case.name!r}, {', '.join(f'{name}: {len(getattr(self, name))} rows' for name in FRAMES)})"
        )

    def to_frame(self, table: str = "concentration") -> pd.DataFrame:
        """Return one of the tables, by its name."""
        if table not in FRAMES:
            raise ValueError(f"no table {table!r}; there are {', '.join(FRAMES)}")
        found: pd.DataFrame = getattr(self, table).copy()
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain mappings and lists; what is not defined becomes None."""
        document: dict[str, Any] = {
            "case": self.case.name,
            "currency": self.case.settings.case.currency,
            "weeks": self.case.settings.horizon.weeks,
            "units": {name: dict(columns) for name, columns in FRAMES.items()},
        }
        for name in FRAMES:
            frame = getattr(self, name)
            document[name] = [
                {column: _plain(value) for column, value in zip(frame.columns, row, strict=True)}
                for row in frame.itertuples(index=False, name=None)
            ]
        return document


def indices(case: Case, problem: Problem | None = None) -> Indices:
    """Return the dependence measures of a case.

    Flows are the case's base flows, which are data and have sources, and, for what no lane carries, the status quo's mean
    production and consumption, which the case leaves to the model. Profiles and what waits are left out: dependence is that of
    the plain figures.

    Parameters
    ----------
    case
        A checked case.
    problem
        The case made ready, where there is one already.

    Raises
    ------
    ArithmeticError
        When HiGHS ends without an optimum.
    """
    if case.profiles or any(row.backorder_share for row in case.demands):
        demands = tuple(row.model_copy(update={"backorder_share": 0.0}) for row in case.demands)
        case, problem = replace(case, profiles=(), demands=demands), None
    problem = problem or Problem.natural(case)
    trade = Trade(problem)
    survival, chokepoints = _stress(problem)
    found = {
        "concentration": _concentration(trade),
        "dependency": _dependency(trade),
        "exposure": _exposure(trade),
        "survival": survival,
        "chokepoints": chokepoints,
    }
    return Indices(case, **{name: _frame(name, rows, problem.units) for name, rows in found.items()})


# Flows and prices ------------------------------------------------------------------------------------------------


class Trade(Prices):
    """Flows of the status quo and what they are worth.

    Parameters
    ----------
    problem
        The case made ready.

    Attributes
    ----------
    made : dict of str to float
        Mean production of every process, units per week.
    consumed : dict of (site, item) to float
        Mean home demand served, units per week.
    """

    def __init__(self, problem: Problem):
        super().__init__(problem.network)
        leader_problem, solution = problem.status_quo.leader_problem, problem.status_quo.operations.solution
        made: dict[str, list[float]] = defaultdict(list)
        filled: dict[tuple[str, str], list[float]] = defaultdict(list)
        for block in (leader_problem.model.ours[NONE], leader_problem.model.response):
            for (process, _), amount in leader_problem.compiled.values(block.make, solution).items():
                made[process].append(amount)
            for (site, item, _), level in leader_problem.compiled.values(block.fill, solution).items():
                filled[site, item].append(level)
        weeks = self.network.weeks
        noise = FLOW_NOISE * max((lane.base_flow for lane in self.lanes), default=1.0)
        means = {process: math.fsum(amounts) / weeks for process, amounts in made.items()}
        self.made = {process: mean for process, mean in means.items() if mean > noise}
        self.consumed = {
            pair: row.quantity * math.fsum(filled[pair]) / weeks
            for pair, row in self.network.demands.items()
            if pair in filled
        }

    def inside(self, side: str) -> frozenset[str]:
        """Sites of a side."""
        return frozenset(site for site, owner in self.network.side.items() if owner == side)

    def of_party(self, party: str) -> frozenset[str]:
        """Sites of a party."""
        return frozenset(site for site, owner in self.network.party.items() if owner == party)

    def intake(self, sites: frozenset[str]) -> dict[str, dict[str, float]]:
        """Units a week that enter some sites, by item and origin party.

        An item enters by a lane from elsewhere, by being made, or by a lane from an untracked site of their own, which is
        where the case has goods appear; lanes between tracked sites of their own only move it.
        """
        network = self.network
        found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for lane in self.lanes:
            own = lane.origin in sites and (lane.origin, lane.item) in network.tracked
            if lane.destination in sites and not own:
                found[lane.item][network.party[lane.origin]] += lane.base_flow
        for name, amount in self.made.items():
            process = network.processes[name]
            if process.site in sites:
                found[process.output][network.party[process.site]] += amount
        order = {row.item: place for place, row in enumerate(network.case.items)}
        return {item: dict(found[item]) for item in sorted(found, key=order.__getitem__)}


def _largest(amounts: Mapping[str, float]) -> tuple[str | None, float]:
    """Return the largest share with its name; the first among ties."""
    total = math.fsum(amounts.values())
    if total <= 0:
        return None, math.nan
    name = max(amounts, key=amounts.__getitem__)
    return name, amounts[name] / total


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


# Measures --------------------------------------------------------------------------------------------------------


def _concentration(trade: Trade) -> Iterator[Row]:
    network = trade.network
    for side in SIDES:
        sites = trade.inside(side)
        buyers = [("side", side, sites)]
        parties = dict.fromkeys(network.party[site] for site in network.side if site in sites)
        buyers += [("party", party, trade.of_party(party)) for party in parties]
        for kind, buyer, places in buyers:
            own = {network.party[site] for site in places}
            for item, origins in trade.intake(places).items():
                largest, share = _largest(origins)
                index, total = herfindahl(origins.values()), math.fsum(origins.values())
                yield {
                    "kind": kind,
                    "buyer": buyer,
                    "item": item,
                    "intake": total,
                    "own_share": math.fsum(origins[party] for party in origins if party in own) / total,
                    "suppliers": len(origins),
                    "hhi": index,
                    "hhi_points": POINTS * index,
                    "largest": largest,
                    "largest_share": share,
                }


def _dependency(trade: Trade) -> Iterator[Row]:
    for side in SIDES:
        sites = trade.inside(side)
        own = {trade.network.party[site] for site in sites}
        for item, origins in trade.intake(sites).items():
            lanes = _only(trade.lanes, item)
            outside: dict[str, float] = defaultdict(float)
            for lane in lanes:
                if lane.destination in sites and lane.origin not in sites:
                    outside[trade.network.party[lane.origin]] += trade.value(lane)
            if not outside:
                continue
            abroad = [lane for lane in lanes if lane.origin in sites and lane.destination not in sites]
            supplied = math.fsum(origins[party] for party in origins if party in own)
            kept = supplied - math.fsum(lane.base_flow for lane in abroad)
            inside = trade.price(item) * kept if kept > FLOW_NOISE * supplied else 0.0
            imports, exports = math.fsum(outside.values()), math.fsum(trade.value(lane) for lane in abroad)
            indicators = (
                herfindahl(outside.values()),
                _ratio(imports, imports + inside),
                imports / (exports + inside) if exports + inside > 0 else math.inf if imports > 0 else math.nan,
            )
            met = sum(value > threshold for value, threshold in zip(indicators, THRESHOLDS, strict=True))
            largest, share = _largest(outside)
            yield {
                "side": side,
                "item": item,
                "outside_imports": imports,
                "inside_supply": inside,
                "exports": exports,
                "cdi1": indicators[0],
                "cdi2": indicators[1],
                "cdi3": indicators[2],
                "met": met,
                "dependent": met == len(THRESHOLDS),
                "largest": largest,
                "largest_share": share,
            }


def _exposure(trade: Trade) -> Iterator[Row]:
    for buyer, seller in (SIDES, SIDES[::-1]):
        bought, sold = trade.inside(buyer), trade.inside(seller)
        imports = [lane for lane in trade.lanes if lane.destination in bought and lane.origin not in bought]
        exports = [lane for lane in trade.lanes if lane.origin in sold and lane.destination not in sold]
        between = [lane for lane in imports if lane.origin in sold]
        items = [row.item for row in trade.network.case.items if any(lane.item == row.item for lane in between)]
        intake = trade.intake(bought)
        for item in items:
            row = _traded(trade, buyer, seller, item, *(_only(lanes, item) for lanes in (between, imports, exports)))
            own = math.fsum(intake[item].values()) - math.fsum(lane.base_flow for lane in _only(imports, item))
            used = math.fsum(amount for (site, name), amount in trade.consumed.items() if site in sold and name == item)
            price = trade.price(item)
            abroad = math.fsum(trade.value(lane) for lane in _only(exports, item))
            brought = math.fsum(trade.value(lane) for lane in _only(imports, item))
            yield {
                **row,
                "flow": math.fsum(lane.base_flow for lane in _only(between, item)),
                "intake_share": _ratio(row["value"], brought + price * max(0.0, own)),
                "sales_share": _ratio(row["value"], abroad + price * used),
            }
        if items:
            # Intake and sales of several items would count goods again at every stage of the chain.
            nothing = {"flow": math.nan, "intake_share": math.nan, "sales_share": math.nan}
            yield {**_traded(trade, buyer, seller, None, between, imports, exports), **nothing}


def _only(lanes: Iterable[Lane], item: str) -> list[Lane]:
    return [lane for lane in lanes if lane.item == item]


def _traded(
    trade: Trade,
    buyer: str,
    seller: str,
    item: str | None,
    between: Iterable[Lane],
    imports: Iterable[Lane],
    exports: Iterable[Lane],
) -> Row:
    value = math.fsum(trade.value(lane) for lane in between)
    margin = math.fsum(lane.base_flow * lane.margin for lane in between)
    return {
        "buyer": buyer,
        "seller": seller,
        "item": item,
        "value": value,
        "import_share": _ratio(value, math.fsum(trade.value(lane) for lane in imports)),
        "export_share": _ratio(value, math.fsum(trade.value(lane) for lane in exports)),
        "margin": margin,
        "margin_share": _ratio(margin, math.fsum(lane.base_flow * lane.margin for lane in exports)),
    }


def _stress(problem: Problem) -> tuple[list[Row], list[Row]]:
    """Rows of survival and of chokepoints."""
    network, survival = problem.network, Survival(problem)
    times: list[Row] = []
    scores: list[Row] = []
    for side in SIDES:
        for node in nodes(network):
            if not survival.concerns(node, side):
                continue
            without = survival.without(node, side)
            named = {"side": side, "kind": node.kind, "node": node.name, "party": node.party}
            gap = None if without.recovered is None else max(0, without.recovered - without.survived)
            times.append(
                {
                    **named,
                    "tts_weeks": without.survived,
                    "ttr_weeks": without.recovered,
                    "gap_weeks": 0 if without.survived == network.weeks else gap,
                    "first_short": without.first,
                }
            )
            if node.kind == "lane":
                continue
            lost = math.fsum(without.lost.values())
            hardest = max(without.lost, key=without.lost.__getitem__) if lost > 0 else None
            scores.append(
                {
                    **named,
                    "lost_value": lost,
                    "score": _ratio(lost, math.fsum(without.worth.values())),
                    "hardest_hit": hardest,
                    "hardest_share": math.nan if hardest is None else without.lost[hardest] / without.worth[hardest],
                }
            )
    return times, scores


def _frame(name: str, rows: Iterable[Row], units: Units) -> pd.DataFrame:
    """Return a frame of rows, natural units turned into those of the case."""
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=list(FRAMES[name]))
    whole = [column for column, unit in FRAMES[name].items() if unit == "weeks"]
    frame = frame.astype(dict.fromkeys(whole, "Int64"))
    for column, unit in FRAMES[name].items():
        if unit.startswith("money"):
            frame[column] = frame[column] * units.money
        elif unit == "units per week":
            frame[column] = frame[column] * frame["item"].map(lambda item: units.item(item or ""))
    frame.attrs["units"] = dict(FRAMES[name])
    return frame


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
