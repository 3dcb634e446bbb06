"""Curves over a sweep's samples against its rows, told apart sample by sample."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from sluicegate.report.views import sweep_curves
from sluicegate.report.views.sweep_curves import regret_curve, spread_curves

VALUES = {
    "free": pd.Series([4.0, 1.0, math.nan, 3.0, math.nan, 2.0]),
    "fixed": pd.Series([2.0, 1.0, 5.0, math.nan, math.nan, 2.5]),
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sweep_curves, "modes", lambda _: list(VALUES))
    monkeypatch.setattr(sweep_curves, "outcome_of", lambda _, outcome, mode: VALUES[mode])
    return None


def test_the_spread_of_samples_that_both_plans_have(drawn: Any) -> None:
    found = spread_curves(drawn, "leverage")
    assert (found.shared, found.alone, found.neither) == (3, {"free": 1, "fixed": 1}, 1)
    assert found.curves["free"]["value"].tolist() == [1.0, 2.0, 4.0]
    assert found.curves["fixed"]["value"].tolist() == [1.0, 2.0, 2.5]
    assert found.curves["free"]["share"].tolist() == pytest.approx([1 / 6, 1 / 2, 5 / 6])
    assert (found.first, found.quantiles["median"]) == ("free", 2.0)


def test_where_no_sample_has_both_the_first_is_drawn_alone(drawn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "fixed", pd.Series([math.nan] * 6))
    found = spread_curves(drawn, "leverage")
    assert (list(found.curves), found.shared, found.alone, found.neither) == (["free"], 4, {}, 2)


def test_what_keeping_to_the_base_plan_costs(drawn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = VALUES["free"] - VALUES["fixed"]
    monkeypatch.setattr(sweep_curves, "regret", lambda _: pd.DataFrame({"regret": lost, "better": lost > 0.1}))
    found = regret_curve(drawn)
    assert found is not None
    # What is better by rounding, or worse by the gap, costs nothing.
    assert found.curve["value"].tolist() == [0.0, 0.0, 2.0]
    assert (found.samples, found.lost, found.better, found.median, found.most) == (3, 3, 1, 0.0, 2.0)
    monkeypatch.setattr(sweep_curves, "modes", lambda _: ["free"])
    assert regret_curve(drawn) is None
