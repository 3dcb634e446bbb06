"""Charts of plans side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...model.network import NONE
from ..format.numbers import brief, brief_signed, plain
from ..format.words import words_of_sense
from ..views.comparison import shared_names
from .base import INK, MUTED, OURS, SERIES, THEIRS, Figure, inline_data, styled
from .narrow import WIDTH

if TYPE_CHECKING:
    from ...analysis.compare.compare import Comparison

COLOURS = {"leverage": INK, "cost": INK, "its loss": THEIRS, "our loss": OURS, "today": MUTED}

MOST_ROWS = 20
"""Differences that the chart of the attribution shows, the largest first; the table has all."""


def comparison_figures(comparison: Comparison) -> list[Figure]:
    """Return the charts of a comparison that have something to show."""
    makers = (outcomes, scenarios, attribution)
    return [figure for figure in (maker(comparison) for maker in makers) if figure is not None]


def outcomes(comparison: Comparison) -> Figure | None:
    """Return the headlines of every plan; None where no plan was found."""
    told, sense = words_of_sense(comparison.sense), comparison.sense
    rows = [
        (letter, words, (sense.sign if measure in sense.turned else 1.0) * getattr(plan, measure))
        for letter, plan in comparison.plans.items()
        for measure, words in told.headlines.items()
        if getattr(plan, measure) is not None
    ]
    if not rows:
        return None
    return _bars("outcomes", told.outcomes_title, rows, COLOURS)


def scenarios(comparison: Comparison) -> Figure | None:
    """Return the outcome of every plan in every scenario; None where no plan was found."""
    words, names = words_of_sense(comparison.sense), shared_names(comparison)
    rows = [
        (words.calm if name == NONE else plain(names.scenario(name)), letter, words.figure(entry["leverage"]) or 0.0)
        for name in dict.fromkeys(name for plan in comparison.plans.values() for name in plan.scenarios)
        for letter, plan in comparison.plans.items()
        if (entry := plan.scenarios.get(name)) is not None
    ]
    if not rows:
        return None
    colours = {letter: SERIES[place % len(SERIES)] for place, letter in enumerate(comparison.plans)}
    return _bars("scenarios", words.scenarios_title, rows, colours)


def _bars(name: str, title: str, rows: list[tuple[str, str, float]], colours: dict[str, str]) -> Figure:
    """Return bars in groups, the group's name above them."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["group", "series", "value"])
    frame["label"] = [brief(value) for value in frame["value"]]
    frame["zero"] = 0.0
    frame["end"] = frame["value"].clip(lower=0)
    groups = list(dict.fromkeys(frame["group"]))
    series = [entry for entry in colours if entry in set(frame["series"])]
    # A line for the group's name, then a line for each series.
    step = 1 + len(series)
    frame["place"] = [step * groups.index(row.group) + 1 + series.index(row.series) for row in frame.itertuples()]
    heads = pd.DataFrame({"group": groups, "place": [step * place for place in range(len(groups))]})
    low, high = min(0.0, frame["value"].min()), max(0.0, frame["value"].max())
    span = (high - low) or 1.0
    y = alt.Y("place:O", axis=None, scale=alt.Scale(domain=list(range(step * len(groups))), paddingInner=0.15))
    x = alt.X("zero:Q", axis=None, scale=alt.Scale(domain=[low, high + 0.25 * span], nice=False))
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=series, range=[colours[entry] for entry in series]),
        legend=alt.Legend(title=None, orient="bottom", symbolType="square", columns=3, labelLimit=96),
    )
    bars, words = alt.Chart(inline_data(frame)), alt.Chart(inline_data(heads))
    chart = alt.layer(
        bars.mark_bar().encode(y=y, x=x, x2=alt.X2("value:Q"), color=colour),
        bars.mark_text(align="left", dx=5, fontSize=11, color=INK).encode(
            y=y, x=alt.X("end:Q", axis=None), text=alt.Text("label:N")
        ),
        words.mark_text(align="left", fontSize=11, color=INK, limit=WIDTH - 12).encode(
            y=y, x=alt.value(0), text=alt.Text("group:N")
        ),
    ).properties(width=WIDTH - 12, height=17 * step * len(groups))
    listed = "; ".join(
        f"{group}: {', '.join(f'{row.series} {row.label}' for row in rows_.itertuples())}"
        for group, rows_ in frame.groupby("group", sort=False)
    )
    return Figure(name, title, f"{listed}.", styled(chart))


def attribution(comparison: Comparison) -> Figure | None:
    """Return how much each difference of the inputs explains, from both ends; None where that was not worked out."""
    frame = comparison.attribution
    if frame is None or comparison.change is None:
        return None
    import altair as alt
    import pandas as pd

    told = frame[frame["difference"] != "total"]
    told = told.dropna(subset=["effect_from_A", "effect_from_B"])
    told = told.loc[told["effect_from_A"].abs().sort_values(ascending=False, kind="stable").index[:MOST_ROWS]]
    if not len(told):
        return None
    rows: list[Any] = [
        (place, plain(row.title), end, getattr(row, f"effect_from_{end[-1]}"), offset)
        for place, row in enumerate(told.itertuples())
        for end, offset in (("from A", 2), ("from B", 13))
    ]
    data = pd.DataFrame(rows, columns=["place", "difference", "end", "effect", "offset"])
    data["label"] = [f"{brief_signed(row.effect)} {row.end}" for row in data.itertuples()]
    data["zero"] = 0.0
    data["right"] = data["effect"].clip(lower=0)
    plans = {"from A": SERIES[0], "from B": SERIES[1]}
    data["colour"] = data["end"].map(plans)
    low, high = min(0.0, data["effect"].min()), max(0.0, data["effect"].max())
    span = (high - low) or 1.0
    y = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0))
    x = alt.X("zero:Q", axis=None, scale=alt.Scale(domain=[low, high + 0.4 * span], nice=False))
    layers = []
    for offset, rows_ in data.groupby("offset"):
        base = alt.Chart(inline_data(rows_)).encode(y=y)
        layers.append(
            base.mark_bar(size=9, yOffset=offset).encode(
                x=x, x2=alt.X2("effect:Q"), color=alt.Color("colour:N", scale=None)
            )
        )
        layers.append(
            base.mark_text(align="left", dx=5, dy=offset, fontSize=11, color=INK).encode(
                x=alt.X("right:Q", axis=None), text=alt.Text("label:N")
            )
        )
    heads = alt.Chart(inline_data(data[data["offset"] == 2]))
    layers.append(
        heads.mark_text(align="left", dy=-13, fontSize=11, color=INK, limit=WIDTH - 12).encode(
            y=y, x=alt.value(0), text=alt.Text("difference:N")
        )
    )
    chart = alt.layer(*layers).properties(width=WIDTH - 12, height=46 * len(told))
    listed = "; ".join(
        f"{plain(row.title)} {brief_signed(row.effect_from_A)} from A, {brief_signed(row.effect_from_B)} from B"
        for row in told.itertuples()
    )
    words = words_of_sense(comparison.sense)
    title = f"{words.change_title}, {brief_signed(comparison.change)}"
    return Figure("attribution", title, f"{listed}.", styled(chart))
