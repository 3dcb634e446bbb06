"""Numbers that remember how they were worked out from figures, so that they can be worked out again from other figures."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

PLUS, MINUS, TIMES, OVER, SUM, LEAF = "+", "-", "*", "/", "sum", "figure"
LESS, AT_MOST, EQUAL = "<", "<=", "=="

SCALARS: dict[str, Callable[[Any, Any], Any]] = {
    PLUS: operator.add,
    MINUS: operator.sub,
    TIMES: operator.mul,
    OVER: operator.truediv,
    LESS: operator.lt,
    AT_MOST: operator.le,
    EQUAL: operator.eq,
}

ARRAYS: dict[str, Callable[..., np.ndarray]] = {
    PLUS: np.add,
    MINUS: np.subtract,
    TIMES: np.multiply,
    OVER: np.divide,
    LESS: np.less,
    AT_MOST: np.less_equal,
    EQUAL: np.equal,
}


class Moved(Exception):
    """Numbers cannot be worked out anew in place: with these figures the formulas take another turn."""


class Traced:
    """A number that was worked out from figures.

    It acts as its value. What depends on a comparison, or takes the value as it is, holds as long as that ends as it did here
    (`Tape.replay`).

    Attributes
    ----------
    tape
        What it is recorded on.
    node
        Its place there.
    value
        Its value.
    """

    __slots__ = ("node", "tape", "value")
    __array_ufunc__ = None

    def __init__(self, tape: Tape, node: int, value: float):
        self.tape, self.node, self.value = tape, node, value

    def __add__(self, other: Any) -> Any:
        return self.tape.work_out(PLUS, self, other)

    def __radd__(self, other: Any) -> Any:
        return self.tape.work_out(PLUS, other, self)

    def __sub__(self, other: Any) -> Any:
        return self.tape.work_out(MINUS, self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.tape.work_out(MINUS, other, self)

    def __mul__(self, other: Any) -> Any:
        return self.tape.work_out(TIMES, self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.tape.work_out(TIMES, other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.tape.work_out(OVER, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.tape.work_out(OVER, other, self)

    def __neg__(self) -> Any:
        return self.tape.work_out(TIMES, -1.0, self)

    def __lt__(self, other: Any) -> Any:
        return self.tape.compare(LESS, self, other)

    def __gt__(self, other: Any) -> Any:
        return self.tape.compare(LESS, other, self)

    def __le__(self, other: Any) -> Any:
        return self.tape.compare(AT_MOST, self, other)

    def __ge__(self, other: Any) -> Any:
        return self.tape.compare(AT_MOST, other, self)

    def __eq__(self, other: object) -> Any:
        return self.tape.compare(EQUAL, self, other)

    def __ne__(self, other: object) -> Any:
        equal = self.tape.compare(EQUAL, self, other)
        return equal if equal is NotImplemented else not equal

    def __bool__(self) -> bool:
        return not self.tape.compare(EQUAL, self, 0.0)

    def __float__(self) -> float:
        # Whoever takes the number as it is knows nothing of its figures.
        self.tape.compare(EQUAL, self, self.value)
        return self.value

    def __int__(self) -> int:
        return int(float(self))

    def __hash__(self) -> int:
        return hash(float(self))

    def __repr__(self) -> str:
        return f"Traced({self.value!r})"


class Tape:
    """How numbers were worked out from figures, step by step, and which comparisons that rested on.

    Attributes
    ----------
    figures : list of hashable
        Names of the figures, in the order of their numbers.
    """

    def __init__(self) -> None:
        self.figures: list[Any] = []
        self._steps: list[tuple[str, Any, Any]] = []
        self._values: list[float] = []
        self._known: dict[tuple[str, Any, Any], Traced] = {}
        self._constants: dict[Any, int] = {}
        self._compared: dict[tuple[str, int, int], bool] = {}
        self._ready: _Replay | None = None

    def figure(self, name: Any, value: float) -> Traced:
        """Return a figure as a number to work with."""
        self.figures.append(name)
        return self._step(LEAF, len(self.figures) - 1, None, float(value))

    def _step(self, kind: str, first: Any, second: Any, value: float) -> Traced:
        if self._ready is not None:
            raise RuntimeError("a number is worked out from figures after the programs were compiled")
        self._steps.append((kind, first, second))
        self._values.append(value)
        return Traced(self, len(self._steps) - 1, value)

    def _node(self, number: Any) -> int:
        if number.__class__ is Traced:
            return number.node
        # Zeros of either sign are two numbers.
        key = (number, math.copysign(1.0, number))
        node = self._constants.get(key)
        if node is None:
            node = self._constants[key] = self._step(LEAF, None, None, float(number)).node
        return node

    def work_out(self, kind: str, first: Any, second: Any) -> Any:
        """Return what an operation makes of two numbers, one of which at least is traced."""
        if not isinstance(first, (Traced, int, float)) or not isinstance(second, (Traced, int, float)):
            return NotImplemented
        if kind == TIMES and first.__class__ is float and first == 1.0:
            return second
        key = (kind, self._node(first), self._node(second))
        known = self._known.get(key)
        if known is None:
            one, other = plain(first), plain(second)
            if kind == OVER:
                self.compare(EQUAL, second, 0.0)
            known = self._known[key] = self._step(*key, SCALARS[kind](one, other))
        return known

    def total(self, numbers: Sequence[Any]) -> Traced:
        """Return the exactly rounded sum of numbers."""
        nodes = tuple(self._node(number) for number in numbers)
        key = (SUM, nodes, None)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._step(SUM, nodes, None, math.fsum(map(plain, numbers)))
        return known

    def compare(self, kind: str, first: Any, second: Any) -> Any:
        """Return how two numbers compare, and remember that it matters."""
        if not isinstance(first, (Traced, int, float)) or not isinstance(second, (Traced, int, float)):
            return NotImplemented
        key = (kind, self._node(first), self._node(second))
        found = self._compared.get(key)
        if found is None:
            if self._ready is not None:
                raise RuntimeError("numbers made of figures are compared after the programs were compiled")
            found = self._compared[key] = SCALARS[kind](plain(first), plain(second))
        return found

    def close(self) -> None:
        """Take no more steps: whoever works with traced numbers after this is in the wrong."""
        self._ready = _Replay(self._steps, self._values, self._compared)

    def replay(self, figures: np.ndarray) -> np.ndarray:
        """Work all numbers out from other figures, by the same steps.

        Parameters
        ----------
        figures : array, shape (figures,)
            In the order of `figures`.

        Returns
        -------
        array, shape (nodes,)
            Numbers by `Traced.node`: those that the formulas would make of the figures, to the last bit.

        Raises
        ------
        Moved
            Where a comparison ends otherwise.
        """
        assert self._ready is not None
        return self._ready.run(figures)


class _Replay:
    """The steps of a tape, those of one kind that can be taken together at once."""

    def __init__(
        self,
        steps: Sequence[tuple[str, Any, Any]],
        values: Sequence[float],
        compared: dict[tuple[str, int, int], bool],
    ):
        self.values = np.array(values)
        figures, depth = [], [0] * len(steps)
        grouped: dict[tuple[int, str], list[int]] = {}
        for node, (kind, first, second) in enumerate(steps):
            if kind == LEAF:
                if first is not None:
                    figures.append(node)
                continue
            depth[node] = 1 + max((depth[before] for before in (first if kind == SUM else (first, second))), default=0)
            grouped.setdefault((depth[node], kind), []).append(node)
        self.figures = np.array(figures, dtype=np.int64)
        self.groups: list[tuple[str, np.ndarray, Any, Any]] = []
        for (_, kind), nodes in sorted(grouped.items()):
            ends: Any = [steps[node][1:] for node in nodes]
            if kind == SUM:
                self.groups.append((kind, np.array(nodes), [np.array(parts) for parts, _ in ends], None))
            else:
                self.groups.append((kind, np.array(nodes), *np.array(ends, dtype=np.int64).T))
        self.guards: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
        for kind in (LESS, AT_MOST, EQUAL):
            held = [(first, second, found) for (name, first, second), found in compared.items() if name == kind]
            if held:
                one, other, ended = (np.array(column) for column in zip(*held, strict=True))
                self.guards.append((kind, one, other, ended))

    def run(self, figures: np.ndarray) -> np.ndarray:
        values = self.values.copy()
        values[self.figures] = figures
        with np.errstate(all="ignore"):
            for kind, nodes, first, second in self.groups:
                if kind == SUM:
                    values[nodes] = [math.fsum(values[one].tolist()) for one in first]
                else:
                    values[nodes] = ARRAYS[kind](values[first], values[second])
            for kind, first, second, found in self.guards:
                if (ARRAYS[kind](values[first], values[second]) != found).any():
                    raise Moved("with these figures another capacity, price or limit decides than before")
        return values


def plain(number: Any) -> Any:
    """Return a number without how it was worked out."""
    return number.value if number.__class__ is Traced else number


def exact(number: Any) -> Any:
    """Return a number as a float, a traced one as it is."""
    return number if number.__class__ is Traced else float(number)


def identity(number: Any) -> Any:
    """Return what two numbers share only if they are the same whatever the figures: a key that takes no value as it is."""
    return (number.node,) if number.__class__ is Traced else number


def fsum(numbers: Iterable[Any]) -> Any:
    """Return the exactly rounded sum of numbers, as `math.fsum` does."""
    found = list(numbers)
    if Traced not in map(type, found):
        return math.fsum(found)
    return next(number.tape for number in found if number.__class__ is Traced).total(found)


class Numbers:
    """An array of numbers, some of which are worked out from figures.

    Parameters
    ----------
    numbers
        The numbers.

    Attributes
    ----------
    values : array, shape (n,)
    places, nodes : array of int, shape (traced,)
        Where the traced ones are, and on the tape.
    """

    def __init__(self, numbers: Iterable[Any]):
        found, traced = list(numbers), []
        if Traced in map(type, found):
            traced = [(place, number.node) for place, number in enumerate(found) if number.__class__ is Traced]
        for place, _ in traced:
            found[place] = found[place].value
        self.values = np.array(found, dtype=float)
        self.places, self.nodes = np.array(traced, dtype=np.int64).reshape(-1, 2).T

    def put(self, numbers: np.ndarray, *, entries: bool = False) -> None:
        """Take over the numbers of a replay.

        Parameters
        ----------
        numbers
            What the replay gave.
        entries
            Whether they are coefficients: one of 0 has no entry.

        Raises
        ------
        Moved
            Where one becomes infinite or was, or an entry comes or goes.
        """
        before, after = self.values[self.places], numbers[self.nodes]
        if (np.isfinite(before) != np.isfinite(after)).any() or (entries and ((before != 0) != (after != 0)).any()):
            raise Moved("an entry or a bound of the programs comes or goes")
        self.values[self.places] = after
