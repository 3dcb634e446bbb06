"""Random cases: small shrinkable ones for hypothesis, larger ones for soak runs. Both come from one builder.

A case is ``(settings, tables)``: ``settings`` nested like ``case.toml``, ``tables`` one list of row dicts per table
of the case format, every table present, a missing key meaning the default. Cases are valid (see ``faults``); most are
feasible, some not. Base flows follow from the demands: needs are passed down from goods to parts to raw items, so
that most status quos balance.
"""

from __future__ import annotations

import copy
import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

Row = dict[str, Any]
Settings = dict[str, Any]
Tables = dict[str, list[Row]]
Pair = tuple[str, str]
T = TypeVar("T")

TABLES = (
    "parties",
    "sites",
    "items",
    "stocks",
    "lanes",
    "processes",
    "recipes",
    "demands",
    "regimes",
    "policies",
    "retaliations",
    "contingencies",
    "sources",
)
LEVELS = {"raw1": 0, "raw2": 0, "part": 1, "good": 2}
PRICE = {"raw1": 2.0, "raw2": 3.0, "part": 8.0, "good": 20.0}


# ---------------------------------------------------------------------------------------------------------------------
# Dice: where choices come from
# ---------------------------------------------------------------------------------------------------------------------


class Dice(Protocol):
    """A source of whole numbers; everything else is derived from them."""

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included; the simplest is ``low``."""


class _Drawn:
    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def whole(self, low: int, high: int) -> int:
        return low if low == high else self._draw(st.integers(low, high))


class _Seeded:
    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        return int(self._generator.integers(low, high, endpoint=True))


def _round(value: float) -> float:
    return round(value, 3)


def _price(value: float) -> float:
    """To the cent: prices that differ by next to nothing would make near ties, which no tolerance can judge."""
    return round(value, 2)


# ---------------------------------------------------------------------------------------------------------------------
# The builder
# ---------------------------------------------------------------------------------------------------------------------


class _Builder:
    """Draws one case. Absent features are the simple choice, so that shrinking removes them."""

    def __init__(
        self,
        dice: Dice,
        max_regimes: int,
        max_weeks: int,
        coupling: bool | None,
        max_combinations: int,
        contingency_rows: int,
        meaning: bool = False,
        features: bool = False,
    ) -> None:
        self.dice = dice
        self.meaning = meaning
        self.features = features
        self.max_regimes = max_regimes
        self.max_combinations = max_combinations
        self.contingency_rows = contingency_rows
        self.weeks = self.whole(4 if meaning else 2, max_weeks)
        self.coupled = self.chance(80) if coupling is None else coupling
        self.must_couple = coupling is True
        self.dependent = self.coupled and self.chance(35 if meaning else 65)
        self.gripped = self.chance(55)
        self.hostile = self.dependent and self.chance(60)
        self.tables: Tables = {name: [] for name in TABLES}
        self.need: dict[Pair, float] = {}
        self.party: dict[str, str] = {}
        self.side: dict[str, str] = {}
        self.items: list[str] = []

    # -- small choices ------------------------------------------------------------------------------------------

    def whole(self, low: int, high: int) -> int:
        return self.dice.whole(low, high)

    def chance(self, percent: int) -> bool:
        """True with about this probability; False is the simpler choice."""
        return self.whole(0, 99) >= 100 - percent

    def pick(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""
        return options[self.whole(0, len(options) - 1)]

    def amount(self, low: float, high: float) -> float:
        """Half of the time one of five evenly spaced figures (they make ties), else a generic decimal."""
        if self.chance(50):
            return round(low + (high - low) * self.whole(0, 100) / 100, 2)
        return round(low + (high - low) * self.whole(0, 4) / 4, 1 if high - low > 1 else 2)

    def row(self, table: str, **values: Any) -> Row:
        """Append a row; None leaves the column to its default."""
        row = {column: value for column, value in values.items() if value is not None}
        self.tables[table].append(row)
        return row

    def sites_of(self, side: str) -> list[str]:
        return [site for site, where in self.side.items() if where == side]

    def lanes(self, origin: str, destination: str) -> list[Row]:
        """Lanes from one side to another."""
        return [
            row
            for row in self.tables["lanes"]
            if self.side[row["origin"]] == origin and self.side[row["destination"]] == destination
        ]

    def tracked(self, pair: Pair) -> bool:
        return (
            any((r["site"], r["item"]) == pair for r in self.tables["stocks"])
            or any((r["site"], r["output"]) == pair for r in self.tables["processes"])
            or any((r["destination"], r["item"]) == pair for r in self.tables["lanes"])
        )

    # -- the case -----------------------------------------------------------------------------------------------

    def build(self) -> tuple[Settings, Tables]:
        self.add_parties()
        self.add_items()
        self.add_regimes()
        self.add_demands()
        self.add_exports_to_others()
        for item in sorted(self.items, key=lambda i: -LEVELS[i]):
            for site in list(self.sites_of("H")):
                self.supply_ours(site, item)
            for site in self.sites_of("C"):
                self.supply_theirs(site, item)
        self.use_every_regime()
        if self.must_couple:
            self.couple()
        self.supply_exports()
        self.add_stocks()
        self.add_their_regimes()
        self.add_contingencies()
        self.add_shares()
        if self.meaning:
            self.add_surprise()
            self.add_notices()
            self.add_contracts()
            self.add_ends()
        settings = self.settings()
        if self.features:
            self.add_features(settings)
        return settings, self.tables

    def add_parties(self) -> None:
        """Focal, counterpart, 0-2 allies, 1-2 others; a site each, sometimes two."""
        parties = [("us", "focal", "H"), ("them", "counterpart", "C")]
        parties += [(f"friend{k}", "ally", "H") for k in range(self.pick([0, 1, 1, 2]))]
        parties += [(f"world{k}", "other", "O") for k in range(self.whole(1, 2))]
        for party, role, side in parties:
            weight = self.amount(0.25, 2.0) if role != "other" and self.chance(35) else None
            self.row("parties", party=party, role=role, loss_weight=weight)
            names = [party]
            if role in ("focal", "counterpart") and self.chance(45):
                names.append(f"{party}-2")
            for site in names:
                self.add_site(site, party, side)

    def add_site(self, site: str, party: str, side: str) -> None:
        self.row("sites", site=site, party=party, name=site.title() if self.chance(20) else None)
        self.party[site] = party
        self.side[site] = side

    def port(self, party: str) -> str:
        """A site of one of our parties where nothing is tracked: exports from there have an untracked origin."""
        site = f"{party}-port"
        if site not in self.side:
            self.add_site(site, party, "P")
            self.side[site] = "P"
        return site

    def works(self, party: str) -> str:
        """A site of one of our parties that supplies exports, apart from its own demand."""
        site = f"{party}-works"
        if site not in self.side:
            self.add_site(site, party, "H")
        return site

    def add_items(self) -> None:
        self.items = ["raw1"]
        for item in ("part", "raw2", "good"):
            if self.chance(70):
                self.items.append(item)
        self.items.sort(key=lambda i: LEVELS[i])
        for item in self.items:
            self.row("items", item=item, holding_cost=self.amount(0.01, 0.4) if self.chance(55) else None)

    def add_regimes(self) -> None:
        """Our regimes and their menus; combinations stay within the limit."""
        ours = [r["party"] for r in self.tables["parties"] if r["role"] in ("focal", "ally")]
        self.open_regimes: list[str] = []
        left = self.max_combinations
        for k in range(self.pick([*range(1, self.max_regimes + 1)] * 3 + [0])):
            most = min(3, left - 1)
            if most < 1:
                break
            regime = f"list{k}"
            self.row("regimes", regime=regime, controller=self.pick(["us", *ours]))
            self.open_regimes.append(regime)
            menu = self.whole(1, most)
            left //= menu + 1
            for p in range(menu):
                self.add_policy(regime, f"review{p}", ours=True)

    def add_policy(self, regime: str, policy: str, ours: bool) -> None:
        lags = [self.whole(1, self.weeks + 1)]
        if self.chance(30):
            lags = [self.weeks]
        if self.chance(35):
            lags.append(self.whole(0, self.weeks + 2))
            weights = [self.pick([0.5, 1, 3, 0.35]) for _ in lags]
            delay = ";".join(f"{lag}:{weight}" for lag, weight in zip(lags, weights, strict=True))
        else:
            delay = str(0 if self.chance(10) else lags[0])
        windows = 20 if ours else 8
        if self.meaning and not ours:
            windows = 50
        start = self.whole(0, self.weeks - 1) if self.chance(windows) else None
        end = (start or 0) + self.whole(1, self.weeks) if self.chance(windows) else None
        self.row(
            "policies",
            regime=regime,
            policy=policy,
            delay_weeks=delay,
            approval_rate=self.pick([0.5, 0.8, 0.9, 0.0, 1.0]) if self.chance(45) else None,
            start_week=start,
            end_week=end,
            admin_cost=self.amount(0.0, 8.0) if ours and self.chance(50) else None,
            reviewer_load=self.amount(0.0, 10.0) if ours and self.chance(50) else None,
            political_cost=self.amount(0.0, 5.0) if ours and self.chance(50) else None,
        )

    def add_demands(self) -> None:
        """One demand on either side at least, each of the dearest item or of any other."""
        pairs: list[Pair] = []
        for side in ("C", "H"):
            sites = self.sites_of(side)
            for _ in range(self.pick([1, 1, 2])):
                item = self.items[-1] if self.chance(60) else self.pick(self.items)
                pairs.append((self.pick(sites), item))
        for site, item in dict.fromkeys(pairs):
            quantity = self.amount(2.0, 10.0)
            ours = self.side[site] == "H"
            held = ours and self.chance(35 if self.hostile else 60)
            mean = self.pick([0.3, 0.1, 0.5, 0.6] if self.hostile else [0.5, 0.3, 0.7, 0.85])
            self.row(
                "demands",
                site=site,
                item=item,
                quantity=0.0 if self.chance(2) else quantity,
                shortage_penalty=0.0 if self.chance(3) else _price(PRICE[item] * self.amount(1.4, 3.6)),
                min_fill=mean if held else (0.99 if not ours and self.chance(8) else None),
                min_fill_week=self.pick([0.1, 0.2, 0.4]) if ours and self.chance(8 if self.hostile else 25) else None,
            )
            self.need[site, item] = self.need.get((site, item), 0.0) + quantity

    def add_exports_to_others(self) -> None:
        """Lanes from C and from H to third parties."""
        for side, percent in (("C", 40), ("H", 35)):
            if not self.chance(percent):
                continue
            item = self.pick(self.items[::-1])
            origin = self.pick(self.sites_of(side))
            flow = self.amount(0.5, 5.0)
            if side == "H" and self.chance(15):
                origin = self.port(self.party[origin])
            else:
                self.need[origin, item] = self.need.get((origin, item), 0.0) + flow
            self.lane(origin, self.pick(self.sites_of("O")), item, flow, margin=self.margin(item))

    def margin(self, item: str) -> float | None:
        return _price(PRICE[item] * self.amount(0.1, 0.6)) if self.chance(80) else None

    def lane(
        self,
        origin: str,
        destination: str,
        item: str,
        flow: float,
        *,
        most: float | None = None,
        margin: float | None = None,
        regime: str | None = None,
        fixed_cost: float | None = None,
        late: bool = False,
    ) -> Row:
        """A lane with base flow ``flow``; ``most`` is max_flow, by default some headroom above the base flow."""
        flow = _round(flow)
        usual = flow * self.pick([1.0, 1.25, 1.5, 2.0])
        return self.row(
            "lanes",
            lane=f"{item}-{origin}-{destination}-{len(self.tables['lanes'])}",
            item=item,
            origin=origin,
            destination=destination,
            lead_weeks=self.pick([0, 1, 2, 3]) if self.chance(55) else None,
            unit_cost=_price(PRICE[item] * (self.amount(0.5, 1.2) if flow > 0.0 else self.amount(0.9, 1.8))),
            base_flow=flow if flow > 0.0 else None,
            max_flow=max(flow, _round(usual if most is None else most)),
            available_week=self.whole(0, self.weeks) if self.chance(70 if late else 5) else None,
            ramp_weeks=self.whole(1, 4) if self.chance(50 if late else 8) else None,
            margin=margin,
            fixed_cost=fixed_cost,
            regime=regime,
        )

    def process(self, site: str, item: str, need: float, inputs: Sequence[str]) -> None:
        """A process with room for the need (sometimes without limit), whose inputs are then needed too."""
        name = f"{item}-at-{site}"
        capacity = _round(need * self.pick([1.0, 1.2, 1.5, 2.0]))
        self.row(
            "processes",
            process=name,
            site=site,
            output=item,
            capacity=None if inputs and self.chance(25) else capacity,
            unit_cost=_price(PRICE[item] * self.amount(0.1, 0.5)) if self.chance(75) else None,
        )
        for needed in inputs:
            quantity = self.pick([1.0, 0.5, 1.5, 0.3])
            self.row("recipes", process=name, input=needed, quantity=quantity)
            self.need[site, needed] = self.need.get((site, needed), 0.0) + need * quantity

    def recipe(self, item: str) -> list[str]:
        """Inputs of a process: one item of a lower level at least, two sometimes."""
        lower = [i for i in self.items if LEVELS[i] < LEVELS[item]][::-1]
        if not lower:
            return []
        chosen = [self.pick(lower)]
        if len(lower) > 1 and self.chance(40):
            chosen += [i for i in lower if i not in chosen][:1]
        return chosen

    def shares(self, count: int) -> list[float]:
        weights = [self.pick([1, 1, 2, 3, 0]) for _ in range(count)]
        total = sum(weights)
        return [weight / total for weight in weights] if total else [1.0] + [0.0] * (count - 1)

    # -- supply of a pair that is needed ------------------------------------------------------------------------

    def supply_ours(self, site: str, item: str) -> None:
        """Where one of our sites gets an item: makes it, buys it from others, from the counterpart, from our own.

        In a dependent case what we demand comes from the counterpart alone, so that retaliation and continuity bite: a
        hostile one has packages, the others have stricter fill rates instead.
        """
        need = self.need.get((site, item), 0.0)
        if need <= 0.0 or self.chance(3):
            return
        alone = self.dependent and any((r["site"], r["item"]) == (site, item) for r in self.tables["demands"])
        if not alone and self.chance(65 if LEVELS[item] else 20):
            self.process(site, item, need, self.recipe(item))
            if not self.chance(40):
                return
            need *= 0.25
        later = self.sites_of("H")[self.sites_of("H").index(site) + 1 :]
        sources = [*self.sites_of("O"), *(self.sites_of("C") if self.coupled else []), *later]
        origins = [self.pick(self.sites_of("C") if alone or (self.coupled and self.chance(50)) else sources)]
        if later and not alone and self.chance(30):
            origins = later[:1]
        if not alone and self.chance(55):
            origins = list(dict.fromkeys([*origins, self.pick(sources)]))
        for origin, share in zip(origins, self.shares(len(origins)), strict=True):
            flow = _round(need * share)
            where = self.side[origin]
            margin = None
            if where == "H":
                if self.chance(20):
                    origin = self.port(self.party[origin])
                else:
                    self.need[origin, item] = self.need.get((origin, item), 0.0) + flow
                margin = _price(PRICE[item] * self.amount(0.05, 0.6)) if self.chance(70) else None
            if where == "C":
                if self.chance(80):
                    self.need[origin, item] = self.need.get((origin, item), 0.0) + flow
                margin = self.margin(item)
            self.lane(origin, site, item, flow, most=None if flow else need, margin=margin)
        if self.chance(75 if alone else 50):
            origin = self.pick(self.sites_of("O") + later)
            self.lane(
                origin,
                site,
                item,
                0.0,
                most=need * self.pick([0.5, 1.0, 1.5]),
                fixed_cost=self.amount(1.0, 25.0) if self.chance(70) else None,
                late=self.chance(60),
            )

    def supply_theirs(self, site: str, item: str) -> None:
        """Where the counterpart gets an item: makes it, moves it, buys it from us, our allies and third parties.

        In a gripped case it depends on us: one source, few alternatives, small stocks.
        """
        need = self.need.get((site, item), 0.0)
        if need <= 0.0 or self.chance(2):
            return
        if self.chance(60 if LEVELS[item] else 12):
            also_bought = self.chance(30)
            self.process(site, item, need * (0.6 if also_bought else 1.0), self.recipe(item))
            if not also_bought:
                return
            need *= 0.4
        others = self.sites_of("C")
        later = others[others.index(site) + 1 :]
        sources = [*self.sites_of("H"), *self.sites_of("O"), *later]
        count = 1 if self.gripped else self.pick([1, 2, 2])
        for share in self.shares(count):
            origin = self.pick(sources)
            if self.chance(90 if self.gripped else 60):
                origin = self.site_under_a_regime()
            if later and self.chance(35):
                origin = later[0]
            if origin in later:
                flow = _round(need * share)
                self.need[origin, item] = self.need.get((origin, item), 0.0) + flow
                self.lane(origin, site, item, flow, most=None if flow else need)
            else:
                self.export(origin, site, item, need * share, None if share else need)
        for _ in range(self.pick([0, 0, 1] if self.gripped else [1, 0, 0, 1, 2])):
            origin = self.pick(self.sites_of("O"))
            regime = self.pick(self.open_regimes) if self.open_regimes and self.chance(18) else None
            self.lane(origin, site, item, 0.0, most=need * self.pick([0.3, 0.6, 1.0]), regime=regime, late=True)

    def site_under_a_regime(self) -> str:
        """A site of a party of ours that controls a regime, if any does."""
        parties = [r["controller"] for r in self.tables["regimes"]] or ["us"]
        party = self.pick(parties)
        return self.pick([s for s in self.sites_of("H") if self.party[s] == party])

    def export(
        self, origin: str, site: str, item: str, flow: float, most: float | None = None, regime: str = ""
    ) -> None:
        """A lane to the counterpart from us, an ally, or (a re-export) a third party; under a regime where one fits."""
        party = self.party[origin]
        ours = self.side[origin] == "H"
        fitting = [
            r["regime"] for r in self.tables["regimes"] if r["regime"] in self.open_regimes and r["controller"] == party
        ]
        if not ours:
            fitting = self.open_regimes if self.chance(60) else []
        chosen = regime or (self.pick(fitting) if fitting and self.chance(90) else None)
        if ours and not (self.coupled and self.chance(70)):
            origin = self.port(party)
        elif ours and any((r["site"], r["item"]) == (origin, item) for r in self.tables["demands"]) and self.chance(80):
            origin = self.works(party)
        margin = self.margin(item) if self.coupled or not ours else None
        self.lane(origin, site, item, flow, most=most, margin=margin, regime=chosen)

    def use_every_regime(self) -> None:
        """A regime without a lane gets one."""
        used = {r.get("regime") for r in self.tables["lanes"]}
        targets = [pair for pair in self.need if self.side[pair[0]] == "C"]
        made = {(r["site"], r["output"]) for r in self.tables["processes"]}
        targets = [pair for pair in targets if pair not in made] or targets
        for row in self.tables["regimes"]:
            if row["regime"] not in used:
                site, item = self.pick(targets)
                origin = next(s for s in self.sites_of("H") if self.party[s] == row["controller"])
                flow = self.need[site, item] * self.pick([0.5, 1.0, 0.0])
                self.export(origin, site, item, flow, self.need[site, item] if not flow else None, row["regime"])

    def couple(self) -> None:
        """At least one lane C -> H, and one lane H -> C with a margin."""
        for origin, destination in (("C", "H"), ("H", "C")):
            rows = [
                r
                for r in self.tables["lanes"]
                if self.real_side(r["origin"]) == origin and self.side[r["destination"]] == destination
            ]
            if not rows:
                targets = [pair for pair in self.need if self.side[pair[0]] == destination]
                site, item = self.pick(targets)
                start = self.pick(self.sites_of(origin))
                flow = self.need[site, item] * 0.5
                if destination == "H":
                    rows = [self.lane(start, site, item, flow, margin=self.margin(item))]
                else:
                    self.export(start, site, item, flow)
                    rows = self.tables["lanes"][-1:]
            if origin == "H" and not any(r.get("margin") for r in rows):
                rows[0]["margin"] = _price(PRICE[rows[0]["item"]] * 0.25)

    def real_side(self, site: str) -> str:
        return "H" if self.side[site] == "P" else self.side[site]

    def supply_exports(self) -> None:
        """What our sites export to the counterpart: some make it, some buy it, some have too little of it."""
        wanted: dict[Pair, float] = {}
        for row in self.lanes("H", "C"):
            pair = (row["origin"], row["item"])
            wanted[pair] = wanted.get(pair, 0.0) + row.get("base_flow", row["max_flow"] / 2)
        made = {(r["site"], r["output"]) for r in self.tables["processes"]}
        for (site, item), flow in wanted.items():
            self.need[site, item] = self.need.get((site, item), 0.0) + flow
            if self.chance(35):
                self.lane(self.pick(self.sites_of("O")), site, item, flow)
            elif self.chance(85) and (site, item) not in made:
                self.process(site, item, flow * 1.1, [])

    # -- what needs the lanes to be there -----------------------------------------------------------------------

    def add_stocks(self) -> None:
        """Stock rows for most pairs that are needed, on either side."""
        for pair, need in self.need.items():
            if self.side[pair[0]] not in "HC" or not (self.chance(75) if self.tracked(pair) else self.chance(20)):
                continue
            scarce = self.dependent if self.side[pair[0]] == "H" else self.gripped
            initial = _round(need * self.pick([1.0, 0.0, 0.5] if scarce else [1.0, 0.0, 0.5, 2.0, 3.0]))
            room = _round(initial * self.pick([1.0, 1.5]) + need * self.pick([0.0, 1.0, 3.0]))
            pile = self.side[pair[0]] == "H" and self.chance(60 if self.dependent else 40)
            self.row(
                "stocks",
                site=pair[0],
                item=pair[1],
                initial=initial or None,
                capacity=max(room, initial) if self.chance(30) else (math.inf if self.chance(10) else None),
                terminal_target=_round(initial * self.pick([0.5, 0.0, 1.0, 1.5])) if self.chance(30) else None,
                stockpile_max=_round(need * self.pick([1.0, 2.0, 4.0])) if pile else None,
                stockpile_cost=_price(PRICE[pair[1]] * self.amount(0.2, 1.5)) if pile and self.chance(50) else None,
            )

    def add_their_regimes(self) -> None:
        """Regimes of the counterpart on lanes that start there, and 0-3 packages of policies on them."""
        targets = self.lanes("C", "H") + self.lanes("C", "O")
        if not targets or not (self.hostile or self.chance(30 if self.dependent else 75)):
            return
        menus: dict[str, list[str]] = {}
        for k in range(self.pick([1, 2])):
            regime = f"theirs{k}"
            self.row("regimes", regime=regime, controller="them")
            menus[regime] = []
            for p in range(self.pick([1, 2])):
                self.add_policy(regime, f"hold{p}", ours=False)
                menus[regime].append(f"hold{p}")
        for row in targets:
            if self.hostile or self.chance(80):
                row["regime"] = self.pick(list(menus))
        for k in range(self.pick([1, 2, 1, 3] if self.hostile else [1, 2, 1, 3, 0])):
            for regime in [g for g in menus if self.chance(65)] or [next(iter(menus))]:
                self.row(
                    "retaliations",
                    package=f"package{k}",
                    regime=regime,
                    policy=self.pick(menus[regime]),
                    cost=self.amount(0.0, 20.0) if self.chance(30) else None,
                )

    def add_contingencies(self) -> None:
        """0-2 outages of lanes that end on our side, or of our processes."""
        lanes = [r["lane"] for r in self.tables["lanes"] if self.side[r["destination"]] == "H"]
        processes = [r["process"] for r in self.tables["processes"] if self.side[r["site"]] == "H"]
        rows: dict[tuple[str, str, int], Row] = {}
        for k in range(self.pick([0, 1, 1, 2])):
            for _ in range(2 if self.contingency_rows > 1 and self.chance(25) else 1):
                hit_process = bool(processes) and (not lanes or self.chance(40))
                if not hit_process and not lanes:
                    break
                start = self.whole(0, self.weeks - 1)
                hit = self.pick(processes if hit_process else lanes)
                rows[f"outage{k}", hit, start] = {
                    "contingency": f"outage{k}",
                    "process" if hit_process else "lane": hit,
                    "from_week": start,
                    **({} if self.chance(30) else {"to_week": self.whole(start, self.weeks - 1)}),
                    "availability": self.pick([0.5, 0.0, 0.25, 0.8]),
                }
        self.tables["contingencies"] = list(rows.values())

    def add_surprise(self) -> None:
        """An outage in mid-horizon of all that supplies a demand of ours, which could have carried more before.

        Its least fill is a little more than what usual stock and pipeline give: whoever knew would order ahead, whoever
        does not must always hold more, stockpile, or have another source.
        """
        ours = [r for r in self.tables["demands"] if self.side[r["site"]] == "H" and r["quantity"]]
        if not ours or self.chance(10):
            return
        demand = self.pick(ours)
        pair = (demand["site"], demand["item"])
        lanes = [r for r in self.tables["lanes"] if (r["destination"], r["item"]) == pair and r.get("base_flow")]
        processes = [r for r in self.tables["processes"] if (r["site"], r["output"]) == pair]
        stock = next((r for r in self.tables["stocks"] if (r["site"], r["item"]) == pair), None)
        stock = stock or self.row("stocks", site=pair[0], item=pair[1])
        stock.pop("capacity", None)
        stock["initial"] = _round(demand["quantity"] * self.pick([0.0, 0.5, 1.0]))
        start = self.whole(1, self.weeks // 2)
        duration = self.whole(min(3, self.weeks - start), self.weeks - start)
        left = self.pick([0.0, 0.0, 0.25])
        more = self.pick([2.0, 1.5, 3.0])
        lead = self.pick([1, 0, 2])
        for row in lanes:
            row["max_flow"] = _round(row["base_flow"] * more)
            row["lead_weeks"] = lead
        for row in processes:
            if row.get("capacity"):
                row["capacity"] = _round(row["capacity"] * more)
        for kind, rows in (("lane", lanes), ("process", processes)):
            for row in rows:
                self.tables["contingencies"].append(
                    {
                        "contingency": "surprise",
                        kind: row[kind],
                        "from_week": start,
                        "to_week": start + duration - 1,
                        "availability": left,
                    }
                )
        missing = min(duration, self.weeks - start - lead) * (1.0 - left) - stock["initial"] / demand["quantity"]
        share = self.pick([0.8, 0.6, 0.9])
        demand["min_fill"] = min(0.98, _round(1.0 - max(0.0, missing) * share / self.weeks))
        if self.chance(50):
            stock["stockpile_max"] = _round(demand["quantity"] * self.pick([2.0, 4.0, 1.0]))
        if self.chance(50):
            cost = self.amount(1.0, 25.0) if self.chance(60) else None
            self.lane(self.pick(self.sites_of("O")), *pair, 0.0, most=demand["quantity"], fixed_cost=cost)

    def add_notices(self) -> None:
        """Outages that come as a surprise, at one of several weeks or with notice; packages with notice."""
        by_name: dict[str, list[Row]] = {}
        for row in self.tables["contingencies"]:
            by_name.setdefault(row["contingency"], []).append(row)
        for rows in by_name.values():
            several = self.chance(35) and len({(r.get("lane"), r.get("process")) for r in rows}) == len(rows)
            starts = sorted({self.whole(0, self.weeks - 1) for _ in range(self.pick([2, 3]))})
            for row in rows:
                if several or self.chance(40):
                    row.pop("to_week", None)
                    row["duration_weeks"] = self.whole(1, max(1, self.weeks // 2))
                if several:
                    row["from_week"] = ";".join(map(str, starts))
                if self.chance(35):
                    row["notice_weeks"] = self.whole(1, 3)
        for row in self.tables["retaliations"]:
            if self.chance(35):
                row["notice_weeks"] = self.whole(1, 3)

    def add_contracts(self) -> None:
        """min_flow on lanes from outside a side: what it has signed for, often all of the base flow."""
        for row in self.tables["lanes"]:
            origin, destination = self.real_side(row["origin"]), self.real_side(row["destination"])
            outside = origin != destination and destination in "HC"
            if outside and row.get("base_flow") and self.chance(35):
                row["min_flow"] = _round(row["base_flow"] * self.pick([1.0, 0.5, 0.25]))
            elif outside and row.get("fixed_cost") and self.chance(25):
                row["min_flow"] = _round(row["max_flow"] * self.pick([0.25, 0.1]))

    def add_ends(self) -> None:
        """What stock missing at the end is priced at, for some pairs by a price of their own."""
        self.premium = self.pick([None, None, 0.0, 0.2, 0.5])
        for row in self.tables["stocks"]:
            if self.chance(20):
                row["terminal_price"] = _price(PRICE[row["item"]] * self.amount(0.5, 2.0))

    def add_features(self, settings: Settings) -> None:
        """What a review does: savings, profiles, windows, backorders, surges, ends, what stays lost, imports, the stake."""
        ours = {r["regime"] for r in self.tables["regimes"] if r["controller"] != "them"}
        for row in self.tables["recipes"]:
            if self.chance(40):
                row["saving_share"] = self.pick([0.2, 0.5, 0.1])
                row["saving_cost"] = _price(PRICE[row["input"]] * self.amount(0.8, 3.0))
        for row in self.tables["demands"]:
            if self.chance(30):
                row["backorder_share"] = self.pick([0.5, 1.0, 0.25])
                row["backorder_cost"] = _price(PRICE[row["item"]] * self.amount(0.05, 0.6))
            if row.get("min_fill") and self.side[row["site"]] == "H" and self.chance(60):
                row["fill_window"] = self.whole(max(1, self.weeks - 3), self.weeks - 1)
        for row in self.tables["lanes"]:
            if self.side[row["destination"]] == "C" and row.get("margin") and self.chance(40):
                row["kept_share"] = self.pick([0.2, 0.5, 1.0])
        if any("kept_share" in row for row in self.tables["lanes"]):
            settings["horizon"]["after_weeks"] = self.whole(1, 2 * self.weeks)
        self.add_profiles()
        self.review_imports(ours)
        several = False
        for row in self.tables["policies"]:
            if row.get("start_week") and self.chance(60):
                row["surge"] = self.pick([0.5, 1.0, 0.2])
            if self.chance(30):
                row["applicant_cost"] = self.amount(0.1, 2.0)
            if row["regime"] in ours and self.chance(25):
                row["ally_benefit"] = self.amount(0.5, 8.0)
            if row["regime"] in ours and not several and self.chance(30):
                several = True
                start = row.get("start_week", 0)
                row["end_week"] = f"{start + 1};{start + self.whole(2, self.weeks)}" + self.pick(["", ";"])
        if self.chance(30):
            settings["bargain"] = {"stake": self.amount(10.0, 500.0), "concession_cost": self.amount(10.0, 500.0)}

    def add_profiles(self) -> None:
        """Up to three step functions on figures of lanes, demands and processes."""
        places = [
            *(("lanes", r["lane"], c) for r in self.tables["lanes"] for c in ("base_flow", "max_flow", "unit_cost")),
            *(("demands", f"{r['site']}/{r['item']}", c) for r in self.tables["demands"] for c in ("quantity",) * 3),
            *(("demands", f"{r['site']}/{r['item']}", "shortage_penalty") for r in self.tables["demands"]),
            *(("processes", r["process"], "capacity") for r in self.tables["processes"]),
        ]
        rows: dict[tuple[str, str, str, int], Row] = {}
        for _ in range(self.pick([1, 2, 3, 0])):
            table, key, column = self.pick(places)
            for _ in range(self.pick([1, 2])):
                week = self.whole(0, self.weeks - 1)
                values = {"table": table, "key": key, "column": column, "from_week": week}
                rows[table, key, column, week] = {**values, "factor": self.pick([0.5, 0.0, 1.5, 2.0, 0.8])}
        self.tables["profiles"] = list(rows.values())

    def review_imports(self, ours: set[str]) -> None:
        """A regime of ours acts on lanes from the counterpart to us that no other regime acts on."""
        if not ours or not self.chance(50):
            return
        for row in self.lanes("C", "H"):
            if "regime" not in row and self.chance(70):
                row["regime"] = self.pick(sorted(ours))

    def add_shares(self) -> None:
        """max_party_share for items that come to our side from abroad, mostly where there is a choice."""
        for row in self.tables["items"]:
            item = row["item"]
            origins = {
                self.party[r["origin"]]
                for r in self.tables["lanes"]
                if r["item"] == item and self.side[r["destination"]] == "H" and self.side[r["origin"]] in "OC"
            }
            made = any(r["output"] == item and self.side[r["site"]] == "H" for r in self.tables["processes"])
            if origins and self.chance(35 if len(origins) > 1 or made else 4):
                row["max_party_share"] = self.pick([0.6, 0.5, 0.75, 0.9])

    def settings(self) -> Settings:
        ours = {r["regime"] for r in self.tables["regimes"] if r["controller"] != "them"}
        limits: dict[str, float] = {}
        if self.chance(25):
            limits["budget"] = self.amount(0.0, 40.0)
        for name, column in (("reviewer_hours", "reviewer_load"), ("political_capital", "political_cost")):
            total = sum(r.get(column, 0.0) for r in self.tables["policies"] if r["regime"] in ours)
            if total > 0.0 and self.chance(18):
                limits[name] = _round(total * self.pick([0.5, 0.25, 0.75]))
        settings: Settings = {
            "case": {"title": "A random case", "currency": "USD m"},
            "horizon": {"weeks": self.weeks, "start": datetime.date(2020, 1, 6)},
            "objective": {"scenario": "none" if self.chance(15 if self.hostile else 30) else "worst"},
        }
        if limits:
            settings["limits"] = limits
        if self.meaning and self.premium is not None:
            settings["horizon"]["terminal_premium"] = self.premium
        return settings


# ---------------------------------------------------------------------------------------------------------------------
# What tests use
# ---------------------------------------------------------------------------------------------------------------------


@st.composite
def cases(
    draw: st.DrawFn,
    max_regimes: int = 3,
    max_weeks: int = 8,
    coupling: bool | None = None,
    max_combinations: int = 64,
    contingency_rows: int = 2,
) -> tuple[Settings, Tables]:
    """Small valid cases that shrink.

    Parameters
    ----------
    coupling
        False: nothing on our side depends on how the counterpart operates (no lanes C -> H, no margin on lanes H -> C,
        no tracked origin of such a lane). True: a lane C -> H and a margin on a lane H -> C at least. None: either.
    max_combinations
        Most combinations of our policies.
    contingency_rows
        1 gives every contingency a single row; 2 lets some have several.
    """
    return _Builder(_Drawn(draw), max_regimes, max_weeks, coupling, max_combinations, contingency_rows).build()


@st.composite
def meaning_cases(
    draw: st.DrawFn,
    max_regimes: int = 2,
    max_weeks: int = 8,
    coupling: bool | None = None,
    max_combinations: int = 9,
    contingency_rows: int = 2,
) -> tuple[Settings, Tables]:
    """Small valid cases, as in ``cases``, with surprise outages, refusals, contracts and prices of the end.

    Outages in the middle of the horizon, at several start weeks, with notice; packages with start weeks and notice;
    ``min_flow`` on either side; ``terminal_premium`` and ``terminal_price``; refusals and share limits as ever.
    """
    dice = _Drawn(draw)
    return _Builder(dice, max_regimes, max_weeks, coupling, max_combinations, contingency_rows, meaning=True).build()


@st.composite
def feature_cases(
    draw: st.DrawFn,
    max_regimes: int = 2,
    max_weeks: int = 7,
    coupling: bool | None = None,
    max_combinations: int = 6,
    contingency_rows: int = 2,
) -> tuple[Settings, Tables]:
    """Small valid cases, as in ``meaning_cases``, with all that a review does.

    ``saving_share``, ``profiles`` (a table of its own), ``fill_window``, ``backorder_share``, ``surge``, ``kept_share``,
    ``applicant_cost``, ``ally_benefit``, regimes of ours on imports, several ``end_week``, ``[bargain]``.
    """
    dice = _Drawn(draw)
    options = (max_regimes, max_weeks, coupling, max_combinations, contingency_rows)
    return _Builder(dice, *options, meaning=True, features=True).build()


def random_case(
    seed: int,
    max_regimes: int = 5,
    max_weeks: int = 12,
    coupling: bool | None = None,
    max_combinations: int = 96,
    contingency_rows: int = 2,
    meaning: bool = False,
    features: bool = False,
) -> tuple[Settings, Tables]:
    """A case from a seed, larger than hypothesis likes them; parameters as in ``cases``.

    With ``meaning`` it has what ``meaning_cases`` have, with ``features`` what ``feature_cases`` have beyond that.
    """
    dice = _Seeded(seed)
    options = (max_regimes, max_weeks, coupling, max_combinations, contingency_rows)
    return _Builder(dice, *options, meaning, features).build()


def is_coupled(tables: Tables) -> bool:
    """Whether anything on our side depends on how the counterpart operates."""
    role = {r["party"]: r["role"] for r in tables["parties"]}
    ours = {r["site"] for r in tables["sites"] if role[r["party"]] in ("focal", "ally")}
    theirs = {r["site"] for r in tables["sites"] if role[r["party"]] == "counterpart"}
    tracked = {(r["site"], r["item"]) for r in tables["stocks"]}
    tracked |= {(r["site"], r["output"]) for r in tables["processes"]}
    tracked |= {(r["destination"], r["item"]) for r in tables["lanes"]}
    for r in tables["lanes"]:
        if r["origin"] in theirs and r["destination"] in ours:
            return True
        felt = r.get("margin", 0.0) > 0.0 or (r["origin"], r["item"]) in tracked
        if r["origin"] in ours and r["destination"] in theirs and felt:
            return True
    return False


KEYS = {
    "parties": ("party",),
    "sites": ("site",),
    "items": ("item",),
    "stocks": ("site", "item"),
    "lanes": ("lane",),
    "processes": ("process",),
    "recipes": ("process", "input"),
    "demands": ("site", "item"),
    "regimes": ("regime",),
    "policies": ("regime", "policy"),
    "retaliations": ("package", "regime"),
}
REQUIRED = {
    "parties": ("role",),
    "sites": ("party",),
    "lanes": ("item", "origin", "destination", "unit_cost", "max_flow"),
    "processes": ("site", "output"),
    "recipes": ("quantity",),
    "demands": ("quantity", "shortage_penalty"),
    "regimes": ("controller",),
    "policies": ("delay_weeks",),
    "retaliations": ("policy",),
    "contingencies": ("contingency", "from_week", "availability"),
}
PROFILES = {
    "lanes": ("base_flow", "max_flow", "unit_cost"),
    "demands": ("quantity", "shortage_penalty"),
    "processes": ("capacity",),
}
SHARES = {"items": ("max_party_share",), "demands": ("min_fill", "min_fill_week"), "policies": ("approval_rate",)}


def faults(settings: Settings, tables: Tables) -> list[str]:
    """What the case format refuses, looked for in a case; the cases of this file have none."""
    found: list[str] = []

    def check(fine: bool, what: str) -> None:
        if not fine:
            found.append(what)

    spans = [(r["contingency"], r.get("lane"), r.get("process"), r["from_week"]) for r in tables["contingencies"]]
    check(len(set(spans)) == len(spans), "contingencies: a row twice")
    check(sorted(tables.keys() - {"profiles"}) == sorted(TABLES), "missing or unknown table")
    ids = {name: {r[name_of] for r in tables[name]} for name, (name_of, *more) in KEYS.items() if not more}
    for table, key in KEYS.items():
        keys = [tuple(r[k] for k in key) for r in tables[table]]
        check(len(set(keys)) == len(keys), f"{table}: an id used twice")
    for table, rows in tables.items():
        for r in rows:
            for column in REQUIRED.get(table, ()):
                check(column in r, f"{table}: {column} missing in {r}")
            for column, value in r.items():
                if isinstance(value, int | float):
                    infinite = column == "capacity" and value == math.inf
                    check(infinite or (math.isfinite(value) and value >= 0), f"{table}: {column} = {value}")
            for column in (*SHARES.get(table, ()), *(("availability",) if table == "contingencies" else ())):
                check(0.0 <= r.get(column, 0.0) <= 1.0, f"{table}: share {column} = {r.get(column)}")
    for table, column, where in (
        ("sites", "party", "parties"),
        ("stocks", "site", "sites"),
        ("stocks", "item", "items"),
        ("lanes", "item", "items"),
        ("lanes", "origin", "sites"),
        ("lanes", "destination", "sites"),
        ("lanes", "regime", "regimes"),
        ("processes", "site", "sites"),
        ("processes", "output", "items"),
        ("recipes", "process", "processes"),
        ("recipes", "input", "items"),
        ("demands", "site", "sites"),
        ("demands", "item", "items"),
        ("regimes", "controller", "parties"),
        ("policies", "regime", "regimes"),
        ("retaliations", "regime", "regimes"),
        ("contingencies", "lane", "lanes"),
        ("contingencies", "process", "processes"),
    ):
        for r in tables[table]:
            check(column not in r or r[column] in ids[where], f"{table}: {column} {r.get(column)} does not exist")
    if found:
        return found

    roles = [r["role"] for r in tables["parties"]]
    check(roles.count("focal") == 1 and roles.count("counterpart") == 1, "one focal and one counterpart party")
    role = {r["party"]: r["role"] for r in tables["parties"]}
    side = {r["site"]: {"counterpart": "C", "other": "O"}.get(role[r["party"]], "H") for r in tables["sites"]}
    controller = {r["regime"]: role[r["controller"]] for r in tables["regimes"]}
    for r in tables["lanes"]:
        check(r["origin"] != r["destination"], f"lane {r['lane']} is a loop")
        check(r.get("base_flow", 0.0) <= r["max_flow"], f"lane {r['lane']}: base_flow > max_flow")
        check(r.get("min_flow", 0.0) <= r["max_flow"], f"lane {r['lane']}: min_flow > max_flow")
        if "regime" in r:
            theirs = controller[r["regime"]] == "counterpart"
            reach = (
                side[r["origin"]] == "C" if theirs else (side[r["origin"]] == "C") != (side[r["destination"]] == "C")
            )
            check(reach, f"lane {r['lane']}: regime {r['regime']} cannot act on it")
            check(controller[r["regime"]] != "other", f"regime {r['regime']} of a third party")
        if r.get("fixed_cost", 0.0) > 0.0:
            fits = side[r["destination"]] == "H" and side[r["origin"]] != "C"
            check(fits, f"lane {r['lane']}: fixed_cost has no place there")
    for r in tables["stocks"]:
        check(side[r["site"]] != "O", f"stock at {r['site']}")
        check(r.get("initial", 0.0) <= r.get("capacity", math.inf), f"stock {r}: initial above capacity")
    for r in tables["demands"]:
        check(side[r["site"]] != "O", f"demand at {r['site']}")
    for r in tables["processes"]:
        check(side[r["site"]] != "O", f"process at {r['site']}")
    output = {r["process"]: r["output"] for r in tables["processes"]}
    for r in tables["recipes"]:
        check(LEVELS[r["input"]] < LEVELS[output[r["process"]]], f"recipe {r} may close a cycle")
    menus = {(r["regime"], r["policy"]) for r in tables["policies"]}
    for r in tables["policies"]:
        check(r["policy"] != "open", "policy open has no row")
        ends = [float(end) for end in str(r.get("end_week", "inf")).split(";") if end]
        check(min(ends) > r.get("start_week", 0), f"policy {r}: end_week <= start_week")
        for piece in r["delay_weeks"].split(";"):
            check(float([*piece.split(":"), "1"][1]) > 0.0, f"policy {r}: a weight that is not positive")
    for r in tables.get("profiles", []):
        check(r["column"] in PROFILES[r["table"]], f"profile {r}: no such column")
        check(
            r["key"] in {"/".join(row[k] for k in KEYS[r["table"]]) for row in tables[r["table"]]},
            f"profile {r}: no row",
        )
    steps = [(r["table"], r["key"], r["column"], r["from_week"]) for r in tables.get("profiles", [])]
    check(len(set(steps)) == len(steps), "profiles: a step twice")
    for r in tables["retaliations"]:
        check(controller[r["regime"]] == "counterpart", f"retaliation {r}: not the counterpart's regime")
        check((r["regime"], r["policy"]) in menus, f"retaliation {r}: no such policy")
    lane_end = {r["lane"]: side[r["destination"]] for r in tables["lanes"]}
    process_side = {r["process"]: side[r["site"]] for r in tables["processes"]}
    named: dict[str, set[tuple[int, ...]]] = {}
    for r in tables["contingencies"]:
        check(("lane" in r) != ("process" in r), f"contingency {r}: a lane or a process")
        where = lane_end[r["lane"]] if "lane" in r else process_side[r["process"]]
        check(where == "H", f"contingency {r}: not on our side")
        starts = [int(week) for week in str(r["from_week"]).split(";")]
        named.setdefault(r["contingency"], set()).add(tuple(starts))
        check(max(starts) <= r.get("to_week", settings["horizon"]["weeks"] - 1), f"contingency {r}: ends too soon")
        check("to_week" not in r or "duration_weeks" not in r, f"contingency {r}: two ends")
        check(r.get("duration_weeks", 1) >= 1, f"contingency {r}: no duration")
    for name, lists in named.items():
        check(len(lists) == 1 or all(len(starts) == 1 for starts in lists), f"contingency {name}: starts that differ")
    return found


# ---------------------------------------------------------------------------------------------------------------------
# The same case in other units
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factors:
    """How many times smaller the units of a case become: its figures grow by as much.

    Attributes
    ----------
    money
        The currency.
    quantities
        The unit of every item.
    items
        Units of single items, on top of that.
    """

    money: float = 1.0
    quantities: float = 1.0
    items: Mapping[str, float] = field(default_factory=dict)

    def item(self, name: str) -> float:
        """How many times smaller the unit of an item becomes."""
        return self.quantities * self.items.get(name, 1.0)


QUANTITIES = {
    "stocks": ("initial", "capacity", "terminal_target", "stockpile_max"),
    "lanes": ("base_flow", "max_flow", "min_flow"),
    "processes": ("capacity",),
    "demands": ("quantity",),
}
PRICES = {
    "items": ("holding_cost",),
    "stocks": ("stockpile_cost", "terminal_price"),
    "lanes": ("unit_cost", "margin"),
    "processes": ("unit_cost",),
    "demands": ("shortage_penalty", "backorder_cost"),
}
MONEY = {"lanes": ("fixed_cost",), "policies": ("admin_cost", "ally_benefit"), "retaliations": ("cost",)}


def rescaled(drawn: tuple[Settings, Tables], factors: Factors) -> tuple[Settings, Tables]:
    """The same case in other units; an applicant_cost, per unit of any item, allows no units of single items."""
    settings, tables = copy.deepcopy(drawn)
    if factors.items and any(row.get("applicant_cost") for row in tables["policies"]):
        raise ValueError("an applicant_cost has one unit for all items")
    output = {row["process"]: row["output"] for row in tables["processes"]}
    for table, rows in tables.items():
        for row in rows:
            unit = factors.item(row.get("item") or row.get("output") or "")
            for names, factor in ((QUANTITIES, unit), (PRICES, factors.money / unit), (MONEY, factors.money)):
                for name in names.get(table, ()):
                    if row.get(name) is not None:
                        row[name] *= factor
            if table == "recipes":
                row["quantity"] *= factors.item(row["input"]) / factors.item(output[row["process"]])
                if "saving_cost" in row:
                    row["saving_cost"] *= factors.money / factors.item(row["input"])
            if row.get("applicant_cost"):
                row["applicant_cost"] *= factors.money / factors.quantities
    for name in settings.get("bargain") or {}:
        settings["bargain"][name] *= factors.money
    limits = settings.get("limits") or {}
    for name in ("budget", "stockpile_value"):
        if limits.get(name) is not None:
            limits[name] *= factors.money
    return settings, tables
