"""Leverage against concentration and the number of suppliers, by hand and against solves of every level alone."""

from __future__ import annotations

import pytest
from pytest import approx
from sluicegate import Case, evaluate, explain, frontier, solve
from sluicegate.data import apply_overrides
from sluicegate.report.views.plan import plan_view

from sluicegate_testing.builders import case, demand, idle, lane, stock


def bought(**limits: float) -> Case:
    """10 at 1 from the world; at 2 from overseas, at 3 from the friend."""
    return case(
        items=[{"item": "x"} | limits],
        lanes=[
            lane("world", "us", 10.0),
            idle("overseas", "us", 10.0, unit_cost=2.0),
            idle("third", "us", 10.0, unit_cost=3.0),
        ],
        sites={"third": "overseas"},
        demands=[demand("us", 10.0, 99.0, min_fill=1.0)],
    )


def test_concentration_by_hand() -> None:
    # A share of s of the world costs 10 - 10 s more; below a half the other party would have more than its share.
    found = frontier(bought(max_party_share=0.9), "max_party_share", points=6)
    plans = [(point.level, point.used, point.leverage) for point in found.feasible]
    assert plans == [approx((s, s, 10 * s - 10)) for s in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    assert found.status == "optimal"
    assert found.unit == "share"


def test_concentration_of_sites() -> None:
    # Thirds: the world and overseas up to s each, the third site the rest at 3.
    found = frontier(bought(max_supplier_share=0.9), "max_supplier_share", low=0.4, high=0.6, points=3)
    assert [point.leverage for point in found.feasible] == approx([-(4 + 2 * 2), -5.0, -4.0])
    assert solve(bought(max_supplier_share=0.4)).leverage == approx(-8.0)


def test_numbers_of_suppliers() -> None:
    found = frontier(bought(min_suppliers=1, min_supplier_share=0.2), "min_suppliers")
    assert [(point.level, point.used, point.leverage) for point in found.feasible] == [
        approx((1.0, 1.0, 0.0)),
        approx((2.0, 2.0, -2.0)),
        approx((3.0, 3.0, -6.0)),
    ]
    assert found.steps


def test_the_value_of_stockpiles_by_hand() -> None:
    # In two weeks of outage a unit of stock, for 2, saves 9; what is left where nothing fails was bought too dear, by 1.
    made = case(
        2,
        items=[{"item": "x"}],
        lanes=[lane("world", "us", 10.0)],
        demands=[demand("us", 10.0, 9.0)],
        stocks=[stock("us", stockpile_max=30.0, stockpile_cost=2.0)],
        contingencies=[
            {"contingency": "fire", "lane": "world-us", "from_week": 0, "availability": 0.0, "probability": 0.5}
        ],
        objective="expected",
    )
    found = frontier(made, "stockpile_value", points=5)
    plans = [(point.level, point.used, point.stockpile.get("us/x", 0.0)) for point in found.feasible]
    assert plans == [approx((value, value, value / 2)) for value in (0.0, 10.0, 20.0, 30.0, 40.0)]
    # A unit costs 2, and saves 1 that is not bought where nothing fails, 9 that are not lost where it does.
    assert [point.leverage for point in found.feasible] == approx([-80.0 + 3.0 * units for units in (0, 5, 10, 15, 20)])
    assert (found.status, found.unit) == ("optimal", "")
    half = frontier(made, "stockpile_value", low=5.0, high=15.0, points=2)
    assert [point.used for point in half.feasible] == approx([5.0, 15.0])
    # The same as a limit of the case, in any plan, in the words of `explain` and named where choices break it.
    limited = apply_overrides(made, ["limits.stockpile_value=15"])
    plan = solve(limited)
    assert (plan.leverage, plan.stockpile) == (approx(-80.0 + 3.0 * 7.5), {"us/x": approx(7.5)})
    assert plan.leverage == approx(solve(limited, method="program").leverage)
    assert plan.limits["stockpile_value"] == {"used": approx(15.0), "limit": 15.0}
    assert ("value of stockpiles", 15.0) in [(row.words, row.limit) for row in plan_view(plan).uses]
    assert evaluate(limited, {}, (), {"us/x": 7.5}).violations == ()
    assert evaluate(limited, {}, (), {"us/x": 10.0}).violations == ("value of stockpiles at most 15: over by 5",)
    (price,) = (each for each in explain(limited).worths.binding if each.limit.figure.kind == "stockpile_value")
    assert (price.limit.figure.path, price.unit, price.marginal) == ("limits.stockpile_value", "1", approx(1.5))
    needy = apply_overrides(limited, ["demands.us/x.min_fill=1"])
    assert "limits.stockpile_value" in {limit.figure.path for limit in explain(needy).conflict.limits}
    with pytest.raises(ValueError, match="no stockpile can be bought"):
        frontier(bought(), "stockpile_value")


def test_a_level_without_a_plan_is_told() -> None:
    found = frontier(bought(max_party_share=0.9), "max_party_share", low=0.2, high=0.6, points=3)
    assert [(point.level, point.status) for point in found.points] == [
        (approx(0.4), "infeasible"),
        (approx(0.6), "optimal"),
    ]


def test_wrong_questions() -> None:
    with pytest.raises(ValueError, match="no item that we buy has a max_supplier_share"):
        frontier(bought(), "max_supplier_share")
    with pytest.raises(ValueError, match="high must be 1 or less, for it is a share, not 60"):
        frontier(bought(max_party_share=0.9), "max_party_share", high=60)
