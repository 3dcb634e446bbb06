"""Charts of what a sweep says."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from ...analysis.figures.factors import Discrete
from ...analysis.sensitivity.advice import BASE_PLAN, NO_PLAN, choice_map, choice_shares, chosen, set_names
from ...analysis.sensitivity.outcomes import LEVERAGE, modes, named, outcome_of, spread
from ...analysis.sweep.kinds import KINDS
from ..format.numbers import brief, counted, number, percent, plain
from ..format.words import MONEY_OUTCOMES, words_of
from ..views.sweep import answer_of
from ..views.sweep_curves import RegretCurve, SpreadCurves, regret_curve, spread_curves
from .base import ENDS, GRID, HEIGHT, INK, MUTED, OURS, OURS_PALE, SERIES, WIDTH, Figure, styled, write_chart

if TYPE_CHECKING:
    from ...analysis.sweep.read import Sweep

MOST_BARS = 20
MOST_SETS = 6
"""Choices that have a colour of their own."""

MOST_POINTS = 2000
MOST_PANELS = 4

ROW = 26
"""Height of a bar's row, in points."""

OTHERS = "other choices"

NAMES = {"free": "best plan", "fixed": "base plan kept"}


def sweep_figures(sweep: Sweep, outcome: str = LEVERAGE) -> list[Figure]:
    """Return the charts of a sweep: what an outcome depends on, its spread, best choices, what keeping to the base plan costs.

    Parameters
    ----------
    sweep
        The sweep.
    outcome
        What is explained: see `outcome_of`.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    outcome = named(sweep, outcome)
    figures = _answer(sweep, outcome)
    if spread(sweep, outcome)["samples"]:
        figures.append(_quantiles(sweep, outcome))
        if KINDS[sweep.design.kind].averaged and sweep.design.kind != "grid":
            figures.append(_scatter(sweep, outcome))
    if "free" in modes(sweep):
        if sweep.design.kind == "grid" and len(sweep.design.factors) == 2:
            figures.append(_map(sweep))
        figures.append(_shares(sweep))
    if found := regret_curve(sweep):
        figures.append(_regret(sweep, found))
    return figures


def write_sweep_charts(sweep: Sweep, path: str | os.PathLike[str], outcome: str = LEVERAGE) -> list[Path]:
    """Write every chart of a sweep to a file of its own, and return the files.

    Parameters
    ----------
    sweep, outcome
        As of `sweep_figures`.
    path
        Ends in ``.svg``, ``.png`` or ``.html``; the chart's name is put before the ending.

    Raises
    ------
    ValueError
        For a name that is no outcome, or another ending.
    OSError
        Where a file cannot be written.
    """
    path = Path(path)
    return [
        write_chart(figure.written, path.with_name(f"{path.stem}-{figure.name}{path.suffix}"))
        for figure in sweep_figures(sweep, outcome)
    ]


def _axis(sweep: Sweep, outcome: str) -> str:
    unit = plain(sweep.case.settings.case.currency)
    words = plain(outcome).replace("_", " ")
    return f"{words}, {unit}" if unit and outcome.rpartition(".")[2] in MONEY_OUTCOMES else words


def _heading(title: str, subtitle: str) -> Any:
    return alt.TitleParams(title, subtitle=subtitle)


def _y(order: list[str]) -> Any:
    return alt.Y("factor:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False))


# What an outcome depends on --------------------------------------------------------------------------------------------


def _answer(sweep: Sweep, outcome: str) -> list[Figure]:
    answer = answer_of(sweep, outcome)
    if answer.table is None:
        return []
    names = sweep.case.names
    table = answer.table.head(MOST_BARS)
    table = table.assign(factor=[plain(names.figure(path)) for path in table["factor"]])
    if answer.name == "tornado":
        return [_tornado(sweep, outcome, table, answer.table.attrs["base"])]
    if answer.name == "main_effects":
        return [_effects(sweep, outcome, table)]
    if answer.name == "morris":
        return [_morris(sweep, outcome, table)]
    return [_sobol(outcome, table)]


def _tornado(sweep: Sweep, outcome: str, table: pd.DataFrame, base: float) -> Figure:
    order = list(table["factor"])
    bars = []
    for row in table.itertuples():
        for side, value, figure, status in (
            ("low end", row.at_low, row.low, row.status_low),
            ("high end", row.at_high, row.high, row.status_high),
        ):
            shown = figure if isinstance(figure, str) else number(float(figure))
            missing = math.isnan(value)
            label = f"{shown}: {NO_PLAN.get(status, status)}" if missing else shown
            bars.append(
                {"factor": row.factor, "side": side, "from": base, "to": base if missing else value, "label": label}
            )
    frame = pd.DataFrame(bars)
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=["low end", "high end"], range=list(ENDS)),
        legend=alt.Legend(title=None, orient="top"),
    )
    low, high = min(frame["to"].min(), base), max(frame["to"].max(), base)
    room = 0.12 * ((high - low) or 1.0)
    x = alt.X("from:Q", title=_axis(sweep, outcome), scale=alt.Scale(domain=[low - room, high + room], nice=False))
    half = alt.YOffset("side:N", sort=["low end", "high end"])
    bar = alt.Chart(frame).mark_bar(opacity=0.8).encode(x=x, x2="to:Q", y=_y(order), yOffset=half, color=colour)
    sides: tuple[tuple[Any, int, pd.Series], ...] = (
        ("left", 4, frame["to"] > base),
        ("right", -4, frame["to"] <= base),
    )
    labels = [
        alt.Chart(frame[side])
        .mark_text(align=align, dx=dx, fontSize=11, color=INK, baseline="middle")
        .encode(x="to:Q", y=_y(order), yOffset=half, text="label:N")
        for align, dx, side in sides
        if side.any()
    ]
    rule = alt.Chart(pd.DataFrame({"x": [base]})).mark_rule(color=INK).encode(x="x:Q")
    first = table.iloc[0]
    text = (
        f"Bars from {plain(outcome)} of the case as it is, {brief(base)}, to its value at the low and the high end of each "
        f"figure alone. {first['factor']} moves it most, from {brief(first['least'])} to {brief(first['most'])}."
    )
    holes = int(table["holes"].sum())
    if holes:
        text += f" {counted(holes, 'end has', 'ends have')} no plan."
    title = f"How far each figure alone moves {plain(outcome)}"
    chart = alt.layer(bar, rule, *labels).properties(
        width=WIDTH, height=1.4 * ROW * len(order), title=_heading(title, "labels: the figure's value at that end")
    )
    return Figure("tornado", title, text, styled(chart))


def _bars(
    frame: pd.DataFrame, axis: str, order: list[str], colours: dict[str, str] | None = None, share: bool = False
) -> Any:
    """Return bars of ``value`` with whiskers from ``low`` to ``high``, in groups by ``kind`` where there are colours."""
    offset: dict[str, Any] = {"yOffset": alt.YOffset("kind:N", sort=list(colours))} if colours else {}
    colour: dict[str, Any] = {}
    if colours:
        scale = alt.Scale(domain=list(colours), range=list(colours.values()))
        colour = {"color": alt.Color("kind:N", scale=scale, legend=alt.Legend(title=None, orient="top"))}
    chart = alt.Chart(frame)
    bars = chart.mark_bar(opacity=0.8, color=OURS).encode(
        x=alt.X("value:Q", title=axis, axis=alt.Axis(format="%") if share else alt.Axis()),
        y=_y(order),
        **offset,
        **colour,
    )
    whiskers = chart.mark_rule(color=INK, strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=_y(order), **offset)
    rows = len(order) * (1.4 if colours else 1.0)
    return alt.layer(bars, whiskers).properties(width=WIDTH, height=ROW * rows)


def _effects(sweep: Sweep, outcome: str, table: pd.DataFrame) -> Figure:
    frame = pd.DataFrame(
        {
            "factor": table["factor"],
            "value": table["effect"],
            "low": table["effect_low"].fillna(table["effect"]),
            "high": table["effect_high"].fillna(table["effect"]),
        }
    )
    first = table.iloc[0]
    title = f"How far the mean of {plain(outcome)} moves with each figure"
    intervals = table["effect_low"].notna().any()
    note = "mean where the figure is high less mean where it is low" + (
        "; whiskers: 95% intervals" if intervals else ""
    )
    text = (
        f"Bars of the effect of each figure on {plain(outcome)}. The largest is that of {first['factor']}: "
        f"{brief(first['effect'])}."
    )
    chart = _bars(frame, _axis(sweep, outcome), list(frame["factor"])).properties(title=_heading(title, note))
    return Figure("effects", title, text, styled(chart))


def _sobol(outcome: str, table: pd.DataFrame) -> Figure:
    alone, all_in = "alone (S1)", "with others (ST)"
    parts = []
    for kind, column in ((alone, "S1"), (all_in, "ST")):
        value, width = table[column], table[f"{column}_conf"]
        parts.append(
            pd.DataFrame(
                {"factor": table["factor"], "kind": kind, "value": value, "low": value - width, "high": value + width}
            )
        )
    frame = pd.concat(parts)
    first = table.iloc[0]
    title = f"Which uncertain inputs drive {plain(outcome)}"
    text = (
        f"Sobol indices with 95 % intervals. {first['factor']} has the largest total index, {brief(first['ST'])}; alone it "
        f"explains {percent(max(0.0, first['S1']), 0)} of the variance of {plain(outcome)}."
    )
    chart = _bars(frame, "share of the variance", list(table["factor"]), {alone: OURS, all_in: OURS_PALE}, share=True)
    chart = chart.properties(title=_heading(title, "Sobol indices; whiskers: 95% intervals"))
    return Figure("sobol", title, text, styled(chart))


def _morris(sweep: Sweep, outcome: str, table: pd.DataFrame) -> Figure:
    chart = alt.Chart(table)
    most = float(table["mu_star"].max())
    change = f"mean size of the change (mu*): {_axis(sweep, outcome)}"
    x = alt.X("mu_star:Q", title=change, scale=alt.Scale(domain=[0, 1.3 * most], nice=False))
    y = alt.Y("sigma:Q", title="spread of the changes (sigma)", scale=alt.Scale(zero=True))
    points = chart.mark_point(filled=True, size=70, color=OURS).encode(x=x, y=y)
    names = chart.mark_text(align="left", dx=7, dy=-7, fontSize=11, color=INK).encode(x=x, y=y, text="factor:N")
    line = (
        alt.Chart(pd.DataFrame({"x": [0.0, most], "y": [0.0, most]}))
        .mark_line(color=MUTED, strokeDash=[4, 4])
        .encode(x="x:Q", y="y:Q")
    )
    first = table.iloc[0]
    title = f"How far each figure moves {plain(outcome)}, and how steadily"
    text = (
        f"Morris effects: each figure's mean change of {plain(outcome)} over its range against the spread of the changes. Largest: "
        f"{first['factor']}, {brief(first['mu_star'])} on average with a spread of {brief(first['sigma'])}."
    )
    note = "above the dashed line: the change depends on the other figures, or is no straight line"
    drawn = alt.layer(line, points, names).properties(width=WIDTH, height=HEIGHT, title=_heading(title, note))
    return Figure("morris", title, text, styled(drawn))


# Spread ----------------------------------------------------------------------------------------------------------------


def _quantiles(sweep: Sweep, outcome: str) -> Figure:
    shown = spread_curves(sweep, outcome)
    parts = [_thinned(curve).assign(kind=NAMES[mode]) for mode, curve in shown.curves.items()]
    frame, found = pd.concat(parts), shown.quantiles
    colours = alt.Scale(domain=list(NAMES.values()), range=[OURS, MUTED])
    legend = alt.Legend(title=None, orient="top") if len(parts) > 1 else None
    title = f"Spread of {plain(outcome)}"
    note = _compared(shown)
    chart = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("value:Q", title=_axis(sweep, outcome), scale=alt.Scale(zero=False)),
            y=alt.Y(
                "share:Q",
                title="share of the samples up to here",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=alt.Color("kind:N", scale=colours, legend=legend),
        )
        .properties(width=WIDTH, height=HEIGHT, title=_heading(title, note))
    )
    text = (
        f"Share of the samples with {plain(outcome)} up to each value, {note}. Of the {NAMES[shown.first]}, nine samples in ten "
        f"lie between {brief(found['q05'])} and {brief(found['q95'])}; the median is {brief(found['median'])}."
    )
    return Figure("spread", title, text, styled(chart))


def _compared(spread: SpreadCurves) -> str:
    """Return over which samples the curves are drawn, and how many others there are."""
    if len(spread.curves) == 1:
        return f"{counted(spread.shared, 'sample')}" + (
            f"; {spread.neither:,} more have none" if spread.neither else ""
        )
    words = f"{counted(spread.shared, 'sample')} that both plans have it in"
    left = [f"{count:,} more with the {NAMES[mode]} only" for mode, count in spread.alone.items() if count]
    left += [f"{spread.neither:,} more with neither"] if spread.neither else []
    return "; ".join([words, *left])


def _thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """As many points of a curve as can be told apart."""
    return curve.iloc[:: max(1, len(curve) // MOST_POINTS)]


def _palette(sweep: Sweep) -> tuple[dict[str, str], list[str], list[str]]:
    """Return the group of every advice, and the groups with their colours: frequent ones, others, missing plans."""
    names = set_names(sweep)
    frequent = [text for text in chosen(sweep).value_counts().index if text not in NO_PLAN.values()]
    # The base plan has the same colour in every chart.
    frequent.sort(key=lambda text: names[text] != BASE_PLAN)
    groups = {text: names[text] if place < MOST_SETS else OTHERS for place, text in enumerate(frequent)}
    order = list(dict.fromkeys(groups.values()))
    colours = [SERIES[place % len(SERIES)] if name != OTHERS else MUTED for place, name in enumerate(order)]
    missing = [text for text in names if text in NO_PLAN.values()]
    groups |= {text: text for text in missing}
    return groups, [*order, *missing], [*colours, *[GRID if text == NO_PLAN["infeasible"] else INK for text in missing]]


def _colour(sweep: Sweep) -> Any:
    _, order, colours = _palette(sweep)
    legend = alt.Legend(
        title="choices that differ from the base plan's", orient="bottom", columns=1, labelLimit=600, titleLimit=600
    )
    return alt.Color("set:N", sort=order, scale=alt.Scale(domain=order, range=colours), legend=legend)


def _scatter(sweep: Sweep, outcome: str) -> Figure:
    answer = answer_of(sweep, outcome)
    paths = [factor.path for factor in sweep.design.factors] if answer.table is None else list(answer.table["factor"])
    called = {path: plain(sweep.case.names.figure(path)) for path in paths[:MOST_PANELS]}
    values = outcome_of(sweep, outcome)
    groups, _, _ = _palette(sweep)
    frame = pd.DataFrame({"value": values, "set": chosen(sweep).map(groups)})
    keep = values.notna()
    step = max(1, int(keep.sum()) // MOST_POINTS)
    factors = {factor.path: factor for factor in sweep.design.factors}
    panels = []
    for path, words in called.items():
        points = frame.assign(figure=sweep.design.samples[path].to_numpy())[keep].iloc[::step]
        few = isinstance(factors[path].distribution, Discrete)
        close = alt.Scale(zero=False, nice=False)
        axis = alt.X("figure:O", title=words) if few else alt.X("figure:Q", title=words, scale=close)
        panels.append(
            alt.Chart(points)
            .mark_circle(size=18, opacity=0.6)
            .encode(
                x=axis,
                y=alt.Y("value:Q", title=_axis(sweep, outcome), scale=alt.Scale(zero=False)),
                color=_colour(sweep),
            )
            .properties(width=WIDTH / 2 - 40, height=HEIGHT * 0.6)
        )
    title = f"{plain(outcome).replace('_', ' ').capitalize()} against the figures it depends on most"
    text = (
        f"{plain(outcome)} of every sample against {', '.join(called.values())}, coloured by which choices are best there. "
        f"{counted(int(keep.sum()), 'sample')}{', every ' + str(step) + 'th shown' if step > 1 else ''}."
    )
    chart = alt.concat(*panels, columns=2).properties(title=alt.TitleParams(title))
    return Figure("scatter", title, text, styled(chart))


# Which choices are best ------------------------------------------------------------------------------------------------


def _map(sweep: Sweep) -> Figure:
    table = choice_map(sweep, "free")
    x, y = (plain(sweep.case.names.figure(table.attrs[axis])) for axis in ("x", "y"))
    groups, _, _ = _palette(sweep)
    frame = pd.DataFrame({"x": table["x"], "y": table["y"], "set": table["choices"].map(groups)})
    shown = {
        axis: [value if isinstance(value, str) else number(float(value)) for value in dict.fromkeys(frame[axis])]
        for axis in ("x", "y")
    }
    for axis in ("x", "y"):
        frame[axis] = [value if isinstance(value, str) else number(float(value)) for value in frame[axis]]
    chart = (
        alt.Chart(frame)
        .mark_rect(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X("x:O", sort=shown["x"], title=x, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("y:O", sort=shown["y"][::-1], title=y),
            color=_colour(sweep),
        )
    )
    shares = choice_shares(sweep, "free")
    names = set_names(sweep)
    words = "; ".join(f"{names[row.choices]}: {row.samples:,}" for row in shares.head(MOST_SETS).itertuples())
    title = "Which choices are best where"
    text = f"The best choices at every point of a grid of {x} and {y}. Points: {words}."
    drawn = chart.properties(width=WIDTH, height=HEIGHT, title=_heading(title, f"{counted(len(frame), 'point')}"))
    return Figure("map", title, text, styled(drawn))


def _shares(sweep: Sweep) -> Figure:
    table, names = choice_shares(sweep, "free"), set_names(sweep)
    shown = table.head(MOST_BARS)
    frame = pd.DataFrame(
        {
            "factor": [names[text] for text in shown["choices"]],
            "value": shown["share"],
            "low": shown["share_low"].fillna(shown["share"]),
            "high": shown["share_high"].fillna(shown["share"]),
        }
    )
    first = frame.iloc[0]
    title = "Share of the samples in which choices are best"
    note = "choices that differ from the base plan's" + (
        "; whiskers: 95% intervals" if shown["share_low"].notna().any() else ""
    )
    if len(table) > len(shown):
        note += f"; {len(table) - len(shown):,} more not shown"
    text = (
        f"Bars of the share of all samples by best choices. Most often: {first['factor']}, {percent(first['value'])}."
    )
    chart = _bars(frame, "share of the samples", list(frame["factor"]), share=True).properties(
        title=_heading(title, note)
    )
    return Figure("shares", title, text, styled(chart))


def _regret(sweep: Sweep, found: RegretCurve) -> Figure:
    title = "What keeping to the base plan costs"
    note = f"{counted(found.samples, 'sample')}" + (
        f"; in {found.lost:,} more the base plan breaks a limit, or there is no plan" if found.lost else ""
    )
    unit = plain(sweep.case.settings.case.currency)
    chart = (
        alt.Chart(_thinned(found.curve))
        .mark_area(color=MUTED, opacity=0.6, line={"color": MUTED}, interpolate="step-after")
        .encode(
            x=alt.X(
                "share:Q",
                title="share of the samples up to here",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y=alt.Y("value:Q", title=f"regret, {unit}" if unit else "regret"),
        )
        .properties(width=WIDTH, height=HEIGHT, title=_heading(title, note))
    )
    text = (
        f"{words_of(sweep.case).regret}, samples in the order of it. In {found.better:,} of {found.samples:,} samples other "
        f"choices are better by more than the gap; the median regret is {brief(found.median)}, "
        f"the largest {brief(found.most)}."
    )
    return Figure("regret", title, text, styled(chart))
