"""What is said beside a plan for many worlds, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..format.names import Name
from ..format.numbers import counted, joined_few, percent, plain, rough
from .layout import indented, new_table, section, text_line
from .words import in_money

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..format.words import Words
    from ..views.case import CaseView
    from ..views.plan import PlanView
    from ..views.study import EstimateView, KnownRow, RegionView, StudyView

MOST_FIGURES = 4
"""Figures of a group that are named before the rest is counted."""


def study_parts(view: PlanView) -> Iterable[RenderableType]:
    """Yield the sections of a plan over worlds; none of a plan for the case's own figures."""
    worlds = view.study
    if worlds is None:
        return
    yield section("Over the worlds", plain(view.case.money))
    words = view.case.words
    found = new_table(*candidate_heads(words))
    for name, *cells in candidate_cells(worlds):
        found.add_row(Name(name), *cells)
    yield indented(found)
    for line in worth_lines(worlds, view.case):
        yield text_line(line)
    yield section("What to find out first", "what it is worth to know before choosing")
    if worlds.first:
        found = new_table("Figure", "Worth", "95% interval")
        for row in worlds.first:
            found.add_row(Name(row.name), *known_cells(row))
        yield indented(found)
        for row in worlds.first:
            if row.figures:
                yield text_line(group_words(row), "dim")
    yield text_line(rest_words(worlds))
    yield section("Where it goes wrong")
    for line in region_lines(worlds.region, words):
        yield text_line(line)


def candidate_heads(words: Words) -> tuple[str, ...]:
    """Return the heads of the table of plans over the worlds."""
    below = ("Below 0",) if words.sense.sign > 0 else ()
    return ("Plan", "Mean", "Worst tenth", "Worst", *below, "Limits kept", "Better in")


def candidate_cells(worlds: StudyView) -> Iterator[tuple[str, ...]]:
    """Yield plan by plan its name and what it yields over the worlds."""
    for place, row in enumerate(worlds.shown):
        yield (
            plain(row.name),
            rough(row.mean),
            rough(row.cvar),
            rough(row.worst),
            *(() if row.negative is None else (percent(row.negative, 0),)),
            percent(row.kept, 0),
            percent(row.better, 0) if place else "",
        )


def worth_lines(worlds: StudyView, case: CaseView) -> Iterator[str]:
    """Yield what hedging and what knowing the world are worth, and what fresh worlds say."""
    yield from hedging_words(worlds, case)
    yield from knowing_words(worlds, case)
    if worlds.compared < worlds.n:
        yield f"The plans were compared in {worlds.compared} of {counted(worlds.n, 'world')}, as many as the time allowed."
    if worlds.fresh is not None:
        fresh = worlds.fresh
        below = "" if fresh.negative is None else f"below 0 in {share_between(fresh.negative)}, "
        yield (
            f"In {counted(fresh.n, 'fresh world')}: mean {between(fresh.mean)}, worst tenth {between(fresh.cvar)}, {below}limits "
            f"kept in {share_between(fresh.kept)}."
        )
    if worlds.behind is not None:
        yield (
            f"Against the best plans of {counted(worlds.replications, 'other sample')} it is behind by "
            f"{rough(worlds.behind.value)} on average; below {rough(worlds.behind.high)} with 95% confidence."
        )


def hedging_words(worlds: StudyView, case: CaseView) -> Iterator[str]:
    """Yield what planning for all worlds is worth, or why that is not known."""
    if worlds.vss is not None:
        worth = in_money(case, rough(worlds.vss))
        yield f"Planning for all worlds is worth {worth} beyond the plan for the figures as they are (VSS)."
    elif any(row.kept < worlds.candidates[0].kept for row in worlds.candidates[1:2]):
        yield "The plan for the figures as they are breaks limits in worlds in which this plan keeps them."


def knowing_words(worlds: StudyView, case: CaseView) -> Iterator[str]:
    """Yield what it would be worth to know the world, and of which worlds that is known."""
    if worlds.evpi is not None:
        yield f"To know the world before choosing would be worth {in_money(case, rough(worlds.evpi))} (EVPI)."
    elif worlds.evpi_elsewhere is not None:
        yield (
            f"In {worlds.unkept} of {counted(worlds.n, 'world')} no plan keeps continuity. Over the others, to know the world "
            f"before choosing would be worth {in_money(case, rough(worlds.evpi_elsewhere))} (EVPI)."
        )
        if worlds.evpi_compared > 0:
            yield f"Over all worlds, among the plans compared, it would be worth {in_money(case, rough(worlds.evpi_compared))}."


def between(found: EstimateView) -> str:
    """Return an estimate of money with its interval."""
    return f"{rough(found.value)} ({rough(found.low)} to {rough(found.high)})"


def share_between(found: EstimateView) -> str:
    """Return an estimate of a share with its interval."""
    return f"{percent(found.value, 0)} ({percent(found.low, 0)} to {percent(found.high, 0)})"


def known_cells(row: KnownRow) -> tuple[str, str]:
    """Return what a figure is worth, and the interval."""
    return rough(row.worth.value), f"{rough(row.worth.low)} to {rough(row.worth.high)}"


def group_words(row: KnownRow) -> str:
    """Return which figures a group holds, the first few by name."""
    figures = joined_few([plain(figure) for figure in row.figures], MOST_FIGURES)
    return f"{plain(row.name)} stands for {counted(len(row.figures), 'figure')}: {figures}."


def rest_words(worlds: StudyView) -> str:
    """Return what a worth of nothing means, and what is said of the figures that are not listed."""
    first = worlds.first
    if not first:
        return "No figure is uncertain."
    rest = len(worlds.known) - len(first)
    named = f"{counted(rest, 'other figure or group', 'other figures and groups')}: worth less, or nothing."
    return " ".join([*nothing_words(worlds), named if rest else "No other figure is uncertain."])


def nothing_words(worlds: StudyView) -> Iterator[str]:
    """Yield what it means that some of the figures listed are worth nothing, or all; nothing where none is."""
    nothing = [row.worth for row in worlds.first if row.worth.value <= 0]
    if not nothing:
        return
    every = len(nothing) == len(worlds.first)
    who = "No single figure is worth knowing" if every else "A figure worth 0 need not be known"
    yield f"{who}: the same plan is chosen whatever it turns out to be."
    if any(worth.high > 0 for worth in nothing):
        yield "The end of an interval is what it might be worth by other worlds drawn."


def region_lines(region: RegionView, words: Words) -> Iterator[str]:
    """Yield where a plan goes wrong."""
    if region.negative:
        yield f"{words.wrong} in {percent(region.share, 0)} of the worlds."
    else:
        yield "It never goes wrong in these worlds."
    if region.sides:
        where = f"Where {' and '.join(_side(*side) for side in region.sides)},"
        inside, found = percent(region.density, 0), percent(region.coverage, 0)
        if region.negative:
            yield f"{where} it goes wrong in {inside} of the worlds; {found} of the worlds in which it goes wrong lie there."
        else:
            worst = f"its worst {percent(region.share, 0)}"
            yield f"{where} {inside} of the worlds are among {worst}; {found} of these worst worlds lie there."
    elif region.share:
        yield "No figure or two of them tell where."


def _side(figure: str, sign: str, value: float | str) -> str:
    shown = plain(value) if isinstance(value, str) else rough(value)
    return f"{plain(figure)} is {shown if sign == 'is' else f'{sign} {shown}'}"
