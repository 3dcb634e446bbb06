"""Paths, names and rows in memory."""

from __future__ import annotations

import sys
from subprocess import run

import pytest
from sluicegate.data import CaseError, case_from_tables, load_case

SETTINGS = {"horizon": {"weeks": 8}}


def tables():
    return {
        "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
        "sites": [{"site": "home", "party": "us"}, {"site": "mill", "party": "them"}],
        "items": [{"item": "resin", "unit": None}],
        "lanes": [
            {"lane": "out", "item": "resin", "origin": "home", "destination": "mill", "unit_cost": 2, "max_flow": "9"}
        ],
        "demands": [{"site": "mill", "item": "resin", "quantity": 3.5, "shortage_penalty": 8, "min_fill": ""}],
    }


def refused(*arguments, **options) -> list[str]:
    with pytest.raises(CaseError) as caught:
        case_from_tables("small", *arguments, **options)
    return [str(fault) for fault in caught.value.faults]


def test_rows_in_memory():
    case = case_from_tables("small", SETTINGS, tables(), ["lanes.out.max_flow=7"])
    assert (case.name, case.lanes[0].max_flow, case.lanes[0].unit_cost, case.items[0].unit) == ("small", 7.0, 2.0, "")
    assert case.demands[0].min_fill == 0
    assert case.settings.horizon.start is None


def test_rows_in_memory_are_left_alone():
    settings, rows = {"horizon": {"weeks": 8}}, tables()
    case_from_tables("small", settings, rows)
    assert (settings, rows) == (SETTINGS, tables())


def test_faults_of_rows_in_memory():
    rows = tables()
    rows["lanes"].append(rows["lanes"][0] | {"lane": "again", "max_flow": float("nan"), "maxflow": 3})
    rows["sites"].append(("market", "third"))
    assert refused({"horizon": {"weeks": 8}, "limits": {"budget": -1}, "solver": 5}, rows) == [
        "settings, limits.budget: '-1': negative; must be 0 or more",
        "settings, solver: '5': not a section; write [solver] and below it time_limit, rel_gap",
        "sites, row 4: \"('market', 'third')\": not a row; give its columns and values",
        "lanes, row 1, maxflow: unknown column; did you mean 'max_flow'?",
        "lanes, row 3, max_flow: 'nan': not a number; write a plain decimal such as 12.5",
    ]


def test_a_table_in_memory_under_a_wrong_name():
    rows = tables()
    rows["lane"] = rows.pop("lanes")
    assert refused(SETTINGS, rows) == ["lane: no table of a case; rename it to lanes, or take it away"]


def test_an_empty_required_table_in_memory():
    rows = tables()
    rows["parties"] = []
    faults = refused(SETTINGS, rows)
    assert faults[:1] == [
        "parties, role: no party is focal; exactly one must be",
    ]
    # A case without a counterpart is a case.
    assert faults[1] == "sites, row 2, party: 'us': no such party; parties has no rows"


@pytest.mark.parametrize("value", [[1], {"a": 1}, object()])
def test_values_of_other_types(value):
    rows = tables()
    rows["lanes"][0]["max_flow"] = value
    assert refused(SETTINGS, rows)[0].startswith("lanes, row 2, max_flow: ")


def test_numbers_as_ids():
    rows = tables()
    rows["items"][0]["item"] = rows["demands"][0]["item"] = 101.0
    rows["lanes"][0]["item"] = 101
    assert case_from_tables("small", SETTINGS, rows).lanes[0].item == "101"


def test_one_letter_typed_in_two_ways_is_one_id():
    rows = tables()
    rows["items"][0]["item"] = "be\u0301ton"
    rows["lanes"][0]["item"] = rows["demands"][0]["item"] = "b\u00e9ton"
    assert case_from_tables("small", SETTINGS, rows).items[0].item == "b\u00e9ton"


@pytest.mark.parametrize("zero", ["-0", -0.0, "0", 0])
def test_zero_has_no_sign(zero):
    rows = tables()
    rows["lanes"][0]["margin"] = zero
    assert str(case_from_tables("small", SETTINGS, rows).lanes[0].margin) == "0.0"


class TestPaths:
    def test_the_name_is_the_folder(self, folder, monkeypatch):
        monkeypatch.chdir(folder.path)
        assert load_case(".").name == "good"
        assert load_case(str(folder.path)).name == "good"

    @pytest.mark.parametrize("given", ["", "no-such-case", "no/such/folder", "a\0b", "x" * 9999])
    def test_nothing_there(self, given):
        with pytest.raises(CaseError) as caught:
            load_case(given)
        assert len(caught.value.faults) == 1

    def test_words(self):
        with pytest.raises(CaseError, match="zz: neither a folder, nor a workbook, nor a shipped case"):
            load_case("zz")

    def test_a_file_of_the_case(self, folder):
        with pytest.raises(CaseError) as caught:
            load_case(folder.path / "case.toml")
        assert f"a case is the folder it lies in: {folder.path}" in str(caught.value)

    def test_a_file_of_another_kind(self, folder):
        folder.write("case.ods", "x")
        with pytest.raises(CaseError, match=r"case.ods: neither a folder nor an .xlsx workbook"):
            load_case(folder.path / "case.ods")

    def test_overrides(self, folder):
        assert load_case(folder.path, ["horizon.weeks=20"]).settings.horizon.weeks == 20


def test_importing_is_light():
    code = (
        "import sys, sluicegate.data; print([name for name in ('pandas', 'openpyxl', 'numpy') if name in sys.modules])"
    )
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
