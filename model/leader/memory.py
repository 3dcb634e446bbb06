"""What a problem that is solved can give back, where many are held at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .problem import Problem


def settle(problem: Problem) -> None:
    """Give back the memory of what the status quo was worked out with; of that its costs are left."""
    # While it is there.
    _ = problem.operations_start
    quo = problem.status_quo
    problem.keep_status_quo(replace(quo, operations_solver=None, first=None, basis=None))  # type: ignore[arg-type]
    problem.__dict__.pop("opened", None)
    problem.release()


def forget_models(problem: Problem) -> None:
    """Give back the memory of models: ``fixed_policy`` still solves, and nothing can be read from its solutions any more."""
    _ = problem.choices
    for name in ("_response", "readout", "operations_solver", "operations_start"):
        problem.__dict__.pop(name, None)
    problem.leader_problem.forget_model()
