"""Bases of relaxations solved lately, and which of them a new one begins with."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_BASES = 256
"""Bases that are kept."""

Node = tuple[tuple[tuple[str, str], ...], bytes, bytes]
"""A choice of policies, and bounds of the binaries."""


class NodeBases(dict[Node, Any]):
    """Bases by node, the one kept last at the end."""

    def keep(self, node: Node, basis: Any) -> None:
        """Keep a basis; the oldest goes where they are too many."""
        self[node] = basis
        if len(self) > MOST_BASES:
            self.pop(next(iter(self)))

    def nearest(self, node: Node, in_place: Node | None) -> Any:
        """Basis of the node most like another; None where the one in place is, with all that the solver knows of it."""
        nearest = min(reversed(self), key=lambda other: apart(node, other))
        if in_place is not None and apart(node, in_place)[0] <= apart(node, nearest)[0]:
            return None
        return self[nearest]


def apart(node: Node, other: Node) -> tuple[int, int]:
    """How much two nodes differ: in how many policies, and in how many bytes of their binaries' bounds."""
    (choice, *bounds), (other_choice, *other_bounds) = node, other
    pairs = zip(bounds, other_bounds, strict=True)
    binaries = sum(int(np.count_nonzero(np.frombuffer(a, np.uint8) != np.frombuffer(b, np.uint8))) for a, b in pairs)
    return sum(a != b for a, b in zip(choice, other_choice, strict=True)), binaries
