"""One case after another in shared programs finds what each finds in programs of its own; what does not fit is said not to."""

from __future__ import annotations

import pytest
from sluicegate import Case, load_case
from sluicegate.model.methods.engine import Engine
from sluicegate.model.parametric.refilled import Sharing, Unshared, shared_programs

OURS, THEIRS = "lanes.chip-world-home.unit_cost", "lanes.acid-home-abroad.margin"


def at(*overrides: str) -> Case:
    return load_case("tutorial", list(overrides))


def alone(case: Case) -> float:
    with Engine.natural(case) as engine:
        return engine.search().leverage * engine.problem.units.money


def test_shared_programs_find_what_programs_of_their_own_find() -> None:
    sharing = Sharing(lambda: (at(), [at(f"{OURS}=*1.5", f"{THEIRS}=*2")]), lambda: False)
    # There and back, our side alone, the response alone, both, and a figure that was not announced.
    for overrides in (
        (f"{OURS}=*1.5",),
        (),
        (f"{THEIRS}=*2",),
        (f"{OURS}=*0.8", f"{THEIRS}=*0.5"),
        ("limits.budget=8",),
        (f"{THEIRS}=*2",),
    ):
        case = at(*overrides)
        refilled = sharing.put(case)
        assert refilled is not None
        found = refilled.engine().search().leverage * refilled.problem.units.money
        assert found == pytest.approx(alone(case), rel=1e-7)


def test_a_case_of_another_structure_is_not_put_in() -> None:
    sharing = Sharing(lambda: (at(), []), lambda: False)
    stranger, fitting = at("horizon.weeks=9"), at(f"{OURS}=*1.1")
    for _ in range(Sharing.STRANGERS - 1):
        assert sharing.put(stranger) is None
        assert sharing.put(fitting) is not None
    # With the last of them it is no longer tried.
    assert sharing.put(stranger) is None
    assert sharing.put(fitting) is None


def test_operations_in_whole_numbers_are_not_shared() -> None:
    orders = at("lanes.chip-world-home.min_order=1")
    with pytest.raises(Unshared, match="whole numbers"):
        shared_programs(orders, [])
    assert Sharing(lambda: (orders, []), lambda: False).put(orders) is None
