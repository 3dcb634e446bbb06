"""The worked example of the R package voi 1.0.3 (C. Jackson and others, vignette "voi for Value of Information calculation").

Two treatments of net benefit 0 and p1 - p2, p1 normal with mean and deviation 1, p2 with mean 0 and deviation 2. The vignette
prints what knowing is worth on its 10,000 draws; of all draws there is a closed form.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from pytest import approx
from scipy.stats import norm
from sluicegate.analysis.information.value import partial_information, perfect_information

DRAWS = 10_000

PRINTED = {"p1": 0.08210074, "p2": 0.39029827}
PRINTED_OF_ALL = 0.4759885

ERROR = 0.0071
"""Standard error that voi states for what p1 is worth; two samples are compared, and p2's error is the larger one."""


def closed(deviation: float) -> float:
    """Return E max(0, d) - 1 for a normal d of mean 1."""
    return float(norm.cdf(1 / deviation) + deviation * norm.pdf(1 / deviation) - 1)


def drawn(seed: int, draws: int) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    random = np.random.default_rng(seed)
    figures = pd.DataFrame({"p1": random.normal(1, 1, draws), "p2": random.normal(0, 2, draws)})
    return np.column_stack([np.zeros(draws), figures.p1 - figures.p2]), np.full(draws, 1 / draws), figures


def test_knowing_is_worth_what_voi_prints():
    benefits, weights, figures = drawn(1, DRAWS)
    apart = 3 * math.sqrt(2) * ERROR
    assert perfect_information(benefits, weights) == approx(PRINTED_OF_ALL, abs=2 * apart)
    found = {known.name: known.value for known in partial_information(benefits, weights, figures)}
    assert found == {"p1": approx(PRINTED["p1"], abs=apart), "p2": approx(PRINTED["p2"], abs=2 * apart)}


def test_intervals_hold_the_closed_form_as_often_as_they_say():
    exact = {"p1": closed(1.0), "p2": closed(2.0)}
    held = [
        known.low <= exact[known.name] <= known.high
        for seed in range(20)
        for known in partial_information(*drawn(seed, 500))
    ]
    assert np.mean(held) >= 0.85
