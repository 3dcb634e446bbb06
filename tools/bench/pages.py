"""What a planner waits for until a result is a page, and how large it is."""

from __future__ import annotations

import json
import statistics
import tempfile

from .shell import run

REPEATS = 9


def measure(case_name: str = "taiwan-korea") -> list[tuple[str, str]]:
    """Median over repeats, the least and the most."""
    with tempfile.TemporaryDirectory() as folder:
        run("solve", case_name, "--rel-gap", "0.05", "-o", "result", folder=folder)
        took = []
        for _ in range(REPEATS):
            seconds, _, output = run("report", "result", "--json", folder=folder)
            took.append(seconds)
        size = json.loads(output)["bytes"]
    spread = f"{statistics.median(took):.1f} s ({min(took):.1f} to {max(took):.1f})"
    return [
        (f"`sluicegate report` of {case_name}, 52 weeks (aim <= 3 s)", spread),
        ("size of the page (aim <= 3 MB)", f"{size / 1e6:.2f} MB"),
    ]
