"""One decision of a plan given up: the best plan that is left, and what breaks where all else is kept (model.md section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...model.certify.certificate import Breach, money_scale
from ...model.certify.figures import Account, Figures
from ...model.certify.planning import first_stage_of
from ...model.formulation.linking import Choice
from ...model.leader.given import Given
from ...model.leader.problem import Problem
from ...model.leader.recompute import FirstStage
from ...model.methods.engine import Engine
from ...model.network import OPEN
from ...model.plan.choices import LANE, POLICY, STOCKPILE, Choices, Offer, changed
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Stopped
from ...model.plan.plan import Plan
from ...model.plan.tolerances import LEVERAGE_TIE, SMALL_LEVERAGE


@dataclass(frozen=True)
class Decision:
    """A decision of a plan.

    Attributes
    ----------
    kind
        ``policy``, ``qualified`` or ``stockpile``.
    key
        The regime, the lane or qualification, or ``site/item``.
    choice
        Of a regime its policy; else None.
    units
        Of a stockpile what is bought, in the units of the case; else None.
    """

    kind: str
    key: str
    choice: str | None = None
    units: float | None = None


def decisions_of(plan: Plan) -> list[Decision]:
    """Return what a plan decides: policies other than ``open``, lanes qualified, stockpiles."""
    offer = Offer.of(plan.case)
    return [
        *(Decision(POLICY, regime, policy) for regime, policy in plan.policies.items() if policy != OPEN),
        *(Decision(LANE, lane) for lane in plan.qualified),
        *(Decision(STOCKPILE, pair, None, units) for pair, units in plan.stockpile.items() if offer.some(pair, units)),
    ]


class Without:
    """Works out a plan with one of its decisions given up.

    Parameters
    ----------
    problem
        The case made ready to solve.
    plan
        Its plan, in the units of the case as it was given.
    engine
        The combinations of policies with their responses; None: they are too many to enumerate, and other policies than the
        plan's are not tried.
    rel_gap
        Relative gap to which the best plan without a decision is proven.
    stop
        Asked whether to stop.
    """

    def __init__(self, problem: Problem, plan: Plan, engine: Engine | None, rel_gap: float, stop: Callable[[], bool]):
        assert plan.leverage is not None
        self.problem, self.plan, self.engine, self.rel_gap, self.stop = problem, plan, engine, rel_gap, stop
        self.money = problem.units.money
        self.leverage = plan.leverage / self.money
        self.limits = SolveLimits.of(problem.case)
        self.choice: dict[str, str] = {**problem.all_open, **plan.policies}
        self.first = FirstStage.given(plan.qualified, plan.stockpile, problem.units)
        self.figures = Figures(problem)
        self.noise = max(SMALL_LEVERAGE * money_scale(problem), LEVERAGE_TIE * abs(self.leverage))

    def reason(self, decision: Decision) -> dict[str, Any]:
        """Return what the plan loses without a decision, and the scenario and the limit that need it.

        Parameters
        ----------
        decision
            One of `decisions_of`.

        Returns
        -------
        dict
            ``kind``, ``key``, ``choice``, ``units``, ``cost`` (money it takes), ``low`` and ``high`` (between which the loss lies
            where it is forbidden and all else chosen anew; None: no end is known), ``lost`` (the loss where both are one;
            else None), ``no_plan`` (proven: no plan keeps the limits without it), ``instead`` (what the best plan without it
            does otherwise) and, all else kept: ``scenario``, ``limit``, ``amount``, ``unit``, ``over`` and ``others`` (the limit
            that breaks first, by how much, whether too much is used, and how many more break), or ``scenario`` and ``added``
            (where most leverage is lost, and how much).

        Raises
        ------
        Stopped
            When stopped before anything is known.
        """
        return {**self.unknown(decision), **self.kept(decision), **self.anew(decision)}

    def anew(self, decision: Decision) -> dict[str, Any]:
        """Return the part of `reason` about the best plan without a decision, all else chosen anew."""
        low, high, instead = self._chosen_anew(decision)
        if high is not None and high <= self.noise:
            # Rounding of the leverage is no loss.
            low = high = 0.0
        no_plan = low == math.inf
        same = low is not None and high is not None and high - low <= self.rel_gap * max(abs(self.leverage), self.noise)
        money = self.money
        return {
            "lost": None if no_plan or not same or high is None else high * money,
            "low": None if no_plan or low is None else low * money,
            "high": None if no_plan or high is None else high * money,
            "no_plan": no_plan,
            "instead": list(instead),
        }

    def unknown(self, decision: Decision) -> dict[str, Any]:
        """Return what is known of a decision that there was no time for, as `reason` does: what it takes."""
        nothing = dict.fromkeys(("lost", "low", "high", "scenario", "limit", "amount", "added"))
        told = {"no_plan": False, "instead": [], "unit": "", "over": False, "others": 0}
        return {**vars(decision), "cost": self._cost(decision), **nothing, **told}

    # All else chosen anew --------------------------------------------------------------------------------------------

    def _chosen_anew(self, decision: Decision) -> tuple[float | None, float | None, tuple[str, ...]]:
        """Return between what the loss lies, natural units: inf at the low end where there is no plan without it."""
        kept = self._same_policies(decision)
        if self.engine is None:
            # Other policies may do better: what is lost under the same ones is the most that is lost.
            alone = not self.problem.network.menu
            loss = None if kept is None else max(0.0, self.leverage - kept[0])
            if kept is None:
                return (math.inf if alone else 0.0), None, ()
            return (loss if alone else 0.0), loss, self._instead(kept[1], kept[2])
        shut: list[int] = []
        allowed = None
        if decision.kind == POLICY:
            candidates = self.engine.candidates
            place = list(candidates.regimes).index(decision.key)
            number = self.problem.network.menu[decision.key].index(decision.choice or OPEN)
            allowed = np.array([candidates.policy_indices(at)[place] != number for at in range(len(candidates))])
        else:
            column = self._column(decision)
            shut = [] if column is None else [column]
        found = self.engine.search(self.limits, self.rel_gap, allowed=allowed, shut=shut)
        low = max(0.0, self.leverage - found.bound) if found.bound > -math.inf else math.inf
        if found.choice is None or found.solution is None:
            return low, None, ()
        if not self._holds(found.choice, found.solution):
            return low, None, ()
        loss = max(0.0, self.leverage - found.leverage)
        return min(low, loss), loss, self._instead(found.choice, found.solution)

    def _same_policies(self, decision: Decision) -> tuple[float, Choice, np.ndarray] | None:
        """Return the best plan without a decision, other policies kept; None where an engine looks at all, or there is none."""
        if self.engine is not None:
            return None
        choice = {**self.choice, decision.key: OPEN} if decision.kind == POLICY else self.choice
        column = None if decision.kind == POLICY else self._column(decision)
        solver = self.problem.fixed_policy
        solver.solve_limits = self.limits
        cost, admin = self.problem.response_cost(choice), self.problem.admin_cost(choice)
        fixed = None if column is None else {column: 0.0}
        outcome = solver.best(choice, cost, self.problem.constant(cost, admin), admin, fixed=fixed)
        if self.stop():
            raise Stopped
        if outcome.objective is None or outcome.solution is None or not self._holds(choice, outcome.solution):
            return None
        return -outcome.objective, choice, outcome.solution

    def _holds(self, choice: Choice, solution: np.ndarray) -> bool:
        """Whether a plan keeps the limits in all scenarios, where the program does not hold all of them."""
        if self.problem.scenarios is None:
            return True
        account = self.figures.account(choice, self.problem.to_whole(solution), first_stage_of(self.problem, solution))
        return not self.figures.breaches(account, self.limits)

    def _instead(self, choice: Choice, solution: np.ndarray) -> tuple[str, ...]:
        """Return what another plan does otherwise, in words."""
        first, units = first_stage_of(self.problem, solution), self.problem.units
        lanes = tuple(lane for lane, chosen in first.qualify.items() if chosen)
        amounts = {
            "/".join(pair): amount * units.item(pair[1]) for pair, amount in first.stockpile.items() if amount > 0
        }
        return tuple(changed(Choices.of(self.plan), Choices(choice, lanes, amounts), Offer.of(self.plan.case)))

    def _column(self, decision: Decision) -> int | None:
        """Column of a purchase; None where it is none of the program."""
        leader = self.problem.leader_problem
        if decision.kind == LANE:
            variable = leader.model.qualify[decision.key]
        else:
            variable = next(
                leader.model.stockpile[key] for key in leader.model.stockpile if "/".join(key) == decision.key
            )
        place = leader.compiled.column.get(id(variable))
        return None if place is None else int(place)

    def _cost(self, decision: Decision) -> float:
        """Money that a decision takes, in the units of the case."""
        if decision.kind == POLICY:
            row = self.problem.network.policy(decision.key, decision.choice or OPEN)
            return 0.0 if row is None else row.admin_cost * self.money
        frame = self.plan.tables.get("sourcing")
        if frame is not None and decision.kind == STOCKPILE:
            rows = frame[(frame["kind"] == STOCKPILE) & (frame["id"] == decision.key)]
            return float(rows["cost"].sum())
        return float(self.problem.network.to_qualify[decision.key]) * self.money

    # All else kept ----------------------------------------------------------------------------------------------------

    def kept(self, decision: Decision) -> dict[str, Any]:
        """Return the part of `reason` about the scenario and the limit that need a decision, all else kept."""
        account = self._account(decision)
        breaches = sorted(self._broken(account), key=_extent, reverse=True)
        if breaches:
            worst = breaches[0]
            return {
                "scenario": worst.scenario,
                "limit": worst.limit,
                "amount": worst.amount,
                "unit": worst.unit,
                "over": worst.over,
                "others": len(breaches) - 1,
                "added": None,
            }
        fallen = dict(self._fallen(account))
        scenario = max(fallen, key=lambda name: fallen[name])
        first = self.plan.worst_package
        if first in fallen and fallen[first] >= fallen[scenario] - self.noise:
            # Where all lose alike, the one that decides is named.
            scenario = first
        added = fallen[scenario] * self.money
        nothing = {"limit": None, "amount": None, "unit": "", "over": False, "others": 0}
        return {"scenario": scenario, **nothing, "added": added}

    def _account(self, decision: Decision) -> Account:
        """Work out the plan without a decision, everything else as it is."""
        problem, first, choice = self.problem, self.first, self.choice
        if decision.kind == POLICY:
            choice = {**choice, decision.key: OPEN}
        elif decision.kind == LANE:
            first = replace(first, qualify={name: True for name in first.qualify if name != decision.key})
        else:
            kept = {pair: amount for pair, amount in first.stockpile.items() if "/".join(pair) != decision.key}
            first = replace(first, stockpile=kept)
        problem.fixed_policy.solve_limits = self.limits
        outcome = Given(problem, choice, first).elastic()
        if outcome.solution is None:
            raise (
                Stopped
                if self.stop()
                else ArithmeticError(f"{decision.key} left out ended with {outcome.termination!r}")
            )
        # Where scenarios were left out the basis is that of another program.
        basis = outcome.basis if problem.scenarios is None else None
        return self.figures.account(choice, problem.to_whole(outcome.solution), first, basis=basis)

    def _broken(self, account: Account) -> list[Breach]:
        return self.figures.breaches(account, self.limits)

    def _fallen(self, account: Account) -> Iterator[tuple[str, float]]:
        """Yield by how much the leverage, or the cost, of every scenario is worse, natural units."""
        for name, (theirs, ours) in account.losses.items():
            before = self.plan.scenarios[name]
            if self.plan.least_cost:
                yield name, ours - before["own_loss"] / self.money
            else:
                yield name, before["leverage"] / self.money - (theirs - ours)


def _extent(breach: Breach) -> tuple[bool, float]:
    """What tells which limit breaks most: a share of fill before an amount of money, then by how much."""
    return breach.unit == "share", breach.amount
