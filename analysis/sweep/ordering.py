"""The order in which the samples of a sweep are evaluated: alike ones after each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...data import CaseError, apply_overrides
from ...model.parametric.patching import alters_response
from ..figures.figure import find_figure, override

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from .design import Design

NEAR = 1024
"""Samples among which the nearest is looked for; a larger design is cut into so many at a time."""

REACH = 4.0
"""How much farther apart samples are that differ in a figure that alters the response."""


def is_structural(case: Case, path: str, values: pd.Series) -> bool:
    """Say whether a figure alters which variables and rows the programs have: text, and whole numbers such as weeks."""
    from pandas.api.types import is_numeric_dtype

    return not is_numeric_dtype(values) or find_figure(case, path).whole


def alters(case: Case, design: Design) -> frozenset[str]:
    """Return the factors that alter the counterpart's response, found by compiling it at both ends of each."""
    found = set()
    for path in design.samples.columns:
        ends = design.samples[path].min(), design.samples[path].max()
        try:
            first, second = (apply_overrides(case, [override(path, end)]) for end in ends)
        except CaseError:
            # An end that the case cannot have alone: no reason to look further.
            found.add(path)
            continue
        if alters_response(first, second):
            found.add(path)
    return frozenset(found)


def arranged(design: Design, altering: frozenset[str], structural: frozenset[str]) -> list[int]:
    """Return all samples, each followed by a near one.

    Parameters
    ----------
    design
        The design.
    altering
        Factors that alter the counterpart's response.
    structural
        Factors whose values alter which variables and rows there are; equal values are kept together.

    Returns
    -------
    list of int
        The same order whenever it is asked for.
    """
    frame = design.samples
    groups = [name for name in frame.columns if name in structural]
    order: list[int] = []
    blocks = [block for _, block in frame.groupby(groups, sort=True)] if groups else [frame]
    rest = [name for name in frame.columns if name not in groups]
    for block in blocks:
        points = _scaled(block, rest, altering)
        along = np.lexsort(points.T) if rest else np.arange(len(block))
        for start in range(0, len(block), NEAR):
            some = along[start : start + NEAR]
            order += block.index[some[_chain(points[some])]].tolist()
    return order


def _scaled(frame: pd.DataFrame, names: list[str], altering: frozenset[str]) -> np.ndarray:
    """Return samples as points, every figure's range made 1, or `REACH` where it alters the response."""
    values = frame[names].to_numpy(dtype=float)
    values = np.clip(values, -1e300, 1e300)
    spread = np.ptp(values, axis=0) if len(values) else np.ones(len(names))
    reach = np.array([REACH if name in altering else 1.0 for name in names])
    return (values - values.min(axis=0, initial=np.inf)) / np.where(spread > 0, spread, 1.0) * reach


def _chain(points: np.ndarray) -> list[int]:
    """Return places of points, each followed by the nearest that is left."""
    left = np.ones(len(points), dtype=bool)
    chain = [0]
    left[0] = False
    while left.any():
        distance = np.abs(points - points[chain[-1]]).sum(axis=1)
        distance[~left] = np.inf
        chain.append(int(distance.argmin()))
        left[chain[-1]] = False
    return chain
