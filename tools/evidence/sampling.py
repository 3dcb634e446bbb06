"""The response over the ranges: a Latin hypercube for intervals, Saltelli's design for Sobol indices."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from SALib.analyze import sobol as sobol_analysis
from SALib.sample import latin, sobol
from sluicegate import load_case
from sluicegate.data import apply_overrides

from .record import cells, index_by_cell
from .responses import Response, respond
from .variants import CHOSEN, JAPAN_LANES, VARIANTS, WATCHED

if TYPE_CHECKING:
    from sluicegate import Case

RANGES = Path(__file__).parent / "ranges.csv"
DATA = Path(__file__).parent / "data"

SAMPLES = 200
"""Rows of the hypercube."""

BASES = {"ex-ante": 64, "ex-post": 32}
"""Saltelli's base number by variant, for base * (factors + 2) rows; half in the ex-post one, to spare time."""

SEED = 2019

FACTOR, LAGS, WEEKS, SHARE = "factor", "lags", "weeks", "share"


@dataclass(frozen=True)
class Range:
    """One thing that is uncertain, over all figures it moves together.

    Attributes
    ----------
    name, title, reason
        Id, words, and where the ends come from.
    paths : tuple of str
        Figures as ``--set`` takes them, without the value.
    kind
        ``factor`` times the case's figure, ``lags`` (a factor on every lag of a review, whole weeks), ``weeks`` or ``share``
        (the figure itself).
    low, high
        Ends.
    mode
        Peak of a triangular distribution; None for a uniform one.
    """

    name: str
    title: str
    paths: tuple[str, ...]
    kind: str
    low: float
    mode: float | None
    high: float
    reason: str

    def overrides(self, case: Case, value: float) -> list[str]:
        """Return the ``--set`` texts of a sampled value."""
        if self.kind == LAGS:
            return [f"{path}={_scaled_review(case, path, value)}" for path in self.paths]
        shown = f"*{value:.6g}" if self.kind == FACTOR else f"{round(value) if self.kind == WEEKS else value:.6g}"
        return [f"{path}={shown}" for path in self.paths]


def _scaled_review(case: Case, path: str, factor: float) -> str:
    regime, policy = path.split(".")[1].split("/")
    row = next(row for row in case.policies if (row.regime, row.policy) == (regime, policy))
    return ";".join(f"{round(lag * factor)}:{weight:.6g}" for lag, weight in row.delay_weeks.weights)


def read_ranges(variant: str) -> list[Range]:
    """Return the ranges of a variant, in the order of ``ranges.csv``."""
    frame = pd.read_csv(RANGES)
    frame = frame[frame["variant"].isin(["both", variant])]
    return [
        Range(
            row.factor,
            row.name,
            tuple(row.paths.split()),
            row.kind,
            float(row.low),
            None if pd.isna(row.mode) else float(row.mode),
            float(row.high),
            row.reason,
        )
        for row in frame.itertuples(index=False)
    ]


def unit_problem(ranges: list[Range]) -> dict[str, Any]:
    """Return the factors as SALib takes them, each over [0, 1]; its triangular shape refuses a peak at the upper end."""
    return {
        "num_vars": len(ranges),
        "names": [entry.name for entry in ranges],
        "bounds": [[0.0, 1.0]] * len(ranges),
    }


def values_of(ranges: list[Range], shares: np.ndarray) -> np.ndarray:
    """Return the values at given cumulative shares, both of shape (samples, factors)."""
    from scipy.stats import triang, uniform

    columns = []
    for entry, share in zip(ranges, shares.T, strict=True):
        width = entry.high - entry.low
        shape = uniform if entry.mode is None else triang((entry.mode - entry.low) / width)
        columns.append(entry.low + width * shape.ppf(share))
    return np.column_stack(columns)


def outcomes(case: Case, response: Response) -> dict[str, float]:
    """Return what a response comes to: every cell's index, Korea's loss, sales served, shortage weeks, Japan's lost sales.

    A week of ``shortage`` that never comes is the case's horizon; Japan's lost sales are in the case's currency.
    """
    table = cells()
    found = dict(zip(_cell_names(table), index_by_cell(case, response.arrivals, table).tolist(), strict=True))
    found["loss"] = response.loss
    for pair in WATCHED:
        week = response.shortage_week(pair)
        found[f"served {pair}"] = float(response.fills[pair].mean())
        found[f"shortage {pair}"] = float(case.settings.horizon.weeks if week is None else week)
    found["japan lost sales"] = japan_lost_sales(case, response)
    return found


def japan_lost_sales(case: Case, response: Response) -> float:
    """Return hydrogen fluoride that Japan sold to Korea before and does not deliver within the horizon, at the case's prices."""
    lanes = {lane.lane: lane for lane in case.lanes}
    weeks = case.settings.horizon.weeks
    return sum(
        lanes[name].unit_cost * (weeks * lanes[name].base_flow - float(response.arrivals[name].sum()))
        for name in JAPAN_LANES
    )


def _cell_names(table: pd.DataFrame) -> list[str]:
    return [f"{name} {period}" for name, period in zip(table["series"], table["period"], strict=True)]


def run(case: Case, ranges: list[Range], samples: np.ndarray) -> pd.DataFrame:
    """Return the outcomes of every row of samples, shape (samples, factors)."""
    rows = []
    for place, values in enumerate(samples):
        texts = [
            text for entry, value in zip(ranges, values, strict=True) for text in entry.overrides(case, float(value))
        ]
        changed = apply_overrides(case, texts)
        rows.append(outcomes(changed, respond(changed, CHOSEN)))
        if place % 100 == 99:
            print(f"{case.name}: {place + 1} of {len(samples)}", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def hypercube(ranges: list[Range], samples: int = SAMPLES) -> np.ndarray:
    """Return the Latin hypercube, shape (samples, factors)."""
    return values_of(ranges, latin.sample(unit_problem(ranges), samples, seed=SEED))


def saltelli(ranges: list[Range], base: int) -> np.ndarray:
    """Return Saltelli's design for first and total indices, shape (base * (factors + 2), factors)."""
    return values_of(ranges, sobol.sample(unit_problem(ranges), base, calc_second_order=False, seed=SEED))


def total_indices(ranges: list[Range], outcome: np.ndarray) -> pd.DataFrame | None:
    """Return total Sobol indices with their 95 % bootstrap half-width, largest first; None where nothing moves."""
    if np.ptp(outcome) <= 1e-9 * max(1.0, float(np.abs(outcome).max())):
        return None
    found = sobol_analysis.analyze(
        unit_problem(ranges), outcome, calc_second_order=False, print_to_console=False, seed=SEED
    )
    frame = pd.DataFrame(
        {"factor": [entry.name for entry in ranges], "total": found["ST"], "half_width": found["ST_conf"]}
    )
    return frame.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)


def fingerprint(variant: str) -> str:
    """Return what the stored samples hang on: the case's tables and horizon, ranges, cells, sizes and seed."""
    case = load_case(VARIANTS[variant])
    # What a row does not state plays no part, so that a new column with its default leaves the mark as it is.
    tables = {name: [row.model_dump(mode="json", exclude_unset=True) for row in case.rows(name)] for name in _MATTERS}
    horizon = case.settings.horizon.model_dump(mode="json", exclude_unset=True)
    parts = [tables, horizon, cells().to_csv(), RANGES.read_text(encoding="utf-8"), SAMPLES, BASES, SEED, CHOSEN]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


_MATTERS = ("items", "stocks", "lanes", "processes", "recipes", "demands", "policies")


def recompute() -> None:
    """Run both designs on both variants and store their outcomes."""
    DATA.mkdir(exist_ok=True)
    for variant, name in VARIANTS.items():
        case, ranges = load_case(name), read_ranges(variant)
        designs = {"hypercube": hypercube(ranges), "saltelli": saltelli(ranges, BASES[variant])}
        for design, samples in designs.items():
            frame = run(case, ranges, samples).astype(np.float32)
            frame.to_parquet(DATA / f"{variant}-{design}.parquet", compression="zstd", index=False)
        (DATA / f"{variant}.sha256").write_text(fingerprint(variant) + "\n", encoding="utf-8")


def stored(variant: str, design: str) -> pd.DataFrame:
    """Return the stored outcomes of a design, shape (samples, outcomes).

    Raises
    ------
    ValueError
        Where they belong to another case or other ranges than those here.
    """
    mark = DATA / f"{variant}.sha256"
    if not mark.is_file() or mark.read_text(encoding="utf-8").strip() != fingerprint(variant):
        raise ValueError(f"the samples of {variant} belong to other figures: run `python -m tools.evidence samples`")
    return pd.read_parquet(DATA / f"{variant}-{design}.parquet").astype(float)
