"""What the page of plans side by side says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..charts.comparison import comparison_figures
from ..format.numbers import brief, counted, gap, joined, percent, plain, signed
from ..text.compare import effect_places, outcome_cells, value_cells
from ..text.words import compared_words, status_words, with_money
from ..views.comparison import ComparisonView, comparison_view
from .inline import picture

if TYPE_CHECKING:
    from ...analysis.compare.compare import Comparison
    from ..charts.drawing import Artist


def comparison_content(comparison: Comparison, names: Sequence[str], artist: Artist) -> dict[str, Any]:
    """Return what the template of a comparison's page is filled with.

    Parameters
    ----------
    comparison
        What `compare` returned.
    names
        What was compared, in its order.
    artist
        Who draws its charts.
    """
    view = comparison_view(comparison)
    titles = dict.fromkeys(plain(plan.title) for plan in view.plans)
    return {
        "title": f"Side by side: {joined(list(titles))}",
        "lead": f"{counted(len(view.plans), 'plan')}, told apart by letters.",
        "letters": view.letters,
        "answer": answer(view),
        "notices": view.notes,
        "plans": [
            (
                plan.letter,
                plain(name),
                compared_words(plan),
                status_words(plan, view.words),
            )
            for plan, name in zip(view.plans, names, strict=True)
        ],
        "figures": [
            picture(figure, f"c{place}", artist, told=True)
            for place, figure in enumerate(comparison_figures(comparison))
        ],
        "inputs": [[plain(row.name), *value_cells(row.values)] for row in view.inputs],
        "choices": [
            {"cells": [plain(row.words), *value_cells(row.values)], "differs": row.differs} for row in view.choices
        ],
        "outcomes": _outcomes(view),
        "attribution": _attribution(view),
        "grouping": view.grouping,
        "words": view.words,
    }


def answer(view: ComparisonView) -> list[str]:
    """Return which plan is better, what differs, and how far that is proven: three sentences."""
    found = view.found
    if not found:
        return ["None of these has a plan to compare."]
    best, least = found[0], found[-1]
    words = view.words
    told = {plan.letter: with_money(brief(plan.outcome), best.money) for plan in found}
    outcome = {"letter": best.letter, "outcome": told[best.letter]}
    if len(found) == 1:
        first = words.alone.format(**outcome)
    elif not view.lead:
        first = words.same.format(**outcome)
    else:
        lead = with_money(brief(view.lead), best.money)
        first = words.leads.format(**outcome, lead=lead, other=least.letter, least=told[least.letter])
    figures, choices = len(view.inputs), sum(row.differs for row in view.choices)
    second = f"They differ in {counted(figures, 'figure')} of the inputs" if figures else "Their inputs are the same"
    second += f", and in {counted(choices, 'choice')}." if choices else ", and not in their choices."
    proofs = []
    for plan in view.plans:
        if plan.outcome is not None:
            how = "as chosen, nothing proven" if plan.gap is None else f"gap {gap(plan.gap)}"
            unproven = plan.status == "feasible" and plan.gap is not None
            proofs.append(f"{plan.letter} not proven best, {how}" if unproven else f"{plan.letter} {how}")
    return [first, second, f"How far each is proven: {', '.join(proofs)}."]


def _outcomes(view: ComparisonView) -> list[list[str]]:
    rows = []
    for row in view.outcomes:
        cells, change = outcome_cells(row)
        rows.append([plain(row.words), *cells, *([change] if len(view.plans) == 2 else [])])
    return rows


def _attribution(view: ComparisonView) -> list[list[str]]:
    places = effect_places(view)
    rows = []
    for row in view.effects:
        cells = [plain(row.difference)]
        for effect in row.effects.values():
            cells.append(plain(effect.status or "-") if effect.amount is None else signed(effect.amount, places))
            cells.append("-" if effect.share is None else percent(effect.share, 0))
        rows.append(cells)
    return rows
