"""Nobody foresees an outage: what is decided before a scenario is known is decided for all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from pytest import approx
from sluicegate import Case, Plan, evaluate, solve
from sluicegate.model.formulation.linking import build_leader_problem
from sluicegate.model.leader import working_set
from sluicegate.model.methods import large_spaces
from sluicegate.model.network import Network

from sluicegate_testing.builders import THEIRS, Row, case, demand, idle, lane, policy, stock

Weeks = int | str


def outage(from_week: Weeks, weeks: int = 2, *, lane: str = "world-us", notice: int = 0, left: float = 0.0) -> Row:
    row = {"contingency": "strike", "lane": lane, "from_week": from_week, "duration_weeks": weeks}
    return row | {"availability": left, "notice_weeks": notice}


def supplied(*outages: Row, lead: int = 2, initial: float = 10.0, **columns: Any) -> Case:
    """Ten weeks, ten a week from the world with a lead, a stock of one week, 30 on the lane at most; shortage costs 9."""
    return case(
        10,
        items=[{"item": "x", "holding_cost": 0.01}],
        stocks=[stock("us", initial, terminal_target=initial, stockpile_max=30.0)],
        lanes=[lane_to_us(lead)],
        demands=[demand("us", 10.0, 9.0, **columns)],
        contingencies=list(outages),
    )


def lane_to_us(lead: int) -> Row:
    return lane("world", "us", 10.0, max_flow=30.0, lead_weeks=lead)


def fills(plan: Plan, scenario: str) -> np.ndarray:
    """Our fills of a scenario week by week."""
    table = plan.tables["fills"]
    return table[(table["side"] == "ours") & (table["scenario"] == scenario)]["fill"].to_numpy(dtype=float)


# By hand -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("notice", "missed"), [(0, 10.0), (1, 0.0), (2, 0.0)])
def test_a_surprise_is_met_with_stock_and_pipeline(notice: int, missed: float) -> None:
    # No dispatches in weeks 4 and 5: nothing arrives in weeks 6 and 7. Stock and pipeline at the reveal are 10 in stock and
    # 20 under way, for weeks 4 to 7: 10 are missed. A week of notice lets 30 go in week 3, which serves both.
    made = supplied(outage(4, notice=notice), min_fill=0.9)
    plan = evaluate(made)
    assert plan.status == "feasible", plan.violations
    assert (1 - fills(plan, "strike")).sum() * 10 == approx(missed, abs=1e-6)
    # Knowing nothing, `none` goes on as ever, but for its stock, which it keeps.
    before = (
        plan.tables["flows"]
        .query("side == 'ours' and lane == 'world-us'")
        .pivot(index="week", columns="scenario", values="dispatched")
    )
    known = 4 - notice
    assert before["strike"][:known].to_numpy() == approx(before["none"][:known].to_numpy(), abs=1e-9)
    assert plan.scenarios["strike"]["reveal_week"] == known
    assert plan.scenarios["none"]["reveal_week"] is None


def test_what_stock_at_the_reveal_cannot_serve_breaks_the_limit() -> None:
    # 20 of 100 are not dispatched in weeks 4 and 5. Whoever holds 10 more in every scenario misses none: up to 30 a week go.
    made = supplied(outage(4), min_fill=1.0)
    plan = evaluate(made)
    assert plan.status == "feasible", plan.violations
    # The stock that this takes is held in `none` too, from week 3 + 2 on at the latest.
    stocks = plan.tables["stocks"].query("side == 'ours' and scenario == 'none' and site == 'us'")["stock"].to_numpy()
    assert stocks[5] == approx(20.0, abs=1e-6)
    # Where no more than the base flow can be dispatched there is no way, and 10 are missed: a fill of 0.9.
    plan = evaluate(narrow(made))
    assert plan.status == "infeasible"
    assert plan.scenarios["strike"]["fill"]["us/x"] == approx(0.9)


def narrow(made: Case, *more: Any) -> Case:
    """The case with no more than the base flow on its lane, and with more lanes."""
    return replace(made, lanes=(*(row.model_copy(update={"max_flow": 10.0}) for row in made.lanes), *more))


def test_a_stockpile_and_a_second_source_each_serve_a_surprise() -> None:
    # The lane carries 10 a week at most: 10 of 100 are missed. A stockpile of 10 serves them, and so does a second source
    # from next door that is asked once the strike is known.
    base = supplied(outage(4), min_fill=1.0)
    tight = narrow(base)
    assert evaluate(tight).status == "infeasible"
    stocked = evaluate(tight, stockpile={"us/x": 10.0})
    assert stocked.status == "feasible"
    assert fills(stocked, "strike") == approx(np.ones(10))
    (second,) = case(lanes=[idle("overseas", "us", 10.0, unit_cost=3.0)], demands=[demand("us", 1.0, 1.0)]).lanes
    sourced = evaluate(narrow(base, second))
    assert sourced.status == "feasible"
    dispatched = sourced.tables["flows"].query("lane == 'overseas-us'").groupby("scenario")["dispatched"].sum()
    assert dispatched["none"] == approx(0.0, abs=1e-9)
    # 10 for the customers; a unit missing from the stock at the end costs 1.15, less than the 3 that one of these would cost.
    assert dispatched["strike"] == approx(10.0)


def test_every_start_is_a_scenario() -> None:
    made = supplied(outage("3;6"))
    network = Network(made)
    assert network.scenarios == ["none", "strike@3", "strike@6"]
    assert [network.reveal(name) for name in network.scenarios] == [10, 3, 6]
    assert set(network.availability("strike@6")) == {("lane", "world-us", 6), ("lane", "world-us", 7)}
    plan = evaluate(made)
    alone = evaluate(supplied(outage(6)))
    assert list(plan.scenarios) == ["none", "strike@3", "strike@6"]
    assert list(alone.scenarios) == ["none", "strike"]


def test_rows_reveal_a_scenario_by_the_one_that_is_known_first() -> None:
    rows = [outage(6, notice=1), outage(8, lane="overseas-us", notice=5)]
    made = case(
        10,
        lanes=[lane("world", "us", 10.0), idle("overseas", "us", 10.0)],
        demands=[demand("us", 10.0, 9.0)],
        contingencies=rows,
    )
    assert Network(made).reveal("strike") == 3


def package(start: int, notice: int = 0) -> Case:
    """We buy 10 a week from them, four weeks under way; their ban, which a stock of ours could bridge, delays by five."""
    return case(
        10,
        stocks=[stock("us", stockpile_max=20.0), stock("them", 100.0)],
        lanes=[lane("them", "us", 10.0, regime="ban"), lane("world", "them", 10.0)],
        demands=[demand("us", 10.0, 9.0)],
        regimes=THEIRS,
        policies=[policy(5, regime="ban", start_week=start)],
        retaliations=[{"package": "halt", "regime": "ban", "policy": "slow", "notice_weeks": notice}],
    )


def test_a_package_is_known_when_its_policy_starts() -> None:
    assert Network(package(0)).reveal("halt") == 0
    assert Network(package(4)).reveal("halt") == 4
    assert Network(package(4, notice=3)).reveal("halt") == 1
    (row,) = package(4).retaliations
    never = replace(package(4), retaliations=(row.model_copy(update={"policy": "open"}),))
    assert Network(never).reveal("halt") == 0


# What must hold of any case ------------------------------------------------------------------------------------------


def test_the_same_variables_before_the_reveal() -> None:
    model = build_leader_problem(Network(supplied(outage("3;6", notice=1))))
    none, late = model.ours["none"], model.ours["strike@6"]
    for family in ("ship", "stock", "fill"):
        for index, variable in getattr(late, family).items():
            assert (variable is getattr(none, family)[index]) == (index[-1] < 5)
    assert {week for *_, week in late.balance} == set(range(5, 10))
    assert late.short_end["us", "x"] is not none.short_end["us", "x"]


def test_a_scenario_known_from_the_start_is_operated_for_itself() -> None:
    # All of the notice makes a surprise what it was before there were any: the scenario alone costs as little as together.
    early = evaluate(supplied(outage(4, notice=4), outage(7, notice=9) | {"contingency": "fire"}))
    for name, row in (("strike", outage(4, notice=4)), ("fire", outage(7, notice=9))):
        alone = evaluate(supplied(row | {"contingency": name}))
        assert alone.scenarios[name]["own_loss"] == approx(early.scenarios[name]["own_loss"])
    assert early.scenarios["none"]["own_loss"] == approx(0.0, abs=1e-9)


@pytest.mark.parametrize("start", [4, 6])
def test_more_notice_never_hurts(start: int) -> None:
    plans = [solve(supplied(outage(start, notice=notice), min_fill=1.0)) for notice in range(start + 1)]
    assert all(plan.status == "optimal" for plan in plans)
    leverages = [plan.leverage for plan in plans]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(leverages))
    # What is held in any case for a surprise, and not for one that is known in time.
    assert leverages[-1] > leverages[0] + 0.1


# Rolled forward ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notice", [0, 1])
def test_rolling_the_weeks_forward_gives_the_fills_of_the_plan(notice: int) -> None:
    # Stock and pipeline at the reveal are what `none` left; from there the best that can be done is worked out by hand, week
    # by week: dispatch all that the lane carries until the end is safe, serve all that is there.
    made = supplied(outage(4, weeks=3, notice=notice), outage(7, weeks=2) | {"contingency": "fire"}, min_fill=0.7)
    plan = evaluate(made)
    flows = plan.tables["flows"].query("side == 'ours' and lane == 'world-us'")
    shipped = {name: rows["dispatched"].to_numpy() for name, rows in flows.groupby("scenario")}
    for name, first, weeks, known in (("strike", 4, 3, 4 - notice), ("fire", 7, 2, 7)):
        sent = np.concatenate([shipped["none"][:known], np.full(10 - known, 30.0)])
        sent[first : first + weeks] = 0.0
        held, served = 10.0, []
        for week in range(10):
            held += 10.0 if week < 2 else sent[week - 2]
            served.append(min(10.0, held))
            held -= served[-1]
        assert fills(plan, name).sum() * 10 == approx(sum(served), abs=1e-6)


# Many scenarios ------------------------------------------------------------------------------------------------------


def test_a_search_over_few_scenarios_finds_the_plan_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of three outages the middle one takes a stockpile of 10 for its fill; the search that leaves all out learns of it.
    made = supplied(outage("2;4;9"), min_fill=1.0)
    whole = solve(narrow(made))
    assert whole.stockpile == approx({"us/x": 10.0})
    held = []
    monkeypatch.setattr(working_set, "FEW", 0)
    hold = working_set.extended
    monkeypatch.setattr(large_spaces, "extended", lambda *given: held.append(given[2]) or hold(*given))
    few = solve(narrow(made))
    assert held
    assert few.leverage == approx(whole.leverage)
    assert few.bound == approx(whole.bound)
    assert few.stockpile == approx(whole.stockpile)
    assert few.sourcing_only_leverage == approx(whole.sourcing_only_leverage)
    assert list(few.scenarios) == list(whole.scenarios)
