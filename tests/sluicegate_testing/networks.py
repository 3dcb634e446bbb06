"""Problems of published kinds, drawn from a seed, each with an answer worked out by another method.

==========================  =====================================================  =========================================
problem                     source                                                 answer here
==========================  =====================================================  =========================================
shortest path with delays   Israeli & Wood, "Shortest-path network interdiction",  their own program, by scipy's solver; where
                            Networks 40(2), 2002                                   asked all sets of attacks, Dijkstra for each
sensors against evasion     Pan, Charlton & Morton, "A stochastic program for      all sets of sensors, the likeliest way for
                            interdicting smuggled nuclear material", in Network    each evader by dynamic programming
                            Interdiction and Stochastic Integer Programming, 2003
capacitated warehouses      Church, Scaparra & Middleton, "Identifying critical    all sets of warehouses closed, a
closed                      infrastructure: the median and covering facility       transportation problem for each, by
                            interdiction problems", Annals of the AAG 94(3), 2004  scipy's own solver
==========================  =====================================================  =========================================
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from sluicegate import Case, case_from_tables

UNSERVED = 1000.0
"""What a unit costs that is not delivered."""


@dataclass(frozen=True)
class Drawn:
    """A problem and its answer.

    Attributes
    ----------
    case
        The case.
    leverage
        The counterpart's greatest loss.
    """

    case: Case
    leverage: float


def _case(title: str, limits: Mapping[str, float], **tables: list[dict[str, Any]]) -> Case:
    settings = {
        "case": {"title": title, "currency": "cost"},
        "horizon": {"weeks": 1},
        "limits": dict(limits),
        "solver": {"time_limit": 120, "rel_gap": 1e-6},
    }
    parties = [
        {"party": "attacker", "role": "focal"},
        {"party": "operator", "role": "counterpart"},
    ]
    return case_from_tables(title, settings, {"parties": parties, **tables})


def _within(loads: Mapping[Any, float], most: float) -> Iterator[frozenset[Any]]:
    """All sets of attacks that can be paid for and to which no other could be added: one less never hurts more."""
    names = sorted(loads)
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            used = sum(loads[name] for name in chosen)
            cheapest = min((loads[name] for name in names if name not in chosen), default=math.inf)
            if used <= most < used + cheapest:
                yield frozenset(chosen)


# Shortest path with delays ------------------------------------------------------------------------------------------------


def shortest_path(nodes: int, arcs: int, most: float = 4, seed: int = 0, enumerated: bool = False) -> Drawn:
    """One unit from the first node to the last, along arcs that an attack delays; what an attack takes differs.

    An arc is a lane between two sites under a regime of its own. A second lane costs its delay more and is free of it.

    Parameters
    ----------
    nodes, arcs
        Size of the network; there are arcs in both directions between nodes that are near each other.
    most
        What the attacks may take together.
    seed
        Of the draw.
    enumerated
        Whether the answer is to be that of all sets of attacks as well.
    """
    draw = random.Random(seed)
    near = [
        (i, j) for i in range(nodes) for j in range(nodes) if i != j and abs(i - j) <= 3 and j != 0 and i != nodes - 1
    ]
    chain = [(i, i + 1) for i in range(nodes - 1)]
    picked = sorted({*chain, *draw.sample(near, max(0, arcs - len(chain)))})
    cost = {arc: float(draw.randint(0, 10)) for arc in picked}
    delay = {arc: float(draw.randint(2, 12)) for arc in picked}
    takes = {arc: float(draw.randint(1, 3)) for arc in picked}

    def length(attacked: frozenset[tuple[int, int]]) -> float:
        reached, waiting = {}, [(0.0, 0)]
        while waiting:
            far, node = heapq.heappop(waiting)
            if node in reached:
                continue
            reached[node] = far
            for arc in picked:
                if arc[0] == node:
                    heapq.heappush(waiting, (far + cost[arc] + delay[arc] * (arc in attacked), arc[1]))
        return reached[nodes - 1]

    best = _delayed(nodes, cost, delay, takes, most)
    if enumerated:
        assert math.isclose(best, max(length(attacked) for attacked in _within(takes, most)), rel_tol=1e-6)
    names = {arc: f"{arc[0]}-{arc[1]}" for arc in picked}
    way = {"item": "goods", "lead_weeks": 0, "base_flow": 0, "max_flow": 1}
    lanes = []
    for arc, name in names.items():
        ends = {"origin": f"n{arc[0]}", "destination": f"n{arc[1]}"}
        lanes.append({"lane": name, **way, **ends, "unit_cost": cost[arc], "regime": name})
        lanes.append({"lane": f"{name} delayed", **way, **ends, "unit_cost": cost[arc] + delay[arc]})
    case = _case(
        "shortest path with delays",
        {"political_capital": most},
        sites=[
            {"site": "office", "party": "attacker"},
            *({"site": f"n{k}", "party": "operator"} for k in range(nodes)),
        ],
        items=[{"item": "goods"}],
        lanes=lanes,
        processes=[{"process": "supply", "site": "n0", "output": "goods", "capacity": 1, "unit_cost": 0}],
        demands=[{"site": f"n{nodes - 1}", "item": "goods", "quantity": 1, "shortage_penalty": UNSERVED}],
        regimes=[{"regime": name, "controller": "attacker"} for name in names.values()],
        policies=[
            {"regime": name, "policy": "attack", "delay_weeks": 0, "approval_rate": 0, "political_cost": takes[arc]}
            for arc, name in names.items()
        ],
    )
    return Drawn(case, best - length(frozenset()))


def _delayed(
    nodes: int,
    cost: Mapping[tuple[int, int], float],
    delay: Mapping[tuple[int, int], float],
    takes: Mapping[tuple[int, int], float],
    most: float,
) -> float:
    """Israeli & Wood's program: the last node as far as can be, no node farther than along any arc, attacks whole."""
    arcs = list(cost)
    ends = np.zeros((len(arcs), nodes + len(arcs)))
    for row, (tail, head) in enumerate(arcs):
        ends[row, tail], ends[row, head] = -1.0, 1.0
        ends[row, nodes + row] = -delay[tail, head]
    taken = np.append(np.zeros(nodes), [takes[arc] for arc in arcs])
    aim = np.zeros(nodes + len(arcs))
    aim[nodes - 1] = -1.0
    found = milp(
        aim,
        constraints=[LinearConstraint(ends, ub=[cost[arc] for arc in arcs]), LinearConstraint(taken, ub=most)],
        integrality=np.append(np.zeros(nodes), np.ones(len(arcs))),
        bounds=Bounds(0.0, np.append([0.0], np.append(np.full(nodes - 1, UNSERVED), np.ones(len(arcs))))),
        options={"mip_rel_gap": 0.0},
    )
    assert found.success
    return -float(found.fun)


# Sensors against evasion -------------------------------------------------------------------------------------------------


def sensors(nodes: int, arcs: int, evaders: int, most: int = 3, seed: int = 0) -> Drawn:
    """Evaders choose the ways on which they are seen least; a sensor makes an arc less likely to be passed.

    What is left of a unit at a node is the chance to get there. A unit at the head of an arc takes more than one at its tail; less
    of it with the arc's permit, which a sensor withholds.

    Parameters
    ----------
    nodes, arcs
        Size of the network; arcs go upwards.
    evaders
        Pairs of origin and destination, equally likely.
    most
        Number of sensors.
    seed
        Of the draw.
    """
    draw = random.Random(seed)
    every = [(i, j) for i in range(nodes) for j in range(i + 1, nodes) if j - i <= 3]
    chain = [(i, i + 1) for i in range(nodes - 1)]
    picked = sorted({*chain, *draw.sample(every, max(0, arcs - len(chain)))})
    passed = {arc: draw.choice((0.5, 0.8, 0.9)) for arc in picked}
    seen = {arc: passed[arc] * draw.choice((0.1, 0.4, 0.5)) for arc in picked}
    ends = [(draw.randrange(nodes // 3), nodes - 1 - draw.randrange(nodes // 3)) for _ in range(evaders)]

    def evaded(watched: frozenset[tuple[int, int]]) -> float:
        total = 0.0
        for origin, destination in ends:
            chance = [0.0] * nodes
            chance[origin] = 1.0
            for arc in picked:
                on = chance[arc[0]] * (seen if arc in watched else passed)[arc]
                chance[arc[1]] = max(chance[arc[1]], on)
            total += chance[destination]
        return total * UNSERVED / evaders

    least = min(evaded(watched) for watched in _within(dict.fromkeys(picked, 1.0), most))
    names = {arc: f"{arc[0]}-{arc[1]}" for arc in picked}
    processes, recipes, demands, items = [], [], [], []
    for number, (origin, destination) in enumerate(ends):
        goods = [f"e{number} n{node}" for node in range(nodes)]
        items += [{"item": name} for name in goods]
        processes.append({"process": f"supply {number}", "site": "net", "output": goods[origin], "capacity": 1})
        demands.append(
            {"site": "net", "item": goods[destination], "quantity": 1, "shortage_penalty": UNSERVED / evaders}
        )
        for arc, name in names.items():
            for way, chance in (("open", passed), ("seen", seen)):
                process = f"e{number} {name} {way}"
                processes.append({"process": process, "site": "net", "output": goods[arc[1]], "capacity": 1})
                recipes.append({"process": process, "input": goods[arc[0]], "quantity": 1 / chance[arc]})
                if way == "open":
                    recipes.append({"process": process, "input": f"permit {name}", "quantity": 1})
    case = _case(
        "sensors against evasion",
        {"political_capital": most},
        sites=[{"site": "office", "party": "attacker"}, {"site": "net", "party": "operator"}],
        items=[*items, *({"item": f"permit {name}"} for name in names.values())],
        lanes=[
            {
                "lane": f"permits {name}",
                "item": f"permit {name}",
                "origin": "office",
                "destination": "net",
                "unit_cost": 0,
                "max_flow": 100,
                "regime": name,
            }
            for name in names.values()
        ],
        processes=processes,
        recipes=recipes,
        demands=demands,
        regimes=[{"regime": name, "controller": "attacker"} for name in names.values()],
        policies=[
            {"regime": name, "policy": "sensor", "delay_weeks": 0, "approval_rate": 0, "political_cost": 1}
            for name in names.values()
        ],
    )
    return Drawn(case, evaded(frozenset()) - least)


# Capacitated warehouses ----------------------------------------------------------------------------------------------------


def warehouses(count: int, customers: int, most: int = 2, seed: int = 0) -> Drawn:
    """Customers are served from warehouses of limited capacity; some warehouses can be closed.

    A warehouse passes on no more than its capacity, and nothing without permits, which closing it withholds.

    Parameters
    ----------
    count, customers
        Numbers of warehouses and customers, at random points of a square.
    most
        Warehouses that may be closed.
    seed
        Of the draw.
    """
    draw = np.random.default_rng(seed)
    houses, homes = draw.uniform(0, 100, (count, 2)), draw.uniform(0, 100, (customers, 2))
    wanted = draw.integers(1, 6, customers).astype(float)
    # What is left can serve nearly all.
    capacity = np.full(count, math.ceil(1.1 * wanted.sum() / (count - most)) - 1.0)
    far = np.linalg.norm(houses[:, None] - homes[None, :], axis=2).round(2)

    def cost(closed: tuple[int, ...]) -> float:
        """Distances, and a penalty for what is not served: a transportation problem."""
        flows = count * customers
        prices = np.append(far.ravel(), np.full(customers, UNSERVED))
        served = np.hstack([np.tile(np.eye(customers), count), np.eye(customers)])
        sent = np.hstack([np.repeat(np.eye(count), customers, axis=1), np.zeros((count, customers))])
        room = np.where(np.isin(np.arange(count), closed), 0.0, capacity)
        found = linprog(prices, A_ub=sent, b_ub=room, A_eq=served, b_eq=wanted)
        assert found.success and found.x.size == flows + customers
        return float(found.fun)

    best = max(cost(closed) for closed in itertools.combinations(range(count), most))
    case = _case(
        "capacitated warehouses",
        {"reviewer_hours": most},
        sites=[
            {"site": "office", "party": "attacker"},
            *({"site": f"w{k}", "party": "operator"} for k in range(count)),
            *({"site": f"c{k}", "party": "operator"} for k in range(customers)),
        ],
        items=[{"item": "goods"}, {"item": "permit"}],
        lanes=[
            *(
                {
                    "lane": f"permits {k}",
                    "item": "permit",
                    "origin": "office",
                    "destination": f"w{k}",
                    "unit_cost": 0,
                    "max_flow": float(capacity[k]),
                    "regime": f"w{k}",
                }
                for k in range(count)
            ),
            *(
                {
                    "lane": f"{k}-{c}",
                    "item": "goods",
                    "origin": f"w{k}",
                    "destination": f"c{c}",
                    "unit_cost": float(far[k, c]),
                    "max_flow": float(wanted[c]),
                    "base_flow": 0,
                }
                for k in range(count)
                for c in range(customers)
            ),
        ],
        processes=[
            {"process": f"store {k}", "site": f"w{k}", "output": "goods", "capacity": float(capacity[k])}
            for k in range(count)
        ],
        recipes=[{"process": f"store {k}", "input": "permit", "quantity": 1} for k in range(count)],
        demands=[
            {"site": f"c{c}", "item": "goods", "quantity": float(wanted[c]), "shortage_penalty": UNSERVED}
            for c in range(customers)
        ],
        regimes=[{"regime": f"w{k}", "controller": "attacker"} for k in range(count)],
        policies=[
            {"regime": f"w{k}", "policy": "close", "delay_weeks": 0, "approval_rate": 0, "reviewer_load": 1}
            for k in range(count)
        ],
    )
    return Drawn(case, best - cost(()))
