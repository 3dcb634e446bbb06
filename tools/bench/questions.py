"""What a planner's second questions cost, against one solve of the same case in the same process."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from sluicegate import breakeven, explain, frontier, load_case, solve

REPEATS = 3
POINTS = 20
VALUES = 5
FIGURES = {
    "ours": "lanes.hbm4-boise-expansion.unit_cost",
    "theirs": "lanes.photoresist-kawasaki-icheon.unit_cost",
}
"""A figure that moves our side alone, and one that moves the counterpart's response."""


def seconds(work: Callable[[], Any]) -> float:
    """Seconds of processor time, those of finished processes of its own included: other work on the machine counts little."""
    began = _processor()
    work()
    return _processor() - began


def _processor() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(case_name: str = "taiwan-korea", threads: int = 1) -> list[tuple[str, str]]:
    """Medians over repeats, the questions in turn within each repeat, all with the same processes."""
    case = load_case(case_name)
    without = load_case(case_name, ["limits.budget=20"])
    questions: dict[str, Callable[[], Any]] = {
        "solve": lambda: solve(case, threads=threads),
        "budget": lambda: frontier(case, "budget", points=POINTS, threads=threads),
        "own_loss": lambda: frontier(case, "own_loss", points=POINTS, threads=threads),
        "ours": lambda: breakeven(case, FIGURES["ours"], points=VALUES, threads=threads),
        "theirs": lambda: breakeven(case, FIGURES["theirs"], points=VALUES, threads=threads),
        "no plan": lambda: solve(without, threads=threads),
        "explain": lambda: explain(without, threads=threads),
    }
    taken: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(REPEATS):
        for name, question in questions.items():
            taken[name].append(seconds(question))
    median = {name: statistics.median(values) for name, values in taken.items()}
    return [
        (f"`frontier {case_name} --against budget`, {POINTS} points / one solve (aim <= 3)", _ratio(median, "budget")),
        (
            f"`frontier {case_name} --against own_loss`, {POINTS} points / one solve (aim <= 3)",
            _ratio(median, "own_loss"),
        ),
        *(
            (f"`breakeven {case_name} {figure}`, {VALUES} values / one solve (aim <= 5)", _ratio(median, name))
            for name, figure in FIGURES.items()
        ),
        (f"`explain {case_name}` without a plan / one solve with a plan (aim <= 2)", _ratio(median, "explain")),
        ("the solve that finds no plan / one solve with a plan", _ratio(median, "no plan")),
    ]


def _ratio(median: dict[str, float], name: str) -> str:
    return f"{median[name] / median['solve']:.1f} x"
