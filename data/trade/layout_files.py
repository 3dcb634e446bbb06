"""The file of a layout: read by the database, cell by cell, and row by row."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .layouts import Layout


def source_of(layout: Layout, types: Mapping[str, str] | None = None, nothing: Sequence[str] = ()) -> str:
    """Return the SQL that reads a file: columns named c0, c1, ..., text where no other types are given."""
    types = types or {f"c{place}": "VARCHAR" for place in range(layout.width)}
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    packed = "gzip" if _packed(layout) else "none"
    # A name is no pattern.
    path = re.sub(r"[*?\[]", r"[\g<0>]", str(layout.path))
    return (
        f"read_csv({quoted(path)}, auto_detect = false, header = false, skip = {layout.line}, "
        f"columns = {{{columns}}}, delim = {quoted(layout.separator)}, quote = '\"', escape = '\"', "
        f"encoding = '{layout.encoding}', compression = '{packed}', store_rejects = true"
        + (f", nullstr = {list(nothing)!r})" if nothing else ")")
    )


def place_of(layout: Layout, column: str) -> str | None:
    """Return the name of a column in the SQL of `source_of`; None where the file has none."""
    return f"c{layout.header.index(layout.columns[column])}" if column in layout.columns else None


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def cell_of(layout: Layout, column: str) -> str:
    """Return the SQL of a cell without blanks around it; null where it is empty or the file has no such column."""
    if column not in layout.columns:
        return "null::varchar"
    return f"nullif(trim(c{layout.header.index(layout.columns[column])}, ' \t\r\u00a0'), '')"


def joined(layout: Layout, *columns: str) -> str:
    """Return the SQL of several cells as one text."""
    cells = ", ".join(f"coalesce({cell_of(layout, column)}, '')" for column in columns)
    return f"concat_ws('\x1f', {cells})"


def ragged(layout: Layout, kind: str, text: str) -> str:
    """Return the message about a line that the database rejects, by the kind of its error."""
    if "COLUMNS" in kind:
        cells = next(csv.reader(io.StringIO(text.strip("\r\n")), delimiter=layout.separator), [])
        more = "; the download may have broken off" if "MISSING" in kind else ""
        return f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'} where the header has {len(layout.header)}{more}"
    if "QUOTE" in kind:
        return "a quotation mark is left open or stands inside a cell"
    return f"no row of the table ({kind.lower()}); download it again, or save it as UTF-8"


def _packed(layout: Layout) -> bool:
    with layout.path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def file_rows(layout: Layout, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield rows of a file with the line each starts in: all below the header, or those of the given places, from 1."""
    wanted = None if numbers is None else set(numbers)
    last = None if wanted is None else max(wanted, default=0)
    opened: Callable[..., Any] = gzip.open if _packed(layout) else open
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    with opened(layout.path, "rt", encoding=encoding, errors="replace", newline="") as file:
        for _ in range(layout.line):
            file.readline()
        reader = csv.reader(file, delimiter=layout.separator)
        number, start = 0, layout.line + 1
        for row in reader:
            if row:
                number += 1
                if wanted is None or number in wanted:
                    yield start, row
                if last is not None and number >= last:
                    return
            start = layout.line + reader.line_num + 1
