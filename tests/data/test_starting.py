from __future__ import annotations

import shlex

import pytest
from sluicegate.data import TABLES, apply_overrides, init_case, load_case
from sluicegate.data.schema.declarations import columns

ADVANCED = {"qualifications", "price_breaks", "uncertainties", "worlds"}
"""Tables that a first case does without."""


def test_the_case_is_sound_and_uses_every_table(tmp_path):
    init_case(tmp_path / "start")
    case = load_case(tmp_path / "start")
    assert case.warnings == ()
    assert {table for table in TABLES if not case.rows(table)} == ADVANCED


def test_base_flows_balance(tmp_path):
    init_case(tmp_path / "start")
    case = load_case(tmp_path / "start")
    outside = {site.site for site in case.sites if site.party == "world"}
    for site in {row.site for row in case.sites} - outside:
        for item in (row.item for row in case.items):
            made = sum(
                flow(case, process) for process in case.processes if (process.site, process.output) == (site, item)
            )
            came = sum(lane.base_flow for lane in case.lanes if (lane.destination, lane.item) == (site, item))
            assert made + came == pytest.approx(needed(case, site, item))


def flow(case, process):
    """Return what a process must make a week."""
    return needed(case, process.site, process.output)


def needed(case, site, item):
    """Return what leaves a site of an item in a week."""
    sent = sum(lane.base_flow for lane in case.lanes if (lane.origin, lane.item) == (site, item))
    sold = sum(demand.quantity for demand in case.demands if (demand.site, demand.item) == (site, item))
    used = sum(
        row.quantity * flow(case, process)
        for row in case.recipes
        for process in case.processes
        if (row.process, process.site, row.input) == (process.process, site, item)
    )
    return sent + sold + used


def test_what_to_run_next(tmp_path):
    folder = tmp_path / "a case"
    text = init_case(folder)
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("  sluicegate")]
    assert [command[1] for command in commands] == ["validate", "solve", "solve"]
    assert {command[2] for command in commands} == {str(folder)}
    apply_overrides(load_case(folder), [command[4] for command in commands if "--set" in command])


def test_every_column_is_explained(tmp_path):
    init_case(tmp_path / "start")
    text = (tmp_path / "start/README.txt").read_text()
    for table, model in TABLES.items():
        part = text[text.index(f"\n{table}.csv\n") :]
        for name in columns(model):
            assert f"\n  {name}: " in part
    assert "one of focal, counterpart, ally, other; required" in text
    assert all(len(line) <= 110 for line in text.splitlines())


def test_nothing_is_overwritten(folder):
    with pytest.raises(FileExistsError, match="not empty"):
        init_case(folder.path)
    init_case(folder.path, force=True)
    assert load_case(folder.path).settings.case.title.startswith("Etchant")
