"""Random cases of supply diversification: a buyer, its allies and outside suppliers, nobody to press.

Valid by the case format, shrinkable, small enough for the oracle. Most are feasible.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .strategies import PRICE, TABLES, Dice, Row, Settings, Tables, _Drawn, _price, _round, _Seeded

EXTRA = ("profiles", "qualifications", "price_breaks")
"""Tables beside those that every case has."""


class _Buyer:
    """Draws one case. Absent features are the simple choice, so that shrinking removes them."""

    def __init__(self, dice: Dice, max_weeks: int, max_suppliers: int) -> None:
        self.dice = dice
        self.weeks = self.whole(2, max_weeks)
        self.max_suppliers = max_suppliers
        self.tables: Tables = {name: [] for name in (*TABLES, *EXTRA)}

    def whole(self, low: int, high: int) -> int:
        return self.dice.whole(low, high)

    def chance(self, percent: int) -> bool:
        return self.whole(0, 99) >= 100 - percent

    def pick(self, options: list[Any]) -> Any:
        return options[self.whole(0, len(options) - 1)]

    def amount(self, low: float, high: float) -> float:
        return round(low + (high - low) * self.whole(0, 100) / 100, 2)

    def row(self, table: str, **values: Any) -> Row:
        row = {column: value for column, value in values.items() if value is not None}
        self.tables[table].append(row)
        return row

    def build(self) -> tuple[Settings, Tables]:
        suppliers = self.add_parties()
        makes = self.chance(60)
        bought = ["raw1", *(["raw2"] if self.chance(50) else [])]
        for item in [*bought, *(["good"] if makes else [])]:
            self.row("items", item=item, holding_cost=self.amount(0.02, 0.4) if self.chance(70) else None)
        need = self.add_demands(bought, makes)
        for item in bought:
            self.add_suppliers(item, need[item], suppliers)
            self.add_limits(item)
        self.add_outages()
        return self.settings(), self.tables

    def add_parties(self) -> list[str]:
        """Us, perhaps an ally, two or three outside parties with a site or two each."""
        self.row("parties", party="us", role="focal")
        self.row("sites", site="us", party="us")
        if self.chance(25):
            self.row("parties", party="friend", role="ally", loss_weight=self.amount(0.5, 1.5))
            self.row("sites", site="friend", party="friend")
        sites = []
        for k in range(self.whole(2, 3)):
            self.row("parties", party=f"country{k}", role="other")
            for site in [f"plant{k}", *([f"plant{k}-2"] if self.chance(30) else [])]:
                self.row("sites", site=site, party=f"country{k}")
                sites.append(site)
        return sites

    def add_demands(self, bought: list[str], makes: bool) -> dict[str, float]:
        """Demand for what is made, or else for what is bought; what is then needed of every bought item."""
        need = dict.fromkeys(bought, 0.0)
        for item in ["good"] if makes else bought:
            quantity = self.amount(3.0, 12.0)
            self.row(
                "demands",
                site="us",
                item=item,
                quantity=quantity,
                shortage_penalty=_price(PRICE[item] * self.amount(2.0, 5.0)),
                min_fill=self.pick([0.6, 0.8, 0.9]) if self.chance(60) else None,
                min_fill_week=self.pick([0.2, 0.5]) if self.chance(20) else None,
            )
            for part in bought:
                if makes:
                    need[part] += quantity * self.pick([1.0, 0.5, 1.5])
                elif part == item:
                    need[part] += quantity
        if makes:
            demand = self.tables["demands"][0]["quantity"]
            self.row(
                "processes", process="plant", site="us", output="good", capacity=_round(demand * self.pick([1.5, 1.0]))
            )
            for part in bought:
                self.row("recipes", process="plant", input=part, quantity=_round(need[part] / demand))
        for part in bought:
            if self.chance(60):
                initial = _round(need[part] * self.pick([0.5, 1.0, 0.0]))
                most = _round(need[part] * self.pick([1.0, 3.0])) if self.chance(60) else None
                self.row("stocks", site="us", item=part, initial=initial or None, stockpile_max=most)
        return need

    def add_suppliers(self, item: str, need: float, sites: list[str]) -> None:
        """The first supplier runs today; the others are there to be qualified, alone or together, or at once."""
        count = self.whole(2, min(self.max_suppliers, len(sites)))
        chosen = sites[:count] if item == "raw1" else sites[-count:]
        for k, site in enumerate(chosen):
            runs = k == 0 or self.chance(20)
            flow = _round(need * (1.0 if k == 0 else 0.25))
            most = max(flow, _round(need * self.pick([0.6, 1.0, 1.5])))
            lane = self.row(
                "lanes",
                lane=f"{item}-{site}",
                item=item,
                origin=site,
                destination="us",
                lead_weeks=self.pick([0, 1, 2]) or None,
                unit_cost=_price(PRICE[item] * self.amount(0.8, 1.6)),
                base_flow=flow if runs else None,
                max_flow=most,
            )
            if not runs:
                self.open_by(lane)
            if self.chance(15):
                lane["min_share"] = self.pick([0.2, 0.4])
            if self.chance(20) and not any("min_order" in row for row in self.tables["lanes"]):
                lane["min_order"] = _round(need * self.pick([0.5, 0.25, 1.0]))
            if self.chance(20) and not any("order_cost" in row for row in self.tables["lanes"]):
                lane["order_cost"] = self.amount(0.5, 8.0)
            if self.chance(25) and len({row["lane"] for row in self.tables["price_breaks"]}) < 2:
                flows = sorted({_round(need * share) for share in (self.pick([0.3, 0.5]), self.pick([0.5, 0.8]))})
                price = lane["unit_cost"]
                for step in flows[: self.whole(1, 2)]:
                    price = _price(price * self.pick([0.9, 0.8, 0.95]))
                    self.row("price_breaks", lane=lane["lane"], from_flow=step, unit_cost=price)

    def open_by(self, lane: Row) -> None:
        """A lane opens by a fixed cost of its own, by a qualification with others, or at once."""
        way = self.whole(0, 2)
        if way == 1:
            lane["fixed_cost"] = self.amount(1.0, 20.0)
        if way == 2:
            if not self.tables["qualifications"] or self.chance(50):
                name = f"audit{len(self.tables['qualifications'])}"
                weeks = self.whole(0, 2)
                self.row("qualifications", qualification=name, fixed_cost=self.amount(1.0, 20.0), weeks=weeks or None)
            lane["qualification"] = self.pick(self.tables["qualifications"])["qualification"]

    def add_limits(self, item: str) -> None:
        """Limits on parties and on suppliers, in scenario none or in all of them."""
        row = next(r for r in self.tables["items"] if r["item"] == item)
        if self.chance(30):
            row["max_party_share"] = self.pick([0.7, 0.6, 0.85])
        if self.chance(25):
            row["min_suppliers"] = 2
            row["min_supplier_share"] = self.pick([0.1, 0.25])
        if self.chance(20):
            row["max_supplier_share"] = self.pick([0.75, 0.6])
        if self.chance(15):
            row["share_always"] = True

    def add_outages(self) -> None:
        """Up to three outages, by surprise or with notice, at one or several weeks, with a probability or none."""
        left = 100
        for k in range(self.whole(0, 2)):
            hit = self.pick(self.tables["lanes"])
            start: Any = self.whole(0, self.weeks - 1)
            if self.chance(30):
                start = ";".join(map(str, sorted({start, self.whole(0, self.weeks - 1)})))
            likely = self.whole(1, 30)
            left -= likely
            self.row(
                "contingencies",
                contingency=f"outage{k}",
                lane=hit["lane"],
                from_week=start,
                duration_weeks=self.whole(1, self.weeks),
                availability=self.pick([0.0, 0.5]),
                notice_weeks=self.whole(1, 2) if self.chance(25) else None,
                probability=likely / 100 if self.chance(75) else None,
            )

    def settings(self) -> Settings:
        settings: Settings = {
            "case": {"title": "A random buyer", "currency": "USD m"},
            "horizon": {"weeks": self.weeks},
            "objective": {"scenario": self.pick(["expected", "cvar:0.9", "cvar:0.5", "none"])},
        }
        if self.chance(20):
            settings["limits"] = {"budget": self.amount(5.0, 60.0)}
        return settings


@st.composite
def sourcing_cases(draw: st.DrawFn, max_weeks: int = 5, max_suppliers: int = 4) -> tuple[Settings, Tables]:
    """Small valid cases without a counterpart that shrink."""
    return _Buyer(_Drawn(draw), max_weeks, max_suppliers).build()


def random_sourcing_case(seed: int, max_weeks: int = 5, max_suppliers: int = 4) -> tuple[Settings, Tables]:
    """A case without a counterpart from a seed."""
    return _Buyer(_Seeded(seed), max_weeks, max_suppliers).build()
