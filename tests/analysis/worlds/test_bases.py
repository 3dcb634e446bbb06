"""Which basis a first stage begins with: that of the one most like it."""

from __future__ import annotations

from typing import Any

from sluicegate.analysis.worlds.bases import MOST_KEPT, StageBases


class Placed:
    """Stands for HiGHS: takes bases."""

    def __init__(self) -> None:
        self.basis: Any = None

    def set_basis(self, basis: Any) -> None:
        self.basis = basis


def begun(bases: StageBases, *asked: Any) -> Any:
    highs = Placed()
    return bool(bases.begin(asked, highs)), highs.basis  # type: ignore[arg-type]


def test_the_nearest_is_put_in_place() -> None:
    bases = StageBases()
    assert begun(bases, (0, 0, 0), b"0", False) == (False, None)
    for indices, point, free in (((0, 0, 0), b"0", False), ((1, 1, 0), b"0", False), ((1, 1, 1), b"0", True)):
        bases.keep((indices, point, free), (indices, point, free))
    assert begun(bases, (1, 2, 0), b"1", False)[1] == ((1, 1, 0), b"0", False)
    # Policies come before what continuity asks, and that before what is bought.
    assert begun(bases, (1, 1, 1), b"0", False)[1] == ((1, 1, 1), b"0", True)
    assert begun(bases, (0, 0, 0), b"1", True)[1] == ((0, 0, 0), b"0", False)


def test_what_is_in_place_stays_where_none_is_nearer() -> None:
    bases = StageBases()
    bases.keep(((0, 0), b"0", False), "far")
    bases.keep(((1, 0), b"0", False), "near")
    bases.note(((1, 0), b"0", False))
    assert begun(bases, (1, 1), b"0", False) == (True, None)
    assert begun(bases, (0, 0), b"0", False) == (True, "far")
    bases.note(None)
    assert begun(bases, (1, 1), b"0", False) == (True, "near")


def test_the_oldest_goes() -> None:
    bases = StageBases()
    for number in range(MOST_KEPT + 1):
        bases.keep(((number, 0), b"", False), number)
    assert begun(bases, (0, 0), b"", False)[1] != 0
    assert begun(bases, (MOST_KEPT, 0), b"", False)[1] == MOST_KEPT
