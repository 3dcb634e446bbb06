"""Rows of a plan's tables with named fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")


def records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as plain values; None where a figure is missing."""
    columns = {name: plain_values(frame[name]) for name in frame.columns}
    for place in range(len(frame)):
        yield {name: values[place] for name, values in columns.items()}


def plain_values(values: pd.Series) -> list[Any]:
    """Return a column as Python's own values; None where one is missing."""
    found: list[Any] = values.astype(object).where(values.notna(), None).tolist()
    return found


def filled(kind: type[Row], record: Mapping[str, Any], **more: Any) -> Row:
    """Return a row of a class from those entries of a record that it has fields for, and from what is given besides."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in record.items() if name in names and name not in more}, **more)
