"""What is asked of the elastic program, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...model.formulation.linking import Choice
from ...model.leader.cuts import Cut
from .limits import Limit, LimitFigure

Slack = Limit | LimitFigure
"""What can give: a limit alone, or a figure of the case and with it every limit that it sets."""


@dataclass(frozen=True)
class Question:
    """What is asked of the elastic program: the least weighted sum of gaps, the other limits kept or set aside.

    Attributes
    ----------
    priced : dict of slack to float
        Price of the gap of what may give, per unit.
    kept
        What must hold. Limits that are neither priced nor kept are set aside.
    """

    priced: Mapping[Slack, float]
    kept: Sequence[Slack] = ()


@dataclass(frozen=True)
class ElasticAnswer:
    """The least weighted sum of gaps under one choice of policies, or under all.

    Attributes
    ----------
    value
        The sum; inf where what must hold cannot.
    choice
        The policies.
    solution : array or None, shape (columns,)
        Columns of the elastic program.
    over : dict of str to float
        What policies use beyond limits that are theirs alone.
    """

    value: float
    choice: Choice
    solution: np.ndarray | None
    over: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ElasticLeaf:
    """A bound on the value over part of the binaries' space, for every choice of policies: minus a cut.

    Attributes
    ----------
    cut
        The cut; where it is a feasibility cut, a positive value proves that what must hold cannot.
    value
        The value where it was found.
    core
        Limits and figures that the bound rests on.
    """

    cut: Cut
    value: float
    core: frozenset[Slack]


@dataclass(frozen=True)
class ElasticTree:
    """A branch and bound over the lanes to qualify.

    Attributes
    ----------
    value, solution
        The best found; inf and None where there is nothing.
    bound
        Proven lower bound.
    leaves
        Bounds that together cover all.
    """

    value: float
    solution: np.ndarray | None
    bound: float
    leaves: list[ElasticLeaf]
