"""The tables of a drafted case, row by row."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ....data import TABLES, Fault, case_from_tables
from ....data.schema.tables import NO_FIGURES
from ....data.trade import UNSPECIFIED, Statistics, TradeError, area_name
from ..parties import Parties, Party, name_members
from ..yearly import Period, prepare
from .asked import codes_of
from .drafted import Drafted
from .placeholders import PLACEHOLDERS, placeholder_value
from .reviews import Controllers, add_reviews
from .seasons import Season, profiles
from .sourcing import Sourcing, rounded
from .spread import WEEKS, OverTime, Spread
from .traded import REST, Traded, fill_quantities, mean_price, together

HORIZON = 52

SUBSTITUTES = 5
"""Other countries that have a lane of their own for an item."""

SMALLEST = 0.01
"""Share of a buyer's imports below which a substitute is part of the rest of the world, and goods in return are left out."""

NEGLIGIBLE = 0.001
"""Share of the counterpart's imports below which an ally is part of the rest of the world too."""

DEARER = 1.01
"""Times the next price from which a source is dearer than the others, not alike."""

AIR = 50.0
"""Money per kilogram above which goods are taken to fly."""

HEAVY = 1e6
"""Kilograms a year from which an item is counted in tonnes."""

LARGE = 1e9
"""Money a year from which a case is counted in millions; in thousands below."""

Row = dict[str, Any]


class Drafter:
    """Fills the tables of a case, item by item.

    Parameters
    ----------
    statistics, parties
        Trade statistics, and who is who.
    years
        First and last year of which flows are means; None: the latest.
    substitutes
        Other countries that have a lane of their own for an item.
    monthly
        Give every flow of which all months are known its season.
    """

    def __init__(
        self, statistics: Statistics, parties: Parties, years: tuple[int, int] | None, substitutes: int, monthly: bool
    ):
        assert parties.counterpart is not None
        self.statistics = statistics
        self.parties = parties
        self.counterpart = parties.counterpart
        self.ours = (parties.focal, *parties.allies)
        self.years = years
        self.substitutes = substitutes
        self.monthly = monthly
        # In the order of the format, each filled as items come.
        self.tables: dict[str, list[Row]] = {table: [] for table in TABLES if table not in NO_FIGURES}
        self.over_time = OverTime(statistics)
        self.sources = Sourcing(statistics.source)
        self.units: dict[str, str] = {}
        self.unit = ""
        self.notes: list[str] = []
        self.others: dict[str, None] = {}
        self.period: Period | None = None
        self.seasons: dict[str, Season] = {}
        self.money = 1.0
        self.currency = statistics.currency
        name_members(statistics, parties)

    def draft(self, name: str, items: Sequence[str]) -> Drafted:
        """Return the case of some items."""
        chosen = codes_of(self.statistics, items)
        flows = {code: self._flows(code) for code in chosen}
        self._check(flows, dict(zip(chosen, items, strict=True)))
        total = sum(
            flow.value or 0.0 for found in flows.values() for flow in found if flow.destination == self.counterpart.id
        )
        self.money, word = (1e6, "m") if total >= LARGE else (1e3, "thousand")
        if not total:
            self.money, word = 1.0, ""
        currency = " ".join(filter(None, (self.currency or "money", word)))
        for code in chosen:
            self._item(code, flows[code])
        self._parties()
        self._regimes(chosen)
        names = ", ".join(self._words(code) for code in chosen)
        title = f"{self.parties.focal.name} and {self.counterpart.name}: {names} (draft from trade statistics)"
        assert self.period is not None
        settings: dict[str, dict[str, Any]] = {
            "case": {"title": title, "currency": currency},
            "horizon": {"weeks": HORIZON},
        }
        if self.seasons:
            start = datetime.date(self.period.last // 100 + 1, 1, 1)
            settings["horizon"]["start"] = start
            self.tables["profiles"] += profiles(self.tables, self.seasons, start, HORIZON)
            self.notes.append(
                f"Week 0 begins on {start}, in the year after the data; from then on flows and needs go with the months (profiles)."
            )
        told = {"sources": self.sources.rows, "uncertainties": self.sources.uncertainties}
        case = case_from_tables(name, settings, self.tables | told)
        counts = self.sources.used
        used = tuple((placeholder, counts[key]) for key, placeholder in PLACEHOLDERS.items() if key in counts)
        return Drafted(case, used, self.period, self.statistics.treatments, tuple(dict.fromkeys(self.notes)))

    # What the statistics say

    def _flows(self, code: str) -> list[Traded]:
        """Return what goes between parties in a year, and what each origin exports in all (destination ``all``)."""
        digits = len(code) if code.isdigit() else None
        yearly = prepare(self.statistics, self.counterpart.members, self.years, digits)
        self.period = self.period or yearly.period
        self.sources.period = self.period.words
        self.units[code] = self._unit(code)
        rows = self.statistics.rows(
            """select coalesce(e.party, exporter) as origin, coalesce(i.party, importer) as destination, sum(value), sum(quantity),
            sum(paired) from yearly y left join members e on y.exporter = e.area left join members i on y.importer = i.area
            where code = ? and (e.party is null or i.party is null or e.party <> i.party) group by 1, 2 order by 1, 2""",
            [code],
        )
        return [Traded(*row) for row in rows]

    def _unit(self, code: str) -> str:
        found = self.statistics.rows("select unit from units where code = ?", [code])
        return found[0][0] if found else "kg"

    def _check(self, flows: dict[str, list[Traded]], given: dict[str, str]) -> None:
        """Refuse items that the two sides do not trade; one at least must go to the counterpart."""
        faults = [
            Fault("--items", f"the data show no flow of it between {self._sides()}", value=given[code])
            for code, found in flows.items()
            if not self._sent(found) and not self._returned(found)
        ]
        if not faults and not any(map(self._sent, flows.values())):
            faults.append(
                Fault("--items", f"none of them goes to {self.counterpart.name}; name one that can be controlled")
            )
        if faults:
            raise TradeError(faults)

    def _sides(self) -> str:
        ours = " or ".join(party.name for party in self.ours)
        return f"{ours} and {self.counterpart.name}"

    def _sent(self, flows: Iterable[Traded]) -> bool:
        ours = {party.id for party in self.ours}
        return any(flow.origin in ours and flow.destination == self.counterpart.id for flow in flows)

    def _returned(self, flows: Iterable[Traded]) -> bool:
        ours = {party.id for party in self.ours}
        return any(flow.destination in ours and flow.origin == self.counterpart.id for flow in flows)

    # What becomes of it

    def _item(self, code: str, flows: list[Traded]) -> None:
        self.unit = self.units[code]
        unit, scale = self._counted_in(code, flows)
        item = self._id(code)
        inbound = {flow.origin: flow for flow in flows if flow.destination == self.counterpart.id}
        total = math.fsum(flow.quantity or 0.0 for flow in inbound.values())
        named = self._named_origins(inbound, flows, total)
        name = self.statistics.name(code)
        holding = placeholder_value("holding_cost")
        mean = mean_price(inbound.values()) or mean_price(flows) or 1.0
        self.tables["items"].append(
            {
                "item": item,
                "name": name if name not in ("", code) else f"HS {code}" if code.isdigit() else "",
                "unit": unit,
                "holding_cost": rounded(holding * mean),
            }
        )
        self.sources.assume("items", item, "holding_cost", holding * mean, "holding_cost")
        lead = "lead_air" if self.unit == "kg" and mean * self.money / scale >= AIR else "lead_sea"
        for party in self.ours:
            self._return(code, item, party, flows, scale, lead, mean)
        if not self._sent(flows):
            # Only what it can answer with; what else it buys of the good is its own affair.
            self._makers(item, mean)
            return
        rest = self._rest(inbound, named)
        running = [inbound[origin] for origin in named if origin in inbound] + ([rest] if rest.quantity else [])
        self._supply(code, item, running, scale, lead, mean)
        site = self._site(self.counterpart.id)
        lanes = [row for row in self.tables["lanes"] if row["item"] == item and row["destination"] == site]
        dearest = max(row["unit_cost"] for row in lanes)
        for origin in named:
            if origin not in {party.id for party in self.ours}:
                self._redirected(code, item, origin, dearest, self._exports(origin, flows), inbound.get(origin), lead)
        spare = math.fsum(self._exports(origin, flows) for origin in self._unnamed(flows, named))
        self._redirected(code, item, REST, dearest, spare, rest, lead)
        self._buyer(code, item, self.counterpart)
        self._makers(item, mean)

    def _counted_in(self, code: str, flows: list[Traded]) -> tuple[str, float]:
        """Bring flows to one unit, filling in quantities that are missing; return the unit and what it is divided by."""
        known = [flow for flow in flows if flow.quantity and flow.paired]
        value = math.fsum(flow.value or 0.0 for flow in flows)
        if value and not known:
            self.unit = self.currency or "money"
            for flow in flows:
                flow.quantity = flow.paired = flow.value
            self.notes.append(f"{self._words(code)} has no quantities and is counted by its value.")
        mean = mean_price(flows)
        fill_quantities(flows, mean)
        if not value:
            self.notes.append(f"{self._words(code)} has no values; its prices are placeholders of 1.")
        buyers = [party.id for party in (self.counterpart, *self.ours)]
        amount = max(math.fsum(flow.quantity or 0.0 for flow in flows if flow.destination == buyer) for buyer in buyers)
        if self.unit == "kg":
            unit, scale = ("t", 1e3) if amount >= HEAVY else ("kg", 1.0)
        elif self.unit == self.currency and value and not known:
            unit, scale = (f"{self.unit} m", 1e6) if amount >= LARGE else (f"{self.unit} thousand", 1e3)
        else:
            unit, scale = self.unit or "units", 1.0
        for flow in flows:
            flow.quantity = None if flow.quantity is None else flow.quantity / scale
            flow.paired = None if flow.paired is None else flow.paired / self.money
        return unit, scale

    def _exports(self, origin: str, flows: list[Traded]) -> float:
        """Quantity a year that an origin exports to others than the counterpart and our side."""
        ours = {self.counterpart.id, *(party.id for party in self.ours)}
        return math.fsum(
            flow.quantity or 0.0 for flow in flows if flow.origin == origin and flow.destination not in ours
        )

    def _named_origins(self, inbound: dict[str, Traded], flows: list[Traded], total: float) -> list[str]:
        """Return the origins that have lanes of their own: our side, then the largest substitutes."""
        ours = [party.id for party in self.ours if party.id in inbound and self._counts(inbound[party.id], total)]
        out = {*(party.id for party in self.ours), self.counterpart.id, UNSPECIFIED}
        origins = {flow.origin for flow in flows} - out
        spare = {origin: self._exports(origin, flows) for origin in origins}
        worth = {
            origin: (inbound[origin].quantity or 0.0 if origin in inbound else 0.0) + spare[origin]
            for origin in origins
        }
        large = [origin for origin in origins if worth[origin] > SMALLEST * total]
        # Those it buys from now, then those that could send most.
        order = sorted(
            large,
            key=lambda origin: (
                -(inbound[origin].quantity or 0.0 if origin in inbound else 0.0),
                -worth[origin],
                origin,
            ),
        )
        half = [origin for origin in order if origin in inbound][: math.ceil(self.substitutes / 2)]
        rest = sorted((origin for origin in order if origin not in half), key=lambda origin: (-worth[origin], origin))
        return ours + half + rest[: self.substitutes - len(half)]

    def _counts(self, flow: Traded, total: float) -> bool:
        """Return whether a flow of our side is large enough for a lane of its own."""
        if flow.origin == self.parties.focal.id or (flow.quantity or 0.0) >= NEGLIGIBLE * total:
            return bool(flow.quantity)
        self.notes.append(
            f"{area_name(flow.origin)} supplies less than 0.1 % of an item and is part of the rest of the world there."
        )
        return False

    def _unnamed(self, flows: list[Traded], named: list[str]) -> set[str]:
        """Return the origins without lanes of their own."""
        out = {*named, *(party.id for party in self.ours), self.counterpart.id, UNSPECIFIED}
        return {flow.origin for flow in flows} - out

    def _rest(self, inbound: dict[str, Traded], named: list[str]) -> Traded:
        """Return what comes from all other origins, unspecified ones among them."""
        return together([flow for origin, flow in inbound.items() if origin not in named], self.counterpart.id)

    def _supply(self, code: str, item: str, flows: list[Traded], scale: float, lead: str, mean: float) -> None:
        """Add the lanes that run now.

        Only the dearest can carry more than today: all that is cheaper is sold out, else the buyer would take it instead.
        So the flows of today are those that cost least.
        """
        prices = sorted((flow.price or mean for flow in flows), reverse=True)
        for flow in flows:
            ours = next((party for party in self.ours if party.id == flow.origin), None)
            if ours is None and flow.origin != self.counterpart.id:
                self.others.setdefault(flow.origin)
            regime = None
            if ours is not None:
                regime = f"review-{item}" if ours is self.parties.focal else f"review-{ours.id.lower()}"
            elif flow.origin == self.counterpart.id:
                regime = f"answer-{item}"
            price = flow.price or mean
            self._running(
                code,
                item,
                flow,
                price,
                scale,
                lead,
                regime,
                more=price == prices[0] > DEARER * max(prices[1:], default=0.0),
            )

    def _running(
        self, code: str, item: str, flow: Traded, price: float, scale: float, lead: str, regime: str | None, more: bool
    ) -> None:
        base = (flow.quantity or 0.0) / WEEKS
        lane = f"{item}-{self._site(flow.origin)}-{self._site(flow.destination)}"
        spread = self._spread(code, flow, scale)
        headroom = placeholder_value("headroom") if more else 1.0
        seen = more and spread is not None and spread.most > base
        most = spread.most if seen and spread is not None else headroom * base
        row: Row = {
            "lane": lane,
            "item": item,
            "origin": self._site(flow.origin),
            "destination": self._site(flow.destination),
            "lead_weeks": int(placeholder_value(lead)),
            "unit_cost": rounded(price),
            "base_flow": rounded(base),
            "max_flow": max(rounded(most), rounded(base)),
        }
        if regime:
            row["margin"] = rounded(placeholder_value("margin") * price)
            self.sources.assume("lanes", lane, "margin", row["margin"], "margin")
        if regime:
            row["regime"] = regime
        self.tables["lanes"].append(row)
        self._price_source(code, lane, row["unit_cost"], flow)
        how = f"yearly quantity / {WEEKS:.2f} weeks"
        if flow.estimated:
            how += "; quantity missing for part of the value, filled in by the unit value"
        if spread is not None:
            high = min(spread.high, row["max_flow"])
            self.sources.vary("lanes", lane, "base_flow", row["base_flow"], spread.low, high, spread.words)
        if self.monthly and (season := self.over_time.season(code, flow.origin, flow.destination)):
            self.seasons[lane] = season
            how += "; season by month: " + " ".join(f"{month}:{share:.2f}" for month, share in season.items())
        self.sources.say(
            "lanes", lane, "base_flow", row["base_flow"], code, "medium" if flow.estimated else "high", how
        )
        if seen and spread is not None:
            self.sources.say(
                "lanes",
                lane,
                "max_flow",
                row["max_flow"],
                code,
                "medium",
                f"largest flow per week: {spread.most_words}",
            )
        else:
            self.sources.assume("lanes", lane, "max_flow", row["max_flow"], "headroom" if more else "sold_out")
        self.sources.assume("lanes", lane, "lead_weeks", row["lead_weeks"], lead)

    def _redirected(
        self, code: str, item: str, origin: str, dearest: float, spare: float, running: Traded | None, lead: str
    ) -> None:
        """Add what a substitute could send beyond today: no more than it sells elsewhere, or a little more than today."""
        known = spare > 0
        if not known:
            spare = (placeholder_value("headroom") - 1) * ((running.quantity if running else None) or 0.0)
        if rounded(spare / WEEKS) <= 0:
            return
        self.others.setdefault(origin)
        lane = f"{item}-{self._site(origin)}-{self._site(self.counterpart.id)}-more"
        premium = placeholder_value("premium")
        row = {
            "lane": lane,
            "item": item,
            "origin": self._site(origin),
            "destination": self._site(self.counterpart.id),
            "lead_weeks": int(placeholder_value(lead)),
            "unit_cost": rounded(premium * dearest),
            "base_flow": 0,
            "max_flow": rounded(spare / WEEKS),
            "available_week": int(placeholder_value("redirect")),
            "ramp_weeks": int(placeholder_value("ramp")),
        }
        self.tables["lanes"].append(row)
        self.sources.assume("lanes", lane, "unit_cost", row["unit_cost"], "premium")
        if known:
            note = "what the origin exports to others now, per week: it can send no more than it sells"
            self.sources.say("lanes", lane, "max_flow", row["max_flow"], code, "medium", note)
        else:
            self.sources.assume("lanes", lane, "max_flow", row["max_flow"], "headroom", ranged=False)
        for column, key in (("available_week", "redirect"), ("ramp_weeks", "ramp"), ("lead_weeks", lead)):
            self.sources.assume("lanes", lane, column, row[column], key)

    def _buyer(self, code: str, item: str, party: Party) -> None:
        """Add what a buyer needs every week, and what it has in stock."""
        site = self._site(party.id)
        lanes = [row for row in self.tables["lanes"] if row["item"] == item and row["destination"] == site]
        need = math.fsum(row["base_flow"] for row in lanes)
        mean = math.fsum(row["base_flow"] * row["unit_cost"] for row in lanes) / need
        dearest = max(row["unit_cost"] for row in lanes)
        times = placeholder_value("shortage_penalty")
        penalty = rounded(max(times * mean, 1.25 * dearest))
        key = f"{site}/{item}"
        self.tables["demands"].append(
            {"site": site, "item": item, "quantity": rounded(need), "shortage_penalty": penalty}
        )
        self.sources.say(
            "demands",
            key,
            "quantity",
            rounded(need),
            code,
            "high",
            "all imports per week; what is made at home and used there is not in trade statistics",
        )
        self.sources.assume("demands", key, "shortage_penalty", penalty, "shortage_penalty")
        weeks = placeholder_value("stock")
        self.tables["stocks"].append({"site": site, "item": item, "initial": rounded(weeks * need)})
        self.sources.assume("stocks", key, "initial", rounded(weeks * need), "stock")

    def _return(
        self, code: str, item: str, party: Party, flows: list[Traded], scale: float, lead: str, mean: float
    ) -> None:
        """Add what one of us buys of the item, where the counterpart is among the sources: what it can answer with."""
        inbound = {flow.origin: flow for flow in flows if flow.destination == party.id and flow.quantity}
        back = inbound.get(self.counterpart.id)
        total = math.fsum(flow.quantity or 0.0 for flow in inbound.values())
        if back is None or (back.quantity or 0.0) < SMALLEST * total:
            return
        rest = together([flow for origin, flow in inbound.items() if origin != self.counterpart.id], party.id)
        self._supply(code, item, [back, *([rest] if rest.quantity else [])], scale, lead, mean)
        self._buyer(code, item, party)

    def _makers(self, item: str, mean: float) -> None:
        """Add what is made where an item both arrives and leaves: as much as leaves, so that what arrives is used at home."""
        sites = [self._site(party.id) for party in (self.counterpart, *self.ours)]
        for site in sites:
            lanes = [row for row in self.tables["lanes"] if row["item"] == item]
            out = [row for row in lanes if row["origin"] == site]
            if not out or not any(row["destination"] == site for row in lanes):
                continue
            process = f"make-{item}-{site}"
            made = rounded(math.fsum(row["base_flow"] for row in out))
            cost = placeholder_value("production_cost")
            price = min(row["unit_cost"] for row in out)
            self.tables["processes"].append(
                {
                    "process": process,
                    "site": site,
                    "output": item,
                    "capacity": made,
                    "unit_cost": rounded(cost * price),
                }
            )
            self.sources.assume("processes", process, "capacity", made, "capacity")
            self.sources.assume("processes", process, "unit_cost", rounded(cost * price), "production_cost")
            for row in out:
                if "margin" in row:
                    # What is saved by not making a unit is modelled now, so that the seller loses the whole price.
                    self.sources.retract("lanes", row["lane"], "margin", "margin")
                    row["margin"] = row["unit_cost"]
                    self.sources.assume("lanes", row["lane"], "margin", row["margin"], "gross_margin")

    def _parties(self) -> None:
        focal, counterpart = self.parties.focal, self.counterpart
        roles = [(focal, "focal"), (counterpart, "counterpart"), *((ally, "ally") for ally in self.parties.allies)]
        used = {row[end] for row in self.tables["lanes"] for end in ("origin", "destination")}
        for party, role in roles:
            if role == "ally" and self._site(party.id) not in used:
                self.notes.append(f"{party.name} trades none of these items with either side and is left out.")
            else:
                self._party(party.id, role, party.name)
        for area in self.others:
            if self._site(area) in used:
                self._party(area, "other", "Rest of the world" if area == REST else area_name(area))

    def _party(self, area: str, role: str, name: str) -> None:
        site = self._site(area)
        self.tables["parties"].append({"party": site, "role": role, "name": name})
        self.tables["sites"].append({"site": site, "party": site, "name": name})

    def _regimes(self, chosen: Sequence[str]) -> None:
        owners = {f"review-{ally.id.lower()}": self._site(ally.id) for ally in self.parties.allies}
        controllers = Controllers(self._site(self.parties.focal.id), self._site(self.counterpart.id), owners)
        add_reviews(self.tables, self.sources, controllers, {self._id(code): self._words(code) for code in chosen})

    # Names

    def _id(self, code: str) -> str:
        if code.isdigit():
            return f"hs{code}"
        return re.sub(r"[^\w]+", "-", code.casefold()).strip("-") or code

    def _words(self, code: str) -> str:
        name = self.statistics.name(code)
        short = name if len(name) <= 40 else name[:37].rstrip(" ,;:") + "..."
        return f"HS {code}{f' {short}' if short else ''}" if code.isdigit() else code

    def _site(self, area: str) -> str:
        return area.lower()

    # Where figures come from

    def _price_source(self, code: str, lane: str, price: float, flow: Traded) -> None:
        if not flow.value:
            self.sources.assume("lanes", lane, "unit_cost", price, "price")
            return
        confidence, note = "high", "unit value: value / quantity"
        if self.unit == self.currency and self.units[code] != self.unit:
            note = "counted by its value: a unit is worth itself"
        elif flow.price is None or flow.estimated:
            confidence, note = "medium", "unit value; where its own is not known, that of all origins"
        else:
            self._price_range(code, lane, flow, price)
        self.sources.say("lanes", lane, "unit_cost", price, code, confidence, note)

    def _spread(self, code: str, flow: Traded, scale: float) -> Spread | None:
        """Return how a flow varies over time, in the item's units per week; None where that is not known."""
        if flow.origin == REST or self.unit != self.units[code]:
            return None
        return self.over_time.spread(code, flow.origin, flow.destination, scale)

    def _price_range(self, code: str, lane: str, flow: Traded, price: float) -> None:
        """Say how unit values vary over time."""
        spread = None if flow.origin == REST else self.over_time.price_spread(code, flow.origin, flow.destination)
        if spread is not None:
            low, high = price * spread.low, price * spread.high
            self.sources.vary("lanes", lane, "unit_cost", price, low, high, f"unit values: {spread.words}")
