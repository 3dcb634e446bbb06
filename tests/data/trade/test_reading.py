"""What is read of trade statistics, and how faults are told: file, row, column, value, remedy."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sluicegate.data.trade import Statistics, TradeError, area_name, example_names, find_area, read_statistics
from sluicegate.data.trade.texts import read_code, read_money, read_period, read_unit

from sluicegate_testing.trade_files import COLUMNS, WORLD, baci, comtrade, comtrade_row, plain, save, table, world_rows


def flows(statistics: Statistics) -> list[tuple[Any, ...]]:
    return statistics.rows(
        "select exporter, importer, code, value / 1000, quantity / 1000 from flows order by code, exporter, importer"
    )


EXPECTED = sorted(
    (
        (exporter, importer, code, float(value), None if tonnes is None else float(tonnes))
        for exporter, importer, code, value, tonnes in WORLD
    ),
    key=lambda row: (row[2], row[0], row[1]),
)


def read(*paths: str, **options: Any) -> list[tuple[Any, ...]]:
    with read_statistics(paths, **options) as statistics:
        return flows(statistics)


# The same world, however it is written --------------------------------------------------------------------------------


def shifted(text: str) -> str:
    """Rows as the portal of Comtrade writes them: with a separator at their end that the header does not have."""
    first, _, rest = text.partition("\n")
    return f"{first}\n" + "".join(f"{line},\n" for line in rest.splitlines())


CAPITALS = [name.upper() for name in COLUMNS]


def packed(folder: Path, members: dict[str, bytes], name: str = "download.zip") -> str:
    """An archive of some files."""
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return str(folder / name)


WAYS: dict[str, Callable[[Path], str]] = {
    "BACI": lambda folder: save(folder, baci(), "BACI_HS22_Y2023_V202501.csv"),
    "BACI, signs of a pattern in its name": lambda folder: save(folder, baci(), "it's [1] *.csv"),
    "BACI, figures padded": lambda folder: save(
        folder, baci().replace(",", ",   ").replace("NA", "    NA").replace("t,   i,   j,   k,   v,   q", "t,i,j,k,v,q")
    ),
    "BACI, zeros lost": lambda folder: save(folder, baci([(*row[:2], row[2].lstrip("0"), *row[3:]) for row in WORLD])),
    "Comtrade": lambda folder: save(folder, comtrade(world_rows())),
    "Comtrade, a separator at the end": lambda folder: save(folder, shifted(comtrade(world_rows()))),
    "Comtrade, tabs": lambda folder: save(folder, comtrade(world_rows()).replace(",", "\t"), "bulk.txt"),
    "Comtrade, other order and names": lambda folder: save(
        folder,
        comtrade(
            [{name.lower(): cell for name, cell in row.items()} for row in world_rows()],
            ["primaryvalue", "cmdcode", "flowcode", "netwgt", "partnercode", "reportercode", "period"],
        ),
    ),
    "Comtrade, an accent in the last row alone": lambda folder: save(
        folder,
        comtrade([*world_rows()[:-1], {**world_rows()[-1], "reporterDesc": "Côte d'Ivoire" + " " * 70_000}]),
        encoding="latin-1",
    ),
    "Comtrade, years and months apart": lambda folder: save(
        folder, comtrade(world_rows(), [name for name in COLUMNS if name != "period"])
    ),
    "Comtrade, capital letters": lambda folder: save(
        folder, comtrade([{name.upper(): cell for name, cell in row.items()} for row in world_rows()], CAPITALS)
    ),
    "Comtrade, every cell quoted, semicolons and a byte order mark": lambda folder: save(
        folder,
        "\ufeff"
        + "".join(
            ";".join(f'"{cell}"' for cell in line.split(",")) + "\r\n" for line in comtrade(world_rows()).splitlines()
        ),
    ),
    "Comtrade, ids of years and nothing beside them": lambda folder: save(
        folder,
        comtrade(
            [{**row, "refPeriodId": f"{row['refYear']}0101"} for row in world_rows()],
            ["refPeriodId", "reporterCode", "flowCode", "partnerCode", "cmdCode", "primaryValue", "netWgt"],
        ),
    ),
    "Comtrade, ids of periods and how often": lambda folder: save(
        folder,
        comtrade(
            [{**row, "refPeriodId": f"{row['refYear']}0101"} for row in world_rows()],
            ["refPeriodId", "freqCode", "reporterCode", "flowCode", "partnerCode", "cmdCode", "primaryValue", "netWgt"],
        ),
    ),
    "Comtrade, an answer of the API under another name": lambda folder: save(
        folder, json.dumps({"data": world_rows()}), "download"
    ),
    "BACI, a note and what a system adds beside it": lambda folder: packed(
        folder, {"Readme.txt": b"This is BACI", "__MACOSX/._BACI.csv": b"\0\5", "BACI.csv": baci().encode()}
    ),
    "Comtrade, packed twice": lambda folder: packed(
        folder, {"bulk.csv.gz": gzip.compress(comtrade(world_rows()).encode())}, "bulk"
    ),
    "Comtrade, packed answers of the API": lambda folder: packed(
        folder,
        {"a.json": json.dumps(world_rows()).encode(), "b.json.gz": gzip.compress(json.dumps(world_rows()).encode())},
    ),
    "Comtrade, names of the old portal": lambda folder: save(
        folder,
        table(
            [
                ["Year", "Trade Flow", "Reporter", "Partner", "Commodity Code", "Netweight (kg)", "Trade Value (US$)"],
                *(
                    ["2023", "Import", importer, exporter, code, "" if tonnes is None else 1000 * tonnes, 1000 * value]
                    for exporter, importer, code, value, tonnes in WORLD
                ),
            ]
        ),
    ),
    "Comtrade, stray blanks": lambda folder: save(
        folder, comtrade([{name: f" {cell} " for name, cell in row.items()} for row in world_rows()])
    ),
    "Comtrade, Latin-1": lambda folder: save(
        folder, comtrade([{**row, "reporterDesc": "Côte d'Ivoire"} for row in world_rows()]), encoding="latin-1"
    ),
    "plain": lambda folder: save(folder, plain()),
    "plain, semicolons and a byte order mark": lambda folder: save(folder, "\ufeff" + plain().replace(",", ";")),
    "plain, UTF-16": lambda folder: save(folder, plain(), encoding="utf-16"),
    "plain, line ends of Windows": lambda folder: save(folder, plain().replace("\n", "\r\n")),
}


@pytest.mark.parametrize("way", WAYS)
def test_one_world_is_read_however_it_is_written(way: str, tmp_path: Path) -> None:
    assert read(WAYS[way](tmp_path)) == EXPECTED


def test_ids_of_months_are_months(tmp_path: Path) -> None:
    rows = [
        {**row, "refPeriodId": f"2023{month:02}01", "primaryValue": value / 12}
        for row in world_rows()
        for month in range(1, 13)
        if (value := row["primaryValue"])
    ]
    names = ["refPeriodId", "reporterCode", "flowCode", "partnerCode", "cmdCode", "primaryValue"]
    with read_statistics([save(tmp_path, comtrade(rows, names))]) as statistics:
        assert statistics.rows("select distinct months from flows") == [(1,)]
        total = statistics.rows("select sum(value) from flows")[0][0]
    assert total == pytest.approx(1000 * sum(row[3] for row in WORLD))


def test_archives_folders_and_answers_of_the_api_are_read(tmp_path: Path) -> None:
    half = len(WORLD) // 2
    (tmp_path / "years").mkdir()
    save(tmp_path / "years", baci(WORLD[:half]), "a.csv")
    (tmp_path / "years" / "b.csv.gz").write_bytes(gzip.compress(baci(WORLD[half:]).encode()))
    save(tmp_path / "years", "not data", "readme.md")
    assert read(str(tmp_path / "years")) == EXPECTED
    with zipfile.ZipFile(tmp_path / "BACI.zip", "w") as archive:
        archive.writestr("BACI_HS22_Y2023.csv", baci())
        archive.writestr(
            "country_codes.csv", "country_code,country_name,country_iso2,country_iso3\n490,Other Asia,N/A,S19\n"
        )
        archive.writestr("product_codes.csv", "code,description\n854232,Memories\n")
    with read_statistics([tmp_path / "BACI.zip"]) as statistics:
        assert flows(statistics) == EXPECTED
        assert (statistics.name("854232"), statistics.name("250410")) == ("Memories", "")
    answer = {"elapsedTime": "0.1 secs", "count": 13, "data": world_rows(), "error": ""}
    assert read(save(tmp_path, json.dumps(answer), "answer.json")) == EXPECTED


def test_a_plain_table_without_a_destination_takes_it_from_an_option(tmp_path: Path) -> None:
    text = table(
        [
            ("period", "origin", "item", "import_usd_m", "tonnes"),
            ("2018", "Japan", "photoresist HS3707901010", 298.891, 861),
        ]
    )
    path = save(tmp_path, text)
    with read_statistics([path], destination="South Korea") as statistics:
        assert flows(statistics) == [("JPN", "KOR", "3707901010", 298_891, 861)]
        assert statistics.name("370790") == "photoresist"
    with pytest.raises(
        TradeError,
        match="row 1, destination: missing column; add one, or name the destination of every row with --destination",
    ):
        read(path)


def test_the_shipped_extract_is_read() -> None:
    assert example_names() == ["korea-imports"]
    with read_statistics(["korea-imports"]) as statistics:
        assert statistics.currency == "USD" and statistics.rows("select count(*) from flows") == [(28,)]


# Texts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("490", "TWN"),
        ("S19", "TWN"),
        ("Other Asia, nes", "TWN"),
        ("Chinese Taipei", "TWN"),
        ("251", "FRA"),
        ("250", "FRA"),
        ("579", "NOR"),
        ("578", "NOR"),
        ("699", "IND"),
        ("356", "IND"),
        ("757", "CHE"),
        ("756", "CHE"),
        ("842", "USA"),
        ("840", "USA"),
        ("381", "ITA"),
        ("Rep. of Korea", "KOR"),
        ("Korea, Republic of", "KOR"),
        ("Dem. People's Rep. of Korea", "PRK"),
        ("Viet Nam", "VNM"),
        ("China, Hong Kong SAR", "HKG"),
        ("Türkiye", "TUR"),
        ("Congo", "COG"),
        ("Dem. Rep. of the Congo", "COD"),
        ("kr", "KOR"),
        ("899", "_X"),
        ("Areas, nes", "_X"),
        ("F19", "_X"),
        ("0", "W00"),
        ("World", "W00"),
        ("036", "AUS"),
    ],
)
def test_countries_go_by_the_numbers_and_names_of_the_statistics(text: str, expected: str) -> None:
    area = find_area(text)
    assert area is not None and area.id == expected


def test_groups_are_no_countries_and_unknown_names_are_nothing() -> None:
    assert [find_area(text).kind for text in ("European Union", "Japan and South Korea", "Europe")] == ["group"] * 3  # type: ignore[union-attr]
    assert find_area("Atlantis") is None
    assert [area_name(code) for code in ("TWN", "USA", "GBR", "IRN", "BOL")] == [
        "Taiwan",
        "United States",
        "United Kingdom",
        "Iran",
        "Bolivia",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023", (202301, 12)),
        ("2023-04", (202304, 1)),
        ("202304", (202304, 1)),
        ("2023-04-30", (202304, 1)),
        ("2023-Q2", (202304, 3)),
        ("2023H2", (202307, 6)),
        ("2024-01..02", (202401, 2)),
        ("2024-10..2025-03", (202410, 6)),
        ("Apr 2023", (202304, 1)),
        ("2023.0", (202301, 12)),
        ("2023-13", None),
        ("next year", None),
        ("60 to 90", None),
        ("", None),
    ],
)
def test_periods(text: str, expected: tuple[int, int] | None) -> None:
    assert read_period(text) == expected


def test_codes_units_and_sums_of_money() -> None:
    assert [
        read_code(text)[0] for text in ("854232", "10121", "8542.32", "8542.0", "magnets (HS 85051110)", "gallium")
    ] == [
        "854232",
        "010121",
        "854232",
        "8542",
        "85051110",
        "gallium",
    ]
    assert [read_unit(text) for text in ("t", "kg", "8", "5", "-1", "wafers")] == [
        ("kg", 1000.0),
        ("kg", 1.0),
        ("kg", 1.0),
        ("u", None),
        ("", None),
        ("wafers", None),
    ]
    assert read_money("USD 103.7 m") == (pytest.approx(103.7e6), "USD")
    assert read_money("1,234 EUR") == (1234.0, "EUR")
    assert read_money("103.7 m") is None and read_money("USD many") is None


# Faults -------------------------------------------------------------------------------------------------------------

LINES = {"baci": baci(), "plain": plain(), "comtrade": comtrade(world_rows())}

FAULTS: dict[str, tuple[str, str, str, list[str]]] = {
    # kind, old, new, what is told
    "BACI: words for a value": (
        "baci",
        "600.000",
        "much",
        ["data.csv, row 2, v: 'much': not a number; write a plain decimal such as 12.5"],
    ),
    "BACI: a negative value": (
        "baci",
        "600.000",
        "-600",
        ["data.csv, row 2, v: '-600': negative; a flow is 0 or more"],
    ),
    "BACI: no value": ("baci", "600.000", "", ["data.csv, row 2, v: empty; every row has a value"]),
    "BACI: a name for a number": (
        "baci",
        "2023,842,410",
        "2023,USA,410",
        ["data.csv, row 3, i: 'USA': not the number of a country, such as 410"],
    ),
    "BACI: a text for a code": (
        "baci",
        "410,854232,100.000,1",
        "410,chips,100.000,1",
        ["data.csv, row 3, k: 'chips': not an HS code of six digits"],
    ),
    "BACI: a year of another time": ("baci", "2023,842,410", "23,842,410", ["data.csv, row 3, t: '23': not a year"]),
    "BACI: infinite": ("baci", "600.000", "inf", ["data.csv, row 2, v: 'inf': not a number"]),
    "BACI: two faults at once": (
        "baci",
        "600.000,3.000",
        "much,many",
        ["row 2, v: 'much'", "row 2, q: 'many': not a number"],
    ),
    "BACI: a broken download": (
        "baci",
        "250410,40.000,10.000\n",
        "2504",
        ["data.csv, row 14: 4 cells where the header has 6; the download may have broken off"],
    ),
    "BACI: a cell too many": (
        "baci",
        "600.000,3.000",
        "600,000,3.000",
        ["data.csv, row 2: 7 cells where the header has 6"],
    ),
    "plain: thousands separated": (
        "plain",
        ",600000\n",
        ',"600,000"\n',
        [
            "data.csv, row 2, value_usd: '600,000': not a number; write a plain decimal such as 12.5, without separators or units"
        ],
    ),
    "plain: a country misspelt": (
        "plain",
        "2023,USA,KOR",
        "2023,Unted States,KOR",
        ["data.csv, row 3, origin: 'Unted States': no country; is 'united states' meant?"],
    ),
    "plain: nowhere": (
        "plain",
        "2023,USA,KOR",
        "2023,Atlantis,KOR",
        ["data.csv, row 3, origin: 'Atlantis': no country; write an ISO code such as KOR"],
    ),
    "plain: no period": (
        "plain",
        "2023,USA,KOR",
        "soon,USA,KOR",
        ["data.csv, row 3, year: 'soon': not a period; write a month such as 2024-03 or a year such as 2024"],
    ),
    "plain: no item": ("plain", "USA,KOR,854232", "USA,KOR,", ["data.csv, row 3, item: empty; an item is needed"]),
    "plain: a negative quantity": (
        "plain",
        "854232,1,t",
        "854232,-1,t",
        ["data.csv, row 3, quantity: '-1': negative; a flow is 0 or more"],
    ),
    "plain: a column missing": ("plain", "origin", "whence", ["data.csv, row 1, origin: missing column"]),
    "plain: no column of figures": (
        "plain",
        "quantity,unit,value_usd",
        "a,b,c",
        ["missing column; a file of plain table needs value or quantity"],
    ),
    "plain: a column twice": (
        "plain",
        "origin,destination",
        "origin,origin",
        ["data.csv, row 1, origin: names two columns; rename or remove one of them"],
    ),
    "Comtrade: no value": (
        "comtrade",
        ",600000,",
        ",,",
        ["data.csv, row 2, primaryValue: empty; every row has a value"],
    ),
    "Comtrade: words for a value": (
        "comtrade",
        ",600000,",
        ",n/a,",
        ["data.csv, row 2, primaryValue: 'n/a': not a number"],
    ),
    "Comtrade: no period": (
        "comtrade",
        ",2023,52,2023,410,,,M,,490",
        ",2023,52,20235,410,,,M,,490",
        ["data.csv, row 2, period: '20235': not a period; write a year such as 2024 or a month such as 202403"],
    ),
    "Comtrade: no flow": (
        "comtrade",
        ",M,,490,,,0,,,H6,,,854232",
        ",,,490,,,0,,,H6,,,854232",
        ["data.csv, row 2, flowCode: empty; M is import, X export"],
    ),
    "Comtrade: a column missing": (
        "comtrade",
        "primaryValue",
        "amount",
        ["row 1, primaryValue: missing column; a file of UN Comtrade needs primaryValue"],
    ),
    "no header": (
        "baci",
        "t,i,j,k,v,q\n",
        "",
        ["no trade statistics: the first row names 2023, 490, 410, 854232, 600.000, 3.000; it must name"],
    ),
    "a web page": (
        "baci",
        "t,i,j,k,v,q\n",
        "<!DOCTYPE html><html>\n",
        ["data.csv: a web page, not data; log in at the source and download it again"],
    ),
}


@pytest.mark.parametrize(("kind", "old", "new", "messages"), FAULTS.values(), ids=FAULTS)
def test_faults_name_row_column_value_and_remedy(
    kind: str, old: str, new: str, messages: list[str], tmp_path: Path
) -> None:
    text = LINES[kind]
    assert old in text
    with pytest.raises(TradeError) as told:
        read(save(tmp_path, text.replace(old, new, 1)))
    for message in messages:
        assert message in str(told.value)
    assert str(told.value).splitlines()[0].endswith("in the trade statistics:")


def test_many_faults_are_counted(tmp_path: Path) -> None:
    text = table(
        [("t", "i", "j", "k", "v", "q"), *((2023, 156, 410, f"85{number:04}", "x", 1) for number in range(30))]
    )
    with pytest.raises(TradeError) as told:
        read(save(tmp_path, text))
    assert len(told.value.faults) == 21
    assert "v: 10 more rows have the same fault" in str(told.value)


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one, other = save(tmp_path, baci(), "a.csv"), save(tmp_path, comtrade(world_rows()), "b.csv")
    with pytest.raises(TradeError, match=r"UN Comtrade, while .*a\.csv is CEPII BACI; they report the same trade"):
        read(one, other)
    euro = save(tmp_path, plain().replace("value_usd", "value_eur"), "c.csv")
    with pytest.raises(TradeError, match=r"values in USD, while .* has EUR; bring them to one currency"):
        read(euro, save(tmp_path, plain(), "d.csv"))
    with pytest.raises(TradeError, match="only product names; give the data too"):
        read(save(tmp_path, "code,description\n854232,Memories\n", "e.csv"))


def test_places_that_hold_no_data_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given, message in (
        (str(tmp_path / "empty"), "holds no file of trade statistics"),
        ("nowhere.csv", "no such file, and no shipped extract has this name; shipped extracts are korea-imports"),
        ("korea-import", "did you mean 'korea-imports'?"),
        (save(tmp_path, "", "nothing.csv"), "empty; the first row names the columns"),
        (save(tmp_path, '{"count": 0, "data": []}', "empty.json"), "an answer without rows: the query matches nothing"),
        (
            save(tmp_path, '{"statusCode": 401, "message": "Access denied."}', "denied.json"),
            "the API answered: Access denied; ask it again",
        ),
        (save(tmp_path, "{}", "a.json"), "no answer of UN Comtrade's API: it has no list of rows called data"),
        (save(tmp_path, "{", "b.json"), "not JSON"),
        (save(tmp_path, "no archive", "c.zip"), "the archive cannot be read"),
    ):
        with pytest.raises(TradeError) as told:
            read(given)
        assert message in str(told.value)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    read(save(tmp_path, baci()))
    with pytest.raises(TradeError):
        read(save(tmp_path, baci().replace("600.000", "much")))
    assert not list(scratch.iterdir())


def test_no_room_for_the_database_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, baci())
    with pytest.raises(TradeError, match="no room for the database of the statistics: No such file or directory"):
        read_statistics([path], scratch=tmp_path / "nowhere")

    def full(*given: Any) -> None:
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    monkeypatch.setattr("sluicegate.data.trade.reading.normalise", full)
    with pytest.raises(TradeError, match="No space left on device; name another folder with the variable TMPDIR"):
        read_statistics([path], scratch=tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.csv"]


def test_the_columns_of_the_api_are_those_that_are_tried() -> None:
    assert len(COLUMNS) == 47
    assert set(comtrade_row("TWN", "KOR", "854232", 1, 1)) <= set(COLUMNS)
