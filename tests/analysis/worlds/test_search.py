"""The search over combinations and first stages, on a world whose leverage is a formula."""

from __future__ import annotations

import math

import numpy as np
from pytest import approx
from sluicegate.analysis.worlds.criterion import Criterion
from sluicegate.analysis.worlds.master import FirstStageSpace, Lines, Master, WorldLines
from sluicegate.analysis.worlds.search import WorldsSearch

MOST = 10.0


class Formula:
    """One world under one combination: leverage is the least of 5 + s and 10, s in stock."""

    losses = 0

    def __init__(self) -> None:
        self.cuts: list[tuple[float, float]] = []

    def visit(self, number: int, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        stock = float(point[0])
        self.cuts.append((5.0, 1.0) if stock < 5 else (10.0, 0.0))
        return np.array([min(5.0 + stock, 10.0)]), np.zeros(1)

    def sharpen(self, number: int, point: np.ndarray) -> bool:
        return False

    def lines(self, number: int) -> list[WorldLines]:
        constants, slopes = zip(*self.cuts, (100.0, 0.0), strict=True)
        return [WorldLines(Lines(np.array(constants), np.array(slopes)[:, None]), Lines(np.empty(0), np.empty((0, 1))))]


def search(crew: Formula) -> WorldsSearch:
    space = FirstStageSpace(
        keys=(("stockpile", ("s", "i")),),
        upper=np.array([MOST]),
        integer=np.array([False]),
        costs=np.zeros((1, 1)),
        budgets=np.array([math.inf]),
        prices=np.ones(1),
    )
    master = Master(space, Criterion.parse("mean"), np.ones(1), np.zeros(1))
    return WorldsSearch(crew, master, np.zeros((1, 1)), np.full((1, 1), 100.0), [(0,)], 1e-4)


def test_the_least_stockpile_is_found_at_once_and_does_not_creep_below_what_it_is_worth() -> None:
    crew = Formula()
    ended = search(crew).run(0)
    assert ended.best is not None
    assert ended.best.score == approx(10.0, abs=1e-5)
    assert ended.best.point == approx([5.0], abs=1e-5)
    assert ended.visits <= 5


def test_a_search_that_is_stopped_keeps_its_best_and_a_bound_above_it() -> None:
    asked = iter([False, True])
    found = search(Formula())
    found.stop = lambda: next(asked, True)
    ended = found.run(0)
    assert ended.best is not None
    assert ended.best.score == 5.0
    assert ended.bound >= 10.0
