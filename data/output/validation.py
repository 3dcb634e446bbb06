"""Help in the sheets of a case: what a column means, as a note on its header, and what may stand in it, as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..schema.declarations import columns, extra, options, references, setting_keys, setting_paths
from ..schema.tables import TABLES

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from xlsxwriter.worksheet import Worksheet

SPARE = 500
"""Rows below the last one in which a planner may add rows and still finds the lists."""

LONGEST_LIST = 255
"""Characters of a list that is written out, commas included; what is longer has no list."""

NOTE = {"x_scale": 2.2, "y_scale": 1.2, "font_size": 9}

POLICY_COLUMNS = {("retaliations", "policy"): ("policies", "policy")}
"""Columns that hold what another table's column holds beside its first key."""


def add_help(sheet: Worksheet, title: str, rows: int, headers: Mapping[str, Sequence[str]]) -> None:
    """Add notes and lists to a sheet of a case.

    Parameters
    ----------
    sheet, title
        The sheet, and the table in it.
    rows
        How many rows it has below the header.
    headers
        Names of the columns of every table that has a sheet.
    """
    declared = columns(TABLES[title])
    refers = references(TABLES[title])
    for position, name in enumerate(headers[title]):
        info = declared[name]
        sheet.write_comment(0, position, note(info), NOTE)
        source = _source(title, name, info, refers, headers)
        if source is not None:
            sheet.data_validation(1, position, rows + SPARE, position, source)


def add_setting_help(sheet: Worksheet, keys: Sequence[str]) -> None:
    """Add notes and lists to the sheet of settings.

    Parameters
    ----------
    sheet
        The sheet.
    keys
        ``section.key`` of every row below the header.
    """
    paths = setting_paths()
    for row, path in enumerate(keys, start=1):
        section, key = paths[path]
        info = setting_keys(section)[key]
        sheet.write_comment(row, 0, note(info), NOTE)
        words = _listed(options(info))
        if words is not None:
            sheet.data_validation(row, 1, row, 1, _list(words))


def note(info: FieldInfo) -> str:
    """Return what a column means, with its unit."""
    unit = extra(info, "unit")
    return f"{info.description or ''}{f' Unit: {unit}.' if unit else ''}"


def _source(
    title: str, name: str, info: FieldInfo, refers: Mapping[str, str], headers: Mapping[str, Sequence[str]]
) -> dict[str, Any] | None:
    table, column = POLICY_COLUMNS.get((title, name), (refers.get(name, ""), ""))
    if table:
        column = column or TABLES[table].key[0]
        # A table without a sheet has no ids to choose from.
        return _list(_range(table, headers[table].index(column))) if column in headers.get(table, ()) else None
    words = _listed(options(info))
    return None if words is None else _list(words)


def _range(table: str, position: int) -> str:
    from xlsxwriter.utility import xl_range_abs

    return f"={table}!{xl_range_abs(1, position, 2 * SPARE, position)}"


def _listed(words: list[str]) -> list[str] | None:
    return words if words and len(",".join(words)) <= LONGEST_LIST else None


def _list(source: Any) -> dict[str, Any]:
    """Return a list to choose from; another entry is asked about, not refused, so that ids may come before their rows."""
    return {
        "validate": "list",
        "source": source,
        "ignore_blank": True,
        "error_type": "warning",
        "error_title": "Not in the list",
        "error_message": "This is not one of the ids or words that the column takes. Keep it all the same?",
    }
