"""Result folders for tests."""

from __future__ import annotations

import datetime
from pathlib import Path

from sluicegate import Case, Plan, frontier, make_design, sweep
from sluicegate.report.files.folder import ResultFolder, run_record


def publish(case: Case, plan: Plan, folder: Path) -> Path:
    """Write a result folder as the command does."""
    record = run_record(plan, "solve", case.name, [], {"threads": 1}, datetime.datetime.now().astimezone())
    with ResultFolder(folder, case.name) as result:
        return result.publish(plan, record)


def frontier_folder(case: Case, folder: Path) -> Path:
    with ResultFolder(folder, case.name) as result:
        return result.publish_frontier(frontier(case, "budget", points=4), {"command": "frontier"})


def sweep_folder(case: Case, folder: Path) -> Path:
    design = make_design(case, "lhs", ["limits.budget=10..40"], samples=6, seed=1)
    sweep(case, design, policies="both", folder=folder)
    return folder
