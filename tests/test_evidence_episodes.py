"""Episodes after 2019: the forecast stays as it was committed, and its worlds are those of the case."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from sluicegate import load_case

from tools.evidence.episodes import forecast, worlds
from tools.evidence.episodes.pages import pages
from tools.evidence.page import DOCS
from tools.evidence.responses import respond

COMMITTED = "7b8ddf6eb73ed19f23430bff24a9f4447f8de42e92e732e380acf525e98cf0ac"
"""SHA-256 of the forecast. It was made before its outcome was looked at and does not change."""


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


def test_pages_say_what_the_figures_say():
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is stale: run `make evidence`"
