"""Published network-interdiction problems, rebuilt as cases.

Source: the Pyomo Gallery, https://github.com/Pyomo/PyomoGallery, folder ``network_interdiction`` (shortest path, max
flow, min-cost flow and multi-commodity flow, each with its data files and a notebook that prints the answers; that of
the last printed them in its first version only, of commit 16e68ba). Only the numbers of the networks and the answers
are taken over. The answers for 0, 1 and 2 attacks:

======================  =========================  ======  ======  ========
problem                 answer                          0       1         2
======================  =========================  ======  ======  ========
shortest path           least cost of a path            5      17       100
max flow                most that flows                80      10         0
min-cost flow           least cost                    700    7300     21000
multi-commodity flow    least cost                   3600    9600    143000
======================  =========================  ======  ======  ========

The test suite of https://github.com/stigrs/snram states the same answers for the first three, found with another
solver.

How a network becomes a case
----------------------------
The attacker is the focal party, the network's operator the counterpart, with one site, and the horizon is one week.

* A node is an item. An arc is a process at that site: a unit of the tail and a unit of the arc's permit make a unit
  of the head, at the arc's cost and within its capacity. None of the networks has a directed cycle, so no recipe has
  one.
* A permit comes by a lane of its own, free of charge, under a regime of its own. `attack` is a policy after which no
  permit arrives within the horizon: a review of a week or more, or a refusal. It takes one point (or hour) of a
  limit, and the limit is the number of attacks.
* A supply is a process without a recipe, capped by the supply. A demand has the published penalty for what is not
  served.

The published cost problems penalise unserved demand and unused supply, each with n C (number of nodes times dearest
arc), and an attack adds 2 n C + 1 to the cost of an arc. Supply and demand of a commodity are equal in total, and goods
leave the network at its demand only, so unused supply equals unserved demand and both together cost 2 n C a unit: here,
`shortage_penalty`. An attacked arc costs more than that for each unit, so using one never pays, and taking its permits
away means the same. In the max-flow problem an attack costs 1.1 for each unit that is worth 1, with the same effect.

Permits start at an untracked pair of the focal party, without margin: nothing is at stake on our side, and leverage
is the counterpart's loss, V(attacks) - V(no attack). Base flows are 0, which warns and changes nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Settings = dict[str, Any]
Tables = dict[str, list[dict[str, Any]]]

ATTACKER, NETWORK = "attacker", "network"


class Move(NamedTuple):
    """One commodity's way along an arc.

    Attributes
    ----------
    process : str
        Id of the process.
    arc : str
        The arc, whose permit a unit takes; empty where none is needed.
    tail, head : str
        The items at its ends.
    unit_cost : float
        Cost of a unit.
    """

    process: str
    arc: str
    tail: str
    head: str
    unit_cost: float


def _case(
    title: str,
    arcs: dict[str, float],
    moves: list[Move],
    supplies: dict[str, float],
    demands: dict[str, tuple[float, float]],
    attack: dict[str, Any],
    limits: dict[str, float],
) -> tuple[Settings, Tables]:
    """Build a case from a network.

    Parameters
    ----------
    title
        What the case is called.
    arcs
        Capacity by arc; every arc can be attacked.
    moves
        What can move along the arcs.
    supplies
        Supply by item.
    demands
        Quantity and penalty for a unit not served, by item.
    attack
        Columns of the policy `attack`.
    limits
        Section `limits`.

    Returns
    -------
    tuple of (dict, dict)
        Settings nested as in ``case.toml``, and the rows of every table.
    """
    nodes = dict.fromkeys(node for move in moves for node in (move.tail, move.head))
    settings: Settings = {
        "case": {"title": title, "currency": "cost"},
        "horizon": {"weeks": 1},
        "limits": limits,
        "objective": {"scenario": "worst"},
        "solver": {"time_limit": 60, "rel_gap": 1e-6},
    }
    tables: Tables = {
        "parties": [
            {"party": ATTACKER, "role": "focal", "name": "Attacker"},
            {"party": NETWORK, "role": "counterpart", "name": "Operator of the network"},
        ],
        "sites": [
            {"site": "office", "party": ATTACKER, "name": "Where permits are issued"},
            {"site": "works", "party": NETWORK, "name": "The whole network"},
        ],
        "items": [
            *({"item": node, "name": f"Goods at {node}", "unit": "unit"} for node in nodes),
            *({"item": f"permit {arc}", "name": f"Permit for {arc}", "unit": "unit"} for arc in arcs),
        ],
        "stocks": [],
        "lanes": [
            {
                "lane": f"permits {arc}",
                "item": f"permit {arc}",
                "origin": "office",
                "destination": "works",
                "unit_cost": 0,
                "max_flow": capacity,
                "regime": arc,
            }
            for arc, capacity in arcs.items()
        ],
        "processes": [
            *(
                {"process": f"supply {item}", "site": "works", "output": item, "capacity": quantity, "unit_cost": 0}
                for item, quantity in supplies.items()
            ),
            *(
                {
                    "process": move.process,
                    "site": "works",
                    "output": move.head,
                    "unit_cost": move.unit_cost,
                    **({"capacity": arcs[move.arc]} if move.arc else {}),
                }
                for move in moves
            ),
        ],
        "recipes": [
            {"process": move.process, "input": item, "quantity": 1}
            for move in moves
            for item in (move.tail, *([f"permit {move.arc}"] if move.arc else []))
        ],
        "demands": [
            {"site": "works", "item": item, "quantity": quantity, "shortage_penalty": penalty}
            for item, (quantity, penalty) in demands.items()
        ],
        "regimes": [{"regime": arc, "controller": ATTACKER, "name": f"Permits for {arc}"} for arc in arcs],
        "policies": [{"regime": arc, "policy": "attack", **attack} for arc in arcs],
        "retaliations": [],
        "contingencies": [],
        "sources": [],
    }
    return settings, tables


def shortest_path(attacks: int) -> tuple[Settings, Tables]:
    """Return the published shortest-path problem: one unit from Start to End.

    An attack delays an arc: besides the process that needs the permit there is a detour that does not, at the arc's
    cost plus the published delay of 2 n C + 1 = 101. Leaving the unit undelivered costs 2 n C = 100.

    Parameters
    ----------
    attacks
        Number of arcs that may be attacked.

    Returns
    -------
    tuple of (dict, dict)
        Settings and tables; V is the cost of the shortest path, or 100.
    """
    costs = {
        ("Start", "B"): 10,
        ("Start", "C"): 2,
        ("C", "B"): 2,
        ("B", "End"): 1,
        ("C", "D"): 7,
        ("D", "End"): 8,
    }
    dearest = 5 * max(costs.values())
    permitted = [Move(f"{tail}-{head}", f"{tail}-{head}", tail, head, cost) for (tail, head), cost in costs.items()]
    detours = [
        move._replace(process=f"{move.process} detour", arc="", unit_cost=move.unit_cost + 2 * dearest + 1)
        for move in permitted
    ]
    return _case(
        "Shortest path, interdicted",
        arcs={move.arc: 1 for move in permitted},
        moves=permitted + detours,
        supplies={"Start": 1},
        demands={"End": (1, 2 * dearest)},
        attack={"delay_weeks": 1, "political_cost": 1},
        limits={"political_capital": attacks},
    )


def max_flow(attacks: int) -> tuple[Settings, Tables]:
    """Return the published max-flow problem: as much as possible from Start to End.

    The demand, 150, is all that the arcs into End can carry, and the supply, 80, all that the arcs out of Start can:
    neither binds before the arcs do. A unit not served costs 1 and nothing else costs anything. So V = 150 - flow,
    whatever is attacked, and the counterpart's loss is the flow it loses.

    Parameters
    ----------
    attacks
        Number of arcs that may be attacked.

    Returns
    -------
    tuple of (dict, dict)
        Settings and tables; V is 150 minus the largest flow.
    """
    capacities = {
        ("Start", "B"): 10,
        ("Start", "C"): 70,
        ("C", "B"): 30,
        ("B", "End"): 100,
        ("C", "D"): 40,
        ("D", "End"): 50,
    }
    into_end = sum(capacity for (_, head), capacity in capacities.items() if head == "End")
    out_of_start = sum(capacity for (tail, _), capacity in capacities.items() if tail == "Start")
    return _case(
        "Maximum flow, interdicted",
        arcs={f"{tail}-{head}": capacity for (tail, head), capacity in capacities.items()},
        moves=[Move(f"{tail}-{head}", f"{tail}-{head}", tail, head, 0) for tail, head in capacities],
        supplies={"Start": out_of_start},
        demands={"End": (into_end, 1)},
        attack={"delay_weeks": 0, "approval_rate": 0, "reviewer_load": 1},
        limits={"reviewer_hours": attacks},
    )


def min_cost_flow(attacks: int) -> tuple[Settings, Tables]:
    """Return the published min-cost-flow problem: 20 units at Start and 10 at C, 30 wanted at End.

    Five nodes and a dearest arc of 70 make 2 n C = 700 the penalty for a unit not served.

    Parameters
    ----------
    attacks
        Number of arcs that may be attacked.

    Returns
    -------
    tuple of (dict, dict)
        Settings and tables; V is the least cost.
    """
    arcs = {
        ("Start", "B"): (10, 0),
        ("Start", "C"): (70, 10),
        ("C", "B"): (30, 30),
        ("B", "End"): (100, 0),
        ("C", "D"): (40, 20),
        ("D", "End"): (50, 70),
    }
    return _case(
        "Min-cost flow, interdicted",
        arcs={f"{tail}-{head}": capacity for (tail, head), (capacity, _) in arcs.items()},
        moves=[Move(f"{tail}-{head}", f"{tail}-{head}", tail, head, cost) for (tail, head), (_, cost) in arcs.items()],
        supplies={"Start": 20, "C": 10},
        demands={"End": (30, 2 * 5 * 70)},
        attack={"delay_weeks": 1, "political_cost": 1},
        limits={"political_capital": attacks},
    )


def multi_commodity_flow(attacks: int) -> tuple[Settings, Tables]:
    """Return the published multi-commodity problem: 20 rice from Start to D, 10 corn from C to End.

    Both commodities share an arc's capacity: both need its permits, and its lane brings no more of them than the arc
    can carry. Five nodes and a dearest arc of 700 make 2 n C = 7000 the penalty for a unit not served.

    Parameters
    ----------
    attacks
        Number of arcs that may be attacked.

    Returns
    -------
    tuple of (dict, dict)
        Settings and tables; V is the least cost.
    """
    arcs = {
        ("Start", "B"): (20, {"Rice": 0, "Corn": 0}),
        ("Start", "C"): (70, {"Rice": 10, "Corn": 100}),
        ("C", "B"): (30, {"Rice": 30, "Corn": 300}),
        ("B", "End"): (100, {"Rice": 0, "Corn": 0}),
        ("B", "D"): (20, {"Rice": 40, "Corn": 400}),
        ("C", "D"): (40, {"Rice": 20, "Corn": 200}),
        ("D", "End"): (50, {"Rice": 70, "Corn": 700}),
    }
    return _case(
        "Multi-commodity flow, interdicted",
        arcs={f"{tail}-{head}": capacity for (tail, head), (capacity, _) in arcs.items()},
        moves=[
            Move(f"{tail}-{head} {commodity}", f"{tail}-{head}", f"{tail} {commodity}", f"{head} {commodity}", cost)
            for (tail, head), (_, costs) in arcs.items()
            for commodity, cost in costs.items()
        ],
        supplies={"Start Rice": 20, "C Corn": 10},
        demands={"D Rice": (20, 2 * 5 * 700), "End Corn": (10, 2 * 5 * 700)},
        attack={"delay_weeks": "1:1;2:3", "political_cost": 1},
        limits={"political_capital": attacks},
    )
