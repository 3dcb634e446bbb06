"""An explanation on the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType

from ..format.names import Name
from ..format.numbers import counted, decimals, listed, number, percent, plain, rough, seconds, signed
from ..views.explain import (
    BINDING_COLUMNS,
    ChangeRow,
    ConflictView,
    CostRow,
    ExplanationView,
    FigureView,
    decision_columns,
    explanation_view,
)
from .layout import new_table, section, table_of, text_line
from .plan import heading, headline
from .words import in_money

if TYPE_CHECKING:
    from ...analysis.explain.conflict import Shortage
    from ...analysis.explain.explain import Explanation


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print an explanation.

    Parameters
    ----------
    explanation
        What `explain` returned.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in explanation_parts(explanation_view(explanation)):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def explanation_parts(view: ExplanationView) -> Iterable[RenderableType]:
    """Return the sections of an explanation, in their order."""
    yield from heading(view.case)
    if view.conflict is not None:
        yield from _conflict(view.conflict)
        yield from _alone(view.conflict)
        yield from _joint(view.conflict)
        yield from _shortages(view.conflict)
    elif view.plan is not None:
        yield from headline(view.plan)
        yield from _binding(view)
        yield from _costs(view)
        yield from _lifted(view)
        yield from _decisions(view)
        yield from _needs(view)
        yield from _by_worlds(view)
    words = f"{seconds(view.seconds)}, of which {seconds(view.build_seconds)} to build"
    yield section("How it was found")
    yield text_line(f"{counted(view.programs, 'elastic program')}; {words}")


# Words ---------------------------------------------------------------------------------------------------------------


def _figure(figure: FigureView, value: float) -> str:
    if figure.unit:
        return f"{number(value)} {plain(figure.unit)}".rstrip()
    return percent(value, 2)


def _needed(change: ChangeRow) -> str:
    if change.value is None:
        return "not alone"
    return f"at {'most' if change.least else 'least'} {_figure(change.figure, change.value)}"


# No plan -------------------------------------------------------------------------------------------------------------


def _conflict(conflict: ConflictView) -> Iterable[RenderableType]:
    yield section("No plan satisfies the limits")
    count = len(conflict.limits)
    if count == 1:
        yield text_line("Proven: no plan under any policies keeps this limit, all others set aside:")
    else:
        size = "the smallest such set" if conflict.smallest else "irreducible; there may be a smaller one"
        yield text_line(
            f"Proven: no plan under any policies keeps these {count} limits together, all others set aside. "
            f"Without any one of them there is a plan that keeps the rest ({size})."
        )
    for limit in conflict.limits:
        yield text_line(f"- {plain(limit)}", "bold")
    for note in conflict.notes:
        yield text_line(plain(note), "yellow")


def _alone(conflict: ConflictView) -> Iterable[RenderableType]:
    yield section("What each would have to become alone", "all other limits of the case kept")
    table = new_table("Figure", "Now", "Needed")
    for change in conflict.alone:
        table.add_row(Name(change.figure.name), _figure(change.figure, change.figure.limit), _needed(change))
    yield table
    for change in conflict.alone:
        if change.override is not None:
            policies = f"  ({listed(change.policies)})" if change.policies else ""
            yield text_line(f"--set {shlex.quote(plain(change.override))}{policies}", "dim")
    if any(change.value is None for change in conflict.alone):
        yield text_line("Not alone: whatever this figure is, other limits of the case remain in conflict.", "dim")


def _joint(conflict: ConflictView) -> Iterable[RenderableType]:
    yield section("The cheapest relaxation", "least sum of gaps, each divided by its limit")
    for change in conflict.joint:
        figure = change.figure
        assert change.value is not None
        yield text_line(f"{figure.name}: from {_figure(figure, figure.limit)} to {_figure(figure, change.value)}")
    yield text_line(f"Sum of relative gaps: {percent(conflict.joint_cost, 2)}.")
    settings = " ".join(f"--set {shlex.quote(plain(change.override))}" for change in conflict.joint)
    yield text_line(settings, "dim")


def _shortages(conflict: ConflictView) -> Iterable[RenderableType]:
    if not conflict.shortages:
        return
    yield section("Where it falls short", "in the plan that comes nearest to the limit, the others kept")
    for shortage in conflict.shortages:
        yield text_line(_shortage(shortage))


def _shortage(shortage: Shortage) -> str:
    unit = f" {plain(shortage.unit)}" if shortage.unit else ""
    words = f"{plain(shortage.words)}: {percent(shortage.fill, 2)} is reached, {number(shortage.amount)}{unit} too few"
    if shortage.weeks:
        spans = [f"{first}" if first == last else f"{first}-{last}" for first, last in shortage.weeks]
        words += f"; not served in full in weeks {', '.join(spans)}"
    if shortage.worst_week is not None:
        words += f", most in week {shortage.worst_week} ({number(shortage.worst_amount)}{unit})"
    return f"{words}."


# A plan --------------------------------------------------------------------------------------------------------------


def _binding(view: ExplanationView) -> Iterable[RenderableType]:
    yield section("Limits that bind", view.case.words.gained)
    if view.binding:
        yield table_of(BINDING_COLUMNS, view.binding)
        yield text_line(
            "Margin: per unit, a dual; it holds for small steps. One more, one less: a whole unit, solved anew.",
            "dim",
        )
    else:
        yield text_line(view.case.words.none_binds)
    if view.slack:
        yield text_line(f"{counted(view.slack, 'other limit')} could be tightened a little for nothing.")


def _costs(view: ExplanationView) -> Iterable[RenderableType]:
    """Yield what each limit costs and what a step of it buys; nothing where no limit is asked about."""
    words = view.case.words
    if not (view.costs or view.free):
        return
    yield section("What each limit costs", "the best plan of the case without it, all else chosen anew")
    if view.costs:
        places = decimals([gain for cost in view.costs for gain in (cost.gained, cost.stepped)])
        steps = any(cost.step is not None for cost in view.costs)
        table = new_table("Limit", "Now", words.lifted, words.gain, *(["A step looser"] if steps else []))
        for cost in view.costs:
            cells: list[RenderableType] = [
                Name(cost.figure.name),
                _figure(cost.figure, cost.figure.limit),
                number(cost.without),
                signed(cost.gained, places),
            ]
            table.add_row(*cells, *([_step(cost, places)] if steps else []))
        yield table
    if view.free:
        others = "other limit costs" if view.free == 1 else "other limits cost"
        yield text_line(f"{view.free} {others if view.costs else others.removeprefix('other ')} nothing.")


def _step(cost: CostRow, places: int) -> str:
    return "" if cost.step is None else f"{_figure(cost.figure, cost.step)}: {signed(cost.stepped, places) or '0'}"


def _lifted(view: ExplanationView) -> Iterable[RenderableType]:
    if not view.lifted:
        return
    yield section("Limits on policies", "policies are whole: a little more of these is worth nothing")
    table = new_table("Limit", "Used", view.case.words.lifted, "Using")
    for row in view.lifted:
        without = "not computed"
        if row.gained is not None:
            without = f"{number(row.without)} ({signed(row.gained, decimals([row.gained], 4)) or '0'})"
        table.add_row(Name(row.limit), number(row.used), without, "" if row.needs is None else number(row.needs))
    yield table


def _decisions(view: ExplanationView) -> Iterable[RenderableType]:
    words = view.case.words
    yield section("What each decision adds", words.each_adds)
    if not view.decisions:
        yield text_line(words.nothing_decided)
        return
    yield table_of(decision_columns(words), view.decisions)
    yield text_line(f"{words.lost_heads[1]}: {words.dropped}", "dim")
    first = view.decisions[0]
    if first.cost is not None:
        places = decimals([row.cost for row in view.decisions if row.cost is not None])
        instead = f" Instead: {listed(first.instead)}." if first.instead else ""
        yield text_line(
            f"Dropped first: {plain(first.name)} ({plain(first.choice)}), at a cost of "
            f"{in_money(view.case, number(first.cost, places))}.{instead}"
        )
    else:
        yield text_line("None can be dropped: without any of them there is no plan.")


def _needs(view: ExplanationView) -> Iterable[RenderableType]:
    """Yield what each purchase is for, limit and scenario; nothing where leverage is the sense."""
    if not view.needs:
        return
    yield section("What each purchase is for", "the plan computed without it, the rest kept")
    places = decimals([need.added for need in view.needs])
    for need in view.needs:
        amount = "" if need.units is None else f" ({number(need.units)} {plain(need.unit)})"
        yield text_line(f"{plain(need.name)}{amount}", "bold")
        for words in need.broken:
            yield text_line(f"- without it {plain(words)}")
        money = in_money(view.case, number(need.added, places))
        each = "" if need.each is None else f", {number(need.each)} a unit"
        yield text_line(f"- saves most in scenario {need.scenario}: {money}{each}")


def _by_worlds(view: ExplanationView) -> Iterable[RenderableType]:
    if not view.by_worlds:
        return
    money = f", {plain(view.case.money)}" if view.case.money else ""
    yield section("What each choice is for, by worlds", f"{counted(view.worlds, 'world')}{money}")
    lost, adds = ("Dearer by", "Saves in") if view.case.words.sense.sign < 0 else ("Lost", "Adds in")
    table = new_table("Decision", "Choice", lost, "5 to 95%", adds, "Limits need it in", names=2)
    for row in view.by_worlds:
        table.add_row(
            Name(row.name),
            Name(row.choice),
            rough(row.mean),
            f"{rough(row.low)} to {rough(row.high)}",
            percent(row.adds, 0),
            percent(row.needed, 0),
        )
    yield table
    yield text_line(
        f"{lost}: what is lost on average without it, the rest kept. {adds}: share of the worlds in which it is worth something. "
        "Limits need it in: share in which limits break without it.",
        "dim",
    )
