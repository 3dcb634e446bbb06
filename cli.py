"""The command ``sluicegate``: parse, call, print."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .report.console.errors import DONE, FAULT, GAP_LEFT, INFEASIBLE, NO_PLAN, Refusal, said, shown
from .report.console.given import chosen_policies, in_worlds, pairs, processes, settled, split, units
from .report.console.groups import Commands, DefaultCommand, UnnamedCommand
from .report.console.interrupts import Interrupts, at_once, busy, end_at_once, watched
from .report.console.options import (
    Share,
    Wanted,
    case_options,
    choice_options,
    common_worlds_options,
    completing,
    curve_world_options,
    design_options,
    draft_options,
    drawing_threads_option,
    json_option,
    level_options,
    loudness_options,
    model_options,
    outage_options,
    page_options,
    ranking_options,
    result_options,
    run_options,
    search_options,
    solve_options,
    solver_option,
    summary_options,
    threads_option,
    trade_options,
    world_options,
)
from .report.console.output import Talk, put, put_found, put_json, put_shown, unwritten
from .report.console.places import check_chart, check_ending, check_file, check_workbook, placing, quoted
from .report.console.results import Run, deliver, draw, exit_code, hand_out, load, now, put_again, result_folder
from .report.console.trade import Trade
from .signals import STOPPED

if TYPE_CHECKING:
    from .data.outages import Lost

GARBAGE = 50_000  # objects made before Python looks for garbage


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="sluicegate", message="%(prog)s %(version)s")
def cli() -> None:
    """Plan sourcing and export reviews for bargaining leverage, proven to a stated gap.

    CASE is a folder of case.toml and CSV tables, an .xlsx workbook, or the name of a case that comes with the program.

    \b
    Start here:
      sluicegate cases                        what comes with the program
      sluicegate solve tutorial               a plan for a small case
      sluicegate init mycase                  a case of your own to start from
      sluicegate validate mycase              is it sound?
      sluicegate solve mycase                 the plan

    \b
    Exit codes:
      0    done
      1    a fault of the program
      2    wrong usage or a faulty case
      3    proven: no plan satisfies the limits
      4    stopped by a limit with a plan whose gap is stated
      5    stopped by a limit without a plan
      130  stopped by Ctrl-C

    docs/glossary.md explains every term.
    """


@cli.group(invoke_without_command=True)
@json_option
@loudness_options
@click.pass_context
def cases(ctx: click.Context, as_json: bool, talk: Talk) -> None:
    """List the cases that come with the program.

    \b
    Examples:
      sluicegate cases
      sluicegate cases copy tutorial mycase   a copy to edit
    """
    if ctx.invoked_subcommand is not None:
        return
    from .data import shipped_cases
    from .report.text.cases import show_cases

    found = shipped_cases()
    if as_json:
        put_json([{"name": case.name, "title": case.title} for case in found])
    else:
        put_shown(lambda console: show_cases(found, console))


@cases.command("copy")
@click.argument("case", shell_complete=completing("cases"))
@click.argument("target", metavar="DIR_OR_FILE.xlsx")
@click.option("--force", is_flag=True, help="Replace the case in a folder that is not empty, or the workbook.")
@click.option(
    "--datapackage", is_flag=True, help="Write datapackage.json (Frictionless) beside the tables of a folder."
)
@loudness_options
def copy(case: str, target: str, force: bool, datapackage: bool, talk: Talk) -> None:
    """Copy CASE to a folder, or to a workbook where the name ends in .xlsx, to be edited there.

    CASE is the name of a case that comes with the program, or a case of your own: a folder becomes a workbook in this
    way, and a workbook a folder. Every figure stays as it is.

    \b
    Examples:
      sluicegate cases copy tutorial mycase
      sluicegate cases copy mycase mycase.xlsx
      sluicegate cases copy mycase.xlsx edited
      sluicegate cases copy mycase shared --datapackage
    """
    from .data import copy_case, load_case, write_folder, write_workbook
    from .data.shipped import find_shipped

    if datapackage and target.lower().endswith(".xlsx"):
        raise Refusal("--datapackage describes the CSV tables of a folder; name a folder, or leave it out")
    with placing(target, "place"):
        if target.lower().endswith(".xlsx"):
            write_workbook(load_case(case), target, force=force)
        elif find_shipped(case) and not os.path.exists(case):
            copy_case(case, target, force=force, describe=datapackage)
        else:
            write_folder(load_case(case), target, force=force, describe=datapackage)
    talk.say(f"{target} holds a copy of {case}. Edit it, then: sluicegate solve {quoted(target)}")


@cases.command("n-1")
@click.argument("case", shell_complete=completing("cases"))
@click.argument("target", metavar="DIR_OR_FILE.xlsx")
@outage_options
@loudness_options
def n_minus_one(
    case: str, target: str, of: tuple[Lost, ...], weeks: int, starts: tuple[int, ...], force: bool, talk: Talk
) -> None:
    """Copy CASE with one outage added for each party, site or lane that serves our side.

    A party outside our side loses all its lanes that end on our side; a site outside our side does so too. A site of ours
    loses its processes, and its lanes that end on our side. A lane that ends on our side is lost alone. Nothing is left of
    what stops, and nobody foresees it. Each start is a scenario of its own, so a plan must keep its continuity limits in
    all of them. Two outages that stop the same are one.

    \b
    Examples:
      sluicegate cases n-1 tutorial mycase --of lanes --weeks 2 --starts 3,6
      sluicegate cases n-1 mycase n1.xlsx --of parties --of sites --weeks 12 --starts 4,16
    """
    from .data import load_case, with_outages, write_folder, write_workbook

    before = load_case(case)
    last = before.settings.horizon.weeks - 1
    if beyond := [str(week) for week in starts if week > last]:
        raise Refusal(f"--starts {', '.join(beyond)}: beyond the horizon; the last week of {case} is {last}")
    extended, added = with_outages(before, of, weeks, starts)
    if not added:
        raise Refusal(f"{case} has nothing of the kind to lose that is not an outage of it already; name another --of")
    with placing(target, "place"):
        if target.lower().endswith(".xlsx"):
            write_workbook(extended, target, force=force)
        else:
            write_folder(extended, target, force=force)
    count = "1 outage" if len(added) == 1 else f"{len(added)} outages"
    total = len(added) * len(starts)
    scenarios = "1 scenario" if total == 1 else f"{total} scenarios"
    talk.say(f"{target} holds {case} and {count} more, {scenarios}. Next: sluicegate solve {quoted(target)}")


@cases.command("schema")
@loudness_options
def schema(talk: Talk) -> None:
    """Print a JSON Schema for case.toml, by which editors complete and check its keys.

    Save it beside case.toml, and name it in the first line there: #:schema ./case.schema.json

    \b
    Example:
      sluicegate cases schema                 to be saved as case.schema.json
    """
    from .data.package import settings_schema

    put_json(settings_schema())


@cli.command()
@click.argument("folder", metavar="DIR")
@click.option("--diversify", is_flag=True, help="The case of a buyer: least cost, nobody to press.")
@click.option("--force", is_flag=True, help="Replace the case in a folder that is not empty.")
@loudness_options
def init(folder: str, diversify: bool, force: bool, talk: Talk) -> None:
    """Write a small, commented case to DIR that can be solved as it is.

    \b
    Examples:
      sluicegate init mycase
      sluicegate init mycase --diversify
    """
    from .data import init_case

    with placing(folder):
        words = init_case(folder, diversify=diversify, force=force)
    talk.say(words.rstrip("\n"))


@cli.command()
@case_options
@json_option
@loudness_options
def validate(case: str, overrides: tuple[str, ...], as_json: bool, talk: Talk) -> None:
    """Read and check CASE without looking for a plan.

    All faults are reported together, each with file, row, column and remedy. Warnings name figures that are allowed but
    look odd, among them base flows that do not balance. Exit code 0 with warnings only, 2 with faults.

    \b
    Examples:
      sluicegate validate mycase
      sluicegate validate mycase.xlsx --json
      sluicegate validate mycase --set limits.budget=80
    """
    from .analysis.status_quo import status_quo_warnings
    from .analysis.worlds import check_uncertainties
    from .data import CaseError, load_case
    from .report.format.documents import check_document
    from .report.text.check import show_check

    try:
        loaded = load_case(case, overrides)
        if faults := check_uncertainties(loaded):
            raise CaseError(faults)
    except CaseError as error:
        if as_json:
            put_json(check_document(case, None, error.faults))
        raise
    remarks = at_once(lambda: status_quo_warnings(loaded), talk)
    if as_json:
        put_json(check_document(case, loaded, (), remarks))
    else:
        put_shown(lambda console: show_check(loaded, remarks, console))


@cli.command()
@case_options
@result_options
@solve_options
@click.option(
    "--method",
    type=click.Choice(["auto", "columns", "pieces", "rows", "program"]),
    default="auto",
    show_default=True,
    help="Enumerate the combinations of policies (columns), those of what each good is made of (pieces), bound them by "
    "single responses (rows), or solve one program (program).",
)
@solver_option
@world_options
@click.option(
    "--alternatives",
    type=click.IntRange(min=1),
    metavar="N",
    help="Find up to N other plans that are nearly as good: with other policies, or other lanes and qualifications.",
)
@click.option(
    "--within",
    type=Share(),
    default="1%",
    show_default=True,
    metavar="SHARE",
    help="How much worse they may be, such as 1% or 0.01.",
)
@click.option(
    "--fresh",
    type=click.IntRange(min=0),
    default=256,
    show_default=True,
    metavar="M",
    help="With --worlds N: check the plan in so many worlds drawn anew; 0: none.",
)
@click.option(
    "--replications",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="R",
    help="With --worlds N: bound how far the plan is from the best one, by the plans of R more samples of N worlds.",
)
@click.option(
    "--no-range",
    is_flag=True,
    help="Do not work out from where to where the figure runs over uncertain figures, nor, with --worlds, what other plans yield.",
)
@click.option(
    "--no-reasons",
    is_flag=True,
    help="Do not work out what each decision is for, nor what other policies and budgets would give.",
)
@loudness_options
def solve(
    case: str,
    overrides: tuple[str, ...],
    wanted: Wanted,
    alternatives: int | None,
    within: float,
    fresh: int,
    replications: int,
    no_range: bool,
    no_reasons: bool,
    talk: Talk,
    **options: Any,
) -> None:
    """Find the plan of greatest leverage for CASE, and prove it.

    The plan is summarised here and written to a result folder: plan.json, tables as CSV and Parquet, the case as
    solved, versions and options, the solver's log. Ctrl-C stops with the best plan found so far; a second one ends at
    once.

    \b
    Examples:
      sluicegate solve tutorial
      sluicegate solve mycase -o results/first
      sluicegate solve mycase --set limits.budget=80 --set 'lanes.gas-out.max_flow=*0.5'
      sluicegate solve mycase --time-limit 60 --rel-gap 0.01
      sluicegate solve mycase --alternatives 5 --within 1%
      sluicegate solve mycase --method program
      sluicegate solve mycase --method program --solver scip_direct
      sluicegate solve mycase --worlds 64 --criterion cvar:0.9
      sluicegate solve mycase --worlds table --criterion regret
      sluicegate solve mycase --worlds 64 --continuity-share 95%
      sluicegate solve mycase --json | jq .leverage
    """
    from .analysis.alternatives import with_alternatives
    from .analysis.information import studied, time_for_range, with_range
    from .analysis.reasons import time_for_reasons, with_reasons
    from .analysis.status_quo import with_status_quo_warnings
    from .analysis.worlds import asked_worlds
    from .analysis.worlds import solve as solve_case

    if (solver := options["solver"]) is not None and options["method"] != "program":
        raise Refusal(shown(f"--solver {solver} is for the single program; add --method program"))
    began = now()
    # The plan shows what is odd in the case.
    loaded = load(case, overrides, talk, warn=wanted.as_json)
    asked = in_worlds(options)
    if asked and alternatives is not None:
        raise Refusal("--alternatives is about plans for the case's own figures; leave out --worlds, or --alternatives")
    options = settled(loaded, options, "time_limit", "rel_gap", "threads", "method", *(["solver"] if solver else []))
    options |= asked
    with Interrupts() as interrupts, result_folder(wanted, loaded) as result:
        with talk.monitor(interrupts.stopped) as monitor:
            plan = interrupts.run(lambda: solve_case(loaded, **options, log=result.log, monitor=monitor), talk)
            if alternatives is not None:
                best = plan
                plan = interrupts.run(
                    lambda: with_alternatives(
                        best,
                        alternatives,
                        within,
                        rel_gap=options["rel_gap"],
                        threads=options["threads"],
                        stop=interrupts.stopped.is_set,
                        monitor=monitor,
                    ),
                    talk,
                )
            found, workers = plan, processes(options["threads"])
            if asked and not no_range:
                # Beside the plan for many worlds: that for the figures as they are, and others.
                given = {name: asked[name] for name in ("seed", "vary") if name in asked}
                worlds = asked_worlds(loaded, asked["worlds"], **given)
                alone = {name: value for name, value in options.items() if name not in asked}
                plain = interrupts.run(lambda: solve_case(loaded, **alone, monitor=monitor), talk)
                beside = {
                    "fresh": fresh,
                    "replications": replications,
                    "vary": asked.get("vary", ()),
                    "processes": workers,
                    "cluster": asked.get("cluster"),
                    "monitor": monitor,
                }
                plan = interrupts.run(lambda: studied(found, worlds, plain, **beside), talk)
            elif not no_range:
                left = time_for_range(found, options["time_limit"])
                plan = interrupts.run(lambda: with_range(found, processes=workers, seconds=left, monitor=monitor), talk)
            if not (asked or no_reasons):
                ranged = plan
                known: dict[str, Any] = {"engine": monitor.engine, "problem": monitor.problem, "threads": workers}
                left = time_for_reasons(found, options["time_limit"])
                plan = interrupts.run(lambda: with_reasons(ranged, **known, seconds=left, monitor=monitor), talk)
        plan = with_status_quo_warnings(plan, monitor.problem)
        stopped = interrupts.stopped.is_set()
        if stopped and plan.status == "unknown":
            talk.say("Stopped before a plan was found; no result was written.")
            sys.exit(STOPPED)
        if stopped:
            talk.say("Stopped; this is the best plan found so far.")
        deliver(plan, result, Run("solve", case, overrides, options, began), wanted.as_json, talk)
    sys.exit(STOPPED if stopped else exit_code(plan))


@cli.command()
@case_options
@choice_options
@result_options
@loudness_options
def evaluate(
    case: str,
    overrides: tuple[str, ...],
    policies: tuple[str, ...],
    lanes: tuple[str, ...],
    stockpiles: tuple[str, ...],
    wanted: Wanted,
    talk: Talk,
) -> None:
    """Evaluate given choices in CASE, without optimising them.

    Both sides still act at least cost week by week; only policies, qualified lanes and stockpiles are as given.
    Limits that the choices break are listed, and the exit code is then 3.

    \b
    Examples:
      sluicegate evaluate mycase                              nothing is done
      sluicegate evaluate mycase --policy gas=review
      sluicegate evaluate mycase --qualify chip-alt --stockpile plant/chip=40
    """
    from .analysis.status_quo import with_status_quo_warnings
    from .model import evaluate as evaluate_case
    from .model.network import Network
    from .model.solving import check_choices
    from .report.console.progress import Interruptible

    began = now()
    loaded = load(case, overrides, talk, warn=wanted.as_json)
    network = Network(loaded)
    options: dict[str, Any] = {
        "policies": chosen_policies("--policy", policies, network.menu),
        "qualified": tuple(dict.fromkeys(lanes)),
        "stockpile": {key: units(key, amount) for key, amount in pairs("--stockpile", stockpiles).items()},
    }
    said(lambda: check_choices(network, *options.values()))
    with Interrupts(patient=False) as interrupts, result_folder(wanted, loaded) as result:
        monitor = Interruptible(interrupts.stopped)
        plan = interrupts.run(lambda: evaluate_case(loaded, **options, log=result.log, monitor=monitor), talk)
        plan = with_status_quo_warnings(plan, monitor.problem)
        deliver(plan, result, Run("evaluate", case, overrides, options, began), wanted.as_json, talk)
    sys.exit(exit_code(plan))


@cli.command("export-model")
@case_options
@click.argument("file", metavar="FILE.lp|.mps")
@model_options
@loudness_options
def export_model(
    case: str,
    overrides: tuple[str, ...],
    file: str,
    policies: tuple[str, ...],
    units: str,
    force: bool,
    talk: Talk,
) -> None:
    """Write the mathematical program of CASE to FILE, with its names, for other programs to read.

    Without --policy it is the single-level program: policies are binaries, and its optimum is the leverage of the plan.
    With --policy it is our side on the least-cost face of the counterpart's response to these policies.

    \b
    Examples:
      sluicegate export-model tutorial tutorial.lp
      sluicegate export-model mycase mycase.mps --units natural
      sluicegate export-model tutorial review.lp --policy acid=review
    """
    from .model.exchange.describing import size_of, units_of
    from .model.exchange.files import check_ending as check_model_ending
    from .model.exchange.files import write_model
    from .model.exchange.formulating import formulate
    from .model.network import Network

    said(lambda: check_model_ending(file))
    if os.path.exists(file) and not force:
        raise Refusal(shown(f"{file}: the file is there; name another one, or replace it with --force"))
    check_file("FILE", file)
    loaded = load(case, overrides, talk)
    choice = chosen_policies("--policy", policies, Network(loaded).menu) if policies else None
    with Interrupts(patient=False) as interrupts:
        model = said(lambda: interrupts.run(lambda: formulate(loaded, choice, units=units), talk))
        with placing(file, "file"):
            interrupts.run(lambda: write_model(model, file, force=force), talk)
    what = "the single-level program" if choice is None else "our side under the policies given"
    aim = "Minimised is cost" if loaded.sense == "cost" else "Maximised is leverage"
    talk.say(shown(f"{file} holds {what} of {loaded.name}: {size_of(model)}. {aim}."))
    talk.say(shown(f"Units: {units_of(model)}."))


@cli.command()
@case_options
@json_option
@loudness_options
def indices(case: str, overrides: tuple[str, ...], as_json: bool, talk: Talk) -> None:
    """Measure who depends on whom in CASE, on the flows of its status quo.

    Concentration of every item's intake (HHI), the European Commission's three dependency indicators, exposure both
    ways, weeks a side survives without a node and weeks to recover, and chokepoints: the share of demand lost without a
    site. --json holds all rows, those of lanes too.

    \b
    Examples:
      sluicegate indices taiwan-korea
      sluicegate indices mycase --json
    """
    from .analysis.dependence.indices import indices as measure
    from .report.text.indices import print_indices

    loaded = load(case, overrides, talk)
    put_found(at_once(lambda: measure(loaded), talk), print_indices, as_json)


@cli.command()
@case_options
@common_worlds_options
@json_option
@threads_option
@loudness_options
def explain(
    case: str,
    overrides: tuple[str, ...],
    worlds: int | None,
    seed: int,
    as_json: bool,
    threads: int | None,
    talk: Talk,
) -> None:
    """Explain why CASE has no plan, or what its best plan depends on.

    Without a plan: the smallest set of limits in conflict, what each would have to become, alone and together, and where
    supply falls short. With one: the limits that bind and what one more unit of each is worth, and what every decision
    of the plan is worth, the first to be dropped first.

    \b
    Examples:
      sluicegate explain mycase
      sluicegate explain taiwan-korea --set limits.budget=20
      sluicegate explain mycase --worlds 32
    """
    from .analysis.explain.explain import explain as explain_case
    from .model.plan.monitor import Stopped
    from .report.text.explain import show_explanation

    loaded = load(case, overrides, talk)
    try:
        options: dict[str, Any] = {"threads": processes(threads), "worlds": worlds, "seed": seed}
        found, _ = watched(lambda monitor: explain_case(loaded, **options, monitor=monitor), talk)
    except Stopped:
        talk.say("Stopped before there was an explanation.")
        sys.exit(STOPPED)
    put_found(found, show_explanation, as_json)


@cli.command()
@click.argument(
    "things", metavar="RESULT_OR_CASE...", nargs=-1, required=True, shell_complete=completing("results_and_cases")
)
@click.option("--no-attribution", is_flag=True, help="Do not compute how much each difference of the inputs explains.")
@common_worlds_options
@json_option
@threads_option
@loudness_options
def compare(
    things: tuple[str, ...],
    no_attribution: bool,
    worlds: int | None,
    seed: int,
    as_json: bool,
    threads: int | None,
    talk: Talk,
) -> None:
    """Put results or cases side by side: inputs, choices, outcomes.

    Cases are solved, result folders are taken as they are. For two of them, each difference of the inputs is made alone,
    from the first to the second and back, to see how much of the change of leverage it explains.

    \b
    Examples:
      sluicegate compare results/first results/second
      sluicegate compare tutorial mycase
      sluicegate compare results/first results/second --worlds 64 --no-attribution
    """
    from .analysis.compare.compare import compare as compare_things
    from .report.text.compare import show_comparison

    if len(things) < 2:
        raise Refusal("compare needs two or more results or cases; name them one after another")
    options: dict[str, Any] = {"threads": processes(threads), "attribute": not no_attribution}
    options |= {"worlds": worlds, "seed": seed}
    found, stopped = said(
        lambda: watched(lambda monitor: compare_things(list(things), **options, monitor=monitor), talk)
    )
    put_found(found, show_comparison, as_json)
    sys.exit(STOPPED if stopped else DONE)


@cli.command()
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
    from .analysis.results import blaming, read_any

    read = said(lambda: read_any(result))
    for remark in read.remarks:
        talk.say(shown(f"Warning: {remark}"))
    with blaming({result: read.altered}, leave=(click.ClickException,)):
        put_again(read, as_json)


@cli.command()
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
    opened: bool,
    as_json: bool,
    threads: int | None,
    talk: Talk,
) -> None:
    """Write RESULT as one self-contained HTML page to hand on.

    RESULT is a folder that solve, evaluate, frontier or sweep wrote; several folders with plans become one page that
    puts them side by side. The page needs no network and runs no script. A page written before is replaced.

    \b
    Examples:
      sluicegate report results/first
      sluicegate report results/first -o plan.html --open
      sluicegate report results/first --workbook plan.xlsx
      sluicegate report results/first results/second -o comparison.html
    """
    from .report.charts.drawing import artist

    with Interrupts(patient=False) as interrupts, interrupts.run(lambda: artist(threads), talk) as drawing:
        # The process that draws starts meanwhile.
        from .analysis.results import blaming
        from .report.page.page import page_of, page_path, read_results, remarks_of, results_held, write_page

        path = page_path(results, output, force=force)
        with results_held(results, [path] if workbook is None else [path, workbook]):
            read = said(lambda: read_results(results))
            remarks = remarks_of(read)
            for remark in remarks:
                talk.say(shown(f"Warning: {remark}"))
            check_file("-o", str(path))
            if workbook is not None:
                check_workbook(workbook, read, force)
            text = said(
                lambda: interrupts.run(
                    lambda: page_of(read, attribute=attribution, threads=threads, artist=drawing), talk
                )
            )
            with placing(str(path)):
                size = write_page(text, path)
            places = [str(path)]
            if workbook is not None:
                from .report.files.workbook import write_workbook

                with placing(workbook, "file"), blaming({str(read[0].folder): read[0].altered}, (OSError,)):
                    write_workbook(read[0].content, workbook, force=force, remarks=read[0].remarks)
                places.append(workbook)
    document: dict[str, Any] = {"page": str(path), "bytes": size, "remarks": remarks}
    if workbook is not None:
        document["workbook"] = workbook
    if as_json:
        put_json(document)
    talk.say(shown(f"Written to {' and '.join(places)}"))
    if opened:
        click.launch(str(path))


@cli.command()
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
    from .analysis.breakeven.breakeven import breakeven as find_switches
    from .report.text.breakeven import show_breakeven

    loaded = load(case, overrides, talk)
    search["threads"] = processes(threads)
    found, stopped = said(lambda: watched(lambda monitor: find_switches(loaded, path, **search, monitor=monitor), talk))
    put_found(found, show_breakeven, as_json)
    sys.exit(STOPPED if stopped else DONE)


@cli.command()
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

    With --worlds the curve is that of the mean over the worlds against the mean of the worst tenth of them: what caution costs.
    """
    from .analysis.frontier.frontier import frontier as trace
    from .analysis.frontier.over_worlds import frontier_over_worlds
    from .analysis.worlds import asked_worlds
    from .report.text.frontier import show_frontier

    began = now()
    if chart is not None:
        check_chart(chart)
    loaded = load(case, overrides, talk)
    asked = in_worlds(options)
    if asked and (options["against"] != "own_loss" or options["low"] is not None or options["high"] is not None):
        raise Refusal(
            "--worlds traces the mean against the worst tenth; leave out --against, --low and --high, or --worlds"
        )
    levels = ("points",) if asked else ("against", "points", "low", "high")
    options = settled(loaded, options, *levels, "time_limit", "rel_gap", "threads")
    with Interrupts() as interrupts, result_folder(wanted, loaded) as result:
        with talk.monitor(interrupts.stopped) as monitor:
            if asked:
                drawn = {name: asked[name] for name in ("seed", "vary") if name in asked}
                how = {name: asked[name] for name in ("continuity_share", "cluster") if name in asked}
                many = said(lambda: asked_worlds(loaded, asked["worlds"], **drawn))
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
        from .report.charts.frontier import frontier_figures

        draw(chart, frontier_figures(found), talk, "No level has a plan, so there is nothing to draw.")
    codes = {"optimal": DONE, "infeasible": INFEASIBLE, "feasible": GAP_LEFT, "unknown": NO_PLAN}
    sys.exit(STOPPED if stopped else codes[found.status])


@cli.command()
@trade_options
@ranking_options
@json_option
@loudness_options
def scan(
    trade: Trade,
    digits: str | None,
    sigma: str | None,
    top: int,
    page: str | None,
    chart: str | None,
    as_json: bool,
    talk: Talk,
    **ranking: Any,
) -> None:
    """Rank goods by who depends on whom, from trade statistics in DATA.

    DATA are files, folders or .zip archives as downloaded from UN Comtrade (API or bulk) or CEPII BACI, or plain tables
    with the columns month or year, origin, destination, item, quantity, unit, value. What was dropped or mended is listed.

    \b
    Examples:
      sluicegate scan BACI_Y2023.csv --focal TWN --counterpart KOR --allies USA,JPN
      sluicegate scan downloads --focal TWN --counterpart KOR --digits 4 --page list.html
      sluicegate scan korea-imports --focal KOR --diversify
    """
    from .analysis.trade.ranking.scan import scan as rank
    from .analysis.trade.ranking.sigma import find_sigmas
    from .report.text.scan import show_scan

    if trade.counterpart is None and not ranking["diversify"]:
        raise Refusal("scan needs --counterpart, or --diversify for the buyer's view")
    began = now()
    for option, path, endings in (("--page", page, (".html",)), ("--chart", chart, (".svg", ".png", ".html"))):
        if path is not None:
            check_ending(option, path, endings)
            check_file(option, path)
    ranking |= {
        "years": trade.span,
        "digits": None if digits is None else int(digits),
        "sigmas": find_sigmas(sigma),
    }
    parties = trade.parties
    found = trade.use(lambda statistics: rank(statistics, parties, **ranking), talk)
    if page is not None:
        from .report.charts.drawing import Here
        from .report.page.page import write_page
        from .report.page.scan import scan_page

        with placing(page, "file"):
            write_page(scan_page(found, began, Here()), page)
        talk.say(shown(f"Written to {page}"))
    if chart is not None:
        from .report.charts.scan import scan_figures

        draw(chart, scan_figures(found), talk, "There is nothing to draw.")
    put_found(found, lambda found, console: show_scan(found, console, top), as_json)


@cli.command()
@trade_options
@draft_options
@json_option
@loudness_options
def draft(trade: Trade, items: str, output: str, force: bool, as_json: bool, talk: Talk, **drafting: Any) -> None:
    """Make a case of trade statistics in DATA: flows and prices with their source, placeholders for the rest.

    The case can be solved at once. What no statistic says (stocks, penalties, margins, policies, capacities) is filled in by
    a default, marked as a placeholder in its sources with the reasoning and the question to ask; README.txt lists them.

    \b
    Examples:
      sluicegate draft BACI_Y2023.csv --focal TWN --counterpart KOR --items 854232 -o mine
      sluicegate draft downloads --focal CHN --counterpart EU --items 8505 --monthly -o mine
    """
    from .analysis.trade.drafting.draft import draft_case
    from .report.files.draft import case_name, draft_document, write_draft
    from .report.text.draft import show_draft

    if trade.counterpart is None:
        raise Refusal("draft needs --counterpart, the side that buys what is controlled")
    chosen = split(items, ";" if ";" in items else ",")
    if not chosen:
        raise Refusal("--items names nothing; give HS codes such as 854232,854231")
    parties, drafting["years"] = trade.parties, trade.span
    name = case_name(output)
    found = trade.use(lambda statistics: draft_case(name, statistics, parties, chosen, **drafting), talk)
    with placing(output, "place"):
        write_draft(found, output, force=force)
    if as_json:
        put_json(draft_document(found, output))
    else:
        put_shown(lambda console: show_draft(found, output, console))


@cli.group(cls=DefaultCommand, short_help="Solve CASE many times with its uncertain figures varied.")
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
    from .analysis.sweep.design import make_design
    from .report.files.folder import default_folder

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
        from .analysis.sweep.estimate import estimate
        from .report.text.sweep_run import show_estimate

        guess, stopped = said(
            lambda: watched(lambda monitor: estimate(loaded, design, monitor=monitor, **solving), talk)
        )
        if guess is not None:
            put_found(guess, show_estimate, wanted.as_json)
        sys.exit(STOPPED if stopped else DONE)
    from .analysis.sweep.run import run_sweep
    from .report.text.sweep_run import counted

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
    from .analysis.results import blaming
    from .analysis.sweep.read import read_sweep
    from .report.text.sweep import show_sweep
    from .report.views.sweep import sweep_document

    if chart is not None:
        check_chart(chart)
    found = read_sweep(folder)

    def summarise() -> None:
        with blaming({folder: found.altered}, leave=(click.ClickException,)):
            if chart is not None:
                from .report.charts.sweep import write_sweep_charts

                with placing(chart):
                    for path in write_sweep_charts(found, chart, outcome):
                        talk.say(shown(f"Written to {path}"))
            if as_json:
                put_json(sweep_document(found, outcome, mode))
            else:
                put_shown(lambda console: show_sweep(found, console, outcome=outcome, mode=mode))

    said(summarise)


def main() -> None:
    """Run the command and end the process with its exit code."""
    # Libraries make objects by the hundred thousand as they are imported, none of them garbage.
    gc.set_threshold(GARBAGE)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        cli.main(prog_name="sluicegate")
    except OSError as error:
        # Help and version are printed by click, before there is a command.
        try:
            unwritten(error)
        except Refusal as refusal:
            refusal.show()
            sys.exit(refusal.exit_code)
    except SystemExit as end:
        if busy():
            end_at_once(end.code if isinstance(end.code, int) else FAULT)
        # To look through all that is left for garbage takes longer than to leave it.
        gc.freeze()
        raise


if __name__ == "__main__":
    main()
