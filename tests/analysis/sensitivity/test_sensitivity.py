"""What an outcome of a sweep depends on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sluicegate.analysis.sensitivity.bootstrap import interval
from sluicegate.analysis.sensitivity.indices import morris_effects, sobol_indices, sobol_pairs
from sluicegate.analysis.sensitivity.outcomes import HolesError, counts, outcome_of, outcomes, spread
from sluicegate.analysis.sensitivity.sensitivity import main_effects, tornado
from sluicegate.analysis.sweep import worker as evaluating
from sluicegate.analysis.sweep.read import read_sweep
from sluicegate.analysis.sweep.run import run_sweep

from sluicegate_testing.sweep_cases import ISHIGAMI, S1, ST, designed, formula, ishigami

PATHS = [text.partition("=")[0] for text in ISHIGAMI]


def of_ishigami(design, **options):
    return formula(design, lambda samples: ishigami(samples.to_numpy(dtype=float)), **options)


def by_factor(table, column):
    return [float(table.set_index("factor")[column][path]) for path in PATHS]


# Sobol -----------------------------------------------------------------------------------------------------------------


def test_the_ishigami_function_has_its_known_indices():
    sweep = of_ishigami(designed("sobol", samples=2048, second_order=True, seed=3))
    table = sobol_indices(sweep)
    for known, column in ((S1, "S1"), (ST, "ST")):
        found, width = by_factor(table, column), by_factor(table, f"{column}_conf")
        assert found == pytest.approx(known, abs=0.03)
        assert all(abs(a - b) <= 1.5 * w for a, b, w in zip(found, known, width, strict=True))
    assert list(table["ST"]) == sorted(table["ST"], reverse=True)
    pairs = sobol_pairs(sweep)
    assert {pairs["first"][0], pairs["second"][0]} == {PATHS[0], PATHS[2]}
    assert pairs["S2"][0] == pytest.approx(0.2437, abs=0.03)
    assert abs(pairs["S2"][1:]).max() < 0.03


def test_the_ishigami_function_goes_through_storage_and_executors(monkeypatch, tmp_path):
    def rows(self, sample, values):
        value = float(ishigami(np.array([[values[path] for path in self.task.paths]]))[0])
        found = {"status": "optimal", "message": None, "leverage": value, "policies": "all open"}
        return [{"sample": sample, "mode": "free", **self.task.inputs(values), "seconds": 0.0, **found}]

    monkeypatch.setattr(evaluating.Worker, "rows", rows)
    design = designed("sobol", samples=1024, seed=5)
    from sluicegate import load_case

    run_sweep(load_case("tutorial"), design, tmp_path / "sweep")
    sweep = read_sweep(tmp_path / "sweep")
    assert by_factor(sobol_indices(sweep), "ST") == pytest.approx(ST, abs=0.06)
    pd.testing.assert_frame_equal(sobol_indices(sweep), sobol_indices(of_ishigami(design)))


def test_intervals_are_the_same_every_time_and_shrink_with_samples():
    few, many = (sobol_indices(of_ishigami(designed("sobol", samples=n, seed=0))) for n in (128, 2048))
    assert (few["ST_conf"] > 0).all() and (many["ST_conf"] < 0.5 * few["ST_conf"]).all()
    pd.testing.assert_frame_equal(few, sobol_indices(of_ishigami(designed("sobol", samples=128, seed=0))))


def test_discrete_and_text_figures_have_indices_too():
    vary = [
        "policies.acid/review.delay_weeks=2,4,6",
        "limits.budget=10@1,20@3",
        "demands.home-makers/chip.quantity=3..4",
    ]
    design = designed("sobol", vary, samples=1024)
    sweep = formula(
        design,
        lambda samples: samples[design.factors[0].path].astype(float) + 0.2 * samples["limits.budget"],
    )
    table = sobol_indices(sweep).set_index("factor")
    variances = np.array([8 / 3, 0.04 * 100 * 3 / 16, 0])
    known = variances / variances.sum()
    assert list(table.loc[[f.path for f in design.factors], "S1"]) == pytest.approx(known, abs=0.03)


# Holes -----------------------------------------------------------------------------------------------------------------


def with_holes(kind, **options):
    def status(samples):
        found = np.array(["optimal"] * len(samples), dtype=object)
        found[3:8], found[8], found[9], found[10] = "infeasible", "unknown", "failed", "refused"
        return found

    return of_ishigami(designed(kind, **options), status=status)


@pytest.mark.parametrize(
    ("kind", "function"),
    [("sobol", sobol_indices), ("morris", morris_effects), ("lhs", main_effects), ("grid", main_effects)],
)
def test_no_index_is_worked_out_over_holes(kind, function):
    sweep = with_holes(kind)
    many = len(sweep.design)
    with pytest.raises(HolesError) as caught:
        function(sweep)
    words = str(caught.value)
    assert words.startswith(
        f"Sensitivity indices need leverage in every sample; 8 of {many:,} have none (5 infeasible, 1 unknown, 1 failed, 1 refused)"
    )
    for advice in ("--outcome has_plan", "--time-limit", "narrow the ranges"):
        assert advice in words
    assert counts(sweep) == {"optimal": many - 8, "infeasible": 5, "unknown": 1, "failed": 1, "refused": 1}
    assert spread(sweep)["holes"] == 8


def test_samples_not_run_are_holes():
    sweep = of_ishigami(designed("lhs"))
    sweep = type(sweep)(sweep.case, sweep.design, sweep.frame.iloc[:100], sweep.meta, sweep.base)
    with pytest.raises(HolesError, match=r"28 of 128 have none \(28 not run.*--resume"):
        main_effects(sweep)


def test_a_figure_that_some_plans_do_not_have_is_a_hole():
    sweep = of_ishigami(designed("lhs"))
    frame = sweep.frame.assign(week=np.where(sweep.frame["sample"] < 2, np.nan, 5.0))
    sweep = type(sweep)(sweep.case, sweep.design, frame, sweep.meta, sweep.base)
    with pytest.raises(
        HolesError, match=r"need week in .*; 2 of 128 have none .2 with a plan, but without this figure"
    ):
        main_effects(sweep, "week")


def test_whether_there_is_a_plan_can_be_asked_over_infeasible_samples():
    design = designed("sobol", samples=256)
    first = design.factors[0].path
    sweep = of_ishigami(design, status=lambda samples: np.where(samples[first] < 3, "infeasible", "optimal"))
    table = sobol_indices(sweep, "has_plan").set_index("factor")
    assert table["S1"][first] == pytest.approx(1, abs=0.05)
    assert table["ST"].drop(first).max() == pytest.approx(0, abs=1e-9)


# Outcomes --------------------------------------------------------------------------------------------------------------


def test_outcomes_are_numbers_and_questions_about_policies():
    design = designed("lhs")
    first = design.factors[0].path
    sweep = of_ishigami(design, policies=lambda samples: np.where(samples[first] > 4, "all open", "acid=review"))
    assert outcomes(sweep) == [
        "seconds",
        "leverage",
        "own_loss",
        "has_plan",
        "same_policies",
        "same_choices",
    ]
    same = outcome_of(sweep, "same_policies")
    assert list(same) == list((design.samples[first] <= 4).astype(float))
    assert list(outcome_of(sweep, "policy.acid=open")) == list(1 - same)
    assert list(outcome_of(sweep, "policies=all open")) == list(1 - same)
    for wrong, message in (
        ("leverag", "did you mean 'leverage'"),
        ("zzz", "has_plan or same_policies"),
        ("policy.acid=strict", "never 'strict'; seen are open, review"),
    ):
        with pytest.raises(ValueError, match=message):
            outcome_of(sweep, wrong)


def test_an_outcome_that_does_not_vary_has_no_index():
    with pytest.raises(ValueError, match="own_loss is 1 in all 128 samples; nothing moves it"):
        main_effects(of_ishigami(designed("lhs")), "own_loss")


@pytest.mark.parametrize(
    ("function", "kind", "needs"),
    [
        (tornado, "lhs", "a tornado need"),
        (sobol_indices, "lhs", "Sobol indices need"),
        (morris_effects, "lhs", "elementary effects need"),
        (main_effects, "oat", "main effects need"),
        (sobol_pairs, "sobol", "--second-order"),
    ],
)
def test_each_answer_names_the_design_it_needs(function, kind, needs):
    with pytest.raises(ValueError, match=needs):
        function(of_ishigami(designed(kind)))


# Other designs ---------------------------------------------------------------------------------------------------------


def test_elementary_effects_of_a_linear_function_are_its_slopes():
    slopes = np.array([3.0, -2.0, 0.5])
    sweep = formula(designed("morris"), lambda samples: samples.to_numpy() @ slopes)
    table = morris_effects(sweep)
    assert by_factor(table, "mu") == pytest.approx(slopes * 2 * np.pi)
    assert by_factor(table, "mu_star") == pytest.approx(abs(slopes) * 2 * np.pi)
    assert list(table["sigma"]) == pytest.approx([0, 0, 0], abs=1e-9)
    assert list(table["factor"]) == PATHS


def test_elementary_effects_see_interactions():
    sweep = of_ishigami(designed("morris", samples=200))
    table = morris_effects(sweep).set_index("factor")
    assert table["mu_star"][PATHS[2]] > 0 and abs(table["mu"][PATHS[2]]) < table["mu_star"][PATHS[2]]
    assert (table["sigma"] > 1).all() and (table["mu_star_conf"] > 0).all()


def test_a_grid_shares_its_variance_exactly():
    x = ["limits.budget=0..10", "demands.home-makers/chip.quantity=0..1"]
    sweep = formula(
        designed("grid", x, levels=3), lambda s: s["limits.budget"] + 10 * s["demands.home-makers/chip.quantity"] ** 2
    )
    table = main_effects(sweep).set_index("factor")
    assert table["effect"].to_list() == pytest.approx([10, 10])
    assert table["share"].sum() == pytest.approx(1)
    assert table["effect_low"].isna().all()


def test_a_hypercube_tells_effects_and_shares_with_intervals():
    table = main_effects(of_ishigami(designed("lhs", samples=1500)))
    assert by_factor(table, "share") == pytest.approx(S1, abs=0.06)
    assert (table["share_low"] < table["share"]).all() and (table["share"] < table["share_high"]).all()
    straight = formula(designed("lhs", samples=900), lambda s: s[PATHS[0]] + 0.01 * s[PATHS[1]])
    row = main_effects(straight).set_index("factor").loc[PATHS[0]]
    assert row["effect"] == pytest.approx(2 / 3 * 2 * np.pi, rel=0.01)
    assert row["effect_low"] < row["effect"] < row["effect_high"]


def test_a_list_has_effects_and_no_shares():
    rng = np.random.default_rng(0)
    design = designed(
        "list",
        [],
        file=pd.DataFrame({"limits.budget": rng.uniform(9, 12, 80), "objective.scenario": ["worst", "none"] * 40}),
    )
    table = main_effects(
        formula(design, lambda s: s["limits.budget"] + 5.0 * (s["objective.scenario"] == "none"))
    ).set_index("factor")
    assert table["effect"]["objective.scenario"] == pytest.approx(5, abs=0.6)
    assert table["effect"]["limits.budget"] == pytest.approx(2, abs=1.2)
    assert table["share"].isna().all()


def test_a_tornado_keeps_ends_without_a_plan():
    vary = ["limits.budget=10..20", "demands.home-makers/chip.quantity=3..4", "policies.acid/review.delay_weeks=2,8,3"]
    design = designed("oat", vary)

    def status(samples):
        return np.where(samples["limits.budget"] < 12, "infeasible", "optimal")

    def leverage(samples):
        return samples["limits.budget"] + samples["policies.acid/review.delay_weeks"].astype(float)

    def policies(samples):
        return np.where(samples["limits.budget"] > 15, "all open", "acid=review")

    table = tornado(formula(design, leverage, policies, status))
    assert table.attrs["base"] == 19
    assert list(table["factor"]) == [
        "policies.acid/review.delay_weeks",
        "limits.budget",
        "demands.home-makers/chip.quantity",
    ]
    assert list(table["swing"]) == [6, 5, 0]
    budget = table.set_index("factor").loc["limits.budget"]
    assert (budget["status_low"], budget["holes"], budget["at_high"]) == ("infeasible", 1, 24)
    assert np.isnan(budget["at_low"])
    assert list(table["switches"]) == [False, True, False]


def test_a_tornado_needs_the_case_as_it_is():
    sweep = formula(designed("oat", ["limits.budget=10..20"]), lambda s: 1.0, status=lambda s: "infeasible")
    with pytest.raises(HolesError, match="the case as it is has no leverage"):
        tornado(sweep)


def test_bootstrap_intervals_cover():
    covered = 0
    for seed in range(60):
        values = np.random.default_rng(seed).normal(size=80)
        low, high = interval(lambda drawn, values=values: values[drawn].mean(axis=1), 80, seed)
        covered += low <= 0 <= high
        assert high - low == pytest.approx(2 * norm.ppf(0.975) / np.sqrt(80), rel=0.35)
    assert covered >= 51
