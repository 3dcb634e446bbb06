"""Run benchmarks and write their tables into docs/benchmarks.md: the quick ones, or `scale [CASE ...]`."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| what | measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in rows)])


def write(parts: list[str], mark: str) -> None:
    """Put parts between a mark and the next end."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(f"<!-- {mark} -->")
    _, after = rest.split("<!-- end -->", 1)
    PAGE.write_text(f"{before}<!-- {mark} -->\n{chr(10).join(parts)}\n<!-- end -->{after}", encoding="utf-8")
    print("\n".join(parts), flush=True)


def main(arguments: list[str]) -> None:
    machine = (
        f"Python {platform.python_version()}, HiGHS {version('highspy')}, Pyomo {version('pyomo')}, "
        f"{os.cpu_count()} cores ({platform.machine()})."
    )
    if arguments[:1] == ["scale"]:
        from . import building, scale

        built = table(building.measure())
        for rows in scale.measure(arguments[1:]):
            write([machine, "", built, "", table(rows)], "scale")
        return
    from . import pages, questions, responses, shell, sweeps, workbooks

    parts = (responses, shell, questions, sweeps, pages, workbooks)
    write([machine, *(line for part in parts for line in ("", table(part.measure())))], "measured")


main(sys.argv[1:])
