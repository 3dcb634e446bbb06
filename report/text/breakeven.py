"""Where the best policies change, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

from ..format.names import Name
from ..format.numbers import counted, decimals, number, plain, signed
from .plan import OPEN, _grid, _in_money, _line, _listed, _table, _title

if TYPE_CHECKING:
    from ...analysis.breakeven.breakeven import Breakeven, Side, Switch

DIGITS = 6
"""Significant digits of a value of the figure."""


def show_breakeven(result: Breakeven, console: Console) -> None:
    """Print where the best policies change.

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
    yield Text(f"Where the best policies change: {plain(result.path)}", style="bold", overflow="fold")
    unit = f" {plain(_unit(result))}" if _unit(result) else ""
    yield _line(f"from {_value(result.low)} to {_value(result.high)}{unit} ({plain(result.range_words)})")
    words = "no one value in force" if result.current is None else f"in force: {_value(result.current)}{unit}"
    solved = counted(len(result.points), "value")
    yield _line(f"{plain(result.case.name)}; {words}; {solved} solved, switches bracketed {_width(result)}", "dim")
    yield from _switches(result)
    yield from _policies(result)
    yield _title("How far to trust it")
    yield _line(plain(result.statement), "" if result.complete else "yellow")
    for note in result.notes:
        yield _line(f"- {plain(note)}", "dim")


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
        yield _title("No switch found")
        return
    yield _title(f"{counted(len(result.switches), 'switch', 'switches')} found")
    for number_, switch in enumerate(result.switches, start=1):
        yield _line(f"{number_}. Between {_span(switch)}", "bold")
        remark = _from_force(result, switch)
        if remark:
            yield _line(f"   {remark}", "dim")
        yield _grid(_sides(result, switch))


def _sides(result: Breakeven, switch: Switch) -> Iterable[tuple[str, str, str]]:
    for name, side, other in (("below", switch.below, switch.above), ("above", switch.above, switch.below)):
        yield f"   {name}", _leverage(result, side), _choices(side, other)


def _leverage(result: Breakeven, side: Side) -> str:
    if side.leverage is None:
        return "no plan"
    return _in_money(result.case, number(side.leverage))


def _choices(side: Side, other: Side) -> str:
    if side.leverage is None:
        return "no plan satisfies the limits" if side.status == "infeasible" else "no plan was found"
    differ = [name for name, policy in side.policies.items() if other.policies.get(name) != policy]
    words = [f"{plain(name)} {plain(side.policies[name])}" for name in differ]
    lanes = [lane for lane in side.qualified if lane not in other.qualified]
    if lanes:
        words.append(f"qualifies {_listed(lanes)}")
    return ", ".join(words)


def _policies(result: Breakeven) -> Iterable[RenderableType]:
    """List the best policies from end to end of the range."""
    frame = result.points
    known = frame[frame["status"] != "unknown"]
    if not len(known):
        return
    ends = [result.low, *(value for switch in result.switches for value in _both(switch)), result.high]
    spans = list(zip(ends[::2], ends[1::2], strict=True))
    policies: list[Mapping[str, str]] = []
    if result.switches:
        policies = [switch.below.policies for switch in result.switches] + [result.switches[-1].above.policies]
    else:
        first = known.iloc[0]
        names = [name for name in frame.columns if name not in ("value", "status", "leverage", "bound")]
        policies = [{name: first[name] for name in names if isinstance(first[name], str)}]
    yield _title("Best policies over the range")
    table = _table("From", "To", "Policies that are not open", names=0)
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for (low, high), chosen in zip(spans, policies, strict=True):
        current = result.current is not None and low <= result.current <= high
        words = ", ".join(f"{name} {policy}" for name, policy in chosen.items() if policy != OPEN)
        words = (words or ("all open" if chosen else "no plan")) + ("  (in force)" if current else "")
        table.add_row(_value(low), _value(high), Name(words), style="bold" if current else "")
    yield table


def _both(switch: Switch) -> tuple[float, float]:
    return switch.below.value, switch.above.value
