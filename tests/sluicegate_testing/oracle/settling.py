"""Both losses of a plan that is settled in week t, before or after it has run its course."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from .case import Case, Pair, Settings, Tables
from .chains import Chain
from .follower import SLACK, add_response, hold_at_least_cost, solve_response
from .leader import FirstStage, add_first_stage, add_ours, imports_loss, lasting_loss, retaliation_loss
from .planner import own_costs_today, solve_for, worst_of
from .programs import Affine, Program

WEEKLY = ("ship", "make", "stock", "fill", "export_fill", "slack", "save", "late", "order")


def by_week(
    settings: Settings,
    tables: Tables,
    policies: Mapping[str, str],
    *,
    qualified: Collection[str] | None = None,
    stockpile: Mapping[Pair, float] | None = None,
    slack: float = SLACK,
) -> list[tuple[float, float]]:
    """The counterpart's and our loss if it is settled in week t = 0..T, in the scenario that decides.

    From week t on every policy is over. Nobody foresees it: decisions of weeks before t are the plan's; from t on the
    counterpart, then we, go on at least cost.
    """
    case = Case(settings, tables)
    least, least_open = solve_response(case, policies).value, solve_response(case, {}).value
    today = own_costs_today(case, least_open, slack)
    solved = solve_for(case, policies, least, least_open, today, slack, qualified, stockpile)
    if solved is None:
        raise ValueError("the limits leave no plan")
    x = solved.tidy()
    scenario = worst_of(solved, x)
    chosen = [name for name, column in solved.first.qualify.items() if x[column] > 0.5]
    pile = {pair: float(x[column]) for pair, column in solved.first.stockpile.items()}
    found = []
    for week in range(case.T + 1):
        ended = case.ended(week)
        program = Program()
        response = add_response(program, ended, policies)
        _keep(program, response, solved.response, x, week)
        y = program.minimise(response.cost) if program.lower else np.zeros(0)
        if y is None:
            raise RuntimeError("the counterpart can always go on")
        value = response.cost.at(y)
        hold_at_least_cost(program, ended, response, value, max(slack, 1e-9))
        first: FirstStage = add_first_stage(program, ended, chosen, pile)
        ours = add_ours(program, ended, response, policies, scenario, first)
        _keep(program, ours, solved.chains[scenario], x, week)
        own = Affine(case.admin_cost(policies) - case.ally_benefit(policies) - today).plus(ours.cost)
        own.plus(first.fixed_costs).plus(first.stockpile_costs).plus(lasting_loss(ended, response))
        y = program.minimise(own)
        if y is None:
            raise RuntimeError("we can always go on")
        theirs = Affine(value - least_open).plus(retaliation_loss(ended, response, scenario))
        theirs.plus(imports_loss(ended, response, policies))
        found.append((theirs.at(y), own.at(y)))
    return found


def _keep(program: Program, chain: Chain, plan: Chain, x: np.ndarray, week: int) -> None:
    """Decisions of weeks before ``week`` are the plan's."""
    for kind in WEEKLY:
        for key, column in getattr(chain, kind).items():
            if key[1] < week:
                program.lower[column] = program.upper[column] = float(x[getattr(plan, kind)[key]])
                program.integer[column] = 0
