"""Where the families of a leader problem stand among its columns, and its costs as linear functions of the columns."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sparse

from ..algebra import Linear
from ..algebra.traced import Numbers
from ..formulation.leader_costs import COSTS

if TYPE_CHECKING:
    from ..formulation.linking import LeaderProblem
    from ..solver.arrays import Compiled

RESPONSE_FAMILIES = ("ship", "contract", "make", "save", "stock", "fill", "wait", "late", "short_end")
"""Variables of the response."""

RESPONSE_COSTS = ("purchase_cost", "production_cost", "holding_cost", "shortage_cost", "terminal_cost")
"""Parts of what the response costs."""

OWN_FAMILIES = (
    "ship",
    "make",
    "save",
    "stock",
    "fill",
    "wait",
    "late",
    "export_fill",
    "undelivered",
    "short_end",
    "bought",
    "placed",
)
"""Variables of our operations in a scenario, those of limits left out."""

OWN_COSTS = tuple(family.__name__ for family in COSTS)
"""Parts of what our operations cost in a scenario."""

LIMITED_FAMILIES = ("ship", "make", "fill")
"""Variables of our operations that limits on supply are about."""

INCOME = "transfer_income"
"""The part that is an income."""


@dataclass(frozen=True)
class Family:
    """An indexed variable of a compiled program.

    Attributes
    ----------
    keys : tuple
        Indices.
    columns : array of int, shape (keys,)
        Column of every index; -1 for one that no row and no cost holds, which is at its lower bound.
    lower : array, shape (keys,)
        Lower bounds of those without a column: 0 but of fills of weeks in which nothing is needed.
    """

    keys: tuple[Any, ...]
    columns: np.ndarray
    lower: np.ndarray

    @classmethod
    def of(cls, compiled: Compiled, component: Any) -> Family:
        """Return the family of an indexed variable."""
        variables = list(component.values())
        columns = compiled.columns(variables)
        lower = np.zeros(columns.size)
        for place in np.flatnonzero(columns < 0).tolist():
            lower[place] = variables[place].lower
        return cls(tuple(component), columns, lower)

    def values(self, solution: np.ndarray) -> np.ndarray:
        """Values in a solution, shape (keys,)."""
        return np.where(self.columns >= 0, np.append(solution, 0.0)[self.columns], self.lower)

    @cached_property
    def weeks(self) -> dict[Any, np.ndarray]:
        """Places of the weeks of every index, by the index without its week."""
        places: dict[Any, list[int]] = {}
        for place, (*head, _) in enumerate(self.keys):
            places.setdefault(head[0] if len(head) == 1 else tuple(head), []).append(place)
        return {head: np.array(found) for head, found in places.items()}

    def without_keys(self) -> Family:
        """Return the family without its keys, which take more memory than all else; their weeks are known."""
        bare = Family((), self.columns, self.lower)
        vars(bare)["weeks"] = self.weeks
        return bare


@dataclass(frozen=True)
class Choices:
    """Where the first-stage choices of a leader problem stand.

    Attributes
    ----------
    qualify, stockpile
        The choices.
    """

    qualify: Family
    stockpile: Family

    @classmethod
    def of(cls, leader_problem: LeaderProblem) -> Choices:
        """Return the choices of a leader problem."""
        compiled, model = leader_problem.compiled, leader_problem.model
        return cls(Family.of(compiled, model.qualify), Family.of(compiled, model.stockpile))

    def at(self, qualify: Mapping[str, float], stockpile: Mapping[tuple[str, str], float]) -> dict[int, float]:
        """Return the columns of the choices with the values of given ones; what is not named is 0."""
        return {
            column: float(amounts.get(index, 0.0))
            for family, amounts in ((self.qualify, qualify), (self.stockpile, stockpile))
            for index, column in zip(family.keys, family.columns.tolist(), strict=True)
            if column >= 0
        }


class Readout:
    """Reads the solutions of a leader problem.

    Parameters
    ----------
    leader_problem
        The leader problem.

    Attributes
    ----------
    scenarios : list of str
        Scenarios that it holds.
    response : dict of str to Family
        `RESPONSE_FAMILIES`.
    ours : dict of str to dict of str to Family
        `OWN_FAMILIES` of every scenario.
    reviewed : dict of str to Family
        Imports under policies of ours, by scenario; empty where there are none.
    qualify, stockpile : Family
        First-stage choices.
    least : array, shape (arcs,)
        What a contract has every arc of ``response["ship"]`` carry.
    parts : list of (str, str)
        What `costs` holds: for every scenario (scenario, part) of `OWN_COSTS` and of ``refused_margin``; ("", part) of
        `RESPONSE_COSTS`, of ``refused_imports`` where imports are reviewed, of ``fixed_costs`` and of ``stockpile``. Money.
    costs : scipy.sparse.csr_matrix, shape (parts, columns)
    constants : array, shape (parts,)
        The parts of a solution are ``costs @ solution + constants``.
    """

    def __init__(self, leader_problem: LeaderProblem):
        model, compiled = leader_problem.model, leader_problem.compiled
        self.scenarios = list(model.scenarios)
        self.response = {name: Family.of(compiled, model.response.component(name)) for name in RESPONSE_FAMILIES}
        least = model.response.data.contracted
        self._least = Numbers(
            least[lane, policy][week] if (lane, policy) in least else 0.0 for lane, policy, week in model.response.ship
        )
        self.least = self._least.values
        self.ours = {
            scenario: {name: Family.of(compiled, block.component(name)) for name in OWN_FAMILIES}
            for scenario, block in model.ours.items()
        }
        self.reviewed = {
            scenario: Family.of(compiled, block.reviewed)
            for scenario, block in model.ours.items()
            if block.component("reviewed") is not None
        }
        self.qualify = Family.of(compiled, model.qualify)
        self.stockpile = Family.of(compiled, model.stockpile)
        self.parts: list[tuple[str, str]] = []
        rows: list[list[tuple[float, Any]]] = []
        constants: list[float] = []

        def add(scenario: str, part: str, terms: Iterable[tuple[float, Any]], constant: float) -> None:
            self.parts.append((scenario, part))
            rows.append(list(terms))
            constants.append(constant)

        for scenario, block in model.ours.items():
            for part in (*OWN_COSTS, "refused_margin"):
                add(scenario, part, *linear(block.component(part)))
        for part in RESPONSE_COSTS:
            add("", part, *linear(model.response.component(part)))
        if len(model.reviewing):
            add("", "refused_imports", *linear(model.refused_imports))
        choices, _ = linear(model.first_stage_cost)
        lanes = {id(variable) for variable in model.qualify.values()}
        add("", "fixed_costs", [term for term in choices if id(term[1]) in lanes], 0.0)
        add("", "stockpile", [term for term in choices if id(term[1]) not in lanes], 0.0)
        self.costs: sparse.csr_matrix = compiled.linear_map(rows)
        self._constants = Numbers(constants)
        self.constants = self._constants.values
        self._place = {key: place for place, key in enumerate(self.parts)}

    def for_limits(self) -> Readout:
        """Return what reads costs, the first stage and `LIMITED_FAMILIES` alone, with a fraction of the memory."""
        bare = copy.copy(self)
        bare.response = {"fill": self.response["fill"].without_keys()}
        bare.ours = {
            scenario: {name: families[name].without_keys() for name in LIMITED_FAMILIES}
            for scenario, families in self.ours.items()
        }
        bare.reviewed = {}
        return bare

    def dispatched(self, solution: np.ndarray) -> np.ndarray:
        """What the counterpart's lanes dispatch, contracts included, in the order of the keys of ``response["ship"]``."""
        ship, contract = self.response["ship"], self.response["contract"]
        units = ship.values(solution)
        if contract.keys:
            kept = dict(zip(contract.keys, contract.values(solution).tolist(), strict=True))
            units = units + np.array([kept.get((lane, policy), 0.0) for lane, policy, _ in ship.keys]) * self.least
        return units

    def refill(self, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay; those of `costs` come with its program's."""
        self._constants.put(numbers)
        self._least.put(numbers)

    def amounts(self, solution: np.ndarray) -> np.ndarray:
        """Cost parts of a solution, shape (parts,)."""
        return self.costs @ solution + self.constants

    def amount(self, amounts: np.ndarray, part: str, scenario: str = "") -> float:
        """One of the cost parts."""
        return float(amounts[self._place[scenario, part]])

    def own_cost(self, amounts: np.ndarray, scenario: str) -> float:
        """Cost of our operations in a scenario: its parts, the income with a minus."""
        return sum(-amount if part == INCOME else amount for part, amount in self._of(amounts, scenario, OWN_COSTS))

    def response_cost(self, amounts: np.ndarray) -> float:
        """What the response costs."""
        return sum(amount for _, amount in self._of(amounts, "", RESPONSE_COSTS))

    def _of(self, amounts: np.ndarray, scenario: str, parts: Iterable[str]) -> list[tuple[str, float]]:
        return [(part, self.amount(amounts, part, scenario)) for part in parts]

    def operations_cost(self) -> np.ndarray:
        """What our operations cost in all scenarios together, per unit of every column, shape (columns,)."""
        signs = [
            0.0 if scenario == "" or part == "refused_margin" else -1.0 if part == INCOME else 1.0
            for scenario, part in self.parts
        ]
        return np.asarray(self.costs.T @ np.array(signs)).ravel()


def linear(expression: Linear) -> tuple[list[tuple[float, Any]], float]:
    """(coefficient, variable) of a linear expression, and its constant."""
    return [(factor, variable) for variable, factor in expression.terms.items() if factor], expression.constant
