"""A scan of trade statistics on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

from ..format.names import Name
from ..format.numbers import counted, decimals, number, percent, plain
from ..views.scan import Money, criteria, item_words, scan_view, short_name
from .layout import indented, new_table, section, text_line

if TYPE_CHECKING:
    from ...analysis.trade.ranking.result import Ranking, Scan
    from ...data.trade import Treatment

TOP = 20
"""Goods of a ranking that are printed."""

EXPOSED = 10
"""Goods of the ranking in return that are printed."""


def show_scan(scan: Scan, console: Console, top: int = TOP) -> None:
    """Print a scan.

    Parameters
    ----------
    scan
        The scan.
    console
        Where to print; its width decides where lines break.
    top
        Goods of a ranking that are printed.
    """
    for renderable in scan_parts(scan, top):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def scan_title(scan: Scan) -> str:
    """Return what was scanned, as a title."""
    focal, counterpart = plain(scan.parties.focal.name), scan.parties.counterpart
    if scan.diversify:
        return f"What {focal} depends on" + (f": {plain(counterpart.name)}" if counterpart is not None else "")
    assert counterpart is not None
    return f"{focal} and {plain(counterpart.name)}: who depends on whom"


def scan_line(scan: Scan) -> str:
    """Return source, period and unit of a scan in a line."""
    digits = f"codes of {scan.digits} digits" if scan.digits else "items as named"
    allies = f"; allies {', '.join(plain(ally.name) for ally in scan.parties.allies)}" if scan.parties.allies else ""
    money = Money(scan).unit
    return f"{plain(scan.source)}; {plain(scan.period.words)}, {digits}{f'; money in {money} a year' if money else ''}{allies}"


def scan_parts(scan: Scan, top: int = TOP) -> Iterable[RenderableType]:
    """Return the sections of a scan, in their order; the notes come last."""
    yield Text(scan_title(scan), style="bold", overflow="fold")
    yield Text(scan_line(scan), style="dim", overflow="fold")
    for line in answer(scan):
        yield text_line(line)
    money = Money(scan)
    if scan.hold is not None:
        yield from _losses(scan, scan.hold, money, top)
        yield from _substitutes(scan, scan.hold, money, top)
        yield from _losses(scan, scan.exposure, money, EXPOSED)
    else:
        yield from _losses(scan, scan.exposure, money, top)
        yield from _substitutes(scan, scan.exposure, money, top)
    yield from _meanings(scan)
    yield from treated(scan.treatments, money)
    if scan.notes:
        yield Text("")
    for note in scan.notes:
        yield text_line(f"- {plain(note)}", "yellow")


def answer(scan: Scan) -> list[str]:
    """Return what a scan found, in sentences."""
    view, sentences = scan_view(scan), []
    money, ranking = view.money, scan.rankings[0]
    buyer = plain(ranking.buyer.name)
    if view.first is None:
        seller = plain(ranking.seller.name) if ranking.seller is not None else "anybody"
        return [f"The data show nothing that {buyer} buys from {seller}."]
    first = view.first
    seller = plain(ranking.seller.name if ranking.seller is not None else first["origin_name"])
    value = f", worth {number(money.of(view.bought))} {money.unit} a year" if view.bought else ""
    whom = f"from {plain(ranking.seller.name)}" if ranking.seller is not None else "from abroad"
    sentences.append(f"{buyer} buys {counted(len(ranking.rows), 'good')} {whom}{value}.")
    if math.isnan(first["share"]):
        return sentences
    what = item_words(first["code"], first["name"])
    of_it = f"{seller} supplies {percent(first['share'])} of {buyer}'s imports of {what}"
    if math.isinf(first["loss"]):
        sentences.append(f"{of_it}, and the data show no other source.")
    elif not math.isnan(first["loss"]):
        sentences.append(
            f"{of_it}; without it {buyer} would lose {number(money.of(first['loss']))} {money.unit} a year."
        )
    else:
        sentences.append(f"{of_it}.")
    if scan.hold is not None and scan.parties.counterpart is not None:
        focal, most = plain(scan.parties.focal.name), view.back
        if most is not None:
            sentences.append(
                f"In return {focal} buys {counted(len(scan.exposure.rows), 'good')} from {buyer}; the costliest to miss is "
                f"{item_words(most['code'], most['name'])}."
            )
        else:
            sentences.append(f"The data show nothing that {focal} buys from {buyer}.")
    return sentences


def _shown(value: float) -> str:
    """Return a share in percent; a dash where it is not known."""
    return "-" if math.isnan(value) else percent(value)


def _amount(value: float, money: Money, places: int) -> str:
    if math.isnan(value):
        return "-"
    return "no other" if math.isinf(value) else number(money.of(value), places)


def _places(ranking: Ranking, columns: Sequence[str], money: Money, top: int) -> int:
    values = [money.of(value) for column in columns for value in ranking.rows[column].head(top) if math.isfinite(value)]
    return decimals(values, 4)


def _losses(scan: Scan, ranking: Ranking, money: Money, top: int) -> Iterable[RenderableType]:
    rows = ranking.rows.head(top)
    if not len(rows):
        return
    buyer = plain(ranking.buyer.name)
    origin = ranking.seller is None
    whom = "its largest origin" if ranking.seller is None else plain(ranking.seller.name)
    more = f"{len(rows)} of {len(ranking.rows):,}, " if len(rows) < len(ranking.rows) else ""
    unit = f"{money.unit} a year" if money.unit else "amounts a year"
    yield section(f"What {buyer} loses without {whom}", f"{more}{unit}")
    allied = bool(scan.parties.allies) and ranking is scan.hold
    named = any(name and name != code for code, name in zip(rows["code"], rows["name"], strict=True))
    names = ["Good", *(["Name"] if named else []), *(["Origin"] if origin else [])]
    figures = ["Imports", "Share", "Loss", *(["Allies add"] if allied else []), "HHI", "CDI"]
    table = new_table(*names, *figures, names=len(names))
    imports, losses = _places(ranking, ["imports"], money, top), _places(ranking, ["loss", "allies_add"], money, top)
    for row in rows.to_dict("records"):
        name = "" if row["name"] == row["code"] else short_name(row["name"])
        cells: list[Any] = [Name(row["code"]), *([Text(name, overflow="fold")] if named else [])]
        cells += [Name(row["origin_name"])] if origin else []
        cells += [_amount(row["imports"], money, imports), _shown(row["share"]), _amount(row["loss"], money, losses)]
        cells += [_amount(row["allies_add"], money, losses)] if allied else []
        cells += [_points(row["hhi"]), _criteria(row)]
        table.add_row(*cells)
    yield indented(table)


def _points(value: float) -> str:
    return "-" if math.isnan(value) else number(10_000 * value, 0)


def _criteria(row: dict[str, Any]) -> str:
    """Return how many of the core dependency indicators exceed their thresholds."""
    met, known = criteria(row)
    return f"{met} of {known}" if known else "-"


def _substitutes(scan: Scan, ranking: Ranking, money: Money, top: int) -> Iterable[RenderableType]:
    rows = ranking.rows.head(top).to_dict("records")
    if not rows or not any(row["substitutes"] for row in rows):
        return
    yield section(
        "Who else could supply", f"{money.unit} a year; unit values in {plain(scan.currency) or 'money'} per unit"
    )
    table = new_table(
        "Good", "Unit", "Ours" if not scan.diversify else "Paid", "Others", "World", "Cover", "Substitutes"
    )
    table.columns[1].justify = table.columns[-1].justify = "left"
    table.columns[-1].no_wrap, table.columns[-1].overflow = False, "fold"
    for row in rows:
        named = "; ".join(f"{plain(each['name'])} {_spare(each, money)}" for each in row["substitutes"][:3])
        cover = row["cover"]
        table.add_row(
            Name(row["code"]),
            plain(row["unit"]),
            _unit_value(row["unit_value"]),
            _unit_value(row["other_unit_value"]),
            _shown(row["world_share"]),
            "-" if math.isnan(cover) else f"{number(cover, 1 if cover < 100 else 0)} x",
            Text(named or "nobody in the data", overflow="fold"),
        )
    yield indented(table)


def _spare(substitute: dict[str, Any], money: Money) -> str:
    amount = number(money.of(substitute["spare"] or 0.0))
    price = substitute["unit_value"]
    return f"{amount}" + (f" at {_unit_value(price)}" if price is not None and not math.isnan(price) else "")


def _unit_value(value: float) -> str:
    return (
        "-"
        if value is None or math.isnan(value)
        else number(value, max(0, min(4, 3 - math.floor(math.log10(value)))) if value > 0 else 0)
    )


def _meanings(scan: Scan) -> Iterable[RenderableType]:
    ranking = scan.rankings[0]
    if not len(ranking.rows):
        return
    sigmas = "where the table has no other" if scan.sigmas.by_code else "for every good"
    allies = "Allies add: loss with their share too, less the loss without. " if scan.parties.allies else ""
    yield text_line(
        "Share: of the buyer's imports of the good. Loss: imports x -log(1 - share) / (sigma - 1), sigma "
        f"{number(scan.sigmas.default)} {sigmas}; no other: the data show no other source. "
        f"{allies}HHI: Herfindahl-Hirschman index of origins, 10,000 for a single "
        "one. CDI: of the European Commission's three core dependency indicators, how many of those known exceed their threshold.",
        "dim",
    )
    if any(row for row in ranking.rows["substitutes"]):
        yield text_line(
            f"{'Paid' if scan.diversify else 'Ours'}, others: what a unit of the seller and of the substitutes is worth. World: "
            "the seller's share of world exports. Cover: what substitutes sell elsewhere, over what the buyer buys from the "
            "seller. Substitutes: what each sells elsewhere, at its unit value.",
            "dim",
        )
    yield text_line(f"Shares of expenditure (--json) are of {plain(scan.expenditure_words)}.", "dim")
    if scan.asymmetry is not None and not math.isnan(scan.asymmetry) and scan.hold is not None:
        theirs, ours = scan.hold.dependence, scan.exposure.dependence
        buyer, focal = plain(scan.hold.buyer.name), plain(scan.parties.focal.name)
        yield text_line(
            f"Dependence, import share over trade elasticity: {buyer} on {focal} {number(theirs, 4)}, {focal} on {buyer} "
            f"{number(ours, 4)}; asymmetry {number(scan.asymmetry, 4)}.",
        )


def treated(treatments: Sequence[Treatment], money: Money) -> Iterable[RenderableType]:
    """Return what rules dropped, mended and kept, as a table."""
    if not treatments:
        return
    yield section("What was dropped or mended", money.unit)
    table = new_table("Rule", "What", "Rows", "Value")
    table.columns[1].justify = "left"
    for entry in treatments:
        value = "-" if entry.value is None else number(money.of(entry.value))
        words = entry.rule.title + (f" ({plain(entry.detail)})" if entry.detail else "")
        table.add_row(Text(words, overflow="fold"), entry.rule.action, f"{entry.rows:,}", value)
    yield indented(table)
