"""Mistakes around --worlds: one message with all faults and what to write instead, before anything is solved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sluicegate.cli import cli
from sluicegate.data import load_case, write_folder

DRAWN = ("--worlds", "4")
TOLD = ("--worlds", "table")
NO_CRITERION = "is no criterion; write mean, cvar:0.9, worst, regret or mean"
NO_SHARE = "is no share of the worlds to keep continuity in; it lies above 0 and is at most 1"
NO_NUMBER = "is no number of worlds to be drawn; write one such as 32"

MISTAKES = [
    (("solve", "tutorial", "--worlds", "0"), ["--worlds: '0': no number of worlds; write one from 1 to 100,000"]),
    (("solve", "tutorial", "--worlds", "-3"), ["--worlds: '-3': no number of worlds"]),
    (("solve", "tutorial", "--worlds", "tabel"), ["write a number such as 64, or table for the case's own worlds"]),
    (("solve", "tutorial", *DRAWN, "--criterion", "cvar"), [f"--criterion: 'cvar' {NO_CRITERION}"]),
    (
        ("solve", "tutorial", *DRAWN, "--criterion", "cvar:1"),
        ["cvar:1: the share left out of the tail is 0 or more and"],
    ),
    (("solve", "tutorial", *DRAWN, "--criterion", "cvar:-1"), ["cvar:-1: the share left out of the tail is 0 or more"]),
    (("solve", "tutorial", *DRAWN, "--criterion", "regret:2"), [f"--criterion: 'regret:2' {NO_CRITERION}"]),
    (("solve", "tutorial", *DRAWN, "--no-range", "--criterion", "cvar"), [f"--criterion: 'cvar' {NO_CRITERION}"]),
    (("solve", "tutorial", *DRAWN, "--continuity-share", "120%"), [f"--continuity-share: 1.2 {NO_SHARE}"]),
    (("solve", "tutorial", *DRAWN, "--fresh", "-1"), ["'--fresh': -1 is not in the range x>=0"]),
    (("solve", "tutorial", *DRAWN, "--seed", "-1"), ["--seed: '-1': negative; seeds count from 0"]),
    (("solve", "tutorial", *DRAWN, "--vary", "lanes.gas.margin=*1..*2"), ["no row 'gas' in lanes"]),
    (("solve", "tutorial", *DRAWN, "--alternatives", "2"), ["leave out --worlds, or --alternatives"]),
    (
        ("solve", "tutorial", *DRAWN, "--method", "program"),
        ["--method program: a plan for many worlds", "leave it out"],
    ),
    (
        ("solve", "tutorial", "--worlds", "x", "--criterion", "y", "--continuity-share", "2", "--vary", "nowhere=1..2"),
        ["3 faults", "--worlds: 'x'", f"--criterion: 'y' {NO_CRITERION}", f"--continuity-share: 2 {NO_SHARE}"],
    ),
    (
        ("solve", "tutorial", *DRAWN, "--criterion", "y", "--seed", "-1", "--vary", "limits.budget=9..2"),
        ["3 faults", "--seed: '-1'", "the low end 9 must be below the high end 2", f"--criterion: 'y' {NO_CRITERION}"],
    ),
    (("solve", "graphite-2023", *TOLD), ["the case has no table worlds; write one, or draw worlds: --worlds 64"]),
    (
        ("solve", "graphite-2023", *DRAWN),
        ["no figure of the case is uncertain; write the table uncertainties, or --vary"],
    ),
    (
        ("solve", "tutorial", *TOLD, "--vary", "limits.budget=1..2"),
        ["--vary: of worlds that are drawn, not of a table"],
    ),
    (("solve", "tutorial", *TOLD, "--seed", "3", "--fresh", "8"), ["--seed, --fresh: of worlds that are drawn"]),
    (
        ("solve", "tutorial", "--fresh", "3", "--replications", "2"),
        ["--fresh, --replications: of a plan for many worlds"],
    ),
    (("solve", "tutorial", "--criterion", "worst"), ["--criterion: of a plan for many worlds; add --worlds 64"]),
    (("frontier", "tutorial", "--worlds", "0"), ["--worlds: '0': no number of worlds"]),
    (("frontier", "tutorial", *DRAWN, "--continuity-share", "2"), [f"--continuity-share: 2 {NO_SHARE}"]),
    (("frontier", "tutorial", *DRAWN, "--against", "budget"), ["leave out --against, --low and --high, or --worlds"]),
    (("frontier", "graphite-2023", *TOLD), ["the case has no table worlds"]),
    (("frontier", "tutorial", *TOLD, "--seed", "1"), ["--seed: of worlds that are drawn, not of a table"]),
    (("explain", "tutorial", "--worlds", "0"), [f"'0' {NO_NUMBER}"]),
    (("explain", "tutorial", *TOLD), [f"'table' {NO_NUMBER}"]),
    (("explain", "tutorial", "--worlds", "2.5"), [f"'2.5' {NO_NUMBER}"]),
    (("compare", "tutorial", "tutorial", *TOLD), [f"'table' {NO_NUMBER}"]),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda each: " ".join(each[1:]) if each[1:] else "")
def test_a_mistake_is_told_before_anything_is_solved(
    arguments: tuple[str, ...], said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for work in ("analysis.worlds.solving._Solver", "model.solving.solve"):
        monkeypatch.setattr(f"sluicegate.{work}", lambda *_, **__: pytest.fail("solved"))
    told = CliRunner().invoke(cli, list(arguments))
    assert told.exit_code == 2, told.output
    assert told.stdout == "" and "Traceback" not in told.stderr
    for words in said:
        assert words in told.stderr
    assert not list(tmp_path.rglob("*"))


def test_orders_are_refused_by_every_way_to_plan_for_many_worlds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("solve", "frontier"):
        asked = [command, "tutorial", *DRAWN, "--threads", "1", "--set", "lanes.chip-world-home.order_cost=3"]
        told = CliRunner().invoke(cli, asked)
        assert told.exit_code == 2 and "cannot be proven with them: leave these out" in told.stderr


def test_cases_with_other_figures_are_not_compared_in_common_worlds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(load_case("tutorial"), "other")
    lanes = Path("other/case.toml").parent / "worlds.csv"
    lanes.unlink()
    for name in ("stocks", "uncertainties", "sources", "lanes", "sites", "processes", "demands", "retaliations"):
        path = Path("other") / f"{name}.csv"
        path.write_text(path.read_text().replace("abroad-fab", "plant"))
    told = CliRunner().invoke(cli, ["compare", "tutorial", "other", *DRAWN, "--no-attribution", "--no-range"])
    assert told.exit_code == 2
    assert re.search(
        r"B has not the uncertain figures of A: stocks\.abroad-fab/acid\.initial; compare plans of", told.stderr
    )
