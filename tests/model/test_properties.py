"""What holds of every case: duality, monotonicity, neutrality, invariance, and plans whose figures add up."""

from __future__ import annotations

import copy
import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.optimize import linprog
from sluicegate import Case, Plan, evaluate, solve
from sluicegate.model.certify.certificate import money_scale
from sluicegate.model.follower import enumerate as columns
from sluicegate.model.follower.combinations import Candidates
from sluicegate.model.follower.enumerate import Enumerator, choice_of, gray_order
from sluicegate.model.formulation.follower import build_follower
from sluicegate.model.formulation.linking import PolicyBounds
from sluicegate.model.leader.problem import Problem
from sluicegate.model.network import Network, holding_weeks
from sluicegate.model.plan.limits import SolveLimits
from sluicegate.model.solver.arrays import Compiled, Program, compile_model
from sluicegate.model.solver.highs import Highs

from sluicegate_testing.agreeing import made
from sluicegate_testing.builders import parts
from sluicegate_testing.strategies import cases, random_case

Drawn = tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]
Choice = dict[str, str]

CLOSE = 1e-6
"""Relative difference of two leverages that ought to be the same, both solved without a gap."""


def choices(network: Network) -> st.SearchStrategy[Choice]:
    """Any choice of policies."""
    return st.fixed_dictionaries({regime: st.sampled_from(menu) for regime, menu in network.menu.items()})


def money_at(case: Case) -> float:
    return money_scale(Problem(case))


def close(leverage: float, money: float) -> Any:
    return approx(leverage, rel=CLOSE, abs=1e-7 * money)


def without_limits(drawn: Drawn) -> Drawn:
    """The same case without anything that a plan must keep."""
    settings_, tables = copy.deepcopy(drawn)
    settings_.pop("limits", None)
    for row in tables["demands"]:
        row["min_fill"] = row["min_fill_week"] = None
    for row in tables["items"]:
        row["max_party_share"] = None
    return settings_, tables


# Duality of the response -------------------------------------------------------------------------------------------


class Response:
    """The compiled response of a case, policies set by bounds."""

    def __init__(self, network: Network):
        self.network = network
        self.model = build_follower(network)
        self.compiled: Compiled = compile_model(self.model)
        self.gate = PolicyBounds(self.compiled, self.model.response)

    def program(self, choice: Choice) -> Program:
        program = self.compiled.program.relaxed()
        program.column_upper = self.gate.upper(program.column_upper, choice)
        return program

    def rows(self, family: Any) -> dict[Any, int]:
        """Rows of a constraint by its index."""
        found = {index: self.compiled.row.get(id(constraint)) for index, constraint in family.items()}
        return {index: row for index, row in found.items() if row is not None}


def dual_value(program: Program, duals: np.ndarray) -> float:
    """What duals of the rows prove about the minimum: b y - sum of u max(0, y A - c); -inf where they prove nothing.

    All rows are >= and all columns >= 0.
    """
    assert np.all(np.isinf(program.row_upper))
    assert np.all(program.column_lower == 0)
    assert duals.min(initial=0.0) > -1e-7
    over = np.maximum(0.0, program.matrix.T @ duals - program.cost)
    unbounded = np.isinf(program.column_upper)
    if over[unbounded].max(initial=0.0) > 1e-6:
        return -math.inf
    charged = float(over[~unbounded] @ program.column_upper[~unbounded])
    return float(program.row_lower @ duals) - charged + program.offset


@settings(max_examples=40)
@given(cases(), st.data())
def test_weak_and_strong_duality(drawn: Drawn, data: st.DataObject) -> None:
    # Duals found under one choice of policies prove its least cost, and at most that of every other choice.
    case = made(drawn)
    response = Response(Network(case))
    here, there = (data.draw(choices(response.network)) for _ in range(2))
    highs = Highs(response.program(here))
    least = highs.solve().objective
    assume(least is not None)
    scale = max(1.0, abs(least))
    duals = highs.row_duals()
    assert dual_value(response.program(here), duals) == approx(least, abs=1e-7 * scale)
    problem = Problem(case)
    assert problem.response_cost(here) == approx(least, abs=1e-9 * scale)
    assert dual_value(response.program(there), duals) <= problem.response_cost(there) + 1e-7 * scale


@settings(max_examples=40)
@given(cases(), st.data())
def test_duals_are_bounded_by_worths(drawn: Drawn, data: st.DataObject) -> None:
    # The dual program, written out: max b y - u z, y A - z <= c, y and z >= 0. Its value is V although the dual of a
    # balance is at most the pair's worth, that of a target the terminal price, and that of a lane's capacity the worth
    # at its destination.
    case = made(drawn)
    response = Response(Network(case))
    network, block = response.network, response.model.response
    choice = data.draw(choices(network))
    program = response.program(choice)
    assume(program.cost.size > 0)
    worth = network.worth("counterpart")
    most = np.full(program.row_lower.size, np.inf)
    for (site, item, _), row in response.rows(block.balance).items():
        most[row] = worth[site, item]
    for pair, row in response.rows(block.terminal).items():
        most[row] = network.terminal_price(pair)
    assert np.isfinite(most).all()
    capped = np.flatnonzero(np.isfinite(program.column_upper))
    most_capacity = np.full(program.cost.size, np.inf)
    for (name, _, _), variable in block.ship.items():
        lane = network.lanes[name]
        place = response.compiled.column.get(id(variable))
        if place is not None and program.column_upper[place] > 0:
            most_capacity[place] = worth[lane.destination, lane.item]
    slack = -np.eye(program.cost.size)[:, capped]
    outcome = linprog(
        np.concatenate([-program.row_lower, program.column_upper[capped]]),
        A_ub=np.hstack([program.matrix.T.toarray(), slack]),
        b_ub=program.cost,
        bounds=[(0, bound) for bound in np.concatenate([most, most_capacity[capped]])],
        method="highs",
    )
    assert outcome.status == 0
    least = Problem(case).response_cost(choice)
    assert program.offset - outcome.fun == approx(least, abs=1e-7 * max(1.0, abs(least)))


# Monotonicity ------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(cases(), st.data())
def test_a_harsher_review_never_helps_the_counterpart(drawn: Drawn, data: st.DataObject) -> None:
    # Longer delays, fewer approvals, longer windows. Where stock has room, what arrives early can be kept at the cost of
    # waiting; where it has none, arriving late can be a help.
    settings_, tables = copy.deepcopy(drawn)
    for row in tables["stocks"]:
        row["capacity"] = None
    mild = made((settings_, tables))
    network = Network(mild)
    assume(network.regimes)
    harsher = copy.deepcopy(tables)
    row = data.draw(st.sampled_from([row for row in harsher["policies"] if row["regime"] in network.menu]))
    delays = network.policy(row["regime"], row["policy"]).delay_weeks.weights
    later = data.draw(st.integers(0, 4))
    row["delay_weeks"] = ";".join(f"{lag + later}:{share!r}" for lag, share in delays)
    row["approval_rate"] = row.get("approval_rate", 1.0) * data.draw(st.sampled_from([1.0, 0.9, 0.5, 0.0]))
    if data.draw(st.booleans()):
        row["start_week"] = row["end_week"] = None
    choice = data.draw(choices(network))
    choice[row["regime"]] = row["policy"]
    before = Problem(mild).response_cost(choice)
    after = Problem(made((settings_, harsher))).response_cost(choice)
    assert after >= before - 1e-7 * max(1.0, abs(before))


@settings(max_examples=25)
@given(cases(), st.data())
def test_any_review_costs_the_counterpart_something_or_nothing(drawn: Drawn, data: st.DataObject) -> None:
    # Open is the mildest policy of all.
    settings_, tables = copy.deepcopy(drawn)
    for row in tables["stocks"]:
        row["capacity"] = None
    problem = Problem(made((settings_, tables)))
    choice = data.draw(choices(problem.network))
    least = problem.response_cost(problem.all_open)
    assert problem.response_cost(choice) >= least - 1e-7 * max(1.0, abs(least))


@settings(max_examples=20)
@given(cases(), st.data())
def test_more_to_choose_from_never_hurts_us(drawn: Drawn, data: st.DataObject) -> None:
    settings_, tables = copy.deepcopy(drawn)
    plan = solve(made(drawn), rel_gap=0.0)
    ours = {row["regime"] for row in tables["regimes"] if row["controller"] != "them"}
    wider = [place for place, row in enumerate(tables["policies"]) if row["regime"] in ours]
    what = data.draw(st.sampled_from(["policy", "limits", "stockpile"]))
    if what == "policy":
        assume(wider)
        del tables["policies"][data.draw(st.sampled_from(wider))]
    elif what == "limits":
        limits = settings_.setdefault("limits", {})
        for name in ("budget", "reviewer_hours", "political_capital"):
            limits[name] = min(limits.get(name, math.inf), data.draw(st.sampled_from([0.0, 3.0, 10.0])))
    else:
        for row in tables["stocks"]:
            row["stockpile_max"] = None
    narrow = solve(made((settings_, tables)), rel_gap=0.0)
    if narrow.leverage is not None:
        assert plan.leverage is not None
        assert plan.leverage >= narrow.leverage - max(CLOSE * abs(plan.leverage), 1e-7 * money_at(made(drawn)))


# Neutrality and invariance -----------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(cases())
def test_the_status_quo_is_neutral(drawn: Drawn) -> None:
    # All open, nothing sourced, no limit in force: the leverage of scenario none is 0.
    settings_, tables = without_limits(drawn)
    settings_["objective"] = {"scenario": "none"}
    case = made((settings_, tables))
    plan = evaluate(case)
    money = money_at(case)
    assert plan.scenarios["none"]["leverage"] == approx(0.0, abs=1e-6 * money)
    assert plan.scenarios["none"]["own_loss"] == approx(0.0, abs=1e-6 * money)
    assert plan.scenarios["none"]["counterpart_loss"] == approx(0.0, abs=1e-9 * money)


MONEY = {
    "items": ("holding_cost",),
    "stocks": ("stockpile_cost",),
    "lanes": ("unit_cost", "margin", "fixed_cost"),
    "processes": ("unit_cost",),
    "demands": ("shortage_penalty",),
    "policies": ("admin_cost",),
    "retaliations": ("cost",),
}


def scale(row: dict[str, Any], names: tuple[str, ...], factor: float) -> None:
    for name in names:
        if row.get(name) is not None:
            row[name] *= factor


@settings(max_examples=20)
@given(cases(), st.sampled_from([0.001, 0.5, 3.0, 1000.0]))
def test_leverage_scales_with_money(drawn: Drawn, factor: float) -> None:
    settings_, tables = copy.deepcopy(drawn)
    for table, names in MONEY.items():
        for row in tables[table]:
            scale(row, names, factor)
    scale(settings_.get("limits", {}), ("budget",), factor)
    plan, scaled = solve(made(drawn), rel_gap=0.0), solve(made((settings_, tables)), rel_gap=0.0)
    assert (plan.status == "infeasible") == (scaled.status == "infeasible")
    if plan.leverage is not None:
        assert scaled.leverage == close(factor * plan.leverage, factor * money_at(made(drawn)))


@settings(max_examples=20)
@given(cases(), st.data(), st.sampled_from([0.01, 0.5, 4.0, 100.0]))
def test_leverage_does_not_depend_on_an_items_unit(drawn: Drawn, data: st.DataObject, factor: float) -> None:
    # Quantities of one item times the factor, prices of a unit divided by it.
    settings_, tables = copy.deepcopy(drawn)
    item = data.draw(st.sampled_from([row["item"] for row in tables["items"]]))
    quantities = {
        "stocks": ("initial", "capacity", "terminal_target", "stockpile_max"),
        "lanes": ("base_flow", "max_flow"),
        "demands": ("quantity",),
    }
    prices = {
        "items": ("holding_cost",),
        "stocks": ("stockpile_cost",),
        "lanes": ("unit_cost", "margin"),
        "demands": ("shortage_penalty",),
    }
    for names, by in ((quantities, factor), (prices, 1 / factor)):
        for table, columns_ in names.items():
            for row in tables[table]:
                if row["item"] == item:
                    scale(row, columns_, by)
    made_of_it = {row["process"] for row in tables["processes"] if row["output"] == item}
    for row in tables["processes"]:
        if row["process"] in made_of_it:
            scale(row, ("capacity",), factor)
            scale(row, ("unit_cost",), 1 / factor)
    for row in tables["recipes"]:
        scale(row, ("quantity",), 1 / factor if row["process"] in made_of_it else 1.0)
        scale(row, ("quantity",), factor if row["input"] == item else 1.0)
    plan, scaled = solve(made(drawn), rel_gap=0.0), solve(made((settings_, tables)), rel_gap=0.0)
    assert (plan.status == "infeasible") == (scaled.status == "infeasible")
    if plan.leverage is not None:
        assert scaled.leverage == close(plan.leverage, money_at(made(drawn)))


@settings(max_examples=20)
@given(cases(), st.randoms(use_true_random=False))
def test_leverage_does_not_depend_on_the_order_of_rows(drawn: Drawn, random: Any) -> None:
    settings_, tables = copy.deepcopy(drawn)
    for rows in tables.values():
        random.shuffle(rows)
    plan, shuffled = solve(made(drawn), rel_gap=0.0), solve(made((settings_, tables)), rel_gap=0.0)
    assert (plan.status == "infeasible") == (shuffled.status == "infeasible")
    if plan.leverage is not None:
        assert shuffled.leverage == close(plan.leverage, money_at(made(drawn)))


# Plans whose figures add up ----------------------------------------------------------------------------------------


@settings(max_examples=45)
@given(cases())
def test_a_plan_holds_together(drawn: Drawn) -> None:
    case = made(drawn)
    plan = solve(case)
    if plan.status == "infeasible":
        assert plan.leverage is plan.bound is plan.gap is None
        return
    assert plan.status == "optimal"
    money = money_at(case)
    check_proof(plan, case)
    check_losses(plan, money)
    check_fills(plan, case)
    check_limits(plan, case)
    check_recomputed(plan, case, money)
    # Evaluating the same choices leads to the same place.
    again = evaluate(case, plan.policies, plan.qualified, plan.stockpile)
    assert again.status == "feasible", again.violations
    assert again.leverage == close(plan.leverage, money)
    assert again.bound is again.gap is None
    check_losses(again, money)


def check_proof(plan: Plan, case: Case) -> None:
    assert plan.bound >= plan.leverage
    assert 0.0 <= plan.gap <= case.settings.solver.rel_gap
    assert max(plan.certificate.values()) < 1e-6
    assert plan.leverage_range[0] <= plan.leverage_range[1] == plan.leverage
    if plan.sourcing_only_leverage is not None:
        assert plan.sourcing_only_leverage <= plan.bound + CLOSE * abs(plan.bound) + 1e-9


def check_losses(plan: Plan, money: float) -> None:
    """The parts add up to both losses in every scenario; the worst package is the one with the least leverage."""
    rated = Network(plan.case).rated
    for name, scenario in plan.scenarios.items():
        for side, loss in (("counterpart", "counterpart_loss"), ("ours", "own_loss")):
            before, after = (sum(parts(plan, side, name, column).values()) for column in ("status_quo", "plan"))
            assert after - before == approx(scenario[loss], rel=1e-9, abs=1e-8 * money)
        assert scenario["leverage"] == approx(scenario["counterpart_loss"] - scenario["own_loss"])
    leverages = [plan.scenarios[name]["leverage"] for name in rated]
    assert plan.leverage == approx(min(leverages), rel=1e-9, abs=1e-9 * money)
    worst = plan.scenarios[plan.worst_package]
    assert plan.worst_package in rated
    assert (plan.counterpart_loss, plan.own_loss) == (worst["counterpart_loss"], worst["own_loss"])


def check_fills(plan: Plan, case: Case) -> None:
    """Fills are shares, and the means are means."""
    fills = plan.tables["fills"]
    assert fills["fill"].between(-1e-9, 1 + 1e-9).all()
    assert (plan.tables["stocks"]["stock"] >= -1e-9).all()
    assert (plan.tables["flows"]["dispatched"] >= -1e-9).all()
    means = fills.groupby(["side", "scenario", "site", "item"])["fill"].mean()
    reported = {("counterpart", ""): plan.counterpart_fill}
    reported |= {("ours", name): scenario["fill"] for name, scenario in plan.scenarios.items()}
    for (side, scenario), by_pair in reported.items():
        found = {"/".join(key[2:]): mean for key, mean in means.items() if key[:2] == (side, scenario)}
        assert by_pair == approx(found, abs=1e-9)
        assert all(0.0 <= fill <= 1.0 for fill in by_pair.values())
    theirs = fills[fills["side"] == "counterpart"]
    for key, first in plan.first_shortage_week.items():
        by_week = theirs[(theirs["site"] + "/" + theirs["item"]) == key].set_index("week")["fill"]
        short = by_week.index[by_week < 1 - 1e-4]
        assert first == (None if short.empty else short.min())


def check_limits(plan: Plan, case: Case) -> None:
    for entry in plan.limits.values():
        assert entry["limit"] is None or entry["used"] <= entry["limit"] * (1 + 1e-7) + 1e-7
    assert plan.violations == ()
    network, fills, flows = Network(case), plan.tables["fills"], plan.tables["flows"]
    for (site, item), row in network.demands.items():
        if network.side[site] != "ours" or row.quantity == 0:
            continue
        own = fills[(fills["side"] == "ours") & (fills["site"] == site) & (fills["item"] == item)]
        assert own["fill"].min() >= row.min_fill_week - 1e-6
        assert own.groupby("scenario")["fill"].mean().min() >= row.min_fill - 1e-6
        assert set(own["scenario"]) == set(network.scenarios)
    for row in case.items:
        if row.max_party_share == 1 or any(process.output == row.item for process in network.processes_on("ours")):
            continue
        lanes = {lane.lane: network.party[lane.origin] for lane in network.lanes_into("ours") if lane.item == row.item}
        outside = {name for name in lanes if network.side[network.lanes[name].origin] != "ours"}
        intake = flows[(flows["scenario"] == "none") & flows["lane"].isin(outside)]
        by_party = intake.groupby(intake["lane"].map(lanes))["dispatched"].sum()
        assert by_party.max() <= row.max_party_share * by_party.sum() + 1e-6


def check_recomputed(plan: Plan, case: Case, money: float) -> None:
    """What the tables of flows, stocks and fills cost is what the table of losses says."""
    network = Network(case)
    for scenario in ("", *network.scenarios):
        side = "ours" if scenario else "counterpart"
        reported = parts(plan, side, scenario or "none")
        for part, cost in recomputed(plan, network, scenario).items():
            assert cost == approx(reported.get(part, 0.0), rel=1e-6, abs=1e-7 * money), (scenario, part)


def recomputed(plan: Plan, network: Network, scenario: str) -> dict[str, float]:
    """Costs of a side, the counterpart's where no scenario is given, from flows, stocks and fills."""
    side = "ours" if scenario else "counterpart"
    flows, stocks, fills = (
        frame[(frame["side"] == side) & (frame["scenario"] == scenario)]
        for frame in (plan.tables["flows"], plan.tables["stocks"], plan.tables["fills"])
    )

    def weight(site: str) -> float:
        return network.weight[site] if scenario else 1.0

    package = network.packages.get(scenario, {}) if scenario else plan.policies
    costs = dict.fromkeys(("purchase_cost", "holding_cost", "shortage_cost", "terminal_cost"), 0.0)
    if scenario:
        costs |= {"transfer_income": 0.0, "lost_exports": 0.0}
    position = {pair: -network.target(pair) for pair in network.pairs(side) if pair in network.tracked}
    margin = 0.0
    for flow in flows.itertuples():
        lane = network.lanes[flow.lane]
        if network.side[lane.destination] != side:
            lost = lane.margin * (lane.base_flow - flow.dispatched)
            costs["lost_exports"] += weight(lane.origin) * lost
            continue
        policy = network.policy(lane.regime, package[lane.regime]) if lane.regime in package else None
        kernel = network.kernel(policy, flow.week)
        price = lane.unit_cost + network.holding[lane.item] * holding_weeks(kernel)
        costs["purchase_cost"] += weight(lane.destination) * price * flow.dispatched
        if scenario and network.side[lane.origin] == "ours":
            costs["transfer_income"] -= weight(lane.origin) * network.transfer_margin(lane) * flow.dispatched
        if not scenario and network.side[lane.origin] == "ours":
            margin += network.weight[lane.origin] * lane.margin * flow.dispatched
        position[lane.destination, lane.item] += flow.dispatched * sum(
            share for lag, share in kernel if flow.week + lane.lead_weeks + lag >= network.weeks
        )
    for row in stocks.itertuples():
        costs["holding_cost"] += weight(row.site) * network.holding[row.item] * row.stock
        if row.week == network.weeks - 1:
            position[row.site, row.item] += row.stock
    for row in fills.itertuples():
        if scenario:
            demand = network.demands[row.site, row.item]
            lost = weight(row.site) * demand.quantity * demand.shortage_penalty
        else:
            lost = network.sales((row.site, row.item))[row.week][1]
        costs["shortage_cost"] += lost * (1 - row.fill)
    for pair, over in position.items():
        costs["terminal_cost"] += weight(pair[0]) * network.terminal_price(pair) * max(0.0, -over)
    if not scenario:
        sold = parts(plan, "ours").get("sales_to_counterpart", 0.0)
        assert -margin == approx(sold, rel=1e-6, abs=1e-6)
    return costs


# Responses to many combinations ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(), (1,), (3,), (2, 2), (3, 1, 4), (2, 3, 2, 3)])
def test_gray_order_changes_one_policy_at_a_time(sizes: tuple[int, ...]) -> None:
    order = list(gray_order(sizes))
    assert len(order) == len(set(order)) == math.prod(sizes)
    assert order[0] == (0,) * len(sizes)
    for before, after in pairwise(order):
        assert sum(abs(one - other) for one, other in zip(before, after, strict=True)) == 1


@settings(max_examples=20)
@given(cases(max_combinations=24))
def test_responses_in_gray_order_equal_cold_ones(drawn: Drawn) -> None:
    problem = Problem(made(drawn))
    menu = problem.network.menu
    order = list(gray_order([len(policies) for policies in menu.values()]))
    with Enumerator(problem.response) as enumerator:
        batch = enumerator.run(order)
    assert batch.complete
    cold = [problem.response_cost(choice_of(policy_indices, menu)) for policy_indices in order]
    assert batch.cost == approx(np.array(cold), rel=1e-9, abs=1e-7)


def in_components(count: int) -> list[int]:
    """Seeds of cases whose regimes fall into several components."""
    found = []
    for seed in range(400):
        if len(Network(made(random_case(seed, max_combinations=48))).components()) > 1:
            found.append(seed)
        if len(found) == count:
            break
    return found


def test_least_costs_add_up_over_components() -> None:
    # The candidates' V is put together from components; it must be that of the response to all policies at once.
    seeds = in_components(12)
    assert len(seeds) == 12
    for seed in seeds:
        problem = Problem(made(random_case(seed, max_combinations=48)))
        candidates = Candidates(problem.network, SolveLimits.of(problem.case))
        with Enumerator(problem.response) as enumerator:
            least = problem.response_cost(problem.all_open)
            assert candidates.work_out(enumerator, least, problem.open_outputs)
        for place in range(len(candidates)):
            assert candidates.find(candidates.policy_indices(place)) == place
            alone = problem.response_cost(candidates.choice(place))
            assert candidates.cost[place] == approx(alone, rel=1e-9, abs=1e-7), (seed, candidates.choice(place))


# The same again ----------------------------------------------------------------------------------------------------


def said(plan: Plan) -> str:
    """All a plan says but the time it took."""
    told = plan.to_dict()
    for name in ("seconds", "build_seconds"):
        told["solve"].pop(name)
    return json.dumps(told)


def tables_of(plan: Plan) -> str:
    return json.dumps({name: frame.to_csv() for name, frame in plan.tables.items()})


@settings(max_examples=15)
@given(cases())
def test_the_same_case_gives_the_same_plan(drawn: Drawn) -> None:
    one, other = solve(made(drawn)), solve(made(drawn))
    assert said(one) == said(other)
    assert tables_of(one) == tables_of(other)


TOLD = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from sluicegate_testing.strategies import random_case
from sluicegate import case_from_tables, solve
for seed in (2, 7, 10, 20):
    plan = solve(case_from_tables("drawn", *random_case(seed)))
    told = plan.to_dict()
    del told["solve"]["seconds"], told["solve"]["build_seconds"]
    print(json.dumps(told), json.dumps({name: frame.to_csv() for name, frame in plan.tables.items()}))
"""


def test_the_same_plan_whatever_the_order_of_sets() -> None:
    folder = str(Path(__file__).parents[1])
    told = [
        subprocess.run(
            [sys.executable, "-c", TOLD, folder],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0].count("\n") == 4


def test_several_processes_give_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    # Chunks of 4 combinations instead of 256, so that a small case has several for each process.
    monkeypatch.setattr(columns, "CHUNK", 4)
    case = made(random_case(8))
    assert (
        max(len(component.policy_indices) for component in Candidates(Network(case), SolveLimits.of(case)).components)
        > 12
    )
    one, two = solve(case, threads=1), solve(case, threads=2)
    assert said(one) == said(two)
    assert tables_of(one) == tables_of(two)
