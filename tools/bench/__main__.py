"""Run benchmarks and write their tables into docs/benchmarks.md: the quick ones, or `scale [--runs FILE] [CASE[/METHOD] ...]`
(runs kept in a file are not run again), or
`buyers [SIZE[/METHOD] ...]`, or `worlds`; `worlds CASE N [CRITERION]` prints what every step of a plan for N worlds takes."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| what | measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in rows)])


def write(parts: list[str], mark: str) -> None:
    """Put parts between a mark and the next end."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(f"<!-- {mark} -->")
    _, after = rest.split("<!-- end -->", 1)
    PAGE.write_text(f"{before}<!-- {mark} -->\n{chr(10).join(parts)}\n<!-- end -->{after}", encoding="utf-8")
    print("\n".join(parts), flush=True)


def measured(mark: str) -> list[list[tuple[str, str]]]:
    """Rows of the tables after a mark."""
    part = PAGE.read_text(encoding="utf-8").split(f"<!-- {mark} -->")[1].split("<!-- end -->")[0]
    tables = [block.splitlines()[2:] for block in part.strip().split("\n\n") if block.startswith("|")]
    return [[(what, value) for what, value in (line.strip("| ").split(" | ") for line in rows)] for rows in tables]


def main(arguments: list[str]) -> None:
    machine = (
        f"Python {platform.python_version()}, HiGHS {version('highspy')}, Pyomo {version('pyomo')}, "
        f"{os.cpu_count()} cores ({platform.machine()})."
    )
    if arguments[:1] == ["scale"]:
        from . import building, scale

        only, runs = arguments[1:], None
        if only[:1] == ["--runs"]:
            runs, only = Path(only[1]), only[2:]
        # Rows of what is not run again stay.
        before = measured("scale")
        built, known = (before[0], dict(before[1])) if only and before else (building.measure(), {})
        for rows in scale.measure(only, runs):
            write([machine, "", table(built), "", table(list((known | dict(rows)).items()))], "scale")
        return
    if arguments[:1] == ["buyers"]:
        from . import buyers

        known = dict(measured("buyers")[0]) if arguments[1:] else {}
        write([machine, "", table(list((known | dict(buyers.measure(arguments[1:]))).items()))], "buyers")
        return
    if arguments[:1] == ["worlds"]:
        from . import worlds

        if arguments[1:]:
            name, many, *criterion = arguments[1:]
            print(table(worlds.steps(name, int(many), *criterion)))
            return
        write([machine, "", table(worlds.measure())], "worlds")
        return
    from . import pages, questions, responses, shell, sweeps, trade, workbooks

    parts = (responses, shell, questions, sweeps, pages, workbooks, trade)
    write([machine, *(line for part in parts for line in ("", table(part.measure())))], "measured")


main(sys.argv[1:])
