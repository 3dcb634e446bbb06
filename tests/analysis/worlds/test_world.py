"""A world that has rested: it goes on where it was, and nothing wrong in it gets past its certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pytest import approx
from sluicegate import load_case
from sluicegate.analysis.worlds import crew as crews
from sluicegate.analysis.worlds import draw, world_cases
from sluicegate.analysis.worlds.crew import LocalCrew, common_combinations, common_space
from sluicegate.analysis.worlds.world import World
from sluicegate.data.units import natural_units
from sluicegate.model.certify.certificate import CertificateError

VARY = ("limits.budget=*0.6..*1.4", "lanes.chip-world-home.unit_cost=*0.7..*1.5")


def ready(monkeypatch: pytest.MonkeyPatch, most_awake: int) -> tuple[LocalCrew, int, np.ndarray]:
    """Worlds made ready, and the plan that is best for the first of them."""
    monkeypatch.setattr(crews, "MOST_AWAKE", most_awake)
    case = load_case("tutorial")
    crew = LocalCrew(world_cases(case, draw(case, 3, seed=8, vary=VARY)), natural_units(case)[1])
    alone = crew.prepare(1e-4)
    space, combinations = common_space(alone), common_combinations(alone)
    crew.settle(space.keys, combinations)
    assert alone[0].indices is not None
    point = np.array([alone[0].bought.get(key, 0.0) for key in space.keys])
    return crew, combinations.index(alone[0].indices), np.minimum(point, space.upper)


def test_a_world_goes_on_after_a_rest_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    rested, number, point = ready(monkeypatch, 0)
    awake, _, _ = ready(monkeypatch, 10**9)
    resting = [world.problem.fixed_policy.relaxed.highs is None for world in rested.worlds]
    assert all(resting)
    assert not any(world.problem.fixed_policy.relaxed.highs is None for world in awake.worlds)
    for plan in ((0, np.zeros(point.size)), (number, point)):
        assert rested.visit(*plan)[0] == approx(awake.visit(*plan)[0])
    for one, other in zip(rested.certify(number, point), awake.certify(number, point), strict=True):
        assert one.leverage == approx(other.leverage)
        assert (one.counterpart_loss, one.own_loss) == approx((other.counterpart_loss, other.own_loss))
        assert one.limits_kept == other.limits_kept


def of_the_response(world: World, place: int) -> None:
    world.engine.candidates.cost[place] *= 1.001


def of_the_status_quo(world: World, place: int) -> None:
    known = world.problem.status_quo
    world.problem._status_quo = replace(known, cost=known.cost * 1.001)


def of_the_response_to_all_open(world: World, place: int) -> None:
    known = world.problem.status_quo
    world.problem._status_quo = replace(known, response_cost=known.response_cost * 1.001)


def of_the_program_of_both_sides(world: World, place: int) -> None:
    world.problem.leader_problem.program.cost *= 1.001


def of_our_operations_alone(world: World, place: int) -> None:
    world.problem.operations_solver.readout.costs.data *= 1.001


@pytest.mark.parametrize(
    ("corrupt", "named"),
    [
        (of_the_response, "V, what a least-cost response costs in a world"),
        (of_the_status_quo, "W, our cost in a world's status quo"),
        (of_the_response_to_all_open, "V in a world's status quo"),
        (of_the_program_of_both_sides, "a world's leverage"),
        (of_our_operations_alone, "a world's leverage"),
    ],
)
def test_a_wrong_figure_of_a_world_that_has_rested_is_caught(
    monkeypatch: pytest.MonkeyPatch, corrupt: Callable[[World, int], None], named: str
) -> None:
    crew, number, point = ready(monkeypatch, 0)
    world = crew.worlds[0]
    corrupt(world, int(world._places[number]))
    with pytest.raises(CertificateError, match=named):
        crew.certify(number, point)


def test_what_becomes_of_the_program_searched_does_not_touch_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, number, point = ready(monkeypatch, 10**9)
    world = crew.worlds[0]
    before, visited = world.certify(number, point), world.visit(number, point)
    program, highs = world.problem.leader_problem.program, world.problem.fixed_policy.relaxed
    highs.set_rows(np.arange(program.row_lower.size), 0.9 * program.row_lower, 1.1 * program.row_upper)
    assert abs(world.visit(number, point).leverage - visited.leverage) > 0.1
    after = world.certify(number, point)
    assert after.leverage == approx(before.leverage) and after.limits_kept
