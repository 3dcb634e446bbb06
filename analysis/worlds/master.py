"""The master program of one combination of policies: the first stage that the cuts of all worlds promise most for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ...model.solver.arrays import Program
from ...model.solver.highs import Highs
from .criterion import Criterion

EXACT: dict[str, Any] = {
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}

LEXICOGRAPHIC = 100.0
"""How much more what limits lack counts than in the programs of a world, at the least weight of one."""


@dataclass(frozen=True)
class FirstStageSpace:
    """The first-stage choices of all worlds together.

    Attributes
    ----------
    keys : tuple
        ``("qualify", lane)``, ``("stockpile", (site, item))`` and ``("exempt", world)``.
    upper : array, shape (columns,)
        1 of a lane and of a world; of a stockpile the most that every world allows, in natural units.
    integer : array of bool, shape (columns,)
    costs : array, shape (worlds, columns)
        What a unit takes of the budget of every world.
    budgets : array, shape (worlds,)
        Budget of every world.
    prices : array, shape (worlds,)
        What a unit that limits lack is charged for in the programs of every world, money.
    lower : array, shape (columns,), optional
        1 of a world that has to do without continuity; else 0.
    exempt : array, shape (columns,), optional
        Weight of the world that a column exempts from continuity.
    exempt_most
        Weight that may be exempted.
    """

    keys: tuple[tuple[str, Any], ...]
    upper: np.ndarray
    integer: np.ndarray
    costs: np.ndarray
    budgets: np.ndarray
    prices: np.ndarray
    lower: np.ndarray | None = None
    exempt: np.ndarray | None = None
    exempt_most: float = math.inf

    @property
    def least(self) -> np.ndarray:
        """The first stage with nothing bought, shape (columns,)."""
        return np.zeros(self.size) if self.lower is None else self.lower

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.keys)


@dataclass(frozen=True)
class Lines:
    """Cuts of one world at one combination: ``value <= constant + slope @ x``.

    Attributes
    ----------
    constants : array, shape (cuts,)
    slopes : array, shape (cuts, columns)
    """

    constants: np.ndarray
    slopes: np.ndarray

    def ceiling(self, upper: np.ndarray) -> float:
        """Most that the least of the cuts can be, each cut for itself."""
        if not self.constants.size:
            return math.inf
        return float((self.constants + np.maximum(self.slopes, 0.0) @ upper).min())

    def lifted(self, column: int, height: float, most: np.ndarray) -> Lines:
        """Return the cuts with a slope in a binary column that takes each, at 1, to a height or above anywhere.

        Parameters
        ----------
        column
            The binary column; no cut has a slope there.
        height
            What bounds the same anyway.
        most : array, shape (columns,)
            Most that each column can be.
        """
        slopes = self.slopes.copy()
        slopes[:, column] = np.maximum(0.0, height - (self.constants + np.minimum(self.slopes, 0.0) @ most))
        return Lines(self.constants, slopes)

    def joined(self, other: Lines) -> Lines:
        """Return these cuts and others."""
        return Lines(np.concatenate([self.constants, other.constants]), np.vstack([self.slopes, other.slopes]))

    @property
    def never(self) -> bool:
        """Whether a cut rules out every first stage."""
        return bool(np.isneginf(self.constants).any())

    @property
    def finite(self) -> Lines:
        """The cuts that hold at some first stage."""
        some = ~np.isneginf(self.constants)
        return Lines(self.constants[some], self.slopes[some])


@dataclass(frozen=True)
class WorldLines:
    """What is known of one world at one combination.

    Attributes
    ----------
    leverage
        Cuts on leverage; with a charge on leverage less the charge.
    kept
        Feasibility cuts: minus the sum of limits' gaps.
    charge
        Cuts on minus what limits lack; None where nothing is charged for that.
    """

    leverage: Lines
    kept: Lines
    charge: Lines | None = None


def unless_exempt(held: WorldLines, free: WorldLines, column: int, height: float, most: np.ndarray) -> WorldLines:
    """Return what holds of a world that may be exempted from continuity.

    Parameters
    ----------
    held, free
        What holds where continuity is kept, and in any case.
    column
        The binary column that exempts the world.
    height
        What bounds leverage anyway, money.
    most : array, shape (columns,)
        Most that each column can be.
    """
    kept = held.kept.finite.lifted(column, 0.0, most)
    if held.leverage.never or held.kept.never:
        # No first stage keeps continuity: the world has to be exempted.
        exempted = np.zeros((1, most.size))
        exempted[0, column] = 1.0
        kept = kept.joined(Lines(np.array([-1.0]), exempted))
    leverage = held.leverage.finite.lifted(column, height, most)
    return WorldLines(leverage.joined(free.leverage), kept.joined(free.kept), held.charge)


@dataclass(frozen=True)
class Promise:
    """What a master program ended with.

    Attributes
    ----------
    bound
        Proven upper bound on the score under the combination; -inf where no first stage is left.
    point : array or None, shape (columns,)
        The first stage that promises it.
    leverages : array or None, shape (worlds,)
        What the cuts promise there.
    """

    bound: float
    point: np.ndarray | None = None
    leverages: np.ndarray | None = None


class Master:
    """Builds and solves the master program of one combination.

    Parameters
    ----------
    space
        The first stage.
    criterion, weights, best
        As of `Criterion.score`.
    """

    def __init__(self, space: FirstStageSpace, criterion: Criterion, weights: np.ndarray, best: np.ndarray):
        self.space = space
        self.criterion = criterion
        self.weights = weights
        self.best = best if criterion.regret else np.zeros(weights.size)

    def solve(self, lines: Sequence[WorldLines], admin: np.ndarray, least: float | None = None) -> Promise:
        """Solve the master program.

        Parameters
        ----------
        lines
            Cuts of every world.
        admin : array, shape (worlds,)
            Admin costs of the combination in every world.
        least
            Take the first stage that the tie rule prefers among those that promise at least this score; None: the one that promises
            most.
        """
        if _hopeless(lines):
            return Promise(-math.inf)
        program, layout = self._program(lines, admin, least)
        outcome = Highs(program, **EXACT).solve()
        if outcome.infeasible:
            return Promise(-math.inf)
        if outcome.solution is None or outcome.bound is None:
            raise ArithmeticError(f"the master program of the worlds ended with {outcome.termination!r}")
        point = outcome.solution[: self.space.size] * layout.scale
        point = np.where(self.space.integer, np.round(point), np.clip(point, 0.0, self.space.upper))
        leverages = outcome.solution[layout.theta]
        return Promise(-outcome.bound, point, leverages)

    def bound(self, lines: Sequence[WorldLines], admin: np.ndarray) -> float:
        """Return what the linear relaxation of the master program bounds the score by, in much less time than `solve`; as there."""
        if _hopeless(lines):
            return -math.inf
        program, _ = self._program(lines, admin, None)
        outcome = Highs(program.relaxed(), **EXACT).solve()
        if outcome.infeasible:
            return -math.inf
        return math.inf if outcome.bound is None else -outcome.bound

    def _program(self, lines: Sequence[WorldLines], admin: np.ndarray, least: float | None) -> tuple[Program, _Layout]:
        """Maximise the criterion of theta; theta_w below the cuts of its world, x within the budgets of all worlds.

        Columns: x (shares of their upper bounds), theta, charges, eta and shortfalls of CVaR, and the least.
        """
        space, criterion = self.space, self.criterion
        n, m = len(lines), space.size
        scale = np.where(space.integer, 1.0, space.upper)
        charged = [w for w, world in enumerate(lines) if world.charge is not None]
        layout = _Layout(scale, slice(m, m + n))
        charges = {w: m + n + place for place, w in enumerate(charged)}
        eta = m + n + len(charged)
        short = eta + 1
        low = short + n
        width = low + 1
        cost = np.zeros(width)
        lower, upper = np.full(width, -math.inf), np.full(width, math.inf)
        lower[:m], upper[:m] = space.least, np.where(space.upper > 0, 1.0, 0.0)
        rows = _Rows(width)
        if space.exempt is not None and math.isfinite(space.exempt_most):
            rows.add(np.array([space.exempt_most]), space.exempt[None, :], {})
        for w, world in enumerate(lines):
            theta = m + w
            upper[theta] = world.leverage.ceiling(space.upper)
            into = {theta: 1.0} | ({charges[w]: -space.prices[w]} if w in charges else {})
            if w in charges:
                upper[theta] = math.inf
            rows.add(world.leverage.constants, -world.leverage.slopes * scale, into)
            rows.add(world.kept.constants, -world.kept.slopes * scale, {})
            if world.charge is not None:
                rows.add(world.charge.constants, -world.charge.slopes * scale, {charges[w]: -1.0})
                lower[charges[w]] = 0.0
            if math.isfinite(space.budgets[w]):
                rows.add(np.array([space.budgets[w] - admin[w]]), (space.costs[w] * scale)[None, :], {})
        unused = [eta, low, *range(short, low)]
        cost[layout.theta] -= criterion.mean_weight * self.weights
        if criterion.cvar_weight:
            cost[eta] -= criterion.cvar_weight
            cost[short:low] += criterion.cvar_weight * self.weights / (1.0 - criterion.tail)
            lower[short:low] = 0.0
            for w in range(n):
                # eta - shortfall <= theta - best
                rows.add(np.array([-self.best[w]]), np.zeros((1, m)), {eta: 1.0, short + w: -1.0, m + w: -1.0})
            unused = [low]
        if criterion.least_weight:
            cost[low] -= criterion.least_weight
            for w in range(n):
                rows.add(np.array([-self.best[w]]), np.zeros((1, m)), {low: 1.0, m + w: -1.0})
            unused = [column for column in unused if column != low]
        lower[unused] = upper[unused] = 0.0
        for w, column in charges.items():
            cost[column] += self.charge[w]
        offset = criterion.mean_weight * float(self.weights @ self.best)
        if least is not None:
            rows.add(np.array([offset - least]), cost[:m][None, :], dict(enumerate(cost[m:], start=m)))
            cost = np.zeros(width)
            cost[:m] = self.preference * scale
            offset = 0.0
        matrix, row_upper = rows.matrix()
        integer = np.zeros(width, dtype=bool)
        integer[:m] = space.integer
        row_lower = np.full(row_upper.size, -math.inf)
        return Program(cost, matrix, row_lower, row_upper, lower, upper, integer, offset), layout

    @cached_property
    def charge(self) -> np.ndarray:
        """What a unit that limits lack in a world takes off the rank: more than any leverage, shape (worlds,)."""
        return LEXICOGRAPHIC * self.space.prices.max() * self.weights / self.weights.min()

    @cached_property
    def preference(self) -> np.ndarray:
        """What the tie rule says against a unit of a column: fewest lanes, then the least stockpiles, earlier rows first."""
        space = self.space
        bought = space.integer if space.exempt is None else space.integer & (space.exempt == 0)
        lanes = int(bought.sum())
        piles = int((~space.integer).sum())
        price = np.zeros(space.size)
        price[bought] = 1.0 + np.arange(lanes) / max(1.0, 4.0 * lanes**2)
        shares = (1.0 + np.arange(piles) / max(1.0, 4.0 * piles**2)) / (16.0 * max(1, lanes) ** 2 * max(1, piles))
        most = space.upper[~space.integer]
        price[~space.integer] = shares / np.where(most > 0, most, 1.0)
        return price


def _hopeless(lines: Sequence[WorldLines]) -> bool:
    """Whether a cut of some world rules out every first stage."""
    return any(world.leverage.never or world.kept.never for world in lines)


@dataclass(frozen=True)
class _Layout:
    """Scale of the first stage's columns, and where theta stands."""

    scale: np.ndarray
    theta: slice


class _Rows:
    """Rows of the form ``coefficients @ x <= upper`` in the making."""

    def __init__(self, width: int):
        self.width = width
        self.blocks: list[sparse.csr_matrix] = []
        self.upper: list[np.ndarray] = []

    def add(self, upper: np.ndarray, slopes: np.ndarray, other: dict[int, float]) -> None:
        """Add rows that have their own coefficients of the first stage and share all others."""
        known = np.isfinite(upper)
        if not known.any():
            return
        block = np.zeros((int(known.sum()), self.width))
        block[:, : slopes.shape[1]] = slopes[known]
        for column, value in other.items():
            block[:, column] = value
        self.blocks.append(sparse.csr_matrix(block))
        self.upper.append(upper[known])

    def matrix(self) -> tuple[sparse.csc_matrix, np.ndarray]:
        """Return the matrix and the upper bounds of its rows."""
        if not self.blocks:
            return sparse.csc_matrix((0, self.width)), np.empty(0)
        return sparse.csc_matrix(sparse.vstack(self.blocks)), np.concatenate(self.upper)
