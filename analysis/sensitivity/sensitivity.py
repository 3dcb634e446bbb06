"""What an outcome of a sweep hangs on: which of the figures that were varied move it, and how far that is known."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...model.plan.choices import Choices, Offer
from ..figures.factors import Discrete
from ..sweep.outcomes import ALONE, CHECKED, MODES, REPAIRED, SHARED, SOLVED, policies_text
from .decisions import choices_of, matching

if TYPE_CHECKING:
    from ..figures.factors import Factor
    from ..sweep.design import Design
    from ..sweep.read import Sweep

LEVERAGE = "leverage"

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

CONFIDENCE = 0.95

RESAMPLES = 1000
MOST_DRAWN = 1 << 20
"""Numbers drawn at a time by a bootstrap."""

HARMONICS = 6
FEWEST_FOR_SHARES = 64
"""Samples of a Latin hypercube from which shares of variance are worked out."""

DRAWN = ("lhs", "morris", "sobol")
"""Designs whose samples are drawn at random."""


class HolesError(ValueError):
    """An index was asked for over samples of which some have no value."""


# Outcomes --------------------------------------------------------------------------------------------------------------


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
    columns = list(dict.fromkeys([*rows.columns, "status", "policies", LEVERAGE]))
    rows = rows.reindex(index=pd.RangeIndex(len(sweep.design.samples), name="sample"), columns=columns)
    return rows.assign(status=rows["status"].fillna(NOT_RUN))


def outcomes(sweep: Sweep) -> list[str]:
    """Return the names of all outcomes that are numbers."""
    inputs = [f"in.{path}" for path in sweep.design.samples]
    taken = {"sample", "mode", "status", "message", *inputs}
    numbers = [name for name in sweep.frame.select_dtypes("number") if name not in taken]
    # Where no sample has a plan, there is no column of leverage.
    return [*dict.fromkeys((*numbers, LEVERAGE)), HAS_PLAN, SAME_POLICIES, SAME_CHOICES]


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
    rows = rows_of(sweep, mode)
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
    words = f"{int(missing.sum()):,} of {len(rows):,} samples have no {outcome} ({told}); no index is worked out over holes."
    if missing.all():
        words = f"No sample has {outcome}: {ended_words(rows['status'])}."
    advice = []
    if NOT_RUN in set(reasons):
        advice.append("finish the sweep with --resume")
    if "unknown" in set(reasons) or "failed" in set(reasons):
        advice.append("sweep again with a longer --time-limit")
    if "infeasible" in set(reasons) and outcome != HAS_PLAN:
        advice.append("ask what decides whether there is a plan with --outcome has_plan")
    if {"infeasible", "refused"} & set(reasons):
        advice.append("narrow the ranges, or loosen the limits")
    if not advice:
        advice.append("choose another --outcome")
    return f"{words} To have one, {'; or '.join(advice)}."


# One at a time ---------------------------------------------------------------------------------------------------------


def tornado(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return how far each figure alone moves an outcome, the widest swing first.

    A sample without a plan stays in the table as what it is; the swing is that of the samples with one.

    Parameters
    ----------
    sweep
        Of the design ``oat``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``factor``; ``low``, ``high``: its ends; ``at_low``, ``at_high``: the outcome there; ``status_low``, ``status_high``;
        ``least``, ``most``, ``swing`` over all its levels; ``holes``: levels without an outcome; ``switches``: whether other
        choices than the base sample's are best at some level. ``attrs["base"]`` is the outcome of the case as it is.

    Raises
    ------
    ValueError
        For another design, or where the case as it is has no such outcome.
    """
    design = sweep.design
    _require(design, "oat", "a tornado")
    values, rows = outcome_of(sweep, outcome, mode), rows_of(sweep, mode)
    base = float(values.iloc[0])
    if np.isnan(base):
        raise HolesError(f"the case as it is has no {outcome} ({rows['status'].iloc[0]}); nothing to compare with")
    offer = Offer.of(sweep.case)
    changes = ~matching(rows, choices_of(rows.iloc[0]), offer) & rows["status"].isin(USABLE).to_numpy()
    table, start = [], 1
    for factor in design.factors:
        levels = factor.levels(int(design.options["levels"]))
        places = list(range(start, start + len(levels)))
        start += len(levels)
        found = values.iloc[places]
        least, most = min(base, found.min(skipna=True)), max(base, found.max(skipna=True))
        table.append(
            {
                "factor": factor.path,
                "low": levels[0],
                "high": levels[-1],
                "at_low": found.iloc[0],
                "at_high": found.iloc[-1],
                "status_low": rows["status"].iloc[places[0]],
                "status_high": rows["status"].iloc[places[-1]],
                "least": base if np.isnan(least) else least,
                "most": base if np.isnan(most) else most,
                "holes": int(found.isna().sum()),
                "switches": bool(changes[places].any()),
            }
        )
    frame = pd.DataFrame(table)
    frame["swing"] = frame["most"] - frame["least"]
    frame = _ordered(frame, frame["swing"], outcome)
    frame.attrs["base"] = base
    return frame


# Main effects ----------------------------------------------------------------------------------------------------------


def main_effects(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> pd.DataFrame:
    """Return how far the mean of an outcome moves with each figure, all others varying as designed.

    Parameters
    ----------
    sweep
        Of the designs ``grid``, ``lhs``, ``list`` or ``sobol``.
    outcome, mode
        As of `outcome_of`.

    Returns
    -------
    pandas.DataFrame
        ``factor``; ``low``, ``high``: mean outcome over the lowest and the highest third of the figure's samples, or over its
        first and last value where it takes few; ``effect``: their difference; ``effect_low``, ``effect_high``: its 95 %
        bootstrap interval; ``share``: share of the outcome's variance that the figure explains alone, with ``share_low``,
        ``share_high``. A grid is all there is of it, so its effects have no interval. Shares are worked out for grids and
        Latin hypercubes.

    Raises
    ------
    HolesError, ValueError
        As of `whole`; for another design.

    Notes
    -----
    Shares of a grid are those of the analysis of variance, of a Latin hypercube those of random balance designs (Tarantola,
    Gatelli & Mara, Reliability Engineering & System Safety 91, 2006, with the bias taken off as Tissot & Prieur 2012 do).
    """
    design = sweep.design
    if design.kind not in ("grid", "lhs", "list", "sobol"):
        raise ValueError(f"main effects need a grid, lhs, list or sobol design; this is {design.kind}")
    values = whole(sweep, outcome, mode)
    table = []
    for place, factor in enumerate(design.factors):
        low, high = _ends(design.samples[factor.path], factor)
        first, last = float(values[low].mean()), float(values[high].mean())
        row = {"factor": factor.path, "low": first, "high": last, "effect": last - first}
        if design.kind != "grid":
            row |= dict(
                zip(("effect_low", "effect_high"), _effect_interval(values, low, high, design, place), strict=True)
            )
        table.append(row)
    frame = pd.DataFrame(table).reindex(
        columns=["factor", "low", "high", "effect", "effect_low", "effect_high", "share", "share_low", "share_high"]
    )
    if design.kind == "grid":
        frame["share"] = [
            float(
                np.var(pd.Series(values).groupby(design.samples[factor.path].to_numpy()).transform("mean"))
                / np.var(values)
            )
            for factor in design.factors
        ]
    elif design.kind == "lhs" and len(values) >= FEWEST_FOR_SHARES:
        share, width = _balance_shares(design, values)
        frame["share"], frame["share_low"], frame["share_high"] = share, share - width, share + width
    return _ordered(frame, frame["effect"].abs(), outcome)


def _ends(figures: pd.Series, factor: Factor) -> tuple[np.ndarray, np.ndarray]:
    """Return which samples have the figure low, and which high."""
    if isinstance(factor.distribution, Discrete):
        levels = factor.levels(2)
        return (figures == levels[0]).to_numpy(), (figures == levels[-1]).to_numpy()
    ranks = figures.rank(pct=True).to_numpy()
    low, high = ranks <= 1 / 3, ranks > 2 / 3
    if figures.nunique() <= 5 or not (low.any() and high.any()):
        return (figures == figures.min()).to_numpy(), (figures == figures.max()).to_numpy()
    return low, high


def _blocks(design: Design) -> np.ndarray:
    """Return the block of every sample within which samples depend on each other."""
    many = len(design.factors)
    each = {"sobol": 2 * many + 2 if design.options.get("second_order") else many + 2, "morris": many + 1}
    return np.arange(len(design.samples)) // each.get(design.kind, 1)


def _effect_interval(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, design: Design, place: int
) -> tuple[float, float]:
    """Return the bootstrap interval of the difference of two means, whole blocks being drawn."""
    blocks = _blocks(design)

    def sums(selected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.bincount(blocks, np.where(selected, values, 0.0)), np.bincount(blocks, selected)

    (low_sum, low_count), (high_sum, high_count) = sums(low), sums(high)

    def differences(drawn: np.ndarray) -> np.ndarray:
        many = low_count[drawn].sum(axis=1), high_count[drawn].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return high_sum[drawn].sum(axis=1) / many[1] - low_sum[drawn].sum(axis=1) / many[0]

    return interval(differences, len(low_sum), (design.seed, place))


def interval(
    statistic: Callable[[np.ndarray], np.ndarray], blocks: int, seed: Any, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic.

    Parameters
    ----------
    statistic
        Values of the statistic for rows of drawn blocks, shape (draws, blocks) -> (draws,).
    blocks
        Number of blocks that are drawn with replacement.
    seed
        Of the draws.
    confidence
        Share of the draws inside the interval.
    """
    rng = np.random.default_rng(seed)
    draws, at_once = _resamples(blocks), max(1, MOST_DRAWN // blocks)
    found: list[np.ndarray] = []
    for start in range(0, draws, at_once):
        drawn = rng.integers(blocks, size=(min(at_once, draws - start), blocks))
        found.append(statistic(drawn))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(np.concatenate(found), [tail, 1 - tail])
    return float(low), float(high)


def _balance_shares(design: Design, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from SALib.analyze import rbd_fast

    found = rbd_fast.analyze(
        design.problem(),
        design.unit_samples(),
        values,
        M=HARMONICS,
        num_resamples=_resamples(len(values)),
        conf_level=CONFIDENCE,
        seed=design.seed,
    )
    return np.array(found["S1"], dtype=float), np.array(found["S1_conf"], dtype=float)


def _resamples(many: int) -> int:
    """Return how often so many values are drawn anew: fewer times where there are many."""
    return int(min(RESAMPLES, max(100, MOST_DRAWN // many)))


# Sobol and Morris ------------------------------------------------------------------------------------------------------


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
    return _ordered(frame, frame["ST"], outcome)


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
    return _ordered(frame, frame["S2"], outcome)


def _sobol(sweep: Sweep, outcome: str, mode: str | None) -> Mapping[str, np.ndarray]:
    from SALib.analyze import sobol

    design = sweep.design
    _require(design, "sobol", "Sobol indices")
    values = whole(sweep, outcome, mode)
    with warnings.catch_warnings():
        # A bootstrap draw in which a rare outcome does not occur has no variance to share out; its indices count as 0.
        warnings.filterwarnings("ignore", message="Constant values encountered")
        return sobol.analyze(
            design.problem(),
            values,
            calc_second_order=bool(design.options["second_order"]),
            num_resamples=_resamples(int(design.options["samples"])),
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
    _require(design, "morris", "elementary effects")
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
    return _ordered(frame, frame["mu_star"], outcome)


# Spread ----------------------------------------------------------------------------------------------------------------


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


def _ordered(frame: pd.DataFrame, size: pd.Series, outcome: str) -> pd.DataFrame:
    """Return a table with the largest first."""
    ordered = frame.loc[size.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
    ordered.attrs["outcome"] = outcome
    return ordered


def _require(design: Design, kind: str, what: str) -> None:
    if design.kind != kind:
        raise ValueError(f"{what} need a design of kind {kind}; this one is {design.kind}")
