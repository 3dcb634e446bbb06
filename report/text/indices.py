"""Dependence measures on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

from ..format.names import Name
from ..format.numbers import counted, decimals, listed, number, percent, plain
from ..views.case import case_view
from ..views.indices import by_side, survival_views
from .layout import indented, new_table, section, text_line
from .plan import heading

if TYPE_CHECKING:
    from ...analysis.dependence.indices import Indices

SIDES = {"ours": "our side", "counterpart": "the counterpart"}
OWNERS = {"ours": "Our side's", "counterpart": "The counterpart's"}


def print_indices(indices: Indices, console: Console) -> None:
    """Print dependence measures.

    Parameters
    ----------
    indices
        The measures.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in indices_parts(indices):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def indices_parts(indices: Indices) -> Iterable[RenderableType]:
    """Return the sections of dependence measures, in their order."""
    yield from heading(case_view(indices.case))
    yield from _concentration(indices)
    yield from _dependency(indices)
    yield from _exposure(indices)
    yield from _survival(indices)


def _share(value: float) -> str:
    return "-" if math.isnan(value) else percent(value)


def _index(value: float, places: int = 2) -> str:
    if math.isnan(value):
        return "-"
    return "inf" if math.isinf(value) else number(value, places)


def _concentration(indices: Indices) -> Iterable[RenderableType]:
    frame = indices.concentration
    names, units = indices.case.names, {row.item: plain(row.unit) for row in indices.case.items}
    for side, rows in by_side(frame[frame["kind"] == "side"], "buyer"):
        yield section(f"{OWNERS[side]} supply", "by origin party, per week")
        table = new_table("Item", "Unit", "Intake", "Own", "From", "HHI", "Largest", "Share", names=2)
        table.columns[-2].justify, table.columns[-2].no_wrap = "left", False
        for row in rows.itertuples():
            table.add_row(
                Name(names.item(row.item)),
                Text(units.get(row.item, ""), overflow="fold"),
                number(row.intake),
                _share(row.own_share),
                f"{row.suppliers}",
                number(row.hhi_points, 0),
                Name(names.party(row.largest)),
                _share(row.largest_share),
            )
        yield indented(table)
    yield text_line(
        "Own: share made on that side. From: origin parties. HHI: Herfindahl-Hirschman index of their shares, 10,000 for "
        "a single one. Largest: the largest origin party and its share.",
        "dim",
    )


def _dependency(indices: Indices) -> Iterable[RenderableType]:
    found, names = False, indices.case.names
    for side, rows in by_side(indices.dependency):
        found = True
        yield section(f"{OWNERS[side]} import dependency", f"{plain(case_view(indices.case).money)} per week")
        table = new_table("Item", "Largest origin", "Imports", "CDI 1", "CDI 2", "CDI 3", "", names=2)
        places = decimals(rows["outside_imports"])
        for row in rows.itertuples():
            table.add_row(
                Name(names.item(row.item)),
                Name(names.party(row.largest or "-")),
                number(row.outside_imports, places),
                _index(row.cdi1),
                _index(row.cdi2),
                _index(row.cdi3),
                Text("dependent", style="bold") if row.dependent else Text(f"{row.met} of 3"),
            )
        yield indented(table)
    if found:
        yield text_line(
            "The European Commission's core dependency indicators. CDI 1: HHI of imports from outside the side (above 0.4). "
            "CDI 2: these imports over them and own supply kept (above 0.5). CDI 3: over own supply kept and exports (above 1; "
            "inf: there is neither). Dependent: all three.",
            "dim",
        )


def _exposure(indices: Indices) -> Iterable[RenderableType]:
    found = False
    for buyer, rows in by_side(indices.exposure, "buyer"):
        found = True
        words = "What we buy from the counterpart" if buyer == "ours" else "What the counterpart buys from us"
        yield section(words, f"{plain(case_view(indices.case).money)} per week")
        table = new_table("Item", "Value", "Imports", "Intake", "Exports", "Sales", "Margin", "of all")
        values, margins = decimals(rows["value"]), decimals(rows["margin"])
        for row in rows.itertuples():
            whole = not isinstance(row.item, str)
            table.add_row(
                Text("all") if whole else Name(indices.case.names.item(row.item)),
                number(row.value, values),
                _share(row.import_share),
                _share(row.intake_share),
                _share(row.export_share),
                _share(row.sales_share),
                number(row.margin, margins),
                _share(row.margin_share),
                style="bold" if whole else "",
            )
        yield indented(table)
    if found:
        yield text_line(
            "Imports, intake: share of what the buyer imports of the item, and of all it takes in. Exports, sales: share of "
            "what the seller exports of it, and of these and its home demand. Margin: the seller's, and its share of the "
            "seller's margins on exports of the item.",
            "dim",
        )
    elif indices.case.pressed:
        yield section("Exposure")
        yield text_line("The two sides trade nothing with each other before week 0.")


def _survival(indices: Indices) -> Iterable[RenderableType]:
    weeks, names = indices.case.settings.horizon.weeks, indices.case.names

    def called(node: str) -> str:
        return names.of("parties").get(node) or names.of("sites").get(node) or names.lane(node)

    for view in survival_views(indices):
        yield section(
            f"Without one party or site: {SIDES[view.side]}",
            f"{plain(case_view(indices.case).money)} over {counted(weeks, 'week')}",
        )
        if len(view.hit):
            table = new_table("Shut", "First short", "Survives", "Recovers", "Gap", "Lost", "Score", names=2)
            places = decimals(view.hit["lost_value"])
            for row in view.hit.itertuples():
                table.add_row(
                    Name(called(row.node), "bold" if row.kind == "party" else ""),
                    Name(names.pair(row.first_short)),
                    f"{row.tts_weeks}",
                    _week(row.ttr_weeks),
                    _week(row.gap_weeks, "-"),
                    number(row.lost_value, places),
                    _share(row.score),
                )
            yield indented(table)
        if view.spared:
            yield text_line(
                f"Nothing need be lost in {counted(weeks, 'week')} without: {listed(map(called, view.spared))}"
            )
    yield text_line(
        "Shut from week 0 on: a party (bold) or a site sends and makes nothing; all others are run to lose as little as "
        "can be. Survives: weeks in which stocks and other sources serve all demand. Recovers: first week from which other "
        f"sources do without stocks; never: not within {counted(weeks, 'week')}. Gap: weeks between the two. Lost: least value "
        "lost. Score: its share of the value of all demand. Lanes one by one: --json.",
        "dim",
    )


def _week(week: Any, never: str = "never") -> str:
    import pandas as pd

    return never if pd.isna(week) else f"{week}"
