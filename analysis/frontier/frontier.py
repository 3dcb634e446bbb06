"""Leverage against what it takes: the whole trade-off curve of a case, every point proven."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from ...data.units import Units
from ...model.follower.combinations import TooManyCombinations
from ...model.formulation.scenario_data import SIDE
from ...model.methods.engine import Engine
from ...model.network import Network
from ...model.plan.choices import Choices, Offer, changed
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.sense import sense_of
from .by_figure import FigureTracer, limited_items
from .resources import RESOURCES, STOCKPILE_VALUE, Resource
from .tracer import FrontierPoint, FrontierTracer, Traced

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case

SCHEMA = 1


@dataclass(frozen=True)
class Change:
    """What changes between two neighbouring points.

    Attributes
    ----------
    low, high
        Levels between which it happens.
    words : tuple of str
        What changes on the way from ``low`` to ``high``.
    exact
        Whether the change is at ``high`` itself.
    """

    low: float
    high: float
    words: tuple[str, ...]
    exact: bool


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
        By level, the lowest first. Points with a plan grow in level, use and leverage (of ``min_fill`` the leverage falls); plans
        that another one dominates are not among them.
    changes : tuple of Change
        What changes along the curve.
    steps
        Whether the curve is a step function with all its steps among the points.
    least
        The level at the tight end of the curve: beyond it no plan exists, which is proven. None where it was not looked for.
    fine
        To how much every use is proven least, and ``least`` the end.
    complete
        Whether the curve was finished; False where it was stopped, the points so far kept, and where levels were lost.
    lost : tuple of float
        Levels at which the solver came to no end; nothing is said of them.
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
    lost: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    solve: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resource(self) -> Resource:
        """What leverage is held against."""
        return RESOURCES[self.against]

    @property
    def feasible(self) -> tuple[FrontierPoint, ...]:
        """Points with a plan."""
        return tuple(point for point in self.points if point.leverage is not None)

    @property
    def proven(self) -> bool:
        """Whether the gap of every point is within the one asked for."""
        return all(point.status != "feasible" for point in self.points)

    @property
    def status(self) -> str:
        """``optimal`` (finished, every point proven), ``feasible``, ``infeasible`` (no plan at any level) or ``unknown``."""
        if not self.feasible:
            return "infeasible" if self.complete else "unknown"
        return "optimal" if self.complete and self.proven else "feasible"

    def to_frame(self) -> pd.DataFrame:
        """Return a row for every point, units of its columns in ``attrs["units"]``; ``policy.REGIME`` are policies."""
        import pandas as pd

        rows = []
        for point in self.points:
            row = asdict(point)
            policies = row.pop("policies")
            row["qualified"] = ", ".join(point.qualified)
            row["stockpile"] = ", ".join(f"{key} {amount:.6g}" for key, amount in point.stockpile.items())
            rows.append(row | {f"policy.{regime}": policy for regime, policy in policies.items()})
        names = ["level", "used", "leverage", "bound", "gap", "status", "own_loss", "counterpart_loss", "worst_package"]
        regimes = dict.fromkeys(f"policy.{regime}" for point in self.points for regime in point.policies)
        frame = pd.DataFrame(rows, columns=[*names, *regimes, "qualified", "stockpile"])
        numbers = ["level", "used", "leverage", "bound", "gap", "own_loss", "counterpart_loss"]
        frame = frame.astype(dict.fromkeys(numbers, float))
        money = dict.fromkeys(("leverage", "bound", "own_loss", "counterpart_loss"), self.currency)
        frame.attrs["units"] = {"level": self.unit, "used": self.unit, "gap": "share", **money}
        return sense_of(self.case).frame(frame)

    def to_dict(self) -> dict[str, Any]:
        """Return ``frontier.json`` as a dictionary of plain values."""
        return {
            "schema": SCHEMA,
            "case": self.case.name,
            "status": self.status,
            "against": self.against,
            "unit": self.unit,
            "currency": self.currency,
            "steps": self.steps,
            "complete": self.complete,
            "least": self.least,
            "fine": self.fine,
            "lost": list(self.lost),
            "points": [
                sense_of(self.case).told(
                    {
                        **asdict(point),
                        "policies": dict(point.policies),
                        "qualified": list(point.qualified),
                        "stockpile": dict(point.stockpile),
                    }
                )
                for point in self.points
            ],
            "changes": [{**asdict(change), "words": list(change.words)} for change in self.changes],
            "notes": list(self.notes),
            "solve": dict(self.solve),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], case: Case) -> Frontier:
        """Return the frontier that a document describes.

        Parameters
        ----------
        document
            What `to_dict` returned.
        case
            Its case.

        Raises
        ------
        ValueError
            For a document of another kind, or of a schema that this version does not read.
        """
        if document.get("schema") != SCHEMA or document.get("against") not in RESOURCES:
            raise ValueError(f"this is no frontier that this version reads (schema {SCHEMA})")
        names = {entry.name for entry in fields(FrontierPoint)}
        told = [sense_of(case).read(point) for point in document["points"]]
        points = tuple(
            FrontierPoint(
                **{name: point[name] for name in names if name in point} | {"qualified": tuple(point["qualified"])}
            )
            for point in told
        )
        changes = tuple(Change(**{**change, "words": tuple(change["words"])}) for change in document["changes"])
        plain = ("against", "unit", "currency", "steps", "least", "fine", "complete", "solve")
        return cls(
            case=case,
            points=points,
            changes=changes,
            lost=tuple(document["lost"]),
            notes=tuple(document["notes"]),
            **{name: document[name] for name in plain},
        )


def frontier(
    case: Case,
    against: str = "own_loss",
    *,
    points: int = 20,
    low: float | None = None,
    high: float | None = None,
    time_limit: float = math.inf,
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
        ``own_loss``, ``budget``, ``reviewer_hours``, ``political_capital``, ``min_fill``, ``stockpile_value``,
        ``max_party_share``, ``max_supplier_share`` or ``min_suppliers``; the last three move the limit of every item that has one.
    points
        Levels that are solved, evenly spaced. Curves in steps (reviewer hours, political capital, and a budget that pays for
        reviews only) have all their steps whatever is asked for.
    low, high
        Range of levels, in the unit of the resource; by default from the least level at which there is a plan to what the plan
        without a limit uses.
    time_limit
        Seconds after which the curve stays as far as it was traced.
    rel_gap
        Relative gap of every point; default: the case's. Plans that differ by less are not told apart.
    threads
        Processes that work out responses.
    log
        File for the solver's log.
    monitor
        Told of progress, asked whether to stop.

    Raises
    ------
    ValueError
        For a resource that does not exist or that the case has no use for, and for a range without levels.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When a point does not survive its check.
    """
    _check(case, against, points, low, high)
    began = time.perf_counter()
    resource, monitor = RESOURCES[against], monitor or Monitor()
    base = SolveLimits.of(case)
    notes: list[str] = []
    loosest = low if resource.sense < 0 else high

    def stop() -> bool:
        return monitor.stop() or time.perf_counter() - began > time_limit

    def engine_at(level: float) -> Engine:
        return Engine.natural(
            case, widest=resource.at(base, level), threads=threads, log=log, monitor=monitor, stop=stop
        )

    if resource.alone:
        rel_gap = case.settings.solver.rel_gap if rel_gap is None else rel_gap
        tracer = FigureTracer(case, resource, rel_gap, threads, log, monitor, stop)
        traced = tracer.trace(points, low, high)
        traced.solve["seconds"] = time.perf_counter() - began
        return curve_of(case, resource, traced, notes)
    try:
        engine = engine_at(resource.loosest if loosest is None else loosest)
    except TooManyCombinations:
        limit = getattr(base, resource.term)
        if loosest is not None or resource.sense < 0 or not math.isfinite(limit):
            raise
        notes.append(f"without a limit there are too many combinations; the curve ends at the case's {limit:g}")
        high = limit
        engine = engine_at(limit)
    units = engine.problem.units
    unit = units.unit_of(resource.measured)
    traced = Traced()
    # Stopped while programs are built, the curve has no point.
    with engine, suppress(Stopped):
        if against == "budget" and not engine.problem.leader_problem.model.component("budget"):
            # Nothing to qualify or to stockpile: only policies take of it.
            resource = replace(resource, load="admin_cost")
        rel_gap = case.settings.solver.rel_gap if rel_gap is None else rel_gap
        ends = [None if end is None else end / unit for end in (low, high)]
        traced = FrontierTracer(engine, resource, rel_gap).trace(points, *ends)
        if traced.complete and resource.load and not engine.candidates.loads[resource.load].any():
            notes.append(
                f"nothing in this case takes any {resource.words}: no limit on it changes the plan, and the curve is one point"
            )
    traced = _restored(traced, units, unit)
    traced.solve["seconds"] = time.perf_counter() - began
    return curve_of(case, resource, traced, notes)


def _check(case: Case, against: str, points: int, low: float | None, high: float | None) -> None:
    faults = []
    limits = [name for name, resource in RESOURCES.items() if not resource.over_worlds]
    if against not in limits:
        raise ValueError(f"no resource {against!r}; there are {', '.join(limits)}")
    if points < 2:
        faults.append(f"a curve takes 2 points at least, not {points}")
    for name, level in (("low", low), ("high", high)):
        if level is not None and not math.isfinite(level):
            faults.append(f"{name} must be a finite number, not {level:g}")
        elif level is not None and level < 0 and against != "own_loss":
            faults.append(f"{name} must be 0 or more, not {level:g}")
        elif level is not None and level > 1 and RESOURCES[against].unit == "share":
            faults.append(f"{name} must be 1 or less, for it is a share, not {level:g}")
    if low is not None and high is not None and low >= high:
        faults.append(f"low must be below high, but {low:g} is not below {high:g}")
    if against == "min_fill":
        side = Network(case).side
        if not any(row.min_fill > 0 and row.quantity > 0 and side[row.site] == SIDE for row in case.demands):
            faults.append("no demand of our side has a min_fill; give it to those that the curve is about")
    column = RESOURCES[against].column
    if column and not limited_items(case, RESOURCES[against]):
        faults.append(f"no item that we buy has a {column}; give it to those that the curve is about")
    if against == STOCKPILE_VALUE and not any(
        row.stockpile_max > 0 and Network(case).side[row.site] == SIDE for row in case.stocks
    ):
        faults.append("no stockpile can be bought; give the stocks that the curve is about a stockpile_max")
    if faults:
        raise ValueError("\n".join(faults))


def _restored(traced: Traced, units: Units, unit: float) -> Traced:
    """Return a curve in the units of the case: money, items, and the resource's unit."""
    money = {"leverage", "bound", "own_loss", "counterpart_loss"}
    points = []
    for point in traced.points:
        figures = {name: getattr(point, name) for name in ("level", "used", *money)}
        moved = {
            name: value * (units.money if name in money else unit)
            for name, value in figures.items()
            if value is not None
        }
        stockpile = {key: amount * units.item(key.partition("/")[2]) for key, amount in point.stockpile.items()}
        points.append(replace(point, stockpile=stockpile, **moved))
    return replace(
        traced,
        points=points,
        lost=[level * unit for level in traced.lost],
        least=None if traced.least is None else traced.least * unit,
        fine=traced.fine * unit,
    )


def curve_of(case: Case, resource: Resource, traced: Traced, notes: list[str]) -> Frontier:
    """Return the frontier of what was traced, and what changes along it."""
    currency = case.settings.case.currency
    points = tuple(sorted(traced.points, key=lambda point: point.level))
    plans = [point for point in points if point.leverage is not None]
    changes, offer = [], Offer.of(case)
    for before, after in itertools.pairwise(plans):
        words = tuple(changed(Choices.of(before), Choices.of(after), offer))
        if words:
            assert before.used is not None and after.used is not None
            low, high = (before.level, after.used) if resource.sense > 0 else (before.used, after.level)
            changes.append(Change(low, high, words, exact=bool(resource.load)))
    return Frontier(
        case=case,
        against=resource.name,
        unit=resource.unit or currency,
        currency=currency,
        points=points,
        changes=tuple(changes),
        steps=bool(resource.load) or resource.unit == "suppliers",
        least=traced.least,
        fine=traced.fine,
        complete=traced.complete,
        lost=tuple(sorted(traced.lost)),
        notes=tuple(notes),
        solve=traced.solve,
    )
