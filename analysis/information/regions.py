"""Where a plan goes wrong, told by one or two figures: the box that holds most such worlds and few others (docs/worlds.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_CUTS = 9
"""Places between the values of a figure at which it may be cut, at equal shares of the worlds."""

WORTHWHILE = 0.05
"""By how much a second figure must raise the score of a box."""

CLEARER = 0.25
"""Part of the way from the share of all worlds that go wrong to 1 that the density of a box must go to say anything."""

PART = 0.2
"""Share of the worlds that count as going wrong where leverage is negative in none and all limits are kept: the least ones."""


@dataclass(frozen=True)
class Side:
    """Values of a figure on one side of a cut, or one of its values where it has few or holds text.

    Attributes
    ----------
    figure
        Its path.
    sign
        ``above``, ``below`` or ``is``.
    value
        The cut, or the value.
    """

    figure: str
    sign: str
    value: float | str


@dataclass(frozen=True)
class Region:
    """Worlds in which a plan goes wrong, and the box of figures that tells most of them.

    Attributes
    ----------
    kind
        ``negative`` (leverage below 0 or a limit broken) or ``least`` (the worst fifth, where nothing goes wrong).
    share
        Weight of the worlds that go wrong.
    sides
        Limits of the box; none where no box says anything.
    density
        Share of the box's weight that goes wrong.
    coverage
        Share of what goes wrong that lies in the box.
    """

    kind: str
    share: float
    sides: tuple[Side, ...] = ()
    density: float = 0.0
    coverage: float = 0.0


def worst_region(
    leverages: np.ndarray,
    kept: np.ndarray,
    weights: np.ndarray,
    figures: pd.DataFrame,
    *,
    below_zero: bool = True,
) -> Region:
    """Return where a plan goes wrong.

    Of all boxes of at most two figures, each cut once, the one of the greatest harmonic mean of density and coverage (Bryant &
    Lempert 2010) is taken; the simpler where the second figure adds little.

    Parameters
    ----------
    leverages : array, shape (worlds,)
        Leverage of the plan in every world, money.
    kept : array of bool, shape (worlds,)
        Whether it keeps all limits there.
    weights : array, shape (worlds,)
        Weights, which add up to 1.
    figures
        Values of the uncertain figures, one row a world.
    below_zero
        Whether a leverage below 0 counts as going wrong; a cost, as minus which a plan at least cost counts, does not.
    """
    wrong, kind = (leverages < 0) & below_zero | ~kept, "negative"
    if not wrong.any():
        order = np.argsort(leverages, kind="stable")
        wrong, kind = np.zeros(len(weights), dtype=bool), "least"
        wrong[order[np.cumsum(weights[order]) <= PART + 1e-9]] = True
    share = float(weights @ wrong)
    sides = list(_sides(figures))
    if not sides or not 0 < share < 1:
        return Region(kind, share)
    inside = np.array([cut for _, cut in sides], dtype=float)
    # Box by box: weight, and weight that goes wrong, of every pair of sides; a pair of the same is a single side.
    weight = (inside * weights) @ inside.T
    hit = (inside * (weights * wrong)) @ inside.T
    score = 2 * hit / (weight + share)
    one = int(np.diag(score).argmax())
    two = np.unravel_index(int(score.argmax()), score.shape)
    chosen = (one,) if score[two] < score[one, one] + WORTHWHILE else tuple(sorted({int(place) for place in two}))
    box = (chosen[0], chosen[-1])
    density, coverage = float(hit[box] / weight[box]), float(hit[box] / share)
    if density < share + CLEARER * (1 - share):
        return Region(kind, share)
    return Region(kind, share, tuple(sides[place][0] for place in chosen), density, coverage)


def _sides(figures: pd.DataFrame) -> Iterator[tuple[Side, np.ndarray]]:
    """Yield the sides of every figure, each with which worlds lie there."""
    for path in figures.columns:
        column = figures[path]
        values = sorted(column.dropna().unique(), key=str)
        if not pd.api.types.is_numeric_dtype(column) or column.isna().any():
            for value in values if len(values) > 1 else ():
                yield Side(path, "is", value), (column == value).to_numpy()
            continue
        numbers = column.to_numpy(dtype=float)
        levels = np.unique(numbers)
        between = (levels[1:] + levels[:-1]) / 2
        places = np.unique(np.linspace(0, len(between) - 1, min(MOST_CUTS, len(between))).round().astype(int))
        for cut in between[places] if len(between) else ():
            yield Side(path, "above", float(cut)), numbers > cut
            yield Side(path, "below", float(cut)), numbers < cut
