"""The values of one figure at which the best first-stage choices change (docs/breakeven.md)."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...data import TABLES
from ...model.certify.certificate import SMALL_CERTIFICATE, SMALL_LEVERAGE, Compared, certify, money_scale
from ...model.certify.planning import first_stage_of
from ...model.certify.restoring import LIMITS as UNIT_OF
from ...model.methods.engine import Engine
from ...model.network.network import OPEN, Network
from ...model.plan.choices import SAME_WORDS, Offer
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Monitor, Stopped
from ...model.solving import evaluate
from ..figures.figure import Figure, find_figure, no_figure

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case
    from ...model import Plan

LIMITS = {"budget": "admin_cost", "reviewer_hours": "reviewer_load", "political_capital": "political_cost"}
"""Limits that are moved without working out any response again, and the column of the policies table they add up."""

LOW, HIGH = 0.25, 4.0
"""Ends of the default range of an amount, as multiples of the value in force."""

SHORT = 8
"""Least default range of a number of weeks."""

EXACT = 1e-7
"""Relative difference of leverage that is rounding."""

FLOOR = 0.1
"""Share of the range below which the tolerance is relative to that share, not to the value."""


@dataclass(frozen=True)
class Choice:
    """What is chosen without the amounts stockpiled, which follow the figure.

    Attributes
    ----------
    policies
        Policy of every regime of ours, in the order of the menu.
    lanes
        Lanes qualified, in the order of the case.
    pairs
        ``site/item`` of what is stockpiled.
    """

    policies: tuple[str, ...]
    lanes: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How much is done: policies other than ``open``, lanes, stockpiles."""
        return sum(policy != OPEN for policy in self.policies) + len(self.lanes) + len(self.pairs)


@dataclass(frozen=True)
class Side:
    """One side of a switch.

    Attributes
    ----------
    value
        Value of the figure.
    status
        ``optimal``, ``feasible`` (its gap is wider than the one asked for) or ``infeasible``.
    leverage, policies, qualified, stockpile
        Of the best plan there; None and empty where there is none.
    plan
        The whole plan, worked out anew by `evaluate`; None where there is none.
    """

    value: float
    status: str
    leverage: float | None = None
    policies: Mapping[str, str] = field(default_factory=dict)
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)
    plan: Plan | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the side as plain values, without its whole plan."""
        plain = {name.name: getattr(self, name.name) for name in dataclasses.fields(self) if name.name != "plan"}
        return {
            **plain,
            "policies": dict(self.policies),
            "qualified": list(self.qualified),
            "stockpile": dict(self.stockpile),
        }


@dataclass(frozen=True)
class Switch:
    """Two values within the tolerance of each other between which the best choices change."""

    below: Side
    above: Side

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """Policy below and above of every regime that changes; empty where there is no plan on one side."""
        below, above = self.below.policies, self.above.policies
        return {name: (below[name], above[name]) for name in below if name in above and below[name] != above[name]}


@dataclass(frozen=True)
class Span:
    """Values between two switches, and the choices that are best there.

    Attributes
    ----------
    low, high
        The values.
    policies, qualified
        Of the best plans; empty where there is none.
    least, most
        Units stockpiled by ``site/item``, the least and the most over the values solved.
    feasible
        Whether there are plans.
    """

    low: float
    high: float
    policies: Mapping[str, str]
    qualified: tuple[str, ...]
    least: Mapping[str, float]
    most: Mapping[str, float]
    feasible: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        maps = ("policies", "least", "most")
        return (
            dataclasses.asdict(self)
            | {name: dict(getattr(self, name)) for name in maps}
            | {"qualified": list(self.qualified)}
        )


@dataclass(frozen=True)
class Breakeven:
    """Where the best first-stage choices change as one figure moves.

    Attributes
    ----------
    case
        The case.
    path, unit
        The figure, as ``--set`` writes it, and its unit.
    current
        Value in force; None where it has none (no limit, or rows with different ones).
    low, high
        The range looked at.
    range_words
        How the range was come by.
    tolerance
        Width to which a switch is bracketed, relative to the value, or to a tenth of the range where the value is smaller.
    whole
        Whether the figure takes whole numbers only.
    switches
        From the lowest value to the highest.
    spans
        The range cut at the switches.
    points : pandas.DataFrame
        Every value solved: value, status, leverage, bound, qualified and stockpile in one text each, one column for each regime.
    complete
        Whether it is proven that there is no other switch in the range (switches within the tolerance of each other being
        one).
    statement
        The same in words.
    notes
        What a reader should know.
    stopped
        Whether the search was stopped early.
    seconds
        Time it took.
    """

    case: Case = field(repr=False)
    path: str
    unit: str
    current: float | None
    low: float
    high: float
    range_words: str
    tolerance: float
    whole: bool
    switches: tuple[Switch, ...]
    spans: tuple[Span, ...]
    points: pd.DataFrame = field(repr=False)
    complete: bool
    statement: str
    notes: tuple[str, ...] = ()
    stopped: bool = False
    seconds: float = 0.0

    def __repr__(self) -> str:
        """Return the figure and the values at which choices change."""
        at = ", ".join(f"{switch.below.value:g} to {switch.above.value:g}" for switch in self.switches) or "none"
        return f"Breakeven({self.path!r}, {self.low:g} to {self.high:g}, switches: {at})"

    @property
    def holds(self) -> tuple[float, float] | None:
        """Values around the one in force between which its choices stay the best; None where it has none in the range."""
        if self.current is None or not self.low <= self.current <= self.high:
            return None
        below = [switch.above.value for switch in self.switches if switch.above.value <= self.current]
        above = [switch.below.value for switch in self.switches if switch.below.value >= self.current]
        return max(below, default=self.low), min(above, default=self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "schema": 1,
            "case": self.case.name,
            "path": self.path,
            "unit": self.unit,
            "current": self.current,
            "low": self.low,
            "high": self.high,
            "range": self.range_words,
            "tolerance": self.tolerance,
            "switches": [
                {"below": switch.below.to_dict(), "above": switch.above.to_dict()} for switch in self.switches
            ],
            "spans": [span.to_dict() for span in self.spans],
            "complete": self.complete,
            "statement": self.statement,
            "notes": list(self.notes),
            "stopped": self.stopped,
            "points": self.points.astype(object).where(self.points.notna(), None).to_dict("records"),
            "seconds": self.seconds,
        }


def breakeven(
    case: Case,
    path: str,
    *,
    low: float | None = None,
    high: float | None = None,
    tolerance: float = 1e-3,
    points: int = 17,
    threads: int = 1,
    monitor: Monitor | None = None,
) -> Breakeven:
    """Find the values of a figure at which the best first-stage choices change.

    Parameters
    ----------
    case
        A checked case.
    path
        The figure, as an override without its value: ``lanes.gas-out.max_flow``, ``limits.budget``.
    low, high
        Range to look at; default: see docs/breakeven.md.
    tolerance
        Width of the bracket around a switch, relative to the value, or to a tenth of the range where the value is smaller.
        Whole numbers are bracketed by neighbours.
    points
        Values looked at, at equal distances, before neighbours are bisected.
    threads
        Processes that work out responses.
    monitor
        Told of stage ``points``; asked whether to stop, results so far kept.

    Raises
    ------
    CaseError
        For a path that names no figure, or an end of the range that the case cannot have.
    ValueError
        For a figure that cannot be moved, or a range without values.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When an answer does not survive its check.
    """
    began = time.perf_counter()
    if points < 2:
        raise ValueError("points: at least 2 are needed, the ends of the range")
    if not 0 < tolerance < 1:
        raise ValueError("tolerance: must lie between 0 and 1, such as 0.001")
    figure = movable(case, path)
    low, high, words = _range(figure, low, high)
    telling = _Telling(monitor or Monitor())
    with contextlib.ExitStack() as stack:
        offer = Offer.of(figure.at(high))
        given = offer, threads, telling
        bench = _LimitBench(figure, high, *given) if figure.limit else _CaseBench(figure, *given)
        stack.callback(bench.close)
        search = _Search(bench, figure, low, high, tolerance, points)
        stopped = False
        try:
            search.run()
        except Stopped:
            stopped = True
        switches = tuple(search.switches(whole=not stopped))
        spans = tuple(search.spans())
    complete, statement = search.statement(stopped)
    return Breakeven(
        case=case,
        path=path,
        unit=figure.unit,
        current=figure.current,
        low=low,
        high=high,
        range_words=words,
        tolerance=tolerance,
        whole=figure.whole,
        switches=switches,
        spans=spans,
        points=search.frame(),
        complete=complete,
        statement=statement,
        notes=tuple(search.notes()),
        stopped=stopped,
        seconds=time.perf_counter() - began,
    )


# The figure ------------------------------------------------------------------------------------------------------------


def movable(case: Case, path: str) -> Figure:
    """Return the figure that a path names.

    Raises
    ------
    CaseError
        For a path that names no figure.
    ValueError
        For a figure that cannot be moved.
    """
    head, _, rest = path.partition(".")
    column = rest.rpartition(".")[2]
    if head in TABLES and column in TABLES[head].key and any(f"{row.id}.{column}" == rest for row in case.rows(head)):
        raise _no_number(path)
    figure = find_figure(case, path)
    if figure.numeric or figure.delay:
        return figure
    raise _no_number(path) if head in TABLES else no_figure(path)


def _no_number(path: str) -> ValueError:
    return ValueError(f"{path} is no figure; {path.rpartition('.')[2]} holds no number that can be moved")


def _refusal(figure: Figure, value: float) -> str | None:
    """Return why the case cannot have a value, with the column and the value that are at fault; None where it can."""
    fault = figure.fault(value)
    return None if fault is None else ": ".join(filter(None, (fault.column, fault.value, fault.message)))


def _range(figure: Figure, low: float | None, high: float | None) -> tuple[float, float, str]:
    """Return the range to look at, and how it was come by."""
    words = []
    given = (low, high)
    if low is None or high is None:
        first, last, how = _default_range(figure)
        words.append(how)
        low, high = (first if low is None else low), (last if high is None else high)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{figure.path}: the range must be finite")
    if figure.whole:
        low, high = float(math.ceil(low)), float(math.floor(high))
    if low >= high:
        if None not in given:
            raise ValueError(f"{figure.path}: low must be below high, but {low:g} is not below {high:g}")
        raise ValueError(f"{figure.path}: no range from {low:g} to {high:g}; give --low and --high")
    ends = []
    for place, (end, stated) in enumerate(zip((low, high), given, strict=True)):
        problem = _refusal(figure, end)
        if problem is not None:
            accepted = (
                value for value in (figure.current, low, high) if value is not None and not _refusal(figure, value)
            )
            good = next(accepted, None)
            if stated is not None or good is None:
                # Refused in the words of the case.
                figure.at(end)
            assert good is not None
            end = _nearest_accepted(figure, good, end)
            side, at = "below" if place == 0 else "above", low if place == 0 else high
            words.append(f"{side} {end:.6g} the case is refused (at {at:.6g}: {problem})")
        ends.append(end)
    if ends[0] >= ends[1]:
        raise ValueError(f"{figure.path}: the case is refused at all other values; give --low and --high")
    return ends[0], ends[1], "; ".join(words) or "as asked for"


def _default_range(figure: Figure) -> tuple[float, float, str]:
    current, case = figure.current, figure.case
    if figure.path == "horizon.weeks":
        assert current is not None
        return max(1, current // 2), current + current // 2, "from half to one and a half times the value in force"
    if figure.whole:
        weeks = case.settings.horizon.weeks
        last = min(max(SHORT, 2 * (current or 0)), max(weeks, current or 0))
        return 0, last, f"from 0 to twice the value in force, at least {SHORT} weeks, within the horizon"
    if figure.share:
        return 0.0, 1.0, "all shares"
    if figure.limit:
        most = _most_used(case, figure.limit)
        if current:
            low, high = LOW * current, HIGH * current
            if low < most < high:
                return low, most, f"from {LOW:g} times the value in force to {most:.6g}, the most any choice can use"
        elif most > 0:
            return 0.0, most, f"from 0 to {most:.6g}, the most that any choice can use"
    if current:
        return LOW * current, HIGH * current, f"{LOW:g} to {HIGH:g} times the value in force"
    largest = max(figure.peers, default=0.0)
    if largest > 0:
        return 0.0, HIGH * largest, f"from 0 to {HIGH:g} times the largest figure of its column"
    raise ValueError(f"{figure.path} has no figure to start a range from; give --low and --high")


def _most_used(case: Case, limit: str) -> float:
    """Most of a limit that any choice can use."""
    network = Network(case)
    column = LIMITS[limit]
    total = math.fsum(
        max((getattr(network.policy(regime, policy), column, 0.0) for policy in menu), default=0.0)
        for regime, menu in network.menu.items()
    )
    if limit == "budget":
        total += math.fsum(lane.fixed_cost or 0.0 for lane in network.lanes_into("ours"))
        total += math.fsum(
            row.stockpile_max * network.stockpile_price(pair)
            for pair, row in network.stocks.items()
            if network.side[pair[0]] == "ours" and row.stockpile_max > 0
        )
    return total


def _nearest_accepted(figure: Figure, good: float, bad: float) -> float:
    """Return the accepted value nearest to a refused one, coming from an accepted one."""
    for _ in range(80):
        middle = float(round((good + bad) / 2)) if figure.whole else (good + bad) / 2
        if middle in (good, bad):
            break
        if _refusal(figure, middle) is None:
            good = middle
        else:
            bad = middle
    tidy = float(f"{good:.9g}")
    return tidy if _refusal(figure, tidy) is None else good


# Solving at one value --------------------------------------------------------------------------------------------------


class _Telling(Monitor):
    """Passes on how many values are done; what goes on inside one is not told.

    A search of one value ends at its own time limit; the monitor's wish to stop ends everything.
    """

    def __init__(self, outer: Monitor):
        self.outer = outer
        self.deadline = math.inf

    def stop(self) -> bool:
        return self.outer.stop() or time.perf_counter() > self.deadline

    def check(self) -> None:
        """Raise `Stopped` where the monitor asks to stop."""
        if self.outer.stop():
            raise Stopped


@dataclass(frozen=True)
class _Point:
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


class _Bench:
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

    def __init__(self, figure: Figure, offer: Offer, threads: int, telling: _Telling):
        self.figure = figure
        self.offer = offer
        self.threads = threads
        self.telling = telling
        self.points: dict[float, _Point] = {}
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

    def best(self, value: float) -> _Point:
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
                return self.points.setdefault(value, _Point(value, "unknown", None, -math.inf, math.inf, 0.0))
            finally:
                self.telling.deadline = math.inf
            self.telling.check()
            money = engine.problem.units.money
            leverage, bound = found.leverage * money, found.bound * money
            self.money = self.money or money_scale(engine.problem) * money
            scale = max(abs(leverage) if found.choice is not None else 0.0, SMALL_LEVERAGE * self.money)
            tie = max(options.rel_gap, EXACT) * scale
            if found.choice is None or found.solution is None:
                status = "infeasible" if found.bound == -math.inf else "unknown"
                point = _Point(value, status, None, -math.inf, bound, tie)
            else:
                status = "optimal" if bound - leverage <= options.rel_gap * scale else "feasible"
                worth = self._of(engine, found.choice, found.leverage, found.solution)
                choice = worth.choice
                assert choice is not None
                self._worths[value, choice] = worth
                used = self._used(engine, choice, worth) if self.figure.limit else None
                point = _Point(value, status, choice, leverage, bound, tie, used)
            self.points[value] = point
        return self.points[value]

    def copy(self, value: float, point: _Point) -> None:
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
        for limit, column in LIMITS.items():
            most = getattr(solve_limits, limit)
            if problem.policy_total(named, column) > most * (1 + 1e-9) + 1e-9:
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
            *(network.lanes[lane].fixed_cost or 0.0 for lane in qualified),
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
        taken = problem.policy_total(named, LIMITS[limit]) * problem.units.unit_of(UNIT_OF[limit])
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


class _LimitBench(_Bench):
    """A limit is moved: one engine answers everything, no response is worked out twice.

    Parameters
    ----------
    figure, offer, threads, telling
        As for any bench.
    high
        The widest limit that will be asked for.
    """

    def __init__(self, figure: Figure, high: float, offer: Offer, threads: int, telling: _Telling):
        super().__init__(figure, offer, threads, telling)
        self._engine = self._open(figure.at(high))

    def _ready(self, value: float) -> tuple[Engine, SolveLimits]:
        assert self.figure.limit is not None
        limit, units = self.figure.limit, self._engine.problem.units
        return self._engine, dataclasses.replace(self._engine.widest, **{limit: value / units.unit_of(UNIT_OF[limit])})

    def close(self) -> None:
        self._engine.__exit__()


class _CaseBench(_Bench):
    """Any other figure is moved: an engine for every value, the last two kept."""

    KEPT = 2

    def __init__(self, figure: Figure, offer: Offer, threads: int, telling: _Telling):
        super().__init__(figure, offer, threads, telling)
        self._engines: dict[float, Engine] = {}

    def _ready(self, value: float) -> tuple[Engine, SolveLimits]:
        engine = self._engines.pop(value, None)
        if engine is None:
            while len(self._engines) >= self.KEPT:
                self._engines.pop(next(iter(self._engines))).__exit__()
            engine = self._open(self.figure.at(value))
        self._engines[value] = engine
        return engine, engine.widest

    def close(self) -> None:
        for engine in self._engines.values():
            engine.__exit__()
        self._engines.clear()


# The search ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bracket:
    """Two values between which the best choices change, and the choices: the same ones where their amounts jump."""

    low: float
    below: Choice | None
    high: float
    above: Choice | None


class _Search:
    """Scans a range, then bisects where the best choices change.

    Choices stay in force along the scan until others are better by more than the tie tolerance, the relative gap that the case
    asks of a solve: what costs less is no finding. Inside a bracket the two sides' choices are compared by what each is
    worth exactly, so that the gap does not blur the place. Amounts that move with the figure are no change of choice; amounts
    that jump are.

    Parameters
    ----------
    bench
        Answers what is best at a value.
    figure, low, high, tolerance, points
        As of `breakeven`.
    """

    def __init__(self, bench: _Bench, figure: Figure, low: float, high: float, tolerance: float, points: int):
        self.bench = bench
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
        told = self.bench.telling.outer
        told.stage("points", len(self.grid))
        values = self._descend() if self.figure.limit else self._along(self.grid)
        anchor: float | None = None
        force: Choice | None = None
        for value in values:
            point = self.bench.best(value)
            if point.status == "unknown":
                continue
            if anchor is None:
                anchor, force = value, point.choice
                continue
            worth = self.bench.worth(value, force).leverage
            if point.choice is not None and worth >= point.leverage - point.tie:
                assert force is not None
                # Where others are better by no more than a tie, the change may lie before.
                if point.choice == force or worth >= point.leverage - EXACT * abs(point.leverage):
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
        before, after = self.bench.worth(low, choice), self.bench.worth(high, choice)
        if NO_WORTH.leverage in (before.leverage, after.leverage) or self._alike(before.stockpile, after.stockpile):
            return []
        if self.bench.held(high, choice, before.stockpile) >= after.leverage - self.bench.best(high).tie:
            return []
        return self._jumped(low, high, choice)

    def _jumped(self, low: float, high: float, choice: Choice) -> list[_Bracket]:
        """Halve an interval until amounts are alike at its ends, or on a straight line between them."""
        if self._alike(self._amounts(low, choice), self._amounts(high, choice)):
            return []
        if self.close(low, high):
            # Both ends are solved, so that each is known to be the best there.
            for end in (low, high):
                self.bench.best(end)
            return [_Bracket(low, choice, high, choice)]
        middle = self._middle(low, high)
        quarters = [self._middle(low, middle), middle]
        if not self.figure.whole and all(self._straight(low, value, high, choice) for value in quarters):
            return []
        return self._jumped(low, middle, choice) + self._jumped(middle, high, choice)

    def _amounts(self, value: float, choice: Choice) -> Mapping[str, float]:
        return self.bench.worth(value, choice).stockpile

    def _alike(self, first: Mapping[str, float], second: Mapping[str, float]) -> bool:
        """Say whether amounts count as the same."""
        offer = self.bench.offer
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
            self.bench.best(value)
            self.bench.telling.outer.advance(number + 1, len(self.grid))
            yield value

    def _descend(self) -> list[float]:
        """Solve a limit from its highest value down, leaving out what a plan that uses less proves."""
        bench, value = self.bench, self.high
        while True:
            point = bench.best(value)
            bench.telling.outer.advance(sum(1 for step in self.grid if step >= value), len(self.grid))
            if point.status == "infeasible":
                bench.copy(self.low, point)
                break
            used = value if point.used is None else max(self.low, min(point.used, value))
            if used < value:
                bench.copy(used, point)
            if used <= self.low:
                break
            lower = [step for step in self.grid if step < used and not self.close(step, used)]
            value = used - 0.5 * self.width(used) if used < value else max(lower, default=self.low)
            value = max(self.low, value)
        return sorted(bench.points)

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
        point = self.bench.best(value)
        if point.status == "infeasible":
            return None
        first, second = self.bench.worth(value, below).leverage, self.bench.worth(value, above).leverage
        most = max(first, second)
        if point.choice not in (below, above, None) and not most >= point.leverage - point.tie:
            return point.choice
        if first == second or abs(first - second) <= EXACT * abs(most):
            if point.choice in (below, above):
                return point.choice
            return min(below, above, key=lambda choice: 0 if choice is None else choice.size)
        return below if first > second else above

    # What is handed on -------------------------------------------------------------------------------------------------

    def switches(self, *, whole: bool = True) -> Iterator[Switch]:
        """Yield the switches found, whole plans on both sides where they are asked for."""
        for bracket in self.found:
            yield Switch(
                self.bench.side(bracket.low, bracket.below, whole=whole),
                self.bench.side(bracket.high, bracket.above, whole=whole),
            )

    def spans(self) -> Iterator[Span]:
        """Yield the range cut at the brackets, with the choices in force."""
        known = [point for _, point in sorted(self.bench.points.items()) if point.status != "unknown"]
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
            worths = (self.bench.known(value, choice) for value in sorted(self.bench.points) if low <= value <= high)
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
            for low, high in pairwise(sorted(self.bench.points))
            if not self.close(low, high) and not self._constant(low, high)
        ]

    def _constant(self, low: float, high: float) -> bool:
        """Say whether the best plan at the upper of two values is proven to be best at all values between."""
        point = self.bench.points[high]
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
        if any(point.status not in ("optimal", "infeasible") for point in self.bench.points.values()):
            return False, f"Not every value was solved to its gap, so that switches {span} may have been missed."
        if self.figure.whole:
            return True, f"Every whole number {span} was solved: there is no other switch."
        return True, f"Proven: there is no other switch {span}, each plan being the best down to what it uses."

    def notes(self) -> Iterator[str]:
        """Yield what a reader should know."""
        points = self.bench.points.values()
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
        if self.bench.offer.most:
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
            for point in (self.bench.points[value] for value in sorted(self.bench.points))
            if point.solved
        ]
        return pd.DataFrame(rows, columns=["value", "status", "leverage", "bound", "qualified", "stockpile", *menu])

    def _advice(self, point: _Point, menu: list[str]) -> dict[str, Any]:
        """Return the choices of a point as cells of its row."""
        if point.choice is None:
            return dict.fromkeys(("qualified", "stockpile", *menu))
        worth = self.bench.worth(point.value, point.choice)
        return {
            "qualified": ", ".join(point.choice.lanes),
            "stockpile": ", ".join(f"{pair} {amount:.6g}" for pair, amount in worth.stockpile.items()),
            **dict(zip(menu, point.choice.policies, strict=True)),
        }
