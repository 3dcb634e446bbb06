"""Episodes after 2019 by the rules of docs/evidence-protocol.md: cells of the record against the ex-ante cases."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sluicegate import load_case

from ..responses import Response, respond
from ..scores import coverage, score
from .worlds import FOLDER, SEED, WORLDS, by_month, drawn, fingerprint, run, uncertain, wide

if TYPE_CHECKING:
    from sluicegate import Case

EPISODES = ("gallium-germanium-2023", "antimony-2024", "magnets-2025")

LOW, HIGH = 0.05, 0.95
"""Ends of an interval, as shares of the worlds."""


@dataclass(frozen=True)
class Backtest:
    """What an episode comes to.

    Attributes
    ----------
    case, response
        The ex-ante case, and the importers' response to a licence on everything, all figures at their most likely.
    cells : pandas.DataFrame
        Cells of the record: ``record`` and ``model`` (1 = mean month before), ``low``, ``high``, ``scored``, ``inside``.
    scores : pandas.DataFrame
        As of `scores.score`.
    coverage, width
        Share of scored cells inside their interval of 90 %, and its mean width.
    shortages : pandas.DataFrame
        Rows of ``record/stoppages.csv`` with the model's ``served``, ``week`` (NaN: never) and ``week_low``, ``week_high``.
    """

    case: Case
    response: Response
    cells: pd.DataFrame
    scores: pd.DataFrame
    coverage: float
    width: float
    shortages: pd.DataFrame


@cache
def read(name: str) -> pd.DataFrame:
    """Return a table of the record, not to be changed."""
    return pd.read_csv(FOLDER / "record" / f"{name}.csv", keep_default_na=False)


def series(episode: str) -> pd.DataFrame:
    """Return the series of an episode, indexed by name."""
    table = read("series")
    return table[table["episode"] == episode].set_index("series")


def cells(episode: str) -> pd.DataFrame:
    """Return the cells of an episode, as `record.cells` of 2019 does; all series are controlled."""
    about, table = series(episode), read("cells")
    table = table[table["series"].isin(about.index)].reset_index(drop=True)
    return table.assign(
        index=table["value"].astype(float) / table["series"].map(about["base"]).astype(float),
        scored=table["scored"] == "yes",
        controlled=True,
    )


def lanes(episode: str) -> dict[str, tuple[str]]:
    """Return every lane of the record as a series of its own."""
    return {lane: (lane,) for names in series(episode)["lanes"] for lane in names.split()}


def licences(case: Case) -> dict[str, str]:
    """Return what the exporter did: a licence on everything."""
    return {regime.regime: "licence" for regime in case.regimes}


def layered(index: np.ndarray, values: Mapping[str, np.ndarray | float], licensed: np.ndarray) -> np.ndarray:
    """Return the exports of a heading, of which only a share needs a licence.

    level (1 - share + share (at hand + (1 - at hand) index return)); ``return`` and ``at hand`` act in months under licence.

    Parameters
    ----------
    index : array, shape (..., months, lanes)
        The model's index.
    values
        The layers, numbers or arrays that broadcast against ``index``.
    licensed : array of bool, shape (months,)
        Whether a month is under licence.
    """
    back = values["at-hand"] + (1 - values["at-hand"]) * index * values["return"]
    return values["level"] * (1 - values["share"] + values["share"] * np.where(licensed[:, None], back, index))


def weights(episode: str, table: pd.DataFrame, months: Sequence[str]) -> np.ndarray:
    """Return what every month and lane counts in a cell: mean over months, lanes by base flow; shape (cells, months, lanes)."""
    about, base = series(episode), {lane.lane: lane.base_flow for lane in load_case(episode).lanes}
    names, calendar = list(lanes(episode)), np.array(months)
    found = np.zeros((len(table), len(calendar), len(names)))
    for place, row in enumerate(table.itertuples()):
        spanned = (calendar >= row.first_month) & (calendar <= row.last_month)
        carried = about.loc[row.series, "lanes"].split()
        share = np.array([base[name] if name in carried else 0.0 for name in names])
        found[place] = np.outer(spanned / spanned.sum(), share / share.sum())
    return found


def under_licence(episode: str, months: Sequence[str]) -> np.ndarray:
    """Return by month whether it is under licence, from the month in which the rule begins on."""
    start = read("episodes").set_index("episode").loc[episode, "in_force"][:7]
    return np.array(months) >= start


def recompute() -> None:
    """Solve the response in every world of every episode and store what leaves China and what is short."""
    for episode in EPISODES:
        case, entries = load_case(episode), uncertain(episode)
        found = run(case, licences(case), lanes(episode), entries, drawn(entries))
        others = [name for name in found if name.startswith(("served ", "short ", "loss"))]
        table = wide(found).join(found.groupby("world")[others].first())
        (FOLDER / "data").mkdir(exist_ok=True)
        table.astype(np.float32).to_parquet(_stored(episode), compression="zstd", index=False)
        _stored(episode).with_suffix(".sha256").write_text(fingerprint(case, entries) + "\n", encoding="utf-8")
        print(episode, file=sys.stderr, flush=True)


def stored(episode: str) -> pd.DataFrame:
    """Return the stored worlds: columns ``month lane``, ``served SITE/ITEM``, ``short SITE/ITEM`` and ``loss``.

    Raises
    ------
    ValueError
        Where they belong to other figures.
    """
    mark = _stored(episode).with_suffix(".sha256")
    if not mark.is_file() or mark.read_text(encoding="utf-8").strip() != fingerprint(
        load_case(episode), uncertain(episode)
    ):
        raise ValueError(f"the worlds of {episode} belong to other figures: run `python -m tools.evidence episodes`")
    return pd.read_parquet(_stored(episode)).astype(float)


def _stored(episode: str) -> Path:
    return FOLDER / "data" / f"{episode}.parquet"


def intervals(episode: str, table: pd.DataFrame, months: Sequence[str]) -> np.ndarray:
    """Return the ends of every cell's interval, shape (cells, 2); single months differ by a factor of their own."""
    entries, worlds = uncertain(episode), stored(episode)
    values = {name: column.to_numpy()[:, None, None] for name, column in drawn(entries).items()}
    columns = [f"{month} {name}" for month in months for name in lanes(episode)]
    index = worlds[columns].to_numpy().reshape(WORLDS, len(months), -1)
    monthly = layered(index, values, under_licence(episode, months))
    spread = next(entry for entry in entries if entry.name == "month")
    single = np.random.default_rng(SEED).triangular(spread.low, spread.mode, spread.high, (WORLDS, len(table)))
    found = np.einsum("wml,cml->wc", monthly, weights(episode, table, months)) * single
    return np.quantile(found, [LOW, HIGH], axis=0).T


def backtest(episode: str) -> Backtest:
    """Return the scores of an episode."""
    case, table = load_case(episode), cells(episode)
    response = respond(case, licences(case))
    monthly = by_month(case, response, lanes(episode))
    months = list(monthly.index)
    modes = {entry.name: entry.mode for entry in uncertain(episode)}
    central = layered(monthly.to_numpy(), modes, under_licence(episode, months))
    model = np.einsum("ml,cml->c", central, weights(episode, table, months))
    low, high = intervals(episode, table, months).T
    kept = table["scored"].to_numpy()
    part = table[kept]
    covered, width = coverage(part, low[kept], high[kept])
    table = table.rename(columns={"index": "record"}).assign(model=model, low=low, high=high)
    table["inside"] = table["record"].between(table["low"] - 1e-6, table["high"] + 1e-6)
    return Backtest(case, response, table, score(part, model[kept]), covered, width, _shortages(episode, response))


def _shortages(episode: str, response: Response) -> pd.DataFrame:
    table, worlds = read("stoppages"), stored(episode)
    table = table[table["episode"] == episode].reset_index(drop=True)
    weeks = [response.shortage_week(pair) for pair in table["pair"]]
    return table.assign(
        served=[float(response.fills[pair].mean()) for pair in table["pair"]],
        week=[np.nan if week is None else week for week in weeks],
        week_low=[worlds[f"short {pair}"].quantile(LOW) for pair in table["pair"]],
        week_high=[worlds[f"short {pair}"].quantile(HIGH) for pair in table["pair"]],
    )
