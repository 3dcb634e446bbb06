"""Columns of a sweep's rows: what each holds, and rows as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]

TEXTS = ("mode", "status", "message", "solved", "worst_package", "worst_scenario", "policies")
"""Columns that hold text, besides ``policy.REGIME`` and the inputs that do."""

NUMBER, TEXT, COUNT = "number", "text", "count"


def kind_of(name: str, *values: Any) -> str:
    """Return what a column with these values holds: `NUMBER`, `TEXT` or `COUNT`."""
    if name == "sample":
        return COUNT
    if name in TEXTS or name.startswith("policy.") or any(isinstance(value, str) for value in values):
        return TEXT
    return NUMBER


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Return rows as a table; a column that a row does not have is null there."""
    columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    return table({name: kind_of(name, *values) for name, values in columns.items()}, columns.values())


def table(kinds: Mapping[str, str], columns: Iterable[Sequence[Any]]) -> pa.Table:
    """Return columns as a table.

    Parameters
    ----------
    kinds
        What each column holds, by name.
    columns
        Their values; None is null.
    """
    import pyarrow as pa

    types = arrow_types(kinds)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, types.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(types))


def arrow_types(kinds: Mapping[str, str]) -> dict[str, pa.DataType]:
    """Return the types of columns by name."""
    import pyarrow as pa

    types = {NUMBER: pa.float64(), TEXT: pa.string(), COUNT: pa.int64()}
    return {name: types[kind] for name, kind in kinds.items()}
