"""What a review does, beyond the plain case: savings, time, hoarding, what stays lost, paperwork, ends, the stake.

Columns and tables have the names of the case format; each has a default under which nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Pair = tuple[str, str]

NEVER = ""
"""An end week that is not there: the policy stays."""


def _given(row: Mapping[str, Any], column: str) -> bool:
    return row.get(column) is not None and row[column] != ""


def _read(rows: list[dict[str, Any]], keys: tuple[str, ...], column: str) -> dict[Any, float]:
    """Every row's figure in a column by its key, where it is given."""
    found = {}
    for row in rows:
        if _given(row, column):
            key = tuple(str(row[name]) for name in keys)
            found[key if len(key) > 1 else key[0]] = float(row[column])
    return found


@dataclass(frozen=True)
class Features:
    """Figures by key; a key that is missing has the default.

    Attributes
    ----------
    saving_share, saving_cost
        By (process, input): most that can be saved of an input, and money per unit of input saved.
    profiles
        By (table, key, column): steps (from_week, factor) in order of weeks.
    fill_window, backorder_share, backorder_cost
        By (site, item) of a demand.
    surge, applicant_cost, ally_benefit
        By (regime, policy).
    after_weeks, kept_share
        Weeks after the horizon; by lane the share of what is not dispatched that does not come back.
    stake, concession_cost
        What the dispute is about, and what giving way costs the counterpart.
    """

    saving_share: dict[tuple[str, str], float] = field(default_factory=dict)
    saving_cost: dict[tuple[str, str], float] = field(default_factory=dict)
    profiles: dict[tuple[str, str, str], tuple[tuple[int, float], ...]] = field(default_factory=dict)
    fill_window: dict[Pair, float] = field(default_factory=dict)
    backorder_share: dict[Pair, float] = field(default_factory=dict)
    backorder_cost: dict[Pair, float] = field(default_factory=dict)
    surge: dict[tuple[str, str], float] = field(default_factory=dict)
    applicant_cost: dict[tuple[str, str], float] = field(default_factory=dict)
    ally_benefit: dict[tuple[str, str], float] = field(default_factory=dict)
    after_weeks: float = 0.0
    kept_share: dict[str, float] = field(default_factory=dict)
    stake: float | None = None
    concession_cost: float | None = None

    @classmethod
    def read(cls, settings: Mapping[str, Any], tables: Mapping[str, list[dict[str, Any]]]) -> Features:
        """The features of a case, from its columns."""

        def column(table: str, keys: tuple[str, ...], name: str) -> dict[Any, float]:
            return _read(list(tables.get(table) or []), keys, name)

        steps: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
        for row in tables.get("profiles") or []:
            key = (str(row["table"]), str(row["key"]), str(row["column"]))
            steps.setdefault(key, []).append((int(row["from_week"]), float(row["factor"])))
        bargain, horizon = settings.get("bargain") or {}, settings.get("horizon") or {}
        return cls(
            saving_share=column("recipes", ("process", "input"), "saving_share"),
            saving_cost=column("recipes", ("process", "input"), "saving_cost"),
            profiles={key: tuple(sorted(found)) for key, found in steps.items()},
            fill_window=column("demands", ("site", "item"), "fill_window"),
            backorder_share=column("demands", ("site", "item"), "backorder_share"),
            backorder_cost=column("demands", ("site", "item"), "backorder_cost"),
            surge=column("policies", ("regime", "policy"), "surge"),
            applicant_cost=column("policies", ("regime", "policy"), "applicant_cost"),
            ally_benefit=column("policies", ("regime", "policy"), "ally_benefit"),
            after_weeks=float(horizon["after_weeks"]) if _given(horizon, "after_weeks") else 0.0,
            kept_share=column("lanes", ("lane",), "kept_share"),
            stake=float(bargain["stake"]) if _given(bargain, "stake") else None,
            concession_cost=float(bargain["concession_cost"]) if _given(bargain, "concession_cost") else None,
        )

    def factor(self, table: str, key: str, column: str, t: int) -> float:
        """The step of a profile in week t; 1 before its first row and where there is none."""
        found = 1.0
        for week, factor in self.profiles.get((table, key, column), ()):
            if week <= t:
                found = factor
        return found


def variants(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The policies a row of the menu stands for, with their end weeks: several for several ends.

    ``13;26;`` are ``review@13``, ``review@26`` and, without an end, ``review``.
    """
    name, text = str(row["policy"]), str(row["end_week"]) if _given(row, "end_week") else NEVER
    ends = list(dict.fromkeys(piece.strip() for piece in text.split(";")))
    if len(ends) == 1:
        return [(name, math.inf if ends[0] == NEVER else float(ends[0]))]
    return [(name, math.inf) if end == NEVER else (f"{name}@{int(float(end))}", float(end)) for end in ends]
