"""What a plan says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ...model.network import NONE, Network
from ...model.plan.limits import LIMIT_WORDS, MEASURES
from ...model.plan.tolerances import WIDE_RANGE
from ..format.notices import notices
from ..format.words import words_of
from .alternatives import AlternativesView, alternatives_view
from .bargain import BargainView, TermView, bargain_view, lasting_views, term_views
from .buying import AllocationRow, ServiceRow, allocation_rows, service_rows
from .case import CaseView, LimitRow, case_view, limit_rows, tightest_fill
from .causes import CauseView, cause_views
from .outcomes import (
    LossRow,
    LossView,
    MarginRow,
    ScenarioRow,
    ShortageRow,
    decides,
    loss_rows,
    losses,
    margin_rows,
    scenario_rows,
    shortage_rows,
    weighed_scenarios,
)
from .outlook import RangeView, range_view
from .policies import PolicyRow, policy_rows
from .reasons import ReasonRow, reason_rows
from .scenarios import Titles
from .solve import SolveView, solve_view
from .sourcing import LaneRow, StockpileRow, lane_rows, stockpile_rows
from .study import StudyView, study_view
from .worlds import WorldsView, worlds_view

if TYPE_CHECKING:
    from ...model import Plan

Row = TypeVar("Row")


@dataclass(frozen=True)
class UseRow:
    """What a plan uses of a limited resource.

    Attributes
    ----------
    name, words
        The resource, and its name in words.
    used, limit
        Amounts; limit None where there is none.
    """

    name: str
    words: str
    used: float
    limit: float | None

    @property
    def left(self) -> float | None:
        """What is left; None where there is no limit."""
        return None if self.limit is None else self.limit - self.used

    @property
    def share(self) -> float | None:
        """Share of the limit that is used, at most 1; None without a limit above 0."""
        return min(1.0, self.used / self.limit) if self.limit else None


@dataclass(frozen=True)
class PlanView:
    """A plan, every section in its order; sections of a plan that is none are empty.

    Attributes
    ----------
    case
        The case in short.
    status, gap, counterpart_loss, own_loss, cost_now
        As of the plan.
    outcome, bound, sourcing_only
        Leverage or cost, what is proven of it, and that of sourcing alone; None without a plan.
    worst
        The worst package; ``none`` where none hurts more than no retaliation.
    decides
        The scenario of which losses are shown, or that they are summed over several.
    weighing
        How scenarios count: ``none``, ``alone``, ``calm``, ``worst``, ``expected`` or ``cvar``.
    weighed
        How many scenarios count.
    tail
        Of ``cvar`` the share of the weight that decides.
    least, most, wide
        Leverage where the counterpart breaks ties against us and for us, None where that is not known; whether they are far apart.
    range
        From where to where leverage runs over worlds; None where that was not worked out.
    alternatives
        Other plans that are nearly as good; None where they were not requested.
    reasons
        What each decision is for; empty where that was not computed.
    worlds
        What a plan for many worlds is worth in them; None of one for the case's own figures.
    study
        What is said beside such a plan; None where that was not worked out.
    violations, notices
        Limits that the choices break; what to know before trusting a figure.
    policies, uses, lanes, stockpiles, qualified, shortages, causes, losses, loss_rows, scenarios, margins
        Rows of its sections.
    allocation, service
        Who delivers what, and who is served, where cost is the sense.
    solve
        How it was solved.
    bargain, terms, lasting
        The threat against the stake, None where the case has none; when reviews end; what paperwork, allies and lost customers add.
    limits, tightest
        Limits that a plan has to keep, and the path of the least fill that asks for most.
    """

    case: CaseView
    name: str
    note: str
    status: str
    outcome: float | None
    bound: float | None
    gap: float | None
    counterpart_loss: float | None
    own_loss: float | None
    cost_now: float | None
    sourcing_only: float | None
    worst: str
    decides: str
    weighing: str
    weighed: int
    tail: float
    least: float | None
    most: float | None
    wide: bool
    range: RangeView | None
    alternatives: AlternativesView | None
    reasons: tuple[ReasonRow, ...]
    worlds: WorldsView | None
    study: StudyView | None
    violations: tuple[str, ...]
    notices: tuple[str, ...]
    policies: tuple[PolicyRow, ...]
    uses: tuple[UseRow, ...]
    lanes: tuple[LaneRow, ...]
    stockpiles: tuple[StockpileRow, ...]
    qualified: tuple[str, ...]
    shortages: tuple[ShortageRow, ...]
    causes: tuple[CauseView, ...]
    losses: tuple[LossView, ...]
    loss_rows: tuple[LossRow, ...]
    scenarios: tuple[ScenarioRow, ...]
    margins: tuple[MarginRow, ...]
    allocation: tuple[AllocationRow, ...]
    service: tuple[ServiceRow, ...]
    solve: SolveView
    bargain: BargainView | None
    terms: tuple[TermView, ...]
    lasting: tuple[tuple[str, str, float], ...]
    limits: tuple[LimitRow, ...]
    tightest: str

    @property
    def titles(self) -> Titles:
        """Names of the scenarios for people, by id; ``none`` is called so."""
        return Titles({row.name: NONE if row.name == NONE else row.title for row in self.scenarios})

    @property
    def worst_title(self) -> str:
        """Name of the worst scenario for people."""
        return self.titles[self.worst]

    @property
    def chosen(self) -> list[PolicyRow]:
        """Regimes whose goods are slowed."""
        return [row for row in self.policies if row.chosen]

    @property
    def left_open(self) -> list[PolicyRow]:
        """Regimes left open."""
        return [row for row in self.policies if not row.chosen]

    @property
    def given(self) -> bool:
        """Whether its choices were given, not optimised."""
        return self.gap is None and self.worlds is None


def weighing(plan: Plan) -> str:
    """Return how scenarios count: ``none``, ``alone``, ``calm``, ``worst``, ``expected`` or ``cvar``."""
    rule = plan.case.settings.objective.scenario.partition(":")[0]
    if rule != "worst":
        return rule
    if len(weighed_scenarios(plan)) == 1:
        return "alone"
    return "calm" if (plan.worst_package or NONE) == NONE else "worst"


def plan_view(plan: Plan) -> PlanView:
    """Return what a plan says.

    Parameters
    ----------
    plan
        A plan; one that has a leverage with its tables.
    """
    low, high = plan.leverage_range or (None, None)
    words = words_of(plan.case)

    def section(make: Callable[[Plan], tuple[Row, ...]]) -> tuple[Row, ...]:
        return () if plan.leverage is None else make(plan)

    parts = section(loss_rows)
    return PlanView(
        case=case_view(plan.case),
        name=plan.name,
        note=plan.note,
        status=plan.status,
        outcome=words.figure(plan.leverage),
        bound=words.figure(plan.bound),
        gap=plan.gap,
        counterpart_loss=plan.counterpart_loss,
        own_loss=plan.own_loss,
        cost_now=plan.cost_now,
        sourcing_only=words.figure(plan.sourcing_only_leverage),
        worst=plan.worst_package or NONE,
        decides=decides(plan),
        weighing=weighing(plan),
        weighed=len(weighed_scenarios(plan)),
        tail=1.0 - (Network(plan.case).tail or 0.0),
        least=words.figure(low) if words.two_sided else None,
        most=words.figure(high) if words.two_sided else None,
        wide=low is not None and high is not None and high - low > WIDE_RANGE * max(abs(high), 1e-9),
        range=range_view(plan),
        alternatives=alternatives_view(plan),
        reasons=section(reason_rows),
        worlds=worlds_view(plan),
        study=study_view(plan),
        violations=tuple(plan.violations),
        notices=tuple(notices(plan)),
        policies=section(policy_rows),
        uses=tuple(
            UseRow(name, LIMIT_WORDS.get(name, name), entry["used"] or 0.0, entry["limit"])
            for name, entry in plan.limits.items()
            if words.two_sided or MEASURES[name] == "money" or plan.policies
        ),
        lanes=section(lane_rows),
        stockpiles=section(stockpile_rows),
        qualified=tuple(plan.qualified),
        shortages=section(shortage_rows) if words.two_sided else (),
        causes=section(cause_views),
        losses=losses(plan, parts) if parts else (),
        loss_rows=parts,
        scenarios=section(scenario_rows),
        margins=section(margin_rows),
        allocation=section(allocation_rows) if plan.least_cost else (),
        service=section(service_rows) if plan.least_cost else (),
        solve=solve_view(plan),
        bargain=bargain_view(plan),
        terms=section(term_views),
        lasting=section(lasting_views),
        limits=tuple(limit_rows(plan.case)),
        tightest=tightest_fill(plan.case),
    )
