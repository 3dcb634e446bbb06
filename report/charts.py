"""Charts as PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .figures import plain
from .frontier import WORDS, letters

if TYPE_CHECKING:
    import altair

    from ..analysis.frontier import Frontier, FrontierPoint

WIDTH, HEIGHT = 640, 380
"""Size of the plot, in points."""

SCALE = 2.0
"""Pixels of a PNG per point."""

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

NEAR = 0.018
"""Share of the axis within which labels would overlap."""

INK, PALE = "#111111", "#767676"


def frontier_chart(frontier: Frontier) -> altair.LayerChart:
    """Return the chart of a frontier: what is certain to be had at every level, points marked, new plans lettered.

    Between points of one plan the line is straight: what lies on it can be had, since the curve is concave as long as
    policies and lanes stay the same. Where the plan changes, the line is a step.

    Parameters
    ----------
    frontier
        A frontier with a point at least.

    Raises
    ------
    ValueError
        Where no point has a plan.
    """
    import altair as alt

    if not frontier.feasible:
        raise ValueError("no point of the frontier has a plan; there is nothing to draw")
    named = letters(frontier)
    places = {place: point for place, point in enumerate(frontier.points) if point.leverage is not None}
    points = [{"x": point.used, "leverage": point.leverage, "plan": named[place]} for place, point in places.items()]
    level = f"{WORDS[frontier.against].capitalize()}{f' ({plain(frontier.unit)})' if frontier.unit else ''}"
    money = f"Leverage{f' ({plain(frontier.currency)})' if frontier.currency else ''}"
    x = alt.X("x:Q", title=level, scale=alt.Scale(zero=False, nice=True, padding=12))
    y = alt.Y("leverage:Q", title=money, scale=alt.Scale(zero=False, nice=True, padding=14))
    line = (
        alt.Chart(alt.Data(values=outline(frontier, named)))
        .mark_line(color=INK, strokeWidth=1.5, interpolate="linear")
        .encode(x=x, y=y, order="order:Q")
    )
    dots = alt.Chart(alt.Data(values=points)).mark_point(color=INK, filled=True, size=34, opacity=1).encode(x=x, y=y)
    labels = (
        alt.Chart(alt.Data(values=lettered(points, frontier.against == "min_fill")))
        .mark_text(align=alt.expr("datum.align"), dx=alt.expr("datum.dx"), dy=-9, fontSize=12, font=FONT, color=INK)
        .encode(x=x, y=y, text="plan:N")
    )
    layers = [line, dots, labels]
    infeasible = [{"x": point.level} for point in frontier.points if point.status == "infeasible"]
    if infeasible:
        marks = alt.Chart(alt.Data(values=infeasible)).mark_rule(color=PALE, strokeDash=[2, 3]).encode(x=x)
        layers.insert(0, marks)
    title = plain(frontier.case.settings.case.title) or plain(frontier.case.name)
    return (
        alt.layer(*layers)
        .properties(
            width=WIDTH,
            height=HEIGHT,
            title=alt.TitleParams(
                f"{title}: leverage against {WORDS[frontier.against]}", subtitle=subtitle(frontier), anchor="start"
            ),
        )
        .configure(font=FONT, background="white")
        .configure_title(fontSize=15, subtitleFontSize=11, subtitleColor="#333333", offset=10, fontWeight="bold")
        .configure_axis(
            labelFontSize=11, titleFontSize=12, gridColor="#dddddd", domainColor=INK, tickColor=INK, labelFlush=False
        )
        .configure_view(stroke=None)
    )


def subtitle(frontier: Frontier) -> list[str]:
    """Return what the marks mean, in lines."""
    lines = ["Every dot is proven the greatest leverage at its level; a letter marks the first point of each plan."]
    if not frontier.steps:
        lines.append(
            "Between dots the line is what is sure to be had: straight within a plan, a step where plans change."
        )
    if any(point.status == "infeasible" for point in frontier.points):
        lines.append("Dotted: levels at which no plan exists.")
    return lines


def outline(frontier: Frontier, named: dict[int, str]) -> list[dict[str, float]]:
    """Return the corners of the line: straight between points of one plan, a step where the plan changes."""
    places = list(named)
    corners: list[tuple[float, float]] = []
    for before, place in zip([None, *places], places, strict=False):
        point = frontier.points[place]
        assert point.used is not None and point.leverage is not None
        if before is not None and (frontier.steps or named[before] != named[place]):
            corners.append(_corner(frontier.points[before], point, frontier.against == "min_fill"))
        corners.append((point.used, point.leverage))
    return [{"x": x, "leverage": y, "order": order} for order, (x, y) in enumerate(corners)]


def _corner(before: FrontierPoint, after: FrontierPoint, falling: bool) -> tuple[float, float]:
    """Corner of a step: a plan lasts until the next one can be had; of fills, each lasts down from what it keeps."""
    assert before.used is not None and before.leverage is not None
    assert after.used is not None and after.leverage is not None
    return (before.used, after.leverage) if falling else (after.used, before.leverage)


def lettered(points: Sequence[dict[str, Any]], falling: bool) -> list[dict[str, Any]]:
    """Return the first point of every run of a plan with its letter; letters that would overlap are drawn as one."""
    firsts = [point for place, point in enumerate(points) if place == 0 or points[place - 1]["plan"] != point["plan"]]
    across = max(point["x"] for point in points) - min(point["x"] for point in points) or 1.0
    up = max(point["leverage"] for point in points) - min(point["leverage"] for point in points) or 1.0
    found: list[dict[str, Any]] = []
    for point in firsts:
        last = found[-1] if found else None
        if (
            last is not None
            and abs(point["x"] - last["x"]) < NEAR * across
            and abs(point["leverage"] - last["leverage"]) < 2.5 * NEAR * up
        ):
            last["plan"] = f"{last['plan'].split('-')[0]}-{point['plan']}"
            last |= {"x": point["x"], "leverage": point["leverage"]}
            continue
        found.append({**point, "align": "left" if falling else "right", "dx": 5 if falling else -5})
    return found


def write_chart(chart: altair.LayerChart, path: str | Path) -> Path:
    """Write a chart; the ending of the path, ``.png`` or ``.svg``, says how.

    Raises
    ------
    ValueError
        For another ending.
    """
    import vl_convert

    path = Path(path)
    specification = chart.to_json()
    if path.suffix == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(specification), encoding="utf-8")
    elif path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(specification, scale=SCALE, ppi=72))
    else:
        raise ValueError(f"charts are written as .png or .svg, not as {path.suffix or 'a file without an ending'}")
    return path
