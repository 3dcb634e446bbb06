"""The package against the oracle where nobody foresees an outage: start weeks, notice, few scenarios first."""

from __future__ import annotations

from typing import Any

import pytest
from pytest import approx
from sluicegate import evaluate, solve
from sluicegate.data import TABLES
from sluicegate.data.schema.declarations import columns, setting_keys
from sluicegate.model.leader import working_set
from sluicegate.model.methods import large_spaces
from sluicegate.model.plan.clock import Clock
from test_oracle_agreement import agree, made

from sluicegate_testing.oracle import best_for, oracle
from sluicegate_testing.strategies import random_case

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]

FORESIGHT_PAYS = (20, 27, 28, 52, 53, 56, 97, 117, 118, 125, 132)
"""Cases whose leverage would be greater if outages and packages were foreseen."""


def drawn(number: int) -> Drawn:
    """A random case with surprise outages, start weeks and notice."""
    settings, tables = random_case(number, max_regimes=3, max_weeks=8, max_combinations=9, meaning=True)
    # What other tests draw beside, the format may not hold.
    for name, section in settings.items():
        settings[name] = {key: value for key, value in section.items() if key in setting_keys(name)}
    for table, rows in tables.items():
        tables[table] = [{name: row[name] for name in row if name in columns(TABLES[table])} for row in rows]
    return settings, tables


@pytest.mark.parametrize("number", [*range(10), *FORESIGHT_PAYS])
def test_surprises(number: int) -> None:
    agree(drawn(number))


@pytest.mark.parametrize("number", FORESIGHT_PAYS[:5])
def test_few_scenarios_first(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_set, "FEW", 0)
    agree(drawn(number))


def test_sourcing_alone_is_the_plan_where_time_ends_before_all_scenarios_are_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[bool] = []

    def unheld(*_: Any) -> None:
        ended.append(True)
        raise working_set.Unheld(["outage0"], 1e6)

    monkeypatch.setattr(working_set, "FEW", 0)
    monkeypatch.setattr(large_spaces, "_attempt", unheld)
    monkeypatch.setattr(Clock, "up", lambda clock: bool(ended))
    for number in (20, 28, 53):
        ended.clear()
        case = drawn(number)
        plan, answer = solve(made(case)), oracle(*case)
        assert (plan.status == "unknown") == (answer.sourcing_only is None)
        assert set(plan.policies.values()) <= {"open"}
        assert plan.bound is not None and plan.bound >= (answer.sourcing_only or 0.0)
        if answer.sourcing_only is not None:
            assert plan.status == "feasible"
            assert plan.leverage == approx(answer.sourcing_only, rel=1e-4, abs=1e-4)
            assert plan.solve["termination"] == "stopped"


@pytest.mark.parametrize("number", range(8))
def test_given_choices(number: int) -> None:
    case = drawn(number)
    leverage, details = best_for(*case, {}, qualified=(), stockpile={})
    plan = evaluate(made(case))
    if leverage is None or details is None:
        assert plan.status == "infeasible"
        return
    assert plan.status == "feasible", plan.violations
    assert plan.leverage == approx(leverage, rel=1e-4, abs=1e-4)
    worst = details.worst_package
    assert plan.scenarios[worst]["own_loss"] == approx(details.own_loss[worst], rel=1e-4, abs=1e-3)
