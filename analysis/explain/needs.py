"""What each purchase of a plan is for: the limits that break without it, and the scenario in which it saves most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model.plan.choices import LANE, STOCKPILE
from ...model.solving import evaluate

if TYPE_CHECKING:
    from ...data import Case
    from ...model.plan.plan import Plan


@dataclass(frozen=True)
class Need:
    """What a lane to qualify or a stockpile is for.

    Attributes
    ----------
    kind, key
        ``qualified`` or ``stockpile``; the lane, or ``site/item``.
    units
        Of a stockpile what is bought; None for a lane.
    broken
        Limits that break without it, the rest of the plan kept, each with its scenario and by how much.
    scenario, added
        Where the plan costs most more without it, and how much more; money. What a limit that breaks would cost is not in it.
    """

    kind: str
    key: str
    units: float | None
    broken: tuple[str, ...]
    scenario: str
    added: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "key": self.key,
            "units": self.units,
            "broken": list(self.broken),
            "scenario": self.scenario,
            "added": self.added,
        }


def needs_of(case: Case, plan: Plan) -> tuple[Need, ...]:
    """Return what each lane qualified and each stockpile of a plan is for, by working the plan out without it.

    Parameters
    ----------
    case
        The case.
    plan
        Its best plan.
    """
    found = []
    for lane in plan.qualified:
        kept = tuple(name for name in plan.qualified if name != lane)
        found.append(_need(plan, evaluate(case, plan.policies, kept, plan.stockpile), LANE, lane, None))
    for pair, amount in plan.stockpile.items():
        left = {name: units for name, units in plan.stockpile.items() if name != pair}
        found.append(_need(plan, evaluate(case, plan.policies, plan.qualified, left), STOCKPILE, pair, amount))
    return tuple(found)


def _need(plan: Plan, without: Plan, kind: str, key: str, units: float | None) -> Need:
    added = {name: entry["own_loss"] - plan.scenarios[name]["own_loss"] for name, entry in without.scenarios.items()}
    worst = max(added, key=lambda name: added[name])
    return Need(kind, key, units, without.violations, worst, added[worst])
