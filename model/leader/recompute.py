"""Our operations recomputed by linear programs solved alone, and what follows for both sides (model.md section 6, certificate)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra import Constraint
from ..algebra.traced import Numbers
from ..formulation.follower import source_worth
from ..formulation.leader import gap_terms
from ..formulation.linking import Choice, LeaderProblem, output_map
from ..formulation.policy_terms import usual_lasting
from ..network import Network
from ..plan.tolerances import INTEGRAL, NO_AMOUNT, NO_AMOUNT_UNITS, QUANTITY_NOISE, WHOLE_GAP
from ..solver.arrays import Program
from ..solver.bases import partial_basis
from ..solver.highs import Highs, Outcome, TolerantHighs
from .cuts import link_rows
from .readout import RESPONSE_FAMILIES, Choices, Readout

if TYPE_CHECKING:
    from ...data.units import Units


@dataclass(frozen=True)
class FirstStage:
    """Lanes qualified and units stockpiled."""

    qualify: Mapping[str, bool]
    stockpile: Mapping[tuple[str, str], float]

    @classmethod
    def given(cls, qualified: Sequence[str], stockpile: Mapping[str, float], units: Units) -> FirstStage:
        """Return choices in natural units from names, and from units of the case by ``site/item``."""
        ends = {key: key.split("/", 1) for key in stockpile}
        amounts = {(ends[key][0], ends[key][1]): amount / units.item(ends[key][1]) for key, amount in stockpile.items()}
        return cls(dict.fromkeys(qualified, True), amounts)


def first_stage(network: Network, readout: Readout | Choices, solution: np.ndarray) -> FirstStage:
    """First-stage choices in a solution of the leader problem, rounding noise removed."""
    qualify = {
        lane: bool(level > 0.5)
        for lane, level in zip(readout.qualify.keys, readout.qualify.values(solution).tolist(), strict=True)
    }
    stockpile = {}
    for pair, amount in zip(readout.stockpile.keys, readout.stockpile.values(solution).tolist(), strict=True):
        most = network.most_stockpiled(pair)
        counted = NO_AMOUNT * max(1.0, min(most, NO_AMOUNT_UNITS))
        stockpile[pair] = 0.0 if amount < counted else min(amount, most)
    return FirstStage(qualify, stockpile)


@dataclass(frozen=True)
class Operations:
    """Operations of every scenario, each at least cost, for given first-stage choices and a given response.

    They hold their own values: nothing that is solved later changes them.

    Attributes
    ----------
    readout
        Reads the columns.
    solution : array, shape (columns,)
        Response, first stage and operations of every scenario, as columns of the leader problem; rounding noise is 0.
    amounts : array, shape (parts,)
        Cost parts, as of `Readout.parts`.
    margin
        Margin earned from the counterpart.
    infeasibility
        What the rows that rounding breaks can be worth to our side, money.
    binding
        Scenarios whose operations the advantage depends on; empty where scenarios share no decisions.
    lasting
        What stays lost of sales to the counterpart, money; no part of W.
    basis
        Of the linear program that the operations are an optimum of.
    """

    readout: Readout
    solution: np.ndarray
    amounts: np.ndarray
    margin: float
    infeasibility: float
    binding: tuple[str, ...] = ()
    lasting: float = 0.0
    basis: Any = None

    @cached_property
    def own_cost(self) -> dict[str, float]:
        """W of every scenario."""
        return {name: self.readout.own_cost(self.amounts, name) - self.margin for name in self.readout.scenarios}

    @cached_property
    def refused(self) -> dict[str, float]:
        """Refused margin of every scenario."""
        return {name: self.readout.amount(self.amounts, "refused_margin", name) for name in self.readout.scenarios}

    @property
    def refused_imports(self) -> float:
        """What our reviews of imports cost the counterpart."""
        known = ("", "refused_imports") in self.readout.parts
        return self.readout.amount(self.amounts, "refused_imports") if known else 0.0

    @property
    def first_stage_cost(self) -> float:
        """Fixed and stockpile costs."""
        return self.readout.amount(self.amounts, "fixed_costs") + self.readout.amount(self.amounts, "stockpile")

    @property
    def response_cost(self) -> float:
        """What the response costs."""
        return self.readout.response_cost(self.amounts)

    def fills(self, scenario: str | None) -> dict[tuple[str, str], np.ndarray]:
        """Fills of a scenario week by week, by (site, item); None: those of the counterpart."""
        family = (self.readout.response if scenario is None else self.readout.ours[scenario])["fill"]
        levels = family.values(self.solution)
        return {pair: levels[weeks] for pair, weeks in family.weeks.items()}


class OperationsSolver:
    """Solves our linear programs alone: first stage and response fixed, all scenarios together.

    What is decided before a scenario is revealed is decided for all of them. Of the operations that keep the limits those
    are taken whose advantage in the worst rated scenario is greatest, and of these the ones whose scenarios cost least
    together. Where nothing is shared that is every scenario at its least cost.

    Parameters
    ----------
    leader_problem
        The leader problem.
    readout
        Reads its columns, where there is one already.
    warm
        Whether a solve begins from the basis of the one before.
    start
        Basis that every solve begins with otherwise; None: slacks.

    Attributes
    ----------
    program
        Our linear programs in the columns of the leader problem: rows that are not ours are free. Its cost is that of all
        scenarios together.
    whole : array of int
        Columns of our operations that are whole: orders, prices by quantity, suppliers.
    shared
        Whether scenarios share decisions, or have binaries: then the advantage comes first.
    outputs : scipy.sparse.csr_matrix, shape (outputs, columns)
        What our side sees of a response, from the columns of the leader problem.
    fixed : array of int
        Columns that are given: the response, its outputs, the first stage and what policies open of our side.
    response_rows : list of (int, str, index)
        Rows of the response, each with its family and index, as `source_worth` takes them.

    Nothing of it asks the model once it is made: it outlives `LeaderProblem.forget_model`.
    """

    def __init__(
        self, leader_problem: LeaderProblem, readout: Readout | None = None, *, warm: bool = False, start: Any = None
    ):
        self.leader_problem = leader_problem
        self.readout = readout or Readout(leader_problem)
        self.warm = warm
        self.start = start
        model, compiled = leader_problem.model, leader_problem.compiled
        cost = self.readout.operations_cost()
        gaps = gap_terms(model)
        places = compiled.columns(gap for _, gap in gaps)
        held = places >= 0
        self.gap_columns = places[held]
        np.add.at(cost, self.gap_columns, Numbers(price for price, _ in gaps).values[held])
        lower_rows, upper_rows = leader_problem.program.row_lower.copy(), leader_problem.program.row_upper.copy()
        outside = [model.component(name) for name in OUTSIDE if model.component(name) is not None]
        outside += list(model.response.component_objects(Constraint))
        for family in outside:
            rows = compiled.rows(family)
            lower_rows[rows], upper_rows[rows] = -math.inf, math.inf
        self.program = Program(
            cost=cost,
            matrix=leader_problem.program.matrix,
            row_lower=lower_rows,
            row_upper=upper_rows,
            column_lower=leader_problem.program.column_lower.copy(),
            column_upper=leader_problem.program.column_upper.copy(),
            integer=np.zeros_like(leader_problem.program.integer),
        )
        self.whole = leader_problem.operational
        self.shared = bool(self.whole.size) or any(b.data.reveal > 0 for b in model.ours.values())
        self.loss_rows = compiled.rows(model.component("own_loss"))
        self.fill_rows = np.concatenate(
            [np.empty(0, int), *(compiled.rows(b.component("continuity")) for b in model.ours.values())]
        )
        response = np.concatenate([family.columns for family in self.readout.response.values()])
        self.response_columns = response[response >= 0]
        self.outputs = output_map(leader_problem.network, compiled, model.response, leader_problem.outputs)
        self.links = link_rows(leader_problem)[2]
        self._shares = np.array([kind == "fill" for kind, _ in leader_problem.outputs], dtype=bool)
        self._advantage = compiled.column.get(id(model.advantage), -1)
        self._lasting_link = (
            next(place for place, (kind, _) in enumerate(leader_problem.outputs) if kind == "lasting")
            if model.lasts
            else None
        )
        self._yielded = _yielded(leader_problem)
        self._rows_of_scenario = _rows_of_scenario(leader_problem) if self.shared else {}
        self.response_rows = [
            (row, name, index)
            for name in source_worth(leader_problem.network)
            for index, constraint in model.response.component(name).items()
            if (row := compiled.row.get(id(constraint))) is not None
        ]
        own = [place for columns in leader_problem.policy_bounds.own.values() for place in columns]
        given = [
            *self.response_columns,
            *self.links,
            *own,
            *self.readout.qualify.columns,
            *self.readout.stockpile.columns,
        ]
        self.fixed = np.unique([place for place in given if place >= 0]).astype(np.int64)

    def shrink(self) -> None:
        """Give back the memory of what the account of a plan does not need; the numbers of the program do not change any more."""
        self.readout = self.readout.for_limits()
        whole = self.leader_problem.program
        self.program.column_lower, self.program.column_upper = whole.column_lower, whole.column_upper

    @cached_property
    def _free_rows(self) -> np.ndarray:
        """Rows that are not ours."""
        return np.flatnonzero(np.isinf(self.program.row_lower) & np.isinf(self.program.row_upper))

    @cached_property
    def highs(self) -> Highs:
        """Our linear programs, warm."""
        return TolerantHighs(self.program, presolve="off", solver="simplex")

    def given(self, response: np.ndarray, first: FirstStage, choice: Choice) -> tuple[np.ndarray, float]:
        """Columns that are fixed, all others 0, shape (columns,), and the margin that the response earns us."""
        values = np.zeros_like(self.program.cost)
        columns = self.response_columns
        values[columns] = np.where(np.abs(response[columns]) < QUANTITY_NOISE, 0.0, response[columns])
        outputs = np.maximum(self.outputs @ values, 0.0)
        outputs[self._shares] = np.minimum(outputs[self._shares], 1.0)
        linked = self.links >= 0
        values[self.links[linked]] = outputs[linked]
        lanes = np.array([float(first.qualify.get(lane, False)) for lane in self.readout.qualify.keys])
        units = np.array([float(first.stockpile.get(pair, 0.0)) for pair in self.readout.stockpile.keys])
        for family, amounts in ((self.readout.qualify, lanes), (self.readout.stockpile, units)):
            placed = family.columns >= 0
            values[family.columns[placed]] = amounts[placed]
        for (regime, policy), columns in self.leader_problem.policy_bounds.own.items():
            values[columns] = float(choice[regime] == policy)
        columns, fills = self._yielded
        values[columns] *= values[fills]
        return values, float(outputs[-1])

    def alike(self, one: np.ndarray, other: np.ndarray, first: FirstStage, choice: Choice) -> bool:
        """Whether two responses to a choice, columns of the leader problem, leave our side the same but for rounding."""
        before, margin = self.given(one, first, choice)
        after, other_margin = self.given(other, first, choice)
        linked = self.links[self.links >= 0]
        differences = np.append(before[linked] - after[linked], margin - other_margin)
        return bool((np.abs(differences) <= QUANTITY_NOISE).all())

    def run(
        self,
        response: np.ndarray,
        first: FirstStage,
        choice: Choice,
        least_fill: float | None = None,
        most_own_cost: float = math.inf,
        basis: Any = None,
    ) -> Operations:
        """Solve all scenarios' operations; limits that cannot hold are broken as little as can be.

        Parameters
        ----------
        response : array, shape (columns,)
            Columns of the leader problem; those of the response are used, and binaries of our operations where they are whole: the
            advantage is worked out with these held, and only then are they chosen anew for the least cost.
        first
            First-stage choices.
        choice
            Policy of every regime.
        least_fill
            Mean fill kept of every demand with a ``min_fill``; None: as the case says.
        most_own_cost
            Most that a rated scenario may cost us, where scenarios share decisions; else each has its least cost anyway.
        basis : HighsBasis, optional
            Of the leader problem, of which the response is part of an optimum at the same first stage: our operations in it are all
            but an optimum here.

        Raises
        ------
        ArithmeticError
            When HiGHS ends without an optimum.
        """
        values, margin = self.given(response, first, choice)
        highs = self.highs if self.warm else self._begun()
        if basis is not None:
            highs.set_basis(partial_basis(basis, self.fixed, self._free_rows))
        highs.set_bounds(self.fixed, values[self.fixed], values[self.fixed])
        self._ask(highs, least_fill, most_own_cost)
        try:
            outcome, prices, binding = self._solve(highs, whole_values(response[self.whole]))
        finally:
            self._ask(highs, None, math.inf)
        if not outcome.optimal or outcome.solution is None:
            raise ArithmeticError(f"our operations ended with {outcome.termination!r}")
        solution = np.where(np.abs(outcome.solution) < QUANTITY_NOISE, 0.0, outcome.solution)
        solution[self.fixed] = values[self.fixed]
        row_lower = self.program.row_lower
        if least_fill is not None:
            row_lower = row_lower.copy()
            row_lower[self.fill_rows] = least_fill * self.leader_problem.network.weeks
        broken = broken_by(replace(self.program, row_lower=row_lower), solution)
        return Operations(
            self.readout,
            solution,
            self.readout.amounts(solution),
            margin,
            float(broken @ prices),
            binding,
            self._lasting(solution),
            highs.get_basis(),
        )

    def _begun(self) -> Highs:
        """Our linear programs, with the basis to begin with."""
        highs = TolerantHighs(self.program)
        if self.start is not None:
            highs.set_basis(self.start)
        return highs

    def _lasting(self, solution: np.ndarray) -> float:
        """What stays lost of sales to the counterpart."""
        if self._lasting_link is None:
            return 0.0
        place = self.links[self._lasting_link]
        return usual_lasting(self.leader_problem.network) - (float(solution[place]) if place >= 0 else 0.0)

    def _solve(self, highs: Highs, known: np.ndarray | None) -> tuple[Outcome, np.ndarray, tuple[str, ...]]:
        """Return the outcome, what a unit of every row can be worth, and the scenarios that the advantage depends on.

        Parameters
        ----------
        highs
            Our linear programs.
        known : array, shape (whole,), optional
            Binaries of our operations.
        """
        program, gaps = self.program, self.gap_columns
        touched = np.append(gaps, self._advantage) if self.shared else gaps
        try:
            if not self.shared:
                outcome = self._least(highs, program.cost)
                return outcome, np.abs(highs.row_duals()), ()
            # Advantage less what broken limits are charged, as the leader problem has it.
            best = self._least(highs, self.leader_problem.program.cost, known)
            if not best.optimal or best.solution is None:
                return best, np.zeros_like(program.row_lower), ()
            prices = np.abs(highs.row_duals())
            binding = self._binding(prices)
            for hair in (0.0, QUANTITY_NOISE):
                self._hold(highs, best.solution, hair)
                outcome = self._least(highs, program.cost, elastic=False)
                if not outcome.optimal and self.whole.size:
                    # Rounding may leave no others: those of the advantage do.
                    outcome = self._least(highs, program.cost, np.round(best.solution[self.whole]), elastic=False)
                if outcome.optimal:
                    break
            return outcome, np.maximum(prices, np.abs(highs.row_duals())), binding
        finally:
            highs.set_bounds(touched, program.column_lower[touched], program.column_upper[touched])

    def _binding(self, prices: np.ndarray) -> tuple[str, ...]:
        """Scenarios of which a row has a price."""
        priced = prices > QUANTITY_NOISE
        return tuple(name for name, rows in self._rows_of_scenario.items() if priced[rows].any())

    def _least(self, highs: Highs, cost: np.ndarray, known: np.ndarray | None = None, elastic: bool = True) -> Outcome:
        """Minimise a cost; limits that cannot hold are made elastic, so that it can be said which and by how much.

        Binaries are those that are known; else they are found, held and the linear program solved again.
        """
        highs.set_cost(cost)
        outcome = self._held(highs, known)
        if not outcome.optimal and elastic:
            gaps = self.gap_columns
            highs.set_bounds(gaps, np.zeros(gaps.size), np.full(gaps.size, math.inf))
            outcome = self._held(highs, None)
        return outcome

    def _held(self, highs: Highs, known: np.ndarray | None) -> Outcome:
        """Solve the linear program at the binaries that are known, or at the best ones."""
        if not self.whole.size:
            return _settled(highs)
        if known is None:
            program = self.leader_problem.program
            highs.set_bounds(self.whole, program.column_lower[self.whole], program.column_upper[self.whole])
            highs.set_integer(self.whole, True)
            try:
                with highs.options(**WHOLE):
                    found = highs.solve()
            finally:
                highs.set_integer(self.whole, False)
            if found.solution is None:
                return found
            known = np.round(found.solution[self.whole])
        highs.set_bounds(self.whole, known, known)
        return _settled(highs)

    def _hold(self, highs: Highs, solution: np.ndarray, hair: float) -> None:
        """Keep the advantage of a solution, and break limits no more than it does, up to a share of both."""
        columns = np.append(self.gap_columns, self._advantage)
        values = solution[columns]
        remaining_here = hair * np.maximum(1.0, np.abs(values))
        lower, upper = np.zeros_like(values), np.maximum(values, 0.0) + remaining_here
        lower[-1], upper[-1] = values[-1] - remaining_here[-1], math.inf
        upper[:-1][values[:-1] <= 0] = 0.0
        highs.set_bounds(columns, lower, upper)

    def _ask(self, highs: Highs, least_fill: float | None, most_own_cost: float) -> None:
        """Set the sums over weeks of the fills that continuity asks for, and the most that rated scenarios may cost."""
        rows = self.fill_rows
        asked = np.full(rows.size, (least_fill or 0.0) * self.leader_problem.network.weeks)
        highs.set_rows(
            rows, self.program.row_lower[rows] if least_fill is None else asked, np.full(rows.size, math.inf)
        )
        rows = self.loss_rows if self.shared else self.loss_rows[:0]
        highs.set_rows(rows, np.full(rows.size, -math.inf), np.full(rows.size, most_own_cost))


WHOLE = {"presolve": "choose", "mip_rel_gap": WHOLE_GAP, "mip_abs_gap": WHOLE_GAP}
"""How binaries of our operations are chosen."""


def whole_values(values: np.ndarray) -> np.ndarray | None:
    """Return binaries without the solver's rounding; None where they are not known, or not whole."""
    if not np.isfinite(values).all() or np.abs(values - np.round(values)).max(initial=0.0) > INTEGRAL:
        return None
    return np.round(values)


OUTSIDE = ("fill_link", "order_link", "margin_link", "least_cost", "budget", "own_loss", "stockpile_value")
"""Rows of the leader problem, besides those of the response, that do not bind our operations."""


def broken_by(program: Program, solution: np.ndarray) -> np.ndarray:
    """By how much a solution breaks every row of a program, shape (rows,)."""
    activity = program.matrix @ solution
    return np.maximum(0.0, np.maximum(program.row_lower - activity, activity - program.row_upper))


def _settled(highs: Highs) -> Outcome:
    """Solve; anew in other ways where that settles nothing."""
    outcome = highs.solve()
    return outcome if outcome.settled else highs.solve_anew()


def _yielded(leader_problem: LeaderProblem) -> np.ndarray:
    """Columns of what policies of ours let the counterpart yield, and of the fills that they follow, shape (2, n)."""
    model, compiled = leader_problem.model, leader_problem.compiled
    pairs = [
        (compiled.column.get(id(variable), -1), compiled.column.get(id(model.counterpart_fill[(*pair, week)]), -1))
        for (_, _, *pair, week), variable in model.yielded.items()
        if tuple(pair) in model.watched
    ]
    places = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return places[:, (places >= 0).all(axis=0)]


def _rows_of_scenario(leader_problem: LeaderProblem) -> dict[str, np.ndarray]:
    """Rows of every scenario's own constraints."""
    found = {}
    for name, block in leader_problem.model.ours.items():
        families = [leader_problem.compiled.rows(family) for family in block.component_objects(Constraint)]
        found[name] = np.concatenate([np.empty(0, dtype=int), *families])
    return found


def response_variables(block: Any) -> list[Any]:
    """Variables of a response block, in an order that two blocks of one case share."""
    families = [block.component(name) for name in RESPONSE_FAMILIES]
    return [variable for family in families for variable in family.values()]
