"""Tables of few different values: what is read is what was put in."""

from __future__ import annotations

import numpy as np
import pytest
from pytest import approx
from sluicegate.model.follower.coded import Coded, CodedBases
from sluicegate.model.follower.optimal_face import Basis, heights


def table(columns: int = 40) -> np.ndarray:
    chance = np.random.default_rng(3)
    found = chance.integers(-3, 9, (70, columns)).astype(np.float32) / 7
    found[:, 2] = found[:, 5]
    found[10:30, 7], found[:, 8] = np.inf, 0.25
    return found


def test_rows_are_read_as_they_were() -> None:
    whole = table()
    coded = Coded.of(whole)
    assert isinstance(coded, Coded) and coded.shape == whole.shape
    assert coded[:].dtype == whole.dtype
    for rows in (slice(None), slice(1), 12, np.array([4, 4, 69])):
        assert np.array_equal(coded[rows], whole[rows])
    slope = np.linspace(0.0, 1.0, 7)
    assert Coded.of(whole[:, :7]) @ slope == approx(whole[:, :7] @ slope)


def test_what_has_too_many_values_stays_as_it_is() -> None:
    many = np.arange(600.0).reshape(300, 2)
    empty = np.zeros((5, 0))
    assert Coded.of(many) is many and Coded.of(empty) is empty
    fewest = np.arange(512.0).reshape(256, 2)
    assert np.array_equal(Coded.of(fewest)[:], fewest)


@pytest.mark.parametrize("unbounded", [False, True])
def test_heights_are_those_of_the_table(unbounded: bool) -> None:
    chance, whole = np.random.default_rng(4), table()
    worth = np.where(chance.random(40) < 0.7, chance.normal(size=40), 0.0)
    most, chosen = chance.random(40), chance.random(40) < 0.6
    if unbounded:
        most[::9], whole = np.inf, np.maximum(whole, 0.0)
    assert heights(Coded(whole), worth, most, chosen) == approx(heights(whole, worth, most, chosen))


def test_bases_are_read_as_they_were() -> None:
    chance = np.random.default_rng(5)
    bases = [
        Basis(chance.permutation(30)[:8].astype(np.int32), chance.integers(0, 256, 4).astype(np.uint8))
        for _ in range(20)
    ]
    coded = CodedBases(bases)
    assert len(coded) == 20
    for place, basis in enumerate(bases):
        assert np.array_equal(coded[place].basic, basis.basic) and coded[place].basic.dtype == np.int32
        assert np.array_equal(coded[place].high, basis.high) and coded[place].high.dtype == np.uint8
