"""Choices and outcomes of plans side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...model.plan.choices import LANE, POLICY, STOCKPILE, Offer, same_amount
from ...model.plan.limits import LIMITED
from ...model.plan.plan import Plan
from ...model.plan.sense import Sense
from .common import common_sense
from .inputs import any_differ, lettered_table, union_of

if TYPE_CHECKING:
    import pandas as pd


def choice_table(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Return the choices of plans side by side, and whether they differ."""
    import pandas as pd

    each = list(plans.values())
    offers = [Offer.of(plan.case) for plan in each]
    found = [plan.leverage is not None for plan in each]
    rows: list[list[Any]] = []
    for regime in union_of(plan.policies for plan in each):
        policies = [plan.policies.get(regime) for plan in each]
        rows.append([POLICY, regime, *policies, any_differ(policies)])
    for lane in union_of(dict.fromkeys(offer.lanes) for offer in offers):
        qualified = [
            (lane in plan.qualified) if lane in offer.lanes and there else None
            for plan, offer, there in zip(each, offers, found, strict=True)
        ]
        rows.append([LANE, lane, *qualified, any_differ(qualified)])
    for pair in union_of(plan.stockpile for plan in each):
        amounts = [plan.stockpile.get(pair, 0.0) if there else None for plan, there in zip(each, found, strict=True)]
        rows.append([STOCKPILE, pair, *amounts, not _same_amounts(pair, amounts, offers)])
    columns = ["kind", "name", *plans, "differs"]
    return pd.DataFrame(rows, columns=columns, dtype=object).astype({"differs": bool})


def _same_amounts(pair: str, amounts: Sequence[float | None], offers: Sequence[Offer]) -> bool:
    """Say whether all amounts of a stockpile count as the same, by the least ``stockpile_max`` among the cases that offer it."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return not known
    offer = min((offer for offer in offers if pair in offer.most), key=lambda offer: offer.most[pair])
    return same_amount(pair, min(known), max(known), offer)


def outcome_table(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Return the figures of plans side by side, and whether they differ."""
    each = list(plans.values())
    sense = common_sense(plan.case for plan in each)
    rows: list[list[Any]] = [
        [measure, "", *(getattr(plan, measure) for plan in each)]
        for measure in (
            "status",
            "leverage",
            "cost_now",
            "bound",
            "counterpart_loss",
            "own_loss",
            "worst_package",
            "sourcing_only_leverage",
        )
    ]
    ends = [None if plan.leverage_range is None else plan.leverage_range[0] for plan in each]
    rows.insert(4, ["least_leverage", "", *ends])
    for name in LIMITED:
        rows.append(["used", name, *((plan.limits.get(name) or {}).get("used") for plan in each)])
    for name in union_of(plan.scenarios for plan in each):
        rows.append(["scenario_leverage", name, *((plan.scenarios.get(name) or {}).get("leverage") for plan in each)])
    rows += _cause_rows(each)
    limited = {
        f"{row.site}/{row.item}": True
        for plan in each
        for row in plan.case.demands
        if row.min_fill > 0 or row.min_fill_week > 0
    }
    for pair in limited:
        rows.append(["least_mean_fill", pair, *(_least_fill(plan, pair) for plan in each)])
    for pair in union_of(plan.counterpart_fill for plan in each):
        rows.append(["counterpart_fill", pair, *(plan.counterpart_fill.get(pair) for plan in each)])
    return lettered_table(
        ["measure", "name"], [_told(row, sense) for row in rows if row[0] not in sense.untold], list(plans)
    )


def _told(row: list[Any], sense: Sense) -> list[Any]:
    """Return a row under the name and with the sign of its sense."""
    measure, name, *values = row
    if measure in sense.turned:
        values = [None if value is None else -value + 0.0 for value in values]
    return [sense.names.get(measure, measure), name, *values]


def _cause_rows(plans: Sequence[Plan]) -> list[list[Any]]:
    """Return what each cause adds to both losses in the worst package; 0 in a plan whose loss it has no part in."""
    found: dict[tuple[str, str, str], list[float | None]] = {}
    each = [plan.causes() for plan in plans]
    for place, causes in enumerate(each):
        for row in causes:
            key = (row["side"], row["cause"], row["item"] or "")
            found.setdefault(key, [0.0 if known else None for known in each])[place] = row["amount"]
    order = {side: place for place, side in enumerate(("counterpart", "ours"))}
    return [
        [f"{side}_cause", f"{cause} of {item}" if item else cause, *amounts]
        for (side, cause, item), amounts in sorted(found.items(), key=lambda entry: order[entry[0][0]])
    ]


def _least_fill(plan: Plan, pair: str) -> float | None:
    """Mean fill of a demand in the scenario that serves it least."""
    fills = [entry["fill"][pair] for entry in plan.scenarios.values() if pair in entry.get("fill", {})]
    return min(fills, default=None)
