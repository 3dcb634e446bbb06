"""Plans in worlds of large cases, worked out by one linear program each, are what `evaluate_in` says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sluicegate import load_case, solve
from sluicegate.analysis.information import fresh, study
from sluicegate.analysis.information.evaluated import evaluate_in
from sluicegate.analysis.information.fresh import yields_in
from sluicegate.analysis.worlds import draw
from sluicegate.model.leader.here_and_now import HereAndNow, Visit
from sluicegate.model.plan.choices import Choices

VARY = (
    "stocks.abroad-fab/acid.initial=8..20..40",
    "policies.acid/review.delay_weeks=3,4,5",
    "lanes.chip-world-home.available_week=0,1,4",
    "limits.budget=8..15",
    "limits.political_capital=1..3",
)

PLANS = (
    Choices({"acid": "review", "gas": "open"}, ("chip-world-home",), {"home-makers/chip": 2.0}),
    Choices({"gas": "review"}, ("chip-world-home",)),
    Choices(),
)


@pytest.mark.parametrize("many", [5, 12])
@pytest.mark.parametrize("free", [False, True])
def test_a_plan_comes_to_what_it_comes_to_alone(many: int, free: bool) -> None:
    case = load_case("tutorial")
    worlds = draw(case, many, 1, VARY)
    found, alone = (work_out(case, worlds, PLANS, free=free) for work_out in (yields_in, evaluate_in))
    assert found.places.tolist() == alone.places.tolist() == list(range(many))
    assert (found.kept == alone.kept).all() and (found.within == alone.within).all()
    assert found.kept.any() and not found.kept.all() and not found.within.all()
    # Where limits give way, at which price is a choice; the face of V is a hair wide.
    counted, size = found.kept | free, np.abs(alone.leverages).max()
    assert found.leverages[counted] == pytest.approx(alone.leverages[counted], abs=1e-5 * size)


def test_worlds_begin_where_the_case_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """From there a world takes few iterations, and what it comes to does not depend on who works it out."""
    case = load_case("tutorial")
    worlds = draw(case, 12, 1, VARY[:1])
    taken: list[int] = []
    visit = HereAndNow.visit

    def counted(self: HereAndNow, *asked: Any, **options: Any) -> Visit:
        found = visit(self, *asked, **options)
        taken.append(self.fixed_policy.relaxed.highs.getInfo().simplex_iteration_count)
        return found

    monkeypatch.setattr(HereAndNow, "visit", counted)
    warm = yields_in(case, worlds, PLANS[:1])
    from_the_case = sum(taken[1:])
    taken.clear()
    monkeypatch.setattr(fresh, "LIKE", 100)
    cold = yields_in(case, worlds, PLANS[:1])
    assert from_the_case < 0.5 * sum(taken)
    assert np.allclose(warm.leverages, cold.leverages, rtol=1e-9, atol=1e-9)


def test_processes_change_nothing() -> None:
    case = load_case("tutorial")
    worlds = draw(case, 12, 1, VARY)
    one, two = (yields_in(case, worlds, PLANS[:1], free=True, processes=processes) for processes in (1, 2))
    assert (one.leverages == two.leverages).all() and (one.kept == two.kept).all()


def test_large_cases_are_checked_that_way(monkeypatch: pytest.MonkeyPatch) -> None:
    case = load_case("tutorial")
    worlds = draw(case, 4, 0)
    plan = solve(case, worlds=worlds)
    before = study.studied(plan, worlds, None, fresh=9)
    monkeypatch.setattr(study, "SMALL", 0)
    monkeypatch.setattr(study, "evaluate_in", None)
    after = study.studied(plan, worlds, None, fresh=9)
    assert before.worlds is not None and after.worlds is not None
    for name in ("mean", "cvar", "share_negative", "share_kept"):
        assert after.worlds["out_of_sample"][name] == pytest.approx(before.worlds["out_of_sample"][name])
