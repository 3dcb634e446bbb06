"""A search for break-even values as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..format.numbers import brief, counted, plain
from ..views.breakeven import BreakevenView, breakeven_view
from .base import HEIGHT, INK, MUTED, OURS, WIDTH, Figure, Written, inline_data, styled

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.breakeven.result import Breakeven


def breakeven_figures(result: Breakeven) -> list[Figure]:
    """Return the figures of a search for switches: one, or none where no value has a plan.

    Every dot is a value that was solved; vertical lines are the values at which the best choices change, the broken one is the
    value in force.
    """
    view = breakeven_view(result)
    frame = _points(result, view)
    if frame.empty:
        return []
    title = f"{view.case.words.title} against {plain(view.figure)}"
    return [Figure("breakeven", title, _words(view, frame), _chart(view, frame, title))]


def _points(result: Breakeven, view: BreakevenView) -> pd.DataFrame:
    import pandas as pd

    found = result.points[result.points["leverage"].notna()]
    rows = [
        (value, view.case.words.figure(leverage), _choices(view, value))
        for value, leverage in zip(found["value"], found["leverage"], strict=True)
    ]
    # A switch is a step: both of its sides are on the line.
    rows += [
        (side.value, side.outcome, _choices(view, side.value))
        for switch in view.switches
        for side in (switch.below, switch.above)
        if side.outcome is not None
    ]
    frame = pd.DataFrame(rows, columns=["value", "outcome", "choices"])
    return frame.drop_duplicates("value").sort_values("value", ignore_index=True)


def _choices(view: BreakevenView, value: float) -> str:
    return next((plain(span.choices) for span in view.spans if span.low <= value <= span.high), "")


def _words(view: BreakevenView, frame: pd.DataFrame) -> str:
    """Return what the chart shows, in words."""
    switches = ", ".join(brief((switch.below.value + switch.above.value) / 2) for switch in view.switches)
    at = f": at {switches}" if switches else ""
    first, last = frame.iloc[0], frame.iloc[-1]
    return (
        f"{view.case.words.title} of the best plan from {brief(first['outcome'])} at {brief(first['value'])} to "
        f"{brief(last['outcome'])} at {brief(last['value'])}. The best choices change {counted(len(view.switches), 'time')}{at}."
    )


def _titled(view: BreakevenView) -> str:
    """Return what the figure is called, as a title."""
    called = plain(view.figure)
    return f"{called[:1].upper()}{called[1:]}"


def _chart(view: BreakevenView, frame: pd.DataFrame, title: str) -> Written:
    import pandas as pd

    unit = f" ({plain(view.unit)})" if view.unit else ""
    money = f" ({plain(view.case.money)})" if view.case.money else ""
    across = {"field": "value", "type": "quantitative", "title": f"{_titled(view)}{unit}", "scale": {"zero": False}}
    up = {
        "field": "outcome",
        "type": "quantitative",
        "title": f"{view.case.words.title}{money}",
        "scale": {"zero": False},
    }
    tooltip = [
        {"field": "value", "type": "quantitative", "title": _titled(view), "format": ",.6~g"},
        {"field": "outcome", "type": "quantitative", "title": view.case.words.outcome, "format": ",.6~g"},
        {"field": "choices", "type": "nominal", "title": "choices"},
    ]
    layers: list[Written] = [
        {"mark": {"type": "line", "color": OURS}, "encoding": {"x": across, "y": up}},
        {
            "mark": {"type": "point", "filled": True, "size": 45, "color": OURS},
            "encoding": {"x": across, "y": up, "tooltip": tooltip},
        },
    ]
    places = [(switch.below.value + switch.above.value) / 2 for switch in view.switches]
    for values, colour, dash in (
        (places, INK, [1, 0]),
        ([view.current] if view.current is not None else [], MUTED, [5, 4]),
    ):
        if values:
            layers.append(
                {
                    "data": inline_data(pd.DataFrame({"value": values})),
                    "mark": {"type": "rule", "color": colour, "strokeDash": dash},
                    "encoding": {"x": {"field": "value", "type": "quantitative"}},
                }
            )
    heading = {"text": title, "subtitle": "Lines across: the best choices change there. Broken: the value in force."}
    return styled({"title": heading, "width": WIDTH, "height": HEIGHT, "data": inline_data(frame), "layer": layers})
