"""Rows of responses: they bound V under every combination, and the plan they lead to is the oracle's."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from pytest import approx
from sluicegate import Case, evaluate, solve
from sluicegate.data.units import Units
from sluicegate.model import Monitor
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.follower.enumerate import FollowerSolver
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.methods.rows import blocks as rows_blocks
from sluicegate.model.methods.rows.blocks import Blocks
from sluicegate.model.methods.rows.rows import Rows
from sluicegate.model.plan.clock import Clock
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.solving import choose

from sluicegate_testing.agreeing import made
from sluicegate_testing.all_features import INSIDE, SHARED, drawn_with
from sluicegate_testing.builders import OURS, case, demand, idle, lane, policy, stock
from sluicegate_testing.oracle import oracle
from sluicegate_testing.strategies import cases, random_case
from tools.bench.generate import generate


def check_rows(problem: Problem, most: int = 6) -> Blocks:
    """Compare rows of some responses with V under all combinations."""
    arrays = problem.response
    blocks = Blocks(arrays, *problem.sources)
    responder, stake = FollowerSolver(arrays), money_scale(problem)
    combinations = list(itertools.product(*map(range, arrays.menu_sizes)))
    # Regimes without lanes to the counterpart stand in no block: as many combinations are alike.
    idle = len(combinations) // math.prod(len(block.combinations) for block in blocks.blocks)
    costs = {}
    for policy_indices in combinations:
        responder.highs.forget()
        costs[policy_indices] = responder.solve(policy_indices)[0]
    dice = np.random.default_rng(0)
    for place in dice.permutation(len(combinations))[:most]:
        here = combinations[place]
        row = blocks.row(responder.solve(here)[1], here)
        everywhere, own = np.array(combinations, dtype=int), np.array(list(costs.values()))
        assert blocks.value([row], everywhere)[place] == approx(costs[here], abs=1e-8 * stake)
        # So does any response, also one that ships more than it needs and lacks what it ships from.
        solution, upper = responder.solve(here)[1], arrays.upper(here)
        wasteful = blocks.row(
            np.where(blocks.core, solution, solution + 0.7 * (np.minimum(upper, 1e3) - solution)), here
        )
        for bound in (row, wasteful):
            assert (blocks.value([bound], everywhere) >= own - 1e-9 * stake).all()
    if blocks.apart:
        for _ in range(2):
            weights = [dice.dirichlet(np.full(len(block.combinations), 0.3)) for block in blocks.blocks]
            row, value = blocks.mix(weights)
            mean = 0.0
            assert (blocks.value([row], everywhere) >= own - 1e-9 * stake).all()
            for policy_indices, cost in costs.items():
                parts = zip(weights, blocks.blocks, strict=True)
                mean += cost * float(np.prod([shares[block.place(policy_indices)] for shares, block in parts])) / idle
            # No concave bound is below the mean of V over independent draws of the blocks' combinations.
            assert value >= mean - 1e-6 * stake
    return blocks


@pytest.mark.parametrize("part", range(2))
def test_rows_bound_every_combination(part: int) -> None:
    @seed(part)
    @settings(max_examples=12)
    @given(cases())
    def bounded(drawn: Any) -> None:
        check_rows(Problem(made(drawn)))

    bounded()


@pytest.mark.parametrize("number", range(70, 78))
def test_rows_bound_larger_cases(number: int) -> None:
    check_rows(Problem(made(random_case(number, max_weeks=10, max_combinations=64))))


ALL = {INSIDE, SHARED, "profiles", "retaliations", "saving", "refusal"}
WITH = {
    401: ALL,
    403: ALL,
    408: ALL - {INSIDE},
    410: ALL - {"saving"},
    440: ALL - {SHARED},
    459: ALL - {"retaliations"},
}
"""Random cases by number, and what they have."""


@pytest.mark.parametrize("number", WITH)
def test_rows_bound_cases_of_all_features(number: int) -> None:
    drawn, has = drawn_with(number)
    assert has >= WITH[number]
    check_rows(Problem(made(drawn)))
    check_bounds(drawn)


def check_bounds(drawn: Any) -> None:
    """Compare what rows and cuts say of every combination, once the search is over, with the oracle."""
    problem, answer = Problem(made(drawn)), oracle(*drawn)
    solve_limits, stake = SolveLimits.of(problem.case), money_scale(problem)
    search = Rows(problem, solve_limits, LocalSearch(problem, solve_limits), 1e-9)
    bound = search.run()
    values = {policies: value for policies, value in answer.values.items() if value is not None}
    assert bound >= max(values.values(), default=-math.inf) - 1e-6 * stake
    menus = list(problem.network.menu.values())
    for policy_indices in itertools.product(*map(range, problem.response.menu_sizes)):
        value = values.get(tuple(menu[digit] for menu, digit in zip(menus, policy_indices, strict=True)))
        if value is not None:
            assert search.master.most(policy_indices) >= value - 1e-6 * stake


LISTS = [{"regime": f"list{k}", "controller": "us"} for k in range(3)]
REVIEWS = [
    row
    for k in range(3)
    for row in (policy(2, regime=f"list{k}"), policy(3, "refusal", f"list{k}", approval_rate=0.4, start_week=1))
]


def network(kind: str) -> Case:
    """Three regimes on lanes between the counterpart's sites, on lanes to one pair, or on both."""
    inside = [
        lane("us", "depot", 4.0, max_flow=6.0, regime="list0", unit_cost=2.0, lead_weeks=1),
        lane("world", "depot", 1.0, max_flow=2.0, unit_cost=3.0),
        lane("depot", "mill", 3.0, max_flow=5.0, regime="list1", unit_cost=0.5),
        lane("depot", "shop", 1.0, max_flow=4.0, regime="list2", unit_cost=0.4, lead_weeks=1),
        idle("mill", "shop", 3.0, unit_cost=0.2),
        idle("overseas", "mill", 1.0, unit_cost=6.0),
    ]
    common = [
        lane("us", "mill", 2.0, lane=f"from-us-{k}", regime=f"list{k}", unit_cost=1.0 + 0.3 * k, max_flow=3.0)
        for k in range(3)
    ] + [idle("world", "mill", 2.0, unit_cost=4.0), lane("mill", "shop", 1.0, max_flow=2.0)]
    lanes = {"inside": inside, "common": common, "both": [*inside, *common[:2]]}[kind]
    return case(
        6,
        sites={"mill": "them", "shop": "them"},
        lanes=lanes,
        stocks=[stock("mill", 2.0, capacity=4.0), stock("shop", 1.0, terminal_target=1.0)],
        demands=[demand("mill", 2.0, 9.0), demand("shop", 1.5, 14.0)],
        regimes=LISTS,
        policies=REVIEWS,
    )


@pytest.mark.parametrize("together", [1, 9, 64])
@pytest.mark.parametrize("kind", ["inside", "common", "both"])
def test_rows_where_regimes_meet(kind: str, together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regimes that act on one pair form one block, or share out what the pair needs."""
    monkeypatch.setattr(rows_blocks, "MOST_TOGETHER", together)
    blocks = check_rows(Problem(network(kind)), most=27)
    assert (len(blocks.blocks) == 1) == (together == 64)
    assert (blocks.standing.max() > 1) == (together < 64)


@pytest.mark.parametrize("together", [1, 64])
@pytest.mark.parametrize("kind", ["inside", "common", "both"])
def test_plans_where_regimes_meet(kind: str, together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_blocks, "MOST_TOGETHER", together)
    plan, enumerated = (solve(network(kind), method=method) for method in ("rows", "columns"))
    assert plan.status == "optimal"
    assert plan.leverage == approx(enumerated.leverage, rel=1e-6)
    assert plan.leverage > 1.0


def test_a_few_responses_prove_a_plan_among_millions() -> None:
    # 43,046,721 combinations; what the counterpart does is nothing to us, and its goods share inputs.
    large = generate(16, 3, 10, coupled=False, seed=1)
    plan = solve(large, method="rows", rel_gap=1e-4)
    assert plan.status == "optimal"
    assert plan.gap is not None and plan.gap <= 1e-4
    assert plan.solve["response_rows"] < 40
    assert plan.leverage == approx(evaluate(large, plan.policies, plan.qualified, plan.stockpile).leverage, rel=1e-9)


@pytest.mark.parametrize("coupled", [False, True])
def test_rows_are_chosen_where_our_side_sees_nothing_of_the_response(coupled: bool) -> None:
    problem = Problem.natural(generate(16, 3, 4, coupled=coupled, seed=1))
    method, reason = choose(problem.network, SolveLimits.of(problem.case), Clock(600.0))
    assert method == ("pieces" if coupled else "rows")
    assert "too many to enumerate" in reason


@pytest.mark.parametrize("patience", [40, 200])
@pytest.mark.parametrize("coupled", [False, True])
def test_stopped_rows_keep_their_plan(coupled: bool, patience: int) -> None:
    """Wherever the search is stopped, there is a plan that is worked out and a bound that is proven."""
    asked = itertools.count()

    class Impatient(Monitor):
        searching = False

        def stage(self, name: str, total: int) -> None:
            self.searching = self.searching or name == "search"

        def stop(self) -> bool:
            return self.searching and next(asked) >= patience

    small = generate(4, 3, 8, coupled=coupled, seed=1)
    best = solve(small, method="columns", rel_gap=1e-9).leverage
    plan = solve(small, method="rows", rel_gap=1e-9, monitor=Impatient())
    assert plan.status in ("feasible", "optimal")
    assert plan.leverage <= best + 1e-4 * abs(best) and plan.bound >= best - 1e-4 * abs(best)
    assert plan.leverage == approx(evaluate(small, plan.policies, plan.qualified, plan.stockpile).leverage, rel=1e-6)


def test_rows_do_not_mind_units() -> None:
    """The same case in money a millionth as large has the same plan."""
    drawn = network("both")
    plan = solve(drawn, method="rows")
    again = solve(Units(1e-6, {}).natural(drawn), method="rows")
    assert again.policies == plan.policies
    assert again.leverage == approx(plan.leverage * 1e6, rel=1e-9)


def test_rows_and_cuts_bound_leverage() -> None:
    """What rows and cuts say of a combination is at least its leverage, whatever they were taken at."""
    check_bounds(random_case(14))


@pytest.mark.parametrize(("above", "status"), [(0.9, "optimal"), (1.1, "feasible")])
def test_a_leverage_of_nothing_is_judged_by_the_stake(
    above: float, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no policy does any harm, no gap is relative to the leverage: not where the search stops, nor of the plan."""
    nothing = case(
        2,
        lanes=[lane("us", "them", 1.0, regime="list"), idle("world", "them", 1.0, unit_cost=1.0)],
        demands=[demand("them", 1.0, 20.0)],
        regimes=OURS,
        policies=[policy(1)],
    )
    stake, unit = money_scale(Problem(nothing)), Problem.natural(nothing).units.money
    monkeypatch.setattr(Rows, "run", lambda self: self.trials.enough(self.gap) * above)
    plan = solve(nothing, method="rows", rel_gap=1e-2)
    assert plan.leverage == 0.0
    assert plan.bound == approx(above * 1e-2 * 1e-6 * stake, rel=1e-6)
    assert plan.status == status
    # Below what any search tells apart, there is nothing to close.
    monkeypatch.setattr(Rows, "run", lambda self: 1e-9 * above)
    plan = solve(nothing, method="rows", rel_gap=0.0)
    assert plan.bound == approx(above * 1e-9 * unit, rel=1e-6)
    assert plan.status == status


@pytest.mark.parametrize("coupled", [False, True])
def test_parts_have_rows_of_their_own(coupled: bool) -> None:
    blocks = check_rows(Problem(generate(4, 3, 5, components=2, coupled=coupled, seed=2)))
    assert blocks.parts == len({block.part for block in blocks.blocks}) > 1


def test_parts_learn_from_one_response() -> None:
    # 3^24 combinations; eight parts find their best from as many responses as one of them would.
    plan = solve(generate(24, 3, 8, components=8, coupled=False, seed=1), method="rows", rel_gap=1e-4)
    assert plan.status == "optimal"
    assert plan.solve["response_rows"] < 20


def learnt(case: Case, rounds: int = 2) -> Rows:
    """Rows and cuts after a few rounds."""
    problem = Problem(case)
    solve_limits = SolveLimits.of(problem.case)
    problem.fixed_policy.solve_limits = solve_limits
    search = Rows(problem, solve_limits, LocalSearch(problem, solve_limits), 1e-9)
    search.stop = lambda: search.rounds >= rounds
    search.run()
    return search


def test_what_rows_say_of_a_mixture_is_no_less_than_the_mean_of_what_they_say() -> None:
    search = learnt(generate(4, 3, 16, seed=3))
    master, sizes = search.master, search.trials.sizes
    dice = np.random.default_rng(1)
    combinations = np.array(list(itertools.product(*map(range, sizes))))
    said = search.blocks.value(master.rows, combinations)
    for place in (0, 5, len(combinations) - 1):
        levels = np.zeros(master.policies)
        levels[master.starts[:-1] + combinations[place]] = 1.0
        assert master.cost_at(levels) == approx(said[place], rel=1e-9)
    shares = [dice.dirichlet(np.ones(size)) for size in sizes]
    weights = np.prod([share[combinations[:, regime]] for regime, share in enumerate(shares)], axis=0)
    assert master.cost_at(np.concatenate(shares)) >= float(weights @ said) - 1e-9 * abs(said).max()


def test_a_climb_ends_where_no_change_of_two_regimes_promises_more() -> None:
    search = learnt(generate(5, 3, 16, seed=0, limited=0.6))
    master, trials = search.master, search.trials
    found, most = master.climb((0,) * 5)
    assert found is not None
    assert found not in master.ruled_out
    assert trials.allowed(found)
    assert most == approx(master.most(found), rel=1e-9)
    for other in itertools.product(*map(range, trials.sizes)):
        changed = sum(one != two for one, two in zip(found, other, strict=True))
        if changed <= 2 and other not in master.ruled_out and trials.allowed(other):
            assert master.most(other) <= most + 1e-5 * abs(most)


def test_a_climb_tells_where_nothing_is_left() -> None:
    search = learnt(generate(2, 2, 12, limited=1.0), rounds=0)
    for policy_indices in itertools.product(*map(range, search.trials.sizes)):
        search.master.rule_out(policy_indices)
    assert search.master.climb((0, 0)) == (None, -math.inf)
