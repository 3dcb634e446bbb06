"""Options that commands share, and options that belong together."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import click

from ...analysis.sweep.kinds import KINDS
from ...model.plan.limits import LIMITED
from .errors import VERBOSE
from .given import start_weeks
from .kinds import F, Many, Number, Share, Text, chained, completing
from .output import Talk
from .trade import TRADE, Trade


def _note_verbose(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
    ctx.meta[VERBOSE] = value
    return value


case_options = chained(
    click.argument("case", shell_complete=completing("cases")),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="TABLE.KEY.COLUMN=VALUE",
        shell_complete=completing("figures"),
        help="Set a figure of the case; VALUE may be a factor such as *0.8. Repeat the option for more figures.",
    ),
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
_result = chained(
    click.option(
        "-o",
        "--output",
        metavar="DIR",
        help="Result folder.  [default: results/CASE/TIMESTAMP]",
    ),
    click.option("--force", is_flag=True, help="Replace the result in the folder, once the new one is complete."),
    json_option,
)


@dataclass(frozen=True)
class Wanted:
    """What a command is to hand out.

    Attributes
    ----------
    output
        The result folder; None: one of the case's own.
    force
        Replace the result in the folder.
    as_json
        Print one JSON document.
    """

    output: str | None
    force: bool
    as_json: bool


def result_options(function: F) -> F:
    """Add ``--output``, ``--force`` and ``--json``; the function is called with `wanted`, which holds them."""

    @functools.wraps(function)
    def holding(*arguments: Any, output: str | None, force: bool, as_json: bool, **options: Any) -> Any:
        return function(*arguments, wanted=Wanted(output, force, as_json), **options)

    return _result(cast("F", holding))


_loudness = chained(
    click.option("-q", "--quiet", is_flag=True, help="Print nothing on standard error but errors."),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        callback=_note_verbose,
        help="Print each stage; show the traceback of a fault of the program.",
    ),
)


def loudness_options(function: F) -> F:
    """Add ``--quiet`` and ``--verbose``; the function is called with `talk`, which heeds them."""

    @functools.wraps(function)
    def heeding(*arguments: Any, quiet: bool, verbose: bool, **options: Any) -> Any:
        return function(*arguments, talk=Talk(quiet, verbose), **options)

    return _loudness(cast("F", heeding))


def _time_limit(words: str, **more: Any) -> Callable[[F], F]:
    return click.option("--time-limit", type=Number(positive=True), metavar="SECONDS", help=words, **more)


def _rel_gap(words: str) -> Callable[[F], F]:
    return click.option("--rel-gap", type=Number(), metavar="SHARE", help=f"{words}  [default: the case's]")


def _policies(words: str) -> Callable[[F], F]:
    return click.option(
        "--policy",
        "policies",
        type=Text(),
        multiple=True,
        metavar="REGIME=POLICY",
        shell_complete=completing("policies"),
        help=words,
    )


case_force_option = click.option(
    "--force", is_flag=True, help="Replace the case in a folder that is not empty, or the workbook."
)


def _threads(words: str) -> Callable[[F], F]:
    return click.option(
        "--threads", type=click.IntRange(min=1), metavar="N", help=f"{words}  [default: all processors]"
    )


threads_option = _threads("Processes that compute responses.")
drawing_threads_option = _threads("Processes that compute responses; 1 also draws the charts in this one.")
solve_options = chained(
    _time_limit("Stop after this time with the best plan found.  [default: the case's]"),
    _rel_gap("Relative gap at which a plan counts as optimal, such as 0.01."),
    threads_option,
)

solver_option = click.option(
    "--solver",
    metavar="NAME",
    help="With --method program: the solver of the program, by Pyomo's name, such as scip_direct.  [default: HiGHS]",
)


def no_range_option(more: str = "") -> Callable[[F], F]:
    """An option that leaves out from where to where figures run.

    Parameters
    ----------
    more
        What else is left out, to end its help.
    """
    words = f"Do not work out from where to where the figure runs over uncertain figures{more}."
    return click.option("--no-range", is_flag=True, help=words)


_worlds = click.option(
    "--worlds",
    metavar="N|table",
    help="Find one plan for many worlds: so many drawn from the uncertain figures, or those of the table worlds.",
)
_continuity = click.option(
    "--continuity-share",
    type=Share(),
    metavar="SHARE",
    help="With --worlds: keep continuity in worlds of at least this weight, such as 95%, the best ones. "
    "[default: in every world in which any plan keeps it]",
)
_seed = click.option("--seed", type=int, metavar="N", help="With --worlds N: seed of the draw.  [default: 0]")
_vary = click.option(
    "--vary",
    type=Text(),
    multiple=True,
    metavar="FIGURE=RANGE",
    help="With --worlds N: vary a figure too, or otherwise than the table uncertainties says. May be given many times.",
)
_cluster = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="With --worlds: share the worlds among the workers of a Dask scheduler, instead of processes.",
)

world_options = chained(
    _worlds,
    click.option(
        "--criterion",
        metavar="NAME",
        help="With --worlds: mean, cvar:0.9 (mean of the worst 10%), worst, regret, or mean+cvar:0.9:0.5.  [default: mean]",
    ),
    _continuity,
    _seed,
    _vary,
    _cluster,
)
"""A plan for many worlds: which, and by what it is judged."""

curve_world_options = chained(_worlds, _continuity, _seed, _vary, _cluster)
"""A curve over many worlds."""

common_worlds_options = chained(
    click.option(
        "--worlds",
        type=Many(),
        metavar="N",
        help="Also work out the plans in so many worlds drawn from the uncertain figures.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="N",
        help="With --worlds: seed of the draw.",
    ),
)
"""Worlds in which plans that are there are worked out."""

outage_options = chained(
    click.option(
        "--of",
        type=click.Choice(["parties", "sites", "lanes"]),
        multiple=True,
        required=True,
        help="What is lost, one at a time; may be given more than once.",
    ),
    click.option("--weeks", type=click.IntRange(min=1), required=True, metavar="N", help="How long an outage lasts."),
    click.option(
        "--starts",
        callback=start_weeks,
        required=True,
        metavar="WEEKS",
        help="Weeks in which it may begin: 4,16,28.",
    ),
    case_force_option,
)
model_options = chained(
    _policies("Write our side under given policies instead; regimes not named stay open. May be given many times."),
    click.option(
        "--units",
        type=click.Choice(["auto", "case", "natural"]),
        default="auto",
        show_default=True,
        help="Figures in the units of the case, or in natural units, for which a solver's tolerances are made; auto takes "
        "those of the case where a solver can take them.",
    ),
    click.option("--force", is_flag=True, help="Replace the file if it is there."),
)
naming_options = chained(
    click.option("--name", default="", metavar="TEXT", help="Call the plan so on pages, in workbooks and comparisons."),
    click.option("--note", default="", metavar="TEXT", help="Say so beside the plan wherever it is shown."),
)
"""What a plan is called, and what its readers should know."""

choice_options = chained(
    _policies("Put a regime of ours (or an ally's) under a policy. Regimes not named stay open."),
    click.option(
        "--qualify",
        "lanes",
        type=Text(),
        multiple=True,
        metavar="NAME",
        shell_complete=completing("lanes"),
        help="Qualify a lane that has a fixed_cost, or a qualification.",
    ),
    click.option(
        "--stockpile",
        "stockpiles",
        type=Text(),
        multiple=True,
        metavar="SITE/ITEM=UNITS",
        shell_complete=completing("stockpiles"),
        help="Stockpile so many units before week 0.",
    ),
)
"""Choices of our side, given instead of found."""

search_options = chained(
    click.option("--low", type=Number(), metavar="VALUE", help="Lowest value searched."),
    click.option("--high", type=Number(), metavar="VALUE", help="Highest value searched."),
    click.option(
        "--tolerance",
        type=Number(positive=True),
        default=1e-3,
        show_default=True,
        metavar="SHARE",
        help="How closely a switch is bracketed, relative to its value.",
    ),
    click.option(
        "--points", type=click.IntRange(min=2), default=17, show_default=True, metavar="N", help="Values solved first."
    ),
)
"""Where and how closely switches are looked for."""

AGAINST = [
    *("own_loss", *LIMITED, "min_fill", "stockpile_value"),
    *("max_party_share", "max_supplier_share", "min_suppliers"),
]
"""What a curve can be traced against."""

level_options = chained(
    click.option(
        "--against",
        type=click.Choice(AGAINST),
        default="own_loss",
        show_default=True,
        metavar="LIMIT",
        help=f"What leverage, or cost, is traded off against: {', '.join(AGAINST[:-1])} or {AGAINST[-1]}.",
    ),
    click.option(
        "--points",
        type=click.IntRange(min=2),
        default=20,
        show_default=True,
        metavar="N",
        help="Levels solved; reviewer hours and political capital have all their steps instead.",
    ),
    click.option(
        "--low", type=float, metavar="LEVEL", help="Least level.  [default: the least at which there is a plan]"
    ),
    click.option(
        "--high", type=float, metavar="LEVEL", help="Greatest level.  [default: what the plan without a limit uses]"
    ),
    _time_limit("Stop after this time with the points found.  [default: none]", default=math.inf),
    _rel_gap("Relative gap to which every point is proven, such as 0.01."),
    click.option("--chart", metavar="FILE", help="Draw the curve to FILE, which ends in .svg, .png or .html."),
)
"""A frontier: against what, at which levels, how far, and where it is drawn."""

page_options = chained(
    click.argument("results", metavar="RESULT...", nargs=-1, required=True, shell_complete=completing("results")),
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        help="The page, an .html file.  [default: report.html in the result folder; for several: comparison.html here]",
    ),
    click.option("--force", is_flag=True, help="Replace a file that this command did not write."),
    click.option(
        "--workbook",
        metavar="FILE",
        help="Write the plan as a workbook too, an .xlsx file that can be read as a case again.",
    ),
    click.option(
        "--attribution",
        is_flag=True,
        help="For two plans: compute how much each difference of the inputs explains, which takes solves.",
    ),
    click.option(
        "--sweep",
        metavar="FOLDER",
        help="Show on the page of a plan what a sweep of its case says, too: a folder that sweep wrote.",
    ),
    click.option(
        "--chart",
        metavar="FILE",
        help="Write the charts of a plan too: FILE is a name ending in .svg, .png or .html; the chart's name is put before "
        "the ending.",
    ),
    click.option("--open", "opened", is_flag=True, help="Open the page in the browser."),
)
"""What a page is of, and where it goes."""

_trade = chained(
    click.argument("data", nargs=-1, required=True, shell_complete=completing("trade_data")),
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
    click.option("--focal", metavar="COUNTRY", required=True, help="Our side: an ISO code such as TWN, or EU."),
)


def trade_options(function: F) -> F:
    """Add what trade statistics are read and whose view is taken; the function is called with `trade`, which holds it."""

    @functools.wraps(function)
    def holding(*arguments: Any, **options: Any) -> Any:
        trade = Trade(**{name: options.pop(name) for name in TRADE})
        return function(*arguments, trade=trade, **options)

    return _trade(cast("F", holding))


ranking_options = chained(
    click.option(
        "--diversify",
        is_flag=True,
        help="The buyer's view: what the focal party imports, and who else could supply it.",
    ),
    click.option(
        "--digits",
        type=click.Choice(["2", "4", "6"]),
        help="Digits of the HS codes that are ranked.  [default: the finest in the data]",
    ),
    click.option(
        "--sigma",
        metavar="NUMBER_OR_FILE",
        help="Elasticity of substitution between origins, or a CSV table of code and sigma.  [default: 5]",
    ),
    click.option(
        "--expenditure",
        type=Number(positive=True),
        metavar="AMOUNT",
        help="What the buyer spends in a year, such as its GDP.  [default: its imports]",
    ),
    click.option(
        "--top",
        type=click.IntRange(min=1),
        default=20,
        show_default=True,
        metavar="N",
        help="Goods that are printed; --json has all.",
    ),
    click.option("--page", metavar="FILE", help="Write a page with charts too, an .html file."),
    click.option("--chart", metavar="FILE", help="Draw the ranking to FILE, which ends in .svg, .png or .html."),
)
"""How goods are ranked, and where the ranking goes."""

draft_options = chained(
    click.option(
        "--items",
        required=True,
        metavar="CODES",
        help="What is controlled: HS codes or items, separated by commas (or ; where they hold commas).",
    ),
    click.option(
        "--substitutes",
        type=click.IntRange(min=0),
        default=5,
        show_default=True,
        metavar="N",
        help="Other countries with lanes of their own for an item.",
    ),
    click.option(
        "--monthly",
        is_flag=True,
        help="Give flows and needs their seasons, as profiles by week, where all months of a flow are known.",
    ),
    click.option("-o", "--output", required=True, metavar="DIR_OR_FILE.xlsx", help="Where to write the case."),
    case_force_option,
)
"""What a drafted case holds, and where it goes."""

design_options = chained(
    click.option(
        "--design",
        "kind",
        type=click.Choice(list(KINDS)),
        default="lhs",
        show_default=True,
        help="Every combination of levels, one figure at a time, rows of a file, Latin hypercube, Morris, Sobol.",
    ),
    click.option(
        "--vary",
        type=Text(),
        multiple=True,
        metavar="FIGURE=RANGE",
        help="Vary a figure that --set reaches, such as limits.budget=80..120 or 'limits.budget=*0.8..*1.2'; "
        "`sources` stands for every range in the sources table. Repeat the option for more figures.",
    ),
    click.option("--samples", type=int, metavar="N", help="Size of the design.  [default: that of the design]"),
    click.option("--levels", type=int, metavar="N", help="Values of every figure in grid, oat and morris."),
    click.option(
        "--second-order", is_flag=True, help="sobol: draw what second-order indices need, nearly twice the samples."
    ),
    click.option("--file", metavar="FILE", help="list: a CSV or Parquet file whose columns are figures."),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of designs that are drawn at random."),
)
"""Which samples a sweep has."""

run_options = chained(
    click.option(
        "--policies",
        type=click.Choice(["free", "fixed", "both"]),
        default="free",
        show_default=True,
        help="Find the best plan of every sample, evaluate the base plan under it, or both.",
    ),
    click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: all processors]"),
    click.option("--cluster", metavar="ADDRESS", help="Evaluate on the workers of a Dask scheduler instead."),
    click.option("--resume", is_flag=True, help="Resume the sweep in the folder that -o names."),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Solve a few samples; estimate how many solves, how much time and how much disk the sweep needs.",
    ),
    _time_limit("For every solve.  [default: the case's]"),
    _rel_gap("Relative gap of every solve."),
)
"""How samples are solved."""

summary_options = chained(
    click.option(
        "--outcome",
        type=Text(),
        default="leverage",
        metavar="COLUMN",
        help="What is explained: a column of numbers, has_plan, same_policies, same_choices, or COLUMN=VALUE for a column of "
        "text.  [default: leverage; cost where that is the sense]",
    ),
    click.option(
        "--policies",
        "mode",
        type=click.Choice(["free", "fixed"]),
        help="Which rows to summarise, where there are both.  [default: free]",
    ),
    click.option(
        "--chart",
        metavar="FILE",
        help="Write the charts too: FILE is a name ending in .svg, .png or .html; the chart's name is put before the ending.",
    ),
)
"""Which outcome of a sweep is explained, over which rows."""
