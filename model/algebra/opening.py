"""The models of this package as models of Pyomo, component by component, under the same names."""

from __future__ import annotations

import inspect
import math
from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression

from .components import Block, Blocks, Constraint, Expression, Model, Objective, Set, Var, minimize
from .expressions import Linear, Relation


def open_model(model: Model) -> pyo.ConcreteModel:
    """Return a model as Pyomo has it.

    Parameters
    ----------
    model
        A model of `sluicegate.model.formulation`.

    Returns
    -------
    pyomo.environ.ConcreteModel
        Sets, variables, constraints, expressions and objectives under the names they have, each family with its formula as ``doc``.
        Every row holds the same numbers.
    """
    opened = pyo.ConcreteModel(name=model.name)
    _Opening().fill(opened, model)
    return opened


class _Opening:
    """Sets and variables of Pyomo by what they stand for."""

    def __init__(self) -> None:
        self.sets: dict[int, Any] = {}
        self.variables: dict[Any, Any] = {}

    def fill(self, opened: Any, block: Block) -> None:
        for name, component in block.components.items():
            if isinstance(component, Blocks):
                family = pyo.Block(list(component))
                opened.add_component(name, family)
                for key, member in component.items():
                    self.fill(family[key], member)
            elif isinstance(component, Block):
                inner = pyo.Block()
                opened.add_component(name, inner)
                self.fill(inner, component)
            else:
                self.add(opened, name, component)

    def add(self, opened: Any, name: str, component: Any) -> None:
        """Add what stands for a component to a block."""
        made: Any
        if isinstance(component, Set):
            made = pyo.Set(initialize=list(component), dimen=component.dimen, doc=component.doc)
            self.sets[id(component)] = made
        elif isinstance(component, Constraint):
            rows, skipped = component, pyo.Constraint.Skip

            def rule(_: Any, *key: Any) -> Any:
                row = rows.get(_flat(key))
                return skipped if row is None else self.row(row)

            made = pyo.Constraint(*self.indices(component.sets), rule=rule, doc=_formula(component))
        elif isinstance(component, Expression):
            made = pyo.Expression(expr=self.sum(component), doc=_formula(component))
        elif isinstance(component, Objective):
            sense = pyo.minimize if component.sense == minimize else pyo.maximize
            made = pyo.Objective(expr=self.sum(component.expr.linear()), sense=sense, doc=component.doc)
        else:
            self.add_variables(opened, name, component if isinstance(component, Var) else component.family)
            return
        opened.add_component(name, made)
        if not component.active:
            made.deactivate()

    def add_variables(self, opened: Any, name: str, family: Var) -> None:
        """Add what stands for a family of variables to a block."""
        if family.is_reference():
            members = {key: self.variables[variable] for key, variable in family.items()}
            opened.add_component(name, pyo.Reference(members, ctype=pyo.Var))
            return
        integer = family.domain.integer
        domain = pyo.Binary if integer else pyo.NonNegativeReals if family.domain.lower == 0 else pyo.Reals
        made = pyo.Var(*self.indices(family.sets), within=domain, doc=family.doc)
        opened.add_component(name, made)
        for key, variable in family.items():
            own = self.variables[variable] = made[key]
            own.setlb(variable.lower if math.isfinite(variable.lower) else None)
            own.setub(variable.upper if math.isfinite(variable.upper) else None)
            if variable.fixed:
                own.fix(variable.value)

    def indices(self, sets: tuple[Any, ...]) -> list[Any]:
        """Return sets as Pyomo has them."""
        return [self.sets.get(id(one)) or pyo.Set(initialize=list(one), dimen=one.dimen) for one in sets]

    def sum(self, expression: Linear) -> Any:
        """Return a sum; terms of 0 are left out."""
        terms = [(factor, self.variables[variable]) for variable, factor in expression.terms.items() if factor]
        return LinearExpression(
            constant=expression.constant,
            linear_coefs=[factor for factor, _ in terms],
            linear_vars=[variable for _, variable in terms],
        )

    def row(self, row: Relation) -> Any:
        """Return a row; the constant of its sum stays on its side. One that holds without variables is left out."""
        body = self.sum(row.body)
        if not body.linear_vars and row.lower <= row.body.constant <= row.upper:
            return pyo.Constraint.Feasible
        if row.lower == row.upper:
            return body == row.upper
        return body <= row.upper if math.isfinite(row.upper) else body >= row.lower


def _flat(key: tuple[Any, ...]) -> Any:
    return None if not key else key[0] if len(key) == 1 else key


def _formula(component: Any) -> str | None:
    """Return the docstring of the function that states a component, as docs/model.md shows it."""
    stated = component.rule
    if component.doc is None and inspect.isfunction(stated) and stated.__doc__:
        return " ".join(inspect.cleandoc(stated.__doc__).split())
    return component.doc
