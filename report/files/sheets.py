"""What the sheets of a workbook are made of: text, figures, tables with notes, charts, and how they print."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...data.output.case_tables import NARROWEST, WIDEST, write_text
from ..format.columns import FIGURE, SHARE, TEXT, WEEK
from ..format.numbers import decimals
from .notes import note_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

LINE_HEIGHT = 15
"""Height of a line of a header, in points."""

A4 = 9
"""Number of the paper in a workbook."""

NOTE = {"x_scale": 2.2, "font_size": 9}
"""Look of a note."""


@dataclass(frozen=True)
class Column:
    """A column of a sheet.

    Attributes
    ----------
    title
        Header, with the unit.
    cells
        One for each row.
    kind
        ``text``, ``share`` (shown in percent), ``week`` (a whole number) or ``figure``.
    """

    title: str
    cells: Sequence[Any]
    kind: str = FIGURE


class SheetWriter:
    """Writes sheets into a workbook in the making.

    Parameters
    ----------
    book
        The workbook.
    money
        What money is called.
    """

    def __init__(self, book: Workbook, money: str):
        self.book = book
        self.money = money
        self._formats: dict[str, Any] = {}

    def format(self, number: str = "", **options: Any) -> Any:
        """Return a format, the same for the same options."""
        key = repr((number, sorted(options.items())))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({**({"num_format": number} if number else {}), **options})
        return self._formats[key]

    def text(self, sheet: Worksheet, row: int, column: int, text: object, plain: Any = None) -> None:
        """Write a text that no spreadsheet takes for a formula."""
        write_text(sheet, row, column, str(text), self.format("@"), plain)

    def number(self, kind: str, values: Iterable[Any]) -> Any:
        """Return the format of figures of a kind: shares in percent, others with the decimals that their size calls for."""
        if kind == SHARE:
            return self.format("0.0%")
        places = 0 if kind == WEEK else decimals(value for value in values if isinstance(value, (int, float)))
        return self.format("#,##0" + ("." + "0" * places if places else ""))

    def table(self, title: str, columns: Sequence[Column], frozen: int = 1) -> Worksheet:
        """Write a sheet of a header with notes, rows and filters; the first columns stay in view."""
        sheet = self.book.add_worksheet(title)
        header: dict[str, Any] = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
        rows = len(columns[0].cells)
        for position, column in enumerate(columns):
            # Text keeps its distance from the figures before it.
            place: dict[str, Any] = {"align": "left", "indent": 1 if position else 0}
            if column.kind != TEXT:
                place = {"align": "right"}
            self.text(sheet, 0, position, column.title, self.format(**header, **place))
            if note := note_of(title, column.title):
                sheet.write_comment(0, position, note, NOTE)
            wide = column.kind == TEXT and _longest(column) > WIDEST
            wrap: dict[str, Any] = {"text_wrap": True, "valign": "top"} if wide else {}
            words = self.format(**place, **wrap) if position else None
            style = None if column.kind == TEXT else self.number(column.kind, column.cells)
            for row, value in enumerate(column.cells, start=1):
                if isinstance(value, str):
                    if value:
                        self.text(sheet, row, position, value, words)
                elif value is not None and math.isfinite(value):
                    sheet.write_number(row, position, value, style)
            sheet.set_column(position, position, _width(column))
        lines = max(math.ceil(1.2 * len(column.title) / _width(column)) for column in columns)
        sheet.set_row(0, LINE_HEIGHT * min(lines, 6))
        sheet.freeze_panes(1, frozen)
        self.for_paper(sheet, header=0)
        if rows:
            sheet.autofilter(0, 0, rows, len(columns) - 1)
        return sheet

    def for_paper(self, sheet: Worksheet, header: int | None = None) -> None:
        """Print a sheet across the width of a page, A4 on its side, its header on every page."""
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")
        if header is not None:
            sheet.repeat_rows(header)

    def chart(self, kind: str, title: str, unit: str) -> Any:
        """Return an empty chart with its title, its axis of figures in a unit."""
        chart = self.book.add_chart({"type": kind})
        chart.set_title({"name": title, "name_font": {"size": 12}})
        if unit and not unit.startswith("="):
            axis = chart.set_x_axis if kind == "bar" else chart.set_y_axis
            axis({"name": unit, "num_format": "#,##0"})
        chart.set_size({"width": 620, "height": 360})
        return chart


def _longest(column: Column) -> int:
    return max((len(value) for value in column.cells if isinstance(value, str)), default=0)


def _width(column: Column) -> float:
    if column.kind == TEXT:
        return min(max(_longest(column), len(column.title), NARROWEST) + 3, WIDEST)
    return 9 if column.title.startswith("Week ") else 14
