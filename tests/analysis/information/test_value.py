"""What it is worth to know more: closed forms, properties, and the worlds where a plan goes wrong."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sluicegate.analysis.information.measures import conditional_value_at_risk, out_of_sample, quantile, replicated_gap
from sluicegate.analysis.information.regions import worst_region
from sluicegate.analysis.information.value import best_of, partial_information, perfect_information


def gain(mean, spread):
    """Mean of what is above 0 of a normal distribution."""
    return mean * norm.cdf(mean / spread) + spread * norm.pdf(mean / spread)


def test_the_value_of_knowing_a_figure_is_that_of_the_closed_form():
    """Two plans, the second ahead by -1 + 3 a + b: knowing a is worth the mean of what 3 a - 1 is above 0."""
    drawn = np.random.default_rng(3).standard_normal((2000, 4))
    figures = pd.DataFrame(drawn, columns=list("abcd"))
    first = 10 * drawn[:, 2]
    benefits = np.column_stack([first, first - 1 + 3 * drawn[:, 0] + drawn[:, 1]])
    found = partial_information(benefits, np.full(2000, 1 / 2000), figures)
    by_name = {known.name: known for known in found}
    assert [known.name for known in found[:2]] == ["a", "b"]
    for name, spread in (("a", 3.0), ("b", 1.0)):
        known = by_name[name]
        assert known.low - 0.02 <= gain(-1, spread) <= known.high + 0.02
        assert known.value == pytest.approx(gain(-1, spread), abs=0.1)
    # What moves both plans alike is not worth knowing.
    assert by_name["c"].value < 0.02 and by_name["d"].value < 0.02
    assert perfect_information(benefits, np.full(2000, 1 / 2000)) == pytest.approx(gain(-1, math.sqrt(10)), abs=0.1)


def test_a_group_is_known_as_a_whole_and_a_curve_need_not_be_a_line():
    rng = np.random.default_rng(5)
    rank = rng.random(1000)
    figures = pd.DataFrame({"x": rank, "y": 10 + 5 * rank**3, "z": rng.random(1000)})
    ahead = 4 * np.abs(rank - 0.5) - 1 + 0.2 * rng.standard_normal(1000)
    found = partial_information(
        np.column_stack([np.zeros(1000), ahead]), np.full(1000, 1e-3), figures, {"x": "together", "y": "together"}
    )
    assert [known.name for known in found] == ["together", "z"]
    assert found[0].figures == ("x", "y")
    # 4 |u - 0.5| - 1 is uniform from -1 to 1: a quarter on average is above 0.
    assert found[0].value == pytest.approx(0.25, abs=0.03)
    assert found[0].low <= 0.25 <= found[0].high


def test_worlds_that_are_told_are_all_there_are():
    figures = pd.DataFrame({"story": ["calm", "storm", "flood"], "wind": [1.0, None, 1.0]})
    benefits, weights = np.array([[10.0, 0.0], [0.0, 6.0], [0.0, 8.0]]), np.array([0.5, 0.25, 0.25])
    found = {known.name: known for known in partial_information(benefits, weights, figures, drawn=False)}
    assert found["story"].value == pytest.approx(perfect_information(benefits, weights)) == pytest.approx(3.5)
    # With the wind at 1 the first plan has 5 on average and the second 2, without it the second has 6: 3.75 + 1.5 - 5.
    assert found["wind"].value == pytest.approx(0.75 * 20 / 3 + 0.25 * 6 - 5)
    assert (found["wind"].low, found["wind"].high) == (found["wind"].value, found["wind"].value)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_to_know_all_figures_is_to_know_the_world(seed, plans):
    """EVPPI of all figures together is EVPI, also where no figure alone tells one world from another."""
    rng = np.random.default_rng(seed)
    figures = pd.DataFrame([(a, b, c) for a in (1.0, 2.0) for b in ("x", None) for c in (0, 1, 2)], columns=list("abc"))
    benefits, weights = rng.standard_normal((12, plans)) * 100, rng.random(12) + 0.1
    weights /= weights.sum()
    (known,) = partial_information(benefits, weights, figures, dict.fromkeys("abc", "all"), drawn=False)
    assert known.figures == ("a", "b", "c")
    assert known.value == pytest.approx(perfect_information(benefits, weights), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 40), st.integers(1, 4))
def test_nothing_is_worth_less_than_nothing_or_more_than_everything(seed, many, plans):
    rng = np.random.default_rng(seed)
    figures = pd.DataFrame({"a": rng.random(many), "b": rng.integers(0, 3, many), "c": rng.choice(["x", "y"], many)})
    benefits = rng.standard_normal((many, plans)) * 100 + 50 * figures["a"].to_numpy()[:, None]
    weights = rng.random(many) + 0.1
    weights /= weights.sum()
    most = perfect_information(benefits, weights)
    assert most >= 0
    for known in partial_information(benefits, weights, figures):
        assert 0 <= known.low <= known.value <= known.high
        assert known.value <= most + 1e-9
    # Twice the same world is the world of twice the weight.
    twice = perfect_information(np.vstack([benefits, benefits]), np.concatenate([weights, weights]) / 2)
    assert twice == pytest.approx(most)
    assert best_of(benefits, weights) == int((weights @ benefits).argmax())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 1)), min_size=1, max_size=12), st.floats(0, 0.95))
def test_the_tail_is_what_rockafellar_and_uryasev_say(pairs, level):
    """CVaR of leverage is the greatest t - E[(t - L)+] / (1 - level), taken at some L."""
    leverages = np.array([leverage for leverage, _ in pairs])
    weights = np.array([weight for _, weight in pairs])
    weights /= weights.sum()
    at = [t - weights @ np.maximum(0.0, t - leverages) / (1 - level) for t in leverages]
    assert conditional_value_at_risk(leverages, weights, level) == pytest.approx(max(at), abs=1e-9)
    assert conditional_value_at_risk(leverages, weights, 0.0) == pytest.approx(weights @ leverages)
    assert leverages.min() - 1e-9 <= conditional_value_at_risk(leverages, weights, level) <= weights @ leverages + 1e-9
    assert (
        leverages.min() <= quantile(leverages, weights, 0.05) <= quantile(leverages, weights, 0.95) <= leverages.max()
    )


def test_fresh_worlds_say_how_sure_they_are():
    rng = np.random.default_rng(2)
    leverages = rng.normal(10, 10, 256)
    found = out_of_sample(leverages, np.ones(256, dtype=bool), 7)
    assert found.mean.low < 10 < found.mean.high
    assert found.cvar.low < 10 - 10 * norm.pdf(norm.ppf(0.1)) / 0.1 < found.cvar.high
    assert found.share_negative.low < norm.cdf(-1) < found.share_negative.high
    # All kept in 256 worlds is no proof that all are kept in every world.
    assert found.share_kept.value == found.share_kept.high == 1 and 0.97 < found.share_kept.low < 0.99
    assert found.to_dict()["mean"] == found.mean.to_list()
    assert out_of_sample(leverages, np.ones(256, dtype=bool), 7) == found


def test_the_gap_over_samples_is_bounded_by_students_t():
    found = replicated_gap([1.0, 2.0, 3.0])
    assert (found.value, found.low) == (2.0, 0.0)
    assert found.high == pytest.approx(2 + 2.919985580353725 / math.sqrt(3))
    assert replicated_gap([2.0]).high == 2.0


def test_a_plan_goes_wrong_where_one_figure_is_high_and_another_low():
    rng = np.random.default_rng(8)
    figures = pd.DataFrame(rng.random((400, 6)), columns=[f"figure{place}" for place in range(6)])
    wrong = (figures["figure1"] > 0.6) & (figures["figure4"] < 0.5)
    leverages = np.where(wrong, -5.0, 5.0)
    kept, weights = np.ones(400, dtype=bool), np.full(400, 1 / 400)
    found = worst_region(leverages, kept, weights, figures)
    assert (found.kind, found.share) == ("negative", pytest.approx(wrong.mean()))
    sides = {side.figure: (side.sign, side.value) for side in found.sides}
    assert set(sides) == {"figure1", "figure4"}
    assert sides["figure1"] == ("above", pytest.approx(0.6, abs=0.12))
    assert sides["figure4"] == ("below", pytest.approx(0.5, abs=0.12))
    assert found.density > 0.8 and found.coverage > 0.7
    # One figure is told where the second adds little.
    found = worst_region(np.where(figures["figure2"] > 0.8, -1.0, 1.0), kept, weights, figures)
    assert [side.figure for side in found.sides] == ["figure2"]
    # Nothing is told of what no figure tells, and of worlds that all go right the worst fifth is.
    assert not worst_region(np.where(rng.random(400) < 0.3, -1.0, 1.0), kept, weights, figures).sides
    assert worst_region(figures["figure0"].to_numpy(), kept, weights, figures).kind == "least"
    broken = worst_region(np.ones(400), ~(figures["figure3"] < 0.2).to_numpy(), weights, figures)
    assert [(side.figure, side.sign) for side in broken.sides] == [("figure3", "below")]
