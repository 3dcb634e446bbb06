"""What the script of a plan's page reads: weekly figures, flows, what other policies give. The page is whole without it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ...data.schema.names import policy_words
from ...model.network import NONE
from ...model.plan.limits import LIMIT_WORDS, LIMITED
from ...model.plan.what_if import BOUNDED, EXACT, POLICY, WHAT_IF
from ..charts.supply_map import lane_flows
from ..format.numbers import number, plain
from ..format.words import words_of

if TYPE_CHECKING:
    from ...model import Plan
    from ...model.network import Pair

DIGITS = 4
"""Significant digits of figures that the script reads."""

OUTCOME_DIGITS = 8
"""Significant digits of outcomes, which are rounded where they are shown."""

STATES = {EXACT: "e", BOUNDED: "b"}
"""States of rows of the table ``what_if`` as the script reads them; any other: there is no plan."""


def embedded(document: Any) -> Markup:
    """Return a document as JSON that can stand within a page: no text in it can end the element."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def weekly_data(plan: Plan, charts: Mapping[str, tuple[str, Pair]]) -> dict[str, Any]:
    """Return fills and stocks by week behind the weekly charts.

    Parameters
    ----------
    plan
        A plan with its tables.
    charts
        Side and pair of every chart, by its key.
    """
    units = {row.item: plain(row.unit) for row in plan.case.items}
    levels = {name: _by_pair(plan, f"{name}s", name) for name in ("fill", "stock")}
    found = {}
    for key, (side, pair) in charts.items():
        rows = []
        for name, words in (("fill", "served"), ("stock", "stock")):
            by = levels[name].get((side, *pair))
            if by:
                rows.append(
                    {
                        "what": words,
                        "share": name == "fill",
                        "unit": "" if name == "fill" else units.get(pair[1], ""),
                        "by": by,
                    }
                )
        found[key] = {"rows": rows}
    first = plan.worst_package or NONE
    return {
        "weeks": plan.case.settings.horizon.weeks,
        "scenarios": _scenario_names(plan),
        "first": first,
        "charts": found,
    }


def _by_pair(plan: Plan, table: str, field: str) -> dict[tuple[str, str, str], dict[str, list[float]]]:
    frame = plan.tables[table]
    found: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for (side, site, item, scenario), rows in frame.groupby(["side", "site", "item", "scenario"], sort=False):
        values = rows.sort_values("week")[field].clip(lower=0.0).tolist()
        found.setdefault((side, site, item), {})[scenario] = [short(value) for value in values]
    return found


def _scenario_names(plan: Plan) -> dict[str, str]:
    """Return the scenarios of a plan in words, by id."""
    names, calm = plan.case.names, words_of(plan.case).calm
    return {name: calm if name == NONE else plain(names.scenario(name)) for name in plan.scenarios}


def flows_data(plan: Plan) -> dict[str, Any]:
    """Return what every lane carries before, and in every scenario and week."""
    return {"scenarios": _scenario_names(plan), **lane_flows(plan)}


def what_if_data(plan: Plan) -> dict[str, Any] | None:
    """Return what other policies and budgets give; None where that was not worked out."""
    frame = plan.tables.get(WHAT_IF)
    if frame is None or not len(frame) or plan.leverage is None:
        return None
    regimes = [name.removeprefix(POLICY) for name in frame if name.startswith(POLICY)]
    rows = {(row.regime, each.policy): each for row in plan.case.policies for each in row.variants}
    menus = {
        name: ["open", *(policy for regime, policy in rows if regime == name and policy != "open")] for name in regimes
    }
    words, limits = words_of(plan.case), [name for name in LIMITED if name != "budget"]
    settings = plan.case.settings.limits
    told: dict[str, list[Any]] = {}
    levels = list(dict.fromkeys(None if math.isnan(value) else value for value in frame["budget"].tolist()))
    columns = [frame[POLICY + name].tolist() for name in regimes]
    figures = zip(frame["budget"].tolist(), frame["leverage"].tolist(), frame["state"].tolist(), strict=True)
    for place, (budget, value, state) in enumerate(figures):
        key = ",".join(str(menus[name].index(column[place])) for name, column in zip(regimes, columns, strict=True))
        row = told.setdefault(key, [[None] * len(levels), ["n"] * len(levels)])
        at = levels.index(None if math.isnan(budget) else budget)
        row[0][at] = None if math.isnan(value) else short(words.figure(value) or 0.0, OUTCOME_DIGITS)
        row[1][at] = STATES.get(state, "n")
    return {
        "title": words.title,
        "money": plain(plan.case.settings.case.currency),
        "sign": 1 if (words.figure(1.0) or 1.0) > 0 else -1,
        "outcome": words.figure(plan.leverage),
        "budget": settings.budget if math.isfinite(settings.budget) else None,
        "levels": levels,
        "limits": [{"words": LIMIT_WORDS[name], "most": _most(getattr(settings, name))} for name in limits],
        "regimes": [
            {
                "name": plain(plan.case.names.regime(name)),
                "policies": [plain(policy_words(policy)) for policy in menus[name]],
                "loads": [
                    [_load(rows.get((name, policy)), LIMITED[limit].column) for limit in limits]
                    for policy in menus[name]
                ],
            }
            for name in regimes
        ],
        "plan": [menus[name].index(plan.policies.get(name, "open")) for name in regimes],
        "rows": {key: [values, "".join(states)] for key, (values, states) in told.items()},
    }


def what_if_rows(plan: Plan) -> list[list[str]]:
    """Return what one switch from the plan gives at the case's budget: regime, policy, outcome, how far that is known."""
    found = what_if_data(plan)
    if found is None:
        return []
    own, level = found["plan"], found["levels"].index(found["budget"]) if found["budget"] in found["levels"] else 0
    rows = []
    for at, regime in enumerate(found["regimes"]):
        for place, policy in enumerate(regime["policies"]):
            other = [*own[:at], place, *own[at + 1 :]]
            row = found["rows"].get(",".join(map(str, other)))
            if place == own[at] or row is None:
                continue
            value, state = row[0][level], row[1][level]
            told = {"e": "exact", "b": "at most" if found["sign"] > 0 else "at least"}.get(state, "no plan")
            rows.append([regime["name"], policy, "-" if value is None else number(value), told])
    return rows


def _most(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _load(row: Any, column: str) -> float:
    return 0.0 if row is None else float(getattr(row, column))


def short(value: float, digits: int = DIGITS) -> float:
    """Return a figure with so many digits as the script needs."""
    return float(f"{value:.{digits}g}")
