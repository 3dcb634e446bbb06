"""The command ``sluicegate``: parse, call, print."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import contextlib
import datetime
import errno
import gc
import io
import os
import signal
import stat
import sys
import threading
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import click

from . import __version__
from .signals import SIGNALS, STOPPED, interrupt, raising

if TYPE_CHECKING:
    from rich.console import Console

    from .analysis.frontier.frontier import Frontier
    from .analysis.sweep.read import Sweep
    from .analysis.trade.scan import Scan
    from .data import Case
    from .data.outages import Lost
    from .data.trade import Statistics
    from .model import Plan
    from .report.console.progress import Interruptible
    from .report.files.folder import ResultFolder

DONE, FAULT, USAGE, INFEASIBLE, GAP_LEFT, NO_PLAN = 0, 1, 2, 3, 4, 5
DEBUG = "SLUICEGATE_DEBUG"
VERBOSE = "sluicegate.verbose"
WORKER = "sluicegate-work"
USUAL_WIDTH, LEAST_WIDTH = 80, 40
GARBAGE = 50_000  # objects made before Python looks for garbage

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


# Errors ----------------------------------------------------------------------------------------------------------------


class Refusal(click.ClickException):
    """Wrong usage, a faulty case, or a place that cannot be written."""

    exit_code = USAGE


class ProgramFault(click.ClickException):
    """A fault of the program."""

    exit_code = FAULT


class Commands(click.Group):
    """A group whose commands end with a message and an exit code, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors become messages."""
        try:
            with raising():
                return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except KeyboardInterrupt:
            click.echo("Ended; no result was written.", err=True)
            ctx.exit(STOPPED)
        except Exception as error:
            if isinstance(error, OSError) and _is_shut():
                # Help is printed by click.
                _unwritten(error)
                ctx.exit(DONE)
            raise _told(error, ctx) from error


def _told(error: Exception, ctx: click.Context) -> click.ClickException:
    """Return an error as the message that a planner reads."""
    refusals = (
        ("data", "CaseError"),
        ("data.storage.atomic", "Locked"),
        ("analysis.results", "Altered"),
        ("model", "TooManyCombinations"),
        ("report.files.folder", "ResultError"),
        ("analysis.sweep.store", "SweepError"),
        ("analysis.figures.factors", "DesignError"),
    )
    if any(_is(error, module, name) for module, name in refusals):
        return Refusal(_shown(str(error)))
    if isinstance(error, MemoryError):
        return ProgramFault("out of memory; close other programs, or solve with --threads 1")
    if ctx.meta.get(VERBOSE) or os.environ.get(DEBUG):
        click.echo(traceback.format_exc(), err=True, nl=False)
    hint = f"Please report it with the case and the traceback that -v (or {DEBUG}=1) shows."
    return ProgramFault(_shown(f"a fault of the program, {type(error).__name__}: {error}\n{hint}"))


def _is(error: Exception, module: str, name: str) -> bool:
    """Return whether an error is of a class that is imported only where it is raised."""
    loaded = sys.modules.get(f"{__package__}.{module}")
    return loaded is not None and isinstance(error, getattr(loaded, name))


def _shown(message: str) -> str:
    """Return a message of several lines without anything that could disturb a terminal."""
    from .report.format.numbers import plain

    lines = message.splitlines()
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + plain(line) for line in lines)


# What is said, and where -----------------------------------------------------------------------------------------------


class Talk:
    """What is said on standard error.

    Parameters
    ----------
    quiet, verbose
        The options.
    """

    def __init__(self, quiet: bool, verbose: bool):
        self.quiet = quiet
        self.verbose = verbose

    def say(self, text: str) -> None:
        """Say something that is not data."""
        if not self.quiet:
            # Nobody listening is no reason to stop.
            with contextlib.suppress(OSError):
                click.echo(text, err=True)

    def monitor(self, stopped: threading.Event) -> Interruptible:
        """Return what watches a solve: a bar on a terminal, lines with -v, else nothing."""
        from .report.console.progress import Bar, Interruptible, Lines, Unheard

        console = _console(file=cast("Any", Unheard(sys.stderr)))
        if self.quiet:
            return Interruptible(stopped)
        if console.is_terminal and not self.verbose:
            return Bar(stopped, console)
        return Lines(stopped, console) if self.verbose else Interruptible(stopped)


def _put(text: str) -> None:
    """Write data to standard output."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except OSError as error:
        _unwritten(error)


def _unwritten(error: OSError) -> None:
    """Refuse to go on where standard output cannot be written; whoever reads it may have read enough, though."""
    # A terminal that was closed answers with an input/output error.
    gone = error.errno == errno.EPIPE or (error.errno == errno.EIO and stat.S_ISCHR(os.fstat(1).st_mode))
    # What is still buffered must not fail once more when Python ends.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not gone:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise Refusal(f"standard output cannot be written: {why}") from None


def _is_shut() -> bool:
    """Return whether standard output is closed, or nobody reads it any more."""
    import select

    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return False
    try:
        os.write(number, b"")
        watched = select.poll()
        watched.register(number, 0)
        return any(event & (select.POLLERR | select.POLLNVAL) for _, event in watched.poll(0))
    except OSError:
        return True
    except AttributeError:
        # Windows has no poll.
        return False


def _put_json(document: Any) -> None:
    from .report.format.documents import to_json

    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    _put(to_json(document, ascii_only=not encoding.startswith("utf")))


def _console(**options: Any) -> Console:
    """Return a console as wide as the terminal; where none is told (COLUMNS=0) as wide as usual, and never too narrow to read."""
    from rich.console import Console

    console = Console(**options)
    console.width = max(LEAST_WIDTH, console.width or USUAL_WIDTH)
    return console


class _Page(io.StringIO):
    """Text for standard output before it is written, so that nothing is printed by halves."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of standard output: where it is no Unicode, tables are drawn in ASCII."""
        return getattr(sys.stdout, "encoding", None) or "utf-8"


def _put_shown(show: Callable[[Console], None]) -> None:
    """Write what a function prints on a console to standard output."""
    from rich.console import Console

    terminal = _console(file=sys.stdout)
    colours: Any = terminal.color_system
    page = _Page()
    show(Console(file=page, width=terminal.width, force_terminal=terminal.is_terminal, color_system=colours))
    _put("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))


# Signals ---------------------------------------------------------------------------------------------------------------


class Interrupts:
    """Hears Ctrl-C (and SIGTERM, and SIGHUP): the first one sets `stopped`, the second one ends at once.

    Parameters
    ----------
    patient
        Whether the work stops by itself once `stopped` is set; else the first one ends it.
    """

    def __init__(self, patient: bool = True):
        self.stopped = threading.Event()
        self._patient = patient
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        """Begin to listen."""
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # Who starts a command in the background may want it to ignore Ctrl-C.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave signals to whoever heard them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.stopped.is_set() or not self._patient:
            interrupt(number, frame)
        self.stopped.set()

    def run(self, work: Callable[[], T], talk: Talk) -> T:
        """Do the work in a thread of its own: signals are heard while the solver is deep in other code."""
        done: list[T] = []
        failed: list[BaseException] = []

        def worker() -> None:
            try:
                _shield()
                done.append(work())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=worker, name=WORKER, daemon=True)
        thread.start()
        told = False
        while thread.is_alive():
            thread.join(0.1)
            if self.stopped.is_set() and not told:
                talk.say("Stopping; press Ctrl-C again to end at once.")
                told = True
        if failed:
            raise failed[0]
        return done[0]


def _shield() -> None:
    """Keep signals from this thread and from the processes it will start: Ctrl-C reaches all that run on a terminal."""
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # Its start would lift the mask.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


# Options ---------------------------------------------------------------------------------------------------------------


def _chained(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _note_verbose(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
    ctx.meta[VERBOSE] = value
    return value


class Number(click.ParamType):
    """A number of at least 0, or above it."""

    name = "number"

    def __init__(self, positive: bool = False):
        self.positive = positive

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number", param, ctx)
        if not number >= 0 or (self.positive and number == 0):
            self.fail(f"{value} is not {'above 0' if self.positive else '0 or more'}", param, ctx)
        return number


class Text(click.ParamType):
    """Text in the form in which a case holds its ids, whatever system it was typed on."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Compose the text's characters."""
        return unicodedata.normalize("NFC", value)


def _completing(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Return what completes a word of the command line in a shell."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from .report.console import completion

        # Where an option still waits for its value, what stands before it was not taken for CASE yet.
        given = ctx.params.get("case") or next(iter(ctx.args), None)
        found: list[Any] = getattr(completion, what)(given, incomplete)
        return found

    return complete


case_options = _chained(
    click.argument("case", shell_complete=_completing("cases")),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="TABLE.KEY.COLUMN=VALUE",
        shell_complete=_completing("figures"),
        help="Set a figure of the case anew; VALUE may be a factor such as *0.8. May be given many times.",
    ),
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
result_options = _chained(
    click.option(
        "-o",
        "--output",
        metavar="DIR",
        help="Result folder.  [default: results/CASE/TIMESTAMP]",
    ),
    click.option("--force", is_flag=True, help="Replace the result in the folder, once the new one is complete."),
    json_option,
)
loudness_options = _chained(
    click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error but errors."),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        callback=_note_verbose,
        help="Say what is being done; show the traceback of a fault of the program.",
    ),
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that work out responses.  [default: all processors]",
)
solve_options = _chained(
    click.option(
        "--time-limit",
        type=Number(positive=True),
        metavar="SECONDS",
        help="Stop after so long with the best plan found.  [default: the case's]",
    ),
    click.option(
        "--rel-gap",
        type=Number(),
        metavar="SHARE",
        help="Relative gap at which a plan counts as optimal, such as 0.01.  [default: the case's]",
    ),
    threads_option,
)


# Commands --------------------------------------------------------------------------------------------------------------


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
    """


@cli.group(invoke_without_command=True)
@json_option
@loudness_options
@click.pass_context
def cases(ctx: click.Context, as_json: bool, quiet: bool, verbose: bool) -> None:
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
        _put_json([{"name": case.name, "title": case.title} for case in found])
    else:
        _put_shown(lambda console: show_cases(found, console))


@cases.command("copy")
@click.argument("case", shell_complete=_completing("cases"))
@click.argument("target", metavar="DIR_OR_FILE.xlsx")
@click.option("--force", is_flag=True, help="Replace the case in a folder that is not empty, or the workbook.")
@click.option(
    "--datapackage", is_flag=True, help="Write datapackage.json (Frictionless) beside the tables of a folder."
)
@loudness_options
def copy(case: str, target: str, force: bool, datapackage: bool, quiet: bool, verbose: bool) -> None:
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
    with _placing(target, "place"):
        if target.lower().endswith(".xlsx"):
            write_workbook(load_case(case), target, force=force)
        elif find_shipped(case) and not os.path.exists(case):
            copy_case(case, target, force=force, describe=datapackage)
        else:
            write_folder(load_case(case), target, force=force, describe=datapackage)
    Talk(quiet, verbose).say(f"{target} holds a copy of {case}. Edit it, then: sluicegate solve {_quoted(target)}")


def _start_weeks(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Read weeks with commas between them."""
    parts = [part.strip() for part in value.replace(";", ",").split(",")]
    if not all(part.isdecimal() for part in parts):
        raise click.BadParameter(
            f"{value!r} is not a list of weeks; write weeks with commas between them, such as 4,16,28"
        )
    return tuple(dict.fromkeys(map(int, parts)))


@cases.command("n-1")
@click.argument("case", shell_complete=_completing("cases"))
@click.argument("target", metavar="DIR_OR_FILE.xlsx")
@click.option(
    "--of",
    "of",
    type=click.Choice(["parties", "sites", "lanes"]),
    multiple=True,
    required=True,
    help="What is lost, one at a time; may be given more than once.",
)
@click.option("--weeks", type=click.IntRange(min=1), required=True, metavar="N", help="How long an outage lasts.")
@click.option(
    "--starts", callback=_start_weeks, required=True, metavar="WEEKS", help="Weeks in which it may begin: 4,16,28."
)
@click.option("--force", is_flag=True, help="Replace the case in a folder that is not empty, or the workbook.")
@loudness_options
def n_minus_one(
    case: str,
    target: str,
    of: tuple[Lost, ...],
    weeks: int,
    starts: tuple[int, ...],
    force: bool,
    quiet: bool,
    verbose: bool,
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
    with _placing(target, "place"):
        if target.lower().endswith(".xlsx"):
            write_workbook(extended, target, force=force)
        else:
            write_folder(extended, target, force=force)
    count = "1 outage" if len(added) == 1 else f"{len(added)} outages"
    total = len(added) * len(starts)
    scenarios = "1 scenario" if total == 1 else f"{total} scenarios"
    Talk(quiet, verbose).say(
        f"{target} holds {case} and {count} more, {scenarios}. Next: sluicegate solve {_quoted(target)}"
    )


@cases.command("schema")
@loudness_options
def schema(quiet: bool, verbose: bool) -> None:
    """Print a JSON Schema for case.toml, by which editors complete and check its keys.

    Save it beside case.toml, and name it in the first line there: #:schema ./case.schema.json

    \b
    Example:
      sluicegate cases schema                 to be saved as case.schema.json
    """
    from .data.package import settings_schema

    _put_json(settings_schema())


@cli.command()
@click.argument("folder", metavar="DIR")
@click.option("--force", is_flag=True, help="Replace the case in a folder that is not empty.")
@loudness_options
def init(folder: str, force: bool, quiet: bool, verbose: bool) -> None:
    """Write a small, commented case to DIR that can be solved as it is.

    \b
    Example:
      sluicegate init mycase
    """
    from .data import init_case

    with _placing(folder):
        words = init_case(folder, force=force)
    Talk(quiet, verbose).say(words.rstrip("\n"))


@cli.command()
@case_options
@json_option
@loudness_options
def validate(case: str, overrides: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool) -> None:
    """Read and check CASE without looking for a plan.

    Every fault is listed at once, with file, row, column and what would be right. Warnings name figures that are
    allowed but look odd, among them base flows that do not balance. Exit code 0 with warnings only, 2 with faults.

    \b
    Examples:
      sluicegate validate mycase
      sluicegate validate mycase.xlsx --json
      sluicegate validate mycase --set limits.budget=80
    """
    from .analysis.status_quo import status_quo_warnings
    from .data import CaseError, load_case
    from .report.format.documents import check_document
    from .report.text.check import show_check

    try:
        loaded = load_case(case, overrides)
    except CaseError as error:
        if as_json:
            _put_json(check_document(case, None, error.faults))
        raise
    with Interrupts(patient=False) as interrupts:
        remarks = interrupts.run(lambda: status_quo_warnings(loaded), Talk(quiet, verbose))
    if as_json:
        _put_json(check_document(case, loaded, (), remarks))
    else:
        _put_shown(lambda console: show_check(loaded, remarks, console))


@cli.command()
@case_options
@result_options
@solve_options
@click.option(
    "--method",
    type=click.Choice(["auto", "columns", "groups", "pieces", "rows", "tree", "program"]),
    default="auto",
    show_default=True,
    help="Enumerate the combinations of policies (columns), those of each independent group (groups), those of what each "
    "good is made of (pieces), bound them by single responses (rows), branch over them (tree), or solve one program (program).",
)
@loudness_options
def solve(
    case: str,
    overrides: tuple[str, ...],
    output: str | None,
    force: bool,
    as_json: bool,
    time_limit: float | None,
    rel_gap: float | None,
    threads: int | None,
    method: str,
    quiet: bool,
    verbose: bool,
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
      sluicegate solve mycase --method program
      sluicegate solve mycase --json | jq .leverage
    """
    from .analysis.status_quo import with_status_quo_warnings
    from .model import solve as solve_case
    from .model.follower.enumerate import processors

    began = _now()
    talk = Talk(quiet, verbose)
    # What is odd in the case is told with the plan.
    loaded = _load(case, overrides, talk, warn=as_json)
    options: dict[str, Any] = {
        "time_limit": loaded.settings.solver.time_limit if time_limit is None else time_limit,
        "rel_gap": loaded.settings.solver.rel_gap if rel_gap is None else rel_gap,
        "threads": threads or processors(),
        "method": method,
    }
    with Interrupts() as interrupts, _result_folder(output, loaded, force) as result:
        with talk.monitor(interrupts.stopped) as monitor:
            plan = interrupts.run(lambda: solve_case(loaded, **options, log=result.log, monitor=monitor), talk)
        plan = with_status_quo_warnings(plan, monitor.problem)
        stopped = interrupts.stopped.is_set()
        if stopped and plan.status == "unknown":
            talk.say("Stopped before a plan was found; no result was written.")
            sys.exit(STOPPED)
        if stopped:
            talk.say("Stopped; this is the best plan found so far.")
        _deliver(plan, result, _Run("solve", case, overrides, options, began), as_json, talk)
    sys.exit(STOPPED if stopped else _exit_code(plan))


@cli.command()
@case_options
@click.option(
    "--policy",
    "policies",
    type=Text(),
    multiple=True,
    metavar="REGIME=POLICY",
    shell_complete=_completing("policies"),
    help="Put a regime of ours (or an ally's) under a policy. Regimes not named stay open.",
)
@click.option(
    "--qualify",
    "lanes",
    type=Text(),
    multiple=True,
    metavar="LANE",
    shell_complete=_completing("lanes"),
    help="Qualify a lane that has a fixed_cost.",
)
@click.option(
    "--stockpile",
    "stockpiles",
    type=Text(),
    multiple=True,
    metavar="SITE/ITEM=UNITS",
    shell_complete=_completing("stockpiles"),
    help="Stockpile so many units before week 0.",
)
@result_options
@loudness_options
def evaluate(
    case: str,
    overrides: tuple[str, ...],
    policies: tuple[str, ...],
    lanes: tuple[str, ...],
    stockpiles: tuple[str, ...],
    output: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Work out what given choices lead to in CASE, without optimising them.

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
    from .model.network.network import Network
    from .model.solving import check_choices
    from .report.console.progress import Interruptible

    began = _now()
    talk = Talk(quiet, verbose)
    loaded = _load(case, overrides, talk, warn=as_json)
    network = Network(loaded)
    choice = _chosen_policies("--policy", policies, network.menu)
    units = {key: _units(key, amount) for key, amount in _pairs("--stockpile", stockpiles).items()}
    qualified = tuple(dict.fromkeys(lanes))
    try:
        check_choices(network, choice, qualified, units)
    except ValueError as error:
        raise Refusal(_shown(str(error))) from None
    options: dict[str, Any] = {"policies": choice, "qualified": qualified, "stockpile": units}
    with Interrupts(patient=False) as interrupts, _result_folder(output, loaded, force) as result:
        monitor = Interruptible(interrupts.stopped)
        plan = interrupts.run(lambda: evaluate_case(loaded, **options, log=result.log, monitor=monitor), talk)
        plan = with_status_quo_warnings(plan, monitor.problem)
        _deliver(plan, result, _Run("evaluate", case, overrides, options, began), as_json, talk)
    sys.exit(_exit_code(plan))


@cli.command()
@case_options
@json_option
@loudness_options
def indices(case: str, overrides: tuple[str, ...], as_json: bool, quiet: bool, verbose: bool) -> None:
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

    talk = Talk(quiet, verbose)
    loaded = _load(case, overrides, talk)
    with Interrupts(patient=False) as interrupts:
        found = interrupts.run(lambda: measure(loaded), talk)
    if as_json:
        _put_json(found.to_dict())
    else:
        _put_shown(lambda console: print_indices(found, console))


@cli.command()
@case_options
@json_option
@threads_option
@loudness_options
def explain(
    case: str, overrides: tuple[str, ...], as_json: bool, threads: int | None, quiet: bool, verbose: bool
) -> None:
    """Say why CASE has no plan, or what its best plan hangs on.

    Without a plan: the smallest set of limits in conflict, what each would have to become, alone and together, and where
    supply falls short. With one: the limits that bind and what one more unit of each is worth, and what every decision
    of the plan is worth, the first to be dropped first.

    \b
    Examples:
      sluicegate explain mycase
      sluicegate explain taiwan-korea --set limits.budget=20
    """
    from .analysis.explain.explain import explain as explain_case
    from .model.follower.enumerate import processors
    from .model.plan.monitor import Stopped
    from .report.text.explain import show_explanation

    talk = Talk(quiet, verbose)
    loaded = _load(case, overrides, talk)
    with Interrupts() as interrupts, talk.monitor(interrupts.stopped) as monitor:
        try:
            found = interrupts.run(lambda: explain_case(loaded, threads=threads or processors(), monitor=monitor), talk)
        except Stopped:
            talk.say("Stopped before there was an explanation.")
            sys.exit(STOPPED)
    if as_json:
        _put_json(found.to_dict())
    else:
        _put_shown(lambda console: show_explanation(found, console))


@cli.command()
@click.argument(
    "things", metavar="RESULT_OR_CASE...", nargs=-1, required=True, shell_complete=_completing("results_and_cases")
)
@click.option("--no-attribution", is_flag=True, help="Do not work out how much each difference of the inputs explains.")
@json_option
@threads_option
@loudness_options
def compare(
    things: tuple[str, ...], no_attribution: bool, as_json: bool, threads: int | None, quiet: bool, verbose: bool
) -> None:
    """Put results or cases side by side: inputs, choices, outcomes.

    Cases are solved, result folders are taken as they are. For two of them, each difference of the inputs is made alone,
    from the first to the second and back, to see how much of the change of leverage it explains.

    \b
    Examples:
      sluicegate compare results/first results/second
      sluicegate compare tutorial mycase
    """
    from .analysis.compare.compare import compare as compare_things
    from .model.follower.enumerate import processors
    from .report.text.compare import show_comparison

    if len(things) < 2:
        raise Refusal("compare needs two or more results or cases; name them one after another")
    talk = Talk(quiet, verbose)
    with Interrupts() as interrupts, talk.monitor(interrupts.stopped) as monitor:
        found = _said(
            lambda: interrupts.run(
                lambda: compare_things(
                    list(things), threads=threads or processors(), attribute=not no_attribution, monitor=monitor
                ),
                talk,
            )
        )
    if as_json:
        _put_json(found.to_dict())
    else:
        _put_shown(lambda console: show_comparison(found, console))
    if interrupts.stopped.is_set():
        sys.exit(STOPPED)


@cli.command()
@click.argument("results", metavar="RESULT...", nargs=-1, required=True, shell_complete=_completing("results"))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The page, an .html file.  [default: report.html in the result folder; for several: comparison.html here]",
)
@click.option("--force", is_flag=True, help="Replace a file that this command did not write.")
@click.option(
    "--workbook",
    metavar="FILE",
    help="Write the plan as a workbook too, an .xlsx file that can be read as a case again.",
)
@click.option(
    "--attribution",
    is_flag=True,
    help="Of two plans: work out how much each difference of the inputs explains; solves.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser.")
@json_option
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that work out responses; 1 also draws the charts in this one.  [default: all processors]",
)
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
    quiet: bool,
    verbose: bool,
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

    talk = Talk(quiet, verbose)
    with Interrupts(patient=False) as interrupts, interrupts.run(lambda: artist(threads), talk) as drawing:
        # The process that draws starts meanwhile.
        from .analysis.results import blaming
        from .report.page.page import page_of, page_path, read_results, remarks_of, write_page

        read = _said(lambda: read_results(results))
        remarks = remarks_of(read)
        for remark in remarks:
            talk.say(_shown(f"Warning: {remark}"))
        path = page_path(results, output, force=force)
        _check_file("-o", str(path))
        if workbook is not None:
            _check_workbook(workbook, read, force)
        text = _said(
            lambda: interrupts.run(lambda: page_of(read, attribute=attribution, threads=threads, artist=drawing), talk)
        )
    with _placing(str(path)):
        size = write_page(text, path)
    document: dict[str, Any] = {"page": str(path), "bytes": size, "remarks": remarks}
    places = [str(path)]
    if workbook is not None:
        from .report.files.workbook import write_workbook

        with _placing(workbook, "file"), blaming({str(read[0].folder): read[0].altered}, (OSError,)):
            write_workbook(read[0].content, workbook, force=force, remarks=read[0].remarks)
        document["workbook"] = workbook
        places.append(workbook)
    if as_json:
        _put_json(document)
    talk.say(_shown(f"Written to {' and '.join(places)}"))
    if opened:
        click.launch(str(path))


@cli.command()
@case_options
@click.argument("path", metavar="TABLE.KEY.COLUMN", shell_complete=_completing("paths"))
@click.option("--low", type=Number(), metavar="VALUE", help="Least value looked at.")
@click.option("--high", type=Number(), metavar="VALUE", help="Greatest value looked at.")
@click.option(
    "--tolerance",
    type=Number(positive=True),
    default=1e-3,
    show_default=True,
    metavar="SHARE",
    help="How closely a switch is bracketed, relative to its value.",
)
@click.option(
    "--points", type=click.IntRange(min=2), default=17, show_default=True, metavar="N", help="Values solved first."
)
@json_option
@threads_option
@loudness_options
def breakeven(
    case: str,
    overrides: tuple[str, ...],
    path: str,
    low: float | None,
    high: float | None,
    tolerance: float,
    points: int,
    as_json: bool,
    threads: int | None,
    quiet: bool,
    verbose: bool,
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
    from .model.follower.enumerate import processors
    from .report.text.breakeven import show_breakeven

    talk = Talk(quiet, verbose)
    loaded = _load(case, overrides, talk)
    with Interrupts() as interrupts, talk.monitor(interrupts.stopped) as monitor:
        found = _said(
            lambda: interrupts.run(
                lambda: find_switches(
                    loaded,
                    path,
                    low=low,
                    high=high,
                    tolerance=tolerance,
                    points=points,
                    threads=threads or processors(),
                    monitor=monitor,
                ),
                talk,
            )
        )
    if as_json:
        _put_json(found.to_dict())
    else:
        _put_shown(lambda console: show_breakeven(found, console))
    if interrupts.stopped.is_set():
        sys.exit(STOPPED)


@cli.command()
@case_options
@click.option(
    "--against",
    type=click.Choice(["own_loss", "budget", "reviewer_hours", "political_capital", "min_fill"]),
    default="own_loss",
    show_default=True,
    help="What leverage is held against.",
)
@click.option(
    "--points",
    type=click.IntRange(min=2),
    default=20,
    show_default=True,
    metavar="N",
    help="Levels solved; reviewer hours and political capital have all their steps instead.",
)
@click.option("--low", type=float, metavar="LEVEL", help="Least level.  [default: the least at which there is a plan]")
@click.option(
    "--high", type=float, metavar="LEVEL", help="Greatest level.  [default: what the plan without a limit uses]"
)
@click.option(
    "--time-limit",
    type=Number(positive=True),
    metavar="SECONDS",
    help="Stop after so long with the points found.  [default: none]",
)
@click.option(
    "--rel-gap",
    type=Number(),
    metavar="SHARE",
    help="Relative gap to which every point is proven, such as 0.01.  [default: the case's]",
)
@click.option("--chart", metavar="FILE", help="Draw the curve to FILE, which ends in .svg, .png or .html.")
@threads_option
@result_options
@loudness_options
def frontier(
    case: str,
    overrides: tuple[str, ...],
    against: str,
    points: int,
    low: float | None,
    high: float | None,
    time_limit: float | None,
    rel_gap: float | None,
    chart: str | None,
    threads: int | None,
    output: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Trace leverage against what it takes: the whole trade-off curve of CASE, every point proven.

    Levels of own loss, budget, or least fill are evenly spaced; at each, the plan of greatest leverage is found, and of several
    the one that uses least. Reviewer hours and political capital have a step for every plan that is worth its load. What
    changes along the curve is named. Curve, table and charts are written to a result folder.

    \b
    Examples:
      sluicegate frontier tutorial --against budget
      sluicegate frontier taiwan-korea --chart curve.svg
      sluicegate frontier mycase --against min_fill --low 0.9 --high 1 --points 11
    """
    from .analysis.frontier.frontier import frontier as trace
    from .model.follower.enumerate import processors
    from .report.text.frontier import show_frontier

    began = _now()
    talk = Talk(quiet, verbose)
    if chart is not None:
        _check_chart(chart)
    loaded = _load(case, overrides, talk)
    options: dict[str, Any] = {
        "against": against,
        "points": points,
        "low": low,
        "high": high,
        "time_limit": float("inf") if time_limit is None else time_limit,
        "rel_gap": loaded.settings.solver.rel_gap if rel_gap is None else rel_gap,
        "threads": threads or processors(),
    }
    with Interrupts() as interrupts, _result_folder(output, loaded, force) as result:
        with talk.monitor(interrupts.stopped) as monitor:
            found = _said(
                lambda: interrupts.run(lambda: trace(loaded, **options, log=result.log, monitor=monitor), talk)
            )
        stopped = interrupts.stopped.is_set()
        if not found.points:
            talk.say("Stopped before a point was found; no result was written.")
            sys.exit(STOPPED if stopped else NO_PLAN)
        if not found.complete:
            talk.say("Stopped; the points found so far hold.")
        from .report.files.folder import run_record

        record = run_record(found, "frontier", case, overrides, options, began)
        _hand_out(lambda: result.publish_frontier(found, record), found, show_frontier, as_json, talk)
    if chart is not None:
        _draw(chart, found, talk)
    codes = {"optimal": DONE, "infeasible": INFEASIBLE, "feasible": GAP_LEFT, "unknown": NO_PLAN}
    sys.exit(STOPPED if stopped else codes[found.status])


trade_options = _chained(
    click.argument("data", nargs=-1, required=True, shell_complete=_completing("trade_data")),
    click.option("--counterpart", metavar="COUNTRY", help="The other side: an ISO code such as KOR, or EU."),
    click.option("--allies", metavar="COUNTRIES", default="", help="Allies, separated by commas: USA,JPN."),
    click.option(
        "--year",
        "years",
        metavar="YEAR",
        help="A year, or first-last such as 2021-2023, of which the mean is taken."
        "  [default: the latest with imports of the buyer]",
    ),
    click.option("--origin", metavar="COUNTRY", help="Origin of every row, for a plain table without that column."),
    click.option("--destination", metavar="COUNTRY", help="Destination of every row, for a plain table without it."),
    click.option(
        "--cif-fob",
        type=Number(positive=True),
        metavar="FACTOR",
        help="What importers pay over what exporters report, where an exporter's report stands in.  [default: 1.06]",
    ),
)


def _years(text: str | None) -> tuple[int, int] | None:
    """Read a year, or the first and last of several."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if not (
        first.isdigit() and len(first) == 4 and (not dash or (last.isdigit() and len(last) == 4 and last >= first))
    ):
        raise Refusal(_shown(f"--year {text}: write a year such as 2023, or a first and a last one such as 2021-2023"))
    return int(first), int(last or first)


def _split(text: str) -> list[str]:
    """Return what stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


@cli.command()
@trade_options
@click.option("--focal", metavar="COUNTRY", required=True, help="Our side: an ISO code such as TWN, or EU.")
@click.option(
    "--diversify", is_flag=True, help="The buyer's view: what the focal party imports, and who else could supply it."
)
@click.option(
    "--digits",
    type=click.Choice(["2", "4", "6"]),
    help="Digits of the HS codes that are ranked.  [default: the finest in the data]",
)
@click.option(
    "--sigma",
    metavar="NUMBER_OR_FILE",
    help="Elasticity of substitution between origins, or a CSV table of code and sigma.  [default: 5]",
)
@click.option(
    "--expenditure",
    type=Number(positive=True),
    metavar="AMOUNT",
    help="What the buyer spends in a year, such as its GDP.  [default: its imports]",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="Goods that are printed; --json has all.",
)
@click.option("--page", metavar="FILE", help="Write a page with charts too, an .html file.")
@click.option("--chart", metavar="FILE", help="Draw the ranking to FILE, which ends in .svg, .png or .html.")
@json_option
@loudness_options
def scan(
    data: tuple[str, ...],
    counterpart: str | None,
    allies: str,
    years: str | None,
    origin: str | None,
    destination: str | None,
    cif_fob: float | None,
    focal: str,
    diversify: bool,
    digits: str | None,
    sigma: str | None,
    expenditure: float | None,
    top: int,
    page: str | None,
    chart: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
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
    from .analysis.trade.parties import find_parties
    from .analysis.trade.scan import scan as rank
    from .analysis.trade.sigma import find_sigmas
    from .report.text.scan import show_scan

    if counterpart is None and not diversify:
        raise Refusal("scan needs --counterpart, or --diversify for the buyer's view")
    began, talk = _now(), Talk(quiet, verbose)
    for option, path, endings in (("--page", page, (".html",)), ("--chart", chart, (".svg", ".png", ".html"))):
        if path is not None:
            _check_ending(option, path, endings)
            _check_file(option, path)
    options: dict[str, Any] = {
        "years": _years(years),
        "digits": None if digits is None else int(digits),
        "sigmas": find_sigmas(sigma),
        "expenditure": expenditure,
        "diversify": diversify,
    }
    parties = find_parties(focal, counterpart, _split(allies))
    fixed: dict[str, Any] = {
        "origin": origin,
        "destination": destination,
        **({} if cif_fob is None else {"cif_fob": cif_fob}),
    }
    found = _with_statistics(data, fixed, lambda statistics: rank(statistics, parties, **options), talk)
    if page is not None:
        from .report.charts.drawing import Here
        from .report.page.page import write_page
        from .report.page.scan import scan_page

        with _placing(page, "file"):
            write_page(scan_page(found, began, Here()), page)
        talk.say(_shown(f"Written to {page}"))
    if chart is not None:
        _draw_scan(chart, found, talk)
    if as_json:
        _put_json(found.to_dict())
    else:
        _put_shown(lambda console: show_scan(found, console, top))


@cli.command()
@trade_options
@click.option("--focal", metavar="COUNTRY", required=True, help="Our side: an ISO code such as TWN, or EU.")
@click.option(
    "--items",
    required=True,
    metavar="CODES",
    help="What is controlled: HS codes or items, separated by commas (or ; where they hold commas).",
)
@click.option(
    "--substitutes",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Other countries with lanes of their own for an item.",
)
@click.option(
    "--monthly",
    is_flag=True,
    help="Note the season of every flow: the share of each month, in the sources of base flows.",
)
@click.option("-o", "--output", required=True, metavar="DIR_OR_FILE.xlsx", help="Where to write the case.")
@click.option("--force", is_flag=True, help="Replace the case in a folder that is not empty, or the workbook.")
@json_option
@loudness_options
def draft(
    data: tuple[str, ...],
    counterpart: str | None,
    allies: str,
    years: str | None,
    origin: str | None,
    destination: str | None,
    cif_fob: float | None,
    focal: str,
    items: str,
    substitutes: int,
    monthly: bool,
    output: str,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Make a case of trade statistics in DATA: flows and prices with their source, placeholders for the rest.

    The case can be solved at once. What no statistic says (stocks, penalties, margins, policies, capacities) is filled in by
    a default, marked as a placeholder in its sources with the reasoning and the question to ask; README.txt lists them.

    \b
    Examples:
      sluicegate draft BACI_Y2023.csv --focal TWN --counterpart KOR --items 854232 -o mine
      sluicegate draft downloads --focal CHN --counterpart EU --items 8505 --monthly -o mine
    """
    from .analysis.trade.draft import draft_case
    from .analysis.trade.parties import find_parties
    from .report.text.draft import case_name, draft_document, show_draft, write_draft

    if counterpart is None:
        raise Refusal("draft needs --counterpart, the side that buys what is controlled")
    talk = Talk(quiet, verbose)
    chosen = [part.strip() for part in items.split(";" if ";" in items else ",") if part.strip()]
    if not chosen:
        raise Refusal("--items names nothing; give HS codes such as 854232,854231")
    parties = find_parties(focal, counterpart, _split(allies))
    fixed: dict[str, Any] = {
        "origin": origin,
        "destination": destination,
        **({} if cif_fob is None else {"cif_fob": cif_fob}),
    }
    options: dict[str, Any] = {"years": _years(years), "substitutes": substitutes, "monthly": monthly}
    name = case_name(output)
    found = _with_statistics(
        data, fixed, lambda statistics: draft_case(name, statistics, parties, chosen, **options), talk
    )
    with _placing(output, "place"):
        write_draft(found, output, force=force)
    if as_json:
        _put_json(draft_document(found, output))
    else:
        _put_shown(lambda console: show_draft(found, output, console))


def _with_statistics(data: Sequence[str], fixed: Mapping[str, Any], use: Callable[[Statistics], T], talk: Talk) -> T:
    """Read trade statistics and use them; Ctrl-C ends at once and leaves no database behind."""
    import tempfile

    from .data.trade import read_statistics

    def work() -> T:
        with read_statistics(data, **fixed, scratch=scratch) as statistics:
            return use(statistics)

    try:
        kept = tempfile.TemporaryDirectory(prefix="sluicegate-", ignore_cleanup_errors=True)
    except OSError as error:
        why = f"no folder for temporary files: {error.strerror}; name one with the variable TMPDIR"
        raise Refusal(_shown(why)) from None
    with kept as scratch, Interrupts(patient=False) as interrupts:
        return interrupts.run(work, talk)


def _check_ending(option: str, path: str, endings: Sequence[str]) -> None:
    """Refuse a file whose name does not say what it is."""
    if not path.lower().endswith(tuple(endings)):
        raise Refusal(
            _shown(
                f"{option} {path}: give the file {'the ending' if len(endings) == 1 else 'one of the endings'} {', '.join(endings)}"
            )
        )


def _draw_scan(chart: str, found: Scan, talk: Talk) -> None:
    from .report.charts.base import write_chart
    from .report.page.scan import scan_figures

    figures = scan_figures(found)
    if not figures:
        talk.say("There is nothing to draw.")
        return
    with _placing(chart, "file"):
        write_chart(figures[0].written, chart)
    talk.say(_shown(f"Drawn to {chart}"))


class UnnamedContext(click.Context):
    """Context of a command that goes by the name of its group."""

    @property
    def command_path(self) -> str:
        """The command as it is called, without the space before its empty name."""
        return super().command_path.rstrip()


class UnnamedCommand(click.Command):
    """A command that goes by the name of its group."""

    context_class = UnnamedContext


class DefaultCommand(click.Group):
    """A group whose command `run` is meant where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before arguments that name none."""
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["run", *args])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the default one goes by the name of the group."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == "run" else name), command, rest


@cli.group(cls=DefaultCommand, short_help="Solve CASE many times over, the figures in doubt varied.")
def sweep() -> None:
    """Solve a case many times over, the figures in doubt varied; then say what the outcome hangs on.

    \b
    Examples:
      sluicegate sweep mycase --design oat --vary 'limits.budget=*0.8..*1.2' -o doubts
      sluicegate sweep summary doubts
    """


@sweep.command("run", cls=UnnamedCommand, hidden=True)
@case_options
@click.option(
    "--design",
    "kind",
    type=click.Choice(["grid", "oat", "list", "lhs", "morris", "sobol"]),
    default="lhs",
    show_default=True,
    help="Every combination of levels, one figure at a time, rows of a file, Latin hypercube, Morris, Sobol.",
)
@click.option(
    "--vary",
    type=Text(),
    multiple=True,
    metavar="FIGURE=RANGE",
    help="Vary a figure that --set reaches, such as limits.budget=80..120 or 'limits.budget=*0.8..*1.2'; "
    "`sources` stands for every range in the sources table. May be given many times.",
)
@click.option("--samples", type=int, metavar="N", help="Size of what is drawn.  [default: that of the design]")
@click.option("--levels", type=int, metavar="N", help="Values of every figure in grid, oat and morris.")
@click.option(
    "--second-order", is_flag=True, help="sobol: draw what second-order indices need, nearly twice the samples."
)
@click.option("--file", metavar="FILE", help="list: a CSV or Parquet file whose columns are figures.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is drawn at random.")
@click.option(
    "--policies",
    type=click.Choice(["free", "fixed", "both"]),
    default="free",
    show_default=True,
    help="Find the best plan of every sample, evaluate the base plan under it, or both.",
)
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: all processors]")
@click.option("--cluster", metavar="ADDRESS", help="Evaluate on the workers of a Dask scheduler instead.")
@click.option("--resume", is_flag=True, help="Go on with the sweep in the folder that -o names.")
@click.option(
    "--dry-run", is_flag=True, help="Solve a few samples; say how many there are, how long and how much disk all take."
)
@click.option(
    "--time-limit", type=Number(positive=True), metavar="SECONDS", help="For every solve.  [default: the case's]"
)
@click.option("--rel-gap", type=Number(), metavar="SHARE", help="Relative gap of every solve.  [default: the case's]")
@result_options
@loudness_options
def sweep_run(
    case: str,
    overrides: tuple[str, ...],
    kind: str,
    vary: tuple[str, ...],
    samples: int | None,
    levels: int | None,
    second_order: bool,
    file: str | None,
    seed: int,
    policies: str,
    workers: int | None,
    cluster: str | None,
    resume: bool,
    dry_run: bool,
    time_limit: float | None,
    rel_gap: float | None,
    output: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Solve CASE many times over, the figures in doubt varied.

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
    from .analysis.sweep.estimate import estimate
    from .analysis.sweep.run import run_sweep
    from .model.follower.enumerate import processors
    from .report.files.folder import default_folder
    from .report.text.sweep_run import counted, estimated

    if resume and (output is None or force):
        raise Refusal(
            "--resume needs -o, the folder of the sweep to go on with"
            if output is None
            else "--resume goes on with a sweep and --force replaces it; drop one"
        )
    talk = Talk(quiet, verbose)
    loaded = _load(case, overrides, talk)
    drawn: dict[str, Any] = {"samples": samples, "levels": levels, "second_order": second_order, "seed": seed}
    design = make_design(loaded, kind, vary, **drawn, file=file)
    options: dict[str, Any] = {
        "policies": policies,
        "workers": workers or processors(),
        "time_limit": time_limit,
        "rel_gap": rel_gap,
    }
    folder = output or str(default_folder(loaded.name))
    remarks: list[str] = []

    def remark(words: str) -> None:
        remarks.append(words)
        talk.say(_shown(f"Warning: {folder}: {words}"))

    with Interrupts() as interrupts, talk.monitor(interrupts.stopped) as monitor:
        if dry_run:
            guess = _said(lambda: interrupts.run(lambda: estimate(loaded, design, monitor=monitor, **options), talk))
        else:
            options |= {"cluster": cluster, "resume": resume, "force": force, "monitor": monitor, "remark": remark}
            counts = _said(lambda: interrupts.run(lambda: run_sweep(loaded, design, folder, **options), talk))
    stopped = interrupts.stopped.is_set()
    if dry_run and guess is not None:
        if as_json:
            _put_json(guess.to_dict())
        else:
            _put("".join(f"{line}\n" for line in estimated(guess)))
    elif not dry_run:
        if as_json:
            found = {"folder": folder, "samples": len(design), "complete": not stopped, "rows": counts}
            _put_json(found | {"remarks": remarks})
        else:
            _put(f"{counted(counts)}\n")
        kept = "Stopped; go on with --resume and the same options" if stopped else "Written"
        talk.say(_shown(f"{kept}: {_quoted(folder)}"))
    sys.exit(STOPPED if stopped else DONE)


@sweep.command("summary")
@click.argument("folder")
@click.option(
    "--outcome",
    type=Text(),
    default="leverage",
    show_default=True,
    metavar="COLUMN",
    help="What is explained: a column of numbers, has_plan, same_policies, same_choices, or COLUMN=VALUE for a column of text.",
)
@click.option(
    "--policies",
    "mode",
    type=click.Choice(["free", "fixed"]),
    help="Rows that are looked at, where there are both.  [default: free]",
)
@click.option(
    "--chart",
    metavar="FILE",
    help="Write the charts too: FILE is a name ending in .svg, .png or .html; the chart's name is put before the ending.",
)
@json_option
@loudness_options
def sweep_summary(
    folder: str, outcome: str, mode: str | None, chart: str | None, as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Say what the sweep in FOLDER means.

    What an outcome hangs on, with intervals; which choices (policies, lanes to qualify, stockpiles) are best how often, and
    where; what keeping to the base plan costs. Samples without a plan are counted, and no index is worked out over them.

    \b
    Examples:
      sluicegate sweep summary results/doubts
      sluicegate sweep summary results/doubts --outcome own_loss
      sluicegate sweep summary results/doubts --outcome same_choices --chart doubts.svg
    """
    from .analysis.results import blaming
    from .analysis.sweep.read import read_sweep

    if chart is not None:
        _check_chart(chart)
    found = read_sweep(folder)

    def summarise() -> None:
        with blaming({folder: found.altered}, leave=(click.ClickException,)):
            _summarise(found, outcome, mode, chart, as_json, Talk(quiet, verbose))

    _said(summarise)


def _summarise(found: Sweep, outcome: str, mode: str | None, chart: str | None, as_json: bool, talk: Talk) -> None:
    from .report.text.sweep import show_sweep, sweep_document

    if chart is not None:
        from .report.charts.sweep import write_sweep_charts

        with _placing(chart):
            for path in write_sweep_charts(found, chart, outcome):
                talk.say(_shown(f"Written to {path}"))
    if as_json:
        _put_json(sweep_document(found, outcome, mode))
    else:
        _put_shown(lambda console: show_sweep(found, console, outcome=outcome, mode=mode))


# Steps that commands share ---------------------------------------------------------------------------------------------


class _Run:
    """What was asked for, and when."""

    def __init__(
        self, command: str, given: str, overrides: Sequence[str], options: Mapping[str, Any], began: datetime.datetime
    ):
        self.command = command
        self.given = given
        self.overrides = overrides
        self.options = options
        self.began = began


def _load(given: str, overrides: Sequence[str], talk: Talk, warn: bool = True) -> Case:
    from .data import load_case
    from .report.format.notices import few

    case = load_case(given, overrides)
    for warning in few(case.warnings) if warn else ():
        talk.say(_shown(f"Warning: {warning}"))
    return case


def _result_folder(output: str | None, case: Case, force: bool) -> ResultFolder:
    from .report.files.folder import ResultFolder

    return ResultFolder(output, case.name, force=force)


def _deliver(plan: Plan, result: ResultFolder, run: _Run, as_json: bool, talk: Talk) -> None:
    """Write the result folder and print the plan; the plan is printed even where the folder cannot be written."""
    from .report.files.folder import run_record
    from .report.text.plan import show_plan

    record = run_record(plan, run.command, run.given, run.overrides, run.options, run.began)
    _hand_out(lambda: result.publish(plan, record), plan, show_plan, as_json, talk)


def _hand_out(
    publish: Callable[[], os.PathLike[str]], found: Any, show: Callable[[Any, Console], None], as_json: bool, talk: Talk
) -> None:
    """Write a result folder and print what it holds; that is printed even where the folder cannot be written."""
    from .report.files.folder import ResultError

    unwritten: ResultError | None = None
    try:
        folder = publish()
    except ResultError as error:
        unwritten = error
    try:
        if as_json:
            _put_json(found.to_dict())
        else:
            _put_shown(lambda console: show(found, console))
    finally:
        if unwritten is None:
            apart = "\n" if sys.stdout.isatty() else ""
            talk.say(_shown(f"{apart}Written to {folder}"))
    if unwritten is not None:
        raise unwritten


def _check_file(option: str, path: str) -> None:
    """Refuse a file that could not be written, before the work."""
    from pathlib import Path

    from .data.storage.atomic import try_place

    place = Path(path)
    if place.parent.exists():
        try:
            try_place(place)
        except OSError as error:
            why = f"{str(error.strerror).lower()}; name another file"
        else:
            return
    else:
        why = f"there is no folder {place.parent}; make it, or name another file"
    raise Refusal(_shown(f"{option} {path} cannot be written: {why}"))


def _check_chart(chart: str) -> None:
    """Refuse a chart that could not be written, before the work."""
    from .report.charts.base import ENDINGS

    if not chart.lower().endswith(ENDINGS):
        raise Refusal(_shown(f"--chart {chart}: give the file one of the endings {', '.join(ENDINGS)}"))
    _check_file("--chart", chart)


def _draw(chart: str, found: Frontier, talk: Talk) -> None:
    from .report.charts.base import write_chart
    from .report.charts.frontier import frontier_figures

    figures = frontier_figures(found)
    if not figures:
        talk.say("No level has a plan, so there is nothing to draw.")
        return
    try:
        write_chart(figures[0].written, chart)
    except OSError as error:
        raise Refusal(_shown(f"{chart} cannot be written: {error.strerror}; name another file with --chart")) from None
    talk.say(_shown(f"Drawn to {chart}"))


def _said(work: Callable[[], T]) -> T:
    """Do work whose ValueError names a mistake of the user's."""
    try:
        return work()
    except ValueError as error:
        raise Refusal(_shown(str(error))) from None


def _check_workbook(path: str, read: Sequence[Any], force: bool) -> None:
    """Refuse a workbook that cannot be written before any work is done."""
    if not path.lower().endswith(".xlsx"):
        raise Refusal(_shown(f"--workbook {path}: a workbook is an .xlsx file; name one such as plan.xlsx"))
    if len(read) > 1 or read[0].kind != "plan":
        raise Refusal("--workbook holds one plan; name the one result folder of a plan")
    if os.path.exists(path) and not force:
        raise Refusal(_shown(f"--workbook {path}: the file is there; name another one, or replace it with --force"))
    _check_file("--workbook", path)


def _exit_code(plan: Plan) -> int:
    if plan.status == "infeasible":
        return INFEASIBLE
    if plan.status == "unknown":
        return NO_PLAN
    return GAP_LEFT if plan.status == "feasible" and plan.gap is not None else DONE


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Split ``KEY=VALUE`` texts at the last equal sign: keys may hold equal signs, and the values here do not."""
    return _paired(option, ((text, *text.rpartition("=")[::2]) for text in texts))


def _chosen_policies(option: str, texts: Sequence[str], menu: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Split ``REGIME=POLICY`` texts where the case has such a regime with such a policy: both may hold equal signs.

    Parameters
    ----------
    option
        The option.
    texts
        Its values.
    menu
        Policies of every regime.
    """
    return _paired(option, (_policy(option, text, menu) for text in texts))


def _policy(option: str, text: str, menu: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    ends = [place for place, character in enumerate(text) if character == "="]
    splits = [(text[:end], text[end + 1 :]) for end in ends]
    read = [(regime, policy) for regime, policy in splits if policy in menu.get(regime, ())]
    if len(read) > 1:
        readings = " or ".join(f"regime {regime} with policy {policy}" for regime, policy in read)
        raise Refusal(_shown(f"{option} {text} can be read as {readings}; rename one of them"))
    # What the case does not have is refused by the name that is most likely meant: the longest regime there is.
    known = [split for split in splits if split[0] in menu]
    regime, policy = (read or known[-1:] or splits[-1:] or [("", "")])[0]
    return text, regime, policy


def _paired(option: str, found: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return keys with their values; texts without an equal sign, and keys given twice, are refused."""
    pairs: dict[str, str] = {}
    for text, key, value in found:
        if "=" not in text or not key:
            raise Refusal(_shown(f"{option} {text}: write KEY=VALUE, with an equal sign"))
        if key in pairs:
            raise Refusal(_shown(f"{option} {key} is given twice; give it once"))
        pairs[key] = value
    return pairs


def _units(key: str, amount: str) -> float:
    try:
        return float(amount)
    except ValueError:
        raise Refusal(_shown(f"--stockpile {key}={amount}: {amount!r} is not a number of units")) from None


@contextlib.contextmanager
def _placing(place: str, kind: str = "folder") -> Iterator[None]:
    """Word what may keep a case or a page from being written to its place."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileExistsError) and error.errno is None:
            raise Refusal(_shown(str(error).replace("(force)", "with --force"))) from None
        raise Refusal(_shown(f"{place} cannot be written: {error.strerror}; name another {kind}")) from None


def _quoted(folder: str) -> str:
    import shlex

    return shlex.quote(folder)


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()


# Entry point -----------------------------------------------------------------------------------------------------------


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
            _unwritten(error)
        except Refusal as refusal:
            refusal.show()
            sys.exit(refusal.exit_code)
    except SystemExit as end:
        if _busy():
            _end_at_once(end.code if isinstance(end.code, int) else FAULT)
        # To look through all that is left for garbage takes longer than to leave it.
        gc.freeze()
        raise


def _busy() -> bool:
    """Return whether work goes on that Python would wait for."""
    if any(thread.name == WORKER for thread in threading.enumerate()):
        return True
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and bool(multiprocessing.active_children())


def _end_at_once(code: int) -> NoReturn:
    """End although work goes on in code that cannot be stopped."""
    import multiprocessing

    for child in multiprocessing.active_children():
        child.kill()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
