"""Both losses by cause on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..format.numbers import decimals, number, plain, signed

if TYPE_CHECKING:
    import pandas as pd

    from ...model import Plan

CAUSES = {
    "sales": "sales lost, net of what they save",
    "sources": "dearer sources",
    "stock": "stock to rebuild",
    "holding": "stockholding, goods held in review",
    "package": "its package",
    "undelivered": "its orders we cannot deliver",
    "second sources": "qualifying lanes",
    "stockpiles": "stockpiles, above the usual cost",
    "reviews": "running the reviews",
}
"""Causes in words; "it" is the counterpart."""


def causes_view(plan: Plan, side: str) -> list[tuple[str, pd.DataFrame]]:
    """Return causes of a side's loss in the worst package, in words and the order of `CAUSES`, each with its rows.

    Parameters
    ----------
    plan
        A plan with the table ``causes``.
    side
        ``counterpart`` or ``ours``.
    """
    frame = plan.tables["causes"]
    frame = frame[(frame["scenario"] == plan.worst_package) & (frame["side"] == side)]
    return [(words, rows) for cause, words in CAUSES.items() if len(rows := frame[frame["cause"] == cause])]


def causes_parts(plan: Plan) -> Iterable[RenderableType]:
    """Yield a table of causes for each side, its sum the loss; nothing for a plan of an earlier version."""
    if "causes" not in plan.tables:
        return
    currency = plan.case.settings.case.currency
    for side, owner, total in (
        ("counterpart", "the counterpart's", plan.counterpart_loss),
        ("ours", "our", plan.own_loss),
    ):
        view = causes_view(plan, side)
        if not view:
            continue
        places = decimals([*(amount for _, rows in view for amount in rows["amount"]), total or 0.0])
        table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False, header_style="")
        for name, justify in (("Cause", "left"), ("Item", "left"), ("Units", "right"), ("Loss", "right")):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for words, rows in view:
            _add(table, words, rows, places)
        table.add_row(Text("their sum", style="bold"), "", "", Text(number(total or 0.0, places), style="bold"))
        under = "" if plan.worst_package == "none" else f", under {plan.worst_package}"
        yield Text.assemble("\n", (f"What causes {owner} loss", "bold"), f"  {currency}{under}")
        yield Padding(table, (0, 0, 0, 2))


def _add(table: Table, words: str, rows: pd.DataFrame, places: int) -> None:
    noise = 0.5 * 10.0**-places
    kept: Sequence = [row for row in rows.itertuples() if abs(row.amount) >= noise]
    for place, row in enumerate(kept):
        units = number(row.units, decimals([row.units])) if row.item and row.units == row.units else ""
        table.add_row(Text(words if place == 0 else ""), Text(plain(row.item)), Text(units), signed(row.amount, places))
