"""Properties of a plan for many worlds, and answers known by other means."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from sluicegate import case_from_tables, evaluate, load_case, solve
from sluicegate.analysis.figures.factors import DesignError
from sluicegate.analysis.worlds import Worlds, WorldsResult, draw, solve_worlds, world_cases
from sluicegate.analysis.worlds.crew import LocalCrew, common_combinations, common_space
from sluicegate.analysis.worlds.spread import SpreadCrew
from sluicegate.data import Case, apply_overrides
from sluicegate.data.units import natural_units
from sluicegate.model import TooManyCombinations
from sluicegate.report.format.documents import to_json

from sluicegate_testing.cli_cases import slow

VARY = (
    "limits.budget=*0.6..*1.4",
    "lanes.chip-world-home.unit_cost=*0.7..*1.5",
    "lanes.acid-home-abroad.margin=*0.5..*1.5",
)


@pytest.fixture(scope="module")
def case() -> Case:
    return load_case("tutorial")


def told(case: Case, values: list[dict[str, Any]], weights: list[float] | None = None) -> Worlds:
    """Worlds with figures at given values."""
    names = tuple(f"w{number}" for number in range(len(values)))
    paths = list(dict.fromkeys(path for each in values for path in each))
    frame = pd.DataFrame([[each.get(path) for path in paths] for each in values], index=list(names), columns=paths)
    found = np.array(weights or [1.0] * len(values))
    return Worlds(names, found / found.sum(), frame)


@pytest.mark.parametrize("criterion", ["mean", "cvar:0.7", "worst", "regret"])
@pytest.mark.parametrize("copies", [1, 3])
def test_one_world_however_often_is_the_plain_solve(case: Case, criterion: str, copies: int) -> None:
    plain = solve(case)
    found = solve_worlds(case, told(case, [{}] * copies), criterion)
    assert found.status == "optimal"
    assert found.leverages == approx(np.full(copies, plain.leverage), rel=1e-6)
    if criterion == "regret":
        assert (found.value, found.bound, found.gap) == (0.0, 0.0, 0.0)
    else:
        assert found.value == approx(plain.leverage, rel=1e-6, abs=1e-4)
    assert found.choices.policies == plain.policies
    assert found.choices.qualified == plain.qualified
    assert found.choices.stockpile == approx(plain.stockpile)


def test_duplicated_worlds_change_nothing(case: Case) -> None:
    worlds = draw(case, 3, seed=5, vary=VARY)
    twice = worlds.take([0, 1, 2, 0, 1, 2])
    for criterion in ("mean", "cvar:0.5"):
        once, more = solve_worlds(case, worlds, criterion), solve_worlds(case, twice, criterion)
        assert more.value == approx(once.value, rel=1e-6)
        assert more.choices == once.choices


def test_criteria_are_ordered(case: Case) -> None:
    worlds = draw(case, 5, seed=2, vary=VARY)
    values = [solve_worlds(case, worlds, text).value for text in ("worst", "cvar:0.8", "cvar:0", "mean")]
    assert values[0] <= values[1] + 1e-4
    assert values[1] <= values[2] + 1e-4
    assert values[2] == approx(values[3], rel=1e-5)


def test_every_world_is_worked_out_alone(case: Case) -> None:
    worlds = draw(case, 3, seed=8, vary=VARY)
    found = solve_worlds(case, worlds, "cvar:0.4")
    chosen = (found.choices.policies, found.choices.qualified, found.choices.stockpile)
    for place, leverage in enumerate(found.leverages):
        alone = evaluate(apply_overrides(case, worlds.overrides(place)), *chosen)
        assert leverage == approx(alone.leverage, rel=1e-5, abs=1e-4)
    assert (found.leverages <= found.best + 1e-4).all()
    assert list(found.table.world) == ["1", "2", "3"]
    assert found.table.limits_kept.all()


def test_the_newsvendor_stocks_its_quantile() -> None:
    # One week, nothing but a stockpile serves the demand: units cost 3, a unit short costs 10, what is left is worth nothing.
    settings = {"horizon": {"weeks": 1, "terminal_premium": 0.0}}
    tables: dict[str, list[dict[str, Any]]] = {
        "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
        "sites": [{"site": "home", "party": "us"}, {"site": "away", "party": "them"}],
        "items": [{"item": "paper"}, {"item": "other"}],
        "stocks": [
            {
                "site": "home",
                "item": "paper",
                "initial": 0,
                "terminal_target": 0,
                "terminal_price": 0,
                "stockpile_max": 1000,
                "stockpile_cost": 3,
            }
        ],
        "lanes": [
            {"lane": "none", "item": "other", "origin": "home", "destination": "away", "unit_cost": 1, "max_flow": 0}
        ],
        "demands": [
            {"site": "home", "item": "paper", "quantity": 50, "shortage_penalty": 10},
            {"site": "away", "item": "other", "quantity": 1, "shortage_penalty": 1},
        ],
    }
    case = case_from_tables("newsvendor", settings, tables)
    demands = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]
    worlds = told(case, [{"demands.home/paper.quantity": value} for value in demands])
    found = solve_worlds(case, worlds, "mean")
    # Critical ratio 0.7: the least stock that covers the demand with probability 0.7 is 70, and so is any up to 80.
    assert found.choices.stockpile["home/paper"] == approx(70.0, rel=1e-5)
    stock = 70.0
    # Leverage is saved shortage less what the stock costs, against a status quo without stock.
    expected = np.mean([10 * min(stock, demand) - 3 * stock for demand in demands])
    assert found.value == approx(expected, rel=1e-5)
    worst = solve_worlds(case, worlds, "worst")
    assert worst.value == approx(10 * 10 - 3 * 10, rel=1e-5)


def test_worlds_in_which_no_plan_keeps_continuity_are_named(case: Case) -> None:
    hopeless = {f"lanes.{row.lane}.max_flow": 0.0 for row in case.lanes if row.base_flow == 0}
    paths = [f"demands.{row.id}.min_fill" for row in case.demands]
    assert paths
    found = solve_worlds(case, told(case, [{}, hopeless]), "mean")
    assert found.unkept in ((), ("w1",))


def test_continuity_is_kept_in_the_share_of_worlds_asked_for() -> None:
    """With little acid abroad no review of it leaves home its chips; all worlds but that one are best reviewed."""
    case = load_case("tutorial")
    acid = "stocks.abroad-fab/acid.initial"
    worlds = told(case, [{acid: value} for value in (10.0, 16.0, 20.0, 24.0)])
    every, most, whole = (solve_worlds(case, worlds, "mean", continuity_share=share) for share in (None, 0.75, 1.0))
    assert every.choices.policies["acid"] == "open" and most.choices.policies["acid"] == "review"
    assert whole.value == approx(every.value) and "continuity_share" not in every.plan.worlds
    assert most.value > every.value + 20 and most.plan.worlds["continuity_share"] == 0.75
    assert most.table.limits_kept.tolist() == [False, True, True, True]
    # Where it is kept a world counts as ever; where it is not, our side does what is best without it.
    for place in (1, 2, 3):
        alone = evaluate(apply_overrides(case, worlds.overrides(place)), *choices_of(most))
        assert most.leverages[place] == approx(alone.leverage)
    lax = apply_overrides(case, [*worlds.overrides(0), *(f"demands.{row.id}.min_fill=0" for row in case.demands)])
    lax = apply_overrides(lax, [f"demands.{row.id}.min_fill_week=0" for row in case.demands])
    assert most.leverages[0] == approx(evaluate(lax, *choices_of(most)).leverage)
    hopeless = {"demands.home-makers/chip.quantity": 40.0}
    with pytest.raises(DesignError, match=r"no plan keeps continuity in 1 of the worlds \(w1\).* write .* 0.5 or less"):
        solve_worlds(case, told(case, [{}, hopeless]), "mean", continuity_share=0.95)
    half = solve_worlds(case, told(case, [{}, hopeless]), "mean", continuity_share=0.5)
    assert half.unkept == ("w1",) and half.table.limits_kept.tolist() == [True, False]
    # A case may say what it asks for; of worlds in which no plan keeps it that asks nothing.
    asking = apply_overrides(case, ["objective.continuity_share=0.75"])
    assert solve_worlds(asking, worlds, "mean").choices == most.choices
    assert solve_worlds(asking, worlds, "mean", continuity_share=1.0).choices == whole.choices
    capped = solve_worlds(asking, told(asking, [{}, hopeless]), "mean")
    assert capped.choices == half.choices and capped.plan.worlds["continuity_share"] == 0.5
    with pytest.raises(ValueError, match="no share of the worlds"):
        solve_worlds(case, worlds, "mean", continuity_share=95.0)


def choices_of(found: WorldsResult) -> tuple[Any, ...]:
    return found.choices.policies, found.choices.qualified, found.choices.stockpile


def test_plan_json_holds_the_block_only_for_worlds(case: Case) -> None:
    plain = solve(case)
    assert "worlds" not in plain.to_dict()
    plan = solve(case, worlds=4, seed=3, vary=VARY, criterion="cvar:0.5")
    block = json.loads(to_json(plan.to_dict()))["worlds"]
    assert {"n", "seed", "criterion", "value", "bound", "gap", "mean", "cvar", "worst", "share_negative"} <= set(block)
    assert (block["n"], block["seed"], block["criterion"]) == (4, 3, "cvar:0.5")
    assert block["worst"] <= block["value"] + 1e-6
    assert len(plan.tables["worlds"]) == 4
    assert plan.leverage == approx(evaluate(case, plan.policies, plan.qualified, plan.stockpile).leverage)


def test_what_cannot_be_is_refused(case: Case) -> None:
    with pytest.raises(DesignError, match="no number of worlds"):
        solve(case, worlds="many")
    with pytest.raises(DesignError, match="the case has no table worlds"):
        solve(replace(case, worlds=()), worlds="table")
    with pytest.raises(ValueError, match="no criterion"):
        solve(case, worlds=2, vary=VARY, criterion="best")
    with pytest.raises(ValueError, match="leave out method"):
        solve(case, worlds=2, vary=VARY, method="rows")


def test_whole_decisions_in_every_world_are_refused(case: Case) -> None:
    ordered = apply_overrides(case, ["lanes.chip-world-home.min_order=1"])
    with pytest.raises(DesignError, match="min_order"):
        solve_worlds(ordered, told(ordered, [{}]), "mean")


@pytest.mark.parametrize("processes", [1, 2])
def test_too_many_combinations_are_refused_whoever_counts_them(processes: int) -> None:
    many = slow(9, 4)
    worlds = told(many, [{}, {"limits.budget": 1e6}])
    with pytest.raises(TooManyCombinations, match=r"too many to enumerate; at most 50,000 can be\. Drop policies"):
        solve_worlds(many, worlds, "mean", processes=processes)


def test_several_processes_find_the_same_plan(case: Case) -> None:
    worlds = draw(case, 4, seed=6, vary=VARY)
    alone, shared = (solve_worlds(case, worlds, "cvar:0.5", processes=many) for many in (1, 2))
    assert shared.value == alone.value
    assert shared.bound == alone.bound
    assert shared.choices == alone.choices
    assert (shared.leverages == alone.leverages).all()


@pytest.mark.parametrize("share", [None, 0.5])
def test_regret_counts_worlds_that_nothing_keeps_whoever_works_on_them(share: float | None) -> None:
    """Where no plan keeps continuity regret is counted from the best of those that lack least, or that do without it."""
    case = load_case("tutorial")
    worlds = told(case, [{}, {"demands.home-makers/chip.quantity": 40.0}, {"stocks.abroad-fab/acid.initial": 24.0}])
    alone, shared = (solve_worlds(case, worlds, "regret", continuity_share=share, processes=many) for many in (1, 2))
    assert alone.unkept == shared.unkept == ("w1",)
    assert shared.value == alone.value and shared.choices == alone.choices
    # In that world the plan falls short of the best for it by no more than this.
    assert shared.value is not None and 0.0 <= shared.value < 100.0


def test_a_lost_process_costs_only_time(case: Case) -> None:
    cases = world_cases(case, draw(case, 2, seed=6, vary=VARY))
    units = natural_units(case)[1]
    crew, whole = SpreadCrew(cases, units, 2), LocalCrew(cases, units)
    try:
        for each in (crew, whole):
            alone = each.prepare(1e-4)
            each.settle(common_space(alone).keys, common_combinations(alone))
        crew._hands[0].process.kill()
        point = np.zeros(common_space(alone).size)
        assert crew.visit(0, point)[0] == approx(whole.visit(0, point)[0])
    finally:
        crew.close()
