"""The command: what it prints where, what it writes, how it ends."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from sluicegate import Plan, load_case
from sluicegate import evaluate as evaluate_case
from sluicegate.cli import cli
from sluicegate.data import write_folder
from sluicegate.data.storage.digests import check_digests
from sluicegate.model import CertificateError, TooManyCombinations
from sluicegate.report.console.given import chosen_policies

from sluicegate_testing.cli_cases import FILES, SOLVED, slow, small
from tools.bench.generate import generate


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, a terminal of 80 columns, a case called ``small``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("SLUICEGATE_DEBUG", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    write_folder(small(), "small")
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments)
    assert "Traceback" not in result.output
    return result


def done(*arguments: str, code: int = 0) -> Result:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    return result


def refused(*arguments: str, code: int = 2) -> str:
    """Run a command that must fail, and return what it says."""
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return result.stderr


def words(text: str) -> str:
    return " ".join(text.split())


def results() -> list[Path]:
    return sorted(Path("results").glob("*/*"))


def change(name: str, old: str, new: str) -> None:
    file = Path("small", name)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


# Solve -----------------------------------------------------------------------------------------------------------------


def test_solve_shows_and_writes_the_plan() -> None:
    result = done("solve", "small")
    assert re.search(r"\nLeverage 653 USD m\n  optimal: no plan can have more.* \(gap .*\)\n", result.stdout)
    (folder,) = results()
    assert sorted(os.listdir(folder)) == SOLVED
    assert result.stderr == f"Written to {folder}\n"
    assert folder.parts[:2] == ("results", "small")
    assert os.listdir(folder.parent) == [folder.name]


NUMBER = (int, float)
OPTIONAL = (int, float, type(None))
PLAN: dict[str, Any] = {
    "schema": int,
    "case": str,
    "status": str,
    "leverage": NUMBER,
    "bound": NUMBER,
    "gap": NUMBER,
    "counterpart_loss": NUMBER,
    "own_loss": NUMBER,
    "worst_package": str,
    "leverage_range": [NUMBER],
    "sourcing_only_leverage": NUMBER,
    "policies": {"review": str},
    "qualified": [str],
    "stockpile": {"us-site/chip": NUMBER},
    "scenarios": {"none": {"own_loss": NUMBER, "counterpart_loss": NUMBER, "fill": {"us-site/chip": NUMBER}}},
    "counterpart_fill": {"them-site/chip": NUMBER},
    "first_shortage_week": {"them-site/chip": (int, type(None))},
    "certificate": {"response_difference": NUMBER, "own_difference": NUMBER, "infeasibility": NUMBER},
    "limits": {name: {"used": NUMBER, "limit": OPTIONAL} for name in ("budget", "reviewer_hours", "political_capital")},
    "solve": {
        "method": str,
        "seconds": NUMBER,
        "build_seconds": NUMBER,
        "nodes": int,
        "rows": int,
        "columns": int,
        "highs": str,
        "pyomo": str,
    },
}


def check_shape(value: Any, shape: Any, place: str = "plan") -> None:
    if isinstance(shape, dict):
        assert isinstance(value, dict), place
        for key, inner in shape.items():
            assert key in value, f"{place}.{key}"
            check_shape(value[key], inner, f"{place}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), place
        assert value, place
        for entry in value:
            check_shape(entry, shape[0], place)
    else:
        assert isinstance(value, shape), place
        assert not isinstance(value, bool), place


@pytest.mark.parametrize("command", ["solve", "evaluate"])
def test_json_is_the_plan_and_nothing_else(command: str) -> None:
    choices = ["--policy", "review=slow", "--qualify", "chip-alt", "--stockpile", "us-site/chip=0.5"]
    result = done(command, "small", "--json", "-o", "out", *(choices if command == "evaluate" else []))
    document = json.loads(result.stdout)
    shape = dict(PLAN)
    if command == "evaluate":
        # Nothing is proven about choices that are given.
        for key in ("bound", "gap", "sourcing_only_leverage"):
            assert document[key] is None
            del shape[key]
        shape["solve"] = {key: kind for key, kind in shape["solve"].items() if key != "nodes"}
    check_shape(document, shape)
    assert document["status"] == ("optimal" if command == "solve" else "feasible")
    assert document == json.loads(Path("out/plan.json").read_bytes())
    assert set(document["scenarios"]) == {"none", "answer", "strike"}


def test_output_folder() -> None:
    done("solve", "small", "-o", "deep/out", "-q")
    assert sorted(os.listdir("deep/out")) == SOLVED
    said = refused("solve", "small", "-o", "deep/out")
    assert said == (
        "Error: deep/out is there and not empty; name a new folder with -o, or replace the result in it with --force\n"
    )
    Path("deep/out/old").touch()
    done("evaluate", "small", "-o", "deep/out", "--force")
    assert sorted(os.listdir("deep/out")) == FILES
    assert json.loads(Path("deep/out/run.json").read_bytes())["command"] == "evaluate"
    assert os.listdir("deep") == ["out"]


def test_a_case_is_never_replaced_by_a_result() -> None:
    assert "is no result folder" in refused("solve", "small", "-o", "small", "--force")
    assert load_case("small") == small()


def test_a_folder_that_cannot_be_written_is_told_before_solving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluicegate.model.solve", lambda *_, **__: pytest.fail("solved"))
    Path("file").touch()
    assert "not a directory" in refused("solve", "small", "-o", "file/out")


def test_the_plan_is_shown_even_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    result = run("solve", "small", "-o", "out")
    assert result.exit_code == 2
    assert "Leverage 653" in result.stdout
    said = r"Error: the result folder out cannot be written: no space left on device, [0-9,.]+ MB are free; name"
    assert re.match(said, result.stderr)
    assert os.listdir() == ["small"]


@pytest.mark.parametrize("times", [1, 99])
def test_a_plan_for_many_worlds_on_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Once: when the proven plan is put by, which the whole one makes up for; or for good."""
    import pandas as pd

    write, failed = pd.DataFrame.to_parquet, []

    def full(frame: pd.DataFrame, *rest: Any, **how: Any) -> Any:
        if len(failed) < times:
            failed.append(1)
            raise OSError(28, "No space left on device")
        return write(frame, *rest, **how)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    monkeypatch.setattr("sluicegate.report.files.folder.KEPT_SECONDS", 0.0)
    asked = ("--worlds", "2", "--vary", "lanes.chip-alt.unit_cost=*0.8..*1.2", "--threads", "1", "--fresh", "0")
    result = run("solve", "small", "-o", "out", *asked)
    assert failed and "Leverage" in result.stdout and "What to find out first" in result.stdout
    if times == 1:
        assert result.exit_code == 0
        assert sorted(os.listdir("out")) == sorted([*FILES, *WORLDS])
        assert not check_digests("out").altered and sorted(os.listdir()) == ["out", "small"]
    else:
        assert result.exit_code == 2
        assert "the result folder out cannot be written: no space left on device" in result.stderr
        assert os.listdir() == ["small"]


def test_run_record_and_case_make_a_result_repeatable() -> None:
    first = done(
        "solve", "small", "--set", "limits.budget=*0.5", "-o", "a", "--json", "--rel-gap", "0.001", "--threads", "1"
    )
    record = json.loads(Path("a/run.json").read_bytes())
    assert record["overrides"] == ["limits.budget=*0.5"]
    assert record["options"] == {"time_limit": 300.0, "rel_gap": 0.001, "threads": 1, "method": "auto"}
    assert record["case_given"] == "small"
    assert load_case("a/case").settings.limits.budget == 15
    assert load_case("a/case").digest == record["case_digest"]

    again = done("solve", "a/case", "-o", "b", "--json")
    before, after = json.loads(first.stdout), json.loads(again.stdout)
    for key in ("leverage", "policies", "qualified", "stockpile", "limits"):
        assert before[key] == after[key]


def test_set_changes_figures() -> None:
    free, tight = (
        json.loads(done("solve", "small", "--set", f"limits.budget={budget}", "--json").stdout) for budget in (30, 1)
    )
    assert tight["limits"]["budget"]["limit"] == 1
    assert tight["leverage"] < free["leverage"]
    assert tight["policies"] == {"review": "open"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lanes.chip-al.max_flow=1", "did you mean 'chip-alt'"),
        ("lanes.chip-alt.max_flo=1", "did you mean 'max_flow'"),
        ("limits.budget=lots", "not a number"),
        ("budget=3", "did you mean limits.budget"),
        ("nonsense", "not an override"),
    ],
)
@pytest.mark.parametrize("command", ["solve", "evaluate", "validate"])
def test_a_wrong_override_is_refused(command: str, text: str, said: str) -> None:
    message = refused(command, "small", "--set", text)
    assert said in message
    assert f"--set {text}" in message
    assert not Path("results").exists()


def test_no_plan_satisfies_the_limits() -> None:
    result = done("solve", "small", "--set", "demands.us-site/chip.min_fill=1", "--set", "limits.budget=0", code=3)
    assert "No plan satisfies the limits\n  Proven: " in result.stdout
    assert "optimal" not in result.stdout
    (folder,) = results()
    assert sorted(os.listdir(folder)) == ["case", "digests.sha256", "plan.json", "run.json", "solver.log"]
    plan = json.loads((folder / "plan.json").read_bytes())
    assert (plan["status"], plan["leverage"], plan["scenarios"]) == ("infeasible", None, {})


def made(**changes: Any) -> Plan:
    return dataclasses.replace(evaluate_case(small()), **changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "optimal", "bound": -100.0, "gap": 0.0}, 0),
        ({"status": "feasible", "bound": 900.0, "gap": 0.3}, 4),
        ({"status": "unknown", "leverage": None}, 5),
        ({"status": "infeasible", "leverage": None}, 3),
    ],
)
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], code: int) -> None:
    plan = made(**changes)
    monkeypatch.setattr("sluicegate.model.solve", lambda *_, **__: plan)
    result = done("solve", "small", code=code)
    assert ("optimal:" in result.stdout) == (code == 0)
    assert len(results()) == 1


def test_a_time_limit_is_a_limit() -> None:
    result = run("solve", "small", "--time-limit", "1e-9", "--json")
    assert result.exit_code in (4, 5)
    document = json.loads(result.stdout)
    assert document["status"] == ("feasible" if result.exit_code == 4 else "unknown")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (CertificateError("they differ"), 1, "a fault of the program, CertificateError: they differ\n"),
        (ZeroDivisionError("oh"), 1, "a fault of the program, ZeroDivisionError: oh\n"),
        (MemoryError(), 1, "out of memory; "),
        (
            TooManyCombinations(37, 9, {"gas": ["open", "strict"]}, ["gas"]),
            2,
            "Error: 37 policy combinations (2 of gas) are too many",
        ),
    ],
)
def test_errors_become_messages(monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, said: str) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("sluicegate.model.solve", fail)
    message = refused("solve", "small", "-o", "out", code=code)
    assert message.startswith("Error: ")
    assert said in message
    assert os.listdir() == ["small"]


@pytest.mark.parametrize("how", ["-v", "environment"])
def test_a_traceback_for_whoever_asks(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("sluicegate.model.solve", fail)
    if how == "environment":
        monkeypatch.setenv("SLUICEGATE_DEBUG", "1")
    result = CliRunner().invoke(cli, ["solve", "small", *(["-v"] if how == "-v" else [])])
    assert result.exit_code == 1
    assert "Traceback (most recent call last):" in result.stderr
    assert result.stdout == ""


def test_quiet_and_verbose() -> None:
    assert done("solve", "small", "-q", "-o", "quiet").stderr == ""
    lines = done("solve", "small", "-v", "-o", "verbose").stderr.splitlines()
    assert "checking the answer" in lines
    assert lines[-1] == "Written to verbose"
    change("lanes.csv", "review", "")
    assert "Warning: " in done("indices", "small").stderr
    assert done("indices", "small", "-q").stderr == ""
    # What is printed with the plan is not said before.
    assert "Warning: " not in done("evaluate", "small").stderr
    assert "Warning: " in done("evaluate", "small", "--json").stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--time-limit", "0"],
        ["--time-limit", "-1"],
        ["--time-limit", "nan"],
        ["--rel-gap", "-0.1"],
        ["--rel-gap", "few"],
        ["--threads", "0"],
        ["--nonsense"],
        ["another"],
    ],
)
def test_wrong_usage(options: list[str]) -> None:
    assert "Error: " in refused("solve", "small", *options)


@pytest.mark.parametrize("command", ["solve", "evaluate", "validate"])
def test_an_unknown_case(command: str) -> None:
    assert "did you mean 'tutorial'?" in refused(command, "tutorail")


# Evaluate --------------------------------------------------------------------------------------------------------------


def test_evaluating_a_plan_gives_its_leverage() -> None:
    plan = json.loads(done("solve", "small", "--json").stdout)
    choices = [f"--policy={regime}={policy}" for regime, policy in plan["policies"].items()]
    choices += [f"--qualify={lane}" for lane in plan["qualified"]]
    choices += [f"--stockpile={pair}={units}" for pair, units in plan["stockpile"].items()]
    again = json.loads(done("evaluate", "small", "--json", *choices).stdout)
    assert again["leverage"] == pytest.approx(plan["leverage"], rel=1e-6)
    assert again["bound"] is None
    assert "as chosen, not optimised; keeps all limits" in done("evaluate", "small", *choices).stdout


def test_choices_that_break_limits() -> None:
    result = done("evaluate", "small", "--policy", "review=strict", "--set", "limits.budget=1", code=3)
    assert "\nLimits that these choices break\n  - " in result.stdout
    assert "\n  - budget at most 1: over by 2\n" in result.stdout
    assert len(results()) == 1


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (["--policy", "reveiw=slow"], "no regime 'reveiw' of ours; did you mean 'review'?"),
        (["--policy", "review=slwo"], "regime 'review' has no policy 'slwo'; did you mean 'slow'?"),
        (["--policy", "embargo=stop"], "no regime 'embargo' of ours"),
        (["--policy", "review"], "--policy review: write KEY=VALUE"),
        (["--policy", "review=slow", "--policy", "review=strict"], "--policy review is given twice"),
        (["--qualify", "chip-atl"], "no lane 'chip-atl' to qualify; did you mean 'chip-alt'?"),
        (["--stockpile", "us-site/chip=11"], "must lie between 0 and 10, not 11"),
        (["--stockpile", "us-site/chip=nan"], "must lie between 0 and 10, not nan"),
        (["--stockpile", "us-site/chip=many"], "'many' is not a number of units"),
        (["--stockpile", "them-site/chip=1"], "no stockpile 'them-site/chip'; did you mean 'us-site/chip'?"),
    ],
)
def test_choices_that_the_case_does_not_offer(choices: list[str], said: str) -> None:
    assert said in refused("evaluate", "small", *choices)
    assert not Path("results").exists()


def test_ids_with_equal_signs() -> None:
    write_folder(small(gas="a=b=1"), "odd")
    change_regime = Path("odd/regimes.csv")
    for name in ("regimes.csv", "policies.csv", "lanes.csv"):
        file = Path("odd", name)
        file.write_text(file.read_text().replace("review,", "re=view,").replace(",review", ",re=view"))
    assert "re=view" in change_regime.read_text()
    result = done("evaluate", "odd", "--policy", "re=view=slow", "--stockpile", "us-site/chip=1", "--json")
    assert json.loads(result.stdout)["policies"] == {"re=view": "slow"}


@pytest.mark.parametrize("turned", [False, True])
def test_a_policy_is_read_where_the_case_has_it_whatever_the_order_of_regimes(turned: bool) -> None:
    menu = {"a": ["open", "b=c"], "a=b": ["open", "d"], "e": ["open", "f"]}
    given = dict(reversed(menu.items())) if turned else menu
    assert chosen_policies("--policy", ["a=b=c", "e=f"], given) == {"a": "b=c", "e": "f"}
    assert chosen_policies("--policy", ["a=b=d"], given) == {"a=b": "d"}
    assert chosen_policies("--policy", ["a=b=x"], given) == {"a=b": "x"}
    assert chosen_policies("--policy", ["z=b=x"], given) == {"z=b": "x"}
    with pytest.raises(
        click.ClickException, match=r"a=b=c can be read as regime a with policy b=c or regime a=b with policy c;"
    ):
        chosen_policies("--policy", ["a=b=c"], {**given, "a=b": ["open", "c"]})


def test_an_id_is_the_same_however_it_was_typed() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    for name in ("regimes.csv", "policies.csv", "lanes.csv"):
        file = Path("small", name)
        file.write_text(file.read_text().replace("review,", f"{composed},").replace(",review", f",{composed}"))
    result = done("evaluate", "small", "--policy", f"{decomposed}=slow", "--json")
    assert json.loads(result.stdout)["policies"] == {composed: "slow"}


# Validate, cases, init -------------------------------------------------------------------------------------------------


def test_validate_says_what_the_case_holds() -> None:
    text = words(done("validate", "small").stdout)
    assert "small: 6 weeks from 2026-01-05; money in USD m" in text
    assert "3 parties (ours: us; the counterpart: them; others: world), 3 sites" in text
    assert "2 items, 3 lanes (1 to qualify), 1 process, 2 stocks, 2 demands" in text
    assert "1 regime of ours with 3 combinations of policies, 1 of the counterpart" in text
    assert "1 retaliation package, 1 contingency" in text
    assert "limits: budget 30, political capital 5" in text
    assert not Path("results").exists()


def test_validate_tells_warnings_and_ends_well() -> None:
    change("lanes.csv", "review", "")
    document = json.loads(done("validate", "small", "--json").stdout)
    assert document["valid"] is True
    assert document["faults"] == []
    assert any("regime" in warning["message"] for warning in document["warnings"])
    text = words(done("validate", "small").stdout)
    assert "No faults, 1 warning:" in text or "No faults, 2 warnings:" in text
    assert all(words(warning["message"]) in text for warning in document["warnings"])


def test_validate_looks_at_the_status_quo() -> None:
    # Six units of gas a week where ten are needed.
    document = json.loads(
        done(
            "validate", "small", "--json", "--set", "lanes.gas-out.max_flow=10", "--set", "lanes.gas-out.base_flow=6"
        ).stdout
    )
    messages = [warning["message"] for warning in document["warnings"]]
    assert any("base_flow is 6 a week" in message for message in messages)


@pytest.mark.parametrize("command", ["solve", "evaluate"])
def test_a_plan_repeats_what_is_odd_in_its_case(command: str) -> None:
    change("items.csv", "chip,", "slag,t,\nchip,")
    odd = ["--set", "lanes.gas-out.max_flow=10", "--set", "lanes.gas-out.base_flow=6"]
    checked = json.loads(done("validate", "small", "--json", *odd).stdout)["warnings"]
    assert {warning["file"] for warning in checked} == {"items.csv", None}
    code = run(command, "small", *odd, "-o", "out").exit_code
    text = words(done(command, "small", *odd, "-o", "out", "--force", code=code).stdout)
    document = json.loads(Path("out/plan.json").read_text(encoding="utf-8"))
    assert len(document["case_warnings"]) == len(checked)
    for warning, told in zip(checked, document["case_warnings"], strict=True):
        assert told.endswith(warning["message"])
        assert text.count(words(f"in the case: {told}")) == 1
    done("report", "out")
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "no lane, process, recipe or demand has this item" in page


def test_validate_tells_all_faults() -> None:
    change("lanes.csv", "gas-out,gas,", "gas-out,gsa,")
    change("demands.csv", "60", "sixty")
    said = refused("validate", "small")
    assert said.startswith("Error: 2 faults in the case:\n")
    assert "did you mean 'gas'?" in said
    assert "'sixty'" in said

    result = done("validate", "small", "--json", code=2)
    document = json.loads(result.stdout)
    assert (document["case"], document["valid"]) == ("small", False)
    assert [(fault["file"], fault["column"], fault["value"]) for fault in document["faults"]] == [
        ("lanes.csv", "item", "gsa"),
        ("demands.csv", "shortage_penalty", "sixty"),
    ]
    assert all(isinstance(fault["row"], int) and fault["message"] for fault in document["faults"])


def test_cases_lists_what_is_shipped() -> None:
    listed = json.loads(done("cases", "--json").stdout)
    assert all(set(case) == {"name", "title"} for case in listed)
    text = done("cases").stdout
    for case in listed:
        assert f"{case['name']} " in text
        assert words(case["title"]) in words(text)
    assert "tutorial" in [case["name"] for case in listed]


def test_cases_copy() -> None:
    result = done("cases", "copy", "tutorial", "mine")
    assert result.stdout == ""
    assert "sluicegate solve mine" in result.stderr
    assert load_case("mine") == load_case("tutorial")
    assert refused("cases", "copy", "tutorial", "mine") == (
        "Error: mine is not empty; name a new folder, or overwrite the case there with --force\n"
    )
    done("cases", "copy", "tutorial", "mine", "--force", "-q")
    assert "did you mean 'tutorial'?" in refused("cases", "copy", "tutorail", "other")
    Path("file").touch()
    assert "Error: file/x cannot be written: " in refused("cases", "copy", "tutorial", "file/x")


def test_init_validate_solve() -> None:
    result = done("init", "mine")
    assert result.stdout == ""
    assert "sluicegate solve mine" in result.stderr
    assert "with --force" in refused("init", "mine")
    done("init", "mine", "--force")
    assert done("validate", "mine").stdout
    assert "optimal" in done("solve", "mine").stdout


# What is printed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [["solve", "tutorial"], ["evaluate", "tutorial"], ["validate", "tutorial"], ["cases"], ["solve", "small"]],
    ids=" ".join,
)
def test_plain_and_80_columns_when_piped(arguments: list[str]) -> None:
    text = CliRunner().invoke(cli, arguments).stdout
    assert text
    assert "\x1b" not in text
    assert all(cell_len(line) <= 80 and line == line.rstrip() for line in text.splitlines())


NAMES = ["[red]x[red]", "[bold]", "x" * 150, "a-very-long-id-" * 9, "מגבר־אור", "半导体材料", "=cmd|' '!A0", "a b"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names(name: str) -> None:
    write_folder(small(gas=name, title=f"{name}[/red]", review=f"[/bold]{name}"), "odd")
    result = done("solve", "odd", "-o", "out")
    assert all(cell_len(line) <= 80 for line in result.stdout.splitlines())
    assert "".join(f"{name}[/red]".split()) in "".join(result.stdout.split())
    assert "".join(f"[/bold]{name}".split()) in "".join(result.stdout.split())
    assert load_case("out/case") == load_case("odd")
    assert done("validate", "odd").stdout
    said = refused("evaluate", "odd", "--policy", f"{name}=slow")
    assert "".join(name.split()) in "".join(said.split())


def test_a_control_character_does_not_reach_the_terminal() -> None:
    said = refused("solve", "small\x1b[31m", "-o", "x")
    assert "\x1b" not in said


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(cli))


@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
def test_help_of_every_command(path: tuple[str, ...]) -> None:
    text = done(*path, "--help").stdout
    assert text == done(*path, "-h").stdout
    assert "  sluicegate " in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("path", [(), *ALL], ids=" ".join)
def test_examples_in_help_are_commands(path: tuple[str, ...]) -> None:
    text = re.sub(r" \\\n +", " ", done(*path, "--help").stdout)
    lines = [line for line in text.splitlines() if line.startswith("    sluicegate ")]
    assert lines
    for line in lines:
        # Two spaces set a remark apart, a bar another command.
        arguments = shlex.split(line.strip().split("  ")[0].split(" | ")[0])[1:]
        command: click.Command = cli
        context = click.Context(command)
        while isinstance(command, click.Group) and arguments and arguments[0] in command.commands:
            command = command.commands[arguments.pop(0)]
            context = click.Context(command, parent=context)
        command.parse_args(context, arguments)


def test_version() -> None:
    assert done("--version").stdout == "sluicegate 0.1.0\n"


# In a process of its own -----------------------------------------------------------------------------------------------

MAIN = [sys.executable, "-m", "sluicegate"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals")


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[Any]:
    options = {"text": True, **options}
    return subprocess.run([*MAIN, *arguments], capture_output=True, check=False, timeout=120, **options)


def test_help_imports_nothing_heavy() -> None:
    code = """
import sys
from sluicegate.cli import cli
for arguments in (["--help"], ["solve", "--help"], ["--version"], ["cases", "--help"]):
    cli.main(arguments, standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n", file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stderr.split())
    assert "sluicegate" in loaded
    assert not loaded & {"pandas", "numpy", "pyomo", "highspy", "pydantic", "rich", "scipy", "pyarrow", "openpyxl"}


def test_exit_codes_of_the_process() -> None:
    assert process("cases").returncode == 0
    assert process("solve", "nix").returncode == 2
    ended = process("solve", "small", "--set", "demands.us-site/chip.min_fill=1", "--set", "limits.budget=0")
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_terminal_of_another_encoding(encoding: str) -> None:
    write_folder(small(gas="半导体é🙂", title="半导体"), "半导体")
    options: dict[str, Any] = {"env": {**os.environ, "PYTHONIOENCODING": encoding}, "text": False}
    ended = process("solve", "半导体", "-o", "a", **options)
    assert (ended.returncode, ended.stderr) == (0, b"Written to a\n")
    # A terminal of ASCII is taken for one of UTF-8 that does not say so.
    shown = ended.stdout.decode("latin-1" if encoding == "latin-1" else "utf-8")
    assert shown.startswith(r"\u534a\u5bfc\u4f53" if encoding == "latin-1" else "半导体")
    assert ("─" in shown) == (encoding == "utf-8")
    ended = process("evaluate", "半导体", "-o", "b", "--json", **options)
    assert json.loads(ended.stdout)["case"] == "半导体"
    assert ended.stdout.isascii() == (encoding != "utf-8")


@POSIX
def test_a_reader_that_has_read_enough() -> None:
    writing = subprocess.Popen([*MAIN, "solve", "small"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert writing.stdout is not None
    assert writing.stderr is not None
    writing.stdout.close()
    said = writing.stderr.read()
    writing.stderr.close()
    assert (writing.wait(60), said) == (0, f"Written to {results()[0]}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_standard_output_that_is_full() -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*MAIN, "solve", "small", "-q"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (
        2,
        "Error: standard output cannot be written: No space left on device\n",
    )
    assert len(results()) == 1


@contextlib.contextmanager
def solving(*arguments: str, until: str, command: list[str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process with a group of its own, once it has said something on standard error."""
    started = subprocess.Popen(
        [*(command or MAIN), "solve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(started, until)
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        for stream in (started.stdout, started.stderr):
            if stream is not None:
                stream.close()


def wait_for(started: subprocess.Popen[str], text: str) -> None:
    assert started.stderr is not None
    for line in started.stderr:
        if text in line:
            return
    pytest.fail(f"ended with {started.wait()} before it said {text!r}")


def group_lives(started: subprocess.Popen[str]) -> bool:
    try:
        os.killpg(started.pid, 0)
    except ProcessLookupError:
        return False
    return True


@POSIX
@pytest.mark.parametrize(("number", "threads"), [("SIGINT", "1"), ("SIGINT", "2"), ("SIGTERM", "2"), ("SIGHUP", "2")])
def test_ctrl_c_keeps_the_best_plan(number: str, threads: str) -> None:
    write_folder(slow(), "slow")
    with solving("slow", "-v", "-o", "out", "--threads", threads, until="responses") as started:
        time.sleep(0.5)
        # As a terminal does: to all processes that run on it.
        os.killpg(started.pid, getattr(signal, number))
        shown, said = started.communicate(timeout=60)
        assert started.returncode == 130, said
        assert "Traceback" not in said
        if "no result was written" in said:
            assert shown == ""
            assert sorted(os.listdir()) == ["slow", "small"]
        else:
            assert "Stopped; this is the best plan found so far.\nWritten to out\n" in said
            plan = json.loads(Path("out/plan.json").read_bytes())
            assert plan["status"] == "feasible"
            assert "not proven best" in shown
            assert sorted(os.listdir("out")) == FILES
            assert sorted(os.listdir()) == ["out", "slow", "small"]
        end = time.monotonic() + 10
        while group_lives(started) and time.monotonic() < end:
            time.sleep(0.1)
        assert not group_lives(started)


@POSIX
@pytest.mark.parametrize(("until", "threads"), [("worlds (32)", "2"), ("  leverage", "2"), ("  leverage", "1")])
def test_ctrl_c_keeps_the_best_plan_for_many_worlds(until: str, threads: str) -> None:
    asked = ["--worlds", "32", "--criterion", "cvar:0.9", "--vary", "stocks.abroad-fab/acid.initial=15..20..70"]
    with solving("tutorial", "-v", "-o", "out", "--threads", threads, *asked, until=until) as started:
        os.killpg(started.pid, signal.SIGINT)
        shown, said = started.communicate(timeout=60)
        assert started.returncode == 130, said
        assert "Traceback" not in said
        if until != "  leverage":
            # No plan has been worked out in any world so far.
            assert "Stopped before a plan was found; no result was written." in said
            assert not os.path.exists("out")
            return
        assert "Stopped; this is the best plan found so far.\nWritten to out\n" in said
        plan = json.loads(Path("out/plan.json").read_bytes())
        assert (plan["status"], plan["solve"]["termination"]) == ("feasible", "stopped")
        # The first plan, nothing done, and what is proven of all others.
        assert plan["worlds"]["value"] < plan["worlds"]["bound"]
        assert plan["worlds"]["gap"] > 0.01
        assert "not proven best" in shown
        assert check_digests("out").altered == ()


@POSIX
def test_a_terminal_that_is_closed_leaves_the_best_plan() -> None:
    """Nobody is there to read, and every word to the terminal fails: the plan found so far is kept all the same."""
    import pty

    write_folder(slow(), "slow")
    child, terminal = pty.fork()
    if child == 0:
        os.execv(MAIN[0], [*MAIN, "solve", "slow", "-o", "out", "--threads", "1"])
    shown = b""
    while b"/4,096" not in shown:
        shown += os.read(terminal, 4096)
    time.sleep(0.5)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    # Nothing may have been found so soon; a result that is there is whole.
    assert not Path("out").exists() or (sorted(os.listdir("out")) == FILES and not check_digests("out").altered)
    assert set(os.listdir()) <= {"out", "slow", "small"}


IMPORTING = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class Interrupted(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{number})
            # Whatever comes of it, an import may swallow.
            try:
                for _ in range(1000):
                    pass
            except BaseException:
                raise ImportError(name) from None

sys.meta_path.insert(0, Interrupted())
sys.argv = ["sluicegate", "solve", "small", "-o", "a/out"]
from sluicegate.__main__ import main
main()
"""


@POSIX
@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("click", "SIGINT"),
        ("pydantic", "SIGINT"),
        ("scipy.sparse", "SIGHUP"),
        ("numpy", "SIGTERM"),
    ],
)
def test_ctrl_c_in_the_midst_of_imports(module: str, number: str) -> None:
    code = IMPORTING.format(module=module, number=number)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "Ended; no result was written.\n")
    assert os.listdir() == ["small"]


@POSIX
def test_a_command_that_ignores_the_end_of_its_terminal_goes_on_ignoring_it() -> None:
    code = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from sluicegate.signals import listen, raising
listen()
with raising():
    print(signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGINT).__name__)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "1 interrupt\n"


@POSIX
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["solve", "--help"], ["cases"], ["cases", "--json"]])
def test_a_standard_output_that_is_closed(arguments: list[str]) -> None:
    command = shlex.join([*MAIN, *arguments])
    ended = subprocess.run(["sh", "-c", f"{command} >&-"], stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stderr) == (2, "Error: standard output cannot be written: it is closed\n")
    piped = f"{command} | true; {command} 2>&- >/dev/null"
    ended = subprocess.run(["sh", "-c", piped], stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stderr) == (0, "")


@POSIX
def test_a_result_is_whole_where_nobody_reads() -> None:
    command = shlex.join([*MAIN, "evaluate", "small", "-o", "out"])
    ended = subprocess.run(["sh", "-c", f"{command} >&-"], stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    said = "Written to out\nError: standard output cannot be written: it is closed\n"
    assert (ended.returncode, ended.stderr) == (2, said)
    assert check_digests("out").remark is None


@POSIX
def test_links_in_a_circle_are_told() -> None:
    Path("loop").symlink_to("loop")
    said = "cannot be written: too many levels of symbolic links"
    for arguments in (
        ["evaluate", "small", "-o", "loop"],
        ["sweep", "small", "--vary", "limits.budget=1..2", "-o", "loop"],
    ):
        assert said in refused(*arguments)
    for arguments in (["cases", "copy", "tutorial", "loop"], ["init", "loop"]):
        assert said.lower() in refused(*arguments).lower()
    for arguments in (
        ["report", "loop"],
        ["sweep", "summary", "loop"],
        ["solve", "loop"],
        ["compare", "loop", "small"],
    ):
        assert "loop" in refused(*arguments)
    assert Path("loop").is_symlink()


UNDER_C = {name: value for name, value in os.environ.items() if name not in ("PYTHONUTF8", "PYTHONIOENCODING", "LANG")}


@POSIX
@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}], ids=["C", "ascii"]
)
def test_names_in_every_script_under_a_locale_that_has_none(environment: dict[str, str]) -> None:
    """Where file names are taken for ASCII, no library that takes Unicode alone may get to see them."""
    write_folder(small(), "半导体")
    options: dict[str, Any] = {"env": UNDER_C | environment, "text": True}
    ended = process("solve", "半导体", "-o", "结果", "--threads", "1", **options)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    assert sorted(os.listdir("结果")) == SOLVED
    ended = process("report", "结果", "--workbook", "表.xlsx", "--threads", "1", **options)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    assert Path("结果/report.html").exists() and Path("表.xlsx").exists()


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_while_the_solver_is_deaf(number: signal.Signals) -> None:
    # HiGHS asks nobody for the half minute that the root relaxation of this program takes.
    write_folder(generate(12, weeks=52), "deaf")
    with solving("deaf", "-v", "-o", "out", "--method", "program", until="searching") as started:
        time.sleep(2.0)
        began = time.monotonic()
        os.killpg(started.pid, number)
        shown, said = started.communicate(timeout=60)
        assert started.returncode == 130, said
        assert time.monotonic() - began < 15
        assert "Traceback" not in said
        assert "not proven best" in shown
        end = time.monotonic() + 10
        while group_lives(started) and time.monotonic() < end:
            time.sleep(0.1)
        assert not group_lives(started)


@POSIX
def test_a_second_ctrl_c_ends_at_once() -> None:
    code = """
import time
import sluicegate.model

def solve(case, *, monitor, **options):
    monitor.stage("build", 0)
    time.sleep(100)

sluicegate.model.solve = solve
from sluicegate.cli import main
main()
"""
    with solving("small", "-v", "-o", "a/out", until="building", command=[sys.executable, "-c", code]) as started:
        started.send_signal(signal.SIGINT)
        wait_for(started, "press Ctrl-C again")
        began = time.monotonic()
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert (started.returncode, said) == (130, "Ended; no result was written.\n")
        assert os.listdir() == ["small"]


@POSIX
def test_a_killed_solve_leaves_no_half_folder() -> None:
    write_folder(slow(), "slow")
    with solving("slow", "-v", "-o", "deep/out", "--threads", "1", until="responses") as started:
        time.sleep(0.5)
        started.kill()
        assert started.wait() == -signal.SIGKILL
    assert not Path("deep/out").exists()
    # What is left is hidden, in nobody's way, and gone after the next one.
    assert set(os.listdir("deep")) == {".out.lock", ".out.new"}
    done("evaluate", "small", "-o", "deep/out")
    assert sorted(os.listdir("deep/out")) == FILES
    assert os.listdir("deep") == ["out"]


WAITING = """
import time
import sluicegate.analysis.completed as completing
import sluicegate.analysis.information.hedging as hedging
import sluicegate.report.files.folder as folder

def completed(plan, *rest, monitor, **how):
    monitor.stage("reasons", 0)
    time.sleep(100)

completing.completed, hedging.studied, folder.KEPT_SECONDS = completed, completed, 0.0
from sluicegate.cli import main
main()
"""

WORLDS = ["worlds.csv", "worlds.parquet"]

HOARDED = ("--worlds", "4", "--vary", "lanes.chip-alt.unit_cost=*0.8..*1.2", "--threads", "2")


@POSIX
@pytest.mark.parametrize("asked", [(), HOARDED], ids=["alone", "worlds"])
@pytest.mark.parametrize("number", ["SIGKILL", "SIGINT"])
def test_a_proven_plan_outlasts_what_ends_the_process_after_it(number: str, asked: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", WAITING]
    until = "what each decision is for"
    with solving("small", "-v", "-o", "out", "--name", "First", *asked, until=until, command=command) as started:
        started.send_signal(getattr(signal, number))
        if number == "SIGINT":
            wait_for(started, "press Ctrl-C again")
            started.send_signal(signal.SIGINT)
        shown, said = started.communicate(timeout=30)
    assert shown == ""
    if number == "SIGINT":
        told = "Ended; the plan is in out, without what was not worked out yet.\n"
        assert (started.returncode, said) == (130, told)
    assert sorted(os.listdir("out")) == sorted([*FILES, *(WORLDS if asked else [])])
    assert check_digests("out").altered == ()
    plan = json.loads(Path("out/plan.json").read_bytes())
    assert plan["status"] == "optimal"
    assert plan["name"] == "First"
    assert not plan.keys() & {"range", "reasons"}
    assert bool(asked) == ("worlds" in plan and "evpi" not in plan["worlds"])
    assert done("show", "out").output
    # The next one replaces it, and takes away what is left beside it.
    done("solve", "small", "-o", "out", "--force")
    assert sorted(os.listdir()) == ["out", "small"]
    assert json.loads(Path("out/plan.json").read_bytes())["leverage"] == pytest.approx(plan["leverage"], rel=1e-4)


def test_alternatives_are_told(tmp_path):
    said = run("solve", "tutorial", "--no-range", "--alternatives", "2", "--within", "200%", "-o", str(tmp_path / "r"))
    assert said.exit_code == 0
    assert "Proven: these are all that come within 200%" in said.output
    document = json.loads((tmp_path / "r" / "plan.json").read_text())
    assert [round(each["leverage"], 6) for each in document["alternatives"]["plans"]] == [-14.0, -20.0]


def test_help_lists_every_command_with_a_whole_sentence() -> None:
    text = done("--help").output
    assert "..." not in text.split("Commands:")[1]
    for name in ("show", "sweep summary", "cases copy", "export-model"):
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    assert "..." not in done("cases", "--help").output.split("Commands:")[1]


def test_a_stored_result_is_printed_again() -> None:
    solved = done("solve", "tutorial", "-o", "stored")
    again = done("show", "stored")
    assert again.stdout.strip() == solved.stdout.strip()
    assert json.loads(done("show", "stored", "--json").stdout)["leverage"] == pytest.approx(35.7)
    plan = Path("stored/plan.json")
    plan.write_text(plan.read_text().replace("35.7", "99.9", 1))
    assert "plan.json" in done("show", "stored").stderr
