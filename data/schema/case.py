"""A case: settings and tables, immutable and hashable by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .declarations import columns, extra
from .errors import Fault
from .names import Names
from .settings import Settings
from .tables import (
    TABLES,
    Contingency,
    Demand,
    Ingredient,
    Item,
    Lane,
    Party,
    Policy,
    PriceBreak,
    Process,
    Profile,
    Qualification,
    Regime,
    Retaliation,
    Row,
    Site,
    Source,
    Stock,
    Uncertainty,
    World,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Place:
    """Where the rows of a table were read: the file's or sheet's name, and the line of each row."""

    file: str
    rows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """A case as read and checked.

    Attributes
    ----------
    name
        Name of the case: its folder, workbook or shipped name.
    settings
        ``case.toml``, section by section.
    parties, sites, items, stocks, lanes, qualifications, price_breaks, processes, recipes, demands, regimes, policies,
    retaliations, contingencies, profiles, sources, uncertainties, worlds
        The rows of each table of the case format, in the order of the case.
    warnings
        What was noticed while reading, and is not refused.
    places
        Where each table was read, for messages about its rows.

    Notes
    -----
    Two cases are equal when their settings and tables are; the name, the warnings and the places do not count.
    """

    name: str
    settings: Settings
    parties: tuple[Party, ...] = ()
    sites: tuple[Site, ...] = ()
    items: tuple[Item, ...] = ()
    stocks: tuple[Stock, ...] = ()
    lanes: tuple[Lane, ...] = ()
    qualifications: tuple[Qualification, ...] = ()
    price_breaks: tuple[PriceBreak, ...] = ()
    processes: tuple[Process, ...] = ()
    recipes: tuple[Ingredient, ...] = ()
    demands: tuple[Demand, ...] = ()
    regimes: tuple[Regime, ...] = ()
    policies: tuple[Policy, ...] = ()
    retaliations: tuple[Retaliation, ...] = ()
    contingencies: tuple[Contingency, ...] = ()
    profiles: tuple[Profile, ...] = ()
    sources: tuple[Source, ...] = ()
    uncertainties: tuple[Uncertainty, ...] = ()
    worlds: tuple[World, ...] = ()
    warnings: tuple[Fault, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def pressed(self) -> bool:
        """Whether there is a counterpart."""
        return any(row.role == "counterpart" for row in self.parties)

    @property
    def sense(self) -> str:
        """``leverage`` or ``cost``: what the objective counts."""
        return self.settings.objective.sense or ("leverage" if self.pressed else "cost")

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of the table of that name."""
        return getattr(self, table)

    def frame(self, table: str) -> pd.DataFrame:
        """Return a table as a DataFrame, units of its columns in ``attrs["units"]``."""
        import pandas as pd

        declared = columns(TABLES[table])
        frame = pd.DataFrame([row.model_dump(by_alias=True) for row in self.rows(table)], columns=list(declared))
        frame.attrs["units"] = {name: extra(info, "unit") for name, info in declared.items()}
        return frame

    @cached_property
    def names(self) -> Names:
        """What to call what it holds."""
        return Names(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of settings and tables beyond their defaults, as 64 hexadecimal digits.

        A setting, column or table that a later version adds changes no digest where it is left as it is.
        """
        return self._hashed(exclude_defaults=True)

    def has_digest(self, digest: str) -> bool:
        """Return whether a digest is that of this case, or its former one, in which defaults counted."""
        return digest in (self.digest, self._hashed(exclude_defaults=False))

    def _hashed(self, *, exclude_defaults: bool) -> str:
        content: dict[str, Any] = {"settings": self.settings.model_dump(mode="json", exclude_defaults=exclude_defaults)}
        for table in TABLES:
            rows = [row.model_dump(by_alias=True, exclude_defaults=exclude_defaults) for row in self.rows(table)]
            if rows or not exclude_defaults:
                content[table] = [{name: repr(value) for name, value in row.items()} for row in rows]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Return whether settings and tables are equal."""
        return isinstance(other, Case) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return a hash of settings and tables."""
        return hash(self.digest)

    def __repr__(self) -> str:
        """Return name and size."""
        return (
            f"Case({self.name!r}, {self.settings.horizon.weeks} weeks, {len(self.sites)} sites, "
            f"{len(self.items)} items, {len(self.lanes)} lanes, {len(self.regimes)} regimes)"
        )
