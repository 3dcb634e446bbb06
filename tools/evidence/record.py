"""The record of 2019-20 as data, and the model's arrivals on its calendar."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sluicegate import Case

FOLDER = Path(__file__).parent / "record"


@cache
def read(name: str) -> pd.DataFrame:
    """Return a table of the record, not to be changed."""
    return pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, na_values={"low": [""], "high": [""]})


@cache
def series() -> pd.DataFrame:
    """Return the series that are compared, indexed by name."""
    return read("series").set_index("series")


def cells() -> pd.DataFrame:
    """Return the cells of the record: ``period``, ``index`` (1 = mean month before July 2019), ``scored``, ``informed``.

    ``informed`` cells gave the ex-post case an input.
    """
    frame = read("cells").copy()
    about = series()
    frame["period"] = [
        first if first == last else f"{first}..{last}"
        for first, last in zip(frame["first_month"], frame["last_month"], strict=True)
    ]
    frame["index"] = frame["value"] / frame["series"].map(about["base"]).astype(float)
    frame["scored"] = frame["scored"] == "yes"
    frame["informed"] = frame["informs"] != ""
    frame["controlled"] = frame["series"].map(about["origin"]) == "Japan"
    return frame


def months(case: Case) -> pd.DataFrame:
    """Return the days of every week in every calendar month, shape (months, weeks)."""
    horizon = case.settings.horizon
    days = pd.date_range(horizon.start, periods=7 * horizon.weeks)
    return pd.crosstab(days.strftime("%Y-%m"), np.arange(days.size) // 7, rownames=["month"], colnames=["week"])


def index_by_cell(case: Case, arrivals: Mapping[str, np.ndarray], table: pd.DataFrame) -> np.ndarray:
    """Return the model's index in every cell of the record.

    Parameters
    ----------
    case
        The case; its base flows are the model's own month before July 2019.
    arrivals : dict of str to array, shape (weeks,)
        Units by lane.
    table
        As of `cells`.

    Returns
    -------
    array, shape (cells,)
        Mean arrivals of the cell's period, over the base flows of the same lanes.
    """
    by_month = months(case)
    days, names = by_month.to_numpy(), by_month.index
    found = []
    for row in table.itertuples():
        spanned = (names >= row.first_month) & (names <= row.last_month)
        found.append(_weigh(case, arrivals, row.series, days[spanned].sum(axis=0)))
    return np.array(found)


def monthly(case: Case, arrivals: Mapping[str, np.ndarray], name: str) -> pd.Series:
    """Return the model's index of a series, whole months."""
    by_month = months(case)
    by_month = by_month[by_month.sum(axis=1) >= 28]
    return by_month.apply(lambda days: _weigh(case, arrivals, name, days.to_numpy()), axis=1)


def _weigh(case: Case, arrivals: Mapping[str, np.ndarray], name: str, days: np.ndarray) -> float:
    about = series().loc[name]
    units = {item.item: 1000.0 if item.unit == "1000 t" else 1.0 for item in case.items}
    lanes = {lane.lane: lane for lane in case.lanes}
    came = before = 0.0
    for lane_name in about["lanes"].split():
        lane = lanes[lane_name]
        worth = units[lane.item] if about["unit"] == "t" else lane.unit_cost
        came += worth * float(days @ arrivals[lane_name]) / 7
        before += worth * lane.base_flow * float(days.sum()) / 7
    return came / before
