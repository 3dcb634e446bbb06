"""What dependence measures say: their rows by side, worked out once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.dependence.indices import Indices

SIDES = ("ours", "counterpart")


@dataclass(frozen=True)
class Survival:
    """How a side does without one party or site.

    Attributes
    ----------
    side
        ``ours`` or ``counterpart``.
    hit
        Rows of those that something is lost without, the dearest first; parties before sites.
    spared
        Those that nothing need be lost without.
    """

    side: str
    hit: pd.DataFrame
    spared: tuple[str, ...]


def by_side(frame: pd.DataFrame, column: str = "side") -> Iterable[tuple[str, pd.DataFrame]]:
    """Yield each side that has rows, with them."""
    for side in SIDES:
        rows = frame[frame[column] == side]
        if len(rows):
            yield side, rows


def survival_views(indices: Indices) -> list[Survival]:
    """Return how each side does without one party or site."""
    keys = ["side", "kind", "node"]
    frame = indices.chokepoints.merge(indices.survival.drop(columns="party"), on=keys, validate="one_to_one")
    weeks, views = indices.case.settings.horizon.weeks, []
    for side, rows in by_side(frame):
        hit = rows[rows["tts_weeks"] < weeks].sort_values("score", ascending=False, kind="stable")
        hit = hit[hit["kind"].isin(("party", "site"))].sort_values("kind", kind="stable")
        spared = rows.loc[rows["tts_weeks"] >= weeks, "node"]
        views.append(Survival(side, hit, tuple(dict.fromkeys(spared))))
    return views
