"""The figures of a plan from arrays alone: what `planning` makes, without tables, fast enough for thousands of plans."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from pyomo.repn import generate_standard_repn

from .assembly import NOISE, FirstStage, Operations, Operator, kindness, least_kind, leverage_by_package, worst_of
from .compiled import Highs, Outcome
from .consequences import FULL
from .evaluator import link_rows
from .joint import Choice, output_map
from .planning import SMALL_LEVERAGE, Facts, certified, check_kept, limits_used, money_scale
from .problem import Problem
from .restoring import LIMITS, restored_figures


class Unfigured(Exception):
    """Limits that cannot all hold: only a whole plan can say which."""


class Figures:
    """Works out figures of plans of one problem, its linear programs kept warm.

    Every figure comes from linear programs solved alone, as in `make_plan`, and is checked in the same way.

    Parameters
    ----------
    problem
        The problem; its numbers may change, its structure may not.

    Attributes
    ----------
    costs : scipy.sparse.csr_matrix, shape (2 scenarios + 2, columns)
        Cost and refused margin of every scenario, first-stage cost and the response's cost, from the columns of the joint
        program.
    constants : array, shape (2 scenarios + 2,)
    """

    def __init__(self, problem: Problem):
        self.problem = problem
        joint = problem.joint
        model, compiled = joint.model, joint.compiled
        self.names = list(model.scenarios)
        expressions = [
            *(model.ours[name].cost for name in self.names),
            *(model.ours[name].refused_margin for name in self.names),
            model.first_stage_cost,
            model.response.cost,
        ]
        rows = [generate_standard_repn(expression, compute_values=True) for expression in expressions]
        self.costs = compiled.linear_map([list(zip(row.linear_coefs, row.linear_vars, strict=True)) for row in rows])
        self.constants = np.array([float(row.constant) for row in rows])
        self.outputs = output_map(joint.network, compiled, model.response, joint.outputs)
        self.links = link_rows(joint)[2]
        self.fills = {name: _by_pair(compiled, model.ours[name].fill) for name in self.names}
        self.fills["counterpart"] = _by_pair(compiled, model.response.fill)
        self.qualify = {lane: compiled.column.get(id(variable), -1) for lane, variable in model.qualify.items()}
        self.stockpile = {pair: compiled.column.get(id(variable), -1) for pair, variable in model.stockpile.items()}
        self.advantage = compiled.column.get(id(model.advantage), -1)
        self._alone = Operator(joint)
        self._costs: dict[frozenset[tuple[str, str]], float] = {}
        self._kinds: dict[tuple[frozenset[tuple[str, str]], bytes], np.ndarray] = {}
        self.program = self._alone.program
        fixed = [*self._alone.response_columns, *self.links, self.advantage]
        fixed += [*self.qualify.values(), *self.stockpile.values()]
        self.fixed = np.unique([column for column in fixed if column >= 0])

    @cached_property
    def highs(self) -> Highs:
        """Our linear programs alone."""
        return Highs(self.program, presolve="off", solver="simplex")

    def forget_responses(self) -> None:
        """Forget what is known of responses, whose numbers have moved."""
        self._costs.clear()
        self._kinds.clear()

    def response_cost(self, choice: Choice) -> float:
        """V(k), from a cold start; not worked out again as long as the response stays the same."""
        key = frozenset(choice.items())
        if key not in self._costs:
            self._costs[key] = self.problem.response_cost(choice)
        return self._costs[key]

    def _least_kind(self, choice: Choice) -> np.ndarray:
        """Columns of the joint program of the least-cost response that is least kind to us."""
        problem, keys = self.problem, self.problem.joint.outputs
        key = (frozenset(choice.items()), kindness(problem.network, keys).tobytes())
        if key not in self._kinds:
            kind = least_kind(problem.network, problem.response, keys, choice, self.response_cost(choice))
            self._kinds[key] = problem.to_joint(kind)
        return self._kinds[key]

    def operations(self, response: np.ndarray, first: FirstStage) -> tuple[Operations, np.ndarray]:
        """Solve every scenario's operations, first stage and response fixed.

        Raises
        ------
        Unfigured
            When limits cannot hold.
        """
        values = np.zeros_like(self.program.cost)
        columns = self._alone.response_columns
        values[columns] = np.where(np.abs(response[columns]) < NOISE, 0.0, response[columns])
        outputs = np.maximum(self.outputs @ values, 0.0)
        watched = self.links >= 0
        values[self.links[watched]] = outputs[watched]
        fills = [
            place for place, (kind, _) in enumerate(self.problem.joint.outputs) if kind == "fill" and watched[place]
        ]
        values[self.links[fills]] = np.minimum(values[self.links[fills]], 1.0)
        for choices, amounts in ((self.qualify, first.qualify), (self.stockpile, first.stockpile)):
            for index, column in choices.items():
                if column >= 0:
                    values[column] = float(amounts.get(index, 0.0))
        self.highs.set_bounds(self.fixed, values[self.fixed], values[self.fixed])
        outcome = _solved(self.highs)
        if outcome.infeasible:
            raise Unfigured
        if not outcome.optimal or outcome.solution is None:
            raise ArithmeticError(f"our operations ended with {outcome.termination!r}")
        solution = np.where(np.abs(outcome.solution) < NOISE, 0.0, outcome.solution)
        amounts_of = self.costs @ solution + self.constants
        count, margin = len(self.names), float(outputs[-1])
        return (
            Operations(
                own_cost={name: float(amounts_of[place]) - margin for place, name in enumerate(self.names)},
                refused={name: float(amounts_of[count + place]) for place, name in enumerate(self.names)},
                first_stage_cost=float(amounts_of[2 * count]),
                margin=margin,
                solution=solution,
                gaps=[],
            ),
            amounts_of,
        )

    def plan(self, facts: Facts, solution: np.ndarray, first: FirstStage) -> dict[str, Any]:
        """Return the figures of a plan as ``plan.json`` names them, without its ``solve``.

        Parameters
        ----------
        facts, solution, first
            As of `make_plan`.

        Raises
        ------
        CertificateError
            When the search's answer and the linear programs solved alone do not agree.
        Unfigured
            When limits cannot hold.
        """
        problem, network = self.problem, self.problem.network
        status_quo = problem.status_quo
        cold = self.response_cost(facts.choice)
        admin = problem.admin_cost(facts.choice)
        loss = cold - status_quo.response_cost
        money = money_scale(problem)
        hostile, _ = self.operations(self._least_kind(facts.choice), first)
        hostile_losses = leverage_by_package(network, hostile, loss, status_quo.cost, admin)
        least = min(hostile_losses[name][0] - hostile_losses[name][1] for name in network.rated)
        operations, amounts = self.operations(solution, first)
        losses = leverage_by_package(network, operations, loss, status_quo.cost, admin)
        worst = worst_of(network, losses)
        leverage = losses[worst][0] - losses[worst][1] + 0.0
        certificate = certified(facts, leverage, float(amounts[-1]), cold, money)
        limits = limits_used(problem, facts.choice, operations.first_stage_cost + admin)
        units = {name: problem.units.unit_of(unit) for name, unit in LIMITS.items()}
        violations = [
            f"{name} <= {entry['limit'] * unit:g}: over by {(entry['used'] - entry['limit']) * unit:.4g}"
            for name, unit in units.items()
            for entry in [limits[name]]
            if entry["limit"] is not None
            and entry["used"] is not None
            and entry["used"] > entry["limit"] * (1 + 1e-7) + 1e-7
        ]
        check_kept(facts, violations)
        bound = leverage if facts.bound is None else max(facts.bound, leverage)
        gap = max(0.0, (bound - leverage) / max(abs(leverage), SMALL_LEVERAGE * money))
        evaluated = facts.claimed is None
        kept = "infeasible" if violations else "feasible"
        found = "optimal" if gap <= facts.rel_gap else "feasible"
        fills = {name: _means(columns, operations.solution) for name, columns in self.fills.items()}
        figures = {
            "status": kept if evaluated else found,
            "leverage": leverage,
            "bound": None if evaluated else bound,
            "gap": None if evaluated else gap,
            "counterpart_loss": losses[worst][0],
            "own_loss": losses[worst][1],
            "worst_package": worst,
            "leverage_range": [min(least, leverage), leverage],
            "sourcing_only_leverage": facts.sourcing_only,
            "policies": dict(facts.choice),
            "qualified": [lane for lane, chosen in first.qualify.items() if chosen],
            "stockpile": {"/".join(pair): amount for pair, amount in first.stockpile.items() if amount > 0},
            "scenarios": {
                name: {
                    "own_loss": losses[name][1],
                    "counterpart_loss": losses[name][0],
                    "leverage": losses[name][0] - losses[name][1],
                    "fill": fills[name],
                }
                for name in network.scenarios
            },
            "counterpart_fill": fills["counterpart"],
            "first_shortage_week": {
                pair: _first_short(columns, operations.solution) for pair, columns in self.fills["counterpart"].items()
            },
            "certificate": certificate,
            "limits": limits,
            "violations": violations,
        }
        return restored_figures(figures, problem.units)

    def first_stage(self, solution: np.ndarray) -> FirstStage:
        """First-stage choices in a solution of the joint program, rounding noise removed."""
        qualify = {lane: column >= 0 and bool(solution[column] > 0.5) for lane, column in self.qualify.items()}
        stockpile = {}
        for pair, column in self.stockpile.items():
            most = self.problem.network.most_stockpiled(pair)
            amount = float(solution[column]) if column >= 0 else 0.0
            stockpile[pair] = 0.0 if amount < 1e-7 * max(1.0, most) else min(amount, most)
        return FirstStage(qualify, stockpile)


def _solved(highs: Highs) -> Outcome:
    outcome = highs.solve()
    if not outcome.optimal:
        highs.forget()
        outcome = highs.solve()
    if outcome.optimal and outcome.solution is None:
        # Scaling back left it outside its tolerance: from a cold start it is not.
        highs.forget()
        outcome = highs.solve()
    return outcome


def _by_pair(compiled: Any, fill: Any) -> dict[str, np.ndarray]:
    """Columns of fills week by week, by ``site/item``; -1 where a fill has no column."""
    columns: dict[str, list[int]] = {}
    for (site, item, _), variable in fill.items():
        columns.setdefault(f"{site}/{item}", []).append(compiled.column.get(id(variable), -1))
    return {pair: np.array(weeks) for pair, weeks in columns.items()}


def _levels(columns: np.ndarray, solution: np.ndarray) -> np.ndarray:
    return np.where(columns >= 0, solution[columns], 0.0)


def _means(columns: Mapping[str, np.ndarray], solution: np.ndarray) -> dict[str, float]:
    return {pair: min(1.0, math.fsum(_levels(weeks, solution)) / len(weeks)) for pair, weeks in columns.items()}


def _first_short(columns: np.ndarray, solution: np.ndarray) -> int | None:
    short = np.flatnonzero(_levels(columns, solution) < FULL)
    return int(short[0]) if short.size else None
