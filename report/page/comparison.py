"""What the page of plans side by side says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..charts.comparison import comparison_figures
from ..format.numbers import counted, decimals, gap, number, percent, plain, signed
from ..text.compare import ALWAYS, KINDS, _cells, _is_figure, _measure
from ..text.words import in_money, joined, status_words
from ..views.case import case_view
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
    letters = list(comparison.plans)
    titles = dict.fromkeys(plain(case_view(plan.case).title) for plan in comparison.plans.values())
    return {
        "title": f"Side by side: {joined(list(titles))}",
        "lead": f"{counted(len(letters), 'plan')}, told apart by letters.",
        "letters": letters,
        "answer": answer(comparison),
        "notices": comparison.notes,
        "plans": [
            (
                letter,
                plain(name),
                "no plan" if plan.leverage is None else in_money(case_view(plan.case), number(plan.leverage)),
                status_words(plan),
            )
            for (letter, plan), name in zip(comparison.plans.items(), names, strict=True)
        ],
        "figures": [
            picture(figure, f"c{place}", artist) for place, figure in enumerate(comparison_figures(comparison))
        ],
        "inputs": _inputs(comparison),
        "choices": _choices(comparison),
        "outcomes": _outcomes(comparison),
        "attribution": _attribution(comparison),
        "grouping": comparison.grouping,
    }


def answer(comparison: Comparison) -> list[str]:
    """Return which plan has more leverage, what differs, and how far that is proven: three sentences."""
    found = {letter: plan for letter, plan in comparison.plans.items() if plan.leverage is not None}
    if not found:
        return ["None of these has a plan to compare."]
    levels = {letter: plan.leverage or 0.0 for letter, plan in found.items()}
    best, least = max(levels, key=levels.__getitem__), min(levels, key=levels.__getitem__)
    places = decimals(levels.values())
    case = case_view(found[best].case)
    told = {letter: in_money(case, number(level, places)) for letter, level in levels.items()}
    if len(found) == 1:
        first = f"Only {best} has a plan, with a leverage of {told[best]}."
    elif levels[best] - levels[least] <= 1e-7 * max(abs(level) for level in levels.values()):
        first = f"All have the same leverage, {told[best]}."
    else:
        more = number(levels[best] - levels[least], places)
        first = (
            f"{best} has the most leverage, {told[best]}, {in_money(case, more)} more than {least} with {told[least]}."
        )
    figures = len(comparison.inputs)
    names = comparison.choices.loc[comparison.choices["differs"]]
    differ = [f"{KINDS[row.kind]}{plain(row.name_)}" for row in names.rename(columns={"name": "name_"}).itertuples()]
    second = f"They differ in {counted(figures, 'figure')} of the inputs" if figures else "Their inputs are the same"
    second += f", and in {counted(len(differ), 'choice')}." if differ else ", and not in their choices."
    proofs = []
    for letter, plan in found.items():
        how = "as chosen, nothing proven" if plan.gap is None else f"gap {gap(plan.gap)}"
        proofs.append(
            f"{letter} {how}" if plan.status != "feasible" or plan.gap is None else f"{letter} not proven best, {how}"
        )
    return [first, second, f"How far each is proven: {', '.join(proofs)}."]


def _inputs(comparison: Comparison) -> list[list[str]]:
    rows = []
    for row in comparison.inputs.to_dict("records"):
        name = ".".join(filter(None, (row["table"], row["key"], row["column"])))
        rows.append([plain(name), *_cells([row[letter] for letter in comparison.plans])])
    return rows


def _choices(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "cells": [KINDS[row["kind"]] + plain(row["name"]), *_cells([row[letter] for letter in comparison.plans])],
            "differs": row["differs"],
        }
        for row in comparison.choices.to_dict("records")
    ]


def _outcomes(comparison: Comparison) -> list[list[str]]:
    frame, letters = comparison.outcomes, list(comparison.plans)
    rows = []
    for row in frame[frame["differs"] | frame["measure"].isin(ALWAYS)].to_dict("records"):
        values = [row[letter] for letter in letters]
        share = row["measure"].endswith("fill")
        cells = [percent(value) for value in values] if share else _cells(values)
        if len(letters) == 2:
            both = all(map(_is_figure, values)) and row["differs"]
            places = 1 if share else decimals(float(value) for value in values if _is_figure(value))
            cells.append(signed((values[1] - values[0]) * (100 if share else 1), places) if both else "")
        rows.append([plain(_measure(row["measure"], row["name"])), *cells])
    return rows


def _attribution(comparison: Comparison) -> list[list[str]]:
    frame = comparison.attribution
    if frame is None or comparison.change is None:
        return []
    places = decimals(value for letter in "AB" for value in frame[f"effect_from_{letter}"] if _is_figure(value))
    rows = []
    for row in frame.to_dict("records"):
        cells = [plain(row["difference"])]
        for letter in "AB":
            effect, share = row[f"effect_from_{letter}"], row[f"share_from_{letter}"]
            cells.append(signed(effect, places) if _is_figure(effect) else plain(row[f"status_from_{letter}"] or "-"))
            cells.append(percent(share, 0) if _is_figure(share) else "-")
        rows.append(cells)
    return rows
