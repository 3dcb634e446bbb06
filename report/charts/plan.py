"""Charts of a plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from ...analysis.dependence.prices import POINTS, herfindahl
from ...model.network import NONE
from ...model.plan.plan import decided, served
from ..format.numbers import brief, brief_signed, counted, decimals, number, percent, plain, signed
from ..format.words import words_of
from ..views.bargain import bargain_view
from ..views.outcomes import margin_rows, part_words
from ..views.sourcing import supply_shares
from .base import (
    GRID,
    HEAT,
    INK,
    MUTED,
    OURS,
    PALE,
    SERIES,
    SLIM,
    THEIRS,
    Figure,
    Written,
    layer,
    nominal,
    quantity,
    room,
    styled,
    write_chart,
)
from .narrow import (
    LABEL,
    LEFT,
    ON_COLOUR,
    ON_LIGHT,
    PLACE,
    WIDTH,
    pair_title,
    scenario_words,
    sentence,
    side_by_side,
)
from .timeline import timeline_figure
from .weeks import week_figures

if TYPE_CHECKING:
    from ...model import Plan


MOST_WIDE = 560
"""Width of the chart of limits, for the sake of their words."""

ZERO: Written = {"type": "tick", "orient": "vertical", "size": 14, "yOffset": 8, "thickness": 1, "color": GRID}
"""The line from which bars grow, beside each of them."""


def plan_figures(plan: Plan) -> list[Figure]:
    """Return the charts of a plan that have something to show.

    Parameters
    ----------
    plan
        A plan with its tables.
    """
    if plan.leverage is None:
        return []
    makers = [maker for maker in MAKERS if plan.case.pressed or maker not in (counterpart_fills, counterpart_losses)]
    return [figure for figure in (maker(plan) for maker in makers) if figure is not None]


def write_plan_charts(plan: Plan, path: str | os.PathLike[str]) -> list[Path]:
    """Write every chart of a plan to a file of its own, and return the files.

    Parameters
    ----------
    plan
        A plan with its tables.
    path
        Ends in ``.svg``, ``.png`` or ``.html``; the chart's name is put before the ending.

    Raises
    ------
    ValueError
        For another ending.
    OSError
        Where a file cannot be written.
    """
    path = Path(path)
    return [
        write_chart(figure.written, path.with_name(f"{path.stem}-{figure.name}{path.suffix}"))
        for figure in plan_figures(plan)
    ]


# Weeks ---------------------------------------------------------------------------------------------------------------


def counterpart_fills(plan: Plan) -> Figure | None:
    """Return the counterpart's fills and stocks by week; None where it draws on nothing."""
    return side_by_side("counterpart-weeks", "The counterpart, week by week", week_figures(plan, "counterpart"))


def our_fills(plan: Plan) -> Figure | None:
    """Return our fills and stocks by week in every scenario; None where we draw on nothing."""
    return side_by_side("our-weeks", "Our side, week by week", week_figures(plan, "ours"))


def sourcing(plan: Plan) -> Figure | None:
    """Return who supplies us before and after; None where every share stays."""
    return side_by_side("sourcing", "Who supplies us", sourcing_figures(plan))


# Settlements ---------------------------------------------------------------------------------------------------------


def settlements(plan: Plan) -> Figure | None:
    """Return both losses and the leverage by the week of a settlement; None where the case says nothing of what is at stake."""
    import pandas as pd

    view = bargain_view(plan)
    if view is None or not view.weeks:
        return None
    names = {"counterpart_loss": "the counterpart's loss", "own_loss": "our loss", "leverage": "leverage"}
    rows = [
        {"week": row.week, "money": getattr(row, key), "what": name}
        for row in view.weeks
        for key, name in names.items()
    ]
    money, first, last = plain(plan.case.settings.case.currency), view.weeks[0], view.weeks[-1]
    best = view.best or last
    colour = nominal(
        "what",
        scale={"domain": list(names.values()), "range": [THEIRS, OURS, INK]},
        legend={"title": None, "orient": "top"},
    )
    x = quantity("week", axis={"title": "settled in week", "tickMinStep": 1}, scale={"nice": False})
    y = quantity("money", axis={"title": money or None})
    lines = layer(pd.DataFrame(rows), {"type": "line", "strokeWidth": 2}, x=x, y=y, color=colour)
    title = "What a settlement in a week leaves"
    text = (
        f"{title}: leverage {number(first.leverage)} in week {first.week}, {number(last.leverage)} at the end, most in week "
        f"{best.week}, {number(best.leverage)} {money}".rstrip()
        + "."
    )
    return Figure("settlements", title, text, styled({**lines, "width": WIDTH, "height": 220, "title": title}))


# Losses --------------------------------------------------------------------------------------------------------------


def counterpart_losses(plan: Plan) -> Figure:
    """Return where the counterpart's loss comes from, in the worst package."""
    return _waterfall(plan, "counterpart", "Where the counterpart's loss comes from", plan.counterpart_loss)


def our_losses(plan: Plan) -> Figure:
    """Return where our loss comes from, in the worst package."""
    return _waterfall(plan, "ours", words_of(plan.case).loss_title["ours"], plan.own_loss)


def loss_parts(plan: Plan, side: str) -> list[tuple[str, float]]:
    """Return the parts of a side's loss where it decides that are not rounding, in words."""
    frame = plan.tables["losses"]
    frame = decided(frame[frame["side"] == side], plan.deciding, ["side", "part"], ["status_quo", "plan", "loss"])
    noise = 0.5 * 10.0 ** -decimals(frame["loss"])
    return [
        (part_words(side, row.part, words_of(plan.case)), row.loss)
        for row in frame.itertuples()
        if abs(row.loss) >= noise
    ]


def _waterfall(plan: Plan, side: str, title: str, total: float | None) -> Figure:
    import pandas as pd

    money = plain(plan.case.settings.case.currency)
    parts = loss_parts(plan, side)
    colour = OURS if side == "ours" else THEIRS
    rows, level = [], 0.0
    for part, loss in parts:
        rows.append((part, level, level + loss, brief_signed(loss), colour, 1.0 if loss > 0 else PALE))
        level += loss
    rows.append((words_of(plan.case).total, 0.0, total or 0.0, brief(total), INK, 1.0))
    frame = pd.DataFrame(rows, columns=["part", "start", "end", "label", "colour", "full"])
    frame["place"] = range(len(frame))
    frame["top"] = frame[["start", "end"]].max(axis=1)
    low, high = min(0.0, frame[["start", "end"]].min().min()), max(0.0, frame["top"].max())
    span = (high - low) or 1.0
    x = quantity("start", scale={"domain": [low, high + 0.26 * span], "nice": False}, axis=None)
    words = {"type": "text", "align": "left", "fontSize": 11, "color": INK}
    limit = room(frame["part"], WIDTH - 12, 11)
    layers = [
        layer(frame[["place"]].assign(start=0.0), ZERO, x=x, y=PLACE),
        layer(
            frame,
            {"type": "bar", "size": 12, "yOffset": 8},
            x=x,
            x2={"field": "end"},
            y=PLACE,
            color=nominal("colour", scale=None),
            stroke=nominal("colour", scale=None),
            fillOpacity=quantity("full", scale=None),
        ),
        layer(frame, {**words, "dx": 5, "dy": 8}, x=quantity("top", axis=None), y=PLACE, text=LABEL),
        layer(frame, {**words, "dy": -7, "limit": limit}, x=LEFT, y=PLACE, text=nominal("part")),
    ]
    listed = "; ".join(f"{part} {brief_signed(loss)}" for part, loss in parts)
    text = f"{listed or 'no part'}. Together {brief(total)} {money}".rstrip()
    written = styled({"layer": layers, "width": WIDTH - 12, "height": 34 * len(frame)})
    return Figure(f"{side}-losses", title, sentence(text), written)


# Sourcing ------------------------------------------------------------------------------------------------------------


def sourcing_figures(plan: Plan) -> list[Figure]:
    """Return a chart for every site and item of ours whose suppliers' shares change."""
    names = {party: plain(name) for party, name in plan.case.names.of("parties").items()}
    found = supply_shares(plan)
    told = dict.fromkeys(party for states in found.values() for shares_ in states.values() for party in shares_)
    roles = {"focal": OURS, "counterpart": THEIRS}
    free = cycle(SERIES)
    colours = {names[row.party]: roles.get(row.role) or next(free) for row in plan.case.parties if row.party in told}
    return [
        _share_figure(pair_title(plan, pair), "/".join(pair), states, names, colours) for pair, states in found.items()
    ]


def concentration(amounts: Iterable[float]) -> str:
    """Return the Herfindahl-Hirschman index of some shares in points."""
    return number(POINTS * herfindahl(amounts), 0)


def _share_figure(
    title: str,
    name: str,
    states: Mapping[str, Mapping[str, float]],
    names: Mapping[str, str],
    colours: Mapping[str, str],
) -> Figure:
    import pandas as pd

    parties = [party for party in next(iter(states.values())) if any(shares_[party] > 0 for shares_ in states.values())]
    rows, totals = [], []
    for place, (state, amounts) in enumerate(states.items()):
        start = 0.0
        for party in parties:
            share = amounts[party]
            label = percent(share, 0) if share >= 0.12 else ""
            rows.append((place, names[party], start, start + share, label, start + share / 2))
            start += share
        totals.append((place, plain(state), f"HHI {concentration(amounts.values())}"))
    frame = pd.DataFrame(rows, columns=["place", "party", "start", "end", "label", "middle"])
    states_frame = pd.DataFrame(totals, columns=["place", "state", "hhi"])
    # One scale for all charts, so that side by side they share it; each tells its own parties.
    colour = nominal(
        "party",
        scale={"domain": list(colours), "range": list(colours.values())},
        legend={
            "title": None,
            "orient": "bottom",
            "columns": 3,
            "labelLimit": 96,
            "symbolType": "square",
            "values": [names[party] for party in parties],
        },
    )
    x = quantity("start", scale={"domain": [0, 1], "nice": False}, axis=None)
    width = WIDTH - 12
    words = {"type": "text", "dy": -8, "fontSize": 11}
    state_words = {**words, "align": "left", "color": INK, "limit": room(states_frame["state"], width - 80, 11)}
    layers = [
        layer(frame, {"type": "bar", "size": 16, "yOffset": 8}, x=x, x2={"field": "end"}, y=PLACE, color=colour),
        layer(
            frame,
            {"type": "text", "dy": 8, "fontSize": 11, "color": ON_COLOUR},
            x=quantity("middle", axis=None),
            y=PLACE,
            text=LABEL,
        ),
        layer(states_frame, state_words, x=LEFT, y=PLACE, text=nominal("state")),
        layer(
            states_frame, {**words, "align": "right", "color": MUTED}, x={"value": width}, y=PLACE, text=nominal("hhi")
        ),
    ]
    text = []
    for state, amounts in states.items():
        told = ", ".join(f"{names[party]} {percent(share)}" for party, share in amounts.items() if share > 0)
        text.append(f"{plain(state)}: {told or 'nothing'} (HHI {concentration(amounts.values())})")
    written = styled({"layer": layers, "width": width, "height": 38 * len(states)})
    return Figure(name, title, sentence("; ".join(text)), written)


# Continuity ----------------------------------------------------------------------------------------------------------


def margins(plan: Plan) -> Figure | None:
    """Return how far every least fill of ours is kept in every scenario; None where the case sets none.

    Demands that are served in full in every scenario are left out where there are others.
    """
    import pandas as pd

    frame = pd.DataFrame(margin_rows(plan))
    if not len(frame):
        return None
    count = len(frame.groupby(["demand", "kind"]))
    short = ~served(frame.groupby("demand")["least_week"].transform("min"))
    if short.any():
        frame = frame[short]
    frame["limits"] = [
        f"{row.measure} at least {percent(row.limit)}: {plain(row.demand)}" for row in frame.itertuples()
    ]
    calm = words_of(plan.case).calm
    frame["name"] = [calm if name == NONE else plain(plan.case.names.scenario(name)) for name in frame["scenario"]]
    frame["points"] = 100 * frame["margin"]
    frame["label"] = [signed(points, 1 if abs(points) < 10 else 0) for points in frame["points"]]
    scenarios = list(dict.fromkeys(frame["name"]))
    order = list(dict.fromkeys(frame["limits"]))
    x = nominal(
        "name",
        sort=scenarios,
        axis={
            "title": None,
            "orient": "top",
            "labelAngle": -40,
            "labelLimit": room(scenarios, 230, 11),
            "ticks": False,
            "domain": False,
        },
        scale={"paddingInner": 0.06, "paddingOuter": 0},
    )
    y = PLACE | nominal("limits", sort=order)
    scale = {
        "domain": list(HEAT),
        "range": list(HEAT.values()),
        "clamp": True,
        "interpolate": "rgb",
    }
    # As wide as the words of a limit, where that is not too wide.
    longest = max(map(len, order)) * SLIM * 11
    width = max(WIDTH - 12, 46 * len(scenarios), min(MOST_WIDE, longest))
    words = {"type": "text", "fontSize": 11}
    head = {**words, "align": "left", "dy": -10, "color": INK, "limit": room(order, width, 11)}
    layers = [
        layer(
            frame,
            {"type": "rect", "height": 20, "yOffset": 9},
            x=x,
            y=y,
            color=quantity("points", scale=scale, legend=None),
        ),
        layer(frame, {**words, "dy": 9, "color": ON_LIGHT}, x=x, y=y, text=LABEL),
        layer(pd.DataFrame({"limits": order}), head, x=LEFT, y=y, text=nominal("limits")),
    ]
    worst = frame.loc[frame["points"].idxmin()]
    left = count - len(order)
    text = (
        f"{counted(len(order), 'least fill')} in {counted(len(scenarios), 'scenario')}. Nearest to its limit: "
        f"{worst['limits']}, {scenario_words(plan, worst['scenario'])}, {worst['label']} points."
    )
    if left:
        text += f" {counted(left, 'least fill')} more: served in full, every week of every scenario."
    written = styled({"layer": layers, "width": width, "height": 42 * len(order)})
    return Figure("margins", "Continuity margins, in points of fill above the limit", text, written)


MAKERS = (timeline_figure, counterpart_fills, our_fills, counterpart_losses, our_losses, sourcing, margins, settlements)
"""Charts of a plan in their order."""
