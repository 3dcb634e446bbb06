"""What plans side by side say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...analysis.compare.inputs import key_text, keyed, row_text
from ...data.schema.names import Names, policy_words
from ...model.network import NONE
from ...model.plan.choices import LANE, POLICY, STOCKPILE
from ...model.plan.limits import LIMIT_WORDS
from ..format.words import Words, words_of_sense
from .causes import CAUSES
from .outlook import RangeView, range_view

if TYPE_CHECKING:
    from ...analysis.compare.compare import Comparison

PAIRS = {
    "used": "used: ",
    "least_mean_fill": "least mean fill of ",
    "counterpart_fill": "its mean fill of ",
    "counterpart_cause": "its loss: ",
    "ours_cause": "our loss: ",
    "cause": "change by: ",
}
"""Figures of a plan that there are several of."""

KINDS = {POLICY: "policy of ", LANE: "qualify ", STOCKPILE: "stockpile "}
"""Kinds of choices, before the name of a regime, of a lane or of item and site."""

NAMES_SCENARIO = ("worst_package", "worst_scenario")
"""Figures whose values are scenarios."""

IN_SCENARIO = "scenario_leverage"
"""The measure of which each row is of a scenario."""

ALWAYS = ("leverage", "counterpart_loss", "own_loss", "worst_package", "cost", "cost_now", "worst_scenario")
"""Figures that are shown even where they are equal."""

SAME = 1e-7
"""Relative difference of outcomes up to which plans have the same."""

NO_EFFECT = 1e-9
"""Effect that is rounding."""


@dataclass(frozen=True)
class ComparedPlan:
    """One of the plans.

    Attributes
    ----------
    letter, name
        The letter that stands for it, and what was compared.
    title, money
        Of its case.
    status, gap
        As of the plan.
    outcome, bound
        Leverage or cost, and what is proven of it.
    range
        From where to where the outcome runs over uncertain figures; None where that was not computed.
    """

    letter: str
    name: str
    title: str
    money: str
    status: str
    outcome: float | None
    bound: float | None
    gap: float | None
    range: RangeView | None = None


@dataclass(frozen=True)
class InputRow:
    """A figure of the inputs that differs, or a whole row that is not in all cases.

    Attributes
    ----------
    name
        What to call it.
    values
        Its value in every case; None where it is not there.
    whole
        Whether it is a whole row.
    """

    name: str
    values: tuple[Any, ...]
    whole: bool


@dataclass(frozen=True)
class ChoiceRow:
    """A choice of every plan.

    Attributes
    ----------
    kind, name
        A policy, a lane to qualify or a stockpile, and which, by its name for people.
    values
        What every plan chooses.
    differs
        Whether they differ.
    """

    kind: str
    name: str
    values: tuple[Any, ...]
    differs: bool

    @property
    def words(self) -> str:
        """Kind and name."""
        return KINDS[self.kind] + self.name


@dataclass(frozen=True)
class OutcomeRow:
    """A figure of every plan that is worth a line.

    Attributes
    ----------
    words
        What it is.
    values
        Of every plan.
    share
        Whether it is shown in percent.
    change
        From the first of two plans to the second, of a share in points; None where they do not differ, or are not two.
    """

    words: str
    values: tuple[Any, ...]
    share: bool
    change: float | None


@dataclass(frozen=True)
class Effect:
    """What a difference changes when it is made alone, beginning at one of two plans.

    Attributes
    ----------
    amount, share
        Change of leverage or cost, and its share of the whole change; None where they are not known.
    status
        Why it is not known, or nothing.
    unclear
        Whether it is no larger than what the gaps of the solves leave open.
    """

    amount: float | None
    share: float | None
    status: str
    unclear: bool


@dataclass(frozen=True)
class EffectRow:
    """A difference of the inputs, and what it explains.

    Attributes
    ----------
    difference
        In words.
    total
        Whether it is the whole change.
    effects
        By the letter of the plan at which it begins.
    """

    difference: str
    total: bool
    effects: dict[str, Effect]


@dataclass(frozen=True)
class CommonRow:
    """A plan in worlds that all plans share.

    Attributes
    ----------
    letter
        Of the plan.
    worlds
        How many worlds.
    mean, cvar, worst
        Of the outcome, money.
    negative, kept, best
        Share of the worlds in which leverage is below 0 (None where cost is the sense), all limits are kept, and no other plan is
        better.
    """

    letter: str
    worlds: int
    mean: float
    cvar: float
    worst: float
    negative: float | None
    kept: float
    best: float


@dataclass(frozen=True)
class ComparisonView:
    """Plans side by side.

    Attributes
    ----------
    words
        The vocabulary of the plans.
    plans
        The plans, in the order of their letters.
    notes
        What to know before comparing.
    worlds
        The plans in common worlds; none where that was not requested.
    inputs, choices, outcomes
        What differs; of the choices also what does not.
    effects, change, grouping
        What explains the change of the outcome from A to B, how large it is, and what stands in one row; None: not computed.
    """

    words: Words
    plans: tuple[ComparedPlan, ...]
    notes: tuple[str, ...]
    worlds: tuple[CommonRow, ...]
    inputs: tuple[InputRow, ...]
    choices: tuple[ChoiceRow, ...]
    outcomes: tuple[OutcomeRow, ...]
    effects: tuple[EffectRow, ...]
    change: float | None
    grouping: str

    @property
    def letters(self) -> list[str]:
        """Letters of the plans."""
        return [plan.letter for plan in self.plans]

    @property
    def found(self) -> list[ComparedPlan]:
        """Plans that there are, the best first."""
        sign = self.words.sense.sign
        return sorted(
            (plan for plan in self.plans if plan.outcome is not None), key=lambda plan: -sign * (plan.outcome or 0.0)
        )

    @property
    def lead(self) -> float:
        """By how much the best plan is better than the worst; 0 where that is rounding."""
        levels = [plan.outcome or 0.0 for plan in self.found]
        spread = max(levels) - min(levels)
        return spread if spread > SAME * max(map(abs, levels)) else 0.0


def is_figure(value: Any) -> bool:
    """Return whether a value is a number that is known."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def comparison_view(comparison: Comparison) -> ComparisonView:
    """Return what plans side by side say.

    Parameters
    ----------
    comparison
        What `compare` returned.
    """
    letters, words = list(comparison.names), words_of_sense(comparison.sense)
    names = shared_names(comparison)
    plans = tuple(
        ComparedPlan(
            letter,
            f"{plan.name} ({comparison.names[letter]})" if plan.name else comparison.names[letter],
            plan.case.settings.case.title or plan.case.name,
            plan.case.settings.case.currency or "",
            plan.status,
            words.figure(plan.leverage),
            words.figure(plan.bound),
            plan.gap,
            range_view(plan),
        )
        for letter, plan in comparison.plans.items()
    )
    return ComparisonView(
        words,
        plans,
        tuple(comparison.notes),
        _common(comparison),
        tuple(_input(row, letters, comparison, names) for row in comparison.inputs.to_dict("records")),
        tuple(_choice(row, letters, names) for row in comparison.choices.to_dict("records")),
        tuple(
            _outcome(row, letters, words, names)
            for row in comparison.outcomes.to_dict("records")
            if row["differs"] or row["measure"] in ALWAYS
        ),
        _effects(comparison),
        comparison.change,
        comparison.grouping,
    )


def _common(comparison: Comparison) -> tuple[CommonRow, ...]:
    if comparison.worlds is None:
        return ()
    return tuple(
        CommonRow(
            row["plan"],
            row["worlds"],
            row["mean"],
            row["cvar"],
            row["worst"],
            row.get("share_negative"),
            row["share_kept"],
            row["share_best"],
        )
        for row in comparison.worlds.to_dict("records")
    )


def _input(row: Mapping[Any, Any], letters: Sequence[str], comparison: Comparison, names: Names) -> InputRow:
    table, key, column = row["table"], row["key"], row["column"]
    if column == "(rows)":
        return InputRow(f"rows of {table}", _of(row, letters), False)
    if column != "(row)":
        # An outage with several starts has its week behind its key.
        bare, comma, week = key.partition(", week ") if table == "contingencies" else (key, "", "")
        called = names.figure(".".join(filter(None, (table, bare, column))))
        return InputRow(called + comma + week, _of(row, letters), False)
    told: list[str | None] = []
    called = key
    cases = [comparison.plans[letter].case for letter in letters]
    for rows in keyed(cases, table):
        found = next(((place, each) for place, each in rows.items() if key_text(place, each) == key), None)
        told.append(None if found is None else row_text(found[1], names) or "as by default")
        called = called if found is None else key_text(*found, names)
    return InputRow(f"{table}: {called}", tuple(told), True)


def _of(row: Mapping[Any, Any], letters: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[letter] for letter in letters)


def shared_names(comparison: Comparison) -> Names:
    """Return what all plans call the same."""
    return Names(*(plan.case for plan in comparison.plans.values()))


def _choice(row: Mapping[Any, Any], letters: Sequence[str], names: Names) -> ChoiceRow:
    kind, values = row["kind"], _of(row, letters)
    called = {POLICY: names.regime, LANE: names.lane}.get(kind, names.pair)
    if kind == POLICY:
        values = tuple(policy_words(value) if isinstance(value, str) else value for value in values)
    return ChoiceRow(kind, called(row["name"]), values, bool(row["differs"]))


def _outcome(row: Mapping[Any, Any], letters: Sequence[str], words: Words, names: Names) -> OutcomeRow:
    measure, name = row["measure"], row["name"]
    values, share = _of(row, letters), measure.endswith("fill")
    change = None
    if len(values) == 2 and row["differs"] and all(map(is_figure, values)):
        change = (values[1] - values[0]) * (100 if share else 1)
    if measure in NAMES_SCENARIO:
        values = tuple(names.scenario(value) if isinstance(value, str) else value for value in values)
    return OutcomeRow(_measure_words(words, measure, name, names), values, share, change)


def _measure_words(words: Words, measure: str, name: str, names: Names) -> str:
    if measure.startswith("scenario_") and name == NONE:
        return f"{words.outcome} {words.calm}"
    if measure in words.measures:
        return words.measures[measure] + (names.scenario(name) if name else "")
    if measure.endswith("cause"):
        cause, _, item = name.partition(" of ")
        return (
            PAIRS[measure]
            + words.parts.get(cause, CAUSES.get(cause, cause))
            + (f" ({names.item(item)})" if item else "")
        )
    return PAIRS[measure] + (LIMIT_WORDS.get(name, name) if measure == "used" else names.pair(name))


def _effects(comparison: Comparison) -> tuple[EffectRow, ...]:
    frame = comparison.attribution
    if frame is None or comparison.change is None:
        return ()
    return tuple(
        EffectRow(row["title"], row["difference"] == "total", {letter: _effect(row, letter) for letter in "AB"})
        for row in frame.to_dict("records")
    )


def _effect(row: Mapping[Any, Any], letter: str) -> Effect:
    amount, share, off = (row[f"{name}_from_{letter}"] for name in ("effect", "share", "gap"))
    status = row[f"status_from_{letter}"]
    unclear = is_figure(amount) and is_figure(off) and NO_EFFECT < abs(amount) <= off
    return Effect(
        amount if is_figure(amount) else None,
        share if is_figure(share) else None,
        status if isinstance(status, str) and status != "solved" else "",
        unclear,
    )
