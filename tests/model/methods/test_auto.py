"""What `auto` ends with after a fixed amount of work, beside what every method alone does."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
from sluicegate import Case, solve
from sluicegate.model import solving
from sluicegate.model.follower.combinations import TooManyCombinations
from sluicegate.model.methods import portfolio
from sluicegate.model.plan.clock import Clock
from sluicegate.model.plan.plan import Plan
from sluicegate.model.solver.highs import Highs, Outcome

from tools.bench.generate import generate

METHODS = ("columns", "pieces", "rows", "program")

A_SOLVE, A_STEP, A_NODE = 2e-3, 1e-5, 2e-3
"""Seconds that a solve, a step of the simplex method and a node count for: about what they take."""

NODES, LARGE = 5, 1_000
"""Nodes that a program of so many columns is solved for at most: HiGHS stops it by its own clock otherwise."""

SECONDS = 4.0
"""What every case is given."""

CASES: dict[str, Callable[[], Case]] = {
    "coupled": lambda: generate(5, 3, 20, seed=0),
    "coupled-goods": lambda: generate(8, 3, 16, components=3, seed=1),
    "uncoupled": lambda: generate(12, 4, 20, coupled=False, seed=0),
    "uncoupled-groups": lambda: generate(15, 4, 16, components=5, coupled=False, seed=2),
    "ends": lambda: generate(3, 3, 20, ends="6;12;", seed=0),
}
"""The cases of the table of large spaces, scaled down."""


def worked(case: Case, method: str, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Solve with a clock that counts work, and no process beside: the same on every machine."""
    done = [0.0]
    solved = Highs.solve

    def counted(self: Highs) -> Outcome:
        if self.mixed and self.width > LARGE:
            self.set_options(mip_max_nodes=NODES)
        outcome = solved(self)
        done[0] += A_SOLVE + A_STEP * max(0, self.highs.getInfo().simplex_iteration_count) + A_NODE * outcome.nodes
        return outcome

    def alone(*arguments: Any) -> None:
        raise OSError("no process beside")

    with monkeypatch.context() as patch:
        patch.setattr(Highs, "solve", counted)
        patch.setattr(portfolio, "Companion", alone)
        patch.setattr(solving, "Clock", functools.partial(Clock, now=lambda: done[0]))
        return solve(case, method=method, rel_gap=1e-4, time_limit=SECONDS)


@pytest.mark.parametrize("name", CASES)
def test_auto_ends_no_worse_than_the_best_method(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]()
    gaps, leverages = [], []
    for method in METHODS:
        try:
            plan = worked(case, method, monkeypatch)
        except TooManyCombinations:
            continue
        gaps.append(math.inf if plan.gap is None else plan.gap)
        leverages.append(plan.leverage)
    auto = worked(case, "auto", monkeypatch)
    assert auto.gap is not None
    assert auto.gap <= max(min(gaps), 1e-4)
    assert auto.leverage >= max(leverages) - 1e-4 * abs(auto.leverage)
