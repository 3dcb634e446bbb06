"""Commands about cases: what comes with the program, copies, a case of one's own, checks."""

# Libraries that take long to import are imported where they are used, so that --help answers at once.
from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..report.console.errors import Refusal
from ..report.console.groups import Listed
from ..report.console.interrupts import at_once
from ..report.console.kinds import completing
from ..report.console.options import case_force_option, case_options, json_option, loudness_options, outage_options
from ..report.console.output import Talk, put_json, put_shown
from ..report.console.places import placing, quoted

if TYPE_CHECKING:
    from ..data.outages import Lost


@click.group(cls=Listed, invoke_without_command=True)
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
    from ..data import shipped_cases
    from ..report.text.cases import show_cases

    found = shipped_cases()
    if as_json:
        put_json([{"name": case.name, "title": case.title} for case in found])
    else:
        put_shown(lambda console: show_cases(found, console))


@cases.command("copy")
@click.argument("case", shell_complete=completing("cases"))
@click.argument("target", metavar="DIR_OR_FILE.xlsx")
@case_force_option
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
    from ..data import copy_case, load_case, write_folder, write_workbook
    from ..data.shipped import find_shipped

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
    from ..data import load_case, with_outages, write_folder, write_workbook

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
    from ..data.package import settings_schema

    put_json(settings_schema())


@click.command()
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
    from ..data import init_case

    with placing(folder):
        words = init_case(folder, diversify=diversify, force=force)
    talk.say(words.rstrip("\n"))


@click.command()
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
    from ..analysis.status_quo import status_quo_warnings
    from ..analysis.worlds import check_uncertainties
    from ..data import CaseError, load_case
    from ..report.format.documents import check_document
    from ..report.text.check import show_check

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
