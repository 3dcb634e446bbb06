"""Time limits and stops are heard in every phase, and methods that run side by side share what they find."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest import approx
from sluicegate import solve
from sluicegate.model import Monitor
from sluicegate.model.follower import combinations as candidates
from sluicegate.model.follower import enumerate as columns
from sluicegate.model.follower.enumerate import Enumerator, gray_order
from sluicegate.model.formulation.linking import build_leader_problem
from sluicegate.model.leader.problem import Problem
from sluicegate.model.methods import engine, portfolio
from sluicegate.model.methods import large_spaces as large
from sluicegate.model.methods.companion import Companion, News
from sluicegate.model.methods.decomposition import master as overlaps
from sluicegate.model.methods.large_spaces import Job, solve_by
from sluicegate.model.methods.local_search import LocalSearch
from sluicegate.model.methods.portfolio import Race
from sluicegate.model.network import Network
from sluicegate.model.plan.clock import MOST_KEPT, Clock
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.plan.monitor import StopCheck, Stopped
from sluicegate.model.solver.arrays import compile_model
from sluicegate.model.solver.highs import Highs
from sluicegate.model.solving import choose

from sluicegate_testing.agreeing import made
from sluicegate_testing.oracle import oracle
from sluicegate_testing.strategies import random_case
from tools.bench.generate import generate

CLOSE = 1e-4


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class After:
    """Says yes after so many questions."""

    def __init__(self, patience: int):
        self.left = patience

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


# The clock -------------------------------------------------------------------------------------------------------------


def test_time_for_the_certificate_is_kept_back() -> None:
    hand = Hand()
    clock = Clock(10.0, now=hand)
    assert not clock.up() and clock.left == 10.0
    clock.keep_back(2.0)
    hand.at += 7.9
    assert not clock.up()
    hand.at += 0.2
    assert clock.up() and clock.passed == approx(8.1)
    clock.keep_back(1000.0)
    assert clock.kept == MOST_KEPT * 10.0


def test_who_wants_to_stop_is_heard_before_the_time_is_up() -> None:
    assert Clock(10.0, lambda: True, Hand()).up()


# Every phase -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [0, 10, 100])
def test_building_is_stopped(patience: int, caplog: pytest.LogCaptureFixture) -> None:
    case = generate(6, weeks=26)
    asked = After(patience)
    network = Network(case, check=StopCheck(asked, every=16))
    with pytest.raises(Stopped):
        build_leader_problem(network)
    assert asked.left == -1
    assert not caplog.records


def test_compiling_is_stopped() -> None:
    network = Network(generate(6, weeks=26))
    model = build_leader_problem(network)
    with pytest.raises(Stopped):
        compile_model(model, StopCheck(lambda: True))


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
def test_a_linear_program_is_stopped(solver: str) -> None:
    program = Problem(generate(6, weeks=26)).response.program
    highs = Highs(program, stop=lambda: True, solver=solver, presolve="off")
    with pytest.raises(Stopped):
        highs.solve()
    assert Highs(program, stop=lambda: False, solver=solver, presolve="off").solve().optimal


def test_an_enumeration_keeps_what_there_is() -> None:
    problem = Problem(generate(6, policies=2, weeks=4))
    combinations = list(gray_order(problem.response.menu_sizes))
    asked = After(40)
    batch = Enumerator(problem.response, stop=asked).run(combinations)
    answered = ~(batch.cost != batch.cost)
    assert 0 < answered.sum() < len(combinations) < columns.CHUNK
    whole = Enumerator(problem.response).run(combinations)
    assert batch.cost[answered] == approx(whole.cost[answered])


@pytest.mark.parametrize("method", ["auto", *large.METHODS])
def test_a_solve_that_is_stopped_at_once_has_no_plan(method: str) -> None:
    class Now(Monitor):
        def stop(self) -> bool:
            return True

    plan = solve(generate(4, policies=2, weeks=4), method=method, monitor=Now())
    assert (plan.status, plan.leverage, plan.solve["termination"]) == ("unknown", None, "stopped")


def test_choosing_takes_a_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(generate(8, weeks=4))
    monkeypatch.setattr(candidates, "MOST_COLUMNS", 10)
    assert choose(network, SolveLimits(), Clock(100.0, now=Hand()))[0] == "pieces"

    class Hasty(Hand):
        def __call__(self) -> float:
            self.at += 1.0
            return self.at

    monkeypatch.setattr(StopCheck.__init__, "__defaults__", (1,))
    assert choose(network, SolveLimits(), Clock(100.0, now=Hasty()))[0] == "rows"
    assert overlaps.has_overlapping_subnetworks(network)


def test_a_time_limit_that_never_comes_hurries_nothing() -> None:
    plan = solve(generate(3, policies=3, weeks=6), method="columns", time_limit=math.inf)
    assert (plan.status, plan.solve["responses"]) == ("optimal", plan.solve["combinations"])


# A stopped enumeration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_stopped_enumeration_returns_the_best_of_what_it_has(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    case = generate(5, policies=3, weeks=8)
    best = solve(case, method="columns")
    assert best.leverage is not None and best.sourcing_only_leverage is not None
    hand, monitor = Hand(), Monitor()
    clock = Clock(100.0, now=hand)
    problem = Problem(case, None, clock.up)
    count = len(list(gray_order(problem.response.menu_sizes)))
    solved = columns.FollowerSolver.solve

    def slow(self: Any, policy_indices: Any) -> Any:
        # The last of them leave no more than the search's share of the time.
        hand.at += 85.0 / (share * count)
        return solved(self, policy_indices)

    monkeypatch.setattr(columns.FollowerSolver, "solve", slow)
    monkeypatch.setattr(engine, "MANY", 0)
    monkeypatch.setattr(Clock, "keep_back", lambda self, seconds: None)
    plan = solve_by(Job(problem, SolveLimits.of(case), "columns", "", False, 1e-4, clock, monitor))
    assert plan.leverage is not None and plan.bound is not None
    slack = CLOSE * abs(best.leverage)
    halfway = 0.5 * (best.leverage + best.sourcing_only_leverage)
    assert best.leverage + slack >= plan.leverage > halfway
    assert plan.bound >= best.leverage - slack


# Side by side -----------------------------------------------------------------------------------------------------------


class Scripted:
    """A companion whose news are known."""

    def __init__(self, *news: News):
        self.waiting = list(news)
        self.ended = self.closed = False

    def news(self, seconds: float = 0.0) -> News | None:
        if not self.waiting:
            return None
        found = self.waiting.pop(0)
        self.ended = found.end is not None
        return found

    def close(self) -> None:
        self.closed = True


def racing(monkeypatch: pytest.MonkeyPatch, *news: News) -> tuple[Race, LocalSearch, Scripted, Hand]:
    drawn = random_case(14)
    problem = Problem(made(drawn))
    trials = LocalSearch(problem, SolveLimits.of(problem.case))
    trials.offer(trials.work_out(trials.respond((0,) * len(trials.sizes))))
    hand, companion = Hand(), Scripted(*news)
    monkeypatch.setattr(portfolio, "Companion", lambda *_: companion)
    race = Race(problem, trials, 1e-4, Clock(100.0, now=hand), Monitor(), patience=5.0)
    trials.stop = race.stop
    return race, trials, companion, hand


def the_best() -> tuple[float, tuple[int, ...]]:
    drawn = random_case(14)
    plan = solve(made(drawn))
    assert plan.leverage == approx(oracle(*drawn).leverage, rel=CLOSE)
    menu = Network(made(drawn)).menu
    return plan.leverage, columns.policy_indices_of(plan.policies, menu)


def test_the_program_joins_late_and_its_news_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    leverage, policy_indices = the_best()
    race, trials, _, hand = racing(
        monkeypatch,
        News(bound=2 * leverage, policy_indices=policy_indices),
        News(bound=leverage, end="Optimal", nodes=7),
    )
    assert not race.stop() and not race.joined
    hand.at += 5.0
    assert race.stop() and race.joined
    assert trials.leverage == approx(leverage, rel=1e-6)
    assert race.won and race.bound == leverage
    assert race.program_facts()["nodes"] == 7


def test_the_other_method_wins_with_the_incumbent_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    leverage, policy_indices = the_best()
    race, _, companion, hand = racing(monkeypatch, News(bound=math.inf, policy_indices=policy_indices))
    hand.at += 5.0
    assert not race.stop()
    race.report(0.0, leverage)
    assert race.stop() and not race.won
    race.close()
    assert companion.closed


def test_a_program_that_denies_a_plan_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    leverage, policy_indices = the_best()
    for bound in (-math.inf, leverage - 0.01 * abs(leverage)):
        race, _, _, hand = racing(monkeypatch, News(bound=bound, policy_indices=policy_indices, end="Optimal"))
        hand.at += 5.0
        assert not race.stop()
        assert race.bound == math.inf


class Failing:
    def run(self) -> float:
        raise ArithmeticError("no end")

    def facts(self) -> dict[str, Any]:
        return {}


def test_a_method_that_fails_leaves_it_to_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    leverage, policy_indices = the_best()
    race, trials, _, _ = racing(monkeypatch, News(bound=leverage, policy_indices=policy_indices, end="Optimal"))
    portfolio.run(Failing, race)
    assert race.bound == leverage
    assert trials.leverage == approx(leverage, rel=1e-6)


def test_a_method_that_fails_in_a_trial_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    race, *_ = racing(monkeypatch)
    with pytest.raises(ArithmeticError, match="no end"):
        portfolio.run(Failing, race, last=False)
    assert not race.joined
    drawn = random_case(14)
    monkeypatch.setattr(candidates, "MOST_COLUMNS", 1)
    monkeypatch.setattr(portfolio, "SMALL", 0)
    monkeypatch.setattr(large, "Narrowing", lambda *_: Failing())
    plan = solve(made(drawn))
    assert (plan.status, plan.solve["method"]) == ("optimal", "pieces")


@pytest.mark.parametrize(("rounds", "method"), [(0, "pieces"), (1, "pieces"), (100, "rows")])
def test_rows_come_before_pieces(rounds: int, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever proves the plan is named; what the first has found is kept."""
    best, _ = the_best()
    monkeypatch.setattr(candidates, "MOST_COLUMNS", 1)
    monkeypatch.setattr(portfolio, "SMALL", 0)
    monkeypatch.setattr(large, "TRIAL", rounds)
    monkeypatch.setattr(large, "PROMISING", rounds)
    plan = solve(made(random_case(14)))
    assert (plan.status, plan.solve["method"]) == ("optimal", method)
    assert plan.leverage == approx(best, rel=1e-6)
    assert ("rows came first" in plan.solve["reason"]) == (method == "rows")


def test_where_the_program_fails_too_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    race, *_ = racing(monkeypatch, News(end="ended"))
    with pytest.raises(ArithmeticError, match="no end"):
        portfolio.run(Failing, race)


def until(companion: Companion, enough: Callable[[News], bool]) -> News:
    for _ in range(600):
        news = companion.news(0.1)
        if news is not None and enough(news):
            return news
    raise AssertionError("no news for a minute")


def test_a_program_in_a_process_of_its_own_finds_the_plan() -> None:
    leverage, _ = the_best()
    problem = Problem(made(random_case(14)))
    companion = Companion(problem, None, 1e-6, 60.0)
    try:
        last = until(companion, lambda news: news.end is not None)
        assert (last.end, last.bound) == ("Optimal", approx(leverage, rel=1e-5))
        trials = LocalSearch(problem, SolveLimits.of(problem.case))
        assert last.policy_indices is not None
        assert trials.work_out(trials.respond(last.policy_indices)).leverage == approx(leverage, rel=1e-5)
    finally:
        companion.close()


def test_a_process_that_is_killed_says_that_it_ended() -> None:
    companion = Companion(Problem(generate(12, weeks=52)), None, 1e-6, 600.0)
    companion._process.kill()
    try:
        assert until(companion, lambda news: news.end is not None).bound == math.inf
        assert companion.ended
    finally:
        companion.close()


def test_the_time_limit_holds_where_the_solver_is_deaf() -> None:
    # The root relaxation of this program takes more than twenty seconds, in which HiGHS asks nobody.
    case = generate(12, weeks=52)
    began = time.perf_counter()
    plan = solve(case, method="program", time_limit=6.0, rel_gap=1e-6)
    assert time.perf_counter() - began < 20.0
    assert plan.status in ("feasible", "unknown")
    assert plan.solve["termination"] == "stopped"


@pytest.mark.parametrize("coupled", [False, True])
def test_rows_begin_with_local_search_where_our_side_depends_on_the_response(
    coupled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []
    search = LocalSearch.search
    monkeypatch.setattr(LocalSearch, "search", lambda self, rungs=(): searched.append(rungs) or search(self, rungs))
    assert solve(generate(3, policies=3, weeks=8, coupled=coupled), method="rows").status == "optimal"
    assert len(searched) == coupled


@pytest.mark.parametrize("rounds", [1, 100])
def test_rows_come_before_many_columns(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    best, _ = the_best()
    monkeypatch.setattr(large, "MANY", 1)
    monkeypatch.setattr(portfolio, "SMALL", 0)
    monkeypatch.setattr(large, "TRIAL", rounds)
    monkeypatch.setattr(large, "PROMISING", rounds)
    plan = solve(made(random_case(14)))
    assert (plan.status, plan.solve["method"]) == ("optimal", "rows" if rounds == 100 else "columns")
    assert plan.leverage == approx(best, rel=1e-6)
    assert plan.solve["responses"] > 1
