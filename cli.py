"""The command ``sluicegate``: parse, call, print."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import dataclasses
import gc
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from . import __version__
from .commands.cases import cases, init, validate
from .commands.curves import breakeven, frontier
from .commands.results import report, show
from .commands.sweeps import sweep
from .commands.trade import draft, scan
from .report.console.errors import DONE, FAULT, Refusal, said, shown
from .report.console.given import chosen_policies, drawn_worlds, in_worlds, pairs, processes, settled, solver_of, units
from .report.console.groups import Commands
from .report.console.interrupts import Interrupts, at_once, busy, end_at_once, watched
from .report.console.kinds import Share, completing
from .report.console.options import (
    Wanted,
    case_options,
    choice_options,
    common_worlds_options,
    json_option,
    loudness_options,
    model_options,
    naming_options,
    no_range_option,
    result_options,
    solve_options,
    solver_option,
    threads_option,
    world_options,
)
from .report.console.output import Talk, put_found, unwritten
from .report.console.places import check_file, placing
from .report.console.results import Run, deliver, exit_code, load, now, result_folder
from .signals import STOPPED

if TYPE_CHECKING:
    from .model import Plan

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


for command in (cases, init, validate, scan, draft, sweep, breakeven, frontier, show, report):
    cli.add_command(command)


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
    metavar="M",
    help="With --worlds N: check the plan in so many worlds drawn anew; 0: none.  [default: 256]",
)
@click.option(
    "--replications",
    type=click.IntRange(min=0),
    metavar="R",
    help="With --worlds N: bound how far the plan is from the best one, by the plans of R more samples of N worlds.  "
    "[default: 0]",
)
@naming_options
@no_range_option(", nor, with --worlds, what other plans yield")
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
    fresh: int | None,
    replications: int | None,
    name: str,
    note: str,
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
      sluicegate solve mycase --name 'No review before May' --note 'asked for by the ministry'
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
    from .analysis.completed import completed
    from .analysis.status_quo import with_status_quo_warnings

    if (solver := options["solver"]) is not None and options["method"] != "program":
        raise Refusal(shown(f"--solver {solver} is for the single program; add --method program"))
    began, started = now(), time.perf_counter()
    # The plan shows what is odd in the case.
    loaded = load(case, overrides, talk, warn=wanted.as_json)
    asked = in_worlds(options, fresh=fresh, replications=replications)
    if asked and alternatives is not None:
        raise Refusal("--alternatives is about plans for the case's own figures; leave out --worlds, or --alternatives")
    options = settled(loaded, options, "time_limit", "rel_gap", "threads", "method", *(["solver"] if solver else []))
    worlds = drawn_worlds(loaded, asked)
    solve_case = solver_of(asked)
    run = Run("solve", case, overrides, options | asked, began)
    with Interrupts() as interrupts, result_folder(wanted, loaded) as result:
        with talk.monitor(interrupts.stopped) as monitor:

            def called(plan: Plan) -> Plan:
                return dataclasses.replace(with_status_quo_warnings(plan, monitor.problem), name=name, note=note)

            def keep(plan: Plan) -> None:
                # What is proven outlasts whatever ends the process while more is worked out.
                result.keep(plan, run.record(plan))

            workers = processes(options["threads"])
            if asked and not no_range:
                from .analysis.information import planned

                checks: dict[str, Any] = {
                    "processes": workers,
                    "monitor": monitor,
                    "proven": lambda plan: keep(called(plan)),
                }
                given = {"fresh": fresh, "replications": replications}
                checks |= {name: number for name, number in given.items() if number is not None}
                plan = interrupts.run(lambda: planned(loaded, options, **worlds, **checks), talk)
            else:
                plan = interrupts.run(
                    lambda: solve_case(loaded, **options, **worlds, log=result.log, monitor=monitor), talk
                )
            plan = called(plan)
            if not asked:
                keep(plan)
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
            if not asked:
                found = plan
                how: dict[str, Any] = {"ranged": not no_range, "reasoned": not no_reasons}
                how |= {"time_limit": options["time_limit"], "began": started, "processes": workers}
                how |= {"engine": monitor.engine, "problem": monitor.problem, "monitor": monitor}
                plan = interrupts.run(lambda: completed(found, **how), talk)
        stopped = interrupts.stopped.is_set()
        if stopped and plan.status == "unknown":
            talk.say("Stopped before a plan was found; no result was written.")
            sys.exit(STOPPED)
        if stopped:
            talk.say("Stopped; this is the best plan found so far.")
        deliver(plan, result, run, wanted.as_json, talk)
    sys.exit(STOPPED if stopped else exit_code(plan))


@cli.command()
@case_options
@choice_options
@result_options
@naming_options
@no_range_option()
@loudness_options
def evaluate(
    case: str,
    overrides: tuple[str, ...],
    policies: tuple[str, ...],
    lanes: tuple[str, ...],
    stockpiles: tuple[str, ...],
    wanted: Wanted,
    name: str,
    note: str,
    no_range: bool,
    talk: Talk,
) -> None:
    """Evaluate given choices in CASE, without optimising them.

    Both sides still act at least cost week by week; only policies, qualified lanes and stockpiles are as given.
    Limits that the choices break are listed, and the exit code is then 3.

    \b
    Examples:
      sluicegate evaluate mycase                              nothing is done
      sluicegate evaluate mycase --policy gas=review --name 'What the ministry asks for'
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
        found = interrupts.run(lambda: evaluate_case(loaded, **options, log=result.log, monitor=monitor), talk)
        plan = found
        if not no_range:
            from .analysis.information import time_for_range, with_range

            left = time_for_range(found, loaded.settings.solver.time_limit)
            how: dict[str, Any] = {"processes": processes(None), "seconds": left, "monitor": monitor}
            plan = interrupts.run(lambda: with_range(found, **how), talk)
        plan = dataclasses.replace(with_status_quo_warnings(plan, monitor.problem), name=name, note=note)
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
@no_range_option()
@json_option
@threads_option
@loudness_options
def explain(
    case: str,
    overrides: tuple[str, ...],
    worlds: int | None,
    seed: int,
    no_range: bool,
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
        options: dict[str, Any] = {
            "threads": processes(threads),
            "worlds": worlds,
            "seed": seed,
            "ranged": not no_range,
        }
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
@no_range_option()
@json_option
@threads_option
@loudness_options
def compare(
    things: tuple[str, ...],
    no_attribution: bool,
    worlds: int | None,
    seed: int,
    no_range: bool,
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
    options |= {"worlds": worlds, "seed": seed, "ranged": not no_range}
    found, stopped = said(
        lambda: watched(lambda monitor: compare_things(list(things), **options, monitor=monitor), talk)
    )
    put_found(found, show_comparison, as_json)
    sys.exit(STOPPED if stopped else DONE)


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
