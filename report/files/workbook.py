"""A plan as one .xlsx workbook: what was chosen, what follows from it week by week, and the case it rests on."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data.output.case_tables import WORKBOOK_OPTIONS, add_case_sheets, whole_text
from ...data.storage.placing import place_file
from ...model.network import NONE
from ...model.plan.limits import BUDGET, LIMITED
from ..charts.base import OURS, THEIRS
from ..format.columns import FIGURE, SHARE, TEXT, WEEK, WORKBOOK, shown_on
from ..format.numbers import gap
from ..text.reason_cells import reason_cells, reason_heads, reason_lines
from ..text.study import hedging_words, knowing_words, known_cells, rest_words
from ..text.words import alternative_words, alternatives_words, answer
from ..views.outcomes import nearest
from ..views.plan import plan_view
from ..views.policies import POLICY_COLUMNS
from .decisions import DECISIONS, add_decisions
from .folder import versions
from .sheets import LINE_HEIGHT, Column, SheetWriter
from .weeks import FILLS, FLOWS, STOCKS, add_weeks

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from ...model import Plan
    from ..format.words import Words
    from ..views.outcomes import ScenarioRow
    from ..views.study import StudyView

SUMMARY, POLICIES, SOURCING = "Summary", "Policies of the plan", "Sourcing"
SCENARIOS, CAUSES, LOSSES, CONTINUITY = "Scenarios", "Causes", "Losses", "Continuity"
ALLOCATION, SERVICE = "Allocation", "Service"
"""Sheets of a plan at least cost."""

SETTLEMENTS = "Settlements"
SHEETS = (
    SUMMARY,
    DECISIONS,
    POLICIES,
    SOURCING,
    SCENARIOS,
    CAUSES,
    SETTLEMENTS,
    LOSSES,
    CONTINUITY,
    FLOWS,
    STOCKS,
    FILLS,
)
"""Sheets of the plan; none has the name of a table of the case, nor one near it, so that the workbook is a case too."""

SUMMARY_LINE = 78
"""Characters of a line of the summary."""


def write_workbook(
    plan: Plan, path: str | os.PathLike[str], *, force: bool = False, remarks: Sequence[str] = ()
) -> Path:
    """Write a plan as a workbook that can be filtered, charted, and read as a case again.

    Parameters
    ----------
    plan
        A plan with its tables.
    path
        A new ``.xlsx`` file; it appears complete or not at all.
    force
        Replace the file that is there.
    remarks
        What a reader should know about the result folder; the first part of the summary.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileExistsError
        Where the file is there.
    CaseError
        Where a text of the case is too long for a cell.
    OSError
        Where the file cannot be written.
    """
    from xlsxwriter import Workbook

    content = io.BytesIO()
    with Workbook(content, WORKBOOK_OPTIONS) as book:
        title = whole_text(plan.case.settings.case.title or plan.case.name)
        book.set_properties({"title": title, "author": "sluicegate"})
        _Writer(book, plan, remarks).write()
        add_case_sheets(book, plan.case)
    return place_file(content.getvalue(), path, force=force)


class _Writer(SheetWriter):
    """The sheets of a plan in a workbook in the making."""

    def __init__(self, book: Workbook, plan: Plan, remarks: Sequence[str] = ()):
        self.view = plan_view(plan)
        super().__init__(book, self.view.case.money or "money")
        self.plan = plan
        self.remarks = remarks
        self.words = self.view.case.words
        self.units = {row.item: row.unit or "units" for row in plan.case.items}

    def write(self) -> None:
        """Write all sheets; those of a plan that is none stay away, the summary says why."""
        self._summary()
        if self.view.outcome is None:
            return
        lost, needed, instead = reason_heads(self.words)[2:]
        why = {
            row.key: tuple(cells[2:])
            for row, cells in zip(self.view.reasons, reason_cells(self.view.reasons), strict=True)
        }
        heads = (f"{lost} ({self.money})", needed, instead) if why else ()
        add_decisions(self, self.plan, why, heads)
        if self.view.policies or self.words.two_sided:
            self._policies()
        self._sourcing()
        if self.view.allocation:
            self._allocation()
        self._scenarios()
        self._causes()
        self._settlements()
        self._losses()
        self._continuity()
        given = self, self.plan, self.units
        add_weeks(*given, FLOWS, "flows", ["scenario", "lane"], ["side", "item", "origin", "destination"], "dispatched")
        add_weeks(*given, STOCKS, "stocks", ["scenario", "site", "item"], ["side"], "stock")
        add_weeks(*given, FILLS, "fills", ["scenario", "site", "item"], ["side"], "fill")

    # Sheets ----------------------------------------------------------------------------------------------------------

    def _summary(self) -> None:
        sheet = self.book.add_worksheet(SUMMARY)
        sheet.set_column(0, 0, 46)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 2, 14)
        sheet.hide_gridlines(2)
        bold = self.format(bold=True, top=1)
        self.text(
            sheet,
            0,
            0,
            self.view.case.title,
            self.format(bold=True, font_size=15),
        )
        row = 2
        for sentence in answer(self.view):
            self._across(sheet, row, sentence)
            row += 1
        row += 1
        for title, lines in self._summary_parts():
            sheet.write_string(row, 0, title, bold)
            for column in (1, 2):
                sheet.write_blank(row, column, None, bold)
            row += 1
            for words, value, unit in lines:
                if value is None and not unit:
                    self._across(sheet, row, words)
                    row += 1
                    continue
                self.text(sheet, row, 0, words)
                if isinstance(value, str):
                    self.text(sheet, row, 1, value)
                elif value is not None and math.isfinite(value):
                    sheet.write_number(row, 1, value, self.number(FIGURE, [value]))
                if unit:
                    self.text(sheet, row, 2, unit)
                row += 1
            row += 1
        if self.view.scenarios:
            chart = self.chart("bar", f"{self.words.title} by scenario", self.money)
            count = len(self.view.scenarios)
            chart.add_series(
                {
                    "name": self.words.outcome,
                    "categories": [SCENARIOS, 1, 0, count, 0],
                    "values": [SCENARIOS, 1, 2, count, 2],
                    "fill": {"color": OURS},
                    "gap": 60,
                }
            )
            # What begins like a formula would be taken for a reference.
            named = {} if self.money.startswith("=") else {"name": self.money}
            chart.set_x_axis({**named, "num_format": "#,##0", **_from_zero(self.view.scenarios)})
            chart.set_y_axis({"reverse": True, "label_position": "low"})
            chart.set_legend({"none": True})
            sheet.insert_chart(1, 4, chart)
        self.for_paper(sheet)

    def _across(self, sheet: Worksheet, row: int, words: str) -> None:
        """Write a sentence across the columns of the summary; merged cells have no height of their own."""
        wrapped = self.format(text_wrap=True, valign="top")
        sheet.merge_range(row, 0, row, 2, "", wrapped)
        self.text(sheet, row, 0, words, wrapped)
        sheet.set_row(row, LINE_HEIGHT * math.ceil(len(words) / SUMMARY_LINE))

    def _summary_parts(self) -> Iterable[tuple[str, list[tuple[str, Any, str]]]]:
        """Return the parts of the summary: title, and lines of words, value and unit."""
        view, money = self.view, self.money
        if self.remarks:
            yield "Before you trust these figures", [(remark, None, "") for remark in self.remarks]
        yield (
            "The case",
            [
                ("name", view.case.name, ""),
                *((words, text, "") for words, text in (("plan", view.name), ("note", view.note)) if text),
                ("horizon", view.case.weeks, "weeks"),
                ("week 0 begins", view.case.start, ""),
            ],
        )
        answer: list[tuple[str, Any, str]] = [("status", view.status, "")]
        if view.study is not None:
            answer += [
                (f"{self.words.outcome} runs from (5% of the worlds are below)", view.study.low, money),
                ("to (95% are below)", view.study.high, money),
                ("worlds", view.study.n, ""),
                *self._worth(view.study),
            ]
        if view.range is not None:
            answer += [
                (
                    f"{self.words.outcome} runs from (5% of the worlds drawn from the uncertain figures are below)",
                    view.range.low,
                    money,
                ),
                ("to (95% are below)", view.range.high, money),
                ("worlds worked out", view.range.worked_out, ""),
                *((words, getattr(view.range, name), "") for words, name in self.words.range_summary),
            ]
        if view.outcome is not None:
            answer += [self._summary_line(words, name) for words, name in self.words.summary]
        yield "The answer", answer
        if view.reasons:
            yield "What each decision is for", [(line, None, "") for line in reason_lines(view.reasons)]
        if view.alternatives is not None:
            rows = [(alternative_words(row), row.outcome, money) for row in view.alternatives.rows]
            yield (
                f"Other plans, and their {self.words.outcome}",
                [*rows, (alternatives_words(view.alternatives), None, "")],
            )
        if view.uses:
            units = {name: each.measure for name, each in LIMITED.items()} | {BUDGET: money}
            yield (
                "Limits",
                [(f"{row.words} used{_limit(row.limit)}", row.used, units[row.name]) for row in view.uses],
            )
        remarks = [*view.violations, *view.notices]
        if remarks:
            yield "To know before trusting a figure", [(remark, None, "") for remark in remarks]
        yield (
            "How it was solved",
            [
                ("method", view.solve.method, ""),
                *(
                    (f"{name.replace('_', ' ')}, relative", f"{value:.1g}", "")
                    for name, value in view.solve.certificate.items()
                ),
                *(
                    (name, value, "")
                    for name, value in versions().items()
                    if name in ("sluicegate", "highspy", "pyomo")
                ),
            ],
        )

    def _worth(self, study: StudyView) -> Iterable[tuple[str, Any, str]]:
        """Yield lines of what hedging, the world and single figures are worth; what is not known is said as the page says it."""
        for words, value, said in (
            ("planning for all worlds is worth (VSS)", study.vss, hedging_words),
            ("to know the world would be worth (EVPI)", study.evpi, knowing_words),
        ):
            if value is not None:
                yield words, value, self.money
            else:
                yield from ((line, None, "") for line in said(study, self.view.case))
        for row in study.first:
            yield f"to know {row.name} would be worth (95% interval {known_cells(row)[1]})", row.worth.value, self.money
        yield rest_words(study), None, ""

    def _summary_line(self, words: str, name: str) -> tuple[str, Any, str]:
        value = getattr(self.view, name)
        if name == "gap":
            return words, "" if value is None else gap(value), ""
        return words, value, "" if isinstance(value, str) else self.money

    def _policies(self) -> None:
        self.table(
            POLICIES,
            [
                Column(column.named(self.money), column.of(self.view.policies), column.kind)
                for column in shown_on(POLICY_COLUMNS, WORKBOOK)
            ],
        )

    def _sourcing(self) -> None:
        lanes, stockpiles = self.view.lanes, self.view.stockpiles
        rows: list[Any] = [*lanes, *stockpiles]
        none = [0.0] * len(stockpiles)
        sheet = self.table(
            SOURCING,
            [
                Column("Lane or stockpile", [row.title for row in rows], TEXT),
                Column("Kind", ["lane"] * len(lanes) + ["stockpile"] * len(stockpiles), TEXT),
                Column("Item", [row.item for row in rows], TEXT),
                Column("From", [row.origin for row in lanes] + [""] * len(stockpiles), TEXT),
                Column("Party", [row.party for row in rows], TEXT),
                Column("To", [*(row.destination for row in lanes), *(row.site for row in stockpiles)], TEXT),
                Column("Before", [*(row.status_quo for row in lanes), *none]),
                Column("In the plan", [*(row.plan for row in lanes), *(row.units for row in stockpiles)]),
                Column(
                    "Unit",
                    [f"{row.unit or 'units'} per week" for row in lanes] + [row.unit or "units" for row in stockpiles],
                    TEXT,
                ),
                Column("Share before", [*(row.status_quo_share for row in lanes), *none], SHARE),
                Column("Share in the plan", [*(row.plan_share for row in lanes), *none], SHARE),
                Column("To be qualified", [*(_yes(row.to_qualify) for row in lanes), *([""] * len(stockpiles))], TEXT),
                Column("Qualified", [*(_yes(row.qualified) for row in lanes), *([""] * len(stockpiles))], TEXT),
                Column(f"Cost of qualifying ({self.money})", [*(row.fixed_cost for row in lanes), *none]),
                Column(f"Spent on it ({self.money})", [row.cost for row in rows]),
                Column("Id", [row.id for row in rows], TEXT),
            ],
        )
        if not lanes:
            return
        chart = self.chart("bar", "Share of intake before and in the plan", "")
        for column, colour in ((9, "#9aa5b1"), (10, OURS)):
            chart.add_series(
                {
                    "name": [SOURCING, 0, column],
                    "categories": [SOURCING, 1, 0, len(lanes), 0],
                    "values": [SOURCING, 1, column, len(lanes), column],
                    "fill": {"color": colour},
                }
            )
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"num_format": "0%", "max": 1, "min": 0})
        chart.set_size({"width": 760, "height": max(320, 26 * len(lanes) + 90)})
        sheet.insert_chart(len(lanes) + len(stockpiles) + 2, 0, chart)

    def _allocation(self) -> None:
        rows, quarters = self.view.allocation, len(self.view.allocation[0].quarters)
        ordering = [Column(f"Orders ({self.money})", [row.ordering for row in rows])]
        if not any(row.ordered for row in rows):
            ordering = []
        self.table(
            ALLOCATION,
            [
                Column("Supplier", [row.supplier for row in rows], TEXT),
                Column("Party", [row.party for row in rows], TEXT),
                Column("Item", [row.item for row in rows], TEXT),
                Column("Unit", [row.unit for row in rows], TEXT),
                *(Column(f"Quarter {place + 1}", [row.quarters[place] for row in rows]) for place in range(quarters)),
                Column("All quarters", [row.units for row in rows]),
                Column("Share", [row.share for row in rows], SHARE),
                Column(f"Price of a unit ({self.money})", [row.price for row in rows]),
                Column(f"Freight ({self.money})", [row.freight for row in rows]),
                Column(f"Duty ({self.money})", [row.duty for row in rows]),
                *ordering,
                Column(f"Qualifying ({self.money})", [row.qualifying for row in rows]),
                Column(f"Landed cost of a unit ({self.money})", [row.landed for row in rows]),
                Column(f"Landed cost today ({self.money})", [row.today for row in rows]),
                Column(f"Qualifying, all units ({self.money})", [row.fixed for row in rows]),
            ],
        )
        served = self.view.service
        self.table(
            SERVICE,
            [
                Column("Scenario", [self.view.titles[row.scenario] for row in served], TEXT),
                Column("Demand", [row.demand for row in served], TEXT),
                Column("Mean fill", [row.mean for row in served], SHARE),
                Column("Least week", [row.least for row in served], SHARE),
                Column("Which", [row.week for row in served], WEEK),
            ],
        )

    def _scenarios(self) -> None:
        rows = self.view.scenarios
        demands = list(dict.fromkeys(key for row in rows for key in row.fills))
        figures = self.words.scenario_sheet
        sheet = self.table(
            SCENARIOS,
            [
                Column("Scenario", [self.view.titles[row.name] for row in rows], TEXT),
                Column("Kind", [_kind(row, self.words) for row in rows], TEXT),
                *(
                    Column(title.format(money=self.money), [getattr(row, name) for row in rows])
                    for title, name in figures
                ),
                Column("Known from week", [row.reveal_week for row in rows], WEEK),
                Column("Fill at its least", ["; ".join(row.at_limit) for row in rows], TEXT),
                *(Column(f"Mean fill of {key}", [row.fills.get(key) for row in rows], SHARE) for key in demands),
                Column("Id", [row.name for row in rows], TEXT),
                Column("What happens", [row.words for row in rows], TEXT),
            ],
        )
        chart = self.chart("column", self.words.scenario_chart, self.money)
        losses = range(3, 2 + len(figures))
        for column, colour in zip(losses, (THEIRS, OURS)[-len(losses) :], strict=True):
            chart.add_series(
                {
                    "name": [SCENARIOS, 0, column],
                    "categories": [SCENARIOS, 1, 0, len(rows), 0],
                    "values": [SCENARIOS, 1, column, len(rows), column],
                    "fill": {"color": colour},
                }
            )
        sheet.insert_chart(len(rows) + 2, 0, chart)

    def _causes(self) -> None:
        rows = [(causes.side, row) for causes in self.view.causes for row in causes.rows]
        if rows:
            self.table(
                CAUSES,
                [
                    Column("Side", [side for side, _ in rows], TEXT),
                    Column("Cause", [row.cause for _, row in rows], TEXT),
                    Column("Item", [row.item or "" for _, row in rows], TEXT),
                    Column("Units", [row.units for _, row in rows]),
                    Column(f"{self.words.cause_heads[-1]} ({self.money})", [row.amount for _, row in rows]),
                ],
            )

    def _settlements(self) -> None:
        rows = self.view.bargain.weeks if self.view.bargain else ()
        if rows:
            self.table(
                SETTLEMENTS,
                [
                    Column("Settled in week", [row.week for row in rows]),
                    Column(f"Counterpart's loss ({self.money})", [row.counterpart_loss for row in rows]),
                    Column(f"Our loss ({self.money})", [row.own_loss for row in rows]),
                    Column(f"Leverage ({self.money})", [row.leverage for row in rows]),
                ],
            )

    def _losses(self) -> None:
        rows = self.view.loss_rows
        sheet = self.table(
            LOSSES,
            [
                Column("Scenario", [self.view.titles.get(row.scenario, row.scenario) for row in rows], TEXT),
                Column("Side", [row.side for row in rows], TEXT),
                Column("Part", [row.part for row in rows], TEXT),
                *(
                    Column(f"{head} ({self.money})", [getattr(row, name) for row in rows])
                    for head, name in zip(self.words.loss_heads[1:], ("status_quo", "plan", "loss"), strict=True)
                ),
            ],
        )
        begin = 1
        colours = {"counterpart": THEIRS, "ours": OURS}
        for place, side in enumerate(self.words.sides):
            # What decides comes first: its sums are the headline.
            count = sum(row.scenario == self.view.decides and row.side == side for row in rows)
            chart = self.chart("bar", self.words.loss_chart[side], self.money)
            chart.add_series(
                {
                    "name": self.words.total,
                    "categories": [LOSSES, begin, 2, begin + count - 1, 2],
                    "values": [LOSSES, begin, 5, begin + count - 1, 5],
                    "fill": {"color": colours[side]},
                    "gap": 50,
                }
            )
            chart.set_y_axis({"reverse": True, "label_position": "low"})
            chart.set_legend({"none": True})
            sheet.insert_chart(1 + 20 * place, 7, chart)
            begin += count

    def _continuity(self) -> None:
        rows = nearest(self.view.margins)
        words = {"mean": "mean over the weeks"}
        self.table(
            CONTINUITY,
            [
                Column("Demand", [row.demand for row in rows], TEXT),
                Column("Limit on", [words.get(row.measure, row.measure) for row in rows], TEXT),
                Column("Least fill allowed", [row.limit for row in rows], SHARE),
                Column("Worst in", [self.view.titles[row.scenario] for row in rows], TEXT),
                Column("Mean fill there", [row.mean for row in rows], SHARE),
                Column("Least week there", [row.least_week for row in rows], SHARE),
                Column("Margin", [row.margin for row in rows], SHARE),
            ],
        )


def _from_zero(rows: Sequence[ScenarioRow]) -> dict[str, float]:
    """Return the end of the axis at which bars begin: 0, where all are on one side of it."""
    outcomes = [row.outcome for row in rows]
    return {"min": 0.0} if min(outcomes) >= 0 else {"max": 0.0} if max(outcomes) <= 0 else {}


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _kind(row: ScenarioRow, words: Words) -> str:
    if row.name == NONE:
        return f"{words.calm_kind}, worst" if row.worst else words.calm_kind
    if not row.retaliation:
        return "outage, worst" if row.worst else "outage"
    return words.worst_kind if row.worst else words.package_kind


def _limit(most: float | None) -> str:
    return ", no limit" if most is None else f" of {most:,g}"
