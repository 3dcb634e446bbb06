"""Leverage against what it takes: the whole trade-off curve of a case, every point proven."""

from __future__ import annotations

import copy
import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sparse
from pyomo.repn import generate_standard_repn

from ..model.assembly import FirstStage, leverage_by_package
from ..model.candidates import TooManyCombinations
from ..model.compiled import Outcome, Program
from ..model.engine import Engine
from ..model.evaluator import GAP, Cut, Evaluator, Relaxation
from ..model.knowledge import Knowledge
from ..model.monitor import Monitor
from ..model.ours import gap_terms
from ..model.planning import (
    CERTIFICATE,
    SMALL_CERTIFICATE,
    SMALL_LEVERAGE,
    CertificateError,
    first_stage_of,
    money_scale,
)
from ..model.search import TIE, Column, Search
from ..model.terms import Terms

if TYPE_CHECKING:
    import pandas as pd

    from ..data import Case
    from ..model.problem import Problem

SCHEMA = 1

FINE = 0.01
"""Share of the distance between two levels to which the least level and the use of each plan are proven."""

REFINED = 16
"""Parts of the distance between two levels to which a change of policies or qualifications is followed."""

SAME = 1e-7
"""Levels nearer than this, relative to the larger, are one."""

ROUNDING = 1e-7
"""Money that the solver's tolerance may hide."""


@dataclass(frozen=True)
class Resource:
    """What the leverage is held against.

    Attributes
    ----------
    name
        As in ``--against``.
    term
        The field of `Terms` that limits it.
    words
        As it stands in a line of text.
    unit
        Unit of its levels; empty: money.
    load
        Column of the policies table whose sum it is; empty where plans use it by degrees.
    sense
        1 where a plan must stay below the level, -1 where it must reach it.
    """

    name: str
    term: str
    words: str
    unit: str = ""
    load: str = ""
    sense: int = 1


RESOURCES = {
    resource.name: resource
    for resource in (
        Resource("own_loss", "own_loss", "own loss"),
        Resource("budget", "budget", "budget"),
        Resource("reviewer_hours", "reviewer_hours", "reviewer hours", "hours a week", "reviewer_load"),
        Resource("political_capital", "political_capital", "political capital", "points", "political_cost"),
        Resource("min_fill", "least_fill", "least mean fill", "share", sense=-1),
    )
}


@dataclass(frozen=True)
class FrontierPoint:
    """The plan of greatest leverage at a level of the resource; of several the one that uses least of it.

    Attributes
    ----------
    level
        The level: what is allowed, of ``min_fill`` what is asked for.
    used
        What the plan takes of the resource, of ``min_fill`` what it keeps; None without a plan.
    leverage, bound, gap
        As of a plan.
    status
        ``optimal``, ``feasible`` (gap wider than asked for) or ``infeasible`` (proven: no plan at this level).
    policies, qualified, stockpile
        First-stage choices, as of a plan.
    own_loss, counterpart_loss, worst_package
        Both losses in the worst package, and its name, as of a plan.
    """

    level: float
    used: float | None
    leverage: float | None
    bound: float | None
    gap: float | None
    status: str
    policies: Mapping[str, str] = field(default_factory=dict)
    qualified: tuple[str, ...] = ()
    stockpile: Mapping[str, float] = field(default_factory=dict)
    own_loss: float | None = None
    counterpart_loss: float | None = None
    worst_package: str | None = None


@dataclass(frozen=True)
class Change:
    """What changes between two neighbouring points.

    Attributes
    ----------
    low, high
        Levels between which it happens; of a curve in steps it happens at ``high``.
    words
        What changes on the way from ``low`` to ``high``.
    exact
        Whether the change is at ``high`` itself.
    """

    low: float
    high: float
    words: tuple[str, ...]
    exact: bool

    def __str__(self) -> str:
        """Return the change as a line of text."""
        where = f"at {self.high:.6g}" if self.exact else f"from {self.low:.6g} to {self.high:.6g}"
        return f"{where}: {'; '.join(self.words)}"


@dataclass(frozen=True)
class Frontier:
    """Leverage as a function of a resource.

    Attributes
    ----------
    case
        The case.
    against
        The resource.
    unit, currency
        Units of levels and of leverage.
    points : tuple of FrontierPoint
        From the least level to the highest. Points with a plan grow in level, use and leverage (of ``min_fill`` the leverage
        falls); those that another one dominates are left out.
    changes : tuple of Change
        What changes along the curve.
    steps
        Whether the curve is a step function with all its steps among the points.
    least
        The level at the tight end of the curve: beyond it no plan exists, which is proven. None where it was not looked for.
    fine
        To how much ``least`` and every use are proven.
    complete
        Whether the curve was finished; False where it was stopped, the points so far kept.
    notes
        What a reader should know.
    solve
        How it was solved.
    """

    case: Case = field(repr=False)
    against: str
    unit: str
    currency: str
    points: tuple[FrontierPoint, ...]
    changes: tuple[Change, ...]
    steps: bool
    least: float | None
    fine: float
    complete: bool
    notes: tuple[str, ...] = ()
    solve: Mapping[str, Any] = field(default_factory=dict)

    @property
    def feasible(self) -> tuple[FrontierPoint, ...]:
        """Points with a plan."""
        return tuple(point for point in self.points if point.leverage is not None)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for every point, units of its columns in ``attrs["units"]``; ``policy:REGIME`` are policies."""
        import pandas as pd

        regimes = list(dict.fromkeys(regime for point in self.points for regime in point.policies))
        rows = []
        for point in self.points:
            row = asdict(point)
            policies, row["qualified"] = row.pop("policies"), ", ".join(point.qualified)
            row["stockpile"] = ", ".join(f"{key} {amount:.6g}" for key, amount in row.pop("stockpile").items())
            rows.append(row | {f"policy:{regime}": policies.get(regime) for regime in regimes})
        columns = ["level", "used", "leverage", "bound", "gap", "status", "own_loss", "counterpart_loss"]
        columns += ["worst_package", *(f"policy:{regime}" for regime in regimes), "qualified", "stockpile"]
        frame = pd.DataFrame(rows, columns=columns)
        numbers = ["level", "used", "leverage", "bound", "gap", "own_loss", "counterpart_loss"]
        frame = frame.astype(dict.fromkeys(numbers, float))
        money = dict.fromkeys(("leverage", "bound", "own_loss", "counterpart_loss"), self.currency)
        frame.attrs["units"] = {"level": self.unit, "used": self.unit, "gap": "share", **money}
        frame.attrs["currency"] = self.currency
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Return the frontier as a dictionary of plain values."""
        return {
            "schema": SCHEMA,
            "case": self.case.name,
            "against": self.against,
            "unit": self.unit,
            "currency": self.currency,
            "steps": self.steps,
            "complete": self.complete,
            "least": self.least,
            "fine": self.fine,
            "points": [
                {
                    **asdict(point),
                    "policies": dict(point.policies),
                    "qualified": list(point.qualified),
                    "stockpile": dict(point.stockpile),
                }
                for point in self.points
            ],
            "changes": [
                {"low": change.low, "high": change.high, "exact": change.exact, "words": list(change.words)}
                for change in self.changes
            ],
            "notes": list(self.notes),
            "solve": dict(self.solve),
        }


def frontier(
    case: Case,
    against: str = "own_loss",
    *,
    points: int = 20,
    low: float | None = None,
    high: float | None = None,
    rel_gap: float | None = None,
    threads: int = 1,
    log: str | None = None,
    monitor: Monitor | None = None,
) -> Frontier:
    """Work out leverage as a function of one resource (docs/frontier.md).

    Parameters
    ----------
    case
        A checked case; all its limits but the one in question hold along the curve.
    against
        ``own_loss``, ``budget``, ``reviewer_hours``, ``political_capital`` or ``min_fill``.
    points
        Levels that are solved, evenly spaced. Curves in steps (reviewer hours, political capital) have all their steps
        whatever is asked for.
    low, high
        Range of levels; by default from the least level at which there is a plan to what the plan without a limit uses.
    rel_gap
        Relative gap of every point; default: the case's. Steps that are smaller are not told apart.
    threads
        Processes that work out responses.
    log
        File for the solver's log.
    monitor
        Told of progress, asked whether to stop.

    Raises
    ------
    ValueError
        For a resource that does not exist or that the case has no use for, and for an empty range.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When a point does not survive its check.
    """
    if against not in RESOURCES:
        raise ValueError(f"no resource {against!r}; there are {', '.join(RESOURCES)}")
    if points < 2:
        raise ValueError(f"a curve takes 2 points at least, not {points}")
    for name, level in (("low", low), ("high", high)):
        if level is not None and not math.isfinite(level):
            raise ValueError(f"{name} must be a finite number, not {level:g}")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"low must be below high, but {low:g} is not below {high:g}")
    if against == "min_fill":
        if not any(row.min_fill for row in case.demands):
            raise ValueError("no demand of the case has a min_fill; give it to those that the curve is about")
        if (low or 0) < 0 or (high or 0) > 1:
            raise ValueError("fills lie between 0 and 1")
    began = time.perf_counter()
    resource, monitor, notes = RESOURCES[against], monitor or Monitor(), []
    base = Terms.of(case)
    loosest = low if resource.sense < 0 else high
    if loosest is None:
        loosest = 0.0 if resource.sense < 0 else math.inf
    options: dict[str, Any] = {"threads": threads, "log": log, "monitor": monitor}
    try:
        engine = Engine(case, widest=_at(base, resource, loosest), **options)
    except TooManyCombinations:
        limit = getattr(base, resource.term)
        if high is not None or resource.sense < 0 or not math.isfinite(limit):
            raise
        loosest = limit
        notes.append(f"without a limit there are too many combinations; the curve ends at the case's {limit:g}")
        engine = Engine(case, widest=_at(base, resource, loosest), **options)
    with engine:
        rel_gap = case.settings.solver.rel_gap if rel_gap is None else rel_gap
        curve = _Steps if resource.load else _Degrees
        return curve(engine, resource, loosest, rel_gap, notes, began).trace(points, low, high)


def _at(terms: Terms, resource: Resource, level: float) -> Terms:
    return replace(terms, **{resource.term: level})


# Searches that share what they find ---------------------------------------------------------------------------------


class _Shared:
    """What searches of one curve leave to each other.

    Attributes
    ----------
    faces : dict of int to array of bool, shape (n,)
        Candidates over whose whole face a cut is known.
    lines : list of (place, bound, cut, rooms)
        Every relaxation solved: ``bound + cut.room_worth(rooms now) - cut.room_worth(rooms)`` bounds its candidate under any terms.
    """

    def __init__(self, size: int):
        self.size = size
        self.faces: dict[int, np.ndarray] = {}
        self.lines: list[tuple[int, float, Cut, np.ndarray]] = []


class _Restart(Search):
    """A search that begins with what earlier ones have proven.

    Parameters
    ----------
    shared
        What they left.
    proven : array, shape (n,)
        Bounds that hold under these terms as well.
    floor
        Leverages below it are of no interest.
    margin
        Leverages that are less than this above the best are of no interest.
    patience
        Candidates worked out after which the search is given up; None: it is not.
    gaps : array of int
        Columns of gaps that are charged for rather than forbidden: a program that has a solution is solved much faster
        than it is proven that one has none.
    """

    def __init__(
        self,
        *args: Any,
        shared: _Shared,
        proven: np.ndarray,
        floor: float = -math.inf,
        margin: float = 0.0,
        patience: int | None = None,
        gaps: np.ndarray | None = None,
    ):
        super().__init__(*args)
        self.gaps = np.empty(0, dtype=np.int64) if gaps is None else gaps
        self.charged: set[int] = set()
        self.patience = patience
        asked = self.stop
        self.stop = lambda: asked() or self.impatient
        self.shared = shared
        self.floor = floor
        self.margin = margin
        np.minimum(self.proven, proven, out=self.proven)
        for place, bound, cut, rooms in shared.lines:
            moved = bound + float(cut.room_worth(self.rooms[place])) - float(cut.room_worth(rooms))
            self.proven[place] = min(self.proven[place], moved)
        for number, known in shared.faces.items():
            super().prove(number, np.flatnonzero(known & (self.proven > -math.inf)))
        np.minimum(self.guess, self.proven, out=self.guess)

    def learn(self, place: int, relaxation: Relaxation) -> None:
        """Take note of a candidate's relaxation, for other terms too."""
        super().learn(place, relaxation)
        self.shared.lines.append((place, relaxation.leverage, relaxation.cut, self.rooms[place]))

    def prove(self, number: int, places: np.ndarray) -> None:
        """Tighten proven bounds, and remember for which candidates."""
        super().prove(number, places)
        if not self.stop():
            self.shared.faces.setdefault(number, np.zeros(self.shared.size, dtype=bool))[places] = True

    def threshold(self) -> float:
        """Bound below which a candidate need not be looked at."""
        return max(super().threshold(), self.floor, self.incumbent + self.margin)

    def carry(self, before: Search) -> None:
        """Take over the candidates worked out by a search under the same terms among more candidates."""
        np.logical_or(self.relaxed, before.relaxed, out=self.relaxed)
        for place, column in before.columns.items():
            if self.proven[place] == -math.inf or column.outcome.termination not in ("Optimal", "Infeasible"):
                continue
            self.columns[place] = column
            if column.leverage > -math.inf and (self.best is None or column.leverage > self.incumbent + self.tie):
                self.best = column

    def work_out(self, place: int, cutoff: float = -math.inf) -> Column:
        """Solve a candidate's joint program; with a gap left its value still bounds what the candidate can do without."""
        if not self.gaps.size:
            return super().work_out(place, cutoff)
        c, exact, nothing = self.candidates, self.evaluator.exact, np.zeros(self.gaps.size)
        exact.set_bounds(self.gaps, nothing, np.full(self.gaps.size, math.inf))
        outcome = self.evaluator.best(
            c.choice(place), c.cost[place], self.constant[place], c.admin[place], cutoff=cutoff
        )
        exact.set_bounds(self.gaps, nothing, nothing)
        self.charged.discard(place)
        if outcome.solution is not None and outcome.solution[self.gaps].max() > GAP:
            self.charged.add(place)
            outcome = Outcome("Cut off", None, outcome.bound, None, outcome.nodes)
        return self.record(place, outcome)

    def _search(self) -> None:
        """Search; candidates whose bound rests on a charge and decides are solved with the limit itself."""
        super()._search()
        while not self.stop():
            places = [place for place in self.charged if self.columns[place].bound > self.threshold()]
            if not places:
                return
            place = max(places, key=lambda place: self.columns[place].bound)
            self.charged.discard(place)
            super().work_out(place, self.incumbent)
            super()._search()

    @property
    def impatient(self) -> bool:
        """Whether the search was given up."""
        return self.patience is not None and len(self.columns) >= self.patience

    def look(self) -> Column | None:
        """Search without preferring the simpler of equal plans."""
        self._search()
        return self.best

    @property
    def infeasible(self) -> bool:
        """Whether it is proven that there is no plan."""
        return self.best is None and self.bound() == -math.inf


# The plan of a point --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Settled:
    """A plan as it is shown: what it uses of the resource, its first stage, and (counterpart's, our) loss by rated scenario."""

    used: float
    first: FirstStage
    losses: dict[str, tuple[float, float]]

    @property
    def worst(self) -> str:
        return min(self.losses, key=lambda name: self.losses[name][0] - self.losses[name][1])

    @property
    def leverage(self) -> float:
        theirs, ours = self.losses[self.worst]
        return theirs - ours


class _Thrift:
    """The plans of a candidate that keep a leverage, and among them the one that uses least of the resource.

    The joint program with one more column, the use of the resource, and the rows that count it.

    Parameters
    ----------
    problem
        The case made ready.
    resource
        The resource.
    """

    def __init__(self, problem: Problem, resource: Resource):
        self.problem = problem
        self.resource = resource
        joint = problem.joint
        model, compiled = joint.model, joint.compiled
        self.column = joint.program.cost.size
        self.advantage = np.array([compiled.column[id(model.advantage)]])
        self.own_cost = compiled.columns(model.own_cost.values())
        self.rated = list(model.rated)
        self.refused = [self._linear(model.ours[name].refused_margin) for name in self.rated]
        self.program = self._extended()
        self.evaluator = self.fixed({})

    def _linear(self, expression: Any) -> tuple[np.ndarray, float]:
        """Return coefficients, shape (columns,), and constant of a linear expression."""
        repn = generate_standard_repn(expression, compute_values=True)
        coefficients = np.zeros(self.column)
        for coefficient, variable in zip(repn.linear_coefs, repn.linear_vars, strict=True):
            place = self.problem.joint.compiled.column.get(id(variable))
            if place is not None:
                coefficients[place] += coefficient
        return coefficients, float(repn.constant)

    def _counted(self) -> Iterator[np.ndarray]:
        """Rows that count the use, without the use itself: use >= row @ x, of ``min_fill`` use <= row @ x."""
        model = self.problem.joint.model
        if self.resource.name == "budget":
            yield self._linear(model.first_stage_cost)[0]
        elif self.resource.name == "own_loss":
            for place in self.own_cost:
                yield np.where(np.arange(self.column) == place, 1.0, 0.0)
        elif self.resource.name == "min_fill":
            for b in model.ours.values():
                for pair in b.continued:
                    yield self._linear(sum(b.fill[*pair, week] for week in b.weeks))[0] / b.data.weeks

    def _extended(self) -> Program:
        program = self.problem.joint.program
        rows = sparse.csc_matrix(
            np.array([-self.resource.sense * row for row in self._counted()]).reshape(-1, self.column)
        )
        use = np.full((rows.shape[0], 1), float(self.resource.sense))
        nothing = sparse.csc_matrix((program.matrix.shape[0], 1))
        gaps = np.zeros(self.column)
        for price, gap in gap_terms(self.problem.joint.model):
            place = self.problem.joint.compiled.column.get(id(gap))
            if place is not None:
                gaps[place] = price
        least = -math.inf if self.resource.name == "own_loss" else 0.0
        return Program(
            cost=np.append(gaps, self.resource.sense),
            matrix=sparse.csc_matrix(sparse.bmat([[program.matrix, nothing], [rows, sparse.csc_matrix(use)]])),
            row_lower=np.append(program.row_lower, np.zeros(rows.shape[0])),
            row_upper=np.append(program.row_upper, np.full(rows.shape[0], math.inf)),
            column_lower=np.append(program.column_lower, least),
            column_upper=np.append(program.column_upper, 1.0 if self.resource.sense < 0 else math.inf),
            integer=np.append(program.integer, False),
        )

    def fixed(self, columns: Mapping[int, float]) -> Evaluator:
        """Return an evaluator of the program with some columns held at a value; its leverage is minus sense times the use."""
        joint = copy.copy(self.problem.joint)
        joint.program = replace(self.program, column_lower=self.program.column_lower.copy())
        joint.program.column_upper = self.program.column_upper.copy()
        for column, level in columns.items():
            joint.program.column_lower[column] = joint.program.column_upper[column] = level
        return Evaluator(joint, self.problem.status_quo.cost, stop=self.problem.stop)

    def _solve(
        self, terms: Terms, candidate: _Candidate, floor: float, fixed: Mapping[int, float] | None = None
    ) -> Outcome:
        evaluator = self.evaluator
        evaluator.terms = terms
        evaluator.exact.set_bounds(self.advantage, np.array([floor - candidate.constant]), np.array([math.inf]))
        return evaluator.best(candidate.choice, candidate.cost, 0.0, candidate.admin, fixed=fixed)

    def least(self, terms: Terms, candidate: _Candidate, floor: float = -math.inf) -> tuple[float, np.ndarray] | None:
        """Least use of the resource by a plan of at least a leverage, and that plan; None where there is none.

        Parameters
        ----------
        terms
            What the plan must keep.
        candidate
            Its policies.
        floor
            Its leverage.
        """
        outcome = self._solve(terms, candidate, floor)
        if outcome.solution is None:
            return None
        return self.use(float(outcome.solution[self.column]), candidate.admin), outcome.solution

    def use(self, counted: float, admin: float) -> float:
        """Use of the resource where the program counts so much and the policies cost so much to administer."""
        if self.resource.name == "budget":
            return counted + admin
        if self.resource.name == "own_loss":
            return counted - self.problem.status_quo.cost + admin
        return counted

    def settle(self, terms: Terms, candidate: _Candidate, floor: float, solution: np.ndarray) -> _Settled:
        """Put every rated scenario of a plan at its least cost, leverage and use kept, and read its losses off.

        Parameters
        ----------
        terms, candidate, floor
            As in `least`.
        solution : array, shape (columns,) or (columns + 1,)
            The plan; the use of the resource comes last, where it is counted.
        """
        highs, joint = self.evaluator.exact, self.problem.joint
        cost = np.zeros_like(self.program.cost)
        cost[self.own_cost] = 1.0
        highs.set_cost(cost)
        use = np.array([self.column])
        lower, upper = self.program.column_lower[use], self.program.column_upper[use]
        if solution.size > self.column:
            level = solution[use]
            slack = TIE * np.maximum(1.0, np.abs(level))
            kept = (level - slack, upper) if self.resource.sense < 0 else (lower, level + slack)
            highs.set_bounds(use, *kept)
        first = first_stage_of(self.problem, solution)
        places = joint.compiled.columns(joint.model.qualify.values())
        fixed = {
            int(place): float(chosen)
            for place, chosen in zip(places, first.qualify.values(), strict=True)
            if place >= 0
        }
        outcome = self._solve(terms, candidate, floor, fixed)
        highs.set_cost(self.program.cost)
        highs.set_bounds(use, lower, upper)
        if outcome.solution is not None:
            first = first_stage_of(self.problem, outcome.solution)
            losses = self._losses(candidate, outcome.solution[: self.column])
        else:
            # The solver's tolerance left nothing between leverage and use: our programs alone.
            operations = self.problem.operator.run(solution[: self.column], first)
            network, status_quo = self.problem.network, self.problem.status_quo
            loss = candidate.cost - status_quo.response_cost
            found = leverage_by_package(network, operations, loss, status_quo.cost, candidate.admin)
            losses = {name: found[name] for name in self.rated}
        return _Settled(self._used(terms, candidate, first, losses, solution), first, losses)

    def _losses(self, candidate: _Candidate, solution: np.ndarray) -> dict[str, tuple[float, float]]:
        problem, losses = self.problem, {}
        for name, place, (refused, constant) in zip(self.rated, self.own_cost, self.refused, strict=True):
            package = problem.network.package_cost.get(name, 0.0) + float(refused @ solution) + constant
            theirs = candidate.cost - problem.status_quo.response_cost + package
            losses[name] = (theirs, float(solution[place]) - problem.status_quo.cost + candidate.admin)
        return losses

    def _used(
        self,
        terms: Terms,
        candidate: _Candidate,
        first: FirstStage,
        losses: Mapping[str, tuple[float, float]],
        solution: np.ndarray,
    ) -> float:
        if self.resource.load:
            return candidate.load
        if self.resource.name == "own_loss":
            return max(ours for _, ours in losses.values())
        if self.resource.name == "min_fill":
            return float(solution[self.column]) if solution.size > self.column else terms.least_fill or 0.0
        network = self.problem.network
        fixed = (network.lanes[lane].fixed_cost or 0.0 for lane, chosen in first.qualify.items() if chosen)
        stocked = (network.stockpile_price(pair) * amount for pair, amount in first.stockpile.items())
        return math.fsum((*fixed, *stocked, candidate.admin))


@dataclass(frozen=True)
class _Candidate:
    """A combination of policies: V, the part of leverage that depends on policies alone, admin costs, use of a load."""

    place: int
    choice: Mapping[str, str]
    cost: float
    constant: float
    admin: float
    load: float


# Curves ---------------------------------------------------------------------------------------------------------------


class _Curve:
    """What both kinds of curve have in common.

    Parameters
    ----------
    engine
        The case, ready to be solved.
    resource
        What the leverage is held against.
    loosest
        The loosest level of all.
    rel_gap
        Relative gap of every point.
    notes
        What a reader should know.
    began
        When the work began.
    """

    def __init__(
        self, engine: Engine, resource: Resource, loosest: float, rel_gap: float, notes: list[str], began: float
    ):
        self.engine = engine
        self.problem = engine.problem
        self.resource = resource
        self.loosest = loosest
        self.rel_gap = rel_gap
        self.notes = notes
        self.began = began
        self.evaluator: Evaluator = self.problem.evaluator
        self.knowledge = engine.knowledge
        self.candidates = engine.candidates
        self.size = len(self.candidates)
        self.constant = self.problem.constant(self.candidates.cost, self.candidates.admin)
        self.shared = _Shared(self.size)
        self.counts = dict.fromkeys(("searches", "programs", "relaxations", "nodes"), 0)
        model, compiled = self.problem.joint.model, self.problem.joint.compiled
        gaps = {"own_loss": [*model.loss_gap.values()], "budget": [model.budget_gap]}.get(resource.name, [])
        self.gaps = np.array([place for place in compiled.columns(gaps) if place >= 0], dtype=np.int64)
        self.face_solves = 0
        self.reach = np.full(self.size, math.inf)
        self.unlimited = np.full(self.size, math.inf)
        self.tightest: float | None = None
        self.fine = 0.0

    @cached_property
    def thrift(self) -> _Thrift:
        return _Thrift(self.problem, self.resource)

    @cached_property
    def small(self) -> float:
        """Money below which gaps are absolute."""
        return SMALL_LEVERAGE * money_scale(self.problem)

    def tie(self, leverage: float) -> float:
        """Difference below which leverages are equal."""
        return TIE * max(abs(leverage), self.small)

    def floor(self, leverage: float) -> float:
        """Leverage that a plan of a given leverage keeps while its other figures are settled: no less but for rounding."""
        return leverage - max(0.02 * self.tie(leverage), ROUNDING)

    def load(self, place: int) -> float:
        return float(self.candidates.loads[self.resource.load][place]) if self.resource.load else math.nan

    def candidate(self, place: int) -> _Candidate:
        c = self.candidates
        figures = (c.cost[place], self.constant[place], c.admin[place], self.load(place))
        return _Candidate(place, c.choice(place), *map(float, figures))

    def search(self, terms: Terms, allowed: np.ndarray, proven: np.ndarray, floor: float = -math.inf) -> _Restart:
        """Return a search under some terms, ready to run."""
        self.evaluator.terms = terms
        self.counts["searches"] += 1
        search = _Restart(
            self.evaluator,
            self.knowledge,
            self.candidates.allowed(terms) & allowed,
            self.constant,
            self.rel_gap,
            self.engine.stop,
            shared=self.shared,
            proven=proven,
            floor=floor,
            gaps=self.gaps,
        )
        if not self.knowledge.cuts:
            # A first cut, so that every candidate has a finite bound.
            search.relax(self.first())
        return search

    def first(self) -> int:
        """Place of all open among the candidates."""
        place = self.candidates.find(tuple(0 for _ in self.candidates.regimes))
        assert place is not None
        return place

    def count(self, search: Search, worked_out: int = 0) -> None:
        """Add up what a search took, without the candidates it took over."""
        self.counts["programs"] += len(search.columns) - worked_out
        self.counts["relaxations"] += search.relaxations
        self.counts["nodes"] += search.nodes

    def point(self, level: float, terms: Terms, search: Search, best: Column, solution: np.ndarray) -> FrontierPoint:
        """Return the point of a search's best plan, its figures worked out anew.

        Raises
        ------
        CertificateError
            When they differ from what the search claims.
        """
        candidate = self.candidate(best.place)
        settled = self.thrift.settle(terms, candidate, self.floor(best.leverage), solution)
        leverage = settled.leverage
        scale = max(abs(leverage), SMALL_CERTIFICATE * money_scale(self.problem))
        if abs(leverage - best.leverage) > CERTIFICATE * scale:
            raise CertificateError(
                f"the search's leverage {best.leverage!r} differs from that of its plan, {leverage!r}"
            )
        bound = max(search.bound(), leverage)
        gap = (bound - leverage) / max(abs(leverage), self.small)
        first, (theirs, ours) = settled.first, settled.losses[settled.worst]
        return FrontierPoint(
            level=level,
            used=settled.used + 0.0,
            leverage=leverage + 0.0,
            bound=bound + 0.0,
            gap=gap,
            status="optimal" if gap <= self.rel_gap else "feasible",
            policies=dict(candidate.choice),
            qualified=tuple(lane for lane, chosen in first.qualify.items() if chosen),
            stockpile={"/".join(pair): amount for pair, amount in first.stockpile.items() if amount > 0},
            own_loss=ours,
            counterpart_loss=theirs,
            worst_package=settled.worst,
        )

    def add(self, points: list[FrontierPoint], point: FrontierPoint) -> None:
        """Add a point that is tighter than all others; those it dominates go."""
        assert point.leverage is not None
        while (
            points
            and points[-1].leverage is not None
            and points[-1].leverage <= point.leverage + self.tie(point.leverage)
        ):
            points.pop()
        points.append(point)

    def between(self, before: FrontierPoint, after: FrontierPoint) -> tuple[float, float]:
        """Levels between which the plan of one point takes over from that of the one before."""
        assert before.used is not None and after.used is not None
        return (before.level, after.used) if self.resource.sense > 0 else (before.used, after.level)

    def result(self, points: Iterable[FrontierPoint], complete: bool) -> Frontier:
        """Return the frontier."""
        case = self.problem.case
        currency = case.settings.case.currency
        ordered = tuple(sorted(points, key=lambda point: point.level))
        with_plan = [point for point in ordered if point.leverage is not None]
        exact = bool(self.resource.load)
        changes = (
            Change(*self.between(before, after), words, exact)
            for before, after in itertools.pairwise(with_plan)
            if (words := tuple(changed(before, after)))
        )
        return Frontier(
            case=case,
            against=self.resource.name,
            unit=self.resource.unit or currency,
            currency=currency,
            points=ordered,
            changes=tuple(changes),
            steps=exact,
            least=self.tightest,
            fine=self.fine,
            complete=complete,
            notes=tuple(self.notes),
            solve={
                "combinations": self.engine.count,
                "responses": self.candidates.steps,
                **self.counts,
                "face_solves": self.knowledge.face_solves + self.face_solves,
                "rel_gap": self.rel_gap,
                "seconds": time.perf_counter() - self.began,
            },
        )


def changed(before: FrontierPoint, after: FrontierPoint) -> Iterator[str]:
    """Yield what changes from one point to the next, in words."""
    for regime, policy in after.policies.items():
        if before.policies[regime] != policy:
            yield f"{regime}: {before.policies[regime]} -> {policy}"
    for lane in after.qualified:
        if lane not in before.qualified:
            yield f"qualifies {lane}"
    for lane in before.qualified:
        if lane not in after.qualified:
            yield f"no longer qualifies {lane}"
    for key in after.stockpile:
        if key not in before.stockpile:
            yield f"stockpiles {key}"
    for key in before.stockpile:
        if key not in after.stockpile:
            yield f"no longer stockpiles {key}"


class _Steps(_Curve):
    """A curve against a sum of policies' loads, which has a step for every plan worth its load."""

    def trace(self, points: int, low: float | None, high: float | None) -> Frontier:
        """Return all steps, downwards: each search is among plans that use strictly less than the step before."""
        monitor = self.engine.monitor
        terms = self.engine.widest
        loads = self.candidates.loads[self.resource.load]
        found: list[FrontierPoint] = []
        allowed = np.ones(self.size, dtype=bool)
        proven, before, done, last = self.unlimited, None, 0, math.inf
        complete = not self.engine.stop() and self.engine.complete
        monitor.stage("frontier", 0)
        while complete:
            search = self.search(terms, allowed, proven)
            taken = 0
            if before is not None:
                search.carry(before)
                taken = len(search.columns)
            search.run()
            self.count(search, taken)
            if self.engine.stop():
                complete = False
                break
            best = search.best
            if best is None:
                if not found:
                    found.append(FrontierPoint(0.0 if high is None else high, None, None, None, None, "infeasible"))
                else:
                    self.tightest = last
                break
            assert best.outcome.solution is not None
            last = self.load(best.place)
            self.add(found, self.point(last, terms, search, best, best.outcome.solution))
            done += 1
            monitor.advance(done, 0)
            allowed = loads < last - 1e-9 * max(1.0, last)
            if not allowed.any():
                self.tightest = last
                break
            if low is not None and last <= low:
                break
            proven, before = search.proven, search
        return self.result(found, complete)


class _Degrees(_Curve):
    """A curve against what plans use by degrees, at evenly spaced levels and where the choice changes."""

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.proven: dict[float, np.ndarray] = {}

    def trace(self, points: int, low: float | None, high: float | None) -> Frontier:
        """Return a point for every level at which another plan is best, from the loosest to the tightest."""
        sense, everything = self.resource.sense, np.ones(self.size, dtype=bool)
        monitor = self.engine.monitor
        monitor.stage("frontier", points)
        found: list[FrontierPoint] = []
        if self.engine.stop() or not self.engine.complete:
            return self.result(found, False)
        # The loosest level.
        top = self.search(self.engine.widest, everything, self.unlimited)
        top.run()
        self.count(top)
        if self.engine.stop():
            return self.result(found, False)
        loose, tight = (high, low) if sense > 0 else (low, high)
        if top.best is None:
            found.append(FrontierPoint(self._shown(self.loosest), None, None, None, None, "infeasible"))
            return self.result(found, True)
        if loose is None:
            loose, _ = self._least(self.engine.widest, top.best)
        end = self._tight_end(top.best, loose, tight, points)
        if end is None:
            return self.result(found, False)
        tight = end if tight is None else tight
        levels = np.linspace(loose, tight, points)
        if sense * (loose - tight) <= SAME * max(1.0, abs(loose)):
            levels = levels[:1]
        before = self.unlimited
        for number, level in enumerate(levels.tolist()):
            monitor.advance(number, points)
            if (
                found
                and found[-1].used is not None
                and sense * (level - found[-1].used) >= -SAME * max(1.0, abs(level))
            ):
                # The plan before keeps this level as well.
                continue
            if sense * (end - level) > self.fine:
                found.append(FrontierPoint(level, None, None, None, None, "infeasible"))
                continue
            solved = self._solved(level, before)
            if solved is None:
                return self.result(found, False)
            point, before = solved
            self.add(found, point)
            self.proven[point.level] = before
        monitor.advance(points, points)
        complete = self._refine(found, points // 2, abs(loose - tight) / (points - 1) / REFINED)
        return self.result(found, complete)

    def _solved(self, level: float, before: np.ndarray) -> tuple[FrontierPoint, np.ndarray] | None:
        """Return the point of a level and what is proven there, from what is proven at a looser one; None where stopped."""
        terms = _at(self.engine.widest, self.resource, level)
        search = self.search(terms, self.within(level), before)
        search.run()
        self.count(search)
        if self.engine.stop():
            return None
        if search.best is None:
            return FrontierPoint(level, None, None, None, None, "infeasible"), search.proven
        return self._thriftiest(level, terms, search, search.best, search.proven), search.proven

    def _refine(self, found: list[FrontierPoint], most: int, width: float) -> bool:
        """Follow changes of policies or qualifications between two points, those with the most leverage first.

        Parameters
        ----------
        found
            Points from the loosest to the tightest; changed in place.
        most
            Levels to solve.
        width
            Stretches that are shorter are left.

        Returns
        -------
        bool
            Whether it was not stopped.
        """
        for _ in range(most):
            worth = [
                ((loose.leverage or 0.0) - (tight.leverage or 0.0), place)
                for place, (loose, tight) in enumerate(itertools.pairwise(found))
                if tight.leverage is not None
                and (loose.policies, loose.qualified) != (tight.policies, tight.qualified)
                and abs((loose.used or 0.0) - tight.level) > max(width, 1.5 * self.fine)
            ]
            if not worth:
                break
            _, place = max(worth)
            loose, tight = found[place], found[place + 1]
            assert loose.leverage is not None and loose.used is not None and tight.leverage is not None
            # A plan that leaves room at its level ends a step: what comes next is best just beyond its use.
            step = abs(loose.level - loose.used) > self.fine
            level = loose.used - self.resource.sense * self.fine if step else (loose.used + tight.level) / 2
            solved = self._solved(level, self.proven[loose.level])
            if solved is None:
                return False
            point, proven = solved
            if point.leverage is None:
                break
            self.proven[point.level] = proven
            if point.leverage <= tight.leverage + self.tie(tight.leverage):
                found[place + 1] = replace(tight, level=point.level)
            elif point.leverage >= loose.leverage - self.tie(loose.leverage):
                found[place] = point
            else:
                found.insert(place + 1, point)
        return True

    def _shown(self, level: float) -> float:
        return level if math.isfinite(level) else 0.0

    def _least(self, terms: Terms, best: Column) -> tuple[float, np.ndarray]:
        """Least use of the resource by a plan of a candidate's leverage."""
        found = self.thrift.least(terms, self.candidate(best.place), self.floor(best.leverage))
        if found is None:
            # The solver's tolerance hides the plan: it stays as it was found.
            solution = best.outcome.solution
            assert solution is not None
            use = getattr(terms, self.resource.term)
            return use, np.append(solution, use)
        return found

    def _thriftiest(
        self, level: float, terms: Terms, search: _Restart, best: Column, proven: np.ndarray
    ) -> FrontierPoint:
        """Return the plan of a search's leverage that uses least: no plan of that leverage uses less by more than `fine`."""
        solution, used = best.outcome.solution, level
        assert solution is not None
        while not self.engine.stop():
            tighter = used - self.resource.sense * self.fine
            rival = self.search(
                _at(terms, self.resource, tighter),
                self.within(tighter),
                proven,
                best.leverage - self.tie(best.leverage),
            )
            equal = rival.look()
            self.count(rival)
            if equal is None or equal.leverage < best.leverage - self.tie(best.leverage):
                break
            best, terms = equal, rival.evaluator.terms
            used, solution = self._least(terms, best)
        return self.point(level, terms, search, best, solution)

    def _tight_end(self, top: Column, loose: float, tight: float | None, points: int) -> float | None:
        """Return the tightest level at which there is a plan: beyond it by `fine` there is none, which is proven.

        None where the search was stopped.
        """
        terms, places = self.engine.widest, (self.first(), top.place)
        least = (self.thrift.least(terms, self.candidate(place)) for place in places)
        end = self._tighter(*(found[0] for found in least if found is not None), *(() if tight is None else (loose,)))
        span = abs(loose - (end if tight is None else tight))
        self.fine = max(FINE * span / (points - 1), TIE * max(abs(loose), abs(end), FINE))
        self.tightest = self._least_of_all(end)
        return self.tightest

    def within(self, level: float) -> np.ndarray:
        """Candidates whose use is not proven to be beyond a level, shape (n,)."""
        sense = self.resource.sense
        return sense * level + SAME * max(1.0, abs(level)) >= -self.reach

    def _least_of_all(self, end: float) -> float | None:
        """Least use of any plan; None where the search was stopped.

        Which lanes are qualified is branched on for all candidates at once: with fractions of a lane every candidate
        would have to be branched on by itself.
        """
        sense, terms = self.resource.sense, self.engine.widest
        constant = -sense * np.array([self.thrift.use(0.0, admin) for admin in self.candidates.admin.tolist()])
        binaries = self.thrift.evaluator.binaries
        waiting = [(np.zeros(0), self.unlimited)]
        self.reach = np.full(self.size, -math.inf)
        while waiting:
            fixed, proven = waiting.pop()
            evaluator = self.thrift.fixed(dict(zip(binaries.tolist(), fixed.tolist(), strict=False)))
            evaluator.terms = terms
            knowledge = Knowledge(self.candidates, self.knowledge.enumerator)
            undecided = fixed.size < binaries.size
            search = _Restart(
                evaluator,
                knowledge,
                self.candidates.allowed(terms),
                constant,
                0.0,
                self.engine.stop,
                shared=_Shared(self.size),
                proven=proven,
                floor=-sense * end + self.fine,
                margin=self.fine,
                patience=2 if undecided else None,
            )
            search.relax(self.first())
            search.look()
            self.count(search)
            self.face_solves += knowledge.face_solves
            if self.engine.stop():
                return None
            if search.best is not None:
                end = self._tighter(end, -sense * search.best.leverage)
            if search.impatient:
                waiting += [(np.append(fixed, level), search.proven) for level in (0.0, 1.0)]
            else:
                np.maximum(self.reach, search.proven, out=self.reach)
        return end

    def _tighter(self, *levels: float) -> float:
        return min(levels) if self.resource.sense > 0 else max(levels)
