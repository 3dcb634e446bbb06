"""Sobol and Morris indices."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .bootstrap import CONFIDENCE, RESAMPLES, resampled
from .outcomes import LEVERAGE, whole
from .sensitivity import by_effect, require_design

if TYPE_CHECKING:
    from ..sweep.read import Sweep


def sobol_indices(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return the Sobol indices of each figure, the largest total first.

    Parameters
    ----------
    sweep
        Of the design ``sobol``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``factor``; ``S1``: share of the outcome's variance that goes when the figure alone is known; ``ST``: share that stays
        when all but it are known; ``S1_conf``, ``ST_conf``: half widths of their 95 % bootstrap intervals.

    Raises
    ------
    HolesError, ValueError
        As of `whole`; for another design.

    Notes
    -----
    Saltelli et al., Computer Physics Communications 181, 2010.
    """
    found = _sobol(sweep, outcome, mode)
    names = [factor.path for factor in sweep.design.factors]
    frame = pd.DataFrame({"factor": names, **{key: found[key] for key in ("S1", "S1_conf", "ST", "ST_conf")}})
    return by_effect(frame, frame["ST"], outcome)


def sobol_pairs(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return the second-order Sobol indices, the largest first.

    Parameters
    ----------
    sweep
        Of the design ``sobol`` with ``second_order``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``first``, ``second``: two figures; ``S2``: share of the outcome's variance due to their acting together, beyond what
        each does alone; ``S2_conf``: half width of its 95 % bootstrap interval.

    Raises
    ------
    HolesError, ValueError
        As of `whole`; for a design without second-order samples.
    """
    if not sweep.design.options.get("second_order"):
        raise ValueError("second-order indices need a sobol design with --second-order")
    found = _sobol(sweep, outcome, mode)
    names = [factor.path for factor in sweep.design.factors]
    rows = [
        {"first": names[i], "second": names[j], "S2": found["S2"][i, j], "S2_conf": found["S2_conf"][i, j]}
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    frame = pd.DataFrame(rows, columns=["first", "second", "S2", "S2_conf"])
    return by_effect(frame, frame["S2"], outcome)


def _sobol(sweep: Sweep, outcome: str, mode: str | None) -> Mapping[str, np.ndarray]:
    from SALib.analyze import sobol

    design = sweep.design
    require_design(design, "sobol", "Sobol indices")
    values = whole(sweep, outcome, mode)
    with warnings.catch_warnings():
        # A bootstrap draw in which a rare outcome does not occur has no variance to share out; its indices count as 0.
        warnings.filterwarnings("ignore", message="Constant values encountered")
        return sobol.analyze(
            design.problem(),
            values,
            calc_second_order=bool(design.options["second_order"]),
            num_resamples=resampled(int(design.options["samples"])),
            conf_level=CONFIDENCE,
            # To SALib seed 0 is no seed.
            seed=design.seed + 1,
        )


def morris_effects(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return the elementary effects of each figure, the largest first.

    Parameters
    ----------
    sweep
        Of the design ``morris``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``factor``; ``mu_star``: mean absolute change of the outcome when the figure goes from its low to its high end, by
        single steps scaled up; ``mu_star_conf``: half width of its 95 % bootstrap interval; ``mu``: mean change; ``sigma``:
        standard deviation of the changes, large where the figure's effect depends on its level or on other figures. In the
        unit of the outcome.

    Raises
    ------
    HolesError, ValueError
        As of `whole`; for another design.

    Notes
    -----
    Morris, Technometrics 33, 1991; Campolongo, Cariboni & Saltelli, Environmental Modelling & Software 22, 2007.
    """
    from SALib.analyze import morris

    design = sweep.design
    require_design(design, "morris", "elementary effects")
    values = whole(sweep, outcome, mode)
    found = morris.analyze(
        design.problem(),
        design.unit_samples(),
        values,
        num_resamples=RESAMPLES,
        conf_level=CONFIDENCE,
        num_levels=int(design.options["levels"]),
        seed=design.seed,
    )
    names = [factor.path for factor in design.factors]
    keys = ("mu_star", "mu_star_conf", "mu", "sigma")
    frame = pd.DataFrame({"factor": names, **{key: np.asarray(found[key], dtype=float) for key in keys}})
    return by_effect(frame, frame["mu_star"], outcome)
