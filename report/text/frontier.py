"""A frontier on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ...model.network.network import NONE
from ...model.plan.choices import NOT_NAMED, Choices, Offer
from ..format.names import Name
from ..format.numbers import counted, decimals, gap, number, plain, seconds
from .layout import indented, new_table, section, text_line

if TYPE_CHECKING:
    from ...analysis.frontier.frontier import Frontier, FrontierPoint

MEANINGS = {
    "own_loss": "Own loss: the greatest over all retaliation packages that are weighed, whichever decides the leverage.",
    "budget": "Budget: qualifying lanes, stockpiles and running the reviews together.",
    "reviewer_hours": "Hours: a week, of all policies chosen together.",
    "political_capital": "Points: of all policies chosen together.",
    "min_fill": "Fill: the least mean fill of every demand with a min_fill, in every package and outage.",
}

NO_GAP = 1e-8
"""Relative gap that is the solver's rounding."""

LEVEL_DIGITS = 6
"""Significant digits of levels, which are close together where plans change."""


def show_frontier(frontier: Frontier, console: Console) -> None:
    """Print a frontier.

    Parameters
    ----------
    frontier
        The frontier.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in frontier_parts(frontier):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def frontier_parts(frontier: Frontier) -> Iterable[RenderableType]:
    """Return the sections of a frontier, in their order."""
    case = frontier.case
    yield Text(plain(case.settings.case.title) or plain(case.name), style="bold", overflow="fold")
    money = f"; money in {plain(frontier.currency)}" if frontier.currency else ""
    yield Text(
        f"{plain(case.name)}: {counted(case.settings.horizon.weeks, 'week')}{money}", style="dim", overflow="fold"
    )
    yield section(f"Leverage against {frontier.resource.words}")
    for line in headline(frontier):
        yield text_line(line)
    if frontier.points:
        yield indented(_points(frontier))
        yield text_line(MEANINGS[frontier.against], "dim")
    if frontier.feasible:
        yield from _plans(frontier)
        yield from _changes(frontier)
    yield from _notes(frontier)


def headline(frontier: Frontier) -> Iterable[str]:
    """Yield in words how the curve is proven, and where it ends."""
    plans = frontier.feasible
    if frontier.lost:
        levels = ", ".join(number(level, decimals(frontier.lost, LEVEL_DIGITS)) for level in frontier.lost)
        yield f"not finished: at {levels} the solver came to no end; the points that follow hold"
    elif not frontier.complete:
        yield "stopped before the curve was finished; the points that follow hold"
    if plans:
        what = "all steps of the curve" if frontier.steps and frontier.complete else counted(len(plans), "point")
        proven = "each proven best" if frontier.proven else "not all proven best"
        yield f"{what}, {proven} at its level; largest gap {_gap(max(point.gap or 0.0 for point in plans))}"
    elif frontier.complete:
        yield "proven: no plan satisfies the limits at any of these levels"
    if frontier.least is not None and plans and (frontier.least > 0 or frontier.against == "own_loss"):
        unit = f" {plain(frontier.unit)}" if frontier.unit not in ("", "share") else ""
        beyond = "above" if frontier.resource.sense < 0 else "below"
        yield f"proven: no plan {beyond} {number(frontier.least, decimals([frontier.least], LEVEL_DIGITS))}{unit}"


def _gap(value: float | None) -> str:
    return gap(0.0 if value is not None and value < NO_GAP else value)


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


def _points(frontier: Frontier) -> Table:
    plans, named = frontier.feasible, letters(frontier)
    places = decimals([value for point in frontier.points for value in (point.level, point.used or 0.0)], LEVEL_DIGITS)
    money = decimals([value for point in plans for value in (point.leverage or 0.0, point.own_loss or 0.0)])
    falling = frontier.resource.sense < 0
    heads = ["Used"] if frontier.steps else ["Asked", "Kept"] if falling else ["Allowed", "Used"]
    table = new_table(*heads, "Leverage", "Gap", "Theirs", "Ours", "Plan", "Worst", names=0, keys=1)
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    for place, point in enumerate(frontier.points):
        levels = [] if frontier.steps and point.used is not None else [number(point.level, places)]
        if point.leverage is None:
            table.add_row(*levels, *([] if frontier.steps else ["-"]), "no plan", "", "", "", "", "")
            continue
        table.add_row(
            *levels,
            number(point.used, places),
            Text(number(point.leverage, money), style="bold"),
            Text(_gap(point.gap), style="" if point.status == "optimal" else "yellow"),
            number(point.counterpart_loss, money),
            number(point.own_loss, money),
            named[place],
            Name(point.worst_package or NONE),
        )
    return table


def _plans(frontier: Frontier) -> Iterable[RenderableType]:
    yield section("Plans")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    named = letters(frontier)
    for letter in dict.fromkeys(named.values()):
        points = [frontier.points[place] for place in named if named[place] == letter]
        grid.add_row(Text(letter, style="bold"), Text(choice_words(points, Offer.of(frontier.case))))
    yield indented(grid)
    rest = f"{NOT_NAMED} " if Offer.of(frontier.case).regimes else ""
    yield text_line(f"{rest}Theirs, ours: both losses in the worst package.", "dim")


def choice_words(points: Sequence[FrontierPoint], offer: Offer) -> str:
    """Return in words what points with the same choices do: policies other than ``open``, lanes, stockpiles.

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
            words.append(f"stockpiles {pair} ({offer.amount(pair, min(amounts), max(amounts))})")
    return plain("; ".join(words) or Choices(first.policies).text(offer))


def change_words(frontier: Frontier) -> str:
    """Return how often the plan changes along the curve, in words."""
    times = len(frontier.changes)
    return "does not change" if not times else "changes once" if times == 1 else f"changes {times:,} times"


def _changes(frontier: Frontier) -> Iterable[RenderableType]:
    if not frontier.changes:
        return
    yield section("What changes on the way")
    places = decimals([level for change in frontier.changes for level in (change.low, change.high)], LEVEL_DIGITS)
    for change in frontier.changes:
        high = number(change.high, places)
        where = f"at {high}" if change.exact else f"{number(change.low, places)} to {high}"
        yield text_line(f"- {where}: {'; '.join(plain(word) for word in change.words)}")


def _notes(frontier: Frontier) -> Iterable[RenderableType]:
    if frontier.notes or frontier.solve:
        yield Text("")
    for note in frontier.notes:
        yield text_line(f"- {plain(note)}", "yellow")
    solve = frontier.solve
    if solve:
        yield text_line(
            f"{counted(solve['combinations'], 'combination')} of policies, {counted(solve['responses'], 'response')}, "
            f"{counted(solve['searches'], 'search', 'searches')}, {counted(solve['programs'], 'program')}; "
            f"{seconds(solve['seconds'])}",
            "dim",
        )
