"""What is said beside a plan for many worlds: its rivals, what knowing more is worth, where it goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...analysis.shapes import ALL_OPEN, AS_IT_IS, HEDGED, SOURCING
from ...model.plan.sense import sense_of

if TYPE_CHECKING:
    from ...model import Plan

ALWAYS = (HEDGED, AS_IT_IS, SOURCING, ALL_OPEN)
"""Plans that are shown whatever they yield."""

MOST_KNOWN, LEAST_KNOWN = 5, 3
"""Figures shown of those worth knowing at most; figures shown even where they are worth nothing."""


@dataclass(frozen=True)
class EstimateView:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class KnownRow:
    """A figure, or a group of figures, and what it is worth to know it.

    Attributes
    ----------
    name
        Path of the figure, or the group's name.
    figures
        The figures of a group.
    worth
        EVPPI, money.
    """

    name: str
    figures: tuple[str, ...]
    worth: EstimateView


@dataclass(frozen=True)
class CandidateRow:
    """A plan that was compared.

    Attributes
    ----------
    name
        What it is, or how it differs from the plan.
    mean, cvar, worst
        Of the outcome over the worlds, money.
    negative, kept, better
        Share of the worlds in which leverage is below 0 (None of a plan at least cost), all limits are kept, and it is better than
        the plan.
    near
        Whether it is within 1 % of the plan by the criterion.
    """

    name: str
    mean: float
    cvar: float
    worst: float
    negative: float | None
    kept: float
    better: float
    near: bool


@dataclass(frozen=True)
class RegionView:
    """Where a plan goes wrong.

    Attributes
    ----------
    negative
        Whether leverage is below 0, where that is the sense, or a limit broken there; else these are the worst worlds of a plan
        that never goes wrong.
    share
        Share of the worlds.
    sides
        Figure, ``above``, ``below`` or ``is``, and value.
    density, coverage
        Share of the worlds between the sides that go wrong; share of those that go wrong that lie there.
    """

    negative: bool
    share: float
    sides: tuple[tuple[str, str, float | str], ...]
    density: float
    coverage: float


@dataclass(frozen=True)
class FreshView:
    """The plan in fresh worlds.

    Attributes
    ----------
    n
        How many were worked out.
    mean, cvar, negative, kept
        Estimates with their intervals; of a plan at least cost there is no share below 0.
    """

    n: int
    mean: EstimateView
    cvar: EstimateView
    negative: EstimateView | None
    kept: EstimateView


@dataclass(frozen=True)
class StudyView:
    """What is said beside a plan for many worlds.

    Attributes
    ----------
    n, compared
        How many worlds, and in how many of them the plans were compared.
    low, high
        5 and 95 % of the outcome, money.
    kept
        Share of the worlds in which all limits are kept.
    told
        Whether the worlds come from the case's table.
    evpi, vss
        What it would be worth to know the world; what that adds to the plan for the figures as they are. None: not known.
    known, candidates, region, fresh
        Rows of its sections.
    unkept, evpi_elsewhere, evpi_compared
        Worlds in which no plan keeps continuity, for which EVPI is not known; EVPI over the others, None: there are none; and over
        all worlds among the plans compared.
    replications, behind
        Samples for which a plan of its own was sought, and how far the plan is behind these; None: not worked out.
    """

    n: int
    compared: int
    low: float
    high: float
    kept: float
    told: bool
    evpi: float | None
    vss: float | None
    known: tuple[KnownRow, ...]
    candidates: tuple[CandidateRow, ...]
    region: RegionView
    fresh: FreshView | None
    replications: int
    behind: EstimateView | None
    unkept: int
    evpi_elsewhere: float | None
    evpi_compared: float

    @property
    def first(self) -> tuple[KnownRow, ...]:
        """Figures most worth knowing; those worth nothing only where there are few others."""
        found = sorted(self.known, key=lambda row: (-row.worth.value, -row.worth.high))
        worth = sum(row.worth.value > 0 for row in found)
        return tuple(found[: min(MOST_KNOWN, max(LEAST_KNOWN, worth))])

    @property
    def shown(self) -> tuple[CandidateRow, ...]:
        """Plans to show: those always compared, and those nearly as good."""
        return tuple(row for row in self.candidates if row.name in ALWAYS or row.near)


def study_view(plan: Plan) -> StudyView | None:
    """Return what is said beside a plan; None where nothing was worked out."""
    if plan.worlds is None or "candidates" not in plan.worlds:
        return None
    found, names = sense_of(plan.case).worlds(plan.worlds), plan.case.names
    groups: Mapping[str, Any] = found["groups"]
    region, fresh = found["region"], found.get("out_of_sample")
    replicated = found.get("replications")
    return StudyView(
        found["n"],
        found["compared"],
        found["low"],
        found["high"],
        found["share_kept"],
        found["seed"] is None,
        found["evpi"],
        found["vss"],
        tuple(
            KnownRow(names.figure(name), tuple(map(names.figure, groups.get(name, ()))), EstimateView(*worth))
            for name, worth in found["evppi"].items()
        ),
        tuple(_candidate(row) for row in found["candidates"]),
        RegionView(
            region["kind"] == "negative",
            region["share"],
            tuple((names.figure(figure), sign, value) for figure, sign, value in region["sides"]),
            region["density"],
            region["coverage"],
        ),
        None
        if fresh is None
        else FreshView(
            fresh["n"],
            EstimateView(*fresh["mean"]),
            EstimateView(*fresh["cvar"]),
            EstimateView(*fresh["share_negative"]) if "share_negative" in fresh else None,
            EstimateView(*fresh["share_kept"]),
        ),
        replicated["n"] if replicated else 0,
        EstimateView(*replicated["gap"]) if replicated else None,
        len(found["unkept"]),
        found.get("evpi_elsewhere"),
        found["evpi_of_candidates"],
    )


def _candidate(row: Mapping[str, Any]) -> CandidateRow:
    shares = (row.get("share_negative"), row["share_kept"], row["share_better"])
    name = row["name"] if row["name"] in ALWAYS else f"this plan, but {row['name']}"
    return CandidateRow(name, row["mean"], row["cvar"], row["worst"], *shares, row["near"])
