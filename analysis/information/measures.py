"""What leverage over worlds comes to: mean, tail and shares, each with an interval where the worlds are a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

CONFIDENCE = 0.95

TAIL = 0.9
"""The mean of the worst 1 - TAIL of the weight is shown beside the mean: ``cvar``."""

LOW, HIGH = 0.05, 0.95
"""Shares of the weight below the ends of a range."""

RESAMPLES = 2000
"""Times that worlds are drawn anew for an interval."""


@dataclass(frozen=True)
class Estimate:
    """A figure estimated from drawn worlds.

    Attributes
    ----------
    value, low, high
        The figure, and the ends of its 95 % interval.
    """

    value: float
    low: float
    high: float

    def to_list(self) -> list[float]:
        """Return value, low and high."""
        return [self.value, self.low, self.high]


@dataclass(frozen=True)
class OutOfSample:
    """A plan in fresh worlds.

    Attributes
    ----------
    n, seed
        How many worlds, and the seed they were drawn with.
    mean, cvar
        Mean of leverage, and mean of its worst tenth, money.
    share_negative, share_kept
        Share of worlds with leverage below 0, and with all limits kept.
    """

    n: int
    seed: int | None
    mean: Estimate
    cvar: Estimate
    share_negative: Estimate
    share_kept: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; an estimate as value, low and high."""
        return {
            name: list(value.values()) if isinstance(value, Mapping) else value for name, value in asdict(self).items()
        }


def conditional_value_at_risk(leverages: np.ndarray, weights: np.ndarray, level: float = TAIL) -> float:
    """Return the mean of the worst 1 - level of the weight (Rockafellar & Uryasev 2000); at level 0 the mean.

    Parameters
    ----------
    leverages, weights : array, shape (worlds,)
        Leverage and weight of every world; weights add up to 1.
    level
        Share of the weight that is left out, below 1.
    """
    order = np.argsort(leverages, kind="stable")
    before = np.cumsum(weights[order]) - weights[order]
    taken = np.clip(1 - level - before, 0.0, weights[order])
    return float(taken @ leverages[order] / taken.sum())


def quantile(leverages: np.ndarray, weights: np.ndarray, share: float) -> float:
    """Return the leverage below which so large a share of the weight lies."""
    return float(np.quantile(leverages, share, weights=weights, method="inverted_cdf"))


def out_of_sample(leverages: np.ndarray, kept: np.ndarray, seed: int | None) -> OutOfSample:
    """Return what a plan yields in worlds drawn one by one, each as likely as the others.

    Parameters
    ----------
    leverages : array, shape (worlds,)
        Leverage in every world, money.
    kept : array of bool, shape (worlds,)
        Whether all limits are kept there.
    seed
        With which the worlds were drawn.
    """
    worst = max(1, round((1 - TAIL) * len(leverages)))

    def tail(sample: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.sort(sample, axis=axis).take(range(worst), axis=axis).mean(axis=axis)

    return OutOfSample(
        len(leverages),
        seed,
        bootstrap(leverages, np.mean),
        bootstrap(leverages, tail),
        share_of(leverages < 0),
        share_of(kept),
    )


def bootstrap(values: np.ndarray, statistic: Callable[..., Any], seed: int = 0) -> Estimate:
    """Return a statistic of a sample with its percentile bootstrap interval."""
    from scipy import stats

    value = float(statistic(values, axis=-1))
    if len(values) < 2:
        return Estimate(value, value, value)
    found = stats.bootstrap(
        (values,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=seed,
        vectorized=True,
    )
    ends = found.confidence_interval
    return Estimate(value, float(ends.low), float(ends.high))


def share_of(hits: np.ndarray) -> Estimate:
    """Return the share of a sample that is a hit, with Wilson's interval: a bootstrap of none or all has no width."""
    from scipy import stats

    found = stats.binomtest(int(hits.sum()), len(hits))
    ends = found.proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(float(found.statistic), float(ends.low), float(ends.high))


def replicated_gap(ahead: Sequence[float]) -> Estimate:
    """Return the gap of a plan against the best plan of a sample, over samples (Mak, Morton & Wood 1999).

    Parameters
    ----------
    ahead
        Of every sample by how much its best plan is ahead of the plan in that sample, money.

    Returns
    -------
    Estimate
        The mean, which on average is no less than the plan's true gap; 0, and the end that the gap is below with 95 % confidence.
    """
    from scipy import stats

    values = np.asarray(ahead, dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, 0.0, mean)
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(mean, 0.0, mean + float(stats.t.ppf(CONFIDENCE, len(values) - 1)) * error)
