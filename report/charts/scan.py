"""A scan of trade statistics as charts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..format.numbers import counted, number, percent, plain
from ..views.scan import Money, item_words
from .base import MUTED, OURS, OURS_PALE, THEIRS, WIDTH, Figure, Written, styled

if TYPE_CHECKING:
    from ...analysis.trade.ranking.result import Ranking, Scan

BARS = 15
"""Goods in a chart."""


def scan_figures(scan: Scan) -> list[Figure]:
    """Return the charts of a scan: one for every ranking that has goods."""
    figures = []
    for place, ranking in enumerate(scan.rankings):
        if len(ranking.rows):
            whom = plain(ranking.seller.name) if ranking.seller is not None else "its largest origin"
            title = f"What {plain(ranking.buyer.name)} loses without {whom}"
            name = "losses" if place == 0 else "exposure"
            figures.append(Figure(name, title, _words(ranking, scan), _chart(ranking, scan, title, place)))
    return figures


def _by_loss(ranking: Ranking) -> bool:
    return any(math.isfinite(value) and value > 0 for value in ranking.rows["loss"].head(BARS))


def _words(ranking: Ranking, scan: Scan) -> str:
    money = Money(scan)
    rows = ranking.rows.head(BARS).to_dict("records")
    what = "Loss when the seller stops" if _by_loss(ranking) else "Purchases from the seller"
    told = []
    for row in rows[:3]:
        amount = row["loss"] if _by_loss(ranking) else row["bought"]
        worth = (
            "no other source"
            if math.isinf(amount)
            else "not known"
            if math.isnan(amount)
            else f"{number(money.of(amount))} {money.unit}"
        )
        share = "" if math.isnan(row["share"]) else f" at a share of {percent(row['share'])}"
        told.append(f"{item_words(row['code'], row['name'])} {worth}{share}")
    return f"{what}, {counted(len(rows), 'good')}, largest first: {'; '.join(told)}."


def _chart(ranking: Ranking, scan: Scan, title: str, place: int) -> Written:
    import altair as alt

    money, by_loss = Money(scan), _by_loss(ranking)
    rows = ranking.rows.head(BARS).to_dict("records")
    finite = [money.of(row["loss"]) for row in rows if math.isfinite(row["loss"])]
    # Where there is no other source the loss has no end; such a bar is as long as the longest.
    longest = max(finite, default=1.0) or 1.0
    bars, marks, order = [], [], []
    for row in rows:
        label = item_words(row["code"], row["name"])
        order.append(label)
        if by_loss:
            endless = math.isinf(row["loss"])
            alone = longest if endless else money.of(row["loss"])
            bars.append(
                {"good": label, "amount": None if math.isnan(alone) else alone, "part": "seller alone", "rank": 0}
            )
            added = row["allies_add"]
            if scan.parties.allies and place == 0 and math.isfinite(added):
                bars.append({"good": label, "amount": money.of(added), "part": "allies add", "rank": 1})
        else:
            amount = row["bought"]
            bars.append(
                {
                    "good": label,
                    "amount": None if math.isnan(amount) else money.of(amount),
                    "part": "seller alone",
                    "rank": 0,
                }
            )
        share = "" if math.isnan(row["share"]) else percent(row["share"])
        marks.append({"good": label, "text": f"{share}, no other" if math.isinf(row["loss"]) and by_loss else share})
    colours = [OURS if place == 0 and not scan.diversify else THEIRS, OURS_PALE]
    y = alt.Y("good:N", sort=order, title=None, axis=alt.Axis(labelLimit=300))
    axis = f"{'Loss' if by_loss else 'Purchases'} a year{f' ({money.unit})' if money.unit else ''}"
    allied = bool(scan.parties.allies) and place == 0 and by_loss
    colour = alt.Color(
        "part:N",
        scale=alt.Scale(domain=["seller alone", "allies add"], range=colours),
        legend=alt.Legend(title=None, orient="bottom") if allied else None,
    )
    drawn = alt.Chart(alt.Data(values=bars)).mark_bar()
    drawn = drawn.encode(y=y, x=alt.X("amount:Q", title=axis, stack=True), order="rank:Q", color=colour)
    texts = alt.Chart(alt.Data(values=marks)).mark_text(align="left", dx=2, fontSize=11, color=MUTED)
    texts = texts.encode(y=y, x=alt.value(WIDTH + 6), text="text:N")
    what = "loss when the seller stops" if by_loss else "what is bought from the seller"
    heading = alt.TitleParams(title, subtitle=[f"Bars: {what}. Figures: the seller's share of imports."])
    room = {"left": 5, "top": 5, "bottom": 5, "right": 90}
    return styled(alt.layer(drawn, texts).properties(width=WIDTH, height=22 * len(rows), title=heading, padding=room))
