"""A frontier on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ...model.plan.choices import NOT_NAMED
from ...model.plan.limits import BUDGET, LIMITED
from ..format.names import Name
from ..format.numbers import counted, decimals, gap, number, plain, seconds
from ..views.frontier import FrontierView, frontier_view
from .layout import indented, new_table, section, text_line

if TYPE_CHECKING:
    from ...analysis.frontier.frontier import Frontier


def _of_policies(unit: str) -> str:
    """Return what a level of a limit on policies means."""
    counted, _, rate = unit.partition(" ")
    return f"{counted.capitalize()}: {f'{rate}, ' if rate else ''}of all policies chosen together."


MEANINGS = {
    "own_loss": "Our greatest loss: the most over all packages that count; under Ours is our loss in the worst package alone.",
    "budget": "Budget: qualifying lanes, stockpiles and running the reviews together.",
    **{name: _of_policies(resource.unit) for name, resource in LIMITED.items() if name != BUDGET},
    "stockpile_value": "Value: what all stockpiles bought before week 0 cost, each unit at its stockpile_cost.",
    "max_party_share": "Share: the largest of a party in our intake of any item with a max_party_share, without an outage.",
    "max_supplier_share": "Share: the largest of a site in our intake of any item with a max_supplier_share, without an outage.",
    "min_suppliers": "Suppliers: sites outside our side with their least share, of the item that has fewest.",
    "worst_tenth": "Worst tenth: mean leverage over the worst tenth of the weight of the worlds. Mean, theirs, ours: over all.",
    "dearest_tenth": "Dearest tenth: mean cost over the dearest tenth of the weight of the worlds. Mean: over all. More: than "
    "today, over all.",
    "min_fill": "Fill: the least mean fill of every demand with a min_fill, in every package and outage.",
}

TENTHS = {"worst_tenth": "Worst tenth", "dearest_tenth": "Dearest tenth"}
"""Heads of what the mean over worlds is held against."""

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
    for renderable in frontier_parts(frontier_view(frontier)):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def frontier_parts(view: FrontierView) -> Iterable[RenderableType]:
    """Return the sections of a frontier, in their order."""
    yield Text(plain(view.case.title), style="bold", overflow="fold")
    money = f"; money in {plain(view.currency)}" if view.currency else ""
    yield Text(f"{plain(view.case.name)}: {counted(view.case.weeks, 'week')}{money}", style="dim", overflow="fold")
    yield section(view.curve)
    for line in headline(view):
        yield text_line(line)
    if view.rows:
        yield indented(_points(view))
        yield text_line(view.case.words.meanings.get(view.against, MEANINGS[view.against]), "dim")
    if view.plans:
        yield from _plans(view)
        yield from _changes(view)
    yield from _notes(view)


def headline(view: FrontierView) -> Iterable[str]:
    """Yield in words how the curve is proven, and where it ends."""
    if view.lost:
        levels = ", ".join(number(level, decimals(view.lost, LEVEL_DIGITS)) for level in view.lost)
        yield f"not finished: at {levels} the solver came to no end; the points that follow hold"
    elif not view.complete:
        yield "stopped before the curve was finished; the points that follow hold"
    if view.feasible:
        yield _proven(view, len(view.feasible))
    if view.over_worlds and view.complete and len(view.feasible) == 1:
        yield "the plan that is best on average is the most cautious one too"
    if view.complete and not view.feasible:
        yield "proven: no plan satisfies the limits at any of these levels"
    if view.ends_somewhere and view.least is not None:
        beyond = "above" if view.falling else "below"
        yield f"proven: no plan {beyond} {number(view.least, decimals([view.least], LEVEL_DIGITS))}{unit_words(view)}"


def _proven(view: FrontierView, points: int) -> str:
    if points == 1:
        return f"1 point, {'' if view.proven else 'not '}proven best at its level; gap {gap(view.largest_gap)}"
    what = "all steps of the curve" if view.steps and view.complete else counted(points, "point")
    proven = "each proven best" if view.proven else "not all proven best"
    return f"{what}, {proven} at its level; largest gap {gap(view.largest_gap)}"


def unit_words(view: FrontierView) -> str:
    """Return the unit of levels after a figure; nothing for a share."""
    return f" {plain(view.unit)}" if view.unit not in ("", "share") else ""


def _points(view: FrontierView) -> Table:
    places = decimals([value for row in view.rows for value in (row.level, row.used or 0.0)], LEVEL_DIGITS)
    money = decimals([value for row in view.feasible for value in (row.outcome or 0.0, row.own_loss or 0.0)])
    words = view.case.words
    *losses, worst = words.heads
    if view.over_worlds:
        # What is kept in the tenth is what a point is for, and no package stands for many worlds.
        table = new_table(TENTHS[view.against], "Mean", "Gap", *losses, "Plan", names=0, keys=1)
    else:
        heads = ["Used"] if view.steps else ["Asked", "Kept"] if view.falling else ["Allowed", "Used"]
        table = new_table(*heads, words.title, "Gap", *losses, "Plan", worst, names=0, keys=1)
        table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    alone = view.steps or view.over_worlds
    for row in view.rows:
        level = "-" if view.over_worlds else number(row.level, places)
        levels = [] if alone and row.used is not None else [level]
        if row.outcome is None:
            table.add_row(*levels, *([] if alone else ["-"]), "no plan", "", *("" for _ in losses), "", "")
            continue
        table.add_row(
            *levels,
            number(row.used, places),
            Text(number(row.outcome, money), style="bold"),
            Text(gap(row.gap), style="" if row.proven else "yellow"),
            *(number(figure, money) for figure in (row.counterpart_loss, row.own_loss)[-len(losses) :]),
            row.letter,
            *([] if view.over_worlds else [Name(row.worst)]),
        )
    return table


def _plans(view: FrontierView) -> Iterable[RenderableType]:
    yield section("Plans")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for plan in view.plans:
        grid.add_row(Text(plan.letter, style="bold"), Text(plain("; ".join(plan.choices))))
    yield indented(grid)
    # Over worlds the losses are means, as the head of the table says.
    losses = "" if view.over_worlds else view.case.words.curve_split
    if rest := " ".join(filter(None, (NOT_NAMED if view.has_regimes else "", losses))):
        yield text_line(rest, "dim")


def change_words(view: FrontierView) -> str:
    """Return how often the plan changes along the curve, in words."""
    times = len(view.changes)
    return "does not change" if not times else "changes once" if times == 1 else f"changes {times:,} times"


def _changes(view: FrontierView) -> Iterable[RenderableType]:
    if not view.changes:
        return
    yield section("What changes on the way")
    places = decimals([level for change in view.changes for level in (change.low, change.high)], LEVEL_DIGITS)
    for change in view.changes:
        high = number(change.high, places)
        where = f"at {high}" if change.exact else f"{number(change.low, places)} to {high}"
        yield text_line(f"- {where}: {'; '.join(plain(word) for word in change.words)}")


def _notes(view: FrontierView) -> Iterable[RenderableType]:
    if view.notes or view.solve:
        yield Text("")
    for note in view.notes:
        yield text_line(f"- {plain(note)}", "yellow")
    solve = view.solve
    if solve:
        work = [counted(solve["searches"], "search", "searches"), counted(solve["programs"], "program")]
        if view.case.words.two_sided:
            policies = f"{counted(solve['combinations'], 'combination')} of policies"
            work = [policies, counted(solve["responses"], "response"), *work]
        yield text_line(f"{', '.join(work)}; {seconds(solve['seconds'])}", "dim")
