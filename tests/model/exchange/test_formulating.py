"""The Pyomo models that analysts get: their optimum is the plan's leverage, and every component says what it is."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from pyomo.contrib.solver.common.factory import SolverFactory
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.environ import Block, Constraint, Objective, Var, value
from pytest import approx
from sluicegate import Case, Plan, case_from_tables, formulate, load_case, solve
from sluicegate.data.units import Units
from sluicegate.model.exchange.describing import size_of, units_of
from sluicegate.model.exchange.documenting import families

from sluicegate_testing.cli_cases import small
from sluicegate_testing.strategies import random_case

CLOSE = 1e-6


@functools.cache
def solved(number: int, coupling: bool) -> tuple[Case, Plan]:
    """A random case and its plan."""
    drawn = random_case(number, max_regimes=3, max_weeks=6, coupling=coupling, max_combinations=32)
    made = case_from_tables("drawn", *drawn)
    return made, solve(made, rel_gap=0.0)


def optimum(model: Any) -> float:
    """Leverage at the optimum of a model; the solution stays in its variables."""
    found = SolverFactory("highs").solve(model, rel_gap=1e-9)
    assert found.termination_condition == TerminationCondition.convergenceCriteriaSatisfied
    return value(model.leverage)


def chosen(model: Any) -> dict[str, str]:
    return {regime: policy for (regime, policy), level in model.policy.items() if round(level.value) == 1}


@pytest.mark.parametrize("coupling", [True, False])
@pytest.mark.parametrize("number", [3, 11])
@pytest.mark.parametrize("units", ["case", "natural"])
def test_the_optimum_is_the_leverage_of_the_plan(number: int, coupling: bool, units: str) -> None:
    made, plan = solved(number, coupling)
    assert plan.leverage is not None
    for policies in (None, plan.policies):
        model = formulate(made, policies, units=units)
        assert optimum(model) * model.units.money == approx(plan.leverage, rel=CLOSE, abs=CLOSE * model.units.money)


def test_the_response_and_our_side_can_be_read() -> None:
    model = formulate(load_case("tutorial"))
    optimum(model)
    assert chosen(model) == {"acid": "review", "gas": "open"}
    shipped = dict.fromkeys(("open", "review", "strict"), 0.0)
    for (lane, policy, _), ship in model.response.ship.items():
        if lane == "acid-home-abroad" and not ship.fixed:
            shipped[policy] += ship.value
    assert shipped["review"] > 0
    assert shipped["strict"] == approx(0.0, abs=1e-6)
    assert value(model.response.cost) == approx(value(model.response_dual.value))
    assert value(model.admin_cost) == approx(3.0)


def test_policies_not_named_stay_open() -> None:
    model = formulate(load_case("tutorial"), {})
    assert set(model.policies) == {("acid", "open"), ("gas", "open")}
    assert optimum(model) == approx(-14.0)


def test_budget_binds_what_the_policies_leave_of_it() -> None:
    case = small(budget=7.0)
    # Slow takes 2 of the budget; the second source would take 6.
    model = formulate(case, {"review": "slow"})
    optimum(model)
    assert [level.value for level in model.qualify.values()] == [approx(0.0)]
    assert formulate(small(budget=8.0), {"review": "slow"}).within_budget.upper() == approx(6.0)


def test_one_objective_and_nothing_that_steers_the_methods() -> None:
    for policies in (None, {"acid": "review"}):
        model = formulate(load_case("tutorial"), policies)
        assert [objective.name for objective in model.component_objects(Objective)] == ["leverage"]
        assert all(row.active for row in model.component_objects(Constraint))
        free = {
            variable.parent_component().local_name
            for variable in model.component_data_objects(Var)
            if not variable.fixed
        }
        assert not [name for name in free if name.endswith("gap")]


@pytest.mark.parametrize("policies", [None, {}])
def test_every_family_says_what_it_is(policies: dict[str, str] | None) -> None:
    for case in (load_case("tutorial"), solved(3, True)[0]):
        model = formulate(case, policies)
        assert [name for name, doc in families(model).items() if not doc] == []
    assert "ship[l,p,t] <= cap_l(t)" in model.ours["none"].rationed.doc or "fillC" in model.ours["none"].rationed.doc
    assert all(block.ctype is Block for block in model.block_data_objects())


def test_units_are_named() -> None:
    case = load_case("tutorial")
    assert formulate(case).units.plain
    assert units_of(formulate(case)) == "those of the case"
    model = formulate(case, units="natural")
    assert model.units.money == 32.0
    assert units_of(model) == "1 of money is 32, 1 of acid is 8, 1 of gas is 8, 1 of chip is 4 in the units of the case"
    assert size_of(model).endswith("6 of them binary")


@pytest.mark.parametrize("factor", [1e-9, 1e6, 1e2, 1e-4])
def test_units_beyond_a_solvers_tolerances_become_natural(factor: float) -> None:
    case = load_case("tutorial")
    other = Units(money=factor, items={row.item: 1.0 for row in case.items}).natural(case)
    model = formulate(other)
    assert model.units.plain == (factor in (1e2, 1e-4))
    assert optimum(model) * model.units.money * factor == approx(35.7, rel=1e-5)


@pytest.mark.parametrize(
    ("policies", "units", "said"),
    [
        ({"acid": "revie"}, "case", "regime 'acid' has no policy 'revie'; did you mean 'review'"),
        ({"acd": "open"}, "case", "no regime 'acd' of ours; did you mean 'acid'"),
        (None, "metric", "no units 'metric'; there are auto, case, natural"),
    ],
)
def test_what_the_case_does_not_offer_is_refused(policies: dict[str, str] | None, units: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        formulate(load_case("tutorial"), policies, units=units)
