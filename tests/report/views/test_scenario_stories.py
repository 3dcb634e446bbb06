"""Scenarios in words."""

from __future__ import annotations

import pytest
from sluicegate import CaseError, load_case
from sluicegate.report.views.scenarios import scenario_stories

from sluicegate_testing.cli_cases import small


def test_packages_and_outages_say_what_how_much_and_when() -> None:
    stories = scenario_stories(load_case("japan-korea-2019"))
    assert list(stories) == [
        "none",
        "memory-review",
        "memory-halt",
        "oled-halt",
        "yokkaichi-outage",
        "taiwan-quake",
    ]
    assert stories["none"].title == "no retaliation"
    assert stories["memory-halt"].title == "Halt of memory chips"
    assert stories["memory-halt"].words == "Memory chips to Japan: no licences, weeks 4 to 16"
    assert stories["memory-review"].words == "Memory chips to Japan: held up 10 weeks on average, from week 1"
    assert (
        stories["yokkaichi-outage"].words
        == "30% of the capacity to make NAND flash at Japanese memory lines and electronics makers, weeks 0 to 4"
    )
    assert (
        stories["taiwan-quake"].words == "30% of the capacity to carry DRAM from Taiwanese suppliers to "
        "Japanese memory lines and electronics makers, weeks 8 to 20"
    )


def test_each_start_of_an_outage_has_a_name_of_its_own() -> None:
    stories = scenario_stories(load_case("battery-europe"))
    assert stories["graphite-licence@16"].title == "No graphite from China, from week 16"
    assert stories["graphite-licence@16"].words == (
        "no capacity to carry Anode graphite from China: anode graphite, weeks 16 to 24"
    )
    assert "25% of the capacity to carry Cathode active material (NMC) from China" in stories["china-port"].words
    assert "and 2 more, weeks 10 to 13" in stories["china-port"].words


def test_without_a_name_a_scenario_is_called_by_its_id() -> None:
    assert {name: story.title for name, story in scenario_stories(small()).items() if name != "none"} == {
        "answer": "answer",
        "strike": "strike",
    }


def test_a_package_has_one_name() -> None:
    with pytest.raises(CaseError, match=r"Earthquake in Taiwan.*write one of them in both"):
        load_case("japan-korea-2019", ["contingencies.taiwan-quake/dram-tw-jp-more.name=Flood"])
