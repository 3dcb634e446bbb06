"""What the status quo of a case looks like when both sides play it at least cost, and where that surprises."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from ..model.certify.end_stock import missing_at_end
from ..model.leader.problem import Problem
from ..model.network import NONE
from ..model.plan.limits import four_digits
from ..model.plan.plan import served

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Case
    from ..data.schema.tables import Lane
    from ..model import Plan
    from ..model.network import Pair

OFF_BALANCE = 0.1
"""Relative difference between a lane's base flow and its mean flow from which a warning is given."""

IDLE_SHARE = 0.01
"""Mean flow of a lane without base flow, as a share of the base flows to its destination, from which a warning is given."""


def lane_table(case: Case, problem: Problem | None = None) -> pd.DataFrame:
    """Mean base flow and mean status-quo flow of every lane that touches a side.

    Parameters
    ----------
    case
        A checked case.
    problem
        The case made ready, where there is one already.

    Returns
    -------
    pandas.DataFrame
        Columns lane, item, origin, destination, base_flow, mean_flow, difference (units per week).
    """
    import pandas as pd

    problem = problem or Problem.natural(case)
    network, operations = problem.network, problem.status_quo.operations
    ours, theirs, solution = operations.readout.ours[NONE], operations.readout.response, operations.solution
    exports = ours["export_fill"]
    weekly = network.weekly.base_flow
    base = np.array([weekly[lane][week] for lane, week in exports.keys])
    total: dict[str, list[float]] = {}
    for keys, units in (
        (ours["ship"].keys, ours["ship"].values(solution)),
        (exports.keys, base * exports.values(solution)),
        (theirs["ship"].keys, operations.readout.dispatched(solution)),
    ):
        for (lane, *_), amount in zip(keys, units.tolist(), strict=True):
            total.setdefault(lane, []).append(amount)
    fills = operations.fills(None)
    for pair, lanes in network.sold_abroad.items():
        for lane in lanes:
            if network.side[lane.destination] == "other":
                total[lane.lane] = (np.array(weekly[lane.lane]) * fills[pair]).tolist() if lane.base_flow else []
    unit = {name: network.units.item(lane.item) for name, lane in network.lanes.items()}
    rows = [
        {
            "lane": name,
            "item": network.lanes[name].item,
            "origin": network.lanes[name].origin,
            "destination": network.lanes[name].destination,
            "base_flow": math.fsum(weekly[name]) / network.weeks * unit[name],
            "mean_flow": math.fsum(flows) / network.weeks * unit[name],
        }
        for name, flows in total.items()
    ]
    frame = pd.DataFrame(rows, columns=["lane", "item", "origin", "destination", "base_flow", "mean_flow"])
    frame["difference"] = frame["mean_flow"] - frame["base_flow"]
    return frame


def unserved_table(case: Case, problem: Problem | None = None) -> pd.DataFrame:
    """Pairs whose demand (and, at the counterpart, exports) the status quo does not serve in full.

    Returns
    -------
    pandas.DataFrame
        Columns site, item, mean_fill.
    """
    import pandas as pd

    problem = problem or Problem.natural(case)
    operations = problem.status_quo.operations
    means = [
        (pair, math.fsum(levels.tolist()) / len(levels))
        for side in (NONE, None)
        for pair, levels in operations.fills(side).items()
    ]
    rows = [{"site": site, "item": item, "mean_fill": mean} for (site, item), mean in means if not served(mean)]
    return pd.DataFrame(rows, columns=["site", "item", "mean_fill"])


def status_quo_warnings(case: Case, problem: Problem | None = None) -> list[str]:
    """Return the case format's warnings that need the status quo: unserved demand, stock run down, flows that are not base_flow.

    A warning about a flow names its cause (a dearer source, a margin below cost, the end of the horizon, a tie, base flows that do
    not balance), the figure and the remedy.

    Parameters
    ----------
    case
        A checked case.
    problem
        The case made ready, where there is one already.
    """
    problem = problem or Problem.natural(case)
    network = problem.network
    warnings = [
        f"the status quo serves only {row.mean_fill:.1%} of {row.item} in {row.site}"
        for row in unserved_table(case, problem).itertuples()
    ]
    short = _missing(problem)
    for (site, item), (missing, used) in short.items():
        less = f"{four_digits(missing * network.units.item(item))} less than its target, {missing / used:.1%} of a year's use"
        warnings.append(f"stocks, {site}/{item}: the status quo ends with {less}; {_end_remedy(problem, (site, item))}")
    frame = lane_table(case, problem)
    flows = {row.lane: (row.base_flow, row.mean_flow) for row in frame.itertuples()}
    for row in frame.itertuples():
        lane, unit = network.lanes[row.lane], network.units.item(row.item)
        intake = math.fsum(row.base_flow for row in network.inbound.get((lane.destination, lane.item), ()))
        idle = intake * IDLE_SHARE or 1e-4 * min(lane.max_flow, network.usable.dispatched(lane))
        scale = lane.base_flow or idle / OFF_BALANCE
        if abs(row.difference) > (OFF_BALANCE * scale + 1e-9) * unit:
            warnings.append(
                f"lanes, {row.lane}: base_flow is {row.base_flow:.4g} a week, but the status quo's mean flow is "
                f"{row.mean_flow:.4g}; {_cause(problem, lane, flows, short)}"
            )
    return warnings


def _missing(problem: Problem) -> dict[Pair, tuple[float, float]]:
    status_quo = problem.status_quo
    found: dict[Pair, tuple[float, float]] = {}
    for side in (NONE, None):
        found |= missing_at_end(status_quo.leader_problem, status_quo.operations, side)
    return found


def _end_remedy(problem: Problem, pair: Pair) -> str:
    network = problem.network
    money = network.units.money / network.units.item(pair[1])
    return (
        f"a unit missing costs {network.terminal_price(pair) * money:.4g}, less than to buy and hold one: raise "
        "horizon.terminal_premium or the stock's terminal_price, or lower the item's holding_cost"
    )


def _cause(
    problem: Problem, lane: Lane, flows: dict[str, tuple[float, float]], short: dict[Pair, tuple[float, float]]
) -> str:
    """Why a lane does not carry its base_flow in the status quo, and what to do."""
    pair = lane.destination, lane.item
    base, mean = flows[lane.lane]
    if mean < base and pair in short:
        return f"end of the horizon: the stock of {lane.item} in {lane.destination} is run down; {_end_remedy(problem, pair)}"
    found = _other_source(problem, lane, flows)
    if not found and mean < base:
        found = _loses_on_it(problem, lane) or _made_cheaper(problem, lane)
    return found or "base flows should balance with recipes, demands and stocks"


def _other_source(problem: Problem, lane: Lane, flows: dict[str, tuple[float, float]]) -> str:
    """What a lane carries less than its base_flow another at its destination carries more, or the other way round."""
    price = {row.lane: row.landed_cost for row in problem.given.lanes}
    missing = flows[lane.lane][0] - flows[lane.lane][1]
    moved = [
        other
        for other in problem.network.inbound.get((lane.destination, lane.item), ())
        if other is not lane and other.lane in flows and (flows[other.lane][1] - flows[other.lane][0]) * missing > 0
    ]
    dearer = [other for other in moved if (price[lane.lane] - price[other.lane]) * missing > 0]
    if dearer:
        other = max(dearer, key=lambda row: abs(price[row.lane] - price[lane.lane]))
        low, high = (other.lane, lane.lane) if missing > 0 else (lane.lane, other.lane)
        return (
            f"dearer source: {high} costs {price[high]:g} a unit and {low} {price[low]:g}, which takes over {abs(missing):.4g} "
            f"a week; where {high} runs by contract write its min_flow, else correct its price or the max_flow of {low}"
        )
    if any(price[other.lane] == price[lane.lane] for other in moved):
        twin = next(other.lane for other in moved if price[other.lane] == price[lane.lane])
        return (
            f"tie: {twin} costs the same and carries the rest; base flows should balance with recipes, demands and stocks, or a "
            "min_flow keeps the lane"
        )
    return ""


def _loses_on_it(problem: Problem, lane: Lane) -> str:
    """The origin is paid less than a unit costs it."""
    network, origin = problem.network, (lane.origin, lane.item)
    if network.side[lane.origin] in ("other", network.side[lane.destination]) or origin not in network.tracked:
        return ""
    cost, money = network.replacement_cost(origin), network.units.money / network.units.item(lane.item)
    if lane.margin >= cost:
        return ""
    return (
        f"margin below cost: {lane.margin * money:.4g} is paid for what costs {cost * money:.4g} at {lane.origin}; write the gross "
        "margin, the price that the buyer pays"
    )


def _made_cheaper(problem: Problem, lane: Lane) -> str:
    """A process at the destination makes a unit for less."""
    network, money = problem.network, problem.units.money / problem.units.item(lane.item)
    costs = {row.process: network.process_cost(row) for row in network.makers.get((lane.destination, lane.item), ())}
    cheapest = min(costs, key=costs.__getitem__, default=None)
    if cheapest is None or costs[cheapest] >= lane.landed_cost:
        return ""
    return (
        f"dearer source: it costs {lane.landed_cost * money:.4g} a unit, and process {cheapest} makes one for "
        f"{costs[cheapest] * money:.4g}; where the lane runs by contract write its min_flow, else correct its price or the "
        "capacity of the process"
    )


def with_status_quo_warnings(plan: Plan, problem: Problem | None) -> Plan:
    """Return a plan with what is odd in its case's status quo among its ``case_warnings``.

    Parameters
    ----------
    plan
        A plan.
    problem
        Its case made ready; None where it was not, and nothing is added.
    """
    if problem is None:
        return plan
    found = status_quo_warnings(plan.case, problem)
    return dataclasses.replace(plan, case_warnings=(*plan.case_warnings, *found))
