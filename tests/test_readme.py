"""What the README says to do is what is checked, in its order, and one command does not spoil the next."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUFF = Path(sys.executable).with_name("ruff")


def test_the_check_runs_the_commands_of_the_readme_in_its_order() -> None:
    shell = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shell
    said = [line.split("#")[0].strip() for line in shell[1].splitlines()]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    done = [line for line in script if line and not line.startswith(("#", "set ", "cd "))]
    assert said == done == ["make demo", "make test"]


def test_the_demo_ends_with_commands_that_work_as_printed() -> None:
    shown = subprocess.run(
        ["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    said = [line for line in shown if "echo" in line and ".venv/bin/sluicegate" in line]
    assert [re.search(r"sluicegate ([-\w]+)", line)[1] for line in said] == ["report", "explain", "init", "--help"]  # type: ignore[index]


@pytest.mark.skipif(not RUFF.exists(), reason="ruff is not installed")
@pytest.mark.parametrize("name", ["checkout", "sluicegate"])
def test_the_linter_takes_nothing_left_behind_for_a_package(tmp_path: Path, name: str) -> None:
    """Imports stay sorted whatever the checkout is called, and where results, cases and a case's name are folders in it."""
    checkout = tmp_path / name
    for folder in ("tests", "tools"):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "__init__.py"):
        shutil.copy(ROOT / file, checkout)
    for folder in ("results", "cases", "mine", "pages", "oracle", "strategies", "hypothesis"):
        (checkout / folder).mkdir()
    command = [RUFF, "check", "--no-cache", "--select", "I", "."]
    told = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
