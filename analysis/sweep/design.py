"""Which figures of a case are varied, how they are distributed, and the samples drawn from them (docs/sweeps.md)."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from ...data.schema.errors import CaseError, Fault, nearest
from ..figures.factors import DesignError, Discrete, Distribution, Factor, Uniform, parse_factor, ranged_figures, varied
from ..figures.figure import Figure, find_figure
from .kinds import KINDS, Option

if TYPE_CHECKING:
    from ...data import Case

FROM_SOURCES = "sources"
"""What is varied where every figure with a range in its sources row is meant."""

FROM_TABLE = "uncertainties"
"""What is varied where every figure of the table uncertainties is meant."""

MOST_SAMPLES = 20_000_000

FEW = 50
"""Listed values up to which a figure counts as one that takes just these."""


@dataclass(frozen=True, eq=False)
class Design:
    """Samples of a case's figures, and how they were drawn.

    Attributes
    ----------
    kind
        ``grid``, ``oat``, ``list``, ``lhs``, ``morris`` or ``sobol``.
    factors : tuple of Factor
        What is varied.
    samples : pandas.DataFrame, shape (samples, factors)
        Index ``sample`` from 0; one column per factor path with the values that ``--set`` takes, text where the factor is text.
        The order of the rows is that of the analysis, whatever the order they are solved in.
    seed
        Of what is drawn at random.
    options
        ``samples``, ``levels``, ``second_order`` or ``file``, as far as the kind has them.
    """

    kind: str
    factors: tuple[Factor, ...]
    samples: pd.DataFrame = field(repr=False)
    seed: int = 0
    options: Mapping[str, Option] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything, samples included, as 64 hexadecimal digits."""
        found = hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode())
        for path in self.samples:
            values = self.samples[path]
            whole = values.to_numpy().tobytes() if pd.api.types.is_float_dtype(values) else "\n".join(values).encode()
            found.update(whole)
        return found.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the samples as plain values."""
        return {
            "kind": self.kind,
            "factors": [factor.to_dict() for factor in self.factors],
            "seed": self.seed,
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], samples: pd.DataFrame | None = None) -> Design:
        """Return the design of a document.

        Parameters
        ----------
        document
            What `to_dict` returned.
        samples
            The samples; None draws them anew.

        Raises
        ------
        ValueError
            For a list without its samples: they cannot be drawn.
        """
        factors = tuple(Factor.from_dict(factor) for factor in document["factors"])
        kind, seed, options = document["kind"], document["seed"], document["options"]
        if samples is None:
            if kind == "list":
                raise ValueError("a list cannot be drawn anew; give its samples")
            samples = _DRAWN[kind](factors, seed, options)
        return cls(kind, factors, samples, seed, options)

    def problem(self) -> dict[str, Any]:
        """Return the factors as SALib wants them: the unit cube from which the samples were mapped."""
        return {
            "num_vars": len(self.factors),
            "names": [factor.path for factor in self.factors],
            "bounds": [[0.0, 1.0]] * len(self.factors),
        }

    def unit_samples(self) -> np.ndarray:
        """Return the samples before they were mapped to figures, shape (samples, factors); of what is drawn only."""
        return _UNIT[self.kind](len(self.factors), self.seed, self.options)


def make_design(
    case: Case,
    kind: str,
    vary: Sequence[str] = (),
    *,
    samples: int | None = None,
    levels: int | None = None,
    second_order: bool = False,
    seed: int = 0,
    file: str | os.PathLike[str] | pd.DataFrame | None = None,
) -> Design:
    """Return the samples of a design.

    Parameters
    ----------
    case
        A checked case.
    kind
        ``grid``: every combination of levels. ``oat``: the case as it is, then one figure at a time. ``list``: the rows of a
        file. ``lhs``: a Latin hypercube. ``morris``: elementary effects along trajectories. ``sobol``: Saltelli's scheme.
    vary
        Texts ``PATH=DISTRIBUTION`` as in docs/sweeps.md: ``lanes.x.max_flow=80..120``, ``limits.budget=*0.8..*1.2``. PATH alone
        takes the range of the figure's ``sources`` row; ``sources`` alone takes every such figure.
    samples
        lhs: samples (128). morris: trajectories (16) of one sample more than there are factors. sobol: base samples
        (256, a power of two), each solved once for every factor and twice more.
    levels
        grid: values per figure (5). oat: values per figure (2: its ends). morris: levels (4, even).
    second_order
        sobol: also second-order indices, for nearly twice the samples.
    seed
        Of what is drawn at random.
    file
        list: a CSV or Parquet file, or a DataFrame, whose columns are paths.

    Raises
    ------
    DesignError
        With every fault found.
    """
    if kind not in KINDS:
        hint = nearest(kind, KINDS) or f"; known are {', '.join(KINDS)}"
        raise DesignError([Fault("--design", f"no such design{hint}", value=kind)])
    faults = [
        *_misplaced(kind, vary=bool(vary), samples=samples, levels=levels, second_order=second_order, file=file),
        *_out_of_range(kind, samples, levels, seed),
    ]
    if kind == "list":
        if faults:
            raise DesignError(faults)
        return _listed(case, cast("str | os.PathLike[str] | pd.DataFrame", file), seed)
    factors = _factors(case, vary, faults, needs_base=kind == "oat")
    given = {"samples": samples, "levels": levels, "second_order": second_order}
    options: dict[str, Option] = {}
    for name, default in KINDS[kind].options.items():
        value = given[name]
        options[name] = default if value is None else value
    if not faults:
        size = _size(kind, factors, options)
        if size > MOST_SAMPLES:
            message = f"{size:,} samples; at most {MOST_SAMPLES:,} can be handled: vary fewer figures, or draw a sample with lhs"
            faults.append(Fault("--design", message, value=kind))
    if faults:
        raise DesignError(faults)
    return Design(kind, tuple(factors), _DRAWN[kind](factors, seed, options), seed, options)


# What was asked for ----------------------------------------------------------------------------------------------------


def _misplaced(kind: str, *, vary: bool, file: Any, **given: Any) -> list[Fault]:
    """Return the options that a kind does not have, and those it needs."""
    faults = []
    for name, value in given.items():
        if value not in (None, False) and name not in KINDS[kind].options:
            homes = ", ".join(other for other in KINDS if name in KINDS[other].options)
            faults.append(Fault(f"--{name.replace('_', '-')}", f"not an option of {kind}; it belongs to {homes}"))
    if kind == "list":
        if file is None:
            faults.append(Fault("--file", "missing; a list is read from a CSV or Parquet file whose columns are paths"))
        if vary:
            faults.append(Fault("--vary", "not an option of list; the columns of its file say what is varied"))
        return faults
    if file is not None:
        faults.append(Fault("--file", f"not an option of {kind}; write --design list"))
    if not vary:
        faults.append(Fault("--vary", "missing; name a figure and its range, such as limits.budget=80..120"))
    return faults


def _out_of_range(kind: str, samples: int | None, levels: int | None, seed: int) -> list[Fault]:
    faults = []
    if samples is not None and samples < 2 and "samples" in KINDS[kind].options:
        faults.append(Fault("--samples", "too few; at least 2 are needed", value=str(samples)))
    elif samples is not None and kind == "sobol" and samples & (samples - 1):
        below = 1 << (samples.bit_length() - 1)
        faults.append(Fault("--samples", f"no power of two; write {below} or {2 * below}", value=str(samples)))
    if levels is not None and levels < 2 and "levels" in KINDS[kind].options:
        faults.append(Fault("--levels", "too few; at least 2 are needed", value=str(levels)))
    elif levels is not None and kind == "morris" and levels % 2:
        message = f"morris needs an even number of levels; write {levels - 1} or {levels + 1}"
        faults.append(Fault("--levels", message, value=str(levels)))
    if seed < 0:
        faults.append(Fault("--seed", "negative; seeds count from 0", value=str(seed)))
    return faults


def _factors(case: Case, vary: Sequence[str], faults: list[Fault], *, needs_base: bool) -> list[Factor]:
    """Return the factors of the texts, adding what is wrong with them to `faults`."""
    texts: list[str] = []
    for text in vary:
        found = [text]
        if text.strip() == FROM_SOURCES:
            found = ranged_figures(case)
            message = "no sources row of the case carries a range; write one into its note, such as: low 3; high 9"
        elif text.strip() == FROM_TABLE:
            found = [f"{row.figure}={row.distribution}" for row in case.uncertainties]
            message = "the case has no rows in uncertainties; write figures and distributions there, or name a figure"
        if not found:
            faults.append(Fault(f"--vary {text.strip()}", message))
        texts += found
    factors: list[Factor] = []
    for text in texts:
        try:
            factor = parse_factor(case, text)
        except DesignError as error:
            faults += error.faults
            continue
        if any(factor.path == other.path for other in factors):
            faults.append(Fault(f"--vary {text}", f"{factor.path} is varied twice; name it once"))
        elif needs_base and factor.base is None:
            message = "has no single value in force to compare with; give it one with --set"
            faults.append(Fault(f"--vary {text}", message))
        factors.append(factor)
    rows = [_row_of(factor) for factor in factors]
    for factor, row in zip(factors, rows, strict=True):
        # What varies beside it in the same row may make up for what the row would refuse.
        if rows.count(row) == 1:
            faults += _refused_ends(case, factor)
    return factors


def _row_of(factor: Factor) -> str:
    return factor.path.rpartition(".")[0]


def _refused_ends(case: Case, factor: Factor) -> list[Fault]:
    """Return what the case has against the ends of a factor, taken alone."""
    figure = find_figure(case, factor.path)
    faults = {}
    for value in factor.levels(2):
        problem = figure.refusal(value)
        if problem is not None:
            shown = value if isinstance(value, str) else f"{value:.10g}"
            faults[problem] = Fault(f"--vary {factor.path}", problem, value=shown)
    return list(faults.values())


def _size(kind: str, factors: Sequence[Factor], options: Mapping[str, Option]) -> int:
    """Return the number of samples."""
    many = len(factors)
    if kind == "grid":
        return math.prod(len(factor.levels(int(options["levels"]))) for factor in factors)
    if kind == "oat":
        return 1 + sum(len(factor.levels(int(options["levels"]))) for factor in factors)
    each = {"lhs": 1, "morris": many + 1, "sobol": 2 * many + 2 if options.get("second_order") else many + 2}
    return int(options["samples"]) * each[kind]


# Samples ---------------------------------------------------------------------------------------------------------------


def _frame(factors: Sequence[Factor], columns: Iterable[Any]) -> pd.DataFrame:
    content = {
        factor.path: pd.Series(list(column), dtype=object if factor.textual else float)
        for factor, column in zip(factors, columns, strict=True)
    }
    frame = pd.DataFrame(content)
    frame.index.name = "sample"
    return frame


def _grid(factors: Sequence[Factor], seed: int, options: Mapping[str, Option]) -> pd.DataFrame:
    levels = [factor.levels(int(options["levels"])) for factor in factors]
    return _frame(factors, zip(*itertools.product(*levels), strict=True))


def _oat(factors: Sequence[Factor], seed: int, options: Mapping[str, Option]) -> pd.DataFrame:
    base = [factor.base for factor in factors]
    rows = [base]
    for place, factor in enumerate(factors):
        rows += [[*base[:place], value, *base[place + 1 :]] for value in factor.levels(int(options["levels"]))]
    return _frame(factors, zip(*rows, strict=True))


def _mapped(kind: str) -> Callable[[Sequence[Factor], int, Mapping[str, Option]], pd.DataFrame]:
    """Return the function that draws a kind from the unit cube and maps it to figures."""

    def drawn(factors: Sequence[Factor], seed: int, options: Mapping[str, Option]) -> pd.DataFrame:
        unit = _UNIT[kind](len(factors), seed, options)
        return _frame(factors, [factor.at(unit[:, place]) for place, factor in enumerate(factors)])

    return drawn


def _cube(many: int) -> dict[str, Any]:
    return {"num_vars": many, "names": [str(place) for place in range(many)], "bounds": [[0.0, 1.0]] * many}


def _unit_lhs(many: int, seed: int, options: Mapping[str, Option]) -> np.ndarray:
    from SALib.sample import latin

    return latin.sample(_cube(many), int(options["samples"]), seed=seed)


def _unit_morris(many: int, seed: int, options: Mapping[str, Option]) -> np.ndarray:
    from SALib.sample import morris

    return morris.sample(_cube(many), int(options["samples"]), num_levels=int(options["levels"]), seed=seed)


def _unit_sobol(many: int, seed: int, options: Mapping[str, Option]) -> np.ndarray:
    from SALib.sample import sobol

    second = bool(options["second_order"])
    return sobol.sample(_cube(many), int(options["samples"]), calc_second_order=second, seed=seed)


_UNIT = {"lhs": _unit_lhs, "morris": _unit_morris, "sobol": _unit_sobol}
_DRAWN = {"grid": _grid, "oat": _oat, **{kind: _mapped(kind) for kind in _UNIT}}


# Lists -----------------------------------------------------------------------------------------------------------------


def _listed(case: Case, source: str | os.PathLike[str] | pd.DataFrame, seed: int) -> Design:
    """Return the design of a file or frame, whose columns are paths and whose cells are what ``--set`` takes."""
    name = "the list" if isinstance(source, pd.DataFrame) else str(source)
    cells = source if isinstance(source, pd.DataFrame) else _read(Path(source))
    faults: list[Fault] = []
    if not len(cells) or not len(cells.columns):
        raise DesignError([Fault(name, "holds no samples; its first line names paths, every other line is a sample")])
    factors: list[Factor] = []
    columns = []
    for column, entries in cells.items():
        path = str(column).strip()
        if any(path == factor.path for factor in factors):
            faults.append(Fault(name, "named twice; name every path once", 1, path))
            continue
        try:
            figure = find_figure(case, path)
        except (CaseError, ValueError) as error:
            message = error.faults[0].message if isinstance(error, CaseError) else str(error)
            faults.append(Fault(name, message, 1, path))
            continue
        values = _cells(figure, entries, name, faults)
        if len(values) == len(cells):
            factors.append(varied(figure, _spread(values)))
            columns.append(values)
    if faults:
        raise DesignError(faults)
    options = {} if isinstance(source, pd.DataFrame) else {"file": Path(source).name}
    return Design("list", tuple(factors), _frame(factors, columns), seed, options)


def _spread(values: list[Any]) -> Distribution:
    """Return how a listed figure varies: its values where they are few, else its range."""
    distinct = tuple(dict.fromkeys(values))
    if len(distinct) <= FEW or isinstance(distinct[0], str):
        return Discrete(distinct)
    return Uniform(min(distinct), max(distinct))


def _read(path: Path) -> pd.DataFrame:
    """Read a CSV file as text, or a Parquet file."""
    name = str(path)
    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet", ".pq"):
        raise DesignError([Fault(name, "no CSV or Parquet file; its name must end in .csv or .parquet")])
    try:
        if kind == ".csv":
            # Without a header, so that columns of one name are seen as such.
            rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", header=None)
            return rows.iloc[1:].set_axis(rows.iloc[0], axis=1).reset_index(drop=True)
        return pd.read_parquet(path).reset_index(drop=True)
    except FileNotFoundError:
        raise DesignError([Fault(name, "no such file")]) from None
    except pd.errors.EmptyDataError:
        raise DesignError([Fault(name, "empty; its first line names paths, every other line is a sample")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise DesignError([Fault(name, f"cannot be read: {reason}")]) from None


def _cells(figure: Figure, cells: pd.Series, name: str, faults: list[Fault]) -> list[float | str]:
    """Return the values of a column, adding what is wrong with them to `faults`."""
    values = []
    for line, cell in enumerate(cells, start=2):
        text = "" if pd.isna(cell) else str(cell).strip()
        try:
            values.append(figure.value(text))
        except ValueError as error:
            faults.append(Fault(name, str(error), line, figure.path, text))
    return values
