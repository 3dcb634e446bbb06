"""Dependence measures as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..format.numbers import brief, plain
from .base import OURS, THEIRS, WIDTH, Figure, inline_data, styled

if TYPE_CHECKING:
    from ...analysis.dependence.indices import Indices

MOST_BARS = 20
"""Parties and sites that have a bar, those whose loss costs most first."""

ROW = 26
"""Height of a bar's row, in points."""

SIDES = {"ours": "our side", "counterpart": "the counterpart"}


def indices_figures(indices: Indices) -> list[Figure]:
    """Return the figures of dependence measures: what each side loses without a party or site; none where nothing is lost."""
    frame = indices.chokepoints
    frame = frame[frame["lost_value"] > 0].sort_values("lost_value", ascending=False, kind="stable").head(MOST_BARS)
    if frame.empty:
        return []
    names = indices.case.names.of("parties") | indices.case.names.of("sites")
    money = plain(indices.case.settings.case.currency)
    rows = frame.assign(
        name=[plain(names.get(node, node)) for node in frame["node"]],
        who=[SIDES[side] for side in frame["side"]],
    )[["name", "who", "kind", "lost_value", "score", "hardest_hit"]]
    rows["hardest_hit"] = [indices.case.names.pair(pair) for pair in rows["hardest_hit"]]
    title = "What each side loses without a party or site"
    first = rows.iloc[0]
    text = f"{title}: most without {first['name']}, {brief(first['lost_value'])} {money} of {first['who']}."
    axis = f"demand not served over the horizon{f', {money}' if money else ''}"
    chart = {
        "title": title,
        "width": WIDTH,
        "height": {"step": ROW},
        "data": inline_data(rows),
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "title": None, "sort": None},
            "yOffset": {"field": "who", "type": "nominal"},
            "x": {"field": "lost_value", "type": "quantitative", "title": axis},
            "color": {
                "field": "who",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(SIDES.values()), "range": [OURS, THEIRS]},
            },
            "tooltip": [
                {"field": "name", "type": "nominal", "title": "without"},
                {"field": "who", "type": "nominal", "title": "loses"},
                {"field": "lost_value", "type": "quantitative", "title": "not served", "format": ",.6~g"},
                {"field": "score", "type": "quantitative", "title": "share", "format": ".1%"},
                {"field": "hardest_hit", "type": "nominal", "title": "hardest hit"},
            ],
        },
    }
    return [Figure("chokepoints", title, text, styled(chart))]
