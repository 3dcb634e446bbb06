"""What may be chosen once something is known: continuity in a share of all worlds together, other limits in every world."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sluicegate.analysis.information.choosing import Terms
from sluicegate.analysis.information.value import partial_information, perfect_information

MANY = 400


def drawn(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    figures = rng.random((MANY, 3))
    return pd.DataFrame(figures, columns=list("abc")).assign(kind=rng.choice(["x", "y"], MANY))


def worth(benefits: np.ndarray, figures: pd.DataFrame, terms: Terms) -> dict[str, float]:
    found = partial_information(benefits, np.full(MANY, 1 / MANY), figures, terms=terms)
    assert all(0 <= known.low <= known.value <= known.high for known in found)
    return {known.name: known.value for known in found}


def test_a_plan_that_never_keeps_continuity_is_chosen_where_it_may_lack() -> None:
    """The second plan is ahead where a is above 0.6, and keeps continuity nowhere: the share says in how many worlds it may be."""
    figures = drawn()
    ahead = 20 * (figures["a"].to_numpy() - 0.6)
    benefits = np.column_stack([np.zeros(MANY), ahead])
    every, kept = np.ones((MANY, 2), dtype=bool), np.column_stack([np.ones(MANY), np.zeros(MANY)]).astype(bool)
    for share in (None, 0.45, 0.75, 1.0):
        most = MANY if share is None else round((1 - share) * MANY)
        exact = np.maximum(np.sort(ahead)[::-1][:most], 0.0).sum() / MANY
        assert (exact == 0) == (share == 1.0)
        found = worth(benefits, figures, Terms(every, kept, share))
        assert found["a"] == pytest.approx(exact, abs=0.02)
        assert perfect_information(benefits, np.full(MANY, 1 / MANY), Terms(every, kept, share)) == pytest.approx(exact)
        assert max(found["b"], found["c"], found["kind"]) < 0.05


def test_other_limits_hold_in_every_world_in_which_a_plan_is_chosen() -> None:
    """The second plan is 4 ahead everywhere, but its limits hold only where c is above 0.3, the third's where the kind is x."""
    figures = drawn(2)
    above, kind = figures["c"].to_numpy() > 0.3, figures["kind"].to_numpy() == "x"
    benefits = np.column_stack([np.zeros(MANY), np.full(MANY, 4.0), np.full(MANY, 2.0)])
    allowed = np.column_stack([np.ones(MANY, dtype=bool), above, kind])
    found = worth(benefits, figures, Terms(allowed, np.ones_like(allowed), 0.5))
    assert found == {
        "a": 0.0,
        "b": 0.0,
        "c": pytest.approx(4 * above.mean()),
        "kind": pytest.approx(2 * kind.mean()),
    }
    # Two worlds on one side say nothing of where a limit begins to hold.
    rare = np.ones(MANY, dtype=bool)
    rare[np.argsort(figures["c"].to_numpy())[:2]] = False
    found = worth(benefits[:, :2], figures, Terms(np.column_stack([rare | True, rare]), np.ones((MANY, 2), dtype=bool)))
    assert found["c"] == 0.0


def by_linear_program(
    benefits: np.ndarray, kept: np.ndarray, weights: np.ndarray, places: np.ndarray, least: float
) -> float:
    """The greatest mean of choices that may be mixed, one mixture for every value of a figure."""
    levels, plans = places.max() + 1, benefits.shape[1]
    gain, keeps = (
        np.array([(weights[:, None] * each)[places == level].sum(axis=0) for level in range(levels)]).ravel()
        for each in (benefits, kept)
    )
    one = np.kron(np.eye(levels), np.ones(plans))
    found = linprog(-gain, A_ub=-keeps[None], b_ub=[-least], A_eq=one, b_eq=np.ones(levels))
    assert found.status == 0
    return float(-found.fun)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(0.0, 1.0))
def test_what_is_chosen_by_a_figure_is_what_a_linear_program_chooses(seed: int, plans: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    many = 24
    figures = pd.DataFrame({"a": rng.integers(0, 4, many), "every": np.arange(many)})
    benefits, weights = rng.standard_normal((many, plans)) * 100, rng.random(many) + 0.1
    weights /= weights.sum()
    kept = rng.random((many, plans)) < 0.5
    # The plan to choose now keeps continuity in the share asked for.
    kept[:, 0] |= rng.random(many) < share
    least = min(share, float(weights @ kept[:, 0]))
    terms = Terms(np.ones_like(kept), kept, least)
    found = {
        each.name: each.value for each in partial_information(benefits, weights, figures, terms=terms, drawn=False)
    }
    nothing = by_linear_program(benefits, kept, weights, np.zeros(many, dtype=int), least)
    for name in figures:
        places = pd.factorize(figures[name])[0]
        exact = by_linear_program(benefits, kept, weights, places, least) - nothing
        assert found[name] == pytest.approx(exact, abs=1e-6 * np.abs(benefits).max() + 1e-6)
    assert perfect_information(benefits, weights, terms) == pytest.approx(found["every"], abs=1e-6)
