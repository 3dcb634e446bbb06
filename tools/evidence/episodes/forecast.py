"""The forecast of China's graphite exports after the notice of 20 October 2023, made from what was known on that day."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sluicegate import load_case

from ..scores import rank_correlation, scaled_error
from .worlds import FOLDER, SEED, drawn, fingerprint, run, uncertain, wide

EPISODE = "graphite-2023"

DESTINATIONS = {
    "South Korea": "kr",
    "Japan": "jp",
    "India": "in",
    "United States": "us",
    "Germany": "de",
    "elsewhere": "rest",
}
"""Site of the case by destination of the record."""

WORLD = "World"

FORECAST = Path(__file__).parents[3] / "evidence" / "forecasts" / f"{EPISODE}.csv"

STORED = FOLDER / "data" / f"{EPISODE}.parquet"

FIRST, LAST = "2023-11", "2024-10"

BASE = "2023-05"
"""First of the six months to October 2023 whose mean is what goes on where nothing changes."""

STARTS = "2023-12"
"""First month under licence."""

SEASON = {"01": 1.10, "02": 0.80}
"""New Year in China: half of what January (+23 %) and February (-31 %) of 2022 and 2023 differ from the rest of their years."""

LOW, HIGH = 0.1, 0.9
"""Ends of the interval of 80 %."""

SERIES = {name: (f"flake-cn-{site}",) for name, site in DESTINATIONS.items()}


@cache
def record() -> pd.DataFrame:
    """Return tonnes by month (rows) and destination, January 2022 to October 2023; not to be changed."""
    frame = pd.read_csv(FOLDER / "record" / "graphite-monthly.csv")
    return frame.pivot_table(index="month", columns="destination", values="tonnes")[list(DESTINATIONS)]


def base() -> pd.Series:
    """Return what goes on where nothing changes: tonnes a month by destination."""
    return record().loc[BASE:].mean()


def noise() -> dict[str, np.ndarray]:
    """Return by destination how single months differ from the five around them, as factors of mean 1."""
    table = record()
    around = table.rolling(5, center=True).mean()
    ratios = (table / around).loc[around.dropna().index]
    # New Year is in SEASON already.
    ratios = ratios[~ratios.index.str[-2:].isin(list(SEASON))]
    return {name: (ratios[name] / ratios[name].mean()).to_numpy() for name in table}


def recompute() -> None:
    """Solve the response in every world and store what leaves China, as shares of the base flows."""
    case, entries = load_case(EPISODE), uncertain(EPISODE)
    policies = {regime.regime: "licence" for regime in case.regimes}
    table = wide(run(case, policies, SERIES, entries, drawn(entries)))
    STORED.parent.mkdir(exist_ok=True)
    table.astype(np.float32).to_parquet(STORED, compression="zstd", index=False)
    STORED.with_suffix(".sha256").write_text(fingerprint(case, entries) + "\n", encoding="utf-8")


def stored() -> pd.DataFrame:
    """Return the worlds' exports over base flows: a row a world, columns ``month destination``."""
    return pd.read_parquet(STORED).astype(float)


def worlds() -> pd.DataFrame:
    """Return tonnes by world and month: columns ``world``, ``month`` and the destinations, ``World`` last.

    Notes
    -----
    tonnes = base level season noise (1 - share + share (at hand + (1 - at hand) index return)): ``index`` is the model's, what
    needs no licence goes on, and ``return`` acts from December on.
    """
    values, indices = drawn(uncertain(EPISODE)), stored()
    usual, single = base(), noise()
    draw = np.random.default_rng(SEED)
    rows = []
    for month in pd.period_range(FIRST, LAST, freq="M").strftime("%Y-%m"):
        licensed = month >= STARTS
        table = pd.DataFrame({"world": values.index, "month": month})
        for name, site in DESTINATIONS.items():
            index = indices[f"{month} {name}"]
            if licensed:
                index = index * values["return"] * (values["return-us"] if site == "us" else 1.0)
                index = values["at-hand"] + (1 - values["at-hand"]) * index
            share = values[f"share-{site}"]
            level = values["level"] * values[f"level-{site}"] * SEASON.get(month[-2:], 1.0)
            table[name] = usual[name] * level * draw.choice(single[name], len(values)) * (1 - share + share * index)
        rows.append(table)
    found = pd.concat(rows, ignore_index=True)
    found[WORLD] = found[list(DESTINATIONS)].sum(axis=1)
    return found


def forecast() -> pd.DataFrame:
    """Return the forecast: ``month``, ``destination``, ``low``, ``mean``, ``high``, tonnes."""
    table = (
        worlds().drop(columns=["world", "elsewhere"]).melt(id_vars="month", var_name="destination", value_name="tonnes")
    )
    groups = table.groupby(["month", "destination"])["tonnes"]
    ends = pd.DataFrame({"low": groups.quantile(LOW), "mean": groups.mean(), "high": groups.quantile(HIGH)})
    places = {name: place for place, name in enumerate([*DESTINATIONS, WORLD])}
    found = ends.round(0).astype(int).reset_index()
    return found.iloc[np.lexsort([found["destination"].map(places), found["month"]])].reset_index(drop=True)


def write() -> Path:
    """Write the forecast; return its path."""
    FORECAST.parent.mkdir(parents=True, exist_ok=True)
    forecast().to_csv(FORECAST, index=False)
    return FORECAST


def scored(outcome: pd.DataFrame) -> pd.DataFrame:
    """Score the committed forecast against customs, by the measures of docs/evidence-protocol.md.

    Parameters
    ----------
    outcome : pandas.DataFrame
        ``month``, ``destination``, ``tonnes``; months and destinations of the forecast that it lacks are left out.

    Returns
    -------
    pandas.DataFrame
        By destination and ``pooled``: ``cells``, ``rho`` and ``error`` (over that of "nothing changes", both in shares of the base)
        and ``inside`` (share of cells in the interval of 80 %).
    """
    usual = base()
    usual[WORLD] = usual.sum()
    table = pd.read_csv(FORECAST).merge(outcome, on=["month", "destination"], validate="one_to_one")
    scale = table["destination"].map(usual)
    record, model = table["tonnes"] / scale, table["mean"] / scale
    inside = table["tonnes"].between(table["low"], table["high"])
    groups = {name: table["destination"] == name for name in dict.fromkeys(table["destination"])}
    rows = {
        name: {
            "cells": int(kept.sum()),
            "rho": rank_correlation(record[kept].to_numpy(), model[kept].to_numpy()),
            "error": scaled_error(record[kept].to_numpy(), model[kept].to_numpy(), np.ones(int(kept.sum()))),
            "inside": float(inside[kept].mean()),
        }
        for name, kept in {**groups, "pooled": table["destination"] != ""}.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
