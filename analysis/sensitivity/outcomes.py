"""Outcomes of a sweep: which there are, which rows have them, how they are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...model.plan.choices import Choices, Offer
from ...model.plan.sense import sense_of
from ..sweep.outcomes import ALONE, CHECKED, MODES, REPAIRED, SHARED, SOLVED, policies_text
from .decisions import matching

if TYPE_CHECKING:
    from ..sweep.read import Sweep

LEVERAGE = "leverage"
"""Outcome that is best where it is most; where cost is the sense, its name stands for ``cost``."""

HAS_PLAN = "has_plan"
"""Outcome that is 1 where a plan satisfies the limits and 0 where it is proven that none does."""

SAME_POLICIES = "same_policies"
"""Outcome that is 1 where the best policies are those of the base plan, else 0."""

SAME_CHOICES = "same_choices"
"""Outcome that is 1 where the advice, all first-stage choices, is that of the base plan, else 0."""

CONTRIVED = (HAS_PLAN, SAME_POLICIES, SAME_CHOICES)
"""Outcomes that are no column."""

USABLE = ("optimal", "feasible")
"""Statuses of rows with a plan."""

NOT_RUN = "not run"


class HolesError(ValueError):
    """An index was asked for over samples of which some have no value."""


def named(sweep: Sweep, outcome: str = LEVERAGE) -> str:
    """Return the column of an outcome: ``cost`` for leverage where cost is the sense."""
    return sense_of(sweep.case).outcome if outcome == LEVERAGE else outcome


def modes(sweep: Sweep) -> list[str]:
    """Return the modes a sweep has rows of, ``free``, ``fixed``, or both; those asked for where there is no row yet."""
    found = [mode for mode in ("free", "fixed") if (sweep.frame["mode"] == mode).any()]
    return found or list(MODES[sweep.meta["policies"]])


def rows_of(sweep: Sweep, mode: str | None = None) -> pd.DataFrame:
    """Return the rows of a mode by sample, one for every sample of the design; what was not run has the status ``not run``.

    Parameters
    ----------
    sweep
        The sweep.
    mode
        ``free`` or ``fixed``; default: free where there is such a row.
    """
    frame = sweep.frame
    wanted = mode or next(iter(modes(sweep)), "free")
    rows = frame[frame["mode"] == wanted].set_index("sample")
    # Where no sample has a plan, its columns are missing too.
    columns = list(dict.fromkeys([*rows.columns, "status", "policies", named(sweep)]))
    rows = rows.reindex(index=pd.RangeIndex(len(sweep.design.samples), name="sample"), columns=columns)
    return rows.assign(status=rows["status"].fillna(NOT_RUN))


def outcomes(sweep: Sweep) -> list[str]:
    """Return the names of all outcomes that are numbers."""
    inputs = [f"in.{path}" for path in sweep.design.samples]
    taken = {"sample", "mode", "status", "message", *inputs}
    numbers = [name for name in sweep.frame.select_dtypes("number") if name not in taken]
    # Where no sample has a plan, there is no column of leverage.
    return [*dict.fromkeys((*numbers, named(sweep))), HAS_PLAN, SAME_POLICIES, SAME_CHOICES]


def outcome_of(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.Series:
    """Return an outcome by sample, NaN where a sample has none.

    Parameters
    ----------
    sweep
        The sweep.
    outcome
        A column of numbers; ``COLUMN=VALUE`` for 1 where a column of text holds that value, else 0; ``has_plan``;
        ``same_policies``; ``same_choices``.
    mode
        As of `rows_of`.

    Raises
    ------
    ValueError
        For a name that is no outcome, with the nearest that is one.
    """
    rows, outcome = rows_of(sweep, mode), named(sweep, outcome)
    usable = rows["status"].isin(USABLE)
    if outcome == HAS_PLAN:
        known = usable | (rows["status"] == "infeasible")
        return usable.astype(float).where(known).rename(outcome)
    if outcome == SAME_POLICIES:
        base = base_policies(sweep)
        if base is None:
            raise ValueError(f"{SAME_POLICIES}: the base case has no plan to compare with")
        return (rows["policies"] == base).astype(float).where(usable).rename(outcome)
    if outcome == SAME_CHOICES:
        advised = base_choices(sweep)
        if advised is None:
            raise ValueError(f"{SAME_CHOICES}: the base case has no plan to compare with")
        return pd.Series(matching(rows, advised, Offer.of(sweep.case)), rows.index, float).where(usable).rename(outcome)
    if outcome in outcomes(sweep):
        return rows[outcome].astype(float).where(usable).rename(outcome)
    return _of_text(sweep, outcome, rows, usable).rename(outcome)


def _of_text(sweep: Sweep, outcome: str, rows: pd.DataFrame, usable: pd.Series) -> pd.Series:
    """Return the outcome ``COLUMN=VALUE``; names and values may hold equal signs, so every split that is there counts.

    Raises
    ------
    ValueError
        For a name that is no outcome, and for a text that can be read in more than one way.
    """
    texts = [
        name
        for name in rows.columns
        if outcome.startswith(f"{name}=") and not pd.api.types.is_numeric_dtype(rows[name])
    ]
    seen = {name: sorted({str(entry) for entry in rows.loc[usable, name]}) for name in texts}
    read = [name for name in texts if outcome.removeprefix(f"{name}=") in seen[name]]
    if len(read) > 1:
        raise ValueError(f"{outcome} can be read as a value of {' and of '.join(sorted(read))}; rename one of them")
    if read:
        return (rows[read[0]] == outcome.removeprefix(f"{read[0]}=")).astype(float).where(usable)
    if texts and usable.any():
        name = max(texts, key=len)
        value = outcome.removeprefix(f"{name}=")
        raise ValueError(f"{outcome}: {name} is never {value!r}; seen are {', '.join(seen[name])}")
    from ...data.schema.errors import nearest

    known = outcomes(sweep)
    if not usable.any():
        ended = ended_words(rows["status"])
        raise ValueError(f"no sample has a plan ({ended}), so that none has an outcome {outcome!r}; {HAS_PLAN} is one")
    named = ", ".join([name for name in known if name not in CONTRIVED][:4])
    hint = nearest(outcome, known) or f"; name one such as {named}, {HAS_PLAN} or {SAME_POLICIES}"
    raise ValueError(f"no outcome {outcome!r}{hint}")


def ended_words(status: pd.Series) -> str:
    """Return how samples ended: ``16 of 16 infeasible``."""
    counts = status.value_counts()
    return ", ".join(f"{count:,} of {len(status):,} {name}" for name, count in counts.items())


def base_choices(sweep: Sweep) -> Choices | None:
    """Return the first-stage choices of the base plan; None where it has no plan."""
    return Choices.of(sweep.base) if sweep.base.get("status") in USABLE else None


def base_policies(sweep: Sweep) -> str | None:
    """Return the policies of the base plan as the column ``policies`` has them; None where it has no plan."""
    base = base_choices(sweep)
    return None if base is None else policies_text(base.policies)


def counts(sweep: Sweep, mode: str | None = None) -> dict[str, int]:
    """Return how many samples ended how, the most frequent first."""
    return {str(status): int(count) for status, count in rows_of(sweep, mode)["status"].value_counts().items()}


def solves(sweep: Sweep) -> dict[str, int]:
    """Return how rows came about: how many in each way, those checked among those shared too.

    Empty for a sweep that does not say.
    """
    if SOLVED not in sweep.frame:
        return {}
    found = sweep.frame[SOLVED].value_counts()
    count = {way: int(found.get(way, 0)) for way in (SHARED, CHECKED, ALONE, REPAIRED)}
    return {**count, SHARED: count[SHARED] + count[CHECKED]}


def whole(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> np.ndarray:
    """Return an outcome of all samples, shape (samples,).

    Raises
    ------
    HolesError
        Where a sample has none: an index over the others would tell of other figures than those that were drawn.
    ValueError
        For a name that is no outcome, or one that does not vary.
    """
    outcome = named(sweep, outcome)
    values = outcome_of(sweep, outcome, mode)
    missing = values.isna()
    if missing.any():
        raise HolesError(_hole_words(sweep, outcome, rows_of(sweep, mode), missing))
    found = values.to_numpy()
    if np.ptp(found) <= 1e-12 * max(1.0, float(np.abs(found).max())):
        raise ValueError(f"{outcome} is {found[0]:.6g} in all {len(found):,} samples; nothing moves it")
    return found


def _hole_words(sweep: Sweep, outcome: str, rows: pd.DataFrame, missing: pd.Series) -> str:
    reasons = rows.loc[missing, "status"].replace(dict.fromkeys(USABLE, "with a plan, but without this figure"))
    told = ", ".join(f"{count:,} {reason}" for reason, count in reasons.value_counts().items())
    words = f"Sensitivity indices need {outcome} in every sample; {int(missing.sum()):,} of {len(rows):,} have none ({told})."
    if missing.all():
        words = f"No sample has {outcome}: {ended_words(rows['status'])}."
    advice = []
    if NOT_RUN in set(reasons):
        advice.append("finish the sweep with --resume")
    if "unknown" in set(reasons) or "failed" in set(reasons):
        advice.append("sweep again with a longer --time-limit")
    if "infeasible" in set(reasons) and outcome != HAS_PLAN:
        advice.append("see what decides whether there is a plan with --outcome has_plan")
    if {"infeasible", "refused"} & set(reasons):
        advice.append("narrow the ranges, or loosen the limits")
    if not advice:
        advice.append("choose another --outcome")
    return f"{words} To get them, {'; or '.join(advice)}."


def spread(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> dict[str, float | int]:
    """Return how an outcome is spread over the samples that have one.

    Returns
    -------
    dict
        ``samples`` with the outcome, ``holes`` without; ``mean``, ``sd``, ``least``, ``q05``, ``q25``, ``median``, ``q75``,
        ``q95``, ``most``.
    """
    values = outcome_of(sweep, outcome, mode)
    known = values.dropna().to_numpy()
    found: dict[str, float | int] = {"samples": len(known), "holes": int(values.isna().sum())}
    if len(known):
        names = ("least", "q05", "q25", "median", "q75", "q95", "most")
        found |= {"mean": float(known.mean()), "sd": float(known.std(ddof=1)) if len(known) > 1 else 0.0}
        found |= dict(zip(names, np.quantile(known, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).tolist(), strict=True))
    return found
