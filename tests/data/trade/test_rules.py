"""Every rule by which rows are dropped, mended or kept: how many rows, worth how much, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sluicegate.data.trade import RULES, TradeError, read_statistics

from sluicegate_testing.trade_files import baci, comtrade, comtrade_row, save, table

Told = dict[str, tuple[str, int, float | None]]
Flow = tuple[str, str, str, int, int, float | None, float | None]
FLOW = comtrade_row("TWN", "KOR", "854232", 600, 3)
KEPT = [("TWN", "KOR", "854232", 202301, 12, 600.0, 3.0)]


def applied(folder: Path, text: str, **options: Any) -> tuple[Told, list[Flow]]:
    """What rules did, and the flows that are left."""
    with read_statistics([save(folder, text)], **options) as statistics:
        told = {entry.rule.id: (entry.rule.action, entry.rows, entry.value) for entry in statistics.treatments}
        left = statistics.rows(
            "select exporter, importer, code, start, months, value, quantity from flows order by all"
        )
    return told, [tuple(row) for row in left]  # type: ignore[misc]


def of_comtrade(folder: Path, rows: Iterable[Mapping[str, Any]], **options: Any) -> tuple[Told, list[Flow]]:
    told, left = applied(folder, comtrade(rows), **options)
    # Each of these files says them; they have their own tests.
    for rule in ("taiwan", "annual"):
        told.pop(rule, None)
    return told, left


DROPPED: dict[str, tuple[list[dict[str, Any]], str, int, float]] = {
    "parts by second partner": (
        [
            comtrade_row("TWN", "KOR", "854232", 400, 2, partner2Code=344),
            comtrade_row("TWN", "KOR", "854232", 200, 1, partner2Code=490),
        ],
        "splits",
        2,
        600,
    ),
    "parts by mode of transport": ([comtrade_row("TWN", "KOR", "854232", 590, 2, motCode=1000)], "splits", 1, 590),
    "parts by customs procedure": ([comtrade_row("TWN", "KOR", "854232", 50, 1, customsCode="C04")], "splits", 1, 50),
    "parts by several at once": (
        [
            comtrade_row("TWN", "KOR", "854232", 590, 2, motCode=1000),
            comtrade_row("TWN", "KOR", "854232", 390, 2, motCode=1000, partner2Code=344),
            comtrade_row("TWN", "KOR", "854232", 400, 2, partner2Code=344),
        ],
        "splits",
        3,
        1380,
    ),
    "re-imports": ([comtrade_row("TWN", "KOR", "854232", 7, 1, flow="RM")], "flows", 1, 7),
    "re-exports": ([comtrade_row("KOR", "JPN", "854232", 7, 1, flow="RX")], "flows", 1, 7),
    "inward processing": ([comtrade_row("TWN", "KOR", "854232", 7, 1, flow="M", flowCode="MIP")], "flows", 1, 7),
    "the exporter's report": ([comtrade_row("TWN", "KOR", "854232", 570, 3, flow="X")], "mirror", 1, 570),
    "services": ([comtrade_row("TWN", "KOR", "854232", 9, None, typeCode="S")], "services", 1, 9),
    "SITC": ([comtrade_row("TWN", "KOR", "7764", 600, 3, classificationCode="S4")], "classification", 1, 600),
    "an older revision of the HS": (
        [comtrade_row("TWN", "KOR", "854213", 600, 3, classificationCode="H5")],
        "revisions",
        1,
        600,
    ),
    "the European Union": ([comtrade_row("TWN", "KOR", "854232", 5, 1, partnerCode=97)], "groups", 1, 5),
    "its own goods": ([comtrade_row("KOR", "KOR", "854232", 5, 1)], "self", 1, 5),
    "all goods": ([comtrade_row("TWN", "KOR", "TOTAL", 9000, None)], "goods", 1, 9000),
    "confidential goods": ([comtrade_row("TWN", "KOR", "9999AA", 30, None)], "goods", 1, 30),
    "the same row again": ([dict(FLOW)], "repeated", 1, 600),
}


@pytest.mark.parametrize(("more", "rule", "rows", "value"), DROPPED.values(), ids=DROPPED)
def test_what_repeats_a_flow_is_dropped_and_counted(
    more: list[dict[str, Any]], rule: str, rows: int, value: float, tmp_path: Path
) -> None:
    for entries in ([FLOW, *more], [*more, FLOW]):
        told, left = of_comtrade(tmp_path, entries)
        assert told == {rule: ("dropped", rows, value)}
        assert left == KEPT


def test_parts_without_a_total_are_added_up(tmp_path: Path) -> None:
    parts = [
        comtrade_row("TWN", "KOR", "854232", 400, 2, partner2Code=344),
        comtrade_row("TWN", "KOR", "854232", 200, 1, partner2Code=490),
    ]
    told, left = of_comtrade(tmp_path, parts)
    assert told == {"split-only": ("mended", 2, 600)}
    assert left == KEPT


def test_of_parts_of_parts_only_one_way_to_split_is_added_up(tmp_path: Path) -> None:
    rows = [
        comtrade_row("TWN", "KOR", "854232", 600, 3, motCode=1000),
        comtrade_row("TWN", "KOR", "854232", 400, 2, motCode=1000, partner2Code=344),
        comtrade_row("TWN", "KOR", "854232", 200, 1, motCode=1000, partner2Code=490),
    ]
    told, left = of_comtrade(tmp_path, rows)
    assert told == {"splits": ("dropped", 2, 600), "split-only": ("mended", 1, 600)}
    assert left == KEPT


def test_where_the_importer_reports_nothing_the_exporters_report_stands_in(tmp_path: Path) -> None:
    told, left = of_comtrade(tmp_path, [FLOW, comtrade_row("JPN", "USA", "854232", 100, 1, flow="X")])
    assert told == {"codes": ("mended", 1, 100), "exporter": ("mended", 1, 100)}
    assert left == [("JPN", "USA", "854232", 202301, 12, pytest.approx(106), 1), *KEPT]
    told, left = of_comtrade(tmp_path, [FLOW, comtrade_row("JPN", "USA", "854232", 100, 1, flow="X")], cif_fob=1.0)
    assert left[0][5] == 100


def test_an_importer_that_reports_its_total_has_reported_everything(tmp_path: Path) -> None:
    total = comtrade_row("W00", "KOR", "854232", 700, 4)
    told, left = of_comtrade(tmp_path, [FLOW, total, comtrade_row("CHN", "KOR", "854232", 90, 1, flow="X")])
    assert told == {"mirror": ("dropped", 1, 90), "world": ("kept", 1, 700)}
    assert left == [*KEPT, ("W00", "KOR", "854232", 202301, 12, 700, 4)]


def test_numbers_of_comtrades_own_are_countries(tmp_path: Path) -> None:
    told, left = applied(
        tmp_path,
        comtrade(
            [
                FLOW,
                comtrade_row("FRA", "KOR", "854232", 5, 1),
                comtrade_row("TWN", "KOR", "250410", 1, 1, partnerCode="", partnerISO="S19"),
            ]
        ),
    )
    assert (
        told["taiwan"] == ("mended", 2, 601)
        and told["codes"] == ("mended", 1, 5)
        and told["annual"] == ("mended", 3, 606)
    )
    assert [row[:2] for row in left] == [("FRA", "KOR"), ("TWN", "KOR"), ("TWN", "KOR")]


def test_baci_says_what_is_taiwan_and_what_is_numbered_otherwise(tmp_path: Path) -> None:
    told, left = applied(
        tmp_path,
        baci([("TWN", "USA", "854232", 1.5, 2), ("FRA", "USA", "854232", 1, None), ("USA", "USA", "854232", 4, 1)]),
    )
    assert told == {
        "taiwan": ("mended", 1, 1500),
        "codes": ("mended", 3, 6500),
        "self": ("dropped", 1, 4000),
        "quantity": ("kept", 1, 1000),
    }
    assert left == [("FRA", "USA", "854232", 202301, 12, 1000, None), ("TWN", "USA", "854232", 202301, 12, 1500, 2000)]


def test_unspecified_areas_stay_in_the_total(tmp_path: Path) -> None:
    told, left = of_comtrade(
        tmp_path,
        [FLOW, comtrade_row("_X", "KOR", "854232", 40, 1), comtrade_row("_X", "KOR", "854232", 2, 1, partnerCode=977)],
    )
    assert told["unspecified"] == ("kept", 1, 2)  # One key: the last row counts.
    assert told["repeated"] == ("dropped", 1, 40)
    assert left[-1] == ("_X", "KOR", "854232", 202301, 12, 2, 1)


def test_codes_get_their_leading_zero_back(tmp_path: Path) -> None:
    told, left = of_comtrade(tmp_path, [comtrade_row("TWN", "KOR", "10121", 5, 1)])
    assert told == {"zeros": ("mended", 1, 5)} and left[0][2] == "010121"


def test_missing_quantities_are_counted(tmp_path: Path) -> None:
    told, left = of_comtrade(
        tmp_path, [FLOW, comtrade_row("JPN", "KOR", "854232", 20, 0.0, qty="0.0", qtyUnitCode="-1")]
    )
    assert told == {"quantity": ("kept", 1, 20)}
    assert left[0][5:] == (20, None)


def test_a_code_is_counted_in_one_unit(tmp_path: Path) -> None:
    rows = [
        comtrade_row("TWN", "KOR", "854232", 600, None, qty=1000, qtyUnitCode=5),
        comtrade_row("JPN", "KOR", "854232", 300, None, qty=400, qtyUnitAbbr="u"),
        comtrade_row("CHN", "KOR", "854232", 100, 70),
        comtrade_row("TWN", "KOR", "250410", 10, None, qty=5, qtyUnitAbbr="kg"),
    ]
    with read_statistics([save(tmp_path, comtrade(rows))]) as statistics:
        assert dict(statistics.rows("select code, unit from units")) == {"854232": "u", "250410": "kg"}
    told, left = of_comtrade(tmp_path, rows)
    assert told["quantity"] == ("kept", 1, 100)
    assert [row[6] for row in left] == [None, 400, 5, 1000]


def test_weights_are_brought_to_kilograms_and_other_units_are_not_added(tmp_path: Path) -> None:
    header = ("month", "origin", "destination", "item", "quantity", "unit", "value_usd")
    rows = [
        ("2023-01", "TWN", "KOR", "glue", 2, "t", 50),
        ("2023-01", "JPN", "KOR", "glue", 500, "kg", 10),
        ("2023-01", "CHN", "KOR", "glue", 9, "cans", 5),
    ]
    told, left = applied(tmp_path, table([header, *rows]))
    assert told == {"units": ("dropped", 1, 5), "quantity": ("kept", 1, 5)}
    assert [row[6] for row in left] == [None, 500, 2000]


PLAIN = ("date", "item", "origin", "destination", "quantity", "unit", "value")


def of_plain(folder: Path, *rows: tuple[Any, ...]) -> tuple[Told, list[Flow]]:
    return applied(folder, table([PLAIN, *rows]))


def test_rows_of_plain_tables_that_are_no_flows_are_dropped(tmp_path: Path) -> None:
    told, left = of_plain(
        tmp_path,
        ("2024-08", "gallium", "China", "Japan", 3, "t", ""),
        ("2024-08-15", "event: controls announced", "China", "", 31, "days of notice", ""),
        ("2024-08", "gallium", "China", "Germany", -70, "% y/y", ""),
        ("2024-08", "gallium", "China", "Japan and South Korea", 9, "t", ""),
        ("2024-08", "gallium", "China", "Germany", "", "", ""),
    )
    assert {rule: entry[:2] for rule, entry in told.items()} == {
        "places": ("dropped", 1),
        "percent": ("dropped", 1),
        "groups": ("dropped", 1),
        "empty": ("dropped", 1),
    }
    assert left == [("CHN", "JPN", "gallium", 202408, 1, None, 3000)]


def test_a_span_of_months_is_spread_where_no_month_of_it_is_there(tmp_path: Path) -> None:
    told, left = of_plain(
        tmp_path,
        ("2024-01..02", "gallium", "China", "Japan", 3, "t", 30),
        ("2024-Q2", "gallium", "China", "Japan", 9, "t", 90),
        ("2024-05", "gallium", "China", "Japan", 4, "t", 40),
        ("2024-H2", "gallium", "China", "USA", 6, "t", 60),
    )
    assert told == {"spans": ("mended", 2, 90), "covered": ("dropped", 1, 90)}
    assert [(row[1], row[3], row[5], row[6]) for row in left] == [
        ("JPN", 202401, 15, 1500),
        ("JPN", 202402, 15, 1500),
        ("JPN", 202405, 40, 4000),
        *(("USA", 202400 + month, 10, 1000) for month in range(7, 13)),
    ]


def test_values_written_as_text_are_read_with_their_unit(tmp_path: Path) -> None:
    told, left = of_plain(tmp_path, ("2025", "magnets", "China", "USA", 2510, "t", "USD 103.7 m"))
    assert told == {"money": ("mended", 1, 103.7e6)} and left[0][5] == pytest.approx(103.7e6)


def test_where_nothing_is_left_what_was_dropped_is_told(tmp_path: Path) -> None:
    with pytest.raises(TradeError, match=r"no flow of goods is left; dropped: 1 services"):
        of_comtrade(tmp_path, [comtrade_row("TWN", "KOR", "854232", 9, None, typeCode="S")])


def test_every_rule_is_on_the_page_and_in_a_test() -> None:
    folder = Path(__file__).parents[2]
    # The page makes its table from the declarations.
    assert "<!-- trade-rules -->" in (folder.parent / "docs" / "trade.md").read_text(encoding="utf-8")
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__), folder / "analysis" / "trade" / "test_scan.py")
    )
    assert [rule for rule in RULES if f'"{rule}"' not in tests] == []
