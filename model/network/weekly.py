"""Figures of a case week by week: the plain figure times the factor of its profile (model.md section 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..algebra.traced import exact, identity

if TYPE_CHECKING:
    from ...data import Case

Key = TypeVar("Key", str, tuple[str, str])
Weeks = tuple[float, ...]


class ByWeek(dict[Key, Weeks], Generic[Key]):
    """A figure of every row of a table, week by week; worked out when it is first asked for.

    Parameters
    ----------
    work_out
        Returns the figure of a key in every week, shape (weeks,).
    """

    def __init__(self, work_out: Callable[[Key], Weeks]):
        super().__init__()
        self._work_out: Callable[[Key], Weeks] = work_out

    def __missing__(self, key: Key) -> Weeks:
        """Work out the figure of a key."""
        self[key] = found = self._work_out(key)
        return found


class Weekly:
    """Figures that profiles can move, shape (weeks,) each.

    Parameters
    ----------
    case
        The case.

    Attributes
    ----------
    base_flow, max_flow : dict of lane to tuple of float
        Units a week.
    landed_cost : dict of lane to tuple of float
        unit_cost(t) (1 + duty) + freight, money per unit, of what is dispatched in a week.
    order_cost : dict of lane to tuple of float
        Money for an order of a week.
    price_factor : dict of lane to tuple of float
        By what its profile multiplies the prices of a lane.
    quantity : dict of (site, item) to tuple of float
        Units that a demand needs in a week; 0 without a demand.
    penalty : dict of (site, item) to tuple of float
        ``shortage_penalty`` of a demand in a week, money per unit; 0 without a demand.
    making : dict of process to tuple of float
        Capacity of a process in a week, units.
    """

    def __init__(self, case: Case):
        self._weeks = case.settings.horizon.weeks
        steps: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
        for row in case.profiles:
            steps[row.table_, row.key_, row.column_].append((row.from_week, row.factor))
        self._steps = {key: sorted(found) for key, found in steps.items()}
        self.base_flow: ByWeek[str] = self._figure("lanes", "base_flow", case)
        self.max_flow: ByWeek[str] = self._figure("lanes", "max_flow", case)
        self._lanes = {row.lane: row for row in case.lanes}
        self._price: ByWeek[str] = self._figure("lanes", "unit_cost", case)
        self.landed_cost: ByWeek[str] = ByWeek(self._landed)
        self.order_cost: ByWeek[str] = self._figure("lanes", "order_cost", case)
        self.price_factor: ByWeek[str] = ByWeek(
            lambda lane: self._stepped(1.0, self._steps.get(("lanes", lane, "unit_cost"), ()))
        )
        self.making: ByWeek[str] = self._figure("processes", "capacity", case)
        self.quantity: ByWeek[tuple[str, str]] = self._figure("demands", "quantity", case)
        self.penalty: ByWeek[tuple[str, str]] = self._figure("demands", "shortage_penalty", case)

    def moves(self, table: str, key: str, column: str) -> bool:
        """Whether a profile moves a figure."""
        return (table, key, column) in self._steps

    def _figure(self, table: str, column: str, case: Case) -> ByWeek[Any]:
        plain = {row.id: exact(getattr(row, column)) for row in case.rows(table)}

        def work_out(key: str | tuple[str, str]) -> Weeks:
            name = key if isinstance(key, str) else "/".join(key)
            figure = plain.get(name, 0.0)
            return self._stepped(figure, self._steps.get((table, name, column), ()))

        return ByWeek(work_out)

    def _landed(self, lane: str) -> Weeks:
        row, prices = self._lanes[lane], self._price[lane]
        duty, freight = exact(row.duty), exact(row.freight)
        # Weeks of one price share one figure.
        once = {identity(price): price for price in prices}
        landed = {name: price * (1.0 + duty) + freight for name, price in once.items()}
        return tuple(landed[identity(price)] for price in prices)

    def _stepped(self, figure: float, steps: Sequence[tuple[int, float]]) -> Weeks:
        """A figure times the factor of the last step that has begun; 1 before the first."""
        found = [figure] * self._weeks
        for (week, factor), (until, _) in pairwise([*steps, (self._weeks, 1.0)]):
            # A factor of 0 of no limit is 0.
            found[week:until] = [figure * factor if factor else 0.0] * max(0, until - week)
        return tuple(found)


def alike(*figures: Weeks) -> Iterable[list[int]]:
    """Weeks in which figures are the same, group by group, in the order of their first weeks."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for week, values in enumerate(zip(*figures, strict=True)):
        groups.setdefault(tuple(map(identity, values)), []).append(week)
    return groups.values()
