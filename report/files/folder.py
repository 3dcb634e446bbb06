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
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ...data import write_folder
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
LIBRARIES = ("highspy", "numpy", "pandas", "pyarrow", "pydantic", "pyomo", "scipy")


class ResultError(Exception):
    """A result folder that cannot be written, in one line that says what to do."""


class ResultFolder:
    """A result folder in the making.

    Everything is written into a hidden folder beside the place of the result and moved there by `publish`. Leaving the
    context removes what was not published.

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
        On entering or publishing, where the folder is there already or cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, case: str, *, force: bool = False):
        self._named = folder is not None
        self.folder = default_folder(case) if folder is None else Path(folder)
        self.force = force
        self._parents: list[Path] = []
        self._scratch: Path | None = None

    def __enter__(self) -> ResultFolder:
        """Refuse a folder that is there, and make room beside it."""
        try:
            with self._told():
                # Resolved, so that a link keeps pointing to the result.
                self._target = self._asked = self.folder.resolve()
                self._make_way()
                _make_parents(self._target.parent, self._parents)
                self._scratch = Path(tempfile.mkdtemp(prefix=".sluicegate-", dir=self._target.parent))
                # Inside the scratch folder, so that it gets the permissions of any new folder.
                self._made = self._scratch / "result"
                self._old = self._scratch / "replaced"
                self._made.mkdir()
                (self._made / LOG_FILE).touch()
        except BaseException:
            self._clean()
            raise
        return self

    @property
    def log(self) -> str:
        """File for the solver's log."""
        return str(self._made / LOG_FILE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not published."""
        self._clean()

    def _clean(self) -> None:
        if self._scratch is not None:
            self._restore()
            shutil.rmtree(self._scratch, ignore_errors=True)
        with contextlib.suppress(OSError):
            for parent in reversed(self._parents):
                parent.rmdir()

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
        return self._publish(lambda folder: write_plan(plan, folder, run))

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
        return self._publish(lambda folder: write_frontier(frontier, folder, run))

    def _publish(self, write: Callable[[Path], None]) -> Path:
        with self._told():
            write(self._made)
            self._place()
        return self.folder

    def _make_way(self) -> None:
        """Refuse a folder that is there; take the next free name where another solve has the default one."""
        if self._named:
            self._refuse_occupied()
            return
        names = (f"{self._asked.name}-{number}" for number in itertools.count(2))
        while self._target.exists():
            self._target = self._asked.with_name(next(names))
            self.folder = self.folder.with_name(self._target.name)

    def _refuse_occupied(self) -> None:
        target = self._target
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

    def _place(self) -> None:
        self._make_way()
        try:
            if self._named and self.force and self._target.exists():
                os.rename(self._target, self._old)
            # Refuses a folder that is not empty.
            os.rename(self._made, self._target)
        finally:
            self._restore()

    def _restore(self) -> None:
        """Put the old folder back where the new one could not take its place."""
        if self._scratch is not None and self._old.exists() and not self._target.exists():
            os.rename(self._old, self._target)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultError(
                f"the result folder {self.folder} cannot be written: {reason[:1].lower()}{reason[1:]}; "
                "name a folder in another place with -o"
            ) from error


def default_folder(case: str, now: datetime.datetime | None = None) -> Path:
    """Return ``results/CASE/TIMESTAMP`` for a case's name."""
    now = now or datetime.datetime.now()
    name = re.sub(r"[/\\\0]", "-", case).strip()
    if name in ("", ".", ".."):
        name = CASE_FOLDER
    return Path(RESULTS, name, now.strftime("%Y-%m-%dT%H-%M-%S"))


def _make_parents(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it; those that were not there are added to `made`, from the top."""
    missing: list[Path] = []
    while not folder.exists():
        missing.insert(0, folder)
        folder = folder.parent
    for parent in missing:
        parent.mkdir(exist_ok=True)
        made.append(parent)


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
    frame.to_csv(stem.with_name(f"{stem.name}.csv"), index=False, encoding="utf-8", lineterminator="\n")
    frame.to_parquet(stem.with_name(f"{stem.name}.parquet"), index=False)


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
