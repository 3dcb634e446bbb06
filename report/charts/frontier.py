"""A frontier as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...model.plan.choices import Offer
from ..format.numbers import counted, number, plain
from ..text.frontier import change_words, choice_words, letters
from .base import HEIGHT, INK, MUTED, OURS, WIDTH, Figure, Written, styled

if TYPE_CHECKING:
    from ...analysis.frontier.frontier import Frontier, FrontierPoint

NEAR = 0.018
"""Share of the axis within which letters would overlap."""


def frontier_figures(frontier: Frontier) -> list[Figure]:
    """Return the figures of a frontier: one, or none where no point has a plan.

    Every dot is a point, lettered where the plan changes. Between points of one plan the line is straight: what lies on it can be
    had, since the curve is concave as long as policies and lanes stay the same. Where the plan changes, the line is a step.
    """
    if not frontier.feasible:
        return []
    title = f"Leverage against {frontier.resource.words}"
    return [Figure("frontier", title, _words(frontier), _chart(frontier, title))]


def _words(frontier: Frontier) -> str:
    """Return what the chart shows, in words."""
    plans = frontier.feasible
    first, last = plans[0], plans[-1]
    offer = Offer.of(frontier.case)
    money = f" {plain(frontier.currency)}" if frontier.currency else ""
    unit = f" {plain(frontier.unit)}" if frontier.unit else ""
    ends = " to ".join(
        f"{number(point.leverage)}{money} at {number(point.used)}{unit}"
        for point in (first, last)
        if point.used is not None
    )
    return (
        f"Leverage against {frontier.resource.words}, {counted(len(plans), 'point')}: from {ends}. "
        f"The plan {change_words(frontier)}. It begins with: {choice_words([first], offer)}; and ends with: "
        f"{choice_words([last], offer)}."
    )


def _chart(frontier: Frontier, title: str) -> Written:
    import altair as alt

    named = letters(frontier)
    places = {place: point for place, point in enumerate(frontier.points) if point.leverage is not None}
    points = [{"x": point.used, "leverage": point.leverage, "plan": named[place]} for place, point in places.items()]
    words = frontier.resource.words
    level = f"{words[:1].upper()}{words[1:]}{f' ({plain(frontier.unit)})' if frontier.unit else ''}"
    money = f"Leverage{f' ({plain(frontier.currency)})' if frontier.currency else ''}"
    x = alt.X("x:Q", title=level, scale=alt.Scale(zero=False, nice=True, padding=12))
    y = alt.Y("leverage:Q", title=money, scale=alt.Scale(zero=False, nice=True, padding=14))
    falling = frontier.resource.sense < 0
    line = alt.Chart(alt.Data(values=_outline(frontier, named))).mark_line(color=OURS, strokeWidth=1.5)
    dots = alt.Chart(alt.Data(values=points)).mark_point(color=OURS, filled=True, size=36, opacity=1)
    marks = alt.Chart(alt.Data(values=_lettered(points, falling))).mark_text(
        align="left" if falling else "right", dx=5 if falling else -5, dy=-9, fontSize=12, color=INK
    )
    layers = [line.encode(x=x, y=y, order="order:Q"), dots.encode(x=x, y=y), marks.encode(x=x, y=y, text="plan:N")]
    without = [{"x": point.level} for point in frontier.points if point.leverage is None]
    if without:
        layers.insert(0, alt.Chart(alt.Data(values=without)).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(x=x))
    name = plain(frontier.case.settings.case.title) or plain(frontier.case.name)
    heading = alt.TitleParams(f"{name}: {title[:1].lower()}{title[1:]}", subtitle=_subtitle(frontier))
    return styled(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=heading))


def _subtitle(frontier: Frontier) -> list[str]:
    """Return what the marks mean, in lines."""
    proven = (
        "proven the greatest leverage at its level" if frontier.proven else "the greatest leverage found at its level"
    )
    lines = [f"Every dot is {proven}; a letter marks where a plan begins."]
    if not frontier.steps:
        lines.append(
            "Between dots the line is what is sure to be reached: straight within a plan, a step where plans change."
        )
    if len(frontier.feasible) < len(frontier.points):
        lines.append("Dotted: levels at which no plan exists.")
    return lines


def _outline(frontier: Frontier, named: dict[int, str]) -> list[dict[str, float]]:
    """Return the corners of the line: straight between points of one plan, a step where the plan changes."""
    places = list(named)
    corners: list[tuple[float, float]] = []
    for before, place in zip([None, *places], places, strict=False):
        point = frontier.points[place]
        assert point.used is not None and point.leverage is not None
        if before is not None and (frontier.steps or named[before] != named[place]):
            corners.append(_corner(frontier.points[before], point, frontier.resource.sense < 0))
        corners.append((point.used, point.leverage))
    return [{"x": x, "leverage": y, "order": order} for order, (x, y) in enumerate(corners)]


def _corner(before: FrontierPoint, after: FrontierPoint, falling: bool) -> tuple[float, float]:
    """Corner of a step: a plan lasts until the next one can be had; of fills, each lasts down from what it keeps."""
    assert before.used is not None and before.leverage is not None
    assert after.used is not None and after.leverage is not None
    return (before.used, after.leverage) if falling else (after.used, before.leverage)


def _lettered(points: Sequence[dict[str, Any]], falling: bool) -> list[dict[str, Any]]:
    """Return the first point of every run of a plan with its letter; letters that would overlap are drawn as one."""
    ordered = list(reversed(points)) if falling else list(points)
    firsts = [point for place, point in enumerate(ordered) if place == 0 or ordered[place - 1]["plan"] != point["plan"]]
    across = max(point["x"] for point in points) - min(point["x"] for point in points) or 1.0
    up = max(point["leverage"] for point in points) - min(point["leverage"] for point in points) or 1.0
    found: list[dict[str, Any]] = []
    for point in firsts:
        last = found[-1] if found else None
        near = last is not None and abs(point["x"] - last["x"]) < NEAR * across
        if last is not None and near and abs(point["leverage"] - last["leverage"]) < 2.5 * NEAR * up:
            found[-1] = {**point, "plan": f"{last['plan'].split('-')[0]}-{point['plan']}"}
        else:
            found.append({**point})
    return found
