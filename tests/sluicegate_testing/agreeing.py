"""A plan against the oracle's answer for the same drawn case."""

from __future__ import annotations

import copy
from typing import Any

from pytest import approx
from sluicegate import Case, Plan, case_from_tables, solve
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network import Network

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


def of_some_value(drawn: Any, share: float) -> Any:
    """The same case with a part of the value of its stockpiles, where it buys any; dear ones that help are made cheap."""
    settings_, tables = copy.deepcopy(drawn)
    for row in tables["stocks"]:
        if row.get("stockpile_max"):
            row["stockpile_cost"] = 0.5
    whole = made((settings_, tables))
    settings_["limits"] = {"stockpile_value": share * stockpile_value(whole, solve(whole))}
    return settings_, tables


def stockpile_value(case: Case, plan: Plan) -> float:
    network = Network(case)
    pairs = {"/".join(pair): network.stockpile_price(pair) for pair in network.stocks}
    return sum(pairs[name] * units for name, units in plan.stockpile.items())
