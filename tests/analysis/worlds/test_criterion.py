"""Criteria against their definitions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pytest import approx
from scipy.optimize import linprog
from sluicegate.analysis.worlds.criterion import Criterion, cvar

LEVERAGES = arrays(float, 6, elements=st.floats(-1e4, 1e4))
WEIGHTS = arrays(float, 6, elements=st.floats(0.01, 1.0)).map(lambda weights: weights / weights.sum())
NONE = np.zeros(6)


def by_program(values: np.ndarray, weights: np.ndarray, tail: float) -> float:
    """max eta - sum of weight * shortfall / (1 - a), shortfall >= eta - value (Rockafellar & Uryasev)."""
    n = values.size
    cost = np.concatenate([[-1.0], weights / (1.0 - tail)])
    rows = np.hstack([np.ones((n, 1)), -np.eye(n)])
    found = linprog(cost, A_ub=rows, b_ub=values, bounds=[(None, None), *[(0, None)] * n])
    return float(-found.fun)


@settings(max_examples=60)
@given(LEVERAGES, WEIGHTS, st.sampled_from([0.0, 0.25, 0.7, 0.9, 0.99]))
def test_cvar_is_what_its_program_says(values: np.ndarray, weights: np.ndarray, tail: float) -> None:
    assert cvar(values, weights, tail) == approx(by_program(values, weights, tail), rel=1e-6, abs=1e-5)


@settings(max_examples=60)
@given(LEVERAGES, WEIGHTS)
def test_the_worst_is_least_and_the_mean_is_most(values: np.ndarray, weights: np.ndarray) -> None:
    found = [Criterion.parse(text).value(values, weights, NONE) for text in ("worst", "cvar:0.8", "cvar:0.3", "mean")]
    assert all(low <= high + 1e-9 * max(1.0, abs(high)) for low, high in pairwise(found))
    assert Criterion.parse("cvar:0").value(values, weights, NONE) == approx(found[-1], rel=1e-9, abs=1e-9)
    mixed = Criterion.parse("mean+cvar:0.3:0.25").value(values, weights, NONE)
    assert mixed == approx(0.75 * found[3] + 0.25 * found[2], rel=1e-9, abs=1e-9)


def test_what_is_not_known_yet_counts_where_it_lies_in_the_tail() -> None:
    weights = np.array([0.05, 0.1, 0.85])
    assert cvar(np.array([1.0, 3.0, np.inf]), weights, 0.9) == approx(2.0)
    assert cvar(np.array([1.0, np.inf, np.inf]), weights, 0.9) == np.inf


def test_regret_is_the_greatest_loss_against_the_best_of_a_world() -> None:
    best = np.array([10.0, 20.0, 30.0])
    assert Criterion.parse("regret").value(np.array([9.0, 15.0, 28.0]), np.full(3, 1 / 3), best) == 5.0


@pytest.mark.parametrize("text", ["", "median", "cvar", "cvar:1", "cvar:x", "mean+cvar:0.9", "mean+cvar:0.9:2"])
def test_what_is_no_criterion_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"criterion|tail|weight"):
        Criterion.parse(text)
