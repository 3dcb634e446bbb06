"""What a plan is for: the threat against the stake, and what is left of it week by week."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...data.schema.names import policy_words
from ...model.plan.what_if import BOUNDED, POLICY, WHAT_IF
from .causes import LASTING_CAUSES
from .rows import filled, records

if TYPE_CHECKING:
    from ...model import Plan


@dataclass(frozen=True)
class WeekRow:
    """Both losses if it is settled in a week.

    Attributes
    ----------
    week
        The week; the last one is after the horizon: the plan as a whole.
    counterpart_loss, own_loss, leverage
        Money.
    """

    week: int
    counterpart_loss: float
    own_loss: float
    leverage: float


@dataclass(frozen=True)
class BargainView:
    """The threat against the stake.

    Attributes
    ----------
    settlement
        By how much the threat moves the settlement, money: half of the leverage.
    stake, own_loss, credible
        What the outcome is worth to us, what carrying the threat out costs us, and whether that is no more; None without a stake.
    concession_cost, counterpart_loss, gives_way
        What giving way costs the counterpart, what it loses, and whether that is as much; None where it is not known.
    spent
        First week from which on what is still to come would not move the counterpart; None where there is none.
    weeks
        Both losses by week of the settlement.
    """

    settlement: float
    stake: float | None
    own_loss: float
    credible: bool | None
    concession_cost: float | None
    counterpart_loss: float
    gives_way: bool | None
    spent: int | None
    weeks: tuple[WeekRow, ...]

    @property
    def best(self) -> WeekRow | None:
        """The week of a settlement that leaves most leverage, the first among equals; None where weeks are not known."""
        return max(self.weeks, key=lambda row: row.leverage, default=None)


@dataclass(frozen=True)
class OtherEnd:
    """What the plan would give if a review ended in another week that its menu offers, all other policies kept.

    Attributes
    ----------
    end
        First week after it; None: it does not end.
    leverage
        What the best such plan leaves, money; None where there is no such plan.
    exact
        Whether it is that much, or at most.
    """

    end: int | None
    leverage: float | None
    exact: bool


@dataclass(frozen=True)
class TermView:
    """When a review of the plan begins and ends.

    Attributes
    ----------
    regime, policy
        The regime by its name for people, and its policy in words.
    start, end
        First week, and first week after it; None: it does not end.
    ends
        The ends that its menu offers; one where there is no choice.
    leverage
        Of the plan, money.
    others
        What other ends would give, the best first; empty where that was not worked out.
    """

    regime: str
    policy: str
    start: int
    end: int | None
    ends: tuple[int | None, ...]
    leverage: float = 0.0
    others: tuple[OtherEnd, ...] = ()


def bargain_view(plan: Plan) -> BargainView | None:
    """Return what a plan is worth against the stake; None where the case says nothing of one."""
    found = plan.bargain
    if found is None:
        return None
    rows = records(plan.tables["by_week"]) if "by_week" in plan.tables else []
    return BargainView(
        found["settlement"],
        found["stake"],
        plan.own_loss or 0.0,
        found["credible"],
        found["concession_cost"],
        plan.counterpart_loss or 0.0,
        found["gives_way"],
        found["spent_week"],
        tuple(filled(WeekRow, row) for row in rows),
    )


def term_views(plan: Plan) -> tuple[TermView, ...]:
    """Return when the reviews of a plan end that do, or whose menu offers several ends."""
    found = []
    for row in plan.case.policies:
        for variant in row.variants:
            (end,) = variant.ends
            if plan.policies.get(row.regime) == variant.policy and (end is not None or len(row.ends) > 1):
                others = _other_ends(plan, row.regime, {each.policy: each.ends[0] for each in row.variants})
                leverage = plan.leverage or 0.0
                name, policy = plan.case.names.regime(row.regime), policy_words(variant.policy)
                found.append(TermView(name, policy, row.start_week, end, row.ends, leverage, others))
    return tuple(found)


def _other_ends(plan: Plan, regime: str, ends: Mapping[str, int | None]) -> tuple[OtherEnd, ...]:
    """Return what the other variants of a policy would give, by the table ``what_if``, under the budget of the case."""
    frame, budget = plan.tables.get(WHAT_IF), plan.case.settings.limits.budget
    if frame is None:
        return ()
    kept = [(f"{POLICY}{name}", policy) for name, policy in plan.policies.items() if name != regime]
    found = []
    for row in records(frame):
        policy = row[f"{POLICY}{regime}"]
        there = math.isinf(budget) or math.isclose(row["budget"], budget, rel_tol=1e-9)
        if there and policy in ends and policy != plan.policies[regime] and all(row[name] == own for name, own in kept):
            found.append(OtherEnd(ends[policy], row["leverage"], row["state"] != BOUNDED))
    return tuple(sorted(found, key=lambda other: -math.inf if other.leverage is None else other.leverage, reverse=True))


def lasting_views(plan: Plan) -> tuple[tuple[str, str, float], ...]:
    """(side, cause, money) of what paperwork, allies and lost customers add to both losses in the worst package."""
    if "causes" not in plan.tables:
        return ()
    sums: dict[tuple[str, str], float] = {}
    for row in records(plan.tables["causes"]):
        if row["scenario"] == plan.worst_package and row["cause"] in LASTING_CAUSES:
            key = (row["side"], row["cause"])
            sums[key] = sums.get(key, 0.0) + row["amount"]
    return tuple((side, cause, money) for (side, cause), money in sums.items())
