"""What a sweep says, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

from ...analysis.figures.factors import Discrete, Triangular, TruncatedNormal
from ...analysis.sensitivity.advice import (
    NO_PLAN,
)
from ...analysis.sensitivity.outcomes import (
    LEVERAGE,
    NOT_RUN,
    USABLE,
)
from ...analysis.sweep.kinds import KINDS
from ...data.schema.names import policy_words
from ...model.plan.choices import LANE, POLICY, SAME_WORDS
from ..format.names import Name
from ..format.numbers import brief, counted, decimals, number, percent, plain
from ..format.words import MONEY_OUTCOMES
from ..views.sweep import SweepView, sweep_view
from .layout import new_table, section, text_line
from .words import in_money

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.figures.factors import Factor
    from ...analysis.sweep.read import Sweep

POLICIES = {
    ("free",): "the best plan of every sample",
    ("fixed",): "the base plan under every sample",
    ("free", "fixed"): "the best plan of every sample, and the base plan under it",
}

SOLVES = {
    "shared": "{:,} by programs that samples share",
    "checked": "{:,} of them checked alone",
    "alone": "{:,} alone",
    "repaired": "{:,} alone as the shared programs could not answer",
}
"""How rows came about, in words."""

SPREAD = {
    "least": "least",
    "q05": "5%",
    "q25": "25%",
    "median": "median",
    "q75": "75%",
    "q95": "95%",
    "most": "most",
    "mean": "mean",
    "sd": "st. dev.",
}
"""Figures of a spread, and their heads; a design that is not drawn at random has its ends alone."""

FEW = 4
"""Values of a figure that are listed."""

MOST_SETS = 12
"""Choices that are listed; the rest are counted."""

SETS = "Choices that differ from the base plan's"

MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def show_sweep(sweep: Sweep, console: Console, *, outcome: str = LEVERAGE, mode: str | None = None) -> None:
    """Print what a sweep says.

    Parameters
    ----------
    sweep
        The sweep.
    console
        Where to print; its width decides where lines break.
    outcome
        What is explained: see `outcome_of`.
    mode
        Rows that are looked at: ``free`` or ``fixed``; default: free where there are such rows.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    for renderable in sweep_parts(sweep_view(sweep, outcome, mode)):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def sweep_parts(view: SweepView) -> Iterable[RenderableType]:
    """Return the sections of what a sweep says, in their order."""
    yield from _heading(view)
    yield from _remarks(view)
    yield from _figures(view)
    yield from _ends(view)
    yield from _spread(view)
    yield from _answer(view)
    if not view.advises or view.sets is None or view.decisions is None:
        return
    if view.map is not None:
        yield from _map(view, view.map)
    else:
        yield from _sets(view, view.sets)
    yield from _decisions(view, view.decisions)
    if view.regret is not None:
        yield from _regret(view, view.regret)


# Sections ------------------------------------------------------------------------------------------------------------


def _heading(view: SweepView) -> Iterable[RenderableType]:
    yield Text(f"Sweep of {plain(view.case.title)}", style="bold", overflow="fold")
    drawn = "" if view.seed is None else f", seed {view.seed}"
    size = f"{counted(view.samples, 'sample')} of {counted(len(view.factors), 'figure')}"
    yield text_line(f"{KINDS[view.kind].words}: {size}{drawn}; {POLICIES[view.modes]}", "dim")
    if view.base_outcome is not None:
        told = f"{view.case.words.outcome} {in_money(view.case, brief(view.base_outcome))}"
        yield text_line(f"the case as it is: {told}", "dim")


def _remarks(view: SweepView) -> Iterable[RenderableType]:
    if view.remarks:
        yield section("Before you trust these figures")
        for remark in view.remarks:
            yield text_line(f"- {plain(remark)}", "yellow")


def _figures(view: SweepView) -> Iterable[RenderableType]:
    yield section("What is varied")
    table = new_table("Figure", "Path", "In force", "Range", "Unit", names=2)
    for column in table.columns[3:]:
        column.justify = "left"
    for factor in view.factors:
        unit = factor.unit.replace("money", plain(view.case.money) or "money")
        table.add_row(Name(view.figures[factor.path]), Name(factor.path), _value(factor.base), _range(factor), unit)
    yield table


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return plain(value) if isinstance(value, str) else number(float(value))


def _range(factor: Factor) -> str:
    """Return the ends of a figure, and how it is distributed where that is not evenly."""
    drawn = factor.distribution
    if isinstance(drawn, Discrete):
        values = ", ".join(_value(value) for value in factor.levels(2)[:FEW])
        more = len(drawn.values) - FEW
        return values + (f" and {more} more" if more > 0 else "") + (", weighted" if drawn.weights else "")
    ends = f"{_value(factor.low)} to {_value(factor.high)}"
    if isinstance(drawn, Triangular):
        return f"{ends}, mode {number(_absolute(factor, drawn.mode))}"
    if isinstance(drawn, TruncatedNormal):
        return f"{ends}, {number(_absolute(factor, drawn.mean))} +- {number(_absolute(factor, drawn.sd))}"
    return ends


def _absolute(factor: Factor, value: float) -> float:
    return value * float(factor.base) if factor.distribution.relative else value  # type: ignore[arg-type]


def _ends(view: SweepView) -> Iterable[RenderableType]:
    yield section("How the samples ended")
    names = {"free": "best plan", "fixed": "base plan"}
    for row in view.ended:
        found = row.counts
        words = ", ".join(f"{count:,} {_ended(status, row.mode)}" for status, count in found.items())
        if row.none:
            # The status of a row is what the figures, --outcome and the rows themselves call it.
            words = row.none + (f" ({words})" if set(found) != {NOT_RUN} else "")
        yield text_line(f"{names[row.mode]}: {words}", "" if set(found) <= set(USABLE) else "yellow")
    if not view.rows:
        yield text_line("No sample was run yet: run the sweep again with --resume.", "yellow")
    if any(view.solves.values()):
        parts = [words.format(view.solves[way]) for way, words in SOLVES.items() if view.solves[way]]
        yield text_line(f"solves: {', '.join(parts)}", "dim")


def _ended(status: str, mode: str) -> str:
    if mode == "fixed":
        kept = {"optimal": "kept every limit", "feasible": "kept every limit", "infeasible": "broke a limit"}
        return kept.get(status, NO_PLAN.get(status, status))
    words = {"optimal": "proven optimal", "feasible": "stopped with a plan"}
    return words.get(status, NO_PLAN.get(status, status))


def _spread(view: SweepView) -> Iterable[RenderableType]:
    found = view.spread
    if not found["samples"]:
        yield section(f"{plain(view.outcome)}: no sample has it")
        return
    yield section(plain(view.outcome), _of(view))
    heads = SPREAD if view.drawn else {"least": "least", "most": "most"}
    table = new_table(*heads.values(), names=0)
    places = decimals([float(found[name]) for name in heads])
    table.add_row(*(number(float(found[name]), places) for name in heads))
    yield table


def _of(view: SweepView) -> str:
    money = view.outcome.rpartition(".")[2] in MONEY_OUTCOMES
    unit = f"{plain(view.case.money)}, " if money else ""
    samples = counted(int(view.spread["samples"]), "sample")
    return f"{unit}over {samples}" + (f"; {int(view.spread['holes']):,} have none" if view.spread["holes"] else "")


def _answer(view: SweepView) -> Iterable[RenderableType]:
    answer = view.answer
    yield section(f"What {plain(view.outcome)} depends on")
    if answer.table is None:
        yield text_line(plain(answer.refusal), "yellow")
        return
    show = {"tornado": _show_tornado, "main_effects": _show_effects, "morris": _show_morris, "sobol": _show_sobol}
    yield from show[answer.name](view, answer.table)
    if answer.pairs is not None and len(answer.pairs):
        yield section("What pairs of figures add", "beyond what each does alone")
        table = new_table("Figure", "Figure", "S2", "+-", names=2)
        for row in answer.pairs.head(10).itertuples():
            table.add_row(
                Name(view.figures[row.first]), Name(view.figures[row.second]), _index(row.S2), _index(row.S2_conf)
            )
        yield table
        if len(answer.pairs) > 10:
            yield text_line(f"and {counted(len(answer.pairs) - 10, 'pair')} more", "dim")


def _index(value: float) -> str:
    return "-" if math.isnan(value) else number(value, 3)


def _show_tornado(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    base = table.attrs["base"]
    shown = new_table("Figure", "Low", "High", "at low", "at high", "Swing", "Advice")
    shown.columns[-1].justify = "left"
    places = decimals([*table["least"], *table["most"]])
    for row in table.itertuples():
        ends = [_end(row.at_low, row.status_low, places), _end(row.at_high, row.status_high, places)]
        advice = "changes" if row.switches else ""
        shown.add_row(
            Name(view.figures[row.factor]), _value(row.low), _value(row.high), *ends, number(row.swing, places), advice
        )
    yield shown
    yield text_line(f"The case as it is: {number(base, places)}. Advice: whether the best choices change.", "dim")


def _end(value: float, status: str, places: int) -> str:
    return status if math.isnan(value) else number(value, places)


def _show_effects(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    intervals = bool(table["effect_low"].notna().any())
    shares = bool(table["share"].notna().any())
    heads = ["Figure", "low", "high", "Effect"] + ["95% interval"] * intervals + ["Share"] * shares
    bands = bool(table["share_low"].notna().any())
    shown = new_table(*heads, *["+-"] * bands)
    places = decimals([*table["low"], *table["high"]])
    for row in table.itertuples():
        cells = [number(row.low, places), number(row.high, places), number(row.effect, places)]
        cells += [f"{number(row.effect_low, places)} to {number(row.effect_high, places)}"] * intervals
        cells += [percent(max(0.0, row.share), 0)] * shares
        cells += [percent(row.share_high - row.share, 0)] * bands
        shown.add_row(Name(view.figures[row.factor]), *cells)
    yield shown
    yield text_line("Means where the figure is low and where it is high, all others varying.", "dim")
    if shares:
        yield text_line("Share: of the variance, explained by the figure alone.", "dim")


def _show_morris(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    shown = new_table("Figure", "mu*", "+-", "mu", "sigma")
    columns = ("mu_star", "mu_star_conf", "mu", "sigma")
    places = decimals([value for column in columns for value in table[column]])
    for row in table.itertuples():
        shown.add_row(Name(view.figures[row.factor]), *(number(getattr(row, column), places) for column in columns))
    yield shown
    yield text_line("Change over the whole range of a figure: mu* in size, mu with its sign (95% interval).", "dim")
    yield text_line("A sigma as large as mu*: the change depends on the other figures, or is no straight line.", "dim")


def _show_sobol(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    shown = new_table("Figure", "S1", "+-", "ST", "+-")
    for row in table.itertuples():
        cells = (row.S1, row.S1_conf, row.ST, row.ST_conf)
        shown.add_row(Name(view.figures[row.factor]), *map(_index, cells))
    yield shown
    yield text_line(
        "S1: share of the variance due to the figure alone. ST: with all it does together with others.", "dim"
    )
    if view.unclear:
        yield text_line(f"{counted(view.unclear, 'figure')} cannot be distinguished from 0 with so few samples.", "dim")


def _sets(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    yield section("Which choices are best", "share of all samples")
    intervals = bool(table["share_low"].notna().any())
    shown = new_table(SETS, "Samples", "Share", *["95% interval"] * intervals)
    for row in table.head(MOST_SETS).itertuples():
        cells = [f"{percent(row.share_low)} to {percent(row.share_high)}"] * intervals
        name = Name(view.names[row.choices])
        shown.add_row(name, f"{row.samples:,}", percent(row.share), *cells, style="bold" if row.base else "")
    yield shown
    rest = table.iloc[MOST_SETS:]
    if len(rest):
        total = int(rest["samples"].sum())
        yield text_line(f"and {len(rest):,} more, best in {counted(total, 'sample')} together", "dim")
    yield from _tolerance(view)


def _tolerance(view: SweepView) -> Iterable[RenderableType]:
    """Say how far amounts may differ and be the same advice, where the case offers stockpiles."""
    if view.offer.most:
        yield text_line(f"{SAME_WORDS[:1].upper()}{SAME_WORDS[1:]}.", "dim")


def _decisions(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    policies, rest = table[table["kind"] == POLICY], table[table["kind"] != POLICY]
    for rows, title, head, choices in (
        (policies, "Policy by regime", "Regime", "Policies"),
        (rest, "Lanes to qualify and stockpiles", "Lane or stockpile", "Choices"),
    ):
        if not len(rows):
            continue
        yield section(title, "share of the samples with a plan")
        shown = new_table(head, choices, names=2)
        for (kind, name), each in rows.groupby(["kind", "name"], sort=False):
            words = [_decision(view, str(kind), row) for row in each.itertuples()]
            shown.add_row(Name(view.choices[str(kind), str(name)]), Name(", ".join(words)))
        yield shown


def _decision(view: SweepView, kind: str, row: Any) -> str:
    """Return a choice, how often it is best, and whether the base plan has it."""
    choice = policy_words(row.choice)
    if kind == LANE:
        choice = "qualified" if choice == "yes" else "not qualified"
    base = " (base plan)" if row.base else ""
    if not math.isnan(row.least):
        offer = view.offer
        choice = offer.amount(row.name, row.least, row.most)
        plan = view.base_stockpile.get(row.name)
        base = f" (base plan: {offer.amount(row.name, plan)})" if row.base and plan else ""
    return f"{choice} {percent(row.share)}{base}"


def _map(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    x, y = (plain(view.figures[table.attrs[axis]]) for axis in ("x", "y"))
    yield section("Which choices are best where")
    order = list(dict.fromkeys(table["choices"].value_counts().index))
    marks = {name: MARKS[place % len(MARKS)] for place, name in enumerate(order)}
    across = list(dict.fromkeys(table["x"]))
    for level, row in reversed(list(table.groupby("y", sort=False))):
        yield text_line(f"{_value(level):>10}  {' '.join(marks[name] for name in row['choices'])}")
    yield text_line(f"up: {y}; across: {x} from {_value(across[0])} to {_value(across[-1])}", "dim")
    samples = table["choices"].value_counts()
    shown = new_table("", SETS, "Samples", names=2)
    for name in order:
        shown.add_row(marks[name], Name(view.names[name]), f"{int(samples[name]):,}")
    yield shown
    yield from _tolerance(view)


def _regret(view: SweepView, table: pd.DataFrame) -> Iterable[RenderableType]:
    yield section("What keeping to the base plan costs", plain(view.case.money))
    shown = new_table("Where these are best", "Samples", "mean", "median", "95%", "most", "not allowed")
    columns = ("mean", "median", "q95", "most")
    places = decimals([value for column in columns for value in table[column].dropna()])
    for row in table.head(MOST_SETS).itertuples():
        figures = [getattr(row, column) for column in columns]
        cells = ["-" if math.isnan(figure) else number(figure, places) for figure in figures]
        shown.add_row(Name(view.names[row.choices]), f"{row.samples:,}", *cells, f"{row.not_allowed:,}")
    yield shown
    if len(table) > MOST_SETS:
        yield text_line(f"and {len(table) - MOST_SETS:,} more", "dim")
    yield text_line(f"{view.case.words.regret}; not allowed: samples in which the base plan breaks a limit.", "dim")
