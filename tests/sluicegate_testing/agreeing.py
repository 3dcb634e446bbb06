"""A plan against the oracle's answer for the same drawn case."""

from __future__ import annotations

from typing import Any

from pytest import approx
from sluicegate import Case, Plan, case_from_tables, solve
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.leader.problem import Problem

from .oracle import oracle

CLOSE = 1e-4


def made(drawn: Any) -> Case:
    """The case of drawn settings and tables."""
    return case_from_tables("drawn", *drawn)


def agreed(drawn: Any, method: str) -> Plan:
    """Solve by a method; return the plan once it is checked against the oracle."""
    plan, answer = solve(made(drawn), method=method), oracle(*drawn)
    assert plan.solve["method"] == method
    assert (plan.status == "infeasible") == (answer.leverage is None)
    if answer.leverage is not None:
        slack = CLOSE * max(abs(answer.leverage), CLOSE * money_scale(Problem(made(drawn))))
        assert plan.status == "optimal"
        assert plan.leverage == approx(answer.leverage, abs=slack)
        assert plan.bound is not None and plan.bound >= answer.leverage - slack
        assert (plan.sourcing_only_leverage is None) == (answer.sourcing_only is None)
    return plan
