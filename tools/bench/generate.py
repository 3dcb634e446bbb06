"""Cases of any size with a believable structure, from a seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sluicegate import Case, case_from_tables

Row = dict[str, Any]
Tables = dict[str, list[Row]]

REVIEWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("declaration", {"delay_weeks": "1:0.5;2:0.5", "admin_cost": 0.4, "reviewer_load": 30, "political_cost": 0.3}),
    (
        "case-by-case",
        {"delay_weeks": "4:0.3;8:0.5;12:0.2", "admin_cost": 1.2, "reviewer_load": 120, "political_cost": 1},
    ),
    (
        "listing",
        {
            "delay_weeks": "8:0.3;12:0.4;20:0.3",
            "approval_rate": 0.75,
            "start_week": 4,
            "admin_cost": 2.0,
            "reviewer_load": 200,
            "political_cost": 2,
        },
    ),
    (
        "halt",
        {
            "delay_weeks": "26:1",
            "approval_rate": 0.3,
            "start_week": 8,
            "admin_cost": 2.5,
            "reviewer_load": 240,
            "political_cost": 3,
        },
    ),
)
"""Policies besides ``open``, the mildest first."""


class _Maker:
    """Draws one case, from goods down to what they are made of."""

    def __init__(
        self, regimes: int, policies: int, weeks: int, components: int, items: int, coupled: bool, ends: str, seed: int
    ):
        self.dice = np.random.default_rng(seed)
        self.weeks = weeks
        self.coupled = coupled
        self.policies = policies
        self.tables: Tables = {}
        self.need: dict[tuple[str, str], float] = {}
        self.cost: dict[str, float] = {}
        self.row("parties", party="us", role="focal")
        self.row("parties", party="friend", role="ally", loss_weight=0.5)
        self.row("parties", party="them", role="counterpart")
        self.row("parties", party="world", role="other")
        self.row("sites", site="home", party="us")
        self.row("sites", site="friendly", party="friend")
        self.row("sites", site="abroad", party="world")
        self.regimes = [f"list{number}" for number in range(regimes)]
        for regime in self.regimes:
            self.row("regimes", regime=regime, controller="us")
            for policy, columns in REVIEWS[:policies]:
                self.row("policies", regime=regime, policy=policy, end_week=ends, **self._jittered(columns))
        # Two inputs make a part, two parts a good: 7 items for 4 inputs.
        filler = max(0, math.ceil(4 * items / 7) - regimes)
        for number, group in enumerate(np.array_split(np.arange(regimes), components)):
            self.component(number, [self.regimes[k] for k in group], math.ceil(filler / components))
        if coupled:
            self.retaliation()

    def row(self, table: str, **columns: Any) -> None:
        self.tables.setdefault(table, []).append(columns)

    def between(self, low: float, high: float, digits: int = 3) -> float:
        return round(float(self.dice.uniform(low, high)), digits)

    def _jittered(self, columns: dict[str, Any]) -> dict[str, Any]:
        sized = ("admin_cost", "reviewer_load", "political_cost")
        return {
            name: round(value * self.between(0.7, 1.3), 2) if name in sized else value
            for name, value in columns.items()
        }

    def item(self, name: str, cost: float) -> None:
        self.row("items", item=name, holding_cost=round(0.002 * cost, 5))
        self.cost[name] = cost

    def component(self, number: int, regimes: list[str], filler: int) -> None:
        """Goods made at one plant from parts that share inputs; every regime controls an input or two."""
        plant = f"plant{number}"
        self.row("sites", site=plant, party="them")
        inputs = []
        for regime in regimes:
            name = f"input-{regime}"
            self.item(name, self.between(0.5, 3))
            inputs.append(name)
        for extra in range(filler):
            name = f"common{number}-{extra}"
            self.item(name, self.between(0.2, 1))
            inputs.append(name)
        parts: dict[str, list[str]] = {}
        waiting = list(inputs)
        count = max(1, math.ceil(len(inputs) / 2))
        for place in range(count):
            # Every input goes somewhere; some serve several parts.
            taken = [waiting.pop() for _ in range(min(2, len(waiting)))]
            if len(inputs) > 2 and self.dice.random() < 0.6:
                taken.append(str(self.dice.choice(inputs)))
            if taken:
                parts[f"part{number}-{place}"] = list(dict.fromkeys(taken))
        goods: dict[str, list[str]] = {}
        waiting = list(parts)
        for place in range(max(1, math.ceil(len(parts) / 2))):
            taken = [waiting.pop() for _ in range(min(2, len(waiting)))]
            if len(parts) > 2 and self.dice.random() < 0.5:
                taken.append(str(self.dice.choice(list(parts))))
            if taken:
                goods[f"good{number}-{place}"] = list(dict.fromkeys(taken))
        for place, (good, made_of) in enumerate(goods.items()):
            self.make(plant, good, made_of, parts, sold=self.coupled and place % 3 == 0)
        for name in inputs:
            self.supply(plant, name, regimes[inputs.index(name)] if inputs.index(name) < len(regimes) else None)

    def make(self, plant: str, good: str, made_of: list[str], parts: dict[str, list[str]], sold: bool) -> None:
        """A good, its parts where they are new, and who buys it."""
        weekly = self.between(20, 80)
        quantities = {part: self.between(0.5, 1.5, 2) for part in made_of}
        for part in made_of:
            if part not in self.cost:
                recipe = {name: self.between(0.5, 1.5, 2) for name in parts[part]}
                self.item(part, sum(quantity * self.cost[name] for name, quantity in recipe.items()) + 1.0)
                self.row("processes", process=f"make-{part}", site=plant, output=part, capacity=math.inf, unit_cost=1.0)
                for name, quantity in recipe.items():
                    self.row("recipes", process=f"make-{part}", input=name, quantity=quantity)
            self.need_part(plant, part, weekly * quantities[part])
        cost = sum(quantity * self.cost[part] for part, quantity in quantities.items()) + 2.0
        self.item(good, cost)
        self.row(
            "processes",
            process=f"make-{good}",
            site=plant,
            output=good,
            capacity=round(1.15 * weekly, 3),
            unit_cost=2.0,
        )
        for part, quantity in quantities.items():
            self.row("recipes", process=f"make-{good}", input=part, quantity=quantity)
        self.row("stocks", site=plant, item=good, initial=round(weekly * self.between(1, 4), 2))
        ours = round(weekly * self.between(0.1, 0.3), 3) if sold else 0.0
        penalty = round(cost * self.between(1.5, 3.5), 2)
        self.row("demands", site=plant, item=good, quantity=round(weekly - ours, 3), shortage_penalty=penalty)
        if sold:
            self.buy(plant, good, ours, cost)

    def need_part(self, plant: str, part: str, amount: float) -> None:
        for row in self.tables["recipes"]:
            if row["process"] == f"make-{part}":
                key = plant, row["input"]
                self.need[key] = self.need.get(key, 0.0) + amount * row["quantity"]

    def supply(self, plant: str, name: str, regime: str | None) -> None:
        """Our lane, under its regime, and one or two others that are dearer, later and smaller."""
        weekly = self.need.get((plant, name), 0.0)
        share = self.between(0.6, 0.95) if regime else 0.3
        cost = self.cost[name]
        ours = round(share * weekly, 4)
        margin = round(cost * self.between(0.1, 0.3), 3) if self.coupled and regime else None
        lead = int(self.dice.integers(1, 4))
        others = {"origin": "abroad", "destination": plant, "item": name}
        self.row(
            "lanes",
            lane=f"{name}-home",
            item=name,
            origin="home",
            destination=plant,
            lead_weeks=lead,
            unit_cost=round(cost, 3),
            base_flow=ours,
            max_flow=round(1.3 * ours, 4),
            margin=margin,
            regime=regime,
        )
        self.row(
            "lanes",
            lane=f"{name}-abroad",
            **others,
            lead_weeks=lead + 1,
            unit_cost=round(cost * self.between(1.05, 1.4), 3),
            base_flow=round(weekly - ours, 4),
            max_flow=round((weekly - ours) * self.between(1.2, 2.0), 4),
        )
        self.row(
            "lanes",
            lane=f"{name}-new",
            **others,
            lead_weeks=lead + 2,
            unit_cost=round(cost * self.between(1.3, 2.2), 3),
            max_flow=round(weekly * self.between(0.1, 0.6), 4),
            available_week=int(self.dice.integers(6, 26)),
            ramp_weeks=int(self.dice.integers(0, 12)),
        )
        self.row("stocks", site=plant, item=name, initial=round(weekly * self.between(2, 8), 2))

    def buy(self, plant: str, good: str, weekly: float, cost: float) -> None:
        """We buy a good from the counterpart, with a dearer source and one to qualify beside it."""
        home = "home" if self.dice.random() < 0.7 else "friendly"
        lane = {"item": good, "destination": home}
        dearer = round(1.5 * cost, 3)
        self.row(
            "lanes",
            lane=f"{good}-in",
            **lane,
            origin=plant,
            lead_weeks=2,
            unit_cost=round(1.2 * cost, 3),
            base_flow=weekly,
            max_flow=weekly,
            margin=round(0.2 * cost, 3),
            regime="their-list",
        )
        self.row(
            "lanes",
            lane=f"{good}-other",
            **lane,
            origin="abroad",
            lead_weeks=3,
            unit_cost=dearer,
            max_flow=round(0.3 * weekly, 3),
            available_week=8,
            ramp_weeks=8,
        )
        if len([row for row in self.tables["lanes"] if row.get("fixed_cost")]) < 4:
            self.row(
                "lanes",
                lane=f"{good}-second",
                **lane,
                origin="abroad",
                lead_weeks=3,
                unit_cost=dearer,
                max_flow=round(0.5 * weekly, 3),
                available_week=12,
                ramp_weeks=6,
                fixed_cost=round(4 * weekly * cost * 0.1, 2),
            )
        self.row("stocks", site=home, item=good, initial=round(3 * weekly, 2), stockpile_max=round(6 * weekly, 2))
        penalty = round(cost * self.between(1.6, 3.0), 2)
        self.row("demands", site=home, item=good, quantity=weekly, shortage_penalty=penalty, min_fill=0.3)

    def retaliation(self) -> None:
        self.row("regimes", regime="their-list", controller="them")
        self.row("policies", regime="their-list", policy="review", delay_weeks="6", admin_cost=0)
        self.row("policies", regime="their-list", policy="halt", delay_weeks="12", approval_rate=0.5, start_week=2)
        stake = sum(
            row["base_flow"] * row["unit_cost"] for row in self.tables["lanes"] if row.get("regime") == "their-list"
        )
        for policy, cost in (("review", 0.5), ("halt", 1.5)):
            self.row("retaliations", package=policy, regime="their-list", policy=policy, cost=round(cost * stake, 2))

    def limits(self, share: float) -> dict[str, float]:
        """Room for about a share of the regimes at their sternest."""
        sternest: dict[str, dict[str, float]] = {}
        for row in self.tables["policies"]:
            if row["regime"] in self.regimes:
                sternest[row["regime"]] = row
        return {
            limit: round(share * sum(row[column] for row in sternest.values()), 1)
            for limit, column in (("reviewer_hours", "reviewer_load"), ("political_capital", "political_cost"))
        }


def generate(
    regimes: int,
    policies: int = 4,
    weeks: int = 52,
    *,
    components: int = 1,
    items: int = 0,
    coupled: bool = True,
    limited: float = 0.5,
    ends: str = "",
    seed: int = 0,
) -> Case:
    """Make a case.

    Parameters
    ----------
    regimes
        Regimes of ours, 1 to 150 and more.
    policies
        Policies of each, ``open`` included: 2 to 5.
    weeks
        Horizon.
    components
        Plants of the counterpart that share nothing; what one makes may fall apart further.
    items
        Items at least; inputs beyond those under a regime are common ones.
    coupled
        Whether our side earns from and buys from the counterpart.
    limited
        Reviewer hours and political capital allow about this share of the sternest policies; 1: no limits.
    ends
        Weeks in which every review may end, as `policies.end_week` lists them; empty: never.
    seed
        Same seed, same case.
    """
    maker = _Maker(regimes, policies - 1, weeks, components, items, coupled, ends, seed)
    settings = {
        "case": {"title": f"{regimes} regimes", "currency": "million"},
        "horizon": {"weeks": weeks},
        "limits": maker.limits(limited) if limited < 1 else {},
    }
    return case_from_tables(f"generated-{regimes}-{policies}-{weeks}-{seed}", settings, maker.tables)
