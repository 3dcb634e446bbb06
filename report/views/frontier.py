"""What a frontier says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model.network import NONE
from ...model.plan.choices import Choices, Offer, stockpiles
from ..format.numbers import NO_GAP
from .case import CaseView, case_view

if TYPE_CHECKING:
    from ...analysis.frontier.frontier import Change, Frontier, FrontierPoint


LEAST_BEND = 0.1
"""Share of both axes by which a curve leaves the straight line between its ends, for it to have a knee."""


@dataclass(frozen=True)
class LevelRow:
    """A point of the curve, or a level without a plan.

    Attributes
    ----------
    level, used
        The level, and what the plan uses of it; used None without a plan.
    outcome, gap, counterpart_loss, own_loss
        Leverage or cost, gap and losses of the plan; None without one. A gap that is rounding is 0.
    proven
        Whether the plan is proven best at its level.
    letter
        The letter of its choices; nothing without a plan.
    worst
        Name of the worst package for people.
    """

    level: float
    used: float | None
    outcome: float | None
    gap: float | None
    counterpart_loss: float | None
    own_loss: float | None
    proven: bool
    letter: str
    worst: str


@dataclass(frozen=True)
class LetteredPlan:
    """Choices along the curve.

    Attributes
    ----------
    letter
        The letter that stands for them.
    choices
        What is done: policies other than ``open``, lanes, stockpiles with the least and the most that is bought.
    """

    letter: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class FrontierView:
    """A frontier.

    Attributes
    ----------
    case
        The case in short.
    against, words, unit, currency
        The resource, its name in words, units of levels and of leverage.
    falling
        Whether the curve is followed from its highest level down, as with a least fill.
    over_worlds
        Whether outcomes are means over many worlds, held against that of their worst part.
    steps, complete, proven
        Whether the curve has all its steps, whether it is finished, whether every point is proven.
    lost, least
        Levels at which the solver came to no end; the level beyond which no plan exists, None where that is not known.
    ends_somewhere
        Whether that level is worth a line.
    largest_gap
        Of all points; None without one.
    rows, plans, changes
        Points by level; their choices by letter; what changes on the way.
    has_regimes
        Whether our side has a regime that may stay open.
    notes, solve
        What to know; how it was solved.
    """

    case: CaseView
    against: str
    words: str
    unit: str
    currency: str
    falling: bool
    over_worlds: bool
    steps: bool
    complete: bool
    proven: bool
    lost: tuple[float, ...]
    least: float | None
    ends_somewhere: bool
    largest_gap: float | None
    rows: tuple[LevelRow, ...]
    plans: tuple[LetteredPlan, ...]
    changes: tuple[Change, ...]
    has_regimes: bool
    notes: tuple[str, ...]
    solve: dict[str, Any]

    @property
    def feasible(self) -> list[LevelRow]:
        """Points with a plan."""
        return [row for row in self.rows if row.outcome is not None]

    @property
    def curve(self) -> str:
        """What is held against what."""
        title = self.case.words.curve.format(words=self.words)
        return f"Mean {title[:1].lower()}{title[1:]}" if self.over_worlds else title

    @property
    def knee(self) -> LevelRow | None:
        """The point from which on more of the resource buys least: furthest from the straight line between the ends.

        Both axes count from end to end; None where no point lies so far from it that the curve bends.
        """
        points = self.feasible
        if len(points) < 3:
            return None
        used, outcome = ([getattr(row, name) for row in points] for name in ("used", "outcome"))
        across, up = used[-1] - used[0], outcome[-1] - outcome[0]
        if not across or not up:
            return None
        side = math.copysign(1.0, self.case.words.sense.sign * up)
        bends = [side * ((y - outcome[0]) / up - (x - used[0]) / across) for x, y in zip(used, outcome, strict=True)]
        furthest = max(range(len(points)), key=bends.__getitem__)
        return points[furthest] if bends[furthest] > LEAST_BEND else None


def frontier_view(frontier: Frontier) -> FrontierView:
    """Return what a frontier says.

    Parameters
    ----------
    frontier
        The frontier.
    """
    offer, named, case = Offer.of(frontier.case), letters(frontier), case_view(frontier.case)
    gaps, names = [_gap(point.gap) or 0.0 for point in frontier.feasible], frontier.case.names
    rows = tuple(
        LevelRow(
            point.level,
            point.used,
            case.words.figure(point.leverage),
            _gap(point.gap),
            point.counterpart_loss,
            point.own_loss,
            point.status == "optimal",
            named.get(place, ""),
            "" if frontier.resource.over_worlds else names.scenario(point.worst_package or NONE),
        )
        for place, point in enumerate(frontier.points)
    )
    plans = tuple(
        LetteredPlan(
            letter, choices_along([frontier.points[place] for place in named if named[place] == letter], offer)
        )
        for letter in dict.fromkeys(named.values())
    )
    least = frontier.least
    return FrontierView(
        case=case,
        against=frontier.against,
        words=case.words.resource(frontier.against, frontier.resource.words),
        unit=frontier.unit,
        currency=frontier.currency,
        falling=frontier.resource.sense < 0,
        over_worlds=frontier.resource.over_worlds,
        steps=frontier.steps,
        complete=frontier.complete,
        proven=frontier.proven,
        lost=frontier.lost,
        least=least,
        ends_somewhere=least is not None and bool(gaps) and (least > 0 or frontier.against == "own_loss"),
        largest_gap=max(gaps, default=None),
        rows=rows,
        plans=plans,
        changes=frontier.changes,
        has_regimes=bool(offer.regimes),
        notes=frontier.notes,
        solve=dict(frontier.solve),
    )


def _gap(value: float | None) -> float | None:
    return 0.0 if value is not None and value < NO_GAP else value


def letters(frontier: Frontier) -> dict[int, str]:
    """Return a letter for every choice of policies, lanes and what is stockpiled, by the place of its points among all."""
    offer = Offer.of(frontier.case)
    seen: dict[tuple, str] = {}
    named = {}
    for place, point in enumerate(frontier.points):
        if point.leverage is not None:
            named[place] = seen.setdefault(Choices.of(point).made(offer), _letter(len(seen)))
    return named


def _letter(place: int) -> str:
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def choices_along(points: Sequence[FrontierPoint], offer: Offer) -> tuple[str, ...]:
    """Return what points with the same choices do.

    Parameters
    ----------
    points
        Points that differ in the amounts stockpiled alone; amounts go from the least to the most among them.
    offer
        What the case lets our side choose.
    """
    first = points[0]
    words = Choices(first.policies, first.qualified).words(offer)
    for pair, amount in first.stockpile.items():
        amounts = [point.stockpile.get(pair, 0.0) for point in points]
        if offer.some(pair, amount):
            words.append(stockpiles(offer, pair, min(amounts), max(amounts)))
    return tuple(words) or (Choices(first.policies).text(offer),)
