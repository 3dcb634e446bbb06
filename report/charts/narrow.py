"""Charts as wide as a telephone: what they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...model.network import Pair
from ..format.numbers import plain
from ..format.words import words_of
from ..views.scenarios import place_words, scenario_titles
from .base import (
    Figure,
    Written,
    nominal,
    styled,
)

if TYPE_CHECKING:
    from ...model import Plan


WIDTH = 340
"""Width of a chart with its labels, in points: that of a telephone, so that none has to be scaled down."""

FIGURES: Written = {"labelLimit": 0}
"""Of an axis labelled with short figures: measuring whether they are too long takes as long as drawing them."""

LABEL = nominal("label")

PLACE: Written = {"field": "place", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0, "paddingOuter": 0}}
"""Of bars below each other, with their words above each."""

LEFT: Written = {"value": 0}
"""The left edge."""

ON_COLOUR = "#ffffff"
"""Labels on a dark colour; unlike the background's white they stay on a dark page."""

ON_LIGHT = "#101418"
"""Labels on a light colour, on whatever page."""


def side_by_side(name: str, title: str, figures: Sequence[Figure], columns: int = 3) -> Figure | None:
    """Return charts side by side as one; None where there are none."""
    if not figures:
        return None
    charts = [
        _bare(figure.written) | {"title": {"text": figure.title, "limit": WIDTH, "fontSize": 12}} for figure in figures
    ]
    text = " ".join(f"{figure.title}: {figure.text}" for figure in figures)
    whole = {
        "title": title,
        "concat": charts,
        "columns": columns,
        "spacing": 30,
        "resolve": {"scale": {"color": "independent"}},
    }
    return Figure(name, title, text, styled(whole))


def _bare(written: Written) -> Written:
    """Return a chart without the look, which only the whole may have."""
    return {name: part for name, part in written.items() if name != "config"}


def pair_title(plan: Plan, pair: Pair) -> str:
    """Return item and site of a pair by the names for people, where the case has them."""
    site, item = pair
    return plain(f"{plan.case.names.item(item)}, {plan.case.names.site(site)}")


def sentence(words: str) -> str:
    """Return words as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def scenario_words(plan: Plan, scenario: str) -> str:
    """Return a scenario as a place to be in."""
    return place_words(scenario, scenario_titles(plan.case), words_of(plan.case))
