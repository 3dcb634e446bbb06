"""Why no plan satisfies the limits of a case, or what holds the best plan back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...model.follower.combinations import TooManyCombinations
from ...model.methods.engine import Engine
from ...model.plan.limits import SolveLimits
from ...model.plan.monitor import Monitor, Stopped
from ...model.plan.plan import SCHEMA, Plan
from ...model.plan.sense import sense_of
from ..information import with_range
from ..relaxation.elastic import Elastic
from .asked import explained_conflict
from .by_worlds import by_worlds
from .conflict import Conflict
from .limit_costs import LimitCost, limit_costs
from .needs import Need, needs_of
from .shadow_prices import PlanPrices, plan_prices_of

if TYPE_CHECKING:
    import pandas as pd

    from ...data import Case


@dataclass(frozen=True)
class Explanation:
    """An explained case: a conflict where no plan satisfies the limits, else the best plan and what its limits are worth.

    Attributes
    ----------
    case
        The case.
    conflict
        The limits in conflict; None where there is a plan.
    plan, worths
        The best plan, and what its limits and decisions are worth; None where there is none.
    solve
        Programs and seconds it took.
    needs
        Where cost is the sense, what each purchase of the plan is for.
    limit_costs
        What limits cost, the dearest first: every limit where cost is the sense, else those without a margin.
    worlds : pandas.DataFrame or None
        What each choice is for over worlds, as of `by_worlds`; None where that was not asked for, or there is no plan.
    """

    case: Case
    conflict: Conflict | None
    plan: Plan | None
    worths: PlanPrices | None
    solve: dict[str, Any]
    needs: tuple[Need, ...] = ()
    limit_costs: tuple[LimitCost, ...] = ()
    worlds: pd.DataFrame | None = None

    def __repr__(self) -> str:
        """Return what was found, in a line."""
        if self.conflict is not None:
            return f"Explanation({self.case.name!r}, no plan; limits in conflict: {len(self.conflict.limits)})"
        return f"Explanation({self.plan!r})"

    @property
    def feasible(self) -> bool:
        """Whether some plan satisfies the limits."""
        return self.conflict is None

    def to_frame(self) -> pd.DataFrame:
        """Return what each decision of the plan adds; without a plan, the limits in conflict."""
        import pandas as pd

        if self.conflict is not None:
            return pd.DataFrame(self.conflict.to_dict()["limits"])
        assert self.worths is not None
        return pd.DataFrame(self.worths.to_dict(sense_of(self.case))["decisions"])

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values."""
        document = {
            "schema": SCHEMA,
            "case": self.case.name,
            "feasible": self.feasible,
            "conflict": None if self.conflict is None else self.conflict.to_dict(),
            "plan": None if self.plan is None else self.plan.to_dict(),
            "worths": None if self.worths is None else self.worths.to_dict(sense_of(self.case)),
            "solve": dict(self.solve),
            **({} if self.worlds is None else {"worlds": self.worlds.to_dict("records")}),
        }
        if self.feasible:
            document["limit_costs"] = [cost.to_dict(self.case) for cost in self.limit_costs]
        if self.case.sense == "cost":
            document["needs"] = [need.to_dict() for need in self.needs]
        return document


def explain(
    case: Case,
    *,
    threads: int = 1,
    monitor: Monitor | None = None,
    worlds: int | None = None,
    seed: int = 0,
    ranged: bool = False,
) -> Explanation:
    """Say why no plan satisfies the limits, or what holds the best plan back.

    Parameters
    ----------
    case
        A checked case.
    threads
        Processes that work out responses.
    monitor
        Told of progress, asked whether to stop.
    worlds, seed
        Say what each choice is for over so many worlds drawn from the uncertain figures, and the seed of the draw.
    ranged
        Whether the best plan says from where to where its figure runs, as of `with_range`.

    Returns
    -------
    Explanation

    Raises
    ------
    Stopped
        When the monitor stops it before there is an answer.
    TooManyCombinations
        When the policy combinations cannot be enumerated.
    CertificateError
        When the best plan does not survive its check.
    """
    began = time.perf_counter()
    monitor = monitor or Monitor()
    with _engine(case, threads, monitor) as engine:
        elastic = Elastic(engine.problem, threads, monitor.stop, lambda: monitor.advance(elastic.solves, 0))
        try:
            monitor.stage("search", 0)
            conflict = explained_conflict(elastic, case, threads, monitor.stop)
            plan = worths = None
            needs: tuple[Need, ...] = ()
            costs: tuple[LimitCost, ...] = ()
            if conflict is None:
                found = engine.search(SolveLimits.of(case).natural(engine.problem.units))
                if monitor.stop():
                    raise Stopped
                plan = engine.plan(found)
                worths = plan_prices_of(engine, found, plan)
                needs = needs_of(case, plan) if plan.least_cost else ()
                costs = limit_costs(engine.problem, case, plan, threads, monitor)
            facts = {
                "programs": elastic.solves,
                "seconds": time.perf_counter() - began,
                "build_seconds": engine.problem.build_seconds,
            }
            common = None
            if worlds is not None and plan is not None:
                common = by_worlds(plan, worlds, seed, processes=threads, monitor=monitor)
            if ranged and plan is not None:
                plan = with_range(plan, processes=threads, monitor=monitor)
            return Explanation(case, conflict, plan, worths, facts, needs, costs, common)
        finally:
            elastic.close()


def _engine(case: Case, threads: int, monitor: Monitor) -> Engine:
    """Return an engine that can lift the limits on policies; one that cannot where that is too many combinations."""
    try:
        return Engine.natural(
            case, widest=SolveLimits(budget=case.settings.limits.budget), threads=threads, monitor=monitor
        )
    except TooManyCombinations:
        return Engine.natural(case, threads=threads, monitor=monitor)
