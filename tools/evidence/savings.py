"""2019 run again with processes that can do with less of what is under review; the cases themselves stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluicegate.data import apply_overrides

from . import record, scores
from .responses import respond
from .variants import CHOSEN, WATCHED

if TYPE_CHECKING:
    import pandas as pd
    from sluicegate import Case

SHARES = (0.0, 0.1, 0.2)
"""Share of an input that can be saved; judgements, chosen after the false alarms of the fixed recipes were known."""

PRICES = {"hf-liquid": 1.82, "hf-gas": 0.345, "euv-resist": 3.0, "fpi": 1.0}
"""What saving a unit of a controlled input costs, money: its own price once more."""


@dataclass(frozen=True)
class Saving:
    """The response with savings.

    Attributes
    ----------
    share
        Of `SHARES`.
    loss
        Korea's loss, USD m.
    served, short
        Mean fill and first short week (None: never) by ``site/item``.
    scores : pandas.Series
        Pooled.
    """

    share: float
    loss: float
    served: dict[str, float]
    short: dict[str, int | None]
    scores: pd.Series


def with_savings(case: Case, kept: pd.DataFrame) -> list[Saving]:
    """Return the response to what Japan did for every share.

    Parameters
    ----------
    case
        A variant.
    kept
        Its scored cells, as of `record.cells`.
    """
    found = []
    for share in SHARES:
        changed = apply_overrides(case, _texts(case, share)) if share else case
        response = respond(changed, CHOSEN)
        model = record.index_by_cell(changed, response.arrivals, kept)
        found.append(
            Saving(
                share,
                response.loss,
                {pair: float(response.fills[pair].mean()) for pair in WATCHED},
                {pair: response.shortage_week(pair) for pair in WATCHED},
                scores.score(kept, model).loc["pooled"],
            )
        )
    return found


def _texts(case: Case, share: float) -> list[str]:
    """Return the ``--set`` texts; Korea's processes only."""
    sites = {process.process: process.site for process in case.processes}
    return [
        f"recipes.{row.id}.{column}={value}"
        for row in case.recipes
        if row.input in PRICES and sites[row.process].startswith("kr-")
        for column, value in (("saving_share", share), ("saving_cost", PRICES[row.input]))
    ]
