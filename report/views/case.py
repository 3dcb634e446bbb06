"""What a case says of itself: who, how long, in which money, within which limits, from which sources."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model.plan.limits import LIMIT_WORDS
from ..format.words import Words, words_of

if TYPE_CHECKING:
    from ...data import Case

CONFIDENCES = {"high": "high", "medium": "medium", "low": "low", "assumed": "assumed", "": "not said"}
"""Confidences of sources in words, the highest first."""


@dataclass(frozen=True)
class CaseView:
    """A case in short.

    Attributes
    ----------
    name, title
        Its name, and its title or else its name.
    weeks, start
        Length of the horizon; the day on which week 0 begins, or nothing.
    money
        The currency, or nothing.
    focal, allies, counterpart
        Parties by their names for people; no counterpart: nothing.
    words
        The vocabulary of its results.
    """

    name: str
    title: str
    weeks: int
    start: str
    money: str
    focal: str
    allies: tuple[str, ...]
    counterpart: str
    words: Words


def case_view(case: Case) -> CaseView:
    """Return a case in short."""
    settings = case.settings
    roles: dict[str, list[str]] = {}
    for row in case.parties:
        roles.setdefault(row.role, []).append(case.names.party(row.party))
    return CaseView(
        case.name,
        settings.case.title or case.name,
        settings.horizon.weeks,
        settings.horizon.start.isoformat() if settings.horizon.start else "",
        settings.case.currency or "",
        roles["focal"][0],
        tuple(roles.get("ally", ())),
        next(iter(roles.get("counterpart", ())), ""),
        words_of(case),
    )


# Limits --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LimitRow:
    """A limit that a plan has to keep.

    Attributes
    ----------
    words
        What is limited.
    of
        Of which demand or item, by its name for people; nothing for a resource.
    value
        The limit.
    least
        Whether it is a least figure, not a greatest one.
    share
        Whether it is a share, not an amount.
    """

    words: str
    of: str
    value: float
    least: bool = False
    share: bool = False


def limit_rows(case: Case) -> Iterator[LimitRow]:
    """Yield the limits that a plan has to keep: resources, least fills, shares of parties and sites, suppliers."""
    for name, words in LIMIT_WORDS.items():
        most = getattr(case.settings.limits, name)
        if math.isfinite(most):
            yield LimitRow(words, "", most)
    for demand in case.demands:
        for kind, words in (("min_fill", "mean fill"), ("min_fill_week", "fill of any week")):
            least = getattr(demand, kind)
            if least > 0:
                if kind == "min_fill" and demand.fill_window is not None:
                    words = f"mean fill of any {demand.fill_window} weeks"
                yield LimitRow(words, case.names.pair(f"{demand.site}/{demand.item}"), least, least=True, share=True)
    for item in case.items:
        name = case.names.item(item.item)
        if item.max_party_share < 1:
            yield LimitRow("share of any outside party in our intake", name, item.max_party_share, share=True)
        if item.max_supplier_share < 1:
            yield LimitRow("share of any site in our intake", name, item.max_supplier_share, share=True)
        if item.min_supplier_share > 0:
            words = "share of any site that supplies us"
            yield LimitRow(words, name, item.min_supplier_share, least=True, share=True)
        if item.min_suppliers > 0:
            yield LimitRow("sites that supply us", name, item.min_suppliers, least=True)


def tightest_fill(case: Case) -> str:
    """Return the path of the least fill that asks for most, such as ``demands.site/item.min_fill``; nothing where none is set."""
    if not case.demands:
        return ""
    row = max(case.demands, key=lambda demand: max(demand.min_fill, demand.min_fill_week))
    if max(row.min_fill, row.min_fill_week) <= 0:
        return ""
    column = "min_fill" if row.min_fill >= row.min_fill_week else "min_fill_week"
    return f"demands.{row.site}/{row.item}.{column}"


# Sources -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SourceRow:
    """Figures of a case with one source.

    Attributes
    ----------
    confidence
        In words.
    source, date, note
        As the case has them.
    figures
        ``table.key.column = value`` of each.
    """

    confidence: str
    source: str
    date: str
    note: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class SourcesView:
    """The sources of a case.

    Attributes
    ----------
    counts
        Figures of every confidence that there is.
    found, assumed
        Sources, and reasons for what is assumed.
    total
        Figures with either.
    """

    counts: tuple[tuple[str, int], ...]
    found: tuple[SourceRow, ...]
    assumed: tuple[SourceRow, ...]
    total: int


def sources_view(case: Case) -> SourcesView:
    """Return the sources of a case by confidence, figures with one source and note put together."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for row in case.sources:
        figure = ".".join(filter(None, (row.table_, row.key_, row.column_)))
        named = f"{figure} = {row.value}" if row.value else figure
        groups.setdefault((row.confidence, row.source, row.date, row.note), []).append(named)
    order: Sequence[str] = list(CONFIDENCES)
    rows = [
        SourceRow(CONFIDENCES[key[0]], *key[1:], tuple(figures))
        for key, figures in sorted(groups.items(), key=lambda entry: order.index(entry[0][0]))
    ]
    counts = {name: sum(1 for row in case.sources if row.confidence == name) for name in order}
    return SourcesView(
        tuple((CONFIDENCES[name], count) for name, count in counts.items() if count),
        tuple(row for row in rows if row.confidence != "assumed"),
        tuple(row for row in rows if row.confidence == "assumed"),
        len(case.sources),
    )
