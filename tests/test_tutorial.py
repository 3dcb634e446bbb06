"""The figures that docs/tutorial.md works out by hand are those of the program."""

from __future__ import annotations

import pytest
from sluicegate import evaluate, load_case, solve
from sluicegate.data import apply_overrides
from sluicegate.model.leader.problem import Problem

V = {
    ("open", "open"): 400.16,
    ("review", "open"): 496.36,
    ("strict", "open"): 566.52,
    ("open", "review"): 521.16,
    ("review", "review"): 522.36,
    ("strict", "review"): 567.48,
}
LEVERAGE = {
    # acid, gas: without and with the second source
    ("open", "open"): (-14.0, -20.0),
    ("review", "open"): (37.7, 35.7),
    ("strict", "open"): (73.86, 74.86),
    ("open", "review"): (53.0, 49.0),
    ("review", "review"): (51.2, 47.2),
    ("strict", "review"): (72.82, 69.82),
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
    assert plan.leverage == pytest.approx(35.7, abs=1e-6)
    assert plan.counterpart_loss == pytest.approx(98.2, abs=1e-6)
    assert plan.own_loss == pytest.approx(62.5, abs=1e-6)
    assert plan.worst_package == "chip-inspection"
    assert plan.sourcing_only_leverage == pytest.approx(-14.0, abs=1e-6)
    assert plan.leverage_range == pytest.approx((35.7, 35.7), abs=1e-4)
    assert plan.scenarios["none"]["leverage"] == pytest.approx(45.7, abs=1e-6)
    assert plan.counterpart_fill["abroad-fab/chip"] == pytest.approx(0.85, abs=1e-6)
    assert plan.first_shortage_week["abroad-fab/chip"] == 2
    assert plan.scenarios["none"]["fill"]["home-makers/chip"] == pytest.approx(0.95, abs=1e-6)


def test_a_larger_budget_moves_the_plan() -> None:
    plan = solve(apply_overrides(load_case("tutorial"), ["limits.budget=16"]))
    assert plan.policies == {"acid": "strict", "gas": "open"}
    assert plan.leverage == pytest.approx(74.86, abs=1e-6)


def test_a_licence_that_grants_forty_per_cent() -> None:
    # 4 of 10 t a week leave home: 95 lots of 100 are made, and home sells 60 t of acid and 5 t of gas less.
    settings = ["lanes.acid-home-abroad.max_flow=10", "policies.acid/review.delay_weeks=0"]
    case = apply_overrides(load_case("tutorial"), [*settings, "policies.acid/review.approval_rate=0.4"])
    plan = evaluate(case, {"acid": "review"})
    flows = plan.tables["flows"].groupby("lane")["dispatched"]
    theirs = plan.tables["flows"][plan.tables["flows"]["lane"] == "acid-home-abroad"]
    assert theirs["dispatched"].tolist() == pytest.approx([4.0] * 10)
    assert flows.sum()["gas-home-abroad"] == pytest.approx(95.0)
    assert plan.counterpart_fill["abroad-fab/chip"] == pytest.approx(0.95)
    assert plan.scenarios["none"]["counterpart_loss"] == pytest.approx(66.1, abs=1e-6)
    assert plan.scenarios["none"]["own_loss"] == pytest.approx(43.5, abs=1e-6)


def test_the_causes_of_the_plan() -> None:
    # 15 lots at 6, the world's premium on 5 t, capital under review less holding saved, the package.
    plan = solve(load_case("tutorial"))
    causes = plan.tables["causes"]
    worst = causes[causes["scenario"] == "chip-inspection"]
    theirs = worst[worst["side"] == "counterpart"].set_index(["cause", "item"])["amount"]
    assert theirs["sales", "chip"] == pytest.approx(90.0)
    assert theirs["sources", "acid"] == pytest.approx(5.0)
    assert theirs["holding", "acid"] == pytest.approx(1.28 - 0.08)
    assert theirs["package", ""] == pytest.approx(2.0)
    for scenario, both in plan.scenarios.items():
        for side, name in (("counterpart", "counterpart_loss"), ("ours", "own_loss")):
            there = causes[(causes["scenario"] == scenario) & (causes["side"] == side)]
            assert there["amount"].sum() == pytest.approx(both[name], rel=1e-9)
