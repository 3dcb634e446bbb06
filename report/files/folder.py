"""A plan as a folder of files: complete under its name, or not there at all."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import platform
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ...data import write_folder
from ...data.storage.atomic import SCRATCH, Locked, Reserved, reason
from ...data.storage.digests import write_digests
from ...data.storage.formulas import guarded
from ..format.documents import to_bytes

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.frontier.frontier import Frontier
    from ...model import Plan

RESULTS = "results"
PLAN_FILE = "plan.json"
FRONTIER_FILE = "frontier.json"
RUN_FILE = "run.json"
LOG_FILE = "solver.log"
CASE_FOLDER = "case"
PLAN_FOLDER = "plan"
KEPT_SECONDS = 1.0
"""Seconds that a solve must have taken for its plan to be written before all is known of it."""

LIBRARIES = ("highspy", "numpy", "pandas", "pyarrow", "pydantic", "pyomo", "scipy")


class ResultError(Exception):
    """A result folder that cannot be written, in one line that says what to do."""


class ResultFolder:
    """A result folder in the making.

    Its place is held against every other writer. Everything is written into a hidden folder beside it and moved there by
    `publish`. Leaving the context removes what was not published.

    Parameters
    ----------
    folder
        The result folder; None: ``results/CASE/TIMESTAMP``.
    case
        Name of the case.
    force
        Replace a result folder that is there, once the new one is complete.

    Attributes
    ----------
    log : str
        File for the solver's log.

    Raises
    ------
    ResultError
        On entering or publishing, where the folder is there already, is being written by another process, or cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, case: str, *, force: bool = False):
        self._named = folder is not None
        self.folder = default_folder(case) if folder is None else Path(folder)
        self.force = force
        self._kept = False
        self._keeping = threading.Lock()
        self._held = contextlib.ExitStack()

    def __enter__(self) -> ResultFolder:
        """Refuse a folder that is there, and make room beside it."""
        try:
            with self._told():
                self._reserve()
                self._made = self._held.enter_context(self._place.making())
                (self._made / LOG_FILE).touch()
        except BaseException:
            self._held.close()
            raise
        return self

    @cached_property
    def log(self) -> str:
        """File for the solver's log."""
        log = str(self._made / LOG_FILE)
        try:
            log.encode()
        except UnicodeEncodeError:
            # HiGHS takes no such path.
            return str(Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix=SCRATCH)), LOG_FILE))
        return log

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not published; where a plan was kept, an interrupt says so."""
        # Another thread may be about to put a plan in its place.
        with self._keeping:
            self._held.close()
        if self._kept and isinstance(error, KeyboardInterrupt):
            error.add_note(f"Ended; the plan is in {self.folder}, without what was not worked out yet.")

    def publish(self, plan: Plan, run: Mapping[str, Any]) -> Path:
        """Write a plan and put the folder in its place.

        Parameters
        ----------
        plan
            The plan.
        run
            What `run_record` returns.

        Returns
        -------
        Path
            The folder as it was named.
        """
        return self._publish(self._made, lambda folder: write_plan(plan, folder, run))

    def keep(self, plan: Plan, run: Mapping[str, Any]) -> None:
        """Put a plan in its place before all is known of it, so that nothing that ends the process takes it; `publish` replaces it.

        A plan that was found sooner than it is written is not kept. Where the folder cannot be written `publish` says so.

        Parameters
        ----------
        plan, run
            As of `publish`.
        """
        if plan.leverage is None or plan.solve.get("seconds", 0.0) < KEPT_SECONDS:
            return
        made = self._made / PLAN_FOLDER
        with self._keeping:
            try:
                with contextlib.suppress(ResultError):
                    made.mkdir()
                    self._publish(made, lambda folder: write_plan(plan, folder, run))
                    self._kept = True
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def publish_frontier(self, frontier: Frontier, run: Mapping[str, Any]) -> Path:
        """Write a frontier and put the folder in its place.

        Parameters
        ----------
        frontier
            The frontier.
        run
            What `run_record` returns.

        Returns
        -------
        Path
            The folder as it was named.
        """
        return self._publish(self._made, lambda folder: write_frontier(frontier, folder, run))

    def _publish(self, made: Path, write: Callable[[Path], None]) -> Path:
        with self._told():
            log = made / LOG_FILE
            if self.log != str(log) and Path(self.log).exists():
                shutil.copyfile(self.log, log)
            write(made)
            write_digests(made)
            if not self._kept:
                # It may have come up meanwhile.
                self._refuse_occupied()
            self._place.put(made, replace=self._kept or (self._named and self.force))
        return self.folder

    def _reserve(self) -> None:
        """Take the place of the folder; the next free one where another solve has the default one."""
        asked = self.folder
        names = (asked.with_name(f"{asked.name}-{number}") for number in itertools.count(2))
        while True:
            try:
                self._place = self._held.enter_context(Reserved(self.folder))
            except Locked:
                if self._named:
                    raise
            else:
                if self._named:
                    self._refuse_occupied()
                    return
                if not self._place.target.exists():
                    return
                self._held.close()
            self.folder = next(names)

    def _refuse_occupied(self) -> None:
        target = self.folder
        if target.exists() and not target.is_dir():
            raise ResultError(f"{self.folder} is a file; name a folder with -o")
        if not target.exists() or not any(target.iterdir()):
            return
        if not self.force:
            raise ResultError(
                f"{self.folder} is there and not empty; name a new folder with -o, or replace the result in it with --force"
            )
        if not any((target / name).is_file() for name in (PLAN_FILE, FRONTIER_FILE)):
            raise ResultError(
                f"{self.folder} holds no {PLAN_FILE}, so it is no result folder and is not replaced; name a new folder with -o"
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Locked as error:
            raise ResultError(str(error)) from error
        except OSError as error:
            raise ResultError(
                f"the result folder {self.folder} cannot be written: {reason(error, self.folder)}; "
                "name a folder in another place with -o"
            ) from error


def default_folder(case: str, now: datetime.datetime | None = None) -> Path:
    """Return ``results/CASE/TIMESTAMP`` for a case's name."""
    now = now or datetime.datetime.now()
    name = re.sub(r"[/\\\0]", "-", case).strip()
    if name in ("", ".", ".."):
        name = CASE_FOLDER
    return Path(RESULTS, name, now.strftime("%Y-%m-%dT%H-%M-%S"))


def write_plan(plan: Plan, folder: Path, run: Mapping[str, Any]) -> None:
    """Write the files of a plan into a folder: ``plan.json``, the tables, the case, ``run.json``."""
    write_folder(plan.case, folder / CASE_FOLDER)
    for name, frame in plan.tables.items():
        _write_table(frame, folder / name)
    (folder / RUN_FILE).write_bytes(to_bytes(run))
    (folder / PLAN_FILE).write_bytes(to_bytes(plan.to_dict()))


def write_frontier(frontier: Frontier, folder: Path, run: Mapping[str, Any]) -> None:
    """Write the files of a frontier into a folder: ``frontier.json``, its table, charts, the case, ``run.json``."""
    from ..charts.base import write_chart
    from ..charts.frontier import frontier_figures

    write_folder(frontier.case, folder / CASE_FOLDER)
    _write_table(frontier.to_frame(), folder / "frontier")
    for figure in frontier_figures(frontier):
        for ending in (".svg", ".png"):
            write_chart(figure.written, folder / f"{figure.name}{ending}")
    (folder / RUN_FILE).write_bytes(to_bytes(run))
    (folder / FRONTIER_FILE).write_bytes(to_bytes(frontier.to_dict()))


def _write_table(frame: pd.DataFrame, stem: Path) -> None:
    texts = frame.select_dtypes(exclude=["number", "bool"])
    shown = {name: _guarded(texts[name]) for name in texts}
    frame.assign(**shown).to_csv(stem.with_name(f"{stem.name}.csv"), index=False, encoding="utf-8", lineterminator="\n")
    # pyarrow takes no path that is not Unicode, which a name from a file system may be.
    with stem.with_name(f"{stem.name}.parquet").open("wb") as file:
        frame.to_parquet(file, index=False)


def _guarded(column: pd.Series) -> pd.Series:
    """Return a column of texts so that no spreadsheet computes one; a long column has few different ones."""
    changed = {cell: guarded(cell) for cell in column.unique() if isinstance(cell, str)}
    changed = {cell: safe for cell, safe in changed.items() if safe != cell}
    return column.map(lambda cell: changed.get(cell, cell)) if changed else column


def run_record(
    result: Plan | Frontier,
    command: str,
    given: str,
    overrides: Sequence[str],
    options: Mapping[str, Any],
    began: datetime.datetime,
) -> dict[str, Any]:
    """Return what makes a result repeatable: ``run.json``.

    Parameters
    ----------
    result
        The plan or the frontier.
    command
        The command that made it.
    given
        What the case was called.
    overrides
        ``--set`` options, in their order; the case in the folder has them applied.
    options
        All other options in force.
    began
        When the command began.
    """
    return {
        "schema": 1,
        "command": command,
        "case": result.case.name,
        "case_given": given,
        "case_digest": result.case.digest,
        "overrides": list(overrides),
        "options": dict(options),
        "status": result.status,
        "began": began.isoformat(timespec="seconds"),
        "ended": datetime.datetime.now(began.tzinfo).isoformat(timespec="seconds"),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of the program, of Python, of the system and of the libraries that a result depends on."""
    from ... import __version__

    found = {"sluicegate": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for library in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[library] = version(library)
    return found
