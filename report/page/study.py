"""What the page of a frontier or of a sweep says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from ..format.numbers import brief, counted, joined, percent, plain
from ..text.blocks import blocks
from ..text.words import case_line, in_money
from ..views.case import case_view
from ..views.frontier import FrontierView, LevelRow, frontier_view
from .inline import picture
from .plan import made, sources

if TYPE_CHECKING:
    from ...analysis.frontier.frontier import Frontier
    from ...analysis.sweep.read import Sweep
    from ...data import Case
    from ..charts.base import Figure
    from ..charts.drawing import Artist
    from ..views.sweep import SweepView

MOST_CHARTS = 2
"""Charts of a sweep on the page of a plan: what the outcome depends on, and its spread."""

MOST_FIGURES = 3
"""Figures of the case that the answer names."""


def _content(
    case: Case,
    title: str,
    answer: list[str],
    notices: Sequence[str],
    parts: Any,
    figures: Sequence[Figure],
    facts: Any,
    artist: Artist,
) -> dict[str, Any]:
    told = dropwhile(lambda block: block["kind"] != "title", blocks(parts))
    return {
        "title": f"{plain(case_view(case).title)}: {title}",
        "lead": case_line(case_view(case)),
        "answer": answer,
        "words": case_view(case).words,
        "notices": list(notices),
        "figures": [picture(figure, f"f{place}", artist, told=True) for place, figure in enumerate(figures)],
        "blocks": list(told),
        "sources": sources(case),
        "assumed": case_view(case).words.assumed,
        "proof": facts,
    }


def frontier_content(
    frontier: Frontier, run: Mapping[str, Any], remarks: Sequence[str], artist: Artist
) -> dict[str, Any]:
    """Return what the template of a frontier's page is filled with.

    Parameters
    ----------
    frontier
        The frontier.
    run
        How it was made: ``run.json``.
    remarks
        What a reader should know about the result folder.
    artist
        Who draws its chart.
    """
    from ..charts.frontier import frontier_figures
    from ..text.frontier import change_words, frontier_parts, headline, unit_words

    view = frontier_view(frontier)
    answer = [f"{line[:1].upper()}{line[1:]}." for line in headline(view)]
    plans, curve = view.feasible, view.curve
    if plans and view.over_worlds:
        answer.insert(0, _caution(view))
    elif plans:
        ends = [f"{in_money(view.case, brief(row.outcome))} at {brief(row.used)}" for row in (plans[0], plans[-1])]
        span = " to ".join(f"{end}{unit_words(view)}" for end in dict.fromkeys(ends))
        answer.insert(0, f"{curve} goes from {span}; on the way the plan {change_words(view)}.")
    if (knee := view.knee) is not None:
        where = f"{brief(knee.used)}{unit_words(view)}"
        why = (
            "more caution than that costs most"
            if view.over_worlds
            else "before it the outcome moves most for what is used"
        )
        answer.append(f"The knee of the curve is at {where}, plan {knee.letter}: {why}.")
    return _content(
        frontier.case,
        f"{curve[:1].lower()}{curve[1:]}",
        answer,
        remarks,
        frontier_parts(view),
        frontier_figures(frontier),
        made(frontier.case, run),
        artist,
    )


def _caution(view: FrontierView) -> str:
    """Return from where to where a curve over worlds goes, in sentences."""
    from ..text.frontier import change_words

    def at(row: LevelRow) -> str:
        money = in_money(view.case, brief(row.outcome))
        return f"{money} on average, {in_money(view.case, brief(row.used))} in {view.words}"

    cautious, best = sorted(
        (view.feasible[0], view.feasible[-1]), key=lambda row: row.used or 0.0, reverse=view.falling
    )
    if len(view.feasible) == 1:
        return f"The plan that is best on average is the most cautious one too: {at(best)}."
    return (
        f"The plan that is best on average: {at(best)}. The most cautious one: {at(cautious)}. Between them the plan "
        f"{change_words(view)}."
    )


def sweep_content(sweep: Sweep, remarks: Sequence[str], artist: Artist) -> dict[str, Any]:
    """Return what the template of a sweep's page is filled with.

    Parameters
    ----------
    sweep
        The sweep.
    remarks
        What a reader should know about the result folder.
    artist
        Who draws its charts.
    """
    from ..charts.sweep import sweep_figures
    from ..text.sweep import sweep_parts
    from ..views.sweep import sweep_view

    run = {
        "command": "sweep",
        "options": {name: sweep.meta[name] for name in ("policies", "options") if name in sweep.meta},
        "versions": sweep.meta.get("versions"),
    }
    # Remarks stand at the top of the page.
    view = sweep_view(dataclasses.replace(sweep, remarks=()))
    return _content(
        sweep.case,
        f"a sweep of {counted(len(view.factors), 'figure')}",
        _sweep_answer(view),
        remarks,
        sweep_parts(view),
        sweep_figures(sweep),
        made(sweep.case, run),
        artist,
    )


def joined_sweep(sweep: Sweep, remarks: Sequence[str], artist: Artist) -> dict[str, Any]:
    """Return what the page of a plan says of a sweep of its case: the answer, and its first charts.

    Parameters
    ----------
    sweep
        The sweep.
    remarks
        What a reader should know about its folder.
    artist
        Who draws its charts.
    """
    from ..charts.sweep import sweep_figures
    from ..views.sweep import sweep_view

    view = sweep_view(dataclasses.replace(sweep, remarks=()))
    figures = sweep_figures(sweep)[:MOST_CHARTS]
    return {
        "answer": _sweep_answer(view),
        "remarks": [plain(remark) for remark in remarks],
        "figures": [picture(figure, f"sweep{place}", artist, told=True) for place, figure in enumerate(figures)],
    }


def _sweep_answer(view: SweepView) -> list[str]:
    """Return how the outcome is spread, what it depends on, and how far the advice holds and is proven."""
    if not view.spread["samples"]:
        return [f"No sample has a plan: {view.ended[0].none}."]
    low, high = (brief(float(view.spread[name])) for name in ("least", "most"))
    base = view.base_outcome
    as_it_is = "" if base is None else f"; the case as it is has {in_money(view.case, brief(base))}"
    samples = counted(int(view.spread["samples"]), "sample")
    spread = view.case.words.spread.format(samples=samples, low=low, high=in_money(view.case, high))
    answer = [f"{spread}{as_it_is}."]
    found = view.answer
    if found.table is not None and len(found.table):
        names = [plain(view.figures[path]) for path in found.table["factor"].head(MOST_FIGURES)]
        answer.append(f"It depends most on {joined(names)}.")
    else:
        answer.append(f"What it depends on is not known: {plain(found.refusal)}.")
    words = []
    if view.sets is not None:
        words.append(f"the choices of the case as it is are best in {percent(view.base_share, 0)} of the samples")
    first = view.ended[0]
    if first.mode == "free":
        words.append(f"{counted(first.counts.get('optimal', 0), 'sample')} of {view.samples:,} are proven optimal")
    else:
        words.append(f"the base plan keeps every limit in {counted(first.counts.get('feasible', 0), 'sample')}")
    text = ", and ".join(words)
    return [*answer, f"{text[:1].upper()}{text[1:]}."]
