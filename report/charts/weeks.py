"""Charts of sites and items week by week: fills, stocks, reviews."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...data.schema.names import policy_words
from ...model.network import NONE, OPEN, Network, Pair
from ...model.plan.plan import served
from ..format.numbers import brief, percent, plain
from .base import (
    INK,
    MUTED,
    OURS,
    REVIEW,
    SCENARIO,
    THEIRS,
    Figure,
    Written,
    layer,
    nominal,
    quantity,
    room,
    styled,
)
from .narrow import FIGURES, LABEL, WIDTH, pair_title, scenario_words, sentence

if TYPE_CHECKING:
    import pandas as pd

    from ...data.schema.names import Names
    from ...model import Plan


AXIS = 42
"""Width of the labels of a vertical axis."""

PLOT = WIDTH - AXIS - 20
"""Width of what is drawn beside them."""

LEAST_LABEL = 60
"""Room that the name of a review needs behind its bar, to be of use."""

ROW = 0.13
"""Height of a review's bar above the fills, in their scale."""

MOST_PAIRS = 9
"""Sites and items of a side whose weeks are drawn; the others are named in words."""

MOVED = 0.01
"""Share of a stock that may be drawn before it counts as drawn down."""


def week_figures(plan: Plan, side: str) -> list[Figure]:
    """Return a chart for every site and item of a side that goes short or draws its stock down, the first to be short first.

    Parameters
    ----------
    plan
        A plan with its tables.
    side
        ``counterpart`` or ``ours``.
    """
    return list(each_week_figure(plan, side, moving_pairs(plan, side)))


def each_week_figure(plan: Plan, side: str, pairs: Sequence[Pair]) -> Iterator[Figure]:
    """Yield the charts of `week_figures` as they are made, `pairs` being what `moving_pairs` returned."""
    network = Network(plan.case)
    reviews = _reviews(plan, network)
    fills, stocks = (dict(_levels(plan, side, name)) for name in ("fill", "stock"))
    for pair in pairs[:MOST_PAIRS]:
        yield _week_figure(plan, network, side, pair, fills.get(pair), stocks.get(pair), reviews.get(pair, []))


def moving_pairs(plan: Plan, side: str) -> list[Pair]:
    """Return the pairs of a side that go short, soonest first, then those whose stock is drawn down, most first."""
    fills, stocks = (_levels(plan, side, name) for name in ("fill", "stock"))
    short = {pair: int(frame.loc[~served(frame["fill"]), "week"].min()) for pair, frame in fills if _is_short(frame)}
    drawn: dict[Pair, float] = {}
    for pair, frame in stocks:
        start = _start(plan, pair)
        least = frame.loc[frame["scenario"].isin(("", plan.worst_package)), "stock"].min()
        if pair not in short and start - least > MOVED * start:
            drawn[pair] = (start - least) / start
    return [*sorted(short, key=short.__getitem__), *sorted(drawn, key=lambda pair: -drawn[pair])]


def _start(plan: Plan, pair: Pair) -> float:
    """Return the stock of a pair before week 0, units."""
    initial = sum(row.initial for row in plan.case.stocks if (row.site, row.item) == pair)
    return initial + plan.stockpile.get("/".join(pair), 0.0)


def _is_short(frame: pd.DataFrame) -> bool:
    return bool((~served(frame["fill"])).any())


def _levels(plan: Plan, side: str, name: str) -> Iterator[tuple[Pair, pd.DataFrame]]:
    frame = plan.tables[f"{name}s"]
    yield from frame[frame["side"] == side].groupby(["site", "item"], sort=False)


def _reviews(plan: Plan, network: Network) -> dict[Pair, list[Any]]:
    """Return the reviews that reach each pair of the counterpart, as rows of the policies table."""
    frame = plan.tables["policies"]
    reached: dict[Pair, list[Any]] = {}
    for row in frame[(frame["policy"] != OPEN) & frame["first_bite"].notna()].itertuples():
        for pair in network.downstream(row.regime):
            reached.setdefault(pair, []).append(row)
    return reached


def _week_figure(
    plan: Plan,
    network: Network,
    side: str,
    pair: Pair,
    fills: pd.DataFrame | None,
    stocks: pd.DataFrame | None,
    reviews: Sequence[Any],
) -> Figure:
    unit = next((plain(row.unit) for row in plan.case.items if row.item == pair[1]), "")
    first = plan.first_shortage_week.get("/".join(pair)) if side == "counterpart" else None
    parts: list[Written] = []
    text: list[str] = []
    if stocks is not None and stocks["stock"].max() <= 0:
        stocks = None
    if fills is not None:
        demand = network.demands.get(pair)
        least = demand.min_fill_week if demand and side == "ours" else 0.0
        parts.append(_fill_chart(plan, fills, reviews, first, least, labels=stocks is None))
        text += _fill_text(plan, fills, side)
    elif reviews:
        parts.append(_review_chart(plan, reviews, labels=stocks is None))
    if stocks is not None:
        parts.append(_stock_chart(plan, stocks))
        text.append(_stock_text(plan, stocks, _start(plan, pair), unit))
    if reviews:
        text.append(f"Under review: {'; '.join(_review_words(row, plan.case.names) for row in reviews)}.")
    return Figure("/".join(pair), pair_title(plan, pair), " ".join(text), styled({"vconcat": parts, "spacing": 6}))


def _review_words(row: Any, names: Names) -> str:
    held = f"{plain(policy_words(row.policy))}, {row.mean_delay:.3g} weeks on average, felt from week {row.first_bite}"
    words = f"{plain(names.regime(row.regime))}, {held}"
    return words if row.approval_rate == 1 else f"{words}, {percent(row.approval_rate, 0)} of licences granted"


def _fill_text(plan: Plan, frame: pd.DataFrame, side: str) -> Iterator[str]:
    for scenario, rows in frame.groupby("scenario", sort=False):
        if scenario not in ("", NONE, plan.worst_package):
            continue
        where = "" if scenario == "" else scenario_words(plan, scenario) + ", "
        if not _is_short(rows):
            yield sentence(f"{where}served in full every week")
            continue
        least = rows.loc[rows["fill"].idxmin()]
        first = int(rows.loc[~served(rows["fill"]), "week"].min())
        yield sentence(
            f"{where}served {percent(rows['fill'].mean())} on average, first short in week {first}, "
            f"least {percent(least['fill'])} in week {least['week']}"
        )


def _stock_text(plan: Plan, frame: pd.DataFrame, start: float, unit: str) -> str:
    # Rounding of the solver is no stock below nothing.
    rows = frame[frame["scenario"].isin(("", plan.worst_package))]["stock"].clip(lower=0.0)
    first, least, last = (brief(value) for value in (start, rows.min(), rows.iloc[-1]))
    return f"Stock {' '.join(filter(None, (first, unit)))} before week 0, least {least}, {last} at the end."


def _weeks(plan: Plan, field: str = "week", labels: bool = True) -> Written:
    weeks = plan.case.settings.horizon.weeks
    axis = FIGURES | {
        "title": "week" if labels else None,
        "labels": labels,
        "ticks": labels,
        "grid": False,
        "format": "d",
    }
    # A week that is drawn as a step ends where the next one begins.
    return quantity(field, scale={"domain": [0, weeks], "nice": False}, axis={**axis, "tickCount": min(weeks, 7)})


def _stepped(frame: pd.DataFrame) -> pd.DataFrame:
    """Return levels with the last one once more a week later, so that the last step has its length."""
    import pandas as pd

    last = frame[frame["week"] == frame["week"].max()]
    return pd.concat([frame, last.assign(week=last["week"] + 1)], ignore_index=True)


def _lines(plan: Plan, frame: pd.DataFrame, x: Written, y: Written) -> list[Written]:
    """Return levels as steps: the counterpart's, or ours in every scenario with the worst package and none in front."""
    frame = _stepped(frame[["scenario", "week", y["field"]]])
    scenario, worst = frame["scenario"], plan.worst_package
    ranks: tuple[tuple[Any, Written], ...] = (
        (~scenario.isin(("", NONE, worst)), {"color": MUTED, "strokeWidth": 1, "opacity": 0.55}),
        (scenario == "", {"color": THEIRS, "strokeWidth": 2}),
        (scenario == worst, {"color": OURS, "strokeWidth": 2}),
        ((scenario == NONE) & (worst != NONE), {"color": OURS, "strokeWidth": 1.5, "strokeDash": [4, 3]}),
    )
    frame["told"] = SCENARIO + scenario
    step = {"type": "line", "interpolate": "step-after"}
    lines = []
    for mask, look in ranks:
        if mask.any():
            # A page tells lines apart by their descriptions.
            ours = {} if (scenario[mask] == "").all() else {"description": nominal("told")}
            mark = {**step, **look, **({"aria": True} if ours else {})}
            lines.append(layer(frame[mask], mark, x=x, y=y, detail=nominal("scenario"), **ours))
    return lines


def _fill_chart(
    plan: Plan, frame: pd.DataFrame, reviews: Sequence[Any], first: int | None, least: float, labels: bool
) -> Written:
    import pandas as pd

    x = _weeks(plan, labels=labels)
    y = quantity(
        "fill",
        scale={"domain": [0, 1.06 + ROW * len(reviews)], "nice": False},
        axis=FIGURES | {"title": "served", "format": "%", "values": [0, 0.5, 1], "minExtent": AXIS, "maxExtent": AXIS},
    )
    full: Written = {"datum": 1}
    layers = []
    if first is not None:
        area = {"type": "area", "interpolate": "step-after", "color": THEIRS, "opacity": 0.18}
        layers.append(layer(_stepped(frame[["week", "fill"]]), area, x=x, y=y, y2=full))
    layers += _lines(plan, frame, x, y)
    if least > 0:
        dotted = {"type": "rule", "color": INK, "strokeDash": [2, 3]}
        layers.append(layer(pd.DataFrame({"fill": [least]}), dotted, y=y))
    if first is not None:
        mark = pd.DataFrame({"week": [first], "fill": [0.0], "label": [f"short from week {first}"]})
        late = first > 0.6 * plan.case.settings.horizon.weeks
        words = {"type": "text", "align": "right" if late else "left", "dx": -4 if late else 4, "dy": -6}
        layers.append(layer(mark, {"type": "rule", "color": INK, "strokeDash": [3, 2]}, x=x, y=y, y2=full))
        # What the line runs through can be read on a ground of its own.
        ground = {"stroke": "#ffffff", "strokeWidth": 3, "opacity": 0.85}
        for look in (ground, {}):
            layers.append(layer(mark, {**words, "color": INK, "fontSize": 11, **look}, x=x, y=y, text=LABEL))
    if reviews:
        layers += _review_bars(plan, reviews, x, y)
    return {"layer": layers, "width": PLOT, "height": 96 + 13 * len(reviews)}


def _review_chart(plan: Plan, reviews: Sequence[Any], labels: bool) -> Written:
    """Return the delays alone, for goods that are not sold on."""
    y = quantity("fill", scale={"domain": [1, 1.06 + ROW * len(reviews)], "nice": False}, axis=None)
    x = _weeks(plan, labels=labels)
    # A line under the bars would look like one of the chart below.
    bars = _review_bars(plan, reviews, x | {"axis": {**x["axis"], "domain": labels}}, y)
    return {"layer": bars, "width": PLOT, "height": 15 * len(reviews)}


def _review_bars(plan: Plan, reviews: Sequence[Any], x: Written, y: Written) -> list[Written]:
    """Return a bar for every review above the fills: from when it is felt, over its mean delay."""
    import pandas as pd

    weeks = plan.case.settings.horizon.weeks
    bars = pd.DataFrame(
        {
            "week": [float(row.first_bite) for row in reviews],
            "end": [min(float(weeks), row.first_bite + row.mean_delay) for row in reviews],
            "fill": [1.12 + ROW * place for place in range(len(reviews))],
            "label": [plain(plan.case.names.regime(row.regime)) for row in reviews],
        }
    )
    words = {"type": "text", "align": "left", "dx": 4, "color": REVIEW, "fontSize": 11}
    layers = [layer(bars, {"type": "rule", "color": REVIEW, "strokeWidth": 6}, x=x, x2={"field": "end"}, y=y)]
    for place, end in enumerate(bars["end"]):
        # What would reach beyond the chart makes all of it smaller; the words below name every review.
        left = PLOT * (1 - end / weeks)
        if left >= LEAST_LABEL:
            told = bars.iloc[[place]]
            layers.append(
                layer(told, {**words, "limit": room(told["label"], left, 11)}, x={**x, "field": "end"}, y=y, text=LABEL)
            )
    return layers


def _stock_chart(plan: Plan, frame: pd.DataFrame) -> Written:
    # Short labels for thousands and millions; small figures as they are, for "600m" would be read as millions.
    form = "~s" if frame["stock"].max() >= 1e4 else ",.3~r"
    axis = FIGURES | {"title": "stock", "tickCount": 2, "minExtent": AXIS, "maxExtent": AXIS, "format": form}
    y = quantity("stock", scale={"domainMin": 0}, axis=axis)
    return {"layer": _lines(plan, frame, _weeks(plan), y), "width": PLOT, "height": 60}
