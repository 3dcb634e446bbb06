"""Bases carried over from one problem to others: the same optimum, and nearer to it."""

from __future__ import annotations

from typing import Any

import pytest
import sluicegate
from sluicegate.analysis.worlds import crew, draw, solve_worlds
from sluicegate.data import apply_overrides
from sluicegate.model.leader.carried import CARRIED, Carrier, Names
from sluicegate.model.leader.problem import Problem
from sluicegate.model.solver.bases import Statuses

VARY = ("lanes.chip-world-home.available_week=1,4", "stocks.abroad-fab/acid.initial=15..30", "limits.budget=*0.8..*1.4")


def relaxed(problem: Problem, basis: Any = None) -> tuple[float, int]:
    """Leverage of the relaxation with every regime open, and the steps that it took."""
    cost = problem.status_quo.response_cost
    fixed_policy = problem.fixed_policy
    fixed_policy.bases.clear()
    fixed_policy.last = None
    if basis is None:
        fixed_policy.relaxed.forget()
    else:
        fixed_policy.relaxed.highs.setBasis(basis)
    with fixed_policy.relaxed.options(**({} if basis is None else CARRIED)):
        found = fixed_policy.relax(problem.all_open, cost, problem.constant(cost, 0.0), 0.0)
    return found.leverage, int(fixed_policy.relaxed.highs.getInfo().simplex_iteration_count)


@pytest.mark.parametrize("moved", ["stocks.abroad-fab/acid.initial=24", "lanes.chip-world-home.available_week=4"])
def test_a_carried_basis_leads_to_the_same_optimum_sooner(moved: str) -> None:
    case = sluicegate.load_case("tutorial")
    here, there = Problem.natural(case), Problem.natural(apply_overrides(case, [moved]))
    relaxed(here)
    known = Statuses.of(here.fixed_policy.relaxed.highs.getBasis())
    basis = Carrier(Names(here.leader_problem), there.leader_problem)(known)
    cold, carried = relaxed(there), relaxed(there, basis)
    assert carried[0] == pytest.approx(cold[0], rel=1e-9)
    assert 2 * carried[1] < cold[1]


@pytest.mark.parametrize("criterion", ["mean", "cvar:0.5", "regret"])
def test_worlds_that_begin_where_the_case_ends_have_the_same_plan(
    monkeypatch: pytest.MonkeyPatch, criterion: str
) -> None:
    case = sluicegate.load_case("tutorial")
    worlds = draw(case, 5, seed=3, vary=VARY)
    plain = solve_worlds(case, worlds, criterion)
    begun: list[crew.Begun] = []

    def noted(self: crew.LocalCrew, rel_gap: float) -> crew.Begun | None:
        found = before(self, rel_gap)
        assert found is not None
        begun.append(found)
        return found

    before = crew.LocalCrew._begun
    monkeypatch.setattr(crew, "SMALL", 0)
    monkeypatch.setattr(crew.LocalCrew, "_begun", noted)
    carried = solve_worlds(case, worlds, criterion)
    assert begun and begun[0].nodes
    assert carried.value == pytest.approx(plain.value, rel=1e-6)
    assert carried.choices.policies == plain.choices.policies
    assert carried.choices.qualified == plain.choices.qualified
    assert carried.leverages == pytest.approx(plain.leverages, rel=1e-6)
