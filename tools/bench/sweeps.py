"""A sweep against solves from the shell, one worker against two, and what keeping rows costs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from sluicegate import load_case, make_design
from sluicegate.analysis.figures.factors import Factor, Uniform
from sluicegate.analysis.figures.figure import override
from sluicegate.analysis.sweep import run as sweeping
from sluicegate.analysis.sweep.design import Design
from sluicegate.analysis.sweep.store import SweepStore
from sluicegate.analysis.sweep.worker import Worker
from sluicegate.model.plan.monitor import Monitor

from .shell import run

OURS = ("lanes.hbm4-boise-expansion.unit_cost=*0.8..*1.3", "lanes.hbm3e-jurong-expansion.fixed_cost=*0.5..*2")
THEIRS = (
    "lanes.photoresist-kawasaki-icheon.unit_cost=*0.8..*1.3",
    "lanes.ai-chip-kaohsiung-cheonan.unit_cost=*0.9..*1.2",
)
SAMPLES = 48
COLD = 3
SIZES = (100, 20_000)


def touching(vary: tuple[str, ...], case_name: str = "taiwan-korea") -> tuple[float, float, float]:
    """(seconds of a cold solve from the shell, of a sample of a sweep, and of what samples share) on one process."""
    case = load_case(case_name)
    design = make_design(case, "lhs", vary, samples=SAMPLES)
    task = sweeping.task_of(case, design, "free", None, None)
    worker = Worker(task)
    cold, shared = [], 0.0
    seconds = []
    for number, batch in enumerate(sweeping.batches(task, design, set())):
        began = time.perf_counter()
        worker.begin()
        for sample, values in batch:
            worker.rows(sample, values)
            if number == 0 and not seconds:
                # What all samples share is built with the first.
                shared = time.perf_counter() - began
                began = time.perf_counter()
                seconds.append(0.0)
        seconds.append(time.perf_counter() - began)
    with tempfile.TemporaryDirectory() as folder:
        for sample in range(COLD):
            sets = [f"--set={override(path, design.samples[path][sample])}" for path in design.samples]
            cold.append(run("solve", case_name, "--json", *sets, folder=folder)[0])
    return statistics.median(cold), sum(seconds) / (SAMPLES - 1), shared


class Clock(Monitor):
    """Takes note of when samples were done."""

    def __init__(self) -> None:
        self.times: dict[int, float] = {}

    def advance(self, done: int, total: int) -> None:
        self.times[done] = time.perf_counter()


def workers(size: int = 2048) -> float:
    """How much faster samples are done by two workers than by one, once they are at work."""
    case = load_case("tutorial")
    design = make_design(
        case, "lhs", ["limits.budget=*0.5..*2", "lanes.gas-home-abroad.max_flow=*1..*1.5"], samples=size
    )
    seconds = {}
    for count in (1, 2):
        clock = Clock()
        with tempfile.TemporaryDirectory() as folder:
            sweeping.run_sweep(case, design, Path(folder, "sweep"), workers=count, monitor=clock)
        seconds[count] = clock.times[size] - clock.times[size // 8]
    return seconds[1] / seconds[2]


def bookkeeping(count: int = 5000) -> float:
    """Seconds for each row of a plan to be made, kept and gathered, the solve left out."""
    case = load_case("taiwan-korea")
    row = {f"scenarios.none.fill.{number}": 1.0 / (number + 1) for number in range(150)}
    samples = pd.DataFrame(
        {"limits.budget": [float(n) for n in range(count)]}, index=pd.RangeIndex(count, name="sample")
    )
    design = Design("list", (Factor("limits.budget", Uniform(0, count)),), samples)
    with tempfile.TemporaryDirectory() as folder:
        kept = SweepStore.create(Path(folder, "sweep"), {}, {}, samples, lambda place: place.mkdir())
        task = sweeping.task_of(case, design, "free", None, None)
        work = sweeping.batches(task, design, set())
        began = time.perf_counter()
        with kept:
            for batch in work:
                kept.append([{"sample": sample, "mode": "free", "status": "optimal", **row} for sample, _ in batch])
            kept.compact()
        seconds = time.perf_counter() - began
    return seconds / count


def memory(samples: int) -> float:
    """Peak resident bytes of a sweep of the tutorial case with so many samples."""
    code = (
        "import resource, sys, tempfile, pathlib\n"
        "from sluicegate import load_case, make_design\n"
        "from sluicegate.analysis.sweep.run import run_sweep\n"
        "case = load_case('tutorial')\n"
        "drawn = make_design(case, 'lhs', ['limits.budget=*0.5..*2'], samples=int(sys.argv[1]))\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    run_sweep(case, drawn, pathlib.Path(folder, 'sweep'))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(samples)], capture_output=True, text=True, check=True)
    return float(ended.stdout)


def sobol() -> tuple[int, float]:
    """(rows, seconds) of a Sobol sweep of the tutorial case, in one go from the shell."""
    vary = [
        "limits.budget=*0.5..*2",
        "lanes.chip-world-home.unit_cost=*0.8..*1.3",
        "lanes.acid-home-abroad.margin=*0.5..*2",
    ]
    with tempfile.TemporaryDirectory() as folder:
        asked = [part for text in vary for part in ("--vary", text)]
        seconds, _, output = run(
            "sweep", "tutorial", "--design", "sobol", "--samples", "2048", *asked, "--json", "-o", "out", folder=folder
        )
    return sum(json.loads(output)["rows"].values()), seconds


def measure() -> list[tuple[str, str]]:
    """Every ratio from one run."""
    cold, ours, shared = touching(OURS)
    cold_theirs, theirs, shared_theirs = touching(THEIRS)
    few, many = (memory(size) for size in SIZES)
    rows, seconds = sobol()
    return [
        ("cold solve from the shell / a sample that touches only our side (aim >= 30)", f"{cold / ours:.1f} x"),
        (f"that sample; what {SAMPLES} samples share, once", f"{ours:.2f} s; {shared:.0f} s"),
        ("cold solve from the shell / a sample that touches the response (aim >= 4)", f"{cold_theirs / theirs:.1f} x"),
        (f"that sample; what {SAMPLES} samples share, once", f"{theirs:.2f} s; {shared_theirs:.0f} s"),
        ("one worker / two workers, tutorial, 2,048 samples (aim >= 1.8)", f"{workers():.2f} x"),
        ("peak memory, 20,000 samples / 100 samples, tutorial", f"{many / few:.2f} x ({many / 1e9:.2f} GB)"),
        ("bookkeeping, per row (aim <= 2 ms)", f"{1e3 * bookkeeping():.2f} ms"),
        (f"Sobol sweep of tutorial, {rows:,} rows in one go, {os.cpu_count()} workers", f"{seconds:.0f} s"),
    ]
