"""Trade statistics as a command reads them, with the parties whose view is taken."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import Refusal, shown
from .given import span_of_years, split
from .interrupts import at_once
from .output import Talk

if TYPE_CHECKING:
    from ...analysis.trade.parties import Parties
    from ...data.trade import Statistics

T = TypeVar("T")


@dataclass(frozen=True)
class Trade:
    """Files of trade statistics and parties, as they are given on the command line.

    Attributes
    ----------
    data
        Files, folders or archives.
    focal, counterpart
        Our side and the other one; the counterpart may be missing.
    allies
        Separated by commas.
    years
        A year, or the first and last of several; None: the latest.
    origin, destination
        Of every row of a table without that column.
    cif_fob
        What importers pay over what exporters report; None: the usual factor.
    """

    data: tuple[str, ...]
    focal: str
    counterpart: str | None
    allies: str
    years: str | None
    origin: str | None
    destination: str | None
    cif_fob: float | None

    @property
    def parties(self) -> Parties:
        """The parties; CaseError where there is no such country."""
        from ...analysis.trade.parties import find_parties

        return find_parties(self.focal, self.counterpart, split(self.allies))

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last year; None: the latest."""
        return span_of_years(self.years)

    def use(self, work: Callable[[Statistics], T], talk: Talk) -> T:
        """Read the statistics and work with them; Ctrl-C ends at once and leaves no database behind."""
        from ...data.trade import read_statistics

        fixed: dict[str, Any] = {"origin": self.origin, "destination": self.destination}
        if self.cif_fob is not None:
            fixed["cif_fob"] = self.cif_fob

        def read() -> T:
            with read_statistics(self.data, **fixed, scratch=scratch) as statistics:
                return work(statistics)

        try:
            kept = tempfile.TemporaryDirectory(prefix="sluicegate-", ignore_cleanup_errors=True)
        except OSError as error:
            why = f"no folder for temporary files: {error.strerror}; name one with the variable TMPDIR"
            raise Refusal(shown(why)) from None
        with kept as scratch:
            return at_once(read, talk)


TRADE = tuple(field.name for field in fields(Trade))
"""Names of what a `Trade` holds."""
