"""Worlds: the uncertain figures of an episode drawn together, the response in each, and what left the exporter by month."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from SALib.sample import latin
from sluicegate.data import apply_overrides

from ..record import months
from ..responses import Response, respond

if TYPE_CHECKING:
    from sluicegate import Case

FOLDER = Path(__file__).parent

WORLDS = 400
"""Worlds of an episode."""

SEED = 2023

FACTOR, LAGS, LAYER = "factor", "lags", "layer"

_MATTERS = ("items", "stocks", "lanes", "processes", "recipes", "demands", "policies")


@dataclass(frozen=True)
class Uncertain:
    """One thing that is uncertain.

    Attributes
    ----------
    name, reason
        Id, and where the ends come from.
    paths : tuple of str
        Figures as ``--set`` takes them, without the value; ``*`` stands for any part of a key. None for a layer.
    kind
        ``factor`` times the case's figures, ``lags`` (a factor on every lag of a review, whole weeks), or ``layer``: a figure of
        the forecast outside the model.
    low, mode, high
        Triangular distribution.
    """

    name: str
    paths: tuple[str, ...]
    kind: str
    low: float
    mode: float
    high: float
    reason: str


def uncertain(episode: str) -> list[Uncertain]:
    """Return what is uncertain in an episode, in the order of its file in ``ranges``."""
    frame = pd.read_csv(FOLDER / "ranges" / f"{episode}.csv", keep_default_na=False)
    return [
        Uncertain(
            row.name, tuple(row.paths.split()), row.kind, float(row.low), float(row.mode), float(row.high), row.reason
        )
        for row in frame.itertuples(index=False)
    ]


def drawn(entries: Sequence[Uncertain], worlds: int = WORLDS) -> pd.DataFrame:
    """Return a Latin hypercube of the values, a row a world, a column a name."""
    from scipy.stats import triang

    problem = {"num_vars": len(entries), "names": [e.name for e in entries], "bounds": [[0.0, 1.0]] * len(entries)}
    shares = latin.sample(problem, worlds, seed=SEED)
    columns = {}
    for entry, share in zip(entries, shares.T, strict=True):
        width = entry.high - entry.low
        columns[entry.name] = entry.low + width * triang((entry.mode - entry.low) / width).ppf(share)
    return pd.DataFrame(columns)


def overrides(case: Case, entries: Sequence[Uncertain], values: Mapping[str, float]) -> list[str]:
    """Return the ``--set`` texts of a world; factors on the same figure are multiplied."""
    factors: dict[tuple[str, str], float] = {}
    for entry in entries:
        for path in entry.paths:
            for figure in _figures(case, path):
                key = figure, entry.kind
                factors[key] = factors.get(key, 1.0) * values[entry.name]
    return [
        f"{figure}={_review(case, figure, factor)}" if kind == LAGS else f"{figure}=*{factor:.6g}"
        for (figure, kind), factor in factors.items()
    ]


def _figures(case: Case, path: str) -> list[str]:
    table, key, column = path.split(".")
    return [
        f"{table}.{row.id}.{column}"
        for row in case.rows(table)
        if fnmatch(row.id, key) and getattr(row, column) is not None
    ]


def _review(case: Case, figure: str, factor: float) -> str:
    row = next(row for row in case.policies if row.id == figure.split(".")[1])
    return ";".join(f"{round(lag * factor)}:{weight:.6g}" for lag, weight in row.delay_weeks.weights)


def by_month(case: Case, response: Response, series: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return exports over base flows by whole month (rows) and series (columns; lanes by series).

    Days of the first month before the case begins count at the base flows.
    """
    table = months(case)
    base = {lane.lane: lane.base_flow for lane in case.lanes}
    days, whole = table.to_numpy(), pd.PeriodIndex(table.index, freq="M").days_in_month.to_numpy()
    before = np.where(np.arange(len(table)) == 0, whole - days.sum(axis=1), 0)
    found = pd.DataFrame(
        {
            name: (days @ sum(response.exports[k] for k in lanes) / sum(base[k] for k in lanes) + before) / whole
            for name, lanes in series.items()
        },
        index=table.index,
    )
    return found[days.sum(axis=1) + before == whole]


def run(
    case: Case,
    policies: Mapping[str, str],
    series: Mapping[str, Sequence[str]],
    entries: Sequence[Uncertain],
    values: pd.DataFrame,
) -> pd.DataFrame:
    """Return every world's exports over base flows, long: ``world``, ``month``, ``series``, ``index``, with ``loss`` and fills.

    ``loss`` is the counterpart's in money; a column ``served SITE/ITEM`` is the mean fill, ``short SITE/ITEM`` the first short week
    or the horizon. They repeat in every row of a world.
    """
    found = []
    for world, row in values.iterrows():
        changed = apply_overrides(case, overrides(case, entries, row.to_dict()))
        response = respond(changed, policies)
        table = (
            by_month(changed, response, series)
            .rename_axis("month")
            .melt(ignore_index=False, var_name="series", value_name="index")
        )
        table = table.reset_index().assign(world=world, loss=response.loss)
        for pair, fills in response.fills.items():
            week = response.shortage_week(pair)
            table[f"served {pair}"] = float(fills.mean())
            table[f"short {pair}"] = float(len(fills) if week is None else week)
        found.append(table)
        if len(found) % 100 == 0:
            print(f"{case.name}: {len(found)} of {len(values)}", file=sys.stderr, flush=True)
    return pd.concat(found, ignore_index=True)


def wide(found: pd.DataFrame) -> pd.DataFrame:
    """Return the indices of worlds, a row a world, columns ``month series``."""
    table = found.pivot_table(index="world", columns=["month", "series"], values="index")
    return table.set_axis([f"{month} {name}" for month, name in table.columns], axis=1)


def fingerprint(case: Case, entries: Sequence[Uncertain]) -> str:
    """Return what stored worlds hang on: the case's tables and horizon, what is uncertain, number and seed."""
    tables = {name: [row.model_dump(mode="json", exclude_unset=True) for row in case.rows(name)] for name in _MATTERS}
    parts = [
        tables,
        case.settings.horizon.model_dump(mode="json", exclude_unset=True),
        [vars(e) for e in entries],
        WORLDS,
        SEED,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
