"""What follows from a plan: shortages, losses by their parts, scenarios, continuity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ...model.network import NONE, Network
from ...model.plan.plan import decided, least_mean, served
from ..format.words import Words, words_of
from .rows import filled, records
from .scenarios import ScenarioStory, scenario_stories

if TYPE_CHECKING:
    import pandas as pd

    from ...model import Plan

SIDES = ("counterpart", "ours")

PARTS = {
    "counterpart": {
        "purchase_cost": "purchases, goods held in review",
        "production_cost": "production",
        "holding_cost": "stockholding",
        "shortage_cost": "sales it cannot serve",
        "terminal_cost": "stock missing at the end",
        "refused_exports": "margin on exports it refuses",
        "refused_imports": "margin on exports that we refuse",
        "package_cost": "cost of its package",
    },
    "ours": {
        "purchase_cost": "purchases, goods held in review",
        "freight_cost": "freight",
        "duty_cost": "import duty",
        "order_cost": "orders, whatever their size",
        "transfer_income": "earned between our parties",
        "production_cost": "production",
        "holding_cost": "stockholding",
        "shortage_cost": "home demand not served",
        "lost_exports": "exports to others lost",
        "undelivered_cost": "its orders we cannot deliver",
        "terminal_cost": "stock missing at the end",
        "sales_to_counterpart": "margin on sales to it",
        "fixed_costs": "qualifying lanes",
        "stockpile": "stockpile",
        "admin_costs": "running the reviews",
        "lasting_loss": "customers that do not come back",
        "ally_benefits": "less what allies give",
    },
}
"""Where losses come from, in words; "it" is the counterpart."""

WITH_COUNTERPART = ("sales_to_counterpart", "undelivered_cost", "transfer_income", "admin_costs")
"""Parts of our costs that a case without a counterpart hardly has; shown where they are not 0."""

WEIGHED = "all scenarios, weighed"
"""Name of what holds over several scenarios by their weights."""

NO_MARGIN = 1e-6
"""Shortfall of a fill that is rounding."""


# Shortages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShortageRow:
    """A site and item of the counterpart's.

    Attributes
    ----------
    pair
        The item and the site, by their names for people.
    fill
        Mean fill; None where it is not known.
    week
        First week in which it is short; None: never.
    """

    pair: str
    fill: float | None
    week: int | None


def shortage_rows(plan: Plan) -> tuple[ShortageRow, ...]:
    """Return the counterpart's sites and items: those that go short, then the others."""
    short = {pair: week for pair, week in plan.first_shortage_week.items() if week is not None}
    full = [pair for pair in plan.counterpart_fill if pair not in short]
    return tuple(
        ShortageRow(plan.case.names.pair(pair), plan.counterpart_fill.get(pair), week)
        for pair, week in [*short.items(), *((pair, None) for pair in full)]
    )


# Losses --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LossRow:
    """A part of a loss, in money.

    Attributes
    ----------
    scenario, side
        The scenario; ``counterpart`` or ``ours``.
    part
        Where it comes from, in words.
    status_quo, plan, loss
        Costs before and in the plan, and their difference.
    """

    scenario: str
    side: str
    part: str
    status_quo: float
    plan: float
    loss: float


@dataclass(frozen=True)
class LossView:
    """A side's loss in the scenarios that decide.

    Attributes
    ----------
    side
        ``counterpart`` or ``ours``.
    rows
        Its parts.
    total
        Their sum.
    certified
        The loss that the plan states.
    """

    side: str
    rows: tuple[LossRow, ...]
    total: float
    certified: float


def decides(plan: Plan) -> str:
    """Return the scenario that decides, or `WEIGHED` where several do."""
    return WEIGHED if len(plan.deciding) > 1 else next(iter(plan.deciding), NONE)


def loss_rows(plan: Plan) -> tuple[LossRow, ...]:
    """Return the parts of both losses in every scenario, first where they decide."""
    frame = plan.tables["losses"]
    frame = frame[frame["side"].isin(words_of(plan.case).sides)]
    if not plan.case.pressed:
        idle = (frame["plan"] == 0) & (frame["status_quo"] == 0)
        frame = frame[~(frame["part"].isin(WITH_COUNTERPART) & idle)]
    words = words_of(plan.case)
    first = decided(frame, plan.deciding, ["side", "part"], ["status_quo", "plan", "loss"]).assign(
        scenario=decides(plan)
    )
    rest = frame[frame["scenario"] != decides(plan)]
    rows = [
        filled(LossRow, row, part=part_words(row["side"], row["part"], words))
        for part in (first, rest)
        for row in records(part)
    ]
    return tuple(rows)


def part_words(side: str, part: str, words: Words) -> str:
    """Return a part of a side's loss in words."""
    if side == "ours" and part in words.parts:
        return words.parts[part]
    return PARTS[side].get(part, part.replace("_", " "))


def losses(plan: Plan, rows: Iterable[LossRow]) -> tuple[LossView, ...]:
    """Return the losses where they decide: of both sides, or ours alone."""
    certified = {"counterpart": plan.counterpart_loss or 0.0, "ours": plan.own_loss or 0.0}
    rows = [row for row in rows if row.scenario == decides(plan)]
    found = []
    for side in words_of(plan.case).sides:
        parts = tuple(row for row in rows if row.side == side)
        found.append(LossView(side, parts, sum(row.loss for row in parts), certified[side]))
    return tuple(found)


# Scenarios -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScenarioRow:
    """A scenario: no retaliation, a package, or an outage.

    Attributes
    ----------
    name
        Its name.
    outcome, counterpart_loss, own_loss
        Leverage or cost, and both losses, money.
    probability
        Its weight; None where it has none.
    fills
        Mean fill of every demand of ours, item and site by their names for people.
    weighed
        Whether its leverage counts; else it counts through continuity alone.
    retaliation
        Whether it is no retaliation or a package, not an outage.
    worst
        Whether it is the worst package.
    reveal_week
        First week in which it is known; None where nothing of it is to be known.
    at_limit
        Demands of ours whose fill is at its least there: item and site by their names for people.
    title, words
        Its name for people or else its id; what happens in it, in which weeks and how much.
    """

    name: str
    outcome: float
    counterpart_loss: float
    own_loss: float
    probability: float | None
    fills: dict[str, float]
    weighed: bool
    retaliation: bool
    worst: bool
    reveal_week: int | None = None
    at_limit: tuple[str, ...] = ()
    title: str = ""
    words: str = ""


def weighed_scenarios(plan: Plan) -> list[str]:
    """Return the scenarios that count in the objective."""
    rated = set(Network(plan.case).rated)
    return [name for name in plan.scenarios if name in rated]


def _packages(plan: Plan) -> set[str]:
    return {NONE, *(row.package for row in plan.case.retaliations)}


def scenario_rows(plan: Plan) -> tuple[ScenarioRow, ...]:
    """Return the scenarios of a plan."""
    weighed, packages, words = set(weighed_scenarios(plan)), _packages(plan), words_of(plan.case)
    probability, stories = Network(plan.case).probability, scenario_stories(plan.case)
    # A case that was changed after the plan may lack some of its scenarios.
    told = {name: stories.get(name) or ScenarioStory(name, name, ()) for name in plan.scenarios}
    return tuple(
        ScenarioRow(
            name,
            words.figure(entry["leverage"]) or 0.0,
            entry["counterpart_loss"],
            entry["own_loss"],
            probability.get(name) if plan.weights else None,
            {plan.case.names.pair(pair): fill for pair, fill in entry["fill"].items()},
            name in weighed,
            name in packages,
            name == plan.worst_package,
            entry.get("reveal_week"),
            tuple(map(plan.case.names.pair, entry.get("at_limit", ()))),
            told[name].title,
            told[name].words,
        )
        for name, entry in plan.scenarios.items()
    )


# Continuity ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarginRow:
    """How far a least fill of ours is kept in a scenario.

    Attributes
    ----------
    demand
        The item and the site, by their names for people.
    kind
        ``min_fill`` or ``min_fill_week``.
    limit
        The least fill.
    scenario
        The scenario.
    mean, least_week
        Mean fill there, of its worst run of weeks where the limit is on runs, and that of its worst week.
    margin
        What is above the limit; below 0 where it is broken.
    measure
        What the limit is on, in a word or a few.
    """

    demand: str
    kind: str
    limit: float
    scenario: str
    mean: float
    least_week: float
    margin: float
    measure: str

    @property
    def broken(self) -> bool:
        """Whether the limit is broken by more than rounding."""
        return self.margin < -NO_MARGIN

    @property
    def in_full(self) -> bool:
        """Whether the demand is served in full every week of the scenario."""
        return bool(served(self.least_week))


def margin_rows(plan: Plan) -> tuple[MarginRow, ...]:
    """Return how far every least fill of our side is kept in every scenario, limit by limit."""
    fills = plan.tables["fills"]
    fills = fills[fills["side"] == "ours"]
    pairs: dict[tuple[str, str], pd.DataFrame] = dict(iter(fills.groupby(["site", "item"], sort=False)))
    found = []
    for demand in plan.case.demands:
        if (demand.site, demand.item) not in pairs:
            continue
        window = demand.fill_window
        levels = pairs[demand.site, demand.item].groupby("scenario", sort=False)["fill"].agg(["mean", "min"])
        if window is not None:
            runs = pairs[demand.site, demand.item].groupby("scenario", sort=False)["fill"]
            levels["mean"] = [least_mean(fills.to_numpy(), window) for _, fills in runs]
        for kind, measure, words in (
            ("min_fill", "mean", "mean" if window is None else f"mean of any {window} weeks"),
            ("min_fill_week", "min", "any week"),
        ):
            limit = getattr(demand, kind)
            for level in levels.reset_index().to_dict("records") if limit > 0 else ():
                fill = (level["scenario"], level["mean"], level["min"], level[measure] - limit)
                name = plan.case.names.pair(f"{demand.site}/{demand.item}")
                found.append(MarginRow(name, kind, limit, *fill, words))
    return tuple(found)


def nearest(margins: Iterable[MarginRow]) -> tuple[MarginRow, ...]:
    """Return the rows that come nearest to each limit, or break it most."""
    limits = groupby(margins, key=lambda row: (row.demand, row.kind))
    return tuple(min(rows, key=lambda row: row.margin) for _, rows in limits)
