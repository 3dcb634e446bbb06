"""A sweep as it is on disk, read without what it takes to solve one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...data import load_case
from .design import Design
from .outcomes import MODES
from .store import BASE, CASE, DESIGN, Dataset, read_json

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case


@dataclass(frozen=True)
class Sweep:
    """A sweep as it is on disk.

    Attributes
    ----------
    case
        The base case.
    design
        What was sampled.
    frame : pandas.DataFrame
        One row per sample and mode: ``sample``, ``mode``, ``in.PATH`` per factor, ``status``, ``message``, ``seconds`` and every
        number of ``plan.json`` by its path; money in the case's currency.
    meta
        ``sweep.json``.
    base
        ``plan.json`` of the base plan.
    """

    case: Case
    design: Design
    frame: pd.DataFrame = field(repr=False)
    meta: Mapping[str, Any] = field(repr=False)
    base: Mapping[str, Any] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every sample has its rows."""
        return len(self.frame) == len(self.design.samples) * len(MODES[self.meta["policies"]])


def read_sweep(folder: str | os.PathLike[str]) -> Sweep:
    """Read a sweep, finished or not.

    Parameters
    ----------
    folder
        What `sweep` or ``sluicegate sweep`` wrote.

    Returns
    -------
    Sweep

    Raises
    ------
    SweepError
        Where the folder holds no sweep.
    """
    import pandas as pd

    dataset = Dataset(folder)
    meta = dataset.meta
    case = load_case(dataset.folder / CASE)
    design = Design.from_dict(meta["design"], pd.read_parquet(dataset.folder / DESIGN))
    frame = dataset.frame()
    frame.attrs = {"case": meta["case"], "currency": meta["currency"], "design": meta["design"]}
    return Sweep(case, design, frame, meta, read_json(dataset.folder / BASE))
