"""Tables of a plan, from the arrays of its account and of the status quo."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulation.buying import dearer
from ..formulation.linking import Choice
from ..leader.readout import INCOME, OWN_COSTS, RESPONSE_COSTS
from ..leader.recompute import Operations
from ..network import NONE, Network
from ..network.weekly import alike
from ..plan.limits import BUDGET, LIMITED, LOADS
from .causes import causes_table
from .figures import Account, first_shortage
from .settling import bargained, by_week_table

if TYPE_CHECKING:
    import pandas as pd

    from ..leader.problem import Problem

MONEY = LIMITED[BUDGET].measure
"""Stands for the case's currency."""

UNITS = {
    "policies": {
        "mean_delay": "weeks",
        "approval_rate": "share",
        **{resource.column: resource.measure for resource in LIMITED.values()},
        "first_bite": "week",
        "first_shortage": "week",
    },
    "sourcing": {
        "status_quo": "units of the item per week; a stockpile: units",
        "plan": "units of the item per week; a stockpile: units",
        "status_quo_share": "share",
        "plan_share": "share",
        "fixed_cost": MONEY,
        "order_cost": MONEY,
        "cost": MONEY,
    },
    "flows": {"week": "week", "dispatched": "units of the item"},
    "stocks": {"week": "week", "stock": "units of the item"},
    "fills": {"week": "week", "fill": "share"},
    "losses": {"status_quo": MONEY, "plan": MONEY, "loss": MONEY},
    "by_week": {"week": "week", "counterpart_loss": MONEY, "own_loss": MONEY, "leverage": MONEY},
    "causes": {"units": "units of the item", "amount": MONEY},
}
"""Units of the figures of each table."""


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


def policies_table(network: Network, choice: Choice, operations: Operations) -> pd.DataFrame:
    """One row per regime of ours: the policy, its delay and costs, when it bites, when shortages follow."""
    import pandas as pd

    shortages = {pair: first_shortage(fills) for pair, fills in operations.fills(None).items()}
    names = {row.regime: row for row in network.case.regimes}
    rows = []
    for regime, policy in choice.items():
        row = network.policy(regime, policy)
        weeks = [week for pair in network.downstream(regime) if (week := shortages.get(pair)) is not None]
        rows.append(
            {
                "regime": regime,
                "name": names[regime].name or regime,
                "controller": names[regime].controller,
                "policy": policy,
                "mean_delay": 0.0 if row is None else row.delay_weeks.mean,
                "approval_rate": 1.0 if row is None else row.approval_rate,
                **{column: getattr(row, column, 0.0) for column in LOADS},
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
            *LOADS,
            "first_bite",
            "first_shortage",
        ],
    )
    return frame.astype({"first_bite": "Int64", "first_shortage": "Int64"})


def sourcing_table(network: Network, account: Account) -> pd.DataFrame:
    """One row per lane into our side, then per stockpile: flows and shares of intake before and after, scenario none.

    Before is base_flow(t), what runs unless something is done; where the model's status quo differs a warning says so.
    """
    import pandas as pd

    first = account.first
    after = _dispatched(account.operations)
    paid = _paid(network, account.operations)
    before = {name: math.fsum(network.weekly.base_flow[name]) for name in network.lanes}
    rows = []
    totals: dict[tuple[str, str, str], float] = {}
    for lane in network.lanes_into("ours"):
        for when, flows in (("before", before), ("after", after)):
            key = (lane.destination, lane.item, when)
            totals[key] = totals.get(key, 0.0) + flows[lane.lane]
    discounts, ordered = _discounts(network, account.operations), _ordered(network, account.operations)
    opened = dict.fromkeys(network.to_qualify, 0)
    for lane in network.lanes_into("ours"):
        for name in network.gates(lane):
            opened[name] += 1
    for lane in network.lanes_into("ours"):
        gates = network.gates(lane)
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
                "to_qualify": bool(gates),
                "qualified": bool(gates) and all(first.qualify.get(name, False) for name in gates),
                # Lanes that a qualification opens share what it costs.
                "fixed_cost": sum(
                    network.to_qualify[name] / opened[name] for name in gates if first.qualify.get(name, False)
                ),
                "order_cost": ordered.get(lane.lane, 0.0),
                "cost": paid[lane.lane] + discounts.get(lane.lane, 0.0),
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
                    "order_cost": 0.0,
                    "cost": amount * network.stockpile_price(pair),
                }
            )
    columns = ["kind", "id", "item", "origin", "party", "destination", "status_quo", "plan", "status_quo_share"]
    columns += ["plan_share", "to_qualify", "qualified", "fixed_cost", "order_cost", "cost"]
    return pd.DataFrame(rows, columns=columns)


def _discounts(network: Network, operations: Operations) -> dict[str, float]:
    """What the prices by quantity add to the cost of every lane at its unit_cost in scenario ``none``, money."""
    bought = operations.readout.ours[NONE]["bought"]
    units, found = bought.values(operations.solution), dict[str, float]()
    for (name, k), places in bought.weeks.items():
        row = network.lanes[name]
        price = (network.breaks[name][k - 1].unit_cost - row.unit_cost) * (1.0 + row.duty) if k else 0.0
        factors = network.weekly.price_factor[name]
        for weeks in alike(factors):
            found[name] = found.get(name, 0.0) + price * factors[weeks[0]] * float(units[places[weeks]].sum())
    return found


def _ordered(network: Network, operations: Operations) -> dict[str, float]:
    """What the orders on every lane with a cost of orders take in scenario ``none``, money."""
    placed, prices = operations.readout.ours[NONE]["placed"], network.weekly.order_cost
    orders = placed.values(operations.solution)
    return {lane: float(orders[weeks] @ np.array(prices[lane])) for lane, weeks in placed.weeks.items()}


def _dispatched(operations: Operations) -> dict[str, float]:
    """Units that every lane into our side dispatches in scenario ``none``, all weeks together."""
    ship = operations.readout.ours[NONE]["ship"]
    units = ship.values(operations.solution)
    return {lane: float(units[weeks].sum()) for lane, weeks in ship.weeks.items()}


def _paid(network: Network, operations: Operations) -> dict[str, float]:
    """What every lane into our side is paid in scenario ``none``, all weeks together."""
    ship, prices = operations.readout.ours[NONE]["ship"], network.weekly.landed_cost
    units = ship.values(operations.solution)
    return {
        lane: math.fsum(float(units[places[weeks]].sum()) * prices[lane][weeks[0]] for weeks in alike(prices[lane]))
        for lane, places in ship.weeks.items()
    }


def flows_table(network: Network, operations: Operations) -> pd.DataFrame:
    """Dispatches week by week: the counterpart's, ours in every scenario, and our exports to others."""
    readout, solution = operations.readout, operations.solution
    ship = readout.response["ship"]
    places: dict[tuple[str, int], int] = {}
    found = [places.setdefault((lane, week), len(places)) for lane, _, week in ship.keys]
    shipped = np.bincount(np.array(found, dtype=np.int64), readout.dispatched(solution), len(places))
    blocks: list[_Block] = [("counterpart", "", list(places), shipped)]
    for scenario, families in readout.ours.items():
        blocks.append(("ours", scenario, families["ship"].keys, families["ship"].values(solution)))
        exports = families["export_fill"]
        flows = np.array([network.weekly.base_flow[lane][week] for lane, week in exports.keys])
        blocks.append(("ours", scenario, exports.keys, flows * exports.values(solution)))
    frame = _stacked(blocks, ("lane", "week"), "dispatched")
    for column in ("item", "origin", "destination"):
        frame[column] = frame["lane"].map({name: getattr(lane, column) for name, lane in network.lanes.items()})
    return frame[["side", "scenario", "lane", "item", "origin", "destination", "week", "dispatched"]]


def stocks_table(operations: Operations) -> pd.DataFrame:
    """Stocks at the end of every week, the counterpart's and ours in every scenario."""
    return _by_pair(operations, "stock")


def fills_table(operations: Operations) -> pd.DataFrame:
    """Fills of every week, the counterpart's and ours in every scenario."""
    return _by_pair(operations, "fill")


_Block = tuple[str, str, Sequence[Any], np.ndarray]
"""Side, scenario, indices and values."""


def _by_pair(operations: Operations, name: str) -> pd.DataFrame:
    readout, solution = operations.readout, operations.solution
    blocks: list[_Block] = [("counterpart", "", readout.response[name].keys, readout.response[name].values(solution))]
    for scenario, families in readout.ours.items():
        blocks.append(("ours", scenario, families[name].keys, families[name].values(solution)))
    return _stacked(blocks, ("site", "item", "week"), name)


def _stacked(blocks: Iterable[_Block], index: Sequence[str], name: str) -> pd.DataFrame:
    """Return blocks one below the other, their indices in columns."""
    import pandas as pd

    blocks = list(blocks)
    keys = [key for _, _, block, _ in blocks for key in block]
    columns: dict[str, Any] = {
        "side": [side for side, _, block, _ in blocks for _ in block],
        "scenario": [scenario for _, scenario, block, _ in blocks for _ in block],
    }
    columns |= dict(zip(index, zip(*keys, strict=True), strict=True)) if keys else dict.fromkeys(index, ())
    return pd.DataFrame(columns | {name: np.concatenate([values for *_, values in blocks])})


def freight_and_duty(network: Network, operations: Operations, scenario: str) -> tuple[float, float]:
    """What of `purchase_cost` is freight and what is duty in a scenario, both with the weight of the destination, money.

    freight = sum of weight freight ship[l,t]; duty = sum of weight duty price ship[l,t], at the unit_cost(t) or price by quantity.
    """
    families, weekly = operations.readout.ours[scenario], network.weekly
    freight, duty = [], []
    shipped = families["ship"].values(operations.solution)
    for name, places in families["ship"].weeks.items():
        row, weight = network.lanes[name], network.weight[network.lanes[name].destination]
        if not row.freight and not row.duty:
            continue
        units = shipped[places]
        freight.append(weight * row.freight * float(units.sum()))
        goods = (np.array(weekly.landed_cost[name]) - row.freight) / (1.0 + row.duty)
        duty.append(weight * row.duty * float(goods @ units))
    bought = families["bought"].values(operations.solution)
    for (name, k), places in families["bought"].weeks.items():
        more = np.array([dearer(network, name, k, week) for week in range(network.weeks)])
        part = network.lanes[name].duty / (1.0 + network.lanes[name].duty)
        duty.append(part * float(more @ bought[places]))
    return math.fsum(freight), math.fsum(duty)


def losses_table(problem: Problem, account: Account) -> pd.DataFrame:
    """Both losses by where they come from, in every scenario; the parts of a side and scenario add up to its loss.

    On our side what is paid for freight and duty stands apart from purchases, and orders where they cost something.
    """
    import pandas as pd

    network, before, now = problem.network, problem.status_quo.operations, account.operations

    def both(part: str, scenario: str = "") -> tuple[str, float, float]:
        sign = -1.0 if part == INCOME else 1.0
        earlier = before.readout.amount(before.amounts, part, NONE if scenario else "")
        return part, sign * earlier, sign * now.readout.amount(now.amounts, part, scenario)

    def landed(own: list[tuple[str, float, float]], scenario: str) -> list[tuple[str, float, float]]:
        earlier, later = freight_and_duty(network, before, NONE), freight_and_duty(network, now, scenario)
        bought, *rest = own
        part, *paid = bought
        goods = [money - math.fsum(on_top) for money, on_top in zip(paid, (earlier, later), strict=True)]
        return [
            (part, goods[0], goods[1]),
            ("freight_cost", earlier[0], later[0]),
            ("duty_cost", earlier[1], later[1]),
            *rest,
        ]

    ours = network.lanes_into("ours")
    landing = any(lane.freight or lane.duty for lane in ours)
    ordering = any(lane.order_cost for lane in ours)
    shared = [both(part) for part in RESPONSE_COSTS]
    first_stage = [(part, now.readout.amount(now.amounts, part)) for part in ("fixed_costs", "stockpile")]
    first_stage.append(("admin_costs", account.admin))
    if network.lasting:
        first_stage.append(("lasting_loss", now.lasting))
    if network.benefits:
        first_stage.append(("ally_benefits", -account.benefits))
    rows = []
    for scenario in account.losses:
        if network.case.pressed:
            rows += [("counterpart", scenario, *part) for part in shared]
            rows.append(("counterpart", scenario, "refused_exports", 0.0, now.refused[scenario]))
            if network.imports:
                rows.append(("counterpart", scenario, "refused_imports", 0.0, now.refused_imports))
            rows.append(("counterpart", scenario, "package_cost", 0.0, network.package_cost.get(scenario, 0.0)))
        own = [both(part, scenario) for part in OWN_COSTS if ordering or part != "order_cost"]
        rows += [("ours", scenario, *part) for part in (landed(own, scenario) if landing else own)]
        if network.case.pressed:
            rows.append(("ours", scenario, "sales_to_counterpart", -before.margin, -now.margin))
        rows += [("ours", scenario, part, 0.0, amount) for part, amount in first_stage]
    frame = pd.DataFrame(rows, columns=["side", "scenario", "part", "status_quo", "plan"])
    frame["loss"] = frame["plan"] - frame["status_quo"]
    return frame


def plan_tables(problem: Problem, account: Account) -> dict[str, pd.DataFrame]:
    """All tables of a plan; units of their columns in ``attrs["units"]``, the currency in ``attrs["currency"]``."""
    network, operations = problem.network, account.operations
    tables = {
        "policies": policies_table(network, account.choice, operations),
        "sourcing": sourcing_table(network, account),
        "flows": flows_table(network, operations),
        "stocks": stocks_table(operations),
        "fills": fills_table(operations),
        "losses": losses_table(problem, account),
        "causes": causes_table(problem, account),
    }
    if bargained(problem):
        tables["by_week"] = by_week_table(problem, account)
    currency = problem.case.settings.case.currency
    for name, frame in tables.items():
        frame.attrs["currency"] = currency
        frame.attrs["units"] = {column: (currency if unit == MONEY else unit) for column, unit in UNITS[name].items()}
    return tables
