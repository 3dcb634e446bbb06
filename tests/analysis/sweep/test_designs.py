"""Which figures are varied, how they are distributed, and the samples drawn."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sluicegate import load_case
from sluicegate.analysis.figures.factors import (
    DesignError,
    Discrete,
    Factor,
    Triangular,
    TruncatedNormal,
    Uniform,
    parse_factor,
    ranged_figures,
)
from sluicegate.analysis.sweep.design import KINDS, Design, make_design
from sluicegate.data import apply_overrides
from sluicegate.data.schema.tables import Source

VARY = [
    "limits.budget=*0.8..*1.2",
    "lanes.acid-home-abroad.max_flow=20..25..40",
    "policies.acid/review.delay_weeks=3,4@2,2:0.5;6:0.5",
    "demands.home-makers/chip.quantity=4+-0.3",
    "lanes.acid-world-abroad.available_week=1..5",
]


@pytest.fixture(scope="module")
def tutorial():
    return load_case("tutorial")


def with_range(case, note="a guess; low 9; high 12.5", **cells):
    cells = {"table": "limits", "key": "", "column": "budget", **cells}
    return replace(case, sources=(*case.sources, Source.model_validate({**cells, "note": note})))


# Texts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("limits.budget=9..12", Uniform(9, 12)),
        ("limits.budget = 9 .. 12", Uniform(9, 12)),
        ("limits.budget=*0.5..*1.5", Uniform(0.5, 1.5, True)),
        ("limits.budget=9..10..12", Triangular(9, 10, 12)),
        ("limits.budget=.5..1.5e1", Uniform(0.5, 15)),
        ("limits.budget=10+-1", TruncatedNormal(10, 1, 7, 13)),
        ("limits.budget=10+-2@9..12", TruncatedNormal(10, 2, 9, 12)),
        ("limits.budget=*1+-0.1@*0.8..*1.1", TruncatedNormal(1, 0.1, 0.8, 1.1, True)),
        ("limits.budget=9,12,inf", Discrete((9.0, 12.0, math.inf))),
        ("limits.budget=9@1,12@3", Discrete((9.0, 12.0), (1.0, 3.0))),
        ("limits.budget=9,12@3", Discrete((9.0, 12.0), (1.0, 3.0))),
        ("limits.budget=*0.8,*1", Discrete((0.8, 1.0), (), True)),
        ("policies.acid/review.delay_weeks=2..6", Uniform(2, 6)),
        ("policies.acid/review.delay_weeks=3,2:0.5;6:0.5", Discrete(("3", "2:0.5;6:0.5"))),
        ("objective.scenario=worst,none", Discrete(("worst", "none"))),
    ],
)
def test_a_text_says_how_a_figure_varies(tutorial, text, expected):
    assert parse_factor(tutorial, text).distribution == expected


def test_a_factor_knows_the_figure(tutorial):
    week = parse_factor(tutorial, "lanes.acid-world-abroad.available_week=1..5")
    assert (week.base, week.unit, week.whole) == (3.0, "week", True)
    assert parse_factor(tutorial, "policies.acid/review.delay_weeks=3,2:0.5;6:0.5").base == "4"
    assert parse_factor(tutorial, "policies.acid/review.delay_weeks=2..6").base == 4.0
    assert parse_factor(tutorial, "policies.chips/inspect.delay_weeks=2..6").base is None


def test_ids_may_hold_equal_signs_and_dots(tutorial):
    lanes = tuple(
        lane.model_copy(update={"lane": "acid=1..2.x"}) if lane.lane == "acid-home-abroad" else lane
        for lane in tutorial.lanes
    )
    factor = parse_factor(replace(tutorial, lanes=lanes), "lanes.acid=1..2.x.max_flow=20..30")
    assert (factor.path, factor.distribution) == ("lanes.acid=1..2.x.max_flow", Uniform(20, 30))


def test_a_range_is_taken_from_the_sources(tutorial):
    case = with_range(tutorial)
    assert parse_factor(case, "limits.budget").distribution == Uniform(9, 12.5)
    assert ranged_figures(case) == ["limits.budget"]
    case = with_range(case, "low .5; high 2e1", table="lanes", key="acid-world-abroad", column="max_flow")
    assert [factor.path for factor in make_design(case, "lhs", ["sources"]).factors] == [
        "limits.budget",
        "lanes.acid-world-abroad.max_flow",
    ]


FAULTS = [
    ("limits.budgt=3..4", "no key 'budgt' in limits; did you mean 'budget'?"),
    ("limits.budget=", "'' is no range; write LOW..HIGH"),
    ("limits.budget=3", "'3' is no range; write LOW..HIGH, LOW..MODE..HIGH, MEAN+-SD, MEAN+-SD@LOW..HIGH or A,B,C"),
    ("limits.budget=1..2..3..4", "has 4 parts; write LOW..HIGH or LOW..MODE..HIGH"),
    ("limits.budget=9..3", "the low end 9 must be below the high end 3"),
    ("limits.budget=9..9", "the low end 9 must be below the high end 9"),
    ("limits.budget=9..20..12", "the mode 20 must lie between 9 and 12"),
    ("limits.budget=10+-0", "the standard deviation 0 must be positive"),
    ("limits.budget=10+-1@11..12", "the mean 10 must lie between 11 and 12"),
    ("limits.budget=10+-1@11", "write MEAN+-SD or MEAN+-SD@LOW..HIGH"),
    ("limits.budget=10..x", "'x' is no number"),
    ("limits.budget=10..inf", "'inf' is no number"),
    ("limits.budget=*0.5..2", "some numbers have a star and some have none"),
    ("limits.budget=9,9", "a value is given twice"),
    ("limits.budget=9@0,12@1", "weights must be positive"),
    ("limits.budget=9@x,12@1", "'x' is no weight; write VALUE@WEIGHT"),
    ("limits.budget=-3..9", "negative; must be 0 or more"),
    ("limits.budget", "neither do its rows of uncertainties and sources (note: low 3; high 9)"),
    ("limits.reviewer_hours=*1..*2", "has no value in force that can be scaled"),
    ("stocks.abroad-fab/chip.initial=*1..*2", "is 0 in force"),
    ("lanes.x.max_flow=3..4", "no row 'x' in lanes"),
    ("lanes.acid-home-abroad.max_flo=3..4", "no column 'max_flo' in lanes; did you mean 'max_flow'?"),
    ("lanes.acid-home-abroad.lane=a,b", "lane is part of the key"),
    ("lanes.acid-home-abroad.max_flow=5..40", "'5': base_flow 10 is more than max_flow 5"),
    ("lanes.acid-world-abroad.available_week=1.2..1.9", "holds no two whole numbers"),
    ("policies.acid/review.delay_weeks=*1..*2", "a delay cannot be scaled; give weeks"),
    ("policies.acid/review.delay_weeks=2,soon", "not a delay; write weeks such as 8"),
    ("policies.acid/review.approval_rate=0.5..1.5", "not a share; must lie between 0 and 1"),
    ("objective.scenario=1..2", "holds text; write its values, such as A,B"),
    ("objective.scenario=worst,non", "write worst, none, expected, or cvar:"),
    ("solver.rel_gap=0.1..0.2", "is no figure that a plan depends on"),
    ("sources", "no sources row of the case carries a range"),
    ("nowhere", "no figure; write TABLE.KEY.COLUMN"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_a_fault_says_what_would_be_right(tutorial, text, message):
    with pytest.raises(DesignError) as caught:
        make_design(tutorial, "lhs", [text])
    (fault,) = caught.value.faults
    assert fault.file.startswith("--vary ")
    assert message in str(fault)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("sobl", {}, "no such design; did you mean 'sobol'?"),
        ("grid", {"samples": 8}, "--samples: not an option of grid; it belongs to lhs, morris, sobol"),
        ("lhs", {"levels": 3}, "--levels: not an option of lhs; it belongs to grid, oat, morris"),
        ("lhs", {"second_order": True}, "--second-order: not an option of lhs"),
        ("lhs", {"file": "x.csv"}, "--file: not an option of lhs; write --design list"),
        ("sobol", {"samples": 100}, "'100': no power of two; write 64 or 128"),
        ("morris", {"levels": 5}, "'5': morris needs an even number of levels; write 4 or 6"),
        ("lhs", {"samples": 1}, "'1': too few; at least 2"),
        ("grid", {"levels": 1}, "'1': too few; at least 2"),
        ("lhs", {"seed": -1}, "'-1': negative"),
        ("list", {"file": "x.csv"}, "--vary: not an option of list"),
        ("list", {}, "--file: missing"),
        ("grid", {"levels": 1000}, "1,000,000,000 samples; at most 20,000,000"),
    ],
)
def test_options_that_do_not_fit_are_refused(tutorial, kind, options, message):
    vary = [f"lanes.{lane}.unit_cost=1..2" for lane in ("acid-home-abroad", "gas-home-abroad", "chip-world-home")]
    with pytest.raises(DesignError, match=r"faults? in the design") as caught:
        make_design(tutorial, kind, vary, **options)
    assert message in str(caught.value)


def test_all_faults_are_told_at_once(tutorial):
    with pytest.raises(DesignError) as caught:
        make_design(tutorial, "lhs", ["limits.budget=9..3", "limits.budgt=3..4", "lanes.x.max_flow=3..4"], samples=0)
    assert str(caught.value).startswith("4 faults in the design:\n  --samples: '0'")
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_a_figure_varied_twice_and_nothing_varied_are_refused(tutorial):
    with pytest.raises(DesignError, match=r"limits.budget is varied twice"):
        make_design(tutorial, "lhs", ["limits.budget=9..12", "limits.budget=9..13"])
    with pytest.raises(DesignError, match="--vary: missing"):
        make_design(tutorial, "lhs")


def test_what_varies_in_the_same_row_may_make_up_for_an_end(tutorial):
    ends = ["lanes.acid-home-abroad.max_flow=5..40", "lanes.acid-home-abroad.base_flow=1..10"]
    assert len(make_design(tutorial, "lhs", ends)) == 128


# Distributions ---------------------------------------------------------------------------------------------------------


def test_moments_are_those_of_the_distributions(tutorial):
    texts = {
        "limits.budget=9..12": (10.5, 3 / math.sqrt(12)),
        "limits.reviewer_hours=1..2..6": (3.0, math.sqrt((1 + 4 + 36 - 2 - 6 - 12) / 18)),
        "demands.home-makers/chip.quantity=4+-0.5": (4.0, 0.5 * 0.98658),
        "demands.home-makers/chip.shortage_penalty=10@1,20@3": (17.5, math.sqrt(18.75)),
        "lanes.acid-world-abroad.available_week=1..5": (3.0, math.sqrt(2)),
        "lanes.gas-home-abroad.max_flow=*1..*2": (45.0, 30 / math.sqrt(12)),
    }
    samples = make_design(tutorial, "lhs", list(texts), samples=20_000).samples
    for path, (mean, deviation) in zip(samples, texts.values(), strict=True):
        assert samples[path].mean() == pytest.approx(mean, rel=1e-3)
        assert samples[path].std() == pytest.approx(deviation, rel=3e-3)


@given(
    low=st.floats(-1e6, 1e6),
    width=st.floats(1e-3, 1e6),
    middle=st.floats(0, 1),
    shares=st.lists(st.floats(0, 1), min_size=2, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_values_stay_between_the_ends_and_rise_with_the_share(low, width, middle, shares):
    high, mode = low + width, low + middle * width
    mode = min(max(mode, low), high)
    shares = np.sort(np.array([0.0, *shares, 1.0]))
    for distribution in (Uniform(low, high), Triangular(low, mode, high), TruncatedNormal(mode, width, low, high)):
        values = distribution.ppf(shares)
        slack = 1e-9 * max(abs(low), abs(high), width)
        assert (values >= low - slack).all() and (values <= high + slack).all()
        assert (np.diff(values) >= -slack).all()


@pytest.mark.parametrize(
    ("distribution", "name", "mean", "median"),
    [
        (Uniform(2, 6), "uniform", 4, 4),
        (Triangular(0, 3, 3), "triang", 2, 3 / math.sqrt(2)),
        (TruncatedNormal(5, 2, 1, 9), "truncnorm", 5, 5),
    ],
)
def test_distributions_are_those_of_scipy(distribution, name, mean, median):
    width = distribution.high - distribution.low
    of_scipy = {
        "uniform": lambda: scipy.stats.uniform(distribution.low, width),
        "triang": lambda: scipy.stats.triang((distribution.mode - distribution.low) / width, distribution.low, width),
        "truncnorm": lambda: scipy.stats.truncnorm(-2, 2, distribution.mean, distribution.sd),
    }[name]()
    shares = np.linspace(0, 1, 1001)
    assert (distribution.ppf(shares) == of_scipy.ppf(shares)).all()
    assert of_scipy.mean() == pytest.approx(mean)
    assert distribution.ppf(np.array([0.5])) == pytest.approx([median])


@given(low=st.integers(0, 50), many=st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_whole_numbers_are_equally_likely(low, many):
    factor = Factor("x", Uniform(low, low + many), whole=True)
    unit = (np.arange(1000 * (many + 1)) + 0.5) / (1000 * (many + 1))
    values, counts = np.unique(factor.at(unit), return_counts=True)
    assert list(values) == list(range(low, low + many + 1))
    assert set(counts) <= set(range(999, 1002))


# Designs ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "size"),
    [
        ("grid", {"levels": 2}, 2 * 2 * 3 * 2 * 2),
        ("oat", {}, 1 + 2 + 2 + 3 + 2 + 2),
        ("lhs", {"samples": 10}, 10),
        ("morris", {"samples": 3}, 3 * 6),
        ("sobol", {"samples": 4}, 4 * 7),
        ("sobol", {"samples": 4, "second_order": True}, 4 * 12),
    ],
)
def test_a_design_survives_being_written_and_is_the_same_every_time(tutorial, kind, options, size):
    design = make_design(tutorial, kind, VARY, seed=3, **options)
    assert len(design) == size
    assert list(design.samples.index) == list(range(size)) and design.samples.index.name == "sample"
    again = Design.from_dict(json.loads(json.dumps(design.to_dict(), allow_nan=False)))
    pd.testing.assert_frame_equal(again.samples, design.samples)
    assert again.digest == design.digest
    if kind not in ("grid", "oat"):
        assert make_design(tutorial, kind, VARY, seed=4, **options).digest != design.digest


def test_every_sample_can_be_set(tutorial):
    samples = make_design(tutorial, "lhs", VARY, samples=20, seed=1).samples
    for row in samples.to_dict("records"):
        case = apply_overrides(tutorial, [f"{path}={value}" for path, value in row.items()])
        assert case.settings.limits.budget == row["limits.budget"]


def test_one_at_a_time_starts_from_the_case(tutorial):
    samples = make_design(tutorial, "oat", VARY).samples
    assert list(samples.iloc[0]) == [15.0, 30.0, "4", 4.0, 3.0]
    moved = (samples.iloc[1:] != samples.iloc[0]).sum(axis=1)
    assert moved.max() == 1
    with pytest.raises(DesignError, match="has no single value in force to compare with"):
        make_design(tutorial, "oat", ["policies.chips/inspect.delay_weeks=2..6"])


def test_no_limit_is_a_value_like_others(tutorial):
    design = make_design(tutorial, "oat", ["limits.reviewer_hours=9,12,inf"])
    assert list(design.samples["limits.reviewer_hours"]) == [math.inf, 9, 12, math.inf]
    assert Design.from_dict(json.loads(json.dumps(design.to_dict(), allow_nan=False))).digest == design.digest


def test_a_grid_holds_every_combination_once(tutorial):
    samples = make_design(tutorial, "grid", VARY[:3], levels=3).samples
    assert len(samples) == 27 and not samples.duplicated().any()
    assert sorted(set(samples["limits.budget"])) == pytest.approx([12, 15, 18])


def test_a_latin_hypercube_has_one_sample_in_every_slice(tutorial):
    values = make_design(tutorial, "lhs", ["limits.budget=0..50", "demands.home-makers/chip.quantity=0..1"], samples=50)
    assert sorted(np.floor(values.samples["limits.budget"])) == list(range(50))


def test_morris_moves_one_figure_at_a_time(tutorial):
    design = make_design(tutorial, "morris", [VARY[0], VARY[1], VARY[3]], samples=5)
    unit = design.unit_samples().reshape(5, 4, 3)
    assert ((np.abs(np.diff(unit, axis=1)) > 1e-9).sum(axis=2) == 1).all()


# Lists -----------------------------------------------------------------------------------------------------------------


def test_a_list_is_read_from_csv_and_parquet(tutorial, tmp_path):
    frame = pd.DataFrame(
        {"limits.budget": ["12", "*1.2", "14.5"], "policies.acid/review.delay_weeks": ["3", "4", "2:1;5:1"]}
    )
    frame.to_csv(tmp_path / "list.csv", index=False)
    frame.assign(**{"limits.budget": [12.0, 18.0, 14.5]}).to_parquet(tmp_path / "list.parquet")
    read = [make_design(tutorial, "list", file=tmp_path / f"list.{ending}") for ending in ("csv", "parquet")]
    assert list(read[0].samples["limits.budget"]) == [12, 18, 14.5]
    assert list(read[0].samples["policies.acid/review.delay_weeks"]) == ["3", "4", "2:1;5:1"]
    pd.testing.assert_frame_equal(read[0].samples, read[1].samples)
    again = Design.from_dict(read[0].to_dict(), read[0].samples)
    assert again.digest == read[0].digest
    with pytest.raises(ValueError, match="cannot be drawn anew"):
        Design.from_dict(read[0].to_dict())


def test_a_long_list_counts_as_a_range(tutorial):
    frame = pd.DataFrame({"limits.budget": np.linspace(10, 20, 300)})
    assert make_design(tutorial, "list", file=frame).factors[0].distribution == Uniform(10, 20)


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        ("", ["empty; its first line names paths"]),
        ("limits.budget\n", ["holds no samples"]),
        ("limits.budgt,lanes.x.max_flow\n1,2\n", ["row 1, limits.budgt: no key 'budgt'", "no row 'x' in lanes"]),
        ("limits.budget,limits.budget\n1,2\n", ["named twice"]),
        (
            'limits.budget\n9\nx\n-3\n""\n*x\n',
            ["row 3, limits.budget: 'x': not a number", "row 4", "negative", "no factor"],
        ),
    ],
)
def test_a_faulty_list_is_refused_line_by_line(tutorial, tmp_path, content, messages):
    path = tmp_path / "list.csv"
    path.write_text(content)
    with pytest.raises(DesignError) as caught:
        make_design(tutorial, "list", file=path)
    for message in messages:
        assert message in str(caught.value)


def test_a_list_that_is_no_file_is_refused(tutorial, tmp_path):
    with pytest.raises(DesignError, match="no such file"):
        make_design(tutorial, "list", file=tmp_path / "list.csv")
    with pytest.raises(DesignError, match=r"its name must end in \.csv or \.parquet"):
        make_design(tutorial, "list", file=tmp_path / "list.txt")
    (tmp_path / "list.parquet").write_text("no parquet")
    with pytest.raises(DesignError, match="cannot be read"):
        make_design(tutorial, "list", file=tmp_path / "list.parquet")


def test_kinds_are_told(tutorial):
    with pytest.raises(DesignError, match=", ".join(KINDS)):
        make_design(tutorial, "zzz", VARY)
