"""A row of shared programs against a solve of its sample alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.certify.certificate import Compared
from ...model.plan.tolerances import CERTIFICATE, SMALL_CERTIFICATE

CHECK_EVERY = 200
"""One sample in so many, the first included, is solved alone too."""

PLAN = ("optimal", "feasible")


def is_checked(sample: int) -> bool:
    """Whether a sample is solved alone too, by its number."""
    return sample % CHECK_EVERY == 0


def disagreements(shared: Mapping[str, Any], alone: Mapping[str, Any], rel_gap: float, money: float) -> list[str]:
    """Return where a row of shared programs and that of a solve alone disagree, in words.

    Under the same policies and lanes both find the same leverage; under others neither finds more than the other proves
    possible.

    Parameters
    ----------
    shared, alone
        Outcomes of the sample.
    rel_gap
        Relative gap to which both are proven.
    money
        Money at stake.
    """
    ends = shared["status"], alone["status"]
    if sorted(end in PLAN for end in ends) == [False, True] and "infeasible" in ends:
        return [f"status is {ends[0]} with shared programs and {ends[1]} alone"]
    pairs = [("sourcing_only_leverage", shared.get("sourcing_only_leverage"), alone.get("sourcing_only_leverage"))]
    if _choices(shared) == _choices(alone):
        pairs.append(("leverage", shared.get("leverage"), alone.get("leverage")))
    else:
        for name, other, sign in (("leverage", "bound", 1.0), ("bound", "leverage", -1.0)):
            one, two = shared.get(name), alone.get(other)
            if one is not None and two is not None and sign * (one - two) > 0:
                pairs.append((f"{name} against the {other}", one, two))
    found = [
        Compared(name, one, two, SMALL_CERTIFICATE * money)
        for name, one, two in pairs
        if one is not None and two is not None
    ]
    close = max(CERTIFICATE, rel_gap)
    return [figure.words("with shared programs", "alone") for figure in found if not figure.difference <= close]


def _choices(row: Mapping[str, Any]) -> dict[str, Any]:
    """Policies and lanes qualified."""
    return {name: value for name, value in row.items() if name.startswith(("policy.", "qualified."))}
