"""Plans side by side on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from ...model.plan.choices import LANE, POLICY, SAME_WORDS, STOCKPILE
from ..format.names import Name
from ..format.numbers import counted, decimals, listed, number, percent, plain, rough, signed
from ..views.comparison import ComparisonView, Effect, OutcomeRow, comparison_view, is_figure
from .layout import new_table, section, text_line
from .study import candidate_heads
from .words import compared_words, status_words, with_money

if TYPE_CHECKING:
    from ...analysis.compare.compare import Comparison

MOST_LINES = 40
"""Differences of the inputs that are listed; the document has all."""

NOTHING = "-"


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Print plans side by side.

    Parameters
    ----------
    comparison
        What `compare` returned.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in comparison_parts(comparison_view(comparison)):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def comparison_parts(view: ComparisonView) -> Iterable[RenderableType]:
    """Return the sections of a comparison, in their order."""
    yield from _heading(view)
    yield from _notes(view)
    yield from _common(view)
    yield from _inputs(view)
    yield from _choices(view)
    yield from _outcomes(view)
    yield from _attribution(view)


def _heading(view: ComparisonView) -> Iterable[RenderableType]:
    yield Text("Side by side", style="bold")
    for plan in view.plans:
        yield text_line(f"{plan.letter}  {plain(plan.name)}")
        words = status_words(plan, view.words)
        if plan.outcome is not None:
            words = f"{view.words.outcome} {compared_words(plan)}; {words}"
        yield Padding(Text(words, style="dim", overflow="fold"), (0, 0, 0, 5), expand=False)


def _notes(view: ComparisonView) -> Iterable[RenderableType]:
    if view.notes:
        yield section("Before you compare")
        for note in view.notes:
            yield text_line(f"- {plain(note)}", "yellow")


def _common(view: ComparisonView) -> Iterable[RenderableType]:
    if not view.worlds:
        return
    monies = {plan.money for plan in view.plans}
    unit = f", {plain(monies.pop())}" if len(monies) == 1 and "" not in monies else ""
    yield section("Over common worlds", f"{counted(view.worlds[0].worlds, 'world')}{unit}")
    heads = ("", *candidate_heads(view.words)[1:-1], "Best in")
    found = new_table(*heads)
    for row in view.worlds:
        money = (rough(figure) for figure in (row.mean, row.cvar, row.worst))
        shares = (percent(share, 0) for share in (row.negative, row.kept, row.best) if share is not None)
        found.add_row(Text(row.letter), *money, *shares)
    yield found
    yield text_line("Best in: share of the worlds in which no other plan is better.", "dim")


def value_cells(values: Sequence[Any]) -> list[str]:
    """Return values of one figure as text, figures with the same decimals."""
    places = decimals([float(value) for value in values if is_figure(value)])
    return [_cell(value, places) for value in values]


def _cell(value: Any, places: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(float(value), places) if is_figure(value) else plain(value)


def _inputs(view: ComparisonView) -> Iterable[RenderableType]:
    yield section("What differs in the inputs")
    if not view.inputs:
        yield text_line("Nothing.")
        return
    figures, whole = ([row for row in view.inputs if row.whole == kind] for kind in (False, True))
    if figures:
        table = new_table("Figure", *view.letters, names=1 + len(view.letters))
        for row in figures[:MOST_LINES]:
            table.add_row(Name(row.name), *map(Name, value_cells(row.values)))
        yield table
    for row in whole[:MOST_LINES]:
        there = {letter: value for letter, value in zip(view.letters, row.values, strict=True) if value is not None}
        yield text_line(f"{plain(row.name)}, in {', '.join(there)} only: {plain(next(iter(there.values())))}")
    left = len(figures[MOST_LINES:]) + len(whole[MOST_LINES:])
    if left:
        yield text_line(f"And {left:,} more; --json lists all.")


def _choices(view: ComparisonView) -> Iterable[RenderableType]:
    yield section("What differs in the choices")
    different = [row for row in view.choices if row.differs]
    if different:
        table = new_table("Choice", *view.letters, names=1 + len(view.letters))
        for row in different:
            table.add_row(Name(row.words), *map(Name, value_cells(row.values)))
        yield table
    same = [row for row in view.choices if not row.differs]
    for row in same:
        cells = list(dict.fromkeys(value_cells(row.values)))
        if row.kind == STOCKPILE and len(cells) > 1:
            yield text_line(f"Stockpile {plain(row.name)} counts as the same: {', '.join(cells)} ({SAME_WORDS}).")
    for kind, words in ((POLICY, "Same policy"), (LANE, "Same, qualified or not"), (STOCKPILE, "Same stockpile")):
        names = [row.name for row in same if row.kind == kind]
        if names:
            yield text_line(f"{words}: {listed(names)}")
    if not view.choices:
        yield text_line("There is nothing to choose.")


def _outcomes(view: ComparisonView) -> Iterable[RenderableType]:
    yield section("What differs in the outcomes")
    table = new_table("", *view.letters, *(["Change"] if len(view.plans) == 2 else []))
    for column in table.columns[1 : 1 + len(view.plans)]:
        # Names of scenarios wrap; figures are too short to.
        column.no_wrap = False
    for row in view.outcomes:
        cells, change = outcome_cells(row)
        changes = [change] if len(view.plans) == 2 else []
        table.add_row(Name(row.words), *map(_figure, cells, row.values), *changes)
    yield table
    yield text_line("Fills: in percent, their changes in points.", "dim")


def outcome_cells(row: OutcomeRow) -> tuple[list[str], str]:
    """Return a figure of every plan, and its change, as text."""
    cells = [percent(value) for value in row.values] if row.share else value_cells(row.values)
    places = 1 if row.share else decimals(float(value) for value in row.values if is_figure(value))
    return cells, "" if row.change is None else signed(row.change, places)


def _figure(cell: str, value: Any) -> Any:
    return Text(cell, justify="right", no_wrap=not isinstance(value, str))


def _attribution(view: ComparisonView) -> Iterable[RenderableType]:
    if not view.effects or view.change is None:
        return
    places = effect_places(view)
    money = next(plan.money for plan in view.plans if plan.letter == "B")
    yield section(f"{view.words.change_title}, {with_money(signed(view.change, places), money)}")
    table = new_table("Difference", "From A", "Share", "From B", "Share")
    for row in view.effects:
        cells = []
        for effect in row.effects.values():
            cells += [_amount(effect, places), NOTHING if effect.share is None else percent(effect.share, 0)]
        table.add_row(Name(row.difference), *cells, style="bold" if row.total else "")
    yield table
    for row in view.effects:
        for letter, effect in row.effects.items():
            if effect.status:
                yield text_line(f"{plain(row.difference)}, from {letter}: {plain(effect.status)}", "yellow")
    words = (
        f"{view.words.from_a.format(a='this')} {view.words.from_b} Interaction: the rest of the change, which no difference "
        "explains alone."
    )
    yield text_line(words, "dim")
    if any(effect.unclear for row in view.effects for effect in row.effects.values()):
        yield text_line("~ is no larger than what the gaps of the solves leave open.", "dim")
    if len(view.effects) > 2:
        yield text_line(f"One row: {view.grouping}.", "dim")


def effect_places(view: ComparisonView) -> int:
    """Return the decimals of the effects."""
    effects = [effect for row in view.effects for effect in row.effects.values()]
    return decimals(effect.amount for effect in effects if effect.amount is not None)


def _amount(effect: Effect, places: int) -> str:
    if effect.amount is None:
        return NOTHING
    return f"{'~' if effect.unclear else ''}{signed(effect.amount, places)}"
