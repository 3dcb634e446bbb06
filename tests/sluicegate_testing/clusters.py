"""A Dask cluster on this machine."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from distributed import Client

TESTS = Path(__file__).parents[1]


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on this machine, both of them there."""
    file = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    python = [sys.executable, "-m"]

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*python, *arguments],
            cwd=TESTS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    scheduler = start("distributed.cli.dask_scheduler", *common, "--port", "0")
    started = [scheduler]
    try:
        end = time.monotonic() + 60
        while not (file.exists() and file.read_text().rstrip().endswith("}")) and time.monotonic() < end:
            time.sleep(0.1)
        workers = [
            start(
                "distributed.cli.dask_worker",
                *common,
                "--nthreads",
                "1",
                "--no-nanny",
                "--local-directory",
                str(folder),
            )
            for _ in range(2)
        ]
        started += workers
        address = json.loads(file.read_text())["address"]
        # Work is shared among the workers that have come when it starts.
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(len(workers), timeout=60)
        yield address, workers
    finally:
        for process in started:
            process.send_signal(signal.SIGKILL)
            process.wait()
