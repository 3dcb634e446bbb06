"""Given plans worked out in worlds that are made ready already, and the plans that a search over them came across."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...model.network import Network
from ...model.plan.choices import Choices
from ...model.plan.tolerances import NO_AMOUNT
from .told import Appraised, Wanted

if TYPE_CHECKING:
    from ...data import Case
    from ...data.units import Units
    from ...model.follower.enumerate import PolicyIndices
    from .crew import LocalCrew
    from .search import Incumbent
    from .spread import SharedCrew
    from .told import Alone, Key

SAME_PURCHASE = 1e-9
"""Relative difference of amounts that comes of taking them to other units and back."""


class Chosen:
    """First-stage choices by name, and as combinations of policies and points of a first stage.

    Parameters
    ----------
    case
        The case.
    units
        Natural units of the worlds.
    keys
        Columns of the first stage.
    """

    def __init__(self, case: Case, units: Units, keys: Sequence[Key]):
        self.menu = Network(case).menu
        self.units = units
        self.keys = tuple(keys)

    def over(self, keys: tuple[Key, ...]) -> Chosen:
        """Return the same with other columns."""
        other = copy.copy(self)
        other.keys = keys
        return other

    def named(self, indices: PolicyIndices, point: np.ndarray, most: np.ndarray) -> Choices:
        """Return a combination and a first stage in the units of the case; amounts that are rounding of the most are none."""
        policies = {regime: menu[index] for (regime, menu), index in zip(self.menu.items(), indices, strict=True)}
        qualified, stockpile = [], {}
        for (kind, key), amount, upper in zip(self.keys, point.tolist(), most.tolist(), strict=True):
            if kind == "qualify" and amount > 0.5:
                qualified.append(str(key))
            elif kind == "stockpile" and amount > NO_AMOUNT * max(1.0, upper):
                site, item = key
                stockpile[f"{site}/{item}"] = amount * self.units.item(item)
        return Choices(policies, tuple(qualified), stockpile)

    def placed(self, choices: Choices) -> tuple[PolicyIndices, np.ndarray]:
        """Return choices as a combination and a first stage; what no world offers is left out."""
        indices = tuple(menu.index(choices.policies.get(regime, menu[0])) for regime, menu in self.menu.items())
        point = np.zeros(len(self.keys))
        for place, (kind, key) in enumerate(self.keys):
            if kind == "qualify":
                point[place] = float(key in choices.qualified)
            elif kind == "stockpile":
                site, item = key
                point[place] = choices.stockpile.get(f"{site}/{item}", 0.0) / self.units.item(item)
        return indices, point


class Appraiser:
    """Works plans out in all worlds from the linear programs that a search left warm.

    Parameters
    ----------
    crew
        Works on the worlds.
    chosen
        Takes names to columns and back.
    group : array of int, shape (worlds,)
        Which of the crew's worlds each world is.
    alone
        What the crew's worlds allow by themselves.
    visited
        Plans that the search worked out, with their ranks.
    combinations
        Combinations of policies by their numbers in `visited`.
    """

    def __init__(
        self,
        crew: LocalCrew | SharedCrew,
        chosen: Chosen,
        group: np.ndarray,
        alone: Sequence[Alone],
        visited: Sequence[Incumbent],
        combinations: Sequence[PolicyIndices],
    ):
        self.crew = crew
        self.chosen = chosen
        self.group = group
        self._alone = alone
        self._visited = visited
        self._combinations = combinations
        self._numbers = frozenset(combinations)

    def as_it_is(self) -> Choices | None:
        """Return the plan for the figures as they are; None where the worlds were made ready without it."""
        known = self.crew.as_it_is()
        if known is None:
            return None
        policies, bought = known
        indices = tuple(menu.index(policies[regime]) for regime, menu in self.chosen.menu.items())
        amounts = np.array(list(bought.values()))
        return self.chosen.over(tuple(bought)).named(indices, amounts, np.zeros(len(bought)))

    def own(self, place: int) -> Choices | None:
        """Return the plan that is best for a world by itself; None where none keeps its limits."""
        alone = self._alone[self.group[place]]
        if alone.indices is None:
            return None
        point = np.array([alone.bought.get(key, 0.0) for key in self.chosen.keys])
        most = np.array([alone.offers.get(key, (0.0, 0.0))[0] for key in self.chosen.keys])
        return self.chosen.named(alone.indices, point, most)

    def visited(self, most: int) -> list[Choices]:
        """Return plans of the best ranks that the search worked out, one a combination of policies."""
        found: dict[int, Incumbent] = {}
        for each in sorted(self._visited, key=lambda each: -each.rank):
            if each.rank > -np.inf:
                found.setdefault(each.number, each)
        nothing = np.zeros(len(self.chosen.keys))
        return [self.chosen.named(self._combinations[each.number], each.point, nothing) for each in found.values()][
            :most
        ]

    def common(self, choices: Choices) -> bool:
        """Whether the limits on policies of every world allow the policies of a plan."""
        return self.chosen.placed(choices)[0] in self._numbers

    def __call__(self, plans: Sequence[Choices]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Work plans out in every world; what the search worked out already is not worked out again.

        What they stockpile beyond a world's ``stockpile_max`` they do not stockpile there.

        Returns
        -------
        leverages : array, shape (worlds, plans)
            Money.
        supplied : array of bool, shape (worlds, plans)
            Whether a plan keeps the limits on supply there.
        within : array of bool, shape (worlds, plans)
            Whether it keeps all other limits there.

        Raises
        ------
        Stopped
            When the work was stopped.
        """
        every = frozenset(range(len(self._alone)))
        found: list[dict[int, Appraised]] = []
        wanted: list[Wanted] = []
        for choices in plans:
            indices, bought = self.chosen.placed(choices)
            found.append(self._searched(indices, bought))
            wanted.append(Wanted(indices, bought, every - found[-1].keys()))
        if any(plan.numbers for plan in wanted):
            for number, plans_there in enumerate(self.crew.appraise(wanted)):
                for known, appraised in zip(found, plans_there, strict=True):
                    if appraised is not None:
                        known[number] = appraised
        leverages, supplied, within = (
            np.array([[known[number][part] for known in found] for number in self.group]) for part in range(3)
        )
        return leverages * self.chosen.units.money, supplied.astype(bool), within.astype(bool)

    def close(self) -> None:
        """Let go of the worlds and of all memory that they take: nothing is asked of them any more."""
        self.crew.close()

    def _searched(self, indices: PolicyIndices, bought: np.ndarray) -> dict[int, Appraised]:
        """What the search knows of a plan, world by world: where it kept continuity, and where no plan does.

        Where it left a world without continuity that it might have kept there it knows something else.
        """
        found: dict[int, Appraised] = {}
        purchases = np.array([kind != "exempt" for kind, _ in self.chosen.keys], dtype=bool)
        exempting = {key: place for place, (kind, key) in enumerate(self.chosen.keys) if kind == "exempt"}
        for each in self._visited:
            if self._combinations[each.number] != indices or not np.allclose(
                each.point[purchases], bought[purchases], rtol=SAME_PURCHASE, atol=NO_AMOUNT
            ):
                continue
            for number, leverage in enumerate(each.leverages.tolist()):
                charged = self._alone[number].charged
                held = number not in exempting or each.point[exempting[number]] <= 0.5
                if math.isfinite(leverage) and (held or charged):
                    found.setdefault(number, Appraised(leverage, not charged, True))
        return found
