"""Folders and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sluicegate.data import CaseError, load_case


def refused(path) -> list[str]:
    with pytest.raises(CaseError) as caught:
        load_case(path)
    return [str(fault) for fault in caught.value.faults]


# What it shows, content of lanes.csv, the one fault.
CONTENTS = [
    ("empty", b"", "lanes.csv: empty; the first row names the columns: lane, item, origin"),
    ("blank", b"\n ,\n\n", "lanes.csv: empty; the first row names the columns: lane"),
    ("UTF-16", "lane,item".encode("utf-16"), "lanes.csv: not UTF-8 but UTF-16; save it as UTF-8"),
    ("Latin-1", b"lane,item\nb\xe9ton,x\n", "lanes.csv, row 2: not UTF-8 (byte 0xe9); save it as UTF-8"),
    ("binary", b"lane\n\x00\x01", "lanes.csv, row 2: not a text file: it holds binary content"),
    ("a workbook", b"PK\x03\x04\x00", "lanes.csv: not a text file but a workbook or an archive"),
    (
        "semicolons",
        b"lane;item;origin\na;b;c\n",
        "lanes.csv, row 1: separated by semicolons; separate the cells by commas",
    ),
    ("tabs", b"lane\titem\norigin\n", "lanes.csv, row 1: separated by tabs"),
    ("bars", b"lane|item\n", "lanes.csv, row 1: separated by vertical bars"),
    (
        "open quotation",
        b'lane,item\na,"b\nc,d\n',
        "lanes.csv, row 2: not a CSV file: unexpected end of data; is a quot",
    ),
    ("text after quotation", b'lane,item\na,"b"c\n', "lanes.csv, row 2: not a CSV file"),
    ("another separator told", b"sep=;\nlane;item;origin\na;b;c\n", "lanes.csv, row 1: separated by semicolons"),
    (
        "a comment and no header",
        b"# lanes of 2026\nout,ore,a,b\nin,ore,b,a\n",
        "lanes.csv, row 1: '# lanes of 2026': the first row is no header; none of its cells is a column of lanes: lane,",
    ),
]


@pytest.mark.parametrize(("content", "expected"), [case[1:] for case in CONTENTS], ids=[case[0] for case in CONTENTS])
def test_a_table_that_is_none(folder, content, expected):
    folder.write("lanes.csv", content)
    # The contingencies name lanes that cannot be known: nothing is said about them.
    (fault,) = folder.faults()
    assert fault.startswith(expected)


def test_a_byte_order_mark_and_foreign_line_ends_are_read(folder, good):
    for file in ("lanes.csv", "case.toml"):
        folder.write(file, b"\xef\xbb\xbf" + folder.text(file).replace("\n", "\r\n").encode())
    assert folder.load() == good


def test_blank_lines_and_empty_columns_are_ignored(folder, good):
    rows = folder.text("regimes.csv").splitlines()
    folder.write("regimes.csv", "\n".join(["", *(row + ",," for row in rows), ",,,,", "", ""]))
    assert folder.load() == good


def test_a_header_below_blank_lines(folder):
    folder.write("sites.csv", "\n\n" + folder.text("sites.csv").replace("name", "nam"))
    assert folder.faults() == ["sites.csv, row 3, nam: unknown column; did you mean 'name'?"]


@pytest.mark.parametrize("first", ["sep=,", '"sep=,"', "SEP=,", "sep=,,,,,,"])
def test_a_line_that_tells_the_separator_is_no_row(folder, good, first):
    folder.write("lanes.csv", f"{first}\r\n" + folder.text("lanes.csv"))
    assert folder.load() == good
    folder.swap("lanes.csv", "home,mill,2", "home,mil,2")
    assert folder.faults() == ["lanes.csv, row 3, destination: 'mil': not in sites; did you mean 'mill'?"]


@pytest.mark.parametrize("first", ["# lanes, as of May", "Lanes of the case,,,,,,", "Lanes\n\nin tonnes"])
def test_what_stands_above_the_header_is_one_fault(folder, first):
    folder.write("lanes.csv", f"{first}\n" + folder.text("lanes.csv"))
    folder.swap("lanes.csv", "home,mill,2", "home,mil,2")
    lines = first.count("\n") + 1
    title = ", ".join(filter(None, map(str.strip, first.split("\n")[0].split(","))))
    assert folder.faults() == [
        f"lanes.csv, row 1: {title!r}: stands above the header, which is row {lines + 1}; take it out",
        f"lanes.csv, row {lines + 2}, destination: 'mil': not in sites; did you mean 'mill'?",
    ]


def test_a_header_in_capitals_is_a_header(folder):
    folder.write("sites.csv", folder.text("sites.csv").replace("site,party,name", "SITE,PARTY,NAME"))
    assert folder.faults() == [
        f"sites.csv, row 1, {name.upper()}: unknown column; did you mean {name!r}?"
        for name in ("site", "party", "name")
    ]


def test_columns_may_come_in_any_order(folder, good):
    rows = [row.split(",") for row in folder.text("sites.csv").splitlines()]
    folder.write("sites.csv", "\n".join(",".join(reversed(row)) for row in rows))
    assert folder.load() == good


@pytest.mark.parametrize(
    ("row", "count"), [("a,b", "2 cells"), ("a", "1 cell"), ("a,us,c,d", "4 cells"), ("a,us,c,", "4 cells")]
)
def test_a_ragged_row(folder, row, count):
    folder.write("sites.csv", folder.text("sites.csv") + row + "\n")
    assert folder.faults() == [f"sites.csv, row 6: {count} where the header has 3"]


def test_a_lost_row_leads_to_no_further_faults(folder):
    folder.swap("sites.csv", "mill,them,Mill", "mill,them")
    assert folder.faults() == ["sites.csv, row 4: 2 cells where the header has 3"]


def test_a_table_that_cannot_be_opened(folder):
    (folder.path / "items.csv").unlink()
    (folder.path / "items.csv").mkdir()
    assert folder.faults() == ["items.csv: cannot be read: Is a directory"]


def test_a_file_without_permission(folder, monkeypatch):
    opened = Path.open

    def guarded(path, *arguments, **options):
        if path.name == "items.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", guarded)
    assert folder.faults() == ["items.csv: cannot be read: Permission denied"]


def test_a_folder_without_permission(folder, monkeypatch):
    def guarded(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", guarded)
    assert folder.faults() == [f"{folder.path}: the folder cannot be read: Permission denied"]


@pytest.mark.parametrize("table", ["parties", "sites", "items", "lanes", "demands"])
def test_a_required_table_that_is_missing(folder, table):
    folder.remove(f"{table}.csv")
    (fault,) = folder.faults()
    assert fault.startswith(f"{table}.csv: missing; every case has it, with the columns ")


def test_policies_are_required_where_there_are_regimes(folder):
    folder.remove("policies.csv")
    assert folder.faults()[0] == (
        "policies.csv: missing; regimes has rows, with the columns regime, policy, delay_weeks"
    )


def test_the_other_tables_may_be_missing(folder):
    for table in ("stocks", "processes", "recipes", "retaliations", "contingencies", "sources", "regimes", "policies"):
        folder.remove(f"{table}.csv")
    folder.write("lanes.csv", folder.text("lanes.csv").replace("review", "").replace("embargo", ""))
    case = folder.load()
    assert case.stocks == case.policies == ()


def test_missing_recipes_are_noticed_where_there_are_processes(folder):
    folder.remove("recipes.csv")
    assert str(folder.load().warnings[0]) == (
        "recipes.csv: missing, so that every process makes its output of nothing; add it, with the columns "
        "process, input, quantity, if empty"
    )
    folder.write("recipes.csv", "process,input,quantity\n")
    assert "recipes.csv" not in {warning.file for warning in folder.load().warnings}
    folder.remove("recipes.csv")
    folder.write("processes.csv", "process,site,output\n")
    folder.write("contingencies.csv", "contingency,from_week,availability\n")
    assert "recipes.csv" not in {warning.file for warning in folder.load().warnings}


@pytest.mark.parametrize(
    ("name", "table"), [("lane.csv", "lanes"), ("Lanes.csv", "lanes"), ("lanes.CSV", "lanes"), ("stock.csv", "stocks")]
)
def test_a_missing_table_under_a_wrong_name(folder, name, table):
    (folder.path / f"{table}.csv").rename(folder.path / name)
    assert folder.faults() == [f"{name}: no table of a case; rename it to {table}.csv, or take it away"]


def test_a_missing_table_in_another_format(folder):
    (folder.path / "lanes.csv").rename(folder.path / "lanes.tsv")
    assert folder.faults() == ["lanes.csv: missing; found lanes.tsv, save it as comma-separated text"]


def test_a_text_about_a_table_is_no_table(folder):
    (folder.path / "sources.csv").rename(folder.path / "sources.md")
    assert folder.load().warnings == ()


def test_other_files(folder, good):
    for name in ("prices.csv", "rates.csv", "lanes_old.csv", "notes.txt", ".~lock.lanes.csv#", "~lanes.csv"):
        folder.write(name, "x")
    case = folder.load()
    assert case == good
    assert [str(warning) for warning in case.warnings] == [
        "lanes_old.csv, prices.csv, rates.csv: no tables of a case; the files are ignored",
    ]


class TestWithoutSettings:
    def test_tables_are_still_checked(self, folder):
        folder.remove("case.toml")
        folder.swap("sites.csv", "friend,", "fiend,")
        assert folder.faults() == [
            f"{folder.path}: not a case: there is no case.toml in it",
            "sites.csv, row 3, party: 'fiend': not in parties; did you mean 'friend'?",
        ]

    def test_empty_folder(self, tmp_path):
        assert refused(tmp_path) == [f"{tmp_path}: not a case: there is no case.toml in it"]

    def test_case_below(self, folder):
        expected = f"{folder.path.parent}: not a case: there is no case.toml in it; did you mean {folder.path}?"
        assert refused(folder.path.parent) == [expected]

    def test_tables_of_a_result_are_not_taken_for_those_of_its_case(self, folder):
        (folder.path.parent / "policies.csv").write_text("regime,name\nexports,Exports\n")
        expected = f"{folder.path.parent}: not a case: there is no case.toml in it; did you mean {folder.path}?"
        assert refused(folder.path.parent) == [expected]

    def test_workbook_in_it(self, tmp_path):
        (tmp_path / "a.xlsx").touch()
        assert refused(tmp_path)[0].endswith(f"; did you mean the workbook {tmp_path / 'a.xlsx'}?")

    def test_settings_under_a_wrong_name(self, folder):
        (folder.path / "case.toml").rename(folder.path / "Case.toml.txt")
        assert folder.faults()[0].endswith("there is no case.toml in it; found Case.toml.txt, rename it to case.toml")


def test_settings_that_are_no_text(folder):
    folder.write("case.toml", b"a\xff")
    assert folder.faults() == ["case.toml, row 1: not UTF-8 (byte 0xff); save it as UTF-8"]


def toml_faults(folder, old: str, new: str) -> list[str]:
    folder.swap("case.toml", old, new)
    return folder.faults()


# What it shows, text taken out, text put in, the one fault.
SLIPS = [
    (
        "a separator",
        "budget = 80.5",
        "budget = 60,000",
        "11: 'budget = 60,000': not TOML; write budget = 60000, or 60.000 if the comma is a decimal point",
    ),
    (
        "a decimal comma",
        "budget = 80.5",
        "budget = 80,5 # EUR",
        "11: 'budget = 80,5 # EUR': not TOML; write budget = 80.5",
    ),
    ("a blank", "budget = 80.5", "budget = 60 000", "11: 'budget = 60 000': not TOML; write budget = 60000"),
    ("a unit", "budget = 80.5", "budget = 80 EUR", "11: 'budget = 80 EUR': not TOML; write budget = 80, without 'EUR'"),
    ("a percentage", "rel_gap = 1e-3", "rel_gap = 0.1%", "18: 'rel_gap = 0.1%': not TOML; write rel_gap = 0.001"),
    (
        "a date with points",
        "start = 2026-01-05",
        "start = 01.08.2023",
        "8: 'start = 01.08.2023': not TOML; write start = 2023-08-01, year-month-day",
    ),
    (
        "a date with strokes",
        "start = 2026-01-05",
        "start = 1/8/2023",
        "8: 'start = 1/8/2023': not TOML; write start = 2023-08-01 or 2023-01-08, year-month-day",
    ),
    ("a leading zero", "weeks = 26", "weeks = 026", "7: 'weeks = 026': not TOML; write weeks = 26"),
    ("no equal sign", "weeks = 26", "weeks: 26", "7: 'weeks: 26': not TOML; write weeks = 26, with an equal sign"),
    (
        "no value",
        "weeks = 26",
        "weeks =",
        "7: 'weeks =': not TOML; write a value after the equal sign, or take the line out",
    ),
    (
        "no quotation marks",
        'scenario = "worst"',
        "scenario = worst",
        "15: 'scenario = worst': not TOML; write scenario = \"worst\", between quotation marks",
    ),
    (
        "curly quotation marks",
        'currency = "EUR m"',
        "currency = “EUR m”",
        "4: 'currency = “EUR m”': not TOML; write currency = \"EUR m\", between straight quotation marks",
    ),
    (
        "an open quotation",
        'currency = "EUR m"',
        'currency = "EUR m',
        '4: \'currency = "EUR m\': not TOML; write currency = "EUR m", between straight quotation marks',
    ),
    ("no limit", "budget = 80.5", "budget = Infinity", "11: 'budget = Infinity': not TOML; write budget = inf"),
    ("a key twice", "weeks = 26", "weeks = 26\nweeks = 30", "8: 'weeks = 30': given twice; row 7 has it already"),
    (
        "a section twice",
        "[objective]",
        "[limits]",
        "14: '[limits]': a second section of this name; put its keys below the first one, in row 10",
    ),
    (
        "nothing like it",
        "weeks = 26",
        "weeks ~ 26",
        "7: not TOML: Expected '=' after a key in a key/value pair, at column 7",
    ),
    (
        "a key of many parts",
        "weeks = 26",
        f"weeks{'.a' * 100_000} = 26",
        "7: a key of 100,001 parts, the most that is read is 17; a key is one word below its [section]",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), [slip[1:] for slip in SLIPS], ids=[slip[0] for slip in SLIPS])
def test_a_slip_of_the_pen_in_the_settings(folder, old, new, expected):
    assert toml_faults(folder, old, new) == [f"case.toml, row {expected}"]


def test_slips_do_not_hide_what_is_wrong_further_down(folder):
    folder.swap("case.toml", "budget = 80.5", "budget = 60,000")
    folder.swap("case.toml", "weeks = 26", "weeks = 0")
    folder.swap("case.toml", "start = 2026-01-05", "start = 5.1.2026")
    assert [fault.split(":")[0] for fault in folder.faults()] == [
        "case.toml, row 7, horizon.weeks",
        "case.toml, row 8",
        "case.toml, row 11",
    ]


@pytest.mark.parametrize("written", ["60_000", '"60000"', "60000.0", "6e4"])
def test_settings_that_can_be_read(folder, written):
    folder.swap("case.toml", "budget = 80.5", f"budget = {written}")
    assert folder.load().settings.limits.budget == 60000


def test_dots_in_texts_are_no_parts_of_a_key(folder):
    folder.swap("case.toml", '"Resin and chips"', f'"""\n{20 * "."} = {20 * ".a"}""" # {20 * "."}')
    assert folder.load().settings.case.title.startswith("....")
