"""Where the best choices change, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

from ...model.plan.choices import LANE, NOT_NAMED, POLICY, Choices, Offer
from ..format.names import Name
from ..format.numbers import counted, decimals, number, plain, signed
from ..views.case import case_view
from .layout import label_grid, new_table, section, text_line
from .words import in_money

if TYPE_CHECKING:
    from ...analysis.breakeven.result import Breakeven, Side, Span, Switch

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
    for renderable in breakeven_parts(result):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def breakeven_parts(result: Breakeven) -> Iterable[RenderableType]:
    """Return the sections of a result, in their order."""
    yield Text(f"Where the best choices change: {plain(result.path)}", style="bold", overflow="fold")
    unit = f" {plain(_unit(result))}" if _unit(result) else ""
    yield text_line(f"from {_value(result.low)} to {_value(result.high)}{unit} ({plain(result.range_words)})")
    words = "no one value in force" if result.current is None else f"in force: {_value(result.current)}{unit}"
    solved = counted(len(result.points), "value")
    yield text_line(f"{plain(result.case.name)}; {words}; {solved} solved, switches bracketed {_width(result)}", "dim")
    yield from _switches(result)
    yield from _spans(result)
    yield section("How far to trust it")
    yield text_line(plain(result.statement), "" if result.complete else "yellow")
    for note in result.notes:
        yield text_line(f"- {plain(note)}", "dim")


def _unit(result: Breakeven) -> str:
    currency = result.case.settings.case.currency
    unit = "" if result.unit == "share" else result.unit
    return unit.replace("money", plain(currency)) if currency else unit


def _width(result: Breakeven) -> str:
    return "by neighbouring whole numbers" if result.whole else f"to {100 * result.tolerance:.3g}% of the value"


def _value(value: float) -> str:
    return number(value, decimals([value], DIGITS))


def _span(switch: Switch) -> str:
    low, high = switch.below.value, switch.above.value
    places = max(decimals([value], DIGITS) for value in (low, high))
    return f"{number(low, places)} and {number(high, places)}"


def _from_force(result: Breakeven, switch: Switch) -> str:
    if not result.current:
        return ""
    middle = (switch.below.value + switch.above.value) / 2
    change = 100 * (middle / result.current - 1)
    return f"{signed(change, 1)}% from the value in force"


def _switches(result: Breakeven) -> Iterable[RenderableType]:
    if not result.switches:
        yield section("No switch found")
        return
    yield section(f"{counted(len(result.switches), 'switch', 'switches')} found")
    for number_, switch in enumerate(result.switches, start=1):
        yield text_line(f"{number_}. Between {_span(switch)}", "bold")
        remark = _from_force(result, switch)
        if remark:
            yield text_line(f"   {remark}", "dim")
        yield label_grid(_sides(result, switch))


def _sides(result: Breakeven, switch: Switch) -> Iterable[tuple[str, str, str]]:
    for name, side, other in (("below", switch.below, switch.above), ("above", switch.above, switch.below)):
        yield f"   {name}", _leverage(result, side), _choices(result, side, other)


def _leverage(result: Breakeven, side: Side) -> str:
    if side.leverage is None:
        return "no plan"
    return in_money(case_view(result.case), number(side.leverage))


def _choices(result: Breakeven, side: Side, other: Side) -> str:
    """Return what is chosen on one side and not on the other; all of it where there is no plan on the other."""
    if side.leverage is None:
        return "no plan satisfies the limits" if side.status == "infeasible" else "no plan was found"
    offer, chosen = Offer.of(result.case), Choices.of(side)
    if other.leverage is None:
        return plain(chosen.text(offer))
    words = []
    for kind, name, here, _ in chosen.differences(Choices.of(other), offer):
        if kind == POLICY:
            words.append(f"{name} {here}")
        elif kind == LANE:
            words.append(f"qualifies {name}" if here else f"does not qualify {name}")
        elif offer.some(name, here):
            words.append(f"stockpiles {name} ({offer.amount(name, here)})")
        else:
            words.append(f"does not stockpile {name}")
    return plain(", ".join(words))


def _spans(result: Breakeven) -> Iterable[RenderableType]:
    """List the best choices from end to end of the range."""
    if not result.spans:
        return
    offer = Offer.of(result.case)
    yield section("Best choices over the range")
    table = new_table("From", "To", "Choices", names=0, keys=2)
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for span in result.spans:
        current = result.current is not None and span.low <= result.current <= span.high
        words = (span_words(span, offer) if span.feasible else "no plan") + ("  (in force)" if current else "")
        table.add_row(_value(span.low), _value(span.high), Name(words), style="bold" if current else "")
    yield table
    if offer.regimes:
        yield text_line(NOT_NAMED, "dim")


def span_words(span: Span, offer: Offer) -> str:
    """Return the choices of a span in words, amounts from the least to the most."""
    words = Choices(span.policies, span.qualified).words(offer)
    words += [f"stockpiles {pair} ({offer.amount(pair, span.least[pair], span.most[pair])})" for pair in span.least]
    return ", ".join(words) or Choices(span.policies).text(offer)
