"""A plan on the terminal."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.text import Text

from ...model.network import NONE
from ..format.names import Name
from ..format.numbers import brief, counted, decimals, listed, number, percent, plain, rough, signed
from ..views.outcomes import nearest
from ..views.plan import PlanView, plan_view
from ..views.policies import POLICY_COLUMNS
from ..views.scenarios import quoted
from ..views.sourcing import SAME_SHARE
from .bargain import bargain_parts
from .causes import causes_parts
from .layout import indented, label_grid, new_table, section, table_of, text_line
from .plan_cells import (
    SERVICE_HEADS,
    allocation_cells,
    allocation_heads,
    alternative_cells,
    case_limit_cells,
    landed_cells,
    landed_heads,
    limit_cells,
    loss_cells,
    scenario_cells,
    scenario_columns,
    service_cells,
    stockpile_cells,
)
from .reason_cells import reason_cells, reason_heads, reason_lines
from .study import study_parts
from .words import (
    alternative_words,
    alternatives_words,
    answer,
    bound_words,
    how,
    in_money,
    proven_in_worlds,
    range_words,
    split_words,
    status_words,
    under,
    worlds_lines,
    worlds_words,
)

if TYPE_CHECKING:
    from ...model import Plan
    from ..views.case import CaseView
    from ..views.worlds import WorldsView


def show_plan(plan: Plan, console: Console) -> None:
    """Print a plan.

    Parameters
    ----------
    plan
        The plan.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in plan_parts(plan_view(plan)):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def plan_parts(view: PlanView) -> Iterable[RenderableType]:
    """Return the sections of a plan, in their order."""
    yield from heading(view.case)
    if named := plan_name(view):
        yield Text(named, overflow="fold")
    if view.outcome is None:
        yield from _without_plan(view)
        yield from _notices(view)
        return
    yield from _headline(view)
    yield from study_parts(view)
    yield from _violations(view)
    yield from _notices(view)
    yield from _policies(view)
    yield from _limits(view)
    yield from _reasons(view)
    yield from _alternatives(view)
    yield from _sourcing(view)
    yield from _allocation(view)
    yield from _shortages(view)
    yield from bargain_parts(view)
    yield from causes_parts(view)
    yield from _losses(view)
    yield from _continuity(view)
    yield from _service(view)
    yield from _scenarios(view)
    yield from _proof(view)
    yield from _answer(view)


def plan_name(view: PlanView) -> str:
    """Return what its maker calls a plan and says of it, in a line; empty where nothing was given."""
    return ": ".join(filter(None, (plain(view.name), plain(view.note))))


def heading(case: CaseView) -> Iterable[RenderableType]:
    """Yield what a case is called, how long it goes, and in which money."""
    yield Text(plain(case.title), style="bold", overflow="fold")
    start = f" from {case.start}" if case.start else ""
    money = f"; money in {plain(case.money)}" if case.money else ""
    yield Text(f"{plain(case.name)}: {counted(case.weeks, 'week')}{start}{money}", style="dim", overflow="fold")


def _headline(view: PlanView) -> Iterable[RenderableType]:
    words, outcome = view.case.words, brief(view.outcome)
    if view.worlds is not None:
        yield from _in_worlds(view, view.worlds)
        yield text_line(f"at the case's own figures {outcome}")
    else:
        yield from headline(view)
    yield text_line(split_words(view))
    rows = []
    if view.bound is not None and words.two_sided:
        known = view.sourcing_only is not None
        remark = f"best {words.outcome} of sourcing alone" if known else "no plan with every regime open is known"
        rows.append(("without reviews", brief(view.sourcing_only), remark))
    if view.least is not None and (least := brief(view.least)) != brief(view.most):
        rows.append((words.worst_tie, least, "if the counterpart breaks ties against us"))
    if rows:
        yield label_grid(rows)


def headline(view: PlanView) -> Iterable[RenderableType]:
    """Yield from where to where the outcome runs, what it is at the case's own figures, and how far that is proven."""
    words, outcome = view.case.words, brief(view.outcome)
    if view.range is None:
        yield section(f"{words.title} {in_money(view.case, outcome)}")
        yield text_line(status_words(view, words))
        return
    yield section(f"{words.title} {range_words(view.range, view.case)}")
    yield text_line(worlds_words(view.range, words))
    yield text_line(f"at the case's own figures {outcome}; {status_words(view, words)}")


def _reasons(view: PlanView) -> Iterable[RenderableType]:
    if not view.reasons:
        return
    yield section("What each decision is for", plain(view.case.money))
    heads = reason_heads(view.case.words)
    found = new_table(*heads[:3])
    for decision, takes, lost, *_ in reason_cells(view.reasons):
        found.add_row(Name(decision), takes, lost)
    yield indented(found)
    yield text_line("What needs it: all else kept. Instead: what the best plan without it does.", "dim")
    for line in reason_lines(view.reasons):
        yield text_line(f"- {line}")


def _alternatives(view: PlanView) -> Iterable[RenderableType]:
    found = view.alternatives
    if found is None:
        return
    yield section("Other plans")
    if found.rows:
        shown = new_table("What they do otherwise", view.case.words.title, view.case.words.worse)
        for row, cells in zip(found.rows, alternative_cells(found), strict=True):
            shown.add_row(Name(alternative_words(row)), *cells)
        yield indented(shown)
    yield text_line(alternatives_words(found))


def _in_worlds(view: PlanView, found: WorldsView) -> Iterable[RenderableType]:
    value = f"{found.words} {in_money(view.case, brief(found.value))} in {counted(found.worlds, 'world')}"
    proven = proven_in_worlds(view.status, found, view.case.words)
    if view.study is None:
        yield section(f"{value[0].upper()}{value[1:]}")
        yield text_line(proven)
    else:
        low, high = rough(view.study.low), in_money(view.case, rough(view.study.high))
        yield section(f"{view.case.words.title} {low} to {high}", "5 to 95% of the worlds")
        yield text_line(f"chosen by {value}; {proven}")
    for line in worlds_lines(found, view.case.words):
        yield text_line(line)


def _violations(view: PlanView) -> Iterable[RenderableType]:
    if view.violations:
        yield section("Limits that these choices break")
        for violation in view.violations:
            yield text_line(f"- {plain(violation)}", "red")


def _notices(view: PlanView) -> Iterable[RenderableType]:
    if view.notices:
        yield section("Before you trust these figures")
        for notice in view.notices:
            yield text_line(f"- {plain(notice)}", "yellow")


def _policies(view: PlanView) -> Iterable[RenderableType]:
    if not view.policies and not view.case.words.two_sided:
        return
    yield section("Policies")
    if view.chosen:
        yield indented(table_of(POLICY_COLUMNS, view.chosen))
        yield text_line(
            "Delay: mean weeks of review. Granted: share of licences. Bites: first week in which goods are late. "
            "Short: first week in which the counterpart sells less downstream. Week 0 is the announcement.",
            "dim",
        )
    if view.left_open:
        yield text_line(f"Left open: {listed(row.name for row in view.left_open)}")
    if not view.policies:
        yield text_line("The case has no regime of ours.")


def _limits(view: PlanView) -> Iterable[RenderableType]:
    yield section("Limits")
    found = new_table("", "Used", "Allowed", "Left")
    for row in limit_cells(view):
        found.add_row(Text(row[0]), *row[1:])
    yield indented(found)


def _sourcing(view: PlanView) -> Iterable[RenderableType]:
    lanes = [row for row in view.lanes if row.matters]
    yield section("Sourcing")
    if lanes:
        retaliated = [] if view.worst == NONE else ["Worst"]
        found = new_table("Lane", "From", "Before", "After", *retaliated, "Spent", "Qualifying", names=2, keys=1)
        spent, fixed = decimals(row.cost for row in lanes), decimals(row.fixed_cost for row in lanes)
        for row in lanes:
            found.add_row(
                Name(row.title),
                Name(row.party),
                percent(row.status_quo_share),
                percent(row.plan_share),
                *(percent(row.worst_share) for _ in retaliated),
                number(row.cost, spent),
                number(row.fixed_cost, fixed) if row.qualified else "",
            )
        yield indented(found)
        words = f"Before, after: share of all the item's dispatches to the site, {view.case.words.calm}; so is what is spent."
        if retaliated:
            words += f" Worst: the share under {quoted(view.worst, view.titles)}."
        yield text_line(words, "dim")
    slight = sum(row.slight for row in view.lanes)
    if slight:
        yield text_line(f"Share changes by less than {percent(SAME_SHARE)}: {counted(slight, 'lane')} more.")
    if not lanes and not slight:
        yield text_line("Every lane to our side keeps its share; none is qualified.")
    idle = [row.title for row in view.lanes if row.to_qualify and not row.qualified]
    if idle:
        yield text_line(f"Not qualified: {listed(idle)}")
    yield from _stockpiles(view)


def _stockpiles(view: PlanView) -> Iterable[RenderableType]:
    if not view.stockpiles:
        yield text_line("No stockpile.")
        return
    yield section("Stockpiles", "bought before week 0")
    found = new_table("Item, site", "Units", "Cost")
    for row in stockpile_cells(view):
        found.add_row(Name(row[0]), *row[1:])
    yield indented(found)


def _allocation(view: PlanView) -> Iterable[RenderableType]:
    if not view.allocation:
        return
    yield section("Allocation", f"units by quarter, {view.case.words.calm}")
    found = new_table(*allocation_heads(view), names=2)
    before = ""
    for item, supplier, *figures in allocation_cells(view):
        found.add_row(Name(item if item != before else ""), Name(supplier), *figures)
        before = item
    yield indented(found)
    yield text_line("A unit: landed cost, orders and qualifying spread over the units.", "dim")
    landed = list(landed_cells(view))
    if not landed:
        return
    yield section("Landed cost", ", ".join(filter(None, (plain(view.case.money), "of a unit"))))
    found, before = new_table(*landed_heads(view), names=2), ""
    for item, supplier, *figures in landed:
        found.add_row(Name(item if item != before else ""), Name(supplier), *figures)
        before = item
    yield indented(found)
    yield text_line("Today: of what the supplier delivers before week 0.", "dim")


def _service(view: PlanView) -> Iterable[RenderableType]:
    if not view.service:
        return
    yield section("Service", "share of our and our allies' demand that is served in its week")
    found = new_table(*SERVICE_HEADS, names=2)
    for scenario, demand, *figures in service_cells(view):
        found.add_row(Name(scenario), Name(demand), *figures)
    yield indented(found)


def _shortages(view: PlanView) -> Iterable[RenderableType]:
    if not view.case.words.two_sided:
        return
    yield section("The counterpart's shortages")
    short = [row for row in view.shortages if row.week is not None]
    if short:
        found = new_table("Item, site", "Served", "First short")
        for row in short:
            found.add_row(Name(row.pair), percent(row.fill), f"week {row.week}")
        yield indented(found)
    full = [row.pair for row in view.shortages if row.week is None]
    if full:
        yield text_line(f"Never short: {listed(full)}")


def _losses(view: PlanView) -> Iterable[RenderableType]:
    note = ", ".join(filter(None, (plain(view.case.money), under(view))))
    words = view.case.words
    for loss in view.losses:
        rows, total = loss_cells(loss)
        yield section(words.loss_title[loss.side], note)
        found = new_table(*words.loss_heads)
        for row in rows:
            found.add_row(Text(row[0]), *row[1:])
        found.add_row(Text("their sum", style="bold"), "", "", Text(total, style="bold"))
        yield indented(found)


def _continuity(view: PlanView) -> Iterable[RenderableType]:
    rows = nearest(view.margins)
    yield section("Continuity", "our and our allies' demand, in the worst scenario for each limit" if rows else "")
    if not rows:
        yield text_line("The case sets no least fill.")
        return
    full: dict[str, list[str]] = {}
    found = new_table("Item, site", "Worst in", "Limit", "Mean", "Least week", "Margin", names=2)
    for row in rows:
        limit = f"{row.measure} {percent(row.limit)}"
        if row.in_full:
            full.setdefault(row.demand, []).append(limit)
            continue
        found.add_row(
            Name(row.demand),
            Name(view.titles[row.scenario]),
            Text(limit),
            percent(row.mean),
            percent(row.least_week),
            Text(signed(100 * row.margin, 1), style="red" if row.broken else ""),
        )
    if found.row_count:
        yield indented(found)
        yield text_line("Margin: points of fill above the limit.", "dim")
    if full:
        words = "; ".join(f"{plain(demand)} (limit {', '.join(limits)})" for demand, limits in full.items())
        yield text_line(f"Served in full, every week of every scenario: {words}")


def _scenarios(view: PlanView) -> Iterable[RenderableType]:
    yield section("Scenarios", plain(view.case.money))
    words = view.case.words
    found = new_table("", *(column.head or column.title for column in scenario_columns(view)), "Note")
    for row, figures in zip(view.scenarios, scenario_cells(view), strict=True):
        alone = len(view.scenarios) == 1
        remark = "" if alone or (row.weighed and not row.worst) else words.worst_kind if row.worst else words.not_rated
        if row.at_limit:
            remark = f"{remark}, binds".removeprefix(", ")
        found.add_row(Name(view.titles[row.name]), *figures, remark, style="bold" if row.worst else "")
    yield indented(found)
    if not all(row.weighed for row in view.scenarios):
        yield text_line(words.unrated_note, "dim")
    for row in view.scenarios:
        if row.name != NONE:
            yield text_line(f"{plain(row.title)}: {plain(row.words)}")
    bound = "; ".join(f"{view.titles[row.name]}: {'; '.join(row.at_limit)}" for row in view.scenarios if row.at_limit)
    if bound:
        yield text_line(f"Binds: a fill is at its least there ({bound}).", "dim")


def _proof(view: PlanView) -> Iterable[RenderableType]:
    yield section("How it was solved")
    yield text_line("; ".join(how(view.solve)))
    if view.solve.difference is not None:
        yield text_line(
            "Checked: linear programs solved alone give the same figures "
            f"(largest relative difference {view.solve.difference:.1g})."
        )


def _answer(view: PlanView) -> Iterable[RenderableType]:
    """Yield the answer once more: after a long output its beginning is out of sight."""
    yield section("The answer")
    for sentence in answer(view):
        yield text_line(sentence)


def _without_plan(view: PlanView) -> Iterable[RenderableType]:
    if view.status == "infeasible":
        yield section("No plan satisfies the limits")
        combinations = view.solve.combinations
        under_any = f"any of {counted(combinations, 'combination')}" if combinations else "any combination"
        yield text_line(view.case.words.none_possible.format(under_any=under_any))
        yield section("Limits of the case")
        found = new_table("", "Limit")
        for row in view.limits:
            words, limit = case_limit_cells(row)
            found.add_row(Text(words), limit)
        yield indented(found)
        yield Text("")
        yield text_line("Which of them are in conflict, and how far each must give (add the same --set):")
        yield text_line(f"  sluicegate explain {shlex.quote(view.case.name)}")
        yield text_line("Or loosen one with --set, for example")
        example = f"'{plain(view.tightest)}=*0.9'" if view.tightest else "'limits.budget=*1.5'"
        yield text_line(f"  --set {example}")
    else:
        yield section("Stopped before a plan was found")
        yield text_line("Whether there is one is not proven. Allow more time with --time-limit.")
        if view.bound is not None and math.isfinite(view.bound):
            yield text_line(
                view.case.words.no_bound.format(bound=in_money(view.case, bound_words(view.bound, view.case.words)))
            )
    yield from _proof(view)
