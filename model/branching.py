"""Branch and bound over a few binaries, every node a warm linear program.

With a handful of lanes to qualify, root cuts and sub-MIPs of a general solver cost a hundred times what the nodes do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .compiled import Highs, Outcome

INTEGRAL = 1e-6
"""Distance from an integer that counts as none."""


@dataclass(frozen=True)
class Node:
    """A subproblem: bounds of the binaries and a bound on its minimum."""

    lower: np.ndarray
    upper: np.ndarray
    bound: float


def branch_and_bound(
    highs: Highs,
    binaries: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    cutoff: float = math.inf,
    gap: float = 1e-9,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Minimise a program whose binaries are few, depth first towards the nearer integer.

    Parameters
    ----------
    highs
        The linear relaxation; its basis is kept from node to node.
    binaries : array of int, shape (n,)
        Columns that must be 0 or 1.
    lower, upper : array, shape (n,)
        Their bounds.
    cutoff
        Solutions that are not below it are of no interest.
    gap
        Relative gap at which a node is given up.
    stop
        Asked at every node.

    Returns
    -------
    Outcome
        Termination ``Optimal``, ``Infeasible``, ``Cut off`` (nothing below the cutoff) or ``Stopped``.
    """
    best: Outcome | None = None
    waiting = [Node(lower, upper, -math.inf)]
    given_up = others = math.inf
    duals = None
    nodes = 0
    while waiting and not stop():
        node = waiting.pop()
        ceiling = cutoff if best is None or best.objective is None else min(cutoff, best.objective)
        if node.bound >= ceiling - gap * abs(ceiling):
            given_up = min(given_up, node.bound)
            continue
        nodes += 1
        highs.set_bounds(binaries, node.lower, node.upper)
        outcome = _solve(highs)
        if outcome.infeasible:
            continue
        assert outcome.objective is not None and outcome.solution is not None
        if outcome.objective >= ceiling - gap * abs(ceiling):
            given_up = min(given_up, outcome.objective)
            continue
        values = outcome.solution[binaries]
        distance = np.abs(values - np.round(values))
        if distance.size == 0 or distance.max() <= INTEGRAL:
            others = min(others, math.inf if best is None or best.objective is None else best.objective)
            best, duals = outcome, highs.row_duals()
            continue
        place = int(distance.argmax())
        nearer = round(float(values[place]))
        for level in (1 - nearer, nearer):
            child_lower, child_upper = node.lower.copy(), node.upper.copy()
            child_lower[place] = child_upper[place] = level
            waiting.append(Node(child_lower, child_upper, outcome.objective))
    highs.set_bounds(binaries, lower, upper)
    unseen = min((node.bound for node in waiting), default=math.inf)
    bound = min(unseen, given_up, math.inf if best is None or best.objective is None else best.objective)
    if waiting:
        termination = "Stopped"
    elif best is not None:
        termination = "Optimal"
    else:
        termination = "Infeasible" if given_up == math.inf else "Cut off"
    return Outcome(
        termination,
        None if best is None else best.objective,
        bound if math.isfinite(bound) else None,
        None if best is None else best.solution,
        nodes,
        duals,
        min(unseen, given_up, others),
    )


def _solve(highs: Highs) -> Outcome:
    outcome = highs.solve()
    if not outcome.settled:
        outcome = highs.solve_anew()
    if not outcome.settled:
        raise ArithmeticError(f"a relaxation ended with {outcome.termination!r}")
    return outcome
