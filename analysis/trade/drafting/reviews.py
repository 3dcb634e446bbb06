"""Review regimes of a drafted case: what is controlled, by whom, and the counterpart's answer in kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .placeholders import placeholder_value
from .sourcing import Sourcing, rounded
from .spread import WEEKS

Tables = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Controllers:
    """Who reviews what.

    Attributes
    ----------
    focal, counterpart
        The party whose plan it is, and the one that answers.
    allies
        The ally that controls a regime, by regime.
    """

    focal: str
    counterpart: str
    allies: Mapping[str, str]


def add_reviews(tables: Tables, sources: Sourcing, controllers: Controllers, items: Mapping[str, str]) -> None:
    """Add a review regime for what is controlled, with placeholder policies, and the counterpart's answer in kind.

    Parameters
    ----------
    tables
        Tables of the case; its lanes name their regimes.
    sources
        Takes note of where every figure comes from.
    controllers
        Who reviews what.
    items
        What items are called, by their name in the case.
    """
    parties = {row["party"]: row["name"] for row in tables["parties"]}
    carried = dict.fromkeys(row["regime"] for row in tables["lanes"] if row.get("regime"))
    answers = []
    for regime in carried:
        answer = regime.startswith("answer-")
        controller = controllers.counterpart if answer else controllers.allies.get(regime, controllers.focal)
        words = items.get(regime.partition("-")[2], "all items")
        by = "" if controller == controllers.focal else f" by {parties.get(controller) or controller}"
        tables["regimes"].append({"regime": regime, "controller": controller, "name": f"Exports of {words}{by}"})
        answers += [regime] if answer else []
        value = math.fsum(row["base_flow"] * row["unit_cost"] for row in tables["lanes"] if row.get("regime") == regime)
        for policy in ("review",) if answer or regime in controllers.allies else ("review", "strict"):
            _add_policy(tables, sources, regime, policy, value * WEEKS, ours=not answer)
    for regime in answers:
        back = {"package": "tit-for-tat", "name": "Tit for tat", "regime": regime, "policy": "review", "cost": 0}
        tables["retaliations"].append(back)
        sources.assume("retaliations", f"tit-for-tat/{regime}", "cost", 0, "retaliation")


def _add_policy(tables: Tables, sources: Sourcing, regime: str, policy: str, value: float, ours: bool) -> None:
    delay, approval = placeholder_value(f"{policy}_delay"), placeholder_value(f"{policy}_approval")
    row: dict[str, Any] = {
        "regime": regime,
        "policy": policy,
        "delay_weeks": str(int(delay)),
        "approval_rate": approval,
    }
    key = f"{regime}/{policy}"
    sources.assume("policies", key, "delay_weeks", row["delay_weeks"], f"{policy}_delay", ranged=False)
    sources.assume("policies", key, "approval_rate", approval, f"{policy}_approval")
    if ours:
        row["admin_cost"] = rounded(placeholder_value("admin_cost") * value)
        sources.assume("policies", key, "admin_cost", row["admin_cost"], "admin_cost")
    tables["policies"].append(row)
