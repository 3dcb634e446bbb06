"""Charts of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from ...analysis.dependence.prices import POINTS, herfindahl
from ...model.network.network import NONE, OPEN, Network, Pair
from ...model.plan.plan import served
from ..format.numbers import counted, decimals, number, percent, plain, signed
from ..text.plan import PARTS, SAME_SHARE, scenario_margins, shares
from .base import (
    GRID,
    INK,
    MUTED,
    OURS,
    REVIEW,
    SERIES,
    THEIRS,
    Figure,
    Written,
    layer,
    nominal,
    quantity,
    room,
    styled,
)

if TYPE_CHECKING:
    import pandas as pd

    from ...model import Plan

WIDTH = 340
"""Width of a chart with its labels, in points: that of a telephone, so that none has to be scaled down."""

AXIS = 42
"""Width of the labels of a vertical axis."""

PLOT = WIDTH - AXIS - 20
"""Width of what is drawn beside them."""

ROW = 0.13
"""Height of a review's bar above the fills, in their scale."""

FIGURES: Written = {"labelLimit": 0}
"""Of an axis labelled with short figures: measuring whether they are too long takes as long as drawing them."""

LABEL = nominal("label")

PLACE: Written = {"field": "place", "type": "ordinal", "axis": None, "scale": {"paddingInner": 0, "paddingOuter": 0}}
"""Of bars below each other, with their words above each."""

LEFT: Written = {"value": 0}
"""The left edge."""

GAIN = SERIES[2]

ON_COLOUR = "#ffffff"
"""Labels on a dark colour; unlike the background's white they stay on a dark page."""

UNDER_LABELS = (SERIES[2], SERIES[3], SERIES[6], SERIES[7])
"""Colours of suppliers, dark enough for `ON_COLOUR`."""

ON_LIGHT = "#101418"
"""Labels on a light colour, on whatever page."""

MOST_PAIRS = 9
"""Sites and items of a side whose weeks are drawn; the others are named in words."""

MOVED = 0.01
"""Share of a stock that may be drawn before it counts as drawn down."""


def plan_figures(plan: Plan) -> list[Figure]:
    """Return the charts of a plan that have something to show.

    Parameters
    ----------
    plan
        A plan with its tables.
    """
    if plan.leverage is None:
        return []
    makers = (counterpart_fills, our_fills, counterpart_losses, our_losses, sourcing, margins)
    return [figure for figure in (maker(plan) for maker in makers) if figure is not None]


# Weeks ---------------------------------------------------------------------------------------------------------------


def counterpart_fills(plan: Plan) -> Figure | None:
    """Return the counterpart's fills and stocks by week; None where it draws on nothing."""
    return _side_by_side("counterpart-weeks", "The counterpart, week by week", week_figures(plan, "counterpart"))


def our_fills(plan: Plan) -> Figure | None:
    """Return our fills and stocks by week in every scenario; None where we draw on nothing."""
    return _side_by_side("our-weeks", "Our side, week by week", week_figures(plan, "ours"))


def sourcing(plan: Plan) -> Figure | None:
    """Return who supplies us before and after; None where every share stays."""
    return _side_by_side("sourcing", "Who supplies us", sourcing_figures(plan))


def _side_by_side(name: str, title: str, figures: Sequence[Figure], columns: int = 3) -> Figure | None:
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


def pair_title(plan: Plan, pair: Pair) -> str:
    """Return item and site of a pair by the names for people, where the case has them."""
    names = {row.item: row.name for row in plan.case.items}
    sites = {row.site: row.name for row in plan.case.sites}
    return f"{plain(names.get(pair[1]) or pair[1])}, {plain(sites.get(pair[0]) or pair[0])}"


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
        text.append(f"Under review: {'; '.join(map(_review_words, reviews))}.")
    return Figure("/".join(pair), pair_title(plan, pair), " ".join(text), styled({"vconcat": parts, "spacing": 6}))


def _review_words(row: Any) -> str:
    words = f"{plain(row.regime)}, {plain(row.policy)}, {row.mean_delay:.3g} weeks on average, felt from week {row.first_bite}"
    return words if row.approval_rate == 1 else f"{words}, {percent(row.approval_rate, 0)} of licences granted"


def _fill_text(plan: Plan, frame: pd.DataFrame, side: str) -> Iterator[str]:
    for scenario, rows in frame.groupby("scenario", sort=False):
        if scenario not in ("", NONE, plan.worst_package):
            continue
        where = "" if scenario == "" else _scenario_words(scenario) + ", "
        if not _is_short(rows):
            yield _sentence(f"{where}served in full every week")
            continue
        least = rows.loc[rows["fill"].idxmin()]
        first = int(rows.loc[~served(rows["fill"]), "week"].min())
        yield _sentence(
            f"{where}served {percent(rows['fill'].mean())} on average, first short in week {first}, "
            f"least {percent(least['fill'])} in week {least['week']}"
        )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _scenario_words(scenario: str) -> str:
    return "without retaliation" if scenario == NONE else f"under {plain(scenario)}"


def _stock_text(plan: Plan, frame: pd.DataFrame, start: float, unit: str) -> str:
    rows = frame[frame["scenario"].isin(("", plan.worst_package))]["stock"]
    first, least, last = (number(value, decimals([value], 4)) for value in (start, rows.min(), rows.iloc[-1]))
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
    return [
        layer(frame[mask], {"type": "line", "interpolate": "step-after", **look}, x=x, y=y, detail=nominal("scenario"))
        for mask, look in ranks
        if mask.any()
    ]


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
        layers.append(layer(mark, {**words, "color": INK, "fontSize": 11}, x=x, y=y, text=LABEL))
    if reviews:
        layers += _review_bars(plan, reviews, x, y)
    return {"layer": layers, "width": PLOT, "height": 96 + 13 * len(reviews)}


def _review_chart(plan: Plan, reviews: Sequence[Any], labels: bool) -> Written:
    """Return the delays alone, for goods that are not sold on."""
    y = quantity("fill", scale={"domain": [1, 1.06 + ROW * len(reviews)], "nice": False}, axis=None)
    bars = _review_bars(plan, reviews, _weeks(plan, labels=labels), y)
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
            "label": [plain(row.regime) for row in reviews],
        }
    )
    words = {"type": "text", "align": "left", "dx": 4, "color": REVIEW, "fontSize": 10}
    words["limit"] = room(bars["label"], 190, 10)
    return [
        layer(bars, {"type": "rule", "color": REVIEW, "strokeWidth": 6}, x=x, x2={"field": "end"}, y=y),
        layer(bars, words, x={**x, "field": "end"}, y=y, text=LABEL),
    ]


def _stock_chart(plan: Plan, frame: pd.DataFrame) -> Written:
    # Short labels for thousands and millions; small figures as they are, for "600m" would be read as millions.
    form = "~s" if frame["stock"].max() >= 1e4 else ",.3~r"
    axis = FIGURES | {"title": "stock", "tickCount": 2, "minExtent": AXIS, "maxExtent": AXIS, "format": form}
    y = quantity("stock", scale={"domainMin": 0}, axis=axis)
    return {"layer": _lines(plan, frame, _weeks(plan), y), "width": PLOT, "height": 60}


# Losses --------------------------------------------------------------------------------------------------------------


def counterpart_losses(plan: Plan) -> Figure:
    """Return where the counterpart's loss comes from, in the worst package."""
    return _waterfall(plan, "counterpart", "Where the counterpart's loss comes from", plan.counterpart_loss)


def our_losses(plan: Plan) -> Figure:
    """Return where our loss comes from, in the worst package."""
    return _waterfall(plan, "ours", "Where our loss comes from", plan.own_loss)


def loss_parts(plan: Plan, side: str) -> list[tuple[str, float]]:
    """Return the parts of a side's loss in the worst package that are not rounding, in words."""
    frame = plan.tables["losses"]
    frame = frame[(frame["side"] == side) & (frame["scenario"] == plan.worst_package)]
    noise = 0.5 * 10.0 ** -decimals(frame["loss"])
    return [
        (PARTS[side].get(row.part, row.part.replace("_", " ")), row.loss)
        for row in frame.itertuples()
        if abs(row.loss) >= noise
    ]


def _waterfall(plan: Plan, side: str, title: str, total: float | None) -> Figure:
    import pandas as pd

    money = plain(plan.case.settings.case.currency)
    parts = loss_parts(plan, side)
    places = decimals([loss for _, loss in parts] + [total or 0.0])
    rows, level = [], 0.0
    for part, loss in parts:
        rows.append((part, level, level + loss, signed(loss, places), THEIRS if loss > 0 else GAIN))
        level += loss
    rows.append(("loss", 0.0, total or 0.0, number(total, places), INK))
    frame = pd.DataFrame(rows, columns=["part", "start", "end", "label", "colour"])
    frame["place"] = range(len(frame))
    frame["top"] = frame[["start", "end"]].max(axis=1)
    low, high = min(0.0, frame[["start", "end"]].min().min()), max(0.0, frame["top"].max())
    span = (high - low) or 1.0
    x = quantity("start", scale={"domain": [low, high + 0.26 * span], "nice": False}, axis=None)
    words = {"type": "text", "align": "left", "fontSize": 11, "color": INK}
    limit = room(frame["part"], WIDTH - 12, 11)
    layers = [
        layer(pd.DataFrame({"start": [0.0]}), {"type": "rule", "color": GRID, "strokeWidth": 1}, x=x),
        layer(
            frame,
            {"type": "bar", "size": 12, "yOffset": 8},
            x=x,
            x2={"field": "end"},
            y=PLACE,
            color=nominal("colour", scale=None),
        ),
        layer(frame, {**words, "dx": 5, "dy": 8}, x=quantity("top", axis=None), y=PLACE, text=LABEL),
        layer(frame, {**words, "dy": -7, "limit": limit}, x=LEFT, y=PLACE, text=nominal("part")),
    ]
    listed = "; ".join(f"{part} {signed(loss, places)}" for part, loss in parts)
    text = f"{listed or 'no part'}. Together {number(total, places)} {money}".rstrip()
    written = styled({"layer": layers, "width": WIDTH - 12, "height": 34 * len(frame)})
    return Figure(f"{side}-losses", title, _sentence(text), written)


# Sourcing ------------------------------------------------------------------------------------------------------------


def supply_shares(plan: Plan) -> dict[Pair, dict[str, dict[str, float]]]:
    """Return the shares of the parties that supply us, by site and item: before, after, in the worst package.

    Shares are of dispatches over the horizon by lanes to the pair; a pair is told where a lane is qualified or its share
    changes.
    """
    frame = plan.tables["sourcing"]
    lanes = frame[frame["kind"] == "lane"]
    states: dict[str, Mapping[str, float]] = {
        "before": dict(zip(lanes["id"], lanes["status_quo_share"], strict=True)),
        "after": dict(zip(lanes["id"], lanes["plan_share"], strict=True)),
    }
    if plan.worst_package not in (None, NONE):
        states[f"under {plan.worst_package}"] = shares(plan, str(plan.worst_package))
    found: dict[Pair, dict[str, dict[str, float]]] = {}
    for pair, rows in lanes.groupby(["destination", "item"], sort=False):
        levels = {state: [share.get(lane, 0.0) for lane in rows["id"]] for state, share in states.items()}
        change = max(max(column) - min(column) for column in zip(*levels.values(), strict=True))
        if change < SAME_SHARE and not rows["qualified"].any():
            continue
        found[pair] = {}
        for state, amounts in levels.items():
            by_party: dict[str, float] = {}
            for party, share in zip(rows["party"], amounts, strict=True):
                by_party[party] = by_party.get(party, 0.0) + share
            found[pair][state] = by_party
    return found


def sourcing_figures(plan: Plan) -> list[Figure]:
    """Return a chart for every site and item of ours whose suppliers' shares change."""
    names = {row.party: plain(row.name or row.party) for row in plan.case.parties}
    found = supply_shares(plan)
    told = dict.fromkeys(party for states in found.values() for shares_ in states.values() for party in shares_)
    roles = {"focal": OURS, "counterpart": THEIRS}
    free = cycle(UNDER_LABELS)
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
            {"type": "text", "dy": 8, "fontSize": 10, "color": ON_COLOUR},
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
    return Figure(name, title, _sentence("; ".join(text)), written)


# Continuity ----------------------------------------------------------------------------------------------------------


def margins(plan: Plan) -> Figure | None:
    """Return how far every least fill of ours is kept in every scenario; None where the case sets none.

    Demands that are served in full in every scenario are left out where there are others.
    """
    import pandas as pd

    frame = pd.DataFrame(list(scenario_margins(plan)))
    if not len(frame):
        return None
    count = len(frame.groupby(["demand", "kind"]))
    short = ~served(frame.groupby("demand")["least_week"].transform("min"))
    if short.any():
        frame = frame[short]
    frame["limits"] = [f"{plain(row.demand)}, {_limit_words(row.kind, row.limit)}" for row in frame.itertuples()]
    frame["name"] = [plain(name) for name in frame["scenario"]]
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
            "labelLimit": room(scenarios, 120, 11),
            "ticks": False,
            "domain": False,
        },
        scale={"paddingInner": 0.06, "paddingOuter": 0},
    )
    y = PLACE | nominal("limits", sort=order)
    scale = {
        "domain": [-10, -0.001, 0, 2, 10, 50],
        "range": ["#c0392b", "#e8998d", "#f7d9a8", "#f5ecc8", "#cfe3ee", "#8fbcd8"],
        "clamp": True,
        "interpolate": "rgb",
    }
    width = max(WIDTH - 12, 46 * len(scenarios))
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
        f"{worst['limits']}, {_scenario_words(worst['scenario'])}, {worst['label']} points."
    )
    if left:
        text += f" {counted(left, 'least fill')} more: served in full, every week of every scenario."
    written = styled({"layer": layers, "width": width, "height": 42 * len(order)})
    return Figure("margins", "Continuity margins, in points of fill above the limit", text, written)


def _limit_words(kind: str, limit: float) -> str:
    return f"{'mean' if kind == 'min_fill' else 'any week'} at least {percent(limit)}"
