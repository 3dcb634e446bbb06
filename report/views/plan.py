"""What a plan says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ...model.network.network import NONE
from ...model.plan.tolerances import WIDE_RANGE
from ..format.notices import notices
from .bargain import BargainView, TermView, bargain_view, lasting_views, term_views
from .case import LIMITS, CaseView, LimitRow, case_view, limit_rows, tightest_fill
from .causes import CauseView, cause_views
from .outcomes import (
    LossRow,
    LossView,
    MarginRow,
    ScenarioRow,
    ShortageRow,
    loss_rows,
    losses,
    margin_rows,
    scenario_rows,
    shortage_rows,
    weighed_scenarios,
)
from .outlook import RangeView, range_view
from .policies import PolicyRow, policy_rows
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
    status, leverage, bound, gap, counterpart_loss, own_loss, sourcing_only
        As of the plan.
    worst
        The worst package; ``none`` where none hurts more than no retaliation.
    retaliates
        Whether packages count for leverage, or through continuity only.
    packages
        How many packages are weighed.
    least, most, wide
        Leverage where the counterpart breaks ties against us and for us, None where that is not known; whether they are far apart.
    range
        From where to where leverage runs over worlds; None where that was not worked out.
    worlds
        What a plan for many worlds is worth in them; None of one for the case's own figures.
    study
        What is said beside such a plan; None where that was not worked out.
    violations, notices
        Limits that the choices break; what to know before trusting a figure.
    policies, uses, lanes, stockpiles, qualified, shortages, causes, losses, loss_rows, scenarios, margins
        Rows of its sections.
    solve
        How it was solved.
    bargain, terms, lasting
        The threat against the stake, None where the case has none; when reviews end; what paperwork, allies and lost customers add.
    limits, tightest
        Limits that a plan has to keep, and the path of the least fill that asks for most.
    """

    case: CaseView
    status: str
    leverage: float | None
    bound: float | None
    gap: float | None
    counterpart_loss: float | None
    own_loss: float | None
    sourcing_only: float | None
    worst: str
    retaliates: bool
    packages: int
    least: float | None
    most: float | None
    wide: bool
    range: RangeView | None
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
    solve: SolveView
    bargain: BargainView | None
    terms: tuple[TermView, ...]
    lasting: tuple[tuple[str, str, float], ...]
    limits: tuple[LimitRow, ...]
    tightest: str

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


def plan_view(plan: Plan) -> PlanView:
    """Return what a plan says.

    Parameters
    ----------
    plan
        A plan; one that has a leverage with its tables.
    """
    low, high = plan.leverage_range or (None, None)

    def section(make: Callable[[Plan], tuple[Row, ...]]) -> tuple[Row, ...]:
        return () if plan.leverage is None else make(plan)

    parts = section(loss_rows)
    return PlanView(
        case=case_view(plan.case),
        status=plan.status,
        leverage=plan.leverage,
        bound=plan.bound,
        gap=plan.gap,
        counterpart_loss=plan.counterpart_loss,
        own_loss=plan.own_loss,
        sourcing_only=plan.sourcing_only_leverage,
        worst=plan.worst_package or NONE,
        retaliates=plan.case.settings.objective.scenario != NONE,
        packages=len(weighed_scenarios(plan)) - 1,
        least=low,
        most=high,
        wide=low is not None and high is not None and high - low > WIDE_RANGE * max(abs(high), 1e-9),
        range=range_view(plan),
        worlds=worlds_view(plan),
        study=study_view(plan),
        violations=tuple(plan.violations),
        notices=tuple(notices(plan)),
        policies=section(policy_rows),
        uses=tuple(
            UseRow(name, LIMITS.get(name, name), entry["used"] or 0.0, entry["limit"])
            for name, entry in plan.limits.items()
        ),
        lanes=section(lane_rows),
        stockpiles=section(stockpile_rows),
        qualified=tuple(plan.qualified),
        shortages=section(shortage_rows),
        causes=section(cause_views),
        losses=losses(plan, parts) if parts else (),
        loss_rows=parts,
        scenarios=section(scenario_rows),
        margins=section(margin_rows),
        solve=solve_view(plan),
        bargain=bargain_view(plan),
        terms=section(term_views),
        lasting=section(lasting_views),
        limits=tuple(limit_rows(plan.case)),
        tightest=tightest_fill(plan.case),
    )
