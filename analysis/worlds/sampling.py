"""Worlds: the case with its uncertain figures at one set of values each, drawn from their distributions or told in a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...data import CaseError, Fault, apply_overrides
from ..figures.factors import DesignError, Factor, factor_of, parse_factor, ranged_figures
from ..figures.figure import override

if TYPE_CHECKING:
    from ...data import Case

DRAWN, TOLD = "drawn", "table"
"""Where worlds come from."""

MOST_WORLDS = 100_000
"""Worlds that can be drawn at once."""


@dataclass(frozen=True, eq=False)
class Worlds:
    """Worlds and what they count.

    Attributes
    ----------
    names
        Numbers from 1 of what is drawn, ids of what a table tells.
    weights : array, shape (n,)
        They add up to 1.
    figures : pandas.DataFrame, shape (n, figures)
        Index `names`; one column a path, with the values that ``--set`` takes; None where a world leaves the case's own.
    factors : tuple of Factor
        How the figures vary, one a column; empty for a table.
    groups : dict of str to str
        Group of every figure that moves together with others.
    seed
        Of what is drawn.
    source
        ``drawn`` or ``table``.
    remarks
        What a reader should know about where the distributions come from.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    figures: pd.DataFrame = field(repr=False)
    factors: tuple[Factor, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    source: str = TOLD
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of worlds."""
        return len(self.names)

    def take(self, places: Sequence[int] | np.ndarray) -> Worlds:
        """Return some of the worlds, their weights scaled so that they add up to 1."""
        chosen = np.asarray(places, dtype=int)
        weights = self.weights[chosen]
        return Worlds(
            tuple(self.names[place] for place in chosen),
            weights / weights.sum(),
            self.figures.iloc[chosen],
            self.factors,
            self.groups,
            self.seed,
            self.source,
            self.remarks,
        )

    def overrides(self, place: int) -> list[str]:
        """Return what is set in a world, as ``--set`` takes it."""
        row = zip(self.figures.columns, self.figures.iloc[place], strict=True)
        return [override(path, value) for path, value in row if not pd.isna(value)]


# Drawn -----------------------------------------------------------------------------------------------------------------


def draw(case: Case, n: int, seed: int = 0, vary: Sequence[str] = (), *, stratified: bool = True) -> Worlds:
    """Draw worlds from the distributions of a case's uncertain figures.

    Figures of one group take the same quantile of their distributions; groups and figures without one are independent.

    Parameters
    ----------
    case
        A checked case.
    n
        How many worlds, each of weight 1 / n.
    seed
        Of what is drawn; the same case, n, seed and vary give the same worlds.
    vary
        Texts ``PATH=DISTRIBUTION`` that add to the table ``uncertainties``, or go before it.
    stratified
        Draw a Latin hypercube, whose mean is nearer to the truth; else each world by itself.

    Raises
    ------
    DesignError
        With every fault found; also where no figure is uncertain.
    """
    faults = []
    if not 1 <= n <= MOST_WORLDS:
        faults.append(Fault("--worlds", f"no number of worlds; write one from 1 to {MOST_WORLDS:,}", value=str(n)))
    if seed < 0:
        faults.append(Fault("--seed", "negative; seeds count from 0", value=str(seed)))
    try:
        factors, groups = uncertain_factors(case, vary)
    except DesignError as error:
        raise DesignError([*faults, *error.faults]) from None
    if not factors:
        message = "no figure of the case is uncertain; write the table uncertainties, or --vary FIGURE=DISTRIBUTION"
        faults.append(Fault("--worlds", message))
    if faults:
        raise DesignError(faults)
    movers = list(dict.fromkeys(_mover(factor, groups) for factor in factors))
    unit = _unit(len(movers), n, seed, stratified)
    columns = {
        factor.path: pd.Series(
            list(factor.at(unit[:, movers.index(_mover(factor, groups))])), dtype=object if factor.textual else float
        )
        for factor in factors
    }
    names = tuple(str(number) for number in range(1, n + 1))
    figures = pd.DataFrame(columns).set_index(pd.Index(names, name="world"))
    noted = [path for path in _noted(case) if path in figures]
    remarks = [
        f"{path}: its range is read from a note of sources; write it into the table uncertainties" for path in noted
    ]
    return Worlds(names, np.full(n, 1 / n), figures, factors, groups, seed, DRAWN, tuple(remarks))


def _mover(factor: Factor, groups: Mapping[str, str]) -> tuple[str, str]:
    """What a factor moves with: its group, or itself."""
    return ("group", groups[factor.path]) if factor.path in groups else ("figure", factor.path)


def _unit(movers: int, n: int, seed: int, stratified: bool) -> np.ndarray:
    """Quantiles of every world, shape (n, movers)."""
    if not stratified:
        return np.random.default_rng(seed).random((n, movers))
    from SALib.sample import latin

    names = [str(place) for place in range(movers)]
    return latin.sample({"num_vars": movers, "names": names, "bounds": [[0.0, 1.0]] * movers}, n, seed=seed)


def _noted(case: Case) -> list[str]:
    """Figures whose range stands in a note of ``sources`` and not in the table."""
    listed = {row.figure for row in case.uncertainties}
    return [path for path in ranged_figures(case) if path not in listed]


def uncertain_factors(case: Case, vary: Sequence[str] = ()) -> tuple[tuple[Factor, ...], dict[str, str]]:
    """Return the uncertain figures of a case and how they vary, and the group of those that move together.

    They are those of the table ``uncertainties``, then those whose range stands in a note of ``sources``; what `vary` says of
    a figure goes before both, and leaves it in its group.

    Raises
    ------
    DesignError
        With every fault found.
    """
    faults: list[Fault] = []
    found: dict[str, Factor] = {}
    place = case.places.get("uncertainties")
    lines = (
        place.rows if place and len(place.rows) == len(case.uncertainties) else range(2, len(case.uncertainties) + 2)
    )
    file = place.file if place else "uncertainties"
    for row, line in zip(case.uncertainties, lines, strict=True):
        try:
            found[row.figure] = factor_of(case, row.figure, row.distribution)
        except (CaseError, ValueError) as error:
            column = "figure" if isinstance(error, CaseError) else "distribution"
            faults.append(Fault(file, _message(error), line, column, getattr(row, column)))
    for text in _noted(case):
        _add(case, text, found, faults)
    given: dict[str, Factor] = {}
    for text in vary:
        _add(case, text, given, faults)
    if faults:
        raise DesignError(faults)
    groups = {row.figure: row.group for row in case.uncertainties if row.group}
    return tuple((found | given).values()), groups


def _add(case: Case, text: str, found: dict[str, Factor], faults: list[Fault]) -> None:
    try:
        factor = parse_factor(case, text)
    except DesignError as error:
        faults += error.faults
        return
    if factor.path in found:
        faults.append(Fault(f"--vary {text}", f"{factor.path} is varied twice; name it once"))
    found[factor.path] = factor


def _message(error: Exception) -> str:
    return error.faults[0].message if isinstance(error, CaseError) else str(error)


# Told ------------------------------------------------------------------------------------------------------------------


def from_table(case: Case) -> Worlds:
    """Return the worlds of a case's own table.

    Raises
    ------
    DesignError
        Where it has no rows.
    """
    if not case.worlds:
        message = "the case has no table worlds; write one, or draw worlds: --worlds 64"
        raise DesignError([Fault("--worlds", message, value=TOLD)])
    names = tuple(dict.fromkeys(row.world for row in case.worlds))
    weight = dict.fromkeys(names, 1.0) | {row.world: row.weight for row in case.worlds if row.weight is not None}
    paths = list(dict.fromkeys(row.figure for row in case.worlds if row.figure))
    figures = pd.DataFrame(None, index=pd.Index(names, name="world"), columns=paths, dtype=object)
    for row in case.worlds:
        if row.figure:
            figures.loc[row.world, row.figure] = row.value
    weights = np.array([weight[name] for name in names])
    return Worlds(names, weights / weights.sum(), figures)


# Their cases -----------------------------------------------------------------------------------------------------------


def world_cases(case: Case, worlds: Worlds) -> tuple[Case, ...]:
    """Return the case of every world, checked.

    Raises
    ------
    DesignError
        With every fault of every world, its figure named; what many worlds have is reported once.
    """
    found: list[Case] = []
    faults: dict[tuple[str, str], list[tuple[str, str | None]]] = {}
    for place, name in enumerate(worlds.names):
        texts = worlds.overrides(place)
        try:
            found.append(apply_overrides(case, texts))
        except CaseError as error:
            for fault in error.faults:
                path = fault.file.removeprefix("--set ").partition("=")[0]
                message = fault.message
                if fault.column and not path.endswith(f".{fault.column}"):
                    message = f"{fault.column} {fault.value} is {message}"
                faults.setdefault((path, message), []).append((name, fault.value))
    if faults:
        raise DesignError(_worded(faults))
    return tuple(found)


def _worded(faults: Mapping[tuple[str, str], Sequence[tuple[str, str | None]]]) -> Iterable[Fault]:
    """Yield each fault once, with the first world that has it and how many others do."""
    for (path, message), places in faults.items():
        name, value = places[0]
        others = len(places) - 1
        more = f" (and in {others} other world{'s' if others > 1 else ''})" if others else ""
        yield Fault(f"world {name}", f"{message}{more}", None, path, value)


def check_uncertainties(case: Case, vary: Sequence[str] = ()) -> list[Fault]:
    """Return what is wrong with the tables of uncertainties and worlds that their rows alone do not show."""
    faults: list[Fault] = []
    try:
        uncertain_factors(case, vary)
    except DesignError as error:
        faults += error.faults
    if case.worlds:
        try:
            world_cases(case, from_table(case))
        except DesignError as error:
            faults += error.faults
    return faults
