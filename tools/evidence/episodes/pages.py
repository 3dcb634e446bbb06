"""The pages on episodes after 2019."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..templating import render
from . import forecast
from .worlds import WORLDS, uncertain


def pages() -> dict[str, str]:
    """Return the text of the pages by file name."""
    return {"evidence-graphite.md": render("evidence-graphite", _graphite())}


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
