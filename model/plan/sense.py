"""What a plan's figures are called, and counted as, where leverage is the sense and where cost is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case


@dataclass(frozen=True)
class Sense:
    """Names and signs of figures in documents and tables.

    Inside the program what is best is greatest: where cost is the sense, ``leverage`` is minus the cost, and ``bound`` minus
    the least that a plan can cost. Documents and tables say cost.

    Attributes
    ----------
    outcome
        What is best, as documents call it: ``leverage`` or ``cost``.
    names
        Names that documents have in the place of the program's.
    turned
        Figures, by the program's names, that documents have with the other sign.
    untold
        Figures, by the program's names, that documents leave out.
    """

    outcome: str
    names: Mapping[str, str] = field(default_factory=dict)
    turned: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()

    @property
    def sign(self) -> float:
        """1 where the outcome is maximised, -1 where it is minimised."""
        return -1.0 if self.turned else 1.0

    def figure(self, value: float | None) -> float | None:
        """Return a leverage as the outcome it stands for."""
        return None if value is None else self.sign * value + 0.0

    def told(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return figures as documents have them."""
        return {
            self.names.get(name, name): self._turned(name, value)
            for name, value in entry.items()
            if name not in self.untold
        }

    def plan(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return figures of a plan as ``plan.json`` has them, those of its scenarios too."""
        document = self.told(entry)
        document["scenarios"] = {name: self.told(values) for name, values in entry["scenarios"].items()}
        if entry.get("alternatives"):
            plans = [self.told(plan) for plan in entry["alternatives"]["plans"]]
            document["alternatives"] = {**entry["alternatives"], "plans": plans}
        if entry.get("range"):
            document["range"] = self._told_range(entry["range"])
        if entry.get("worlds"):
            document["worlds"] = self.worlds(entry["worlds"])
        return document

    def worlds(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a plan is worth in many worlds, as a document has it; and back.

        Regret, and what knowing more and planning for all worlds are worth, are differences that have no other sign.
        """
        if self.sign > 0:
            return dict(found)
        levels = ("mean", "cvar", "worst")
        turned = _negated(found, (*levels, "low", "high"))
        turned |= {name: turned[other] for name, other in (("low", "high"), ("high", "low")) if other in found}
        if found.get("criterion") != "regret":
            turned = _negated(turned, ("value", "bound"))
        if isinstance(rows := found.get("candidates"), (list, tuple)):
            turned["candidates"] = [_negated(row, levels) for row in rows]
        if isinstance(fresh := found.get("out_of_sample"), Mapping):
            turned["out_of_sample"] = _negated(fresh, levels[:2])
        return turned

    def _told_range(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return from where to where the outcome runs, as a document has it; and back."""
        if self.sign > 0:
            return dict(found)
        ends = (("low", "high"), ("high", "low"), ("least", "most"), ("most", "least"))
        turned = {name: -found[other] + 0.0 for name, other in ends}
        return {name: value for name, value in (dict(found) | turned).items() if name != "share_negative"}

    def read(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return figures of a document as the program has them; those that it leaves out are None or empty."""
        missing: dict[str, Any] = {name: {} if name in EMPTY else None for name in self.untold}
        return missing | self._inner(document)

    def read_plan(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``plan.json`` as the program has it."""
        found, scenarios = self.read(document), document.get("scenarios")
        if isinstance(found.get("alternatives"), Mapping):
            plans = [self._inner(plan) for plan in found["alternatives"].get("plans", ())]
            found["alternatives"] = {**found["alternatives"], "plans": plans}
        if isinstance(found.get("range"), Mapping) and self.sign < 0:
            found["range"] = {**self._told_range(found["range"]), "share_negative": 0.0}
        if isinstance(found.get("worlds"), Mapping):
            found["worlds"] = self.worlds(found["worlds"])
        missing = {name: 0.0 for name in ("counterpart_loss",) if name in self.untold}
        if isinstance(scenarios, Mapping):
            found["scenarios"] = {
                name: missing | self._inner(values) if isinstance(values, Mapping) else values
                for name, values in scenarios.items()
            }
        return found

    def _inner(self, document: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: inner for inner, name in self.names.items()}
        return {own.get(name, name): self._turned(own.get(name, name), value) for name, value in document.items()}

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table with the columns that documents have, its ``attrs`` kept."""
        told = frame.drop(columns=[name for name in frame if name in self.untold])
        moved = {name: -told[name] + 0.0 for name in told if name in self.turned}
        told = told.assign(**moved).rename(columns=dict(self.names))
        told.attrs = dict(frame.attrs)
        units = told.attrs.get("units")
        if units:
            told.attrs["units"] = {
                self.names.get(name, name): unit for name, unit in units.items() if name not in self.untold
            }
        return told

    def _turned(self, name: str, value: Any) -> Any:
        if name not in self.turned or value is None:
            return value
        if isinstance(value, list):
            return [-end + 0.0 for end in reversed(value)]
        # What is no figure is refused where the document is checked.
        return -value + 0.0 if isinstance(value, (int, float)) else value


def _negated(found: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return figures with some of them of the other sign, without what is about leverage alone.

    Of a figure with an interval the ends change places. What is no figure is refused where the document is checked.
    """
    turned = {name: value for name, value in found.items() if name != "share_negative"}
    for name in names:
        value = found.get(name)
        if isinstance(value, list) and len(value) == 3:
            turned[name] = [-value[place] + 0.0 for place in (0, 2, 1)]
        elif isinstance(value, (int, float)):
            turned[name] = -value + 0.0
    return turned


EMPTY = frozenset({"counterpart_fill", "first_shortage_week", "weights"})
"""Figures that are mappings: empty, not None, where a document leaves them out."""

LEVERAGE = Sense("leverage", untold=frozenset({"cost_now"}))
"""Leverage is the sense."""

_COST = {
    "leverage": "cost",
    "own_loss": "added_cost",
    "worst_package": "worst_scenario",
    "scenario_leverage": "scenario_cost",
    "sourcing_only_leverage": "sourcing_only_cost",
    "leverage_range": "cost_range",
    "least_leverage": "most_cost",
    "ours_cause": "cause",
}

_TURNED = frozenset(
    {"leverage", "bound", "scenario_leverage", "sourcing_only_leverage", "leverage_range", "least_leverage"}
)

COST = Sense("cost", _COST, _TURNED)
"""Cost is the sense, though there is a counterpart."""

COST_ALONE = Sense(
    "cost",
    _COST,
    _TURNED,
    frozenset(
        {
            "counterpart_loss",
            "counterpart_fill",
            "counterpart_cause",
            "first_shortage_week",
            "leverage_range",
            "least_leverage",
            "sourcing_only_leverage",
        }
    ),
)
"""Cost is the sense, and there is no counterpart."""


def sense_of(case: Case) -> Sense:
    """Return how figures of a case's plans are called."""
    if case.sense != "cost":
        return LEVERAGE
    return COST if case.pressed else COST_ALONE


def sense_of_document(document: Mapping[str, Any]) -> Sense:
    """Return how a ``plan.json`` calls its figures."""
    if "cost" not in document:
        return LEVERAGE
    return COST if "counterpart_loss" in document else COST_ALONE
