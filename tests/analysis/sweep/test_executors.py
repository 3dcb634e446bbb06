"""Workers that end in the middle: replaced, their samples done anew, none twice on disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sluicegate.analysis.sweep import executors
from sluicegate.analysis.sweep.executors import Batch, Cluster, InProcess, Processes
from sluicegate.analysis.sweep.store import SweepError

from sluicegate_testing.clusters import cluster
from sluicegate_testing.standin import FIGURE, Cheap


def batches(count: int, size: int = 4) -> list[Batch]:
    return [[(sample, {FIGURE: 1.0}) for sample in range(start, start + size)] for start in range(0, count, size)]


def never() -> bool:
    return False


def statuses(found: Iterator[list[dict[str, Any]]]) -> dict[int, str]:
    rows = [row for rows in found for row in rows]
    assert len({row["sample"] for row in rows}) == len(rows)
    return {row["sample"]: row["status"] for row in rows}


def begun(folder: Path) -> dict[int, int]:
    return {int(path.stem): path.stat().st_size for path in folder.glob("*.begun")}


def test_in_process() -> None:
    assert statuses(InProcess(Cheap(), never).run(batches(10, 5))) == dict.fromkeys(range(10), "optimal")


def test_a_worker_that_ends_is_replaced(tmp_path: Path) -> None:
    task = Cheap(folder=str(tmp_path), deadly={5: 1})
    assert statuses(Processes(task, never, 2).run(batches(16))) == dict.fromkeys(range(16), "optimal")
    # What was finished of the batch is not done again.
    assert begun(tmp_path) == {**dict.fromkeys(range(16), 1), 5: 2}


def test_a_sample_that_ends_two_workers_has_failed(tmp_path: Path) -> None:
    task = Cheap(folder=str(tmp_path), deadly={5: 9})
    assert statuses(Processes(task, never, 2).run(batches(16))) == {**dict.fromkeys(range(16), "optimal"), 5: "failed"}
    assert begun(tmp_path)[5] == 2


class Unready:
    """Ends the process before it is at work."""

    def worker(self, stop: Any) -> Any:
        raise SystemExit(1)

    def failed(self, sample: int, values: Any, message: str) -> Any:
        raise AssertionError


class Faulty(Cheap):
    """A fault of the program in every worker."""

    def worker(self, stop: Any) -> Any:
        raise RuntimeError("a fault")


def test_workers_that_never_get_ready() -> None:
    with pytest.raises(SweepError, match="workers end before they are ready"):
        list(Processes(Unready(), never, 1).run(batches(4)))
    with pytest.raises(RuntimeError, match="a fault"):
        list(Processes(Faulty(), never, 1).run(batches(4)))


UNGUARDED = """
from sluicegate.analysis.sweep.executors import Processes

class Large:
    def __init__(self):
        self.figures = bytes(1_000_000)

list(Processes(Large(), lambda: False, 2).run([[(0, {})]]))
"""


def test_a_script_that_starts_itself_again_is_told_so(tmp_path: Path) -> None:
    """However much its workers would have to be sent."""
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert 'needs the line `if __name__ == "__main__":`' in done.stderr


def test_stopping() -> None:
    done: list[Any] = []
    executor = Processes(Cheap(seconds=0.05), lambda: len(done) > 3, 2)
    for rows in executor.run(batches(400)):
        done.append(rows)
    assert 3 < len(done) < 40


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_that_loses_a_worker(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    with cluster(tmp_path) as (address, workers):
        found: dict[int, str] = {}
        rows = Cluster(Cheap(seconds=0.02, folder=str(notes)), never, address).run(batches(200))
        for sample in rows:
            found |= {row["sample"]: row["status"] for row in sample}
            if len(found) == 20:
                workers[0].send_signal(signal.SIGKILL)
        assert found == dict.fromkeys(range(200), "optimal")
        assert workers[0].wait(10) == -signal.SIGKILL
        assert begun(notes).keys() == set(range(200))


def test_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "CONNECT_TIMEOUT", "1s")
    with pytest.raises(SweepError, match="no Dask scheduler answers at"):
        list(Cluster(Cheap(), never, "tcp://127.0.0.1:9").run(batches(4)))
