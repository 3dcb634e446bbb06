"""The smallest set of limits in conflict, and what each would have to become for a plan to exist."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from ...data.units import Units
from ...model.plan.plan import least_mean, served
from ...model.plan.tolerances import GAP_CLOSED, VALUE_NOISE
from ..relaxation.elastic import Elastic
from ..relaxation.limits import Limit, LimitFigure, figures_of, natural_unit, shown
from ..relaxation.questions import ElasticAnswer, Question, Slack

ROUNDS = 40
"""Sets tried to find a smaller conflict before the one found is called irreducible only."""


@dataclass(frozen=True)
class Shortage:
    """Where a fill falls short in the plan that comes nearest to a limit.

    Attributes
    ----------
    words
        The limit.
    fill
        Mean fill reached, or the least of any week for a weekly limit.
    amount, unit
        Units missing to keep the limit, over all weeks.
    weeks
        (first, last) week of every run of weeks that is not served in full.
    worst_week, worst_amount
        The week that misses most, and what it misses of full service.
    """

    words: str
    fill: float
    amount: float
    unit: str
    weeks: tuple[tuple[int, int], ...]
    worst_week: int | None
    worst_amount: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "weeks": [list(span) for span in self.weeks]}


@dataclass(frozen=True)
class Change:
    """A new value of a figure of the case.

    Attributes
    ----------
    figure
        The figure.
    value
        What it would have to become: at least so much for an upper limit, at most for a lower one; None where no value
        of this figure alone will do.
    policies
        Policies other than ``open`` of a plan that keeps it.
    """

    figure: LimitFigure
    value: float | None
    policies: dict[str, str] = field(default_factory=dict)

    @property
    def override(self) -> str | None:
        """The change as ``--set`` takes it, rounded to the safe side."""
        return None if self.value is None else f"{self.figure.path}={safe(self.figure, self.value)}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        figure = self.figure
        return {
            "figure": figure.path,
            "limit": figure.limit,
            "direction": "at most" if figure.least else "at least",
            "value": self.value,
            "unit": figure.unit,
            "set": self.override,
            "policies": dict(self.policies),
        }


@dataclass(frozen=True)
class Conflict:
    """Why no plan satisfies the limits.

    Attributes
    ----------
    limits
        The limits in conflict: no plan keeps them all, some plan keeps any lesser set of them.
    smallest
        Whether it is proven that no conflict has fewer limits; else it is irreducible only.
    alone
        For every figure behind the limits: the value that would do, all other limits of the case kept.
    joint
        The cheapest relaxation of figures together: least sum of gaps, each relative to its limit.
    joint_cost
        That sum.
    shortages
        Where the fills among the limits fall short.
    notes
        What was not examined.
    """

    limits: tuple[Limit, ...]
    smallest: bool
    alone: tuple[Change, ...]
    joint: tuple[Change, ...]
    joint_cost: float
    shortages: tuple[Shortage, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "limits": [
                {"limit": limit.words, "figure": limit.figure.path, "scenario": limit.scenario} for limit in self.limits
            ],
            "smallest": self.smallest,
            "alone": [change.to_dict() for change in self.alone],
            "joint": {
                "weighting": "sum of gaps, each divided by its limit",
                "cost": self.joint_cost,
                "changes": [change.to_dict() for change in self.joint],
            },
            "shortages": [shortage.to_dict() for shortage in self.shortages],
            "notes": list(self.notes),
        }


def safe(figure: LimitFigure, value: float, digits: int = 6) -> str:
    """Return a figure's new value to so many digits, rounded to the side on which a plan exists."""
    if abs(value) < VALUE_NOISE * (figure.limit or 1.0):
        return "0"
    step = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    # A figure that is round but for the solver's rounding is round.
    steps = math.floor(value / step + 1e-3) if figure.least else math.ceil(value / step - 1e-3)
    rounded = steps * step
    if figure.share:
        rounded = min(1.0, rounded)
    return f"{max(0.0, rounded):.{digits}g}" if abs(rounded) < 10**digits else f"{rounded:.0f}"


def find_conflict(elastic: Elastic) -> Conflict | None:
    """Return why no plan satisfies the limits; None where some plan does.

    Raises
    ------
    Stopped
        When stopped.
    """
    core = core_of(elastic)
    return None if core is None else described(elastic, *core)


def keeps_all(elastic: Elastic) -> bool:
    """Whether some plan keeps all limits."""
    search = Filter(elastic)
    return search.core(search.all) is None


def core_of(elastic: Elastic) -> tuple[list[Limit], bool] | None:
    """Return limits in conflict and whether there are proven to be no fewer; None where some plan keeps all."""
    search = Filter(elastic)
    core = search.core(search.all)
    return None if core is None else search.smaller(search.irreducible(core))


def described(elastic: Elastic, found: Sequence[Limit], smallest: bool) -> Conflict:
    """Return a conflict of limits with what each would have to become and where fills fall short."""
    figures = figures_of(found)
    alone: list[Change] = []
    shortages: dict[Limit, Shortage] = {}
    for figure in figures:
        change, answer = needed(elastic, figure)
        alone.append(change)
        if answer is not None and figure.fill:
            for limit in found:
                if limit.figure == figure:
                    shortages[limit] = shortage(elastic, limit, answer)
    joint, cost = jointly(elastic)
    units = elastic.problem.units
    return Conflict(
        tuple(replace(limit, figure=shown(limit.figure, units)) for limit in found),
        smallest,
        tuple(_shown(change, units) for change in alone),
        tuple(_shown(change, units) for change in joint),
        cost,
        tuple(shortages[limit] for limit in found if limit in shortages),
        tuple(_notes(elastic)),
    )


def _shown(change: Change, units: Units) -> Change:
    """Return a change in the units of the case."""
    unit = natural_unit(change.figure.kind, units)
    value = None if change.value is None else change.value * unit
    return replace(change, figure=shown(change.figure, units), value=value)


def _notes(elastic: Elastic) -> list[str]:
    if not elastic.narrow:
        return []
    return [
        "there are too many combinations of policies to look at those that break the limits on reviewer hours, political "
        "capital and budget: what is said of relaxing these limits holds for the combinations that keep them as they are"
    ]


class Filter:
    """Finds conflicts among limits by elastic programs.

    Parameters
    ----------
    elastic
        The elastic program.

    Attributes
    ----------
    kept : list of set
        Sets of limits that some plan keeps.
    """

    def __init__(self, elastic: Elastic):
        self.elastic = elastic
        self.all = list(elastic.limits)
        self.kept: list[set[Limit]] = []

    def core(self, limits: Sequence[Limit]) -> list[Limit] | None:
        """Return limits among these that no plan keeps, fewer where the proof needs fewer; None where some plan keeps all."""
        asked = set(limits)
        if any(asked <= kept for kept in self.kept):
            return None
        elastic = self.elastic
        answer = elastic.least(Question({limit: 1.0 / limit.figure.scale for limit in limits}))
        if answer.value <= GAP_CLOSED:
            self._learn(answer, asked)
            return None
        if elastic.core is None:
            return list(limits)
        return [limit for limit in limits if limit in elastic.core]

    def _learn(self, answer: ElasticAnswer, asked: set[Limit]) -> None:
        """Take note of what a plan keeps, once more of the limits that were set aside are kept where that is possible."""
        elastic = self.elastic
        others: dict[Slack, float] = {limit: 1.0 / limit.figure.scale for limit in self.all if limit not in asked}
        nearer = elastic.under(Question(others, list(asked)), answer)
        self.kept.append(
            asked
            | {
                limit
                for limit in self.all
                if limit not in asked and elastic.gap(limit, nearer) <= GAP_CLOSED * limit.figure.scale
            }
        )

    def irreducible(self, limits: Sequence[Limit]) -> list[Limit]:
        """Drop limits, blocks first, as long as no plan keeps those left."""
        left = list(limits)
        size = max(1, len(left) // 2)
        needed: set[Limit] = set()
        while True:
            place = 0
            while place < len(left):
                block = left[place : place + size]
                rest = [limit for limit in left if limit not in block]
                if all(limit in needed for limit in block):
                    place += size
                    continue
                core = self.core(rest)
                if core is None:
                    if len(block) == 1:
                        needed.update(block)
                    place += size
                else:
                    place = max(0, sum(1 for limit in left[:place] if limit in core))
                    left = core
            if size == 1:
                return left
            size = max(1, min(size // 2, len(left) // 2))

    def smaller(self, found: Sequence[Limit]) -> tuple[list[Limit], bool]:
        """Look for a conflict of fewer limits; return it, or the one found, and whether it is proven smallest.

        Every conflict holds a limit that each plan seen breaks: where no set smaller than the one found does so, there
        is none (implicit hitting sets).
        """
        for _ in range(ROUNDS):
            broken = [[limit for limit in self.all if limit not in kept] for kept in self.kept]
            guess = hitting_set(self.all, broken)
            if len(guess) >= len(found):
                return list(found), True
            if self.core(guess) is not None:
                return guess, True
        return list(found), False


def hitting_set(limits: Sequence[Limit], sets: Sequence[Sequence[Limit]]) -> list[Limit]:
    """Return the smallest set of limits that has one of every set."""
    if not sets:
        return []
    rows = np.array([[limit in chosen for limit in limits] for chosen in sets], dtype=float)
    # Among equals the first, so that the answer does not depend on the solver's mood.
    cost = 1.0 + 1e-4 * np.arange(len(limits)) / (len(limits) ** 2)
    result = milp(
        cost, constraints=LinearConstraint(rows, 1.0, np.inf), bounds=Bounds(0, 1), integrality=np.ones(len(limits))
    )
    return [limit for limit, chosen in zip(limits, result.x, strict=True) if chosen > 0.5]


# What would have to give ------------------------------------------------------------------------------------------------


def needed(elastic: Elastic, figure: LimitFigure) -> tuple[Change, ElasticAnswer | None]:
    """Return what a figure would have to become for a plan to exist, all others kept, and the plan that needs it."""
    others = [other for other in elastic.figures if other != figure]
    answer = elastic.least(Question({figure: 1.0 / figure.scale}, others))
    if not math.isfinite(answer.value):
        return Change(figure, None), None
    if figure.share:
        share = elastic.share(figure, answer)
        while True:
            elastic.set_share(figure, share)
            nearer = elastic.least(Question({figure: 1.0 / figure.scale}, others), enough=-math.inf)
            lower = elastic.share(figure, nearer) if math.isfinite(nearer.value) else share
            if lower >= share - 1e-9:
                break
            share, answer = lower, nearer
        elastic.set_share(figure, figure.limit)
        return Change(figure, share, _closed(answer)), answer
    return Change(figure, _moved(elastic, figure, answer), _closed(answer)), answer


def jointly(elastic: Elastic) -> tuple[list[Change], float]:
    """Return the cheapest changes of figures together, and their cost."""
    answer = elastic.least(Question({figure: 1.0 / figure.scale for figure in elastic.figures}))
    changes = []
    for figure in elastic.figures:
        if elastic.gap(figure, answer) > GAP_CLOSED * figure.scale:
            value = elastic.share(figure, answer) if figure.share else _moved(elastic, figure, answer)
            changes.append(Change(figure, value, _closed(answer)))
    return changes, answer.value


def _moved(elastic: Elastic, figure: LimitFigure, answer: ElasticAnswer) -> float:
    gap = elastic.gap(figure, answer)
    return max(0.0, figure.limit - gap) if figure.least else figure.limit + gap


def _closed(answer: ElasticAnswer) -> dict[str, str]:
    return {regime: policy for regime, policy in answer.choice.items() if policy != "open"}


def shortage(elastic: Elastic, limit: Limit, answer: ElasticAnswer) -> Shortage:
    """Return where a fill falls short in a plan, as late as the plan's other fills allow."""
    network = elastic.leader_problem.network
    pair = limit.figure.key
    quantity = np.array(network.weekly.quantity[pair[0], pair[1]])
    fills = elastic.late_fills(limit, answer)
    missing = quantity * (1.0 - fills)
    if limit.figure.kind == "min_fill_week":
        reached = float(fills.min())
        short = float(quantity @ np.maximum(0.0, limit.figure.limit - fills))
    else:
        window = network.demands[pair[0], pair[1]].fill_window
        reached, run = least_mean(fills, window), min(window or fills.size, fills.size)
        # Of the run that is served least.
        needed = float(np.lib.stride_tricks.sliding_window_view(quantity, run).sum(axis=1).max())
        short = max(0.0, limit.figure.limit - reached) * needed
    weeks = np.flatnonzero(~served(fills))
    runs = np.split(weeks, np.flatnonzero(np.diff(weeks) > 1) + 1) if weeks.size else []
    unit = next(row.unit for row in network.case.items if row.item == pair[1]) or ""
    natural = network.units.item(pair[1])
    return Shortage(
        limit.words,
        reached,
        short * natural,
        unit,
        tuple((int(run[0]), int(run[-1])) for run in runs),
        int(missing.argmax()) if weeks.size else None,
        float(missing.max(initial=0.0)) * natural if weeks.size else 0.0,
    )
