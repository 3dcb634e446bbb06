"""Plans and result folders to report on."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sluicegate import Plan, evaluate, load_case, solve, with_reasons
from sluicegate.report.page.page import page_of, read_results, write_page

from sluicegate_testing.cli_cases import hostile, small
from sluicegate_testing.results import publish

GAP = 0.05
"""Close enough for pages; a proof to the last digit takes longer."""


@pytest.fixture(scope="session")
def plan() -> Plan:
    return solve(small())


@pytest.fixture(scope="session")
def hostile_plan() -> Plan:
    return solve(hostile())


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of the run share."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    (base / "results").mkdir(exist_ok=True)
    return base / "results"


@pytest.fixture(scope="session")
def result(shared: Path) -> Callable[[str], Path]:
    """Return what gives the result folder of a shipped case, solved once for all processes."""

    def folder(name: str) -> Path:
        kept = shared / name
        with _locked(shared / f"{name}.lock"):
            if not kept.exists():
                case = load_case(name)
                plan = solve(case, rel_gap=GAP)
                # The larger cases take longer; what is shown of reasons does not depend on the case.
                publish(case, with_reasons(plan) if name == "tutorial" else plan, kept)
        return kept

    return folder


@pytest.fixture(scope="session")
def shipped_page(shared: Path, result: Callable[[str], Path]) -> Callable[[str], str]:
    """Return what gives the page of a shipped case, made once for all processes."""

    def page(name: str) -> str:
        folder, kept = result(name), shared / f"{name}.html"
        with _locked(shared / f"{name}.lock"):
            if not kept.exists():
                write_page(page_of(read_results([str(folder)])), kept)
        return kept.read_text(encoding="utf-8")

    return page


@pytest.fixture(scope="session")
def open_page(shared: Path) -> Callable[[str], Path]:
    """Return what gives the file of a shipped case's page with nothing done, made once for all processes."""

    def file(name: str) -> Path:
        kept, case = shared / f"{name}-open.html", load_case(name)
        with _locked(shared / f"{name}-open.lock"):
            if not kept.exists():
                folder = publish(case, evaluate(case), shared / f"{name}-open")
                write_page(page_of(read_results([str(folder)])), kept)
        return kept

    return file


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
