"""The pages on episodes after 2019."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

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
