"""Many solves of one case, its doubtful figures varied (docs/sweeps.md)."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data import write_folder
from ...data.output.documents import plain_document
from ...data.storage.digests import check_digests
from ...model import solve
from ...model.plan.monitor import Monitor
from ..shapes import PlanDocument, SweepDocument
from .design import Design
from .executors import Batch, Cluster, Executor, InProcess, Processes
from .ordering import alters, arranged, is_structural
from .outcomes import FREE, MODES
from .read import read_sweep
from .store import BASE, META, SweepError, SweepStore, held, read_json, refuse_occupied
from .worker import Group, Span, SweepTask, Values

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case

BATCH = 16
"""Samples of a batch; fixed, so that results do not depend on the number of workers."""

FLUSH_ROWS, FLUSH_SECONDS = 512, 1.0
"""Rows and seconds after which finished rows are put on the disk."""

LIBRARIES = ("highspy", "numpy", "pandas", "pyarrow", "pyomo", "salib", "scipy")
DECIDING = ("sluicegate", "highspy", "pyomo")
"""Libraries whose versions a sweep may not change half way."""


def sweep(
    case: Case,
    design: Design,
    *,
    policies: str = FREE,
    folder: str | os.PathLike[str] | None = None,
    workers: int = 1,
    cluster: str | None = None,
    resume: bool = False,
    force: bool = False,
    time_limit: float | None = None,
    rel_gap: float | None = None,
    monitor: Monitor | None = None,
) -> pd.DataFrame:
    """Solve a case once for every sample of a design.

    Parameters
    ----------
    case
        A checked case, the base.
    design
        What `make_design` returns.
    policies
        ``free`` finds the best plan of every sample, ``fixed`` evaluates the base plan's choices under every sample, ``both``
        does both.
    folder
        Where rows are kept as they finish; default: nowhere, and an interrupted sweep is lost.
    workers
        Processes; results do not depend on their number.
    cluster
        Address of a Dask scheduler that evaluates the samples instead.
    resume
        Continue the sweep in the folder.
    force
        Replace the sweep in the folder.
    time_limit, rel_gap
        For the solve of every sample; default: the case's.
    monitor
        Told of stage ``samples``; asked whether to stop, finished rows kept.

    Returns
    -------
    pandas.DataFrame
        As of `read_sweep`; ``attrs`` hold ``case``, ``currency``, ``design`` and ``remarks``. Where ``monitor`` stopped it,
        the rows finished so far.

    Raises
    ------
    ValueError
        For ``policies`` other than these, or where the base case has no plan to be fixed.
    SweepError
        Where the folder cannot be written, is being written by another process, or holds another sweep.
    """
    remarks: list[str] = []
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-")), "sweep")
        run_sweep(
            case,
            design,
            folder,
            policies=policies,
            workers=workers,
            cluster=cluster,
            resume=resume,
            force=force,
            time_limit=time_limit,
            rel_gap=rel_gap,
            monitor=monitor,
            remark=remarks.append,
        )
        frame = read_sweep(folder).frame
    frame.attrs["remarks"] = list(dict.fromkeys([*remarks, *frame.attrs["remarks"]]))
    return frame


def run_sweep(
    case: Case,
    design: Design,
    folder: str | os.PathLike[str],
    *,
    policies: str = FREE,
    workers: int = 1,
    cluster: str | None = None,
    resume: bool = False,
    force: bool = False,
    time_limit: float | None = None,
    rel_gap: float | None = None,
    monitor: Monitor | None = None,
    remark: Callable[[str], None] = lambda words: None,
) -> dict[str, int]:
    """Fill the folder of a sweep and hold no more rows than are waiting to be written.

    The folder is held against every other writer from before the first solve until the end.

    Parameters
    ----------
    case, design, folder, policies, workers, cluster, resume, force, time_limit, rel_gap, monitor
        As of `sweep`.
    remark
        Told what a reader should know of a sweep that is continued: files that were changed, rows that are not its own.

    Returns
    -------
    dict
        Number of rows by status.

    Raises
    ------
    ValueError, SweepError
        As of `sweep`.
    """
    monitor = monitor or Monitor()
    check_policies(policies)
    task = task_of(case, design, policies, time_limit, rel_gap)
    options = {"policies": policies, "time_limit": time_limit, "rel_gap": rel_gap}
    with held(folder) as place:
        if resume:
            dataset = SweepStore(folder)
            _refuse_other(dataset, case, design, options)
            _refuse_changed(dataset, remark)
            base = read_json(dataset.folder / BASE, None if policies == FREE else PlanDocument)
        else:
            refuse_occupied(Path(folder), force=force)
            base = solve(case, time_limit=time_limit, rel_gap=rel_gap, monitor=monitor).to_dict()
            if monitor.stop():
                return {}
            dataset = SweepStore.create(
                folder,
                _meta(case, design, options),
                plain_document(base),
                design.samples,
                lambda folder: write_folder(case, folder),
                place=place,
                force=force,
            )
        return _filled(dataset, with_base(task, base), design, workers, cluster, monitor, remark)


def _filled(
    dataset: SweepStore,
    task: SweepTask,
    design: Design,
    workers: int,
    cluster: str | None,
    monitor: Monitor,
    remark: Callable[[str], None],
) -> dict[str, int]:
    """Solve the samples that have no row yet, and return the number of rows by status."""
    with dataset:
        for words in dataset.set_aside():
            remark(words)
        finished = dataset.finished()
        counts = Counter(finished["status"].tolist())
        done = set(finished["sample"].tolist())
        executor = _executor(task, workers, cluster, monitor)
        _fill(dataset, executor, batches(task, design, done), counts, len(design.samples), len(done), monitor)
        dataset.compact()
    return dict(counts)


def task_of(case: Case, design: Design, policies: str, time_limit: float | None, rel_gap: float | None) -> SweepTask:
    """Return what workers need to know of a sweep."""
    frame = design.samples
    structural = tuple(name for name in frame.columns if is_structural(case, name, frame[name]))
    rest = [name for name in frame.columns if name not in structural]
    blocks = frame.groupby(list(structural), sort=False) if structural else [((), frame)]
    groups = {
        kind: Group(len(block), {name: Span(float(block[name].min()), float(block[name].max())) for name in rest})
        for kind, block in blocks
    }
    return SweepTask(case, tuple(frame.columns), policies, time_limit, rel_gap, None, structural, groups)


def with_base(task: SweepTask, base: Mapping[str, Any]) -> SweepTask:
    """Return a task that knows the choices of the base plan.

    Raises
    ------
    ValueError
        Where they are needed and there are none.
    """
    if task.policies == FREE:
        return task
    if base["status"] not in ("optimal", "feasible"):
        raise ValueError(
            f"the base case has no plan ({base['status']}) that could be held fixed; sweep with policies free, or ask explain why"
        )
    choices = {
        "policies": base["policies"],
        "qualified": tuple(base["qualified"]),
        "stockpile": base["stockpile"],
    }
    return dataclasses.replace(task, choices=choices)


def check_policies(policies: str) -> str:
    """Return the policies option if it is one.

    Raises
    ------
    ValueError
        Naming those there are.
    """
    if policies not in MODES:
        raise ValueError(f"policies: {policies!r} is none of {', '.join(MODES)}")
    return policies


def batches(task: SweepTask, design: Design, done: set[int]) -> Iterator[Batch]:
    """Yield what is left to do, alike samples together; the bounds of batches do not depend on what is done."""
    order = arranged(design, alters(task.case, design), frozenset(task.structural))
    columns = list(design.samples.columns)
    for start in range(0, len(order), BATCH):
        left = [sample for sample in order[start : start + BATCH] if sample not in done]
        if left:
            rows = design.samples.loc[left].to_dict("list")
            values: list[Values] = [{name: rows[name][place] for name in columns} for place in range(len(left))]
            yield list(zip(left, values, strict=True))


def _executor(task: SweepTask, workers: int, cluster: str | None, monitor: Monitor) -> Executor:
    if cluster is not None:
        return Cluster(task, monitor.stop, cluster)
    if workers > 1:
        return Processes(task, monitor.stop, workers)
    return InProcess(task, monitor.stop)


def _fill(
    dataset: SweepStore,
    executor: Executor,
    work: Iterator[Batch],
    counts: Counter[str],
    total: int,
    done: int,
    monitor: Monitor,
) -> None:
    monitor.stage("samples", total)
    monitor.advance(done, total)
    waiting: list[Mapping[str, Any]] = []
    written = time.monotonic()
    try:
        # Closed whatever happens, so that no worker outlives its sweep.
        with contextlib.closing(executor.run(work)) as results:
            for rows in results:
                waiting += rows
                done += 1
                counts.update(row["status"] for row in rows)
                monitor.tally(counts)
                monitor.advance(done, total)
                if len(waiting) >= FLUSH_ROWS or time.monotonic() - written >= FLUSH_SECONDS:
                    finished, waiting = waiting, []
                    dataset.append(finished)
                    written = time.monotonic()
    finally:
        dataset.append(waiting)


def _meta(case: Case, design: Design, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "case": case.name,
        "case_digest": case.digest,
        "currency": case.settings.case.currency,
        "design": design.to_dict(),
        "design_digest": design.digest,
        "seed": design.seed,
        "samples": len(design.samples),
        **options,
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    from ... import __version__

    found = {"sluicegate": __version__, "python": platform.python_version(), "platform": platform.platform()}
    return found | {library: version(library) for library in LIBRARIES}


def _refuse_other(dataset: SweepStore, case: Case, design: Design, options: Mapping[str, Any]) -> None:
    """Refuse to mix rows of two sweeps in one folder."""
    folder = dataset.folder
    meta = read_json(folder / META, SweepDocument)
    differing = []
    if not case.has_digest(meta["case_digest"]):
        differing.append(
            f"another case ({meta['case']}, digest {meta['case_digest'][:12]} instead of {case.digest[:12]})"
        )
    if meta["design_digest"] != design.digest:
        differing.append("another design (other --design, --vary, --samples, --levels or --seed)")
    for name, value in options.items():
        if meta[name] != value:
            differing.append(f"{name.replace('_', ' ')} {meta[name]} instead of {value}")
    now = _versions()
    for library in DECIDING:
        if meta["versions"].get(library) != now[library]:
            differing.append(f"{library} {meta['versions'].get(library)} instead of {now[library]}")
    if differing:
        raise SweepError(
            f"{folder} holds a sweep of "
            + "; ".join(differing)
            + ". Ask for the same sweep, or name a new folder with -o"
        )


def _refuse_changed(dataset: SweepStore, remark: Callable[[str], None]) -> None:
    """Refuse to build on files that were changed since they were written; rows are looked at one file at a time.

    Raises
    ------
    SweepError
        Naming the file.
    """
    found = check_digests(dataset.folder)
    wrong = [name for name in (META, BASE) if name in found.changed]
    if wrong:
        raise SweepError(
            f"{dataset.folder}: {' and '.join(wrong)} changed since the sweep began, and new rows would rest on what is there "
            "now; put it back as it was, or begin anew with --force"
        )
    if found.remark:
        remark(found.remark)
