"""Which test covers which family of the model, and the model with one family knocked out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from sluicegate.model.algebra import Constraint, Expression, Var
from sluicegate.model.formulation import linking as leader_problem
from sluicegate.model.leader import problem

Test = Callable[[], None]

COVERED: dict[str, list[Test]] = defaultdict(list)

IMPLIED = {"bound counterpart_fill", "bound order", "bound margin_earned", "bound lasting_kept"}
"""Bounds that follow from the rows that link the response to our side; they only help the solver."""

GATE = "gate"
"""Not a component: the bounds that shut the policies not chosen."""


def covers(*families: str) -> Callable[[Test], Test]:
    """Say which families a test covers: it must fail when one of them is knocked out."""

    def note(test: Test) -> Test:
        for family in families:
            COVERED[family].append(test)
        return test

    return note


def families(model: Any) -> set[str]:
    """Every constraint, every expression and every bounded continuous variable of a leader problem, and the gate."""
    found = {GATE}
    for component in model.component_objects((Constraint, Expression)):
        found.add(_path(component))
    for component in model.component_objects(Var):
        if any(variable.is_continuous() and variable.upper < np.inf for variable in component.values()):
            found.add(f"bound {_path(component)}")
    return found - IMPLIED


def _path(component: Any) -> str:
    """Name of a component below its model, indices of blocks left out: ``ours.balance``."""
    names = [component.local_name]
    block = component.parent_block()
    while block.parent_block() is not None:
        names.append(block.parent_component().local_name)
        block = block.parent_block()
    return ".".join(reversed(names))


def _knock(model: Any, family: str) -> None:
    path = family.removeprefix("bound ")
    for component in model.component_objects((Constraint, Var)):
        if _path(component) != path:
            continue
        if isinstance(component, Constraint):
            component.deactivate()
        elif family.startswith("bound "):
            for variable in component.values():
                variable.upper = np.inf


@contextmanager
def without(family: str) -> Iterator[None]:
    """Build every model without a family: its rows dropped, its expression 0, or its upper bounds lifted."""
    build = Expression.build
    build_leader_problem, build_follower, upper = (
        leader_problem.build_leader_problem,
        problem.build_follower,
        leader_problem.PolicyBounds.__init__,
    )

    def broken(build: Callable[..., Any]) -> Callable[..., Any]:
        def built(*arguments: Any, **options: Any) -> Any:
            model = build(*arguments, **options)
            _knock(model, family)
            return model

        return built

    def summed(self: Expression, block: Any, name: str) -> Any:
        built = build(self, block, name)
        if _path(self) == family:
            self.set_value(0.0)
        return built

    def wide_open(self: Any, compiled: Any, block: Any, own: Any = ()) -> None:
        upper(self, compiled, block, own)
        self.own = {}
        self.columns = {key: np.array([], dtype=np.int32) for key in self.columns}
        self.capacity = {key: np.array([], dtype=float) for key in self.capacity}

    with pytest.MonkeyPatch.context() as patch:
        if family == GATE:
            patch.setattr(leader_problem.PolicyBounds, "__init__", wide_open)
        else:
            patch.setattr(Expression, "build", summed)
            patch.setattr(leader_problem, "build_leader_problem", broken(build_leader_problem))
            patch.setattr(problem, "build_follower", broken(build_follower))
        yield
