"""Curves over the samples of a sweep: how an outcome is spread, and what keeping to the base plan costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...analysis.sensitivity.advice import regret
from ...analysis.sensitivity.outcomes import modes, outcome_of

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.sweep.read import Sweep

QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}


@dataclass(frozen=True)
class SpreadCurves:
    """How an outcome is spread.

    Attributes
    ----------
    curves : dict of str to pandas.DataFrame
        ``value`` and ``share`` of the samples up to it, by mode; of several over the samples that have it in all of them, and where
        none has the first one alone.
    shared, alone, neither
        Samples with the outcome in all modes that are drawn, in one of several alone, by mode, and in none.
    first, quantiles
        The first mode that is drawn, and its values at `QUANTILES`.
    """

    curves: dict[str, pd.DataFrame]
    shared: int
    alone: dict[str, int]
    neither: int
    first: str
    quantiles: dict[str, float]


@dataclass(frozen=True)
class RegretCurve:
    """What keeping to the base plan costs.

    Attributes
    ----------
    curve : pandas.DataFrame
        ``value`` and ``share`` of the samples up to it; plans that are better only by what their gap leaves cost nothing.
    samples, lost, better
        Samples in which it is known, in which it is not, and in which other choices are better by more than the gap.
    median, most
        Of the samples in which it is known.
    """

    curve: pd.DataFrame
    samples: int
    lost: int
    better: int
    median: float
    most: float


def spread_curves(sweep: Sweep, outcome: str) -> SpreadCurves:
    """Return how an outcome is spread.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    import pandas as pd

    values = pd.DataFrame({mode: outcome_of(sweep, outcome, mode) for mode in modes(sweep)})
    if values.dropna().empty:
        values = values[values.columns[:1]]
    known, shared = values.notna(), values.dropna()
    several = len(values.columns) > 1
    first = str(shared.columns[0])
    return SpreadCurves(
        {str(mode): _curve(shared[mode]) for mode in shared},
        len(shared),
        {str(mode): int((known[mode] & ~known.drop(columns=mode).any(axis=1)).sum()) for mode in values}
        if several
        else {},
        int((~known.any(axis=1)).sum()),
        first,
        {name: float(shared[first].quantile(level)) for name, level in QUANTILES.items()},
    )


def regret_curve(sweep: Sweep) -> RegretCurve | None:
    """Return what keeping to the base plan costs; None where that is known of no sample."""
    if modes(sweep) != ["free", "fixed"]:
        return None
    frame = regret(sweep)
    known = frame["regret"].dropna().clip(lower=0)
    if not len(known):
        return None
    lost = int(frame["regret"].isna().sum())
    return RegretCurve(
        _curve(known), len(known), lost, int(frame["better"].sum()), float(known.median()), float(known.max())
    )


def _curve(values: pd.Series) -> pd.DataFrame:
    """Values in their order, and the share of them up to each."""
    import pandas as pd

    ordered = values.sort_values()
    share = (pd.RangeIndex(len(ordered)) + 0.5) / max(1, len(ordered))
    return pd.DataFrame({"value": ordered.to_numpy(), "share": share})
