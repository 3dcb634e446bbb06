"""The search for values between which the best choices change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...model.network import Network
from ...model.plan.choices import SAME_WORDS
from ...model.plan.tolerances import LEVERAGE_TIE
from ..figures.figure import Figure
from .at_value import NO_WORTH, Point, ValueSolver
from .result import Choice, Span, Switch

if TYPE_CHECKING:
    import pandas as pd


FLOOR = 0.1
"""Share of the range below which the tolerance is relative to that share, not to the value."""


@dataclass(frozen=True)
class _Bracket:
    """Two values between which the best choices change, and the choices: the same ones where their amounts jump."""

    low: float
    below: Choice | None
    high: float
    above: Choice | None


class SwitchSearch:
    """Scans a range, then bisects where the best choices change.

    Choices stay in force along the scan until others are better by more than the tie tolerance, the relative gap that the case
    asks of a solve: what costs less is no finding. Inside a bracket the two sides' choices are compared by what each is
    worth exactly, so that the gap does not blur the place. Amounts that move with the figure are no change of choice; amounts
    that jump are.

    Parameters
    ----------
    solver
        Answers what is best at a value.
    figure, low, high, tolerance, points
        As of `breakeven`.
    """

    def __init__(self, solver: ValueSolver, figure: Figure, low: float, high: float, tolerance: float, points: int):
        self.solver = solver
        self.figure = figure
        self.low, self.high = low, high
        self.tolerance = tolerance
        self.grid = self._grid(points)
        self.found: list[_Bracket] = []

    def _grid(self, points: int) -> list[float]:
        low, high = self.low, self.high
        values = [low + (high - low) * step / (points - 1) for step in range(points)]
        if self.figure.whole:
            return sorted({float(round(value)) for value in values})
        if self.figure.current is not None and low < self.figure.current < high:
            values.append(self.figure.current)
        return sorted({low, high, *(value for value in values[1:] if value < high)})

    def width(self, value: float) -> float:
        """Width of a bracket around a value that is narrow enough."""
        return 1.0 if self.figure.whole else self.tolerance * max(abs(value), FLOOR * (self.high - self.low))

    def close(self, low: float, high: float) -> bool:
        """Say whether two values need not be told apart."""
        return high - low <= self.width(high) * (1 + 1e-9)

    def run(self) -> None:
        """Find all brackets there are to find."""
        told = self.solver.telling.outer
        told.stage("points", len(self.grid))
        values = self._descend() if self.figure.limit else self._along(self.grid)
        anchor: float | None = None
        force: Choice | None = None
        for value in values:
            point = self.solver.best(value)
            if point.status == "unknown":
                continue
            if anchor is None:
                anchor, force = value, point.choice
                continue
            worth = self.solver.worth(value, force).leverage
            if point.choice is not None and worth >= point.leverage - point.tie:
                assert force is not None
                # Where others are better by no more than a tie, the change may lie before.
                if point.choice == force or worth >= point.leverage - LEVERAGE_TIE * abs(point.leverage):
                    self.found += self._jumps(anchor, value, force)
                    anchor = value
            elif point.choice == force:
                anchor = value
            else:
                low = anchor
                for bracket in self._bracketed(_Bracket(anchor, force, value, point.choice)):
                    self.found += [*self._jumps(low, bracket.low, bracket.below), bracket]
                    low = bracket.high
                self.found += self._jumps(low, value, point.choice)
                anchor, force = value, point.choice

    # Amounts ---------------------------------------------------------------------------------------------------------

    def _jumps(self, low: float, high: float, choice: Choice | None) -> list[_Bracket]:
        """Return where amounts jump between two values solved, the same choices being in force.

        There is nothing to find where the amounts of the lower value are as good at the upper one.
        """
        if choice is None or not low < high:
            return []
        before, after = self.solver.worth(low, choice), self.solver.worth(high, choice)
        if NO_WORTH.leverage in (before.leverage, after.leverage) or self._alike(before.stockpile, after.stockpile):
            return []
        if self.solver.held(high, choice, before.stockpile) >= after.leverage - self.solver.best(high).tie:
            return []
        return self._jumped(low, high, choice)

    def _jumped(self, low: float, high: float, choice: Choice) -> list[_Bracket]:
        """Halve an interval until amounts are alike at its ends, or on a straight line between them."""
        if self._alike(self._amounts(low, choice), self._amounts(high, choice)):
            return []
        if self.close(low, high):
            # Both ends are solved, so that each is known to be the best there.
            for end in (low, high):
                self.solver.best(end)
            return [_Bracket(low, choice, high, choice)]
        middle = self._middle(low, high)
        quarters = [self._middle(low, middle), middle]
        if not self.figure.whole and all(self._straight(low, value, high, choice) for value in quarters):
            return []
        return self._jumped(low, middle, choice) + self._jumped(middle, high, choice)

    def _amounts(self, value: float, choice: Choice) -> Mapping[str, float]:
        return self.solver.worth(value, choice).stockpile

    def _alike(self, first: Mapping[str, float], second: Mapping[str, float]) -> bool:
        """Say whether amounts count as the same."""
        offer = self.solver.offer
        return all(
            abs(first.get(pair, 0.0) - second.get(pair, 0.0))
            <= offer.room(pair, max(first.get(pair, 0.0), second.get(pair, 0.0)))
            for pair in {*first, *second}
        )

    def _straight(self, low: float, value: float, high: float, choice: Choice) -> bool:
        """Say whether the amounts at a value lie on the line between those of two others."""
        first, last = self._amounts(low, choice), self._amounts(high, choice)
        share = (value - low) / (high - low)
        line = {
            pair: (1 - share) * first.get(pair, 0.0) + share * last.get(pair, 0.0)
            for pair in dict.fromkeys((*first, *last))
        }
        return self._alike(line, self._amounts(value, choice))

    def _middle(self, low: float, high: float) -> float:
        middle = (low + high) / 2
        return float(math.floor(middle)) if self.figure.whole else middle

    # Values ----------------------------------------------------------------------------------------------------------

    def _along(self, values: Iterable[float]) -> Iterator[float]:
        for number, value in enumerate(values):
            self.solver.best(value)
            self.solver.telling.outer.advance(number + 1, len(self.grid))
            yield value

    def _descend(self) -> list[float]:
        """Solve a limit from its highest value down, leaving out what a plan that uses less proves."""
        solver, value = self.solver, self.high
        while True:
            point = solver.best(value)
            solver.telling.outer.advance(sum(1 for step in self.grid if step >= value), len(self.grid))
            if point.status == "infeasible":
                solver.copy(self.low, point)
                break
            used = value if point.used is None else max(self.low, min(point.used, value))
            if used < value:
                solver.copy(used, point)
            if used <= self.low:
                break
            lower = [step for step in self.grid if step < used and not self.close(step, used)]
            value = used - 0.5 * self.width(used) if used < value else max(lower, default=self.low)
            value = max(self.low, value)
        return sorted(solver.points)

    def _bracketed(self, bracket: _Bracket) -> list[_Bracket]:
        """Narrow a bracket; in two where other choices are better in between."""
        low, high = bracket.low, bracket.high
        while not self.close(low, high):
            middle = self._middle(low, high)
            best = self._settle(middle, bracket.below, bracket.above)
            if best == bracket.below:
                low = middle
            elif best == bracket.above:
                high = middle
            else:
                first = _Bracket(low, bracket.below, middle, best)
                second = _Bracket(middle, best, high, bracket.above)
                return self._bracketed(first) + self._bracketed(second)
        return [_Bracket(low, bracket.below, high, bracket.above)]

    def _settle(self, value: float, below: Choice | None, above: Choice | None) -> Choice | None:
        """Return which of two choices is better at a value; others where they are better than both by more than a tie."""
        point = self.solver.best(value)
        if point.status == "infeasible":
            return None
        first, second = self.solver.worth(value, below).leverage, self.solver.worth(value, above).leverage
        most = max(first, second)
        if point.choice not in (below, above, None) and not most >= point.leverage - point.tie:
            return point.choice
        if first == second or abs(first - second) <= LEVERAGE_TIE * abs(most):
            if point.choice in (below, above):
                return point.choice
            return min(below, above, key=lambda choice: 0 if choice is None else choice.size)
        return below if first > second else above

    # What is handed on -------------------------------------------------------------------------------------------------

    def switches(self, *, whole: bool = True) -> Iterator[Switch]:
        """Yield the switches found, whole plans on both sides where they are asked for."""
        for bracket in self.found:
            yield Switch(
                self.solver.side(bracket.low, bracket.below, whole=whole),
                self.solver.side(bracket.high, bracket.above, whole=whole),
            )

    def spans(self) -> Iterator[Span]:
        """Yield the range cut at the brackets, with the choices in force."""
        known = [point for _, point in sorted(self.solver.points.items()) if point.status != "unknown"]
        if not known:
            return
        chosen = [bracket.below for bracket in self.found]
        chosen.append(self.found[-1].above if self.found else known[0].choice)
        ends = [self.low, *(end for bracket in self.found for end in (bracket.low, bracket.high)), self.high]
        menu = list(Network(self.figure.case).menu)
        for low, high, choice in zip(ends[::2], ends[1::2], chosen, strict=True):
            if choice is None:
                yield Span(low, high, {}, (), {}, {}, feasible=False)
                continue
            worths = (self.solver.known(value, choice) for value in sorted(self.solver.points) if low <= value <= high)
            found = [worth.stockpile for worth in worths if worth is not None and worth.leverage > -math.inf]
            amounts = {pair: [units.get(pair, 0.0) for units in found] for pair in choice.pairs if found}
            yield Span(
                low,
                high,
                dict(zip(menu, choice.policies, strict=True)),
                choice.lanes,
                {pair: min(units) for pair, units in amounts.items()},
                {pair: max(units) for pair, units in amounts.items()},
                feasible=True,
            )

    def gaps(self) -> list[tuple[float, float]]:
        """Return neighbouring values between which nothing is proven."""
        return [
            (low, high)
            for low, high in pairwise(sorted(self.solver.points))
            if not self.close(low, high) and not self._constant(low, high)
        ]

    def _constant(self, low: float, high: float) -> bool:
        """Say whether the best plan at the upper of two values is proven to be best at all values between."""
        point = self.solver.points[high]
        if self.figure.limit is None:
            return False
        if point.status == "infeasible":
            return True
        return point.used is not None and point.used <= low

    def statement(self, stopped: bool) -> tuple[bool, str]:
        """Return whether it is proven that there are no other switches, and that in words."""
        span = f"between {self.low:.6g} and {self.high:.6g}"
        if stopped:
            return False, f"Stopped early: switches {span} may have been missed."
        gaps = self.gaps()
        if gaps:
            widest = max(high - low for low, high in gaps)
            return False, (
                f"Switches {span} that are closer together than the values looked at (up to {widest:.4g} apart) may have been "
                "missed."
            )
        if any(point.status not in ("optimal", "infeasible") for point in self.solver.points.values()):
            return False, f"Not every value was solved to its gap, so that switches {span} may have been missed."
        if self.figure.whole:
            return True, f"Every whole number {span} was solved: there is no other switch."
        return True, f"Proven: there is no other switch {span}, each plan being the best down to what it uses."

    def notes(self) -> Iterator[str]:
        """Yield what a reader should know."""
        points = self.solver.points.values()
        unproven = [point for point in points if point.status not in ("optimal", "infeasible")]
        if unproven:
            yield (
                f"at {len(unproven)} of {len(points)} values (the first {unproven[0].value:.6g}) the solve ended without proof; "
                "allow more time with solver.time_limit"
            )
        if self.figure.delay:
            yield "a fixed delay of so many weeks stands in for the distribution of the case"
        ties = [point.tie for point in points if point.choice is not None]
        if ties:
            yield f"choices that others beat by no more than the gap of a solve (here up to {max(ties):.3g}) count as best"
        if self.solver.offer.most:
            yield f"{SAME_WORDS}; amounts that follow the figure without a jump are no switch"

    def frame(self) -> pd.DataFrame:
        """Return every value solved."""
        import pandas as pd

        menu = list(Network(self.figure.case).menu)
        rows = [
            {
                "value": point.value,
                "status": point.status,
                "leverage": point.leverage if math.isfinite(point.leverage) else None,
                "bound": point.bound if math.isfinite(point.bound) else None,
                **self._advice(point, menu),
            }
            for point in (self.solver.points[value] for value in sorted(self.solver.points))
            if point.solved
        ]
        return pd.DataFrame(rows, columns=["value", "status", "leverage", "bound", "qualified", "stockpile", *menu])

    def _advice(self, point: Point, menu: list[str]) -> dict[str, Any]:
        """Return the choices of a point as cells of its row."""
        if point.choice is None:
            return dict.fromkeys(("qualified", "stockpile", *menu))
        worth = self.solver.worth(point.value, point.choice)
        return {
            "qualified": ", ".join(point.choice.lanes),
            "stockpile": ", ".join(f"{pair} {amount:.6g}" for pair, amount in worth.stockpile.items()),
            **dict(zip(menu, point.choice.policies, strict=True)),
        }
