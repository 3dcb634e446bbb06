"""Figures of a case that are varied, and how: ``PATH=DISTRIBUTION`` (docs/sweeps.md)."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import CaseError, Fault
from ...data.schema.declarations import options
from ...data.schema.errors import listed
from ...data.schema.values import PLAIN_NUMBER
from .figure import Figure, find_figure

if TYPE_CHECKING:
    from ...data import Case

FORMS = "write LOW..HIGH, LOW..MODE..HIGH, MEAN+-SD, MEAN+-SD@LOW..HIGH or A,B,C"

CUT = 3.0
"""Standard deviations at which a normal distribution without ends is cut."""

RANGE = re.compile(rf"\blow\s+(?P<low>{PLAIN_NUMBER.pattern})\s*;\s*high\s+(?P<high>{PLAIN_NUMBER.pattern})")
"""A range in the note of a sources row: ``low 3; high 9``."""


class DesignError(ValueError):
    """Figures or ranges that cannot be varied so; holds every fault found.

    Attributes
    ----------
    faults : tuple of Fault
        All faults, in the order of what was asked for.
    """

    def __init__(self, faults: Iterable[Fault]):
        """Take the faults and word the message."""
        self.faults = tuple(faults)
        super().__init__(listed(self.faults, "in the design"))

    def __reduce__(self) -> tuple[type[DesignError], tuple[tuple[Fault, ...]]]:
        """Pickle the faults; the message follows from them."""
        return type(self), (self.faults,)


# Distributions ---------------------------------------------------------------------------------------------------------


class Continuous(ABC):
    """A distribution over all values between two ends."""

    low: float
    high: float

    @abstractmethod
    def ppf(self, unit: np.ndarray) -> np.ndarray:
        """Return the values below which so large a share of the distribution lies."""


@dataclass(frozen=True)
class Uniform(Continuous):
    """Every value between two ends is equally likely.

    Attributes
    ----------
    low, high
        The ends.
    relative
        Whether they are factors of the value in force.

    Raises
    ------
    ValueError
        Unless low < high, both finite.
    """

    low: float
    high: float
    relative: bool = False

    def __post_init__(self) -> None:
        _require_order(("low", self.low), ("high", self.high))

    def ppf(self, unit: np.ndarray) -> np.ndarray:
        """Return the values below which so large a share of the distribution lies."""
        return unit * (self.high - self.low) + self.low


@dataclass(frozen=True)
class Triangular(Continuous):
    """Most likely at its mode, falling to nothing at both ends.

    Attributes
    ----------
    low, mode, high
        Ends and most likely value.
    relative
        Whether they are factors of the value in force.

    Raises
    ------
    ValueError
        Unless low <= mode <= high and low < high, all finite.
    """

    low: float
    mode: float
    high: float
    relative: bool = False

    def __post_init__(self) -> None:
        _require_order(("low", self.low), ("high", self.high))
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"the mode {self.mode:g} must lie between {self.low:g} and {self.high:g}")

    def ppf(self, unit: np.ndarray) -> np.ndarray:
        """Return the values below which so large a share of the distribution lies."""
        # By hand, as scipy.stats does: importing that takes as long as a small case takes to solve.
        width = self.high - self.low
        peak = (self.mode - self.low) / width
        share = np.where(unit < peak, np.sqrt(peak * unit), 1 - np.sqrt((1 - peak) * (1 - unit)))
        return share * width + self.low


@dataclass(frozen=True)
class TruncatedNormal(Continuous):
    """A normal distribution between two ends.

    Attributes
    ----------
    mean, sd
        Of the normal distribution before it is cut.
    low, high
        The ends.
    relative
        Whether all four are factors of the value in force.

    Raises
    ------
    ValueError
        Unless sd > 0 and low < high, all finite, with the mean between the ends.
    """

    mean: float
    sd: float
    low: float
    high: float
    relative: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sd) and self.sd > 0):
            raise ValueError(f"the standard deviation {self.sd:g} must be positive")
        _require_order(("low", self.low), ("high", self.high))
        if not self.low <= self.mean <= self.high:
            raise ValueError(f"the mean {self.mean:g} must lie between {self.low:g} and {self.high:g}")

    def ppf(self, unit: np.ndarray) -> np.ndarray:
        """Return the values below which so large a share of the distribution lies."""
        from scipy.stats import truncnorm

        ends = (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd
        return truncnorm.ppf(unit, *ends, loc=self.mean, scale=self.sd)


@dataclass(frozen=True)
class Discrete:
    """One of several values; scipy has no distribution over texts.

    Attributes
    ----------
    values
        Numbers, or texts; in the order in which tables and charts show them.
    weights
        How likely each is, in any unit; empty: all the same.
    relative
        Whether the values are factors of the value in force.

    Raises
    ------
    ValueError
        For a value given twice, or weights that are not positive or not one per value.
    """

    values: tuple[float, ...] | tuple[str, ...]
    weights: tuple[float, ...] = ()
    relative: bool = False

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("no values; give two or more")
        if len(set(self.values)) < len(self.values):
            raise ValueError("a value is given twice; give it once, with a weight")
        if self.weights and len(self.weights) != len(self.values):
            raise ValueError("give every value a weight, or none")
        if not all(math.isfinite(weight) and weight > 0 for weight in self.weights):
            raise ValueError("weights must be positive")

    def ppf(self, unit: np.ndarray) -> np.ndarray:
        """Return the values below which so large a share of the distribution lies."""
        weights = np.array(self.weights or [1.0] * len(self.values))
        ends = np.cumsum(weights) / weights.sum()
        textual = isinstance(self.values[0], str)
        return np.array(self.values, dtype=object if textual else float)[
            np.minimum(np.searchsorted(ends, unit, side="right"), len(ends) - 1)
        ]


Distribution = Uniform | Triangular | TruncatedNormal | Discrete
_NAMES: dict[str, type[Distribution]] = {
    "uniform": Uniform,
    "triangular": Triangular,
    "normal": TruncatedNormal,
    "discrete": Discrete,
}


def _require_order(low: tuple[str, float], high: tuple[str, float]) -> None:
    for name, end in (low, high):
        if not math.isfinite(end):
            raise ValueError(f"the {name} end must be finite")
    if not low[1] < high[1]:
        raise ValueError(f"the low end {low[1]:g} must be below the high end {high[1]:g}")


# Factors ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Factor:
    """A figure of a case that is varied.

    Attributes
    ----------
    path
        As ``--set`` writes it, without a value.
    distribution
        How it varies.
    base
        Value in force; None where there is no single one.
    unit
        Of the figure.
    whole
        Whether it takes whole numbers only.

    Raises
    ------
    ValueError
        For factors of a value in force that there is none of, or that is 0.
    """

    path: str
    distribution: Distribution
    base: float | str | None = None
    unit: str = ""
    whole: bool = False

    def __post_init__(self) -> None:
        if self.distribution.relative:
            if isinstance(self.base, str) or self.base is None or math.isinf(self.base):
                raise ValueError("has no value in force that can be scaled; give values without a star")
            if self.base == 0:
                raise ValueError("is 0 in force, and so is every multiple of it; give values without a star")

    @property
    def textual(self) -> bool:
        """Whether its values are texts."""
        return isinstance(self.distribution, Discrete) and isinstance(self.distribution.values[0], str)

    @property
    def low(self) -> float | str:
        """Least value; the first one of texts."""
        return self.levels(2)[0]

    @property
    def high(self) -> float | str:
        """Largest value; the last one of texts."""
        return self.levels(2)[-1]

    def at(self, unit: np.ndarray) -> np.ndarray:
        """Return the values below which so large a share lies, as ``--set`` takes them.

        Parameters
        ----------
        unit : numpy.ndarray, shape (samples,)
            Shares, from 0 to 1.
        """
        if self.whole and isinstance(self.distribution, Uniform):
            low, high = (self._scaled(end) for end in (self.distribution.low, self.distribution.high))
            first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
            return np.minimum(first + np.floor(unit * (last - first + 1)), last)
        return self._figures(self.distribution.ppf(unit))

    def levels(self, many: int) -> list[Any]:
        """Return so many values at equal distances from end to end, each once; all values of a discrete distribution."""
        if isinstance(self.distribution, Discrete):
            values = np.array(self.distribution.values, dtype=object if self.textual else float)
            return list(self._figures(values))
        ends = self.distribution.low, self.distribution.high
        return list(dict.fromkeys(self._figures(np.linspace(*ends, many)).tolist()))

    def _scaled(self, value: float) -> float:
        return value * float(self.base) if self.distribution.relative else value  # type: ignore[arg-type]

    def _figures(self, values: np.ndarray) -> np.ndarray:
        if self.textual:
            return values
        if self.distribution.relative:
            values = values * float(self.base)  # type: ignore[arg-type]
        return np.round(values) if self.whole else values

    def to_dict(self) -> dict[str, Any]:
        """Return the factor as plain values; infinity as text."""
        kind = next(name for name, kind in _NAMES.items() if isinstance(self.distribution, kind))
        given = {name: _plain(value) for name, value in asdict(self.distribution).items()}
        return {
            "path": self.path,
            "distribution": {"kind": kind, **given},
            "base": _plain(self.base),
            "unit": self.unit,
            "whole": self.whole,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Factor:
        """Return the factor of a document."""
        given = dict(document["distribution"])
        kind = _NAMES[given.pop("kind")]
        textual = "values" in given and all(isinstance(value, str) and value != "inf" for value in given["values"])
        if "values" in given:
            given["values"] = tuple(value if textual else float(value) for value in given["values"])
            given["weights"] = tuple(given["weights"])
        base = math.inf if document["base"] == "inf" else document["base"]
        return cls(document["path"], kind(**given), base, document["unit"], document["whole"])


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return "inf" if isinstance(value, float) and math.isinf(value) else value


# Figures ---------------------------------------------------------------------------------------------------------------


def varied(figure: Figure, distribution: Distribution) -> Factor:
    """Return a figure as it varies by a distribution."""
    base = figure.base
    if isinstance(distribution, Discrete) and isinstance(distribution.values[0], str):
        base = None if base is None else figure.text(base)
    elif isinstance(base, str):
        base = None
    return Factor(figure.path, distribution, base, figure.unit, figure.whole)


def ranged_figures(case: Case) -> list[str]:
    """Return the paths of all figures whose ``sources`` row carries a range, in the order of the case."""
    return list(_ranges(case))


def _ranges(case: Case) -> dict[str, tuple[float, float]]:
    found = {}
    for row in case.sources:
        match = RANGE.search(row.note)
        if match:
            path = ".".join(part for part in (row.table_, row.key_, row.column_) if part)
            found[path] = float(match["low"]), float(match["high"])
    return found


# Texts -----------------------------------------------------------------------------------------------------------------


def parse_factor(case: Case, text: str) -> Factor:
    """Return the factor of a text ``PATH=DISTRIBUTION``, or ``PATH`` for what its rows of ``uncertainties`` or ``sources`` say.

    Raises
    ------
    DesignError
        With what is wrong, and what would be right.
    """
    place = f"--vary {text}"
    try:
        figure, given = _split(case, text)
        return _factor(figure, _sourced(case, figure) if given is None else _distribution(figure, given))
    except CaseError as error:
        fault = error.faults[0]
        raise DesignError([Fault(place, fault.message)]) from None
    except ValueError as error:
        raise DesignError([Fault(place, str(error))]) from None


def factor_of(case: Case, path: str, distribution: str) -> Factor:
    """Return a figure as it varies by the text of a distribution.

    Raises
    ------
    CaseError
        For a path that names nothing.
    ValueError
        For one that is no figure, and for a text that is no distribution of it.
    """
    figure = find_figure(case, path)
    return _factor(figure, _distribution(figure, distribution))


def _factor(figure: Figure, distribution: Distribution) -> Factor:
    factor = varied(figure, distribution)
    if figure.whole and isinstance(distribution, Uniform) and len(set(factor.at(np.array([0.0, 1.0])))) < 2:
        raise ValueError("holds no two whole numbers")
    return factor


def _split(case: Case, text: str) -> tuple[Figure, str | None]:
    """Split a text at the equal sign after which a figure's path ends; ids may hold equal signs."""
    text = text.strip()
    ends = [place for place, character in enumerate(text) if character == "="]
    for end in ends:
        try:
            return find_figure(case, text[:end].strip()), text[end + 1 :].strip()
        except (CaseError, ValueError):
            continue
    if ends:
        return find_figure(case, text[: ends[0]].strip()), None
    return find_figure(case, text), None


def _sourced(case: Case, figure: Figure) -> Distribution:
    told = next((row.distribution for row in case.uncertainties if row.figure == figure.path), None)
    if told is not None:
        return _distribution(figure, told)
    found = _ranges(case).get(figure.path)
    if found is None:
        raise ValueError(
            f"gives no range, and neither do its rows of uncertainties and sources (note: low 3; high 9); {FORMS}"
        )
    return Uniform(*found)


def _distribution(figure: Figure, text: str) -> Distribution:
    if "+-" in text:
        return _normal(figure, text)
    if "," in text:
        return _discrete(figure, text)
    if ".." not in text:
        raise ValueError(f"{text!r} is no range; {FORMS}")
    parts = text.split("..")
    if len(parts) not in (2, 3):
        raise ValueError(f"{text!r} has {len(parts)} parts; write LOW..HIGH or LOW..MODE..HIGH")
    numbers, relative = _numbers(figure, parts)
    if len(numbers) == 2:
        return Uniform(numbers[0], numbers[1], relative)
    return Triangular(numbers[0], numbers[1], numbers[2], relative)


def _normal(figure: Figure, text: str) -> Distribution:
    middle, _, ends = text.partition("@")
    cut = ends.split("..") if ends else []
    if len(cut) not in (0, 2) or middle.count("+-") != 1:
        raise ValueError(f"{text!r} is no normal distribution; write MEAN+-SD or MEAN+-SD@LOW..HIGH")
    mean, sd = middle.split("+-")
    # The star of the mean stands for the standard deviation too.
    spread = f"*{sd}" if mean.startswith("*") and not sd.startswith("*") else sd
    numbers, relative = _numbers(figure, [mean, spread, *cut])
    centre, width, *limits = numbers
    low, high = limits or (centre - CUT * width, centre + CUT * width)
    return TruncatedNormal(centre, width, low, high, relative)


def _discrete(figure: Figure, text: str) -> Distribution:
    values, weights = [], []
    for entry in text.split(","):
        value, at, weight = entry.strip().rpartition("@") if "@" in entry else (entry.strip(), "", "")
        values.append(value)
        if at and not PLAIN_NUMBER.fullmatch(weight):
            raise ValueError(f"{weight!r} is no weight; write VALUE@WEIGHT, such as 20@0.7,30@0.3")
        weights.append(float(weight) if at else 1.0)
    if set(weights) == {1.0}:
        weights = []
    if not figure.numeric:
        for value in values:
            figure.value(value)
        return Discrete(tuple(values), tuple(weights))
    numbers, relative = _numbers(figure, values, infinite=True)
    return Discrete(tuple(numbers), tuple(weights), relative)


def _numbers(figure: Figure, texts: list[str], infinite: bool = False) -> tuple[list[float], bool]:
    """Return the numbers of texts, and whether they are factors of the value in force."""
    if not (figure.numeric or figure.delay):
        raise ValueError(f"holds text; write its values, such as A,B{_or_words(figure)}")
    stars = [text.strip().startswith("*") for text in texts]
    if any(stars) and not all(stars):
        raise ValueError("some numbers have a star and some have none; put one before each, or before none")
    if any(stars) and figure.delay:
        raise ValueError("a delay cannot be scaled; give weeks")
    bare = [text.strip().lstrip("*").strip() for text in texts]
    for text in bare:
        if not PLAIN_NUMBER.fullmatch(text) and not (infinite and text == "inf" and not any(stars)):
            raise ValueError(f"{text!r} is no number; {FORMS}")
    return [float(text) for text in bare], any(stars)


def _or_words(figure: Figure) -> str:
    words = options(figure.info)
    return f"; known are {', '.join(words)}" if words else ""
