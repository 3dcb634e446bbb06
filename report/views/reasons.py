"""What each decision of a plan is for: its cost, what is lost without it, the scenario and the limit that need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...data.schema.names import policy_words
from ...model.network import NONE
from ...model.plan.choices import LANE, POLICY, Offer
from ..format.words import words_of

if TYPE_CHECKING:
    from ...data.schema.names import Names
    from ...model import Plan


SHOWN_ALIKE = 1e-3
"""Share of a loss by which its ends may differ and still be one figure."""


@dataclass(frozen=True)
class ReasonRow:
    """Why a decision is in a plan.

    Attributes
    ----------
    kind
        ``policy``, ``qualified`` or ``stockpile``.
    key, name
        The regime, the lane or qualification, or ``site/item``: id, and name for people.
    policy
        Of a regime its policy in words; else empty.
    units, unit
        Of a stockpile what is bought, and its unit; else None and empty.
    cost
        Money that it takes.
    low, high
        Between which what the plan loses without it lies, all else chosen anew; money; None where no end is known.
    no_plan
        Whether it is proven that no plan keeps the limits without it.
    instead
        What the best plan without it does otherwise, in words.
    where
        Name of that scenario for people; empty without one.
    scenario, limit, amount, measure, over, others
        All else kept: the limit that breaks first without it, where, by how much, in what unit (``share``: of demand), whether
        too much is used or too little served, and how many more break; limit None where all limits are kept.
    added
        Where no limit breaks: money that is lost in that scenario, more than in any other.
    """

    kind: str
    key: str
    name: str
    policy: str
    units: float | None
    unit: str
    cost: float
    low: float | None
    high: float | None
    no_plan: bool
    instead: tuple[str, ...]
    where: str
    scenario: str | None
    limit: str | None
    amount: float | None
    measure: str
    over: bool
    others: int
    added: float | None

    @property
    def exact(self) -> bool:
        """Whether what is lost is one figure: both ends are known, and differ by less than a sentence would show."""
        if self.no_plan or self.low is None or self.high is None:
            return False
        return self.high - self.low <= SHOWN_ALIKE * self.high


def reason_rows(plan: Plan) -> tuple[ReasonRow, ...]:
    """Return what each decision of a plan is for; nothing where that was not worked out."""
    units, calm = Offer.of(plan.case).units, words_of(plan.case).calm
    return tuple(_row(reason, plan.case.names, units, calm) for reason in plan.reasons)


def _row(reason: Mapping[str, Any], names: Names, units: Mapping[str, str], calm: str) -> ReasonRow:
    kind, key, scenario = reason["kind"], reason["key"], reason["scenario"]
    called = {POLICY: names.regime, LANE: names.lane}.get(kind, names.pair)
    return ReasonRow(
        kind,
        key,
        called(key),
        policy_words(reason["choice"] or ""),
        reason["units"],
        units.get(key, ""),
        reason["cost"],
        reason["low"],
        reason["high"],
        reason["no_plan"],
        tuple(reason["instead"]),
        "" if scenario is None else calm if scenario == NONE else names.scenario(scenario),
        scenario,
        reason["limit"],
        reason["amount"],
        reason["unit"],
        reason["over"],
        reason["others"],
        reason["added"],
    )


def lanes_needed(rows: tuple[ReasonRow, ...]) -> dict[str, str]:
    """Return the name of the scenario, other than that without retaliation, that needs each lane and qualification of a plan."""
    return {row.key: row.where for row in rows if row.kind == LANE and row.scenario not in (None, NONE)}
