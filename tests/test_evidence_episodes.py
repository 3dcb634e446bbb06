"""Episodes after 2019: the forecast stays as it was committed, and its worlds are those of the case."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from sluicegate import load_case

from tools.evidence.episodes import backtest, forecast, overview, worlds
from tools.evidence.responses import respond

COMMITTED = "7b8ddf6eb73ed19f23430bff24a9f4447f8de42e92e732e380acf525e98cf0ac"
"""SHA-256 of the forecast. It was made before its outcome was looked at and does not change."""


FIRST = "first scored"

PINNED = {
    # (episode, score): value, why it last moved
    ("gallium-germanium-2023", "cells"): (26, FIRST),
    ("gallium-germanium-2023", "rho"): (0.5484, FIRST),
    ("gallium-germanium-2023", "status quo"): (0.7588, FIRST),
    ("gallium-germanium-2023", "total cut-off"): (0.7724, FIRST),
    ("antimony-2024", "cells"): (7, FIRST),
    ("antimony-2024", "rho"): (0.2965, FIRST),
    ("antimony-2024", "status quo"): (0.6886, FIRST),
    ("antimony-2024", "total cut-off"): (1.6290, FIRST),
    ("magnets-2025", "cells"): (29, FIRST),
    ("magnets-2025", "rho"): (0.5836, FIRST),
    ("magnets-2025", "status quo"): (0.7471, FIRST),
    ("magnets-2025", "total cut-off"): (0.2132, FIRST),
}

COVERAGE = {"gallium-germanium-2023": 8 / 26, "antimony-2024": 0.0, "magnets-2025": 18 / 29}

FIRST_SHORT = {
    "gallium-germanium-2023": {},
    "antimony-2024": {"us/antimony": 19, "eu/antimony": 20},
    "magnets-2025": {"us/magnet": 8, "jp/magnet": 7, "eu/magnet": 10},
}


@pytest.fixture(scope="module")
def graphite():
    return load_case(forecast.EPISODE)


def licences(case):
    return {regime.regime: "licence" for regime in case.regimes}


def test_the_forecast_is_the_one_committed():
    assert hashlib.sha256(forecast.FORECAST.read_bytes()).hexdigest() == COMMITTED


def test_the_forecast_follows_from_the_worlds():
    pd.testing.assert_frame_equal(forecast.forecast(), pd.read_csv(forecast.FORECAST))


def test_the_forecast_covers_twelve_months_and_six_destinations():
    table = pd.read_csv(forecast.FORECAST)
    assert set(table["destination"]) == {"South Korea", "Japan", "India", "United States", "Germany", "World"}
    assert table.groupby("destination")["month"].nunique().eq(12).all()
    assert (table["low"] <= table["mean"]).all() and (table["mean"] <= table["high"]).all()


def test_a_forecast_is_scored_by_destination_and_pooled():
    table = pd.read_csv(forecast.FORECAST)
    exact = forecast.scored(table.rename(columns={"mean": "tonnes"})[["month", "destination", "tonnes"]])
    np.testing.assert_allclose(exact["rho"], 1)
    assert (exact["error"] == 0).all() and (exact["inside"] == 1).all()
    usual = forecast.base()
    months = sorted(set(table["month"]))
    # Half the base all year but for one month: "nothing changes" is wrong by a half in eleven months, exact in one.
    half = [usual["Japan"] * (1 if month == months[0] else 0.5) for month in months]
    found = forecast.scored(pd.DataFrame({"month": months, "destination": "Japan", "tonnes": half}))
    japan = table[table["destination"] == "Japan"].set_index("month")["mean"].loc[months]
    assert found.loc["Japan", "error"] == pytest.approx((japan - half).abs().sum() / (11 * 0.5 * usual["Japan"]))
    assert found.loc["pooled", "cells"] == 12


def test_worlds_are_those_of_the_case(graphite):
    entries = worlds.uncertain(forecast.EPISODE)
    mark = forecast.STORED.with_suffix(".sha256").read_text(encoding="utf-8").strip()
    assert worlds.fingerprint(graphite, entries) == mark
    values = worlds.drawn(entries)
    for entry in entries:
        assert entry.reason
        assert entry.low <= values[entry.name].min() <= values[entry.name].max() <= entry.high
    found = worlds.wide(worlds.run(graphite, licences(graphite), forecast.SERIES, entries, values.head(2)))
    kept = forecast.stored().head(2)
    np.testing.assert_allclose(found[kept.columns], kept, atol=2e-3)


def test_factors_on_one_figure_are_multiplied(graphite):
    entries = [
        worlds.Uncertain("all", ("policies.graphite-*/licence.delay_weeks",), worlds.LAGS, 0, 1, 2, "test"),
        worlds.Uncertain("kr", ("policies.graphite-kr/licence.delay_weeks",), worlds.LAGS, 0, 1, 2, "test"),
        worlds.Uncertain("stock", ("stocks.kr/flake.initial",), worlds.FACTOR, 0, 1, 2, "test"),
    ]
    texts = worlds.overrides(graphite, entries, {"all": 2.0, "kr": 0.5, "stock": 1.5})
    assert "policies.graphite-kr/licence.delay_weeks=5:0.3;7:0.35;9:0.2;13:0.15" in texts
    assert "policies.graphite-in/licence.delay_weeks=12:0.3;16:0.3;20:0.2;28:0.2" in texts
    assert "stocks.kr/flake.initial=*1.5" in texts


def test_customs_count_what_has_its_licence(graphite):
    response = respond(graphite, licences(graphite))
    exports = response.exports["flake-cn-kr"]
    # Six weeks of notice, then nothing until the first licences five weeks later; a week at sea on top.
    assert exports[:6].min() > 0
    assert exports[6:11].max() == 0
    assert exports[11] > 0
    np.testing.assert_allclose(response.arrivals["flake-cn-kr"][1:], exports[:-1])


@pytest.fixture(scope="module", params=backtest.EPISODES)
def episode(request):
    return request.param, backtest.backtest(request.param)


def test_scores_of_episodes(episode):
    name, found = episode
    pinned = {key[1]: value for key, (value, _) in PINNED.items() if key[0] == name}
    pooled = found.scores.loc["pooled"]
    assert {key: float(pooled[key]) for key in pinned} == pytest.approx(pinned, abs=2e-4)
    assert found.coverage == pytest.approx(COVERAGE[name])
    short = found.shortages.set_index("pair")["week"].dropna()
    assert short.to_dict() == FIRST_SHORT[name]


def test_worlds_of_episodes_are_those_of_the_case(episode):
    name, found = episode
    entries = worlds.uncertain(name)
    values = worlds.drawn(entries)
    again = worlds.wide(
        worlds.run(found.case, backtest.licences(found.case), backtest.lanes(name), entries, values.head(2))
    )
    kept = backtest.stored(name).head(2)
    np.testing.assert_allclose(again, kept[again.columns], atol=2e-3)


def test_worlds_of_other_figures_are_refused(monkeypatch):
    monkeypatch.setattr(worlds, "SEED", 1)
    with pytest.raises(ValueError, match=r"run `python -m tools\.evidence episodes`"):
        backtest.stored("magnets-2025")


def test_cells_of_the_record_have_series_and_months_of_the_case(episode):
    name, found = episode
    cells = backtest.cells(name)
    assert set(cells["series"]) == set(backtest.series(name).index)
    assert (cells["first_month"] <= cells["last_month"]).all()
    assert found.cells["model"].notna().all()


def test_layers():
    index = np.array([[0.0], [0.5], [1.0]])
    values = {"at-hand": 0.1, "return": 0.8, "share": 0.5, "level": 1.2}
    licensed = np.array([True, True, False])
    # 1.2 (0.5 + 0.5 (0.1 + 0.9 x 0.8 index)) under licence; 1.2 (0.5 + 0.5 index) before it.
    found = backtest.layered(index, values, licensed)
    np.testing.assert_allclose(found[:, 0], [0.66, 0.876, 1.2])


def test_a_cell_is_the_mean_over_its_months_and_lanes_by_base_flow():
    table = pd.DataFrame({"series": ["antimony-world"], "first_month": ["2024-10"], "last_month": ["2024-11"]})
    found = backtest.weights("antimony-2024", table, ["2024-09", "2024-10", "2024-11"])[0]
    base = {lane.lane: lane.base_flow for lane in load_case("antimony-2024").lanes}
    share = base["sb-cn-us"] / (base["sb-cn-us"] + base["sb-cn-eu"] + base["sb-cn-rest"])
    np.testing.assert_allclose(found[:, 0], [0, share / 2, share / 2])
    assert found.sum() == pytest.approx(1)


def test_back_is_the_first_of_two_months():
    cells = pd.DataFrame(
        {
            "first_month": ["a", "b", "c", "d", "e", "f"],
            "record": [1.0, 0.0, 0.95, 0.5, 0.9, 1.0],
            "model": [1.0, 0.0, 0.1, 0.2, 0.3, 1.0],
        }
    )
    row = overview._row("t", "g", cells, pd.Series({"cells": 6, "rho": 0, "status quo": 1, "total cut-off": 1}), 0.5)
    assert (row.lowest_record, row.back_record, row.back_model) == (0.0, "e", "")
