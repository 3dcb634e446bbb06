"""A sweep whose samples are cheap, or deadly: what storage and executors do with it is what is tested."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sluicegate import Case
    from sluicegate.analysis.sweep.design import Design

Values = Mapping[str, Any]
Row = dict[str, Any]

FIGURE = "limits.budget"


def design(size: int, seed: int = 0) -> Design:
    """So many samples of one figure."""
    import pandas as pd
    from sluicegate.analysis.figures.factors import Factor, Uniform
    from sluicegate.analysis.sweep.design import Design

    samples = pd.DataFrame(
        {FIGURE: [float(number) for number in range(size)]}, index=pd.RangeIndex(size, name="sample")
    )
    return Design("list", (Factor(FIGURE, Uniform(0, size)),), samples, seed)


@dataclass(frozen=True)
class Cheap:
    """A sweep of samples that take so many seconds; `deadly` ones end their process, as often as `deaths` says."""

    case: Case | None = None
    seconds: float = 0.0
    deadly: Mapping[int, int] = field(default_factory=dict)
    folder: str | None = None
    modes: tuple[str, ...] = ("free",)
    policies: str = "free"
    structural: tuple[str, ...] = ()

    def worker(self, stop: Callable[[], bool]) -> _Worker:
        return _Worker(self)

    def failed(self, sample: int, values: Values, message: str) -> list[Row]:
        return [{"sample": sample, "mode": "free", "status": "failed", "message": message}]


class _Worker:
    def __init__(self, task: Cheap):
        self.task = task

    def begin(self) -> None:
        pass

    def rows(self, sample: int, values: Values) -> list[Row]:
        task = self.task
        time.sleep(task.seconds)
        if task.folder is not None:
            self._note(sample)
        row = {"sample": sample, "mode": "free", "status": "optimal", "message": None, "leverage": 2.0 * values[FIGURE]}
        return [{**row, "in." + FIGURE: values[FIGURE]}]

    def _note(self, sample: int) -> None:
        """Take note that the sample was begun; end the process where it is deadly."""
        begun = Path(self.task.folder or "", f"{sample}.begun")
        with begun.open("ab") as file:
            file.write(b"x")
        if begun.stat().st_size <= self.task.deadly.get(sample, 0):
            os.kill(os.getpid(), signal.SIGKILL)
