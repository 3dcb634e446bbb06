"""Starts a sweep, kills it, goes on with it, a hundred times over; run as a script."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from sluicegate.analysis.sweep import run as sweeping
from sluicegate.analysis.sweep.store import SweepStore
from sluicegate.data.storage.digests import check_digests

from sluicegate_testing.cli_cases import small
from sluicegate_testing.standin import Cheap, _Worker, design

SAMPLES = 800


def on_disk(folder: Path) -> set[int]:
    return set(SweepStore(folder).finished()["sample"].tolist())


def begun(notes: Path) -> dict[int, int]:
    return {int(path.stem): path.stat().st_size for path in notes.iterdir()}


def start(folder: Path, notes: Path, *, wait: bool = False) -> int:
    """Go on with the sweep in a process of its own; wait until it is at its samples, or not."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        Cheap.worker = lambda task, stop: (os.write(told, b"x"), _Worker(task))[1]  # type: ignore[assignment]
        run(folder, notes, resume=True)
        os._exit(0)
    os.close(told)
    if wait:
        os.read(heard, 1)
    os.close(heard)
    return child


def run(folder: Path, notes: Path, *, resume: bool) -> None:
    sweeping.task_of = lambda case, *_: Cheap(case, 0.001, folder=str(notes))  # type: ignore[assignment]
    sweeping.alters = lambda *_: frozenset()  # type: ignore[assignment]
    sweeping.FLUSH_SECONDS = 0.02
    sweeping.run_sweep(small(), design(SAMPLES), folder, resume=resume)


def main(kills: int, folder: Path, notes: Path) -> None:
    dice = random.Random(1)
    case = small()
    options = {"policies": "free", "time_limit": None, "rel_gap": None}
    from sluicegate.data import write_folder

    drawn = design(SAMPLES)
    SweepStore.create(
        folder, sweeping._meta(case, drawn, options), {}, drawn.samples, lambda place: write_folder(case, place)
    )
    lost = repeated = steps = altered = 0
    for _ in range(kills):
        kept, before = on_disk(folder), begun(notes)
        child = start(folder, notes, wait=dice.random() < 0.8)
        time.sleep(dice.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = begun(notes)
        lost += len(kept - on_disk(folder))
        altered += check_digests(folder).remark is not None
        repeated += sum(after[sample] != before.get(sample, 0) for sample in kept)
        steps += on_disk(folder) != kept
    os.waitpid(start(folder, notes), 0)
    frame = SweepStore(folder).frame()
    found = {
        "lost": lost,
        "repeated": repeated,
        "steps": steps,
        "altered": altered + (check_digests(folder).remark is not None),
        "complete": frame["sample"].tolist() == list(range(SAMPLES)),
        "right": bool((frame["leverage"] == 2.0 * frame["sample"]).all()),
        "files": sorted(path.name for path in (folder / "rows").iterdir()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
