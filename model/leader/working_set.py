"""Which contingencies a search considers: few of many bind, and the certificate looks at all of them.

A search that leaves scenarios out has fewer limits to keep, so that its bound holds for the whole problem, and so does its
proof that there is no plan. Its plan is worked out anew over all scenarios (`OperationsSolver`): where one that was left out is in
its way, the search begins again with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..formulation.buying import ordering, suppliers
from ..network import NONE, Network

FEW = 8
"""Contingency scenarios up to which a search considers all of them."""


class Unheld(Exception):
    """A plan that scenarios which its search left out do not allow.

    Attributes
    ----------
    scenarios
        The scenarios that are in its way.
    bound
        Proven upper bound on the leverage, which more scenarios only lower.
    """

    def __init__(self, scenarios: Sequence[str], bound: float):
        super().__init__(f"scenarios left out are in the way: {', '.join(scenarios)}")
        self.scenarios = tuple(scenarios)
        self.bound = bound


def first_set(network: Network) -> list[str] | None:
    """Return the scenarios that a search begins with: ``none`` and all that count; None, all of them, where they are few.

    All of them too where our operations have binaries: scenarios that were left out would have to find theirs anew.
    """
    chosen = {NONE, *network.packages, *network.rated}
    left = [name for name in network.contingencies if name not in chosen]
    whole = bool(ordering(network) or network.breaks or suppliers(network, "min_supplier_share"))
    return None if whole or len(left) <= FEW else [name for name in network.scenarios if name in chosen]


def extended(network: Network, held: Sequence[str], found: Sequence[str]) -> list[str] | None:
    """Return the scenarios held and those found to be in the way, in the order of the case; None: all of them."""
    chosen = {*held, *found}
    scenarios = [name for name in network.scenarios if name in chosen]
    return None if len(scenarios) == len(network.scenarios) else scenarios
