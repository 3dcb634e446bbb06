"""How large a model is, and in which units, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyomo.environ import Constraint, Var

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel


def size_of(model: ConcreteModel) -> str:
    """Return the numbers of rows, columns and binaries of a model; what is fixed does not count."""
    rows = sum(1 for _ in model.component_data_objects(Constraint, active=True))
    columns = [column for column in model.component_data_objects(Var) if not column.fixed]
    binaries = sum(column.is_binary() for column in columns)
    return f"{rows:,} rows, {len(columns):,} columns, {binaries:,} of them binary"


def units_of(model: ConcreteModel) -> str:
    """Return what each unit of a model is in the units of the case."""
    units = model.units
    if units.plain:
        return "those of the case"
    others = {"hours": units.hours, "points": units.points}
    said = [f"1 of money is {units.money:g}"]
    said += [f"1 of {item} is {unit:g}" for item, unit in units.items.items()]
    said += [f"1 of {name} is {unit:g}" for name, unit in others.items() if unit != 1]
    return f"{', '.join(said)} in the units of the case"
