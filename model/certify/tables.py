"""Tables of a plan, read from the values of the solved models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyomo.environ import value

from ..formulation.leader import COSTS
from ..formulation.linking import Choice
from ..leader.recompute import FirstStage, Operations
from ..network.network import NONE, Network
from ..plan.plan import FULL

if TYPE_CHECKING:
    import pandas as pd

    from ..leader.problem import Problem

MONEY = "money"
"""Stands for the case's currency."""

UNITS = {
    "policies": {
        "mean_delay": "weeks",
        "approval_rate": "share",
        "admin_cost": MONEY,
        "reviewer_load": "hours",
        "political_cost": "points",
        "first_bite": "week",
        "first_shortage": "week",
    },
    "sourcing": {
        "status_quo": "units of the item per week; a stockpile: units",
        "plan": "units of the item per week; a stockpile: units",
        "status_quo_share": "share",
        "plan_share": "share",
        "fixed_cost": MONEY,
        "cost": MONEY,
    },
    "flows": {"week": "week", "dispatched": "units of the item"},
    "stocks": {"week": "week", "stock": "units of the item"},
    "fills": {"week": "week", "fill": "share"},
    "losses": {"status_quo": MONEY, "plan": MONEY, "loss": MONEY},
}
"""Units of the figures of each table."""

RESPONSE_COSTS = ("purchase_cost", "production_cost", "holding_cost", "shortage_cost", "terminal_cost")


def solved_fills(problem: Problem) -> dict[str, dict[str, float]]:
    """Mean fill of every demand by ``site/item``: one dictionary per scenario, and ``counterpart``."""
    model = problem.joint.model
    fills = {name: _mean_fill(model.ours[name].fill) for name in model.scenarios}
    fills["counterpart"] = _mean_fill(model.response.fill)
    return fills


def _mean_fill(fill: Any) -> dict[str, float]:
    levels: dict[str, list[float]] = {}
    for (site, item, _), variable in fill.items():
        levels.setdefault(f"{site}/{item}", []).append(value(variable))
    return {key: min(1.0, math.fsum(weeks) / len(weeks)) for key, weeks in levels.items()}


def shortage_weeks(problem: Problem) -> dict[str, int | None]:
    """First week with a fill below 1 at every pair of the counterpart that sells; None where there is none."""
    fill = problem.joint.model.response.fill
    first: dict[str, int | None] = {}
    for (site, item, week), variable in fill.items():
        key = f"{site}/{item}"
        if first.setdefault(key, None) is None and value(variable) < FULL:
            first[key] = week
    return first


def first_bite(network: Network, regime: str, policy: str) -> int | None:
    """First week in which goods under a policy are missing: its start plus the shortest lead of its running lanes."""
    row = network.policy(regime, policy)
    leads = [
        lane.lead_weeks for lane in network.lanes_into("counterpart") if lane.regime == regime and lane.base_flow > 0
    ]
    if row is None or not leads or (row.delay_weeks.mean == 0 and row.approval_rate == 1):
        return None
    week = row.start_week + min(leads)
    return week if week < network.weeks else None


def policies_table(problem: Problem, choice: Choice) -> pd.DataFrame:
    """One row per regime of ours: the policy, its delay and costs, when it bites, when shortages follow."""
    import pandas as pd

    network = problem.network
    shortages = shortage_weeks(problem)
    names = {row.regime: row for row in network.case.regimes}
    rows = []
    for regime, policy in choice.items():
        row = network.policy(regime, policy)
        weeks = [week for pair in network.downstream(regime) if (week := shortages.get("/".join(pair))) is not None]
        rows.append(
            {
                "regime": regime,
                "name": names[regime].name or regime,
                "controller": names[regime].controller,
                "policy": policy,
                "mean_delay": 0.0 if row is None else row.delay_weeks.mean,
                "approval_rate": 1.0 if row is None else row.approval_rate,
                "admin_cost": 0.0 if row is None else row.admin_cost,
                "reviewer_load": 0.0 if row is None else row.reviewer_load,
                "political_cost": 0.0 if row is None else row.political_cost,
                "first_bite": first_bite(network, regime, policy),
                "first_shortage": min(weeks, default=None) if row is not None else None,
            }
        )
    frame = pd.DataFrame(
        rows,
        columns=[
            "regime",
            "name",
            "controller",
            "policy",
            "mean_delay",
            "approval_rate",
            "admin_cost",
            "reviewer_load",
            "political_cost",
            "first_bite",
            "first_shortage",
        ],
    )
    return frame.astype({"first_bite": "Int64", "first_shortage": "Int64"})


def sourcing_table(problem: Problem, first: FirstStage) -> pd.DataFrame:
    """One row per lane into our side, then per stockpile: dispatches and shares of intake before and after, scenario none."""
    import pandas as pd

    network = problem.network
    before = _dispatched(problem.status_quo.joint.model.ours[NONE].ship)
    after = _dispatched(problem.joint.model.ours[NONE].ship)
    rows = []
    totals: dict[tuple[str, str, str], float] = {}
    for lane in network.lanes_into("ours"):
        for when, flows in (("before", before), ("after", after)):
            key = (lane.destination, lane.item, when)
            totals[key] = totals.get(key, 0.0) + flows[lane.lane]
    for lane in network.lanes_into("ours"):
        total_before = totals[lane.destination, lane.item, "before"]
        total_after = totals[lane.destination, lane.item, "after"]
        rows.append(
            {
                "kind": "lane",
                "id": lane.lane,
                "item": lane.item,
                "origin": lane.origin,
                "party": network.party[lane.origin],
                "destination": lane.destination,
                "status_quo": before[lane.lane] / network.weeks,
                "plan": after[lane.lane] / network.weeks,
                "status_quo_share": before[lane.lane] / total_before if total_before > 0 else 0.0,
                "plan_share": after[lane.lane] / total_after if total_after > 0 else 0.0,
                "to_qualify": bool(lane.fixed_cost),
                "qualified": bool(first.qualify.get(lane.lane, False)),
                "fixed_cost": (lane.fixed_cost or 0.0) if first.qualify.get(lane.lane, False) else 0.0,
                "cost": after[lane.lane] * lane.unit_cost,
            }
        )
    for pair, amount in first.stockpile.items():
        if amount > 0:
            rows.append(
                {
                    "kind": "stockpile",
                    "id": "/".join(pair),
                    "item": pair[1],
                    "origin": "",
                    "party": network.party[pair[0]],
                    "destination": pair[0],
                    "status_quo": 0.0,
                    "plan": amount,
                    "status_quo_share": 0.0,
                    "plan_share": 0.0,
                    "to_qualify": False,
                    "qualified": False,
                    "fixed_cost": 0.0,
                    "cost": amount * network.stockpile_price(pair),
                }
            )
    columns = ["kind", "id", "item", "origin", "party", "destination", "status_quo", "plan", "status_quo_share"]
    columns += ["plan_share", "to_qualify", "qualified", "fixed_cost", "cost"]
    return pd.DataFrame(rows, columns=columns)


def _dispatched(ship: Any) -> dict[str, float]:
    total: dict[str, float] = {}
    for (lane, _), variable in ship.items():
        total[lane] = total.get(lane, 0.0) + value(variable)
    return total


def flows_table(problem: Problem) -> pd.DataFrame:
    """Dispatches week by week: the counterpart's, ours in every scenario, and our exports to others."""
    import pandas as pd

    network, model = problem.network, problem.joint.model
    rows: list[tuple[str, str, str, int, float]] = []
    shipped: dict[tuple[str, int], float] = {}
    for (lane, _, week), variable in model.response.ship.items():
        shipped[lane, week] = shipped.get((lane, week), 0.0) + value(variable)
    rows += [("counterpart", "", lane, week, amount) for (lane, week), amount in shipped.items()]
    for scenario, b in model.ours.items():
        rows += [("ours", scenario, lane, week, value(variable)) for (lane, week), variable in b.ship.items()]
        rows += [
            ("ours", scenario, lane, week, network.lanes[lane].base_flow * value(variable))
            for (lane, week), variable in b.export_fill.items()
        ]
    frame = pd.DataFrame(rows, columns=["side", "scenario", "lane", "week", "dispatched"])
    for column in ("item", "origin", "destination"):
        frame[column] = frame["lane"].map({name: getattr(lane, column) for name, lane in network.lanes.items()})
    return frame[["side", "scenario", "lane", "item", "origin", "destination", "week", "dispatched"]]


def stocks_table(problem: Problem) -> pd.DataFrame:
    """Stocks at the end of every week, the counterpart's and ours in every scenario."""
    return _by_pair(problem, "stock", "stock")


def fills_table(problem: Problem) -> pd.DataFrame:
    """Fills of every week, the counterpart's and ours in every scenario."""
    return _by_pair(problem, "fill", "fill")


def _by_pair(problem: Problem, family: str, name: str) -> pd.DataFrame:
    import pandas as pd

    model = problem.joint.model
    rows = [
        ("counterpart", "", site, item, week, value(variable))
        for (site, item, week), variable in model.response.component(family).items()
    ]
    for scenario, b in model.ours.items():
        rows += [
            ("ours", scenario, site, item, week, value(variable))
            for (site, item, week), variable in b.component(family).items()
        ]
    return pd.DataFrame(rows, columns=["side", "scenario", "site", "item", "week", name])


def losses_table(
    problem: Problem, choice: Choice, losses: Mapping[str, tuple[float, float]], operations: Operations
) -> pd.DataFrame:
    """Both losses by where they come from, in every scenario; the parts of a side and scenario add up to its loss."""
    import pandas as pd

    network = problem.network
    now, before = problem.joint.model, problem.status_quo.joint.model
    shared = [
        (part, value(before.response.component(part)), value(now.response.component(part))) for part in RESPONSE_COSTS
    ]
    first_stage = [
        ("fixed_costs", math.fsum((network.lanes[i].fixed_cost or 0.0) * value(v) for i, v in now.qualify.items())),
        ("stockpile", math.fsum(network.stockpile_price(i) * value(v) for i, v in now.stockpile.items())),
        ("admin_costs", problem.admin_cost(choice)),
    ]
    rows = []
    for scenario in losses:
        rows += [("counterpart", scenario, part, was, is_now) for part, was, is_now in shared]
        rows.append(("counterpart", scenario, "refused_exports", 0.0, operations.refused[scenario]))
        rows.append(("counterpart", scenario, "package_cost", 0.0, network.package_cost.get(scenario, 0.0)))
        for family in COSTS:
            part = family.__name__
            sign = -1.0 if part == "transfer_income" else 1.0
            was = sign * value(before.ours[NONE].component(part))
            rows.append(("ours", scenario, part, was, sign * value(now.ours[scenario].component(part))))
        rows.append(
            ("ours", scenario, "sales_to_counterpart", -problem.status_quo.operations.margin, -operations.margin)
        )
        rows += [("ours", scenario, part, 0.0, amount) for part, amount in first_stage]
    frame = pd.DataFrame(rows, columns=["side", "scenario", "part", "status_quo", "plan"])
    frame["loss"] = frame["plan"] - frame["status_quo"]
    return frame


def plan_tables(
    problem: Problem,
    choice: Choice,
    first: FirstStage,
    losses: Mapping[str, tuple[float, float]],
    operations: Operations,
) -> dict[str, pd.DataFrame]:
    """All tables of a plan; units of their columns in ``attrs["units"]``, the currency in ``attrs["currency"]``."""
    tables = {
        "policies": policies_table(problem, choice),
        "sourcing": sourcing_table(problem, first),
        "flows": flows_table(problem),
        "stocks": stocks_table(problem),
        "fills": fills_table(problem),
        "losses": losses_table(problem, choice, losses, operations),
    }
    currency = problem.case.settings.case.currency
    for name, frame in tables.items():
        frame.attrs["currency"] = currency
        frame.attrs["units"] = {column: (currency if unit == MONEY else unit) for column, unit in UNITS[name].items()}
    return tables
