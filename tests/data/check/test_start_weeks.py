"""Outages that may begin in several weeks, and notice: what is read, and what is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sluicegate import load_case
from sluicegate.data import apply_overrides, write_folder, write_workbook
from sluicegate.data.package import data_package

if TYPE_CHECKING:
    from pathlib import Path

    from ..conftest import Folder

HEADER = "contingency,lane,process,from_week,to_week,duration_weeks,availability,notice_weeks\n"


def outages(folder: Folder, *rows: str) -> None:
    folder.write("contingencies.csv", HEADER + "".join(f"{row}\n" for row in rows))


def test_several_starts_are_read_and_written_again(folder: Folder, tmp_path: Path) -> None:
    outages(folder, "fire,,cook,4;16; 20,,3,0.5,2", "strike,chip-alt,,2,3,,0,")
    case = folder.load()
    fire, strike = case.contingencies
    assert (fire.starts, fire.duration_weeks, fire.notice_weeks) == ((4, 16, 20), 3, 2)
    assert (strike.from_week, strike.starts, strike.notice_weeks) == (2, (2,), 0)
    assert list(fire.span(20, 22)) == [20, 21]
    assert list(strike.span(2, 26)) == [2, 3]
    write_folder(case, tmp_path / "again")
    write_workbook(case, tmp_path / "again.xlsx")
    assert load_case(tmp_path / "again") == load_case(tmp_path / "again.xlsx") == case
    described = json.loads(data_package("again", {"contingencies.csv": HEADER.encode()}))
    (resource,) = described["resources"]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert fields["from_week"]["type"] == "string"
    assert re.fullmatch(fields["from_week"]["constraints"]["pattern"], "4;16; 20")
    assert (fields["duration_weeks"]["type"], fields["duration_weeks"]["constraints"]["minimum"]) == ("integer", 1)


def test_starts_can_be_set_anew(folder: Folder) -> None:
    outages(folder, "fire,,cook,4;16,,3,0.5,")
    changed = apply_overrides(
        folder.load(), ["contingencies.fire/cook.from_week=2;8", "contingencies.fire/cook.notice_weeks=1"]
    )
    assert changed.contingencies[0].starts == (2, 8)
    assert changed.contingencies[0].notice_weeks == 1
    with pytest.raises(Exception, match="from_week has no figure that can be scaled"):
        apply_overrides(folder.load(), ["contingencies.fire/cook.from_week=*0.5"])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["fire,,cook,4;four,,3,0.5,"], "row 2, from_week: '4;four': not a list of weeks; write weeks with semicolons"),
        (["fire,,cook,4;4,,3,0.5,"], "row 2, from_week: '4;4': names week 4 twice; name each start once"),
        (["fire,,cook,4;26,,3,0.5,"], "row 2, from_week: '4;26': week 26 is beyond the horizon; the last week is 25"),
        (
            ["fire,,cook,4;9,12,,0.5,"],
            "from_week 4;9 names several starts; write duration_weeks in the place of to_week",
        ),
        (["fire,,cook,4,12,3,0.5,"], "row 2, duration_weeks: '3': to_week 12 says already when it ends; leave one"),
        (["fire,,cook,4,,0,0.5,"], "row 2, duration_weeks: '0': an outage lasts at least one week"),
        (["fire,,cook,4,,3,0.5,-1"], "row 2, notice_weeks: '-1': negative; weeks count from 0"),
        (
            ["fire,,cook,4;9,,3,0.5,", "fire,chip-alt,,4;9;12,,3,0.5,"],
            "row 3, from_week: '4;9;12': 3 starts, and row 2 of 'fire' has 2; write as many, start by start, or a single one",
        ),
        (
            ["fire,,cook,4;9,,3,0.5,", "fire@9,chip-alt,,2,,3,0.5,"],
            "row 2, contingency: 'fire': its scenario 'fire@9' has the name of another contingency or package; choose another",
        ),
    ],
)
def test_what_is_refused(folder: Folder, rows: list[str], told: str) -> None:
    outages(folder, *rows)
    (fault,) = folder.faults()
    assert told in fault


def test_one_start_of_a_row_stands_for_all(folder: Folder) -> None:
    outages(folder, "fire,,cook,4;9,,3,0.5,", "fire,chip-alt,,2,,3,0.5,")
    assert [row.starts for row in folder.load().contingencies] == [(4, 9), (2,)]
