"""Charts as parts of a page: inline SVG that follows the page's colours and is described in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from ..charts.base import GRID, INK, MUTED, NEW, OURS, OURS_PALE, REVIEW, SCENARIO, SERIES, THEIRS

if TYPE_CHECKING:
    from ..charts.base import Figure, Written
    from ..charts.drawing import Artist, Drawn

SVG = "http://www.w3.org/2000/svg"

KEPT = {"svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath", "linearGradient", "stop"}
"""Elements of a chart; anything else would be no part of one."""

NOTED = re.compile(r"role|class|pointer-events|style|version|on.*|aria-.*|.*href")
"""Attributes that a picture described in words does without, and those that could do something."""

MARKS = {"bar", "point", "circle", "square", "rect mark"}
"""What Vega calls marks that stand for one row of a chart's data, of which the page says the figures."""

MOST_TOLD = 1_000
"""Marks of a chart that the page tells the figures of; of more, none can be pointed at."""

LEGEND = {"role-legend-symbol": "symbol", "role-legend-label": "label"}
"""Parts of a legend, by the class that Vega gives them."""

REFERENCE = re.compile(r"url\(#(.+)\)")
"""How one element of a chart refers to another."""

BLACK = "#000"
"""What Vega uses where a chart names no colour."""

DARK = {
    INK: "#e7eaee",
    BLACK: "#e7eaee",
    MUTED: "#9aa5b4",
    GRID: "#39424e",
    OURS: "#74aef0",
    THEIRS: "#ee8a63",
    REVIEW: "#b79be0",
    NEW: "#5fbf93",
    OURS_PALE: "#3f6796",
    **dict(zip(SERIES, ("#62c3d8", "#d9a5cc", "#f07fb0", "#a9b6c5", "#cf9f80", "#a5e4f0", "#c9c257"), strict=True)),
    "#ffffff": "#14181d",
    "#888": "#9aa5b4",
    "#ddd": "#39424e",
}
"""Colours of charts on a dark page, by what they are on a light one."""

ElementTree.register_namespace("", SVG)


@dataclass(frozen=True)
class Picture:
    """A chart in a page.

    Attributes
    ----------
    title, text
        As of the figure.
    key
        Tells its ids apart from those of the page's other charts; letters and digits.
    drawn
        Returns the chart as an artist drew it.
    """

    title: str
    text: str
    key: str
    drawn: Drawn

    @property
    def svg(self) -> Markup:
        """The chart as it stands in a page."""
        root = ElementTree.fromstring(self.drawn())
        width, _ = (root.attrib.pop(name, None) for name in ("width", "height"))
        # Vega counts ids through all charts it draws; here they depend on the chart alone.
        ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
        _clean(root, {name: f"{self.key}-{place}" for place, name in enumerate(ids)}, _told(root))
        root.set("role", "img")
        root.set("aria-label", self.title)
        if width is not None:
            # So wide that its letters keep their size; what has less room is scrolled.
            root.set("style", f"--own: {float(width):.0f}px")
        # Safe: built from elements, so that every text is escaped.
        return Markup(ElementTree.tostring(root, encoding="unicode"))


def picture(figure: Figure, key: str, artist: Artist, told: bool = False) -> Picture:
    """Return a figure as a part of a page, handed to an artist who may draw it while more is made.

    Parameters
    ----------
    figure
        The figure.
    key
        As of `Picture`.
    artist
        Who draws it.
    told
        Whether its marks say their figures to who rests the pointer on one.
    """
    written = figure.written if told else _undescribed(figure.written)
    return Picture(figure.title, figure.text, key, artist.draw(written))


def _undescribed(written: Written) -> Written:
    """Return a chart without words for each of its marks, which a page does without and which take long to make."""
    return {**written, "config": {**written["config"], "aria": False}}


def _told(root: ElementTree.Element) -> bool:
    """Whether the marks of a chart are few enough to say their figures."""
    return sum(element.attrib.get("aria-roledescription") in MARKS for element in root.iter()) <= MOST_TOLD


def _clean(element: ElementTree.Element, ids: Mapping[str, str], told: bool) -> None:
    described = element.attrib.get("aria-label", "")
    if described.startswith(SCENARIO):
        element.set("data-scenario", described.removeprefix(SCENARIO))
    elif told and described and element.attrib.get("aria-roledescription") in MARKS:
        element.set("data-told", described)
    for name in element.attrib.get("class", "").split():
        if name in LEGEND:
            element.set("data-legend", LEGEND[name])
    for name, value in list(element.attrib.items()):
        if NOTED.fullmatch(name.rpartition("}")[2]):
            del element.attrib[name]
        elif name == "id":
            element.set(name, ids[value])
        elif referred := REFERENCE.fullmatch(value):
            element.set(name, f"url(#{ids[referred[1]]})")
    for child in list(element):
        if child.tag.rpartition("}")[2] not in KEPT:
            element.remove(child)
        else:
            _clean(child, ids, told)
    if "data-told" in element.attrib:
        # A browser shows it beside the pointer, also without scripts.
        ElementTree.SubElement(element, f"{{{SVG}}}title").text = element.attrib.pop("data-told")
