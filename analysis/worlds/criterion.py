"""What a plan for many worlds is judged by: a monotone, concave function of its leverage in every world."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from ...data.schema.values import PLAIN_NUMBER

FORMS = "write mean, cvar:0.9, worst, regret or mean+cvar:0.9:0.5"

SHARE = PLAIN_NUMBER.pattern
CVAR = re.compile(rf"cvar:(?P<tail>{SHARE})")
MIXED = re.compile(rf"mean\+cvar:(?P<tail>{SHARE}):(?P<weight>{SHARE})")


@dataclass(frozen=True)
class Criterion:
    """``mean_weight`` mean + ``cvar_weight`` CVaR + ``least_weight`` least, of leverage or of leverage less the best of its world.

    Attributes
    ----------
    text
        As it is written.
    mean_weight, cvar_weight, least_weight
        They add up to 1.
    tail
        a of CVaR: the mean of the worst 1 - a of the weight.
    regret
        Whether leverages count less the best that their world allows by itself.
    """

    text: str
    mean_weight: float = 0.0
    cvar_weight: float = 0.0
    least_weight: float = 0.0
    tail: float = 0.0
    regret: bool = False

    @classmethod
    def parse(cls, text: str) -> Criterion:
        """Return the criterion of a text.

        Raises
        ------
        ValueError
            For a text that is none, and for shares outside their range.
        """
        text = text.strip()
        if text == "mean":
            return cls(text, mean_weight=1.0)
        if text == "worst":
            return cls(text, least_weight=1.0)
        if text == "regret":
            return cls(text, least_weight=1.0, regret=True)
        if match := CVAR.fullmatch(text):
            return cls(text, cvar_weight=1.0, tail=_tail(match["tail"]))
        if match := MIXED.fullmatch(text):
            weight = float(match["weight"])
            if not 0 <= weight <= 1:
                raise ValueError(f"{weight:g} is no weight of CVaR; it lies between 0 and 1")
            return cls(text, mean_weight=1.0 - weight, cvar_weight=weight, tail=_tail(match["tail"]))
        raise ValueError(f"{text!r} is no criterion; {FORMS}")

    def score(self, leverages: np.ndarray, weights: np.ndarray, best: np.ndarray) -> np.ndarray:
        """Return what is maximised, for leverages of shape (..., n) in n worlds; of regret it is minus the greatest.

        Parameters
        ----------
        leverages : array, shape (..., n)
        weights, best : array, shape (n,)
            Weights that add up to 1; the best leverage of every world, for regret.
        """
        values = leverages - best if self.regret else leverages
        total = np.zeros(values.shape[:-1])
        if self.mean_weight:
            total = total + self.mean_weight * weighted(values, weights)
        if self.cvar_weight:
            total = total + self.cvar_weight * cvar(values, weights, self.tail)
        if self.least_weight:
            total = total + self.least_weight * values.min(axis=-1)
        return total

    def value(self, leverages: np.ndarray, weights: np.ndarray, best: np.ndarray) -> float:
        """Return the value as it is shown: of regret the greatest one."""
        return self.shown(float(self.score(leverages, weights, best)))

    def shown(self, score: float) -> float:
        """Return a score as it is shown: of regret the greatest one."""
        return 0.0 - score if self.regret else score


def _tail(text: str) -> float:
    tail = float(text)
    if not 0 <= tail < 1:
        raise ValueError(f"cvar:{text}: the share left out of the tail is 0 or more and below 1, such as 0.9")
    return tail


def weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean over the last axis; where a world has no plan there is none."""
    hopeless = np.isneginf(values).any(axis=-1)
    return np.where(hopeless, -math.inf, np.where(np.isneginf(values), 0.0, values) @ weights)


def cvar(values: np.ndarray, weights: np.ndarray, tail: float) -> np.ndarray:
    """Return the mean of the worst 1 - tail of the weight over the last axis (Rockafellar & Uryasev 2000)."""
    order = np.argsort(values, axis=-1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=-1)
    shares = np.broadcast_to(weights, values.shape)
    shares = np.take_along_axis(shares, order, axis=-1)
    before = np.cumsum(shares, axis=-1) - shares
    counted = np.clip((1.0 - tail) - before, 0.0, shares)
    hopeless = np.isneginf(values).any(axis=-1)
    # A bound that is not known yet counts no more than any other where it lies outside the tail.
    ranked = np.where(np.isneginf(ranked) | (counted == 0.0), 0.0, ranked)
    sums = (ranked * counted).sum(axis=-1) / counted.sum(axis=-1)
    return np.where(hopeless, -math.inf, sums)
