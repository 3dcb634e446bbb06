"""Where the best choices change, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

from ...model.plan.choices import NOT_NAMED
from ..format.names import Name
from ..format.numbers import counted, decimals, number, plain, signed
from ..views.breakeven import BreakevenView, SwitchView, breakeven_view
from .layout import label_grid, new_table, section, text_line
from .words import in_money

if TYPE_CHECKING:
    from ...analysis.breakeven.result import Breakeven

DIGITS = 6
"""Significant digits of a value of the figure."""


def show_breakeven(result: Breakeven, console: Console) -> None:
    """Print where the best choices change.

    Parameters
    ----------
    result
        What `breakeven` returned.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in breakeven_parts(breakeven_view(result)):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def breakeven_parts(view: BreakevenView) -> Iterable[RenderableType]:
    """Return the sections of a result, in their order."""
    yield Text(f"Where the best choices change: {plain(view.figure)}", style="bold", overflow="fold")
    unit = f" {plain(view.unit)}" if view.unit else ""
    yield text_line(f"from {_value(view.low)} to {_value(view.high)}{unit} ({plain(view.range_words)})")
    words = "no one value in force" if view.current is None else f"in force: {_value(view.current)}{unit}"
    width = "by neighbouring whole numbers" if view.whole else f"to {100 * view.tolerance:.3g}% of the value"
    solved = counted(view.points, "value")
    yield text_line(
        f"{plain(view.case.name)}, {plain(view.path)}; {words}; {solved} solved, switches bracketed {width}", "dim"
    )
    yield from _switches(view)
    yield from _spans(view)
    yield section("How far to trust it")
    yield text_line(plain(view.statement), "" if view.complete else "yellow")
    for note in view.notes:
        yield text_line(f"- {plain(note)}", "dim")


def _value(value: float) -> str:
    return number(value, decimals([value], DIGITS))


def _between(switch: SwitchView) -> str:
    low, high = switch.below.value, switch.above.value
    places = max(decimals([value], DIGITS) for value in (low, high))
    return f"{number(low, places)} and {number(high, places)}"


def _switches(view: BreakevenView) -> Iterable[RenderableType]:
    if not view.switches:
        yield section("No switch found")
        return
    yield section(f"{counted(len(view.switches), 'switch', 'switches')} found")
    for place, switch in enumerate(view.switches, start=1):
        yield text_line(f"{place}. Between {_between(switch)}", "bold")
        if switch.from_force is not None:
            yield text_line(f"   {signed(100 * switch.from_force, 1)}% from the value in force", "dim")
        yield label_grid(_sides(view, switch))


def _sides(view: BreakevenView, switch: SwitchView) -> Iterable[tuple[str, str, str]]:
    for name, side in (("below", switch.below), ("above", switch.above)):
        outcome = "no plan" if side.outcome is None else in_money(view.case, number(side.outcome))
        yield f"   {name}", outcome, plain(side.choices)


def _spans(view: BreakevenView) -> Iterable[RenderableType]:
    """List the best choices from end to end of the range."""
    if not view.spans:
        return
    yield section("Best choices over the range")
    table = new_table("From", "To", "Choices", names=0, keys=2)
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for span in view.spans:
        words = (span.choices or "no plan") + ("  (in force)" if span.in_force else "")
        table.add_row(_value(span.low), _value(span.high), Name(words), style="bold" if span.in_force else "")
    yield table
    if view.has_regimes:
        yield text_line(NOT_NAMED, "dim")
