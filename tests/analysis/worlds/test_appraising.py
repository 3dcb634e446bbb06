"""Plans worked out from the programs that a search left warm are worth what they are worth worked out alone."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytest import approx
from sluicegate import case_from_tables, load_case, solve
from sluicegate.analysis.information import planned, studied, study
from sluicegate.analysis.information.evaluated import evaluate_in
from sluicegate.analysis.information.hedging import UNREADY
from sluicegate.analysis.shapes import AS_IT_IS
from sluicegate.analysis.worlds import Appraiser, Worlds, crew, draw, from_table, solve_worlds
from sluicegate.analysis.worlds.crew import LocalCrew
from sluicegate.analysis.worlds.told import Appraised
from sluicegate.analysis.worlds.world import World
from sluicegate.model import Plan
from sluicegate.model.plan.choices import Choices, Offer
from sluicegate.model.plan.monitor import Stopped

from sluicegate_testing.strategies import random_case
from sluicegate_testing.world_cases import with_worlds


def both(case: Any, worlds: Worlds, share: float | None = None, processes: int = 1) -> list[Choices]:
    """Compare all plans that the search came across, and the best of every world, with each worked out alone."""
    seen: list[Choices] = []

    def beside(plan: Plan, appraiser: Appraiser) -> Plan:
        own = [each for place in range(len(worlds)) if (each := appraiser.own(place)) is not None]
        seen.extend([Choices.of(plan), *appraiser.visited(3), *own[:2]])
        seen.append(replace(seen[0], stockpile={pair: 9.0 * units for pair, units in seen[0].stockpile.items()}))
        alone = evaluate_in(case, worlds, seen, free=share is not None)
        leverages, supplied, within = appraiser(seen)
        kept = supplied & within
        assert kept.tolist() == alone.kept.tolist() and not (kept & ~within).any()
        assert np.isfinite(leverages).all()
        for column in range(len(seen)):
            here, size = kept[:, column], np.abs(alone.leverages[:, column]).max() + 1e-2
            # Where limits give way, at which price is a choice.
            counted = here if share is None else np.full(len(worlds), True)
            assert leverages[counted, column] == approx(alone.leverages[counted, column], abs=1e-5 * size)
            assert share is None or within[:, column].tolist() == alone.within[:, column].tolist()
        return replace(plan, status="told")

    found = solve_worlds(case, worlds, "mean", continuity_share=share, beside=beside, processes=processes)
    assert found.plan.status == "told"
    return seen


@pytest.mark.parametrize("number", [1, 2, 4])
def test_on_random_cases(number: int) -> None:
    case = case_from_tables("drawn", *with_worlds(random_case(number, max_regimes=3, max_weeks=6), number))
    assert both(case, from_table(case))


def test_where_a_share_keeps_continuity() -> None:
    case = load_case("tutorial")
    worlds = draw(case, 6, 0, ["stocks.abroad-fab/acid.initial=8..20..30", "limits.political_capital=1..3"])
    assert both(case, worlds, 0.5)


@pytest.mark.parametrize("share", [None, 0.5])
def test_what_the_search_worked_out_is_not_worked_out_again(
    share: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what each world says when it is asked once more."""
    case = load_case("tutorial")
    worlds = draw(case, 6, 0, ["stocks.abroad-fab/acid.initial=8..20..30", "limits.political_capital=1..3"])
    before, asked = World.appraise, []

    def counted(world: World, *plan: Any) -> Appraised:
        asked.append(world.number)
        return before(world, *plan)

    monkeypatch.setattr(World, "appraise", counted)

    def beside(plan: Plan, appraiser: Appraiser) -> Plan:
        plans = [Choices.of(plan), *appraiser.visited(5)]
        mine = appraiser(plans)
        again = len(asked)
        appraiser._visited = ()
        anew = appraiser(plans)
        assert anew[0] == approx(mine[0], rel=1e-6, abs=1e-6)
        assert (anew[1] == mine[1]).all() and (anew[2] == mine[2]).all()
        # Where continuity was given up that might have been kept, nothing is known.
        assert again < (1 if share is None else 0.5 * mine[0].size) and len(asked) - again == mine[0].size
        return plan

    solve_worlds(case, worlds, "mean", continuity_share=share, beside=beside)


def test_by_several_processes() -> None:
    case = load_case("tutorial")
    assert both(case, draw(case, 4, 1), processes=2)


def test_this_plan_is_as_it_was_chosen() -> None:
    """Where continuity was left out by choice the plan beside others is the plan that the answer is about."""
    case, vary = load_case("tutorial"), ["stocks.abroad-fab/acid.initial=8..20..30", "limits.political_capital=1..3"]
    options = {"time_limit": 60.0, "rel_gap": 1e-4, "threads": 1, "method": "auto"}
    found = planned(case, options, worlds=6, vary=vary, fresh=0, continuity_share=0.5)
    assert found.worlds is not None
    mine, table = found.worlds["candidates"][0], found.tables["worlds"]
    assert mine["mean"] == approx(found.worlds["mean"], rel=1e-5) and mine["worst"] == approx(found.worlds["worst"])
    assert mine["share_kept"] == approx(table["limits_kept"].mean()) and mine["share_kept"] < 1


def test_nobody_holds_worlds_while_fresh_ones_are_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    case, seen = load_case("tutorial"), []
    before = study.evaluate_in

    def alone(*asked: Any, **options: Any) -> Any:
        seen.append(multiprocessing.active_children())
        return before(*asked, **options)

    monkeypatch.setattr(study, "evaluate_in", alone)
    options = {"time_limit": 60.0, "rel_gap": 1e-4, "threads": 2, "method": "auto"}
    found = planned(case, options, worlds=4, fresh=3)
    assert found.worlds is not None and found.worlds["out_of_sample"]["n"] == 3
    assert seen == [[]]


def test_what_is_said_beside_a_plan_does_not_depend_on_who_works_it_out() -> None:
    case = load_case("tutorial")
    hoard = ["stocks.abroad-fab/acid.initial=15..20..70"]
    worlds = draw(case, 12, 2, hoard)
    options = {"time_limit": 60.0, "rel_gap": 1e-4, "threads": 1, "method": "auto"}
    warm = planned(case, options, worlds=12, seed=2, vary=hoard, fresh=0)
    plain = solve(case)
    alone = studied(solve(case, worlds=worlds), worlds, plain, fresh=0)
    assert warm.worlds is not None and alone.worlds is not None
    for name in ("value", "evpi", "vss", "low", "high", "mean", "cvar"):
        assert warm.worlds[name] == approx(alone.worlds[name], rel=1e-5, abs=1e-5)
    (first, (value, _, _)), *_ = warm.worlds["evppi"].items()
    assert first == "stocks.abroad-fab/acid.initial"
    assert value == approx(alone.worlds["evppi"][first][0], rel=0.05)


def test_without_time_for_the_worlds_the_plan_for_the_figures_as_they_are_is_left(monkeypatch: Any) -> None:
    case = load_case("tutorial")

    def stopped(*_: Any) -> Any:
        raise Stopped

    monkeypatch.setattr(LocalCrew, "prepare", stopped)
    found = planned(case, {"time_limit": 60.0, "rel_gap": 1e-4, "threads": 1, "method": "auto"}, worlds=4)
    assert found.status == "feasible" and found.bound is None and found.worlds is None
    assert Choices.of(found) == Choices.of(solve(case)) and found.leverage == approx(solve(case).leverage)
    assert UNREADY in found.case_warnings


@pytest.mark.parametrize("share", [None, 0.5])
def test_worlds_at_rest_find_the_same_plan(monkeypatch: Any, share: float | None) -> None:
    """Where memory is short worlds are held as arrays in between; what they answer is the same."""
    case = load_case("tutorial")
    worlds = draw(case, 6, 0, ["stocks.abroad-fab/acid.initial=8..20..30", "limits.political_capital=1..3"])
    awake = solve_worlds(case, worlds, "cvar:0.5", continuity_share=share)
    monkeypatch.setattr(crew, "MOST_AWAKE", 0)
    resting = solve_worlds(case, worlds, "cvar:0.5", continuity_share=share)
    assert resting.choices == awake.choices and resting.status == awake.status == "optimal"
    assert resting.value == approx(awake.value) and resting.bound == approx(awake.bound)
    assert resting.leverages == approx(awake.leverages) and resting.best == approx(awake.best)
    assert both(case, worlds, share)


def test_the_plan_for_the_figures_as_they_are_is_the_one_that_the_worlds_begin_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = load_case("tutorial")
    options = {"time_limit": 60.0, "rel_gap": 1e-4, "threads": 1, "method": "auto"}
    asked = {"worlds": 5, "vary": ["stocks.abroad-fab/acid.initial=15..20..70"], "fresh": 0}
    before = planned(case, options, **asked)
    monkeypatch.setattr(crew, "SMALL", 0)
    # It is not sought a second time.
    monkeypatch.setattr("sluicegate.analysis.information.hedging.solve", None)
    after = planned(case, options, **asked)
    assert before.worlds is not None and after.worlds is not None
    plain = [next(each for each in found.worlds["candidates"] if each["name"] == AS_IT_IS) for found in (before, after)]
    for name in ("policies", "qualified", "stockpile"):
        assert plain[1][name] == plain[0][name]
    assert after.worlds["vss"] == approx(before.worlds["vss"], abs=1e-6)


@pytest.mark.parametrize("share", [None, 0.75])
def test_a_limit_is_known_with_the_figure_that_decides_it(share: float | None) -> None:
    """The plan on the desk costs 13: who knows the budget chooses it where there is as much, against the loops of brute force."""
    case, vary = load_case("tutorial"), ["limits.budget=8..16"]
    options = {"time_limit": 60.0, "rel_gap": 1e-4, "threads": 1, "method": "auto"}
    found = planned(case, options, worlds=24, seed=1, vary=vary, fresh=0, continuity_share=share)
    rich, hedged, worlds = Choices.of(solve(case)), Choices.of(found), draw(case, 24, 1, vary)
    budgets = worlds.figures["limits.budget"].to_numpy()
    assert not rich.same(hedged, Offer.of(case)) and 3 <= (budgets < 13).sum() <= 21
    outer = []
    for place, budget in enumerate(budgets):
        inner = draw(case, 6, 50 + place, vary, stratified=False)
        inner = Worlds(inner.names, inner.weights, inner.figures.assign(**{"limits.budget": budget}))
        yields = evaluate_in(case, inner, [hedged, rich], free=share is not None)
        means = yields.leverages.mean(axis=0)
        outer.append(max(0.0, means[1] - means[0]) if yields.kept[:, 1].all() else 0.0)
    assert found.worlds is not None
    value, low, high = found.worlds["evppi"]["limits.budget"]
    assert value == approx(np.mean(outer), rel=0.15) and low < value < high
    assert value <= found.worlds["evpi_of_candidates"] + 1e-6
    # Where continuity may lack other figures say where it had best.
    others = [each[0] for name, each in found.worlds["evppi"].items() if name != "limits.budget"]
    assert max(others) < (0.1 if share is None else 0.5) * value
