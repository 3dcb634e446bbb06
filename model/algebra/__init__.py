"""Linear models in Pyomo's words: sets, variables, rows, costs; read straight into arrays, or opened as models of Pyomo."""

from .components import (
    Block,
    Component,
    Constraint,
    Expression,
    Model,
    Objective,
    Reference,
    Set,
    Var,
    maximize,
    minimize,
)
from .expressions import Binary, Linear, NonNegativeReals, Reals, Variable, quicksum, value, weighted

__all__ = [
    "Binary",
    "Block",
    "Component",
    "Constraint",
    "Expression",
    "Linear",
    "Model",
    "NonNegativeReals",
    "Objective",
    "Reals",
    "Reference",
    "Set",
    "Var",
    "Variable",
    "expressions",
    "maximize",
    "minimize",
    "opening",
    "quicksum",
    "traced",
    "value",
    "weighted",
]
