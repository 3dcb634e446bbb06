"""Published network-interdiction answers, found again by solving the rebuilt cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sluicegate import solve
from sluicegate.data import case_from_tables

from sluicegate_testing.interdiction import (
    Settings,
    Tables,
    max_flow,
    min_cost_flow,
    multi_commodity_flow,
    shortest_path,
)


@dataclass(frozen=True)
class Published:
    """A published problem and what its source says of it.

    Attributes
    ----------
    build : callable
        Makes the case for a number of attacks.
    answers : tuple of float
        Published answer for 0, 1 and 2 attacks.
    sign : int
        1 where the answer is a cost, which attacks raise; -1 where it is a flow, which they lower.
    arcs : int
        Number of arcs, each of which can be attacked.
    stopped : float
        Answer with every arc attacked: nothing flows and nothing is served, so it needs no solver.
    optimal : tuple
        Optimal sets of attacked arcs for 0, 1 and 2 attacks, the one the source prints first; the others are as good
        (by enumerating all sets).
    """

    build: Callable[[int], tuple[Settings, Tables]]
    answers: tuple[float, float, float]
    sign: int
    arcs: int
    stopped: float
    optimal: tuple[list[set[str]], list[set[str]], list[set[str]]]


PUBLISHED = {
    "shortest_path": Published(
        shortest_path,
        answers=(5, 17, 100),
        sign=1,
        arcs=6,
        stopped=1 * 100,
        optimal=(
            [set()],
            [{"B-End"}],
            [{"B-End", "Start-C"}, {"Start-B", "Start-C"}, {"B-End", "C-D"}, {"B-End", "D-End"}],
        ),
    ),
    "max_flow": Published(
        max_flow,
        answers=(80, 10, 0),
        sign=-1,
        arcs=6,
        stopped=0,
        optimal=(
            [set()],
            [{"Start-C"}],
            [{"B-End", "D-End"}, {"Start-B", "Start-C"}, {"Start-C", "B-End"}, {"B-End", "C-D"}],
        ),
    ),
    "min_cost_flow": Published(
        min_cost_flow,
        answers=(700, 7300, 21000),
        sign=1,
        arcs=6,
        stopped=30 * 700,
        optimal=([set()], [{"Start-C"}], [{"B-End", "C-D"}, {"B-End", "D-End"}]),
    ),
    "multi_commodity_flow": Published(
        multi_commodity_flow,
        answers=(3600, 9600, 143000),
        sign=1,
        arcs=7,
        stopped=(20 + 10) * 7000,
        optimal=(
            [set()],
            [{"C-B"}, {"B-End"}],
            [{"B-D", "C-D"}, {"Start-B", "Start-C"}, {"Start-C", "B-D"}],
        ),
    ),
}


@pytest.mark.parametrize("attacks", [0, 1, 2])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_answer(name: str, attacks: int) -> None:
    """The answer without attack, moved by the counterpart's loss, is the published one; the attacks are optimal."""
    published = PUBLISHED[name]
    plan = solve(case_from_tables(name, *published.build(attacks)))
    assert plan.status == "optimal"
    answer = published.answers[0] + published.sign * plan.counterpart_loss
    assert answer == pytest.approx(published.answers[attacks], rel=1e-6, abs=1e-4)
    # Nothing is at stake on our side.
    assert plan.leverage == pytest.approx(plan.counterpart_loss, rel=1e-6, abs=1e-4)
    attacked = {regime for regime, policy in plan.policies.items() if policy != "open"}
    assert attacked in published.optimal[attacks]


@pytest.mark.parametrize("name", PUBLISHED)
def test_answer_without_attack(name: str) -> None:
    """With every arc attacked the answer is known by arithmetic, so the loss gives the answer without attack."""
    published = PUBLISHED[name]
    plan = solve(case_from_tables(name, *published.build(published.arcs)))
    assert plan.status == "optimal"
    answer = published.stopped - published.sign * plan.counterpart_loss
    assert answer == pytest.approx(published.answers[0], rel=1e-6, abs=1e-4)
