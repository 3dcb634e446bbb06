"""Every number of a ranking on a world of two goods and five countries, worked out by hand, from three kinds of files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sluicegate.analysis.trade.parties import find_parties
from sluicegate.analysis.trade.ranking.result import Scan
from sluicegate.analysis.trade.ranking.scan import scan
from sluicegate.analysis.trade.ranking.sigma import Sigmas, find_sigmas
from sluicegate.data.trade import TradeError, read_statistics

from sluicegate_testing.trade_files import WORLD, baci, comtrade, comtrade_row, plain, save, table, world_rows

KINDS: dict[str, Callable[[], str]] = {"baci": baci, "comtrade": lambda: comtrade(world_rows()), "plain": plain}


def scanned(
    folder: Path,
    text: str,
    focal: str = "TWN",
    counterpart: str | None = "KOR",
    allies: tuple[str, ...] = ("USA", "JPN"),
    **options: Any,
) -> Scan:
    with read_statistics([save(folder, text)]) as statistics:
        return scan(statistics, find_parties(focal, counterpart, allies), **options)


def row(found: Scan, code: str, ranking: int = 0) -> dict[str, Any]:
    rows = found.rankings[ranking].rows
    (record,) = rows[rows["code"] == code].to_dict("records")
    return record


CHIPS = {
    "imports": 1_000_000,  # 600 + 100 + 200 + 100 thousand
    "bought": 600_000,
    "share": 0.6,
    "quantity_share": 0.3,  # 3 of 10 tonnes
    "world_share": 1000 / 2800,  # all exports: 2,800 thousand
    "sales_share": 0.6,  # 600 of the 1,000 that Taiwan exports
    "hhi": 0.42,  # 0.36 + 0.01 + 0.04 + 0.01
    "cdi1": 0.42,
    "cdi2": 1,
    "cdi3": 2,  # imports of 1,000 over exports of 500
    "dependent": True,
    "sigma": 5,
    "expenditure_share": 1000 / 1100,
    "share_weighted_loss": 600 / 1100,
    "loss": 229_072.68296853878,  # 1,000,000 x -log(0.4) / 4
    "loss_share": 229_072.68296853878 / 1_100_000,
    "allies_share": 0.3,
    "joint_loss": 575_646.2732485114,  # 1,000,000 x -log(0.1) / 4
    "allies_add": 346_573.5902799726,
    "dependence": 600 / 1100 / 4,
    "return_value": 500_000,
    "return_share": 0.5,
    "return_dependence": 500 / 1000 / 4,
    "asymmetry": 600 / 1100 / 4 - 0.125,
    "unit": "kg",
    "unit_value": 200,  # 600,000 for 3,000 kg
    "other_unit_value": 400_000 / 7_000,
    "spare": 100_000,  # what China sells to the United States
    "cover": 1 / 6,
}
POWDER = {
    "imports": 100_000,
    "share": 0.1,
    "hhi": 0.82,
    "cdi3": 2.5,
    "dependent": True,
    "world_share": 10 / 240,
    "sales_share": 1,
    "loss": 2_634.0128914456566,  # 100,000 x -log(0.9) / 4
    "allies_add": 0,
    "return_value": 0,
    "unit_value": 2,
    "other_unit_value": 2,
    "spare": 100_000,
    "cover": 10,
}
BACK = {
    "imports": 1_000_000,
    "bought": 500_000,
    "share": 0.5,
    "hhi": 0.5,
    "cdi3": 1,
    "dependent": False,
    "loss": 173_286.79513998632,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_the_one_worked_out_by_hand(kind: str, tmp_path: Path) -> None:
    found = scanned(tmp_path, KINDS[kind]())
    assert found.hold is not None
    assert list(found.hold.rows["code"]) == ["854232", "250410"]
    assert list(found.exposure.rows["code"]) == ["854232"]
    for code, expected, ranking in (("854232", CHIPS, 0), ("250410", POWDER, 0), ("854232", BACK, 1)):
        record = row(found, code, ranking)
        for column, value in expected.items():
            assert record[column] == (value if isinstance(value, (str, bool)) else pytest.approx(value)), (code, column)
    assert [(each["area"], each["share"], each["unit_value"]) for each in row(found, "854232")["origins"]] == [
        ("TWN", 0.6, 200),
        ("JPN", 0.2, 100),
        ("CHN", 0.1, 25),
        ("USA", 0.1, 100),
    ]
    (china,) = row(found, "854232")["substitutes"]
    assert china == {
        "area": "CHN",
        "name": "China",
        "exports": 200_000,
        "to_buyer": 100_000,
        "spare": 100_000,
        "unit_value": 25,
    }
    assert found.hold.imports == found.hold.expenditure == 1_100_000
    assert found.asymmetry == pytest.approx((600 + 10) / 1100 / 4 - 0.125)
    assert any("imports of 4 countries" in note for note in found.notes)
    assert (found.period.words, found.digits, found.currency) == ("2023", 6, "USD")


def test_both_reports_of_a_flow_give_what_one_gives(tmp_path: Path) -> None:
    once = scanned(tmp_path, comtrade(world_rows()))
    twice = scanned(tmp_path, comtrade([*world_rows(), *world_rows("X")]))
    assert once.hold is not None and twice.hold is not None
    assert once.hold.rows.equals(twice.hold.rows)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_rows_does_not_matter(order: int, tmp_path: Path) -> None:
    found = scanned(tmp_path, baci(WORLD[::order]))
    assert row(found, "854232")["loss"] == pytest.approx(CHIPS["loss"])


@pytest.mark.parametrize("digits", [2, 4])
def test_finer_codes_are_added_up(digits: int, tmp_path: Path) -> None:
    more = [*WORLD, ("TWN", "KOR", "854231", 300, 1), ("USA", "KOR", "854231", 100, 1)]
    for text in (baci(more), plain(more)):
        record = row(scanned(tmp_path, text, digits=digits), "854232"[:digits])
        assert (record["imports"], record["bought"]) == pytest.approx((1_400_000, 900_000))
        assert record["unit_value"] == pytest.approx(900 / 4)


def test_a_code_reported_at_the_level_is_not_added_to_its_parts(tmp_path: Path) -> None:
    rows = [*world_rows(), comtrade_row("TWN", "KOR", "8542", 700_000, 3_500)]
    found = scanned(tmp_path, comtrade(rows), digits=4)
    record = row(found, "8542")
    # Of Taiwan's the heading as reported, of all others the sum of what is finer.
    assert (record["bought"], record["imports"]) == pytest.approx((700_000, 1_100_000))
    assert [(entry.rows, entry.value) for entry in found.treatments if entry.rule.id == "levels"] == [(1, 600_000)]


def test_sigma_and_expenditure_are_taken_as_given(tmp_path: Path) -> None:
    sigmas = Sigmas(3.0, {"8542": 2.0})
    found = scanned(tmp_path, baci(), sigmas=sigmas, expenditure=10_000_000)
    chips, powder = row(found, "854232"), row(found, "250410")
    assert (chips["sigma"], powder["sigma"]) == (2, 3)
    assert chips["loss"] == pytest.approx(-1_000_000 * math.log(0.4))
    assert powder["loss"] == pytest.approx(-100_000 * math.log(0.9) / 2)
    assert chips["loss_share"] == pytest.approx(-0.1 * math.log(0.4))


def test_the_buyers_view_ranks_all_imports_by_their_largest_origin(tmp_path: Path) -> None:
    found = scanned(tmp_path, baci(), focal="KOR", counterpart=None, allies=(), diversify=True)
    assert found.hold is None and found.asymmetry is None
    first = row(found, "250410")
    # China's 90 % of the powder: 100,000 x -log(0.1) / 4.
    assert (first["origin"], first["share"], first["loss"]) == (
        "CHN",
        pytest.approx(0.9),
        pytest.approx(57_564.62732485115),
    )
    assert [each["area"] for each in first["substitutes"]] == ["TWN"]
    assert row(found, "854232")["origin"] == "TWN"
    # Japan sells 300 to the United States and 500 to Taiwan, the United States nothing elsewhere.
    spares = {each["area"]: each["spare"] for each in row(found, "854232")["substitutes"]}
    assert spares == {"JPN": 800_000, "CHN": 100_000, "USA": 0}


def test_trade_within_a_bloc_is_its_own_supply(tmp_path: Path) -> None:
    rows = [("CHN", "DEU", 60), ("USA", "FRA", 40), ("DEU", "FRA", 50), ("FRA", "DEU", 50), ("DEU", "USA", 25)]
    text = table(
        [("year", "origin", "destination", "item", "value_usd"), *((2023, a, b, "850511", v) for a, b, v in rows)]
    )
    record = row(scanned(tmp_path, text, focal="CHN", counterpart="EU", allies=()), "850511")
    assert record["imports"] == 100 and record["share"] == 0.6
    assert (record["cdi1"], record["cdi2"], record["cdi3"]) == pytest.approx((0.52, 0.5, 100 / 125))
    assert record["dependent"] is False


def test_the_only_source_is_marked_where_its_loss_has_no_end(tmp_path: Path) -> None:
    more = [*WORLD, ("TWN", "KOR", "854231", 300, 1)]
    found = scanned(tmp_path, baci(more), allies=())
    assert found.hold is not None and list(found.hold.rows["code"]) == ["854231", "854232", "250410"]
    only = row(found, "854231")
    assert (only["only_source"], only["loss"], only["cover"]) == (True, math.inf, 0)
    assert row(found, "854232")["only_source"] is False


def test_reexports_are_no_spare(tmp_path: Path) -> None:
    rows = [*world_rows(), comtrade_row("CHN", "W00", "854232", 70_000, None, flow="RX")]
    record = row(scanned(tmp_path, comtrade(rows)), "854232")
    assert record["spare"] == pytest.approx(30_000)


def test_a_world_total_beyond_its_parts_counts_as_unspecified(tmp_path: Path) -> None:
    rows = [*world_rows(), comtrade_row("W00", "KOR", "854232", 1_250_000, 12_500)]
    record = row(scanned(tmp_path, comtrade(rows)), "854232")
    assert record["imports"] == 1_250_000 and record["share"] == pytest.approx(0.48)
    # Nobody's share, so no square: (600^2 + 200^2 + 2 x 100^2) / 1250^2.
    assert record["hhi"] == pytest.approx(420_000 / 1_562_500)


def test_a_world_total_that_equals_its_parts_changes_nothing(tmp_path: Path) -> None:
    rows = [*world_rows(), comtrade_row("W00", "KOR", "854232", 1_000_000, 10_000)]
    record = row(scanned(tmp_path, comtrade(rows)), "854232")
    assert {name: record[name] for name in ("imports", "share", "hhi")} == pytest.approx(
        {name: CHIPS[name] for name in ("imports", "share", "hhi")}
    )


def test_the_total_of_all_goods_is_the_expenditure(tmp_path: Path) -> None:
    rows = [*world_rows(), comtrade_row("W00", "KOR", "TOTAL", 5_000_000, None)]
    found = scanned(tmp_path, comtrade(rows))
    assert found.hold is not None and found.hold.expenditure == 5_000_000
    assert row(found, "854232")["expenditure_share"] == pytest.approx(0.2)


def test_what_the_data_cannot_say_is_not_made_up(tmp_path: Path) -> None:
    only = [entry for entry in WORLD if entry[:2] == ("TWN", "KOR")]
    found = scanned(
        tmp_path,
        comtrade([entry for entry in world_rows() if (entry["partnerCode"], entry["reporterCode"]) == (490, 410)]),
    )
    assert len(only) == 2
    record = row(found, "854232")
    for column in ("share", "loss", "hhi", "world_share", "cover", "dependence"):
        assert math.isnan(record[column]), column
    assert record["bought"] == 600_000 and record["dependent"] is None
    assert any("one origin only" in note for note in found.notes)


def test_quantities_alone_give_shares_and_no_money(tmp_path: Path) -> None:
    text = table(
        [
            ("date", "item", "origin", "destination", "quantity", "unit"),
            ("2024", "gallium", "China", "Japan", 3, "t"),
            ("2024", "gallium", "Germany", "Japan", 1000, "kg"),
        ]
    )
    record = row(scanned(tmp_path, text, focal="CHN", counterpart="JPN", allies=()), "gallium")
    assert record["share"] == 0.75 and math.isnan(record["loss"]) and math.isnan(record["imports"])


MONTHS = [(f"2023-{month:02}", 10.0 * month) for month in range(1, 13)]


def monthly(rows: list[tuple[str, float]]) -> str:
    cells = [
        (month, origin, "KOR", "250410", amount, "t", 1000 * amount)
        for month, amount in rows
        for origin in ("CHN", "TWN")
    ]
    return table([("month", "origin", "destination", "item", "quantity", "unit", "value_usd"), *cells])


def test_months_add_up_to_their_year(tmp_path: Path) -> None:
    record = row(scanned(tmp_path, monthly(MONTHS), allies=()), "250410")
    assert record["bought"] == pytest.approx(780_000) and record["share"] == 0.5


def test_the_latest_twelve_months_are_taken_across_the_turn_of_the_year(tmp_path: Path) -> None:
    found = scanned(tmp_path, monthly([*MONTHS, ("2024-01", 10), ("2024-02", 20)]), allies=())
    assert found.period.words == "2023-03 to 2024-02"
    # Two months of last year are as large as those they make room for.
    assert row(found, "250410")["bought"] == pytest.approx(780_000)


def test_a_year_of_few_months_is_raised_to_twelve_and_told(tmp_path: Path) -> None:
    found = scanned(tmp_path, monthly(MONTHS[:3]), allies=(), years=(2023, 2023))
    assert row(found, "250410")["bought"] == pytest.approx(60_000 * 4)
    (told,) = [entry for entry in found.treatments if entry.rule.id == "partial"]
    assert (told.rows, told.detail) == (6, "3 months of 2023")


def test_a_row_of_the_year_counts_and_its_months_do_not(tmp_path: Path) -> None:
    text = monthly(MONTHS) + table([("2023", "TWN", "KOR", "250410", 900, "t", 900_000)])
    found = scanned(tmp_path, text, allies=(), years=(2023, 2023))
    record = row(found, "250410")
    assert record["bought"] == 900_000 and record["imports"] == 1_680_000
    assert [(entry.rows, entry.value) for entry in found.treatments if entry.rule.id == "months"] == [(12, 780_000)]


def test_several_years_are_averaged(tmp_path: Path) -> None:
    text = baci() + baci([("TWN", "KOR", "854232", 200, 1)], 2022).partition("\n")[2]
    record = row(scanned(tmp_path, text, years=(2022, 2023)), "854232")
    assert record["bought"] == pytest.approx(400_000) and record["imports"] == pytest.approx(600_000)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown focal": ({"focal": "Taiwna"}, "--focal: 'Taiwna': no country; is 'taiwan' meant?"),
    "one country twice": ({"allies": ("KOR",)}, "--allies: 'KOR': is South Korea, which --counterpart has already"),
    "a member of the bloc": ({"counterpart": "EU", "allies": ("FRA",)}, "--allies: 'FRA': is European Union, which"),
    "a year not there": ({"years": (2019, 2019)}, "--year: '2019': the data are of 2023"),
    "years not there": ({"years": (2018, 2019)}, "--year: '2018-2019': the data are of 2023"),
    "all countries": ({"focal": "World"}, "--focal: 'World': no country"),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_planners_mistake_is_told(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TradeError) as told:
        scanned(tmp_path, baci(), **options)
    assert message in str(told.value)


def test_digits_that_the_data_do_not_have_are_refused(tmp_path: Path) -> None:
    rows = [comtrade_row("TWN", "KOR", "8542", 10, 1), comtrade_row("USA", "KOR", "8542", 10, 1)]
    with pytest.raises(TradeError, match="--digits: '6': the data have codes of 4 digits at most"):
        scanned(tmp_path, comtrade(rows), digits=6)
    assert scanned(tmp_path, comtrade(rows)).digits == 4


SIGMAS: dict[str, tuple[str, str]] = {
    "no header": ("854232,3\n", "row 1: the first row must name the columns code and sigma"),
    "words": ("code,sigma\n8542,many\n", "row 2, sigma: 'many': not a number"),
    "one": ("code,sigma\n8542,1\n", "row 2, sigma: '1': must be above 1"),
    "twice": ("code,sigma\n8542,3\n8542,4\n", "row 3, code: '8542': stands there twice"),
}


@pytest.mark.parametrize(("text", "message"), SIGMAS.values(), ids=SIGMAS)
def test_a_table_of_elasticities_is_checked(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TradeError) as told:
        find_sigmas(save(tmp_path, text))
    assert message in str(told.value)


def test_the_longest_code_of_a_table_of_elasticities_counts(tmp_path: Path) -> None:
    sigmas = find_sigmas(save(tmp_path, "code,sigma\n85,2\n8542,3\ngallium,4\n"))
    assert [sigmas.of(code) for code in ("854232", "8501", "gallium", "250410")] == [3, 2, 4, 5]
    with pytest.raises(TradeError, match="--sigma: '1': must be above 1"):
        find_sigmas("1")
