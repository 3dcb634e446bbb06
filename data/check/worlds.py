"""What is refused in the tables of uncertainties and worlds; whether a figure can have a value is asked where it is set."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..input.draft import Draft, Line
from ..schema.declarations import columns, setting_paths
from ..schema.errors import Fault, nearest
from ..schema.settings import NO_FIGURE_SECTIONS
from ..schema.tables import NO_FIGURES, TABLES

SHAPE = "write TABLE.KEY.COLUMN, such as lanes.hf-jp-kr.max_flow, or SECTION.KEY, such as limits.budget"


def uncertainties(draft: Draft) -> Iterator[Fault]:
    """Yield the rows that name no figure."""
    known = _Paths(draft)
    for line in draft.sound("uncertainties"):
        yield from known.faults(line)


def worlds(draft: Draft) -> Iterator[Fault]:
    """Yield the rows that name no figure or no value, and what the rows of one world do not agree on."""
    known = _Paths(draft)
    weight: dict[str, Line] = {}
    rows: dict[str, list[Line]] = {}
    for line in draft.sound("worlds"):
        rows.setdefault(line.get("world"), []).append(line)
        if line.get("figure"):
            yield from known.faults(line)
            if not line.get("value"):
                yield line.fault("empty; write the value of the figure in this world", "value")
        elif line.get("value"):
            yield line.fault(f"names no figure for the value {line.get('value')}; {SHAPE}", "figure")
        if line.get("weight") is None:
            continue
        if line.get("weight") == 0:
            yield line.fault("a world without weight counts for nothing; take its rows out", "weight", 0)
        other = weight.setdefault(line.get("world"), line)
        if other.get("weight") != line.get("weight"):
            message = (
                f"{other.at} gives world {line.get('world')!r} the weight {other.get('weight'):g}; write one weight"
            )
            yield line.fault(message, "weight", f"{line.get('weight'):g}")
    for name, lines in rows.items():
        as_it_is = next((line for line in lines if not line.get("figure")), None)
        if as_it_is is not None and len(lines) > 1:
            message = f"empty, yet other rows of world {name!r} name figures; take this row out"
            yield as_it_is.fault(message, "figure")


class _Paths:
    """The figures of a draft by their paths."""

    def __init__(self, draft: Draft):
        self.rows = cache(lambda table: {line.row.id for line in draft.sound(table) if line.row is not None})
        self.whole = cache(
            lambda table: table not in draft.unknown and len(draft.sound(table)) == len(draft.lines[table])
        )

    def faults(self, line: Line) -> Iterator[Fault]:
        """Yield why a row's figure is none."""
        path = line.get("figure")
        message = self._refusal(path)
        if message:
            yield line.fault(message, "figure", path or None)

    def _refusal(self, path: str) -> str | None:
        head, _, rest = path.partition(".")
        if not rest:
            meant = [known for known in setting_paths() if path and known.endswith(f".{path}")]
            return f"did you mean {meant[0]}?" if meant else f"no figure; {SHAPE}"
        if path in setting_paths():
            return f"no figure that a plan depends on; {SHAPE}" if head in NO_FIGURE_SECTIONS else None
        model = TABLES.get(head)
        if model is None or head in NO_FIGURES:
            tables = [table for table in TABLES if table not in NO_FIGURES]
            return f"no table or section {head!r} with figures{nearest(head, tables)}"
        names = [name for name in columns(model) if name not in model.key]
        key, _, name = rest.rpartition(".")
        if name not in names:
            return f"no column {name!r} of {head}{nearest(name, names) or '; known are ' + ', '.join(names)}"
        if key in self.rows(head) or not self.whole(head):
            return None
        return f"no row {key!r} in {head}{nearest(key, sorted(self.rows(head)))}"
