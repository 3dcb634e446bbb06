"""An explanation on the terminal."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType

from ...analysis.explain.conflict import safe
from ...data.schema.names import policy_words
from ...model.plan.choices import POLICY, STOCKPILE
from ..format.names import Name
from ..format.numbers import counted, decimals, number, percent, plain, rough, seconds, signed
from ..format.words import words_of
from ..views.case import LIMITS, case_view
from ..views.plan import plan_view
from .layout import listed, new_table, section, text_line
from .plan import heading, headline
from .words import in_money

if TYPE_CHECKING:
    from ...analysis.explain.conflict import Change, Conflict, Shortage
    from ...analysis.explain.explain import Explanation
    from ...analysis.explain.limit_costs import LimitCost
    from ...analysis.explain.shadow_prices import DecisionValue, PlanPrices
    from ...analysis.relaxation.limits import LimitFigure
    from ...data.schema.names import Names
    from ..format.words import Words

DIGITS = 4
"""Significant digits of what a limit would have to become."""

FIGURES = {
    "min_fill": "fill of {1} in {0}",
    "min_fill_week": "weekly fill of {1} in {0}",
    "max_party_share": "share in {0}",
    "max_supplier_share": "share of a site in {0}",
    "min_suppliers": "suppliers of {0}",
    "min_supplier_share": "share of every supplier in {0}",
    "min_share": "taken or paid of lane {0}",
    "min_order": "order on lane {0}",
    "min_flow": "contract on lane {0}",
}


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print an explanation.

    Parameters
    ----------
    explanation
        What `explain` returned.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in explanation_parts(explanation):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def explanation_parts(explanation: Explanation) -> Iterable[RenderableType]:
    """Return the sections of an explanation, in their order."""
    yield from heading(case_view(explanation.case))
    if explanation.conflict is not None:
        yield from _conflict(explanation.conflict)
        yield from _alone(explanation.conflict, explanation.case.names)
        yield from _joint(explanation.conflict, explanation.case.names)
        yield from _shortages(explanation.conflict)
    elif explanation.worths is not None:
        yield from _plan(explanation)
        yield from _binding(explanation.worths, words_of(explanation.case))
        yield from _limit_costs(explanation)
        yield from _lifted(explanation)
        yield from _decisions(explanation)
        yield from _needs(explanation)
        yield from _by_worlds(explanation)
    facts = explanation.solve
    words = f"{seconds(facts['seconds'])}, of which {seconds(facts['build_seconds'])} to build"
    yield section("How it was found")
    yield text_line(f"{counted(facts['programs'], 'elastic program')}; {words}")


# Words ---------------------------------------------------------------------------------------------------------------


def _figure_words(figure: LimitFigure, names: Names) -> str:
    if figure.kind in LIMITS:
        return LIMITS[figure.kind]
    if figure.fill:
        site, item = figure.key
        return FIGURES[figure.kind].format(plain(names.site(site)), plain(names.item(item)))
    called = names.lane if figure.path.startswith("lanes.") else names.item
    return FIGURES[figure.kind].format(*(plain(called(part)) for part in figure.key))


def _figure(figure: LimitFigure, value: float) -> str:
    if figure.unit:
        return f"{number(value)} {plain(figure.unit)}".rstrip()
    return percent(value, 2)


def _needed(change: Change) -> str:
    if change.value is None:
        return "not alone"
    # Rounded to the side on which a plan exists.
    value = float(safe(change.figure, change.value, DIGITS))
    return f"{'<=' if change.figure.least else '>='} {_figure(change.figure, value)}"


# No plan -------------------------------------------------------------------------------------------------------------


def _conflict(conflict: Conflict) -> Iterable[RenderableType]:
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
        unit = f" {plain(limit.figure.unit)}" if limit.figure.unit else ""
        yield text_line(f"- {plain(limit.words)}{unit}", "bold")
    for note in conflict.notes:
        yield text_line(plain(note), "yellow")


def _alone(conflict: Conflict, names: Names) -> Iterable[RenderableType]:
    yield section("What each would have to become alone", "all other limits of the case kept")
    table = new_table("Figure", "Now", "Needed")
    for change in conflict.alone:
        table.add_row(
            Name(_figure_words(change.figure, names)), _figure(change.figure, change.figure.limit), _needed(change)
        )
    yield table
    for change in conflict.alone:
        if change.override is not None:
            yield text_line(f"--set {shlex.quote(plain(change.override))}{_with(change)}", "dim")
    if any(change.value is None for change in conflict.alone):
        yield text_line("Not alone: whatever this figure is, other limits of the case remain in conflict.", "dim")


def _with(change: Change) -> str:
    if not change.policies:
        return ""
    return f"  ({listed(f'{regime}={policy}' for regime, policy in change.policies.items())})"


def _joint(conflict: Conflict, names: Names) -> Iterable[RenderableType]:
    yield section("The cheapest relaxation", "least sum of gaps, each divided by its limit")
    for change in conflict.joint:
        figure = change.figure
        assert change.value is not None
        value = float(safe(figure, change.value, DIGITS))
        yield text_line(
            f"{_figure_words(figure, names)}: from {_figure(figure, figure.limit)} to {_figure(figure, value)}"
        )
    yield text_line(f"Sum of relative gaps: {percent(conflict.joint_cost, 2)}.")
    settings = " ".join(f"--set {shlex.quote(plain(change.override))}" for change in conflict.joint)
    yield text_line(settings, "dim")


def _shortages(conflict: Conflict) -> Iterable[RenderableType]:
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


def _plan(explanation: Explanation) -> Iterable[RenderableType]:
    plan = explanation.plan
    assert plan is not None and plan.leverage is not None
    yield from headline(plan_view(plan))


def _binding(worths: PlanPrices, words: Words) -> Iterable[RenderableType]:
    yield section("Limits that bind", words.gained)
    if worths.binding:
        table = new_table("Limit", "Unit", "Margin", "One more", "One less", names=2)
        for worth in worths.binding:
            figures = [worth.marginal, worth.eased, worth.tightened or 0.0]
            places = decimals(figures)
            table.add_row(
                Name(worth.limit.words),
                Name(worth.unit),
                signed(worth.marginal, places),
                signed(worth.eased, places),
                "no plan" if worth.tightened is None else signed(worth.tightened, places),
            )
        yield table
        yield text_line(
            "Margin: per unit, a dual; it holds for small steps. One more, one less: a whole unit, solved anew.",
            "dim",
        )
    else:
        yield text_line(words.none_binds)
    if worths.slack:
        yield text_line(f"{counted(worths.slack, 'other limit')} could be tightened a little for nothing.")


def _limit_costs(explanation: Explanation) -> Iterable[RenderableType]:
    """Yield what each limit costs and what a step of it buys; nothing where no limit is asked about."""
    plan, words = explanation.plan, words_of(explanation.case)
    if not explanation.limit_costs:
        return
    assert plan is not None and plan.leverage is not None
    yield section("What each limit costs", "the best plan of the case without it, all else chosen anew")
    dear = [cost for cost in explanation.limit_costs if cost.gained]
    sign = words.sense.sign
    if dear:
        places = decimals([gain for cost in dear for gain in (cost.gained, cost.stepped or 0.0)])
        steps = any(cost.step is not None for cost in dear)
        table = new_table("Limit", "Now", words.lifted, words.gain, *(["A step looser"] if steps else []))
        for cost in dear:
            cells: list[RenderableType] = [
                Name(_figure_words(cost.figure, explanation.case.names)),
                _figure(cost.figure, cost.figure.limit),
                number(words.figure(cost.without)),
                signed(sign * cost.gained, places),
            ]
            if steps:
                cells.append("" if cost.step is None else _step(cost, signed(sign * (cost.stepped or 0.0), places)))
            table.add_row(*cells)
        yield table
    free = len(explanation.limit_costs) - len(dear)
    if free:
        others = "other limit costs" if free == 1 else "other limits cost"
        yield text_line(f"{free} {others if dear else others.removeprefix('other ')} nothing.")


def _step(cost: LimitCost, gain: str) -> str:
    assert cost.step is not None
    return f"{_figure(cost.figure, cost.step)}: {gain or '0'}"


def _lifted(explanation: Explanation) -> Iterable[RenderableType]:
    worths, plan, words = explanation.worths, explanation.plan, words_of(explanation.case)
    assert worths is not None and plan is not None and plan.leverage is not None
    if not worths.lifted:
        return
    yield section("Limits on policies", "policies are whole: a little more of these is worth nothing")
    table = new_table("Limit", "Used", words.lifted, "Using")
    for entry in worths.lifted:
        gain = None if entry.leverage is None else words.sense.sign * (entry.leverage - plan.leverage)
        table.add_row(
            Name(entry.limit.words),
            number(entry.used),
            "not computed"
            if gain is None
            else f"{number(words.figure(entry.leverage))} ({signed(gain, decimals([gain], 4)) or '0'})",
            "" if entry.needs is None else number(entry.needs),
        )
    yield table


def _decisions(explanation: Explanation) -> Iterable[RenderableType]:
    worths = explanation.worths
    assert worths is not None
    words = words_of(explanation.case)
    yield section("What each decision adds", words.each_adds)
    if not worths.decisions:
        yield text_line(words.nothing_decided)
        return
    table = new_table("Decision", "Choice", *words.lost_heads, names=2)
    places = decimals([worth.cost for worth in worths.decisions if math.isfinite(worth.cost)])
    for worth in worths.decisions:
        table.add_row(
            Name(_called(explanation, worth.kind, worth.key)),
            Name(_choice(explanation, worth)),
            number(worth.cost, places) if math.isfinite(worth.cost) else "no plan",
            "no plan" if worth.dropped is None else number(worth.dropped, places),
        )
    yield table
    yield text_line(
        f"{words.lost_heads[1]}: {words.dropped}",
        "dim",
    )
    first = worths.decisions[0]
    if math.isfinite(first.cost):
        instead = f" Instead: {listed(first.instead)}." if first.instead else ""
        called = plain(_called(explanation, first.kind, first.key))
        yield text_line(
            f"Dropped first: {called} ({plain(_choice(explanation, first))}), at a cost of "
            f"{in_money(case_view(explanation.case), number(first.cost, places))}.{instead}"
        )
    else:
        yield text_line("None can be dropped: without any of them there is no plan.")


def _needs(explanation: Explanation) -> Iterable[RenderableType]:
    """Yield what each purchase is for, limit and scenario; nothing where leverage is the sense."""
    if not explanation.needs:
        return
    yield section("What each purchase is for", "the plan computed without it, the rest kept")
    places = decimals([need.added for need in explanation.needs])
    units, names = {row.item: row.unit for row in explanation.case.items}, explanation.case.names
    for need in explanation.needs:
        amount = "" if need.units is None else f" ({number(need.units)} {plain(units[need.key.rpartition('/')[2]])})"
        called = names.lane(need.key) if need.units is None else names.pair(need.key)
        yield text_line(f"{plain(called)}{amount}", "bold")
        for words in need.broken:
            yield text_line(f"- without it {plain(words)}")
        money = in_money(case_view(explanation.case), number(need.added, places))
        each = "" if not need.units else f", {number(need.added / need.units)} a unit"
        yield text_line(f"- saves most in scenario {plain(names.quoted(need.scenario))}: {money}{each}")


def _by_worlds(explanation: Explanation) -> Iterable[RenderableType]:
    rows = [] if explanation.worlds is None else explanation.worlds.to_dict("records")
    if not rows:
        return
    yield section("What each choice is for, by worlds", counted(rows[0]["worlds"], "world"))
    table = new_table("Decision", "Choice", "Lost", "5 to 95%", "Adds in", "Limits need it in", names=2)
    for row in rows:
        table.add_row(
            Name(_called(explanation, row["kind"], row["key"])),
            Name(policy_words(row["choice"])),
            rough(row["mean"]),
            f"{rough(row['low'])} to {rough(row['high'])}",
            percent(row["share_worth"], 0),
            percent(row["share_breaks"], 0),
        )
    yield table
    yield text_line(
        "Lost: leverage lost on average without it, the rest kept. Adds in: share of the worlds in which it adds leverage. "
        "Limits need it in: share in which limits break without it.",
        "dim",
    )


def _called(explanation: Explanation, kind: str, key: str) -> str:
    """Return what to call a regime, a lane or ``site/item`` that is decided on."""
    names = explanation.case.names
    return {POLICY: names.regime, STOCKPILE: names.pair}.get(kind, names.lane)(key)


def _choice(explanation: Explanation, worth: DecisionValue) -> str:
    if worth.kind != "stockpile":
        return policy_words(worth.choice)
    item = worth.key.rpartition("/")[2]
    unit = next((row.unit for row in explanation.case.items if row.item == item), "") or ""
    return f"{worth.choice} {unit}".rstrip()
