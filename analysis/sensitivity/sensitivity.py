"""What an outcome of a sweep depends on: the swing of one figure at a time, and main effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...model.plan.choices import Offer
from ..figures.factors import Discrete
from ..sweep.kinds import KINDS
from .bootstrap import CONFIDENCE, interval, resampled, sample_blocks
from .decisions import choices_of, matching
from .outcomes import LEVERAGE, USABLE, HolesError, outcome_of, rows_of, whole

if TYPE_CHECKING:
    from ..figures.factors import Factor
    from ..sweep.design import Design
    from ..sweep.read import Sweep


HARMONICS = 6
FEWEST_FOR_SHARES = 64
"""Samples of a Latin hypercube from which shares of variance are worked out."""


# One at a time ---------------------------------------------------------------------------------------------------------


def tornado(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return how far each figure alone moves an outcome, the widest swing first.

    A sample without a plan stays in the table as what it is; the swing is that of the samples with one.

    Parameters
    ----------
    sweep
        Of the design ``oat``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``factor``; ``low``, ``high``: its ends; ``at_low``, ``at_high``: the outcome there; ``status_low``, ``status_high``;
        ``least``, ``most``, ``swing`` over all its levels; ``holes``: levels without an outcome; ``switches``: whether other
        choices than the base sample's are best at some level. ``attrs["base"]`` is the outcome of the case as it is.

    Raises
    ------
    ValueError
        For another design, or where the case as it is has no such outcome.
    """
    design = sweep.design
    require_design(design, "oat", "a tornado")
    values, rows = outcome_of(sweep, outcome, mode), rows_of(sweep, mode)
    base = float(values.iloc[0])
    if np.isnan(base):
        raise HolesError(f"the case as it is has no {outcome} ({rows['status'].iloc[0]}); nothing to compare with")
    offer = Offer.of(sweep.case)
    changes = ~matching(rows, choices_of(rows.iloc[0]), offer) & rows["status"].isin(USABLE).to_numpy()
    table, start = [], 1
    for factor in design.factors:
        levels = factor.levels(int(design.options["levels"]))
        places = list(range(start, start + len(levels)))
        start += len(levels)
        found = values.iloc[places]
        least, most = min(base, found.min(skipna=True)), max(base, found.max(skipna=True))
        table.append(
            {
                "factor": factor.path,
                "low": levels[0],
                "high": levels[-1],
                "at_low": found.iloc[0],
                "at_high": found.iloc[-1],
                "status_low": rows["status"].iloc[places[0]],
                "status_high": rows["status"].iloc[places[-1]],
                "least": base if np.isnan(least) else least,
                "most": base if np.isnan(most) else most,
                "holes": int(found.isna().sum()),
                "switches": bool(changes[places].any()),
            }
        )
    frame = pd.DataFrame(table)
    frame["swing"] = frame["most"] - frame["least"]
    frame = by_effect(frame, frame["swing"], outcome)
    frame.attrs["base"] = base
    return frame


# Main effects ----------------------------------------------------------------------------------------------------------


def main_effects(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return how far the mean of an outcome moves with each figure, all others varying as designed.

    Parameters
    ----------
    sweep
        Of the designs ``grid``, ``lhs``, ``list`` or ``sobol``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``factor``; ``low``, ``high``: mean outcome over the lowest and the highest third of the figure's samples, or over its
        first and last value where it takes few; ``effect``: their difference; ``effect_low``, ``effect_high``: its 95 %
        bootstrap interval; ``share``: share of the outcome's variance that the figure explains alone, with ``share_low``,
        ``share_high``. A grid is all there is of it, so its effects have no interval. Shares are worked out for grids and
        Latin hypercubes.

    Raises
    ------
    HolesError, ValueError
        As of `whole`; for another design.

    Notes
    -----
    Shares of a grid are those of the analysis of variance, of a Latin hypercube those of random balance designs (Tarantola,
    Gatelli & Mara, Reliability Engineering & System Safety 91, 2006, with the bias taken off as Tissot & Prieur 2012 do).
    """
    design = sweep.design
    if not KINDS[design.kind].averaged:
        *others, final = [name for name, kind in KINDS.items() if kind.averaged]
        raise ValueError(f"main effects need a {', '.join(others)} or {final} design; this is {design.kind}")
    values = whole(sweep, outcome, mode)
    table = []
    for place, factor in enumerate(design.factors):
        low, high = _ends(design.samples[factor.path], factor)
        first, last = float(values[low].mean()), float(values[high].mean())
        row = {"factor": factor.path, "low": first, "high": last, "effect": last - first}
        if design.kind != "grid":
            row |= dict(
                zip(("effect_low", "effect_high"), _effect_interval(values, low, high, design, place), strict=True)
            )
        table.append(row)
    frame = pd.DataFrame(table).reindex(
        columns=["factor", "low", "high", "effect", "effect_low", "effect_high", "share", "share_low", "share_high"]
    )
    if design.kind == "grid":
        frame["share"] = [
            float(
                np.var(pd.Series(values).groupby(design.samples[factor.path].to_numpy()).transform("mean"))
                / np.var(values)
            )
            for factor in design.factors
        ]
    elif design.kind == "lhs" and len(values) >= FEWEST_FOR_SHARES:
        share, width = _balance_shares(design, values)
        frame["share"], frame["share_low"], frame["share_high"] = share, share - width, share + width
    return by_effect(frame, frame["effect"].abs(), outcome)


def _ends(figures: pd.Series, factor: Factor) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples have the figure low, and which high."""
    if isinstance(factor.distribution, Discrete):
        levels = factor.levels(2)
        return (figures == levels[0]).to_numpy(), (figures == levels[-1]).to_numpy()
    ranks = figures.rank(pct=True).to_numpy()
    low, high = ranks <= 1 / 3, ranks > 2 / 3
    if figures.nunique() <= 5 or not (low.any() and high.any()):
        return (figures == figures.min()).to_numpy(), (figures == figures.max()).to_numpy()
    return low, high


def _effect_interval(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, design: Design, place: int
) -> tuple[float, float]:
    """Return the bootstrap interval of the difference of two means, whole blocks being drawn."""
    blocks = sample_blocks(design)

    def sums(selected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.bincount(blocks, np.where(selected, values, 0.0)), np.bincount(blocks, selected)

    (low_sum, low_count), (high_sum, high_count) = sums(low), sums(high)

    def differences(drawn: np.ndarray) -> np.ndarray:
        many = low_count[drawn].sum(axis=1), high_count[drawn].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return high_sum[drawn].sum(axis=1) / many[1] - low_sum[drawn].sum(axis=1) / many[0]

    return interval(differences, len(low_sum), (design.seed, place))


def _balance_shares(design: Design, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from SALib.analyze import rbd_fast

    found = rbd_fast.analyze(
        design.problem(),
        design.unit_samples(),
        values,
        M=HARMONICS,
        num_resamples=resampled(len(values)),
        conf_level=CONFIDENCE,
        seed=design.seed,
    )
    return np.array(found["S1"], dtype=float), np.array(found["S1_conf"], dtype=float)


def by_effect(frame: pd.DataFrame, size: pd.Series, outcome: str) -> pd.DataFrame:
    """Return a table with the largest first."""
    ordered = frame.loc[size.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
    ordered.attrs["outcome"] = outcome
    return ordered


def require_design(design: Design, kind: str, what: str) -> None:
    """Refuse a design of another kind."""
    if design.kind != kind:
        raise ValueError(f"{what} need a design of kind {kind}; this one is {design.kind}")
