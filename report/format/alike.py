"""Warnings that say the same of many things, as one line with a count."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMED = 6
"""Rows that are named at most."""

_PARTICULARS = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d.,]*")
_ROW = re.compile(r", row (\d+)")


def together(warnings: Iterable[object]) -> list[str]:
    """Return warnings, those that differ in names and numbers alone as one line: the first, and how many more there are.

    Parameters
    ----------
    warnings
        In the order in which they are shown.
    """
    alike: dict[str, list[str]] = {}
    for warning in map(str, warnings):
        alike.setdefault(_PARTICULARS.sub("", warning), []).append(warning)
    lines = []
    for first, *more in alike.values():
        rows = [found[1] for warning in more if (found := _ROW.search(warning))]
        named = ", ".join(rows[:NAMED]) + (", ..." if len(rows) > NAMED else "")
        where = f": row{'s' if len(rows) > 1 else ''} {named}" if rows else ""
        lines.append(f"{first} ({len(more)} more like it{where})" if more else first)
    return lines
