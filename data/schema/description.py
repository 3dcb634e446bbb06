"""The tables and settings of a case in words, from their declarations."""

from __future__ import annotations

import textwrap

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .declarations import columns, extra, options, section_model
from .settings import Settings
from .tables import TABLES

WIDTH = 100


def describe_tables() -> str:
    """Return a plain text that explains every table, column and setting."""
    parts = [_part(f"{table}.csv", model) for table, model in TABLES.items()]
    parts += [_part(f"case.toml [{section}]", section_model(section)) for section in columns(Settings)]
    return "\n\n".join(parts) + "\n"


def _part(title: str, model: type[BaseModel]) -> str:
    lines = [title, "-" * len(title), *textwrap.wrap((model.__doc__ or "").replace("`", ""), WIDTH)]
    for name, info in columns(model).items():
        lines += textwrap.wrap(f"{name}: {column_words(info)}", WIDTH, initial_indent="  ", subsequent_indent="      ")
    return "\n".join(lines)


def column_words(info: FieldInfo) -> str:
    """Return what a column holds, its unit, the words it accepts, what it refers to and its default."""
    notes = [
        extra(info, "unit"),
        f"one of {', '.join(options(info))}" if options(info) else "",
        f"an id of {extra(info, 'refers')}" if extra(info, "refers") else "",
        _default(info),
    ]
    return f"{info.description} ({'; '.join(note for note in notes if note)})"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    return "may be empty" if info.default in (None, "") else f"default {_number(info.default)}"


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
