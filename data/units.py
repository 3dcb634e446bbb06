"""A case in its own natural units: one for money, one for every item, chosen from its figures (docs/conventions.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from .schema.declarations import columns, extra, figures, setting_keys
from .schema.errors import Fault
from .schema.settings import Limits
from .schema.tables import TABLES, Row

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .input.draft import Draft, Line
    from .schema.case import Case

Rows = Mapping[str, Sequence[Any]]

WIDEST = 1e9
"""Natural units above which a figure cannot be solved together with the others, and below one over which a quantity cannot."""

MOST = 1e15
"""The same of limits and capacities, which are cut to what can be used."""

NEEDED = 1024.0
"""Natural units of an input that a process needs at most for one of its output: what little of it is traded tells less."""

LIMITING = {
    ("stocks", "capacity"),
    ("stocks", "terminal_target"),
    ("stocks", "stockpile_max"),
    ("lanes", "max_flow"),
    ("processes", "capacity"),
    *(("limits", name) for name in Limits.model_fields),
}
"""Figures that only limit others."""

QUANTITIES = {("stocks", "initial"), ("lanes", "base_flow"), ("demands", "quantity")}
"""Figures that are moved as they stand."""


@dataclass(frozen=True)
class Units:
    """What one natural unit is in the units of a case; all are powers of two, so that no digit is lost on the way.

    Attributes
    ----------
    money
        In the case's currency.
    items : mapping of str to float
        Of every item, in the unit that the case counts it in.
    hours, points
        Of reviewer load and of political cost.
    """

    money: float = 1.0
    items: Mapping[str, float] = field(default_factory=dict)
    hours: float = 1.0
    points: float = 1.0

    @classmethod
    def of(cls, rows: Rows) -> Units:
        """Return the natural units of the rows of a case's tables, by the rule of docs/conventions.md."""
        recipes = _Recipes.of(rows)
        items = _items_by_quantity(rows, recipes)
        costs = [row.fixed_cost or 0.0 for table in ("lanes", "qualifications") for row in rows[table]]
        costs += [row.admin_cost for row in rows["policies"]]
        prices = [price * items[item] for item, price in _prices(rows) if item in items]
        money = _middle(prices) or _middle(costs) or 1.0
        return cls(
            money,
            _items_by_price(rows, recipes, items, money),
            _middle(row.reviewer_load for row in rows["policies"]) or 1.0,
            _middle(row.political_cost for row in rows["policies"]) or 1.0,
        )

    def item(self, name: str) -> float:
        """Return the natural unit of an item."""
        return self.items.get(name, 1.0)

    def unit_of(self, unit: str, item: str | None = None, other: str | None = None) -> float:
        """Return the natural unit of a column.

        Parameters
        ----------
        unit
            The unit that the column declares, such as ``money per unit``.
        item, other
            The item that it is about; of ``units per unit`` the input and the output.
        """
        if unit == "money":
            return self.money
        if unit in ("units", "units per week"):
            return self.item(item or "")
        if unit in ("money per unit", "money per unit and week"):
            return self.money / self.item(item or "")
        if unit == "units per unit":
            return self.item(item or "") / self.item(other or "")
        return {"hours": self.hours, "points": self.points}.get(unit, 1.0)

    def natural(self, case: Case) -> Case:
        """Return a case in these units; the id, the names and all that has no unit stay as they are."""
        about = _about(case.processes, case.lanes)
        rows: dict[str, Any] = {
            table: tuple(self._row(row, about) for row in case.rows(table))
            for table in TABLES
            if figures(TABLES[table])
        }
        sections = {name: self._section(name, getattr(case.settings, name)) for name in ("limits", "bargain")}
        return replace(case, settings=case.settings.model_copy(update=sections), **rows)

    def _section(self, name: str, section: BaseModel) -> BaseModel:
        found = {key: getattr(section, key) for key in setting_keys(name)}
        units = {key: self.unit_of(extra(info, "unit")) for key, info in setting_keys(name).items()}
        return section.model_copy(update={key: value / units[key] for key, value in found.items() if value is not None})

    def _row(self, row: Row, about: Mapping[tuple[str, str], str]) -> Row:
        moved = {}
        for name, unit, item, other in _measured(row, about):
            value, factor = getattr(row, name), self.unit_of(unit, item, other)
            if value and factor != 1.0:
                moved[name] = value / factor
        return row.model_copy(update=moved) if moved else row

    @property
    def plain(self) -> bool:
        """Whether they are the units of the case."""
        return self.money == self.hours == self.points == 1.0 and all(unit == 1.0 for unit in self.items.values())


def natural_units(case: Case) -> tuple[Case, Units]:
    """Return a case in its natural units, and what these are."""
    units = Units.of({table: case.rows(table) for table in TABLES})
    return units.natural(case), units


def _about(processes: Iterable[Any], lanes: Iterable[Any]) -> dict[tuple[str, str], str]:
    """Return the item that a process makes, or that a lane carries, by table and id."""
    made = {("processes", row.process): row.output for row in processes}
    return made | {("lanes", row.lane): row.item for row in lanes}


def _measured(row: Row, about: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Yield the figures of a row that have a unit: column, unit, and the item or the two items they are about."""
    item = getattr(row, "item", None)
    if row.table == "price_breaks":
        item = about.get(("lanes", getattr(row, "lane", "")))
    if row.table == "processes":
        item = getattr(row, "output", None)
    elif row.table == "recipes":
        item = getattr(row, "input", None)
    other = about.get(("processes", getattr(row, "process", ""))) if row.table == "recipes" else None
    for name in figures(type(row)):
        unit = extra(columns(type(row))[name], "unit")
        if unit and unit != "share":
            yield name, unit, item, other


# The rule ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Recipes:
    """What is made of what, worked out once for a case: its recipes, each an input, a quantity of it, and the output.

    Attributes
    ----------
    order
        Every item of a recipe, inputs before what is made of them.
    of_input, of_output
        The recipes of an item, in the order of the table.
    """

    order: tuple[str, ...]
    of_input: Mapping[str, list[tuple[str, float, str]]]
    of_output: Mapping[str, list[tuple[str, float, str]]]

    @classmethod
    def of(cls, rows: Rows) -> _Recipes:
        """Return the recipes of the rows of a case's tables."""
        output = {row.process: row.output for row in rows["processes"]}
        inputs: dict[str, set[str]] = {}
        of_input: dict[str, list[tuple[str, float, str]]] = defaultdict(list)
        of_output: dict[str, list[tuple[str, float, str]]] = defaultdict(list)
        for row in rows["recipes"]:
            if row.quantity > 0:
                recipe = (row.input, row.quantity, output[row.process])
                inputs.setdefault(recipe[2], set()).add(row.input)
                of_input[row.input].append(recipe)
                of_output[recipe[2]].append(recipe)
        return cls(tuple(TopologicalSorter(inputs).static_order()), of_input, of_output)

    def fill(self, found: dict[str, float], more: Mapping[str, float | None]) -> bool:
        """Add units of items that have none yet, and what recipes make of the units of all; say whether any was added."""
        before = len(found)
        found |= {item: unit for item, unit in more.items() if unit is not None and item not in found}
        for item in reversed(self.order):
            _add(
                found,
                item,
                (quantity * found[made] for _, quantity, made in self.of_input.get(item, ()) if made in found),
            )
        for item in self.order:
            _add(
                found,
                item,
                (found[needed] / quantity for needed, quantity, _ in self.of_output.get(item, ()) if needed in found),
            )
        return len(found) > before

    def raise_to_needs(self, found: dict[str, float]) -> None:
        """Raise units of items of which a process needs more than `NEEDED` for one unit of its output, so that it needs as many."""
        for item in reversed(self.order):
            needs = [quantity * found[made] for _, quantity, made in self.of_input.get(item, ()) if made in found]
            if item in found and (most := _middle([max(needs, default=0.0)])) is not None:
                found[item] = max(found[item], most / NEEDED)


def _items_by_quantity(rows: Rows, recipes: _Recipes) -> dict[str, float]:
    """Return the natural unit of every item that quantities tell.

    The middle of its demands and base flows; where it has none, what its processes make of it, or need of it, by their
    recipes; else the middle of its other quantities, or what recipes make of these. At least a `NEEDED`-th of what a process needs.
    """
    moved: dict[str, list[float]] = {row.item: [] for row in rows["items"]}
    others: dict[str, list[float]] = {row.item: [] for row in rows["items"]}
    for row in rows["demands"]:
        moved[row.item].append(row.quantity)
    for row in rows["lanes"]:
        moved[row.item].append(row.base_flow)
        others[row.item].append(row.max_flow)
    for row in rows["stocks"]:
        others[row.item] += [row.initial, row.stockpile_max]
    for row in rows["processes"]:
        others[row.output].append(row.capacity)
    found: dict[str, float] = {}
    for known in (moved, others):
        recipes.fill(found, {item: _middle(values) for item, values in known.items()})
    recipes.raise_to_needs(found)
    return found


def _items_by_price(rows: Rows, recipes: _Recipes, found: Mapping[str, float], money: float) -> dict[str, float]:
    """Return the natural unit of every item: of those without any quantity the one that costs about one unit of money."""
    units = dict(found)
    others = [(row.item, row.holding_cost) for row in rows["items"]]
    others += [(row.item, row.margin) for row in rows["lanes"]]
    others += [(row.item, row.stockpile_cost or 0.0) for row in rows["stocks"]]
    added = True
    for prices in (list(_prices(rows)), others):
        each: dict[str, list[float]] = defaultdict(list)
        for item, price in prices:
            if price > 0:
                each[item].append(money / price)
        added = recipes.fill(units, {row.item: _middle(each[row.item]) for row in rows["items"]})
    for row in rows["items"]:
        # What one pass adds may be what another needs.
        if added or row.item not in units:
            added = recipes.fill(units, {row.item: 1.0})
    return units


def _add(found: dict[str, float], item: str, figures: Iterable[float]) -> None:
    if item not in found and (unit := _middle(figures)) is not None:
        found[item] = unit


def _prices(rows: Rows) -> Iterator[tuple[str, float]]:
    """Yield the prices that decide what is bought, made and sold, each with its item."""
    for row in rows["lanes"]:
        yield row.item, row.unit_cost
    for row in rows["processes"]:
        yield row.output, row.unit_cost
    for row in rows["demands"]:
        yield row.item, row.shortage_penalty


def _middle(figures: Iterable[float]) -> float | None:
    """Return the power of two nearest to the median of the positive finite figures, in their logarithms; None without any."""
    logarithms = sorted(math.log2(figure) for figure in figures if 0 < figure < math.inf)
    if not logarithms:
        return None
    last = len(logarithms) - 1
    middle = (logarithms[last // 2] + logarithms[last - last // 2]) / 2
    return 2.0 ** math.floor(max(-900.0, min(900.0, middle)) + 0.5)


# What cannot be solved in any units ------------------------------------------------------------------------------------


def unscalable(draft: Draft, settings_file: str, settings_rows: Mapping[str, int]) -> list[Fault]:
    """Return the figures of a draft without other faults that are too far from the rest to be solved with them.

    Parameters
    ----------
    draft
        The draft.
    settings_file, settings_rows
        Where its settings stand.
    """
    assert draft.settings is not None
    rows = {table: [line.row for line in lines] for table, lines in draft.lines.items()}
    units = Units.of(rows)
    about = _about(rows["processes"], rows["lanes"])
    carried: dict[str, set[str]] = {}
    for line in draft.lines["lanes"]:
        carried.setdefault(line.get("regime") or "", set()).add(line.get("item"))
    faults = [
        fault for table in TABLES for line in draft.lines[table] for fault in _strange(line, units, about, carried)
    ]
    for key, info in setting_keys("limits").items():
        value, natural = getattr(draft.settings.limits, key), units.unit_of(extra(info, "unit"))
        if value / MOST > natural and value < math.inf:
            path = f"limits.{key}"
            message = _too_large(value, natural, MOST, "write inf for no limit")
            faults.append(Fault(settings_file, message, settings_rows.get(path), path, f"{value:g}"))
    return faults


def _strange(
    line: Line, units: Units, about: Mapping[tuple[str, str], str], carried: Mapping[str, Iterable[str]]
) -> Iterator[Fault]:
    assert line.row is not None
    table = line.row.table
    if table == "parties" and line.get("loss_weight") > WIDEST:
        yield line.fault(f"too large; a weight is at most {WIDEST:g}", "loss_weight", f"{line.get('loss_weight'):g}")
    for name, unit, item, other in _measured(line.row, about):
        value, natural = line.get(name), units.unit_of(unit, item, other)
        if table == "policies" and unit == "money per unit":
            # A price of all goods under the regime, in the unit of each.
            natural = min((units.unit_of(unit, each) for each in carried.get(line.get("regime"), ())), default=math.inf)
        if not value or math.isinf(value):
            continue
        most = MOST if (table, name) in LIMITING else WIDEST
        if value / most > natural:
            yield line.fault(_too_large(value, natural, most, _advice(table, name)), name, f"{value:g}")
        elif (table, name) in QUANTITIES | {("recipes", "quantity")} and value * WIDEST < natural:
            yield line.fault(
                f"{natural / value:.3g} times less than is usual in this case ({natural:g}), too little to be solved with the "
                "rest; write 0 where it does not matter",
                name,
                f"{value:g}",
            )


def _too_large(value: float, natural: float, most: float, advice: str) -> str:
    return (
        f"{value / natural:.3g} times what is usual in this case ({natural:g}); figures up to {most:g} times it can be solved "
        f"together; {advice}"
    )


def _advice(table: str, name: str) -> str:
    """Return what would be right in place of a figure that is too large."""
    if name in ("max_flow", "capacity"):
        return "write inf for no limit"
    if (table, name) == ("lanes", "unit_cost"):
        return "a lane that is never to be used has max_flow 0"
    return "write a figure nearer to the others"
