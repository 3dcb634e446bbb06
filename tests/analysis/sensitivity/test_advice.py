"""Which policies are best in which samples, and what keeping to the base plan's costs."""

from __future__ import annotations

import numpy as np
import pytest
from sluicegate.analysis.sensitivity.advice import (
    BASE_PLAN,
    chosen,
    policy_map,
    policy_shares,
    regime_shares,
    regret,
    regret_by_policies,
    set_names,
)

from sluicegate_testing.sweep_cases import designed, formula

BUDGET, QUANTITY = "limits.budget", "demands.home-makers/chip.quantity"
TWO = [f"{BUDGET}=0..10", f"{QUANTITY}=0..1"]


def steps(samples):
    return np.where(samples[BUDGET] < 2.5, "all open", "acid=review")


def ends(samples):
    return np.where(samples[QUANTITY] < 0.1, "infeasible", "optimal")


def test_shares_count_every_sample_and_keep_those_without_a_plan():
    sweep = formula(designed("lhs", TWO, samples=200), lambda s: s[BUDGET], steps, ends)
    table = policy_shares(sweep).set_index("policies")
    assert table["samples"].sum() == 200 and table["share"].sum() == pytest.approx(1)
    assert table["samples"]["no plan satisfies the limits"] == 20
    assert bool(table["base"]["acid=review"]) and not table["base"].drop("acid=review").any()
    assert ((table["share_low"] < table["share"]) & (table["share"] < table["share_high"])).all()
    width = table["share_high"]["all open"] - table["share_low"]["all open"]
    share = table["share"]["all open"]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / 200), rel=0.2)


def test_shares_of_a_grid_have_no_interval():
    table = policy_shares(formula(designed("grid", TWO), lambda s: s[BUDGET], steps))
    assert table["share_low"].isna().all()


def test_whole_blocks_are_drawn_where_samples_depend_on_each_other():
    design = designed("sobol", TWO, samples=64)
    table = policy_shares(formula(design, lambda s: s[BUDGET], steps)).set_index("policies")
    alone = np.sqrt(0.25 * 0.75 / len(design))
    width = (table["share_high"] - table["share_low"])["all open"] / 2 / 1.96
    # Samples of a block repeat each other's figures: fewer of them are worth as much.
    assert width > 1.2 * alone


def test_sets_are_named_by_what_differs_from_the_base_plan():
    sweep = formula(designed("lhs", TWO), lambda s: s[BUDGET], steps, ends)
    assert set_names(sweep) == {
        "acid=review": BASE_PLAN,
        "all open": "acid open",
        "no plan satisfies the limits": "no plan satisfies the limits",
    }
    without = {"status": "infeasible", "policies": {}}
    assert set_names(formula(designed("lhs", TWO), lambda s: s[BUDGET], steps, base=without))["all open"] == "all open"


def test_policies_are_counted_by_regime():
    table = regime_shares(formula(designed("lhs", TWO, samples=100), lambda s: s[BUDGET], steps))
    assert table.to_dict("records") == [
        {"regime": "acid", "policy": "review", "samples": 75, "share": 0.75, "base": True},
        {"regime": "acid", "policy": "open", "samples": 25, "share": 0.25, "base": False},
    ]


def test_a_map_shows_every_point_of_a_grid_of_two():
    table = policy_map(formula(designed("grid", TWO, levels=5), lambda s: s[BUDGET], steps, ends))
    assert len(table) == 25 and table.attrs == {"x": BUDGET, "y": QUANTITY}
    assert set(table.loc[table["y"] == 0, "policies"]) == {"no plan satisfies the limits"}
    assert list(table.loc[table["y"] == 1, "policies"]) == ["all open"] + ["acid=review"] * 4
    with pytest.raises(ValueError, match=r"a map needs a grid of two figures; this is a lhs of 2 figures"):
        policy_map(formula(designed("lhs", TWO), lambda s: s[BUDGET]))


def test_regret_is_what_the_base_plan_loses():
    design = designed("grid", TWO, levels=5)
    sweep = formula(design, lambda s: s[BUDGET] + 5, steps, fixed=lambda s: np.minimum(s[BUDGET], 5.0) + 5)
    frame = regret(sweep)
    assert list(frame["regret"]) == list(np.maximum(design.samples[BUDGET] - 5, 0))
    assert list(frame["better"]) == list(frame["regret"] > 0)
    table = regret_by_policies(sweep).set_index("policies")
    row = table.loc["acid=review"]
    assert (row["samples"], row["mean"], row["median"], row["most"], row["not_allowed"]) == (20, 1.875, 1.25, 5, 0)
    assert table["mean"]["all open"] == 0


def test_a_difference_within_the_gap_is_no_regret():
    frame = regret(formula(designed("grid", TWO), lambda s: 100.0, fixed=lambda s: 99.995))
    assert not frame["better"].any()


def test_a_base_plan_that_breaks_a_limit_has_no_regret():
    sweep = formula(designed("lhs", TWO), lambda s: s[BUDGET], steps, ends, fixed=lambda s: s[BUDGET])
    frame = regret(sweep)
    assert not frame.loc[chosen(sweep) == "no plan satisfies the limits", "allowed"].any()
    assert frame["regret"].isna().sum() == (~frame["allowed"]).sum() > 0
    with pytest.raises(ValueError, match="--policies both"):
        regret(formula(designed("lhs", TWO), lambda s: s[BUDGET]))
