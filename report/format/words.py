"""The vocabulary of results: one for leverage, one for least cost; renderers fill in figures and choose no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...model.plan import sense
from .columns import FIGURE, MONEY, Column

if TYPE_CHECKING:
    from ...data import Case

MONEY_OUTCOMES = ("leverage", "cost", "bound", "own_loss", "added_cost", "counterpart_loss")
"""Outcomes of a sweep that are in money."""

COUNTERPART, OURS = "counterpart", "ours"
"""Sides."""


@dataclass(frozen=True)
class Words:
    """Words of one sense; ``{...}`` are figures or names that a renderer fills in.

    Attributes
    ----------
    sense
        Names and signs of figures.
    outcome
        What is best, as a noun.
    calm
        Scenario ``none`` as a place to be in.
    calm_kind, worst_kind, package_kind
        Kinds of scenarios.
    not_rated, unrated_note, unrated_kind
        Of a scenario that counts through limits alone: its remark, what that means, and its kind on a page.
    best, bound, no_bound
        What is proven of all plans: that none is better, how much better one could be, and of all plans where none was found.
    split
        What the outcome is made of, in a line.
    extreme, worst_of_all, worst_part
        The worst outcome over many worlds, alone and by name, and the mean of a worst part of their weight.
    wrong
        What it is to go wrong in a world.
    outcome_sentence, best_sentence, proven_sentence, unproven_sentence, stopped_sentence
        The answer in sentences.
    outcomes_title, scenarios_title
        Titles of charts of several plans.
    change_title, from_a, from_b
        Of what explains a change of the outcome.
    gained, lost, lifted, gain, none_binds
        Of limits that bind and of decisions.
    each_adds
        Heading of what each decision adds.
    lost_heads, dropped_note
        Heads of its columns, and how much the first to be dropped costs.
    most, most_found
        What a point of a frontier is proven to be.
    curve
        A frontier's title.
    curve_split
        What its columns of losses are, in a note.
    heads
        Heads of a frontier's columns for both losses and for the worst scenario.
    regret
        What keeping to the base plan costs, in a note.
    leads, alone, same
        Of plans side by side: which is best; the only one; none.
    lowest, highest
        Of a sweep: between which outcomes it lies.
    sides
        Sides whose losses there are.
    owner, side
        Whose loss it is, and a side as a title.
    loss_title, cause_title
        Titles of tables of losses by parts and by cause, by side.
    loss_heads, cause_heads
        Heads of these tables.
    losses_heading, losses_note
        Of the section on a page.
    total
        What a waterfall adds up to.
    parts
        Parts of costs in words, by side, where they differ from the usual ones.
    scenario_columns
        Figures of a scenario.
    measures
        Figures of plans side by side, in words.
    assumed
        What holds for every plan, in the model's own terms.
    headlines
        Figures of plans side by side in a chart, in words.
    map_note, weeks_note, scenarios_caption
        Notes of a page.
    """

    sense: sense.Sense
    outcome: str
    calm: str
    calm_kind: str
    worst_kind: str
    package_kind: str
    not_rated: str
    unrated_note: str
    unrated_kind: str
    best: str
    bound: str
    no_bound: str
    none_possible: str
    worst_tie: str
    worse: str
    split: str
    below_zero: str
    never_below_zero: str
    range_summary: tuple[tuple[str, str], ...]
    extreme: str
    worst_of_all: str
    worst_part: str
    wrong: str
    weighing: Mapping[str, str]
    weighing_sentence: Mapping[str, str]
    outcome_sentence: str
    best_sentence: str
    proven_sentence: str
    unproven_sentence: str
    stopped_sentence: str
    outcomes_title: str
    scenarios_title: str
    change_title: str
    from_a: str
    from_b: str
    gained: str
    none_binds: str
    lifted: str
    gain: str
    each_adds: str
    lost_heads: tuple[str, str]
    dropped: str
    nothing_decided: str
    most: str
    most_found: str
    curve: str
    curve_split: str
    heads: tuple[str, ...]
    regret: str
    leads: str
    alone: str
    same: str
    spread: str
    sides: tuple[str, ...]
    owner: Mapping[str, str]
    side: Mapping[str, str]
    loss_title: Mapping[str, str]
    cause_title: Mapping[str, str]
    loss_heads: tuple[str, ...]
    cause_heads: tuple[str, ...]
    losses_heading: str
    causes_caption: str
    losses_note: str
    total: str
    scenario_columns: tuple[Column, ...]
    measures: Mapping[str, str]
    headlines: Mapping[str, str]
    assumed: tuple[str, ...]
    parts: Mapping[str, str]
    map_note: str
    weeks_note: str
    scenarios_caption: str
    summary: tuple[tuple[str, str], ...]
    scenario_sheet: tuple[tuple[str, str], ...]
    scenario_chart: str
    loss_chart: Mapping[str, str]
    key_figures: tuple[tuple[str, str], ...]
    solved_alone: str
    meanings: Mapping[str, str]
    resources: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What is best, as a title."""
        return f"{self.outcome[:1].upper()}{self.outcome[1:]}"

    @property
    def two_sided(self) -> bool:
        """Whether there is a counterpart."""
        return COUNTERPART in self.sides

    def figure(self, leverage: float | None) -> float | None:
        """Return a leverage of the program as the outcome that is shown."""
        return self.sense.figure(leverage)

    def resource(self, name: str, words: str) -> str:
        """Return a resource in words."""
        return self.resources.get(name, words)


_WEIGHED = {"expected": "expected over {weighed}", "cvar": "mean of the worst {share} of the weight, of {weighed}"}

_WEIGHED_SENTENCE = {
    "expected": ", expected over {weighed}",
    "cvar": ", as the mean of the worst {share} of the weight of {weighed}",
}

LEVERAGE = Words(
    sense=sense.LEVERAGE,
    outcome="leverage",
    calm="without retaliation",
    calm_kind="no retaliation",
    worst_kind="worst package",
    package_kind="package",
    not_rated="not rated",
    unrated_note="Not rated: counts through continuity only.",
    unrated_kind="continuity only",
    best="no plan can have more (gap {gap})",
    bound="no plan can have more than {bound} (gap {gap})",
    none_possible="Proven: no plan under {under_any} of policies.",
    no_bound="Any plan has a leverage of at most {bound}.",
    worst_tie="pessimistic",
    worse="Less",
    split="the counterpart's loss {theirs} less our loss {ours}, {worst}",
    below_zero="below 0 in {worlds}; ",
    never_below_zero="never below 0; ",
    extreme="least",
    worst_of_all="least leverage",
    worst_part="mean leverage of the worst {share}",
    wrong="Leverage is below 0 or a limit is broken",
    range_summary=(("of these, leverage below 0 in", "negative"), ("of these, limits broken in", "broken")),
    weighing={
        "none": "without retaliation: packages count through continuity only",
        "alone": "without retaliation: the case has no package",
        "calm": "worst without retaliation ({packages} weighed)",
        "worst": "under {scenario}, the worst package",
        **_WEIGHED,
    },
    weighing_sentence={
        "none": "",
        "alone": "",
        "calm": "; no package hurts us more than none",
        "worst": " under {scenario}, the worst package for us",
        **_WEIGHED_SENTENCE,
    },
    outcome_sentence=("{over} {weeks} that {losses}{worst}: a leverage of {outcome}{without}."),
    best_sentence=(
        "It is proven that no plan within the limits can have more (gap {gap}). Every minimum service level is met in "
        "every scenario."
    ),
    proven_sentence=(
        "It is proven that no plan within the limits can have more than {bound} (gap {gap}). Every minimum service level "
        "is met in every scenario."
    ),
    unproven_sentence="It is not proven best: another plan could have up to {bound}, a gap of {gap}.",
    stopped_sentence="If there is one, its leverage is at most {bound}.",
    outcomes_title="Leverage and both losses, in the worst package",
    scenarios_title="Leverage in every scenario",
    change_title="What explains the change of leverage",
    from_a="From A: leverage gained when {a} difference alone is brought into A.",
    from_b="From B: leverage lost when it alone is taken back from B.",
    gained="leverage gained as they give, policies and lanes as in the plan",
    none_binds="None: with these policies and lanes no limit costs leverage.",
    lifted="Leverage without it",
    gain="Gained",
    each_adds="leverage lost without it, all else chosen anew",
    lost_heads=("Lost", "Lost, rest kept"),
    dropped="the policy set to open, the lane not qualified or the stockpile not bought; the other policies kept.",
    nothing_decided="The plan has no policy other than open, no qualified lane and no stockpile.",
    most="proven the greatest leverage at its level",
    most_found="the greatest leverage found at its level",
    curve="Leverage against {words}",
    curve_split="Theirs, ours: both losses in the worst package.",
    heads=("Theirs", "Ours", "Worst"),
    regret="Best leverage less the base plan's",
    leads="{letter} has the most leverage, {outcome}, {lead} more than {other} with {least}.",
    alone="Only {letter} has a plan, with a leverage of {outcome}.",
    same="All have the same leverage, {outcome}.",
    spread="Over {samples} the leverage lies between {low} and {high}",
    sides=(COUNTERPART, OURS),
    owner={COUNTERPART: "the counterpart's", OURS: "our"},
    side={COUNTERPART: "The counterpart", OURS: "Our side"},
    loss_title={
        COUNTERPART: "Where the counterpart's loss comes from",
        OURS: "Where our loss comes from",
    },
    cause_title={COUNTERPART: "What causes the counterpart's loss", OURS: "What causes our loss"},
    loss_heads=("", "Status quo", "Plan", "Loss"),
    cause_heads=("Cause", "Item", "Units", "Loss"),
    losses_heading="Where both losses come from",
    causes_caption="What causes the loss: ",
    losses_note=(
        "Against the status quo, {under}. Full bars raise the loss, pale ones lower it: what is not bought or made costs nothing."
    ),
    total="loss",
    scenario_columns=(
        Column("outcome", "Leverage", unit=MONEY, kind=FIGURE),
        Column("counterpart_loss", "Its loss", unit=MONEY, kind=FIGURE),
        Column("own_loss", "Our loss", unit=MONEY, kind=FIGURE),
    ),
    measures={
        "leverage": "leverage",
        "bound": "no plan can have more than",
        "least_leverage": "pessimistic, if the counterpart breaks ties against us",
        "counterpart_loss": "the counterpart's loss",
        "own_loss": "our loss",
        "worst_package": "worst package",
        "sourcing_only_leverage": "without reviews",
        "status": "status",
        "scenario_leverage": "leverage in ",
    },
    headlines={"leverage": "leverage", "counterpart_loss": "its loss", "own_loss": "our loss"},
    assumed=(
        "The counterpart answers at least cost: it buys elsewhere, draws its stocks, plans its production anew. Of several "
        "cheapest answers it gives the one that is best for us; the other end of that is the pessimistic leverage.",
        "It retaliates with the package that is worst for us, of those the case lists.",
        "Both sides know from week 0 what we slow, by how much and for how long. Nobody foresees a package or an outage: until it "
        "is known our side acts as if nothing of it will come.",
        "Prices do not move, and nobody who is not in the case reacts.",
        "Goods that are refused a licence stay where they are made, and are not paid for.",
        "At the end of the horizon stocks have to be where they were; what is missing is priced.",
        "Leverage is the difference of two losses in money. It is no forecast of what a government does, and says nothing about "
        "law, allies' patience or harm to people.",
    ),
    parts={},
    map_note="Boxes are sites: blue ours, red the counterpart's, grey others'.",
    weeks_note="Solid: under the worst package. Dashed: without retaliation. Grey: other packages and outages.",
    scenarios_caption="Leverage and losses in every scenario",
    summary=(
        ("leverage, in the worst package", "outcome"),
        ("no plan can have more than", "bound"),
        ("gap", "gap"),
        ("the counterpart's loss", "counterpart_loss"),
        ("our loss", "own_loss"),
        ("worst package", "worst_title"),
        ("pessimistic, if the counterpart breaks ties against us", "least"),
        ("leverage of sourcing alone", "sourcing_only"),
    ),
    scenario_sheet=(
        ("Leverage ({money})", "outcome"),
        ("Counterpart's loss ({money})", "counterpart_loss"),
        ("Our loss ({money})", "own_loss"),
    ),
    scenario_chart="Both losses by scenario",
    loss_chart={COUNTERPART: "The counterpart's loss, worst package", OURS: "Our loss, worst package"},
    key_figures=(("Its loss", "counterpart_loss"), ("Our loss", "own_loss")),
    solved_alone="with the policies fixed, the response and our side were solved alone as linear programs",
    meanings={},
    resources={"own_loss": "our greatest loss"},
)
"""Leverage is the sense."""

_COST_MEASURES = {
    "cost": "cost",
    "cost_now": "cost today",
    "bound": "no plan can cost less than",
    "added_cost": "more than today",
    "worst_scenario": "dearest scenario",
    "scenario_cost": "cost in ",
    "status": "status",
}

COST_ALONE = Words(
    sense=sense.COST_ALONE,
    outcome="cost",
    calm="without an outage",
    calm_kind="no outage",
    worst_kind="dearest",
    package_kind="counts",
    not_rated="limits only",
    unrated_note="Limits only: does not count in the cost, and its fills are kept all the same.",
    unrated_kind="limits only",
    best="no plan can cost less (gap {gap})",
    bound="no plan can cost less than {bound} (gap {gap})",
    none_possible="Proven: no plan, whatever is qualified and stockpiled.",
    no_bound="Any plan costs {bound} at least.",
    worst_tie="pessimistic",
    worse="More",
    split="today {now}, with the plan {added}, {worst}",
    below_zero="",
    never_below_zero="",
    extreme="greatest",
    worst_of_all="greatest cost",
    worst_part="mean cost of the dearest {share}",
    wrong="A limit is broken",
    range_summary=(("of these, limits broken in", "broken"),),
    weighing={
        "none": "without an outage: these count through limits only",
        "alone": "without an outage: these count through limits only",
        "calm": "without an outage",
        "worst": "under {scenario}, the dearest scenario",
        **_WEIGHED,
    },
    weighing_sentence={
        "none": "",
        "alone": "",
        "calm": "",
        "worst": " under {scenario}, the dearest scenario",
        **_WEIGHED_SENTENCE,
    },
    outcome_sentence="{over} {weeks} that costs {outcome}{worst}; today's sources cost {now}, a difference of {added}.",
    best_sentence=(
        "It is proven that no plan within the limits can cost less (gap {gap}). Every minimum service level is met in "
        "every scenario."
    ),
    proven_sentence=(
        "It is proven that no plan within the limits can cost less than {bound} (gap {gap}). Every minimum service level "
        "is met in every scenario."
    ),
    unproven_sentence="It is not proven best: another plan could cost as little as {bound}, a gap of {gap}.",
    stopped_sentence="If there is one, it costs {bound} at least.",
    outcomes_title="Cost of the plan and of today's sources",
    scenarios_title="Cost in every scenario",
    change_title="What explains the change of cost",
    from_a="From A: cost added when {a} difference alone is brought into A.",
    from_b="From B: cost added on the way back when it alone is taken back from B.",
    gained="cost saved as they give, lanes as in the plan",
    none_binds="None: with these lanes no limit costs anything.",
    lifted="Cost without it",
    gain="Change",
    each_adds="cost added without it, all else chosen anew",
    lost_heads=("Added", "Added, rest kept"),
    dropped="the lane not qualified or the stockpile not bought; all else chosen as in the plan where it can be.",
    nothing_decided="The plan qualifies no lane and buys no stockpile.",
    most="proven the least cost at its level",
    most_found="the least cost found at its level",
    curve="Cost against {words}",
    curve_split="More: what the plan costs more than today.",
    heads=("More", "Dearest"),
    regret="The base plan's cost less the least cost",
    leads="{letter} costs least, {outcome}, {lead} less than {other} with {least}.",
    alone="Only {letter} has a plan, at a cost of {outcome}.",
    same="All cost the same, {outcome}.",
    spread="Over {samples} the cost lies between {low} and {high}",
    sides=(OURS,),
    owner={OURS: "the"},
    side={OURS: "Our side"},
    loss_title={OURS: "Where the cost comes from"},
    cause_title={OURS: "Why the cost differs from today's"},
    loss_heads=("", "Today", "Plan", "Change"),
    cause_heads=("Cause", "Item", "Units", "Change"),
    losses_heading="Where the cost comes from",
    causes_caption="Why the cost differs from today's: ",
    losses_note=(
        "Against today, {under}. Full bars raise the cost, pale ones lower it: what is not bought or made costs nothing."
    ),
    total="change",
    scenario_columns=(
        Column("outcome", "Cost", unit=MONEY, kind=FIGURE),
        Column("own_loss", "More than today", "More", unit=MONEY, kind=FIGURE),
    ),
    measures=_COST_MEASURES,
    headlines={"leverage": "cost", "cost_now": "today"},
    assumed=(
        "Nobody foresees an outage: until it is known our side acts as if nothing of it will come. From then on its length is "
        "known.",
        "Prices do not move, and suppliers do not react.",
        "At the end of the horizon stocks have to be where they were; what is missing is priced.",
        "The cost is that of supply: purchases, freight, production, stocks, sales that are not served at their penalty, and what "
        "is spent at the start. Of scenarios those count that the objective names.",
    ),
    parts={
        "purchase_cost": "purchases",
        "shortage_cost": "demand not served",
        "lost_exports": "sales to others lost",
        "holding": "stockholding",
    },
    map_note="Boxes are sites: blue ours, grey others'.",
    weeks_note="Solid: in the scenario that decides. Dashed: without an outage. Grey: other outages.",
    scenarios_caption="Cost in every scenario",
    summary=(
        ("cost", "outcome"),
        ("cost today", "cost_now"),
        ("more than today", "own_loss"),
        ("no plan can cost less than", "bound"),
        ("gap", "gap"),
        ("dearest scenario", "worst_title"),
    ),
    scenario_sheet=(("Cost ({money})", "outcome"), ("More than today ({money})", "own_loss")),
    scenario_chart="Cost beyond today's by scenario",
    loss_chart={OURS: "What changes the cost"},
    key_figures=(("Today", "cost_now"), ("More than today", "own_loss")),
    solved_alone="with the choices fixed, our side was solved alone as linear programs",
    meanings={
        "own_loss": "Greatest added cost: the most beyond today's, over all scenarios that count.",
        "budget": "Budget: qualifying lanes and stockpiles together.",
        "min_fill": "Fill: the least mean fill of every demand with a min_fill, in every outage.",
    },
    resources={"own_loss": "the greatest added cost"},
)
"""Cost is the sense, and there is no counterpart."""

COST = replace(
    COST_ALONE,
    sense=sense.COST,
    sides=(COUNTERPART, OURS),
    owner={COUNTERPART: "the counterpart's", OURS: "the"},
    side={COUNTERPART: "The counterpart", OURS: "Our side"},
    loss_title={COUNTERPART: "Where the counterpart's loss comes from", **COST_ALONE.loss_title},
    cause_title={COUNTERPART: "What causes the counterpart's loss", **COST_ALONE.cause_title},
    loss_chart={COUNTERPART: "The counterpart's loss", **COST_ALONE.loss_chart},
    calm="without retaliation",
    calm_kind="no retaliation",
    weighing={**COST_ALONE.weighing, "calm": "without retaliation ({packages} weighed)"},
    measures={
        **_COST_MEASURES,
        "counterpart_loss": "the counterpart's loss",
        "sourcing_only_cost": "without reviews",
        "most_cost": "pessimistic, if the counterpart breaks ties against us",
    },
    assumed=(LEVERAGE.assumed[0], *COST_ALONE.assumed),
    map_note=LEVERAGE.map_note,
)
"""Cost is the sense, though there is a counterpart."""


def words_of(case: Case) -> Words:
    """Return the vocabulary of a case's results."""
    return words_of_sense(sense.sense_of(case))


def words_of_sense(of: sense.Sense) -> Words:
    """Return the vocabulary of a sense."""
    return next(words for words in (LEVERAGE, COST, COST_ALONE) if words.sense is of)
