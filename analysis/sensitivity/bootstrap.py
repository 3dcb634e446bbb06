"""Intervals of what is estimated from samples, by drawing them anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..sweep.design import Design

CONFIDENCE = 0.95

RESAMPLES = 1000

MOST_DRAWN = 1 << 20
"""Numbers drawn at a time by a bootstrap."""


def sample_blocks(design: Design) -> np.ndarray:
    """Return the block of every sample within which samples depend on each other."""
    many = len(design.factors)
    each = {"sobol": 2 * many + 2 if design.options.get("second_order") else many + 2, "morris": many + 1}
    return np.arange(len(design.samples)) // each.get(design.kind, 1)


def interval(
    statistic: Callable[[np.ndarray], np.ndarray], blocks: int, seed: Any, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic.

    Parameters
    ----------
    statistic
        Values of the statistic for rows of drawn blocks, shape (draws, blocks) -> (draws,).
    blocks
        Number of blocks that are drawn with replacement.
    seed
        Of the draws.
    confidence
        Share of the draws inside the interval.
    """
    rng = np.random.default_rng(seed)
    draws, at_once = resampled(blocks), max(1, MOST_DRAWN // blocks)
    found: list[np.ndarray] = []
    for start in range(0, draws, at_once):
        drawn = rng.integers(blocks, size=(min(at_once, draws - start), blocks))
        found.append(statistic(drawn))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(np.concatenate(found), [tail, 1 - tail])
    return float(low), float(high)


def resampled(many: int) -> int:
    """Return how often so many values are drawn anew: fewer times where there are many."""
    return int(min(RESAMPLES, max(100, MOST_DRAWN // many)))
