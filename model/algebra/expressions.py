"""Linear expressions and what they are held to, with the order of operations of Pyomo's own: the same numbers to the last bit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .traced import Traced, exact

if TYPE_CHECKING:
    from .components import Var

Number = (int, float, Traced)


@dataclass(frozen=True)
class Domain:
    """What values a variable can take, its bounds aside."""

    lower: float
    integer: bool


Reals = Domain(-math.inf, False)
NonNegativeReals = Domain(0.0, False)
Binary = Domain(0.0, True)


class Operand:
    """Whatever stands in a linear expression: a variable, a variable times a number, a sum."""

    __slots__ = ()
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def linear(self) -> Linear:
        """Return it as a sum; not to be changed in place."""
        raise NotImplementedError

    def _plus(self, other: Any, sign: float) -> Linear:
        own = self.linear()
        # That of a sum is its own, not to be changed.
        total = Linear(dict(own.terms), own.constant) if own is self else own
        total.add(other, sign)
        return total

    def __add__(self, other: Any) -> Linear:
        return self._plus(other, 1.0)

    def __radd__(self, other: float) -> Linear:
        return Linear({}, exact(other))._plus(self, 1.0)

    def __sub__(self, other: Any) -> Linear:
        return self._plus(other, -1.0)

    def __rsub__(self, other: float) -> Linear:
        return Linear({}, exact(other))._plus(self, -1.0)

    def __mul__(self, factor: float) -> Any:
        own = self.linear()
        return Linear({variable: factor * value for variable, value in own.terms.items()}, factor * own.constant)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self * -1.0

    def __le__(self, other: Any) -> Relation:
        if isinstance(other, Number):
            return Relation(self.linear(), -math.inf, exact(other))
        return Relation(self._plus(other, -1.0), -math.inf, 0.0)

    def __ge__(self, other: Any) -> Relation:
        if isinstance(other, Number):
            return Relation(self.linear(), exact(other), math.inf)
        return Relation(other._plus(self, -1.0), -math.inf, 0.0)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Number):
            return Relation(self.linear(), exact(other), exact(other))
        return Relation(self - other, 0.0, 0.0)


class Variable(Operand):
    """A variable.

    Attributes
    ----------
    family
        The indexed variable that it belongs to.
    index
        Its index there.
    number
        Its place among all variables of the model.
    lower, upper
        Bounds, infinite where there are none.
    value
        Where it is fixed the value; else what `value` takes for it.
    """

    __slots__ = ("family", "fixed", "key", "lower", "number", "upper", "value")

    def __init__(self, family: Var, key: Any, number: int, lower: float, upper: float):
        self.family, self.key, self.number = family, key, number
        self.lower, self.upper = lower, upper
        self.value: float | None = None
        self.fixed = False

    def linear(self) -> Linear:
        """Return it as a sum."""
        return Linear({self: 1.0}, 0.0)

    def __mul__(self, factor: float) -> Term:
        return Term(factor, self)

    __rmul__ = __mul__

    def __neg__(self) -> Term:
        return Term(-1.0, self)

    @property
    def name(self) -> str:
        """Name with the index in brackets, as in ``response.ship[lane,open,3]``."""
        return indexed_name(self.family.name, self.key)

    def parent_component(self) -> Var:
        """Return the family."""
        return self.family

    def index(self) -> Any:
        """Return the index."""
        return self.key

    def is_continuous(self) -> bool:
        """Whether it may take any value between its bounds."""
        return not self.family.domain.integer

    def fix(self, value: float) -> None:
        """Hold it at a value: it is no column of the program then."""
        self.value, self.fixed = float(value), True


class ScalarVariable(Variable):
    """A variable that is alone in its family: it stands for the family as well, under the index None."""

    __slots__ = ()

    def __getitem__(self, key: None) -> ScalarVariable:
        return self

    def __iter__(self) -> Iterator[None]:
        return iter((None,))

    def values(self) -> tuple[Variable]:
        """Return itself, as the values of a family."""
        return (self,)

    def items(self) -> tuple[tuple[None, Variable]]:
        """Return itself, as the items of a family."""
        return ((None, self),)


class Term(Operand):
    """A number times a variable."""

    __slots__ = ("factor", "variable")

    def __init__(self, factor: float, variable: Variable):
        self.factor, self.variable = factor, variable

    def linear(self) -> Linear:
        """Return it as a sum."""
        return Linear({self.variable: self.factor}, 0.0)

    def __mul__(self, factor: float) -> Term:
        return Term(factor * self.factor, self.variable)

    __rmul__ = __mul__

    def __neg__(self) -> Term:
        return Term(-self.factor, self.variable)


class Linear(Operand):
    """A sum of terms and a constant.

    Attributes
    ----------
    terms : dict of Variable to float
        In the order in which they came, those with 0 too.
    constant
    """

    __slots__ = ("constant", "terms")

    def __init__(self, terms: dict[Variable, float], constant: float):
        self.terms, self.constant = terms, constant

    def linear(self) -> Linear:
        """Return itself."""
        return self

    def add(self, other: Any, sign: float = 1.0) -> None:
        """Add another expression or number, times 1 or -1, in place."""
        terms, kind = self.terms, other.__class__
        if kind is Term:
            variable, factor = other.variable, sign * other.factor
            terms[variable] = terms[variable] + factor if variable in terms else factor
        elif kind is Variable or kind is ScalarVariable:
            terms[other] = terms[other] + sign if other in terms else sign
        elif isinstance(other, Number):
            self.constant += sign * other
        else:
            more = other.terms
            if sign != 1.0:
                more = {variable: sign * factor for variable, factor in more.items()}
            if terms.keys().isdisjoint(more.keys()):
                terms.update(more)
            else:
                for variable, factor in more.items():
                    terms[variable] = terms[variable] + factor if variable in terms else factor
            self.constant += sign * other.constant


class Relation:
    """A row: lower <= expression <= upper, constants on either side.

    Parameters
    ----------
    body
        The expression; not to be changed in place any more.
    lower, upper
        What it is held to.

    Attributes
    ----------
    terms, constant
        Those of the expression.
    """

    __slots__ = ("constant", "lower", "terms", "upper")

    def __init__(self, body: Linear, lower: float, upper: float):
        self.terms, self.constant = body.terms, body.constant
        self.lower, self.upper = lower, upper

    @property
    def body(self) -> Linear:
        """The expression."""
        return Linear(self.terms, self.constant)


def quicksum(items: Iterable[Any]) -> Linear:
    """Return the sum of expressions and numbers, from left to right."""
    total = Linear({}, 0.0)
    terms = total.terms
    for item in items:
        if item.__class__ is Term:
            variable, factor = item.variable, item.factor
            terms[variable] = terms[variable] + factor if variable in terms else factor
        else:
            total.add(item)
    return total


def weighted(terms: Iterable[tuple[float, Variable]], constant: float = 0.0) -> Linear:
    """Return the sum of numbers times variables, from left to right, and a constant: `quicksum` of many terms, without one of each.

    Parameters
    ----------
    terms : iterable of (float, Variable)
    constant
        What is added.
    """
    pairs = terms if isinstance(terms, list) else list(terms)
    total = {variable: factor for factor, variable in pairs}
    if len(total) < len(pairs):
        total = {}
        for factor, variable in pairs:
            total[variable] = total[variable] + factor if variable in total else factor
    return Linear(total, constant)


def value(expression: Any) -> float:
    """Return the value of an expression where its variables have theirs."""
    own = expression.linear()
    return float(own.constant + math.fsum(factor * (variable.value or 0.0) for variable, factor in own.terms.items()))


def indexed_name(name: str, key: Any) -> str:
    """Return a name with an index in brackets; without one where the index is None."""
    if key is None:
        return name
    return f"{name}[{','.join(map(str, key)) if isinstance(key, tuple) else key}]"
