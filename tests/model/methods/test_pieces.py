"""Goods that share inputs: the pieces are the response again, their bounds hold, and the plan is the oracle's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from pytest import approx
from sluicegate import Case, case_from_tables, solve
from sluicegate.model import TooManyCombinations
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.follower.enumerate import FollowerSolver
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.decomposition import master as overlaps
from sluicegate.model.methods.decomposition import subnetworks as pieces
from sluicegate.model.methods.decomposition.bounds import SharedBound
from sluicegate.model.methods.decomposition.tables import PieceTable
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.plan.limits import SolveLimits

from sluicegate_testing import agreeing
from sluicegate_testing.all_features import drawn_with
from sluicegate_testing.oracle import oracle
from tools.bench.generate import generate

NUMBERS = range(6)


@pytest.fixture(autouse=True)
def nothing_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases as small as these would be taken as one piece."""
    monkeypatch.setattr(pieces, "MOST_JOINED", 1)


def entangled(number: int) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Three goods in a row, each sharing an input or a part with the next; odd ones keep limits, some have narrow stores."""
    dice = np.random.default_rng(number)
    regimes = [f"list{k}" for k in range(4)]
    tables: dict[str, list[dict[str, Any]]] = {
        "parties": [
            {"party": "us", "role": "focal"},
            {"party": "them", "role": "counterpart"},
            {"party": "world", "role": "other"},
        ],
        "sites": [{"site": f"at-{party}", "party": party} for party in ("us", "them", "world")],
        "regimes": [{"regime": regime, "controller": "us"} for regime in regimes],
        "policies": [
            {
                "regime": regime,
                "policy": name,
                "delay_weeks": delay,
                "approval_rate": round(float(dice.uniform(0.4, 1.0)), 2),
                "admin_cost": round(float(dice.uniform(0.0, 0.5)), 2),
                "reviewer_load": float(dice.integers(1, 4)),
            }
            for regime in regimes
            for name, delay in (("slow", "1:0.5;3:0.5"), ("slower", str(dice.integers(2, 5))))[: 1 + number % 2]
        ],
        "items": [{"item": name, "holding_cost": 0.05} for name in ("i0", "i1", "i2", "i3", "part", "g0", "g1", "g2")],
    }
    recipes = {"part": ("i1", "i2"), "g0": ("i0", "i1"), "g1": ("part",), "g2": ("part", "i3")}
    tables["processes"] = [
        {"process": f"make-{good}", "site": "at-them", "output": good, "capacity": 9.0, "unit_cost": 0.5}
        for good in recipes
    ]
    tables["recipes"] = [
        {"process": f"make-{good}", "input": name, "quantity": round(float(dice.uniform(0.5, 1.5)), 2)}
        for good, inputs in recipes.items()
        for name in inputs
    ]
    tables["lanes"] = []
    tables["stocks"] = []
    for place in range(4):
        lane = {"item": f"i{place}", "destination": "at-them"}
        cost = round(float(dice.uniform(1.0, 3.0)), 2)
        tables["lanes"] += [
            lane
            | {"lane": f"ours{place}", "origin": "at-us", "lead_weeks": int(dice.integers(0, 2)), "unit_cost": cost}
            | {"base_flow": 4.0, "max_flow": 6.0, "margin": 0.6, "regime": regimes[place]},
            lane
            | {"lane": f"other{place}", "origin": "at-world", "lead_weeks": 1, "unit_cost": round(1.6 * cost, 2)}
            | {"base_flow": 0.5, "max_flow": round(float(dice.uniform(0.5, 3.0)), 2)},
        ]
        room = 5.0 if number % 3 == 0 else None
        tables["stocks"].append({"site": "at-them", "item": f"i{place}", "initial": 3.0, "capacity": room})
    tables["demands"] = [
        {"site": "at-them", "item": good, "quantity": 2.0, "shortage_penalty": round(float(dice.uniform(8, 20)), 1)}
        for good in ("g0", "g1", "g2")
    ]
    tables["demands"].append(
        {"site": "at-us", "item": "g0", "quantity": 1.0, "shortage_penalty": 12.0, "min_fill": 0.2}
    )
    tables["lanes"] += [
        {"lane": "back", "item": "g0", "origin": "at-them", "destination": "at-us", "unit_cost": 7.0}
        | {"base_flow": 1.0, "max_flow": 1.0, "margin": 1.0},
        {"lane": "instead", "item": "g0", "origin": "at-world", "destination": "at-us", "unit_cost": 9.0}
        | {"max_flow": 0.5, "fixed_cost": 1.0},
    ]
    settings = {"horizon": {"weeks": 7}, "limits": {"reviewer_hours": 5.0} if number % 2 else {}}
    return settings, tables


def made(number: int) -> Case:
    return case_from_tables("entangled", *entangled(number))


@pytest.mark.parametrize("number", NUMBERS)
def test_together_they_are_the_response(number: int) -> None:
    """Solved together they cost what it costs; under shares they cost no less, under prices no more, whatever the combination."""
    problem = Problem(made(number))
    whole = pieces.Subnetworks(problem)
    assert sorted(piece.regimes for piece in whole.pieces) == [(0, 1), (1, 2, 3)]
    assert whole.resources.size
    exact = FollowerSolver(problem.response)
    dice = np.random.default_rng(number)
    combinations = list(itertools.product(*map(range, whole.sizes)))
    parts = [pieces.subnetwork_combinations(piece, whole) for piece in whole.pieces]
    own = whole.program.cost
    for cost in (own, own - whole.outputs.T @ dice.uniform(0.0, 0.5, whole.outputs.shape[0])):
        exact.set_cost(cost)
        here = combinations[int(dice.integers(len(combinations)))]
        above, below = (
            SharedBound(whole, cost, here, above=kind).table(parts, lambda: False) for kind in (True, False)
        )
        assert above is not None
        assert below is not None
        for policy_indices in combinations:
            least = exact.solve(policy_indices)[0]
            slack = 1e-6 * max(1.0, abs(least))
            assert whole.whole(cost, policy_indices, apart=True)[0] == approx(least, abs=slack)
            assert whole.whole(cost, policy_indices, apart=False)[0] >= least - slack
            most, less = (
                whole.program.offset
                + sum(
                    values[own_parts.index(tuple(policy_indices[regime] for regime in piece.regimes))]
                    for piece, own_parts, values in zip(whole.pieces, parts, table, strict=True)
                )
                for table in (above, below)
            )
            assert less - slack <= least <= most + slack
            if policy_indices == here:
                assert less == approx(least, abs=slack)
                assert most == approx(whole.whole(cost, policy_indices, apart=False)[0], abs=slack)


def check_tables(problem: Problem) -> bool:
    """Compare what a few of the pieces' combinations tell with all; return whether the whole response was compared as well."""
    stake, dice = money_scale(problem), np.random.default_rng(0)
    whole = pieces.Subnetworks(problem)
    parts = [np.array(pieces.subnetwork_combinations(piece, whole), dtype=int) for piece in whole.pieces]
    combinations = list(itertools.product(*map(range, whole.sizes)))
    own = whole.program.cost
    slope = dice.uniform(0.0, 0.5, whole.outputs.shape[0])
    for above, cost in ((True, own), (False, own), (False, own - whole.outputs.T @ slope)):
        split = SharedBound(whole, cost, combinations[int(dice.integers(len(combinations)))], above=above)
        exact = split.table([list(map(tuple, part.tolist())) for part in parts], lambda: False)
        assert exact is not None
        tables = []
        for number, (part, costs) in enumerate(zip(parts, exact, strict=True)):
            table = PieceTable(split, number, len(part))
            for place in dice.permutation(len(part))[:2].tolist():
                table.work_out(place, part)
                known = table.exact
                assert table.values[known] == approx(costs[known], abs=1e-8 * stake)
                # Sources may make a piece cheaper than it is; all together they do not.
                if not above:
                    assert (table.values <= costs + 1e-8 * stake).all()
            assert np.isfinite(table.values).all() == table.separable
            for place in np.flatnonzero(~np.isfinite(table.values)).tolist():
                table.work_out(place, part)
            tables.append(table)
        responder = FollowerSolver(problem.response)
        responder.set_cost(cost)
        for policy_indices in combinations:
            bound = whole.program.offset + sum(
                table.values[np.flatnonzero((part == [policy_indices[r] for r in piece.regimes]).all(axis=1))[0]]
                for piece, part, table in zip(whole.pieces, parts, tables, strict=True)
            )
            least = responder.solve(policy_indices)[0]
            assert bound >= least - 1e-8 * stake if above else bound <= least + 1e-8 * stake
    return any(not table.separable for table in tables)


@pytest.mark.parametrize("number", NUMBERS)
def test_what_few_combinations_tell_bounds_all(number: int) -> None:
    assert not check_tables(Problem(made(number)))


@pytest.mark.parametrize("number", [401, 403, 410, 440])
def test_tables_bound_cases_of_all_features(number: int) -> None:
    check_tables(Problem(agreeing.made(drawn_with(number)[0])))


def test_nothing_is_told_where_regimes_share_a_lane_s_end() -> None:
    """Shares follow one regime's policy and the lane another's: all combinations are worked out, and the plan is right."""
    settings, tables = entangled(0)
    more = next(row for row in tables["lanes"] if row["lane"] == "ours1")
    tables["lanes"].append({**more, "lane": "second1", "regime": "list3", "max_flow": 2.0, "base_flow": 1.0})
    case = case_from_tables("entangled", settings, tables)
    assert check_tables(Problem(case))
    plan, enumerated = (solve(case, method=method) for method in ("pieces", "columns"))
    assert plan.leverage == approx(enumerated.leverage, rel=1e-4)


def test_few_combinations_of_pieces_are_worked_out() -> None:
    """The plan is proven though most combinations of the pieces are only bounded."""
    large = generate(6, 4, 8, seed=0)
    problem = Problem(large)
    limits = SolveLimits.of(large)
    search = overlaps.SubnetworkMaster(problem, limits, LocalSearch(problem, limits), 1e-2)
    listed = sum(map(len, search.combinations))
    bound = search.run()
    assert search.trials.leverage <= bound <= search.trials.enough(1e-2)
    assert search.responses < 0.25 * listed * len(search.tables)
    best = solve(large, method="columns").leverage
    assert best is not None and bound >= best - 1e-6 * money_scale(problem)


@pytest.mark.parametrize("number", NUMBERS[:4])
def test_the_plan_is_the_oracles(number: int) -> None:
    plan, answer = solve(made(number), method="pieces"), oracle(*entangled(number))
    assert plan.status == "optimal"
    assert answer.leverage is not None
    assert plan.leverage == approx(answer.leverage, rel=1e-4)
    assert plan.bound >= answer.leverage * (1 - 1e-4)
    # From all open, without small steps: the bounds alone lead there.
    problem = Problem(made(number))
    solve_limits = SolveLimits.of(problem.case)
    trials = LocalSearch(problem, solve_limits)
    trials.offer(trials.work_out(trials.respond((0,) * len(trials.sizes))))
    assert trials.leverage < answer.leverage - 0.01
    bound = overlaps.SubnetworkMaster(problem, solve_limits, trials, 1e-5).run()
    assert trials.leverage == approx(answer.leverage, rel=1e-4)
    assert bound == approx(answer.leverage, rel=1e-4)


def test_what_is_too_much_to_enumerate_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    case = made(0)
    network = Problem(case).network
    assert overlaps.has_overlapping_subnetworks(network)
    monkeypatch.setattr(overlaps, "MOST_IN_PIECES", 10)
    assert not overlaps.has_overlapping_subnetworks(network)
    with pytest.raises(TooManyCombinations, match="list1, list2, list3"):
        solve(case, method="pieces")
