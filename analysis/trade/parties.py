"""Who is who in trade statistics: countries, or blocs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...data import Fault
from ...data.trade import EU, Statistics, TradeError, area_name, find_area, nearest_area
from ...data.trade.staging import insert_rows


@dataclass(frozen=True)
class Party:
    """A country, or a bloc whose trade within itself counts as its own supply.

    Attributes
    ----------
    id
        ISO 3166-1 alpha-3 of a country; ``EU``.
    name
        Name for people.
    members
        ISO 3166-1 alpha-3 of its countries.
    """

    id: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Parties:
    """The focal party, its counterpart, its allies."""

    focal: Party
    counterpart: Party | None
    allies: tuple[Party, ...] = ()

    @property
    def all(self) -> tuple[Party, ...]:
        """Every party that is named."""
        return tuple(party for party in (self.focal, self.counterpart, *self.allies) if party is not None)


def find_parties(focal: str, counterpart: str | None = None, allies: Sequence[str] = ()) -> Parties:
    """Return who is meant by codes or names.

    Parameters
    ----------
    focal, counterpart
        ISO codes, numbers or names of countries; ``EU`` is the European Union.
    allies
        The same.

    Raises
    ------
    TradeError
        For a text that nobody knows, and for a country that has two roles.
    """
    faults: list[Fault] = []
    found: list[tuple[str, Party]] = []
    given = [("--focal", focal), *([("--counterpart", counterpart)] if counterpart is not None else [])]
    for option, text in [*given, *(("--allies", ally) for ally in allies)]:
        party = _party(text)
        if party is None:
            close = nearest_area(text)
            hint = f"; is {close!r} meant?" if close else "; write an ISO code such as KOR, or EU"
            faults.append(Fault(option, f"no country{hint}", value=text))
            continue
        for other, there in found:
            if set(party.members) & set(there.members):
                faults.append(Fault(option, f"is {there.name}, which {other} has already", value=text))
        found.append((option, party))
    if faults:
        raise TradeError(faults)
    parties = [party for _, party in found]
    rest = parties[2:] if counterpart is not None else parties[1:]
    return Parties(parties[0], parties[1] if counterpart is not None else None, tuple(rest))


def _party(text: str) -> Party | None:
    area = find_area(text.strip())
    if area is None:
        return None
    if area.id == "EUU":
        return Party("EU", "European Union", tuple(EU))
    return Party(area.id, area_name(area.id), (area.id,)) if area.kind == "country" else None


def name_members(statistics: Statistics, parties: Parties) -> None:
    """Make the table ``members`` (area, party): which party each country belongs to."""
    statistics.connection.execute("create or replace temp table members (area varchar, party varchar)")
    insert_rows(statistics.connection, "members", [(area, party.id) for party in parties.all for area in party.members])
