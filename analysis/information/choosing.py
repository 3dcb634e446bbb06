"""What is chosen once something is known: in every world the plan that promises most, among those that may be chosen there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 60
"""Prices of continuity that are tried at most; every one of them bounds what is sought from above."""

CLOSE = 1e-12
"""Difference of bounds, relative to the largest lead, up to which a price is the right one."""

LEAST_SIDE = 3
"""Worlds on either side of a value from which on it is no chance that a candidate is allowed on one side alone."""

SHARE_TIE = 1e-9
"""Difference of weights that is rounding."""


@dataclass(frozen=True)
class Terms:
    """Which candidate plans may be chosen, and what all that is chosen has to keep.

    Attributes
    ----------
    allowed : array of bool, shape (worlds, candidates)
        Whether a candidate may be chosen in a world. The first may be everywhere.
    kept : array of bool, shape (worlds, candidates)
        Whether it keeps continuity there.
    share
        Weight of the worlds in which what is chosen keeps continuity at least; None: ``allowed`` says all there is.
    """

    allowed: np.ndarray
    kept: np.ndarray
    share: float | None = None

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Terms:
        """Return terms under which any of so many candidates may be chosen in so many worlds."""
        every = np.ones(shape, dtype=bool)
        return cls(every, every)

    @property
    def everywhere(self) -> np.ndarray:
        """Candidates that may be chosen whatever the world, shape (candidates,)."""
        return np.asarray(self.allowed.all(axis=0))

    def now(self, weights: np.ndarray) -> np.ndarray:
        """Candidates one of which may be chosen for all worlds, shape (candidates,); the first always."""
        found = self.everywhere
        if self.share is not None:
            found = found & (weights @ self.kept >= self.share - SHARE_TIE)
        found[0] = True
        return found

    def knowing(self, values: np.ndarray, alike: bool) -> np.ndarray:
        """Return which candidates may be chosen in a world of which a figure is known, shape (worlds, candidates).

        Parameters
        ----------
        values : array, shape (worlds,)
            The figure, or numbers of its values.
        alike
            Whether worlds of the same value are known to be alike: a candidate has to be allowed in all of them. Else it has to be
            allowed in all worlds, or in all on one side of some value and in none on the other: the figure is then what decides.
        """
        if alike:
            kinds, places = np.unique(values, return_inverse=True)
            return np.array([self.allowed[places == kind].all(axis=0) for kind in range(kinds.size)])[places]
        found = np.tile(self.everywhere, (len(self.allowed), 1))
        for candidate in np.flatnonzero(~self.everywhere):
            one = self.allowed[:, candidate]
            if min(one.sum(), (~one).sum()) < LEAST_SIDE:
                continue
            within, beyond = values[one], values[~one]
            if within.max() < beyond.min() or beyond.max() < within.min():
                found[:, candidate] = one
        return found

    def least(self, weights: np.ndarray, first: int, draws: np.ndarray) -> np.ndarray | None:
        """Return what has to be kept on average in every draw of worlds: as much more or less as the plan to choose now keeps.

        Parameters
        ----------
        weights : array, shape (worlds,)
        first
            The plan to choose now.
        draws : array, shape (draws, worlds)
        """
        if self.share is None:
            return None
        kept = self.kept[:, first].astype(float)
        here = float(weights @ kept)
        return min(self.share, here) + draws @ kept - here


def best_rule(
    leads: np.ndarray, kept: np.ndarray, allowed: np.ndarray, weights: np.ndarray, least: np.ndarray | None
) -> np.ndarray:
    """Return the mean lead of the best choice of a candidate for every world, shape (draws,).

    Where continuity has to be kept on average, what it is worth has a price (Lagrange): the least bound over all prices is the
    mean of the best choice that may mix two candidates.

    Parameters
    ----------
    leads, kept : array, shape (draws, worlds, candidates)
        What a candidate promises in a world, money, and how likely it keeps continuity.
    allowed : array of bool, shape (worlds, candidates)
    weights : array, shape (draws, worlds)
        They add up to 1 in every draw.
    least : array or None, shape (draws,)
        What is kept on average at least; None: nothing has to be.
    """
    leads = np.where(allowed, leads, -np.inf)
    if least is None:
        return np.asarray(np.einsum("dw,dw->d", weights, leads.max(axis=2)))
    size = float(np.abs(leads[np.isfinite(leads)]).max(initial=0.0))

    def line(draws: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean lead of the rule of greatest scores in some draws, and how much more than the least it keeps."""
        chosen = np.where(allowed, scores, -np.inf).argmax(axis=2)[:, :, None]
        means = (
            (weights[draws] * np.take_along_axis(each[draws], chosen, axis=2)[:, :, 0]).sum(axis=1)
            for each in (leads, kept)
        )
        mean, keeps = means
        return mean, keeps - least[draws]

    every = np.arange(len(weights))
    low = line(every, leads)
    high = line(every, kept)
    found = low[0].copy()
    left = every[low[1] < -SHARE_TIE]
    for _ in range(ROUNDS):
        if not left.size:
            break
        price = (low[0][left] - high[0][left]) / np.maximum(high[1][left] - low[1][left], SHARE_TIE)
        found[left] = low[0][left] + price * low[1][left]
        mean, keeps = line(left, leads[left] + price[:, None, None] * kept[left])
        better = mean + price * keeps > found[left] + CLOSE * size
        for side, rule in ((low, keeps < 0), (high, keeps >= 0)):
            moved = better & rule
            side[0][left[moved]], side[1][left[moved]] = mean[moved], keeps[moved]
        left = left[better]
    return found
