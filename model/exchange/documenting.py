"""What every component of a model is: formulas from the functions that state them, a sentence for every variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyomo.environ import Block, Constraint, Expression, Var

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel

OURS, RESPONSE, DUAL = "ours", "response", "response_dual"

SENTENCES = {
    "policy": "policy[g,p]: 1 where regime g of ours or an ally's is under policy p.",
    "qualify": "qualify[n]: 1 where lane or qualification n is qualified.",
    "stockpile": "stockpile[s,i]: units stockpiled before week 0.",
    "counterpart_fill": "counterpart_fill[s,i,t]: the response's fill rate, where our side depends on it.",
    "order": "order[l,t]: what the counterpart orders in week t on a lane from a tracked stock of ours.",
    "margin_earned": "Margin that our side earns on lanes to the counterpart, weighted.",
    "yielded": "yielded[g,p,s,i,t]: the counterpart's fill under policy p of a regime that acts on imports.",
    f"{OURS}.reviewed": "reviewed[l,p,t]: units dispatched to our side in week t under policy p of ours.",
    "lasting_kept": "What the counterpart's orders keep of what may stay lost after the end.",
    "taken": "taken[g,p]: 1 where policy p of regime g, for which allies give something, is chosen.",
    "own_cost": "own_cost[scenario]: what a scenario that may decide costs us.",
    "advantage": "What the worst scenario leaves us: package cost + refused margin - own_cost.",
    "admin_cost": "Sum of admin_cost over the chosen policies.",
    f"{OURS}.ship": "ship[l,t]: units dispatched to our side in week t.",
    f"{OURS}.make": "make[j,t]: units of output made in week t.",
    f"{OURS}.save": "save[j,i,t]: units of an input that a process does without.",
    f"{OURS}.stock": "stock[s,i,t]: units in stock at the end of week t.",
    f"{OURS}.fill": "fill[s,i,t]: share of home demand served.",
    f"{OURS}.wait": "wait[s,i,t]: units of home demand that wait at the end of week t.",
    f"{OURS}.late": "late[s,i,t]: units of waiting demand that are served in week t.",
    f"{OURS}.export_fill": "export_fill[l,t]: share of the base flow to another party that is served.",
    f"{OURS}.undelivered": "undelivered[l,t]: units that the counterpart ordered and does not get.",
    f"{OURS}.short_end": "short_end[s,i]: units below the terminal target.",
    **{
        f"{OURS}.later_{name}": f"{name} from the week on in which the scenario is known; before, decisions are those of none."
        for name in (
            "ship",
            "reviewed",
            "make",
            "save",
            "stock",
            "fill",
            "wait",
            "late",
            "export_fill",
            "undelivered",
            "placed",
        )
    },
    "value_gap": "Money over the limit on the value of stockpiles; fixed at 0.",
    f"{OURS}.fill_gap": "Gap in the mean fill rate; fixed at 0.",
    f"{OURS}.week_gap": "Gap in the fill rate of a week; fixed at 0.",
    f"{OURS}.share_gap": "Units above the share limit of a party; fixed at 0.",
    f"{OURS}.supplier_gap": "Units above the share limit of a site; fixed at 0.",
    f"{OURS}.count_gap": "Suppliers below the least number; fixed at 0.",
    f"{OURS}.placed": "placed[l,t]: 1 where something is ordered in week t on a lane with a least order.",
    f"{OURS}.tier": "tier[l,k]: 1 where the k-th price of a lane is for all its units; 0 is unit_cost.",
    f"{OURS}.bought": "bought[l,k,t]: units dispatched in week t that are bought at the k-th price.",
    f"{OURS}.supplies": "supplies[i,s]: 1 where site s supplies us with item i.",
    f"{OURS}.cost": "What the scenario's operations cost: the sum of the cost terms, transfer_income with a minus.",
    f"{RESPONSE}.ship": "ship[l,p,t]: units dispatched to the counterpart in week t under policy p.",
    f"{RESPONSE}.contract": "contract[l,p]: share of a lane's contract that it carries, every week, under policy p.",
    f"{RESPONSE}.make": "make[j,t]: units of output made in week t.",
    f"{RESPONSE}.save": "save[j,i,t]: units of an input that a process does without.",
    f"{RESPONSE}.stock": "stock[s,i,t]: units in stock at the end of week t.",
    f"{RESPONSE}.fill": "fill[s,i,t]: one rate for everything that leaves the chain at (s,i).",
    f"{RESPONSE}.wait": "wait[s,i,t]: units of home demand that wait at the end of week t.",
    f"{RESPONSE}.late": "late[s,i,t]: units of waiting demand that are served in week t.",
    f"{RESPONSE}.short_end": "short_end[s,i]: units below the terminal target.",
    f"{RESPONSE}.cost": "What the response costs the counterpart: the sum of the cost terms.",
    f"{DUAL}.price": "price[s,i,t]: price of a balance, at most worth(s,i).",
    f"{DUAL}.end_price": "end_price[s,i]: price of the row at the end of the horizon, at most the terminal price.",
    f"{DUAL}.rent": "rent[l,p,t]: rent of a lane's capacity.",
    f"{DUAL}.contract_rent": "contract_rent[l,p]: rent of contract <= 1.",
    f"{DUAL}.save_price": "save_price[j,i,t]: price of what a process may save of an input.",
    f"{DUAL}.wait_price": "wait_price[s,i,t]: price of demand that waits, at most what waiting can cost.",
    f"{DUAL}.make_rent": "make_rent[j,t]: rent of a process's capacity.",
    f"{DUAL}.stock_rent": "stock_rent[s,i,t]: rent of a stock's capacity.",
    f"{DUAL}.fill_rent": "fill_rent[s,i,t]: rent of fill <= 1.",
    f"{DUAL}.share": "share[g,p,s,i,t]: share of a price that belongs to policy p of regime g.",
    f"{DUAL}.end_share": "end_share[g,p,s,i]: share of an end price that belongs to policy p of regime g.",
}
"""Of every variable, and of expressions that no function of their own states, by block and name."""


def document(model: ConcreteModel) -> None:
    """Give every family that no function states its ``doc``; the others have their formula, as docs/model.md shows it."""
    for kind in (Constraint, Expression, Var):
        for component in model.component_objects(kind, descend_into=True):
            if component.doc is None:
                component.doc = SENTENCES.get(_path(component))


def _path(component: Any) -> str:
    """Return the names of a component's block and its own, without indices."""
    block = component.parent_block()
    outer = "" if block is block.model() else f"{block.parent_component().local_name}."
    return f"{outer}{component.local_name}"


def families(model: ConcreteModel) -> dict[str, str | None]:
    """Return what every family of a documented model is, by block and name: variables, then constraints, then expressions.

    A family of several scenarios is there once.
    """
    found: dict[str, str | None] = {}
    for kind in (Var, Constraint, Expression):
        for component in model.component_objects(kind, descend_into=Block):
            found.setdefault(_path(component), component.doc)
    return found
