"""One recomputation of a plan, from arrays, for solve, evaluate, sweeps and frontiers (model.md section 6, certificate)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..follower.enumerate import FollowerSolver, policy_indices_of
from ..formulation.follower import source_worth
from ..formulation.linking import Choice
from ..leader.pessimistic import leader_value, pessimistic_response
from ..leader.problem import Problem
from ..leader.recompute import FirstStage, Operations, OperationsSolver, broken_by, first_stage
from ..leader.scenario_values import deciding, leverage_by_package, values_of, weighed, worst_of
from ..leader.working_set import Unheld
from ..network import NONE, Network
from ..plan.limits import SolveLimits, four_digits
from ..plan.plan import least_mean, served
from ..plan.tolerances import (
    LAST_PLACE,
    LEFT_OUT,
    LIMIT_KEPT,
    SMALL_CERTIFICATE,
    SMALL_LEVERAGE,
    WIDE_RANGE,
    leverage_tie,
)
from .certificate import (
    Breach,
    Compared,
    certify,
    claim,
    limits_used,
    money_scale,
    refuse_breaches,
    refuse_infeasible,
    resource_breaches,
    supply_breaches,
)
from .end_stock import missing_at_end
from .restoring import restored_figures


@dataclass(frozen=True)
class Facts:
    """What a search or an evaluation hands on to its plan.

    Attributes
    ----------
    choice, response_cost
        Policies and V under them.
    claimed, bound
        Leverage and bound of the search; None for an evaluation.
    rel_gap
        Gap at which the plan counts as optimal.
    sourcing_only
        Best leverage with every regime open.
    solve
        How it was solved.
    """

    choice: Choice
    response_cost: float
    claimed: float | None
    bound: float | None
    rel_gap: float
    sourcing_only: float | None
    solve: dict[str, Any]


@dataclass(frozen=True)
class Account:
    """What choices cost both sides under one response, our operations worked out anew and alone.

    Attributes
    ----------
    network
        The case as the mathematics sees it.
    choice, first
        Policies; lanes qualified and units stockpiled.
    cost
        V, from a cold start.
    admin, benefits
        Admin costs; what allies give.
    operations
        Our operations and the response.
    losses : dict of str to (float, float)
        Counterpart's and our loss in every scenario.
    infeasibility
        What rows that rounding breaks can be worth, money.
    money
        Money at stake.
    cost_now
        W(status quo).
    """

    network: Any
    choice: Choice
    first: FirstStage
    cost: float
    admin: float
    benefits: float
    operations: Operations
    losses: Mapping[str, tuple[float, float]]
    infeasibility: float
    money: float
    cost_now: float

    @property
    def spent(self) -> float:
        """Fixed, stockpile and admin costs."""
        return self.operations.first_stage_cost + self.admin

    @property
    def stockpile_value(self) -> float:
        """What the stockpiles cost, each unit at its stockpile_cost."""
        return math.fsum(self.network.stockpile_price(pair) * units for pair, units in self.first.stockpile.items())

    @cached_property
    def values(self) -> dict[str, float]:
        """What every scenario is worth in the objective."""
        return values_of(self.network, self.losses, self.cost_now)

    @property
    def worst(self) -> str:
        """The rated scenario that is worth least; the first among ties."""
        return worst_of(self.network, self.losses, self.money, self.cost_now)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Weights with which scenarios decide."""
        return deciding(self.network, self.losses, self.money, self.cost_now)

    @property
    def leverage(self) -> float:
        """What is maximised: leverage, or minus the cost, of the scenarios that decide."""
        return weighed(self.values, self.weights) + 0.0

    @property
    def decided_losses(self) -> tuple[float, float]:
        """Counterpart's and our loss in the scenarios that decide."""
        theirs, ours = ({name: loss[side] for name, loss in self.losses.items()} for side in (0, 1))
        return weighed(theirs, self.weights), weighed(ours, self.weights)

    @property
    def own_loss(self) -> float:
        """Our greatest loss in any rated scenario."""
        return max(self.losses[name][1] for name in self.network.rated)

    @property
    def qualified(self) -> tuple[str, ...]:
        """Lanes qualified."""
        return tuple(lane for lane, chosen in self.first.qualify.items() if chosen)

    @property
    def stockpile(self) -> dict[str, float]:
        """Units stockpiled, by ``site/item``."""
        return {"/".join(pair): amount for pair, amount in self.first.stockpile.items() if amount > 0}


class Figures:
    """Works out figures of plans of one problem.

    Every figure comes from linear programs solved alone.

    Parameters
    ----------
    problem
        The problem.
    warm
        Whether our linear programs are kept warm from one plan to the next, and responses as long as they stay the same: for
        many plans of a problem, whose numbers may change in place, but not its structure.
    """

    def __init__(self, problem: Problem, *, warm: bool = False):
        self.problem = problem
        self.operations_solver = (
            OperationsSolver(problem.whole, problem.readout, warm=True) if warm else problem.operations_solver
        )
        self._costs: dict[frozenset[tuple[str, str]], tuple[float, float]] = {}
        self._kinds: dict[tuple[frozenset[tuple[str, str]], bytes], np.ndarray] = {}

    def forget_responses(self) -> None:
        """Forget what is known of responses, whose numbers have moved."""
        self._costs.clear()
        self._kinds.clear()

    def response_cost(self, choice: Choice) -> float:
        """V(k), from a cold start; not worked out again as long as the response stays the same."""
        return self._response(choice)[0]

    def _response(self, choice: Choice) -> tuple[float, float]:
        """V(k), from a cold start, and what the rows that rounding breaks can be worth to the counterpart."""
        key = frozenset(choice.items())
        if key not in self._costs:
            arrays = self.problem.response
            responder = FollowerSolver(arrays)
            cost, solution = responder.solve(policy_indices_of(choice, self.problem.network.menu))
            broken = broken_by(arrays.program, solution)
            self._costs[key] = cost, float(broken @ np.abs(responder.highs.row_duals()))
        return self._costs[key]

    def _infeasibility(self, choice: Choice, operations: Operations) -> float:
        """What rows broken by rounding can be worth: in V, in the plan's response and in our operations."""
        worth = source_worth(self.problem.network)
        prices = np.zeros_like(self.operations_solver.program.row_lower)
        for row, family, index in self.operations_solver.response_rows:
            prices[row] = worth[family](index)[1]
        broken = broken_by(self.problem.whole.program, operations.solution)
        return self._response(choice)[1] + float(broken @ prices) + operations.infeasibility

    def _least_kind(self, choice: Choice) -> np.ndarray:
        """Columns of the leader problem of the least-cost response that is least kind to us."""
        problem, keys = self.problem, self.problem.whole.outputs
        key = (frozenset(choice.items()), leader_value(problem.network, keys).tobytes())
        if key not in self._kinds:
            kind = pessimistic_response(problem.network, problem.response, keys, choice, self.response_cost(choice))
            self._kinds[key] = problem.to_joint(kind)
        return self._kinds[key]

    def first_stage(self, solution: np.ndarray) -> FirstStage:
        """First-stage choices in a solution of the leader problem, rounding noise removed."""
        return first_stage(self.problem.network, self.operations_solver.readout, solution)

    def account(
        self,
        choice: Choice,
        response: np.ndarray,
        first: FirstStage,
        least_fill: float | None = None,
        own_loss: float = math.inf,
        basis: Any = None,
    ) -> Account:
        """Return what choices cost both sides.

        Parameters
        ----------
        choice
            Policy of every regime.
        response : array, shape (columns,)
            Columns of the leader problem; those of the response are used.
        first
            First-stage choices.
        least_fill
            Mean fill kept of every demand with a ``min_fill``; None: as the case says.
        own_loss
            Most that our own loss may be in a rated scenario, money.
        basis : HighsBasis, optional
            Of the leader problem at these choices, where it is known: as of `OperationsSolver.run`.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        """
        problem = self.problem
        cost, admin = self.response_cost(choice), problem.admin_cost(choice)
        benefits = problem.ally_benefit(choice)
        most = own_loss + problem.status_quo.cost - admin
        operations = self.operations_solver.run(response, first, choice, least_fill, most, basis)
        loss = cost - problem.status_quo.response_cost
        losses = leverage_by_package(problem.network, operations, loss, problem.status_quo.cost, admin, benefits)
        infeasibility = self._infeasibility(choice, operations)
        money = money_scale(problem)
        now = problem.status_quo.cost
        return Account(
            problem.network, choice, first, cost, admin, benefits, operations, losses, infeasibility, money, now
        )

    def breaches(self, account: Account, solve_limits: SolveLimits | None = None) -> list[Breach]:
        """Return the limits that a plan breaks.

        Parameters
        ----------
        account
            The plan.
        terms
            Its limits; default: the case's.
        """
        solve_limits = solve_limits or SolveLimits.of(self.problem.case)
        return [
            *supply_breaches(self.problem.network, account.operations, solve_limits.least_fill),
            *resource_breaches(
                self.problem, account.choice, account.spent, account.stockpile_value, account.own_loss, solve_limits
            ),
        ]

    def plan(self, facts: Facts, solution: np.ndarray, first: FirstStage) -> tuple[dict[str, Any], Account]:
        """Return the figures of a plan as ``plan.json`` names them, without its ``solve``, and what they are made of.

        Parameters
        ----------
        facts
            What the search or the evaluation ended with.
        solution : array, shape (columns,)
            Columns of the leader problem.
        first
            First-stage choices.

        Raises
        ------
        Unheld
            When scenarios that the search left out do not allow its answer.
        CertificateError
            When the search's answer and the linear programs solved alone do not agree, or its plan breaks a limit.
        """
        problem, network = self.problem, self.problem.network
        account = self.account(facts.choice, solution, first)
        breaches = self.breaches(account)
        if facts.claimed is not None:
            self._refuse_unheld(account, breaches, facts.claimed, math.inf if facts.bound is None else facts.bound)
        pessimistic = self._least_kind(facts.choice)
        same = self.operations_solver.alike(solution, pessimistic, first, facts.choice)
        hostile = account if same else self.account(facts.choice, pessimistic, first)
        leverage, least, worst = account.leverage, hostile.leverage, account.worst
        money = money_scale(problem)
        certificate = self._certify(facts, account, money)
        if facts.claimed is not None:
            refuse_breaches(breaches)
        scale = SMALL_LEVERAGE * money
        bound = leverage if facts.bound is None else max(facts.bound, leverage)
        gap = (bound - leverage) / max(abs(leverage), scale)
        if gap <= LAST_PLACE:
            bound, gap = leverage, 0.0
        evaluated = facts.claimed is None
        kept = "infeasible" if breaches else "feasible"
        # No search tells apart what ties.
        closed = gap <= facts.rel_gap or bound - leverage <= leverage_tie(leverage)
        found = "optimal" if closed else "feasible"
        theirs = account.operations.fills(None)
        counterpart_loss, own_loss = account.decided_losses
        figures = {
            "status": kept if evaluated else found,
            "leverage": leverage,
            "bound": None if evaluated else bound,
            "gap": None if evaluated else gap,
            "counterpart_loss": counterpart_loss,
            "own_loss": own_loss,
            "worst_package": worst,
            "leverage_range": (min(least, leverage), leverage),
            "sourcing_only_leverage": facts.sourcing_only,
            "cost_now": account.cost_now if network.least_cost else None,
            "weights": account.weights if network.tail is not None else {},
            "policies": facts.choice,
            "qualified": account.qualified,
            "stockpile": account.stockpile,
            "scenarios": {
                name: {
                    "own_loss": account.losses[name][1],
                    "counterpart_loss": account.losses[name][0],
                    "leverage": account.values[name],
                    "fill": _means(account.operations.fills(name)),
                    "reveal_week": None if name == NONE else network.reveal(name),
                    "at_limit": ["/".join(pair) for pair in at_limit(network, account.operations, name)],
                }
                for name in network.scenarios
            },
            "counterpart_fill": _means(theirs),
            "first_shortage_week": {"/".join(pair): first_shortage(fills) for pair, fills in theirs.items()},
            "certificate": certificate,
            "limits": limits_used(problem, facts.choice, account.spent, account.stockpile_value),
            "violations": tuple(breach.words for breach in breaches),
            "warnings": tuple(self._warnings(account, hostile, breaches, scale)),
        }
        return restored_figures(figures, problem.units), account

    def refuse_unheld(self, choice: Choice, solution: np.ndarray, claimed: float, bound: float) -> None:
        """Refuse a plan of a search that left scenarios out where one of these is in its way.

        Parameters
        ----------
        choice
            Its policies.
        solution : array, shape (columns,)
            Columns of the leader problem of the search.
        claimed
            Its leverage in the search.
        bound
            Proven upper bound on the leverage.

        Raises
        ------
        Unheld
            Naming the scenarios.
        """
        if self.problem.scenarios is not None:
            first = first_stage(self.problem.network, self.problem.choices, solution)
            account = self.account(choice, self.problem.to_whole(solution), first)
            self._refuse_unheld(account, self.breaches(account), claimed, bound)

    def _refuse_unheld(self, account: Account, breaches: list[Breach], claimed: float, bound: float) -> None:
        held = self.problem.scenarios
        scale = max(abs(claimed), SMALL_CERTIFICATE * money_scale(self.problem))
        if held is None or (not breaches and account.leverage >= claimed - LEFT_OUT * scale):
            return
        left = [name for name in self.problem.network.scenarios if name not in held]
        broken = {breach.scenario for breach in breaches}
        found = [name for name in left if name in broken or name in account.operations.binding]
        raise Unheld(found or left, bound)

    def _certify(self, facts: Facts, account: Account, money: float) -> dict[str, float]:
        """Return how far the search's answer is from that of the linear programs solved alone."""
        small = SMALL_CERTIFICATE * money
        response = [
            Compared("V, what a least-cost response costs,", facts.response_cost, account.cost, small),
            Compared("the cost of the plan's response", account.operations.response_cost, account.cost, small),
        ]
        counted = "minus the cost" if self.problem.network.least_cost else "leverage"
        own = []
        if facts.claimed is not None:
            whole = self.operations_solver.whole.size > 0
            claimed = claim(facts.claimed, facts.bound, account.leverage, whole)
            own = [Compared(counted, claimed, account.leverage, small)]
        refuse_infeasible(account.infeasibility, account.leverage, small)
        before = self.problem.status_quo
        certify([Compared("W, our cost in the status quo,", before.claimed, before.cost, small), *response, *own])
        return {
            "response_difference": max(figure.difference for figure in response),
            "own_difference": max((figure.difference for figure in own), default=0.0),
            "infeasibility": account.infeasibility / max(abs(account.leverage), small),
        }

    def _warnings(self, account: Account, hostile: Account, breaches: list[Breach], scale: float) -> list[str]:
        leverage, least, money = account.leverage, hostile.leverage, self.problem.units.money
        warnings = []
        if leverage - least > WIDE_RANGE * max(abs(leverage), scale):
            warnings.append(
                f"the counterpart has several least-cost responses: the pessimistic one leaves a leverage of "
                f"{least * money:,.6g} instead of {leverage * money:,.6g}"
            )
        warnings += self._short_at_end(account)
        known = {breach.whole for breach in breaches}
        for breach in supply_breaches(self.problem.network, hostile.operations):
            if breach.whole not in known:
                goes = "be over" if breach.over else "fall short"
                warnings.append(
                    f"under the counterpart's pessimistic response {breach.whole} would {goes} by {breach.extent}"
                )
        return warnings

    def _short_at_end(self, account: Account) -> list[str]:
        """Remarks on stock of ours that a plan does not have again at the end, of every pair in the scenario where it is most."""
        units, worst = self.problem.units, dict[tuple[str, str], tuple[float, float, str]]()
        names = self.problem.case.names
        counted = {row.item: f" {row.unit}" if row.unit else "" for row in self.problem.case.items}
        for scenario in account.operations.readout.scenarios:
            for pair, (missing, used) in missing_at_end(self.problem.whole, account.operations, scenario).items():
                if missing > worst.get(pair, (0.0, 0.0, ""))[0] * (1 + 1e-6):
                    worst[pair] = missing, used, scenario
        return [
            f"in scenario {names.quoted(scenario)} our stock of {names.item(item)} in {names.site(site)} ends "
            f"{four_digits(missing * units.item(item))}{counted[item]} below its target, "
            + (f"{missing / used:.1%} of a year's use: " if used > 0 else "")
            + "the plan lives off it, at the terminal price of a unit missing"
            for (site, item), (missing, used, scenario) in worst.items()
        ]


def at_limit(network: Network, operations: Operations, scenario: str) -> list[tuple[str, str]]:
    """Demands of ours whose mean or weekly fill is no more than its least in a scenario."""
    found = []
    for pair, fills in operations.fills(scenario).items():
        row = network.demands[pair]
        mean = row.min_fill > 0 and least_mean(fills, row.fill_window) <= row.min_fill + LIMIT_KEPT
        if mean or (row.min_fill_week > 0 and fills.min() <= row.min_fill_week + LIMIT_KEPT):
            found.append(pair)
    return found


def first_shortage(fills: np.ndarray) -> int | None:
    """First week that is not served in full; None where there is none."""
    short = np.flatnonzero(~served(fills))
    return int(short[0]) if short.size else None


def _means(fills: Mapping[tuple[str, str], np.ndarray]) -> dict[str, float]:
    return {"/".join(pair): min(1.0, math.fsum(weeks.tolist()) / len(weeks)) for pair, weeks in fills.items()}
