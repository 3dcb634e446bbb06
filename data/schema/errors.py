"""Faults of a case: collected all together, each naming the place, the value and what would be right."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Fault:
    """One fault (or warning) of a case.

    Attributes
    ----------
    file
        The table's file, the workbook's sheet or the option that holds the value.
    message
        What is wrong, and what would be right.
    row
        Line of the file, counted from 1 with the header as line 1; None where no one row is meant.
    column, value
        The column's name and the value as written; None where none is meant.
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        """Return place, value and message on one line."""
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", {self.column}"
        shown = "" if self.value is None else f" {self.value!r}:"
        return f"{place}:{shown} {self.message}"


@dataclass(eq=False)
class Unreadable(Exception):
    """A file or sheet that cannot be read as what it should be: what is wrong, in which row, and what stands there."""

    message: str
    row: int | None = None
    value: str | None = None


def listed(faults: Collection[Fault], where: str) -> str:
    """Return faults as lines below a heading that counts them."""
    heading = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join([f"{heading} {where}:", *(f"  {fault}" for fault in faults)])


class CaseError(Exception):
    """A case that cannot be used; holds every fault found.

    Attributes
    ----------
    faults : tuple of Fault
        All faults, in the order of the files and rows.
    """

    def __init__(self, faults: Iterable[Fault]):
        """Take the faults and word the message."""
        self.faults = tuple(faults)
        super().__init__(listed(self.faults, "in the case"))

    def __reduce__(self) -> tuple[type[CaseError], tuple[tuple[Fault, ...]]]:
        """Pickle the faults; the message follows from them."""
        return type(self), (self.faults,)


def near(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name nearest to `name`, upper and lower case alike, or None where none is near."""
    names = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), list(names), n=1, cutoff=cutoff)
    return names[close[0]] if close else None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the clause ``; did you mean 'x'?`` for the nearest known name, or an empty string."""
    close = near(name, known)
    return f"; did you mean {close!r}?" if close is not None else ""
