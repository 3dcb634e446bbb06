"""Weekly figures of a plan as sheets: a row for each series, a column for each week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...model.plan.plan import served
from ...model.plan.tolerances import SERVED_IN_FULL
from ..format.columns import FIGURE, SHARE, TEXT
from ..views.rows import plain_values
from .sheets import Column, SheetWriter

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from ...model import Plan

FLOWS, STOCKS, FILLS = "Flows by week", "Stocks by week", "Fills by week"
EVERY = "every scenario"

MOST_LINES = 8
"""Lines of a chart that can still be told apart."""


def add_weeks(
    writer: SheetWriter,
    plan: Plan,
    units: Mapping[str, str],
    title: str,
    name: str,
    kept: list[str],
    more: list[str],
    value: str,
) -> None:
    """Write a weekly table of a plan; what a series is called stays in view.

    Parameters
    ----------
    writer, plan, units
        Whose sheet it is, the plan, and the unit of every item.
    title, name
        The sheet, and the table of the plan.
    kept, more
        Columns that name a series: those that stay in view, and others.
    value
        The column of figures.
    """
    keys = [*kept, *more]
    frame = plan.tables[name]
    # The counterpart answers once, whatever it retaliates with.
    frame = frame.assign(scenario=frame["scenario"].replace("", EVERY))
    wide = frame.pivot_table(index=keys, columns="week", values=value, sort=False)
    weeks = list(wide.columns)
    items = list(wide.index.get_level_values("item"))
    names = plan.case.names
    called = {
        "scenario": names.scenario,
        "lane": names.lane,
        "item": names.item,
        **dict.fromkeys(("site", "origin", "destination"), names.site),
    }
    labels = [list(map(called.get(key, str), wide.index.get_level_values(key))) for key in keys]
    share = name == "fills"
    sums = wide.mean(axis=1) if share else wide.sum(axis=1) if name == "flows" else wide.iloc[:, -1]
    heading = {"flows": "All weeks", "stocks": "At the end", "fills": "Mean"}[name]
    unit = [Column("Unit", [units.get(item, "units") for item in items], TEXT)] if not share else []
    columns = [
        *(Column(key.capitalize(), values, TEXT) for key, values in zip(keys, labels, strict=True)),
        *unit,
        Column(heading, plain_values(sums), SHARE if share else FIGURE),
        *(Column(f"Week {week}", plain_values(wide[week]), SHARE if share else FIGURE) for week in weeks),
    ]
    first = len(columns) - len(weeks)
    sheet = writer.table(title, columns, frozen=len(kept))
    if share and len(wide):
        sheet.conditional_format(
            1,
            first,
            len(wide),
            len(columns) - 1,
            {"type": "cell", "criteria": "<", "value": SERVED_IN_FULL, "format": writer.format(bg_color="#f6d5c8")},
        )
        _short_fills(writer, sheet, wide, first)


def _short_fills(writer: SheetWriter, sheet: Worksheet, wide: pd.DataFrame, first: int) -> None:
    """Put a chart of the counterpart's fills that fall below 1 under the table."""
    short = [
        row
        for row, (key, values) in enumerate(wide.iterrows(), start=1)
        if key[-1] == "counterpart" and not served(values.min())
    ]
    if not short:
        return
    chart = writer.chart("line", "What the counterpart can still serve", "share of demand")
    last = first + len(wide.columns) - 1
    for row in short[:MOST_LINES]:
        chart.add_series(
            {
                "name": [FILLS, row, 2],
                "categories": [FILLS, 0, first, 0, last],
                "values": [FILLS, row, first, row, last],
            }
        )
    chart.set_y_axis({"num_format": "0%", "max": 1, "min": 0, "name": "share of demand"})
    chart.set_size({"width": 900, "height": 340})
    sheet.insert_chart(len(wide) + 2, 1, chart)
