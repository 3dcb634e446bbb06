"""Small trade statistics in the columns of UN Comtrade, of BACI and of a plain table: one world, three ways to write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

NUMBERS = {"TWN": 490, "KOR": 410, "USA": 842, "JPN": 392, "CHN": 156, "W00": 0, "_X": 899, "FRA": 251}

WORLD: tuple[tuple[str, str, str, float, float | None], ...] = (
    # exporter, importer, code, thousand USD, tonnes
    ("TWN", "KOR", "854232", 600, 3),
    ("USA", "KOR", "854232", 100, 1),
    ("JPN", "KOR", "854232", 200, 2),
    ("CHN", "KOR", "854232", 100, 4),
    ("TWN", "USA", "854232", 400, 2),
    ("JPN", "USA", "854232", 300, 3),
    ("CHN", "USA", "854232", 100, 2),
    ("KOR", "TWN", "854232", 500, 5),
    ("JPN", "TWN", "854232", 500, 4),
    ("CHN", "KOR", "250410", 90, 45),
    ("TWN", "KOR", "250410", 10, 5),
    ("CHN", "JPN", "250410", 100, None),
    ("KOR", "USA", "250410", 40, 10),
)
"""Two goods among five countries, round enough to work by hand."""

HEADER = """
typeCode freqCode refPeriodId refYear refMonth period reporterCode reporterISO reporterDesc flowCode flowDesc
partnerCode partnerISO partnerDesc partner2Code partner2ISO partner2Desc classificationCode
classificationSearchCode isOriginalClassification cmdCode cmdDesc aggrLevel isLeaf customsCode customsDesc
mosCode motCode motDesc qtyUnitCode qtyUnitAbbr qty isQtyEstimated altQtyUnitCode altQtyUnitAbbr altQty
isAltQtyEstimated netWgt isNetWgtEstimated grossWgt isGrossWgtEstimated cifvalue fobvalue primaryValue
legacyEstimationFlag isReported isAggregate
"""
COLUMNS = tuple(HEADER.split())
"""Columns of UN Comtrade's API, as they come."""

USUAL = {
    "typeCode": "C", "freqCode": "A", "refMonth": "52", "partner2Code": "0", "classificationCode": "H6", "customsCode": "C00",
    "mosCode": "0", "motCode": "0", "qtyUnitCode": "-1", "qty": "", "isReported": "True", "isAggregate": "False",
}  # fmt: skip


def comtrade_row(
    exporter: str,
    importer: str,
    code: str,
    value: float,
    kilograms: float | None,
    *,
    flow: str = "M",
    year: int = 2023,
    **more: Any,
) -> dict[str, Any]:
    """A row of Comtrade: the importer's report of a flow (M), or the exporter's (X)."""
    reporter, partner = (importer, exporter) if flow in ("M", "RM") else (exporter, importer)
    return {
        **USUAL,
        "refYear": year,
        "period": year,
        "reporterCode": NUMBERS[reporter],
        "partnerCode": NUMBERS[partner],
        "flowCode": flow,
        "cmdCode": code,
        "netWgt": "" if kilograms is None else kilograms,
        "primaryValue": value,
        **more,
    }


def comtrade(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> str:
    """Rows of Comtrade as a CSV file."""
    return table([columns, *([row.get(name, "") for name in columns] for row in rows)])


def world_rows(flow: str = "M") -> list[dict[str, Any]]:
    """The world as its importers (or exporters) report it."""
    return [
        comtrade_row(exporter, importer, code, 1000 * value, None if tonnes is None else 1000 * tonnes, flow=flow)
        for exporter, importer, code, value, tonnes in WORLD
    ]


def baci(rows: Iterable[tuple[str, str, str, float, float | None]] = WORLD, year: int = 2023) -> str:
    """Flows as a file of BACI."""
    cells = [
        (year, NUMBERS[exporter], NUMBERS[importer], code, f"{value:.3f}", "NA" if tonnes is None else f"{tonnes:.3f}")
        for exporter, importer, code, value, tonnes in rows
    ]
    return table([("t", "i", "j", "k", "v", "q"), *cells])


def plain(rows: Iterable[tuple[str, str, str, float, float | None]] = WORLD, year: str = "2023") -> str:
    """Flows as a plain table."""
    cells = [
        (year, exporter, importer, code, "" if tonnes is None else tonnes, "t", 1000 * value)
        for exporter, importer, code, value, tonnes in rows
    ]
    return table([("year", "origin", "destination", "item", "quantity", "unit", "value_usd"), *cells])


def table(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as comma-separated text."""
    return "".join(",".join(_cell(cell) for cell in row) + "\n" for row in rows)


def _cell(cell: Any) -> str:
    text = str(cell)
    return '"{}"'.format(text.replace('"', '""')) if "," in text or '"' in text else text


def save(folder: Path, text: str, name: str = "data.csv", encoding: str = "utf-8") -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return str(path)
