"""Charts of the model against the record."""

from __future__ import annotations

import altair as alt
import pandas as pd
from sluicegate.report.charts.base import INK, MUTED, OURS, REVIEW, SERIES, THEIRS, Written, styled

COLOURS = {"record": INK, "ex-ante": THEIRS, "ex-post": OURS}

KINDS = {"study before": "#a8791f", "study after": INK, "model": REVIEW}


def _colour(title: str | None = None) -> alt.Color:
    return alt.Color(
        "what:N", title=title, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())), sort=list(COLOURS)
    )


def by_month(record: pd.DataFrame, model: pd.DataFrame) -> Written:
    """Return small multiples, one a series: the record as bars over its periods, the model month by month.

    Parameters
    ----------
    record
        ``series_name``, ``start``, ``end`` (dates), ``index``.
    model
        ``series_name``, ``start`` (date), ``index``, ``what`` (variant).
    """
    panels = []
    names = list(dict.fromkeys(record["series_name"]))
    for name in names:
        seen, lines = record[record["series_name"] == name], model[model["series_name"] == name]
        x = alt.X(
            "start:T",
            title=None,
            axis=alt.Axis(format="%b", tickCount=6),
            scale=alt.Scale(domain=["2019-07-01", "2020-06-30"]),
        )
        y = alt.Y("index:Q", title=None, scale=alt.Scale(domainMin=0))
        marks = (
            alt.Chart(seen.assign(what="record")).mark_rule(strokeWidth=5).encode(x=x, x2="end:T", y=y, color=_colour())
        )
        curve = (
            alt.Chart(lines)
            .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22))
            .encode(
                x=x,
                y=y,
                color=_colour(),
                strokeDash=alt.StrokeDash(
                    "what:N",
                    legend=None,
                    scale=alt.Scale(domain=["ex-ante", "ex-post"], range=[[5, 3], [1, 0]]),
                ),
            )
        )
        even = alt.Chart(pd.DataFrame({"index": [1.0]})).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(y="index:Q")
        panels.append(
            (even + curve + marks).properties(
                width=270, height=130, title=alt.TitleParams(name, fontSize=12, frame="group")
            )
        )
    rows = [alt.hconcat(*panels[place : place + 2]) for place in range(0, len(panels), 2)]
    return styled(alt.vconcat(*rows).properties(title="Korea's imports, 1 = mean month before July 2019"))


def intervals(frame: pd.DataFrame) -> Written:
    """Return cells with their 5 to 95 % intervals and the record.

    Parameters
    ----------
    frame
        ``cell``, ``what`` (variant), ``low``, ``high``, ``record``; cells in the order in which they are shown.
    """
    order = list(dict.fromkeys(frame["cell"]))
    y = alt.Y("cell:N", title=None, sort=order, axis=alt.Axis(labelLimit=460))
    x = alt.X("low:Q", title="index, 1 = mean month before July 2019")
    bars = (
        alt.Chart(frame)
        .mark_rule(strokeWidth=4, opacity=0.85)
        .encode(y=y, x=x, x2="high:Q", yOffset=alt.YOffset("what:N", sort=["ex-ante", "ex-post"]), color=_colour())
    )
    # An interval of no width is still to be seen.
    ends = (
        alt.Chart(frame)
        .mark_point(shape="stroke", angle=90, size=60, strokeWidth=2)
        .encode(y=y, x="low:Q", yOffset=alt.YOffset("what:N", sort=["ex-ante", "ex-post"]), color=_colour())
    )
    record = (
        alt.Chart(frame.drop_duplicates("cell").assign(what="record"))
        .mark_point(shape="diamond", filled=True, size=70, opacity=1)
        .encode(y=y, x="record:Q", color=_colour())
    )
    return styled(
        (bars + ends + record).properties(
            width=420, height=alt.Step(11), title="5 to 95 % of 200 samples, and what happened"
        )
    )


def episode(frame: pd.DataFrame, title: str) -> Written:
    """Return the cells of an episode: the record, the model and its interval.

    Parameters
    ----------
    frame
        ``cell``, ``low``, ``high``, ``model``, ``record``; cells in the order in which they are shown.
    title
        Of the episode.
    """
    colours = {"record": INK, "model": THEIRS}
    y = alt.Y("cell:N", title=None, sort=list(frame["cell"]), axis=alt.Axis(labelLimit=460))
    axis = alt.X("low:Q", title="index, 1 = mean month before the notice")
    spans = alt.Chart(frame).mark_rule(strokeWidth=6, opacity=0.35, color=THEIRS).encode(y=y, x=axis, x2="high:Q")
    points = (
        alt.Chart(frame.melt(id_vars="cell", value_vars=list(colours), var_name="what", value_name="index"))
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=y,
            x="index:Q",
            color=alt.Color(
                "what:N",
                title=None,
                sort=list(colours),
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            ),
            shape=alt.Shape(
                "what:N",
                title=None,
                sort=list(colours),
                scale=alt.Scale(domain=list(colours), range=["diamond", "circle"]),
            ),
        )
    )
    return styled(
        (spans + points).properties(
            width=420, height=alt.Step(16), title=f"{title}: what happened, the model, and 5 to 95 % of its worlds"
        )
    )


def forecast(known: pd.DataFrame, told: pd.DataFrame, usual: pd.Series, cut: str) -> Written:
    """Return small multiples, one a destination: months known, then the forecast in its interval.

    Parameters
    ----------
    known
        ``destination``, ``month`` (date), ``tonnes``.
    told
        ``destination``, ``month`` (date), ``low``, ``mean``, ``high``, tonnes.
    usual
        Tonnes a month where nothing changes, by destination in the order in which they are shown.
    cut
        Month in which the licence begins.
    """
    colours = {"customs, until the notice": INK, "forecast, with 80 % of its worlds": THEIRS}
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    legend = alt.Legend(orient="top", labelLimit=0, symbolOpacity=1)
    colour = alt.Color("what:N", title=None, scale=scale, sort=list(colours), legend=legend)
    seen, expected = (frame.assign(what=what) for frame, what in zip((known, told), colours, strict=True))
    begins = alt.Chart(pd.DataFrame({"month": [pd.Timestamp(cut)]})).mark_rule(color=REVIEW, strokeDash=[4, 3])
    panels = []
    for name, level in usual.items():
        x = alt.X("month:T", title=None, axis=alt.Axis(format="%b %y", tickCount=5))
        y = alt.Y("tonnes:Q", title=None, scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=4))
        here = expected[expected["destination"] == name]
        band = (
            alt.Chart(here).mark_area(opacity=0.25).encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q", color=colour)
        )
        mean = alt.Chart(here.rename(columns={"mean": "tonnes"})).mark_line(strokeWidth=2)
        line = alt.Chart(seen[seen["destination"] == name]).mark_line(strokeWidth=2)
        even = alt.Chart(pd.DataFrame({"tonnes": [float(level)]})).mark_rule(color=MUTED, strokeDash=[2, 3])
        layers = (
            band
            + even.encode(y="tonnes:Q")
            + begins.encode(x="month:T")
            + line.encode(x=x, y=y, color=colour)
            + mean.encode(x=x, y=y, color=colour)
        )
        panels.append(
            layers.properties(width=270, height=120, title=alt.TitleParams(str(name), fontSize=12, frame="group"))
        )
    rows = [alt.hconcat(*panels[place : place + 2]) for place in range(0, len(panels), 2)]
    return styled(alt.vconcat(*rows).properties(title="China's natural graphite powder, tonnes a month"))


def losses(frame: pd.DataFrame) -> Written:
    """Return Korea's loss by model and study on a logarithmic scale.

    Parameters
    ----------
    frame
        ``name``, ``kind`` (of `KINDS`), ``low``, ``value``, ``high``, USD m a year.
    """
    y = alt.Y("name:N", title=None, sort=list(frame["name"]))
    scale = alt.Scale(type="log", domain=[1, 400_000])
    axis = alt.Axis(values=[10**power for power in range(6)], format=",")
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())), sort=list(KINDS)
    )
    spans = (
        alt.Chart(frame)
        .mark_rule(strokeWidth=4, opacity=0.6)
        .encode(
            y=y,
            x=alt.X("low:Q", scale=scale, axis=axis, title="USD m in a year, logarithmic"),
            x2="high:Q",
            color=colour,
        )
    )
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=90, opacity=1)
        .encode(y=y, x=alt.X("value:Q", scale=scale), color=colour)
    )
    return styled((spans + points).properties(width=430, height=alt.Step(26), title="Korea's loss"))


def swings(frame: pd.DataFrame, base: float) -> Written:
    """Return a tornado: leverage of the advice with each assumption at both ends.

    Parameters
    ----------
    frame
        ``name``, ``low``, ``high``: leverages, widest swing first.
    base
        Leverage as shipped.
    """
    order = list(frame["name"])
    long = frame.melt(id_vars="name", value_vars=["low", "high"], var_name="end", value_name="leverage")
    long["base"] = base
    bars = (
        alt.Chart(long)
        .mark_bar(height=5)
        .encode(
            y=alt.Y("name:N", title=None, sort=order, axis=alt.Axis(labelLimit=420)),
            yOffset=alt.YOffset("end:N", sort=["low", "high"]),
            x=alt.X("base:Q", title="leverage of the advice, USD m", scale=alt.Scale(zero=False)),
            x2="leverage:Q",
            color=alt.Color(
                "end:N",
                title="end of the range",
                sort=["low", "high"],
                scale=alt.Scale(domain=["low", "high"], range=[SERIES[4], SERIES[0]]),
            ),
        )
    )
    line = alt.Chart(pd.DataFrame({"base": [base]})).mark_rule(color=INK).encode(x="base:Q")
    return styled(
        (bars + line).properties(width=330, height=alt.Step(8), title="What the Taiwan-Korea advice hangs on")
    )
