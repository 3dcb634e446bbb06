"""The sheet of a plan's decisions: change one, and what all of them take together follows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model.network import OPEN, Network
from ...model.plan.limits import BUDGET, LIMITED
from ...model.plan.tolerances import LIMIT_ROUNDING
from ..format.numbers import decimals
from .notes import note_of
from .sheets import LINE_HEIGHT, NOTE

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from ...model import Plan
    from .sheets import SheetWriter

DECISIONS = "Decisions"

POLICY, QUALIFY, STOCKPILE = "policy", "qualify", "stockpile"
"""Kinds of decisions."""

INTRO = (
    "Change a policy, a yes or no, the units of a stockpile or what is allowed: the totals follow at once. What the choices "
    "lead to is not computed here: evaluate or solve the case for that."
)

HEADS = (
    *("Decision", "Name", "Kind", "Chosen", "Units", "Price", "Cost"),
    *(resource.words.capitalize() for name, resource in LIMITED.items() if name != BUDGET),
)

WIDTHS = (22, 34, 9, 14, 9, 11, *(11 for _ in LIMITED))

WHY_WIDTHS = (14, 44, 30)
"""Of what is lost without a decision, what needs it, what is done instead."""

LETTER = 1.15
"""Width of a letter with its share of what a broken line leaves free, in the unit of the widths."""

FREE: dict[str, Any] = {"bg_color": "#fff6dd", "border": 1, "border_color": "#d9c88f", "valign": "top"}
"""Look of cells that the reader may change."""

TOTALS = 2
"""Row of the heads of the totals, counted from 0; the decisions follow below."""

LOADS = tuple((resource.column, HEADS.index("Cost") + place) for place, resource in enumerate(LIMITED.values()))
"""Columns of the policies table, and the columns of the sheet that sum them."""


@dataclass(frozen=True)
class DecisionRow:
    """What may be decided, chosen or not.

    Attributes
    ----------
    kind, key, name
        ``policy``, ``qualify`` or ``stockpile``; id, and name for people.
    chosen
        The policy; ``yes`` or ``no``; empty for a stockpile.
    units, most
        Of a stockpile what is bought, and the most that can be; else None.
    price
        Cost of qualifying, or of a unit; None for a policy.
    loads
        Cost, hours and points.
    """

    kind: str
    key: str
    name: str
    chosen: str
    units: float | None
    most: float | None
    price: float | None
    loads: tuple[float, ...]


def _money_alone(amount: float) -> tuple[float, ...]:
    """Return what a purchase takes of every limited resource."""
    return tuple(amount if name == BUDGET else 0.0 for name in LIMITED)


def decision_rows(plan: Plan) -> Iterator[DecisionRow]:
    """Yield everything that may be decided: policies of our regimes, what can be qualified, what can be stockpiled."""
    network = Network(plan.case)
    names = plan.case.names
    for regime, policy in plan.policies.items():
        found = network.policy(regime, policy)
        loads = tuple(0.0 if found is None else getattr(found, column) for column, _ in LOADS)
        yield DecisionRow(POLICY, regime, names.regime(regime), policy, None, None, None, loads)
    for key, price in network.to_qualify.items():
        chosen = key in plan.qualified
        yield DecisionRow(
            QUALIFY,
            key,
            names.lane(key),
            "yes" if chosen else "no",
            None,
            None,
            price,
            _money_alone(price if chosen else 0.0),
        )
    for stock in plan.case.stocks:
        if stock.stockpile_max > 0 and network.side[stock.site] == "ours":
            pair = (stock.site, stock.item)
            units, price = plan.stockpile.get("/".join(pair), 0.0), network.stockpile_price(pair)
            most = stock.stockpile_max if math.isfinite(stock.stockpile_max) else None
            key = "/".join(pair)
            loads = _money_alone(units * price)
            yield DecisionRow(STOCKPILE, key, names.pair(key), "", units, most, price, loads)


def add_decisions(writer: SheetWriter, plan: Plan, why: dict[str, tuple[str, ...]], why_heads: tuple[str, ...]) -> None:
    """Add the sheet.

    Parameters
    ----------
    writer
        Who writes sheets.
    plan
        A plan.
    why, why_heads
        What each decision is for, by its id, and the heads of that.
    """
    rows = list(decision_rows(plan))
    if not rows:
        return
    sheet = writer.book.add_worksheet(DECISIONS)
    heads = [*HEADS, *why_heads]
    first = TOTALS + 6
    writer.text(sheet, 0, 0, INTRO, writer.format(italic=True))
    for column, head in enumerate(heads):
        right = 4 <= column < len(HEADS)
        side: dict[str, Any] = {"align": "right"} if right else {"align": "left", "indent": int(column >= len(HEADS))}
        style = writer.format(bold=True, text_wrap=True, valign="top", bottom=1, **side)
        unit = f" ({writer.money})" if head in ("Price", "Cost") else ""
        writer.text(sheet, first - 1, column, head + unit, style)
        if note := note_of(DECISIONS, head):
            sheet.write_comment(first - 1, column, note, NOTE)
        sheet.set_column(column, column, (*WIDTHS, *WHY_WIDTHS)[column])
    sheet.set_row(first - 1, 2 * LINE_HEIGHT)
    menu = _add_menu(writer, sheet, plan, first, len(heads) + 1)
    for place, row in enumerate(rows):
        _add_row(writer, sheet, first + place, row, menu, why.get(row.key, ()))
    _add_totals(writer, sheet, plan, rows, first)
    sheet.freeze_panes(first, 1)
    sheet.autofilter(first - 1, 0, first + len(rows) - 1, len(heads) - 1)
    writer.for_paper(sheet, header=first - 1)
    sheet.print_area(0, 0, first + len(rows) - 1, len(heads) - 1)


@dataclass(frozen=True)
class _Menu:
    """Where the policies that can be chosen stand: first and last row of each regime, and the columns."""

    rows: dict[str, tuple[int, int]]
    first: int
    last: int
    column: int

    def looked_up(self, load: int, row: int) -> str:
        """Return the formula of a load of the policy chosen in a row; ids are compared as they are, not as patterns."""
        regimes, policies, loads = (self._range(self.column + offset) for offset in (0, 1, 2 + load))
        return f"=SUMPRODUCT(({regimes}=$A{row + 1})*({policies}=$D{row + 1})*{loads})"

    def _range(self, column: int) -> str:
        from xlsxwriter.utility import xl_range_abs

        return str(xl_range_abs(self.first, column, self.last, column))


def _add_menu(writer: SheetWriter, sheet: Worksheet, plan: Plan, first: int, column: int) -> _Menu:
    network = Network(plan.case)
    heads = ("Regime", "Policy", *HEADS[LOADS[0][1] :])
    style = writer.format(bold=True, text_wrap=True, valign="top", bottom=1, font_color="#667080")
    grey = writer.format(font_color="#667080")
    rows: dict[str, tuple[int, int]] = {}
    row = first
    for regime in plan.policies:
        begin = row
        for policy in dict.fromkeys([OPEN, *network.menu.get(regime, ())]):
            found = network.policy(regime, policy)
            writer.text(sheet, row, column, regime, grey)
            writer.text(sheet, row, column + 1, policy, grey)
            for place, (name, _) in enumerate(LOADS):
                sheet.write_number(row, column + 2 + place, 0.0 if found is None else getattr(found, name), grey)
            row += 1
        rows[regime] = (begin, row - 1)
    if rows:
        for place, head in enumerate(heads):
            writer.text(sheet, first - 1, column + place, head, style)
        sheet.set_column(column, column + 1, 18)
        sheet.set_column(column + 2, column + 1 + len(LOADS), 12)
        writer.text(sheet, first - 2, column, "Policies to choose from, and what each takes", grey)
    return _Menu(rows, first, max(row - 1, first), column)


def _add_row(
    writer: SheetWriter, sheet: Worksheet, place: int, row: DecisionRow, menu: _Menu, why: tuple[str, ...]
) -> None:
    from xlsxwriter.utility import xl_range_abs

    top: dict[str, Any] = {"valign": "top"}
    for column, text in enumerate((row.key, row.name, row.kind)):
        bold: dict[str, Any] = {"bold": True} if column == 0 and _is_chosen(row) else {}
        writer.text(sheet, place, column, text, writer.format(text_wrap=column < 2, **bold, **top))
    if row.kind == STOCKPILE:
        sheet.write_number(place, 4, row.units or 0.0, writer.format(_figures([row.units or 0.0]), **FREE))
        most = 1e15 if row.most is None else row.most
        sheet.data_validation(
            place,
            4,
            place,
            4,
            {
                "validate": "decimal",
                "criteria": "between",
                "minimum": 0,
                "maximum": most,
                "error_title": "Stockpile",
                "error_message": f"From 0 to {most:,g}, the most that the case allows."[:250],
            },
        )
    else:
        writer.text(sheet, place, 3, row.chosen, writer.format(**FREE))
        source: Any = ["yes", "no"]
        if row.kind == POLICY:
            begin, end = menu.rows[row.key]
            source = f"={xl_range_abs(begin, menu.column + 1, end, menu.column + 1)}"
        sheet.data_validation(place, 3, place, 3, {"validate": "list", "source": source})
    if row.price is not None:
        sheet.write_number(place, 5, row.price, writer.format(_figures([row.price]), **top))
    line = place + 1
    if row.kind == POLICY:
        for load, (_, column) in enumerate(LOADS):
            figure = writer.format(_figures([row.loads[load]]), **top)
            sheet.write_formula(place, column, menu.looked_up(load, place), figure, row.loads[load])
    else:
        formula = f"=E{line}*F{line}" if row.kind == STOCKPILE else f'=IF(D{line}="yes",F{line},0)'
        figure = writer.format(_figures([row.price or 0.0, row.loads[0]]), **top)
        sheet.write_formula(place, 6, formula, figure, row.loads[0])
    wrapped = writer.format(text_wrap=True, valign="top", align="left", indent=1)
    for column, text in enumerate(why, start=len(HEADS)):
        writer.text(sheet, place, column, text, wrapped)
    broken = zip((row.key, row.name, *map(str, why)), (*WIDTHS[:2], *WHY_WIDTHS), strict=False)
    sheet.set_row(place, LINE_HEIGHT * max(math.ceil(LETTER * len(text) / width) for text, width in broken))


def _is_chosen(row: DecisionRow) -> bool:
    return bool(row.units) if row.kind == STOCKPILE else row.chosen not in (OPEN, "no")


def _add_totals(writer: SheetWriter, sheet: Worksheet, plan: Plan, rows: list[DecisionRow], first: int) -> None:
    bold, red = writer.format(bold=True), writer.format(bg_color="#f6d5c8", font_color="#8a2b0c")
    for offset, words in enumerate(("Used by all decisions", "Allowed by the case", "Left"), start=1):
        writer.text(sheet, TOTALS + offset, 0, words, bold)
    for load, (name, (_, column)) in enumerate(zip(LIMITED, LOADS, strict=True)):
        letter = chr(ord("A") + column)
        limit = plan.limits[name]["limit"]
        used = math.fsum(row.loads[load] for row in rows)
        words = LIMITED[name].words + (f" ({writer.money})" if name == BUDGET else "")
        writer.text(sheet, TOTALS, column, words, writer.format(bold=True, align="right", text_wrap=True))
        figure = writer.format(_figures([used, limit or 0.0]), bold=True)
        formula = f"=SUM({letter}{first + 1}:{letter}{first + len(rows)})"
        sheet.write_formula(TOTALS + 1, column, formula, figure, used)
        if limit is None:
            writer.text(sheet, TOTALS + 2, column, "no limit", writer.format(align="right"))
            continue
        sheet.write_number(TOTALS + 2, column, limit, writer.format(_figures([used, limit]), bold=True, **FREE))
        left = f"{letter}{TOTALS + 3}-{letter}{TOTALS + 2}"
        sheet.write_formula(TOTALS + 3, column, f"={left}", figure, limit - used)
        room = -LIMIT_ROUNDING * (1 + limit)
        sheet.conditional_format(
            TOTALS + 3, column, TOTALS + 3, column, {"type": "cell", "criteria": "<", "value": room, "format": red}
        )


def _figures(values: list[float]) -> str:
    places = decimals(values)
    return "#,##0" + ("." + "0" * places if places else "")
