"""What the status quo of a case looks like when both sides play it at least cost, and where that surprises."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from ..model.leader.problem import Problem
from ..model.network.network import NONE
from ..model.plan.plan import served

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Case
    from ..model import Plan

OFF_BALANCE = 0.1
"""Relative difference between a lane's base flow and its mean flow from which a warning is given."""


def lane_table(case: Case, problem: Problem | None = None) -> pd.DataFrame:
    """Base flow and mean status-quo flow of every lane that touches a side.

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
    base = np.array([network.lanes[lane].base_flow for lane, _ in exports.keys])
    total: dict[str, list[float]] = {}
    for keys, units in (
        (ours["ship"].keys, ours["ship"].values(solution)),
        (exports.keys, base * exports.values(solution)),
        (theirs["ship"].keys, theirs["ship"].values(solution)),
    ):
        for (lane, *_), amount in zip(keys, units.tolist(), strict=True):
            total.setdefault(lane, []).append(amount)
    fills = operations.fills(None)
    for pair, lanes in network.sold_abroad.items():
        for lane in lanes:
            if network.side[lane.destination] == "other":
                total[lane.lane] = (lane.base_flow * fills[pair]).tolist() if lane.base_flow else []
    unit = {name: network.units.item(lane.item) for name, lane in network.lanes.items()}
    rows = [
        {
            "lane": name,
            "item": network.lanes[name].item,
            "origin": network.lanes[name].origin,
            "destination": network.lanes[name].destination,
            "base_flow": network.lanes[name].base_flow * unit[name],
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
    """Return the case format's warnings that need the status quo: unserved demand, base flows that do not balance.

    Parameters
    ----------
    case
        A checked case.
    problem
        The case made ready, where there is one already.
    """
    problem = problem or Problem.natural(case)
    warnings = [
        f"the status quo serves only {row.mean_fill:.1%} of {row.item} in {row.site}"
        for row in unserved_table(case, problem).itertuples()
    ]
    for row in lane_table(case, problem).itertuples():
        network = problem.network
        lane, unit = network.lanes[row.lane], network.units.item(row.item)
        scale = lane.base_flow or 1e-3 * min(lane.max_flow, network.usable.dispatched(lane))
        if abs(row.difference) > (OFF_BALANCE * scale + 1e-9) * unit:
            warnings.append(
                f"lanes, {row.lane}: base_flow is {row.base_flow:.4g} a week, but the status quo's mean flow is "
                f"{row.mean_flow:.4g}; base flows should balance with recipes, demands and stocks"
            )
    return warnings


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
