"""Which policies are best in which samples, and what keeping to the base plan's costs."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sluicegate import make_design, read_sweep, solve
from sluicegate.analysis.sensitivity.advice import (
    BASE_PLAN,
    choice_map,
    choice_shares,
    chosen,
    decision_shares,
    regret,
    regret_by_choices,
    set_names,
)
from sluicegate.analysis.sensitivity.outcomes import outcome_of
from sluicegate.analysis.sensitivity.sensitivity import tornado
from sluicegate.analysis.sweep.run import run_sweep
from sluicegate.data import apply_overrides
from sluicegate.model.plan.choices import Choices
from sluicegate.report.format.documents import to_json
from sluicegate.report.text.sweep import show_sweep
from sluicegate.report.views.sweep import sweep_document

from sluicegate_testing.sourcing_cases import sourcing
from sluicegate_testing.sweep_cases import designed, formula

BUDGET, QUANTITY = "limits.budget", "demands.home-makers/chip.quantity"
TWO = [f"{BUDGET}=0..10", f"{QUANTITY}=0..1"]


def steps(samples):
    return np.where(samples[BUDGET] < 2.5, "all open", "acid=review")


def ends(samples):
    return np.where(samples[QUANTITY] < 0.1, "infeasible", "optimal")


def test_shares_count_every_sample_and_keep_those_without_a_plan():
    sweep = formula(designed("lhs", TWO, samples=200), lambda s: s[BUDGET], steps, ends)
    table = choice_shares(sweep).set_index("choices")
    assert table["samples"].sum() == 200 and table["share"].sum() == pytest.approx(1)
    assert table["samples"]["no plan satisfies the limits"] == 20
    assert bool(table["base"]["acid=review"]) and not table["base"].drop("acid=review").any()
    assert ((table["share_low"] < table["share"]) & (table["share"] < table["share_high"])).all()
    width = table["share_high"]["all open"] - table["share_low"]["all open"]
    share = table["share"]["all open"]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / 200), rel=0.2)


def test_shares_of_a_grid_have_no_interval():
    table = choice_shares(formula(designed("grid", TWO), lambda s: s[BUDGET], steps))
    assert table["share_low"].isna().all()


def test_whole_blocks_are_drawn_where_samples_depend_on_each_other():
    design = designed("sobol", TWO, samples=64)
    table = choice_shares(formula(design, lambda s: s[BUDGET], steps)).set_index("choices")
    alone = np.sqrt(0.25 * 0.75 / len(design))
    width = (table["share_high"] - table["share_low"])["all open"] / 2 / 1.96
    # Samples of a block repeat each other's figures: fewer of them are worth as much.
    assert width > 1.2 * alone


def test_sets_are_named_by_what_differs_from_the_base_plan():
    sweep = formula(designed("lhs", TWO), lambda s: s[BUDGET], steps, ends)
    assert set_names(sweep) == {
        "acid=review": BASE_PLAN,
        "all open": "Acid exports: open",
        "no plan satisfies the limits": "no plan satisfies the limits",
    }
    without = {"status": "infeasible", "choices": {}}
    assert set_names(formula(designed("lhs", TWO), lambda s: s[BUDGET], steps, base=without))["all open"] == "all open"


def test_policies_are_counted_by_regime():
    table = decision_shares(formula(designed("lhs", TWO, samples=100), lambda s: s[BUDGET], steps))
    assert table[["kind", "name", "choice", "samples", "share", "base"]].to_dict("records") == [
        {"kind": "policy", "name": "acid", "choice": "review", "samples": 75, "share": 0.75, "base": True},
        {"kind": "policy", "name": "acid", "choice": "open", "samples": 25, "share": 0.25, "base": False},
    ]


def test_a_map_shows_every_point_of_a_grid_of_two():
    table = choice_map(formula(designed("grid", TWO, levels=5), lambda s: s[BUDGET], steps, ends))
    assert len(table) == 25 and table.attrs == {"x": BUDGET, "y": QUANTITY}
    assert set(table.loc[table["y"] == 0, "choices"]) == {"no plan satisfies the limits"}
    assert list(table.loc[table["y"] == 1, "choices"]) == ["all open"] + ["acid=review"] * 4
    with pytest.raises(ValueError, match=r"a map needs a grid of two figures; this is a lhs of 2 figures"):
        choice_map(formula(designed("lhs", TWO), lambda s: s[BUDGET]))


def test_regret_is_what_the_base_plan_loses():
    design = designed("grid", TWO, levels=5)
    sweep = formula(design, lambda s: s[BUDGET] + 5, steps, fixed=lambda s: np.minimum(s[BUDGET], 5.0) + 5)
    frame = regret(sweep)
    assert list(frame["regret"]) == list(np.maximum(design.samples[BUDGET] - 5, 0))
    assert list(frame["better"]) == list(frame["regret"] > 0)
    table = regret_by_choices(sweep).set_index("choices")
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


# Choices that are no policies -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def supplied(tmp_path_factory):
    """A case without a regime of ours: the budget decides which second sources are qualified, and what is stockpiled."""
    case = sourcing(stockpile_max=30, budget=12)
    place = tmp_path_factory.mktemp("sweeps") / "supplied"
    vary = ["limits.budget=0,5,12,16", "lanes.alt-a.fixed_cost=10,40"]
    run_sweep(case, make_design(case, "grid", vary), place, policies="both")
    return read_sweep(place)


def test_rows_hold_every_first_stage_choice_without_a_regime_of_ours(supplied):
    frame = supplied.frame[supplied.frame["mode"] == "free"]
    assert {"qualified.alt-a", "qualified.alt-b", "stockpile.us/x", "policies"} <= set(frame.columns)
    assert not frame[["qualified.alt-a", "stockpile.us/x", "policies"]].isna().any(axis=None)
    for _, row in frame.iterrows():
        case = apply_overrides(supplied.case, [f"{path}={row[f'in.{path}']:g}" for path in supplied.design.samples])
        plan = solve(case)
        assert row["qualified.alt-a"] == float("alt-a" in plan.qualified)
        assert row["stockpile.us/x"] == pytest.approx(plan.stockpile.get("us/x", 0.0), abs=1e-6)


def test_advice_is_told_apart_by_lanes_and_stockpiles(supplied):
    base = Choices.of(supplied.base)
    assert base.qualified == ("alt-a",) and 1 < base.stockpile["us/x"] < 2
    names = set_names(supplied)
    table = choice_shares(supplied).set_index("choices")
    told = {names[text]: int(samples) for text, samples in table["samples"].items()}
    assert told[BASE_PLAN] == 1
    assert told["does not qualify alt-a; does not stockpile us/x"] == 2
    assert sum(told.values()) == 8 and sum(table["base"]) == 1
    # With 12 and 16 of budget the lane is there, with other amounts; without it stock alone, more of it.
    (other,) = [name for name in told if name.startswith("stockpiles us/x (5.")]
    assert told[other] == 1
    (stock,) = [name for name in told if name.startswith("does not qualify alt-a; stockpiles us/x (")]
    assert told[stock] == 4 and " to " in stock and stock.endswith(" t)")
    assert sorted(choice_map(supplied)["choices"].unique()) == sorted(table.index)


def test_lanes_and_stockpiles_are_counted(supplied):
    table = decision_shares(supplied).set_index(["kind", "name", "choice"])
    assert table["samples"].to_dict() == {
        ("qualified", "alt-a", "no"): 6,
        ("qualified", "alt-a", "yes"): 2,
        ("qualified", "alt-b", "no"): 8,
        ("stockpile", "us/x", "some"): 6,
        ("stockpile", "us/x", "none"): 2,
    }
    assert table["base"].to_dict()["qualified", "alt-a", "yes"]
    row = table.loc["stockpile", "us/x", "some"]
    assert 0 < row["least"] <= row["median"] <= row["most"] < 15


def test_regret_and_outcomes_go_by_all_choices(supplied):
    table = regret_by_choices(supplied)
    assert table["samples"].sum() == 8 and len(table) == len(choice_shares(supplied))
    same = outcome_of(supplied, "same_choices")
    assert same.sum() == 1 and len(same) == 8
    assert outcome_of(supplied, "same_policies").sum() == 8
    text = shown(supplied)
    assert "Which choices are best where" in text and "Lanes to qualify and stockpiles" in text
    assert "stockpiles that differ by at most 1% of stockpile_max" in " ".join(text.split()).lower()
    assert "Policy by regime" not in text
    document = json.loads(to_json(sweep_document(supplied)))
    assert len(document["choice_shares"]) == 4 and document["base"]["qualified"] == ["alt-a"]


def test_a_figure_that_moves_lanes_alone_changes_the_advice(tmp_path):
    case = sourcing(budget=12)
    run_sweep(case, make_design(case, "oat", ["limits.budget=5..15", "demands.us/x.quantity=9..11"]), tmp_path / "oat")
    table = tornado(read_sweep(tmp_path / "oat")).set_index("factor")
    assert table["switches"].to_dict() == {"limits.budget": True, "demands.us/x.quantity": False}


def test_ids_that_join_to_one_text_are_two_sets():
    frame = pd.DataFrame(
        {
            "status": "optimal",
            "policies": "a=b=c",
            "policy.a": ["b=c", "open"],
            "policy.a=b": ["open", "c"],
            "leverage": 1.0,
        }
    ).assign(sample=[0, 1], mode="free")
    design = designed("lhs", TWO, samples=2)
    sweep = dataclasses.replace(formula(design, lambda s: s[BUDGET]), frame=frame)
    assert list(choice_shares(sweep)["samples"]) == [1, 1]


def shown(sweep):
    page = io.StringIO()
    show_sweep(sweep, Console(file=page, width=110))
    return page.getvalue()
