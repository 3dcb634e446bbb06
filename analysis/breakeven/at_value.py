"""The best choices at one value of the figure."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ...model.certify.certificate import Compared, certify, money_scale
from ...model.certify.planning import first_stage_of
from ...model.methods.engine import Engine
from ...model.network import Network
from ...model.parametric.refilled import Sharing
from ...model.plan.choices import Offer
from ...model.plan.limits import LIMITED, SolveLimits, within
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.tolerances import LEVERAGE_TIE, SMALL_CERTIFICATE, SMALL_LEVERAGE
from ...model.solving import evaluate
from ..figures.figure import Figure
from .result import Choice, Side

if TYPE_CHECKING:
    from ...data import Case


class Telling(Monitor):
    """Passes on how many values are done; what goes on inside one is not told.

    A search of one value ends at its own time limit; the monitor's wish to stop ends everything.
    """

    def __init__(self, outer: Monitor):
        self.outer = outer
        self.deadline = math.inf

    def stop(self) -> bool:
        """Say whether to stop: where the outer monitor says so, or the time is up."""
        return self.outer.stop() or time.perf_counter() > self.deadline

    def check(self) -> None:
        """Raise `Stopped` where the monitor asks to stop."""
        if self.outer.stop():
            raise Stopped


@dataclass(frozen=True)
class Point:
    """The best choices at a value; choice None where there is no plan.

    ``used`` is what the plan uses of the limit that is moved, None for other figures.
    """

    value: float
    status: str
    choice: Choice | None
    leverage: float
    bound: float
    tie: float
    used: float | None = None
    solved: bool = True


@dataclass(frozen=True)
class _Worth:
    """What given choices are worth at a value, everything else at its best; leverage -inf where they have no plan.

    ``choice`` is what is chosen in the plan itself, ``qualified`` what of it the case makes a choice at this value.
    """

    leverage: float
    choice: Choice | None = None
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)
    used: float = 0.0


NO_WORTH = _Worth(-math.inf)


class ValueSolver:
    """Answers what is best at a value of the figure, and what given choices are worth there.

    Parameters
    ----------
    figure
        The figure.
    offer
        What can be chosen at its highest value.
    threads
        Processes that work out responses.
    telling
        Asked whether to stop.
    """

    def __init__(self, figure: Figure, offer: Offer, threads: int, telling: Telling):
        self.figure = figure
        self.offer = offer
        self.threads = threads
        self.telling = telling
        self.points: dict[float, Point] = {}
        self.money = 0.0
        self._worths: dict[tuple[float, Choice], _Worth] = {}
        self._held: dict[tuple[float, Choice, tuple[tuple[str, float], ...]], float] = {}

    def _ready(self, value: float) -> tuple[Engine, SolveLimits]:
        """Return an engine with the figure at a value, and the terms to search under."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of engines."""
        raise NotImplementedError

    def _open(self, case: Case) -> Engine:
        return Engine.natural(case, threads=self.threads, monitor=self.telling, stop=self.telling.stop)

    def best(self, value: float) -> Point:
        """Return the best choices at a value."""
        if value not in self.points:
            self.telling.check()
            engine, solve_limits = self._ready(value)
            options = engine.problem.case.settings.solver
            self.telling.deadline = time.perf_counter() + options.time_limit
            try:
                found = engine.search(solve_limits, options.rel_gap)
            except (ArithmeticError, Stopped):
                # One value that the solver fails at, or has no time for, is no reason to lose all others.
                self.telling.check()
                return self.points.setdefault(value, Point(value, "unknown", None, -math.inf, math.inf, 0.0))
            finally:
                self.telling.deadline = math.inf
            self.telling.check()
            money = engine.problem.units.money
            leverage, bound = found.leverage * money, found.bound * money
            self.money = self.money or money_scale(engine.problem) * money
            scale = max(abs(leverage) if found.choice is not None else 0.0, SMALL_LEVERAGE * self.money)
            tie = max(options.rel_gap, LEVERAGE_TIE) * scale
            if found.choice is None or found.solution is None:
                status = "infeasible" if found.bound == -math.inf else "unknown"
                point = Point(value, status, None, -math.inf, bound, tie)
            else:
                status = "optimal" if bound - leverage <= options.rel_gap * scale else "feasible"
                worth = self._of(engine, found.choice, found.leverage, found.solution)
                choice = worth.choice
                assert choice is not None
                self._worths[value, choice] = worth
                used = self._used(engine, choice, worth) if self.figure.limit else None
                point = Point(value, status, choice, leverage, bound, tie, used)
            self.points[value] = point
        return self.points[value]

    def copy(self, value: float, point: Point) -> None:
        """Take note that the best plan at a value is that of another, which uses no more of the limit than the value."""
        self.points.setdefault(value, dataclasses.replace(point, value=value, solved=False))
        if point.choice is not None:
            self._worths.setdefault((value, point.choice), self._worths[point.value, point.choice])

    def worth(self, value: float, choice: Choice | None) -> _Worth:
        """Return what choices are worth at a value, amounts at their best."""
        if choice is None:
            return NO_WORTH
        if (value, choice) not in self._worths:
            self.telling.check()
            engine, solve_limits = self._ready(value)
            self._worths[value, choice] = self._evaluate(engine, solve_limits, choice, None)
        return self._worths[value, choice]

    def known(self, value: float, choice: Choice) -> _Worth | None:
        """Return what choices are worth at a value, where that was worked out."""
        return self._worths.get((value, choice))

    def held(self, value: float, choice: Choice, amounts: Mapping[str, float]) -> float:
        """Return the leverage of choices at a value with certain amounts stockpiled; -inf where they have no plan."""
        key = (value, choice, tuple(amounts.items()))
        if key not in self._held:
            self.telling.check()
            engine, solve_limits = self._ready(value)
            self._held[key] = self._evaluate(engine, solve_limits, choice, amounts).leverage
        return self._held[key]

    def _evaluate(
        self, engine: Engine, solve_limits: SolveLimits, choice: Choice, amounts: Mapping[str, float] | None
    ) -> _Worth:
        problem = engine.problem
        named = dict(zip(problem.network.menu, choice.policies, strict=True))
        for column, most in solve_limits.by_load.items():
            if not within(problem.policy_total(named, column), most):
                return NO_WORTH
        fixed = self._fixed(engine, choice, amounts)
        if fixed is None:
            return NO_WORTH
        problem.fixed_policy.solve_limits = solve_limits
        cost, admin = problem.response_cost(named), problem.admin_cost(named)
        outcome = problem.fixed_policy.best(named, cost, problem.constant(cost, admin), admin, fixed=fixed)
        self.telling.check()
        if outcome.objective is None or outcome.solution is None:
            return NO_WORTH
        return self._of(engine, named, -outcome.objective, outcome.solution)

    @staticmethod
    def _fixed(engine: Engine, choice: Choice, amounts: Mapping[str, float] | None) -> dict[int, float] | None:
        """Return the first-stage columns that choices hold, and their values; None where the case does not let them.

        Lanes are held, and stockpiles that are not chosen; those that are chosen are held at `amounts`, where these are given.
        """
        model, compiled = engine.problem.leader_problem.model, engine.problem.leader_problem.compiled
        fixed = {}
        for lane, variable in model.qualify.items():
            fixed[compiled.column.get(id(variable))] = float(lane in choice.lanes)
        for pair, variable in model.stockpile.items():
            key = "/".join(pair)
            amount = 0.0 if key not in choice.pairs else None if amounts is None else amounts.get(key, 0.0)
            if amount:
                amount /= engine.problem.units.item(pair[1])
            if amount is not None and amount > engine.problem.network.stock(pair).stockpile_max:
                return None
            if amount is not None:
                fixed[compiled.column.get(id(variable))] = amount
        return {column: held for column, held in fixed.items() if column is not None}

    def _of(self, engine: Engine, named: Mapping[str, str], leverage: float, solution: Any) -> _Worth:
        problem = engine.problem
        first, network = first_stage_of(problem, solution), problem.network
        qualified = tuple(lane for lane, chosen in first.qualify.items() if chosen)
        stockpile = {pair: min(amount, network.stock(pair).stockpile_max) for pair, amount in first.stockpile.items()}
        spent = [
            problem.admin_cost(named),
            *(network.to_qualify[name] for name in qualified),
            *(network.stockpile_price(pair) * amount for pair, amount in stockpile.items()),
        ]
        # In the units of the case from here on.
        units = problem.units
        held = {"/".join(pair): amount * units.item(pair[1]) for pair, amount in stockpile.items() if amount > 0}
        # A lane without a fixed cost at this value is open: what it costs to qualify is nothing.
        lanes = tuple(lane for lane in self.offer.lanes if first.qualify.get(lane, True))
        choice = Choice(tuple(named.values()), lanes, tuple(sorted(held)))
        return _Worth(leverage * units.money, choice, qualified, held, math.fsum(spent) * units.money)

    def _used(self, engine: Engine, choice: Choice, worth: _Worth) -> float:
        limit = self.figure.limit
        assert limit is not None
        named = dict(zip(engine.problem.network.menu, choice.policies, strict=True))
        problem = engine.problem
        taken = problem.policy_total(named, LIMITED[limit].column) * problem.units.unit_of(LIMITED[limit].measure)
        used = worth.used if limit == "budget" else taken
        # Sums of money end in rounding noise.
        return float(f"{used:.10g}")

    def side(self, value: float, choice: Choice | None, *, whole: bool) -> Side:
        """Return one side of a switch; its whole plan, worked out anew, where it is asked for.

        Raises
        ------
        CertificateError
            When the whole plan's leverage is another.
        """
        if choice is None:
            return Side(value, self.points[value].status)
        worth = self.worth(value, choice)
        case = self.figure.at(value)
        named = dict(zip(Network(case).menu, choice.policies, strict=True))
        plan = evaluate(case, named, worth.qualified, worth.stockpile) if whole else None
        leverage = worth.leverage
        anew = leverage if plan is None or plan.leverage is None else plan.leverage
        name = f"leverage at {self.figure.path}={value:g}"
        certify([Compared(name, leverage, anew, SMALL_CERTIFICATE * self.money)])
        return Side(value, self.points[value].status, leverage, named, worth.qualified, worth.stockpile, plan)


class LimitSolver(ValueSolver):
    """A limit is moved: one engine answers everything, no response is worked out twice.

    Parameters
    ----------
    figure, offer, threads, telling
        As of `ValueSolver`.
    high
        The widest limit that will be asked for.
    """

    def __init__(self, figure: Figure, high: float, offer: Offer, threads: int, telling: Telling):
        super().__init__(figure, offer, threads, telling)
        self._engine = self._open(figure.at(high))

    def _ready(self, value: float) -> tuple[Engine, SolveLimits]:
        assert self.figure.limit is not None
        limit, units = self.figure.limit, self._engine.problem.units
        return self._engine, dataclasses.replace(
            self._engine.widest, **{limit: value / units.unit_of(LIMITED[limit].measure)}
        )

    def close(self) -> None:
        """Free the solver."""
        self._engine.close()


class FigureSolver(ValueSolver):
    """Any other figure is moved: its values are put into the programs of one of them, as long as these keep their structure.

    A value whose programs have other rows, columns or entries has an engine of its own; the last two are kept.

    Parameters
    ----------
    figure, offer, threads, telling
        As of `ValueSolver`.
    low, high
        Lowest and highest value that will be asked for.
    """

    KEPT = 2

    def __init__(self, figure: Figure, low: float, high: float, offer: Offer, threads: int, telling: Telling):
        super().__init__(figure, offer, threads, telling)
        self._engines: dict[float, Engine] = {}
        self._engine: tuple[float, Engine] | None = None
        # Whole numbers, such as weeks, are written into the structure.
        self._sharing = None if figure.whole else Sharing(partial(self._cases, low, high), telling.stop)

    def _cases(self, low: float, high: float) -> tuple[Case, list[Case]]:
        return self.figure.at((low + high) / 2), [self.figure.at(low), self.figure.at(high)]

    def _ready(self, value: float) -> tuple[Engine, SolveLimits]:
        engine = self._engines.get(value) or self._shared(value) or self._open_at(value)
        return engine, engine.widest

    def _shared(self, value: float) -> Engine | None:
        """Return an engine of the shared programs with the figure at a value; None where they cannot hold it."""
        if self._engine is None or self._engine[0] != value:
            refilled = None if self._sharing is None else self._sharing.put(self.figure.at(value))
            self._engine = None if refilled is None else (value, refilled.engine())
        return None if self._engine is None else self._engine[1]

    def _open_at(self, value: float) -> Engine:
        while len(self._engines) >= self.KEPT:
            self._engines.pop(next(iter(self._engines))).close()
        return self._engines.setdefault(value, self._open(self.figure.at(value)))

    def close(self) -> None:
        """Free the solvers."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
