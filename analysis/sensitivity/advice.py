"""Which policies are best in which samples of a sweep, and what keeping to the base plan's costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .sensitivity import USABLE, _blocks, base_policies, interval, modes, rows_of

if TYPE_CHECKING:
    from ..sweep.read import Sweep

NO_PLAN = {
    "infeasible": "no plan satisfies the limits",
    "unknown": "stopped without a plan",
    "failed": "failed",
    "refused": "the case refuses the sample",
    "not run": "not run",
}
"""What stands for a policy set where there is none."""

BASE_PLAN = "as in the base plan"
"""Name of the base plan's policy set."""

RANDOM = ("lhs", "sobol")
"""Designs whose samples are spread as the figures are, so that shares of samples are shares of the figures' distribution."""


def chosen(sweep: Sweep, mode: str | None = None) -> pd.Series:
    """Return the policy set of every sample, or why there is none."""
    rows = rows_of(sweep, mode)
    usable = rows["status"].isin(USABLE)
    return rows["policies"].where(usable, rows["status"].map(NO_PLAN)).rename("policies")


def set_names(sweep: Sweep) -> dict[str, str]:
    """Return words for every policy set that is best somewhere: what differs from the base plan.

    Sets are named in full where the base case has no plan; what stands for a missing plan is its own name.
    """
    sets = chosen(sweep)
    rows = rows_of(sweep)
    base = sweep.base.get("policies") or {}
    names = {}
    for text in sets.dropna().unique():
        row = rows.loc[sets.index[sets == text][0]]
        policies = {regime: row[f"policy.{regime}"] for regime in base if f"policy.{regime}" in rows}
        differing = [f"{regime} {policy}" for regime, policy in policies.items() if policy != base[regime]]
        if text in NO_PLAN.values() or base_policies(sweep) is None:
            names[text] = str(text)
        else:
            names[text] = ", ".join(differing) or BASE_PLAN
    return names


def policy_shares(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return the share of all samples in which each policy set is best, the most frequent first.

    Samples without a plan are rows of their own, so that shares sum to 1.

    Returns
    -------
    pandas.DataFrame
        ``policies``; ``samples``; ``share``; ``share_low``, ``share_high``: its 95 % bootstrap interval, for designs drawn
        from the distributions (lhs, sobol); ``base``: whether it is the base plan's set.
    """
    sets = chosen(sweep, mode)
    table = sets.value_counts().rename("samples").reset_index()
    table["share"] = table["samples"] / len(sets)
    table["share_low"], table["share_high"] = np.nan, np.nan
    if sweep.design.kind in RANDOM and len(sets):
        blocks = _blocks(sweep.design)
        sizes = np.bincount(blocks)
        for place, name in enumerate(table["policies"]):
            hits = np.bincount(blocks, (sets == name).to_numpy())
            ends = interval(
                lambda drawn, hits=hits: hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1),  # type: ignore[misc]
                len(sizes),
                (sweep.design.seed, place),
            )
            table.loc[place, ["share_low", "share_high"]] = ends
    table["base"] = table["policies"] == base_policies(sweep)
    return table


def regime_shares(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return, for every regime, the share of the samples with a plan in which each of its policies is best.

    Returns
    -------
    pandas.DataFrame
        ``regime``, ``policy``, ``samples``, ``share`` (of the samples with a plan), ``base``: whether the base plan has it.
    """
    rows = rows_of(sweep, mode)
    rows = rows[rows["status"].isin(USABLE)]
    base = sweep.base.get("policies") or {}
    table = []
    for column in rows.columns:
        if column.startswith("policy."):
            regime = column.removeprefix("policy.")
            for policy, count in rows[column].value_counts().items():
                table.append((regime, policy, int(count), count / len(rows), base.get(regime) == policy))
    return pd.DataFrame(table, columns=["regime", "policy", "samples", "share", "base"])


def policy_map(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return the best policy set at every point of a grid of two figures.

    Returns
    -------
    pandas.DataFrame
        ``x``, ``y``: values of the two figures; ``policies``: the set, or why there is none; ``leverage``. ``attrs`` hold the
        paths ``x`` and ``y``.

    Raises
    ------
    ValueError
        For a design other than a grid of two figures.
    """
    design = sweep.design
    if design.kind != "grid" or len(design.factors) != 2:
        many = f"{design.kind} of {len(design.factors)} figures"
        raise ValueError(f"a map needs a grid of two figures; this is a {many}")
    x, y = (factor.path for factor in design.factors)
    table = pd.DataFrame(
        {
            "x": design.samples[x],
            "y": design.samples[y],
            "policies": chosen(sweep, mode),
            "leverage": rows_of(sweep, mode)["leverage"],
        }
    )
    table.attrs |= {"x": x, "y": y}
    return table


def regret(sweep: Sweep) -> pd.DataFrame:
    """Return what keeping to the base plan costs in every sample.

    Returns
    -------
    pandas.DataFrame
        By sample: ``policies`` best there, or why there are none; ``free``, ``fixed``: best leverage, and the base plan's;
        ``regret``: their difference, NaN where one of them is missing; ``allowed``: whether the base plan keeps the limits
        there; ``better``: whether other choices are better by more than the gap to which the best was proven.

    Raises
    ------
    ValueError
        For a sweep without both kinds of rows.
    """
    if modes(sweep) != ["free", "fixed"]:
        raise ValueError("regret needs rows of both kinds; sweep with --policies both")
    free, fixed = rows_of(sweep, "free"), rows_of(sweep, "fixed")
    best = free["leverage"].where(free["status"].isin(USABLE))
    kept = fixed["leverage"].where(fixed["status"].isin(USABLE))
    lost = best - kept
    tolerance = max(sweep.case.settings.solver.rel_gap, float(sweep.meta.get("rel_gap") or 0.0))
    return pd.DataFrame(
        {
            "policies": chosen(sweep, "free"),
            "free": best,
            "fixed": kept,
            "regret": lost,
            "allowed": fixed["status"].isin(USABLE),
            "better": lost > tolerance * best.abs().clip(lower=1e-9),
        }
    )


def regret_by_policies(sweep: Sweep) -> pd.DataFrame:
    """Return the regret table: for each policy set that is best somewhere, what keeping to the base plan costs there.

    Returns
    -------
    pandas.DataFrame
        ``policies``, ``samples``, ``share``; ``mean``, ``median``, ``q95``, ``most``: regret over the samples that have one;
        ``not_allowed``: samples in which the base plan breaks a limit or has no result; the most frequent set first.
    """
    frame = regret(sweep)
    table = []
    for name, rows in frame.groupby("policies", sort=False):
        known = rows["regret"].dropna()
        figures = [known.mean(), known.median(), known.quantile(0.95), known.max()] if len(known) else [np.nan] * 4
        table.append((name, len(rows), len(rows) / len(frame), *figures, int((~rows["allowed"]).sum())))
    columns = ["policies", "samples", "share", "mean", "median", "q95", "most", "not_allowed"]
    found = pd.DataFrame(table, columns=columns)
    return found.sort_values("samples", ascending=False, kind="stable").reset_index(drop=True)
