"""A model compiled to arrays, whose numbers can be refilled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress, count, repeat
from operator import attrgetter
from typing import Any

import numpy as np
import scipy.sparse as sparse

from ..algebra import Constraint, Model, Objective, minimize
from ..algebra.expressions import Relation
from ..algebra.traced import Numbers


@dataclass
class Program:
    """A linear or mixed-integer program as arrays: minimise ``cost @ x + offset``.

    Attributes
    ----------
    cost : array, shape (columns,)
    matrix : scipy.sparse.csc_matrix, shape (rows, columns)
    row_lower, row_upper : array, shape (rows,)
    column_lower, column_upper : array, shape (columns,)
    integer : array of bool, shape (columns,)
    """

    cost: np.ndarray
    matrix: sparse.csc_matrix
    row_lower: np.ndarray
    row_upper: np.ndarray
    column_lower: np.ndarray
    column_upper: np.ndarray
    integer: np.ndarray
    offset: float = 0.0

    def relaxed(self) -> Program:
        """Return the linear relaxation; arrays of bounds are copied, the rest is shared."""
        return replace(
            self,
            column_lower=self.column_lower.copy(),
            column_upper=self.column_upper.copy(),
            integer=np.zeros_like(self.integer),
        )


@dataclass
class Compiled:
    """A program with the way back to the components it came from.

    Attributes
    ----------
    program
        The arrays; the sense is always minimise (a maximised objective is negated).
    column : dict of int to int
        Column of a variable by ``id(variable)``; a variable without coefficients has none.
    row : dict of int to int
        Row by its ``id``, and by that of its family where it is alone there; a trivial one has none.
    variables : list
        Variable of every column.
    layout
        Where the numbers of the model stand in the program.
    maps
        What `linear_map` returned, where it is made of figures on a tape.
    """

    program: Program
    column: dict[int, int]
    row: dict[int, int]
    variables: list[Any]
    layout: Any = None
    maps: list[tuple[Numbers, sparse.csr_matrix]] = field(default_factory=list)

    def refill(self, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay (`Tape`), in the program and in all maps made of it.

        Raises
        ------
        Moved
            Where an entry or an infinite bound comes or goes.
        """
        self.layout.refill(self.program, numbers)
        for own, matrix in self.maps:
            own.put(numbers, entries=True)
            matrix.data[:] = own.values

    def columns(self, variables: Iterable[Any]) -> np.ndarray:
        """Columns of variables, -1 for one without coefficients."""
        return _looked_up(self.column, variables)

    def places(self, relations: Iterable[Any]) -> np.ndarray:
        """Rows by what they were made of, -1 for a trivial one."""
        return _looked_up(self.row, relations)

    def rows(self, family: Any) -> np.ndarray:
        """Return the rows of a constraint family that the program holds; none where the model has no such family."""
        places = self.places(() if family is None else family.values())
        return places[places >= 0]

    def values(self, component: Any, solution: np.ndarray) -> dict[Any, float]:
        """Values of an indexed variable by its index; a variable without coefficients is at its lower bound."""
        values = {}
        for index, variable in component.items():
            place = self.column.get(id(variable))
            values[index] = float(variable.lower) if place is None else float(solution[place])
        return values

    def linear_map(self, expressions: Sequence[Sequence[tuple[float, Any]]]) -> sparse.csr_matrix:
        """Return the matrix whose rows are linear expressions given as (coefficient, variable) lists."""
        terms = list(chain.from_iterable(expressions))
        places = self.columns(variable for _, variable in terms)
        held = places >= 0
        own = Numbers(compress((coefficient for coefficient, _ in terms), held.tolist()))
        ends = np.cumsum([0, *map(len, expressions)])
        starts = np.concatenate([[0], np.cumsum(held)])[ends]
        shape = (len(expressions), len(self.variables))
        made = sparse.csr_matrix((own.values, places[held], starts), shape=shape)
        if own.places.size:
            self.maps.append((own, made))
        return made


def _looked_up(place: dict[int, int], members: Iterable[Any]) -> np.ndarray:
    """Return places by the ``id`` of members, -1 where there is none."""
    return np.fromiter(map(place.get, map(id, members), repeat(-1)), dtype=np.int64)


def compile_model(model: Model, check: Callable[[], None] = lambda: None) -> Compiled:
    """Read a model into arrays.

    Columns stand family by family, in the order in which the objective and the rows meet the families; rows block by block, those
    of outer blocks first. A column without coefficients is left out, one that is fixed goes to the right-hand sides.

    Parameters
    ----------
    model
        A model with one active objective.
    check
        Called at every row; what it raises ends the work.

    Returns
    -------
    Compiled

    Raises
    ------
    ArithmeticError
        Where a row without variables cannot hold.
    """
    objective = next(model.component_objects(Objective, active=True))
    relations: list[Relation] = []
    alone: dict[int, int] = {}
    for family in model.component_objects(Constraint, active=True):
        held = []
        for relation in family.values():
            check()
            if any(relation.terms.values()):
                held.append(relation)
            elif not relation.lower <= relation.constant <= relation.upper:
                raise ArithmeticError(f"no solution keeps {family.name}")
        if held and not family.sets:
            alone[id(family)] = len(relations)
        relations += held
    row = dict(zip(map(id, relations), count()))
    return _Layout(model, objective, relations).compiled(row | alone)


class _Layout:
    """Where the numbers of a model stand in its program.

    Parameters
    ----------
    model, objective, relations
        The model, its active objective, its rows in their order.
    """

    def __init__(self, model: Model, objective: Objective, relations: Sequence[Relation]):
        sums: list[Any] = [objective.expr.linear(), *relations]
        terms = list(map(attrgetter("terms"), sums))
        sizes = np.array(list(map(len, terms)))
        met = map(attrgetter("number"), chain.from_iterable(terms))
        numbers = np.fromiter(met, dtype=np.int64, count=int(sizes.sum()))
        self.factors = Numbers(chain.from_iterable(map(dict.values, terms)))
        self.constants = Numbers(map(attrgetter("constant"), sums))
        self.lower = Numbers(map(attrgetter("lower"), relations))
        self.upper = Numbers(map(attrgetter("upper"), relations))
        self.sign = 1.0 if objective.sense == minimize else -1.0
        order = _column_order(model, numbers)
        known = np.flatnonzero(order >= 0)
        placed = np.empty(known.size, dtype=object)
        placed[order[known]] = np.fromiter(model.variables, dtype=object, count=order.size)[known]
        entries = np.flatnonzero(self.factors.values)
        rows, columns = np.repeat(np.arange(sizes.size), sizes)[entries], order[numbers[entries]]
        fixed = np.fromiter(map(attrgetter("fixed"), placed), dtype=bool, count=placed.size)
        used = np.zeros(placed.size, dtype=bool)
        used[columns] = True
        # What fixed columns come to, row by row.
        gone = fixed[columns]
        values = np.zeros(placed.size)
        values[fixed] = [variable.value for variable in placed[fixed]]
        self.shift = np.zeros(sizes.size)
        np.add.at(self.shift, rows[gone], self.factors.values[entries[gone]] * values[columns[gone]])
        self.variables = placed[used & ~fixed].tolist()
        self.column_lower = Numbers(map(attrgetter("lower"), self.variables))
        self.column_upper = Numbers(map(attrgetter("upper"), self.variables))
        entries, rows, columns = entries[~gone], rows[~gone], (np.cumsum(used & ~fixed) - 1)[columns[~gone]]
        self.shape = (len(relations), len(self.variables))
        aim = rows == 0
        self.goal_entries, self.goal_columns = entries[aim], columns[aim]
        # The entries row by row, as places, sorted column by column.
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows[~aim] - 1, minlength=self.shape[0]))])
        by_row = sparse.csr_matrix((entries[~aim], columns[~aim], starts), shape=self.shape)
        by_column = by_row.tocsc()
        self.entries, self.rows, self.starts = by_column.data, by_column.indices, by_column.indptr

    def fill(self, program: Program) -> None:
        """Put the numbers in their places."""
        factors, constants = self.factors.values, self.constants.values
        program.cost[self.goal_columns] = self.sign * factors[self.goal_entries]
        program.matrix.data[:] = factors[self.entries]
        program.row_lower[:] = self.lower.values - constants[1:] - self.shift[1:]
        program.row_upper[:] = self.upper.values - constants[1:] - self.shift[1:]
        program.column_lower[:], program.column_upper[:] = self.column_lower.values, self.column_upper.values
        program.offset = self.sign * float(constants[0] + self.shift[0])

    def compiled(self, row: dict[int, int]) -> Compiled:
        """Return the program."""
        rows, columns = self.shape
        program = Program(
            cost=np.zeros(columns),
            matrix=sparse.csc_matrix((np.empty(self.entries.size), self.rows, self.starts), shape=self.shape),
            row_lower=np.empty(rows),
            row_upper=np.empty(rows),
            column_lower=np.empty(columns),
            column_upper=np.empty(columns),
            integer=np.fromiter(map(attrgetter("family.domain.integer"), self.variables), dtype=bool, count=columns),
        )
        self.fill(program)
        column = dict(zip(map(id, self.variables), count()))
        return Compiled(program, column, row, self.variables, self)

    def refill(self, program: Program, numbers: np.ndarray) -> None:
        """Take over the numbers of a replay.

        Raises
        ------
        Moved
            Where an entry or an infinite bound comes or goes.
        """
        self.factors.put(numbers, entries=True)
        for own in (self.constants, self.lower, self.upper, self.column_lower, self.column_upper):
            own.put(numbers)
        self.fill(program)


def _column_order(model: Model, numbers: np.ndarray) -> np.ndarray:
    """Return the place of every variable where families stand in the order in which they are met; -1 for those never met.

    Parameters
    ----------
    model
        The model.
    numbers : array of int
        Numbers of variables as they are met.
    """
    starts = np.array(model.starts, dtype=np.int64)
    sizes = np.diff(starts, append=len(model.variables))
    family = np.repeat(np.arange(starts.size), sizes)
    first = np.full(starts.size, numbers.size)
    np.minimum.at(first, family[numbers], np.arange(numbers.size))
    ranked = np.argsort(first, kind="stable")
    places = np.empty_like(starts)
    places[ranked] = np.cumsum(sizes[ranked]) - sizes[ranked]
    order = (places - starts)[family] + np.arange(family.size)
    return np.where(first[family] < numbers.size, order, -1)
