"""Commands that solve a case many times, and say what its outcome depends on."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ..report.console.errors import DONE, Refusal, said, shown
from ..report.console.given import processes
from ..report.console.groups import DefaultCommand, UnnamedCommand
from ..report.console.interrupts import watched
from ..report.console.options import (
    Wanted,
    case_options,
    design_options,
    json_option,
    loudness_options,
    result_options,
    run_options,
    summary_options,
)
from ..report.console.output import Talk, put, put_found, put_json, put_shown
from ..report.console.places import check_chart, placing, quoted
from ..report.console.results import load
from ..signals import STOPPED

if TYPE_CHECKING:
    pass


@click.group(cls=DefaultCommand, short_help="Solve CASE many times with its uncertain figures varied.")
def sweep() -> None:
    """Solve a case many times with its uncertain figures varied; then show what the outcome depends on.

    \b
    Examples:
      sluicegate sweep mycase --design oat --vary 'limits.budget=*0.8..*1.2' -o doubts
      sluicegate sweep summary doubts
    """


@sweep.command("run", cls=UnnamedCommand, hidden=True)
@case_options
@design_options
@run_options
@result_options
@loudness_options
def sweep_run(
    case: str,
    overrides: tuple[str, ...],
    kind: str,
    vary: tuple[str, ...],
    dry_run: bool,
    wanted: Wanted,
    talk: Talk,
    **options: Any,
) -> None:
    """Solve CASE many times with its uncertain figures varied.

    Every sample becomes a row of the result folder as soon as it is solved; one that has no plan, or that makes the case
    invalid, is a row too. Ctrl-C keeps the rows finished so far, and --resume goes on from there. What the rows mean:
    sluicegate sweep summary FOLDER.

    \b
    Examples:
      sluicegate sweep mycase --design oat --vary 'limits.budget=*0.5..*2'
      sluicegate sweep mycase --design sobol --vary sources -o results/doubts
      sluicegate sweep mycase --design sobol --vary sources -o results/doubts --resume
      sluicegate sweep mycase --design list --file figures.csv --policies both
      sluicegate sweep mycase --vary 'limits.budget=*0.5..*2' --samples 1000 --dry-run
      sluicegate sweep summary results/doubts
    """
    from ..analysis.sweep.design import make_design
    from ..report.files.folder import default_folder

    if options["resume"] and (wanted.output is None or wanted.force):
        raise Refusal(
            "--resume needs -o, the folder of the sweep to go on with"
            if wanted.output is None
            else "--resume goes on with a sweep and --force replaces it; drop one"
        )
    loaded = load(case, overrides, talk)
    drawn = {name: options[name] for name in ("samples", "levels", "second_order", "seed", "file")}
    design = make_design(loaded, kind, vary, **drawn)
    solving: dict[str, Any] = {name: options[name] for name in ("policies", "time_limit", "rel_gap")}
    solving["workers"] = processes(options["workers"])
    if dry_run:
        from ..analysis.sweep.estimate import estimate
        from ..report.text.sweep_run import show_estimate

        guess, stopped = said(
            lambda: watched(lambda monitor: estimate(loaded, design, monitor=monitor, **solving), talk)
        )
        if guess is not None:
            put_found(guess, show_estimate, wanted.as_json)
        sys.exit(STOPPED if stopped else DONE)
    from ..analysis.sweep.run import run_sweep
    from ..report.text.sweep_run import counted

    folder = wanted.output or str(default_folder(loaded.name))
    remarks: list[str] = []

    def remark(words: str) -> None:
        remarks.append(words)
        talk.say(shown(f"Warning: {folder}: {words}"))

    solving |= {"cluster": options["cluster"], "resume": options["resume"], "force": wanted.force, "remark": remark}
    counts, stopped = said(
        lambda: watched(lambda monitor: run_sweep(loaded, design, folder, monitor=monitor, **solving), talk)
    )
    if wanted.as_json:
        found = {"folder": folder, "samples": len(design), "complete": not stopped, "rows": counts}
        put_json(found | {"remarks": remarks})
    else:
        put(f"{counted(counts)}\n")
    kept = "Stopped; go on with --resume and the same options" if stopped else "Written"
    talk.say(shown(f"{kept}: {quoted(folder)}"))
    sys.exit(STOPPED if stopped else DONE)


@sweep.command("summary")
@click.argument("folder")
@summary_options
@json_option
@loudness_options
def sweep_summary(folder: str, outcome: str, mode: str | None, chart: str | None, as_json: bool, talk: Talk) -> None:
    """Summarise the sweep in FOLDER.

    The summary shows what an outcome depends on, with intervals; which choices (policies, lanes to qualify, stockpiles) are
    best how often, and where; what keeping to the base plan costs. It counts the samples without a plan; sensitivity
    indices need a plan in every sample.

    \b
    Examples:
      sluicegate sweep summary results/doubts
      sluicegate sweep summary results/doubts --outcome own_loss
      sluicegate sweep summary results/doubts --outcome same_choices --chart doubts.svg
    """
    from ..analysis.results import blaming
    from ..analysis.sweep.read import read_sweep
    from ..report.text.sweep import show_sweep
    from ..report.views.sweep import sweep_document

    if chart is not None:
        check_chart(chart)
    found = read_sweep(folder)

    def summarise() -> None:
        with blaming({folder: found.altered}, leave=(click.ClickException,)):
            if chart is not None:
                from ..report.charts.sweep import write_sweep_charts

                with placing(chart):
                    for path in write_sweep_charts(found, chart, outcome):
                        talk.say(shown(f"Written to {path}"))
            if as_json:
                put_json(sweep_document(found, outcome, mode))
            else:
                put_shown(lambda console: show_sweep(found, console, outcome=outcome, mode=mode))

    said(summarise)
