"""What each decision of a plan is for, in words: the same on the page, on the terminal and in the workbook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model.network import OPEN
from ...model.plan.choices import LANE, POLICY
from ..format.numbers import counted, decimals, number, plain

if TYPE_CHECKING:
    from ..format.words import Words
    from ..views.reasons import ReasonRow


def reason_heads(words: Words) -> list[str]:
    """Return the heads of `reason_cells`."""
    return ["Decision", "Takes", "Lost without it" if words.two_sided else "Dearer without it", "Needed for", "Instead"]


def reason_cells(rows: tuple[ReasonRow, ...]) -> Iterator[list[str]]:
    """Yield for every decision what it is, what it takes, what is lost without it, what needs it, what is done instead."""
    places = decimals([end for row in rows for end in (row.low, row.high, row.added) if end is not None])
    costs = decimals([row.cost for row in rows])
    for row in rows:
        instead = "; ".join(map(plain, instead_of(row)))
        yield [decision_words(row), number(row.cost, costs), lost_words(row, places), need_words(row, places), instead]


def reason_lines(rows: tuple[ReasonRow, ...]) -> Iterator[str]:
    """Yield for every decision what needs it and what is done instead, in a line."""
    for decision, _, _, needed, instead in reason_cells(rows):
        yield f"{decision}. What needs it: {needed}." + (f" Instead: {instead}." if instead else "")


def instead_of(row: ReasonRow) -> list[str]:
    """Return what is done instead of a decision, beyond leaving it out: ``nothing`` where that is all."""
    left_out = {
        f"{row.name}: {OPEN} instead of {row.policy}",
        f"no longer qualifies {row.name}",
        f"no longer stockpiles {row.name}",
    }
    rest = [words for words in row.instead if words not in left_out]
    return rest or (["nothing"] if row.instead else [])


def decision_words(row: ReasonRow) -> str:
    """Return a decision in words."""
    if row.kind == POLICY:
        return f"{plain(row.name)}: {plain(row.policy)}"
    if row.kind == LANE:
        return f"qualify {plain(row.name)}"
    units = row.units or 0.0
    return f"stockpile {plain(row.name)}: {number(units, decimals([units]))} {plain(row.unit)}".rstrip()


def lost_words(row: ReasonRow, places: int) -> str:
    """Return what is lost without a decision, all else chosen anew, or the range that is proven of it."""
    if row.no_plan:
        return "no plan without it"
    if row.exact:
        return number(row.high or 0.0, places)
    ends = [None if end is None else number(end, places) for end in (row.low or None, row.high)]
    if ends[0] and ends[1]:
        return f"{ends[0]} to {ends[1]}"
    if ends[1]:
        return f"at most {ends[1]}"
    return f"at least {ends[0]}" if ends[0] else "not known"


def need_words(row: ReasonRow, places: int) -> str:
    """Return the scenario and the limit that need a decision, all else kept."""
    scenario = plain(row.where)
    if row.limit is not None:
        more = f", and {counted(row.others, 'limit')} more" if row.others else ""
        where = f"{scenario}: " if scenario else ""
        return f"{where}{plain(row.limit)} ({extent_words(row)}){more}"
    if row.added is None:
        return "not known"
    if number(abs(row.added), places) == number(0.0, places):
        return "nothing that rounding shows"
    if row.added < 0:
        return f"{scenario}: saves nothing with all else kept"
    return f"{scenario}: {number(row.added, places)} more lost with all else kept"


def extent_words(row: ReasonRow) -> str:
    """Return by how much a limit is broken."""
    amount = row.amount or 0.0
    if row.measure == "share":
        return f"{number(100 * amount, decimals([100 * amount], 3))} points {'over' if row.over else 'short'}"
    told = f"{number(amount, decimals([amount], 3))} {plain(row.measure)}".rstrip()
    return f"{told} {'over' if row.over else 'short'}"
