"""Results as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...analysis.results import Result, blaming, read_any
from ...data.storage.atomic import Locked, resolved, write_file, written_into
from ..charts.drawing import Here
from ..files.folder import ResultError

if TYPE_CHECKING:
    from jinja2 import Environment

    from ...analysis.compare.compare import Comparison
    from ...model.plan.monitor import Monitor
    from ..charts.drawing import Artist

PAGE, COMPARISON = "report.html", "comparison.html"
"""Names of pages: of one result, in its folder; of several, where the command is run."""

ENDINGS = (".html", ".htm")

MARK = '<meta name="generator" content="sluicegate'
"""What tells a page from other files."""


def page_path(results: Sequence[str], output: str | None, *, force: bool = False) -> Path:
    """Return where a page goes.

    Parameters
    ----------
    results
        The results it is about.
    output
        Where it was asked for; None: in the folder of the one result, or here for several.
    force
        Whether a file that is no page may be replaced.

    Raises
    ------
    ResultError
        For a place that holds something else, or a name that is none of a page.
    """
    default = Path(results[0], PAGE) if len(results) == 1 else Path(COMPARISON)
    path = default if output is None else Path(output)
    if path.suffix.lower() not in ENDINGS:
        raise ResultError(f"a page is an .html file; name one such as -o {path.stem or 'report'}.html")
    if path.is_dir():
        raise ResultError(f"{path} is a folder; name a file with -o")
    if path.exists() and not force and not _is_page(path):
        raise ResultError(
            f"{path} is there and no page of this program; name another file with -o, or replace it with --force"
        )
    return path


def _resolved(path: str | os.PathLike[str]) -> Path | None:
    """Return where a path leads; None where it leads nowhere, which whoever reads or writes there says."""
    try:
        return resolved(path)
    except OSError:
        return None


@contextlib.contextmanager
def results_held(results: Sequence[str], files: Sequence[str | os.PathLike[str]]) -> Iterator[None]:
    """Hold the result folders that files are written into against every other writer, from reading a result to the last file.

    Parameters
    ----------
    results
        Result folders.
    files
        Files to be written, in these folders or elsewhere.

    Raises
    ------
    ResultError
        On entering, where another process writes to a folder.
    """
    places = [parent for file in files if (path := _resolved(file)) for parent in path.parents]
    with contextlib.ExitStack() as held:
        for result in dict.fromkeys(results):
            folder = _resolved(result)
            if folder is not None and folder in places and folder.is_dir():
                try:
                    held.enter_context(written_into(folder, Path(result)))
                except Locked as error:
                    raise ResultError(f"{error}; or name a file in another place with -o") from None
                except OSError:
                    # What cannot be written is said by whoever writes.
                    continue
        yield


def _is_page(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return MARK in file.read(4096)
    except OSError:
        return False


def read_results(results: Sequence[str]) -> list[Result]:
    """Read results that one page can show.

    Parameters
    ----------
    results
        Result folders: one of any kind, or several with plans.

    Raises
    ------
    ValueError
        For folders that are no results or cannot be read (all of them are named), and for several that are not all plans.
    CaseError
        For a case that is refused.
    """
    read: list[Result] = []
    faults: list[str] = []
    for folder in results:
        try:
            read.append(read_any(folder))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise ValueError("\n".join(faults))
    others = [result for result in read if result.kind != "plan"]
    if len(read) > 1 and others:
        listed = ", ".join(f"{result.folder} ({result.kind})" for result in others)
        raise ValueError(f"only plans can be put side by side; make a page of its own for {listed}")
    return read


def read_sweep_of(results: Sequence[Result], folder: str) -> Result:
    """Read a sweep that is shown on the page of a plan.

    Parameters
    ----------
    results
        What `read_results` returned.
    folder
        The folder of the sweep.

    Raises
    ------
    ResultError
        Where there is no one plan, or the folder holds no sweep of its case.
    ValueError
        For a folder that cannot be read.
    """
    if len(results) > 1 or results[0].kind != "plan":
        raise ResultError("--sweep goes with the page of one plan; name the one result folder of a plan")
    sweep, plan = read_any(folder), results[0].content
    if sweep.kind != "sweep":
        raise ResultError(f"{folder} holds a {sweep.kind}; name a folder that sweep wrote")
    if sweep.content.case.name != plan.case.name:
        raise ResultError(
            f"{folder} is a sweep of {sweep.content.case.name}, and the plan is of {plan.case.name}; name a sweep of its case"
        )
    if sweep.content.case.digest == plan.case.digest:
        return sweep
    other = "its case has other figures than that of the plan"
    return dataclasses.replace(sweep, remarks=(*sweep.remarks, other))


def page_of(
    results: Sequence[Result],
    *,
    sweep: Result | None = None,
    attribute: bool = False,
    threads: int | None = None,
    monitor: Monitor | None = None,
    artist: Artist | None = None,
) -> str:
    """Return the page of a result, or of several plans side by side, as HTML.

    Parameters
    ----------
    results
        What `read_results` returned.
    sweep
        What `read_sweep_of` returned: a sweep that is shown on the page of a plan.
    attribute
        Of two plans: whether to work out how much each difference of the inputs explains, which takes solves.
    threads, monitor
        For these solves; by default all processors.
    artist
        Who draws its charts; by default this process.

    Raises
    ------
    ValueError
        Where files of a result were changed so that it cannot be shown.
    """
    with blaming({str(result.folder): result.altered for result in results}):
        return _page_of(results, sweep, attribute, threads, monitor, artist or Here())


def remarks_of(results: Sequence[Result]) -> list[str]:
    """Return what a reader should know of results, each by its folder."""
    return [f"{result.folder}: {remark}" for result in results for remark in result.remarks]


def _page_of(
    results: Sequence[Result],
    sweep: Result | None,
    attribute: bool,
    threads: int | None,
    monitor: Monitor | None,
    artist: Artist,
) -> str:
    if sweep is not None:
        return plan_page(results[0], artist, sweep)
    if len(results) == 1:
        return PAGES[results[0].kind](results[0], artist)
    from ...analysis.compare.compare import compare
    from ...model.follower.enumerate import processors

    plans = [result.content for result in results]
    attribute = attribute and len(plans) == 2
    found = compare(
        plans, threads=threads or processors(), attribute=attribute, monitor=monitor, remarks=remarks_of(results)
    )
    names = [
        f"{plan.name} ({result.folder})" if plan.name else str(result.folder)
        for plan, result in zip(plans, results, strict=True)
    ]
    return comparison_page(found, names, artist)


def plan_page(result: Result, artist: Artist, sweep: Result | None = None) -> str:
    """Return the page of a plan, with what a sweep of its case says where there is one."""
    from .plan import plan_content
    from .study import joined_sweep

    beside = {} if sweep is None else {"sweep": joined_sweep(sweep.content, sweep.remarks, artist)}
    return _filled("plan.html", plan_content(result.content, result.run, result.remarks, artist) | beside)


def comparison_page(comparison: Comparison, names: Sequence[str], artist: Artist) -> str:
    """Return the page of plans side by side."""
    from .comparison import comparison_content

    return _filled("comparison.html", comparison_content(comparison, names, artist))


def frontier_page(result: Result, artist: Artist) -> str:
    """Return the page of a frontier."""
    from .study import frontier_content

    return _filled("study.html", frontier_content(result.content, result.run, result.remarks, artist))


def sweep_page(result: Result, artist: Artist) -> str:
    """Return the page of a sweep."""
    from .study import sweep_content

    return _filled("study.html", sweep_content(result.content, result.remarks, artist))


PAGES = {"plan": plan_page, "frontier": frontier_page, "sweep": sweep_page}
"""What makes the page of each kind of result."""


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from ..format.cells import figure_columns, shortened
    from ..format.numbers import plain
    from .inline import DARK

    found = Environment(
        loader=PackageLoader(__name__.rpartition(".")[0]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["plain"] = plain
    found.filters["figure_columns"] = figure_columns
    found.filters["shortened"] = shortened
    found.globals["dark"] = DARK
    return found


def _filled(template: str, content: dict[str, Any], *, plainly: Sequence[str] = ()) -> str:
    """Fill a template; words that `plainly` names are meant as everybody does on this page, not as the glossary's terms."""
    from markupsafe import Markup

    from ... import __version__
    from ..format.terms import Explained, key

    environment = _environment()
    words = content.get("words")
    environment.globals["explained"] = environment.filters["explained"] = Explained(
        words is None or words.two_sided, plainly
    )
    environment.filters["term_key"] = key
    script = _script(environment)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = {"version": __version__, "script": Markup(script), "script_digest": Markup(f"'sha256-{digest}'")}
    return environment.get_template(template).render(content, **own)


def _script(environment: Environment) -> str:
    """Return the script of all pages; a page says its digest, so that no other script runs in it."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, "page.js")[0]


def write_page(text: str, path: str | os.PathLike[str]) -> int:
    """Write a page, whole or not at all, and return its size in bytes.

    Parameters
    ----------
    text
        The page.
    path
        Where.

    Raises
    ------
    OSError
        Where it cannot be written.
    """
    # Halves of characters, which a name from a file system may hold, cannot be written.
    content = text.encode("utf-8", "replace")
    write_file(content, path)
    return len(content)
