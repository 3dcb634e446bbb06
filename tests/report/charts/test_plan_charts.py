"""Charts of a plan: the figures they show are the plan's."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pytest import approx
from sluicegate import Plan, load_case, solve
from sluicegate.analysis.results import read_result
from sluicegate.report.charts.base import (
    GRID,
    HEAT,
    INK,
    MUTED,
    NEW,
    OURS,
    OURS_PALE,
    REVIEW,
    SERIES,
    THEIRS,
    Figure,
    layer,
    nominal,
    quantity,
    styled,
    svg_of,
)
from sluicegate.report.charts.drawing import Here
from sluicegate.report.charts.narrow import ON_COLOUR, ON_LIGHT
from sluicegate.report.charts.plan import (
    concentration,
    counterpart_losses,
    loss_parts,
    margins,
    our_losses,
    plan_figures,
    sourcing_figures,
)
from sluicegate.report.charts.weeks import moving_pairs, week_figures
from sluicegate.report.page import inline
from sluicegate.report.page.inline import DARK, picture
from sluicegate.report.views.sourcing import supply_shares


@pytest.fixture(scope="module")
def taiwan(result: Callable[[str], Path]) -> Plan:
    return read_result(result("taiwan-korea"), tables=True)[0]


def rows(figure: Figure, *fields: str) -> list[dict[str, Any]]:
    """Return the rows of a figure's data that have some fields."""
    views = figure.written.get("concat") or figure.written.get("vconcat") or [figure.written]
    texts = dict.fromkeys(layer["data"]["values"] for view in views for layer in view["layer"])
    return [row for text in texts for row in json.loads(text) if all(name in row for name in fields)]


def test_all_are_charts_that_can_be_drawn(plan: Plan) -> None:
    figures = plan_figures(plan)
    assert [figure.name for figure in figures] == [
        "timeline",
        "counterpart-weeks",
        "our-weeks",
        "counterpart-losses",
        "ours-losses",
        "sourcing",
        "margins",
    ]
    for figure in figures:
        # Checked against Vega-Lite's schema here: what is drawn on the way to a page is not.
        config = figure.chart.to_dict()["config"]
        assert config.pop("mark") == {"tooltip": {"content": "encoding"}}, "a mark in a notebook says its figures"
        assert config == figure.written["config"]
        assert figure.text.endswith(".") and figure.title
        assert svg_of(figure.written).startswith("<svg")


def test_without_a_plan_there_is_nothing_to_draw(plan: Plan) -> None:
    assert plan_figures(Plan(case=plan.case, status="infeasible")) == []


def test_the_first_to_be_short_come_first(taiwan: Plan) -> None:
    pairs = moving_pairs(taiwan, "counterpart")
    weeks = [taiwan.first_shortage_week.get("/".join(pair)) for pair in pairs]
    short = [week for week in weeks if week is not None]
    assert short == sorted(short) and weeks[: len(short)] == short
    assert len(short) == sum(week is not None for week in taiwan.first_shortage_week.values())


def test_weeks_show_fills_stocks_delay_and_first_shortage(plan: Plan) -> None:
    figure = next(figure for figure in week_figures(plan, "counterpart") if figure.name == "them-site/chip")
    fills = plan.tables["fills"].query("side == 'counterpart' and item == 'chip'")["fill"]
    drawn = [row["fill"] for row in rows(figure, "fill", "scenario")]
    assert drawn == approx([*fills, fills.iloc[-1]])
    (mark,) = rows(figure, "label", "week", "fill")[-1:]
    labels = {row["label"] for row in rows(figure, "label")}
    assert labels == {"short from week 0", "Review of gas"} and mark
    (review,) = rows(figure, "end")
    chosen = plan.tables["policies"].iloc[0]
    assert (review["week"], review["end"]) == (chosen["first_bite"], chosen["first_bite"] + chosen["mean_delay"])
    gas = next(figure for figure in week_figures(plan, "counterpart") if figure.name == "them-site/gas")
    stocks = plan.tables["stocks"].query("side == 'counterpart' and item == 'gas'")["stock"]
    assert [row["stock"] for row in rows(gas, "stock")] == approx([*stocks, stocks.iloc[-1]])
    assert "Stock 4 t before week 0, least 0" in gas.text


def test_our_weeks_show_every_scenario(plan: Plan) -> None:
    (figure,) = [figure for figure in week_figures(plan, "ours") if figure.name == "us-site/chip"]
    assert {row["scenario"] for row in rows(figure, "fill", "scenario")} == {"none", "answer", "strike"}
    assert "Under answer, served 70.6% on average" in figure.text


@pytest.mark.parametrize("side", ["counterpart", "ours"])
def test_losses_add_up_to_the_loss(plan: Plan, taiwan: Plan, side: str) -> None:
    for each in (plan, taiwan):
        total = each.counterpart_loss if side == "counterpart" else each.own_loss
        assert sum(loss for _, loss in loss_parts(each, side)) == approx(total, rel=1e-4)
        figure = counterpart_losses(each) if side == "counterpart" else our_losses(each)
        assert figure.name == f"{side}-losses"
        steps = rows(figure, "part", "start", "end")
        assert steps[0]["start"] == 0
        for before, step in pairwise(steps[:-1]):
            assert step["start"] == approx(before["end"])
        assert (steps[-1]["start"], steps[-1]["end"]) == (0, approx(total))


def test_shares_and_concentration_by_hand(plan: Plan) -> None:
    (states,) = supply_shares(plan).values()
    flows = plan.tables["flows"].query("side == 'ours' and scenario == 'answer' and destination == 'us-site'")
    sums = flows.groupby("origin")["dispatched"].sum()
    expected = sums["world-site"] / sums.sum()
    assert states["under answer"] == {"them": approx(1 - expected), "world": approx(expected)}
    assert states["before"] == {"them": approx(1), "world": approx(0)}
    assert concentration([0.5, 0.3, 0.2]) == "3,800"
    (figure,) = sourcing_figures(plan)
    assert "before: them 100% (HHI 10,000)" in figure.text.lower().replace("hhi", "HHI")


def test_margins_show_limits_that_are_near(plan: Plan, taiwan: Plan) -> None:
    figure = margins(plan)
    assert figure is not None
    told = rows(figure, "points", "scenario")
    assert [row["scenario"] for row in told] == ["none", "answer", "strike"]
    for row in told:
        fill = plan.scenarios[row["scenario"]]["fill"]["us-site/chip"]
        assert row["points"] == approx(100 * (fill - 0.2), abs=1e-6)
    near = margins(taiwan)
    assert near is not None
    assert {row["demand"] for row in rows(near, "demand")} < {
        taiwan.case.names.pair(f"{row.site}/{row.item}") for row in taiwan.case.demands
    }
    assert "more: served in full" in near.text
    free = dataclasses.replace(
        plan.case, demands=tuple(row.model_copy(update={"min_fill": 0.0}) for row in plan.case.demands)
    )
    assert margins(dataclasses.replace(plan, case=free)) is None


# In a page -----------------------------------------------------------------------------------------------------------


def simple(text: str) -> Figure:
    frame = pd.DataFrame({"x": [1.0], "label": [text]})
    chart = layer(frame, {"type": "text", "clip": True}, x=quantity("x"), text=nominal("label"))
    return Figure("simple", text, text, styled({"layer": [chart]}))


def test_a_picture_is_described_and_its_ids_are_its_own() -> None:
    first, second = (str(picture(simple("a chart"), key, Here()).svg) for key in ("one", "two"))
    assert 'role="img"' in first and 'aria-label="a chart"' in first
    assert "clip-path" in first, "there is an id to tell apart"
    assert "one-" in first and "two-" not in first
    assert first.replace("one-", "two-") == second
    assert "aria-roledescription" not in first and "class=" not in first
    # On its own, it has no page that says what it shows.
    assert (
        "aria-label=" in svg_of(simple("a chart").written)
        and "aria-label=" not in picture(simple("a"), "one", Here()).drawn()
    )


@pytest.mark.parametrize("text", ["</svg><script>x</script>", "\"'><a onclick='x'>", "&amp;<b>", "שלום", "url(#x)"])
def test_text_in_a_picture_is_text(text: str) -> None:
    svg = str(picture(simple(text), "one", Here()).svg)
    for harm in ("<script", "<a ", "<b>"):
        assert harm not in svg
    assert text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in svg


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_labels_on_colours_can_be_read() -> None:
    for colour in (*SERIES, OURS, THEIRS):
        assert contrast(ON_COLOUR, colour) >= 4.5, colour
        assert contrast(DARK[ON_COLOUR], DARK[colour]) >= 4.5, colour
    for colour in HEAT.values():
        assert contrast(ON_LIGHT, colour) >= 4.5, colour
    assert ON_LIGHT not in DARK, "a label on a light cell stays dark on a dark page"


def test_dark_colours_can_be_told_from_a_dark_page() -> None:
    for colour in (INK, OURS, THEIRS, REVIEW, NEW, *SERIES):
        assert contrast(DARK[colour], "#14181d") >= 4.5, colour


def seen_by(colour: str, blindness: tuple[tuple[float, ...], ...]) -> list[float]:
    """Return a colour as colour-blind eyes see it (Machado, Oliveira and Fernandes 2009, severity 1), as linear parts."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return [max(0.0, sum(weight * part for weight, part in zip(row, linear, strict=True))) for row in blindness]


DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))


@pytest.mark.parametrize("blindness", [DEUTERANOPIA, PROTANOPIA])
def test_colours_that_stand_side_by_side_are_told_apart_by_all(blindness: tuple[tuple[float, ...], ...]) -> None:
    for group in ((OURS, THEIRS, INK), (OURS, NEW), (NEW, REVIEW), (OURS, THEIRS, *SERIES[:2]), (OURS, OURS_PALE)):
        for first, second in combinations(group, 2):
            one, other = (seen_by(colour, blindness) for colour in (first, second))
            roots = [abs(a ** (1 / 2.2) - b ** (1 / 2.2)) for a, b in zip(one, other, strict=True)]
            assert max(roots) > 0.1, (first, second)


def colours_of(figure: Figure) -> set[str]:
    """Return the colours in which a figure is drawn, but for ink, greys and the ground."""
    found = re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg_of(figure.written))
    return {colour for colour in found if len(set(map(int, bytes.fromhex(colour[1:])))) > 1} - {INK, MUTED, GRID}


def test_a_colour_means_one_thing_on_a_page(plan: Plan, taiwan: Plan) -> None:
    sides = {OURS, THEIRS, REVIEW, NEW}
    assert not sides & {*SERIES, *HEAT.values(), OURS_PALE} and not set(SERIES) & set(HEAT.values())
    css = (Path(inline.__file__).parent / "templates" / "page.css").read_text()
    for name, colour in (("ours", OURS), ("theirs", THEIRS), ("review", REVIEW), ("new", NEW)):
        assert f"--{name}: {colour};" in css and f"--{name}: {DARK[colour]};" in css
    for each in (plan, taiwan):
        assert colours_of(counterpart_losses(each)) == {THEIRS}
        assert colours_of(our_losses(each)) == {OURS}
        for side, own in (("counterpart", THEIRS), ("ours", OURS)):
            for figure in week_figures(each, side):
                assert colours_of(figure) <= {own, REVIEW}, figure.title
        for figure in sourcing_figures(each):
            assert colours_of(figure) <= {OURS, THEIRS, *SERIES}
    heat = margins(taiwan)
    assert heat is not None and not colours_of(heat) & (sides | set(SERIES))


def test_every_supplier_of_a_site_has_its_own_colour() -> None:
    plan = solve(load_case("battery-europe"), rel_gap=0.05)
    for figure in sourcing_figures(plan):
        parties = {row["party"] for row in rows(figure, "party", "start", "end")}
        assert len(colours_of(figure)) == len(parties), figure.title
