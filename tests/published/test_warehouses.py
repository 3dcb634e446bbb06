"""Published problems of buyers: the transport problem, and warehouses with capacities and fixed costs.

Warehouses have the structure of OR-Library's capacitated problems (J. E. Beasley, OR-Library, Journal of the Operational Research
Society 41(11) 1990; cap41 and others): their data are not ours to hand on, so that instances of the same structure are drawn from a
seed and solved by an independent mixed-integer program as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytest import approx
from scipy.optimize import Bounds, LinearConstraint, milp
from sluicegate import Case, case_from_tables, solve
from sluicegate.model.leader.problem import Problem

from sluicegate_testing.builders import parts


def shipped(capacity: np.ndarray, need: np.ndarray, cost: np.ndarray, fixed: np.ndarray | None, lost: float) -> Case:
    """Warehouses of ours, filled from outside up to their capacity, and what a unit costs from each to every customer.

    With `fixed` a warehouse has to be opened: a qualification of the lane that fills it.
    """
    warehouses, customers = [f"w{k}" for k in range(len(capacity))], [f"c{k}" for k in range(len(need))]
    fill: list[dict[str, Any]] = [
        {
            "lane": f"fill-{name}",
            "item": "x",
            "origin": "world",
            "destination": name,
            "unit_cost": 0.0,
            "max_flow": float(most),
            "qualification": None if fixed is None else f"open-{name}",
        }
        for name, most in zip(warehouses, capacity, strict=True)
    ]
    deliver = [
        {
            "lane": f"{a}-{b}",
            "item": "x",
            "origin": a,
            "destination": b,
            "unit_cost": float(cost[i, j]),
            "max_flow": "inf",
        }
        for i, a in enumerate(warehouses)
        for j, b in enumerate(customers)
    ]
    tables = {
        "parties": [
            {"party": "us", "role": "focal"},
            {"party": "nobody", "role": "counterpart"},
            {"party": "world", "role": "other"},
        ],
        "sites": [
            *({"site": name, "party": "us"} for name in (*warehouses, *customers)),
            {"site": "world", "party": "world"},
            {"site": "nowhere", "party": "nobody"},
        ],
        "items": [{"item": "x"}],
        "stocks": [{"site": "nowhere", "item": "x", "initial": 1.0, "terminal_target": 0.0}],
        "lanes": fill + deliver,
        "demands": [
            {"site": name, "item": "x", "quantity": float(units), "shortage_penalty": lost, "min_fill": float(lost > 0)}
            for name, units in zip(customers, need, strict=True)
        ],
        "qualifications": [
            {"qualification": f"open-{name}", "fixed_cost": float(money)}
            for name, money in zip(warehouses, [] if fixed is None else fixed, strict=fixed is not None)
        ],
    }
    return case_from_tables("warehouses", {"horizon": {"weeks": 1}}, tables)


def test_the_transport_problem() -> None:
    # G. B. Dantzig, Linear Programming and Extensions, 1963, chapter 3.3: canneries in Seattle and San Diego, 90 dollars a case and
    # thousand miles; GAMS model library, trnsport: 153.675 thousand dollars.
    miles = np.array([[2.5, 1.7, 1.8], [2.5, 1.8, 1.4]])
    made = shipped(np.array([350.0, 600.0]), np.array([325.0, 300.0, 275.0]), 0.09 * miles, None, 9.0)
    assert Problem(made).status_quo.cost == approx(153.675)


@pytest.mark.parametrize("seed", range(3))
def test_warehouses_with_capacities(seed: int) -> None:
    dice = np.random.default_rng(seed)
    sites, customers = 6, 10
    need = dice.uniform(5, 50, customers).round(1)
    capacity = np.full(sites, round(float(need.sum()) / 3, 1))
    cost, fixed = dice.uniform(1, 9, (sites, customers)).round(3), dice.uniform(40, 120, sites).round(1)
    # What goes from a warehouse to a customer, then which are open.
    flows = sites * customers
    served = np.hstack([np.tile(np.eye(customers), sites), np.zeros((customers, sites))])
    stored = np.hstack([np.kron(np.eye(sites), np.ones(customers)), -np.diag(capacity)])
    known = milp(
        np.concatenate([cost.ravel(), fixed]),
        constraints=[LinearConstraint(served, need, need), LinearConstraint(stored, -np.inf, 0.0)],
        bounds=Bounds(0.0, np.append(np.full(flows, np.inf), np.ones(sites))),
        integrality=np.append(np.zeros(flows), np.ones(sites)),
        options={"mip_rel_gap": 1e-9},
    )
    plan = solve(shipped(capacity, need, cost, fixed, 100.0))
    assert plan.status == "optimal"
    assert sum(parts(plan, "ours").values()) == approx(known.fun, rel=1e-6)
    assert len(plan.qualified) == round(float(known.x[flows:].sum()))
