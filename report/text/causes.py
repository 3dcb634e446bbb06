"""Both losses by cause on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from ..format.numbers import plain
from .layout import indented, new_table, section
from .plan_cells import cause_cells
from .words import under

if TYPE_CHECKING:
    from ..views.plan import PlanView


def causes_parts(view: PlanView) -> Iterable[RenderableType]:
    """Yield a table of causes for each side, its sum the loss; nothing for a plan of an earlier version."""
    words = view.case.words
    note = ", ".join(filter(None, (plain(view.case.money), under(view))))
    for causes in view.causes:
        rows, total = cause_cells(causes)
        if not rows:
            continue
        yield section(words.cause_title[causes.side], note)
        found = new_table(*words.cause_heads, names=2)
        before = ""
        for cause, item, units, amount in rows:
            found.add_row(Text(cause if cause != before else ""), Text(item), units, amount)
            before = cause
        found.add_row(Text("their sum", style="bold"), "", "", Text(total, style="bold"))
        yield indented(found)
