"""First-stage choices: what a plan advises, when two plans advise the same, and how that is put in words (model.md section 4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...data.schema.names import Names, policy_words
from ..network import OPEN
from .tolerances import NO_AMOUNT, SAME_AMOUNT

if TYPE_CHECKING:
    from ...data import Case


SAME_WORDS = f"stockpiles that differ by at most {100 * SAME_AMOUNT:g}% of stockpile_max count as the same"
"""The tolerance in words."""

POLICY, LANE, STOCKPILE = "policy", "qualified", "stockpile"
"""Kinds of choices."""

ALL_OPEN, NOTHING = "every regime open", "nothing bought"
"""What choices are called that do nothing: with regimes of ours, and without."""

NOT_NAMED = "Regimes not named are open."

DIGITS = 5
"""Significant digits of an amount."""


@dataclass(frozen=True)
class Offer:
    """What a case lets our side choose.

    Attributes
    ----------
    regimes
        Regimes that we or an ally control.
    lanes
        What can be qualified: lanes with a fixed cost to our side, and qualifications.
    most
        ``stockpile_max`` of every ``site/item`` of ours that can be stockpiled, in units.
    units
        Name of the unit of every ``site/item``, empty where the case names none.
    names
        What to call them; None: by their ids.
    """

    regimes: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    most: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    names: Names | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, case: Case) -> Offer:
        """Return what a case offers, in the order of its rows."""
        role = {row.party: row.role for row in case.parties}
        ours = {row.site for row in case.sites if role[row.party] in ("focal", "ally")}
        unit = {row.item: row.unit for row in case.items}
        most = {f"{row.site}/{row.item}": row for row in case.stocks if row.site in ours and row.stockpile_max > 0}
        return cls(
            tuple(row.regime for row in case.regimes if role[row.controller] in ("focal", "ally")),
            (
                *(row.lane for row in case.lanes if row.destination in ours and row.fixed_cost),
                *(row.qualification for row in case.qualifications),
            ),
            {pair: row.stockpile_max for pair, row in most.items()},
            {pair: unit.get(row.item, "") for pair, row in most.items()},
            case.names,
        )

    def policy(self, regime: str, policy: str) -> str:
        """Return a regime under a policy in words."""
        return f"{regime if self.names is None else self.names.regime(regime)}: {policy_words(policy)}"

    def lane(self, name: str) -> str:
        """Return what to call a lane or a qualification."""
        return name if self.names is None else self.names.lane(name)

    def pair(self, name: str) -> str:
        """Return what to call ``site/item``."""
        return name if self.names is None else self.names.pair(name)

    def some(self, pair: str, amount: float) -> bool:
        """Say whether an amount is a stockpile, and not the solver's rounding."""
        return amount > NO_AMOUNT * max(1.0, self._most(pair, amount))

    def room(self, pair: str, amount: float) -> float:
        """Return how far amounts may lie from this one and count as the same, in units."""
        return SAME_AMOUNT * self._most(pair, amount)

    def _most(self, pair: str, amount: float) -> float:
        most = self.most.get(pair, amount)
        return most if math.isfinite(most) else amount

    def amount(self, pair: str, low: float, high: float | None = None) -> str:
        """Return an amount, or a range of amounts, with its unit in words."""
        ends = dict.fromkeys(rounded(end) for end in (low, low if high is None else high))
        return " ".join(filter(None, (" to ".join(ends), self.units.get(pair, ""))))


@dataclass(frozen=True)
class Choices:
    """The first-stage choices of a plan.

    Attributes
    ----------
    policies
        Policy of every regime of ours.
    qualified
        Lanes qualified, and qualifications.
    stockpile
        Units by ``site/item``.
    """

    policies: Mapping[str, str] = field(default_factory=dict)
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Any) -> Choices:
        """Return the choices of anything that has ``policies``, ``qualified`` and ``stockpile``: a plan, ``plan.json``, a point."""
        read = plan.get if isinstance(plan, Mapping) else lambda name: getattr(plan, name)
        return cls(dict(read("policies") or {}), tuple(read("qualified") or ()), dict(read("stockpile") or {}))

    def made(self, offer: Offer) -> tuple[Any, ...]:
        """Return what is chosen without the amounts: policies other than ``open``, lanes, and what is stockpiled at all.

        Equal for two plans whose stockpiles differ in their amounts alone.
        """
        return (
            tuple(sorted((regime, policy) for regime, policy in self.policies.items() if policy != OPEN)),
            tuple(sorted(self.qualified)),
            tuple(sorted(pair for pair, amount in self.stockpile.items() if offer.some(pair, amount))),
        )

    def differences(self, other: Choices, offer: Offer) -> Iterator[tuple[str, str, Any, Any]]:
        """Yield kind, name, and what is chosen here and in the other choices, wherever the two differ.

        A stockpile differs where one has it and the other has not, or where amounts are further apart than `SAME_AMOUNT`
        of ``stockpile_max``.
        """
        for regime in dict.fromkeys((*self.policies, *other.policies)):
            here, there = self.policies.get(regime, OPEN), other.policies.get(regime, OPEN)
            if here != there:
                yield POLICY, regime, here, there
        for lane in dict.fromkeys((*self.qualified, *other.qualified)):
            if (lane in self.qualified) != (lane in other.qualified):
                yield LANE, lane, lane in self.qualified, lane in other.qualified
        for pair in dict.fromkeys((*self.stockpile, *other.stockpile)):
            amount, another = self.stockpile.get(pair, 0.0), other.stockpile.get(pair, 0.0)
            if not same_amount(pair, amount, another, offer):
                yield STOCKPILE, pair, amount, another

    def same(self, other: Choices, offer: Offer) -> bool:
        """Say whether two plans advise the same."""
        return next(self.differences(other, offer), None) is None

    def words(self, offer: Offer) -> list[str]:
        """Return what is chosen in words: policies other than ``open``, lanes, stockpiles with their amounts."""
        bought = [(pair, amount) for pair, amount in self.stockpile.items() if offer.some(pair, amount)]
        return [
            *(offer.policy(regime, policy) for regime, policy in self.policies.items() if policy != OPEN),
            *qualifies(map(offer.lane, self.qualified)),
            *(stockpiles(offer, pair, amount) for pair, amount in bought),
        ]

    def text(self, offer: Offer) -> str:
        """Return what is chosen in one text, also where that is nothing."""
        return "; ".join(self.words(offer)) or (ALL_OPEN if self.policies else NOTHING)


def qualifies(lanes: Iterable[str]) -> list[str]:
    """Return lanes that are qualified as a choice in words; none where there is none."""
    *rest, last = ["", *lanes]
    rest = rest[1:]
    if not last:
        return []
    return [f"qualifies {', '.join(rest)} and {last}" if rest else f"qualifies {last}"]


def stockpiles(offer: Offer, pair: str, low: float, high: float | None = None) -> str:
    """Return a stockpile as a choice in words, or one with a range of amounts."""
    return f"stockpiles {offer.pair(pair)} ({offer.amount(pair, low, high)})"


def same_amount(pair: str, first: float, second: float, offer: Offer) -> bool:
    """Say whether two amounts of a stockpile count as the same: both are none, or both some and close."""
    if offer.some(pair, first) != offer.some(pair, second):
        return False
    return abs(first - second) <= offer.room(pair, max(first, second)) * (1 + 1e-9)


def changed(before: Choices, after: Choices, offer: Offer) -> Iterator[str]:
    """Yield in words what changes from one plan to another, amounts of what both stockpile left out."""
    for kind, name, first, second in before.differences(after, offer):
        if kind == POLICY:
            yield f"{offer.policy(name, second)} instead of {policy_words(first)}"
        elif kind == LANE:
            yield f"{'qualifies' if second else 'no longer qualifies'} {offer.lane(name)}"
        elif not offer.some(name, second):
            yield f"no longer stockpiles {offer.pair(name)}"
        elif not offer.some(name, first):
            yield stockpiles(offer, name, second)


def rounded(amount: float) -> str:
    """Return an amount with so many significant digits, thousands separated."""
    if amount == 0 or not math.isfinite(amount):
        return f"{amount:g}"
    places = max(0, min(12, DIGITS - 1 - math.floor(math.log10(abs(amount)))))
    text = f"{amount:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text
