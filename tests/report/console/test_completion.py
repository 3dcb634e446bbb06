"""What Tab offers in a shell: Click's protocol, and the shells that are here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from sluicegate.cli import cli
from sluicegate.data import write_folder, write_workbook

from sluicegate_testing.cli_cases import small

COMMAND = Path(sys.executable).with_name("sluicegate")
SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a case ``small``, the workbook ``small.xlsx``, a result and a folder of results."""
    monkeypatch.chdir(tmp_path)
    write_folder(small(), "small")
    write_workbook(small(), "small.xlsx")
    Path("results/first").mkdir(parents=True)
    Path("results/first/plan.json").touch()
    Path("notes").mkdir()
    Path("notes.txt").touch()
    return tmp_path


def offered(*words: str) -> list[str]:
    """What is offered for the last word."""
    completer = BashComplete(cli, {}, "sluicegate", "_SLUICEGATE_COMPLETE")
    return [item.value for item in completer.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["so"], ["solve"]),
        (["cases", "c"], ["copy"]),
        (["solve", "tut"], ["tutorial"]),
        (["solve", "s"], ["small", "small.xlsx"]),
        (["solve", "n"], ["notes/"]),
        (["solve", "small", "--time"], ["--time-limit"]),
        (["cases", "copy", "taiwan"], ["taiwan-korea", "taiwan-korea-mid-2026"]),
        (["compare", "results/"], ["results/first"]),
        (["compare", "small", "r"], ["results/"]),
        (["report", "results/f"], ["results/first"]),
        (["solve", "small", "--set", "l"], ["lanes.", "limits."]),
        (["solve", "--set", "l"], ["lanes.", "limits."]),
        (["solve", "small", "--set", "limits.b"], ["limits.budget=30", "limits.budget=*"]),
        (["solve", "small", "--set", "limits.reviewer"], ["limits.reviewer_hours=", "limits.reviewer_hours=*"]),
        (["solve", "small", "--set", "lanes.chip"], ["lanes.chip-in.", "lanes.chip-alt."]),
        (["solve", "small", "--set", "lanes.chip-alt.max"], ["lanes.chip-alt.max_flow=2", "lanes.chip-alt.max_flow=*"]),
        (
            ["solve", "small", "--set", "policies.review/slow.a"],
            [
                "policies.review/slow.approval_rate",
                "policies.review/slow.admin_cost",
                "policies.review/slow.applicant_cost",
                "policies.review/slow.ally_benefit",
            ],
        ),
        (["breakeven", "small", "limits.b"], ["limits.budget"]),
        (["evaluate", "small", "--policy", "review="], ["review=slow", "review=strict"]),
        (["evaluate", "small", "--qualify", ""], ["chip-alt"]),
        (["evaluate", "small", "--stockpile", "u"], ["us-site/chip=10"]),
    ],
)
def test_offers(words: list[str], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_one_row_alone_leads_on_to_its_columns() -> None:
    # A word that ends in a dot would get a space after it.
    found = offered("solve", "small", "--set", "lanes.gas")
    assert found[0].startswith("lanes.gas-out.")
    assert len(found) > 1


def test_every_path_offered_can_be_set() -> None:
    from sluicegate.data import apply_overrides

    case = small()
    for begun in ("limits.b", "lanes.chip-alt.max", "demands.us-site/chip.q", "stocks.them-site/gas.initial"):
        text = offered("solve", "small", "--set", begun)[0]
        assert apply_overrides(case, [text]) == case


@pytest.mark.parametrize("given", ["nowhere", "notes", "small.txt"])
def test_without_a_case_only_names_of_the_format_are_offered(given: str) -> None:
    assert offered("solve", given, "--set", "limits.b") == ["limits.budget=", "limits.budget=*"]
    assert offered("solve", given, "--set", "lanes.g") == []
    assert offered("evaluate", given, "--policy", "") == []


def run(shell: str, script: str, folder: Path) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell} here")
    environment = {**os.environ, "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        [found, "-c", script], capture_output=True, text=True, env=environment, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_for_a_shell_is_one(shell: str, here: Path) -> None:
    environment = {**os.environ, "_SLUICEGATE_COMPLETE": f"{shell}_source"}
    script = subprocess.run([COMMAND], capture_output=True, text=True, env=environment, check=True).stdout
    assert "_SLUICEGATE_COMPLETE" in script
    (here / "script").write_text(script)
    run(shell, f"{'fish' if shell == 'fish' else shell} -n script", here)


def test_bash_completes(here: Path) -> None:
    script = """
        eval "$(_SLUICEGATE_COMPLETE=bash_source sluicegate)"
        COMP_WORDS=(sluicegate solve small --set limits.b) COMP_CWORD=4
        _sluicegate_completion sluicegate
        printf '%s\\n' "${COMPREPLY[@]}"
        complete -p sluicegate
    """
    *replies, registered = run("bash", script, here).splitlines()
    assert replies == ["limits.budget=30", "limits.budget=*"]
    assert "_sluicegate_completion" in registered


def test_fish_completes(here: Path) -> None:
    script = """
        _SLUICEGATE_COMPLETE=fish_source sluicegate | source
        complete --do-complete 'sluicegate solve small --set limits.b'
    """
    assert {line.split("\t")[0] for line in run("fish", script, here).splitlines()} == {
        "limits.budget=30",
        "limits.budget=*",
    }


def test_zsh_takes_the_script(here: Path) -> None:
    script = """
        autoload -Uz compinit; compinit -u
        eval "$(_SLUICEGATE_COMPLETE=zsh_source sluicegate)"
        print -r -- $_comps[sluicegate]
    """
    assert run("zsh", script, here).strip() == "_sluicegate_completion"


def test_help_is_not_slowed_down() -> None:
    code = "import sys, sluicegate.cli; print(*(name for name in sys.modules if name.startswith('sluicegate.report.')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "sluicegate.report.console.options" in loaded
    assert not {name for name in loaded if not name.startswith("sluicegate.report.console")}
    assert not loaded & {"sluicegate.report.console.completion", "sluicegate.report.console.progress"}
