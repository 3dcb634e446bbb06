"""The Pyomo models for analysts: named, in the case's own units, leverage as the objective (docs/open-model.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyomo.environ import Constraint, Expression, Objective, Set, Var, maximize, minimize

from ..algebra.opening import open_model
from ..formulation.linking import build_leader_problem, own_columns
from ..formulation.single_level import build_single_level
from ..leader.problem import Problem
from ..network import Network
from ..solving import check_choices
from .documenting import document
from .naming import safe

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel

    from ...data import Case
    from ...data.units import Units

UNITS = ("auto", "case", "natural")
"""Units that a model can be in."""

LEAST_UNIT, MOST_UNIT = 1e-2, 1e6
"""Natural units, in those of the case, between which a solver's absolute tolerances can take the units of the case: below, a
tolerance of 1e-6 is more than rounding; above, it is less."""

INTERNAL = ("best", "operations", "worst_leverage", "budget", "own_loss", "gap_cost", "budget_gap", "loss_gap")
"""Components through which the methods steer the model; each comes after all that refer to it."""

GAP = "_gap"
"""How the names of gaps of limits end, which only `explain` opens."""


def formulate(case: Case, policies: Mapping[str, str] | None = None, *, units: str = "auto") -> ConcreteModel:
    """Return the Pyomo model of a case, to read, extend, write or solve with any solver.

    Without policies it is the single-level program (model.md section 6): policies are binaries, and the counterpart's response
    enters by its primal, its dual and strong duality. With policies it is our side on the response's least-cost face under these
    (sections 4 and 5). In both, ``leverage`` is the only objective, maximised, constants included: its optimum is the leverage
    of `solve`, or of the best plan under the policies given. Where cost is the sense, ``cost`` is minimised.

    Parameters
    ----------
    case
        A checked case.
    policies
        Policy by regime; regimes not named stay ``open``. None leaves the choice to the model.
    units
        ``case`` keeps every figure in the units of the case. ``natural`` takes the natural units of conventions.md (Units), for
        which a solver's absolute tolerances are made. ``auto`` keeps those of the case if a solver can take them: if natural
        units of money and items, and of money for an item, are between 0.01 and a million of them. ``model.units`` says how many
        units of the case each unit of the model is.

    Returns
    -------
    pyomo.environ.ConcreteModel
        Variables and constraints are named as in model.md, and the ``doc`` of each family is its formula: ``policy[g,p]``,
        ``qualify[n]``, ``stockpile[s,i]``, blocks ``response`` and ``response_dual`` (the latter only without policies), blocks
        ``ours[scenario]``. ``model.units`` is a `sluicegate.data.units.Units`.

    Raises
    ------
    ValueError
        For units that do not exist, and for a regime or policy that the case does not offer.
    """
    if units not in UNITS:
        raise ValueError(f"no units {units!r}; there are {', '.join(UNITS)}")
    if policies is not None:
        check_choices(Network(case), policies, (), {})
    problem = Problem.natural(case)
    own = units == "case" or (units == "auto" and moderate(problem.units))
    network = Network(case) if own else problem.network
    money = problem.units.money if own else 1.0
    model = _program(network) if policies is None else _under(problem, network, {**problem.all_open, **policies}, money)
    for name in INTERNAL:
        if model.component(name) is not None:
            model.del_component(name)
    for block in model.ours.values():
        for variable in block.component_objects(Var, descend_into=False):
            if variable.local_name.endswith(GAP):
                variable.fix(0.0)
    if network.least_cost:
        model.cost = Objective(expr=-model.gain, sense=minimize)
        model.cost.doc = "What the plan costs in the scenarios that decide."
        model.gain.doc = "Minus the cost."
    else:
        model.leverage = Objective(expr=model.gain + problem.constant(0.0, 0.0) * money, sense=maximize)
        model.leverage.doc = "Leverage: the counterpart's loss - our loss in the scenario that decides."
    model.name = safe(case.name)
    model.units = network.units
    document(model)
    return model


def moderate(units: Units) -> bool:
    """Whether a case with these natural units can be solved in its own: money, items, and money for an item are of usual size."""
    items = units.items.values()
    sizes = [units.money, *items, *(units.money / item for item in items)]
    return all(LEAST_UNIT <= size <= MOST_UNIT for size in sizes)


def _program(network: Network) -> ConcreteModel:
    """Return the single-level program, the response's primal always in it."""
    model = open_model(build_single_level(network, primal=True))
    gained = 0.0 if network.least_cost else model.response_dual.value
    model.gain = Expression(expr=gained - model.admin_cost + model.advantage)
    model.gain.doc = "Leverage up to a constant: V, by the dual - admin costs + advantage."
    return model


def _under(problem: Problem, network: Network, choice: Mapping[str, str], money: float) -> ConcreteModel:
    """Return our side on the response's least-cost face under a choice of policies."""
    stated = build_leader_problem(network)
    cost, admin = problem.response_cost(choice) * money, problem.admin_cost(choice) * money
    for (lane, policy, _), ship in stated.response.ship.items():
        regime = network.our_regime(network.lanes[lane])
        if regime is not None and choice[regime] != policy:
            ship.fix(0.0)
    for regime, policy, variable in own_columns(stated):
        if choice[regime] != policy:
            variable.fix(0.0)
    model = open_model(stated)
    model.del_component("least_cost")
    model.least_cost = Constraint(expr=model.response.cost <= cost)
    model.least_cost.doc = "The counterpart plays a least-cost response: cost <= V under the policies given."
    limits = network.case.settings.limits
    model.policies = Set(initialize=list(choice.items()), dimen=2, doc="The policies given: (regime, policy).")
    if model.component("budget") is not None and limits.budget < math.inf:
        model.within_budget = Constraint(expr=model.first_stage_cost <= limits.budget - admin)
        model.within_budget.doc = "First-stage cost <= budget - admin costs of the policies given."
    model.gain = Expression(expr=(0.0 if network.least_cost else cost) - admin + model.advantage)
    model.gain.doc = "Leverage up to a constant: V - admin costs + advantage."
    return model
