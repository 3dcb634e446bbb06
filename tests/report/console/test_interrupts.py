"""Signals reach all that run on a terminal: what the command has started outlives them as long as it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

TRACKED = """
import os, signal, threading, time
from multiprocessing import resource_tracker
from sluicegate.report.console.interrupts import Interrupts, _shield

with Interrupts():
    thread = threading.Thread(target=_shield)
    thread.start()
    thread.join()
    tracker = resource_tracker._resource_tracker._pid
    time.sleep(0.5)
    os.kill(tracker, signal.{number})
    time.sleep(0.5)
    print(os.waitpid(tracker, os.WNOHANG))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_keeps_account_of_semaphores_outlives_a_signal(number: str) -> None:
    assert hasattr(signal, number)
    ended = subprocess.run(
        [sys.executable, "-c", TRACKED.format(number=number)], capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == ("(0, 0)\n", "")
