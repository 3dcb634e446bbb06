"""Blocks and what stands in them: sets, families of variables, constraints and expressions, objectives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, product, repeat
from typing import Any

from .expressions import Domain, Linear, Reals, Relation, ScalarVariable, Variable, indexed_name, quicksum
from .traced import exact

minimize, maximize = 1, -1

Bounds = tuple[float | None, float | None] | Callable[..., tuple[float | None, float | None]] | None


class Component:
    """What has a name in a block.

    Attributes
    ----------
    doc
        What it is, in a sentence or a formula; None where its rule says so.
    active
        Whether it counts.
    """

    doc: str | None = None
    active = True
    local_name = ""
    block: Block

    @property
    def name(self) -> str:
        """Name, those of its blocks before it."""
        outer = self.block.name if self.block is not self.block.model() else ""
        return f"{outer}.{self.local_name}" if outer else self.local_name

    def build(self, block: Block, name: str) -> Any:
        """Take a place in a block; return what the block calls by the name."""
        self.block, self.local_name = block, name
        return self

    def parent_block(self) -> Block:
        """Return the block."""
        return self.block

    def deactivate(self) -> None:
        """Let it count no more."""
        self.active = False


class Set(dict[Any, None], Component):
    """An ordered set of indices; those of more than one dimension are tuples.

    Parameters
    ----------
    initialize
        The indices.
    dimen
        Their dimension; by default that of the first.
    """

    def __init__(self, initialize: Iterable[Any] = (), dimen: int | None = None, doc: str | None = None):
        super().__init__(dict.fromkeys(initialize))
        first = next(iter(self), None)
        self.dimen = dimen or (len(first) if isinstance(first, tuple) else 1)
        self.doc = doc

    def __or__(self, other: Any) -> Set:  # type: ignore[override]
        return Set([*self, *other], self.dimen)


def keys_of(sets: tuple[Iterable[Any], ...]) -> list[Any]:
    """Return the indices of a product of sets, flat."""
    if len(sets) == 1:
        return list(sets[0])
    parts = [[key if isinstance(key, tuple) else (key,) for key in one] for one in sets]
    if len(parts) == 2:
        first, second = parts
        return [one + two for one in first for two in second]
    return [sum(key, ()) for key in product(*parts)]


class Var(dict[Any, Variable], Component):
    """A family of variables by their index.

    Parameters
    ----------
    *sets
        Sets whose product the indices are; none for a single variable.
    within
        Domain.
    bounds
        Bounds, or a rule that gives those of an index from the block and the index.
    """

    def __init__(self, *sets: Iterable[Any], within: Domain = Reals, bounds: Bounds = None, doc: str | None = None):
        super().__init__()
        self.sets, self.domain, self.bounds = sets, within, bounds
        self.doc = doc

    def build(self, block: Block, name: str) -> Any:
        """Make its variables; return the variable itself where there is only one."""
        super().build(block, name)
        domain, rule, model = self.domain, self.bounds, block.model()
        model.starts.append(len(model.variables))
        if not self.sets:
            given = rule(block) if callable(rule) else rule
            alone = ScalarVariable(self, None, len(model.variables), *self._held(given))
            model.variables.append(alone)
            self[None] = alone
            return alone
        keys, variables = keys_of(self.sets), model.variables
        if callable(rule):
            least, most = domain.lower, 1.0 if domain.integer else math.inf
            lower, upper = [], []
            for low, high in _asked(rule, block, keys):
                lower.append(least if low is None or low < least else exact(low))
                upper.append(most if high is None else exact(high))
            bounds: tuple[Iterable[float], Iterable[float]] = lower, upper
        else:
            low, high = self._held(rule)
            bounds = repeat(low), repeat(high)
        made = list(map(Variable, repeat(self), keys, count(len(variables)), *bounds))
        self.update(zip(keys, made, strict=True))
        variables += made
        return self

    def by_week(self, weeks: int) -> dict[Any, list[Variable]]:
        """Return the variables of all weeks, which are the last part of every index, by the rest of it."""
        heads, variables = list(self)[::weeks], list(self.values())
        return {head[:-1]: variables[place * weeks : (place + 1) * weeks] for place, head in enumerate(heads)}

    def _held(self, bounds: tuple[float | None, float | None] | None) -> tuple[float, float]:
        low, high = bounds or (None, None)
        domain = self.domain
        return (
            domain.lower if low is None else max(domain.lower, exact(low)),
            (1.0 if domain.integer else math.inf) if high is None else exact(high),
        )

    def is_reference(self) -> bool:
        """Whether its variables are those of other families."""
        return False

    def fix(self, value: float) -> None:
        """Hold all its variables at a value."""
        for variable in self.values():
            variable.fix(value)


class Reference(Var):
    """Variables of other families under indices of its own.

    Parameters
    ----------
    members
        Variable by index.
    """

    def __init__(self, members: Mapping[Any, Variable]):
        super().__init__()
        self.update(members)

    def build(self, block: Block, name: str) -> Any:
        """Take a place; the variables are there."""
        return Component.build(self, block, name)

    def is_reference(self) -> bool:
        """Whether its variables are those of other families."""
        return True


class Constraint(dict[Any, Relation], Component):
    """A family of rows by their index.

    Parameters
    ----------
    *sets
        Sets whose product the indices are; none for a single row.
    rule
        Gives the row of an index from the block and the index; `Constraint.Skip` where there is none.
    expr
        The row, where there is only one and no rule.
    """

    Skip: Any = None

    def __init__(
        self,
        *sets: Iterable[Any],
        rule: Callable[..., Any] | None = None,
        expr: Relation | None = None,
        doc: str | None = None,
    ):
        super().__init__()
        self.sets = sets
        self.rule: Callable[..., Any] = rule or (lambda _: expr)
        self.doc = doc

    def build(self, block: Block, name: str) -> Any:
        """Make its rows."""
        super().build(block, name)
        if not self.sets:
            row = self.rule(block)
            if row is not Constraint.Skip:
                self[None] = row
            return self
        keys = keys_of(self.sets)
        for key, row in zip(keys, _asked(self.rule, block, keys), strict=True):
            if row is not Constraint.Skip:
                self[key] = row
        return self


def _asked(rule: Callable[..., Any], block: Block, keys: list[Any]) -> Iterator[Any]:
    """Yield what a rule gives for one index after another."""
    check = block.model().check
    several = bool(keys) and isinstance(keys[0], tuple)
    for key in keys:
        check()
        yield rule(block, *key) if several else rule(block, key)


class Expression(Linear, Component):
    """A sum with a name.

    Parameters
    ----------
    expr
        The sum, or
    rule
        a function that gives it from the block.
    """

    __hash__ = object.__hash__

    def __init__(self, expr: Any = None, rule: Callable[..., Any] | None = None, doc: str | None = None):
        super().__init__({}, 0.0)
        self.rule, self.doc = rule, doc
        if rule is None:
            self.set_value(expr)

    def build(self, block: Block, name: str) -> Any:
        """Work out the sum."""
        super().build(block, name)
        if self.rule is not None:
            self.set_value(self.rule(block))
        return self

    def set_value(self, expr: Any) -> None:
        """Let it be another sum."""
        # Nobody changes a sum that is made.
        total = expr if expr.__class__ is Linear else quicksum([expr])
        self.terms, self.constant = total.terms, total.constant


class Objective(Component):
    """What is minimised or maximised.

    Parameters
    ----------
    expr
        A linear expression.
    sense
        `minimize` or `maximize`.
    """

    def __init__(self, expr: Any, sense: int = minimize, doc: str | None = None):
        self.expr, self.sense, self.doc = expr, sense, doc

    def set_value(self, expr: Any) -> None:
        """Let it be another expression."""
        self.expr = expr


class Blocks(dict[Any, Any], Component):
    """A family of blocks by their index."""


class Block(Component):
    """A part of a model; a component that is assigned to it is built then, its rule called with the block.

    Parameters
    ----------
    *sets
        Sets whose product the indices of several blocks are; none for a single block.
    rule
        Fills a block, from the block and its index.
    """

    def __init__(self, *sets: Iterable[Any], rule: Callable[..., Any] | None = None):
        self.sets, self.rule = sets, rule
        self.key: Any = None
        self.components: dict[str, Any] = {}

    def build(self, block: Block, name: str) -> Any:
        """Fill it; return the family where there are several."""
        if not self.sets:
            super().build(block, name)
            if self.rule is not None:
                self.rule(self)
            return self
        family = Blocks()
        family.block, family.local_name = block, name
        # In place before it is full: a block may refer to the ones before it.
        block.components[name] = family
        object.__setattr__(block, name, family)
        for key in keys_of(self.sets):
            member = Block()
            member.block, member.local_name, member.key = block, name, key
            family[key] = member
            if self.rule is not None:
                self.rule(member, *(key if isinstance(key, tuple) else (key,)))
        return family

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self.name or 'the model'} has no component {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Component) and name != "block":
            self.add_component(name, value)
        else:
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """Name with its index, those of its blocks before it."""
        return indexed_name(super().name, self.key)

    def model(self) -> Model:
        """Return the model."""
        return self.block.model()

    def parent_component(self) -> Component:
        """Return what it is called in its block: the family of blocks, or itself."""
        return self if self.key is None else self.block.components[self.local_name]

    def add_component(self, name: str, component: Component) -> None:
        """Add a component under a name, and build it."""
        if isinstance(component, Block) and not component.sets:
            self.components[name] = component
            object.__setattr__(self, name, component)
        built = component.build(self, name)
        self.components[name] = built
        object.__setattr__(self, name, built)

    def component(self, name: str) -> Any:
        """Return a component, None where there is none of the name."""
        return self.components.get(name)

    def del_component(self, component: Component) -> None:
        """Remove a component; what refers to it stays as it is."""
        del self.components[component.local_name]
        object.__delattr__(self, component.local_name)

    def families(self) -> Iterator[Component]:
        """Yield its own components in the order in which they were added."""
        for component in self.components.values():
            yield component.family if isinstance(component, Variable) else component

    def blocks(self) -> Iterator[Block]:
        """Yield itself and all blocks within it, outer ones first."""
        yield self
        for component in self.components.values():
            if isinstance(component, Block):
                yield from component.blocks()
            elif isinstance(component, Blocks):
                for block in component.values():
                    yield from block.blocks()

    def component_objects(self, kinds: type | tuple[type, ...], active: bool | None = None) -> Iterator[Any]:
        """Yield the components of some kinds, block by block."""
        for block in self.blocks():
            for family in block.families():
                if isinstance(family, kinds) and (not active or family.active):
                    yield family


class Model(Block):
    """A whole model.

    Parameters
    ----------
    name
        What it is called.
    check
        Called at every row and bound; what it raises ends the work.

    Attributes
    ----------
    variables : list of Variable
        All variables in the order in which they were added.
    starts : list of int
        Number of the first variable of every family; those of a family stand together.
    """

    def __init__(self, name: str = "", check: Callable[[], None] = lambda: None):
        super().__init__()
        self.check = check
        self.local_name = name
        self.variables: list[Variable] = []
        self.starts: list[int] = []

    @property
    def name(self) -> str:
        """What it is called."""
        return self.local_name

    def model(self) -> Model:
        """Return itself."""
        return self

    def parent_block(self) -> Any:
        """Return None: nothing holds a model."""
        return None
