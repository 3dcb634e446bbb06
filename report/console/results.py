"""Steps that commands share: a case is loaded, a result is written and printed, a chart is drawn."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import DONE, GAP_LEFT, INFEASIBLE, NO_PLAN, shown
from .output import Talk, put_found, put_json, put_shown
from .places import placing

if TYPE_CHECKING:
    from rich.console import Console

    from ...analysis.frontier.frontier import Frontier
    from ...analysis.results import Result
    from ...data import Case
    from ...model import Plan
    from ..charts.base import Figure
    from ..files.folder import ResultFolder
    from .options import Wanted


@dataclass(frozen=True)
class Run:
    """What a command was called with, and when it began.

    Attributes
    ----------
    command
        Its name.
    given
        What the case was called.
    overrides
        ``--set`` options, in their order.
    options
        All other options in force.
    began
        When it began.
    """

    command: str
    given: str
    overrides: Sequence[str]
    options: Mapping[str, Any]
    began: datetime.datetime

    def record(self, found: Plan | Frontier) -> dict[str, Any]:
        """Return ``run.json``, which makes what was found repeatable."""
        from ..files.folder import run_record

        return run_record(found, self.command, self.given, self.overrides, self.options, self.began)


def now() -> datetime.datetime:
    """Return the time, with its zone."""
    return datetime.datetime.now().astimezone()


def load(given: str, overrides: Sequence[str], talk: Talk, warn: bool = True) -> Case:
    """Load a case; unless the plan will show them, say what is odd in it."""
    from ...data import load_case
    from ..format.notices import few

    case = load_case(given, overrides)
    for warning in few(case.warnings) if warn else ():
        talk.say(shown(f"Warning: {warning}"))
    return case


def result_folder(wanted: Wanted, case: Case) -> ResultFolder:
    """Return the result folder of a case in the making."""
    from ..files.folder import ResultFolder

    return ResultFolder(wanted.output, case.name, force=wanted.force)


def deliver(plan: Plan, result: ResultFolder, run: Run, as_json: bool, talk: Talk) -> None:
    """Write the result folder and print the plan; the plan is printed even where the folder cannot be written."""
    from ..text.plan import show_plan

    hand_out(lambda: result.publish(plan, run.record(plan)), plan, show_plan, as_json, talk)


def hand_out(
    publish: Callable[[], os.PathLike[str]], found: Any, show: Callable[[Any, Console], None], as_json: bool, talk: Talk
) -> None:
    """Write a result folder and print what it holds; that is printed even where the folder cannot be written."""
    from ..files.folder import ResultError

    unwritten: ResultError | None = None
    try:
        folder = publish()
    except ResultError as error:
        unwritten = error
    try:
        put_found(found, show, as_json)
    finally:
        if unwritten is None:
            apart = "\n" if sys.stdout.isatty() else ""
            talk.say(shown(f"{apart}Written to {folder}"))
    if unwritten is not None:
        raise unwritten


def exit_code(plan: Plan) -> int:
    """Return the exit code that says how far a plan is proven."""
    if plan.status == "infeasible":
        return INFEASIBLE
    if plan.status == "unknown":
        return NO_PLAN
    gap = plan.gap if plan.worlds is None else plan.worlds["gap"]
    return GAP_LEFT if plan.status == "feasible" and gap is not None else DONE


def draw(chart: str, figures: Sequence[Figure], talk: Talk, nothing: str) -> None:
    """Draw the first of some charts to a file, or say in words that there is nothing to draw."""
    from ..charts.base import write_chart

    if not figures:
        talk.say(nothing)
        return
    with placing(chart, "file with --chart"):
        write_chart(figures[0].written, chart)
    talk.say(shown(f"Drawn to {chart}"))


def put_again(read: Result, as_json: bool) -> None:
    """Print what a stored result holds as the command that wrote it did: one JSON document, or words and tables.

    Parameters
    ----------
    read
        The result, as `read_any` returned it.
    as_json
        Whether to print one JSON document.
    """
    if read.kind == "sweep":
        from ..text.sweep import show_sweep
        from ..views.sweep import sweep_document

        if as_json:
            put_json(sweep_document(read.content))
        else:
            put_shown(lambda console: show_sweep(read.content, console))
        return
    if read.kind == "frontier":
        from ..text.frontier import show_frontier

        put_found(read.content, show_frontier, as_json)
        return
    from ..text.plan import show_plan

    put_found(read.content, show_plan, as_json)
