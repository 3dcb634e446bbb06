"""What all charts share: their look, and how they are written as SVG, PNG or HTML."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data.storage.atomic import write_file

if TYPE_CHECKING:
    import altair
    import pandas as pd

WIDTH, HEIGHT = 640, 380
"""Size of a plot, in points."""

SCALE = 2.0
"""Pixels of a PNG per point."""

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

INK, MUTED, GRID = "#1b1f24", "#667080", "#dfe3e8"

OURS, THEIRS, REVIEW, NEW = "#1f5fa8", "#b3441e", "#7a5ea8", "#2d7d5a"
"""Colours of our side, of the counterpart, of what is under review and of what the plan opens, told apart by colour-blind eyes too.

On a page a colour means one thing. Totals and outcomes are `INK`, what stands in the background is `MUTED`, limits are of `HEAT`,
and what belongs to no side (other suppliers, plans, ends of a range, choices) has a colour of `SERIES`.
"""

SERIES = ("#1f7a8c", "#5b1e49", "#b8497a", "#3d4752", "#7d5035", "#0e4a57", "#6f6a12")
"""Colours of things without a side, in the order in which they are used; white letters on them can be read."""

ENDS = SERIES[:2]
"""Colours of the low and the high end of a figure."""

OURS_PALE = "#9dbce0"
"""Of what comes with our side: what allies add, what a figure explains with others."""

HEAT = {-10: "#e0a63a", -0.001: "#f0c878", 0: "#f8e3b0", 2: "#f6f1e2", 10: "#e3e9ee", 50: "#bfcdd9"}
"""Colours by how many points are left above a limit: amber at it and below it, grey away from it."""

PALE = 0.25
"""Opacity of a bar that lowers what others of its colour raise; its outline is whole."""

SCENARIO = "scenario "
"""What begins the description of a line that shows a scenario; its id follows."""

SLIM_LETTERS = frozenset("abcdefghijklnopqrstuvxyz0123456789 ,.;:-+/()")

SLIM, WIDE = 0.65, 1.1
"""Widths that no slim letter and no ASCII character goes beyond, in sizes of the letters."""

ENDINGS = (".svg", ".png", ".html")

Written = dict[str, Any]
"""A chart, or a part of one, as Vega-Lite writes it. Altair's objects take long to load, and long to copy by the dozen."""

LOOK: Written = {
    "font": FONT,
    "background": "white",
    "title": {
        "fontSize": 15,
        "subtitleFontSize": 11,
        "subtitleColor": MUTED,
        "offset": 10,
        "fontWeight": "bold",
        "anchor": "start",
    },
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "gridColor": GRID,
        "domainColor": INK,
        "tickColor": INK,
        "labelLimit": 260,
    },
    "legend": {"labelFontSize": 11, "titleFontSize": 12, "labelLimit": 260},
    "view": {"stroke": None, "continuousWidth": 300, "continuousHeight": 300},
}
"""What all charts share."""


@dataclass(frozen=True)
class Figure:
    """A chart with what it says in words.

    Attributes
    ----------
    name
        Name of its file, without an ending.
    title
        Title.
    text
        What the chart shows, for a reader who cannot see it: what is plotted, and the figures that matter.
    written
        The chart, styled, as Vega-Lite writes it.
    """

    name: str
    title: str
    text: str
    written: Written

    @property
    def chart(self) -> altair.TopLevelMixin:
        """The chart as an Altair chart, checked against Vega-Lite's schema."""
        import altair as alt

        return alt.Chart.from_dict(pointed(self.written))


def pointed(written: Written) -> Written:
    """Return a chart that says the figures of a mark beside the pointer, where it is shown by a program that can."""
    return {**written, "config": {**written["config"], "mark": {"tooltip": {"content": "encoding"}}}}


def inline_data(frame: pd.DataFrame) -> Written:
    """Return the data of a chart as text, which is copied many times faster than rows."""
    return {"values": frame.to_json(orient="records"), "format": {"type": "json"}}


def layer(frame: pd.DataFrame, mark: Written, **channels: Written) -> Written:
    """Return a layer of a chart from mark and channels."""
    return {"data": inline_data(frame), "mark": mark, "encoding": channels}


def quantity(field: str, **properties: Any) -> Written:
    """Return a channel of `layer` for figures."""
    return {"field": field, "type": "quantitative", **properties}


def nominal(field: str, **properties: Any) -> Written:
    """Return a channel of `layer` for names."""
    return {"field": field, "type": "nominal", **properties}


def room(texts: Iterable[str], width: float, size: float) -> float:
    """Return the limit of labels that have so much room: none where all are surely short enough.

    The drawing program takes as long to measure whether a label is too long as to draw it.

    Parameters
    ----------
    texts
        The labels.
    width
        Their room, in points.
    size
        Size of their letters, in points.
    """
    texts = list(texts)
    if not all(map(str.isascii, texts)):
        return width
    widest = max((sum(SLIM if letter in SLIM_LETTERS else WIDE for letter in text) for text in texts), default=0.0)
    return 0 if widest * size <= width else width


def styled(chart: altair.TopLevelMixin | Written) -> Written:
    """Return a whole chart, as Vega-Lite writes it, in the look that all charts share."""
    # Not checked against Vega-Lite's schema, which takes longer than all else; the tests do.
    written = chart if isinstance(chart, dict) else chart.to_dict(validate=False)
    return {**written, "config": LOOK}


def svg_of(written: Written) -> str:
    """Return a chart as the text of an SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(written))


def write_chart(written: Written, path: str | os.PathLike[str]) -> Path:
    """Write a chart, whole or not at all; the ending of the path says how.

    Parameters
    ----------
    written
        The chart, as Vega-Lite writes it.
    path
        Ends in ``.svg``, ``.png`` or ``.html`` (one file that needs no network).

    Raises
    ------
    ValueError
        For another ending.
    OSError
        Where the file cannot be written.
    """
    import vl_convert

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in ENDINGS:
        raise ValueError(
            f"charts are written as .svg, .png or .html, not as {path.suffix or 'a file without an ending'}"
        )
    if kind == ".svg":
        content = svg_of(written).encode()
    elif kind == ".png":
        content = bytes(vl_convert.vegalite_to_png(written, scale=SCALE, ppi=72))
    else:
        content = str(vl_convert.vegalite_to_html(pointed(written), bundle=True)).encode()
    write_file(content, path)
    return path
