"""Plans side by side on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from ...model.plan.choices import LANE, POLICY, SAME_WORDS, STOCKPILE
from ..format.names import Name
from ..format.numbers import decimals, number, percent, plain, signed
from ..views.case import LIMITS, case_view
from .layout import listed, new_table, section, text_line
from .words import in_money, status_words

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.compare.compare import Comparison

MOST_LINES = 40
"""Differences of the inputs that are listed; the document has all."""

NOTHING = "-"

MEASURES = {
    "leverage": "leverage",
    "bound": "no plan can have more than",
    "least_leverage": "at least, under the unkindest answer",
    "counterpart_loss": "the counterpart's loss",
    "own_loss": "our loss",
    "worst_package": "worst package",
    "sourcing_only_leverage": "without reviews",
    "status": "status",
}
"""Figures of a plan in words."""

PAIRS = {
    "used": "used: ",
    "scenario_leverage": "leverage in ",
    "least_mean_fill": "least mean fill of ",
    "counterpart_fill": "its mean fill of ",
}
"""Figures of a plan that there are several of."""

KINDS = {POLICY: "policy of ", LANE: "qualify ", STOCKPILE: "stockpile "}
"""Kinds of choices, before the name of a regime, a lane or ``site/item``."""

ALWAYS = ("leverage", "counterpart_loss", "own_loss", "worst_package")
"""Figures that are told even where they are equal."""


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Print plans side by side.

    Parameters
    ----------
    comparison
        What `compare` returned.
    console
        Where to print; its width decides where lines break.
    """
    for renderable in comparison_parts(comparison):
        console.print(renderable, markup=False, highlight=False, emoji=False)


def comparison_parts(comparison: Comparison) -> Iterable[RenderableType]:
    """Return the sections of a comparison, in their order."""
    yield from _heading(comparison)
    yield from _notes(comparison)
    yield from _inputs(comparison)
    yield from _choices(comparison)
    yield from _outcomes(comparison)
    yield from _attribution(comparison)


def _heading(comparison: Comparison) -> Iterable[RenderableType]:
    yield Text("Side by side", style="bold")
    for letter, name in comparison.names.items():
        plan = comparison.plans[letter]
        yield text_line(f"{letter}  {plain(name)}")
        words = status_words(plan)
        if plan.leverage is not None:
            words = f"leverage {in_money(case_view(plan.case), number(plan.leverage))}; {words}"
        yield Padding(Text(words, style="dim", overflow="fold"), (0, 0, 0, 5), expand=False)


def _notes(comparison: Comparison) -> Iterable[RenderableType]:
    if comparison.notes:
        yield section("Before you compare")
        for note in comparison.notes:
            yield text_line(f"- {plain(note)}", "yellow")


def _cells(values: Sequence[Any]) -> list[str]:
    """Return values of one figure as text, figures with the same decimals."""
    figures = [float(value) for value in values if _is_figure(value)]
    places = decimals(figures)
    return [_cell(value, places) for value in values]


def _is_figure(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _cell(value: Any, places: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(float(value), places) if _is_figure(value) else plain(value)


def _letters(comparison: Comparison) -> list[str]:
    return list(comparison.names)


def _inputs(comparison: Comparison) -> Iterable[RenderableType]:
    frame, letters = comparison.inputs, _letters(comparison)
    yield section("What differs in the inputs")
    if not len(frame):
        yield text_line("Nothing.")
        return
    whole = frame["column"] == "(row)"
    cells = frame[~whole]
    if len(cells):
        table = new_table("Figure", *letters, names=1 + len(letters))
        for row in cells.head(MOST_LINES).to_dict("records"):
            name = ".".join(filter(None, (row["table"], row["key"], row["column"])))
            table.add_row(Name(name), *map(Name, _cells([row[letter] for letter in letters])))
        yield table
    for row in frame[whole].head(MOST_LINES).to_dict("records"):
        there = [letter for letter in letters if row[letter] is not None]
        yield text_line(f"{row['table']} {plain(row['key'])}, in {', '.join(there)} only: {plain(row[there[0]])}")
    left = max(0, len(cells) - MOST_LINES) + max(0, int(whole.sum()) - MOST_LINES)
    if left:
        yield text_line(f"And {left:,} more; --json lists all.")


def _choices(comparison: Comparison) -> Iterable[RenderableType]:
    frame, letters = comparison.choices, _letters(comparison)
    yield section("What differs in the choices")
    told = frame[frame["differs"]]
    if len(told):
        table = new_table("Choice", *letters, names=1 + len(letters))
        for row in told.to_dict("records"):
            words = KINDS[row["kind"]]
            cells = _cells([row[letter] for letter in letters])
            table.add_row(Name(words + row["name"]), *map(Name, cells))
        yield table
    same = frame[~frame["differs"]]
    for row in same[same["kind"] == STOCKPILE].to_dict("records"):
        cells = list(dict.fromkeys(_cells([row[letter] for letter in letters])))
        if len(cells) > 1:
            yield text_line(f"Stockpile {plain(row['name'])} counts as the same: {', '.join(cells)} ({SAME_WORDS}).")
    for kind, words in (
        (POLICY, "Same policy"),
        (LANE, "Same, qualified or not"),
        (STOCKPILE, "Same stockpile"),
    ):
        names = same[same["kind"] == kind]["name"]
        if len(names):
            yield text_line(f"{words}: {listed(names)}")
    if not len(frame):
        yield text_line("There is nothing to choose.")


def _outcomes(comparison: Comparison) -> Iterable[RenderableType]:
    frame, letters = comparison.outcomes, _letters(comparison)
    yield section("What differs in the outcomes")
    pair = len(letters) == 2
    table = new_table("", *letters, *(["Change"] if pair else []))
    for row in frame[frame["differs"] | frame["measure"].isin(ALWAYS)].to_dict("records"):
        values = [row[letter] for letter in letters]
        share = row["measure"].endswith("fill")
        cells = [percent(value) for value in values] if share else _cells(values)
        change = []
        if pair:
            both = all(map(_is_figure, values)) and row["differs"]
            places = 1 if share else decimals(float(value) for value in values if _is_figure(value))
            change = [signed((values[1] - values[0]) * (100 if share else 1), places) if both else ""]
        table.add_row(Name(_measure(row["measure"], row["name"])), *map(_figure, cells, values), *change)
    yield table
    yield text_line("Fills: in percent, their changes in points.", "dim")


def _figure(cell: str, value: Any) -> Any:
    return Name(cell) if isinstance(value, str) else Text(cell, no_wrap=True)


def _measure(measure: str, name: str) -> str:
    if measure in MEASURES:
        return MEASURES[measure]
    return PAIRS[measure] + (LIMITS.get(name, name) if measure == "used" else name)


def _attribution(comparison: Comparison) -> Iterable[RenderableType]:
    frame = comparison.attribution
    if frame is None or comparison.change is None:
        return
    case = comparison.plans["B"].case
    figures = [value for letter in "AB" for value in frame[f"effect_from_{letter}"] if _is_figure(value)]
    places = decimals(figures)
    change = signed(comparison.change, places)
    yield section(f"What explains the change of leverage, {in_money(case_view(case), change)}")
    table = new_table("Difference", "From A", "Share", "From B", "Share")
    for row in frame.itertuples():
        total = row.difference == "total"
        cells = []
        for letter in "AB":
            effect, share, off = (getattr(row, f"{name}_from_{letter}") for name in ("effect", "share", "gap"))
            cells.append(_effect(effect, off, places))
            cells.append(percent(share, 0) if _is_figure(share) else NOTHING)
        table.add_row(Name(row.difference), *cells, style="bold" if total else "")
    yield table
    yield from _troubles(frame)
    words = (
        "From A: leverage gained when this difference alone is brought into A. From B: leverage lost when it alone is taken back "
        "from B. Interaction: the rest of the change, which no difference explains alone."
    )
    yield text_line(words, "dim")
    if any(_within(row, letter) for row in frame.itertuples() for letter in "AB"):
        yield text_line("~ is no larger than what the gaps of the solves leave open.", "dim")
    if len(frame) > 2:
        yield text_line(f"One row: {comparison.grouping}.", "dim")


def _within(row: Any, letter: str) -> bool:
    effect, off = getattr(row, f"effect_from_{letter}"), getattr(row, f"gap_from_{letter}")
    return _is_figure(effect) and _is_figure(off) and 1e-9 < abs(effect) <= off


def _effect(effect: float, off: float, places: int) -> str:
    if not _is_figure(effect):
        return NOTHING
    text = signed(effect, places)
    return f"~{text}" if _is_figure(off) and 1e-9 < abs(effect) <= off else text


def _troubles(frame: pd.DataFrame) -> Iterable[RenderableType]:
    for row in frame.itertuples():
        for letter in "AB":
            status = getattr(row, f"status_from_{letter}")
            if status and status != "solved":
                yield text_line(f"{plain(row.difference)}, from {letter}: {plain(status)}", "yellow")
