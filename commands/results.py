"""Commands on stored results: shown again, or written as a page."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..report.console.errors import said, shown
from ..report.console.interrupts import Interrupts
from ..report.console.kinds import completing
from ..report.console.options import drawing_threads_option, json_option, loudness_options, page_options
from ..report.console.output import Talk, put_json
from ..report.console.places import check_file, check_plan_charts, check_workbook, placing
from ..report.console.results import put_again

if TYPE_CHECKING:
    pass


@click.command()
@click.argument("result", shell_complete=completing("results"))
@json_option
@loudness_options
def show(result: str, as_json: bool, talk: Talk) -> None:
    """Print a stored RESULT again: a plan, a frontier or a sweep.

    RESULT is a folder that solve, evaluate, frontier or sweep wrote. Nothing is solved; files that were changed since are
    named first.

    \b
    Examples:
      sluicegate show results/first
      sluicegate show results/first --json
    """
    from ..analysis.results import blaming, read_any

    read = said(lambda: read_any(result))
    for remark in read.remarks:
        talk.say(shown(f"Warning: {remark}"))
    with blaming({result: read.altered}, leave=(click.ClickException,)):
        put_again(read, as_json)


@click.command()
@page_options
@json_option
@drawing_threads_option
@loudness_options
def report(
    results: tuple[str, ...],
    output: str | None,
    force: bool,
    workbook: str | None,
    attribution: bool,
    sweep: str | None,
    chart: str | None,
    opened: bool,
    as_json: bool,
    threads: int | None,
    talk: Talk,
) -> None:
    """Write RESULT as one self-contained HTML page to hand on.

    RESULT is a folder that solve, evaluate, frontier or sweep wrote; several folders with plans become one page that
    puts them side by side. The page needs no network and is whole without scripts. A page written before is replaced.
    The page of a ranking comes from scan --page. breakeven, explain and indices store no result: what they print, --json
    gives as figures.

    \b
    Examples:
      sluicegate report results/first
      sluicegate report results/first -o plan.html --open
      sluicegate report results/first --workbook plan.xlsx
      sluicegate report results/first --sweep results/doubts
      sluicegate report results/first --chart plan.png
      sluicegate report results/first results/second -o comparison.html
    """
    from ..report.charts.drawing import artist

    with Interrupts(patient=False) as interrupts, interrupts.run(lambda: artist(threads), talk) as drawing:
        # The process that draws starts meanwhile.
        from ..analysis.results import blaming
        from ..report.format.numbers import joined
        from ..report.page.page import (
            page_of,
            page_path,
            read_results,
            read_sweep_of,
            remarks_of,
            results_held,
            write_page,
        )

        path = page_path(results, output, force=force)
        with results_held(results, [path] if workbook is None else [path, workbook]):
            read = said(lambda: read_results(results))
            remarks = remarks_of(read)
            for remark in remarks:
                talk.say(shown(f"Warning: {remark}"))
            check_file("-o", str(path))
            if workbook is not None:
                check_workbook(workbook, read, force)
            if chart is not None:
                check_plan_charts(chart, read)
            beside = None if sweep is None else said(lambda: read_sweep_of(read, sweep))
            text = said(
                lambda: interrupts.run(
                    lambda: page_of(read, sweep=beside, attribute=attribution, threads=threads, artist=drawing), talk
                )
            )
            with placing(str(path)):
                size = write_page(text, path)
            places = [str(path)]
            if workbook is not None:
                from ..report.files.workbook import write_workbook

                with placing(workbook, "file"), blaming({str(read[0].folder): read[0].altered}, (OSError,)):
                    write_workbook(read[0].content, workbook, force=force, remarks=read[0].remarks)
                places.append(workbook)
            charts = []
            if chart is not None:
                from ..report.charts.plan import write_plan_charts

                with placing(chart), blaming({str(read[0].folder): read[0].altered}, (OSError,)):
                    charts = [str(file) for file in write_plan_charts(read[0].content, chart)]
                places += charts
    document: dict[str, Any] = {"page": str(path), "bytes": size, "remarks": remarks}
    if charts:
        document["charts"] = charts
    if workbook is not None:
        document["workbook"] = workbook
    if as_json:
        put_json(document)
    talk.say(shown(f"Written to {joined(places)}"))
    if opened:
        click.launch(str(path))
