"""The limits of a case in its own words, and the figures of the case that set them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...model.certify.restoring import LIMITS as UNIT_OF
from ...model.formulation.leader import SIDE

if TYPE_CHECKING:
    from ...data.units import Units
    from ...model.leader.problem import Problem

BUDGET = "budget"
LOADS = {"reviewer_hours": "reviewer_load", "political_capital": "political_cost", BUDGET: "admin_cost"}
"""Limits on sums over the chosen policies, and the column of the policies table that is summed."""


@dataclass(frozen=True)
class LimitFigure:
    """A figure of the case that sets one limit or several.

    Attributes
    ----------
    path
        As ``--set`` takes it, e.g. ``demands.us/chip.min_fill``.
    kind
        ``budget``, ``reviewer_hours``, ``political_capital``, ``min_fill``, ``min_fill_week`` or ``max_party_share``.
    key : tuple of str
        (site, item), (item,) or ().
    limit
        Its value, in natural units until it is shown (`shown`).
    unit
        Of the value; empty for a share.
    scale
        What one unit of gap is divided by to make it relative to the limit.
    """

    path: str
    kind: str
    key: tuple[str, ...]
    limit: float
    unit: str
    scale: float

    @property
    def least(self) -> bool:
        """Whether the limit is a lower one."""
        return self.kind in ("min_fill", "min_fill_week")


@dataclass(frozen=True)
class Limit:
    """One limit a plan must keep.

    Attributes
    ----------
    words
        The limit as the case would say it.
    figure
        What sets it.
    scenario
        Where it must hold; None where that is no question.
    party
        Whose share it limits.
    """

    words: str
    figure: LimitFigure
    scenario: str | None = None
    party: str | None = None


def limits_of(problem: Problem) -> list[Limit]:
    """Return every finite limit of a case: those on policies and money, then fills, then shares."""
    network, case = problem.network, problem.case
    limits: list[Limit] = []
    currency = case.settings.case.currency
    units = {BUDGET: currency, "reviewer_hours": "hours", "political_capital": "points"}
    for name, unit in units.items():
        most = getattr(case.settings.limits, name)
        if math.isfinite(most):
            figure = LimitFigure(f"limits.{name}", name, (), most, unit, most or 1.0)
            limits.append(Limit(f"{name} <= {amount(most * network.units.unit_of(UNIT_OF[name]))}", figure))
    for row in case.demands:
        if network.side[row.site] != SIDE or row.quantity == 0:
            continue
        for kind, words in (("min_fill", "fill"), ("min_fill_week", "weekly fill")):
            least = getattr(row, kind)
            if least > 0:
                path = f"demands.{row.site}/{row.item}.{kind}"
                figure = LimitFigure(path, kind, (row.site, row.item), least, "", least)
                limits += [
                    Limit(f"{words} of {row.item} in {row.site} >= {amount(least)} in scenario {name}", figure, name)
                    for name in network.scenarios
                ]
    for item in case.items:
        if item.max_party_share < 1:
            taken = network.weeks * math.fsum(
                lane.base_flow
                for lane in network.lanes_into(SIDE)
                if lane.item == item.item and network.side[lane.origin] != SIDE
            )
            share = item.max_party_share
            path, scale = f"items.{item.item}.max_party_share", (share or 1.0) * (taken or 1.0)
            figure = LimitFigure(path, "max_party_share", (item.item,), share, "", scale)
            parties = dict.fromkeys(
                network.party[lane.origin]
                for lane in network.lanes_into(SIDE)
                if lane.item == item.item and network.side[lane.origin] != SIDE
            )
            limits += [
                Limit(f"share of {party} in our intake of {item.item} <= {amount(share)}", figure, "none", party)
                for party in parties
            ]
    return limits


def shown(figure: LimitFigure, units: Units) -> LimitFigure:
    """Return a figure in the units of the case."""
    return replace(figure, limit=figure.limit * units.unit_of(UNIT_OF.get(figure.kind, "share")))


def figures_of(limits: Sequence[Limit]) -> list[LimitFigure]:
    """Return the figures behind limits, each once."""
    return list(dict.fromkeys(limit.figure for limit in limits))


def amount(value: float) -> str:
    """Return a figure as the case's tables would hold it."""
    return f"{value:.10g}"
