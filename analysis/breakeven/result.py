"""What a search for switches found: switches, spans, and how far they can be trusted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...model.network import OPEN
from ...model.plan.sense import Sense, sense_of

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from ...model import Plan


@dataclass(frozen=True)
class Choice:
    """What is chosen without the amounts stockpiled, which follow the figure.

    Attributes
    ----------
    policies
        Policy of every regime of ours, in the order of the menu.
    lanes
        Lanes qualified, in the order of the case.
    pairs
        ``site/item`` of what is stockpiled.
    """

    policies: tuple[str, ...]
    lanes: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How much is done: policies other than ``open``, lanes, stockpiles."""
        return sum(policy != OPEN for policy in self.policies) + len(self.lanes) + len(self.pairs)


@dataclass(frozen=True)
class Side:
    """One side of a switch.

    Attributes
    ----------
    value
        Value of the figure.
    status
        ``optimal``, ``feasible`` (its gap is wider than the one asked for) or ``infeasible``.
    leverage, policies, qualified, stockpile
        Of the best plan there; None and empty where there is none.
    plan
        The whole plan, worked out anew by `evaluate`; None where there is none.
    """

    value: float
    status: str
    leverage: float | None = None
    policies: Mapping[str, str] = field(default_factory=dict)
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)
    plan: Plan | None = field(default=None, repr=False)

    def to_dict(self, sense: Sense) -> dict[str, Any]:
        """Return the side as plain values, without its whole plan."""
        told = sense.told(
            {name.name: getattr(self, name.name) for name in dataclasses.fields(self) if name.name != "plan"}
        )
        return told | {
            "policies": dict(self.policies),
            "qualified": list(self.qualified),
            "stockpile": dict(self.stockpile),
        }


@dataclass(frozen=True)
class Switch:
    """Two values within the tolerance of each other between which the best choices change."""

    below: Side
    above: Side

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """Policy below and above of every regime that changes; empty where there is no plan on one side."""
        below, above = self.below.policies, self.above.policies
        return {name: (below[name], above[name]) for name in below if name in above and below[name] != above[name]}


@dataclass(frozen=True)
class Span:
    """Values between two switches, and the choices that are best there.

    Attributes
    ----------
    low, high
        The values.
    policies, qualified
        Of the best plans; empty where there is none.
    least, most
        Units stockpiled by ``site/item``, the least and the most over the values solved.
    feasible
        Whether there are plans.
    """

    low: float
    high: float
    policies: Mapping[str, str]
    qualified: tuple[str, ...]
    least: Mapping[str, float]
    most: Mapping[str, float]
    feasible: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        maps = ("policies", "least", "most")
        return (
            dataclasses.asdict(self)
            | {name: dict(getattr(self, name)) for name in maps}
            | {"qualified": list(self.qualified)}
        )


@dataclass(frozen=True)
class Breakeven:
    """Where the best first-stage choices change as one figure moves.

    Attributes
    ----------
    case
        The case.
    path, unit
        The figure, as ``--set`` writes it, and its unit.
    current
        Value in force; None where it has none (no limit, or rows with different ones).
    low, high
        The range looked at.
    range_words
        How the range was come by.
    tolerance
        Width to which a switch is bracketed, relative to the value, or to a tenth of the range where the value is smaller.
    whole
        Whether the figure takes whole numbers only.
    switches
        From the lowest value to the highest.
    spans
        The range cut at the switches.
    points : pandas.DataFrame
        Every value solved: value, status, leverage, bound, qualified and stockpile in one text each, one column for each regime.
    complete
        Whether it is proven that there is no other switch in the range (switches within the tolerance of each other being
        one).
    statement
        The same in words.
    notes
        What a reader should know.
    stopped
        Whether the search was stopped early.
    seconds
        Time it took.
    """

    case: Case = field(repr=False)
    path: str
    unit: str
    current: float | None
    low: float
    high: float
    range_words: str
    tolerance: float
    whole: bool
    switches: tuple[Switch, ...]
    spans: tuple[Span, ...]
    points: pd.DataFrame = field(repr=False)
    complete: bool
    statement: str
    notes: tuple[str, ...] = ()
    stopped: bool = False
    seconds: float = 0.0

    def __repr__(self) -> str:
        """Return the figure and the values at which choices change."""
        at = ", ".join(f"{switch.below.value:g} to {switch.above.value:g}" for switch in self.switches) or "none"
        return f"Breakeven({self.path!r}, {self.low:g} to {self.high:g}, switches: {at})"

    @property
    def holds(self) -> tuple[float, float] | None:
        """Values around the one in force between which its choices stay the best; None where it has none in the range."""
        if self.current is None or not self.low <= self.current <= self.high:
            return None
        below = [switch.above.value for switch in self.switches if switch.above.value <= self.current]
        above = [switch.below.value for switch in self.switches if switch.below.value >= self.current]
        return max(below, default=self.low), min(above, default=self.high)

    def to_frame(self) -> pd.DataFrame:
        """Return every value that was solved, as `points` has it."""
        return self.points.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        sense = sense_of(self.case)
        points = sense.frame(self.points)
        return {
            "schema": 1,
            "case": self.case.name,
            "path": self.path,
            "unit": self.unit,
            "current": self.current,
            "low": self.low,
            "high": self.high,
            "range": self.range_words,
            "tolerance": self.tolerance,
            "switches": [
                {"below": switch.below.to_dict(sense), "above": switch.above.to_dict(sense)} for switch in self.switches
            ],
            "spans": [span.to_dict() for span in self.spans],
            "complete": self.complete,
            "statement": self.statement,
            "notes": list(self.notes),
            "stopped": self.stopped,
            "points": points.astype(object).where(points.notna(), None).to_dict("records"),
            "seconds": self.seconds,
        }
