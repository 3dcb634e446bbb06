"""One plan for many worlds against brute force: one program that holds all worlds, for every combination."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from pytest import approx
from sluicegate import case_from_tables
from sluicegate.analysis.figures.factors import DesignError
from sluicegate.analysis.worlds import from_table, solve_worlds

from sluicegate_testing.buyer import buyer_tables
from sluicegate_testing.oracle import worlds_oracle
from sluicegate_testing.strategies import cases, meaning_cases, random_case
from sluicegate_testing.world_cases import Drawn, with_worlds

CLOSE = 1e-4

CRITERIA = ("mean", "cvar:0.7", "worst", "regret", "mean+cvar:0.5:0.4")


def agree(drawn: Drawn, criterion: str, share: float | None = None, gap: float | None = None) -> None:
    """Solve a case with worlds both ways and compare."""
    case, answer = case_from_tables("drawn", *drawn), worlds_oracle(*drawn, criterion, share=share)
    weights = dict(zip(from_table(case).names, from_table(case).weights, strict=True))
    if share is not None and sum(weights[name] for name in answer.unkept) > 1 - share + 1e-9:
        with pytest.raises(DesignError, match="no plan keeps continuity"):
            solve_worlds(case, from_table(case), criterion, continuity_share=share)
        return
    found = solve_worlds(case, from_table(case), criterion, continuity_share=share, rel_gap=gap)
    assert list(found.unkept) == answer.unkept
    if answer.value is None:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert found.value is not None and found.bound is not None
    size = max(abs(answer.value), *map(abs, answer.alone.values()), 1e-2)
    assert found.value == approx(answer.value, abs=CLOSE * size)
    assert (found.bound - answer.value) * (-1 if criterion == "regret" else 1) >= -CLOSE * size
    # Ties among policies are fine: what counts is what ours are worth.
    ours = answer.values[tuple(found.choices.policies.values())]
    assert ours == approx(answer.value, abs=CLOSE * size)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_small_cases(criterion: str) -> None:
    @seed(CRITERIA.index(criterion))
    @settings(max_examples=5)
    @given(cases(max_regimes=2, max_weeks=4, max_combinations=4), st.integers(0, 999))
    def both(drawn: Any, number: int) -> None:
        agree(with_worlds(drawn, number, 2), criterion)

    both()


@pytest.mark.parametrize("criterion", CRITERIA[:4])
def test_surprises_refusals_contracts_and_ends(criterion: str) -> None:
    @seed(CRITERIA.index(criterion))
    @settings(max_examples=4)
    @given(meaning_cases(max_weeks=5, max_combinations=4), st.integers(0, 999))
    def both(drawn: Any, number: int) -> None:
        agree(with_worlds(drawn, number, 2), criterion)

    both()


@pytest.mark.parametrize("criterion", CRITERIA)
def test_continuity_in_a_share_of_the_worlds(criterion: str) -> None:
    @seed(20 + CRITERIA.index(criterion))
    @settings(max_examples=4)
    @given(cases(max_regimes=2, max_weeks=4, max_combinations=4), st.integers(0, 999))
    def both(drawn: Any, number: int) -> None:
        strict = drawn[0], {**drawn[1], "demands": [{**row, "min_fill": 0.9} for row in drawn[1]["demands"]]}
        agree(with_worlds(strict, number, 3), criterion, 0.4)

    both()


@pytest.mark.parametrize("number", [1, 4, 5])
def test_larger_cases(number: int) -> None:
    drawn = random_case(number, max_regimes=3, max_weeks=8, max_combinations=12)
    agree(with_worlds(drawn, number), CRITERIA[number % 4])


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("criterion", ["mean", "cvar:0.7", "worst", "regret"])
def test_least_cost(criterion: str, number: int) -> None:
    """Where cost is the sense, with a counterpart and without one."""
    if number % 2:
        settings, tables = random_case(number, max_regimes=2, max_weeks=4, max_combinations=4)
        settings = {**settings, "objective": {"scenario": "worst", "sense": "cost"}}
    else:
        settings, tables = buyer_tables("expected" if number else "none")
    # A regret is a small difference of large costs.
    agree(with_worlds((settings, tables), number, 2), criterion, gap=1e-3 if criterion == "regret" else None)
