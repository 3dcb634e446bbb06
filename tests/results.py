"""Result folders for tests."""

from __future__ import annotations

import datetime
from pathlib import Path

from sluicegate import Case, Plan
from sluicegate.report.folder import ResultFolder, run_record


def publish(case: Case, plan: Plan, folder: Path) -> Path:
    """Write a result folder as the command does."""
    record = run_record(plan, "solve", case.name, [], {"threads": 1}, datetime.datetime.now().astimezone())
    with ResultFolder(folder, case.name) as result:
        return result.publish(plan, record)
