"""From a choice of policies to its plan: every figure recomputed, the answer certified (model.md section 6)."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from ..leader.problem import Problem
from ..leader.recompute import FirstStage, first_stage
from ..plan.plan import Plan
from .figures import Facts, Figures
from .restoring import restored, restored_tables
from .tables import plan_tables


def first_stage_of(problem: Problem, solution: np.ndarray) -> FirstStage:
    """First-stage choices in a solution of the leader problem, rounding noise removed."""
    return first_stage(problem.network, problem.choices, solution)


def make_plan(problem: Problem, facts: Facts, solution: np.ndarray, first: FirstStage, began: float) -> Plan:
    """Work out a plan from linear programs solved alone, and check it against what the search claims.

    Raises
    ------
    Unheld, CertificateError
        As of `Figures.plan`.
    """
    figures, account = Figures(problem).plan(facts, problem.to_whole(solution), first)
    return Plan(
        case=problem.given,
        case_warnings=tuple(map(str, problem.given.warnings)),
        **figures,
        solve=_solve_facts(problem, facts.solve, began),
        tables=restored_tables(plan_tables(problem, account), problem.units),
    )


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(package) for name, package in (("highs", "highspy"), ("pyomo", "pyomo"))}


def no_plan(problem: Problem, status: str, bound: float, facts: dict[str, Any], began: float) -> Plan:
    """Return the plan of a search that found none: status ``infeasible`` or ``unknown``."""
    plan = Plan(
        case=problem.case,
        status=status,
        bound=bound if math.isfinite(bound) else None,
        case_warnings=tuple(map(str, problem.given.warnings)),
        solve=_solve_facts(problem, facts, began),
    )
    return restored(plan, problem.units, problem.given)


def _solve_facts(problem: Problem, facts: dict[str, Any], began: float) -> dict[str, Any]:
    # Where the time was up before, there is no program whose size could be told.
    size = {} if problem.size is None else dict(zip(("rows", "columns"), problem.size, strict=True))
    return {
        **facts,
        "seconds": time.perf_counter() - began,
        "build_seconds": problem.build_seconds,
        **size,
        **_versions(),
    }
