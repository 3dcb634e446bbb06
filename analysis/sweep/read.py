"""A sweep as it is on disk, read without what it takes to solve one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data import load_case
from ...data.storage.digests import Check, check_digests
from ..figures.factors import DesignError
from ..shapes import PlanDocument, SweepDocument
from .design import Design
from .outcomes import MODES
from .store import BASE, CASE, DESIGN, META, SweepError, SweepStore, read_json

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
    remarks : tuple of str
        What a reader should know: files that were changed since they were written, rows that are left out.
    altered : tuple of str
        Files that are not as they were written.
    """

    case: Case
    design: Design
    frame: pd.DataFrame = field(repr=False)
    meta: Mapping[str, Any] = field(repr=False)
    base: Mapping[str, Any] = field(repr=False)
    remarks: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every sample has its rows."""
        return len(self.frame) == len(self.design.samples) * len(MODES[self.meta["policies"]])

    def to_frame(self) -> pd.DataFrame:
        """Return a row for every sample and mode, as `frame` has it."""
        return self.frame.copy()


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
        Where the folder holds no sweep, or a file in it cannot be read.
    CaseError
        For a case that is refused.
    """
    dataset = SweepStore(folder)
    meta = read_json(dataset.folder / META, SweepDocument)
    found = check_digests(dataset.folder)
    case = load_case(dataset.folder / CASE)
    design = _design(dataset.folder, meta)
    base = read_json(dataset.folder / BASE, PlanDocument)
    frame = dataset.frame()
    remarks = tuple(_remarks(found, dataset, case, design, meta))
    frame.attrs = {name: meta[name] for name in ("case", "currency", "design")} | {"remarks": list(remarks)}
    return Sweep(case, design, frame, meta, base, remarks, found.altered)


def _remarks(found: Check, dataset: SweepStore, case: Case, design: Design, meta: Mapping[str, Any]) -> Iterator[str]:
    if found.remark:
        yield found.remark
    elif told := found.of_case(case.has_digest(meta["case_digest"]), "its case is not the one that was swept"):
        yield told
    elif design.digest != meta["design_digest"]:
        yield "its design is not the one that was swept"
    others = dataset.others()
    if others:
        yield f"{others:,} rows are of another design and are left out; --resume solves the samples that they stand for"


def _design(folder: Path, meta: Mapping[str, Any]) -> Design:
    """Read the design of a sweep and its samples."""
    import pandas as pd

    path = folder / DESIGN
    try:
        with path.open("rb") as file:
            samples = pd.read_parquet(file)
    except Exception as error:
        # pyarrow and pandas have many ways to refuse a damaged file.
        raise SweepError(f"{path} cannot be read: {(str(error).splitlines() or ['damaged'])[0]}") from error
    try:
        design = Design.from_dict(meta["design"], samples)
    except (AttributeError, KeyError, TypeError, ValueError, DesignError) as error:
        raise SweepError(f"{folder / META}: design: not that of this version: {error}") from error
    paths = [factor.path for factor in design.factors]
    if list(samples.columns) != paths or list(samples.index) != list(range(len(samples))):
        raise SweepError(f"{path} does not hold the samples of this design, one column for each of {', '.join(paths)}")
    return design
