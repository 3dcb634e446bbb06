"""What leverage can be held against."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...model.plan.limits import BUDGET, LIMITED, STOCKPILE_VALUE, SolveLimits

if TYPE_CHECKING:
    from ...model.leader.problem import Problem


@dataclass(frozen=True)
class Resource:
    """What a plan takes, or keeps, and leverage is held against.

    Attributes
    ----------
    name
        As in ``--against``.
    words
        As it stands in a line of text.
    term
        The field of `SolveLimits` that limits it.
    room
        Its place among the rooms of a cut.
    unit
        Unit of its levels; empty: money.
    load
        Column of the policies table whose sum it is; empty where it is used by degrees.
    column
        Column of the items table that limits it; empty where no item does.
    alone
        Whether every level is a problem of its own, solved from the start.
    sense
        1 where a plan must stay below the level, -1 where it must reach it.
    over_worlds
        Whether it is the outcome itself in a part of many worlds; the mean over all of them is held against it then.
    """

    name: str
    words: str
    term: str
    room: int = 0
    unit: str = ""
    load: str = ""
    column: str = ""
    alone: bool = False
    sense: int = 1
    over_worlds: bool = False

    def at(self, solve_limits: SolveLimits, level: float) -> SolveLimits:
        """Terms with the resource at a level."""
        return replace(solve_limits, **{self.term: level})

    @property
    def measured(self) -> str:
        """What its levels are counted in, as `Units.unit_of` takes it."""
        return LIMITED[self.name].measure if self.name in LIMITED else self.unit or "money"

    @property
    def loosest(self) -> float:
        """Level that limits nothing."""
        return math.inf if self.sense > 0 else 0.0

    def gaps(self, problem: Problem) -> np.ndarray:
        """Columns of the leader problem by whose sum a plan may go beyond the level."""
        model = problem.leader_problem.model
        if self.name == "own_loss":
            variables = list(model.loss_gap.values())
        elif self.name == BUDGET:
            variables = [model.budget_gap]
        elif self.name == "min_fill":
            variables = [gap for b in model.ours.values() for gap in b.fill_gap.values()]
        else:
            variables = []
        places = problem.leader_problem.compiled.columns(variables)
        return places[places >= 0]


WORST_TENTH, DEAREST_TENTH = "worst_tenth", "dearest_tenth"
"""What the mean over worlds is held against, of leverage and of cost."""

RESOURCES = {
    resource.name: resource
    for resource in (
        Resource("own_loss", "our greatest loss", "own_loss", room=1),
        *(
            Resource(each.name, each.words, each.name, unit=each.unit, load="" if each.name == BUDGET else each.column)
            for each in LIMITED.values()
        ),
        Resource("min_fill", "least mean fill", "least_fill", room=2, unit="share", sense=-1),
        Resource(STOCKPILE_VALUE, "the value of stockpiles", "", alone=True),
        *(
            Resource(name, words, "", unit=unit, column=name, alone=True, sense=sense)
            for name, words, unit, sense in (
                ("max_party_share", "the largest share of a party", "share", 1),
                ("max_supplier_share", "the largest share of a site", "share", 1),
                ("min_suppliers", "the least number of suppliers", "suppliers", -1),
            )
        ),
        Resource(WORST_TENTH, "the worst tenth of the worlds", "", sense=-1, over_worlds=True),
        Resource(DEAREST_TENTH, "the dearest tenth of the worlds", "", over_worlds=True),
    )
}
