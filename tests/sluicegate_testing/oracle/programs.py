"""Linear programs, one row at a time."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

INF = math.inf


class Affine:
    """A constant plus a sum of coefficient * column."""

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.terms: dict[int, float] = {}

    def add(self, coefficient: float, column: int) -> Affine:
        """Add ``coefficient * column``."""
        if coefficient != 0.0:
            self.terms[column] = self.terms.get(column, 0.0) + coefficient
        return self

    def plus(self, other: Affine, factor: float = 1.0) -> Affine:
        """Add ``factor * other``."""
        self.constant += factor * other.constant
        for column, coefficient in other.terms.items():
            self.add(factor * coefficient, column)
        return self

    def at(self, x: np.ndarray) -> float:
        """The value at a solution."""
        return self.constant + sum(coefficient * float(x[column]) for column, coefficient in self.terms.items())


class Program:
    """Columns with bounds and rows ``expression >= 0``."""

    def __init__(self) -> None:
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integer: list[int] = []
        self.rows: list[Affine] = []

    def column(self, upper: float = INF, lower: float = 0.0, integer: bool = False) -> int:
        """A new column between its bounds."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(int(integer))
        return len(self.lower) - 1

    def nonnegative(self, expression: Affine) -> None:
        """A new row ``expression >= 0``."""
        self.rows.append(expression)

    def matrix(self) -> tuple[csr_matrix, np.ndarray]:
        """``A`` and ``b`` of ``A x >= b``."""
        entries = [(r, c, v) for r, row in enumerate(self.rows) for c, v in row.terms.items()]
        r, c, v = ([e[k] for e in entries] for k in range(3))
        matrix = csr_matrix((np.array(v, dtype=float), (r, c)), shape=(len(self.rows), len(self.lower)))
        return matrix, np.array([-row.constant for row in self.rows])

    def costs(self, objective: Affine) -> np.ndarray:
        """The objective's coefficients as an array."""
        c = np.zeros(len(self.lower))
        for column, coefficient in objective.terms.items():
            c[column] = coefficient
        return c

    def minimise(self, objective: Affine) -> np.ndarray | None:
        """The minimising columns, or None when there are none. Integers are exact: rounded, fixed, and solved again."""
        if not any(self.integer):
            return self._solve(objective, self.lower, self.upper, relaxed=True)
        x = self._solve(objective, self.lower, self.upper, relaxed=False)
        if x is None:
            return None
        lower, upper = list(self.lower), list(self.upper)
        for k, integer in enumerate(self.integer):
            if integer:
                lower[k] = upper[k] = float(round(x[k]))
        fixed = self._solve(objective, lower, upper, relaxed=True)
        if fixed is None:
            raise RuntimeError("the integer solution does not survive rounding")
        return fixed

    def _solve(self, objective: Affine, lower: list[float], upper: list[float], relaxed: bool) -> np.ndarray | None:
        matrix, right = self.matrix()
        for presolve in (True, False):
            result = milp(
                self.costs(objective),
                constraints=LinearConstraint(matrix, right, np.full(len(right), INF)),
                bounds=Bounds(np.array(lower), np.array(upper)),
                integrality=np.zeros(len(lower)) if relaxed else np.array(self.integer),
                options={"mip_rel_gap": 0.0, "presolve": presolve},
            )
            if result.status == 0:
                return np.asarray(result.x)
        if result.status == 2:
            return None
        raise RuntimeError(f"the solver stopped: {result.message}")
