"""``cases n-1``: one outage for each party, site or lane that serves us."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sluicegate import load_case
from sluicegate.cli import cli
from sluicegate.data import with_outages
from sluicegate.data.outages import outages

from sluicegate_testing.builders import case, demand, idle, lane, process


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["cases", "n-1", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def network_of_ours() -> object:
    """Two sites of ours, one of which makes and sends; three lanes from outside, one of them shut for good."""
    return case(
        4,
        sites={"plant": "us", "harbour": "world"},
        lanes=[
            lane("world", "us", 4.0),
            lane("harbour", "us", 4.0),
            lane("plant", "us", 4.0),
            lane("them", "us", 0.0),
            idle("overseas", "plant", 2.0),
        ],
        processes=[process("plant", capacity=9.0)],
        demands=[demand("us", 10.0, 5.0)],
    )


def test_what_stops() -> None:
    made = network_of_ours()
    found = {(outage.kind, outage.name): set(outage.stops) for outage in outages(made, ["parties", "sites", "lanes"])}
    assert found == {
        ("party", "world"): {("lane", "world-us"), ("lane", "harbour-us")},
        ("party", "overseas"): {("lane", "overseas-plant")},
        ("site", "world"): {("lane", "world-us")},
        ("site", "plant"): {("lane", "plant-us"), ("process", "x-at-plant")},
        ("site", "harbour"): {("lane", "harbour-us")},
        ("lane", "plant-us"): {("lane", "plant-us")},
    }


def test_outages_are_contingencies_of_the_case() -> None:
    extended, added = with_outages(network_of_ours(), ["parties", "sites"], 2, (1, 3))
    assert added == ["without-world", "without-overseas", "without-site-world", "without-plant", "without-harbour"]
    rows = [row for row in extended.contingencies if row.contingency == "without-plant"]
    assert [(row.lane, row.process) for row in rows] == [("plant-us", None), (None, "x-at-plant")]
    assert all((row.starts, row.duration_weeks, row.availability) == ((1, 3), 2, 0.0) for row in rows)
    assert with_outages(extended, ["parties", "sites"], 2, (1, 3)) == (extended, [])
    # Other weeks are other outages.
    again, more = with_outages(extended, ["sites"], 2, (2,))
    assert more == ["without-site-world-2", "without-site-overseas", "without-site-plant", "without-site-harbour"]
    assert len(again.contingencies) == len(extended.contingencies) + 5


def test_the_command_writes_a_folder_or_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("tutorial", "mine", "--of", "lanes", "--weeks", "2", "--starts", "3,6").stderr
    assert said == "mine holds tutorial and 2 outages more, 4 scenarios. Next: sluicegate solve mine\n"
    case = load_case("mine")
    assert [row.contingency for row in case.contingencies] == [
        "port-strike",
        "without-chip-abroad-home",
        "without-chip-world-home",
    ]
    run("mine", "mine.xlsx", "--of", "sites", "--weeks", "1", "--starts", "2")
    # The sites of abroad and of the world have one lane to home each; home makes nothing.
    added = load_case("mine.xlsx").contingencies[3:]
    assert [(row.contingency, row.lane) for row in added] == [
        ("without-abroad-fab", "chip-abroad-home"),
        ("without-world", "chip-world-home"),
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--of", "lanes", "--weeks", "2", "--starts", "3,12"],
            "--starts 12: beyond the horizon; the last week of tutorial is 9",
        ),
        (["--of", "lanes", "--weeks", "2", "--starts", "3,x"], "write weeks with commas between them, such as 4,16,28"),
        (["--of", "lanes", "--weeks", "0", "--starts", "3"], "--weeks"),
        (["--of", "ports", "--weeks", "2", "--starts", "3"], "--of"),
        (["--weeks", "2", "--starts", "3"], "--of"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, options: list[str], told: str) -> None:
    target = tmp_path / "mine"
    assert told in run("tutorial", str(target), *options, code=2).stderr
    assert not target.exists()


def test_nothing_to_lose_is_said(tmp_path: Path) -> None:
    run("tutorial", str(tmp_path / "mine"), "--of", "lanes", "--weeks", "2", "--starts", "3")
    said = run(str(tmp_path / "mine"), str(tmp_path / "more"), "--of", "lanes", "--weeks", "2", "--starts", "3", code=2)
    assert "has nothing of the kind to lose that is not an outage of it already; name another --of" in said.stderr


def test_a_case_is_not_written_over(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    options = ("--of", "lanes", "--weeks", "2", "--starts", "3")
    run("tutorial", str(target), *options)
    run("tutorial", str(target), *options, code=2)
    run("tutorial", str(target), *options, "--force")
    assert len(load_case(target).contingencies) == 3
