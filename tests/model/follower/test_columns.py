"""Responses worked out by several processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

UNGUARDED = """
import sluicegate
from sluicegate.model.follower import enumerate as columns

columns.CHUNK = 1
plan = sluicegate.solve(sluicegate.load_case("tutorial"), threads=2)
print(plan.status, round(plan.leverage, 6))
"""


def test_a_plan_does_not_hang_on_processes_that_end(tmp_path: Path) -> None:
    """As those do that start the script again which started them."""
    alone = tmp_path / "alone.py"
    alone.write_text(UNGUARDED.replace("threads=2", "threads=1"))
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    one, two = (
        subprocess.run([sys.executable, str(each)], capture_output=True, text=True, timeout=120, check=True)
        for each in (alone, script)
    )
    assert "bootstrapping" in two.stderr and one.stderr == ""
    assert two.stdout == one.stdout
    assert one.stdout.startswith("optimal")
