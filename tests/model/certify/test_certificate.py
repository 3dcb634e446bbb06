"""A plan carries its own arrays, keeps its limits, and says which figure differs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from sluicegate import Case, case_from_tables, evaluate, load_case, solve
from sluicegate.analysis.status_quo import unserved_table
from sluicegate.model import CertificateError
from sluicegate.model.algebra import value
from sluicegate.model.certify.certificate import Compared, certify
from sluicegate.model.certify.figures import Facts, Figures
from sluicegate.model.certify.planning import make_plan
from sluicegate.model.certify.tables import plan_tables
from sluicegate.model.formulation.leader_costs import COSTS
from sluicegate.model.leader.problem import Problem
from sluicegate.model.leader.readout import RESPONSE_COSTS
from sluicegate.model.leader.recompute import FirstStage
from sluicegate.model.plan.plan import served
from sluicegate.model.plan.tolerances import SERVED_IN_FULL
from sluicegate.model.solver.arrays import Program
from sluicegate.model.solver.highs import Highs, Outcome

from sluicegate_testing.builders import case, demand, idle, lane, policy
from sluicegate_testing.strategies import random_case


def drawn(seed: int) -> Case:
    return case_from_tables("drawn", *random_case(seed, max_regimes=3, max_weeks=8))


def choices(problem: Problem) -> dict[str, str]:
    """The last policy of every regime."""
    return {regime: menu[-1] for regime, menu in problem.network.menu.items()}


def answer(problem: Problem, choice: dict[str, str]) -> tuple[np.ndarray, float]:
    """Columns of the leader problem of a least-cost response, and what it costs."""
    from sluicegate.model.follower.enumerate import FollowerSolver, policy_indices_of

    cost, solution = FollowerSolver(problem.response).solve(policy_indices_of(choice, problem.network.menu))
    return problem.to_joint(solution), cost


# Arrays ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "rare"), [(4, "lost_exports"), (7, "undelivered_cost"), (18, "transfer_income")])
@pytest.mark.parametrize("warm", [False, True])
def test_cost_parts_are_those_of_the_model(seed: int, rare: str, warm: bool) -> None:
    problem = Problem(drawn(seed))
    network, readout, choice = problem.network, problem.readout, choices(problem)
    response, _ = answer(problem, choice)
    first = FirstStage(
        dict.fromkeys(readout.qualify.keys, True),
        {pair: network.stock(pair).stockpile_max for pair in readout.stockpile.keys},
    )
    operations = Figures(problem, warm=warm).account(choice, response, first).operations
    model, compiled = problem.leader_problem.model, problem.leader_problem.compiled
    for variable in model.variables:
        place = compiled.column.get(id(variable))
        variable.value = 0.0 if place is None else float(operations.solution[place])
    amount, amounts = operations.readout.amount, operations.amounts
    for part in RESPONSE_COSTS:
        assert amount(amounts, part) == approx(value(model.response.component(part)), rel=1e-12, abs=1e-9)
    for name, block in model.ours.items():
        for family in COSTS:
            expected = value(block.component(family.__name__))
            assert amount(amounts, family.__name__, name) == approx(expected, rel=1e-12, abs=1e-9)
        margin = value(model.margin_earned)
        assert operations.own_cost[name] == approx(value(block.cost) - margin, rel=1e-9, abs=1e-9)
        assert operations.refused[name] == approx(value(block.refused_margin), rel=1e-12, abs=1e-9)
    assert operations.first_stage_cost == approx(value(model.first_stage_cost), abs=1e-9)
    assert operations.response_cost == approx(value(model.response.cost), rel=1e-12, abs=1e-9)
    assert any(amount(amounts, rare, name) > 0 for name in readout.scenarios)


def test_tables_do_not_depend_on_what_is_solved_in_between() -> None:
    problem = Problem(load_case("tutorial"))
    figures = Figures(problem)
    plans = {name: {**problem.all_open, "acid": name} for name in ("open", "strict")}
    alone = {
        name: plan_tables(problem, figures.account(choice, answer(problem, choice)[0], FirstStage({}, {})))
        for name, choice in plans.items()
    }
    accounts = {
        name: figures.account(choice, answer(problem, choice)[0], FirstStage({}, {})) for name, choice in plans.items()
    }
    for name, account in accounts.items():
        for table, frame in plan_tables(problem, account).items():
            pd.testing.assert_frame_equal(frame, alone[name][table])
    assert not alone["open"]["flows"].equals(alone["strict"]["flows"])


def test_no_values_are_left_in_the_models() -> None:
    problem = Problem(drawn(5))
    choice = choices(problem)
    response, cost = answer(problem, choice)
    make_plan(problem, Facts(choice, cost, None, None, 0.0, None, {}), response, FirstStage({}, {}), 0.0)
    for model in (problem.leader_problem.model, problem.status_quo.leader_problem.model):
        assert all(variable.value is None for variable in model.variables)


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_the_same_warm_and_cold(seed: int) -> None:
    problem = Problem(drawn(seed))
    warm, cold = Figures(problem, warm=True), Figures(problem)
    for choice in (problem.all_open, choices(problem), problem.all_open):
        response, cost = answer(problem, choice)
        facts = Facts(choice, cost, None, None, 0.0, None, {})
        found, expected = (figures.plan(facts, response, FirstStage({}, {}))[0] for figures in (warm, cold))
        for name in ("leverage", "own_loss", "counterpart_loss"):
            assert found[name] == approx(expected[name], rel=1e-9, abs=1e-6)
        assert found["status"] == expected["status"]
        # Broken limits are elastic for one plan alone.
        assert [text.partition(": ")[0] for text in found["violations"]] == [
            text.partition(": ")[0] for text in expected["violations"]
        ]


# Limits ----------------------------------------------------------------------------------------------------------------


def world(limits: dict[str, float] | None = None, **columns: float) -> Case:
    """Ten units a week wanted, four that come, and a regime whose policy takes five hours and two points."""
    return case(
        limits=limits,
        items=[{"item": "x", "max_party_share": columns.pop("max_party_share", 1.0)}],
        lanes=[
            lane("world", "us", 4.0),
            idle("overseas", "us", 10.0, fixed_cost=15.0),
            lane("us", "them", 1.0, regime="list"),
        ],
        demands=[demand("us", 10.0, 5.0, **columns), demand("them", 1.0, 5.0)],
        regimes=[{"regime": "list", "controller": "us"}],
        policies=[policy(1, reviewer_load=5.0, political_cost=2.0)],
    )


BROKEN = [
    (world(min_fill=0.5), {}, (), "mean fill of x in us at least 50% in scenario none: short by 10 points"),
    (world(min_fill_week=0.5), {}, (), "weekly fill of x in us at least 50% in scenario none: short by 10 points"),
    (
        world(min_fill=0.4, max_party_share=0.6),
        {},
        (),
        "share of world in our intake of x at most 60%: over by 1.6 units",
    ),
    (world({"budget": 14.0}), {}, ("overseas-us",), "budget at most 14: over by 1"),
    (world({"reviewer_hours": 4.0}), {"list": "slow"}, (), "reviewer hours at most 4: over by 1"),
    (world({"political_capital": 1.5}), {"list": "slow"}, (), "political capital at most 1.5: over by 0.5"),
]


@pytest.mark.parametrize(("made", "policies", "qualified", "words"), BROKEN, ids=[words for *_, words in BROKEN])
def test_a_plan_that_breaks_a_limit_is_no_plan(made: Case, policies: dict, qualified: tuple, words: str) -> None:
    plan = evaluate(made, policies, qualified)
    assert plan.status == "infeasible"
    assert plan.violations == (words,)
    # The same choices as the answer of a search are refused.
    problem = Problem(made)
    choice = {**problem.all_open, **policies}
    response, cost = answer(problem, choice)
    facts = Facts(choice, cost, plan.leverage, plan.leverage, 0.0, None, {})
    with pytest.raises(CertificateError) as caught:
        make_plan(problem, facts, response, FirstStage(dict.fromkeys(qualified, True), {}), 0.0)
    assert words in str(caught.value)


def test_limits_hold_in_every_scenario() -> None:
    made = case(
        lanes=[lane("world", "us", 10.0)],
        demands=[demand("us", 10.0, 5.0, min_fill=0.9)],
        contingencies=[{"contingency": "storm", "lane": "world-us", "from_week": 0, "availability": 0.5}],
    )
    assert evaluate(made).violations == ("mean fill of x in us at least 90% in scenario storm: short by 40 points",)


# Figures ---------------------------------------------------------------------------------------------------------------


def test_the_certificate_names_the_figure_that_differs() -> None:
    problem = Problem(load_case("tutorial"))
    choice = {**problem.all_open, "acid": "strict"}
    response, cost = answer(problem, choice)
    right = evaluate(problem.case, choice).leverage
    assert right is not None

    def message(claimed: float, cost: float, response: np.ndarray) -> str:
        facts = Facts(choice, cost, claimed, claimed, 0.0, None, {})
        with pytest.raises(CertificateError) as caught:
            Figures(problem).plan(facts, response, FirstStage({}, {}))
        return str(caught.value)

    told = message(right + 3.0, cost, response)
    assert f"leverage is {right + 3.0!r} in the search and " in told
    assert "response" not in told
    told = message(right, cost + 2.0, response)
    assert f"V, what a least-cost response costs, is {cost + 2.0!r} in the search and {cost!r} in" in told
    assert "the plan's response" not in told
    ship = problem.readout.response["ship"].columns
    dearer = response.copy()
    dearer[ship[ship >= 0]] += 1.0
    told = message(right, cost, dearer)
    assert "the cost of the plan's response is " in told
    assert "V, what" not in told


def test_a_figure_that_is_no_number_does_not_agree() -> None:
    certify([Compared("leverage", 1.0, 1.0 + 1e-7, 0.0)])
    with pytest.raises(CertificateError, match="leverage is nan in the search"):
        certify([Compared("leverage", float("nan"), 1.0, 0.0)])


def test_rows_that_are_broken_have_a_price() -> None:
    problem = Problem(load_case("tutorial"))
    choice = {**problem.all_open, "acid": "strict"}
    response, cost = answer(problem, choice)
    figures, nothing = Figures(problem), FirstStage({}, {})
    assert figures.account(choice, response, nothing).infeasibility < 1e-9
    # A thousandth of a week's sales that nobody made.
    fill = problem.readout.response["fill"]
    place = int(np.flatnonzero(fill.values(response) < 0.5)[0])
    site, item, week = fill.keys[place]
    response[fill.columns[place]] += 1e-3
    account = figures.account(choice, response, nothing)
    worth = problem.network.worth("counterpart")[site, item]
    assert account.infeasibility == approx(1e-3 * problem.network.sales((site, item))[week][0] * worth)
    facts = Facts(choice, cost, account.leverage, account.leverage, 0.0, None, {})
    with pytest.raises(CertificateError, match="break rows by what can be worth"):
        figures.plan(facts, response, nothing)


def test_our_rows_that_are_broken_have_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(lanes=[lane("world", "us", 4.0)], demands=[demand("us", 10.0, 5.0)])
    problem = Problem(made)
    response, _ = answer(problem, {})
    solver = problem.operations_solver
    solving = Highs.solve

    def generous(self: Highs) -> Outcome:
        """Serve a thousandth more than there is, as a tolerance that is too wide would."""
        outcome = solving(self)
        assert outcome.solution is not None
        solution = outcome.solution.copy()
        solution[problem.readout.ours["none"]["fill"].columns] += 1e-3
        return replace(outcome, solution=solution)

    monkeypatch.setattr(Highs, "solve", generous)
    operations = solver.run(response, FirstStage({}, {}), {})
    # Ten units a week at 5.
    assert operations.infeasibility == approx(1e-3 * 10 * 5.0)


def test_a_plan_in_tiny_units_is_right_or_refused() -> None:
    factor = 3e-7
    tutorial = load_case("tutorial")
    moved = [f"limits.budget=*{factor:.10f}"]
    for table, names in QUANTITIES.items():
        for row in tutorial.rows(table):
            found = {name: getattr(row, name) for name in names}
            moved += [
                f"{table}.{row.id}.{name}=*{factor:.10f}" for name, amount in found.items() if amount and amount < 1e300
            ]
    with suppress(CertificateError):
        assert solve(load_case("tutorial", moved)).leverage == approx(35.7 * factor, rel=1e-6)


QUANTITIES = {
    "stocks": ("initial", "capacity", "terminal_target", "stockpile_max"),
    "lanes": ("base_flow", "max_flow", "fixed_cost"),
    "processes": ("capacity",),
    "demands": ("quantity",),
    "policies": ("admin_cost",),
    "retaliations": ("cost",),
}
"""Figures that move with the unit in which goods are counted, and money with them."""


# State and thresholds --------------------------------------------------------------------------------------------------


def test_a_solve_leaves_options_as_they_were() -> None:
    # Presolve sees that this has no optimum, and not whether it is infeasible or unbounded.
    import scipy.sparse as sparse

    program = Program(
        cost=np.array([-1.0, 0.0]),
        matrix=sparse.csc_matrix(np.array([[1.0, -1.0]])),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([0.0]),
        column_lower=np.zeros(2),
        column_upper=np.full(2, np.inf),
        integer=np.zeros(2, dtype=bool),
    )
    for presolve in ("on", "choose", "off"):
        highs = Highs(program, presolve=presolve, allow_unbounded_or_infeasible=True)
        assert highs.solve().termination == "Unbounded"
        assert highs.highs.getOptionValue("presolve")[1] == presolve
    highs = Highs(program, presolve="on", simplex_strategy=1)
    with pytest.raises(KeyError), highs.options(presolve="off", simplex_strategy=4):
        assert highs.highs.getOptionValue("simplex_strategy")[1] == 4
        raise KeyError
    assert highs.highs.getOptionValue("presolve")[1] == "on"
    assert highs.highs.getOptionValue("simplex_strategy")[1] == 1


@pytest.mark.parametrize(("share", "full"), [(1e-6, True), (5e-5, True), (2e-4, False)])
def test_one_threshold_of_served_in_full(share: float, full: bool) -> None:
    made = case(lanes=[lane("world", "us", 10.0 * (1 - share))], demands=[demand("us", 10.0, 5.0, min_fill=0.1)])
    plan = solve(made)
    assert bool(served(plan.scenarios["none"]["fill"]["us/x"])) == full
    assert unserved_table(made).empty == full
    assert SERVED_IN_FULL == 1 - 1e-4
