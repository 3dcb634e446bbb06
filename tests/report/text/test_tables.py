"""Tables on narrow terminals: every column is shown whole, with what tells its rows apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from sluicegate import Plan
from sluicegate.report.format.names import Name
from sluicegate.report.text.blocks import blocks
from sluicegate.report.text.layout import new_table
from sluicegate.report.text.plan import show_plan

ROWS = [("tw-foundry-logic", "case-by-case", "1,234.5", "99.9%"), ("acid", "review", "2.0", "100%")]


def table(**options: Any) -> Any:
    made = new_table("Regime", "Policy", "Cost", "Granted", "Hours", **options)
    for regime, policy, *figures in ROWS:
        made.add_row(Name(regime), Name(policy), *figures, Text("12,345"))
    return made


def printed(renderable: Any, width: int) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(renderable)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert all(cell_len(line) <= width for line in lines)
    return lines


@pytest.mark.parametrize("width", [24, 30, 40, 50, 60])
def test_nothing_is_cut_off_at_any_width(width: int) -> None:
    lines = printed(table(names=2), width)
    text = "\n".join(lines)
    heads = [line for line in lines if "Regime" in line]
    assert heads and all("Policy" in line for line in heads)
    for figure in ("1,234.5", "99.9%", "2.0", "100%", "12,345", "Cost", "Granted", "Hours"):
        assert figure in text, figure
    assert "…" not in text
    # Every part has every row.
    assert text.count("acid") == len(heads) and "".join(text.split()).count("foundry") >= 1


def test_a_wide_terminal_has_onenew_table() -> None:
    assert sum("Regime" in line for line in printed(table(names=2), 80)) == 1


def test_columns_of_names_alone_are_split_with_the_first() -> None:
    made = new_table("Figure", *"ABCDEF", names=7)
    made.add_row(*(Name(f"{letter}-something-long") for letter in "xABCDEF"))
    lines = printed(made, 40)
    assert sum("Figure" in line for line in lines) > 1
    for letter in "ABCDEF":
        assert any(f"{letter}-" in line for line in lines)


def test_a_page_has_the_wholenew_table() -> None:
    (block,) = blocks([table(names=2)])
    assert block["heads"] == ["Regime", "Policy", "Cost", "Granted", "Hours"] and len(block["rows"]) == 2


@pytest.mark.parametrize("width", [40, 45, 50])
def test_the_policy_table_keeps_regime_and_policy(plan: Plan, width: int) -> None:
    console = Console(width=width)
    with console.capture() as captured:
        show_plan(plan, console)
    text = captured.get()
    assert all(cell_len(line) <= width for line in text.splitlines())
    section = text[text.index("\nPolicies") : text.index("Delay: mean")]
    rows = [line.split() for line in section.splitlines() if "strict" in line]
    keys = [row.index("strict") for row in rows]
    assert rows and all(row[0] == "Review" for row in rows)
    assert [figure for row, at in zip(rows, keys, strict=True) for figure in row[at + 1 :]] == [
        "3",
        "50%",
        "3",
        "0",
        "2",
        "0",
        "0",
    ]


@pytest.mark.parametrize(("columns", "width"), [("0", 80), ("1", 40), ("40", 40), ("60", 60), ("", 80)])
def test_the_command_prints_at_every_width(tmp_path: Path, columns: str, width: int) -> None:
    command = [sys.executable, "-m", "sluicegate.cli", "cases"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ, "COLUMNS": columns}
    )
    assert "taiwan-korea" in done.stdout and "Taiwan-Korea 2026" in " ".join(done.stdout.split())
    assert max(map(cell_len, done.stdout.splitlines())) <= width
