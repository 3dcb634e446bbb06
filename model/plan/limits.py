"""The limited resources, declared once, and what a solve may use and must keep."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .tolerances import LIMIT_ROUNDING

if TYPE_CHECKING:
    from ...data import Case
    from ...data.units import Units


@dataclass(frozen=True)
class LimitedResource:
    """What the chosen policies together may use at most as much of as ``[limits]`` in ``case.toml`` says.

    Attributes
    ----------
    name
        As in ``case.toml``, ``plan.json`` and ``--against``.
    column
        Column of the policies table whose sum over the chosen policies is used; of the budget the first stage takes its
        part too.
    measure
        What it is counted in, as `Units.unit_of` takes it.
    words
        As it stands in a sentence.
    unit
        Unit of a level in a sentence; empty: the currency.
    """

    name: str
    column: str
    measure: str
    words: str
    unit: str = ""


BUDGET = "budget"

STOCKPILE_VALUE = "stockpile_value"
"""Key of ``[limits]``: most that all stockpiles may cost; no policy takes of it."""

BARGAIN = ("stake", "concession_cost")
"""Keys of ``[bargain]``: what the dispute is about."""

LIMITED = {
    resource.name: resource
    for resource in (
        LimitedResource(BUDGET, "admin_cost", "money", "budget"),
        LimitedResource("reviewer_hours", "reviewer_load", "hours", "reviewer hours", "hours a week"),
        LimitedResource("political_capital", "political_cost", "points", "political capital", "points"),
    )
}
"""Every limited resource by name, in the order in which they are shown."""

MEASURES = {**{name: resource.measure for name, resource in LIMITED.items()}, STOCKPILE_VALUE: "money"}
"""Keys of ``[limits]``, and what each is counted in, as `Units.unit_of` takes it."""

LIMIT_WORDS = {
    **{name: resource.words for name, resource in LIMITED.items()},
    STOCKPILE_VALUE: "value of stockpiles",
}
"""Keys of ``[limits]`` in words."""

LOADS = {resource.column: resource.name for resource in LIMITED.values()}
"""Columns of the policies table that are limited, and the names of their limits."""


@dataclass(frozen=True)
class SolveLimits:
    """Limits that can be moved from one solve to the next without working out any response again.

    Attributes
    ----------
    budget, reviewer_hours, political_capital
        As in ``case.toml``.
    own_loss
        Most that our own loss may be in every rated scenario, in money.
    least_fill
        Mean fill asked of every demand that has a ``min_fill``, in its place; None: as the case says.
    """

    budget: float = math.inf
    reviewer_hours: float = math.inf
    political_capital: float = math.inf
    own_loss: float = math.inf
    least_fill: float | None = None

    @property
    def by_load(self) -> dict[str, float]:
        """Limit on the sum of each limited column of the policies table."""
        return {column: getattr(self, name) for column, name in LOADS.items()}

    def natural(self, units: Units) -> SolveLimits:
        """Return the limits in natural units."""
        moved = {name: getattr(self, name) / units.unit_of(resource.measure) for name, resource in LIMITED.items()}
        return replace(self, own_loss=self.own_loss / units.money, **moved)

    @classmethod
    def of(cls, case: Case) -> SolveLimits:
        """Limits of a case."""
        return cls(**{name: getattr(case.settings.limits, name) for name in LIMITED})


def at_least(least: float, *, share: bool = False) -> str:
    """Return the least that a limit asks for, in words; a share in percent."""
    return f"at least {_level(least, share)}"


def at_most(most: float, *, share: bool = False) -> str:
    """Return the most that a limit allows, in words; a share in percent."""
    return f"at most {_level(most, share)}"


def _level(value: float, share: bool) -> str:
    return f"{100 * value:,.10g}%" if share else f"{value:,.10g}"


def four_digits(amount: float) -> str:
    """Return an amount to four significant digits, thousands separated."""
    return f"{float(f'{amount:.4g}'):,.10g}"


def within(used: Any, most: float) -> Any:
    """Whether amounts keep a limit, up to rounding."""
    return used <= with_rounding(most)


def with_rounding(most: float) -> float:
    """Return a limit with the room that rounding of a sum takes."""
    return most * (1 + LIMIT_ROUNDING) + LIMIT_ROUNDING
