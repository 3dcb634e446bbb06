"""What a planner waits for at the shell: a whole solve, and the help."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 3


def run(*arguments: str, folder: str) -> tuple[float, int, str]:
    """(seconds, peak resident bytes, standard output) of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("sluicegate")), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{arguments} ended with {process.returncode}"
    return time.perf_counter() - began, usage.ru_maxrss * 1024, output


def measure(case_name: str = "taiwan-korea") -> list[tuple[str, str]]:
    """Medians over repeats."""
    solves, memory, shares = [], [], []
    helps = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(REPEATS):
            seconds, peak, output = run("solve", case_name, "--json", folder=folder)
            solves.append(seconds)
            memory.append(peak)
            solve = json.loads(output)["solve"]
            shares.append(solve["build_seconds"] / solve["seconds"])
            helps.append(statistics.median(run("--help", folder=folder)[0] for _ in range(5)))
    return [
        (f"`sluicegate solve {case_name}` (aim <= 20 s)", f"{statistics.median(solves):.1f} s"),
        ("its peak memory, largest process (aim < 1 GB)", f"{statistics.median(memory) / 1e9:.2f} GB"),
        ("building the programs, share of the solve", f"{statistics.median(shares):.0%}"),
        ("`sluicegate --help` (aim <= 0.3 s)", f"{statistics.median(helps):.2f} s"),
    ]
