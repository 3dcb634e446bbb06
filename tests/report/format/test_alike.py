"""Warnings that say the same of many things are one line; the JSON document keeps them all."""

from __future__ import annotations

from pathlib import Path

from sluicegate.data.schema.errors import Fault
from sluicegate.report.format.alike import together


def idle(row: int, regime: str) -> Fault:
    return Fault("lanes.csv", f"nothing flows before week 0, yet regime '{regime}' acts on it", row, "base_flow", "0")


def test_the_first_stands_for_all_that_differ_in_names_and_numbers() -> None:
    rows = [idle(5 + 2 * k, f"list-{k}") for k in range(29)]
    (line,) = together(rows)
    assert line == f"{rows[0]} (28 more like it: rows 7, 9, 11, 13, 15, 17, ...)"


def test_others_stay_as_they_are_and_where_they_were() -> None:
    other = Fault("demands.csv", "nobody makes this item", 3)
    assert together([idle(2, "a"), other, idle(4, "b")]) == [f"{idle(2, 'a')} (1 more like it: row 4)", str(other)]
    assert together(["two short by 3", "two short by 3"]) == ["two short by 3 (1 more like it)"]
    assert together([]) == []


def test_validate_shows_one_line_and_counts_all(tmp_path: Path) -> None:
    import json

    from click.testing import CliRunner
    from sluicegate.cli import cli
    from sluicegate.data import write_folder

    from sluicegate_testing.networks import shortest_path

    write_folder(shortest_path(6, 9, seed=1).case, tmp_path / "case")
    result = CliRunner().invoke(cli, ["validate", str(tmp_path / "case")], env={"COLUMNS": "500"})
    document = json.loads(CliRunner().invoke(cli, ["validate", str(tmp_path / "case"), "--json"]).stdout)
    alike = [warning for warning in document["warnings"] if "nothing flows before week 0" in warning["message"]]
    assert len(alike) > 5
    assert result.stdout.count("nothing flows before week 0") == 1
    assert f"({len(alike) - 1} more like it: rows " in result.stdout
