"""Plans are what they were, to the last field: a change that moves one shows in review."""

from __future__ import annotations

import copy
import json

import pytest

from tools.golden import CASES, FOLDER, differences, document


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_what_it_was(name: str) -> None:
    stored = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    # Where that is meant: python -m tools.golden
    assert list(differences(stored, document(name))) == []


def test_every_change_is_told() -> None:
    stored = json.loads((FOLDER / "tutorial.json").read_text("utf-8"))
    found = copy.deepcopy(stored)
    found["leverage"] *= 1 + 1e-8
    found["range"]["low"] += 1e-12
    found["status"] = "feasible"
    del found["gap"]
    found["reasons"][0]["new"] = None
    found["qualified"] = [*found["qualified"], "x"]
    told = [each.partition(":")[0] for each in differences(stored, found)]
    assert told == ["status", "leverage", "gap", "qualified", "reasons[0].new"]
