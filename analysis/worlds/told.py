"""What is known of a world: what it allows by itself, what a plan comes to in it, where its programs ended, what its cuts bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...model.leader.carried import Names
from ...model.leader.here_and_now import StageCut
from ...model.solver.bases import Statuses

if TYPE_CHECKING:
    from ...model.follower.enumerate import PolicyIndices
    from ...model.formulation.linking import Choice

Key = tuple[str, Any]
"""``("qualify", name)``, ``("stockpile", (site, item))`` or ``("exempt", world)``: continuity need not be kept there."""


@dataclass(frozen=True)
class Alone:
    """What a world allows by itself, in natural units.

    Attributes
    ----------
    leverage, bound
        The best leverage, -inf where no plan keeps its limits, and its proven bound.
    charged
        Whether it is proven that no plan keeps its limits.
    offers : dict of key to (float, float)
        Most and price of every first-stage choice.
    combinations : list of tuple of int
        Combinations of policies that its limits allow, by number.
    budget
        Its budget.
    price
        What a unit that its limits lack is charged for, money.
    indices, bought
        Policies of its best plan by number, and what that buys of every first-stage choice; None and nothing where no plan keeps
        its limits.
    """

    leverage: float
    bound: float
    charged: bool
    offers: dict[Key, tuple[float, float]]
    combinations: list[PolicyIndices]
    budget: float
    price: float
    indices: PolicyIndices | None = None
    bought: dict[Key, float] = field(default_factory=dict)


@dataclass(frozen=True)
class WorldAccount:
    """What a plan comes to in one world, recomputed alone, in natural units.

    Attributes
    ----------
    leverage, counterpart_loss, own_loss
        In the package that decides.
    limits_kept
        Whether all limits are kept.
    money
        Money at stake.
    """

    leverage: float
    counterpart_loss: float
    own_loss: float
    limits_kept: bool
    money: float


@dataclass(frozen=True)
class Wanted:
    """A given plan, and the worlds in which it is wanted.

    Attributes
    ----------
    indices
        Policies by number.
    bought : array, shape (first-stage columns,)
        What it buys.
    numbers
        The worlds.
    """

    indices: PolicyIndices
    bought: np.ndarray
    numbers: frozenset[int]


class Appraised(NamedTuple):
    """What a given plan comes to in one world.

    Attributes
    ----------
    leverage
        In natural units; where limits on supply cannot be kept that of operations which lack as little as can be or, where only a
        share of the worlds has to keep continuity, of those that do without it.
    supplied
        Whether limits on supply are kept.
    within
        Whether all other limits are.
    """

    leverage: float
    supplied: bool
    within: bool


@dataclass(frozen=True)
class Begun:
    """What a world ended with, for much the same worlds to begin with.

    Attributes
    ----------
    names, opened_names
        Columns and rows of its leader problem, and of that of the status quo.
    nodes : dict of Node to Statuses
        Bases of the relaxations in the search for the best that it allows by itself.
    opened : Statuses
        Of the status quo.
    ceiling : Statuses
        Of what bounds leverage without limits on supply.
    choice, bought
        Policies of its best plan, and what that buys of every first-stage choice, in natural units; None and nothing where there is
        none.
    """

    names: Names
    opened_names: Names
    nodes: dict[Any, Statuses]
    opened: Statuses
    ceiling: Statuses
    choice: Choice | None
    bought: dict[Key, float]


@dataclass
class Known:
    """A cut and what it bounds at its point under every combination.

    Attributes
    ----------
    cut
        The cut.
    bare : array, shape (combinations,)
        Its value but for what the response's outputs add.
    values : array, shape (combinations,)
        Proven bound over the least-cost face.
    exact : array of bool, shape (combinations,)
        Whether nothing tighter can be had from it.
    """

    cut: StageCut
    bare: np.ndarray
    values: np.ndarray
    exact: np.ndarray

    @property
    def kind(self) -> str:
        """What it bounds: with ``free`` and ``limits`` also where continuity need not be kept."""
        if self.cut.feasibility_cut:
            return "limits" if self.cut.free else "kept"
        return "charge" if self.cut.charge else "free" if self.cut.free else "leverage"

    def at(self, place: int, point: np.ndarray) -> float:
        """Its bound at a first stage under a combination."""
        return float(self.values[place] + self.cut.slope @ (point - self.cut.point))
