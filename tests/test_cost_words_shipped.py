"""A buyer's way from ``init --diversify`` to a page, and the shipped buyer: no command speaks of a counterpart."""

from __future__ import annotations

import os
import re
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from sluicegate.cli import cli

FORBIDDEN = re.compile("leverage|counterpart|retaliat|package", re.IGNORECASE)

FIGURE = {"mine": "lanes.seal-south.fixed_cost", "battery-europe": "lanes.graphite-norway.fixed_cost"}
"""A figure of every case to ask about."""

LONG = "SLUICEGATE_SOAK" in os.environ
"""Whether to ask what takes many solves; of a smaller case it is always asked (test_cost_words.py)."""


def _asked(name: str) -> dict[str, tuple[str, ...]]:
    """Commands to a case by their names; all go on from one solve."""
    figure = FIGURE[name]
    lane = figure.split(".")[1]
    quick = {
        "solve": ("solve", name, "--no-range", "-o", "plan"),
        "show": ("show", "plan"),
        "evaluate": ("evaluate", name, "--qualify", lane, "-o", "given"),
        "compare": ("compare", "plan", "given"),
        "indices": ("indices", name),
        "page": ("report", "plan", "-o", "plan.html"),
        "workbook": ("report", "plan", "--workbook", "plan.xlsx"),
    }
    long = {
        "explain": ("explain", name),
        "breakeven": ("breakeven", name, figure, "--low", "50", "--high", "70"),
        "frontier": ("frontier", name, "--against", "stockpile_value", "--points", "2", "-o", "curve"),
        "curve": ("report", "curve", "-o", "curve.html"),
        "sweep": ("sweep", name, "--vary", f"{figure}=50..70", "--samples", "2", "-o", "samples"),
        "summary": ("sweep", "summary", "samples"),
        "samples": ("report", "samples", "-o", "samples.html"),
    }
    return quick | (long if LONG else {})


@pytest.mark.parametrize("name", FIGURE)
def test_no_command_speaks_of_a_counterpart(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told: dict[str, str] = {}
    begun = {"init": ("init", "mine", "--diversify")} if name == "mine" else {}
    for command, arguments in (begun | _asked(name)).items():
        result = CliRunner().invoke(cli, arguments)
        # Choices that are given may break limits.
        assert result.exit_code in ((0, 3) if command == "evaluate" else (0,)), (command, result.output)
        told[command] = result.output
    told |= {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html")}
    for sheet in openpyxl.load_workbook("plan.xlsx", read_only=True):
        # The sheet of the parties offers the roles that one may have.
        told[sheet.title] = "\n".join(str(cell) for row in sheet.values for cell in row if cell is not None)
    found = {
        at: text[max(0, match.start() - 60) : match.end() + 40]
        for at, text in told.items()
        if (match := FORBIDDEN.search(text))
    }
    assert not found
    assert "Allocation" in told["solve"]
    assert "Landed cost" in told["plan.html"]
    assert "no plan can cost less" in told["show"]
