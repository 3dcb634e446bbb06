"""Figures of a plan from natural units back into those of the case as it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ...data.units import Units
from ..plan.limits import MEASURES
from ..plan.monitor import Monitor
from ..plan.plan import Plan
from ..plan.sense import sense_of

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from ..leader.problem import Problem
    from ..methods.engine import Engine

MONEY = ("leverage", "bound", "counterpart_loss", "own_loss", "sourcing_only_leverage", "cost_now")


def restored(plan: Plan, units: Units, given: Case) -> Plan:
    """Return a plan in the units of the case as it was given.

    Parameters
    ----------
    plan
        A plan in natural units.
    units
        What these are.
    given
        The case as it was given.
    """
    if units.plain:
        return replace(plan, case=given)
    figures = {entry.name: getattr(plan, entry.name) for entry in fields(plan)}
    moved = restored_figures(figures, units)
    return replace(plan, **{**moved, "case": given, "tables": restored_tables(plan.tables, units)})


def restored_figures(figures: Mapping[str, Any], units: Units) -> dict[str, Any]:
    """Return figures as ``plan.json`` names them in the units of the case as it was given."""
    found = dict(figures)
    for name in MONEY:
        if found.get(name) is not None:
            found[name] = found[name] * units.money
    if found.get("leverage_range"):
        found["leverage_range"] = type(found["leverage_range"])(end * units.money for end in found["leverage_range"])
    found["scenarios"] = {
        name: {key: value * units.money if key in MONEY else value for key, value in values.items()}
        for name, values in found["scenarios"].items()
    }
    found["stockpile"] = {key: amount * units.item(key.partition("/")[2]) for key, amount in found["stockpile"].items()}
    found["limits"] = {
        name: {key: None if value is None else value * units.unit_of(MEASURES[name]) for key, value in entry.items()}
        for name, entry in found["limits"].items()
    }
    return found


def restored_tables(tables: Mapping[str, pd.DataFrame], units: Units) -> dict[str, pd.DataFrame]:
    """Return tables of a plan in the units of the case as it was given; their columns are multiplied in place."""
    from .tables import MONEY as CURRENCY
    from .tables import UNITS

    for name, frame in tables.items():
        for column, unit in UNITS[name].items():
            if unit.startswith("units of the item"):
                frame[column] = frame[column] * frame["item"].map(units.item).astype(float)
            elif unit in (CURRENCY, "hours", "points"):
                frame[column] = frame[column] * units.unit_of(unit)
    return dict(tables)


class RestoringMonitor(Monitor):
    """Tells another monitor of progress, money in the units of the case as it was given."""

    def __init__(self, outer: Monitor, case: Case, money: float):
        self.outer = outer
        outer.sense = sense_of(case)
        self.money = money

    def stage(self, name: str, total: int) -> None:
        """Pass on a stage."""
        self.outer.stage(name, total)

    def advance(self, done: int, total: int) -> None:
        """Pass on what is done."""
        self.outer.advance(done, total)

    def tally(self, counts: Mapping[str, int]) -> None:
        """Pass on how many solves ended with each status."""
        self.outer.tally(counts)

    def bounds(self, incumbent: float, bound: float) -> None:
        """Pass on the best leverage found and its bound."""
        self.outer.bounds(incumbent * self.money, bound * self.money)

    def prepared(self, problem: Problem) -> None:
        """Pass on the case made ready to solve."""
        self.outer.prepared(problem)

    def enumerated(self, engine: Engine) -> None:
        """Pass on the combinations of policies."""
        self.outer.enumerated(engine)

    def stop(self) -> bool:
        """Ask whether to stop."""
        return self.outer.stop()
