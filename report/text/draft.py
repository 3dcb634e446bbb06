"""A drafted case on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

from ..format.numbers import counted, plain
from .layout import indented, new_table, section, text_line

if TYPE_CHECKING:
    from ...analysis.trade.drafting.drafted import Drafted


def show_draft(drafted: Drafted, output: str, console: Console) -> None:
    """Print what a draft holds and what to find out.

    Parameters
    ----------
    drafted
        The draft.
    output
        Where it was written.
    console
        Where to print.
    """
    for renderable in draft_parts(drafted, output):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def draft_parts(drafted: Drafted, output: str) -> Iterable[RenderableType]:
    """Return the sections that tell of a draft, in their order."""
    case = drafted.case
    yield Text(plain(case.settings.case.title), style="bold", overflow="fold")
    yield Text(
        f"{plain(output)}: flows of {plain(drafted.period.words)}, money in {plain(case.settings.case.currency)}",
        style="dim",
        overflow="fold",
    )
    told = sum(1 for row in case.sources if row.confidence != "assumed")
    yield text_line(
        f"{counted(len(case.items), 'item')}, {counted(len(case.sites), 'site')}, {counted(len(case.lanes), 'lane')}; "
        f"{counted(told, 'figure')} from the statistics, {len(case.sources) - told:,} placeholders."
    )
    yield section(
        "What to find out",
        "what usually decides a plan first; reasoning in README.txt and sources, ranges in uncertainties",
    )
    table = new_table("Placeholder", "Figures", "Ask")
    table.columns[-1].justify, table.columns[-1].no_wrap, table.columns[-1].overflow = "left", False, "fold"
    for placeholder, figures in drafted.placeholders:
        table.add_row(
            Text(placeholder.title, overflow="fold"), f"{figures:,}", Text(placeholder.question, overflow="fold")
        )
    yield indented(table)
    for note in drafted.notes:
        yield text_line(f"- {plain(note)}", "yellow")
    yield section("Next")
    place = shlex.quote(output)
    yield text_line(f"sluicegate validate {plain(place)}")
    yield text_line(f"sluicegate solve {plain(place)}")
    yield text_line(
        f"sluicegate sweep {plain(place)} --design oat --vary uncertainties   which placeholder matters most"
    )
