"""The threat against the stake, and when reviews end, in sentences and on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType

from ..format.numbers import counted, decimals, joined, number, plain
from .layout import indented, new_table, section, text_line
from .words import in_money

if TYPE_CHECKING:
    from ..views.bargain import BargainView, TermView, WeekRow
    from ..views.plan import PlanView

MOST_WEEKS = 12
"""Weeks of a settlement that a table on the terminal shows."""

HEADS = ("Settled in week", "Its loss", "Our loss", "Leverage")
"""Heads of the table of settlements."""


def bargain_parts(view: PlanView) -> Iterable[RenderableType]:
    """Yield when reviews end, what lasts, and what the threat is worth; nothing where the case says nothing of it."""
    lines = [*term_lines(view), *lasting_lines(view)]
    if lines:
        yield section("What the reviews do")
        for line in lines:
            yield text_line(line)
    if view.bargain is None:
        return
    yield section("The stake", plain(view.case.money))
    for line in stake_lines(view, view.bargain):
        yield text_line(line)
    if view.bargain.weeks:
        found = new_table(*HEADS)
        for cells in week_cells(_some(view.bargain.weeks)):
            found.add_row(*cells)
        yield indented(found)


def stake_lines(view: PlanView, bargain: BargainView) -> Iterator[str]:
    """Yield what the threat is worth, whether it is credible, and when it is spent."""
    places = decimals([bargain.settlement, bargain.own_loss])

    def money(figure: float) -> str:
        return in_money(view.case, number(figure, places))

    yield f"The threat moves the settlement by {money(bargain.settlement)}: half of the leverage."
    if bargain.stake is not None:
        verdict = "credible: no more than" if bargain.credible else "a bluff: more than"
        yield f"To carry it out costs us {money(bargain.own_loss)}, {verdict} the stake of {money(bargain.stake)}."
    if bargain.concession_cost is not None:
        verdict = "gives way" if bargain.gives_way else "does not give way"
        less = "no less" if bargain.gives_way else "less"
        yield (
            f"The counterpart loses {money(bargain.counterpart_loss)}, {less} than the {money(bargain.concession_cost)} that "
            f"giving way costs it: it {verdict}."
        )
    if bargain.spent is not None:
        yield f"From week {bargain.spent} on, what is still to come would not move the counterpart."
    best, weeks = bargain.best, len(bargain.weeks) - 1
    if best is not None and best.week < weeks:
        yield f"Settled in week {best.week} it leaves most leverage, {money(best.leverage)}."


def term_lines(view: PlanView) -> Iterator[str]:
    """Yield when each review begins and ends, and why then."""
    for term in view.terms:
        until = "to the end" if term.end is None else f"to week {term.end - 1}"
        line = f"{plain(term.regime)}: {plain(term.policy)} acts from week {term.start} {until}"
        if term.start:
            line += f", after {counted(term.start, 'week')} of notice"
        if len(term.ends) > 1:
            line += f"; of the ends offered ({_ends(term)}) no other leaves more leverage"
        yield f"{line}."
        yield from _other_ends(view, term)


def _other_ends(view: PlanView, term: TermView) -> Iterator[str]:
    """Yield what the other ends of a review would give and cost."""
    figures = [term.leverage, *(other.leverage for other in term.others if other.leverage is not None)]
    places = decimals([*figures, *(term.leverage - figure for figure in figures[1:])])
    for other in term.others:
        when = "If it never ended" if other.end is None else f"If it ended in week {other.end}"
        if other.leverage is None:
            yield f"{when}, no plan would keep the limits."
            continue
        most, less = ("", "") if other.exact else ("at most ", "at least ")
        leverage, lost = (
            in_money(view.case, number(figure, places)) for figure in (other.leverage, term.leverage - other.leverage)
        )
        yield f"{when}, leverage would be {most}{leverage}: {less}{lost} less."


def _ends(term: TermView) -> str:
    return joined(["never" if end is None else f"week {end}" for end in term.ends])


def lasting_lines(view: PlanView) -> Iterator[str]:
    """Yield what paperwork, allies and lost customers add."""
    places = decimals([money for *_, money in view.lasting])
    for side, cause, money in view.lasting:
        figure = in_money(view.case, number(abs(money), places))
        if cause == "paperwork":
            yield f"Paperwork adds {figure} to {'our loss' if side == 'ours' else 'its loss'}."
        elif cause == "allies":
            yield f"What allies give takes {figure} off our loss."
        elif money > 0:
            yield f"Lost for good: {figure}, of customers that do not come back."
        else:
            yield f"More orders than before bring {figure} of customers' trade."


def week_cells(rows: Iterable[WeekRow]) -> list[tuple[str, ...]]:
    """Return the cells of a table of settlements by week."""
    rows = list(rows)
    places = decimals(figure for row in rows for figure in (row.counterpart_loss, row.own_loss, row.leverage))
    return [
        (str(row.week), *(number(each, places) for each in (row.counterpart_loss, row.own_loss, row.leverage)))
        for row in rows
    ]


def _some(rows: tuple[WeekRow, ...]) -> list[WeekRow]:
    """Return the first week, the last, and some between at equal distances."""
    step = max(1, -(-(len(rows) - 1) // MOST_WEEKS))
    return [row for row in rows if row.week % step == 0 or row is rows[-1]]
