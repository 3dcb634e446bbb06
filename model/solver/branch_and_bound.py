"""Branch and bound over a few binaries, every node a warm linear program.

With a handful of lanes to qualify, root cuts and sub-MIPs of a general solver cost a hundred times what the nodes do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..plan.tolerances import BRANCHED_ON
from .highs import Highs, Outcome


@dataclass(frozen=True)
class Node:
    """A subproblem: bounds of the binaries, a bound on its minimum, and the proof of that bound."""

    lower: np.ndarray
    upper: np.ndarray
    bound: float
    proof: Any = None


Step = Callable[[np.ndarray, np.ndarray, float], Outcome]
"""Solves a relaxation at a node, given the bounds of the binaries and the objective from which on it is of no interest."""


def branch_and_bound(
    steps: Sequence[Step],
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
    steps
        Relaxations of a node, the cheapest first: one is solved only where those before neither rule the node out nor say
        where to branch. The last is the program itself.
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
    leaves: list[Any] = []
    nodes = 0
    while waiting and not stop():
        node = waiting.pop()
        ceiling = cutoff if best is None or best.objective is None else min(cutoff, best.objective)
        limit = ceiling - gap * abs(ceiling) if math.isfinite(ceiling) else ceiling
        if node.bound >= limit:
            given_up = min(given_up, node.bound)
            leaves.append(node.proof)
            continue
        nodes += 1
        outcome, place = _first_verdict(steps, node, binaries, limit)
        if place is None:
            leaves.append(outcome.proof)
        if outcome.infeasible:
            continue
        assert outcome.objective is not None
        if outcome.objective >= limit:
            given_up = min(given_up, outcome.objective)
            continue
        if place is None:
            others = min(others, math.inf if best is None or best.objective is None else best.objective)
            best = outcome
            continue
        assert outcome.solution is not None
        nearer = round(float(outcome.solution[binaries[place]]))
        for level in (1 - nearer, nearer):
            child_lower, child_upper = node.lower.copy(), node.upper.copy()
            child_lower[place] = child_upper[place] = level
            waiting.append(Node(child_lower, child_upper, outcome.objective, outcome.proof))
    leaves += [node.proof for node in waiting]
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
        None if best is None else best.duals,
        min(unseen, given_up, others),
        leaves=_cover(leaves),
    )


def _cover(leaves: Sequence[Any]) -> tuple[Any, ...]:
    """Every proof once; none where one is missing, for then the others do not cover all."""
    if any(leaf is None for leaf in leaves):
        return ()
    return tuple({id(leaf): leaf for leaf in leaves}.values())


def _first_verdict(steps: Sequence[Step], node: Node, binaries: np.ndarray, limit: float) -> tuple[Outcome, int | None]:
    """Outcome of the first relaxation that decides about a node, or of the last, and the binary to branch on."""
    outcome, place, proof = Outcome("Unknown", None, None, None), None, None
    for step in steps:
        outcome = step(node.lower, node.upper, limit)
        proof = outcome.proof if proof is None else proof
        if outcome.infeasible or (outcome.objective is not None and outcome.objective >= limit):
            break
        assert outcome.solution is not None
        values = outcome.solution[binaries]
        # One that is held is whole, whatever the solver's tolerance leaves of it.
        distance = np.where(node.lower < node.upper, np.abs(values - np.round(values)), 0.0)
        if distance.size and distance.max() > BRANCHED_ON:
            place = int(distance.argmax())
            break
    return replace(outcome, proof=proof), place


def minimise(highs: Highs, binaries: np.ndarray, lower: np.ndarray, upper: np.ndarray, **options: Any) -> Outcome:
    """Minimise the program that a HiGHS object holds relaxed; its basis is kept from node to node.

    Parameters
    ----------
    highs
        The linear relaxation.
    binaries, lower, upper, **options
        As of `branch_and_bound`.
    """

    def step(lower: np.ndarray, upper: np.ndarray, _: float) -> Outcome:
        highs.set_bounds(binaries, lower, upper)
        return _solve(highs)

    outcome = branch_and_bound([step], binaries, lower, upper, **options)
    highs.set_bounds(binaries, lower, upper)
    return outcome


def _solve(highs: Highs) -> Outcome:
    outcome = highs.solve()
    if not outcome.settled:
        outcome = highs.solve_anew()
    if not outcome.settled:
        raise ArithmeticError(f"a relaxation ended with {outcome.termination!r}")
    return outcome if outcome.infeasible else replace(outcome, duals=highs.row_duals())
