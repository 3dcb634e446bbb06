"""Stock missing at the end of the horizon: a plan, or a status quo, that lives off its stock (model.md section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..formulation.follower import SIDE

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem
    from ..leader.recompute import Operations
    from ..network import Pair

WEEKS_A_YEAR = 52

NOTABLE = 0.02
"""Stock missing at the end, as a share of a year's use, from which it is remarked on."""


def missing_at_end(
    leader_problem: LeaderProblem, operations: Operations, scenario: str | None
) -> dict[Pair, tuple[float, float]]:
    """Return the stock missing at the end, and a year's use, of every pair where that is more than `NOTABLE`.

    Use is all that leaves a pair in its balance: sales, inputs of processes, dispatches.

    Parameters
    ----------
    leader_problem
        The leader problem.
    operations
        A solution of it.
    scenario
        The scenario of our side; None: the counterpart.

    Returns
    -------
    dict of (site, item) to (float, float)
        Units missing, units used in 52 weeks.
    """
    network, readout, solution = leader_problem.network, operations.readout, operations.solution
    block = leader_problem.model.response if scenario is None else leader_problem.model.ours[scenario]
    families = readout.response if scenario is None else readout.ours[scenario]
    pairs = network.pairs(SIDE if scenario is None else "ours")
    number = {pair: place for place, pair in enumerate(pairs)}
    found = [
        (row, number[site, item])
        for (site, item, _), constraint in block.balance.items()
        if (row := leader_problem.compiled.row.get(id(constraint))) is not None
    ]
    moved = solution.copy()
    stock = families["stock"].columns
    moved[stock[stock >= 0]] = 0.0
    rows = leader_problem.program.matrix.tocsr()[[row for row, _ in found]]
    leaving = -rows.minimum(0) @ moved
    used = np.bincount([place for _, place in found], leaving, len(pairs)) * WEEKS_A_YEAR / network.weeks
    short = families["short_end"]
    missing = dict(zip(short.keys, short.values(solution).tolist(), strict=True))
    return {
        pair: (missing[pair], float(used[number[pair]]))
        for pair in pairs
        if missing.get(pair, 0.0) > NOTABLE * used[number[pair]] + 1e-6
    }
