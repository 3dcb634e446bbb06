"""What a sweep says: the answer of its design, and all of it as one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...analysis.sensitivity.advice import (
    choice_map,
    choice_shares,
    decision_shares,
    regret_by_choices,
    set_names,
)
from ...analysis.sensitivity.indices import morris_effects, sobol_indices, sobol_pairs
from ...analysis.sensitivity.outcomes import (
    LEVERAGE,
    USABLE,
    counts,
    ended_words,
    modes,
    named,
    outcomes,
    rows_of,
    solves,
    spread,
)
from ...analysis.sensitivity.sensitivity import main_effects, tornado
from ...analysis.sweep.kinds import KINDS
from ...model.plan.choices import LANE, POLICY, Offer
from .case import CaseView, case_view

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.figures.factors import Factor
    from ...analysis.sweep.read import Sweep

ANSWERS = {"tornado": tornado, "main_effects": main_effects, "morris": morris_effects, "sobol": sobol_indices}
"""What gives the answer of a design, by the answer's name in documents."""


@dataclass(frozen=True)
class Answer:
    """What an outcome depends on, or why that is not known.

    Attributes
    ----------
    name
        ``tornado``, ``main_effects``, ``morris`` or ``sobol``.
    table
        One row per figure; None where that is not known.
    pairs
        Second-order Sobol indices; None where they were not asked for.
    refusal
        Why it is not known.
    """

    name: str
    table: pd.DataFrame | None = None
    pairs: pd.DataFrame | None = None
    refusal: str = ""


def answer_of(sweep: Sweep, outcome: str, mode: str | None = None) -> Answer:
    """Return what an outcome of a sweep depends on.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    name = KINDS[sweep.design.kind].answer
    function = ANSWERS[name]
    spread(sweep, outcome, mode)
    try:
        table = function(sweep, outcome, mode)
        pairs = sobol_pairs(sweep, outcome, mode) if sweep.design.options.get("second_order") else None
    except ValueError as error:
        return Answer(name, refusal=str(error))
    return Answer(name, table, pairs)


@dataclass(frozen=True)
class EndedRow:
    """How the samples of a mode ended.

    Attributes
    ----------
    mode
        ``free`` or ``fixed``.
    counts
        Samples by status.
    none
        Where no sample has a plan, why, in words; else nothing.
    """

    mode: str
    counts: dict[str, int]
    none: str


@dataclass(frozen=True)
class SweepView:
    """A sweep.

    Attributes
    ----------
    case
        The case in short.
    kind, seed
        The design, and its seed where it is drawn at random.
    samples, rows
        How many samples it has, and how many rows there are so far.
    factors
        The figures that are varied.
    modes
        ``free``, ``fixed`` or both.
    base_outcome, base_stockpile
        Of the case as it is; leverage None where it has no plan.
    remarks
        What to know before trusting a figure.
    ended, solves
        How the samples ended, and how many solves were shared, alone, checked, repaired.
    outcome, spread, answer
        What is explained, how it is spread, what it depends on.
    advises
        Whether rows with choices made anew are shown.
    sets, decisions, regret : pandas.DataFrame or None
        How often choices are best, each decision too; what keeping to the base plan costs.
    map : pandas.DataFrame or None
        Which choices are best where, of a grid of two figures.
    names, figures, choices
        Choices in words; figures in words, by path; each regime, lane and ``site/item`` that is chosen in words, by kind and id.
    offer
        What the case lets our side choose.
    """

    case: CaseView
    kind: str
    seed: int | None
    samples: int
    rows: int
    factors: tuple[Factor, ...]
    modes: tuple[str, ...]
    base_outcome: float | None
    base_stockpile: dict[str, float]
    remarks: tuple[str, ...]
    ended: tuple[EndedRow, ...]
    solves: dict[str, int]
    outcome: str
    spread: dict[str, float | int]
    answer: Answer
    advises: bool
    sets: pd.DataFrame | None
    decisions: pd.DataFrame | None
    regret: pd.DataFrame | None
    map: pd.DataFrame | None
    names: dict[str, str]
    figures: dict[str, str]
    choices: dict[tuple[str, str], str]
    offer: Offer

    @property
    def drawn(self) -> bool:
        """Whether its samples are drawn at random."""
        return KINDS[self.kind].seeded

    @property
    def unclear(self) -> int:
        """Figures whose total Sobol index cannot be told from 0."""
        table = self.answer.table
        return 0 if table is None or self.answer.name != "sobol" else int((table["ST_conf"] >= table["ST"]).sum())

    @property
    def base_share(self) -> float:
        """Share of the samples in which the choices of the case as it is are best."""
        return 0.0 if self.sets is None else float(self.sets.loc[self.sets["base"], "share"].sum())


def sweep_view(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> SweepView:
    """Return what a sweep says.

    Parameters
    ----------
    sweep
        The sweep.
    outcome
        What is explained: see `outcome_of`.
    mode
        Rows that are looked at: ``free`` or ``fixed``; default: free where there are such rows.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    design, kinds, outcome = sweep.design, modes(sweep), named(sweep, outcome)
    answer = answer_of(sweep, outcome, mode)
    free = "free" in kinds
    decisions = decision_shares(sweep, "free") if free else None
    ended = [(name, counts(sweep, name)) for name in kinds]
    return SweepView(
        case=case_view(sweep.case),
        kind=design.kind,
        seed=design.seed if KINDS[design.kind].seeded else None,
        samples=len(design),
        rows=len(sweep.frame),
        factors=tuple(design.factors),
        modes=tuple(kinds),
        base_outcome=sweep.base.get(named(sweep)),
        base_stockpile=dict(sweep.base.get("stockpile") or {}),
        remarks=tuple(sweep.remarks),
        ended=tuple(
            EndedRow(name, found, "" if set(found) & set(USABLE) else ended_words(rows_of(sweep, name)["status"]))
            for name, found in ended
        ),
        solves=solves(sweep),
        outcome=outcome,
        spread=spread(sweep, outcome, mode),
        answer=answer,
        advises=free and mode != "fixed",
        sets=choice_shares(sweep, "free") if free else None,
        decisions=decisions,
        regret=regret_by_choices(sweep) if kinds == ["free", "fixed"] else None,
        map=choice_map(sweep, "free") if free and design.kind == "grid" and len(design.factors) == 2 else None,
        names=dict(set_names(sweep)) if free else {},
        figures={factor.path: sweep.case.names.figure(factor.path) for factor in design.factors},
        choices=_called(sweep, decisions),
        offer=Offer.of(sweep.case),
    )


def _called(sweep: Sweep, decisions: pd.DataFrame | None) -> dict[tuple[str, str], str]:
    if decisions is None:
        return {}
    names, keys = sweep.case.names, dict.fromkeys(zip(decisions["kind"], decisions["name"], strict=True))
    called = {POLICY: names.regime, LANE: names.lane}
    return {(kind, name): called.get(kind, names.pair)(name) for kind, name in keys}


def sweep_document(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> dict[str, Any]:
    """Return what a sweep says as plain values.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    view = sweep_view(sweep, outcome, mode)
    answer = view.answer
    document: dict[str, Any] = {
        "schema": 2,
        "case": sweep.case.name,
        "remarks": list(view.remarks),
        "design": sweep.design.to_dict(),
        "samples": view.samples,
        "complete": sweep.complete,
        "status": {row.mode: row.counts for row in view.ended},
        "solves": view.solves,
        "base": {name: sweep.base.get(name) for name in (named(sweep), "policies", "qualified", "stockpile")},
        "outcome": view.outcome,
        "outcomes": outcomes(sweep),
        "spread": view.spread,
        answer.name: None if answer.table is None else records_of(answer.table),
        "refusal": answer.refusal or None,
    }
    tables = {
        "sobol_pairs": answer.pairs,
        "choice_shares": view.sets,
        "decision_shares": view.decisions,
        "choice_map": view.map,
        "regret": view.regret,
    }
    return document | {name: records_of(table) for name, table in tables.items() if table is not None}


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values."""
    return frame.to_dict("records")
