"""Generated cases: the same for a seed, as large as asked for, coupled or in groups as asked for, and fit to be solved."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import pytest
from pytest import approx
from sluicegate import Case, load_case, solve
from sluicegate.data.output.case_tables import write_folder
from sluicegate.model.formulation.follower import build_follower
from sluicegate.model.formulation.single_level import coupled
from sluicegate.model.network import Network
from sluicegate.model.solver.arrays import compile_model

PATH = Path(__file__).parent.parent / "tools" / "bench" / "generate.py"


def generate(*arguments: int, **options: Any) -> Case:
    """The generator's; benchmarks are not part of the package."""
    spec = importlib.util.spec_from_file_location("generate", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Case = module.generate(*arguments, **options)
    return made


def test_same_seed_same_case() -> None:
    once, again, other = (generate(6, 4, 26, seed=seed) for seed in (3, 3, 4))
    assert once.lanes == again.lanes
    assert once.policies == again.policies
    assert once.settings == again.settings
    assert once.lanes != other.lanes


def test_it_passes_the_checks_of_a_case_on_disk(tmp_path: Path) -> None:
    made = generate(7, 3, 20, seed=1)
    read = load_case(write_folder(made, tmp_path / "made"))
    assert read.lanes == made.lanes
    assert read.settings.limits == made.settings.limits


@pytest.mark.parametrize(("regimes", "policies", "weeks", "items"), [(5, 2, 10, 0), (40, 5, 52, 0), (150, 4, 104, 500)])
def test_sizes_asked_for_are_sizes_got(regimes: int, policies: int, weeks: int, items: int) -> None:
    made = generate(regimes, policies, weeks, items=items, components=max(1, regimes // 4))
    network = Network(made)
    assert len(network.menu) == regimes
    assert {len(menu) for menu in network.menu.values()} == {policies}
    assert made.settings.horizon.weeks == weeks
    assert len(made.items) >= items


def test_limits_leave_room_for_the_share_asked_for() -> None:
    made = generate(20, limited=0.25)
    network = Network(made)
    sternest = [network.policy(regime, menu[-1]) for regime, menu in network.menu.items()]
    loads = math.fsum(row.reviewer_load for row in sternest if row is not None)
    assert made.settings.limits.reviewer_hours == approx(0.25 * loads, abs=0.1)
    assert generate(20, limited=1).settings.limits.reviewer_hours == math.inf


def test_coupled_or_not() -> None:
    assert coupled(Network(generate(6)))
    network = Network(generate(6, coupled=False))
    assert not coupled(network)
    assert not network.packages


@pytest.mark.parametrize("components", [1, 3, 6])
def test_plants_share_nothing(components: int) -> None:
    network = Network(generate(18, components=components))
    plant = {lane.regime: lane.destination for lane in network.lanes_into("counterpart")}
    assert len(set(plant.values())) == components
    for group in network.components():
        assert len({plant[regime] for regime in group}) == 1


def test_every_regime_acts_on_something() -> None:
    network = Network(generate(30, coupled=False))
    assert set(network.menu) == {lane.regime for lane in network.lanes_into("counterpart") if lane.regime}


def test_reviews_are_worth_something() -> None:
    plan = solve(generate(2, 3, 16, seed=2))
    assert plan.status == "optimal"
    assert plan.leverage is not None
    assert plan.sourcing_only_leverage is not None
    assert plan.leverage > plan.sourcing_only_leverage


def test_the_response_of_a_large_case_compiles() -> None:
    network = Network(generate(40, 4, 52, items=200, components=10))
    program = compile_model(build_follower(network)).program
    assert program.matrix.shape[0] > 5_000
    assert program.column_upper.size == program.matrix.shape[1]
