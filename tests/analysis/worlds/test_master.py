"""The master program of one combination, on cuts made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytest import approx
from sluicegate.analysis.worlds.criterion import Criterion
from sluicegate.analysis.worlds.master import FirstStageSpace, Lines, Master, WorldLines, unless_exempt

EXEMPT = 1
MOST = np.array([10.0, 1.0])


def cut(constant: float, slope: float = 0.0) -> Lines:
    return Lines(np.array([constant]), np.array([[slope, 0.0]]))


NOTHING = Lines(np.empty(0), np.empty((0, 2)))


def master(exempt_most: float) -> Master:
    """A first stage of one stockpile, and one world of two that may be exempted."""
    space = FirstStageSpace(
        keys=(("stockpile", ("s", "i")), ("exempt", 0)),
        upper=MOST,
        integer=np.array([False, True]),
        costs=np.zeros((2, 2)),
        budgets=np.array([math.inf, math.inf]),
        prices=np.ones(2),
        exempt=np.array([0.0, 0.5]),
        exempt_most=exempt_most,
    )
    return Master(space, Criterion.parse("mean"), np.array([0.5, 0.5]), np.zeros(2))


def both(held: Lines, kept: Lines = NOTHING) -> list[WorldLines]:
    """What is known of a world that may do without continuity, and of another one."""
    first = unless_exempt(WorldLines(held, kept), WorldLines(cut(40.0), NOTHING), EXEMPT, 40.0, MOST)
    return [first, WorldLines(cut(20.0, -1.0), NOTHING)]


def test_continuity_is_kept_or_the_world_exempted() -> None:
    # Kept, the world has 10 and a unit in stock brings 2 there and takes 1 elsewhere; exempted it has 40.
    assert master(0.0).solve(both(cut(10.0, 2.0)), np.zeros(2)).bound == approx((30 + 10) / 2)
    freed = master(0.5).solve(both(cut(10.0, 2.0)), np.zeros(2))
    assert freed.bound == approx((40 + 20) / 2)
    assert freed.point == approx([0.0, 1.0])


@pytest.mark.parametrize("where", ["leverage", "limits"])
def test_a_world_in_which_nothing_keeps_continuity_is_exempted(where: str) -> None:
    ruled_out = both(cut(-math.inf)) if where == "leverage" else both(cut(10.0, 2.0), cut(-math.inf))
    assert master(0.0).solve(ruled_out, np.zeros(2)).bound == -math.inf
    freed = master(0.5).solve(ruled_out, np.zeros(2))
    assert freed.bound == approx((40 + 20) / 2)
    assert freed.point is not None and freed.point[EXEMPT] == 1.0


def test_a_world_that_no_first_stage_suits_leaves_nothing() -> None:
    lines = [WorldLines(cut(-math.inf), NOTHING), WorldLines(cut(20.0), NOTHING)]
    assert master(0.5).solve(lines, np.zeros(2)).bound == -math.inf


def test_the_relaxation_of_the_master_program_bounds_it() -> None:
    # Half an exemption is enough for it.
    lines = both(cut(10.0, 2.0))
    tighter = master(0.25)
    assert tighter.solve(lines, np.zeros(2)).bound == approx((30 + 10) / 2)
    assert (30 + 10) / 2 < tighter.bound(lines, np.zeros(2)) <= (40 + 20) / 2
    assert master(0.5).bound(lines, np.zeros(2)) == approx((40 + 20) / 2)
    assert master(0.0).bound(both(cut(-math.inf)), np.zeros(2)) == -math.inf
