"""The model against the record: measures, scores, stored samples, and the pages made from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sluicegate import evaluate, load_case
from sluicegate.data.units import natural_units

from tools.evidence import assumptions, record, sampling, scores
from tools.evidence.episodes.backtest import EPISODES, backtest
from tools.evidence.episodes.pages import pages as episode_pages
from tools.evidence.findings import find, in_the_world_that_came
from tools.evidence.page import DOCS, drawn, pages
from tools.evidence.responses import respond, response_of
from tools.evidence.savings import with_savings
from tools.evidence.studies import losses
from tools.evidence.variants import CHOSEN, VARIANTS, WATCHED

FIRST = "first scored"
CONTRACTS = "what comes from Taiwan, the United States and Belgium today comes under contract, at base_flow and no more"
ONCE = "five cells that counted a shipment twice are no longer scored"
STOCKS = "stock to rebuild costs its way back and a year's carrying, more than running it down saves"

PINNED = {
    # (variant, series, score): value, why it last moved
    ("ex-ante", "pooled", "cells"): (22, ONCE),
    ("ex-ante", "pooled", "rho"): (0.3039, ONCE),
    ("ex-ante", "pooled", "status quo"): (0.9239, ONCE),
    ("ex-ante", "pooled", "total cut-off"): (0.9331, ONCE),
    ("ex-ante", "hf-japan-tonnes", "rho"): (0.7650, FIRST),
    ("ex-ante", "hf-japan-tonnes", "status quo"): (0.4839, CONTRACTS),
    ("ex-ante", "hf-japan-tonnes", "total cut-off"): (6.5432, CONTRACTS),
    ("ex-ante", "hf-taiwan-tonnes", "status quo"): (0.9141, CONTRACTS),
    ("ex-ante", "resist-japan-value", "status quo"): (1.5538, CONTRACTS),
    ("ex-ante", "fpi-japan-value", "status quo"): (3.0482, CONTRACTS),
    ("ex-post", "pooled", "cells"): (20, ONCE),
    ("ex-post", "pooled", "rho"): (0.4388, ONCE),
    ("ex-post", "pooled", "status quo"): (0.6954, ONCE),
    ("ex-post", "pooled", "total cut-off"): (0.7062, ONCE),
    ("ex-post", "hf-japan-tonnes", "rho"): (0.9429, FIRST),
    ("ex-post", "hf-japan-tonnes", "status quo"): (0.1371, FIRST),
    ("ex-post", "hf-japan-tonnes", "total cut-off"): (1.8545, CONTRACTS),
    ("ex-post", "resist-japan-value", "status quo"): (1.3009, CONTRACTS),
    ("ex-post", "fpi-japan-value", "status quo"): (3.0482, CONTRACTS),
}

LOSSES = {
    # variant: Korea's loss, Japan's lost sales of hydrogen fluoride, USD m; why they last moved
    "ex-ante": (923.088, 16.917, STOCKS),
    "ex-post": (378.971, 27.445, STOCKS),
}

SAVED = {"ex-ante": [923.09, 762.1, 593.8], "ex-post": [378.97, 166.3, 32.5]}
"""Korea's loss where nothing, a tenth, a fifth of the controlled inputs can be saved."""

SHORT_STILL = {
    "ex-ante": {"kr-fabs/nand", "kr-fabs/euv-logic", "kr-display/foldable"},
    "ex-post": {"kr-display/foldable"},
}

FIRST_SHORT = {
    "ex-ante": {"kr-fabs/nand": 6, "kr-fabs/euv-logic": 7, "kr-fabs/hf-liquid": 13, "kr-display/foldable": 7},
    "ex-post": {"kr-fabs/nand": 8, "kr-fabs/hf-liquid": 17, "kr-display/foldable": 7},
}


@pytest.fixture(scope="module", params=list(VARIANTS))
def variant(request):
    case = load_case(VARIANTS[request.param])
    return request.param, case, respond(case, CHOSEN)


def kept(name):
    table = record.cells()
    return table[table["scored"] & ~(table["informed"] & (name == "ex-post"))]


def test_scores(variant):
    name, case, response = variant
    table = kept(name)
    found = scores.score(table, record.index_by_cell(case, response.arrivals, table))
    pinned = {key[1:]: value for key, (value, _) in PINNED.items() if key[0] == name}
    assert {key: float(found.loc[key]) for key in pinned} == pytest.approx(pinned, abs=1e-4)


def test_losses_and_shortages(variant):
    name, case, response = variant
    loss, lost_sales, _ = LOSSES[name]
    assert response.loss == pytest.approx(loss, rel=1e-5)
    assert sampling.japan_lost_sales(case, response) == pytest.approx(lost_sales, rel=1e-4)
    short = {pair: response.shortage_week(pair) for pair in WATCHED}
    assert {pair: week for pair, week in short.items() if week is not None} == FIRST_SHORT[name]


def test_the_response_alone_is_the_plans_own():
    case = load_case(VARIANTS["ex-post"])
    alone, planned = respond(case, CHOSEN), response_of(evaluate(case, CHOSEN))
    assert alone.loss == pytest.approx(planned.loss, rel=1e-9)
    # Two least-cost responses may differ by what is worth nothing: a hair of a natural unit from one lane to another.
    units = natural_units(case)[1]
    unit = {row.lane: units.item(row.item) for row in case.lanes}
    for lane, arrivals in planned.arrivals.items():
        np.testing.assert_allclose(alone.arrivals[lane], arrivals, atol=1e-4 * unit[lane])
    for pair, fill in planned.fills.items():
        np.testing.assert_allclose(alone.fills[pair], fill, atol=1e-5)


def test_goods_arrive_after_lead_time_and_review_in_the_kernels_shares():
    case = load_case(VARIANTS["ex-post"])
    before = respond(case, {})
    reviewed = respond(case, CHOSEN)
    base = next(lane for lane in case.lanes if lane.lane == "hfl-jp-kr").base_flow
    # One week under way on 1 July, then nothing until the first licences after 19 weeks of review.
    assert reviewed.arrivals["hfl-jp-kr"][0] == pytest.approx(base)
    assert reviewed.arrivals["hfl-jp-kr"][1:20].max() == 0
    assert reviewed.arrivals["hfl-jp-kr"][20] > 0
    assert before.arrivals["hfl-jp-kr"].sum() == pytest.approx(52 * base, rel=0.02)
    assert before.loss == pytest.approx(0, abs=1e-6)


def test_months_hold_the_days_of_the_calendar():
    days = record.months(load_case(VARIANTS["ex-ante"])).sum(axis=1)
    assert days["2019-07"] == 31
    assert days["2020-02"] == 29
    assert days.sum() == 364


def test_a_lane_that_goes_on_as_before_has_index_one():
    case = load_case(VARIANTS["ex-ante"])
    arrivals = {lane.lane: np.full(case.settings.horizon.weeks, lane.base_flow) for lane in case.lanes}
    np.testing.assert_allclose(record.index_by_cell(case, arrivals, record.cells()), 1.0)


def test_the_cells_are_the_records():
    monthly, origins = record.read("fluoride-monthly"), record.read("imports-by-origin")
    cells = record.cells().set_index(["series", "period"])["value"]
    tonnes = monthly.set_index("period")["mof_export_tonnes"]
    for period in ("2019-07", "2019-08", "2019-09", "2019-10", "2019-11", "2019-12"):
        assert cells["hf-japan-tonnes", period] == float(tonnes[period])
    first, both = (
        float(monthly.set_index("period").loc[p, "kcs_import_usd_m"]) for p in ("2020-Q1", "2020-01..2020-05")
    )
    assert cells["hf-japan-value", "2020-01..2020-03"] == pytest.approx(first / 3, abs=5e-4)
    assert cells["hf-japan-value", "2020-04..2020-05"] == pytest.approx((both - first) / 2, abs=5e-4)
    taiwan = origins[(origins["origin"] == "Taiwan") & (origins["period"] == "2019-08")]
    assert cells["hf-taiwan-tonnes", "2019-08"] == float(taiwan["tonnes"].iloc[0])
    total = both / 0.123
    assert cells["hf-china-value", "2020-01..2020-05"] == pytest.approx(0.731 * total / 5, abs=0.01)


def test_measures():
    table = pd.DataFrame(
        {
            "series": ["a"] * 4,
            "index": [0.0, 0.5, 1.0, 2.0],
            "controlled": [True, True, False, False],
        }
    )
    exact = scores.score(table, table["index"].to_numpy()).loc["pooled"]
    assert exact["rho"] == pytest.approx(1)
    assert exact["status quo"] == 0
    # Errors of 1 - index: 1, 0.5, 0, 1; of the cut-off: 0, 0.5, 0, 1.
    even = scores.score(table, np.full(4, 1.0)).loc["pooled"]
    assert even["status quo"] == pytest.approx(1)
    assert even["total cut-off"] == pytest.approx(2.5 / 1.5)
    assert pd.isna(even["rho"])
    assert scores.coverage(table, np.array([0, 0, 2, 0]), np.array([1, 0.4, 3, 2])) == (0.5, pytest.approx(1.1))


@pytest.mark.parametrize(
    ("model", "low", "high", "words"),
    [
        (300, 100, 1000, "same order"),
        (900, 1980, 2000, "same order"),
        (200, 1000, 1000, "within one order"),
        (20, 1000, 1000, "off by more than a factor of ten"),
        (-5, 10, 20, "wrong sign"),
        (0, 10, 20, "no ratio: one of them is nothing"),
    ],
)
def test_magnitude(model, low, high, words):
    assert scores.magnitude(model, low, high)[1] == words


def test_losses_of_the_record_in_one_currency():
    found = {loss.name: loss for loss in losses()}
    assert found["Chubu Region Institute"].value == pytest.approx(0.13 * 1_651_420)
    assert found["KIEP"].low == pytest.approx(0.0027 * 1_651_420)
    assert found["KIEP"].high == pytest.approx(0.0044 * 1_651_420)
    assert found["Japan's lost sales of hydrogen fluoride"].value == pytest.approx(6000 / 108.13)
    assert found["Balistreri and Shin 2022, Japan"].value == pytest.approx(346)


def test_samples_are_those_of_the_ranges(variant):
    name, case, _ = variant
    ranges = sampling.read_ranges(name)
    samples = sampling.hypercube(ranges)
    assert samples.shape == (sampling.SAMPLES, len(ranges))
    for entry, values in zip(ranges, samples.T, strict=True):
        assert entry.low <= values.min() <= values.max() <= entry.high
    again = sampling.run(case, ranges, samples[:4])
    pd.testing.assert_frame_equal(again, sampling.stored(name, "hypercube").head(4), rtol=1e-4, atol=1e-4)
    design, outcomes = sampling.saltelli(ranges, sampling.BASES[name]), sampling.stored(name, "saltelli")
    assert len(outcomes) == len(design)
    pd.testing.assert_frame_equal(sampling.run(case, ranges, design[:2]), outcomes.head(2), rtol=1e-4, atol=1e-4)


def test_samples_of_other_figures_are_refused(monkeypatch):
    monkeypatch.setattr(sampling, "SEED", 1)
    with pytest.raises(ValueError, match=r"run `python -m tools\.evidence samples`"):
        sampling.stored("ex-ante", "hypercube")


def test_ranges_hold_the_case(variant):
    name, case, _ = variant
    for entry in sampling.read_ranges(name):
        assert entry.reason
        if entry.mode is not None and entry.kind != "weeks":
            assert entry.mode == 1
            assert entry.low <= 1 <= entry.high
        for path in entry.paths:
            table, key, column = path.split(".")
            row = next(row for row in case.rows(table) if row.id == key)
            if entry.kind == "weeks":
                assert getattr(row, column) == entry.mode


@pytest.mark.parametrize("name", [assumptions.CASE, assumptions.LATER])
def test_assumptions_hold_every_assumed_figure(name):
    case = load_case(name)
    assumed = [row for row in case.sources if row.confidence == "assumed"]
    table = assumptions.stored(name)
    assert table["keys"].str.split().str.len().clip(lower=1).sum() == len(assumed)
    measured = table.dropna(subset=["low", "high"])
    assert measured["swing"].is_monotonic_decreasing
    # Of the later case those that move its plan are measured first; its page counts the rest.
    assert len(measured) == len(table) or name == assumptions.LATER
    assert set(assumptions.ranges().index) >= set(zip(table["table"], table["column"], strict=True))


def test_assumptions_are_reproduced():
    case, table = load_case(assumptions.CASE), assumptions.stored()
    advice = assumptions.Advice(
        {
            "tw-advanced-packaging": "listing",
            "tw-foundry-logic": "case-by-case",
            "tw-packaging-materials": "declaration",
            "tw-traceability": "tracing",
            "jp-photoresist": "aligned-review",
        },
        ("hbm4-boise-expansion",),
        {"tainan/hbm4": 516.2337662335962},
        "hbm-review",
        1107.2715,
    )
    assert table["base"].iloc[0] == pytest.approx(advice.leverage, rel=1e-5)
    solver = assumptions.AdviceSolver(case, advice)
    assert solver.leverage(case, set()) == pytest.approx(advice.leverage, rel=1e-5)
    widest = table.iloc[0]
    assumption = next(entry for entry in assumptions.assumptions(case) if entry.note == widest["note"])
    far = assumptions.span(assumption)
    changed = assumptions.moved(case, assumption, far.kind, far.low)
    found = solver.leverage(changed, assumptions.sides(case, assumption))
    assert found == pytest.approx(widest["low"], rel=1e-4)
    plan = evaluate(changed, advice.policies, advice.qualified, advice.stockpile)
    assert found == pytest.approx(plan.scenarios[advice.package]["leverage"], abs=1e-3 * advice.leverage)


def test_assumptions_of_mid_2026_are_reproduced():
    case, table = load_case(assumptions.LATER), assumptions.stored(assumptions.LATER)
    advice = assumptions.Advice(
        {
            "tw-base-dies": "declaration",
            "tw-foundry-logic": "case-by-case@26",
            "tw-packaging-materials": "case-by-case",
            "tw-traceability": "tracing",
            "us-memory-tools": "aligned-review",
        },
        ("hbm4-boise-expansion",),
        {},
        "hbm-review",
        -206.23,
    )
    solver, widest = assumptions.AdviceSolver(case, advice), table.iloc[0]
    assert solver.leverage(case, set()) == pytest.approx(widest["base"], rel=1e-4)
    assumption = next(entry for entry in assumptions.assumptions(case) if entry.note == widest["note"])
    far = assumptions.span(assumption)
    changed = assumptions.moved(case, assumption, far.kind, far.high)
    assert solver.leverage(changed, assumptions.sides(case, assumption)) == pytest.approx(widest["high"], rel=1e-4)


def test_an_end_that_moves_keeps_its_place_in_the_advice():
    case = load_case(assumptions.LATER)
    ends = next(
        entry
        for entry in assumptions.assumptions(case)
        if "tw-foundry-logic/case-by-case" in entry.keys and entry.column == "end_week"
    )
    moved = assumptions.moved(case, ends, "weeks", -4)
    advice = assumptions.Advice({"tw-foundry-logic": "case-by-case@26"}, (), {}, "hbm-review", 0.0)
    assert assumptions.renamed(advice.policies, case, moved) == {"tw-foundry-logic": "case-by-case@22"}


def test_savings_end_false_alarms(variant):
    name, case, _ = variant
    found = with_savings(case, kept(name))
    loss, _, _ = LOSSES[name]
    assert found[0].loss == pytest.approx(loss, rel=1e-5)
    assert [row.loss for row in found] == pytest.approx(SAVED[name], rel=1e-3)
    short = {pair for pair, week in found[-1].short.items() if week is not None}
    assert short == SHORT_STILL[name]


def test_a_shipment_counts_once():
    cells = record.cells()
    kept = cells[cells["scored"]]
    whole = kept[kept["series"] == "hf-japan-tonnes"]["period"]
    assert not kept["series"].eq("gas-japan-tonnes").any()
    assert not kept[kept["series"] == "hf-japan-value"]["period"].isin(whole).any()


def test_pages_say_what_the_figures_say():
    findings = {name: find(name) for name in VARIANTS}
    table = assumptions.stored()
    tests = {episode: backtest(episode) for episode in EPISODES}
    later = episode_pages(tests)
    for name, text in {**pages(findings, in_the_world_that_came(findings), table, tests), **later}.items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is stale: run `make evidence`"
    for name in drawn(findings, table, tests):
        assert (DOCS / "images" / f"evidence-{name}.svg").is_file()
