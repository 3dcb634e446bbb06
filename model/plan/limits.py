"""What a solve may use and must keep, apart from the case's other figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...data import Case
    from ...data.units import Units


@dataclass(frozen=True)
class SolveLimits:
    """Limits that can be moved from one solve to the next without working out any response again.

    Attributes
    ----------
    budget, reviewer_hours, political_capital
        As in ``case.toml``.
    own_loss
        Most that our own loss may be in every rated scenario, in money.
    least_fill
        Mean fill asked of every demand that has a ``min_fill``, in its place; None: as the case says.
    """

    budget: float = math.inf
    reviewer_hours: float = math.inf
    political_capital: float = math.inf
    own_loss: float = math.inf
    least_fill: float | None = None

    def natural(self, units: Units) -> SolveLimits:
        """Return the terms in natural units."""
        return replace(
            self,
            budget=self.budget / units.money,
            reviewer_hours=self.reviewer_hours / units.hours,
            political_capital=self.political_capital / units.points,
            own_loss=self.own_loss / units.money,
        )

    @classmethod
    def of(cls, case: Case) -> SolveLimits:
        """Limits of a case."""
        limits = case.settings.limits
        return cls(limits.budget, limits.reviewer_hours, limits.political_capital)
