"""Policy spaces that are not enumerated as a whole: groups and the tree find what the oracle finds, and prove it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from pytest import approx
from sluicegate import Case, solve
from sluicegate.model import TooManyCombinations
from sluicegate.model.follower.enumerate import FollowerSolver
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.decomposition import components as groups
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.methods.policy_tree.stand_ins import StandIns, stand_in
from sluicegate.model.methods.policy_tree.tree import PolicyTree
from sluicegate.model.plan.limits import SolveLimits

from sluicegate_testing.agreeing import agreed, made
from sluicegate_testing.builders import OURS, case, demand, idle, lane, policy, stock
from sluicegate_testing.impatient import Impatient
from sluicegate_testing.oracle import oracle
from sluicegate_testing.strategies import cases, random_case

CLOSE = 1e-4
METHODS = ("groups", "pieces", "rows", "tree")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("coupling", [True, False])
def test_small_cases(method: str, coupling: bool) -> None:
    @seed(11)
    @settings(max_examples=6)
    @given(cases(coupling=coupling))
    def both(drawn: Any) -> None:
        agreed(drawn, method)

    both()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", range(60, 63))
def test_larger_cases(method: str, number: int) -> None:
    agreed(random_case(number, max_weeks=9, max_combinations=64), method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", range(200, 203))
def test_where_limits_are_hard_to_keep(method: str, number: int) -> None:
    settings_, tables = random_case(number, max_regimes=3, max_weeks=8, max_combinations=27)
    settings_["limits"] = {"budget": 12.0, "reviewer_hours": 8.0, "political_capital": 4.0}
    for place, row in enumerate(tables["demands"]):
        row["min_fill"] = (0.75, 0.9, 0.6)[place % 3]
    for place, row in enumerate(tables["items"]):
        row["max_party_share"] = (0.9, 0.7)[place % 2]
    agreed((settings_, tables), method)


@pytest.mark.parametrize("number", [101, 104])
@pytest.mark.parametrize("method", METHODS)
def test_where_nearly_everything_is_a_tie(method: str, number: int) -> None:
    settings_, tables = random_case(number, max_regimes=3, max_weeks=8, max_combinations=27)
    for row in tables["items"]:
        row["holding_cost"] = None
    for row in tables["lanes"]:
        row["unit_cost"] = 2.0
    for row in tables["policies"]:
        for name in ("admin_cost", "reviewer_load", "political_cost"):
            row[name] = None
    plan = agreed((settings_, tables), method)
    enumerated = solve(made((settings_, tables)), method="columns")
    assert sum(name != "open" for name in plan.policies.values()) == sum(
        name != "open" for name in enumerated.policies.values()
    )


# Stopped ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [2, 14])
def test_a_stopped_search_tells_what_it_knows(method: str, number: int) -> None:
    drawn = random_case(number)
    best = oracle(*drawn).leverage
    assert best is not None
    slack = CLOSE * abs(best)
    for patience in (0, 2, 30, 10_000):
        monitor = Impatient(patience)
        plan = solve(made(drawn), method=method, monitor=monitor)
        if plan.leverage is not None:
            assert plan.leverage <= best + slack
            assert plan.bound >= best - slack
        assert all(bound >= best - slack for _, bound in monitor.told)
        assert all(incumbent <= best + slack for incumbent, _ in monitor.told)
    assert plan.status == "optimal"


# Stand-ins ---------------------------------------------------------------------------------------------------------------


def test_a_stand_in_for_two_fixed_delays_is_the_longer() -> None:
    assert stand_in([((2, 1.0),), ((5, 1.0),)]) == ((5, 1.0),)


def test_a_stand_in_arrives_no_earlier_than_any() -> None:
    assert stand_in([((0, 0.2), (6, 0.8)), ((3, 1.0),)]) == ((3, approx(0.2)), (6, approx(0.8)))


@pytest.mark.parametrize("number", [3, 8, 14])
def test_stand_ins_cost_at_least_as_much(number: int) -> None:
    drawn = made(random_case(number))
    problem = Problem(drawn)
    hulls = StandIns(problem.network, SolveLimits.of(drawn))
    responder, exact = FollowerSolver(hulls.arrays), FollowerSolver(problem.response)
    dice = np.random.default_rng(number)
    for number_of_draw in range(7):
        # The last time a single policy of each: it stands in for itself.
        most_drawn = 1 if number_of_draw == 6 else max(hulls.sizes)
        sets = [
            sorted(dice.choice(size, int(dice.integers(1, min(size, most_drawn) + 1)), replace=False).tolist())
            for size in hulls.sizes
        ]
        most = responder.solve(tuple(hulls.digit(regime, left) for regime, left in enumerate(sets)))[0]
        costs = [exact.solve(policy_indices)[0] for policy_indices in itertools.product(*sets)]
        assert most >= max(costs) - 1e-7 * abs(most) - 1e-6
        if most_drawn == 1:
            assert most == approx(costs[0], rel=1e-7, abs=1e-6)


def test_no_stand_in_stores_where_there_is_no_room() -> None:
    # Under `open` goods would come early and could not be kept: their stand-in may not rely on storing them.
    narrow = case(
        4,
        lanes=[lane("us", "them", 1.0, regime="list"), idle("world", "them", 1.0, unit_cost=9.0)],
        stocks=[stock("them", capacity=0.5)],
        demands=[demand("them", 1.0, 20.0)],
        regimes=OURS,
        policies=[policy(2)],
    )
    hulls = StandIns(Problem(narrow).network, SolveLimits.of(narrow))
    _, capacity = hulls.arrays.policy_columns[0][hulls.digit(0, [0, 1])]
    assert not capacity.any()
    assert solve(narrow, method="tree").leverage == approx(solve(narrow, method="columns").leverage)


# Bounds ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [3, 20])
def test_every_set_is_bounded(number: int) -> None:
    """Whatever set of combinations is bounded, none of them is worth more."""
    drawn = random_case(number)
    answer, problem = oracle(*drawn), Problem(made(drawn))
    solve_limits = SolveLimits.of(problem.case)
    trials = LocalSearch(problem, solve_limits)
    tree = PolicyTree(problem, solve_limits, trials, 0.0)
    tree.threshold = lambda: -np.inf  # type: ignore[method-assign]
    everything = tree.affordable(tuple(tuple(range(len(menu))) for menu in tree.menus))
    seen: list[tuple[Any, float]] = []
    push = tree._push

    def watched(sets: Any, cost: float, bound: float, *rest: Any, **more: Any) -> None:
        seen.append((sets, bound))
        push(sets, cost, bound, *rest, **more)

    tree._push = watched  # type: ignore[method-assign]
    tree.stop = lambda: len(seen) > 20 or tree.relaxations > 20
    tree.run()
    assert everything is not None
    assert len(seen) > 5
    for sets, bound in seen:
        worth = [
            answer.values.get(tuple(tree.menus[r][d] for r, d in enumerate(policy_indices)))
            for policy_indices in itertools.product(*sets)
        ]
        best = max((value for value in worth if value is not None), default=-np.inf)
        assert bound >= best - CLOSE * abs(best) - 1e-6


def apart(regimes: int) -> Case:
    """Regimes with a lane, a plant and a demand each; two reviews can be paid for."""
    names = [f"list{k}" for k in range(regimes)]
    return case(
        4,
        limits={"reviewer_hours": 2.0},
        sites={f"plant{k}": "them" for k in range(regimes)},
        lanes=[
            lane("us", f"plant{k}", 1.0, lane=name, regime=name, max_flow=1.0 + k / 10) for k, name in enumerate(names)
        ],
        demands=[demand(f"plant{k}", 1.0, 3.0 + k) for k in range(regimes)],
        regimes=[{"regime": name, "controller": "us"} for name in names],
        policies=[policy(2, regime=name, reviewer_load=1.0) for name in names],
    )


def test_groups_share_the_limits() -> None:
    plan = solve(apart(30))
    assert plan.solve["method"] == "groups"
    assert plan.solve["groups"] == 30
    assert plan.status == "optimal"
    assert {regime for regime, name in plan.policies.items() if name != "open"} == {"list28", "list29"}
    # Two combinations each, and what is tried on the way.
    assert plan.solve["responses"] < 200


def test_a_group_is_what_shares_rows_or_regimes(monkeypatch: pytest.MonkeyPatch) -> None:
    both = case(
        2,
        sites={"east": "them", "west": "them", "north": "them"},
        lanes=[lane("us", site, 1.0, lane=site, regime=name) for site, name in (("east", "list"), ("west", "list"))]
        + [lane("us", "north", 1.0, lane="north", regime="other")],
        demands=[demand(site, 1.0, 3.0) for site in ("east", "west", "north")],
        regimes=[*OURS, {"regime": "other", "controller": "us"}],
        policies=[policy(1), policy(1, regime="other")],
    )
    plan = solve(both, method="groups")
    assert plan.solve["groups"] == 2
    assert plan.leverage == approx(solve(both, method="columns").leverage)
    network = Problem(both).network
    assert groups.has_independent_components(network)
    monkeypatch.setattr(groups, "MOST_IN_A_GROUP", 1)
    assert not groups.has_independent_components(network)
    with pytest.raises(TooManyCombinations, match="list"):
        solve(both, method="groups")
