"""What figures of several cases are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...model.plan.sense import COST, LEVERAGE, Sense, sense_of

if TYPE_CHECKING:
    from ...data import Case


def common_sense(cases: Iterable[Case]) -> Sense:
    """Return how figures of several cases are called: cost where it is the sense of all of them."""
    found = {id(sense): sense for sense in map(sense_of, cases)}
    if id(LEVERAGE) in found:
        return LEVERAGE
    return next(iter(found.values())) if len(found) == 1 else COST
