"""Plans under common worlds, and what each choice of a plan is for by worlds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console
from sluicegate import compare, evaluate, explain, load_case, solve
from sluicegate.analysis.information.evaluated import evaluate_in
from sluicegate.analysis.worlds import draw
from sluicegate.model.plan.choices import Choices
from sluicegate.report.text.compare import show_comparison
from sluicegate.report.text.explain import show_explanation

NOTHING = Choices({"acid": "open", "gas": "open"})


@pytest.fixture(scope="module")
def case():
    return load_case("tutorial")


@pytest.fixture(scope="module")
def plan(case):
    return solve(case)


def shown(show, found):
    page = io.StringIO()
    show(found, Console(file=page, width=100))
    return page.getvalue()


def test_plans_are_compared_in_the_same_worlds(case, plan):
    found = compare([plan, evaluate(case)], attribute=False, worlds=10, seed=4)
    both = evaluate_in(case, draw(case, 10, 4), [Choices.of(plan), NOTHING]).leverages
    rows = found.worlds.set_index("plan")
    assert rows.loc["A", "mean"] == pytest.approx(both[:, 0].mean())
    assert rows.loc["B", "worst"] == pytest.approx(both[:, 1].min())
    assert rows.loc["A", "share_best"] == pytest.approx((both[:, 0] >= both[:, 1] - 1e-4).mean())
    assert rows["share_best"].sum() >= 1
    assert found.to_dict()["worlds"][0]["worlds"] == 10
    told = shown(show_comparison, found)
    assert "Over common worlds  10 worlds, million\n" in told
    assert "leverage without retaliation" in told and "leverage in none" not in told
    bare = compare([plan, evaluate(case)], attribute=False)
    assert bare.worlds is None and "worlds" not in bare.to_dict()
    assert "Over common worlds" not in shown(show_comparison, bare)


def test_each_choice_is_taken_out_alone(case, plan):
    found = explain(case, worlds=6, seed=1)
    rows = found.worlds.set_index("key")
    assert set(rows.index) == {"acid", "chip-world-home"}
    without = Choices(dict.fromkeys(plan.policies, "open"), plan.qualified, plan.stockpile)
    both = evaluate_in(case, draw(case, 6, 1), [Choices.of(plan), without])
    lost = both.leverages[:, 0] - both.leverages[:, 1]
    assert rows.loc["acid", "mean"] == pytest.approx(lost.mean(), rel=1e-6, abs=1e-6)
    assert rows.loc["acid", "high"] == pytest.approx(np.quantile(lost, 0.95), rel=1e-6, abs=1e-6)
    assert rows.loc["acid", "share_breaks"] == (both.kept[:, 0] & ~both.kept[:, 1]).mean()
    assert "What each choice is for, by worlds  6 worlds, million\n" in shown(show_explanation, found)
    assert found.to_dict()["worlds"][0]["key"] in rows.index
    assert explain(case).worlds is None
