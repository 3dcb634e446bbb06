"""Bases that first stages of a world ended with, and which of them another begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...model.leader.carried import CARRIED

if TYPE_CHECKING:
    import numpy as np

    from ...model.follower.enumerate import PolicyIndices
    from ...model.formulation.linking import Choice
    from ...model.leader.here_and_now import HereAndNow, Visit

MOST_KEPT = 64
"""Bases that are kept."""

Asked = tuple["PolicyIndices", bytes, bool]
"""Policies by number, what is bought, and whether continuity need not be kept."""

Terms = tuple["Choice", float, float, float]
"""A choice of policies, V, the constant part of leverage and admin costs, as of `FixedPolicySolver.relax`."""


class StageBases:
    """Bases of linear programs of first stages; one program after the other is solved in one HiGHS object."""

    def __init__(self) -> None:
        self._known: dict[Asked, Any] = {}
        self._in_place: Asked | None = None

    @property
    def known(self) -> Mapping[Asked, Any]:
        """The bases that are kept, the oldest first."""
        return self._known

    def keep(self, asked: Asked, basis: Any) -> None:
        """Keep what a program ended with; the oldest goes where they are too many."""
        self._known.pop(asked, None)
        self._known[asked] = basis
        if len(self._known) > MOST_KEPT:
            self._known.pop(next(iter(self._known)))

    def begin(self, asked: Asked, highs: Any) -> Mapping[str, Any]:
        """Put the basis of the program most like another in place, and return the options to go on from it with.

        The one in place stays where none is nearer, with all that HiGHS knows of it.
        """
        if not self._known:
            return {}
        nearest = min(reversed(self._known), key=lambda other: apart(asked, other))
        if self._in_place is not None and apart(asked, self._in_place) <= apart(asked, nearest):
            return CARRIED
        highs.set_basis(self._known[nearest])
        return CARRIED

    def note(self, asked: Asked | None) -> None:
        """Take note of the program that was solved last; None: another one was."""
        self._in_place = asked


def apart(one: Asked, other: Asked) -> tuple[int, bool, bool]:
    """How much two programs differ: in how many policies, in what continuity asks, in what is bought."""
    policies = sum(a != b for a, b in zip(one[0], other[0], strict=True))
    return policies, one[2] != other[2], one[1] != other[1]


def worked_out(
    bases: StageBases,
    stage: HereAndNow,
    asked: Asked,
    terms: Terms,
    point: np.ndarray,
    charged: bool = False,
    free: bool = False,
) -> Visit:
    """Work a first stage out from the basis of the one most like it, and keep what it ends with.

    Parameters
    ----------
    bases
        Bases known.
    stage
        Works it out.
    asked
        What is asked.
    terms, point, charged, free
        As of `HereAndNow.visit`.
    """
    relaxed = stage.fixed_policy.relaxed
    options = bases.begin(asked, relaxed)
    with relaxed.options(**options):
        visit = stage.visit(*terms, point, charged, free)
    bases.keep(asked, stage.basis)
    # What was asked about gaps alone has led away.
    bases.note(asked if len(visit.cuts) == 1 else None)
    return visit
