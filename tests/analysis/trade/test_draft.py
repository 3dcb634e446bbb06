"""A case from trade statistics: its flows by hand, its placeholders marked, three real extracts that validate and solve."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sluicegate
from sluicegate.analysis.figures.factors import Triangular, ranged_figures
from sluicegate.analysis.status_quo import status_quo_warnings
from sluicegate.analysis.sweep.design import make_design
from sluicegate.analysis.trade.drafting.draft import draft_case
from sluicegate.analysis.trade.drafting.drafted import Drafted
from sluicegate.analysis.trade.drafting.placeholders import MARK, PLACEHOLDERS
from sluicegate.analysis.trade.drafting.spread import WEEKS
from sluicegate.analysis.trade.parties import find_parties
from sluicegate.analysis.worlds.sampling import draw
from sluicegate.data.schema.declarations import columns, numeric
from sluicegate.data.schema.tables import TABLES
from sluicegate.data.trade import TradeError, read_statistics
from sluicegate.model.network import Network

from sluicegate_testing.trade_files import baci, comtrade, comtrade_row, plain, save, table, world_rows


def drafted(
    data: str,
    items: str = "854232",
    focal: str = "TWN",
    counterpart: str = "KOR",
    allies: tuple[str, ...] = ("USA",),
    **options: Any,
) -> Drafted:
    given = {name: options.pop(name) for name in ("destination",) if name in options}
    with read_statistics([data], **given) as statistics:
        return draft_case("draft", statistics, find_parties(focal, counterpart, allies), items.split(";"), **options)


def lanes(found: Drafted) -> dict[str, Any]:
    return {row.lane: row for row in found.case.lanes}


KINDS: dict[str, Callable[[], str]] = {"baci": baci, "comtrade": lambda: comtrade(world_rows()), "plain": plain}


@pytest.mark.parametrize("kind", KINDS)
def test_flows_and_prices_are_those_of_the_statistics(kind: str, tmp_path: Path) -> None:
    found = drafted(save(tmp_path, KINDS[kind]()))
    case, by_lane = found.case, lanes(found)
    assert {row.party: row.role for row in case.parties} == {
        "twn": "focal",
        "kor": "counterpart",
        "usa": "ally",
        "jpn": "other",
        "chn": "other",
        "rest": "other",
    }
    assert [(row.item, row.unit) for row in case.items] == [("hs854232", "kg")]
    # kilograms a year / 52.18 weeks, and USD thousand a kilogram.
    expected = {"twn": (3000, 0.2), "usa": (1000, 0.1), "jpn": (2000, 0.1), "chn": (4000, 0.025)}
    for origin, (kilograms, price) in expected.items():
        row = by_lane[f"hs854232-{origin}-kor"]
        assert row.base_flow == pytest.approx(kilograms / WEEKS, rel=1e-5)
        assert row.unit_cost == pytest.approx(price)
    assert (
        by_lane["hs854232-twn-kor"].regime == "review-hs854232" and by_lane["hs854232-usa-kor"].regime == "review-usa"
    )
    # Japan sells 3 t to others than the parties' sides? To the United States and Taiwan, who are ours: nothing is left.
    assert by_lane["hs854232-jpn-kor-more"].base_flow == 0
    (korea, taiwan) = (next(row for row in case.demands if row.site == site) for site in ("kor", "twn"))
    assert korea.quantity == pytest.approx(10_000 / WEEKS, rel=1e-5) and taiwan.quantity == pytest.approx(
        9_000 / WEEKS, rel=1e-5
    )
    assert by_lane["hs854232-kor-twn"].regime == "answer-hs854232"
    assert [(row.package, row.regime, row.policy) for row in case.retaliations] == [
        ("tit-for-tat", "answer-hs854232", "review")
    ]
    # What a plan says is in words, each its own.
    assert case.names.scenario("tit-for-tat") == "Tit for tat"
    names = {row.regime: row.name for row in case.regimes}
    good = case.items[0].name.removeprefix("HS 854232").strip()
    assert names == {
        "review-hs854232": f"Exports of HS 854232 {good}".strip(),
        "review-usa": "Exports of all items by United States",
        "answer-hs854232": f"Exports of HS 854232 {good}".strip() + " by South Korea",
    }
    assert good or case.items[0].name == "HS 854232"


def test_what_substitutes_sell_elsewhere_is_the_most_they_can_send(tmp_path: Path) -> None:
    rows = [
        ("TWN", "KOR", "854232", 600, 3),
        ("CHN", "KOR", "854232", 100, 4),
        ("CHN", "FRA", "854232", 100, 8),
        ("JPN", "FRA", "854232", 100, 2),
    ]
    found = lanes(drafted(save(tmp_path, baci(rows)), allies=()))
    more = found["hs854232-chn-kor-more"]
    assert more.max_flow == pytest.approx(8_000 / WEEKS, rel=1e-5) and more.base_flow == 0
    assert found["hs854232-jpn-kor-more"].max_flow == pytest.approx(2_000 / WEEKS, rel=1e-5)
    # Dearer than all that is bought today, or it would be bought today.
    assert more.unit_cost == pytest.approx(1.1 * 0.2)
    assert more.available_week == 8


def test_every_figure_has_a_source_and_every_placeholder_its_question(tmp_path: Path) -> None:
    found = drafted(save(tmp_path, baci()))
    told = {(row.table_, row.key_, row.column_): row for row in found.case.sources}
    free = {("lanes", "base_flow")}  # 0 of a lane that does not run yet.
    for name, model in TABLES.items():
        for row in found.case.rows(name):
            for column in columns(model):
                value = getattr(row, column, None)
                if column not in row.model_fields_set or value in (None, "") or ((name, column) in free and not value):
                    continue
                if numeric(columns(model)[column]) is None and column != "delay_weeks":
                    continue
                source = told[name, row.id, column]
                assert float(source.value) == pytest.approx(float(str(value)))
                assert (MARK in source.note and "Ask: " in source.note) == (source.confidence == "assumed")
                assert source.confidence == "assumed" or source.source == "CEPII BACI: data.csv; HS 854232"
    assert sum(figures for _, figures in found.placeholders) == sum(
        1 for row in found.case.sources if row.confidence == "assumed"
    )


def test_ranges_can_be_swept(tmp_path: Path) -> None:
    found = drafted(save(tmp_path, baci()))
    design = make_design(found.case, "oat", ["uncertainties"])
    assert len(design.factors) > 20 and "stocks.kor/hs854232.initial" in {factor.path for factor in design.factors}
    # Named alone, a figure varies as its row says.
    (factor,) = make_design(found.case, "oat", ["stocks.kor/hs854232.initial"]).factors
    initial = next(row.initial for row in found.case.stocks if row.site == "kor")
    assert factor.distribution == Triangular(*(float(f"{share * initial:.6g}") for share in (0.25, 1, 3)))


def test_every_range_is_a_row_of_uncertainties(tmp_path: Path) -> None:
    case = drafted(save(tmp_path, baci())).case
    assert not ranged_figures(case)
    rows = {row.figure: row for row in case.uncertainties}
    kinds = {figure.rpartition(".")[2] for figure in rows}
    assert kinds >= {"shortage_penalty", "initial", "margin", "max_flow", "unit_cost", "available_week", "admin_cost"}
    groups = {row.group for row in rows.values()}
    assert groups <= {placeholder.title for placeholder in PLACEHOLDERS.values()}
    assert all(MARK in row.note for row in rows.values())
    # Whole weeks from 2 to 26, most likely the 8 that stand in.
    assert {row.distribution for figure, row in rows.items() if figure.endswith("available_week")} == {"2..8..26"}
    # What is retracted, as production stands beside it, leaves no range behind.
    gross = [row.lane for row in case.lanes if row.margin == row.unit_cost]
    assert gross and not any(f"lanes.{lane}.margin" in rows for lane in gross)
    worlds = draw(case, 16, seed=1)
    weeks = worlds.figures[[figure for figure in rows if figure.endswith("available_week")]]
    assert (weeks.nunique(axis=1) == 1).all() and weeks.iloc[:, 0].nunique() > 4


def test_prices_that_are_alike_give_no_range_and_no_headroom(tmp_path: Path) -> None:
    rows = [
        comtrade_row(origin, "KOR", "854232", 1000 * kilograms, kilograms + cents / 1e6, year=year)
        for year, kilograms, cents in ((2022, 3000, 1), (2023, 4000, 2))
        for origin in ("TWN", "CHN", "JPN")
    ]
    case = drafted(save(tmp_path, comtrade(rows)), allies=()).case
    assert not any(
        "unit_cost" in factor.path
        for factor in make_design(case, "oat", ["uncertainties"]).factors
        if "-more" not in factor.path
    )
    assert not status_quo_warnings(case)


def monthly(quantities: list[float]) -> str:
    header = ("month", "origin", "destination", "item", "quantity", "unit", "value_usd")
    cells = [
        (f"{2022 + place // 12}-{place % 12 + 1:02}", origin, "KOR", "250410", amount, "t", price * amount)
        for place, amount in enumerate(quantities)
        for origin, price in (("CHN", 2000), ("JPN", 1000))
    ]
    return table([header, *cells])


def test_months_give_ranges_and_seasons(tmp_path: Path) -> None:
    amounts = [100.0 + 10 * (place % 12) for place in range(24)]
    found = drafted(save(tmp_path, monthly(amounts)), "250410", focal="CHN", allies=(), monthly=True)
    row = lanes(found)["hs250410-chn-kor"]
    assert row.base_flow == pytest.approx(sum(amounts[12:]) / WEEKS, rel=1e-5)
    # The largest month: 210 t in a twelfth of 52.18 weeks.
    assert row.max_flow == pytest.approx(210 / (WEEKS / 12), rel=1e-5)
    (source,) = [row for row in found.case.sources if (row.key_, row.column_) == ("hs250410-chn-kor", "base_flow")]
    # Sorted amounts come in pairs: the 10th percentile is 2.3 places from the first, between 110 and 110.
    (varies,) = [row for row in found.case.uncertainties if row.figure == "lanes.hs250410-chn-kor.base_flow"]
    assert (varies.distribution, varies.group) == (f"25.2977..{row.base_flow:.6g}..45.9959", "")
    assert varies.note == "10th and 90th percentile of 24 months"
    mean = sum(amounts) / 24
    assert f"season by month: 1:{100 / mean:.2f} 2:{110 / mean:.2f}" in source.note
    assert source.confidence == "high" and source.date == "2023-01 to 2023-12"
    # Week 0 begins on 1 January 2024; what leaves then arrives on the 29th, what leaves a week later in February.
    assert found.case.settings.horizon.start == datetime.date(2024, 1, 1)
    network = Network(found.case)
    flows = network.weekly.base_flow[row.lane]
    assert row.lead_weeks == 4
    assert flows[:2] == pytest.approx([row.base_flow * round(amount / mean, 3) for amount in (100, 110)])
    need = network.weekly.quantity["kor", "hs250410"]
    assert need[0] / need[-1] == pytest.approx(100 / 210, rel=2e-3)
    # From week 4 on what arrives is what is needed.
    into = [lane for lane in found.case.lanes if lane.destination == "kor"]
    come = [sum(network.weekly.base_flow[lane.lane][week - 4] for lane in into) for week in range(4, 52)]
    assert {lane.lead_weeks for lane in into if lane.base_flow} == {4}
    assert come == pytest.approx(need[4:], rel=1e-4)
    assert (
        "season" not in drafted(save(tmp_path, monthly(amounts)), "250410", focal="CHN", allies=()).case.sources[3].note
    )


def test_missing_quantities_are_filled_in_by_the_unit_value_and_told(tmp_path: Path) -> None:
    rows = [comtrade_row("TWN", "KOR", "854232", 600_000, 3000), comtrade_row("CHN", "KOR", "854232", 400_000, None)]
    found = drafted(save(tmp_path, comtrade(rows)), allies=())
    assert lanes(found)["hs854232-chn-kor"].base_flow == pytest.approx(2000 / WEEKS, rel=1e-5)
    (source,) = [row for row in found.case.sources if (row.key_, row.column_) == ("hs854232-chn-kor", "base_flow")]
    assert source.confidence == "medium" and "quantity missing" in source.note


def test_what_has_no_quantities_is_counted_by_its_value(tmp_path: Path) -> None:
    text = table(
        [
            ("year", "origin", "destination", "item", "value_usd"),
            (2023, "JPN", "KOR", "film", 20_000_000),
            (2023, "TWN", "KOR", "film", 2_000_000),
        ]
    )
    found = drafted(save(tmp_path, text), "film", focal="JPN", allies=())
    assert [(row.item, row.unit) for row in found.case.items] == [("film", "USD thousand")]
    assert lanes(found)["film-jpn-kor"].base_flow == pytest.approx(20_000 / WEEKS, rel=1e-5)
    assert lanes(found)["film-jpn-kor"].unit_cost == 1
    assert found.notes == ("film has no quantities and is counted by its value.",)


def test_what_has_no_values_has_placeholders_for_prices(tmp_path: Path) -> None:
    text = table(
        [
            ("month", "origin", "destination", "item", "quantity", "unit"),
            *((f"2024-{month:02}", "CHN", "JPN", "gallium", month, "t") for month in (3, 4)),
        ]
    )
    found = drafted(save(tmp_path, text), "gallium", focal="CHN", counterpart="JPN", allies=())
    assert lanes(found)["gallium-chn-jpn"].unit_cost == 1
    assert "what does a unit cost at the border?" in [placeholder.question for placeholder, _ in found.placeholders]
    assert sluicegate.solve(found.case).status == "optimal"


# Three extracts that people really have --------------------------------------------------------------------------------


def chips_of_one_partner() -> str:
    """The answer of the API to one reporter's imports from one partner, split by second partner in one year."""
    years = [
        (2021, 607_569_284, 15_734_159_486.0),
        (2022, 559_038_202, 12_181_956_717.0),
        (2023, 431_279_261, 8_306_920_666.0),
    ]
    total = [comtrade_row("USA", "CHN", "8542", value, kilograms, year=year) for year, kilograms, value in years]
    parts = [comtrade_row("USA", "CHN", "8542", 1e9, 1e6, year=2023, partner2Code=code) for code in (344, 490, 842)]
    return comtrade([*total, *parts])


GRAPHITE = [19.05, 41.3, 60.2, 33.0, 22.5, 57.1, 48.0, 39.9, 61.0, 44.2, 52.7, 70.3]


def powder_by_month() -> str:
    rows = [
        (f"2022-{month:02}", "250410", "China", place, share * amount, 1000 * share * amount)
        for month, amount in enumerate(GRAPHITE, start=1)
        for place, share in (("South Korea", 12), ("Japan", 20), ("USA", 9))
    ]
    return table([("month", "hs6", "origin", "destination", "quantity_t", "value_usd"), *rows])


EXTRACTS: dict[str, tuple[Callable[[Path], str], dict[str, Any]]] = {
    "UN Comtrade, one partner": (
        lambda folder: save(folder, chips_of_one_partner()),
        {"items": "8542", "focal": "USA", "counterpart": "CHN", "allies": ()},
    ),
    "a plain table by month": (
        lambda folder: save(folder, powder_by_month()),
        {"items": "250410", "focal": "CHN", "counterpart": "KOR", "allies": ()},
    ),
    "the shipped extract": (
        lambda folder: "korea-imports",
        {
            "items": "370790;281111;fluorinated polyimide (KITA proxy code)",
            "focal": "JPN",
            "counterpart": "KOR",
            "allies": ("TWN",),
            "years": (2018, 2018),
        },
    ),
    "BACI": (lambda folder: save(folder, baci()), {"items": "854232;250410", "allies": ("USA", "JPN")}),
}


@pytest.mark.parametrize(("data", "options"), EXTRACTS.values(), ids=EXTRACTS)
def test_a_draft_has_no_fault_and_is_solved_at_once(
    data: Callable[[Path], str], options: dict[str, Any], tmp_path: Path
) -> None:
    case = drafted(data(tmp_path), **options).case
    assert not case.warnings
    plan = sluicegate.solve(case)
    assert plan.status == "optimal" and plan.leverage is not None
    ranged = sluicegate.with_range(plan, worlds=4)
    assert ranged.range is not None and ranged.range["worked_out"] == 4
    assert ranged.range["least"] < ranged.range["most"]


def test_today_is_the_status_quo_where_prices_are_alike(tmp_path: Path) -> None:
    case = drafted("korea-imports", "370790;281111", focal="JPN", allies=("TWN",), years=(2018, 2018)).case
    assert not status_quo_warnings(case)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "an item not there": ({"items": "999999"}, "--items: '999999': no flow of this item; the data have 250410, 854232"),
    "an item that is not traded between them": (
        {"items": "250410", "focal": "JPN", "allies": ()},
        "--items: '250410': the data show no flow of it between Japan and South Korea",
    ),
    "an item twice": ({"items": "854232;854232"}, "--items: '854232': named twice"),
    "only what comes back": (
        {"items": "250410", "focal": "USA", "allies": ()},
        "--items: none of them goes to South Korea; name one that can be controlled",
    ),
    "a year not there": ({"years": (2001, 2001)}, "--year: '2001': the data are of 2023"),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_planners_mistake_is_told(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TradeError) as told:
        drafted(save(tmp_path, baci()), **options)
    assert message in str(told.value)
