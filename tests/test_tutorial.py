"""The figures that docs/tutorial.md works out by hand are those of the program."""

from __future__ import annotations

import pytest
from sluicegate import evaluate, load_case, solve
from sluicegate.data import apply_overrides
from sluicegate.model.leader.problem import Problem

V = {
    ("open", "open"): 400.8,
    ("review", "open"): 501.2,
    ("strict", "open"): 571.2,
    ("open", "review"): 525.7,
    ("review", "review"): 531.1,
    ("strict", "review"): 575.9,
}
LEVERAGE = {
    # acid, gas: without and with the second source
    ("open", "open"): (-14.0, -20.0),
    ("review", "open"): (31.9, 29.9),
    ("strict", "open"): (67.9, 68.9),
    ("open", "review"): (51.9, 47.9),
    ("review", "review"): (44.3, 40.3),
    ("strict", "review"): (65.6, 62.6),
}
ALLOWED = {("open", "open", False), ("open", "open", True), ("review", "open", True)}


@pytest.mark.parametrize("policies", V)
def test_what_abroad_pays(policies: tuple[str, str]) -> None:
    problem = Problem(load_case("tutorial"))
    assert problem.response_cost(dict(zip(("acid", "gas"), policies, strict=True))) == pytest.approx(
        V[policies], abs=1e-6
    )


@pytest.mark.parametrize("policies", LEVERAGE)
@pytest.mark.parametrize("second", [False, True])
def test_leverage_of_every_combination(policies: tuple[str, str], second: bool) -> None:
    case = load_case("tutorial")
    chosen = dict(zip(("acid", "gas"), policies, strict=True))
    qualified = ("chip-world-home",) if second else ()
    # Continuity is left aside in this table, so it is taken out of the case.
    free = apply_overrides(case, [f"demands.home-makers/chip.{column}=0" for column in ("min_fill", "min_fill_week")])
    assert evaluate(free, chosen, qualified).leverage == pytest.approx(LEVERAGE[policies][second], abs=1e-6)
    plan = evaluate(case, chosen, qualified)
    assert (plan.status == "feasible") == ((*policies, second) in ALLOWED)


def test_the_plan() -> None:
    plan = solve(load_case("tutorial"))
    assert plan.status == "optimal"
    assert plan.policies == {"acid": "review", "gas": "open"}
    assert plan.qualified == ("chip-world-home",)
    assert plan.leverage == pytest.approx(29.9, abs=1e-6)
    assert plan.counterpart_loss == pytest.approx(102.4, abs=1e-6)
    assert plan.own_loss == pytest.approx(72.5, abs=1e-6)
    assert plan.worst_package == "chip-inspection"
    assert plan.sourcing_only_leverage == pytest.approx(-14.0, abs=1e-6)
    assert plan.leverage_range == pytest.approx((29.9, 29.9), abs=1e-4)
    assert plan.scenarios["none"]["leverage"] == pytest.approx(39.9, abs=1e-6)
    assert plan.counterpart_fill["abroad-fab/chip"] == pytest.approx(0.85, abs=1e-6)
    assert plan.first_shortage_week["abroad-fab/chip"] == 2
    assert plan.scenarios["none"]["fill"]["home-makers/chip"] == pytest.approx(0.95, abs=1e-6)


def test_a_larger_budget_moves_the_plan() -> None:
    plan = solve(apply_overrides(load_case("tutorial"), ["limits.budget=16"]))
    assert plan.policies == {"acid": "strict", "gas": "open"}
    assert plan.leverage == pytest.approx(68.9, abs=1e-6)
