"""The pages on episodes after 2019."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from sluicegate.report.charts.base import Written

from .. import charts
from ..templating import render
from . import backtest, forecast
from .worlds import WORLDS, uncertain


def pages(found: Mapping[str, backtest.Backtest]) -> dict[str, str]:
    """Return the text of the pages by file name, from the backtests by episode."""
    return {
        "evidence-graphite.md": render("evidence-graphite", _graphite()),
        "evidence-episodes.md": render("evidence-episodes", _episodes(found)),
    }


def _episodes(found: Mapping[str, backtest.Backtest]) -> dict[str, Any]:
    about = backtest.read("episodes").set_index("episode")
    return {
        "found": found,
        "about": about.to_dict("index"),
        "series": {name: backtest.series(name).to_dict("index") for name in found},
        "cells": {name: result.cells.to_dict("records") for name, result in found.items()},
        "shortages": {name: result.shortages.to_dict("records") for name, result in found.items()},
        "entries": {name: uncertain(name) for name in found},
        "infinite": math.inf,
        "worlds": WORLDS,
    }


def charted(found: Mapping[str, backtest.Backtest]) -> dict[str, Written]:
    """Return a chart of the scored cells of every episode, and of the forecast, by episode."""
    titles = backtest.read("episodes").set_index("episode")["title"]
    told = {name: charts.episode(_cells(name, result), titles[name]) for name, result in found.items()}
    return {**told, forecast.EPISODE: _forecast()}


def _forecast() -> Written:
    known = forecast.record()
    known = known.assign(**{forecast.WORLD: known.sum(axis=1)})
    usual = known.loc[forecast.BASE :].mean()
    told = pd.read_csv(forecast.FORECAST)
    usual = usual[[name for name in usual.index if name in set(told["destination"])]]
    seen = known[usual.index].reset_index().melt("month", var_name="destination", value_name="tonnes")
    frames = (frame.assign(month=pd.to_datetime(frame["month"])) for frame in (seen, told))
    return charts.forecast(*frames, usual, forecast.STARTS)


def _cells(episode: str, result: backtest.Backtest) -> pd.DataFrame:
    kept = result.cells[result.cells["scored"]]
    names = kept["series"].map(backtest.series(episode)["name"])
    last = kept["last_month"].str[5:].where(kept["last_month"] != kept["first_month"], "")
    periods = kept["first_month"] + (" to " + last).where(last != "", "")
    return kept.assign(cell=names + ", " + periods)[["cell", "low", "high", "model", "record"]].round(6)


def _graphite() -> dict[str, Any]:
    table = pd.read_csv(forecast.FORECAST)
    base = forecast.base()
    base[forecast.WORLD] = base.sum()
    destinations = [name for name in [*forecast.DESTINATIONS, forecast.WORLD] if name in set(table["destination"])]
    rows = table.set_index("destination")
    first = rows.loc[forecast.WORLD]
    return {
        "destinations": destinations,
        "months": {
            month: part.set_index("destination").loc[destinations].to_dict("records")
            for month, part in table.groupby("month")
        },
        "base": base,
        "december": float(first.loc[first["month"] == forecast.STARTS, "mean"].iloc[0] / base[forecast.WORLD]),
        "noise": {name: factors.std() for name, factors in forecast.noise().items()},
        "entries": uncertain(forecast.EPISODE),
        "worlds": WORLDS,
    }
