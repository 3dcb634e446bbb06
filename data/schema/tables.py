"""The tables of a case, each declared once: column, type, unit, default, check, sentence.

Reading, validation, templates, workbook sheets, ``--set`` paths and the reference page of the format come from here.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from .values import (
    Amount,
    Bound,
    Count,
    Distribution,
    Duration,
    Ends,
    EndWeeks,
    Flag,
    Id,
    Path,
    Share,
    Starts,
    StartWeeks,
    Text,
    Week,
    Window,
    column,
)


class Row(BaseModel):
    """A row of a table; immutable, unknown columns refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    required: ClassVar[bool] = False

    def cell(self, column: str) -> Any:
        """Return the value of a column by the name that a case writes."""
        return getattr(self, column if column in type(self).model_fields else f"{column}_")

    @property
    def id(self) -> str:
        """The row's key as ``--set`` writes it: one id, or ids joined by ``/``."""
        return "/".join(str(self.cell(name)) for name in self.key)


class Party(Row):
    """Who takes part: exactly one focal, at most one counterpart, allies, others."""

    table = "parties"
    key = ("party",)
    required = True
    party: Id = column("Id of the party.")
    role: Literal["focal", "counterpart", "ally", "other"] = column(
        "What the party is: focal (us), ally, counterpart (none where there is no dispute), other (suppliers and everybody else).",
        hint="we are focal, suppliers and their countries are other",
    )
    name: Text = column("Name for people.", default="")
    loss_weight: Amount = column("Weight of this party's losses in ours; acts for focal and ally parties.", default=1.0)


class Site(Row):
    """Where a party holds, makes and uses items."""

    table = "sites"
    key = ("site",)
    required = True
    site: Id = column("Id of the site.")
    party: Id = column("The party it belongs to.", refers="parties")
    name: Text = column("Name for people.", default="")


class Item(Row):
    """What is traded and made."""

    table = "items"
    key = ("item",)
    required = True
    item: Id = column("Id of the item.")
    name: Text = column("Name for people.", default="")
    unit: Text = column("Unit its quantities are counted in.", default="")
    holding_cost: Amount = column("Cost of holding a unit for a week.", "money per unit and week", default=0.0)
    max_party_share: Share = column("Largest share of our intake one outside party may supply.", "share", default=1.0)
    share_always: Flag = column(
        "Whether limits on shares hold in every scenario, not in scenario none alone.", default="false"
    )
    min_suppliers: Count = column(
        "Least number of sites outside our side that supply us; each supplies min_supplier_share at least.", default=0
    )
    min_supplier_share: Share = column(
        "Least share of our intake that a site which supplies us at all supplies.", "share", default=0.0
    )
    max_supplier_share: Share = column("Largest share of our intake that one site may supply.", "share", default=1.0)


class Stock(Row):
    """What a site holds of an item at the start, and what may be added before it."""

    table = "stocks"
    key = ("site", "item")
    site: Id = column("The site.", refers="sites")
    item: Id = column("The item.", refers="items")
    initial: Amount = column("Stock at the start of week 0.", "units", default=0.0)
    capacity: Bound = column("Most that can be held.", "units", default=math.inf)
    terminal_target: Amount | None = column(
        "Stock wanted at the end; default: initial.", "units", same_as="initial", default=None
    )
    terminal_price: Amount | None = column(
        "Price of a unit missing at the end; default: (1 + terminal_premium) times the replacement cost (on our side the dearest "
        "source in use), plus holding_cost for the whole horizon.",
        "money per unit",
        default=None,
    )
    stockpile_max: Amount = column("Most that can be bought before week 0.", "units", default=0.0)
    stockpile_cost: Amount | None = column(
        "Price of the stockpile; default: 1.1 times the dearest running inbound lane (or the replacement cost).",
        "money per unit",
        default=None,
    )


class Lane(Row):
    """A way an item moves from one site to another."""

    table = "lanes"
    key = ("lane",)
    required = True
    lane: Id = column("Id of the lane.")
    item: Id = column("What it carries.", refers="items")
    origin: Id = column("The site it starts at.", refers="sites")
    destination: Id = column("The site it ends at.", refers="sites")
    lead_weeks: Week = column("Weeks from dispatch to arrival.", "weeks", default=0)
    unit_cost: Amount = column("Price paid by the destination.", "money per unit")
    freight: Amount = column("Freight and insurance that come on top of unit_cost.", "money per unit", default=0.0)
    duty: Amount = column(
        "Import duty that comes on top, as a share of unit_cost: 0.025 is 2.5 %.", "share", default=0.0
    )
    base_flow: Amount = column("Flow per week before week 0.", "units per week", default=0.0)
    min_flow: Amount = column(
        "Least that is dispatched in every week in which the lane is open, by contract; a policy or an outage caps it to what it "
        "leaves of max_flow. For a dearer second source that runs all the same.",
        "units per week",
        default=0.0,
    )
    max_flow: Bound = column("Most that can be dispatched in a week; inf: no limit.", "units per week")
    available_week: Week = column("First week it can be used.", "week", default=0)
    ramp_weeks: Week = column("Weeks from its first use to full capacity.", "weeks", default=0)
    margin: Amount = column(
        "What the origin is paid and would otherwise not get: the price where its production is modelled (gross), the profit where "
        "it is not.",
        "money per unit",
        default=0.0,
    )
    min_share: Share = column(
        "Take or pay: the least share of what it can carry that is dispatched in every week, once it is qualified; on our side.",
        "share",
        default=0.0,
    )
    min_order: Amount = column(
        "Least order: in every week nothing is dispatched, or at least so much; on our side.",
        "units per week",
        default=0.0,
    )
    order_cost: Amount = column(
        "Cost of an order, whatever its size: of every week in which anything is dispatched; on our side.",
        "money",
        default=0.0,
    )
    kept_share: Share = column(
        "Share of the sales missed on the lane that does not come back during `after_weeks`, as customers stay with others.",
        "share",
        default=0.0,
    )
    fixed_cost: Amount | None = column("Cost of qualifying it; empty or 0: nothing to qualify.", "money", default=None)
    qualification: Id | None = column(
        "The qualification that opens it, alone or with other lanes; beside a fixed_cost of its own it needs both.",
        refers="qualifications",
        default=None,
    )
    regime: Id | None = column("The review regime that acts on it.", refers="regimes", default=None)

    @property
    def landed_cost(self) -> float:
        """What a unit costs at the destination: unit_cost (1 + duty) + freight."""
        return self.unit_cost * (1.0 + self.duty) + self.freight


class Qualification(Row):
    """What opens one lane or several to our side: an audit, a sample run, a plant approval."""

    table = "qualifications"
    key = ("qualification",)
    qualification: Id = column("Id of the qualification.")
    fixed_cost: Amount | None = column(
        "What it costs, once, however many lanes it opens; empty: nothing.", "money", default=None
    )
    weeks: Week = column(
        "Weeks it takes: its lanes cannot be used before, and ramp up from then on.", "weeks", default=0
    )


class PriceBreak(Row):
    """A price that a lane to our side has from some mean weekly flow on, for all units (an all-units discount)."""

    table = "price_breaks"
    key = ("lane", "from_flow")
    lane: Id = column("The lane.", refers="lanes")
    from_flow: Amount = column("Mean flow over the horizon from which on the price holds.", "units per week")
    unit_cost: Amount = column("Price of every unit then, in the place of the lane's unit_cost.", "money per unit")

    @property
    def id(self) -> str:
        """``lane/from_flow``."""
        return f"{self.lane}/{self.from_flow:g}"


class Process(Row):
    """A way a site makes an item."""

    table = "processes"
    key = ("process",)
    process: Id = column("Id of the process.")
    site: Id = column("Where it runs.", refers="sites")
    output: Id = column("What it makes.", refers="items")
    capacity: Bound = column("Most it can make in a week.", "units per week", default=math.inf)
    unit_cost: Amount = column("Cost of making a unit, inputs not counted.", "money per unit", default=0.0)


class Ingredient(Row):
    """An input of a process (a line of its bill of materials)."""

    table = "recipes"
    key = ("process", "input")
    process: Id = column("The process.", refers="processes")
    input: Id = column("The item it needs.", refers="items")
    quantity: Amount = column("Units of input for a unit of output.", "units per unit")
    saving_share: Share = column("Share of the input that can be saved, at saving_cost.", "share", default=0.0)
    saving_cost: Amount = column(
        "Cost of saving a unit of input: what doing with less takes in yield, work or quality.",
        "money per unit",
        default=0.0,
    )


class Demand(Row):
    """What a site needs of an item every week."""

    table = "demands"
    key = ("site", "item")
    required = True
    site: Id = column("The site.", refers="sites")
    item: Id = column("The item.", refers="items")
    quantity: Amount = column("Needed every week.", "units per week")
    shortage_penalty: Amount = column("Loss for a unit not served.", "money per unit")
    min_fill: Share = column("Least mean fill rate, in every scenario.", "share", default=0.0)
    min_fill_week: Share = column("Least fill rate of any week, in every scenario.", "share", default=0.0)
    backorder_share: Share = column(
        "Share of what is not served in its week that waits; the rest is lost at shortage_penalty.",
        "share",
        default=0.0,
    )
    backorder_cost: Amount = column(
        "Cost of a unit that waits for a week; what waits at the end is lost.", "money per unit and week", default=0.0
    )
    fill_window: Window | None = column(
        "min_fill holds for the mean of every run of so many weeks; default: of all weeks.", "weeks", default=None
    )


class Regime(Row):
    """A control-list entry whose exports need a licence."""

    table = "regimes"
    key = ("regime",)
    regime: Id = column("Id of the regime.")
    controller: Id = column("The party that decides on its licences.", refers="parties")
    name: Text = column("Name for people.", default="")


class Policy(Row):
    """A way of running a regime; every regime has `open` without a row."""

    table = "policies"
    key = ("regime", "policy")
    regime: Id = column("The regime.", refers="regimes")
    policy: Id = column("Id of the policy within the regime.")
    delay_weeks: Distribution = column("Review time: 8, or a distribution 4:0.5;12:0.5.", "weeks")
    approval_rate: Share = column(
        "Share of what a lane can carry that is licensed; what is refused stays with the exporter.",
        "share",
        default=1.0,
    )
    start_week: Week = column("First week of the policy.", "week", default=0)
    end_week: Ends = column(
        "First week after the policy; default: never ends. Several, such as 13;26;, make one policy each, named `id@13`, `id@26` "
        "and, for the nothing after the last semicolon, `id`, which never ends.",
        "week",
        default=None,
    )
    surge: Amount = column(
        "How much more than max_flow its lanes can carry before start_week, as a share of it: who knows of a review buys ahead.",
        "factor",
        default=0.0,
    )
    admin_cost: Amount = column("Cost of running it.", "money", default=0.0)
    reviewer_load: Amount = column("Reviewer hours it takes.", "hours", default=0.0)
    political_cost: Amount = column("Political capital it takes.", "points", default=0.0)
    applicant_cost: Amount = column(
        "What an application costs the buyer, for every unit dispatched while the policy acts: declarations, lawyers, end-user "
        "certificates.",
        "money per unit",
        default=0.0,
    )
    ally_benefit: Amount = column(
        "What allies give our side over the horizon for taking the policy, such as for aligning a list; lowers our loss, and no "
        "budget spends it.",
        "money",
        default=0.0,
    )

    @property
    def ends(self) -> tuple[int | None, ...]:
        """Weeks in which it may end, one or several; None: it never does."""
        return self.end_week.weeks if isinstance(self.end_week, EndWeeks) else (self.end_week,)

    @property
    def variants(self) -> tuple[Policy, ...]:
        """The policies that it stands for, each with one end; itself where it has one."""
        if len(self.ends) == 1:
            return (self,)
        return tuple(
            self.model_copy(update={"policy": self.policy if end is None else f"{self.policy}@{end}", "end_week": end})
            for end in self.ends
        )


class Retaliation(Row):
    """A policy that a retaliation package of the counterpart sets on one of its regimes."""

    table = "retaliations"
    key = ("package", "regime")
    package: Id = column("Id of the package.")
    name: Text = column("Name of the package for people, in one of its rows or the same in all.", default="")
    regime: Id = column("The counterpart's regime.", refers="regimes")
    policy: Id = column("The policy set on it.")
    cost: Amount = column("What the package costs the counterpart.", "money", default=0.0)
    notice_weeks: Week = column("Weeks before the policy starts in which we learn of it.", "weeks", default=0)
    probability: Share | None = column(
        "How likely the package is; one figure for all its rows, empty: no weight.", "share", default=None
    )


class Contingency(Row):
    """An outage of a lane that ends on our side, or of a process there."""

    table = "contingencies"
    key = ("contingency", "lane", "process", "from_week")
    contingency: Id = column("Id of the contingency; several rows make one together.")
    name: Text = column("Name of the contingency for people, in one of its rows or the same in all.", default="")
    lane: Id | None = column("The lane that fails.", refers="lanes", default=None)
    process: Id | None = column("The process that fails.", refers="processes", default=None)
    from_week: Starts = column(
        "First week of the outage; several, such as 4;16;28, make one scenario each, named `id@4`.", "week"
    )
    to_week: Week | None = column("Last week of the outage; default: the last week.", "week", default=None)
    duration_weeks: Duration | None = column(
        "Weeks that it lasts, in the place of to_week; default: to the last week.", "weeks", default=None
    )
    availability: Share = column("Share of capacity left.", "share")
    notice_weeks: Week = column("Weeks before its first week in which we learn of it.", "weeks", default=0)
    probability: Share | None = column(
        "How likely the contingency is, shared by its starts; one figure for all its rows, empty: no weight.",
        "share",
        default=None,
    )

    @property
    def id(self) -> str:
        """``contingency/lane`` or ``contingency/process``."""
        return f"{self.contingency}/{self.lane or self.process}"

    @property
    def starts(self) -> tuple[int, ...]:
        """First weeks of the outage, one or several."""
        return self.from_week.weeks if isinstance(self.from_week, StartWeeks) else (self.from_week,)

    def span(self, start: int, weeks: int) -> range:
        """Weeks of the outage that begins in a week, within a horizon of so many weeks."""
        ends = [weeks]
        if self.to_week is not None:
            ends.append(self.to_week + 1)
        if self.duration_weeks is not None:
            ends.append(start + self.duration_weeks)
        return range(start, min(ends))


PROFILED = {
    "lanes": ("base_flow", "max_flow", "unit_cost", "order_cost"),
    "demands": ("quantity", "shortage_penalty"),
    "processes": ("capacity",),
}
"""Columns of each table whose figures a profile can move."""


class Profile(Row):
    """A step of a figure that changes over time: the figure of its row times a factor, from a week on."""

    table = "profiles"
    key = ("table", "key", "column", "from_week")
    # `table` and `column` name the figure; the trailing underscore keeps them apart from the declaration.
    table_: Literal["lanes", "demands", "processes"] = column("The table of the figure.", alias="table")
    key_: Text = column("The row's key: a lane, a process, or `site/item` of a demand.", alias="key")
    column_: Literal["base_flow", "max_flow", "unit_cost", "order_cost", "quantity", "shortage_penalty", "capacity"] = (
        column(
            "The column of the figure: base_flow, max_flow, unit_cost or order_cost of lanes, quantity or shortage_penalty of "
            "demands, capacity of processes.",
            alias="column",
        )
    )
    from_week: Week = column(
        "First week of the step; it lasts to the next step of the same figure, or to the end.", "week"
    )
    factor: Amount = column("Times the figure in that row; 1 before the first step.", "factor")


class Source(Row):
    """Where a figure comes from; never changes a result."""

    table = "sources"
    key = ()
    # `table` and `column` name the figure; the trailing underscore keeps them apart from the declaration.
    table_: Text = column("The table.", alias="table", default="")
    key_: Text = column("The row's key.", alias="key", default="")
    column_: Text = column("The column.", alias="column", default="")
    value: Text = column("The figure.", default="")
    source: Text = column("Where it was read.", default="")
    date: Text = column("When it was published.", default="")
    confidence: Literal["high", "medium", "low", "assumed", ""] = column("How far it can be trusted.", default="")
    note: Text = column("How it was derived; the range of the figure, if any, as: low 3; high 9.", default="")


class Uncertainty(Row):
    """A figure that is not known for sure, and how it may vary; a solve with worlds draws them from here."""

    table = "uncertainties"
    key = ("figure",)
    figure: Path = column("Path of the figure, as --set takes it.")
    distribution: Text = column(
        "How it may vary: LOW..HIGH, LOW..MODE..HIGH, MEAN+-SD, MEAN+-SD@LOW..HIGH or A,B,C; numbers with a star, such as "
        "*0.8..*1.2, are factors of the figure."
    )
    group: Text = column(
        "Figures of one group move together: all are low, or all are high; empty: it moves by itself.", default=""
    )
    note: Text = column("Why it may vary so.", default="")


class World(Row):
    """A figure of a world that a planner tells: the case with some figures at other values."""

    table = "worlds"
    key = ("world", "figure")
    world: Id = column("Id of the world; several rows make one together.")
    weight: Amount | None = column(
        "How much it counts, relative to the others; a world without a weight in any row counts 1.", default=None
    )
    figure: Path = column(
        "Path of a figure that differs, as --set takes it; empty: the world is the case as it is.", default=""
    )
    value: Text = column("Its value in this world, as --set takes it; *0.8 scales the figure of the case.", default="")


NO_FIGURES = ("sources", "uncertainties", "worlds")
"""Tables that hold no figures of the model."""

TABLES: dict[str, type[Row]] = {
    row.table: row
    for row in (
        Party,
        Site,
        Item,
        Stock,
        Lane,
        Qualification,
        PriceBreak,
        Process,
        Ingredient,
        Demand,
        Regime,
        Policy,
        Retaliation,
        Contingency,
        Profile,
        Source,
        Uncertainty,
        World,
    )
}
