"""What the status quo of a case looks like when both sides play it at least cost, and where that surprises."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pyomo.environ import value

from ..model.network import NONE
from ..model.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Case

OFF_BALANCE = 0.1
"""Relative difference between a lane's base flow and its mean flow from which a warning is given."""

UNSERVED = 1e-6
"""Mean shortfall of a fill that counts as unserved."""


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
    network, model = problem.network, problem.status_quo.joint.model
    ours, response = model.ours[NONE], model.response
    total: dict[str, list[float]] = {}
    for (lane, _), variable in ours.ship.items():
        total.setdefault(lane, []).append(value(variable))
    for (lane, _), variable in ours.export_fill.items():
        total.setdefault(lane, []).append(network.lanes[lane].base_flow * value(variable))
    for (lane, _, _), variable in response.ship.items():
        total.setdefault(lane, []).append(value(variable))
    for pair, lanes in network.sold_abroad.items():
        for lane in lanes:
            if network.side[lane.destination] == "other":
                fills = (
                    [lane.base_flow * value(response.fill[*pair, week]) for week in response.weeks]
                    if lane.base_flow
                    else []
                )
                total[lane.lane] = fills
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
    model = problem.status_quo.joint.model
    fills: dict[tuple[str, str], list[float]] = {}
    for fill in (model.ours[NONE].fill, model.response.fill):
        for (site, item, _), variable in fill.items():
            fills.setdefault((site, item), []).append(value(variable))
    rows = [
        {"site": site, "item": item, "mean_fill": math.fsum(levels) / len(levels)}
        for (site, item), levels in fills.items()
        if math.fsum(levels) / len(levels) < 1 - UNSERVED
    ]
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
