"""What happens when under a plan, on one time line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ...model.network import NONE
from ..format.numbers import plain
from ..views import timeline as kinds
from ..views.timeline import Span, timeline
from .base import INK, MUTED, OURS, REVIEW, THEIRS, Figure, Written, layer, nominal, quantity, room, styled
from .narrow import FIGURES, LEFT, PLACE, WIDTH, scenario_words

if TYPE_CHECKING:
    from ...model import Plan

HEADS = {
    kinds.REVIEW: ("Reviews", REVIEW),
    kinds.PACKAGE: ("Packages", THEIRS),
    kinds.OUTAGE: ("Outages", MUTED),
    kinds.THEIR_SHORTAGE: ("The counterpart is short", THEIRS),
    kinds.OUR_SHORTAGE: ("We are short", OURS),
}
"""Heading and colour of every kind of span."""

MOST_ROWS = 6
"""Spans of a kind that are drawn; the weekly charts show the others."""

STEP = 25
"""Height of a row, in points."""


def timeline_figure(plan: Plan) -> Figure | None:
    """Return reviews, packages, outages and shortages on one time line; None where nothing happens.

    Parameters
    ----------
    plan
        A plan with its tables.
    """
    import pandas as pd

    rows, heads, told = [], [], []
    place = 0
    for kind, spans in groupby(timeline(plan), key=lambda span: span.kind):
        drawn = list(spans)
        title, colour = HEADS[kind]
        if kind == kinds.OUR_SHORTAGE:
            title = f"{title} {scenario_words(plan, plan.worst_package or NONE)}"
        left = len(drawn) - MOST_ROWS
        heads.append({"place": place, "head": f"{title}, and {left} more" if left > 0 else title})
        place += 1
        for span in drawn[:MOST_ROWS]:
            rows += [(place, plain(span.name), colour, start, end) for start, end in span.weeks]
            place += 1
        told.append(f"{title}: {'; '.join(_words(span) for span in drawn)}.")
    if not rows:
        return None
    frame = pd.DataFrame(rows, columns=["place", "name", "colour", "start", "end"])
    names = frame.drop_duplicates("place")[["place", "name"]]
    weeks, width = plan.case.settings.horizon.weeks, WIDTH - 12
    axis = FIGURES | {"title": "week", "format": "d", "tickCount": min(weeks, 7), "grid": True}
    x = quantity("start", scale={"domain": [0, weeks], "nice": False}, axis=axis)
    words: Written = {"type": "text", "align": "left", "fontSize": 11, "color": INK}
    layers = [
        layer(
            frame,
            {"type": "bar", "size": 9, "yOffset": 7},
            x=x,
            x2={"field": "end"},
            y=PLACE,
            color=nominal("colour", scale=None),
        ),
        layer(
            names, {**words, "dy": -5, "limit": room(names["name"], width, 11)}, x=LEFT, y=PLACE, text=nominal("name")
        ),
        layer(pd.DataFrame(heads), {**words, "dy": 4, "fontWeight": "bold"}, x=LEFT, y=PLACE, text=nominal("head")),
    ]
    written = styled({"layer": layers, "width": width, "height": STEP * place})
    return Figure("timeline", "What happens when", " ".join(told), written)


def _words(span: Span) -> str:
    runs = ", ".join(f"{start}" if end == start + 1 else f"{start} to {end - 1}" for start, end in span.weeks)
    single = len(span.weeks) == 1 and span.weeks[0][1] == span.weeks[0][0] + 1
    return f"{plain(span.name)}, week{'' if single else 's'} {runs}"
