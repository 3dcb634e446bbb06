"""A case whose ids are tokens that stand nowhere else, all of them with names: what shows a token shows an id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sluicegate import Case, load_case
from sluicegate.data.schema.declarations import columns, extra
from sluicegate.data.schema.tables import TABLES, Row

TOKEN = re.compile(r"zq-[a-z]+-\d+")
"""An id of such a case."""

PATH = re.compile(r"\b[a-z_]+\.[\w./-]*zq-[\w./-]*\.[a-z_]+\b")
"""A path to type, as ``--set`` takes it."""

OWN = {
    "parties": "party",
    "sites": "site",
    "items": "item",
    "lanes": "lane",
    "qualifications": "qualification",
    "processes": "process",
    "regimes": "regime",
    "retaliations": "package",
    "contingencies": "contingency",
}
"""Tables whose rows have ids of their own, and the columns of these."""

NAMED = ("parties", "sites", "items", "regimes", "retaliations", "contingencies")
"""Tables with a column of names."""


VARIANTS = [
    "policies.acid/review.end_week=4;",
    "contingencies.port-strike/chip-abroad-home.to_week=",
    "contingencies.port-strike/chip-abroad-home.duration_weeks=2",
    "contingencies.port-strike/chip-abroad-home.from_week=2;3",
]
"""What gives the tutorial policies and scenarios whose ids are made of an id and a week."""


def tokens(name: str = "tutorial", settings: Sequence[str] = VARIANTS) -> Case:
    """Return a shipped case with tokens for ids, and a name such as "Site No. 2" for each."""
    case = load_case(name, settings)
    ids = {
        table: {
            key: f"zq-{column}-{place}"
            for place, key in enumerate(dict.fromkeys(getattr(row, column) for row in case.rows(table)), 1)
        }
        for table, column in OWN.items()
    }
    found = {table: tuple(_renamed(row, table, ids) for row in case.rows(table)) for table in TABLES}
    return replace(case, name="tokens", **found)


def _renamed(row: Row, table: str, ids: Mapping[str, Mapping[str, str]]) -> Row:
    changed: dict[str, Any] = {}
    for name, info in columns(type(row)).items():
        refers = table if OWN.get(table) == name else extra(info, "refers")
        if refers in ids and row.cell(name) is not None:
            changed[name] = ids[refers][row.cell(name)]
    if table in NAMED:
        column = OWN[table]
        changed["name"] = f"{column.title()} No. {changed[column].rpartition('-')[2]}"
    if table in ("uncertainties", "worlds"):
        changed["figure"] = _path(row.cell("figure"), ids)
    if table in ("profiles", "sources"):
        path = _path(f"{row.cell('table')}.{row.cell('key')}.{row.cell('column')}", ids)
        changed["key_"] = path.partition(".")[2].rpartition(".")[0]
    return row.model_copy(update=changed)


def _path(path: str, ids: Mapping[str, Mapping[str, str]]) -> str:
    """Return a path with its ids replaced, whichever table they are of."""
    table, _, rest = path.partition(".")
    key, _, column = rest.rpartition(".")
    own = {
        **dict.fromkeys(("stocks", "demands"), ("sites", "items")),
        "recipes": ("processes", "items"),
        "retaliations": ("retaliations", "regimes"),
        "policies": ("regimes",),
    }
    kinds = own.get(table, (table,))
    parts = [ids.get(kind, {}).get(part, part) for kind, part in zip(kinds, key.split("/"), strict=False)]
    parts += key.split("/")[len(parts) :]
    return f"{table}.{'/'.join(parts)}.{column}" if key else path
