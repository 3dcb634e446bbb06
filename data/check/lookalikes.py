"""Ids that a reader takes for one and the program for two: capitals, invisible characters, letters of other scripts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from ..input.draft import Draft, Line
from ..schema.declarations import needed, references
from ..schema.errors import Fault
from ..schema.tables import TABLES

LATIN = str.maketrans(
    "авԁеһіјкӏмнорԛѕстуѵԝх" + "αβεζηικμνορτυχγ" + "հոսօ" + "ı",
    "abdehijklmhopqsctyvwx" + "abezhikmvoptyxy" + "hnuo" + "i",
)
"""Cyrillic, Greek and Armenian letters whose small or capital form is that of a Latin one (Unicode Technical Standard 39)."""

JOINERS = "\u200c\u200d"
"""Invisible characters that some scripts need."""


@lru_cache(maxsize=1 << 16)
def skeleton(text: str) -> str:
    """Return what a reader sees of a text: one form for all texts that look alike."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(LATIN)
    seen = ("-" if unicodedata.category(each) == "Pd" else each for each in folded if not _unseen(each))
    return " ".join("".join(seen).split())


def look_alikes(draft: Draft) -> Iterator[Fault]:
    """Warn of ids that look like another id of their table, and of ids with characters that nobody sees."""
    for table, model in TABLES.items():
        for column in model.key:
            if column not in references(model) and column in needed(model):
                yield from _twins(draft.lines[table], column)


def _twins(lines: list[Line], column: str) -> Iterator[Fault]:
    first: dict[tuple[str | None, str], Line] = {}
    told = set()
    for line in lines:
        value = line.get(column)
        # A policy is one of its regime; weeks are no ids.
        scope = line.get("regime") if column == "policy" else None
        if not isinstance(value, str) or (scope, value) in told:
            continue
        told.add((scope, value))
        other = first.setdefault((scope, skeleton(value)), line)
        if other is not line:
            known = other.get(column)
            message = (
                f"looks like {known!r} of {other.at} and is another id{difference(value, known)}; write both alike"
            )
            yield line.fault(message, column, value)
        elif hidden := _hidden(value):
            yield line.fault(f"holds {_named(hidden)}, which nobody sees; retype it", column, value)


def difference(value: str, known: str) -> str:
    """Return a clause on what tells two texts apart that look alike; empty where only capitals do."""
    strange = [each for each in value if not each.isascii() and each not in known]
    if strange:
        return f" (it holds {_named(strange[0])})"
    strange = [each for each in known if not each.isascii() and each not in value]
    return f" (the other one holds {_named(strange[0])})" if strange else ""


@lru_cache(maxsize=1 << 16)
def _hidden(text: str) -> str | None:
    """Return the first character of a text that is not seen, or seen as an ordinary blank."""
    return next(
        (each for each in text if (_unseen(each) and each not in JOINERS) or (each.isspace() and each != " ")), None
    )


def _unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _named(character: str) -> str:
    return f"U+{ord(character):04X}, {unicodedata.name(character, 'without a name').lower()}"
