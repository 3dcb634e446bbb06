"""Run every benchmark and write the table into docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from . import responses, shell, sweeps

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- end -->"


def table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| what | measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in rows)])


def main() -> None:
    machine = (
        f"Python {platform.python_version()}, HiGHS {version('highspy')}, Pyomo {version('pyomo')}, "
        f"{os.cpu_count()} cores ({platform.machine()})."
    )
    parts = [machine, "", table(responses.measure()), "", table(shell.measure()), "", table(sweeps.measure())]
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{chr(10).join(parts)}\n{END}{after}", encoding="utf-8")
    print("\n".join(parts))


main()
