"""Both losses of a plan that is settled in week t, before or after it has run its course."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from .case import INF, NONE, Case, Pair, Scenario, Settings, Tables
from .chains import Chain
from .follower import SLACK, add_response, hold_at_least_cost, solve_response
from .leader import FirstStage, add_first_stage, add_ours, imports_loss, lasting_loss, retaliation_loss
from .planner import Solved, own_costs_today, solve_for, worst_of
from .programs import Affine, Program
from .rolling import Decisions, Operations

WEEKLY = ("ship", "make", "stock", "fill", "export_fill", "slack", "save", "late", "order")


def by_week(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    *,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    decided: Operations | None = None,
    weights: Mapping[str, float] | None = None,
    slack: float = SLACK,
    near: float = 2e-7,
) -> list[tuple[float, float]]:
    """The counterpart's and our loss if it is settled in week t = 0..T, in the scenarios that decide, by their weights.

    From week t on every policy is over. Nobody foresees it: decisions of weeks before t are the plan's; from t on the
    counterpart, then we, go on at least cost. An outage goes on: until its reveal week we go on at least cost in none.

    Parameters
    ----------
    decided, weights
        The plan's decisions, held to ``near``, and the weights with which its scenarios decide; default: those found here.
    """
    case = Case(settings, tables)
    least, least_open = solve_response(case, policies).value, solve_response(case, {}).value
    today = own_costs_today(case, least_open, slack)
    if decided is None:
        solved = solve_for(case, policies, least, least_open, today, slack, qualified, stockpile)
        if solved is None:
            raise ValueError("the limits leave no plan")
        decided, weights = _found(case, solved)
    names = {scenario.name: scenario for scenario in case.scenarios()}
    found = []
    for week in range(case.T + 1):
        losses = [0.0, 0.0]
        for name, weight in (weights or {}).items():
            one = _settled(case, policies, names[name], decided, week, slack, near)
            for side, money in enumerate((one[0] - least_open, one[1] - today)):
                losses[side] += weight * money
        found.append((losses[0], losses[1]))
    return found


def _found(case: Case, solved: Solved) -> tuple[Operations, dict[str, float]]:
    """The decisions of a plan found here, and the weights with which its scenarios decide."""
    x = solved.tidy()

    def decisions(chain: Chain) -> Decisions:
        return {kind: {key: float(x[column]) for key, column in getattr(chain, kind).items()} for kind in WEEKLY}

    weights = {worst_of(solved, x).name: 1.0}
    if case.features.tail is not None:
        value = {
            s: -solved.suffered[s].at(x) + (0.0 if case.cost else solved.inflicted[s].at(x)) for s in solved.judged
        }
        left, weights = 1.0 - case.features.tail, {}
        for scenario, weight in sorted(case.weights().items(), key=lambda pair: value[pair[0]]):
            taken = min(weight, max(0.0, left))
            left -= taken
            weights[scenario.name] = taken / (1.0 - case.features.tail)
    decided = Operations(
        decisions(solved.response),
        {scenario.name: decisions(chain) for scenario, chain in solved.chains.items()},
        {},
        [name for name, column in solved.first.qualify.items() if x[column] > 0.5],
        {pair: float(x[column]) for pair, column in solved.first.stockpile.items()},
    )
    return decided, weights


def _settled(
    case: Case,
    policies: Mapping[str, str],
    scenario: Scenario,
    decided: Operations,
    week: int,
    slack: float,
    near: float,
) -> tuple[float, float]:
    """What a scenario costs the counterpart and us if it is settled in a week."""
    ended, program = case.ended(week), Program()
    response = add_response(program, ended, policies)
    _keep(program, response, decided.response, week, near)
    y = program.minimise(response.cost) if program.lower else np.zeros(0)
    if y is None:
        raise RuntimeError("the counterpart can always go on")
    value = response.cost.at(y)
    hold_at_least_cost(program, ended, response, value, max(slack, 1e-9))
    first: FirstStage = add_first_stage(program, ended, decided.qualified, decided.stockpile)
    program.integer = [0] * len(program.integer)
    fixed = Affine(case.admin_cost(policies) - case.ally_benefit(policies)).plus(lasting_loss(ended, response))
    fixed.plus(first.fixed_costs).plus(first.stockpile_costs)
    none = None
    if scenario.contingency and week < case.reveal(scenario):
        # Nobody knows of it yet.
        none = add_ours(program, ended, response, policies, NONE, first)
        _keep(program, none, decided.ours[NONE.name], week, near)
        cost = Affine().plus(fixed).plus(none.cost)
        y = program.minimise(cost)
        if y is None:
            raise RuntimeError("we can always go on")
        known = cost.at(y)
        program.nonnegative(Affine(known + max(slack, 1e-9) * max(1.0, abs(known))).plus(cost, -1.0))
    ours = add_ours(program, ended, response, policies, scenario, first, none)
    if none is None:
        _keep(program, ours, decided.ours[scenario.name], week, near)
    own = Affine().plus(fixed).plus(ours.cost)
    y = program.minimise(own)
    if y is None:
        raise RuntimeError("we can always go on")
    theirs = Affine(value).plus(retaliation_loss(ended, response, scenario))
    theirs.plus(imports_loss(ended, response, policies))
    return theirs.at(y), own.at(y)


def _keep(program: Program, chain: Chain, known: Decisions, week: int, near: float) -> None:
    """Decisions of weeks before ``week`` are the plan's; what it does not name is not moved by it."""
    for kind in WEEKLY:
        for key, column in getattr(chain, kind).items():
            if key[1] < week and key in known.get(kind, {}):
                figure = known[kind][key]
                room = near * max(1.0, abs(figure))
                program.lower[column] = max(0.0, figure - room)
                program.upper[column] = min(figure + room, max(figure, program.upper[column]), INF)
                program.integer[column] = 0
