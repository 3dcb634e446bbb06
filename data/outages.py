"""One outage for each party, site or lane that serves our side, added to a case (n-1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Literal

from .check.references import check
from .input.draft import SIDES, draft_of
from .schema.case import Case
from .schema.errors import CaseError
from .schema.tables import Contingency
from .schema.values import StartWeeks

Lost = Literal["parties", "sites", "lanes"]
KINDS: dict[Lost, str] = {"parties": "party", "sites": "site", "lanes": "lane"}
"""What can be lost, and one of it."""


@dataclass(frozen=True)
class Outage:
    """What stops when one party, site or lane is lost.

    Attributes
    ----------
    kind, name
        What is lost: ``party``, ``site`` or ``lane``, and its id.
    lanes, processes
        What stops.
    """

    kind: str
    name: str
    lanes: tuple[str, ...]
    processes: tuple[str, ...] = ()

    @property
    def stops(self) -> frozenset[tuple[str, str]]:
        """Lanes and processes that stop."""
        return frozenset([*(("lane", name) for name in self.lanes), *(("process", name) for name in self.processes)])


def outages(case: Case, of: Iterable[Lost]) -> list[Outage]:
    """Return the outages of a case's parties, sites and lanes; two that stop the same are one, the first.

    A party outside our side loses all its lanes that end on our side. A site outside our side does so too; a site of ours
    loses its processes, and its lanes that end on our side. A lane that ends on our side is lost alone. What stops nothing
    is no outage.

    Parameters
    ----------
    case
        A checked case.
    of
        ``parties``, ``sites``, ``lanes``, in the order in which outages are listed.
    """
    role = {row.party: SIDES[row.role] for row in case.parties}
    party = {row.site: row.party for row in case.sites}
    served = [row for row in case.lanes if role[party[row.destination]] == "ours" and row.max_flow > 0]

    def found(kind: Lost) -> Iterator[Outage]:
        if kind == "parties":
            for name in (row.party for row in case.parties if role[row.party] != "ours"):
                yield Outage("party", name, tuple(row.lane for row in served if party[row.origin] == name))
        elif kind == "sites":
            for name in party:
                made = case.processes if role[party[name]] == "ours" else ()
                processes = tuple(row.process for row in made if row.site == name and row.capacity > 0)
                yield Outage("site", name, tuple(row.lane for row in served if row.origin == name), processes)
        else:
            yield from (Outage("lane", row.lane, (row.lane,)) for row in served)

    unlike: dict[frozenset[tuple[str, str]], Outage] = {}
    for kind in dict.fromkeys(of):
        for outage in found(kind):
            if outage.stops:
                unlike.setdefault(outage.stops, outage)
    return list(unlike.values())


def with_outages(case: Case, of: Iterable[Lost], weeks: int, starts: Sequence[int]) -> tuple[Case, list[str]]:
    """Return a case with one contingency for each outage, in which nothing is left of what stops, and their ids.

    An outage that the case has already, at the same weeks, is not added again. Ids are ``without-ID`` of what is lost, or
    ``without-site-ID`` where that is taken.

    Parameters
    ----------
    case
        A checked case.
    of
        As in `outages`.
    weeks
        How long each outage lasts.
    starts
        Weeks in which each may begin: a scenario each.

    Raises
    ------
    CaseError
        For starts beyond the horizon.
    """
    begins = starts[0] if len(starts) == 1 else StartWeeks(";".join(map(str, starts)), tuple(starts))
    present: dict[str, list[Contingency]] = {}
    for row in case.contingencies:
        present.setdefault(row.contingency, []).append(row)
    horizon = case.settings.horizon.weeks
    known = {_what_happens(rows, horizon) for rows in present.values()}
    taken = {*present, *(row.package for row in case.retaliations)}
    added: dict[str, list[Contingency]] = {}
    for outage in outages(case, of):
        plain, full = f"without-{outage.name}", f"without-{outage.kind}-{outage.name}"
        name = next(name for name in chain((plain, full), (f"{full}-{n}" for n in count(2))) if name not in taken)
        rows = [
            Contingency.model_validate(
                {"contingency": name, kind: stopped, "from_week": begins, "duration_weeks": weeks, "availability": 0.0}
            )
            for kind, stopped in sorted(outage.stops)
        ]
        if _what_happens(rows, horizon) not in known:
            taken.add(name)
            added[name] = rows
    every = (*case.contingencies, *(row for rows in added.values() for row in rows))
    if faults := check(draft_of(case, case.settings, {"contingencies": every})):
        raise CaseError(faults)
    return replace(case, contingencies=every), list(added)


def _what_happens(rows: Iterable[Contingency], horizon: int) -> frozenset[object]:
    """Return what a contingency stops, and when, whatever it is called."""
    return frozenset(
        (
            row.lane,
            row.process,
            row.availability,
            row.notice_weeks,
            tuple(row.span(start, horizon) for start in row.starts),
        )
        for row in rows
    )
