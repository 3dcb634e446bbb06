"""Plans side by side, and which difference of the inputs explains how much of the leverage (docs/compare.md)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...data import Case, load_case
from ...data.storage.digests import check_digests
from ...model.plan.monitor import Monitor
from ...model.plan.plan import Plan
from ..information import with_range
from ..results import blaming, read_result, result_kind
from .attribution import Attribution
from .common import common_sense
from .inputs import input_table
from .outcomes import choice_table, outcome_table
from .work import Work
from .worlds import common_worlds

if TYPE_CHECKING:
    import pandas as pd

    from ...model.plan.sense import Sense


Compared = Plan | Case | str | os.PathLike[str]


@dataclass(frozen=True)
class Comparison:
    """Plans side by side.

    Attributes
    ----------
    names
        What was compared, by the letter that stands for it.
    plans
        The plans, by letter.
    inputs : pandas.DataFrame
        Figures and rows that differ: table, key, column, one column for each letter. A row that is not in all cases has the
        column ``(row)``: what it says where it is there, None where it is not.
    choices : pandas.DataFrame
        Policies, lanes to qualify and stockpiles: kind, name, one column for each letter, differs.
    outcomes : pandas.DataFrame
        Figures of the plans: measure, name, one column for each letter, differs.
    attribution : pandas.DataFrame or None
        Two things compared only. For each difference of the inputs: difference, title (the same with names), figures, A, B, and
        for both directions effect, share of the change, gap (how far the effect may be off, since solves have gaps) and status;
        then the rows `interaction` and `total`.
    change
        Leverage (or cost) of B less that of A, of the best plans.
    grouping
        What one row of the attribution stands for.
    notes
        What a reader should know.
    worlds : pandas.DataFrame or None
        What the plans yield in common worlds, as of `common_worlds`; None where that was not asked for.
    """

    names: Mapping[str, str]
    plans: Mapping[str, Plan] = field(repr=False)
    inputs: pd.DataFrame = field(repr=False)
    choices: pd.DataFrame = field(repr=False)
    outcomes: pd.DataFrame = field(repr=False)
    attribution: pd.DataFrame | None = field(default=None, repr=False)
    change: float | None = None
    grouping: str = ""
    notes: tuple[str, ...] = ()
    worlds: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def sense(self) -> Sense:
        """How figures of the plans are called."""
        return common_sense(plan.case for plan in self.plans.values())

    def to_frame(self) -> pd.DataFrame:
        """Return the figures of the plans, as `outcomes` has them."""
        return self.outcomes.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; a number that is not finite stays one."""
        return {
            "schema": 1,
            "names": dict(self.names),
            "inputs": _records(self.inputs),
            "choices": _records(self.choices),
            "outcomes": _records(self.outcomes),
            "change": self.change,
            "attribution": None if self.attribution is None else _records(self.attribution),
            "grouping": self.grouping,
            "notes": list(self.notes),
            **({} if self.worlds is None else {"worlds": _records(self.worlds)}),
        }


def compare(
    inputs: Sequence[Compared],
    *,
    threads: int = 1,
    attribute: bool = True,
    monitor: Monitor | None = None,
    remarks: Sequence[str] = (),
    worlds: int | None = None,
    seed: int = 0,
    ranged: bool = False,
) -> Comparison:
    """Put results or cases side by side, and say which input explains how much of the change of leverage.

    Parameters
    ----------
    inputs
        Plans, cases, result folders (read, not solved again) and paths or names of cases (solved).
    threads
        Processes that work out responses.
    attribute
        Whether to attribute the change of leverage, which takes two solves for each difference.
    monitor
        Told of progress; asked whether to stop.
    remarks
        What is known of the things already; the first of the notes.
    worlds, seed
        Work the plans out in so many common worlds drawn from the uncertain figures of the first case, and the seed of the draw.
    ranged
        Whether plans say from where to where their figure runs, as of `with_range`; those of results may say so already.

    Raises
    ------
    ValueError
        For fewer than two things, or a result folder that cannot be read.
    CaseError
        For a case that is refused.
    """
    if len(inputs) < 2:
        raise ValueError("compare: name at least two results or cases")
    notes = list(remarks)
    altered: dict[str, Sequence[str]] = {}
    read = [_read(each, notes, altered) for each in inputs]
    with blaming(altered):
        found = _compared(read, notes, threads, attribute, monitor or Monitor())
        if ranged:
            found = dataclasses.replace(found, plans=_ranged(found.plans, threads, monitor))
        if worlds is None:
            return found
        common = common_worlds(found.plans, worlds, seed, processes=threads, monitor=monitor)
        return dataclasses.replace(found, worlds=common)


def _compared(
    read: Sequence[tuple[str, Case, Plan | None]], notes: list[str], threads: int, attribute: bool, monitor: Monitor
) -> Comparison:
    letters = [_letter(place) for place in range(len(read))]
    names = dict(zip(letters, (name for name, _, _ in read), strict=True))
    work = Work(threads, monitor)
    plans: dict[str, Plan] = {}
    for letter, (_, case, plan) in zip(letters, read, strict=True):
        plans[letter] = plan if plan is not None else work.plan(case)
    cases = {letter: plan.case for letter, plan in plans.items()}
    notes += _remarks(plans)
    attribution, change, grouping = None, None, ""
    if attribute and len(read) == 2:
        attributed = Attribution(cases["A"], cases["B"], plans["A"], plans["B"], work)
        attribution, change, grouping = attributed.frame(), attributed.change, attributed.grouping
        notes += attributed.notes
    elif attribute:
        outcome = common_sense(cases.values()).outcome
        notes.append(f"the change of {outcome} is attributed where two things are compared")
    return Comparison(
        names,
        plans,
        input_table(cases),
        choice_table(plans),
        outcome_table(plans),
        attribution,
        change,
        grouping,
        tuple(notes),
    )


def _ranged(plans: Mapping[str, Plan], threads: int, monitor: Monitor | None) -> dict[str, Plan]:
    return {
        letter: plan if plan.range is not None else with_range(plan, processes=threads, monitor=monitor)
        for letter, plan in plans.items()
    }


def _letter(place: int) -> str:
    letter = chr(ord("A") + place % 26)
    return letter if place < 26 else f"{letter}{place // 26 + 1}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


# What is compared ------------------------------------------------------------------------------------------------------


def _read(given: Compared, notes: list[str], altered: dict[str, Sequence[str]]) -> tuple[str, Case, Plan | None]:
    """Return name, case and plan of one thing; no plan where it is to be solved.

    What a reader should know is added to `notes`, files of a result that are not as they were written to `altered`.
    """
    if isinstance(given, Plan):
        return given.case.name, given.case, given
    if isinstance(given, Case):
        return given.name, given, None
    path = Path(given)
    if result_kind(path) == "plan":
        plan, remarks = read_result(path)
        notes.extend(f"{os.fspath(given)}: {remark}" for remark in remarks)
        altered[os.fspath(given)] = check_digests(path).altered
        return os.fspath(given), plan.case, plan
    return os.fspath(given), load_case(given), None


def _remarks(plans: Mapping[str, Plan]) -> Iterator[str]:
    if len({plan.case.sense for plan in plans.values()}) > 1:
        yield "some minimise cost, others maximise leverage: of the former leverage stands for minus the cost"
    currencies = {plan.case.settings.case.currency for plan in plans.values()}
    if len(currencies) > 1:
        yield "money is in different currencies; figures are compared as they stand"
    if len({plan.case.settings.horizon.weeks for plan in plans.values()}) > 1:
        yield "the horizons differ: losses add up over different numbers of weeks"
    for letter, plan in plans.items():
        if plan.leverage is None:
            words = "no plan satisfies its limits" if plan.status == "infeasible" else "no plan was found"
            yield f"{letter}: {words}"
        elif plan.status == "infeasible":
            yield f"{letter}: choices as given, which break limits"
        elif plan.gap is None:
            yield f"{letter}: choices as given, not optimised"
        elif plan.status == "feasible":
            yield f"{letter}: not proven best, the gap being {plan.gap:.2g}"
