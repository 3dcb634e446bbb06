"""What an explanation says: the limits in conflict and what each would have to become, or what the best plan depends on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...analysis.explain.conflict import safe
from ...analysis.relaxation.limits import KINDS
from ...data.schema.names import policy_words
from ...model.plan.choices import POLICY, STOCKPILE
from ...model.plan.limits import LIMIT_WORDS
from ..format.columns import FIGURE, GAIN, WITHIN_ROW, Column
from ..format.numbers import plain
from .case import CaseView, case_view
from .plan import PlanView, plan_view

if TYPE_CHECKING:
    from ...analysis.explain.conflict import Change, Conflict, Shortage
    from ...analysis.explain.explain import Explanation
    from ...analysis.explain.limit_costs import LimitCost
    from ...analysis.explain.needs import Need
    from ...analysis.explain.shadow_prices import Lifted, LimitPrice, PlanPrices
    from ...analysis.relaxation.limits import LimitFigure
    from ...data import Case
    from ...data.schema.names import Names
    from ..format.words import Words

DIGITS = 4
"""Significant digits of what a limit would have to become."""

NO_PLAN = "no plan"


@dataclass(frozen=True)
class FigureView:
    """A figure of the case that limits plans.

    Attributes
    ----------
    name
        What it limits.
    limit, unit
        Its value, and unit; no unit: a share.
    """

    name: str
    limit: float
    unit: str


@dataclass(frozen=True)
class ChangeRow:
    """What a figure would have to become.

    Attributes
    ----------
    figure
        The figure.
    least
        Whether it is a lower limit, which would have to fall.
    value
        The new value, rounded to the side on which a plan exists; None: not this figure alone.
    override
        The change as ``--set`` takes it; None without one.
    policies
        Policies of a plan that keeps it, ``regime=policy``.
    """

    figure: FigureView
    least: bool
    value: float | None
    override: str | None
    policies: tuple[str, ...]


@dataclass(frozen=True)
class ConflictView:
    """Why no plan satisfies the limits.

    Attributes
    ----------
    limits
        The limits in conflict, each with its unit.
    smallest
        Whether it is proven that no conflict has fewer.
    alone, joint
        What each figure would have to become alone; the cheapest relaxation of figures together.
    joint_cost
        Its sum of relative gaps.
    shortages
        Where fills fall short.
    notes
        What to know.
    """

    limits: tuple[str, ...]
    smallest: bool
    alone: tuple[ChangeRow, ...]
    joint: tuple[ChangeRow, ...]
    joint_cost: float
    shortages: tuple[Shortage, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class BindingRow:
    """A limit that binds, and what one more unit and one less are worth; tightened None: no plan.

    Attributes
    ----------
    limit, unit
        The limit, and what one unit is.
    marginal, eased, tightened
        Gained per unit in small steps, by one whole unit more, and by one less.
    """

    limit: str
    unit: str
    marginal: float
    eased: float
    tightened: float | None


BINDING_COLUMNS = (
    Column("limit", "Limit"),
    Column("unit", "Unit"),
    Column("marginal", "Margin", kind=GAIN, scale=WITHIN_ROW),
    Column("eased", "One more", kind=GAIN, scale=WITHIN_ROW),
    Column("tightened", "One less", kind=GAIN, scale=WITHIN_ROW, missing=NO_PLAN),
)
"""Columns of the table of limits that bind; a new one needs a field of `BindingRow` and a line here."""


@dataclass(frozen=True)
class CostRow:
    """What a limit costs.

    Attributes
    ----------
    figure
        The figure.
    without, gained
        Outcome of the best plan without it, and how much better that is.
    step, stepped
        Its value a step looser and what that gains; None where it has a margin.
    """

    figure: FigureView
    without: float | None
    gained: float
    step: float | None
    stepped: float


@dataclass(frozen=True)
class LiftedRow:
    """What a limit on the sum over policies keeps the plan from.

    Attributes
    ----------
    limit, used
        The limit, and what the plan uses of it.
    without, gained
        Outcome of the best plan without it, and how much better that is; None: not computed.
    needs
        What that plan uses; None where it is not known.
    """

    limit: str
    used: float
    without: float | None
    gained: float | None
    needs: float | None


@dataclass(frozen=True)
class DecisionRow:
    """What a decision adds.

    Attributes
    ----------
    key, name, choice
        Regime, lane or pair: id, and name for people; what is chosen.
    cost
        Lost when it is forbidden and all else chosen anew; None: no plan is left.
    dropped
        Lost when it is given up and the rest kept; None: no plan is left.
    instead
        What is different where it is forbidden.
    """

    key: str
    name: str
    choice: str
    cost: float | None
    dropped: float | None
    instead: tuple[str, ...]


def decision_columns(words: Words) -> tuple[Column, ...]:
    """Return the columns of the table of decisions; a new one needs a field of `DecisionRow` and a line here."""
    lost, rest_kept = words.lost_heads
    return (
        Column("name", "Decision"),
        Column("choice", "Choice"),
        Column("cost", lost, kind=FIGURE, missing=NO_PLAN),
        Column("dropped", rest_kept, kind=FIGURE, scale="cost", missing=NO_PLAN),
    )


@dataclass(frozen=True)
class NeedRow:
    """What a purchase is for.

    Attributes
    ----------
    key, name
        The lane, or ``site/item``: id, and name for people.
    units, unit
        Of a stockpile what is bought, and its unit; units None for a lane.
    broken
        Limits that break without it.
    scenario
        Where the plan costs most more without it, by its name for people.
    added, each
        How much more, money, and that for each unit; None for a lane.
    """

    key: str
    name: str
    units: float | None
    unit: str
    broken: tuple[str, ...]
    scenario: str
    added: float
    each: float | None


@dataclass(frozen=True)
class WorldsRow:
    """What a choice is for, over worlds.

    Attributes
    ----------
    key, name, choice
        As of `DecisionRow`.
    mean, low, high
        Lost without it: on average, and where it is 5 and 95 %.
    adds, needed
        Share of the worlds in which it adds, and in which limits break without it.
    """

    key: str
    name: str
    choice: str
    mean: float
    low: float
    high: float
    adds: float
    needed: float


@dataclass(frozen=True)
class ExplanationView:
    """An explanation.

    Attributes
    ----------
    case
        The case in short.
    conflict
        Why there is no plan; None where there is one.
    plan
        The best plan; None where there is none.
    binding, slack
        Limits that bind; how many do not.
    costs
        What limits cost: None where no limit is asked about.
    free
        How many of these cost nothing.
    lifted, decisions, needs, by_worlds
        Rows of its sections.
    worlds
        Over how many worlds choices were looked at.
    programs, seconds, build_seconds
        How it was found.
    """

    case: CaseView
    conflict: ConflictView | None
    plan: PlanView | None
    binding: tuple[BindingRow, ...]
    slack: int
    costs: tuple[CostRow, ...]
    free: int
    lifted: tuple[LiftedRow, ...]
    decisions: tuple[DecisionRow, ...]
    needs: tuple[NeedRow, ...]
    by_worlds: tuple[WorldsRow, ...]
    worlds: int
    programs: int
    seconds: float
    build_seconds: float


def explanation_view(explanation: Explanation) -> ExplanationView:
    """Return what an explanation says.

    Parameters
    ----------
    explanation
        What `explain` returned.
    """
    case, worths, names = explanation.case, explanation.worths, explanation.case.names
    view, facts = case_view(case), explanation.solve
    costs = [cost for cost in explanation.limit_costs if cost.gained]
    rows = [] if explanation.worlds is None else explanation.worlds.to_dict("records")
    return ExplanationView(
        case=view,
        conflict=None if explanation.conflict is None else _conflict(explanation.conflict, names),
        plan=None if worths is None or explanation.plan is None else plan_view(explanation.plan),
        binding=() if worths is None else tuple(map(_binding, worths.binding)),
        slack=0 if worths is None else worths.slack,
        costs=tuple(_cost(cost, view.words, names) for cost in costs),
        free=len(explanation.limit_costs) - len(costs),
        lifted=() if worths is None else tuple(_lifted(entry, explanation, view.words) for entry in worths.lifted),
        decisions=() if worths is None else tuple(_decisions(worths, case)),
        needs=tuple(_need(need, case) for need in explanation.needs),
        by_worlds=tuple(
            WorldsRow(
                row["key"],
                _called(names, row["kind"], row["key"]),
                policy_words(row["choice"]),
                row["mean"],
                row["low"],
                row["high"],
                row["share_worth"],
                row["share_breaks"],
            )
            for row in rows
        ),
        worlds=rows[0]["worlds"] if rows else 0,
        programs=facts["programs"],
        seconds=facts["seconds"],
        build_seconds=facts["build_seconds"],
    )


def _called(names: Names, kind: str, key: str) -> str:
    """Return what to call a regime, a lane or ``site/item`` that is decided on."""
    return {POLICY: names.regime, STOCKPILE: names.pair}.get(kind, names.lane)(key)


def _figure(figure: LimitFigure, names: Names) -> FigureView:
    called = [names.site(figure.key[0]), names.item(figure.key[1])] if figure.fill else []
    if not called:
        called = [names.lane(key) if figure.path.startswith("lanes.") else names.item(key) for key in figure.key]
    name = LIMIT_WORDS.get(figure.kind) or KINDS[figure.kind].words.format(*map(plain, called))
    return FigureView(name, figure.limit, figure.unit)


def _conflict(conflict: Conflict, names: Names) -> ConflictView:
    return ConflictView(
        tuple(f"{limit.words} {limit.figure.unit}".rstrip() for limit in conflict.limits),
        conflict.smallest,
        tuple(_change(change, names) for change in conflict.alone),
        tuple(_change(change, names) for change in conflict.joint),
        conflict.joint_cost,
        tuple(conflict.shortages),
        tuple(conflict.notes),
    )


def _change(change: Change, names: Names) -> ChangeRow:
    return ChangeRow(
        _figure(change.figure, names),
        change.figure.least,
        None if change.value is None else float(safe(change.figure, change.value, DIGITS)),
        change.override,
        tuple(f"{regime}={policy}" for regime, policy in change.policies.items()),
    )


def _binding(price: LimitPrice) -> BindingRow:
    return BindingRow(price.limit.words, price.unit, price.marginal, price.eased, price.tightened)


def _cost(cost: LimitCost, words: Words, names: Names) -> CostRow:
    sign = words.sense.sign
    return CostRow(
        _figure(cost.figure, names),
        words.figure(cost.without),
        sign * cost.gained,
        cost.step,
        sign * (cost.stepped or 0.0),
    )


def _lifted(entry: Lifted, explanation: Explanation, words: Words) -> LiftedRow:
    assert explanation.plan is not None and explanation.plan.leverage is not None
    gained = None if entry.leverage is None else words.sense.sign * (entry.leverage - explanation.plan.leverage)
    return LiftedRow(entry.limit.words, entry.used, words.figure(entry.leverage), gained, entry.needs)


def _decisions(worths: PlanPrices, case: Case) -> list[DecisionRow]:
    units = {row.item: row.unit for row in case.items}
    rows = []
    for worth in worths.decisions:
        unit = units.get(worth.key.rpartition("/")[2]) if worth.kind == "stockpile" else ""
        cost = worth.cost if math.isfinite(worth.cost) else None
        choice = f"{policy_words(worth.choice)} {unit or ''}".rstrip()
        name = _called(case.names, worth.kind, worth.key)
        rows.append(DecisionRow(worth.key, name, choice, cost, worth.dropped, tuple(worth.instead)))
    return rows


def _need(need: Need, case: Case) -> NeedRow:
    units, names = {row.item: row.unit for row in case.items}, case.names
    unit = "" if need.units is None else units[need.key.rpartition("/")[2]]
    each = need.added / need.units if need.units else None
    called, where = _called(names, need.kind, need.key), plain(names.quoted(need.scenario))
    return NeedRow(need.key, called, need.units, unit, tuple(need.broken), where, need.added, each)
