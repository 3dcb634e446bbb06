"""A plan in sentences: what to do, what it leads to, how far that is proven."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..format.numbers import (
    NO_GAP,
    brief,
    brief_bound,
    counted,
    gap,
    joined,
    joined_few,
    percent,
    plain,
    rough,
    seconds,
)
from ..views.outcomes import WEIGHED
from ..views.scenarios import place_words, quoted

if TYPE_CHECKING:
    from ..format.words import Words
    from ..views.alternatives import AlternativeRow, AlternativesView
    from ..views.case import CaseView
    from ..views.comparison import ComparedPlan
    from ..views.outlook import RangeView
    from ..views.plan import PlanView
    from ..views.solve import SolveView
    from ..views.sourcing import StockpileRow
    from ..views.study import KnownRow, StudyView
    from ..views.worlds import WorldsView

FEW_WORLDS = 20
"""Worlds below which 5 and 95 % of them are the least and the most."""

OPENING = 3
"""Figures worth knowing that are named at once."""

SURE = 1e-9
"""Share of the weight up to which worlds are all of them."""

MOST_NAMED = 4
"""Names that a sentence lists before it counts."""


def with_money(figure: str, money: str) -> str:
    """Return a figure with a currency."""
    return f"{figure} {plain(money)}".rstrip()


def in_money(case: CaseView, figure: str) -> str:
    """Return a figure with the currency of a case."""
    return with_money(figure, case.money)


def under(view: PlanView) -> str:
    """Return the scenario of which losses are shown as a place to be in."""
    if view.decides == WEIGHED:
        return view.decides
    return place_words(view.decides, view.titles, view.case.words)


def case_line(case: CaseView) -> str:
    """Return who, how long and in which money, in a line."""
    ours = plain(case.focal) + (f" with {joined([plain(ally) for ally in case.allies])}" if case.allies else "")
    start = f" from {case.start}" if case.start else ""
    money = f" Money in {plain(case.money)}." if case.money else ""
    facing = f", facing {plain(case.counterpart)}" if case.counterpart else ""
    return f"{ours}{facing}: {counted(case.weeks, 'week')}{start}.{money}"


def compared_words(plan: ComparedPlan) -> str:
    """Return from where to where the outcome of a plan beside others runs, and what it is at its case's own figures."""
    if plan.outcome is None:
        return "no plan"
    if plan.range is None:
        return with_money(brief(plan.outcome), plan.money)
    ends = f"{rough(plan.range.low)} to {with_money(rough(plan.range.high), plan.money)}"
    return f"{ends}, at the case's own figures {brief(plan.outcome)}"


# How far it is proven ------------------------------------------------------------------------------------------------


def status_words(plan: PlanView | ComparedPlan, words: Words) -> str:
    """Return how far a plan is proven, in words."""
    if plan.status == "infeasible":
        return "as chosen; breaks limits" if plan.outcome is not None else "proven: no plan satisfies the limits"
    if plan.status == "unknown":
        return "stopped before a plan was found"
    if plan.gap is None:
        return "as chosen, not optimised; keeps all limits"
    proven = "nothing is proven about better ones"
    if plan.bound is not None and math.isfinite(plan.bound):
        proven = (words.best if plan.gap < NO_GAP else words.bound).format(
            bound=bound_words(plan.bound, words), gap=gap(plan.gap)
        )
    return f"optimal: {proven}" if plan.status == "optimal" else f"not proven best: {proven}"


def bound_words(bound: float, words: Words) -> str:
    """Return what is proven of all plans, rounded to the side on which it stays true."""
    return brief_bound(bound, upper=words.sense.sign > 0)


def worst_words(view: PlanView) -> str:
    """Return over which scenarios the outcome is measured."""
    return _weighed(view, view.case.words.weighing)


def _weighed(view: PlanView, words: Mapping[str, str]) -> str:
    return words[view.weighing].format(
        scenario=quoted(view.worst, view.titles),
        packages=counted(view.weighed - 1, "package"),
        weighed=counted(view.weighed, "scenario"),
        share=percent(view.tail, 0),
    )


def split_words(view: PlanView) -> str:
    """Return what the outcome is made of, in a line."""
    added = view.own_loss or 0.0
    return view.case.words.split.format(
        theirs=brief(view.counterpart_loss),
        ours=brief(view.own_loss),
        now=brief(view.cost_now),
        added=f"{'+' if added > 0 else ''}{brief(added)}",
        worst=worst_words(view),
    )


def how(solve: SolveView) -> Iterator[str]:
    """Yield how a plan was solved, fact by fact."""
    yield f"method {plain(solve.method)}"
    if solve.reason:
        yield plain(solve.reason)
    if solve.enumerated != solve.combinations:
        yield f"{solve.enumerated:,} of {solve.combinations:,} combinations computed, the others ruled out by bounds"
    yield f"{seconds(solve.seconds)}, of which {seconds(solve.build_seconds)} to build"
    if solve.nodes:
        yield counted(solve.nodes, "node")
    if solve.rows:
        yield f"{solve.rows:,} rows, {solve.columns:,} columns"
    if solve.solver:
        version = f" {plain(solve.solver_version)}" if solve.solver_version else ""
        yield f"program handed to {plain(solve.solver)}{version}, which ended with {plain(solve.solver_termination)}"
    if solve.highs:
        yield f"HiGHS {solve.highs}, Pyomo {solve.pyomo}"


# Other plans ----------------------------------------------------------------------------------------------------------


def alternatives_words(found: AlternativesView) -> str:
    """Return whether there are other plans than those that are shown."""
    within = f"within {percent(found.within, 2 if found.within < 0.01 else 0)}"
    if found.complete and not found.rows:
        return f"Proven: no other policies, lanes or qualifications come {within}."
    if found.complete:
        return f"Proven: these are all that come {within}; each has its own stockpiles."
    if not found.may_hold:
        return f"Stopped before it was known what else comes {within}."
    held = counted(found.may_hold, "combination of policies", "combinations of policies")
    return f"More come {within}: at least one, in at most {held}. Ask for more with --alternatives."


def alternative_words(row: AlternativeRow) -> str:
    """Return what a plan does otherwise, in a line."""
    words = "; ".join(plain(change) for change in row.changes)
    return words if row.proven else f"{words} (not proven to come next)"


# From where to where it runs ------------------------------------------------------------------------------------------


def range_words(found: RangeView, case: CaseView) -> str:
    """Return from where to where leverage runs."""
    return f"{rough(found.low)} to {in_money(case, rough(found.high))}"


def worlds_words(found: RangeView, words: Words) -> str:
    """Return over which worlds leverage runs so, and in how many of them the plan goes wrong."""
    worlds = counted(found.worked_out, "world")
    if found.worked_out < found.worlds:
        worlds = f"{found.worked_out} of {counted(found.worlds, 'world')}, as many as were done in time,"
    below = words.below_zero.format(worlds=f"{found.negative:,}") if found.negative else words.never_below_zero
    broken = f"breaks limits in {found.broken:,}" if found.broken else "keeps all limits"
    # Of few worlds the ends are the least and the most.
    ends = "5 to 95%" if found.worked_out >= FEW_WORLDS else "least to most"
    return f"{ends} of {worlds} drawn from the uncertain figures; {below}{broken}"


# Many worlds ----------------------------------------------------------------------------------------------------------


LEAST_REGRET, REGRET_BOUND = "no plan can have less (gap {gap})", "no plan can have less than {bound} (gap {gap})"


def proven_in_worlds(status: str, found: WorldsView, words: Words) -> str:
    """Return how far a plan for many worlds is proven."""
    best, bound = (LEAST_REGRET, REGRET_BOUND) if found.regret else (words.best, words.bound)
    told = best if found.gap is not None and found.gap < NO_GAP else bound
    most = words.sense.sign > 0 and not found.regret
    proven = told.format(bound=brief_bound(found.bound, upper=most), gap=gap(found.gap))
    return f"optimal: {proven}" if status == "optimal" else f"not proven best: {proven}"


def worlds_lines(found: WorldsView, words: Words) -> Iterator[str]:
    """Yield what the outcome is in many worlds, and where no plan keeps continuity."""
    mean, tail, least = (brief(figure) for figure in (found.mean, found.tail, found.least))
    below = f"; below 0 in {percent(found.negative)} of the weight" if found.negative else "; never below 0"
    yield f"mean {mean}, mean of the worst tenth {tail}, {words.extreme} {least}{'' if found.negative is None else below}"
    share = found.continuity_share
    if share is not None:
        yield f"continuity is kept in worlds of at least {percent(share)} of the weight, the best ones for the plan"
    if found.unkept:
        worlds = "world" if len(found.unkept) == 1 else "worlds"
        names = joined_few([plain(name) for name in found.unkept], MOST_NAMED)
        yield f"no plan keeps continuity in {worlds} {names}"
        if share is None:
            yield "there it lacks as little as it can, before all else; --continuity-share leaves that out of what is asked for"


# The answer ----------------------------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """A sentence that lists something: what it begins with, and the things."""

    lead: str
    things: list[str]


def answer(view: PlanView) -> list[str]:
    """Return what to do, what it leads to and how far that is proven: three sentences in plain words."""
    return [part if isinstance(part, str) else f"{part.lead}: {joined(part.things)}." for part in opening(view)]


def opening(view: PlanView) -> list[str | Listed]:
    """Return the same, what is listed apart from the sentence that lists it."""
    if view.outcome is None:
        return list(_no_answer(view))
    return [_to_do(view), *_range(view), _outcome(view), _proven(view)]


def _range(view: PlanView) -> Iterator[str | Listed]:
    if view.study is not None and view.worlds is not None:
        yield _over_worlds(view, view.worlds, view.study)
        first = view.study.first[:OPENING]
        known = [known_words(row, view.case) for row in first]
        if any(row.worth.value > 0 for row in first):
            yield Listed("To find out first, with what it is worth to know and its 95% interval", known)
        elif known:
            yield "No single figure is worth knowing: the same plan is chosen whatever it turns out to be."
            yield Listed("Nearest to it come, with what it is worth to know and its 95% interval", known)
    elif view.range is not None:
        yield (
            f"Figures of the case are uncertain: {view.case.words.outcome} runs from {range_words(view.range, view.case)} "
            f"({worlds_words(view.range, view.case.words)})."
        )


def _over_worlds(view: PlanView, found: WorldsView, study: StudyView) -> str:
    """Return from where to where the outcome of a plan for many worlds runs, and in how many it keeps all limits."""
    low, high = rough(study.low), in_money(view.case, rough(study.high))
    kept = (
        "all limits are kept in each"
        if study.kept >= 1 - SURE
        else f"all limits are kept in {percent(study.kept, 0)} of them"
    )
    below = f", below 0 in {percent(found.negative, 0)} of them" if found.negative else ""
    return (
        f"Over {counted(study.n, 'world')} {view.case.words.outcome} runs from {low} to {high} (5 to 95% of them); it is "
        f"{in_money(view.case, rough(found.mean or 0.0))} on average{below}, and {kept}."
    )


def known_words(row: KnownRow, case: CaseView) -> str:
    """Return a figure, what it is worth to know and the interval, as a sentence has them."""
    return f"{plain(row.name)} ({in_money(case, rough(row.worth.value))}, {rough(row.worth.low)} to {rough(row.worth.high)})"


def _to_do(view: PlanView) -> str:
    who = f"{plain(view.case.focal)}{' and its allies' if view.case.allies else ''}"
    verb = "would" if view.given else "should"
    steps = []
    if view.chosen:
        names = [
            f"{plain(row.name)} ({plain(row.policy_words)}, about {row.mean_delay:.3g} weeks)" for row in view.chosen
        ]
        steps.append(f"slow {joined(names)}")
        if view.left_open:
            steps.append(f"leave {counted(len(view.left_open), 'other regime')} open")
    elif view.policies:
        steps.append("leave every regime open")
    if view.qualified:
        titles = {row.id: row.title for row in view.lanes}
        lanes = [plain(titles.get(lane) or lane) for lane in view.qualified]
        steps.append(f"qualify {joined_few(lanes, MOST_NAMED)}")
    if view.stockpiles:
        steps.append(f"stockpile {joined_few([_amount(row) for row in view.stockpiles], MOST_NAMED)}")
    *before, last = steps or ["qualify and stockpile nothing"]
    return f"{who} {verb} {', '.join(before)}{', and ' if before else ''}{last}."


def _amount(row: StockpileRow) -> str:
    return " ".join(filter(None, (brief(row.units), plain(row.unit), f"of {plain(row.item)}")))


def _outcome(view: PlanView) -> str:
    words, added, only = view.case.words, view.own_loss or 0.0, view.sourcing_only

    def money(value: float | None) -> str:
        return in_money(view.case, brief(value))

    without = "" if only is None else f", where sourcing alone, without reviews, would give {money(only)}"
    return words.outcome_sentence.format(
        over="Over" if view.range is None and view.worlds is None else "At the case's own figures, over",
        weeks=counted(view.case.weeks, "week"),
        losses=_losses(view, money),
        now=money(view.cost_now),
        added=f"{'+' if added > 0 else ''}{money(added)}",
        worst=_weighed(view, words.weighing_sentence),
        outcome=money(view.outcome),
        without=without,
    )


def _losses(view: PlanView, money: Callable[[float | None], str]) -> str:
    """Return what each side loses, or gains where its loss is negative."""
    verbs: list[str] = []
    said = []
    for who, loss in ((plain(view.case.counterpart), view.counterpart_loss), ("us", view.own_loss)):
        gains = loss is not None and loss < 0
        verb = "brings" if gains else "costs"
        said.append(f"{'' if verbs[-1:] == [verb] else f'{verb} '}{who} {money(-loss if gains and loss else loss)}")
        verbs.append(verb)
    return " and ".join(said)


def _proven(view: PlanView) -> str:
    if view.worlds is not None and view.worlds.value is not None:
        value = in_money(view.case, brief(view.worlds.value))
        return f"Chosen by {view.worlds.words}, {value}; {proven_in_worlds(view.status, view.worlds, view.case.words)}."
    if view.given:
        kept = f"they break {counted(len(view.violations), 'limit')}" if view.violations else "they keep all limits"
        return f"These choices were given, not optimised: nothing is proven about better ones, and {kept}."
    assert view.outcome is not None
    if view.bound is None:
        return "How much better another plan could be is not known."
    words = view.case.words
    best = view.gap is not None and view.gap < NO_GAP
    sentence = (
        words.best_sentence if best else words.proven_sentence if view.status == "optimal" else words.unproven_sentence
    )
    return sentence.format(bound=in_money(view.case, bound_words(view.bound, words)), gap=gap(view.gap))


def _no_answer(view: PlanView) -> Iterator[str]:
    if view.status == "infeasible":
        yield "No plan satisfies all limits of this case."
        yield "This is proven: every combination of policies was ruled out."
        yield "“sluicegate explain” names the limits in conflict and how far each must give."
        return
    yield "The search was stopped before a plan was found."
    if view.bound is not None:
        yield view.case.words.stopped_sentence.format(
            bound=in_money(view.case, bound_words(view.bound, view.case.words))
        )
    yield "Whether there is one is not proven; allow more time."
