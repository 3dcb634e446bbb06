"""What the decisions of a plan are worth, and what the plan yields world by world, as charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..format.numbers import brief, counted, percent, plain
from ..format.words import words_of
from ..views.explain import explanation_view
from .base import MUTED, OURS, THEIRS, WIDTH, Figure, inline_data, styled

if TYPE_CHECKING:
    from ...analysis.explain.explain import Explanation
    from ...model import Plan

ROW = 26
"""Height of a bar's row, in points."""

LONGEST = 340
"""Room for the name of a decision, in points."""

HEIGHT = 260
"""Height of the chart of worlds, in points."""

KEPT, BROKEN = "all limits kept", "a limit broken"


def explanation_figures(explanation: Explanation) -> list[Figure]:
    """Return the figures of an explanation: what each decision of the plan adds; none without one that can be left out."""
    view = explanation_view(explanation)
    rows = [
        {
            "name": f"{plain(row.name)}: {plain(row.choice)}",
            "lost": row.cost,
            "instead": "; ".join(map(plain, row.instead)),
        }
        for row in view.decisions
        if row.cost is not None
    ]
    if not rows:
        return []
    words, money = view.case.words, plain(view.case.money)
    title = "What each decision adds"
    chart = {
        "title": title,
        "width": WIDTH - LONGEST,
        "height": {"step": ROW},
        "data": inline_data(pd.DataFrame(rows)),
        "mark": {"type": "bar", "color": OURS},
        "encoding": {
            "y": {
                "field": "name",
                "type": "nominal",
                "title": None,
                "sort": "-x",
                "axis": {"labelLimit": LONGEST},
            },
            "x": {
                "field": "lost",
                "type": "quantitative",
                "title": f"{words.each_adds}{f', {money}' if money else ''}",
            },
            "tooltip": [
                {"field": "name", "type": "nominal", "title": "decision"},
                {"field": "lost", "type": "quantitative", "title": words.lost_heads[0].lower(), "format": ",.6~g"},
                {"field": "instead", "type": "nominal", "title": "instead"},
            ],
        },
    }
    most = max(row.cost for row in view.decisions if row.cost is not None)
    text = f"{title}, {words.each_adds}: at most {brief(most)} {money}".rstrip() + "."
    return [Figure("decisions", title, text, styled(chart))]


def outcomes_by_world(plan: Plan) -> Figure | None:
    """Return what a plan yields in every world, the worst first; None of a plan that was not made for many worlds."""
    frame = plan.tables.get("worlds")
    if frame is None:
        return None
    words, outcome = words_of(plan.case), plan.case.sense
    frame = frame.sort_values(outcome, ascending=words.sense.sign > 0, kind="stable")
    weight = frame["weight"] / frame["weight"].sum()
    rows = pd.DataFrame(
        {
            "world": frame["world"].astype(str),
            "outcome": frame[outcome],
            "up to": weight.cumsum(),
            "limits": [KEPT if kept else BROKEN for kept in frame["limits_kept"]],
        }
    )
    # A cost is far from 0; of leverage its sign is what matters.
    zero = [{"mark": {"type": "rule", "color": MUTED}, "encoding": {"y": {"datum": 0}}}] if words.sense.sign > 0 else []
    money = plain(plan.case.settings.case.currency)
    title = f"{words.title} in every world, the worst first"
    chart = {
        "title": title,
        "width": WIDTH,
        "height": HEIGHT,
        "data": inline_data(rows),
        "layer": [
            *zero,
            {
                "mark": {"type": "point", "filled": True, "size": 60},
                "encoding": {
                    "x": {
                        "field": "up to",
                        "type": "quantitative",
                        "title": "share of the weight of worlds that are no better",
                        "axis": {"format": "%"},
                        "scale": {"domain": [0, 1]},
                    },
                    "y": {
                        "field": "outcome",
                        "type": "quantitative",
                        "scale": {"zero": words.sense.sign > 0},
                        "title": f"{words.outcome}{f', {money}' if money else ''}",
                    },
                    "color": {
                        "field": "limits",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": [KEPT, BROKEN], "range": [OURS, THEIRS]},
                    },
                    "tooltip": [
                        {"field": "world", "type": "nominal"},
                        {"field": "outcome", "type": "quantitative", "title": words.outcome, "format": ",.6~g"},
                        {"field": "limits", "type": "nominal"},
                    ],
                },
            },
        ],
    }
    low, high = rows["outcome"].min(), rows["outcome"].max()
    kept = percent(float(weight[frame["limits_kept"].to_numpy(bool)].sum()), 0)
    text = (
        f"{words.title} in {counted(len(rows), 'world')}: {brief(low)} to {brief(high)} {money}".rstrip()
        + f"; all limits are kept in {kept} of the weight."
    )
    return Figure("worlds", title, text, styled(chart))
