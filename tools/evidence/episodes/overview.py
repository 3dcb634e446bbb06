"""All episodes side by side: what the model gets right, and what not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .backtest import read

if TYPE_CHECKING:
    from ..findings import Findings
    from .backtest import Backtest

BACK = 0.9
"""Share of its former month from which a flow counts as back, two cells in a row."""

MAIN = {
    "gallium-germanium-2023": ("gallium", "germanium"),
    "antimony-2024": ("antimony-world",),
    "magnets-2025": ("magnets-world",),
}
"""Series by which the drop and the way back are told."""

FLUORIDE = ("hf-japan-tonnes", "hf-japan-value")
"""Hydrogen fluoride from Japan to December 2019 in tonnes, then in value."""


@dataclass(frozen=True)
class Row:
    """An episode in the overview.

    Attributes
    ----------
    title, goods
        The episode, and the goods by which the drop is told.
    cells, rho, status_quo, cut_off, coverage
        Pooled scores of the episode.
    lowest_record, lowest_model
        Least month under licence, in shares of the month before.
    back_record, back_model
        First month from which two cells in a row are at `BACK` or more; "" for never within the record.
    """

    title: str
    goods: str
    cells: int
    rho: float
    status_quo: float
    cut_off: float
    coverage: float
    lowest_record: float
    lowest_model: float
    back_record: str
    back_model: str


def of_2019(found: Findings) -> Row:
    """Return the row of 2019, ex-ante."""
    cells = found.cells[found.cells["series"].isin(FLUORIDE) & found.cells["scored"]]
    cells = cells.sort_values("first_month", kind="stable")
    return _row("Japan-Korea 2019", "hydrogen fluoride", cells, found.scores.loc["pooled"], found.coverage)


def of_episode(episode: str, found: Backtest) -> list[Row]:
    """Return the rows of an episode, one a main series."""
    about = read("episodes").set_index("episode").loc[episode]
    cells = found.cells[found.cells["scored"] & (found.cells["first_month"] >= about["in_force"][:7])]
    return [
        _row(
            about["title"],
            name.split("-")[0],
            cells[cells["series"] == name],
            found.scores.loc["pooled"],
            found.coverage,
        )
        for name in MAIN[episode]
    ]


def _row(title: str, goods: str, cells: pd.DataFrame, scores: pd.Series, coverage: float) -> Row:
    return Row(
        title,
        goods,
        int(scores["cells"]),
        float(scores["rho"]),
        float(scores["status quo"]),
        float(scores["total cut-off"]),
        coverage,
        float(cells["record"].min()),
        float(cells["model"].min()),
        _back(cells, "record"),
        _back(cells, "model"),
    )


def _back(cells: pd.DataFrame, column: str) -> str:
    values = cells[column].to_numpy()
    high = values >= BACK
    for place in range(int(np.argmin(values)) + 1, len(high) - 1):
        if high[place] and high[place + 1]:
            return str(cells["first_month"].iloc[place])
    return ""
