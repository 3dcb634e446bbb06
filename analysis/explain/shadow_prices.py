"""What the limits of a plan are worth, and what its decisions are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...model.certify.certificate import money_scale
from ...model.certify.planning import first_stage_of
from ...model.formulation.linking import Choice
from ...model.leader.fixed_policy import FixedPolicySolver
from ...model.leader.problem import Problem
from ...model.methods.engine import Engine, Found
from ...model.network import OPEN
from ...model.plan.choices import LANE, POLICY, Choices, Offer
from ...model.plan.limits import BUDGET, LIMITED, STOCKPILE_VALUE, SolveLimits
from ...model.plan.monitor import Stopped
from ...model.plan.plan import Plan
from ...model.plan.sense import Sense
from ...model.plan.tolerances import COMPARED_GAP, LIMIT_BINDS, PRICE_NOISE, PRICE_NOISE_SCALE
from ...model.solver.highs import TolerantHighs
from ..relaxation.elastic import gap_column, intake
from ..relaxation.limits import SHARES, Limit, limits_of, shown

POINT = 0.01
"""A unit of a share: one percentage point."""


MONEY = (BUDGET, STOCKPILE_VALUE)
"""Kinds of limits on money, whose prices are of a unit of it."""

HAIR = 0.01
"""Units by which a limit is tightened to see whether it binds."""


@dataclass(frozen=True)
class LimitPrice:
    """A limit that binds at the plan, and what one more unit of it is worth.

    Attributes
    ----------
    limit
        The limit.
    unit
        What one unit is, e.g. ``1 USD m`` or ``1 point of fill``.
    marginal
        Leverage gained per unit as the limit gives, policies and qualified lanes as in the plan: a dual of the linear
        program. It holds for small steps.
    eased, tightened
        Leverage gained by one whole unit more, and by one whole unit less (None: no plan with these policies and lanes).
    """

    limit: Limit
    unit: str
    marginal: float
    eased: float
    tightened: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "limit": self.limit.words,
            "figure": self.limit.figure.path,
            "unit": self.unit,
            "marginal": self.marginal,
            "eased": self.eased,
            "tightened": self.tightened,
        }


@dataclass(frozen=True)
class Lifted:
    """What a limit on the sum over policies keeps the plan from.

    Attributes
    ----------
    limit, used
        The limit, and what the plan uses of it.
    leverage
        Best leverage without it; None where that is too many combinations.
    needs
        What the policies of that best plan use.
    """

    limit: Limit
    used: float
    leverage: float | None
    needs: float | None

    def to_dict(self, sense: Sense) -> dict[str, Any]:
        """Return plain values."""
        return sense.told(
            {"limit": self.limit.words, "used": self.used, "leverage": self.leverage, "needs": self.needs}
        )


@dataclass(frozen=True)
class DecisionValue:
    """What a decision of the plan adds to its leverage.

    Attributes
    ----------
    kind
        ``policy``, ``lane`` or ``stockpile``.
    key, choice
        The regime and its policy; the lane; ``site/item`` and the units.
    cost
        Leverage lost when it is forbidden and all else chosen anew; inf where no plan is left.
    instead
        Policies, lanes and stockpiles that are different then.
    dropped
        Leverage lost when a policy is set to ``open``, or a lane or stockpile given up, the other policies kept; None where
        no plan is left.
    """

    kind: str
    key: str
    choice: str
    cost: float
    instead: tuple[str, ...]
    dropped: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "key": self.key,
            "choice": self.choice,
            "cost": self.cost if math.isfinite(self.cost) else None,
            "instead": list(self.instead),
            "dropped": self.dropped,
        }


@dataclass(frozen=True)
class PlanPrices:
    """What a plan's limits and decisions are worth.

    Attributes
    ----------
    binding
        Limits that bind, the dearest first.
    slack
        Number of limits that do not.
    lifted
        Limits on sums over policies.
    decisions
        The plan's decisions, the one that would be dropped first at the head.
    """

    binding: tuple[LimitPrice, ...]
    slack: int
    lifted: tuple[Lifted, ...]
    decisions: tuple[DecisionValue, ...]

    def to_dict(self, sense: Sense) -> dict[str, Any]:
        """Return plain values."""
        return {
            "binding": [worth.to_dict() for worth in self.binding],
            "slack": self.slack,
            "lifted": [entry.to_dict(sense) for entry in self.lifted],
            "decisions": [worth.to_dict() for worth in self.decisions],
        }


class Marginal(FixedPolicySolver):
    """The leader problem at a plan's policies and qualified lanes: a linear program, its limits movable by their gaps.

    Parameters
    ----------
    problem
        The case made ready.
    found
        The plan as the search found it.
    """

    def __init__(self, problem: Problem, found: Found):
        super().__init__(problem.leader_problem, problem.status_quo.cost)
        assert found.choice is not None and found.solution is not None
        self.solve_limits = found.solve_limits
        # A count of suppliers has no price: it moves by whole ones.
        self.limits = [limit for limit in limits_of(problem) if limit.figure.kind != "min_suppliers"]
        self.column = {limit: gap_column(self.leader_problem, limit) for limit in self.limits}
        places = np.array([place for place in self.column.values() if place >= 0], dtype=int)
        program = self.leader_problem.program.relaxed()
        # Gaps are steps here: free of charge, and as large as they are set.
        program.cost = program.cost.copy()
        program.cost[places] = 0.0
        lanes = np.round(found.solution[self.binaries])
        program.column_lower[self.binaries] = program.column_upper[self.binaries] = lanes
        self.highs = TolerantHighs(program, presolve="off", solver="simplex")
        cost, admin = problem.response_cost(found.choice), problem.admin_cost(found.choice)
        self._room = float(self.remaining(admin)[0])
        for wide in (False, True):
            self._set(self.highs, found.choice, cost, problem.constant(cost, admin), admin, wide)
            outcome = self.highs.solve()
            if outcome.optimal:
                break
        assert outcome.objective is not None and outcome.solution is not None
        self.leverage, self.solution = -outcome.objective, outcome.solution
        self.noise = PRICE_NOISE * max(abs(self.leverage), PRICE_NOISE_SCALE * money_scale(problem))
        self._reduced, self._activity = self.highs.column_duals(), self.highs.activities()

    def unit(self, limit: Limit) -> float:
        """Size of one unit of a limit, in units of its gap."""
        kind = limit.figure.kind
        if limit.figure.share:
            _, total = intake(self.leader_problem, limit.figure)
            return POINT * float(self.solution[total].sum())
        return 1.0 / self.leader_problem.network.units.money if kind in MONEY else POINT

    def per_unit(self, limit: Limit) -> float:
        """Leverage gained per unit as a limit gives: minus the reduced cost of its gap."""
        return -float(self._reduced[self.column[limit]]) * self.unit(limit)

    def left(self, limit: Limit) -> float:
        """What a limit leaves unused, in the unit of its gap."""
        program, place = self.leader_problem.program, self.column[limit]
        span = slice(program.matrix.indptr[place], program.matrix.indptr[place + 1])
        left = math.inf
        for row, coefficient in zip(program.matrix.indices[span], program.matrix.data[span], strict=True):
            upper = self._room if row in self._budget_rows else program.row_upper[row]
            room = upper - self._activity[row] if coefficient < 0 else self._activity[row] - program.row_lower[row]
            left = min(left, room / abs(coefficient))
        return left

    def binds(self, limit: Limit) -> bool:
        """Whether a limit has a dual, or a hair less of it costs leverage: plans may meet a limit for nothing."""
        if self.left(limit) > LIMIT_BINDS * limit.figure.scale:
            return False
        if self.per_unit(limit) > self.noise:
            return True
        lost = self.stepped(limit, -HAIR)
        return lost is None or lost < -HAIR * self.noise

    def stepped(self, limit: Limit, units: float) -> float | None:
        """Leverage gained when a limit gives by so many units (negative: tightened); None where no plan is left."""
        place = np.array([self.column[limit]], dtype=np.int32)
        step = np.array([units * self.unit(limit)])
        self.highs.set_bounds(place, step, step)
        outcome = self.highs.solve()
        if not (outcome.optimal or outcome.infeasible):
            self.highs.forget()
            outcome = self.highs.solve()
        self.highs.set_bounds(place, np.zeros(1), np.zeros(1))
        if not outcome.optimal or outcome.objective is None:
            return None
        gained = -outcome.objective - self.leverage
        return gained if abs(gained) > HAIR * self.noise else 0.0


def plan_prices_of(engine: Engine, found: Found, plan: Plan) -> PlanPrices:
    """Return what a plan's limits and decisions are worth.

    Parameters
    ----------
    engine
        The engine that found it.
    found, plan
        What it found.
    """
    problem = engine.problem
    limits = limits_of(problem)
    binding, slack = binding_limits(problem, found)
    lifted = [
        _lifted(engine, found, plan, limit)
        for limit in limits
        if limit.figure.kind in LIMITED and gap_column(problem.leader_problem, limit) < 0
    ]
    return PlanPrices(tuple(binding), slack, tuple(lifted), tuple(decisions(engine, found, plan)))


def binding_limits(problem: Problem, found: Found) -> tuple[list[LimitPrice], int]:
    """Return the limits that bind, the dearest first, and the number of those that do not."""
    marginal = Marginal(problem, found)
    currency, money = problem.case.settings.case.currency, problem.units.money
    units = {**dict.fromkeys(MONEY, f"1 {currency}".rstrip()), **dict.fromkeys(SHARES, "1 point of share")}
    worths, slack = [], 0
    for limit in marginal.limits:
        if marginal.column[limit] < 0:
            continue
        if not marginal.binds(limit):
            slack += 1
            continue
        tightened = marginal.stepped(limit, -1.0)
        worths.append(
            LimitPrice(
                replace(limit, figure=shown(limit.figure, problem.units)),
                units.get(limit.figure.kind, "1 point of fill"),
                marginal.per_unit(limit) * money + 0.0,
                (marginal.stepped(limit, 1.0) or 0.0) * money,
                None if tightened is None else tightened * money,
            )
        )
    return sorted(worths, key=lambda worth: -worth.marginal), slack


def _lifted(engine: Engine, found: Found, plan: Plan, limit: Limit) -> Lifted:
    name = limit.figure.kind
    used = plan.limits[name]["used"] or 0.0
    if not math.isinf(getattr(engine.widest, name)):
        return Lifted(replace(limit, figure=shown(limit.figure, engine.problem.units)), used, None, None)
    free = _searched(engine, replace(found.solve_limits, **{name: math.inf}))
    units = engine.problem.units
    needs = None
    if free.choice is not None:
        needs = engine.problem.policy_total(free.choice, LIMITED[name].column) * units.unit_of(LIMITED[name].measure)
    limit = replace(limit, figure=shown(limit.figure, units))
    return Lifted(limit, used, max(free.leverage, found.leverage) * units.money, needs)


def _searched(engine: Engine, solve_limits: SolveLimits, **options: Any) -> Found:
    """Search to the end; what a stopped search found says nothing about worths."""
    found = engine.search(solve_limits, min(COMPARED_GAP, engine.problem.case.settings.solver.rel_gap), **options)
    if engine.stop():
        raise Stopped
    return found


def decisions(engine: Engine, found: Found, plan: Plan) -> list[DecisionValue]:
    """Return what every decision of a plan adds to its leverage, the least first."""
    problem = engine.problem
    assert found.choice is not None and plan.leverage is not None
    candidates = engine.candidates
    worths = []
    regimes = list(candidates.regimes)
    policy_indices = np.array([candidates.policy_indices(place) for place in range(len(candidates))]).reshape(
        len(candidates), -1
    )
    for place, regime in enumerate(regimes):
        policy = found.choice[regime]
        if policy == OPEN:
            continue
        digit = problem.network.menu[regime].index(policy)
        without = _searched(engine, found.solve_limits, allowed=policy_indices[:, place] != digit)
        kept = _under(engine, found, {**found.choice, regime: OPEN})
        worths.append(_worth("policy", regime, policy, found, without, kept, problem))
    model, compiled = problem.leader_problem.model, problem.leader_problem.compiled
    for lane in plan.qualified:
        column = compiled.column[id(model.qualify[lane])]
        worths.append(_given_up(engine, found, "lane", lane, "qualified", column))
    for pair, units in plan.stockpile.items():
        variable = next(model.stockpile[key] for key in model.stockpile if "/".join(key) == pair)
        worths.append(_given_up(engine, found, "stockpile", pair, f"{units:.6g}", compiled.column[id(variable)]))
    # Costs that differ by less than the searches' gap are equal.
    step = 10 * COMPARED_GAP * max(abs(found.leverage), 1e-6) * problem.units.money
    return sorted(worths, key=lambda worth: round(worth.cost / step) if math.isfinite(worth.cost) else math.inf)


def _given_up(engine: Engine, found: Found, kind: str, key: str, choice: str, column: int) -> DecisionValue:
    assert found.choice is not None
    without = _searched(engine, found.solve_limits, shut=[column])
    kept = _under(engine, found, found.choice, {column: 0.0})
    return _worth(kind, key, choice, found, without, kept, engine.problem)


def _under(engine: Engine, found: Found, choice: Choice, fixed: dict[int, float] | None = None) -> float | None:
    """Best leverage under given policies; None where there is no plan."""
    problem = engine.problem
    problem.fixed_policy.solve_limits = found.solve_limits
    cost, admin = problem.response_cost(choice), problem.admin_cost(choice)
    outcome = problem.fixed_policy.best(choice, cost, problem.constant(cost, admin), admin, fixed=fixed)
    return None if outcome.objective is None else -outcome.objective


def _worth(
    kind: str, key: str, choice: str, found: Found, without: Found, kept: float | None, problem: Problem
) -> DecisionValue:
    best = without.leverage if kept is None else max(without.leverage, kept)
    return DecisionValue(
        kind,
        key,
        choice,
        max(0.0, found.leverage - best) * problem.units.money,
        tuple(_differences(problem, found, without)),
        None if kept is None else max(0.0, found.leverage - kept) * problem.units.money,
    )


def _differences(problem: Problem, found: Found, other: Found) -> Sequence[str]:
    """What another plan does otherwise."""
    if other.choice is None or other.solution is None or found.solution is None or found.choice is None:
        return []
    before = _choices(problem, found.choice, found.solution)
    after = _choices(problem, other.choice, other.solution)
    changes, offer = [], Offer.of(problem.case)
    for kind, name, _, chosen in before.differences(after, offer):
        if kind == POLICY:
            changes.append(offer.policy(name, chosen))
        elif kind == LANE:
            changes.append(f"{offer.lane(name)} {'qualified' if chosen else 'not qualified'}")
        else:
            amount = chosen * problem.units.item(name.partition("/")[2])
            changes.append(f"stockpile of {offer.pair(name)} {amount:.6g}")
    return changes


def _choices(problem: Problem, policies: Choice, solution: np.ndarray) -> Choices:
    first = first_stage_of(problem, solution)
    lanes = tuple(lane for lane, chosen in first.qualify.items() if chosen)
    return Choices(policies, lanes, {"/".join(pair): amount for pair, amount in first.stockpile.items()})
