"""Figures and rows of the inputs that differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...data import TABLES, Case, Settings
from ...data.schema.declarations import columns, references, setting_keys
from ...data.schema.names import Names
from ...data.schema.tables import Row
from ...data.schema.values import Delay

if TYPE_CHECKING:
    import pandas as pd


Key = tuple[str, ...]


def same_value(first: Any, second: Any) -> bool:
    """Return whether two values of a case are the same."""
    if isinstance(first, Delay) and isinstance(second, Delay):
        return first.weights == second.weights
    return bool(first == second)


def shown_value(value: Any) -> Any:
    """Return a value of a case as a plain one."""
    if value is None or isinstance(value, (int, float, str)):
        return value
    return str(value)


def keyed(cases: Sequence[Case], table: str) -> list[dict[Key, Row]]:
    """Return the rows of a table in every case by a key under which they are the same row.

    A row of a contingency that is the only one of its outage for a lane or process in all cases is the same row whatever
    its weeks are.
    """
    model = TABLES[table]
    counts = [Counter(row.id for row in case.rows(table)) for case in cases] if model.key else []
    single = {name for count in counts for name in count if all(other[name] <= 1 for other in counts)}

    def key(row: Row) -> Key:
        if row.id in single:
            return (row.id,)
        return (row.id, *(str(row.cell(name)) for name in model.key))

    return [{key(row): row for row in case.rows(table)} if model.key else {} for case in cases]


def key_text(key: Key, row: Row, names: Names | None = None) -> str:
    """Return a row's key as it is shown: by its ids, or with names for people."""
    text = row.id if names is None else names.key(row.table, row.id)
    if len(key) == 1 or row.table != "contingencies":
        return text
    return f"{text}, week {getattr(row, 'from_week', '')}"


def _figures(row: Row) -> dict[str, Any]:
    """Return the cells of a row that are no part of its key."""
    return {name: row.cell(name) for name in columns(type(row)) if name not in type(row).key}


def row_text(row: Row, names: Names | None = None) -> str:
    """Return what a row says, defaults left out: by columns and ids, or in words and with names for people."""
    refers = {} if names is None else references(type(row))
    told = {
        name if names is None else name.replace("_", " "): (
            names.key(refers[name], value) if names is not None and name in refers else shown_value(value)
        )
        for name, value in _figures(row).items()
        if value not in (None, "") and not same_value(value, columns(type(row))[name].default)
    }
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in told.items()
    )


def setting_values(case: Case) -> Iterator[tuple[str, str, Any]]:
    """Yield section, key and value of every setting of a case."""
    for section in columns(Settings):
        declared = getattr(case.settings, section)
        for name in setting_keys(section):
            yield section, name, getattr(declared, name)


def input_table(cases: Mapping[str, Case]) -> pd.DataFrame:
    """Return the figures and rows in which cases differ, one column for each letter."""
    import pandas as pd

    letters = list(cases)
    found: list[list[Any]] = []
    for rows in zip(*(list(setting_values(case)) for case in cases.values()), strict=True):
        section, name, first = rows[0]
        if not all(same_value(first, value) for _, _, value in rows):
            found.append([section, "", name, *(shown_value(value) for _, _, value in rows)])
    for table, model in TABLES.items():
        if not model.key:
            contents = [Counter(case.rows(table)) for case in cases.values()]
            if any(content != contents[0] for content in contents):
                found.append([table, "", "(rows)", *(len(case.rows(table)) for case in cases.values())])
            continue
        maps = keyed(list(cases.values()), table)
        for key in dict.fromkeys(key for rows_by_key in maps for key in rows_by_key):
            rows_there = [rows_by_key.get(key) for rows_by_key in maps]
            present = [row for row in rows_there if row is not None]
            text = key_text(key, present[0])
            if len(present) < len(rows_there):
                told = [None if row is None else row_text(row) or "as by default" for row in rows_there]
                found.append([table, text, "(row)", *told])
            for name in columns(model):
                values = [None if row is None else row.cell(name) for row in rows_there]
                if len(present) > 1 and not all(same_value(present[0].cell(name), row.cell(name)) for row in present):
                    found.append([table, text, name, *map(shown_value, values)])
    return pd.DataFrame(found, columns=["table", "key", "column", *letters], dtype=object)


def union_of(maps: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in several maps, each once."""
    return list(dict.fromkeys(name for each in maps for name in each))


def any_differ(values: Sequence[Any]) -> bool:
    """Return whether any of several values differs from the first."""
    first = values[0]
    for value in values[1:]:
        both = isinstance(first, (int, float)) and isinstance(value, (int, float))
        if both and not math.isclose(first, value, rel_tol=1e-6):
            return True
        if not both and first != value:
            return True
    return False


def lettered_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], letters: Sequence[str]) -> pd.DataFrame:
    """Return rows as a table: heads, then a column for each letter."""
    import pandas as pd

    told = [[*row, any_differ(row[len(heads) :])] for row in rows]
    return pd.DataFrame(told, columns=[*heads, *letters, "differs"], dtype=object).astype({"differs": bool})
