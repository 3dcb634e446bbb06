"""Commands that follow how the best plan changes as one figure or one limit moves."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import sys
from typing import Any

import click

from ..report.console.errors import DONE, GAP_LEFT, INFEASIBLE, NO_PLAN, Refusal, said
from ..report.console.given import drawn_worlds, in_worlds, processes, settled
from ..report.console.interrupts import Interrupts, watched
from ..report.console.kinds import completing
from ..report.console.options import (
    Wanted,
    case_options,
    curve_world_options,
    json_option,
    level_options,
    loudness_options,
    result_options,
    search_options,
    threads_option,
)
from ..report.console.output import Talk, put_found
from ..report.console.places import check_chart
from ..report.console.results import Run, draw, hand_out, load, now, result_folder
from ..signals import STOPPED


@click.command()
@case_options
@click.argument("path", metavar="TABLE.KEY.COLUMN", shell_complete=completing("paths"))
@search_options
@json_option
@threads_option
@loudness_options
def breakeven(
    case: str, overrides: tuple[str, ...], path: str, as_json: bool, threads: int | None, talk: Talk, **search: Any
) -> None:
    """Find the values of a figure of CASE at which the best policies change.

    TABLE.KEY.COLUMN names the figure as --set does. Values between --low and --high are solved, and every change of the
    best policies is bracketed; the plans on both sides are shown. Where switches may have been missed, it says so.

    \b
    Examples:
      sluicegate breakeven tutorial limits.budget
      sluicegate breakeven mycase lanes.gas-out.max_flow --low 10 --high 40
    """
    from ..analysis.breakeven.breakeven import breakeven as find_switches
    from ..report.text.breakeven import show_breakeven

    loaded = load(case, overrides, talk)
    search["threads"] = processes(threads)
    found, stopped = said(lambda: watched(lambda monitor: find_switches(loaded, path, **search, monitor=monitor), talk))
    put_found(found, show_breakeven, as_json)
    sys.exit(STOPPED if stopped else DONE)


@click.command()
@case_options
@level_options
@curve_world_options
@threads_option
@result_options
@loudness_options
def frontier(
    case: str, overrides: tuple[str, ...], chart: str | None, wanted: Wanted, talk: Talk, **options: Any
) -> None:
    """Trace leverage against what it takes: the whole trade-off curve of CASE, every point proven.

    Levels of our greatest loss, budget, or least fill are evenly spaced; at each, the plan of greatest leverage is found, and of
    several the one that uses least. Reviewer hours and political capital have a step for every plan that is worth its load. What
    changes along the curve is named. Curve, table and charts are written to a result folder.

    \b
    Examples:
      sluicegate frontier tutorial --against budget
      sluicegate frontier taiwan-korea --chart curve.svg
      sluicegate frontier mycase --against min_fill --low 0.9 --high 1 --points 11
      sluicegate frontier mycase --worlds 64

    With --worlds the curve is that of the mean over the worlds against the mean of the worst tenth of them, at least cost of the
    dearest: what caution costs.
    """
    from ..analysis.frontier.frontier import frontier as trace
    from ..analysis.frontier.over_worlds import frontier_over_worlds
    from ..report.text.frontier import show_frontier

    began = now()
    if chart is not None:
        check_chart(chart)
    loaded = load(case, overrides, talk)
    asked = in_worlds(options)
    if asked and (options["against"] != "own_loss" or options["low"] is not None or options["high"] is not None):
        raise Refusal(
            "--worlds traces the mean against the worst tenth; leave out --against, --low and --high, or --worlds"
        )
    many: Any = drawn_worlds(loaded, asked).get("worlds")
    levels = ("points",) if asked else ("against", "points", "low", "high")
    options = settled(loaded, options, *levels, "time_limit", "rel_gap", "threads")
    with Interrupts() as interrupts, result_folder(wanted, loaded) as result:
        with talk.monitor(interrupts.stopped) as monitor:
            if asked:
                how = {name: asked[name] for name in ("continuity_share", "cluster") if name in asked}
                work = lambda: frontier_over_worlds(loaded, many, **options, **how, monitor=monitor)  # noqa: E731
            else:
                work = lambda: trace(loaded, **options, log=result.log, monitor=monitor)  # noqa: E731
            found = said(lambda: interrupts.run(work, talk))
        options |= asked
        stopped = interrupts.stopped.is_set()
        if not found.points:
            talk.say("Stopped before a point was found; no result was written.")
            sys.exit(STOPPED if stopped else NO_PLAN)
        if not found.complete:
            talk.say("Stopped; the points found so far hold.")
        run = Run("frontier", case, overrides, options, began)
        hand_out(lambda: result.publish_frontier(found, run.record(found)), found, show_frontier, wanted.as_json, talk)
    if chart is not None:
        from ..report.charts.frontier import frontier_figures

        draw(chart, frontier_figures(found), talk, "No level has a plan, so there is nothing to draw.")
    codes = {"optimal": DONE, "infeasible": INFEASIBLE, "feasible": GAP_LEFT, "unknown": NO_PLAN}
    sys.exit(STOPPED if stopped else codes[found.status])
