"""A frontier as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..format.numbers import brief, counted, plain
from ..text.frontier import change_words
from ..views.frontier import FrontierView, LevelRow, frontier_view
from .base import HEIGHT, INK, MUTED, OURS, WIDTH, Figure, Written, styled

if TYPE_CHECKING:
    from ...analysis.frontier.frontier import Frontier

NEAR = 0.018
"""Share of the axis within which letters would overlap."""


def frontier_figures(frontier: Frontier) -> list[Figure]:
    """Return the figures of a frontier: one, or none where no point has a plan.

    Every dot is a point, lettered where the plan changes. Between points of one plan the line is straight: what lies on it can be
    had, since the curve is concave as long as policies and lanes stay the same. Where the plan changes, the line is a step.
    """
    view = frontier_view(frontier)
    if not view.feasible:
        return []
    title = view.curve
    return [Figure("frontier", title, _words(view), _chart(view, title))]


def _words(view: FrontierView) -> str:
    """Return what the chart shows, in words."""
    plans = view.feasible
    money = f" {plain(view.currency)}" if view.currency else ""
    unit = f" {plain(view.unit)}" if view.unit else ""
    ends = " to ".join(
        f"{brief(row.outcome)}{money} at {brief(row.used)}{unit}"
        for row in (plans[0], plans[-1])
        if row.used is not None
    )
    choices = {plan.letter: plain("; ".join(plan.choices)) for plan in view.plans}
    return (
        f"{view.curve}, {counted(len(plans), 'point')}: from {ends}. "
        f"The plan {change_words(view)}. It begins with: {choices[plans[0].letter]}; and ends with: "
        f"{choices[plans[-1].letter]}."
    )


def _chart(view: FrontierView, title: str) -> Written:
    import altair as alt

    points = [{"x": row.used, "outcome": row.outcome, "plan": row.letter} for row in view.feasible]
    words, mean = view.case.words, f"mean {view.case.words.outcome}"
    across, up = (f"{mean} of {view.words}", mean) if view.over_worlds else (view.words, words.outcome)
    level = f"{across[:1].upper()}{across[1:]}{f' ({plain(view.unit)})' if view.unit else ''}"
    money = f"{up[:1].upper()}{up[1:]}{f' ({plain(view.currency)})' if view.currency else ''}"
    # No further than the points: nobody has a budget below 0 or a share above 1.
    x = alt.X("x:Q", title=level, scale=alt.Scale(zero=False, nice=False, padding=24))
    y = alt.Y("outcome:Q", title=money, scale=alt.Scale(zero=False, nice=True, padding=14))
    falling = view.falling
    line = alt.Chart(alt.Data(values=_outline(view))).mark_line(color=OURS, strokeWidth=1.5)
    dots = alt.Chart(alt.Data(values=points)).mark_point(color=OURS, filled=True, size=36, opacity=1)
    marks = alt.Chart(alt.Data(values=_lettered(points, falling))).mark_text(
        align="left" if falling else "right", dx=5 if falling else -5, dy=-9, fontSize=12, color=INK
    )
    layers = [
        line.encode(x=x, y=y, order="order:Q"),
        dots.encode(x=x, y=y, detail="plan:N"),
        marks.encode(x=x, y=y, text="plan:N"),
    ]
    if (knee := view.knee) is not None:
        ring = {"x": knee.used, "outcome": knee.outcome, "plan": knee.letter, "knee": "knee"}
        knees = alt.Chart(alt.Data(values=[ring]))
        layers += [
            knees.mark_point(color=INK, filled=False, size=130, strokeWidth=1.5).encode(x=x, y=y, detail="plan:N"),
            knees.mark_text(align="left", dx=10, dy=13, fontSize=12, color=INK).encode(x=x, y=y, text="knee:N"),
        ]
    without = [{"x": row.level} for row in view.rows if row.outcome is None]
    if without:
        layers.insert(0, alt.Chart(alt.Data(values=without)).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(x=x))
    heading = alt.TitleParams(f"{plain(view.case.title)}: {title[:1].lower()}{title[1:]}", subtitle=_subtitle(view))
    return styled(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=heading))


def _subtitle(view: FrontierView) -> list[str]:
    """Return what the marks mean, in lines."""
    proven = view.case.words.most if view.proven else view.case.words.most_found
    lines = [f"Every dot is {proven}; a letter marks where a plan begins."]
    if view.knee is not None:
        lines.append("Knee: the point furthest from the straight line between the ends.")
    if not view.steps:
        lines.append(
            "Between dots the line is what is sure to be had: straight within a plan, a step where plans change."
        )
    if len(view.feasible) < len(view.rows):
        lines.append("Dotted: levels at which no plan exists.")
    return lines


def _outline(view: FrontierView) -> list[dict[str, float]]:
    """Return the corners of the line: straight between points of one plan, a step where the plan changes."""
    corners: list[tuple[float, float]] = []
    for before, row in zip([None, *view.feasible], view.feasible, strict=False):
        assert row.used is not None and row.outcome is not None
        if before is not None and (view.steps or before.letter != row.letter):
            corners.append(_corner(before, row, view.falling))
        corners.append((row.used, row.outcome))
    return [{"x": x, "outcome": y, "order": order} for order, (x, y) in enumerate(corners)]


def _corner(before: LevelRow, after: LevelRow, falling: bool) -> tuple[float, float]:
    """Corner of a step: a plan lasts until the next one can be had; of fills, each lasts down from what it keeps."""
    assert before.used is not None and before.outcome is not None
    assert after.used is not None and after.outcome is not None
    return (before.used, after.outcome) if falling else (after.used, before.outcome)


def _lettered(points: Sequence[dict[str, Any]], falling: bool) -> list[dict[str, Any]]:
    """Return the first point of every run of a plan with its letter; letters that would overlap are drawn as one."""
    ordered = list(reversed(points)) if falling else list(points)
    firsts = [point for place, point in enumerate(ordered) if place == 0 or ordered[place - 1]["plan"] != point["plan"]]
    across = max(point["x"] for point in points) - min(point["x"] for point in points) or 1.0
    up = max(point["outcome"] for point in points) - min(point["outcome"] for point in points) or 1.0
    found: list[dict[str, Any]] = []
    for point in firsts:
        last = found[-1] if found else None
        near = last is not None and abs(point["x"] - last["x"]) < NEAR * across
        if last is not None and near and abs(point["outcome"] - last["outcome"]) < 2.5 * NEAR * up:
            found[-1] = {**point, "plan": f"{last['plan'].split('-')[0]}-{point['plan']}"}
        else:
            found.append({**point})
    return found
