"""A plan met by a surprise: weeks go by as in scenario none, then something happens and we make the best of it.

What a plan states for a scenario must be what comes out when its weeks are rolled forward with what was known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import Case, Pair, Settings, Tables
from .chains import Chain
from .follower import SLACK, add_response, solve_response
from .leader import add_first_stage, add_ours
from .planner import own_costs_today, solve_for
from .programs import Program

Decisions = dict[str, dict[tuple[Any, int], float]]
"""By kind (ship, make, fill, ...) and (lane, process or pair; week)."""

KINDS = ("ship", "make", "stock", "fill", "export_fill", "slack", "save", "late")


@dataclass(frozen=True)
class Operations:
    """What a plan does: the response, what is ours in every scenario, and our costs W in each."""

    response: Decisions
    ours: dict[str, Decisions]
    cost: dict[str, float]
    qualified: list[str]
    stockpile: dict[Pair, float]


def operations(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    *,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    slack: float = SLACK,
) -> Operations:
    """All decisions of the best plan under fixed policies."""
    case = Case(settings, tables)
    least, least_open = solve_response(case, policies).value, solve_response(case, {}).value
    today = own_costs_today(case, least_open, slack)
    solved = solve_for(case, policies, least, least_open, today, slack, qualified, stockpile)
    if solved is None:
        raise ValueError("the limits leave no plan")
    x = solved.tidy()
    return Operations(
        response=_decisions(solved.response, x),
        ours={scenario.name: _decisions(chain, x) for scenario, chain in solved.chains.items()},
        cost={scenario.name: chain.cost.at(x) for scenario, chain in solved.chains.items()},
        qualified=[name for name, column in solved.first.qualify.items() if x[column] > 0.5],
        stockpile={pair: float(x[column]) for pair, column in solved.first.stockpile.items()},
    )


def _decisions(chain: Chain, x: np.ndarray) -> Decisions:
    return {kind: {key: float(x[column]) for key, column in getattr(chain, kind).items()} for kind in KINDS}


def rolled_forward(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    scenario: str,
    response: Decisions,
    known: Decisions,
    *,
    qualified: Collection[str] = (),
    stockpile: Mapping[Pair, float] | None = None,
    near: float = 1e-6,
) -> tuple[float | None, dict[Pair, list[float]]]:
    """Our least cost W in a scenario that nobody foresaw, and the fills of our demands.

    Parameters
    ----------
    response
        The counterpart's ``ship`` and ``fill``, all weeks.
    known
        What we do in scenario none; weeks before the reveal are held to it, kinds that are not given are free.
    near
        How far a held figure may lie off, relative and absolute.

    Returns
    -------
    tuple
        (cost, fills), without limits on fills; (None, {}) where what was done leaves no way on.
    """
    case = Case(settings, tables)
    happens = next(s for s in case.scenarios() if s.name == scenario)
    program = Program()
    theirs = add_response(program, case, policies)
    program.rows.clear()
    _hold(program, theirs, {kind: response[kind] for kind in ("ship", "fill")}, case.T, near)
    first = add_first_stage(program, case, qualified, stockpile or {})
    chain = add_ours(program, case, theirs, policies, happens, first)
    _hold(program, chain, known, case.reveal(happens), near)
    x = program.minimise(chain.cost)
    if x is None:
        return None, {}
    fills: dict[Pair, list[float]] = {}
    for (pair, _), column in sorted(chain.fill.items()):
        fills.setdefault(pair, []).append(float(x[column]))
    return chain.cost.at(x), fills


def _hold(
    program: Program, chain: Chain, known: Mapping[str, Mapping[tuple[Any, int], float]], week: int, near: float
) -> None:
    """Columns of weeks before ``week`` near the figures that are known."""
    for kind, figures in known.items():
        for key, column in getattr(chain, kind).items():
            if key[1] < week and key in figures:
                room = near * max(1.0, abs(figures[key]))
                program.lower[column], program.upper[column] = max(0.0, figures[key] - room), figures[key] + room
