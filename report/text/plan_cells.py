"""Rows of a plan in words and figures, as the terminal and the page show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ...model.plan.limits import MEASURES
from ...model.plan.tolerances import SERVED_IN_FULL
from ..format.cells import cells
from ..format.columns import SHARE, Column
from ..format.numbers import decimals, number, percent, plain, signed

if TYPE_CHECKING:
    from ..views.alternatives import AlternativesView
    from ..views.buying import AllocationRow
    from ..views.case import LimitRow
    from ..views.causes import CauseView
    from ..views.outcomes import LossView
    from ..views.plan import PlanView


PROBABILITY = Column("probability", "Probability", "Prob.", kind=SHARE, digits=1)
"""Weight of a scenario."""

LANDED_PARTS: dict[str, Callable[[AllocationRow], float]] = {
    "Price": lambda row: row.price,
    "Freight": lambda row: row.freight,
    "Duty": lambda row: row.duty,
    "Orders": lambda row: row.ordering,
    "Qualifying": lambda row: row.qualifying,
}
"""What a landed cost is made of, money per unit."""


def case_limit_cells(row: LimitRow) -> tuple[str, str]:
    """Return a limit of a case in words, and its value."""
    words = f"{row.words} of {plain(row.of)}" if row.of else row.words
    value = percent(row.value) if row.share else number(row.value)
    return words, f"at {'least' if row.least else 'most'} {value}"


def limit_cells(view: PlanView) -> Iterable[tuple[str, str, str, str]]:
    """Yield what is limited, what is used of it, what is allowed and what is left, in words and figures."""
    for row in view.uses:
        places = decimals([row.used, row.limit or 0.0])
        unit = f" ({plain(view.case.money)})" if MEASURES[row.name] == "money" and view.case.money else ""
        most = "no limit" if row.limit is None else number(row.limit, places)
        left = "" if row.left is None else number(row.left, places)
        yield row.words + unit, number(row.used, places), most, left


def stockpile_cells(view: PlanView) -> Iterable[tuple[str, str, str]]:
    """Yield ``site/item``, amount with its unit, and cost of every stockpile."""
    places = decimals(row.cost for row in view.stockpiles)
    for row in view.stockpiles:
        yield plain(row.title), f"{number(row.units)} {plain(row.unit)}".rstrip(), number(row.cost, places)


def loss_cells(loss: LossView) -> tuple[list[tuple[str, str, str, str]], str]:
    """Return the parts of a loss that do not round to nothing, in words and figures, and their sum."""
    levels = decimals(value for row in loss.rows for value in (row.status_quo, row.plan))
    places = decimals([*(row.loss for row in loss.rows), loss.certified])
    noise = 0.5 * 10.0 ** -max(levels, places)
    rows = [
        (row.part, number(row.status_quo, levels), number(row.plan, levels), signed(row.loss, places))
        for row in loss.rows
        if max(abs(row.status_quo), abs(row.plan), abs(row.loss)) >= noise
    ]
    return rows, number(loss.total, places)


def cause_cells(causes: CauseView) -> tuple[list[tuple[str, str, str, str]], str]:
    """Return the causes of a loss that do not round to nothing, in words and figures, and their sum."""
    places = decimals([*(row.amount for row in causes.rows), causes.total])
    noise = 0.5 * 10.0**-places
    rows = [
        (
            row.cause,
            plain(row.item or ""),
            "" if not row.units or not row.item else number(row.units, decimals([row.units])),
            signed(row.amount, places),
        )
        for row in causes.rows
        if abs(row.amount) >= noise
    ]
    return rows, number(causes.total, places)


def allocation_heads(view: PlanView) -> list[str]:
    """Return the heads of the allocation."""
    quarters = len(view.allocation[0].quarters) if view.allocation else 0
    return ["Item", "Supplier", *(f"Q{number}" for number in range(1, quarters + 1)), "Share", "A unit"]


def allocation_cells(view: PlanView) -> Iterable[list[str]]:
    """Yield item, supplier, units of every quarter, share and landed cost of a unit."""
    for row in view.allocation:
        places = decimals(row.quarters, 4)
        quarters = [number(units, places) for units in row.quarters]
        yield [
            plain(row.item),
            plain(row.supplier),
            *quarters,
            percent(row.share),
            number(row.landed, decimals([row.landed], 4)),
        ]


def landed_heads(view: PlanView) -> list[str]:
    """Return the heads of landed costs: of their parts those that somebody pays."""
    parts = [head for head, part in LANDED_PARTS.items() if any(part(row) for row in view.allocation)]
    return ["Item", "Supplier", *parts, "A unit", "Today"]


def landed_cells(view: PlanView) -> Iterable[list[str]]:
    """Yield item, supplier, the parts of what a unit costs, all of it, and what it costs today; nothing where all is price."""
    if not any(row.freight or row.duty or row.ordered or row.fixed for row in view.allocation):
        return
    parts = [LANDED_PARTS[head] for head in landed_heads(view)[2:-2]]
    for row in view.allocation:
        figures = [*(part(row) for part in parts), row.landed]
        places = decimals(figures, 4)
        yield [
            plain(row.item),
            plain(row.supplier),
            *(number(figure, places) if figure else "" for figure in figures),
            "" if row.today is None else number(row.today, decimals([row.today], 4)),
        ]


def service_cells(view: PlanView) -> Iterable[list[str]]:
    """Yield scenario, demand, mean fill, that of the worst week, and the week."""
    for row in view.service:
        week = "" if row.least >= SERVED_IN_FULL else f"week {row.week}"
        yield [
            plain(view.titles[row.scenario]),
            plain(row.demand),
            percent(row.mean),
            percent(row.least),
            week,
        ]


SERVICE_HEADS = ("Scenario", "Demand", "Served", "Least week", "")
"""Heads of the service."""


def scenario_columns(view: PlanView) -> list[Column]:
    """Return the figures of scenarios that are shown; probabilities where scenarios are weighed by them."""
    told = any(row.probability is not None for row in view.scenarios)
    columns = list(view.case.words.scenario_columns)
    return [*columns, PROBABILITY] if told else columns


def scenario_cells(view: PlanView) -> list[list[str]]:
    """Return the figures of every scenario."""
    return list(map(list, zip(*(cells(column, view.scenarios) for column in scenario_columns(view)), strict=True)))


def alternative_cells(found: AlternativesView) -> Iterator[tuple[str, str]]:
    """Yield the figures of other plans: the outcome, and how much worse that is."""
    places = decimals([row.outcome for row in found.rows])
    for row in found.rows:
        yield number(row.outcome, places), percent(row.share, 2)
