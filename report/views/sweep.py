"""What a sweep says: the answer of its design, and all of it as one document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...analysis.sensitivity.advice import (
    choice_map,
    choice_shares,
    decision_shares,
    regret_by_choices,
)
from ...analysis.sensitivity.indices import morris_effects, sobol_indices, sobol_pairs
from ...analysis.sensitivity.outcomes import (
    LEVERAGE,
    counts,
    modes,
    outcomes,
    solves,
    spread,
)
from ...analysis.sensitivity.sensitivity import main_effects, tornado

if TYPE_CHECKING:
    import pandas as pd

    from ...analysis.sweep.read import Sweep

ANSWERS = {
    "oat": ("tornado", tornado),
    "grid": ("main_effects", main_effects),
    "list": ("main_effects", main_effects),
    "lhs": ("main_effects", main_effects),
    "morris": ("morris", morris_effects),
    "sobol": ("sobol", sobol_indices),
}
"""What a design is analysed for: the answer's name in documents, and the function that gives it."""


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
    name, function = ANSWERS[sweep.design.kind]
    spread(sweep, outcome, mode)
    try:
        table = function(sweep, outcome, mode)
        pairs = sobol_pairs(sweep, outcome, mode) if sweep.design.options.get("second_order") else None
    except ValueError as error:
        return Answer(name, refusal=str(error))
    return Answer(name, table, pairs)


def sweep_document(sweep: Sweep, outcome: str = LEVERAGE, mode: str | None = None) -> dict[str, Any]:
    """Return what a sweep says as plain values.

    Raises
    ------
    ValueError
        For a name that is no outcome.
    """
    answer = answer_of(sweep, outcome, mode)
    document: dict[str, Any] = {
        "schema": 2,
        "case": sweep.case.name,
        "remarks": list(sweep.remarks),
        "design": sweep.design.to_dict(),
        "samples": len(sweep.design),
        "complete": sweep.complete,
        "status": {name: counts(sweep, name) for name in modes(sweep)},
        "solves": solves(sweep),
        "base": {name: sweep.base.get(name) for name in ("leverage", "policies", "qualified", "stockpile")},
        "outcome": outcome,
        "outcomes": outcomes(sweep),
        "spread": spread(sweep, outcome, mode),
        answer.name: None if answer.table is None else records_of(answer.table),
        "refusal": answer.refusal or None,
    }
    if answer.pairs is not None:
        document["sobol_pairs"] = records_of(answer.pairs)
    if "free" in modes(sweep):
        document["choice_shares"] = records_of(choice_shares(sweep, "free"))
        document["decision_shares"] = records_of(decision_shares(sweep, "free"))
        if sweep.design.kind == "grid" and len(sweep.design.factors) == 2:
            document["choice_map"] = records_of(choice_map(sweep, "free"))
    if modes(sweep) == ["free", "fixed"]:
        document["regret"] = records_of(regret_by_choices(sweep))
    return document


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values."""
    return frame.to_dict("records")
