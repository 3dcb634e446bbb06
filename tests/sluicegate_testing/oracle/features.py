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
    sense
        ``leverage``, or ``cost`` where there is no counterpart to press.
    tail
        What the objective makes of scenarios: None for the worst package, else the share a of CVaR (0: the mean).
    probability
        By package and contingency.
    share_always
        Items whose share limits hold in every scenario.
    qualification, qualifications
        By lane the qualification that opens it; by qualification its fixed cost and the weeks it takes.
    min_share, min_order, order_cost, price_breaks
        By lane: take or pay, the least order of a week, what an order costs, and (from_flow, unit_cost) in order of flows.
    min_suppliers, min_supplier_share, max_supplier_share
        By item.
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
    sense: str = "leverage"
    tail: float | None = None
    probability: dict[str, float] = field(default_factory=dict)
    share_always: frozenset[str] = frozenset()
    qualification: dict[str, str] = field(default_factory=dict)
    qualifications: dict[str, tuple[float, int]] = field(default_factory=dict)
    min_share: dict[str, float] = field(default_factory=dict)
    min_order: dict[str, float] = field(default_factory=dict)
    order_cost: dict[str, float] = field(default_factory=dict)
    price_breaks: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    min_suppliers: dict[str, float] = field(default_factory=dict)
    min_supplier_share: dict[str, float] = field(default_factory=dict)
    max_supplier_share: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, settings: Mapping[str, Any], tables: Mapping[str, list[dict[str, Any]]]) -> Features:
        """The features of a case, from its columns."""

        def column(table: str, keys: tuple[str, ...], name: str) -> dict[Any, float]:
            return _read(list(tables.get(table) or []), keys, name)

        steps: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
        for row in tables.get("profiles") or []:
            key = (str(row["table"]), str(row["key"]), str(row["column"]))
            steps.setdefault(key, []).append((int(row["from_week"]), float(row["factor"])))
        breaks: dict[str, list[tuple[float, float]]] = {}
        for row in tables.get("price_breaks") or []:
            breaks.setdefault(str(row["lane"]), []).append((float(row["from_flow"]), float(row["unit_cost"])))
        probability: dict[str, float] = {}
        for table, name in (("retaliations", "package"), ("contingencies", "contingency")):
            for row in tables.get(table) or []:
                if not _given(row, "probability"):
                    continue
                if probability.setdefault(str(row[name]), float(row["probability"])) != float(row["probability"]):
                    raise ValueError(f"{row[name]}: rows with several probabilities")
        if sum(probability.values()) > 1.0 + 1e-12:
            raise ValueError("probabilities of more than 1")
        objective = settings.get("objective") or {}
        pressed = any(str(row["role"]) == "counterpart" for row in tables.get("parties") or [])
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
            sense=str(objective.get("sense") or ("leverage" if pressed else "cost")),
            tail=_tail(str(objective.get("scenario") or "worst")),
            probability=probability,
            share_always=frozenset(
                str(r["item"])
                for r in tables.get("items") or []
                if str(r.get("share_always", "")).lower() in ("true", "1")
            ),
            qualification={
                str(r["lane"]): str(r["qualification"]) for r in tables.get("lanes") or [] if _given(r, "qualification")
            },
            qualifications={
                str(r["qualification"]): (
                    float(r["fixed_cost"]) if _given(r, "fixed_cost") else 0.0,
                    int(r["weeks"]) if _given(r, "weeks") else 0,
                )
                for r in tables.get("qualifications") or []
            },
            min_share=column("lanes", ("lane",), "min_share"),
            min_order=column("lanes", ("lane",), "min_order"),
            order_cost=column("lanes", ("lane",), "order_cost"),
            price_breaks={lane: tuple(sorted(found)) for lane, found in breaks.items()},
            min_suppliers=column("items", ("item",), "min_suppliers"),
            min_supplier_share=column("items", ("item",), "min_supplier_share"),
            max_supplier_share=column("items", ("item",), "max_supplier_share"),
        )

    def factor(self, table: str, key: str, column: str, t: int) -> float:
        """The step of a profile in week t; 1 before its first row and where there is none."""
        found = 1.0
        for week, factor in self.profiles.get((table, key, column), ()):
            if week <= t:
                found = factor
        return found


def _tail(scenario: str) -> float | None:
    """``expected`` and ``cvar:0.9`` as the share of CVaR; None for ``worst`` and ``none``."""
    if scenario == "expected":
        return 0.0
    if not scenario.startswith("cvar:"):
        return None
    share = float(scenario.partition(":")[2])
    if not 0.0 <= share < 1.0:
        raise ValueError(f"{scenario}: the share lies from 0 to below 1")
    return share


def variants(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The policies a row of the menu stands for, with their end weeks: several for several ends.

    ``13;26;`` are ``review@13``, ``review@26`` and, without an end, ``review``.
    """
    name, text = str(row["policy"]), str(row["end_week"]) if _given(row, "end_week") else NEVER
    ends = list(dict.fromkeys(piece.strip() for piece in text.split(";")))
    if len(ends) == 1:
        return [(name, math.inf if ends[0] == NEVER else float(ends[0]))]
    return [(name, math.inf) if end == NEVER else (f"{name}@{int(float(end))}", float(end)) for end in ends]
