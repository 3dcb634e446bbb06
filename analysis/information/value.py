"""What it would be worth to know more: EVPI, and EVPPI by regression with intervals (docs/worlds.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...model.plan.tolerances import WORLD_TIE
from .choosing import LEAST_SIDE, Terms, best_rule

CONFIDENCE = 0.95

RESAMPLES = 200
"""Times that the worlds are drawn anew for an interval."""

FEW_VALUES = 6
"""Different values up to which a figure is taken value by value instead of by a curve."""

KNOTS = 5
"""Knots of the curve inside the range of a figure, at equal shares of the worlds."""

SMOOTHNESS = tuple(10.0**power for power in range(4, -4, -1))
"""Weights of the roughness that are tried, the smoothest curve first."""

GUARD = 1.4
"""What a degree of freedom counts in the cross-validation: above 1, so that a curve is not fitted to noise (Kim & Gu 2004)."""

TIE = 1e-9
"""Share of the spread by which a rougher curve must do better."""


@dataclass(frozen=True)
class Known:
    """What it is worth to know a figure, or the figures of a group, before choosing.

    Attributes
    ----------
    name
        Path of the figure, or name of the group.
    figures
        Its paths.
    value
        EVPPI, money.
    low, high
        95 % bootstrap interval, money.
    """

    name: str
    figures: tuple[str, ...]
    value: float
    low: float
    high: float


def best_of(benefits: np.ndarray, weights: np.ndarray) -> int:
    """Return the candidate of the greatest mean: the one to choose now.

    Parameters
    ----------
    benefits : array, shape (worlds, candidates)
        Leverage of every candidate plan in every world, money.
    weights : array, shape (worlds,)
        Weights, which add up to 1.
    """
    return int((weights @ benefits).argmax())


def perfect_information(benefits: np.ndarray, weights: np.ndarray, terms: Terms | None = None) -> float:
    """Return EVPI over the candidates: what choosing in every world brings beyond choosing now, money.

    Parameters
    ----------
    benefits, weights
        As of `best_of`.
    terms
        What may be chosen; default: any candidate anywhere.
    """
    terms = terms or Terms.none(benefits.shape)
    first = _first(benefits, weights, terms)
    ahead, one = benefits - benefits[:, [first]], weights[None]
    kept, least = terms.kept[None].astype(float), terms.least(weights, first, one)
    known = best_rule(ahead[None], kept, terms.allowed, one, least)
    return _noted(float((known - _now(ahead, one, terms, least))[0]), benefits)


def partial_information(
    benefits: np.ndarray,
    weights: np.ndarray,
    figures: pd.DataFrame,
    groups: Mapping[str, str] | None = None,
    *,
    terms: Terms | None = None,
    drawn: bool = True,
    seed: int = 0,
) -> list[Known]:
    """Return EVPPI of every figure and group, the greatest first (Strong, Oakley & Brennan 2014).

    How far each candidate is ahead of the one to choose now is regressed on one figure at a time: by a penalised spline over the
    ranks of its values, whose smoothness generalised cross-validation chooses, or value by value where there are few of them.
    EVPPI is the mean of the greatest fitted lead. The interval is that of a bootstrap over worlds, the smoothness kept. Worlds
    that are not drawn are all there are: what each value of a figure leaves open is known exactly.

    Where continuity has to be kept in a share of the worlds, how likely each candidate keeps it is fitted too, and what is chosen
    by the figure keeps it in that share of all worlds together.

    Parameters
    ----------
    benefits, weights
        As of `best_of`.
    figures
        Values of the uncertain figures, one row a world; numbers or texts, nothing where a world leaves the figure as it is.
    groups
        Group of each figure that has one: its figures move together, and who knows one knows all.
    terms
        What may be chosen; default: any candidate anywhere.
    drawn
        Whether the worlds are a sample.
    seed
        Of the bootstrap.
    """
    benefits, weights = np.asarray(benefits, dtype=float), np.asarray(weights, dtype=float)
    entries: dict[str, list[str]] = {}
    for path in figures.columns:
        entries.setdefault((groups or {}).get(path) or path, []).append(path)
    terms = terms or Terms.none(benefits.shape)
    first = _first(benefits, weights, terms)
    ahead = benefits - benefits[:, [first]]
    again = np.random.default_rng(seed).multinomial(len(weights), weights, size=RESAMPLES) / len(weights)
    most = perfect_information(benefits, weights, terms)
    found = []
    for name, paths in entries.items():
        telling = _telling(figures[paths]) if drawn else _together(figures[paths])
        leads = _Leads(telling, ahead, terms, weights, drawn)

        def worth(draws: np.ndarray, leads: _Leads = leads) -> np.ndarray:
            return leads.worth(draws, terms.least(weights, first, draws))

        value = _noted(min(float(worth(weights[None])[0]), most), benefits)
        tail = (1 - CONFIDENCE) / 2
        ends = np.quantile(worth(again), [tail, 1 - tail]).tolist() if drawn else [value, value]
        low, high = (_noted(end, benefits) for end in ends)
        found.append(Known(name, tuple(paths), value, min(low, value), max(high, value)))
    return sorted(found, key=lambda known: (-known.value, -known.high))


def _first(benefits: np.ndarray, weights: np.ndarray, terms: Terms) -> int:
    """The candidate to choose now: of those that may be chosen for all worlds the one of the greatest mean."""
    return int(np.where(terms.now(weights), weights @ benefits, -np.inf).argmax())


def _now(ahead: np.ndarray, weights: np.ndarray, terms: Terms, least: np.ndarray | None) -> np.ndarray:
    """Mean lead of the best choice that knows nothing, in every draw, shape (draws,)."""
    means, keeps = (weights @ each for each in (ahead, terms.kept.astype(float)))
    return best_rule(means[:, None], keeps[:, None], terms.everywhere[None], np.ones((len(weights), 1)), least)


def _noted(value: float, benefits: np.ndarray) -> float:
    """Return a value, 0 where it is rounding of the leverages it is made of."""
    return value if value > WORLD_TIE * float(np.abs(benefits).max(initial=0.0)) else 0.0


def _telling(figures: pd.DataFrame) -> pd.Series:
    """Return the figure of a group that takes the most values: the others move with it."""
    return figures[max(figures.columns, key=lambda path: figures[path].nunique(dropna=False))]


def _together(figures: pd.DataFrame) -> pd.Series:
    """Return a number for every set of values that the figures of a group take together."""
    if figures.shape[1] == 1:
        return figures.iloc[:, 0]
    return pd.Series(figures.groupby(list(figures.columns), dropna=False, sort=False).ngroup().to_numpy())


class _Leads:
    """How far candidates are ahead, and how likely they keep continuity, as curves over a figure.

    A candidate that may be chosen in some worlds alone is fitted there alone.
    """

    def __init__(self, figure: pd.Series, ahead: np.ndarray, terms: Terms, weights: np.ndarray, drawn: bool):
        self.ahead, self.terms, self.weights = ahead, terms, weights
        values, alike = _values(figure, drawn)
        self.allowed = terms.knowing(values, alike)
        everywhere = terms.everywhere
        parts = [(np.flatnonzero(everywhere), np.full(len(ahead), True))]
        for candidate in np.flatnonzero(~everywhere & self.allowed.any(axis=0)).tolist():
            within = self.allowed[:, candidate]
            if drawn and within.sum() < LEAST_SIDE:
                self.allowed[:, candidate] = False
                continue
            parts.append((np.array([candidate]), within))
        self.parts = []
        for columns, within in parts:
            yields, shares = self._regressed(columns)[within], _shares(weights[within])
            self.parts.append((columns, within, regression_on(figure[within], yields, shares, drawn=drawn)))

    def _regressed(self, columns: np.ndarray) -> np.ndarray:
        """What is regressed of some candidates: leads and, where it has to be kept in a share of the worlds, continuity."""
        kept = [] if self.terms.share is None else [self.terms.kept[:, columns].astype(float)]
        return np.hstack([self.ahead[:, columns], *kept])

    def worth(self, draws: np.ndarray, least: np.ndarray | None) -> np.ndarray:
        """Return what choosing by the fitted leads brings beyond choosing now, for each draw of worlds."""
        leads, kept = np.zeros((2, len(draws), *self.ahead.shape))
        for columns, within, regression in self.parts:
            here = draws[:, within]
            # A draw may hold no world in which a candidate may be chosen.
            here = np.where(here.sum(axis=1, keepdims=True) > 0, here, self.weights[within])
            fitted = regression.fitted(self._regressed(columns)[within], _shares(here))
            places = np.ix_(np.arange(len(draws)), np.flatnonzero(within), columns)
            leads[places] = fitted[:, :, : columns.size]
            if self.terms.share is not None:
                kept[places] = fitted[:, :, columns.size :]
        known = best_rule(leads, kept, self.allowed, draws, least)
        return np.maximum(0.0, known - _now(self.ahead, draws, self.terms, least))


def _shares(weights: np.ndarray) -> np.ndarray:
    """Return weights that add up to 1 over the last axis."""
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


# Regression on one figure ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Regression:
    """The mean of what depends on one figure, as a curve over it.

    Attributes
    ----------
    basis : array, shape (worlds, functions)
        Functions of the figure.
    roughness : array, shape (functions, functions)
        What the roughness of a curve costs.
    smoothness
        Weight of the roughness for each of what depends on the figure; infinite: a mean that does not depend on it.
    """

    basis: np.ndarray
    roughness: np.ndarray
    smoothness: tuple[float, ...]

    def fitted(self, yields: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the fitted means, shape (draws, worlds, yields).

        Parameters
        ----------
        yields : array, shape (worlds, yields)
            What depends on the figure.
        weights : array, shape (draws, worlds)
            Weights of the worlds, which add up to 1 in every draw.
        """
        found = np.empty((len(weights), *yields.shape))
        for smoothness in dict.fromkeys(self.smoothness):
            places = [place for place, other in enumerate(self.smoothness) if other == smoothness]
            found[:, :, places] = fit(self.basis, self.roughness, smoothness, yields[:, places], weights)[0]
        return found


def fit(
    basis: np.ndarray, roughness: np.ndarray, smoothness: float, yields: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return fitted means, shape (draws, worlds, yields), and degrees of freedom, shape (draws,): see `Regression.fitted`."""
    draws, many = weights.shape
    if math.isinf(smoothness):
        means = weights @ yields
        return np.broadcast_to(means[:, None, :], (draws, *yields.shape)), np.ones(draws)
    functions = basis.shape[1]
    products = (basis[:, :, None] * basis[:, None, :]).reshape(many, -1)
    gram = many * (weights @ products).reshape(draws, functions, functions)
    # Functions under which no drawn world lies have no coefficient.
    inverse = np.linalg.pinv(gram + smoothness * roughness, hermitian=True)
    moments = many * np.einsum("dw,wf,wk->dfk", weights, basis, yields, optimize=True)
    return basis @ (inverse @ moments), np.trace(inverse @ gram, axis1=1, axis2=2)


def regression_on(values: pd.Series, yields: np.ndarray, weights: np.ndarray, *, drawn: bool = True) -> Regression:
    """Return the regression on a figure, its smoothness chosen for each of what depends on it.

    Parameters
    ----------
    values
        Value of the figure in every world.
    yields : array, shape (worlds, yields)
        What depends on it.
    weights : array, shape (worlds,)
        Weights, which add up to 1.
    drawn
        Whether the worlds are a sample; else each value's mean is taken as it is.
    """
    places, alike = _values(values, drawn)
    if alike:
        kinds = int(places.max()) + 1
        basis, roughness = np.eye(kinds)[places], np.zeros((kinds, kinds))
        tried: tuple[float, ...] = (math.inf, 0.0) if drawn else (0.0,)
    else:
        basis, roughness = _spline(values.rank().to_numpy() / len(values))
        tried = (math.inf, 1e9, *SMOOTHNESS)
    fits = [(smooth, *fit(basis, roughness, smooth, yields, weights[None])) for smooth in tried]
    chosen = []
    for place in range(yields.shape[1]):
        spread = float(weights @ (yields[:, place] - weights @ yields[:, place]) ** 2)
        best, smoothness = math.inf, tried[0]
        for smooth, fitted, (freedom,) in fits:
            left = 1 - GUARD * freedom / len(weights)
            score = float(weights @ (yields[:, place] - fitted[0, :, place]) ** 2) / left**2 if left > 0 else math.inf
            if score < best - TIE * spread:
                best, smoothness = score, smooth
        chosen.append(smoothness)
    return Regression(basis, roughness, tuple(chosen))


def _values(figure: pd.Series, drawn: bool) -> tuple[np.ndarray, bool]:
    """A figure in every world, or the numbers of its values where it is taken value by value, and whether it is."""
    places, kinds = pd.factorize(figure.reset_index(drop=True), use_na_sentinel=False)
    few = len(kinds) <= FEW_VALUES or not pd.api.types.is_numeric_dtype(figure) or bool(figure.isna().any())
    alike = few or not drawn
    return (places if alike else figure.to_numpy()), alike


def _spline(ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cubic B-splines of ranks from 0 to 1, and a penalty on second differences (Eilers & Marx 1996)."""
    from scipy.interpolate import BSpline

    knots = np.concatenate([[0.0] * 3, np.linspace(0.0, 1.0, KNOTS + 2), [1.0] * 3])
    basis = BSpline.design_matrix(ranks, knots, 3).toarray()
    differences = np.diff(np.eye(basis.shape[1]), 2, axis=0)
    return basis, differences.T @ differences
