"""Everything the page says in figures: both variants evaluated, advised, scored and spread over their ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sluicegate import evaluate, load_case, solve

from . import record, scores
from .responses import Response, respond, response_of
from .sampling import BASES, japan_lost_sales, read_ranges, saltelli, stored, total_indices
from .variants import CHOSEN, VARIANTS, WATCHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluicegate import Case, Plan

LOW, HIGH = 0.05, 0.95
"""Ends of an interval, as shares of the samples."""

SMALL = 0.05
"""Total index below which a factor is not named."""


@dataclass(frozen=True)
class Findings:
    """What one variant comes to.

    Attributes
    ----------
    case, plan, advice
        The shipped case, what Japan did in it, and what the model would have advised.
    response
        Korea's response to what Japan did.
    cells : pandas.DataFrame
        Cells of the record with the model's ``index``, the interval ``low`` and ``high``, ``kept`` (scored in this variant) and
        ``inside``.
    scores : pandas.DataFrame
        As of `scores.score`.
    usual
        Scaled error of hydrogen fluoride from Japan by the usual scale.
    coverage, width
        Share of kept cells inside their interval, and its mean width.
    spread : pandas.DataFrame
        Other outcomes, indexed by name: ``value`` of the model, ``low``, ``high``.
    movers : dict of str to str
        For every outcome the factors with the largest total Sobol indices, in words.
    quiet : pandas.DataFrame
        Scores of the same case with nothing under review.
    quiet_months : pandas.Series
        Its index of hydrogen fluoride from Japan by month.
    """

    case: Case
    plan: Plan
    advice: Plan
    response: Response
    cells: pd.DataFrame
    scores: pd.DataFrame
    usual: float
    coverage: float
    width: float
    spread: pd.DataFrame
    movers: dict[str, str]
    quiet: pd.DataFrame
    quiet_months: pd.Series


def find(variant: str) -> Findings:
    """Return the findings of a variant; takes two solves.

    Raises
    ------
    ValueError
        Where the stored samples belong to other figures.
    """
    case = load_case(VARIANTS[variant])
    plan, advice = evaluate(case, CHOSEN), solve(case)
    response = response_of(plan)
    samples = stored(variant, "hypercube")
    cells = record.cells().rename(columns={"index": "record"})
    cells["name"] = cells["series"] + " " + cells["period"]
    cells["model"] = record.index_by_cell(case, response.arrivals, cells)
    cells["low"], cells["high"] = (samples[cells["name"]].quantile(end).to_numpy() for end in (LOW, HIGH))
    cells["kept"] = cells["scored"] & ~(cells["informed"] & (variant == "ex-post"))
    cells["inside"] = cells["record"].between(cells["low"] - 1e-6, cells["high"] + 1e-6)
    kept = cells[cells["kept"]].rename(columns={"record": "index"})
    model = kept["model"].to_numpy()
    covered, width = scores.coverage(kept, kept["low"].to_numpy(), kept["high"].to_numpy())
    quiet = respond(case, {})
    base = float(record.series().loc["hf-japan-tonnes", "base"])
    return Findings(
        case,
        plan,
        advice,
        response,
        cells,
        scores.score(kept, model),
        scores.usual_scaled_error(kept, model, base),
        covered,
        width,
        _spread(case, response, samples),
        _movers(variant),
        scores.score(kept, record.index_by_cell(case, quiet.arrivals, kept)),
        record.monthly(case, quiet.arrivals, "hf-japan-tonnes"),
    )


def in_the_world_that_came(findings: Mapping[str, Findings]) -> Plan:
    """Return what the ex-ante advice leads to in the ex-post case."""
    advice = findings["ex-ante"].advice
    return evaluate(findings["ex-post"].case, advice.policies, advice.qualified, advice.stockpile)


def _spread(case: Case, response: Response, samples: pd.DataFrame) -> pd.DataFrame:
    values = {"loss": response.loss, "japan lost sales": japan_lost_sales(case, response)}
    for pair in WATCHED:
        week = response.shortage_week(pair)
        values[f"served {pair}"] = float(response.fills[pair].mean())
        values[f"shortage {pair}"] = float(case.settings.horizon.weeks if week is None else week)
    frame = pd.DataFrame({"value": values})
    frame["low"], frame["high"] = (samples[list(values)].quantile(end) for end in (LOW, HIGH))
    return frame


def _movers(variant: str, most: int = 3) -> dict[str, str]:
    """Name the factors of the largest total indices, as far as they are clear of 0, for every outcome of the stored design."""
    ranges = read_ranges(variant)
    titles = {entry.name: entry.title for entry in ranges}
    outcomes = stored(variant, "saltelli")
    assert len(outcomes) == len(saltelli(ranges, BASES[variant]))
    found = {}
    for name in outcomes.columns:
        indices = total_indices(ranges, outcomes[name].to_numpy())
        if indices is None:
            found[name] = "nothing in the ranges"
            continue
        told = []
        for row in indices.head(most).itertuples():
            # One that is not clear of 0 may be larger than all that follow.
            if row.total <= row.half_width or row.total < SMALL:
                break
            told.append(f"{titles[row.factor]} {row.total:.2f} ± {row.half_width:.2f}")
        found[name] = "; ".join(told) or "not told apart"
    return found


def shipped_share(case: Case, response: Response, weeks: int = 39, before: int = 13) -> float:
    """Return the change of what Japan ships abroad of liquid hydrogen fluoride in the year to March 2020.

    The quarter before July 2019 runs at the base flows; sales at home are not in the case.
    """
    lanes = {lane.lane: lane for lane in case.lanes}
    korea, elsewhere = lanes["hfl-jp-kr"].base_flow, lanes["hfl-jp-row"].base_flow
    year = (before + weeks) * (korea + elsewhere)
    return (
        float(np.sum(response.arrivals["hfl-jp-kr"][:weeks]) + before * korea + (before + weeks) * elsewhere) / year - 1
    )


def differences() -> list[dict[str, str]]:
    """Return every figure in which the two variants differ, with the source or reasoning of the ex-post one."""
    before, after = (load_case(VARIANTS[variant]) for variant in ("ex-ante", "ex-post"))
    notes = {(row.table_, row.key_, row.column_): row for row in after.sources}
    rows = []
    for table in ("stocks", "lanes", "processes", "recipes", "demands", "policies"):
        old = {row.id: row.model_dump(by_alias=True, exclude_unset=True) for row in before.rows(table)}
        for row in after.rows(table):
            new = row.model_dump(by_alias=True, exclude_unset=True)
            for column, value in new.items():
                was = old.get(row.id, {}).get(column)
                source = notes.get((table, row.id, column))
                if value == was or source is None:
                    continue
                rows.append(
                    {
                        "path": f"{table}.{row.id}.{column}",
                        "before": "" if was is None else _plain(was),
                        "after": _plain(value),
                        "confidence": source.confidence,
                        "note": source.note,
                        "date": source.date,
                    }
                )
    return rows


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
